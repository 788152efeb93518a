//! `get_resource`: one object as kubectl's row, as YAML or JSON, or one field of it as a sentence.
//!
//! A Secret is never given as YAML, JSON or a field, masked or not: the equivalent command would print it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::gate;
use crate::kubernetes::{
    Cluster, Field, KindIndex, Listing, ListingWords, Target, age, find_fields, friendly_paths, inline,
    near_fields, secret_keys,
};
use crate::outcome::{Outcome, View};
use crate::preview::ObjectIdentity;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Get one object: its row, its YAML or JSON, or one field (image, replicas, schedule, labels, …).
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetResource {
    /// Kind of the object.
    kind: Option<String>,
    /// Name of the object.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// How to show it.
    output: Option<Output>,
    /// One field instead of the whole object, such as `image`, `replicas` or `spec.strategy`.
    field: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Output {
    Table,
    Yaml,
    Json,
}

impl Tool for GetResource {
    const NAME: &'static str = "get_resource";
    const PHRASES: &'static [&'static str] = &[
        "[<show>] [the] yaml [definition|manifest|spec|file] (of|for|from) {object} => output=yaml",
        "[<show>] [the] json [definition|manifest|spec] (of|for|from) {object} => output=json",
        "[<show>] [the] (manifest|definition|spec|specification|source) (of|for) {object} => output=yaml",
        "[<show>] {object} (as|in) yaml [format] => output=yaml",
        "[<show>] {object} (as|in) json [format] => output=json",
        "(dump|print|export|output|cat) {object} [(as|in|to) yaml] => output=yaml",
        "(dump|print|export|output) {object} (as|in|to) json => output=json",
        "[<show>] {object} (-o|-oyaml|--output|output) yaml => output=yaml",
        "[<show>] {object} (-o|-ojson|--output|output) json => output=json",
        "[<show>] {object} (yaml|manifest) => output=yaml",
        "[<show>] {object} json => output=json",
        "<show> {object}",
        "is {object} [still|already] (up and running|running|up|alive|there|available)",
        "(is there|does|do we have) [a] {object} [exist]",
        "(what|which) image [version|tag] (is|does) {object} [running|run|use|using|on|have] => field=image",
        "(what|which) (version|tag) (of|is) {object} [running|run|on] [is running|is deployed|do we run] => field=image",
        "[<show>] [the] image [tag|version] (of|for|in) {object} => field=image",
        "{object} image => field=image",
        "(how many) (replicas|pods|instances|copies) (does|has|of|is) {object} [have|has|run|running|are there|with] => field=replicas",
        "[<show>] [the] (replicas|replica count|number of replicas) (of|for) {object} => field=replicas",
        "[<show>] [the] [cron] schedule (of|for) {object} => field=schedule",
        "(when|how often) does {object} run => field=schedule",
        "{object} schedule => field=schedule",
        "[<show>] [the] (min|minimum) and (max|maximum) [replicas] (of|for) {object} => field=min and max",
        "[<show>] [the] (min|minimum) [replicas] (of|for) {object} => field=min",
        "[<show>] [the] (max|maximum) [replicas] (of|for) {object} => field=max",
        "(which|what) node (is|does) {object} [run|running|scheduled|on] [on] => field=node",
        "where (is|does) {object} [running|run|scheduled] => field=node",
        "[<show>] [the] node of {object} => field=node",
        "[<show>] [the] cluster ip [address] (of|for) {object} => field=cluster ip",
        "[<show>] [the] external (ip|address) (of|for) {object} => field=external ip",
        "[<show>] [the] (ip|ip address|address) (of|for) {object} => field=ip",
        "(which|what) (port|ports) (does|is|are|do) {object} [listen on|listening on|expose|exposing|use|on|have|serve] => field=ports",
        "[<show>] [the] (port|ports) (of|for|on) {object} => field=ports",
        "[<show>] [the] (label|labels) (of|for|on) {object} => field=labels",
        "(which|what) labels (does|do|has) {object} [have] => field=labels",
        "[<show>] [the] (annotation|annotations) (of|for|on) {object} => field=annotations",
        "[<show>] [the] (selector|selectors) (of|for) {object} => field=selector",
        "(what|which) (pods|labels) does {object} select => field=selector",
        "[<show>] [the] [resource] requests (of|for) {object} => field=requests",
        "[<show>] [the] [resource] limits (of|for|on) {object} => field=limits",
        "[<show>] [the] (cpu|processor) request (of|for) {object} => field=cpu request",
        "[<show>] [the] memory request (of|for) {object} => field=memory request",
        "[<show>] [the] cpu limit (of|for|on) {object} => field=cpu limit",
        "[<show>] [the] memory limit (of|for|on) {object} => field=memory limit",
        "[<show>] [the] (requests and limits|limits and requests|resources) (of|for) {object} => field=resources",
        "[<show>] [the] (env|environment|environment variables|env vars) (of|for|in) {object} => field=env",
        "[<show>] [the] (host|hosts|hostname|hostnames|domain) (of|for) {object} => field=hosts",
        "[<show>] [the] (type) (of) {object} => field=type",
        "(what|which) type [of service] is {object} => field=type",
        "[<show>] [the] (phase|state) of {object} => field=status",
        "[<show>] [the] age of {object} => field=age",
        "(how old is|when was) {object} [created] => field=age",
        "(which|what) service account (does|is) {object} [use|using|run as|running as] => field=service account",
        "[<show>] [the] service account (of|for) {object} => field=service account",
        "[<show>] [the] [update|rollout] strategy (of|for) {object} => field=strategy",
        "[<show>] [the] (size|capacity|storage) (of|for) {object} => field=size",
        "[<show>] [the] [kubelet] version (of|on) {object} => field=version",
        "[<show>] [the] (probes|health checks) (of|for|on) {object} => field=probes",
        "[<show>] [the] (command|entrypoint) (of|for) {object} => field=command",
        "[<show>] [the] containers (of|in) {object} => field=containers",
        "[<show>] [the] volumes (of|in) {object} => field=volumes",
        "[<show>] [the] (owner|controller) of {object} => field=owner",
        "[<show>] [the] (value|setting) of {field:word} (in|from) {object}",
        "[<show>] {field:word} (in|from) {object}",
        "[<show>] [the] {field:word} (of|for) {object}",
        "(what is) {object} {field:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let object = crate::kubernetes::reference(self.kind.as_deref(), self.name.as_deref());
        if self.is_secret() {
            return CommandLine::kubectl().arg("describe").arg(object).namespace(self.namespace.as_deref());
        }
        let line = CommandLine::kubectl().arg("get").arg(object).namespace(self.namespace.as_deref());
        match (&self.field, self.output) {
            (Some(field), _) => line.arg("-o").arg(self.jsonpath(field).unwrap_or_else(|| "yaml".to_owned())),
            (None, Some(Output::Yaml)) => line.args(["-o", "yaml"]),
            (None, Some(Output::Json)) => line.args(["-o", "json"]),
            (None, Some(Output::Table) | None) => line,
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Any,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        crate::kubernetes::check_arguments(
            self.kind.as_deref(),
            self.name.as_deref(),
            self.namespace.as_deref(),
            None,
        )?;
        if self.is_secret() && self.shows_values() {
            return Err(refused(self.name.as_deref(), self.namespace.as_deref()).into());
        }
        Ok(())
    }
}

fn refused(name: Option<&str>, namespace: Option<&str>) -> Feedback {
    let by_hand = CommandLine::kubectl()
        .args(["get", "secret"])
        .arg(name.unwrap_or("NAME"))
        .namespace(namespace)
        .args(["-o", "jsonpath={.data.KEY}"]);
    Feedback::new(ErrorKind::Refused, "shipmate does not read out the values of Secrets").next(format!(
        "ask to describe it for its keys and sizes; to read one value yourself: {by_hand} | base64 -d"
    ))
}

impl GetResource {
    fn is_secret(&self) -> bool {
        let word = self.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
        matches!(word.split('.').next(), Some("secret" | "secrets"))
    }

    /// Whether what is asked for would show the values of a Secret.
    fn shows_values(&self) -> bool {
        let only_names = |field: &String| {
            ["key", "keys", "name", "names", "size", "sizes"].contains(&field.to_lowercase().as_str())
        };
        match &self.field {
            Some(field) => !only_names(field),
            None => matches!(self.output, Some(Output::Yaml | Output::Json)),
        }
    }

    /// The field as kubectl's jsonpath, when its place is known without looking.
    fn jsonpath(&self, field: &str) -> Option<String> {
        let known = KindIndex::builtin();
        let kind = known.find(self.kind.as_deref()?)?;
        let paths = friendly_paths(&kind.kind, field)
            .or_else(|| field.contains('.').then(|| vec![field.trim_start_matches('.').to_owned()]))?;
        let parts: Vec<String> =
            paths.iter().map(|path| format!("{{.{}}}", path.replace(".*", "[*]"))).collect();
        Some(format!("jsonpath={}", parts.join(" ")))
    }
}

impl ReadTool for GetResource {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster().await?;
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        get(self, cluster, &target).await
    }
}

