//! `apply_chart`: install a chart, or upgrade the release it made.
//!
//! The preview is Helm's own dry run on the server, so it holds what Helm would really do: the values an
//! upgrade keeps, the cluster's version, objects that exist without Helm. It is compared with the manifest of
//! the live release, object by object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::helm::{Rendered, check_release_name, failure, manifest_changes};
use crate::kubernetes::{
    Cluster, ManifestObject, Target, check_namespace, parse_manifest, wait_for_rollouts,
};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long Helm may take to hand the objects over; it does not wait for them here, the verification does.
const DEADLINE: Duration = Duration::from_secs(300);

/// Install a Helm chart, or upgrade its release.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyChart {
    /// The chart: a folder, an archive, or repository/name; a word for it is enough.
    chart: Option<String>,
    /// Name of the release; the chart's name when not said.
    release: Option<String>,
    /// Namespace of the release.
    namespace: Option<String>,
    /// Values files.
    #[serde(default)]
    values: Vec<String>,
    /// Single values, each as path=value.
    #[serde(default)]
    set: Vec<String>,
}

impl Tool for ApplyChart {
    const NAME: &'static str = "apply_chart";
    const PHRASES: &'static [&'static str] = &[
        "(install|deploy|apply|roll out|set up) [the] {chart:word} [helm] chart",
        "(install|deploy|apply|roll out|set up) [the] helm chart {chart:word}",
        "(install|deploy|apply|roll out|set up|upgrade|update) [the|my|our] [helm] chart",
        "(install|deploy|apply) [the] [helm] chart (in|from|at) {chart:path}",
        "(install|deploy|upgrade) {chart:path} with helm",
        "helm (install|upgrade) [--install|-i] {release:word} {chart:path}",
        "helm (install|upgrade) [--install|-i] {release:word}",
        "(install|upgrade|update) [the] [helm] release {release:word}",
        "(upgrade|update) [the] {release:word} [helm] release",
        "(install|upgrade|deploy) {release:word} (with|using) helm",
        "(install|deploy) [the] {chart:word} [helm] chart as {release:word}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(with|using|from|-f|--values) [the] [values] [file] {values:path}",
        "(with|using|and|--set|set|setting) {set:assignment}",
        "(as|called|named) [release] {release:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::helm()
            .args(["upgrade", "--install"])
            .args(self.release.clone())
            .args(self.chart.clone())
            .namespace(self.namespace.as_deref())
            .args(self.options())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![
            Slot::Chart { chart: &mut self.chart, release: &mut self.release, values: &mut self.values },
            Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None },
        ]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        if let Some(release) = &self.release {
            check_release_name(release)?;
        }
        if self.chart.as_deref().is_some_and(|chart| chart.starts_with('-')) {
            return Err(invalid("a chart's name cannot begin with a dash", "name the chart's folder"));
        }
        match self.set.iter().find(|value| !value.contains('=')) {
            Some(value) => Err(invalid(
                &format!("{value:?} sets nothing"),
                "write it as path=value, such as backend.replicaCount=3",
            )),
            None => Ok(()),
        }
    }
}

impl ApplyChart {
    /// Values and files, each as one word: a value with a leading dash can then never become a flag.
    fn options(&self) -> Vec<String> {
        let files = self.values.iter().map(|file| format!("--values={file}"));
        files.chain(self.set.iter().map(|value| format!("--set={value}"))).collect()
    }

    fn named(&self) -> Result<(&str, &str)> {
        match (self.release.as_deref(), self.chart.as_deref()) {
            (Some(release), Some(chart)) => Ok((release, chart)),
            _ => Err(invalid("which chart is not said", "name the chart's folder, such as helm/web")),
        }
    }

    fn place<'a>(&'a self, cluster: &'a Cluster) -> &'a str {
        self.namespace.as_deref().unwrap_or(cluster.namespace())
    }

    /// The arguments of `helm upgrade`; both runs, the dry one and the real one, have the same.
    fn arguments(&self, namespace: &str, makes_namespace: bool) -> Result<Vec<String>> {
        let (release, chart) = self.named()?;
        let mut arguments = vec!["upgrade".to_owned(), "--install".to_owned()];
        arguments.push(format!("--namespace={namespace}"));
        arguments.push("--output=json".to_owned());
        if makes_namespace {
            arguments.push("--create-namespace".to_owned());
        }
        arguments.extend(self.options());
        // Behind `--` nothing is a flag, whatever it begins with.
        arguments.extend(["--".to_owned(), release.to_owned(), chart.to_owned()]);
        Ok(arguments)
    }

    /// The workloads that a manifest rolls out.
    async fn workloads(
        &self,
        cluster: &Cluster,
        objects: &[ManifestObject],
        namespace: &str,
    ) -> Result<Vec<Target>> {
        let mut targets = Vec::new();
        for object in objects
            .iter()
            .filter(|object| ["Deployment", "StatefulSet", "DaemonSet"].contains(&object.kind()))
        {
            let place = object.namespace().unwrap_or(namespace);
            targets.push(cluster.target(Some(object.kind()), Some(object.name()), Some(place)).await?);
        }
        Ok(targets)
    }
}

