//! What the tools declare, in the form this translator works with: their words for the ranking, and the types
//! of their arguments as the phrases give them.
//!
//! It is read from the catalog once. Nothing here names a tool.

use serde_json::{Map, Value};
use shipmate_tools::ToolEntry;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::pattern::{Element, Pattern};
use super::words::{is_empty_word, parts, stem};
use crate::translate::phrasebook::lexicon;

/// What an argument holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The kind of one object.
    Kind,
    /// One kind or several.
    Kinds,
    /// The name of an object, or `kind/name`.
    Name,
    /// A namespace.
    Namespace,
    /// Whether every namespace is meant.
    AllNamespaces,
    /// A number that is not negative.
    Count,
    /// A length of time, such as `10m`.
    Duration,
    /// An amount of memory or processor time.
    Quantity,
    /// A file or folder.
    Path,
    /// An image.
    Image,
    /// `name=value`.
    Assignment,
    /// Anything else: its schema says what.
    Plain,
}

impl Role {
    fn of_type(kind: &str) -> Option<Self> {
        Some(match kind {
            "object" => Self::Name,
            "kind" => Self::Kind,
            "kinds" => Self::Kinds,
            "namespace" | "place" => Self::Namespace,
            "count" => Self::Count,
            "duration" => Self::Duration,
            "quantity" => Self::Quantity,
            "path" => Self::Path,
            "image" => Self::Image,
            "assignment" | "label" => Self::Assignment,
            _ => return None,
        })
    }
}

/// One argument of a tool.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    /// Its name.
    pub(super) name: String,
    /// What it holds.
    pub(super) role: Role,
    /// Whether the tool requires it.
    pub(super) required: bool,
    /// Its schema without what a model does not need.
    pub(super) schema: Value,
    /// Stems that speak of it.
    pub(super) cues: HashSet<String>,
}

/// A tool.
pub(super) struct Declared {
    /// The catalog's entry.
    pub(super) tool: &'static dyn ToolEntry,
    /// The first sentence of its doc comment.
    pub(super) summary: String,
    /// Its phrases.
    pub(super) phrases: Vec<Pattern>,
    /// Its arguments, as the schema orders them.
    pub(super) arguments: Vec<Argument>,
    /// Its stems and how much each says about it.
    pub(super) weights: HashMap<String, f64>,
    /// Stems of the words in its phrases: words about the tool, not names.
    pub(super) literals: HashSet<String>,
    /// The share of its phrases that name an object.
    pub(super) names_object: f64,
    /// Whether any phrase takes kinds.
    pub(super) takes_kinds: bool,
}

/// Every tool of the catalog.
pub(super) fn tools() -> &'static [Declared] {
    static TOOLS: LazyLock<Vec<Declared>> = LazyLock::new(|| {
        shipmate_tools::catalog::all().iter().map(|entry| Declared::read(entry.tool)).collect()
    });
    &TOOLS
}

/// The words of a class of the lexicon.
pub(super) fn class(name: &str) -> &'static [String] {
    static CLASSES: LazyLock<HashMap<&'static str, Vec<String>>> = LazyLock::new(|| {
        let words = |phrases: &str| {
            let mut words = Vec::new();
            Pattern::parse(phrases).each(&mut |element| {
                if let Element::Word(word) = element
                    && !is_empty_word(word)
                {
                    words.push(word.clone());
                }
            });
            words
        };
        lexicon::CLASSES.iter().map(|(name, phrases)| (*name, words(phrases))).collect()
    });
    CLASSES.get(name).map_or(&[], Vec::as_slice)
}

