//! `apply_chart`: a Helm release, installed or upgraded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::helm::{
    ChartRequest, Comparison, Release, chart_digest, check_chart, check_not_held, check_release_name,
    check_values, compare, dropped_values, failure, release_namespace, wait_for_workloads, workloads,
};
use crate::kubernetes::{Cluster, check_namespace, parse_rendered};
use crate::outcome::{Outcome, Verification, View};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long Helm may take: it waits up to 5 minutes for each hook (its own default), not for pods.
const RUN_DEADLINE: Duration = Duration::from_secs(600);

/// Values named in a warning before it says how many more there are.
const NAMED: usize = 5;

/// Install a Helm chart, or upgrade the release that is there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyChart {
    /// Chart: a folder, an archive, or repository/chart.
    chart: Option<String>,
    /// Name of the release.
    release: Option<String>,
    /// Namespace of the release.
    namespace: Option<String>,
    /// Values files.
    #[serde(default)]
    values: Vec<String>,
    /// Single values, each as key=value.
    #[serde(default)]
    set: Vec<String>,
    /// Keep the values the release was given before.
    #[serde(default)]
    reuse_values: bool,
    /// Create the namespace when it is not there.
    #[serde(default)]
    create_namespace: bool,
}

impl Tool for ApplyChart {
    const NAME: &'static str = "apply_chart";
    const PHRASES: &'static [&'static str] = &[
        "(install|deploy|upgrade|apply|update|roll out|ship|release|reinstall|redeploy) [the] [helm] chart",
        "(install|deploy|upgrade|apply|update|roll out|ship|release|reinstall|redeploy) [the] [helm] chart [in|from|at] {chart:path}",
        "(install|deploy|upgrade|apply|update|roll out|ship|release|reinstall|redeploy) [the] [helm] chart {chart:word}",
        "(install|deploy|upgrade|apply|update|roll out|ship|release|reinstall|redeploy) [the] {chart:word} [helm] chart",
        "(install|deploy|upgrade|apply|update|roll out|ship|release|reinstall|redeploy) [the] {chart:path} [helm] chart",
        "(install|deploy|apply) {chart:path} as {release:word}",
        "(install|deploy|apply) [the] {chart:word} chart as {release:word}",
        "(install|deploy|upgrade) [the] {chart:word} (with|using|via|through) helm",
        "(install|deploy|upgrade) {chart:path} (with|using|via|through) helm",
        "install it [with helm]",
        "(install or upgrade|upgrade or install) [the] [helm] [chart|release] {chart:word} [chart|release]",
        "(upgrade|update) [the] [helm] release [of|called|named] {release:word}",
        "(upgrade|update) [the] {release:word} [helm] release",
        "(upgrade|update) [the] [helm] release {release:word} (to|with|from|using) [the] chart {chart:path}",
        "helm (install|upgrade) [--install|-i] {release:word} {chart:path}",
        "helm (install|upgrade) [--install|-i] {release:word}",
        "helm (install|upgrade) [--install|-i] {chart:path}",
        "(do|run) a helm (install|upgrade) of {release:word}",
        "set {set:assignment} (on|in|for|of) [the] [helm] release {release:word}",
        "set {set:assignment} (on|in|for|of) [the] {release:word} [helm] release",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(with|using|from|and|plus|-f|--values) [the] [values] [file|from] {values:path}",
        "(with|and|setting|set|where|using|plus|having|--set|and set) [the] [value|values] {set:assignment}",
        "and {set:assignment}",
        "(and|with|setting|set|and set|and change|and with|to|using) [the] {part:word} image (tag|version) [to|as|of|=] {version:word} => set={part}.image.tag={version}",
        "(to|onto) [the] {namespace:namespace} [namespace]",
        "(as|called|named) [release] {release:word}",
        "[and|but] (keep|keeping|reuse|reusing|retain|retaining) [all] [the] [its] (values|old values|existing values|current values|other values|previous values) => reuse_values=true",
        "--reuse-values => reuse_values=true",
        "[and] (create|creating|make|making) [the] namespace [if needed|if it does not exist] => create_namespace=true",
        "--create-namespace => create_namespace=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let mut line = CommandLine::helm().args(["upgrade", "--install"]);
        line = line.args(self.release.iter().chain(&self.chart));
        line = line
            .namespace(self.namespace.as_deref())
            .flag_if(self.create_namespace, "--create-namespace")
            .flag_if(self.reuse_values, "--reset-then-reuse-values");
        for file in &self.values {
            line = line.option("--values", Some(file));
        }
        for value in &self.set {
            line = line.option("--set", Some(value));
        }
        line
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![
            Slot::Chart { chart: &mut self.chart, release: &mut self.release, values: &mut self.values },
            Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None },
        ]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        let (chart, release) = self.named()?;
        check_release_name(release)?;
        check_chart(Some(chart))?;
        check_values(&self.values, &self.set)
    }
}

