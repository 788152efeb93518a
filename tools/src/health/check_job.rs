//! Jobs and CronJobs. A Job that failed once and then completed is done, and a failed run of a CronJob is over
//! when a later one succeeded.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_node::said;
use super::field::{condition, controller, text, uid};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for job in snapshot.list("Job") {
        findings.extend(job_finding(snapshot, job));
    }
    for cron in snapshot.list("CronJob") {
        if cron.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
            findings.push(suspended(ObjectRef::of("CronJob", cron)));
        }
    }
}

fn suspended(object: ObjectRef) -> Finding {
    Finding::new(Code::Suspended, Severity::Info, object, "is suspended")
        .evidence("spec.suspend is true")
        .next("resume it if it should run")
}

fn holds(job: &Value, kind: &str) -> bool {
    condition(job, kind).is_some_and(|condition| text(condition, "/status") == "True")
}

fn job_finding(snapshot: &Snapshot, job: &Value) -> Option<Finding> {
    let object = ObjectRef::of("Job", job);
    if holds(job, "Complete") {
        return None;
    }
    let Some(failed) = condition(job, "Failed").filter(|failed| text(failed, "/status") == "True") else {
        let waits = job.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true);
        return waits.then(|| suspended(object));
    };
    if let Some((owner, _, _)) = controller(job)
        && succeeded_later(snapshot, owner, job)
    {
        return None;
    }
    let message = match text(failed, "/reason") {
        "BackoffLimitExceeded" => "failed: its pods failed as often as they may",
        "DeadlineExceeded" => "failed: it took longer than it may",
        _ => "failed",
    };
    let owner =
        controller(job).map(|(_, kind, name)| ObjectRef::new(kind, super::field::namespace(job), name));
    let mut finding = Finding::new(Code::JobFailed, Severity::Error, object, message)
        .evidence(said(failed))
        .next("read what its pods said")
        .call("get_logs", json!({}));
    if let Some(pod) = last_failed_pod(snapshot, job) {
        finding = finding.evidence(pod);
    }
    finding.owner = owner;
    Some(finding)
}

fn succeeded_later(snapshot: &Snapshot, cron: &str, failed: &Value) -> bool {
    let begun = text(failed, "/metadata/creationTimestamp");
    snapshot.list("Job").iter().any(|job| {
        uid(job) != uid(failed)
            && controller(job).is_some_and(|(owner, _, _)| owner == cron)
            && holds(job, "Complete")
            && text(job, "/metadata/creationTimestamp") > begun
    })
}

fn last_failed_pod(snapshot: &Snapshot, job: &Value) -> Option<String> {
    let pod = snapshot
        .pods_of(uid(job))
        .filter(|pod| text(pod, "/status/phase") == "Failed")
        .max_by_key(|pod| text(pod, "/metadata/creationTimestamp"))?;
    let ended = super::field::items(pod, "/status/containerStatuses")
        .filter_map(|status| status.pointer("/state/terminated"))
        .find(|ended| super::field::number(ended, "/exitCode").is_some_and(|code| code != 0))?;
    Some(format!(
        "pod {} ended with exit code {}, {}",
        super::field::name(pod),
        super::field::number(ended, "/exitCode").unwrap_or_default(),
        text(ended, "/reason")
    ))
}
