//! `set_env`: environment variables of a container of a workload, set or taken away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::gate::{is_sensitive_name, redact};
use crate::kubernetes::{
    Cluster, Target, WhichContainer, check_arguments, check_name, container, container_mut, field_path_of,
    make_edit, ownership_warnings, reference, said_container, template_waits, try_edit, wait_for_template,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Set or remove environment variables of a workload; new pods replace the old ones.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetEnv {
    /// Kind of the workload: deployment, statefulset, daemonset or cronjob.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Variables to set, each as NAME=value.
    #[serde(default)]
    values: Vec<String>,
    /// Names of variables to remove.
    #[serde(default)]
    remove: Vec<String>,
    /// Which container, when there are several.
    container: Option<String>,
}

impl Tool for SetEnv {
    const NAME: &'static str = "set_env";
    const PHRASES: &'static [&'static str] = &[
        "(set|add|put|define|change|update|export|inject|pass|configure|apply|use) [the|new] [env|environment] [variable|variables|var|vars] {values:assignment} (on|in|for|to|of|into|at|with) {object}",
        "(set|add|put|define|change|update|export|inject|pass) [the|new] [env|environment] [variable|variables|var|vars] {values:assignment} [and] {values:assignment} (on|in|for|to|of|into) {object}",
        "(set|add|put|define|change|update|export|inject|pass) [the|new] [env|environment] [variable|variables|var|vars] {values:assignment} {values:assignment} [and] {values:assignment} (on|in|for|to|of|into) {object}",
        "(set|change|update|give|configure|run|start) {object} [to] [with|the|a] [new] [env|environment] [variable|variables|var|vars] {values:assignment}",
        "(set|change|update|give|configure|run) {object} [to] [with|the] [env|environment] [variables|vars] {values:assignment} [and] {values:assignment}",
        "(set|change|update|extend) [the] (env|environment|variables|environment variables|env vars) (of|for|on|in) {object} [to|with|by] {values:assignment} [and] [{values:assignment}]",
        "[the] (env|environment|env var|environment variable|variable) [called|named] {key:word} (set to|to be|to|should be|must be) {value:value} (on|in|for) {object} => values={key}={value}",
        "(on|in|for) {object} (set|change|add|define) [the] [env|environment] [variable|var] {values:assignment}",
        "(set|add|put|define|change|update|create|make) [the|a|an|new] (env|environment|env var|environment variable|variable|env variable) [called|named] {key:word} [and] (to|=|as|with value|with the value|with|equal to|set to|of) {value:value} (on|in|for|to|of|into) {object} => values={key}={value}",
        "(set|change|update|turn|switch) [the] (env|environment|env var|environment variable|variable|env variable) [called|named] {key:word} (on|in|for|of) {object} [from {_:any}] [over] (to|as) {value:value} => values={key}={value}",
        "(set|change|update|make|put|turn|switch|configure) {key:variable} (on|in|for|of) {object} [from {_:any}] [over] (to|as|=) {value:value} => values={key}={value}",
        "(set|change|update|make|put|turn|switch|configure|add) {key:variable} [from {_:any}] (to|as|=|with value|with the value) {value:value} (on|in|for|of|to) {object} => values={key}={value}",
        "(set|change|update|make|switch|turn) {object} {key:variable} [from {_:any}] (to|=) {value:value} => values={key}={value}",
        "{object} (should|must|shall|needs to) (run with|have|get) [the] [env|environment] [variable|var] {values:assignment}",
        "{key:variable} (of|on|in|for) {object} (should|must|shall|has to|needs to) be {value:value} => values={key}={value}",
        "set env {object} {values:assignment}",
        "(remove|delete|unset|drop|clear|get rid of|take|strip) [the] [env|environment] (variable|var|variables|vars|env|env var|environment variable) [called|named] {remove:word} [away] (from|on|in|of|off) {object}",
        "(remove|delete|unset|drop|clear|get rid of|take|strip) [the] [variable] {remove:variable} [env|environment] [variable|var] [away] (from|on|in|of|off) {object}",
        "(remove|delete|unset|drop|clear|get rid of) {object} [env|environment] [variable|var] {remove:variable}",
        "(remove|delete|unset|drop|clear) [the] {remove:variable} [away] (from|on|in|of) {object} (env|environment|variables)",
        "unset {remove:word} (on|in|from|of|for) {object}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(in|on|of|for) [the] {container:word} container",
        "(in|on|of|for) [the] container {container:word}",
        "(-c|--containers) {container:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["set", "env"])
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .args(&self.values)
            .args(self.remove.iter().map(|name| format!("{name}-")))
            .option("--containers", self.container.as_deref())
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Inside {
            object: ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: None,
                accepts: ObjectAccepts::Template,
                required: true,
            },
            inside: Box::new(WhichContainer { container: &mut self.container, image: None }),
        }]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        if let Some(container) = &self.container {
            check_name("container", container)?;
        }
        let invalid = |message: String, next: &str| {
            Err(Feedback::new(ErrorKind::InvalidArguments, message).next(next).into())
        };
        if self.values.is_empty() && self.remove.is_empty() {
            return invalid(
                "which variable is not said".to_owned(),
                "say it as NAME=value, or which variable to remove",
            );
        }
        for pair in &self.values {
            let name = pair.split_once('=').map(|(name, _)| name);
            if !name.is_some_and(is_variable_name) {
                return invalid(
                    format!("{:?} does not set a variable", name.unwrap_or("that")),
                    "write it as NAME=value; names are made of letters, digits, dashes, dots and underscores",
                );
            }
        }
        if let Some((name, value)) = self.pairs().find(|(name, _)| is_field(name)) {
            return invalid(
                format!("{name} looks like a field of the object and not like a variable"),
                &format!(
                    "to change the field, say: set {name} to {value}; variables are written in capitals"
                ),
            );
        }
        for name in &self.remove {
            if !is_variable_name(name) {
                return invalid(format!("{name:?} is not the name of a variable"), "name it without a value");
            }
        }
        let twice = self.pairs().find(|(name, _)| self.remove.iter().any(|other| other == name));
        if let Some((name, _)) = twice {
            return invalid(format!("{name} cannot be set and removed at once"), "leave one of them out");
        }
        Ok(())
    }
}

