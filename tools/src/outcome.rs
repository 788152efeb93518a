//! What a call gave back, as data: a view for people, JSON for programs, a sentence for the record.
//!
//! Nothing here prints. The agent renders a [`View`] for the face it serves.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;

/// Columns and rows of text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Table {
    /// Column headings, upper case as kubectl prints them.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table as text, its columns below each other, two spaces between; for tables inside other text.
    #[must_use]
    pub fn aligned(&self) -> String {
        let lines: Vec<&Vec<String>> = std::iter::once(&self.columns).chain(&self.rows).collect();
        let width = |column: usize| {
            lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..self.columns.len()).filter_map(width).collect();
        let text = lines.iter().map(|line| {
            let cells = line.iter().zip(&widths);
            let cells = cells.map(|(cell, width)| format!("{:width$}", cell.replace(['\n', '\r'], " ")));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        text.collect::<Vec<_>>().join("\n")
    }
}

/// What a person sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// One or several tables, each under its title (empty title: none).
    Tables(Vec<(String, Table)>),
    /// Text as it is: logs, a description, YAML.
    Text(String),
    /// Everything was streamed while it ran.
    Streamed,
    /// Nothing but the summary.
    None,
}

/// What a call gave back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// One sentence that answers or says what was done.
    pub summary: String,
    /// For people.
    pub view: View,
    /// For programs (`-o json`) and the model.
    pub data: Value,
    /// Remarks: what was cut, what could not be looked at, what to try next.
    pub notes: Vec<String>,
    /// The call that undoes this one.
    pub undo: Option<Call>,
    /// Worst severity found, for tools that judge (`info`, `warning`, `error`, `critical`).
    pub severity: Option<String>,
}

impl Outcome {
    /// An outcome that is only a sentence.
    #[must_use]
    pub fn sentence(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            view: View::None,
            data: Value::Null,
            notes: Vec::new(),
            undo: None,
            severity: None,
        }
    }

    /// Sets what people see.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.view = view;
        self
    }

    /// Sets what programs see.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// Adds a remark.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Sets the call that undoes this one.
    #[must_use]
    pub fn undo(mut self, undo: Option<Call>) -> Self {
        self.undo = undo;
        self
    }
}

/// Whether a change came true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// It did; the sentence says what was seen.
    Confirmed(String),
    /// It did not, within the deadline; the sentence says why.
    Failed(String),
    /// There is nothing to wait for.
    NotNeeded,
}
