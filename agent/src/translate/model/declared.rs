//! What the tools declare, in the form this translator works with: their words for the ranking, and their
//! arguments.
//!
//! It is read from the catalog once. Nothing here names a tool.

use shipmate_tools::ToolEntry;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::argument::{Argument, Role, arguments, share_with};
use super::pattern::{Element, Pattern};
use super::words::{is_empty_word, parts, stem};
use crate::translate::phrasebook::lexicon;

/// A tool.
pub(super) struct Declared {
    /// The catalog's entry.
    pub(super) tool: &'static dyn ToolEntry,
    /// The first sentence of its doc comment.
    pub(super) summary: String,
    /// The first clause of it, for a model that reads slowly.
    pub(super) brief: String,
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

        let brief = summary.split([':', ';', '(']).next().unwrap_or_default().trim().to_owned();

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
        let names_object =
            share_with(&phrases, |element| matches!(element, Element::Slot { kind, .. } if kind == "object"));
        let literals = share
            .into_keys()
            .chain(parts(tool.name()).map(stem))
            .chain(modifiers.iter().flat_map(stems_of))
            .collect();
        Self { tool, summary, brief, phrases, arguments, weights, literals, names_object }
    }

    /// Whether it works on whole kinds.
    pub(super) fn lists(&self) -> bool {
        self.arguments.iter().any(|argument| argument.role == Role::Kinds)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
