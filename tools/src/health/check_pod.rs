//! Pods: scheduled, started, running, ready, restarted, going away. A pod that just began gets the time its own
//! probes allow before it is called not ready.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_pod_held::held;
use super::field::{age, condition, controller, duration, items, number, seconds_since, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// A pod younger than this may still wait for its volumes, network and images.
pub(super) const STARTING: i64 = 120;

/// The scheduler retries at once; an autoscaler needs longer, but says so in its own events.
const SCHEDULING: i64 = 15;

/// The least time a running container gets to become ready, whatever its probes say.
pub(super) const READY_GRACE: i64 = 60;

/// A termination that is over by this much is stuck: the kubelet needs some seconds to report.
const STUCK: i64 = 30;

/// An init container that prepares something for longer than this is told.
const PREPARING: i64 = 300;

/// A container ended for its memory is told for a day: it will happen again.
const DAY: i64 = 86_400;

/// A restart longer ago than this tells about the past.
const RECENT: i64 = 3600;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for pod in snapshot.list("Pod") {
        let before = findings.len();
        pod_findings(snapshot, pod, findings);
        let owner = owner(snapshot, pod);
        for finding in findings.iter_mut().skip(before) {
            finding.owner.clone_from(&owner);
        }
    }
}

/// The workload that people know the pod by: the Deployment of its ReplicaSet, else its controller.
pub(super) fn owner(snapshot: &Snapshot, pod: &Value) -> Option<ObjectRef> {
    let namespace = super::field::namespace(pod);
    let (_, kind, owner) = controller(pod)?;
    let above = snapshot.find(kind, namespace, owner).and_then(controller);
    Some(match above {
        Some((_, above_kind, above_name)) => ObjectRef::new(above_kind, namespace, above_name),
        None => ObjectRef::new(kind, namespace, owner),
    })
}

fn pod_findings(snapshot: &Snapshot, pod: &Value, findings: &mut Vec<Finding>) {
    let object = ObjectRef::of("Pod", pod);
    let now = snapshot.now;
    if let Some(overdue) = seconds_since(now, pod, "/metadata/deletionTimestamp") {
        // The timestamp is when the grace period ends, not when the deletion was asked for.
        if overdue > STUCK {
            let holders: Vec<&str> = items(pod, "/metadata/finalizers").filter_map(Value::as_str).collect();
            let why = if holders.is_empty() {
                format!("metadata.deletionTimestamp passed {} ago", duration(overdue))
            } else {
                format!("metadata.finalizers still holds {}", holders.join(", "))
            };
            findings.push(
                Finding::new(Code::StuckTerminating, Severity::Error, object, "should be gone and is not")
                    .evidence(why)
                    .next("see whether its node answers and who removes its finalizers")
                    .call("describe_resource", json!({})),
            );
        }
        return;
    }
    let of_job = controller(pod).is_some_and(|(_, kind, _)| kind == "Job");
    match text(pod, "/status/phase") {
        "Succeeded" => return,
        "Failed" => {
            if !of_job {
                findings.push(failed(pod, object));
            }
            return;
        }
        "Unknown" => {
            findings.push(
                Finding::new(
                    Code::PodUnknown,
                    Severity::Error,
                    object,
                    "does not report: its node is silent",
                )
                .evidence(format!("spec.nodeName is {}", text(pod, "/spec/nodeName")))
                .next("look at the node")
                .call("describe_resource", json!({})),
            );
            return;
        }
        _ => {}
    }
    if let Some(finding) = unscheduled(snapshot, pod, &object) {
        findings.push(finding);
        return;
    }
    let before = findings.len();
    for (list, specs) in [
        ("/status/initContainerStatuses", "/spec/initContainers"),
        ("/status/containerStatuses", "/spec/containers"),
    ] {
        for status in items(pod, list) {
            let container = text(status, "/name");
            let spec = items(pod, specs).find(|spec| text(spec, "/name") == container);
            let is_init = specs == "/spec/initContainers"
                && spec.is_none_or(|spec| text(spec, "/restartPolicy") != "Always");
            let found = if is_init && status.pointer("/state/running").is_some() {
                preparing(snapshot, status, &object)
            } else {
                container_finding(snapshot, pod, status, spec, of_job, &object)
            };
            findings.extend(found.map(|mut finding| {
                finding.container = Some(container.to_owned());
                finding
            }));
        }
    }
    if findings.len() == before {
        findings.extend(held(snapshot, pod, &object));
    }
}

