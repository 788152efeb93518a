//! One field of an object by the name people give it: "image", "schedule", "cluster ip", "min and max". Friendly
//! names come first, then a path as kubectl explains it, then any key of the object that reads the same.

use serde_json::Value;

/// A friendly name: its words, the kinds it is for (empty: all), the paths it stands for. A path's `*` is every
/// item of a list.
type Friendly = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const TEMPLATED: &[&str] =
    &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"];

const FRIENDLY: &[Friendly] = &[
    (
        &["image", "images", "container image", "version", "tag"],
        TEMPLATED,
        &["spec.template.spec.containers.*.image"],
    ),
    (&["image", "images", "container image", "version", "tag"], &["Pod"], &["spec.containers.*.image"]),
    (
        &["image", "images", "version", "tag"],
        &["CronJob"],
        &["spec.jobTemplate.spec.template.spec.containers.*.image"],
    ),
    (&["version", "kubelet", "kubelet version"], &["Node"], &["status.nodeInfo.kubeletVersion"]),
    (&["command", "entrypoint"], TEMPLATED, &["spec.template.spec.containers.*.command"]),
    (&["command", "entrypoint"], &["Pod"], &["spec.containers.*.command"]),
    (&["command"], &["CronJob"], &["spec.jobTemplate.spec.template.spec.containers.*.command"]),
    (&["args", "arguments"], TEMPLATED, &["spec.template.spec.containers.*.args"]),
    (&["container", "containers"], TEMPLATED, &["spec.template.spec.containers.*.name"]),
    (&["container", "containers"], &["Pod"], &["spec.containers.*.name"]),
    (
        &["port", "ports", "container port"],
        TEMPLATED,
        &["spec.template.spec.containers.*.ports.*.containerPort"],
    ),
    (&["port", "ports", "container port"], &["Pod"], &["spec.containers.*.ports.*.containerPort"]),
    (&["port", "ports"], &["Service"], &["spec.ports.*.port"]),
    (&["type"], &["Service"], &["spec.type"]),
    (&["target port", "target ports"], &["Service"], &["spec.ports.*.targetPort"]),
    (&["node port", "node ports"], &["Service"], &["spec.ports.*.nodePort"]),
    (
        &["request", "requests", "resource request"],
        TEMPLATED,
        &["spec.template.spec.containers.*.resources.requests"],
    ),
    (&["request", "requests", "resource request"], &["Pod"], &["spec.containers.*.resources.requests"]),
    (
        &["limit", "limits", "resource limit"],
        TEMPLATED,
        &["spec.template.spec.containers.*.resources.limits"],
    ),
    (&["limit", "limits", "resource limit"], &["Pod"], &["spec.containers.*.resources.limits"]),
    (&["cpu request"], TEMPLATED, &["spec.template.spec.containers.*.resources.requests.cpu"]),
    (&["memory request"], TEMPLATED, &["spec.template.spec.containers.*.resources.requests.memory"]),
    (&["cpu limit"], TEMPLATED, &["spec.template.spec.containers.*.resources.limits.cpu"]),
    (&["memory limit"], TEMPLATED, &["spec.template.spec.containers.*.resources.limits.memory"]),
    (&["resource", "resources"], TEMPLATED, &["spec.template.spec.containers.*.resources"]),
    (&["resource", "resources"], &["Pod"], &["spec.containers.*.resources"]),
    (
        &["env", "environment", "environment variables", "env vars"],
        TEMPLATED,
        &["spec.template.spec.containers.*.env", "spec.template.spec.containers.*.envFrom"],
    ),
    (
        &["env", "environment", "environment variables", "env vars"],
        &["Pod"],
        &["spec.containers.*.env", "spec.containers.*.envFrom"],
    ),
    (&["pull policy", "image pull policy"], TEMPLATED, &["spec.template.spec.containers.*.imagePullPolicy"]),
    (&["liveness probe", "liveness"], TEMPLATED, &["spec.template.spec.containers.*.livenessProbe"]),
    (&["readiness probe", "readiness"], TEMPLATED, &["spec.template.spec.containers.*.readinessProbe"]),
    (&["startup probe"], TEMPLATED, &["spec.template.spec.containers.*.startupProbe"]),
    (
        &["probes", "health checks", "health check"],
        TEMPLATED,
        &[
            "spec.template.spec.containers.*.livenessProbe",
            "spec.template.spec.containers.*.readinessProbe",
            "spec.template.spec.containers.*.startupProbe",
        ],
    ),
    (&["service account"], TEMPLATED, &["spec.template.spec.serviceAccountName"]),
    (&["volume", "volumes"], TEMPLATED, &["spec.template.spec.volumes.*.name"]),
    (&["node selector"], TEMPLATED, &["spec.template.spec.nodeSelector"]),
    (&["toleration", "tolerations"], TEMPLATED, &["spec.template.spec.tolerations"]),
    (
        &[
            "replica count",
            "replica",
            "replicas",
            "scale",
            "size",
            "number of replicas",
            "desired replicas",
            "pod count",
            "number of pods",
        ],
        TEMPLATED,
        &["spec.replicas"],
    ),
    (&["ready replicas", "ready"], TEMPLATED, &["status.readyReplicas"]),
    (&["strategy", "update strategy", "rollout strategy"], &["Deployment"], &["spec.strategy"]),
    (&["strategy", "update strategy"], &["StatefulSet", "DaemonSet"], &["spec.updateStrategy"]),
    (
        &["min", "minimum", "min replicas", "minimum replicas"],
        &["HorizontalPodAutoscaler"],
        &["spec.minReplicas"],
    ),
    (
        &["max", "maximum", "max replicas", "maximum replicas"],
        &["HorizontalPodAutoscaler"],
        &["spec.maxReplicas"],
    ),
    (
        &["range", "bounds", "limit", "limits"],
        &["HorizontalPodAutoscaler"],
        &["spec.minReplicas", "spec.maxReplicas"],
    ),
    (
        &["replicas", "replica count", "current replicas"],
        &["HorizontalPodAutoscaler"],
        &["status.currentReplicas", "status.desiredReplicas"],
    ),
    (
        &["target", "metric", "metrics", "threshold"],
        &["HorizontalPodAutoscaler"],
        &["spec.scaleTargetRef", "spec.metrics"],
    ),
    (&["schedule", "cron", "cron schedule", "cron expression"], &["CronJob"], &["spec.schedule"]),
    (
        &["last run", "last schedule", "last schedule time", "last time"],
        &["CronJob"],
        &["status.lastScheduleTime"],
    ),
    (&["suspended", "paused"], &["CronJob"], &["spec.suspend"]),
    (&["node", "host"], &["Pod"], &["spec.nodeName"]),
    (&["ip", "ip address", "pod ip", "address"], &["Pod"], &["status.podIP"]),
    (&["restart", "restarts", "restart count"], &["Pod"], &["status.containerStatuses.*.restartCount"]),
    (&["qos", "qos class"], &["Pod"], &["status.qosClass"]),
    (&["ip", "ip address", "cluster ip", "address"], &["Service"], &["spec.clusterIP"]),
    (
        &["external ip", "load balancer ip", "external address"],
        &["Service", "Ingress"],
        &["status.loadBalancer.ingress"],
    ),
    (
        &["host", "hosts", "hostname", "hostnames", "domain", "url", "address"],
        &["Ingress"],
        &["spec.rules.*.host"],
    ),
    (
        &["path", "paths", "route", "routes", "backend", "backends"],
        &["Ingress"],
        &["spec.rules.*.http.paths"],
    ),
    (&["class", "ingress class"], &["Ingress"], &["spec.ingressClassName"]),
    (
        &["size", "storage", "capacity"],
        &["PersistentVolumeClaim"],
        &["spec.resources.requests.storage", "status.capacity.storage"],
    ),
    (&["size", "storage", "capacity"], &["PersistentVolume"], &["spec.capacity.storage"]),
    (&["ip", "ip address", "address", "addresses", "internal ip"], &["Node"], &["status.addresses"]),
    (&["os", "operating system", "os image"], &["Node"], &["status.nodeInfo.osImage"]),
    (&["kernel", "kernel version"], &["Node"], &["status.nodeInfo.kernelVersion"]),
    (&["runtime", "container runtime"], &["Node"], &["status.nodeInfo.containerRuntimeVersion"]),
    (&["architecture", "arch"], &["Node"], &["status.nodeInfo.architecture"]),
    (&["cpu", "cpus", "cores"], &["Node"], &["status.capacity.cpu"]),
    (&["memory", "ram"], &["Node"], &["status.capacity.memory"]),
    (
        &["key", "keys", "value", "values", "content", "contents", "setting", "settings"],
        &["ConfigMap"],
        &["data"],
    ),
    (&["label", "labels"], &[], &["metadata.labels"]),
    (&["annotation", "annotations"], &[], &["metadata.annotations"]),
    (&["owner", "owners", "controller"], &[], &["metadata.ownerReferences"]),
    (
        &["age", "created", "creation time", "creation date", "creation timestamp"],
        &[],
        &["metadata.creationTimestamp"],
    ),
    (
        &["status", "state", "phase"],
        &["Pod", "Namespace", "PersistentVolume", "PersistentVolumeClaim"],
        &["status.phase"],
    ),
    (&["status", "state"], &[], &["status"]),
    (&["selector", "selectors"], &[], &["spec.selector"]),
];

