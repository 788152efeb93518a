//! `explain_kind`: what a kind and its fields are for, in the words of the cluster that runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Described, KindIndex, ResourceType, SchemaField, check_name, friendly_paths,
};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Most columns of a line of documentation.
const WIDTH: usize = 100;

/// Explain a kind or one of its fields: what it is for, and which fields it has, as this cluster documents it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainKind {
    /// The kind, such as `deployment`; a path such as `deployment.spec.strategy` names a field of it, too.
    kind: String,
    /// The field, by its path below the kind (`spec.strategy`) or by its name (`strategy`).
    field: Option<String>,
    /// List the fields of the fields, too.
    #[serde(default)]
    recursive: bool,
}

impl Tool for ExplainKind {
    const NAME: &'static str = "explain_kind";
    const PHRASES: &'static [&'static str] = &[
        "explain {kind:word} [fields|to me]",
        "explain [the] [kind] {kind:kind} [kind|object|resource|fields|spec] [to me]",
        "explain [all] [of] [the] (fields|properties) (of|in|for) [a] {kind:kind}",
        "explain [the] (spec|specification) (of|in|for) [a] {kind:kind} => field=spec",
        "explain [the] status (of|in|for) [a] {kind:kind} => field=status",
        "explain [the] {kind:kind} (spec|specification) => field=spec",
        "explain [the] {kind:kind} status => field=status",
        "(describe|show|give me) [the] (schema|fields) (of|for) [a] {kind:kind}",
        "what does [the] field {field:word} (in|of|on|for) [a] {kind:kind} (do|mean|stand for)",
        "what is [the] field {field:word} (in|of|on|for) [a] {kind:kind} [for]",
        "(which|what) values (can|does|may) [the] [field] {field:word} (of|in|on|for) [a] {kind:kind} (have|take|be)",
        "(which|what) values (are|is) (allowed|possible|valid) for [the] [field] {field:word} (of|in|on|for) [a] {kind:kind}",
        "explain [the] {field:word} (of|in|for) [a] {kind:kind}",
        "explain [the] {kind:kind} {field:word} [field|to me]",
        "[<show>|read|open] [the] (doc|docs|documentation|schema|reference|api docs|api reference|api documentation) (for|of|on|about) [the] {kind:kind} [kind|object|resource]",
        "[<show>|read] [the] {kind:kind} (doc|docs|documentation|schema|reference|api docs|api reference)",
        "[<show>|read] [the] (doc|docs|documentation|schema|reference|api docs) (for|of|on|about) {kind:word}",
        "[<show>|read] [the] (doc|docs|documentation|schema|reference) (for|of|on|about) [the] {field:word} (of|in) [a] {kind:kind}",
        "(what|which) (fields|properties|attributes|options|settings) (does|do|can|has|have) [a] {kind:kind} (have|has|take|accept|support)",
        "(what|which) (fields|properties|attributes|options|settings) (does|do|can|has|have) [a] {kind:kind} (spec|specification) (have|has|take|accept|support|contain) => field=spec",
        "(what|which) (fields|properties|attributes|options|settings) (does|do|can|has|have) [a] {kind:kind} status (have|has|contain) => field=status",
        "(what|which) (fields|properties|attributes|options|settings) (are|go|exist) (in|of|into) [a] {kind:kind}",
        "(what|which) (fields|properties|attributes|options|settings) (are|go|exist) (in|of|into) [a] {kind:kind} spec => field=spec",
        "(what|which) (fields|properties|attributes|options|settings) (are|go|exist) (in|of|into) [the] spec of [a] {kind:kind} => field=spec",
        "[<show>|list] [all] [the] (fields|properties|schema) (of|for|in) [a] {kind:kind}",
        "[<show>|list] [all] [the] (fields|properties) (of|for|in) [a] {kind:kind} spec => field=spec",
        "what (can|do|must|should) (i|you|we|one) [have to] (put|set|write|specify|configure) (in|into|on|for) [a] {kind:kind}",
        "what (can|do|must|should) (i|you|we|one) [have to] (put|set|write|specify|configure) (in|into|on|for) [a] {kind:kind} spec => field=spec",
        "what does [the] [field] {field:word} (do|mean) (in|of|on|for) [a] {kind:kind}",
        "what is [the] [field] {field:word} (in|of|on) [a] {kind:kind} (for|good for|about)",
        "what does [the] [field] {kind:word} (do|mean)",
        "what (kind|type) [of value] is [the] [field] {field:word} (in|of|on) [a] {kind:kind}",
        "how (do|does|can|should) [a|an|the] readiness (probe|probes) work => kind=pod, field=spec.containers.readinessProbe",
        "how (do|does|can|should) [a|an|the] liveness (probe|probes) work => kind=pod, field=spec.containers.livenessProbe",
        "how (do|does|can|should) [a|an|the] startup (probe|probes) work => kind=pod, field=spec.containers.startupProbe",
        "(explain|describe) [the] readiness (probe|probes) => kind=pod, field=spec.containers.readinessProbe",
        "(explain|describe) [the] liveness (probe|probes) => kind=pod, field=spec.containers.livenessProbe",
        "explain [the] (rollout|update|deployment) strategy => kind=deployment, field=spec.strategy",
        "explain resource (requests|limits|requests and limits) => kind=pod, field=spec.containers.resources",
        "(how (do|does)|explain) [a] {kind:kind} (work|function)",
        "what is [a|an] {kind:kind} (for|good for|used for)",
        "what (does|do) [a|an] {kind:kind} do",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(recursively|recursive|--recursive|in full depth|with all nested fields|including nested fields) => recursive=true",
        "in (detail|depth)",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let (kind, path) = self.parts();
        let whole = if path.is_empty() { kind } else { format!("{kind}.{path}") };
        CommandLine::kubectl().arg("explain").arg(whole).flag_if(self.recursive, "--recursive")
    }

    fn check(&self) -> Result<()> {
        let (kind, path) = self.parts();
        check_name("kind", &kind)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._$/[]*".contains(c);
        if path.chars().all(plain) && !path.starts_with('-') {
            return Ok(());
        }
        Err(Feedback::new(ErrorKind::InvalidArguments, format!("{path:?} cannot be the path of a field"))
            .next("write it like spec.strategy.rollingUpdate")
            .into())
    }
}

