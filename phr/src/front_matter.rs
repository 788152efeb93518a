//! The YAML block on top of a record. Keys, their order and the style of each value are fixed by the
//! format: labels stand in one line, files and tests one under the other, an absent link is `null`. The
//! YAML is written by a library; this module only chooses the style and sees to it that no value reads
//! like an unfilled template field.

use serde::{Serialize, Serializer};
use serde_saphyr::{DoubleQuoted, FlowSeq, ser_options};

use crate::error::{Error, Result};
use crate::file_name::RecordId;
use crate::markdown::single_line;
use crate::record::{Record, without_machine_path};
use crate::slug::full_slug;

/// The keys in their order.
pub const KEYS: [&str; 14] = [
    "id", "title", "stage", "date", "surface", "model", "feature", "branch", "user", "command", "labels",
    "links", "files", "tests",
];

/// The keys of the block `links`.
pub const LINK_KEYS: [&str; 4] = ["spec", "ticket", "adr", "pr"];

/// The value of `surface`: records are made by an agent, not by hand.
pub const SURFACE: &str = "agent";

/// A single-line value. Most are written plain where YAML allows it, so that people and simple scripts
/// can read them; one with a bracket or a dollar sign is quoted, so that it can be escaped.
struct Value(String);

impl Value {
    fn new(text: &str, absent: &str) -> Self {
        let line = single_line(text);
        Self(if line.is_empty() { absent.to_owned() } else { line })
    }

    fn optional(text: Option<&str>, absent: &str) -> Self {
        Self::new(text.unwrap_or_default(), absent)
    }

    /// A list is never empty: an entry that says nothing, or says `none`, is left out, and `none` stands
    /// where there is no other.
    fn list(texts: impl Iterator<Item = String>) -> Vec<Self> {
        let mut values: Vec<_> =
            texts.map(|text| Self::new(&text, "none")).filter(|value| value.0 != "none").collect();
        if values.is_empty() {
            values.push(Self("none".to_owned()));
        }
        values
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if self.0.contains(['{', '[', '$']) {
            DoubleQuoted(self.0.as_str()).serialize(serializer)
        } else {
            self.0.serialize(serializer)
        }
    }
}

#[derive(Serialize)]
struct FrontMatter {
    id: DoubleQuoted<String>,
    title: Value,
    stage: &'static str,
    date: String,
    surface: &'static str,
    model: Value,
    feature: Value,
    branch: Value,
    user: Value,
    command: Value,
    labels: FlowSeq<Vec<DoubleQuoted<String>>>,
    links: LinkValues,
    files: Vec<Value>,
    tests: Vec<Value>,
}

#[derive(Serialize)]
struct LinkValues {
    spec: Option<Value>,
    ticket: Option<Value>,
    adr: Option<Value>,
    pr: Option<Value>,
}

/// Writes the block without the lines of dashes around it.
pub(crate) fn render(record: &Record, id: RecordId) -> Result<String> {
    let link = |link: &Option<String>| {
        link.as_deref().filter(|link| !link.trim().is_empty()).map(|link| Value::new(link, ""))
    };
    let front_matter = FrontMatter {
        id: DoubleQuoted(id.to_string()),
        title: Value::new(record.title.as_str(), ""),
        stage: record.effective_stage().name(),
        date: record.date.to_string(),
        surface: SURFACE,
        model: Value::optional(record.model.as_deref(), "unspecified"),
        feature: Value::optional(record.feature.as_ref().map(crate::FeatureName::as_str), "none"),
        branch: Value::optional(record.branch.as_deref(), "none"),
        user: Value::optional(record.user.as_deref(), "unknown"),
        command: Value::new(&record.command, "none"),
        labels: FlowSeq(labels(&record.labels)),
        links: LinkValues {
            spec: link(&record.links.spec),
            ticket: link(&record.links.ticket),
            adr: link(&record.links.adr),
            pr: link(&record.links.pr),
        },
        files: Value::list(record.files.iter().map(|file| without_machine_path(&single_line(file)))),
        tests: Value::list(record.tests.iter().cloned()),
    };
    let options = ser_options! { prefer_block_scalars: false };
    let yaml = serde_saphyr::to_string_with_options(&front_matter, options)
        .map_err(|error| Error::FrontMatter(error.to_string()))?;
    // The library quotes dates for the sake of older YAML readers; the format writes them plain.
    let yaml = yaml.replacen(&format!("date: \"{}\"\n", record.date), &format!("date: {}\n", record.date), 1);
    Ok(without_placeholders(&yaml))
}

/// Labels are search words, so they are written like slugs; what leaves nothing is dropped.
fn labels(labels: &[String]) -> Vec<DoubleQuoted<String>> {
    let mut words: Vec<String> = Vec::new();
    for label in labels {
        let word = full_slug(&single_line(label));
        if !word.is_empty() && word != "none" && !words.contains(&word) {
            words.push(word);
        }
    }
    words.into_iter().map(DoubleQuoted).collect()
}

/// Writes `{{X}}`, `[TITLE]` and `$ARGUMENTS` with YAML escapes. These characters only occur in values
/// that are double-quoted (see [`Value`]), where an escape stands for the same character; the bracket
/// that opens the list of labels is never followed by a capital letter.
fn without_placeholders(yaml: &str) -> String {
    let mut escaped = String::with_capacity(yaml.len());
    let mut rest = yaml.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '{' => escaped.push_str("\\x7b"),
            '$' => escaped.push_str("\\x24"),
            '[' if rest.peek().is_some_and(char::is_ascii_uppercase) => escaped.push_str("\\x5b"),
            _ => escaped.push(character),
        }
    }
    escaped
}
