//! The guard in a reading client's middleware: whatever code asks, a request that could change something
//! never reaches the network. The types say the same; this is the second lock.

use http::{Method, Request};
use std::task::{Context, Poll};
use tower::{BoxError, Layer, Service};

/// Wraps a client's service so that it only reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOnlyLayer;

/// The wrapped service.
#[derive(Debug, Clone)]
pub(super) struct ReadOnly<S>(S);

impl<S> Layer<S> for ReadOnlyLayer {
    type Service = ReadOnly<S>;

    fn layer(&self, inner: S) -> ReadOnly<S> {
        ReadOnly(inner)
    }
}

impl<S, B> Service<Request<B>> for ReadOnly<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = futures::future::BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if only_reads(request.method(), request.uri().path(), request.uri().query().unwrap_or_default()) {
            let answer = self.0.call(request);
            Box::pin(async move { answer.await.map_err(Into::into) })
        } else {
            let refusal = format!(
                "refused before it was sent: {} {} would change something, and this client only reads",
                request.method(),
                request.uri().path()
            );
            Box::pin(async move { Err(refusal.into()) })
        }
    }
}

/// Subresources that are asked for with GET and yet run something or reach through to somewhere else.
const REACHING: [&str; 4] = ["exec", "attach", "portforward", "proxy"];

/// Reviews: POST requests that only ask a question.
const REVIEWS: [&str; 5] = [
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "selfsubjectreviews",
    "subjectaccessreviews",
    "localsubjectaccessreviews",
];

/// Whether a request can change nothing.
fn only_reads(method: &Method, path: &str, query: &str) -> bool {
    if *method == Method::GET && asks_prometheus(path) {
        return true;
    }
    if path.split('/').any(|segment| REACHING.contains(&segment)) && is_subresource(path) {
        return false;
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    if *method == Method::POST && path.rsplit('/').next().is_some_and(|last| REVIEWS.contains(&last)) {
        return true;
    }
    query.split('&').any(|pair| pair == "dryRun=All")
}

/// The two questions of Prometheus's HTTP API, behind a Service: they only read, and nothing else behind a Service
/// is known to.
fn asks_prometheus(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    matches!(
        segments.as_slice(),
        ["", "api", "v1", "namespaces", _, "services", _, "proxy", "api", "v1", "query" | "query_range"]
    )
}

/// Whether the reaching word stands where a subresource stands, so that an object called `proxy` can be read.
fn is_subresource(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (["api", _, after_version @ ..] | ["apis", _, _, after_version @ ..]) = segments.as_slice() else {
        return true;
    };
    let resource = match after_version {
        ["namespaces", _, rest @ ..] if rest.len() >= 2 => rest,
        other => other,
    };
    resource.get(2).is_some_and(|segment| REACHING.contains(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pass_and_changes_do_not() {
        let get = Method::GET;
        assert!(only_reads(&get, "/api/v1/namespaces/todo/pods", "limit=5"));
        assert!(only_reads(&get, "/api/v1/namespaces/todo/pods/a/log", "follow=true"));
        assert!(only_reads(&get, "/api/v1/namespaces/todo/services/proxy", ""));
        assert!(!only_reads(&get, "/api/v1/namespaces/todo/pods/a/exec", "command=rm"));
        assert!(!only_reads(&get, "/api/v1/nodes/n/proxy/run", ""));
        assert!(!only_reads(&get, "/api/v1/namespaces/todo/services/a/proxy/delete", ""));
        let prometheus = "/api/v1/namespaces/m/services/prometheus:9090/proxy/api/v1";
        assert!(only_reads(&get, &format!("{prometheus}/query"), "query=up"));
        assert!(!only_reads(&Method::POST, &format!("{prometheus}/query"), "query=up"));
        assert!(!only_reads(&get, &format!("{prometheus}/query/../admin"), ""));
        assert!(!only_reads(&get, "/api/v1/nodes/n/proxy/api/v1/query", ""));
        assert!(!only_reads(&Method::DELETE, "/api/v1/namespaces/todo/pods/a", ""));
        assert!(!only_reads(
            &Method::PATCH,
            "/apis/apps/v1/namespaces/todo/deployments/a",
            "fieldManager=x&dryRun=Allx"
        ));
        assert!(only_reads(
            &Method::PATCH,
            "/apis/apps/v1/namespaces/todo/deployments/a",
            "fieldManager=x&dryRun=All"
        ));
        assert!(only_reads(&Method::POST, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", ""));
        assert!(!only_reads(&Method::POST, "/api/v1/namespaces/todo/pods/a/eviction", ""));
    }
}
