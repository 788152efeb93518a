//! `run_pod`: a throw-away pod that does one thing, shows what it wrote, and is gone afterwards: also when it
//! fails, and when nobody waits any more.

use futures::{AsyncBufReadExt as _, StreamExt as _};
use kube::api::{DynamicObject, LogParams, PostParams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::kubernetes::{
    Cluster, Executed, FIELD_MANAGER, Target, TemporaryPod, check_arguments, check_name, difference, ended,
    parse_duration, split_command,
};
use crate::outcome::Outcome;
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long it may take until the pod runs: an image is pulled in that time.
const START: Duration = Duration::from_secs(120);

/// How often it is looked at until then.
const LOOK: Duration = Duration::from_millis(300);

/// The pod's own deadline when none is said, so that nothing stays for ever even where nobody can clean up.
const USUAL: &str = "10m";

/// Seconds it gets to end by itself once it is told to; there is nothing to save.
const GRACE: u32 = 2;

/// Run a throw-away pod: start an image, show what it writes until it ends, and remove it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunPod {
    /// The image.
    image: String,
    /// What to run in it, such as `wget -q -O - http://web`; without, what the image runs by itself.
    command: Option<String>,
    /// Let the image's shell run it, so that pipes and variables work.
    #[serde(default)]
    shell: bool,
    /// The pod's name; `run-` and the image's when it is not said.
    name: Option<String>,
    /// Where it runs.
    namespace: Option<String>,
    /// The service account it runs as.
    service_account: Option<String>,
    /// End it after this time, such as `2m`; ten minutes when it is not said.
    duration: Option<String>,
}

impl Tool for RunPod {
    const NAME: &'static str = "run_pod";
    const PHRASES: &'static [&'static str] = &[
        "(start|run|launch|create|spin up|make|give me|bring up|get|need|want|fire up|open|deploy) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|test) {image:image} pod",
        "(start|run|launch|create|spin up|make|give me|bring up|get|need|want|fire up|open) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|test) pod (with|from|using|of|running|based on) [the] [image] {image:image} [image]",
        "(start|run|launch|create|spin up|make|give me|bring up|get|need|want|fire up|open) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|test) {image:image} pod (and|that|which|to) [then] (run|runs|execute|executes|do|does) {command:command} [in it|from it|there|inside it]",
        "(start|run|launch|create|spin up|make|give me|bring up|get|need|want|fire up|open) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|test) {image:image} pod (and|to) [then] {command:command} [in it|from it|there|inside it]",
        "(start|run|launch|create|spin up|make|give me|bring up|get|need|want|fire up|open) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|test) pod (with|from|using|of|running|based on) [the] [image] {image:image} [image] (and|that|which|to) [then] (run|runs|execute|executes) {command:command} [in it|from it|there|inside it]",
        "(start|run|launch|create|spin up|make|give me|bring up|get|need|want|fire up|open) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|test) pod (with|from|using|of|running|based on) [the] [image] {image:image} [image] (and|to) [then] {command:command} [in it|from it|there|inside it]",
        "(start|run|launch|create|spin up|fire up) a {image:image} pod (and|that|which|to) [then] (run|runs|execute|executes) {command:command} [in it|from it|there|inside it]",
        "(run|execute) {command:command} (in|inside|from|using) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|new|fresh) {image:image} pod",
        "(run|execute) {command:command} (in|inside|from|using) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|new|fresh) pod (with|from|using|of|running) [the] [image] {image:image}",
        "{command:command} (in|inside|from|using) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch|new|fresh) {image:image} pod",
        "(start|run|launch|create|give me|need|want) a (throwaway|throw-away|temporary|temp|disposable|one-off|short-lived|debug|ephemeral|scratch) pod",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(called|named|--name) {name:word}",
        "as [the] (service account|serviceaccount) {service_account:word}",
        "for {duration:duration}",
        "(in|with|through|using) a shell => shell=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let mut overrides = json!({});
        if let Some(account) = &self.service_account {
            overrides["serviceAccountName"] = json!(account);
        }
        if let Some(Ok(duration)) = self.duration.as_deref().map(|text| parse_duration("duration", text)) {
            overrides["activeDeadlineSeconds"] = json!(duration.as_secs().max(1));
        }
        let any = overrides.as_object().is_some_and(|overrides| !overrides.is_empty());
        let overrides = any.then(|| json!({"spec": overrides}).to_string());
        let line = CommandLine::kubectl()
            .args(["run", &self.pod_name()])
            .option("--image", Some(&self.image))
            .args(["--restart=Never", "--rm", "-i"])
            .option("--overrides", overrides)
            .namespace(self.namespace.as_deref());
        match self.argv() {
            Ok(Some(argv)) => line.args(["--command", "--"]).args(argv),
            _ => line,
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None }]
    }

    fn check(&self) -> Result<()> {
        check_arguments(None, Some(&self.pod_name()), self.namespace.as_deref(), None)?;
        self.service_account.as_deref().map_or(Ok(()), |account| check_name("service account", account))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
        if !self.image.starts_with(|c: char| c.is_ascii_alphanumeric()) || !self.image.chars().all(plain) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, format!("{:?} is no image", self.image))
                .next("write it like busybox:1.37")
                .into());
        }
        self.argv()?;
        parse_duration("duration", self.duration.as_deref().unwrap_or(USUAL)).map(|_| ())
    }
}

