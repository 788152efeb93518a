//! Lengths of time as people say them ("the last half hour", "15 minutes", "2h"), in the form the tools take.

use super::words::{Words, number};

/// The lengths of time said, as `30m`, `15m`, `2h`, `1d`.
pub(super) fn said(words: &Words) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |amount: u64, unit: char| {
        let text = format!("{amount}{unit}");
        if !found.contains(&text) {
            found.push(text);
        }
    };
    for (place, word) in words.said.iter().enumerate() {
        let before =
            |back: usize| place.checked_sub(back).and_then(|at| words.said.get(at)).map(String::as_str);
        if let Some(unit) = unit_of(word) {
            let half = before(1) == Some("half")
                || (before(1) == Some("an") || before(1) == Some("a")) && before(2) == Some("half");
            match (half, unit) {
                (true, 'h') => add(30, 'm'),
                (true, 'd') => add(12, 'h'),
                (true, 'm') => add(30, 's'),
                _ => match before(1).and_then(number) {
                    Some(amount) if unit == 'w' => add(amount.saturating_mul(7), 'd'),
                    Some(amount) => add(amount, unit),
                    None if unit == 'w' => add(7, 'd'),
                    None if !word.ends_with('s') => add(1, unit),
                    None => {}
                },
            }
        } else if word == "yesterday" {
            add(24, 'h');
        } else if let Some((amount, unit)) = compact(word) {
            add(amount, unit);
        }
    }
    found
}

fn unit_of(word: &str) -> Option<char> {
    Some(match word {
        "second" | "seconds" | "sec" | "secs" => 's',
        "minute" | "minutes" | "min" | "mins" => 'm',
        "hour" | "hours" | "hr" | "hrs" => 'h',
        "day" | "days" => 'd',
        "week" | "weeks" => 'w',
        _ => return None,
    })
}

/// `10m`, `2h`, `15min`.
fn compact(word: &str) -> Option<(u64, char)> {
    let end = word.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = word.split_at(end);
    let unit = match unit {
        "s" | "m" | "h" | "d" => unit.chars().next()?,
        longer => unit_of(longer).filter(|unit| *unit != 'w')?,
    };
    Some((digits.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_as_people_say_them() {
        for (request, lengths) in [
            ("logs of the last half hour", &["30m"][..]),
            ("from the past 15 minutes", &["15m"]),
            ("in the last hour", &["1h"]),
            ("since 2h", &["2h"]),
            ("five days, or half an hour", &["5d", "30m"]),
            ("over the last two weeks", &["14d"]),
            ("since yesterday", &["24h"]),
            ("300m of cpu for web-5", &["300m"]),
            ("show the minutes", &[]),
        ] {
            assert_eq!(said(&Words::of(request)), lengths, "{request}");
        }
    }
}
