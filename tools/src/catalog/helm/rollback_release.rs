//! `rollback_release`: a Helm release, back to a revision it had before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::helm::{
    ChartRequest, check_not_held, check_release_name, check_revision, compare, failure, release_namespace,
    revision_before, wait_for_workloads, workloads,
};
use crate::kubernetes::{check_namespace, parse_rendered};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long Helm may take: it waits up to 5 minutes for each hook (its own default), not for pods.
const RUN_DEADLINE: Duration = Duration::from_secs(600);

/// Take a Helm release back to a revision before.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollbackRelease {
    /// Name of the release.
    release: String,
    /// Revision to go back to; the one before the newest when it is not said.
    revision: Option<u64>,
    /// Namespace of the release.
    namespace: Option<String>,
}

impl Tool for RollbackRelease {
    const NAME: &'static str = "rollback_release";
    const PHRASES: &'static [&'static str] = &[
        "(roll back|rollback|revert|undo|restore|reset|take back) [the] [helm] release [of|called] {release:word}",
        "(roll back|rollback|revert|undo|restore|reset|take back) [the] {release:word} [helm] release",
        "(roll back|rollback|revert|undo|restore|reset|take back) {release:word} (with|using|via|through|in) helm",
        "(roll|take|bring|put|set|move) [the] [helm] release {release:word} back",
        "(roll|take|bring|put|set|move) [the] {release:word} [helm] release back",
        "(undo|revert|roll back|rollback|take back|reverse) [the] [last|latest|most recent|newest] helm (upgrade|release|deployment|deploy|install|installation|change|revision|update) (of|for|to|on) [the] {release:word} [release]",
        "(undo|revert|roll back|rollback|take back|reverse) [the] [last|latest|most recent|newest] (upgrade|deployment|deploy|change|revision|update) (of|for|to|on) [the] [helm] release {release:word}",
        "(undo|revert|roll back|rollback|take back|reverse) [the] [last|latest|most recent|newest] (upgrade|deployment|deploy|change|revision|update) (of|for|to|on) [the] {release:word} [helm] release",
        "(do|perform|run) a helm rollback of {release:word}",
        "(go|switch|return) back to [the] [helm] (revision|version) {revision:count} of [the] [helm] release {release:word}",
        "(go|switch|return) back to [the] [helm] (revision|version) {revision:count} of [the] {release:word} [helm] release",
        "helm rollback {release:word}",
        "helm rollback {release:word} {revision:count}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[back] to [the] [helm] (revision|version|rev) {revision:count}",
        "[back] to [the|its] (previous|prior|earlier|last|former) (revision|version|state|one|release)",
        "(one|a) (revision|version|step) [back]",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::helm().args(["rollback", &self.release]);
        let line = match self.revision {
            Some(revision) => line.arg(revision.to_string()),
            None => line,
        };
        line.namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None }]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        check_release_name(&self.release)?;
        check_revision(self.revision)
    }
}

