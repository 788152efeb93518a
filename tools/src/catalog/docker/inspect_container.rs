//! `inspect_container`: what a container is, and why it stopped.

use bollard::models::{ContainerInspectResponse, ContainerState, PortMap};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::subject;
use crate::error::Result;
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show a Docker container: its state, why it stopped, its health, addresses, ports and limits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InspectContainer {
    /// The container, by name or identifier.
    container: Option<String>,
}

impl Tool for InspectContainer {
    const NAME: &'static str = "inspect_container";
    const PHRASES: &'static [&'static str] = &[
        "(inspect|describe|examine|show [me]|look at) [the] [docker] container [called|named] {container:word}",
        "(inspect|describe|examine) [the] {container:word} [docker] container",
        "docker [container] inspect [container] {container:word}",
        "docker container inspect {container:word}",
        "(details|info|information) (of|about|on|for) [the] [docker] container {container:word}",
        "(what|which) (ip|address|ip address|ports|port|network|networks|mounts|limits|restart policy) (does|do|is|are|has) [the] [docker] container {container:word} (have|has|use|uses|using|got|on)",
        "(what|which) (ip|address|ip address|ports|port|network|networks|mounts|limits|restart policy) (does|do|is|are|has) [the] {container:word} [docker] container (have|has|use|uses|using|got|on)",
        "[<show>] [the] (ip|address|ip address|ports|port|networks|mounts) of [the] [docker] container {container:word}",
        "[<show>] [the] (ip|address|ip address|ports|port|networks|mounts) of [the] {container:word} [docker] container",
        "why (did|has|is|was) [the] [docker] container {container:word} (stop|stopped|exit|exited|die|died|crash|crashed|fail|failed|gone|dead|killed|unhealthy|restarting)",
        "why (did|has|is|was) [the] {container:word} docker container (stop|stopped|exit|exited|die|died|crash|crashed|fail|failed|gone|dead|killed|unhealthy|restarting)",
        "why (did|has|is|was) [the] docker container {container:word} [been] (stop|stopped|exit|exited|die|died|crash|crashed|fail|failed|gone|dead|killed|unhealthy|restarting)",
        "(is|was) [the] [docker] container {container:word} (healthy|running|up|alive|oom killed|killed|out of memory)",
        "[<show>] [the] (exit code|exit status|health|state|status) of [the] [docker] container {container:word}",
        "[<show>] [the] (exit code|exit status|health|state|status) of [the] {container:word} docker container",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker().args(["container", "inspect"]).arg(self.container.clone().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Container(&mut self.container)]
    }

    fn check(&self) -> Result<()> {
        subject::container_name(self.container.as_ref()).map(|_| ())
    }
}

/// What an exit code says beside its number: signals are 128 and more, 125 to 127 come from Docker itself
/// (docker run reference, "Exit status").
fn meaning(code: i64) -> Option<&'static str> {
    Some(match code {
        125 => "Docker could not start it",
        126 => "its command cannot be executed",
        127 => "its command was not found",
        130 => "interrupted, SIGINT",
        134 => "it aborted, SIGABRT",
        137 => "killed, SIGKILL: out of memory, or it did not stop in time",
        139 => "a segmentation fault, SIGSEGV",
        143 => "it was told to end, SIGTERM",
        _ => return None,
    })
}

/// One sentence: how the container is, and of one that ended, why.
fn verdict(name: &str, state: &ContainerState, restarts: i64) -> String {
    let status = state.status.map(|status| status.to_string()).unwrap_or_default();
    let code = state.exit_code.unwrap_or_default();
    let error = state.error.as_deref().filter(|error| !error.is_empty());
    let again = if restarts > 0 { format!(", restarted {restarts} times") } else { String::new() };
    let health = state.health.as_ref().and_then(|health| health.status).map(|health| health.to_string());
    if state.running == Some(true) && state.restarting != Some(true) {
        let health = match health.as_deref() {
            None | Some("" | "none") => String::new(),
            Some(health) => format!(", {health}"),
        };
        return format!("container {name} is {status}{health}{again}");
    }
    let why = if state.oom_killed == Some(true) {
        "it ran out of memory and was killed (raise its memory limit, or find what it keeps)".to_owned()
    } else if let Some(error) = error {
        format!("it could not run: {error}")
    } else if status == "created" {
        "it was never started".to_owned()
    } else {
        match (code, meaning(code)) {
            (0, _) => "it ended by itself, without an error (exit code 0)".to_owned(),
            (_, Some(meaning)) => format!("exit code {code}: {meaning}"),
            (_, None) => format!("its own error, exit code {code}: its log says more"),
        }
    };
    format!("container {name} is {status}{again}: {why}")
}

fn ports(map: Option<&PortMap>) -> Vec<String> {
    let mut shown: Vec<String> = map
        .into_iter()
        .flatten()
        .map(|(inner, bound)| {
            let outer: Vec<String> = bound
                .iter()
                .flatten()
                .map(|binding| {
                    let ip = binding.host_ip.as_deref().unwrap_or_default();
                    format!("{ip}:{}", binding.host_port.as_deref().unwrap_or_default())
                })
                .collect();
            if outer.is_empty() {
                format!("{inner}, not published")
            } else {
                format!("{}->{inner}", outer.join(" "))
            }
        })
        .collect();
    shown.sort();
    shown
}

