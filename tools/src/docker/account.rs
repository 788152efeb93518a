//! The account of a build: BuildKit's and the classic builder's events as one list of steps, and what a failure
//! means for the person who asked.

use bollard::errors::Error;
use bollard::moby::buildkit::v1::StatusResponse;
use bollard::models::{BuildInfo, BuildInfoAux};
use std::collections::{HashMap, VecDeque};

use crate::error::{ErrorKind, Feedback, ToolError};
use crate::gate;
use crate::progress::Progress;

use super::engine::failure;
use super::step_line::line_of;

/// Lines of a step's output that an error shows.
const TAIL: usize = 15;

/// One step of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// As the builder names it: `[2/4] RUN make`.
    pub name: String,
    /// Whether its result was there already.
    pub cached: bool,
    /// Whether it ended.
    pub ended: bool,
    error: String,
    tail: VecDeque<String>,
}

/// What happened so far.
#[derive(Default)]
pub(super) struct Account {
    steps: Vec<Step>,
    /// BuildKit's digests to positions in `steps`.
    positions: HashMap<String, usize>,
}

impl Account {
    /// Takes one event; whether the image is complete.
    pub(super) fn note(&mut self, info: BuildInfo, progress: &Progress) -> bool {
        match info.aux {
            Some(BuildInfoAux::BuildKit(status)) => self.buildkit(status, progress),
            Some(BuildInfoAux::Default(_)) => {
                // BuildKit reports the image after everything else; the classic builder still tags it.
                return info.id.as_deref() == Some("moby.image.id");
            }
            None => {}
        }
        if let Some(text) = info.stream {
            self.classic(&text, progress);
        }
        false
    }

    fn buildkit(&mut self, status: StatusResponse, progress: &Progress) {
        for vertex in status.vertexes {
            let position = *self.positions.entry(vertex.digest).or_insert_with(|| {
                self.steps.push(Step { name: vertex.name.clone(), ..Step::default() });
                self.steps.len() - 1
            });
            let Some(step) = self.steps.get_mut(position) else { continue };
            step.cached |= vertex.cached;
            let was_over = step.ended;
            step.ended |= vertex.completed.is_some();
            if !vertex.error.is_empty() {
                step.error = vertex.error;
            }
            if vertex.started.is_some() && !was_over && !is_internal(&step.name) {
                let state = if step.cached {
                    " (cached)"
                } else if step.ended {
                    " done"
                } else {
                    ""
                };
                progress.status(format!("{}{state}", step.name));
            }
        }
        for log in status.logs {
            let position = self.positions.get(&log.vertex).copied();
            if let Some(step) = position.and_then(|position| self.steps.get_mut(position)) {
                step.output(&String::from_utf8_lossy(&log.msg));
            }
        }
    }

