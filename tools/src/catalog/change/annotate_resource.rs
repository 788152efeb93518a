//! `annotate_resource`: annotations of any object, set or taken away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{
    Cluster, Markings, Target, check_arguments, make_edit, ownership_warnings, reference, try_edit,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Set or remove annotations of an object of any kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnotateResource {
    /// Kind of the object.
    kind: Option<String>,
    /// Name of the object.
    name: Option<String>,
    /// Its namespace, for kinds that have one.
    namespace: Option<String>,
    /// Annotations to set, each as key=value.
    #[serde(default)]
    annotations: Vec<String>,
    /// Keys of annotations to remove.
    #[serde(default)]
    remove: Vec<String>,
}

impl Tool for AnnotateResource {
    const NAME: &'static str = "annotate_resource";
    const PHRASES: &'static [&'static str] = &[
        "annotate {object} [with|as|by] [the] [annotation] {annotations:label}",
        "annotate {object} [with|as|by] [the] [annotations] {annotations:label} [and] {annotations:label}",
        "annotate {object} [with|as|by] [the] [annotations] {annotations:label} {annotations:label} [and] {annotations:label}",
        "(add|put|set|attach|apply|stick|write) [the|a|an|another] (annotation|annotations|note) {annotations:label} [and] [{annotations:label}] (to|on|onto|for|at) {object}",
        "(give|set) {object} [the|a|an|another] (annotation|annotations) {annotations:label} [and] [{annotations:label}]",
        "{object} (should|must|shall|needs to) (have|carry|get) [the] (annotation|annotations) {annotations:label}",
        "(set|change|update|switch) [the] annotation {key:word} (of|on|for) {object} [from {_:any}] to {value:value} => annotations={key}={value}",
        "(set|change|update|switch) [the] {key:word} annotation (of|on|for) {object} [from {_:any}] to {value:value} => annotations={key}={value}",
        "(add|put|set|attach) [the|an] annotation {key:word} (with value|with the value|=|as) {value:value} (to|on|onto) {object} => annotations={key}={value}",
        "annotate {object} (with|as) {key:word} (set to|=|with value|with the value) {value:value} => annotations={key}={value}",
        "(remove|delete|drop|unset|take|strip|clear|get rid of) [the] (annotation|annotations) {remove:word} [and] [{remove:word}] [away|off] (from|off|of|on) {object}",
        "(remove|delete|drop|unset|take|strip|clear|get rid of) [the] {remove:word} annotation [away|off] (from|off|of|on) {object}",
        "annotate {object} {remove:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("annotate")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .args(&self.annotations)
            // `tier-` may have been said as kubectl takes it.
            .args(self.remove.iter().map(|key| format!("{}-", key.trim_end_matches('-'))))
            .flag_if(!self.annotations.is_empty(), "--overwrite")
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        for key in &mut self.remove {
            *key = key.trim_end_matches('-').to_owned();
        }
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Any,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        Markings::Annotations.check(&self.annotations, &self.remove)
    }
}

impl AnnotateResource {
    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    fn change(&self) -> impl Fn(&mut Value) -> Result<()> {
        |object| {
            Markings::Annotations.change(object, &self.annotations, &self.remove);
            Ok(())
        }
    }
}

impl ChangeTool for AnnotateResource {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let edit = try_edit(cluster, &target, self.change()).await?;
        let label = edit.identity.label();
        let summary = Markings::Annotations.summary(&label, &edit.before, &self.annotations, &self.remove);
        let warnings = ownership_warnings(&edit.before, "its annotations");
        let (set, absent) = Markings::Annotations.before(&edit.before, &self.annotations, &self.remove);
        Ok(edit.preview(summary, warnings, json!({"set": set, "absent": absent})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        make_edit(&cluster, &target, approval, self.change()).await?;
        Ok(Outcome::sentence(format!("the annotations of {} are changed", target.label()))
            .undo(self.undo(approval.preview())))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let (object, _) = target.read(cluster).await?;
        let mut wanted = object.clone();
        Markings::Annotations.change(&mut wanted, &self.annotations, &self.remove);
        Ok(if wanted == object {
            Verification::Confirmed(format!("{} has its annotations as asked", target.label()))
        } else {
            Verification::Failed(format!(
                "{} does not have its annotations as asked: somebody else set them again",
                target.label()
            ))
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let list = |key: &str| serde_json::from_value(shown.basis.get(key)?.clone()).ok();
        let back = Self { annotations: list("set")?, remove: list("absent")?, ..self.clone() };
        Some(Call::new(Self::NAME, serde_json::to_value(back).ok()?))
    }
}

pub(crate) static TOOL: Changer<AnnotateResource> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(annotations: &[&str], remove: &[&str]) -> AnnotateResource {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        AnnotateResource {
            kind: Some("service".into()),
            name: Some("web".into()),
            namespace: Some("shop".into()),
            annotations: texts(annotations),
            remove: texts(remove),
        }
    }

    #[test]
    fn says_its_command() {
        assert_eq!(
            of(&["note=two words"], &["tier"]).command().to_string(),
            "kubectl annotate service/web 'note=two words' tier- --overwrite -n shop"
        );
        assert_eq!(of(&[], &["tier"]).command().to_string(), "kubectl annotate service/web tier- -n shop");
    }

    #[test]
    fn undoing_is_the_same_tool_the_other_way_round() {
        let shown = Preview { basis: json!({"set": ["team=old"], "absent": ["new"]}), ..Preview::default() };
        let back = of(&["team=web", "new=1"], &[]).undo(&shown).unwrap();
        assert_eq!(back.arguments["annotations"], json!(["team=old"]));
        assert_eq!(back.arguments["remove"], json!(["new"]));
    }
}
