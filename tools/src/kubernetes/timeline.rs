//! What happened when, from everything that keeps a time: creations, who wrote which fields, rollouts, Helm
//! revisions and events, as one list.

use jiff::Timestamp;
use kube::api::ListParams;
use serde::Serialize;
use serde_json::Value;

use crate::error::{ErrorKind, Result};

use super::cluster::Cluster;
use super::events::Event;
use super::kinds::ResourceType;
use super::managed_fields::field_writes;
use super::revisions::Revision;

/// Kinds whose writes are told: what people and their tools set, not what controllers make of it.
const KINDS: [&str; 16] = [
    "deployments",
    "statefulsets",
    "daemonsets",
    "cronjobs",
    "jobs",
    "services",
    "ingresses",
    "configmaps",
    "secrets",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "networkpolicies",
    "persistentvolumeclaims",
    "serviceaccounts",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
];

/// Writes this close to an object's creation are the creation.
const SAME_WRITE: i64 = 2;

/// Where a moment is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A Helm revision.
    Helm,
    /// A new revision of a workload.
    Rollout,
    /// An object that was made.
    Created,
    /// Fields that were written.
    Changed,
    /// An event.
    Event,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When.
    pub time: Timestamp,
    /// Where it is known from.
    pub source: Source,
    /// What it happened to, as `kind/name`.
    pub object: String,
    /// The object's namespace.
    pub namespace: Option<String>,
    /// What happened.
    pub what: String,
    /// Who did it, as far as that is kept: a field manager, a chart's release.
    pub by: String,
}

impl Cluster {
    /// What happened to the objects of `namespace`, or of all, since `since`; the newest last. Of objects only
    /// the metadata is read. The second value says what could not be looked at.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn timeline(
        &self,
        namespace: Option<&str>,
        since: Timestamp,
    ) -> Result<(Vec<Moment>, Vec<String>)> {
        let reads = KINDS.map(|word| async move {
            let resource = self.kind(word).await?;
            match self.metadata(&resource, namespace).await {
                Ok(found) => Ok((resource, Ok(found))),
                Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => {
                    Ok((resource, Err(error)))
                }
                Err(error) => Err(error),
            }
        });
        let (all, events) =
            tokio::try_join!(futures::future::try_join_all(reads), self.events(namespace, None))?;
        let (mut found, mut notes) = (Vec::new(), Vec::new());
        for (resource, objects) in all {
            match objects {
                Ok(objects) => {
                    found.extend(objects.iter().flat_map(|object| moments(&resource.singular, object)));
                }
                Err(error) => notes.push(error.to_string()),
            }
        }
        found.extend(events.iter().filter_map(event));
        found.extend(self.rollouts(namespace).await?);
        found.retain(|moment| moment.time >= since);
        found.sort_by(|one, other| one.time.cmp(&other.time).then(one.source.cmp(&other.source)));
        found.dedup();
        Ok((found, notes))
    }

    /// The metadata of all objects of a type, whole, as values with their kind.
    async fn metadata(&self, resource: &ResourceType, namespace: Option<&str>) -> Result<Vec<Value>> {
        let api = self.api(resource, namespace);
        let mut parameters = ListParams::default().limit(500);
        let mut found = Vec::new();
        loop {
            let page = self.ask(&format!("list {}", resource.plural), api.list_metadata(&parameters)).await?;
            found.extend(page.items.iter().filter_map(|object| serde_json::to_value(object).ok()));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => return Ok(found),
            }
        }
    }

    /// The rollouts of every Deployment, StatefulSet and DaemonSet.
    async fn rollouts(&self, namespace: Option<&str>) -> Result<Vec<Moment>> {
        let mut found = Vec::new();
        for word in ["deployments", "statefulsets", "daemonsets"] {
            let resource = self.kind(word).await?;
            let query =
                super::objects::Query { namespace: namespace.map(str::to_owned), ..Default::default() };
            let objects = match self.objects(&resource, &query).await {
                Ok(objects) => objects,
                Err(error) if error.kind() == ErrorKind::Forbidden => continue,
                Err(error) => return Err(error),
            };
            let revisions = objects.iter().map(|object| self.revisions(object));
            for (object, revisions) in objects.iter().zip(futures::future::join_all(revisions).await) {
                let name = format!("{}/{}", resource.singular, text(object, "/metadata/name"));
                let place = object.pointer("/metadata/namespace").and_then(Value::as_str);
                found.extend(rollouts(&name, place, &revisions.unwrap_or_default()));
            }
        }
        Ok(found)
    }
}

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// What the metadata of an object of `kind` (singular) tells: its creation, writes, a Helm revision.
#[must_use]
pub fn moments(kind: &str, object: &Value) -> Vec<Moment> {
    let name = text(object, "/metadata/name");
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).map(str::to_owned);
    let Ok(created) = text(object, "/metadata/creationTimestamp").parse::<Timestamp>() else {
        return Vec::new();
    };
    let label = |key: &str| {
        object.pointer("/metadata/labels").and_then(|labels| labels.get(key)).and_then(Value::as_str)
    };
    if kind == "secret" && label("owner") == Some("helm") {
        // Helm keeps every revision as a Secret of its own and says which in the labels.
        let release = label("name").unwrap_or_default();
        return vec![Moment {
            time: created,
            source: Source::Helm,
            object: format!("release/{release}"),
            namespace,
            what: format!(
                "revision {}, now {}",
                label("version").unwrap_or("?"),
                label("status").unwrap_or("unknown")
            ),
            by: "helm".to_owned(),
        }];
    }
    let moment = |time, source, what, by| Moment {
        time,
        source,
        object: format!("{kind}/{name}"),
        namespace: namespace.clone(),
        what,
        by,
    };
    let writes = field_writes(object);
    let after = |time: Timestamp| time.as_second() - created.as_second();
    let first = writes.iter().find(|write| write.time.is_some_and(|time| after(time).abs() <= SAME_WRITE));
    let mut found = vec![moment(
        created,
        Source::Created,
        "created".to_owned(),
        first.map(|write| write.manager.clone()).unwrap_or_default(),
    )];
    for write in &writes {
        let Some(time) = write.time.filter(|time| after(*time) > SAME_WRITE) else { continue };
        // All that the manager holds, not what it wrote last: the server keeps no more.
        let what = format!("written, fields it holds: {}", write.fields.join(", "));
        found.push(moment(time, Source::Changed, what, write.manager.clone()));
    }
    found
}

