//! `drain_node`: every pod that can leaves a node, by eviction, and no new one comes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, DrainPlan, NodePod, Query, Target, check_arguments, make_edit, node_target, try_edit,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How many times the time for one request the pods have to be gone: five minutes, unless it is set.
const PATIENCE: u32 = 10;

/// How often it is looked whether they are gone.
const POLL: Duration = Duration::from_secs(1);

/// Names in a sentence before it says how many more there are.
const NAMED: usize = 5;

/// Empty a node: its pods are evicted, respecting disruption budgets, and no new ones come.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrainNode {
    /// Always node.
    kind: Option<String>,
    /// Name of the node.
    name: Option<String>,
    /// Nodes live in no namespace.
    #[serde(skip)]
    namespace: Option<String>,
    /// Let go of pods that no controller makes again.
    #[serde(default)]
    force: bool,
    /// Let go of pods with an emptyDir volume, whose data is lost.
    #[serde(default)]
    delete_emptydir_data: bool,
}

impl Tool for DrainNode {
    const NAME: &'static str = "drain_node";
    const PHRASES: &'static [&'static str] = &[
        "drain {object}",
        "evacuate {object}",
        "(empty|vacate|clear|clear out) {object} [of] [all] [its] (pods|workloads|work)",
        "(empty|vacate|clear|clear out) {object} [so] [that] (i|we) (can|could|may) (reboot|restart|patch|update|upgrade|service|replace|fix|repair|maintain|shut down|turn off) [it|the machine|the kernel|the node]",
        "(empty|vacate|clear|clear out) {object} (for|before) (maintenance|a reboot|the reboot|rebooting|an upgrade|upgrading|patching) [it]",
        "(empty|vacate|clear|clear out) node {object}",
        "(empty|vacate|clear|clear out) {object} node",
        "(move|evict|get|take|push) [all|every|everything|the] [of] [its|the] [pods|workloads|work] (off|from|away from|out of) {object}",
        "(evict|move) everything (off|from|away from) {object}",
        "(prepare|get) {object} [ready] for (maintenance|a reboot|an upgrade|the upgrade|reboot|patching)",
        "(take|put) {object} [down|out] (for|in|into) maintenance [mode]",
        "(do|make|start) a drain of {object}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[but|and] (leave|leaving|ignore|ignoring|skip|skipping|keep|keeping|without|except|not) [the] (daemonset|daemonsets|daemon sets|daemonset pods|pods of daemonsets) [alone|there|running|out|be|in place]",
        "--ignore-daemonsets",
        "[so] [that] [i|we] (can|could|may) (reboot|restart|patch|update|upgrade|service|replace|fix|repair|maintain|shut down|turn off) [it|the machine|the kernel|the node]",
        "(for|before) (maintenance|a reboot|rebooting|an upgrade|upgrading|patching) [it]",
        "(with|by|using) force => force=true",
        "[and] (--force|force|forcing) [it] => force=true",
        "[even] [with|including|and] [the] [pods] (without|that have no) [a] (controller|owner) => force=true",
        "[and] (delete|deleting|drop|lose|losing|discard|discarding|including|--delete-emptydir-data) [the|their|its] (emptydir|emptydirs|emptydir data|local data|temporary data|scratch data) => delete_emptydir_data=true",
        "--delete-emptydir-data => delete_emptydir_data=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("drain")
            .args(self.name.as_deref())
            .arg("--ignore-daemonsets")
            .flag_if(self.delete_emptydir_data, "--delete-emptydir-data")
            .flag_if(self.force, "--force")
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

fn close(node: &mut Value) -> Result<()> {
    if let Some(node) = node.as_object_mut() {
        let spec = node.entry("spec").or_insert_with(|| json!({}));
        if let Some(spec) = spec.as_object_mut() {
            spec.insert("unschedulable".to_owned(), json!(true));
        }
    }
    Ok(())
}

fn named(pods: &[NodePod]) -> String {
    let names: Vec<String> = pods.iter().take(NAMED).map(NodePod::label).collect();
    let more = pods.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

fn pods(count: usize) -> String {
    if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") }
}

/// Refuses what would leave the node half drained: kubectl does so too, before the first pod goes.
fn check_free(plan: &DrainPlan, node: &str) -> Result<()> {
    if plan.is_free() {
        return Ok(());
    }
    let (mut why, mut next) = (Vec::new(), Vec::new());
    if !plan.unmanaged.is_empty() {
        why.push(format!("no controller makes again what it would lose: {}", named(&plan.unmanaged)));
        next.push("with force they go for good");
    }
    if !plan.with_data.is_empty() {
        why.push(format!("data in an emptyDir volume would be lost: {}", named(&plan.with_data)));
        next.push("with delete_emptydir_data it is given up");
    }
    Err(Feedback::new(ErrorKind::Refused, format!("node {node} is not drained: {}", why.join("; ")))
        .next(format!("move or delete those pods first, or ask again: {}", next.join(", ")))
        .into())
}

fn warnings(plan: &DrainPlan, others: usize) -> Vec<String> {
    let mut warnings =
        vec!["this cannot be undone: opening the node again does not bring its pods back".to_owned()];
    if others == 0 && !plan.go.is_empty() {
        warnings.push("no other node takes pods: those that go wait until one does".to_owned());
    }
    let lost: Vec<NodePod> = plan.go.iter().filter(|pod| pod.owner.is_none()).cloned().collect();
    if !lost.is_empty() {
        warnings.push(format!("nobody makes these again: {}", named(&lost)));
    }
    for (budget, count) in plan.budgets() {
        let (allowed, label) = (budget.allowed, &budget.label);
        if allowed == 0 {
            warnings.push(format!(
                "disruption budget {label} lets none of its {} go now: the drain waits for it, and gives up in the end",
                pods(count)
            ));
        } else if usize::try_from(allowed).is_ok_and(|allowed| allowed < count) {
            warnings.push(format!(
                "disruption budget {label} lets {allowed} of its {} go at a time",
                pods(count)
            ));
        }
    }
    if !plan.stay.is_empty() {
        warnings.push(format!(
            "{} of DaemonSets or the node itself stay: {}",
            pods(plan.stay.len()),
            named(&plan.stay)
        ));
    }
    warnings
}

fn deletion(pod: &NodePod) -> ObjectChange {
    ObjectChange {
        object: ObjectIdentity {
            kind: "Pod".to_owned(),
            name: pod.name.clone(),
            namespace: Some(pod.namespace.clone()),
            uid: Some(pod.uid.clone()),
            generation: None,
        },
        action: Action::Delete,
        difference: String::new(),
    }
}

impl DrainNode {
    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        node_target(cluster, self.kind.as_deref(), self.name.as_deref()).await
    }

    /// Evicts the pods, again and again as budgets allow, until all are gone or the time is over.
    async fn evict_all(
        &self,
        cluster: &Cluster,
        target: &Target,
        patience: Duration,
        progress: &Progress,
    ) -> Result<()> {
        let end = Instant::now() + patience;
        let mut asked: Vec<String> = Vec::new();
        loop {
            // Read again each time: budgets move with every pod that goes.
            let plan = cluster.drain_plan(target, self.force, self.delete_emptydir_data).await?;
            if plan.go.is_empty() {
                return Ok(());
            }
            let held = plan.go.iter().find_map(|pod| Some((pod, pod.held_by()?)));
            let waits = match held.filter(|(pod, _)| !asked.contains(&pod.uid)) {
                Some((pod, budget)) => {
                    format!("budget {} does not let pod {} go yet", budget.label, pod.label())
                }
                None => format!("still ending: {}", named(&plan.go)),
            };
            for pod in plan.go.iter().filter(|pod| !asked.contains(&pod.uid)).cloned().collect::<Vec<_>>() {
                if pod.held_by().is_none() && cluster.evict(&pod).await? {
                    progress.status(format!("evicted {}", pod.label()));
                    asked.push(pod.uid);
                }
            }
            if Instant::now() >= end {
                return Err(Feedback::new(
                    ErrorKind::Other,
                    format!(
                        "node {} is not empty after {} s: {waits}; it stays closed to new pods",
                        target.name,
                        patience.as_secs()
                    ),
                )
                .next("mend what holds it up and drain it again, or uncordon the node")
                .into());
            }
            progress.status(format!("node {}: {} to go, {waits}", target.name, pods(plan.go.len())));
            tokio::time::sleep(POLL).await;
        }
    }
}

impl ChangeTool for DrainNode {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let every = Query::default();
        let (edit, plan, nodes) = tokio::try_join!(
            try_edit(cluster, &target, close),
            cluster.drain_plan(&target, self.force, self.delete_emptydir_data),
            cluster.objects(&target.resource, &every)
        )?;
        check_free(&plan, &target.name)?;
        let others = nodes.iter().filter(|node| {
            node.pointer("/metadata/name").and_then(Value::as_str) != Some(&target.name)
                && node.pointer("/spec/unschedulable").and_then(Value::as_bool) != Some(true)
        });
        let (closed, empty) = (edit.same, plan.go.is_empty());
        let summary = match (closed, empty) {
            (true, true) => format!("node {} is drained already", target.name),
            (false, true) => format!("node {} has no pods that would go; it takes no new ones", target.name),
            (_, false) => format!("{} leave node {}, and no new ones come", pods(plan.go.len()), target.name),
        };
        let warnings = warnings(&plan, others.count());
        let uids: Vec<&str> = plan.go.iter().map(|pod| pod.uid.as_str()).collect();
        let mut preview = edit.preview(summary, Vec::new(), json!({"pods": uids, "closed": closed}));
        preview.warnings = warnings;
        preview.nothing_to_do = closed && empty;
        preview.confirm_name = Some(target.name.clone());
        preview.changes.extend(plan.go.iter().map(deletion));
        Ok(preview)
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let shown: Vec<String> = approval
            .preview()
            .basis
            .get("pods")
            .and_then(|uids| serde_json::from_value(uids.clone()).ok())
            .unwrap_or_default();
        let plan = cluster.drain_plan(&target, self.force, self.delete_emptydir_data).await?;
        check_free(&plan, &target.name)?;
        let new: Vec<NodePod> = plan.go.iter().filter(|pod| !shown.contains(&pod.uid)).cloned().collect();
        if !new.is_empty() {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!(
                    "other pods run on node {} than were shown, so nothing was done: {}",
                    target.name,
                    named(&new)
                ),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        make_edit(&cluster, &target, approval, close).await?;
        let patience = world.read().options().request_timeout * PATIENCE;
        self.evict_all(&cluster, &target, patience, progress).await?;
        Ok(Outcome::sentence(format!(
            "{} left node {}, which takes no new ones",
            pods(plan.go.len()),
            target.name
        ))
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
        let plan = cluster.drain_plan(&target, self.force, self.delete_emptydir_data).await?;
        let left: Vec<NodePod> =
            plan.go.iter().chain(&plan.unmanaged).chain(&plan.with_data).cloned().collect();
        Ok(if left.is_empty() {
            Verification::Confirmed(format!("node {} is empty but for what belongs to it", target.name))
        } else {
            Verification::Failed(format!("pods are on node {} again: {}", target.name, named(&left)))
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        // A node that was closed before stays closed.
        if shown.basis.get("closed").and_then(Value::as_bool) != Some(false) {
            return None;
        }
        Some(Call::new("uncordon_node", json!({"kind": self.kind, "name": self.name})))
    }
}

pub(crate) static TOOL: Changer<DrainNode> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, owner: Option<&str>) -> NodePod {
        NodePod {
            namespace: "shop".into(),
            name: name.into(),
            uid: name.into(),
            owner: owner.map(str::to_owned),
            budgets: Vec::new(),
        }
    }

    #[test]
    fn says_its_command_and_that_it_destroys() {
        let bound = Call::new("drain_node", json!({"name": "node1", "force": true})).bind().unwrap();
        assert_eq!(bound.command().to_string(), "kubectl drain node1 --ignore-daemonsets --force");
        assert_eq!(bound.effect(), Effect::Destroy);
    }

    #[test]
    fn what_would_be_lost_holds_it_back() {
        let plan = DrainPlan { unmanaged: vec![pod("alone", None)], ..DrainPlan::default() };
        let error = check_free(&plan, "node1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("shop/alone"), "{error}");
        assert!(
            check_free(
                &DrainPlan { go: vec![pod("web", Some("ReplicaSet web"))], ..DrainPlan::default() },
                "n"
            )
            .is_ok()
        );
    }

    #[test]
    fn the_way_back_only_opens_what_was_open() {
        let tool: DrainNode = serde_json::from_value(json!({"name": "node1"})).unwrap();
        let shown = |closed: bool| Preview { basis: json!({"closed": closed}), ..Preview::default() };
        assert_eq!(tool.undo(&shown(false)).unwrap().tool, "uncordon_node");
        assert!(tool.undo(&shown(true)).is_none());
    }

    #[test]
    fn many_pods_are_counted() {
        let many: Vec<NodePod> = (0..7).map(|number| pod(&format!("p{number}"), None)).collect();
        assert!(named(&many).ends_with("and 2 more"));
        let plan = DrainPlan { go: many, ..DrainPlan::default() };
        assert!(warnings(&plan, 0).iter().any(|warning| warning.contains("no other node")));
    }
}
