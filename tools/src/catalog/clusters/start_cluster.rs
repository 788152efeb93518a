//! `start_cluster`: a Kubernetes cluster on this machine, by minikube, kind or k3d.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::local_cluster::{Provider, change, check_name, check_provider, state};
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Start a local Kubernetes cluster (minikube, kind or k3d); one that does not exist yet is made.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartCluster {
    /// What keeps it: `minikube`, `kind` or `k3d`; the one that is installed when not said.
    provider: Option<Provider>,
    /// The cluster's name (minikube's profile).
    name: Option<String>,
    /// Processors it may use; minikube only.
    cpus: Option<u32>,
    /// Memory it may use, such as `8g`; minikube and a new k3d cluster.
    memory: Option<String>,
    /// How many nodes it has; minikube and a new k3d cluster.
    nodes: Option<u32>,
    /// The version of Kubernetes, such as `v1.30.0`; minikube only.
    kubernetes_version: Option<String>,
    /// Make a new cluster; k3d starts one that is there otherwise.
    #[serde(default)]
    create: bool,
}

impl Tool for StartCluster {
    const NAME: &'static str = "start_cluster";
    const PHRASES: &'static [&'static str] = &[
        "(start|launch|boot|run|fire up|spin up|bring up|turn on|power on|start up|set up|resume) [up] minikube [cluster] [up|again] => provider=minikube",
        "(start|launch|boot|spin up|bring up|start up|set up|create|make|resume) [up] [local] [kubernetes] kind cluster [up] => provider=kind",
        "(start|launch|boot|spin up|bring up|start up|resume|turn on) [up] [local] [kubernetes] k3d [cluster] [up|again] => provider=k3d",
        "(create|make|set up) [new|local] [kubernetes] k3d [cluster] => provider=k3d, create=true",
        "(create|make) [new|local] [kubernetes] minikube [cluster] => provider=minikube",
        "(start|launch|boot|run|fire up|spin up|bring up|turn on|start up|set up|resume|create|make) [up] [new] (local|dev|development|test) [kubernetes|k8s|dev] cluster [up|again|locally]",
        "(start|launch|boot|spin up|bring up|turn on|start up|set up|create|make) [up] [new] [kubernetes|k8s] cluster (locally|on this (machine|laptop|computer)|on my (machine|laptop|computer))",
        "minikube start => provider=minikube",
        "kind create cluster => provider=kind",
        "k3d cluster create [{name:word}] => provider=k3d, create=true",
        "k3d cluster start [{name:word}] => provider=k3d",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(with|using|and|on) {cpus:count} (cpu|core|processor|vcpu)",
        "(with|using|and) {memory:quantity} [of] (memory|ram|mem)",
        "(with|using|and) {nodes:count} node",
        "(called|named|profile|with the name|with profile|--name|--profile) {name:word}",
        "(with|using|by|in|through) minikube => provider=minikube",
        "(with|using|by|in|through) kind => provider=kind",
        "(with|using|by|in|through) k3d => provider=k3d",
        "(with|using|on|running|at) [kubernetes|k8s] version {kubernetes_version:word}",
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
        let invalid = |said: String, next: &str| {
            Err(Feedback::new(ErrorKind::InvalidArguments, said).next(next).into())
        };
        let program = self.provider().program();
        for (what, range, value) in [("processors", 1..=256, self.cpus), ("nodes", 1..=32, self.nodes)] {
            if let Some(value) = value
                && !range.contains(&value)
            {
                return invalid(
                    format!("a local cluster cannot have {value} {what}"),
                    &format!("say a number from {} to {}", range.start(), range.end()),
                );
            }
        }
        if let Some(memory) = &self.memory
            && !is_memory(memory)
        {
            return invalid(format!("{memory:?} is no amount of memory"), "write it as 4g or 4096m");
        }
        if let Some(version) = &self.kubernetes_version
            && !version.chars().all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c))
        {
            return invalid(format!("{version:?} is no version"), "write it as v1.30.0");
        }
        let sized = self.memory.is_some() || self.nodes.is_some();
        match self.provider() {
            Provider::Minikube => Ok(()),
            Provider::K3d
                if self.cpus.is_none() && self.kubernetes_version.is_none() && (!sized || self.create) =>
            {
                Ok(())
            }
            Provider::Kind if self.cpus.is_none() && self.kubernetes_version.is_none() && !sized => Ok(()),
            _ => invalid(
                format!("{program} cannot be told its size or version here"),
                "leave them out, or use minikube; k3d takes memory and nodes for a new cluster",
            ),
        }
    }
}

/// Digits and perhaps a unit, as minikube and k3d take it.
fn is_memory(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default().to_ascii_lowercase();
    digits.parse::<u64>().is_ok_and(|amount| amount > 0)
        && ["", "m", "mb", "mi", "mib", "g", "gb", "gi", "gib"].contains(&unit.as_str())
}

/// The same with a unit that both programs know: `Gi` is a Kubernetes word.
fn memory_word(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    lower.strip_suffix("ib").or_else(|| lower.strip_suffix(['i', 'b'])).unwrap_or(&lower).to_owned()
}

impl StartCluster {
    fn provider(&self) -> Provider {
        self.provider.unwrap_or(Provider::Minikube)
    }

