//! `rollout_history`: the revisions of a workload, and what one of them changed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::gate::mask_object;
use crate::kubernetes::{Cluster, Revision, age, check_arguments, difference, reference};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show the revisions of a workload, or what one revision changed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutHistory {
    /// Kind of the workload: deployment, statefulset or daemonset.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// One revision, by its number: its pod template, and what is different from the revision before.
    revision: Option<u64>,
}

impl Tool for RolloutHistory {
    const NAME: &'static str = "rollout_history";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|check|list] [the] [rollout|deployment|deploy|revision|version|release] history (of|for|on) {object}",
        "[<show>|check|list] {object} [rollout|deployment|deploy|revision|version] history",
        "[<show>|check|list] [the] [rollout] history [of] {object}",
        "rollout history {object}",
        "[<show>|list] [all] [the] [past|previous|old|earlier|rollout|available|known] (revisions|versions) (of|for|from) {object}",
        "[<show>|list] {object} [rollout] revisions",
        "(what|which|how many) [rollout] (revisions|versions) [of] {object} [are|do|does|did|have|has|exist] [there|we|it] [have|had|exist|keep|been]",
        "(what|which|how many) [rollout] (revisions|versions) (does|did|has) {object} (have|had|keep)",
        "(what|which|how many) [rollout] revisions (can|could) (i|we|you) roll {object} back to",
        "(when|how often) (was|has|is|did) {object} [last|been] (deployed|rolled out|updated|redeployed)",
        "when was the last (rollout|deploy|deployment) of {object}",
        "[<show>] [the] details of revision {revision:count} (of|for|in) {object}",
        "[<show>|inspect] revision {revision:count} (of|for|in|from) {object}",
        "[<show>|inspect] {object} revision {revision:count}",
        "what (changed|was changed|did change|is new|was new|is different) (in|with|at|by) revision {revision:count} (of|for|in|from) {object}",
        "what (changed|was changed|is new|is different) in {object} [in|with|at] revision {revision:count}",
        "what (is|was|does) [in|contain] revision {revision:count} (of|for) {object} [contain|have|look like]",
        "what does revision {revision:count} of {object} (contain|have|look like|change|run)",
        "what did revision {revision:count} of {object} (change|contain|run|do)",
        "rollout history [of] {object} revision {revision:count}",
        "how (did|does|is|was) revision {revision:count} (of|for) {object} (differ|different) [from the (one|revision) before]",
        "how (did|does|is|was) revision {revision:count} (of|for) {object} (differ|different) from the (previous|last) [one|revision]",
        "[<show>|list] [all] [the] (past|previous|old|earlier|recent|last) (rollouts|deployments|deploys) (of|for|from) {object}",
    ];
    const MODIFIERS: &'static [&'static str] = &["--revision {revision:count}", "revision {revision:count}"];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["rollout", "history"])
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .option("--revision", self.revision)
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Rollout,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)
    }
}

impl ReadTool for RolloutHistory {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        history(self, world.cluster().await?, Timestamp::now()).await
    }
}

async fn history(wanted: &RolloutHistory, cluster: &Cluster, now: Timestamp) -> Result<Outcome> {
    let target =
        cluster.target(wanted.kind.as_deref(), wanted.name.as_deref(), wanted.namespace.as_deref()).await?;
    let (object, identity) = target.read(cluster).await?;
    let revisions = cluster.revisions(&object).await?;
    match wanted.revision {
        Some(number) => one(&identity.label(), &revisions, number),
        None => Ok(all(&identity.label(), &revisions, now)),
    }
}

fn all(label: &str, revisions: &[Revision], now: Timestamp) -> Outcome {
    let Some(newest) = revisions.last() else {
        return Outcome::sentence(format!("{label} keeps no revisions")).data(json!({"revisions": []}));
    };
    let rows = revisions.iter().map(|revision| {
        vec![
            revision.number.to_string(),
            age(revision.created.as_ref().map(|time| json!(time)).as_ref(), now),
            revision.pods.map_or_else(|| "-".to_owned(), |pods| pods.to_string()),
            revision.images().join(", "),
            revision.cause.clone().unwrap_or_else(|| "<none>".to_owned()),
        ]
    });
    let columns = ["REVISION", "AGE", "PODS", "IMAGES", "CHANGE-CAUSE"].map(str::to_owned).into();
    let table = Table { columns, rows: rows.collect() };
    let data: Vec<Value> = revisions
        .iter()
        .map(|revision| {
            json!({"revision": revision.number, "kept_by": revision.name, "created": revision.created,
                "pods": revision.pods, "images": revision.images(), "cause": revision.cause})
        })
        .collect();
    let count = match revisions.len() {
        1 => "1 revision".to_owned(),
        count => format!("{count} revisions"),
    };
    Outcome::sentence(format!(
        "{label} has {count}; the newest is {} with {}",
        newest.number,
        newest.images().join(", ")
    ))
    .view(View::Tables(vec![(String::new(), table)]))
    .data(json!({"revisions": data}))
}

