//! Prompt History Records for shipmate: what a request said, what it became, what was done and what came
//! of it, as one Markdown file for each request under `history/prompts`. This crate owns the format
//! (types, rendering, parsing, linting) and the files (routing, ids, storage). It knows no terminal, no
//! model and no cluster, and it reads no environment: whatever a record holds is passed in, redacted.
//!
//! ```
//! use shipmate_phr::{CallRow, Effect, Record, Store, lint_text};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let root = folder.path().join("history/prompts");
//! let mut record = Record::for_request("please show me all todo pods", jiff::civil::date(2026, 11, 24));
//! record.calls.push(CallRow {
//!     call: r#"list_resources {"kind":"pods","namespace":"todo"}"#.into(),
//!     command: "kubectl get pods --namespace=todo".into(),
//!     effect: Effect::Read,
//!     approved_by: "not needed".into(),
//!     outcome: "6 pods".into(),
//!     duration: std::time::Duration::from_millis(11),
//! });
//!
//! let written = Store::new(root).write(&record)?;
//! assert!(written.path.ends_with("general/0001-show-me-all-todo-pods.general.prompt.md"));
//! assert_eq!(lint_text(&written.path, &std::fs::read_to_string(&written.path)?), []);
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]

mod body;
mod error;
mod evidence;
mod feature;
mod file_name;
mod front_matter;
mod lint;
mod lint_body;
mod lint_folder;
mod lint_front;
mod markdown;
mod parse;
mod placeholder;
mod record;
mod render;
mod routing;
mod rule;
mod secret;
mod slug;
mod stage;
mod store;
mod title;

pub use body::Section;
pub use error::{Error, Result};
pub use evidence::{CallRow, Effect, NO_CALLS};
pub use feature::{FeatureName, MAX_FEATURE_BYTES};
pub use file_name::{ENDING, FileName, RecordId, number_prefix};
pub use lint::lint_text;
pub use lint_folder::{FileProblems, LintReport, lint_dir};
pub use markdown::MAX_LINE_BYTES;
pub use parse::{Document, Entry, parse};
pub use record::{Evaluation, Links, Outcome, Record};
pub use render::{EVALUATION_LABELS, MAX_RESPONSE_BYTES, OUTCOME_LABELS, SECTIONS, render};
pub use routing::{FeatureSources, resolve_feature};
pub use rule::{Problem, Rule};
pub use slug::{MAX_SLUG_BYTES, slug};
pub use stage::{Route, Stage};
pub use store::{Store, Written};
pub use title::Title;
