//! `release_values`: the values a Helm release was given, secrets masked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::helm::{check_release_name, check_revision, failure, mask_values, release_namespace};
use crate::kubernetes::check_namespace;
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show the values that a Helm release was given; secret ones are masked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseValues {
    /// Name of the release.
    release: String,
    /// Namespace of the release.
    namespace: Option<String>,
    /// Show the chart's own values, too.
    #[serde(default)]
    all: bool,
    /// Revision to look at instead of the newest.
    revision: Option<u64>,
}

impl Tool for ReleaseValues {
    const NAME: &'static str = "release_values";
    const PHRASES: &'static [&'static str] = &[
        "[<show>] [the] [helm|user supplied|custom|current|configured|given|effective|set] (value|configuration|setting) of [the] [helm] release {release:word}",
        "[<show>] [the] [helm|user supplied|custom|current|configured|given|effective|set] (value|configuration|setting) of [the] {release:word} [helm] release",
        "[<show>] [every|all] [the] [current] helm [chart] value (of|for|in) [the] {release:word} [release]",
        "[<show>] [every|all] [the] [current] [chart] value [that] [the] [helm] release {release:word} (was|is|has been) (given|installed with|deployed with|using)",
        "[<show>] {release:word} helm value",
        "(which|what) value (is|was|has|did) [the] [helm] [release] {release:word} [release] [been] (installed|deployed|configured|running|run|released|upgraded|set up|given|get) [with]",
        "with (which|what) value (is|was|has|did) [the] [helm] [release] {release:word} [release] [been] (installed|deployed|configured|running|run|released|upgraded|set up)",
        "(which|what) value (does|do|did) [the] [helm] release {release:word} (use|have|run with|get)",
        "(which|what) value (does|do|did) [the] {release:word} [helm] release (use|have|run with|get)",
        "(which|what) helm value (does|do|did|is|are) [the] {release:word} (use|have|run with|get|using)",
        "how is [the] [helm] release {release:word} configured",
        "how is [the] {release:word} [helm] release configured",
        "helm get value {release:word}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(including|include|with|and|plus|also) [all] [of] [the|its] [chart] (default|default value|default one|computed value|computed one|built in value|built in one) => all=true",
        "[that are] computed => all=true",
        "(--all|-a) => all=true",
        "[at|of|in|for] revision {revision:count}",
        "--revision {revision:count}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::helm()
            .args(["get", "values", &self.release])
            .namespace(self.namespace.as_deref())
            .flag_if(self.all, "--all")
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

impl ReadTool for ReleaseValues {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let namespace = release_namespace(world, self.namespace.as_deref()).await?;
        let helm = world.helm();
        // Says which release or revision is not there, and what is.
        let release = match self.revision {
            Some(revision) => helm.release_at(&self.release, &namespace, revision).await?,
            None => helm.existing(&self.release, &namespace).await?,
        };
        let mut values = if self.all {
            let revision = format!("--revision={}", release.revision);
            let place = format!("--namespace={namespace}");
            let printed = helm
                .run(&["get", "values", &self.release, "--all", "--output=json", &revision, &place])
                .await?;
            if !printed.success {
                return Err(failure(&format!("read the values of {}", self.release), &printed));
            }
            serde_json::from_str::<Option<Map<String, Value>>>(&printed.stdout)
                .unwrap_or_default()
                .unwrap_or_default()
        } else {
            release.values()
        };
        mask_values(&mut values);
        let what = if self.all { "values, with the chart's own" } else { "values it was given" };
        let (name, revision) = (&self.release, release.revision);
        let summary = if values.is_empty() {
            format!("the release {name} in {namespace} was given no values (revision {revision})")
        } else {
            format!("the {what}, of the release {name} in {namespace}, revision {revision}")
        };
        let shown = serde_saphyr::to_string(&values).unwrap_or_default();
        let outcome = Outcome::sentence(summary)
            .data(json!({"release": name, "namespace": namespace, "revision": revision, "values": values}));
        Ok(if values_are_none(&shown) { outcome } else { outcome.view(View::Text(shown)) })
    }
}

fn values_are_none(shown: &str) -> bool {
    matches!(shown.trim(), "" | "{}")
}

pub(crate) static TOOL: Reader<ReleaseValues> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let command =
            |arguments| Call::new("release_values", arguments).bind().unwrap().command().to_string();
        assert_eq!(command(json!({"release": "shop", "namespace": "test"})), "helm get values shop -n test");
        assert_eq!(
            command(json!({"release": "shop", "all": true, "revision": 2})),
            "helm get values shop --all --revision=2"
        );
    }
}
