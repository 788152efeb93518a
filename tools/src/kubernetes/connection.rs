//! Which cluster, as whom and in which namespace: read from the kubeconfig, without asking the cluster.

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::path::Path;
use std::time::Duration;

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::world::WorldOptions;

/// A cluster is called unreachable when it accepts no connection for this long; a cluster on another
/// continent answers in well under one second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Which cluster, as whom and in which namespace.
#[derive(Clone)]
pub struct Connection {
    pub(super) config: Config,
    /// The context's name; `in-cluster` inside a pod.
    pub context: String,
    /// The namespace that is meant when none is named.
    pub namespace: String,
}

impl Connection {
    /// The API server's address.
    #[must_use]
    pub fn server(&self) -> String {
        self.config.cluster_url.to_string()
    }

    pub(crate) async fn load(options: &WorldOptions) -> Result<Self> {
        // rustls has no default provider of its own in this build, and two callers may come first at once.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let kubeconfig = match read_kubeconfig(options) {
            Ok(kubeconfig) => kubeconfig,
            Err(error) => return Self::in_cluster(options).ok_or(error),
        };
        if kubeconfig.contexts.is_empty() {
            return Self::in_cluster(options).ok_or_else(|| {
                Feedback::new(ErrorKind::Unavailable, format!("{} names no context", place(options)))
                    .next("point --kubeconfig or KUBECONFIG at your cluster's file, or make one with your provider's tool")
                    .into()
            });
        }
        let wanted = options.context.clone().or_else(|| kubeconfig.current_context.clone());
        let known: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
        let Some(name) = wanted.filter(|name| !name.is_empty()) else {
            return Err(Feedback::new(
                ErrorKind::Unavailable,
                format!("{} has no current context", place(options)),
            )
            .next("choose one with --context or `kubectl config use-context`")
            .candidates(known)
            .into());
        };
        if !known.contains(&name) {
            return Err(Feedback::new(
                ErrorKind::NotFound,
                format!("there is no context {name:?} in {}", place(options)),
            )
            .next("choose one of those with --context")
            .candidates(nearest_names(&name, known))
            .into());
        }
        let chosen = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &chosen)
            .await
            .map_err(|error| unusable(&format!("the context {name:?} cannot be used"), &error, options))?;
        tune(&mut config, options);
        let namespace = options.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        Ok(Self { config, context: name, namespace })
    }

    fn in_cluster(options: &WorldOptions) -> Option<Self> {
        if options.kubeconfig.is_some() || options.context.is_some() {
            return None;
        }
        let mut config = Config::incluster().ok()?;
        tune(&mut config, options);
        let namespace = options.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        Some(Self { config, context: "in-cluster".to_owned(), namespace })
    }
}

/// The contexts of the kubeconfig, and the current one.
///
/// # Errors
/// `Unavailable` when there is no usable kubeconfig.
pub fn contexts(options: &WorldOptions) -> Result<(Vec<String>, Option<String>)> {
    let kubeconfig = read_kubeconfig(options)?;
    Ok((kubeconfig.contexts.into_iter().map(|context| context.name).collect(), kubeconfig.current_context))
}

/// The kubeconfig, whole.
pub(super) fn read_kubeconfig(options: &WorldOptions) -> Result<Kubeconfig> {
    let result = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    result.map_err(|error| match &error {
        KubeconfigError::ReadConfig(source, path) if source.kind() == std::io::ErrorKind::NotFound => {
            missing(path)
        }
        KubeconfigError::FindPath => missing(Path::new("~/.kube/config")),
        other => unusable(&format!("{} cannot be used", place(options)), other, options),
    })
}

fn missing(path: &Path) -> ToolError {
    Feedback::new(ErrorKind::Unavailable, format!("there is no kubeconfig at {}", path.display()))
        .next("point --kubeconfig or KUBECONFIG at your cluster's file; `shipmate doctor` checks it")
        .into()
}

fn unusable(what: &str, error: &KubeconfigError, options: &WorldOptions) -> ToolError {
    Feedback::new(ErrorKind::Unavailable, format!("{what}: {error}"))
        .next(format!("check {} with `kubectl config view`", place(options)))
        .into()
}

fn place(options: &WorldOptions) -> String {
    match (&options.kubeconfig, std::env::var("KUBECONFIG")) {
        (Some(path), _) => path.display().to_string(),
        (None, Ok(path)) if !path.is_empty() => path,
        _ => "~/.kube/config".to_owned(),
    }
}

fn tune(config: &mut Config, options: &WorldOptions) {
    config.connect_timeout = Some(CONNECT_TIMEOUT.min(options.request_timeout));
    config.write_timeout = Some(options.request_timeout);
    // A followed log may be silent for longer than any request; requests have a deadline of their own.
    config.read_timeout = None;
    // kube would try up to 15 times, so an API that is down would look like one that hangs.
    config.default_retry = false;
}

fn nearest_names(wanted: &str, mut known: Vec<String>) -> Vec<String> {
    known.sort_by_key(|name| strsim::damerau_levenshtein(wanted, name));
    known.truncate(3);
    known
}
