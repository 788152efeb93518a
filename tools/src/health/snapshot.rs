//! What a health analysis works on: the cluster at one moment, indexed by name, owner and event. `reading` fills
//! it; tests make it from objects.

use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashMap;

use super::field::{controller, name, namespace, text, uid};

/// Kinds that every cluster has and that are read, the most telling first.
pub(super) const KINDS: [&str; 34] = [
    "Pod",
    "Event",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "EndpointSlice",
    "Ingress",
    "IngressClass",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "Node",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "PriorityClass",
    "RuntimeClass",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Namespace",
];

/// A kind that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// The kind.
    pub kind: String,
    /// Why not.
    pub reason: String,
}

/// The cluster, or one namespace of it, at one moment.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) now: Timestamp,
    /// The namespace; `None` for all.
    pub scope: Option<String>,
    lists: HashMap<String, Vec<Value>>,
    /// What could not be read.
    pub unchecked: Vec<Unchecked>,
    by_name: HashMap<(String, String), HashMap<String, usize>>,
    pods_of: HashMap<String, Vec<usize>>,
    pods_in: HashMap<String, Vec<usize>>,
    /// By uid, else by name; whether it is one of the ordinary events about claims, and where.
    events_of: HashMap<String, Vec<(bool, usize)>>,
}

impl Snapshot {
    /// A snapshot of these objects at `now`.
    #[must_use]
    pub fn new(
        now: Timestamp,
        scope: Option<String>,
        lists: HashMap<String, Vec<Value>>,
        unchecked: Vec<Unchecked>,
    ) -> Self {
        let mut by_name: HashMap<(String, String), HashMap<String, usize>> = HashMap::new();
        let (mut pods_of, mut pods_in) = (HashMap::new(), HashMap::new());
        let mut events_of: HashMap<String, Vec<(bool, usize)>> = HashMap::new();
        for (kind, objects) in &lists {
            for (index, object) in objects.iter().enumerate() {
                match kind.as_str() {
                    "Pod" => {
                        if let Some((owner, _, _)) = controller(object) {
                            push(&mut pods_of, owner, index);
                        }
                        push(&mut pods_in, namespace(object), index);
                    }
                    "Event" | "ClaimEvent" => {
                        let event = (kind == "ClaimEvent", index);
                        events_of.entry(event_key(object)).or_default().push(event);
                        continue;
                    }
                    _ => {}
                }
                by_name
                    .entry((kind.clone(), namespace(object).to_owned()))
                    .or_default()
                    .insert(name(object).to_owned(), index);
            }
        }
        Self { now, scope, lists, unchecked, by_name, pods_of, pods_in, events_of }
    }

    /// The objects of a kind.
    pub(super) fn list(&self, kind: &str) -> &[Value] {
        self.lists.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Whether the whole cluster was read, so that sums over it are sums.
    pub(super) const fn is_whole(&self) -> bool {
        self.scope.is_none()
    }

    /// Whether objects of a namespace were read.
    pub(super) fn covers(&self, namespace: &str) -> bool {
        self.scope.as_deref().is_none_or(|scope| scope == namespace)
    }

    /// Whether a kind was read, so that a missing object is missing indeed.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.lists.contains_key(kind)
    }

    /// Kinds that were read with how many objects, the most telling first.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        KINDS.iter().filter_map(|kind| Some((*kind, self.lists.get(*kind)?.len())))
    }

    /// An object by name.
    pub(super) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        let index = self.by_name.get(&(kind.to_owned(), namespace.to_owned()))?.get(name)?;
        self.list(kind).get(*index)
    }

    /// The pods that an object with this uid controls itself.
    pub(super) fn pods_of(&self, owner: &str) -> impl Iterator<Item = &Value> {
        self.pods(self.pods_of.get(owner))
    }

    /// The pods of a namespace.
    pub(super) fn pods_in(&self, namespace: &str) -> impl Iterator<Item = &Value> {
        self.pods(self.pods_in.get(namespace))
    }

    fn pods<'a>(&'a self, indices: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a Value> {
        indices.into_iter().flatten().filter_map(|index| self.list("Pod").get(*index))
    }

    /// The pods of a workload: its own, and for a Deployment those of its ReplicaSets.
    pub(super) fn pods_of_workload<'a>(&'a self, kind: &str, workload: &'a Value) -> Vec<&'a Value> {
        if kind != "Deployment" {
            return self.pods_of(uid(workload)).collect();
        }
        self.list("ReplicaSet")
            .iter()
            .filter(|set| controller(set).is_some_and(|(owner, _, _)| owner == uid(workload)))
            .flat_map(|set| self.pods_of(uid(set)))
            .collect()
    }

    /// Warning events about an object, the newest last. An event counts only when its uid is the object's, or
    /// kind, namespace and name are and it carries no uid.
    pub(super) fn events(&self, kind: &str, object: &Value) -> Vec<&Value> {
        let by_uid = self.events_of.get(uid(object));
        let by_name = self.events_of.get(&named_key(kind, namespace(object), name(object)));
        let mut events: Vec<&Value> = by_uid
            .into_iter()
            .chain(by_name)
            .flatten()
            .filter_map(|(of_claim, index)| {
                self.list(if *of_claim { "ClaimEvent" } else { "Event" }).get(*index)
            })
            .collect();
        events.sort_by_key(|event| last_seen(event));
        events
    }
}

fn push(index: &mut HashMap<String, Vec<usize>>, key: &str, position: usize) {
    index.entry(key.to_owned()).or_default().push(position);
}

fn event_key(event: &Value) -> String {
    let uid = text(event, "/involvedObject/uid");
    if uid.is_empty() {
        named_key(
            text(event, "/involvedObject/kind"),
            text(event, "/involvedObject/namespace"),
            text(event, "/involvedObject/name"),
        )
    } else {
        uid.to_owned()
    }
}

fn named_key(kind: &str, namespace: &str, name: &str) -> String {
    format!("{kind}/{namespace}/{name}")
}

fn last_seen(event: &Value) -> &str {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
        .into_iter()
        .map(|pointer| text(event, pointer))
        .find(|time| !time.is_empty())
        .unwrap_or_default()
}