impl ExplainKind {
    /// The kind and the path below it, whichever way they were said.
    fn parts(&self) -> (String, String) {
        let typed = self.kind.trim();
        // `deployments.apps` is a kind with its group, `deployment.spec` a kind and a field.
        let split = match typed.split_once('.') {
            Some((kind, rest))
                if ["spec", "status", "metadata", "data"]
                    .contains(&rest.split('.').next().unwrap_or(rest)) =>
            {
                Some((kind, rest))
            }
            _ => None,
        };
        let (kind, below) = split.unwrap_or((typed, ""));
        let field = self.field.as_deref().unwrap_or_default().trim().trim_matches('.');
        let field = match (friendly(kind, field), field.is_empty()) {
            (_, true) => String::new(),
            (Some(path), false) if !field.contains('.') => path,
            _ => field.replace("[*]", ""),
        };
        let path = match (below.is_empty(), field.is_empty()) {
            (true, _) => field,
            (false, true) => below.to_owned(),
            (false, false) => format!("{below}.{field}"),
        };
        (kind.to_owned(), path)
    }
}

/// The path of a field that people call otherwise than it is: "strategy" is `spec.strategy`.
fn friendly(kind: &str, field: &str) -> Option<String> {
    let kinds = KindIndex::builtin();
    let found = kinds.find(kind)?;
    if ["spec", "status", "metadata", "data"].contains(&field) {
        return None;
    }
    let paths = friendly_paths(&found.kind, field)?;
    match paths.as_slice() {
        [one] => Some(one.replace(".*", "")),
        _ => None,
    }
}

impl ReadTool for ExplainKind {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        explain(self, world.cluster().await?).await
    }
}

async fn explain(wanted: &ExplainKind, cluster: &Cluster) -> Result<Outcome> {
    let (kind, path) = wanted.parts();
    let resource = cluster.kind(&kind).await?;
    let schema = cluster.schema(&resource).await?;
    let (path, described, found) = match schema.describe(&path, wanted.recursive) {
        Ok(described) => (path, described, None),
        // A field by its name alone, wherever it stands.
        Err(error) => match schema.find(&path).filter(|_| !path.contains('.')) {
            Some(whole) => {
                let described = schema.describe(&whole, wanted.recursive)?;
                let line = CommandLine::kubectl().arg("explain").arg(format!("{kind}.{whole}"));
                let note = format!("the field stands at {whole}: `{line}`");
                (whole, described, Some(note))
            }
            None => return Err(error),
        },
    };
    let first = described.field.description.split(['\n', '.']).next().unwrap_or_default().trim();
    let what = if path.is_empty() {
        format!("{} ({})", resource.kind, version(&resource))
    } else {
        format!("{}.{path} <{}>", resource.kind, described.field.type_name)
    };
    let summary = if first.is_empty() { what } else { format!("{what}: {first}") };
    let fields: Vec<_> = described.fields.iter().map(field_data).collect();
    let data = json!({"kind": resource.kind, "version": version(&resource), "path": path,
        "type": described.field.type_name, "description": described.field.description,
        "values": described.field.values, "fields": fields});
    let outcome = Outcome::sentence(summary).view(View::Text(text(&resource, &path, &described))).data(data);
    Ok(match found {
        Some(note) => outcome.note(note),
        None => outcome,
    })
}

