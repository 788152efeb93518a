//! Words that name kinds of objects: every name the API server knows, written together or apart
//! ("config maps"), and a few that people use instead.

use shipmate_tools::kubernetes::{KindIndex, ResourceType};

use super::lexicon;
use super::normalise::{Shape, Token};
use super::vocabulary::singular;

/// A kind named by one word or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KindHit {
    /// How many tokens name it.
    pub taken: usize,
    /// Its singular resource name, with the group when another kind has the bare name.
    pub singular: String,
    /// Its plural resource name, likewise.
    pub plural: String,
    /// Whether several were meant.
    pub many: bool,
}

/// The kind that the tokens at `position` name, the longest name first.
pub(super) fn kind_at(
    index: &KindIndex,
    tokens: &[Token],
    position: usize,
    typed_command: bool,
) -> Option<KindHit> {
    let run: Vec<&str> = tokens
        .get(position..)?
        .iter()
        .take(4)
        .take_while(|token| token.shape == Shape::Word)
        .map(|token| token.word.as_str())
        .collect();
    for taken in (1..=run.len()).rev() {
        let words = run.get(..taken)?;
        if let Some((synonym, plural)) =
            lexicon::KIND_SYNONYMS.iter().find(|(synonym, _)| is_these(synonym, words))
            && let Some(found) = index.find(plural)
        {
            return Some(hit(index, found, taken, synonym.ends_with('s')));
        }
        let joined;
        let word = if let [one] = words {
            *one
        } else if words
            .iter()
            .all(|word| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        {
            joined = words.concat();
            joined.as_str()
        } else {
            continue;
        };
        if taken == 1 && !typed_command && lexicon::NOT_KINDS_IN_PROSE.contains(&word) {
            continue;
        }
        if let Some(found) = index.find(word) {
            let many = word == found.plural && found.plural != found.singular;
            return Some(hit(index, found, taken, many));
        }
        let one = singular(word);
        if one != word
            && let Some(found) = index.find(&one)
        {
            return Some(hit(index, found, taken, true));
        }
    }
    None
}

fn is_these(phrase: &str, words: &[&str]) -> bool {
    phrase.split(' ').eq(words.iter().copied())
}

fn hit(index: &KindIndex, found: &ResourceType, taken: usize, many: bool) -> KindHit {
    let first = index.find(&found.plural).is_some_and(|first| first == found);
    let (singular, plural) = if first || found.group.is_empty() {
        (found.singular.clone(), found.plural.clone())
    } else {
        (format!("{}.{}", found.plural, found.group), format!("{}.{}", found.plural, found.group))
    };
    KindHit { taken, singular, plural, many }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::phrasebook::normalise::tokens;

    #[test]
    fn kinds_are_found_apart_together_short_and_by_what_people_call_them() {
        let index = KindIndex::builtin();
        for (words, plural, taken, many) in [
            ("config maps", "configmaps", 2, true),
            ("persistent volume claim data", "persistentvolumeclaims", 3, false),
            ("persistent volumes", "persistentvolumes", 2, true),
            ("svc", "services", 1, false),
            ("pvcs", "persistentvolumeclaims", 1, true),
            ("autoscaler", "horizontalpodautoscalers", 1, false),
            ("network policies", "networkpolicies", 2, true),
            ("cluster role bindings", "clusterrolebindings", 3, true),
        ] {
            let hit = kind_at(&index, &tokens(words), 0, false).expect(words);
            assert_eq!((hit.plural.as_str(), hit.taken, hit.many), (plural, taken, many), "{words}");
        }
        assert_eq!(kind_at(&index, &tokens("no"), 0, false), None);
        assert!(kind_at(&index, &tokens("no"), 0, true).is_some());
        assert_eq!(kind_at(&index, &tokens("banana split"), 0, false), None);
    }
}
