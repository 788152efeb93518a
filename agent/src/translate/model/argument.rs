//! The arguments of a tool: what each holds, and which words speak of it, as the tool's phrases tell.

use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

use super::declared::class;
use super::pattern::{Element, Pattern};
use super::schema::{stripped, values_of};
use super::words::{is_empty_word, parts, stem};

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
    /// A word of the request, as typed.
    Word,
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
            "count" | "percent" => Self::Count,
            "duration" => Self::Duration,
            "quantity" => Self::Quantity,
            "path" => Self::Path,
            "image" | "tagged" => Self::Image,
            "assignment" | "label" => Self::Assignment,
            "word" | "value" | "variable" | "field" => Self::Word,
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
    /// Values that phrases give it, each with the stems of its phrase.
    pub(super) values: Vec<(String, HashSet<String>)>,
    /// The share of the phrases that it is a slot of.
    pub(super) share: f64,
}

/// The arguments of a tool with this schema and these patterns; `own` are the stems that speak of the tool as a
/// whole.
pub(super) fn arguments(
    schema: &Value,
    phrases: &[Pattern],
    modifiers: &[Pattern],
    own: &HashSet<String>,
) -> Vec<Argument> {
    let patterns: Vec<&Pattern> = phrases.iter().chain(modifiers).collect();
    let mut types: HashMap<String, String> = HashMap::new();
    let mut has_object = false;
    for pattern in &patterns {
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
                values: values_given(name, &patterns),
                share: share_with(
                    phrases,
                    |element| matches!(element, Element::Slot { name: slot, .. } if slot == name),
                ),
                role,
                required: required.contains(&name.as_str()),
                cues: cues(name, property, &patterns, own),
                schema: stripped(property),
                name: name.clone(),
            }
        })
        .collect()
}

/// The stems that speak of an argument: of its name and its values, and those words of phrases and modifiers
/// that mostly stand where it is filled. Where no phrase fills it, the words of its description.
fn cues(name: &str, property: &Value, patterns: &[&Pattern], own: &HashSet<String>) -> HashSet<String> {
    let filling: Vec<&Pattern> =
        patterns.iter().copied().filter(|pattern| fills(pattern, name, None)).collect();
    let mut cues: HashSet<String> = parts(name).map(str::to_lowercase).collect();
    if filling.is_empty() {
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        cues.extend(description.split_whitespace().flat_map(parts).map(str::to_lowercase));
    }
    cues = cues
        .into_iter()
        .filter(|word| word.len() > 2 && !is_empty_word(word))
        .map(|word| stem(&word))
        .collect();
    cues.retain(|cue| !own.contains(cue));
    cues.extend(values_of(property).iter().map(|value| stem(value)));
    cues.extend(telling(&filling, patterns, 0.6));
    cues
}

/// Whether a pattern fills an argument, by a slot or with this value (any but `false`, where none is given).
fn fills(pattern: &Pattern, name: &str, value: Option<&str>) -> bool {
    let mut fills = pattern
        .sets
        .iter()
        .any(|(set, given)| set == name && value.map_or(given != "false", |value| given == value));
    if value.is_none() {
        pattern.each(&mut |element| {
            fills |= matches!(element, Element::Slot { name: slot, .. } if slot == name);
        });
    }
    fills
}

/// The words of some patterns that tell them from the others: of the patterns with the word, at least this share
/// is among them.
fn telling(some: &[&Pattern], all: &[&Pattern], share: f64) -> HashSet<String> {
    let count = |patterns: &[&Pattern], word: &String| {
        patterns.iter().filter(|pattern| words_of(pattern).contains(word)).count()
    };
    let words: HashSet<String> = some.iter().flat_map(|pattern| words_of(pattern)).collect();
    // "show" speaks of no argument, even where only one phrase spells it out.
    let general: HashSet<String> = class("show").iter().map(|word| stem(word)).collect();
    let words = words.into_iter().filter(|word| !general.contains(word));
    #[expect(clippy::cast_precision_loss, reason = "a tool has some dozens of phrases at most")]
    let often = |word: &String| count(some, word) as f64 >= count(all, word) as f64 * share;
    words.filter(often).collect()
}

/// The values that patterns give an argument, with the stems that tell them apart.
fn values_given(name: &str, patterns: &[&Pattern]) -> Vec<(String, HashSet<String>)> {
    let mut values: Vec<String> = Vec::new();
    for (set, value) in patterns.iter().flat_map(|pattern| &pattern.sets) {
        if set == name && !matches!(value.as_str(), "true" | "false") && !values.contains(value) {
            values.push(value.clone());
        }
    }
    let stems = |value: &str| {
        let filling: Vec<&Pattern> =
            patterns.iter().copied().filter(|pattern| fills(pattern, name, Some(value))).collect();
        telling(&filling, patterns, 0.1)
    };
    values.into_iter().map(|value| (value.clone(), stems(&value))).collect()
}

/// The stems of a phrase's own words: those of its classes speak of no argument.
fn words_of(pattern: &Pattern) -> HashSet<String> {
    let mut stems = HashSet::new();
    pattern.each(&mut |element| {
        if let Element::Word(word) = element {
            stems.extend(parts(word).filter(|word| !is_empty_word(word)).map(stem));
        }
    });
    stems
}

/// The share of the phrases in which an element passes the test.
pub(super) fn share_with(phrases: &[Pattern], test: impl Fn(&Element) -> bool) -> f64 {
    let with = phrases.iter().filter(|phrase| {
        let mut found = false;
        phrase.each(&mut |element| found |= test(element));
        found
    });
    #[expect(clippy::cast_precision_loss, reason = "a tool has some dozens of phrases at most")]
    let share = with.count() as f64 / phrases.len().max(1) as f64;
    share
}
