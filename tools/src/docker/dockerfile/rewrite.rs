//! Mending a Dockerfile where a rule says exactly how: every edit is a few bytes put in or exchanged, so the
//! author's own layout and comments stay. What needs a decision (a user, a second stage) is left to people.

use parse_dockerfile::{Command, Instruction, RunInstruction};
use std::collections::BTreeSet;
use std::ops::Range;

use super::file::File;
use super::shell::{self, Simple};
use super::{Finding, Surroundings, SyntaxError, analyze, parse};

/// Official images of which a smaller variant exists under the same tag with `-slim` behind it.
const SLIM: [&str; 4] = ["python", "node", "ruby", "perl"];

/// What the rewriting may rely on.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// What the file itself does not say.
    pub surroundings: Surroundings,
    /// Whether a lock file for npm is there, without which `npm ci` fails.
    pub lock_file: bool,
    /// Whether base images may be exchanged for their slim variants.
    pub slim: bool,
}

/// A mended Dockerfile.
#[derive(Debug, Clone)]
pub struct Rewritten {
    /// Its text.
    pub text: String,
    /// What was done, one line each, in the order of the file.
    pub done: Vec<String>,
    /// What is left for people, worst first.
    pub left: Vec<Finding>,
}

struct Edit {
    at: Range<usize>,
    text: String,
    line: usize,
    why: &'static str,
}

/// Mends what can be mended without a decision.
///
/// # Errors
/// When the file is no Dockerfile.
pub fn rewrite(text: &str, means: Means) -> Result<Rewritten, SyntaxError> {
    let found = analyze(text, means.surroundings)?;
    let hits: BTreeSet<(&str, usize)> = found.iter().map(|finding| (finding.rule.id, finding.line)).collect();
    let parsed = parse(text)?;
    let file = File::new(text, &parsed);
    let mut edits = Vec::new();
    for instruction in &parsed.instructions {
        match instruction {
            Instruction::Run(run) => run_edits(&file, run, &hits, means, &mut edits),
            Instruction::Add(add) => {
                let at = add.add.span.clone();
                let line = file.line(at.start);
                if hits.contains(&("add-instead-of-copy", line)) {
                    edits.push(Edit { at, text: "COPY".to_owned(), line, why: "COPY instead of ADD" });
                }
            }
            Instruction::Maintainer(old) => {
                let line = file.line(old.maintainer.span.start);
                let name = old.name.value.trim().trim_matches('"').replace(['"', '\\'], "");
                edits.push(Edit {
                    at: old.maintainer.span.start..old.name.span.end,
                    text: format!("LABEL org.opencontainers.image.authors=\"{name}\""),
                    line,
                    why: "LABEL instead of MAINTAINER",
                });
            }
            Instruction::From(from) if means.slim => {
                let image = from.image.value.as_ref();
                let (name, tag) = image.split_once(':').unwrap_or((image, ""));
                let plain = !tag.is_empty() && !tag.contains(['$', '@']);
                let small = ["slim", "alpine", "nanoserver", "windows"].iter().any(|word| tag.contains(word));
                if SLIM.contains(&name) && plain && !small {
                    let at = from.image.span.end..from.image.span.end;
                    let line = file.line(at.start);
                    edits.push(Edit {
                        at,
                        text: "-slim".to_owned(),
                        line,
                        why: "the slim variant of the base image",
                    });
                }
            }
            _ => {}
        }
    }
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let mut mended = text.to_owned();
    for edit in edits.iter().rev() {
        if mended.get(edit.at.clone()).is_some() {
            mended.replace_range(edit.at.clone(), &edit.text);
        }
    }
    let mut done: Vec<String> =
        edits.iter().map(|edit| format!("line {}: {}", edit.line, edit.why)).collect();
    done.dedup();
    let left = analyze(&mended, means.surroundings)?;
    Ok(Rewritten { text: mended, done, left })
}

