//! `write_manifest`: a manifest from words, into a new file of the project. Nothing is applied.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::reference::is_reference;
use crate::error::{ErrorKind, Feedback, Result};
use crate::gate::is_sensitive_name;
use crate::kubernetes::{
    Applied, Draft, DraftKind, check_name, check_namespace, cron_schedule, parse_manifest, plan,
};
use crate::new_file::NewFile;
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;

use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Traffic that a NetworkPolicy denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Denied {
    /// What comes in.
    Ingress,
    /// What goes out.
    Egress,
    /// Both.
    All,
}

/// Write a Kubernetes manifest into a file of the project, checked by the cluster and not applied.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteManifest {
    /// Kind to write.
    kind: DraftKind,
    /// Name of the object.
    name: Option<String>,
    /// Namespace to write into it; none leaves it open.
    namespace: Option<String>,
    /// Image that a Deployment, Job or CronJob runs.
    image: Option<String>,
    /// Replicas of a Deployment.
    replicas: Option<u32>,
    /// Port of the container, Service or Ingress backend.
    port: Option<u32>,
    /// Port of the containers behind a Service, by number or name.
    target_port: Option<String>,
    /// Type of a Service: ClusterIP, NodePort or LoadBalancer.
    service_type: Option<String>,
    /// When a CronJob runs: a cron schedule, or words such as every 15 minutes.
    schedule: Option<String>,
    /// Command of a Job or CronJob, its words separated by spaces.
    command: Option<String>,
    /// Host of an Ingress.
    host: Option<String>,
    /// Path of an Ingress, / when it is not said.
    url_path: Option<String>,
    /// Service that an Ingress sends to; its own name when it is not said.
    service: Option<String>,
    /// Workload that an autoscaler scales, a Service or a NetworkPolicy is about (its pods' label app).
    target: Option<String>,
    /// Fewest replicas of an autoscaler.
    min: Option<u32>,
    /// Most replicas of an autoscaler.
    max: Option<u32>,
    /// CPU use that an autoscaler keeps to, in percent.
    cpu_percent: Option<u32>,
    /// Entries of a ConfigMap, each as key=value.
    #[serde(default)]
    data: Vec<String>,
    /// Traffic that a NetworkPolicy denies.
    deny: Option<Denied>,
    /// Whose traffic a NetworkPolicy lets in all the same (its pods' label app).
    allow_from: Option<String>,
    /// File to write; NAME-KIND.yaml when it is not said.
    path: Option<String>,
    /// Replace the file when there is one.
    #[serde(default)]
    overwrite: bool,
}

/// The wordings that every kind has: its words, and its name.
macro_rules! phrases {
    ($(($words:literal, $kind:literal)),*; $($other:literal),*) => {
        &[
            $(
                concat!("(write|create|generate|make|draft|scaffold|produce|prepare|need|want|output) [a|an|the] [new] [kubernetes|k8s] ", $words, " (yaml|manifest|yml|file|definition|spec|yaml file|manifest file) [file] [for|called|named|of] [a|an|the] {name:word} => kind=", $kind),
                concat!("(write|create|generate|make|draft|scaffold|produce|prepare|need|want|output) [a|an|the] [new] [kubernetes|k8s] (yaml|manifest|yml|yaml file|manifest file|file) [file] (for|of|with|describing|defining) [a|an|the] [new] ", $words, " [called|named|for|of] {name:word} => kind=", $kind),
                concat!("(write|create|generate|make|draft|scaffold|produce|prepare|need|want|output) [a|an|the] [new] {name:word} ", $words, " (yaml|manifest|yml|file|yaml file|manifest file) [file] => kind=", $kind),
                concat!("write [a|an|the] [new] ", $words, " (called|named|for) {name:word} => kind=", $kind),
            )*
            $($other),*
        ]
    };
}

