//! `docker_prune`: removes what nothing uses any more, exactly as it was listed.
//!
//! What goes is worked out from the engine's own list, shown one by one, and removed one by one without force:
//! what came into use in between stays. The engine's own prune would take whatever is unused by then.

use bollard::query_parameters::{
    PruneBuildOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, RemoveVolumeOptions,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::context::human;
use crate::docker::usage::{Item, parts};
use crate::docker::{Docker, failure, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// What to look through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// Stopped containers, unused networks, nameless images and the build cache; no volumes.
    #[default]
    Everything,
    /// Stopped containers.
    Containers,
    /// Images without a name; with `all` every image that no container uses.
    Images,
    /// The build cache.
    BuildCache,
    /// Anonymous volumes that no container uses; with `all` the named ones too.
    Volumes,
    /// Networks that no container is in.
    Networks,
}

/// Remove what Docker no longer needs: stopped containers, unused images, networks and build cache. Volumes
/// only when they are named.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DockerPrune {
    /// What to look through; everything but volumes when nothing is said.
    #[serde(default)]
    what: What,
    /// Every unused image, not only the nameless; named volumes too; all of the build cache.
    #[serde(default)]
    all: bool,
    /// With `everything`: anonymous volumes that nothing uses, too.
    #[serde(default)]
    volumes: bool,
    /// Only what has this label, `key` or `key=value`.
    label: Option<String>,
}

/// Something that would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Victim {
    kind: String,
    id: String,
    name: String,
    size: u64,
    tags: Vec<String>,
}

impl Tool for DockerPrune {
    const NAME: &'static str = "docker_prune";
    const PHRASES: &'static [&'static str] = &[
        "(prune|<delete>|clean|clean up|clear|clear out) [all] [the|my] (dangling|untagged|unnamed) [docker] images => what=images",
        "(prune|<delete>|clean|clean up|clear|clear out) [all] [the|my] (unused|old|unneeded) [docker] images => what=images, all=true",
        "prune [all] [the|my] [docker] images => what=images",
        "docker image prune => what=images",
        "docker image prune (-a|--all) => what=images, all=true",
        "(prune|<delete>|clean|clean up|clear|clear out|empty|flush) [all] [of] [the|my] docker (build|builder|layer|buildkit) cache => what=build_cache",
        "(prune|<delete>|clean|clean up|clear|clear out|empty|flush) [all] [of] [the|my] (build|builder|buildkit) cache [of docker|in docker] => what=build_cache",
        "docker (builder|buildx) prune => what=build_cache",
        "docker (builder|buildx) prune (-a|--all) => what=build_cache, all=true",
        "(prune|<delete>|clean|clean up|clear|clear out) [the|my] (unused|dangling|orphaned|anonymous) [docker] volumes => what=volumes",
        "(prune|<delete>|clean|clean up|clear|clear out) (all|every) [the|my] (unused|orphaned) [docker] volumes => what=volumes, all=true",
        "prune [the|my] [docker] volumes => what=volumes",
        "docker volume prune => what=volumes",
        "docker volume prune (-a|--all) => what=volumes, all=true",
        "(prune|<delete>|clean|clean up|clear|clear out) [all] [the|my] (stopped|exited|dead|finished) [docker] containers => what=containers",
        "prune [all] [the|my] [docker] containers => what=containers",
        "docker container prune => what=containers",
        "(prune|<delete>|clean|clean up|clear|clear out) [all] [the|my] unused [docker] networks => what=networks",
        "prune [the|my] docker networks => what=networks",
        "docker network prune => what=networks",
        "docker system prune",
        "docker system prune (-a|--all) => all=true",
        "docker system prune --volumes => volumes=true",
        "(prune|clean|clean up|tidy|tidy up) docker [up]",
        "(prune|clean|clean up|<delete>|clear out) [everything|all|anything] [that is] (unused|not used|not needed) [in|from|by] docker",
        "(free|free up|reclaim|get back|recover) [some|my|the] (disk|space|disk space|storage) (in|from|of|with) docker",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(including|and|with) [the] [anonymous|unused] volumes => volumes=true",
        "(with|having|labelled|labeled|with label|with the label) {label:label}",
        "--filter label={label:label}",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::docker();
        let line = match self.what {
            What::Everything => line.args(["system", "prune"]).flag_if(self.volumes, "--volumes"),
            What::Containers => line.args(["container", "prune"]),
            What::Images => line.args(["image", "prune"]),
            What::BuildCache => line.args(["builder", "prune"]),
            What::Volumes => line.args(["volume", "prune"]),
            What::Networks => line.args(["network", "prune"]),
        };
        let takes_all = !matches!(self.what, What::Containers | What::Networks);
        line.flag_if(self.all && takes_all, "--all")
            .option("--filter", self.label.as_ref().map(|label| format!("label={label}")))
    }

    fn check(&self) -> Result<()> {
        if self.what == What::BuildCache && self.label.is_some() {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "the build cache has no labels")
                .next("leave the label out, or prune containers, images, volumes or networks by it")
                .into());
        }
        Ok(())
    }
}

