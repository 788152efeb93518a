//! `delete_resource`: takes an object away, and shows first what goes with it.

use kube::api::{DeleteParams, Preconditions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::kubernetes::{
    Cluster, Query, Target, check_name, check_namespace, check_selector, consequences, reference,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How often it is looked whether the object is gone.
const POLL: Duration = Duration::from_millis(300);

/// Namespaces that a cluster cannot be without (Kubernetes, "Initial namespaces").
const NEEDED_NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "default"];

/// Words that name no object but a wish nobody should grant.
const EVERYTHING: [&str; 5] = ["all", "everything", "any", "every", "*"];

/// Delete an object, or the pods of a workload; shows first what goes with it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteResource {
    /// Kind of the object, such as pod, deployment or namespace.
    kind: Option<String>,
    /// Name of the object.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Label selector, for all objects of the kind that carry the labels.
    selector: Option<String>,
    /// Workload whose pods are meant, as name or kind/name.
    of: Option<String>,
}

impl Tool for DeleteResource {
    const NAME: &'static str = "delete_resource";
    const PHRASES: &'static [&'static str] = &[
        "<delete> [the] {object}",
        "<delete> [the] pods (of|for|from|behind|belonging to) [the] {of:object} => kind=pods",
        "<delete> [all] [the] {of:object} pods => kind=pods",
        "<delete> [all] {kind:kind} (with|labelled|labeled|having) [the] [label] {selector:label}",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        let line =
            CommandLine::kubectl().arg("delete").arg(reference(self.kind.as_deref(), self.name.as_deref()));
        let line = match &self.selector {
            Some(selector) if self.name.is_none() => line.arg("-l").arg(selector),
            _ => line,
        };
        line.namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.of.is_some() {
            return vec![Slot::Owner {
                owner: &mut self.of,
                selector: &mut self.selector,
                namespace: &mut self.namespace,
            }];
        }
        if self.selector.is_some() && self.name.is_none() {
            return vec![Slot::Scope {
                namespace: &mut self.namespace,
                all_namespaces: false,
                qualifier: None,
            }];
        }
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Any,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        if let Some(selector) = &self.selector {
            check_selector(selector)?;
        }
        let Some(name) = &self.name else { return Ok(()) };
        check_name("name", name)?;
        if EVERYTHING.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(refused(&format!("deleting {name:?} is not something shipmate does")));
        }
        let is_namespace = self.kind.as_deref().is_some_and(|kind| {
            ["ns", "namespace", "namespaces"].contains(&kind.to_ascii_lowercase().as_str())
        });
        if is_namespace && NEEDED_NAMESPACES.contains(&name.as_str()) {
            return Err(refused(&format!("the cluster cannot be without its namespace {name}")));
        }
        Ok(())
    }
}

impl DeleteResource {
    async fn one(&self, cluster: &Cluster) -> Result<Preview> {
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        let (object, identity) = target.read(cluster).await?;
        let with_it = consequences(cluster, &object).await?;
        let mut changes = vec![gone(identity.clone())];
        changes.extend(with_it.goes.into_iter().map(gone));
        let count = changes.len() - 1;
        Ok(Preview {
            summary: if count == 0 {
                format!("{} is deleted", identity.label())
            } else {
                format!("{} is deleted, and {count} that belong to it", identity.label())
            },
            changes,
            warnings: with_it.warnings,
            confirm_name: Some(identity.name.clone()),
            namespace: identity.namespace.clone(),
            basis: json!({"roots": [{"name": identity.name, "uid": identity.uid}]}),
            ..Preview::default()
        })
    }

    async fn several(&self, cluster: &Cluster, selector: &str) -> Result<Preview> {
        let kind = self.kind.as_deref().unwrap_or("pods");
        let resource = cluster.kind(kind).await?;
        let namespace = self.namespace.as_deref().unwrap_or(cluster.namespace());
        let query = Query {
            namespace: Some(namespace.to_owned()),
            selector: Some(selector.to_owned()),
            ..Query::default()
        };
        let objects = cluster.objects(&resource, &query).await?;
        let text =
            |object: &Value, path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let found: Vec<ObjectIdentity> = objects
            .iter()
            .map(|object| ObjectIdentity {
                kind: resource.kind.clone(),
                name: text(object, "/metadata/name").unwrap_or_default(),
                namespace: text(object, "/metadata/namespace"),
                uid: text(object, "/metadata/uid"),
                generation: None,
            })
            .collect();
        let controlled = objects.iter().any(|object| object.pointer("/metadata/ownerReferences/0").is_some());
        let roots: Vec<Value> = found.iter().map(|one| json!({"name": one.name, "uid": one.uid})).collect();
        Ok(Preview {
            summary: format!(
                "{} {} with {selector} in {namespace} are deleted",
                found.len(),
                resource.plural
            ),
            nothing_to_do: found.is_empty(),
            warnings: if controlled {
                vec!["what controls them makes new ones".to_owned()]
            } else {
                Vec::new()
            },
            confirm_name: Some(found.len().to_string())
                .filter(|_| found.len() > 1)
                .or_else(|| found.first().map(|one| one.name.clone())),
            namespace: Some(namespace.to_owned()),
            changes: found.into_iter().map(gone).collect(),
            basis: json!({"roots": roots}),
            ..Preview::default()
        })
    }

