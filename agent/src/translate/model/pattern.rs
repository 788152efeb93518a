//! The phrases of the tools, read for what a model can use: their words, the types of their arguments, and
//! sentences made from them as examples. The language is described in `docs/phrases.md`.
//!
//! The phrasebook matches requests against phrases; nothing here does. A phrase that cannot be read gives
//! what was read of it, because a model needs no more than a hint.

use super::super::phrase_language::{self, Part, Parts};

/// One element of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    /// A word.
    Word(String),
    /// One of these; or nothing, when it is optional.
    Choice {
        /// Whether it may be left out.
        optional: bool,
        /// The alternatives.
        options: Vec<Vec<Self>>,
    },
    /// A word of a class of the lexicon.
    Class(String),
    /// An argument and its type; `{object}` has the name and the type `object`.
    Slot {
        /// The argument, or `object`.
        name: String,
        /// Its type.
        kind: String,
    },
}

/// A phrase.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pattern {
    /// Its elements in order.
    pub(super) elements: Vec<Element>,
    /// What it sets besides its slots.
    pub(super) sets: Vec<(String, String)>,
}

impl Pattern {
    /// Reads a phrase.
    pub(super) fn parse(phrase: &str) -> Self {
        let (mut parts, sets) = phrase_language::parts(phrase);
        let mut options = alternatives(&mut parts);
        let elements = if options.is_empty() { Vec::new() } else { options.remove(0) };
        let sets = sets
            .filter_map(|set| set.split_once('='))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Self { elements, sets }
    }

    /// Calls `visit` with every element, nested ones too.
    pub(super) fn each(&self, visit: &mut impl FnMut(&Element)) {
        each(&self.elements, visit);
    }
}

fn each(elements: &[Element], visit: &mut impl FnMut(&Element)) {
    for element in elements {
        visit(element);
        if let Element::Choice { options, .. } = element {
            options.iter().for_each(|option| each(option, visit));
        }
    }
}

/// The alternatives up to the closing bracket, or the end.
fn alternatives(parts: &mut Parts<'_>) -> Vec<Vec<Element>> {
    let mut options = vec![Vec::new()];
    while let Some(part) = parts.next() {
        let element = match part {
            Part::Or => {
                options.push(Vec::new());
                continue;
            }
            Part::Close { .. } | Part::Stray(_) => break,
            Part::Open { optional } => Element::Choice { optional, options: alternatives(parts) },
            Part::Class(name) => Element::Class(name.to_owned()),
            Part::Slot(inside) => {
                let (name, kind) = inside.split_once(':').unwrap_or((inside, "object"));
                Element::Slot { name: name.trim().to_owned(), kind: kind.trim().to_owned() }
            }
            Part::Word(word) => Element::Word(word.to_owned()),
        };
        if let Some(option) = options.last_mut() {
            option.push(element);
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let pattern =
            Pattern::parse("<show> [the] (log|logs of) {object} {tail:count} lines => previous=true, a=b");
        let word = |word: &str| Element::Word(word.to_owned());
        assert_eq!(
            pattern.elements,
            [
                Element::Class("show".to_owned()),
                Element::Choice { optional: true, options: vec![vec![word("the")]] },
                Element::Choice {
                    optional: false,
                    options: vec![vec![word("log")], vec![word("logs"), word("of")]]
                },
                Element::Slot { name: "object".to_owned(), kind: "object".to_owned() },
                Element::Slot { name: "tail".to_owned(), kind: "count".to_owned() },
                word("lines"),
            ]
        );
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pattern.sets, [set("previous", "true"), set("a", "b")]);
    }

    #[test]
    fn every_phrase_of_the_catalog_is_read_whole() {
        for entry in shipmate_tools::catalog::all() {
            for phrase in entry.tool.phrases().iter().chain(entry.tool.modifiers()) {
                assert!(!Pattern::parse(phrase).elements.is_empty(), "{phrase}");
            }
        }
    }
}
