//! Which program keeps the cluster, and what its commands are called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt as _;

use crate::error::{ErrorKind, Feedback, Result};

/// A program that keeps clusters on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// minikube.
    Minikube,
    /// kind, Kubernetes in Docker.
    Kind,
    /// k3d, k3s in Docker.
    K3d,
    /// A bare containerd, as on a node of one's own; takes images only.
    Containerd,
}

/// Those that keep whole clusters, the commonest first.
const CLUSTERS: [Provider; 3] = [Provider::Minikube, Provider::Kind, Provider::K3d];

impl Provider {
    /// Its program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Minikube => "minikube",
            Self::Kind => "kind",
            Self::K3d => "k3d",
            Self::Containerd => "ctr",
        }
    }

    /// What its program calls the cluster of somebody who named none.
    #[must_use]
    pub const fn usual_name(self) -> &'static str {
        match self {
            Self::Minikube => "minikube",
            Self::Kind => "kind",
            Self::K3d => "k3s-default",
            Self::Containerd => "k8s.io",
        }
    }

    pub(super) const fn how_to_get(self) -> &'static str {
        match self {
            Self::Minikube => {
                "install minikube (https://minikube.sigs.k8s.io/docs/start), or name kind or k3d"
            }
            Self::Kind => "install kind (https://kind.sigs.k8s.io), or name minikube or k3d",
            Self::K3d => "install k3d (https://k3d.io), or name minikube or kind",
            Self::Containerd => "install ctr, which comes with containerd",
        }
    }

    /// The one that is meant when nobody said which: the first that is installed, minikube when none is.
    #[must_use]
    pub fn usual() -> Self {
        CLUSTERS.into_iter().find(|provider| is_installed(provider.program())).unwrap_or(Self::Minikube)
    }

    /// As [`Self::usual`], for an image: a containerd will do where there is nothing else.
    #[must_use]
    pub fn usual_for_images() -> Self {
        let all = CLUSTERS.into_iter().chain([Self::Containerd]);
        all.into_iter().find(|provider| is_installed(provider.program())).unwrap_or(Self::Minikube)
    }
}

/// Whether a program of this name can be run from `PATH`.
fn is_installed(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| {
        std::fs::metadata(folder.join(name))
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// Refuses a cluster's name that none of the programs takes, and what could be read as a flag.
///
/// # Errors
/// `InvalidArguments` with the rule.
pub fn check_name(name: Option<&str>) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if plain && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() <= 63 {
        return Ok(());
    }
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{name:?} is no name of a cluster"))
        .next("use letters, digits and dashes, at most 63, such as dev-1")
        .into())
}

/// Refuses a containerd where a whole cluster is meant.
///
/// # Errors
/// `InvalidArguments` that names the others.
pub fn check_provider(provider: Option<Provider>) -> Result<()> {
    if provider != Some(Provider::Containerd) {
        return Ok(());
    }
    Err(Feedback::new(ErrorKind::InvalidArguments, "a containerd is no cluster of its own")
        .next("name minikube, kind or k3d")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_be_flags_are_refused() {
        for name in ["dev", "k3s-default", "a.b_c"] {
            assert!(check_name(Some(name)).is_ok(), "{name}");
        }
        for name in ["-x", "--all", "", "a b", "$(x)"] {
            assert!(check_name(Some(name)).is_err(), "{name}");
        }
        assert!(check_name(None).is_ok());
    }
}
