//! What the cluster asks. `/health` is about this process and never about its neighbours, or a database that is
//! away would restart every pod; `/ready` is about whether a request could be answered now.

use crate::Shared;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// `/health`, `/ready` and `/metrics`.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(state): State<Shared>) -> (StatusCode, &'static str) {
    if state.stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let Ok(pool) = state.database.pool() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no database yet\n");
    };
    let asked = tokio::time::timeout(Duration::from_secs(2), sqlx::query("SELECT 1").execute(pool)).await;
    match asked {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

async fn metrics(State(state): State<Shared>) -> impl IntoResponse {
    let text = state.metrics.text(state.database.connections());
    ([("content-type", "text/plain; version=0.0.4")], text)
}
