//! The adapter for clusters on the developer's own machine: minikube, kind and k3d, and a bare containerd.
//!
//! None of them has an API of its own, so their programs are run: an argument vector, no shell, a deadline.
//! What only looks goes through [`ask`], which knows the few subcommands that change nothing; everything else
//! goes through [`change`], which wants the [`Approval`].

mod containerd;
mod provider;
mod state;

pub use containerd::{Containerd, import};
pub use provider::{Provider, check_name, check_provider};
pub use state::{ClusterState, addons, loaded, state};

use std::ffi::OsString;
use std::time::Duration;

use crate::approval::Approval;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::process::{Printed, Program};
use crate::world::ReadWorld;

/// How long a look may take; minikube asks every node in turn.
const LOOK: Duration = Duration::from_secs(60);

/// How long a change may take: a first start downloads a node image of a gigabyte.
const CHANGE: Duration = Duration::from_secs(1200);

/// The first words of the commands that change nothing.
const READING: [&[&str]; 7] = [
    &["status"],
    &["addons", "list"],
    &["image", "ls"],
    &["get", "clusters"],
    &["cluster", "list"],
    &["profile", "list"],
    &["images", "ls"],
];

/// Runs a command that only looks. An exit code other than 0 is no error: minikube says with it how things are.
///
/// # Errors
/// `Refused` for a command that is not known to only look, else as [`Program::run`].
pub async fn ask(provider: Provider, arguments: &[String], world: &ReadWorld) -> Result<Printed> {
    // ctr takes its global flags before the subcommand.
    let said: Vec<&String> = arguments.iter().skip_while(|argument| argument.starts_with("--")).collect();
    let looks = READING.iter().any(|words| {
        words.len() <= said.len() && words.iter().zip(&said).all(|(word, argument)| word == argument)
    });
    if !looks {
        let said = format!("{} {} may change something", provider.program(), arguments.join(" "));
        return Err(Feedback::new(ErrorKind::Refused, said).into());
    }
    program(provider, arguments, world).run(LOOK).await
}

/// Runs a command that changes something, and expects it to end well.
///
/// # Errors
/// What the program said when it failed, else as [`Program::run`].
pub async fn change(
    provider: Provider,
    arguments: &[String],
    world: &ReadWorld,
    _approval: &Approval,
) -> Result<Printed> {
    let printed = program(provider, arguments, world).run(CHANGE).await?;
    if printed.success { Ok(printed) } else { Err(failure(provider, arguments, &printed)) }
}

fn program(provider: Provider, arguments: &[String], world: &ReadWorld) -> Program {
    Program {
        program: provider.program().into(),
        arguments: arguments.iter().map(OsString::from).collect(),
        folder: world.options().folder.clone(),
        how_to_get: provider.how_to_get(),
    }
}

/// What a failed command means: its own reason, which stands in its last lines.
fn failure(provider: Provider, arguments: &[String], printed: &Printed) -> ToolError {
    let what = arguments.iter().take_while(|word| !word.starts_with('-')).take(3).cloned();
    let what = what.collect::<Vec<_>>().join(" ");
    Feedback::new(ErrorKind::Other, format!("{} {what} failed: {}", provider.program(), reason(printed)))
        .next(format!("mend what it names; `{} {what}` says more", provider.program()))
        .into()
}

/// The line of a program's output that says why it gave up.
fn reason(printed: &Printed) -> String {
    let text = if printed.stderr.trim().is_empty() { &printed.stdout } else { &printed.stderr };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let telling = |line: &&&str| {
        let lower = line.to_ascii_lowercase();
        lower.contains("exiting due to") || lower.starts_with("error") || lower.contains("fata[")
    };
    let chosen = lines.iter().find(telling).or_else(|| lines.last());
    chosen.map_or_else(|| "it did not say why".to_owned(), |line| (*line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_line_is_the_reason() {
        let printed =
            |stderr: &str| Printed { success: false, stdout: String::new(), stderr: stderr.to_owned() };
        assert_eq!(
            reason(&printed("one\nX Exiting due to NO_MEM: too little\n* hint\n")),
            "X Exiting due to NO_MEM: too little"
        );
        assert_eq!(reason(&printed("a\nb\n\n")), "b");
        assert_eq!(reason(&printed("")), "it did not say why");
    }

    #[tokio::test]
    async fn what_changes_is_not_run_as_a_look() {
        let world = ReadWorld::new(crate::world::WorldOptions::default());
        let error = ask(Provider::Minikube, &["delete".to_owned()], &world).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
}
