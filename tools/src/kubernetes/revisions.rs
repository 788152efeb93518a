//! The revisions that a workload can go back to: the ReplicaSets of a Deployment, the ControllerRevisions of a
//! StatefulSet or DaemonSet, each with the pod template it had.

use serde_json::{Value, json};

use crate::error::{ErrorKind, Feedback, Result};

use super::cluster::Cluster;
use super::family::uid;
use super::objects::Query;
use super::workload::selector_text;

/// The annotation by which a Deployment and its ReplicaSets say their revision.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The annotation that says why a revision was made.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// The label that tells the pods of one ReplicaSet from those of another; no part of a Deployment's template.
const HASH: &str = "pod-template-hash";

/// Annotations of a ReplicaSet that are its own bookkeeping (k8s.io/kubectl, polymorphichelpers/rollback.go).
const BOOKKEEPING: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// A revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its number, counted up with every change.
    pub number: u64,
    /// The pod template it had.
    pub template: Value,
    /// Annotations that came with it and go back with it; none where the kind does not keep them.
    pub annotations: Option<Value>,
    /// Why it was made, if anybody said (`kubernetes.io/change-cause`).
    pub cause: Option<String>,
    /// The object that keeps it: a ReplicaSet or ControllerRevision.
    pub name: String,
    /// When that object was made; a revision that was rolled back to is older than its number says.
    pub created: Option<String>,
    /// How many pods run it, where the object that keeps it knows.
    pub pods: Option<u64>,
}

impl Revision {
    /// The images of its containers.
    #[must_use]
    pub fn images(&self) -> Vec<String> {
        let containers = self.template.pointer("/spec/containers").and_then(Value::as_array);
        let images =
            containers.into_iter().flatten().filter_map(|container| container.get("image")?.as_str());
        images.map(str::to_owned).collect()
    }

    /// Its pod template as an object of its own, so that two can be compared and printed.
    #[must_use]
    pub fn as_object(&self) -> Value {
        json!({"template": self.template})
    }
}

impl Cluster {
    /// The revisions of a Deployment, StatefulSet or DaemonSet (a whole object with its kind), oldest first.
    ///
    /// # Errors
    /// `InvalidArguments` for other kinds, else as [`Cluster::ask`].
    pub async fn revisions(&self, object: &Value) -> Result<Vec<Revision>> {
        let kind = text(object, "/kind").unwrap_or_default();
        let holder = match kind {
            "Deployment" => "replicasets",
            "StatefulSet" | "DaemonSet" => "controllerrevisions.apps",
            _ => {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("a {kind} has no revisions to go back to"),
                )
                .next("name a Deployment, StatefulSet or DaemonSet")
                .into());
            }
        };
        let resource = self.kind(holder).await?;
        let query = Query {
            namespace: text(object, "/metadata/namespace").map(str::to_owned),
            selector: selector_text(object),
            ..Query::default()
        };
        let held = self.objects(&resource, &query).await?;
        let own = held.iter().filter(|held| is_owned(held, object));
        let mut revisions: Vec<Revision> = if kind == "Deployment" {
            own.filter_map(of_replica_set).collect()
        } else {
            own.filter_map(of_controller_revision).collect()
        };
        revisions.sort_by_key(|revision| revision.number);
        Ok(revisions)
    }
}

/// The revision that an object is at: the one that has its template.
#[must_use]
pub fn current_revision(object: &Value, revisions: &[Revision]) -> Option<u64> {
    if let Some(number) = object
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(REVISION))
        .and_then(Value::as_str)
    {
        return number.parse().ok();
    }
    let template = object.pointer("/spec/template")?;
    let same = revisions.iter().rev().find(|revision| &revision.template == template);
    same.or(revisions.last()).map(|revision| revision.number)
}

/// Puts a revision's template, and the annotations that came with it, back onto an object.
pub fn restore(object: &mut Value, revision: &Revision) {
    if let Some(template) = object.pointer_mut("/spec/template") {
        *template = revision.template.clone();
    }
    let Some(from) = revision.annotations.as_ref().and_then(Value::as_object) else { return };
    let now = object.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut annotations: serde_json::Map<String, Value> =
        now.into_iter().filter(|(key, _)| BOOKKEEPING.contains(&key.as_str())).collect();
    for (key, value) in from {
        annotations.insert(key.clone(), value.clone());
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        if annotations.is_empty() {
            metadata.shift_remove("annotations");
        } else {
            metadata.insert("annotations".to_owned(), Value::Object(annotations));
        }
    }
}

