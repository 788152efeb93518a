//! `load_image`: brings an image of the Docker engine into a cluster on this machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::clusters::{Maker, check_name, last_words};
use crate::command::CommandLine;
use crate::docker::context::human;
use crate::docker::{names, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, Preview};
use crate::process::{Program, installed};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

const DEADLINE: Duration = Duration::from_secs(900);

const HOW_TO_GET: &str = "install ctr, which comes with containerd";

/// Where images can be brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Destination {
    /// A cluster of minikube.
    Minikube,
    /// A cluster of kind.
    Kind,
    /// A cluster of k3d.
    K3d,
    /// A containerd on this machine whose images Kubernetes uses.
    Containerd,
}

/// Bring a local image into a local cluster, so that its pods can use it without a registry.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadImage {
    /// The image, as `name:tag`.
    image: Option<String>,
    /// Where to: `minikube`, `kind`, `k3d` or `containerd`; whichever is there when none is said.
    into: Option<Destination>,
    /// The cluster's name, if not the usual one.
    name: Option<String>,
    /// The socket of containerd, if not its usual one.
    address: Option<String>,
}

impl Tool for LoadImage {
    const NAME: &'static str = "load_image";
    const PHRASES: &'static [&'static str] = &[
        "(load|import|push|copy|put|bring|get|send|sideload|transfer) [the] [docker|local] [image] {image:image} [image] (into|to|in|onto) [my|the] minikube [cluster] => into=minikube",
        "(load|import|push|copy|put|bring|get|send|sideload|transfer) [the] [docker|local] [image] {image:image} [image] (into|to|in|onto) [my|the] [local] kind [cluster] => into=kind",
        "(load|import|push|copy|put|bring|get|send|sideload|transfer) [the] [docker|local] [image] {image:image} [image] (into|to|in|onto) [my|the] [local] k3d [cluster] => into=k3d",
        "(load|import|copy|put|bring|get|send|sideload|transfer) [the] [docker|local] [image] {image:image} [image] (into|to|in|onto) [my|the] [local] containerd => into=containerd",
        "(load|import|copy|put|bring|get|send|sideload|transfer) [the] [docker|local] [image] {image:image} [image] (into|to|in|onto) [my|the] local [kubernetes|k8s] cluster",
        "make [the] [docker|local] [image] {image:image} [image] available (in|to|for|on) [my|the] minikube [cluster] => into=minikube",
        "make [the] [docker|local] [image] {image:image} [image] available (in|to|for|on) [my|the] [local] kind [cluster] => into=kind",
        "make [the] [docker|local] [image] {image:image} [image] available (in|to|for|on) [my|the] [local] k3d [cluster] => into=k3d",
        "make [the] [docker|local] [image] {image:image} [image] available (in|to|for|on) [my|the] local [kubernetes|k8s] cluster",
        "(load|import|push|copy|put|bring|get|send) (it|that|this|the image) (into|to|in|onto) [my|the] minikube [cluster] => into=minikube",
        "(load|import|push|copy|put|bring|get|send) (it|that|this|the image) (into|to|in|onto) [my|the] [local] kind [cluster] => into=kind",
        "(load|import|push|copy|put|bring|get|send) (it|that|this|the image) (into|to|in|onto) [my|the] [local] k3d [cluster] => into=k3d",
        "minikube image load {image:image} => into=minikube",
        "kind load docker-image {image:image} => into=kind",
        "k3d image import {image:image} => into=k3d",
    ];
    const MODIFIERS: &'static [&'static str] = &["(named|called|--name|-c|-p|--profile) {name:word}"];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let image = self.image.clone().unwrap_or_default();
        match self.maker() {
            Some(maker) => CommandLine::new(maker.program()).args(self.words(maker, &image)),
            None => {
                let ctr = CommandLine::new("ctr").args(self.ctr(&["images", "import", "-"]));
                CommandLine::docker().arg("save").arg(image).pipe(ctr)
            }
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Image(&mut self.image)]
    }

    fn check(&self) -> Result<()> {
        subject::image_name(self.image.as_ref())?;
        check_name(self.name.as_deref())?;
        match &self.address {
            Some(address) if !address.trim_start_matches("unix://").starts_with('/') => Err(Feedback::new(
                ErrorKind::InvalidArguments,
                "the address of containerd is no path of a socket",
            )
            .next("write it as /run/containerd/containerd.sock")
            .into()),
            _ => Ok(()),
        }
    }
}

