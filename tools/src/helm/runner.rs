//! Running Helm: two handles, one for the subcommands that only read, one for all.

use std::ffi::OsString;
use std::time::Duration;

use crate::error::{ErrorKind, Feedback, Result};
use crate::process::{Printed, Program};
use crate::world::WorldOptions;

/// How long a Helm command that only reads may take; rendering a large chart takes seconds.
const READ_DEADLINE: Duration = Duration::from_secs(60);

const HOW_TO_GET: &str = "install Helm 3 (https://helm.sh/docs/intro/install) or name it with SHIPMATE_HELM";

/// Subcommands that change nothing, whatever their flags.
const READING: [&str; 10] =
    ["list", "status", "history", "get", "template", "show", "lint", "version", "env", "search"];

/// Helm, for the subcommands that only read.
#[derive(Debug, Clone)]
pub struct ReadHelm(Helm);

/// Helm, for every subcommand.
#[derive(Debug, Clone)]
pub struct Helm {
    options: WorldOptions,
}

impl ReadHelm {
    pub(crate) fn new(options: &WorldOptions) -> Self {
        Self(Helm::new(options))
    }

    /// Runs `helm <arguments>`.
    ///
    /// # Errors
    /// `Refused` for a subcommand that is not known to only read; else as [`Helm::run`].
    pub async fn run(&self, arguments: &[&str]) -> Result<Printed> {
        match arguments.first() {
            Some(subcommand) if READING.contains(subcommand) => self.0.run(arguments, READ_DEADLINE).await,
            other => Err(Feedback::new(
                ErrorKind::Refused,
                format!("helm {} may change something", other.unwrap_or(&"")),
            )
            .into()),
        }
    }
}

impl Helm {
    pub(crate) fn new(options: &WorldOptions) -> Self {
        Self { options: options.clone() }
    }

    /// Runs `helm <arguments>` against the chosen cluster.
    ///
    /// # Errors
    /// As [`Program::run`]; an exit code other than 0 is no error here, the caller reads what was printed.
    pub async fn run(&self, arguments: &[&str], deadline: Duration) -> Result<Printed> {
        let mut all: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        // Flags with `=`, behind the subcommand: a value can then never become a flag.
        if let Some(kubeconfig) = &self.options.kubeconfig {
            let mut flag = OsString::from("--kubeconfig=");
            flag.push(kubeconfig);
            all.push(flag);
        }
        if let Some(context) = &self.options.context {
            all.push(format!("--kube-context={context}").into());
        }
        let program = Program {
            program: self.options.helm.clone(),
            arguments: all,
            folder: self.options.folder.clone(),
            how_to_get: HOW_TO_GET,
        };
        program.run(deadline).await
    }
}
