//! What applying manifests comes to: which objects, of which types, in which namespaces, in which order.

use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result};

use super::cluster::Cluster;
use super::kinds::ResourceType;
use super::manifest::ManifestObject;
use super::target::Target;

/// An object that is to be applied.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The object, with its namespace.
    pub object: Value,
    /// The file and line it comes from.
    pub place: String,
    /// Where it goes.
    pub target: Target,
    /// Whether the cluster has its kind already; else a definition that is applied before it brings it.
    pub known: bool,
}

/// Plans `objects`, in the order they have to be applied. `namespace` is the one that was asked for; objects
/// without a namespace of their own go there, or into the context's.
///
/// # Errors
/// `InvalidArguments` for objects of another namespace than the one asked for or for one that stands twice,
/// `NotFound` for kinds the cluster does not have.
pub async fn plan(
    cluster: &Cluster,
    objects: Vec<ManifestObject>,
    namespace: Option<&str>,
) -> Result<Vec<Planned>> {
    let brought: Vec<ResourceType> = objects.iter().filter_map(defined_type).collect();
    let mut planned: Vec<Planned> = Vec::with_capacity(objects.len());
    for found in objects {
        let (known, resource) = match cluster.manifest_type(found.api_version(), found.kind()).await? {
            Some(resource) => (true, resource),
            None => match brought.iter().find(|new| new.group == found.group() && new.kind == found.kind()) {
                Some(new) => (false, new.clone()),
                None => return Err(unknown_kind(&found)),
            },
        };
        let namespace = match (resource.namespaced, found.namespace(), namespace) {
            (false, _, _) => None,
            (true, Some(own), Some(asked)) if own != asked => return Err(elsewhere(&found, own, asked)),
            (true, own, asked) => Some(own.or(asked).unwrap_or(cluster.namespace()).to_owned()),
        };
        let target = Target { name: found.name().to_owned(), resource, namespace };
        let place = found.place();
        let object = prepared(found.object, target.namespace.as_deref());
        match planned.iter().find(|other| same(&other.target, &target)) {
            Some(other) if other.object == object => {}
            Some(other) => {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("{} stands twice: {} and {place}", target.label(), other.place),
                )
                .next("keep one of the two")
                .into());
            }
            None => planned.push(Planned { object, place, target, known }),
        }
    }
    planned.sort_by_key(|planned| rank(&planned.target.resource));
    Ok(planned)
}

fn same(one: &Target, other: &Target) -> bool {
    one.name == other.name
        && one.namespace == other.namespace
        && one.resource.kind == other.resource.kind
        && one.resource.group == other.resource.group
}

/// The object as it is applied: in its namespace, without what only the server writes (which it refuses to be
/// sent back, and which an exported object has).
fn prepared(mut object: Value, namespace: Option<&str>) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.remove("status");
        if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
            for field in
                ["managedFields", "creationTimestamp", "resourceVersion", "uid", "generation", "selfLink"]
            {
                metadata.remove(field);
            }
            if let Some(namespace) = namespace {
                metadata.insert("namespace".to_owned(), namespace.into());
            } else {
                metadata.remove("namespace");
            }
        }
    }
    object
}

/// Namespaces and definitions first, then what others refer to, then Services (whose addresses pods get as
/// variables), then what runs, then what stands before it.
fn rank(resource: &ResourceType) -> u8 {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Namespace") => 0,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => 1,
        ("scheduling.k8s.io" | "storage.k8s.io" | "rbac.authorization.k8s.io", _)
        | (
            "",
            "ServiceAccount"
            | "ConfigMap"
            | "Secret"
            | "ResourceQuota"
            | "LimitRange"
            | "PersistentVolume"
            | "PersistentVolumeClaim",
        ) => 2,
        ("", "Service") => 3,
        ("", "Pod" | "ReplicationController") | ("apps" | "batch", _) => 4,
        _ => 5,
    }
}

