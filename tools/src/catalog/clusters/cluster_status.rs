//! `cluster_status`: the clusters on this machine, and whether they run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::clusters::{Maker, check_name, clusters};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show the local clusters of minikube, kind and k3d, and whether they run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterStatus {
    /// Only those of this program; all that are installed when none is named.
    maker: Option<Maker>,
    /// Only the cluster of this name.
    name: Option<String>,
}

impl Tool for ClusterStatus {
    const NAME: &'static str = "cluster_status";
    const PHRASES: &'static [&'static str] = &[
        "is minikube (running|up|started|healthy|alive|on|stopped|down) => maker=minikube",
        "[<show>] [the] (status|state) of minikube => maker=minikube",
        "[<show>] [the] minikube (status|state|profiles|clusters) => maker=minikube",
        "minikube (profile list|status) => maker=minikube",
        "is [the|my] (kind|k3d) cluster (running|up|started|healthy|alive|on|stopped|down)",
        "[<show>] [the|my|all] kind clusters => maker=kind",
        "[<show>] [the|my|all] k3d clusters => maker=k3d",
        "kind get clusters => maker=kind",
        "k3d cluster list => maker=k3d",
        "[<show>] [the] (status|state) of [the|my] (kind|k3d) cluster",
        "[<show>] [the] (status|state) of [the|my] local [kubernetes|k8s] (cluster|clusters)",
        "[<show>] [the|my|all] local [kubernetes|k8s] (clusters|cluster status)",
        "is [the|my] local [kubernetes|k8s] cluster (running|up|started|healthy|alive|on|stopped|down)",
        "(which|what) local [kubernetes|k8s] clusters (are|do|is) [there|i|running|up|have]",
        "how is [the|my] local [kubernetes|k8s] cluster [doing]",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        match Maker::meant(self.maker) {
            Maker::Minikube => CommandLine::new("minikube").args(["profile", "list"]),
            Maker::Kind => CommandLine::new("kind").args(["get", "clusters"]),
            Maker::K3d => CommandLine::new("k3d").args(["cluster", "list"]),
        }
    }

    fn check(&self) -> Result<()> {
        check_name(self.name.as_deref())
    }
}

impl ReadTool for ClusterStatus {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let asked: Vec<Maker> = match self.maker {
            Some(maker) => vec![maker],
            None => Maker::ALL.into_iter().filter(|maker| maker.is_installed()).collect(),
        };
        if asked.is_empty() {
            return Err(Feedback::new(ErrorKind::Unavailable, "none of minikube, kind and k3d is installed")
                .next("install one: minikube (https://minikube.sigs.k8s.io/docs/start/) is the usual")
                .into());
        }
        let mut found = Vec::new();
        for maker in &asked {
            found.extend(clusters(*maker, world.options()).await?);
        }
        if let Some(name) = &self.name {
            let all: Vec<String> = found.iter().map(|cluster| cluster.name.clone()).collect();
            found.retain(|cluster| cluster.name == *name);
            if found.is_empty() {
                return Err(Feedback::new(
                    ErrorKind::NotFound,
                    format!("there is no local cluster called {name}"),
                )
                .next("start it, or name one of these")
                .candidates(all)
                .into());
            }
        }
        let programs = asked.iter().map(|maker| maker.program()).collect::<Vec<_>>().join(", ");
        let data = json!({"clusters": found});
        if found.is_empty() {
            return Ok(Outcome::sentence(format!("{programs} has no cluster here")).data(data));
        }
        let running = found.iter().filter(|cluster| cluster.running != Some(false)).count();
        let table = Table {
            columns: ["CLUSTER", "BY", "RUNS", "DETAIL"].map(str::to_owned).to_vec(),
            rows: found
                .iter()
                .map(|cluster| {
                    let runs = cluster.running.map_or("there", |runs| if runs { "yes" } else { "no" });
                    vec![
                        cluster.name.clone(),
                        cluster.maker.program().to_owned(),
                        runs.to_owned(),
                        cluster.detail.clone(),
                    ]
                })
                .collect(),
        };
        let summary = match found.as_slice() {
            [one] if one.running == Some(false) => format!("the cluster {} is stopped", one.name),
            [one] if one.running == Some(true) => format!("the cluster {} runs", one.name),
            [one] => format!("there is the cluster {}", one.name),
            several => format!("{running} of {} local clusters run", several.len()),
        };
        Ok(Outcome::sentence(summary).view(View::Tables(vec![(String::new(), table)])).data(data))
    }
}

pub(crate) static TOOL: Reader<ClusterStatus> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command() {
        let status = |maker| ClusterStatus { maker: Some(maker), name: None }.command().to_string();
        assert_eq!(status(Maker::Minikube), "minikube profile list");
        assert_eq!(status(Maker::Kind), "kind get clusters");
        assert_eq!(status(Maker::K3d), "k3d cluster list");
    }
}
