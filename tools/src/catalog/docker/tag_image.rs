//! `tag_image`: gives an image another name.

use bollard::query_parameters::TagImageOptionsBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::docker::reference::is_reference;
use crate::docker::{failure, names, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Give a local image another name and tag.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagImage {
    /// The image, as `name:tag` or identifier.
    image: Option<String>,
    /// Its new name, such as `registry.local:5000/shop/web:1.2.0`; the tag is `latest` when none is said.
    name: String,
}

impl Tool for TagImage {
    const NAME: &'static str = "tag_image";
    const PHRASES: &'static [&'static str] = &[
        "(tag|retag|alias) [the] [docker|local] [image] {image:image} [image] (as|to|with|into) [the] [tag|name] {name:image}",
        "docker [image] tag {image:image} [as|to] {name:image}",
        "give [the] [docker|local] [image] {image:image} [image] the (tag|name|additional name|extra tag) {name:image}",
        "(add|create|put|set) [a|the] (tag|name) {name:image} (to|for|on) [the] [docker|local] [image] {image:image} [image]",
        "rename [the] [docker|local] image {image:image} (to|as|into) {name:image}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker().arg("tag").arg(self.image.clone().unwrap_or_default()).arg(&self.name)
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Image(&mut self.image)]
    }

    fn check(&self) -> Result<()> {
        subject::image_name(self.image.as_ref())?;
        if !is_reference(&self.name) || self.name.contains('@') {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{:?} is no name for an image", self.name),
            )
            .next("use lower case: [registry/]name:tag, such as shop/web:1.2.0")
            .into());
        }
        Ok(())
    }
}

impl TagImage {
    fn parts(&self) -> (&str, &str) {
        (names::repository_of(&self.name), names::tag_of(&self.name).unwrap_or("latest"))
    }
}

impl ChangeTool for TagImage {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let docker = world.docker().await?;
        let source = subject::image_name(self.image.as_ref())?;
        let image = subject::image(docker, source).await?;
        let before = docker.image(&self.name).await?;
        let basis = json!({"image": image.id, "before": before.as_ref().map(|old| &old.id)});
        let name = &self.name;
        if before.as_ref().is_some_and(|old| old.id == image.id) {
            return Ok(Preview {
                summary: format!("{name} is {} already", image.short_id()),
                nothing_to_do: true,
                basis,
                ..Preview::default()
            });
        }
        let mut difference = String::new();
        let mut warnings = Vec::new();
        if let Some(old) = &before {
            difference.push_str(&format!("- {name} is {}\n", old.short_id()));
            warnings
                .push(format!("{name} names another image now ({}), which loses this name", old.short_id()));
        }
        difference.push_str(&format!("+ {name} is {} ({source})\n", image.short_id()));
        Ok(Preview {
            summary: format!("gives {source} the name {name}"),
            changes: vec![ObjectChange {
                object: subject::identity("Image", name, before.map(|old| old.id)),
                action: if warnings.is_empty() { Action::Create } else { Action::Update },
                difference,
            }],
            warnings,
            basis,
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let docker = world.docker(approval)?;
        let source = subject::image_name(self.image.as_ref())?;
        let image = subject::image(world.read().docker().await?, source).await?;
        if approval.preview().basis.get("image").and_then(|id| id.as_str()) != Some(&image.id) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{source} is another image than when it was shown"),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        let before = docker.image(&self.name).await?.map(|old| old.id);
        subject::same_as_shown(approval, &self.name, before.as_deref())?;
        let (repository, tag) = self.parts();
        let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
        let tagged = docker.engine().tag_image(&image.id, Some(options)).await;
        tagged.map_err(|error| failure(&format!("tag {source} as {}", self.name), &error))?;
        Ok(Outcome::sentence(format!("{} is {} now", self.name, image.short_id()))
            .data(json!({"name": self.name, "image": image.id, "before": before})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let now = world.docker().await?.image(&self.name).await?;
        let wanted = shown.basis.get("image").and_then(|id| id.as_str());
        Ok(match now {
            Some(image) if Some(image.id.as_str()) == wanted => {
                Verification::Confirmed(format!("{} names {}", self.name, image.short_id()))
            }
            Some(image) => Verification::Failed(format!("{} names {}", self.name, image.short_id())),
            None => Verification::Failed(format!("there is no image {}", self.name)),
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        match shown.basis.get("before").and_then(|id| id.as_str()) {
            Some(before) => Some(Call::new(Self::NAME, json!({"image": before, "name": self.name}))),
            // Another name of the same image: only the name goes.
            None => Some(Call::new("remove_image", json!({"image": self.name}))),
        }
    }
}

pub(crate) static TOOL: Changer<TagImage> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(image: &str, name: &str) -> TagImage {
        TagImage { image: Some(image.to_owned()), name: name.to_owned() }
    }

    #[test]
    fn says_its_command_and_how_to_take_it_back() {
        let tool = tag("web:1", "host:5000/web:2");
        assert_eq!(tool.command().to_string(), "docker tag web:1 host:5000/web:2");
        assert_eq!(tool.parts(), ("host:5000/web", "2"));
        assert_eq!(tag("web:1", "host:5000/web").parts(), ("host:5000/web", "latest"));
        let was = Preview { basis: json!({"before": "sha256:aa"}), ..Preview::default() };
        assert_eq!(tool.undo(&was).unwrap().to_string(), "tag_image image=sha256:aa name=host:5000/web:2");
        let new = Preview { basis: json!({"before": null}), ..Preview::default() };
        assert_eq!(tool.undo(&new).unwrap().to_string(), "remove_image image=host:5000/web:2");
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for tool in [tag("-f", "web:2"), tag("web", "-f"), tag("web", "Web"), tag("web", "web@sha256:00")] {
            assert!(tool.check().is_err());
        }
    }
}