impl LoadImage {
    /// The program that loads; `None` for containerd.
    fn maker(&self) -> Option<Maker> {
        match self.into {
            Some(Destination::Minikube) => Some(Maker::Minikube),
            Some(Destination::Kind) => Some(Maker::Kind),
            Some(Destination::K3d) => Some(Maker::K3d),
            Some(Destination::Containerd) => None,
            None if self.address.is_some() => None,
            None => {
                let some = Maker::ALL.into_iter().any(Maker::is_installed);
                (some || installed(&["ctr"]).is_none()).then(|| Maker::meant(None))
            }
        }
    }

    fn words(&self, maker: Maker, image: &str) -> Vec<String> {
        let words: &[&str] = match maker {
            Maker::Minikube => &["image", "load", image],
            Maker::Kind => &["load", "docker-image", image],
            Maker::K3d => &["image", "import", image],
        };
        let flag = match maker {
            Maker::Minikube => "--profile",
            Maker::Kind => "--name",
            Maker::K3d => "--cluster",
        };
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        words.extend(self.name.as_ref().map(|name| format!("{flag}={name}")));
        words
    }

    /// ctr's words: Kubernetes' own images are in the namespace `k8s.io`.
    fn ctr(&self, words: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = self
            .address
            .as_ref()
            .map(|address| format!("--address={}", address.trim_start_matches("unix://")))
            .into_iter()
            .collect();
        all.push("--namespace=k8s.io".to_owned());
        all.extend(words.iter().map(|word| (*word).to_owned()));
        all
    }

    fn place(&self) -> String {
        let place = self.maker().map_or("containerd", Maker::program);
        self.name.as_ref().map_or_else(|| place.to_owned(), |name| format!("the {place} cluster {name}"))
    }

    async fn run_ctr(&self, folder: PathBuf, words: Vec<OsString>) -> Result<String> {
        let program =
            Program { program: PathBuf::from("ctr"), arguments: words, folder, how_to_get: HOW_TO_GET };
        let printed = program.run(DEADLINE).await?;
        if printed.success {
            return Ok(printed.stdout);
        }
        Err(Feedback::new(ErrorKind::Other, format!("ctr failed: {}", last_words(&printed)))
            .next("check the address of containerd, and that you may use its socket")
            .into())
    }

    /// Whether the place has the image by now; `None` where it cannot be asked.
    async fn is_there(&self, world: &ReadWorld, image: &str) -> Result<Option<bool>> {
        let full = full_name(image);
        let listed = match self.maker() {
            Some(Maker::Minikube) => {
                let mut words = vec!["image".to_owned(), "ls".to_owned()];
                words.extend(self.name.as_ref().map(|name| format!("--profile={name}")));
                Maker::Minikube
                    .run(world.options(), "list its images", &words, Duration::from_secs(60))
                    .await?
                    .stdout
            }
            Some(_) => return Ok(None),
            None => {
                let words = self.ctr(&["images", "ls", "--quiet"]).into_iter().map(Into::into).collect();
                self.run_ctr(world.project().folder().to_owned(), words).await?
            }
        };
        Ok(Some(listed.lines().map(str::trim).any(|line| full_name(line) == full)))
    }
}

/// The name with registry, account and tag, as clusters list it.
fn full_name(image: &str) -> String {
    let tagged = if names::tag_of(image).is_some() || image.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    };
    match (names::registry_of(&tagged), tagged.contains('/')) {
        ("docker.io", false) => format!("docker.io/library/{tagged}"),
        ("docker.io", true) if !tagged.starts_with("docker.io/") => format!("docker.io/{tagged}"),
        _ => tagged,
    }
}