/// Whether a volume was given no name by anybody: the engine then makes one of 64 digits.
fn is_anonymous(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl DockerPrune {
    fn takes(&self, what: What) -> bool {
        self.what == what || (self.what == What::Everything && (what != What::Volumes || self.volumes))
    }

    /// What would go, of an answer of `/system/df` and one of `/networks`; and how many named volumes stay.
    fn plan(&self, usage: &Value, networks: &Value) -> (Vec<Victim>, usize) {
        let found = parts(usage);
        let of = |kind: &str| {
            let part = found.iter().find(|part| part.kind == kind);
            part.into_iter().flat_map(|part| &part.items)
        };
        let labelled = |item: &&Item| self.label.as_ref().is_none_or(|label| item.has_label(label));
        let victim = |kind: &str, item: &Item| Victim {
            kind: kind.to_owned(),
            id: item.id.clone(),
            name: item.name.clone(),
            size: item.size,
            tags: item.tags.clone(),
        };
        let mut victims = Vec::new();
        let goes = |item: &Item| self.takes(What::Containers) && !item.in_use && labelled(&item);
        victims.extend(of("Containers").filter(|item| goes(item)).map(|item| victim("Container", item)));
        // An image or network whose only containers go with it is free, too.
        let staying: BTreeSet<&str> =
            of("Containers").filter(|item| !goes(item)).map(|item| item.image.as_str()).collect();
        if self.takes(What::Networks) {
            for network in networks.as_array().into_iter().flatten() {
                victims.extend(self.network(network));
            }
        }
        if self.takes(What::Images) {
            victims.extend(
                of("Images")
                    .filter(|item| !staying.contains(item.id.as_str()) && labelled(item))
                    .filter(|item| self.all || item.tags.is_empty())
                    .map(|item| victim("Image", item)),
            );
        }
        let mut named = 0;
        if self.takes(What::Volumes) {
            // `--all` of a whole clean-up is about images; named volumes go only when they are asked for.
            let all = self.all && self.what == What::Volumes;
            for item in of("Volumes").filter(|item| !item.in_use).filter(labelled) {
                if all || is_anonymous(&item.name) {
                    victims.push(victim("Volume", item));
                } else {
                    named += 1;
                }
            }
        }
        if self.takes(What::BuildCache) && self.label.is_none() {
            victims.extend(
                of("Build cache")
                    .filter(|item| !item.in_use && (self.all || item.size > 0))
                    .map(|item| victim("Build cache", item)),
            );
        }
        (victims, named)
    }

    fn network(&self, network: &Value) -> Option<Victim> {
        let text = |key: &str| network.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text("Name");
        let labels: Item = Item {
            labels: serde_json::from_value(network.get("Labels").cloned().unwrap_or_default())
                .unwrap_or_default(),
            ..Item::default()
        };
        let own = matches!(name.as_str(), "bridge" | "host" | "none" | "ingress" | "docker_gwbridge");
        let wanted = self.label.as_ref().is_none_or(|label| labels.has_label(label));
        (!own && wanted && text("Scope") != "swarm").then(|| Victim {
            kind: "Network".to_owned(),
            id: text("Id"),
            name,
            size: 0,
            tags: Vec::new(),
        })
    }

    async fn victims(&self, world: &ReadWorld) -> Result<(Vec<Victim>, usize)> {
        let docker = world.docker().await?;
        let usage = docker.disk_usage().await?;
        let networks = if self.takes(What::Networks) { docker.networks().await? } else { Value::Null };
        let (mut victims, named) = self.plan(&usage, &networks);
        if victims.iter().any(|victim| victim.kind == "Network") {
            let members = docker.memberships().await?;
            let going: BTreeSet<String> = victims.iter().map(|victim| victim.id.clone()).collect();
            victims.retain(|victim| {
                let used = members.iter().any(|(name, id)| *name == victim.name && !going.contains(id));
                victim.kind != "Network" || !used
            });
        }
        Ok((victims, named))
    }
}

/// "2 containers, 1 image".
fn counted(victims: &[Victim]) -> String {
    let kinds = [
        ("Container", "container"),
        ("Network", "network"),
        ("Image", "image"),
        ("Volume", "volume"),
        ("Build cache", "piece of build cache"),
    ];
    let said: Vec<String> = kinds
        .iter()
        .filter_map(|(kind, word)| {
            let count = victims.iter().filter(|victim| victim.kind == *kind).count();
            match (count, *word) {
                (0, _) => None,
                (1, word) => Some(format!("1 {word}")),
                (count, "piece of build cache") => Some(format!("{count} pieces of build cache")),
                (count, word) => Some(format!("{count} {word}s")),
            }
        })
        .collect();
    said.join(", ")
}

impl ChangeTool for DockerPrune {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let (victims, named) = self.victims(world).await?;
        let mut warnings = Vec::new();
        if named > 0 {
            warnings.push(format!("{named} unused volumes with a name stay; \"prune all unused volumes\" takes them, with their data"));
        }
        if victims.is_empty() {
            let summary = "there is nothing to remove: all of it is in use".to_owned();
            return Ok(Preview { summary, warnings, nothing_to_do: true, ..Preview::default() });
        }
        warnings.push("this cannot be undone".to_owned());
        if victims.iter().any(|victim| victim.kind == "Volume") {
            warnings.push("volumes hold data: what is in them is lost".to_owned());
        }
        let size: u64 = victims.iter().map(|victim| victim.size).sum();
        let changes = victims
            .iter()
            .map(|victim| ObjectChange {
                object: subject::identity(&victim.kind, &victim.name, Some(victim.id.clone())),
                action: Action::Delete,
                difference: format!("- {}, {}\n", victim.name, human(victim.size)),
            })
            .collect();
        Ok(Preview {
            summary: format!("removes {}, {}", counted(&victims), human(size)),
            changes,
            warnings,
            confirm_name: Some("prune".to_owned()),
            basis: serde_json::to_value(&victims).unwrap_or_default(),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let shown: Vec<Victim> = serde_json::from_value(approval.preview().basis.clone()).unwrap_or_default();
        let docker = world.docker(approval)?;
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for victim in &shown {
            progress.status(format!("removing {} {}", victim.kind.to_lowercase(), victim.name));
            match remove(&docker, victim, self.all).await {
                Ok(()) => gone.push(victim.clone()),
                Err(error) => kept.push(format!("{} {}: {error}", victim.kind.to_lowercase(), victim.name)),
            }
        }
        if gone.is_empty() && !kept.is_empty() {
            return Err(Feedback::new(
                ErrorKind::Other,
                format!("nothing could be removed: {}", kept.join("; ")),
            )
            .next("ask again: what is in use by now is left out")
            .into());
        }
        let size: u64 = gone.iter().map(|victim| victim.size).sum();
        let mut outcome = Outcome::sentence(format!("removed {}, {}", counted(&gone), human(size)));
        outcome.notes = kept.iter().map(|why| format!("kept {why}")).collect();
        let text: String =
            gone.iter().map(|victim| format!("{} {}\n", victim.kind.to_lowercase(), victim.name)).collect();
        let names =
            gone.iter().map(|victim| json!({"kind": victim.kind, "name": victim.name, "id": victim.id}));
        let data = json!({"removed": names.collect::<Vec<_>>(), "kept": kept, "bytes": size});
        Ok(outcome.view(View::Text(text)).data(data))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let wanted: Vec<Victim> = serde_json::from_value(shown.basis.clone()).unwrap_or_default();
        let (left, _) = self.victims(world).await?;
        let left: Vec<String> = left
            .iter()
            .filter(|victim| wanted.iter().any(|one| one.id == victim.id))
            .map(|victim| victim.name.clone())
            .collect();
        Ok(if left.is_empty() {
            Verification::Confirmed(format!("none of the {} is there any more", wanted.len()))
        } else {
            Verification::Failed(format!("still there: {}", left.join(", ")))
        })
    }
}

/// Removes one; never by force. One that is gone already is what was wanted.
async fn remove(docker: &Docker, victim: &Victim, all: bool) -> Result<()> {
    let engine = docker.engine();
    let id = victim.id.as_str();
    let removed = match victim.kind.as_str() {
        "Container" => {
            let options = RemoveContainerOptionsBuilder::new().v(false).force(false).build();
            engine.remove_container(id, Some(options)).await
        }
        "Network" => engine.remove_network(id).await,
        "Volume" => engine.remove_volume(id, None::<RemoveVolumeOptions>).await,
        "Image" => {
            let names = if victim.tags.is_empty() { vec![id.to_owned()] } else { victim.tags.clone() };
            let mut removed = Ok(());
            for name in &names {
                let options = RemoveImageOptionsBuilder::new().force(false).build();
                removed = removed.and(engine.remove_image(name, Some(options), None).await.map(|_| ()));
            }
            removed
        }
        _ => {
            let filters = std::collections::HashMap::from([("id", vec![id])]);
            let options = PruneBuildOptionsBuilder::new().all(all).filters(&filters).build();
            engine.prune_build(Some(options)).await.map(|_| ())
        }
    };
    match removed {
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
        Err(error) => Err(failure(&format!("remove {}", victim.name), &error)),
        Ok(()) => Ok(()),
    }
}

pub(crate) static TOOL: Changer<DockerPrune> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn prune(what: What, all: bool, volumes: bool) -> DockerPrune {
        DockerPrune { what, all, volumes, label: None }
    }

    fn names(tool: &DockerPrune) -> Vec<String> {
        let anonymous = "a".repeat(64);
        let usage = json!({
            "Images": [
                {"Id": "i1", "RepoTags": ["web:1"], "Size": 9}, {"Id": "i2", "RepoTags": null, "Size": 5},
                {"Id": "i3", "RepoTags": ["old:1"], "Size": 4},
            ],
            "Containers": [
                {"Id": "c1", "Names": ["/web"], "State": "running", "ImageID": "i1"},
                {"Id": "c2", "Names": ["/once"], "State": "exited", "ImageID": "i3"},
            ],
            "Volumes": [
                {"Name": "data", "UsageData": {"Size": 1, "RefCount": 0}},
                {"Name": anonymous, "UsageData": {"Size": 1, "RefCount": 0}},
                {"Name": "used", "UsageData": {"Size": 1, "RefCount": 1}},
            ],
        });
        let networks = json!([{"Name": "bridge", "Id": "n0"}, {"Name": "shop", "Id": "n1"}]);
        let short = |name: &str| if name.len() == 64 { "anonymous".to_owned() } else { name.to_owned() };
        tool.plan(&usage, &networks).0.iter().map(|victim| short(&victim.name)).collect()
    }

    #[test]
    fn volumes_go_only_when_they_are_meant() {
        assert_eq!(names(&prune(What::Everything, false, false)), ["once", "shop", "i2"]);
        assert_eq!(names(&prune(What::Everything, true, true)), ["once", "shop", "i2", "old:1", "anonymous"]);
        assert_eq!(names(&prune(What::Volumes, false, false)), ["anonymous"]);
        assert_eq!(names(&prune(What::Volumes, true, false)), ["data", "anonymous"]);
    }

    #[test]
    fn an_image_that_a_stopped_container_uses_stays_without_it() {
        assert_eq!(names(&prune(What::Images, true, false)), ["i2"]);
        assert_eq!(names(&prune(What::Images, false, false)), ["i2"]);
    }

    #[test]
    fn says_its_command() {
        let said = |tool: &DockerPrune| tool.command().to_string();
        assert_eq!(said(&prune(What::Images, false, false)), "docker image prune");
        assert_eq!(said(&prune(What::BuildCache, true, false)), "docker builder prune --all");
        let labelled = DockerPrune { label: Some("a=b".to_owned()), ..prune(What::Everything, false, true) };
        assert_eq!(said(&labelled), "docker system prune --volumes --filter=label=a=b");
    }
}