impl Tool for WriteManifest {
    const NAME: &'static str = "write_manifest";
    const PHRASES: &'static [&'static str] = phrases![
        ("(deployment|deploy)", "deployment"),
        ("(service|svc)", "service"),
        ("(ingress|ing)", "ingress"),
        ("(cronjob|cron job)", "cronjob"),
        ("job", "job"),
        ("(hpa|autoscaler|horizontalpodautoscaler|horizontal pod autoscaler)", "horizontalpodautoscaler"),
        ("(configmap|config map)", "configmap"),
        ("(networkpolicy|network policy)", "networkpolicy");
        "(write|create|generate|make|draft|produce|prepare|add|need|want) [a|an|the] [new] (networkpolicy|network policy) [yaml|manifest|file|yaml file] [called|named] [{name:word}] [that|which|to] (denies|deny|blocks|block|denying|blocking|forbids|forbid) [all|any|every] (ingress|incoming|inbound) [traffic|connections] => kind=networkpolicy, deny=ingress",
        "(write|create|generate|make|draft|produce|prepare|add|need|want) [a|an|the] [new] (networkpolicy|network policy) [yaml|manifest|file|yaml file] [called|named] [{name:word}] [that|which|to] (denies|deny|blocks|block|denying|blocking|forbids|forbid) [all|any|every] (egress|outgoing|outbound) [traffic|connections] => kind=networkpolicy, deny=egress",
        "(write|create|generate|make|draft|produce|prepare|add|need|want) [a|an|the] [new] (networkpolicy|network policy) [yaml|manifest|file|yaml file] [called|named] [{name:word}] [that|which|to] (denies|deny|blocks|block|denying|blocking|forbids|forbid) (all|everything|any|all the) [traffic] => kind=networkpolicy, deny=all",
        "(write|create|generate|make|draft|produce) [a|an|the] (deny all|default deny|deny-all|default-deny) (networkpolicy|network policy) [yaml|manifest|file] => kind=networkpolicy, deny=ingress",
        "(write|create|generate|make|draft|produce|prepare|add|need|want) [a|an|the] [new] (networkpolicy|network policy) [yaml|manifest|file] [that|which|to] [only] (lets|let|allows|allow|letting|allowing) [only] {allow_from:word} [to] (talk to|reach|connect to|access|into|to) {target:word} => kind=networkpolicy"
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(using|with|from|running|that runs|based on|which runs|that uses) [the] [image] {image:tagged}",
        "(using|with|from|running|that runs|based on) [the] image {image:image}",
        "image {image:image}",
        "[listening|exposed|exposing|serving] (on|at|with|using) [the] [container] port {port:count}",
        "[with|and] [a] port {port:count}",
        "[and|with] [a|the] (target port|to [container] port|targeting [port]|forwarding to [port]) {target_port:count}",
        "[with|and|of] {replicas:count} (replicas|pods|instances|copies)",
        "(called|named) {name:word}",
        "(of|as|with) [a|the] [type] (nodeport|node port) => service_type=NodePort",
        "(of|as|with) [a|the] [type] (loadbalancer|load balancer) => service_type=LoadBalancer",
        "[that|which|to] (runs|run|running|scheduled) [for] every {rest:text} => schedule=every {rest}",
        "[that|which|to] (runs|run|running|scheduled) (daily|nightly|each day|each night|every day|every night) at {rest:text} => schedule=daily at {rest}",
        "every {rest:text} => schedule=every {rest}",
        "[that|which|to] [runs|run|running] hourly => schedule=hourly",
        "[that|which|to] [runs|run|running] (daily|nightly) => schedule=daily",
        "(with|on) [the] schedule {schedule:text}",
        "[that|which|to] (run|runs|running|with|executing) [the] command {command:text}",
        "(for|with|on|at) [the] (host|hostname|domain) {host:word}",
        "(to|for|sending to|routing to|pointing to|that goes to|forwarding to) [the] service {service:word}",
        "(for|scaling|that scales|on) [the] deployment {target:word}",
        "(between|from|with) {min:count} (and|to) {max:count} (pods|replicas|instances)",
        "[with|and] (max|maximum|at most|up to) {max:count} [pods|replicas]",
        "[with|and] (min|minimum|at least) {min:count} [pods|replicas]",
        "(at|with|for|targeting) {cpu_percent:percent} cpu",
        "(with|containing|holding|having) [the] [data|entry|entries|value|values|key|keys] {data:label}",
        "and {data:label}",
        "(for|on|to|of) [the] [pods of] {target:word} pods",
        "[and] (save|write|put|store) [it] (to|into|in|as) [the] [file] {path:path}",
        "(to|into|in|as) [the] [file] {path:path}",
        "[but|and] do not (apply|deploy|create|run|install) [it|that|this] [yet]",
        "without (applying|deploying|creating) [it|that|this]",
        "[and|but] (overwrite|replace|overwriting|replacing) [it|the file|the existing file|the existing one|what is there] => overwrite=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let name = self.name();
        let create = self.draft(&name).create_command(self.kind);
        create
            .unwrap_or_else(|| CommandLine::new("printf").arg("%s").arg(self.text()))
            .into_file(&self.file())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if let Some(schedule) = self.schedule.as_deref().and_then(cron_schedule) {
            self.schedule = Some(schedule);
        }
        Vec::new()
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        for (what, word) in [
            ("name", &self.name),
            ("service", &self.service),
            ("target", &self.target),
            ("label", &self.allow_from),
            ("host", &self.host),
            ("port", &self.target_port),
        ] {
            if let Some(word) = word {
                check_name(what, word)?;
            }
        }
        self.check_parts()?;
        if let Some(image) = self.image.as_deref().filter(|image| !is_reference(image)) {
            return invalid(&format!("{image:?} is not the name of an image"), "write it like redis:7");
        }
        let types = ["ClusterIP", "NodePort", "LoadBalancer"];
        if self.service_type.as_deref().is_some_and(|kind| !types.contains(&kind)) {
            return invalid("that is no type of a Service", "say ClusterIP, NodePort or LoadBalancer");
        }
        if self.port.is_some_and(|port| port == 0 || port > 65_535) {
            return invalid("that is no port", "ports go from 1 to 65535");
        }
        if self.url_path.as_deref().is_some_and(|path| !path.starts_with('/')) {
            return invalid("the path of an Ingress begins with a slash", "write it like /api");
        }
        if let Some(schedule) = self.schedule.as_deref()
            && cron_schedule(schedule).is_none()
        {
            return invalid(
                &format!("{schedule:?} is no schedule"),
                "say it with five fields, such as \"0 */6 * * *\", or in words such as every 6 hours",
            );
        }
        NewFile::check(&self.file())
    }
}

