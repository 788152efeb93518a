//! Labels and annotations: the same change at two places of an object's metadata.

use serde_json::{Map, Value, json};

use crate::error::{ErrorKind, Feedback, Result};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markings {
    /// Labels, by which objects are selected.
    Labels,
    /// Annotations, which say something about an object.
    Annotations,
}

/// Longest part of a key before or after its slash, and longest label value (k8s.io/apimachinery, validation).
const LONGEST: usize = 63;

impl Markings {
    /// The field of the metadata.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }

    /// One of them, in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Labels => "label",
            Self::Annotations => "annotation",
        }
    }

    /// Refuses pairs and keys that no object can have.
    ///
    /// # Errors
    /// `InvalidArguments` with what a key or value may be.
    pub fn check(self, pairs: &[String], remove: &[String]) -> Result<()> {
        let word = self.word();
        let invalid = |message: String, next: &str| {
            Err(Feedback::new(ErrorKind::InvalidArguments, message).next(next).into())
        };
        if pairs.is_empty() && remove.is_empty() {
            return invalid(
                format!("which {word} is not said"),
                "say it as key=value, or which one to remove",
            );
        }
        for pair in pairs {
            let Some((key, value)) = pair.split_once('=') else {
                return invalid(format!("{pair:?} is no {word}"), "write it as key=value");
            };
            if !is_key(key) {
                return invalid(
                    format!("{key:?} cannot be the key of a {word}"),
                    "keys are letters, digits, dashes, dots and underscores, such as team or example.com/team",
                );
            }
            if self == Self::Labels && !is_label_value(value) {
                return invalid(
                    format!("{value:?} cannot be the value of a label"),
                    "label values are at most 63 letters, digits, dashes, dots and underscores; an annotation takes any text",
                );
            }
        }
        for key in remove {
            if !is_key(key) {
                return invalid(format!("{key:?} cannot be the key of a {word}"), "name it without a value");
            }
            if pairs.iter().any(|pair| pair.split_once('=').is_some_and(|(other, _)| other == key)) {
                return invalid(format!("{key} cannot be set and removed at once"), "leave one of them out");
            }
        }
        Ok(())
    }

    /// Sets and removes them on an object.
    pub fn change(self, object: &mut Value, pairs: &[String], remove: &[String]) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        let mut map = match metadata.get(self.field()) {
            Some(Value::Object(map)) => map.clone(),
            _ => Map::new(),
        };
        for (key, value) in pairs.iter().filter_map(|pair| pair.split_once('=')) {
            map.insert(key.to_owned(), json!(value));
        }
        for key in remove {
            map.shift_remove(key);
        }
        if map.is_empty() {
            metadata.shift_remove(self.field());
        } else {
            metadata.insert(self.field().to_owned(), Value::Object(map));
        }
    }

    /// What an object has of those that would change: pairs to set again, and keys to remove again.
    #[must_use]
    pub fn before(self, object: &Value, pairs: &[String], remove: &[String]) -> (Vec<String>, Vec<String>) {
        let map = object.get("metadata").and_then(|metadata| metadata.get(self.field()));
        let now = |key: &str| map.and_then(|map| map.get(key)).and_then(Value::as_str);
        let (mut set, mut absent) = (Vec::new(), Vec::new());
        let keys = pairs.iter().filter_map(|pair| pair.split_once('=')).map(|(key, _)| key);
        for key in keys.clone() {
            match now(key) {
                Some(value) => set.push(format!("{key}={value}")),
                None => absent.push(key.to_owned()),
            }
        }
        for key in remove {
            if let Some(value) = now(key) {
                set.push(format!("{key}={value}"));
            }
        }
        (set, absent)
    }

    /// What would happen, in one sentence about the object called `label`.
    #[must_use]
    pub fn summary(self, label: &str, object: &Value, pairs: &[String], remove: &[String]) -> String {
        let map = object.get("metadata").and_then(|metadata| metadata.get(self.field()));
        let now = |key: &str| map.and_then(|map| map.get(key)).and_then(Value::as_str);
        let mut parts = Vec::new();
        for (key, value) in pairs.iter().filter_map(|pair| pair.split_once('=')) {
            match now(key) {
                Some(old) if old == value => {}
                Some(old) => parts.push(format!("{key} goes from {old} to {value}")),
                None => parts.push(format!("gets {key}={value}")),
            }
        }
        for key in remove {
            if let Some(old) = now(key) {
                parts.push(format!("loses {key} (it is {old})"));
            }
        }
        if parts.is_empty() {
            format!("{label} has its {} that way already", self.field())
        } else {
            format!("{} of {label}: {}", self.field(), parts.join(", "))
        }
    }
}

/// Whether a text can be a key: an optional DNS prefix and a slash, then a name.
fn is_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let dns = |prefix: &str| {
        !prefix.is_empty()
            && prefix.len() <= 253
            && prefix.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && prefix.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
    };
    prefix.is_none_or(dns) && !name.is_empty() && is_label_value(name)
}

fn is_label_value(value: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= LONGEST
        && ends(value.chars().next())
        && ends(value.chars().next_back())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn keys_and_values_are_what_the_server_takes() {
        for pair in ["team=web", "example.com/team=a.b_c-d", "x="] {
            assert!(Markings::Labels.check(&texts(&[pair]), &[]).is_ok(), "{pair}");
        }
        for pair in ["team", "=web", "-l=x", "a/b/c=d", "team=two words", "team=-x", "Ex.com/a=b"] {
            assert!(Markings::Labels.check(&texts(&[pair]), &[]).is_err(), "{pair}");
        }
        assert!(Markings::Annotations.check(&texts(&["note=two words"]), &[]).is_ok());
        assert!(Markings::Labels.check(&texts(&["a=b"]), &texts(&["a"])).is_err());
        assert!(Markings::Labels.check(&[], &[]).is_err());
    }

    #[test]
    fn the_way_back_is_what_was_there() {
        let mut object = json!({"metadata": {"labels": {"a": "1", "b": "2"}}});
        let (pairs, remove) = (texts(&["a=3", "c=4"]), texts(&["b", "none"]));
        let (set, absent) = Markings::Labels.before(&object, &pairs, &remove);
        assert_eq!((set.clone(), absent.clone()), (texts(&["a=1", "b=2"]), texts(&["c"])));
        let whole = object.clone();
        Markings::Labels.change(&mut object, &pairs, &remove);
        assert_eq!(object["metadata"]["labels"], json!({"a": "3", "c": "4"}));
        Markings::Labels.change(&mut object, &set, &absent);
        assert_eq!(object, whole);
        Markings::Labels.change(&mut object, &[], &texts(&["a", "b"]));
        assert_eq!(object["metadata"].get("labels"), None);
    }

    #[test]
    fn a_sentence_says_what_changes() {
        let object = json!({"metadata": {"labels": {"a": "1", "b": "2"}}});
        let said = Markings::Labels.summary("Pod x", &object, &texts(&["a=3", "c=4"]), &texts(&["b"]));
        assert_eq!(said, "labels of Pod x: a goes from 1 to 3, gets c=4, loses b (it is 2)");
        let same = Markings::Labels.summary("Pod x", &object, &texts(&["a=1"]), &texts(&["z"]));
        assert_eq!(same, "Pod x has its labels that way already");
    }
}
