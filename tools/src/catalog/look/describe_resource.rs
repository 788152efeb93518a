//! `describe_resource`: an object for people: what it is, what is wished for, how it stands, what hangs on it and
//! what happened to it.

use futures::future::join_all;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::gate;
use crate::kubernetes::{Cluster, Event, Query, Relations, ResourceType, describe, event_table, is_workload};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Most objects described at once.
const AT_ONCE: usize = 10;

/// Most events shown of one object.
const EVENTS: usize = 20;

/// Describe one object in detail: its settings, state, what it owns and its events.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DescribeResource {
    /// Kind of the object.
    kind: Option<String>,
    /// Name of the object; none for all that the selector fits.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Label selector, instead of a name.
    selector: Option<String>,
}

impl Tool for DescribeResource {
    const NAME: &'static str = "describe_resource";
    const PHRASES: &'static [&'static str] = &[
        "describe {object}",
        "[<show>] [the|all] [full] (details|detail|description|info|information) (of|about|on|for) {object}",
        "[<show>] {object} (details|in detail|info|information|description)",
        "(tell|explain) [me] [everything|all|more|something] [there is] [to know] about {object}",
        "(everything|all) [there is] [to know] about {object}",
        "(tell me|info|information) about {object}",
        "[<show>] [some|a bit|a little] more [info|information|details] (about|on|of) {object}",
        "what (do|can) (you|we) [tell me|know|say] [me] about {object}",
        "(inspect|examine|look at|have a look at|take a look at|look into|check out) {object}",
        "[what|how] (is) {object} [configured|set up]",
        "how (is|does) {object} (look|looking|doing|configured|set up)",
        "[<show>] [the] (status|state) (of) {object}",
        "what (is|are) [the] (status|state) of {object}",
        "describe {kind:kind} (with|labelled|labeled|with label|where|-l|--selector) {selector:label}",
        "describe [all] [the] {kind:kind} (labelled|labeled|with label|with the label|with) {selector:label}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl()
            .arg("describe")
            .arg(crate::kubernetes::reference(self.kind.as_deref(), self.name.as_deref()))
            .namespace(self.namespace.as_deref());
        match (&self.name, &self.selector) {
            (None, Some(selector)) => line.arg("-l").arg(selector),
            _ => line,
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.name.is_none() && self.selector.is_some() {
            return vec![Slot::Scope {
                namespace: &mut self.namespace,
                all_namespaces: false,
                qualifier: None,
            }];
        }
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Any,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        crate::kubernetes::check_arguments(
            self.kind.as_deref(),
            self.name.as_deref(),
            self.namespace.as_deref(),
            self.selector.as_deref(),
        )?;
        if self.name.is_none() && (self.kind.is_none() || self.selector.is_none()) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "which object to describe is not said")
                .next("name its kind and name, such as deployment/web, or its kind and a label")
                .into());
        }
        Ok(())
    }
}

impl ReadTool for DescribeResource {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        self.check()?;
        let cluster = world.cluster().await?;
        let now = Timestamp::now();
        if let (None, Some(kind), Some(selector)) = (&self.name, &self.kind, &self.selector) {
            let namespace = self.namespace.as_deref().unwrap_or(cluster.namespace());
            return selected(cluster, &cluster.kind(kind).await?, namespace, selector, now).await;
        }
        let target =
            cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
        let (object, _) = target.read(cluster).await?;
        let described = Described::read(cluster, object).await?;
        Ok(described.outcome(now))
    }
}

/// Describes all objects that a label fits.
async fn selected(
    cluster: &Cluster,
    resource: &ResourceType,
    namespace: &str,
    selector: &str,
    now: Timestamp,
) -> Result<Outcome> {
    let query = Query {
        namespace: Some(namespace.to_owned()),
        selector: Some(selector.to_owned()),
        ..Query::default()
    };
    let objects = cluster.objects(resource, &query).await?;
    let found = objects.len();
    if found == 0 {
        return Ok(Outcome::sentence(format!("no {} labelled {selector} in {namespace}", resource.plural)));
    }
    let all =
        join_all(objects.into_iter().take(AT_ONCE).map(|object| Described::read(cluster, object))).await;
    let mut pages = Vec::new();
    let mut data = Vec::new();
    for described in all {
        let outcome = described?.outcome(now);
        if let View::Text(text) = outcome.view {
            pages.push(text);
        }
        data.push(outcome.data);
    }
    let outcome =
        Outcome::sentence(format!("{found} {} labelled {selector} in {namespace}", resource.plural))
            .view(View::Text(pages.join("\n\n---\n")))
            .data(Value::Array(data));
    Ok(if found > AT_ONCE {
        outcome.note(format!("only the first {AT_ONCE} of {found} are described"))
    } else {
        outcome
    })
}

/// An object and everything around it.
struct Described {
    object: Value,
    relations: Relations,
    events: Vec<Event>,
    notes: Vec<String>,
}

