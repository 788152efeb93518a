//! `query_metrics`: what a Prometheus has measured, by PromQL or by words for the common questions.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{check_arguments, parse_duration};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::prometheus::{Metric, Place, Prometheus, Series, Subject, repaired};
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Over which time rates are taken when nothing is said; four scrapes of the usual 15 to 60 seconds fit.
const USUAL: &str = "5m";

/// Series shown before it says how many more there are.
const SHOWN: usize = 100;

/// Query a Prometheus: request rate, error rate, latency, CPU, memory or restarts of a workload, or any PromQL.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryMetrics {
    /// A query in PromQL; instead of a metric.
    query: Option<String>,
    /// A common question; instead of a query.
    metric: Option<Metric>,
    /// Kind of the workload or pod that is asked about.
    kind: Option<String>,
    /// Its name; without, everything in the namespace.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Ask about every namespace.
    #[serde(default)]
    all_namespaces: bool,
    /// Over which time rates are taken, such as `5m`.
    window: Option<String>,
    /// Show how it went over this time, such as `1h`, and not only how it is now.
    range: Option<String>,
    /// Prometheus's address; without, `PROMETHEUS_URL` or a Service of the cluster.
    url: Option<String>,
    /// The Service of the cluster that it stands behind, as `namespace/name:port`.
    service: Option<String>,
}

impl Tool for QueryMetrics {
    const NAME: &'static str = "query_metrics";
    const PHRASES: &'static [&'static str] = &[
        "(run|execute|evaluate|send|try) [the|this|a] [promql|prometheus|prom] query {query:text}",
        "(run|execute|evaluate) [the|this] promql {query:text}",
        "(promql|query prometheus for|query prometheus|ask prometheus for|ask prometheus) {query:text}",
        "[<show>|check|plot|graph|query] [the] (request rate|requests per second|rps|qps|throughput|http request rate|requests rate) (of|for|on|to|at|from) {object} => metric=request_rate",
        "[<show>|check|plot|graph|query] {object} (request rate|requests per second|rps|qps|throughput) => metric=request_rate",
        "how many requests [per second] (does|do|did|is|are) {object} (get|serve|handle|receive|process|serving|getting|handling) [per second] => metric=request_rate",
        "[<show>|check|plot|graph|query] [the] (error rate|errors per second|5xx rate|failure rate|rate of errors|http error rate) (of|for|on|at|from) {object} => metric=error_rate",
        "[<show>|check|plot|graph|query] {object} (error rate|5xx rate|failure rate) => metric=error_rate",
        "[<show>|check|plot|graph|query] [the] (p95|p95 latency|95th percentile latency|95th percentile|latency|response time|response times|request latency|request duration) (of|for|on|at|from) {object} => metric=latency_p95",
        "[<show>|check|plot|graph|query] {object} (p95|p95 latency|latency|response time|response times|request latency) => metric=latency_p95",
        "how (slow|fast|quick) (is|are) [the] (requests|responses|answers) (of|to|from) {object} => metric=latency_p95",
        "[<show>|check|plot|graph|query] [the] (cpu|cpu usage|cpu use) (of|for|on) {object} (from|in|according to|by|via|using|with) prometheus => metric=cpu",
        "[<show>|check|plot|graph|query] [the] (memory|memory usage|memory use|ram) (of|for|on) {object} (from|in|according to|by|via|using|with) prometheus => metric=memory",
        "[<show>|check|plot|graph|query] [the] (restarts|restart count|number of restarts) (of|for|on) {object} (from|in|according to|by|via|using|with) prometheus => metric=restarts",
        "(plot|graph|chart) [the] (cpu|cpu usage) (of|for|on) {object} => metric=cpu, range=1h",
        "(plot|graph|chart) [the] (memory|memory usage) (of|for|on) {object} => metric=memory, range=1h",
        "[<show>|check] [the] (request rate|requests per second|rps|qps|throughput) [here] => metric=request_rate",
        "[<show>|check] [the] (error rate|5xx rate|failure rate) [here] => metric=error_rate",
        "[<show>|check] [the] (p95 latency|p95|request latency) [here] => metric=latency_p95",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(from|in|according to|by|via|using|with) prometheus",
        "[in|from|of|for|over|during|within] [the] (last|past) {window:duration}",
        "(per|every|over) {window:duration}",
        "[in|from|of|for|over|during|within] [the] (last|past) hour => window=1h",
        "[in|from|of|for|over|during|within] [the] (last|past) minute => window=1m",
        "[in|from|of|for|over|during|within] [the] (last|past) day => window=24h",
        "over time => range=1h",
        "[right] (now|currently|at the moment)",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let query = self.promql().unwrap_or_default();
        if let Ok(Some(place @ Place::Service { .. })) = self.place() {
            return CommandLine::kubectl().args(["get", "--raw"]).arg(place.path(&query, self.span()));
        }
        let address = Place::known(self.url.as_deref()).map(|place| place.label());
        let line = CommandLine::new("promtool")
            .args(["query", if self.range.is_some() { "range" } else { "instant" }]);
        let line = line.option("--start", self.span().map(|(start, _)| start));
        line.arg(address.unwrap_or_default()).arg(query)
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.name.is_some() {
            return vec![
                Slot::Prometheus { url: &mut self.url, service: &mut self.service },
                Slot::Object(ObjectSlot {
                    kind: &mut self.kind,
                    name: &mut self.name,
                    namespace: &mut self.namespace,
                    selector: None,
                    accepts: ObjectAccepts::HasPods,
                    required: true,
                }),
            ];
        }
        let mut slots = vec![Slot::Prometheus { url: &mut self.url, service: &mut self.service }];
        // A query says itself what it is about.
        if self.query.is_none() {
            slots.push(Slot::Scope {
                namespace: &mut self.namespace,
                all_namespaces: self.all_namespaces,
                qualifier: None,
            });
        }
        slots
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        for (what, value) in [("window", &self.window), ("range", &self.range)] {
            value.as_deref().map_or(Ok(()), |value| parse_duration(what, value).map(|_| ()))?;
        }
        if self.url.as_deref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://"))
        {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "that is no address of a Prometheus")
                .next("write it like http://localhost:9090")
                .into());
        }
        self.place()?;
        self.promql().map(|_| ())
    }
}

