//! `uninstall_release`: a Helm release, gone with all that it made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::helm::{Member, check_release_name, failure, members, release_namespace};
use crate::kubernetes::{ManifestObject, check_namespace, parse_rendered};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long Helm may take: it waits up to 5 minutes for each hook (its own default).
const RUN_DEADLINE: Duration = Duration::from_secs(600);

/// How often is looked whether the objects are gone.
const POLL: Duration = Duration::from_millis(500);

/// Uninstall a Helm release: everything it made goes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UninstallRelease {
    /// Name of the release.
    release: String,
    /// Namespace of the release.
    namespace: Option<String>,
    /// Keep its history, so that a rollback can bring it back.
    #[serde(default)]
    keep_history: bool,
}

impl Tool for UninstallRelease {
    const NAME: &'static str = "uninstall_release";
    const PHRASES: &'static [&'static str] = &[
        "(uninstall|deinstall|<delete>) [the] [helm] release [called|named] {release:word}",
        "(uninstall|deinstall|<delete>) [the] {release:word} [helm] release",
        "(uninstall|deinstall|<delete>) [the] helm (chart|deployment|install|installation) [called|named|of] {release:word}",
        "(uninstall|deinstall|<delete>) [the] {release:word} helm (chart|deployment|install|installation)",
        "(uninstall|deinstall) [the] {release:word} [chart]",
        "(uninstall|deinstall) [the] [helm] chart {release:word}",
        "(uninstall|deinstall|<delete>) {release:word} (with|using|via|through|from) helm",
        "(do|run) a helm uninstall of {release:word}",
        "helm (uninstall|delete|un|del) {release:word}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[and|but] (keep|keeping|retain|retaining|preserve|preserving) [its|the] [release|revision] history => keep_history=true",
        "--keep-history => keep_history=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        CommandLine::helm()
            .args(["uninstall", &self.release])
            .namespace(self.namespace.as_deref())
            .flag_if(self.keep_history, "--keep-history")
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None }]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        check_release_name(&self.release)
    }
}

/// What stays behind that nobody would expect: claims of StatefulSets, and what the chart asks Helm to keep.
fn left_behind(objects: &[ManifestObject], found: &[Member]) -> Vec<String> {
    let mut warnings: Vec<String> = found
        .iter()
        .filter(|member| member.kept && member.live.is_some())
        .map(|member| format!("{} stays (resource policy keep)", member.target.label()))
        .collect();
    for object in objects.iter().filter(|object| object.kind() == "StatefulSet") {
        let claims = object.object.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
        if claims.is_some_and(|claims| !claims.is_empty()) {
            warnings.push(format!("the volumes of StatefulSet {} stay, with their data", object.name()));
        }
    }
    for object in objects.iter().filter(|object| object.kind() == "PersistentVolumeClaim") {
        if object.annotation("helm.sh/resource-policy") != Some("keep") {
            warnings.push(format!(
                "PersistentVolumeClaim {} goes, and with it its data where its volume is not retained",
                object.name()
            ));
        }
    }
    for object in objects.iter().filter(|object| object.kind() == "CustomResourceDefinition") {
        warnings.push(format!("{} goes, and with it every object of that kind", object.name()));
    }
    warnings
}

