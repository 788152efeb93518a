//! `stop_cluster`: ends a cluster on this machine; it stays and can be started again.

use bollard::query_parameters::StopContainerOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::clusters::{Maker, check_name, clusters};
use crate::command::CommandLine;
use crate::docker::{failure, names};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

const DEADLINE: Duration = Duration::from_secs(600);

/// The label that kind gives its nodes.
const KIND_LABEL: &str = "io.x-k8s.kind.cluster";

/// Stop a local Kubernetes cluster of minikube, kind or k3d without deleting it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopCluster {
    /// The program; the one that is installed when none is named.
    maker: Option<Maker>,
    /// The cluster's name; the program's own usual one when none is said.
    name: Option<String>,
}

impl Tool for StopCluster {
    const NAME: &'static str = "stop_cluster";
    const PHRASES: &'static [&'static str] = &[
        "(stop|halt|shut down|turn off|power off|switch off|pause|bring down|shut) [the|my] minikube [cluster] [down] => maker=minikube",
        "(stop|halt|shut down|turn off|power off|switch off|bring down|shut) [the|my] [local] kind cluster [down] => maker=kind",
        "(stop|halt|shut down|turn off|power off|switch off|bring down|shut) [the|my] [local] k3d cluster [down] => maker=k3d",
        "(stop|halt|shut down|turn off|power off|switch off|bring down|shut|turn|switch) [the|my] local [kubernetes|k8s|dev|development] cluster [down|off]",
        "minikube stop => maker=minikube",
        "k3d cluster stop => maker=k3d",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(but|and) (keep|do not delete|leave) it [there]",
        "without (deleting|removing) it",
        "(named|called|-p|--profile|--name) {name:word}",
        "for now",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        let maker = Maker::meant(self.maker);
        let name = self.name(maker);
        match maker {
            Maker::Minikube => {
                CommandLine::new("minikube").arg("stop").option("--profile", self.name.as_deref())
            }
            Maker::K3d => CommandLine::new("k3d").args(["cluster", "stop"]).arg(name),
            Maker::Kind => CommandLine::docker().arg("stop").arg(format!("{name}-control-plane")),
        }
    }

    fn check(&self) -> Result<()> {
        check_name(self.name.as_deref())
    }
}

impl StopCluster {
    fn name(&self, maker: Maker) -> String {
        self.name.clone().unwrap_or_else(|| maker.usual_name().to_owned())
    }

    /// kind has no command to stop a cluster; its nodes are containers, which have: the running ones.
    async fn nodes(&self, world: &ReadWorld) -> Result<Vec<String>> {
        let name = self.name(Maker::Kind);
        let containers = world.docker().await?.containers(false, false).await?;
        Ok(containers
            .iter()
            .filter(|one| one.labels.as_ref().and_then(|labels| labels.get(KIND_LABEL)) == Some(&name))
            .filter_map(names::name_of)
            .collect())
    }
}

impl ChangeTool for StopCluster {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let maker = Maker::meant(self.maker);
        let name = self.name(maker);
        let found = clusters(maker, world.options()).await?;
        let Some(cluster) = found.iter().find(|cluster| cluster.name == name) else {
            return Err(Feedback::new(
                ErrorKind::NotFound,
                format!("{} knows no cluster {name}", maker.program()),
            )
            .next("name one of its clusters, or start one")
            .candidates(found.into_iter().map(|cluster| cluster.name).collect())
            .into());
        };
        let nodes = if maker == Maker::Kind { self.nodes(world).await? } else { Vec::new() };
        if cluster.running == Some(false) || (maker == Maker::Kind && nodes.is_empty()) {
            return Ok(Preview {
                summary: format!("the {} cluster {name} is stopped already", maker.program()),
                nothing_to_do: true,
                ..Preview::default()
            });
        }
        let mut warnings = vec!["everything that runs in it stops; nothing is deleted".to_owned()];
        if maker == Maker::Kind {
            warnings
                .push(format!("kind has no command for this: its nodes are stopped ({})", nodes.join(", ")));
            warnings.push(format!("`docker start {}` starts it again", nodes.join(" ")));
        }
        Ok(Preview {
            summary: format!("stops the {} cluster {name}", maker.program()),
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Cluster".to_owned(),
                    name: name.clone(),
                    ..ObjectIdentity::default()
                },
                action: Action::Update,
                difference: format!("- {name}: running\n+ {name}: stopped\n"),
            }],
            warnings,
            confirm_name: Some(name),
            basis: json!({"nodes": nodes}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let maker = Maker::meant(self.maker);
        let name = self.name(maker);
        progress.status(format!("stopping {name}"));
        match maker {
            Maker::Kind => {
                let engine = world.docker(approval)?;
                for node in self.nodes(world.read()).await? {
                    let stopped = engine.engine().stop_container(&node, None::<StopContainerOptions>).await;
                    stopped.map_err(|error| failure(&format!("stop the node {node}"), &error))?;
                }
            }
            Maker::Minikube => {
                let mut words = vec!["stop".to_owned()];
                words.extend(self.name.as_ref().map(|name| format!("--profile={name}")));
                maker.run(world.read().options(), "stop the cluster", &words, DEADLINE).await?;
            }
            Maker::K3d => {
                let words = vec!["cluster".to_owned(), "stop".to_owned(), name.clone()];
                maker.run(world.read().options(), "stop the cluster", &words, DEADLINE).await?;
            }
        }
        Ok(Outcome::sentence(format!("the {} cluster {name} is stopped", maker.program()))
            .data(json!({"maker": maker, "name": name})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let maker = Maker::meant(self.maker);
        let name = self.name(maker);
        let running = match maker {
            Maker::Kind => !self.nodes(world).await?.is_empty(),
            _ => {
                let found = clusters(maker, world.options()).await?;
                found.iter().any(|cluster| cluster.name == name && cluster.running == Some(true))
            }
        };
        Ok(if running {
            Verification::Failed(format!("{name} still runs"))
        } else {
            Verification::Confirmed(format!("{name} is stopped"))
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        let maker = Maker::meant(self.maker);
        (maker != Maker::Kind).then(|| Call::new("start_cluster", json!({"maker": maker, "name": self.name})))
    }
}

pub(crate) static TOOL: Changer<StopCluster> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_each_programs_command() {
        let stop =
            |maker, name: Option<&str>| StopCluster { maker: Some(maker), name: name.map(str::to_owned) };
        for (tool, command) in [
            (stop(Maker::Minikube, None), "minikube stop"),
            (stop(Maker::K3d, None), "k3d cluster stop k3s-default"),
            (stop(Maker::Kind, Some("dev")), "docker stop dev-control-plane"),
        ] {
            assert_eq!(tool.command().to_string(), command);
        }
        assert_eq!(stop(Maker::Minikube, None).undo(&Preview::default()).unwrap().tool, "start_cluster");
        assert!(stop(Maker::Kind, None).undo(&Preview::default()).is_none());
    }
}
