//! Nodes: ready, under pressure, cordoned. Condition types that are not known here are no faults.

use serde_json::{Value, json};
use std::collections::HashMap;

use crate::kubernetes::parse_quantity;
use crate::severity::Severity;

use super::field::{condition, duration, items, name, seconds_since, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    requested(snapshot, findings);
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

/// Part of what a node can give that may be requested before it is told.
const NEARLY: f64 = 0.95;

/// Nodes that can take next to nothing more. Sums need the pods of all namespaces.
fn requested(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    if !snapshot.is_whole() || !snapshot.knows("Pod") {
        return;
    }
    let mut sums: HashMap<(&str, &str), f64> = HashMap::new();
    for pod in snapshot.list("Pod") {
        if matches!(text(pod, "/status/phase"), "Succeeded" | "Failed") {
            continue;
        }
        for container in items(pod, "/spec/containers") {
            for resource in ["cpu", "memory"] {
                let wanted = parse_quantity(text(container, &format!("/resources/requests/{resource}")));
                *sums.entry((text(pod, "/spec/nodeName"), resource)).or_default() += wanted.unwrap_or(0.0);
            }
        }
    }
    for node in snapshot.list("Node") {
        for resource in ["cpu", "memory"] {
            let most = parse_quantity(text(node, &format!("/status/allocatable/{resource}"))).unwrap_or(0.0);
            let sum = sums.get(&(name(node), resource)).copied().unwrap_or(0.0);
            if most > 0.0 && sum >= most * NEARLY {
                findings.push(
                    Finding::new(
                        Code::NodeNearlyRequested,
                        Severity::Warning,
                        ObjectRef::of("Node", node),
                        format!(
                            "has {:.0} % of its {resource} requested: hardly a pod more fits",
                            sum / most * 100.0
                        ),
                    )
                    .evidence(format!(
                        "status.allocatable.{resource} is {}",
                        text(node, &format!("/status/allocatable/{resource}"))
                    ))
                    .next("add a node, or lower requests that are far above use")
                    .call("describe_resource", json!({})),
                );
            }
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
