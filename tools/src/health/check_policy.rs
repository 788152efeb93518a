//! NetworkPolicies: one that selects nothing, one that keeps a Service from its own pods, and a default-deny,
//! which is told as what it is and never as a fault.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_pod::is_ready;
use super::check_service::selected;
use super::check_workload::KINDS;
use super::field::{items, name, namespace, text};
use super::finding::{Code, Finding, ObjectRef};
use super::selector;
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    if !snapshot.knows("Pod") {
        return;
    }
    for policy in snapshot.list("NetworkPolicy") {
        findings.extend(alone(snapshot, policy));
    }
    for service in snapshot.list("Service") {
        denied(snapshot, service, findings);
    }
}

/// Whether a policy selects an object of its own namespace.
fn selects(policy: &Value, object: &Value) -> bool {
    policy.pointer("/spec/podSelector").is_none_or(|wanted| selector::selects(wanted, object))
}

/// Whether a policy is about a direction; without a list it is about incoming traffic, and about outgoing
/// when it has such rules.
fn is_about(policy: &Value, direction: &str) -> bool {
    let mut types = items(policy, "/spec/policyTypes").peekable();
    if types.peek().is_none() {
        return direction == "Ingress" || policy.pointer("/spec/egress").is_some();
    }
    types.any(|kind| kind.as_str() == Some(direction))
}

fn alone(snapshot: &Snapshot, policy: &Value) -> Option<Finding> {
    let object = ObjectRef::of("NetworkPolicy", policy);
    let wanted = policy.pointer("/spec/podSelector").unwrap_or(&Value::Null);
    if selector::is_empty(wanted) {
        let denies: Vec<&str> =
            [("Ingress", "/spec/ingress", "incoming"), ("Egress", "/spec/egress", "outgoing")]
                .into_iter()
                .filter(|(direction, rules, _)| {
                    is_about(policy, direction) && items(policy, rules).next().is_none()
                })
                .map(|(_, _, words)| words)
                .collect();
        return (!denies.is_empty()).then(|| {
            Finding::new(
                Code::DefaultDeny,
                Severity::Info,
                object,
                format!("denies all {} traffic by default", denies.join(" and ")),
            )
            .evidence("spec.podSelector is empty, and there are no rules")
            .next("other policies have to allow what is needed")
        });
    }
    let any = snapshot.pods_in(namespace(policy)).any(|pod| selects(policy, pod))
        || KINDS.iter().chain(&["Job"]).flat_map(|kind| snapshot.list(kind)).any(|workload| {
            namespace(workload) == namespace(policy)
                && workload.pointer("/spec/template").is_some_and(|template| selects(policy, template))
        })
        || snapshot.list("CronJob").iter().any(|cron| {
            namespace(cron) == namespace(policy)
                && cron
                    .pointer("/spec/jobTemplate/spec/template")
                    .is_some_and(|template| selects(policy, template))
        });
    (!any).then(|| {
        Finding::new(
            Code::PolicySelectsNothing,
            Severity::Warning,
            object,
            "selects no pod: it protects nobody",
        )
        .evidence(format!("spec.podSelector is {}", selector::words(wanted)))
        .next("correct the selector, or delete the policy")
        .call("describe_resource", json!({}))
    })
}

