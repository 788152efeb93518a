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
use crate::kubernetes::{
    Cluster, FIELD_MANAGER, HowMany, Replicas, Target, autoscaler_of, difference, ownership_warnings,
    reference, wait_for_replicas,
};
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
    /// How many pods to run, or a change of it such as +2, x2 or -50%; 0 stops it.
    replicas: Replicas,
}

impl Tool for Scale {
    const NAME: &'static str = "scale";
    const PHRASES: &'static [&'static str] = &[
        "scale [up|down] {object} [from {_:any}] [up|down|out|in] (to|at) {replicas:count} [replicas|pods|instances|copies]",
        "scale [up|down] {object} [up|down] {replicas:count} [replicas|pods|instances|copies]",
        "(give|set) {object} [to|at] {replicas:count} (replicas|pods|instances|copies)",
        "(set|change|make|put|bring|get) [the] (replicas|replica count|scale|number of replicas|number of pods|number of instances|pod count) (of|for|on) {object} [up|down] [to|at] {replicas:count}",
        "(bump|raise|increase|grow|reduce|lower|shrink|decrease|drop|cut|bring|take) [the] (replicas|replica count|number of replicas|number of pods|number of instances) (of|for|on) {object} [up|down] to {replicas:count}",
        "(bump|raise|increase|grow|reduce|lower|shrink|decrease|set|change) [the] [number of] {object} (replicas|replica count|pods|instances) [up|down] to {replicas:count}",
        "(bump|raise|increase|grow|reduce|lower|shrink|decrease|bring|take) {object} [from {_:any}] [up|down] to {replicas:count} [replicas|pods|instances|copies]",
        "{object} replicas {replicas:count}",
        "{object} (to|at|=) {replicas:count} (replicas|pods|instances|copies)",
        "{object} (should|must|shall|needs to|has to|ought to) (have|run|be at|be running|run with|get) {replicas:count} [replicas|pods|instances|copies]",
        "(make|have|let|get|keep) {object} (run|running|run with|at) {replicas:count} [replicas|pods|instances|copies]",
        "make it so [that] {object} (runs|has|have|run) {replicas:count} [replicas|pods|instances|copies]",
        "(run|need|want|have|keep) {replicas:count} (replicas|pods|instances|copies) of {object}",
        "(run|keep) {object} (with|at|on) {replicas:count} (replicas|pods|instances|copies)",
        "(need|want|run) {replicas:count} {object}",
        "(take|bring|turn|scale|shut) {object} down to (zero|nothing|no replicas|no pods|zero replicas|zero pods) => replicas=0",
        "double [the] [number of] {object} [pods|replicas|instances] => replicas=x2",
        "double [the] (replicas|replica count|number of replicas|number of pods|pods|instances) (of|for|in) {object} => replicas=x2",
        "triple [the] [number of] {object} [pods|replicas|instances] => replicas=x3",
        "triple [the] (replicas|replica count|number of replicas|number of pods|pods|instances) (of|for|in) {object} => replicas=x3",
        "quadruple [the] [number of] {object} [pods|replicas|instances] => replicas=x4",
        "(halve|half) [the] [number of] {object} [pods|replicas|instances] => replicas=/2",
        "(halve|half|cut in half) [the] (replicas|replica count|number of replicas|number of pods|pods|instances) (of|for|in) {object} => replicas=/2",
        "(cut|reduce|shrink|lower|decrease|scale down) [the] [number of] {object} [replicas|pods|instances] (in half|by half|by a half) => replicas=/2",
        "(remove|take away|take|drop|stop) {less:count} (replicas|replica|pods|pod|instances|instance|copies|copy) (from|of|off) {object} => replicas=-{less}",
        "(run|have|want|need|give|make|use|scale [up] to|scale) (twice|double) [as many] [replicas|pods|instances] [of|for|as many] {object} [replicas|pods] => replicas=x2",
        "(scale|bring|bump) {object} [up] to (twice|double) [the|as many|its] [number|current] [of] [replicas|pods|size] => replicas=x2",
        "(scale up|scale out|increase|grow|raise|bump|bump up|enlarge) [the] [number of] {object} [replicas|pods|instances] by {more:percent} => replicas=+{more}%",
        "scale {object} by {more:percent} => replicas=+{more}%",
        "scale {object} (up|out) by {more:percent} => replicas=+{more}%",
        "(increase|grow|raise|bump) [the] (replicas|replica count|number of replicas|number of pods) (of|for) {object} by {more:percent} => replicas=+{more}%",
        "(scale down|scale in|decrease|shrink|reduce|lower|cut) [the] [number of] {object} [replicas|pods|instances] by {less:percent} => replicas=-{less}%",
        "scale {object} (down|in) by {less:percent} => replicas=-{less}%",
        "(decrease|shrink|reduce|lower|cut) [the] (replicas|replica count|number of replicas|number of pods) (of|for) {object} by {less:percent} => replicas=-{less}%",
        "(scale up|scale out|increase|grow|raise|bump|bump up) [the] [number of] {object} [replicas|pods|instances] by {more:count} [more] [replicas|pods|instances] => replicas=+{more}",
        "scale {object} (up|out) by {more:count} [more] [replicas|pods|instances] => replicas=+{more}",
        "(increase|grow|raise|bump) [the] (replicas|replica count|number of replicas|number of pods) (of|for) {object} by {more:count} => replicas=+{more}",
        "(scale down|scale in|decrease|shrink|reduce|lower) [the] [number of] {object} [replicas|pods|instances] by {less:count} [replicas|pods|instances] => replicas=-{less}",
        "scale {object} (down|in) by {less:count} [replicas|pods|instances] => replicas=-{less}",
        "(decrease|shrink|reduce|lower) [the] (replicas|replica count|number of replicas|number of pods) (of|for) {object} by {less:count} => replicas=-{less}",
        "(add|start|run|spin up|create|launch|need|want|give me|get) {more:count} (more|additional|extra|further) (replicas|replica|pods|pod|instances|instance|copies|copy) (of|for|to) {object} => replicas=+{more}",
        "(add|give) {more:count} [more|additional|extra|further] (replicas|replica|pods|pod|instances|instance|copies|copy) (to) {object} => replicas=+{more}",
        "(give|add to) {object} {more:count} (more|additional|extra|further) (replicas|replica|pods|pod|instances|instance|copies|copy) => replicas=+{more}",
        "(give|add to) {object} (another) (replica|pod|instance|copy) => replicas=+1",
        "(add|start|run|spin up) (another|one more) (replica|pod|instance|copy) (of|for|to) {object} => replicas=+1",
        "{more:count} more {object} (pods|replicas|instances) => replicas=+{more}",
        "{more:count} more (pods|replicas|instances|copies) (of|for) {object} => replicas=+{more}",
        "{less:count} (fewer|less) (pods|replicas|instances|copies) (of|for) {object} => replicas=-{less}",
        "{less:count} (fewer|less) {object} (pods|replicas|instances) => replicas=-{less}",
        "(run|use|have) {less:count} (fewer|less) (pods|replicas|instances|copies) (of|for) {object} => replicas=-{less}",
        "scale [up|down] {object} [up|down]",
        "scale",
    ];

    fn effect(&self) -> Effect {
        match self.replicas {
            // Until the workload is known, fewer may be none.
            Replicas::To(0) | Replicas::Times(0) | Replicas::Fewer(_) | Replicas::FewerPercent(100) => {
                Effect::Destroy
            }
            _ => Effect::Change,
        }
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("scale")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .option("--replicas", Some(self.replicas))
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        let object = ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Scalable,
            required: true,
        };
        if self.replicas.number().is_some() {
            return vec![Slot::Object(object)];
        }
        vec![Slot::Inside { object, inside: Box::new(HowMany(&mut self.replicas)) }]
    }
}

