//! Record → text. The structure of the text depends on the record's shape alone, never on what its texts
//! say: whatever stands in a prompt, an answer or a log line, the result has the same four sections and
//! the same table.

use std::fmt::Write as _;

use crate::error::Result;
use crate::evidence::render_table;
use crate::file_name::RecordId;
use crate::front_matter;
use crate::markdown::{clip, fenced, plain};
use crate::record::Record;

/// Longest answer in bytes that is kept in a record. The snapshot is to be concise; the calls above it
/// say how to get the rest again.
pub const MAX_RESPONSE_BYTES: usize = 8_192;

/// The four headings of the body, in their order.
pub const SECTIONS: [&str; 4] = ["Prompt", "Response snapshot", "Outcome", "Evaluation notes (flywheel)"];

/// The labels of the bullets under `Outcome`, in their order.
pub const OUTCOME_LABELS: [&str; 5] =
    ["✅ Impact:", "🧪 Tests:", "📁 Files:", "🔁 Next prompts:", "🧠 Reflection:"];

/// The labels of the bullets under `Evaluation notes (flywheel)`, in their order.
pub const EVALUATION_LABELS: [&str; 4] = [
    "Failure modes observed:",
    "Graders run and results (PASS/FAIL):",
    "Prompt variant (if applicable):",
    "Next experiment (smallest change to try):",
];

/// Writes the record as the text of its file.
///
/// # Errors
/// [`Error::FrontMatter`](crate::Error::FrontMatter) if the front matter cannot be written as YAML.
pub fn render(record: &Record, id: RecordId) -> Result<String> {
    let [prompt, snapshot, outcome, evaluation] = SECTIONS;
    let mut text = format!("---\n{}---\n", front_matter::render(record, id)?);
    text.push_str(&section(prompt, &fenced(&record.prompt)));
    text.push_str(&section(
        snapshot,
        &format!("{}\n{}", render_table(&record.calls), response(&record.response)),
    ));
    let values = &record.outcome;
    let values = [&values.impact, &values.tests, &values.files, &values.next_prompts, &values.reflection];
    text.push_str(&section(outcome, &bullets(&OUTCOME_LABELS, &values)));
    let values = &record.evaluation;
    let values = [&values.failure_modes, &values.graders, &values.prompt_variant, &values.next_experiment];
    text.push_str(&section(evaluation, &bullets(&EVALUATION_LABELS, &values)));
    Ok(text)
}

fn section(heading: &str, body: &str) -> String {
    format!("\n## {heading}\n\n{body}")
}

/// The answer in a fence of its own, cut where it is too long, and saying so.
fn response(text: &str) -> String {
    let text = text.trim_matches(['\r', '\n']);
    if text.trim().is_empty() {
        return "No answer was given.\n".to_owned();
    }
    let kept = clip(text, MAX_RESPONSE_BYTES);
    let mut block = fenced(kept);
    if kept.len() < text.len() {
        // Writing to a string cannot fail.
        let _ = writeln!(block, "\nShortened: these are the first {} of {} bytes.", kept.len(), text.len());
    }
    block
}

fn bullets(labels: &[&str], values: &[&Option<String>]) -> String {
    let mut lines = String::new();
    for (label, value) in labels.iter().zip(values) {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "- {label} {}", plain(value.as_deref().unwrap_or_default()));
    }
    lines
}
