//! HorizontalPodAutoscalers: a target that exists, metrics that can be read, room to grow. One that sits at its
//! minimum, or whose target is scaled to zero, is no fault.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_node::said;
use super::check_workload::{KINDS, replicas};
use super::field::{age, condition, items, namespace, number, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// An autoscaler looks every 15 seconds, and metrics of new pods come after a minute.
const GRACE: i64 = 60;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for autoscaler in snapshot.list("HorizontalPodAutoscaler") {
        findings.extend(finding(snapshot, autoscaler));
    }
}

/// The object that an autoscaler scales.
pub(super) fn target(autoscaler: &Value) -> ObjectRef {
    ObjectRef::new(
        text(autoscaler, "/spec/scaleTargetRef/kind"),
        namespace(autoscaler),
        text(autoscaler, "/spec/scaleTargetRef/name"),
    )
}

fn finding(snapshot: &Snapshot, autoscaler: &Value) -> Option<Finding> {
    let object = ObjectRef::of("HorizontalPodAutoscaler", autoscaler);
    let wanted = target(autoscaler);
    let new = |code, severity, message: String| {
        Finding::new(code, severity, object.clone(), message)
            .evidence(format!("spec.scaleTargetRef is {} {}", wanted.kind, wanted.name))
    };
    let scale = condition(autoscaler, "AbleToScale").filter(|able| text(able, "/status") == "False");
    let found = snapshot.find(&wanted.kind, namespace(autoscaler), &wanted.name);
    let refused = scale.is_some_and(|able| text(able, "/reason") == "FailedGetScale");
    // Kinds that were not read may exist; then only the autoscaler itself knows.
    if found.is_none() && (snapshot.knows(&wanted.kind) || refused) {
        return Some(
            new(
                Code::ScaleTargetMissing,
                Severity::Error,
                format!("scales {} {}, which does not exist", wanted.kind, wanted.name),
            )
            .evidence(scale.map(said).unwrap_or_default())
            .next("correct the target's name, or delete the autoscaler")
            .call("describe_resource", json!({})),
        );
    }
    // Scaled to zero turns autoscaling off, which is what was asked for.
    if let Some(found) = found
        && KINDS.contains(&wanted.kind.as_str())
        && replicas(&wanted.kind, found).0 == 0
    {
        return None;
    }
    if let Some(missing) = found.and_then(|found| without_request(autoscaler, found)) {
        return Some(
            new(
                Code::ScaleRequestMissing,
                Severity::Error,
                format!("cannot count: {missing}, and use is counted in percent of it"),
            )
            .evidence(condition(autoscaler, "ScalingActive").map(said).unwrap_or_default())
            .next(format!("set requests on {} {}", wanted.kind, wanted.name)),
        );
    }
    let active = condition(autoscaler, "ScalingActive");
    if let Some(active) = active
        && text(active, "/status") == "False"
        && text(active, "/reason") != "ScalingDisabled"
        && age(snapshot.now, autoscaler) > GRACE
    {
        return Some(
            new(Code::ScaleMetricsMissing, Severity::Error, "cannot read what it scales by".to_owned())
                .evidence(said(active))
                .next("check that the metrics API answers and that the metric exists")
                .call("describe_resource", json!({})),
        );
    }
    let most = number(autoscaler, "/spec/maxReplicas")?;
    let least = number(autoscaler, "/spec/minReplicas").unwrap_or(1);
    let limited = condition(autoscaler, "ScalingLimited").is_some_and(|limited| {
        text(limited, "/status") == "True" && text(limited, "/reason") == "TooManyReplicas"
    });
    let at_most = number(autoscaler, "/status/currentReplicas") == Some(most)
        && number(autoscaler, "/status/desiredReplicas") == Some(most);
    (limited && at_most && most > least).then(|| {
        new(
            Code::ScaleAtMaximum,
            Severity::Warning,
            format!("is at its maximum of {most} replicas and would grow further"),
        )
        .evidence(condition(autoscaler, "ScalingLimited").map(said).unwrap_or_default())
        .next("raise maxReplicas, or give each pod more")
        .call("describe_resource", json!({}))
    })
}

/// The container without the request that a utilization is counted in.
fn without_request(autoscaler: &Value, target: &Value) -> Option<String> {
    let specs = || items(target, "/spec/template/spec/containers");
    specs().next()?;
    items(autoscaler, "/spec/metrics").find_map(|metric| {
        let resource = match text(metric, "/type") {
            "Resource" => metric.get("resource")?,
            "ContainerResource" => metric.get("containerResource")?,
            _ => return None,
        };
        if text(resource, "/target/type") != "Utilization" {
            return None;
        }
        let (name, only) = (text(resource, "/name"), text(resource, "/container"));
        specs()
            .filter(|container| only.is_empty() || text(container, "/name") == only)
            // A limit without a request is the request.
            .find(|container| {
                ["requests", "limits"]
                    .iter()
                    .all(|list| container.pointer(&format!("/resources/{list}/{name}")).is_none())
            })
            .map(|container| format!("container {} requests no {name}", text(container, "/name")))
    })
}
