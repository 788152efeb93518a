//! How a request reaches the model's server: one attempt, no redirects, and nothing lost of a refusal.
//!
//! The client library would retry a server error three times and drop the header that says when to come
//! back. Here a person is waiting: they get the refusal at once, with the server's own words. A redirect is
//! not followed, because the key would go with it.

use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use futures::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use std::task::{Context, Poll};
use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Most bytes read of an answer that is no stream.
const MOST_BYTES: usize = 1024 * 1024;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// HTTP status.
    pub(super) status: u16,
    /// What the header `Retry-After` says.
    pub(super) retry_after: Option<String>,
    /// The body, as far as it was read.
    pub(super) body: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}", self.status)
    }
}

impl std::error::Error for Refused {}

/// A success that holds neither events nor JSON, such as a web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotAnAnswer {
    /// What it says it is.
    pub(super) content_type: String,
}

impl std::fmt::Display for NotAnAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.content_type)
    }
}

impl std::error::Error for NotAnAnswer {}

/// The address and the key.
#[derive(Clone)]
pub(super) struct Address {
    base: String,
    key: SecretString,
    authorization: Option<HeaderValue>,
}

impl Address {
    /// Of a server; without a key no authorization is sent, since local servers want none.
    ///
    /// # Errors
    /// When the key holds characters that no header may hold.
    pub(super) fn new(
        base: &str,
        key: Option<&SecretString>,
    ) -> Result<Self, http::header::InvalidHeaderValue> {
        let key = key.map(|key| key.expose_secret().trim()).filter(|key| !key.is_empty());
        let authorization = key
            .map(|key| {
                let mut value = HeaderValue::from_str(&format!("Bearer {key}"))?;
                value.set_sensitive(true);
                Ok(value)
            })
            .transpose()?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            key: SecretString::from(key.unwrap_or_default()),
            authorization,
        })
    }

    /// A text without the key: a server may send it back in an error or an answer.
    pub(super) fn without_key(&self, text: &str) -> String {
        match self.key.expose_secret() {
            "" => text.to_owned(),
            key => text.replace(key, shipmate_tools::gate::MASK),
        }
    }

    /// Whether there is a key.
    pub(super) const fn has_key(&self) -> bool {
        self.authorization.is_some()
    }
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.authorization.iter().map(|value| (AUTHORIZATION, value.clone())).collect()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// Sends each request once.
#[derive(Clone)]
pub(super) struct Transport {
    http: reqwest::Client,
}

impl Transport {
    /// A transport; `local` servers are reached without a proxy.
    ///
    /// # Errors
    /// When TLS cannot be set up, for example without any root certificate.
    pub(super) fn new(local: bool) -> Result<Self, reqwest::Error> {
        // Cluster and model share one TLS provider; whoever comes first installs it.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // A connection left idle may be closed just when it is used again, and a request that may have
            // arrived is not sent twice; a new one costs little beside an answer.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("shipmate/", env!("CARGO_PKG_VERSION")));
        let builder = if local { builder.no_proxy() } else { builder };
        Ok(Self { http: builder.build()? })
    }

    /// The client underneath.
    pub(super) fn http(&self) -> reqwest::Client {
        self.http.clone()
    }
}

impl tower::Service<HttpRequestFactory> for Transport {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<reqwest::Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let http = self.http.clone();
        Box::pin(async move {
            let request = factory.build().await?;
            let wants_events = request.url().path().ends_with("/chat/completions");
            let response = http.execute(request).await?;
            if !response.status().is_success() {
                return Err(OpenAIError::Boxed(Box::new(refused(response).await)));
            }
            if wants_events { as_events(response).await } else { Ok(response) }
        })
    }
}

async fn refused(response: reqwest::Response) -> Refused {
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Refused { status, retry_after, body: beginning(response).await }
}

/// The body up to the limit; what cannot be read is left out, since the status already says what matters.
async fn beginning(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(MOST_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A server that does not stream answers with one JSON document: it becomes a stream of one event.
async fn as_events(response: reqwest::Response) -> Result<reqwest::Response, OpenAIError> {
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("text/event-stream")
        .to_ascii_lowercase();
    if content_type.contains("event-stream") || content_type.starts_with("application/octet-stream") {
        return Ok(response);
    }
    if !content_type.contains("json") {
        return Err(OpenAIError::Boxed(Box::new(NotAnAnswer { content_type })));
    }
    let body = beginning(response).await.replace(['\r', '\n'], " ");
    Ok(http::Response::new(format!("data: {body}\n\n")).into())
}
