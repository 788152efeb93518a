//! `set_resources`: how much CPU and memory a container of a workload asks for, and how much it may use at most.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Target, WhichContainer, check_arguments, check_name, container, container_mut, field_path_of,
    make_edit, ownership_warnings, parse_quantity, reference, said_container, template_waits, try_edit,
    wait_for_template,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Set the CPU and memory that a workload's container requests, and its limits; new pods replace the old ones.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetResources {
    /// Kind of the workload: deployment, statefulset, daemonset or cronjob.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// CPU it asks for, such as 100m (a tenth of a core).
    cpu_request: Option<String>,
    /// CPU it may use at most, such as 500m.
    cpu_limit: Option<String>,
    /// Memory it asks for, such as 128Mi.
    memory_request: Option<String>,
    /// Memory it may use at most, such as 256Mi; more ends it.
    memory_limit: Option<String>,
    /// Which container, when there are several.
    container: Option<String>,
}

/// The wordings that each of the four amounts has: its words, and the slot it fills.
macro_rules! phrases {
    ($(($words:literal, $slot:literal)),*; $($other:literal),*) => {
        &[
            $(
                concat!("(set|change|raise|lower|increase|decrease|reduce|bump|cut|make|put|update|adjust|bring) [the] ", $words, " (of|for|on) {object} [from {_:any}] [up|down] (to|at|=) ", $slot),
                concat!("(set|change|raise|lower|increase|decrease|reduce|bump|cut|make|put|update|adjust|bring) [the] {object} ", $words, " [from {_:any}] [up|down] (to|at|=) ", $slot),
                concat!("(give|grant|allow|set) {object} [to|up to] [a|an] [new] ", $slot, " [of] ", $words),
                concat!("(give|grant|allow|set) {object} [a|an|the] [new] ", $words, " [of|to|=] ", $slot),
                concat!("(set|add|put|apply) [a|an|the] [new] ", $words, " [of|to|=] ", $slot, " (on|for|to|in) {object}"),
                concat!("(set|add|put|apply) [a|an|the] [new] ", $slot, " ", $words, " (on|for|to|in) {object}"),
                concat!("[the] ", $words, " (of|for|on) {object} (should|must|shall|has to|needs to|ought to) be [at] ", $slot),
                concat!("{object} ", $words, " (should|must|shall|has to|needs to|ought to) be [at] ", $slot),
                concat!("{object} ", $words, " [to|=] ", $slot),
                concat!("{object} (should|must|shall|has to|needs to|ought to) (have|get|be given) [a|an|the] ", $words, " of ", $slot),
                concat!("{object} (should|must|shall|has to|needs to|ought to) (have|get|be given) [a|an|the] ", $slot, " ", $words),
            )*
            $($other),*
        ]
    };
}

