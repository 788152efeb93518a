//! How the clusters on this machine are, from each program's own JSON.

use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

use crate::error::Result;
use crate::world::WorldOptions;

use super::{Maker, last_words};

const LOOK: Duration = Duration::from_secs(60);

/// A cluster on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LocalCluster {
    /// Who made it.
    pub maker: Maker,
    /// Its name.
    pub name: String,
    /// Whether it runs; kind does not say.
    pub running: Option<bool>,
    /// What the program says about it.
    pub detail: String,
}

/// The clusters that one program knows.
///
/// # Errors
/// `Unavailable` when it is not installed, or when it did not answer in time.
pub async fn clusters(maker: Maker, options: &WorldOptions) -> Result<Vec<LocalCluster>> {
    let words: &[&str] = match maker {
        Maker::Minikube => &["profile", "list", "--output=json"],
        Maker::Kind => &["get", "clusters"],
        Maker::K3d => &["cluster", "list", "--output=json"],
    };
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let printed = maker.output(options, &words, LOOK).await?;
    let found = match maker {
        Maker::Minikube => minikube(&printed.stdout),
        Maker::Kind => kind(&printed.stdout),
        Maker::K3d => k3d(&printed.stdout),
    };
    // minikube ends with an error, and says so in its JSON, when it has no cluster at all.
    if found.is_empty() && !printed.success && maker != Maker::Minikube {
        tracing::debug!(program = maker.program(), said = last_words(&printed), "no clusters listed");
    }
    Ok(found)
}

fn minikube(text: &str) -> Vec<LocalCluster> {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let all = ["valid", "invalid"]
        .into_iter()
        .flat_map(|list| answer.get(list).and_then(Value::as_array).cloned().unwrap_or_default());
    all.map(|profile| {
        let status = profile.get("Status").and_then(Value::as_str).unwrap_or("unknown").to_owned();
        let version = profile.pointer("/Config/KubernetesConfig/KubernetesVersion").and_then(Value::as_str);
        LocalCluster {
            maker: Maker::Minikube,
            name: profile.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            running: Some(matches!(status.as_str(), "Running" | "OK")),
            detail: version
                .map_or_else(|| status.clone(), |version| format!("{status}, Kubernetes {version}")),
        }
    })
    .collect()
}

/// One name a line; without any it says so on standard error.
fn kind(text: &str) -> Vec<LocalCluster> {
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty() && !name.contains(' '));
    names
        .map(|name| LocalCluster {
            maker: Maker::Kind,
            name: name.to_owned(),
            running: None,
            detail: format!("node {name}-control-plane"),
        })
        .collect()
}

fn k3d(text: &str) -> Vec<LocalCluster> {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let all = answer.as_array().cloned().unwrap_or_default();
    all.iter()
        .map(|cluster| {
            let number = |key: &str| cluster.get(key).and_then(Value::as_u64).unwrap_or_default();
            let (running, count) = (number("serversRunning"), number("serversCount"));
            LocalCluster {
                maker: Maker::K3d,
                name: cluster.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                running: Some(running > 0 && running == count),
                detail: format!(
                    "{running} of {count} servers, {} of {} agents",
                    number("agentsRunning"),
                    number("agentsCount")
                ),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_programs_answer_is_read() {
        let found = minikube(
            r#"{"invalid":[],"valid":[{"Name":"minikube","Status":"Running","Config":{"KubernetesConfig":{"KubernetesVersion":"v1.31.0"}}}]}"#,
        );
        let one = found.first().unwrap();
        assert_eq!((one.name.as_str(), one.running), ("minikube", Some(true)));
        assert_eq!(one.detail, "Running, Kubernetes v1.31.0");
        assert!(minikube("no JSON").is_empty());
        assert_eq!(kind("dev\nNo kind clusters found.\n").len(), 1);
        let found =
            k3d(r#"[{"name":"shop","serversCount":1,"serversRunning":0,"agentsCount":2,"agentsRunning":0}]"#);
        assert_eq!(found.first().unwrap().running, Some(false));
    }
}
