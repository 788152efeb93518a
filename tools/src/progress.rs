//! The way a running tool speaks before it has ended: progress for people, streamed lines as data.
//!
//! Lines pass the gate here, so a followed log is as clean as a finished one.

use tokio::sync::mpsc::UnboundedSender;

use crate::gate;

/// One thing a running tool says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// Where it stands; the newest replaces the one before.
    Status(String),
    /// A line of the result itself, in order.
    Line(String),
}

/// A handle that running tools report to. Cheap to clone; reports to nobody are dropped.
#[derive(Debug, Clone, Default)]
pub struct Progress(Option<UnboundedSender<Update>>);

impl Progress {
    /// Reports to `sender`.
    #[must_use]
    pub const fn to(sender: UnboundedSender<Update>) -> Self {
        Self(Some(sender))
    }

    /// Reports to nobody.
    #[must_use]
    pub const fn silent() -> Self {
        Self(None)
    }

    /// Says where the tool stands.
    pub fn status(&self, text: impl AsRef<str>) {
        self.send(|| Update::Status(gate::text(text.as_ref())));
    }

    /// Hands on a line of the result.
    pub fn line(&self, text: impl AsRef<str>) {
        self.send(|| Update::Line(gate::text(text.as_ref())));
    }

    /// Whether the other end is still there; a tool that follows something stops when it is not.
    #[must_use]
    pub fn is_listened_to(&self) -> bool {
        self.0.as_ref().is_some_and(|sender| !sender.is_closed())
    }

    fn send(&self, update: impl FnOnce() -> Update) {
        if let Some(sender) = &self.0 {
            // Nobody listening any more is the listener's decision, not this tool's error.
            let _closed = sender.send(update());
        }
    }
}
