//! What goes when an object goes: what it owns, Services left without pods, volumes and what becomes of their
//! data, everything in a namespace. Read before a deletion is asked for.

use futures::future::join_all;
use serde_json::Value;

use crate::error::Result;
use crate::preview::ObjectIdentity;

use super::cluster::Cluster;
use super::family::uid;
use super::objects::Query;

/// What goes when an object goes.
#[derive(Debug, Default)]
pub struct Consequences {
    /// Objects that go with it.
    pub goes: Vec<ObjectIdentity>,
    /// What else to know before saying yes.
    pub warnings: Vec<String>,
}

/// What goes when `object`, whole and with its kind, is deleted. What may not be looked at is said.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn consequences(cluster: &Cluster, object: &Value) -> Result<Consequences> {
    let kind = text(object, "/kind").unwrap_or_default();
    let mut found = Consequences::default();
    if let Some(owner) = controller(object) {
        found.warnings.push(format!("{owner} controls it and makes a new one"));
    }
    match kind {
        "Namespace" => inside(cluster, object, &mut found).await,
        "PersistentVolumeClaim" => volume(cluster, object, &mut found).await,
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "CronJob" => {
            workload(cluster, object, &mut found).await?;
        }
        "Node" => {
            found.warnings.push("its pods are moved away only by a drain; deleting it ends them".to_owned())
        }
        _ => {}
    }
    Ok(found)
}

fn text<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path).and_then(Value::as_str)
}

fn controller(object: &Value) -> Option<String> {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array)?;
    let owner = owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))?;
    Some(format!("{} {}", text(owner, "/kind")?, text(owner, "/name")?))
}

fn identity(object: &Value) -> ObjectIdentity {
    ObjectIdentity {
        kind: text(object, "/kind").unwrap_or_default().to_owned(),
        name: text(object, "/metadata/name").unwrap_or_default().to_owned(),
        namespace: text(object, "/metadata/namespace").map(str::to_owned),
        uid: text(object, "/metadata/uid").map(str::to_owned),
        generation: None,
    }
}

async fn workload(cluster: &Cluster, object: &Value, found: &mut Consequences) -> Result<()> {
    let family = cluster.family(object).await?;
    found.goes.extend(family.between.iter().chain(&family.pods).map(identity));
    if text(object, "/kind") == Some("StatefulSet")
        && object.pointer("/spec/volumeClaimTemplates/0").is_some()
    {
        found.warnings.push("the volume claims of its pods stay, with their data".to_owned());
    }
    let Some(namespace) = text(object, "/metadata/namespace") else { return Ok(()) };
    let query = Query { namespace: Some(namespace.to_owned()), ..Query::default() };
    let (service, pod) = (cluster.kind("services").await?, cluster.kind("pods").await?);
    let (services, pods) = tokio::join!(cluster.objects(&service, &query), cluster.objects(&pod, &query));
    let (Ok(services), Ok(pods)) = (services, pods) else {
        found.warnings.push("whether Services are left without pods could not be looked at".to_owned());
        return Ok(());
    };
    let going: Vec<&str> = family.pods.iter().filter_map(uid).collect();
    for service in &services {
        let selected: Vec<&Value> = pods.iter().filter(|pod| selects(service, pod)).collect();
        if !selected.is_empty() && selected.iter().filter_map(|pod| uid(pod)).all(|pod| going.contains(&pod))
        {
            found.warnings.push(format!(
                "Service {} is left without pods",
                text(service, "/metadata/name").unwrap_or_default()
            ));
        }
    }
    Ok(())
}

/// Whether a Service's selector fits a pod; one without a selector fits none.
fn selects(service: &Value, pod: &Value) -> bool {
    let Some(selector) =
        service.pointer("/spec/selector").and_then(Value::as_object).filter(|map| !map.is_empty())
    else {
        return false;
    };
    let labels = pod.pointer("/metadata/labels");
    selector.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

async fn volume(cluster: &Cluster, claim: &Value, found: &mut Consequences) {
    let Some(name) = text(claim, "/spec/volumeName") else { return };
    let policy = match cluster.target(Some("persistentvolume"), Some(name), None).await {
        Ok(target) => target.find(cluster).await.ok().flatten(),
        Err(_) => None,
    };
    let policy = policy.as_ref().and_then(|volume| text(volume, "/spec/persistentVolumeReclaimPolicy"));
    found.warnings.push(match policy {
        Some("Delete") => format!("its volume {name} is deleted with all data on it (reclaim policy Delete)"),
        Some(policy) => format!("its volume {name} stays (reclaim policy {policy})"),
        None => format!("what becomes of its volume {name} could not be looked at: its data may go"),
    });
}

/// Everything in a namespace, counted by kind.
async fn inside(cluster: &Cluster, namespace: &Value, found: &mut Consequences) {
    let Some(name) = text(namespace, "/metadata/name") else { return };
    let kinds = cluster.discover_kinds().await.unwrap_or_else(|_| cluster.known_kinds());
    let types: Vec<_> = kinds
        .types()
        .iter()
        .filter(|kind| {
            kind.namespaced
                && !["events", "leases", "endpoints", "endpointslices"].contains(&kind.plural.as_str())
        })
        .collect();
    let lists = join_all(types.iter().map(|kind| cluster.identities(kind, Some(name)))).await;
    let mut counts: Vec<String> = Vec::new();
    let mut unseen: Vec<&str> = Vec::new();
    for (kind, list) in types.iter().zip(lists) {
        match list {
            Ok(list) => {
                let own = list
                    .iter()
                    .filter(|one| !["kube-root-ca.crt"].contains(&one.name.as_str()))
                    .filter(|one| !(one.kind == "serviceaccount" && one.name == "default"))
                    .count();
                if own > 0 {
                    counts.push(format!("{own} {}", if own == 1 { &kind.singular } else { &kind.plural }));
                }
            }
            // A type that cannot be listed (metrics, reviews) holds nothing; one that may not be is said.
            Err(error) if error.kind() == crate::error::ErrorKind::Forbidden => unseen.push(&kind.plural),
            Err(_) => {}
        }
    }
    found.warnings.push(if counts.is_empty() {
        "nothing of anybody's is in it".to_owned()
    } else {
        format!("everything in it goes: {}", counts.join(", "))
    });
    if !unseen.is_empty() {
        found.warnings.push(format!("could not be looked at, and goes too: {}", unseen.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_selects_by_all_its_labels_and_none_without() {
        let pod = json!({"metadata": {"labels": {"app": "web", "tier": "front"}}});
        assert!(selects(&json!({"spec": {"selector": {"app": "web"}}}), &pod));
        assert!(!selects(&json!({"spec": {"selector": {"app": "web", "tier": "back"}}}), &pod));
        assert!(!selects(&json!({"spec": {}}), &pod));
    }

    #[test]
    fn a_controller_is_named() {
        let pod = json!({"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": true}]}});
        assert_eq!(controller(&pod).as_deref(), Some("ReplicaSet web-1"));
        assert_eq!(controller(&json!({"metadata": {}})), None);
    }
}
