//! The words of a request, told apart by who says them: the person, or somebody the person quotes.
//!
//! What a model may propose is measured against what was said. Words between quotes are reported speech or
//! text to pass on ("the log says: 'delete everything'"): they can be a value, never a wish.

use crate::translate::phrasebook::numbers::{self, Count};

/// Words that name nothing: they are no candidates for names and carry no meaning for the ranking.
const EMPTY_WORDS: &[&str] = &[
    "a", "about", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but",
    "by", "can", "could", "did", "do", "does", "each", "every", "for", "from", "give", "had", "has", "have",
    "hey", "hi", "how", "i", "if", "in", "inside", "into", "is", "it", "its", "just", "let", "like", "me",
    "my", "need", "now", "of", "off", "on", "only", "or", "our", "out", "over", "please", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "up", "us",
    "using", "want", "was", "we", "were", "what", "whats", "when", "where", "whether", "which", "who", "why",
    "will", "with", "within", "would", "you", "your",
];

/// Words of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words {
    /// The words said, as typed, without punctuation around them.
    pub(super) typed: Vec<String>,
    /// The same in lower case.
    pub(super) said: Vec<String>,
    /// What stood between quotes, as typed.
    pub(super) quoted: Vec<String>,
    /// Numbers said, in digits or as words. Only whole ones that are not negative.
    pub(super) numbers: Vec<u64>,
}

impl Words {
    /// Takes a request apart.
    pub(super) fn of(request: &str) -> Self {
        let (outside, quoted) = split_quotes(request);
        let typed: Vec<String> = outside
            .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
            .map(bare)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let said: Vec<String> = typed.iter().map(|word| word.to_lowercase()).collect();
        let numbers = whole_numbers(&said);
        Self { typed, said, quoted, numbers }
    }

    /// The numbers that belong to no length of time.
    pub(super) fn counts(&self) -> Vec<u64> {
        let said: Vec<&str> = self.said.iter().map(String::as_str).collect();
        let mut counted = Vec::new();
        let mut rest = said.as_slice();
        while let [first, after @ ..] = rest {
            rest = match numbers::duration(rest) {
                Some((taken, _)) => rest.get(taken.max(1)..).unwrap_or_default(),
                None => {
                    counted.push((*first).to_owned());
                    after
                }
            };
        }
        whole_numbers(&counted)
    }

    /// Whether one of these words was said.
    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        self.said.iter().any(|said| words.contains(&said.as_str()))
    }

    /// Whether every part of a name resembles a word said, or a single word in quotes.
    pub(super) fn account_for(&self, name: &str) -> bool {
        let quoted = self.quoted.iter().filter(|quoted| !quoted.contains(char::is_whitespace));
        let known: Vec<String> =
            self.said.iter().cloned().chain(quoted.map(|word| word.to_lowercase())).collect();
        let name = name.to_lowercase();
        if known.contains(&name) {
            return true;
        }
        let known_parts: Vec<&str> = known.iter().flat_map(|word| parts(word)).collect();
        let mut some = false;
        for part in parts(&name) {
            some = true;
            if !known_parts.iter().any(|known| resembles(part, known)) {
                return false;
            }
        }
        some
    }
}

/// Whether a word carries no meaning of its own.
pub(super) fn is_empty_word(word: &str) -> bool {
    EMPTY_WORDS.contains(&word)
}

/// The letters-and-digits parts of a name.
pub(super) fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}

/// Whether two words are forms of one: the same stem, one typing error, or (from four letters on) the one
/// inside the other.
pub(super) fn resembles(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if one.chars().any(|c| c.is_ascii_digit()) || other.chars().any(|c| c.is_ascii_digit()) {
        // A digit makes another thing of it, not another form.
        return false;
    }
    let (one, other) = (stem(one), stem(other));
    if one == other {
        return true;
    }
    let (short, long) = if one.len() < other.len() { (&one, &other) } else { (&other, &one) };
    if short.len() >= 4 && long.contains(short.as_str()) {
        return true;
    }
    let errors = match short.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    errors > 0 && strsim::osa_distance(&one, &other) <= errors
}

/// A word without the endings that English puts on nouns and verbs. Crude, and the same for both sides of
/// every comparison, which is all it has to be.
pub(super) fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    let endings: [(&str, &str); 9] = [
        ("ies", "y"),
        ("sses", "ss"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("xes", "x"),
        ("ing", ""),
        ("ed", ""),
        ("ss", "ss"),
        ("s", ""),
    ];
    let mut base = word.clone();
    for (ending, instead) in endings {
        if let Some(start) = word.strip_suffix(ending)
            && start.chars().count() >= 3
        {
            base = format!("{start}{instead}");
            break;
        }
    }
    // "scaling" and "scale", "stopped" and "stop" meet in one form.
    let mut letters: Vec<char> = base.chars().collect();
    if letters.len() > 3 && letters.last() == Some(&'e') {
        letters.pop();
    }
    if let [.., before, last] = letters.as_slice()
        && letters.len() > 3
        && before == last
        && !matches!(last, 's' | 'l')
    {
        letters.pop();
    }
    letters.into_iter().collect()
}

/// Whether a word is a number, such as "3", "three" or "3x", and so no name.
pub(super) fn is_number(word: &str) -> bool {
    numbers::is_number(word) || with_unit(word).is_some()
}

/// "3x", "80%", "512mb": the number before a short unit.
fn with_unit(word: &str) -> Option<u64> {
    let (digits, unit) = word.split_at(word.find(|c: char| !c.is_ascii_digit())?);
    (unit.chars().count() <= 2 && unit.chars().all(|c| c.is_alphabetic() || c == '%'))
        .then(|| digits.parse().ok())
        .flatten()
}

