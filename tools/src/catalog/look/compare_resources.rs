//! `compare_resources`: what is different between two objects, two namespaces or two clusters.

use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Cluster, Query, check_arguments, difference};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// The kinds that make up what runs in a namespace; what controllers make (pods, ReplicaSets, endpoints) is
/// left out, and so is what every namespace gets by itself.
const KINDS: [&str; 14] = [
    "deployments",
    "statefulsets",
    "daemonsets",
    "cronjobs",
    "services",
    "ingresses",
    "configmaps",
    "secrets",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "networkpolicies",
    "persistentvolumeclaims",
    "serviceaccounts",
    "resourcequotas",
];

/// Objects every namespace has, and those that Helm keeps its releases in.
fn comes_by_itself(kind: &str, object: &Value) -> bool {
    let name = text(object, "/metadata/name");
    matches!((kind, name), ("configmaps", "kube-root-ca.crt") | ("serviceaccounts", "default"))
        || text(object, "/type") == "helm.sh/release.v1"
}

/// Show what is different between two objects, between the same object in two namespaces or clusters, or
/// between all of two namespaces; what the server fills in is left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareResources {
    /// Kind of the first object; with neither kind nor name whole namespaces are compared.
    kind: Option<String>,
    /// Name of the first object.
    name: Option<String>,
    /// Namespace of the first object, or the first namespace.
    namespace: Option<String>,
    /// The second object, as `name` or `kind/name`; the same name without.
    other: Option<String>,
    /// Namespace of the second object, or the second namespace.
    other_namespace: Option<String>,
    /// Context of the second object, when it is in another cluster.
    other_context: Option<String>,
}