/// A Service whose port no rule lets anybody reach, though policies are meant for exactly its pods.
fn denied(snapshot: &Snapshot, service: &Value, findings: &mut Vec<Finding>) {
    let selector = service.pointer("/spec/selector").and_then(Value::as_object);
    if selector.is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let Some(pod) = selected(snapshot, service).find(|pod| is_ready(pod)) else { return };
    let policies: Vec<&Value> = snapshot
        .list("NetworkPolicy")
        .iter()
        .filter(|policy| {
            namespace(policy) == namespace(service) && is_about(policy, "Ingress") && selects(policy, pod)
        })
        .collect();
    // A default-deny alone is what somebody wanted for the whole namespace.
    let Some(meant) = policies
        .iter()
        .find(|policy| policy.pointer("/spec/podSelector").is_some_and(|wanted| !selector::is_empty(wanted)))
    else {
        return;
    };
    for port in items(service, "/spec/ports") {
        let open = policies
            .iter()
            .flat_map(|policy| items(policy, "/spec/ingress"))
            .any(|rule| allows(snapshot, rule, pod, port, namespace(service)));
        if open {
            continue;
        }
        let shown = target(port).map_or_else(String::new, |target| format!(" {target}"));
        let cause = ObjectRef::of("NetworkPolicy", meant);
        let told = findings
            .iter()
            .any(|finding| finding.code == Code::PolicyBlocksService && finding.object == cause);
        if !told {
            findings.push(
                Finding::new(
                    Code::PolicyBlocksService,
                    Severity::Error,
                    cause.clone(),
                    format!("lets nobody reach port{shown} of the pods behind the Service {}", name(service)),
                )
                .evidence(format!(
                    "spec.podSelector is {}",
                    selector::words(meant.pointer("/spec/podSelector").unwrap_or(&Value::Null))
                ))
                .evidence(format!("no rule of {} allows it", names(&policies)))
                .next("allow that port from those who call it")
                .call("describe_resource", json!({})),
            );
        }
        let mut symptom = Finding::new(
            Code::TrafficDenied,
            Severity::Error,
            ObjectRef::of("Service", service),
            format!("cannot be reached at port{shown}: no network policy lets anybody in"),
        )
        .evidence(format!("policies that select its pods: {}", names(&policies)))
        .next("see the policy");
        symptom.caused_by = Some(cause);
        findings.push(symptom);
        return;
    }
}

fn names(policies: &[&Value]) -> String {
    policies.iter().map(|policy| name(policy)).collect::<Vec<_>>().join(", ")
}

fn target(port: &Value) -> Option<String> {
    let target = port.get("targetPort").or_else(|| port.get("port"))?;
    Some(target.as_str().map_or_else(|| target.to_string(), str::to_owned))
}

fn allows(snapshot: &Snapshot, rule: &Value, pod: &Value, port: &Value, place: &str) -> bool {
    let protocol = |port: &Value| {
        Some(text(port, "/protocol")).filter(|one| !one.is_empty()).unwrap_or("TCP").to_owned()
    };
    let number = |value: &Value| -> Option<i64> {
        value.as_i64().or_else(|| {
            let named = value.as_str()?;
            items(pod, "/spec/containers")
                .chain(items(pod, "/spec/initContainers"))
                .flat_map(|container| items(container, "/ports"))
                .find(|port| text(port, "/name") == named)?
                .get("containerPort")?
                .as_i64()
        })
    };
    let wanted = port.get("targetPort").or_else(|| port.get("port")).and_then(number);
    let mut ports = items(rule, "/ports").peekable();
    let port_open = ports.peek().is_none()
        || ports.any(|allowed| {
            let first = allowed.get("port").and_then(number);
            let last = allowed.get("endPort").and_then(Value::as_i64);
            protocol(allowed) == protocol(port)
                && match (allowed.get("port"), first, wanted) {
                    (None, ..) | (_, _, None) => true,
                    (_, Some(first), Some(wanted)) => (first..=last.unwrap_or(first)).contains(&wanted),
                    (Some(_), None, _) => false,
                }
        });
    let mut peers = items(rule, "/from").peekable();
    port_open && (peers.peek().is_none() || peers.any(|peer| is_somebody(snapshot, peer, place)))
}

/// Whether a peer is anybody that exists, as far as that was read.
fn is_somebody(snapshot: &Snapshot, peer: &Value, place: &str) -> bool {
    if peer.get("ipBlock").is_some() {
        return true;
    }
    let pods = peer.get("podSelector");
    let spaces = peer.get("namespaceSelector");
    let fits = |object: &Value| pods.is_none_or(|wanted| selector::selects(wanted, object));
    match spaces {
        None => {
            // Whoever will call may be about to be made: a workload's template counts.
            snapshot.pods_in(place).any(&fits)
                || KINDS.iter().flat_map(|kind| snapshot.list(kind)).any(|workload| {
                    namespace(workload) == place && workload.pointer("/spec/template").is_some_and(&fits)
                })
        }
        Some(spaces) => {
            if !snapshot.knows("Namespace") {
                return true;
            }
            let mut named =
                snapshot.list("Namespace").iter().filter(|space| selector::selects(spaces, space)).peekable();
            named.peek().is_some()
                && (pods.is_none()
                    || !snapshot.is_whole()
                    || named.any(|space| snapshot.pods_in(name(space)).any(&fits)))
        }
    }
}
