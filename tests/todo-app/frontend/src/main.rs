//! The pages of todo-app on port 3000. They are part of the executable, so `/` answers whatever the backend does;
//! `/api` is passed on to the backend, so that one address is enough where no Ingress splits the two.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tracing_subscriber::EnvFilter;

/// A little longer than the backend takes for its slowest answer.
const DEADLINE: Duration = Duration::from_secs(80);
const BODY_LIMIT: usize = 64 * 1024;
/// Nothing from elsewhere runs, loads or frames these pages.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The way to the backend.
#[derive(Clone)]
struct Backend {
    http: reqwest::Client,
    url: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let port = variable("PORT").and_then(|port| port.parse().ok()).unwrap_or(3000);
    // What the image's HEALTHCHECK runs: there is no other program in it that could ask.
    if std::env::args().nth(1).as_deref() == Some("healthy") {
        reqwest::get(format!("http://127.0.0.1:{port}/")).await?.error_for_status()?;
        return Ok(());
    }
    let level = variable("LOG_LEVEL").unwrap_or_else(|| "info".to_owned());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(EnvFilter::try_new(format!("warn,todo_frontend={level}")).unwrap_or_default())
        .init();
    let backend = variable("NEXT_PUBLIC_API_URL").unwrap_or_else(|| "http://localhost:8000".to_owned());
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).await?;
    tracing::info!(port, backend, "listening");
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
        tracing::info!("stopping");
    };
    axum::serve(listener, app(&backend)?).with_graceful_shutdown(stop).await?;
    Ok(())
}

fn app(backend: &str) -> anyhow::Result<Router> {
    let http = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(DEADLINE)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let page = |kind: &'static str, text: &'static str| {
        get(
            move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text) },
        )
    };
    let always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    Ok(Router::new()
        .route("/", page("text/html; charset=utf-8", include_str!("../pages/index.html")))
        .route("/app.js", page("text/javascript; charset=utf-8", include_str!("../pages/app.js")))
        .route("/style.css", page("text/css; charset=utf-8", include_str!("../pages/style.css")))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/api/{*rest}", any(pass_on))
        .layer(always(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .with_state(Backend { http, url: backend.trim_end_matches('/').to_owned() }))
}

/// What belongs to one connection and not to the message, which has another connection on the other side.
const HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
];

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| !HOP.contains(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

async fn pass_on(State(backend): State<Backend>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let sent = backend
        .http
        .request(parts.method, format!("{}{path}", backend.url))
        .headers(end_to_end(&parts.headers))
        .body(body)
        .send()
        .await;
    match sent {
        Ok(answer) => {
            let (status, headers) = (answer.status(), end_to_end(answer.headers()));
            (status, headers, Body::from_stream(answer.bytes_stream())).into_response()
        }
        Err(error) => {
            tracing::warn!(error = %error.without_url(), "the backend does not answer");
            let words = r#"{"error":"The server cannot be reached just now. Try again in a moment."}"#;
            (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "application/json")], words).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::post;

    async fn serve(app: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    #[tokio::test]
    async fn pages_answer_without_a_backend() {
        let url = serve(app("http://127.0.0.1:9").unwrap()).await;
        for page in ["/", "/app.js", "/style.css"] {
            let answer = reqwest::get(format!("{url}{page}")).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{page}");
            assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{page}");
        }
        let answer = reqwest::get(format!("{url}/api/tasks")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        assert!(answer.text().await.unwrap().contains("cannot be reached"));
    }

    #[tokio::test]
    async fn the_api_is_passed_on_whole() {
        let echo = |request: Request| async move {
            let said = format!("{} {:?}", request.uri(), request.headers().get("cookie"));
            let body = axum::body::to_bytes(request.into_body(), 1000).await.unwrap();
            let text = format!("{said} {}", String::from_utf8_lossy(&body));
            (StatusCode::CREATED, [("set-cookie", "a=1"), ("retry-after", "3")], text)
        };
        let backend = serve(Router::new().route("/api/tasks/{id}", post(echo))).await;
        let url = serve(app(&backend).unwrap()).await;
        let request =
            reqwest::Client::new().post(format!("{url}/api/tasks/7?x=%20y")).header("cookie", "b=2");
        let answer = request.body("words").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(
            (&answer.headers()["set-cookie"], &answer.headers()["retry-after"]),
            (&"a=1".parse().unwrap(), &"3".parse().unwrap())
        );
        assert_eq!(answer.text().await.unwrap(), r#"/api/tasks/7?x=%20y Some("b=2") words"#);
    }
}
