//! `push_image`: sends an image to the registry its name says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::context::human;
use crate::docker::{names, pull, subject};
use crate::error::Result;
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Push a local image to its registry; the login is the one that docker keeps.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushImage {
    /// The image, as `registry/name:tag`.
    image: Option<String>,
}

impl Tool for PushImage {
    const NAME: &'static str = "push_image";
    const PHRASES: &'static [&'static str] = &[
        "(push|upload|publish) [the] [docker|local] [image] {image:image} [image] [to (its|the|a|our|my) (registry|repository|hub)]",
        "(push|upload|publish) (it|that|this|the image|the new image|the result) [to (its|the|a|our|my) (registry|repository|hub)]",
        "docker [image] push {image:image}",
        "(push|upload|publish|send) [the] [docker|local] image {image:image} [to (its|the|a|our|my|docker) (registry|repository|hub)]",
        "(push|upload|publish|send) [the] {image:image} [docker|container] image [to (its|the|a|our|my|docker) (registry|repository|hub)]",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker().arg("push").arg(self.image.clone().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Image(&mut self.image)]
    }

    fn check(&self) -> Result<()> {
        subject::image_name(self.image.as_ref()).map(|_| ())
    }
}

impl ChangeTool for PushImage {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let name = subject::image_name(self.image.as_ref())?;
        let image = subject::image(world.docker().await?, name).await?;
        let host = names::registry_of(name);
        let tag = names::tag_of(name).unwrap_or("latest");
        let mut warnings =
            vec![format!("this cannot be undone from here; a tag {tag} that {host} has already is replaced")];
        if !name.contains('/') {
            warnings.push(format!(
                "{name} names no registry and no account, which Docker Hub takes from nobody: tag it as registry/{name} first"
            ));
        }
        Ok(Preview {
            summary: format!("pushes {name} ({}, {}) to {host}", image.short_id(), human(image.size)),
            changes: vec![ObjectChange {
                object: subject::identity("Image", name, Some(image.id.clone())),
                action: Action::Create,
                difference: format!(
                    "+ {name} in the registry {host}: {}, {}\n",
                    image.short_id(),
                    human(image.size)
                ),
            }],
            warnings,
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let name = subject::image_name(self.image.as_ref())?;
        let docker = world.docker(approval)?;
        let now = docker.image(name).await?.map(|image| image.id);
        subject::same_as_shown(approval, name, now.as_deref())?;
        pull::push(&docker, name, progress).await?;
        Ok(Outcome::sentence(format!("pushed {name}"))
            .data(json!({"image": name, "id": now, "registry": names::registry_of(name)})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let name = subject::image_name(self.image.as_ref())?;
        let details = world.docker().await?.image_details(name).await?;
        // The engine notes the digest that the registry answered with.
        let digests = details.and_then(|image| image.repo_digests).unwrap_or_default();
        let repository = names::repository_of(name);
        Ok(match digests.iter().find(|digest| names::repository_of(digest) == repository) {
            Some(digest) => Verification::Confirmed(format!("the registry has it as {digest}")),
            None => Verification::Failed(format!("no digest of {name} came back from the registry")),
        })
    }
}

pub(crate) static TOOL: Changer<PushImage> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command() {
        let push = |image: &str| PushImage { image: Some(image.to_owned()) };
        assert_eq!(push("host:5000/web:1").command().to_string(), "docker push host:5000/web:1");
        assert!(push("--all-tags").check().is_err());
    }
}
