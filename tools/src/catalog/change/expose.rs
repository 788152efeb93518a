//! `expose`: a Service in front of the pods of a workload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Cluster, Target, check_arguments, check_name, reference, version_of};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How a Service is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum ServiceType {
    /// Inside the cluster alone.
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    /// On a port of every node too.
    NodePort,
    /// Through a load balancer of the cloud too.
    LoadBalancer,
}

impl ServiceType {
    const fn word(self) -> &'static str {
        match self {
            Self::ClusterIp => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
        }
    }
}

/// Put a Service in front of the pods of a workload, so that they are reached under one name and port.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expose {
    /// Kind of the workload: deployment or replicaset.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Port of the Service.
    port: u32,
    /// Port of the containers, by number or name; the same as the Service's when it is not said.
    target_port: Option<String>,
    /// How the Service is reached; ClusterIP when it is not said.
    service_type: Option<ServiceType>,
    /// Name of the Service; that of the workload when it is not said.
    service: Option<String>,
}

impl Tool for Expose {
    const NAME: &'static str = "expose";
    const PHRASES: &'static [&'static str] = &[
        "expose {object} [internally] [on|at|via|through|under|with|using] [the] [port] {port:count}",
        "expose {object}",
        "expose port {port:count} (of|on|for) {object}",
        "(create|make|add|put|set up|write) [a|an|the] [new] service (for|in front of|to|of|on) {object} [on|at|with] [the] [port] {port:count}",
        "(create|make|add|put|set up) [a|an|the] [new] (clusterip|cluster ip|internal) service (for|in front of|to|of|on) {object} [on|at|with] [the] [port] {port:count} => service_type=ClusterIP",
        "(create|make|add|put|set up) [a|an|the] [new] (nodeport|node port) service (for|in front of|to|of|on) {object} [on|at|with] [the] [port] {port:count} => service_type=NodePort",
        "(create|make|add|put|set up) [a|an|the] [new] (loadbalancer|load balancer) service (for|in front of|to|of|on) {object} [on|at|with] [the] [port] {port:count} => service_type=LoadBalancer",
        "(create|make|add|put|set up) [a|an|the] [new] (loadbalancer|load balancer) (for|in front of|to|on) {object} [on|at|with] [the] [port] {port:count} => service_type=LoadBalancer",
        "(give) {object} [a|an] service [on|at|with] [port] {port:count}",
        "(make) {object} (reachable|available|accessible) [inside the cluster|in the cluster|internally] (on|at|via|through|under) [the] port {port:count}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(on|at|via|through|under|with|using) [the] [service] port {port:count}",
        "(port|--port) {port:count}",
        "(--target-port|[with|and] [the] (target|container) port) [of|=] {target_port:count}",
        "[and] (to|targeting|forwarding to|pointing to|mapped to|that goes to) [the] [container|target] port {target_port:count}",
        "[and] (targeting|forwarding to|pointing to|mapped to) {target_port:count}",
        "(as|through|via|by|with) [a|the] service [called|named] {service:word}",
        "(as|with|of|using|through|via) [a|an|the] [type] (nodeport|node port) [service|type] => service_type=NodePort",
        "(as|with|of|using|through|via) [a|an|the] [type] (loadbalancer|load balancer) [service|type] => service_type=LoadBalancer",
        "(as|with|of|using|through|via) [a|an|the] [type] (clusterip|cluster ip) [service|type] => service_type=ClusterIP",
        "(--type|type) (nodeport|node port) => service_type=NodePort",
        "(--type|type) (loadbalancer|load balancer) => service_type=LoadBalancer",
        "(called|named|--name|with the name|under the name) {service:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("expose")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .option("--port", Some(self.port))
            .option("--target-port", self.target_port.as_deref())
            .option("--type", self.service_type.map(ServiceType::word))
            .option("--name", self.service.as_deref())
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Scalable,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        let invalid = |message: String, next: &str| -> Result<()> {
            Err(Feedback::new(ErrorKind::InvalidArguments, message).next(next).into())
        };
        if self.port == 0 || self.port > 65_535 {
            return invalid(format!("{} is no port", self.port), "ports go from 1 to 65535");
        }
        if let Some(port) = &self.target_port {
            let number: Option<u32> = port.parse().ok();
            if number.is_some_and(|number| number == 0 || number > 65_535) {
                return invalid(format!("{port} is no port"), "ports go from 1 to 65535");
            }
            check_name("port", port)?;
        }
        if let Some(service) = &self.service {
            check_name("name", service)?;
        }
        Ok(())
    }
}

/// The ports that the containers of a workload declare: number and name.
fn declared(object: &Value) -> Vec<(u64, String)> {
    let containers = object.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    containers
        .into_iter()
        .flatten()
        .filter_map(|container| container.get("ports").and_then(Value::as_array))
        .flatten()
        .filter_map(|port| {
            let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
            Some((port.get("containerPort")?.as_u64()?, name.to_owned()))
        })
        .collect()
}

impl Expose {
    async fn workload(&self, cluster: &Cluster) -> Result<Target> {
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        if matches!(target.resource.kind.as_str(), "Deployment" | "ReplicaSet") {
            return Ok(target);
        }
        Err(Feedback::new(ErrorKind::InvalidArguments, format!("{} cannot be exposed", target.label()))
            .next("name a Deployment; a StatefulSet has a Service of its own: write one as a manifest")
            .into())
    }

    fn service_name(&self) -> Option<&str> {
        self.service.as_deref().or(self.name.as_deref())
    }

    async fn service(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(Some("services"), self.service_name(), self.namespace.as_deref()).await
    }

