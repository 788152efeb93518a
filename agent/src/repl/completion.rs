//! What Tab offers: slash commands and what they take, verbs of the tools, kinds, namespaces, names of objects,
//! files. What fits depends on the words before; the names come from a [`Source`].

use shipmate_tools::catalog;
use shipmate_tools::kubernetes::{KindIndex, ResourceType};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::slash::{self, Argument};

/// Kinds whose objects people name without saying the kind.
const NAMED_KINDS: [&str; 5] =
    ["deployments.apps", "statefulsets.apps", "daemonsets.apps", "services", "pods"];

/// Words between a place and what says that it is one: "in the staging".
const ARTICLES: [&str; 2] = ["the", "my"];

/// Where names come from; the live cluster, or a test.
pub(super) trait Source {
    /// The kinds.
    fn kinds(&self) -> Arc<KindIndex>;
    /// The namespaces.
    fn namespaces(&self) -> Vec<String>;
    /// The namespace that is meant when none is said.
    fn namespace(&self) -> Option<String>;
    /// The contexts.
    fn contexts(&self) -> Vec<String>;
    /// Names of objects of these kinds.
    fn objects(&self, kinds: &[&ResourceType], namespace: Option<&str>) -> Vec<String>;
}

/// What fits at a position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fitting {
    /// These words, from this byte on.
    Words(usize, Vec<String>),
    /// A path of the file system.
    Path,
}

/// What fits into `line` at its byte `position`.
pub(super) fn fitting(line: &str, position: usize, source: &dyn Source) -> Fitting {
    let head = line.get(..position).unwrap_or(line);
    let start = head.rfind(char::is_whitespace).map_or(0, |at| at + head.get(at..).map_or(1, first_length));
    let word = head.get(start..).unwrap_or_default();
    let before: Vec<String> =
        head.get(..start).unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
    if head.trim_start().starts_with('/') {
        return Fitting::Words(start, slash_words(&before, word, source));
    }
    if let Some((kind, name)) = word.split_once('/') {
        let kinds = source.kinds();
        let Some(found) = kinds.find(kind) else { return Fitting::Path };
        let names = source.objects(&[found], said_namespace(line, source).as_deref());
        return Fitting::Words(start + kind.len() + 1, matching(name, names));
    }
    if word.starts_with('.') || word.starts_with('~') {
        return Fitting::Path;
    }
    Fitting::Words(start, matching(word, request_words(line, &before, word, source)))
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

fn slash_words(before: &[String], word: &str, source: &dyn Source) -> Vec<String> {
    let command = match before {
        [] => {
            let names = slash::COMMANDS.iter().map(|command| format!("/{}", command.name));
            return matching(word, names.collect());
        }
        [name] => slash::COMMANDS.iter().find(|command| name.strip_prefix('/') == Some(command.name)),
        _ => None,
    };
    let candidates = match command.map(|command| command.argument) {
        Some(Argument::Context) => source.contexts(),
        Some(Argument::Namespace) => source.namespaces(),
        Some(Argument::Tool) => catalog::all().iter().map(|entry| entry.tool.name().to_owned()).collect(),
        Some(Argument::Model) => vec!["off".to_owned()],
        Some(Argument::Nothing | Argument::Count) | None => Vec::new(),
    };
    matching(word, candidates)
}

fn request_words(line: &str, before: &[String], word: &str, source: &dyn Source) -> Vec<String> {
    let spoken: Vec<&str> =
        before.iter().map(String::as_str).filter(|word| !ARTICLES.contains(word)).collect();
    match spoken.last().copied() {
        None => {
            let mut words = verbs();
            if !word.is_empty() {
                words.extend(kind_words(&source.kinds()));
            }
            words
        }
        Some("-n" | "--namespace" | "namespace" | "in" | "into") => source.namespaces(),
        Some("--context" | "context") => source.contexts(),
        Some(previous) => {
            let kinds = source.kinds();
            let namespace = said_namespace(line, source);
            if let Some(kind) = kinds.find(previous) {
                let mut names = source.objects(&[kind], namespace.as_deref());
                names.extend(["in".to_owned(), "named".to_owned()]);
                return names;
            }
            let named: Vec<&ResourceType> = NAMED_KINDS.iter().filter_map(|kind| kinds.find(kind)).collect();
            let mut words = source.objects(&named, namespace.as_deref());
            words.extend(source.namespaces());
            if !word.is_empty() {
                words.extend(kind_words(&kinds));
            }
            words
        }
    }
}

/// The namespace that a line names, else the one that is meant anyway.
fn said_namespace(line: &str, source: &dyn Source) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().filter(|word| !ARTICLES.contains(word)).collect();
    let said = words.windows(2).find_map(|pair| match pair {
        ["-n" | "--namespace" | "namespace" | "in", name] => Some(*name),
        [name, "namespace"] => Some(*name),
        _ => None,
    });
    let said = said.filter(|name| source.namespaces().iter().any(|known| known == name));
    said.map(str::to_owned).or_else(|| source.namespace())
}

fn kind_words(kinds: &KindIndex) -> Vec<String> {
    kinds.types().iter().flat_map(|kind| [kind.plural.clone(), kind.singular.clone()]).collect()
}

