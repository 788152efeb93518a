//! Compose: the plugin (`docker compose`) or the program of its own (`docker-compose`), whichever is there, run
//! without a shell in the project's folder.

use bollard::models::ContainerSummary;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::process::{Printed, Program, installed};
use crate::world::WorldOptions;

use super::engine::ReadDocker;

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(60);

const HOW_TO_GET: &str = "install Docker Compose (https://docs.docker.com/compose/install/)";

/// The files that Compose reads when none is named, in its own order.
pub const FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// How Compose is called on this machine.
#[derive(Debug, Clone)]
pub struct Compose {
    folder: PathBuf,
    host: Option<String>,
    file: Option<String>,
    /// The program and the words before every subcommand.
    start: (&'static str, Vec<String>),
}

/// A container of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The service's name in the file.
    pub service: String,
    /// Its container.
    pub container: String,
    /// `running`, `exited` …
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`, or nothing without a health check.
    pub health: String,
    /// As people read it: `Up 3 minutes`.
    pub status: String,
    /// What it ended with.
    pub exit_code: i64,
    /// Published ports.
    pub ports: String,
}

impl Service {
    /// Whether it is as it should be: it runs and its check does not fail.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == "running" && !matches!(self.health.as_str(), "unhealthy" | "starting")
    }
}

impl Compose {
    /// Compose as it is installed; `file` is a Compose file other than the usual.
    ///
    /// # Errors
    /// `Unavailable` when it is not installed, `NotFound` when there is no Compose file.
    pub async fn find(options: &WorldOptions, file: Option<&str>) -> Result<Self> {
        let folder = options.folder.clone();
        match file {
            Some(named) if !folder.join(named).is_file() => {
                return Err(Feedback::new(ErrorKind::NotFound, format!("there is no Compose file {named}"))
                    .next("name it by its path from the project folder")
                    .into());
            }
            None if !FILES.iter().any(|name| folder.join(name).is_file()) => {
                return Err(Feedback::new(ErrorKind::NotFound, "there is no Compose file in this folder")
                    .next("go to the folder of compose.yaml, or name the file: … with the file PATH")
                    .into());
            }
            _ => {}
        }
        let mut found = Self {
            folder,
            host: options.docker_host.clone(),
            file: file.map(str::to_owned),
            start: ("docker", vec!["compose".to_owned()]),
        };
        if installed(&["docker"]).is_some() && found.output(&["version", "--short"], LOOK).await?.success {
            return Ok(found);
        }
        if installed(&["docker-compose"]).is_some() {
            found.start = ("docker-compose", Vec::new());
            return Ok(found);
        }
        Err(Feedback::new(ErrorKind::Unavailable, "Docker Compose is not installed").next(HOW_TO_GET).into())
    }

    async fn output(&self, arguments: &[&str], deadline: Duration) -> Result<Printed> {
        let (program, words) = &self.start;
        let mut all: Vec<OsString> = Vec::new();
        if let Some(host) = &self.host {
            all.push(format!("--host={host}").into());
        }
        all.extend(words.iter().map(OsString::from));
        if let Some(file) = &self.file {
            all.push(format!("--file={file}").into());
        }
        all.extend(arguments.iter().map(OsString::from));
        let program = Program {
            program: PathBuf::from(program),
            arguments: all,
            folder: self.folder.clone(),
            how_to_get: HOW_TO_GET,
        };
        program.run(deadline).await
    }

    /// Runs a subcommand; `doing` completes "could not …".
    ///
    /// # Errors
    /// What Compose said last.
    pub async fn run(&self, doing: &str, arguments: &[&str], deadline: Duration) -> Result<Printed> {
        let printed = self.output(arguments, deadline).await?;
        if printed.success {
            return Ok(printed);
        }
        let lines: Vec<&str> = printed.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        let said = lines.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join(" / ");
        let lower = said.to_ascii_lowercase();
        let (kind, next) = if lower.contains("no such service") {
            (ErrorKind::NotFound, "name a service of the Compose file")
        } else if lower.contains("cannot connect") || lower.contains("connection refused") {
            (
                ErrorKind::Unreachable,
                "start Docker, or point DOCKER_HOST at an engine; `shipmate doctor` checks it",
            )
        } else {
            (ErrorKind::Other, "look at the Compose file and at what it said")
        };
        Err(Feedback::new(kind, format!("could not {doing}: {said}")).next(next).into())
    }

    /// The services that the file declares.
    ///
    /// # Errors
    /// When the file is not valid.
    pub async fn services(&self) -> Result<Vec<String>> {
        let printed = self.run("read the Compose file", &["config", "--services"], LOOK).await?;
        let mut names: Vec<String> = printed.stdout.lines().map(|line| line.trim().to_owned()).collect();
        names.retain(|name| !name.is_empty());
        names.sort();
        Ok(names)
    }

    /// The containers of the project, running or not, by the labels that every Compose since 1.25 gives them.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn status(&self, docker: &ReadDocker) -> Result<Vec<Service>> {
        let below = self.file.as_ref().map(|file| self.folder.join(file));
        let folder = below.as_deref().and_then(Path::parent).unwrap_or(&self.folder);
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let containers = docker.containers(true, false).await?;
        let mut services: Vec<Service> = containers.iter().filter_map(|one| service(one, &folder)).collect();
        services.sort_by(|a, b| (&a.service, &a.container).cmp(&(&b.service, &b.container)));
        Ok(services)
    }

    /// The named volumes of the file.
    ///
    /// # Errors
    /// When the file is not valid.
    pub async fn volumes(&self) -> Result<Vec<String>> {
        let printed = self.run("read the Compose file", &["config", "--volumes"], LOOK).await?;
        Ok(printed
            .stdout
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect())
    }
}

/// The equivalent line: the plugin's form, which every newer Compose understands.
#[must_use]
pub fn command(file: Option<&str>) -> CommandLine {
    CommandLine::docker().arg("compose").option("--file", file)
}

/// Refuses what is no name of a service.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_services(services: &[String]) -> Result<()> {
    for name in services {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(plain) {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{name:?} is no name of a service"),
            )
            .next("name a service of the Compose file")
            .into());
        }
    }
    Ok(())
}

/// Which of the declared services are meant; a word of a name will do.
///
/// # Errors
/// `NotFound` with what there is.
pub fn resolve(said: &[String], declared: &[String]) -> Result<Vec<String>> {
    use super::names::{Named, container, nearest};
    said.iter()
        .map(|word| match container(word, declared) {
            Named::One(name) => Ok(name),
            _ => {
                let near = nearest(word, declared);
                Err(Feedback::new(ErrorKind::NotFound, format!("the Compose file has no service {word}"))
                    .next("name one of its services")
                    .candidates(if near.is_empty() { declared.to_vec() } else { near })
                    .into())
            }
        })
        .collect()
}

/// A container as a service of the project in `folder`; `None` when it is none.
fn service(container: &ContainerSummary, folder: &Path) -> Option<Service> {
    let labels = container.labels.as_ref()?;
    let at = Path::new(labels.get("com.docker.compose.project.working_dir")?);
    let one_off =
        labels.get("com.docker.compose.oneoff").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if one_off || at.canonicalize().unwrap_or_else(|_| at.to_owned()) != folder {
        return None;
    }
    let status = container.status.clone().unwrap_or_default();
    let health = ["(healthy)", "(unhealthy)", "(health: starting)"]
        .iter()
        .find(|text| status.contains(**text))
        .map(|text| text.trim_matches(['(', ')']).trim_start_matches("health: ").to_owned());
    // "Exited (3) 2 minutes ago": the list says the code nowhere else.
    let code = status.strip_prefix("Exited (").and_then(|rest| rest.split(')').next()?.parse().ok());
    let mut ports: Vec<String> = container
        .ports
        .iter()
        .flatten()
        .filter_map(|port| Some(format!("{}->{}", port.public_port?, port.private_port)))
        .collect();
    ports.sort();
    ports.dedup();
    Some(Service {
        service: labels.get("com.docker.compose.service")?.clone(),
        container: super::names::name_of(container).unwrap_or_default(),
        state: container.state.map(|state| state.to_string()).unwrap_or_default(),
        health: health.unwrap_or_default(),
        status,
        exit_code: code.unwrap_or_default(),
        ports: ports.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_a_service_of_the_folder_its_label_says() {
        let container = |status: &str| -> ContainerSummary {
            serde_json::from_value(serde_json::json!({
                "Names": ["/shop-db-1"], "State": "exited", "Status": status,
                "Ports": [{"PrivatePort": 5432, "PublicPort": 15432, "Type": "tcp"}, {"PrivatePort": 9, "Type": "tcp"}],
                "Labels": {"com.docker.compose.project.working_dir": "/nowhere/shop",
                    "com.docker.compose.service": "db", "com.docker.compose.oneoff": "False"},
            }))
            .unwrap()
        };
        let db = service(&container("Exited (3) 2 minutes ago"), Path::new("/nowhere/shop")).unwrap();
        assert_eq!((db.service.as_str(), db.exit_code, db.ports.as_str()), ("db", 3, "15432->5432"));
        assert!(!db.is_up());
        let health = |status| service(&container(status), Path::new("/nowhere/shop")).unwrap().health;
        assert_eq!(health("Up 2 minutes (unhealthy)"), "unhealthy");
        assert_eq!(health("Up 2 minutes (health: starting)"), "starting");
        assert!(service(&container("Up"), Path::new("/nowhere/other")).is_none());
    }

    #[test]
    fn a_word_of_a_service_will_do_and_a_flag_will_not() {
        let declared = ["shop-db".to_owned(), "web".to_owned()];
        assert_eq!(resolve(&["db".to_owned()], &declared).unwrap(), ["shop-db"]);
        assert!(resolve(&["queue".to_owned()], &declared).is_err());
        assert!(check_services(&["--volumes".to_owned()]).is_err());
    }
}
