//! One field of an object by its path, such as `spec.template.spec.containers[web].image`: reading, setting and
//! removing it, and the `kubectl patch` that does the same.
//!
//! In brackets stand an item of a list, by its name or its number, or a key of a map that has dots in it.

use serde_json::{Map, Value, json};
use std::fmt;

use crate::error::{ErrorKind, Feedback, Result, ToolError};

/// Lists that a strategic merge joins by the names of their items (k8s.io/api, `patchMergeKey=name`).
const JOINED: [&str; 5] = ["containers", "initContainers", "env", "volumes", "imagePullSecrets"];

/// A path to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath(Vec<Step>);

/// One step of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key of a map.
    Key(String),
    /// An item of a list by its name, or a key of a map.
    Named(String),
    /// An item of a list by its number.
    Number(usize),
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if index == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Named(name) => write!(f, "[{name}]")?,
                Step::Number(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    /// `InvalidArguments` when it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = || -> ToolError {
            Feedback::new(ErrorKind::InvalidArguments, format!("{text:?} is no path of a field"))
                .next("write it like spec.minReadySeconds or spec.template.spec.containers[web].image")
                .into()
        };
        let mut steps = Vec::new();
        let mut rest = text.trim().trim_start_matches('.');
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (name, after) = inner.split_once(']').ok_or_else(invalid)?;
                let name = name.trim_matches(['"', '\'']);
                if name.is_empty() || name.contains('[') {
                    return Err(invalid());
                }
                steps.push(name.parse().map_or_else(|_| Step::Named(name.to_owned()), Step::Number));
                rest = after.strip_prefix('.').unwrap_or(after);
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, after) = rest.split_at(end);
                if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_/$".contains(c)) {
                    return Err(invalid());
                }
                steps.push(Step::Key(key.to_owned()));
                rest = after.strip_prefix('.').unwrap_or(after);
                if after == "." {
                    return Err(invalid());
                }
            }
        }
        if matches!(steps.first(), Some(Step::Key(_))) { Ok(Self(steps)) } else { Err(invalid()) }
    }

    /// A path of these steps.
    #[must_use]
    pub const fn of(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The names on the way, for a look at what the path is about.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.0
            .iter()
            .filter_map(|step| match step {
                Step::Key(name) | Step::Named(name) => Some(name.as_str()),
                Step::Number(_) => None,
            })
            .collect()
    }

    /// What stands there.
    #[must_use]
    pub fn get<'o>(&self, object: &'o Value) -> Option<&'o Value> {
        self.0.iter().try_fold(object, |here, step| match (step, here) {
            (Step::Named(name), Value::Array(items)) => items.iter().find(|item| is_named(item, name)),
            (Step::Number(number), Value::Array(items)) => items.get(*number),
            (Step::Number(number), Value::Object(map)) => map.get(&number.to_string()),
            (Step::Key(key) | Step::Named(key), here) => here.get(key.as_str()),
            (Step::Number(_), _) => None,
        })
    }

    /// Sets or removes it; maps on the way are made, items of lists have to be there.
    ///
    /// # Errors
    /// `NotFound` for an item that a list does not have, `InvalidArguments` when a step fits nothing.
    pub fn set(&self, object: &mut Value, value: Option<&Value>) -> Result<()> {
        let Some((last, way)) = self.0.split_last() else { return Ok(()) };
        let mut here = object;
        for step in way {
            if value.is_none() && self.get_step(here, step).is_none() {
                return Ok(());
            }
            here = self.enter(here, step)?;
        }
        if here.is_null() {
            *here = json!({});
        }
        match (last, here) {
            (Step::Key(key) | Step::Named(key), Value::Object(map)) => put(map, key, value),
            (Step::Number(number), Value::Object(map)) => put(map, &number.to_string(), value),
            (Step::Named(name), Value::Array(items)) => {
                let at = items.iter().position(|item| is_named(item, name));
                match (at, value) {
                    (Some(at), Some(value)) => {
                        if let Some(item) = items.get_mut(at) {
                            *item = value.clone();
                        }
                    }
                    (Some(at), None) => {
                        items.remove(at);
                    }
                    (None, None) => {}
                    (None, Some(_)) => return Err(self.no_item(name, items)),
                }
            }
            (Step::Number(number), Value::Array(items)) => match (items.get_mut(*number), value) {
                (Some(item), Some(value)) => *item = value.clone(),
                (Some(_), None) => {
                    items.remove(*number);
                }
                (None, None) => {}
                (None, Some(_)) => return Err(self.no_item(&number.to_string(), items)),
            },
            (_, here) => return Err(self.no_step(last, here)),
        }
        Ok(())
    }

    fn get_step<'o>(&self, here: &'o Value, step: &Step) -> Option<&'o Value> {
        Self(vec![step.clone()]).get(here)
    }

    fn enter<'o>(&self, here: &'o mut Value, step: &Step) -> Result<&'o mut Value> {
        if here.is_null() {
            *here = json!({});
        }
        let problem = match (step, &*here) {
            (Step::Named(name), Value::Array(items)) if !items.iter().any(|item| is_named(item, name)) => {
                Some(self.no_item(name, items))
            }
            (Step::Number(number), Value::Array(items)) if *number >= items.len() => {
                Some(self.no_item(&number.to_string(), items))
            }
            (Step::Key(_), Value::Object(_))
            | (Step::Named(_) | Step::Number(_), Value::Object(_) | Value::Array(_)) => None,
            (step, other) => Some(self.no_step(step, other)),
        };
        if let Some(problem) = problem {
            return Err(problem);
        }
        let missing = || ToolError::Fatal(format!("the path {self} could not be followed"));
        match (step, here) {
            (Step::Named(name), Value::Array(items)) => {
                items.iter_mut().find(|item| is_named(item, name)).ok_or_else(missing)
            }
            (Step::Number(number), Value::Array(items)) => items.get_mut(*number).ok_or_else(missing),
            (Step::Number(number), Value::Object(map)) => {
                Ok(map.entry(number.to_string()).or_insert(Value::Null))
            }
            (Step::Key(key) | Step::Named(key), Value::Object(map)) => {
                Ok(map.entry(key.clone()).or_insert(Value::Null))
            }
            _ => Err(missing()),
        }
    }

    fn no_item(&self, name: &str, items: &[Value]) -> ToolError {
        let names: Vec<String> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned)
            })
            .collect();
        let next = if names.is_empty() {
            "the list is empty; set the whole list instead".to_owned()
        } else {
            format!("its items are {}", names.join(", "))
        };
        Feedback::new(ErrorKind::NotFound, format!("{self}: the list has no item {name:?}"))
            .next(next)
            .candidates(names)
            .into()
    }

    fn no_step(&self, step: &Step, here: &Value) -> ToolError {
        let is = match here {
            Value::Array(_) => "a list: name an item of it in brackets, such as containers[web]",
            Value::Object(_) => "a map",
            _ => "a plain value",
        };
        let at = Self(vec![step.clone()]);
        Feedback::new(ErrorKind::InvalidArguments, format!("{self} leads nowhere: before {at} stands {is}"))
            .next("`kubectl explain` with the kind lists its fields")
            .into()
    }

    /// The type and body of the `kubectl patch` that sets or removes it.
    #[must_use]
    pub fn kubectl_patch(&self, value: Option<&Value>) -> (&'static str, Value) {
        if self.0.iter().any(|step| matches!(step, Step::Named(_))) && self.joins() {
            return ("strategic", self.nested(value));
        }
        let whole = matches!(value, Some(Value::Object(_)));
        if whole || self.0.iter().any(|step| matches!(step, Step::Number(_))) {
            let item = matches!(self.0.last(), Some(Step::Number(_)));
            let pointer: String = self.0.iter().map(pointer).collect();
            let operation = match value {
                None => json!({"op": "remove", "path": pointer}),
                // On a list "add" would make a new item.
                Some(value) if item => json!({"op": "replace", "path": pointer, "value": value}),
                Some(value) => json!({"op": "add", "path": pointer, "value": value}),
            };
            return ("json", json!([operation]));
        }
        ("merge", self.nested(value))
    }

    /// Whether every name in brackets is that of an item of a list that a strategic merge joins by name.
    fn joins(&self) -> bool {
        self.0
            .windows(2)
            .any(|two| matches!(two, [Step::Key(key), Step::Named(_)] if JOINED.contains(&key.as_str())))
    }

    fn nested(&self, value: Option<&Value>) -> Value {
        let strategic = self.joins();
        let key_of = |index: usize| match index.checked_sub(1).and_then(|before| self.0.get(before)) {
            Some(Step::Key(key)) => key.as_str(),
            _ => "",
        };
        let mut patch = match (value, self.0.last()) {
            (None, _) => Value::Null,
            // A strategic merge joins maps and some lists with what is there, unless it is told to replace.
            (Some(Value::Object(map)), _) if strategic => {
                let mut map = map.clone();
                map.insert("$patch".to_owned(), json!("replace"));
                Value::Object(map)
            }
            (Some(Value::Array(items)), Some(Step::Key(key)))
                if strategic && JOINED.contains(&key.as_str()) =>
            {
                let mut items = items.clone();
                items.push(json!({"$patch": "replace"}));
                Value::Array(items)
            }
            (Some(value), _) => value.clone(),
        };
        for (index, step) in self.0.iter().enumerate().rev() {
            patch = match step {
                Step::Named(name) if JOINED.contains(&key_of(index)) => match patch {
                    Value::Null => json!([{"name": name, "$patch": "delete"}]),
                    Value::Object(mut map) => {
                        map.insert("name".to_owned(), json!(name));
                        json!([map])
                    }
                    other => json!([other]),
                },
                Step::Key(key) | Step::Named(key) => json!({key: patch}),
                Step::Number(number) => json!({number.to_string(): patch}),
            };
        }
        patch
    }
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<&Value>) {
    match value {
        Some(value) => {
            map.insert(key.to_owned(), value.clone());
        }
        None => {
            map.shift_remove(key);
        }
    }
}

