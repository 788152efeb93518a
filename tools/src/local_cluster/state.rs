//! How a local cluster stands, from what its program prints for programs.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::Table;
use crate::world::ReadWorld;

use super::{Provider, ask, reason};

/// How a cluster stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ClusterState {
    /// Its name.
    pub name: String,
    /// Whether there is such a cluster.
    pub exists: bool,
    /// Whether all of it runs; of kind, which does not tell, whether it exists.
    pub running: bool,
    /// Part by part: what it is, and how it stands.
    pub parts: Vec<(String, String)>,
    /// The clusters of the same program.
    pub known: Vec<String>,
}

impl ClusterState {
    /// One sentence.
    #[must_use]
    pub fn sentence(&self, provider: Provider) -> String {
        let what = format!("the {} cluster {}", provider.program(), self.name);
        match (self.exists, self.running, provider) {
            (false, ..) => format!("there is no {} cluster called {}", provider.program(), self.name),
            (true, _, Provider::Kind) => format!("{what} exists"),
            (true, true, _) => format!("{what} runs"),
            (true, false, _) => format!("{what} is stopped or not complete"),
        }
    }

    /// Its parts as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        Table {
            columns: vec!["PART".to_owned(), "STATE".to_owned()],
            rows: self.parts.iter().map(|(part, state)| vec![part.clone(), state.clone()]).collect(),
        }
    }
}

/// How the cluster called `name` (its program's usual name when none) stands.
///
/// # Errors
/// As [`ask`], and what the program said when it could not tell.
pub async fn state(provider: Provider, name: Option<&str>, world: &ReadWorld) -> Result<ClusterState> {
    let name = name.unwrap_or(provider.usual_name());
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let arguments = match provider {
        Provider::Minikube => words(&format!("status --output=json --profile={name}")),
        Provider::Kind => words("get clusters"),
        Provider::K3d => words("cluster list --output=json"),
        Provider::Containerd => words("images ls --quiet"),
    };
    let printed = ask(provider, &arguments, world).await?;
    let found = match provider {
        Provider::Minikube => minikube(name, &printed.stdout, &printed.stderr),
        Provider::Kind if printed.success => Some(kind(name, &printed.stdout)),
        Provider::K3d if printed.success => k3d(name, &printed.stdout),
        _ => None,
    };
    found.ok_or_else(|| {
        Feedback::new(
            ErrorKind::Other,
            format!("{} did not say how {name} stands: {}", provider.program(), reason(&printed)),
        )
        .next("look whether Docker runs, then ask again")
        .into()
    })
}

/// `minikube status --output=json`: an object a node, several in an array; its exit code is a bit field.
fn minikube(name: &str, stdout: &str, stderr: &str) -> Option<ClusterState> {
    let mut state = ClusterState { name: name.to_owned(), ..ClusterState::default() };
    let nodes = match serde_json::from_str::<Value>(stdout.trim()) {
        Ok(Value::Array(nodes)) => nodes,
        Ok(one) if one.get("Host").is_some() => vec![one],
        _ => {
            // A profile that is not there is answered in prose, or in lines of JSON with the prose inside.
            let said = format!("{stdout}{stderr}").to_ascii_lowercase();
            return (said.contains("not found") || said.contains("does not exist")).then_some(state);
        }
    };
    state.exists = true;
    state.running = !nodes.is_empty();
    for node in &nodes {
        let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let worker = node.get("Worker").and_then(Value::as_bool).unwrap_or(false);
        for (key, part) in [("Host", "machine"), ("Kubelet", "kubelet"), ("APIServer", "API server")] {
            if text(key).is_empty() || (worker && key == "APIServer") {
                continue;
            }
            state.running &= text(key) == "Running";
            let label = if nodes.len() > 1 { format!("{} {part}", text("Name")) } else { part.to_owned() };
            state.parts.push((label, text(key).to_ascii_lowercase()));
        }
    }
    Some(state)
}

fn kind(name: &str, stdout: &str) -> ClusterState {
    let known: Vec<String> =
        stdout.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let exists = known.iter().any(|one| one == name);
    let parts = known.iter().map(|one| (one.clone(), "exists".to_owned())).collect();
    ClusterState { name: name.to_owned(), exists, running: exists, parts, known }
}