impl Tool for CompareResources {
    const NAME: &'static str = "compare_resources";
    const PHRASES: &'static [&'static str] = &[
        "(compare|diff) [the] {object} (with|to|and|against|versus|vs) [the] {other:object} [one]",
        "(compare|diff) {object} {other:object}",
        "(what|how) (is|are) [the] [different|differences|difference] between {object} and [the] {other:object} [one]",
        "(what|which) differs between {object} and [the] {other:object} [one]",
        "[<show>] [the] (difference|differences|diff) between {object} and [the] {other:object} [one]",
        "how (does|do|is|are) {object} (differ|different) from [the] {other:object} [one]",
        "(compare|diff) {object} [here] (with|to|and|against|versus|vs) [the] [one|that|same|same one|version] (in|from|of) [the] [namespace] {other_namespace:namespace} [namespace|one]",
        "(compare|diff) {object} (between|across|in) [the] [namespaces|namespace] {namespace:namespace} (and|with|to|versus|vs) {other_namespace:namespace} [namespaces]",
        "(what|how) (is|are) [the] [different|differences|difference] between {object} [here] and [the] [one|that] (in|from) [the] [namespace] {other_namespace:namespace} [namespace|one]",
        "(what|how) (is|are) [the] [different|differences|difference] between {object} in {namespace:namespace} and [the] [one] [in] {other_namespace:namespace}",
        "(compare|diff) {object} in {namespace:namespace} (with|to|and|against|versus|vs) [the] [one] [in] {other_namespace:namespace}",
        "[<show>] [the] (difference|differences|diff) (between|of) {object} [here|in this namespace] and (in|the one in) {other_namespace:namespace}",
        "[<show>] [the] (difference|differences|diff) (between|of) {object} in {namespace:namespace} and [the one] [in] {other_namespace:namespace}",
        "how (does|do|is|are) {object} [here] (differ|different) [from|in|to] [the one|that] [in] {other_namespace:namespace}",
        "(compare|diff) [the] (namespace|namespaces) {namespace:namespace} (and|with|to|against|versus|vs) [namespace] {other_namespace:namespace}",
        "(compare|diff) {namespace:place} (and|with|to|against|versus|vs) {other_namespace:place} [namespaces]",
        "(compare|diff) [this namespace|here] (with|to|and|against) [namespace] {other_namespace:namespace} [namespace]",
        "(what|how) (is|are) [the] (different|differences|difference) between [the] [namespaces|namespace] {namespace:place} and {other_namespace:place} [namespaces]",
        "(what|which) (differs|differ) between [the] [namespaces|namespace] {namespace:place} and {other_namespace:place}",
        "[<show>] [the] (difference|differences|diff) between [the] [namespaces|namespace] {namespace:place} and {other_namespace:place} [namespaces]",
        "how (does|do|is|are) {namespace:place} (differ|different) from {other_namespace:place}",
        "(compare|diff) {object} (with|to|and|against|versus|vs) [the] [one|that|same|same one] (in|on|of|from) [the] (context|cluster) {other_context:word}",
        "(compare|diff) {object} (with|to|and|against|versus|vs) [the] [one|that|same|same one] (in|on|of|from) [the] {other_context:word} (context|cluster)",
        "(compare|diff) [this] [namespace] (with|to|and|against|versus|vs) [the] [one|that|same|same one] (in|on|of|from) [the] (context|cluster) {other_context:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let side =
            |name: Option<&str>, kind: Option<&str>, namespace: Option<&str>, context: Option<&str>| {
                let line = match (kind, name) {
                    // A Secret's values stay where they are.
                    (Some("secret"), Some(name)) => {
                        CommandLine::kubectl().args(["describe", "secret", name]).namespace(namespace)
                    }
                    (kind, Some(name)) => {
                        let line = CommandLine::kubectl()
                            .arg("get")
                            .arg(crate::kubernetes::reference(kind, Some(name)));
                        line.namespace(namespace).args(["-o", "yaml"])
                    }
                    _ => {
                        let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| *kind != "secrets").collect();
                        CommandLine::kubectl()
                            .arg("get")
                            .arg(kinds.join(","))
                            .namespace(namespace)
                            .args(["-o", "yaml"])
                    }
                };
                line.option("--context", context)
            };
        let (other_kind, other_name) = self.other_parts();
        let here = side(self.name.as_deref(), self.kind.as_deref(), self.namespace.as_deref(), None);
        let there = side(
            other_name.as_deref(),
            other_kind.as_deref(),
            self.other_namespace.as_deref().or(self.namespace.as_deref()),
            self.other_context.as_deref(),
        );
        CommandLine::new("diff").output_of(here).output_of(there)
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        let mut slots = Vec::new();
        if self.name.is_some() || self.kind.is_some() {
            // Another cluster's objects are looked up there, by the same name.
            if self.other.is_some() && self.other_context.is_none() {
                if self.other_namespace.is_none() {
                    self.other_namespace.clone_from(&self.namespace);
                }
                if let (Some(other), Some(kind)) = (&mut self.other, &self.kind)
                    && !other.contains('/')
                {
                    *other = format!("{kind}/{other}");
                }
                slots.push(Slot::Another {
                    kind: None,
                    reference: &mut self.other,
                    namespace: &mut self.other_namespace,
                    port: None,
                });
            }
            slots.push(Slot::Object(ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: None,
                accepts: ObjectAccepts::Any,
                required: true,
            }));
            return slots;
        }
        slots.push(Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None });
        if self.other_context.is_none() {
            slots.push(Slot::Scope {
                namespace: &mut self.other_namespace,
                all_namespaces: false,
                qualifier: None,
            });
        }
        slots
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        let (other_kind, other_name) = self.other_parts();
        check_arguments(other_kind.as_deref(), other_name.as_deref(), self.other_namespace.as_deref(), None)?;
        if self.other_context.as_deref().is_some_and(|context| context.is_empty() || context.starts_with('-'))
        {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "that cannot be the name of a context")
                .next("ask which contexts there are")
                .into());
        }
        let one = self.other.is_none()
            && self.other_context.is_none()
            && (self.other_namespace.is_none() || self.other_namespace == self.namespace);
        if one {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "there is nothing to compare it with")
                .next("name a second object, another namespace or another context")
                .into());
        }
        Ok(())
    }
}

impl CompareResources {
    /// Kind and name of the second object; where only another place is said, the first one's.
    fn other_parts(&self) -> (Option<String>, Option<String>) {
        match &self.other {
            Some(other) => match other.split_once('/') {
                Some((kind, name)) => (Some(kind.to_owned()), Some(name.to_owned())),
                None => (self.kind.clone(), Some(other.clone())),
            },
            None => (self.kind.clone(), self.name.clone()),
        }
    }
}

impl ReadTool for CompareResources {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let here = world.cluster().await?;
        let there = match &self.other_context {
            Some(context) => {
                let mut options = world.options().clone();
                options.context = Some(context.clone());
                options.namespace = None;
                ReadWorld::new(options)
            }
            None => world.clone(),
        };
        compare(self, here, there.cluster().await?, progress).await
    }
}

async fn compare(
    wanted: &CompareResources,
    here: &Cluster,
    there: &Cluster,
    progress: &Progress,
) -> Result<Outcome> {
    if wanted.name.is_some() {
        return objects(wanted, here, there).await;
    }
    let namespace = wanted.namespace.as_deref().unwrap_or(here.namespace());
    let other = wanted.other_namespace.as_deref().unwrap_or(if wanted.other_context.is_some() {
        namespace
    } else {
        there.namespace()
    });
    progress.status(format!("reading {namespace} and {other}"));
    let ((left, mut notes), (right, more)) = tokio::try_join!(all(here, namespace), all(there, other))?;
    notes.extend(more);
    notes.dedup();
    let names = match &wanted.other_context {
        Some(context) => (format!("{}: {namespace}", here.context()), format!("{context}: {other}")),
        None => (namespace.to_owned(), other.to_owned()),
    };
    let mut outcome = namespaces(&names, &left, &right);
    outcome.notes = notes;
    Ok(outcome)
}

