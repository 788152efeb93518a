//! Connecting to the engine: one handle that only reads, one that may change.

use bollard::Docker as Engine;

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::world::WorldOptions;

/// The engine, for looking only: the methods it has are the requests it can make.
#[derive(Clone)]
pub struct ReadDocker(Engine);

/// The engine, for an approved change.
#[derive(Clone)]
pub struct Docker(Engine);

impl ReadDocker {
    pub(crate) fn connect(options: &WorldOptions) -> Result<Self> {
        connect(options).map(Self)
    }

    /// The engine's version, such as `20.10.24`.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn version(&self) -> Result<String> {
        let version =
            self.0.version().await.map_err(|error| failure("ask Docker for its version", &error))?;
        Ok(version.version.unwrap_or_default())
    }
}

impl Docker {
    pub(crate) fn connect(options: &WorldOptions) -> Result<Self> {
        connect(options).map(Self)
    }

    /// The engine itself.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.0
    }
}

fn connect(options: &WorldOptions) -> Result<Engine> {
    let connected = match &options.docker_host {
        Some(host) => Engine::connect_with_host(host),
        None => Engine::connect_with_defaults(),
    };
    connected.map_err(|error| failure("connect to Docker", &error))
}

/// What a failed request to the engine means. `doing` completes "could not …".
#[must_use]
pub fn failure(doing: &str, error: &bollard::errors::Error) -> ToolError {
    use bollard::errors::Error;
    let feedback = match error {
        Error::DockerResponseServerError { status_code: 404, message } => {
            Feedback::new(ErrorKind::NotFound, format!("could not {doing}: {message}"))
        }
        Error::DockerResponseServerError { message, .. } => {
            Feedback::new(ErrorKind::Other, format!("could not {doing}: {message}"))
        }
        other => Feedback::new(ErrorKind::Unreachable, format!("could not {doing}: {other}"))
            .next("start Docker, or point DOCKER_HOST at an engine; `shipmate doctor` checks it"),
    };
    feedback.into()
}
