//! An object as people read it: who it is, what is wished for, how it stands. Works for every kind, custom ones
//! too, by turning field names into words; containers, their environment and conditions have a form of their own,
//! and what every object carries by default is left out.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::gate::mask_object;
use crate::outcome::Table;

use super::duration::age;
use super::field::inline;
use super::secret::secret_keys;

/// Longest value of a ConfigMap's key that is shown whole, in bytes.
const LONGEST_VALUE: usize = 2000;

/// Fields that are noise: what the server fills in where nobody said anything else.
const DEFAULTS: [(&str, &str); 20] = [
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("dnsPolicy", "ClusterFirst"),
    ("schedulerName", "default-scheduler"),
    ("restartPolicy", "Always"),
    ("terminationGracePeriodSeconds", "30"),
    ("progressDeadlineSeconds", "600"),
    ("revisionHistoryLimit", "10"),
    ("internalTrafficPolicy", "Cluster"),
    ("ipFamilyPolicy", "SingleStack"),
    ("ipFamilies", "IPv4"),
    ("sessionAffinity", "None"),
    ("enableServiceLinks", "true"),
    ("preemptionPolicy", "PreemptLowerPriority"),
    ("priority", "0"),
    ("podManagementPolicy", "OrderedReady"),
    ("defaultMode", "420"),
    ("failureThreshold", "3"),
    ("successThreshold", "1"),
    ("scheme", "HTTP"),
];

/// Fields that are told elsewhere or by another field.
const LEFT_OUT: [&str; 12] = [
    "conditions",
    "containerStatuses",
    "initContainerStatuses",
    "observedGeneration",
    "serviceAccount",
    "deprecatedServiceAccount",
    "clusterIPs",
    "podIPs",
    "hostIPs",
    "images",
    "managedFields",
    "creationTimestamp",
];

/// The object in words. `object` has its kind; what is secret in it is masked here.
#[must_use]
pub fn describe(object: &Value, now: Timestamp) -> String {
    // The sizes of a Secret's values are told from the values, so they are taken before those are masked.
    let secret = secret_keys(object);
    let mut object = object.clone();
    mask_object(&mut object);
    let mut page = Page::default();
    identity(&mut page, &object, now);
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "Secret" => {
            page.heading("Data (sizes only)");
            page.table(&secret);
        }
        "ConfigMap" => {
            page.heading("Data");
            for (key, value) in object.get("data").and_then(Value::as_object).into_iter().flatten() {
                page.text(1, key, value.as_str().unwrap_or_default());
            }
        }
        _ => {}
    }
    for (name, value) in object.as_object().into_iter().flatten() {
        let told = ["apiVersion", "kind", "metadata", "data", "stringData", "binaryData"];
        if told.contains(&name.as_str()) || is_empty(value) {
            continue;
        }
        match value {
            Value::Object(map) => {
                page.heading(&words(name));
                page.map(1, map);
            }
            Value::Array(items) => {
                page.heading(&words(name));
                page.items(1, items);
            }
            other => page.pair(0, &words(name), &inline(other)),
        }
        if name == "status" {
            containers(&mut page, value, now);
            conditions(&mut page, value, now);
        }
    }
    page.0
}

fn identity(page: &mut Page, object: &Value, now: Timestamp) {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str);
    let version = text("/apiVersion").map(|version| format!(" ({version})")).unwrap_or_default();
    page.pair(0, "Name", text("/metadata/name").unwrap_or_default());
    if let Some(namespace) = text("/metadata/namespace") {
        page.pair(0, "Namespace", namespace);
    }
    page.pair(0, "Kind", &format!("{}{version}", text("/kind").unwrap_or_default()));
    if let Some(created) = text("/metadata/creationTimestamp") {
        let ago = age(object.pointer("/metadata/creationTimestamp"), now);
        page.pair(0, "Created", &format!("{created} ({ago} ago)"));
    }
    if let Some(deleted) = text("/metadata/deletionTimestamp") {
        page.pair(0, "Being deleted since", deleted);
    }
    for (title, path) in [("Labels", "/metadata/labels"), ("Annotations", "/metadata/annotations")] {
        let mut entries: Vec<String> = Vec::new();
        for (key, value) in object.pointer(path).and_then(Value::as_object).into_iter().flatten() {
            // kubectl's copy of what was applied says everything twice.
            if key != "kubectl.kubernetes.io/last-applied-configuration" {
                entries.push(format!("{key}={}", value.as_str().unwrap_or_default()));
            }
        }
        for (index, entry) in entries.iter().enumerate() {
            page.pair(0, if index == 0 { title } else { "" }, entry);
        }
    }
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    for owner in owners.into_iter().flatten() {
        let part = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        page.pair(0, "Controlled by", &format!("{}/{}", part("kind"), part("name")));
    }
    if let Some(finalizers) = object.pointer("/metadata/finalizers") {
        page.pair(0, "Finalizers", &inline(finalizers));
    }
}

