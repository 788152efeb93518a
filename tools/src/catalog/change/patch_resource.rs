//! `patch_resource`: one field of any object, by its path or its name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::gate;
use crate::kubernetes::{
    Cluster, FieldPath, Target, WhichField, check_arguments, make_edit, ownership_warnings, reference,
    template_waits, try_edit, wait_for_template,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Change or remove one field of an object, such as minReadySeconds or the schedule of a CronJob.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchResource {
    /// Kind of the object.
    kind: Option<String>,
    /// Name of the object.
    name: Option<String>,
    /// Its namespace, for kinds that have one.
    namespace: Option<String>,
    /// The field: its name or its path, such as `spec.template.spec.containers[web].imagePullPolicy`.
    path: String,
    /// The new value: text, a number, true or false, or JSON.
    value: Option<String>,
    /// Remove the field instead.
    #[serde(default)]
    remove: bool,
}

/// Fields that people say in plain words, and their names.
macro_rules! phrases {
    ($(($words:literal, $field:literal)),*; $($other:literal),* $(,)?) => {
        &[
            $(
                concat!("(set|change|update|make|adjust|raise|lower|increase|decrease|switch) [the] ", $words, " (of|on|for|in) {object} [from {_:any}] [up|down] (to|=|as) {value:value} => path=", $field),
                concat!("(set|change|update|make|adjust|raise|lower|increase|decrease|switch) [the] {object} ", $words, " [from {_:any}] [up|down] (to|=|as) {value:value} => path=", $field),
            )*
            $($other),*
        ]
    };
}

impl Tool for PatchResource {
    const NAME: &'static str = "patch_resource";
    const PHRASES: &'static [&'static str] = phrases![
        ("[image] pull policy", "imagePullPolicy"),
        ("(min|minimum) ready seconds", "minReadySeconds"),
        ("[revision] history limit", "revisionHistoryLimit"),
        ("progress deadline [seconds]", "progressDeadlineSeconds"),
        ("[termination] grace period [seconds]", "terminationGracePeriodSeconds"),
        ("concurrency policy", "concurrencyPolicy"),
        ("service account [name]", "serviceAccountName"),
        ("priority class [name]", "priorityClassName"),
        ("restart policy", "restartPolicy"),
        ("dns policy", "dnsPolicy"),
        ("session affinity", "sessionAffinity"),
        ("[external] traffic policy", "externalTrafficPolicy"),
        ("(time zone|timezone)", "timeZone");
        "(set|change|update|make|adjust|modify|patch|edit|raise|lower|increase|decrease|put|switch) [the] [field] {path:field} (of|on|for|in) {object} [from {_:any}] [up|down] (to|=|as) {value:value}",
        "(set|change|update|make|adjust|modify|patch|edit|raise|lower|increase|decrease|put|switch) {object} {path:field} [from {_:any}] [up|down] (to|=|as) {value:value}",
        "(set|change|update|make|adjust|modify|patch|edit|put|switch) [the] [field] {path:field} (to|=|as) {value:value} (of|on|for|in) {object}",
        "(patch|edit|modify) {object} [so that|to set|setting|and set|with] {path:field} (is|to|=|be) {value:value}",
        "(remove|delete|unset|drop|clear) [the] [field] {path:field} (from|of|on|in) {object} => remove=true",
        "(set|change|update|move|adjust|switch) [the] [cron] schedule (of|for|on) {object} to {value:text} => path=spec.schedule",
        "(set|change|update|move|adjust|switch) [the] {object} [cron] schedule to {value:text} => path=spec.schedule",
        "(run|reschedule|schedule) {object} every {rest:text} => path=spec.schedule, value=every {rest}",
        "(run|reschedule|schedule) {object} (daily|nightly|each day|every day|every night) at {rest:text} => path=spec.schedule, value=daily at {rest}",
        "(reschedule) {object} to {value:text} => path=spec.schedule",
        "(suspend|pause|disable|deactivate|stop) {object} (cronjob|cron job|cron) => kind=cronjob, path=spec.suspend, value=true",
        "(suspend|pause|disable|deactivate|stop) [the] (cronjob|cron job|cron) {object} => kind=cronjob, path=spec.suspend, value=true",
        "(resume|unsuspend|enable|unpause|reactivate) {object} (cronjob|cron job|cron) => kind=cronjob, path=spec.suspend, value=false",
        "(resume|unsuspend|enable|unpause|reactivate) [the] (cronjob|cron job|cron) {object} => kind=cronjob, path=spec.suspend, value=false",
        "(set|change|update|raise|lower|increase|decrease|bump) [the] (max|maximum|max replicas|maximum replicas|upper limit|upper bound) (of|on|for) {object} [up|down] to {value:count} [replicas|pods] => kind=horizontalpodautoscaler, path=spec.maxReplicas",
        "(set|change|update|raise|lower|increase|decrease|bump) [the] (min|minimum|min replicas|minimum replicas|lower limit|lower bound) (of|on|for) {object} [up|down] to {value:count} [replicas|pods] => kind=horizontalpodautoscaler, path=spec.minReplicas",
        "(set|change|switch|update) [the] [service] type (of|for|on) {object} to {value:value} => path=spec.type",
        "(make|turn|change|convert|switch) {object} [in|into|to] [a|an] (nodeport|node port) [service] => path=spec.type, value=NodePort",
        "(make|turn|change|convert|switch) {object} [in|into|to] [a|an] (clusterip|cluster ip) [service] => path=spec.type, value=ClusterIP",
        "(make|turn|change|convert|switch) {object} [in|into|to] [a|an] (loadbalancer|load balancer) [service] => path=spec.type, value=LoadBalancer",
        "(set|change|update|put|add) [the] [key] {key:word} (in|of|on|to) [the] (configmap|config map) {object} (to|=|as) {value:value} => kind=configmap, path=data[{key}]",
        "(set|change|update|put|add) [the] [key] {key:word} (in|of|on|to) {object} (configmap|config map) (to|=|as) {value:value} => kind=configmap, path=data[{key}]",
    ];

    fn effect(&self) -> Effect {
        let names = FieldPath::parse(&self.path).map(|path| path.to_string()).unwrap_or_default();
        let stops = names == "spec.replicas" && self.json() == Some(json!(0));
        // Finalizers keep an object from going before what depends on it is cleaned up.
        if stops || names.starts_with("metadata.finalizers") { Effect::Destroy } else { Effect::Change }
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl()
            .arg("patch")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .namespace(self.namespace.as_deref());
        let Ok(path) = FieldPath::parse(&self.path) else { return line };
        let (kind, body) = path.kubectl_patch(self.json().as_ref());
        line.option("--type", Some(kind)).arg("-p").arg(body.to_string())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Inside {
            object: ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: None,
                accepts: ObjectAccepts::Any,
                required: true,
            },
            inside: Box::new(WhichField { path: &mut self.path, value: self.value.as_mut() }),
        }]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        let path = FieldPath::parse(&self.path)?;
        let invalid = |message: &str, next: &str| -> Result<()> {
            Err(Feedback::new(ErrorKind::InvalidArguments, message).next(next).into())
        };
        if self.value.is_some() == self.remove {
            return invalid("either a new value or remove has to be said", "say what the field should be");
        }
        let names = path.names();
        if names.first() == Some(&"status") {
            return invalid("the status of an object is written by the cluster", "change its spec instead");
        }
        let secret = ["secret", "secrets"].contains(&self.kind.as_deref().unwrap_or_default());
        if secret && matches!(names.first(), Some(&"data" | &"stringData")) {
            return Err(Feedback::new(
                ErrorKind::Refused,
                "values of Secrets are not changed here: the value would stand in the record",
            )
            .next("use `kubectl edit secret` with its name")
            .into());
        }
        Ok(())
    }
}

