//! A cluster for unit tests: a function answers each path and query, and nothing leaves the process.

use http::{Request, Response};
use kube::client::{Body, Client};
use kube::{Config, config::AuthInfo};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::connection::Connection;
use crate::world::WorldOptions;

/// A cluster whose answer to each request is `answer(path and query)`; null answers 404.
pub(crate) fn answering(answer: impl Fn(&str) -> Value + Clone + Send + Sync + 'static) -> Cluster {
    let service = tower::service_fn(move |request: Request<Body>| {
        let uri = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let value = answer(&uri);
        async move {
            let (status, body) = match &value {
                Value::Null => (
                    404,
                    json!({"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound", "message": "not found"})
                        .to_string(),
                ),
                Value::String(text) => (200, text.clone()),
                other => (200, other.to_string()),
            };
            Response::builder().status(status).body(Body::from(body.into_bytes()))
        }
    });
    let mut config = Config::new("http://cluster.test".parse().unwrap());
    config.auth_info = AuthInfo::default();
    let connection = Connection { config, context: "test".to_owned(), namespace: "default".to_owned() };
    Cluster::with(Client::new(service, "default"), &connection, &WorldOptions::default())
}
