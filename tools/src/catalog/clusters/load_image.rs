//! `load_image`: an image of the Docker engine is handed to a local cluster.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::context::human;
use crate::docker::reference::is_reference;
use crate::error::{ErrorKind, Feedback, Result};
use crate::local_cluster::{Containerd, Provider, change, check_name, import, loaded, state};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Load an image of the Docker engine into a local cluster: minikube, kind, k3d or a containerd.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadImage {
    /// The image, such as `web:dev`.
    image: Option<String>,
    /// Where it goes: `minikube`, `kind`, `k3d` or `containerd`; the one that is installed when not said.
    provider: Option<Provider>,
    /// The cluster's name (minikube's profile).
    name: Option<String>,
    /// The socket of the containerd, if not the usual one.
    socket: Option<String>,
}

impl Tool for LoadImage {
    const NAME: &'static str = "load_image";
    const PHRASES: &'static [&'static str] = &[
        "(load|import|copy|put|get|send|push|upload|side-load|sideload|transfer) [docker|local] [image] {image:image} [image] (into|to|in|onto|on) minikube [cluster] => provider=minikube",
        "(load|import|copy|put|get|send|push|upload|side-load|sideload|transfer) [docker|local] [image] {image:image} [image] (into|to|in|onto|on) kind [cluster] => provider=kind",
        "(load|import|copy|put|get|send|push|upload|side-load|sideload|transfer) [docker|local] [image] {image:image} [image] (into|to|in|onto|on) k3d [cluster] => provider=k3d",
        "(load|import|copy|put|get|send|push|upload|side-load|sideload|transfer) [docker|local] [image] {image:image} [image] (into|to|in|onto|on) (containerd|ctr) => provider=containerd",
        "(load|import|copy|put|get|side-load|sideload|transfer) [docker|local] [image] {image:image} [image] (into|to|in|onto|on) (local|dev|development) [kubernetes|k8s|dev] cluster",
        "(load|import|side-load|sideload) [docker|local] image {image:image} [into [my] cluster]",
        "make [docker|local] [image] {image:image} [image] available (in|to|on|inside) minikube [cluster] => provider=minikube",
        "make [docker|local] [image] {image:image} [image] available (in|to|on|inside) kind [cluster] => provider=kind",
        "make [docker|local] [image] {image:image} [image] available (in|to|on|inside) k3d [cluster] => provider=k3d",
        "make [docker|local] [image] {image:image} [image] available (in|to|on|inside) (local|dev|development) [kubernetes|k8s] cluster",
        "minikube image load {image:image} => provider=minikube",
        "kind load docker-image {image:image} => provider=kind",
        "k3d image import {image:image} => provider=k3d",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(profile|with profile|--profile|--name|cluster (called|named)) {name:word}",
        "(at|through|over|with|using) [the] socket {socket:path}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let provider = self.provider();
        if provider == Provider::Containerd {
            let import =
                CommandLine::new("ctr").args(self.containerd().flags()).args(["images", "import", "-"]);
            return CommandLine::docker().arg("save").arg(self.image()).piped_to(import);
        }
        CommandLine::new(provider.program()).args(self.arguments())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // Settled before it is shown, so that what runs is what was shown.
        let usual = if self.socket.is_some() { Provider::Containerd } else { Provider::usual_for_images() };
        self.provider.get_or_insert(usual);
        Vec::new()
    }

    fn check(&self) -> Result<()> {
        check_name(self.name.as_deref())?;
        let invalid = |said: String, next: &str| {
            Err(Feedback::new(ErrorKind::InvalidArguments, said).next(next).into())
        };
        match self.image.as_deref() {
            None => {
                return invalid(
                    "no image is named".to_owned(),
                    "name one of the Docker engine, such as web:dev",
                );
            }
            Some(image) if !is_reference(image) => {
                return invalid(
                    format!("{image:?} is no name of an image"),
                    "name it as docker does, such as web:dev",
                );
            }
            Some(_) => {}
        }
        if self.provider() == Provider::Containerd {
            if self.name.is_some() {
                return invalid("a containerd has no name".to_owned(), "say --socket to choose one");
            }
        } else if self.socket.is_some() {
            return invalid(
                format!("{} is not reached by a socket", self.provider().program()),
                "leave the socket out, or say containerd",
            );
        }
        Ok(())
    }
}

impl LoadImage {
    fn image(&self) -> &str {
        self.image.as_deref().unwrap_or_default()
    }

    fn provider(&self) -> Provider {
        self.provider.unwrap_or(Provider::Minikube)
    }

    fn containerd(&self) -> Containerd {
        Containerd::at(self.socket.as_deref())
    }

    fn arguments(&self) -> Vec<String> {
        let (words, flag): (&[&str], &str) = match self.provider() {
            Provider::Kind => (&["load", "docker-image"], "--name"),
            Provider::K3d => (&["image", "import"], "--cluster"),
            Provider::Minikube | Provider::Containerd => (&["image", "load"], "--profile"),
        };
        let name = self.name.as_ref().map(|name| format!("{flag}={name}"));
        let words = words.iter().copied().chain([self.image()]).map(str::to_owned);
        words.chain(name).collect()
    }

