//! The server's own tables: the columns and cells that kubectl prints, asked for instead of imitated, so
//! custom resources have theirs too, and a list needs a tenth of the bytes.

use http::{Request, header::ACCEPT};
use kube::api::DynamicObject;
use kube::core::metadata::PartialObjectMeta;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;

use crate::error::{Result, ToolError};

use super::cluster::Cluster;
use super::kinds::ResourceType;
use super::names::check_namespace;

/// Objects asked for at once; kubectl's default chunk size.
const PAGE: usize = 500;

/// A table as the API server makes it (`meta.k8s.io/v1` Table).
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ServerTable {
    /// The columns.
    #[serde(rename = "columnDefinitions", default)]
    pub columns: Vec<ColumnDefinition>,
    /// The rows.
    #[serde(default)]
    pub rows: Vec<Row>,
    #[serde(default)]
    metadata: ListMetadata,
    /// What a server that makes no tables (some aggregated APIs) answers instead.
    #[serde(default)]
    items: Vec<PartialObjectMeta<DynamicObject>>,
}

/// One column of a server's table.
#[derive(Debug, Clone, Deserialize)]
pub struct ColumnDefinition {
    /// Its heading, such as `Ready`.
    pub name: String,
    /// 0 is always shown, more is for wide output.
    #[serde(default)]
    pub priority: i32,
}

/// One row of a server's table.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// Cells, one a column.
    pub cells: Vec<Value>,
    /// The object's metadata.
    pub object: PartialObjectMeta<DynamicObject>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct ListMetadata {
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

impl Row {
    /// A cell as text.
    #[must_use]
    pub fn text(&self, column: usize) -> String {
        match self.cells.get(column) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => "<none>".to_owned(),
            Some(other) => other.to_string(),
        }
    }
}

impl ServerTable {
    /// Adds plain objects as rows, with the one column that every object can fill.
    fn list(&mut self, items: Vec<PartialObjectMeta<DynamicObject>>) {
        if self.columns.is_empty() && !items.is_empty() {
            self.columns = vec![ColumnDefinition { name: "Name".to_owned(), priority: 0 }];
        }
        self.rows.extend(items.into_iter().map(|object| Row {
            cells: vec![object.metadata.name.clone().unwrap_or_default().into()],
            object,
        }));
    }

    /// The index of the column with that heading, in any case.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }
}

impl Cluster {
    /// Lists objects as the server's table, page by page; `limit` ends early.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn table(
        &self,
        resource: &ResourceType,
        namespace: Option<&str>,
        label_selector: Option<&str>,
        field_selector: Option<&str>,
        limit: Option<usize>,
    ) -> Result<ServerTable> {
        check_namespace(namespace)?;
        let doing = match namespace.filter(|_| resource.namespaced) {
            Some(namespace) => format!("list {} in {namespace}", resource.plural),
            None => format!("list {}", resource.plural),
        };
        let mut whole = ServerTable::default();
        let mut next: Option<String> = None;
        loop {
            let mut uri = format!(
                "{}?limit={}",
                resource.path(namespace),
                limit.map_or(PAGE, |limit| limit.clamp(1, PAGE))
            );
            for (name, value) in [
                ("labelSelector", label_selector),
                ("fieldSelector", field_selector),
                ("continue", next.as_deref()),
            ] {
                if let Some(value) = value {
                    // Writing to a String cannot fail.
                    let _written = write!(uri, "&{name}={}", percent_encode(value));
                }
            }
            let request = Request::get(uri)
                .header(ACCEPT, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
                .body(Vec::new())
                .map_err(|error| ToolError::Fatal(format!("could not {doing}: {error}")))?;
            let page: ServerTable = self.ask(&doing, self.client().request(request)).await?;
            if page.columns.is_empty() {
                whole.list(page.items);
            }
            if whole.columns.is_empty() {
                whole.columns = page.columns;
            }
            whole.rows.extend(page.rows);
            next = page.metadata.next.filter(|token| !token.is_empty());
            if next.is_none() || limit.is_some_and(|limit| whole.rows.len() >= limit) {
                return Ok(whole);
            }
        }
    }
}

/// Encodes a query value; everything but unreserved characters (RFC 3986, 2.3).
pub(super) fn percent_encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