impl Tool for SetResources {
    const NAME: &'static str = "set_resources";
    const PHRASES: &'static [&'static str] = phrases![
        ("(memory|mem|ram) (limit|limits|cap|maximum)", "{memory_limit:quantity}"),
        ("(memory|mem|ram) (request|requests|reservation)", "{memory_request:quantity}"),
        ("(cpu|processor) (limit|limits|cap|maximum)", "{cpu_limit:quantity}"),
        ("(cpu|processor) (request|requests|reservation)", "{cpu_request:quantity}");
        "(limit|cap|restrict|throttle) {object} [to|at] [a|at most|no more than|max] {memory_limit:quantity} [of] (memory|mem|ram)",
        "(limit|cap|restrict|throttle) {object} [to|at] [a|at most|no more than|max] {cpu_limit:quantity} [of] (cpu|cpus|cores|processor)",
        "(limit|cap|restrict) [the] (memory|mem|ram) (of|for|on|usage of|use of) {object} (to|at) {memory_limit:quantity}",
        "(limit|cap|restrict|throttle) [the] (cpu|processor) (of|for|on|usage of|use of) {object} (to|at) {cpu_limit:quantity}",
        "(limit|cap|restrict) {object} (memory|mem|ram) (to|at) {memory_limit:quantity}",
        "(limit|cap|restrict|throttle) {object} (cpu|processor) (to|at) {cpu_limit:quantity}",
        "(reserve|request|guarantee) {memory_request:quantity} [of] (memory|mem|ram) (for|on) {object}",
        "(reserve|request|guarantee) {cpu_request:quantity} [of] (cpu|cores|processor) (for|on) {object}",
        "{object} (should|must|may|can|shall) (request|ask for|reserve) {memory_request:quantity} [of] (memory|mem|ram)",
        "{object} (should|must|may|can|shall) (request|ask for|reserve) {cpu_request:quantity} [of] (cpu|cores)",
        "{object} (should|must|may|can|shall) (use|take|have|get|consume) (at most|no more than|max|up to) {memory_limit:quantity} [of] (memory|mem|ram)",
        "{object} (should|must|may|can|shall) (use|take|have|get|consume) (at most|no more than|max|up to) {cpu_limit:quantity} [of] (cpu|cores)",
        "(set|change|raise|lower|increase|decrease|reduce|bump|cut|update|adjust|give) [the] {object} (memory|mem|ram) [to|a|with] request [of|to] {memory_request:quantity} [and] limit [of|to] {memory_limit:quantity}",
        "(set|change|raise|lower|increase|decrease|reduce|bump|cut|update|adjust|give) [the] {object} (memory|mem|ram) [to|a|with] limit [of|to] {memory_limit:quantity} [and] request [of|to] {memory_request:quantity}",
        "(set|change|raise|lower|increase|decrease|reduce|bump|cut|update|adjust|give) [the] {object} (cpu|processor) [to|a|with] request [of|to] {cpu_request:quantity} [and] limit [of|to] {cpu_limit:quantity}",
        "(set|change|raise|lower|increase|decrease|reduce|bump|cut|update|adjust|give) [the] {object} (cpu|processor) [to|a|with] limit [of|to] {cpu_limit:quantity} [and] request [of|to] {cpu_request:quantity}",
        "(set|change|raise|lower|increase|decrease|reduce|bump|update|adjust) [the] [resource] (request|requests) (of|for|on) {object} [up|down] to {cpu_request:quantity} (cpu|cpus|cores|core) and {memory_request:quantity} [of] [memory|mem|ram]",
        "(set|change|raise|lower|increase|decrease|reduce|bump|update|adjust) [the] [resource] (limit|limits) (of|for|on) {object} [up|down] to {cpu_limit:quantity} (cpu|cpus|cores|core) and {memory_limit:quantity} [of] [memory|mem|ram]",
        "(set|change|raise|lower|increase|decrease|reduce|bump|update|adjust) [the] [resource] (request|requests) (of|for|on) {object} [up|down] to {memory_request:quantity} [of] (memory|mem|ram) and {cpu_request:quantity} (cpu|cpus|cores|core)",
        "(set|change|raise|lower|increase|decrease|reduce|bump|update|adjust) [the] [resource] (limit|limits) (of|for|on) {object} [up|down] to {memory_limit:quantity} [of] (memory|mem|ram) and {cpu_limit:quantity} (cpu|cpus|cores|core)",
        "(set|put|add) [resource] (limit|limits) (of|for|on) {object} [to] cpu {cpu_limit:quantity} [and] (memory|mem|ram) {memory_limit:quantity}",
        "(set|put|add) [resource] (request|requests) (of|for|on) {object} [to] cpu {cpu_request:quantity} [and] (memory|mem|ram) {memory_request:quantity}",
        "(set|change|update|adjust) [the] (resource|resources) (of|for|on) {object} [to]",
        "(set|change|update|adjust) {object} (resource|resources) [to]",
        "set resources {object}"
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[and|with|to] [a|an] (memory|mem|ram) (limit|limits) [of|to|=] {memory_limit:quantity}",
        "[and|with|to] [a|an] (memory|mem|ram) (request|requests) [of|to|=] {memory_request:quantity}",
        "[and|with|to] [a|an] cpu (limit|limits) [of|to|=] {cpu_limit:quantity}",
        "[and|with|to] [a|an] cpu (request|requests) [of|to|=] {cpu_request:quantity}",
        "[and|with|to] [a|an] {memory_limit:quantity} (memory|mem|ram) (limit|limits)",
        "[and|with|to] [a|an] {memory_request:quantity} (memory|mem|ram) (request|requests)",
        "[and|with|to] [a|an] {cpu_limit:quantity} cpu (limit|limits)",
        "[and|with|to] [a|an] {cpu_request:quantity} cpu (request|requests)",
        "(in|on|of|for) [the] {container:word} container",
        "(in|on|of|for) [the] container {container:word}",
        "(-c|--containers) {container:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let list = |amounts: [(&str, &Option<String>); 2]| {
            let said: Vec<String> = amounts
                .into_iter()
                .filter_map(|(what, amount)| Some(format!("{what}={}", amount.as_deref()?)))
                .collect();
            (!said.is_empty()).then(|| said.join(","))
        };
        CommandLine::kubectl()
            .args(["set", "resources"])
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .option("--containers", self.container.as_deref())
            .option("--limits", list([("cpu", &self.cpu_limit), ("memory", &self.memory_limit)]))
            .option("--requests", list([("cpu", &self.cpu_request), ("memory", &self.memory_request)]))
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
        let said: Vec<(&str, &str, &str)> = self.said().collect();
        if said.is_empty() {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "how much is not said")
                .next("say a CPU or memory request or limit, such as a memory limit of 256Mi")
                .into());
        }
        for (group, what, amount) in &said {
            if parse_quantity(amount).is_none_or(|amount| amount < 0.0) {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("{amount:?} is no amount of {what}"),
                )
                .next("write CPU like 250m or 2, memory like 128Mi or 1Gi")
                .into());
            }
            // 512m is half a byte: somebody meant 512Mi.
            if *what == "memory"
                && parse_quantity(amount).is_some_and(|amount| amount > 0.0 && amount < 1024.0)
            {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("a memory {} of {amount} is less than a kilobyte", group.trim_end_matches('s')),
                )
                .next("write memory like 128Mi or 1Gi")
                .into());
            }
        }
        let amount = |wanted: (&str, &str)| {
            said.iter()
                .find(|(group, what, _)| (*group, *what) == wanted)
                .and_then(|(.., a)| parse_quantity(a))
        };
        for what in ["cpu", "memory"] {
            if let (Some(request), Some(limit)) = (amount(("requests", what)), amount(("limits", what)))
                && request > limit
            {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("the {what} request is more than the {what} limit"),
                )
                .next("a request may be at most the limit")
                .into());
            }
        }
        Ok(())
    }
}

