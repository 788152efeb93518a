//! `docker_disk_usage`: what Docker takes of the disk, and how much of it could go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::context::human;
use crate::docker::usage::{Part, parts};
use crate::error::Result;
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show how much disk Docker's images, containers, volumes and build cache take.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DockerDiskUsage {
    /// Every single image, container, volume and piece of cache, too.
    #[serde(default)]
    verbose: bool,
}

impl Tool for DockerDiskUsage {
    const NAME: &'static str = "docker_disk_usage";
    const PHRASES: &'static [&'static str] = &[
        "docker system df",
        "[<show>] [the] docker disk [space] (usage|use|consumption)",
        "[<show>] docker (disk usage|space usage|storage usage|storage)",
        "[<show>] [the] disk [space] (usage|use|consumption) (of|by|in|for) docker",
        "what (is|are) (filling|using|taking|eating|occupying) [up] [my|the|all] [disk|space|disk space|storage] (in|by|of|with|inside) docker",
        "what (does|is) docker (use|using|take|taking|fill|filling|eat|eating|store|storing) [up] [on] [my|the|all] (disk|space|disk space|storage)",
        "how much (disk|space|disk space|storage) (does|is) docker (use|using|take|taking|need|needing|eat|eating|occupy|occupying) [up]",
        "how much (disk|space|disk space|storage) (do|are) [the|my|all] (docker|local) (images|containers|volumes) (use|using|take|taking|need|eat|occupy) [up]",
        "how much [disk|space|disk space] (could|can|would) [i|we|docker] (reclaim|free|save|get back) [in|from|with] [docker] [pruning]",
        "[<show>] (what|which) takes [up] [the|all] (disk|space|disk space) in docker",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(with|in|including|and) [all|full|more|the] (detail|details) => verbose=true",
        "(-v|--verbose|verbosely|verbose|in detail|detailed|one by one|item by item) => verbose=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker().args(["system", "df"]).flag_if(self.verbose, "--verbose")
    }
}

fn table(parts: &[Part]) -> Table {
    Table {
        columns: ["TYPE", "COUNT", "IN USE", "SIZE", "COULD GO"].map(str::to_owned).to_vec(),
        rows: parts
            .iter()
            .map(|part| {
                vec![
                    part.kind.to_owned(),
                    part.items.len().to_string(),
                    part.items.iter().filter(|item| item.in_use).count().to_string(),
                    human(part.size),
                    human(part.reclaimable),
                ]
            })
            .collect(),
    }
}

impl ReadTool for DockerDiskUsage {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let answer: Value = world.docker().await?.disk_usage().await?;
        let parts = parts(&answer);
        let size: u64 = parts.iter().map(|part| part.size).sum();
        let reclaimable: u64 = parts.iter().map(|part| part.reclaimable).sum();
        let mut tables = vec![(String::new(), table(&parts))];
        if self.verbose {
            for part in parts.iter().filter(|part| !part.items.is_empty()) {
                let mut items: Vec<_> = part.items.iter().collect();
                items.sort_by_key(|item| std::cmp::Reverse(item.size));
                let rows = items
                    .iter()
                    .map(|item| {
                        vec![
                            human(item.size),
                            if item.in_use { "yes" } else { "no" }.to_owned(),
                            item.name.clone(),
                        ]
                    })
                    .collect();
                let columns = ["SIZE", "IN USE", "NAME"].map(str::to_owned).to_vec();
                tables.push((part.kind.to_owned(), Table { columns, rows }));
            }
        }
        let data = parts.iter().map(|part| {
            let mut one = json!({
                "type": part.kind, "count": part.items.len(), "size_bytes": part.size,
                "reclaimable_bytes": part.reclaimable,
            });
            if self.verbose
                && let Some(one) = one.as_object_mut()
            {
                let items = part.items.iter().map(|item| {
                    json!({"name": item.name, "id": item.id, "size_bytes": item.size, "in_use": item.in_use})
                });
                one.insert("items".to_owned(), items.collect());
            }
            one
        });
        let data =
            json!({"size_bytes": size, "reclaimable_bytes": reclaimable, "types": data.collect::<Vec<_>>()});
        Ok(Outcome::sentence(format!("Docker takes {}; {} of it could go", human(size), human(reclaimable)))
            .view(View::Tables(tables))
            .data(data))
    }
}

pub(crate) static TOOL: Reader<DockerDiskUsage> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command() {
        assert_eq!(DockerDiskUsage { verbose: false }.command().to_string(), "docker system df");
        assert_eq!(DockerDiskUsage { verbose: true }.command().to_string(), "docker system df --verbose");
    }
}
