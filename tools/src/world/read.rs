//! The world as one may look at it.

use std::io::Read as _;
use std::sync::Arc;
use tokio::sync::OnceCell;

use crate::docker::ReadDocker;
use crate::error::{ErrorKind, Feedback, Result};
use crate::helm::ReadHelm;
use crate::kubernetes::{Cluster, Connection};
use crate::project::Project;

use super::WorldOptions;

/// The world as one may look at it. Cheap to clone.
#[derive(Clone)]
pub struct ReadWorld(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) options: WorldOptions,
    pub(super) connection: OnceCell<Connection>,
    cluster: OnceCell<Cluster>,
    docker: OnceCell<ReadDocker>,
    input: OnceCell<String>,
}

/// Most bytes taken from standard input; what is applied at once is far smaller.
const INPUT_LIMIT: u64 = 16 * 1024 * 1024;

impl ReadWorld {
    /// A world that has connected to nothing yet.
    #[must_use]
    pub fn new(options: WorldOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            connection: OnceCell::new(),
            cluster: OnceCell::new(),
            docker: OnceCell::new(),
            input: OnceCell::new(),
        }))
    }

    /// Where this world is.
    #[must_use]
    pub fn options(&self) -> &WorldOptions {
        &self.0.options
    }

    /// The cluster, through a client that only reads.
    ///
    /// # Errors
    /// `Unavailable` when there is no usable kubeconfig; the message names the file and the next step.
    pub async fn cluster(&self) -> Result<&Cluster> {
        self.0
            .cluster
            .get_or_try_init(|| async { Cluster::reading(self.connection().await?, &self.0.options) })
            .await
    }

    /// Where the cluster is and as whom, without asking it anything.
    ///
    /// # Errors
    /// As [`Self::cluster`].
    pub async fn connection(&self) -> Result<&Connection> {
        self.0.connection.get_or_try_init(|| Connection::load(&self.0.options)).await
    }

    /// The Docker engine, through a handle that only reads.
    ///
    /// # Errors
    /// `Unreachable` when no engine answers.
    pub async fn docker(&self) -> Result<&ReadDocker> {
        self.0.docker.get_or_try_init(|| async { ReadDocker::connect(&self.0.options) }).await
    }

    /// Helm, for the subcommands that only read.
    #[must_use]
    pub fn helm(&self) -> ReadHelm {
        ReadHelm::new(&self.0.options)
    }

    /// The project folder.
    #[must_use]
    pub fn project(&self) -> Project {
        Project::new(self.0.options.folder.clone())
    }

    /// What was piped in. It is read once, so a preview and its run see the same.
    ///
    /// # Errors
    /// `Unavailable` when nothing can be piped in here, `InvalidArguments` when it is too large or not UTF-8.
    pub async fn input(&self) -> Result<&str> {
        if !self.0.options.piped_input {
            return Err(Feedback::new(
                ErrorKind::Unavailable,
                "there is nothing to read from standard input",
            )
            .next("name a file or folder, or pipe the manifest into a single call")
            .into());
        }
        let text = self.0.input.get_or_try_init(|| async {
            let read = tokio::task::spawn_blocking(|| {
                let mut text = String::new();
                std::io::stdin().take(INPUT_LIMIT + 1).read_to_string(&mut text).map(|_| text)
            });
            let invalid = |why: String| Feedback::new(ErrorKind::InvalidArguments, why);
            match read.await {
                Ok(Ok(text)) if text.len() as u64 > INPUT_LIMIT => {
                    Err(invalid(format!("standard input holds more than {} MiB", INPUT_LIMIT / 1024 / 1024))
                        .next("apply it in parts")
                        .into())
                }
                Ok(Ok(text)) => Ok(text),
                Ok(Err(error)) => Err(invalid(format!("standard input could not be read: {error}")).into()),
                Err(error) => Err(invalid(format!("standard input could not be read: {error}")).into()),
            }
        });
        text.await.map(String::as_str)
    }
}
