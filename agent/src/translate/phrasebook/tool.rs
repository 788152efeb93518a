//! A tool as the phrasebook sees it: its compiled phrases, and its arguments with their types.

use serde_json::{Map, Value as Json, json};
use shipmate_tools::catalog;

use super::pattern::{Compiler, Pattern, PatternError};
use super::request::Span;
use super::values::Value;

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArgumentType {
    /// True or false.
    Flag,
    /// A whole number.
    Number,
    /// Text.
    Text,
    /// Several texts.
    List,
}

/// Which program's command line a tool stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// kubectl.
    Kubectl,
    /// helm.
    Helm,
    /// docker.
    Docker,
}

/// An argument of a tool.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ArgumentType,
    /// Whether the tool cannot do without it.
    pub required: bool,
    /// What it means.
    pub description: String,
}

/// A tool's phrases and arguments.
#[derive(Debug)]
pub(super) struct ToolPatterns {
    /// Its name.
    pub name: &'static str,
    /// Whether it can change anything.
    pub can_change: bool,
    /// The program it stands for; none for those that stand for no single one.
    pub program: Option<Program>,
    /// Its phrases.
    pub phrases: Vec<Pattern>,
    /// Its modifiers.
    pub modifiers: Vec<Pattern>,
    arguments: Vec<Argument>,
}

impl ToolPatterns {
    /// Compiles a tool of the catalog. Patterns that do not compile are left out and named in `errors`, so
    /// that one mistake does not make shipmate deaf; a test keeps the catalog free of them.
    pub(super) fn new(
        entry: &catalog::Entry,
        compiler: &mut Compiler<'_>,
        errors: &mut Vec<(String, PatternError)>,
    ) -> Self {
        let arguments = arguments(&entry.tool.schema());
        let mut compile = |sources: &[&str], phrase: bool| {
            let mut patterns = Vec::with_capacity(sources.len());
            for source in sources {
                // The program's name is taken off a request before it is matched.
                let typed =
                    ["helm ", "kubectl ", "docker "].iter().find_map(|name| source.strip_prefix(name));
                let compiled = match typed {
                    Some(rest) if phrase => compiler.compile_phrase(rest),
                    _ if phrase => compiler.compile_phrase(source),
                    _ => compiler.compile(source),
                };
                let compiled = compiled.and_then(|pattern| {
                    let known = |name: &str| arguments.iter().any(|argument| argument.name == name);
                    match pattern.unknown_argument(known).map(str::to_owned) {
                        Some(name) => Err(PatternError::UnknownArgument(name)),
                        None => Ok(pattern),
                    }
                });
                match compiled {
                    Ok(pattern) => patterns.push(Pattern { typed: phrase && typed.is_some(), ..pattern }),
                    Err(error) => errors.push((format!("{}: {source}", entry.tool.name()), error)),
                }
            }
            patterns
        };
        let phrases = compile(entry.tool.phrases(), true);
        let modifiers = compile(entry.tool.modifiers(), false);
        Self {
            name: entry.tool.name(),
            can_change: entry.tool.can_change(),
            program: program(entry),
            phrases,
            modifiers,
            arguments,
        }
    }

    /// The type of an argument.
    pub(super) fn argument(&self, name: &str) -> Option<ArgumentType> {
        self.arguments.iter().find(|argument| argument.name == name).map(|argument| argument.kind)
    }

    /// The arguments that the tool cannot do without.
    pub(super) fn required(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|argument| argument.required)
    }

    /// Whether the tool can mean a place: it has an argument for it, or the place is the cluster we are in.
    pub(super) fn takes(&self, place: &Span) -> bool {
        place
            .captured
            .iter()
            .filter_map(|captured| captured.argument.as_deref())
            .all(|name| self.argument(name).is_some())
            && place.values.iter().all(|(name, value)| value == "weak" || self.argument(name).is_some())
    }

    /// Puts a value into an argument. False when the argument has another value already, or cannot have it.
    pub(super) fn put(&self, arguments: &mut Map<String, Json>, name: &str, value: &Value) -> bool {
        let Some(kind) = self.argument(name) else { return false };
        let new = match (kind, value) {
            (ArgumentType::Text, Value::Text(text)) => json!(text),
            (ArgumentType::Text, Value::Count(count)) => json!(count.to_string()),
            (ArgumentType::Number, Value::Count(count)) => json!(count),
            (ArgumentType::Number, Value::Text(text)) => match text.parse::<u64>() {
                Ok(number) => json!(number),
                Err(_) => return false,
            },
            (ArgumentType::Flag, Value::Text(text)) => match text.as_str() {
                "true" => json!(true),
                "false" => json!(false),
                _ => return false,
            },
            (ArgumentType::List, Value::Text(text)) => {
                let list = arguments.entry(name).or_insert_with(|| json!([]));
                if let Json::Array(items) = list {
                    items.push(json!(text));
                    return true;
                }
                return false;
            }
            _ => return false,
        };
        match arguments.get(name) {
            Some(old) => *old == new,
            None => {
                arguments.insert(name.to_owned(), new);
                true
            }
        }
    }
}

fn program(entry: &catalog::Entry) -> Option<Program> {
    match entry.area {
        "helm" => Some(Program::Helm),
        "docker" => Some(Program::Docker),
        "judge" => None,
        _ if entry.tool.name().ends_with("_chart")
            || entry.tool.name().ends_with("_release")
            || entry.tool.name().contains("releases") =>
        {
            Some(Program::Helm)
        }
        _ => Some(Program::Kubectl),
    }
}

fn arguments(schema: &Json) -> Vec<Argument> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_array)
        .map(|names| names.iter().filter_map(Json::as_str).collect())
        .unwrap_or_default();
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return Vec::new() };
    properties
        .iter()
        .map(|(name, schema)| Argument {
            name: name.clone(),
            kind: argument_type(schema),
            required: required.contains(&name.as_str()),
            description: schema.get("description").and_then(Json::as_str).unwrap_or_default().to_owned(),
        })
        .collect()
}

fn argument_type(schema: &Json) -> ArgumentType {
    let mut types: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    // Optional enumerations come as `anyOf` with null.
    for choice in schema.get("anyOf").and_then(Json::as_array).into_iter().flatten() {
        types.extend(choice.get("type").and_then(Json::as_str));
    }
    if types.contains(&"array") {
        ArgumentType::List
    } else if types.contains(&"boolean") {
        ArgumentType::Flag
    } else if types.contains(&"integer") || types.contains(&"number") {
        ArgumentType::Number
    } else {
        ArgumentType::Text
    }
}
