//! `run_container`: a new container from an image, in the background or to its end.

use bollard::models::{ContainerCreateBody, HostConfig, PortBinding, PortMap};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, StartContainerOptions, WaitContainerOptions,
};
use futures::StreamExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::{Duration, Instant};

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::docker::run::{self, Port};
use crate::docker::{Docker, failure, pull, subject};
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long a container has to stay up to count as running.
const SETTLED: Duration = Duration::from_millis(1500);

/// Run a new Docker container from an image.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunContainer {
    /// The image, as `name:tag`; it is pulled when it is not here.
    image: Option<String>,
    /// The container's name; Docker makes one up when none is said.
    name: Option<String>,
    /// In the background; otherwise it runs to its end and its output is shown.
    #[serde(default)]
    detach: bool,
    /// Ports to publish, each `outer:inner`, `address:outer:inner` or a single number for both.
    #[serde(default)]
    ports: Vec<String>,
    /// Environment variables, each `NAME=value`.
    #[serde(default)]
    env: Vec<String>,
    /// Volumes or folders, each `volume-or-folder:path` or `volume-or-folder:path:ro`.
    #[serde(default)]
    volumes: Vec<String>,
    /// What to run in it instead of the image's own command.
    command: Option<String>,
    /// Remove it once it has ended.
    #[serde(default)]
    remove: bool,
    /// The network to join.
    network: Option<String>,
}

impl Tool for RunContainer {
    const NAME: &'static str = "run_container";
    const PHRASES: &'static [&'static str] = &[
        "(run|start|launch|create|spin up|fire up) [a|an|the] [new|local|docker] {image:image} [docker] container",
        "(run|start|launch|create|spin up|fire up) [a|an|the] [new|local] [docker] container (from|of|with|using|for|running) [the] [image] {image:image} [image]",
        "(run|launch|spin up|fire up) [the] [docker] image {image:image}",
        "(run|start|launch) {image:image} (in|with|using|on|through) docker",
        "docker run {image:image}",
        "docker run {image:image} {command:text}",
        "(run|start|launch) [a|an|the] [docker] [container] {image:image} [container|image] and (execute|run) {command:text} [in it|inside|inside it|there] => remove=true",
        "(run|execute) {command:text} in [a|an] [new|fresh|throwaway|temporary] [docker] {image:image} [docker] container => remove=true",
        "(run|execute) {command:text} in [a|an] [new|fresh|throwaway|temporary] [docker] container (of|from|with) [the] [image] {image:image} => remove=true",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(in|into|to) [the] background => detach=true",
        "(-d|--detach|detached|as a daemon|and leave it running) => detach=true",
        "(named|called|as|name it|call it|with [the] name|--name) {name:word}",
        "(on|with|at|exposing|publishing|using) [the] port {port:count} => ports={port}:{port}",
        "(on|with) port {outer:count} (to|mapped to|forwarded to|for) [port] {inner:count} => ports={outer}:{inner}",
        "(publish|publishing|map|mapping|forward|forwarding|expose|exposing) [the] port {outer:count} (to|onto|on) [port] {inner:count} => ports={outer}:{inner}",
        "(-p|--publish|with port|on port|on ports|with ports|publishing) {ports:image}",
        "[and] (with|setting|set) [the] [env|environment] [variable|variables|var] {env:assignment}",
        "(-e|--env) {env:assignment}",
        "(-v|--volume) {volumes:image}",
        "(with|mounting|and) [the|a] volume {volumes:image}",
        "(and|then) (remove|delete) it (afterwards|after|when it is done|when done|at the end) => remove=true",
        "(--rm|throwaway|removed afterwards) => remove=true",
        "(in|on|joining) [the] [docker] network {network:word}",
        "--network {network:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let mut line = CommandLine::docker()
            .arg("run")
            .flag_if(self.detach, "-d")
            .flag_if(self.remove, "--rm")
            .option("--name", self.name.as_deref())
            .option("--network", self.network.as_deref());
        for port in self.ports().unwrap_or_default() {
            line = line.arg("-p").arg(port.to_string());
        }
        for pair in &self.env {
            line = line.arg(format!("--env={pair}"));
        }
        for volume in &self.volumes {
            line = line.arg(format!("--volume={volume}"));
        }
        line.arg(self.image.clone().unwrap_or_default()).args(self.words().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // The image is left as it was said: "redis:7" is that one, whatever else is here.
        Vec::new()
    }

    fn check(&self) -> Result<()> {
        let invalid = |message: String, next: &str| -> Result<()> {
            Err(Feedback::new(ErrorKind::InvalidArguments, message).next(next).into())
        };
        subject::image_name(self.image.as_ref())?;
        if self.name.is_some() {
            subject::container_name(self.name.as_ref())?;
        }
        if self.network.is_some() {
            subject::container_name(self.network.as_ref()).map_err(|_| {
                Feedback::new(ErrorKind::InvalidArguments, "that is no name of a network")
                    .next("see `docker network ls`")
            })?;
        }
        self.ports()?;
        self.words()?;
        for pair in &self.env {
            let name = pair.split_once('=').map(|(name, _)| name);
            if !name.is_some_and(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
            }) {
                return invalid(
                    "an environment variable is not written NAME=value".to_owned(),
                    "write it as --env NAME=value",
                );
            }
        }
        for volume in &self.volumes {
            let mut parts = volume.split(':');
            let (source, target, mode) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
            let named =
                source.starts_with('/') || source.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
            let absolute = target.is_some_and(|target| target.starts_with('/'));
            if !named || !absolute || !matches!(mode, None | Some("ro" | "rw")) || parts.next().is_some() {
                return invalid(
                    format!("{volume:?} is no volume"),
                    "write it as volume:/path or /folder:/path, with :ro to only read",
                );
            }
        }
        Ok(())
    }
}

