//! Who is there: names, labels and owners of objects, read as metadata only, for grounding and completion.

use kube::api::ListParams;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{ErrorKind, Result};

use super::cluster::Cluster;
use super::kinds::ResourceType;

/// Translating and grounding one request ask for the namespaces several times; a person who just made one
/// expects it to be known.
const NAMESPACES_FRESH: Duration = Duration::from_secs(2);

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
    /// The names of all namespaces, read once in a few seconds; `None` when this user may not list them.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn namespaces(&self) -> Result<Option<Arc<[String]>>> {
        let mut known = self.namespaces.lock().await;
        if let Some((read, names)) = known.as_ref()
            && read.elapsed() < NAMESPACES_FRESH
        {
            return Ok(names.clone());
        }
        let resource = self.kind("namespaces").await?;
        let names = match self.identities(&resource, None).await {
            Ok(found) => Some(found.into_iter().map(|namespace| namespace.name).collect()),
            Err(error) if error.kind() == ErrorKind::Forbidden => None,
            Err(error) => return Err(error),
        };
        *known = Some((Instant::now(), names.clone()));
        Ok(names)
    }

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