fn invalid(message: &str, next: &str) -> Result<()> {
    Err(Feedback::new(ErrorKind::InvalidArguments, message).next(next).into())
}

impl WriteManifest {
    /// Refuses a kind without the parts that it means nothing without.
    fn check_parts(&self) -> Result<()> {
        use DraftKind::{
            Configmap, Cronjob, Deployment, Horizontalpodautoscaler, Ingress, Job, Networkpolicy, Service,
        };
        if self.name.is_none() && self.kind != Networkpolicy {
            return invalid("the name is not said", "say what it should be called");
        }
        match self.kind {
            Deployment | Job | Cronjob if self.image.is_none() => {
                invalid("which image it runs is not said", "say the image, such as: using image redis:7")
            }
            Cronjob if self.schedule.is_none() => {
                invalid("when it runs is not said", "say a schedule, such as: every 6 hours")
            }
            Service | Ingress if self.port.is_none() => {
                invalid("the port is not said", "say it, such as: on port 80")
            }
            Horizontalpodautoscaler if self.max.is_none() => {
                invalid("the most replicas are not said", "say them, such as: between 2 and 6 replicas")
            }
            Horizontalpodautoscaler if self.min.unwrap_or(1) > self.max.unwrap_or(1) => {
                invalid("the fewest replicas are more than the most", "say the smaller number as the minimum")
            }
            Configmap if self.data.is_empty() => {
                invalid("what it holds is not said", "say its entries as key=value")
            }
            Configmap if self.data.iter().any(|pair| !pair.contains('=') || pair.starts_with(['=', '-'])) => {
                invalid("an entry has no key and value", "write it as key=value")
            }
            Networkpolicy if self.deny.is_none() && self.allow_from.is_none() => invalid(
                "what it denies is not said",
                "say ingress, egress or all, or whose traffic it lets in",
            ),
            _ => Ok(()),
        }
    }

    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| match (&self.target, &self.allow_from, self.deny) {
            (Some(target), Some(from), _) => format!("{target}-from-{from}"),
            (_, _, Some(Denied::Egress)) => "deny-egress".to_owned(),
            (_, _, Some(Denied::All)) => "deny-all".to_owned(),
            _ => "deny-ingress".to_owned(),
        })
    }

    fn file(&self) -> String {
        self.path.clone().unwrap_or_else(|| format!("{}-{}.yaml", self.name(), self.kind.word()))
    }

    fn draft<'d>(&'d self, name: &'d str) -> Draft<'d> {
        Draft {
            name,
            namespace: self.namespace.as_deref(),
            image: self.image.as_deref().unwrap_or_default(),
            replicas: self.replicas,
            port: self.port,
            target_port: self.target_port.as_deref(),
            service_type: self.service_type.as_deref(),
            schedule: self.schedule.as_deref().unwrap_or_default(),
            command: self.command.as_deref().unwrap_or_default().split_whitespace().collect(),
            host: self.host.as_deref(),
            url_path: self.url_path.as_deref(),
            service: self.service.as_deref().unwrap_or(name),
            target: self.target.as_deref(),
            min: self.min,
            max: self.max.unwrap_or(1),
            cpu_percent: self.cpu_percent,
            data: self.data.iter().filter_map(|pair| pair.split_once('=')).collect(),
            ingress: self.deny != Some(Denied::Egress),
            egress: matches!(self.deny, Some(Denied::Egress | Denied::All)),
            allow_from: self.allow_from.as_deref(),
        }
    }

    fn object(&self) -> Value {
        self.draft(&self.name()).object(self.kind)
    }

    fn text(&self) -> String {
        serde_saphyr::to_string(&self.object()).unwrap_or_default()
    }

    /// Lets the cluster try the object; what it could not be asked is said.
    async fn tried(&self, world: &ReadWorld) -> Result<Vec<String>> {
        let unchecked = |why: String| vec![format!("not checked by a cluster: {why}")];
        let cluster = match world.cluster().await {
            Ok(cluster) => cluster,
            Err(error) => return Ok(unchecked(error.to_string())),
        };
        let objects = parse_manifest(&self.text(), &self.file())?;
        let planned = match plan(cluster, objects, None).await {
            Ok(planned) => planned,
            Err(error) if error.kind() == ErrorKind::Unreachable => return Ok(unchecked(error.to_string())),
            Err(error) => return Err(error),
        };
        let Some(one) = planned.first() else { return Ok(Vec::new()) };
        let there = one.target.find(cluster).await.ok().flatten().is_some();
        match cluster.apply(&one.target, &one.object, true, false).await {
            Ok(Applied::Object(_)) if there => Ok(vec![format!(
                "there is {} already; applying the file would change it",
                one.target.label()
            )]),
            Ok(Applied::Object(_)) => Ok(Vec::new()),
            Ok(Applied::Conflicts(_)) => {
                Ok(vec![format!("there is {} already, and others keep fields of it", one.target.label())])
            }
            Err(error) if matches!(error.kind(), ErrorKind::InvalidArguments) => Err(error),
            Err(error) => Ok(unchecked(error.to_string())),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (key, _) in self.data.iter().filter_map(|pair| pair.split_once('=')) {
            if is_sensitive_name(key) {
                warnings.push(format!("{key} would stand in clear in the file; a Secret keeps such a value"));
            }
        }
        warnings
    }
}