impl QueryMetrics {
    fn promql(&self) -> Result<String> {
        let invalid = |why: &str, next: &str| Feedback::new(ErrorKind::InvalidArguments, why).next(next);
        match (&self.query, self.metric) {
            (Some(query), None) if query.trim().is_empty() || query.starts_with('-') => {
                Err(invalid("that is no query", "write one in PromQL, such as up").into())
            }
            (Some(query), None) => Ok(repaired(query.trim())),
            (None, Some(metric)) => Ok(metric.promql(&self.subject(), &self.window())),
            (Some(_), Some(_)) => Err(invalid("a query and a metric at once", "give one of them").into()),
            (None, None) => Err(invalid(
                "what to measure is not said",
                "ask for the request rate, error rate, latency, CPU, memory or restarts, or give a query",
            )
            .into()),
        }
    }

    /// Where it is, when that is known.
    fn place(&self) -> Result<Option<Place>> {
        match (&self.service, Place::known(self.url.as_deref())) {
            // What was said comes before what was found, and before the environment.
            (Some(service), _) if self.url.is_none() => Place::of_service(service).map(Some),
            (_, place) => Ok(place),
        }
    }

    /// The range in seconds since 1970.
    fn span(&self) -> Option<(i64, i64)> {
        let seconds = parse_duration("range", self.range.as_deref()?).ok()?.as_secs();
        let now = Timestamp::now().as_second();
        Some((now - i64::try_from(seconds).unwrap_or(now).min(now), now))
    }

    fn subject(&self) -> Subject {
        let object = self.name.clone().map(|name| (self.kind.clone().unwrap_or_default(), name));
        Subject { namespace: self.namespace.clone().filter(|_| !self.all_namespaces), object }
    }

    /// The window as PromQL writes it.
    fn window(&self) -> String {
        let said = self.window.as_deref().unwrap_or(USUAL);
        match parse_duration("window", said) {
            Ok(_) if said.chars().all(|c| c.is_ascii_digit() || "smhdw".contains(c)) => said.to_owned(),
            Ok(duration) => format!("{}s", duration.as_secs().max(1)),
            Err(_) => USUAL.to_owned(),
        }
    }
}

impl ReadTool for QueryMetrics {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let query = self.promql()?;
        let place = match self.place()? {
            Some(place) => place,
            None => Place::find(world.cluster().await?).await?,
        };
        let prometheus = Prometheus::at(place, world).await?;
        progress.status(format!("asking {}", prometheus.place.label()));
        let range = self.span();
        let series = prometheus.ask(&query, range).await?;
        Ok(shown(self, &query, &series))
    }
}

fn shown(wanted: &QueryMetrics, query: &str, series: &[Series]) -> Outcome {
    let value = |value: f64| match wanted.metric {
        Some(metric) => metric.value(value),
        None => plain(value),
    };
    let what = match (wanted.metric, &wanted.name) {
        (Some(metric), Some(name)) => format!("{} of {name}", metric.title()),
        (Some(metric), None) => metric.title().to_owned(),
        (None, _) => query.to_owned(),
    };
    let data: Vec<Value> =
        series.iter().map(|one| json!({"labels": one.labels, "values": one.values})).collect();
    let data = json!({"query": query, "series": data});
    if series.iter().all(|one| one.values.is_empty()) {
        let outcome = Outcome::sentence(format!("{what}: nothing is measured")).data(data);
        return match wanted.metric {
            Some(metric) => outcome.note(format!(
                "it needs {}; asked was {query}: give a query of your own where it is called otherwise",
                metric.needs()
            )),
            None => outcome,
        };
    }
    let last = |one: &Series| one.values.last().map_or(f64::NAN, |(_, value)| *value);
    let summary = match series {
        [one] if wanted.range.is_none() => format!("{what}: {}", value(last(one))),
        [one] => format!("{what}: {} now", value(last(one))),
        several => format!("{what}: {} series", several.len()),
    };
    let mut order: Vec<&Series> = series.iter().collect();
    order.sort_by(|one, other| last(other).total_cmp(&last(one)));
    let columns: &[&str] = if wanted.range.is_some() {
        &["SERIES", "MIN", "AVERAGE", "MAX", "NOW", "COURSE"]
    } else {
        &["SERIES", "VALUE"]
    };
    let rows = order.iter().take(SHOWN).map(|one| {
        let mut row = vec![label(one)];
        if wanted.range.is_some() {
            let values = || one.values.iter().map(|(_, value)| *value).filter(|value| value.is_finite());
            let count = values().count().max(1);
            #[expect(clippy::cast_precision_loss, reason = "at most some sixty points")]
            let average = values().sum::<f64>() / count as f64;
            let (low, high) = values()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| (low.min(one), high.max(one)));
            row.extend([value(low), value(average), value(high), value(last(one)), course(one, low, high)]);
        } else {
            row.push(value(last(one)));
        }
        row
    });
    let table =
        Table { columns: columns.iter().map(|&column| column.to_owned()).collect(), rows: rows.collect() };
    let outcome = Outcome::sentence(summary).view(View::Tables(vec![(String::new(), table)])).data(data);
    match series.len().saturating_sub(SHOWN) {
        0 => outcome,
        more => outcome.note(format!("{more} more series are not shown")),
    }
}

