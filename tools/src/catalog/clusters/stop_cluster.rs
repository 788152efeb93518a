//! `stop_cluster`: a local cluster is shut down and kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::local_cluster::{Provider, change, check_name, check_provider, state};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Shut a local cluster (minikube or k3d) down; what is in it is kept for the next start.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopCluster {
    /// What keeps it: `minikube` or `k3d`; the one that is installed when not said.
    provider: Option<Provider>,
    /// The cluster's name (minikube's profile).
    name: Option<String>,
}

impl Tool for StopCluster {
    const NAME: &'static str = "stop_cluster";
    const PHRASES: &'static [&'static str] = &[
        "(stop|halt|shut down|shutdown|pause|suspend|turn off|power off|power down|switch off) minikube [cluster] [down|off] => provider=minikube",
        "(shut|power|turn|switch|bring) minikube [cluster] (down|off) => provider=minikube",
        "(stop|halt|shut down|shutdown|pause|suspend|turn off|power off|power down|switch off) [local] [kubernetes] k3d [cluster] => provider=k3d",
        "(shut|power|turn|switch|bring) [local] [kubernetes] k3d [cluster] (down|off) => provider=k3d",
        "(stop|halt|shut down|shutdown|pause|suspend|turn off|power off|power down|switch off) [local] [kubernetes] kind cluster => provider=kind",
        "(stop|halt|shut down|shutdown|pause|suspend|turn off|power off|power down|switch off) (local|dev|development) [kubernetes|k8s|dev] cluster [running]",
        "(shut|power|turn|switch|bring) (local|dev|development) [kubernetes|k8s|dev] cluster (down|off)",
        "minikube stop => provider=minikube",
        "k3d cluster stop [{name:word}] => provider=k3d",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(called|named|profile|with profile|--profile) {name:word}",
        "(but|and) [do] (keep|not delete|not remove|preserve|leave) (it|everything|the data|its data|my data|data)",
        "(without|and without) (deleting|removing|losing) (it|anything|everything|data|the data)",
        "(for|until) (today|tonight|tomorrow|the night|the weekend|now)",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::new(self.provider().program()).args(self.arguments())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // Settled before it is shown, so that what runs is what was shown.
        self.provider.get_or_insert_with(Provider::usual);
        Vec::new()
    }

    fn check(&self) -> Result<()> {
        check_provider(self.provider)?;
        check_name(self.name.as_deref())?;
        if self.provider() == Provider::Kind {
            let node = format!("{}-control-plane", self.name.as_deref().unwrap_or("kind"));
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                "kind cannot stop a cluster, only delete it",
            )
            .next(format!("stop its node instead: \"stop the container {node}\""))
            .into());
        }
        Ok(())
    }
}

impl StopCluster {
    fn provider(&self) -> Provider {
        self.provider.unwrap_or(Provider::Minikube)
    }

    fn arguments(&self) -> Vec<String> {
        match (self.provider(), &self.name) {
            (Provider::K3d, name) => {
                let name = name.clone().unwrap_or_else(|| Provider::K3d.usual_name().to_owned());
                vec!["cluster".to_owned(), "stop".to_owned(), name]
            }
            (_, Some(name)) => vec!["stop".to_owned(), format!("--profile={name}")],
            (_, None) => vec!["stop".to_owned()],
        }
    }
}

impl ChangeTool for StopCluster {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let provider = self.provider();
        let now = state(provider, self.name.as_deref(), world).await?;
        if !now.exists {
            return Err(Feedback::new(ErrorKind::NotFound, now.sentence(provider))
                .next("ask for the status of the local cluster to see what is there")
                .candidates(now.known)
                .into());
        }
        // A cluster that is up in part is stopped as well.
        let stopped = now.parts.iter().all(|(_, state)| state == "stopped" || state.starts_with("0 of"));
        Ok(Preview {
            summary: if stopped {
                format!("the {} cluster {} is stopped already", provider.program(), now.name)
            } else {
                format!("shuts the {} cluster {} down; what is in it is kept", provider.program(), now.name)
            },
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Cluster".to_owned(),
                    name: now.name.clone(),
                    ..ObjectIdentity::default()
                },
                action: if stopped { Action::Unchanged } else { Action::Update },
                difference: if stopped { String::new() } else { "- running\n+ stopped\n".to_owned() },
            }],
            warnings: if stopped {
                Vec::new()
            } else {
                vec!["everything that runs in it stops answering until the next start".to_owned()]
            },
            nothing_to_do: stopped,
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let provider = self.provider();
        progress.status(format!("{} is at work", provider.program()));
        let _said = change(provider, &self.arguments(), world.read(), approval).await?;
        let name = self.name.as_deref().unwrap_or(provider.usual_name());
        Ok(Outcome::sentence(format!("stopped the {} cluster {name}", provider.program()))
            .data(json!({"provider": provider, "name": name}))
            .undo(self.undo(approval.preview())))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let now = state(self.provider(), self.name.as_deref(), world).await?;
        Ok(if now.running {
            Verification::Failed(now.sentence(self.provider()))
        } else {
            Verification::Confirmed(format!(
                "the {} cluster {} is stopped",
                self.provider().program(),
                now.name
            ))
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new("start_cluster", json!({"provider": self.provider(), "name": self.name})))
    }
}

pub(crate) static TOOL: Changer<StopCluster> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_what_kind_cannot() {
        let bind = |arguments| Call::new("stop_cluster", arguments).bind().unwrap();
        assert_eq!(bind(json!({"provider": "minikube"})).command().to_string(), "minikube stop");
        assert_eq!(
            bind(json!({"provider": "k3d", "name": "dev"})).command().to_string(),
            "k3d cluster stop dev"
        );
        let error = bind(json!({"provider": "kind"})).check().unwrap_err();
        assert_eq!(error.to_string(), "kind cannot stop a cluster, only delete it");
    }
}
