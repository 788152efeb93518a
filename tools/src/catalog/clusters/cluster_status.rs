//! `cluster_status`: whether a local cluster runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::local_cluster::{Provider, check_name, check_provider, state};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Say whether a local cluster (minikube, kind or k3d) runs, part by part.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterStatus {
    /// What keeps it: `minikube`, `kind` or `k3d`; the one that is installed when not said.
    provider: Option<Provider>,
    /// The cluster's name (minikube's profile).
    name: Option<String>,
}

impl Tool for ClusterStatus {
    const NAME: &'static str = "cluster_status";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|check] [status|state] (of|for|on) minikube [cluster] => provider=minikube",
        "[<show>|check] [status|state] (of|for|on) [local] kind cluster => provider=kind",
        "[<show>|check] [status|state] (of|for|on) k3d [cluster] => provider=k3d",
        "[<show>|check] [status|state] (of|for|on) (local|dev|development) [kubernetes|k8s|dev] cluster",
        "[<show>|check] minikube [cluster] (status|state) => provider=minikube",
        "[<show>|check] kind cluster [status|state] => provider=kind",
        "[<show>|check] k3d [cluster] (status|state) => provider=k3d",
        "[<show>|check] [my] local [kubernetes|k8s] cluster (status|state)",
        "(is|check whether|check if|check) minikube [cluster] (running|up|alive|on|started|working|healthy|stopped|down) [or (not|down|stopped)] => provider=minikube",
        "(is|check whether|check if|check) k3d [cluster] (running|up|alive|on|started|working|healthy|stopped|down) => provider=k3d",
        "(is|check whether|check if|check) kind cluster (running|up|alive|on|started|working|healthy|stopped|down) => provider=kind",
        "(is|check whether|check if|check) [my] (local|dev|development) [kubernetes|k8s|dev] cluster (running|up|alive|on|started|working|stopped|down)",
        "how is (minikube) [doing] => provider=minikube",
        "which (kind) cluster (exist|run|there) => provider=kind",
        "minikube status => provider=minikube",
        "kind get clusters => provider=kind",
        "k3d cluster list => provider=k3d",
    ];
    const MODIFIERS: &'static [&'static str] = &["(called|named|profile|with profile|--profile) {name:word}"];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let name = self.name.as_deref();
        match self.provider() {
            Provider::Kind => CommandLine::new("kind").args(["get", "clusters"]),
            Provider::K3d => CommandLine::new("k3d").args(["cluster", "list"]).args(name),
            Provider::Minikube | Provider::Containerd => {
                CommandLine::new("minikube").arg("status").option("--profile", name)
            }
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // Settled before it is shown, so that what runs is what was shown.
        self.provider.get_or_insert_with(Provider::usual);
        Vec::new()
    }

    fn check(&self) -> Result<()> {
        check_provider(self.provider)?;
        check_name(self.name.as_deref())
    }
}

impl ClusterStatus {
    fn provider(&self) -> Provider {
        self.provider.unwrap_or(Provider::Minikube)
    }
}

impl ReadTool for ClusterStatus {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let provider = self.provider();
        let now = state(provider, self.name.as_deref(), world).await?;
        let mut outcome =
            Outcome::sentence(now.sentence(provider)).data(json!({"provider": provider, "cluster": now}));
        if !now.parts.is_empty() {
            outcome = outcome.view(View::Tables(vec![(String::new(), now.table())]));
        }
        if !now.exists && !now.known.is_empty() {
            outcome = outcome.note(format!("there are: {}", now.known.join(", ")));
        }
        if provider == Provider::Kind && now.exists {
            outcome =
                outcome.note("kind does not say whether its nodes run: they are containers, so list those");
        } else if !now.running {
            outcome = outcome.note(format!("start it with `shipmate start {}`", provider.program()));
        }
        Ok(outcome)
    }
}

pub(crate) static TOOL: Reader<ClusterStatus> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let line = |arguments| Call::new("cluster_status", arguments).bind().unwrap().command().to_string();
        assert_eq!(line(json!({})), "minikube status");
        assert_eq!(line(json!({"provider": "minikube", "name": "dev"})), "minikube status --profile=dev");
        assert_eq!(line(json!({"provider": "k3d", "name": "dev"})), "k3d cluster list dev");
    }
}