    /// Where it goes, in words.
    fn place(&self) -> String {
        match self.provider() {
            Provider::Containerd => format!("the containerd at {}", self.containerd().socket),
            provider => {
                let name = self.name.as_deref().unwrap_or(provider.usual_name());
                format!("the {} cluster {name}", provider.program())
            }
        }
    }

    /// Whether it is there already; `None` when nobody can tell.
    async fn is_there(&self, world: &ReadWorld) -> Result<Option<bool>> {
        match self.provider() {
            Provider::Containerd => self.containerd().has(self.image(), world).await.map(Some),
            provider => loaded(provider, self.name.as_deref(), self.image(), world).await,
        }
    }
}

impl ChangeTool for LoadImage {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let image = world.docker().await?.image(self.image()).await?.ok_or_else(|| {
            Feedback::new(ErrorKind::NotFound, format!("the Docker engine has no image {}", self.image()))
                .next("build it first, or look at the list of local images for its name and tag")
        })?;
        if self.provider() != Provider::Containerd {
            let now = state(self.provider(), self.name.as_deref(), world).await?;
            if !now.running {
                return Err(Feedback::new(ErrorKind::NotFound, now.sentence(self.provider()))
                    .next(format!("start it first: `shipmate start {}`", self.provider().program()))
                    .candidates(now.known)
                    .into());
            }
        }
        let mut warnings = Vec::new();
        let there = self.is_there(world).await?;
        if there == Some(true) {
            warnings.push(format!(
                "{} has an image of this name: the name moves to this one, and pods keep theirs until they restart",
                self.place()
            ));
        }
        if self.image().ends_with(":latest") || !self.image().rsplit('/').next().unwrap_or("").contains(':') {
            warnings.push(
                "pods pull an image with the tag latest anew: set imagePullPolicy: IfNotPresent, or use another tag"
                    .to_owned(),
            );
        }
        warnings.push("this cannot be undone: the image stays until the cluster removes it".to_owned());
        Ok(Preview {
            summary: format!(
                "loads {} ({}, {}) into {}",
                self.image(),
                image.short_id(),
                human(image.size),
                self.place()
            ),
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Image".to_owned(),
                    name: self.image().to_owned(),
                    uid: Some(image.id.clone()),
                    ..ObjectIdentity::default()
                },
                action: if there == Some(true) { Action::Update } else { Action::Create },
                difference: format!("+ {} {} in {}\n", self.image(), human(image.size), self.place()),
            }],
            warnings,
            basis: json!({"image": image.id}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let docker = world.docker(approval)?;
        let now = docker.image(self.image()).await?.map(|image| image.id);
        let shown = approval.preview().basis.get("image").and_then(|id| id.as_str());
        if now.as_deref() != shown {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{} is no longer the image that was shown", self.image()),
            )
            .next("ask again to load it as it is now")
            .into());
        }
        if self.provider() == Provider::Containerd {
            import(docker.engine(), &self.containerd(), self.image(), progress, approval).await?;
        } else {
            progress.status(format!("{} is at work", self.provider().program()));
            let _said = change(self.provider(), &self.arguments(), world.read(), approval).await?;
        }
        Ok(Outcome::sentence(format!("loaded {} into {}", self.image(), self.place()))
            .data(json!({"image": self.image(), "id": now, "provider": self.provider()})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        Ok(match self.is_there(world).await? {
            Some(true) => Verification::Confirmed(format!("{} lists {}", self.place(), self.image())),
            Some(false) => Verification::Failed(format!("{} does not list {}", self.place(), self.image())),
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
    fn says_its_command() {
        for (arguments, line) in [
            (json!({"image": "web:1", "provider": "minikube"}), "minikube image load web:1"),
            (
                json!({"image": "web:1", "provider": "kind", "name": "dev"}),
                "kind load docker-image web:1 --name=dev",
            ),
            (
                json!({"image": "web:1", "provider": "k3d", "name": "dev"}),
                "k3d image import web:1 --cluster=dev",
            ),
            (
                json!({"image": "web:1", "provider": "containerd", "socket": "/x.sock"}),
                "docker save web:1 | ctr --address=/x.sock --namespace=k8s.io images import -",
            ),
        ] {
            let bound = bind(arguments);
            bound.check().unwrap();
            assert_eq!(bound.command().to_string(), line);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (arguments, said) in [
            (json!({}), "no image is named"),
            (json!({"image": "-q"}), "\"-q\" is no name of an image"),
            (json!({"image": "web", "provider": "kind", "socket": "/x"}), "kind is not reached by a socket"),
            (json!({"image": "web", "provider": "containerd", "name": "x"}), "a containerd has no name"),
        ] {
            assert_eq!(bind(arguments).check().unwrap_err().to_string(), said);
        }
    }
}