impl Declared {
    fn read(tool: &'static dyn ToolEntry) -> Self {
        let phrases: Vec<Pattern> = tool.phrases().iter().map(|phrase| Pattern::parse(phrase)).collect();
        let modifiers: Vec<Pattern> = tool.modifiers().iter().map(|phrase| Pattern::parse(phrase)).collect();
        let text = tool.summary();
        let summary =
            text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.').to_owned();

        let mut weights: HashMap<String, f64> = HashMap::new();
        let mut add = |word: &str, weight: f64| {
            if !is_empty_word(word) {
                let entry = weights.entry(stem(word)).or_default();
                *entry = entry.max(weight);
            }
        };
        parts(tool.name()).for_each(|word| add(word, 3.0));
        summary.split_whitespace().flat_map(parts).for_each(|word| add(&word.to_lowercase(), 1.0));
        let share = share_of_stems(&phrases);
        for (word, share) in &share {
            add(word, 1.0 + 2.0 * share);
        }
        for modifier in &modifiers {
            stems_of(modifier).iter().for_each(|word| add(word, 0.8));
        }

        let own: HashSet<String> = parts(tool.name())
            .map(stem)
            .chain(summary.split_whitespace().flat_map(parts).map(stem))
            .chain(share.iter().filter(|(_, share)| **share > 0.3).map(|(word, _)| word.clone()))
            .collect();
        let arguments = arguments(&tool.schema(), &phrases, &modifiers, &own);
        let with = |test: fn(&Element) -> bool| {
            phrases
                .iter()
                .filter(|phrase| {
                    let mut found = false;
                    phrase.each(&mut |element| found |= test(element));
                    found
                })
                .count()
        };
        let objects = with(|element| matches!(element, Element::Slot { kind, .. } if kind == "object"));
        let kinds = with(
            |element| matches!(element, Element::Slot { kind, .. } if kind == "kinds" || kind == "kind"),
        );
        #[expect(clippy::cast_precision_loss, reason = "a tool has some dozens of phrases at most")]
        let names_object = objects as f64 / phrases.len().max(1) as f64;
        let literals = share.into_keys().chain(parts(tool.name()).map(stem)).collect();
        Self { tool, summary, phrases, arguments, weights, literals, names_object, takes_kinds: kinds > 0 }
    }

    /// The argument of that name.
    pub(super) fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }
}

/// The stems of a phrase's words, those of its classes included.
fn stems_of(pattern: &Pattern) -> HashSet<String> {
    let mut stems = HashSet::new();
    pattern.each(&mut |element| match element {
        Element::Word(word) => {
            stems.extend(parts(word).filter(|word| !is_empty_word(word)).map(stem));
        }
        Element::Class(name) => {
            stems.extend(class(name).iter().map(|word| stem(word)));
        }
        Element::Choice { .. } | Element::Slot { .. } => {}
    });
    stems
}

/// In which share of the phrases each stem stands.
fn share_of_stems(phrases: &[Pattern]) -> HashMap<String, f64> {
    let mut share = HashMap::new();
    #[expect(clippy::cast_precision_loss, reason = "a tool has some dozens of phrases at most")]
    let one = 1.0 / phrases.len().max(1) as f64;
    for phrase in phrases {
        for word in stems_of(phrase) {
            *share.entry(word).or_default() += one;
        }
    }
    share
}

