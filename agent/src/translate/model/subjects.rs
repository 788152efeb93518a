//! What a request speaks about: the kinds, namespaces and possible names among its words.
//!
//! A model that is held to a schema can only choose among these, so it cannot invent a name; one that is not
//! is measured against them afterwards.

use crate::translate::Situation;
use crate::translate::phrasebook::{lexicon, numbers};

use super::declared::{Declared, tools};
use super::words::{Words, is_empty_word, resembles, stem};

/// Words before which a namespace stands.
const SURELY_BEFORE_NAMESPACE: &[&str] = &["in", "-n", "--namespace", "into", "inside", "within"];
/// Words before which a namespace may stand, where its name is known.
const BEFORE_NAMESPACE: &[&str] = &[
    "in",
    "-n",
    "--namespace",
    "from",
    "into",
    "inside",
    "within",
    "across",
    "on",
    "to",
    "of",
    "for",
    "over",
];
/// Words that may stand between: "in namespace staging", "in the staging namespace".
const NAMESPACE: &[&str] = &["namespace", "ns"];

/// Words that stand for things without naming one.
const NO_NAMES: &[&str] =
    &["everything", "anything", "something", "stuff", "thing", "things", "ones", "rest", "others"];
/// Words between things and their owner: "pods of the worker".
pub(super) const BELONGING: &[&str] = &["of", "behind", "belonging", "owned", "by", "for", "from"];

/// What a request speaks about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Subjects {
    /// Kinds said: their singular and plural names, in the order said.
    pub(super) kinds: Vec<(String, String)>,
    /// Namespaces said as such: "in staging", "the staging namespace".
    pub(super) namespaces: Vec<String>,
    /// Words that are names of namespaces too, wherever they stand: "todo pods".
    pub(super) also_namespaces: Vec<String>,
    /// Whether every namespace is meant.
    pub(super) everywhere: bool,
    /// Whether the kind is said of another object: "pods of the worker".
    pub(super) owned: bool,
    /// A misspelt kind, and the kind.
    pub(super) misspelt: Option<(String, String)>,
    /// Names that stand side by side.
    neighbours: Vec<(String, String)>,
    /// Possible names, as typed, with the stem each must not be confused with.
    names: Vec<String>,
}