impl ApplyChart {
    fn named(&self) -> Result<(&str, &str)> {
        match (&self.chart, &self.release) {
            (Some(chart), Some(release)) => Ok((chart, release)),
            (None, _) => Err(Feedback::new(ErrorKind::InvalidArguments, "which chart is not said")
                .next("name the chart's folder")
                .into()),
            (_, None) => Err(Feedback::new(ErrorKind::InvalidArguments, "which release is not said")
                .next("name the release")
                .into()),
        }
    }

    async fn namespace(&self, world: &ReadWorld) -> Result<String> {
        release_namespace(world, self.namespace.as_deref()).await
    }

    fn request<'a>(&'a self, namespace: &'a str) -> Result<ChartRequest<'a>> {
        let (chart, release) = self.named()?;
        Ok(ChartRequest { chart, release, namespace, values: &self.values, set: &self.set })
    }

    /// The values of the release that this upgrade keeps: those of Helm's own rule (all when none are given
    /// now, else none), or all when that is asked for.
    fn kept(&self, release: Option<&Release>) -> Map<String, Value> {
        let keeps = self.reuse_values || (self.values.is_empty() && self.set.is_empty());
        release.filter(|_| keeps).map(Release::values).unwrap_or_default()
    }

    /// Which values go back to the chart's own, as one warning.
    fn dropped(&self, world: &ReadWorld, release: &Release) -> Option<String> {
        if self.reuse_values || (self.values.is_empty() && self.set.is_empty()) {
            return None;
        }
        let files: Vec<Value> = self
            .values
            .iter()
            .filter_map(|file| std::fs::read_to_string(world.project().resolve(file)).ok())
            .filter_map(|text| serde_saphyr::from_str(&text).ok())
            .collect();
        let mut dropped = dropped_values(&release.values(), &files, &self.set);
        if dropped.is_empty() {
            return None;
        }
        let more = dropped.len().saturating_sub(NAMED);
        dropped.truncate(NAMED);
        let names = dropped.join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!(
            "values that the release was given go back to the chart's own: {names}{more} (ask to keep the existing values if they should stay)"
        ))
    }
}

/// Whether the namespace is known not to exist; who may not look is told by Helm.
async fn is_missing(cluster: &Cluster, namespace: &str) -> bool {
    match cluster.target(Some("namespace"), Some(namespace), None).await {
        Ok(target) => matches!(target.find(cluster).await, Ok(None)),
        Err(_) => false,
    }
}

fn summary(comparison: &Comparison, release: Option<&Release>, label: &str) -> String {
    let count = comparison.changes.len();
    let objects = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
    match release {
        None => format!("{label} would be installed, with {objects}"),
        Some(release) if count == 0 && comparison.drifted => {
            let (from, to) = (release.revision, release.revision + 1);
            format!(
                "{label} would be upgraded from revision {from} to {to}, setting back what was changed outside Helm"
            )
        }
        Some(release) if count == 0 => {
            format!("{label} is already as the chart and the values make it (revision {})", release.revision)
        }
        Some(release) => {
            let (from, to) = (release.revision, release.revision + 1);
            format!("{label} would be upgraded from revision {from} to {to}, changing {objects}")
        }
    }
}

