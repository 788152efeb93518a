//! What loses something when objects go: Services left without pods, Ingresses and autoscalers that point at
//! nothing, pods that need a configuration, and the data behind claims.

use futures::future::join_all;
use serde_json::Value;
use std::collections::BTreeSet;

use crate::error::Result;

use super::cluster::Cluster;
use super::doomed::Doomed;
use super::inventory::{Inventory, Item};
use super::objects::Query;
use super::relations::uses;

/// Kinds that pods use.
const USED: [&str; 4] = ["ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount"];

/// Objects shown one by one; of more it is said how many there are.
const SHOWN: usize = 60;

/// Pods named in a warning before it says how many more there are.
const NAMED: usize = 3;

/// What goes and what that means, seen from the objects that are named.
#[derive(Debug, Clone, Default)]
pub struct Consequences {
    /// What goes with them.
    pub followers: Vec<Item>,
    /// Whether those are few enough to be shown one by one; else a warning counts them.
    pub one_by_one: bool,
    /// What the person should know.
    pub warnings: Vec<String>,
}

/// What deleting `roots` (objects of one type, in one place) means.
///
/// # Errors
/// As [`Cluster::inventory`].
pub async fn consequences(cluster: &Cluster, roots: &[Doomed]) -> Result<Consequences> {
    let mut warnings: Vec<String> = roots.iter().flat_map(Doomed::warnings).collect();
    let Some(first) = roots.first() else {
        return Ok(Consequences { warnings, ..Consequences::default() });
    };
    let kind = first.target.resource.kind.as_str();
    let is_namespace = kind == "Namespace";
    let space =
        if is_namespace { Some(first.target.name.as_str()) } else { first.target.namespace.as_deref() };
    if kind == "Node" {
        warnings.push("its pods are lost to it; drain it first to move them".to_owned());
        return Ok(Consequences { warnings, ..Consequences::default() });
    }
    let mut inventory = cluster.inventory(space).await?;
    if !inventory.unread.is_empty() {
        warnings.push(format!("what goes may be more: you may not list {}", inventory.unread.join(", ")));
    }
    let followers: Vec<Item> = match kind {
        "Namespace" => std::mem::take(&mut inventory.items),
        "CustomResourceDefinition" => {
            let defines = |part: &str| text(&first.object, &format!("/spec/{part}")).to_owned();
            let word = format!("{}.{}", defines("names/plural"), defines("group"));
            inventory.items.iter().filter(|item| item.word == word).cloned().collect()
        }
        _ => {
            let uids: Vec<&str> = roots.iter().map(|root| root.item.uid.as_str()).collect();
            inventory.goes_with(&uids).into_iter().cloned().collect()
        }
    };
    let one_by_one = !is_namespace && followers.len() <= SHOWN;
    if !followers.is_empty() && !one_by_one {
        warnings.push(format!("goes with it: {}", Inventory::counts(&followers)));
    }
    let gone: Vec<&Item> = roots.iter().map(|root| &root.item).chain(&followers).collect();
    warnings.extend(claims(cluster, &gone).await);
    if let (Some(space), false) = (space, is_namespace) {
        // Pods with a controller leave their Services empty for a moment only.
        let comes_back = kind == "Pod" && roots.iter().all(|root| root.maker().is_some());
        let until = if comes_back { "until new ones are ready" } else { "then" };
        warnings.extend(impact(cluster, space, &inventory, &gone, until).await);
    }
    Ok(Consequences { followers, one_by_one, warnings })
}

/// Warnings about what loses something when `gone` goes in `namespace`, `until` says for how long. What may not be read is not said.
async fn impact(
    cluster: &Cluster,
    namespace: &str,
    inventory: &Inventory,
    gone: &[&Item],
    until: &str,
) -> Vec<String> {
    let (services, ingresses, scalers, pods) = tokio::join!(
        list(cluster, "services", namespace),
        list(cluster, "ingresses", namespace),
        list(cluster, "horizontalpodautoscalers", namespace),
        list(cluster, "pods", namespace)
    );
    let is_gone = |kind: &str, name: &str| gone.iter().any(|item| item.kind == kind && item.name == name);
    let mut warnings = Vec::new();
    for service in services.iter().filter(|service| !is_gone("Service", text(service, "/metadata/name"))) {
        if left_without_pods(service, inventory, gone) {
            warnings.push(format!("Service {} has no pods {until}", text(service, "/metadata/name")));
        }
    }
    for ingress in ingresses.iter().filter(|ingress| !is_gone("Ingress", text(ingress, "/metadata/name"))) {
        for backend in backends(ingress).into_iter().filter(|backend| is_gone("Service", backend)) {
            let name = text(ingress, "/metadata/name");
            warnings.push(format!("Ingress {name} sends requests to Service {backend}, which is gone then"));
        }
    }
    for scaler in &scalers {
        let name = text(scaler, "/metadata/name");
        let (kind, scaled) =
            (text(scaler, "/spec/scaleTargetRef/kind"), text(scaler, "/spec/scaleTargetRef/name"));
        if is_gone(kind, scaled) && !is_gone("HorizontalPodAutoscaler", name) {
            warnings.push(format!("HorizontalPodAutoscaler {name} stays and has nothing to scale then"));
        }
    }
    for item in gone.iter().filter(|item| USED.contains(&item.kind.as_str())) {
        let users: Vec<&str> = pods
            .iter()
            .filter(|pod| uses(pod, &item.kind, &item.name))
            .map(|pod| text(pod, "/metadata/name"))
            .filter(|pod| !is_gone("Pod", pod))
            .collect();
        if !users.is_empty() {
            let shown = users.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            let more = users.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            warnings.push(format!("{} {} is used by the pods {shown}{more}", item.kind, item.name));
        }
    }
    warnings
}

