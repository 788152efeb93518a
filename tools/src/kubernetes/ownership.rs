//! Who else keeps an object, so that a change that would not last is said before it is made: a Helm release,
//! a GitOps controller or an owner. Read from the object's own labels, annotations and owner references.

use serde_json::Value;

/// The owner reference of the one owner that controls an object, if any.
#[must_use]
pub fn controlling_owner(object: &Value) -> Option<&Value> {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array)?;
    owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))
}

/// Warnings for a change of `field` (a path such as `spec.replicas`) of `object`.
#[must_use]
pub fn ownership_warnings(object: &Value, field: &str) -> Vec<String> {
    let label = |key: &str| {
        object.pointer("/metadata/labels").and_then(|labels| labels.get(key)).and_then(Value::as_str)
    };
    let annotation = |key: &str| {
        object.pointer("/metadata/annotations").and_then(|notes| notes.get(key)).and_then(Value::as_str)
    };
    let mut warnings = Vec::new();
    if label("app.kubernetes.io/managed-by") == Some("Helm") {
        let release = annotation("meta.helm.sh/release-name").unwrap_or("unknown");
        warnings.push(format!("kept by Helm release {release}: its next upgrade sets {field} again"));
    }
    if label("argocd.argoproj.io/instance").is_some()
        || annotation("argocd.argoproj.io/tracking-id").is_some()
    {
        warnings.push(format!("kept by Argo CD: its next sync may set {field} again"));
    }
    if label("kustomize.toolkit.fluxcd.io/name").is_some() || label("helm.toolkit.fluxcd.io/name").is_some() {
        warnings.push(format!("kept by Flux: its next reconciliation may set {field} again"));
    }
    if let Some(owner) = controlling_owner(object) {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        warnings.push(format!(
            "controlled by {} {}, which may set {field} again",
            text("kind"),
            text("name")
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_release_is_named() {
        let object = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": {"meta.helm.sh/release-name": "shop"}}});
        assert_eq!(
            ownership_warnings(&object, "spec.replicas"),
            ["kept by Helm release shop: its next upgrade sets spec.replicas again"]
        );
        assert!(ownership_warnings(&json!({"metadata": {}}), "spec.replicas").is_empty());
    }
}
