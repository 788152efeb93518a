//! `rollout_resume`: a paused Deployment rolls out what waited.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Target, check_arguments, make_edit, ownership_warnings, reference, try_edit, wait_for_rollout,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Resume the paused rollout of a Deployment: what was changed meanwhile reaches its pods.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutResume {
    /// Kind of the workload: deployment.
    kind: Option<String>,
    /// Name of the Deployment.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
}

impl Tool for RolloutResume {
    const NAME: &'static str = "rollout_resume";
    const PHRASES: &'static [&'static str] = &[
        "(resume|unpause|unfreeze|continue|reactivate|go on with|carry on with) [the] [paused|frozen|halted|suspended] [rolling] (rollout|rollouts|update|updates|deploy|deploys) (of|for|on|to|in) {object}",
        "(resume|unpause|unfreeze|continue|go on with|carry on with) [the] [paused|frozen|halted|suspended] {object} [rolling] (rollout|rollouts|update|updates|deploy|deploys)",
        "(resume|continue|go on with|carry on with) [the] (paused|frozen|halted|suspended) {object}",
        "(resume|continue) {object} deployment",
        "(resume|continue) deployment {object}",
        "(unpause|unfreeze) [the] [paused|frozen|halted|suspended] {object}",
        "(let|have|make) [the] [paused|frozen] {object} [rollout|rollouts] (continue|go on|proceed|carry on|resume) [again]",
        "(let|have) [the] [paused|frozen] (rollout|rollouts|update) (of|for) {object} (continue|go on|proceed|carry on|resume) [again]",
        "(allow|enable|permit) (rollouts|rollout) (of|for|on|to) {object} [again]",
        "rollout resume {object}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["rollout", "resume"])
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Rollout,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)
    }
}

impl RolloutResume {
    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        if target.resource.kind == "Deployment" {
            return Ok(target);
        }
        Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!("the rollout of {} cannot be resumed: only Deployments can", target.label()),
        )
        .next("name a Deployment")
        .into())
    }
}

fn change(object: &mut Value) -> Result<()> {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
        && spec.get("paused") == Some(&json!(true))
    {
        // Not paused is how the server writes it: the field is not there.
        spec.shift_remove("paused");
    }
    Ok(())
}

impl ChangeTool for RolloutResume {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let edit = try_edit(cluster, &target, change).await?;
        let label = edit.identity.label();
        let summary = if edit.same {
            format!("the rollout of {label} is not paused, so it goes on already")
        } else {
            format!("the rollout of {label} goes on: what was changed while it was paused reaches its pods")
        };
        let warnings = ownership_warnings(&edit.before, "spec.paused");
        Ok(edit.preview(summary, warnings, json!({})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        make_edit(&cluster, &target, approval, change).await?;
        Ok(Outcome::sentence(format!("the rollout of {} is resumed", target.label()))
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
        wait_for_rollout(cluster, &target, deadline, progress).await
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new("rollout_pause", serde_json::to_value(self).ok()?))
    }
}

pub(crate) static TOOL: Changer<RolloutResume> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_its_way_back() {
        let arguments = json!({"kind": "deployment", "name": "web", "namespace": "shop"});
        let bound = Call::new("rollout_resume", arguments).bind().unwrap();
        assert_eq!(bound.command().to_string(), "kubectl rollout resume deployment/web -n shop");
        assert_eq!(bound.undo(&Preview::default()).unwrap().tool, "rollout_pause");
    }

    #[test]
    fn only_the_pause_changes() {
        let mut object = json!({"spec": {"replicas": 2, "paused": true}});
        change(&mut object).unwrap();
        assert_eq!(object, json!({"spec": {"replicas": 2}}));
    }
}