fn arguments(
    schema: &Value,
    phrases: &[Pattern],
    modifiers: &[Pattern],
    own: &HashSet<String>,
) -> Vec<Argument> {
    let mut types: HashMap<String, String> = HashMap::new();
    let mut has_object = false;
    for pattern in phrases.iter().chain(modifiers) {
        pattern.each(&mut |element| {
            if let Element::Slot { name, kind } = element {
                if name == "object" {
                    has_object = true;
                } else {
                    types.entry(name.clone()).or_insert_with(|| kind.clone());
                }
            }
        });
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    properties
        .iter()
        .map(|(name, property)| {
            let role = match name.as_str() {
                "namespace" => Role::Namespace,
                "all_namespaces" => Role::AllNamespaces,
                "kind" if has_object => Role::Kind,
                "name" if has_object => Role::Name,
                _ => types.get(name).and_then(|kind| Role::of_type(kind)).unwrap_or(Role::Plain),
            };
            Argument {
                role,
                required: required.contains(&name.as_str()),
                cues: cues(name, property, phrases, modifiers, own),
                schema: stripped(property),
                name: name.clone(),
            }
        })
        .collect()
}

/// The stems that speak of an argument: of its name, its description and its values, and of the phrases and
/// modifiers that fill it, without those that speak of the tool as a whole.
fn cues(
    name: &str,
    property: &Value,
    phrases: &[Pattern],
    modifiers: &[Pattern],
    own: &HashSet<String>,
) -> HashSet<String> {
    let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut cues: HashSet<String> = parts(name)
        .chain(description.split_whitespace().flat_map(parts))
        .map(str::to_lowercase)
        .filter(|word| word.len() > 2 && !is_empty_word(word))
        .map(|word| stem(&word))
        .collect();
    cues.extend(values_of(property).iter().map(|value| stem(value)));
    for pattern in phrases.iter().chain(modifiers) {
        let mut fills = pattern.sets.iter().any(|(set, _)| set == name);
        pattern.each(&mut |element| {
            fills |= matches!(element, Element::Slot { name: slot, .. } if slot == name);
        });
        if fills {
            cues.extend(stems_of(pattern));
        }
    }
    cues.retain(|cue| !own.contains(cue));
    cues
}

/// The values an enumeration allows.
pub(super) fn values_of(schema: &Value) -> Vec<String> {
    let mut values = Vec::new();
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        values.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if let Some(value) = schema.get("const").and_then(Value::as_str) {
        values.push(value.to_owned());
    }
    for key in ["anyOf", "oneOf"] {
        for option in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            values.extend(values_of(option));
        }
    }
    values
}

/// A property's schema as a grammar needs it: no prose, no null (an argument that is not meant is left out),
/// no formats that JSON schema does not define.
fn stripped(property: &Value) -> Value {
    let values = values_of(property);
    if !values.is_empty() {
        return serde_json::json!({"type": "string", "enum": values});
    }
    match property {
        Value::Object(map) => {
            let mut kept = Map::new();
            for (key, value) in map {
                match key.as_str() {
                    "description" | "default" | "format" | "title" | "examples" | "$schema" => {}
                    "type" => {
                        let kind = match value {
                            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned(),
                            other => Some(other.clone()),
                        };
                        kept.insert("type".to_owned(), kind.unwrap_or(Value::String("string".to_owned())));
                    }
                    "anyOf" | "oneOf" => {
                        let options: Vec<Value> = value
                            .as_array()
                            .into_iter()
                            .flatten()
                            .filter(|option| option.get("type").is_none_or(|kind| kind != "null"))
                            .map(stripped)
                            .collect();
                        if let [only] = options.as_slice() {
                            return only.clone();
                        }
                        kept.insert("anyOf".to_owned(), Value::Array(options));
                    }
                    "properties" => {
                        let inner = value.as_object().into_iter().flatten();
                        let inner = inner.map(|(name, value)| (name.clone(), stripped(value))).collect();
                        kept.insert(key.clone(), Value::Object(inner));
                    }
                    "items" => {
                        kept.insert(key.clone(), stripped(value));
                    }
                    _ => {
                        kept.insert(key.clone(), value.clone());
                    }
                }
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn roles_come_from_the_phrases() {
        let scale = tools().iter().find(|declared| declared.tool.name() == "scale").unwrap();
        let roles: Vec<(&str, Role, bool)> = scale
            .arguments
            .iter()
            .map(|argument| (argument.name.as_str(), argument.role, argument.required))
            .collect();
        assert_eq!(
            roles,
            [
                ("kind", Role::Kind, false),
                ("name", Role::Name, false),
                ("namespace", Role::Namespace, false),
                ("replicas", Role::Count, true),
            ]
        );
        assert!(scale.names_object > 0.9);
        assert_eq!(scale.summary, "Change how many pods of a workload run");
    }

    #[test]
    fn schemas_keep_what_a_grammar_needs() {
        assert_eq!(
            stripped(
                &json!({"description": "d", "type": ["integer", "null"], "format": "uint32", "minimum": 0})
            ),
            json!({"type": "integer", "minimum": 0})
        );
        assert_eq!(
            stripped(
                &json!({"anyOf": [{"oneOf": [{"const": "cpu", "description": "x"}, {"const": "memory"}]}, {"type": "null"}]})
            ),
            json!({"type": "string", "enum": ["cpu", "memory"]})
        );
    }
}
