//! The reading behind a [`Snapshot`]: every kind once, in parallel and in pages, then what only some of the
//! objects lead to (the Services behind webhooks, targets of autoscalers, certificates). What may not be read
//! or does not answer is `unchecked`, with the reason.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::kubernetes::{Cluster, KindIndex, ResourceType};
use crate::progress::Progress;

use super::field::{controller, items, name, namespace, text};
use super::prune;
use super::snapshot::{KINDS, Snapshot, Unchecked};

/// Kinds whose names are all that is needed; a Secret's data is never asked for with them.
const NAMES_ONLY: [&str; 7] =
    ["ConfigMap", "Secret", "ServiceAccount", "Role", "ClusterRole", "PriorityClass", "RuntimeClass"];

/// Kinds that a cluster need not have.
const OPTIONAL: [&str; 4] = ["GatewayClass", "Gateway", "HTTPRoute", "ReferenceGrant"];

/// The group of [`OPTIONAL`].
const GATEWAY: &str = "gateway.networking.k8s.io";

/// Objects of a page.
const PAGE: usize = 500;

/// Lists read at once.
const AT_ONCE: usize = 10;

/// Other namespaces that webhooks are looked for in.
const NAMESPACES: usize = 20;

type Lists = HashMap<String, Vec<Value>>;

/// One list that is asked for.
struct Query {
    /// Under which name its objects are kept.
    key: String,
    /// What is listed, for words.
    what: String,
    path: String,
    names_only: bool,
    filter: String,
}

