//! Argument schemas, cut down to what a grammar needs.

use serde_json::{Map, Value};

/// The values an enumeration allows.
pub(super) fn values_of(schema: &Value) -> Vec<String> {
    let mut values = Vec::new();
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        values.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if let Some(value) = schema.get("const").and_then(Value::as_str) {
        values.push(value.to_owned());
    }
    for key in ["anyOf", "oneOf"] {
        for option in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            values.extend(values_of(option));
        }
    }
    values
}

/// A property's schema as a grammar needs it: no prose, no null (an argument that is not meant is left out),
/// no formats that JSON schema does not define.
pub(super) fn stripped(property: &Value) -> Value {
    let values = values_of(property);
    if !values.is_empty() {
        return serde_json::json!({"type": "string", "enum": values});
    }
    match property {
        Value::Object(map) => {
            let mut kept = Map::new();
            for (key, value) in map {
                match key.as_str() {
                    "description" | "default" | "format" | "title" | "examples" | "$schema" => {}
                    "type" => {
                        let kind = match value {
                            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned(),
                            other => Some(other.clone()),
                        };
                        kept.insert("type".to_owned(), kind.unwrap_or(Value::String("string".to_owned())));
                    }
                    "anyOf" | "oneOf" => {
                        let options: Vec<Value> = value
                            .as_array()
                            .into_iter()
                            .flatten()
                            .filter(|option| option.get("type").is_none_or(|kind| kind != "null"))
                            .map(stripped)
                            .collect();
                        if let [only] = options.as_slice() {
                            return only.clone();
                        }
                        kept.insert("anyOf".to_owned(), Value::Array(options));
                    }
                    "properties" => {
                        let inner = value.as_object().into_iter().flatten();
                        let inner = inner.map(|(name, value)| (name.clone(), stripped(value))).collect();
                        kept.insert(key.clone(), Value::Object(inner));
                    }
                    "items" => {
                        kept.insert(key.clone(), stripped(value));
                    }
                    _ => {
                        kept.insert(key.clone(), value.clone());
                    }
                }
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schemas_keep_what_a_grammar_needs() {
        assert_eq!(
            stripped(
                &json!({"description": "d", "type": ["integer", "null"], "format": "uint32", "minimum": 0})
            ),
            json!({"type": "integer", "minimum": 0})
        );
        assert_eq!(
            stripped(
                &json!({"anyOf": [{"oneOf": [{"const": "cpu", "description": "x"}, {"const": "memory"}]}, {"type": "null"}]})
            ),
            json!({"type": "string", "enum": ["cpu", "memory"]})
        );
    }
}
