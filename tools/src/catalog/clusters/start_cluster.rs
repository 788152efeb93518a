//! `start_cluster`: a cluster on this machine, made or started again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::clusters::{Maker, check_name, clusters};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Images of a whole Kubernetes are fetched first.
const DEADLINE: Duration = Duration::from_secs(1800);

/// Start a local Kubernetes cluster with minikube, kind or k3d; it is made when there is none.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartCluster {
    /// The program; the one that is installed when none is named.
    maker: Option<Maker>,
    /// The cluster's name; the program's own usual one when none is said.
    name: Option<String>,
    /// CPUs for it; minikube only.
    cpus: Option<u32>,
    /// Memory for it, such as `8g`; minikube only.
    memory: Option<String>,
    /// The version of Kubernetes, such as `1.31.0`; minikube only.
    kubernetes_version: Option<String>,
}

impl Tool for StartCluster {
    const NAME: &'static str = "start_cluster";
    const PHRASES: &'static [&'static str] = &[
        "(start|start up|launch|run|boot|boot up|fire up|bring up|spin up|create) [a|the|my] [new] minikube [cluster] => maker=minikube",
        "(start|start up|launch|run|boot|boot up|fire up|bring up|spin up|create|make) [a|the|my] [new] [local] kind cluster => maker=kind",
        "(start|start up|launch|run|boot|boot up|fire up|bring up|spin up|create|make) [a|the|my] [new] [local] k3d cluster => maker=k3d",
        "(start|start up|launch|run|boot|boot up|fire up|bring up|spin up|create|make|set up) [a|the|my] [new] local [kubernetes|k8s|dev|development] cluster",
        "(start|launch|create|make|bring up|spin up) [a|the|my] [new] [local] [kubernetes|k8s] cluster (with|using|in|on) minikube => maker=minikube",
        "(start|launch|create|make|bring up|spin up) [a|the|my] [new] [local] [kubernetes|k8s] cluster (with|using|in|on) kind => maker=kind",
        "(start|launch|create|make|bring up|spin up) [a|the|my] [new] [local] [kubernetes|k8s] cluster (with|using|in|on) k3d => maker=k3d",
        "minikube start => maker=minikube",
        "kind create cluster => maker=kind",
        "k3d cluster (create|start) => maker=k3d",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[and] (with|using|give it|having) {cpus:count} (cpu|cpus|core|cores)",
        "[and] [with|using|give it|having] {memory:quantity} [of] (memory|ram|mem)",
        "[and] (with|using|having) {memory:quantity} [of] (memory|ram|mem)",
        "[and] {cpus:count} (cpu|cpus|core|cores)",
        "--cpus {cpus:count}",
        "--memory {memory:quantity}",
        "(on|with|using|running) kubernetes [version] {kubernetes_version:word}",
        "(named|called|with [the] name|--name|-p|--profile) {name:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let maker = Maker::meant(self.maker);
        CommandLine::new(maker.program()).args(self.words(maker))
    }

    fn check(&self) -> Result<()> {
        check_name(self.name.as_deref())?;
        let invalid =
            |message: &str, next: &str| Feedback::new(ErrorKind::InvalidArguments, message).next(next);
        if self.cpus.is_some_and(|cpus| cpus == 0 || cpus > 256) {
            return Err(invalid("the number of CPUs is out of range", "say 1 to 256").into());
        }
        if let Some(memory) = &self.memory
            && size(memory).is_none()
        {
            return Err(invalid("the memory is no size", "write it as 8g or 8192m").into());
        }
        if let Some(version) = &self.kubernetes_version
            && !version
                .trim_start_matches('v')
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(invalid("that is no version of Kubernetes", "write it as 1.31.0").into());
        }
        Ok(())
    }
}

/// A size as minikube takes it: `8Gi`, `8gb` and `8g` are `8g`.
fn size(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok().filter(|number| *number > 0)?;
    match lower.strip_prefix(digits)? {
        "g" | "gb" | "gi" | "gib" => Some(format!("{number}g")),
        "" | "m" | "mb" | "mi" | "mib" => Some(format!("{number}m")),
        _ => None,
    }
}

impl StartCluster {
    fn name(&self, maker: Maker) -> String {
        self.name.clone().unwrap_or_else(|| maker.usual_name().to_owned())
    }

