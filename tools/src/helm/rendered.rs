//! What Helm would make or has made of a chart, and how it differs from what is there.

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Result, ToolError};
use crate::kubernetes::{ManifestObject, difference};
use crate::preview::{Action, ObjectChange, ObjectIdentity};

/// What Helm would make or has made of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The revision.
    pub revision: u64,
    /// The chart's name and version.
    pub chart: String,
    /// The objects, as YAML; hooks are not among them.
    pub manifest: String,
    /// What the chart's author says after it.
    pub notes: String,
}

#[derive(Deserialize)]
struct Printed {
    #[serde(rename = "version", default)]
    revision: u64,
    #[serde(default)]
    manifest: String,
    #[serde(default)]
    info: Value,
    #[serde(default)]
    chart: Value,
}

impl Rendered {
    /// Reads what `helm upgrade --output=json` prints.
    ///
    /// # Errors
    /// Fatal when it is something else.
    pub fn parse(stdout: &str) -> Result<Self> {
        // Charts can print before the JSON begins (deprecation notes of plugins do).
        let start = stdout.find('{').unwrap_or_default();
        let printed: Printed =
            serde_json::from_str(stdout.get(start..).unwrap_or_default()).map_err(|error| {
                ToolError::Fatal(format!("helm printed something else than a release: {error}"))
            })?;
        let text = |value: &Value, path: &str| {
            value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let name = text(&printed.chart, "/metadata/name");
        let version = text(&printed.chart, "/metadata/version");
        Ok(Self {
            revision: printed.revision,
            chart: if name.is_empty() { "the chart".to_owned() } else { format!("{name} {version}") },
            manifest: printed.manifest,
            notes: text(&printed.info, "/notes"),
        })
    }
}

/// What changes from one manifest to another, object by object, in the order of the new one; what is gone
/// comes last.
#[must_use]
pub fn manifest_changes(
    before: &[ManifestObject],
    after: &[ManifestObject],
    namespace: &str,
) -> Vec<ObjectChange> {
    let same = |one: &ManifestObject, other: &ManifestObject| {
        one.kind() == other.kind()
            && one.group() == other.group()
            && one.name() == other.name()
            && one.namespace().unwrap_or(namespace) == other.namespace().unwrap_or(namespace)
    };
    let identity = |object: &ManifestObject| ObjectIdentity {
        kind: object.kind().to_owned(),
        name: object.name().to_owned(),
        namespace: Some(object.namespace().unwrap_or(namespace).to_owned()),
        ..ObjectIdentity::default()
    };
    let mut changes: Vec<ObjectChange> = after
        .iter()
        .map(|new| {
            let old = before.iter().find(|old| same(old, new));
            // The shown difference masks secrets; whether anything differs is asked of the objects themselves.
            let action = match old {
                None => Action::Create,
                Some(old) if old.object == new.object => Action::Unchanged,
                Some(_) => Action::Update,
            };
            let difference = match old {
                // A whole new object says little that its name does not; the chart holds the rest.
                None => String::new(),
                Some(old) => difference(Some(&old.object), Some(&new.object)),
            };
            ObjectChange { object: identity(new), action, difference }
        })
        .collect();
    changes.extend(before.iter().filter(|old| !after.iter().any(|new| same(old, new))).map(|gone| {
        ObjectChange { object: identity(gone), action: Action::Delete, difference: String::new() }
    }));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::parse_manifest;

    #[test]
    fn only_what_changed_is_an_update() {
        let one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: old}\n";
        let two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {x: '2'}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: new}\n";
        let changes = manifest_changes(
            &parse_manifest(one, "one").unwrap(),
            &parse_manifest(two, "two").unwrap(),
            "shop",
        );
        let seen: Vec<_> =
            changes.iter().map(|change| (change.action, change.object.name.as_str())).collect();
        assert_eq!(seen, [(Action::Update, "a"), (Action::Create, "new"), (Action::Delete, "old")]);
        assert!(changes.first().unwrap().difference.contains("+   x: \"2\""), "{changes:?}");
    }

    #[test]
    fn what_helm_prints_is_read() {
        let text = r#"{"name":"shop","info":{"status":"deployed","notes":"hello"},"chart":{"metadata":{"name":"shop","version":"1.0.0"}},"manifest":"---\n","version":3}"#;
        let rendered = Rendered::parse(text).unwrap();
        assert_eq!(
            (rendered.revision, rendered.chart.as_str(), rendered.notes.as_str()),
            (3, "shop 1.0.0", "hello")
        );
        assert!(Rendered::parse("Error: no").is_err());
    }
}
