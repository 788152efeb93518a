//! A manifest from a few words: the object that is meant, with what everybody would have written beside it, and
//! nothing that the words do not bear.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::command::CommandLine;

/// Kinds that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are called what they are")]
pub enum DraftKind {
    Deployment,
    Service,
    Ingress,
    Job,
    Cronjob,
    Horizontalpodautoscaler,
    Configmap,
    Networkpolicy,
}

impl DraftKind {
    /// A short word for it, in file names and sentences.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Service => "service",
            Self::Ingress => "ingress",
            Self::Job => "job",
            Self::Cronjob => "cronjob",
            Self::Horizontalpodautoscaler => "hpa",
            Self::Configmap => "configmap",
            Self::Networkpolicy => "networkpolicy",
        }
    }
}

/// What a manifest is to say. Kinds use the parts that mean something to them.
#[derive(Debug, Clone, Default)]
pub struct Draft<'d> {
    /// Name of the object.
    pub name: &'d str,
    /// Its namespace; left open when there is none, so that the manifest goes anywhere.
    pub namespace: Option<&'d str>,
    /// Image of the container.
    pub image: &'d str,
    /// Replicas.
    pub replicas: Option<u32>,
    /// Port of the container or Service.
    pub port: Option<u32>,
    /// Port behind a Service, by number or name.
    pub target_port: Option<&'d str>,
    /// Type of a Service.
    pub service_type: Option<&'d str>,
    /// Cron schedule.
    pub schedule: &'d str,
    /// The container's command, word by word.
    pub command: Vec<&'d str>,
    /// Host of an Ingress; every one when there is none.
    pub host: Option<&'d str>,
    /// The path of an Ingress.
    pub url_path: Option<&'d str>,
    /// Service that an Ingress sends to.
    pub service: &'d str,
    /// What is scaled, or whose pods are meant.
    pub target: Option<&'d str>,
    /// Bounds and aim of an autoscaler.
    pub min: Option<u32>,
    /// The most replicas.
    pub max: u32,
    /// CPU use in percent.
    pub cpu_percent: Option<u32>,
    /// Pairs of a ConfigMap.
    pub data: Vec<(&'d str, &'d str)>,
    /// Whether a NetworkPolicy is about traffic that comes in, goes out.
    pub ingress: bool,
    /// See `ingress`.
    pub egress: bool,
    /// Whose traffic is let in all the same, as the value of the label `app`.
    pub allow_from: Option<&'d str>,
}

