//! `render_chart`: the manifests that a chart makes, without a cluster; the values of Secrets are masked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::gate::mask_object;
use crate::helm::{check_chart, check_release_name, check_values, failure};
use crate::kubernetes::{ManifestObject, check_namespace, parse_rendered};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show the manifests that a Helm chart makes, without installing anything.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenderChart {
    /// Chart: a folder, an archive, or repository/chart.
    chart: Option<String>,
    /// Name of the release to render it for.
    release: Option<String>,
    /// Namespace to render it for.
    namespace: Option<String>,
    /// Values files.
    #[serde(default)]
    values: Vec<String>,
    /// Single values, each as key=value.
    #[serde(default)]
    set: Vec<String>,
    /// Only this template, such as templates/service.yaml.
    show_only: Option<String>,
}

impl Tool for RenderChart {
    const NAME: &'static str = "render_chart";
    const PHRASES: &'static [&'static str] = &[
        "(render|template|print|output|generate|dump|preview) [the] [helm] chart",
        "(render|template|print|output|generate|dump|preview) [the] [helm] chart [in|from|at|of] {chart:path}",
        "(render|template) [the] [helm] chart [called|named] {chart:word}",
        "(render|template) [the] {chart:word} [helm] chart",
        "(render|template) {chart:path}",
        "(render|template|print|output|generate|dump|<show>) [the] (manifest|yaml|object|template|resource) (of|for|from) [the] [helm] chart",
        "(render|template|print|output|generate|dump|<show>) [the] (manifest|yaml|object|template|resource) (of|for|from) [the] [helm] chart [in|at] {chart:path}",
        "(render|template|print|output|generate|dump|<show>) [the] (manifest|yaml|object|template|resource) (of|for|from) [the] [helm] chart {chart:word}",
        "<show> [the] (rendered|templated|generated) [helm] (chart|manifest|yaml|template)",
        "<show> [the] (rendered|templated|generated) [helm] (chart|manifest|yaml|template) (of|for|from|in) [the] [chart] {chart:path}",
        "(what|which) [kind of] [yaml|manifest|object|resource] (would|will|does|do) [the] [helm] chart (produce|generate|render|create|make|output|give|render to|install|contain)",
        "(what|which) [kind of] [yaml|manifest|object|resource] (would|will|does|do) [the] [helm] chart [in|at] {chart:path} (produce|generate|render|create|make|output|give|render to|install|contain)",
        "(what|which) [kind of] [yaml|manifest|object|resource] (would|will|does|do) [the] [helm] chart {chart:word} (produce|generate|render|create|make|output|give|render to|install|contain)",
        "(what|which) [kind of] [yaml|manifest|object|resource] (would|will|does|do) [the] {chart:word} [helm] chart (produce|generate|render|create|make|output|give|render to|install|contain)",
        "(what|which) [kind of] [yaml|manifest|object|resource] (would|will|does|do) {chart:path} (produce|generate|render|render to)",
        "what (would|will|does) [the] [helm] chart look like [rendered]",
        "helm template {release:word} {chart:path}",
        "helm template {chart:path}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(with|using|from|and|plus|-f|--values) [the] [values] [file|from] {values:path}",
        "(with|and|setting|set|where|using|plus|having|--set|and set) [the] [value|values] {set:assignment}",
        "and {set:assignment}",
        "(as|called|for) [the] release {release:word}",
        "--show-only {show_only:path}",
        "(but|and) only [the] [template] {show_only:path}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let mut line = CommandLine::helm().arg("template");
        line = line.args(self.release.iter().chain(&self.chart)).namespace(self.namespace.as_deref());
        for file in &self.values {
            line = line.option("--values", Some(file));
        }
        for value in &self.set {
            line = line.option("--set", Some(value));
        }
        line.option("--show-only", self.show_only.as_ref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // No scope: rendering asks no cluster, so it works without one, in the namespace that is said.
        vec![Slot::Chart { chart: &mut self.chart, release: &mut self.release, values: &mut self.values }]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        check_chart(self.chart.as_deref())?;
        if let Some(release) = &self.release {
            check_release_name(release)?;
        }
        if self.show_only.as_deref().is_some_and(|file| file.starts_with('-')) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "that is no template of a chart")
                .next("name it by its path in the chart, such as templates/service.yaml")
                .into());
        }
        check_values(&self.values, &self.set)
    }
}

