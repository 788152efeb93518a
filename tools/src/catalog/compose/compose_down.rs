//! `compose_down`: removes the containers and networks of a Compose project; volumes only when they are meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::docker::compose::{self, Compose};
use crate::error::Result;
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

const DEADLINE: Duration = Duration::from_secs(600);

/// Stop and remove the containers and networks of a Compose project.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComposeDown {
    /// Its volumes and the data in them, too.
    #[serde(default)]
    volumes: bool,
    /// The Compose file, if not the usual one of this folder.
    file: Option<String>,
}

impl Tool for ComposeDown {
    const NAME: &'static str = "compose_down";
    const PHRASES: &'static [&'static str] = &[
        "compose down",
        "docker-compose down",
        "(bring down|tear down|take down|shut down|stop|stop and remove|<delete>) [the|my|our|all] [docker] compose (stack|project|services|setup|environment|app|application)",
        "(bring|take|tear|shut) [the|my|our|all] [docker] compose (stack|project|services|setup|environment|app|application) down",
        "(stop|tear down|take down|bring down|shut down) everything (in|of|from|with) [docker] compose",
        "[docker] compose (down|teardown|tear down) [the|my] [stack|services]",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(and|with|including|together with|along with) [also] [its|the|their|all] (volume|volumes|data) [too] => volumes=true",
        "(and|and also) (remove|delete|wipe|drop) [its|the|their|all] (volume|volumes|data) => volumes=true",
        "(-v|--volumes) => volumes=true",
        "(but|and) keep [its|the|their] (volume|volumes|data)",
        "(with|using|from|of) [the] [compose] file {file:path}",
        "(-f|--file) {file:path}",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        compose::command(self.file.as_deref()).arg("down").flag_if(self.volumes, "--volumes")
    }
}

impl ChangeTool for ComposeDown {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let compose = Compose::find(world.options(), self.file.as_deref()).await?;
        let found = compose.status(world.docker().await?).await?;
        let volumes = compose.volumes().await?;
        let keeps_volumes = !self.volumes || volumes.is_empty();
        if found.is_empty() && keeps_volumes {
            return Ok(Preview {
                summary: "none of its services has a container: there is nothing to take down".to_owned(),
                nothing_to_do: true,
                ..Preview::default()
            });
        }
        let going = |kind: &str, name: &str, difference: String| ObjectChange {
            object: ObjectIdentity {
                kind: kind.to_owned(),
                name: name.to_owned(),
                ..ObjectIdentity::default()
            },
            action: Action::Delete,
            difference,
        };
        let mut changes: Vec<ObjectChange> = found
            .iter()
            .map(|service| {
                let line = format!("- {} ({}, {})\n", service.container, service.service, service.state);
                going("Container", &service.container, line)
            })
            .collect();
        let mut warnings =
            vec!["what the containers wrote outside of volumes, and their logs, are lost".to_owned()];
        if self.volumes {
            changes.extend(
                volumes.iter().map(|name| going("Volume", name, format!("- volume {name} with its data\n"))),
            );
            if !volumes.is_empty() {
                warnings.push(format!("this cannot be undone: the data in {} is lost", volumes.join(", ")));
            }
        } else {
            if !volumes.is_empty() {
                warnings.push(format!("the volumes stay: {}", volumes.join(", ")));
            }
            warnings.push("\"compose up\" makes the services anew".to_owned());
        }
        let plural = if found.len() == 1 { "container" } else { "containers" };
        Ok(Preview {
            summary: format!(
                "removes {} {plural} of the project{}",
                found.len(),
                if self.volumes { format!(" and {} volumes", volumes.len()) } else { String::new() }
            ),
            changes,
            warnings,
            confirm_name: Some("compose".to_owned()),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let _approved = world.docker(approval)?;
        let compose = Compose::find(world.read().options(), self.file.as_deref()).await?;
        let mut words = vec!["down"];
        if self.volumes {
            words.push("--volumes");
        }
        progress.status("taking the services down");
        let printed = compose.run("take the services down", &words, DEADLINE).await?;
        Ok(Outcome::sentence("the services are down")
            .view(View::Text(printed.stderr))
            .data(json!({"volumes": self.volumes})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let compose = Compose::find(world.options(), self.file.as_deref()).await?;
        let left: Vec<String> = compose
            .status(world.docker().await?)
            .await?
            .into_iter()
            .map(|service| service.container)
            .collect();
        Ok(if left.is_empty() {
            Verification::Confirmed("no container of the project is left".to_owned())
        } else {
            Verification::Failed(format!("still there: {}", left.join(", ")))
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        // Made anew from the same file: all but what the containers had written themselves.
        (!self.volumes).then(|| Call::new("compose_up", json!({"file": self.file})))
    }
}

pub(crate) static TOOL: Changer<ComposeDown> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_go_only_when_they_are_meant() {
        let down = |volumes| ComposeDown { volumes, file: None };
        assert_eq!(down(false).command().to_string(), "docker compose down");
        assert_eq!(down(true).command().to_string(), "docker compose down --volumes");
        assert!(down(false).undo(&Preview::default()).is_some());
        assert!(down(true).undo(&Preview::default()).is_none());
    }
}
