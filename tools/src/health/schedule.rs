//! Schedules of CronJobs (five fields, names, steps, `@daily`), read as far as it takes to say whether one can be
//! read, whether its day ever comes, and when it last came.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Days that are looked back: a schedule of a year comes within it.
const LOOK_BACK: i32 = 400;

/// A schedule: the bits of each field say which numbers it has.
#[derive(Debug)]
pub(super) struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether both kinds of days are restricted: then either is enough.
    either: bool,
    /// `@every` comes always, and when is counted from nobody knows what.
    every: bool,
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let line = line.trim();
        let line = match line.split_once(' ') {
            Some((zone, rest)) if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => rest.trim(),
            _ => line,
        };
        let line = match line {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        if line.starts_with("@every ") {
            return Ok(Self {
                minutes: 0,
                hours: 0,
                days: 0,
                months: 0,
                weekdays: 0,
                either: false,
                every: true,
            });
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(format!("it has {} fields instead of 5", fields.len()));
        };
        let all = |field: &str| field.starts_with('*') || field.starts_with('?');
        Ok(Self {
            minutes: bits(minutes, 0, 59, &[])?,
            hours: bits(hours, 0, 23, &[])?,
            days: bits(days, 1, 31, &[])?,
            months: bits(months, 1, 12, &MONTHS)?,
            weekdays: {
                let bits = bits(weekdays, 0, 7, &DAYS)?;
                bits | (bits >> 7 & 1)
            },
            either: !all(days) && !all(weekdays),
            every: false,
        })
    }

    /// Whether its day ever comes; 30 February does not.
    pub(super) fn comes(&self) -> bool {
        self.every
            || self.either
            || (1..=12_u32).any(|month| {
                let longest = match month {
                    2 => 29,
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                self.months >> month & 1 == 1 && (1..=longest).any(|day: u32| self.days >> day & 1 == 1)
            })
    }

    fn has_day(&self, date: Date) -> bool {
        let has = |field: u64, number: i8| u32::try_from(number).is_ok_and(|number| field >> number & 1 == 1);
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.either { day || weekday } else { day && weekday }
    }

    /// When it last came; nothing when that cannot be said.
    pub(super) fn last_before(&self, now: Timestamp, zone: &str) -> Option<Timestamp> {
        if self.every {
            return None;
        }
        let zone = TimeZone::get(zone).ok().or_else(|| (zone == "UTC").then_some(TimeZone::UTC))?;
        let today = now.to_zoned(zone.clone()).date();
        for back in 0..LOOK_BACK {
            let span: Span = back.days();
            let date = today.checked_sub(span).ok()?;
            if !self.has_day(date) {
                continue;
            }
            for hour in (0..24_i8).rev().filter(|hour| self.hours >> *hour & 1 == 1) {
                for minute in (0..60_i8).rev().filter(|minute| self.minutes >> *minute & 1 == 1) {
                    let time = date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp();
                    if time <= now {
                        return Some(time);
                    }
                }
            }
        }
        None
    }
}

/// The bits of a field: lists, ranges, steps, names.
fn bits(field: &str, least: u32, most: u32, names: &[&str]) -> Result<u64, String> {
    let wrong = || format!("{field:?} is no field with numbers from {least} to {most}");
    let number = |word: &str| -> Result<u32, String> {
        let named = names.iter().position(|name| word.eq_ignore_ascii_case(name));
        let number = match named {
            Some(position) => u32::try_from(position).map_err(|_| wrong())? + least,
            None => word.parse().map_err(|_| wrong())?,
        };
        if (least..=most).contains(&number) { Ok(number) } else { Err(wrong()) }
    };
    let mut all = 0_u64;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                (range, step.parse::<u32>().ok().filter(|step| *step > 0).ok_or_else(wrong)?)
            }
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None if range == "*" || range == "?" => (least, most),
            None if part.contains('/') => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        if first > last {
            return Err(wrong());
        }
        for one in (first..=last).step_by(usize::try_from(step).unwrap_or(1)) {
            all |= 1 << one;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_or_refused() {
        for line in [
            "*/5 * * * *",
            "0 3 * * 1-5",
            "0 0 1,15 * sun",
            "@hourly",
            "TZ=Europe/Paris 0 3 * * *",
            "@every 5m",
            "5/10 * ? jan-mar 7",
        ] {
            assert!(Schedule::parse(line).unwrap().comes(), "{line}");
        }
        for line in
            ["", "* * * *", "60 * * * *", "* * * * mondays", "*/0 * * * *", "5-1 * * * *", "1.5 * * * *"]
        {
            assert!(Schedule::parse(line).is_err(), "{line}");
        }
        assert!(!Schedule::parse("0 0 30 2 *").unwrap().comes());
        assert!(!Schedule::parse("0 0 31 4,6 *").unwrap().comes());
        assert!(Schedule::parse("0 0 30 2 mon").unwrap().comes());
    }

    #[test]
    fn the_last_time_is_known() {
        let now: Timestamp = "2026-05-01T12:00:30Z".parse().unwrap();
        let last =
            |line: &str| Schedule::parse(line).unwrap().last_before(now, "UTC").map(|time| time.to_string());
        assert_eq!(last("*/7 * * * *").as_deref(), Some("2026-05-01T12:00:00Z"));
        assert_eq!(last("0 3 * * sun").as_deref(), Some("2026-04-26T03:00:00Z"));
        assert_eq!(last("@yearly").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(last("@every 5m"), None);
    }
}
