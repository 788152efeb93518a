//! Objects kept before they are deleted, so that a deletion can be taken back: one file a deletion in the user's
//! state folder, readable by nobody else. The values of Secrets are never written there.

use serde_json::{Map, Value};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::{Result, ToolError};

use super::doomed::Doomed;

/// Fields of the metadata that the server alone writes.
const OF_THE_SERVER: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// Why an object cannot be made again as it was; nothing when it can.
fn no_way_back(kind: &str, object: &Value) -> Option<&'static str> {
    let has_maker = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array)
        .is_some_and(|all| !all.is_empty());
    match kind {
        "Secret" => Some("the values of a Secret are not kept"),
        "Namespace" => Some("what is in a namespace is not kept"),
        "PersistentVolumeClaim" | "PersistentVolume" => Some("the data of a volume is not kept"),
        "CustomResourceDefinition" => Some("the objects of its kind are not kept"),
        "Job" => Some("made again it would run again"),
        "Node" => Some("a node registers itself"),
        "Pod" if has_maker => Some("what made it makes another one"),
        _ => None,
    }
}

/// The object without what belongs to the server, as it can be applied again.
fn as_manifest(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(top) = object.as_object_mut() {
        top.remove("status");
        if let Some(Value::Object(metadata)) = top.get_mut("metadata") {
            for field in OF_THE_SERVER {
                metadata.remove(field);
            }
        }
        let is_pod = top.get("kind").and_then(Value::as_str) == Some("Pod");
        if let (true, Some(Value::Object(spec))) = (is_pod, top.get_mut("spec")) {
            // It is scheduled anew; its old node may be full, or gone.
            spec.remove("nodeName");
        }
    }
    object
}

/// Where the objects that are about to go are kept below `state`; `warnings` gets why they cannot be made again.
#[must_use]
pub fn way_back(state: Option<&Path>, roots: &[Doomed], warnings: &mut Vec<String>) -> Option<PathBuf> {
    let lost = roots.iter().find_map(|root| {
        let why = no_way_back(&root.item.kind, &root.object)?;
        Some(format!("{} cannot be undone: {why}", root.target.label()))
    });
    if lost.is_some() {
        warnings.extend(lost);
        return None;
    }
    place(state?, &roots.first()?.item.uid)
}

/// Where the objects of a deletion are kept; `id` is the uid of the first of them.
fn place(state: &Path, id: &str) -> Option<PathBuf> {
    let is_uid = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_uid.then(|| state.join("deleted").join(format!("{id}.yaml")))
}

/// Keeps objects at `place`, for their owner alone.
///
/// # Errors
/// `Fatal` when the file cannot be written: then nothing should be deleted.
pub fn save(place: &Path, objects: &[Value]) -> Result<()> {
    let mut text = String::new();
    for object in objects {
        // JSON is YAML, and cannot be read in two ways.
        let manifest: Map<String, Value> = as_manifest(object).as_object().cloned().unwrap_or_default();
        text.push_str("---\n");
        text.push_str(&serde_json::to_string_pretty(&manifest).unwrap_or_default());
        text.push('\n');
    }
    written(place, &text).map_err(|error| {
        ToolError::Fatal(format!(
            "what is to be deleted could not be kept in {}, so nothing was deleted: {error}",
            place.display()
        ))
    })
}

fn written(place: &Path, text: &str) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.create(folder)?;
    let mut file = options.open(place)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_server_writes_is_left_out() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}, "status": {"x": 1},
            "metadata": {"name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "3", "labels": {"a": "b"}},
        });
        assert_eq!(
            as_manifest(&object),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"},
                   "metadata": {"name": "web", "namespace": "shop", "labels": {"a": "b"}}})
        );
    }

    #[test]
    fn what_is_secret_or_lost_is_not_kept() {
        for kind in ["Secret", "Namespace", "PersistentVolumeClaim", "Job"] {
            assert!(no_way_back(kind, &json!({})).is_some(), "{kind}");
        }
        assert!(no_way_back("Pod", &json!({"metadata": {"ownerReferences": [{"uid": "u"}]}})).is_some());
        assert!(no_way_back("Pod", &json!({})).is_none() && no_way_back("Deployment", &json!({})).is_none());
    }

    #[test]
    fn only_its_owner_may_read_the_file_and_its_name_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(place(folder.path(), "../../etc/passwd"), None);
        let path = place(folder.path(), "3f1a-2b").unwrap();
        save(&path, &[json!({"kind": "ConfigMap"}), json!({"kind": "Service"})]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().matches("---").count(), 2);
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
