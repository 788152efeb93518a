//! `rollout_pause`: changes to a Deployment reach its pods only when its rollout is resumed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Target, check_arguments, make_edit, ownership_warnings, reference, try_edit,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Pause the rollout of a Deployment: later changes of it wait until it is resumed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutPause {
    /// Kind of the workload: deployment.
    kind: Option<String>,
    /// Name of the Deployment.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
}

impl Tool for RolloutPause {
    const NAME: &'static str = "rollout_pause";
    const PHRASES: &'static [&'static str] = &[
        "(pause|freeze|halt|hold|suspend|interrupt) [all] [the] [rolling] (rollout|rollouts|update|updates|deploy|deploys|change|changes) (of|for|on|to|in) {object}",
        "(pause|freeze|halt|hold|suspend|interrupt) {object} [rolling] (rollout|rollouts|update|updates|deploy|deploys)",
        "(pause|freeze) {object}",
        "(stop|block|hold back) [all|further|any] [the] [rolling] (rollout|rollouts) (of|for|on|to) {object}",
        "(stop|block) {object} (rollout|rollouts)",
        "(put) [the] [rollout of] {object} [rollout|rollouts] on (hold|pause|ice)",
        "rollout pause {object}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["rollout", "pause"])
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

impl RolloutPause {
    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        if target.resource.kind == "Deployment" {
            return Ok(target);
        }
        Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!("the rollout of {} cannot be paused: only Deployments can", target.label()),
        )
        .next("name a Deployment")
        .into())
    }
}

fn change(object: &mut Value) -> Result<()> {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("paused".to_owned(), json!(true));
    }
    Ok(())
}

impl ChangeTool for RolloutPause {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let edit = try_edit(cluster, &target, change).await?;
        let label = edit.identity.label();
        let summary = if edit.same {
            format!("the rollout of {label} is paused already")
        } else {
            format!(
                "the rollout of {label} pauses: its pods go on as they are, and changes wait until it is resumed"
            )
        };
        let warnings = ownership_warnings(&edit.before, "spec.paused");
        Ok(edit.preview(summary, warnings, json!({})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        make_edit(&cluster, &target, approval, change).await?;
        Ok(Outcome::sentence(format!("the rollout of {} is paused", target.label()))
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
        let paused = object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true);
        Ok(if paused {
            Verification::Confirmed(format!("the rollout of {} is paused", target.label()))
        } else {
            Verification::Failed(format!("somebody else resumed the rollout of {}", target.label()))
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new("rollout_resume", serde_json::to_value(self).ok()?))
    }
}

pub(crate) static TOOL: Changer<RolloutPause> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_its_way_back() {
        let arguments = json!({"kind": "deployment", "name": "web", "namespace": "shop"});
        let bound = Call::new("rollout_pause", arguments).bind().unwrap();
        assert_eq!(bound.command().to_string(), "kubectl rollout pause deployment/web -n shop");
        assert_eq!(bound.undo(&Preview::default()).unwrap().tool, "rollout_resume");
    }

    #[test]
    fn only_the_pause_changes() {
        let mut object = json!({"spec": {"replicas": 2}});
        change(&mut object).unwrap();
        assert_eq!(object, json!({"spec": {"replicas": 2, "paused": true}}));
    }
}
