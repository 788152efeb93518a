//! What a request speaks about: the kinds, namespaces and possible names among its words.
//!
//! A model that is held to a schema can only choose among these, so it cannot invent a name; one that is not
//! is measured against them afterwards.

use crate::translate::Situation;

use super::declared::Declared;
use super::words::{Words, is_empty_word, resembles, stem};

/// Words before which a namespace stands.
const BEFORE_NAMESPACE: &[&str] = &["in", "-n", "namespace", "ns", "--namespace", "from", "into"];

/// What a request speaks about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Subjects {
    /// Kinds said: their singular and plural names, in the order said.
    pub(super) kinds: Vec<(String, String)>,
    /// Namespaces said.
    pub(super) namespaces: Vec<String>,
    /// Whether every namespace is meant.
    pub(super) everywhere: bool,
    /// Possible names, as typed, with the stem each must not be confused with.
    names: Vec<String>,
}

impl Subjects {
    /// Finds them.
    pub(super) fn of(words: &Words, situation: &Situation) -> Self {
        let mut subjects = Self { everywhere: everywhere(words), ..Self::default() };
        let mut names: Vec<String> = Vec::new();
        let mut skip = false;
        for (place, said) in words.said.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue;
            }
            let typed = words.typed.get(place).map_or(said.as_str(), String::as_str);
            let previous = place.checked_sub(1).and_then(|before| words.said.get(before)).map(String::as_str);
            let next = words.said.get(place + 1).map(String::as_str);
            if let Some((left, right)) = typed.split_once('/')
                && !right.contains('/')
                && let Some(kind) = kind_of(left, situation)
            {
                subjects.add_kind(kind);
                names.push(right.to_owned());
                continue;
            }
            if let Some(kind) = next.and_then(|next| kind_of(&format!("{said}{next}"), situation)) {
                subjects.add_kind(kind);
                skip = true;
                continue;
            }
            // "no" is a short name of nodes and a word; no operator says it in a sentence.
            if said != "no"
                && let Some(kind) = kind_of(said, situation)
            {
                subjects.add_kind(kind);
                continue;
            }
            if is_empty_word(said) {
                continue;
            }
            let known = situation.namespaces.iter().any(|namespace| namespace == said);
            let placed = previous.is_some_and(|previous| BEFORE_NAMESPACE.contains(&previous))
                && (situation.namespaces.is_empty() || next.is_some_and(|next| next == "namespace"));
            if (known || placed || next.is_some_and(|next| next == "namespace"))
                && !subjects.namespaces.contains(said)
            {
                subjects.namespaces.push(said.clone());
            }
            if !super::words::is_number(said) && !names.iter().any(|name| name == typed) {
                names.push(typed.to_owned());
            }
        }
        if subjects.kinds.is_empty() {
            subjects.misspelt_kind(&mut names, situation);
        }
        for quoted in words.quoted.iter().filter(|quoted| !quoted.contains(char::is_whitespace)) {
            if !names.contains(quoted) {
                names.push(quoted.clone());
            }
        }
        subjects.names = names;
        subjects
    }

    fn add_kind(&mut self, kind: (String, String)) {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    /// Takes a name for a kind when it is one typing error away from one ("pdos").
    fn misspelt_kind(&mut self, names: &mut Vec<String>, situation: &Situation) {
        let near = names.iter().enumerate().find_map(|(place, name)| {
            let name = name.to_lowercase();
            situation.kinds.types().iter().find_map(|kind| {
                let close = |known: &str| {
                    known.len() >= 4
                        && name.len() >= 4
                        && known != name
                        && strsim::osa_distance(known, &name) == 1
                };
                (close(&kind.plural) || close(&kind.singular))
                    .then(|| (place, (kind.singular.clone(), kind.plural.clone())))
            })
        });
        if let Some((place, kind)) = near {
            names.remove(place);
            self.add_kind(kind);
        }
    }

    /// The words that could name an object for this tool: without the words of its own phrases, unless only
    /// those are left; and neighbours joined, because "the todo backend" may be `todo-backend`.
    pub(super) fn names_for(&self, declared: &Declared) -> Vec<String> {
        let mut names: Vec<String> =
            self.names.iter().filter(|name| !declared.literals.contains(&stem(name))).cloned().collect();
        let joined: Vec<String> = self
            .names
            .windows(2)
            .filter_map(|pair| match pair {
                [one, other] if names.contains(one) && names.contains(other) => {
                    Some(format!("{one}-{other}"))
                }
                _ => None,
            })
            .collect();
        names.extend(joined);
        names
    }

    /// Whether a kind is among those said.
    pub(super) fn says_kind(&self, kind: &str) -> bool {
        let kind = kind.to_lowercase();
        self.kinds
            .iter()
            .any(|(singular, plural)| *singular == kind || *plural == kind || resembles(plural, &kind))
    }
}

/// The kind a word names, singular or plural, in any form the cluster knows.
fn kind_of(word: &str, situation: &Situation) -> Option<(String, String)> {
    let word = word.to_lowercase();
    let found = situation.kinds.find(&word).or_else(|| {
        let singular = word.strip_suffix('s').filter(|singular| singular.len() > 2)?;
        situation.kinds.find(singular)
    })?;
    Some((found.singular.clone(), found.plural.clone()))
}

fn everywhere(words: &Words) -> bool {
    words.has_any(&[
        "-a",
        "--all-namespaces",
        "everywhere",
        "anywhere",
        "namespaces",
        "cluster",
        "clusterwide",
        "cluster-wide",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::model::tests::situation;

    fn of(request: &str) -> Subjects {
        Subjects::of(&Words::of(request), &situation())
    }

    #[test]
    fn kinds_namespaces_and_names_are_told_apart() {
        for (request, kinds, namespaces, names) in [
            ("describe the frontend service", &["service"][..], &[][..], &["describe", "frontend"][..]),
            ("pods in staging", &["pod"], &["staging"], &["staging"]),
            ("show all config maps", &["configmap"], &[], &["show"]),
            ("restart deploy/web", &["deployment"], &[], &["restart", "web"]),
            ("shwo pdos", &["pod"], &[], &["shwo"]),
            ("pods of the payments namespace", &["pod", "namespace"], &["payments"], &["payments"]),
        ] {
            let found = of(request);
            assert_eq!(
                found.kinds.iter().map(|kind| kind.0.as_str()).collect::<Vec<_>>(),
                kinds,
                "{request}"
            );
            assert_eq!(found.namespaces, namespaces, "{request}");
            assert_eq!(found.names, names, "{request}");
        }
    }

    #[test]
    fn all_is_not_everywhere() {
        assert!(!of("list all pods").everywhere);
        assert!(of("pods in all namespaces").everywhere && of("pods in the cluster").everywhere);
    }
}
