//! Results as text: aligned tables, the four output forms, previews with their differences.

use serde_json::{Value, json};
use shipmate_tools::{Action, Outcome, Preview, Table, View};
use unicode_width::UnicodeWidthStr;

use super::paint::Paint;

/// How results are written to stdout (`-o`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OutputForm {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For programs and people.
    Yaml,
    /// For documents.
    Markdown,
}

/// A table as kubectl prints it: columns three spaces apart, nothing behind the last one.
#[must_use]
pub fn table_text(table: &Table) -> String {
    let mut widths: Vec<usize> = table.columns.iter().map(|column| column.width()).collect();
    for row in &table.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&table.columns).chain(&table.rows) {
        let last = row.len().saturating_sub(1);
        for (index, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if index < last {
                let width = widths.get(index).copied().unwrap_or_default();
                text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 3));
            }
        }
        while text.ends_with(' ') {
            text.pop();
        }
        text.push('\n');
    }
    text
}

fn table_markdown(table: &Table) -> String {
    let line = |cells: &[String]| {
        let escaped: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", escaped.join(" | "))
    };
    let mut text = line(&table.columns);
    text.push_str(&format!("|{}\n", " --- |".repeat(table.columns.len())));
    for row in &table.rows {
        text.push_str(&line(row));
    }
    text
}

/// A result in the wanted form; empty when everything was streamed.
#[must_use]
pub fn outcome_text(outcome: &Outcome, form: OutputForm) -> String {
    match form {
        OutputForm::Json => serde_json::to_string_pretty(&data(outcome)).unwrap_or_default() + "\n",
        OutputForm::Yaml => serde_saphyr::to_string(&data(outcome)).unwrap_or_default(),
        OutputForm::Text => match &outcome.view {
            View::Tables(tables) => {
                let mut parts = Vec::new();
                for (title, table) in tables {
                    let body = table_text(table);
                    parts.push(if title.is_empty() { body } else { format!("{title}\n{body}") });
                }
                parts.join("\n")
            }
            View::Text(text) => with_line_end(text),
            View::None => with_line_end(&outcome.summary),
            View::Streamed => String::new(),
        },
        OutputForm::Markdown => match &outcome.view {
            View::Tables(tables) => {
                let mut text = format!("{}\n", outcome.summary);
                for (title, table) in tables {
                    text.push('\n');
                    if !title.is_empty() {
                        text.push_str(&format!("### {title}\n\n"));
                    }
                    text.push_str(&table_markdown(table));
                }
                text
            }
            View::Text(body) => format!("{}\n\n{}", outcome.summary, fenced(body)),
            View::None => with_line_end(&outcome.summary),
            View::Streamed => String::new(),
        },
    }
}

/// The data of a result; one without any still answers with its sentence.
fn data(outcome: &Outcome) -> Value {
    if outcome.data.is_null() { json!({"summary": outcome.summary}) } else { outcome.data.clone() }
}

/// A fence longer than any in the text.
fn fenced(text: &str) -> String {
    let longest = text.lines().filter_map(|line| {
        let ticks = line.trim_start().chars().take_while(|c| *c == '`').count();
        (ticks >= 3).then_some(ticks)
    });
    let fence = "`".repeat(longest.max().map_or(3, |ticks| ticks + 1));
    format!("{fence}\n{}{fence}\n", with_line_end(text))
}

fn with_line_end(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// A preview: the sentence, each object with its difference, what to watch out for.
#[must_use]
pub fn preview_text(preview: &Preview, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.bold(&preview.summary));
    for change in &preview.changes {
        if change.action == Action::Unchanged && preview.changes.len() > 1 {
            text.push_str(&format!("  {} {}\n", paint.dim("unchanged"), paint.dim(&change.object.label())));
            continue;
        }
        let verb = match change.action {
            Action::Create => paint.green("create"),
            Action::Update => paint.yellow("update"),
            Action::Unchanged => paint.dim("unchanged"),
            Action::Delete => paint.red("delete"),
        };
        text.push_str(&format!("  {verb} {}\n", change.object.label()));
        for line in change.difference.lines() {
            let painted = match line.as_bytes().first() {
                Some(b'+') => paint.green(line),
                Some(b'-') => paint.red(line),
                _ => paint.dim(line),
            };
            text.push_str(&format!("    {painted}\n"));
        }
    }
    for warning in &preview.warnings {
        text.push_str(&format!("  {} {warning}\n", paint.yellow("warning:")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use shipmate_tools::{ObjectChange, ObjectIdentity};

    fn pods() -> Table {
        Table {
            columns: ["NAME", "READY", "STATUS"].map(str::to_owned).to_vec(),
            rows: vec![
                ["web-1", "1/1", "Running"].map(str::to_owned).to_vec(),
                ["a-longer-name", "0/1", "Err|or"].map(str::to_owned).to_vec(),
            ],
        }
    }

    #[test]
    fn tables_look_like_kubectls() {
        insta::assert_snapshot!(table_text(&pods()), @r"
        NAME            READY   STATUS
        web-1           1/1     Running
        a-longer-name   0/1     Err|or
        ");
    }

    #[test]
    fn markdown_escapes_cells() {
        let outcome = Outcome::sentence("2 pods").view(View::Tables(vec![(String::new(), pods())]));
        insta::assert_snapshot!(outcome_text(&outcome, OutputForm::Markdown), @r"
        2 pods

        | NAME | READY | STATUS |
        | --- | --- | --- |
        | web-1 | 1/1 | Running |
        | a-longer-name | 0/1 | Err\|or |
        ");
    }

    #[test]
    fn a_preview_shows_each_object_and_its_difference() {
        let preview = Preview {
            summary: "Deployment shop/web goes from 2 to 3 replicas".into(),
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Deployment".into(),
                    name: "web".into(),
                    namespace: Some("shop".into()),
                    ..ObjectIdentity::default()
                },
                action: Action::Update,
                difference: "  spec:\n-   replicas: 2\n+   replicas: 3\n".into(),
            }],
            warnings: vec!["kept by Helm release shop".into()],
            ..Preview::default()
        };
        insta::assert_snapshot!(preview_text(&preview, Paint::default()), @r"
        Deployment shop/web goes from 2 to 3 replicas
          update Deployment shop/web
              spec:
            -   replicas: 2
            +   replicas: 3
          warning: kept by Helm release shop
        ");
    }
}