impl Scale {
    /// The number, which grounding has made of "two more".
    fn number(&self) -> Result<u32> {
        self.replicas.number().ok_or_else(|| {
            Feedback::new(ErrorKind::InvalidArguments, "how many replicas that comes to is not known")
                .next("say the number of replicas")
                .into()
        })
    }

    fn patch(number: u32) -> Patch<Value> {
        Patch::Merge(json!({"spec": {"replicas": number}}))
    }

    fn parameters(dry_run: bool) -> PatchParams {
        PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), dry_run, ..PatchParams::default() }
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    /// The scale subresource, which is what `kubectl scale` reads and writes: every kind that can be scaled
    /// has it, custom ones too, and it needs no right to change anything else of the object.
    async fn scale_now(&self, cluster: &Cluster, target: &Target) -> Result<Value> {
        let api = target.api(cluster);
        let answer = cluster
            .ask(&format!("read the replica count of {}", target.label()), api.get_scale(&target.name))
            .await;
        match answer {
            Ok(scale) => Ok(serde_json::to_value(scale).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{} has no replica count", target.label()),
            )
            .next("scale a Deployment, StatefulSet or ReplicaSet")
            .into()),
            Err(error) => Err(error),
        }
    }

    async fn warnings(&self, cluster: &Cluster, target: &Target, object: &Value) -> Vec<String> {
        let mut warnings = ownership_warnings(object, "spec.replicas");
        if let Some(scaler) = autoscaler_of(cluster, target).await {
            let (minimum, maximum) = (scaler.minimum, scaler.maximum);
            warnings.push(if self.replicas == Replicas::To(0) {
                format!("its autoscaler {} is off while it has no pods", scaler.name)
            } else {
                format!(
                    "its autoscaler {} keeps it between {minimum} and {maximum} and will set its replicas again",
                    scaler.name
                )
            });
        }
        if self.replicas == Replicas::To(0) {
            warnings.push("nothing serves while it has no pods".to_owned());
        }
        warnings
    }
}

