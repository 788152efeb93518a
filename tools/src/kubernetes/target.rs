//! One grounded object: reading it, trying a patch on it, and making sure it is still the one that was shown.

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::error::{ErrorKind, Feedback, Result};
use crate::preview::{ObjectIdentity, Preview};

use super::cluster::{Cluster, FIELD_MANAGER};
use super::kinds::ResourceType;
use super::names::{check_name, check_namespace};

/// A named object of a known type.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its type.
    pub resource: ResourceType,
    /// Its name.
    pub name: String,
    /// Its namespace, when its type has them.
    pub namespace: Option<String>,
}

/// `kind/name` as kubectl takes it; just the kind when there is no name.
#[must_use]
pub fn reference(kind: Option<&str>, name: Option<&str>) -> String {
    match (kind, name) {
        (Some(kind), Some(name)) => format!("{kind}/{name}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

impl Cluster {
    /// The object that grounded arguments name.
    ///
    /// # Errors
    /// `InvalidArguments` when the kind or name is missing or can be no name, `NotFound` for an unknown kind.
    pub async fn target(
        &self,
        kind: Option<&str>,
        name: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<Target> {
        let (Some(kind), Some(name)) = (kind, name) else {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "which object is not said")
                .next("name its kind and name, such as deployment/web")
                .into());
        };
        check_name("name", name)?;
        check_namespace(namespace)?;
        let resource = self.kind(kind).await?;
        let namespace = resource.namespaced.then(|| namespace.unwrap_or(self.namespace()).to_owned());
        Ok(Target { resource, name: name.to_owned(), namespace })
    }
}

impl Target {
    /// `Kind namespace/name`.
    #[must_use]
    pub fn label(&self) -> String {
        ObjectIdentity {
            kind: self.resource.kind.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            ..ObjectIdentity::default()
        }
        .label()
    }

    /// Objects of its type where it lives.
    #[must_use]
    pub fn api(&self, cluster: &Cluster) -> Api<DynamicObject> {
        cluster.api(&self.resource, self.namespace.as_deref())
    }

    /// The object as it is, whole, and its identity.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn read(&self, cluster: &Cluster) -> Result<(Value, ObjectIdentity)> {
        let api = self.api(cluster);
        let object = cluster.ask(&format!("read {}", self.label()), api.get(&self.name)).await?;
        let identity = self.identity(&object);
        Ok((self.value(object), identity))
    }

    /// The object as it is; `None` when there is none.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn find(&self, cluster: &Cluster) -> Result<Option<Value>> {
        match self.read(cluster).await {
            Ok((object, _)) => Ok(Some(object)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The object as it would be after `patch`; the server tries it and keeps nothing.
    ///
    /// # Errors
    /// As [`Cluster::ask`], with what the server has against the patch.
    pub async fn dry_run(&self, cluster: &Cluster, patch: &Patch<Value>) -> Result<Value> {
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            dry_run: true,
            ..PatchParams::default()
        };
        let api = self.api(cluster);
        let object = cluster
            .ask(&format!("try the change on {}", self.label()), api.patch(&self.name, &parameters, patch))
            .await?;
        Ok(self.value(object))
    }

    /// Makes sure that the object is still the one that was shown: same uid, same generation.
    ///
    /// # Errors
    /// `Conflict` when it is not.
    pub async fn unchanged_since(&self, cluster: &Cluster, shown: &Preview) -> Result<()> {
        let Some(seen) = shown.changes.iter().map(|change| &change.object).find(|object| {
            object.kind == self.resource.kind
                && object.name == self.name
                && object.namespace == self.namespace
        }) else {
            return Err(Feedback::new(
                ErrorKind::Refused,
                format!("{} was not in what was approved", self.label()),
            )
            .into());
        };
        let (_, now) = self.read(cluster).await?;
        if now.uid == seen.uid && now.generation == seen.generation {
            return Ok(());
        }
        Err(Feedback::new(
            ErrorKind::Conflict,
            format!("{} changed after it was shown, so nothing was done", self.label()),
        )
        .next("ask again to see it as it is now")
        .into())
    }

    fn identity(&self, object: &DynamicObject) -> ObjectIdentity {
        ObjectIdentity {
            kind: self.resource.kind.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            uid: object.metadata.uid.clone(),
            generation: object.metadata.generation,
        }
    }

    /// The object as JSON, with its kind, which lists and dynamic objects may lack.
    pub(super) fn value(&self, object: DynamicObject) -> Value {
        let mut value = serde_json::to_value(object).unwrap_or_default();
        if let Some(map) = value.as_object_mut() {
            map.entry("kind").or_insert_with(|| self.resource.kind.clone().into());
        }
        value
    }
}

/// What tells whether an object changed: which one it is, and its generation, or for kinds without one every
/// write of it. Null for no object.
#[must_use]
pub fn version_of(object: Option<&Value>) -> Value {
    let Some(metadata) = object.and_then(|object| object.get("metadata")) else { return Value::Null };
    let moved = metadata.get("generation").or_else(|| metadata.get("resourceVersion"));
    json!([metadata.get("uid"), moved])
}
