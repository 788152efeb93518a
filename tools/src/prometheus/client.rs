//! Asking a Prometheus: instant and range queries of its HTTP API (prometheus.io, "HTTP API"), straight or through
//! the API server.

use http::Request;
use kube::client::{Body, Client};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::world::ReadWorld;

use super::place::Place;

/// One series of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its values, oldest first, each with its time in seconds since 1970.
    pub values: Vec<(f64, f64)>,
}

/// A Prometheus that can be asked.
pub struct Prometheus {
    /// Where it is.
    pub place: Place,
    client: Client,
    timeout: Duration,
}

impl Prometheus {
    /// One at `place`; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidArguments` when an address is none.
    pub async fn at(place: Place, world: &ReadWorld) -> Result<Self> {
        let client = match &place {
            Place::Address(url) => direct(url)?,
            Place::Service { .. } => world.cluster().await?.client().clone(),
        };
        Ok(Self { place, client, timeout: world.options().request_timeout })
    }

    /// What a query comes to now, or from `start` to `end` (seconds since 1970).
    ///
    /// # Errors
    /// `InvalidArguments` with Prometheus's own words when it does not understand the query, `Unreachable` when none
    /// answers.
    pub async fn ask(&self, query: &str, range: Option<(i64, i64)>) -> Result<Vec<Series>> {
        let place = self.place.label();
        let request = Request::get(self.place.path(query, range))
            .body(Body::empty())
            .map_err(|error| ToolError::Fatal(error.to_string()))?;
        let unreachable = |why: String| {
            Feedback::new(ErrorKind::Unreachable, format!("could not ask Prometheus at {place}: {why}"))
                .next("check its address; `url` or PROMETHEUS_URL names another one")
        };
        let answer = async {
            let response = self.client.send(request).await.map_err(|error| unreachable(innermost(&error)))?;
            let status = response.status();
            let body =
                response.into_body().collect_bytes().await.map_err(|error| unreachable(innermost(&error)))?;
            Ok::<_, ToolError>((status, body))
        };
        let (status, body) = match tokio::time::timeout(self.timeout, answer).await {
            Ok(answer) => answer?,
            Err(_elapsed) => {
                return Err(unreachable(format!("no answer within {} s", self.timeout.as_secs())).into());
            }
        };
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        if said.get("status").is_some_and(|status| status == "success") {
            return Ok(series(said.get("data").unwrap_or(&Value::Null)));
        }
        let why = said.get("error").or_else(|| said.get("message")).and_then(Value::as_str);
        match (status.as_u16(), why) {
            (400 | 422, Some(why)) if said.get("errorType").is_some() => Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("Prometheus does not take {query:?}: {why}"),
            )
            .next("check the query; in words, quote it whole")
            .into()),
            (code, why) => {
                let why = why
                    .map_or_else(|| format!("it answered {code}, and not as Prometheus does"), str::to_owned);
                Err(unreachable(why).into())
            }
        }
    }
}

/// The cause of a failure, without what wraps it.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// A client for an address; its user and password, if it has any, are sent as such and shown nowhere.
fn direct(url: &str) -> Result<Client> {
    // rustls has no default provider of its own in this build, and two callers may come first at once.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let invalid = || {
        Feedback::new(ErrorKind::InvalidArguments, format!("{:?} is no address", crate::gate::redact(url)))
            .next("write it like http://localhost:9090")
    };
    let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
    if !["http", "https"].contains(&scheme) {
        return Err(invalid().into());
    }
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (credentials, rest) = match rest.get(..authority_end).and_then(|authority| authority.rsplit_once('@'))
    {
        Some((credentials, _)) => (Some(credentials), rest.get(credentials.len() + 1..).unwrap_or_default()),
        None => (None, rest),
    };
    let address = format!("{scheme}://{}", rest.trim_end_matches('/')).parse().map_err(|_| invalid())?;
    let mut config = kube::Config::new(address);
    config.connect_timeout = Some(Duration::from_secs(5));
    config.default_retry = false;
    if let Some(credentials) = credentials {
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        config.auth_info.username = Some(user.to_owned());
        config.auth_info.password = Some(password.to_owned().into());
    }
    Client::try_from(config).map_err(|_| invalid().into())
}

fn series(data: &Value) -> Vec<Series> {
    let point = |pair: &Value| {
        let time = pair.get(0)?.as_f64()?;
        let value = pair.get(1)?.as_str()?;
        // Rust reads what Go writes: NaN, +Inf, 1e+06.
        Some((time, value.parse().ok()?))
    };
    let result = data.get("result");
    if data.get("resultType").and_then(Value::as_str) == Some("scalar") {
        let values = result.and_then(point).into_iter().collect();
        return vec![Series { labels: BTreeMap::new(), values }];
    }
    let all = result.and_then(Value::as_array).into_iter().flatten();
    all.map(|one| {
        let labels = one.get("metric").and_then(Value::as_object).into_iter().flatten();
        Series {
            labels: labels
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            values: match one.get("values").and_then(Value::as_array) {
                Some(values) => values.iter().filter_map(point).collect(),
                None => one.get("value").and_then(point).into_iter().collect(),
            },
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_of_every_type_are_read() {
        let vector = series(
            &json!({"resultType": "vector", "result": [{"metric": {"pod": "a"}, "value": [1.5, "+Inf"]}]}),
        );
        assert_eq!(vector[0].labels["pod"], "a");
        assert_eq!(vector[0].values, [(1.5, f64::INFINITY)]);
        let matrix = series(
            &json!({"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "2"], [2, "3.5"]]}]}),
        );
        assert_eq!(matrix[0].values, [(1.0, 2.0), (2.0, 3.5)]);
        assert_eq!(series(&json!({"resultType": "scalar", "result": [1, "7"]}))[0].values, [(1.0, 7.0)]);
        assert!(series(&json!({"resultType": "vector", "result": []})).is_empty());
    }

    #[test]
    fn addresses_are_told_from_other_words() {
        for url in ["localhost:9090", "ftp://x", "http://", ""] {
            assert!(direct(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn an_address_may_carry_a_password() {
        assert!(direct("https://ann:hush@prometheus.test/base/").is_ok());
    }
}