impl RunContainer {
    fn ports(&self) -> Result<Vec<Port>> {
        self.ports.iter().map(|text| Port::parse(text)).collect()
    }

    fn words(&self) -> Result<Vec<String>> {
        self.command.as_deref().map_or_else(|| Ok(Vec::new()), run::words)
    }

    fn body(&self) -> Result<ContainerCreateBody> {
        let mut bindings = PortMap::new();
        let ports = self.ports()?;
        for port in &ports {
            let binding =
                PortBinding { host_ip: port.address.clone(), host_port: Some(port.outer.to_string()) };
            bindings.entry(port.key()).or_default().get_or_insert_default().push(binding);
        }
        let words = self.words()?;
        Ok(ContainerCreateBody {
            image: self.image.clone(),
            cmd: (!words.is_empty()).then_some(words),
            env: Some(self.env.clone()),
            exposed_ports: Some(ports.iter().map(Port::key).collect()),
            host_config: Some(HostConfig {
                port_bindings: Some(bindings),
                binds: Some(self.volumes.clone()),
                network_mode: self.network.clone(),
                // In the foreground its log is still wanted when it has ended; it is removed after that.
                auto_remove: Some(self.remove && self.detach),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        })
    }

    /// What `docker run` would warn about, or refuse only after it made a container.
    async fn warnings(&self, world: &ReadWorld, image: &str, pulled: bool) -> Result<Vec<String>> {
        let docker = world.docker().await?;
        let mut warnings = Vec::new();
        if let Some(name) = &self.name
            && docker.container(name).await?.is_some()
        {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("there is a container called {name} already"),
            )
            .next(format!("give it another name, or remove the container {name} first"))
            .into());
        }
        if pulled {
            warnings.push(format!("{image} is not here and will be pulled"));
        }
        let ports = self.ports()?;
        for container in docker.containers(false, false).await? {
            let taken = container.ports.iter().flatten().filter_map(|port| port.public_port);
            for port in taken.filter(|taken| ports.iter().any(|port| port.outer == *taken)) {
                let owner = crate::docker::names::name_of(&container).unwrap_or_default();
                let warning = format!("port {port} is taken by the container {owner}: the start will fail");
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        if ports.iter().any(|port| port.address.is_none()) {
            warnings.push("a published port can be reached from other machines: put 127.0.0.1: before it to keep it here".to_owned());
        }
        for volume in self.volumes.iter().filter(|volume| volume.starts_with('/')) {
            if !volume.ends_with(":ro") {
                let folder = volume.split(':').next().unwrap_or(volume);
                warnings.push(format!("the container may change what is in {folder}"));
            }
        }
        Ok(warnings)
    }

    /// Shows what it prints until it ends; its exit code.
    async fn follow(
        &self,
        docker: &Docker,
        world: &World,
        id: &str,
        progress: &Progress,
    ) -> Result<(i64, Vec<String>)> {
        let options = bollard::query_parameters::LogsOptionsBuilder::new()
            .follow(true)
            .stdout(true)
            .stderr(true)
            .build();
        let mut logs = Box::pin(world.read().docker().await?.logs(id, options));
        let (mut open, mut lines) = (String::new(), Vec::new());
        while let Some(piece) = logs.next().await {
            let piece = piece.map_err(|error| failure("read its output", &error))?;
            open.push_str(&String::from_utf8_lossy(&piece.into_bytes()));
            while let Some(end) = open.find('\n') {
                let line: String = open.drain(..=end).collect();
                progress.line(line.trim_end());
                lines.push(line.trim_end().to_owned());
            }
        }
        if !open.is_empty() {
            progress.line(&open);
            lines.push(open);
        }
        let waited = docker.engine().wait_container(id, None::<WaitContainerOptions>).next().await;
        let code = match waited {
            Some(Ok(answer)) => answer.status_code,
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
            Some(Err(error)) => return Err(failure("wait for its end", &error)),
            None => 0,
        };
        Ok((code, lines))
    }
}

impl ChangeTool for RunContainer {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let image = subject::image_name(self.image.as_ref())?;
        let local = world.docker().await?.image(image).await?;
        let warnings = self.warnings(world, image, local.is_none()).await?;
        let label = self.name.as_deref().unwrap_or("(a name of Docker's choice)");
        let mut difference = format!("+ container {label}\n+   image: {image}\n");
        if let Some(command) = &self.command {
            difference.push_str(&format!("+   command: {command}\n"));
        }
        for port in self.ports()? {
            difference.push_str(&format!("+   port: {port}\n"));
        }
        for pair in &self.env {
            difference.push_str(&format!("+   env: {}\n", pair.split('=').next().unwrap_or_default()));
        }
        for volume in &self.volumes {
            difference.push_str(&format!("+   volume: {volume}\n"));
        }
        let how = match (self.detach, self.remove) {
            (true, _) => "in the background",
            (false, true) => "to its end, and removes it then",
            (false, false) => "to its end",
        };
        Ok(Preview {
            summary: format!("runs a container of {image} {how}"),
            changes: vec![ObjectChange {
                object: subject::identity("Container", label, None),
                action: Action::Create,
                difference,
            }],
            warnings,
            basis: json!({"image": local.map(|image| image.id)}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let image = subject::image_name(self.image.as_ref())?;
        let docker = world.docker(approval)?;
        let now = docker.image(image).await?.map(|image| image.id);
        let shown = approval.preview().basis.get("image").and_then(|id| id.as_str());
        if shown.is_some() && shown != now.as_deref() {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{image} is another image than when it was shown"),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        if now.is_none() {
            pull::pull(&docker, image, progress).await?;
        }
        let mut options = CreateContainerOptionsBuilder::new();
        if let Some(name) = &self.name {
            options = options.name(name);
        }
        let made = docker.engine().create_container(Some(options.build()), self.body()?).await;
        let made = made.map_err(|error| failure(&format!("make a container of {image}"), &error))?;
        let id = made.id;
        let found = world.read().docker().await?.container(&id).await?;
        let name = found.and_then(|found| found.name).unwrap_or_else(|| id.clone());
        let name = name.trim_start_matches('/').to_owned();
        let remove = || async {
            let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
            docker.engine().remove_container(&id, Some(options)).await
        };
        if let Err(error) = docker.engine().start_container(&id, None::<StartContainerOptions>).await {
            // A container that never started is nothing anybody asked for.
            let _kept = remove().await;
            return Err(failure(&format!("start a container of {image}"), &error));
        }
        let undo = Call::new("remove_container", json!({"container": name, "force": true}));
        if self.detach {
            return Ok(Outcome::sentence(format!("container {name} runs"))
                .data(json!({"container": name, "id": id, "image": image}))
                .undo(Some(undo)));
        }
        progress.status(format!("container {name} runs"));
        let (code, lines) = self.follow(&docker, world, &id, progress).await?;
        if self.remove {
            remove().await.map_err(|error| failure(&format!("remove container {name}"), &error))?;
        }
        if code != 0 {
            let last: Vec<String> = lines.iter().rev().take(5).rev().cloned().collect();
            let said = if last.is_empty() { String::new() } else { format!(": {}", last.join(" / ")) };
            return Err(Feedback::new(
                ErrorKind::Other,
                format!("container {name} ended with exit code {code}{said}"),
            )
            .next(if self.remove {
                "mend its command, then ask again".to_owned()
            } else {
                format!("`shipmate inspect container {name}` says more")
            })
            .into());
        }
        let gone = if self.remove { " and is removed" } else { "" };
        let outcome = Outcome::sentence(format!("container {name} ended without an error{gone}"))
            .view(if progress.is_listened_to() { View::Streamed } else { View::Text(lines.join("\n")) })
            .data(json!({"container": name, "exit_code": code, "lines": lines}));
        Ok(if self.remove { outcome } else { outcome.undo(Some(undo)) })
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let (true, Some(name)) = (self.detach, &self.name) else { return Ok(Verification::NotNeeded) };
        let docker = world.docker().await?;
        let began = Instant::now();
        loop {
            let Some(found) = docker.container(name).await? else {
                return Ok(Verification::Failed(format!("container {name} has ended and is gone")));
            };
            let state = found.state.unwrap_or_default();
            if state.running != Some(true) {
                let code = state.exit_code.unwrap_or_default();
                return Ok(Verification::Failed(format!(
                    "container {name} ended at once with exit code {code}; `shipmate docker logs {name}` says why"
                )));
            }
            let health = state.health.and_then(|health| health.status).map(|health| health.to_string());
            match health.as_deref() {
                None | Some("" | "none") if began.elapsed() >= SETTLED => {
                    return Ok(Verification::Confirmed(format!("container {name} runs")));
                }
                Some("healthy") => {
                    return Ok(Verification::Confirmed(format!("container {name} runs and is healthy")));
                }
                Some("unhealthy") => {
                    return Ok(Verification::Failed(format!(
                        "container {name} runs, but its health check fails"
                    )));
                }
                Some("starting") => progress.status(format!("waiting for the health check of {name}")),
                _ => {}
            }
            if began.elapsed() > deadline {
                return Ok(Verification::Failed(format!(
                    "container {name} runs, but was not healthy in time"
                )));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        let name = self.name.as_ref().filter(|_| !self.remove || self.detach)?;
        Some(Call::new("remove_container", json!({"container": name, "force": true})))
    }
}

pub(crate) static TOOL: Changer<RunContainer> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(arguments: serde_json::Value) -> Box<dyn crate::BoundCall> {
        Call::new("run_container", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command() {
        let bound = bind(
            json!({"image": "redis:7", "name": "cache", "detach": true, "ports": ["6379"], "env": ["A=b c"]}),
        );
        assert_eq!(
            bound.command().to_string(),
            "docker run -d --name=cache -p 6379:6379 '--env=A=b c' redis:7"
        );
        let bound = bind(json!({"image": "alpine:3", "command": "uname -a", "remove": true}));
        assert_eq!(bound.command().to_string(), "docker run --rm alpine:3 uname -a");
    }

    #[test]
    fn what_cannot_run_is_refused() {
        for wrong in [
            json!({}),
            json!({"image": "-v"}),
            json!({"image": "web", "name": "-x"}),
            json!({"image": "web", "ports": ["99999:1"]}),
            json!({"image": "web", "env": ["SECRET"]}),
            json!({"image": "web", "volumes": ["data"]}),
            json!({"image": "web", "volumes": ["../x:/y"]}),
            json!({"image": "web", "command": "echo 'open"}),
        ] {
            assert!(bind(wrong.clone()).check().is_err(), "{wrong}");
        }
    }
}
