//! What can go wrong in a tool, and who has to read it.
//!
//! A [`Feedback`] is for the person or the model that asked: it says what was tried, what went wrong and what
//! to do next, and the turn goes on. A [`ToolError::Fatal`] is a defect or a broken machine: the turn ends.

use std::fmt;

/// The error of every tool and adapter in this crate.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ToolError {
    /// Goes back to whoever asked, with a next step.
    #[error("{0}")]
    Feedback(Feedback),
    /// Ends the turn: something no request can mend.
    #[error("{0}")]
    Fatal(String),
}

impl ToolError {
    /// The kind, `Other` for a fatal error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Feedback(feedback) => feedback.kind,
            Self::Fatal(_) => ErrorKind::Other,
        }
    }
}

/// The kinds of errors that callers treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The arguments do not fit the tool.
    InvalidArguments,
    /// A named object, file or release does not exist.
    NotFound,
    /// A name fits more than one thing.
    Ambiguous,
    /// The cluster refuses this user.
    Forbidden,
    /// The credentials are not accepted (expired, wrong).
    Unauthorized,
    /// The cluster, Docker or a program did not answer.
    Unreachable,
    /// The object changed since it was shown.
    Conflict,
    /// shipmate itself does not do this.
    Refused,
    /// A deadline ran out.
    TimedOut,
    /// Something this needs is not there: a program, an API, a configuration.
    Unavailable,
    /// Anything else the server or program said.
    Other,
}

/// An error for whoever asked.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// What kind of error this is.
    pub kind: ErrorKind,
    /// What was tried and what went wrong, in one sentence without a trailing full stop.
    pub message: String,
    /// What to do about it.
    pub next_step: Option<String>,
    /// Names that could have been meant, best first.
    pub candidates: Vec<String>,
}

impl Feedback {
    /// An error without a next step yet.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), next_step: None, candidates: Vec::new() }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.next_step = Some(step.into());
        self
    }

    /// Adds the names that could have been meant.
    #[must_use]
    pub fn candidates(mut self, names: Vec<String>) -> Self {
        self.candidates = names;
        self
    }
}

impl fmt::Display for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Feedback> for ToolError {
    fn from(feedback: Feedback) -> Self {
        Self::Feedback(feedback)
    }
}

/// The result of every tool and adapter.
pub type Result<T, E = ToolError> = std::result::Result<T, E>;
