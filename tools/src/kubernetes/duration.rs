//! Durations as people and kubectl write them: Go durations, days and words in, kubectl's short ages out.

use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

use crate::error::{ErrorKind, Feedback, Result};

/// Seconds of each unit that is understood, by every way it is written.
const UNITS: [(&[&str], f64); 6] = [
    (&["ms", "millisecond", "milliseconds"], 0.001),
    (&["s", "sec", "secs", "second", "seconds"], 1.0),
    (&["m", "min", "mins", "minute", "minutes"], 60.0),
    (&["h", "hr", "hrs", "hour", "hours"], 3600.0),
    (&["d", "day", "days"], 86_400.0),
    (&["w", "week", "weeks"], 604_800.0),
];

/// Reads a duration such as `15m`, `1h30m`, `0.5h`, `2d` or `10 minutes`.
///
/// # Errors
/// `InvalidArguments` that names `argument` when the text is no duration.
pub fn parse_duration(argument: &str, text: &str) -> Result<Duration> {
    read(text).ok_or_else(|| {
        Feedback::new(ErrorKind::InvalidArguments, format!("{argument} is no duration: {text:?}"))
            .next("write it like 30s, 15m, 2h or 1d")
            .into()
    })
}

fn read(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = unit.to_ascii_lowercase();
        let (_, factor) = UNITS.iter().find(|(names, _)| names.contains(&unit.as_str()))?;
        seconds += number.parse::<f64>().ok()? * factor;
        rest = tail.trim_start();
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}

/// The duration as kubectl's flags take it: as typed when Go's `time.ParseDuration` takes it, else in hours,
/// minutes and seconds. Text that is no duration stays as it is; [`parse_duration`] refuses it.
#[must_use]
pub fn kubectl_duration(text: &str) -> String {
    let go = text.chars().all(|c| c.is_ascii_digit() || ".hms".contains(c));
    match read(text) {
        Some(duration) if !go => {
            let seconds = duration.as_secs().max(1);
            [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
                .iter()
                .filter(|(amount, _)| *amount > 0)
                .map(|(amount, unit)| format!("{amount}{unit}"))
                .collect()
        }
        _ => text.to_owned(),
    }
}

/// A span of time in kubectl's short form (`HumanDuration`, k8s.io/apimachinery/pkg/util/duration).
#[must_use]
pub fn human_duration(seconds: i64) -> String {
    let two = |large: i64, large_unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{large}{large_unit}")
        } else {
            format!("{large}{large_unit}{small}{small_unit}")
        }
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let days = hours / 24;
    match seconds {
        ..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// How long ago `timestamp` (RFC 3339, as the API server writes it) was, in kubectl's short form.
#[must_use]
pub fn age(timestamp: Option<&Value>, now: Timestamp) -> String {
    match timestamp.and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok()) {
        Some(then) => human_duration(now.as_second() - then.as_second()),
        None => "<unknown>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, seconds) in [
            ("15m", 900.0),
            ("1h30m", 5400.0),
            ("0.5h", 1800.0),
            ("2d", 172_800.0),
            ("10 minutes", 600.0),
            ("1 hour 5 min", 3900.0),
            ("250ms", 0.25),
        ] {
            assert_eq!(parse_duration("since", text).unwrap().as_secs_f64(), seconds, "{text}");
        }
        for text in ["", "soon", "15", "-5m", "0s", "5 parsecs", "m5", "1e400h"] {
            assert!(parse_duration("since", text).is_err(), "{text}");
        }
    }

    #[test]
    fn flags_stay_as_typed_where_kubectl_takes_them() {
        for (typed, flag) in
            [("15m", "15m"), ("900s", "900s"), ("2d", "48h"), ("90 seconds", "1m30s"), ("half", "half")]
        {
            assert_eq!(kubectl_duration(typed), flag);
        }
    }

    #[test]
    fn ages_are_those_of_kubectl() {
        for (seconds, text) in [
            (-3, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (3600, "60m"),
            (3 * 3600 + 120, "3h2m"),
            (30 * 3600, "30h"),
            (50 * 3600, "2d2h"),
            (100 * 86_400, "100d"),
            (800 * 86_400, "2y70d"),
            (4000 * 86_400, "10y"),
        ] {
            assert_eq!(human_duration(seconds), text);
        }
    }
}