/// What kubectl takes for the name of a variable (k8s.io/apimachinery, `IsEnvVarName`), without a leading dash.
fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// Whether a name is written as fields of objects are: `minReadySeconds`, `spec.paused`.
fn is_field(name: &str) -> bool {
    let hump =
        |two: &[u8]| matches!(two, [one, other] if one.is_ascii_lowercase() && other.is_ascii_uppercase());
    let lower = name.starts_with(|c: char| c.is_ascii_lowercase());
    (lower && name.as_bytes().windows(2).any(hump))
        || name.starts_with("spec.")
        || name.starts_with("metadata.")
}

fn text<'o>(entry: &'o Value, key: &str) -> &'o str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a variable's value must not be written down anywhere.
fn is_secret(entry: &Value) -> bool {
    let value = text(entry, "value");
    !value.is_empty() && (is_sensitive_name(text(entry, "name")) || redact(value) != value)
}

impl SetEnv {
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().filter_map(|pair| pair.split_once('='))
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    fn change<'s>(&'s self, container: &'s str) -> impl Fn(&mut Value) -> Result<()> + 's {
        move |object| {
            let Some(fields) = container_mut(object, container)?.as_object_mut() else { return Ok(()) };
            let mut list = match fields.get("env") {
                Some(Value::Array(list)) => list.clone(),
                _ => Vec::new(),
            };
            list.retain(|entry| !self.remove.iter().any(|name| name == text(entry, "name")));
            for (name, value) in self.pairs() {
                let wanted = json!({"name": name, "value": value});
                match list.iter_mut().find(|entry| text(entry, "name") == name) {
                    Some(entry) => *entry = wanted,
                    None => list.push(wanted),
                }
            }
            // What is empty is not there: removing the last variable leaves no list behind.
            if list.is_empty() {
                fields.shift_remove("env");
            } else {
                fields.insert("env".to_owned(), Value::Array(list));
            }
            Ok(())
        }
    }

    /// The call that puts the variables back as they were, in their order; none when that would write down what
    /// looks like a secret.
    fn way_back(&self, object: &Value) -> Option<Call> {
        let name = self.container.as_deref()?;
        let path = field_path_of(object, name, "env");
        let list = container(object, name)?.get("env").and_then(Value::as_array);
        let mut arguments =
            json!({"kind": self.kind, "name": self.name, "namespace": self.namespace, "path": path});
        match list {
            None => arguments["remove"] = json!(true),
            Some(list) if list.iter().any(is_secret) => return None,
            Some(list) => arguments["value"] = json!(Value::Array(list.clone()).to_string()),
        }
        Some(Call::new("patch_resource", arguments))
    }

