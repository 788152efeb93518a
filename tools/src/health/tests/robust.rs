//! Whatever the API server sends, the analysis neither panics nor blames: objects made at random from fields that
//! are missing, of the wrong type, unknown or cyclic, and healthy clusters of any mixture.

use super::*;
use crate::severity::Severity;

/// A small generator of its own (xorshift): the same seeds give the same objects everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}

/// Takes fields away and puts nonsense in their place.
fn spoil(value: &mut Value, chance: &mut Chance) {
    match value {
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            for key in keys {
                if key == "kind" && map.contains_key("metadata") {
                    continue;
                }
                if chance.one_in(8) {
                    map.shift_remove(&key);
                } else if chance.one_in(12) {
                    let nonsense = [
                        json!(null),
                        json!("Novelty"),
                        json!(-1),
                        json!([]),
                        json!({}),
                        json!([[]]),
                        json!("\u{0}"),
                    ];
                    map.insert(key, nonsense[chance.below(nonsense.len())].clone());
                } else if let Some(inner) = map.get_mut(&key) {
                    spoil(inner, chance);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| spoil(item, chance)),
        _ => {}
    }
}

fn everything() -> Vec<Value> {
    let mut objects = deployment("web", 2, 1);
    objects.extend([
        pod("web", "web-1-a", crashing()),
        pod("web", "web-1-b", json!({"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available: 1 x."}]}})),
        service("s", "web", json!("http")),
        event("Pod", "web-1-a", "Pod-web-1-a", "FailedMount", "MountVolume.SetUp failed for volume \"v\" : x"),
        object("StatefulSet", "db", json!({"spec": {"replicas": 1, "serviceName": "x", "volumeClaimTemplates": [{"spec": {"storageClassName": "y"}}]}})),
        object("DaemonSet", "d", json!({"status": {"desiredNumberScheduled": 1}})),
        object("Job", "j", json!({"status": {"conditions": [{"type": "Failed", "status": "True"}]}, "spec": {"template": {"spec": {}}}})),
        object("CronJob", "c", json!({"spec": {"schedule": "* * * * *", "timeZone": "Mars/Base"}})),
        object("Ingress", "i", json!({"spec": {"tls": [{"secretName": "t"}], "defaultBackend": {"service": {"name": "s", "port": {"number": 1}}}}})),
        object("PersistentVolumeClaim", "p", json!({"spec": {"storageClassName": "z"}, "status": {"phase": "Pending"}})),
        object("PersistentVolume", "v", json!({"status": {"phase": "Released"}, "spec": {"persistentVolumeReclaimPolicy": "Retain"}})),
        object("HorizontalPodAutoscaler", "h", json!({"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu"}}]}, "status": {"conditions": [{"type": "ScalingActive", "status": "False"}]}})),
        object("PodDisruptionBudget", "b", json!({"spec": {"selector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}, "status": {"expectedPods": 1, "disruptionsAllowed": 0, "desiredHealthy": 1}})),
        object("NetworkPolicy", "n", json!({"spec": {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 1}]}]}})),
        object("ResourceQuota", "q", json!({"status": {"hard": {"pods": "1"}, "used": {"pods": "1"}}})),
        object("RoleBinding", "r", json!({"roleRef": {"kind": "Role", "name": "x"}, "subjects": [{"kind": "ServiceAccount", "name": "y"}]})),
        object("ValidatingWebhookConfiguration", "w", json!({"webhooks": [{"name": "a", "rules": [{"resources": ["*"]}], "clientConfig": {"service": {"namespace": "shop", "name": "x"}}}]})),
        object("Namespace", "shop", json!({"metadata": {"deletionTimestamp": LONG_AGO}, "status": {"conditions": [{"status": "True", "message": "m"}]}})),
        object("Node", "n1", json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})),
        object("PodMetrics", "web-1-a", json!({"containers": [{"name": "main", "usage": {"memory": "1Gi"}}]})),
    ]);
    objects
}

#[test]
fn nonsense_makes_nobody_panic() {
    for seed in 1..400 {
        let mut chance = Chance(seed * 7919);
        let mut objects = everything();
        for object in &mut objects {
            spoil(object, &mut chance);
        }
        let snapshot = snapshot(objects);
        let findings = analyze(&snapshot);
        let report = Report::new(&snapshot, findings);
        assert!(!report.text().is_empty() && report.json()["findings"].is_array());
    }
}

#[test]
fn owners_in_a_circle_and_huge_annotations_are_no_trouble() {
    let circle = |name: &str, owner: &str| {
        object(
            "ReplicaSet",
            name,
            json!({"metadata": {"ownerReferences": owned_by("ReplicaSet", owner), "annotations": {"x": "y".repeat(1_000_000)}}}),
        )
    };
    let mut one = pod("web", "p", crashing());
    one["metadata"]["ownerReferences"] = owned_by("ReplicaSet", "a");
    assert_eq!(found(vec![circle("a", "b"), circle("b", "a"), one]), ["error CrashLoopBackOff Pod/p"]);
    assert!(found(Vec::new()).is_empty());
}

/// Objects of a well-formed part of a cluster, by number.
fn healthy(kind: usize, number: usize) -> Vec<Value> {
    let name = format!("web{number}");
    match kind {
        0 => {
            let mut objects = deployment(&name, 1, 1);
            objects.push(pod(&name, &format!("{name}-1-a"), json!({})));
            objects.push(service(&name, &name, json!("http")));
            objects
        }
        1 => deployment(&name, 0, 0),
        2 => vec![object(
            "Job",
            &name,
            json!({"status": {"failed": 2, "succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}}),
        )],
        3 => vec![object(
            "Service",
            &name,
            json!({"spec": {"clusterIP": "None", "selector": {"app": "none"}}}),
        )],
        4 => vec![object(
            "CronJob",
            &name,
            json!({"spec": {"schedule": "@hourly"}, "status": {"lastScheduleTime": NOW}}),
        )],
        5 => vec![object(
            "Node",
            &name,
            json!({"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Novelty", "status": "Unknown"}]}}),
        )],
        6 => vec![object(
            "NetworkPolicy",
            &name,
            json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}),
        )],
        7 => vec![
            object("PersistentVolumeClaim", &name, json!({"status": {"phase": "Bound"}})),
            object("PersistentVolume", &name, json!({"status": {"phase": "Available"}})),
        ],
        8 => vec![object(
            "ResourceQuota",
            &name,
            json!({"status": {"hard": {"pods": "9"}, "used": {"pods": "1"}}}),
        )],
        9 => vec![pod(
            &name,
            &name,
            json!({"metadata": {"ownerReferences": null}, "status": {"phase": "Succeeded"}}),
        )],
        10 => vec![object("ConfigMap", &name, json!({})), object("Secret", &name, json!({}))],
        _ => vec![object(
            "Ingress",
            &name,
            json!({"metadata": {"annotations": {"kubernetes.io/ingress.class": "x"}}, "spec": {"tls": [{"secretName": ""}]}}),
        )],
    }
}

#[test]
fn no_mixture_of_healthy_objects_is_blamed() {
    for seed in 1..300 {
        let mut chance = Chance(seed * 104_729);
        let objects = (0..chance.below(30)).flat_map(|number| healthy(chance.below(12), number)).collect();
        let findings = analyze(&snapshot(objects));
        let loud: Vec<&Finding> = findings.iter().filter(|one| one.severity > Severity::Info).collect();
        assert!(loud.is_empty(), "seed {seed}: {loud:#?}");
    }
}
