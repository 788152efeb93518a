//! Storage: claims that are not bound, volumes that failed, storage classes. A claim that waits for its first
//! consumer is no fault.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::field::{age, duration, name, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// A provisioner needs some seconds; a claim younger than this is not late.
const GRACE: i64 = 60;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for claim in snapshot.list("PersistentVolumeClaim") {
        let object = ObjectRef::of("PersistentVolumeClaim", claim);
        match text(claim, "/status/phase") {
            "Pending" => findings.extend(pending(snapshot, claim, object)),
            "Lost" => findings.push(
                Finding::new(Code::ClaimLost, Severity::Critical, object, "lost its volume")
                    .evidence(format!("the volume {} is gone", text(claim, "/spec/volumeName")))
                    .next("restore the volume from a backup; a lost claim does not come back by itself")
                    .call("describe_resource", json!({})),
            ),
            _ => {}
        }
    }
    for volume in snapshot.list("PersistentVolume") {
        if text(volume, "/status/phase") == "Failed" {
            let object = ObjectRef::of("PersistentVolume", volume);
            findings.push(
                Finding::new(Code::VolumeFailed, Severity::Error, object, "could not be reclaimed")
                    .evidence(text(volume, "/status/message"))
                    .next("see what its provisioner says")
                    .call("describe_resource", json!({})),
            );
        }
    }
    for volume in
        snapshot.list("PersistentVolume").iter().filter(|volume| text(volume, "/status/phase") == "Released")
    {
        // One that is about to be deleted or recycled is on its way.
        if text(volume, "/spec/persistentVolumeReclaimPolicy") != "Retain"
            || !snapshot.covers(text(volume, "/spec/claimRef/namespace"))
        {
            continue;
        }
        let object = ObjectRef::of("PersistentVolume", volume);
        findings.push(
            Finding::new(
                Code::VolumeReleased,
                Severity::Warning,
                object,
                "is released: its claim is gone, and no other can have it",
            )
            .evidence(format!(
                "status.phase is Released; spec.claimRef is {}/{}",
                text(volume, "/spec/claimRef/namespace"),
                text(volume, "/spec/claimRef/name")
            ))
            .next("save what is on it, then remove spec.claimRef to give it to another claim, or delete it")
            .call("describe_resource", json!({})),
        );
    }
    let defaults: Vec<&str> =
        snapshot.list("StorageClass").iter().filter(|class| is_default(class)).map(name).collect();
    if let [first, _, ..] = defaults.as_slice() {
        let object = ObjectRef::new("StorageClass", "", first);
        findings.push(
            Finding::new(Code::TwoDefaultClasses, Severity::Warning, object, "is not the only default class")
                .evidence(format!("defaults: {}", defaults.join(", ")))
                .next("leave one class the default, or claims get whichever is newest"),
        );
    }
}

pub(super) fn is_default(class: &Value) -> bool {
    ["storageclass.kubernetes.io", "storageclass.beta.kubernetes.io", "ingressclass.kubernetes.io"]
        .iter()
        .any(|group| text(class, &format!("/metadata/annotations/{group}~1is-default-class")) == "true")
}

fn pending(snapshot: &Snapshot, claim: &Value, object: ObjectRef) -> Option<Finding> {
    let class_name = claim.pointer("/spec/storageClassName").and_then(Value::as_str);
    let class = class_name.and_then(|class| snapshot.find("StorageClass", "", class));
    if let Some(class_name) = class_name.filter(|class| !class.is_empty())
        && class.is_none()
        && snapshot.knows("StorageClass")
        && text(claim, "/spec/volumeName").is_empty()
    {
        return Some(
            Finding::new(
                Code::ClaimPending,
                Severity::Error,
                object,
                format!("is not bound: there is no StorageClass {class_name}"),
            )
            .evidence(format!("spec.storageClassName is {class_name}"))
            .next("make the class, or a new claim with one that `kubectl get storageclass` lists")
            .call("describe_resource", json!({})),
        );
    }
    // The scheduler names the node that the volume is wanted on; before that the claim waits for its pod.
    let chosen = !text(claim, "/metadata/annotations/volume.kubernetes.io~1selected-node").is_empty();
    let waits = class.is_some_and(|class| text(class, "/volumeBindingMode") == "WaitForFirstConsumer");
    let events = snapshot.events("PersistentVolumeClaim", claim);
    let failed = events
        .iter()
        .rev()
        .find(|event| !matches!(text(event, "/reason"), "WaitForFirstConsumer" | "WaitForPodScheduled"));
    let bad =
        failed.is_some_and(|event| text(event, "/type") == "Warning" || text(event, "/type").is_empty());
    if waits && !chosen && !bad {
        return None;
    }
    let waited = age(snapshot.now, claim);
    if waited < GRACE && !bad {
        return None;
    }
    let why = if class_name.is_none_or(str::is_empty) && class.is_none() && failed.is_none() {
        ": it names no StorageClass, and no volume fits it".to_owned()
    } else {
        String::new()
    };
    let evidence = failed.map_or_else(
        || format!("status.phase is Pending for {}", duration(waited)),
        |event| format!("event {}: {}", text(event, "/reason"), text(event, "/message")),
    );
    Some(
        Finding::new(Code::ClaimPending, Severity::Error, object, format!("is not bound{why}"))
            .evidence(evidence)
            .next("see what its provisioner says")
            .call("describe_resource", json!({})),
    )
}
