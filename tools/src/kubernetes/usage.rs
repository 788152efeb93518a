//! What pods and nodes use, from the metrics API (`metrics.k8s.io/v1beta1`, kept by metrics-server), beside what
//! they ask for and may have at most.

use serde::Serialize;
use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result, ToolError};

use super::cluster::Cluster;
use super::kinds::ResourceType;
use super::objects::Query;
use super::quantity::parse_quantity;

/// Processor and memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Amounts {
    /// Cores.
    pub cpu: Option<f64>,
    /// Bytes.
    pub memory: Option<f64>,
}

impl Amounts {
    /// Reads `cpu` and `memory` of a resource list.
    #[must_use]
    pub fn read(list: Option<&Value>) -> Self {
        let amount = |name: &str| list?.get(name)?.as_str().and_then(parse_quantity);
        Self { cpu: amount("cpu"), memory: amount("memory") }
    }

    /// Adds what `other` has.
    fn add(&mut self, other: Self) {
        let sum = |left: Option<f64>, right: Option<f64>| match (left, right) {
            (Some(left), Some(right)) => Some(left + right),
            (left, right) => left.or(right),
        };
        self.cpu = sum(self.cpu, other.cpu);
        self.memory = sum(self.memory, other.memory);
    }
}

/// What one pod or node uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Usage {
    /// Its namespace, for a pod.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// What it uses, all containers together.
    pub used: Amounts,
    /// What it asks for, for a pod.
    pub requested: Amounts,
    /// What it may have at most: a pod's limits where every container has one, a node's allocatable.
    pub limit: Amounts,
}

impl Usage {
    /// A pod's usage from its metrics and, where it is known, its specification.
    #[must_use]
    pub fn of_pod(metrics: &Value, pod: Option<&Value>) -> Self {
        let mut used = Amounts::default();
        for container in array(metrics, "/containers") {
            used.add(Amounts::read(container.get("usage")));
        }
        let (mut requested, mut limit) = (Amounts::default(), Amounts::default());
        let containers: Vec<&Value> =
            pod.map(|pod| array(pod, "/spec/containers").collect()).unwrap_or_default();
        for container in &containers {
            requested.add(Amounts::read(container.pointer("/resources/requests")));
            limit.add(Amounts::read(container.pointer("/resources/limits")));
        }
        // One container without a limit leaves the pod without one.
        let unlimited = |name: &str| {
            containers.iter().any(|container| {
                container.pointer("/resources/limits").and_then(|limits| limits.get(name)).is_none()
            })
        };
        if unlimited("cpu") {
            limit.cpu = None;
        }
        if unlimited("memory") {
            limit.memory = None;
        }
        Self { namespace: text(metrics, "/metadata/namespace"), name: name(metrics), used, requested, limit }
    }

    /// A node's usage from its metrics and, where it is known, the node.
    #[must_use]
    pub fn of_node(metrics: &Value, node: Option<&Value>) -> Self {
        Self {
            namespace: None,
            name: name(metrics),
            used: Amounts::read(metrics.get("usage")),
            requested: Amounts::default(),
            limit: Amounts::read(node.and_then(|node| node.pointer("/status/allocatable"))),
        }
    }
}

fn array<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, path: &str) -> Option<String> {
    value.pointer(path).and_then(Value::as_str).map(str::to_owned)
}

fn name(value: &Value) -> String {
    text(value, "/metadata/name").unwrap_or_default()
}

impl Cluster {
    /// The metrics of pods or nodes (`plural`), and the objects they are of.
    ///
    /// # Errors
    /// `Unavailable` where the cluster has no metrics API; else as [`Cluster::ask`].
    pub async fn metrics(&self, plural: &str, query: &Query) -> Result<(Vec<Value>, Vec<Value>)> {
        let resource = self.kind(plural).await?;
        let metrics = ResourceType {
            group: "metrics.k8s.io".to_owned(),
            version: "v1beta1".to_owned(),
            kind: format!("{}Metrics", resource.kind),
            short_names: Vec::new(),
            categories: Vec::new(),
            ..resource.clone()
        };
        // The metrics API knows no field selectors; what is not wanted is left out by name afterwards.
        let metrics_query = Query { fields: None, ..query.clone() };
        let (metrics, objects) =
            tokio::join!(self.objects(&metrics, &metrics_query), self.objects(&resource, query));
        let metrics = metrics.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::Unreachable if objects.is_ok() => no_metrics(&error),
            _ => error,
        })?;
        Ok((metrics, objects?))
    }
}

fn no_metrics(error: &ToolError) -> ToolError {
    Feedback::new(ErrorKind::Unavailable, format!("the cluster gives no metrics: {error}"))
        .next(
            "install metrics-server (https://github.com/kubernetes-sigs/metrics-server), or wait a minute if it \
             has just started: `kubectl get apiservice v1beta1.metrics.k8s.io` says how it is",
        )
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;
    use serde_json::json;

    #[test]
    fn containers_are_summed_and_one_without_a_limit_leaves_none() {
        let metrics = json!({"metadata": {"name": "web", "namespace": "shop"}, "containers": [
            {"usage": {"cpu": "100m", "memory": "64Mi"}}, {"usage": {"cpu": "50000000n", "memory": "1024Ki"}}]});
        let pod = json!({"spec": {"containers": [
            {"resources": {"requests": {"cpu": "0.1"}, "limits": {"cpu": "1", "memory": "128Mi"}}},
            {"resources": {"limits": {"memory": "128Mi"}}}]}});
        let usage = Usage::of_pod(&metrics, Some(&pod));
        assert!((usage.used.cpu.unwrap() - 0.15).abs() < 1e-9);
        assert_eq!(usage.used.memory, Some(65.0 * 1_048_576.0));
        assert_eq!(usage.requested, Amounts { cpu: Some(0.1), memory: None });
        assert_eq!(usage.limit, Amounts { cpu: None, memory: Some(256.0 * 1_048_576.0) });
    }

    #[tokio::test]
    async fn a_cluster_without_the_api_says_what_to_do() {
        let cluster =
            answering(|uri| if uri.contains("metrics.k8s.io") { Value::Null } else { json!({"items": []}) });
        let error = cluster.metrics("nodes", &Query::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let ToolError::Feedback(feedback) = error else { panic!("{error}") };
        assert!(feedback.next_step.unwrap().contains("metrics-server"));
    }
}