impl ChangeTool for Scale {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let (object, identity) = target.read(cluster).await?;
        let before = self.scale_now(cluster, &target).await?;
        let now = before.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(0);
        let wanted = self.number()?;
        let same = now == u64::from(wanted);
        let api = target.api(cluster);
        let after = cluster
            .ask(
                &format!("try the change on {}", target.label()),
                api.patch_scale(&target.name, &Self::parameters(true), &Self::patch(wanted)),
            )
            .await?;
        let after = serde_json::to_value(after).unwrap_or_default();
        Ok(Preview {
            summary: if same {
                format!("{} already has {}", identity.label(), replicas(now))
            } else {
                format!("{} goes from {now} to {}", identity.label(), replicas(u64::from(wanted)))
            },
            nothing_to_do: same,
            confirm_name: (wanted == 0).then(|| identity.name.clone()),
            namespace: identity.namespace.clone(),
            warnings: if same { Vec::new() } else { self.warnings(cluster, &target, &object).await },
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
        let target = self.target(&cluster).await?;
        target.unchanged_since(&cluster, approval.preview()).await?;
        let api = target.api(&cluster);
        let wanted = self.number()?;
        cluster
            .ask(
                &format!("scale {}", target.label()),
                api.patch_scale(&target.name, &Self::parameters(false), &Self::patch(wanted)),
            )
            .await?;
        Ok(Outcome::sentence(format!("{} is set to {}", target.label(), replicas(u64::from(wanted))))
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
        wait_for_replicas(cluster, &target, deadline, progress).await
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let replicas = shown.basis.get("replicas")?.as_u64()?;
        let mut back = self.clone();
        back.replicas = Replicas::To(u32::try_from(replicas).ok()?);
        Some(Call::new(Self::NAME, serde_json::to_value(back).ok()?))
    }
}

fn replicas(count: u64) -> String {
    if count == 1 { "1 replica".to_owned() } else { format!("{count} replicas") }
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
    fn what_may_stop_it_destroys_until_the_number_is_known() {
        let effect = |replicas: &str| {
            Call::new("scale", json!({"name": "web", "replicas": replicas})).bind().unwrap().effect()
        };
        assert_eq!(
            (effect("+2"), effect("x2"), effect("-50%")),
            (Effect::Change, Effect::Change, Effect::Change)
        );
        assert_eq!(
            (effect("-2"), effect("x0"), effect("-100%")),
            (Effect::Destroy, Effect::Destroy, Effect::Destroy)
        );
    }

    #[test]
    fn a_negative_count_is_no_count() {
        assert!(Call::new("scale", json!({"name": "web", "replicas": -2})).bind().is_err());
    }
}
