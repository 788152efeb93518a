//! `list_contexts`: the clusters a kubeconfig knows, and which one is in use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{ContextEntry, context_entries};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// List the contexts of the kubeconfig, or say which one is in use.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListContexts {
    /// Only the one in use.
    #[serde(default)]
    current: bool,
}

impl Tool for ListContexts {
    const NAME: &'static str = "list_contexts";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|list] [all] [the] [my|our|available|known|configured] [kube|kubernetes|k8s|kubectl|kubeconfig|cluster] contexts [there are|exist|available|configured|known]",
        "(what|which|how many) [kube|kubernetes|k8s|kubectl|kubeconfig|cluster] contexts [are|do|can|have] [there|available|configured|i have|we have|i use|got|we|i] [have|use|know|got]",
        "[<show>|list] [all] [the] [my|our] [known|configured|available|kubernetes] clusters",
        "(what|which|how many) clusters (are|do|can|have) [there|available|configured|i|we] [have|use|reach|know|got|talk to|connect to]",
        "[<show>] [the] contexts (in|of|from) [my|the] kubeconfig",
        "(get contexts|get-contexts|config get-contexts)",
        "(current context|current-context|config current-context) => current=true",
        "[<show>] [the|my|our] (current|active|present) [kube|kubernetes|k8s|kubectl|cluster] context => current=true",
        "(what|which) [kube|kubernetes|k8s|kubectl|cluster] context (is|am|are|do) [i|we|it] [in|on|at|using|use|active|current|set|selected|in use|currently|working in|working with] [active|in use|selected] => current=true",
        "(what|which) is (my|the|our) [current|active] [kube|kubernetes|k8s|kubectl] context => current=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl().arg("config");
        line.arg(if self.current { "current-context" } else { "get-contexts" })
    }
}

impl ReadTool for ListContexts {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        Ok(contexts(self.current, context_entries(world.options())?))
    }
}

fn contexts(only_current: bool, mut entries: Vec<ContextEntry>) -> Outcome {
    let current = entries.iter().find(|entry| entry.current).cloned();
    let in_use = match &current {
        Some(entry) => format!("the context in use is {}, namespace {}", entry.name, entry.namespace),
        None => "no context is in use".to_owned(),
    };
    let summary = match (only_current, entries.len()) {
        (true, _) => in_use,
        (false, 1) => format!("1 context; {in_use}"),
        (false, count) => format!("{count} contexts; {in_use}"),
    };
    entries.retain(|entry| !only_current || entry.current);
    let data: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!({"name": entry.name, "current": entry.current, "cluster": entry.cluster,
                "server": entry.server, "user": entry.user, "namespace": entry.namespace})
        })
        .collect();
    let rows = entries.into_iter().map(|entry| {
        let mark = if entry.current { "*" } else { "" };
        let server = entry.server.unwrap_or_else(|| "<unknown>".to_owned());
        vec![mark.to_owned(), entry.name, entry.cluster, server, entry.user, entry.namespace]
    });
    let columns = ["CURRENT", "NAME", "CLUSTER", "SERVER", "USER", "NAMESPACE"].map(str::to_owned).into();
    let table = Table { columns, rows: rows.collect() };
    let outcome = Outcome::sentence(summary)
        .data(json!({"contexts": data, "current": current.map(|entry| entry.name)}));
    match (only_current, table.rows.is_empty()) {
        (false, false) => outcome.view(View::Tables(vec![(String::new(), table)])),
        _ => outcome,
    }
}

pub(crate) static TOOL: Reader<ListContexts> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        let line = |arguments| Call::new("list_contexts", arguments).bind().unwrap().command().to_string();
        assert_eq!(line(json!({})), "kubectl config get-contexts");
        assert_eq!(line(json!({"current": true})), "kubectl config current-context");
    }

    #[test]
    fn the_one_in_use_is_marked() {
        let entry = |name: &str, current| ContextEntry {
            name: name.to_owned(),
            current,
            cluster: "c".to_owned(),
            server: None,
            user: "u".to_owned(),
            namespace: "shop".to_owned(),
        };
        let outcome = contexts(false, vec![entry("a", false), entry("b", true)]);
        assert_eq!(outcome.summary, "2 contexts; the context in use is b, namespace shop");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows[1], ["*", "b", "c", "<unknown>", "u", "shop"]);
        assert_eq!(contexts(true, vec![entry("a", false)]).summary, "no context is in use");
    }
}
