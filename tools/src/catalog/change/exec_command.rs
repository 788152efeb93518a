//! `exec_command`: one command in a running container, as an argument vector, never through a shell unless one
//! is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Target, check_arguments, check_name, container_of, ended, entered, is_destructive, pod_identity,
    reference, shown_pod, split_command,
};
use crate::outcome::Outcome;
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Programs that are a conversation: without a terminal they end at once.
const INTERACTIVE: [&str; 12] =
    ["sh", "bash", "ash", "dash", "zsh", "psql", "mysql", "redis-cli", "mongosh", "python", "python3", "top"];

/// Run one command in a running container and show what it prints.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecCommand {
    /// Kind: deployment, statefulset, daemonset, job or pod.
    kind: Option<String>,
    /// Name of the workload or pod; of a workload one ready pod is taken.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// One container of the pod; the first one when none is named.
    container: Option<String>,
    /// The command with its arguments, such as `ls -la /tmp`; quotes keep words together, nothing is expanded.
    command: String,
    /// Let the container's own shell run it, so that pipes and variables work.
    #[serde(default)]
    shell: bool,
}

impl Tool for ExecCommand {
    const NAME: &'static str = "exec_command";
    const PHRASES: &'static [&'static str] = &[
        "(run|execute|exec) [the] [command] {command:command} (in|inside|on|within|inside of) [the] {object} [container|pod]",
        "{command:command} (in|inside|on|within|inside of) [the] {object} [container|pod]",
        "(in|inside|on|within) [the] {object} [container|pod] (run|execute|exec) [the] [command] {command:command}",
        "(exec|execute|shell|ssh|go|get|enter) [in|into|inside|to] [the] {object} [container|pod] and [then] (run|execute|exec|type) [the] [command] {command:command}",
        "(exec|execute) [in|into|inside|on] [the] {object} [container|pod] {command:command}",
        "(exec|execute) {object} -- {command:command}",
        "(run|execute|exec) [the] {object} command {command:command}",
        "(exec|shell|ssh|bash) [in|into|to] [the] {object} [container|pod] => command=sh",
        "(open|get|give me|start|need|want) a [interactive] (shell|terminal|bash|prompt|console) (in|inside|on|into|to|for) [the] {object} [container|pod] => command=sh",
        "run a [interactive] (shell|bash) (in|inside|on) [the] {object} [container|pod] => command=sh",
        "(get|go) (into|inside) [the] {object} [container|pod] => command=sh",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "--container {container:word}",
        "[in|from] container {container:word}",
        "(in|with|through|using) a shell => shell=true",
    ];

    fn effect(&self) -> Effect {
        if is_destructive(&self.argv().unwrap_or_default(), self.shell) {
            Effect::Destroy
        } else {
            Effect::Change
        }
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .arg("exec")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .namespace(self.namespace.as_deref())
            .option("--container", self.container.as_deref())
            .arg("--")
            .args(self.argv().unwrap_or_else(|_| vec![self.command.clone()]))
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::HasPods,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        self.container.as_deref().map_or(Ok(()), |container| check_name("container", container))?;
        let argv = self.argv()?;
        let program = argv.first().map(String::as_str).unwrap_or_default();
        if !self.shell && argv.len() == 1 && INTERACTIVE.contains(&program) {
            let mut line = CommandLine::kubectl().args(["exec", "-it"]);
            line = line.arg(reference(self.kind.as_deref(), self.name.as_deref()));
            let line = line.namespace(self.namespace.as_deref()).arg("--").arg(program);
            return Err(Feedback::new(
                ErrorKind::Refused,
                format!("{program} wants a terminal to talk in, and shipmate runs one command at a time"),
            )
            .next(format!("name the command to run, or open it yourself: `{line}`"))
            .into());
        }
        Ok(())
    }
}

impl ExecCommand {
    fn argv(&self) -> Result<Vec<String>> {
        if self.shell {
            return Ok(vec!["sh".to_owned(), "-c".to_owned(), self.command.clone()]);
        }
        split_command(&self.command)
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }
}

impl ChangeTool for ExecCommand {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let pod = entered(cluster, &target).await?;
        let container = container_of(&pod, self.container.as_deref())?;
        let identity = pod_identity(&pod);
        let argv = self.argv()?;
        let line = argv.iter().map(|word| crate::command::quote(word)).collect::<Vec<_>>().join(" ");
        let mut warnings =
            vec!["what the command does cannot be shown beforehand, nor taken back".to_owned()];
        if self.effect() == Effect::Destroy {
            warnings.push("it looks like one that takes something away".to_owned());
        }
        Ok(Preview {
            summary: format!("runs `{line}` in container {container} of {}", identity.label()),
            confirm_name: (self.effect() == Effect::Destroy).then(|| identity.name.clone()),
            namespace: identity.namespace.clone(),
            changes: vec![ObjectChange {
                object: identity,
                action: Action::Unchanged,
                difference: String::new(),
            }],
            warnings,
            nothing_to_do: false,
            basis: json!({"container": container}),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let shown = approval.preview();
        let pod = shown_pod(&cluster, shown).await?;
        let container = shown.basis.get("container").and_then(Value::as_str);
        let argv = self.argv()?;
        let executed = cluster.execute(&pod, container, &argv, false, progress).await?;
        ended(&argv, &pod_identity(&pod).label(), executed)
    }
}

pub(crate) static TOOL: Changer<ExecCommand> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn call(arguments: Value) -> Box<dyn crate::tool::BoundCall> {
        Call::new("exec_command", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command_and_its_effect() {
        let bound = call(
            json!({"kind": "pod", "name": "db-0", "namespace": "shop", "container": "db", "command": "psql -c 'select 1'"}),
        );
        assert_eq!(bound.effect(), Effect::Change);
        assert_eq!(
            bound.command().to_string(),
            "kubectl exec pod/db-0 -n shop --container=db -- psql -c 'select 1'"
        );
        let bound = call(json!({"kind": "deployment", "name": "web", "command": "rm -r /tmp/x"}));
        assert_eq!(bound.effect(), Effect::Destroy);
        let bound =
            call(json!({"kind": "deployment", "name": "web", "command": "ls | wc -l", "shell": true}));
        assert_eq!(bound.command().to_string(), "kubectl exec deployment/web -- sh -c 'ls | wc -l'");
        assert!(bound.check().is_ok());
    }

    #[test]
    fn a_shell_to_talk_in_is_refused_with_the_line_to_type() {
        let error = call(json!({"kind": "pod", "name": "db-0", "command": "sh"})).check().unwrap_err();
        let crate::error::ToolError::Feedback(feedback) = error else { panic!() };
        assert_eq!(feedback.kind, ErrorKind::Refused);
        assert!(feedback.next_step.unwrap().contains("`kubectl exec -it pod/db-0 -- sh`"));
        assert!(call(json!({"kind": "pod", "name": "db-0", "command": "ls | wc"})).check().is_err());
    }
}
