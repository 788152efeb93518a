//! An object that is to be deleted: what holds it, what brings it back, and who misses it, read from the object.

use futures::StreamExt as _;
use http::Request;
use serde_json::Value;

use crate::error::{ErrorKind, Result, ToolError};

use super::cluster::Cluster;
use super::inventory::Item;
use super::ownership::controlling_owner;
use super::target::Target;

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// An object that is to go, as it is.
#[derive(Debug, Clone)]
pub struct Doomed {
    /// Where it is.
    pub target: Target,
    /// The object itself.
    pub object: Value,
    /// The same as an entry of an inventory.
    pub item: Item,
}

impl Doomed {
    /// The object `object` at `target`.
    #[must_use]
    pub fn new(target: Target, object: Value) -> Self {
        let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
        let item = Item {
            kind: target.resource.kind.clone(),
            word: target.resource.word(),
            name: target.name.clone(),
            namespace: target.namespace.clone(),
            uid: text(&object, "/metadata/uid").to_owned(),
            owners: owners.into_iter().flatten().map(|owner| text(owner, "/uid").to_owned()).collect(),
            labels: labels
                .into_iter()
                .flatten()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
        };
        Self { target, object, item }
    }

    /// The owner that will make a new one: kind, name and the word that names its type.
    #[must_use]
    pub fn maker(&self) -> Option<(&str, &str, String)> {
        let owner = controlling_owner(&self.object)?;
        let (kind, name) = (text(owner, "/kind"), text(owner, "/name"));
        let group = text(owner, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
        let word = kind.to_ascii_lowercase();
        Some((kind, name, if group.is_empty() { word } else { format!("{word}.{group}") }))
    }

    /// What keeps it, brings it back, or misses it.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let label = self.target.label();
        let mut warnings = Vec::new();
        let finalizers = finalizers(&self.object);
        if !text(&self.object, "/metadata/deletionTimestamp").is_empty() {
            warnings.push(format!("{label} is being deleted already"));
        }
        if !finalizers.is_empty() {
            warnings.push(format!("{label} goes only when this is done: {}", finalizers.join(", ")));
        }
        if self.object.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some() {
            warnings.push(format!("{label} is kept by its node's kubelet, which shows it again"));
        } else if let Some((kind, name, _)) = self.maker() {
            warnings.push(format!("{label} comes back: {kind} {name} makes a new one"));
        }
        let release = text(&self.object, "/metadata/annotations/meta.helm.sh~1release-name");
        if !release.is_empty() {
            warnings.push(format!("{label} belongs to the Helm release {release}, which misses it then"));
        }
        if self.target.namespace.as_deref() == Some("kube-system") {
            warnings.push(format!("{label} is a part of the cluster itself"));
        }
        warnings
    }
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Lets the server try to delete each of `roots`, so that what is forbidden or refused is known beforehand. The
/// words for a dry run stand in the query, where the reading client's guard looks for them.
///
/// # Errors
/// As [`Cluster::ask`]; the first refusal.
pub async fn try_deletions(cluster: &Cluster, roots: &[Doomed]) -> Result<()> {
    let mut tries = Vec::with_capacity(roots.len());
    for root in roots {
        tries.push(async move {
            let target = &root.target;
            let doing = format!("try to delete {}", target.label());
            let path = target.resource.path(target.namespace.as_deref());
            let request = Request::delete(format!("{path}/{}?dryRun=All", target.name))
                .body(Vec::new())
                .map_err(|error| ToolError::Fatal(format!("could not {doing}: {error}")))?;
            cluster.ask(&doing, cluster.client().request::<Value>(request)).await.map(|_| ())
        });
    }
    let mut answers = futures::stream::iter(tries).buffered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        match answer {
            // Gone in between is what was asked for.
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What has to be done before an object goes.
fn finalizers(object: &Value) -> Vec<&str> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What is still there of what was shown, each with what holds it.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn remaining(cluster: &Cluster, objects: &[(Target, String)]) -> Result<Vec<String>> {
    let mut looks = Vec::with_capacity(objects.len());
    for (target, _) in objects {
        looks.push(target.find(cluster));
    }
    let answers: Vec<_> = futures::stream::iter(looks).buffered(AT_ONCE).collect().await;
    let mut left = Vec::new();
    for ((target, uid), answer) in objects.iter().zip(answers) {
        let Some(object) = answer? else { continue };
        if text(&object, "/metadata/uid") != uid {
            continue;
        }
        let held: Vec<String> = finalizers(&object)
            .into_iter()
            .map(|finalizer| format!("waits for {finalizer}"))
            .chain(namespace_troubles(&object))
            .collect();
        let label = target.label();
        left.push(if held.is_empty() { label } else { format!("{label} ({})", held.join("; ")) });
    }
    Ok(left)
}

/// What a namespace that is being deleted says about itself.
fn namespace_troubles(object: &Value) -> Vec<String> {
    if text(object, "/kind") != "Namespace" {
        return Vec::new();
    }
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let is_bad = |condition: &&Value| text(condition, "/status") == "True";
    conditions.into_iter().flatten().filter(is_bad).map(|said| text(said, "/message").to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::KindIndex;
    use serde_json::json;

    #[test]
    fn what_holds_it_and_brings_it_back_is_said() {
        let resource = KindIndex::builtin().find("pod").cloned().unwrap();
        let target = Target { resource, name: "web-1".into(), namespace: Some("shop".into()) };
        let object = json!({"metadata": {"finalizers": ["example.org/hold"], "ownerReferences":
            [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": true}]}});
        let doomed = Doomed::new(target, object);
        assert_eq!(
            doomed.warnings(),
            [
                "Pod shop/web-1 goes only when this is done: example.org/hold",
                "Pod shop/web-1 comes back: ReplicaSet web makes a new one"
            ]
        );
        assert_eq!(doomed.maker(), Some(("ReplicaSet", "web", "replicaset.apps".to_owned())));
        assert_eq!(doomed.item.owners, ["rs"]);
    }
}