impl PatchResource {
    /// The new value as JSON; plain text is itself.
    fn json(&self) -> Option<Value> {
        let text = self.value.as_deref()?;
        Some(serde_json::from_str(text).unwrap_or_else(|_| json!(text)))
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    fn change<'s>(&'s self, path: &'s FieldPath) -> impl Fn(&mut Value) -> Result<()> + 's {
        let value = self.json();
        move |object| path.set(object, value.as_ref())
    }

    /// The call that puts back what stands there now; none when that looks like a secret.
    fn way_back(&self, path: &FieldPath, before: &Value) -> Option<Call> {
        let mut back = self.clone();
        (back.value, back.remove) = match path.get(before) {
            None => (None, true),
            Some(value) if may_be_kept(path, value) => (Some(value.to_string()), false),
            Some(_) => return None,
        };
        Some(Call::new(Self::NAME, serde_json::to_value(back).ok()?))
    }

    fn warnings(&self, path: &FieldPath, object: &Value, undo: bool) -> Vec<String> {
        let mut warnings = ownership_warnings(object, &path.to_string());
        if is_template(path) {
            warnings.extend(template_waits(object).map(str::to_owned));
        }
        if self.kind.as_deref() == Some("configmap") {
            warnings.push("pods that take it as variables see it only after a restart".to_owned());
        }
        if self.effect() == Effect::Destroy {
            warnings.push(if path.to_string() == "spec.replicas" {
                "nothing serves while it has no pods".to_owned()
            } else {
                "finalizers clean up what depends on the object; without them that is left behind".to_owned()
            });
        }
        if !undo {
            warnings.push(
                "this cannot be undone: what stands there looks like a secret, and that is not kept"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// Whether a change there reaches the pods by a rollout.
fn is_template(path: &FieldPath) -> bool {
    path.names().contains(&"template")
}

/// Whether a value may be written into a record: neither its name nor its look is that of a secret.
fn may_be_kept(path: &FieldPath, value: &Value) -> bool {
    let named = path.names().last().is_some_and(|name| value.is_string() && gate::is_sensitive_name(name));
    let mut masked = value.clone();
    gate::mask_object(&mut masked);
    let text = value.to_string();
    !named && masked == *value && gate::redact(&text) == text
}

/// A value for a sentence.
fn shown(path: &FieldPath, value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(value) if !may_be_kept(path, value) => gate::MASK.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => format!("a list of {}", items.len()),
        Some(Value::Object(_)) => "a map".to_owned(),
        Some(other) => other.to_string(),
    }
}

impl ChangeTool for PatchResource {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let path = FieldPath::parse(&self.path)?;
        let edit = try_edit(cluster, &target, self.change(&path)).await?;
        let label = edit.identity.label();
        let now = shown(&path, path.get(&edit.before));
        let summary = if edit.same {
            format!("{path} of {label} is {now} already")
        } else if self.remove {
            format!("{path} of {label} goes; it is {now}")
        } else {
            format!("{path} of {label} goes from {now} to {}", shown(&path, self.json().as_ref()))
        };
        let undo = self.way_back(&path, &edit.before);
        let warnings = self.warnings(&path, &edit.before, undo.is_some());
        let confirm_name = (self.effect() == Effect::Destroy).then(|| target.name.clone());
        let preview = edit.preview(summary, warnings, json!({"undo": undo}));
        Ok(Preview { confirm_name, ..preview })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let path = FieldPath::parse(&self.path)?;
        make_edit(&cluster, &target, approval, self.change(&path)).await?;
        let done = if self.remove { "is removed" } else { "is set" };
        Ok(Outcome::sentence(format!("{path} of {} {done}", target.label()))
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
        let path = FieldPath::parse(&self.path)?;
        if is_template(&path)
            && matches!(target.resource.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet")
        {
            return wait_for_template(cluster, &target, deadline, progress).await;
        }
        let (object, _) = target.read(cluster).await?;
        let now = path.get(&object);
        Ok(if now.is_none() == self.remove {
            Verification::Confirmed(format!("{path} of {} is {}", target.label(), shown(&path, now)))
        } else {
            Verification::Failed(format!("somebody else changed {path} of {} again", target.label()))
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        serde_json::from_value(shown.basis.get("undo")?.clone()).ok()
    }
}

pub(crate) static TOOL: Changer<PatchResource> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, value: Option<&str>) -> PatchResource {
        PatchResource {
            kind: Some("deployment".into()),
            name: Some("web".into()),
            namespace: Some("shop".into()),
            path: path.into(),
            value: value.map(str::to_owned),
            remove: value.is_none(),
        }
    }

    #[test]
    fn says_its_command() {
        assert_eq!(
            of("spec.minReadySeconds", Some("10")).command().to_string(),
            r#"kubectl patch deployment/web -n shop --type=merge -p '{"spec":{"minReadySeconds":10}}'"#
        );
    }

    #[test]
    fn stopping_and_unlocking_destroy() {
        assert_eq!(of("spec.replicas", Some("0")).effect(), Effect::Destroy);
        assert_eq!(of("spec.replicas", Some("2")).effect(), Effect::Change);
        assert_eq!(of("metadata.finalizers", None).effect(), Effect::Destroy);
    }

    #[test]
    fn the_way_back_is_the_value_before_unless_it_is_a_secret() {
        let path = FieldPath::parse("spec.x").unwrap();
        let tool = of("spec.x", Some("1"));
        let back = tool.way_back(&path, &json!({"spec": {"x": "10"}})).unwrap();
        assert_eq!(back.arguments["value"], "\"10\"");
        assert_eq!(tool.way_back(&path, &json!({"spec": {}})).unwrap().arguments["remove"], true);
        let token = FieldPath::parse("spec.token").unwrap();
        assert!(tool.way_back(&token, &json!({"spec": {"token": "hunter2"}})).is_none());
        let env = json!({"spec": {"x": [{"name": "API_TOKEN", "value": "hunter2"}]}});
        assert!(tool.way_back(&path, &env).is_none());
    }

    #[test]
    fn what_cannot_be_patched_is_refused() {
        assert!(of("status.replicas", Some("1")).check().is_err());
        assert!(of("a b", Some("1")).check().is_err());
        let mut secret = of("data[password]", Some("x"));
        secret.kind = Some("secret".into());
        assert_eq!(secret.check().unwrap_err().kind(), ErrorKind::Refused);
        let both = PatchResource { remove: true, ..of("spec.x", Some("1")) };
        assert!(both.check().is_err());
    }
}
