//! `cluster_info`: which cluster this is: where, which version, how large.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Result};
use crate::kubernetes::{Cluster, Query, parse_quantity};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Say which cluster this is: its address and version, its nodes and what they have, and its own services.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterInfo {
    /// Only which version of Kubernetes it runs.
    #[serde(default)]
    version: bool,
}

impl Tool for ClusterInfo {
    const NAME: &'static str = "cluster_info";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|give me] [the|some|general] cluster (info|information|details|summary|overview|facts)",
        "cluster-info",
        "[<show>|give me] [the|some|general] (info|information|details|facts|overview|summary) (of|about|on|for) [the|this|my|our] [kubernetes|k8s] cluster",
        "(what|which) [kubernetes|k8s] cluster [is this|is that|am i|are we|do i|do we|is it|i am|we are] [talking to|connected to|talk to|in|on|using|use|at|running on|working on|working with]",
        "(what|which) cluster is (it|this|that)",
        "(where|on what|on which host) (is|does) [the|this|my|our] (api server|apiserver|control plane|cluster) [running|hosted|run|live]",
        "(tell me about|describe|summarize) [the|this|my|our] [kubernetes|k8s] cluster",
        "[<show>] [the] (address|url|endpoint) of [the] (api server|apiserver|cluster|control plane|kubernetes api)",
        "how (big|large) is [the|this|my|our] cluster",
        "[<show>] [the] version of (kubernetes|k8s|the cluster|the api server|the apiserver|the server) => version=true",
        "[<show>] [the] (kubernetes|k8s|cluster|server|api server) version [is this|is it|do we run|is running|are we on|we run] => version=true",
        "(what|which) version of (kubernetes|k8s) [is this|is it|runs here|do we run|is running|are we on|are we running|does the cluster run|do we have|are we using] => version=true",
        "(what|which) (kubernetes|k8s) version [is this|is it|runs here|do we run|is running|are we on|are we running|does the cluster run|do we have|are we using] => version=true",
        "kubectl version => version=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl().arg(if self.version { "version" } else { "cluster-info" })
    }
}

impl ReadTool for ClusterInfo {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let server = world.connection().await?.server();
        info(self.version, world.cluster().await?, &server).await
    }
}

async fn info(only_version: bool, cluster: &Cluster, server: &str) -> Result<Outcome> {
    let asked = cluster.client().apiserver_version();
    let version = cluster.ask("ask the cluster for its version", asked).await?;
    let said = format!("Kubernetes {} ({})", version.git_version, version.platform);
    let mut data = json!({"context": cluster.context(), "server": server, "version": version.git_version,
        "platform": version.platform, "namespace": cluster.namespace()});
    if only_version {
        return Ok(Outcome::sentence(format!("context {} runs {said}", cluster.context())).data(data));
    }
    let mut notes = Vec::new();
    let nodes = list(cluster, "nodes", &Query::default(), &mut notes).await?;
    let own = Query { selector: Some("kubernetes.io/cluster-service=true".to_owned()), ..Query::default() };
    let services = list(cluster, "services", &own, &mut notes).await?;
    let namespaces = list(cluster, "namespaces", &Query::default(), &mut notes).await?;

    let summary = match &nodes {
        Some(nodes) => {
            let ready = nodes.iter().filter(|node| is_ready(node)).count();
            format!(
                "context {} at {server}: {said}, {ready} of {} nodes ready",
                cluster.context(),
                nodes.len()
            )
        }
        None => format!("context {} at {server}: {said}", cluster.context()),
    };
    let mut facts = vec![
        ("context", cluster.context().to_owned()),
        ("API server", server.to_owned()),
        ("version", said),
        ("namespace", cluster.namespace().to_owned()),
    ];
    if let Some(namespaces) = &namespaces {
        facts.push(("namespaces", namespaces.len().to_string()));
    }
    if let Some(nodes) = &nodes {
        facts.push(("capacity", capacity(nodes)));
    }
    let rows = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let mut tables = vec![(String::new(), Table { columns: vec!["WHAT".to_owned(), "IS".to_owned()], rows })];
    if let Some(nodes) = nodes.as_deref().filter(|nodes| !nodes.is_empty()) {
        data["nodes"] = nodes.iter().map(node_data).collect();
        tables.push(("Nodes".to_owned(), node_table(nodes)));
    }
    if let Some(services) = services.as_deref().filter(|services| !services.is_empty()) {
        let names: Vec<String> = services
            .iter()
            .map(|service| {
                format!("{}/{}", text(service, "/metadata/namespace"), text(service, "/metadata/name"))
            })
            .collect();
        data["services"] = json!(names);
        let rows = services
            .iter()
            .zip(names)
            .map(|(service, name)| {
                let label =
                    service.pointer("/metadata/labels").and_then(|labels| labels.get("kubernetes.io/name"));
                let label = label.and_then(Value::as_str).unwrap_or_default().to_owned();
                vec![name, label, text(service, "/spec/clusterIP").to_owned()]
            })
            .collect();
        let columns = ["SERVICE", "IS", "CLUSTER-IP"].map(str::to_owned).into();
        tables.push(("Services of the cluster".to_owned(), Table { columns, rows }));
    }
    let mut outcome = Outcome::sentence(summary).view(View::Tables(tables)).data(data);
    outcome.notes = notes;
    Ok(outcome)
}