/// The whole numbers said; one below zero is none, and not the number without its sign.
fn whole_numbers(said: &[String]) -> Vec<u64> {
    let words: Vec<&str> = said.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    let mut rest = words.as_slice();
    while let [first, after @ ..] = rest {
        rest = match numbers::count(rest) {
            Some((taken, count)) => {
                if let Count::Of(value) = count {
                    found.push(value);
                }
                rest.get(taken.max(1)..).unwrap_or_default()
            }
            None => {
                found.extend(with_unit(first));
                found.extend(matches!(*first, "nothing" | "none").then_some(0));
                after
            }
        };
    }
    found
}

/// The amounts that `read` finds anywhere among the words, such as durations, each once.
pub(super) fn amounts(words: &Words, read: fn(&[&str]) -> Option<(usize, String)>) -> Vec<String> {
    let said: Vec<&str> = words.said.iter().map(String::as_str).collect();
    let mut found: Vec<String> = Vec::new();
    let mut rest = said.as_slice();
    while !rest.is_empty() {
        let taken = read(rest).map_or(1, |(taken, amount)| {
            if !found.contains(&amount) {
                found.push(amount);
            }
            taken.max(1)
        });
        rest = rest.get(taken..).unwrap_or_default();
    }
    found
}

/// A word without the punctuation around it and the possessive.
fn bare(word: &str) -> &str {
    let word = word.trim_start_matches(['(', '[', '{', '<', '"', '\'', '`', '“', '‘', '!', '?', ':']);
    let word = word
        .trim_end_matches(['.', ':', '!', '?', ')', ']', '}', '>', '"', '\'', '`', '”', '’', '/'])
        .trim_end_matches('.');
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
}

/// What stands outside quotes, and each thing inside. A quote opens at the start of a word and closes at the
/// end of one, so that the apostrophe of "what's" is none; one that never closes is no quote.
fn split_quotes(request: &str) -> (String, Vec<String>) {
    const PAIRS: [(char, char); 7] =
        [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('«', '»'), ('„', '“')];
    let mut outside = String::new();
    let mut quoted = Vec::new();
    let mut rest = request;
    let mut before: Option<char> = None;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        let opens = before.is_none_or(|previous| !previous.is_alphanumeric());
        let close = PAIRS.iter().find(|(open, _)| *open == character).map(|(_, close)| *close);
        if let Some(close) = close.filter(|_| opens)
            && let Some(end) = closing(after, close)
        {
            quoted.push(after.get(..end).unwrap_or_default().to_owned());
            outside.push(' ');
            rest = after.get(end + close.len_utf8()..).unwrap_or_default();
            before = Some(' ');
            continue;
        }
        outside.push(character);
        before = Some(character);
        rest = after;
    }
    (outside, quoted)
}

/// Where the closing quote stands: the first one that no letter or digit follows.
fn closing(text: &str, close: char) -> Option<usize> {
    text.char_indices()
        .filter(|(_, character)| *character == close)
        .find(|(place, _)| {
            let next = text.get(place + close.len_utf8()..).and_then(|after| after.chars().next());
            next.is_none_or(|next| !next.is_alphanumeric())
        })
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_are_not_said() {
        let words = Words::of(r#"what's in the log "delete all pods", and `ls -la` or 'web'?"#);
        assert_eq!(words.said, ["what", "in", "the", "log", "and", "or"]);
        assert_eq!(words.quoted, ["delete all pods", "ls -la", "web"]);
    }

    #[test]
    fn an_apostrophe_or_an_open_quote_is_no_quote() {
        let words = Words::of("show the frontend's logs, don't follow the pods' events \"please");
        assert!(words.quoted.is_empty(), "{words:?}");
        assert!(words.said.contains(&"frontend".to_owned()) && words.said.contains(&"please".to_owned()));
    }

    #[test]
    fn numbers_are_digits_or_words_and_never_negative() {
        for (request, numbers) in [
            ("scale web to 3 replicas", &[3][..]),
            ("twenty-one pods and a dozen", &[21, 12]),
            ("scale to -3 or to minus two", &[]),
            ("take it down to nothing", &[0]),
            ("1.5 cores for web:v2", &[]),
            ("the last 10m, 3x", &[10, 3]),
            ("half a dozen of them", &[6]),
        ] {
            assert_eq!(Words::of(request).numbers, numbers, "{request}");
        }
    }

    #[test]
    fn lengths_of_time_come_out_as_the_tools_take_them() {
        for (request, lengths) in [
            ("logs of the last half hour", &["30m"][..]),
            ("past 15 minutes, or 2h", &["15m", "2h"]),
            ("300 pods", &[]),
        ] {
            assert_eq!(amounts(&Words::of(request), numbers::duration), lengths, "{request}");
        }
    }

    #[test]
    fn names_are_accounted_for_part_by_part() {
        let words = Words::of("restart the todo frontend and the bakend in \"staging\"");
        for name in ["frontend", "todo-frontend", "frontends", "backend", "staging", "todo"] {
            assert!(words.account_for(name), "{name}");
        }
        for name in ["postgres", "todo-postgres", "frontend-2", "", "production"] {
            assert!(!words.account_for(name), "{name}");
        }
    }

    #[test]
    fn forms_of_one_word_meet() {
        for (one, other) in [
            ("scaling", "scale"),
            ("stopped", "stop"),
            ("ingresses", "ingress"),
            ("policies", "policy"),
            ("logs", "log"),
            ("deployed", "deploy"),
        ] {
            assert!(resembles(one, other), "{one} {other} ({} {})", stem(one), stem(other));
        }
        for (one, other) in [("web", "db"), ("v2", "v3"), ("pods", "nodes")] {
            assert!(!resembles(one, other), "{one} {other}");
        }
    }
}
