//! A chart on disk: the little of it that others need to know.

use serde_json::Value;

use crate::project::Project;

/// The chart's own name, from its `Chart.yaml`; the folder's name when that cannot be read.
#[must_use]
pub fn chart_name(project: &Project, chart: &str) -> String {
    let text = std::fs::read_to_string(project.resolve(chart).join("Chart.yaml")).unwrap_or_default();
    let parsed: Option<Value> = serde_saphyr::from_str(&text).ok();
    let named =
        parsed.as_ref().and_then(|chart| chart.get("name")).and_then(Value::as_str).map(str::to_owned);
    named.unwrap_or_else(|| chart.trim_end_matches('/').rsplit('/').next().unwrap_or(chart).to_owned())
}