impl ChangeTool for LoadImage {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let name = subject::image_name(self.image.as_ref())?;
        let image = subject::image(world.docker().await?, name).await?;
        let place = self.place();
        let mut warnings = Vec::new();
        let needed = self.maker().map_or("ctr", Maker::program);
        if installed(&[needed]).is_none() {
            return Err(Feedback::new(ErrorKind::Unavailable, format!("{needed} is not installed"))
                .next(format!("install {needed}, or name another place: minikube, kind, k3d or containerd"))
                .into());
        }
        let there = self.is_there(world, name).await?;
        if there == Some(true) {
            warnings.push(format!("{place} has an image {name} already, which is replaced"));
        }
        warnings.push(
            "this is not undone by shipmate; the image stays in the cluster until it is removed there"
                .to_owned(),
        );
        if names::tag_of(name).is_none_or(|tag| tag == "latest") {
            warnings.push(
                "pods with the tag latest pull it anyway: set imagePullPolicy to IfNotPresent or Never"
                    .to_owned(),
            );
        }
        Ok(Preview {
            summary: format!("loads {name} ({}, {}) into {place}", image.short_id(), human(image.size)),
            changes: vec![ObjectChange {
                object: subject::identity("Image", name, Some(image.id.clone())),
                action: if there == Some(true) { Action::Update } else { Action::Create },
                difference: format!("+ {} in {place}\n", full_name(name)),
            }],
            warnings,
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let name = subject::image_name(self.image.as_ref())?;
        let read = world.read();
        let now = read.docker().await?.image(name).await?.map(|image| image.id);
        subject::same_as_shown(approval, name, now.as_deref())?;
        let place = self.place();
        progress.status(format!("loading {name} into {place}"));
        match self.maker() {
            Some(maker) => {
                maker.run(read.options(), "load the image", &self.words(maker, name), DEADLINE).await?;
            }
            None => {
                let failed = |error: std::io::Error| {
                    Feedback::new(ErrorKind::Other, format!("no temporary file could be made: {error}"))
                        .next("make room in the folder for temporary files")
                };
                let archive =
                    tempfile::Builder::new().prefix("shipmate-").suffix(".tar").tempfile().map_err(failed)?;
                let mut file = tokio::fs::File::create(archive.path()).await.map_err(failed)?;
                let bytes = read.docker().await?.export(name, &mut file).await?;
                progress.status(format!("importing {} into {place}", human(bytes)));
                let mut words: Vec<OsString> =
                    self.ctr(&["images", "import"]).into_iter().map(Into::into).collect();
                words.push(archive.path().into());
                self.run_ctr(read.project().folder().to_owned(), words).await?;
            }
        }
        Ok(Outcome::sentence(format!("loaded {name} into {place}"))
            .data(json!({"image": name, "id": now, "into": place})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let name = subject::image_name(self.image.as_ref())?;
        let place = self.place();
        Ok(match self.is_there(world, name).await? {
            Some(true) => Verification::Confirmed(format!("{place} has {}", full_name(name))),
            Some(false) => Verification::Failed(format!("{place} does not list {}", full_name(name))),
            None => Verification::NotNeeded,
        })
    }
}

pub(crate) static TOOL: Changer<LoadImage> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn bind(arguments: serde_json::Value) -> Box<dyn crate::BoundCall> {
        Call::new("load_image", arguments).bind().unwrap()
    }

    #[test]
    fn says_each_places_command() {
        for (arguments, command) in [
            (json!({"image": "web:1", "into": "minikube"}), "minikube image load web:1"),
            (
                json!({"image": "web:1", "into": "kind", "name": "dev"}),
                "kind load docker-image web:1 --name=dev",
            ),
            (json!({"image": "web:1", "into": "k3d"}), "k3d image import web:1"),
            (
                json!({"image": "web:1", "address": "/run/c.sock"}),
                "docker save web:1 | ctr --address=/run/c.sock --namespace=k8s.io images import -",
            ),
        ] {
            assert_eq!(bind(arguments).command().to_string(), command);
        }
        for wrong in [
            json!({}),
            json!({"image": "-x"}),
            json!({"image": "web", "name": "-x"}),
            json!({"image": "web", "address": "-x"}),
        ] {
            assert!(bind(wrong.clone()).check().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_those_that_clusters_list() {
        assert_eq!(full_name("web"), "docker.io/library/web:latest");
        assert_eq!(full_name("team/web:1"), "docker.io/team/web:1");
        assert_eq!(full_name("localhost/web:1"), "localhost/web:1");
    }
}
