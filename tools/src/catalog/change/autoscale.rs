//! `autoscale`: an autoscaler that keeps the replicas of a workload between two bounds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Cluster, Target, autoscaler_of, check_arguments, reference, version_of};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Let an autoscaler keep the replicas of a workload between a minimum and a maximum, by its CPU use.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Autoscale {
    /// Kind of the workload: deployment, statefulset or replicaset.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Most replicas.
    max: u32,
    /// Fewest replicas; 1 when it is not said.
    min: Option<u32>,
    /// CPU use to keep to, in percent of the request; 80 when it is not said.
    cpu_percent: Option<u32>,
}

impl Tool for Autoscale {
    const NAME: &'static str = "autoscale";
    const PHRASES: &'static [&'static str] = &[
        "(autoscale|auto-scale|auto scale) {object} [to] [between|from|with] [min|minimum|at least] {min:count} (and|to|-|max|maximum) [max|maximum] {max:count} [pods|replicas|instances]",
        "(autoscale|auto-scale|auto scale) {object} [up] [to] [a] [max|maximum|at most|max of|maximum of|up to] {max:count} [pods|replicas|instances]",
        "(autoscale|auto-scale|auto scale) {object}",
        "scale {object} automatically [between|from] {min:count} (and|to) {max:count} [pods|replicas|instances]",
        "scale {object} [to] [between|from] {min:count} (and|to) {max:count} [pods|replicas|instances] (automatically|by itself|as needed)",
        "(hpa|autoscaler|autoscaling) (for|on) {object} [between|from|with] {min:count} (and|to) {max:count} [pods|replicas|instances]",
        "(keep|let) {object} [scale|autoscale] [automatically] between {min:count} and {max:count} (pods|replicas|instances)",
        "(let|have|make) {object} (scale|autoscale) [automatically] (between|from) {min:count} (and|to) {max:count} [pods|replicas|instances]",
        "(add|create|make|set up|put|attach|give|configure|enable|want) [a|an] (hpa|autoscaler|horizontal pod autoscaler|autoscaling) (to|for|on) {object}",
        "(give) {object} [a|an] (hpa|autoscaler|horizontal pod autoscaler)",
        "(enable|turn on|switch on|set up|use) (autoscaling|auto-scaling) (for|on|of) {object}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[with] [a] (min|minimum|--min|at least|minimum of|min of) [of|=] {min:count} [pods|replicas]",
        "[with|and] [a] (max|maximum|--max|at most|up to|maximum of|max of) [of|=] {max:count} [pods|replicas]",
        "(between|from|with) {min:count} (and|to) {max:count} [pods|replicas|instances]",
        "[at|with|when|targeting|target|aiming at|aiming for|on|by|above|over|if] [a] [target] [of] [cpu] [usage|use|utilization|load|target] [is|goes|rises] [reaches|exceeds|hits|over|above|of|at] {cpu_percent:percent} [of] [the|average] [cpu] [usage|use|utilization|load]",
        "(--cpu-percent|--cpu) {cpu_percent:count}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("autoscale")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .option("--min", self.min)
            .option("--max", Some(self.max))
            .option("--cpu-percent", self.cpu_percent)
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
        if self.max == 0 {
            return invalid("the most replicas cannot be 0".to_owned(), "say how many it may be at most");
        }
        if self.min == Some(0) {
            return invalid(
                "an autoscaler keeps at least 1 replica".to_owned(),
                "scale the workload to 0 to stop it; its autoscaler is off then",
            );
        }
        if self.min.is_some_and(|min| min > self.max) {
            return invalid(
                format!(
                    "the fewest replicas ({}) are more than the most ({})",
                    self.min.unwrap_or(1),
                    self.max
                ),
                "say the smaller number as the minimum",
            );
        }
        if self.cpu_percent.is_some_and(|percent| percent == 0 || percent > 1000) {
            return invalid(
                "the CPU use to keep to is out of range".to_owned(),
                "say a percentage such as 80",
            );
        }
        Ok(())
    }
}

/// Why the autoscaler could not work: it measures CPU against what the containers request.
fn without_request(object: &Value) -> Option<String> {
    let containers = object.pointer("/spec/template/spec/containers").and_then(Value::as_array)?;
    let missing: Vec<&str> = containers
        .iter()
        .filter(|container| container.pointer("/resources/requests/cpu").is_none())
        .filter_map(|container| container.get("name").and_then(Value::as_str))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "container {} requests no CPU, so its use has nothing to be measured against and the autoscaler does nothing",
            missing.join(", ")
        )
    })
}

