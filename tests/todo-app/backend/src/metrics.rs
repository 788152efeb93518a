//! Counts and durations for Prometheus, and one log line a request. Both name the route and never the path, its
//! ids or its search words: few series, and nothing of a person's in either.

use crate::Shared;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::time::Instant;

/// The process's metrics.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    open: IntGauge,
    idle: IntGauge,
}

impl Metrics {
    /// All at zero.
    ///
    /// # Errors
    /// When two have one name.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("http_requests_total", "Requests answered."),
            &["method", "route", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("http_request_duration_seconds", "From the request's head to the answer's."),
            &["method", "route"],
        )?;
        let open = IntGauge::new("database_connections_open", "Connections to PostgreSQL.")?;
        let idle = IntGauge::new("database_connections_idle", "Connections that nobody uses.")?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(open.clone()))?;
        registry.register(Box::new(idle.clone()))?;
        Ok(Self { registry, requests, seconds, open, idle })
    }

    /// In Prometheus' text format.
    pub fn text(&self, (open, idle): (u32, usize)) -> String {
        self.open.set(open.into());
        self.idle.set(i64::try_from(idle).unwrap_or(i64::MAX));
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

/// Counts, times and logs a request.
pub async fn observe(
    State(state): State<Shared>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let response = next.run(request).await;
    let took = began.elapsed();
    let status = response.status();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    state.metrics.requests.with_label_values(&[method.as_str(), route, status.as_str()]).inc();
    state.metrics.seconds.with_label_values(&[method.as_str(), route]).observe(took.as_secs_f64());
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if ["/health", "/ready", "/metrics"].contains(&route) {
        tracing::debug!(%method, route, status = status.as_u16(), milliseconds, "answered");
    } else {
        tracing::info!(%method, route, status = status.as_u16(), milliseconds, "answered");
    }
    response
}
