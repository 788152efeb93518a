//! Where a Prometheus is: at an address that was said, at the one in `PROMETHEUS_URL`, or behind a Service of the
//! cluster, which is reached through the API server so that nothing has to be exposed.

use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Cluster, Query, check_arguments};

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

/// Most points of a range query's series: enough to see its shape.
const POINTS: u64 = 60;

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

    /// The Service as one word, `namespace/name:port`; `None` for an address.
    #[must_use]
    pub fn service(&self) -> Option<String> {
        match self {
            Self::Address(_) => None,
            Self::Service { namespace, name, port } => Some(format!("{namespace}/{name}:{port}")),
        }
    }

    /// The Service that such a word names.
    ///
    /// # Errors
    /// `InvalidArguments`.
    pub fn of_service(word: &str) -> Result<Self> {
        let parts = word.split_once('/').and_then(|(namespace, rest)| {
            let (name, port) = rest.split_once(':')?;
            Some((namespace, name, port.parse::<u16>().ok()?))
        });
        let Some((namespace, name, port)) = parts else {
            return Err(Feedback::new(ErrorKind::InvalidArguments, format!("{word:?} names no Service"))
                .next("write it like monitoring/prometheus:9090")
                .into());
        };
        check_arguments(None, Some(name), Some(namespace), None)?;
        Ok(Self::Service { namespace: namespace.to_owned(), name: name.to_owned(), port })
    }

    /// The path of a question, from the root of the server that is asked.
    #[must_use]
    pub fn path(&self, query: &str, range: Option<(i64, i64)>) -> String {
        let base = match self {
            Self::Address(_) => String::new(),
            Self::Service { namespace, name, port } => {
                format!("/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy")
            }
        };
        let query = encoded(query);
        match range {
            None => format!("{base}/api/v1/query?query={query}"),
            Some((start, end)) => {
                let step = (u64::try_from(end - start).unwrap_or(0) / POINTS).max(1);
                format!("{base}/api/v1/query_range?query={query}&start={start}&end={end}&step={step}")
            }
        }
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

/// Percent-encoded for a query string.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
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
        assert_eq!(Place::of_service(&found.service().unwrap()).unwrap(), found);
        for word in ["", "a", "a/b", "a/b:x", "a/../b:1", "-a/b:1"] {
            assert!(Place::of_service(word).is_err(), "{word}");
        }
        assert_eq!(choose(&services[..3]).unwrap().label(), "Service b/my-prometheus:80");
        assert_eq!(choose(&services[4..]), None);
    }

    #[test]
    fn questions_go_as_one_encoded_argument() {
        let place = Place::Service { namespace: "m".into(), name: "prometheus".into(), port: 9090 };
        assert_eq!(
            place.path("up{a=\"b & c\"}", None),
            "/api/v1/namespaces/m/services/prometheus:9090/proxy/api/v1/query?query=up%7Ba%3D%22b%20%26%20c%22%7D"
        );
        assert!(place.path("x", Some((0, 600))).ends_with("&start=0&end=600&step=10"));
    }
}
