//! Records: the write-ahead journal of a turn, and the PHR it becomes.
//!
//! The journal comes first: a line before anything runs, so that a process that is killed loses nothing. When
//! the turn ends its journal becomes a PHR; the next start turns what was left open into a PHR that says it was
//! interrupted. A record that cannot be written warns and stays open, so it is tried again.

mod journal;
mod past;
mod phr;
mod plan_file;
mod recover;
mod repository;

pub(crate) use journal::create_private as create_private_folder;
pub use journal::{Journal, OpenTurn};
pub use past::{PastChange, PastTurn, inverse, last_to_undo, named};
pub use phr::{Destination, Recorder};
pub use plan_file::{PlanFile, PlanStep};
pub use recover::{Recovered, recover};
pub use repository::Repository;
