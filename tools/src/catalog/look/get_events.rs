//! `get_events`: what happened, in a namespace or to one object and what belongs to it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{Cluster, Event, event_table, parse_duration};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show events: what happened in a namespace or to one object, the newest last.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetEvents {
    /// Kind of the object or objects the events are about.
    kind: Option<String>,
    /// Name of the object the events are about; none for the whole namespace.
    name: Option<String>,
    /// Namespace to look in.
    namespace: Option<String>,
    /// Look in every namespace.
    #[serde(default)]
    all_namespaces: bool,
    /// Only those seen within this time, such as `10m`.
    since: Option<String>,
    /// Only warnings.
    #[serde(default)]
    warnings_only: bool,
    /// Only the newest so many.
    limit: Option<u32>,
}

impl Tool for GetEvents {
    const NAME: &'static str = "get_events";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|check] [all] [the] [recent|latest|newest|cluster|kubernetes] (event|events)",
        "[<show>|check] [all] [the] [recent|latest|newest] (event|events) (for|of|about|on|from|around|concerning) {object}",
        "[<show>|check] {object} (event|events)",
        "(event|events) {object}",
        "what [has|have|is] (happened|happening|happens|been happening|went on|going on|been going on) [here|there|lately|recently|today]",
        "what [has|have|is] (happened|happening|been happening|going on) (to|with) {object}",
        "[<show>] [only] [the] warnings [events] => warnings_only=true",
        "[<show>] [only] [the] warning events => warnings_only=true",
        "[<show>] [only] [the] (warnings|warning events) (for|of|about|on) {object} => warnings_only=true",
        "(any|are there|are there any|is there any) (warnings|warning events) => warnings_only=true",
        "(any|are there|are there any|is there any) (warnings|warning events) (for|about|on) {object} => warnings_only=true",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[in|from|of|for|over|during|within] [the] (last|past) {since:duration}",
        "(since|--since) {since:duration} [ago]",
        "[in|from|of|for|over|during|within] [the] (last|past) hour => since=1h",
        "[in|from|of|for|over|during|within] [the] (last|past) minute => since=1m",
        "[in|from|of|for|over|during|within] [the] (last|past) half hour => since=30m",
        "[in|from|of|for|over|during|within] [the] (last|past) day => since=24h",
        "[with|of] [only|just] [the] [type|types] (warning|warnings|problems) [only] => warnings_only=true",
        "--types=Warning => warnings_only=true",
        "[only|just] [the] (last|latest|newest|most recent) {limit:count} [events]",
        "(limit|limited to|at most|up to) {limit:count}",
        "[the] (newest|latest|most recent) (last|at the bottom|at the end)",
        "(sorted|ordered|sort|order) by (time|date|timestamp|last seen|age)",
        "[in] chronological [order]",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl().arg("events");
        let line =
            if self.all_namespaces { line.arg("-A") } else { line.namespace(self.namespace.as_deref()) };
        let line = match &self.name {
            Some(name) => {
                line.arg("--for").arg(crate::kubernetes::reference(self.kind.as_deref(), Some(name)))
            }
            None => line,
        };
        line.option("--types", self.warnings_only.then_some("Warning"))
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.name.is_some() {
            return vec![Slot::Object(ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: None,
                accepts: ObjectAccepts::Any,
                required: false,
            })];
        }
        vec![Slot::Scope {
            namespace: &mut self.namespace,
            all_namespaces: self.all_namespaces,
            qualifier: None,
        }]
    }

    fn check(&self) -> Result<()> {
        crate::kubernetes::check_arguments(
            self.kind.as_deref(),
            self.name.as_deref(),
            self.namespace.as_deref(),
            None,
        )?;
        match &self.since {
            Some(since) => parse_duration("since", since).map(|_| ()),
            None => Ok(()),
        }
    }
}

impl ReadTool for GetEvents {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        events(self, world.cluster().await?, Timestamp::now()).await
    }
}

async fn events(wanted: &GetEvents, cluster: &Cluster, now: Timestamp) -> Result<Outcome> {
    let (mut events, place) = match &wanted.name {
        Some(name) => about(wanted, cluster, name).await?,
        None if wanted.all_namespaces => {
            (cluster.events(None, fields(wanted)).await?, "in all namespaces".to_owned())
        }
        None => {
            let namespace = wanted.namespace.as_deref().unwrap_or(cluster.namespace());
            (cluster.events(Some(namespace), fields(wanted)).await?, format!("in {namespace}"))
        }
    };
    if let Some(since) = &wanted.since {
        let earliest =
            now.as_second() - i64::try_from(parse_duration("since", since)?.as_secs()).unwrap_or(i64::MAX);
        events.retain(|event| event.last_seen.is_some_and(|seen| seen.as_second() >= earliest));
    }
    events.retain(|event| !wanted.warnings_only || event.is_warning());
    if let (None, Some(kind)) = (&wanted.name, &wanted.kind) {
        let prefix = format!("{}/", cluster.kind(kind).await?.singular);
        events.retain(|event| event.object.starts_with(&prefix));
    }
    let found = events.len();
    if let Some(limit) = wanted.limit {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        events.drain(..found.saturating_sub(limit));
    }

    let summary = summary(wanted, &events, &place);
    let table = event_table(&events, wanted.all_namespaces && wanted.name.is_none(), now);
    let view = if events.is_empty() { View::None } else { View::Tables(vec![(String::new(), table)]) };
    let mut outcome = Outcome::sentence(summary).view(view).data(json!({"events": events}));
    if events.len() < found {
        outcome = outcome.note(format!("only the newest {} of {found} are shown", events.len()));
    }
    if found == 0 {
        outcome = outcome.note("clusters keep events for an hour unless told otherwise");
    }
    Ok(outcome)
}

