//! Pulling and pushing: the engine's stream of layers, told as progress, with its errors as errors.

use bollard::query_parameters::{CreateImageOptionsBuilder, PushImageOptionsBuilder};
use futures::TryStreamExt;

use crate::error::{ErrorKind, Feedback, Result};
use crate::progress::Progress;

use super::credentials::credentials;
use super::engine::{Docker, failure};
use super::names;

/// Pulls an image; `latest` where the reference says no tag.
///
/// # Errors
/// What the registry or the engine said, with a next step.
pub async fn pull(docker: &Docker, reference: &str, progress: &Progress) -> Result<()> {
    let host = names::registry_of(reference);
    let auth = credentials(host).await?;
    let known = auth.is_some();
    let full = match (names::tag_of(reference), reference.contains('@')) {
        (None, false) => format!("{reference}:latest"),
        _ => reference.to_owned(),
    };
    let options = CreateImageOptionsBuilder::new().from_image(&full).build();
    let mut events = Box::pin(docker.engine().create_image(Some(options), None, auth));
    loop {
        let event = events.try_next().await;
        match event.map_err(|error| failure(&format!("pull {reference}"), &error))? {
            None => return Ok(()),
            Some(event) => {
                if let Some(message) = event.error_detail.and_then(|error| error.message) {
                    return Err(refused("pull", reference, host, known, &message));
                }
                if let Some(status) = event.status {
                    progress.status(format!("pulling {reference}: {status}"));
                }
            }
        }
    }
}

/// Pushes an image to the registry its name says.
///
/// # Errors
/// As [`pull`].
pub async fn push(docker: &Docker, reference: &str, progress: &Progress) -> Result<()> {
    let host = names::registry_of(reference);
    let auth = credentials(host).await?;
    let known = auth.is_some();
    let tag = names::tag_of(reference).unwrap_or("latest");
    let options = PushImageOptionsBuilder::new().tag(tag).build();
    let repository = names::repository_of(reference);
    // The engine wants the header even where nobody is logged in.
    let auth = Some(auth.unwrap_or_default());
    let mut events = Box::pin(docker.engine().push_image(repository, Some(options), auth));
    loop {
        let event = match events.try_next().await {
            Ok(event) => event,
            Err(bollard::errors::Error::DockerStreamError { error }) => {
                return Err(refused("push", reference, host, known, &error));
            }
            Err(error) => return Err(failure(&format!("push {reference}"), &error)),
        };
        match event {
            None => return Ok(()),
            Some(event) => {
                if let Some(message) = event.error_detail.and_then(|error| error.message) {
                    return Err(refused("push", reference, host, known, &message));
                }
                if let Some(status) = event.status {
                    progress.status(format!("pushing {reference}: {status}"));
                }
            }
        }
    }
}

fn refused(doing: &str, reference: &str, host: &str, known: bool, message: &str) -> crate::error::ToolError {
    let lower = message.to_ascii_lowercase();
    let denied =
        ["denied", "unauthorized", "authentication", "no basic auth"].iter().any(|word| lower.contains(word));
    let absent = ["not found", "manifest unknown", "does not exist"].iter().any(|word| lower.contains(word));
    let (kind, next) = if denied && known {
        (
            ErrorKind::Forbidden,
            format!("the login kept for {host} may not do this: `docker login {host}` with one that may"),
        )
    } else if denied {
        (ErrorKind::Unauthorized, format!("log in first: `docker login {host}`"))
    } else if absent {
        (ErrorKind::NotFound, "check the name and the tag".to_owned())
    } else {
        (ErrorKind::Unreachable, format!("check that {host} can be reached from the engine"))
    };
    Feedback::new(kind, format!("could not {doing} {reference}: {message}")).next(next).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_says_gets_its_next_step() {
        let kind = |known, message: &str| refused("push", "h/a", "h", known, message).kind();
        assert_eq!(kind(false, "no basic auth credentials"), ErrorKind::Unauthorized);
        assert_eq!(kind(true, "denied: requested access"), ErrorKind::Forbidden);
        assert_eq!(kind(true, "dial tcp: connection refused"), ErrorKind::Unreachable);
        assert_eq!(kind(false, "manifest unknown"), ErrorKind::NotFound);
    }
}
