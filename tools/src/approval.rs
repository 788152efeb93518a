//! Permission to run one call, once, as it was shown.
//!
//! A change cannot run without one. Only the policy step of the agent makes them (a lint forbids
//! [`Approval::grant`] everywhere else), each holds the very call and preview a person saw, and the run
//! refuses an approval of anything else. So neither a model's text nor a bug in a translator can turn into a
//! change that nobody looked at.

use std::fmt;

use crate::call::Call;
use crate::error::{ErrorKind, Feedback, Result};
use crate::preview::Preview;

/// Who said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovedBy {
    /// A person answered the question.
    Person,
    /// A person allowed this tool in this namespace for the session.
    Session,
    /// A flag on the command line (`--yes`).
    Flag,
}

impl fmt::Display for ApprovedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "user",
            Self::Session => "user (always in this session)",
            Self::Flag => "--yes",
        })
    }
}

/// Permission to run one call as it was previewed. Not cloneable: it is used up by the run.
#[derive(Debug)]
pub struct Approval {
    call: Call,
    preview: Preview,
    by: ApprovedBy,
}

impl Approval {
    /// Grants `call` as `preview` showed it. For the policy step alone.
    #[must_use]
    pub const fn grant(call: Call, preview: Preview, by: ApprovedBy) -> Self {
        Self { call, preview, by }
    }

    /// What was shown when this was granted.
    #[must_use]
    pub const fn preview(&self) -> &Preview {
        &self.preview
    }

    /// Who granted it.
    #[must_use]
    pub const fn by(&self) -> ApprovedBy {
        self.by
    }

    /// Refuses any other call than the one that was granted.
    pub(crate) fn check(&self, call: &Call) -> Result<()> {
        if &self.call == call {
            return Ok(());
        }
        Err(Feedback::new(
            ErrorKind::Refused,
            format!("the approval is for `{}`, not for `{call}`", self.call),
        )
        .next("ask again: every change is approved as it will run")
        .into())
    }
}
