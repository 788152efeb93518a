//! `container_stats`: what running containers use of processor and memory.

use bollard::models::ContainerStatsResponse;
use futures::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::context::human;
use crate::docker::{names, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show how much CPU, memory and network running Docker containers use.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContainerStats {
    /// Only this container; all running ones when none is named.
    container: Option<String>,
}

impl Tool for ContainerStats {
    const NAME: &'static str = "container_stats";
    const PHRASES: &'static [&'static str] = &[
        "docker [container] stats [--no-stream]",
        "docker [container] stats [for|of] [the] [container] {container:word} [container]",
        "[<show>] [the] [docker] container (stats|statistics)",
        "[<show>] [the] (stats|statistics|resource usage|cpu usage|memory usage|cpu|memory) (of|for) [all] [the|my] [running] [docker] containers",
        "[<show>] [the] (stats|statistics|resource usage|cpu usage|memory usage) (of|for) [the] [docker] container {container:word}",
        "[<show>] [the] (stats|statistics|resource usage|cpu usage|memory usage) (of|for) [the] {container:word} docker container",
        "how (much|many) (memory|ram|cpu|resources) (do|does|are|is) [all] [the|my|our] [running|docker] containers (use|using|take|taking|eat|eating|need|consume|consuming) [up]",
        "how (much|many) (memory|ram|cpu|resources) (do|does|are|is) [the] [docker] container {container:word} (use|using|take|taking|eat|eating|need|consume|consuming) [up]",
        "how (much|many) (memory|ram|cpu|resources) (do|does|are|is) [the] {container:word} docker container (use|using|take|taking|eat|eating|need|consume|consuming) [up]",
        "(which|what) [docker] container (uses|use|is using|eats|takes|is eating|needs) [the] most (memory|ram|cpu|resources)",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::docker().args(["stats", "--no-stream"]);
        match &self.container {
            Some(container) => line.arg(container),
            None => line,
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Container(&mut self.container)]
    }

    fn check(&self) -> Result<()> {
        match &self.container {
            Some(_) => subject::container_name(self.container.as_ref()).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// What one container uses.
#[derive(Debug, PartialEq)]
struct Usage {
    /// Of one processor, in percent.
    cpu_percent: f64,
    /// Bytes in use, without the page cache that can be given back.
    memory: u64,
    /// Bytes it may use.
    limit: u64,
    received: u64,
    sent: u64,
    processes: u64,
}

/// The figures as docker works them out: the page cache is not counted as memory.
fn usage(stats: &ContainerStatsResponse) -> Usage {
    let total = |stats: Option<&bollard::models::ContainerCpuStats>| {
        let usage = stats.and_then(|cpu| cpu.cpu_usage.as_ref()).and_then(|usage| usage.total_usage);
        (usage.unwrap_or_default(), stats.and_then(|cpu| cpu.system_cpu_usage).unwrap_or_default())
    };
    let (now, system_now) = total(stats.cpu_stats.as_ref());
    let (before, system_before) = total(stats.precpu_stats.as_ref());
    let (used, passed) = (now.saturating_sub(before), system_now.saturating_sub(system_before));
    let cpu = stats.cpu_stats.as_ref();
    let own = cpu.and_then(|cpu| cpu.cpu_usage.as_ref()).and_then(|usage| usage.percpu_usage.as_ref());
    let cores = cpu
        .and_then(|cpu| cpu.online_cpus)
        .filter(|cores| *cores > 0)
        .map(f64::from)
        .or_else(|| own.map(|cores| cores.len() as f64))
        .unwrap_or(1.0);
    let memory = stats.memory_stats.as_ref();
    let taken = memory.and_then(|memory| memory.usage).unwrap_or_default();
    let detail = |name: &str| memory.and_then(|memory| memory.stats.as_ref()?.get(name).copied());
    let cache = detail("total_inactive_file").or_else(|| detail("inactive_file")).unwrap_or_default();
    let traffic = |of: fn(&bollard::models::ContainerNetworkStats) -> Option<u64>| {
        stats.networks.iter().flat_map(|networks| networks.values()).filter_map(of).sum()
    };
    Usage {
        cpu_percent: if passed == 0 { 0.0 } else { used as f64 / passed as f64 * cores * 100.0 },
        memory: taken.checked_sub(cache).unwrap_or(taken),
        limit: memory.and_then(|memory| memory.limit).unwrap_or_default(),
        received: traffic(|network| network.rx_bytes),
        sent: traffic(|network| network.tx_bytes),
        processes: stats.pids_stats.as_ref().and_then(|pids| pids.current).unwrap_or_default(),
    }
}

impl ReadTool for ContainerStats {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let docker = world.docker().await?;
        let chosen: Vec<String> = match &self.container {
            Some(_) => {
                let name = subject::container_name(self.container.as_ref())?;
                let found = subject::container(docker, name).await?;
                if found.state.as_ref().and_then(|state| state.running) != Some(true) {
                    return Err(Feedback::new(
                        ErrorKind::Other,
                        format!("container {name} does not run, so it uses nothing"),
                    )
                    .next(format!("`shipmate inspect container {name}` says why it stopped"))
                    .into());
                }
                vec![name.to_owned()]
            }
            None => names::of_containers(&docker.containers(false, false).await?),
        };
        progress.status(format!("measuring {} containers", chosen.len()));
        let answers = join_all(chosen.iter().map(|name| docker.stats(name))).await;
        let mut measured = Vec::new();
        for (name, answer) in chosen.iter().zip(answers) {
            // One that ended while the others were measured is no error.
            if let Some(stats) = answer? {
                measured.push((name.clone(), usage(&stats)));
            }
        }
        measured.sort_by(|a, b| b.1.memory.cmp(&a.1.memory).then_with(|| a.0.cmp(&b.0)));
        if measured.is_empty() {
            return Ok(Outcome::sentence("no containers are running").data(json!({"containers": []})));
        }
        let table = Table {
            columns: ["NAME", "CPU", "MEMORY", "LIMIT", "OF LIMIT", "RECEIVED", "SENT", "PROCESSES"]
                .map(str::to_owned)
                .to_vec(),
            rows: measured
                .iter()
                .map(|(name, used)| {
                    let share =
                        if used.limit == 0 { 0.0 } else { used.memory as f64 / used.limit as f64 * 100.0 };
                    vec![
                        name.clone(),
                        format!("{:.1} %", used.cpu_percent),
                        human(used.memory),
                        human(used.limit),
                        format!("{share:.0} %"),
                        human(used.received),
                        human(used.sent),
                        used.processes.to_string(),
                    ]
                })
                .collect(),
        };
        let memory: u64 = measured.iter().map(|(_, used)| used.memory).sum();
        let cpu: f64 = measured.iter().map(|(_, used)| used.cpu_percent).sum();
        let summary = match measured.as_slice() {
            [(name, used)] => {
                format!("{name} uses {} and {:.1} % of a processor", human(used.memory), used.cpu_percent)
            }
            several => {
                format!("{} containers use {} and {cpu:.1} % of a processor", several.len(), human(memory))
            }
        };
        let data = measured.iter().map(|(name, used)| {
            json!({
                "name": name, "cpu_percent": used.cpu_percent, "memory_bytes": used.memory,
                "memory_limit_bytes": used.limit, "received_bytes": used.received, "sent_bytes": used.sent,
                "processes": used.processes,
            })
        });
        let data = json!({"containers": data.collect::<Vec<_>>()});
        Ok(Outcome::sentence(summary).view(View::Tables(vec![(String::new(), table)])).data(data))
    }
}

pub(crate) static TOOL: Reader<ContainerStats> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_docker() {
        let stats: ContainerStatsResponse = serde_json::from_value(json!({
            "cpu_stats": {"cpu_usage": {"total_usage": 3000}, "system_cpu_usage": 20000, "online_cpus": 2},
            "precpu_stats": {"cpu_usage": {"total_usage": 1000}, "system_cpu_usage": 10000},
            "memory_stats": {"usage": 900, "limit": 1000, "stats": {"inactive_file": 400}},
            "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 7}, "eth1": {"rx_bytes": 1}},
            "pids_stats": {"current": 3},
        }))
        .unwrap();
        let expected =
            Usage { cpu_percent: 40.0, memory: 500, limit: 1000, received: 6, sent: 7, processes: 3 };
        assert_eq!(usage(&stats), expected);
    }
}
