//! A pod that is gone afterwards, however the afterwards comes: at the end of the run, after an error, or when
//! nobody waits any more (Ctrl-C drops the run). What even a killed process leaves behind ends by itself,
//! because the pod has a deadline of its own.

use kube::api::{Api, DeleteParams, DynamicObject, PostParams, Preconditions};
use serde_json::Value;
use std::time::Duration;

use crate::approval::Approval;
use crate::error::{ErrorKind, Result, ToolError};
use crate::world::World;

use super::cluster::{Cluster, FIELD_MANAGER};
use super::connection::Connection;
use super::target::Target;
use crate::world::WorldOptions;

/// How long the removal may hold up a program that is being ended.
const PARTING: Duration = Duration::from_secs(10);

/// A pod that was made and has to go.
pub struct TemporaryPod {
    target: Target,
    uid: Option<String>,
    /// What this run wrote on it, to know it again when the answer to its creation never came.
    run: String,
    connection: Connection,
    options: WorldOptions,
    gone: bool,
}

/// The annotation that says which run made a temporary pod.
const RUN: &str = "shipmate.dev/run";

impl TemporaryPod {
    /// Makes the pod `manifest` describes where `target` says.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn create(
        world: &World,
        approval: &Approval,
        target: Target,
        manifest: &Value,
    ) -> Result<Self> {
        let cluster = world.cluster(approval).await?;
        let mut object: DynamicObject = serde_json::from_value(manifest.clone())
            .map_err(|error| ToolError::Fatal(format!("the pod cannot be written: {error}")))?;
        let run = format!("{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond());
        object.metadata.annotations.get_or_insert_default().insert(RUN.to_owned(), run.clone());
        let parameters =
            PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let connection = world.read().connection().await?.clone();
        // From here on it may exist, whatever becomes of the answer.
        let mut pod =
            Self { target, uid: None, run, connection, options: world.read().options().clone(), gone: false };
        let api = pod.target.api(&cluster);
        match cluster.ask(&format!("create {}", pod.target.label()), api.create(&parameters, &object)).await {
            Ok(made) => {
                pod.uid = made.metadata.uid;
                Ok(pod)
            }
            Err(error) => {
                // Only an answer that never came leaves open whether it was made.
                pod.gone = !matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Unreachable);
                Err(error)
            }
        }
    }

    /// Takes it away and waits for the server's word that it goes.
    ///
    /// # Errors
    /// As [`Cluster::ask`]; one that is gone already is none.
    pub async fn remove(mut self, cluster: &Cluster) -> Result<()> {
        let removed = self.delete(cluster).await;
        self.gone = removed.is_ok();
        removed
    }

    async fn delete(&self, cluster: &Cluster) -> Result<()> {
        let api: Api<DynamicObject> = self.target.api(cluster);
        let mut parameters = DeleteParams::default().grace_period(0);
        let uid = match &self.uid {
            Some(uid) => uid.clone(),
            None => match self.find(cluster).await? {
                Some(uid) => uid,
                None => return Ok(()),
            },
        };
        parameters = parameters.preconditions(Preconditions { uid: Some(uid), ..Preconditions::default() });
        let deleted = cluster
            .ask(&format!("delete {}", self.target.label()), api.delete(&self.target.name, &parameters))
            .await;
        match deleted {
            Ok(_) => Ok(()),
            // Gone, or another one of that name: not ours.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl TemporaryPod {
    /// The uid of the pod, if it is the one that this run made.
    async fn find(&self, cluster: &Cluster) -> Result<Option<String>> {
        let found = self.target.find(cluster).await?.unwrap_or_default();
        let run =
            found.pointer("/metadata/annotations").and_then(|notes| notes.get(RUN)).and_then(Value::as_str);
        let uid = found.pointer("/metadata/uid").and_then(Value::as_str);
        Ok(uid.filter(|_| run == Some(&self.run)).map(str::to_owned))
    }
}

impl Drop for TemporaryPod {
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        // The runtime may end with this turn, so the removal has a thread and a client of its own.
        let parting = Self {
            target: self.target.clone(),
            uid: self.uid.clone(),
            run: self.run.clone(),
            connection: self.connection.clone(),
            options: self.options.clone(),
            gone: true,
        };
        let removing = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            let removed = runtime.block_on(async {
                let cluster = Cluster::changing(&parting.connection, &parting.options)?;
                tokio::time::timeout(PARTING, parting.delete(&cluster))
                    .await
                    .unwrap_or_else(|_elapsed| Err(ToolError::Fatal("no answer in time".to_owned())))
            });
            if let Err(error) = removed {
                tracing::warn!(%error, pod = %parting.target.label(), "a temporary pod could not be removed");
            }
        });
        let _panicked = removing.join();
    }
}
