//! `rollout_status`: whether a workload runs what it should, everywhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{RolloutState, rollout_state};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Say how far the rollout of a workload is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutStatus {
    /// Kind of the workload: deployment, statefulset or daemonset.
    kind: Option<String>,
    /// Name of the workload.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
}

impl Tool for RolloutStatus {
    const NAME: &'static str = "rollout_status";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|<check>] [the] (rollout|deployment|deploy) (status|state|progress) [of|for|on] {object}",
        "[<show>|<check>] [the] (status|state|progress) of [the] {object} (rollout|deploy)",
        "[<show>|<check>] [the] (status|state|progress) of [the] rollout of {object}",
        "[<show>|<check>] {object} (rollout|deployment) (status|progress)",
        "[<show>|<check>] [the] (rollout|deployment) (status|state|progress)",
        "(has|did|is|was) [the] {object} (rollout|deploy) (finish|finished|done|complete|completed|over|through|succeed|succeeded|successful|stuck)",
        "(has|did|is|was) [the] (rollout|deploy|deployment) of {object} (finish|finished|done|complete|completed|over|through|succeed|succeeded|successful|stuck)",
        "is {object} [fully|completely|already] (rolled out|up to date|deployed|rolling out)",
        "is {object} [still] rolling out",
        "(has|did) {object} [finish|finished|complete|completed] (roll out|rolled out|rolling out|rollout|its rollout|deploying)",
        "how (far|far along|is|goes|did) [is] [the] [rollout|deploy] [of] {object} [rollout] [going|coming along|doing|go|progressing]",
        "how far is {object}",
        "(wait|watch) [for|until|till] [the] [rollout|deploy] [of] {object} [rollout] [to finish|to complete|to be ready|is done|is rolled out|is ready|is finished|finishes]",
        "(wait|watch) [for|until|till] [the] (rollout|deploy) [to finish|to complete|is done|is over|finishes|is complete]",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::kubectl()
            .args(["rollout", "status"])
            .arg(crate::kubernetes::reference(self.kind.as_deref(), self.name.as_deref()))
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
}

impl ReadTool for RolloutStatus {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let cluster = world.cluster().await?;
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        let (object, identity) = target.read(cluster).await?;
        let (word, said) = match rollout_state(&object) {
            RolloutState::Done(said) => ("done", format!("{} is rolled out: {said}", identity.label())),
            RolloutState::Waiting(said) => {
                ("waiting", format!("{} is not rolled out yet: {said}", identity.label()))
            }
            RolloutState::Stuck(said) => ("stuck", format!("{} is stuck: {said}", identity.label())),
            RolloutState::NotApplicable => {
                ("not_applicable", format!("{} does not roll out by itself", identity.label()))
            }
        };
        Ok(Outcome::sentence(said).data(json!({"state": word, "status": object.get("status")})))
    }
}

pub(crate) static TOOL: Reader<RolloutStatus> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let bound =
            Call::new("rollout_status", json!({"kind": "deployment", "name": "web", "namespace": "shop"}))
                .bind()
                .unwrap();
        assert_eq!(bound.command().to_string(), "kubectl rollout status deployment/web -n shop");
    }
}