async fn get(wanted: &GetResource, cluster: &Cluster, target: &Target) -> Result<Outcome> {
    // Asked again of the type itself: a kind may go by a name that `check` cannot know.
    if target.resource.kind == "Secret" && target.resource.group.is_empty() {
        if wanted.shows_values() {
            return Err(refused(Some(&target.name), target.namespace.as_deref()).into());
        }
        let (object, identity) = target.read(cluster).await?;
        return Ok(secret(&object, &identity));
    }
    match (&wanted.field, wanted.output) {
        (Some(field), _) => {
            let (mut object, identity) = target.read(cluster).await?;
            gate::mask_object(&mut object);
            answer(&object, &identity, field)
        }
        (None, Some(output @ (Output::Yaml | Output::Json))) => {
            let (mut object, identity) = target.read(cluster).await?;
            gate::mask_object(&mut object);
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("managedFields");
            }
            let text = if output == Output::Yaml {
                serde_saphyr::to_string(&object).unwrap_or_default()
            } else {
                serde_json::to_string_pretty(&object).unwrap_or_default()
            };
            Ok(Outcome::sentence(identity.label()).view(View::Text(text)).data(object))
        }
        (None, Some(Output::Table) | None) => row(cluster, target).await,
    }
}

/// The object's row of the server's table.
async fn row(cluster: &Cluster, target: &Target) -> Result<Outcome> {
    let fields = format!("metadata.name={}", target.name);
    let table =
        cluster.table(&target.resource, target.namespace.as_deref(), None, Some(&fields), None).await?;
    if table.rows.is_empty() {
        return Err(Feedback::new(ErrorKind::NotFound, format!("there is no {}", target.label()))
            .next(format!("`kubectl get {}` lists what there is", target.resource.plural))
            .into());
    }
    let mut listing = Listing::new(ListingWords {
        namespace: Some(target.namespace.clone().unwrap_or_default()),
        ..ListingWords::default()
    });
    listing.add(&target.resource, &table, 1, true);
    let mut outcome = listing.outcome();
    outcome.summary = target.label();
    Ok(outcome)
}

