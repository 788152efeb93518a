//! `get_logs`: what the containers of a workload, pod, Service or label wrote, all its pods together.

use futures::StreamExt as _;
use kube::api::LogParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, LogLine, LogSource, Query, kubectl_duration, log_sources, merge_logs, parse_duration,
};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Lines of each container when nothing else limits them.
const USUAL_TAIL: u32 = 100;

/// Most lines of each container where a time or a text is what limits them.
const LONGEST_TAIL: u32 = 10_000;

/// How often a followed log looks whether somebody still listens.
const LOOK: Duration = Duration::from_millis(250);

/// Show the logs of a workload, pod, Service or label; all its pods together.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetLogs {
    /// Kind: deployment, statefulset, daemonset, job, cronjob, pod or service.
    kind: Option<String>,
    /// Name of the workload, pod or Service.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Label selector of the pods, instead of a name.
    selector: Option<String>,
    /// One container instead of all.
    container: Option<String>,
    /// Last lines of each container.
    tail: Option<u32>,
    /// Only newer than this, such as `15m`.
    since: Option<String>,
    /// Of the container before the last restart: what it wrote before it died.
    #[serde(default)]
    previous: bool,
    /// Go on showing new lines.
    #[serde(default)]
    follow: bool,
    /// Only lines with this text, in any case.
    grep: Option<String>,
    /// Show when each line was written.
    #[serde(default)]
    timestamps: bool,
}

