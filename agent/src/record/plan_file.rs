//! A plan on disk: the exact calls of a request, what each was shown to change, and how the world was then. It is
//! applied as it was reviewed or not at all.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shipmate_tools::{Call, Effect, ObjectChange, Preview, ReadWorld};
use std::collections::BTreeMap;

use crate::error::{AgentError, ExitCode};
use crate::turn::CallRecord;

/// Version of the file's form; another one is refused.
const VERSION: u32 = 1;

/// What a tool remembers of the world that is not an object of the cluster: an image, a chart, a release.
const REMEMBERED: [&str; 6] = ["id", "image", "image_id", "digest", "revision", "images"];

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    version: u32,
    /// The words of the request.
    pub request: String,
    /// The context it was made for; empty where there is no cluster.
    pub context: String,
    /// The calls, in order.
    pub steps: Vec<PlanStep>,
}

/// One call of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStep {
    /// The exact call.
    pub call: Call,
    /// The equivalent command line, for whoever reviews it.
    pub command: String,
    /// How much it can change.
    pub effect: Effect,
    /// What would happen, in one sentence.
    pub summary: String,
    /// Object by object.
    pub changes: Vec<ObjectChange>,
    /// What to watch out for.
    pub warnings: Vec<String>,
    /// The resourceVersion of every object that is there, by its label.
    pub versions: BTreeMap<String, String>,
    /// What else has to be as it was: image ids, digests of charts, revisions of releases.
    pub remembered: BTreeMap<String, Value>,
}

impl PlanFile {
    /// The plan of calls that were shown.
    pub async fn of(request: &str, context: &str, calls: &[CallRecord], world: &ReadWorld) -> Self {
        let mut steps = Vec::new();
        for record in calls {
            let preview = record.preview.clone().unwrap_or_default();
            steps.push(PlanStep {
                call: record.call.clone(),
                command: record.command.clone(),
                effect: record.effect,
                versions: versions(&preview, world).await,
                remembered: remembered(&preview),
                summary: preview.summary,
                changes: preview.changes,
                warnings: preview.warnings,
            });
        }
        Self { version: VERSION, request: request.to_owned(), context: context.to_owned(), steps }
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// What is not a plan, or one of another version.
    pub fn read(text: &str, shown: &str) -> Result<Self, AgentError> {
        let plan: Self = serde_json::from_str(text).map_err(|error| {
            AgentError::new(ExitCode::Usage, format!("{shown} is no plan: {error}"))
                .hint("make one with `shipmate plan \"…\" --out FILE`")
        })?;
        if plan.version != VERSION {
            return Err(AgentError::new(
                ExitCode::Usage,
                format!("{shown} is a plan of version {}, and this is version {VERSION}", plan.version),
            )
            .hint("make it anew"));
        }
        Ok(plan)
    }

    /// Makes sure that everything is still as it was when the plan was made; nothing is changed by looking.
    ///
    /// # Errors
    /// What has moved, or what can no longer be shown.
    pub async fn still_holds(&self, context: &str, world: &ReadWorld) -> Result<(), AgentError> {
        if self.context != context {
            return Err(stale(&format!(
                "it was made for the context {:?}, and this is {context:?}",
                self.context
            )));
        }
        for step in &self.steps {
            let bound = step.call.bind()?;
            if bound.effect() != step.effect {
                return Err(stale(&format!("{} is another kind of call now", step.command)));
            }
            if step.effect == Effect::Read {
                continue;
            }
            let preview = bound.preview(world).await?;
            if let Some(moved) = moved(step, &preview, &versions(&preview, world).await) {
                return Err(stale(&moved));
            }
        }
        Ok(())
    }
}

fn stale(why: &str) -> AgentError {
    AgentError::new(ExitCode::Refused, format!("the plan does not hold any more, so nothing was done: {why}"))
        .hint("make the plan anew and have it reviewed again")
}

/// What is no longer as the step says.
fn moved(step: &PlanStep, now: &Preview, versions: &BTreeMap<String, String>) -> Option<String> {
    let then: Vec<_> = step.changes.iter().map(|change| (change.object.label(), change.action)).collect();
    let today: Vec<_> = now.changes.iter().map(|change| (change.object.label(), change.action)).collect();
    if then != today {
        return Some(format!("{} would change other objects now: {}", step.command, now.summary));
    }
    for (before, after) in step.changes.iter().zip(&now.changes) {
        if before.object.uid != after.object.uid {
            return Some(format!("{} is another one now", before.object.label()));
        }
        let label = before.object.label();
        if step.versions.get(&label) != versions.get(&label) {
            return Some(format!("{label} was changed since"));
        }
    }
    let remembered = remembered(now);
    let name = step.remembered.iter().find(|(name, value)| remembered.get(*name) != Some(value))?.0;
    Some(format!("the {name} that {} stands on is another one now", step.command))
}

fn remembered(preview: &Preview) -> BTreeMap<String, Value> {
    let kept = |name: &&str| Some(((*name).to_owned(), preview.basis.get(*name)?.clone()));
    REMEMBERED.iter().filter_map(kept).collect()
}

/// The resourceVersions of the objects of a preview; an object of no cluster has none.
async fn versions(preview: &Preview, world: &ReadWorld) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Ok(cluster) = world.cluster().await else { return found };
    for change in &preview.changes {
        let object = &change.object;
        let named = (Some(object.kind.as_str()), Some(object.name.as_str()), object.namespace.as_deref());
        let Ok(target) = cluster.target(named.0, named.1, named.2).await else { continue };
        let Ok(Some(live)) = target.find(cluster).await else { continue };
        if let Some(version) = live.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
            found.insert(object.label(), version.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shipmate_tools::{Action, ObjectIdentity};

    fn preview(uid: &str, digest: &str) -> Preview {
        Preview {
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Deployment".into(),
                    name: "web".into(),
                    namespace: Some("shop".into()),
                    uid: Some(uid.into()),
                    generation: Some(1),
                },
                action: Action::Update,
                difference: String::new(),
            }],
            basis: json!({"digest": digest, "time": "now"}),
            ..Preview::default()
        }
    }

    fn version(number: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("Deployment shop/web".to_owned(), number.to_owned())])
    }

    #[test]
    fn whatever_moved_is_named() {
        let shown = preview("u", "d1");
        let step = PlanStep {
            call: Call::new("scale", json!({})),
            command: "kubectl scale".into(),
            effect: Effect::Change,
            summary: String::new(),
            changes: shown.changes.clone(),
            warnings: Vec::new(),
            versions: version("1"),
            remembered: remembered(&shown),
        };
        assert_eq!(moved(&step, &shown, &version("1")), None);
        assert!(
            moved(&step, &shown, &version("2")).is_some_and(|said| said.contains("shop/web was changed"))
        );
        assert!(moved(&step, &preview("other", "d1"), &version("1")).is_some());
        assert!(moved(&step, &preview("u", "d2"), &version("1")).is_some_and(|said| said.contains("digest")));
        assert!(moved(&step, &Preview::default(), &version("1")).is_some());
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for text in ["", "{}", "{\"version\": 1}", "[]"] {
            assert!(PlanFile::read(text, "plan.json").is_err(), "{text}");
        }
        let newer = "{\"version\": 2, \"request\": \"x\", \"context\": \"\", \"steps\": []}";
        assert!(PlanFile::read(newer, "plan.json").unwrap_err().message.contains("version 2"));
    }
}
