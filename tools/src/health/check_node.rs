//! Nodes: ready, under pressure, cordoned. Condition types that are not known here are no faults.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::field::{condition, duration, items, seconds_since, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for node in snapshot.list("Node") {
        let object = ObjectRef::of("Node", node);
        let ready = condition(node, "Ready");
        if ready.is_none_or(|ready| text(ready, "/status") != "True") {
            let since = ready.and_then(|ready| seconds_since(snapshot.now, ready, "/lastTransitionTime"));
            let message = match since {
                Some(since) => format!("is not ready since {}", duration(since)),
                None => "is not ready".to_owned(),
            };
            let finding = Finding::new(Code::NodeNotReady, Severity::Critical, object.clone(), message)
                .evidence(ready.map(said).unwrap_or_default())
                .next("look at the node's conditions, then at its kubelet")
                .call("describe_resource", json!({}));
            findings.push(finding);
        }
        for condition in items(node, "/status/conditions").filter(|one| text(one, "/status") == "True") {
            let (code, what) = match text(condition, "/type") {
                "MemoryPressure" => (Code::NodePressure, "is short of memory"),
                "DiskPressure" => (Code::NodePressure, "is short of disk space"),
                "PIDPressure" => (Code::NodePressure, "is short of process numbers"),
                "NetworkUnavailable" => (Code::NodeNetworkUnavailable, "has no network"),
                _ => continue,
            };
            findings.push(
                Finding::new(code, Severity::Error, object.clone(), what)
                    .evidence(said(condition))
                    .next("see what uses the node, and free it")
                    .call("describe_resource", json!({})),
            );
        }
        if node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true) {
            findings.push(
                Finding::new(Code::NodeCordoned, Severity::Info, object, "is cordoned: it takes no new pods")
                    .evidence("spec.unschedulable is true")
                    .next("uncordon it when the maintenance is over"),
            );
        }
    }
}

/// A condition in one line.
pub(super) fn said(condition: &Value) -> String {
    format!(
        "condition {} is {}: {} {}",
        text(condition, "/type"),
        text(condition, "/status"),
        text(condition, "/reason"),
        text(condition, "/message")
    )
    .trim_end()
    .to_owned()
}
