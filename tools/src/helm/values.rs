//! The values of a release as they may be shown: what is secret by its name, or by the name of what holds it,
//! is masked. Charts keep passwords in values, and nothing else tells them from a port.

use serde_json::{Map, Value};

use crate::gate::{MASK, is_sensitive_name};

/// Masks every value that is secret by its name or by the name of a map above it. Switches stay, because
/// `enabled: true` below `secret` is no secret.
pub fn mask_values(values: &mut Map<String, Value>) {
    for (name, value) in values.iter_mut() {
        mask(value, holds_secrets(name));
    }
}

fn mask(value: &mut Value, secret: bool) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                mask(inner, (secret && !is_reference(name)) || holds_secrets(name));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, secret)),
        Value::String(text) if secret && !text.is_empty() => MASK.clone_into(text),
        Value::Number(_) if secret => *value = Value::String(MASK.to_owned()),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether a key, written in any of the usual ways, says that what is below it is secret.
fn holds_secrets(name: &str) -> bool {
    let name = with_underscores(name);
    if is_reference(&name) {
        return false;
    }
    let singular = name.strip_suffix('s').unwrap_or(&name);
    is_sensitive_name(&name) || is_sensitive_name(singular)
}

/// A key that names a Secret and holds none, such as `existingSecret` or `imagePullSecrets`.
fn is_reference(name: &str) -> bool {
    let name = with_underscores(name);
    ["_name", "_ref", "_key_name"].iter().any(|end| name.ends_with(end))
        || name == "name"
        || name.starts_with("existing_")
        || name.ends_with("pull_secrets")
        || name.ends_with("pull_secret")
}

/// `databaseUrl` as `database_url`.
fn with_underscores(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut previous_is_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && previous_is_lower {
            text.push('_');
        }
        previous_is_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        text.push(if c == '-' || c == '.' { '_' } else { c.to_ascii_lowercase() });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_secret_by_its_name_or_its_place_is_masked_and_nothing_else() {
        let Value::Object(mut values) = json!({
            "secrets": {"databaseUrl": "postgres://x", "betterAuth": "abc", "create": true, "name": "todo"},
            "auth": {"adminPassword": "p", "user": "admin", "existingSecret": "web-auth"},
            "redis": {"pass_word": "kept", "tokens": ["a", "b"], "port": 6379, "databaseURL": "redis://x"},
            "imagePullSecrets": [{"name": "registry"}],
            "api": {"apiKey": 12345, "secretName": "web"},
        }) else {
            unreachable!()
        };
        mask_values(&mut values);
        let expected = json!({
            "secrets": {"databaseUrl": MASK, "betterAuth": MASK, "create": true, "name": "todo"},
            "auth": {"adminPassword": MASK, "user": "admin", "existingSecret": "web-auth"},
            "redis": {"pass_word": "kept", "tokens": [MASK, MASK], "port": 6379, "databaseURL": MASK},
            "imagePullSecrets": [{"name": "registry"}],
            "api": {"apiKey": MASK, "secretName": "web"},
        });
        assert_eq!(Value::Object(values), expected);
    }
}
