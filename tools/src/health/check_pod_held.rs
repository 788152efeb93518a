//! Pods whose containers tell nothing: they wait for a volume or a network, their node is silent, or a readiness
//! gate is not met. The pod's own events say which.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_pod::{READY_GRACE, STARTING};
use super::field::{age, condition, duration, items, name, seconds_since, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// A pod whose containers wait to be made: for a volume, a network, or nobody knows what.
pub(super) fn held(snapshot: &Snapshot, pod: &Value, object: &ObjectRef) -> Option<Finding> {
    let mut statuses =
        items(pod, "/status/initContainerStatuses").chain(items(pod, "/status/containerStatuses"));
    let creating = text(pod, "/status/phase") == "Pending"
        && !text(pod, "/spec/nodeName").is_empty()
        && statuses.all(|status| status.pointer("/state/running").is_none());
    let waited = age(snapshot.now, pod);
    let events = snapshot.events("Pod", pod);
    if !creating {
        return silent(snapshot, pod, object);
    }
    // An event that names what is missing need not be waited for as long.
    if waited < if events.is_empty() { READY_GRACE } else { READY_GRACE / 2 } {
        return None;
    }
    let event = events.iter().rev().find_map(|event| match text(event, "/reason") {
        "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" => {
            Some((Code::VolumeMountFailed, "waits for a volume", *event))
        }
        "FailedCreatePodSandBox" | "NetworkNotReady" => {
            Some((Code::SandboxFailed, "waits for its network", *event))
        }
        _ => None,
    });
    match event {
        Some((code, message, event)) => Some(
            Finding::new(code, Severity::Error, object.clone(), message)
                .evidence(format!("event {}: {}", text(event, "/reason"), text(event, "/message")))
                .next("see its events")
                .call("describe_resource", json!({})),
        ),
        None => (waited > STARTING * 2).then(|| {
            Finding::new(
                Code::ContainerWaiting,
                Severity::Warning,
                object.clone(),
                format!("is being set up for {}", duration(waited)),
            )
            .evidence(format!("status.phase of {} is Pending on {}", name(pod), text(pod, "/spec/nodeName")))
            .next("see its events")
            .call("describe_resource", json!({}))
        }),
    }
}

/// A pod whose containers tell nothing wrong and that is not ready all the same: its node does not answer, or a
/// readiness gate is not met.
fn silent(snapshot: &Snapshot, pod: &Value, object: &ObjectRef) -> Option<Finding> {
    let ready = condition(pod, "Ready").filter(|ready| text(ready, "/status") != "True")?;
    let since = seconds_since(snapshot.now, ready, "/lastTransitionTime").unwrap_or(i64::MAX);
    if text(pod, "/status/phase") != "Running" || since < READY_GRACE {
        return None;
    }
    let node = snapshot.find("Node", "", text(pod, "/spec/nodeName"));
    let node_down =
        node.is_some_and(|node| condition(node, "Ready").is_none_or(|one| text(one, "/status") != "True"));
    if node_down {
        return Some(
            Finding::new(
                Code::PodUnknown,
                Severity::Error,
                object.clone(),
                "does not report: its node is silent",
            )
            .evidence(format!("spec.nodeName is {}", text(pod, "/spec/nodeName")))
            .next("look at the node")
            .call("describe_resource", json!({})),
        );
    }
    (text(ready, "/reason") == "ReadinessGatesNotReady").then(|| {
        Finding::new(
            Code::NotReady,
            Severity::Error,
            object.clone(),
            "is not ready: a readiness gate is not met",
        )
        .evidence(text(ready, "/message"))
        .next("see who sets that condition")
        .call("describe_resource", json!({}))
    })
}
