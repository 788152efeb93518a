//! `stop_container`: ends a container's processes; the container stays.

use bollard::query_parameters::StopContainerOptionsBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::{failure, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// The engine's own patience before it kills.
const USUAL_GRACE: u32 = 10;

/// Most seconds that may be waited for, since a request is not kept open for ever.
const MOST_GRACE: u32 = 600;

/// Stop a running Docker container; it stays and can be started again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopContainer {
    /// The container, by name or identifier.
    container: Option<String>,
    /// Seconds to end by itself before it is killed, at most 600; 10 when nothing is said.
    timeout: Option<u32>,
}

impl Tool for StopContainer {
    const NAME: &'static str = "stop_container";
    const PHRASES: &'static [&'static str] = &[
        "(stop|halt|shut down|quit|end) [the] [docker|running|local] container [called|named] {container:word}",
        "(stop|halt|shut down|quit|end) [the] [docker|running|local] {container:word} [docker] container",
        "docker [container] stop [container] {container:word}",
        "docker stop [the] {container:word} [container]",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(after|within|with a timeout of|waiting|give it|and give it) [at most] {timeout:count} (second|seconds) [to stop|grace]",
        "(-t|--time|--timeout) {timeout:count}",
        "(right away|immediately|without waiting|at once) => timeout=0",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker()
            .arg("stop")
            .option("--time", self.timeout)
            .arg(self.container.clone().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Container(&mut self.container)]
    }

    fn check(&self) -> Result<()> {
        subject::container_name(self.container.as_ref())?;
        if self.timeout.is_some_and(|seconds| seconds > MOST_GRACE) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "the timeout is out of range")
                .next("say 0 to 600 seconds")
                .into());
        }
        Ok(())
    }
}

impl ChangeTool for StopContainer {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let name = subject::container_name(self.container.as_ref())?;
        let found = subject::container(world.docker().await?, name).await?;
        let state = found.state.clone().unwrap_or_default();
        let status = state.status.map(|status| status.to_string()).unwrap_or_default();
        if state.running != Some(true) {
            return Ok(Preview {
                summary: format!("container {name} does not run: it is {status}"),
                nothing_to_do: true,
                ..Preview::default()
            });
        }
        let host = found.host_config.unwrap_or_default();
        let mut warnings = Vec::new();
        if host.auto_remove == Some(true) {
            warnings.push(format!(
                "{name} was started with --rm: it is removed once it stops, which cannot be undone"
            ));
        } else {
            warnings.push(format!("`docker start {name}` starts it again"));
        }
        let grace = self.timeout.unwrap_or(USUAL_GRACE);
        Ok(Preview {
            summary: format!("stops container {name}"),
            changes: vec![ObjectChange {
                object: subject::identity("Container", name, found.id),
                action: Action::Update,
                difference: format!(
                    "- state: {status}\n+ state: exited (killed when it does not end within {grace} s)\n"
                ),
            }],
            warnings,
            confirm_name: Some(name.to_owned()),
            basis: json!({"removed_after": host.auto_remove == Some(true)}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let name = subject::container_name(self.container.as_ref())?;
        let now = world.read().docker().await?.container(name).await?.and_then(|found| found.id);
        subject::same_as_shown(approval, name, now.as_deref())?;
        progress.status(format!("waiting for {name} to end"));
        let grace = self.timeout.unwrap_or(USUAL_GRACE);
        let options = match self.timeout {
            Some(seconds) => StopContainerOptionsBuilder::new().t(i32::try_from(seconds).unwrap_or(i32::MAX)),
            None => StopContainerOptionsBuilder::new(),
        };
        // The engine answers only when the container has ended.
        let engine = world.docker(approval)?.engine().clone();
        let engine = engine.with_timeout(Duration::from_secs(u64::from(grace) + 120));
        let stopped = engine.stop_container(name, Some(options.build())).await;
        stopped.map_err(|error| failure(&format!("stop {name}"), &error))?;
        Ok(Outcome::sentence(format!("container {name} is stopped")).data(json!({"container": name})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let name = subject::container_name(self.container.as_ref())?;
        let state = match world.docker().await?.container(name).await? {
            None => return Ok(Verification::Confirmed(format!("container {name} has ended and is gone"))),
            Some(found) => found.state.unwrap_or_default(),
        };
        let code = state.exit_code.unwrap_or_default();
        Ok(if state.running == Some(true) {
            Verification::Failed(format!("container {name} runs: something started it again"))
        } else if code == 137 {
            Verification::Confirmed(format!(
                "container {name} did not end by itself and was killed (exit code 137)"
            ))
        } else {
            Verification::Confirmed(format!("container {name} has ended (exit code {code})"))
        })
    }
}

pub(crate) static TOOL: Changer<StopContainer> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_what_is_out_of_range() {
        let stop =
            |container: &str, timeout| StopContainer { container: Some(container.to_owned()), timeout };
        assert_eq!(stop("pg-dev", None).command().to_string(), "docker stop pg-dev");
        assert_eq!(stop("pg-dev", Some(3)).command().to_string(), "docker stop --time=3 pg-dev");
        assert!(stop("pg-dev", Some(601)).check().is_err());
        assert!(stop("-f", None).check().is_err());
    }
}
