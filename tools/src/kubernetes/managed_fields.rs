//! Who last wrote which fields of an object, and when, as the API server keeps it (`metadata.managedFields`).

use jiff::Timestamp;
use serde_json::Value;

/// Paths named for one write before it says how many more there are.
const NAMED: usize = 4;

/// Writers that only report what is, or carry out what others asked for.
const CONTROLLERS: [&str; 5] =
    ["kubelet", "kube-scheduler", "kube-proxy", "cloud-controller-manager", "metrics-server"];

/// One writer's newest write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldWrite {
    /// Who: the field manager, such as `kubectl-client-side-apply` or `helm`.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The subresource it was written through, such as `scale`.
    pub subresource: Option<String>,
    /// When; the server keeps no time of writes through `scale`.
    pub time: Option<Timestamp>,
    /// Some of the fields it holds, by path, `+3 more` last.
    pub fields: Vec<String>,
}

/// The writes that `object` remembers, those without a time first and the newest last; reports of its state and what controllers keep for
/// themselves are left out.
#[must_use]
pub fn field_writes(object: &Value) -> Vec<FieldWrite> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mut writes: Vec<FieldWrite> = entries.into_iter().flatten().filter_map(read).collect();
    writes.sort_by_key(|write| write.time);
    writes
}

fn read(entry: &Value) -> Option<FieldWrite> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let manager = text("manager").unwrap_or("unknown");
    if text("subresource") == Some("status") || CONTROLLERS.contains(&manager) {
        return None;
    }
    let mut fields = Vec::new();
    collect(entry.get("fieldsV1")?, "", &mut fields);
    // Bookkeeping of controllers, such as a Deployment's revision number.
    fields.retain(|path| {
        !path.starts_with("status")
            && !path.starts_with("metadata.ownerReferences")
            && !path.contains("kubernetes.io/revision")
            && !path.contains("last-applied-configuration")
    });
    if fields.is_empty() || manager == "kube-controller-manager" {
        return None;
    }
    let more = fields.len().saturating_sub(NAMED);
    fields.truncate(NAMED);
    if more > 0 {
        fields.push(format!("+{more} more"));
    }
    Some(FieldWrite {
        manager: manager.to_owned(),
        operation: text("operation").unwrap_or_default().to_owned(),
        subresource: text("subresource").map(str::to_owned),
        time: text("time").and_then(|time| time.parse().ok()),
        fields,
    })
}

/// The leaves of a field set as paths: `f:spec` is a field, `k:{"name":"web"}` an item of a list by its key,
/// `.` the thing itself (kubernetes.io, "FieldsV1").
fn collect(set: &Value, path: &str, found: &mut Vec<String>) {
    let Some(map) = set.as_object() else { return };
    let children: Vec<(&String, &Value)> = map.iter().filter(|(key, _)| key.as_str() != ".").collect();
    if children.is_empty() {
        if !path.is_empty() {
            found.push(path.to_owned());
        }
        return;
    }
    for (key, value) in children {
        let step = match key.split_once(':') {
            Some(("f", name)) => name.to_owned(),
            Some(("k", keys)) => {
                let keys: Value = serde_json::from_str(keys).unwrap_or_default();
                let first = keys.as_object().and_then(|keys| keys.values().next().cloned());
                format!(
                    "[{}]",
                    first.map_or_else(String::new, |one| one
                        .as_str()
                        .map_or_else(|| one.to_string(), str::to_owned))
                )
            }
            _ => "[…]".to_owned(),
        };
        let joined = if path.is_empty() || step.starts_with('[') {
            format!("{path}{step}")
        } else {
            format!("{path}.{step}")
        };
        collect(value, &joined, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_are_paths_by_whom_and_when() {
        let object = json!({"metadata": {"managedFields": [
            {"manager": "shipmate", "operation": "Update", "time": "2026-01-01T00:05:00Z",
                "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kubectl", "operation": "Apply", "time": "2026-01-01T00:01:00Z",
                "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "time": "2026-01-01T00:06:00Z",
                "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "time": "2026-01-01T00:06:00Z",
                "fieldsV1": {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}}}]}});
        let writes = field_writes(&object);
        let said: Vec<(&str, String)> =
            writes.iter().map(|write| (&*write.manager, write.fields.join(" "))).collect();
        assert_eq!(
            said,
            [
                ("kubectl", "spec.template.spec.containers[web].image".to_owned()),
                ("shipmate", "spec.replicas".to_owned())
            ]
        );
    }
}
