//! Text → record. Reading never fails: a [`Document`] holds whatever could be made out, so that records
//! of other writers and damaged ones can still be listed, shown and linted. Turning a document into a
//! [`Record`] is the strict step.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::body::{self, Body, Lines, Section};
use crate::error::{Error, Result};
use crate::evidence::{CallRow, parse_row};
use crate::feature::FeatureName;
use crate::markdown::unescaped;
use crate::record::{Evaluation, Links, Outcome, Record};
use crate::render::{EVALUATION_LABELS, OUTCOME_LABELS};
use crate::stage::Stage;
use crate::title::Title;

/// What could be made out of the text of a record.
#[derive(Debug)]
pub struct Document {
    pub(crate) front: Front,
    pub(crate) body: Body,
}

/// The state of the front matter.
#[derive(Debug)]
pub(crate) enum Front {
    /// The text does not start with a line of three dashes.
    Missing,
    /// The second line of three dashes is missing.
    Unclosed,
    /// What stands between the dashes is not a YAML map.
    Broken { line: usize, message: String },
    /// It could be read; the range is where it stands in the text.
    Read { entries: Vec<Entry>, range: Range<usize> },
}

/// One key of the front matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// The line the key stands in, counted from 1.
    pub line: usize,
}

/// Reads what there is.
#[must_use]
pub fn parse(text: &str) -> Document {
    let lines = Lines::of(text);
    let (front, start) = read_front(text, &lines);
    Document { front, body: body::read(text, start, &lines) }
}

/// Reads the front matter and says where the body starts.
fn read_front(text: &str, lines: &Lines) -> (Front, usize) {
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut offset = mark;
    let mut opened = None;
    for line in text.get(mark..).unwrap_or_default().split_inclusive('\n') {
        let next = offset + line.len();
        match opened {
            None if line.trim_end() != "---" => return (Front::Missing, mark),
            None => opened = Some(next),
            Some(start) if line.trim_end() == "---" => return (read_yaml(text, start..offset, lines), next),
            Some(_) => {}
        }
        offset = next;
    }
    let front = if opened.is_some() { Front::Unclosed } else { Front::Missing };
    (front, opened.unwrap_or(mark))
}

fn read_yaml(text: &str, range: Range<usize>, lines: &Lines) -> Front {
    let yaml = text.get(range.clone()).unwrap_or_default();
    let first = lines.at(range.start);
    match serde_saphyr::from_str::<Map<String, Value>>(yaml) {
        Ok(map) => {
            let line_of = |key: &str| {
                let is_key = |line: &str| {
                    line.trim_start_matches(['"', '\'']).strip_prefix(key).is_some_and(|rest| {
                        rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':')
                    })
                };
                first + yaml.lines().position(is_key).unwrap_or(0)
            };
            let entries =
                map.into_iter().map(|(key, value)| Entry { line: line_of(&key), key, value }).collect();
            Front::Read { entries, range }
        }
        Err(error) => {
            let line = error.location().map_or(0, |location| usize::try_from(location.line()).unwrap_or(0));
            Front::Broken { line: first + line.saturating_sub(1), message: yaml_fault(&error.to_string()) }
        }
    }
}

/// What the library says is wrong, without the place, the quotation, and the advice to programmers.
fn yaml_fault(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let fault = first.strip_prefix("error: ").unwrap_or(first);
    let fault = match fault.split_once(": ") {
        Some((place, fault)) if place.starts_with("line ") => fault,
        _ => fault,
    };
    fault.split(", set ").next().unwrap_or(fault).to_owned()
}

