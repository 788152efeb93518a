//! Label selectors as the API has them: `matchLabels` and `matchExpressions`, all of which must hold.

use serde_json::Value;

use super::field::{items, text};

/// Whether a selector takes an object with these labels; an empty selector takes all.
pub(super) fn matches(selector: &Value, labels: Option<&Value>) -> bool {
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let plain = selector.get("matchLabels").and_then(Value::as_object);
    plain.into_iter().flatten().all(|(key, value)| label(key) == value.as_str())
        && items(selector, "/matchExpressions").all(|expression| {
            let value = label(text(expression, "/key"));
            let listed = || items(expression, "/values").any(|one| one.as_str() == value);
            match text(expression, "/operator") {
                "In" => value.is_some() && listed(),
                "NotIn" => value.is_none() || !listed(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                // An operator that is not known here must not lead to blame.
                _ => true,
            }
        })
}

/// Whether a selector takes an object.
pub(super) fn selects(selector: &Value, object: &Value) -> bool {
    matches(selector, object.pointer("/metadata/labels"))
}

/// Whether a selector takes everything.
pub(super) fn is_empty(selector: &Value) -> bool {
    items(selector, "/matchExpressions").next().is_none()
        && selector.get("matchLabels").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty)
}

/// A selector in one line, as kubectl prints it.
pub(super) fn words(selector: &Value) -> String {
    let plain = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut parts: Vec<String> =
        plain.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    parts.extend(items(selector, "/matchExpressions").map(|expression| {
        let values: Vec<&str> = items(expression, "/values").filter_map(Value::as_str).collect();
        format!("{} {} ({})", text(expression, "/key"), text(expression, "/operator"), values.join(","))
    }));
    if parts.is_empty() { "everything".to_owned() } else { parts.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operator_counts() {
        let labels = json!({"app": "web", "tier": "front"});
        let holds = |key: &str, operator: &str, values: Value| {
            matches(
                &json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}),
                Some(&labels),
            )
        };
        assert!(holds("app", "In", json!(["web", "api"])) && !holds("app", "In", json!(["api"])));
        assert!(holds("app", "NotIn", json!(["api"])) && !holds("app", "NotIn", json!(["web"])));
        assert!(holds("tier", "Exists", json!([])) && !holds("zone", "Exists", json!([])));
        assert!(holds("zone", "DoesNotExist", json!([])) && holds("zone", "NotIn", json!(["a"])));
        assert!(!holds("zone", "In", json!(["a"])) && matches(&json!({}), None));
        assert!(!matches(&json!({"matchLabels": {"app": "api"}}), Some(&labels)));
    }
}
