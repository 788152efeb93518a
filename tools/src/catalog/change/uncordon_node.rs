//! `uncordon_node`: a node takes new pods again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{check_arguments, make_edit, node_target, try_edit};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Put a node back into scheduling: new pods may be placed on it again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UncordonNode {
    /// Always node.
    kind: Option<String>,
    /// Name of the node.
    name: Option<String>,
    /// Nodes live in no namespace.
    #[serde(skip)]
    namespace: Option<String>,
}

impl Tool for UncordonNode {
    const NAME: &'static str = "uncordon_node";
    const PHRASES: &'static [&'static str] = &[
        "uncordon {object}",
        "(let|allow|have|make) {object} [to] (take|accept|run|get|have|receive|host) [new|more] (pods|workloads|work) [again]",
        "(mark|make|set) {object} [as|to] schedulable [again]",
        "(allow|enable|re-enable|reenable|resume|restart|start|turn on|permit) scheduling [of] [new] [pods|workloads] (on|onto|for|to) {object} [again]",
        "(allow|let) [new] (pods|workloads) (on|onto|back on|to run on|run on|be scheduled on|to be scheduled on) {object} [again]",
        "(schedule|place|put) [new] (pods|workloads) (on|onto) {object} again",
        "(put|bring|take) {object} back (in|into|to) [the] (rotation|service|scheduling|use|pool|scheduling pool)",
        "(open|reopen|unblock) {object} [up] for [new] (pods|scheduling|workloads) [again]",
        "{object} (may|can|should) (take|accept|run) [new] pods again",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl().arg("uncordon").args(self.name.as_deref())
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
    if let Some(spec) = node.get_mut("spec").and_then(Value::as_object_mut) {
        spec.shift_remove("unschedulable");
    }
    Ok(())
}

impl ChangeTool for UncordonNode {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = node_target(cluster, self.kind.as_deref(), self.name.as_deref()).await?;
        let edit = try_edit(cluster, &target, change).await?;
        let summary = if edit.same {
            format!("node {} takes new pods already", target.name)
        } else {
            format!("node {} takes new pods again", target.name)
        };
        let warnings = Vec::new();
        Ok(edit.preview(summary, warnings, json!({})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = node_target(&cluster, self.kind.as_deref(), self.name.as_deref()).await?;
        make_edit(&cluster, &target, approval, change).await?;
        Ok(Outcome::sentence(format!("node {} takes new pods again", target.name))
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
        Ok(if !closed {
            Verification::Confirmed(format!("node {} takes new pods", target.name))
        } else {
            Verification::Failed(format!("somebody else took node {} out of scheduling again", target.name))
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new("cordon_node", serde_json::to_value(self).ok()?))
    }
}

pub(crate) static TOOL: Changer<UncordonNode> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_its_way_back() {
        let bound = Call::new("uncordon_node", json!({"name": "node1"})).bind().unwrap();
        assert_eq!(bound.command().to_string(), "kubectl uncordon node1");
        assert_eq!(bound.undo(&Preview::default()).unwrap().tool, "cordon_node");
        assert!(Call::new("uncordon_node", json!({"name": "--all"})).bind().unwrap().check().is_err());
    }

    #[test]
    fn there_and_back() {
        let mut node = json!({"spec": {"podCIDR": "10.0.0.0/24", "unschedulable": true}});
        change(&mut node).unwrap();
        assert_eq!(node, json!({"spec": {"podCIDR": "10.0.0.0/24"}}));
    }
}
