//! What may be said of a Secret: its keys and how long their values are, never the values.

use serde_json::Value;

use crate::outcome::Table;

/// The keys of a Secret and the sizes of their values in bytes.
#[must_use]
pub fn secret_keys(object: &Value) -> Table {
    let data = object.get("data").and_then(Value::as_object);
    let rows = data
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let size = value.as_str().map_or(0, decoded_length);
            vec![key.clone(), format!("{size} bytes")]
        })
        .collect();
    Table { columns: vec!["KEY".to_owned(), "SIZE".to_owned()], rows }
}

/// How many bytes a base64 text stands for (RFC 4648, 4): three for each four characters, less the padding.
fn decoded_length(encoded: &str) -> usize {
    encoded.trim_end_matches('=').len() * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sizes_are_those_of_the_values() {
        let secret = json!({"data": {"a": "aHVudGVyMg==", "b": "", "c": "YWJj"}});
        let rows = secret_keys(&secret).rows;
        assert_eq!(rows, [["a", "7 bytes"], ["b", "0 bytes"], ["c", "3 bytes"]]);
    }
}
