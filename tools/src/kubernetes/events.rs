//! Events as kubectl shows them, from both forms there are: the counted one (`count`, `lastTimestamp`) and the
//! series one (`series`, `eventTime`). An event's text is data from anywhere in the cluster.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::error::Result;
use crate::outcome::Table;

use super::cluster::Cluster;
use super::duration::human_duration;
use super::objects::Query;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When it was last seen.
    pub last_seen: Option<Timestamp>,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub severity: String,
    /// Its reason, one word.
    pub reason: String,
    /// What it is about, as `kind/name`.
    pub object: String,
    /// The uid of what it is about.
    pub uid: String,
    /// The namespace of what it is about.
    pub namespace: Option<String>,
    /// How often it was seen.
    pub count: u64,
    /// What happened.
    pub message: String,
}

impl Event {
    /// Reads an event of the core API.
    #[must_use]
    pub fn read(event: &Value) -> Self {
        let text =
            |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let time =
            |path: &str| event.pointer(path).and_then(Value::as_str).and_then(|time| time.parse().ok());
        let last_seen = [
            "/series/lastObservedTime",
            "/lastTimestamp",
            "/eventTime",
            "/firstTimestamp",
            "/metadata/creationTimestamp",
        ]
        .into_iter()
        .find_map(time);
        let count = ["/series/count", "/count"]
            .into_iter()
            .find_map(|path| event.pointer(path).and_then(Value::as_u64))
            .unwrap_or(1);
        let namespace = Some(text("/involvedObject/namespace")).filter(|namespace| !namespace.is_empty());
        Self {
            last_seen,
            severity: text("/type"),
            reason: text("/reason"),
            object: format!(
                "{}/{}",
                text("/involvedObject/kind").to_lowercase(),
                text("/involvedObject/name")
            ),
            uid: text("/involvedObject/uid"),
            namespace,
            count,
            message: text("/message"),
        }
    }

    /// Whether it is a warning.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.severity == "Warning"
    }

    /// Whether it is about `object` or one of `uids`; told by uid, so that the events of a namesake that was
    /// deleted do not count.
    #[must_use]
    pub fn concerns(&self, object: &Value, uids: &[&str]) -> bool {
        let part = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        // A kubelet writes its node's name where the uid belongs.
        self.uid == part("/metadata/uid")
            || (part("/kind") == "Node" && self.uid == part("/metadata/name"))
            || uids.contains(&self.uid.as_str())
    }

    /// When it was last seen, in kubectl's short form.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> String {
        self.last_seen
            .map_or_else(|| "<unknown>".to_owned(), |then| human_duration(now.as_second() - then.as_second()))
    }
}

impl Cluster {
    /// The events of `namespace`, or of all, that `fields` (a field selector) keeps; the newest last.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn events(&self, namespace: Option<&str>, fields: Option<&str>) -> Result<Vec<Event>> {
        let query = Query {
            namespace: namespace.map(str::to_owned),
            fields: fields.map(str::to_owned),
            ..Query::default()
        };
        let resource = self.kind("events").await?;
        let mut events: Vec<Event> = self.objects(&resource, &query).await?.iter().map(Event::read).collect();
        events.sort_by_key(|event| event.last_seen);
        Ok(events)
    }

    /// The events about an object and what belongs to it; the newest last. `uids` are those of what belongs to
    /// it.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn events_about(&self, object: &Value, uids: &[&str]) -> Result<Vec<Event>> {
        // One object's events are few; those of a family are cheaper to pick from the namespace's.
        let fields = uids.is_empty().then(|| object_fields(object));
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
        let mut events = self.events(namespace, fields.as_deref()).await?;
        events.retain(|event| event.concerns(object, uids));
        Ok(events)
    }
}

/// The field selector for the events about one object.
pub(crate) fn object_fields(object: &Value) -> String {
    let part = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    format!("involvedObject.kind={},involvedObject.name={}", part("/kind"), part("/metadata/name"))
}

/// Events as a table, with their namespace when `namespaces` is set.
#[must_use]
pub fn event_table(events: &[Event], namespaces: bool, now: Timestamp) -> Table {
    let mut columns: Vec<String> =
        ["LAST SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"].map(str::to_owned).into();
    if namespaces {
        columns.insert(0, "NAMESPACE".to_owned());
    }
    let rows = events
        .iter()
        .map(|event| {
            let mut row = vec![
                event.age(now),
                event.severity.clone(),
                event.reason.clone(),
                event.object.clone(),
                event.count.to_string(),
                event.message.clone(),
            ];
            if namespaces {
                row.insert(0, event.namespace.clone().unwrap_or_else(|| "<none>".to_owned()));
            }
            row
        })
        .collect();
    Table { columns, rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;
    use serde_json::json;

    fn event(name: &str, uid: &str, extra: &Value) -> Value {
        let mut event = json!({"type": "Warning", "reason": "BackOff", "message": "back-off\n",
            "involvedObject": {"kind": "Pod", "name": name, "namespace": "shop", "uid": uid}});
        event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        event
    }

    #[test]
    fn both_forms_are_read() {
        let counted =
            Event::read(&event("a", "u", &json!({"count": 7, "lastTimestamp": "2026-01-01T00:00:10Z"})));
        assert_eq!((counted.count, counted.message.as_str()), (7, "back-off"));
        let series = Event::read(&event(
            "a",
            "u",
            &json!({"lastTimestamp": null, "eventTime": "2026-01-01T00:00:00.000000Z",
                "series": {"count": 3, "lastObservedTime": "2026-01-01T00:01:00.000000Z"}}),
        ));
        assert_eq!(series.count, 3);
        assert_eq!(series.age("2026-01-01T00:01:05Z".parse().unwrap()), "5s");
    }

    #[tokio::test]
    async fn a_deleted_namesake_does_not_count() {
        let cluster = answering(|uri| {
            assert!(uri.contains("involvedObject.name%3Dweb-0"), "{uri}");
            json!({"items": [event("web-0", "now", &json!({})), event("web-0", "before", &json!({}))]})
        });
        let pod = json!({"kind": "Pod", "metadata": {"name": "web-0", "namespace": "shop", "uid": "now"}});
        let events = cluster.events_about(&pod, &[]).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].uid, "now");
    }
}
