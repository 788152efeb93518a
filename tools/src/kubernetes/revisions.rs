//! The revisions of a workload: what its pods were made from, now and before. A Deployment keeps them as
//! ReplicaSets, a StatefulSet or DaemonSet as ControllerRevisions.

use serde_json::{Value, json};

use crate::error::{ErrorKind, Feedback, Result};

use super::cluster::Cluster;
use super::objects::Query;
use super::workload::selector_text;

/// One revision of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its number; the newest has the highest.
    pub number: u64,
    /// The object that keeps it: a ReplicaSet or ControllerRevision.
    pub name: String,
    /// When that object was made; a revision that was rolled back to is older than its number says.
    pub created: Option<String>,
    /// What somebody noted as the cause (`kubernetes.io/change-cause`).
    pub cause: Option<String>,
    /// How many pods run it, where the object that keeps it knows.
    pub pods: Option<u64>,
    /// Its pod template.
    pub template: Value,
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
        let mut template = self.template.clone();
        if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.remove("pod-template-hash");
        }
        json!({"template": template})
    }
}

fn text<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path).and_then(Value::as_str)
}

impl Cluster {
    /// The revisions of a Deployment, StatefulSet or DaemonSet, the oldest first.
    ///
    /// # Errors
    /// `InvalidArguments` for any other kind, else as [`Cluster::ask`].
    pub async fn revisions(&self, workload: &Value) -> Result<Vec<Revision>> {
        let kind = text(workload, "/kind").unwrap_or_default();
        let word = match kind {
            "Deployment" => "replicasets",
            "StatefulSet" | "DaemonSet" => "controllerrevisions",
            other => {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("a {other} keeps no revisions"),
                )
                .next("ask about a Deployment, StatefulSet or DaemonSet")
                .into());
            }
        };
        let resource = self.kind(word).await?;
        let query = Query {
            namespace: text(workload, "/metadata/namespace").map(str::to_owned),
            selector: selector_text(workload),
            fields: None,
        };
        let uid = text(workload, "/metadata/uid");
        let mut revisions: Vec<Revision> = self
            .objects(&resource, &query)
            .await?
            .iter()
            .filter(|kept| {
                let owners = kept.pointer("/metadata/ownerReferences").and_then(Value::as_array);
                owners.into_iter().flatten().any(|owner| text(owner, "/uid") == uid && uid.is_some())
            })
            .filter_map(read)
            .collect();
        revisions.sort_by_key(|revision| revision.number);
        Ok(revisions)
    }
}

fn read(kept: &Value) -> Option<Revision> {
    let annotation = |key: &str| {
        kept.pointer("/metadata/annotations")
            .and_then(|notes| notes.get(key))
            .and_then(Value::as_str)
            .filter(|note| !note.is_empty())
            .map(str::to_owned)
    };
    let number = match kept.get("revision").and_then(Value::as_u64) {
        Some(number) => number,
        None => annotation("deployment.kubernetes.io/revision")?.parse().ok()?,
    };
    Some(Revision {
        number,
        name: text(kept, "/metadata/name").unwrap_or_default().to_owned(),
        created: text(kept, "/metadata/creationTimestamp").map(str::to_owned),
        cause: annotation("kubernetes.io/change-cause"),
        pods: kept.get("spec").map(|_| kept.pointer("/status/replicas").and_then(Value::as_u64).unwrap_or(0)),
        template: kept
            .pointer("/spec/template")
            .or_else(|| kept.pointer("/data/spec/template"))
            .cloned()
            .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;

    #[tokio::test]
    async fn revisions_are_those_of_the_workload_in_order() {
        let kept = |number: &str, owner: &str| {
            json!({"metadata": {"name": format!("web-{number}"), "annotations": {"deployment.kubernetes.io/revision": number},
                "ownerReferences": [{"uid": owner}]}, "spec": {"template": {"metadata": {"labels": {"pod-template-hash": number}},
                "spec": {"containers": [{"image": format!("web:{number}")}]}}}, "status": {"replicas": 2}})
        };
        let cluster = answering(move |uri| {
            assert!(uri.contains("/replicasets") && uri.contains("labelSelector=app%3Dweb"), "{uri}");
            json!({"items": [kept("10", "u"), kept("9", "u"), kept("3", "another")]})
        });
        let workload = json!({"kind": "Deployment", "metadata": {"uid": "u", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}}});
        let found = cluster.revisions(&workload).await.unwrap();
        assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), [9, 10]);
        assert_eq!((found[1].images(), found[1].pods), (vec!["web:10".to_owned()], Some(2)));
        assert_eq!(found[1].as_object()["template"]["metadata"]["labels"], json!({}));
        assert!(cluster.revisions(&json!({"kind": "Job"})).await.is_err());
    }

    #[test]
    fn a_set_keeps_its_revisions_as_data() {
        let kept = json!({"metadata": {"name": "db-1"}, "revision": 4, "data": {"spec": {"template": {"spec": {"containers": [{"image": "db:4"}]}}}}});
        let revision = read(&kept).unwrap();
        assert_eq!((revision.number, revision.pods, revision.images()), (4, None, vec!["db:4".to_owned()]));
    }
}