impl Tool for GetLogs {
    const NAME: &'static str = "get_logs";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|check|read|fetch] [the] (log|logs|log output) (of|from|for|by|in) {object}",
        "[<show>|check|read|fetch] {object} (log|logs|log output)",
        "(log|logs) {object}",
        "tail {object}",
        "tail [the] (log|logs) (of|from|for) {object}",
        "tail {object} (log|logs)",
        "[<show>] [the] output (of|from) {object}",
        "(follow|stream|watch|tail -f) {object} [log|logs] => follow=true",
        "(follow|stream|watch|tail -f) [the] (log|logs) (of|from|for) {object} => follow=true",
        "what (did|does|has) {object} (print|log|write|say|output|printed|logged|written|said) [lately|recently]",
        "what is {object} (printing|logging|writing|saying|doing)",
        "what (did) {object} (print|log|write|say|output) [right|just] before it (died|crashed|restarted|stopped|failed|exited|ended|went down|was killed) => previous=true",
        "why (is|does|did|has|was) {object} [keep|keeps|always] (crash|crashing|crashed|crashlooping|crash looping|die|died|dying|exit|exiting|restart|restarting|restarted) => previous=true",
        "[<show>] [the] (last words) of {object} => previous=true",
        "[<show>] [the] (previous|old|earlier) (log|logs) (of|from|for) {object} => previous=true",
        "[<show>] [the] (log|logs) (of|from) [the] (previous|last|crashed) (container|instance|run) of {object} => previous=true",
        "[<show>] {object} previous (log|logs) => previous=true",
        "[<show>] [the] (log|logs) from [right|just] before {object} (crashed|died|restarted|stopped|failed|was restarted|was killed) => previous=true",
        "[<show>] [the] (log|logs) (of|from|for) [all] [the] pods (labelled|labeled|with label|with the label|with|where) {selector:label}",
        "(log|logs) (-l|--selector) {selector:label}",
        "(log|logs) (for|of|from) {selector:label}",
        "(find|search|look for|grep|search for) {grep:word} in [the] (log|logs) (of|from|for) {object}",
        "(find|search|look for|grep|search for) {grep:word} in {object} (log|logs)",
        "(search|grep) [the] (log|logs) of {object} for {grep:word}",
        "(search|grep) {object} (log|logs) for {grep:word}",
        "[any] (error|errors|error messages) in {object} (log|logs) => grep=error",
        "(are there|is there|<show>|any|find) [any|the] (error|errors|error messages) in [the] (log|logs) (of|from|for) {object} => grep=error",
        "(are there|is there|<show>|any|find) [any|the] (error|errors|error messages) in {object} (log|logs) => grep=error",
        "[<show>] [the] (error|errors) (from|in) {object} => grep=error",
        "[<show>] [the] last {tail:count} [log] (lines|entries) (of|from|for) {object} [log|logs]",
        "[<show>] {tail:count} [log] lines (of|from|for) {object} [log|logs]",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[only|just] [the] (last|latest|newest|most recent) {tail:count} [lines|entries]",
        "[only|just] {tail:count} (lines|entries)",
        "(--tail|tail) {tail:count}",
        "[from|in|of|for|over|during|within] [the] (last|past) {since:duration}",
        "(since|--since|newer than) {since:duration} [ago]",
        "[from|in|of|for|over|during|within] [the] (last|past) hour => since=1h",
        "[from|in|of|for|over|during|within] [the] (last|past) minute => since=1m",
        "[from|in|of|for|over|during|within] [the] (last|past) half hour => since=30m",
        "[from|in|of|for|over|during|within] [the] (last|past) day => since=24h",
        "[with|including|and|plus] [the] (timestamps|timestamp|times) => timestamps=true",
        "--timestamps => timestamps=true",
        "(container|in container|from container|-c|--container) {container:word}",
        "[from|of|in] [the] {container:word} container",
        "container {container:word} (in|of|inside|from)",
        "(previous|-p|--previous) => previous=true",
        "[from] [right|just] before [it|the] [last] (died|crash|crashed|restart|restarted|stopped|failed) => previous=true",
        "(-f|--follow|live|following|and follow [it|them]|in real time|continuously|as they come) => follow=true",
        "[only|just] [the|show] lines (with|containing|matching|that contain|that have|mentioning|including|that mention) {grep:word}",
        "[only|just] (containing|matching|mentioning|filtered by|filter|grep|that mention|that contain) {grep:word}",
        "[only|just] [the] lines (with|containing|matching) {grep:text}",
        "[only|just] [the] (errors|error lines) => grep=error",
        "[only|just] [the] (warnings|warning lines) => grep=warn",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl().arg("logs");
        let line = match (&self.name, &self.selector) {
            (None, Some(selector)) => line.arg("-l").arg(selector),
            _ => line.arg(crate::kubernetes::reference(self.kind.as_deref(), self.name.as_deref())),
        };
        let line = match &self.container {
            Some(container) => line.arg("-c").arg(container),
            None => line,
        };
        // With a selector kubectl shows ten lines unless it is told how many.
        let all = (self.name.is_none() && self.kubectl_tail().is_none()).then_some(-1);
        line.namespace(self.namespace.as_deref())
            .flag_if(self.follow, "-f")
            .flag_if(self.previous, "--previous")
            .option("--tail", self.kubectl_tail().map(i64::from).or(all))
            .option("--since", self.since.as_deref().map(kubectl_duration))
            .flag_if(self.timestamps, "--timestamps")
            .matching(self.grep.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.name.is_none() && self.selector.is_some() {
            return vec![Slot::Scope {
                namespace: &mut self.namespace,
                all_namespaces: false,
                qualifier: None,
            }];
        }
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
        crate::kubernetes::check_arguments(
            self.kind.as_deref(),
            self.name.as_deref(),
            self.namespace.as_deref(),
            self.selector.as_deref(),
        )?;
        if let Some(container) = &self.container {
            crate::kubernetes::check_name("container", container)?;
        }
        if let Some(since) = &self.since {
            parse_duration("since", since)?;
        }
        if self.follow && self.previous {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                "a container that has ended writes nothing that could be followed",
            )
            .next("leave out either follow or previous")
            .into());
        }
        Ok(())
    }
}

impl GetLogs {
    /// What is asked of the server for each container.
    fn lines(&self) -> u32 {
        match (self.tail, &self.since, &self.grep) {
            (Some(tail), _, _) => tail,
            (None, None, None) => USUAL_TAIL,
            _ => LONGEST_TAIL,
        }
    }

    /// What kubectl is told, which sets no limit of its own where a time does.
    fn kubectl_tail(&self) -> Option<u32> {
        self.tail.or_else(|| (self.since.is_none() && self.grep.is_none()).then_some(USUAL_TAIL))
    }

    fn parameters(&self) -> Result<LogParams> {
        let since = self.since.as_deref().map(|text| parse_duration("since", text)).transpose()?;
        Ok(LogParams {
            previous: self.previous,
            since_seconds: since.map(|since| i64::try_from(since.as_secs().max(1)).unwrap_or(i64::MAX)),
            tail_lines: Some(i64::from(self.lines())),
            ..LogParams::default()
        })
    }