    /// The port of the containers: a number, or a name they declare.
    fn container_port(&self) -> Value {
        match self.target_port.as_deref() {
            Some(port) => port.parse::<u32>().map_or_else(|_| json!(port), |number| json!(number)),
            None => json!(self.port),
        }
    }

    fn object(&self, workload: &Value, service: &Target) -> Result<Value> {
        let selector = workload.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
        let plain = workload.pointer("/spec/selector/matchExpressions").is_none();
        let Some(selector) = selector.filter(|selector| plain && !selector.is_empty()) else {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                "its pods are selected by more than labels that are equal, and a Service cannot do that",
            )
            .next("write the Service as a manifest, with labels that its pods have")
            .into());
        };
        let empty = Map::new();
        let labels = workload.pointer("/metadata/labels").and_then(Value::as_object).unwrap_or(&empty);
        let mut spec = json!({
            "selector": selector,
            "ports": [{"port": self.port, "protocol": "TCP", "targetPort": self.container_port()}],
        });
        if let Some(kind) = self.service_type {
            spec["type"] = json!(kind.word());
        }
        Ok(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": service.name, "namespace": service.namespace, "labels": labels}, "spec": spec}))
    }

    fn warnings(&self, workload: &Value) -> Vec<String> {
        let mut warnings = Vec::new();
        let known = declared(workload);
        let listens = |port: &Value| {
            known
                .iter()
                .any(|(number, name)| Some(*number) == port.as_u64() || Some(name.as_str()) == port.as_str())
        };
        let port = self.container_port();
        let shown = port.as_str().map_or_else(|| port.to_string(), str::to_owned);
        if !known.is_empty() && !listens(&port) {
            let ports: Vec<String> = known.iter().map(|(number, _)| number.to_string()).collect();
            warnings.push(format!(
                "its containers declare port {}, and the Service sends to {shown}: say the target port if that is wrong",
                ports.join(", ")
            ));
        }
        if self.service_type == Some(ServiceType::NodePort) {
            warnings.push("it can be reached from outside on every node".to_owned());
        }
        if self.service_type == Some(ServiceType::LoadBalancer) {
            warnings.push(
                "it can be reached from outside once a load balancer is there, which may cost money"
                    .to_owned(),
            );
        }
        warnings
    }
}

impl ChangeTool for Expose {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let workload = self.workload(cluster).await?;
        let service = self.service(cluster).await?;
        let (object, identity) = workload.read(cluster).await?;
        let change = cluster.try_create(&service, &self.object(&object, &service)?).await?;
        let port = self.container_port();
        let shown = port.as_str().map_or_else(|| port.to_string(), str::to_owned);
        Ok(Preview {
            summary: format!(
                "Service {} sends port {} to port {shown} of the pods of {}",
                service.name,
                self.port,
                identity.label()
            ),
            namespace: identity.namespace,
            warnings: self.warnings(&object),
            changes: vec![change],
            basis: json!({"workload": version_of(Some(&object))}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let workload = self.workload(&cluster).await?;
        let service = self.service(&cluster).await?;
        let (object, _) = workload.read(&cluster).await?;
        if approval.preview().basis.get("workload") != Some(&version_of(Some(&object))) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{} changed after it was shown, so nothing was done", workload.label()),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        cluster.make(&service, &self.object(&object, &service)?).await?;
        Ok(Outcome::sentence(format!("{} is there", service.label())).undo(self.undo(approval.preview())))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let service = self.service(cluster).await?;
        let (object, _) = service.read(cluster).await?;
        let address = object.pointer("/spec/clusterIP").and_then(Value::as_str).unwrap_or("no address");
        let outside = object.pointer("/spec/ports/0/nodePort").and_then(Value::as_u64);
        let outside = outside.map(|port| format!(", on every node at port {port}")).unwrap_or_default();
        Ok(Verification::Confirmed(format!(
            "{} answers in the cluster at {address}:{}{outside}",
            service.label(),
            self.port
        )))
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new(
            "delete_resource",
            json!({"kind": "service", "name": self.service_name(), "namespace": self.namespace}),
        ))
    }
}

pub(crate) static TOOL: Changer<Expose> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: Value) -> Expose {
        serde_json::from_value(arguments).unwrap()
    }

    #[test]
    fn says_its_command() {
        let tool = of(json!({"kind": "deployment", "name": "web", "namespace": "shop", "port": 80,
            "target_port": "http", "service_type": "NodePort", "service": "front"}));
        assert_eq!(
            tool.command().to_string(),
            "kubectl expose deployment/web --port=80 --target-port=http --type=NodePort --name=front -n shop"
        );
        assert_eq!(tool.undo(&Preview::default()).unwrap().arguments["name"], "front");
    }

    #[test]
    fn ports_are_ports() {
        for arguments in [
            json!({"name": "web", "port": 0}),
            json!({"name": "web", "port": 70000}),
            json!({"name": "web", "port": 80, "target_port": "99999"}),
            json!({"name": "web", "port": 80, "target_port": "-x"}),
            json!({"name": "web", "port": 80, "service": "--all"}),
        ] {
            assert!(of(arguments.clone()).check().is_err(), "{arguments}");
        }
    }

    #[test]
    fn a_port_that_nobody_declares_is_said() {
        let workload = json!({"spec": {"template": {"spec": {"containers": [{"ports": [{"containerPort": 3000, "name": "http"}]}]}}}});
        assert_eq!(of(json!({"name": "web", "port": 80})).warnings(&workload).len(), 1);
        assert!(of(json!({"name": "web", "port": 80, "target_port": "http"})).warnings(&workload).is_empty());
        assert!(of(json!({"name": "web", "port": 3000})).warnings(&workload).is_empty());
    }
}
