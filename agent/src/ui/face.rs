//! What a turn needs of whoever it talks to. The terminal is one face; a scripted one serves the tests.

use shipmate_tools::{Call, Update};

use crate::policy::Answer;
use crate::turn::{ApprovalRequest, Shown};

/// Whoever the turn talks to.
pub trait Face {
    /// Shows something.
    fn show(&mut self, shown: &Shown);

    /// Takes what a running step says.
    fn progress(&mut self, update: &Update);

    /// Takes a piece of text that the model is writing.
    fn words(&mut self, piece: &str);

    /// Asks for an approval.
    fn ask(&mut self, request: &ApprovalRequest) -> Answer;

    /// Lets the person choose one of several; the index, or `None`.
    fn choose(&mut self, question: &str, options: &[(String, Call)]) -> Option<usize>;

    /// The step that was running is over: progress that was shown can go.
    fn settled(&mut self);

    /// Whether nobody reads the results any more (stdout is closed), so that going on makes no sense.
    fn is_gone(&self) -> bool {
        false
    }
}