/// The words that phrases of the tools begin with.
fn verbs() -> Vec<String> {
    let verbs: BTreeSet<String> = catalog::all()
        .iter()
        .flat_map(|entry| entry.tool.phrases())
        .flat_map(|phrase| first_words(phrase))
        .collect();
    verbs.into_iter().collect()
}

/// The literal words that a phrase can begin with: `(show|list) [me] …` begins with show or list.
fn first_words(phrase: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = phrase.trim_start();
    loop {
        let (closing, optional) = match rest.chars().next() {
            Some('(') => (')', false),
            Some('[') => (']', true),
            Some('{') | None => return words,
            Some(_) => {
                words.extend(rest.split_whitespace().next().and_then(plain_word));
                return words;
            }
        };
        let Some((group, after)) = rest.get(1..).and_then(|inner| inner.split_once(closing)) else {
            return words;
        };
        let alternatives = group.split('|').filter_map(|option| option.split_whitespace().next());
        words.extend(alternatives.filter_map(plain_word));
        if !optional {
            return words;
        }
        rest = after.trim_start();
    }
}

fn plain_word(word: &str) -> Option<String> {
    let plain =
        word.len() > 1 && word.chars().all(|character| character.is_ascii_alphabetic() || character == '-');
    plain.then(|| word.to_owned())
}

/// Those that begin with the word; when none does, the only one that contains it ("backend" → "todo-backend").
fn matching(word: &str, mut candidates: Vec<String>) -> Vec<String> {
    candidates.sort();
    candidates.dedup();
    let lower = word.to_lowercase();
    let (beginning, others): (Vec<String>, Vec<String>) =
        candidates.into_iter().partition(|candidate| candidate.to_lowercase().starts_with(&lower));
    if !beginning.is_empty() {
        return beginning;
    }
    let mut containing = others.into_iter().filter(|candidate| candidate.to_lowercase().contains(&lower));
    match (containing.next(), containing.next()) {
        (Some(only), None) => vec![only],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shop;

    impl Source for Shop {
        fn kinds(&self) -> Arc<KindIndex> {
            Arc::new(KindIndex::builtin())
        }
        fn namespaces(&self) -> Vec<String> {
            ["default", "shop", "staging"].map(str::to_owned).to_vec()
        }
        fn namespace(&self) -> Option<String> {
            Some("shop".to_owned())
        }
        fn contexts(&self) -> Vec<String> {
            ["dev", "prod"].map(str::to_owned).to_vec()
        }
        fn objects(&self, kinds: &[&ResourceType], namespace: Option<&str>) -> Vec<String> {
            let place = namespace.unwrap_or("everywhere");
            kinds.iter().map(|kind| format!("{}-{place}", kind.singular)).collect()
        }
    }

    fn offered(line: &str) -> Vec<String> {
        match fitting(line, line.len(), &Shop) {
            Fitting::Words(_, words) => words,
            Fitting::Path => vec!["(path)".to_owned()],
        }
    }

    #[test]
    fn slash_commands_and_what_they_take() {
        assert_eq!(offered("/h"), ["/help", "/history"]);
        assert_eq!(offered("/context "), ["dev", "prod"]);
        assert_eq!(offered("/namespace s"), ["shop", "staging"]);
        assert_eq!(offered("/tools scal"), ["scale"]);
        assert_eq!(offered("/model "), ["off"]);
        assert!(offered("/exit ").is_empty() && offered("/context dev ").is_empty());
    }

    #[test]
    fn a_line_begins_with_a_verb_or_a_kind() {
        assert!(offered("sca").contains(&"scale".to_owned()));
        assert_eq!(offered("statefulsets"), ["statefulsets"]);
    }

    #[test]
    fn a_kind_is_followed_by_its_objects_of_the_namespace_that_is_said() {
        assert_eq!(offered("describe service serv"), ["service-shop"]);
        assert_eq!(offered("logs of pod pod-st"), Vec::<String>::new());
        assert_eq!(
            fitting("logs of pod pod in staging", 15, &Shop),
            Fitting::Words(12, vec!["pod-staging".to_owned()])
        );
        assert_eq!(offered("describe deploy/dep"), ["deployment-shop"]);
    }

    #[test]
    fn places_after_what_announces_them() {
        for line in ["show pods in st", "show pods in the st", "show pods -n st", "pods of namespace st"] {
            assert_eq!(offered(line), ["staging"], "{line}");
        }
    }

    #[test]
    fn a_part_of_the_only_name_that_holds_it() {
        assert_eq!(offered("get logs from ment-sh"), ["deployment-shop"]);
        assert_eq!(offered("get logs from -shop"), Vec::<String>::new());
    }

    #[test]
    fn paths_are_for_the_file_system() {
        for line in ["apply ./mani", "apply manifests/ba", "apply ~/x"] {
            assert_eq!(offered(line), ["(path)"], "{line}");
        }
    }

    #[test]
    fn phrases_begin_with_their_literal_words() {
        assert_eq!(first_words("(give|set) {object} [to] {replicas:count}"), ["give", "set"]);
        assert_eq!(first_words("[please] scale {object}"), ["please", "scale"]);
        assert!(first_words("{object} replicas {replicas:count}").is_empty());
    }

    #[test]
    fn a_position_inside_a_character_is_no_panic() {
        assert_eq!(fitting("é", 1, &Shop), Fitting::Words(0, Vec::new()));
    }
}