fn failed(pod: &Value, object: ObjectRef) -> Finding {
    let reason = text(pod, "/status/reason");
    let evidence = format!("status.phase is Failed: {reason} {}", text(pod, "/status/message"));
    let replaced = controller(pod).is_some();
    // A controller has made another one; what is left is a trace.
    let severity = if replaced { Severity::Warning } else { Severity::Error };
    let (code, message) = if reason == "Evicted" {
        (Code::Evicted, "was evicted from its node".to_owned())
    } else {
        (Code::PodFailed, "ended with an error".to_owned())
    };
    Finding::new(code, severity, object, message)
        .evidence(evidence.trim_end())
        .next("see why, then delete it: it is not started again")
        .call("describe_resource", json!({}))
}

fn unscheduled(snapshot: &Snapshot, pod: &Value, object: &ObjectRef) -> Option<Finding> {
    let scheduled = condition(pod, "PodScheduled")?;
    if text(scheduled, "/status") != "False" {
        return None;
    }
    if text(scheduled, "/reason") == "SchedulingGated" {
        return Some(
            Finding::new(
                Code::SchedulingGated,
                Severity::Info,
                object.clone(),
                "waits for a scheduling gate",
            )
            .evidence(text(scheduled, "/message"))
            .next("whoever set the gate has to lift it"),
        );
    }
    if age(snapshot.now, pod) < SCHEDULING {
        return None;
    }
    Some(
        Finding::new(Code::Unschedulable, Severity::Error, object.clone(), "no node takes it")
            .evidence(text(scheduled, "/message"))
            .next("make room, or change what it asks for: requests, node selector, tolerations, volumes")
            .call("describe_resource", json!({})),
    )
}

fn container_finding(
    snapshot: &Snapshot,
    pod: &Value,
    status: &Value,
    spec: Option<&Value>,
    of_job: bool,
    object: &ObjectRef,
) -> Option<Finding> {
    let container = text(status, "/name");
    let restarts = number(status, "/restartCount").unwrap_or(0);
    let new = |code, severity, message: String| Finding::new(code, severity, object.clone(), message);
    let crash = |message: String| {
        let out_of_memory = text(status, "/lastState/terminated/reason") == "OOMKilled"
            || text(status, "/state/terminated/reason") == "OOMKilled";
        // The runtime's reasons for a container whose program never ran.
        let never_ran = ["/state/terminated/reason", "/lastState/terminated/reason"]
            .iter()
            .any(|pointer| matches!(text(status, pointer), "StartError" | "ContainerCannotRun"));
        if never_ran {
            return new(
                Code::ContainerStartError,
                Severity::Error,
                format!("container {container} cannot be started"),
            )
            .evidence(ending(status, restarts))
            .next("check its command, its working folder and its mounts")
            .call("describe_resource", json!({}));
        }
        let finding = if out_of_memory {
            new(Code::OOMKilled, Severity::Error, format!("{message}: it uses more memory than its limit"))
        } else {
            new(Code::CrashLoopBackOff, Severity::Error, message)
        };
        let finding = finding.evidence(ending(status, restarts));
        if out_of_memory {
            let limit = spec.map_or("", |spec| text(spec, "/resources/limits/memory"));
            let mut finding = finding
                .evidence(if limit.is_empty() {
                    String::new()
                } else {
                    format!("resources.limits.memory is {limit}")
                })
                .next("raise its memory limit, or find what it keeps in memory");
            finding.owner = owner(snapshot, pod);
            finding.container = Some(container.to_owned());
            return match crate::kubernetes::parse_quantity(limit) {
                Some(bytes) => finding
                    .call("get_logs", json!({"container": container, "previous": true}))
                    .raise_memory(bytes),
                None => finding.call("get_logs", json!({"container": container, "previous": true})),
            };
        } else if let Some(probe) = ended_by_probe(snapshot, pod) {
            finding
                .evidence(probe)
                .next("see whether its liveness probe asks the right port and path, and gives it time")
        } else {
            finding.next("read what it said before it ended")
        }
        .call("get_logs", json!({"container": container, "previous": true}))
    };
    if let Some(waiting) = status.pointer("/state/waiting") {
        let reason = text(waiting, "/reason");
        let message = text(waiting, "/message");
        return match reason {
            "CrashLoopBackOff" => Some(crash(format!("container {container} ends again and again"))),
            "ImagePullBackOff"
            | "ErrImagePull"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => {
                let image = text(status, "/image");
                Some(
                    new(
                        Code::ImagePullFailed,
                        Severity::Error,
                        format!("container {container} has no image: {image} cannot be pulled"),
                    )
                    .evidence(pull_reason(snapshot, pod, reason, message))
                    .next("check the image's name and tag, and the pull secret if it is private")
                    .call("describe_resource", json!({})),
                )
            }
            "CreateContainerConfigError" => Some(
                new(
                    Code::ContainerConfigError,
                    Severity::Error,
                    format!("container {container} cannot be set up"),
                )
                .evidence(format!("{reason}: {message}"))
                .next("make what it names, or correct the name")
                .call("describe_resource", json!({})),
            ),
            "CreateContainerError" | "RunContainerError" | "StartError" | "PostStartHookError" => Some(
                new(
                    Code::ContainerStartError,
                    Severity::Error,
                    format!("container {container} cannot be started"),
                )
                .evidence(format!("{reason}: {message}"))
                .next("check its command, its working folder and its mounts")
                .call("describe_resource", json!({})),
            ),
            // What holds these is not the container; `held` finds it.
            "ContainerCreating" | "PodInitializing" | "" => None,
            other => (age(snapshot.now, pod) > STARTING).then(|| {
                new(Code::ContainerWaiting, Severity::Warning, format!("container {container} waits"))
                    .evidence(format!("{other}: {message}"))
                    .next("see its events")
                    .call("describe_resource", json!({}))
            }),
        };
    }
    if status.pointer("/state/terminated").is_some() {
        let code = number(status, "/state/terminated/exitCode").unwrap_or(0);
        // A Job's container may fail and be tried again; the Job says when it gives up.
        if code == 0 || of_job {
            return None;
        }
        return Some(if restarts > 0 {
            crash(format!("container {container} ends again and again"))
        } else {
            new(Code::ContainerFailed, Severity::Error, format!("container {container} ended with an error"))
                .evidence(ending(status, restarts))
                .next("read what it said before it ended")
                .call("get_logs", json!({"container": container}))
        });
    }
    running(snapshot, pod, status, spec, crash, object)
}

