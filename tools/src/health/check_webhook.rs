//! Admission webhooks and aggregated APIs: the Service behind them exists and somebody answers. What a webhook
//! does when nobody does (`failurePolicy`) decides whether writes are blocked or only unchecked.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::severity::Severity;

use super::check_node::said;
use super::field::{age, condition, items, name, namespace, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// Endpoints of a new Service need some seconds.
const GRACE: i64 = 20;

pub(super) const KINDS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for kind in KINDS {
        for configuration in snapshot.list(kind) {
            // The webhooks of one configuration that fail alike are told once.
            let mut told: BTreeMap<String, Finding> = BTreeMap::new();
            for webhook in items(configuration, "/webhooks") {
                if let Some(found) = finding(snapshot, kind, configuration, webhook) {
                    let key = format!("{} {}", found.code.word(), found.message);
                    match told.get_mut(&key) {
                        Some(first) if first.severity >= found.severity => {
                            first.evidence.extend(found.evidence);
                        }
                        _ => {
                            told.insert(key, found);
                        }
                    }
                }
            }
            findings.extend(told.into_values());
        }
    }
    for service in snapshot.list("APIService") {
        findings.extend(aggregated(snapshot, service));
    }
}

fn finding(snapshot: &Snapshot, kind: &str, configuration: &Value, webhook: &Value) -> Option<Finding> {
    let behind = webhook.pointer("/clientConfig/service")?;
    if age(snapshot.now, configuration) < GRACE {
        return None;
    }
    let (place, service) = (text(behind, "/namespace"), text(behind, "/name"));
    let trouble = trouble(snapshot, place, service)?;
    let blocks = text(webhook, "/failurePolicy") != "Ignore";
    let what = writes(webhook);
    let severity = match (blocks, what.contains("pods") || what.contains('*')) {
        (true, true) => Severity::Critical,
        (true, false) => Severity::Error,
        (false, _) => Severity::Warning,
    };
    let effect = if blocks {
        format!("writes of {what} are refused")
    } else {
        format!("writes of {what} pass unchecked")
    };
    let code = if trouble.missing { Code::WebhookServiceMissing } else { Code::WebhookDown };
    let mut finding = Finding::new(
        code,
        severity,
        ObjectRef::of(kind, configuration),
        format!("calls the Service {place}/{service}, {}: {effect}", trouble.words),
    )
    .evidence(format!(
        "webhook {}: failurePolicy is {}",
        text(webhook, "/name"),
        Some(text(webhook, "/failurePolicy")).filter(|policy| !policy.is_empty()).unwrap_or("Fail")
    ))
    .next("bring its Service back, or delete the configuration if nothing needs it any more")
    .call("describe_resource", json!({}));
    // A Service that was looked at has its own story: why its pods are not ready.
    if !trouble.missing && snapshot.find("Service", place, service).is_some() {
        finding.caused_by = Some(ObjectRef::new("Service", place, service));
    }
    Some(finding)
}

struct Trouble {
    missing: bool,
    words: &'static str,
}

/// What is wrong with a Service somewhere in the cluster; nothing when it could not be read.
fn trouble(snapshot: &Snapshot, place: &str, service: &str) -> Option<Trouble> {
    let (services, slices) = if snapshot.covers(place) {
        ("Service", "EndpointSlice")
    } else {
        ("OtherService", "OtherEndpointSlice")
    };
    if !snapshot.knows(services) {
        return None;
    }
    let Some(found) = snapshot.find(services, place, service) else {
        return Some(Trouble { missing: true, words: "which does not exist" });
    };
    if text(found, "/spec/type") == "ExternalName" || !snapshot.knows(slices) {
        return None;
    }
    let ready = snapshot
        .list(slices)
        .iter()
        .filter(|slice| {
            namespace(slice) == place
                && text(slice, "/metadata/labels/kubernetes.io~1service-name") == service
        })
        .flat_map(|slice| items(slice, "/endpoints"))
        .any(|endpoint| endpoint.pointer("/conditions/ready").and_then(Value::as_bool) != Some(false));
    (!ready && age(snapshot.now, found) > GRACE)
        .then_some(Trouble { missing: false, words: "which has no ready endpoint" })
}

/// The resources that a webhook is asked about.
fn writes(webhook: &Value) -> String {
    let mut all: Vec<&str> = items(webhook, "/rules")
        .flat_map(|rule| items(rule, "/resources"))
        .filter_map(Value::as_str)
        .collect();
    all.sort_unstable();
    all.dedup();
    all.truncate(4);
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

fn aggregated(snapshot: &Snapshot, service: &Value) -> Option<Finding> {
    let available = condition(service, "Available").filter(|one| text(one, "/status") == "False")?;
    (age(snapshot.now, service) > GRACE).then(|| {
        let (place, behind) = (text(service, "/spec/service/namespace"), text(service, "/spec/service/name"));
        let mut finding = Finding::new(
            Code::ApiUnavailable,
            Severity::Error,
            ObjectRef::of("APIService", service),
            format!("does not answer: what {} serves cannot be read or written", name(service)),
        )
        .evidence(said(available))
        .next("see the Service behind it")
        .call("describe_resource", json!({}));
        if snapshot.find("Service", place, behind).is_some() {
            finding.caused_by = Some(ObjectRef::new("Service", place, behind));
        }
        finding
    })
}