    /// The classic builder's text: `Step 2/4 : RUN make`, ` ---> Using cache`, and whatever the step prints.
    fn classic(&mut self, text: &str, progress: &Progress) {
        for line in text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()) {
            if let Some((number, name)) = line.strip_prefix("Step ").and_then(|rest| rest.split_once(" : ")) {
                if let Some(last) = self.steps.last_mut() {
                    last.ended = true;
                }
                self.steps.push(Step { name: format!("[{number}] {name}"), ..Step::default() });
                progress.status(format!("[{number}] {name}"));
            } else if let Some(step) = self.steps.last_mut() {
                if line.trim() == "---> Using cache" {
                    step.cached = true;
                } else if !NOISE.iter().any(|noise| line.trim_start().starts_with(noise)) {
                    step.output(line);
                }
            }
        }
    }

    /// The steps that people wrote, in order.
    pub(super) fn finish(self) -> Vec<Step> {
        let mut steps: Vec<Step> = self.steps.into_iter().filter(|step| !is_internal(&step.name)).collect();
        // BuildKit tells them as they come; people read them stage by stage, as the file has them.
        let mut stages: Vec<String> = Vec::new();
        steps.sort_by_cached_key(|step| {
            let (stage, number) = place(&step.name);
            let position = stages.iter().position(|known| *known == stage).unwrap_or_else(|| {
                stages.push(stage);
                stages.len() - 1
            });
            (position, number)
        });
        steps
    }

    pub(super) fn explain(&self, error: &Error, dockerfile: &str) -> ToolError {
        let said = match error {
            Error::DockerStreamError { error } => error.clone(),
            Error::DockerResponseServerError { message, .. } => message.clone(),
            other => return failure("build the image", other),
        };
        let failed =
            self.steps.iter().rev().find(|step| !step.error.is_empty() && step.error != "context canceled");
        // The classic builder names no step: the last one it began is the one that failed.
        let failed = failed.or_else(|| self.positions.is_empty().then(|| self.steps.last()).flatten());
        let reason = short(failed.map_or(said.as_str(), |step| {
            if step.error.is_empty() { said.as_str() } else { step.error.as_str() }
        }));
        let mut message = match failed {
            Some(step) => match line_of(dockerfile, &step.name) {
                Some(line) => format!("the build failed at line {line}, {}: {reason}", step.name),
                None => format!("the build failed at {}: {reason}", step.name),
            },
            None => format!("the build failed: {reason}"),
        };
        if let Some(step) = failed
            && !step.tail.is_empty()
        {
            message.push_str("; its last lines:");
            for line in &step.tail {
                message.push_str("\n  ");
                message.push_str(line);
            }
        }
        let (kind, next) = advice(&format!("{said} {reason}"), failed.map(|step| step.name.as_str()));
        Feedback::new(kind, message).next(next).into()
    }
}

impl Step {
    fn output(&mut self, text: &str) {
        // Programs that redraw a line end it with a carriage return; only the last drawing counts.
        for line in text.lines().map(|line| line.trim_end().rsplit('\r').next().unwrap_or_default()) {
            // Without colours, which the classic builder adds to what goes to standard error.
            let line = gate::text(line);
            if line.trim().is_empty() {
                continue;
            }
            if self.tail.len() == TAIL {
                self.tail.pop_front();
            }
            self.tail.push_back(line);
        }
    }
}

/// The stage and the number in a step's name: `[build 2/4] RUN make`.
fn place(name: &str) -> (String, usize) {
    let inside =
        name.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(inside, _)| inside);
    let (stage, count) = inside.rsplit_once(' ').unwrap_or(("", inside));
    let number = count.split_once('/').and_then(|(number, _)| number.trim().parse().ok()).unwrap_or_default();
    (stage.to_owned(), number)
}

/// Steps of BuildKit's own, which nobody wrote.
fn is_internal(name: &str) -> bool {
    name.starts_with("[internal]")
        || name.starts_with("[auth]")
        || name.starts_with("exporting to image")
        || name.starts_with("http")
        || name.starts_with("docker-image://")
        || name.starts_with("copy /context")
}

/// What the classic builder says between the lines of a step.
const NOISE: [&str; 4] =
    ["--->", "Removing intermediate container", "Successfully built", "Successfully tagged"];

/// The part of BuildKit's message that tells: it wraps causes in the names of its own layers.
fn short(message: &str) -> &str {
    let message = message.trim();
    for start in [
        "failed to solve with frontend dockerfile.v0: ",
        "failed to solve: ",
        "rpc error: code = Unknown desc = ",
    ] {
        if let Some(rest) = message.strip_prefix(start) {
            return short(rest);
        }
    }
    message
}

