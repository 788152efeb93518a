//! Connecting to the engine: one handle that only reads, one that may change.

use bollard::Docker as Engine;

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::world::WorldOptions;

/// The engine, for looking only: the methods it has are the requests it can make, and its connection turns
/// every request that is not GET or HEAD into one the engine does not know.
#[derive(Clone)]
pub struct ReadDocker(Engine);

/// The engine, for an approved change.
#[derive(Clone)]
pub struct Docker(Engine);

/// An image the engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalImage {
    /// Its identifier, `sha256:…`.
    pub id: String,
    /// Its size in bytes.
    pub size: u64,
}

impl LocalImage {
    /// The first 12 digits of its identifier, as docker prints it.
    #[must_use]
    pub fn short_id(&self) -> &str {
        let digits = self.id.split_once(':').map_or(self.id.as_str(), |(_, digits)| digits);
        digits.get(..12).unwrap_or(digits)
    }
}

impl ReadDocker {
    pub(crate) fn connect(options: &WorldOptions) -> Result<Self> {
        Ok(Self(connect(options)?.with_request_modifier(only_reads)))
    }

    /// The engine behind the second lock, for this adapter's own requests.
    pub(super) const fn engine(&self) -> &Engine {
        &self.0
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

    /// The image of a reference (name, tag or identifier); `None` when the engine has none.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn image(&self, reference: &str) -> Result<Option<LocalImage>> {
        image(&self.0, reference).await
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

    /// As [`ReadDocker::image`].
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn image(&self, reference: &str) -> Result<Option<LocalImage>> {
        image(&self.0, reference).await
    }
}

async fn image(engine: &Engine, reference: &str) -> Result<Option<LocalImage>> {
    match engine.inspect_image(reference).await {
        Ok(found) => Ok(Some(LocalImage {
            id: found.id.unwrap_or_default(),
            size: found.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        })),
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(failure(&format!("look at the image {reference}"), &error)),
    }
}

/// The second lock of a reading handle. A modifier cannot refuse, so a request that could change something
/// becomes `OPTIONS`, which no route of the engine answers.
fn only_reads(mut request: bollard::BollardRequest) -> bollard::BollardRequest {
    if !matches!(*request.method(), http::Method::GET | http::Method::HEAD) {
        *request.method_mut() = http::Method::OPTIONS;
    }
    request
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
        other => Feedback::new(ErrorKind::Unreachable, format!("could not {doing}: {}", chain(other)))
            .next("start Docker, or point DOCKER_HOST at an engine; `shipmate doctor` checks it"),
    };
    feedback.into()
}

/// The error and what is behind it, without repetitions.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_handle_sends_nothing_that_changes() {
        for (method, sent) in
            [("GET", "GET"), ("HEAD", "HEAD"), ("POST", "OPTIONS"), ("DELETE", "OPTIONS"), ("PUT", "OPTIONS")]
        {
            let body = bollard::body_full(Vec::new().into());
            let request = http::Request::builder().method(method).uri("/x").body(body).unwrap();
            assert_eq!(only_reads(request).method().as_str(), sent);
        }
    }
}
