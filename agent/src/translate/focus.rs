//! What a conversation is about: the object spoken of last, the last list, the last calls. "Its logs", "the
//! second one", "and in staging?" and "again" mean something only against this; with nothing here they ask.
//!
//! It is made of calls that were grounded and of rows that were shown, so that nothing in it is vague. Names in
//! it come from the cluster: they are data and only ever fill a name.

use serde_json::Value;
use shipmate_tools::kubernetes::KindIndex;
use shipmate_tools::{Call, Effect};

/// The most rows of a list that can be spoken of by their number.
const MOST_ROWS: usize = 200;

/// An object that was spoken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its kind, as the singular resource name.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; none for what has none, or where it was not said.
    pub namespace: Option<String>,
}

impl std::fmt::Display for Named {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.name)?;
        match &self.namespace {
            Some(namespace) => write!(formatter, " in {namespace}"),
            None => Ok(()),
        }
    }
}

/// What a conversation is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Focus {
    /// The object that "it" is.
    pub object: Option<Named>,
    /// The rows of the last list, in the order they were shown.
    pub list: Vec<Named>,
    /// The last calls, with every name found.
    pub calls: Vec<Call>,
    /// What takes the last change back.
    pub undo: Option<Call>,
}

impl Focus {
    /// Learns from a turn that ended: its calls, and the data of the last thing it read.
    pub fn learn(&mut self, calls: &[Call], data: &Value, kinds: &KindIndex) {
        let Some(last) = calls.last() else { return };
        self.calls = calls.to_vec();
        let list = rows(data, kinds);
        if let Some(named) = named(last, kinds) {
            self.object = Some(named);
        } else if let [only] = list.as_slice() {
            self.object = Some(only.clone());
        } else if !list.is_empty() {
            // After a list of many "it" is none of them.
            self.object = None;
        }
        if !list.is_empty() {
            self.list = list;
        }
    }

    /// Whether there is nothing to go on from.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether the last calls only looked.
    #[must_use]
    pub fn only_looked(&self) -> bool {
        self.calls.iter().all(|call| call.bind().is_ok_and(|bound| bound.effect() == Effect::Read))
    }
}

/// The object a call names.
fn named(call: &Call, kinds: &KindIndex) -> Option<Named> {
    let text = |argument: &str| call.arguments.get(argument).and_then(Value::as_str);
    let (kind, name) = match (text("kind"), text("name")) {
        (Some(kind), Some(name)) => (kind, name),
        // "pods of deployment/web" is about the deployment.
        _ => text("of").or_else(|| text("workload"))?.split_once('/')?,
    };
    Some(Named {
        kind: kinds.find(kind).map_or_else(|| kind.to_lowercase(), |found| found.singular.clone()),
        name: name.to_owned(),
        namespace: text("namespace").map(str::to_owned),
    })
}

/// The objects in the data of a list.
fn rows(data: &Value, kinds: &KindIndex) -> Vec<Named> {
    let Some(by_kind) = data.get("kinds").and_then(Value::as_object) else { return Vec::new() };
    by_kind
        .iter()
        .filter_map(|(plural, rows)| Some((kinds.find(plural)?.singular.clone(), rows.as_array()?)))
        .flat_map(|(kind, rows)| rows.iter().map(move |row| (kind.clone(), row)))
        .filter_map(|(kind, row)| {
            Some(Named {
                kind,
                name: row.get("name")?.as_str()?.to_owned(),
                namespace: row.get("namespace").and_then(Value::as_str).map(str::to_owned),
            })
        })
        .take(MOST_ROWS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list(names: &[&str]) -> Value {
        let rows: Vec<Value> = names
            .iter()
            .map(|name| json!({"name": name, "namespace": "lake", "status": "Running"}))
            .collect();
        json!({"count": rows.len(), "kinds": {"pods": rows}})
    }

    #[test]
    fn a_call_that_names_an_object_makes_it_the_object() {
        let kinds = KindIndex::builtin();
        let mut focus = Focus::default();
        let call = Call::new(
            "scale",
            json!({"kind": "deployment", "name": "mast", "namespace": "lake", "replicas": 2}),
        );
        focus.learn(&[call], &Value::Null, &kinds);
        assert_eq!(focus.object.as_ref().unwrap().to_string(), "deployment/mast in lake");
        assert!(!focus.only_looked());
    }

    #[test]
    fn a_list_of_many_leaves_no_object_and_a_list_of_one_does() {
        let kinds = KindIndex::builtin();
        let mut focus = Focus::default();
        let call = Call::new("list_resources", json!({"kinds": "pods"}));
        focus.learn(std::slice::from_ref(&call), &list(&["mast-1", "mast-2"]), &kinds);
        assert_eq!((focus.object.clone(), focus.list.len()), (None, 2));
        focus.learn(&[call], &list(&["mast-1"]), &kinds);
        assert_eq!(focus.object.unwrap().to_string(), "pod/mast-1 in lake");
    }

    #[test]
    fn a_turn_without_calls_changes_nothing() {
        let mut focus = Focus { object: None, list: Vec::new(), calls: Vec::new(), undo: None };
        focus.learn(&[], &list(&["a", "b"]), &KindIndex::builtin());
        assert!(focus.is_empty() && focus.list.is_empty());
    }
}