/// Objects, or a note that they may not be listed.
async fn list(
    cluster: &Cluster,
    word: &str,
    query: &Query,
    notes: &mut Vec<String>,
) -> Result<Option<Vec<Value>>> {
    let resource = cluster.kind(word).await?;
    match cluster.objects(&resource, query).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            notes.push(error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn is_ready(node: &Value) -> bool {
    let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .any(|one| text(one, "/type") == "Ready" && text(one, "/status") == "True")
}

fn roles(node: &Value) -> String {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let roles: Vec<&str> = labels
        .into_iter()
        .flatten()
        .filter_map(|(label, _)| label.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") }
}

fn amount(node: &Value, what: &str) -> f64 {
    parse_quantity(text(node, &format!("/status/capacity/{what}"))).unwrap_or(0.0)
}

fn capacity(nodes: &[Value]) -> String {
    let sum = |what: &str| nodes.iter().map(|node| amount(node, what)).sum::<f64>();
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for node in nodes {
        *versions.entry(text(node, "/status/nodeInfo/kubeletVersion")).or_default() += 1;
    }
    let versions: Vec<String> =
        versions.iter().map(|(version, count)| format!("{count} × {version}")).collect();
    format!("{} CPU, {} memory on {}", sum("cpu"), gibibytes(sum("memory")), versions.join(", "))
}

fn gibibytes(bytes: f64) -> String {
    format!("{:.1}Gi", bytes / 1_073_741_824.0)
}

fn node_data(node: &Value) -> Value {
    json!({"name": text(node, "/metadata/name"), "ready": is_ready(node), "roles": roles(node),
        "version": text(node, "/status/nodeInfo/kubeletVersion"), "os": text(node, "/status/nodeInfo/osImage"),
        "runtime": text(node, "/status/nodeInfo/containerRuntimeVersion")})
}

fn node_table(nodes: &[Value]) -> Table {
    let rows = nodes.iter().map(|node| {
        vec![
            text(node, "/metadata/name").to_owned(),
            (if is_ready(node) { "Ready" } else { "NotReady" }).to_owned(),
            roles(node),
            text(node, "/status/nodeInfo/kubeletVersion").to_owned(),
            amount(node, "cpu").to_string(),
            gibibytes(amount(node, "memory")),
            text(node, "/status/nodeInfo/osImage").to_owned(),
            text(node, "/status/nodeInfo/containerRuntimeVersion").to_owned(),
        ]
    });
    let columns = ["NAME", "STATUS", "ROLES", "VERSION", "CPU", "MEMORY", "OS", "RUNTIME"].map(str::to_owned);
    Table { columns: columns.into(), rows: rows.collect() }
}

pub(crate) static TOOL: Reader<ClusterInfo> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;

    #[test]
    fn says_its_command() {
        let line = |arguments| Call::new("cluster_info", arguments).bind().unwrap().command().to_string();
        assert_eq!(line(json!({})), "kubectl cluster-info");
        assert_eq!(line(json!({"version": true})), "kubectl version");
    }

    #[tokio::test]
    async fn what_may_not_be_listed_is_left_out() {
        let cluster = answering(|uri| match uri.split('?').next().unwrap_or_default() {
            "/version" => {
                json!({"major": "1", "minor": "34", "gitVersion": "v1.34.1", "gitCommit": "", "gitTreeState": "",
                "buildDate": "", "goVersion": "", "compiler": "", "platform": "linux/amd64"})
            }
            "/api/v1/nodes" => {
                json!({"items": [{"metadata": {"name": "n1"}, "status": {"capacity": {"cpu": "2", "memory": "4Gi"},
                "nodeInfo": {"kubeletVersion": "v1.34.1"}, "conditions": [{"type": "Ready", "status": "True"}]}}]})
            }
            _ => json!({"items": []}),
        });
        let outcome = info(false, &cluster, "https://c.test").await.unwrap();
        assert_eq!(
            outcome.summary,
            "context test at https://c.test: Kubernetes v1.34.1 (linux/amd64), 1 of 1 nodes ready"
        );
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows[5], ["capacity", "2 CPU, 4.0Gi memory on 1 × v1.34.1"]);
        assert_eq!(tables[1].1.rows[0][0], "n1");
        let outcome = info(true, &cluster, "x").await.unwrap();
        assert_eq!(outcome.summary, "context test runs Kubernetes v1.34.1 (linux/amd64)");
    }
}
