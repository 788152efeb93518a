//! "every six hours" as a cron schedule. What is no plain rhythm is left to be written as cron.

/// Days of the week, as cron counts them.
const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// Small numbers in words.
const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

/// The cron schedule that words mean; a text that is one already stays. `None` when it cannot be one.
#[must_use]
pub fn cron_schedule(text: &str) -> Option<String> {
    let text = text.trim();
    if is_cron(text) {
        return Some(text.to_owned());
    }
    let lower = text.to_lowercase().replace([',', '-'], " ");
    let words: Vec<&str> =
        lower.split_whitespace().filter(|word| !matches!(*word, "the" | "on" | "a")).collect();
    let (rhythm, time) = match words.iter().position(|word| *word == "at") {
        Some(at) => (words.get(..at)?, time_of_day(words.get(at + 1..)?)?),
        None => (words.as_slice(), (0, 0)),
    };
    let (hour, minute) = time;
    let timed = words.contains(&"at");
    let daily = |rest: &str| Some(format!("{minute} {hour} {rest}"));
    match rhythm {
        ["hourly"] | ["every", "hour"] if !timed => Some("0 * * * *".to_owned()),
        ["every", "minute"] if !timed => Some("* * * * *".to_owned()),
        ["daily" | "nightly"] | ["every" | "each", "day" | "night"] | ["once", "day" | "daily"] | [] => {
            if rhythm.is_empty() && !timed {
                None
            } else {
                daily("* * *")
            }
        }
        ["weekly"] | ["every", "week"] => daily("* * 0"),
        ["monthly"] | ["every", "month"] => daily("1 * *"),
        ["weekdays"] | ["every", "weekday"] => daily("* * 1-5"),
        ["every" | "each", day] | [day] if day_number(day).is_some() => {
            daily(&format!("* * {}", day_number(day)?))
        }
        ["every", "other", unit] => every(2, unit, timed),
        ["every", count, unit] => every(number(count)?, unit, timed),
        ["every", joined] => {
            let split = joined.find(|c: char| !c.is_ascii_digit())?;
            let (count, unit) = joined.split_at(split);
            every(count.parse().ok()?, unit, timed)
        }
        _ => None,
    }
}

/// Only rhythms that divide their unit come round evenly; cron cannot say the others.
fn every(count: u32, unit: &str, timed: bool) -> Option<String> {
    if timed || count == 0 {
        return None;
    }
    match unit.strip_suffix('s').unwrap_or(unit) {
        "m" | "min" | "minute" if count == 1 => Some("* * * * *".to_owned()),
        "m" | "min" | "minute" if 60 % count == 0 && count < 60 => Some(format!("*/{count} * * * *")),
        "h" | "hr" | "hour" if count == 1 => Some("0 * * * *".to_owned()),
        "h" | "hr" | "hour" if 24 % count == 0 && count < 24 => Some(format!("0 */{count} * * *")),
        "h" | "hr" | "hour" if count == 24 => Some("0 0 * * *".to_owned()),
        "m" | "min" | "minute" if count == 60 => Some("0 * * * *".to_owned()),
        "d" | "day" if count == 1 => Some("0 0 * * *".to_owned()),
        _ => None,
    }
}

fn number(word: &str) -> Option<u32> {
    match NUMBERS.iter().position(|known| *known == word) {
        Some(value) => u32::try_from(value).ok(),
        None if word == "fifteen" => Some(15),
        None if word == "twenty" => Some(20),
        None if word == "thirty" => Some(30),
        None => word.parse().ok(),
    }
}

fn day_number(word: &str) -> Option<usize> {
    let word = word.strip_suffix('s').unwrap_or(word);
    DAYS.iter().position(|day| *day == word)
}

/// `3`, `3am`, `3:30 pm`, `15:30`, "midnight", "noon": hour and minute.
fn time_of_day(words: &[&str]) -> Option<(u32, u32)> {
    let text = words.concat();
    match text.as_str() {
        "midnight" => return Some((0, 0)),
        "noon" => return Some((12, 0)),
        _ => {}
    }
    let (digits, half) = if let Some(digits) = text.strip_suffix("am") {
        (digits, Some(false))
    } else if let Some(digits) = text.strip_suffix("pm") {
        (digits, Some(true))
    } else {
        (text.as_str(), None)
    };
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hour, minute) = (number(hour)?, minute.parse::<u32>().ok()?);
    let hour = match half {
        Some(_) if hour == 0 || hour > 12 => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        None => hour,
    };
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// Whether a text has the form of a cron schedule: five fields, or one of the macros.
fn is_cron(text: &str) -> bool {
    if text.starts_with('@') {
        return ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"]
            .contains(&text)
            || text.starts_with("@every ");
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    fields.len() == 5
        && fields.iter().all(|field| {
            field.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-?".contains(c))
                && field.contains(|c: char| c.is_ascii_digit() || c == '*' || c == '?')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rhythms_in_words_are_cron() {
        for (words, cron) in [
            ("every six hours", "0 */6 * * *"),
            ("every 15 minutes", "*/15 * * * *"),
            ("every 5m", "*/5 * * * *"),
            ("hourly", "0 * * * *"),
            ("daily at 3am", "0 3 * * *"),
            ("every night at 2:30", "30 2 * * *"),
            ("every day at noon", "0 12 * * *"),
            ("every monday at 6 pm", "0 18 * * 1"),
            ("weekly", "0 0 * * 0"),
            ("every other hour", "0 */2 * * *"),
            ("30 4 * * 1-5", "30 4 * * 1-5"),
            ("@daily", "@daily"),
            ("at 4:15", "15 4 * * *"),
        ] {
            assert_eq!(cron_schedule(words).as_deref(), Some(cron), "{words}");
        }
        for words in
            ["", "often", "every 7 hours", "every 90 minutes", "daily at 25", "every 0 hours", "a b c d e"]
        {
            assert_eq!(cron_schedule(words), None, "{words}");
        }
    }
}
