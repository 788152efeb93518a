//! The process: reads the environment, serves, and on SIGTERM finishes what it began.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::time::Duration;
use todo_backend::settings::Settings;
use todo_backend::{Shared, State, app};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Kubernetes gives 30 s, of which the preStop hook takes 5.
const DRAIN: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment(|name| std::env::var(name).ok());
    // What the image's HEALTHCHECK runs: there is no other program in it that could ask.
    if std::env::args().nth(1).as_deref() == Some("healthy") {
        reqwest::get(format!("http://127.0.0.1:{}/health", settings.port)).await?.error_for_status()?;
        return Ok(());
    }
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(EnvFilter::new(format!("warn,todo_backend={}", settings.log_level)))
        .init();
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, settings.port));
    let state = State::new(settings)?;
    let preparing = tokio::spawn({
        let state = state.clone();
        async move { state.database.prepare().await }
    });
    let listener = TcpListener::bind(address).await?;
    tracing::info!(%address, "listening");
    let (told, mut stop) = tokio::sync::watch::channel(false);
    let mut serving = tokio::spawn({
        let server = axum::serve(listener, app(state.clone()));
        async move { server.with_graceful_shutdown(async move { drop(stop.wait_for(|told| *told).await) }).await }
    });
    tokio::select! {
        ended = &mut serving => return Ok(ended??),
        () = told_to_stop(&state) => {}
    }
    // Nobody listens any more when serving has ended already, and then there is nothing to tell.
    let _ended = told.send(true);
    if tokio::time::timeout(DRAIN, serving).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "some requests did not end in time");
    }
    preparing.abort();
    state.database.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn told_to_stop(state: &Shared) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("no signal can be waited for, so a stop will not drain");
        return std::future::pending().await;
    };
    tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
    state.stopping.store(true, Ordering::Relaxed);
    tracing::info!("stopping");
}
