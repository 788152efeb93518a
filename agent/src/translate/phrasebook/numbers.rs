//! Numbers, durations and quantities as people write them.
//!
//! A negative number is recognised as one, so that it becomes a question instead of losing its sign.

/// A number and how many words it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::translate) enum Count {
    /// A count.
    Of(u64),
    /// A number below zero, which counts nothing.
    Negative,
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// The value of one number word or run of digits.
fn single(word: &str) -> Option<u64> {
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse().ok();
    }
    if let Some(value) = SMALL.iter().position(|small| *small == word) {
        return u64::try_from(value).ok();
    }
    if let Some(value) = TENS.iter().position(|ten| *ten == word) {
        return u64::try_from(value * 10 + 20).ok();
    }
    let (ten, one) = word.split_once('-')?;
    let ten = TENS.iter().position(|candidate| *candidate == ten)?;
    let one = SMALL.iter().position(|small| *small == one).filter(|one| (1..10).contains(one))?;
    u64::try_from(ten * 10 + 20 + one).ok()
}

/// Whether a word is a number in words or digits.
pub(in crate::translate) fn is_number(word: &str) -> bool {
    single(word).is_some() || matches!(word, "hundred" | "thousand" | "dozen")
}

/// The count at the start of `words`.
pub(in crate::translate) fn count(words: &[&str]) -> Option<(usize, Count)> {
    match words {
        ["minus" | "negative", rest @ ..] => count(rest).map(|(taken, _)| (taken + 1, Count::Negative)),
        ["a", "dozen", ..] | ["one", "dozen", ..] => Some((2, Count::Of(12))),
        ["half", "a", "dozen", ..] => Some((3, Count::Of(6))),
        ["a" | "one", "hundred", ..] => Some((2, Count::Of(100))),
        ["a", "single", ..] => Some((2, Count::Of(1))),
        ["single", ..] => Some((1, Count::Of(1))),
        [first, rest @ ..] => {
            if let Some(digits) = first.strip_prefix('-')
                && !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
            {
                return Some((1, Count::Negative));
            }
            let value = single(first)?;
            match rest {
                ["hundred", ..] if value < 10 => Some((2, Count::Of(value * 100))),
                ["dozen", ..] if value < 10 => Some((2, Count::Of(value * 12))),
                [one, ..] if TENS.contains(first) => match SMALL.iter().position(|small| small == one) {
                    Some(one) if (1..10).contains(&one) => {
                        Some((2, Count::Of(value + u64::try_from(one).unwrap_or(0))))
                    }
                    _ => Some((1, Count::Of(value))),
                },
                _ => Some((1, Count::Of(value))),
            }
        }
        [] => None,
    }
}

/// The hundredths at the start of `words`: `80%`, `80 %`, "eighty percent".
pub(in crate::translate) fn percent(words: &[&str]) -> Option<(usize, u64)> {
    let first = words.first()?;
    if let Some(number) = first.strip_suffix('%').filter(|number| !number.is_empty()) {
        return Some((1, single(number)?));
    }
    let Some((taken, Count::Of(value))) = count(words) else { return None };
    match words.get(taken..)? {
        ["%" | "percent" | "pct" | "procent", ..] => Some((taken + 1, value)),
        ["per", "cent", ..] => Some((taken + 2, value)),
        _ => None,
    }
}

/// Seconds in a unit of time.
fn unit(word: &str) -> Option<u64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    })
}

/// The duration at the start of `words`, in the form kubectl takes (`90s`, `15m`, `48h`).
pub(in crate::translate) fn duration(words: &[&str]) -> Option<(usize, String)> {
    let (taken, seconds) = match words {
        ["half", "an" | "a", word, ..] | ["a" | "an", "half", word, ..] => (3, unit(word)? / 2),
        ["half", word, ..] => (2, unit(word)? / 2),
        ["an" | "a", word, "and", "a", "half", ..] => (5, unit(word)? * 3 / 2),
        ["an" | "a", word, ..] if word.len() > 1 => (2, unit(word)?),
        ["a", "couple", "of", word, ..] => (4, unit(word)? * 2),
        ["quarter" | "quarter-hour", "of", "an", "hour", ..] => (4, 900),
        ["yesterday" | "today", ..] => (1, 86_400),
        [word, ..] if word.len() > 2 && unit(word).is_some() => (1, unit(word)?),
        _ => {
            if let Some(seconds) = words.first().and_then(|word| compact(word)) {
                (1, seconds)
            } else if let Some((taken, Count::Of(value))) = count(words) {
                let seconds = value.checked_mul(unit(words.get(taken)?)?)?;
                (taken + 1, seconds)
            } else {
                let (value, _) = words.first().and_then(|word| word.split_once('.'))?;
                let tenths = words.first()?.replace('.', "").parse::<u64>().ok()?;
                let digits = u32::try_from(words.first()?.len() - value.len() - 1).ok()?;
                (2, tenths.checked_mul(unit(words.get(1)?)?)? / 10_u64.checked_pow(digits)?)
            }
        }
    };
    (seconds > 0).then(|| (taken, written(seconds)))
}

