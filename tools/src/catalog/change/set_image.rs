//! `set_image`: another image, or another version of the same, for a container of a workload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::docker::reference::is_reference;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Target, WhichContainer, check_arguments, check_name, container, container_mut, make_edit,
    ownership_warnings, reference, said_container, template_waits, try_edit, wait_for_template,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Change the image that a container of a workload runs; new pods replace the old ones.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetImage {
    /// Kind of the workload: deployment, statefulset, daemonset or cronjob.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// The image, such as shop/web:1.4; :1.4 alone keeps the image and changes its tag.
    image: String,
    /// Which container, when there are several.
    container: Option<String>,
}

impl Tool for SetImage {
    const NAME: &'static str = "set_image";
    const PHRASES: &'static [&'static str] = &[
        "(set|change|update|switch|bump|upgrade|move|roll|point|downgrade|make|replace) [the] [container] image (of|for|on|in|used by) {object} [from {_:any}] [up|over|back] (to|with|=) {image:image}",
        "(set|change|update|switch|bump|upgrade|move|roll|point|downgrade|replace) [the] {object} [container] image [from {_:any}] [up|over|back|forward] (to|with|=) {image:image}",
        "(set|change|update|switch|bump|upgrade|move|roll|point|downgrade) {object} [up|over|back] (to|onto) [the] image {image:image}",
        "(set|change|update|switch|bump|upgrade|move|roll|point|downgrade|take|bring) {object} [from {_:any}] [up|over|back|forward] (to|onto) {image:tagged}",
        "(upgrade|downgrade|update|bump) {object} [from {_:any}] [up|back] to {image:image}",
        "point {object} (at|to) [image] {image:tagged}",
        "(use|run|deploy|ship|release|roll out|put|try|push out|rollout) [the] [new] [image] {image:tagged} (for|on|in|to|onto|into|with|as) {object}",
        "(use|run|deploy|put|try) [the] [new] image {image:image} (for|on|in|to|onto|into|with) {object}",
        "(run|deploy|redeploy) {object} (with|from|using|on) [the] [new] image {image:image}",
        "(run|deploy|redeploy) {object} (with|from|using|on) {image:tagged}",
        "{object} (should|must|shall|has to|needs to|ought to) (run|use|be on|be running|be using|get) [the] [image] {image:tagged}",
        "(make|let|have) {object} (run|use) [the] [image] {image:tagged}",
        "{object} image [to|=] {image:tagged}",
        "set image {object} {image:assignment}",
        "set image {object} {image:tagged}",
        "(upgrade|update|bump|switch|move|roll|set|change|downgrade|take|bring) {object} [up|over|back|forward] (to|onto) [the] [image] (version|tag|release) {tag:word} => image=:{tag}",
        "(set|change|update|bump|switch|upgrade|downgrade) [the] [image] (tag|version) (of|for|on) {object} [image] [up|back] to {tag:word} => image=:{tag}",
        "(set|change|update|bump|switch|upgrade|downgrade) [the] {object} [image] (tag|version) [up|back] to {tag:word} => image=:{tag}",
        "(deploy|ship|release|roll out|run|use) [the] (version|tag|release) {tag:word} (of|for|to|on|in) {object} => image=:{tag}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(in|on|of|for) [the] {container:word} container",
        "(in|on|of|for) [the] container {container:word}",
        "(-c|--container) {container:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["set", "image"])
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .arg(format!("{}={}", self.container.as_deref().unwrap_or("*"), self.image))
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        self.split();
        vec![Slot::Inside {
            object: ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: None,
                accepts: ObjectAccepts::Template,
                required: true,
            },
            inside: Box::new(WhichContainer { container: &mut self.container, image: Some(&mut self.image) }),
        }]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        if let Some(container) = &self.container {
            check_name("container", container)?;
        }
        // A tag alone is completed when the object is found.
        let whole = self.image.strip_prefix(':').map_or_else(|| self.image.clone(), |tag| format!("x:{tag}"));
        let image = whole.rsplit('=').next().unwrap_or_default();
        if !is_reference(image) {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{:?} is not the name of an image", self.image),
            )
            .next("write it like web:1.4 or registry.example.com/team/web:1.4, in lower case")
            .into());
        }
        Ok(())
    }
}

