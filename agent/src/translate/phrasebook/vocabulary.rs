//! The words that patterns are made of, as numbers, and how typed words find them: plural forms, verb forms
//! and small typos.
//!
//! The forms are worked out on the typed word only. A pattern's word stands for itself and its plural; that
//! "scaling" may be "scale" is the typed word's affair, so that a pattern can still say "running" and mean it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::lexicon;

/// A word of the vocabulary.
pub(super) type WordId = u32;

/// What a word may be, besides a word of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Role(u8);

impl Role {
    pub(super) const FUNCTION: Self = Self(1);
    pub(super) const VERB: Self = Self(2);
    pub(super) const ADJECTIVE: Self = Self(4);
    pub(super) const CONCEPT: Self = Self(8);
    pub(super) const VAGUE: Self = Self(16);
    pub(super) const PRONOUN: Self = Self(32);
    pub(super) const AFTER_NAME: Self = Self(64);
    pub(super) const LITERAL: Self = Self(128);

    /// Whether it is any of `roles`.
    pub(super) const fn is(self, roles: Self) -> bool {
        self.0 & roles.0 != 0
    }

    /// Both.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

struct Entry {
    word: Cow<'static, str>,
    letters: u32,
    role: Role,
}

/// Every known word.
pub(super) struct Vocabulary {
    ids: HashMap<Cow<'static, str>, WordId>,
    entries: Vec<Entry>,
}

impl Vocabulary {
    /// The lexicon's words; patterns add theirs.
    pub(super) fn new() -> Self {
        let mut vocabulary = Self { ids: HashMap::with_capacity(2048), entries: Vec::with_capacity(2048) };
        for (words, role) in [
            (lexicon::FUNCTION, Role::FUNCTION),
            (lexicon::VERBS, Role::VERB),
            (lexicon::ADJECTIVES, Role::ADJECTIVE),
            (lexicon::CONCEPTS, Role::CONCEPT),
            (lexicon::VAGUE, Role::VAGUE),
            (lexicon::PRONOUNS, Role::PRONOUN),
            (lexicon::NOUNS_AFTER_NAMES, Role::AFTER_NAME),
        ] {
            for word in words.split_whitespace() {
                vocabulary.add(Cow::Borrowed(word), role);
            }
        }
        vocabulary
    }

    /// The number of a word, which is added when it is new.
    pub(super) fn add(&mut self, word: Cow<'static, str>, role: Role) -> WordId {
        let word = match word {
            Cow::Borrowed(word) => singular(word),
            Cow::Owned(word) => Cow::Owned(singular(&word).into_owned()),
        };
        if let Some(&id) = self.ids.get(&word) {
            if let Some(entry) = self.entries.get_mut(id as usize) {
                entry.role = entry.role.or(role);
            }
            return id;
        }
        let id = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { letters: letters(&word), word: word.clone(), role });
        self.ids.insert(word, id);
        id
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of a typed word.
    pub(super) fn find(&self, word: &str) -> Option<WordId> {
        self.ids.get(singular(word).as_ref()).copied()
    }

    /// A word by its number.
    #[cfg(test)]
    pub(super) fn word(&self, id: WordId) -> &str {
        self.entries.get(id as usize).map_or("", |entry| &entry.word)
    }

    /// What a word may be.
    pub(super) fn role(&self, id: WordId) -> Role {
        self.entries.get(id as usize).map_or_else(Role::default, |entry| entry.role)
    }

    /// Whether a typed word is a verb with an `s`, as nouns of many and verbs of others have it.
    pub(super) fn is_verb_with_s(&self, id: WordId, typed: &str) -> bool {
        self.entries.get(id as usize).is_some_and(|entry| entry.role.is(Role::VERB) && entry.word != typed)
    }

    /// The words that a typed word may be an inflected form of.
    pub(super) fn bases(&self, word: &str) -> Vec<WordId> {
        let mut found = Vec::new();
        for ending in ["ing", "ed"] {
            let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() >= 2) else { continue };
            let mut candidates = vec![stem.to_owned(), format!("{stem}e")];
            let mut reversed = stem.chars().rev();
            if let (Some(last), Some(before)) = (reversed.next(), reversed.next()) {
                if last == before {
                    candidates.push(stem.strip_suffix(last).unwrap_or(stem).to_owned());
                }
                if last == 'i' && ending == "ed" {
                    candidates.push(format!("{}y", stem.strip_suffix('i').unwrap_or(stem)));
                }
            }
            found.extend(candidates.iter().filter_map(|candidate| self.ids.get(candidate.as_str())).copied());
        }
        found
    }

