//! The name of a feature. It becomes the name of a folder, and it can come from a flag, from the
//! environment or from a branch somebody else named, so nothing that could leave the folder of
//! records ever gets to be a [`FeatureName`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::markdown::clip;

/// Longest feature name in bytes. Most file systems allow 255 for one name.
pub const MAX_FEATURE_BYTES: usize = 200;

/// A name that is safe as one folder under `specs/` and under `history/prompts/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FeatureName(String);

impl FeatureName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Error::FeatureName`] if the name is empty, longer than [`MAX_FEATURE_BYTES`], holds anything
    /// but letters, digits, `-`, `_` and `.`, starts with `.` or `-`, contains `..`, or is one of the
    /// names with a meaning of their own (`constitution`, `general`, `none`).
    pub fn parse(name: &str) -> Result<Self> {
        Self::parse_from("the feature", name)
    }

    /// [`FeatureName::parse`] with words for where the name came from.
    pub(crate) fn parse_from(origin: &'static str, name: &str) -> Result<Self> {
        match fault(name) {
            None => Ok(Self(name.to_owned())),
            Some(reason) => Err(Error::FeatureName { origin, name: clip(name, 80).to_owned(), reason }),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with a name, if anything.
fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.len() > MAX_FEATURE_BYTES {
        Some("is longer than 200 bytes")
    } else if name.starts_with(['.', '-']) {
        Some("starts with a dot or a dash")
    } else if name.contains("..") {
        Some("contains two dots in a row")
    } else if !name
        .chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | '.'))
    {
        Some("holds something other than letters, digits, dashes, underscores and dots")
    } else if matches!(name, "constitution" | "general" | "none") {
        Some("has a meaning of its own")
    } else {
        None
    }
}

impl TryFrom<String> for FeatureName {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::parse(&name)
    }
}

impl From<FeatureName> for String {
    fn from(name: FeatureName) -> Self {
        name.0
    }
}

impl fmt::Display for FeatureName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_pass() {
        for name in ["004-phase4-kubernetes", "v1.2", "überblick", "a_b"] {
            assert_eq!(FeatureName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn nothing_that_leaves_the_folder_passes() {
        let long = "x".repeat(MAX_FEATURE_BYTES + 1);
        for name in [
            "",
            ".",
            "..",
            "../etc",
            "a/b",
            "/etc",
            "a\\b",
            "C:x",
            "a..b",
            ".hidden",
            "-rf",
            "a b",
            "a\nb",
            "a\0b",
            "general",
            "constitution",
            "none",
            "\u{202e}x",
            &long,
        ] {
            assert!(FeatureName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_message_says_where_the_name_came_from() {
        let error = FeatureName::parse_from("the value of --feature", "../etc").unwrap_err();
        insta::assert_snapshot!(error, @r#"the value of --feature is not a feature name: "../etc" starts with a dot or a dash; give the name of a folder under specs/, such as 004-phase4-kubernetes"#);
    }

    #[test]
    fn a_journal_cannot_smuggle_a_bad_name_in() {
        assert!(serde_json::from_str::<FeatureName>("\"../../etc\"").is_err());
    }
}