/// Whether a word is a version and no image: `v2`, `1.4.2`, `2.0-rc1`.
fn is_version(word: &str) -> bool {
    let number = word.strip_prefix('v').unwrap_or(word);
    number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

impl SetImage {
    /// `web=shop/web:1.4`, as kubectl takes it, names the container too; a version alone is a tag.
    fn split(&mut self) {
        if let Some((container, image)) = self.image.clone().split_once('=') {
            self.container = (container != "*").then(|| container.to_owned());
            self.image = image.to_owned();
        } else if is_version(&self.image) {
            self.image = format!(":{}", self.image);
        }
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    fn change<'s>(&'s self, container: &'s str) -> impl Fn(&mut Value) -> Result<()> + 's {
        move |object| {
            if let Some(fields) = container_mut(object, container)?.as_object_mut() {
                fields.insert("image".to_owned(), json!(self.image));
            }
            Ok(())
        }
    }

    fn warnings(&self, object: &Value) -> Vec<String> {
        let mut warnings = ownership_warnings(object, "the image");
        if let Some(why) = template_waits(object) {
            warnings.push(why.to_owned());
        }
        let name = self.image.rsplit('/').next().unwrap_or_default();
        if !self.image.contains('@') && (!name.contains(':') || name.ends_with(":latest")) {
            warnings.push(
                "the tag latest may be another image tomorrow; a version says which one runs".to_owned(),
            );
        }
        warnings
    }
}

impl ChangeTool for SetImage {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let name = said_container(self.container.as_deref())?;
        let edit = try_edit(cluster, &target, self.change(name)).await?;
        let now = container(&edit.before, name)
            .and_then(|container| container.get("image"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let label = edit.identity.label();
        let summary = if edit.same {
            format!("container {name} of {label} already has {now}")
        } else {
            format!("container {name} of {label} goes from {now} to {}", self.image)
        };
        let warnings = self.warnings(&edit.before);
        Ok(edit.preview(summary, warnings, json!({"image": now})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let name = said_container(self.container.as_deref())?;
        make_edit(&cluster, &target, approval, self.change(name)).await?;
        Ok(Outcome::sentence(format!("container {name} of {} is set to {}", target.label(), self.image))
            .undo(self.undo(approval.preview())))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        wait_for_template(cluster, &target, deadline, progress).await
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let mut back = self.clone();
        shown.basis.get("image")?.as_str()?.clone_into(&mut back.image);
        Some(Call::new(Self::NAME, serde_json::to_value(back).ok()?))
    }
}

pub(crate) static TOOL: Changer<SetImage> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(image: &str) -> SetImage {
        SetImage {
            kind: Some("deployment".into()),
            name: Some("web".into()),
            namespace: Some("shop".into()),
            image: image.into(),
            container: None,
        }
    }

    #[test]
    fn says_its_command() {
        let mut tool = of("shop/web:1.4");
        tool.container = Some("web".into());
        assert_eq!(tool.command().to_string(), "kubectl set image deployment/web web=shop/web:1.4 -n shop");
        assert_eq!(tool.effect(), Effect::Change);
    }

    #[test]
    fn containers_and_versions_are_told_from_images() {
        let mut tool = of("proxy=envoy:1.30");
        tool.split();
        assert_eq!((tool.container.as_deref(), tool.image.as_str()), (Some("proxy"), "envoy:1.30"));
        for (said, meant) in [("v2", ":v2"), ("1.4.2", ":1.4.2"), ("redis", "redis"), ("web:2", "web:2")] {
            let mut tool = of(said);
            tool.split();
            assert_eq!(tool.image, meant);
        }
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for image in ["", "-t", "Web:1", "a b", "web:", ":", ":-x"] {
            assert!(of(image).check().is_err(), "{image}");
        }
        for image in [":1.4", "web", "registry.local:5000/web:2", "web=web:2"] {
            assert!(of(image).check().is_ok(), "{image}");
        }
    }

    #[test]
    fn undoing_gives_the_image_before() {
        let shown = Preview { basis: json!({"image": "web:1"}), ..Preview::default() };
        assert_eq!(of("web:2").undo(&shown).unwrap().arguments["image"], "web:1");
    }
}
