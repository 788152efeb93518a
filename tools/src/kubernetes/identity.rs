//! Who is there: names, labels and owners of objects, read as metadata only, for grounding and completion.

use kube::api::ListParams;
use std::collections::BTreeMap;

use crate::error::Result;

use super::cluster::Cluster;
use super::kinds::ResourceType;

/// An object, as far as finding it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its type's singular name, such as `deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether another object controls it (a pod of a ReplicaSet).
    pub controlled: bool,
}

impl Cluster {
    /// The identities of all objects of a type, in `namespace`, or in all.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn identities(
        &self,
        resource: &ResourceType,
        namespace: Option<&str>,
    ) -> Result<Vec<Identity>> {
        let api = self.api(resource, namespace);
        let mut found = Vec::new();
        let mut parameters = ListParams::default().limit(1000);
        loop {
            let page = self.ask(&format!("list {}", resource.plural), api.list_metadata(&parameters)).await?;
            found.extend(page.items.into_iter().map(|object| {
                Identity {
                    kind: resource.singular.clone(),
                    controlled: object
                        .metadata
                        .owner_references
                        .iter()
                        .flatten()
                        .any(|owner| owner.controller == Some(true)),
                    name: object.metadata.name.unwrap_or_default(),
                    namespace: object.metadata.namespace,
                    labels: object.metadata.labels.unwrap_or_default(),
                }
            }));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => return Ok(found),
            }
        }
    }
}