/// What may be said of a Secret.
fn secret(object: &Value, identity: &ObjectIdentity) -> Outcome {
    let table = secret_keys(object);
    let kind = object.get("type").and_then(Value::as_str).unwrap_or("Opaque");
    let keys: Vec<&str> = table.rows.iter().filter_map(|row| row.first()).map(String::as_str).collect();
    let summary = format!(
        "{} ({kind}) holds {}",
        identity.label(),
        if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
    );
    let data = json!({"type": kind, "keys": table.rows});
    Outcome::sentence(summary).view(View::Tables(vec![(String::new(), table)])).data(data)
}

/// The field as a sentence.
fn answer(object: &Value, identity: &ObjectIdentity, name: &str) -> Result<Outcome> {
    let fields = find_fields(object, name);
    if fields.is_empty() {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        if friendly_paths(kind, name).is_some() {
            return Ok(Outcome::sentence(format!("{} sets no {name}", identity.label())));
        }
        return Err(Feedback::new(
            ErrorKind::NotFound,
            format!("{} has no field {name:?}", identity.label()),
        )
        .next("ask for its YAML to see every field")
        .candidates(near_fields(object, name))
        .into());
    }
    let said: Vec<String> = fields.iter().map(|field| one(field, fields.len() > 1)).collect();
    let data = fields.iter().map(|field| {
        let values: Vec<&Value> = field.values.iter().map(|(_, value)| value).collect();
        json!({"path": field.path, "values": values})
    });
    Ok(Outcome::sentence(format!("{} of {}: {}", name.trim(), identity.label(), said.join(", ")))
        .data(data.collect()))
}

