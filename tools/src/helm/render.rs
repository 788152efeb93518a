//! Rendering a chart as an install or upgrade would, without doing it: with the cluster's own capabilities and
//! checks, and with the values that Helm itself would keep.

use serde_json::{Map, Value};
use std::io::Write as _;

use crate::error::{Result, ToolError};
use crate::kubernetes::{ManifestObject, parse_rendered};

use super::complaint::{complaint, failure};
use super::release::words;
use super::runner::ReadHelm;

/// A chart, the release it makes, and the values it is given.
#[derive(Debug, Clone, Copy)]
pub struct ChartRequest<'a> {
    /// A folder, an archive, or repository/chart.
    pub chart: &'a str,
    /// The release's name.
    pub release: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Values files.
    pub values: &'a [String],
    /// Single values, `key=value`.
    pub set: &'a [String],
}

/// What a chart renders.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The objects of the release.
    pub objects: Vec<ManifestObject>,
    /// The objects that run before or after it, without tests, each with its occasions.
    pub hooks: Vec<String>,
    /// Whether the cluster has kinds for all of it; else it was not checked against the cluster.
    pub checked: bool,
}

impl ChartRequest<'_> {
    /// The flags that render, install and upgrade share. Each is one word, so that no value becomes a flag.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let mut flags = vec![format!("--namespace={}", self.namespace)];
        flags.extend(self.values.iter().map(|file| format!("--values={file}")));
        flags.extend(self.set.iter().map(|value| format!("--set={value}")));
        flags
    }
}

impl ReadHelm {
    /// Renders a chart. `kept` are the values of the release that Helm would keep, beneath the ones given now;
    /// `upgrade` says whether there is a release.
    ///
    /// # Errors
    /// What Helm says about the chart or the values; else as [`super::Helm::run`].
    pub async fn render(
        &self,
        request: &ChartRequest<'_>,
        upgrade: bool,
        kept: &Map<String, Value>,
    ) -> Result<Rendered> {
        let mut arguments = vec!["template".to_owned(), request.release.into(), request.chart.into()];
        if upgrade {
            arguments.push("--is-upgrade".into());
        }
        // In a file that only this user can read: values may be secret, and arguments are seen by everybody.
        let file = if kept.is_empty() { None } else { Some(written(kept)?) };
        if let Some(file) = &file {
            arguments.push(format!("--values={}", file.path().display()));
        }
        arguments.extend(request.flags());
        // `lookup` in templates answers, as it does in an upgrade.
        arguments.push("--dry-run=server".into());
        let mut checked = true;
        let mut all = arguments.clone();
        all.push("--validate".into());
        let mut printed = self.run(&words(&all)).await?;
        if !printed.success && complaint(&printed).contains("no matches for kind") {
            // The chart brings the definitions of these kinds with it.
            checked = false;
            printed = self.run(&words(&arguments)).await?;
        }
        if !printed.success {
            return Err(failure(&format!("render the chart {}", request.chart), &printed));
        }
        let (hooks, objects): (Vec<_>, Vec<_>) = parse_rendered(&printed.stdout)?
            .into_iter()
            .partition(|object| object.annotation("helm.sh/hook").is_some());
        Ok(Rendered { objects, hooks: hooks.iter().filter_map(hook).collect(), checked })
    }
}

/// `Kind name (occasions)`; `None` for a test, which runs only when asked.
fn hook(object: &ManifestObject) -> Option<String> {
    let occasions = object.annotation("helm.sh/hook")?;
    let runs: Vec<&str> =
        occasions.split(',').map(str::trim).filter(|occasion| !occasion.starts_with("test")).collect();
    (!runs.is_empty()).then(|| format!("{} {} ({})", object.kind(), object.name(), runs.join(", ")))
}

fn written(values: &Map<String, Value>) -> Result<tempfile::NamedTempFile> {
    let write = || {
        let mut file = tempfile::Builder::new().suffix(".json").tempfile()?;
        file.write_all(&serde_json::to_vec(values)?)?;
        file.flush()?;
        Ok::<_, std::io::Error>(file)
    };
    write().map_err(|error| ToolError::Fatal(format!("the release's values could not be handed on: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_look_like_flags_stay_values() {
        let request = ChartRequest {
            chart: "c",
            release: "r",
            namespace: "n",
            values: &["-x.yaml".to_owned()],
            set: &["--post-renderer=evil".to_owned()],
        };
        assert_eq!(request.flags(), ["--namespace=n", "--values=-x.yaml", "--set=--post-renderer=evil"]);
    }

    #[test]
    fn tests_are_no_hooks_that_run() {
        let text = |hooks: &str| {
            let yaml = format!(
                "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, annotations: {{helm.sh/hook: \"{hooks}\"}}}}\n"
            );
            hook(&parse_rendered(&yaml).unwrap()[0])
        };
        assert_eq!(text("test"), None);
        assert_eq!(text("pre-upgrade, test").as_deref(), Some("Job j (pre-upgrade)"));
    }
}
