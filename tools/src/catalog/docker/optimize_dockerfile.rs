//! `optimize_dockerfile`: a mended copy of a Dockerfile beside it, with what was changed and what is left.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use similar::{ChangeTag, TextDiff};
use std::io::Write as _;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::dockerfile::{self, Means, Rewritten, Surroundings};
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::project::Project;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// More than this is no Dockerfile.
const SIZE_LIMIT: usize = 1024 * 1024;

/// Findings named as left over.
const MOST_LEFT: usize = 8;

/// Write a smaller, safer copy of a Dockerfile beside it; the original is never touched.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptimizeDockerfile {
    /// Path of the Dockerfile, or a word for what it builds ("backend").
    path: Option<String>,
    /// Path of the new file; the original's with `.optimized` behind it when none is said.
    output: Option<String>,
    /// Exchange official base images for their slim variants, too.
    #[serde(default)]
    slim: bool,
}

impl Tool for OptimizeDockerfile {
    const NAME: &'static str = "optimize_dockerfile";
    const PHRASES: &'static [&'static str] = &[
        "(optimize|optimise|rewrite|improve|shrink|slim|slim down|mend|fix|clean up|modernize|tune) [the|my|our] {path:word} (dockerfile|containerfile)",
        "(optimize|optimise|rewrite|shrink|slim|slim down|mend|fix|clean up|modernize|tune) [the|my|our] (dockerfile|containerfile) [here|in this folder]",
        "(optimize|optimise|rewrite|improve|shrink|slim|slim down|mend|fix|clean up|modernize|tune) [the|my|our] (dockerfile|containerfile) (of|for) [the] {path:word}",
        "(optimize|optimise|rewrite|improve|shrink|slim|slim down|mend|fix|modernize|tune) {path:path}",
        "(make|get) [the|my|our] {path:word} dockerfile (smaller|leaner|better|multi-stage|multistage|multi stage|faster|safer)",
        "(make|get) {path:path} (smaller|leaner|better|multi-stage|multistage|multi stage|faster|safer)",
        "(turn|convert) {path:path} into [a] (multi-stage|multistage|multi stage) [build|dockerfile]",
        "(write|make|create|suggest) (a|an) (better|smaller|leaner|optimized|optimised|improved|multi-stage) [version of] [the|my|our] {path:word} dockerfile",
        "(write|make|create|suggest) (a|an) (better|smaller|leaner|optimized|optimised|improved|multi-stage) [version of] {path:path}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(so|so that|such that|to make|in order that) [the|its] (image|it) (gets|becomes|is|get|be) (smaller|leaner|faster|safer|lighter|small)",
        "to (make|get) [the] [image|it] (smaller|leaner|lighter|small)",
        "for (size|a smaller image|speed|security|production)",
        "(with|using|on) [a|the] slim [base|variant] [image|images] => slim=true",
        "(into|to|as) {output:path}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let mut line = CommandLine::new("shipmate")
            .args(["call", Self::NAME, "--"])
            .arg(format!("path={}", self.path()));
        if let Some(output) = &self.output {
            line = line.arg(format!("output={output}"));
        }
        line.flag_if(self.slim, "slim=true")
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Dockerfile(&mut self.path)]
    }
}

impl OptimizeDockerfile {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("Dockerfile")
    }

    fn output(&self) -> String {
        self.output.clone().unwrap_or_else(|| format!("{}.optimized", self.path()))
    }

    /// The text as it is and as it would be.
    fn work(&self, project: &Project) -> Result<(String, Rewritten)> {
        let path = self.path();
        let full = project.resolve(path);
        let bytes = std::fs::read(&full).map_err(|error| {
            Feedback::new(ErrorKind::NotFound, format!("{path} cannot be read: {error}"))
                .next("name its path, or a word of its folder")
                .candidates(project.dockerfiles())
        })?;
        let text =
            String::from_utf8(bytes).ok().filter(|text| text.len() <= SIZE_LIMIT).ok_or_else(|| {
                Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("{path} is no Dockerfile: it is too large or not UTF-8"),
                )
                .next("name the Dockerfile itself")
            })?;
        let beside = |name: &str| full.with_file_name(name).is_file() || project.resolve(name).is_file();
        let means = Means {
            surroundings: Surroundings { ignore_file: beside(".dockerignore") },
            lock_file: beside("package-lock.json") || beside("npm-shrinkwrap.json"),
            slim: self.slim,
        };
        let rewritten = dockerfile::rewrite(&text, means).map_err(|error| {
            Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{path}, line {}: {}", error.line, error.message),
            )
            .next("mend that line, then ask again")
        })?;
        Ok((text, rewritten))
    }

    /// Where the new file goes; never over one that is there.
    fn target(&self, project: &Project) -> Result<std::path::PathBuf> {
        let output = self.output();
        let full = project.resolve(&output);
        if full.symlink_metadata().is_ok() {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{output} is there already, and nothing is overwritten"),
            )
            .next("remove it, or name another file: … into PATH")
            .into());
        }
        Ok(full)
    }
}

