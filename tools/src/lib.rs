//! What shipmate can do: typed tools for Kubernetes, Helm and Docker, and the one gate their output leaves by.
//!
//! This room knows no terminal, no model and no configuration file. A caller looks a tool up in the
//! [`catalog`], binds arguments to it ([`Call::bind`]) and gets a [`BoundCall`] that can be grounded,
//! previewed, run and verified. What a call is handed is what it may do: everything that only looks gets a
//! [`ReadWorld`], whose clients refuse to change anything; only the run of a change gets a [`World`], and
//! only with an [`Approval`]. Whatever comes back has passed the [`gate`]: cut to size, without control
//! characters, without secrets.

pub mod approval;
pub mod call;
pub mod catalog;
pub mod command;
pub mod docker;
pub mod error;
pub mod gate;
pub mod health;
pub mod helm;
pub mod kubernetes;
pub mod outcome;
pub mod preview;
pub mod process;
pub mod progress;
pub mod project;
pub mod severity;
pub mod slot;
pub mod tool;
pub mod world;

pub use approval::{Approval, ApprovedBy};
pub use call::{Call, Effect};
pub use command::CommandLine;
pub use error::{ErrorKind, Feedback, ToolError};
pub use outcome::{Outcome, Table, Verification, View};
pub use preview::{Action, ObjectChange, ObjectIdentity, Preview};
pub use progress::{Progress, Update};
pub use severity::Severity;
pub use slot::{ObjectAccepts, ObjectSlot, Slot};
pub use tool::{BoundCall, ChangeTool, Changer, ReadTool, Reader, Tool, ToolEntry};
pub use world::{ReadWorld, World, WorldOptions};