impl ChangeTool for RollbackRelease {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let namespace = release_namespace(world, self.namespace.as_deref()).await?;
        let (helm, name) = (world.helm(), self.release.as_str());
        let newest = helm.existing(name, &namespace).await?;
        // A rollback is the way out of an upgrade that was cut off, so that state is no obstacle here.
        if newest.status() == "uninstalling" || newest.status() == "pending-install" {
            check_not_held(&newest, name, &namespace)?;
        }
        let kept = helm.history(name, &namespace).await?;
        let to = match self.revision {
            Some(revision) => revision,
            None => revision_before(name, newest.revision, &kept)?,
        };
        let label = format!("the release {name} in {namespace}");
        let basis = |workloads: Vec<Value>| json!({"newest": newest.revision, "status": newest.status(), "to": to, "workloads": workloads});
        if to == newest.revision && newest.status() == "deployed" {
            return Ok(Preview {
                summary: format!("{label} is already at revision {to}"),
                nothing_to_do: true,
                namespace: Some(namespace.clone()),
                basis: basis(Vec::new()),
                ..Preview::default()
            });
        }
        let wanted = helm.release_at(name, &namespace, to).await?;
        // What is there is what the deployed revision made; after an uninstall with history there is nothing.
        let live =
            if newest.status() == "uninstalled" { Vec::new() } else { parse_rendered(&newest.manifest)? };
        let objects = parse_rendered(&wanted.manifest)?;
        let request =
            ChartRequest { chart: name, release: name, namespace: &namespace, values: &[], set: &[] };
        let comparison = compare(world.cluster().await?, &live, &objects, &request, false).await?;
        let mut warnings = Vec::new();
        let state = kept.iter().find(|one| one.revision == to);
        if let Some(failed) = state.filter(|one| one.status == "failed") {
            warnings.push(format!("revision {to} failed when it was made: {}", failed.description));
        }
        if newest.status() != "deployed" {
            warnings.push(format!("its revision {} is {}", newest.revision, newest.status()));
        }
        for hook in wanted.hooks_of("pre-rollback").chain(wanted.hooks_of("post-rollback")) {
            warnings.push(format!("runs the hook {} {}", hook.kind, hook.name));
        }
        let count = comparison.changes.len();
        let objects_changed = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
        let by = state.map(|one| format!(" ({})", one.chart)).unwrap_or_default();
        warnings.extend(comparison.warnings);
        Ok(Preview {
            summary: format!(
                "{label} would go back from revision {} to what revision {to}{by} was, as revision {}, changing {objects_changed}",
                newest.revision,
                newest.revision + 1
            ),
            namespace: Some(namespace.clone()),
            warnings,
            changes: comparison.changes,
            basis: basis(workloads(&objects, &namespace)),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let shown = approval.preview();
        let namespace = release_namespace(world.read(), self.namespace.as_deref()).await?;
        let number = |key: &str| shown.basis.get(key).and_then(Value::as_u64);
        let now = world.read().helm().existing(&self.release, &namespace).await?;
        if number("newest") != Some(now.revision) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("the release {} changed after it was shown, so nothing was done", self.release),
            )
            .next("ask again to see what it would do now")
            .into());
        }
        // The very revision that was shown, said or not.
        let to = number("to").unwrap_or_default().to_string();
        let place = format!("--namespace={namespace}");
        progress.status(format!("helm takes {} back to revision {to}", self.release));
        let printed =
            world.helm(approval).run(&["rollback", &self.release, &to, &place], RUN_DEADLINE).await?;
        if !printed.success {
            return Err(failure(&format!("roll the release {} back", self.release), &printed));
        }
        let made = now.revision + 1;
        Ok(Outcome::sentence(format!(
            "the release {} in {namespace} is as revision {to} was, as revision {made}",
            self.release
        ))
        .data(json!({"release": self.release, "namespace": namespace, "revision": made, "as": number("to")}))
        .undo(self.undo(shown)))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        wait_for_workloads(world.cluster().await?, &shown.basis, deadline, progress).await
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let newest = shown.basis.get("newest").and_then(Value::as_u64)?;
        let (release, namespace) = (&self.release, &shown.namespace);
        Some(match shown.basis.get("status").and_then(Value::as_str) {
            Some("uninstalled") => Call::new(
                "uninstall_release",
                json!({"release": release, "namespace": namespace, "keep_history": true}),
            ),
            _ => Call::new(
                "rollback_release",
                json!({"release": release, "namespace": namespace, "revision": newest}),
            ),
        })
    }
}

pub(crate) static TOOL: Changer<RollbackRelease> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(arguments: Value) -> Box<dyn crate::tool::BoundCall> {
        Call::new("rollback_release", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command() {
        let command = |arguments| bound(arguments).command().to_string();
        assert_eq!(command(json!({"release": "shop"})), "helm rollback shop");
        assert_eq!(
            command(json!({"release": "shop", "revision": 2, "namespace": "test"})),
            "helm rollback shop 2 -n test"
        );
    }

    #[test]
    fn what_could_become_a_flag_or_a_surprise_is_refused() {
        for arguments in [json!({"release": "--force"}), json!({"release": "shop", "revision": 0})] {
            assert!(bound(arguments).check().is_err());
        }
    }

    #[test]
    fn it_is_taken_back_by_going_to_where_it_was() {
        let call = bound(json!({"release": "shop"}));
        let shown = |status: &str| Preview {
            namespace: Some("test".into()),
            basis: json!({"newest": 4, "status": status, "to": 2}),
            ..Preview::default()
        };
        assert_eq!(
            call.undo(&shown("deployed")).unwrap().to_string(),
            "rollback_release release=shop namespace=test revision=4"
        );
        assert_eq!(call.undo(&shown("uninstalled")).unwrap().tool, "uninstall_release");
    }
}
