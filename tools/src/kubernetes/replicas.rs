//! How many replicas: a number, or a change of the number there is ("two more", "twice as many"), which becomes
//! a number as soon as the workload is known.

use futures::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

use crate::error::Result;
use crate::slot::{Inside, Question};

use super::cluster::Cluster;

/// A number of replicas, as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replicas {
    /// So many.
    To(u32),
    /// So many more.
    More(u32),
    /// So many fewer.
    Fewer(u32),
    /// So many times as many.
    Times(u32),
    /// As many divided by this.
    Part(u32),
    /// More by so many hundredths.
    MorePercent(u32),
    /// Fewer by so many hundredths.
    FewerPercent(u32),
}

impl Replicas {
    /// The number, once it is one.
    #[must_use]
    pub const fn number(self) -> Option<u32> {
        match self {
            Self::To(number) => Some(number),
            _ => None,
        }
    }

    /// What it comes to from `now` replicas. Parts are rounded up, so that only "fewer" stops the last one.
    #[must_use]
    pub fn from(self, now: u32) -> u32 {
        let hundredths = |percent: u32| {
            let all = u64::from(now) * u64::from(percent);
            u32::try_from(all.div_ceil(100)).unwrap_or(u32::MAX)
        };
        match self {
            Self::To(number) => number,
            Self::More(more) => now.saturating_add(more),
            Self::Fewer(fewer) => now.saturating_sub(fewer),
            Self::Times(times) => now.saturating_mul(times),
            Self::Part(part) => now.div_ceil(part.max(1)),
            Self::MorePercent(percent) => now.saturating_add(hundredths(percent)),
            Self::FewerPercent(percent) => hundredths(100_u32.saturating_sub(percent)),
        }
    }

    /// Reads `3`, `+2`, `-2`, `x2`, `/2`, `+50%` or `-50%`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = |text: &str| text.parse::<u32>().ok().filter(|_| !text.starts_with('+'));
        if let Some(rest) = text.strip_prefix('+') {
            return match rest.strip_suffix('%') {
                Some(percent) => number(percent).map(Self::MorePercent),
                None => number(rest).map(Self::More),
            };
        }
        if let Some(rest) = text.strip_prefix('-') {
            return match rest.strip_suffix('%') {
                Some(percent) => number(percent).filter(|percent| *percent <= 100).map(Self::FewerPercent),
                None => number(rest).map(Self::Fewer),
            };
        }
        if let Some(rest) = text.strip_prefix('x') {
            return number(rest).map(Self::Times);
        }
        if let Some(rest) = text.strip_prefix('/') {
            return number(rest).filter(|part| *part > 0).map(Self::Part);
        }
        number(text).map(Self::To)
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(number) => write!(f, "{number}"),
            Self::More(number) => write!(f, "+{number}"),
            Self::Fewer(number) => write!(f, "-{number}"),
            Self::Times(number) => write!(f, "x{number}"),
            Self::Part(number) => write!(f, "/{number}"),
            Self::MorePercent(number) => write!(f, "+{number}%"),
            Self::FewerPercent(number) => write!(f, "-{number}%"),
        }
    }
}

impl Serialize for Replicas {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::To(number) => serializer.serialize_u32(*number),
            other => serializer.collect_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for Replicas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let read = match &value {
            Value::Number(number) => {
                number.as_u64().and_then(|number| u32::try_from(number).ok()).map(Self::To)
            }
            Value::String(text) => Self::parse(text),
            _ => None,
        };
        read.ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{value} is no count of replicas: expected a number, or a change of it such as +2, x2 or -50%"
            ))
        })
    }
}

impl JsonSchema for Replicas {
    fn schema_name() -> Cow<'static, str> {
        "Replicas".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["integer", "string"], "minimum": 0})
    }
}

/// Makes a number of a change, from the replicas that the workload has.
#[derive(Debug)]
pub struct HowMany<'a>(pub &'a mut Replicas);

impl Inside for HowMany<'_> {
    fn fill<'f>(&'f mut self, object: &'f Value, _: &'f Cluster) -> BoxFuture<'f, Result<Option<Question>>> {
        let now =
            object.pointer("/spec/replicas").and_then(Value::as_u64).and_then(|now| u32::try_from(now).ok());
        if self.0.number().is_none()
            && let Some(now) = now
        {
            *self.0 = Replicas::To(self.0.from(now));
        }
        Box::pin(async { Ok(None) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_read_written_and_worked_out() {
        for (text, now, then) in [
            ("3", 2, 3),
            ("+2", 2, 4),
            ("-1", 3, 2),
            ("-5", 3, 0),
            ("x2", 3, 6),
            ("/2", 3, 2),
            ("+100%", 3, 6),
            ("+50%", 3, 5),
            ("-50%", 1, 1),
            ("-100%", 4, 0),
        ] {
            let replicas = Replicas::parse(text).unwrap();
            assert_eq!(replicas.to_string(), text);
            assert_eq!(replicas.from(now), then, "{text} of {now}");
        }
        for text in ["", "many", "1.5", "x", "/0", "-101%", "++1", "99999999999"] {
            assert_eq!(Replicas::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        assert_eq!(serde_json::to_value(Replicas::To(3)).unwrap(), json!(3));
        assert_eq!(serde_json::from_value::<Replicas>(json!("+2")).unwrap(), Replicas::More(2));
        assert!(serde_json::from_value::<Replicas>(json!(-2)).is_err());
    }
}
