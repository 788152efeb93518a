//! Waiting until workloads run what they should, and finding out why when they do not.

use futures::future::join_all;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

use crate::error::{ErrorKind, Result};
use crate::outcome::Verification;
use crate::progress::Progress;

use super::cluster::Cluster;
use super::target::Target;
use super::workload::{RolloutState, replicas_state, rollout_state};

/// How often a rollout is looked at while waiting: a watch would be quicker by less than this, and breaks
/// where watching is not allowed.
const POLL: Duration = Duration::from_millis(500);

/// Waits until the rollout of `target` is done, at most `deadline`.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn wait_for_rollout(
    cluster: &Cluster,
    target: &Target,
    deadline: Duration,
    progress: &Progress,
) -> Result<Verification> {
    wait(cluster, target, rollout_state, deadline, progress).await
}

/// Waits until as many pods of `target` are ready as it asks for, at most `deadline`.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn wait_for_replicas(
    cluster: &Cluster,
    target: &Target,
    deadline: Duration,
    progress: &Progress,
) -> Result<Verification> {
    wait(cluster, target, replicas_state, deadline, progress).await
}

/// Waits for the rollouts of all `targets` at once, at most `deadline` together.
///
/// # Errors
/// As [`Cluster::ask`].
pub async fn wait_for_rollouts(
    cluster: &Cluster,
    targets: &[Target],
    deadline: Duration,
    progress: &Progress,
) -> Result<Verification> {
    let waits = targets.iter().map(|target| wait_for_rollout(cluster, target, deadline, progress));
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for verification in join_all(waits).await {
        match verification? {
            Verification::Confirmed(said) => done.push(said),
            Verification::Failed(said) => failed.push(said),
            Verification::NotNeeded => {}
        }
    }
    Ok(match (failed.is_empty(), done.as_slice()) {
        (false, _) => Verification::Failed(failed.join("; ")),
        (true, []) => Verification::NotNeeded,
        (true, [one]) => Verification::Confirmed(one.clone()),
        (true, several) => Verification::Confirmed(format!(
            "all {} workloads are rolled out: {}",
            several.len(),
            several.join("; ")
        )),
    })
}

async fn wait(
    cluster: &Cluster,
    target: &Target,
    judge: fn(&Value) -> RolloutState,
    deadline: Duration,
    progress: &Progress,
) -> Result<Verification> {
    let end = Instant::now() + deadline;
    let mut last = None;
    loop {
        let waiting = match target.read(cluster).await {
            // A server that restarts in between is no reason to give up before the deadline.
            Err(error)
                if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::TimedOut)
                    && Instant::now() + POLL <= end =>
            {
                error.to_string()
            }
            Err(error) => return Err(error),
            Ok((object, _)) => match judge(&object) {
                RolloutState::Done(said) => {
                    return Ok(Verification::Confirmed(format!("{}: {said}", target.label())));
                }
                RolloutState::NotApplicable => return Ok(Verification::NotNeeded),
                RolloutState::Stuck(said) => {
                    return Ok(failed(cluster, target, &object, &said).await);
                }
                RolloutState::Waiting(said) => {
                    last = Some(object);
                    said
                }
            },
        };
        if Instant::now() + POLL > end {
            let said = format!("after {} s {waiting}", deadline.as_secs());
            let object = last.unwrap_or_default();
            return Ok(failed(cluster, target, &object, &said).await);
        }
        progress.status(format!("{}: {waiting}", target.label()));
        tokio::time::sleep(POLL).await;
    }
}

async fn failed(cluster: &Cluster, target: &Target, object: &Value, said: &str) -> Verification {
    let mut sentence = format!("{}: {said}", target.label());
    if let Some(reason) = reason(cluster, object).await {
        sentence.push_str(": ");
        sentence.push_str(&reason);
    }
    Verification::Failed(sentence)
}

/// What keeps a workload from being ready, from its own conditions and its youngest pod that is not.
async fn reason(cluster: &Cluster, object: &Value) -> Option<String> {
    let refused = object
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|condition| text(condition, "/type") == "ReplicaFailure")
        .map(|condition| text(condition, "/message").to_owned());
    if refused.is_some() {
        return refused;
    }
    let mut pods = cluster.family(object).await.ok()?.pods;
    pods.sort_by_key(|pod| std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned()));
    pods.iter().find_map(pod_trouble)
}

/// Why a pod is not ready, in words; `None` when it is, or when it is only starting.
fn pod_trouble(pod: &Value) -> Option<String> {
    let name = text(pod, "/metadata/name");
    let list = |path: &str| pod.pointer(path).and_then(Value::as_array).into_iter().flatten();
    for status in list("/status/initContainerStatuses").chain(list("/status/containerStatuses")) {
        let reason = text(status, "/state/waiting/reason");
        if reason.is_empty() || matches!(reason, "ContainerCreating" | "PodInitializing") {
            continue;
        }
        let mut said = format!("container {} of pod {name} is in {reason}", text(status, "/name"));
        if let Some(code) = status.pointer("/lastState/terminated/exitCode").and_then(Value::as_i64) {
            said.push_str(&format!(", it ended with exit code {code}"));
        } else if !text(status, "/state/waiting/message").is_empty() {
            said.push_str(&format!(", {}", text(status, "/state/waiting/message")));
        }
        return Some(said);
    }
    let condition = |kind: &str| {
        list("/status/conditions")
            .find(|condition| text(condition, "/type") == kind && text(condition, "/status") == "False")
    };
    if let Some(unscheduled) = condition("PodScheduled") {
        return Some(format!("pod {name} cannot be placed: {}", text(unscheduled, "/message")));
    }
    let running = list("/status/containerStatuses").any(|status| status.pointer("/state/running").is_some());
    let unready = condition("Ready")?;
    running.then(|| format!("pod {name} runs but is not ready: {}", text(unready, "/message")))
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_says_what_is_wrong_with_it() {
        let mut pod = json!({"metadata": {"name": "web-1"}, "status": {"containerStatuses": [
            {"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
             "lastState": {"terminated": {"exitCode": 1}}}]}});
        assert_eq!(
            pod_trouble(&pod).as_deref(),
            Some("container web of pod web-1 is in CrashLoopBackOff, it ended with exit code 1")
        );
        pod["status"] = json!({"containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}}]});
        assert_eq!(pod_trouble(&pod), None);
        pod["status"] = json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]});
        assert_eq!(pod_trouble(&pod).as_deref(), Some("pod web-1 cannot be placed: 0/1 nodes are available"));
    }
}
