//! `scale`: how many pods of a workload run.

use kube::api::{Patch, PatchParams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{FIELD_MANAGER, difference, wait_for_rollout};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Change how many pods of a workload run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scale {
    /// Kind of the workload: deployment, statefulset or replicaset.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// How many pods to run; 0 stops it.
    replicas: u32,
}

impl Tool for Scale {
    const NAME: &'static str = "scale";
    const PHRASES: &'static [&'static str] = &[
        "scale [up|down] {object} [up|down] (to|at) {replicas:count} [replicas|pods|instances|copies]",
        "scale {object} [up|down] {replicas:count}",
        "(give|set) {object} [to] {replicas:count} (replicas|pods|instances|copies)",
        "(set|change|make|put) [the] (replicas|replica count|number of replicas|number of pods) (of|for|on) {object} [to] {replicas:count}",
        "(bump|raise|increase|grow|reduce|lower|shrink|decrease) {object} [up|down] to {replicas:count} [replicas|pods|instances]",
        "{object} replicas {replicas:count}",
        "(run|need|want) {replicas:count} (replicas|pods|instances|copies) of {object}",
        "(need|want|run) {replicas:count} {object}",
        "(take|bring|turn|scale) {object} down to (zero|nothing) => replicas=0",
        "scale [up|down] {object} [up|down]",
    ];

    fn effect(&self) -> Effect {
        if self.replicas == 0 { Effect::Destroy } else { Effect::Change }
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("scale")
            .arg(crate::kubernetes::reference(self.kind.as_deref(), self.name.as_deref()))
            .option("--replicas", Some(self.replicas))
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Scalable,
            required: true,
        })]
    }
}

impl Scale {
    fn patch(&self) -> Value {
        json!({"spec": {"replicas": self.replicas}})
    }
}

impl ChangeTool for Scale {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        let (before, identity) = target.read(cluster).await?;
        let after = target.dry_run(cluster, &Patch::Merge(self.patch())).await?;
        let now = before.pointer("/spec/replicas").and_then(Value::as_u64).ok_or_else(|| {
            Feedback::new(ErrorKind::InvalidArguments, format!("{} has no replica count", identity.label()))
                .next("scale a Deployment, StatefulSet or ReplicaSet")
        })?;
        let same = now == u64::from(self.replicas);
        let mut warnings = crate::kubernetes::ownership_warnings(&before, "spec.replicas");
        if self.replicas == 0 {
            warnings.push("nothing serves while it has no pods".to_owned());
        }
        Ok(Preview {
            summary: if same {
                format!("{} already has {now} replicas", identity.label())
            } else {
                format!("{} goes from {now} to {} replicas", identity.label(), self.replicas)
            },
            nothing_to_do: same,
            confirm_name: (self.replicas == 0).then(|| identity.name.clone()),
            namespace: identity.namespace.clone(),
            warnings,
            changes: vec![ObjectChange {
                difference: difference(Some(&before), Some(&after)),
                action: if same { Action::Unchanged } else { Action::Update },
                object: identity,
            }],
            basis: json!({"replicas": now}),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        target.unchanged_since(&cluster, approval.preview()).await?;
        let api = target.api(&cluster);
        let parameters =
            PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        cluster
            .ask(
                &format!("scale {}", target.label()),
                api.patch(&target.name, &parameters, &Patch::Merge(self.patch())),
            )
            .await?;
        Ok(Outcome::sentence(format!("{} is set to {} replicas", target.label(), self.replicas))
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
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        wait_for_rollout(cluster, &target, deadline, progress).await
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let replicas = shown.basis.get("replicas")?.as_u64()?;
        let mut back = self.clone();
        back.replicas = u32::try_from(replicas).ok()?;
        Some(Call::new(Self::NAME, serde_json::to_value(back).ok()?))
    }
}

pub(crate) static TOOL: Changer<Scale> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_everything_is_destroying() {
        let bound = Call::new(
            "scale",
            json!({"kind": "deployment", "name": "web", "namespace": "shop", "replicas": 0}),
        )
        .bind()
        .unwrap();
        assert_eq!(bound.effect(), Effect::Destroy);
        assert_eq!(bound.command().to_string(), "kubectl scale deployment/web --replicas=0 -n shop");
    }

    #[test]
    fn a_negative_count_is_no_count() {
        assert!(Call::new("scale", json!({"name": "web", "replicas": -2})).bind().is_err());
    }
}