impl Document {
    /// The keys of the front matter, in the order of the text; empty if it could not be read.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        if let Front::Read { entries, .. } = &self.front { entries } else { &[] }
    }

    /// The value of a key, if it is text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.entry(key)?.value.as_str()
    }

    /// The texts in the list under a key; empty if there is no such list.
    #[must_use]
    pub fn list(&self, key: &str) -> Vec<&str> {
        let list = self.entry(key).and_then(|entry| entry.value.as_array());
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The sections found, in the order of the text.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.body.sections
    }

    /// The section with that heading (see [`SECTIONS`](crate::SECTIONS)).
    #[must_use]
    pub fn section(&self, heading: &str) -> Option<&Section> {
        self.body.sections.iter().find(|section| section.heading() == heading)
    }

    /// The prompt: the content of the fenced block if the section is one, else all of the section.
    #[must_use]
    pub fn prompt(&self) -> Option<&str> {
        let section = self.section("Prompt")?;
        let block = section.blocks.first().filter(|_| section.is_one_block);
        Some(block.map_or(section.text.trim(), String::as_str))
    }

    /// The rows of the evidence table that could be read.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRow> {
        let rows = self.section("Response snapshot").and_then(|section| section.evidence.as_ref());
        rows.into_iter().flatten().filter_map(|row| parse_row(&row.cells).ok()).collect()
    }

    /// The answer: the last fenced block of the snapshot, or all of it where another writer used none.
    /// Empty if the record says that there was no answer.
    #[must_use]
    pub fn response(&self) -> &str {
        let Some(section) = self.section("Response snapshot") else { return "" };
        let is_ours = section.evidence.is_some() || section.text.trim_start().starts_with(crate::NO_CALLS);
        match section.blocks.last() {
            Some(block) if is_ours => block,
            None if is_ours => "",
            _ => section.text.trim(),
        }
    }

    /// The text of the bullet with that label; `None` if there is no such bullet or it says `none`.
    #[must_use]
    pub fn bullet(&self, heading: &str, label: &str) -> Option<String> {
        let text = find_bullet(&self.section(heading)?.text, label)?;
        (!text.is_empty() && text != "none").then_some(text)
    }

    /// The record this document is.
    ///
    /// # Errors
    /// [`Error::Incomplete`] or [`Error::FeatureName`] on the first thing a record cannot be without.
    pub fn to_record(&self) -> Result<Record> {
        let required = |key: &str| {
            self.text(key).ok_or_else(|| Error::Incomplete(format!("the front matter has no {key}")))
        };
        let stage = required("stage")?;
        let date = required("date")?;
        let stated =
            |key: &str, absent: &str| self.text(key).filter(|value| *value != absent).map(str::to_owned);
        let stated_list = |key: &str| {
            self.list(key).into_iter().filter(|item| *item != "none").map(str::to_owned).collect::<Vec<_>>()
        };
        let link = |key: &str| Some(self.entry("links")?.value.get(key)?.as_str()?.to_owned());
        let [impact, tests, files, next_prompts, reflection] =
            OUTCOME_LABELS.map(|label| self.bullet("Outcome", label));
        let [failure_modes, graders, prompt_variant, next_experiment] =
            EVALUATION_LABELS.map(|label| self.bullet("Evaluation notes (flywheel)", label));
        Ok(Record {
            title: Title::derive(required("title")?),
            stage: Stage::from_name(stage)
                .ok_or_else(|| Error::Incomplete(format!("{stage:?} is not a stage")))?,
            date: date.parse().map_err(|_| Error::Incomplete(format!("{date:?} is not a date")))?,
            model: stated("model", "unspecified"),
            feature: stated("feature", "none").map(|name| FeatureName::parse(&name)).transpose()?,
            branch: stated("branch", "none"),
            user: stated("user", "unknown"),
            command: stated("command", "none").unwrap_or_default(),
            labels: stated_list("labels"),
            links: Links { spec: link("spec"), ticket: link("ticket"), adr: link("adr"), pr: link("pr") },
            files: stated_list("files"),
            tests: stated_list("tests"),
            prompt: self
                .prompt()
                .ok_or_else(|| Error::Incomplete("the section Prompt is missing".to_owned()))?
                .to_owned(),
            calls: self.calls(),
            response: self.response().to_owned(),
            outcome: Outcome { impact, tests, files, next_prompts, reflection },
            evaluation: Evaluation { failure_modes, graders, prompt_variant, next_experiment },
        })
    }
}

/// The text after a bullet's label. Other writers set labels in bold or leave the symbol out.
pub(crate) fn find_bullet(section: &str, label: &str) -> Option<String> {
    let words = label.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
    let words = words.trim_end_matches(':');
    section.lines().find_map(|line| {
        let item = line.trim_start().strip_prefix(['-', '*'])?;
        let item = item.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
        let rest = item.strip_prefix(words)?.trim_start_matches('*').strip_prefix(':')?;
        Some(unescaped(rest.trim_start_matches('*').trim()))
    })
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
