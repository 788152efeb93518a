//! Namespaces that should be gone and are not: what remains in them, and why.

use serde_json::json;

use crate::severity::Severity;

use super::field::{duration, items, name, seconds_since, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// A namespace of some size needs this long to go.
const GRACE: i64 = 120;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for namespace in snapshot.list("Namespace") {
        let Some(since) = seconds_since(snapshot.now, namespace, "/metadata/deletionTimestamp") else {
            continue;
        };
        if since < GRACE || !snapshot.covers(name(namespace)) {
            continue;
        }
        let why: Vec<&str> = items(namespace, "/status/conditions")
            .filter(|condition| text(condition, "/status") == "True")
            .map(|condition| text(condition, "/message"))
            .collect();
        findings.push(
            Finding::new(
                Code::NamespaceStuck,
                Severity::Warning,
                ObjectRef::of("Namespace", namespace),
                format!("should be gone since {} and is not", duration(since)),
            )
            .evidence(why.join("; "))
            .next(
                "remove what holds it: the objects and finalizers it names, or the API that does not answer",
            )
            .call("describe_resource", json!({})),
        );
    }
}
