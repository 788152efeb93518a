//! The one error type people meet: what was tried, what went wrong, what to do next, and the exit code.

use shipmate_tools::{ErrorKind, ToolError};
use std::fmt;

/// What kind of end a one-shot came to; its number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Done.
    Done = 0,
    /// The request failed.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Not understood, or a question nobody is there to answer.
    NotUnderstood = 3,
    /// Policy refused it, or an approval was needed and none was given.
    Refused = 4,
    /// The cluster, Docker or the model did not answer.
    Unreachable = 5,
    /// Findings at or above `--fail-on`.
    Findings = 6,
    /// Ended by Ctrl-C: 128 + SIGINT, as shells count.
    Interrupted = 130,
}

impl ExitCode {
    /// The number the process ends with.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// An error for the person at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentError {
    /// The exit code it leads to.
    pub code: ExitCode,
    /// What was tried and what went wrong.
    pub message: String,
    /// What to do next, each a line of its own.
    pub hints: Vec<String>,
}

impl AgentError {
    /// An error without hints.
    #[must_use]
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hints: Vec::new() }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AgentError {}

impl From<ToolError> for AgentError {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::Fatal(message) => Self::new(ExitCode::Failed, message),
            ToolError::Feedback(feedback) => {
                let code = match feedback.kind {
                    ErrorKind::Ambiguous => ExitCode::NotUnderstood,
                    ErrorKind::Refused => ExitCode::Refused,
                    // No answer in time is no answer.
                    ErrorKind::Unreachable | ErrorKind::Unauthorized | ErrorKind::TimedOut => {
                        ExitCode::Unreachable
                    }
                    ErrorKind::Unavailable => ExitCode::Usage,
                    ErrorKind::InvalidArguments
                    | ErrorKind::NotFound
                    | ErrorKind::Forbidden
                    | ErrorKind::Conflict
                    | ErrorKind::Other => ExitCode::Failed,
                };
                let mut agent = Self::new(code, feedback.message);
                if !feedback.candidates.is_empty() {
                    agent.hints.push(format!("nearest: {}", feedback.candidates.join(", ")));
                }
                agent.hints.extend(feedback.next_step);
                agent
            }
        }
    }
}