async fn objects(wanted: &CompareResources, here: &Cluster, there: &Cluster) -> Result<Outcome> {
    let first =
        here.target(wanted.kind.as_deref(), wanted.name.as_deref(), wanted.namespace.as_deref()).await?;
    let (kind, name) = wanted.other_parts();
    let place = wanted.other_namespace.as_deref().or(wanted.namespace.as_deref());
    let second = there.target(kind.as_deref(), name.as_deref(), place).await?;
    let ((left, one), (right, other)) = tokio::try_join!(first.read(here), second.read(there))?;
    let changes = difference(Some(&comparable(&left)), Some(&comparable(&right)));
    let mut labels = (one.label(), other.label());
    if let Some(context) = &wanted.other_context {
        labels = (format!("{} in {}", labels.0, here.context()), format!("{} in {context}", labels.1));
    }
    let data =
        json!({"left": labels.0, "right": labels.1, "same": changes.is_empty(), "difference": changes});
    if changes.is_empty() {
        return Ok(Outcome::sentence(format!("{} and {} are the same", labels.0, labels.1)).data(data));
    }
    let lines = changes.lines().filter(|line| line.starts_with(['-', '+'])).count();
    Ok(Outcome::sentence(format!("{} and {} differ in {lines} lines", labels.0, labels.1))
        .view(View::Text(format!("- {}\n+ {}\n\n{changes}", labels.0, labels.1)))
        .data(data))
}

/// The objects of a namespace that are compared, by `kind/name`, and what could not be looked at.
async fn all(cluster: &Cluster, namespace: &str) -> Result<(BTreeMap<String, Value>, Vec<String>)> {
    let query = Query { namespace: Some(namespace.to_owned()), ..Query::default() };
    let read = KINDS.map(|word| {
        let query = &query;
        async move {
            let resource = cluster.kind(word).await?;
            match cluster.objects(&resource, query).await {
                Ok(found) => Ok((word, Ok(found))),
                Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => {
                    Ok((word, Err(error)))
                }
                Err(error) => Err(error),
            }
        }
    });
    let (mut objects, mut notes) = (BTreeMap::new(), Vec::new());
    for (word, found) in try_join_all(read).await? {
        match found {
            Ok(found) => {
                for object in found.into_iter().filter(|object| !comes_by_itself(word, object)) {
                    objects.insert(format!("{word}/{}", text(&object, "/metadata/name")), object);
                }
            }
            Err(error) => notes.push(error.to_string()),
        }
    }
    Ok((objects, notes))
}

fn namespaces(
    names: &(String, String),
    left: &BTreeMap<String, Value>,
    right: &BTreeMap<String, Value>,
) -> Outcome {
    let only = |one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| -> Vec<String> {
        one.keys().filter(|key| !other.contains_key(*key)).cloned().collect()
    };
    let (only_left, only_right) = (only(left, right), only(right, left));
    let differing: Vec<(String, String)> = left
        .iter()
        .filter_map(|(key, object)| {
            let changes = difference(Some(&comparable(object)), Some(&comparable(right.get(key)?)));
            (!changes.is_empty()).then(|| (key.clone(), changes))
        })
        .collect();
    let same = left.keys().filter(|key| right.contains_key(*key)).count() - differing.len();
    let mut body = String::new();
    let rows: Vec<Vec<String>> = only_left
        .iter()
        .map(|key| vec![key.clone(), format!("only in {}", names.0)])
        .chain(only_right.iter().map(|key| vec![key.clone(), format!("only in {}", names.1)]))
        .chain(differing.iter().map(|(key, changes)| {
            let lines = changes.lines().filter(|line| line.starts_with(['-', '+'])).count();
            vec![key.clone(), format!("differs in {lines} lines")]
        }))
        .collect();
    let table = Table { columns: ["OBJECT", "WHAT"].map(str::to_owned).into(), rows };
    body.push_str(&table.aligned());
    for (key, changes) in &differing {
        body.push_str(&format!("\n\n{key}: - {}, + {}\n{}", names.0, names.1, changes.trim_end()));
    }
    let data = json!({"left": names.0, "right": names.1, "only_left": only_left, "only_right": only_right, "same": same,
        "different": differing.iter().map(|(key, changes)| json!({"object": key, "difference": changes})).collect::<Vec<_>>()});
    let outcome = Outcome::sentence(format!(
        "{} and {}: {} only in the first, {} only in the second, {} differ, {same} the same",
        names.0,
        names.1,
        only_left.len(),
        only_right.len(),
        differing.len()
    ))
    .data(data);
    if table.rows.is_empty() { outcome } else { outcome.view(View::Text(body)) }
}

