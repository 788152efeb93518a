//! Emptying a node: which of its pods have to go, which stay because they belong to the node, which would be
//! lost, and which a disruption budget holds back. Pods go by eviction, so that budgets are respected.

use http::Request;
use kube::Error;
use serde_json::{Value, json};
use std::time::Duration;

use crate::error::{Result, ToolError};

use super::cluster::Cluster;
use super::failure;
use super::objects::Query;
use super::ownership::controlling_owner;
use super::target::Target;

/// How long one eviction may take. The client repeats by itself what a budget refuses; a refusal is looked at
/// here instead.
const EVICTION: Duration = Duration::from_secs(5);

/// A pod on the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid: the pod of that name that comes after it is another one.
    pub uid: String,
    /// What made it, such as `ReplicaSet web-5d4`; nothing when nobody makes it again.
    pub owner: Option<String>,
    /// The budgets that count it.
    pub budgets: Vec<Budget>,
}

impl NodePod {
    /// `namespace/name`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The budget that lets it not go now.
    #[must_use]
    pub fn held_by(&self) -> Option<&Budget> {
        self.budgets.iter().find(|budget| budget.allowed == 0)
    }
}

/// A disruption budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// `namespace/name`.
    pub label: String,
    /// How many of its pods may go now.
    pub allowed: i64,
}

/// What draining a node means for each of its pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrainPlan {
    /// Those that go.
    pub go: Vec<NodePod>,
    /// Those that belong to the node and stay, such as those of a DaemonSet.
    pub stay: Vec<NodePod>,
    /// Those that nobody makes again.
    pub unmanaged: Vec<NodePod>,
    /// Those whose data on the node would be lost.
    pub with_data: Vec<NodePod>,
}

impl Cluster {
    /// What draining `node` means. With `force` pods that nobody makes again go, with `data` those that lose data.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn drain_plan(&self, node: &Target, force: bool, data: bool) -> Result<DrainPlan> {
        let pods = self.kind("pods").await?;
        let query = Query { fields: Some(format!("spec.nodeName={}", node.name)), ..Query::default() };
        let resource = self.kind("poddisruptionbudgets.policy").await?;
        let all = Query::default();
        let (pods, budgets) = tokio::try_join!(self.objects(&pods, &query), self.objects(&resource, &all))?;
        let mut plan = DrainPlan::default();
        for pod in &pods {
            plan.add(pod, &budgets, force, data);
        }
        Ok(plan)
    }

    /// Asks a pod to go. `false` when a budget does not let it go now.
    ///
    /// # Errors
    /// As [`Cluster::ask`]; a pod that is gone already is no error.
    pub async fn evict(&self, pod: &NodePod) -> Result<bool> {
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": {"preconditions": {"uid": pod.uid}}});
        let path = format!("/api/v1/namespaces/{}/pods/{}/eviction", pod.namespace, pod.name);
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(body.to_string().into_bytes())
            .map_err(|error| ToolError::Fatal(error.to_string()))?;
        match tokio::time::timeout(EVICTION, self.client().request::<Value>(request)).await {
            // Held back: the client was repeating it.
            Err(_elapsed) => Ok(false),
            Ok(Ok(_)) => Ok(true),
            Ok(Err(Error::Api(status))) if status.code == 429 => Ok(false),
            // Gone, or another one by now.
            Ok(Err(Error::Api(status))) if matches!(status.code, 404 | 409) => Ok(true),
            Ok(Err(error)) => Err(failure(&format!("evict pod {}", pod.label()), &error)),
        }
    }
}

impl DrainPlan {
    fn add(&mut self, pod: &Value, budgets: &[Value], force: bool, data: bool) {
        let owner = controller(pod);
        let phase = text(pod, "/status/phase");
        let ended = matches!(phase, "Succeeded" | "Failed");
        let entry = NodePod {
            namespace: text(pod, "/metadata/namespace").to_owned(),
            name: text(pod, "/metadata/name").to_owned(),
            uid: text(pod, "/metadata/uid").to_owned(),
            owner: owner.map(|(kind, name)| format!("{kind} {name}")),
            // What does not run yet is counted by no budget, nor is what has ended (the eviction API's own rule).
            budgets: if ended || phase == "Pending" { Vec::new() } else { budgets_of(pod, budgets) },
        };
        let mirror = pod.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some();
        let of_daemon = owner.is_some_and(|(kind, _)| kind == "DaemonSet");
        if mirror || (of_daemon && !ended) {
            self.stay.push(entry);
        } else if owner.is_none() && !ended && !force {
            self.unmanaged.push(entry);
        } else if !ended && !data && has_data(pod) {
            self.with_data.push(entry);
        } else {
            self.go.push(entry);
        }
    }

