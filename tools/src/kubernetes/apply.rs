//! Server-side apply of one object, tried or for real, and which other managers own what it would change.

use kube::Error;
use kube::api::{Patch, PatchParams, ValidationDirective};
use kube::core::Status;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

use crate::error::{ErrorKind, Feedback, Result};

use super::cluster::{Cluster, FIELD_MANAGER};
use super::kinds::ResourceType;
use super::target::Target;

/// How long a new definition may take until its kind can be used; it takes well under a second.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(15);

/// How often that is looked at.
const POLL: Duration = Duration::from_millis(200);

/// A field that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldConflict {
    /// Who owns it, such as `kubectl-client-side-apply`.
    pub manager: String,
    /// Which field, such as `.spec.replicas`.
    pub field: String,
}

/// What the server made of an applied object.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// The object as it is then.
    Object(Value),
    /// Nothing was done: others own these fields.
    Conflicts(Vec<FieldConflict>),
}

impl Cluster {
    /// Applies `object` to `target`; with `dry_run` the server tries it and keeps nothing. `force` takes over
    /// the fields that others own. Unknown fields are errors, as they are for kubectl.
    ///
    /// # Errors
    /// As [`Cluster::ask`], with what the server has against the object.
    pub async fn apply(
        &self,
        target: &Target,
        object: &Value,
        dry_run: bool,
        force: bool,
    ) -> Result<Applied> {
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            field_validation: Some(ValidationDirective::Strict),
            dry_run,
            force,
        };
        let api = target.api(self);
        let patch = Patch::Apply(object);
        let request = async {
            match api.patch(&target.name, &parameters, &patch).await {
                Ok(object) => Ok(Ok(Applied::Object(target.value(object)))),
                Err(Error::Api(status)) if !conflicts(&status).is_empty() => {
                    Ok(Ok(Applied::Conflicts(conflicts(&status))))
                }
                Err(Error::Api(status)) => match misfit(&status.message) {
                    Some(why) => Ok(Err(why)),
                    None => Err(Error::Api(status)),
                },
                Err(error) => Err(error),
            }
        };
        self.ask(&format!("apply {}", target.label()), request).await?.map_err(|why| {
            Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{} does not fit its kind: {why}", target.label()),
            )
            .next("correct that field; `kubectl explain` with the kind lists its fields")
            .into()
        })
    }

    /// Waits until the kind of an applied definition can be used, at most a few seconds: what is applied after
    /// it says so itself when it cannot.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn established(&self, definition: &Target) -> Result<()> {
        let end = Instant::now() + ESTABLISHED_WITHIN;
        while Instant::now() < end {
            let found = definition.find(self).await?;
            let conditions = found.as_ref().and_then(|found| found.pointer("/status/conditions"));
            let established = conditions.and_then(Value::as_array).into_iter().flatten().any(|condition| {
                condition.get("type").and_then(Value::as_str) == Some("Established")
                    && condition.get("status").and_then(Value::as_str) == Some("True")
            });
            if established || found.is_none() {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// The type that a manifest names by `apiVersion` and kind, in that version; `None` when the cluster has
    /// no such kind.
    ///
    /// # Errors
    /// As [`Cluster::discover_kinds`].
    pub async fn manifest_type(&self, api_version: &str, kind: &str) -> Result<Option<ResourceType>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let mut found = self.known_kinds().find_kind(group, kind).cloned();
        if found.is_none() {
            found = self.discover_kinds().await?.find_kind(group, kind).cloned();
        }
        Ok(found.map(|known| ResourceType { version: version.to_owned(), ..known }))
    }
}

/// What does not fit the kind's schema. The server answers 500 to it, as if it were the server's fault, and
/// prints its own types.
fn misfit(message: &str) -> Option<String> {
    let (_, why) = message.split_once("failed to create typed patch object (")?;
    let (_, why) = why.split_once("): ")?;
    Some(why.replace("&value.valueUnstructured{Value:", "").replace('}', ""))
}

fn conflicts(status: &Status) -> Vec<FieldConflict> {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    causes
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| FieldConflict {
            // conflict with "manager" using apps/v1
            manager: cause.message.split('"').nth(1).unwrap_or("another manager").to_owned(),
            field: cause.field.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_does_not_fit_is_named() {
        let message = "failed to create typed patch object (shop/c; /v1, Kind=ConfigMap): .data.x: expected string, got &value.valueUnstructured{Value:5}";
        assert_eq!(misfit(message).as_deref(), Some(".data.x: expected string, got 5"));
        assert_eq!(misfit("etcd is gone"), None);
    }
}