/// What becomes of the data behind the claims in `gone`: the reclaim policy of each volume.
async fn claims(cluster: &Cluster, gone: &[&Item]) -> Vec<String> {
    let claims = gone.iter().filter(|item| item.kind == "PersistentVolumeClaim");
    let mut looks = Vec::new();
    for claim in claims {
        looks.push(claim_fate(cluster, claim));
    }
    join_all(looks).await
}

async fn claim_fate(cluster: &Cluster, claim: &Item) -> String {
    let read = async {
        let namespace = claim.namespace.as_deref();
        let target =
            cluster.target(Some("persistentvolumeclaims"), Some(&claim.name), namespace).await.ok()?;
        let (object, _) = target.read(cluster).await.ok()?;
        let volume = text(&object, "/spec/volumeName").to_owned();
        if volume.is_empty() {
            return Some(format!("PersistentVolumeClaim {} has no volume yet", claim.name));
        }
        let target = cluster.target(Some("persistentvolumes"), Some(&volume), None).await.ok()?;
        let (object, _) = target.read(cluster).await.ok()?;
        Some(match text(&object, "/spec/persistentVolumeReclaimPolicy") {
            "Delete" => format!(
                "the data of PersistentVolumeClaim {} is deleted with it (reclaim policy Delete)",
                claim.name
            ),
            policy => format!(
                "the data of PersistentVolumeClaim {} stays in volume {volume} (reclaim policy {policy})",
                claim.name
            ),
        })
    };
    read.await.unwrap_or_else(|| {
        format!(
            "the data of PersistentVolumeClaim {} may be deleted with it: its volume could not be read",
            claim.name
        )
    })
}

async fn list(cluster: &Cluster, word: &str, namespace: &str) -> Vec<Value> {
    let Ok(resource) = cluster.kind(word).await else { return Vec::new() };
    let query = Query { namespace: Some(namespace.to_owned()), ..Query::default() };
    cluster.objects(&resource, &query).await.unwrap_or_default()
}

fn left_without_pods(service: &Value, inventory: &Inventory, gone: &[&Item]) -> bool {
    let Some(selector) = service.pointer("/spec/selector").and_then(Value::as_object) else { return false };
    let gone: BTreeSet<&str> = gone.iter().map(|item| item.uid.as_str()).collect();
    let mut pods = inventory.items.iter().filter(|item| {
        item.kind == "Pod"
            && selector.iter().all(|(key, value)| item.labels.get(key).map(String::as_str) == value.as_str())
    });
    let mut any = false;
    !selector.is_empty()
        && pods.all(|pod| {
            any = true;
            gone.contains(pod.uid.as_str())
        })
        && any
}

fn backends(ingress: &Value) -> BTreeSet<&str> {
    let rules = ingress.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
    let paths = rules.filter_map(|rule| rule.pointer("/http/paths").and_then(Value::as_array)).flatten();
    let mut names: BTreeSet<&str> = paths.map(|path| text(path, "/backend/service/name")).collect();
    names.insert(text(ingress, "/spec/defaultBackend/service/name"));
    names.remove("");
    names
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(uid: &str, app: &str) -> Item {
        Item {
            kind: "Pod".to_owned(),
            word: "pods".to_owned(),
            name: uid.to_owned(),
            namespace: None,
            uid: uid.to_owned(),
            owners: Vec::new(),
            labels: [("app".to_owned(), app.to_owned())].into(),
        }
    }

    #[test]
    fn a_service_is_left_without_pods_only_when_all_of_them_go() {
        let service = json!({"spec": {"selector": {"app": "web"}}});
        let inventory =
            Inventory { items: vec![pod("1", "web"), pod("2", "web"), pod("3", "db")], unread: Vec::new() };
        let all: Vec<&Item> = inventory.items.iter().collect();
        assert!(left_without_pods(&service, &inventory, &all));
        assert!(!left_without_pods(&service, &inventory, &all[..1]));
        assert!(!left_without_pods(&json!({"spec": {"selector": {"app": "none"}}}), &inventory, &all));
        assert!(!left_without_pods(&json!({"spec": {}}), &inventory, &all));
    }

    #[test]
    fn the_backends_of_an_ingress() {
        let ingress = json!({"spec": {"defaultBackend": {"service": {"name": "d"}}, "rules": [{"http": {"paths": [{"backend": {"service": {"name": "a"}}}]}}]}});
        assert_eq!(backends(&ingress).into_iter().collect::<Vec<_>>(), ["a", "d"]);
    }
}