/// The documents as they are, comments included, except for Secrets, which are written anew with their values
/// masked.
fn masked(rendered: &str) -> Result<(String, Vec<ManifestObject>)> {
    let mut text = String::new();
    let mut all = Vec::new();
    for document in documents(rendered) {
        let objects = parse_rendered(document)?;
        if objects.is_empty() {
            continue;
        }
        text.push_str("---\n");
        if objects.iter().any(|object| object.kind() == "Secret") {
            for object in &objects {
                let mut shown = object.object.clone();
                mask_object(&mut shown);
                text.push_str(&serde_saphyr::to_string(&shown).unwrap_or_default());
            }
        } else {
            text.push_str(document.trim());
            text.push('\n');
        }
        all.extend(objects);
    }
    Ok((text, all))
}

/// The documents of a stream: what stands between lines of `---` (YAML 1.2, 9.1.2).
fn documents(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            found.extend(text.get(start..position));
            start = position + line.len();
        }
        position += line.len();
    }
    found.extend(text.get(start..));
    found
}

impl ReadTool for RenderChart {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let chart = self.chart.as_deref().unwrap_or(".");
        progress.status(format!("renders {chart}"));
        // The words of the equivalent command: what is shown is what it prints.
        let line = self.command();
        let words: Vec<&str> = line.words().iter().skip(1).map(String::as_str).collect();
        let printed = world.helm().run(&words).await?;
        if !printed.success {
            return Err(failure(&format!("render the chart {chart}"), &printed));
        }
        let (text, objects) = masked(&printed.stdout)?;
        let hooks = objects.iter().filter(|object| object.annotation("helm.sh/hook").is_some()).count();
        let own = objects.len() - hooks;
        let many = if own == 1 { "1 object".to_owned() } else { format!("{own} objects") };
        let beside = if hooks == 0 { String::new() } else { format!(" and {hooks} for hooks and tests") };
        let data: Vec<Value> = objects.into_iter().map(|object| object.object).collect();
        Ok(Outcome::sentence(format!("the chart {chart} makes {many}{beside}; nothing was installed"))
            .view(View::Text(text))
            .data(json!({"chart": chart, "release": self.release, "objects": data})))
    }
}

pub(crate) static TOOL: Reader<RenderChart> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let command = |arguments| Call::new("render_chart", arguments).bind().unwrap().command().to_string();
        assert_eq!(
            command(
                json!({"chart": "helm/shop", "release": "shop", "namespace": "test", "values": ["a.yaml"], "set": ["x=1"], "show_only": "templates/a.yaml"})
            ),
            "helm template shop helm/shop -n test --values=a.yaml --set=x=1 --show-only=templates/a.yaml"
        );
    }

    #[test]
    fn what_could_become_a_flag_is_refused() {
        for arguments in [
            json!({"chart": "--post-renderer=x"}),
            json!({}),
            json!({"chart": "c", "release": "--debug"}),
            json!({"chart": "c", "show_only": "--post-renderer"}),
            json!({"chart": "c", "values": ["https://example.org/v.yaml"]}),
        ] {
            assert!(
                Call::new("render_chart", arguments.clone()).bind().unwrap().check().is_err(),
                "{arguments}"
            );
        }
    }

    #[test]
    fn secrets_are_masked_and_the_rest_stays_as_it_is() {
        let text = "---\n# Source: a.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  x: hunter2\n---\n# Source: b.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n---\n# nothing\n";
        let (shown, objects) = masked(text).unwrap();
        assert!(
            !shown.contains("hunter2") && shown.contains("# Source: b.yaml") && objects.len() == 2,
            "{shown}"
        );
    }
}
