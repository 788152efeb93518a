//! `label_resource`: labels of any object, set or taken away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{
    Cluster, Markings, Target, check_arguments, controlling_owner, make_edit, ownership_warnings, reference,
    try_edit,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Set or remove labels of an object of any kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelResource {
    /// Kind of the object.
    kind: Option<String>,
    /// Name of the object.
    name: Option<String>,
    /// Its namespace, for kinds that have one.
    namespace: Option<String>,
    /// Labels to set, each as key=value.
    #[serde(default)]
    labels: Vec<String>,
    /// Keys of labels to remove.
    #[serde(default)]
    remove: Vec<String>,
}

impl Tool for LabelResource {
    const NAME: &'static str = "label_resource";
    const PHRASES: &'static [&'static str] = &[
        "(label|mark|tag) {object} [with|as|by] [the] [label] {labels:label}",
        "(label|mark|tag) {object} [with|as|by] [the] [labels] {labels:label} [and] {labels:label}",
        "(label|mark|tag) {object} [with|as|by] [the] [labels] {labels:label} {labels:label} [and] {labels:label}",
        "(add|put|set|attach|apply|stick|assign) [the|a|an|another] (label|labels|kubernetes label) {labels:label} [and] [{labels:label}] (to|on|onto|for|at) {object}",
        "(give|set) {object} [the|a|an|another] (label|labels) {labels:label} [and] [{labels:label}]",
        "{object} (should|must|shall|needs to) (have|carry|get) [the] (label|labels) {labels:label} [and] [{labels:label}]",
        "(set|change|update|switch) [the] label {key:word} (of|on|for) {object} [from {_:any}] to {value:value} => labels={key}={value}",
        "(set|change|update|switch) [the] {key:word} label (of|on|for) {object} [from {_:any}] to {value:value} => labels={key}={value}",
        "(add|put|set|attach) [the|a] label {key:word} (with value|with the value|=|as) {value:value} (to|on|onto) {object} => labels={key}={value}",
        "(remove|delete|drop|unset|take|strip|clear|get rid of) [the] (label|labels) {remove:word} [and] [{remove:word}] [away|off] (from|off|of|on) {object}",
        "(remove|delete|drop|unset|take|strip|clear|get rid of) [the] {remove:word} label [away|off] (from|off|of|on) {object}",
        "unlabel {object} {remove:word}",
        "(take|strip) {object} [of] [the] label {remove:word}",
        "label {object} {remove:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("label")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .args(&self.labels)
            // `tier-` may have been said as kubectl takes it.
            .args(self.remove.iter().map(|key| format!("{}-", key.trim_end_matches('-'))))
            .flag_if(!self.labels.is_empty(), "--overwrite")
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
        Markings::Labels.check(&self.labels, &self.remove)
    }
}

impl LabelResource {
    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    fn change(&self) -> impl Fn(&mut Value) -> Result<()> {
        |object| {
            Markings::Labels.change(object, &self.labels, &self.remove);
            Ok(())
        }
    }

    fn warnings(&self, object: &Value) -> Vec<String> {
        let mut warnings = ownership_warnings(object, "its labels");
        let keys: Vec<&str> = self
            .labels
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, _)| key)
            .chain(self.remove.iter().map(String::as_str))
            .collect();
        if object.get("kind").and_then(Value::as_str) == Some("Pod") && controlling_owner(object).is_some() {
            warnings.push(
                "a pod that its controller or a Service no longer selects by its labels is left alone by them; \
                 labels that should last belong into the workload"
                    .to_owned(),
            );
        }
        let reserved = ["app.kubernetes.io/managed-by", "meta.helm.sh/", "kubernetes.io/hostname"];
        if let Some(key) = keys.iter().find(|key| reserved.iter().any(|start| key.starts_with(start))) {
            warnings.push(format!("other programs rely on {key}"));
        }
        warnings
    }
}

impl ChangeTool for LabelResource {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let edit = try_edit(cluster, &target, self.change()).await?;
        let label = edit.identity.label();
        let summary = Markings::Labels.summary(&label, &edit.before, &self.labels, &self.remove);
        let warnings = self.warnings(&edit.before);
        let (set, absent) = Markings::Labels.before(&edit.before, &self.labels, &self.remove);
        Ok(edit.preview(summary, warnings, json!({"set": set, "absent": absent})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        make_edit(&cluster, &target, approval, self.change()).await?;
        Ok(Outcome::sentence(format!("the labels of {} are changed", target.label()))
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
        Markings::Labels.change(&mut wanted, &self.labels, &self.remove);
        Ok(if wanted == object {
            Verification::Confirmed(format!("{} has its labels as asked", target.label()))
        } else {
            Verification::Failed(format!(
                "{} does not have its labels as asked: somebody else set them again",
                target.label()
            ))
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let list = |key: &str| serde_json::from_value(shown.basis.get(key)?.clone()).ok();
        let back = Self { labels: list("set")?, remove: list("absent")?, ..self.clone() };
        Some(Call::new(Self::NAME, serde_json::to_value(back).ok()?))
    }
}

pub(crate) static TOOL: Changer<LabelResource> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[&str], remove: &[&str]) -> LabelResource {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        LabelResource {
            kind: Some("service".into()),
            name: Some("web".into()),
            namespace: Some("shop".into()),
            labels: texts(labels),
            remove: texts(remove),
        }
    }

    #[test]
    fn says_its_command() {
        assert_eq!(
            of(&["team=web"], &["tier"]).command().to_string(),
            "kubectl label service/web team=web tier- --overwrite -n shop"
        );
        assert_eq!(of(&[], &["tier"]).command().to_string(), "kubectl label service/web tier- -n shop");
    }

    #[test]
    fn undoing_is_the_same_tool_the_other_way_round() {
        let shown = Preview { basis: json!({"set": ["team=old"], "absent": ["new"]}), ..Preview::default() };
        let back = of(&["team=web", "new=1"], &[]).undo(&shown).unwrap();
        assert_eq!(back.arguments["labels"], json!(["team=old"]));
        assert_eq!(back.arguments["remove"], json!(["new"]));
    }

    #[test]
    fn a_pod_of_a_controller_is_warned_about() {
        let pod = json!({"kind": "Pod", "metadata": {"ownerReferences": [{"controller": true, "kind": "ReplicaSet", "name": "x"}]}});
        assert_eq!(of(&["a=b"], &[]).warnings(&pod).len(), 2);
        assert!(of(&["a=b"], &[]).warnings(&json!({"kind": "Service"})).is_empty());
    }
}
