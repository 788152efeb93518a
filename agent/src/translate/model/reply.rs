//! What an answer says: calls, a question, nothing, or words; read tolerantly, whatever form it has.
//!
//! A call comes natively, as JSON alone, in a fence, in tags, or as one of several shapes that models have
//! learnt. Whatever is read is a proposal: the tool's own argument type and [`super::check`] come after.

use serde_json::{Map, Value};
use shipmate_tools::{Call, catalog};

use super::argument::{Argument, Role};
use super::declared::{Declared, tools};
use super::offer::{ASK, MOST_CALLS, NONE};
use super::stream::{Answer, RawCall, object_end};
use crate::translate::phrasebook::numbers::{self, Count};

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// Calls, in order, each once.
    Calls(Vec<Call>),
    /// A question.
    Ask(String),
    /// That no tool fits, and perhaps why.
    Nothing(String),
    /// Words without a call.
    Words(String),
}

/// Reads an answer.
///
/// # Errors
/// What is wrong with it, as a sentence for the model that gave it.
pub(super) fn read(answer: &Answer) -> Result<Said, String> {
    let proposals = if answer.calls.is_empty() {
        let text = without_thoughts(&answer.text);
        let found = proposals_in(text);
        if found.is_empty() {
            let text = text.trim();
            if text.is_empty() {
                return Err("The answer was empty.".to_owned());
            }
            if text.contains('{') && text.contains('"') {
                return Err("The answer is no complete JSON call.".to_owned());
            }
            return Ok(Said::Words(text.to_owned()));
        }
        found
    } else {
        answer.calls.iter().map(native).collect::<Result<Vec<_>, _>>()?
    };
    let mut calls: Vec<Call> = Vec::new();
    for (name, arguments) in proposals {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str).map(str::to_owned);
        if name == ASK {
            let question = text("question").or_else(|| first_text(&arguments)).unwrap_or_default();
            return Ok(Said::Ask(question));
        }
        if name == NONE {
            return Ok(Said::Nothing(text("reason").unwrap_or_default()));
        }
        let Some(declared) = find(&name) else {
            return Err(format!("There is no tool called {name:?}."));
        };
        let call = Call { tool: declared.tool.name().to_owned(), arguments: fitted(declared, arguments) };
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
    match calls.len() {
        0 => Err("The answer holds no call.".to_owned()),
        1..=MOST_CALLS => Ok(Said::Calls(calls)),
        many => Err(format!("{many} calls are too many; give only those the request asks for.")),
    }
}

fn native(raw: &RawCall) -> Result<(String, Map<String, Value>), String> {
    let arguments = raw.arguments.trim();
    if arguments.is_empty() {
        return Ok((raw.name.clone(), Map::new()));
    }
    let end = object_end(arguments).unwrap_or(arguments.len());
    match arguments.get(..end).map(serde_json::from_str::<Value>) {
        Some(Ok(Value::Object(map))) => Ok((raw.name.clone(), map)),
        // Some models put JSON into a JSON string.
        Some(Ok(Value::String(inner))) => match serde_json::from_str(&inner) {
            Ok(Value::Object(map)) => Ok((raw.name.clone(), map)),
            _ => Err(format!("The arguments of {} are no JSON object.", raw.name)),
        },
        Some(Ok(Value::Null)) => Ok((raw.name.clone(), Map::new())),
        _ => Err(format!("The arguments of {} are no complete JSON object.", raw.name)),
    }
}

/// Without what a reasoning model thinks aloud.
fn without_thoughts(text: &str) -> &str {
    text.rsplit_once("</think>").map_or(text, |(_, after)| after)
}

/// Every call in a text.
fn proposals_in(text: &str) -> Vec<(String, Map<String, Value>)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['{', '[']) {
        let from = rest.get(start..).unwrap_or_default();
        let whole = object_end(from).and_then(|end| Some((from.get(..end)?, from.get(end..)?)));
        match whole.and_then(|(object, after)| Some((serde_json::from_str::<Value>(object).ok()?, after))) {
            Some((value, after)) => {
                collect(&value, &mut found);
                rest = after;
            }
            None => rest = from.get(1..).unwrap_or_default(),
        }
        if found.len() > MOST_CALLS * 4 {
            break;
        }
    }
    found
}

