//! The linter's look at the front matter: which keys there are, in which order, and what shape and value
//! each has.

use serde_json::Value;

use crate::body::Lines;
use crate::front_matter::{KEYS, LINK_KEYS, SURFACE};
use crate::lint::stages;
use crate::parse::{Document, Entry, Front};
use crate::record::is_machine_path;
use crate::rule::{Problem, Rule};
use crate::stage::Stage;
use crate::title::{MAX_WORDS, MIN_WORDS};

/// Keys that other writers invented, and what the format calls them.
const INVENTED: &[(&str, &str)] = &[
    ("date_iso", "date"),
    ("files_yaml", "files"),
    ("tests_yaml", "tests"),
    ("labels_yaml", "labels"),
    ("links_yaml", "links"),
    ("tags", "labels"),
];

/// Whether a text is an id as the format writes it.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks the front matter.
pub(crate) fn check(document: &Document, text: &str, lines: &Lines, problems: &mut Vec<Problem>) {
    let mut report = |rule, line, message: String| problems.push(Problem::new(rule, line, message));
    match &document.front {
        Front::Missing => {
            report(
                Rule::FrontMatterMissing,
                1,
                "the record does not start with a line of three dashes and its keys; add the front matter"
                    .into(),
            );
        }
        Front::Unclosed => {
            report(
                Rule::FrontMatterMissing,
                1,
                "the front matter is not closed by a line of three dashes; add it after the last key".into(),
            );
        }
        Front::Broken { line, message } => {
            report(Rule::FrontMatterYaml, *line, format!("the front matter is not a YAML map: {message}"));
        }
        Front::Read { entries, .. } => {
            check_keys(entries, &mut report);
            for entry in entries {
                check_value(entry, text, lines, &mut report);
            }
        }
    }
}

fn check_keys(entries: &[Entry], report: &mut impl FnMut(Rule, usize, String)) {
    for key in KEYS {
        if !entries.iter().any(|entry| entry.key == key) {
            report(Rule::KeyMissing, 1, format!("the key {key} is missing from the front matter; add it"));
        }
    }
    let mut furthest = 0;
    let mut is_ordered = true;
    for Entry { key, line, .. } in entries {
        let Some(position) = KEYS.iter().position(|known| known == key) else {
            let right = INVENTED.iter().find(|(invented, _)| invented == key);
            let advice = right.map_or("remove it".to_owned(), |(_, right)| format!("it is called {right}"));
            report(Rule::KeyUnknown, *line, format!("the key {key} is not one of the format's; {advice}"));
            continue;
        };
        if position < furthest && is_ordered {
            is_ordered = false;
            report(
                Rule::KeyOrder,
                *line,
                format!("the key {key} is out of order; the order is {}", KEYS.join(", ")),
            );
        }
        furthest = furthest.max(position);
    }
}

fn check_value(entry: &Entry, text: &str, lines: &Lines, report: &mut impl FnMut(Rule, usize, String)) {
    let Entry { key, value, line } = entry;
    match key.as_str() {
        "links" => check_links(value, *line, report),
        "labels" | "files" | "tests" => check_list(entry, text, lines, report),
        "id" if value.as_str().is_some_and(is_id) => {}
        "id" => report(Rule::Id, *line, "the id is not four digits in quotes; write it like \"0001\"".into()),
        key if KEYS.contains(&key) => {
            let Some(value) = value.as_str().filter(|value| !value.trim().is_empty()) else {
                report(
                    Rule::ValueShape,
                    *line,
                    format!("the value of {key} is not a text; write one, in quotes if it is a number"),
                );
                return;
            };
            check_text(key, value, *line, report);
        }
        _ => {}
    }
}

/// Checks what the values of single keys can be.
fn check_text(key: &str, value: &str, line: usize, report: &mut impl FnMut(Rule, usize, String)) {
    match key {
        "stage" if Stage::from_name(value).is_none() => {
            report(Rule::StageUnknown, line, format!("{value:?} is not a stage; use one of {}", stages()));
        }
        "date" if !is_date(value) => {
            report(Rule::Date, line, format!("{value:?} is not a date like 2026-11-24"));
        }
        "surface" if value != SURFACE => {
            report(
                Rule::ValueShape,
                line,
                format!("the surface is {value:?}; records are written with the surface {SURFACE}"),
            );
        }
        "title" => {
            let words = value.split_whitespace().count();
            if !(MIN_WORDS..=MAX_WORDS).contains(&words) {
                report(
                    Rule::TitleWords,
                    line,
                    format!(
                        "a title describes the work in {MIN_WORDS} to {MAX_WORDS} words; this one counts {words}"
                    ),
                );
            }
        }
        _ => {}
    }
}

fn is_date(value: &str) -> bool {
    value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == value)
}

fn check_links(value: &Value, line: usize, report: &mut impl FnMut(Rule, usize, String)) {
    let Some(links) = value.as_object() else {
        report(Rule::Links, line, format!("links is not a map of {}", LINK_KEYS.join(", ")));
        return;
    };
    for key in LINK_KEYS {
        match links.get(key) {
            None => {
                report(
                    Rule::Links,
                    line,
                    format!("links lacks {key}; write {key}: null where there is none"),
                );
            }
            Some(Value::Null) => {}
            Some(Value::String(link)) if !link.trim().is_empty() => {}
            Some(Value::String(_)) => report(
                Rule::Links,
                line,
                format!("the link {key} is an empty text; write null where there is none"),
            ),
            Some(_) => report(
                Rule::Links,
                line,
                format!("the link {key} is not a path or a URL; write null where there is none"),
            ),
        }
    }
    for key in links.keys().filter(|key| !LINK_KEYS.contains(&key.as_str())) {
        report(Rule::Links, line, format!("links has no {key}; it has {}", LINK_KEYS.join(", ")));
    }
}

fn check_list(entry: &Entry, text: &str, lines: &Lines, report: &mut impl FnMut(Rule, usize, String)) {
    let Entry { key, value, line } = entry;
    let Some(items) = value.as_array() else {
        let advice = if key == "labels" {
            "write [] where there are none"
        } else {
            "write - none where there are none"
        };
        report(Rule::ValueShape, *line, format!("{key} is not a list of texts; {advice}"));
        return;
    };
    if items.is_empty() && key != "labels" {
        report(Rule::ValueShape, *line, format!("{key} is an empty list; write - none where there are none"));
    }
    for item in items {
        let Some(item) = item.as_str().filter(|item| !item.trim().is_empty()) else {
            report(
                Rule::ValueShape,
                *line,
                format!("{key} holds something that is not a text; write each as one line of text"),
            );
            continue;
        };
        if key == "files" && is_machine_path(item) {
            let message = format!(
                "{item} only means something on one machine; give the path from the repository's root"
            );
            report(Rule::AbsolutePath, line_of(item, *line, text, lines), message);
        }
    }
}

/// The line of a list's item: the first one from the key on that contains it.
fn line_of(item: &str, key: usize, text: &str, lines: &Lines) -> usize {
    let start = lines.range(key, text.len()).start;
    let position = text.get(start..).and_then(|rest| rest.find(item));
    position.map_or(key, |position| lines.at(start + position))
}
