//! What a turn has to account for when it ends: every call with its outcome, and what was said. The record is
//! made from this alone.

use shipmate_tools::{Call, Preview};

use crate::translate::{TranslatorName, Usage};

/// What is known about one call when the turn ends.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// The typed call.
    pub call: Call,
    /// The equivalent command line.
    pub command: String,
    /// Its effect.
    pub effect: shipmate_tools::Effect,
    /// Who approved it; empty for a read.
    pub approved_by: String,
    /// How it ended.
    pub outcome: String,
    /// Whether it did what it should.
    pub succeeded: bool,
    /// The call that takes it back.
    pub undo: Option<Call>,
    /// What it was shown to change; nothing for a read.
    pub preview: Option<Preview>,
}

/// What is known about the turn when it ends.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TurnRecord {
    /// The calls, in order.
    pub calls: Vec<CallRecord>,
    /// What was said to the person, in order.
    pub said: Vec<String>,
    /// Which translator understood the request.
    pub translator: Option<TranslatorName>,
    /// Tokens used.
    pub usage: Usage,
    /// What was waited for and seen, for the record's tests.
    pub verified: Vec<String>,
}

/// Whether a request needs its result put into words: a table does not answer "why".
pub(super) fn asks_for_words(request: &str) -> bool {
    let lower = request.to_ascii_lowercase();
    ["why", "explain", "summari", "what does", "how come", "what caused"]
        .iter()
        .any(|word| lower.contains(word))
}