fn k3d(name: &str, stdout: &str) -> Option<ClusterState> {
    let clusters: Vec<Value> = serde_json::from_str(stdout.trim()).ok()?;
    let text = |cluster: &Value| cluster.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let count = |cluster: &Value, key: &str| cluster.get(key).and_then(Value::as_u64).unwrap_or(0);
    let mut state = ClusterState { name: name.to_owned(), ..ClusterState::default() };
    state.known = clusters.iter().map(text).collect();
    if let Some(cluster) = clusters.iter().find(|cluster| text(cluster) == name) {
        state.exists = true;
        state.running = count(cluster, "serversCount") > 0;
        for (part, all, up) in
            [("servers", "serversCount", "serversRunning"), ("agents", "agentsCount", "agentsRunning")]
        {
            state.running &= count(cluster, all) == count(cluster, up);
            state
                .parts
                .push((part.to_owned(), format!("{} of {} run", count(cluster, up), count(cluster, all))));
        }
    }
    Some(state)
}

/// minikube's addons, and whether each is on.
///
/// # Errors
/// As [`ask`], and what minikube said when it has no list.
pub async fn addons(name: Option<&str>, world: &ReadWorld) -> Result<BTreeMap<String, bool>> {
    let name = name.unwrap_or(Provider::Minikube.usual_name());
    let arguments = ["addons", "list", "--output=json", &format!("--profile={name}")].map(str::to_owned);
    let printed = ask(Provider::Minikube, &arguments, world).await?;
    let list: Option<BTreeMap<String, Value>> = serde_json::from_str(printed.stdout.trim()).ok();
    let list = list.ok_or_else(|| {
        Feedback::new(ErrorKind::Other, format!("minikube did not list its addons: {}", reason(&printed)))
            .next("start the cluster first: `shipmate start minikube`")
    })?;
    let is_on = |value: &Value| value.get("Status").and_then(Value::as_str) == Some("enabled");
    Ok(list.iter().map(|(name, value)| (name.clone(), is_on(value))).collect())
}

/// Whether the cluster lists `image`; `None` when its program cannot tell.
///
/// # Errors
/// As [`ask`].
pub async fn loaded(
    provider: Provider,
    name: Option<&str>,
    image: &str,
    world: &ReadWorld,
) -> Result<Option<bool>> {
    if provider != Provider::Minikube {
        return Ok(None);
    }
    let name = name.unwrap_or(provider.usual_name());
    let arguments = ["image", "ls", &format!("--profile={name}")].map(str::to_owned);
    let printed = ask(provider, &arguments, world).await?;
    Ok(printed.success.then(|| printed.stdout.lines().any(|line| same_image(line.trim(), image))))
}

/// Whether a full name, as a node lists it, is the image that Docker calls `short`.
pub(super) fn same_image(full: &str, short: &str) -> bool {
    let last = short.rsplit('/').next().unwrap_or(short);
    let tagged = if last.contains([':', '@']) { short.to_owned() } else { format!("{short}:latest") };
    let bare = full.strip_prefix("docker.io/library/").or_else(|| full.strip_prefix("docker.io/"));
    full == tagged || bare == Some(tagged.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minikube_is_read_for_one_node_several_and_none() {
        let one = r#"{"Name":"minikube","Host":"Running","Kubelet":"Running","APIServer":"Stopped","Worker":false}"#;
        let state = minikube("minikube", one, "").unwrap();
        assert!(state.exists && !state.running);
        assert_eq!(
            state.sentence(Provider::Minikube),
            "the minikube cluster minikube is stopped or not complete"
        );
        let two = r#"[{"Name":"m","Host":"Running","Kubelet":"Running","APIServer":"Running","Worker":false},
            {"Name":"m-2","Host":"Running","Kubelet":"Running","APIServer":"Irrelevant","Worker":true}]"#;
        let state = minikube("m", two, "").unwrap();
        assert!(state.running);
        assert_eq!(state.parts.len(), 5);
        assert!(!minikube("dev", "* Profile \"dev\" not found.\n", "").unwrap().exists);
        assert!(minikube("dev", "", "panic: out of memory").is_none());
    }

    #[test]
    fn kind_and_k3d_are_read() {
        assert!(kind("dev", "dev\nother\n").exists);
        assert!(!kind("kind", "").exists);
        let list =
            r#"[{"name":"dev","serversCount":1,"serversRunning":0,"agentsCount":0,"agentsRunning":0}]"#;
        let state = k3d("dev", list).unwrap();
        assert!(state.exists && !state.running);
        assert!(!k3d("x", "[]").unwrap().exists);
    }

    #[test]
    fn full_names_of_images_are_recognised() {
        assert!(same_image("docker.io/library/web:latest", "web"));
        assert!(same_image("docker.io/library/web:1.2", "web:1.2"));
        assert!(same_image("localhost:5000/web:1", "localhost:5000/web:1"));
        assert!(same_image("localhost:5000/web:latest", "localhost:5000/web"));
        assert!(!same_image("docker.io/library/web:1.2", "web:1"));
    }
}
