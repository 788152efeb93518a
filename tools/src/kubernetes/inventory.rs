//! Everything there is in a namespace (or in all), as metadata only, and what goes when some of it goes: the
//! rule of Kubernetes' garbage collector, that an object goes when all its owners are gone.

use futures::StreamExt as _;
use kube::api::ListParams;
use std::collections::{BTreeMap, BTreeSet};

use crate::error::{ErrorKind, Result};

use super::cluster::Cluster;
use super::kinds::ResourceType;

/// Lists under way at once.
const AT_ONCE: usize = 12;

/// An object, as far as what hangs on it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its kind, such as `Pod`.
    pub kind: String,
    /// The word that names its type, such as `deployments.apps`.
    pub word: String,
    /// Its name.
    pub name: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its uid.
    pub uid: String,
    /// The uids of its owners.
    pub owners: Vec<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// Everything there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The objects.
    pub items: Vec<Item>,
    /// Kinds that could not be listed.
    pub unread: Vec<String>,
}

impl Inventory {
    /// The objects that go when those with the uids `gone` go, without those themselves.
    #[must_use]
    pub fn goes_with(&self, gone: &[&str]) -> Vec<&Item> {
        let mut set: BTreeSet<&str> = gone.iter().copied().collect();
        let mut found: Vec<&Item> = Vec::new();
        loop {
            let before = found.len();
            for item in &self.items {
                let follows = !item.owners.is_empty()
                    && !set.contains(item.uid.as_str())
                    && item.owners.iter().all(|owner| set.contains(owner.as_str()));
                if follows {
                    set.insert(&item.uid);
                    found.push(item);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// How many there are of each kind, in words, most first: `3 Pods, 1 Service`.
    #[must_use]
    pub fn counts<'a>(items: impl IntoIterator<Item = &'a Item>) -> String {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for item in items {
            *kinds.entry(&item.kind).or_default() += 1;
        }
        let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let said: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        said.join(", ")
    }
}

impl Cluster {
    /// Everything in `namespace`, or in all of them, but events and figures. What this user may not list is
    /// named instead.
    ///
    /// # Errors
    /// As [`Cluster::ask`], when the cluster does not answer.
    pub async fn inventory(&self, namespace: Option<&str>) -> Result<Inventory> {
        let kinds = self.discover_kinds().await?;
        let mut lists = Vec::new();
        for resource in kinds.types().iter().filter(|resource| {
            resource.namespaced && resource.plural != "events" && resource.group != "metrics.k8s.io"
        }) {
            lists.push(self.items(resource, namespace));
        }
        let answers: Vec<_> = futures::stream::iter(lists).buffer_unordered(AT_ONCE).collect().await;
        let mut found = Inventory::default();
        let mut seen = BTreeSet::new();
        for (kind, answer) in answers {
            match answer {
                // One object can be listed under two groups.
                Ok(items) => {
                    let fresh = items.into_iter().filter(|item| seen.insert(item.uid.clone()));
                    found.items.extend(fresh);
                }
                Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::TimedOut) => {
                    return Err(error);
                }
                // Some kinds can be read one by one only.
                Err(error) if error.kind() == ErrorKind::Forbidden => found.unread.push(kind),
                Err(_) => {}
            }
        }
        found.items.sort_by(|one, other| (&one.kind, &one.name).cmp(&(&other.kind, &other.name)));
        found.unread.sort();
        Ok(found)
    }

    async fn items(&self, resource: &ResourceType, namespace: Option<&str>) -> (String, Result<Vec<Item>>) {
        let api = self.api(resource, namespace);
        let mut parameters = ListParams::default().limit(500);
        let mut found = Vec::new();
        loop {
            let doing = format!("list {}", resource.plural);
            let page = match self.ask(&doing, api.list_metadata(&parameters)).await {
                Ok(page) => page,
                Err(error) => return (resource.kind.clone(), Err(error)),
            };
            found.extend(page.items.into_iter().map(|object| {
                let owners = object.metadata.owner_references.unwrap_or_default();
                Item {
                    kind: resource.kind.clone(),
                    word: resource.word(),
                    name: object.metadata.name.unwrap_or_default(),
                    namespace: object.metadata.namespace,
                    uid: object.metadata.uid.unwrap_or_default(),
                    owners: owners.into_iter().map(|owner| owner.uid).collect(),
                    labels: object.metadata.labels.unwrap_or_default(),
                }
            }));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => return (resource.kind.clone(), Ok(found)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: &str, uid: &str, owners: &[&str]) -> Item {
        Item {
            kind: kind.to_owned(),
            word: kind.to_lowercase(),
            name: uid.to_owned(),
            namespace: None,
            uid: uid.to_owned(),
            owners: owners.iter().map(|owner| (*owner).to_owned()).collect(),
            labels: BTreeMap::new(),
        }
    }

    #[test]
    fn what_has_no_owner_left_goes_and_nothing_else() {
        let inventory = Inventory {
            items: vec![
                item("Pod", "pod", &["rs"]),
                item("ReplicaSet", "rs", &["deploy"]),
                item("Pod", "shared", &["rs", "other"]),
                item("Pod", "free", &[]),
                item("Deployment", "deploy", &[]),
            ],
            unread: Vec::new(),
        };
        let names: Vec<&str> =
            inventory.goes_with(&["deploy"]).iter().map(|item| item.uid.as_str()).collect();
        assert_eq!(names, ["rs", "pod"]);
        assert_eq!(Inventory::counts(&inventory.items), "3 Pod, 1 Deployment, 1 ReplicaSet");
    }
}
