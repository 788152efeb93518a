//! The common questions in Prometheus's language, by the names that cAdvisor, kube-state-metrics and the usual
//! HTTP instrumentation give their metrics.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A common question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Requests a second.
    RequestRate,
    /// The share of requests that fail with 5xx, from 0 to 1.
    ErrorRate,
    /// How long 95 of 100 requests take at most, in seconds.
    LatencyP95,
    /// Cores in use.
    Cpu,
    /// Bytes of memory in use.
    Memory,
    /// Restarts of containers within the window.
    Restarts,
}

/// Whom a question is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// A namespace; all without.
    pub namespace: Option<String>,
    /// A kind (singular) and a name; everything there without.
    pub object: Option<(String, String)>,
}

impl Metric {
    /// The query for `subject`; rates are taken over `window`, such as `5m`.
    #[must_use]
    pub fn promql(self, subject: &Subject, window: &str) -> String {
        let select = |more: &str| {
            let mut matchers = subject.matchers();
            if !more.is_empty() {
                matchers.push(more.to_owned());
            }
            if matchers.is_empty() { String::new() } else { format!("{{{}}}", matchers.join(",")) }
        };
        // A container without a name is the pod's own cgroup, which counts everything twice.
        let container = select("container!=\"\"");
        let by = if subject.object.is_some() { "pod" } else { "namespace, pod" };
        match self {
            Self::RequestRate => format!("sum(rate(http_requests_total{}[{window}]))", select("")),
            Self::ErrorRate => format!(
                "sum(rate(http_requests_total{}[{window}])) / sum(rate(http_requests_total{}[{window}]))",
                select("code=~\"5..\""),
                select("")
            ),
            Self::LatencyP95 => format!(
                "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{}[{window}])))",
                select("")
            ),
            Self::Cpu => {
                format!("sum by ({by}) (rate(container_cpu_usage_seconds_total{container}[{window}]))")
            }
            Self::Memory => format!("sum by ({by}) (container_memory_working_set_bytes{container})"),
            Self::Restarts => {
                format!(
                    "sum by ({by}) (increase(kube_pod_container_status_restarts_total{}[{window}]))",
                    select("")
                )
            }
        }
    }

    /// As people read it, with its unit.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::RequestRate => "requests per second",
            Self::ErrorRate => "share of failed requests",
            Self::LatencyP95 => "95th percentile of the latency",
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Restarts => "restarts",
        }
    }

    /// A value with its unit.
    #[must_use]
    pub fn value(self, value: f64) -> String {
        if !value.is_finite() {
            return value.to_string();
        }
        match self {
            Self::RequestRate => format!("{value:.2}/s"),
            Self::ErrorRate => format!("{:.2} %", value * 100.0),
            Self::LatencyP95 if value < 1.0 => format!("{:.0} ms", value * 1000.0),
            Self::LatencyP95 => format!("{value:.2} s"),
            Self::Cpu => crate::kubernetes::cpu_text(value),
            Self::Memory => crate::kubernetes::memory_text(value),
            Self::Restarts => format!("{value:.0}"),
        }
    }

    /// What has to be measured for this question.
    #[must_use]
    pub const fn needs(self) -> &'static str {
        match self {
            Self::RequestRate => "the counter http_requests_total",
            Self::ErrorRate => "the counter http_requests_total with a label code",
            Self::LatencyP95 => "the histogram http_request_duration_seconds",
            Self::Cpu | Self::Memory => "cAdvisor's metrics of containers",
            Self::Restarts => "kube-state-metrics",
        }
    }
}

impl Subject {
    fn matchers(&self) -> Vec<String> {
        let mut matchers = Vec::new();
        if let Some(namespace) = &self.namespace {
            matchers.push(format!("namespace=\"{}\"", escaped(namespace)));
        }
        if let Some((kind, name)) = &self.object {
            let name = escaped(name).replace('.', "\\\\.");
            // The names that controllers give their pods.
            let pods = match kind.as_str() {
                "pod" => format!("pod=\"{}\"", escaped(&name)),
                "statefulset" => format!("pod=~\"{name}-[0-9]+\""),
                "deployment" => format!("pod=~\"{name}-[a-z0-9]+-[a-z0-9]+\""),
                _ => format!("pod=~\"{name}-.+\""),
            };
            matchers.push(pods);
        }
        matchers
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A query whose label values lost their quotes on the way (`up{job=web}`), with quotes around them again; any
/// other stays as it is.
#[must_use]
pub fn repaired(query: &str) -> String {
    let mut out = String::with_capacity(query.len() + 8);
    let mut rest = query;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest.get(open..).and_then(|tail| tail.find('}')).map(|at| open + at) else { break };
        let (head, inside) =
            (rest.get(..=open).unwrap_or_default(), rest.get(open + 1..close).unwrap_or_default());
        out.push_str(head);
        if inside.contains(['"', '\'', '`']) {
            out.push_str(inside);
        } else {
            let matchers = inside.split(',').map(|matcher| {
                let at =
                    ["=~", "!~", "!=", "="].iter().find_map(|sign| Some((matcher.find(sign)?, sign.len())));
                match at {
                    Some((at, length)) => {
                        let (name, value) = matcher.split_at(at + length);
                        format!("{name}\"{}\"", value.trim())
                    }
                    None => matcher.to_owned(),
                }
            });
            out.push_str(&matchers.collect::<Vec<_>>().join(","));
        }
        rest = rest.get(close..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_about_the_pods_of_the_subject() {
        let subject = |kind: &str| Subject {
            namespace: Some("shop".into()),
            object: Some((kind.into(), "web".into())),
        };
        assert_eq!(
            Metric::RequestRate.promql(&subject("deployment"), "5m"),
            r#"sum(rate(http_requests_total{namespace="shop",pod=~"web-[a-z0-9]+-[a-z0-9]+"}[5m]))"#
        );
        assert_eq!(
            Metric::Memory.promql(&subject("statefulset"), "5m"),
            r#"sum by (pod) (container_memory_working_set_bytes{namespace="shop",pod=~"web-[0-9]+",container!=""})"#
        );
        assert_eq!(
            Metric::RequestRate.promql(&Subject::default(), "1h"),
            "sum(rate(http_requests_total[1h]))"
        );
        assert!(Metric::ErrorRate.promql(&subject("pod"), "5m").contains(r#"pod="web",code=~"5..""#));
    }

    #[test]
    fn values_carry_their_units() {
        for (metric, value, text) in [
            (Metric::RequestRate, 1.5, "1.50/s"),
            (Metric::ErrorRate, 0.0125, "1.25 %"),
            (Metric::LatencyP95, 0.25, "250 ms"),
            (Metric::LatencyP95, 2.5, "2.50 s"),
            (Metric::Cpu, 0.25, "250m"),
            (Metric::Memory, 104_857_600.0, "100Mi"),
            (Metric::ErrorRate, f64::NAN, "NaN"),
        ] {
            assert_eq!(metric.value(value), text);
        }
    }

    #[test]
    fn lost_quotes_come_back() {
        for (typed, query) in [
            ("up{job=web,a=~b.*}", r#"up{job="web",a=~"b.*"}"#),
            (r#"up{job="a,b"}"#, r#"up{job="a,b"}"#),
            ("sum(rate(x{}[5m]))", "sum(rate(x{}[5m]))"),
            ("a{b=c} / d{e!=f}", r#"a{b="c"} / d{e!="f"}"#),
            ("up", "up"),
            ("up{", "up{"),
        ] {
            assert_eq!(repaired(typed), query);
        }
    }
}
