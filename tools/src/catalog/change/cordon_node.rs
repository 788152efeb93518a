//! `cordon_node`: no new pods onto a node; those that run there stay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{Query, check_arguments, make_edit, node_target, try_edit};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Take a node out of scheduling: no new pods are placed on it, those on it stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CordonNode {
    /// Always node.
    kind: Option<String>,
    /// Name of the node.
    name: Option<String>,
    /// Nodes live in no namespace.
    #[serde(skip)]
    namespace: Option<String>,
}

impl Tool for CordonNode {
    const NAME: &'static str = "cordon_node";
    const PHRASES: &'static [&'static str] = &[
        "cordon [off] {object}",
        "(mark|make|set) {object} [as|to] (unschedulable|not schedulable|non schedulable)",
        "stop scheduling [any|new|more|further] [pods|workloads|work|anything] (on|onto|to) {object}",
        "stop (placing|putting|starting) [any|new|more] (pods|workloads) (on|onto) {object}",
        "(never|no longer) (schedule|place|put|start) [any|new|more|further] (pods|workloads|work|anything) (on|onto|to) {object} [any more|anymore]",
        "(keep|hold) [any|all] [new|more] pods (off|away from|from|out of) {object}",
        "(prevent|block|forbid|stop) [any|new] pods from (landing|being scheduled|being placed|starting|running) on {object}",
        "(disable|turn off|switch off|block|close) scheduling (on|for|onto) {object}",
        "(take|pull) {object} out of (rotation|scheduling|the pool|the scheduling pool)",
        "no [new|more] pods (on|onto|for) {object}",
        "(close|block) {object} for [new] (pods|scheduling|workloads)",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl().arg("cordon").args(self.name.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Node,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), None, None)
    }
}

fn change(node: &mut Value) -> Result<()> {
    if let Some(node) = node.as_object_mut() {
        let spec = node.entry("spec").or_insert_with(|| json!({}));
        if let Some(spec) = spec.as_object_mut() {
            spec.insert("unschedulable".to_owned(), json!(true));
        }
    }
    Ok(())
}

/// Whether a node takes pods: ready, and not taken out already.
fn takes_pods(node: &Value) -> bool {
    let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
    node.pointer("/spec/unschedulable").and_then(Value::as_bool) != Some(true)
        && conditions.into_iter().flatten().any(|condition| {
            condition.get("type").and_then(Value::as_str) == Some("Ready")
                && condition.get("status").and_then(Value::as_str) == Some("True")
        })
}

impl ChangeTool for CordonNode {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = node_target(cluster, self.kind.as_deref(), self.name.as_deref()).await?;
        let edit = try_edit(cluster, &target, change).await?;
        let summary = if edit.same {
            format!("node {} takes no new pods already", target.name)
        } else {
            format!("node {} takes no new pods; those that run on it stay", target.name)
        };
        let nodes = cluster.objects(&target.resource, &Query::default()).await.unwrap_or_default();
        let others = nodes.iter().filter(|node| {
            takes_pods(node) && node.pointer("/metadata/name").and_then(Value::as_str) != Some(&target.name)
        });
        let warnings = if others.count() == 0 {
            vec!["it is the only node that takes pods: until it does again, new ones wait".to_owned()]
        } else {
            Vec::new()
        };
        Ok(edit.preview(summary, warnings, json!({})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = node_target(&cluster, self.kind.as_deref(), self.name.as_deref()).await?;
        make_edit(&cluster, &target, approval, change).await?;
        Ok(Outcome::sentence(format!("node {} takes no new pods", target.name))
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
        let target = node_target(cluster, self.kind.as_deref(), self.name.as_deref()).await?;
        let (node, _) = target.read(cluster).await?;
        let closed = node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true);
        Ok(if closed {
            Verification::Confirmed(format!("node {} takes no new pods", target.name))
        } else {
            Verification::Failed(format!("somebody else opened node {} again", target.name))
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new("uncordon_node", serde_json::to_value(self).ok()?))
    }
}

pub(crate) static TOOL: Changer<CordonNode> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_its_way_back() {
        let bound = Call::new("cordon_node", json!({"name": "node1"})).bind().unwrap();
        assert_eq!(bound.command().to_string(), "kubectl cordon node1");
        assert_eq!(bound.undo(&Preview::default()).unwrap().tool, "uncordon_node");
        assert!(Call::new("cordon_node", json!({"name": "--all"})).bind().unwrap().check().is_err());
    }

    #[test]
    fn there_and_back() {
        let mut node = json!({"spec": {"podCIDR": "10.0.0.0/24"}});
        change(&mut node).unwrap();
        assert_eq!(node, json!({"spec": {"podCIDR": "10.0.0.0/24", "unschedulable": true}}));
    }
}
