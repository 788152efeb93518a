//! `analyze_health`: what is broken, and why.

use futures::{StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::health::{Finding, LogSource, Report, Snapshot, analyze, blame_accounts, telling_lines};
use crate::kubernetes::Cluster;
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Logs read for one report: one for each workload that crashes, so that a broken cluster stays quick to judge.
const LOGS: usize = 12;

/// Logs read at once.
const AT_ONCE: usize = 4;

/// Find what is broken in the cluster or one namespace, and what is behind it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnalyzeHealth {
    /// Only this namespace, with the cluster-wide objects that can hurt it.
    namespace: Option<String>,
    /// The whole cluster; so is a call without a namespace.
    #[serde(default)]
    all_namespaces: bool,
}

impl Tool for AnalyzeHealth {
    const NAME: &'static str = "analyze_health";
    const PHRASES: &'static [&'static str] = &[
        "(analyze|check|assess|evaluate|inspect|examine|review|diagnose|verify) [overall] [cluster|kubernetes|system|namespace|app|application] health",
        "<show> [overall] [cluster|kubernetes|system|namespace] health [status|report|summary|state]",
        "(run|do|make) [a] [cluster|full|quick|namespace] (health check|health report|check up|checkup)",
        "[cluster|kubernetes|namespace|system] (health|health check|health report|health status|check up|checkup)",
        "(health|health check|health report|health status) (of|for|on) [cluster|everything|namespace|{namespace:namespace}]",
        "(analyze|check|assess|inspect|examine) [health of] {namespace:namespace} [namespace] [health]",
        "(is|are) (anything|something) [there] (broken|wrong|failing|failed|down|unhealthy|on fire|amiss|crashing|not working)",
        "(is|are) [everything|all|all good|cluster|namespace|it all] (ok|okay|fine|healthy|good|well|up|running|working|alright|all right|in order|in good shape|green) [today|now|there]",
        "(is|are) {namespace:namespace} [namespace] (ok|okay|fine|healthy|good|well|alright|in order|in good shape)",
        "(check|verify|make sure|confirm|see) [that|if|whether] [cluster|namespace|everything|all] [is|are] (ok|okay|fine|healthy|good|well|alright|in order)",
        "what is (wrong|broken|failing|unhealthy|down|not working|going wrong|the matter) [with|in] [cluster|namespace|here|everything]",
        "what is (wrong|broken|failing|unhealthy|down|not working|going wrong|the matter) (with|in) {namespace:namespace}",
        "[are there|do we have|is there|does it have|see] any (problem|issue|failure|trouble|fault|outage|incident) [in|with|on] [cluster|namespace|here]",
        "[are there|do we have|is there|see] any (problem|issue|failure|trouble|fault|outage) (in|with|on) {namespace:namespace}",
        "<show> [all] [current] (problem|issue|failure|fault|outage) [in|with|of] [cluster|namespace]",
        "(find|detect|look for|list) [all|any] (problem|issue|failure|fault|anomaly|what is broken) [in|with] [cluster|namespace]",
        "(find|tell|show) [out|me] what is (wrong|broken|failing|going on|unhealthy)",
        "how (is|are) [cluster|everything|namespace|thing|it] (doing|going|looking|feeling)",
        "how (is|are) {namespace:namespace} [namespace] (doing|going|looking)",
        "how healthy is [cluster|namespace|everything]",
        "how healthy is {namespace:namespace}",
        "(status|state|condition) (of|in) [cluster|namespace]",
        "[cluster|namespace] (status|state|condition) (report|overview|summary)",
        "(why is|something is) (everything|something) (broken|wrong|failing|down|slow)",
        "triage [cluster|namespace]",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::new("shipmate").arg("health").namespace(self.scope())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // Without a namespace the whole cluster is meant, not the context's namespace.
        let all_namespaces = self.all_namespaces || self.namespace.is_none();
        vec![Slot::Scope { namespace: &mut self.namespace, all_namespaces, qualifier: None }]
    }
}

impl AnalyzeHealth {
    fn scope(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|_| !self.all_namespaces)
    }
}

