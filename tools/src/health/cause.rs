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
        Code::ReplicaFailure => needed(snapshot, known, itself.pointer("/spec/template/spec")?, place),
        Code::JobFailed => known.worst_pod(snapshot.pods_of(uid(itself))),
        Code::NoReadyEndpoints => known.worst_pod(selected(snapshot, itself)),
        Code::ContainerConfigError => {
            needed(snapshot, known, itself.get("spec")?, place).or_else(|| named_in(&finding.evidence, place))
        }
        Code::VolumeMountFailed => needed(snapshot, known, itself.get("spec")?, place),
        Code::ImagePullFailed => needed(snapshot, known, itself.get("spec")?, place)
            .filter(|object| object.kind == "Secret" || object.kind == "ServiceAccount"),
        Code::Unschedulable => claims(itself).find(|claim| known.is_bad(claim)),
        Code::ClaimPending => {
            let class = ObjectRef::new("StorageClass", "", text(itself, "/spec/storageClassName"));
            known.is_bad(&class).then_some(class)
        }
        Code::PodUnknown | Code::StuckTerminating | Code::NotReady | Code::SandboxFailed => {
            let node = ObjectRef::new("Node", "", text(itself, "/spec/nodeName"));
            known.is_bad(&node).then_some(node)
        }
        _ => None,
    }
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
        .map(|volume| text(volume, "/persistentVolumeClaim/claimName"))
        .filter(|claim| !claim.is_empty())
        .map(|claim| ObjectRef::new("PersistentVolumeClaim", namespace(pod), claim))
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
