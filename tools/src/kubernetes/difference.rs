//! The difference between an object as it is and as it would be, as a person reads it: YAML lines with a
//! little context, without what the server keeps for itself, secrets masked.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::gate::mask_object;

/// Lines kept around a changed one.
const CONTEXT: usize = 2;

/// What would change from `before` to `after`; empty when nothing would. `before` is `None` for a new object.
#[must_use]
pub fn difference(before: Option<&Value>, after: Option<&Value>) -> String {
    let old = before.map(readable).unwrap_or_default();
    let new = after.map(readable).unwrap_or_default();
    let diff = TextDiff::from_lines(&old, &new);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            text.push_str("  …\n");
        }
        for operation in group {
            for change in diff.iter_changes(operation) {
                text.push_str(match change.tag() {
                    ChangeTag::Delete => "- ",
                    ChangeTag::Insert => "+ ",
                    ChangeTag::Equal => "  ",
                });
                text.push_str(change.value());
                if !change.value().ends_with('\n') {
                    text.push('\n');
                }
            }
        }
    }
    let text = mask_changed_secrets(before, after, text);
    if text.is_empty() && differs(before, after) {
        // Values that are masked on both sides look alike.
        return "- (a secret value, not shown)\n+ (the new value, not shown)\n".to_owned();
    }
    text
}

/// Whether anything would change that is not the server's own bookkeeping; masked values count too.
#[must_use]
pub fn differs(before: Option<&Value>, after: Option<&Value>) -> bool {
    let stripped = |object: &Value| {
        let mut object = object.clone();
        strip(&mut object);
        object
    };
    before.map(stripped) != after.map(stripped)
}

/// The object as YAML without status and bookkeeping. Secret values are masked, so two different ones look
/// alike here; [`mask_changed_secrets`] says so.
fn readable(object: &Value) -> String {
    let mut shown = object.clone();
    strip(&mut shown);
    mask_object(&mut shown);
    serde_saphyr::to_string(&shown).unwrap_or_default()
}

/// Takes away what the server keeps for itself and what changes with every write.
fn strip(object: &mut Value) {
    let Value::Object(map) = object else { return };
    map.remove("status");
    if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
        for field in
            ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"]
        {
            metadata.remove(field);
        }
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            annotations.remove("deployment.kubernetes.io/revision");
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
}

/// Names the keys of a Secret whose (masked) values differ.
fn mask_changed_secrets(before: Option<&Value>, after: Option<&Value>, mut text: String) -> String {
    let (Some(before), Some(after)) = (before, after) else { return text };
    if after.get("kind").and_then(Value::as_str) != Some("Secret") {
        return text;
    }
    let empty = serde_json::Map::new();
    let old = before.get("data").and_then(Value::as_object).unwrap_or(&empty);
    let new = after.get("data").and_then(Value::as_object).unwrap_or(&empty);
    for (key, value) in new {
        if old.get(key).is_some_and(|known| known != value) {
            text.push_str(&format!(
                "- data.{key}: (another value, not shown)\n+ data.{key}: (the new value, not shown)\n"
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shows_only_what_changes() {
        let before = json!({"kind": "Deployment", "metadata": {"name": "web", "resourceVersion": "1"}, "spec": {"replicas": 2}, "status": {"x": 1}});
        let after = json!({"kind": "Deployment", "metadata": {"name": "web", "resourceVersion": "2"}, "spec": {"replicas": 3}});
        assert_eq!(
            difference(Some(&before), Some(&after)),
            "    name: web\n  spec:\n-   replicas: 2\n+   replicas: 3\n"
        );
        assert_eq!(difference(Some(&before), Some(&before)), "");
    }

    #[test]
    fn a_masked_change_is_still_a_change() {
        let object = |value: &str| json!({"kind": "Pod", "spec": {"containers": [{"env": [{"name": "API_TOKEN", "value": value}]}]}});
        let text = difference(Some(&object("one")), Some(&object("two")));
        assert!(text.contains("not shown") && !text.contains("one") && !text.contains("two"), "{text}");
        assert!(!differs(Some(&object("one")), Some(&object("one"))));
    }

    #[test]
    fn a_changed_secret_is_said_and_not_shown() {
        let before = json!({"kind": "Secret", "data": {"a": "b25l", "b": "eA=="}});
        let after = json!({"kind": "Secret", "data": {"a": "dHdv", "b": "eA=="}});
        let text = difference(Some(&before), Some(&after));
        assert!(text.contains("data.a") && !text.contains("data.b"), "{text}");
        assert!(!text.contains("b25l") && !text.contains("dHdv"), "{text}");
    }
}
