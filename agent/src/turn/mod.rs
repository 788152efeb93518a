//! The turn: one request on its way through. [`state`] is a pure state machine that returns effects as data;
//! [`driver`] does the input and output they ask for. REPL and one-shot are faces of the same turn.

pub mod account;
pub mod driver;
pub mod message;
pub mod state;

pub use account::{CallRecord, TurnRecord};
pub use driver::Driver;
pub use message::{ApprovalRequest, ApprovalStep, Effect, Event, Grounded, JournalEntry, Shown};
pub use state::Turn;