    fn warnings(&self, object: &Value, undo: bool) -> Vec<String> {
        let mut warnings = ownership_warnings(object, "its variables");
        if let Some(why) = template_waits(object) {
            warnings.push(why.to_owned());
        }
        for (name, value) in self.pairs() {
            if is_secret(&json!({"name": name, "value": value})) {
                warnings.push(format!(
                    "{name} would stand in clear in the workload; a Secret that it refers to would not"
                ));
            }
        }
        if !undo {
            warnings.push(
                "this cannot be undone: the variables hold what looks like a secret, and that is not kept"
                    .to_owned(),
            );
        }
        warnings
    }

    fn summary(&self, object: &Value, name: &str, label: &str) -> String {
        let list = container(object, name).and_then(|one| one.get("env")).and_then(Value::as_array);
        let has = |name: &str| list.is_some_and(|list| list.iter().any(|entry| text(entry, "name") == name));
        let (mut new, mut other) = (Vec::new(), Vec::new());
        for (name, _) in self.pairs() {
            if has(name) { other.push(name) } else { new.push(name) }
        }
        let gone: Vec<&str> = self.remove.iter().map(String::as_str).filter(|name| has(name)).collect();
        let parts: Vec<String> = [("gets", new), ("changes", other), ("loses", gone)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(verb, names)| format!("{verb} {}", names.join(", ")))
            .collect();
        format!("container {name} of {label} {}", parts.join(" and "))
    }
}

impl ChangeTool for SetEnv {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let name = said_container(self.container.as_deref())?;
        let edit = try_edit(cluster, &target, self.change(name)).await?;
        let label = edit.identity.label();
        let summary = if edit.same {
            format!("container {name} of {label} has it that way already")
        } else {
            self.summary(&edit.before, name, &label)
        };
        let undo = self.way_back(&edit.before);
        let warnings = self.warnings(&edit.before, undo.is_some());
        Ok(edit.preview(summary, warnings, json!({"undo": undo})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let name = said_container(self.container.as_deref())?;
        make_edit(&cluster, &target, approval, self.change(name)).await?;
        Ok(Outcome::sentence(format!("the variables of container {name} of {} are changed", target.label()))
            .undo(self.undo(approval.preview())))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        wait_for_template(cluster, &target, deadline, progress).await
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        serde_json::from_value(shown.basis.get("undo")?.clone()).ok()
    }
}

pub(crate) static TOOL: Changer<SetEnv> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str], remove: &[&str]) -> SetEnv {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        SetEnv {
            kind: Some("deployment".into()),
            name: Some("web".into()),
            namespace: Some("shop".into()),
            values: texts(values),
            remove: texts(remove),
            container: Some("web".into()),
        }
    }

    fn deployment(env: &Value) -> Value {
        json!({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "web", "env": env}]}}}})
    }

    #[test]
    fn says_its_command() {
        assert_eq!(
            of(&["A=1", "B=x y"], &["C"]).command().to_string(),
            "kubectl set env deployment/web A=1 'B=x y' C- --containers=web -n shop"
        );
    }

    #[test]
    fn variables_are_set_in_their_place_and_removed() {
        let mut object = deployment(&json!([
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}, {"name": "B", "value": "2"}]));
        of(&["A=1", "C=3"], &["B"]).change("web")(&mut object).unwrap();
        assert_eq!(
            container(&object, "web").unwrap()["env"],
            json!([{"name": "A", "value": "1"}, {"name": "C", "value": "3"}])
        );
        of(&[], &["A", "C"]).change("web")(&mut object).unwrap();
        assert_eq!(container(&object, "web").unwrap().get("env"), None);
    }

    #[test]
    fn the_way_back_is_the_whole_list_unless_it_holds_a_secret() {
        let call = of(&["A=1"], &[]).way_back(&deployment(&json!([{"name": "B", "value": "2"}]))).unwrap();
        assert_eq!(call.arguments["path"], "spec.template.spec.containers[web].env");
        assert_eq!(call.arguments["value"], r#"[{"name":"B","value":"2"}]"#);
        let secret = deployment(&json!([{"name": "API_TOKEN", "value": "hunter2"}]));
        assert!(of(&["A=1"], &[]).way_back(&secret).is_none());
    }

    #[test]
    fn what_sets_nothing_is_refused() {
        for (values, remove) in [
            (&[][..], &[][..]),
            (&["=x"], &[]),
            (&["-A=1"], &[]),
            (&[], &["-x"]),
            (&["A=1"], &["A"]),
            (&["minReadySeconds=10"], &[]),
        ] {
            assert!(of(values, remove).check().is_err(), "{values:?} {remove:?}");
        }
        assert!(of(&["A="], &["b.c"]).check().is_ok());
    }
}
