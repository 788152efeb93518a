//! Bringing an image from Docker into a containerd: the engine's archive, handed to `ctr` while it arrives.

use bollard::Docker as Engine;
use futures::StreamExt;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::approval::Approval;
use crate::docker::failure;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::process::Printed;
use crate::progress::Progress;
use crate::world::ReadWorld;

use super::state::same_image;
use super::{Provider, ask, reason};

/// How long the whole archive may take.
const DEADLINE: Duration = Duration::from_secs(900);

/// Where a containerd listens, and in which of its namespaces the kubelet looks for images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Containerd {
    /// The socket.
    pub socket: String,
}

impl Containerd {
    /// The containerd at `socket`, else where `ctr` itself would look.
    #[must_use]
    pub fn at(socket: Option<&str>) -> Self {
        let usual = || std::env::var("CONTAINERD_ADDRESS").ok().filter(|socket| !socket.is_empty());
        let socket = socket.map(str::to_owned).or_else(usual);
        Self { socket: socket.unwrap_or_else(|| "/run/containerd/containerd.sock".to_owned()) }
    }

    /// The flags that lead there.
    #[must_use]
    pub fn flags(&self) -> [String; 2] {
        [format!("--address={}", self.socket), format!("--namespace={}", Provider::Containerd.usual_name())]
    }

    /// Whether it has `image`.
    ///
    /// # Errors
    /// `Unreachable` when it does not answer.
    pub async fn has(&self, image: &str, world: &ReadWorld) -> Result<bool> {
        let printed = ask(Provider::Containerd, &self.look(), world).await?;
        if !printed.success {
            return Err(self.unreachable(&printed).into());
        }
        Ok(printed.stdout.lines().any(|line| same_image(line.trim(), image)))
    }

    fn look(&self) -> Vec<String> {
        let [address, namespace] = self.flags();
        vec![address, namespace, "images".to_owned(), "ls".to_owned(), "--quiet".to_owned()]
    }

    fn unreachable(&self, printed: &Printed) -> Feedback {
        Feedback::new(
            ErrorKind::Unreachable,
            format!("containerd at {} did not answer: {}", self.socket, reason(printed)),
        )
        .next("name its socket (--socket), or set CONTAINERD_ADDRESS; it usually belongs to root")
    }
}

/// Imports `image` of the engine.
///
/// # Errors
/// What the engine or `ctr` said; `TimedOut` after fifteen minutes.
pub async fn import(
    engine: &Engine,
    containerd: &Containerd,
    image: &str,
    progress: &Progress,
    _approval: &Approval,
) -> Result<()> {
    let broken = |error: std::io::Error| {
        let feedback = if error.kind() == std::io::ErrorKind::NotFound {
            Feedback::new(ErrorKind::Unavailable, "ctr is not installed")
        } else {
            Feedback::new(ErrorKind::Other, format!("ctr could not be used: {error}"))
        };
        ToolError::from(feedback.next(Provider::Containerd.how_to_get()))
    };
    let mut child = Command::new(Provider::Containerd.program())
        .args(containerd.flags())
        .args(["images", "import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(broken)?;
    let input = child.stdin.take();
    let work = async {
        let feed = async {
            let Some(mut input) = input else { return Ok(()) };
            let mut archive = std::pin::pin!(engine.export_image(image));
            let mut bytes = 0;
            while let Some(piece) = archive.next().await {
                let piece = piece.map_err(|error| failure(&format!("read the image {image}"), &error))?;
                bytes += piece.len() as u64;
                progress.status(format!("sent {}", crate::docker::context::human(bytes)));
                // A program that ended early says why on its own.
                if input.write_all(&piece).await.is_err() {
                    break;
                }
            }
            let _closed = input.shutdown().await;
            Ok::<(), ToolError>(())
        };
        let (fed, output) = futures::join!(feed, child.wait_with_output());
        fed.map(|()| output)
    };
    let output = tokio::time::timeout(DEADLINE, work).await.map_err(|_elapsed| {
        Feedback::new(ErrorKind::TimedOut, format!("containerd did not take {image} within 15 minutes"))
            .next("look whether its disk is full, then load it again")
    })??;
    let output = output.map_err(broken)?;
    if output.status.success() {
        return Ok(());
    }
    let printed = Printed {
        success: false,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    Err(Feedback::new(ErrorKind::Other, format!("containerd did not take {image}: {}", reason(&printed)))
        .next(format!("look at {}, and whether this user may use it", containerd.socket))
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_socket_is_used() {
        let flags = Containerd::at(Some("/x/containerd.sock")).flags();
        assert_eq!(flags, ["--address=/x/containerd.sock", "--namespace=k8s.io"]);
    }
}