impl Subjects {
    /// Finds them.
    pub(super) fn of(words: &Words, situation: &Situation) -> Self {
        let mut subjects = Self { everywhere: everywhere(words), ..Self::default() };
        let mut names: Vec<String> = Vec::new();
        let mut skip = 0_usize;
        for (place, said) in words.said.iter().enumerate() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let typed = words.typed.get(place).map_or(said.as_str(), String::as_str);
            let next = words.said.get(place + 1).map(String::as_str);
            if let Some((left, right)) = typed.split_once('/')
                && !right.contains('/')
                && let Some(kind) = kind_of(left, situation)
            {
                subjects.add_kind(kind);
                names.push(right.to_owned());
                continue;
            }
            if is_every_namespace(words, place) {
                subjects.everywhere = true;
                continue;
            }
            let after = words.said.get(place + 2).map_or("", String::as_str);
            let longer = next.and_then(|next| {
                kind_of(&format!("{said}{next}{after}"), situation)
                    .map(|kind| (2, kind))
                    .or_else(|| kind_of(&format!("{said}{next}"), situation).map(|kind| (1, kind)))
            });
            if let Some((more, kind)) = longer {
                subjects.add_kind(kind);
                skip = more;
                continue;
            }
            // "The shop namespace", "in namespace shop": a place, not a kind to be listed.
            let placing = NAMESPACE.contains(&said.as_str())
                && (place.checked_sub(1).and_then(|before| words.said.get(before)).is_some_and(|before| {
                    subjects.namespaces.contains(before)
                        || BEFORE_NAMESPACE.contains(&before.as_str()) && next.is_some()
                }));
            if placing {
                continue;
            }
            // "no" is a short name of nodes and a word; no operator says it in a sentence.
            if said != "no"
                && let Some(kind) = kind_of(said, situation)
            {
                let many = kind.1 == *said;
                subjects.owned |= many && next.is_some_and(|next| BELONGING.contains(&next));
                subjects.add_kind(kind);
                continue;
            }
            if is_empty_word(said) {
                continue;
            }
            let known = situation.namespaces.iter().any(|namespace| namespace == said);
            let numeric = super::words::is_number(said) || numbers::is_unit(said);
            let announced = words.said.get(..place).is_some_and(|before| {
                let mut before = before
                    .iter()
                    .rev()
                    .map(String::as_str)
                    .filter(|word| !matches!(*word, "the" | "my" | "our"));
                let first = before.next();
                let placed =
                    if first.is_some_and(|word| NAMESPACE.contains(&word)) { before.next() } else { first };
                placed.is_some_and(|word| {
                    known && BEFORE_NAMESPACE.contains(&word)
                        || situation.namespaces.is_empty()
                            && !numeric
                            && SURELY_BEFORE_NAMESPACE.contains(&word)
                })
            });
            let called = next.is_some_and(|next| NAMESPACE.contains(&next));
            let named = called
                && (known
                    || place
                        .checked_sub(1)
                        .and_then(|before| words.said.get(before))
                        .is_some_and(|word| matches!(word.as_str(), "the" | "in" | "my" | "our")));
            if named || announced {
                if !subjects.namespaces.contains(said) {
                    subjects.namespaces.push(said.clone());
                }
                continue;
            }
            if known && !subjects.also_namespaces.contains(said) {
                subjects.also_namespaces.push(said.clone());
            }
            if !super::words::is_number(said)
                && !numbers::is_unit(said)
                && !names.iter().any(|name| name == typed)
            {
                let beside = place.checked_sub(1).and_then(|before| words.typed.get(before));
                if let Some(before) = names.last().filter(|before| Some(*before) == beside) {
                    subjects.neighbours.push((before.clone(), typed.to_owned()));
                }
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
            let form = stem(&name);
            if tools().iter().any(|declared| declared.literals.contains(&form)) {
                return None;
            }
            situation.kinds.types().iter().find_map(|kind| {
                let close = |known: &str| {
                    known.len() >= 4
                        && name.chars().all(char::is_alphabetic)
                        && name.len() >= 4
                        && known != name
                        && strsim::osa_distance(known, &name) == 1
                };
                (close(&kind.plural) || close(&kind.singular))
                    .then(|| (place, (kind.singular.clone(), kind.plural.clone())))
            })
        });
        if let Some((place, kind)) = near {
            self.misspelt = Some((names.remove(place), kind.1.clone()));
            self.add_kind(kind);
        }
    }

    /// The words that could name something for this tool: without the words of its own phrases and the
    /// namespaces; and neighbours joined, because "the todo backend" may be `todo-backend`.
    pub(super) fn names_for(&self, declared: &Declared) -> Vec<String> {
        let namespaces = self.namespaces_for(declared);
        let mut names: Vec<String> = self
            .plain_names(declared)
            .filter(|name| !namespaces.contains(&name.to_lowercase()))
            .cloned()
            .collect();
        let joined: Vec<String> = self
            .neighbours
            .iter()
            .filter(|(one, other)| names.contains(one) && names.contains(other))
            .map(|(one, other)| format!("{one}-{other}"))
            .collect();
        names.extend(joined);
        names
    }

    /// The namespaces that could be meant for this tool. A word that is the name of one too is one for a tool
    /// that lists ("todo pods") and beside another name ("the staging backend"); alone it rather names the
    /// thing itself ("the todo chart").
    pub(super) fn namespaces_for(&self, declared: &Declared) -> Vec<String> {
        let mut namespaces = self.namespaces.clone();
        let other =
            self.plain_names(declared).any(|name| !self.also_namespaces.contains(&name.to_lowercase()));
        if declared.lists() || other {
            namespaces.extend(self.also_namespaces.iter().cloned());
        }
        namespaces
    }

    /// Every word that could be a name, for any tool.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &String> {
        self.names.iter().filter(|name| !NO_NAMES.contains(&name.to_lowercase().as_str()))
    }

    /// Possible names, without words of the tool's own phrases, flags, settings and words for no one thing.
    fn plain_names<'s>(&'s self, declared: &'s Declared) -> impl Iterator<Item = &'s String> {
        self.names.iter().filter(|name| {
            !declared.literals.contains(&stem(name))
                && !declared.literals.iter().any(|word| is_shuffled(word, name))
                && !name.contains(['=', '\'', '’'])
                && !name.starts_with('-')
                && !NO_NAMES.contains(&name.to_lowercase().as_str())
        })
    }

    /// Whether a kind is among those said.
    pub(super) fn says_kind(&self, kind: &str) -> bool {
        let kind = kind.to_lowercase();
        self.kinds
            .iter()
            .any(|(singular, plural)| *singular == kind || *plural == kind || resembles(plural, &kind))
    }
}

