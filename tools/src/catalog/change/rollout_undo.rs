//! `rollout_undo`: a workload back to the pod template of an earlier revision.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Revision, Target, check_arguments, current_revision, make_edit, ownership_warnings, reference,
    restore, template_waits, try_edit, wait_for_template,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Take a workload back to an earlier revision: the one before, or the one that is named.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutUndo {
    /// Kind of the workload: deployment, statefulset or daemonset.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Number of the revision to go back to; the one before when it is not said.
    to_revision: Option<u64>,
}

impl Tool for RolloutUndo {
    const NAME: &'static str = "rollout_undo";
    const PHRASES: &'static [&'static str] = &[
        "(undo|revert|roll back|rollback|reverse|back out|take back|cancel) [the] [last|latest|previous|most recent|failed|broken|bad|recent] [rolling] (rollout|update|deploy|change|release) (of|for|to|on) {object}",
        "(undo|revert|roll back|rollback|reverse|back out|take back|cancel) [the] [last|latest|previous|most recent|failed|broken|bad|recent] {object} [last|latest|previous|most recent] [rolling] (rollout|update|deploy|change)",
        "(undo|revert|roll back|rollback|back out) [the] [last|latest] [rollout of] {object} [to]",
        "(undo|revert|roll back|rollback|restore|reset|return|take|bring|switch|set) {object} [back] to [the|its] (previous|last|earlier|former|prior|old|preceding) [good|working] (version|revision|state|release|rollout|one)",
        "(undo|revert|roll back|rollback|restore|reset|return|take|bring|switch|set) {object} [back] to [the|its] (version|revision|state|release) (before|from before|it had before)",
        "(roll|take|bring|go|switch|turn) {object} back [to [the|its] (previous|last|earlier|former|prior|old) [good|working] (version|revision|state|release|rollout)]",
        "(undo|revert|roll back|rollback|restore|reset|return|take|bring|roll|switch|set) {object} [back] to [rollout] (revision|version) [number|no] {to_revision:count}",
        "(undo|revert|roll back|rollback) [the] [rollout of] {object} to (revision|version) [number] {to_revision:count}",
        "(go back|return|roll back|rollback) to [the] (previous|last|earlier|former|prior|old) (version|revision|release) (of|for|on) {object}",
        "(go back|return|roll back|rollback) to (revision|version) {to_revision:count} (of|for|on) {object}",
        "(restore|bring back|redeploy|deploy|use|run) [the] (previous|earlier|former|prior|old) (version|revision|release) (of|for|on) {object}",
        "(restore|bring back|redeploy|deploy|use) revision {to_revision:count} (of|for|on) {object}",
        "rollout undo {object}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(to|--to-revision) [revision] {to_revision:count}",
        "to [the|its] (previous|last|earlier) (version|revision|state)",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["rollout", "undo"])
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .option("--to-revision", self.to_revision)
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
        if self.to_revision == Some(0) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "there is no revision 0")
                .next("revisions count from 1; leave it out for the one before")
                .into());
        }
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)
    }
}

/// The revision to go back to from `current`: the one that is named, else the newest of the others.
fn wanted(revisions: &[Revision], current: Option<u64>, named: Option<u64>, label: &str) -> Result<Revision> {
    let numbers = || {
        let numbers: Vec<String> = revisions.iter().map(|one| one.number.to_string()).collect();
        if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") }
    };
    if let Some(named) = named {
        return revisions.iter().find(|one| one.number == named).cloned().ok_or_else(|| {
            Feedback::new(
                ErrorKind::NotFound,
                format!("{label} has no revision {named} any more; it has {}", numbers()),
            )
            .next("name one of those; older ones are gone (revisionHistoryLimit)")
            .into()
        });
    }
    revisions.iter().rev().find(|one| Some(one.number) != current).cloned().ok_or_else(|| {
        Feedback::new(ErrorKind::NotFound, format!("{label} has no earlier revision; it has {}", numbers()))
            .next("set its image, variables or resources instead")
            .into()
    })
}

/// The images of a template, for a sentence.
fn images(template: &Value) -> String {
    let containers = template.pointer("/spec/containers").and_then(Value::as_array);
    containers
        .into_iter()
        .flatten()
        .filter_map(|container| container.get("image").and_then(Value::as_str))
        .collect::<Vec<_>>()
        .join(", ")
}