impl Described {
    /// Reads what is around `object`, at once. What may not be read is noted.
    async fn read(cluster: &Cluster, object: Value) -> Result<Self> {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
        // The events of what a workload owns are its own; those of anything else are few enough to ask for.
        let fields = (!is_workload(&kind)).then(|| crate::kubernetes::object_fields(&object));
        let (relations, events) =
            tokio::join!(cluster.relations(&object), cluster.events(namespace, fields.as_deref()));
        let mut notes = Vec::new();
        let relations = relations?;
        let mut events = match events {
            Ok(events) => events,
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                notes.push(error.to_string());
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        let owned: Vec<&str> = match is_workload(&kind) {
            true => relations.owned.iter().map(String::as_str).collect(),
            false => Vec::new(),
        };
        events.retain(|event| event.concerns(&object, &owned));
        if events.len() > EVENTS {
            notes.push(format!("only the newest {EVENTS} of {} events are shown", events.len()));
            events.drain(..events.len() - EVENTS);
        }
        notes.extend(relations.notes.iter().cloned());
        Ok(Self { object, relations, events, notes })
    }

    fn outcome(mut self, now: Timestamp) -> Outcome {
        let mut text = describe(&self.object, now);
        for (title, table) in &self.relations.tables {
            section(&mut text, title, &table.aligned());
        }
        if self.events.is_empty() {
            text.push_str("\nEvents: none\n");
        } else {
            section(&mut text, "Events", &event_table(&self.events, false, now).aligned());
        }
        let summary = self.summary();
        gate::mask_object(&mut self.object);
        if let Some(metadata) = self.object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        let related: Value = self
            .relations
            .tables
            .iter()
            .map(|(title, table)| json!({"title": title, "columns": table.columns, "rows": table.rows}))
            .collect();
        let data = json!({"object": self.object, "related": related, "events": self.events});
        let mut outcome = Outcome::sentence(summary).view(View::Text(text)).data(data);
        outcome.notes = self.notes;
        outcome
    }

    /// Which object it is, how it stands as far as its kind says so, and whether something warns.
    fn summary(&self) -> String {
        let text = |path: &str| self.object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let label = match text("/metadata/namespace") {
            "" => format!("{} {}", text("/kind"), text("/metadata/name")),
            namespace => format!("{} {namespace}/{}", text("/kind"), text("/metadata/name")),
        };
        let number = |path: &str| self.object.pointer(path).and_then(Value::as_u64);
        let phase = text("/status/phase");
        let pods = self.relations.tables.iter().find(|(title, _)| title == "Pods");
        let state = match (number("/spec/replicas"), text("/kind"), pods) {
            (Some(wanted), _, _) => {
                format!(": {} of {wanted} replicas ready", number("/status/readyReplicas").unwrap_or(0))
            }
            (None, "Service", None) if self.object.pointer("/spec/selector").is_some() => {
                ": no pod fits its selector".to_owned()
            }
            (None, _, Some((_, table))) => match table.rows.len() {
                1 => ": 1 pod".to_owned(),
                number => format!(": {number} pods"),
            },
            (None, _, None) if !phase.is_empty() => format!(": {phase}"),
            (None, _, None) => String::new(),
        };
        match self.events.iter().filter(|event| event.is_warning()).count() {
            0 => format!("{label}{state}"),
            1 => format!("{label}{state}, 1 warning"),
            warnings => format!("{label}{state}, {warnings} warnings"),
        }
    }
}

fn section(text: &mut String, title: &str, body: &str) {
    text.push_str(&format!("\n{title}:\n"));
    for line in body.lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
}

pub(crate) static TOOL: Reader<DescribeResource> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (
                json!({"kind": "service", "name": "web", "namespace": "shop"}),
                "kubectl describe service/web -n shop",
            ),
            (json!({"kind": "node", "name": "n1"}), "kubectl describe node/n1"),
            (
                json!({"kind": "pods", "selector": "app=web", "namespace": "shop"}),
                "kubectl describe pods -n shop -l app=web",
            ),
        ] {
            assert_eq!(Call::new("describe_resource", arguments).bind().unwrap().command().to_string(), line);
        }
        assert!(Call::new("describe_resource", json!({"kind": "pods"})).bind().unwrap().check().is_err());
    }

    #[tokio::test]
    async fn a_service_shows_its_endpoints_its_pods_and_its_own_events() {
        let cluster = answering(|uri| {
            let row = |name: &str| {
                json!({"cells": [name], "object": {"kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1", "metadata": {"name": name, "uid": name}}})
            };
            let event = |uid: &str| {
                json!({"type": "Warning", "reason": "R", "message": uid,
                "involvedObject": {"kind": "Service", "name": "web", "uid": uid}, "lastTimestamp": "2026-01-01T00:00:00Z"})
            };
            if uri.contains("/endpointslices") {
                json!({"columnDefinitions": [{"name": "Endpoints"}], "rows": [row("10.0.0.1")]})
            } else if uri.contains("/events") {
                json!({"items": [event("svc"), event("deleted-namesake")]})
            } else {
                json!({"columnDefinitions": [{"name": "Name"}], "rows": [row("web-a")], "items": [{"metadata": {"name": "web-a", "uid": "web-a"}}]})
            }
        });
        let service = json!({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "shop", "uid": "svc"},
            "spec": {"selector": {"app": "web"}, "clusterIP": "10.96.0.9", "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]}});
        let now = "2026-01-01T00:01:00Z".parse().unwrap();
        let outcome = Described::read(&cluster, service).await.unwrap().outcome(now);
        assert_eq!(outcome.summary, "Service shop/web: 1 pod, 1 warning");
        let View::Text(text) = outcome.view else { panic!("no text") };
        insta::assert_snapshot!(text, @r"
        Name:           web
        Namespace:      shop
        Kind:           Service (v1)

        Spec:
          Selector: app=web
          Cluster IP: 10.96.0.9
          Ports:
            http: port=80, targetPort=http, protocol=TCP

        Endpoints:
          ENDPOINTS
          10.0.0.1

        Pods:
          NAME
          web-a

        Events:
          LAST SEEN  TYPE     REASON  OBJECT       COUNT  MESSAGE
          60s        Warning  R       service/web  1      svc
        ");
    }
}