fn collect(value: &Value, found: &mut Vec<(String, Map<String, Value>)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => {
            for list in ["calls", "tool_calls"] {
                if let Some(items @ Value::Array(_)) = map.get(list) {
                    return collect(items, found);
                }
            }
            if let Some(function @ Value::Object(_)) = map.get("function") {
                return collect(function, found);
            }
            found.extend(proposal(map));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The call an object stands for, in any of the shapes that models use.
fn proposal(map: &Map<String, Value>) -> Option<(String, Map<String, Value>)> {
    const NAMES: [&str; 5] = ["tool", "function", "tool_name", "action", "name"];
    const ARGUMENTS: [&str; 5] = ["arguments", "parameters", "args", "input", "action_input"];
    let (key, name) = NAMES
        .iter()
        .find_map(|key| {
            map.get(*key).and_then(Value::as_str).filter(|name| is_name(name)).map(|name| (*key, name))
        })
        .or_else(|| {
            // {"scale": {...}}
            let (name, _) = map
                .iter()
                .next()
                .filter(|(name, value)| map.len() == 1 && value.is_object() && is_name(name))?;
            Some(("", name.as_str()))
        })
        .or_else(|| {
            // A name that no tool has, when the rest has the shape of a call.
            let key = NAMES.iter().find(|key| map.get(**key).is_some_and(Value::is_string))?;
            ARGUMENTS.iter().any(|arguments| map.contains_key(*arguments)).then_some(())?;
            Some((*key, map.get(*key)?.as_str()?))
        })?;
    if key.is_empty() {
        return Some((name.to_owned(), map.get(name)?.as_object()?.clone()));
    }
    let arguments = match ARGUMENTS.iter().find_map(|key| map.get(*key)) {
        Some(Value::Object(arguments)) => arguments.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).ok()?,
        Some(_) => Map::new(),
        None => map
            .iter()
            .filter(|(other, _)| *other != key)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    };
    Some((name.to_owned(), arguments))
}

fn is_name(name: &str) -> bool {
    name == ASK || name == NONE || find(name).is_some()
}

/// The tool of that name, however it is written.
fn find(name: &str) -> Option<&'static Declared> {
    let plain = name.rsplit(['.', ':', '/']).next().unwrap_or(name).replace(['-', ' '], "_").to_lowercase();
    let exact = catalog::find(&plain).map(shipmate_tools::ToolEntry::name)?;
    tools().iter().find(|declared| declared.tool.name() == exact)
}

/// The arguments in the types the tool takes: without empty ones and placeholders, numbers and flags out of
/// strings, a list where a list is wanted, `kind/name` taken apart.
fn fitted(declared: &Declared, arguments: Map<String, Value>) -> Map<String, Value> {
    let mut fitted = Map::new();
    for (name, value) in arguments {
        let value = match declared.argument(&name) {
            Some(argument) => typed(argument, value),
            None => value,
        };
        if !is_nothing(&value) {
            fitted.insert(name, value);
        }
    }
    take_apart(declared, &mut fitted);
    fitted
}

