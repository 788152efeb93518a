//! Whether the metrics API is there.

use http::Request;

/// The cheapest request that the metrics API answers.
#[must_use]
pub fn metrics_probe() -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.uri_mut() = http::Uri::from_static("/apis/metrics.k8s.io/v1beta1/nodes?limit=1");
    request
}
