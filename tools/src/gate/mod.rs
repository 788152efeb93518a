//! The one gate that everything leaves by: to a screen, to a model, to a record.
//!
//! Three things happen here and nowhere else: secrets are replaced, control characters are made harmless
//! (a log line must not move a cursor or forge a prompt), and text is cut to a size that a reader can take.
//! The adapter in [`crate::tool`] sends every result through it, so a tool cannot forget to.

mod limit;
mod redact;
mod sanitize;

pub use limit::{LINE_LIMIT, TEXT_LIMIT};
pub use redact::{MASK, is_sensitive_name, mask_object, redact};

use serde_json::Value;

use crate::error::{Feedback, ToolError};
use crate::outcome::{Outcome, Table, Verification, View};
use crate::preview::Preview;

/// Text that may leave: redacted, without control characters (tabs and line ends stay), at most
/// [`TEXT_LIMIT`] bytes.
#[must_use]
pub fn text(raw: &str) -> String {
    // Control characters go first: a secret split by one must not slip through in two halves.
    limit::cut(&redact(&sanitize::sanitize(raw)))
}

/// JSON that may leave: every string passes [`text`], Secrets and sensitive fields are masked.
#[must_use]
pub fn json(mut value: Value) -> Value {
    mask_object(&mut value);
    clean_strings(&mut value);
    value
}

fn clean_strings(value: &mut Value) {
    match value {
        Value::String(string) => *string = text(string),
        Value::Array(items) => items.iter_mut().for_each(clean_strings),
        Value::Object(map) => map.values_mut().for_each(clean_strings),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(crate) fn outcome(raw: Outcome) -> Outcome {
    Outcome {
        summary: text(&raw.summary),
        view: match raw.view {
            View::Tables(tables) => {
                View::Tables(tables.into_iter().map(|(title, one)| (text(&title), table(&one))).collect())
            }
            View::Text(body) => View::Text(text(&body)),
            other @ (View::Streamed | View::None) => other,
        },
        data: json(raw.data),
        notes: raw.notes.iter().map(|note| text(note)).collect(),
        undo: raw.undo,
        severity: raw.severity,
    }
}

fn table(raw: &Table) -> Table {
    let cell = |cell: &String| text(cell).replace('\n', " ");
    Table {
        columns: raw.columns.iter().map(cell).collect(),
        rows: raw.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

pub(crate) fn preview(mut raw: Preview) -> Preview {
    raw.summary = text(&raw.summary);
    for change in &mut raw.changes {
        change.difference = text(&change.difference);
    }
    raw.warnings = raw.warnings.iter().map(|warning| text(warning)).collect();
    raw
}

pub(crate) fn verification(raw: Verification) -> Verification {
    match raw {
        Verification::Confirmed(said) => Verification::Confirmed(text(&said)),
        Verification::Failed(said) => Verification::Failed(text(&said)),
        Verification::NotNeeded => Verification::NotNeeded,
    }
}

pub(crate) fn error(raw: ToolError) -> ToolError {
    match raw {
        ToolError::Feedback(feedback) => ToolError::Feedback(Feedback {
            kind: feedback.kind,
            message: text(&feedback.message),
            next_step: feedback.next_step.map(|step| text(&step)),
            candidates: feedback.candidates.iter().map(|name| text(name)).collect(),
        }),
        ToolError::Fatal(message) => ToolError::Fatal(text(&message)),
    }
}