    fn words(&self, maker: Maker) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        match maker {
            Maker::Minikube => {
                words.push("start".to_owned());
                words.extend(self.name.as_ref().map(|name| format!("--profile={name}")));
                words.extend(self.cpus.map(|cpus| format!("--cpus={cpus}")));
                words
                    .extend(self.memory.as_deref().and_then(size).map(|memory| format!("--memory={memory}")));
                let version =
                    self.kubernetes_version.as_deref().map(|version| version.trim_start_matches('v'));
                words.extend(version.map(|version| format!("--kubernetes-version=v{version}")));
            }
            Maker::Kind => {
                words.extend(["create".to_owned(), "cluster".to_owned()]);
                words.extend(self.name.as_ref().map(|name| format!("--name={name}")));
            }
            Maker::K3d => {
                words.extend(["cluster".to_owned(), "create".to_owned()]);
                words.extend(self.name.clone());
            }
        }
        words
    }
}

impl ChangeTool for StartCluster {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let maker = Maker::meant(self.maker);
        let name = self.name(maker);
        let found = clusters(maker, world.options()).await?;
        let there = found.iter().find(|cluster| cluster.name == name);
        if there.is_some_and(|cluster| cluster.running != Some(false)) {
            return Ok(Preview {
                summary: format!("the {} cluster {name} is there already", maker.program()),
                nothing_to_do: true,
                ..Preview::default()
            });
        }
        let mut warnings = Vec::new();
        let only_minikube = self.cpus.is_some() || self.memory.is_some() || self.kubernetes_version.is_some();
        if maker != Maker::Minikube && only_minikube {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{} takes no size and no version here", maker.program()),
            )
            .next("leave CPUs, memory and version out, or use minikube")
            .into());
        }
        warnings.push(format!("{} makes its context the current one of your kubeconfig", maker.program()));
        let (action, difference) = match there {
            Some(_) => (Action::Update, format!("- {name}: stopped\n+ {name}: running\n")),
            None => (Action::Create, format!("+ {name}: a new cluster of {}\n", maker.program())),
        };
        Ok(Preview {
            summary: format!(
                "{} the {} cluster {name}",
                if there.is_some() { "starts" } else { "makes" },
                maker.program()
            ),
            changes: vec![ObjectChange {
                object: ObjectIdentity { kind: "Cluster".to_owned(), name, ..ObjectIdentity::default() },
                action,
                difference,
            }],
            warnings,
            basis: json!({"stopped": there.is_some()}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let maker = Maker::meant(self.maker);
        let name = self.name(maker);
        let stopped =
            approval.preview().basis.get("stopped").and_then(serde_json::Value::as_bool) == Some(true);
        // k3d does not make a cluster that is there, and does not start one that is not.
        let words = if maker == Maker::K3d && stopped {
            vec!["cluster".to_owned(), "start".to_owned(), name.clone()]
        } else {
            self.words(maker)
        };
        progress.status(format!("{} starts {name}", maker.program()));
        let printed = maker.run(world.read().options(), "start the cluster", &words, DEADLINE).await?;
        let text = format!("{}{}", printed.stdout, printed.stderr);
        Ok(Outcome::sentence(format!("the {} cluster {name} is started", maker.program()))
            .view(View::Text(text))
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
        let found = clusters(maker, world.options()).await?;
        Ok(match found.iter().find(|cluster| cluster.name == name) {
            Some(cluster) if cluster.running != Some(false) => {
                Verification::Confirmed(format!("{name}: {}", cluster.detail))
            }
            Some(cluster) => Verification::Failed(format!("{name} does not run: {}", cluster.detail)),
            None => Verification::Failed(format!("{} knows no cluster {name}", maker.program())),
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        // A new one would have to be deleted, which nobody asked for; one that was stopped is stopped again.
        let stopped = shown.basis.get("stopped").and_then(serde_json::Value::as_bool)?;
        stopped
            .then(|| Call::new("stop_cluster", json!({"maker": Maker::meant(self.maker), "name": self.name})))
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
    fn says_each_programs_command() {
        for (arguments, command) in [
            (json!({"maker": "minikube", "cpus": 4, "memory": "8Gi"}), "minikube start --cpus=4 --memory=8g"),
            (json!({"maker": "kind", "name": "dev"}), "kind create cluster --name=dev"),
            (json!({"maker": "k3d", "name": "dev"}), "k3d cluster create dev"),
        ] {
            assert_eq!(bind(arguments).command().to_string(), command);
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for wrong in [
            json!({"cpus": 0}),
            json!({"memory": "much"}),
            json!({"memory": "-1g"}),
            json!({"name": "--delete"}),
            json!({"kubernetes_version": "latest; rm"}),
        ] {
            assert!(bind(wrong.clone()).check().is_err(), "{wrong}");
        }
        assert_eq!((size("8g"), size("4096")), (Some("8g".to_owned()), Some("4096m".to_owned())));
    }
}