impl SetResources {
    /// What was said: `limits` or `requests`, `cpu` or `memory`, how much.
    fn said(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        [
            ("requests", "cpu", &self.cpu_request),
            ("requests", "memory", &self.memory_request),
            ("limits", "cpu", &self.cpu_limit),
            ("limits", "memory", &self.memory_limit),
        ]
        .into_iter()
        .filter_map(|(group, what, amount)| Some((group, what, amount.as_deref()?)))
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    fn change<'s>(&'s self, container: &'s str) -> impl Fn(&mut Value) -> Result<()> + 's {
        move |object| {
            let fields = container_mut(object, container)?;
            for (group, what, amount) in self.said() {
                let now = fields.pointer(&format!("/resources/{group}/{what}")).and_then(Value::as_str);
                // The server writes amounts its own way; the same amount is no change.
                if now.and_then(parse_quantity) == parse_quantity(amount) {
                    continue;
                }
                if let Some(amounts) = map_in(fields, "resources").and_then(|one| {
                    let group = one.entry(group).or_insert_with(|| json!({}));
                    group.as_object_mut()
                }) {
                    amounts.insert(what.to_owned(), json!(amount));
                }
            }
            Ok(())
        }
    }

    /// The call that gives the container its amounts back, with those it did not have.
    fn way_back(&self, object: &Value) -> Option<Call> {
        let name = self.container.as_deref()?;
        let path = field_path_of(object, name, "resources");
        let mut arguments =
            json!({"kind": self.kind, "name": self.name, "namespace": self.namespace, "path": path});
        match container(object, name)?.get("resources") {
            Some(resources) => arguments["value"] = json!(resources.to_string()),
            None => arguments["remove"] = json!(true),
        }
        Some(Call::new("patch_resource", arguments))
    }
}

fn map_in<'o>(object: &'o mut Value, key: &str) -> Option<&'o mut Map<String, Value>> {
    object.as_object_mut()?.entry(key).or_insert_with(|| json!({})).as_object_mut()
}

