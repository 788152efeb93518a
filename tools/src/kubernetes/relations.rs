//! What hangs on an object: the pods of a workload and what is between, the endpoints of a Service, the pods on
//! a node, the pods that use a claim or a configuration, the children of a custom object. As tables of the
//! server's own making.

use futures::future::join_all;
use serde_json::Value;

use crate::error::{ErrorKind, Result, ToolError};
use crate::outcome::Table;

use super::cluster::Cluster;
use super::family::{pod_query, uid};
use super::kinds::KindIndex;
use super::objects::Query;
use super::table::{Row, ServerTable};

/// What hangs on an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relations {
    /// Tables, each under its title.
    pub tables: Vec<(String, Table)>,
    /// The uids of what it owns.
    pub owned: Vec<String>,
    /// What could not be looked at.
    pub notes: Vec<String>,
}

/// Kinds whose pods and ReplicaSets or Jobs are theirs, so that what happens to those happens to them.
#[must_use]
pub fn is_workload(kind: &str) -> bool {
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"]
        .contains(&kind)
}

/// Kinds that a custom object commonly makes.
const CHILDREN: [&str; 6] = ["deployments", "statefulsets", "daemonsets", "jobs", "pods", "services"];

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

impl Relations {
    /// Adds the rows of a table that are kept; nothing when none is. Rows of several namespaces say theirs.
    fn add(&mut self, title: &str, table: &ServerTable, kept: impl Fn(&Row) -> bool) {
        let columns: Vec<usize> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.priority == 0)
            .map(|(index, _)| index)
            .collect();
        let rows: Vec<&Row> = table.rows.iter().filter(|row| kept(row)).collect();
        let Some(first) = rows.first() else { return };
        let namespace = |row: &Row| row.object.metadata.namespace.clone();
        let scattered = rows.iter().any(|row| namespace(row) != namespace(first));
        let leading = |cell: String| scattered.then_some(cell).into_iter();
        let headings = columns.iter().filter_map(|index| table.columns.get(*index));
        let columns_shown = leading("NAMESPACE".to_owned())
            .chain(headings.map(|column| column.name.to_uppercase()))
            .collect();
        let cells = |row: &&Row| {
            leading(namespace(row).unwrap_or_default())
                .chain(columns.iter().map(|index| row.text(*index)))
                .collect()
        };
        let rows = rows.iter().map(cells).collect();
        self.tables.push((title.to_owned(), Table { columns: columns_shown, rows }));
    }
}

impl Cluster {
    /// What hangs on `object`, a whole object with its kind. What may not be listed is noted.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn relations(&self, object: &Value) -> Result<Relations> {
        let found = match text(object, "/kind") {
            "Pod" => Ok(Relations::default()),
            "PersistentVolumeClaim" | "ConfigMap" | "Secret" | "ServiceAccount" => self.used_by(object).await,
            kind if pod_query(object).is_some() => self.pods_and_between(object, kind).await,
            kind if KindIndex::builtin().find(kind).is_none() => self.children(object).await,
            _ => Ok(Relations::default()),
        };
        match found {
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                Ok(Relations { notes: vec![error.to_string()], ..Relations::default() })
            }
            other => other,
        }
    }

    async fn pods_and_between(&self, object: &Value, kind: &str) -> Result<Relations> {
        let query = pod_query(object).unwrap_or_default();
        let namespace = query.namespace.as_deref();
        let pod = self.kind("pods").await?;
        let pods = self.table(&pod, namespace, query.selector.as_deref(), query.fields.as_deref(), None);
        let between = async {
            let (title, word, selector) = match kind {
                "Deployment" => ("ReplicaSets", "replicasets", query.selector.clone()),
                "CronJob" => ("Jobs", "jobs", None),
                "Service" => (
                    "Endpoints",
                    "endpointslices",
                    Some(format!("kubernetes.io/service-name={}", text(object, "/metadata/name"))),
                ),
                _ => return Ok::<_, ToolError>(None),
            };
            let resource = self.kind(word).await?;
            let table = self.table(&resource, namespace, selector.as_deref(), None, None).await?;
            Ok(Some((title, table)))
        };
        let (family, pods, between) = tokio::join!(self.family(object), pods, between);
        let family = family?;
        let uids: Vec<String> = family.uids().map(str::to_owned).collect();
        let ours = |row: &Row| row.object.metadata.uid.as_ref().is_some_and(|uid| uids.contains(uid));
        let mut relations = Relations::default();
        match between {
            Ok(Some((title, table))) => {
                relations.add(title, &table, |row| title == "Endpoints" || ours(row));
            }
            Ok(None) => {}
            Err(error) => relations.notes.push(error.to_string()),
        }
        relations.add("Pods", &pods?, ours);
        relations.owned = uids;
        Ok(relations)
    }

    /// The pods that mount, read or run as this object.
    async fn used_by(&self, object: &Value) -> Result<Relations> {
        let query =
            Query { namespace: Some(text(object, "/metadata/namespace").to_owned()), ..Query::default() };
        let pod = self.kind("pods").await?;
        let (pods, table) = tokio::join!(
            self.objects(&pod, &query),
            self.table(&pod, query.namespace.as_deref(), None, None, None)
        );
        let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
        let users: Vec<String> = pods?
            .iter()
            .filter(|pod| uses(pod, kind, name))
            .filter_map(|pod| uid(pod).map(str::to_owned))
            .collect();
        let mut relations = Relations::default();
        relations.add("Used by pods", &table?, |row| {
            row.object.metadata.uid.as_ref().is_some_and(|uid| users.contains(uid))
        });
        Ok(relations)
    }

    /// What a custom object owns of the common kinds.
    async fn children(&self, object: &Value) -> Result<Relations> {
        let (Some(owner), Some(namespace)) =
            (uid(object), object.pointer("/metadata/namespace").and_then(Value::as_str))
        else {
            return Ok(Relations::default());
        };
        let mut types = Vec::new();
        for word in CHILDREN {
            types.push(self.kind(word).await?);
        }
        let tables =
            join_all(types.iter().map(|resource| self.table(resource, Some(namespace), None, None, None)))
                .await;
        let mut relations = Relations::default();
        for (resource, table) in types.iter().zip(tables) {
            let owned = |row: &Row| {
                row.object.metadata.owner_references.iter().flatten().any(|reference| reference.uid == owner)
            };
            match table {
                Ok(table) => {
                    relations.owned.extend(
                        table
                            .rows
                            .iter()
                            .filter(|row| owned(row))
                            .filter_map(|row| row.object.metadata.uid.clone()),
                    );
                    relations.add(&format!("{}s", resource.kind), &table, owned);
                }
                Err(error) => relations.notes.push(error.to_string()),
            }
        }
        Ok(relations)
    }
}

