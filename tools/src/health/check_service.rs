//! Services: somebody answers, at a port that exists. A Service without a selector, a headless one and one that
//! is only a name are no faults.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_pod::{is_ready, is_young};
use super::check_workload::{KINDS, replicas};
use super::field::{items, name, namespace, selects, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    if !snapshot.knows("Pod") {
        return;
    }
    for service in snapshot.list("Service") {
        let selector = service.pointer("/spec/selector").unwrap_or(&Value::Null);
        let has_selector = selector.as_object().is_some_and(|selector| !selector.is_empty());
        if !has_selector
            || text(service, "/spec/type") == "ExternalName"
            || text(service, "/spec/clusterIP") == "None"
        {
            continue;
        }
        let pods: Vec<&Value> = selected(snapshot, service).collect();
        if pods.is_empty() {
            findings.extend(without_pods(snapshot, service, selector));
            continue;
        }
        if !has_endpoint(snapshot, service, &pods) {
            let may_come = pods.iter().all(|pod| is_young(snapshot, pod));
            if !may_come {
                findings.push(
                    Finding::new(
                        Code::NoReadyEndpoints,
                        Severity::Critical,
                        ObjectRef::of("Service", service),
                        format!("has no ready endpoint: none of its {} is ready", pods_text(pods.len())),
                    )
                    .evidence(format!("spec.selector is {}", selector_text(selector)))
                    .next("see why its pods are not ready")
                    .call("describe_resource", json!({})),
                );
            }
        }
        findings.extend(items(service, "/spec/ports").filter_map(|port| target_port(service, port, &pods)));
    }
}

fn pods_text(count: usize) -> String {
    if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") }
}

/// The pods that a Service selects, those that ended left out.
pub(super) fn selected<'a>(snapshot: &'a Snapshot, service: &'a Value) -> impl Iterator<Item = &'a Value> {
    let selector = service.pointer("/spec/selector").unwrap_or(&Value::Null);
    snapshot.pods_in(namespace(service)).filter(move |pod| {
        selects(selector, pod) && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
    })
}

fn selector_text(selector: &Value) -> String {
    let pairs = selector.as_object().into_iter().flatten();
    pairs
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(",")
}

fn without_pods(snapshot: &Snapshot, service: &Value, selector: &Value) -> Option<Finding> {
    let object = ObjectRef::of("Service", service);
    let evidence = format!("spec.selector is {}", selector_text(selector));
    // A workload's pods would match, if it had any.
    let behind = KINDS.iter().find_map(|kind| {
        let workload = snapshot.list(kind).iter().find(|workload| {
            namespace(workload) == namespace(service)
                && workload.pointer("/spec/template").is_some_and(|template| selects(selector, template))
        })?;
        Some((*kind, workload))
    });
    match behind {
        Some((kind, workload)) if replicas(kind, workload).0 == 0 => {
            let mut finding = Finding::new(
                Code::NoReadyEndpoints,
                Severity::Info,
                object,
                format!("has no endpoint, because {kind} {} is scaled to zero", name(workload)),
            )
            .evidence(evidence)
            .next("scale it up if it should serve");
            finding.caused_by = Some(ObjectRef::of(kind, workload));
            Some(finding)
        }
        Some((kind, workload)) => {
            if super::field::age(snapshot.now, workload) < 30 {
                return None;
            }
            let mut finding = Finding::new(
                Code::NoReadyEndpoints,
                Severity::Critical,
                object,
                format!("has no endpoint: {kind} {} has no pods", name(workload)),
            )
            .evidence(evidence)
            .next("see why it has none")
            .call("describe_resource", json!({}));
            finding.caused_by = Some(ObjectRef::of(kind, workload));
            Some(finding)
        }
        None => Some(
            Finding::new(
                Code::SelectorMatchesNothing,
                Severity::Error,
                object,
                "selects no pod: nothing in its namespace has those labels",
            )
            .evidence(evidence)
            .next("correct the selector, or the labels of the pods it is meant for")
            .call("describe_resource", json!({})),
        ),
    }
}

fn has_endpoint(snapshot: &Snapshot, service: &Value, pods: &[&Value]) -> bool {
    if service.pointer("/spec/publishNotReadyAddresses").and_then(Value::as_bool) == Some(true) {
        return true;
    }
    let mut slices = snapshot
        .list("EndpointSlice")
        .iter()
        .filter(|slice| {
            namespace(slice) == namespace(service)
                && text(slice, "/metadata/labels/kubernetes.io~1service-name") == name(service)
        })
        .peekable();
    if slices.peek().is_none() {
        return pods.iter().any(|pod| is_ready(pod));
    }
    slices.any(|slice| {
        // An endpoint without a word about it is ready (discovery.k8s.io/v1, EndpointConditions).
        items(slice, "/endpoints")
            .any(|endpoint| endpoint.pointer("/conditions/ready").and_then(Value::as_bool) != Some(false))
    })
}

fn target_port(service: &Value, port: &Value, pods: &[&Value]) -> Option<Finding> {
    let object = ObjectRef::of("Service", service);
    let declared = || pods.iter().flat_map(|pod| ports(pod));
    let target = port.get("targetPort")?;
    if let Some(named) = target.as_str() {
        let found = declared().any(|port| text(port, "/name") == named);
        return (!found).then(|| {
            Finding::new(
                Code::TargetPortMissing,
                Severity::Error,
                object,
                format!("sends to the port named {named}, which no container of its pods has"),
            )
            .evidence(format!("spec.ports.targetPort is {named}"))
            .next("correct targetPort, or name the container's port")
            .call("describe_resource", json!({}))
        });
    }
    let number = target.as_i64()?;
    let known: Vec<i64> = declared().filter_map(|port| port.get("containerPort")?.as_i64()).collect();
    // Containers may listen on ports they do not declare; only one that declares others is suspicious.
    (!known.is_empty() && !known.contains(&number)).then(|| {
        let mut known = known.clone();
        known.sort_unstable();
        known.dedup();
        let known = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Finding::new(
            Code::TargetPortMissing,
            Severity::Warning,
            object,
            format!("sends to port {number}, and its pods declare {known}"),
        )
        .evidence(format!("spec.ports.targetPort is {number}"))
        .next("check on which port the program listens")
        .call("describe_resource", json!({}))
    })
}

/// Declared ports of a pod; sidecars are init containers that stay.
fn ports(pod: &Value) -> impl Iterator<Item = &Value> {
    items(pod, "/spec/containers")
        .chain(items(pod, "/spec/initContainers"))
        .flat_map(|container| items(container, "/ports"))
}