    fn arguments(&self) -> Vec<String> {
        let option = |flag: &str, value: Option<String>| value.map(|value| format!("{flag}={value}"));
        let memory = self.memory.as_deref().map(memory_word);
        let nodes = self.nodes.map(|nodes| nodes.to_string());
        let name = self.name.clone();
        let (words, flags): (&[&str], Vec<Option<String>>) = match self.provider() {
            Provider::Kind => (&["create", "cluster"], vec![option("--name", name)]),
            Provider::K3d if self.create => (
                &["cluster", "create"],
                vec![
                    name,
                    option("--servers-memory", memory),
                    option("--agents", self.nodes.map(|nodes| nodes.saturating_sub(1).to_string())),
                ],
            ),
            Provider::K3d => (
                &["cluster", "start"],
                vec![Some(name.unwrap_or_else(|| Provider::K3d.usual_name().to_owned()))],
            ),
            Provider::Minikube | Provider::Containerd => (
                &["start"],
                vec![
                    option("--profile", name),
                    option("--cpus", self.cpus.map(|cpus| cpus.to_string())),
                    option("--memory", memory),
                    option("--nodes", nodes),
                    option("--kubernetes-version", self.kubernetes_version.clone()),
                ],
            ),
        };
        words.iter().map(|word| (*word).to_owned()).chain(flags.into_iter().flatten()).collect()
    }
}

impl ChangeTool for StartCluster {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let provider = self.provider();
        let now = state(provider, self.name.as_deref(), world).await?;
        if provider == Provider::K3d && !now.exists && !self.create {
            return Err(Feedback::new(ErrorKind::NotFound, now.sentence(provider))
                .next("ask to create it instead: \"create a k3d cluster\"")
                .candidates(now.known)
                .into());
        }
        let there = now.exists && (now.running || self.create);
        let program = provider.program();
        let summary = match (there, now.exists) {
            (true, _) => format!("{} already", now.sentence(provider)),
            (false, true) => format!("starts the {program} cluster {}", now.name),
            (false, false) => format!("makes the {program} cluster {} and starts it", now.name),
        };
        let mut warnings = Vec::new();
        if !now.exists {
            warnings.push("a first start downloads the images of the nodes, about a gigabyte".to_owned());
            warnings
                .push(format!("{program} then makes this cluster the current context of your kubeconfig"));
        } else if !there && (self.cpus.is_some() || self.memory.is_some()) {
            warnings.push(format!("{} exists: its size stays as it was made", now.name));
        }
        Ok(Preview {
            summary,
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Cluster".to_owned(),
                    name: now.name.clone(),
                    ..ObjectIdentity::default()
                },
                action: match (there, now.exists) {
                    (true, _) => Action::Unchanged,
                    (false, true) => Action::Update,
                    (false, false) => Action::Create,
                },
                difference: if there { String::new() } else { format!("+ {}\n", self.command()) },
            }],
            warnings,
            nothing_to_do: there,
            basis: json!({"existed": now.exists}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let provider = self.provider();
        progress.status(format!("{} is at work", provider.program()));
        let printed = change(provider, &self.arguments(), world.read(), approval).await?;
        let name = self.name.as_deref().unwrap_or(provider.usual_name());
        Ok(Outcome::sentence(format!("started the {} cluster {name}", provider.program()))
            .view(View::Text(printed.stdout.trim_end().to_owned()))
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
        let sentence = now.sentence(self.provider());
        Ok(if now.running { Verification::Confirmed(sentence) } else { Verification::Failed(sentence) })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        // A kind cluster has no stop; deleting it is more than taking a start back.
        (self.provider() != Provider::Kind)
            .then(|| Call::new("stop_cluster", json!({"provider": self.provider(), "name": self.name})))
    }
}

pub(crate) static TOOL: Changer<StartCluster> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(arguments: serde_json::Value) -> Box<dyn crate::BoundCall> {
        Call::new("start_cluster", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (json!({"provider": "minikube"}), "minikube start"),
            (
                json!({"provider": "minikube", "cpus": 2, "memory": "4Gi", "name": "dev"}),
                "minikube start --profile=dev --cpus=2 --memory=4g",
            ),
            (json!({"provider": "kind", "name": "dev"}), "kind create cluster --name=dev"),
            (json!({"provider": "k3d"}), "k3d cluster start k3s-default"),
            (
                json!({"provider": "k3d", "create": true, "name": "dev", "nodes": 3}),
                "k3d cluster create dev --agents=2",
            ),
        ] {
            let bound = bind(arguments);
            bound.check().unwrap();
            assert_eq!(bound.command().to_string(), line);
        }
    }

    #[test]
    fn what_a_program_cannot_do_is_refused_with_a_next_step() {
        for (arguments, said) in [
            (json!({"cpus": 0, "provider": "minikube"}), "a local cluster cannot have 0 processors"),
            (json!({"memory": "lots", "provider": "minikube"}), "\"lots\" is no amount of memory"),
            (json!({"provider": "kind", "cpus": 2}), "kind cannot be told its size or version here"),
            (json!({"provider": "k3d", "name": "-x"}), "\"-x\" is no name of a cluster"),
            (json!({"provider": "containerd"}), "a containerd is no cluster of its own"),
        ] {
            assert_eq!(bind(arguments).check().unwrap_err().to_string(), said);
        }
    }
}