impl ChangeTool for ApplyChart {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let (release, chart) = self.named()?;
        let namespace = self.place(cluster);
        let helm = world.helm();
        let home = cluster.target(Some("namespace"), Some(namespace), None).await?;
        let (live, home) = tokio::join!(helm.release(release, namespace), home.find(cluster));
        // Who may not look at namespaces is told by Helm itself when there is none.
        let makes_namespace = home.is_ok_and(|found| found.is_none());
        let live = live?;
        if let Some(live) = live.as_ref().filter(|live| live.status().starts_with("pending")) {
            return Err(Feedback::new(ErrorKind::Conflict, format!("the release {release} is {}: another Helm command works on it, or was ended while it did", live.status()))
                .next(format!("wait until it has ended, or see `helm history {release} -n {namespace}`"))
                .into());
        }
        let mut arguments = self.arguments(namespace, makes_namespace)?;
        arguments.insert(1, "--dry-run=server".to_owned());
        let printed = helm.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        if !printed.success {
            return Err(failure(&format!("render the chart {chart}"), &printed));
        }
        let rendered = Rendered::parse(&printed.stdout)?;
        let before = live.as_ref().map_or("", |live| live.manifest.as_str());
        let changes = manifest_changes(
            &parse_manifest(before, "the live release")?,
            &parse_manifest(&rendered.manifest, "the chart")?,
            namespace,
        );
        let changed = changes.iter().filter(|change| change.action != Action::Unchanged).count();
        let nothing_to_do = changed == 0 && live.as_ref().is_some_and(|live| live.status() == "deployed");
        let mut warnings = Vec::new();
        if makes_namespace {
            warnings.push(format!("the namespace {namespace} does not exist and is made"));
        }
        if let Some(live) = live.as_ref().filter(|live| live.status() != "deployed") {
            warnings.push(format!("revision {} of it is {}", live.revision, live.status()));
        }
        let version = &rendered.chart;
        Ok(Preview {
            summary: match &live {
                None => format!(
                    "Helm release {namespace}/{release} is installed from {version}: {changed} objects"
                ),
                Some(_) if nothing_to_do => {
                    format!("Helm release {namespace}/{release} is already as {version} says")
                }
                Some(live) => format!(
                    "Helm release {namespace}/{release} goes from revision {} to {} ({version}): {changed} of {} objects change",
                    live.revision,
                    live.revision + 1,
                    changes.len()
                ),
            },
            nothing_to_do,
            namespace: Some(namespace.to_owned()),
            warnings,
            changes: changes.into_iter().filter(|change| change.action != Action::Unchanged).collect(),
            confirm_name: None,
            basis: json!({"revision": live.map_or(0, |live| live.revision), "makes_namespace": makes_namespace}),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let cluster = world.read().cluster().await?;
        let (release, _) = self.named()?;
        let namespace = self.place(cluster);
        let basis = &approval.preview().basis;
        let shown = basis.get("revision").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let now = world.read().helm().release(release, namespace).await?.map_or(0, |live| live.revision);
        if now != shown {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("the release {release} went from revision {shown} to {now} after it was shown, so nothing was done"),
            )
            .next("ask again to see it as it is now")
            .into());
        }
        let makes_namespace =
            basis.get("makes_namespace").and_then(serde_json::Value::as_bool).unwrap_or_default();
        let arguments = self.arguments(namespace, makes_namespace)?;
        progress.status(format!("Helm hands over {namespace}/{release}"));
        let printed = world
            .helm(approval)
            .run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), DEADLINE)
            .await?;
        if !printed.success {
            return Err(failure(&format!("apply the chart as {release}"), &printed));
        }
        let rendered = Rendered::parse(&printed.stdout)?;
        let outcome = Outcome::sentence(format!("Helm release {namespace}/{release} is at revision {}", rendered.revision))
            .data(json!({"release": release, "namespace": namespace, "revision": rendered.revision, "chart": rendered.chart}));
        let outcome = rendered
            .notes
            .lines()
            .filter(|line| !line.trim().is_empty())
            .fold(outcome, |outcome, line| outcome.note(line.trim_end()));
        Ok(if shown == 0 {
            outcome
        } else {
            outcome.note(format!("to go back: helm rollback {release} {shown} -n {namespace}"))
        })
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let (release, _) = self.named()?;
        let namespace = self.place(cluster);
        let Some(live) = world.helm().release(release, namespace).await? else {
            return Ok(Verification::Failed(format!("there is no release {release} in {namespace}")));
        };
        if live.status() != "deployed" {
            return Ok(Verification::Failed(format!("the release {release} is {}", live.status())));
        }
        let objects = parse_manifest(&live.manifest, "the live release")?;
        let targets = self.workloads(cluster, &objects, namespace).await?;
        wait_for_rollouts(cluster, &targets, deadline, progress).await
    }
}

fn invalid(message: &str, next: &str) -> crate::error::ToolError {
    Feedback::new(ErrorKind::InvalidArguments, message).next(next).into()
}

pub(crate) static TOOL: Changer<ApplyChart> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let call = Call::new(
            "apply_chart",
            json!({
                "chart": "charts/shop", "release": "shop", "namespace": "market",
                "values": ["charts/shop/values-prod.yaml"], "set": ["web.replicas=3"],
            }),
        );
        assert_eq!(
            call.bind().unwrap().command().to_string(),
            "helm upgrade --install shop charts/shop -n market --values=charts/shop/values-prod.yaml --set=web.replicas=3"
        );
    }

    #[test]
    fn what_looks_like_a_flag_is_refused_or_stays_a_value() {
        let bad = Call::new("apply_chart", json!({"chart": "-evil", "release": "shop"}));
        assert!(bad.bind().unwrap().check().is_err());
        let sly = Call::new("apply_chart", json!({"chart": "c", "release": "--post-renderer=evil"}));
        assert!(sly.bind().unwrap().check().is_err());
        let nothing = Call::new("apply_chart", json!({"chart": "c", "release": "shop", "set": ["--debug"]}));
        assert!(nothing.bind().unwrap().check().is_err());
    }
}