/// A running container: one that ended badly a moment ago, that is not ready, or that is restarted often.
fn running(
    snapshot: &Snapshot,
    pod: &Value,
    status: &Value,
    spec: Option<&Value>,
    crash: impl Fn(String) -> Finding,
    object: &ObjectRef,
) -> Option<Finding> {
    let container = text(status, "/name");
    let restarts = number(status, "/restartCount").unwrap_or(0);
    let runs = seconds_since(snapshot.now, status, "/state/running/startedAt")?;
    let ended = seconds_since(snapshot.now, status, "/lastState/terminated/finishedAt");
    let badly = number(status, "/lastState/terminated/exitCode").is_some_and(|code| code != 0);
    // Between two crashes a container runs; that moment is no recovery.
    if badly && restarts >= 3 && runs < 30 {
        return Some(crash(format!("container {container} ends again and again")));
    }
    let sidecar_or_main = spec.is_some();
    let ready = status.get("ready").and_then(Value::as_bool) == Some(true);
    if !ready && sidecar_or_main && runs > patience(spec) {
        let probe = snapshot
            .events("Pod", pod)
            .iter()
            .rev()
            .find(|event| text(event, "/reason") == "Unhealthy")
            .map(|event| text(event, "/message").trim_end_matches([':', ' ']).to_owned());
        return Some(
            Finding::new(
                Code::NotReady,
                Severity::Error,
                object.clone(),
                format!("container {container} runs for {} and is not ready", duration(runs)),
            )
            .evidence(probe.unwrap_or_else(|| "its readiness probe does not succeed".to_owned()))
            .next("see what it says, and whether its readiness probe asks the right port and path")
            .call("get_logs", json!({"container": container})),
        );
    }
    let lately = ended.is_some_and(|ended| ended < RECENT);
    if badly
        && ended.is_some_and(|ended| ended < DAY)
        && text(status, "/lastState/terminated/reason") == "OOMKilled"
    {
        {
            let mut finding =
                crash(format!("container {container} runs again after it was ended {}", times(restarts)));
            finding.severity = Severity::Warning;
            return Some(finding);
        }
    }
    if lately && restarts >= 3 {
        {
            return Some(
                Finding::new(
                    Code::Restarting,
                    Severity::Warning,
                    object.clone(),
                    format!("container {container} was restarted {}, lately", times(restarts)),
                )
                .evidence(ending(status, restarts))
                .next("read what it said before it ended")
                .call("get_logs", json!({"container": container, "previous": true})),
            );
        }
    }
    None
}