fn text<'o>(object: &'o Value, path: &str) -> Option<&'o str> {
    object.pointer(path).and_then(Value::as_str)
}

fn is_owned(held: &Value, object: &Value) -> bool {
    let owners = held.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| {
        owner.get("uid").and_then(Value::as_str) == uid(object)
            && owner.get("controller").and_then(Value::as_bool) == Some(true)
    })
}

fn of_replica_set(set: &Value) -> Option<Revision> {
    let annotations = set.pointer("/metadata/annotations")?;
    let number = annotations.get(REVISION)?.as_str()?.parse().ok()?;
    let mut template = set.pointer("/spec/template")?.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.shift_remove(HASH);
    }
    let mut kept = annotations.clone();
    if let Some(kept) = kept.as_object_mut() {
        kept.retain(|key, _| !BOOKKEEPING.contains(&key.as_str()));
    }
    let pods = set.pointer("/status/replicas").and_then(Value::as_u64).unwrap_or(0);
    Some(Revision { pods: Some(pods), ..kept_by(set, number, template, Some(kept)) })
}

fn of_controller_revision(held: &Value) -> Option<Revision> {
    let number = held.get("revision")?.as_u64()?;
    let mut template = held.pointer("/data/spec/template")?.clone();
    // The template is kept as a patch that replaces the old one.
    if let Some(template) = template.as_object_mut() {
        template.shift_remove("$patch");
    }
    Some(kept_by(held, number, template, None))
}

/// A revision with what every object that keeps one says alike.
fn kept_by(held: &Value, number: u64, template: Value, annotations: Option<Value>) -> Revision {
    let cause = held
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(CHANGE_CAUSE))
        .and_then(Value::as_str)
        .filter(|cause| !cause.is_empty())
        .map(str::to_owned);
    Revision {
        number,
        template,
        annotations,
        cause,
        name: text(held, "/metadata/name").unwrap_or_default().to_owned(),
        created: text(held, "/metadata/creationTimestamp").map(str::to_owned),
        pods: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;

    fn set(number: &str, image: &str, owner: &str) -> Value {
        json!({"metadata": {"annotations": {REVISION: number, "note": image, "deployment.kubernetes.io/desired-replicas": "2"},
                "ownerReferences": [{"controller": true, "uid": owner}]},
            "spec": {"template": {"metadata": {"labels": {"app": "web", HASH: "x"}}, "spec": {"containers": [{"image": image}]}}}})
    }

    #[tokio::test]
    async fn replica_sets_are_revisions_of_their_own_deployment() {
        let cluster = answering(
            |_| json!({"items": [set("3", "web:3", "dep"), set("1", "web:1", "dep"), set("9", "x", "other")]}),
        );
        let mut deployment = json!({"kind": "Deployment", "metadata": {"namespace": "shop", "uid": "dep",
            "annotations": {REVISION: "3", "note": "web:3", "later": "x"}},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {}}});
        let revisions = cluster.revisions(&deployment).await.unwrap();
        assert_eq!(revisions.iter().map(|revision| revision.number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(current_revision(&deployment, &revisions), Some(3));
        restore(&mut deployment, &revisions[0]);
        assert_eq!(deployment["spec"]["template"]["metadata"]["labels"], json!({"app": "web"}));
        assert_eq!(deployment["metadata"]["annotations"], json!({REVISION: "3", "note": "web:1"}));
    }

    #[test]
    fn a_controller_revision_holds_the_template_as_a_patch() {
        let held =
            json!({"revision": 2, "data": {"spec": {"template": {"$patch": "replace", "spec": {"a": 1}}}}});
        let revision = of_controller_revision(&held).unwrap();
        assert_eq!((revision.number, revision.template.clone()), (2, json!({"spec": {"a": 1}})));
        let object = json!({"kind": "StatefulSet", "spec": {"template": {"spec": {"a": 1}}}});
        assert_eq!(current_revision(&object, &[revision]), Some(2));
    }
}