impl ChangeTool for UninstallRelease {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let namespace = release_namespace(world, self.namespace.as_deref()).await?;
        let name = self.release.as_str();
        let release = world.helm().existing(name, &namespace).await?;
        let objects = parse_rendered(&release.manifest)?;
        let gone_already = release.status() == "uninstalled";
        let found = if gone_already {
            Vec::new()
        } else {
            members(world.cluster().await?, &objects, &namespace).await?
        };
        let going: Vec<&Member> =
            found.iter().filter(|member| member.live.is_some() && !member.kept).collect();
        let count = if going.len() == 1 { "1 object".to_owned() } else { format!("{} objects", going.len()) };
        let mut warnings = if gone_already { Vec::new() } else { left_behind(&objects, &found) };
        for hook in release.hooks_of("pre-delete").chain(release.hooks_of("post-delete")) {
            warnings.push(format!("runs the hook {} {}", hook.kind, hook.name));
        }
        warnings.push(if self.keep_history {
            format!("its history stays: rolling back to revision {} brings it back", release.revision)
        } else {
            "this cannot be undone: its history goes too (ask to keep the history to be able to bring it back)".to_owned()
        });
        let summary = if gone_already {
            format!("the release {name} in {namespace} is uninstalled; its history would go")
        } else {
            format!(
                "the release {name} in {namespace} would be uninstalled (revision {}), with {count}",
                release.revision
            )
        };
        let waits: Vec<Value> = going
            .iter()
            .map(|member| {
                let resource = &member.target.resource;
                json!({"kind": resource.word(), "name": member.target.name, "namespace": member.target.namespace})
            })
            .collect();
        Ok(Preview {
            summary,
            nothing_to_do: gone_already && self.keep_history,
            confirm_name: Some(name.to_owned()),
            namespace: Some(namespace),
            warnings,
            changes: going
                .iter()
                .map(|member| ObjectChange {
                    object: member.identity(),
                    action: Action::Delete,
                    difference: String::new(),
                })
                .collect(),
            basis: json!({"revision": release.revision, "status": release.status(), "objects": waits}),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let shown = approval.preview();
        let namespace = release_namespace(world.read(), self.namespace.as_deref()).await?;
        let now = world.read().helm().existing(&self.release, &namespace).await?;
        if shown.basis.get("revision").and_then(Value::as_u64) != Some(now.revision) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("the release {} changed after it was shown, so nothing was done", self.release),
            )
            .next("ask again to see what would go now")
            .into());
        }
        let place = format!("--namespace={namespace}");
        let mut arguments = vec!["uninstall", self.release.as_str(), place.as_str()];
        if self.keep_history {
            arguments.push("--keep-history");
        }
        progress.status(format!("helm uninstalls {}", self.release));
        let printed = world.helm(approval).run(&arguments, RUN_DEADLINE).await?;
        if !printed.success {
            return Err(failure(&format!("uninstall the release {}", self.release), &printed));
        }
        Ok(Outcome::sentence(format!("the release {} is uninstalled from {namespace}", self.release))
            .data(json!({"release": self.release, "namespace": namespace, "kept_history": self.keep_history}))
            .undo(self.undo(shown)))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let end = Instant::now() + deadline;
        let mut waiting = Vec::new();
        for object in shown.basis.get("objects").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            // A kind that the release itself brought is gone with it.
            if let Ok(target) = cluster.target(text("kind"), text("name"), text("namespace")).await {
                waiting.push(target);
            }
        }
        let all = waiting.len();
        loop {
            let mut left = Vec::new();
            for target in waiting {
                if target.find(cluster).await?.is_some() {
                    left.push(target);
                }
            }
            if left.is_empty() {
                return Ok(Verification::Confirmed(match all {
                    0 => "there was nothing left of it".to_owned(),
                    1 => "its object is gone".to_owned(),
                    all => format!("all {all} objects are gone"),
                }));
            }
            let names: Vec<String> = left.iter().map(crate::kubernetes::Target::label).collect();
            if Instant::now() + POLL > end {
                return Ok(Verification::Failed(format!(
                    "after {} s still there: {}",
                    deadline.as_secs(),
                    names.join(", ")
                )));
            }
            progress.status(format!("still there: {}", names.join(", ")));
            tokio::time::sleep(POLL).await;
            waiting = left;
        }
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let revision = shown.basis.get("revision").and_then(Value::as_u64)?;
        self.keep_history.then(|| {
            Call::new(
                "rollback_release",
                json!({"release": self.release, "namespace": shown.namespace, "revision": revision}),
            )
        })
    }
}

pub(crate) static TOOL: Changer<UninstallRelease> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_that_it_destroys() {
        let call =
            Call::new("uninstall_release", json!({"release": "shop", "namespace": "test"})).bind().unwrap();
        assert_eq!(
            (call.command().to_string().as_str(), call.effect()),
            ("helm uninstall shop -n test", Effect::Destroy)
        );
        let call =
            Call::new("uninstall_release", json!({"release": "shop", "keep_history": true})).bind().unwrap();
        assert_eq!(call.command().to_string(), "helm uninstall shop --keep-history");
        assert!(Call::new("uninstall_release", json!({"release": "-A"})).bind().unwrap().check().is_err());
    }

    #[test]
    fn only_a_kept_history_can_be_gone_back_to() {
        let shown =
            Preview { basis: json!({"revision": 3}), namespace: Some("test".into()), ..Preview::default() };
        let undo = |keep: bool| {
            Call::new("uninstall_release", json!({"release": "shop", "keep_history": keep}))
                .bind()
                .unwrap()
                .undo(&shown)
        };
        assert_eq!(
            undo(true).unwrap().to_string(),
            "rollback_release release=shop namespace=test revision=3"
        );
        assert_eq!(undo(false), None);
    }

    #[test]
    fn what_stays_and_what_takes_data_along_is_said() {
        let text = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {volumeClaimTemplates: [{}]}}\n---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}\n---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}}\n";
        let said = left_behind(&parse_rendered(text).unwrap(), &[]);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("db") && said[1].contains("data"));
    }
}