impl Autoscale {
    async fn workload(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    /// The autoscaler: it has the name of its workload, as kubectl gives it.
    async fn scaler(&self, cluster: &Cluster) -> Result<Target> {
        cluster
            .target(
                Some("horizontalpodautoscalers.autoscaling"),
                self.name.as_deref(),
                self.namespace.as_deref(),
            )
            .await
    }

    fn object(&self, workload: &Target, scaler: &Target) -> Value {
        let group = &workload.resource.group;
        let version = &workload.resource.version;
        let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        let mut spec = json!({
            "scaleTargetRef": {"apiVersion": api_version, "kind": workload.resource.kind, "name": workload.name},
            "maxReplicas": self.max,
        });
        if let Some(min) = self.min {
            spec["minReplicas"] = json!(min);
        }
        if let Some(percent) = self.cpu_percent {
            spec["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": percent}}}]);
        }
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": scaler.name, "namespace": scaler.namespace}, "spec": spec})
    }

    /// The server's version of autoscalers may be an older one than the one that is written here.
    async fn targets(&self, cluster: &Cluster) -> Result<(Target, Target)> {
        let workload = self.workload(cluster).await?;
        let mut scaler = self.scaler(cluster).await?;
        "v2".clone_into(&mut scaler.resource.version);
        Ok((workload, scaler))
    }
}

impl ChangeTool for Autoscale {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let (workload, scaler) = self.targets(cluster).await?;
        let (object, identity) = workload.read(cluster).await?;
        if let Some(known) = autoscaler_of(cluster, &workload).await {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!(
                    "{} has the autoscaler {} already, which keeps it between {} and {}",
                    identity.label(),
                    known.name,
                    known.minimum,
                    known.maximum
                ),
            )
            .next(format!("change that one: \"set the maximum of {} to {}\"", known.name, self.max))
            .into());
        }
        let change = cluster.try_create(&scaler, &self.object(&workload, &scaler)).await?;
        let now = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
        let (min, max) = (u64::from(self.min.unwrap_or(1)), u64::from(self.max));
        let mut warnings = Vec::new();
        warnings.extend(without_request(&object));
        if now == 0 {
            warnings.push(
                "it has 0 replicas, and an autoscaler leaves it at that until it is scaled up".to_owned(),
            );
        } else if now < min {
            warnings.push(format!("it has {now} replicas now and gets {min} at once"));
        } else if now > max {
            warnings.push(format!("it has {now} replicas now and keeps {max} of them"));
        }
        Ok(Preview {
            summary: format!(
                "{} gets an autoscaler that keeps it between {min} and {max} replicas at {} % CPU",
                identity.label(),
                self.cpu_percent.unwrap_or(80)
            ),
            namespace: identity.namespace,
            warnings,
            changes: vec![change],
            basis: json!({"workload": version_of(Some(&object))}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let (workload, scaler) = self.targets(&cluster).await?;
        // That the workload is still there is what counts: its replicas may move all the time.
        workload.read(&cluster).await?;
        cluster.make(&scaler, &self.object(&workload, &scaler)).await?;
        Ok(Outcome::sentence(format!("{} scales {}", scaler.label(), workload.label()))
            .undo(self.undo(approval.preview())))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let workload = self.workload(cluster).await?;
        Ok(match autoscaler_of(cluster, &workload).await {
            Some(scaler) => Verification::Confirmed(format!(
                "autoscaler {} keeps {} between {} and {} replicas",
                scaler.name,
                workload.label(),
                scaler.minimum,
                scaler.maximum
            )),
            None => Verification::Failed(format!("no autoscaler looks after {}", workload.label())),
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new(
            "delete_resource",
            json!({"kind": "horizontalpodautoscaler", "name": self.name, "namespace": self.namespace}),
        ))
    }
}

pub(crate) static TOOL: Changer<Autoscale> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(min: Option<u32>, max: u32, cpu_percent: Option<u32>) -> Autoscale {
        Autoscale {
            kind: Some("deployment".into()),
            name: Some("web".into()),
            namespace: Some("shop".into()),
            max,
            min,
            cpu_percent,
        }
    }

    #[test]
    fn says_its_command() {
        assert_eq!(
            of(Some(2), 6, Some(80)).command().to_string(),
            "kubectl autoscale deployment/web --min=2 --max=6 --cpu-percent=80 -n shop"
        );
        assert_eq!(
            of(None, 3, None).command().to_string(),
            "kubectl autoscale deployment/web --max=3 -n shop"
        );
    }

    #[test]
    fn bounds_that_make_no_sense_are_refused() {
        for tool in [of(None, 0, None), of(Some(0), 3, None), of(Some(4), 3, None), of(None, 3, Some(0))] {
            assert!(tool.check().is_err(), "{}", tool.command());
        }
        assert!(of(Some(3), 3, Some(120)).check().is_ok());
    }

    #[test]
    fn a_container_without_a_request_is_said() {
        let object = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "web", "resources": {"requests": {"cpu": "5m"}}}, {"name": "proxy"}]}}}});
        assert!(without_request(&object).unwrap().starts_with("container proxy requests no CPU"));
    }

    #[test]
    fn the_way_back_deletes_it() {
        let back = of(None, 3, None).undo(&Preview::default()).unwrap();
        assert!(back.bind().is_ok());
        assert_eq!(back.tool, "delete_resource");
    }
}
