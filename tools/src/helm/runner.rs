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
            Some(subcommand) if READING.contains(subcommand) || is_dry_run(arguments) => {
                self.0.run(arguments, READ_DEADLINE).await
            }
            other => Err(Feedback::new(
                ErrorKind::Refused,
                format!("helm {} may change something", other.unwrap_or(&"")),
            )
            .into()),
        }
    }
}

/// Whether this is Helm's dry run of an upgrade: the flag stands right behind the subcommand, and no other one
/// of its name may follow and undo it.
fn is_dry_run(arguments: &[&str]) -> bool {
    matches!(arguments, ["upgrade", "--dry-run=server", rest @ ..]
        if !rest.iter().take_while(|argument| **argument != "--").any(|argument| argument.starts_with("--dry-run")))
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
        // Flags with `=`: a value can then never become a flag. In front, because behind a `--` nothing is one.
        let mut all: Vec<OsString> = Vec::new();
        if let Some(kubeconfig) = &self.options.kubeconfig {
            let mut flag = OsString::from("--kubeconfig=");
            flag.push(kubeconfig);
            all.push(flag);
        }
        if let Some(context) = &self.options.context {
            all.push(format!("--kube-context={context}").into());
        }
        all.extend(arguments.iter().map(OsString::from));
        let program = Program {
            program: self.options.helm.clone(),
            arguments: all,
            folder: self.options.folder.clone(),
            how_to_get: HOW_TO_GET,
        };
        program.run(deadline).await
    }
}
