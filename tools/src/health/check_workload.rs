//! Deployments, StatefulSets, DaemonSets and ReplicaSets of their own: wanted against ready, with time for a
//! rollout that is under way.

use serde_json::{Value, json};
use std::collections::HashSet;

use crate::severity::Severity;

use super::check_node::said;
use super::check_pod::{is_ready, is_young};
use super::field::{age, condition, controller, name, namespace, number, seconds_since, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// Kinds that keep pods running.
pub(super) const KINDS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];

/// A rollout without a deadline of its own gets this long (the default `progressDeadlineSeconds` of a
/// Deployment).
const ROLLOUT: i64 = 600;

/// Controllers need some seconds to make pods.
const CONTROLLER: i64 = 30;

/// Namespaces and names of pods that have a fault of their own.
type Faulty = HashSet<(String, String)>;

/// Takes what is known about pods from `findings`, so it comes after the check of pods.
pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let faulty: Faulty = findings
        .iter()
        .filter(|finding| finding.object.kind == "Pod" && finding.severity >= Severity::Warning)
        .map(|finding| (finding.object.namespace.clone().unwrap_or_default(), finding.object.name.clone()))
        .collect();
    for kind in KINDS {
        for workload in snapshot.list(kind) {
            // A Deployment speaks for its ReplicaSets.
            if kind == "ReplicaSet" && controller(workload).is_some() {
                continue;
            }
            if kind == "StatefulSet" {
                findings.extend(governing_service(snapshot, workload));
            }
            findings.extend(workload_finding(snapshot, kind, workload, &faulty));
        }
    }
}

/// How many pods a workload wants and has ready.
pub(super) fn replicas(kind: &str, workload: &Value) -> (i64, i64) {
    if kind == "DaemonSet" {
        return (
            number(workload, "/status/desiredNumberScheduled").unwrap_or(0),
            number(workload, "/status/numberReady").unwrap_or(0),
        );
    }
    (number(workload, "/spec/replicas").unwrap_or(1), number(workload, "/status/readyReplicas").unwrap_or(0))
}

fn workload_finding(snapshot: &Snapshot, kind: &str, workload: &Value, faulty: &Faulty) -> Option<Finding> {
    let object = ObjectRef::of(kind, workload);
    let (wanted, ready) = replicas(kind, workload);
    if wanted == 0 && kind != "DaemonSet" {
        return Some(
            Finding::new(Code::ScaledToZero, Severity::Info, object, "is scaled to zero")
                .evidence("spec.replicas is 0")
                .next("scale it up if it should run"),
        );
    }
    if let Some(failure) = replica_failure(snapshot, kind, workload) {
        return Some(
            Finding::new(
                Code::ReplicaFailure,
                Severity::Error,
                object,
                format!("has {ready} of {wanted} pods ready, and more cannot be made"),
            )
            .evidence(failure)
            .next("change what refuses them: quota, limits, admission, a missing ServiceAccount")
            .call("describe_resource", json!({})),
        );
    }
    let progressing = condition(workload, "Progressing");
    if let Some(condition) = progressing
        && text(condition, "/reason") == "ProgressDeadlineExceeded"
    {
        return Some(
            Finding::new(
                Code::ProgressDeadlineExceeded,
                Severity::Error,
                object,
                format!("does not get its new version out: {ready} of {wanted} pods are ready"),
            )
            .evidence(said(condition))
            .next("see why its new pods are not ready, or roll back")
            .call("rollout_status", json!({})),
        );
    }
    if ready >= wanted {
        let paused = workload.pointer("/spec/paused").and_then(Value::as_bool) == Some(true);
        return paused.then(|| {
            Finding::new(Code::RolloutPaused, Severity::Info, object, "has its rollout paused")
                .evidence("spec.paused is true")
                .next("resume it when the change is complete")
        });
    }
    let pods = snapshot.pods_of_workload(kind, workload);
    if is_under_way(snapshot, workload, &pods, faulty) {
        return None;
    }
    Some(
        Finding::new(
            Code::ReplicasNotReady,
            Severity::Error,
            object,
            format!("has {ready} of {wanted} pods ready"),
        )
        .evidence(format!("status: {ready} ready, {} pods exist", pods.len()))
        .next("see its events and its pods")
        .call("describe_resource", json!({})),
    )
}

/// Whether pods that are not ready may still become so: they are young, or the rollout lately made progress.
fn is_under_way(snapshot: &Snapshot, workload: &Value, pods: &[&Value], faulty: &Faulty) -> bool {
    if age(snapshot.now, workload) < CONTROLLER {
        return true;
    }
    let unready: Vec<&&Value> = pods.iter().filter(|pod| !is_ready(pod)).collect();
    // A pod with a fault of its own is no start that takes its time.
    if unready.iter().any(|pod| faulty.contains(&(namespace(pod).to_owned(), name(pod).to_owned()))) {
        return false;
    }
    let deadline = number(workload, "/spec/progressDeadlineSeconds").unwrap_or(ROLLOUT);
    let progressed = condition(workload, "Progressing").is_some_and(|condition| {
        text(condition, "/status") == "True"
            && text(condition, "/reason") != "NewReplicaSetAvailable"
            && seconds_since(snapshot.now, condition, "/lastUpdateTime").is_some_and(|since| since < deadline)
    });
    progressed || (!unready.is_empty() && unready.iter().all(|pod| is_young(snapshot, pod)))
}

/// Why pods cannot be made: the condition of the workload or of its ReplicaSet, or an event.
fn replica_failure(snapshot: &Snapshot, kind: &str, workload: &Value) -> Option<String> {
    let (wanted, ready) = replicas(kind, workload);
    if let Some(condition) = condition(workload, "ReplicaFailure")
        && text(condition, "/status") == "True"
    {
        return Some(said(condition));
    }
    if ready >= wanted || number(workload, "/status/replicas").unwrap_or(0) >= wanted {
        return None;
    }
    // StatefulSets and DaemonSets have no such condition: they only tell in events.
    matches!(kind, "StatefulSet" | "DaemonSet").then_some(())?;
    let events = snapshot.events(kind, workload);
    let event = events.iter().rev().find(|event| text(event, "/reason") == "FailedCreate")?;
    let recent = ["/lastTimestamp", "/eventTime"]
        .iter()
        .find_map(|pointer| seconds_since(snapshot.now, event, pointer))
        .is_none_or(|since| since < ROLLOUT);
    recent.then(|| format!("event FailedCreate: {}", text(event, "/message")))
}

fn governing_service(snapshot: &Snapshot, workload: &Value) -> Option<Finding> {
    let service = text(workload, "/spec/serviceName");
    let missing = !service.is_empty()
        && snapshot.knows("Service")
        && snapshot.find("Service", namespace(workload), service).is_none();
    missing.then(|| {
        Finding::new(
            Code::GoverningServiceMissing,
            Severity::Warning,
            ObjectRef::of("StatefulSet", workload),
            format!("names the Service {service}, which does not exist: its pods have no names of their own"),
        )
        .evidence(format!("spec.serviceName is {service}"))
        .next("make that headless Service, or correct the name")
    })
}