/// A series by its labels, as PromQL writes it.
fn label(series: &Series) -> String {
    let name = series.labels.get("__name__").cloned().unwrap_or_default();
    let labels: Vec<String> = series
        .labels
        .iter()
        .filter(|(name, _)| *name != "__name__")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match (name.is_empty(), labels.is_empty()) {
        (true, true) => "all".to_owned(),
        (_, true) => name,
        _ => format!("{name}{{{}}}", labels.join(", ")),
    }
}

/// Up to six digits, without trailing zeros.
fn plain(value: f64) -> String {
    if !value.is_finite() || value.fract() == 0.0 {
        return value.to_string();
    }
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The course of a series in one line, between its lowest and its highest value.
fn course(series: &Series, low: f64, high: f64) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let every = series.values.len().div_ceil(30).max(1);
    let level = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
        let index = (share.clamp(0.0, 1.0) * 7.0).round() as usize;
        LEVELS.get(index).copied().unwrap_or(' ')
    };
    let values = series.values.iter().step_by(every);
    values.map(|(_, value)| if value.is_finite() { level(*value) } else { ' ' }).collect()
}

pub(crate) static TOOL: Reader<QueryMetrics> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use std::collections::BTreeMap;

    #[test]
    fn says_its_command() {
        let line = |arguments| Call::new("query_metrics", arguments).bind().unwrap().command().to_string();
        assert_eq!(
            line(json!({"query": "up{job=web}", "url": "http://p:9090"})),
            r#"promtool query instant http://p:9090 'up{job="web"}'"#
        );
        assert_eq!(
            line(
                json!({"metric": "request_rate", "kind": "deployment", "name": "web", "namespace": "shop", "window": "10m", "url": "http://p:9090"})
            ),
            r#"promtool query instant http://p:9090 'sum(rate(http_requests_total{namespace="shop",pod=~"web-[a-z0-9]+-[a-z0-9]+"}[10m]))'"#
        );
        for arguments in [
            json!({}),
            json!({"query": "up", "service": "x"}),
            json!({"query": "--x"}),
            json!({"query": "up", "metric": "cpu"}),
            json!({"metric": "cpu", "window": "soon"}),
            json!({"query": "up", "url": "p"}),
        ] {
            assert!(
                Call::new("query_metrics", arguments.clone()).bind().unwrap().check().is_err(),
                "{arguments}"
            );
        }
    }

    fn one(pod: &str, values: &[f64]) -> Series {
        let values = values.iter().map(|value| (0.0, *value)).collect();
        Series { labels: BTreeMap::from([("pod".to_owned(), pod.to_owned())]), values }
    }

    #[test]
    fn values_and_courses_are_shown_largest_first() {
        let wanted: QueryMetrics =
            serde_json::from_value(json!({"metric": "cpu", "name": "web", "kind": "deployment"})).unwrap();
        let outcome = shown(&wanted, "q", &[one("a", &[0.1]), one("b", &[0.5])]);
        assert_eq!(outcome.summary, "CPU of web: 2 series");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows, [["{pod=b}", "500m"], ["{pod=a}", "100m"]]);
        let wanted: QueryMetrics = serde_json::from_value(json!({"query": "x", "range": "1h"})).unwrap();
        let outcome = shown(&wanted, "x", &[one("a", &[1.0, 2.0, 4.5])]);
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows[0], ["{pod=a}", "1", "2.5", "4.5", "4.5", "▁▃█"]);
    }

    #[test]
    fn what_is_not_measured_says_what_it_needs() {
        let wanted: QueryMetrics =
            serde_json::from_value(json!({"metric": "restarts", "name": "web"})).unwrap();
        let outcome = shown(&wanted, "q", &[]);
        assert_eq!(outcome.summary, "restarts of web: nothing is measured");
        assert!(outcome.notes[0].contains("kube-state-metrics"));
    }
}