fn is_named(item: &Value, name: &str) -> bool {
    item.get("name").and_then(Value::as_str) == Some(name)
}

/// A step of a JSON pointer (RFC 6901).
fn pointer(step: &Step) -> String {
    match step {
        Step::Key(key) | Step::Named(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Step::Number(number) => format!("/{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> FieldPath {
        FieldPath::parse(text).unwrap()
    }

    #[test]
    fn paths_are_read_and_written_alike() {
        for text in ["spec.replicas", "spec.containers[web].ports[0].containerPort", "metadata.labels[a.b/c]"]
        {
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(path(".spec.paused").to_string(), "spec.paused");
        assert_eq!(path("metadata.labels[\"a.b\"]").to_string(), "metadata.labels[a.b]");
        for text in ["", ".", "[0]", "spec..x", "spec.", "a b", "spec[", "spec[]", "-x;y"] {
            assert!(FieldPath::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_are_set_where_they_stand() {
        let mut object = json!({"spec": {"containers": [{"name": "web", "image": "a"}, {"name": "proxy"}]}});
        path("spec.containers[proxy].image").set(&mut object, Some(&json!("b"))).unwrap();
        path("spec.containers[0].image").set(&mut object, Some(&json!("c"))).unwrap();
        path("metadata.annotations[x.y]").set(&mut object, Some(&json!("z"))).unwrap();
        assert_eq!(
            object["spec"]["containers"],
            json!([{"name": "web", "image": "c"}, {"name": "proxy", "image": "b"}])
        );
        assert_eq!(object["metadata"], json!({"annotations": {"x.y": "z"}}));
        assert_eq!(path("spec.containers[web].image").get(&object), Some(&json!("c")));
        path("spec.containers[proxy]").set(&mut object, None).unwrap();
        path("spec.none.at.all").set(&mut object, None).unwrap();
        assert_eq!(object["spec"], json!({"containers": [{"name": "web", "image": "c"}]}));
        assert!(path("spec.containers[none].image").set(&mut object, Some(&json!(1))).is_err());
        assert!(path("spec.containers.image").set(&mut object, Some(&json!(1))).is_err());
    }

    #[test]
    fn the_command_does_the_same() {
        let patch = |text: &str, value: Option<Value>| {
            let (kind, body) = path(text).kubectl_patch(value.as_ref());
            format!("{kind} {body}")
        };
        assert_eq!(patch("spec.paused", Some(json!(true))), r#"merge {"spec":{"paused":true}}"#);
        assert_eq!(patch("spec.paused", None), r#"merge {"spec":{"paused":null}}"#);
        assert_eq!(
            patch("metadata.labels[a.b/c]", Some(json!("x"))),
            r#"merge {"metadata":{"labels":{"a.b/c":"x"}}}"#
        );
        assert_eq!(
            patch("spec.containers[web].image", Some(json!("x"))),
            r#"strategic {"spec":{"containers":[{"image":"x","name":"web"}]}}"#
        );
        assert_eq!(
            patch("spec.containers[web].resources", Some(json!({}))),
            r#"strategic {"spec":{"containers":[{"resources":{"$patch":"replace"},"name":"web"}]}}"#
        );
        assert_eq!(
            patch("spec.ports[0].nodePort", Some(json!(30000))),
            r#"json [{"op":"add","path":"/spec/ports/0/nodePort","value":30000}]"#
        );
        assert_eq!(
            patch("spec.selector", Some(json!({"a": "b"}))),
            r#"json [{"op":"add","path":"/spec/selector","value":{"a":"b"}}]"#
        );
    }
}