/// Whether a pod uses an object of that kind and name.
pub(super) fn uses(pod: &Value, kind: &str, name: &str) -> bool {
    let Some(spec) = pod.get("spec") else { return false };
    match kind {
        "ServiceAccount" => text(spec, "/serviceAccountName") == name,
        "PersistentVolumeClaim" => refers(spec, &["persistentVolumeClaim"], "claimName", name),
        "ConfigMap" => refers(spec, &["configMap", "configMapRef", "configMapKeyRef"], "name", name),
        _ => {
            refers(spec, &["secretRef", "secretKeyRef"], "name", name)
                || refers(spec, &["secret"], "secretName", name)
                || refers(spec, &["secret"], "name", name)
                || spec
                    .get("imagePullSecrets")
                    .and_then(Value::as_array)
                    .is_some_and(|list| list.iter().any(|entry| text(entry, "/name") == name))
        }
    }
}

/// Whether one of `fields`, at any depth, has `name` under `key`.
fn refers(value: &Value, fields: &[&str], key: &str, name: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| refers(item, fields, key, name)),
        Value::Object(map) => map.iter().any(|(field, entry)| {
            (fields.contains(&field.as_str()) && entry.get(key).and_then(Value::as_str) == Some(name))
                || refers(entry, fields, key, name)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;
    use serde_json::json;

    #[test]
    fn uses_are_found_wherever_they_stand() {
        let pod = json!({"spec": {"serviceAccountName": "shop", "volumes": [
            {"persistentVolumeClaim": {"claimName": "data"}}, {"projected": {"sources": [{"secret": {"name": "certs"}}]}}],
            "containers": [{"envFrom": [{"configMapRef": {"name": "config"}}],
                "env": [{"valueFrom": {"secretKeyRef": {"name": "keys", "key": "k"}}}]}]}});
        for (kind, name) in [
            ("ServiceAccount", "shop"),
            ("PersistentVolumeClaim", "data"),
            ("ConfigMap", "config"),
            ("Secret", "keys"),
            ("Secret", "certs"),
        ] {
            assert!(uses(&pod, kind, name), "{kind} {name}");
            assert!(!uses(&pod, kind, "other"), "{kind}");
        }
    }

    #[tokio::test]
    async fn children_of_a_custom_object_are_those_it_owns() {
        let cluster = answering(|uri| {
            let row = |name: &str, owner: &str| {
                json!({"cells": [name], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"name": name, "uid": name, "ownerReferences": [{"apiVersion": "v1", "kind": "Widget", "name": "w", "uid": owner}]}}})
            };
            if uri.contains("/statefulsets") {
                json!({"columnDefinitions": [{"name": "Name"}], "rows": [row("mine", "w1"), row("other", "w2")]})
            } else {
                json!({"rows": []})
            }
        });
        let widget = json!({"kind": "Widget", "metadata": {"name": "w", "namespace": "shop", "uid": "w1"}});
        let relations = cluster.relations(&widget).await.unwrap();
        assert_eq!(relations.owned, ["mine"]);
        assert_eq!(relations.tables[0].0, "StatefulSets");
        assert_eq!(relations.tables[0].1.rows, [["mine"]]);
    }
}
