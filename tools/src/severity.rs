//! How bad a finding is: one scale for every tool that judges.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad a finding is, from a remark to an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Works now, and will hurt.
    Warning,
    /// Broken, or dangerous as it is.
    Error,
    /// Broken so that others are down with it.
    Critical,
}

impl Severity {
    /// The word used in results and for `--fail-on`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The word with its article, for sentences: "an error".
    #[must_use]
    pub const fn with_article(self) -> &'static str {
        match self {
            Self::Info => "a remark",
            Self::Warning => "a warning",
            Self::Error => "an error",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