impl ChangeTool for WriteManifest {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let file = NewFile::at(&world.project(), &self.file())?;
        let text = self.text();
        let same = file.before.as_deref() == Some(text.as_str());
        if file.before.is_some() && !self.overwrite && !same {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("there is a file {} already", self.file()),
            )
            .next("name another file, or ask again to overwrite it")
            .into());
        }
        let mut warnings = self.tried(world).await?;
        warnings.extend(self.warnings());
        if file.before.is_some() {
            warnings.push("what the file holds now is lost; this cannot be undone".to_owned());
        }
        let action = match (&file.before, same) {
            (None, _) => Action::Create,
            (Some(_), true) => Action::Unchanged,
            (Some(_), false) => Action::Update,
        };
        Ok(Preview {
            summary: if same {
                format!("{} holds that manifest already", self.file())
            } else {
                format!(
                    "{} is written with a {} called {}; nothing is applied",
                    self.file(),
                    self.kind.word(),
                    self.name()
                )
            },
            nothing_to_do: same,
            warnings: if same { Vec::new() } else { warnings },
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "file".to_owned(),
                    name: self.file(),
                    ..ObjectIdentity::default()
                },
                action,
                difference: file.difference(&text),
            }],
            basis: json!({"file": file.fingerprint()}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let file = NewFile::at(&world.read().project(), &self.file())?;
        if approval.preview().basis.get("file") != Some(&json!(file.fingerprint())) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{} changed after it was shown, so nothing was written", self.file()),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        let text = self.text();
        file.write(&text)?;
        Ok(Outcome::sentence(format!("{} is written; to apply it: \"apply {}\"", self.file(), self.file()))
            .view(View::Text(text))
            .data(json!({"path": self.file(), "manifest": self.object()}))
            .note("deleting the file takes it back"))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let file = NewFile::at(&world.project(), &self.file())?;
        Ok(if file.before.as_deref() == Some(self.text().as_str()) {
            Verification::Confirmed(format!("{} holds the manifest", self.file()))
        } else {
            Verification::Failed(format!("{} holds something else", self.file()))
        })
    }
}

