//! Leads symptoms to their causes: a workload to its pods, a Service to the pods it selects, an Ingress to its
//! Service, a pod to the object it lacks, its claim or its node.
//!
//! Every step goes one level down (Ingress, Service, workload, pod, what a pod needs), so the way from a
//! symptom always ends.

use serde_json::Value;
use std::collections::{HashMap, HashSet};

use crate::severity::Severity;

use super::check_ingress::backends;
use super::check_reference::references;
use super::check_service::selected;
use super::field::{items, name, namespace, text, uid};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn fold(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    findings.extend(backends_down(snapshot, findings));
    raise_quotas(findings);
    let known = Known::of(findings);
    for finding in findings.iter_mut().filter(|finding| finding.caused_by.is_none()) {
        finding.caused_by = cause(snapshot, &known, finding);
    }
}

/// Objects with findings that hurt others.
struct Known {
    bad: HashSet<ObjectRef>,
    /// The worst severity of each.
    worst: HashMap<ObjectRef, Severity>,
}

impl Known {
    fn of(findings: &[Finding]) -> Self {
        let mut worst = HashMap::new();
        for finding in findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
            let entry = worst.entry(finding.object.clone()).or_insert(finding.severity);
            *entry = finding.severity.max(*entry);
        }
        Self { bad: worst.keys().cloned().collect(), worst }
    }

    fn is_bad(&self, object: &ObjectRef) -> bool {
        self.bad.contains(object)
    }

    /// The worst of these pods that has a finding.
    fn worst_pod<'a>(&self, pods: impl Iterator<Item = &'a Value>) -> Option<ObjectRef> {
        let mut bad: Vec<(Severity, ObjectRef)> = pods
            .map(|pod| ObjectRef::of("Pod", pod))
            .filter_map(|pod| Some((*self.worst.get(&pod)?, pod)))
            .collect();
        bad.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        bad.into_iter().next().map(|(_, pod)| pod)
    }
}

fn cause(snapshot: &Snapshot, known: &Known, finding: &Finding) -> Option<ObjectRef> {
    let object = &finding.object;
    let place = object.namespace.as_deref().unwrap_or_default();
    let itself = snapshot.find(&object.kind, place, &object.name)?;
    match finding.code {
        Code::ReplicasNotReady | Code::ProgressDeadlineExceeded => {
            known.worst_pod(snapshot.pods_of_workload(&object.kind, itself).into_iter())
        }
        Code::ReplicaFailure => refusal(snapshot, known, finding, place)
            .or_else(|| needed(snapshot, known, itself.pointer("/spec/template/spec")?, place)),
        Code::ScaleMetricsMissing => {
            let target = super::check_autoscaler::target(itself);
            let workload = snapshot.find(&target.kind, place, &target.name);
            workload
                .and_then(|workload| {
                    known.worst_pod(snapshot.pods_of_workload(&target.kind, workload).into_iter())
                })
                .or_else(|| known.is_bad(&metrics_api()).then(metrics_api))
        }
        Code::BudgetBlocksEvictions => known.worst_pod(super::check_budget::protected(snapshot, itself)),
        Code::TlsSecretMissing => None,
        Code::JobFailed => known.worst_pod(snapshot.pods_of(uid(itself))),
        Code::NoReadyEndpoints => known.worst_pod(selected(snapshot, itself)),
        Code::ContainerConfigError => {
            named_in(&finding.evidence, place).or_else(|| needed(snapshot, known, itself.get("spec")?, place))
        }
        Code::VolumeMountFailed => volume_in(&finding.evidence, known, itself, place)
            .or_else(|| needed(snapshot, known, itself.get("spec")?, place))
            .or_else(|| claims(itself).find(|claim| known.is_bad(claim))),
        // Without its pull secret a private image is refused; an image that does not exist has another cause.
        Code::ImagePullFailed if refuses_access(&finding.evidence) => {
            needed(snapshot, known, itself.get("spec")?, place)
                .filter(|object| object.kind == "Secret" || object.kind == "ServiceAccount")
        }
        Code::Unschedulable => claims(itself)
            .find(|claim| known.is_bad(claim))
            .or_else(|| needed(snapshot, known, itself.get("spec")?, place))
            .or_else(|| closed_node(snapshot, &finding.evidence)),
        Code::ClaimPending => {
            let class = ObjectRef::new("StorageClass", "", text(itself, "/spec/storageClassName"));
            known.is_bad(&class).then_some(class)
        }
        Code::ContainerWaiting => needed(snapshot, known, itself.get("spec")?, place),
        Code::PodUnknown | Code::StuckTerminating | Code::NotReady | Code::SandboxFailed => {
            let node = ObjectRef::new("Node", "", text(itself, "/spec/nodeName"));
            known.is_bad(&node).then_some(node)
        }
        _ => None,
    }
}