impl Draft<'_> {
    /// The object of a kind.
    #[must_use]
    pub fn object(&self, kind: DraftKind) -> Value {
        match kind {
            DraftKind::Deployment => self.deployment(),
            DraftKind::Service => self.service(),
            DraftKind::Ingress => self.ingress(),
            DraftKind::Job => self.job(),
            DraftKind::Cronjob => self.cron_job(),
            DraftKind::Horizontalpodautoscaler => self.autoscaler(),
            DraftKind::Configmap => self.config_map(),
            DraftKind::Networkpolicy => self.network_policy(),
        }
    }

    /// The `kubectl create` that prints the same object, for kinds and parts that it knows.
    #[must_use]
    pub fn create_command(&self, kind: DraftKind) -> Option<CommandLine> {
        let create = CommandLine::kubectl().arg("create").arg(match kind {
            DraftKind::Horizontalpodautoscaler | DraftKind::Networkpolicy => return None,
            known => known.word(),
        });
        let image = (!self.image.is_empty()).then_some(self.image);
        let line = match kind {
            DraftKind::Deployment => create
                .arg(self.name)
                .option("--image", image)
                .option("--replicas", self.replicas)
                .option("--port", self.port),
            DraftKind::Service if self.target.is_none() => {
                let pair = match self.target_port {
                    Some(target) => format!("{}:{target}", self.port?),
                    None => self.port?.to_string(),
                };
                let kind = self.service_type.unwrap_or("ClusterIP").to_lowercase();
                create.arg(kind).arg(self.name).option("--tcp", Some(pair))
            }
            DraftKind::Ingress => {
                let (host, path) = (self.host.unwrap_or_default(), self.url_path.unwrap_or("/"));
                let rule = format!("{host}{path}*={}:{}", self.service, self.port?);
                create.arg(self.name).option("--rule", Some(rule))
            }
            DraftKind::Cronjob if self.port.is_none() => {
                create.arg(self.name).option("--image", image).option("--schedule", Some(self.schedule))
            }
            DraftKind::Job if self.port.is_none() => create.arg(self.name).option("--image", image),
            DraftKind::Configmap => self.data.iter().fold(create.arg(self.name), |line, (key, value)| {
                line.option("--from-literal", Some(format!("{key}={value}")))
            }),
            _ => return None,
        };
        let line = line.namespace(self.namespace).arg("--dry-run=client").args(["-o", "yaml"]);
        let runs = matches!(kind, DraftKind::Job | DraftKind::Cronjob) && !self.command.is_empty();
        Some(if runs { line.arg("--").args(self.command.iter().copied()) } else { line })
    }

    fn metadata(&self, labelled: bool) -> Value {
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), json!(self.name));
        if let Some(namespace) = self.namespace {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
        if labelled {
            metadata.insert("labels".to_owned(), json!({"app": self.name}));
        }
        Value::Object(metadata)
    }

    fn container(&self, name: &str) -> Value {
        let mut container = json!({"name": name, "image": self.image});
        if !self.command.is_empty() {
            container["command"] = json!(self.command);
        }
        if let Some(port) = self.port {
            container["ports"] = json!([{"containerPort": port}]);
        }
        container
    }

    /// A Deployment, as `kubectl create deployment` makes it.
    fn deployment(&self) -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.metadata(true),
            "spec": {
                "replicas": self.replicas.unwrap_or(1),
                "selector": {"matchLabels": {"app": self.name}},
                "template": {
                    "metadata": {"labels": {"app": self.name}},
                    "spec": {"containers": [self.container(container_name(self.image, self.name))]},
                },
            },
        })
    }

    /// A Service for the pods labelled `app: target`, else `app: name`.
    fn service(&self) -> Value {
        let port = self.port.unwrap_or_default();
        let target = match self.target_port {
            Some(target) => target.parse::<u32>().map_or_else(|_| json!(target), |number| json!(number)),
            None => json!(port),
        };
        let shown = self.target_port.map_or_else(|| port.to_string(), str::to_owned);
        let mut spec = Map::new();
        if let Some(kind) = self.service_type {
            spec.insert("type".to_owned(), json!(kind));
        }
        spec.insert("selector".to_owned(), json!({"app": self.target.unwrap_or(self.name)}));
        spec.insert(
            "ports".to_owned(),
            json!([{"name": format!("{port}-{shown}"), "protocol": "TCP", "port": port, "targetPort": target}]),
        );
        json!({"apiVersion": "v1", "kind": "Service", "metadata": self.metadata(true), "spec": spec})
    }

    /// An Ingress that sends everything below a path of a host to a Service.
    fn ingress(&self) -> Value {
        let mut rule = Map::new();
        if let Some(host) = self.host {
            rule.insert("host".to_owned(), json!(host));
        }
        rule.insert(
            "http".to_owned(),
            json!({"paths": [{
                "path": self.url_path.unwrap_or("/"),
                "pathType": "Prefix",
                "backend": {"service": {"name": self.service, "port": {"number": self.port.unwrap_or_default()}}},
            }]}),
        );
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": self.metadata(false),
            "spec": {"rules": [rule]},
        })
    }

    fn job_spec(&self, restart: &str) -> Value {
        json!({"template": {"spec": {"containers": [self.container(self.name)], "restartPolicy": restart}}})
    }

    /// A Job that is run once.
    fn job(&self) -> Value {
        json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": self.metadata(false),
            "spec": self.job_spec("Never"),
        })
    }

    /// A CronJob.
    fn cron_job(&self) -> Value {
        let mut template = self.job_spec("OnFailure");
        template = json!({"metadata": {"name": self.name}, "spec": template});
        json!({
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": self.metadata(false),
            "spec": {"schedule": self.schedule, "jobTemplate": template},
        })
    }

    /// An autoscaler of a Deployment.
    fn autoscaler(&self) -> Value {
        let target = self.target.unwrap_or(self.name);
        json!({
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": self.metadata(false),
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
                "minReplicas": self.min.unwrap_or(1),
                "maxReplicas": self.max,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": self.cpu_percent.unwrap_or(80)}}}],
            },
        })
    }

    /// A ConfigMap.
    fn config_map(&self) -> Value {
        let data: Map<String, Value> =
            self.data.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.metadata(false), "data": data})
    }

    /// A NetworkPolicy that denies what it is about, to every pod or to those labelled `app: target`, but for
    /// what comes from the pods that are let in.
    fn network_policy(&self) -> Value {
        let selector = match self.target {
            Some(target) => json!({"matchLabels": {"app": target}}),
            None => json!({}),
        };
        let mut types = Vec::new();
        if self.ingress {
            types.push("Ingress");
        }
        if self.egress {
            types.push("Egress");
        }
        let mut spec = json!({"podSelector": selector, "policyTypes": types});
        if let Some(from) = self.allow_from {
            let mut rule = json!({"from": [{"podSelector": {"matchLabels": {"app": from}}}]});
            if let Some(port) = self.port {
                rule["ports"] = json!([{"protocol": "TCP", "port": port}]);
            }
            spec["ingress"] = json!([rule]);
        }
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": self.metadata(false),
            "spec": spec,
        })
    }
}

/// The container's name as kubectl makes it of an image: its last part, without tag and digest.
fn container_name<'d>(image: &'d str, name: &'d str) -> &'d str {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    let plain = last.split(':').next().unwrap_or(last);
    let fits = !plain.is_empty()
        && plain.len() <= 63
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits { plain } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_holds_what_was_said_and_nothing_else() {
        let draft = Draft { name: "cache", image: "registry.local:5000/team/redis:7", ..Draft::default() };
        let object = draft.deployment();
        assert_eq!(
            object["spec"]["template"]["spec"],
            json!({"containers": [{"name": "redis", "image": "registry.local:5000/team/redis:7"}]})
        );
        assert_eq!(object["metadata"], json!({"name": "cache", "labels": {"app": "cache"}}));
    }

    #[test]
    fn a_policy_denies_and_lets_in() {
        let denies = Draft { name: "deny", ingress: true, ..Draft::default() }.network_policy();
        assert_eq!(denies["spec"], json!({"podSelector": {}, "policyTypes": ["Ingress"]}));
        let lets = Draft {
            name: "x",
            ingress: true,
            target: Some("db"),
            allow_from: Some("web"),
            port: Some(5432),
            ..Draft::default()
        };
        assert_eq!(
            lets.network_policy()["spec"]["ingress"],
            json!([{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"protocol": "TCP", "port": 5432}]}])
        );
    }

    #[test]
    fn container_names_are_kubectls() {
        for (image, name) in [("redis:7", "redis"), ("a/b/c@sha256:00", "c"), ("a_b", "x")] {
            assert_eq!(container_name(image, "x"), name);
        }
    }
}
