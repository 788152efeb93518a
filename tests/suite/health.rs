//! Health on a real cluster with a real kubelet: every fault is found with its cause, nobody else is blamed, odd
//! and healthy objects are left alone, and what may not be looked at is said.

use crate::support::cluster::{Cluster, Namespace, cluster};
use crate::support::world::{World, repository};
use serde_json::Value;
use std::fs;
use std::time::{Duration, Instant};

/// Code, kind and the beginning of the name, and what it leads to (empty: a cause itself).
type Expected = (&'static str, &'static str, &'static str);

const FAULTS: &[Expected] = &[
    ("CrashLoopBackOff", "Pod/crash-", ""),
    ("NoReadyEndpoints", "Service/crash", "Pod/crash-"),
    ("ReplicasNotReady", "Deployment/crash", "Pod/crash-"),
    ("OOMKilled", "Pod/oom-", ""),
    ("ImagePullFailed", "Pod/image-", ""),
    ("ContainerConfigError", "Pod/nokey-", "ConfigMap/settings"),
    ("SecretMissing", "Secret/gone", ""),
    ("ContainerConfigError", "Pod/secret-a-", "Secret/gone"),
    ("ContainerConfigError", "Pod/secret-b-", "Secret/gone"),
    ("ContainerConfigError", "Pod/secret-c-", "Secret/gone"),
    ("NoReadyEndpoints", "Service/secret-a", "Pod/secret-a-"),
    ("NoReadyEndpoints", "Service/secret-b", "Pod/secret-b-"),
    ("BackendDown", "Ingress/secret", "Service/secret-a"),
    ("ConfigMapMissing", "ConfigMap/absent-settings", ""),
    ("VolumeMountFailed", "Pod/mount-", "ConfigMap/absent-settings"),
    ("NotReady", "Pod/probe-", ""),
    ("CrashLoopBackOff", "Pod/live-", ""),
    ("Unschedulable", "Pod/huge-", ""),
    ("Unschedulable", "Pod/selected-", ""),
    ("ServiceAccountMissing", "ServiceAccount/nobody", ""),
    ("ReplicaFailure", "Deployment/account", "ServiceAccount/nobody"),
    ("PriorityClassMissing", "PriorityClass/no-such-priority", ""),
    ("ReplicaFailure", "Deployment/priority", "PriorityClass/no-such-priority"),
    ("CallForbidden", "ServiceAccount/worker", ""),
    ("CrashLoopBackOff", "Pod/rights-", "ServiceAccount/worker"),
    ("ClaimPending", "PersistentVolumeClaim/stuck", ""),
    ("Unschedulable", "Pod/claimed-", "PersistentVolumeClaim/stuck"),
    ("ContainerStartError", "Pod/command-", ""),
    ("CrashLoopBackOff", "Pod/init-", ""),
    ("JobFailed", "Job/import", ""),
    ("ScheduleInvalid", "CronJob/never", ""),
    ("SelectorMatchesNothing", "Service/lonely", ""),
    ("TargetPortMissing", "Service/port", ""),
    ("BudgetBlocksEvictions", "PodDisruptionBudget/strict", ""),
    ("BudgetMatchesNothing", "PodDisruptionBudget/idle", ""),
    ("PolicyBlocksService", "NetworkPolicy/closed", ""),
    ("TrafficDenied", "Service/walled", "NetworkPolicy/closed"),
    ("PolicySelectsNothing", "NetworkPolicy/stray", ""),
    ("ScaleTargetMissing", "HorizontalPodAutoscaler/targetless", ""),
    ("ScaleRequestMissing", "HorizontalPodAutoscaler/requestless", ""),
    ("RoleMissing", "RoleBinding/roleless", ""),
    ("BindingSubjectMissing", "RoleBinding/subjectless", ""),
    ("IngressClassMissing", "Ingress/backend", ""),
    ("IngressClassMissing", "Ingress/secret", ""),
    ("BackendMissing", "Ingress/backend", ""),
    ("TlsSecretMissing", "Ingress/backend", ""),
];

const LIMITS: &[Expected] = &[
    ("QuotaExhausted", "ResourceQuota/small", ""),
    ("ReplicaFailure", "Deployment/many", "ResourceQuota/small"),
    ("ReplicaFailure", "Deployment/large", "LimitRange/narrow"),
];

/// How long the slowest fault (a back-off, a volume) needs to show.
const PATIENCE: Duration = Duration::from_secs(240);

fn fill(cluster: &Cluster, namespace: &Namespace<'_>, file: &str) {
    let text = fs::read_to_string(repository().join("tests/health").join(file)).unwrap();
    cluster.apply(Some(&namespace.name), &text);
}

fn report(world: &World, namespace: &str) -> Value {
    let ran = world.run(["health", "-n", namespace, "-o", "json"]).ends_with(0);
    serde_json::from_str(&ran.out).unwrap()
}

fn named(object: &Value) -> String {
    format!("{}/{}", object["kind"].as_str().unwrap_or_default(), object["name"].as_str().unwrap_or_default())
}

/// What was missed, and which causes above info nobody expected.
fn judged(report: &Value, namespace: &str, expected: &[Expected]) -> (Vec<String>, Vec<String>) {
    let findings = report["findings"].as_array().unwrap();
    let is = |finding: &Value, (code, object, cause): &Expected| {
        let caused_by = &finding["caused_by"];
        finding["code"] == *code
            && named(&finding["object"]).starts_with(object)
            && if cause.is_empty() { caused_by.is_null() } else { named(caused_by).starts_with(cause) }
    };
    let missed = expected
        .iter()
        .filter(|one| !findings.iter().any(|finding| is(finding, one)))
        .map(|one| format!("{one:?}"))
        .collect();
    let blamed = findings
        .iter()
        // Objects of the whole cluster are the business of whoever else uses it.
        .filter(|finding| finding["severity"] != "info" && finding["caused_by"].is_null())
        .filter(|finding| finding["object"]["namespace"] == namespace)
        .filter(|finding| !expected.iter().any(|one| is(finding, one)))
        .map(|finding| format!("{} {}: {}", finding["code"], named(&finding["object"]), finding["message"]))
        .collect();
    (missed, blamed)
}

#[test]
fn every_fault_is_found_with_its_cause_and_nobody_else_is_blamed() {
    let cluster = cluster();
    let sets: [(&str, &str, &[Expected]); 2] =
        [("faults", "faults.yaml", FAULTS), ("limits", "limits.yaml", LIMITS)];
    let places: Vec<_> = sets
        .iter()
        .map(|(prefix, file, expected)| {
            let namespace = cluster.namespace(prefix);
            fill(cluster, &namespace, file);
            (namespace, *expected)
        })
        .collect();
    let world = World::on(cluster, &places[0].0.name);
    let (mut found, mut all_missed, mut all_blamed) = (0, Vec::new(), Vec::new());
    for (namespace, expected) in &places {
        let began = Instant::now();
        let (missed, blamed) = loop {
            let judged = judged(&report(&world, &namespace.name), &namespace.name, expected);
            if (judged.0.is_empty() && judged.1.is_empty()) || began.elapsed() > PATIENCE {
                break judged;
            }
            std::thread::sleep(Duration::from_secs(3));
        };
        found += expected.len() - missed.len();
        all_missed.extend(missed);
        all_blamed.extend(blamed);
    }
    println!("found {found}, missed {}, falsely blamed {}", all_missed.len(), all_blamed.len());
    assert!(all_missed.is_empty() && all_blamed.is_empty(), "missed {all_missed:#?}\nblamed {all_blamed:#?}");

    let name = &places[0].0.name;
    let whole = report(&world, name);
    let of = |prefix: &str| {
        let findings = whole["findings"].as_array().unwrap();
        findings.iter().find(|finding| named(&finding["object"]).starts_with(prefix)).unwrap().to_string()
    };
    assert!(of("Pod/crash-").contains("panic: no database"), "{}", of("Pod/crash-"));
    assert!(of("Pod/init-").contains("migration failed"));
    assert!(of("Pod/live-").contains("Liveness probe failed"), "{}", of("Pod/live-"));
    assert!(of("Pod/oom-").contains("16Mi"));

    world.run(["health", "-n", name, "--fail-on", "error"]).ends_with(6);
    let junit = world.run(["health", "-n", name, "--report", "junit"]).ends_with(0);
    assert!(junit.out.starts_with("<?xml") && junit.out.contains("<failure type=\"error\""));
    let sarif = world.run(["health", "-n", name, "--report", "sarif", "--fail-on", "critical"]).ends_with(6);
    let sarif: Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn odd_and_healthy_objects_are_left_alone() {
    let cluster = cluster();
    let namespace = cluster.namespace("innocents");
    fill(cluster, &namespace, "innocents.yaml");
    let world = World::on(cluster, &namespace.name);
    let quiet = || {
        let report = report(&world, &namespace.name);
        judged(&report, &namespace.name, &[]).1
    };
    // While all of it is starting, too.
    assert_eq!(quiet(), Vec::<String>::new());
    namespace.rolled_out("deployment/web");
    cluster.ask(&[
        "wait",
        "-n",
        &namespace.name,
        "--for=condition=complete",
        "job/retried",
        "--timeout=120s",
    ]);
    assert_eq!(quiet(), Vec::<String>::new());
    world.run(["health", "-n", &namespace.name, "--fail-on", "critical"]).ends_with(0);
    world
        .run(["health", "-n", "no-such-namespace"])
        .ends_with(3)
        .says(&["no namespace called \"no-such-namespace\""]);
}

#[test]
fn what_may_not_be_looked_at_is_said_and_the_rest_is_found() {
    let cluster = cluster();
    let namespace = cluster.namespace("limited");
    let name = &namespace.name;
    cluster.apply(
        Some(name),
        r#"apiVersion: v1
kind: ServiceAccount
metadata: {name: looker}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: looker}
rules:
  - {apiGroups: [""], resources: [pods, services, configmaps, serviceaccounts], verbs: [get, list]}
  - {apiGroups: [apps], resources: ["*"], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: looker}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: looker}
subjects: [{kind: ServiceAccount, name: looker}]
---
apiVersion: v1
kind: Service
metadata: {name: lonely}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
"#,
    );
    let token = cluster.ask(&["create", "token", "-n", name, "looker"]);
    let world = World::on(cluster, name);
    let kubeconfig = world.path("limited");
    fs::write(&kubeconfig, crate::support::cluster::kubectl_config_for(cluster, name)).unwrap();
    let path = kubeconfig.to_str().unwrap();
    for arguments in [
        &["config", "set-credentials", "looker", "--token", &token][..],
        &["config", "set-context", "--current", "--user", "looker"],
    ] {
        let done =
            std::process::Command::new("kubectl").args(arguments).args(["--kubeconfig", path]).output();
        assert!(done.unwrap().status.success());
    }
    let ran = world
        .run(["health", "-n", name, "-o", "json", "--kubeconfig", path, "--fail-on", "critical"])
        .ends_with(0);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let (missed, blamed) = judged(&report, name, &[("SelectorMatchesNothing", "Service/lonely", "")]);
    assert!(missed.is_empty() && blamed.is_empty(), "{missed:?} {blamed:?}");
    let unchecked = report["unchecked"].as_array().unwrap();
    for kind in ["Secret", "Node", "Event"] {
        let gap = unchecked.iter().find(|gap| gap["kind"] == kind);
        assert!(
            gap.is_some_and(|gap| gap["reason"].as_str().unwrap().contains("forbidden")),
            "{kind}: {unchecked:?}"
        );
    }
    world
        .run(["health", "-n", name, "--kubeconfig", path, "--fail-on", "error"])
        .ends_with(6)
        .prints(&["Not looked at"]);
}
