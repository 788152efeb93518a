//! The image or container a call is about: found or answered with the nearest names, and still the same when
//! the call runs as when it was shown.

use bollard::models::ContainerInspectResponse;
use jiff::Timestamp;

use crate::approval::Approval;
use crate::error::{ErrorKind, Feedback, Result};
use crate::preview::ObjectIdentity;

use super::engine::{LocalImage, ReadDocker};
use super::names;
use super::reference::is_reference;

/// A container's name as given, which must be one the engine takes.
///
/// # Errors
/// `InvalidArguments` without a name or with one that could be taken for a flag.
pub fn container_name(given: Option<&String>) -> Result<&str> {
    let Some(name) = given else {
        return Err(Feedback::new(ErrorKind::InvalidArguments, "no container is named")
            .next("name one: `shipmate list all containers` shows them")
            .into());
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        return Ok(name);
    }
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{name:?} is no name of a container"))
        .next("letters, digits, `_`, `.` and `-`, the first a letter or a digit")
        .into())
}

/// An image's name as given, which must be one that Docker takes.
///
/// # Errors
/// `InvalidArguments` without a name or with one that could be taken for a flag.
pub fn image_name(given: Option<&String>) -> Result<&str> {
    let Some(name) = given else {
        return Err(Feedback::new(ErrorKind::InvalidArguments, "no image is named")
            .next("name one: `shipmate list images` shows them")
            .into());
    };
    let identifier = name.strip_prefix("sha256:").is_some_and(|digits| {
        (4..=64).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit())
    });
    if identifier || is_reference(name) {
        return Ok(name);
    }
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{name:?} is no name of an image"))
        .next("use lower case: [registry/]name:tag, such as shop/web:1.2.0")
        .into())
}

/// The container of this name.
///
/// # Errors
/// `NotFound` with the nearest names.
pub async fn container(docker: &ReadDocker, name: &str) -> Result<ContainerInspectResponse> {
    if let Some(found) = docker.container(name).await? {
        return Ok(found);
    }
    let all = names::of_containers(&docker.containers(true, false).await?);
    Err(Feedback::new(ErrorKind::NotFound, format!("there is no container called {name}"))
        .next("`shipmate list all containers` shows what there is")
        .candidates(names::nearest(name, &all))
        .into())
}

/// The image of this name.
///
/// # Errors
/// `NotFound` with the nearest names.
pub async fn image(docker: &ReadDocker, name: &str) -> Result<LocalImage> {
    match docker.image(name).await? {
        Some(found) => Ok(found),
        None => Err(no_image(docker, name).await?.into()),
    }
}

/// What to say when an image is not there.
///
/// # Errors
/// `Unreachable` when the engine does not answer.
pub async fn no_image(docker: &ReadDocker, name: &str) -> Result<Feedback> {
    let all = names::of_images(&docker.images().await?);
    Ok(Feedback::new(ErrorKind::NotFound, format!("there is no image {name} here"))
        .next("`shipmate list images` shows what there is")
        .candidates(names::nearest(name, &all)))
}

/// The identity of an object of the engine, its identifier as the uid.
#[must_use]
pub fn identity(kind: &str, name: &str, id: Option<String>) -> ObjectIdentity {
    ObjectIdentity { kind: kind.to_owned(), name: name.to_owned(), uid: id, ..ObjectIdentity::default() }
}

/// Refuses when the object is no longer the one that was shown.
///
/// # Errors
/// `Conflict`.
pub fn same_as_shown(approval: &Approval, name: &str, now: Option<&str>) -> Result<()> {
    let shown = approval.preview().object().and_then(|object| object.uid.as_deref());
    if shown == now {
        return Ok(());
    }
    Err(Feedback::new(ErrorKind::Conflict, format!("{name} is another one than when it was shown"))
        .next("ask again to see it as it is now")
        .into())
}

/// How long ago a moment was, in one unit: `45s`, `3m`, `2h`, `9d`.
#[must_use]
pub fn ago(seconds_of_unix: i64) -> String {
    let seconds = (Timestamp::now().as_second() - seconds_of_unix).max(0);
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}m", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The first 12 digits of an identifier, as docker prints it.
#[must_use]
pub fn short(id: &str) -> &str {
    let digits = id.split_once(':').map_or(id, |(_, digits)| digits);
    digits.get(..12).unwrap_or(digits)
}

/// A size that the engine may not know (-1).
#[must_use]
pub fn size(bytes: i64) -> String {
    u64::try_from(bytes).map_or_else(|_| "unknown".to_owned(), super::context::human)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_flag() {
        for name in ["-f", "", "a b", "a/b", "--all"] {
            assert!(container_name(Some(&name.to_owned())).is_err(), "{name}");
        }
        assert_eq!(container_name(Some(&"pg-dev_1.a".to_owned())).unwrap(), "pg-dev_1.a");
        for name in ["-f", "", "Web", "a b"] {
            assert!(image_name(Some(&name.to_owned())).is_err(), "{name}");
        }
        assert!(image_name(Some(&"sha256:0123abcd".to_owned())).is_ok());
        assert!(image_name(None).is_err() && container_name(None).is_err());
    }

    #[test]
    fn ages_and_sizes_read_well() {
        let now = Timestamp::now().as_second();
        assert_eq!(ago(now - 300), "5m");
        assert_eq!(ago(now - 3 * 86_400), "3d");
        assert_eq!((size(-1), size(2_000_000)), ("unknown".to_owned(), "2.00 MB".to_owned()));
        assert_eq!(short("sha256:0123456789abcdef"), "0123456789ab");
    }
}
