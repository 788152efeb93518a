//! The one reading of the cluster that a health analysis works on: every kind once, in parallel, in pages,
//! with the fields that no check needs thrown away at once.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::Cluster;
use crate::progress::Progress;

use super::field::{controller, items, name, namespace, text, uid};

/// Kinds that are read. `true`: names and labels only; a Secret's data is never asked for.
const KINDS: [(&str, bool); 19] = [
    ("Pod", false),
    ("Event", false),
    ("Deployment", false),
    ("ReplicaSet", false),
    ("StatefulSet", false),
    ("DaemonSet", false),
    ("Job", false),
    ("CronJob", false),
    ("Service", false),
    ("EndpointSlice", false),
    ("Ingress", false),
    ("IngressClass", false),
    ("PersistentVolumeClaim", false),
    ("PersistentVolume", false),
    ("StorageClass", false),
    ("Node", false),
    ("ConfigMap", true),
    ("Secret", true),
    ("ServiceAccount", true),
];

/// Objects of a page.
const PAGE: usize = 500;

/// Lists read at once.
const AT_ONCE: usize = 8;

/// Annotations that a check reads; all others are thrown away.
const ANNOTATIONS: [&str; 4] = [
    "kubernetes.io/ingress.class",
    "ingressclass.kubernetes.io/is-default-class",
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
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
    events_of: HashMap<String, Vec<usize>>,
}

