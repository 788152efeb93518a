//! Titles: three to seven words that describe the work, made from the request. A title is what a
//! person scans a folder of records by and what the file name comes from, so politeness goes, and so
//! does everything that could act on a terminal or look like an unfilled template field.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Fewest words in a title.
pub const MIN_WORDS: usize = 3;
/// Most words in a title.
pub const MAX_WORDS: usize = 7;
/// Longest single word in characters; a longer one is cut.
const MAX_WORD_CHARACTERS: usize = 40;
/// How many words of a request are looked at. Only the first few can reach the title.
const WORDS_READ: usize = 64;
/// The title of a request without a single word that says something.
const EMPTY_TITLE: &str = "Request without any content";

/// Openings that say nothing about the work, longest first.
const OPENINGS: &[&[&str]] = &[
    &["would", "you", "be", "so", "kind", "as", "to"],
    &["i", "would", "like", "you", "to"],
    &["i'd", "like", "you", "to"],
    &["i", "want", "you", "to"],
    &["i", "need", "you", "to"],
    &["i", "would", "like", "to"],
    &["i'd", "like", "to"],
    &["i", "want", "to"],
    &["i", "need", "to"],
    &["can", "you"],
    &["could", "you"],
    &["would", "you"],
    &["will", "you"],
    &["please"],
    &["kindly"],
    &["hey"],
    &["hi"],
    &["hello"],
    &["ok"],
    &["okay"],
    &["shipmate"],
    &["just"],
    &["let's"],
];

/// Endings that say nothing about the work.
const ENDINGS: &[&[&str]] = &[&["thank", "you"], &["for", "me"], &["please"], &["thanks"], &["thx"]];

/// Words a shortened title must not end in, because they point at what was cut off.
const CONNECTORS: &[&str] = &[
    "a", "an", "and", "are", "at", "by", "for", "from", "in", "into", "is", "of", "on", "or", "that", "the",
    "to", "which", "with",
];

/// A title of three to seven words. Making one never fails: whatever comes in, a usable title comes out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Title(String);

impl Title {
    /// Derives a title from a request, or tidies a title somebody else made; doing it twice changes
    /// nothing.
    ///
    /// ```
    /// use shipmate_phr::Title;
    /// assert_eq!(Title::derive("could you please show me all todo pods?").as_str(), "Show me all todo pods");
    /// assert_eq!(Title::derive("pods").as_str(), "Pods as requested");
    /// ```
    #[must_use]
    pub fn derive(request: &str) -> Self {
        let mut words: Vec<String> = request
            .split(|character: char| !is_word_character(character))
            .filter_map(tidy)
            .take(WORDS_READ)
            .collect();
        while strip_opening(&mut words) || strip_ending(&mut words) {}
        if words.len() > MAX_WORDS {
            words.truncate(MAX_WORDS);
            while strip_ending(&mut words) || strip_connector(&mut words) {}
        }
        if words.is_empty() {
            return Self(EMPTY_TITLE.to_owned());
        }
        if words.len() < MIN_WORDS {
            words.extend(["as".to_owned(), "requested".to_owned()]);
        }
        Self(capitalised(&words.join(" ")))
    }

    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Letters, digits and the punctuation of names, paths, images and versions.
fn is_word_character(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(character, '-' | '_' | '.' | '/' | ':' | '=' | '@' | '+' | '%' | '\'')
}

/// A word without punctuation at its ends and not too long; `None` if nothing is left.
fn tidy(word: &str) -> Option<String> {
    let cut: String = trimmed(word).chars().take(MAX_WORD_CHARACTERS).collect();
    let word = trimmed(&cut);
    (!word.is_empty()).then(|| word.to_owned())
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|character: char| !character.is_alphanumeric())
}

fn strip_opening(words: &mut Vec<String>) -> bool {
    let found = OPENINGS.iter().find(|opening| words.len() >= opening.len() && matches(words, opening));
    if let Some(opening) = found {
        words.drain(..opening.len());
    }
    found.is_some()
}

fn strip_ending(words: &mut Vec<String>) -> bool {
    let found = ENDINGS.iter().find(|ending| {
        words
            .len()
            .checked_sub(ending.len())
            .and_then(|start| words.get(start..))
            .is_some_and(|tail| matches(tail, ending))
    });
    if let Some(ending) = found {
        words.truncate(words.len().saturating_sub(ending.len()));
    }
    found.is_some()
}

fn strip_connector(words: &mut Vec<String>) -> bool {
    let found = words.len() > MIN_WORDS
        && words
            .last()
            .is_some_and(|last| CONNECTORS.iter().any(|connector| last.eq_ignore_ascii_case(connector)));
    if found {
        words.pop();
    }
    found
}

fn matches(words: &[String], phrase: &[&str]) -> bool {
    words.iter().zip(phrase).all(|(word, expected)| word.eq_ignore_ascii_case(expected))
}

/// Upper-cases the first letter, where that is a single letter too.
fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return String::new() };
    let mut upper = first.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => std::iter::once(single).chain(characters).collect(),
        _ => text.to_owned(),
    }
}

impl From<String> for Title {
    fn from(title: String) -> Self {
        Self::derive(&title)
    }
}

impl From<Title> for String {
    fn from(title: Title) -> Self {
        title.0
    }
}

impl fmt::Display for Title {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_describe_the_work() {
        for (request, title) in [
            ("build optimized frontend image", "Build optimized frontend image"),
            ("show me all todo pods", "Show me all todo pods"),
            (
                "Hey shipmate, could you please get logs from backend deployment? Thanks!",
                "Get logs from backend deployment",
            ),
            ("I'd like you to scale the backend to 3 replicas for me", "Scale the backend to 3 replicas"),
            ("pods", "Pods as requested"),
            ("get pods", "Get pods as requested"),
            (
                "list every pod in the payments namespace that restarted today",
                "List every pod in the payments namespace",
            ),
            ("move everything in this cluster over to the other one", "Move everything in this cluster over"),
            ("roll back todo-app to v1.2.3", "Roll back todo-app to v1.2.3"),
            ("", "Request without any content"),
            (" please ", "Request without any content"),
            ("!!! ???", "Request without any content"),
        ] {
            assert_eq!(Title::derive(request).as_str(), title, "{request:?}");
        }
    }

    #[test]
    fn nothing_dangerous_survives() {
        let title = Title::derive("show \u{1b}[31mred {{X}} [TITLE] $ARGUMENTS\n## Outcome | `x` ---");
        assert_eq!(title.as_str(), "Show 31mred X TITLE ARGUMENTS Outcome x");
        assert!(Title::derive(&"x".repeat(1_000_000)).as_str().len() < 64);
    }

    #[test]
    fn any_text_gives_three_to_seven_words_and_deriving_again_changes_nothing() {
        let pieces = [
            "please",
            "the",
            "a-",
            "ß",
            "'",
            "could you",
            "for me",
            "\n",
            "to",
            "x/y",
            "pods",
            "{{X}}",
            "thanks",
            "—",
        ];
        let mut seed = 7_u64;
        for _ in 0..4_000 {
            let mut text = String::new();
            for _ in 0..(seed >> 60) {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
                text.push(' ');
            }
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let title = Title::derive(&text);
            let words = title.as_str().split_whitespace().count();
            assert!((MIN_WORDS..=MAX_WORDS).contains(&words), "{text:?} -> {title}");
            assert_eq!(Title::derive(title.as_str()), title, "{text:?}");
        }
    }
}
