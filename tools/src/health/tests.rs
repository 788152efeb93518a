//! The analyzers against objects as the API server sends them. `NOW` is noon; ages are told against it.

#![expect(clippy::needless_pass_by_value, reason = "object literals are written where they are used")]

mod around;
mod robust;

use super::*;
use serde_json::{Value, json};
use std::collections::HashMap;

const NOW: &str = "2026-05-01T12:00:00Z";
const LONG_AGO: &str = "2026-05-01T08:00:00Z";
const JUST_NOW: &str = "2026-05-01T11:59:50Z";

/// A snapshot of objects, each with its `kind`. Kinds without objects count as read and empty.
fn snapshot(objects: Vec<Value>) -> Snapshot {
    snapshot_without(objects, &[])
}

fn snapshot_without(objects: Vec<Value>, unread: &[&str]) -> Snapshot {
    let mut lists: HashMap<String, Vec<Value>> = HashMap::new();
    for kind in snapshot::KINDS {
        if !unread.contains(&kind) {
            lists.insert(kind.into(), Vec::new());
        }
    }
    for object in objects {
        lists.entry(object["kind"].as_str().unwrap().to_owned()).or_default().push(object);
    }
    let unchecked =
        unread.iter().map(|kind| Unchecked { kind: (*kind).into(), reason: "forbidden".into() }).collect();
    Snapshot::new(NOW.parse().unwrap(), None, lists, unchecked)
}

/// `severity Code Kind/name <- Cause/name`, one line for each finding.
fn found(objects: Vec<Value>) -> Vec<String> {
    told(&analyze(&snapshot(objects)))
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let cause = finding
                .caused_by
                .as_ref()
                .map_or(String::new(), |cause| format!(" <- {}/{}", cause.kind, cause.name));
            format!(
                "{} {} {}/{}{cause}",
                finding.severity,
                finding.code.word(),
                finding.object.kind,
                finding.object.name
            )
        })
        .collect()
}

