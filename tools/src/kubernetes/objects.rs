//! Whole objects of a type, read page by page, for tools that look inside them. Where only what kubectl prints
//! is wanted, [`Cluster::table`] needs a tenth of the bytes.

use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Result, ToolError};

use super::cluster::Cluster;
use super::kinds::ResourceType;
use super::names::check_namespace;

/// Objects asked for at once; kubectl's default chunk size.
const PAGE: u32 = 500;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

/// Which objects of a type are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Where; everywhere when there is none.
    pub namespace: Option<String>,
    /// A label selector.
    pub selector: Option<String>,
    /// A field selector.
    pub fields: Option<String>,
}

impl Cluster {
    /// All objects of a type that `query` wants, each with its kind, which lists leave out.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn objects(&self, resource: &ResourceType, query: &Query) -> Result<Vec<Value>> {
        let namespace = query.namespace.as_deref().filter(|_| resource.namespaced);
        check_namespace(namespace)?;
        let doing = match namespace {
            Some(namespace) => format!("list {} in {namespace}", resource.plural),
            None => format!("list {}", resource.plural),
        };
        let mut parameters = ListParams {
            label_selector: query.selector.clone(),
            field_selector: query.fields.clone(),
            limit: Some(PAGE),
            ..ListParams::default()
        };
        let mut found = Vec::new();
        loop {
            let request = Request::new(resource.path(namespace))
                .list(&parameters)
                .map_err(|error| ToolError::Fatal(format!("could not {doing}: {error}")))?;
            let page: Page = self.ask(&doing, self.client().request(request)).await?;
            found.extend(page.items);
            match page.metadata.next.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => break,
            }
        }
        for object in found.iter_mut().filter_map(Value::as_object_mut) {
            object.entry("kind").or_insert_with(|| resource.kind.clone().into());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{KindIndex, mock::answering};
    use serde_json::json;

    #[tokio::test]
    async fn pages_are_joined_and_kinds_filled_in() {
        let cluster = answering(|uri| {
            assert!(uri.starts_with("/api/v1/namespaces/shop/pods?"), "{uri}");
            assert!(uri.contains("labelSelector=app%3Dweb"), "{uri}");
            if uri.contains("continue=more") {
                json!({"metadata": {}, "items": [{"metadata": {"name": "b"}}]})
            } else {
                json!({"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]})
            }
        });
        let query =
            Query { namespace: Some("shop".into()), selector: Some("app=web".into()), ..Query::default() };
        let kinds = KindIndex::builtin();
        let found = cluster.objects(kinds.find("pods").unwrap(), &query).await.unwrap();
        let names: Vec<&Value> = found.iter().map(|object| &object["metadata"]["name"]).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(found[0]["kind"], "Pod");
    }
}