impl ChangeTool for ApplyChart {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let namespace = self.namespace(world).await?;
        let request = self.request(&namespace)?;
        let digest = chart_digest(&world.project(), request.chart, &self.values)?;
        let helm = world.helm();
        let cluster = world.cluster().await?;
        let (release, missing) =
            tokio::join!(helm.release(request.release, &namespace), is_missing(cluster, &namespace));
        // What was uninstalled with its history kept is installed anew.
        let release = release?.filter(|release| release.status() != "uninstalled");
        let release = release.as_ref();
        if let Some(release) = release {
            check_not_held(release, request.release, &namespace)?;
        }
        let rendered = helm.render(&request, release.is_some(), &self.kept(release)).await?;
        let live = match release {
            Some(release) => parse_rendered(&release.manifest)?,
            None => Vec::new(),
        };
        let comparison = compare(cluster, &live, &rendered.objects, &request, missing).await?;
        let label = format!("the release {} in {namespace}", request.release);
        let failed = release.is_some_and(|release| release.status() != "deployed");
        let mut warnings = Vec::new();
        if missing {
            warnings.push(format!("namespace {namespace} does not exist: it is created"));
        }
        if let Some(release) = release.filter(|_| failed) {
            warnings.push(format!("its revision {} is {}", release.revision, release.status()));
        }
        if !rendered.checked {
            warnings
                .push("the chart brings new kinds, so the cluster could not check its objects".to_owned());
        }
        warnings.extend(release.and_then(|release| self.dropped(world, release)));
        warnings.extend(rendered.hooks.iter().map(|hook| format!("runs the hook {hook}")));
        let nothing_to_do = release.is_some()
            && comparison.changes.is_empty()
            && !(failed || comparison.drifted)
            && rendered.hooks.is_empty();
        let summary = summary(&comparison, release, &label);
        warnings.extend(comparison.warnings);
        Ok(Preview {
            summary,
            nothing_to_do,
            confirm_name: None,
            namespace: Some(namespace.clone()),
            warnings,
            changes: comparison.changes,
            basis: json!({
                "digest": digest,
                "revision": release.map(|release| release.revision),
                "create_namespace": missing,
                "workloads": workloads(&rendered.objects, &namespace),
            }),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let basis = &approval.preview().basis;
        let namespace = self.namespace(world.read()).await?;
        let request = self.request(&namespace)?;
        let changed = |what: String| -> Result<Outcome> {
            Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{what} changed after it was shown, so nothing was done"),
            )
            .next("ask again to see what it would do now")
            .into())
        };
        let digest = chart_digest(&world.read().project(), request.chart, &self.values)?;
        if basis.get("digest").and_then(Value::as_str) != Some(digest.as_str()) {
            return changed(format!("the chart {} or its values", request.chart));
        }
        let now = world.read().helm().release(request.release, &namespace).await?;
        let now = now.filter(|release| release.status() != "uninstalled");
        if let Some(now) = &now {
            check_not_held(now, request.release, &namespace)?;
        }
        if basis.get("revision").and_then(Value::as_u64) != now.as_ref().map(|release| release.revision) {
            return changed(format!("the release {}", request.release));
        }
        let mut arguments =
            vec!["upgrade".to_owned(), "--install".into(), request.release.into(), request.chart.into()];
        arguments.extend(request.flags());
        if self.create_namespace || basis.get("create_namespace").and_then(Value::as_bool) == Some(true) {
            arguments.push("--create-namespace".into());
        }
        if self.reuse_values {
            arguments.push("--reset-then-reuse-values".into());
        }
        arguments.push("--output=json".into());
        progress.status(format!("helm works on {} in {namespace}", request.release));
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let printed = world.helm(approval).run(&words, RUN_DEADLINE).await?;
        if !printed.success {
            let doing = if now.is_some() { "upgrade" } else { "install" };
            return Err(failure(&format!("{doing} the release {}", request.release), &printed));
        }
        let made: Option<Release> = serde_json::from_str(&printed.stdout).ok();
        let revision = made.as_ref().map_or(1, |release| release.revision);
        let mut outcome = Outcome::sentence(match &now {
            None => format!("the release {} is installed in {namespace}", request.release),
            Some(_) => {
                format!("the release {} in {namespace} is upgraded to revision {revision}", request.release)
            }
        })
        .data(json!({"release": request.release, "namespace": namespace, "revision": revision}))
        .undo(self.undo(approval.preview()));
        outcome = outcome.note(match &now {
            Some(before) => format!(
                "`helm rollback {} {} -n {namespace}` takes it back",
                request.release, before.revision
            ),
            None => format!("`helm uninstall {} -n {namespace}` takes it back", request.release),
        });
        let notes = made.as_ref().map(Release::notes).unwrap_or_default();
        Ok(if notes.is_empty() { outcome } else { outcome.view(View::Text(notes.to_owned())) })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let (release, namespace) = (&self.release, &shown.namespace);
        Some(match shown.basis.get("revision").and_then(Value::as_u64) {
            Some(revision) => Call::new(
                "rollback_release",
                json!({"release": release, "namespace": namespace, "revision": revision}),
            ),
            None => Call::new("uninstall_release", json!({"release": release, "namespace": namespace})),
        })
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        wait_for_workloads(world.cluster().await?, &shown.basis, deadline, progress).await
    }
}

pub(crate) static TOOL: Changer<ApplyChart> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(arguments: Value) -> Box<dyn crate::tool::BoundCall> {
        Call::new("apply_chart", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command() {
        let call = bound(
            json!({"chart": "helm/shop", "release": "shop", "namespace": "test", "values": ["helm/shop/values-prod.yaml"], "set": ["web.replicas=3"]}),
        );
        assert_eq!(call.effect(), Effect::Change);
        assert_eq!(
            call.command().to_string(),
            "helm upgrade --install shop helm/shop -n test --values=helm/shop/values-prod.yaml --set=web.replicas=3"
        );
        assert!(call.check().is_ok());
    }

    #[test]
    fn what_could_become_a_flag_is_refused() {
        for arguments in [
            json!({"chart": "--post-renderer=x", "release": "shop"}),
            json!({"chart": "shop", "release": "--debug"}),
            json!({"chart": "shop", "release": "shop", "values": ["-"]}),
            json!({"chart": "shop", "release": "shop", "values": ["https://example.org/v.yaml"]}),
            json!({"chart": "shop", "release": "shop", "set": ["--x=1"]}),
            json!({"chart": "shop", "release": "shop", "set": ["replicas"]}),
            json!({"chart": "shop", "release": "shop", "namespace": "-A"}),
            json!({"release": "shop"}),
        ] {
            assert!(bound(arguments.clone()).check().is_err(), "{arguments}");
        }
    }
}
