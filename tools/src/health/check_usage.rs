//! Use against what is allowed, where the metrics API answers: containers near their memory limit, nodes nearly
//! used up. A single sample decides nothing below these marks.

use serde_json::{Value, json};

use crate::kubernetes::{memory_text, parse_quantity};
use crate::severity::Severity;

use super::check_pod::owner;
use super::field::{items, name, namespace, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// Part of a memory limit or of a node from which on it is told.
const NEAR: f64 = 0.9;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for metrics in snapshot.list("PodMetrics") {
        let Some(pod) = snapshot.find("Pod", namespace(metrics), name(metrics)) else { continue };
        for container in items(metrics, "/containers") {
            findings.extend(near_limit(snapshot, pod, container));
        }
    }
    for metrics in snapshot.list("NodeMetrics") {
        let Some(node) = snapshot.find("Node", "", name(metrics)) else { continue };
        for resource in ["memory", "cpu"] {
            findings.extend(node_use(node, metrics, resource));
        }
    }
}

fn quantity(object: &Value, pointer: &str) -> Option<f64> {
    parse_quantity(object.pointer(pointer)?.as_str()?).filter(|amount| *amount > 0.0)
}

fn near_limit(snapshot: &Snapshot, pod: &Value, metrics: &Value) -> Option<Finding> {
    let container = text(metrics, "/name");
    let spec = items(pod, "/spec/containers")
        .chain(items(pod, "/spec/initContainers"))
        .find(|spec| text(spec, "/name") == container)?;
    let (limit, used) = (quantity(spec, "/resources/limits/memory")?, quantity(metrics, "/usage/memory")?);
    let part = used / limit;
    (part >= NEAR).then(|| {
        let mut finding = Finding::new(
            Code::NearMemoryLimit,
            Severity::Warning,
            ObjectRef::of("Pod", pod),
            format!("container {container} uses {:.0} % of its memory limit", part * 100.0),
        )
        .evidence(format!(
            "{} of {} in use; above the limit it is ended",
            memory_text(used),
            memory_text(limit)
        ))
        .next("raise its memory limit, or find what it keeps in memory");
        finding.container = Some(container.to_owned());
        finding.owner = owner(snapshot, pod);
        finding.raise_memory(limit)
    })
}

fn node_use(node: &Value, metrics: &Value, resource: &str) -> Option<Finding> {
    let most = quantity(node, &format!("/status/allocatable/{resource}"))?;
    let used = quantity(metrics, &format!("/usage/{resource}"))?;
    let part = used / most;
    // A busy processor only makes things slow; full memory ends programs.
    let severity = if resource == "memory" { Severity::Warning } else { Severity::Info };
    (part >= NEAR).then(|| {
        Finding::new(
            Code::NodeNearlyFull,
            severity,
            ObjectRef::of("Node", node),
            format!("uses {:.0} % of its {resource}", part * 100.0),
        )
        .evidence(format!(
            "status.allocatable.{resource} is {}",
            text(node, &format!("/status/allocatable/{resource}"))
        ))
        .next("see what uses it, move pods away or add a node")
        .call("describe_resource", json!({}))
    })
}
