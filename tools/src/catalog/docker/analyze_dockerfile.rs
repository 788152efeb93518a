//! `analyze_dockerfile`: what is wrong with a Dockerfile, line by line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::dockerfile::{self, Finding, Surroundings};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::project::parent;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// More than this is no Dockerfile.
const SIZE_LIMIT: u64 = 1024 * 1024;

/// Review a Dockerfile: security, size, cache and correctness, with line numbers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnalyzeDockerfile {
    /// Path of the Dockerfile, or a word for what it builds ("backend").
    path: Option<String>,
}

impl AnalyzeDockerfile {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("Dockerfile")
    }
}

impl Tool for AnalyzeDockerfile {
    const NAME: &'static str = "analyze_dockerfile";
    const PHRASES: &'static [&'static str] = &[
        "(analyze|review|check|lint|inspect|audit|examine|scan|validate|critique|improve|look at|go over) [my|our] {path:word} (dockerfile|containerfile)",
        "(analyze|review|check|lint|inspect|audit|examine|scan|validate|critique|improve|look at|go over) [my|our] (dockerfile|containerfile) [in this (folder|directory|project)|here]",
        "(analyze|review|check|lint|inspect|audit|examine|scan|validate|critique|improve|look at|go over) [my|our] (dockerfile|containerfile) (of|for) {path:word}",
        "(analyze|review|check|inspect|audit|examine|scan|validate|critique|look at|go over) {path:path}",
        "[are there|do you see|is there] any (problem|issue|warning|finding|mistake|smell|vulnerability) (in|with) {path:path}",
        "[are there|do you see|is there] any (problem|issue|warning|finding|mistake|smell|vulnerability) (in|with) [my|our] {path:word} dockerfile",
        "[are there|do you see|is there] any (problem|issue|warning|finding|mistake|smell|vulnerability) (in|with) [my|our] dockerfile [here|in this folder]",
        "is [my|our] {path:word} dockerfile (ok|okay|fine|good|valid|secure|safe|right|correct|optimal)",
        "is [my|our] dockerfile (ok|okay|fine|good|valid|secure|safe|right|correct|optimal)",
        "is {path:path} (ok|okay|fine|good|valid|secure|safe|right|correct|optimal) [dockerfile]",
        "what is wrong (in|with) [my|our] {path:word} dockerfile",
        "what is wrong (in|with) [my|our] dockerfile",
        "what is wrong (in|with) {path:path}",
        "(what|how) (can|could|should) [be] [i|we] (improve|improved|better|fix|fixed) (in|about) [my|our] {path:word} dockerfile",
        "<show> (problem|issue|warning|finding) (in|of|with) [my|our] {path:word} dockerfile",
        "best practices [check] (for|of|on) [my|our] {path:word} dockerfile",
        "[run] hadolint [on] {path:path}",
        "dockerfile (analysis|review|check) (of|for) {path:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let path = self.path();
        CommandLine::docker().args(["build", "--check", "-f", path]).arg(parent(path))
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Dockerfile(&mut self.path)]
    }
}

impl ReadTool for AnalyzeDockerfile {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let project = world.project();
        let path = self.path();
        let full = project.resolve(path);
        let text = read(path, &full).map_err(|feedback| feedback.candidates(project.dockerfiles()))?;
        let surroundings = Surroundings { ignore_file: has_ignore_file(project.folder(), &full) };
        let findings = dockerfile::analyze(&text, surroundings).map_err(|error| {
            let place = if error.line > 0 { format!(", line {}", error.line) } else { String::new() };
            Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{path}{place}: {}, so it cannot be built", error.message),
            )
            .next("mend that line, then ask again")
        })?;
        Ok(outcome(path, &findings))
    }
}

fn read(path: &str, full: &Path) -> std::result::Result<String, Feedback> {
    let known = std::fs::metadata(full).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Feedback::new(ErrorKind::NotFound, format!("there is no Dockerfile at {path}"))
                .next("name its path, or a word of its folder")
        }
        _ => Feedback::new(ErrorKind::NotFound, format!("{path} cannot be read: {error}"))
            .next("check who may read it"),
    })?;
    if !known.is_file() {
        return Err(Feedback::new(ErrorKind::InvalidArguments, format!("{path} is no file"))
            .next("name the Dockerfile itself"));
    }
    if known.len() > SIZE_LIMIT {
        return Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!("{path} has {} bytes: that is no Dockerfile", known.len()),
        )
        .next("name the Dockerfile itself"));
    }
    let bytes = std::fs::read(full).map_err(|error| {
        Feedback::new(ErrorKind::NotFound, format!("{path} cannot be read: {error}"))
            .next("check who may read it")
    })?;
    String::from_utf8(bytes).map_err(|error| {
        Feedback::new(
            ErrorKind::InvalidArguments,
            format!("{path} is not UTF-8 text (byte {})", error.utf8_error().valid_up_to()),
        )
        .next("save it as UTF-8, then ask again")
    })
}