fn metrics_api() -> ObjectRef {
    ObjectRef::new("APIService", "", "v1beta1.metrics.k8s.io")
}

/// A quota that somebody was refused by is broken for them.
fn raise_quotas(findings: &mut [Finding]) {
    let blocking: HashSet<ObjectRef> = findings
        .iter()
        .filter(|finding| finding.code == Code::ReplicaFailure)
        .filter_map(|finding| {
            let place = finding.object.namespace.as_deref()?;
            quota_in(&finding.evidence).map(|quota| ObjectRef::new("ResourceQuota", place, quota))
        })
        .collect();
    for finding in findings.iter_mut().filter(|finding| finding.code == Code::QuotaExhausted) {
        if blocking.contains(&finding.object) {
            finding.severity = Severity::Error;
        }
    }
}

/// The quota of `… is forbidden: exceeded quota: NAME, requested: …`.
fn quota_in(evidence: &[String]) -> Option<&str> {
    let words = ["exceeded quota: ", "failed quota: "];
    evidence.iter().find_map(|line| {
        let rest = words.iter().find_map(|words| line.split_once(words))?.1;
        rest.split([',', ':']).next()
    })
}

/// What refused pods when they were to be made, as the server's message names it.
fn refusal(snapshot: &Snapshot, known: &Known, finding: &Finding, place: &str) -> Option<ObjectRef> {
    if let Some(quota) = quota_in(&finding.evidence) {
        return Some(ObjectRef::new("ResourceQuota", place, quota));
    }
    let says = |words: &str| finding.evidence.iter().any(|line| line.contains(words));
    let range = |usage: &str| {
        says(&format!("{usage} usage per Container")) || says(&format!("{usage} usage per Pod"))
    };
    if ["maximum cpu", "maximum memory", "minimum cpu", "minimum memory", "maximum ephemeral-storage"]
        .into_iter()
        .any(range)
        || says("limit to request ratio")
    {
        let mut ranges = snapshot.list("LimitRange").iter().filter(|range| namespace(range) == place);
        return ranges.next().map(|range| ObjectRef::of("LimitRange", range));
    }
    // `failed calling webhook "NAME"` and `admission webhook "NAME" denied the request`.
    let webhook = finding.evidence.iter().find_map(|line| line.split_once("webhook \"")?.1.split('"').next());
    if let Some(webhook) = webhook {
        return super::check_webhook::KINDS.iter().find_map(|kind| {
            let configuration = snapshot
                .list(kind)
                .iter()
                .find(|one| items(one, "/webhooks").any(|hook| text(hook, "/name") == webhook))?;
            Some(ObjectRef::of(kind, configuration))
        });
    }
    [
        ("serviceaccount \"", "ServiceAccount", place),
        ("no PriorityClass with name ", "PriorityClass", ""),
        ("RuntimeClass \"", "RuntimeClass", ""),
    ]
    .into_iter()
    .find_map(|(words, kind, place)| {
        let rest = finding.evidence.iter().find_map(|line| line.split_once(words))?.1;
        let object = ObjectRef::new(kind, place, rest.split(['"', ' ']).next()?);
        known.is_bad(&object).then_some(object)
    })
}

/// The object behind the volume that `MountVolume.SetUp failed for volume "NAME"` names.
fn volume_in(evidence: &[String], known: &Known, pod: &Value, place: &str) -> Option<ObjectRef> {
    evidence.iter().find_map(|line| {
        let volume = line.split_once("for volume \"")?.1.split('"').next()?;
        let spec = items(pod, "/spec/volumes").find(|one| text(one, "/name") == volume)?;
        // It exists, and a key that is asked of it does not.
        let lacks_key = line.contains("non-existent");
        [("/secret/secretName", "Secret"), ("/configMap/name", "ConfigMap")].into_iter().find_map(
            |(pointer, kind)| {
                let name = text(spec, pointer);
                let object = ObjectRef::new(kind, place, name);
                (!name.is_empty() && (lacks_key || known.is_bad(&object))).then_some(object)
            },
        )
    })
}