fn object(kind: &str, name: &str, rest: Value) -> Value {
    let mut object = json!({"kind": kind, "metadata": {"name": name, "namespace": "shop", "uid": format!("{kind}-{name}"), "creationTimestamp": LONG_AGO}});
    merge(&mut object, rest);
    object
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn owned_by(kind: &str, name: &str) -> Value {
    json!([{"kind": kind, "name": name, "uid": format!("{kind}-{name}"), "controller": true}])
}

/// A Deployment with its ReplicaSet.
fn deployment(name: &str, wanted: i64, ready: i64) -> Vec<Value> {
    let template = json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main"}]}});
    vec![
        object(
            "Deployment",
            name,
            json!({"spec": {"replicas": wanted, "template": template}, "status": {"replicas": wanted, "readyReplicas": ready}}),
        ),
        object(
            "ReplicaSet",
            &format!("{name}-1"),
            json!({"metadata": {"ownerReferences": owned_by("Deployment", name)}}),
        ),
    ]
}

fn pod(app: &str, name: &str, rest: Value) -> Value {
    let mut pod = object(
        "Pod",
        name,
        json!({
            "metadata": {"labels": {"app": app}, "ownerReferences": owned_by("ReplicaSet", &format!("{app}-1"))},
            "spec": {"nodeName": "n1", "containers": [{"name": "main", "ports": [{"name": "http", "containerPort": 80}]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "main", "ready": true, "restartCount": 0, "state": {"running": {"startedAt": LONG_AGO}}}]},
        }),
    );
    merge(&mut pod, rest);
    pod
}

fn status(state: Value, restarts: i64, last: Value) -> Value {
    json!({"conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [{"name": "main", "ready": false, "restartCount": restarts, "state": state, "lastState": last}]})
}

fn crashing() -> Value {
    json!({"status": status(
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}), 7,
        json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": JUST_NOW}}))})
}

fn service(name: &str, app: &str, target: Value) -> Value {
    object(
        "Service",
        name,
        json!({"spec": {"clusterIP": "10.0.0.1", "selector": {"app": app}, "ports": [{"port": 80, "targetPort": target}]}}),
    )
}

fn event(kind: &str, name: &str, uid: &str, reason: &str, message: &str) -> Value {
    json!({"kind": "Event", "metadata": {"name": format!("{name}.{reason}"), "namespace": "shop"}, "reason": reason, "message": message,
        "involvedObject": {"kind": kind, "namespace": "shop", "name": name, "uid": uid}, "lastTimestamp": JUST_NOW})
}

#[test]
fn a_crash_is_one_problem_however_many_objects_show_it() {
    let mut objects = deployment("web", 2, 0);
    objects.extend([
        pod("web", "web-1-a", crashing()),
        pod("web", "web-1-b", crashing()),
        service("front", "web", json!(80)),
        object("Ingress", "way", json!({"spec": {"ingressClassName": "x", "defaultBackend": {"service": {"name": "front", "port": {"number": 80}}}}})),
        json!({"kind": "IngressClass", "metadata": {"name": "x"}}),
    ]);
    let snapshot = snapshot(objects);
    let mut findings = analyze(&snapshot);
    assert_eq!(
        told(&findings),
        [
            "critical NoReadyEndpoints Service/front <- Pod/web-1-a",
            "error ReplicasNotReady Deployment/web <- Pod/web-1-a",
            "error BackendDown Ingress/way <- Service/front",
            "error CrashLoopBackOff Pod/web-1-a",
            "error CrashLoopBackOff Pod/web-1-b",
        ]
    );
    for finding in &mut findings {
        // Which calls there are is the catalog's affair; here the words count.
        if let Some(step) = &mut finding.next_step {
            step.call = None;
        }
        if LogSource::of(finding).is_some() {
            finding.add_log(&telling_lines("start\npanic: no database\n"));
        }
    }
    let report = Report::new(&snapshot, findings);
    insta::assert_snapshot!(format!("{}\n\n{}", report.summary(), report.text()), @r"
    1 problem in the cluster, critical: Pod shop/web-1-a container main ends again and again

    CRITICAL  Pod shop/web-1-a (and 1 more of Deployment shop/web) container main ends again and again  [CrashLoopBackOff]
      seen    last ended with exit code 1, Error; restarted 7 times; log: panic: no database
      so      Service shop/front has no ready endpoint: none of its 2 pods is ready; Deployment shop/web has 0 of 2 pods ready; Ingress shop/way cannot answer for front: the Service has no ready endpoint
      next    read what it said before it ended

    Looked at 2 Pods, 1 Deployment, 1 Service, 1 Ingress
    Score 75 = 100 - 1 × 25 (critical)
    ");
    assert_eq!(report.json()["score"], 75);
    assert_eq!(report.json()["schema"], "shipmate.health/1");
    assert_eq!(
        report.json()["findings"][3]["object"],
        json!({"kind": "Pod", "namespace": "shop", "name": "web-1-a"})
    );
}

#[test]
fn what_works_is_called_healthy() {
    let mut objects = deployment("web", 1, 1);
    objects.extend([
        pod("web", "web-1-a", json!({})),
        service("front", "web", json!("http")),
        object("Node", "n1", json!({"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "SomethingNew", "status": "True"}, {"type": "MemoryPressure", "status": "False"}]}})),
        object("Service", "external", json!({"spec": {"type": "ExternalName"}})),
        object("Service", "manual", json!({"spec": {"clusterIP": "10.0.0.2", "ports": [{"port": 1}]}})),
        object("Service", "headless", json!({"spec": {"clusterIP": "None", "selector": {"app": "nobody"}}})),
        object("StatefulSet", "db", json!({"spec": {"replicas": 1, "serviceName": ""}, "status": {"readyReplicas": 1, "replicas": 1}})),
        object("Pod", "migrate-x", json!({"metadata": {"ownerReferences": owned_by("Job", "migrate")}, "status": {"phase": "Failed"}})),
        object("Job", "migrate", json!({"status": {"failed": 1, "succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}})),
        object("Ingress", "way", json!({"spec": {"ingressClassName": "x", "tls": [{"secretName": ""}], "rules": [{"http": {"paths": [{"backend": {"resource": {"kind": "Bucket", "name": "b"}}}]}}]}})),
        json!({"kind": "IngressClass", "metadata": {"name": "x"}}),
        object("PersistentVolumeClaim", "later", json!({"spec": {"storageClassName": "slow"}, "status": {"phase": "Pending"}})),
        event("PersistentVolumeClaim", "later", "PersistentVolumeClaim-later", "WaitForFirstConsumer", "waiting"),
        json!({"kind": "StorageClass", "metadata": {"name": "slow"}, "volumeBindingMode": "WaitForFirstConsumer"}),
    ]);
    let snapshot = snapshot(objects);
    let findings = analyze(&snapshot);
    assert!(findings.is_empty(), "{:?}", told(&findings));
    insta::assert_snapshot!(Report::new(&snapshot, findings).summary(), @"Nothing is broken in the cluster; looked at 2 Pods, 1 Deployment, 1 StatefulSet, 1 Job, 4 Services, 1 Ingress, 1 PersistentVolumeClaim, 1 Node");
}

#[test]
fn what_may_not_be_read_never_reads_as_fine() {
    let snapshot = snapshot_without(vec![], &["Secret", "Node"]);
    let report = Report::new(&snapshot, analyze(&snapshot));
    insta::assert_snapshot!(format!("{}\n\n{}", report.summary(), report.text()), @r"
    Nothing is broken in what could be looked at of the cluster (no objects: there are none); Secret, Node could not be

    Not looked at:
      Secret, Node: forbidden

    Looked at no objects: there are none
    Score 100 = 100, for what could be looked at
    ");
    let nothing = Snapshot::new(
        NOW.parse().unwrap(),
        None,
        HashMap::new(),
        vec![Unchecked { kind: "Pod".into(), reason: "forbidden".into() }],
    );
    let nothing = Report::new(&nothing, analyze(&nothing));
    assert!(nothing.summary().starts_with("Nothing can be said"));
    assert_eq!(nothing.json()["score"], Value::Null);
    // A Secret that could not be looked for is not called missing.
    let needs = json!({"metadata": {"ownerReferences": null}, "spec": {"containers": [{"name": "main", "envFrom": [{"secretRef": {"name": "s"}}]}]}});
    let unread = snapshot_without(vec![pod("web", "web", needs)], &["Secret"]);
    assert!(analyze(&unread).is_empty());
}

#[test]
fn a_rollout_under_way_and_a_stopped_workload_are_no_faults() {
    let mut objects = deployment("web", 2, 1);
    objects[0]["status"]["conditions"] = json!([{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "lastUpdateTime": JUST_NOW}]);
    objects.push(pod("web", "web-1-a", json!({"metadata": {"creationTimestamp": JUST_NOW}, "status": status(json!({"waiting": {"reason": "ContainerCreating"}}), 0, json!({}))})));
    objects.push(service("front", "web", json!(80)));
    assert_eq!(found(objects), Vec::<String>::new());
    let mut failing = deployment("web", 1, 0);
    failing[0]["status"]["conditions"] = json!([{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "lastUpdateTime": JUST_NOW}]);
    failing.push(pod("web", "web-1-a", crashing()));
    assert_eq!(found(failing)[0], "error ReplicasNotReady Deployment/web <- Pod/web-1-a");
    let mut stopped = deployment("web", 0, 0);
    stopped.push(service("front", "web", json!(80)));
    stopped.push(object("CronJob", "nightly", json!({"spec": {"suspend": true}})));
    assert_eq!(
        found(stopped),
        [
            "info Suspended CronJob/nightly",
            "info ScaledToZero Deployment/web",
            "info NoReadyEndpoints Service/front <- Deployment/web",
        ]
    );
}

#[test]
fn a_missing_secret_is_the_cause_of_the_pod_that_waits_for_it() {
    let spec = json!({"containers": [{"name": "main", "env": [{"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]}]});
    let mut objects = deployment("web", 1, 0);
    objects[0]["spec"]["template"]["spec"] = spec.clone();
    objects.push(pod("web", "web-1-a", json!({"spec": spec, "status": status(json!({"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"db\" not found"}}), 0, json!({}))})));
    assert_eq!(
        found(objects.clone()),
        [
            "error ReplicasNotReady Deployment/web <- Pod/web-1-a",
            "error ContainerConfigError Pod/web-1-a <- Secret/db",
            "error SecretMissing Secret/db",
        ]
    );
    // The Secret is there without the key: it is the cause, with no finding of its own.
    objects.push(object("Secret", "db", json!({})));
    objects[2]["status"]["containerStatuses"][0]["state"]["waiting"]["message"] =
        json!("couldn't find key url in Secret shop/db");
    assert_eq!(found(objects)[1], "error ContainerConfigError Pod/web-1-a <- Secret/db");
}

#[test]
fn every_way_a_pod_fails_has_its_code() {
    for (rest, expected) in [
        (
            json!({"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}], "containerStatuses": null}}),
            "error Unschedulable",
        ),
        (
            json!({"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}], "containerStatuses": null}}),
            "info SchedulingGated",
        ),
        (json!({"status": {"phase": "Failed", "reason": "Evicted"}}), "warning Evicted"),
        (json!({"status": {"phase": "Unknown"}}), "error PodUnknown"),
        (
            json!({"metadata": {"deletionTimestamp": "2026-05-01T11:50:00Z", "finalizers": ["x/y"]}}),
            "error StuckTerminating",
        ),
        (
            json!({"status": status(json!({"waiting": {"reason": "ErrImagePull"}}), 0, json!({}))}),
            "error ImagePullFailed",
        ),
        (
            json!({"status": status(json!({"waiting": {"reason": "RunContainerError", "message": "exec: no such file"}}), 2, json!({}))}),
            "error ContainerStartError",
        ),
        (
            json!({"status": status(json!({"waiting": {"reason": "CrashLoopBackOff"}}), 3, json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}))}),
            "error OOMKilled",
        ),
        (
            json!({"status": status(json!({"waiting": {"reason": "CrashLoopBackOff"}}), 3, json!({"terminated": {"exitCode": 128, "reason": "StartError"}}))}),
            "error ContainerStartError",
        ),
        (
            json!({"status": status(json!({"waiting": {"reason": "NobodyKnows"}}), 0, json!({}))}),
            "warning ContainerWaiting",
        ),
        (
            json!({"status": status(json!({"terminated": {"exitCode": 2}}), 0, json!({}))}),
            "error ContainerFailed",
        ),
        (
            json!({"status": status(json!({"running": {"startedAt": LONG_AGO}}), 0, json!({}))}),
            "error NotReady",
        ),
        (
            json!({"status": status(json!({"running": {"startedAt": JUST_NOW}}), 4, json!({"terminated": {"exitCode": 1, "finishedAt": JUST_NOW}}))}),
            "error CrashLoopBackOff",
        ),
    ] {
        assert_eq!(found(vec![pod("web", "p", rest)]), [format!("{expected} Pod/p")]);
    }
    let running_again = json!({"status": {"containerStatuses": [{"name": "main", "ready": true, "restartCount": 6, "state": {"running": {"startedAt": "2026-05-01T11:50:00Z"}}, "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-05-01T11:49:00Z"}}}]}});
    assert_eq!(found(vec![pod("web", "p", running_again)]), ["warning Restarting Pod/p"]);
}

#[test]
fn events_of_another_object_with_the_same_name_are_not_blamed_on_this_one() {
    let waiting = json!({"status": {"phase": "Pending", "conditions": [], "containerStatuses": [{"name": "main", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}]}});
    let held = |uid: &str| {
        analyze(&snapshot(vec![
            pod("web", "p", waiting.clone()),
            event("Pod", "p", uid, "FailedMount", "volume x"),
        ]))
    };
    assert_eq!(told(&held("Pod-p")), ["error VolumeMountFailed Pod/p"]);
    assert_eq!(told(&held("an-older-pod")), ["warning ContainerWaiting Pod/p"]);
}

#[test]
fn services_and_their_ports() {
    let web = || pod("web", "web-1-a", json!({}));
    assert_eq!(
        found(vec![web(), service("s", "nobody", json!(80))]),
        ["error SelectorMatchesNothing Service/s"]
    );
    assert_eq!(found(vec![web(), service("s", "web", json!("grpc"))]), ["error TargetPortMissing Service/s"]);
    assert_eq!(found(vec![web(), service("s", "web", json!(81))]), ["warning TargetPortMissing Service/s"]);
}

#[test]
fn ingresses_name_what_exists() {
    let way = |backend: Value| {
        object(
            "Ingress",
            "way",
            json!({"spec": {"ingressClassName": "x", "rules": [{"http": {"paths": [{"backend": {"service": backend}}]}}]}}),
        )
    };
    let class = || json!({"kind": "IngressClass", "metadata": {"name": "x"}});
    let web = || vec![pod("web", "web-1-a", json!({})), service("s", "web", json!(80)), class()];
    let with = |ingress: Value| {
        let mut all = web();
        all.push(ingress);
        found(all)
    };
    assert_eq!(
        with(way(json!({"name": "gone", "port": {"number": 80}}))),
        ["error BackendMissing Ingress/way"]
    );
    assert_eq!(
        with(way(json!({"name": "s", "port": {"number": 9}}))),
        ["error BackendPortMissing Ingress/way"]
    );
    assert!(with(way(json!({"name": "s", "port": {"number": 80}}))).is_empty());
    assert_eq!(
        found(vec![object("Ingress", "way", json!({"spec": {"ingressClassName": "y"}}))]),
        ["error IngressClassMissing Ingress/way"]
    );
}

#[test]
fn nodes_storage_and_jobs() {
    let node = object(
        "Node",
        "n1",
        json!({"spec": {"unschedulable": true}, "status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "lastTransitionTime": LONG_AGO}, {"type": "DiskPressure", "status": "True"}]}}),
    );
    let mut node = node;
    node["metadata"]["namespace"] = Value::Null;
    let silent =
        pod("web", "p", json!({"status": status(json!({"running": {"startedAt": LONG_AGO}}), 0, json!({}))}));
    assert_eq!(
        found(vec![node, silent]),
        [
            "critical NodeNotReady Node/n1",
            "error NodePressure Node/n1",
            "error NotReady Pod/p <- Node/n1",
            "info NodeCordoned Node/n1"
        ]
    );
    let claim = object(
        "PersistentVolumeClaim",
        "data",
        json!({"spec": {"storageClassName": "gone"}, "status": {"phase": "Pending"}}),
    );
    let waits = pod(
        "db",
        "db-0",
        json!({"spec": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}], "containerStatuses": null}}),
    );
    assert_eq!(
        found(vec![claim, waits]),
        [
            "error ClaimPending PersistentVolumeClaim/data",
            "error Unschedulable Pod/db-0 <- PersistentVolumeClaim/data"
        ]
    );
    let run = |name: &str, condition: &str, made: &str| {
        object(
            "Job",
            name,
            json!({"metadata": {"creationTimestamp": made, "ownerReferences": owned_by("CronJob", "c")}, "status": {"conditions": [{"type": condition, "status": "True", "reason": "BackoffLimitExceeded"}]}}),
        )
    };
    assert_eq!(found(vec![run("a", "Failed", LONG_AGO)]), ["error JobFailed Job/a"]);
    assert!(found(vec![run("a", "Failed", LONG_AGO), run("b", "Complete", JUST_NOW)]).is_empty());
}

#[test]
fn the_page_of_codes_is_in_step() {
    let mut page = String::from(
        "# What `analyze_health` finds\n\n\
         Made from `tools/src/health/finding.rs`; a test keeps both in step. Codes are stable.\n\n\
         | code | meaning |\n|---|---|\n",
    );
    for (code, meaning) in Code::ALL {
        page.push_str(&format!("| `{}` | {} |\n", code.word(), meaning.trim()));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/health-findings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        written, page,
        "run `UPDATE_DOCS=1 cargo test -p shipmate-tools the_page_of_codes_is_in_step`"
    );
}

#[test]
fn next_steps_are_calls_that_can_be_made() {
    let mut objects = deployment("web", 1, 0);
    objects.push(pod("web", "web-1-a", crashing()));
    for finding in analyze(&snapshot(objects)) {
        let step = finding.next_step.unwrap();
        assert!(!step.text.is_empty());
        assert!(step.call.is_none_or(|call| call.bind().is_ok()));
    }
}
