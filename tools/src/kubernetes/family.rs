//! What belongs to an object: its pods, and the objects between them (a Deployment's ReplicaSets, a CronJob's
//! Jobs). Pods are found by selector and then kept by owner, because two workloads with overlapping selectors
//! would otherwise show each other's pods.

use serde_json::Value;

use crate::error::{ErrorKind, Result};

use super::cluster::Cluster;
use super::objects::Query;
use super::ownership::controlling_owner;
use super::workload::selector_text;

/// What belongs to an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Family {
    /// The objects between it and its pods, newest first.
    pub between: Vec<Value>,
    /// Its pods, by name.
    pub pods: Vec<Value>,
}

impl Family {
    /// The uids of everything in it.
    pub fn uids(&self) -> impl Iterator<Item = &str> {
        self.between.iter().chain(&self.pods).filter_map(uid)
    }
}

/// The uid of an object.
pub(crate) fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid").and_then(Value::as_str)
}

/// The uid of the object that controls this one.
fn controller(object: &Value) -> Option<&str> {
    controlling_owner(object)?.get("uid").and_then(Value::as_str)
}

fn text<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path).and_then(Value::as_str)
}

/// The query that finds the pods of an object, among others perhaps; `None` for an object without pods.
#[must_use]
pub fn pod_query(object: &Value) -> Option<Query> {
    let namespace = text(object, "/metadata/namespace").map(str::to_owned);
    match text(object, "/kind")? {
        "Node" => {
            let name = text(object, "/metadata/name")?;
            Some(Query { fields: Some(format!("spec.nodeName={name}")), ..Query::default() })
        }
        "Pod" => {
            let name = text(object, "/metadata/name")?;
            Some(Query { namespace, fields: Some(format!("metadata.name={name}")), ..Query::default() })
        }
        // The Job controller puts this label on every pod it makes.
        "CronJob" => Some(Query {
            namespace,
            selector: Some("batch.kubernetes.io/job-name".to_owned()),
            ..Query::default()
        }),
        "PersistentVolumeClaim" | "NetworkPolicy" => None,
        _ => Some(Query { namespace, selector: Some(selector_text(object)?), ..Query::default() }),
    }
}

impl Cluster {
    /// What belongs to `object`, a whole object with its kind.
    ///
    /// # Errors
    /// As [`Cluster::ask`]. Objects between that may not be listed are left out, and the selector decides.
    pub async fn family(&self, object: &Value) -> Result<Family> {
        let kind = text(object, "/kind").unwrap_or_default();
        if kind == "Pod" {
            return Ok(Family { pods: vec![object.clone()], ..Family::default() });
        }
        if kind == "HorizontalPodAutoscaler" {
            let scaled = self
                .target(
                    text(object, "/spec/scaleTargetRef/kind"),
                    text(object, "/spec/scaleTargetRef/name"),
                    text(object, "/metadata/namespace"),
                )
                .await?;
            let (scaled, _) = scaled.read(self).await?;
            return Box::pin(self.family(&scaled)).await;
        }
        let Some(query) = pod_query(object) else { return Ok(Family::default()) };
        let pod = self.kind("pods").await?;
        let between = match kind {
            "Deployment" => Some(("replicasets", query.clone())),
            // Jobs carry no label of their CronJob.
            "CronJob" => Some(("jobs", Query { selector: None, ..query.clone() })),
            _ => None,
        };
        let (pods, between) = match between {
            None => (self.objects(&pod, &query).await?, None),
            Some((word, between_query)) => {
                let resource = self.kind(word).await?;
                let (pods, between) =
                    tokio::join!(self.objects(&pod, &query), self.objects(&resource, &between_query));
                let between = match between {
                    Ok(found) => Some(found),
                    Err(error) if error.kind() == ErrorKind::Forbidden => None,
                    Err(error) => return Err(error),
                };
                (pods?, between)
            }
        };
        Ok(assemble(object, kind, between, pods))
    }
}

/// Keeps what really belongs to `object`.
fn assemble(object: &Value, kind: &str, between: Option<Vec<Value>>, mut pods: Vec<Value>) -> Family {
    let mut kept = between.unwrap_or_default();
    let known_between = !kept.is_empty();
    kept.retain(|candidate| controller(candidate) == uid(object));
    match kind {
        "Deployment" | "CronJob" if known_between => {
            let owners: Vec<&str> = kept.iter().filter_map(uid).collect();
            pods.retain(|pod| controller(pod).is_some_and(|owner| owners.contains(&owner)));
        }
        // Without its Jobs nothing tells which pods are its own.
        "CronJob" => pods.clear(),
        "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            pods.retain(|pod| controller(pod) == uid(object));
        }
        _ => {}
    }
    let created = |object: &Value| text(object, "/metadata/creationTimestamp").map(str::to_owned);
    kept.sort_by_key(|candidate| std::cmp::Reverse(created(candidate)));
    pods.sort_by(|left, right| text(left, "/metadata/name").cmp(&text(right, "/metadata/name")));
    Family { between: kept, pods }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;
    use serde_json::json;

    fn owned(name: &str, uid: &str, owner: &str) -> Value {
        json!({"metadata": {"name": name, "uid": uid, "ownerReferences": [{"controller": true, "uid": owner}]}})
    }

    #[tokio::test]
    async fn a_deployment_has_the_pods_of_its_own_replica_sets_only() {
        let cluster = answering(|uri| {
            if uri.contains("/replicasets") {
                json!({"items": [owned("web-1", "rs-1", "dep"), owned("other-1", "rs-2", "elsewhere")]})
            } else {
                json!({"items": [owned("web-1-b", "p2", "rs-1"), owned("other-1-x", "p3", "rs-2"), owned("web-1-a", "p1", "rs-1")]})
            }
        });
        let deployment = json!({"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop", "uid": "dep"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}}});
        let family = cluster.family(&deployment).await.unwrap();
        assert_eq!(family.uids().collect::<Vec<_>>(), ["rs-1", "p1", "p2"]);
    }

    #[tokio::test]
    async fn a_cron_job_has_the_pods_of_its_jobs() {
        let cluster = answering(|uri| {
            if uri.contains("/jobs") {
                assert!(!uri.contains("labelSelector"), "{uri}");
                json!({"items": [owned("clean-1", "job-1", "cron")]})
            } else {
                json!({"items": [owned("clean-1-a", "p1", "job-1"), owned("else", "p2", "job-9")]})
            }
        });
        let cron =
            json!({"kind": "CronJob", "metadata": {"name": "clean", "namespace": "shop", "uid": "cron"}});
        let family = cluster.family(&cron).await.unwrap();
        assert_eq!(family.uids().collect::<Vec<_>>(), ["job-1", "p1"]);
    }

    #[test]
    fn objects_without_pods_have_no_query() {
        assert_eq!(pod_query(&json!({"kind": "ConfigMap", "metadata": {"name": "c"}})), None);
        let node = json!({"kind": "Node", "metadata": {"name": "n1"}});
        assert_eq!(pod_query(&node).unwrap().fields.as_deref(), Some("spec.nodeName=n1"));
    }
}
