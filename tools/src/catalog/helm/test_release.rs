//! `test_release`: the tests that a chart brings, run in the cluster.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::helm::{Release, ReleaseHook, check_release_name, failure, release_namespace};
use crate::kubernetes::check_namespace;
use crate::outcome::{Outcome, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long the tests may take: Helm waits up to 5 minutes for each (its own default).
const RUN_DEADLINE: Duration = Duration::from_secs(900);

/// Lines of a failed test's log that are told with the error.
const TAIL: i64 = 10;

/// Run the tests of a Helm release; each is a pod or job in the cluster.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestRelease {
    /// Name of the release.
    release: String,
    /// Namespace of the release.
    namespace: Option<String>,
    /// Show the logs of the tests, too.
    #[serde(default)]
    logs: bool,
}

impl Tool for TestRelease {
    const NAME: &'static str = "test_release";
    const PHRASES: &'static [&'static str] = &[
        "(run|execute|start|do|perform|launch) [the] [chart|helm] (test|tests) (of|for|on|against) [the] [helm] release {release:word}",
        "(run|execute|start|do|perform|launch) [the] [chart|helm] (test|tests) (of|for|on|against) [the] {release:word} [helm] release",
        "(run|execute|start|do|perform|launch) [a|the] helm [chart] (test|tests) (of|for|on|against) [the] {release:word}",
        "(run|execute|start|do|perform|launch) [the] {release:word} helm [chart] (test|tests)",
        "(run|execute|start|do|perform|launch) [the] {release:word} [helm] release (test|tests)",
        "test [the] [helm] release {release:word}",
        "test [the] {release:word} [helm] release",
        "test {release:word} (with|using|via|through) helm",
        "(do|does) [the] helm (test|tests) (of|for) {release:word} (pass|succeed|work)",
        "(do|does) [the] (test|tests) (of|for) [the] [helm] release {release:word} (pass|succeed|work)",
        "helm test {release:word}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(with|and|including|plus|and show) [the|its|their] (log|logs|output) => logs=true",
        "--logs => logs=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::helm()
            .args(["test", &self.release])
            .namespace(self.namespace.as_deref())
            .flag_if(self.logs, "--logs")
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None }]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        check_release_name(&self.release)
    }
}

/// The tests of a release, as Helm runs them.
fn tests(release: &Release) -> Vec<&ReleaseHook> {
    let mut found: Vec<&ReleaseHook> = release.hooks_of("test").collect();
    found.extend(release.hooks_of("test-success"));
    found
}

/// What becomes of a test's objects, which nobody deletes otherwise.
fn stays(hook: &ReleaseHook) -> Option<String> {
    let policies = hook.delete_policies.as_deref().unwrap_or_default();
    let deletes = policies.iter().any(|policy| policy == "hook-succeeded");
    (!deletes).then(|| {
        format!(
            "{} {} stays afterwards, until the next test; uninstalling leaves it, too",
            hook.kind, hook.name
        )
    })
}