fn one(label: &str, revisions: &[Revision], number: u64) -> Result<Outcome> {
    let Some(index) = revisions.iter().position(|revision| revision.number == number) else {
        let known: Vec<String> = revisions.iter().map(|revision| revision.number.to_string()).collect();
        return Err(Feedback::new(ErrorKind::NotFound, format!("{label} keeps no revision {number}"))
            .next("name one of the revisions it keeps; older ones are gone, and a rollback renumbers the one it goes back to")
            .candidates(known)
            .into());
    };
    let revision = revisions.get(index).map(Revision::as_object).unwrap_or_default();
    let before = index.checked_sub(1).and_then(|index| revisions.get(index));
    let mut shown = revision.clone();
    mask_object(&mut shown);
    let mut text = serde_saphyr::to_string(&shown).unwrap_or_default();
    let summary = match before {
        Some(before) => {
            let changes = difference(Some(&before.as_object()), Some(&revision));
            text.push_str(&format!("\nchanged since revision {}:\n", before.number));
            text.push_str(if changes.is_empty() { "  nothing\n" } else { &changes });
            format!("revision {number} of {label}, and what it changed since revision {}", before.number)
        }
        None => format!("revision {number} of {label}, the oldest it keeps"),
    };
    Ok(Outcome::sentence(summary).view(View::Text(text)).data(
        json!({"revision": number, "before": before.map(|one| one.number), "template": shown.get("template"),
            "changes": before.map(|one| difference(Some(&one.as_object()), Some(&revision)))}),
    ))
}

pub(crate) static TOOL: Reader<RolloutHistory> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;

    fn shop(uri: &str) -> Value {
        let kept = |number: u64, image: &str| {
            json!({"metadata": {"name": format!("web-{number}"), "creationTimestamp": "2026-01-01T00:00:00Z",
                "annotations": {"deployment.kubernetes.io/revision": number.to_string()}, "ownerReferences": [{"controller": true, "uid": "u"}]},
                "spec": {"template": {"spec": {"containers": [{"name": "web", "image": image, "env": [{"name": "API_TOKEN", "value": "hush"}]}]}}}})
        };
        if uri.contains("/replicasets") {
            json!({"items": [kept(2, "web:2"), kept(1, "web:1")]})
        } else {
            json!({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web", "namespace": "shop", "uid": "u"}, "spec": {"selector": {"matchLabels": {"app": "web"}}}})
        }
    }

    async fn read(arguments: Value) -> Result<Outcome> {
        let wanted: RolloutHistory = serde_json::from_value(arguments).unwrap();
        history(&wanted, &answering(shop), "2026-01-01T01:00:00Z".parse().unwrap()).await
    }

    #[test]
    fn says_its_command() {
        let call = json!({"kind": "deployment", "name": "web", "namespace": "shop", "revision": 2});
        let bound = Call::new("rollout_history", call).bind().unwrap();
        assert_eq!(
            bound.command().to_string(),
            "kubectl rollout history deployment/web --revision=2 -n shop"
        );
    }

    #[tokio::test]
    async fn revisions_are_listed_oldest_first() {
        let outcome = read(json!({"kind": "deployment", "name": "web", "namespace": "shop"})).await.unwrap();
        assert_eq!(outcome.summary, "Deployment shop/web has 2 revisions; the newest is 2 with web:2");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows[0], ["1", "60m", "0", "web:1", "<none>"]);
    }

    #[tokio::test]
    async fn one_revision_shows_what_it_changed_and_no_secret() {
        let arguments = json!({"kind": "deployment", "name": "web", "namespace": "shop", "revision": 2});
        let outcome = read(arguments).await.unwrap();
        let View::Text(text) = &outcome.view else { panic!("{outcome:?}") };
        assert!(text.contains("image: web:1") && text.contains("image: web:2"), "{text}");
        assert!(!text.contains("hush") && !outcome.data.to_string().contains("hush"), "{text}");
        let error = read(json!({"kind": "deployment", "name": "web", "revision": 7})).await.unwrap_err();
        assert_eq!(error.to_string(), "Deployment default/web keeps no revision 7");
    }
}
