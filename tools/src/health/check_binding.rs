//! Role bindings: the Role and the ServiceAccounts they name exist. Bindings that Kubernetes itself makes name
//! accounts that not every cluster has.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::field::{items, name, namespace, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        for binding in snapshot.list(kind) {
            let is_builtin = !text(binding, "/metadata/labels/kubernetes.io~1bootstrapping").is_empty()
                || name(binding).starts_with("system:");
            if !is_builtin {
                findings.extend(role(snapshot, kind, binding));
                findings.extend(subjects(snapshot, kind, binding));
            }
        }
    }
}

fn role(snapshot: &Snapshot, kind: &str, binding: &Value) -> Option<Finding> {
    let (role_kind, role) = (text(binding, "/roleRef/kind"), text(binding, "/roleRef/name"));
    let place = if role_kind == "Role" { namespace(binding) } else { "" };
    let missing =
        !role.is_empty() && snapshot.knows(role_kind) && snapshot.find(role_kind, place, role).is_none();
    missing.then(|| {
        Finding::new(
            Code::RoleMissing,
            Severity::Error,
            ObjectRef::of(kind, binding),
            format!("gives the {role_kind} {role}, which does not exist: its subjects may do nothing by it"),
        )
        .evidence(format!("roleRef is {role_kind} {role}"))
        .next(format!("make the {role_kind}, or a new binding with the right name"))
        .call("describe_resource", json!({}))
    })
}

fn subjects(snapshot: &Snapshot, kind: &str, binding: &Value) -> Option<Finding> {
    if !snapshot.knows("ServiceAccount") {
        return None;
    }
    let missing: Vec<String> = items(binding, "/subjects")
        .filter(|subject| text(subject, "/kind") == "ServiceAccount")
        .filter_map(|subject| {
            let place = Some(text(subject, "/namespace"))
                .filter(|one| !one.is_empty())
                .unwrap_or_else(|| namespace(binding));
            let account = text(subject, "/name");
            let missing = snapshot.covers(place) && snapshot.find("ServiceAccount", place, account).is_none();
            missing.then(|| format!("{place}/{account}"))
        })
        .collect();
    (!missing.is_empty()).then(|| {
        Finding::new(
            Code::BindingSubjectMissing,
            Severity::Warning,
            ObjectRef::of(kind, binding),
            format!("names the ServiceAccount {}, which does not exist", missing.join(", ")),
        )
        .evidence(format!("subjects has ServiceAccount {}", missing.join(", ")))
        .next("make the ServiceAccount, or correct the binding")
        .call("describe_resource", json!({}))
    })
}