fn refuses_access(evidence: &[String]) -> bool {
    evidence.iter().any(|line| {
        let line = line.to_ascii_lowercase();
        ["unauthorized", "denied", "authentication", "forbidden", "no basic auth", "401", "403"]
            .iter()
            .any(|word| line.contains(word))
    })
}

/// A cordoned node, when that nodes are cordoned is all the scheduler says against them.
fn closed_node(snapshot: &Snapshot, evidence: &[String]) -> Option<ObjectRef> {
    let said = evidence.first()?;
    let reasons = said.split_once("nodes are available: ")?.1.split('.').next()?;
    let only = reasons.split(',').all(|reason| reason.trim_end().ends_with("were unschedulable"));
    let cordoned = |node: &&Value| node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true);
    only.then(|| snapshot.list("Node").iter().find(cordoned))
        .flatten()
        .map(|node| ObjectRef::of("Node", node))
}

/// A missing object that a pod's spec names.
fn needed(snapshot: &Snapshot, known: &Known, spec: &Value, place: &str) -> Option<ObjectRef> {
    references(place, spec).into_iter().map(|reference| reference.object).find(|object| {
        known.is_bad(object)
            && snapshot
                .find(&object.kind, object.namespace.as_deref().unwrap_or_default(), &object.name)
                .is_none()
    })
}

fn claims(pod: &Value) -> impl Iterator<Item = ObjectRef> {
    items(pod, "/spec/volumes")
        .filter_map(|volume| {
            let named = text(volume, "/persistentVolumeClaim/claimName");
            if !named.is_empty() {
                return Some(named.to_owned());
            }
            // A claim of the pod's own is named after both.
            volume.get("ephemeral").map(|_| format!("{}-{}", name(pod), text(volume, "/name")))
        })
        .map(|claim| ObjectRef::new("PersistentVolumeClaim", namespace(pod), &claim))
}

/// The ConfigMap or Secret that the kubelet's message names: it exists without the key, or could not be read.
/// The messages are `couldn't find key K in Secret NS/NAME` and `secret "NAME" not found`.
fn named_in(evidence: &[String], place: &str) -> Option<ObjectRef> {
    evidence.iter().find_map(|line| {
        if let Some((_, rest)) = line.split_once("couldn't find key ") {
            let mut words = rest.split_once(" in ")?.1.split_whitespace();
            let kind = words.next()?;
            let (space, name) = words.next()?.split_once('/')?;
            return Some(ObjectRef::new(kind, space, name.trim_end_matches(['.', ','])));
        }
        let (kind, rest) = if let Some((_, rest)) = line.split_once("secret \"") {
            ("Secret", rest)
        } else {
            ("ConfigMap", line.split_once("configmap \"")?.1)
        };
        Some(ObjectRef::new(kind, place, rest.split_once('"')?.0))
    })
}

/// Ingresses whose Service has nobody to answer.
fn backends_down(snapshot: &Snapshot, findings: &[Finding]) -> Vec<Finding> {
    let down: HashMap<&ObjectRef, Severity> = findings
        .iter()
        .filter(|finding| matches!(finding.code, Code::NoReadyEndpoints | Code::SelectorMatchesNothing))
        .map(|finding| (&finding.object, finding.severity))
        .collect();
    let mut found = Vec::new();
    for ingress in snapshot.list("Ingress") {
        let mut told: HashSet<ObjectRef> = HashSet::new();
        for backend in backends(ingress) {
            let service = ObjectRef::new("Service", namespace(ingress), text(backend, "/service/name"));
            let Some(severity) = down.get(&service) else { continue };
            if !told.insert(service.clone()) {
                continue;
            }
            let mut finding = Finding::new(
                Code::BackendDown,
                (*severity).min(Severity::Error),
                ObjectRef::of("Ingress", ingress),
                format!("cannot answer for {}: the Service has no ready endpoint", service.name),
            )
            .evidence(format!("{} sends to the Service {}", name(ingress), service.name))
            .next("see why the Service has none");
            finding.caused_by = Some(service);
            found.push(finding);
        }
    }
    found
}