/// What the kubelet says of each container.
fn containers(page: &mut Page, status: &Value, now: Timestamp) {
    let lists = ["initContainerStatuses", "containerStatuses"];
    let all = lists.iter().filter_map(|list| status.get(list)?.as_array()).flatten();
    for (index, container) in all.enumerate() {
        if index == 0 {
            page.heading("Container states");
        }
        let text = |key: &str| container.get(key).and_then(Value::as_str).unwrap_or_default();
        let ready = container.get("ready").and_then(Value::as_bool).unwrap_or(false);
        let restarts = container.get("restartCount").and_then(Value::as_u64).unwrap_or(0);
        let mut said = state(container.get("state"), now);
        said.push_str(if ready { ", ready" } else { ", not ready" });
        said.push_str(&format!(", {restarts} restarts"));
        page.pair(1, text("name"), &said);
        if let Some(last) = container.get("lastState").filter(|last| !is_empty(last)) {
            page.line(2, &format!("before: {}", state(Some(last), now)));
        }
    }
}

fn state(state: Option<&Value>, now: Timestamp) -> String {
    let Some((name, detail)) = state.and_then(Value::as_object).and_then(|map| map.iter().next()) else {
        return "unknown".to_owned();
    };
    let text = |key: &str| detail.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut said = name.clone();
    if let Some(reason) = text("reason") {
        said.push_str(&format!(": {reason}"));
    }
    if let Some(code) = detail.get("exitCode").and_then(Value::as_i64) {
        said.push_str(&format!(" (exit code {code})"));
    }
    if let Some(message) = text("message") {
        said.push_str(&format!(": {}", message.trim()));
    }
    if name == "running" && text("startedAt").is_some() {
        said.push_str(&format!(" for {}", age(detail.get("startedAt"), now)));
    } else if text("finishedAt").is_some() {
        said.push_str(&format!(", ended {} ago", age(detail.get("finishedAt"), now)));
    }
    said
}

fn conditions(page: &mut Page, status: &Value, now: Timestamp) {
    let conditions =
        status.get("conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if conditions.is_empty() {
        return;
    }
    let rows = conditions
        .iter()
        .map(|condition| {
            let text = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let since = age(condition.get("lastTransitionTime"), now);
            vec![text("type"), text("status"), since, text("reason"), text("message")]
        })
        .collect();
    page.heading("Conditions");
    page.table(&Table {
        columns: ["TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"].map(str::to_owned).into(),
        rows,
    });
}