/// An init container that runs: it may, for a while.
fn preparing(snapshot: &Snapshot, status: &Value, object: &ObjectRef) -> Option<Finding> {
    let runs = seconds_since(snapshot.now, status, "/state/running/startedAt")?;
    let container = text(status, "/name");
    (runs > PREPARING).then(|| {
        Finding::new(
            Code::InitContainerRunning,
            Severity::Warning,
            object.clone(),
            format!("init container {container} still runs after {}: the others wait for it", duration(runs)),
        )
        .evidence(format!("status.initContainerStatuses: {container} is running"))
        .next("see what it waits for")
        .call("get_logs", json!({"container": container}))
    })
}

fn times(count: i64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// How a container ended last.
fn ending(status: &Value, restarts: i64) -> String {
    let state = status
        .pointer("/state/terminated")
        .or_else(|| status.pointer("/lastState/terminated"))
        .unwrap_or(&Value::Null);
    let reason = text(state, "/reason");
    let code = number(state, "/exitCode")
        .map_or(String::new(), |code| format!("exit code {code}{}", meaning(code, reason)));
    let parts = [code.as_str(), reason, text(state, "/message").trim()];
    let said = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    format!("last ended with {said}; restarted {}", times(restarts))
}

/// What an exit code says (128 and more: ended by that signal).
fn meaning(code: i64, reason: &str) -> &'static str {
    match code {
        0 => " (it came to its end)",
        126 => " (its command cannot be executed)",
        127 => " (its command does not exist)",
        134 => " (SIGABRT: it gave up itself)",
        137 if reason == "OOMKilled" => " (SIGKILL by the kernel: out of memory)",
        137 => " (SIGKILL: a failed liveness probe, an end that took too long, or memory of the node)",
        139 => " (SIGSEGV: a fault in memory)",
        143 => " (SIGTERM: it was asked to end)",
        _ => "",
    }
}

/// Why the kubelet ended a container: the newest event of a failed liveness or startup probe.
fn ended_by_probe(snapshot: &Snapshot, pod: &Value) -> Option<String> {
    let events = snapshot.events("Pod", pod);
    let event = events.iter().rev().find(|event| {
        text(event, "/reason") == "Unhealthy"
            && (text(event, "/message").starts_with("Liveness")
                || text(event, "/message").starts_with("Startup"))
    })?;
    Some(text(event, "/message").trim_end_matches([':', ' ']).to_owned())
}

/// Seconds a running container may be unready: what its startup and readiness probes allow.
fn patience(spec: Option<&Value>) -> i64 {
    let Some(spec) = spec else { return READY_GRACE };
    let probe = |name: &str| {
        spec.get(name).map_or(0, |probe| {
            // The API's defaults: a period of 10 seconds, three failures.
            number(probe, "/initialDelaySeconds").unwrap_or(0)
                + number(probe, "/periodSeconds").unwrap_or(10)
                    * number(probe, "/failureThreshold").unwrap_or(3)
        })
    };
    (probe("startupProbe") + probe("readinessProbe")).max(READY_GRACE)
}

fn pull_reason(snapshot: &Snapshot, pod: &Value, reason: &str, message: &str) -> String {
    // `ImagePullBackOff` only says that it waits; the event before says why.
    let event = snapshot.events("Pod", pod).into_iter().rev().find(|event| {
        text(event, "/reason") == "Failed" && text(event, "/message").contains("Failed to pull")
    });
    match event {
        Some(event) => text(event, "/message").to_owned(),
        None => format!("{reason}: {message}"),
    }
}

/// Whether a pod serves.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|ready| text(ready, "/status") == "True")
        && pod.pointer("/metadata/deletionTimestamp").is_none()
}

/// Whether a pod that is not ready may still be on its way.
pub(super) fn is_young(snapshot: &Snapshot, pod: &Value) -> bool {
    let patience = items(pod, "/spec/containers").map(|spec| patience(Some(spec))).max();
    age(snapshot.now, pod) < patience.unwrap_or(READY_GRACE)
}
