//! An upgrade (or a first install) seen object by object before it happens: what changes, whether the server
//! would take it, and whether the object is still as Helm left it.

use futures::future::join_all;
use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Cluster, ManifestObject, ResourceType, Target, difference, differs};
use crate::preview::{Action, ObjectChange, ObjectIdentity};

use super::render::ChartRequest;
use super::upgrade::{Pair, drift, merge_patch, pairs};

/// What an upgrade comes to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The objects that change; those that stay are left out.
    pub changes: Vec<ObjectChange>,
    /// What was changed outside Helm, and what stays.
    pub warnings: Vec<String>,
    /// Whether anything was changed outside Helm.
    pub drifted: bool,
}

/// Compares the objects of the live release with those the chart makes now, each with what is in the cluster.
///
/// # Errors
/// What the server has against an object, an object that Helm would refuse to take over, or as
/// [`Cluster::ask`].
pub async fn compare(
    cluster: &Cluster,
    old: &[ManifestObject],
    new: &[ManifestObject],
    request: &ChartRequest<'_>,
    new_namespace: bool,
) -> Result<Comparison> {
    let all = pairs(old, new, request.namespace);
    let mut looks = Vec::with_capacity(all.len());
    for pair in &all {
        looks.push(compare_one(cluster, *pair, request, new_namespace));
    }
    let mut found = Comparison::default();
    let mut refused = Vec::new();
    for one in join_all(looks).await {
        match one {
            Ok(mut one) => {
                found.changes.append(&mut one.changes);
                found.warnings.append(&mut one.warnings);
                found.drifted |= one.drifted;
            }
            Err(error) => refused.push(error),
        }
    }
    match refused.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// One object: what changes, whether the server would take it, and whether it is still as Helm left it.
async fn compare_one(
    cluster: &Cluster,
    pair: Pair<'_>,
    request: &ChartRequest<'_>,
    new_namespace: bool,
) -> Result<Comparison> {
    let namespace = request.namespace;
    let Some(object) = pair.new.or(pair.old) else { return Ok(Comparison::default()) };
    let target = target(cluster, object, namespace).await?;
    let label = target.label();
    let mut found = Comparison::default();
    let in_new_namespace = new_namespace && target.namespace.as_deref() == Some(namespace);
    let live = if in_new_namespace { None } else { target.find(cluster).await.unwrap_or_default() };
    let action = match (pair.old, pair.new) {
        (Some(old), None) if old.annotation("helm.sh/resource-policy") == Some("keep") => {
            found.warnings.push(format!("{label} leaves the release and stays (resource policy keep)"));
            return Ok(found);
        }
        (_, None) => Action::Delete,
        (None, Some(_)) => Action::Create,
        (Some(old), Some(new)) if differs(Some(&old.object), Some(&new.object)) => Action::Update,
        _ => Action::Unchanged,
    };
    if let (Some(old), Some(live), Some(_)) = (pair.old, &live, pair.new) {
        for said in drift(&old.object, live) {
            found.drifted = true;
            found.warnings.push(format!("{label} was changed outside Helm and is set again: {said}"));
        }
    }
    if let (Some(_), Some(_), None, false) = (pair.old, pair.new, &live, in_new_namespace) {
        found.drifted = true;
        found.warnings.push(format!("{label} was deleted outside Helm and is made again"));
    }
    match (&live, pair.old, pair.new) {
        (Some(live), None, Some(_)) => may_adopt(&label, live, request.release)?,
        (Some(_), Some(old), Some(new)) if action == Action::Update => {
            let patch = kube::api::Patch::Merge(merge_patch(&old.object, &new.object));
            target.dry_run(cluster, &patch).await?;
        }
        (None, None, Some(new)) if !in_new_namespace => try_new(cluster, &target, new).await?,
        _ => {}
    }
    if action != Action::Unchanged {
        let shown = difference(pair.old.map(|old| &old.object), pair.new.map(|new| &new.object));
        found.changes.push(ObjectChange {
            object: identity(&target, live.as_ref()),
            action,
            difference: if action == Action::Delete { String::new() } else { shown },
        });
    }
    Ok(found)
}

/// Helm refuses to take over an object that is not its release's; better to say so before the run.
fn may_adopt(label: &str, live: &Value, release: &str) -> Result<()> {
    let owner = live.pointer("/metadata/annotations/meta.helm.sh~1release-name").and_then(Value::as_str);
    if owner == Some(release) {
        return Ok(());
    }
    let whose = owner.map_or_else(|| "without Helm".to_owned(), |owner| format!("in the release {owner}"));
    Err(Feedback::new(ErrorKind::Conflict, format!("{label} exists already, {whose}"))
        .next("delete it, or give the chart another name for it, then ask again")
        .into())
}

/// Lets the server try an object that does not exist yet.
async fn try_new(cluster: &Cluster, target: &Target, new: &ManifestObject) -> Result<()> {
    if cluster.known_kinds().find_kind(new.group(), new.kind()).is_none() {
        return Ok(());
    }
    cluster.apply(target, &new.object, true, true).await.map(|_| ())
}

/// Where an object of a chart goes. A kind that the chart itself brings is taken to have namespaces.
pub(super) async fn target(cluster: &Cluster, object: &ManifestObject, namespace: &str) -> Result<Target> {
    let resource = match cluster.manifest_type(object.api_version(), object.kind()).await? {
        Some(resource) => resource,
        None => ResourceType {
            group: object.group().to_owned(),
            version: object.api_version().rsplit('/').next().unwrap_or_default().to_owned(),
            kind: object.kind().to_owned(),
            plural: format!("{}s", object.kind().to_ascii_lowercase()),
            singular: object.kind().to_ascii_lowercase(),
            short_names: Vec::new(),
            namespaced: true,
            categories: Vec::new(),
        },
    };
    let namespace = resource.namespaced.then(|| object.namespace().unwrap_or(namespace).to_owned());
    Ok(Target { resource, name: object.name().to_owned(), namespace })
}

pub(super) fn identity(target: &Target, live: Option<&Value>) -> ObjectIdentity {
    let metadata = live.and_then(|live| live.get("metadata"));
    ObjectIdentity {
        kind: target.resource.kind.clone(),
        name: target.name.clone(),
        namespace: target.namespace.clone(),
        uid: metadata.and_then(|found| found.get("uid")).and_then(Value::as_str).map(str::to_owned),
        generation: metadata.and_then(|found| found.get("generation")).and_then(Value::as_i64),
    }
}