/// One field's values; with its own last name when it is one of several, with the list items' names when those
/// are several.
fn one(field: &Field, named: bool) -> String {
    let several = field.values.len() > 1;
    let values: Vec<String> = field
        .values
        .iter()
        .map(|(item, value)| match item {
            _ if field.path == "metadata.creationTimestamp" => {
                format!("{}, since {}", age(Some(value), Timestamp::now()), inline(value))
            }
            Some(item) if several => format!("{item}={}", inline(value)),
            _ => inline(value),
        })
        .collect();
    let values = values.join(", ");
    match field.path.rsplit('.').find(|step| *step != "*") {
        Some(last) if named => format!("{last} {values}"),
        _ => values,
    }
}

pub(crate) static TOOL: Reader<GetResource> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;

    fn bound(arguments: Value) -> Box<dyn crate::tool::BoundCall> {
        Call::new("get_resource", arguments).bind().unwrap()
    }

    async fn read(arguments: Value, object: Value) -> Result<Outcome> {
        let wanted: GetResource = serde_json::from_value(arguments).unwrap();
        let cluster = answering(move |_| object.clone());
        let target = cluster
            .target(wanted.kind.as_deref(), wanted.name.as_deref(), wanted.namespace.as_deref())
            .await?;
        get(&wanted, &cluster, &target).await
    }

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (
                json!({"kind": "deployment", "name": "web", "namespace": "shop"}),
                "kubectl get deployment/web -n shop",
            ),
            (json!({"kind": "configmap", "name": "c", "output": "json"}), "kubectl get configmap/c -o json"),
            (
                json!({"kind": "deployment", "name": "web", "field": "image"}),
                "kubectl get deployment/web -o 'jsonpath={.spec.template.spec.containers[*].image}'",
            ),
            (
                json!({"kind": "horizontalpodautoscaler", "name": "web", "field": "min and max"}),
                "kubectl get horizontalpodautoscaler/web -o 'jsonpath={.spec.minReplicas} {.spec.maxReplicas}'",
            ),
            (json!({"kind": "widget", "name": "w", "field": "colour"}), "kubectl get widget/w -o yaml"),
            (
                json!({"kind": "secret", "name": "s", "namespace": "shop"}),
                "kubectl describe secret/s -n shop",
            ),
        ] {
            assert_eq!(bound(arguments).command().to_string(), line);
        }
    }

    #[tokio::test]
    async fn a_secret_gives_away_keys_and_sizes_only() {
        for asked in [json!({"output": "yaml"}), json!({"output": "json"}), json!({"field": "data"})] {
            for kind in ["secret", "Secrets", "secrets.v1."] {
                let mut arguments = json!({"kind": kind, "name": "s", "namespace": "shop"});
                arguments.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
                let error = bound(arguments.clone()).check().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Refused, "{arguments}");
            }
        }
        let secret = json!({"kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque", "data": {"PASSWORD": "aHVudGVyMg=="}});
        let outcome =
            read(json!({"kind": "secret", "name": "s", "namespace": "shop"}), secret.clone()).await.unwrap();
        assert_eq!(outcome.summary, "Secret shop/s (Opaque) holds PASSWORD");
        assert!(!serde_json::to_string(&outcome).unwrap().contains("aHVudGVyMg"), "{outcome:?}");
        let error = read(json!({"kind": "secret", "name": "s", "output": "yaml"}), secret).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }

    #[tokio::test]
    async fn a_field_is_answered_in_a_sentence() {
        let deployment = json!({"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": [
            {"name": "web", "image": "web:1", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]}}}});
        let ask =
            |field: &str| json!({"kind": "deployment", "name": "web", "namespace": "shop", "field": field});
        let image = read(ask("image"), deployment.clone()).await.unwrap();
        assert_eq!(image.summary, "image of Deployment shop/web: web:1");
        let environment = read(ask("env"), deployment.clone()).await.unwrap();
        assert!(!environment.summary.contains("hunter2"), "{}", environment.summary);
        let unset = read(ask("limits"), deployment.clone()).await.unwrap();
        assert_eq!(unset.summary, "Deployment shop/web sets no limits");
        let error = read(ask("colour"), deployment).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