fn field_data(field: &SchemaField) -> serde_json::Value {
    json!({"name": field.name, "type": field.type_name, "required": field.required,
        "description": field.description, "values": field.values, "depth": field.depth})
}

fn version(resource: &ResourceType) -> String {
    if resource.group.is_empty() {
        resource.version.clone()
    } else {
        format!("{}/{}", resource.group, resource.version)
    }
}

fn text(resource: &ResourceType, path: &str, described: &Described) -> String {
    let mut text = format!("KIND:     {}\nVERSION:  {}\n", resource.kind, version(resource));
    if !path.is_empty() {
        text.push_str(&format!("FIELD:    {path} <{}>\n", described.field.type_name));
    }
    text.push_str("\nDESCRIPTION:\n");
    let said = if described.field.description.is_empty() { "(none)" } else { &described.field.description };
    wrap(said, "    ", &mut text);
    if !described.field.values.is_empty() {
        text.push_str(&format!("    one of: {}\n", described.field.values.join(", ")));
    }
    if described.fields.is_empty() {
        return text;
    }
    text.push_str("\nFIELDS:\n");
    let recursive = described.fields.iter().any(|field| field.depth > 0);
    for field in &described.fields {
        let indent = "  ".repeat(field.depth + 1);
        let required = if field.required { " -required-" } else { "" };
        text.push_str(&format!("{indent}{}\t<{}>{required}\n", field.name, field.type_name));
        if !recursive {
            wrap(&field.description, "      ", &mut text);
            if !field.values.is_empty() {
                text.push_str(&format!("      one of: {}\n", field.values.join(", ")));
            }
            text.push('\n');
        }
    }
    text
}

fn wrap(said: &str, indent: &str, text: &mut String) {
    for paragraph in said.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && indent.len() + line.chars().count() + 1 + word.chars().count() > WIDTH {
                text.push_str(&format!("{indent}{line}\n"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        text.push_str(format!("{indent}{line}").trim_end());
        text.push('\n');
    }
}

pub(crate) static TOOL: Reader<ExplainKind> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (json!({"kind": "deployment"}), "kubectl explain deployment"),
            (json!({"kind": "pod.spec.tolerations"}), "kubectl explain pod.spec.tolerations"),
            (json!({"kind": "deploy", "field": "strategy"}), "kubectl explain deploy.spec.strategy"),
            (
                json!({"kind": "cronjob", "field": "spec", "recursive": true}),
                "kubectl explain cronjob.spec --recursive",
            ),
            (
                json!({"kind": "deployments.apps", "field": "spec.template"}),
                "kubectl explain deployments.apps.spec.template",
            ),
            (
                json!({"kind": "deployment", "field": "image"}),
                "kubectl explain deployment.spec.template.spec.containers.image",
            ),
        ] {
            assert_eq!(Call::new("explain_kind", arguments).bind().unwrap().command().to_string(), line);
        }
        for kind in ["--help", "a b", "pod.spec.$(x)"] {
            assert!(
                Call::new("explain_kind", json!({"kind": kind})).bind().unwrap().check().is_err(),
                "{kind}"
            );
        }
    }

    #[tokio::test]
    async fn the_clusters_own_words_are_shown() {
        let cluster = answering(|uri| {
            assert_eq!(uri, "/openapi/v3/apis/apps/v1");
            json!({"components": {"schemas": {"D": {"description": "Deployment enables declarative updates. More.",
                "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Deployment"}],
                "required": ["spec"], "properties": {"spec": {"type": "object", "description": "What is wanted.",
                "properties": {"paused": {"type": "boolean", "description": "Whether it waits."}}}}}}}})
        });
        let wanted: ExplainKind = serde_json::from_value(json!({"kind": "deployment"})).unwrap();
        let outcome = explain(&wanted, &cluster).await.unwrap();
        assert_eq!(outcome.summary, "Deployment (apps/v1): Deployment enables declarative updates");
        let View::Text(text) = &outcome.view else { panic!("{outcome:?}") };
        assert!(text.contains("  spec\t<object> -required-\n      What is wanted.\n"), "{text}");
        let wanted: ExplainKind = serde_json::from_value(json!({"kind": "deployment.spec.paused"})).unwrap();
        let by_name: ExplainKind =
            serde_json::from_value(json!({"kind": "deployment", "field": "paused"})).unwrap();
        let outcome = explain(&by_name, &cluster).await.unwrap();
        assert_eq!(
            outcome.notes,
            ["the field stands at spec.paused: `kubectl explain deployment.spec.paused`"]
        );
        assert_eq!(
            explain(&wanted, &cluster).await.unwrap().summary,
            "Deployment.spec.paused <boolean>: Whether it waits"
        );
    }
}