/// What there is to know, as pairs for people; values of the environment are left out, their names stay.
fn facts(found: &ContainerInspectResponse) -> Vec<(&'static str, String)> {
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((name, value));
        }
    };
    let config = found.config.as_ref();
    let host = found.host_config.as_ref();
    add("image", config.and_then(|config| config.image.clone()));
    add("id", found.id.as_deref().map(|id| subject::short(id).to_owned()));
    let program = found.path.iter().chain(found.args.iter().flatten()).cloned().collect::<Vec<_>>();
    add("command", Some(program.join(" ")));
    let user = config.and_then(|config| config.user.clone()).filter(|user| !user.is_empty());
    add("user", Some(user.unwrap_or_else(|| "root (none is set)".to_owned())));
    let state = found.state.as_ref();
    add("started", state.and_then(|state| state.started_at.clone()).filter(|at| !at.starts_with("0001")));
    add("finished", state.and_then(|state| state.finished_at.clone()).filter(|at| !at.starts_with("0001")));
    if state.is_some_and(|state| state.running != Some(true)) {
        add("exit code", state.and_then(|state| state.exit_code).map(|code| code.to_string()));
    }
    let policy = host.and_then(|host| host.restart_policy.as_ref()).and_then(|policy| policy.name);
    add("restart policy", policy.map(|policy| policy.to_string()));
    let limit = host.and_then(|host| host.memory).filter(|limit| *limit > 0);
    add("memory limit", Some(limit.map_or_else(|| "none".to_owned(), subject::size)));
    let cpus = host.and_then(|host| host.nano_cpus).filter(|cpus| *cpus > 0);
    add(
        "cpu limit",
        Some(cpus.map_or_else(|| "none".to_owned(), |cpus| format!("{:.2}", cpus as f64 / 1e9))),
    );
    let privileged = host.is_some_and(|host| host.privileged == Some(true));
    add("privileged", privileged.then(|| "yes: it may do what root on this machine may".to_owned()));
    let network = found.network_settings.as_ref();
    let mut addresses: Vec<String> = network
        .and_then(|network| network.networks.as_ref())
        .into_iter()
        .flatten()
        .map(|(name, end)| {
            let address = end.ip_address.as_deref().filter(|address| !address.is_empty());
            format!("{} on {name}", address.unwrap_or("no address"))
        })
        .collect();
    addresses.sort();
    add("addresses", Some(addresses.join(", ")));
    add("ports", Some(ports(network.and_then(|network| network.ports.as_ref())).join(", ")));
    let mounts = found.mounts.iter().flatten().map(|mount| {
        let from = mount.name.as_deref().or(mount.source.as_deref()).unwrap_or_default();
        let how = if mount.rw == Some(false) { " (read-only)" } else { "" };
        format!("{from} at {}{how}", mount.destination.as_deref().unwrap_or_default())
    });
    add("mounts", Some(mounts.collect::<Vec<_>>().join(", ")));
    let names = config.and_then(|config| config.env.as_ref()).into_iter().flatten();
    let names: Vec<&str> = names.map(|pair| pair.split('=').next().unwrap_or(pair)).collect();
    add("environment", Some(names.join(", ")));
    facts
}

impl ReadTool for InspectContainer {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let docker = world.docker().await?;
        let found = subject::container(docker, subject::container_name(self.container.as_ref())?).await?;
        let name = found.name.as_deref().unwrap_or_default().trim_start_matches('/').to_owned();
        let state = found.state.clone().unwrap_or_default();
        let facts = facts(&found);
        let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let mut text: String =
            facts.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect();
        let last = state.health.as_ref().and_then(|health| health.log.as_ref()).and_then(|log| log.last());
        if let Some(output) = last.and_then(|check| check.output.as_deref()).map(str::trim)
            && !output.is_empty()
        {
            text.push_str(&format!(
                "last health check (exit code {}):\n",
                last.and_then(|check| check.exit_code).unwrap_or_default()
            ));
            for line in output.lines().take(10) {
                text.push_str(&format!("  {line}\n"));
            }
        }
        let pairs: serde_json::Map<String, Value> = facts
            .iter()
            .map(|(name, value)| (name.replace(' ', "_"), Value::String(value.clone())))
            .collect();
        let data = json!({
            "name": name,
            "id": found.id,
            "running": state.running,
            "status": state.status,
            "exit_code": state.exit_code,
            "oom_killed": state.oom_killed,
            "error": state.error,
            "health": state.health.as_ref().and_then(|health| health.status),
            "restarts": found.restart_count,
            "facts": pairs,
        });
        let summary = verdict(&name, &state, found.restart_count.unwrap_or_default());
        Ok(Outcome::sentence(summary).view(View::Text(text)).data(data))
    }
}

pub(crate) static TOOL: Reader<InspectContainer> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ContainerStateStatusEnum;

    fn ended(code: i64, oom: bool) -> ContainerState {
        ContainerState {
            status: Some(ContainerStateStatusEnum::EXITED),
            running: Some(false),
            oom_killed: Some(oom),
            exit_code: Some(code),
            ..ContainerState::default()
        }
    }

    #[test]
    fn says_why_it_stopped() {
        assert!(verdict("db", &ended(137, true), 0).contains("ran out of memory"));
        assert!(verdict("db", &ended(143, false), 2).contains("restarted 2 times: exit code 143"));
        assert!(
            verdict("db", &ended(3, false), 0).ends_with("its own error, exit code 3: its log says more")
        );
        assert!(verdict("db", &ended(0, false), 0).contains("ended by itself"));
    }

    #[test]
    fn values_of_the_environment_stay_inside() {
        let found = ContainerInspectResponse {
            config: Some(bollard::models::ContainerConfig {
                env: Some(vec!["PGPASSWORD=hunter2".to_owned()]),
                ..Default::default()
            }),
            ..ContainerInspectResponse::default()
        };
        let text = format!("{:?}", facts(&found));
        assert!(text.contains("PGPASSWORD") && !text.contains("hunter2"));
    }
}
