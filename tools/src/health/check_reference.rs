//! What pods and workloads name and does not exist: ConfigMaps, Secrets, ServiceAccounts, claims, storage
//! classes. One finding for each missing object, with everybody who needs it.

use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

use crate::severity::Severity;

use super::check_workload::{KINDS, replicas};
use super::field::{age, controller, items, namespace, text, uid};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// A namespace's own objects (its default ServiceAccount, `kube-root-ca.crt`) come some seconds after it.
const GRACE: i64 = 15;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let mut missing: BTreeMap<ObjectRef, (bool, Vec<String>)> = BTreeMap::new();
    let mut note = |object: &Value, kind: &str, spec: &Value| {
        if age(snapshot.now, object) < GRACE {
            return;
        }
        for reference in references(namespace(object), spec) {
            if is_missing(snapshot, &reference.object) {
                let entry = missing.entry(reference.object).or_insert((true, Vec::new()));
                entry.0 &= reference.soft;
                entry.1.push(format!("{} names it: {}", ObjectRef::of(kind, object), reference.place));
            }
        }
    };
    for kind in KINDS {
        for workload in snapshot.list(kind) {
            let wants = kind == "DaemonSet" || replicas(kind, workload).0 > 0;
            if let Some(spec) = workload.pointer("/spec/template/spec").filter(|_| wants)
                && controller(workload).is_none()
            {
                note(workload, kind, spec);
            }
        }
    }
    for pod in snapshot.list("Pod") {
        // The template of its workload names the same, and is what has to be corrected.
        let spoken_for = controller(pod).is_some_and(|(_, kind, _)| KINDS.contains(&kind));
        let over = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        if let Some(spec) = pod.get("spec").filter(|_| !spoken_for && !over) {
            note(pod, "Pod", spec);
        }
    }
    for job in snapshot.list("Job") {
        // Its pods speak for it, unless none could be made.
        let none = snapshot.pods_of(uid(job)).next().is_none();
        let over = items(job, "/status/conditions").any(|condition| {
            matches!(text(condition, "/type"), "Complete" | "Failed") && text(condition, "/status") == "True"
        });
        if let Some(spec) = job.pointer("/spec/template/spec").filter(|_| none && !over) {
            note(job, "Job", spec);
        }
    }
    for set in snapshot.list("StatefulSet").iter().filter(|set| replicas("StatefulSet", set).0 > 0) {
        for template in items(set, "/spec/volumeClaimTemplates") {
            let class = text(template, "/spec/storageClassName");
            let object = ObjectRef::new("StorageClass", "", class);
            if !class.is_empty() && is_missing(snapshot, &object) {
                let place = format!("{} names it: volumeClaimTemplates", ObjectRef::of("StatefulSet", set));
                missing.entry(object).or_insert((false, Vec::new())).1.push(place);
            }
        }
    }
    findings.extend(missing.into_iter().filter_map(|(object, (soft, needers))| {
        let code = code(&object.kind)?;
        // A missing pull secret hurts only where the image is private; the pull itself tells.
        let severity = if soft { Severity::Warning } else { Severity::Error };
        let next = format!("make the {} {}, or correct the name", object.kind, object.name);
        let mut finding = Finding::new(code, severity, object, "does not exist and is needed").next(next);
        finding.evidence = needers;
        Some(finding)
    }));
}

fn code(kind: &str) -> Option<Code> {
    Some(match kind {
        "ConfigMap" => Code::ConfigMapMissing,
        "Secret" => Code::SecretMissing,
        "ServiceAccount" => Code::ServiceAccountMissing,
        "PersistentVolumeClaim" => Code::ClaimMissing,
        "StorageClass" => Code::StorageClassMissing,
        "PriorityClass" => Code::PriorityClassMissing,
        "RuntimeClass" => Code::RuntimeClassMissing,
        _ => return None,
    })
}

/// Whether an object does not exist; what could not be read may exist.
fn is_missing(snapshot: &Snapshot, object: &ObjectRef) -> bool {
    snapshot.knows(&object.kind)
        && snapshot
            .find(&object.kind, object.namespace.as_deref().unwrap_or_default(), &object.name)
            .is_none()
}

/// Something a pod template names.
pub(super) struct Reference {
    pub object: ObjectRef,
    /// Where it is named.
    pub place: String,
    /// Whether the pod may work without it.
    pub soft: bool,
}

/// What a pod's spec names and cannot do without; optional references are left out.
pub(super) fn references(namespace: &str, spec: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut add = |kind: &str, name: &str, place: String, soft: bool, source: &Value| {
        let optional = source.get("optional").and_then(Value::as_bool) == Some(true);
        if !name.is_empty() && !optional && name != "kube-root-ca.crt" {
            found.push(Reference {
                object: ObjectRef::new(kind, namespace_of(kind, namespace), name),
                place,
                soft,
            });
        }
    };
    for container in items(spec, "/initContainers").chain(items(spec, "/containers")) {
        let own = text(container, "/name");
        for from in items(container, "/envFrom") {
            for (field, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                if let Some(source) = from.get(field) {
                    add(kind, text(source, "/name"), format!("envFrom of container {own}"), false, source);
                }
            }
        }
        for variable in items(container, "/env") {
            for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
                if let Some(source) = variable.pointer(&format!("/valueFrom/{field}")) {
                    let place = format!("variable {} of container {own}", text(variable, "/name"));
                    add(kind, text(source, "/name"), place, false, source);
                }
            }
        }
    }
    let mounted: HashSet<&str> = items(spec, "/initContainers")
        .chain(items(spec, "/containers"))
        .flat_map(|container| items(container, "/volumeMounts").chain(items(container, "/volumeDevices")))
        .map(|mount| text(mount, "/name"))
        .collect();
    for volume in items(spec, "/volumes") {
        // The kubelet prepares only what a container mounts; the scheduler wants every claim.
        if volume.get("persistentVolumeClaim").is_none() && !mounted.contains(text(volume, "/name")) {
            continue;
        }
        let place = || format!("volume {}", text(volume, "/name"));
        if let Some(source) = volume.get("configMap") {
            add("ConfigMap", text(source, "/name"), place(), false, source);
        }
        if let Some(source) = volume.get("secret") {
            add("Secret", text(source, "/secretName"), place(), false, source);
        }
        if let Some(source) = volume.get("persistentVolumeClaim") {
            add("PersistentVolumeClaim", text(source, "/claimName"), place(), false, source);
        }
        for projected in items(volume, "/projected/sources") {
            for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                if let Some(source) = projected.get(field) {
                    add(kind, text(source, "/name"), place(), false, source);
                }
            }
        }
    }
    for secret in items(spec, "/imagePullSecrets") {
        add("Secret", text(secret, "/name"), "imagePullSecrets".to_owned(), true, &json!({}));
    }
    add(
        "ServiceAccount",
        text(spec, "/serviceAccountName"),
        "serviceAccountName".to_owned(),
        false,
        &json!({}),
    );
    for (kind, field) in [("PriorityClass", "priorityClassName"), ("RuntimeClass", "runtimeClassName")] {
        add(kind, text(spec, &format!("/{field}")), field.to_owned(), false, &json!({}));
    }
    found
}

/// Classes belong to the whole cluster.
fn namespace_of<'a>(kind: &str, namespace: &'a str) -> &'a str {
    if matches!(kind, "PriorityClass" | "RuntimeClass") { "" } else { namespace }
}
