//! What shipmate says to a model: Markdown templates and one typed function for each.
//!
//! The words live in `templates/<area>/*.md`, so that they can be read and changed as text; the functions are
//! the only way to fill them, so that a prompt with a hole in it cannot be sent. They are short on purpose: a
//! model of 1.5 billion parameters on two processor cores reads about fifty tokens a second, and every word
//! here is read before every answer. This room knows no tool, no model and no terminal.

#![deny(missing_docs)]

mod explain;
mod template;
mod translate;

pub use explain::{Explanation, explanation};
pub use template::{PromptError, render};
pub use translate::{repair, translate_by_calls, translate_by_schema};
