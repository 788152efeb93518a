//! What a person sees and is asked. The only code that writes to a terminal is in here: data to stdout, talk to
//! stderr, and nothing that would confuse a pipe when there is one.

mod approve;
mod face;
mod paint;
mod render;
mod terminal;

pub use face::Face;
pub use paint::Paint;
pub use render::{OutputForm, outcome_text, table_text};
pub use terminal::{Terminal, TerminalOptions};