fn summary(said: impl Iterator<Item = (&'static str, &'static str, String)>, before: &Value) -> String {
    said.map(|(group, what, amount)| {
        let group_name = group.trim_end_matches('s');
        let now = before.pointer(&format!("/resources/{group}/{what}")).and_then(Value::as_str);
        match now {
            Some(now) => format!("{what} {group_name} from {now} to {amount}"),
            None => format!("{what} {group_name} {amount}, which it does not have yet"),
        }
    })
    .collect::<Vec<_>>()
    .join(", ")
}

impl ChangeTool for SetResources {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let name = said_container(self.container.as_deref())?;
        let edit = try_edit(cluster, &target, self.change(name)).await?;
        let label = edit.identity.label();
        let before = container(&edit.before, name).cloned().unwrap_or_default();
        let summary = if edit.same {
            format!("container {name} of {label} has these amounts already")
        } else {
            let said = self.said().map(|(group, what, amount)| (group, what, amount.to_owned()));
            format!("container {name} of {label}: {}", summary(said, &before))
        };
        let mut warnings = ownership_warnings(&edit.before, "its resources");
        warnings.extend(template_waits(&edit.before).map(str::to_owned));
        let undo = self.way_back(&edit.before);
        Ok(edit.preview(summary, warnings, json!({"undo": undo})))
    }

    async fn run(&self, world: &World, approval: &Approval, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let name = said_container(self.container.as_deref())?;
        make_edit(&cluster, &target, approval, self.change(name)).await?;
        Ok(Outcome::sentence(format!("the resources of container {name} of {} are set", target.label()))
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

pub(crate) static TOOL: Changer<SetResources> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cpu_request: &str, cpu_limit: &str, memory_request: &str, memory_limit: &str) -> SetResources {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        SetResources {
            kind: Some("deployment".into()),
            name: Some("web".into()),
            container: Some("web".into()),
            cpu_request: said(cpu_request),
            cpu_limit: said(cpu_limit),
            memory_request: said(memory_request),
            memory_limit: said(memory_limit),
            ..SetResources::default()
        }
    }

    fn deployment(resources: &Value) -> Value {
        json!({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "web", "resources": resources}]}}}})
    }

    #[test]
    fn says_its_command() {
        assert_eq!(
            of("100m", "", "64Mi", "128Mi").command().to_string(),
            "kubectl set resources deployment/web --containers=web --limits=memory=128Mi --requests=cpu=100m,memory=64Mi"
        );
    }

    #[test]
    fn only_what_is_said_changes() {
        let mut object = deployment(&json!({"requests": {"cpu": "100m", "memory": "1Gi"}}));
        of("0.1", "1", "", "").change("web")(&mut object).unwrap();
        assert_eq!(
            container(&object, "web").unwrap()["resources"],
            json!({"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"cpu": "1"}})
        );
    }

    #[test]
    fn the_way_back_takes_away_what_was_not_there() {
        let call = of("", "1", "", "").way_back(&deployment(&json!({}))).unwrap();
        assert_eq!(call.tool, "patch_resource");
        assert_eq!(call.arguments["value"], "{}");
    }

    #[test]
    fn amounts_that_make_no_sense_are_refused() {
        for tool in [
            of("", "", "", ""),
            of("much", "", "", ""),
            of("-1", "", "", ""),
            of("", "", "", "512m"),
            of("2", "1", "", ""),
            of("", "", "2Gi", "1Gi"),
        ] {
            assert!(tool.check().is_err(), "{}", tool.command());
        }
        assert!(of("1", "1", "64Mi", "128Mi").check().is_ok());
    }
}