    /// The pods, and what they are called.
    async fn pods(&self, cluster: &Cluster) -> Result<(Vec<Value>, String)> {
        if let (None, Some(selector)) = (&self.name, &self.selector) {
            let namespace = self.namespace.as_deref().unwrap_or(cluster.namespace());
            let query = Query {
                namespace: Some(namespace.to_owned()),
                selector: Some(selector.clone()),
                ..Query::default()
            };
            let pods = cluster.objects(&cluster.kind("pods").await?, &query).await?;
            return Ok((pods, format!("pods labelled {selector} in {namespace}")));
        }
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        let (object, identity) = target.read(cluster).await?;
        if target.resource.kind != "Pod" && crate::kubernetes::pod_query(&object).is_none() {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("{} has no pods", identity.label()),
            )
            .next("name a workload, a pod or a Service")
            .into());
        }
        Ok((cluster.family(&object).await?.pods, identity.label()))
    }

    fn keeps(&self, line: &LogLine, lower: Option<&str>) -> bool {
        lower.is_none_or(|lower| line.text.to_lowercase().contains(lower))
    }

    fn shown(&self, line: &LogLine, prefixed: bool) -> String {
        let mut text = String::new();
        if prefixed {
            text = format!("{}/{} | ", line.pod, line.container);
        }
        if self.timestamps && !line.time.is_empty() {
            text.push_str(&line.time);
            text.push(' ');
        }
        text.push_str(&line.text);
        text
    }
}

impl ReadTool for GetLogs {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        logs(self, world.cluster().await?, progress).await
    }
}

async fn logs(wanted: &GetLogs, cluster: &Cluster, progress: &Progress) -> Result<Outcome> {
    let parameters = wanted.parameters()?;
    let (pods, whose) = wanted.pods(cluster).await?;
    if pods.is_empty() {
        return Ok(
            Outcome::sentence(format!("{whose} has no pods, so there is no log")).data(json!({"lines": []}))
        );
    }
    let (sources, mut notes) = log_sources(&pods, wanted.container.as_deref(), wanted.previous)?;
    if wanted.follow && progress.is_listened_to() && !sources.is_empty() {
        return follow(wanted, cluster, &sources, &parameters, progress, &whose, notes).await;
    }
    let mut logs = Vec::new();
    let mut refused = Vec::new();
    for (source, log) in sources.iter().zip(cluster.read_logs(&sources, &parameters).await) {
        match log {
            Ok(lines) => {
                if wanted.tail.is_none() && lines.len() >= usize::try_from(LONGEST_TAIL).unwrap_or(usize::MAX)
                {
                    notes.push(format!("{}: only the last {LONGEST_TAIL} lines were read", source.label()));
                }
                logs.push(lines);
            }
            Err(error) => {
                notes.push(error.to_string());
                refused.push(error);
            }
        }
    }
    if logs.is_empty()
        && let Some(error) = refused.pop()
    {
        return Err(error);
    }
    let read = logs.len();
    let mut lines = merge_logs(logs);
    let lower = wanted.grep.as_deref().map(str::to_lowercase);
    lines.retain(|line| wanted.keeps(line, lower.as_deref()));

    let prefixed = sources.len() > 1;
    let text: Vec<String> = lines.iter().map(|line| wanted.shown(line, prefixed)).collect();
    let view = if text.is_empty() { View::None } else { View::Text(text.join("\n")) };
    let mut outcome = Outcome::sentence(summary(wanted, &whose, lines.len(), read))
        .view(view)
        .data(json!({"lines": lines}));
    outcome.notes = notes;
    Ok(outcome)
}

fn summary(wanted: &GetLogs, whose: &str, lines: usize, containers: usize) -> String {
    let mut said = match lines {
        0 => "no lines".to_owned(),
        1 => "1 line".to_owned(),
        lines => format!("{lines} lines"),
    };
    if let Some(text) = &wanted.grep {
        said = format!("{said} with {text:?}");
    }
    said = format!("{said} from {whose}");
    if containers > 1 {
        said = format!("{said}, {containers} containers");
    }
    if let Some(since) = &wanted.since {
        said = format!("{said}, of the last {since}");
    }
    if wanted.previous { format!("{said}, before the last restart") } else { said }
}

