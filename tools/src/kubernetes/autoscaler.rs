//! Which autoscaler sets the replicas of a workload, asked of the autoscalers themselves: what an autoscaler
//! leaves in a workload's managed fields is there only after it has scaled once.

use kube::api::ListParams;
use serde_json::Value;

use super::cluster::Cluster;
use super::target::Target;

/// A HorizontalPodAutoscaler and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autoscaler {
    /// Its name.
    pub name: String,
    /// The fewest replicas it keeps.
    pub minimum: i64,
    /// The most replicas it makes.
    pub maximum: i64,
}

/// The autoscaler of `target`; `None` when there is none, or when this user may not look.
pub async fn autoscaler_of(cluster: &Cluster, target: &Target) -> Option<Autoscaler> {
    let resource = cluster.kind("horizontalpodautoscalers").await.ok()?;
    let api = cluster.api(&resource, target.namespace.as_deref());
    let found = cluster.ask("list autoscalers", api.list(&ListParams::default())).await.ok()?;
    found.items.into_iter().find_map(|object| {
        let name = object.metadata.name.clone().unwrap_or_default();
        let aims = |field: &str, wanted: &str| {
            object.data.pointer(&format!("/spec/scaleTargetRef/{field}")).and_then(Value::as_str)
                == Some(wanted)
        };
        let bound = |field: &str| object.data.pointer(&format!("/spec/{field}")).and_then(Value::as_i64);
        (aims("kind", &target.resource.kind) && aims("name", &target.name)).then(|| Autoscaler {
            name,
            // The API's default when the field is not set.
            minimum: bound("minReplicas").unwrap_or(1),
            maximum: bound("maxReplicas").unwrap_or(1),
        })
    })
}
