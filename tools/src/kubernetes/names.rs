//! Names that can stand in a request's path and on a command line. A name is data from a person or a model:
//! `todo/pods` as the name of a namespace would address all its pods, and `-A` would become a flag of the
//! command that is shown.

use crate::error::{ErrorKind, Feedback, Result};

/// Longest name of any object (RFC 1123 subdomain, which the API server enforces for most kinds).
const LONGEST: usize = 253;

/// Refuses what cannot be the name of an object (`what` says of what: `name`, `namespace`).
///
/// The API server's own rule for a path segment is no `/`, no `%`, not `.` or `..`; RBAC names may hold
/// colons. Nothing that a cluster can hold is refused.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_name(what: &str, name: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.len() <= LONGEST
        && !name.starts_with('-')
        && name != "."
        && name != ".."
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._:@*+=~!".contains(c));
    if fits {
        return Ok(());
    }
    let shown: String = name.chars().take(60).collect();
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{shown:?} cannot be a {what}"))
        .next("names are made of letters, digits, dashes and dots, and begin with a letter or digit")
        .into())
}

/// Refuses what cannot be a namespace.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_namespace(namespace: Option<&str>) -> Result<()> {
    namespace.map_or(Ok(()), |namespace| check_name("namespace", namespace))
}

/// Refuses what cannot be a label selector: one that begins with a dash or holds anything that selectors do
/// not have (Kubernetes, "Labels and Selectors").
///
/// # Errors
/// `InvalidArguments`.
pub fn check_selector(selector: &str) -> Result<()> {
    let fits = !selector.trim().is_empty()
        && !selector.starts_with('-')
        && selector.chars().all(|c| c.is_ascii_alphanumeric() || "-._/=!(), ".contains(c));
    if fits {
        return Ok(());
    }
    let shown: String = selector.chars().take(60).collect();
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{shown:?} is no label selector"))
        .next("write it like app=web or `tier in (a,b)`")
        .into())
}

/// Refuses arguments of which one cannot be what it stands for; those not said are fine.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_arguments(
    kind: Option<&str>,
    name: Option<&str>,
    namespace: Option<&str>,
    selector: Option<&str>,
) -> Result<()> {
    kind.map_or(Ok(()), |kind| check_name("kind", kind))?;
    name.map_or(Ok(()), |name| check_name("name", name))?;
    check_namespace(namespace)?;
    selector.map_or(Ok(()), check_selector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_leave_its_place_is_no_name() {
        for name in ["", "-A", "..", "a/b", "a%2fb", "a b", "a?x", "a#", "ä", &"x".repeat(254)] {
            assert!(check_name("name", name).is_err(), "{name}");
        }
        for name in ["web", "web-0", "system:node", "v1.apps", "0a"] {
            assert!(check_name("name", name).is_ok(), "{name}");
        }
        assert!(check_arguments(Some("-A"), None, None, None).is_err());
        assert!(check_arguments(None, None, Some("a/b"), None).is_err());
        assert!(check_arguments(Some("pods"), None, Some("shop"), Some("app=web")).is_ok());
        assert!(check_selector("app=web,tier in (a,b),!x").is_ok());
        for selector in ["", " ", "--all", "app=web&fieldSelector=x", "*"] {
            assert!(check_selector(selector).is_err(), "{selector}");
        }
    }
}
