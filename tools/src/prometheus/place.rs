//! Where a Prometheus is: at an address that was said, at the one in `PROMETHEUS_URL`, or behind a Service of the
//! cluster, which is reached through the API server so that nothing has to be exposed.

use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Cluster, Query};

/// The variable that names one.
const VARIABLE: &str = "PROMETHEUS_URL";

/// Parts of names that speak of something beside the server itself.
const OTHERS: [&str; 9] = [
    "operator",
    "alertmanager",
    "exporter",
    "pushgateway",
    "state-metrics",
    "adapter",
    "blackbox",
    "operated",
    "grafana",
];

/// Where a Prometheus is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At an address.
    Address(String),
    /// Behind a Service of the cluster.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The port to ask.
        port: u16,
    },
}

impl Place {
    /// The address that is known without looking: the one that was said, else the environment's.
    #[must_use]
    pub fn known(said: Option<&str>) -> Option<Self> {
        let from_environment = || std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
        said.map(str::to_owned).or_else(from_environment).map(Self::Address)
    }

    /// Looks for one among the Services of the cluster.
    ///
    /// # Errors
    /// `NotFound` with how to name one, else as [`Cluster::ask`].
    pub async fn find(cluster: &Cluster) -> Result<Self> {
        let services = cluster.kind("services").await?;
        let found = match cluster.objects(&services, &Query::default()).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                let here = Query { namespace: Some(cluster.namespace().to_owned()), ..Query::default() };
                cluster.objects(&services, &here).await?
            }
            other => other?,
        };
        choose(&found).ok_or_else(|| {
            Feedback::new(
                ErrorKind::NotFound,
                "no Prometheus is known, and no Service of the cluster looks like one",
            )
            .next(format!("name its address (`url=http://…:9090`), or set {VARIABLE}"))
            .into()
        })
    }

    /// As people read it.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            // An address may carry a password.
            Self::Address(url) => crate::gate::redact(url),
            Self::Service { namespace, name, port } => format!("Service {namespace}/{name}:{port}"),
        }
    }
}

fn choose(services: &[Value]) -> Option<Place> {
    let mut scored: Vec<(u32, Place)> =
        services.iter().filter_map(|service| Some((score(service)?, place(service)?))).collect();
    scored
        .sort_by(|(one, left), (other, right)| other.cmp(one).then_with(|| left.label().cmp(&right.label())));
    scored.into_iter().next().map(|(_, place)| place)
}

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// How much a Service looks like one; `None` when it does not.
fn score(service: &Value) -> Option<u32> {
    let name = text(service, "/metadata/name");
    let label = |key: &str| {
        service.pointer("/metadata/labels").and_then(|labels| labels.get(key)).and_then(Value::as_str)
    };
    let called =
        ["app.kubernetes.io/name", "app", "k8s-app"].iter().any(|key| label(key) == Some("prometheus"))
            || label("app.kubernetes.io/component") == Some("prometheus");
    let named = name.contains("prometheus");
    let other = OTHERS.iter().any(|part| name.contains(part));
    match (called, named, other) {
        (true, true, false) => Some(3),
        (true, false, false) => Some(2),
        (false, true, false) => Some(1),
        _ => None,
    }
}

fn place(service: &Value) -> Option<Place> {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array)?;
    let number = |port: &Value| port.get("port")?.as_u64().and_then(|port| u16::try_from(port).ok());
    let named = |port: &&Value| ["http-web", "web", "http"].contains(&text(port, "/name"));
    let port = ports
        .iter()
        .find(|port| number(port) == Some(9090))
        .or_else(|| ports.iter().find(named))
        .or_else(|| ports.first())?;
    Some(Place::Service {
        namespace: text(service, "/metadata/namespace").to_owned(),
        name: text(service, "/metadata/name").to_owned(),
        port: number(port)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_server_is_told_from_what_belongs_to_it() {
        let service = |namespace: &str, name: &str, app: &str, port: u16| json!({"metadata": {"namespace": namespace, "name": name, "labels": {"app.kubernetes.io/name": app}}, "spec": {"ports": [{"name": "x", "port": 1}, {"name": "web", "port": port}]}});
        let services = [
            service("a", "prometheus-operator", "prometheus-operator", 8080),
            service("a", "prometheus-node-exporter", "prometheus", 9100),
            service("b", "my-prometheus", "other", 80),
            service("m", "prometheus-server", "prometheus", 9090),
            service("m", "web", "web", 80),
        ];
        let found = choose(&services).unwrap();
        assert_eq!(found.label(), "Service m/prometheus-server:9090");
        assert_eq!(choose(&services[..3]).unwrap().label(), "Service b/my-prometheus:80");
        assert_eq!(choose(&services[4..]), None);
    }
}