/// Whether two words have the same letters in another order: "shwo" is no name.
fn is_shuffled(word: &str, name: &str) -> bool {
    word.len() == name.len() && word.len() >= 4 && strsim::osa_distance(word, &name.to_lowercase()) == 1 && {
        let sorted = |text: &str| {
            let mut letters: Vec<char> = text.to_lowercase().chars().collect();
            letters.sort_unstable();
            letters
        };
        sorted(word) == sorted(name)
    }
}

/// The kind a word names, singular or plural, in any form the cluster knows.
fn kind_of(word: &str, situation: &Situation) -> Option<(String, String)> {
    let word = word.to_lowercase();
    let singular = word.strip_suffix('s').filter(|singular| singular.len() > 2).unwrap_or(&word);
    let meant = lexicon::KIND_SYNONYMS.iter().find(|(said, _)| *said == word || *said == singular);
    let found = situation
        .kinds
        .find(&word)
        .or_else(|| situation.kinds.find(singular))
        .or_else(|| situation.kinds.find(meant?.1))?;
    Some((found.singular.clone(), found.plural.clone()))
}

/// "In all namespaces", "every namespace": a place, where "all namespaces" alone asks for them.
fn is_every_namespace(words: &Words, place: usize) -> bool {
    let back =
        |steps: usize| place.checked_sub(steps).and_then(|at| words.said.get(at)).map_or("", String::as_str);
    let every = matches!(back(1), "all" | "every" | "each" | "any") || back(1) == "the" && back(2) == "all";
    match words.said.get(place).map(String::as_str) {
        Some("namespace") => every,
        Some("namespaces") => {
            let before = if back(1) == "the" { back(3) } else { back(2) };
            every && BEFORE_NAMESPACE.contains(&before) || matches!(back(1), "across" | "over")
        }
        _ => false,
    }
}

fn everywhere(words: &Words) -> bool {
    words.has_any(&[
        "-a",
        "--all-namespaces",
        "everywhere",
        "anywhere",
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
            ("pods in staging", &["pod"], &["staging"], &[]),
            ("show all config maps", &["configmap"], &[], &["show"]),
            ("restart deploy/web", &["deployment"], &[], &["restart", "web"]),
            ("shwo pdos", &["pod"], &[], &["shwo"]),
            ("pods of the payments namespace", &["pod"], &["payments"], &[]),
            ("jobs in namespace staging", &["job"], &["staging"], &[]),
            ("persistent volume claims", &["persistentvolumeclaim"], &[], &[]),
            ("delete namespace staging", &["namespace"], &[], &["delete", "staging"]),
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
    fn without_a_list_of_namespaces_only_plain_places_are_some() {
        let nowhere = Situation { namespaces: Vec::new(), ..situation() };
        let of = |request: &str| Subjects::of(&Words::of(request), &nowhere).namespaces;
        assert_eq!(of("pods in payments"), ["payments"]);
        assert!(of("scale web up to ten").is_empty() && of("logs of web in two minutes").is_empty());
        assert!(of("rolling restart of the web deployment").is_empty());
    }

    #[test]
    fn all_is_not_everywhere() {
        assert!(!of("list all pods").everywhere);
        assert!(!of("list all namespaces").everywhere && of("jobs in every namespace").everywhere);
        assert!(of("pods in all namespaces").everywhere && of("pods in the cluster").everywhere);
    }
}
