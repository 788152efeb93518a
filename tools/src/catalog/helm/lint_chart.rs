//! `lint_chart`: whether a chart is well made, as Helm sees it. A chart with errors is an error, so that nothing
//! that was asked for behind it is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::helm::{check_chart, check_values, complaint};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Check a Helm chart for mistakes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LintChart {
    /// Chart: a folder or an archive.
    chart: Option<String>,
    /// Values files.
    #[serde(default)]
    values: Vec<String>,
    /// Single values, each as key=value.
    #[serde(default)]
    set: Vec<String>,
    /// Take warnings for errors.
    #[serde(default)]
    strict: bool,
    /// Where grounding leaves the release's name, which a lint has no use for.
    #[serde(skip)]
    release: Option<String>,
}

impl Tool for LintChart {
    const NAME: &'static str = "lint_chart";
    const PHRASES: &'static [&'static str] = &[
        "(lint|<check>) [the] [helm] chart",
        "(lint|<check>) [the] [helm] chart [in|from|at|of] {chart:path}",
        "(lint|<check>) [the] [helm] chart [called|named] {chart:word}",
        "(lint|<check>) [the] {chart:word} [helm] chart",
        "lint {chart:path}",
        "(lint|<check>) {chart:path} with helm",
        "(run|do) [a] helm lint [on|of|over|for] {chart:path}",
        "(run|do) [a] helm lint [on|of|over|for] [the] [chart]",
        "(run|do) [a] helm lint [on|of|over|for] [the] {chart:word} [chart]",
        "(run|do) a lint (on|of|over|for) [the] [helm] chart",
        "is [the] [helm] chart (valid|ok|okay|fine|correct|good|sound|well formed|clean|right|broken)",
        "is [the] [helm] chart [in|at] {chart:path} (valid|ok|okay|fine|correct|good|sound|well formed|clean|right|broken)",
        "is [the] [helm] chart {chart:word} (valid|ok|okay|fine|correct|good|sound|well formed|clean|right|broken)",
        "is [the] {chart:word} [helm] chart (valid|ok|okay|fine|correct|good|sound|well formed|clean|right|broken)",
        "[are there|is there|do you see] any (problem|error|mistake|issue|warning) (in|with) [the] [helm] chart",
        "[are there|is there|do you see] any (problem|error|mistake|issue|warning) (in|with) [the] {chart:word} [helm] chart",
        "what is wrong (in|with) [the] [helm] chart",
        "what is wrong (in|with) [the] {chart:word} [helm] chart",
        "helm lint",
        "helm lint {chart:path}",
        "helm lint {chart:word}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(with|using|from|and|plus|-f|--values) [the] [values] [file|from] {values:path}",
        "(with|and|setting|set|where|using|plus|having|--set|and set) [the] [value|values] {set:assignment}",
        "for (mistake|error|problem|issue|warning)",
        "(strictly|in strict mode|with strict rules|--strict) => strict=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let mut line = CommandLine::helm().arg("lint").args(self.chart.iter());
        for file in &self.values {
            line = line.option("--values", Some(file));
        }
        for value in &self.set {
            line = line.option("--set", Some(value));
        }
        line.flag_if(self.strict, "--strict")
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Chart { chart: &mut self.chart, release: &mut self.release, values: &mut self.values }]
    }

    fn check(&self) -> Result<()> {
        check_chart(self.chart.as_deref())?;
        let last = self.chart.as_deref().and_then(|chart| chart.rsplit('/').next()).unwrap_or_default();
        if ["dockerfile", "containerfile"].iter().any(|word| last.to_ascii_lowercase().contains(word)) {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{last} is no chart, but what an image is built from"),
            )
            .next("say: analyze the Dockerfile, with its path")
            .into());
        }
        check_values(&self.values, &self.set)
    }
}

/// What Helm found: severity, place in the chart, and the message.
fn findings(printed: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in printed.lines() {
        let severity = ["ERROR", "WARNING", "INFO"]
            .into_iter()
            .find_map(|word| Some((word, line.strip_prefix(&format!("[{word}] "))?)));
        match severity {
            Some((word, said)) => {
                let (place, said) = said.split_once(": ").unwrap_or(("", said));
                rows.push(vec![word.to_ascii_lowercase(), place.to_owned(), said.trim().to_owned()]);
            }
            // Some messages have several lines; an empty line ends the finding.
            None if line.starts_with("==>") || line.trim().is_empty() || line.contains("chart(s) linted") => {
            }
            None => {
                if let Some(message) = rows.last_mut().and_then(|row| row.last_mut()) {
                    message.push_str("; ");
                    message.push_str(line.trim());
                }
            }
        }
    }
    rows
}

impl ReadTool for LintChart {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let chart = self.chart.as_deref().unwrap_or(".");
        progress.status(format!("lints {chart}"));
        let line = self.command();
        let words: Vec<&str> = line.words().iter().skip(1).map(String::as_str).collect();
        let printed = world.helm().run(&words).await?;
        let rows = findings(&printed.stdout);
        let count = |word: &str| {
            rows.iter().filter(|row| row.first().is_some_and(|severity| severity == word)).count()
        };
        let (errors, warnings) = (count("error"), count("warning"));
        if !printed.success {
            let lines: Vec<String> = rows
                .iter()
                .filter(|row| row.first().is_some_and(|severity| severity != "info"))
                .map(|row| row.join(": "))
                .collect();
            let said = if lines.is_empty() { complaint(&printed) } else { lines.join("\n") };
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("the chart {chart} has mistakes:\n{said}"),
            )
            .next("correct them and lint it again")
            .into());
        }
        let summary = match (errors, warnings) {
            (0, 0) => format!("the chart {chart} is well made"),
            (_, 1) => format!("the chart {chart} is valid, with 1 warning"),
            (_, warnings) => format!("the chart {chart} is valid, with {warnings} warnings"),
        };
        let columns = ["SEVERITY", "WHERE", "WHAT"].map(str::to_owned).to_vec();
        let data = json!({
            "chart": chart, "errors": errors, "warnings": warnings,
            "findings": rows.iter().map(|row| json!({
                "severity": row.first(), "where": row.get(1), "what": row.get(2),
            })).collect::<Vec<_>>(),
        });
        let view = if rows.is_empty() {
            View::None
        } else {
            View::Tables(vec![(String::new(), Table { columns, rows })])
        };
        Ok(Outcome::sentence(summary).view(view).data(data))
    }
}

pub(crate) static TOOL: Reader<LintChart> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let command = |arguments| Call::new("lint_chart", arguments).bind().unwrap().command().to_string();
        assert_eq!(
            command(json!({"chart": "helm/shop", "values": ["a.yaml"], "strict": true})),
            "helm lint helm/shop --values=a.yaml --strict"
        );
        assert!(Call::new("lint_chart", json!({"chart": "--quiet"})).bind().unwrap().check().is_err());
    }

    #[test]
    fn findings_are_taken_apart() {
        let text = "==> Linting c\n[INFO] Chart.yaml: icon is recommended\n[ERROR] values.yaml: - a: Invalid type\n- b: Invalid type\n\n1 chart(s) linted, 1 chart(s) failed\n";
        let rows: Vec<String> = findings(text).iter().map(|row| row.join("|")).collect();
        assert_eq!(
            rows,
            ["info|Chart.yaml|icon is recommended", "error|values.yaml|- a: Invalid type; - b: Invalid type"]
        );
    }
}