impl ChangeTool for TestRelease {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let namespace = release_namespace(world, self.namespace.as_deref()).await?;
        let release = world.helm().existing(&self.release, &namespace).await?;
        let tests = tests(&release);
        let label = format!("the release {} in {namespace}", self.release);
        let changes = tests.iter().map(|hook| ObjectChange {
            object: ObjectIdentity {
                kind: hook.kind.clone(),
                name: hook.name.clone(),
                namespace: Some(namespace.clone()),
                ..ObjectIdentity::default()
            },
            action: Action::Create,
            difference: String::new(),
        });
        let summary = match tests.len() {
            0 => format!("{label} brings no tests"),
            1 => format!("the 1 test of {label} would run in the cluster"),
            count => format!("the {count} tests of {label} would run in the cluster"),
        };
        let mut warnings: Vec<String> = tests.iter().filter_map(|hook| stays(hook)).collect();
        if !tests.is_empty() {
            warnings.push("a test that ran cannot be undone: it did whatever its chart says".to_owned());
        }
        Ok(Preview {
            summary,
            nothing_to_do: tests.is_empty(),
            warnings,
            changes: changes.collect(),
            basis: json!({"revision": release.revision}),
            namespace: Some(namespace.clone()),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let namespace = release_namespace(world.read(), self.namespace.as_deref()).await?;
        let release = world.read().helm().existing(&self.release, &namespace).await?;
        if approval.preview().basis.get("revision").and_then(Value::as_u64) != Some(release.revision) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("the release {} changed after it was shown, so its tests did not run", self.release),
            )
            .next("ask again to see its tests as they are now")
            .into());
        }
        let place = format!("--namespace={namespace}");
        let mut arguments = vec!["test", self.release.as_str(), place.as_str()];
        if self.logs {
            arguments.push("--logs");
        }
        progress.status(format!("helm runs the tests of {}", self.release));
        let printed = world.helm(approval).run(&arguments, RUN_DEADLINE).await?;
        if !printed.success {
            let mut error = failure(&format!("pass the tests of {}", self.release), &printed);
            if let ToolError::Feedback(feedback) = &mut error {
                for hook in tests(&release).into_iter().filter(|hook| hook.kind == "Pod") {
                    if let Some(lines) = last_lines(world.read(), &namespace, &hook.name).await {
                        feedback.message.push_str(&format!("\nlast lines of {}:\n{lines}", hook.name));
                    }
                }
                if feedback.kind == ErrorKind::Other {
                    feedback.next_step = Some(
                        "look at the test's pod: `kubectl describe` and `kubectl logs` of it".to_owned(),
                    );
                }
            }
            return Err(error);
        }
        let ran: Vec<&str> = tests(&release).iter().map(|hook| hook.name.as_str()).collect();
        let summary = match ran.as_slice() {
            [one] => format!("the test {one} of the release {} passed", self.release),
            several => format!("all {} tests of the release {} passed", several.len(), self.release),
        };
        let outcome = Outcome::sentence(summary)
            .data(json!({"release": self.release, "namespace": namespace, "passed": ran}));
        Ok(if self.logs { outcome.view(View::Text(logs_of(&printed.stdout))) } else { outcome })
    }
}

/// What `helm test --logs` prints of the pods, without the status of the release before it.
fn logs_of(printed: &str) -> String {
    printed.find("POD LOGS: ").and_then(|start| printed.get(start..)).unwrap_or(printed).trim().to_owned()
}

/// The last lines that a test's pod wrote; nothing when they cannot be had.
async fn last_lines(world: &ReadWorld, namespace: &str, pod: &str) -> Option<String> {
    use k8s_openapi::api::core::v1::Pod;
    use kube::api::{Api, LogParams};
    let cluster = world.cluster().await.ok()?;
    let pods: Api<Pod> = Api::namespaced(cluster.client().clone(), namespace);
    let wanted = LogParams { tail_lines: Some(TAIL), ..LogParams::default() };
    let lines = cluster.ask("read the test's log", pods.logs(pod, &wanted)).await.ok()?;
    let lines = lines.trim_end();
    (!lines.is_empty()).then(|| lines.to_owned())
}

pub(crate) static TOOL: Changer<TestRelease> = Changer::new();

#[cfg(test)]
mod tests_of_it {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let command = |arguments| Call::new("test_release", arguments).bind().unwrap().command().to_string();
        assert_eq!(command(json!({"release": "shop", "namespace": "test"})), "helm test shop -n test");
        assert_eq!(command(json!({"release": "shop", "logs": true})), "helm test shop --logs");
    }

    #[test]
    fn only_tests_are_tests_and_what_stays_is_said() {
        let release: Release = serde_json::from_value(json!({"version": 1, "hooks": [
            {"name": "ask", "kind": "Pod", "events": ["test"], "delete_policies": ["before-hook-creation"]},
            {"name": "tidy", "kind": "Job", "events": ["test"], "delete_policies": ["hook-succeeded"]},
            {"name": "migrate", "kind": "Job", "events": ["pre-upgrade"]},
        ]}))
        .unwrap();
        let names: Vec<&str> = tests(&release).iter().map(|hook| hook.name.as_str()).collect();
        assert_eq!(names, ["ask", "tidy"]);
        let said: Vec<bool> = tests(&release).iter().map(|hook| stays(hook).is_some()).collect();
        assert_eq!(said, [true, false]);
    }

    #[test]
    fn logs_begin_where_helm_begins_them() {
        assert_eq!(logs_of("NAME: a\nPhase: Succeeded\nPOD LOGS: ask\nok\n\n"), "POD LOGS: ask\nok");
    }
}