/// A field that was found: the path it stands at, and what stands there.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Where it stands, such as `spec.replicas`.
    pub path: String,
    /// Each value there, with the name of the list item it stands in ("backend" for a container), if it has one.
    pub values: Vec<(Option<String>, Value)>,
}

/// The paths a friendly name stands for on a kind (`Deployment`, in any case).
#[must_use]
pub fn friendly_paths(kind: &str, name: &str) -> Option<Vec<String>> {
    let fits = |name: &str, (names, kinds, _): &Friendly| {
        names.contains(&name)
            && (kinds.is_empty() || kinds.iter().any(|known| known.eq_ignore_ascii_case(kind)))
    };
    let mut paths = Vec::new();
    for part in parts(name) {
        let (_, _, found) = FRIENDLY.iter().find(|entry| fits(&part, entry))?;
        paths.extend(found.iter().map(|path| (*path).to_owned()));
    }
    (!paths.is_empty()).then_some(paths)
}

/// The fields that one wording names: "min and max" names two.
fn parts(name: &str) -> Vec<String> {
    name.to_lowercase()
        .replace([',', '&'], " and ")
        .replace(['-', '_'], " ")
        .split(" and ")
        .map(|part| {
            part.split_whitespace()
                .filter(|word| !["the", "its", "current", "of"].contains(word))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// Looks `name` up in `object`. Empty when nothing is called that, or when it is called that and not set.
#[must_use]
pub fn find_fields(object: &Value, name: &str) -> Vec<Field> {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    // A key of a ConfigMap is what its reader means, whatever else is called that.
    if let Some(value) = object.get("data").and_then(|data| data.get(name)) {
        return vec![Field { path: format!("data.{name}"), values: vec![(None, value.clone())] }];
    }
    if let Some(paths) = friendly_paths(kind, name) {
        return paths.iter().filter_map(|path| at(object, path)).collect();
    }
    let dotted = name.trim_start_matches(['.', '$', '{']).trim_end_matches('}').replace("[*]", ".*");
    if dotted.contains('.')
        && let Some(field) = at(object, &dotted)
    {
        return vec![field];
    }
    parts(name).iter().filter_map(|part| search(object, part)).collect()
}

/// What stands at a path; `None` when nothing does.
fn at(object: &Value, path: &str) -> Option<Field> {
    let mut here: Vec<(Option<String>, &Value)> = vec![(None, object)];
    for step in path.split('.').filter(|step| !step.is_empty()) {
        here = here
            .into_iter()
            .flat_map(|(item, value)| match (step, value) {
                ("*", Value::Array(items)) => items
                    .iter()
                    .map(|entry| {
                        let name = entry.get("name").and_then(Value::as_str).map(str::to_owned);
                        (name.or_else(|| item.clone()), entry)
                    })
                    .collect(),
                (step, value) => value.get(step).map(|next| (item, next)).into_iter().collect::<Vec<_>>(),
            })
            .collect();
    }
    let values: Vec<(Option<String>, Value)> =
        here.into_iter().map(|(item, value)| (item, value.clone())).collect();
    (!values.is_empty()).then(|| Field { path: path.to_owned(), values })
}

/// The shallowest key of the object that reads like `words` ("concurrency policy" is `concurrencyPolicy`).
fn search(object: &Value, words: &str) -> Option<Field> {
    let wanted: String = words.split_whitespace().collect();
    let mut level = vec![(String::new(), object)];
    while !level.is_empty() {
        let mut below = Vec::new();
        for (path, value) in level {
            match value {
                Value::Object(map) => {
                    for (key, entry) in map {
                        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                        if path == "metadata.managedFields" {
                            continue;
                        }
                        if key.to_lowercase() == wanted || key.to_lowercase() == format!("{wanted}s") {
                            return at(object, &path);
                        }
                        below.push((path, entry));
                    }
                }
                Value::Array(items) => below.extend(items.iter().map(|item| (format!("{path}.*"), item))),
                _ => {}
            }
        }
        level = below;
    }
    None
}

/// Names that this object's kind answers to, those that are nearest to `name` first.
#[must_use]
pub fn near_fields(object: &Value, name: &str) -> Vec<String> {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let mut names: Vec<String> = FRIENDLY
        .iter()
        .filter(|(_, kinds, _)| kinds.is_empty() || kinds.contains(&kind))
        .filter_map(|(names, _, _)| names.first())
        .map(|name| (*name).to_owned())
        .chain(
            ["spec", "status"]
                .iter()
                .filter_map(|part| object.get(part)?.as_object())
                .flat_map(|map| map.keys().cloned()),
        )
        .collect();
    names.sort_by_key(|candidate| {
        strsim::damerau_levenshtein(&candidate.to_lowercase(), &name.to_lowercase())
    });
    names.dedup();
    names.truncate(3);
    names
}

/// A value in one line: `a=b, c=d` for a map, items joined by commas, references by what they refer to.
#[must_use]
pub fn inline(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(inline).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match value {
                Value::Object(_) | Value::Array(_) => format!("{key}: ({})", inline(value)),
                _ => format!("{key}={}", inline(value)),
            })
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(object: &Value, name: &str) -> Vec<String> {
        find_fields(object, name)
            .iter()
            .flat_map(|field| {
                field.values.iter().map(|(item, value)| match item {
                    Some(item) => format!("{item}: {}", inline(value)),
                    None => inline(value),
                })
            })
            .collect()
    }

    #[test]
    fn fields_go_by_the_names_people_give_them() {
        let deployment = json!({"kind": "Deployment", "metadata": {"labels": {"app": "web"}}, "spec": {"replicas": 3,
            "minReadySeconds": 5, "template": {"spec": {"serviceAccountName": "shop", "containers": [
                {"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]}, {"name": "proxy", "image": "proxy:2"}]}}}});
        for (name, values) in [
            ("image", &["web: web:1", "proxy: proxy:2"][..]),
            ("the replicas", &["3"]),
            ("ports", &["web: 80"]),
            ("service account", &["shop"]),
            ("labels", &["app=web"]),
            ("min ready seconds", &["5"]),
            ("spec.replicas", &["3"]),
            (".spec.template.spec.containers[*].name", &["web: web", "proxy: proxy"]),
            ("colour", &[]),
        ] {
            assert_eq!(said(&deployment, name), values, "{name}");
        }
    }

    #[test]
    fn two_fields_and_other_kinds() {
        let autoscaler =
            json!({"kind": "HorizontalPodAutoscaler", "spec": {"minReplicas": 2, "maxReplicas": 5}});
        assert_eq!(said(&autoscaler, "min and max"), ["2", "5"]);
        let config = json!({"kind": "ConfigMap", "data": {"LOG_LEVEL": "info", "status": "x"}});
        assert_eq!(said(&config, "LOG_LEVEL"), ["info"]);
        assert_eq!(said(&config, "log level"), Vec::<String>::new());
        assert_eq!(said(&config, "status"), ["x"]);
        assert_eq!(near_fields(&config, "lables")[0], "label");
    }
}