impl RolloutUndo {
    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }
}

impl ChangeTool for RolloutUndo {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let (object, _) = target.read(cluster).await?;
        let label = target.label();
        if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
            return Err(Feedback::new(
                ErrorKind::Refused,
                format!("the rollout of {label} is paused, and a paused one cannot be taken back"),
            )
            .next("resume it first: ask to resume its rollout")
            .into());
        }
        let revisions = cluster.revisions(&object).await?;
        let current = current_revision(&object, &revisions);
        let revision = wanted(&revisions, current, self.to_revision, &label)?;
        let edit = try_edit(cluster, &target, |object| {
            restore(object, &revision);
            Ok(())
        })
        .await?;
        let number = revision.number;
        let (from, to) =
            (images(object.pointer("/spec/template").unwrap_or(&Value::Null)), images(&revision.template));
        let now = current.map_or_else(|| "what it is".to_owned(), |current| format!("revision {current}"));
        let mut summary = if edit.same {
            format!("{label} is as revision {number} was already")
        } else if from == to {
            format!("{label} goes from {now} back to revision {number} (the same image, {to})")
        } else {
            format!("{label} goes from {now} ({from}) back to revision {number} ({to})")
        };
        if let Some(cause) = &revision.cause {
            summary.push_str(&format!(": {cause}"));
        }
        let mut warnings = ownership_warnings(&object, "its pod template");
        warnings.extend(template_waits(&object).map(str::to_owned));
        Ok(edit.preview(summary, warnings, json!({"to": number, "from": current})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let (object, _) = target.read(&cluster).await?;
        let revisions = cluster.revisions(&object).await?;
        let number = approval.preview().basis.get("to").and_then(Value::as_u64);
        let revision = wanted(&revisions, None, number, &target.label())?;
        make_edit(&cluster, &target, approval, |object| {
            restore(object, &revision);
            Ok(())
        })
        .await?;
        Ok(Outcome::sentence(format!("{} goes back to revision {}", target.label(), revision.number))
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
        wait_for_template(cluster, &target, deadline, progress).await
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let from = shown.basis.get("from")?.as_u64()?;
        let back = Self { to_revision: Some(from), ..self.clone() };
        Some(Call::new(Self::NAME, serde_json::to_value(back).ok()?))
    }
}

pub(crate) static TOOL: Changer<RolloutUndo> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn revisions(numbers: &[u64]) -> Vec<Revision> {
        numbers
            .iter()
            .map(|number| Revision {
                number: *number,
                template: Value::Null,
                annotations: None,
                cause: None,
                name: String::new(),
                created: None,
                pods: None,
            })
            .collect()
    }

    #[test]
    fn says_its_command() {
        let call = Call::new(
            "rollout_undo",
            json!({"kind": "deployment", "name": "web", "namespace": "shop", "to_revision": 3}),
        );
        assert_eq!(
            call.bind().unwrap().command().to_string(),
            "kubectl rollout undo deployment/web --to-revision=3 -n shop"
        );
        assert!(Call::new("rollout_undo", json!({"to_revision": 0})).bind().unwrap().check().is_err());
    }

    #[test]
    fn the_one_before_is_the_newest_other_one() {
        let known = revisions(&[2, 4, 5]);
        assert_eq!(wanted(&known, Some(5), None, "x").unwrap().number, 4);
        assert_eq!(wanted(&known, Some(4), None, "x").unwrap().number, 5);
        assert_eq!(wanted(&known, Some(5), Some(2), "x").unwrap().number, 2);
        let error = wanted(&known, Some(5), Some(3), "Deployment shop/web").unwrap_err();
        assert_eq!(error.to_string(), "Deployment shop/web has no revision 3 any more; it has 2, 4, 5");
        assert!(wanted(&revisions(&[1]), Some(1), None, "x").is_err());
    }

    #[test]
    fn undoing_an_undo_goes_forward_again() {
        let shown = Preview { basis: json!({"to": 1, "from": 3}), ..Preview::default() };
        let tool: RolloutUndo = serde_json::from_value(json!({"name": "web"})).unwrap();
        assert_eq!(tool.undo(&shown).unwrap().arguments["to_revision"], 3);
    }
}
