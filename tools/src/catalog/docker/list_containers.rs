//! `list_containers`: the containers of the Docker engine, running or all.

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, PortSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::{names, subject};
use crate::error::Result;
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// List the Docker containers on this machine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListContainers {
    /// The stopped ones too.
    #[serde(default)]
    all: bool,
    /// Only the stopped ones.
    #[serde(default)]
    stopped: bool,
}

impl Tool for ListContainers {
    const NAME: &'static str = "list_containers";
    const PHRASES: &'static [&'static str] = &[
        "[<show>] [the|all] (running|docker|local) containers [running|that are running|here|locally|on this machine|in docker]",
        "[<show>] [the|all] running [docker] containers [locally|on this machine|in docker|there are]",
        "[<show>] [the] containers (locally|on this machine|in docker|on my machine|running)",
        "docker (ps|container ls|container list|containers)",
        "docker (ps|container ls) (-a|--all) => all=true",
        "[<show>] (all|every) [the] [docker|local] containers (including|with|and) [the|also] (stopped|exited|dead) [ones|too] => all=true",
        "[<show>] [all] [the] [docker|local] containers (including|with|and) [the|also] (stopped|exited|dead) [ones|too] => all=true",
        "[<show>] [all|both] [the] running and stopped [docker] containers => all=true",
        "[<show>] [all] [the] (stopped|exited|dead) [docker|local] containers [locally|on this machine|in docker] => stopped=true",
        "(which|what) [docker] containers (have|are) (stopped|exited) => stopped=true",
        "how many [docker|running] containers (run|are running|are there|are up) [locally|on this machine|in docker]",
    ];
    const MODIFIERS: &'static [&'static str] =
        &["(even|also) [the] (stopped|exited) [ones] => all=true", "stopped ones too => all=true"];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::docker().arg("ps").flag_if(self.all || self.stopped, "--all");
        if self.stopped { line.arg("--filter").arg("status=exited") } else { line }
    }
}

/// A container's ports as docker prints them: `0.0.0.0:8080->80/tcp`.
fn ports(ports: Option<&Vec<PortSummary>>) -> String {
    let mut shown: Vec<String> = ports
        .into_iter()
        .flatten()
        .map(|port| {
            let kind = port.typ.map_or_else(|| "tcp".to_owned(), |kind| kind.to_string());
            match (&port.ip, port.public_port) {
                (Some(ip), Some(public)) => format!("{ip}:{public}->{}/{kind}", port.private_port),
                (None, Some(public)) => format!("{public}->{}/{kind}", port.private_port),
                _ => format!("{}/{kind}", port.private_port),
            }
        })
        .collect();
    shown.sort();
    shown.dedup();
    shown.join(", ")
}

fn is_stopped(container: &ContainerSummary) -> bool {
    container.state == Some(ContainerSummaryStateEnum::EXITED)
}

impl ReadTool for ListContainers {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let docker = world.docker().await?;
        let mut found = docker.containers(self.all || self.stopped, false).await?;
        if self.stopped {
            found.retain(is_stopped);
        }
        let mut table = Table {
            columns: ["NAME", "IMAGE", "STATUS", "PORTS", "ID"].map(str::to_owned).to_vec(),
            rows: Vec::new(),
        };
        let mut data = Vec::new();
        for container in &found {
            let name = names::name_of(container).unwrap_or_default();
            let id = container.id.clone().unwrap_or_default();
            let state = container.state.map(|state| state.to_string()).unwrap_or_default();
            table.rows.push(vec![
                name.clone(),
                container.image.clone().unwrap_or_default(),
                container.status.clone().unwrap_or_default(),
                ports(container.ports.as_ref()),
                subject::short(&id).to_owned(),
            ]);
            data.push(json!({
                "name": name,
                "id": id,
                "image": container.image,
                "state": state,
                "status": container.status,
                "created": container.created,
                "ports": ports(container.ports.as_ref()),
            }));
        }
        let what = match (self.stopped, self.all) {
            (true, _) => "stopped container",
            (_, true) => "container",
            _ => "running container",
        };
        let summary = match found.len() {
            0 => format!("no {what}s"),
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let outcome = Outcome::sentence(summary).data(json!({"containers": data}));
        Ok(if found.is_empty() { outcome } else { outcome.view(View::Tables(vec![(String::new(), table)])) })
    }
}

pub(crate) static TOOL: Reader<ListContainers> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_read_as_docker_prints_them() {
        let open = PortSummary {
            ip: Some("0.0.0.0".to_owned()),
            private_port: 80,
            public_port: Some(8080),
            typ: None,
        };
        let inner = PortSummary { private_port: 9000, ..PortSummary::default() };
        assert_eq!(ports(Some(&vec![open, inner])), "0.0.0.0:8080->80/tcp, 9000/tcp");
    }

    #[test]
    fn says_its_command() {
        let command = |all, stopped| ListContainers { all, stopped }.command().to_string();
        assert_eq!(command(false, false), "docker ps");
        assert_eq!(command(true, false), "docker ps --all");
        assert_eq!(command(false, true), "docker ps --all --filter status=exited");
    }
}
