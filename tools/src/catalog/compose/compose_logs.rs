//! `compose_logs`: what the services of a Compose project printed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::compose::{self, Compose};
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{kubectl_duration, parse_duration};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Lines of each service shown when nothing says how many.
const USUAL_LINES: u32 = 100;

/// Most lines of a service in one answer.
const MOST_LINES: u32 = 10_000;

/// Show what the services of a Compose project printed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComposeLogs {
    /// Only these services.
    #[serde(default)]
    services: Vec<String>,
    /// Only the last lines of each service, at most 10000; 100 when nothing is said.
    tail: Option<u32>,
    /// Only what is younger than this, such as `10m`.
    since: Option<String>,
    /// Put the time before each line.
    #[serde(default)]
    timestamps: bool,
    /// The Compose file, if not the usual one of this folder.
    file: Option<String>,
}

impl Tool for ComposeLogs {
    const NAME: &'static str = "compose_logs";
    const PHRASES: &'static [&'static str] = &[
        "[docker-compose] [<show>] [the] [docker] compose (log|logs|output)",
        "docker-compose (log|logs)",
        "[docker-compose] [<show>] [the] [docker] compose (log|logs|output) (of|for|from) [the] [service] {services:word} [service]",
        "compose (log|logs) {services:word}",
        "docker-compose (log|logs) [of|for|from] {services:word}",
        "[<show>] [the] (log|logs|output) (of|for|from) [the] [docker] compose service {services:word}",
        "[<show>] [the] (log|logs|output) (of|for|from) [the] {services:word} [docker] compose service",
        "[<show>] [the] (log|logs|output|lines) (of|for|from) [all] [the] [docker] compose (services|stack|project|containers)",
        "[<show>] [the] lines (of|for|from) [all] [the] [docker] compose (services|stack|project|containers)",
        "[<show>] lines (of|for|from) [the] [docker] compose service {services:word}",
        "what (did|does|is) [the] [docker] compose service {services:word} (print|printing|log|logging|say|saying|write|writing)",
        "what (did|does|is) [the] {services:word} [docker] compose service (print|printing|log|logging|say|saying|write|writing)",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[the|its|their] (last|latest|newest|final) {tail:count} [line|lines] [of]",
        "(--tail|-n) {tail:count}",
        "[only|just] {tail:count} lines",
        "(of|in|from|for|within|over|since) [the] (last|past) {since:duration}",
        "(since|--since) {since:duration} [ago]",
        "(with|including) [the] (timestamp|timestamps|time|times) => timestamps=true",
        "(-t|--timestamps) => timestamps=true",
        "(with|using|from) [the] [compose] file {file:path}",
        "(--file) {file:path}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        compose::command(self.file.as_deref()).args(self.arguments())
    }

    fn check(&self) -> Result<()> {
        compose::check_services(&self.services)?;
        if self.tail.is_some_and(|lines| lines == 0 || lines > MOST_LINES) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "the number of lines is out of range")
                .next("ask for 1 to 10000 lines")
                .into());
        }
        match &self.since {
            Some(since) => parse_duration("since", since).map(|_| ()),
            None => Ok(()),
        }
    }
}

impl ComposeLogs {
    fn arguments(&self) -> Vec<String> {
        let mut words = vec!["logs".to_owned(), "--no-color".to_owned()];
        words.push(format!("--tail={}", self.tail.unwrap_or(USUAL_LINES)));
        if let Some(since) = &self.since {
            words.push(format!("--since={}", kubectl_duration(since)));
        }
        if self.timestamps {
            words.push("--timestamps".to_owned());
        }
        words.extend(self.services.iter().cloned());
        words
    }
}

impl ReadTool for ComposeLogs {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        self.check()?;
        let compose = Compose::find(world.options(), self.file.as_deref()).await?;
        let services = compose::resolve(&self.services, &compose.services().await?)?;
        let exact = Self { services, ..self.clone() };
        let arguments = exact.arguments();
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let printed = compose.run("read the logs", &words, Duration::from_secs(120)).await?;
        let count = printed.stdout.lines().count();
        let of =
            if exact.services.is_empty() { "all services".to_owned() } else { exact.services.join(", ") };
        let summary = match count {
            0 => format!("{of} printed nothing"),
            1 => format!("1 line of {of}"),
            _ => format!("{count} lines of {of}"),
        };
        let lines: Vec<&str> = printed.stdout.lines().collect();
        let data = json!({"services": exact.services, "lines": lines});
        Ok(Outcome::sentence(summary).data(data).view(View::Text(printed.stdout)))
    }
}

pub(crate) static TOOL: Reader<ComposeLogs> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command_and_what_is_out_of_range() {
        let bind = |arguments| Call::new("compose_logs", arguments).bind().unwrap();
        let bound = bind(json!({"services": ["backend"], "tail": 50, "since": "1d"}));
        assert_eq!(
            bound.command().to_string(),
            "docker compose logs --no-color --tail=50 --since=24h backend"
        );
        for wrong in [json!({"tail": 0}), json!({"services": ["-f"]}), json!({"since": "soon"})] {
            assert!(bind(wrong).check().is_err());
        }
    }
}