/// The type that a CustomResourceDefinition brings.
fn defined_type(found: &ManifestObject) -> Option<ResourceType> {
    if found.kind() != "CustomResourceDefinition" {
        return None;
    }
    let text = |path: &str| found.object.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let kind = text("/spec/names/kind")?;
    Some(ResourceType {
        group: text("/spec/group")?,
        version: text("/spec/versions/0/name")?,
        plural: text("/spec/names/plural")?,
        singular: text("/spec/names/singular").unwrap_or_else(|| kind.to_ascii_lowercase()),
        kind,
        short_names: Vec::new(),
        namespaced: text("/spec/scope")? == "Namespaced",
        categories: Vec::new(),
    })
}

fn unknown_kind(found: &ManifestObject) -> crate::error::ToolError {
    Feedback::new(
        ErrorKind::NotFound,
        format!("{}: the cluster has no kind {} in {}", found.place(), found.kind(), found.api_version()),
    )
    .next("check its apiVersion, or apply the CustomResourceDefinition that brings it first")
    .into()
}

fn elsewhere(found: &ManifestObject, own: &str, asked: &str) -> crate::error::ToolError {
    Feedback::new(
        ErrorKind::InvalidArguments,
        format!(
            "{}: the {} {} names the namespace {own} itself, so it does not go into {asked}",
            found.place(),
            found.kind(),
            found.name()
        ),
    )
    .next(format!("apply it to {own}, or take metadata.namespace out of the manifest"))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;
    use crate::kubernetes::parse_manifest;
    use serde_json::json;

    async fn planned(text: &str, namespace: Option<&str>) -> Result<Vec<Planned>> {
        let cluster = answering(|_| json!({"items": []}));
        plan(&cluster, parse_manifest(text, "all.yaml").unwrap(), namespace).await
    }

    const ALL: &str = "{kind: Ingress, apiVersion: networking.k8s.io/v1, metadata: {name: i}}\n---\n{kind: Deployment, apiVersion: apps/v1, metadata: {name: d}}\n---\n{kind: Service, apiVersion: v1, metadata: {name: s}}\n---\n{kind: ConfigMap, apiVersion: v1, metadata: {name: c, namespace: shop}}\n---\n{kind: Namespace, apiVersion: v1, metadata: {name: shop}}\n";

    #[tokio::test]
    async fn order_and_namespaces() {
        let labels: Vec<String> = planned(ALL, Some("shop"))
            .await
            .unwrap()
            .iter()
            .map(|planned| format!("{} {}", planned.target.label(), planned.place))
            .collect();
        assert_eq!(
            labels,
            [
                "Namespace shop all.yaml:9",
                "ConfigMap shop/c all.yaml:7",
                "Service shop/s all.yaml:5",
                "Deployment shop/d all.yaml:3",
                "Ingress shop/i all.yaml:1"
            ]
        );
        insta::assert_snapshot!(planned(ALL, Some("test")).await.unwrap_err().to_string(), @"all.yaml:7: the ConfigMap c names the namespace shop itself, so it does not go into test");
    }

    #[tokio::test]
    async fn an_old_version_is_kept_and_bookkeeping_goes() {
        let text = "{kind: HorizontalPodAutoscaler, apiVersion: autoscaling/v1, metadata: {name: h, uid: u, managedFields: []}, status: {}}";
        let found = planned(text, Some("shop")).await.unwrap().remove(0);
        assert_eq!(found.target.resource.version, "v1");
        assert_eq!(
            found.object,
            json!({"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1", "metadata": {"name": "h", "namespace": "shop"}})
        );
    }

    #[tokio::test]
    async fn what_cannot_be_applied_together_is_named() {
        let twice = "{kind: ConfigMap, apiVersion: v1, metadata: {name: c}, data: {a: b}}\n---\n{kind: ConfigMap, apiVersion: v1, metadata: {name: c}}\n";
        insta::assert_snapshot!(planned(twice, Some("shop")).await.unwrap_err().to_string(), @"ConfigMap shop/c stands twice: all.yaml:1 and all.yaml:3");
    }
}