    /// Whether nothing holds the whole of it back.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.unmanaged.is_empty() && self.with_data.is_empty()
    }

    /// The budgets that hold a pod back now, each with how many of those that go it counts.
    #[must_use]
    pub fn budgets(&self) -> Vec<(&Budget, usize)> {
        let mut found: Vec<(&Budget, usize)> = Vec::new();
        for budget in self.go.iter().flat_map(|pod| &pod.budgets) {
            match found.iter_mut().find(|(known, _)| known.label == budget.label) {
                Some((_, count)) => *count += 1,
                None => found.push((budget, 1)),
            }
        }
        found
    }
}

fn text<'o>(object: &'o Value, path: &str) -> &'o str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn controller(pod: &Value) -> Option<(&str, &str)> {
    let owner = controlling_owner(pod)?;
    Some((text(owner, "/kind"), text(owner, "/name")))
}

/// Whether a pod keeps data on the node that ends with it (kubectl's filter for local storage).
fn has_data(pod: &Value) -> bool {
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
    volumes.into_iter().flatten().any(|volume| volume.get("emptyDir").is_some())
}

fn budgets_of(pod: &Value, budgets: &[Value]) -> Vec<Budget> {
    budgets
        .iter()
        .filter(|budget| {
            text(budget, "/metadata/namespace") == text(pod, "/metadata/namespace")
                && budget.pointer("/spec/selector").is_some_and(|selector| selects(selector, pod))
        })
        .map(|budget| Budget {
            label: format!("{}/{}", text(budget, "/metadata/namespace"), text(budget, "/metadata/name")),
            allowed: budget.pointer("/status/disruptionsAllowed").and_then(Value::as_i64).unwrap_or(0),
        })
        .collect()
}

/// Whether a label selector selects an object (Kubernetes, "Labels and Selectors"); an empty one selects all.
fn selects(selector: &Value, object: &Value) -> bool {
    let labels = object.pointer("/metadata/labels");
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let equal = selector.get("matchLabels").and_then(Value::as_object);
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    equal.into_iter().flatten().all(|(key, value)| label(key) == value.as_str())
        && expressions.into_iter().flatten().all(|expression| {
            let now = label(text(expression, "/key"));
            let values = expression.get("values").and_then(Value::as_array);
            let listed = values.into_iter().flatten().any(|value| value.as_str() == now && now.is_some());
            match text(expression, "/operator") {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => now.is_some(),
                "DoesNotExist" => now.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, owner: Option<&str>, volumes: &Value) -> Value {
        let owners: Vec<Value> =
            owner.into_iter().map(|kind| json!({"controller": true, "kind": kind, "name": "x"})).collect();
        json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": "web"}, "ownerReferences": owners},
            "spec": {"volumes": volumes}, "status": {"phase": "Running"}})
    }

    fn names(pods: &[NodePod]) -> Vec<&str> {
        pods.iter().map(|pod| pod.name.as_str()).collect()
    }

    fn plan(force: bool, data: bool) -> DrainPlan {
        let budget = json!({"metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}}, "status": {"disruptionsAllowed": 0}});
        let mut done = pod("done", None, &json!([{"emptyDir": {}}]));
        done["status"]["phase"] = json!("Succeeded");
        let mut plan = DrainPlan::default();
        for pod in [
            pod("web-1", Some("ReplicaSet"), &json!([])),
            pod("logs", Some("DaemonSet"), &json!([])),
            pod("alone", None, &json!([])),
            pod("cache", Some("StatefulSet"), &json!([{"emptyDir": {}}])),
            done,
        ] {
            plan.add(&pod, std::slice::from_ref(&budget), force, data);
        }
        plan
    }

    #[test]
    fn pods_go_stay_or_hold_it_back() {
        let careful = plan(false, false);
        assert_eq!(names(&careful.go), ["web-1", "done"]);
        assert_eq!(names(&careful.stay), ["logs"]);
        assert_eq!(names(&careful.unmanaged), ["alone"]);
        assert_eq!(names(&careful.with_data), ["cache"]);
        assert!(!careful.is_free());
        let all = plan(true, true);
        assert_eq!(names(&all.go), ["web-1", "alone", "cache", "done"]);
        assert!(all.is_free());
    }

    #[test]
    fn budgets_are_counted_over_the_pods_that_go() {
        let all = plan(true, true);
        assert_eq!(all.budgets().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [3]);
        assert_eq!(all.go[0].held_by().map(|budget| budget.label.as_str()), Some("shop/web"));
        assert!(all.go[3].budgets.is_empty(), "what has ended is counted by no budget");
    }

    #[test]
    fn selectors_select_as_the_server_does() {
        let object = pod("x", None, &json!([]));
        for (selector, expected) in [
            (json!({}), true),
            (json!({"matchLabels": {"app": "db"}}), false),
            (json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}), true),
            (json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}), false),
            (json!({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}), true),
        ] {
            assert_eq!(selects(&selector, &object), expected, "{selector}");
        }
    }
}
