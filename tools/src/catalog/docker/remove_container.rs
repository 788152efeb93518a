//! `remove_container`: removes a container with what it wrote; its volumes stay unless they are named.

use bollard::query_parameters::RemoveContainerOptionsBuilder;
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

/// Remove a Docker container and what it wrote to its own file system.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveContainer {
    /// The container, by name or identifier.
    container: Option<String>,
    /// Even when it runs: it is killed first.
    #[serde(default)]
    force: bool,
    /// Its anonymous volumes with it.
    #[serde(default)]
    volumes: bool,
}

impl Tool for RemoveContainer {
    const NAME: &'static str = "remove_container";
    const PHRASES: &'static [&'static str] = &[
        "<delete> [the] [stopped|docker|local] container [called|named] {container:word}",
        "<delete> [the] [stopped|docker|local] {container:word} [docker] container",
        "docker (rm|container rm|container remove) [container] {container:word} [container]",
        "rm [the] [docker] container {container:word}",
        "(force|forcibly) (remove|delete) [the] [docker|running] container [called|named] {container:word} => force=true",
        "(force|forcibly) (remove|delete) [the] [docker|running] {container:word} container => force=true",
        "<delete> [the] running [docker] container {container:word} => force=true",
        "<delete> [the] running {container:word} [docker] container => force=true",
        "docker (rm|container rm) (-f|--force) {container:word} => force=true",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(by force|with force|forcibly|forcefully|even if it runs|even if it is running|-f|--force) => force=true",
        "(and|with|including|together with) [its|the] [anonymous] volumes => volumes=true",
        "(-v|--volumes) => volumes=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker()
            .arg("rm")
            .flag_if(self.force, "--force")
            .flag_if(self.volumes, "--volumes")
            .arg(self.container.clone().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Container(&mut self.container)]
    }

    fn check(&self) -> Result<()> {
        subject::container_name(self.container.as_ref()).map(|_| ())
    }
}

impl ChangeTool for RemoveContainer {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let name = subject::container_name(self.container.as_ref())?;
        let docker = world.docker().await?;
        let found = subject::container(docker, name).await?;
        let id = found.id.clone();
        let state = found.state.unwrap_or_default();
        let status = state.status.map(|status| status.to_string()).unwrap_or_default();
        if state.running == Some(true) && !self.force {
            return Err(Feedback::new(ErrorKind::Refused, format!("container {name} is {status}"))
                .next(format!("stop it first, or ask to \"force remove the container {name}\""))
                .into());
        }
        let sizes = docker.containers(true, true).await?;
        let own = sizes.iter().find(|one| one.id == id);
        let written = subject::size(own.and_then(|one| one.size_rw).unwrap_or_default());
        let image = found.config.and_then(|config| config.image).unwrap_or_default();
        let mut difference = format!("- {name}: {image}, {status}, {written} written\n");
        let mut warnings =
            vec!["this cannot be undone: what it wrote outside of volumes and its log are lost".to_owned()];
        if state.running == Some(true) {
            warnings.push(format!("{name} is {status}: it is killed"));
        }
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for mount in found.mounts.iter().flatten() {
            let Some(volume) = mount.name.as_deref().filter(|volume| !volume.is_empty()) else { continue };
            let anonymous = volume.len() == 64 && volume.bytes().all(|byte| byte.is_ascii_hexdigit());
            if self.volumes && anonymous { &mut gone } else { &mut kept }.push(volume);
        }
        for volume in &gone {
            difference.push_str(&format!("- volume {volume}\n"));
        }
        if !gone.is_empty() {
            warnings.push("its anonymous volumes go with their data".to_owned());
        }
        if !kept.is_empty() {
            warnings.push(format!("its volumes stay: {}", kept.join(", ")));
        }
        Ok(Preview {
            summary: format!("removes container {name} ({status}, {written} written)"),
            changes: vec![ObjectChange {
                object: subject::identity("Container", name, id),
                action: Action::Delete,
                difference,
            }],
            warnings,
            confirm_name: Some(name.to_owned()),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let name = subject::container_name(self.container.as_ref())?;
        let now = world.read().docker().await?.container(name).await?.and_then(|found| found.id);
        subject::same_as_shown(approval, name, now.as_deref())?;
        let options = RemoveContainerOptionsBuilder::new().force(self.force).v(self.volumes).build();
        let removed = world.docker(approval)?.engine().remove_container(name, Some(options)).await;
        removed.map_err(|error| failure(&format!("remove {name}"), &error))?;
        Ok(Outcome::sentence(format!("removed container {name}")).data(json!({"container": name})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let name = subject::container_name(self.container.as_ref())?;
        Ok(match world.docker().await?.container(name).await? {
            None => Verification::Confirmed(format!("there is no container {name} any more")),
            Some(_) => Verification::Failed(format!("container {name} is still there")),
        })
    }
}

pub(crate) static TOOL: Changer<RemoveContainer> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command() {
        let remove = |force, volumes| RemoveContainer { container: Some("redis".to_owned()), force, volumes };
        assert_eq!(remove(false, false).command().to_string(), "docker rm redis");
        assert_eq!(remove(true, true).command().to_string(), "docker rm --force --volumes redis");
        let flag = RemoveContainer { container: Some("--all".to_owned()), force: false, volumes: false };
        assert!(flag.check().is_err());
    }
}
