//! Flags, as people paste them from kubectl, helm and docker lines, or put them behind plain words.
//!
//! A long flag is the argument of the same name; a few short ones have a table. A flag that the tool has no
//! argument for leaves the request not understood: dropping it could change what is meant.

use super::matcher::Captured;
use super::pattern::SlotType;
use super::request::{Request, Span};
use super::tool::{ArgumentType, ToolPatterns};
use super::values::Value;

/// Flags whose argument is called otherwise; the first argument that a tool has is meant.
const NAMES: &[(&str, &[&str])] = &[
    ("-n", &["namespace"]),
    ("-A", &["all_namespaces"]),
    ("-a", &["all_namespaces"]),
    ("-l", &["selector"]),
    ("-c", &["container"]),
    ("-p", &["previous"]),
    ("-f", &["follow", "path", "paths", "values", "dockerfile", "file"]),
    ("-k", &["path"]),
    ("-o", &["output", "format"]),
    ("-t", &["tag"]),
    ("--filename", &["path", "paths"]),
    ("--label", &["selector"]),
    ("--labels", &["selector"]),
    ("--values", &["values"]),
    ("--output", &["output", "format"]),
    ("--file", &["dockerfile"]),
];

/// What the flag at `position` says to `tool`.
pub(super) fn span(request: &Request<'_>, tool: &ToolPatterns, position: usize, end: usize) -> Option<Span> {
    let token = request.tokens.get(position).filter(|_| position < end)?;
    let text = token.text.as_str();
    if !text.starts_with('-') || text.len() < 2 || text.starts_with("---") {
        return None;
    }
    let (flag, attached) = match text.split_once('=') {
        Some((flag, value)) => (flag, Some(value)),
        None => (text, None),
    };
    let argument = match NAMES.iter().find(|(name, _)| *name == flag) {
        Some((_, arguments)) => {
            arguments.iter().find(|argument| tool.argument(argument).is_some())?.to_owned().to_owned()
        }
        None => flag.strip_prefix("--")?.replace('-', "_"),
    };
    let kind = tool.argument(&argument)?;
    if kind == ArgumentType::Flag {
        let value = attached.unwrap_or("true").to_owned();
        return Some(Span {
            end: position + 1,
            read_only: false,
            captured: Vec::new(),
            values: vec![(argument, value)],
        });
    }
    let (value, next) = match attached {
        Some(value) => (value.to_owned(), position + 1),
        None => {
            let value =
                request.tokens.get(position + 1).filter(|token| position + 1 < end && !token.is_mark())?;
            (value.text.clone(), position + 2)
        }
    };
    let value = match kind {
        ArgumentType::Number | ArgumentType::Amount
            if value.parse::<i64>().is_ok_and(|number| number < 0) =>
        {
            Value::Negative
        }
        ArgumentType::Number | ArgumentType::Amount => Value::Count(value.parse().ok()?),
        _ => Value::Text(value),
    };
    let captured = vec![Captured { argument: Some(argument), kind: SlotType::Word, value }];
    Some(Span { end: next, read_only: false, captured, values: Vec::new() })
}