impl Snapshot {
    /// Reads the cluster, or `namespace` of it with the cluster-wide objects that can hurt it.
    ///
    /// # Errors
    /// `Unreachable`, `Unauthorized` or `TimedOut` when the cluster does not answer at all; a kind that
    /// cannot be read for another reason goes to `unchecked`.
    pub async fn read(cluster: &Cluster, scope: Option<&str>, progress: &Progress) -> Result<Self> {
        progress.status("reading the cluster");
        let builtin = KindIndex::builtin();
        let queries: Vec<Query> = KINDS
            .iter()
            .filter_map(|kind| builtin.types().iter().find(|known| known.kind == *kind))
            .map(|resource| Query::list(resource, scope))
            .chain([
                Query::metrics("PodMetrics", "pods", scope),
                Query::metrics("NodeMetrics", "nodes", None),
            ])
            .collect();
        let (answers, kinds) = futures::join!(ask_all(cluster, queries), cluster.discover_kinds());
        let mut lists = Lists::new();
        let mut unchecked = Vec::new();
        let mut last_error = None;
        for (key, answer) in answers {
            match answer {
                Ok(objects) => {
                    lists.insert(key, objects);
                }
                Err(error) => {
                    if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Unavailable)
                        && !key.ends_with("Metrics")
                    {
                        return Err(error);
                    }
                    unchecked.push(Unchecked { reason: reason(&key, &error, scope), kind: key });
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
        progress.status("following what was read");
        let known = kinds.unwrap_or_else(|_| cluster.known_kinds());
        let further = further(&lists, &known, scope);
        for (key, answer) in ask_all(cluster, further).await {
            match answer {
                Ok(objects) => lists.entry(key).or_default().extend(objects),
                Err(error) if OPTIONAL.contains(&key.as_str()) => {
                    unchecked.push(Unchecked { reason: reason(&key, &error, scope), kind: key });
                }
                // What is followed only adds to what was read: without it a check knows less and says less.
                Err(error) => tracing::debug!(%error, key, "could not be followed"),
            }
        }
        unchecked.sort_by(|a, b| a.kind.cmp(&b.kind));
        Ok(Self::new(Timestamp::now(), scope.map(str::to_owned), lists, unchecked))
    }
}

impl Query {
    fn list(resource: &ResourceType, scope: Option<&str>) -> Self {
        let place =
            scope.filter(|_| resource.namespaced).map_or(String::new(), |scope| format!(" in {scope}"));
        Self {
            key: resource.kind.clone(),
            what: format!("{}{place}", resource.plural),
            path: resource.path(scope),
            names_only: NAMES_ONLY.contains(&resource.kind.as_str()),
            // Ordinary events are many and tell nothing here.
            filter: if resource.kind == "Event" {
                "&fieldSelector=type%21%3DNormal".to_owned()
            } else {
                String::new()
            },
        }
    }

    fn metrics(key: &str, plural: &str, scope: Option<&str>) -> Self {
        let place = scope.map_or(String::new(), |scope| format!("namespaces/{scope}/"));
        Self {
            key: key.to_owned(),
            what: format!("the use of {plural}"),
            path: format!("/apis/metrics.k8s.io/v1beta1/{place}{plural}"),
            names_only: false,
            filter: String::new(),
        }
    }

    fn under(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    fn filtered(mut self, field: &str) -> Self {
        self.filter = format!("&fieldSelector={}", encode(field));
        self.names_only = false;
        self
    }
}

fn reason(key: &str, error: &ToolError, scope: Option<&str>) -> String {
    let place = scope.map_or_else(|| "in the whole cluster".to_owned(), |scope| format!("in {scope}"));
    match error.kind() {
        ErrorKind::Forbidden => format!("forbidden: you may not list it {place}"),
        ErrorKind::NotFound if key.ends_with("Metrics") => {
            "the cluster has no metrics API: metrics-server brings it".to_owned()
        }
        ErrorKind::NotFound => "the cluster does not have this kind".to_owned(),
        _ => error.to_string(),
    }
}

/// What the objects that were read lead to.
fn further(lists: &Lists, kinds: &KindIndex, scope: Option<&str>) -> Vec<Query> {
    let mut queries = Vec::new();
    let of = |key: &str| lists.get(key).map_or(&[][..], Vec::as_slice);
    for kind in OPTIONAL {
        if let Some(resource) = kinds.find_kind(GATEWAY, kind) {
            // Routes name Gateways of other namespaces, and those name routes.
            let wide = matches!(kind, "Gateway" | "ReferenceGrant");
            queries.push(Query::list(resource, scope.filter(|_| !wide)));
        }
    }
    let builtin = |kind: &str| kinds.find_kind("", kind).or_else(|| kinds.find(kind));
    // A provisioner says in ordinary events whom a claim waits for.
    if of("PersistentVolumeClaim").iter().any(|claim| text(claim, "/status/phase") == "Pending")
        && let Some(events) = builtin("Event")
    {
        let field = "type=Normal,involvedObject.kind=PersistentVolumeClaim";
        queries.push(Query::list(events, scope).filtered(field).under("ClaimEvent"));
    }
    // In one namespace the Services of webhooks are elsewhere.
    if scope.is_some() {
        let mut places: BTreeSet<String> = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"]
            .iter()
            .flat_map(|kind| of(kind))
            .flat_map(|configuration| items(configuration, "/webhooks"))
            .map(|webhook| text(webhook, "/clientConfig/service/namespace").to_owned())
            .chain(of("APIService").iter().map(|service| text(service, "/spec/service/namespace").to_owned()))
            .collect();
        places.remove("");
        for place in places.iter().take(NAMESPACES) {
            for (kind, key) in [("Service", "OtherService"), ("EndpointSlice", "OtherEndpointSlice")] {
                if let Some(resource) = kinds.find(kind) {
                    queries.push(Query::list(resource, Some(place)).under(key));
                }
            }
        }
    }
    queries.extend(scaled(of("HorizontalPodAutoscaler"), lists, kinds));
    queries
}

/// The kinds, not read yet, that autoscalers scale: custom resources have targets too.
fn scaled(autoscalers: &[Value], lists: &Lists, kinds: &KindIndex) -> Vec<Query> {
    let mut wanted: BTreeMap<(String, String), Query> = BTreeMap::new();
    for autoscaler in autoscalers {
        let kind = text(autoscaler, "/spec/scaleTargetRef/kind");
        let group =
            text(autoscaler, "/spec/scaleTargetRef/apiVersion").split_once('/').map_or("", |parts| parts.0);
        if lists.contains_key(kind) {
            continue;
        }
        if let Some(resource) = kinds.find_kind(group, kind) {
            let mut query = Query::list(resource, Some(namespace(autoscaler)));
            query.names_only = true;
            wanted.insert((kind.to_owned(), namespace(autoscaler).to_owned()), query);
        }
    }
    wanted.into_values().collect()
}

async fn ask_all(cluster: &Cluster, queries: Vec<Query>) -> Vec<(String, Result<Vec<Value>>)> {
    let reads: Vec<_> = queries.into_iter().map(|query| list(cluster, query)).collect();
    stream::iter(reads).buffer_unordered(AT_ONCE).collect().await
}

async fn list(cluster: &Cluster, query: Query) -> (String, Result<Vec<Value>>) {
    let answer = pages(cluster, &query).await;
    (query.key, answer)
}

async fn pages(cluster: &Cluster, query: &Query) -> Result<Vec<Value>> {
    let accept = if query.names_only {
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    } else {
        "application/json"
    };
    let doing = format!("list {}", query.what);
    let (mut objects, mut token) = (Vec::new(), String::new());
    let mut began_anew = false;
    loop {
        let uri = format!("{}?limit={PAGE}{}{token}", query.path, query.filter);
        let request =
            http::Request::get(&uri).header("Accept", accept).body(Vec::new()).map_err(|error| {
                Feedback::new(ErrorKind::InvalidArguments, format!("could not {doing}: {error}"))
                    .next("name a namespace as `kubectl get namespaces` prints it")
            })?;
        let answer = match cluster.ask(&doing, cluster.client().request_text(request)).await {
            Ok(answer) => answer,
            // The list was too long on its way and its version is gone (410): once more from the beginning.
            Err(error) if !token.is_empty() && !began_anew && error.to_string().contains("answered 410") => {
                began_anew = true;
                objects.clear();
                token.clear();
                continue;
            }
            Err(error) => return Err(error),
        };
        let page = prune::page(&answer).map_err(|error| {
            Feedback::new(ErrorKind::Other, format!("could not {doing}: the answer is no list: {error}"))
                .next("look at what stands between you and the API server with `shipmate doctor`")
        })?;
        objects.extend(page.objects.into_iter().map(|object| slim(&query.key, object)));
        if page.next.is_empty() {
            return Ok(objects);
        }
        token = format!("&continue={}", encode(&page.next));
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

/// The object without what the decoder could not know to be unneeded.
fn slim(kind: &str, mut object: Value) -> Value {
    match kind {
        // A Deployment speaks for its ReplicaSets, of which it keeps ten old ones.
        "ReplicaSet" if controller(&object).is_some() => {
            if let Some(Value::Object(spec)) = object.get_mut("spec") {
                spec.remove("template");
            }
        }
        "Pod" if matches!(text(&object, "/status/phase"), "Succeeded") => {
            if let Some(Value::Object(spec)) = object.get_mut("spec") {
                spec.retain(|key, _| matches!(key.as_str(), "nodeName" | "volumes"));
            }
        }
        _ => tracing::trace!(kind, name = name(&object), "kept whole"),
    }
    object
}
