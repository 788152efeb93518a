//! The API of todo-app: accounts, tasks, and a chat that works on them. One module a subject; `app` puts their
//! routes together, `State` is what they share.

pub mod accounts;
pub mod chat;
pub mod database;
pub mod error;
pub mod limits;
pub mod metrics;
pub mod password;
pub mod probes;
pub mod session;
pub mod settings;
pub mod tasks;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use database::Database;
use limits::Limits;
use metrics::Metrics;
use settings::Settings;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// No request of this API is bigger: a task's text has a limit of its own.
const BODY_LIMIT: usize = 64 * 1024;
/// Longer than the chat's own deadline, which has the better words to say.
const REQUEST_DEADLINE: Duration = Duration::from_secs(75);

/// What all requests share.
pub struct State {
    /// What the environment says.
    pub settings: Settings,
    /// PostgreSQL, there or not.
    pub database: Database,
    /// What one person may ask in a while.
    pub limits: Limits,
    /// What `/metrics` shows.
    pub metrics: Metrics,
    /// The way to the chat's model.
    pub http: reqwest::Client,
    /// Set when the process was told to stop: it is not ready any more, and finishes what it began.
    pub stopping: AtomicBool,
}

/// `State`, as handlers get it.
pub type Shared = Arc<State>;

impl State {
    /// Connects to nothing: the process starts, and answers its liveness probe, without a database.
    ///
    /// # Errors
    /// When the HTTP client or the metrics cannot be made.
    pub fn new(settings: Settings) -> anyhow::Result<Shared> {
        let database = Database::new(&settings);
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build()?;
        Ok(Arc::new(Self {
            database,
            limits: Limits::default(),
            metrics: Metrics::new()?,
            http,
            stopping: AtomicBool::new(false),
            settings,
        }))
    }
}

/// All routes, with what holds for every request around them.
pub fn app(state: Shared) -> Router {
    Router::new()
        .merge(accounts::routes())
        .merge(tasks::routes())
        .merge(chat::routes())
        .merge(probes::routes())
        .layer(from_fn_with_state(state.clone(), metrics::observe))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, REQUEST_DEADLINE))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(CatchPanicLayer::new())
        .with_state(state)
}
