//! A tool as the phrasebook sees it: its compiled phrases, and its arguments with their types.

use serde_json::{Map, Value as Json, json};
use shipmate_tools::catalog;
use std::sync::OnceLock;

use super::pattern::{Compiler, Pattern, PatternError};
use super::phrase::{Phrase, learn, with_known_arguments};
use super::request::{Request, Span};
use super::values::Value;
use super::vocabulary::Vocabulary;

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArgumentType {
    /// True or false.
    Flag,
    /// A whole number.
    Number,
    /// A whole number, or a text that says how to come to one.
    Amount,
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

/// A tool's phrases and arguments. Only the words of its phrases are read before a request needs more.
pub(super) struct ToolPatterns {
    /// Its name.
    pub name: &'static str,
    /// Whether it can change anything.
    pub can_change: bool,
    /// The program it stands for; none for those that stand for no single one.
    pub program: Option<Program>,
    entry: &'static catalog::Entry,
    phrases: Vec<Phrase>,
    modifiers: OnceLock<Vec<Pattern>>,
    arguments: OnceLock<Vec<Argument>>,
}

impl std::fmt::Debug for ToolPatterns {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("ToolPatterns").field(&self.name).finish()
    }
}

impl ToolPatterns {
    /// Learns the words of a tool of the catalog.
    pub(super) fn new(entry: &'static catalog::Entry, vocabulary: &mut Vocabulary) -> Self {
        let phrases = entry.tool.phrases().iter().map(|source| Phrase::new(source, vocabulary)).collect();
        for modifier in entry.tool.modifiers() {
            learn(modifier, vocabulary, &mut Vec::new());
        }
        Self {
            name: entry.tool.name(),
            can_change: entry.tool.can_change(),
            program: program(entry),
            entry,
            phrases,
            modifiers: OnceLock::new(),
            arguments: OnceLock::new(),
        }
    }

    /// The phrases that a request can fit; those for command lines only when it is one.
    pub(super) fn candidates(&self, request: &Request<'_>, is_command_line: bool) -> Vec<&Pattern> {
        self.phrases
            .iter()
            .filter(|phrase| !phrase.typed || is_command_line)
            .filter(|phrase| phrase.can_fit(|id| request.has_word(id)))
            .filter_map(|phrase| phrase.pattern(request.library.compiler(), |name| self.knows(name)))
            .filter(|pattern| request.has(pattern))
            .collect()
    }

    /// Every phrase.
    pub(super) fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// What may stand anywhere in a request to this tool.
    pub(super) fn modifiers(&self, compiler: Compiler<'_>) -> &[Pattern] {
        self.modifiers.get_or_init(|| {
            self.entry
                .tool
                .modifiers()
                .iter()
                .filter_map(|source| self.modifier(source, compiler).ok())
                .collect()
        })
    }

    /// What is wrong with the tool's phrases and modifiers.
    pub(super) fn mistakes(&self, compiler: Compiler<'_>) -> Vec<(String, PatternError)> {
        let phrases = self
            .phrases
            .iter()
            .map(|phrase| (phrase.source(), phrase.compile(compiler, |name| self.knows(name))));
        let modifiers =
            self.entry.tool.modifiers().iter().map(|source| (*source, self.modifier(source, compiler)));
        phrases
            .chain(modifiers)
            .filter_map(|(source, compiled)| Some((format!("{}: {source}", self.name), compiled.err()?)))
            .collect()
    }

    fn modifier(&self, source: &'static str, compiler: Compiler<'_>) -> Result<Pattern, PatternError> {
        with_known_arguments(compiler.compile(source)?, |name| self.knows(name))
    }

    fn knows(&self, name: &str) -> bool {
        self.argument(name).is_some()
    }

    fn arguments(&self) -> &[Argument] {
        self.arguments.get_or_init(|| arguments(&self.entry.tool.schema()))
    }

    /// The type of an argument.
    pub(super) fn argument(&self, name: &str) -> Option<ArgumentType> {
        self.arguments().iter().find(|argument| argument.name == name).map(|argument| argument.kind)
    }

    /// The arguments that the tool cannot do without.
    pub(super) fn required(&self) -> impl Iterator<Item = &Argument> {
        self.arguments().iter().filter(|argument| argument.required)
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
            (ArgumentType::Number | ArgumentType::Amount, Value::Count(count)) => json!(count),
            (ArgumentType::Amount, Value::Text(text)) => {
                // "+2" is two more, and no number.
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse::<u64>()
                    .ok()
                    .filter(|_| digits)
                    .map_or_else(|| json!(text), |number| json!(number))
            }
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
        "docker" | "compose" => Some(Program::Docker),
        "judge" | "clusters" | "own" => None,
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
    } else if types.contains(&"integer") && types.contains(&"string") {
        ArgumentType::Amount
    } else if types.contains(&"integer") || types.contains(&"number") {
        ArgumentType::Number
    } else {
        ArgumentType::Text
    }
}
