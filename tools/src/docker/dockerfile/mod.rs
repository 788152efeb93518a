//! Judging a Dockerfile: parsed with a library into instructions with positions, then checked rule by rule.
//!
//! The rules themselves (identifier, severity, source) are the table in `rules`; `docs/dockerfile-rules.md`
//! is made from it. Each `check_*` module looks at one side of the file. Rules about the size or the safety of
//! the image look only at the stages that end up in it: a compiler in a builder stage is no fault.

mod check_base;
mod check_copy;
mod check_image;
mod check_run;
mod check_secrets;
mod file;
mod rewrite;
mod rules;
mod shell;
mod step;

pub(crate) use check_secrets::is_secret_file;
pub use rewrite::{Means, Rewritten, rewrite};
pub use rules::{RULES, Rule};
pub use step::line_of_step;

use serde_json::{Value, json};

use crate::severity::Severity;

use self::file::File;

/// One thing found in a Dockerfile.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The line, from 1.
    pub line: usize,
    /// What is there.
    pub message: String,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// The finding for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "rule": self.rule.id,
            "severity": self.rule.severity,
            "line": self.line,
            "message": self.message,
            "fix": self.rule.fix,
            "same_as": self.rule.same_as,
            "source": self.rule.source,
        })
    }
}

/// What the file itself does not say.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// Whether a `.dockerignore` applies to its context.
    pub ignore_file: bool,
}

/// A Dockerfile that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Every finding, worst first, then by line.
///
/// # Errors
/// When the file is no Dockerfile.
pub fn analyze(text: &str, surroundings: Surroundings) -> Result<Vec<Finding>, SyntaxError> {
    // A byte order mark is no part of the first instruction; Docker drops it too.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = parse(text)?;
    let file = File::new(text, &parsed);
    let mut findings = Vec::new();
    check_base::check(&file, &mut findings);
    check_run::check(&file, &mut findings);
    check_copy::check(&file, surroundings, &mut findings);
    check_image::check(&file, &mut findings);
    check_secrets::check(&file, &mut findings);
    findings.retain(|finding| !file.is_silenced(finding));
    findings.sort_by(|a, b| (b.severity(), a.line, a.rule.id).cmp(&(a.severity(), b.line, b.rule.id)));
    findings.dedup_by(|a, b| a.rule.id == b.rule.id && a.line == b.line && a.message == b.message);
    Ok(findings)
}

/// What a build of the file starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Images that stages are built on, as far as the file itself says which.
    pub bases: Vec<String>,
    /// Names of the stages; `None` for one without a name.
    pub stages: Vec<Option<String>>,
}

/// What a build of the file starts from, without judging it.
///
/// # Errors
/// When the file is no Dockerfile.
pub fn outline(text: &str) -> Result<Outline, SyntaxError> {
    let parsed = parse(text)?;
    let file = File::new(text, &parsed);
    let mut bases: Vec<String> = Vec::new();
    for stage in &file.stages {
        if let file::Base::Image(image) = &stage.base
            && !bases.contains(image)
        {
            bases.push(image.clone());
        }
    }
    Ok(Outline { bases, stages: file.stages.iter().map(|stage| stage.name.clone()).collect() })
}

fn parse(text: &str) -> Result<parse_dockerfile::Dockerfile<'_>, SyntaxError> {
    parse_dockerfile::parse(text)
        .map_err(|error| SyntaxError { line: error.line(), message: format!("{error:#}") })
}

/// A hit of the rule of that name; a test proves that every name used is a rule.
fn find(id: &'static str, line: usize, message: impl Into<String>) -> Option<Finding> {
    rules::rule(id).map(|rule| Finding { rule, line, message: message.into() })
}

#[cfg(test)]
mod tests;
