//! Jobs and CronJobs. A Job that failed once and then completed is done, and a failed run of a CronJob is over
//! when a later one succeeded.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_node::said;
use super::field::{age, condition, controller, duration, number, text, uid};
use super::finding::{Code, Finding, ObjectRef};
use super::schedule::Schedule;
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for job in snapshot.list("Job") {
        findings.extend(job_finding(snapshot, job));
    }
    for cron in snapshot.list("CronJob") {
        if cron.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
            findings.push(suspended(ObjectRef::of("CronJob", cron)));
        } else {
            findings.extend(cron_finding(snapshot, cron));
        }
    }
}

/// Seconds after which a run that did not begin is late: the controller looks every ten.
const LATE: i64 = 120;

fn cron_finding(snapshot: &Snapshot, cron: &Value) -> Option<Finding> {
    let object = ObjectRef::of("CronJob", cron);
    let line = text(cron, "/spec/schedule");
    let event = snapshot
        .events("CronJob", cron)
        .iter()
        .rev()
        .find(|event| {
            matches!(
                text(event, "/reason"),
                "UnparseableSchedule" | "InvalidSchedule" | "UnknownTimeZone" | "TooManyMissedTimes"
            )
        })
        .map(|event| format!("event {}: {}", text(event, "/reason"), text(event, "/message")));
    let invalid = |message: String| {
        Finding::new(Code::ScheduleInvalid, Severity::Error, object.clone(), message)
            .evidence(format!("spec.schedule is {line}"))
            .evidence(event.clone().unwrap_or_default())
            .next("correct the schedule")
            .call("describe_resource", json!({}))
    };
    let schedule = match Schedule::parse(line) {
        Ok(schedule) => schedule,
        Err(why) => return Some(invalid(format!("has a schedule that cannot be read: {why}"))),
    };
    if !schedule.comes() {
        return Some(invalid("has a schedule whose day never comes".to_owned()));
    }
    if event.is_some() {
        return Some(invalid("is not run: its schedule or time zone is refused".to_owned()));
    }
    if let Some(deadline) = number(cron, "/spec/startingDeadlineSeconds").filter(|deadline| *deadline < 10) {
        return Some(
            Finding::new(
                Code::NeverScheduled,
                if deadline < 0 { Severity::Error } else { Severity::Warning },
                object,
                format!(
                    "may start only within {deadline} s, and its controller looks every 10 s: runs are missed"
                ),
            )
            .evidence(format!("spec.startingDeadlineSeconds is {deadline}"))
            .next("give it 10 seconds or more")
            .call("describe_resource", json!({})),
        );
    }
    let never = text(cron, "/status/lastScheduleTime").is_empty();
    let zone = Some(text(cron, "/spec/timeZone")).filter(|zone| !zone.is_empty()).unwrap_or("UTC");
    let due = schedule.last_before(snapshot.now, zone)?;
    let late = snapshot.now.as_second() - due.as_second();
    (never && late > LATE && age(snapshot.now, cron) > late + LATE).then(|| {
        Finding::new(Code::NeverScheduled, Severity::Warning, object, "never ran, though its time came")
            .evidence(format!("spec.schedule is {line}; it was due {} ago", duration(late)))
            .next("see its events, and whether the controller manager runs")
            .call("describe_resource", json!({}))
    })
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
    if let Some(refused) = refused(snapshot, job, &object) {
        return Some(refused);
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

/// A Job whose pods cannot be made: quota, limits, admission.
fn refused(snapshot: &Snapshot, job: &Value, object: &ObjectRef) -> Option<Finding> {
    if holds(job, "Failed") || snapshot.pods_of(uid(job)).next().is_some() {
        return None;
    }
    let events = snapshot.events("Job", job);
    let event = events.iter().rev().find(|event| text(event, "/reason") == "FailedCreate")?;
    Some(
        Finding::new(
            Code::ReplicaFailure,
            Severity::Error,
            object.clone(),
            "has no pods: they cannot be made",
        )
        .evidence(format!("event FailedCreate: {}", text(event, "/message")))
        .next("change what refuses them: quota, limits, admission, a missing ServiceAccount")
        .call("describe_resource", json!({})),
    )
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
        .find(|ended| number(ended, "/exitCode").is_some_and(|code| code != 0))?;
    Some(format!(
        "pod {} ended with exit code {}, {}",
        super::field::name(pod),
        number(ended, "/exitCode").unwrap_or_default(),
        text(ended, "/reason")
    ))
}
