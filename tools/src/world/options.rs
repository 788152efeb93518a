//! Where the world is: which cluster, which Docker engine, which folder. Plain values, resolved by the
//! caller from its flags, environment and files.

use std::path::PathBuf;
use std::time::Duration;

/// Where the world is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldOptions {
    /// A kubeconfig file instead of `KUBECONFIG` or `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// A context of it instead of the current one.
    pub context: Option<String>,
    /// A namespace instead of the context's.
    pub namespace: Option<String>,
    /// The Docker engine's address instead of `DOCKER_HOST` or the default socket.
    pub docker_host: Option<String>,
    /// The Helm program.
    pub helm: PathBuf,
    /// The project's folder: manifests, charts and Dockerfiles are looked for below it, and relative paths
    /// start here.
    pub folder: PathBuf,
    /// Where discovery may be cached; nothing is cached without it.
    pub cache: Option<PathBuf>,
    /// Where what is deleted is kept, so that it can be made again; nothing is kept without it.
    pub state: Option<PathBuf>,
    /// Whether standard input belongs to the calls, so that one may read a manifest from it (`-`). Never where
    /// requests or answers come from there.
    pub piped_input: bool,
    /// How long one request to a server may take before it is called unreachable.
    pub request_timeout: Duration,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            namespace: None,
            docker_host: None,
            helm: PathBuf::from("helm"),
            folder: PathBuf::from("."),
            cache: None,
            state: None,
            piped_input: false,
            request_timeout: Duration::from_secs(30),
        }
    }
}