/// What changes, with two lines around it.
fn difference(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(2).iter().enumerate() {
        if index > 0 {
            text.push_str("  …\n");
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            text.push_str(match change.tag() {
                ChangeTag::Delete => "- ",
                ChangeTag::Insert => "+ ",
                ChangeTag::Equal => "  ",
            });
            text.push_str(change.value().trim_end_matches('\n'));
            text.push('\n');
        }
    }
    text
}

/// What is left for people, as warnings.
fn left(rewritten: &Rewritten) -> Vec<String> {
    let mut left: Vec<String> = rewritten
        .left
        .iter()
        .filter(|finding| finding.severity() > crate::severity::Severity::Info)
        .take(MOST_LEFT)
        .map(|finding| {
            format!("left for you, line {}: {} ({})", finding.line, finding.message, finding.rule.fix)
        })
        .collect();
    left.dedup();
    left
}

impl ChangeTool for OptimizeDockerfile {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let project = world.project();
        let (before, rewritten) = self.work(&project)?;
        let path = self.path();
        let warnings = left(&rewritten);
        if rewritten.done.is_empty() {
            return Ok(Preview {
                summary: format!("{path} has nothing that can be mended without a decision of yours"),
                warnings,
                nothing_to_do: true,
                ..Preview::default()
            });
        }
        self.target(&project)?;
        let output = self.output();
        Ok(Preview {
            summary: format!(
                "writes {output}, with {} changes to {path}: {}",
                rewritten.done.len(),
                rewritten.done.join("; ")
            ),
            changes: vec![ObjectChange {
                object: ObjectIdentity { kind: "File".to_owned(), name: output, ..ObjectIdentity::default() },
                action: Action::Create,
                difference: difference(&before, &rewritten.text),
            }],
            warnings,
            basis: json!({"before": before}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let project = world.read().project();
        let (before, rewritten) = self.work(&project)?;
        if approval.preview().basis.get("before").and_then(|text| text.as_str()) != Some(&before) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{} changed since it was shown", self.path()),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        let full = self.target(&project)?;
        let output = self.output();
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&full)
            .and_then(|mut file| file.write_all(rewritten.text.as_bytes()));
        written.map_err(|error| -> ToolError {
            Feedback::new(ErrorKind::Other, format!("{output} could not be written: {error}"))
                .next("check the folder and who may write there")
                .into()
        })?;
        let data = json!({
            "path": self.path(), "output": output, "done": rewritten.done,
            "left": rewritten.left.iter().map(dockerfile::Finding::json).collect::<Vec<_>>(),
        });
        Ok(Outcome::sentence(format!("wrote {output}, with {} changes", rewritten.done.len()))
            .data(data)
            .note(format!("build it with: docker build -f {output} …; to go back, delete {output}")))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let project = world.project();
        let (_, rewritten) = self.work(&project)?;
        let output = self.output();
        let there = std::fs::read_to_string(project.resolve(&output)).unwrap_or_default();
        Ok(if there == rewritten.text {
            Verification::Confirmed(format!(
                "{output} is there and reads as a Dockerfile, {} findings left",
                rewritten.left.len()
            ))
        } else {
            Verification::Failed(format!("{output} is not what was written"))
        })
    }
}

pub(crate) static TOOL: Changer<OptimizeDockerfile> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_shows_only_what_changes() {
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc\n"), "  a\n- b\n+ B\n  c\n");
    }

    #[test]
    fn the_new_file_lies_beside_the_old() {
        let tool = OptimizeDockerfile { path: Some("api/Dockerfile".to_owned()), output: None, slim: true };
        assert_eq!(tool.output(), "api/Dockerfile.optimized");
        assert_eq!(
            tool.command().to_string(),
            "shipmate call optimize_dockerfile -- path=api/Dockerfile slim=true"
        );
    }
}
