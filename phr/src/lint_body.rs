//! The linter's look at the body: the four sections with their bullets, the prompt, and the evidence.

use crate::body::Section;
use crate::evidence::{NO_CALLS, parse_row};
use crate::parse::{Document, find_bullet};
use crate::render::{EVALUATION_LABELS, OUTCOME_LABELS, SECTIONS};
use crate::rule::{Problem, Rule};

/// A prompt shorter than this many characters is more often cut than curt.
const SHORT_PROMPT: usize = 10;

/// Marks that writers put where they cut a prompt.
const CUT_MARKS: &[&str] =
    &["[truncated]", "(truncated)", "[...]", "[…]", "[snip]", "(abbreviated)", "[abbreviated]"];

/// Checks the body.
pub(crate) fn check(document: &Document, problems: &mut Vec<Problem>) {
    if let Some(line) = document.body.unclosed_fence {
        let message = "this fenced block is never closed; close it with a fence of the same length";
        problems.push(Problem::new(Rule::FenceUnclosed, line, message));
    }
    check_sections(document.sections(), problems);
    for (section, labels) in
        document.sections().iter().filter_map(|section| Some((section, bullets_of(section.heading())?)))
    {
        for label in labels.iter().filter(|label| find_bullet(&section.text, label).is_none()) {
            let message = format!(
                "the bullet \"- {label}\" is missing; add it, with none where there is nothing to say"
            );
            problems.push(Problem::new(Rule::BulletMissing, section.line, message));
        }
    }
    check_prompt(document, problems);
    for row in document.sections().iter().filter_map(|section| section.evidence.as_ref()).flatten() {
        if let Err(fault) = parse_row(&row.cells) {
            problems.push(Problem::new(
                Rule::Evidence,
                row.line,
                format!("this row is no evidence: {fault}"),
            ));
        }
    }
}

fn bullets_of(heading: &str) -> Option<&'static [&'static str]> {
    let [_, _, outcome, evaluation] = SECTIONS;
    if heading == outcome {
        Some(&OUTCOME_LABELS)
    } else if heading == evaluation {
        Some(&EVALUATION_LABELS)
    } else {
        None
    }
}

fn check_sections(sections: &[Section], problems: &mut Vec<Problem>) {
    for (kind, heading) in SECTIONS.iter().enumerate() {
        if !sections.iter().any(|section| section.kind == kind) {
            problems.push(Problem::new(
                Rule::SectionMissing,
                1,
                format!("the section \"## {heading}\" is missing; add it"),
            ));
        }
    }
    let mut furthest = 0;
    for (position, section) in sections.iter().enumerate() {
        let is_repeated = sections.iter().take(position).any(|other| other.kind == section.kind);
        if is_repeated || section.kind < furthest {
            let fault = if is_repeated {
                "stands here a second time; where it is part of a text, put that text in a fenced block"
            } else {
                "is out of order; move it"
            };
            let message = format!("the section \"## {}\" {fault}", section.heading());
            problems.push(Problem::new(Rule::SectionOrder, section.line, message));
        }
        furthest = furthest.max(section.kind);
    }
}

fn check_prompt(document: &Document, problems: &mut Vec<Problem>) {
    let (Some(prompt), Some(section)) = (document.prompt(), document.section("Prompt")) else { return };
    let prompt = prompt.trim();
    let mut report = |rule, message: &str| problems.push(Problem::new(rule, section.line, message));
    if prompt.is_empty() {
        report(Rule::PromptEmpty, "the prompt is empty; put the person's words there, all of them");
    } else if prompt.chars().count() < SHORT_PROMPT && !is_evident(document) {
        report(
            Rule::PromptShort,
            "the prompt has fewer than ten characters; put the person's words there, all of them",
        );
    }
    let lower = prompt.to_lowercase();
    if !section.is_one_block && CUT_MARKS.iter().any(|mark| lower.ends_with(mark)) {
        report(
            Rule::PromptCut,
            "the prompt ends in a mark that says it was cut; put the person's words there, all of them",
        );
    }
}

/// Whether the record shows that a short prompt is all that was said: the prompt stands in a fence, and
/// the snapshot says which calls it became.
fn is_evident(document: &Document) -> bool {
    let is_fenced = document.section("Prompt").is_some_and(|section| section.is_one_block);
    let has_evidence = document
        .section("Response snapshot")
        .is_some_and(|section| section.evidence.is_some() || section.text.trim_start().starts_with(NO_CALLS));
    is_fenced && has_evidence
}
