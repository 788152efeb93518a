//! PostgreSQL: a pool that connects when asked and again after it was lost, and the migrations.

use crate::error::ApiError;
use crate::settings::Settings;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Two replicas and a rolling update's third stay well below PostgreSQL's 100.
const CONNECTIONS: u32 = 10;
/// A person waits this long for a connection, no longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The database, which may not be there yet.
pub struct Database {
    pool: Option<PgPool>,
    prepared: AtomicBool,
}

impl Database {
    /// Connects to nothing yet.
    pub fn new(settings: &Settings) -> Self {
        let options = settings.database_url.as_ref().and_then(|url| {
            // The error of a URL may repeat its password, so it is not shown.
            let options = PgConnectOptions::from_str(url.expose());
            options.inspect_err(|_| tracing::error!("DATABASE_URL is not a PostgreSQL URL")).ok()
        });
        let pool = options.map(|options| {
            PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(PATIENCE)
                .max_lifetime(Duration::from_secs(1800))
                .connect_lazy_with(options.application_name("todo-backend"))
        });
        Self { pool, prepared: AtomicBool::new(false) }
    }

    /// Runs the migrations, as often as it takes. Replicas that start together wait for each other: sqlx holds
    /// an advisory lock meanwhile.
    pub async fn prepare(&self) {
        let Some(pool) = &self.pool else { return };
        let mut wait = Duration::from_millis(250);
        while let Err(error) = sqlx::migrate!().run(pool).await {
            tracing::warn!(%error, "the database is not prepared yet");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
        self.prepared.store(true, Ordering::Release);
        tracing::info!("the database is prepared");
    }

    /// The pool.
    ///
    /// # Errors
    /// `ApiError::Database` until the migrations have run.
    pub fn pool(&self) -> Result<&PgPool, ApiError> {
        let pool = self.pool.as_ref().filter(|_| self.prepared.load(Ordering::Acquire));
        pool.ok_or(ApiError::Database(None))
    }

    /// Open and idle connections.
    pub fn connections(&self) -> (u32, usize) {
        self.pool.as_ref().map_or((0, 0), |pool| (pool.size(), pool.num_idle()))
    }

    /// Ends all connections.
    pub async fn close(&self) {
        if let Some(pool) = &self.pool {
            pool.close().await;
        }
    }
}
