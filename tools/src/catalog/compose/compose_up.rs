//! `compose_up`: starts the services of a Compose project in the background.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::{Duration, Instant};

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::docker::compose::{self, Compose};
use crate::error::Result;
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Building and pulling belong to it.
const DEADLINE: Duration = Duration::from_secs(1800);

/// Start the services of a Compose project in the background.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComposeUp {
    /// Only these services and what they depend on.
    #[serde(default)]
    services: Vec<String>,
    /// Build the images first.
    #[serde(default)]
    build: bool,
    /// The Compose file, if not the usual one of this folder.
    file: Option<String>,
}

impl Tool for ComposeUp {
    const NAME: &'static str = "compose_up";
    const PHRASES: &'static [&'static str] = &[
        "compose up [-d|--detach|--wait]",
        "docker-compose up [-d|--detach|--wait]",
        "compose (up|start) [-d|--detach] {services:word}",
        "docker-compose (up|start) [-d|--detach] {services:word}",
        "(bring up|start|run|launch|spin up|fire up|boot|boot up) [the|my|our|all] [docker] compose (stack|project|services|setup|file|environment|app|application)",
        "(start|launch|run|spin up|bring up) [only|just] [the] {services:word} [service] (with|using|from|through|via|in) [docker] compose",
        "(start|launch|run|spin up|bring up) [only|just] [the] [docker] compose service {services:word}",
        "(start|launch|run|spin up|bring up) [only|just] [the] {services:word} [docker] compose service",
        "(start|launch|run|spin up|bring up) everything (with|using|in|from) [docker] compose",
        "[docker] compose (start|launch) [the|my] [stack|services]",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(in|into) [the] background",
        "(detached|-d|--detach|as daemon)",
        "(and|with) (rebuild|build|rebuilding|building) [the] [images|image|it|them] [first] => build=true",
        "--build => build=true",
        "(with|using|from) [the] [compose] file {file:path}",
        "(-f|--file) {file:path}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        compose::command(self.file.as_deref())
            .args(["up", "-d"])
            .flag_if(self.build, "--build")
            .args(self.services.iter())
    }

    fn check(&self) -> Result<()> {
        compose::check_services(&self.services)
    }
}

impl ChangeTool for ComposeUp {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let compose = Compose::find(world.options(), self.file.as_deref()).await?;
        let declared = compose.services().await?;
        let wanted = compose::resolve(&self.services, &declared)?;
        let wanted = if wanted.is_empty() { declared } else { wanted };
        let found = compose.status(world.docker().await?).await?;
        let changes: Vec<ObjectChange> = wanted
            .iter()
            .map(|name| {
                let now = found.iter().find(|service| service.service == *name);
                let (action, difference) = match now {
                    Some(service) if service.is_up() => (
                        Action::Unchanged,
                        format!("  {name} runs; it is made anew only when its part of the file or its image changed\n"),
                    ),
                    Some(service) => (Action::Update, format!("- {name}: {}\n+ {name}: running\n", service.state)),
                    None => (Action::Create, format!("+ {name}: running\n")),
                };
                let object = ObjectIdentity { kind: "Service".to_owned(), name: name.clone(), ..ObjectIdentity::default() };
                ObjectChange { object, action, difference }
            })
            .collect();
        let mut warnings = Vec::new();
        if !self.services.is_empty() {
            warnings.push("what these services depend on is started with them".to_owned());
        }
        if self.build {
            warnings.push("their images are built first".to_owned());
        }
        Ok(Preview {
            summary: format!("starts {}", wanted.join(", ")),
            changes,
            warnings,
            basis: json!({"services": wanted, "fresh": found.is_empty()}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let _approved = world.docker(approval)?;
        let compose = Compose::find(world.read().options(), self.file.as_deref()).await?;
        let services = compose::resolve(&self.services, &compose.services().await?)?;
        let mut words = vec!["up", "-d"];
        if self.build {
            words.push("--build");
        }
        words.extend(services.iter().map(String::as_str));
        progress.status("starting the services");
        let printed = compose.run("start the services", &words, DEADLINE).await?;
        let found = compose.status(world.read().docker().await?).await?;
        let up: Vec<&str> = found
            .iter()
            .filter(|service| service.state == "running")
            .map(|service| service.service.as_str())
            .collect();
        Ok(Outcome::sentence(format!("started; running are {}", up.join(", ")))
            .data(json!({"running": up}))
            .view(View::Text(printed.stderr)))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let wanted: Vec<String> = shown
            .basis
            .get("services")
            .and_then(|services| serde_json::from_value(services.clone()).ok())
            .unwrap_or_default();
        let compose = Compose::find(world.options(), self.file.as_deref()).await?;
        let began = Instant::now();
        loop {
            let found = compose.status(world.docker().await?).await?;
            let of = |name: &String| {
                let own = found.iter().filter(|service| service.service == *name);
                own.cloned().collect::<Vec<compose::Service>>().into_iter()
            };
            let down: Vec<String> = wanted
                .iter()
                .filter(|name| of(name).next().is_none() || of(name).any(|service| !service.is_up()))
                .map(|name| {
                    let how = of(name).next().map_or_else(
                        || "not started".to_owned(),
                        |service| match service.state.as_str() {
                            "running" => service.health,
                            state => format!("{state}, exit code {}", service.exit_code),
                        },
                    );
                    format!("{name} ({how})")
                })
                .collect();
            if down.is_empty() {
                return Ok(Verification::Confirmed(format!(
                    "{} of {} services are up",
                    wanted.len(),
                    wanted.len()
                )));
            }
            // A job that ended without an error is done, and no server.
            let done =
                |name: &String| of(name).all(|service| service.state == "exited" && service.exit_code == 0);
            let open: Vec<&String> = wanted
                .iter()
                .filter(|name| {
                    !(of(name).all(|service| service.is_up()) || done(name)) || of(name).next().is_none()
                })
                .collect();
            if open.is_empty() {
                return Ok(Verification::Confirmed(
                    "all services are up or have ended without an error".to_owned(),
                ));
            }
            let failed = open.iter().any(|name| {
                of(name).any(|service| service.state == "exited" || service.health == "unhealthy")
            });
            if failed || began.elapsed() > deadline {
                return Ok(Verification::Failed(format!(
                    "not up: {}; `shipmate compose logs` says why",
                    down.join(", ")
                )));
            }
            progress.status(format!("waiting for {}", down.join(", ")));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        // Where nothing was there before, taking all of it down is the way back.
        let fresh = shown.basis.get("fresh").and_then(serde_json::Value::as_bool)?;
        fresh.then(|| Call::new("compose_down", json!({"file": self.file})))
    }
}

pub(crate) static TOOL: Changer<ComposeUp> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_the_way_back() {
        let up = ComposeUp { services: vec!["db".to_owned()], build: true, file: None };
        assert_eq!(up.command().to_string(), "docker compose up -d --build db");
        let shown = |fresh| Preview { basis: json!({"fresh": fresh}), ..Preview::default() };
        assert_eq!(up.undo(&shown(true)).unwrap().tool, "compose_down");
        assert!(up.undo(&shown(false)).is_none());
        assert!(
            ComposeUp { services: vec!["--build".to_owned()], build: false, file: None }.check().is_err()
        );
    }
}
