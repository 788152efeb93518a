//! `list_releases`: what Helm has installed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::helm::ListedRelease;
use crate::kubernetes::check_namespace;
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// List Helm releases in every state.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListReleases {
    /// Namespace to look in.
    namespace: Option<String>,
    /// Look in every namespace.
    #[serde(default)]
    all_namespaces: bool,
}

impl Tool for ListReleases {
    const NAME: &'static str = "list_releases";
    const PHRASES: &'static [&'static str] = &[
        "[<show>] [all|every|my] helm (release|installation|deployment|install)",
        "[<show>] [all|every|my] helm chart (installed|deployed|running)",
        "[<show>] [all|every|my] [installed|deployed] (release|helm release|helm chart) [installed|deployed|there are]",
        "[<show>] [all] installed (release|helm chart|chart)",
        "(ls|list)",
        "what (is|are|has been|was) [installed|deployed|released] (with|by|through|via|using) helm [installed|deployed]",
        "<show> [helm] (release|chart) (is|are|have been|do we have|exist) [installed|deployed|running|there]",
        "what (has|did) helm (install|installed|deploy|deployed)",
        "(is|are) there [any] helm release",
        "do (we|i) have [any] helm release",
        "how many helm (release|chart) [are] [there|installed|deployed]",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::helm().args(["list", "-a"]);
        if self.all_namespaces { line.arg("-A") } else { line.namespace(self.namespace.as_deref()) }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Scope {
            namespace: &mut self.namespace,
            all_namespaces: self.all_namespaces,
            qualifier: None,
        }]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())
    }
}

impl ReadTool for ListReleases {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let namespace = match &self.namespace {
            _ if self.all_namespaces => None,
            Some(namespace) => Some(namespace.clone()),
            None => Some(world.connection().await?.namespace.clone()),
        };
        let releases = world.helm().releases(namespace.as_deref()).await?;
        Ok(Outcome::sentence(summary(&releases, namespace.as_deref()))
            .view(if releases.is_empty() {
                View::None
            } else {
                View::Tables(vec![(String::new(), table(&releases))])
            })
            .data(json!({"releases": releases.iter().map(as_json).collect::<Vec<_>>()})))
    }
}

fn summary(releases: &[ListedRelease], namespace: Option<&str>) -> String {
    let place = namespace.map_or_else(|| "the cluster".to_owned(), |name| format!("namespace {name}"));
    let many = match releases.len() {
        0 => return format!("there is no Helm release in {place}"),
        1 => format!("there is 1 Helm release in {place}"),
        count => format!("there are {count} Helm releases in {place}"),
    };
    let other: Vec<String> = releases
        .iter()
        .filter(|release| release.status != "deployed")
        .map(|release| format!("{} is {}", release.name, release.status))
        .collect();
    if other.is_empty() { many } else { format!("{many}; {}", other.join(", ")) }
}

fn table(releases: &[ListedRelease]) -> Table {
    let columns = ["NAME", "NAMESPACE", "REVISION", "STATUS", "CHART", "APP VERSION", "UPDATED"];
    let row = |release: &ListedRelease| {
        vec![
            release.name.clone(),
            release.namespace.clone(),
            release.revision.clone(),
            release.status.clone(),
            release.chart.clone(),
            release.app_version.clone(),
            updated(&release.updated),
        ]
    };
    Table { columns: columns.map(str::to_owned).to_vec(), rows: releases.iter().map(row).collect() }
}

/// Helm prints Go's default form, `2026-01-22 09:00:00.123456 +0000 UTC`; seconds and the offset are enough.
fn updated(text: &str) -> String {
    let mut parts = text.split_whitespace();
    let (Some(day), Some(time), Some(offset)) = (parts.next(), parts.next(), parts.next()) else {
        return text.to_owned();
    };
    format!("{day} {} {offset}", time.split('.').next().unwrap_or(time))
}

fn as_json(release: &ListedRelease) -> serde_json::Value {
    json!({
        "name": release.name, "namespace": release.namespace, "revision": release.revision,
        "status": release.status, "chart": release.chart, "app_version": release.app_version,
        "updated": release.updated,
    })
}

pub(crate) static TOOL: Reader<ListReleases> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn release(name: &str, status: &str) -> ListedRelease {
        ListedRelease {
            name: name.into(),
            namespace: "shop".into(),
            revision: "3".into(),
            updated: "2026-01-22 09:00:00.123456 +0000 UTC".into(),
            status: status.into(),
            chart: "web-1.0.0".into(),
            app_version: "0.1".into(),
        }
    }

    #[test]
    fn says_its_command() {
        let command = |arguments| Call::new("list_releases", arguments).bind().unwrap().command().to_string();
        assert_eq!(command(json!({"namespace": "shop"})), "helm list -a -n shop");
        assert_eq!(command(json!({"all_namespaces": true})), "helm list -a -A");
    }

    #[test]
    fn the_sentence_names_what_is_not_deployed() {
        let releases = [release("web", "deployed"), release("db", "pending-upgrade")];
        assert_eq!(
            summary(&releases, Some("shop")),
            "there are 2 Helm releases in namespace shop; db is pending-upgrade"
        );
        assert_eq!(summary(&[], None), "there is no Helm release in the cluster");
        assert_eq!(
            table(&releases).rows[0].join(" "),
            "web shop 3 deployed web-1.0.0 0.1 2026-01-22 09:00:00 +0000"
        );
    }
}