/// The object without what the server or a controller fills in, and without the place it is in.
fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(map) = object.as_object_mut() else { return object };
    map.remove("status");
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["namespace", "ownerReferences", "finalizers"] {
            metadata.remove(field);
        }
        if let Some(notes) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            notes.retain(|key, _| {
                !key.starts_with("pv.kubernetes.io/")
                    && !key.starts_with("volume.")
                    && key != "meta.helm.sh/release-namespace"
                    && !key.starts_with("deprecated.daemonset.template.generation")
            });
        }
    }
    let kind = map.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(spec) = map.get_mut("spec").and_then(Value::as_object_mut) {
        if kind == "Service" {
            // A headless Service says so here; every other address is the cluster's choice.
            let headless = spec.get("clusterIP").is_some_and(|address| address == "None");
            if !headless {
                spec.remove("clusterIP");
                spec.remove("clusterIPs");
            }
            for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                port.as_object_mut().map(|port| port.remove("nodePort"));
            }
            spec.remove("healthCheckNodePort");
        }
        if kind == "PersistentVolumeClaim" {
            spec.remove("volumeName");
        }
    }
    if kind == "ServiceAccount" {
        map.remove("secrets");
    }
    object
}

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) static TOOL: Reader<CompareResources> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;

    #[test]
    fn says_its_command() {
        let line =
            |arguments| Call::new("compare_resources", arguments).bind().unwrap().command().to_string();
        assert_eq!(
            line(
                json!({"kind": "deployment", "name": "web", "namespace": "shop", "other": "deployment/api", "other_namespace": "shop"})
            ),
            "diff <(kubectl get deployment/web -n shop -o yaml) <(kubectl get deployment/api -n shop -o yaml)"
        );
        assert_eq!(
            line(json!({"kind": "secret", "name": "s", "namespace": "a", "other_namespace": "b"})),
            "diff <(kubectl describe secret s -n a) <(kubectl describe secret s -n b)"
        );
        let whole = line(json!({"namespace": "a", "other_namespace": "b", "other_context": "far"}));
        assert!(whole.ends_with("-n b -o yaml --context=far)") && !whole.contains("secrets"), "{whole}");
        for arguments in [
            json!({"kind": "pod", "name": "a"}),
            json!({"namespace": "a", "other_namespace": "a"}),
            json!({"name": "a", "other": "x;y"}),
        ] {
            assert!(Call::new("compare_resources", arguments).bind().unwrap().check().is_err());
        }
    }

    #[tokio::test]
    async fn noise_is_left_out_and_secrets_are_not_shown() {
        let cluster = answering(|uri| {
            let namespace = uri
                .split("/namespaces/")
                .nth(1)
                .and_then(|rest| rest.split('/').next())
                .unwrap_or_default()
                .to_owned();
            let first = namespace == "a";
            match uri.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default() {
                "services" => {
                    json!({"items": [{"metadata": {"name": "web", "namespace": namespace, "uid": namespace},
                    "spec": {"clusterIP": if first { "10.0.0.1" } else { "10.0.0.2" }, "ports": [{"port": 80, "nodePort": if first { 30000 } else { 30001 }}]}}]})
                }
                "deployments" => {
                    json!({"items": [{"metadata": {"name": "web"}, "spec": {"replicas": if first { 1 } else { 3 }}}]})
                }
                "secrets" => {
                    json!({"items": [{"metadata": {"name": "s"}, "data": {"key": if first { "b25l" } else { "dHdv" }}}]})
                }
                "configmaps" if first => {
                    json!({"items": [{"metadata": {"name": "extra"}}, {"metadata": {"name": "kube-root-ca.crt"}}]})
                }
                _ => json!({"items": []}),
            }
        });
        let wanted: CompareResources =
            serde_json::from_value(json!({"namespace": "a", "other_namespace": "b"})).unwrap();
        let outcome = compare(&wanted, &cluster, &cluster, &Progress::silent()).await.unwrap();
        assert_eq!(
            outcome.summary,
            "a and b: 1 only in the first, 0 only in the second, 2 differ, 1 the same"
        );
        let View::Text(text) = &outcome.view else { panic!("{outcome:?}") };
        assert!(
            text.contains("configmaps/extra")
                && text.contains("only in a")
                && text.contains("-   replicas: 1\n+   replicas: 3"),
            "{text}"
        );
        assert!(!text.contains("b25l") && !text.contains("dHdv") && text.contains("data.key"), "{text}");
    }
}
