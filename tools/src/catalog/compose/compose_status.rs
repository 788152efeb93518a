//! `compose_status`: how the services of a Compose project are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::compose::{self, Compose};
use crate::error::Result;
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show which services of a Compose project are up.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComposeStatus {
    /// The Compose file, if not the usual one of this folder.
    file: Option<String>,
}

impl Tool for ComposeStatus {
    const NAME: &'static str = "compose_status";
    const PHRASES: &'static [&'static str] = &[
        "compose (ps|status|ls) [--all|-a]",
        "docker-compose (ps|status|ls) [--all|-a]",
        "[<show>] [the|all] [docker] compose (services|containers|stack|project|status) [are|is|that are] [up|running|down|stopped]",
        "[<show>] [the] (status|state|health) of [the|my] [docker] compose (stack|services|project|setup)",
        "(which|what) [docker] compose (services|containers) (are|is) (up|running|down|stopped|healthy|unhealthy|there)",
        "(which|what|how many) services (of|in) [the|my] [docker] compose (stack|file|project) (are|is) (up|running|down|stopped|healthy|there)",
        "is [the|my] [docker] compose (stack|project|setup) (up|running|down|healthy|ok)",
        "(are|is) [the|my|all] [docker] compose services (up|running|down|healthy|ok)",
        "how (is|are) [the|my] [docker] compose (stack|project|services) [doing]",
    ];
    const MODIFIERS: &'static [&'static str] =
        &["(with|of|using|from|in) [the] [compose] file {file:path}", "(-f|--file) {file:path}"];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        compose::command(self.file.as_deref()).args(["ps", "--all"])
    }
}

impl ReadTool for ComposeStatus {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let compose = Compose::find(world.options(), self.file.as_deref()).await?;
        let declared = compose.services().await?;
        let found = compose.status(world.docker().await?).await?;
        let mut table = Table {
            columns: ["SERVICE", "STATUS", "CONTAINER", "PORTS"].map(str::to_owned).to_vec(),
            rows: Vec::new(),
        };
        for service in &found {
            let status = match (service.status.is_empty(), service.health.is_empty()) {
                (false, _) => service.status.clone(),
                (true, true) => service.state.clone(),
                (true, false) => format!("{} ({})", service.state, service.health),
            };
            table.rows.push(vec![
                service.service.clone(),
                status,
                service.container.clone(),
                service.ports.clone(),
            ]);
        }
        let absent: Vec<&String> =
            declared.iter().filter(|name| found.iter().all(|service| service.service != **name)).collect();
        for name in &absent {
            table.rows.push(vec![(*name).clone(), "not started".to_owned(), String::new(), String::new()]);
        }
        let up = declared
            .iter()
            .filter(|name| found.iter().any(|service| service.service == **name && service.is_up()))
            .count();
        let data = found.iter().map(|service| {
            json!({"service": service.service, "container": service.container, "state": service.state,
                "health": service.health, "exit_code": service.exit_code, "ports": service.ports})
        });
        let data = json!({"declared": declared, "containers": data.collect::<Vec<_>>()});
        let mut outcome = Outcome::sentence(format!("{up} of {} services are up", declared.len())).data(data);
        if !table.rows.is_empty() {
            outcome = outcome.view(View::Tables(vec![(String::new(), table)]));
        }
        for service in found.iter().filter(|service| service.exit_code != 0 && service.state != "running") {
            outcome = outcome.note(format!(
                "{} ended with exit code {}: `shipmate compose logs {}` says why",
                service.service, service.exit_code, service.service
            ));
        }
        Ok(outcome)
    }
}

pub(crate) static TOOL: Reader<ComposeStatus> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command() {
        let status = |file: Option<&str>| ComposeStatus { file: file.map(str::to_owned) };
        assert_eq!(status(None).command().to_string(), "docker compose ps --all");
        assert_eq!(status(Some("-x.yml")).command().to_string(), "docker compose --file=-x.yml ps --all");
    }
}