/// A Dockerfile may be built from its own folder or from the project's.
fn has_ignore_file(project: &Path, dockerfile: &Path) -> bool {
    let own = dockerfile.file_name().map(|name| {
        let mut name = name.to_os_string();
        name.push(".dockerignore");
        dockerfile.with_file_name(name)
    });
    own.is_some_and(|own| own.is_file())
        || dockerfile.with_file_name(".dockerignore").is_file()
        || project.join(".dockerignore").is_file()
}

fn outcome(path: &str, findings: &[Finding]) -> Outcome {
    let data = json!({"path": path, "findings": findings.iter().map(Finding::json).collect::<Vec<_>>()});
    let Some(worst) = findings.first() else {
        return Outcome::sentence(format!("No findings in {path}: every rule holds")).data(data);
    };
    let count = match findings.len() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    let summary = format!(
        "{count} in {path}, the worst {}: {} (line {})",
        worst.severity().with_article(),
        worst.message,
        worst.line
    );
    let rows = findings
        .iter()
        .map(|finding| {
            vec![
                finding.line.to_string(),
                finding.severity().word().to_owned(),
                finding.rule.id.to_owned(),
                finding.message.clone(),
                finding.rule.fix.to_owned(),
            ]
        })
        .collect();
    let columns = ["LINE", "SEVERITY", "RULE", "FOUND", "DO"].map(str::to_owned).to_vec();
    let mut outcome = Outcome::sentence(summary)
        .data(data)
        .view(View::Tables(vec![(String::new(), Table { columns, rows })]));
    outcome.severity = Some(worst.severity().word().to_owned());
    outcome
}

pub(crate) static TOOL: Reader<AnalyzeDockerfile> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::world::WorldOptions;

    async fn analyze(text: Option<&[u8]>) -> Result<Outcome> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = text {
            std::fs::create_dir_all(folder.path().join("docker/api")).unwrap();
            std::fs::write(folder.path().join("docker/api/Dockerfile"), text).unwrap();
        }
        let world = ReadWorld::new(WorldOptions { folder: folder.path().into(), ..WorldOptions::default() });
        let call = Call::new("analyze_dockerfile", json!({"path": "docker/api/Dockerfile"})).bind().unwrap();
        call.read(&world, &Progress::silent()).await
    }

    #[tokio::test]
    async fn answers_in_one_sentence_and_lists_the_rest() {
        let outcome = analyze(Some(b"FROM debian:12\nCOPY . /app\nCMD /app/run\n")).await.unwrap();
        assert_eq!(outcome.severity.as_deref(), Some("error"));
        let View::Tables(tables) = &outcome.view else { panic!("no table") };
        let rows: Vec<String> = tables[0].1.rows.iter().map(|row| row[..4].join(" | ")).collect();
        insta::assert_snapshot!(format!("{}\n{}", outcome.summary, rows.join("\n")), @r"
        5 findings in docker/api/Dockerfile, the worst an error: runs as root, because no USER is set and base images rarely set one (line 1)
        1 | error | runs-as-root | runs as root, because no USER is set and base images rarely set one
        2 | warning | no-ignore-file | the whole context goes in, and there is no .dockerignore
        3 | warning | shell-form | CMD is in shell form
        1 | info | base-unpinned | debian:12 can change under its tag
        1 | info | no-healthcheck | no HEALTHCHECK tells Docker whether it works
        ");
        assert_eq!(outcome.data["findings"][0]["line"], 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_says_why() {
        for (text, expected) in [
            (None, "there is no Dockerfile at docker/api/Dockerfile"),
            (
                Some(&b"FROM a:1\nRUM x\n"[..]),
                "docker/api/Dockerfile, line 2: unknown instruction 'RUM', so it cannot be built",
            ),
            (Some(&b"FROM \xff\n"[..]), "docker/api/Dockerfile is not UTF-8 text (byte 5)"),
        ] {
            assert_eq!(analyze(text).await.unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn says_its_command() {
        let command = |path| Call::new("analyze_dockerfile", json!({"path": path})).bind().unwrap().command();
        assert_eq!(
            command("docker/api/Dockerfile").to_string(),
            "docker build --check -f docker/api/Dockerfile docker/api"
        );
        assert_eq!(command("Dockerfile").to_string(), "docker build --check -f Dockerfile .");
    }
}