    /// The known words a typed word may be a slip of: one edit, two when it is long.
    pub(super) fn nearest(&self, word: &str) -> Vec<WordId> {
        let length = word.chars().count();
        if length < 4 || !word.chars().all(|c| c.is_ascii_alphabetic()) {
            return Vec::new();
        }
        let most = if length >= 8 { 2 } else { 1 };
        let own = letters(word);
        let plain = singular(word);
        let mut found: Vec<(usize, WordId)> = Vec::new();
        for (id, entry) in self.entries.iter().enumerate() {
            if entry.word.len().abs_diff(plain.len()) > most
                || entry.word.len() < 3
                || (entry.letters ^ own).count_ones() as usize > 2 * most + 1
            {
                continue;
            }
            // "undelete" is another verb, not a slip of "delete".
            let opposite = ["un", "re", "de", "dis"]
                .iter()
                .any(|prefix| plain.strip_prefix(prefix).is_some_and(|stem| stem == entry.word));
            let distance = strsim::osa_distance(&entry.word, &plain);
            if !opposite
                && distance <= most
                && (entry.word.len() >= 4 || transposed(&entry.word, &plain))
                && let Ok(id) = u32::try_from(id)
            {
                found.push((distance, id));
            }
        }
        found.sort_unstable();
        let best = found.first().map(|(distance, _)| *distance);
        found.into_iter().filter(|(distance, _)| Some(*distance) == best).map(|(_, id)| id).take(4).collect()
    }

    /// Whether `typed` is a slip of the word so small that even a change may rest on it: the same letters in
    /// another order, or one letter too many, too few or other than the first.
    pub(super) fn is_close(&self, id: WordId, typed: &str) -> bool {
        let Some(entry) = self.entries.get(id as usize) else { return false };
        let typed = singular(typed);
        strsim::osa_distance(&entry.word, &typed) <= 1
            && (transposed(&entry.word, &typed)
                || entry.word.len() >= 5
                    && entry.word.len() != typed.len()
                    && entry.word.chars().next() == typed.chars().next())
    }
}

/// Whether two words have the same letters.
fn transposed(one: &str, other: &str) -> bool {
    let sorted = |word: &str| {
        let mut bytes: Vec<u8> = word.bytes().collect();
        bytes.sort_unstable();
        bytes
    };
    one.len() == other.len() && sorted(one) == sorted(other)
}

/// The letters of a word as bits.
fn letters(word: &str) -> u32 {
    word.bytes().filter(u8::is_ascii_lowercase).fold(0, |bits, byte| bits | 1 << (byte - b'a'))
}

/// The singular of a regular plural; other words as they are.
pub(super) fn singular(word: &str) -> Cow<'_, str> {
    if word.len() < 4
        || !word.ends_with('s')
        || word.ends_with("ss")
        || word.ends_with("us")
        || word.ends_with("is")
    {
        return Cow::Borrowed(word);
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return Cow::Owned(format!("{stem}y"));
    }
    for ending in ["sses", "xes", "shes", "tches"] {
        if word.ends_with(ending) {
            return Cow::Borrowed(word.strip_suffix("es").unwrap_or(word));
        }
    }
    Cow::Borrowed(word.strip_suffix('s').unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_and_verb_forms_find_their_word() {
        let mut words = Vocabulary::new();
        let scale = words.add(Cow::Borrowed("scale"), Role::LITERAL);
        let run = words.add(Cow::Borrowed("run"), Role::LITERAL);
        let policy = words.add(Cow::Borrowed("policies"), Role::LITERAL);
        assert_eq!(words.find("scales"), Some(scale));
        assert_eq!(words.find("policy"), Some(policy));
        assert!(words.bases("scaling").contains(&scale));
        assert!(words.bases("scaled").contains(&scale));
        assert!(words.bases("running").contains(&run));
    }

    #[test]
    fn slips_find_the_nearest_word_but_other_words_do_not() {
        let mut words = Vocabulary::new();
        let describe = words.add(Cow::Borrowed("describe"), Role::LITERAL);
        let restart = words.add(Cow::Borrowed("restart"), Role::LITERAL);
        assert_eq!(words.nearest("decsribe"), [describe]);
        assert!(words.is_close(restart, "restrat"));
        assert!(words.is_close(restart, "restat"));
        assert!(!words.is_close(restart, "destart"));
        assert!(words.nearest("restore").is_empty() || words.find("restore").is_some());
    }
}