    /// The objects that the preview said are deleted themselves, each with its uid.
    async fn roots(&self, cluster: &Cluster, shown: &Preview) -> Result<Vec<(Target, Option<String>)>> {
        let kind = self.kind.as_deref().unwrap_or("pods");
        let text = |root: &Value, key: &str| root.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut targets = Vec::new();
        for root in shown.basis.get("roots").and_then(Value::as_array).into_iter().flatten() {
            let target =
                cluster.target(Some(kind), text(root, "name").as_deref(), shown.namespace.as_deref()).await?;
            targets.push((target, text(root, "uid")));
        }
        Ok(targets)
    }
}

impl ChangeTool for DeleteResource {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        match (&self.name, &self.selector) {
            (None, Some(selector)) => self.several(cluster, selector).await,
            _ => self.one(cluster).await,
        }
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let roots = self.roots(&cluster, approval.preview()).await?;
        let mut done = Vec::new();
        for (target, uid) in &roots {
            // The server itself refuses when another object has taken the name since it was shown.
            let parameters = DeleteParams::background()
                .preconditions(Preconditions { uid: uid.clone(), resource_version: None });
            progress.status(format!("deleting {}", target.label()));
            let api = target.api(&cluster);
            match cluster
                .ask(&format!("delete {}", target.label()), api.delete(&target.name, &parameters))
                .await
            {
                Ok(_) => done.push(target.label()),
                // Gone already is what was wanted.
                Err(error) if error.kind() == ErrorKind::NotFound => done.push(target.label()),
                Err(error) if done.is_empty() => return Err(error),
                Err(error) => {
                    return Err(Feedback::new(
                        error.kind(),
                        format!("{error}; deleted before that: {}", done.join(", ")),
                    )
                    .into());
                }
            }
        }
        Ok(Outcome::sentence(match done.as_slice() {
            [one] => format!("{one} is deleted"),
            several => format!("{} objects are deleted", several.len()),
        })
        .data(json!({"deleted": done})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let roots = self.roots(cluster, shown).await?;
        let end = Instant::now() + deadline;
        for (target, uid) in &roots {
            loop {
                let Some(object) = target.find(cluster).await? else { break };
                // A new object of the same name is another one: a StatefulSet makes its pods again.
                if object.pointer("/metadata/uid").and_then(Value::as_str) != uid.as_deref() {
                    break;
                }
                let holds = finalizers(&object);
                let because =
                    if holds.is_empty() { String::new() } else { format!(": held by {}", holds.join(", ")) };
                if Instant::now() + POLL > end {
                    return Ok(Verification::Failed(format!(
                        "{} is not gone after {} s{because}",
                        target.label(),
                        deadline.as_secs()
                    )));
                }
                progress.status(format!("waiting until {} is gone{because}", target.label()));
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(Verification::Confirmed(match roots.as_slice() {
            [(one, _)] => format!("{} is gone", one.label()),
            several => format!("all {} are gone", several.len()),
        }))
    }
}

fn gone(object: ObjectIdentity) -> ObjectChange {
    ObjectChange { object, action: Action::Delete, difference: String::new() }
}

fn finalizers(object: &Value) -> Vec<&str> {
    ["/metadata/finalizers", "/spec/finalizers"]
        .into_iter()
        .filter_map(|path| object.pointer(path).and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn refused(message: &str) -> ToolError {
    Feedback::new(ErrorKind::Refused, message)
        .next("name the objects that should go, one kind and name at a time")
        .into()
}

pub(crate) static TOOL: Changer<DeleteResource> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let bind = |arguments: Value| Call::new("delete_resource", arguments).bind().unwrap();
        let one = bind(json!({"kind": "cronjob", "name": "nightly", "namespace": "shop"}));
        assert_eq!(one.command().to_string(), "kubectl delete cronjob/nightly -n shop");
        assert_eq!(one.effect(), Effect::Destroy);
        let pods = bind(json!({"kind": "pods", "selector": "app=web", "namespace": "shop"}));
        assert_eq!(pods.command().to_string(), "kubectl delete pods -l app=web -n shop");
    }

    #[test]
    fn everything_and_what_a_cluster_needs_are_refused() {
        for arguments in [
            json!({"kind": "pod", "name": "all"}),
            json!({"kind": "ns", "name": "kube-system"}),
            json!({"kind": "Namespace", "name": "default"}),
        ] {
            let bound = Call::new("delete_resource", arguments.clone()).bind().unwrap();
            assert_eq!(bound.check().unwrap_err().kind(), ErrorKind::Refused, "{arguments}");
        }
        let flag = Call::new("delete_resource", json!({"kind": "pod", "name": "--all"})).bind().unwrap();
        assert!(flag.check().is_err());
    }
}
