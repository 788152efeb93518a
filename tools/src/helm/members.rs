//! The objects that belong to a release: which are in the cluster, which stay when it goes, and which of them
//! are waited for.

use futures::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Cluster, ManifestObject, Target, wait_for_rollouts};
use crate::outcome::Verification;
use crate::preview::ObjectIdentity;
use crate::progress::Progress;

use super::compare::{identity, target};
use super::release::Release;

/// An object of a release.
#[derive(Debug, Clone)]
pub struct Member {
    /// Where it is.
    pub target: Target,
    /// As it is in the cluster; nothing when it is not there.
    pub live: Option<Value>,
    /// Whether the chart asks Helm to leave it when the release goes.
    pub kept: bool,
}

impl Member {
    /// What a preview says of it.
    #[must_use]
    pub fn identity(&self) -> ObjectIdentity {
        identity(&self.target, self.live.as_ref())
    }
}

/// The objects of a manifest, each with what is in the cluster. One that may not be read counts as there.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn members(cluster: &Cluster, objects: &[ManifestObject], namespace: &str) -> Result<Vec<Member>> {
    let looks = objects.iter().map(|object| async move {
        let target = target(cluster, object, namespace).await?;
        let live = match target.find(cluster).await {
            Ok(live) => live,
            Err(error) if error.kind() == ErrorKind::Forbidden => Some(Value::Null),
            // A kind that was deleted took its objects with it.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let kept = object.annotation("helm.sh/resource-policy") == Some("keep");
        Ok(Member { target, live, kept })
    });
    join_all(looks).await.into_iter().collect()
}

/// The workloads among a release's objects, as data that a preview can keep for the verification.
#[must_use]
pub fn workloads(objects: &[ManifestObject], namespace: &str) -> Vec<Value> {
    let is_workload = |kind: &str| matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet");
    objects
        .iter()
        .filter(|object| object.group() == "apps" && is_workload(object.kind()))
        .map(|object| {
            let namespace = object.namespace().unwrap_or(namespace);
            json!({"kind": object.kind().to_ascii_lowercase(), "name": object.name(), "namespace": namespace})
        })
        .collect()
}

/// Waits until the `workloads` that a preview kept are rolled out, at most `deadline`.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn wait_for_workloads(
    cluster: &Cluster,
    basis: &Value,
    deadline: Duration,
    progress: &Progress,
) -> Result<Verification> {
    let mut targets = Vec::new();
    for workload in basis.get("workloads").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| workload.get(key).and_then(Value::as_str);
        targets.push(cluster.target(text("kind"), text("name"), text("namespace")).await?);
    }
    wait_for_rollouts(cluster, &targets, deadline, progress).await
}

/// Refuses to touch a release that another operation holds.
///
/// # Errors
/// `Conflict`, with the way out.
pub fn check_not_held(release: &Release, name: &str, namespace: &str) -> Result<()> {
    let (status, revision) = (release.status(), release.revision);
    if !(status.starts_with("pending") || status == "uninstalling") {
        return Ok(());
    }
    let way_out = if status == "pending-install" {
        format!("`helm uninstall {name} -n {namespace}` clears what is left of it")
    } else {
        format!("`helm rollback {name} -n {namespace}` takes it back to the revision before")
    };
    Err(Feedback::new(
        ErrorKind::Conflict,
        format!(
            "the release {name} is {status} (revision {revision}): another operation holds it, or was cut off"
        ),
    )
    .next(format!("wait until it has ended; if nothing runs any more, {way_out}"))
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::parse_rendered;

    #[test]
    fn a_release_that_another_operation_holds_is_left_alone() {
        let release = |status: &str| -> Release {
            serde_json::from_value(json!({"version": 2, "info": {"status": status}})).unwrap()
        };
        let error = check_not_held(&release("pending-upgrade"), "shop", "test").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        insta::assert_snapshot!(error.to_string(), @"the release shop is pending-upgrade (revision 2): another operation holds it, or was cut off");
        assert!(check_not_held(&release("failed"), "shop", "test").is_ok());
    }

    #[test]
    fn workloads_are_what_rolls_out() {
        let text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: b}}\n---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: c, namespace: other}}\n";
        assert_eq!(
            workloads(&parse_rendered(text).unwrap(), "shop"),
            [
                json!({"kind": "deployment", "name": "a", "namespace": "shop"}),
                json!({"kind": "daemonset", "name": "c", "namespace": "other"}),
            ]
        );
    }
}