fn typed(argument: &Argument, value: Value) -> Value {
    let kind = argument.schema.get("type").and_then(Value::as_str).unwrap_or_default();
    match (kind, value) {
        ("integer" | "number", Value::String(text)) => {
            let word = text.trim().to_lowercase();
            let spelled = || match numbers::count(&[word.as_str()]) {
                Some((_, Count::Of(value))) => Value::from(value),
                _ => Value::String(text.clone()),
            };
            word.parse::<i64>().map_or_else(|_| spelled(), Value::from)
        }
        ("integer", Value::Number(number)) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < 1e15 => {
                Value::from(whole as i64)
            }
            _ => Value::Number(number),
        },
        ("boolean", Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => Value::Bool(true),
            "false" | "no" => Value::Bool(false),
            _ => Value::String(text),
        },
        ("string", Value::Number(number)) => Value::String(number.to_string()),
        ("string", Value::Array(items)) if items.iter().all(Value::is_string) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Value::String(words.join(if argument.role == Role::Kinds { "," } else { " " }))
        }
        ("array", single @ (Value::String(_) | Value::Number(_))) => Value::Array(vec![single]),
        (_, value) => value,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            matches!(
                text.as_str(),
                "" | "null" | "none" | "n/a" | "string" | "undefined" | "unspecified" | "not specified"
            ) || text.starts_with('<') && text.ends_with('>')
        }
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// "deployment/web" as a name says the kind too.
fn take_apart(declared: &Declared, arguments: &mut Map<String, Value>) {
    let of = |role: Role| {
        declared
            .arguments
            .iter()
            .find(|argument| argument.role == role)
            .map(|argument| argument.name.as_str())
    };
    let (Some(kind), Some(name)) = (of(Role::Kind), of(Role::Name)) else { return };
    let parts = arguments.get(name).and_then(Value::as_str).and_then(|text| text.split_once('/'));
    if let Some((left, right)) = parts.map(|(left, right)| (left.to_owned(), right.to_owned()))
        && !right.contains('/')
        && !left.is_empty()
    {
        arguments.entry(kind.to_owned()).or_insert(Value::String(left));
        arguments.insert(name.to_owned(), Value::String(right));
    }
}

fn first_text(arguments: &Map<String, Value>) -> Option<String> {
    arguments.values().find_map(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(text: &str) -> Result<Said, String> {
        read(&Answer { text: text.to_owned(), ..Answer::default() })
    }

    fn scale(arguments: Value) -> Result<Said, String> {
        Ok(Said::Calls(vec![Call::new("scale", arguments)]))
    }

    #[test]
    fn every_shape_of_a_call_is_read() {
        let expected = scale(json!({"name": "web", "replicas": 3}));
        for text in [
            r#"{"tool":"scale","arguments":{"name":"web","replicas":3}}"#,
            "Sure!\n```json\n{\"name\": \"scale\", \"arguments\": {\"name\": \"web\", \"replicas\": \"3\"}}\n```\nDone.",
            r#"<tool_call>{"name":"scale","parameters":{"name":"web","replicas":3.0}}</tool_call>"#,
            r#"{"function":{"name":"functions.scale","arguments":"{\"name\":\"web\",\"replicas\":3}"}}"#,
            r#"{"tool":"scale","name":"web","replicas":3}"#,
            r#"{"scale":{"name":"web","replicas":3,"namespace":""}}"#,
            r#"<think>{"tool":"none"} perhaps</think>{"calls":[{"tool":"scale","arguments":{"name":"web","replicas":"three"}}]}"#,
            "{\"tool\":\"scale\",\"arguments\":{\"name\":\"web\",\"replicas\":3}}\n{\"tool\":\"scale\",\"arguments\":{\"name\":\"web\",\"replicas\":3}}",
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn a_kind_in_the_name_is_taken_out() {
        assert_eq!(
            said(r#"{"tool":"scale","arguments":{"name":"deployment/web","replicas":3}}"#),
            scale(json!({"name": "web", "replicas": 3, "kind": "deployment"}))
        );
    }

    #[test]
    fn questions_words_and_nothing() {
        assert_eq!(
            said(r#"{"tool":"ask","arguments":{"question":"How many?"}}"#),
            Ok(Said::Ask("How many?".to_owned()))
        );
        assert_eq!(said(r#"{"tool":"none","arguments":{}}"#), Ok(Said::Nothing(String::new())));
        assert_eq!(
            said("A pod is a group of containers."),
            Ok(Said::Words("A pod is a group of containers.".to_owned()))
        );
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        insta::assert_snapshot!(
            [
                "",
                r#"{"tool":"scale","arguments":{"na"#,
                r#"{"tool":"delete_planet","arguments":{}}"#,
            ]
            .iter()
            .map(|text| said(text).unwrap_err())
            .collect::<Vec<_>>()
            .join("\n"),
            @r#"
        The answer was empty.
        The answer is no complete JSON call.
        There is no tool called "delete_planet".
        "#
        );
        let half = Answer {
            calls: vec![RawCall { name: "scale".to_owned(), arguments: "{\"name\":".to_owned() }],
            ..Answer::default()
        };
        assert_eq!(read(&half), Err("The arguments of scale are no complete JSON object.".to_owned()));
    }
}
