//! `release_history`: the revisions of a Helm release.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::helm::{Revision, check_release_name, release_namespace, revisions_json};
use crate::kubernetes::check_namespace;
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// List the revisions of a Helm release: when each was made, from which chart, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseHistory {
    /// Name of the release.
    release: String,
    /// Namespace of the release.
    namespace: Option<String>,
    /// Only so many of the newest.
    max: Option<usize>,
}

impl Tool for ReleaseHistory {
    const NAME: &'static str = "release_history";
    const PHRASES: &'static [&'static str] = &[
        "[<show>] [the] [revision|upgrade|deployment|release|whole|full] (history|changelog) of [the] [helm] release {release:word}",
        "[<show>] [the] [revision|upgrade|deployment|whole|full] (history|changelog) of [the] {release:word} [helm] release",
        "[<show>] [the] helm [revision|release|upgrade] history (of|for) [the] {release:word}",
        "[<show>] [the] {release:word} [helm] release history",
        "[<show>] [the] [helm|old|past|previous|earlier] (revision|version) of [the] [helm] release {release:word}",
        "[<show>] [the] [helm|old|past|previous|earlier] (revision|version) of [the] {release:word} [helm] release",
        "[<show>] [the] [old|past|previous|earlier] helm (revision|version|upgrade) (of|for) {release:word}",
        "<show> [helm] (revision|version) (does|do|has|have|are there of) [the] [helm] release {release:word} [have|has|had|got]",
        "<show> [helm] (revision|version) (does|do|has|have|are there of) [the] {release:word} [helm] release [have|has|had|got]",
        "<show> helm revision (does|do|has|have|are there of) {release:word} [have|has|had|got]",
        "how many (revision|version|upgrade|rollback) (does|do|has|have|did|are there of) [the] [helm] release {release:word} [have|had|has|got]",
        "how many (revision|version|upgrade|rollback) (does|do|has|have|did|are there of) [the] {release:word} [helm] release [have|had|has|got]",
        "how many helm (revision|version|upgrade) (does|do|has|have|did|are there of) {release:word} [have|had|has|got]",
        "(how often|how many times) (was|has|did) [the] [helm] release {release:word} [been] (upgraded|upgrade|changed|deployed|installed|updated)",
        "(how often|how many times) (was|has|did) [the] {release:word} [helm] release [been] (upgraded|upgrade|changed|deployed|installed|updated)",
        "when (was|has|did) [the] [helm] release {release:word} [been] [last] (upgraded|upgrade|changed|deployed|installed|updated)",
        "when (was|has|did) [the] {release:word} [helm] release [been] [last] (upgraded|upgrade|changed|deployed|installed|updated)",
        "when was the last helm (upgrade|install|deployment|release|rollback) of {release:word}",
        "what (has|was) changed in [the] [helm] release {release:word}",
        "helm (history|hist) {release:word}",
    ];
    const MODIFIERS: &'static [&'static str] =
        &["[only] [the] (last|latest|newest) {max:count} [revision]", "--max {max:count}"];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::helm()
            .args(["history", &self.release])
            .namespace(self.namespace.as_deref())
            .option("--max", self.max)
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None }]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        if self.max == Some(0) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "0 revisions are none to list")
                .next("say at least 1, or leave the number out for all")
                .into());
        }
        check_release_name(&self.release)
    }
}

impl ReadTool for ReleaseHistory {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let namespace = release_namespace(world, self.namespace.as_deref()).await?;
        let helm = world.helm();
        let all = helm.history(&self.release, &namespace).await?;
        if all.is_empty() {
            return Err(helm.missing(&self.release, &namespace).await);
        }
        let first = all.len().saturating_sub(self.max.unwrap_or(usize::MAX));
        let shown = all.get(first..).unwrap_or_default();
        Ok(Outcome::sentence(summary(&self.release, &namespace, &all))
            .view(View::Tables(vec![(String::new(), table(shown))]))
            .data(
                json!({"release": self.release, "namespace": namespace, "revisions": revisions_json(shown)}),
            ))
    }
}

fn summary(name: &str, namespace: &str, all: &[Revision]) -> String {
    let many = if all.len() == 1 { "1 revision".to_owned() } else { format!("{} revisions", all.len()) };
    let Some(newest) = all.last() else { return format!("the release {name} in {namespace} has none") };
    let oldest = all.first().map_or(1, |first| first.revision);
    // Helm drops the oldest ones, ten stay by default.
    let dropped =
        if oldest > 1 { format!(" (those before {oldest} are no longer kept)") } else { String::new() };
    format!(
        "the release {name} in {namespace} has {many}{dropped}; the newest, {}, is {}",
        newest.revision, newest.status
    )
}

fn table(revisions: &[Revision]) -> Table {
    let columns = ["REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION", "DESCRIPTION"];
    let row = |one: &Revision| {
        vec![
            one.revision.to_string(),
            // To the second.
            one.updated.split('.').next().unwrap_or_default().to_owned(),
            one.status.clone(),
            one.chart.clone(),
            one.app_version.clone(),
            one.description.clone(),
        ]
    };
    Table { columns: columns.map(str::to_owned).to_vec(), rows: revisions.iter().map(row).collect() }
}

pub(crate) static TOOL: Reader<ReleaseHistory> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let command =
            |arguments| Call::new("release_history", arguments).bind().unwrap().command().to_string();
        assert_eq!(command(json!({"release": "shop", "namespace": "test"})), "helm history shop -n test");
        assert_eq!(command(json!({"release": "shop", "max": 3})), "helm history shop --max=3");
        assert!(
            Call::new("release_history", json!({"release": "shop", "max": 0}))
                .bind()
                .unwrap()
                .check()
                .is_err()
        );
    }

    #[test]
    fn the_sentence_says_how_many_and_what_is_dropped() {
        let one = |revision: u64, status: &str| Revision {
            revision,
            updated: "2026-01-22T09:00:00.123456789Z".into(),
            status: status.into(),
            chart: "shop-1".into(),
            app_version: "1".into(),
            description: "Upgrade complete".into(),
        };
        assert_eq!(
            summary("shop", "test", &[one(4, "superseded"), one(5, "deployed")]),
            "the release shop in test has 2 revisions (those before 4 are no longer kept); the newest, 5, is deployed"
        );
        assert_eq!(
            table(&[one(4, "superseded")]).rows[0].join(" "),
            "4 2026-01-22T09:00:00 superseded shop-1 1 Upgrade complete"
        );
    }
}
