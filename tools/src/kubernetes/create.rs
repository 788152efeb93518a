//! Making one new object: tried by the server, then made, and never over one that is there.

use kube::api::{DynamicObject, PostParams};
use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::preview::{Action, ObjectChange, ObjectIdentity};

use super::cluster::{Cluster, FIELD_MANAGER};
use super::difference::difference;
use super::target::Target;

impl Cluster {
    /// What making `object` at `target` would come to; the server tries it and keeps nothing.
    ///
    /// # Errors
    /// `Conflict` when there is one of that name already, else as [`Cluster::ask`].
    pub async fn try_create(&self, target: &Target, object: &Value) -> Result<ObjectChange> {
        let made = self.create(target, object, true).await?;
        Ok(ObjectChange {
            object: ObjectIdentity {
                kind: target.resource.kind.clone(),
                name: target.name.clone(),
                namespace: target.namespace.clone(),
                ..ObjectIdentity::default()
            },
            action: Action::Create,
            difference: difference(None, Some(&made)),
        })
    }

    /// Makes `object` at `target`.
    ///
    /// # Errors
    /// As [`Cluster::try_create`].
    pub async fn make(&self, target: &Target, object: &Value) -> Result<Value> {
        self.create(target, object, false).await
    }

    async fn create(&self, target: &Target, object: &Value, dry_run: bool) -> Result<Value> {
        let object: DynamicObject = serde_json::from_value(object.clone())
            .map_err(|error| ToolError::Fatal(format!("the object could not be written: {error}")))?;
        let parameters = PostParams { dry_run, field_manager: Some(FIELD_MANAGER.to_owned()) };
        let api = target.api(self);
        let made = self.ask(&format!("create {}", target.label()), api.create(&parameters, &object)).await;
        match made {
            Ok(made) => Ok(target.value(made)),
            Err(ToolError::Feedback(feedback))
                if feedback.kind == ErrorKind::Conflict && feedback.message.contains("already exists") =>
            {
                Err(Feedback::new(ErrorKind::Conflict, format!("there is {} already", target.label()))
                    .next("choose another name, or change the one that is there")
                    .into())
            }
            Err(error) => Err(error),
        }
    }
}