/// What the server can leave out itself.
fn fields(wanted: &GetEvents) -> Option<&'static str> {
    wanted.warnings_only.then_some("type=Warning")
}

/// The events about one object and, for a workload, about its pods and what is between.
async fn about(wanted: &GetEvents, cluster: &Cluster, name: &str) -> Result<(Vec<Event>, String)> {
    let target = cluster.target(wanted.kind.as_deref(), Some(name), wanted.namespace.as_deref()).await?;
    let (object, identity) = target.read(cluster).await?;
    let family = match target.resource.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "CronJob" => {
            cluster.family(&object).await?
        }
        _ => crate::kubernetes::Family::default(),
    };
    let uids: Vec<&str> = family.uids().collect();
    let events = cluster.events_about(&object, &uids).await?;
    let place = if uids.is_empty() {
        format!("about {}", identity.label())
    } else {
        format!("about {} and its pods", identity.label())
    };
    Ok((events, place))
}

fn summary(wanted: &GetEvents, events: &[Event], place: &str) -> String {
    let warnings = events.iter().filter(|event| event.is_warning()).count();
    let noun = if wanted.warnings_only { "warning" } else { "event" };
    let amount = match events.len() {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    };
    let since = wanted.since.as_ref().map(|since| format!(" in the last {since}")).unwrap_or_default();
    let of_them = match warnings {
        0 => String::new(),
        _ if wanted.warnings_only => String::new(),
        1 => ", 1 of them a warning".to_owned(),
        number => format!(", {number} of them warnings"),
    };
    format!("{amount} {place}{since}{of_them}")
}

pub(crate) static TOOL: Reader<GetEvents> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;
    use serde_json::Value;

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (json!({"namespace": "shop", "since": "10m"}), "kubectl events -n shop"),
            (json!({"all_namespaces": true, "warnings_only": true}), "kubectl events -A --types=Warning"),
            (
                json!({"kind": "deployment", "name": "web", "namespace": "shop"}),
                "kubectl events -n shop --for deployment/web",
            ),
        ] {
            assert_eq!(Call::new("get_events", arguments).bind().unwrap().command().to_string(), line);
        }
    }

    fn shop(uri: &str) -> Value {
        let event = |severity: &str, uid: &str, seen: &str| {
            json!({"type": severity, "reason": "R", "message": "m", "lastTimestamp": seen,
                "involvedObject": {"kind": "Pod", "name": uid, "namespace": "shop", "uid": uid}})
        };
        let owned = |uid: &str, owner: &str| json!({"metadata": {"name": uid, "uid": uid, "ownerReferences": [{"controller": true, "uid": owner}]}});
        if uri.contains("/deployments/web") {
            json!({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web", "namespace": "shop", "uid": "web"},
                "spec": {"selector": {"matchLabels": {"app": "web"}}}})
        } else if uri.contains("/replicasets") {
            json!({"items": [owned("web-1", "web")]})
        } else if uri.contains("/pods") {
            json!({"items": [owned("web-1-a", "web-1")]})
        } else {
            json!({"items": [event("Warning", "web-1-a", "2026-01-01T00:59:00Z"),
                event("Normal", "web-1", "2026-01-01T00:10:00Z"), event("Warning", "other", "2026-01-01T00:58:00Z")]})
        }
    }

    async fn read(arguments: Value) -> Outcome {
        let wanted: GetEvents = serde_json::from_value(arguments).unwrap();
        events(&wanted, &answering(shop), "2026-01-01T01:00:00Z".parse().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn events_of_a_workload_are_those_of_its_family() {
        let outcome = read(json!({"kind": "deployment", "name": "web", "namespace": "shop"})).await;
        assert_eq!(outcome.summary, "2 events about Deployment shop/web and its pods, 1 of them a warning");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows[1], ["60s", "Warning", "R", "pod/web-1-a", "1", "m"]);
    }

    #[tokio::test]
    async fn time_type_and_number_limit_them() {
        let outcome = read(json!({"namespace": "shop", "since": "5m"})).await;
        assert_eq!(outcome.summary, "2 events in shop in the last 5m, 2 of them warnings");
        let outcome = read(json!({"namespace": "shop", "kind": "services"})).await;
        assert_eq!(outcome.summary, "no events in shop");
        let outcome = read(json!({"namespace": "shop", "warnings_only": true, "limit": 1})).await;
        assert_eq!(outcome.summary, "1 warning in shop");
        assert_eq!(outcome.data["events"][0]["uid"], "web-1-a");
        assert_eq!(outcome.notes, ["only the newest 1 of 2 are shown"]);
    }
}