impl ReadTool for AnalyzeHealth {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let cluster = world.cluster().await?;
        if let Some(namespace) = self.scope() {
            must_exist(cluster, namespace).await?;
        }
        let snapshot = Snapshot::read(cluster, self.scope(), progress).await?;
        let mut findings = analyze(&snapshot);
        progress.status("reading logs of what crashed");
        add_logs(cluster, &mut findings).await;
        blame_accounts(&mut findings);
        let report = Report::new(&snapshot, findings);
        let mut outcome =
            Outcome::sentence(report.summary()).view(View::Text(report.text())).data(report.json());
        if self.scope().is_none() && snapshot.unchecked.iter().any(|one| one.reason.starts_with("forbidden"))
        {
            outcome = outcome.note("name a namespace that you may look into: `shipmate health -n NAMESPACE`");
        }
        outcome.severity = report.worst().map(|severity| severity.word().to_owned());
        Ok(outcome)
    }
}

/// A namespace that does not exist has no problems either, so it is looked for first. Who may not look at
/// namespaces may still look into one.
async fn must_exist(cluster: &Cluster, namespace: &str) -> Result<()> {
    let kind = cluster.kind("namespace").await?;
    let api = cluster.api(&kind, None);
    match cluster.ask(&format!("look for the namespace {namespace}"), api.get_metadata(namespace)).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut known: Vec<String> = cluster
                .identities(&kind, None)
                .await
                .map(|found| found.into_iter().map(|one| one.name).collect())
                .unwrap_or_default();
            known.sort_by_key(|name| strsim::damerau_levenshtein(namespace, name));
            known.truncate(3);
            Err(Feedback::new(ErrorKind::NotFound, format!("there is no namespace {namespace}"))
                .next("`kubectl get namespaces` lists them")
                .candidates(known)
                .into())
        }
        Err(error) if error.kind() != ErrorKind::Forbidden => Err(error),
        _ => Ok(()),
    }
}

/// Adds to what crashed the lines of its log that tell why.
async fn add_logs(cluster: &Cluster, findings: &mut [Finding]) {
    // Pods of one workload fail alike; one log tells for all.
    let mut sources: HashMap<String, LogSource> = HashMap::new();
    for finding in findings.iter() {
        if let Some(source) = LogSource::of(finding) {
            sources.entry(log_key(finding)).or_insert(source);
        }
    }
    let mut sources: Vec<(String, LogSource)> = sources.into_iter().collect();
    sources.sort_by(|a, b| a.0.cmp(&b.0));
    sources.truncate(LOGS);
    let reads: Vec<_> = sources.into_iter().map(|(key, source)| log(cluster, key, source)).collect();
    let logs: HashMap<String, Vec<String>> = stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
    for finding in findings.iter_mut().filter(|finding| LogSource::of(finding).is_some()) {
        if let Some(lines) = logs.get(&log_key(finding)) {
            finding.add_log(lines);
        }
    }
}

fn log_key(finding: &Finding) -> String {
    let owner = finding.owner.as_ref().unwrap_or(&finding.object);
    format!("{owner} {}", finding.container.as_deref().unwrap_or_default())
}

/// The telling lines of the container's last run that ended; none when there is no log to be had, since the
/// finding stands without it.
async fn log(cluster: &Cluster, key: String, source: LogSource) -> (String, Vec<String>) {
    for previous in [true, false] {
        let uri = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&tailLines=60&limitBytes=65536&previous={previous}",
            source.namespace, source.pod, source.container
        );
        let Ok(request) = http::Request::get(uri).body(Vec::new()) else { continue };
        let text: Result<String, ToolError> =
            cluster.ask("read a log", cluster.client().request_text(request)).await;
        match text {
            Ok(text) if !text.trim().is_empty() => return (key, telling_lines(&text)),
            _ => {}
        }
    }
    (key, Vec::new())
}

pub(crate) static TOOL: Reader<AnalyzeHealth> = Reader::new();

#[cfg(test)]
mod tests {
    use crate::call::Call;
    use serde_json::json;

    #[test]
    fn says_its_command() {
        let command =
            |arguments| Call::new("analyze_health", arguments).bind().unwrap().command().to_string();
        assert_eq!(command(json!({})), "shipmate health");
        assert_eq!(command(json!({"namespace": "shop"})), "shipmate health -n shop");
        assert_eq!(command(json!({"namespace": "shop", "all_namespaces": true})), "shipmate health");
    }
}