async fn follow(
    wanted: &GetLogs,
    cluster: &Cluster,
    sources: &[LogSource],
    parameters: &LogParams,
    progress: &Progress,
    whose: &str,
    notes: Vec<String>,
) -> Result<Outcome> {
    let parameters = LogParams {
        // What came before is shown as kubectl would: all of it only when a time limits it.
        tail_lines: wanted.kubectl_tail().map(i64::from),
        ..parameters.clone()
    };
    let mut lines = cluster.follow_logs(sources, &parameters).await?;
    let lower = wanted.grep.as_deref().map(str::to_lowercase);
    let mut count = 0_usize;
    loop {
        let line = match tokio::time::timeout(LOOK, lines.next()).await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(_silent) if progress.is_listened_to() => continue,
            Err(_silent) => break,
        };
        if !progress.is_listened_to() {
            break;
        }
        if wanted.keeps(&line, lower.as_deref()) {
            progress.line(wanted.shown(&line, sources.len() > 1));
            count += 1;
        }
    }
    let mut outcome = Outcome::sentence(summary(wanted, whose, count, sources.len()))
        .view(View::Streamed)
        .data(json!({"lines": count}));
    outcome.notes = notes;
    Ok(outcome)
}

pub(crate) static TOOL: Reader<GetLogs> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;
    use crate::progress::Update;

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (
                json!({"kind": "deployment", "name": "web", "namespace": "shop"}),
                "kubectl logs deployment/web -n shop --tail=100",
            ),
            (json!({"kind": "pod", "name": "web-0", "since": "15m"}), "kubectl logs pod/web-0 --since=15m"),
            (
                json!({"selector": "app=web", "tail": 5, "timestamps": true}),
                "kubectl logs -l app=web --tail=5 --timestamps",
            ),
            (
                json!({"kind": "deployment", "name": "web", "previous": true, "container": "proxy", "grep": "ERROR"}),
                "kubectl logs deployment/web -c proxy --previous | grep -iF ERROR",
            ),
            (
                json!({"kind": "service", "name": "web", "follow": true}),
                "kubectl logs service/web -f --tail=100",
            ),
        ] {
            assert_eq!(Call::new("get_logs", arguments).bind().unwrap().command().to_string(), line);
        }
        let bad = Call::new("get_logs", json!({"name": "web", "since": "a while"})).bind().unwrap();
        assert!(bad.check().is_err());
    }

    fn shop(uri: &str) -> Value {
        let pod = |name: &str| {
            json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": [{"name": "web"}]},
                "status": {"conditions": [{"type": "Initialized", "status": "True"}],
                    "containerStatuses": [{"name": "web", "state": {"running": {}}, "restartCount": 0}]}})
        };
        if uri.contains("/log?") {
            let name = if uri.contains("web-a") { "a" } else { "b" };
            format!(
                "2026-01-01T00:00:0{}Z Error in {name}\n2026-01-01T00:00:05Z fine\n",
                if name == "a" { 2 } else { 1 }
            )
            .into()
        } else {
            json!({"items": [pod("web-a"), pod("web-b")]})
        }
    }

    async fn read(arguments: Value, progress: &Progress) -> Outcome {
        let wanted: GetLogs = serde_json::from_value(arguments).unwrap();
        logs(&wanted, &answering(shop), progress).await.unwrap()
    }

    #[tokio::test]
    async fn pods_are_read_together_and_filtered() {
        let asked = json!({"selector": "app=web", "namespace": "shop", "grep": "error"});
        let outcome = read(asked, &Progress::silent()).await;
        assert_eq!(outcome.view, View::Text("web-b/web | Error in b\nweb-a/web | Error in a".to_owned()));
        assert_eq!(
            outcome.summary,
            "2 lines with \"error\" from pods labelled app=web in shop, 2 containers"
        );
    }

    #[tokio::test]
    async fn a_container_that_never_restarted_has_no_previous_log() {
        let asked = json!({"selector": "app=web", "namespace": "shop", "previous": true});
        let outcome = read(asked, &Progress::silent()).await;
        assert_eq!(outcome.view, View::None);
        assert_eq!(outcome.notes[0], "web-a/web: it has not restarted, so there is no log from before");
    }

    #[tokio::test]
    async fn following_streams_until_the_logs_end() {
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        let asked = json!({"selector": "app=web", "namespace": "shop", "follow": true, "timestamps": true});
        let outcome = read(asked, &Progress::to(sender)).await;
        assert_eq!(outcome.view, View::Streamed);
        assert_eq!(outcome.data["lines"], 4);
        assert!(
            matches!(lines.recv().await, Some(Update::Line(line)) if line.contains(" | 2026-01-01T00:00:0"))
        );
    }
}
