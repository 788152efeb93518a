//! `restart`: new pods for a workload, a few at a time, with the same specification.

use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, FIELD_MANAGER, Target, difference, ownership_warnings, reference, wait_for_rollout,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// The annotation of the pod template that `kubectl rollout restart` sets.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// Pods named in a sentence before it says how many more there are.
const NAMED: usize = 5;

/// Restart a workload: replace its pods one after the other.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restart {
    /// Kind of the workload: deployment, statefulset or daemonset.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
}

impl Tool for Restart {
    const NAME: &'static str = "restart";
    const PHRASES: &'static [&'static str] = &[
        "(restart|bounce|reboot|recycle|cycle|relaunch) {object}",
        "(restart|bounce|recycle|cycle|replace|renew|refresh|recreate|roll) [all] [the] (pods|instances|replicas|containers) (of|in|for|from) {object}",
        "(restart|bounce|recycle|cycle|recreate|roll) [all] [the] {object} (pods|instances|containers)",
        "(rolling|rollout|graceful) (restart|reboot|bounce) [of|for|on] {object}",
        "(rolling restart|restart|bounce) {object} (gracefully|without downtime|one by one|one pod at a time)",
        "(do|perform|run|trigger|start|make|kick off|initiate) a [rolling|rollout|graceful] (restart|reboot|bounce) (of|on|for) {object}",
        "(give) {object} a [rolling|quick] (restart|reboot|bounce|kick)",
        "{object} (need|needs) [a] [quick|rolling] (restart|reboot|bounce)",
        "{object} (need|needs|has|have) (restarting|rebooting|to be restarted|to restart)",
        "(turn|switch) {object} off and [back] on again",
        "{object} [rolling] restart",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["rollout", "restart"])
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
}

impl Restart {
    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        if matches!(target.resource.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet") {
            return Ok(target);
        }
        let next = if target.resource.kind == "Pod" {
            "name the workload it belongs to, or delete the pod: its controller makes a new one"
        } else {
            "restart a Deployment, StatefulSet or DaemonSet"
        };
        Err(Feedback::new(ErrorKind::InvalidArguments, format!("{} cannot be restarted", target.label()))
            .next(next)
            .into())
    }
}

fn patch(at: &str) -> Value {
    json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}}})
}

/// Refuses what would be written down and never happen.
fn check_restartable(object: &Value, label: &str) -> Result<()> {
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Err(Feedback::new(
            ErrorKind::Refused,
            format!("the rollout of {label} is paused, so a restart would not happen"),
        )
        .next("resume it first: `kubectl rollout resume`, or ask to resume its rollout")
        .into());
    }
    if object.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete") {
        return Err(Feedback::new(
            ErrorKind::Refused,
            format!("{label} replaces pods only when they are deleted (update strategy OnDelete)"),
        )
        .next("delete the pods that should be replaced")
        .into());
    }
    Ok(())
}

/// How pods are replaced, and what to watch out for.
fn strategy(object: &Value, pods: usize) -> (String, Vec<String>) {
    let text = |path: &str| {
        object.pointer(path).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let mut warnings = Vec::new();
    let said = match object.get("kind").and_then(Value::as_str) {
        Some("Deployment") if text("/spec/strategy/type").as_deref() == Some("Recreate") => {
            warnings.push("strategy Recreate: all its pods end before new ones start".to_owned());
            "all at once (Recreate)".to_owned()
        }
        Some("StatefulSet") => {
            if pods == 1 {
                warnings.push("its only pod ends before the new one starts".to_owned());
            }
            if let Some(partition) =
                text("/spec/updateStrategy/rollingUpdate/partition").filter(|partition| partition != "0")
            {
                warnings.push(format!(
                    "partition {partition}: only pods with that number or a higher one are replaced"
                ));
            }
            "one after the other, the highest number first".to_owned()
        }
        other => {
            let path = if other == Some("Deployment") { "strategy" } else { "updateStrategy" };
            let unavailable = text(&format!("/spec/{path}/rollingUpdate/maxUnavailable"));
            let surge = text(&format!("/spec/{path}/rollingUpdate/maxSurge"));
            format!(
                "at most {} down and {} extra at a time",
                unavailable.as_deref().unwrap_or("1"),
                surge.as_deref().unwrap_or("0")
            )
        }
    };
    (said, warnings)
}

fn named(pods: &[Value]) -> String {
    let mut names: Vec<&str> =
        pods.iter().filter_map(|pod| pod.pointer("/metadata/name").and_then(Value::as_str)).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

impl ChangeTool for Restart {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let (before, identity) = target.read(cluster).await?;
        check_restartable(&before, &identity.label())?;
        // The same instant is written by the run, so that what was shown is what happens.
        let at = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let change = Patch::Merge(patch(&at));
        let (after, family) = tokio::try_join!(target.dry_run(cluster, &change), cluster.family(&before))?;
        let pods = family.pods;
        let (how, mut warnings) = strategy(&before, pods.len());
        warnings.extend(ownership_warnings(&before, "its pod template"));
        let summary = match pods.len() {
            0 => format!("{} has no pods, so there is nothing to restart", identity.label()),
            1 => format!("{} replaces its pod {}, {how}", identity.label(), named(&pods)),
            count => format!("{} replaces its {count} pods, {how}: {}", identity.label(), named(&pods)),
        };
        Ok(Preview {
            summary,
            nothing_to_do: pods.is_empty(),
            namespace: identity.namespace.clone(),
            warnings,
            changes: vec![ObjectChange {
                difference: difference(Some(&before), Some(&after)),
                action: if pods.is_empty() { Action::Unchanged } else { Action::Update },
                object: identity,
            }],
            confirm_name: None,
            basis: json!({"restartedAt": at}),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        target.unchanged_since(&cluster, approval.preview()).await?;
        let at = approval.preview().basis.get("restartedAt").and_then(Value::as_str).unwrap_or_default();
        let parameters =
            PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let api = target.api(&cluster);
        cluster
            .ask(
                &format!("restart {}", target.label()),
                api.patch(&target.name, &parameters, &Patch::Merge(patch(at))),
            )
            .await?;
        Ok(Outcome::sentence(format!("{} is restarting", target.label())))
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
}

pub(crate) static TOOL: Changer<Restart> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let bound = Call::new("restart", json!({"kind": "statefulset", "name": "db", "namespace": "shop"}))
            .bind()
            .unwrap();
        assert_eq!(bound.effect(), Effect::Change);
        assert_eq!(bound.command().to_string(), "kubectl rollout restart statefulset/db -n shop");
    }

    #[test]
    fn what_would_not_happen_is_refused() {
        for (spec, word) in [
            (json!({"paused": true}), "paused"),
            (json!({"updateStrategy": {"type": "OnDelete"}}), "OnDelete"),
        ] {
            let error = check_restartable(&json!({"spec": spec}), "Deployment shop/web").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused);
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(check_restartable(&json!({"spec": {"paused": false}}), "x").is_ok());
    }

    #[test]
    fn the_strategy_is_said_with_its_dangers() {
        let rolling = json!({"kind": "Deployment", "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": 1}}}});
        assert_eq!(strategy(&rolling, 2), ("at most 25% down and 1 extra at a time".to_owned(), Vec::new()));
        let recreate = json!({"kind": "Deployment", "spec": {"strategy": {"type": "Recreate"}}});
        assert_eq!(strategy(&recreate, 2).1.len(), 1);
        let single = json!({"kind": "StatefulSet", "spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}});
        assert_eq!(strategy(&single, 1).1, ["its only pod ends before the new one starts"]);
    }
}
