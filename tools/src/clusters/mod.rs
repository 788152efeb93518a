//! The adapter for clusters on this machine: minikube, kind and k3d, each by its own program, run without a
//! shell; and a containerd whose images Kubernetes uses.

mod state;

pub use state::{LocalCluster, clusters};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{ErrorKind, Feedback, Result};
use crate::process::{Printed, Program, installed};
use crate::world::WorldOptions;

/// A program that makes clusters on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Maker {
    /// minikube.
    Minikube,
    /// kind.
    Kind,
    /// k3d.
    K3d,
}

impl Maker {
    /// All of them, the one for most needs first.
    pub const ALL: [Self; 3] = [Self::Minikube, Self::Kind, Self::K3d];

    /// Its program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Minikube => "minikube",
            Self::Kind => "kind",
            Self::K3d => "k3d",
        }
    }

    /// What its cluster is called when nobody says.
    #[must_use]
    pub const fn usual_name(self) -> &'static str {
        match self {
            Self::Minikube => "minikube",
            Self::Kind => "kind",
            Self::K3d => "k3s-default",
        }
    }

    const fn how_to_get(self) -> &'static str {
        match self {
            Self::Minikube => "install minikube (https://minikube.sigs.k8s.io/docs/start/)",
            Self::Kind => "install kind (https://kind.sigs.k8s.io/docs/user/quick-start/)",
            Self::K3d => "install k3d (https://k3d.io)",
        }
    }

    /// The one that is meant: as said, else the one that is installed, else minikube.
    #[must_use]
    pub fn meant(said: Option<Self>) -> Self {
        let there = || Self::ALL.into_iter().find(|maker| maker.is_installed());
        said.or_else(there).unwrap_or(Self::Minikube)
    }

    /// Whether its program is there.
    #[must_use]
    pub fn is_installed(self) -> bool {
        installed(&[self.program()]).is_some()
    }

    /// Runs it; `doing` completes "could not …".
    ///
    /// # Errors
    /// `Unavailable` when it is not installed, else what it said last.
    pub async fn run(
        self,
        options: &WorldOptions,
        doing: &str,
        arguments: &[String],
        deadline: Duration,
    ) -> Result<Printed> {
        let printed = self.output(options, arguments, deadline).await?;
        if printed.success {
            return Ok(printed);
        }
        let said = last_words(&printed);
        Err(Feedback::new(ErrorKind::Other, format!("{} could not {doing}: {said}", self.program()))
            .next(format!("`{} --help` and its own log say more", self.program()))
            .into())
    }

    /// Runs it, whatever it ends with: some say by their exit code how a cluster is.
    ///
    /// # Errors
    /// `Unavailable` when it is not installed, `TimedOut` after the deadline.
    pub async fn output(
        self,
        options: &WorldOptions,
        arguments: &[String],
        deadline: Duration,
    ) -> Result<Printed> {
        let program = Program {
            program: PathBuf::from(self.program()),
            arguments: arguments.iter().map(Into::into).collect(),
            folder: options.folder.clone(),
            how_to_get: self.how_to_get(),
        };
        program.run(deadline).await
    }
}

/// The last lines of what a program said, standard error first.
pub(crate) fn last_words(printed: &Printed) -> String {
    let text = if printed.stderr.trim().is_empty() { &printed.stdout } else { &printed.stderr };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join(" / ")
}

/// Refuses a cluster's name that could be taken for a flag.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_name(name: Option<&str>) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.len() <= 63 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{name:?} is no name of a cluster"))
        .next("letters, digits and `-`, at most 63")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_flag() {
        assert!(check_name(None).is_ok() && check_name(Some("dev-1")).is_ok());
        assert!(check_name(Some("--all")).is_err() && check_name(Some("")).is_err());
        assert_eq!(Maker::meant(Some(Maker::Kind)), Maker::Kind);
    }
}