/// `1h30m`, `90s`, `2d` in seconds.
fn compact(word: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0)?;
        let (value, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (name, left) = after.split_at(letters);
        total = total.checked_add(value.parse::<u64>().ok()?.checked_mul(unit(name)?)?)?;
        rest = left;
    }
    (!word.is_empty()).then_some(total)
}

fn written(seconds: u64) -> String {
    if seconds.is_multiple_of(3600) {
        format!("{}h", seconds / 3600)
    } else if seconds.is_multiple_of(60) {
        format!("{}m", seconds / 60)
    } else {
        format!("{seconds}s")
    }
}

/// Suffixes of Kubernetes quantities and what people say for them.
fn suffix(word: &str) -> Option<&'static str> {
    Some(match word {
        "mi" | "mib" | "mebibyte" | "mebibytes" => "Mi",
        "gi" | "gib" | "gibibyte" | "gibibytes" => "Gi",
        "ki" | "kib" => "Ki",
        "ti" | "tib" => "Ti",
        "mb" | "meg" | "megs" | "megabyte" | "megabytes" => "M",
        "gb" | "gig" | "gigs" | "gigabyte" | "gigabytes" | "g" => "G",
        "kb" | "kilobyte" | "kilobytes" => "k",
        "tb" => "T",
        "m" | "millicore" | "millicores" | "millicpu" => "m",
        "core" | "cores" | "cpu" | "cpus" | "vcpu" | "vcpus" => "",
        _ => return None,
    })
}

/// The quantity at the start of `words`, as Kubernetes writes it.
pub(in crate::translate) fn quantity(words: &[&str]) -> Option<(usize, String)> {
    let first = *words.first()?;
    let split = first.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(first.len());
    let (number, unit) = first.split_at(split);
    if number.is_empty() || !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
        return None;
    }
    if !unit.is_empty() {
        return suffix(unit).map(|suffix| (1, format!("{number}{suffix}")));
    }
    match words.get(1).and_then(|word| suffix(word)) {
        Some(suffix) => Some((2, format!("{number}{suffix}"))),
        None => Some((1, number.to_owned())),
    }
}

/// Whether a word is a unit of time, memory or computing, and so no name.
pub(in crate::translate) fn is_unit(word: &str) -> bool {
    unit(word).is_some() || suffix(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_words_and_digits_and_below_zero() {
        for (words, expected) in [
            (vec!["12"], Some((1, Count::Of(12)))),
            (vec!["twenty", "five"], Some((2, Count::Of(25)))),
            (vec!["twenty-five", "pods"], Some((1, Count::Of(25)))),
            (vec!["half", "a", "dozen"], Some((3, Count::Of(6)))),
            (vec!["three", "hundred"], Some((2, Count::Of(300)))),
            (vec!["minus", "two"], Some((2, Count::Negative))),
            (vec!["-2"], Some((1, Count::Negative))),
            (vec!["1.5"], None),
            (vec!["many"], None),
        ] {
            assert_eq!(count(&words), expected, "{words:?}");
        }
    }

    #[test]
    fn hundredths_need_their_sign() {
        for (words, expected) in [
            (vec!["80%"], Some((1, 80))),
            (vec!["80", "%", "cpu"], Some((2, 80))),
            (vec!["eighty", "percent"], Some((2, 80))),
            (vec!["80"], None),
            (vec!["%"], None),
        ] {
            assert_eq!(percent(&words), expected, "{words:?}");
        }
    }

    #[test]
    fn durations_come_out_as_kubectl_takes_them() {
        for (words, expected) in [
            (vec!["15", "minutes"], "15m"),
            (vec!["half", "an", "hour"], "30m"),
            (vec!["half", "hour"], "30m"),
            (vec!["1h30m"], "90m"),
            (vec!["an", "hour"], "1h"),
            (vec!["hour"], "1h"),
            (vec!["two", "days"], "48h"),
            (vec!["yesterday"], "24h"),
            (vec!["1.5", "hours"], "90m"),
            (vec!["45s"], "45s"),
        ] {
            assert_eq!(duration(&words).map(|(_, said)| said).as_deref(), Some(expected), "{words:?}");
        }
        assert_eq!(duration(&["soon"]), None);
    }

    #[test]
    fn quantities_come_out_as_kubernetes_writes_them() {
        for (words, expected) in [
            (vec!["100mi"], (1, "100Mi")),
            (vec!["2", "gigs"], (2, "2G")),
            (vec!["250m"], (1, "250m")),
            (vec!["0.5", "cores"], (2, "0.5")),
        ] {
            let (taken, said) = expected;
            assert_eq!(quantity(&words), Some((taken, said.to_owned())), "{words:?}");
        }
        assert_eq!(quantity(&["v2"]), None);
    }
}
