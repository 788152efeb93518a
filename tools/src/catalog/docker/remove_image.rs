//! `remove_image`: takes an image, or one of its names, from the engine.

use bollard::query_parameters::RemoveImageOptionsBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::docker::context::human;
use crate::docker::{ReadDocker, failure, names, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Remove an image from this machine, or one of its names when it has several.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveImage {
    /// The image, as `name:tag` or identifier.
    image: Option<String>,
    /// Even when a stopped container was made from it.
    #[serde(default)]
    force: bool,
}

impl Tool for RemoveImage {
    const NAME: &'static str = "remove_image";
    const PHRASES: &'static [&'static str] = &[
        "<delete> [the] [local|docker|container] image [called|named] {image:image}",
        "<delete> [the] [local|docker] {image:image} [docker|container] image",
        "docker (rmi|image rm|image remove) {image:image}",
        "(untag|rmi) [the] [docker|local] [image] {image:image}",
        "(force|forcibly) (delete|remove) [the] [local|docker|container] image {image:image} => force=true",
        "docker (rmi|image rm) (-f|--force) {image:image} => force=true",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(by force|with force|forcibly|forced|-f|--force) => force=true",
        "(locally|on this machine|from docker|from this machine)",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker()
            .args(["image", "rm"])
            .flag_if(self.force, "--force")
            .arg(self.image.clone().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Image(&mut self.image)]
    }

    fn check(&self) -> Result<()> {
        subject::image_name(self.image.as_ref()).map(|_| ())
    }
}

/// The containers made from an image: name, and whether it runs.
async fn users(docker: &ReadDocker, id: &str) -> Result<Vec<(String, bool)>> {
    use bollard::models::ContainerSummaryStateEnum as State;
    let containers = docker.containers(true, false).await?;
    Ok(containers
        .iter()
        .filter(|container| container.image_id.as_deref() == Some(id))
        .map(|container| {
            let runs = matches!(container.state, Some(State::RUNNING | State::PAUSED | State::RESTARTING));
            (names::name_of(container).unwrap_or_default(), runs)
        })
        .collect())
}

impl ChangeTool for RemoveImage {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let name = subject::image_name(self.image.as_ref())?;
        let docker = world.docker().await?;
        let Some(image) = docker.image_details(name).await? else {
            return Err(subject::no_image(docker, name).await?.into());
        };
        let id = image.id.clone().unwrap_or_default();
        let tags = image.repo_tags.clone().unwrap_or_default();
        let size = human(image.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default());
        // By its identifier all of its names go, by one of several names only that.
        let full = if names::tag_of(name).is_some() { name.to_owned() } else { format!("{name}:latest") };
        let only_a_name = tags.len() > 1 && tags.contains(&full);
        let mut warnings = Vec::new();
        let mut difference = format!("- {name}: {}, {size}\n", subject::short(&id));
        if only_a_name {
            let others: Vec<&str> = tags.iter().filter(|tag| **tag != full).map(String::as_str).collect();
            difference = format!("- the name {name} of {}\n", subject::short(&id));
            warnings.push(format!("only this name goes: the image stays as {}", others.join(", ")));
        } else {
            let users = users(docker, &id).await?;
            if let Some((user, _)) = users.iter().find(|(_, runs)| *runs) {
                return Err(Feedback::new(
                    ErrorKind::Refused,
                    format!("the container {user} runs from {name}, so Docker keeps it"),
                )
                .next(format!("stop and remove the container {user} first"))
                .into());
            }
            if let (Some((user, _)), false) = (users.first(), self.force) {
                return Err(Feedback::new(
                    ErrorKind::Refused,
                    format!("the stopped container {user} was made from {name}"),
                )
                .next(format!("remove the container {user} first, or force it"))
                .into());
            }
            if tags.len() > 1 && !self.force {
                return Err(Feedback::new(
                    ErrorKind::Refused,
                    format!("{name} has several names: {}", tags.join(", ")),
                )
                .next("remove them one by one, or force it")
                .candidates(tags)
                .into());
            }
            warnings.push("this cannot be undone: it has to be built or pulled again".to_owned());
            if image.repo_digests.as_ref().is_none_or(Vec::is_empty) {
                warnings.push("no registry is known to have it: it was built here, or loaded".to_owned());
            }
        }
        Ok(Preview {
            summary: if only_a_name {
                format!("takes the name {name} from its image")
            } else {
                format!("removes {name}, {size}")
            },
            changes: vec![ObjectChange {
                object: subject::identity("Image", name, Some(id.clone())),
                action: Action::Delete,
                difference,
            }],
            warnings,
            confirm_name: Some(name.to_owned()),
            basis: json!({"image": id, "only_a_name": only_a_name, "name": full}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let name = subject::image_name(self.image.as_ref())?;
        let docker = world.docker(approval)?;
        let now = docker.image(name).await?.map(|image| image.id);
        subject::same_as_shown(approval, name, now.as_deref())?;
        let options = RemoveImageOptionsBuilder::new().force(self.force).build();
        let removed = docker.engine().remove_image(name, Some(options), None).await;
        let removed = removed.map_err(|error| failure(&format!("remove {name}"), &error))?;
        let layers = removed.iter().filter(|item| item.deleted.is_some()).count();
        let untagged: Vec<&String> = removed.iter().filter_map(|item| item.untagged.as_ref()).collect();
        let summary = match layers {
            0 => format!("the name {name} is gone, the image stays"),
            1 => format!("removed {name}, 1 layer"),
            _ => format!("removed {name}, {layers} layers"),
        };
        Ok(Outcome::sentence(summary).data(json!({"untagged": untagged, "layers": layers})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let name = subject::image_name(self.image.as_ref())?;
        Ok(match world.docker().await?.image(name).await? {
            None => Verification::Confirmed(format!("there is no image {name} any more")),
            Some(_) => Verification::Failed(format!("{name} is still there")),
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let text = |key: &str| shown.basis.get(key).and_then(|value| value.as_str());
        let only_a_name = shown.basis.get("only_a_name").and_then(serde_json::Value::as_bool)?;
        let (image, name) = (text("image")?, text("name")?);
        only_a_name.then(|| Call::new("tag_image", json!({"image": image, "name": name})))
    }
}

pub(crate) static TOOL: Changer<RemoveImage> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_given_back_and_an_image_not() {
        let tool = RemoveImage { image: Some("web:1".to_owned()), force: false };
        assert_eq!(tool.command().to_string(), "docker image rm web:1");
        let shown = |only| Preview {
            basis: json!({"image": "sha256:aa", "only_a_name": only, "name": "web:1"}),
            ..Preview::default()
        };
        assert_eq!(tool.undo(&shown(true)).unwrap().to_string(), "tag_image image=sha256:aa name=web:1");
        assert!(tool.undo(&shown(false)).is_none());
        assert!(RemoveImage { image: Some("-f".to_owned()), force: true }.check().is_err());
    }
}
