//! What stands around workloads: autoscalers, budgets, policies, webhooks, quotas, bindings, schedules.

use super::*;

fn web() -> Vec<Value> {
    let mut objects = deployment("web", 1, 1);
    objects.push(pod("web", "web-1-a", json!({})));
    objects
}

/// What is found in a healthy Deployment and these.
fn beside(objects: Vec<Value>) -> Vec<String> {
    let mut all = web();
    all.extend(objects);
    found(all)
}

fn autoscaler(target: &str, kind: &str, status: Value) -> Value {
    object(
        "HorizontalPodAutoscaler",
        "h",
        json!({"spec": {"scaleTargetRef": {"kind": kind, "name": target, "apiVersion": "apps/v1"}, "minReplicas": 1, "maxReplicas": 3}, "status": status}),
    )
}

#[test]
fn autoscalers() {
    assert_eq!(
        beside(vec![autoscaler("gone", "Deployment", json!({}))]),
        ["error ScaleTargetMissing HorizontalPodAutoscaler/h"]
    );
    // At its minimum, and on a kind that was not read.
    let least = json!({"currentReplicas": 1, "desiredReplicas": 1, "conditions": [{"type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas"}]});
    assert!(beside(vec![autoscaler("web", "Deployment", least)]).is_empty());
    assert!(beside(vec![autoscaler("any", "Rollout", json!({}))]).is_empty());
    let most = json!({"currentReplicas": 3, "desiredReplicas": 3, "conditions": [{"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}]});
    assert_eq!(
        beside(vec![autoscaler("web", "Deployment", most)]),
        ["warning ScaleAtMaximum HorizontalPodAutoscaler/h"]
    );
    let mut percent = autoscaler("web", "Deployment", json!({}));
    percent["spec"]["metrics"] =
        json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}]);
    assert_eq!(beside(vec![percent]), ["error ScaleRequestMissing HorizontalPodAutoscaler/h"]);
    let blind = json!({"conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}]});
    assert_eq!(
        beside(vec![autoscaler("web", "Deployment", blind.clone())]),
        ["error ScaleMetricsMissing HorizontalPodAutoscaler/h"]
    );
    let api = json!({"kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io", "creationTimestamp": LONG_AGO}, "status": {"conditions": [{"type": "Available", "status": "False"}]}});
    assert_eq!(
        beside(vec![autoscaler("web", "Deployment", blind), api]),
        [
            "error ApiUnavailable APIService/v1beta1.metrics.k8s.io",
            "error ScaleMetricsMissing HorizontalPodAutoscaler/h <- APIService/v1beta1.metrics.k8s.io"
        ]
    );
}

fn budget(selector: Value, status: Value) -> Value {
    object(
        "PodDisruptionBudget",
        "b",
        json!({"spec": {"selector": selector, "minAvailable": 1}, "status": status}),
    )
}

#[test]
fn budgets_are_judged_by_pods_of_their_own_namespace_and_by_expressions() {
    let expression = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]});
    let room = json!({"expectedPods": 2, "desiredHealthy": 1, "currentHealthy": 2, "disruptionsAllowed": 1});
    assert!(beside(vec![budget(expression.clone(), room)]).is_empty());
    let none = json!({"expectedPods": 1, "desiredHealthy": 1, "currentHealthy": 1, "disruptionsAllowed": 0});
    assert_eq!(
        beside(vec![budget(expression.clone(), none)]),
        ["warning BudgetBlocksEvictions PodDisruptionBudget/b"]
    );
    let mut elsewhere = budget(expression, json!({}));
    elsewhere["metadata"]["namespace"] = json!("other");
    assert_eq!(beside(vec![elsewhere]), ["warning BudgetMatchesNothing PodDisruptionBudget/b"]);
    // Its pods are scaled to zero.
    let mut stopped = deployment("web", 0, 0);
    stopped.push(budget(json!({"matchLabels": {"app": "web"}}), json!({})));
    assert_eq!(found(stopped), ["info ScaledToZero Deployment/web"]);
}

fn policy(name: &str, spec: Value) -> Value {
    object("NetworkPolicy", name, json!({"spec": spec}))
}

