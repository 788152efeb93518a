//! The linter: everything that makes a record invalid, found in one pass and reported with its line. It
//! works on any writer's records, so it is written against the format and the defects that records in
//! public repositories have, not against what this crate's renderer happens to produce.

use std::path::Path;

use crate::body::Lines;
use crate::file_name::{ENDING, number_prefix};
use crate::parse::{Document, Entry, Front, parse};
use crate::rule::{Problem, Rule};
use crate::slug::{full_slug, slug};
use crate::stage::{Route, Stage};
use crate::{lint_body, lint_front, placeholder, secret};

/// Checks one record. `path` is where it lies; its last two parts, the folder and the file name, are
/// part of what has to agree. The problems come in the order of their lines; none means valid.
#[must_use]
pub fn lint_text(path: &Path, text: &str) -> Vec<Problem> {
    let document = parse(text);
    let lines = Lines::of(text);
    let mut problems = Vec::new();
    lint_front::check(&document, text, &lines, &mut problems);
    check_names(path, &document, &mut problems);
    lint_body::check(&document, &mut problems);
    check_placeholders(text, &document, &lines, &mut problems);
    for (name, range) in secret::find(text) {
        let message = format!("this looks like {name}; remove it here, and revoke it if it was ever shared");
        problems.push(Problem::new(Rule::Secret, lines.at(range.start), message));
    }
    problems.sort_by_key(|problem| (problem.line, problem.rule));
    problems
}

/// Looks for unfilled fields in what a record says itself: the front matter, and the body outside code.
fn check_placeholders(text: &str, document: &Document, lines: &Lines, problems: &mut Vec<Problem>) {
    let mut code = document.body.code.clone();
    if let (Front::Read { range, .. }, Some(labels)) = (&document.front, document.entry("labels")) {
        // A list of one label that someone wrote in capitals and without quotes is no field.
        let line = lines.range(labels.line, text.len());
        if line.start >= range.start && labels.value.is_array() {
            code.push(line);
        }
    }
    for range in placeholder::find(text, &code) {
        let field = text.get(range.clone()).unwrap_or_default();
        let message = format!("{field} was never filled in; put the value there, or none");
        problems.push(Problem::new(Rule::Placeholder, lines.at(range.start), message));
    }
}

/// Checks that the file name, the folder and the front matter say the same.
fn check_names(path: &Path, document: &Document, problems: &mut Vec<Problem>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy());
    let named_stage = check_file_name(&name, document, problems);
    let entry = document.entry("stage");
    let stated = document.text("stage");
    if let (Some(named), Some(stated), Some(entry)) = (named_stage, stated, entry)
        && named != stated
    {
        let message =
            format!("the stage is {stated:?} here and {named:?} in the file name; make them the same");
        problems.push(Problem::new(Rule::StageMismatch, entry.line, message));
    }
    let stage = stated.or(named_stage).and_then(Stage::from_name);
    if let (Some(stage), Some(folder)) = (stage, folder) {
        check_folder(stage, &folder, document, problems);
    }
}

/// Takes a file name apart, and returns the stage it names.
fn check_file_name<'a>(name: &'a str, document: &Document, problems: &mut Vec<Problem>) -> Option<&'a str> {
    let wrong = |rule, message: &str| Problem::new(rule, 1, format!("{name}: {message}"));
    let Some(stem) = name.strip_suffix(ENDING) else {
        problems.push(wrong(
            Rule::FileName,
            "a record's file name ends in .prompt.md; rename it to NNNN-slug.stage.prompt.md",
        ));
        return None;
    };
    let Some((front, stage)) = stem.rsplit_once('.') else {
        problems.push(wrong(Rule::FileName, "the stage is missing; rename it to NNNN-slug.stage.prompt.md"));
        return None;
    };
    if Stage::from_name(stage).is_none() {
        problems
            .push(wrong(Rule::StageUnknown, &format!("{stage:?} is not a stage; use one of {}", stages())));
    }
    let slug_part = match number_prefix(front) {
        None => {
            problems.push(wrong(
                Rule::IdIgnored,
                "the name does not start with four digits and a dash, so the record has no number; rename it",
            ));
            None
        }
        Some(number) => {
            check_id(number, document, problems);
            front.get(5..)
        }
    };
    if let Some(part) = slug_part {
        if part.is_empty() || part != full_slug(part) {
            problems.push(wrong(
                Rule::FileName,
                "the slug is not lower-case words with single dashes; rename it to NNNN-slug.stage.prompt.md",
            ));
        } else if let (Some(title), Some(entry)) = (document.text("title"), document.entry("title"))
            && part != slug(title)
            && part != full_slug(title)
        {
            let message = format!(
                "the title's slug is {:?}, the file name's {part:?}; make them the same",
                slug(title)
            );
            problems.push(Problem::new(Rule::TitleMismatch, entry.line, message));
        }
    }
    Some(stage)
}

/// Checks that the id is the file name's number.
fn check_id(number: u16, document: &Document, problems: &mut Vec<Problem>) {
    if let Some(Entry { value, line, .. }) = document.entry("id")
        && let Some(id) = value.as_str().filter(|id| lint_front::is_id(id))
        && id.parse() != Ok(number)
    {
        let message = format!("the id is {id} here and {number:04} in the file name; make them the same");
        problems.push(Problem::new(Rule::Id, *line, message));
    }
}

/// Checks that the record lies where its stage and feature send it.
fn check_folder(stage: Stage, folder: &str, document: &Document, problems: &mut Vec<Problem>) {
    let line = document.entry("stage").map_or(1, |entry| entry.line);
    let mut misplaced = |wanted: &str| {
        let message = format!(
            "a record of stage {stage} belongs in {wanted}, not in {folder}/; move the file or correct the stage"
        );
        problems.push(Problem::new(Rule::Directory, line, message));
    };
    match stage.route() {
        Route::Constitution if folder != "constitution" => misplaced("constitution/"),
        Route::General if folder != "general" => misplaced("general/"),
        Route::Feature if matches!(folder, "constitution" | "general") => {
            misplaced("the folder of its feature");
        }
        Route::Feature => {
            if let (Some(feature), Some(entry)) = (document.text("feature"), document.entry("feature"))
                && feature != folder
            {
                let message = format!(
                    "the feature is {feature:?} here, but the record lies in {folder}/; make them the same"
                );
                problems.push(Problem::new(Rule::Directory, entry.line, message));
            }
        }
        _ => {}
    }
}

/// The ten stages, to name in a message.
pub(crate) fn stages() -> String {
    Stage::ALL.map(Stage::name).join(", ")
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
