//! `shipmate call TOOL --argument value`: flags that are arguments of the tool become its arguments, typed by
//! its own schema; all other flags are shipmate's.

use serde_json::{Map, Value};
use shipmate_tools::{Call, catalog};
use std::ffi::OsString;

use crate::error::{AgentError, ExitCode};

/// Rewrites `call TOOL --name web --yes` to `call TOOL --yes -- name=web`; `call` stands at `position`.
pub(super) fn separate(arguments: Vec<OsString>, position: usize) -> Vec<OsString> {
    let words: Option<Vec<String>> =
        arguments.iter().map(|argument| argument.to_str().map(str::to_owned)).collect();
    let Some(words) = words else { return arguments };
    let Some(tool) = words.get(position + 1) else { return arguments };
    // Without a tool there is no telling whose the flags are; the call itself says that there is none.
    let Some(entry) = catalog::find(tool) else { return arguments.into_iter().take(position + 2).collect() };
    let schema = entry.schema();
    let mut shipmates: Vec<String> = words[..=position + 1].to_vec();
    let mut tools = Vec::new();
    let mut rest = words[position + 2..].iter().peekable();
    while let Some(word) = rest.next() {
        if word == "--" {
            tools.extend(rest.by_ref().cloned());
            break;
        }
        let Some(flag) = word.strip_prefix("--") else {
            // `name=value` without dashes is an argument too.
            if word.contains('=') && !word.starts_with('-') {
                tools.push(word.clone());
            } else {
                shipmates.push(word.clone());
            }
            continue;
        };
        let (name, value) =
            flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
        let argument = name.replace('-', "_");
        let Some(kind) = schema.get("properties").and_then(|properties| properties.get(&argument)) else {
            shipmates.push(word.clone());
            continue;
        };
        let value = match value {
            Some(value) => value,
            None if has_type(kind, "boolean") => "true".to_owned(),
            None => rest.next().cloned().unwrap_or_default(),
        };
        tools.push(format!("{argument}={value}"));
    }
    shipmates.push("--".to_owned());
    shipmates.into_iter().chain(tools).map(OsString::from).collect()
}

/// The call that `name=value` words make.
///
/// # Errors
/// Usage: no such tool, no such argument, a value of the wrong type.
pub fn call_from_words(tool: &str, words: &[String]) -> Result<Call, AgentError> {
    let entry = catalog::find(tool).ok_or_else(|| {
        let mut names: Vec<&str> = catalog::all().iter().map(|entry| entry.tool.name()).collect();
        names.sort_by_key(|name| strsim::damerau_levenshtein(tool, name));
        AgentError::new(ExitCode::Usage, format!("there is no tool called {tool:?}"))
            .hint(format!("nearest: {}", names.into_iter().take(3).collect::<Vec<_>>().join(", ")))
            .hint("`shipmate tools` lists them all")
    })?;
    let schema = entry.schema();
    let mut arguments = Map::new();
    for word in words {
        let Some((name, text)) = word.split_once('=') else {
            return Err(AgentError::new(ExitCode::Usage, format!("{word:?} is no argument"))
                .hint("write --name value or name=value"));
        };
        let name = name.replace('-', "_");
        let Some(kind) = schema.get("properties").and_then(|properties| properties.get(&name)) else {
            return Err(AgentError::new(ExitCode::Usage, format!("{tool} has no argument called {name:?}"))
                .hint(format!("`shipmate tools {tool}` lists its arguments")));
        };
        if has_type(kind, "array") {
            let list = arguments.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = list {
                items.push(Value::String(text.to_owned()));
            }
        } else {
            arguments.insert(
                name.clone(),
                typed(kind, text).ok_or_else(|| {
                    AgentError::new(
                        ExitCode::Usage,
                        format!("{text:?} does not fit the argument {name} of {tool}"),
                    )
                    .hint(format!("`shipmate tools {tool}` says what it takes"))
                })?,
            );
        }
    }
    Ok(Call { tool: tool.to_owned(), arguments })
}

fn typed(kind: &Value, text: &str) -> Option<Value> {
    if has_type(kind, "integer") || has_type(kind, "number") || has_type(kind, "boolean") {
        let value: Option<Value> = serde_json::from_str(text).ok();
        match value.filter(|value| value.is_number() || value.is_boolean()) {
            // A change of a number ("+2") is judged by the tool.
            None if has_type(kind, "string") && text.contains(|c: char| c.is_ascii_digit()) => {
                Some(Value::String(text.to_owned()))
            }
            value => value,
        }
    } else {
        Some(Value::String(text.to_owned()))
    }
}

/// Whether a schema allows values of that type, alone or beside null.
fn has_type(schema: &Value, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
        _ => ["anyOf", "oneOf"]
            .iter()
            .filter_map(|key| schema.get(key).and_then(Value::as_array))
            .flatten()
            .any(|one| has_type(one, wanted)),
    }
}
