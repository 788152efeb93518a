//! Decodes lists as they arrive without what no check reads, which is most of every object: it is skipped in
//! the text and never becomes memory. Values of variables and the data of Secrets and ConfigMaps are among what
//! is skipped, so a report cannot tell them.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Annotations that a check reads; all others are thrown away.
const ANNOTATIONS: [&str; 7] = [
    "kubernetes.io/ingress.class",
    "ingressclass.kubernetes.io/is-default-class",
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
    "volume.kubernetes.io/selected-node",
    "cert-manager.io/issuer",
    "cert-manager.io/cluster-issuer",
];

/// Fields of a container that a check reads.
const CONTAINER: [&str; 12] = [
    "name",
    "image",
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "env",
    "envFrom",
    "resources",
    "restartPolicy",
    "volumeMounts",
    "volumeDevices",
];

/// A page of a list.
pub(super) struct Page {
    /// Its objects.
    pub objects: Vec<Value>,
    /// What the next page is asked for with; empty at the end.
    pub next: String,
}

/// Decodes a page.
///
/// # Errors
/// Text that is no JSON.
pub(super) fn page(text: &str) -> serde_json::Result<Page> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut list = Pruned { under: "" }.deserialize(&mut deserializer)?;
    let next = super::field::text(&list, "/metadata/continue").to_owned();
    let objects = match list.get_mut("items").map(Value::take) {
        Some(Value::Array(objects)) => objects,
        _ => Vec::new(),
    };
    Ok(Page { objects, next })
}

/// Whether the field `key` of what stands under `under` is kept.
fn is_kept(under: &str, key: &str) -> bool {
    match under {
        "annotations" => ANNOTATIONS.contains(&key),
        "containers" | "initContainers" => CONTAINER.contains(&key),
        "env" => key != "value",
        "volumeMounts" | "volumeDevices" => key == "name",
        "metadata" => !matches!(key, "managedFields" | "selfLink" | "generateName" | "resourceVersion"),
        "data" | "stringData" | "binaryData" => false,
        "clientConfig" => key != "caBundle",
        "spec" => !matches!(
            key,
            "affinity"
                | "securityContext"
                | "topologySpreadConstraints"
                | "dnsConfig"
                | "dnsPolicy"
                | "schedulerName"
                | "enableServiceLinks"
                | "hostAliases"
                | "preemptionPolicy"
                | "ephemeralContainers"
                | "caBundle"
        ),
        "status" => !matches!(
            key,
            "images"
                | "nodeInfo"
                | "volumesInUse"
                | "volumesAttached"
                | "podIPs"
                | "hostIPs"
                | "daemonEndpoints"
        ),
        "containerStatuses" | "initContainerStatuses" => !matches!(
            key,
            "imageID" | "containerID" | "volumeMounts" | "user" | "allocatedResources" | "resources"
        ),
        "running" | "terminated" => key != "containerID",
        _ => true,
    }
}

/// Decodes a value; items of an array stand under the array's own key.
#[derive(Clone, Copy)]
struct Pruned<'a> {
    under: &'a str,
}

impl<'de> DeserializeSeed<'de> for Pruned<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pruned<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if is_kept(self.under, &key) {
                let value = entries.next_value_seed(Pruned { under: &key })?;
                // A field without a value tells what an absent one tells.
                if !value.is_null() {
                    all.insert(key, value);
                }
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_read_is_kept_and_no_value_of_a_variable_or_a_secret() {
        let text = json!({"metadata": {"continue": "next"}, "items": [{
            "metadata": {"name": "p", "managedFields": [{"a": 1}],
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "long", "kubernetes.io/ingress.class": "x"}},
            "spec": {"affinity": {}, "containers": [{"name": "main", "command": ["x"],
                "env": [{"name": "PASSWORD", "value": "hunter2"}, {"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]}]},
            "data": {"tls.crt": "public", "tls.key": "private"}}]})
        .to_string();
        let page = page(&text).unwrap();
        assert_eq!(page.next, "next");
        assert_eq!(
            page.objects,
            [json!({
                "metadata": {"name": "p", "annotations": {"kubernetes.io/ingress.class": "x"}},
                "spec": {"containers": [{"name": "main",
                    "env": [{"name": "PASSWORD"}, {"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]}]},
                "data": {}})]
        );
        assert!(super::page("<html>").is_err());
    }
}