fn advice(said: &str, step: Option<&str>) -> (ErrorKind, &'static str) {
    let lower = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if step.is_some_and(|name| name.starts_with("resolve image config for")) {
        return (
            ErrorKind::Unreachable,
            "the `# syntax=` line makes BuildKit fetch that image first: check the network, or take the line out",
        );
    }
    let pulls = has(&[
        "failed to resolve",
        "failed to load cache key",
        "pull access denied",
        "manifest unknown",
        "failed to do request",
        "error pulling image",
        "registry",
    ]) || step.is_some_and(|name| name.contains("FROM ") || name.contains("load metadata"));
    if pulls
        && has(&[
            "no such host",
            "dial tcp",
            "i/o timeout",
            "connection refused",
            "tls handshake",
            "network is unreachable",
            "server misbehaving",
            "proxyconnect",
            "deadline exceeded",
            "eof",
        ])
    {
        return (
            ErrorKind::Unreachable,
            "the base image is not on this engine and its registry does not answer: check the network, or name a base image that `docker images` lists",
        );
    }
    if pulls
        && has(&[
            "not found",
            "does not exist",
            "manifest unknown",
            "denied",
            "unauthorized",
            "insufficient_scope",
        ])
    {
        return (
            ErrorKind::NotFound,
            "check the base image's name and tag in FROM; for a private one, `docker pull` it first (docker login)",
        );
    }
    if has(&["target stage", "failed to reach build target"]) {
        return (ErrorKind::NotFound, "name a stage of the Dockerfile as the target");
    }
    if has(&["dockerfile parse error", "unknown instruction"]) {
        return (ErrorKind::InvalidArguments, "mend that line of the Dockerfile, then build again");
    }
    if has(&[
        "failed to compute cache key",
        "file not found in build context",
        "copy failed",
        "no such file or directory",
    ]) {
        return (
            ErrorKind::InvalidArguments,
            "a file that COPY names is not in the context: check its path and .dockerignore",
        );
    }
    if has(&["requires buildkit"]) {
        return (
            ErrorKind::Unavailable,
            "this engine's builder cannot do that: turn BuildKit on, or leave the option away",
        );
    }
    if has(&["no space left on device"]) {
        return (ErrorKind::Other, "make room: `docker system df` shows what takes it");
    }
    (ErrorKind::Other, "mend the step that failed, then build again; `analyze_dockerfile` reviews the file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classic_builders_text_becomes_steps() {
        let mut account = Account::default();
        for text in [
            "Step 1/2 : FROM a\n",
            " ---> 12ab\n",
            "Step 2/2 : RUN make\n",
            " ---> Using cache\n",
            "one\rtwo\n",
        ] {
            account.classic(text, &Progress::silent());
        }
        let steps = account.finish();
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[1].name, "[2/2] RUN make");
        assert!(steps[1].cached);
        assert_eq!(place("[build 12/14] RUN [ -e a ]"), ("build".to_owned(), 12));
        assert_eq!(steps[1].tail, ["two"]);
    }

    #[test]
    fn an_error_names_the_step_and_its_last_lines() {
        let mut account = Account::default();
        account.classic("Step 1/1 : RUN make\n", &Progress::silent());
        account.classic("make: no rule\n", &Progress::silent());
        let error = account.explain(
            &Error::DockerStreamError {
                error: "The command '/bin/sh -c make' returned a non-zero code: 2".into(),
            },
            "",
        );
        insta::assert_snapshot!(error, @r"
        the build failed at [1/1] RUN make: The command '/bin/sh -c make' returned a non-zero code: 2; its last lines:
          make: no rule
        ");
    }

    #[test]
    fn advice_fits_what_was_said() {
        let pull = "failed to solve: x:1: failed to resolve source metadata for docker.io/library/x:1: dial tcp: lookup registry-1.docker.io: no such host";
        assert_eq!(advice(pull, None).0, ErrorKind::Unreachable);
        assert_eq!(
            advice("pull access denied for x, repository does not exist", None).0,
            ErrorKind::NotFound
        );
        assert_eq!(
            advice("process did not complete: exit code: 1", Some("[2/2] RUN make")).0,
            ErrorKind::Other
        );
    }
}