/// The text as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, depth: usize, text: &str) {
        for line in text.lines() {
            self.0.push_str(&"  ".repeat(depth));
            self.0.push_str(line);
            self.0.push('\n');
        }
    }

    fn heading(&mut self, title: &str) {
        self.0.push('\n');
        self.line(0, &format!("{title}:"));
    }

    /// A name and its value; the values of the outermost ones stand below each other.
    fn pair(&mut self, depth: usize, name: &str, value: &str) {
        let name = if name.is_empty() { String::new() } else { format!("{name}:") };
        let width = if depth == 0 { 15 } else { 0 };
        self.line(depth, format!("{name:width$} {}", value.trim()).trim_end());
    }

    /// A key and its text, on lines of its own when it has several.
    fn text(&mut self, depth: usize, key: &str, value: &str) {
        let mut shown = value;
        if value.len() > LONGEST_VALUE {
            let end = (0..=LONGEST_VALUE).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
            shown = value.get(..end).unwrap_or_default();
        }
        if shown.contains('\n') {
            self.line(depth, &format!("{key}:"));
            self.line(depth + 1, shown);
        } else {
            self.line(depth, &format!("{key}: {shown}"));
        }
        if shown.len() < value.len() {
            self.line(depth + 1, &format!("… ({} bytes more)", value.len() - shown.len()));
        }
    }

    fn table(&mut self, table: &Table) {
        self.line(1, &table.aligned());
    }

    fn map(&mut self, depth: usize, map: &Map<String, Value>) {
        for (name, value) in map {
            let is_default = DEFAULTS.iter().any(|(field, usual)| field == name && *usual == inline(value));
            if is_default || is_empty(value) || LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            let title = words(name);
            match value {
                Value::Object(map) if is_flat(map) => self.pair(depth, &title, &inline(value)),
                Value::Object(map) => {
                    self.line(depth, &format!("{title}:"));
                    self.map(depth + 1, map);
                }
                Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
                    let shell = ["command", "args"].contains(&name.as_str());
                    let parts: Vec<String> = items.iter().map(inline).collect();
                    self.pair(depth, &title, &parts.join(if shell { " " } else { ", " }));
                }
                Value::Array(items) if items.iter().all(is_automatic) => {}
                Value::Array(items) => {
                    self.line(depth, &format!("{title}:"));
                    match name.as_str() {
                        "env" | "envFrom" => self.environment(depth + 1, items),
                        "paths" => self.paths(depth + 1, items),
                        _ => self.items(depth + 1, items),
                    }
                }
                other => self.pair(depth, &title, &inline(other)),
            }
        }
    }

    /// A list of objects: under their names where they have one.
    fn items(&mut self, depth: usize, items: &[Value]) {
        for item in items {
            let Value::Object(map) = item else {
                self.line(depth, &inline(item));
                continue;
            };
            if is_automatic(item) {
                continue;
            }
            let named = ["name", "type", "key", "host", "ip"]
                .iter()
                .find_map(|key| Some((*key, map.get(*key)?.as_str()?)));
            let rest: Map<String, Value> = map
                .iter()
                .filter(|(key, value)| named.is_none_or(|(name, _)| key.as_str() != name) && !is_empty(value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            match named {
                Some((_, name)) if is_flat(&rest) => self.pair(depth, name, &inline(&Value::Object(rest))),
                Some((_, name)) => {
                    self.line(depth, &format!("{name}:"));
                    self.map(depth + 1, &rest);
                }
                None => self.line(depth, &format!("- {}", inline(item))),
            }
        }
    }

    /// Environment variables: their value, or where it comes from.
    fn environment(&mut self, depth: usize, items: &[Value]) {
        for item in items {
            let text = |path: &str| item.pointer(path).and_then(Value::as_str);
            let name = text("/name").unwrap_or_default();
            let from = [
                ("/valueFrom/secretKeyRef", "Secret"),
                ("/valueFrom/configMapKeyRef", "ConfigMap"),
                ("/secretRef", "Secret"),
                ("/configMapRef", "ConfigMap"),
            ]
            .iter()
            .find_map(|(path, kind)| {
                let reference = item.pointer(path)?;
                let part = |key: &str| reference.get(key).and_then(Value::as_str);
                let object = part("name").unwrap_or_default();
                Some(match part("key") {
                    // In angle brackets, as kubectl has it: not a value, so nothing to redact beside a telling name.
                    Some(key) => format!("<key {key} of {kind} {object}>"),
                    None => format!("<everything of {kind} {object}>"),
                })
            });
            match (from, text("/valueFrom/fieldRef/fieldPath"), text("/value")) {
                (Some(from), _, _) if name.is_empty() => self.line(depth, &from),
                (Some(from), _, _) => self.pair(depth, name, &from),
                (None, Some(path), _) => self.pair(depth, name, &format!("<its own {path}>")),
                (None, None, value) => self.pair(depth, name, value.unwrap_or_default()),
            }
        }
    }

    /// Paths of an Ingress: what leads where.
    fn paths(&mut self, depth: usize, items: &[Value]) {
        for item in items {
            let text = |path: &str| item.pointer(path).and_then(Value::as_str).unwrap_or_default();
            let port = ["/backend/service/port/number", "/backend/service/port/name"]
                .iter()
                .find_map(|path| item.pointer(path))
                .map(inline)
                .unwrap_or_default();
            let path = if text("/path").is_empty() { "/" } else { text("/path") };
            self.line(
                depth,
                &format!("{path} → {}:{port} ({})", text("/backend/service/name"), text("/pathType")),
            );
        }
    }
}

/// Whether the cluster puts this into every pod: the token's volume and its mount, and the tolerations of a node
/// that is away for five minutes.
fn is_automatic(item: &Value) -> bool {
    let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
    text("name").starts_with("kube-api-access-")
        || (["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].contains(&text("key"))
            && item.get("tolerationSeconds").and_then(Value::as_u64) == Some(300))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a map fits on one line.
fn is_flat(map: &Map<String, Value>) -> bool {
    map.len() <= 6 && map.values().all(|value| !value.is_object() && !value.is_array())
}

/// A field's name in words: `clusterIP` becomes `Cluster IP`.
fn words(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (index, current) in characters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| characters.get(index));
        let after = characters.get(index + 1);
        let begins_word = current.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase())
                || (before.is_some() && after.is_some_and(|after| after.is_lowercase() && *after != 's')));
        if index == 0 {
            text.extend(current.to_uppercase());
        } else if begins_word {
            text.push(' ');
            let alone = after.is_none_or(|after| after.is_lowercase());
            if alone { text.extend(current.to_lowercase()) } else { text.push(*current) }
        } else {
            text.push(*current);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate;
    use serde_json::json;

    #[test]
    fn names_become_words() {
        for (name, text) in [
            ("clusterIP", "Cluster IP"),
            ("serviceAccountName", "Service account name"),
            ("replicas", "Replicas"),
            ("externalIPs", "External IPs"),
            ("podCIDR", "Pod CIDR"),
        ] {
            assert_eq!(words(name), text);
        }
    }

    #[test]
    fn a_pod_shows_how_its_containers_stand_and_no_secret() {
        let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-0", "namespace": "shop",
            "ownerReferences": [{"kind": "StatefulSet", "name": "web"}]},
            "spec": {"restartPolicy": "Always", "nodeName": "n1", "containers": [{"name": "web", "image": "web:1",
                "command": ["/bin/web", "--port", "80"],
                "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "MODE", "value": "fast"},
                    {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "api"}}}],
                "volumeMounts": [{"name": "kube-api-access-x", "mountPath": "/var/run"}]}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "web", "ready": false, "restartCount": 3,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": "2026-01-01T00:00:00Z"}}}],
                "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]}});
        let text = describe(&pod, "2026-01-01T00:01:00Z".parse().unwrap());
        insta::assert_snapshot!(gate::text(&text), @r"
        Name:           web-0
        Namespace:      shop
        Kind:           Pod (v1)
        Controlled by:  StatefulSet/web

        Spec:
          Node name: n1
          Containers:
            web:
              Image: web:1
              Command: /bin/web --port 80
              Env:
                DB_PASSWORD: «redacted»
                MODE: fast
                API_KEY: <key api of Secret keys>

        Status:
          Phase: Running

        Container states:
          web: waiting: CrashLoopBackOff, not ready, 3 restarts
            before: terminated: Error (exit code 1), ended 60s ago

        Conditions:
          TYPE   STATUS  SINCE      REASON              MESSAGE
          Ready  False   <unknown>  ContainersNotReady
        ");
    }

    #[test]
    fn configurations_and_routes_read_as_what_they_are() {
        let config = json!({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"LEVEL": "info", "file": "a\nb"}});
        assert!(
            describe(&config, Timestamp::UNIX_EPOCH)
                .ends_with("Data:\n  LEVEL: info\n  file:\n    a\n    b\n")
        );
        let secret = json!({"kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "aHVudGVyMg=="}});
        let shown = describe(&secret, Timestamp::UNIX_EPOCH);
        assert!(shown.contains("key  7 bytes") && !shown.contains("aHVudGVyMg"), "{shown}");
        let ingress = json!({"kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{"host": "shop.test",
            "http": {"paths": [{"path": "/api", "pathType": "Prefix", "backend": {"service": {"name": "api", "port": {"number": 80}}}}]}}]}});
        assert!(describe(&ingress, Timestamp::UNIX_EPOCH).contains("/api → api:80 (Prefix)"));
    }
}