#[test]
fn policies() {
    let deny = || policy("deny", json!({"podSelector": {}, "policyTypes": ["Ingress"]}));
    let service = || service("s", "web", json!("http"));
    assert_eq!(beside(vec![deny(), service()]), ["info DefaultDeny NetworkPolicy/deny"]);
    let to = |ports: Value, from: Value| {
        policy(
            "p",
            json!({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": ports, "from": from}]}),
        )
    };
    for open in [
        to(json!([{"port": 80}]), json!([])),
        to(json!([{"port": "http"}]), json!([{"podSelector": {"matchLabels": {"app": "web"}}}])),
        to(json!([{"port": 70, "endPort": 90}]), json!([{"ipBlock": {"cidr": "10.0.0.0/8"}}])),
        to(json!([]), json!([{"namespaceSelector": {}}])),
    ] {
        let mut objects = vec![open, service(), deny()];
        objects.push(json!({"kind": "Namespace", "metadata": {"name": "shop"}}));
        assert_eq!(beside(objects), ["info DefaultDeny NetworkPolicy/deny"]);
    }
    for closed in [
        to(json!([{"port": 5432}]), json!([])),
        to(json!([{"port": 80, "protocol": "UDP"}]), json!([])),
        to(json!([{"port": 80}]), json!([{"podSelector": {"matchLabels": {"app": "nobody"}}}])),
    ] {
        assert_eq!(
            beside(vec![closed, service()]),
            ["error PolicyBlocksService NetworkPolicy/p", "error TrafficDenied Service/s <- NetworkPolicy/p"]
        );
    }
    let stray = policy("p", json!({"podSelector": {"matchLabels": {"app": "nobody"}}}));
    assert_eq!(beside(vec![stray]), ["warning PolicySelectsNothing NetworkPolicy/p"]);
}

fn webhook(policy: &str, resource: &str) -> Value {
    json!({"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "w", "creationTimestamp": LONG_AGO}, "webhooks": [
        {"name": "a.b.c", "failurePolicy": policy, "rules": [{"resources": [resource]}], "clientConfig": {"service": {"namespace": "shop", "name": "gone"}}}]})
}

#[test]
fn webhooks_say_whether_they_block_and_are_the_cause_of_what_they_refuse() {
    let what = "WebhookServiceMissing ValidatingWebhookConfiguration/w";
    assert_eq!(beside(vec![webhook("Ignore", "pods")]), [format!("warning {what}")]);
    assert_eq!(beside(vec![webhook("Fail", "configmaps")]), [format!("error {what}")]);
    assert_eq!(beside(vec![webhook("Fail", "pods")]), [format!("critical {what}")]);
    let mut refused = deployment("web", 1, 0);
    refused[0]["status"]["conditions"] = json!([{"type": "ReplicaFailure", "status": "True", "message": "Internal error occurred: failed calling webhook \"a.b.c\": service not found"}]);
    refused.push(webhook("Fail", "pods"));
    assert_eq!(
        found(refused),
        [
            format!("critical {what}"),
            "error ReplicaFailure Deployment/web <- ValidatingWebhookConfiguration/w".to_owned()
        ]
    );
}

#[test]
fn a_full_quota_is_worse_when_somebody_is_refused() {
    let quota = || {
        object(
            "ResourceQuota",
            "q",
            json!({"status": {"hard": {"pods": "1", "requests.memory": "1Gi"}, "used": {"pods": "1", "requests.memory": "512Mi"}}}),
        )
    };
    assert_eq!(beside(vec![quota()]), ["warning QuotaExhausted ResourceQuota/q"]);
    let mut refused = deployment("web", 2, 1);
    refused[0]["status"]["conditions"] = json!([{"type": "ReplicaFailure", "status": "True", "message": "pods \"x\" is forbidden: exceeded quota: q, requested: pods=1"}]);
    refused.push(quota());
    assert_eq!(
        found(refused),
        ["error ReplicaFailure Deployment/web <- ResourceQuota/q", "error QuotaExhausted ResourceQuota/q"]
    );
}

#[test]
fn bindings_name_what_exists() {
    let binding = |role: &str, account: &str| {
        object(
            "RoleBinding",
            "b",
            json!({"roleRef": {"kind": "Role", "name": role}, "subjects": [{"kind": "ServiceAccount", "name": account}, {"kind": "User", "name": "nobody"}]}),
        )
    };
    let there = || vec![object("Role", "r", json!({})), object("ServiceAccount", "s", json!({}))];
    let with = |binding: Value| {
        let mut all = there();
        all.push(binding);
        beside(all)
    };
    assert!(with(binding("r", "s")).is_empty());
    assert_eq!(with(binding("x", "s")), ["error RoleMissing RoleBinding/b"]);
    assert_eq!(with(binding("r", "x")), ["warning BindingSubjectMissing RoleBinding/b"]);
    let mut own = binding("x", "x");
    own["metadata"]["labels"] = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    assert!(with(own).is_empty());
}

#[test]
fn schedules_that_never_come_are_told() {
    let cron = |schedule: &str, rest: Value| {
        let mut cron = object("CronJob", "c", json!({"spec": {"schedule": schedule}}));
        merge(&mut cron, rest);
        cron
    };
    assert_eq!(beside(vec![cron("0 0 31 2 *", json!({}))]), ["error ScheduleInvalid CronJob/c"]);
    assert_eq!(beside(vec![cron("every day", json!({}))]), ["error ScheduleInvalid CronJob/c"]);
    assert_eq!(
        beside(vec![cron(
            "*/30 * * * *",
            json!({"metadata": {"creationTimestamp": "2026-05-01T11:20:00Z"}})
        )]),
        Vec::<String>::new()
    );
    assert_eq!(beside(vec![cron("45 11 * * *", json!({}))]), ["warning NeverScheduled CronJob/c"]);
    assert!(beside(vec![cron("45 11 * * *", json!({"status": {"lastScheduleTime": LONG_AGO}}))]).is_empty());
    // It was made after its time had come.
    assert!(beside(vec![cron("0 3 * * *", json!({}))]).is_empty());
}

#[test]
fn a_claim_that_waits_for_its_pod_is_no_cause_of_the_pods_waiting() {
    let objects = vec![
        object(
            "PersistentVolumeClaim",
            "data",
            json!({"spec": {"storageClassName": "slow"}, "status": {"phase": "Pending"}}),
        ),
        json!({"kind": "StorageClass", "metadata": {"name": "slow"}, "volumeBindingMode": "WaitForFirstConsumer"}),
        pod(
            "web",
            "web-1-b",
            json!({"spec": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient memory."}], "containerStatuses": null}}),
        ),
    ];
    assert_eq!(beside(objects), ["error Unschedulable Pod/web-1-b"]);
}

#[test]
fn gateways_and_routes_name_what_exists() {
    let gateway = |class: &str| {
        object(
            "Gateway",
            "g",
            json!({"spec": {"gatewayClassName": class, "listeners": [{"name": "l"}]}, "status": {"conditions": [{"type": "Accepted", "status": "Unknown", "reason": "Pending"}]}}),
        )
    };
    let route = |parent: &str, backend: &str, port: i64| {
        object(
            "HTTPRoute",
            "r",
            json!({"spec": {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": [{"name": backend, "port": port}]}]}}),
        )
    };
    let class = || json!({"kind": "GatewayClass", "metadata": {"name": "c"}});
    let with = |objects: Vec<Value>| {
        let mut all = vec![service("s", "web", json!(80)), class()];
        all.extend(objects);
        beside(all)
    };
    assert!(with(vec![gateway("c"), route("g", "s", 80)]).is_empty());
    assert_eq!(with(vec![gateway("x"), route("g", "s", 80)]), ["error GatewayClassMissing Gateway/g"]);
    assert_eq!(with(vec![gateway("c"), route("x", "s", 80)]), ["error GatewayMissing HTTPRoute/r"]);
    assert_eq!(with(vec![gateway("c"), route("g", "x", 80)]), ["error BackendMissing HTTPRoute/r"]);
    assert_eq!(with(vec![gateway("c"), route("g", "s", 9)]), ["error BackendPortMissing HTTPRoute/r"]);
    let mut other = gateway("c");
    other["metadata"]["namespace"] = json!("edge");
    let mut far = route("g", "s", 80);
    far["spec"]["parentRefs"][0]["namespace"] = json!("edge");
    assert_eq!(with(vec![other, far]), ["error RouteNotAllowed HTTPRoute/r"]);
}
