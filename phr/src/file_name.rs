//! The name of a record's file: `<ID>-<slug>.<stage>.prompt.md`. The store writes it, the linter reads
//! it, and the id counter must see exactly the prefixes the format says it sees.

use std::fmt;

use crate::stage::Stage;

/// What every record's file name ends in.
pub const ENDING: &str = ".prompt.md";

/// A record's number in its folder, 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(u16);

impl RecordId {
    /// The last id there is.
    pub const MAX: Self = Self(9_999);

    /// The id with that number; `None` outside 1 to 9999.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        (1..=Self::MAX.0).contains(&number).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}", self.0)
    }
}

/// The parts of a record's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The record's number.
    pub id: RecordId,
    /// The slug of the title.
    pub slug: String,
    /// The stage.
    pub stage: Stage,
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}.{}{ENDING}", self.id, self.slug, self.stage)
    }
}

/// The number in front of a file name as the id counter reads it: exactly four digits and a dash.
#[must_use]
pub fn number_prefix(name: &str) -> Option<u16> {
    let (digits, _) = name.split_once('-')?;
    let is_number = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_built_from_their_parts() {
        let name =
            FileName { id: RecordId::new(7).unwrap(), slug: "show-all-pods".into(), stage: Stage::General };
        assert_eq!(name.to_string(), "0007-show-all-pods.general.prompt.md");
        assert_eq!(RecordId::new(0), None);
        assert_eq!(RecordId::new(10_000), None);
    }

    #[test]
    fn only_four_digits_and_a_dash_count() {
        assert_eq!(number_prefix("0012-x.spec.prompt.md"), Some(12));
        for ignored in ["012-x", "00012-x", "NNN-x", "PHR-0001-x", "0012x", "0012", "", "+012-x", "٠٠١٢-x"]
        {
            assert_eq!(number_prefix(ignored), None, "{ignored}");
        }
    }

    #[test]
    fn the_longest_name_fits_every_file_system() {
        let slug = crate::slug::slug(&"x".repeat(1_000));
        let longest = FileName { id: RecordId::MAX, slug, stage: Stage::Constitution };
        assert!(longest.to_string().len() < 255);
    }
}
