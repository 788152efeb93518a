//! What an upgrade changes: the objects of two manifests side by side, what was changed behind Helm's back, and
//! the values it would let go. Pure functions over what was read.

use serde_json::{Map, Value};

use crate::kubernetes::ManifestObject;

/// An object before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair<'a> {
    /// As the live release has it.
    pub old: Option<&'a ManifestObject>,
    /// As the chart makes it now.
    pub new: Option<&'a ManifestObject>,
}

/// The objects of two manifests, matched by group, kind, namespace and name; the new one's order first.
#[must_use]
pub fn pairs<'a>(old: &'a [ManifestObject], new: &'a [ManifestObject], namespace: &'a str) -> Vec<Pair<'a>> {
    let key = |object: &'a ManifestObject| {
        (object.group(), object.kind(), object.namespace().unwrap_or(namespace), object.name())
    };
    let mut all: Vec<Pair<'a>> = new
        .iter()
        .map(|new| Pair { old: old.iter().find(|old| key(old) == key(new)), new: Some(new) })
        .collect();
    let gone = old.iter().filter(|old| !new.iter().any(|new| key(new) == key(old)));
    all.extend(gone.map(|old| Pair { old: Some(old), new: None }));
    all
}

/// The JSON merge patch (RFC 7396) that makes `new` of `old`.
#[must_use]
pub fn merge_patch(old: &Value, new: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return new.clone() };
    let mut patch = Map::new();
    for (key, value) in new {
        match old.get(key) {
            Some(known) if known == value => {}
            Some(known @ Value::Object(_)) => {
                patch.insert(key.clone(), merge_patch(known, value));
            }
            _ => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// What of an object was changed behind Helm's back and is set again by an upgrade: replicas, images and
/// configuration. Only what people change by hand is compared, because the server rewrites much of the rest.
#[must_use]
pub fn drift(old: &Value, live: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let replicas = |object: &Value| object.pointer("/spec/replicas").and_then(Value::as_i64);
    if let (Some(said), Some(now)) = (replicas(old), replicas(live))
        && said != now
    {
        found.push(format!("replicas is {now}, the release says {said}"));
    }
    for (name, said) in images(old) {
        if let Some((_, now)) = images(live).find(|(other, _)| *other == name)
            && now != said
        {
            found.push(format!("the image of {name} is {now}, the release says {said}"));
        }
    }
    // The data of a Secret is written in another form than it is kept in.
    if old.get("kind").and_then(Value::as_str) == Some("ConfigMap") {
        let data =
            |object: &Value| object.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        let now = data(live);
        let changed: Vec<String> = data(old)
            .into_iter()
            .filter(|(key, said)| now.get(key) != Some(said))
            .map(|(key, _)| key)
            .collect();
        if !changed.is_empty() {
            found.push(format!("data changed: {}", changed.join(", ")));
        }
    }
    found
}

fn images(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let containers = object.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    containers
        .into_iter()
        .flatten()
        .filter_map(|container| Some((container.get("name")?.as_str()?, container.get("image")?.as_str()?)))
}

/// The paths of values that the release was given and that are not given again: with any values given, Helm
/// starts again from the chart's own.
#[must_use]
pub fn dropped_values(given_before: &Map<String, Value>, files: &[Value], set: &[String]) -> Vec<String> {
    let mut paths = Vec::new();
    leaves(given_before, "", &mut paths);
    paths.retain(|path| {
        let in_a_file =
            files.iter().any(|file| path.split('.').try_fold(file, |value, part| value.get(part)).is_some());
        let set_now = set.iter().any(|assignment| {
            assignment.split(',').any(|one| one.split('=').next().is_some_and(|key| key == path))
        });
        !in_a_file && !set_now
    });
    paths
}

fn leaves(map: &Map<String, Value>, prefix: &str, paths: &mut Vec<String>) {
    for (key, value) in map {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(inner) if !inner.is_empty() => leaves(inner, &path, paths),
            _ => paths.push(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::parse_rendered;
    use serde_json::json;

    #[test]
    fn objects_are_matched_by_what_they_are() {
        let old = parse_rendered("{apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Secret, metadata: {name: b}}\n").unwrap();
        let new = parse_rendered("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n").unwrap();
        let found: Vec<(bool, bool)> =
            pairs(&old, &new, "shop").iter().map(|pair| (pair.old.is_some(), pair.new.is_some())).collect();
        assert_eq!(found, [(true, true), (false, true), (true, false)]);
    }

    #[test]
    fn a_patch_holds_only_what_changes() {
        let old = json!({"a": {"b": 1, "c": [1]}, "d": 1, "e": 2});
        let new = json!({"a": {"b": 1, "c": [2]}, "e": 2, "f": {"g": 1}});
        assert_eq!(merge_patch(&old, &new), json!({"a": {"c": [2]}, "f": {"g": 1}, "d": null}));
    }

    #[test]
    fn changes_by_hand_are_noticed() {
        let object = |replicas: i64, image: &str| json!({"kind": "Deployment", "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}}});
        assert_eq!(
            drift(&object(2, "a:1"), &object(5, "a:2")),
            ["replicas is 5, the release says 2", "the image of web is a:2, the release says a:1"]
        );
        let config = |value: &str| json!({"kind": "ConfigMap", "data": {"LEVEL": value}});
        assert_eq!(drift(&config("info"), &config("debug")), ["data changed: LEVEL"]);
        assert!(drift(&config("info"), &config("info")).is_empty());
    }

    #[test]
    fn values_that_are_not_given_again_are_dropped() {
        let before = json!({"web": {"replicas": 3, "tag": "1"}, "db": {"on": true}, "x": 1});
        let Value::Object(before) = before else { unreachable!() };
        let files = [json!({"db": {"on": false}})];
        assert_eq!(dropped_values(&before, &files, &["web.tag=2,x=3".to_owned()]), ["web.replicas"]);
    }
}