impl RunPod {
    fn pod_name(&self) -> String {
        let from_image = || {
            let last = self.image.rsplit('/').next().unwrap_or_default();
            let base = last.split([':', '@']).next().unwrap_or_default().to_ascii_lowercase();
            let base: String =
                base.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(50).collect();
            format!("run-{}", base.trim_matches('-'))
        };
        self.name.clone().unwrap_or_else(from_image)
    }

    fn argv(&self) -> Result<Option<Vec<String>>> {
        match &self.command {
            None => Ok(None),
            Some(command) if self.shell => Ok(Some(vec!["sh".to_owned(), "-c".to_owned(), command.clone()])),
            Some(command) => split_command(command).map(Some),
        }
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(Some("pod"), Some(&self.pod_name()), self.namespace.as_deref()).await
    }

    fn manifest(&self, target: &Target) -> Result<Value> {
        let duration = parse_duration("duration", self.duration.as_deref().unwrap_or(USUAL))?;
        let mut container = json!({"name": target.name, "image": self.image});
        if let Some(argv) = self.argv()? {
            container["command"] = json!(argv);
        }
        let mut spec = json!({"restartPolicy": "Never", "terminationGracePeriodSeconds": GRACE, "activeDeadlineSeconds": duration.as_secs().max(1), "containers": [container]});
        if let Some(account) = &self.service_account {
            spec["serviceAccountName"] = json!(account);
        }
        Ok(json!({"apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {"name": target.name, "namespace": target.namespace, "labels": {"run": target.name, "app.kubernetes.io/managed-by": "shipmate"}}}))
    }
}

impl ChangeTool for RunPod {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        if target.find(cluster).await?.is_some() {
            return Err(Feedback::new(ErrorKind::Conflict, format!("{} exists already", target.label()))
                .next("give the throw-away pod another name, or remove that one")
                .into());
        }
        let manifest = self.manifest(&target)?;
        let object: DynamicObject =
            serde_json::from_value(manifest.clone()).map_err(|error| ToolError::Fatal(error.to_string()))?;
        let parameters = PostParams { dry_run: true, field_manager: Some(FIELD_MANAGER.to_owned()) };
        let api = target.api(cluster);
        cluster.ask(&format!("try to create {}", target.label()), api.create(&parameters, &object)).await?;
        let identity = ObjectIdentity {
            kind: "Pod".to_owned(),
            name: target.name.clone(),
            namespace: target.namespace.clone(),
            ..ObjectIdentity::default()
        };
        Ok(Preview {
            summary: format!("{} runs {} and is removed when it ends", identity.label(), self.image),
            namespace: identity.namespace.clone(),
            changes: vec![ObjectChange {
                difference: difference(None, Some(&manifest)),
                action: Action::Create,
                object: identity,
            }],
            warnings: vec!["what the command does is not taken back when the pod is removed".to_owned()],
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let pod = TemporaryPod::create(world, approval, target.clone(), &self.manifest(&target)?).await?;
        let done = watch(&cluster, &target, progress).await;
        // Whatever it came to, it goes first.
        let removed = pod.remove(&cluster).await;
        let executed = done?;
        let argv = self.argv()?.unwrap_or_else(|| vec![self.image.clone()]);
        let outcome = ended(&argv, &target.label(), executed)?;
        let outcome = Outcome { summary: format!("{}; the pod is removed", outcome.summary), ..outcome };
        Ok(match removed {
            Ok(()) => outcome,
            Err(error) => outcome.note(format!("the pod could not be removed: {error}")),
        })
    }
}

/// Waits until the pod has started, hands on what it writes, and says how it ended.
async fn watch(cluster: &Cluster, target: &Target, progress: &Progress) -> Result<Executed> {
    started(cluster, target, progress).await?;
    let api = cluster.pods_in(target.namespace.as_deref().unwrap_or_default());
    let follow = LogParams { follow: true, ..LogParams::default() };
    let mut kept = String::new();
    let doing = format!("read the log of {}", target.label());
    let stream = cluster.ask(&doing, api.log_stream(&target.name, &follow)).await?;
    let mut lines = stream.lines();
    while let Some(Ok(line)) = lines.next().await {
        progress.status(&line);
        if kept.len() < crate::gate::TEXT_LIMIT {
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    let mut executed = Executed { stdout: kept, ..Executed::default() };
    // The log ends a moment before the kubelet says how the container did.
    for _ in 0..100 {
        let (pod, _) = target.read(cluster).await?;
        let terminated = pod.pointer("/status/containerStatuses/0/state/terminated");
        let overdue = pod.pointer("/status/reason").and_then(Value::as_str) == Some("DeadlineExceeded");
        if let Some(terminated) = terminated.filter(|_| !overdue) {
            executed.code =
                terminated.get("exitCode").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok());
            if terminated.get("reason").and_then(Value::as_str) == Some("OOMKilled") {
                executed.stderr = "it used more memory than it may and was killed".to_owned();
            }
            return Ok(executed);
        }
        if let Some(why) = pod.pointer("/status/reason").and_then(Value::as_str) {
            let message = pod.pointer("/status/message").and_then(Value::as_str).unwrap_or_default();
            executed.trouble = Some(format!("{why}: {message}"));
            return Ok(executed);
        }
        tokio::time::sleep(LOOK).await;
    }
    executed.trouble = Some("its end was never reported".to_owned());
    Ok(executed)
}

async fn started(cluster: &Cluster, target: &Target, progress: &Progress) -> Result<()> {
    let end = tokio::time::Instant::now() + START;
    loop {
        let (pod, _) = target.read(cluster).await?;
        match standing(&pod) {
            Standing::Started => return Ok(()),
            Standing::Stuck(why) => {
                return Err(Feedback::new(
                    ErrorKind::Other,
                    format!("{} does not start: {why}", target.label()),
                )
                .next("the pod is removed again; check the image's name and whether the cluster can pull it")
                .into());
            }
            Standing::Waiting(why) if tokio::time::Instant::now() > end => {
                return Err(Feedback::new(
                    ErrorKind::TimedOut,
                    format!("{} did not start within {} s: {why}", target.label(), START.as_secs()),
                )
                .next("the pod is removed again; look at the nodes")
                .into());
            }
            Standing::Waiting(why) => progress.status(format!("{}: {why}", target.label())),
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Started,
    Waiting(String),
    Stuck(String),
}

fn standing(pod: &Value) -> Standing {
    let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let state = |name: &str| pod.pointer(&format!("/status/containerStatuses/0/state/{name}"));
    if state("running").is_some() || state("terminated").is_some() {
        return Standing::Started;
    }
    if text("/status/phase") == "Failed" {
        return Standing::Stuck(
            format!("{} {}", text("/status/reason"), text("/status/message")).trim().to_owned(),
        );
    }
    let waiting = text("/status/containerStatuses/0/state/waiting/reason");
    let message = text("/status/containerStatuses/0/state/waiting/message");
    if [
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ]
    .contains(&waiting)
    {
        return Standing::Stuck(format!("{waiting} {message}").trim().to_owned());
    }
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let unscheduled = conditions.into_iter().flatten().find(|one| {
        one.get("type").is_some_and(|kind| kind == "PodScheduled")
            && one.get("status").is_some_and(|is| is == "False")
    });
    if let Some(message) = unscheduled.and_then(|one| one.get("message")).and_then(Value::as_str) {
        return Standing::Waiting(message.to_owned());
    }
    Standing::Waiting(if waiting.is_empty() { "waiting for a node".to_owned() } else { waiting.to_owned() })
}

pub(crate) static TOOL: Changer<RunPod> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn wanted(arguments: Value) -> Box<dyn crate::tool::BoundCall> {
        Call::new("run_pod", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (
                json!({"image": "registry.test/a/Busy_box:1.37", "namespace": "shop"}),
                "kubectl run run-busy-box --image=registry.test/a/Busy_box:1.37 --restart=Never --rm -i -n shop",
            ),
            (
                json!({"image": "busybox", "name": "probe", "command": "wget -q -O - 'http://web/a b'"}),
                "kubectl run probe --image=busybox --restart=Never --rm -i --command -- wget -q -O - 'http://web/a b'",
            ),
            (
                json!({"image": "busybox", "command": "ls | wc", "shell": true, "service_account": "ci"}),
                "kubectl run run-busybox --image=busybox --restart=Never --rm -i '--overrides={\"spec\":{\"serviceAccountName\":\"ci\"}}' --command -- sh -c 'ls | wc'",
            ),
        ] {
            assert_eq!(wanted(arguments).command().to_string(), line);
        }
        for arguments in [
            json!({"image": "-x"}),
            json!({"image": "a b"}),
            json!({"image": "a", "name": "-n"}),
            json!({"image": "a", "duration": "0s"}),
            json!({"image": "a", "command": "a && b"}),
        ] {
            assert!(wanted(arguments.clone()).check().is_err(), "{arguments}");
        }
    }

    #[test]
    fn the_pod_has_a_deadline_of_its_own() {
        let run: RunPod =
            serde_json::from_value(json!({"image": "busybox", "command": "date", "duration": "2m"})).unwrap();
        let kinds = crate::kubernetes::KindIndex::builtin();
        let target = Target {
            resource: kinds.find("pods").unwrap().clone(),
            name: run.pod_name(),
            namespace: Some("shop".to_owned()),
        };
        let manifest = run.manifest(&target).unwrap();
        assert_eq!(manifest["spec"]["activeDeadlineSeconds"], 120);
        assert_eq!(manifest["spec"]["containers"][0]["command"], json!(["date"]));
    }

    #[test]
    fn what_will_never_start_is_told_from_what_takes_its_time() {
        let waiting = |reason: &str| json!({"status": {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": reason, "message": "why"}}}]}});
        assert_eq!(
            standing(&waiting("ContainerCreating")),
            Standing::Waiting("ContainerCreating".to_owned())
        );
        assert_eq!(standing(&waiting("ErrImagePull")), Standing::Stuck("ErrImagePull why".to_owned()));
        assert_eq!(
            standing(&json!({"status": {"containerStatuses": [{"state": {"terminated": {"exitCode": 1}}}]}})),
            Standing::Started
        );
        assert_eq!(
            standing(&json!({"status": {"phase": "Pending"}})),
            Standing::Waiting("waiting for a node".to_owned())
        );
    }
}