pub(crate) static TOOL: Changer<WriteManifest> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: Value) -> WriteManifest {
        serde_json::from_value(arguments).unwrap()
    }

    #[test]
    fn says_its_command() {
        for (arguments, command) in [
            (
                json!({"kind": "deployment", "name": "redis", "image": "redis:7", "replicas": 2}),
                "kubectl create deployment redis --image=redis:7 --replicas=2 --dry-run=client -o yaml > redis-deployment.yaml",
            ),
            (
                json!({"kind": "service", "name": "redis", "port": 6379, "path": "k8s/redis.yaml"}),
                "kubectl create service clusterip redis --tcp=6379 --dry-run=client -o yaml > k8s/redis.yaml",
            ),
            (
                json!({"kind": "ingress", "name": "shop", "host": "shop.local", "service": "web", "port": 80}),
                "kubectl create ingress shop '--rule=shop.local/*=web:80' --dry-run=client -o yaml > shop-ingress.yaml",
            ),
            (
                json!({"kind": "job", "name": "seed", "image": "shop/seed:1", "command": "seed --all", "namespace": "shop"}),
                "kubectl create job seed --image=shop/seed:1 -n shop --dry-run=client -o yaml -- seed --all > seed-job.yaml",
            ),
        ] {
            assert_eq!(of(arguments).command().to_string(), command);
        }
        let policy = of(json!({"kind": "networkpolicy", "deny": "ingress"})).command().to_string();
        assert!(policy.starts_with("printf %s 'apiVersion: networking.k8s.io/v1\n"), "{policy}");
        assert!(policy.ends_with("' > deny-ingress-networkpolicy.yaml"), "{policy}");
    }

    #[test]
    fn parts_that_are_missing_or_wrong_are_named() {
        for (arguments, said) in [
            (json!({"kind": "deployment", "image": "x"}), "name"),
            (json!({"kind": "deployment", "name": "x"}), "image"),
            (json!({"kind": "deployment", "name": "x", "image": "-x"}), "image"),
            (json!({"kind": "cronjob", "name": "x", "image": "x"}), "when"),
            (json!({"kind": "cronjob", "name": "x", "image": "x", "schedule": "often"}), "schedule"),
            (json!({"kind": "service", "name": "x"}), "port"),
            (json!({"kind": "service", "name": "x", "port": 99999}), "port"),
            (json!({"kind": "configmap", "name": "x", "data": ["a"]}), "key"),
            (json!({"kind": "horizontalpodautoscaler", "name": "x", "min": 3, "max": 2}), "fewest"),
            (json!({"kind": "networkpolicy"}), "denies"),
            (json!({"kind": "networkpolicy", "deny": "all", "path": "../x.yaml"}), "project"),
        ] {
            let error = of(arguments.clone()).check().unwrap_err();
            assert!(error.to_string().contains(said), "{arguments}: {error}");
        }
    }
}
