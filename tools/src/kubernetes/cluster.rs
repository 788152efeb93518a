//! A cluster one can talk to: the client, and the requests that many tools make.

use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::client::ClientBuilder;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::world::WorldOptions;

use super::connection::Connection;
use super::discovery;
use super::failure;
use super::guard::ReadOnlyLayer;
use super::kinds::{KindIndex, ResourceType};

/// The name under which shipmate owns the fields it sets.
pub const FIELD_MANAGER: &str = "shipmate";

/// A cluster one can talk to.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    context: String,
    namespace: String,
    server: String,
    cache: Option<PathBuf>,
    timeout: Duration,
    kinds: Arc<RwLock<Option<Arc<KindIndex>>>>,
    pub(super) namespaces: Arc<Mutex<Option<ReadNamespaces>>>,
}

/// When the namespaces were read, and which there are, when that may be known.
pub(super) type ReadNamespaces = (Instant, Option<Arc<[String]>>);

/// Nothing has been asked of the cluster yet when a client cannot be made: the kubeconfig is wrong, such as about
/// where a certificate is.
fn unusable(connection: &Connection, error: &kube::Error) -> ToolError {
    Feedback::new(
        ErrorKind::Unavailable,
        format!("the context {:?} cannot be used: {error}", connection.context),
    )
    .next("check its cluster and user with `kubectl config view`")
    .into()
}

impl Cluster {
    pub(crate) fn reading(connection: &Connection, options: &WorldOptions) -> Result<Self> {
        let builder = ClientBuilder::try_from(connection.config.clone())
            .map_err(|error| unusable(connection, &error))?;
        Ok(Self::with(builder.with_layer(&ReadOnlyLayer).build(), connection, options))
    }

    pub(crate) fn changing(connection: &Connection, options: &WorldOptions) -> Result<Self> {
        let builder = ClientBuilder::try_from(connection.config.clone())
            .map_err(|error| unusable(connection, &error))?;
        Ok(Self::with(builder.build(), connection, options))
    }

    pub(super) fn with(client: Client, connection: &Connection, options: &WorldOptions) -> Self {
        Self {
            client,
            context: connection.context.clone(),
            namespace: connection.namespace.clone(),
            server: connection.server(),
            cache: options.cache.clone(),
            timeout: options.request_timeout,
            kinds: Arc::default(),
            namespaces: Arc::default(),
        }
    }

    /// The client itself.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The context's name.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The namespace that is meant when none is named.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Objects of a type, in `namespace`, or in all of them.
    #[must_use]
    pub fn api(&self, resource: &ResourceType, namespace: Option<&str>) -> Api<DynamicObject> {
        let api_resource = resource.api_resource();
        match namespace.filter(|_| resource.namespaced) {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &api_resource),
            None => Api::all_with(self.client.clone(), &api_resource),
        }
    }

    /// Runs one request under the request deadline and names what was tried when it fails. `doing` completes
    /// "could not …".
    ///
    /// # Errors
    /// Whatever the server or the connection answers; `TimedOut` after the deadline.
    pub async fn ask<T>(
        &self,
        doing: &str,
        request: impl Future<Output = Result<T, kube::Error>> + Send,
    ) -> Result<T> {
        match tokio::time::timeout(self.timeout, request).await {
            Ok(answer) => answer.map_err(|error| failure(doing, &error)),
            Err(_elapsed) => Err(Feedback::new(
                ErrorKind::TimedOut,
                format!("could not {doing}: no answer within {} s", self.timeout.as_secs()),
            )
            .next("try again with a longer --timeout, or look at the cluster with `shipmate doctor`")
            .into()),
        }
    }

    /// The kinds known without asking: the ones seen before, else the cached ones, else the built-in ones.
    #[must_use]
    pub fn known_kinds(&self) -> Arc<KindIndex> {
        if let Some(kinds) = self.kinds.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Arc::clone(kinds);
        }
        let cached = self.cache.as_deref().and_then(|cache| discovery::cached(cache, &self.server));
        match cached {
            Some(kinds) => self.remember(kinds),
            // Not remembered: the next unknown word asks the cluster.
            None => Arc::new(KindIndex::builtin()),
        }
    }

    /// Asks the cluster for its kinds.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn discover_kinds(&self) -> Result<Arc<KindIndex>> {
        let kinds = tokio::time::timeout(self.timeout, discovery::discover(&self.client)).await.map_err(
            |_elapsed| {
                ToolError::from(Feedback::new(
                    ErrorKind::TimedOut,
                    "could not ask which kinds the cluster has: no answer in time",
                ))
            },
        )??;
        if let Some(cache) = &self.cache {
            discovery::keep(cache, &self.server, &kinds);
        }
        Ok(self.remember(kinds))
    }

    fn remember(&self, kinds: KindIndex) -> Arc<KindIndex> {
        let kinds = Arc::new(kinds);
        *self.kinds.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&kinds));
        kinds
    }

    /// The type a word names; asks the cluster when the word is not known yet.
    ///
    /// # Errors
    /// `NotFound` with the nearest kinds, or as [`Self::ask`].
    pub async fn kind(&self, word: &str) -> Result<ResourceType> {
        if let Some(found) = self.known_kinds().find(word) {
            return Ok(found.clone());
        }
        let kinds = self.discover_kinds().await?;
        kinds.find(word).cloned().ok_or_else(|| {
            let mut names: Vec<&str> = kinds.types().iter().map(|known| known.plural.as_str()).collect();
            names.sort_by_key(|name| strsim::damerau_levenshtein(&word.to_ascii_lowercase(), name));
            Feedback::new(ErrorKind::NotFound, format!("the cluster has no kind called {word:?}"))
                .next("`kubectl api-resources` lists its kinds")
                .candidates(names.into_iter().take(3).map(str::to_owned).collect())
                .into()
        })
    }
}
