//! A tool's phrases before they are patterns: their words are learnt at the start, and a phrase is compiled
//! when a request first has the words that it cannot do without.
//!
//! The catalog has thousands of phrases and a request can mean a few of them. Reading a phrase's words costs a
//! tenth of compiling it, so that a process that translates one request starts in a fraction of the time.

use std::sync::OnceLock;

use super::super::phrase_language::{self, Part};
use super::normalise;
use super::pattern::{Compiler, Pattern, PatternError};
use super::vocabulary::{Role, Vocabulary, WordId};

/// Stands between two groups of anchors; no word has this number.
const BOUNDARY: WordId = WordId::MAX;

/// A phrase that is compiled when it is needed.
#[derive(Debug)]
pub(super) struct Phrase {
    source: &'static str,
    /// Whether it is meant only behind its program's name: "helm upgrade web", not "upgrade web".
    pub typed: bool,
    /// Groups of words that end with [`BOUNDARY`]: a request that fits has a word of each.
    anchors: Box<[WordId]>,
    compiled: OnceLock<Option<Pattern>>,
}

impl Phrase {
    /// Learns a phrase as a tool declares it. The program's name is taken off a request before it is matched.
    pub(super) fn new(declared: &'static str, vocabulary: &mut Vocabulary) -> Self {
        let typed = ["helm ", "kubectl ", "docker "].iter().find_map(|name| declared.strip_prefix(name));
        let source = typed.unwrap_or(declared);
        let mut anchors = Vec::new();
        learn(source, vocabulary, &mut anchors);
        Self { source, typed: typed.is_some(), anchors: anchors.into(), compiled: OnceLock::new() }
    }

    /// Whether a request in which `has` finds words can fit. True for some that do not: this is the quick look.
    pub(super) fn can_fit(&self, has: impl Fn(WordId) -> bool) -> bool {
        self.anchors
            .split(|id| *id == BOUNDARY)
            .all(|group| group.is_empty() || group.iter().any(|id| has(*id)))
    }

    /// How many of the things it cannot do without a request has.
    pub(super) fn shared(&self, has: impl Fn(WordId) -> bool) -> usize {
        self.anchors.split(|id| *id == BOUNDARY).filter(|group| group.iter().any(|id| has(*id))).count()
    }

    /// The pattern that it is; none when it is a mistake, which a test keeps out of the catalog.
    pub(super) fn pattern(&self, compiler: Compiler<'_>, known: impl Fn(&str) -> bool) -> Option<&Pattern> {
        self.compiled.get_or_init(|| self.compile(compiler, known).ok()).as_ref()
    }

    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with it; among that, arguments that `known` does not know.
    pub(super) fn compile(
        &self,
        compiler: Compiler<'_>,
        known: impl Fn(&str) -> bool,
    ) -> Result<Pattern, PatternError> {
        with_known_arguments(compiler.compile_phrase(self.source)?, known)
    }

    /// As it was declared, without a program's name.
    pub(super) const fn source(&self) -> &'static str {
        self.source
    }
}

/// The pattern, if it fills only arguments that are known.
///
/// # Errors
/// The first argument that is not.
pub(super) fn with_known_arguments(
    pattern: Pattern,
    known: impl Fn(&str) -> bool,
) -> Result<Pattern, PatternError> {
    match pattern.unknown_argument(known).map(str::to_owned) {
        Some(name) => Err(PatternError::UnknownArgument(name)),
        None => Ok(pattern),
    }
}

/// Teaches the vocabulary the words of a pattern, and collects what the pattern cannot do without: every word
/// outside brackets, and one of the words that the alternatives of a round bracket begin with.
pub(super) fn learn(source: &'static str, vocabulary: &mut Vocabulary, anchors: &mut Vec<WordId>) {
    let start = anchors.len();
    let mut depth = 0_usize;
    let mut group: Option<Group> = None;
    let mut alternatives = false;
    for part in phrase_language::parts(source).0 {
        match part {
            Part::Open { optional } => {
                if depth == 0 && !optional {
                    group = Some(Group { start: anchors.len(), begins: true, complete: true });
                } else if let Some(group) = group.as_mut() {
                    group.begin_with_no_word();
                }
                depth += 1;
            }
            Part::Close { .. } => {
                depth = depth.saturating_sub(1);
                if depth == 0
                    && let Some(mut ended) = group.take()
                {
                    ended.begin_with_no_word();
                    if !ended.complete {
                        anchors.truncate(ended.start);
                    }
                    anchors.push(BOUNDARY);
                }
            }
            Part::Or if depth == 0 => alternatives = true,
            Part::Or => {
                if let Some(group) = group.as_mut().filter(|_| depth == 1) {
                    group.begin_with_no_word();
                    group.begins = true;
                }
            }
            Part::Class(_) | Part::Slot(_) | Part::Stray(_) => {
                if let Some(group) = group.as_mut() {
                    group.begin_with_no_word();
                }
            }
            Part::Word(written) => {
                for word in normalise::words(written) {
                    let id = vocabulary.add(word, Role::LITERAL);
                    match group.as_mut() {
                        None if depth == 0 => anchors.extend([id, BOUNDARY]),
                        Some(group) if group.begins => {
                            group.begins = false;
                            anchors.push(id);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    if alternatives {
        anchors.truncate(start);
    }
}

/// The words that the alternatives of a round bracket begin with.
struct Group {
    start: usize,
    /// Whether the next word begins an alternative.
    begins: bool,
    /// Whether every alternative so far began with a word.
    complete: bool,
}

impl Group {
    /// Something else than a word is next; if an alternative was to begin, it begins with no word.
    const fn begin_with_no_word(&mut self) {
        self.complete &= !self.begins;
        self.begins = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchors(source: &'static str) -> String {
        let mut vocabulary = Vocabulary::new();
        let phrase = Phrase::new(source, &mut vocabulary);
        let groups = phrase.anchors.split(|id| *id == BOUNDARY).filter(|group| !group.is_empty());
        groups
            .map(|group| group.iter().map(|id| vocabulary.word(*id)).collect::<Vec<_>>().join("|"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn anchors_are_what_a_phrase_cannot_do_without() {
        assert_eq!(anchors("[<show>] (logs|output lines) of {object} [last {tail:count}]"), "log|output of");
        assert_eq!(anchors("(scale [up]|size) {object} => follow=true"), "scale|size");
        assert_eq!(anchors("helm upgrade {name:word}"), "upgrade");
        assert_eq!(anchors("what's wrong"), "what is wrong");
    }

    #[test]
    fn alternatives_that_begin_with_no_word_are_no_anchors() {
        assert_eq!(anchors("(all {kinds:kinds}|<show>) now"), "now");
        assert_eq!(anchors("([please] restart|bounce) {object}"), "");
        assert_eq!(anchors("one way|another way"), "");
        assert_eq!(anchors("(either (this|that)|(one|two)) then"), "then");
    }

    #[test]
    fn a_request_without_an_anchor_cannot_fit() {
        let mut vocabulary = Vocabulary::new();
        let phrase = Phrase::new("(restart|bounce) {object} now", &mut vocabulary);
        let can =
            |words: &[&str]| phrase.can_fit(|id| words.iter().any(|word| vocabulary.find(word) == Some(id)));
        assert!(can(&["bounce", "web", "now"]));
        assert!(!can(&["bounce", "web"]));
        assert!(!can(&["scale", "web", "now"]));
    }
}
