//! Child processes: an argument vector, never a shell, with a deadline, killed when nobody waits any more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

use crate::error::{ErrorKind, Feedback, Result};

/// A program to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program, by path or looked up in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it runs.
    pub folder: PathBuf,
    /// What to say when it is not installed.
    pub how_to_get: &'static str,
}

/// What a program printed.
#[derive(Debug, Clone)]
pub struct Printed {
    /// Whether it ended with 0.
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Program {
    /// Runs it without input and waits for its end, at most `deadline`. Dropping the future kills it.
    ///
    /// # Errors
    /// `Unavailable` when it is not installed, `TimedOut` after the deadline.
    pub async fn run(&self, deadline: Duration) -> Result<Printed> {
        let name = self.program.display();
        let output = Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(existing(&self.folder))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = match tokio::time::timeout(deadline, output).await {
            Ok(output) => output,
            Err(_elapsed) => {
                return Err(Feedback::new(
                    ErrorKind::TimedOut,
                    format!("{name} did not end within {} s", deadline.as_secs()),
                )
                .next("try again with a longer --timeout")
                .into());
            }
        };
        let output = output.map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                Feedback::new(ErrorKind::Unavailable, format!("{name} is not installed"))
                    .next(self.how_to_get)
            } else {
                Feedback::new(ErrorKind::Unavailable, format!("{name} could not be started: {error}"))
                    .next(self.how_to_get)
            }
        })?;
        Ok(Printed {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// The first of these programs that is installed, looked up in `PATH`; `None` when none is.
#[must_use]
pub fn installed(names: &[&'static str]) -> Option<&'static str> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = std::env::var_os("PATH")?;
    let runs = |name: &str| {
        std::env::split_paths(&path).any(|folder| {
            let found = std::fs::metadata(folder.join(name));
            found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        })
    };
    names.iter().copied().find(|name| runs(name))
}

fn existing(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}