impl Snapshot {
    /// Reads the cluster, or `namespace` of it with the cluster-wide objects that can hurt it.
    ///
    /// # Errors
    /// `Unreachable`, `Unauthorized` or `TimedOut` when the cluster does not answer at all; a kind that
    /// cannot be read for another reason goes to `unchecked`.
    pub async fn read(cluster: &Cluster, scope: Option<&str>, progress: &Progress) -> Result<Self> {
        progress.status("reading the cluster");
        let reads: Vec<_> =
            KINDS.into_iter().map(|(kind, names_only)| list_of(cluster, kind, scope, names_only)).collect();
        let mut answers = stream::iter(reads).buffer_unordered(AT_ONCE);
        let (mut lists, mut unchecked) = (HashMap::new(), Vec::new());
        let mut last_error = None;
        while let Some((kind, answer)) = answers.next().await {
            match answer {
                Ok(objects) => {
                    lists.insert(kind.to_owned(), objects);
                }
                Err(error) => {
                    let reason = match error.kind() {
                        ErrorKind::Unauthorized | ErrorKind::Unavailable => return Err(error),
                        ErrorKind::Forbidden => format!("forbidden: you may not list it {}", place(scope)),
                        ErrorKind::NotFound => "the cluster does not have this kind".to_owned(),
                        _ => error.to_string(),
                    };
                    unchecked.push(Unchecked { kind: kind.to_owned(), reason });
                    last_error = Some(error);
                }
            }
        }
        if let Some(error) = last_error
            && lists.is_empty()
            && matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::TimedOut)
        {
            return Err(error);
        }
        unchecked.sort_by(|a, b| a.kind.cmp(&b.kind));
        Ok(Self::new(Timestamp::now(), scope.map(str::to_owned), lists, unchecked))
    }

    /// A snapshot of these objects at `now`.
    #[must_use]
    pub fn new(
        now: Timestamp,
        scope: Option<String>,
        lists: HashMap<String, Vec<Value>>,
        unchecked: Vec<Unchecked>,
    ) -> Self {
        let mut by_name: HashMap<(String, String), HashMap<String, usize>> = HashMap::new();
        let (mut pods_of, mut pods_in, mut events_of) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (kind, objects) in &lists {
            for (index, object) in objects.iter().enumerate() {
                match kind.as_str() {
                    "Pod" => {
                        if let Some((owner, _, _)) = controller(object) {
                            push(&mut pods_of, owner, index);
                        }
                        push(&mut pods_in, namespace(object), index);
                    }
                    "Event" => {
                        push(&mut events_of, &event_key(object), index);
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

    /// Whether a kind was read, so that a missing object is missing indeed.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.lists.contains_key(kind)
    }

    /// Kinds that were read with how many objects, the most telling first.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        KINDS.iter().filter_map(|(kind, _)| Some((*kind, self.lists.get(*kind)?.len())))
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
            .filter_map(|index| self.list("Event").get(*index))
            .collect();
        events.sort_by_key(|event| last_seen(event));
        events
    }
}

fn place(scope: Option<&str>) -> String {
    scope.map_or_else(|| "in the whole cluster".to_owned(), |scope| format!("in {scope}"))
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

/// The list under its kind's name, for reading many at once.
async fn list_of(
    cluster: &Cluster,
    kind: &'static str,
    scope: Option<&str>,
    names_only: bool,
) -> (&'static str, Result<Vec<Value>>) {
    (kind, list(cluster, kind, scope, names_only).await)
}

async fn list(cluster: &Cluster, kind: &str, scope: Option<&str>, names_only: bool) -> Result<Vec<Value>> {
    let resource = cluster.kind(kind).await?;
    let path = resource.path(scope);
    let accept = if names_only {
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    } else {
        "application/json"
    };
    // Ordinary events are many and tell nothing here.
    let filter = if kind == "Event" { "&fieldSelector=type%3DWarning" } else { "" };
    let place = scope.filter(|_| resource.namespaced).map_or(String::new(), |scope| format!(" in {scope}"));
    let doing = format!("list {}{place}", resource.plural);
    let (mut objects, mut token) = (Vec::new(), String::new());
    loop {
        let uri = format!("{path}?limit={PAGE}{filter}{token}");
        let request =
            http::Request::get(&uri).header("Accept", accept).body(Vec::new()).map_err(|error| {
                Feedback::new(ErrorKind::InvalidArguments, format!("could not {doing}: {error}"))
                    .next("name a namespace as `kubectl get namespaces` prints it")
            })?;
        let mut page: Value = cluster.ask(&doing, cluster.client().request(request)).await?;
        let next = text(&page, "/metadata/continue").to_owned();
        if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
            objects.extend(found.into_iter().map(|object| slim(kind, object)));
        }
        if next.is_empty() {
            return Ok(objects);
        }
        token = format!("&continue={}", encode(&next));
    }
}

/// Percent-encodes a token for a query.
fn encode(token: &str) -> String {
    token
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The object without what no check reads, which is most of it.
fn slim(kind: &str, mut object: Value) -> Value {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("managedFields");
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.retain(|key, _| ANNOTATIONS.contains(&key.as_str()));
        }
    }
    match kind {
        "Pod" => {
            if let Some(spec) = object.get_mut("spec") {
                slim_pod_spec(spec);
            }
        }
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => {
            if let Some(spec) = object.pointer_mut("/spec/template/spec") {
                slim_pod_spec(spec);
            }
        }
        "Node" => {
            if let Some(Value::Object(status)) = object.get_mut("status") {
                status.retain(|key, _| matches!(key.as_str(), "conditions" | "allocatable"));
            }
        }
        _ => {}
    }
    object
}

fn slim_pod_spec(spec: &mut Value) {
    let Value::Object(spec) = spec else { return };
    for field in ["affinity", "tolerations", "securityContext", "topologySpreadConstraints", "dnsConfig"] {
        spec.remove(field);
    }
    for field in ["containers", "initContainers"] {
        for container in spec.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            let kept: Map<String, Value> =
                ["name", "image", "ports", "readinessProbe", "startupProbe", "envFrom", "restartPolicy"]
                    .into_iter()
                    .filter_map(|field| Some((field.to_owned(), container.get(field)?.clone())))
                    .collect();
            // Values of variables may be secrets, and only references matter here.
            let env: Vec<Value> = items(container, "/env")
                .filter(|variable| variable.get("valueFrom").is_some())
                .cloned()
                .collect();
            *container = Value::Object(kept);
            if !env.is_empty()
                && let Some(map) = container.as_object_mut()
            {
                map.insert("env".to_owned(), json!(env));
            }
        }
    }
}