/// The edits of one RUN; here-documents are left as they are.
fn run_edits(
    file: &File<'_, '_>,
    run: &RunInstruction<'_>,
    hits: &BTreeSet<(&str, usize)>,
    means: Means,
    edits: &mut Vec<Edit>,
) {
    let Command::Shell(command) = &run.arguments else { return };
    if !run.here_docs.is_empty() {
        return;
    }
    let (mut lists, mut cache) = (false, None);
    for simple in shell::commands(file.text, &run.arguments) {
        let line = file.line(simple.offset());
        let hit = |rule: &str| hits.contains(&(rule, line));
        let mut add = |verb: &str, text: &str, why: &'static str| {
            if let Some(end) = end_of(file.text, &simple, verb) {
                edits.push(Edit { at: end..end, text: text.to_owned(), line, why });
            }
        };
        let verb = simple.operands().next().unwrap_or_default().to_owned();
        if hit("install-unconfirmed") && verb == "install" {
            add("install", " -y", "the install asks nobody");
        }
        match simple.program() {
            "apt-get" | "apt" if verb == "install" => {
                if hit("apt-recommends") {
                    add("install", " --no-install-recommends", "no recommended packages");
                }
                lists |= hit("apt-lists-kept");
            }
            "apk" if hit("apk-cache-kept") => {
                add("add", " --no-cache", "no package index of apk in the image");
            }
            "pip" | "pip3" if hit("pip-cache-kept") => {
                add("install", " --no-cache-dir", "no downloads of pip in the image");
            }
            "npm" if hit("npm-install") && means.lock_file && simple.operands().count() == 1 => {
                if let Some(end) = end_of(file.text, &simple, &verb) {
                    edits.push(Edit {
                        at: end - verb.len()..end,
                        text: "ci".to_owned(),
                        line,
                        why: "npm ci installs what the lock file says",
                    });
                }
            }
            program @ ("yum" | "dnf" | "microdnf" | "zypper") if hit("yum-cache-kept") => {
                cache = Some(if program == "zypper" {
                    "zypper clean --all".to_owned()
                } else {
                    format!("{program} clean all")
                });
            }
            _ => {}
        }
    }
    // A cleaning step belongs to the layer that made the mess.
    let written = file.text.get(command.span.clone()).unwrap_or_default();
    let end = command.span.start + written.trim_end().len();
    let line = file.line(command.span.start);
    if lists {
        let text = " \\\n    && rm -rf /var/lib/apt/lists/*".to_owned();
        edits.push(Edit { at: end..end, text, line, why: "no package lists of apt in the image" });
    }
    if let Some(clean) = cache {
        let text = format!(" \\\n    && {clean}");
        edits.push(Edit { at: end..end, text, line, why: "no package cache in the image" });
    }
}

/// Where a word of a command ends in the file; quoted words are none of ours.
fn end_of(text: &str, simple: &Simple, word: &str) -> Option<usize> {
    let start = simple.words.iter().find(|(own, _)| own == word).map(|(_, start)| *start)?;
    let end = start + word.len();
    (text.get(start..end) == Some(word)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str, slim: bool) -> Rewritten {
        let surroundings = Surroundings { ignore_file: true };
        rewrite(text, Means { surroundings, lock_file: true, slim }).unwrap()
    }

    #[test]
    fn what_a_rule_says_exactly_is_done_and_the_layout_stays() {
        let text = "FROM debian:12\n# tools\nRUN apt-get update \\\n    && apt-get install -y curl\nADD app /app\nUSER 1\n";
        let found = mended(text, false);
        assert_eq!(
            found.text,
            "FROM debian:12\n# tools\nRUN apt-get update \\\n    && apt-get install --no-install-recommends -y curl \\\n    \
             && rm -rf /var/lib/apt/lists/*\nCOPY app /app\nUSER 1\n"
        );
        assert_eq!(found.done.len(), 3);
        for rule in ["apt-recommends", "apt-lists-kept", "add-instead-of-copy"] {
            assert!(found.left.iter().all(|left| left.rule.id != rule), "{rule} is still there");
        }
        // What is mended has nothing more to mend.
        assert!(mended(&found.text, false).done.is_empty());
    }

    #[test]
    fn package_managers_keep_nothing() {
        let text = "FROM node:22\nRUN apk add curl && npm install && pip install x\n";
        let found = mended(text, true);
        assert_eq!(
            found.text,
            "FROM node:22-slim\nRUN apk add --no-cache curl && npm ci && pip install --no-cache-dir x\n"
        );
    }

    #[test]
    fn what_needs_a_decision_is_left() {
        let found = mended("FROM debian:12\nCMD [\"/app\"]\n", false);
        assert!(found.done.is_empty());
        assert!(found.left.iter().any(|left| left.rule.id == "runs-as-root"));
    }
}
