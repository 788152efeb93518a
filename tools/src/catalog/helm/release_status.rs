//! `release_status`: how a Helm release stands, in its newest revision or one before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::helm::{check_release_name, check_revision, members, release_namespace};
use crate::kubernetes::{RolloutState, check_namespace, parse_rendered, rollout_state};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Say how a Helm release stands: its state, its revision, and which of its objects are there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseStatus {
    /// Name of the release.
    release: String,
    /// Namespace of the release.
    namespace: Option<String>,
    /// Revision to look at instead of the newest.
    revision: Option<u64>,
}

impl Tool for ReleaseStatus {
    const NAME: &'static str = "release_status";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|<check>] [the] [current] (status|state|condition|health) of [the] [helm] release [called|named] {release:word}",
        "[<show>|<check>] [the] [current] (status|state|condition|health) of [the] {release:word} [helm] release",
        "[<show>|<check>] [the] [current] helm [release] (status|state) (of|for) [the] {release:word}",
        "[<show>|<check>] [the] {release:word} [helm] release (status|state)",
        "[<show>|<check>] [the] [helm] release {release:word} [status|state]",
        "[<show>|<check>] [the] {release:word} helm release",
        "[in] what (state|status|condition) (is|has) [the] [helm] release {release:word} [in]",
        "[in] what (state|status|condition) (is|has) [the] {release:word} [helm] release [in]",
        "how (is|does) [the] [helm] release {release:word} [doing|look|going|stand]",
        "how (is|does) [the] {release:word} [helm] release [doing|look|going|stand]",
        "(is|was|did|has) [the] [last|latest|newest] [helm] release {release:word} [been] (deployed|installed|succeed|succeeded|successful|fail|failed|ok|okay|fine|healthy|pending|stuck|work|worked|go through)",
        "(is|was|did|has) [the] {release:word} [helm] release [been] (deployed|installed|succeed|succeeded|successful|fail|failed|ok|okay|fine|healthy|pending|stuck|work|worked|go through)",
        "(is|was|did|has) [the] [last|latest|newest|most recent] helm (install|installation|upgrade|deployment|deploy|rollback|release) of [the] {release:word} [release] [been] (ok|okay|fine|succeed|succeeded|successful|fail|failed|work|worked|go through|gone through|finish|finished|complete|completed)",
        "helm status {release:word}",
    ];
    const MODIFIERS: &'static [&'static str] =
        &["[at|of|in|for] revision {revision:count}", "--revision {revision:count}"];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::helm()
            .args(["status", &self.release])
            .namespace(self.namespace.as_deref())
            .option("--revision", self.revision)
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Scope { namespace: &mut self.namespace, all_namespaces: false, qualifier: None }]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        check_release_name(&self.release)?;
        check_revision(self.revision)
    }
}

impl ReadTool for ReleaseStatus {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let namespace = release_namespace(world, self.namespace.as_deref()).await?;
        let helm = world.helm();
        let release = match self.revision {
            Some(revision) => helm.release_at(&self.release, &namespace, revision).await?,
            None => helm.existing(&self.release, &namespace).await?,
        };
        progress.status(format!("looks at the objects of {}", self.release));
        let objects = parse_rendered(&release.manifest)?;
        let found = members(world.cluster().await?, &objects, &namespace).await?;
        let state = |live: &Option<serde_json::Value>| match live {
            None => "missing",
            Some(object) if object.is_null() => "may not be read",
            Some(object) => match rollout_state(object) {
                RolloutState::Stuck(_) | RolloutState::Waiting(_) => "not ready",
                RolloutState::Done(_) | RolloutState::NotApplicable => "there",
            },
        };
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|member| {
                let target = &member.target;
                let place = target.namespace.clone().unwrap_or_default();
                vec![target.resource.kind.clone(), target.name.clone(), place, state(&member.live).to_owned()]
            })
            .collect();
        let wrong = rows.iter().filter(|row| row.last().is_some_and(|state| state != "there")).count();
        let status = release.status().to_owned();
        let mut summary =
            format!("the release {} in {namespace} is {status} (revision {}", self.release, release.revision);
        if !release.last_deployed().is_empty() {
            summary.push_str(&format!(", of {}", release.last_deployed()));
        }
        summary.push(')');
        match (rows.len(), wrong) {
            (0, _) => summary.push_str("; it has no objects"),
            (count, 0) => summary.push_str(&format!("; all {count} of its objects are there")),
            (count, wrong) => {
                summary.push_str(&format!("; {wrong} of its {count} objects are missing or not ready"));
            }
        }
        let columns = ["KIND", "NAME", "NAMESPACE", "STATE"].map(str::to_owned).to_vec();
        let data = json!({
            "release": self.release, "namespace": namespace, "revision": release.revision, "status": status,
            "description": release.description(), "updated": release.last_deployed(),
            "notes": release.notes(),
            "objects": rows.iter().map(|row| json!({
                "kind": row.first(), "name": row.get(1), "namespace": row.get(2), "state": row.get(3),
            })).collect::<Vec<_>>(),
        });
        let mut outcome = Outcome::sentence(summary)
            .view(View::Tables(vec![(String::new(), Table { columns, rows })]))
            .data(data);
        if !release.description().is_empty() && status != "deployed" {
            outcome = outcome.note(format!("Helm says: {}", release.description()));
        }
        Ok(outcome)
    }
}

pub(crate) static TOOL: Reader<ReleaseStatus> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let command =
            |arguments| Call::new("release_status", arguments).bind().unwrap().command().to_string();
        assert_eq!(command(json!({"release": "shop", "namespace": "test"})), "helm status shop -n test");
        assert_eq!(command(json!({"release": "shop", "revision": 2})), "helm status shop --revision=2");
    }

    #[test]
    fn what_could_become_a_flag_is_refused() {
        for arguments in [json!({"release": "--debug"}), json!({"release": "shop", "revision": 0})] {
            assert!(Call::new("release_status", arguments.clone()).bind().unwrap().check().is_err());
        }
    }
}