/// A rollout for each revision that is kept; one that was gone back to has the age of its first time.
fn rollouts(object: &str, namespace: Option<&str>, revisions: &[Revision]) -> Vec<Moment> {
    let mut found = Vec::new();
    for (index, revision) in revisions.iter().enumerate() {
        let Some(time) = revision.created.as_ref().and_then(|time| time.parse().ok()) else { continue };
        let images = revision.images().join(", ");
        let before =
            index.checked_sub(1).and_then(|index| revisions.get(index)).map(|one| one.images().join(", "));
        let what = match before {
            Some(before) if before != images => format!("revision {}: {before} → {images}", revision.number),
            _ => format!("revision {}: {images}", revision.number),
        };
        let by = revision.cause.clone().unwrap_or_default();
        found.push(Moment {
            time,
            source: Source::Rollout,
            object: object.to_owned(),
            namespace: namespace.map(str::to_owned),
            what,
            by,
        });
    }
    found
}

/// Events that tell of a change or of trouble; pulls, starts and the like follow from those.
fn event(event: &Event) -> Option<Moment> {
    const TELLING: [&str; 6] = [
        "ScalingReplicaSet",
        "SuccessfulRescale",
        "Killing",
        "NodeNotReady",
        "Preempted",
        "DeploymentRollback",
    ];
    if !event.is_warning() && !TELLING.contains(&event.reason.as_str()) {
        return None;
    }
    let often = if event.count > 1 { format!(" ({} times)", event.count) } else { String::new() };
    Some(Moment {
        time: event.last_seen?,
        source: Source::Event,
        object: event.object.clone(),
        namespace: event.namespace.clone(),
        what: format!("{}: {}{often}", event.reason, event.message),
        by: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn creations_writes_and_helm_revisions_are_moments() {
        let written = |manager: &str, time: &str| json!({"manager": manager, "operation": "Update", "time": time, "fieldsV1": {"f:spec": {"f:replicas": {}}}});
        let object = json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [written("kubectl-create", "2026-01-01T00:00:00Z"), written("shipmate", "2026-01-01T00:30:00Z")]}});
        let said: Vec<String> = moments("deployment", &object)
            .iter()
            .map(|one| format!("{} {} {}", one.time, one.what, one.by))
            .collect();
        assert_eq!(
            said,
            [
                "2026-01-01T00:00:00Z created kubectl-create",
                "2026-01-01T00:30:00Z written, fields it holds: spec.replicas shipmate"
            ]
        );
        let release = json!({"metadata": {"name": "sh.helm.release.v1.shop.v3", "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"owner": "helm", "name": "shop", "version": "3", "status": "deployed"}}});
        assert_eq!(moments("secret", &release)[0].what, "revision 3, now deployed");
    }

    #[test]
    fn a_rollout_says_which_image_came_for_which() {
        let revision = |number: u64, image: &str| Revision {
            annotations: None,
            number,
            name: String::new(),
            created: Some("2026-01-01T00:00:00Z".to_owned()),
            cause: None,
            pods: None,
            template: json!({"spec": {"containers": [{"image": image}]}}),
        };
        let found = rollouts("deployment/web", Some("shop"), &[revision(1, "web:1"), revision(2, "web:2")]);
        assert_eq!(found[1].what, "revision 2: web:1 → web:2");
    }
}
