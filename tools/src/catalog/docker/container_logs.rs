//! `container_logs`: what a container printed.

use bollard::query_parameters::LogsOptionsBuilder;
use futures::StreamExt;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::{failure, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{kubectl_duration, parse_duration};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Lines shown when nothing says how many.
const USUAL_LINES: u32 = 200;

/// Most lines of one answer.
const MOST_LINES: u32 = 10_000;

/// Show what a Docker container printed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContainerLogs {
    /// The container, by name or identifier.
    container: Option<String>,
    /// Only the last lines, at most 10000; 200 when nothing is said.
    tail: Option<u32>,
    /// Only what is younger than this, such as `10m`.
    since: Option<String>,
    /// Go on with what comes until it is interrupted.
    #[serde(default)]
    follow: bool,
    /// Put the time before each line.
    #[serde(default)]
    timestamps: bool,
}

impl Tool for ContainerLogs {
    const NAME: &'static str = "container_logs";
    const PHRASES: &'static [&'static str] = &[
        "docker [container] (log|logs) [of|from|for] [the] [container] {container:word} [container]",
        "[<show>] [the] docker [container] (log|logs) (of|from|for) [the] [container] {container:word} [container]",
        "[<show>] [the] (log|logs|output) (of|from|for) [the] docker container [called|named] {container:word}",
        "[<show>] [the] (log|logs|output) (of|from|for) [the] {container:word} docker container",
        "[<show>] [the] (log|logs|output) of [the] [local] container [called|named] {container:word}",
        "what is [the] [docker] container {container:word} (printing|logging|writing|saying|outputting)",
        "what is [the] {container:word} [docker] container (printing|logging|writing|saying|outputting)",
        "what (did|does|has) [the] [docker] container {container:word} (print|log|write|say|output|printed|logged)",
        "what (did|does|has) [the] {container:word} [docker] container (print|log|write|say|output|printed|logged)",
        "(follow|stream|tail|watch) [the] [docker] (log|logs|output) of [the] docker container {container:word} => follow=true",
        "(follow|stream|watch) [the] docker (log|logs) (of|from|for) [the] [container] {container:word} [container] => follow=true",
        "docker logs (-f|--follow) {container:word} => follow=true",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[the|its] (last|latest|newest|final) {tail:count} [line|lines] [of]",
        "(--tail|-n) {tail:count}",
        "[only|just] {tail:count} lines",
        "(of|in|from|for|within|over|since) [the] (last|past) {since:duration}",
        "(since|--since) {since:duration} [ago]",
        "(with|including|and) [the] (timestamp|timestamps|time|times) => timestamps=true",
        "(-t|--timestamps) => timestamps=true",
        "(-f|--follow|live|and follow [it|them]) => follow=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker()
            .arg("logs")
            .option("--tail", Some(self.tail.unwrap_or(USUAL_LINES)))
            .option("--since", self.since.as_deref().map(kubectl_duration))
            .flag_if(self.follow, "--follow")
            .flag_if(self.timestamps, "--timestamps")
            .arg(self.container.clone().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Container(&mut self.container)]
    }

    fn check(&self) -> Result<()> {
        subject::container_name(self.container.as_ref())?;
        if self.tail.is_some_and(|lines| lines == 0 || lines > MOST_LINES) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "the number of lines is out of range")
                .next("ask for 1 to 10000 lines")
                .into());
        }
        self.start().map(|_| ())
    }
}

impl ContainerLogs {
    /// The moment from which on lines count, in seconds of Unix time; 0 is the beginning.
    fn start(&self) -> Result<i32> {
        let Some(since) = &self.since else { return Ok(0) };
        let seconds = i64::try_from(parse_duration("since", since)?.as_secs()).unwrap_or(i64::MAX);
        let start = Timestamp::now().as_second().saturating_sub(seconds).max(0);
        Ok(i32::try_from(start).unwrap_or(i32::MAX))
    }
}

impl ReadTool for ContainerLogs {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let name = subject::container_name(self.container.as_ref())?;
        let docker = world.docker().await?;
        subject::container(docker, name).await?;
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .follow(self.follow)
            .timestamps(self.timestamps)
            .since(self.start()?)
            .tail(&self.tail.unwrap_or(USUAL_LINES).to_string())
            .build();
        let mut stream = Box::pin(docker.logs(name, options));
        let mut text = String::new();
        // A piece ends where the program happened to flush, so lines are put together again.
        let (mut open, mut count) = (String::new(), 0_usize);
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| failure(&format!("read the log of {name}"), &error))?;
            open.push_str(&String::from_utf8_lossy(&piece.into_bytes()));
            while let Some(end) = open.find('\n') {
                let line: String = open.drain(..=end).collect();
                count += 1;
                if self.follow { progress.line(line.trim_end()) } else { text.push_str(&line) }
            }
            if self.follow && !progress.is_listened_to() {
                break;
            }
        }
        if !open.is_empty() {
            count += 1;
            if self.follow { progress.line(&open) } else { text.push_str(&open) }
        }
        let plural = if count == 1 { "line" } else { "lines" };
        let summary = match count {
            0 => format!(
                "container {name} printed nothing{}",
                if self.since.is_some() { " in that time" } else { "" }
            ),
            _ => format!("{count} {plural} of container {name}"),
        };
        let outcome = Outcome::sentence(summary);
        Ok(if self.follow {
            outcome.view(View::Streamed).data(json!({"container": name, "lines": count}))
        } else {
            let lines: Vec<&str> = text.lines().collect();
            let data = json!({"container": name, "lines": lines});
            outcome.data(data).view(View::Text(text))
        })
    }
}

pub(crate) static TOOL: Reader<ContainerLogs> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command_and_what_is_out_of_range() {
        let bind = |arguments| Call::new("container_logs", arguments).bind().unwrap();
        let bound = bind(json!({"container": "redis", "tail": 30, "since": "10m"}));
        assert_eq!(bound.command().to_string(), "docker logs --tail=30 --since=10m redis");
        assert!(bound.check().is_ok());
        for wrong in [
            json!({}),
            json!({"container": "-f"}),
            json!({"container": "redis", "tail": 0}),
            json!({"container": "redis", "since": "soon"}),
        ] {
            assert!(bind(wrong).check().is_err());
        }
    }
}
