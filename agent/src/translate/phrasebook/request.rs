//! A request with everything that is known about its words before any pattern is tried: which words they
//! are, which kinds they name, and where filler, classes and places stand.

use super::kinds::{KindHit, kind_at};
use super::matcher::{self, Captured};
use super::normalise::{Shape, Token};
use super::pattern::SlotType;
use super::vocabulary::{Role, Vocabulary, WordId};
use super::{Library, Situation};

/// What is known about one token.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The known word that it is.
    pub id: Option<WordId>,
    /// Known words that it is a form of.
    pub bases: Vec<WordId>,
    /// Known words that it may be a slip of; looked for when it is no known word.
    pub slips: Vec<WordId>,
    /// What it may be.
    pub role: Role,
    /// The kind it begins to name.
    pub kind: Option<KindHit>,
    /// Whether it is the name of a namespace.
    pub namespace: bool,
}

/// A stretch of tokens that a pattern may step over.
#[derive(Debug, Clone)]
pub(super) struct Span {
    /// Where it ends.
    pub end: usize,
    /// Whether only a look may step over it.
    pub read_only: bool,
    /// What it says.
    pub captured: Vec<Captured>,
    /// Arguments it sets.
    pub values: Vec<(String, String)>,
}

/// A request, looked at word by word.
pub(super) struct Request<'a> {
    /// The phrasebook's words and patterns.
    pub library: &'a Library,
    /// The world.
    pub situation: &'a Situation,
    /// The tokens.
    pub tokens: &'a [Token],
    /// What is known about each.
    pub facts: Vec<Facts>,
    /// Whether slips of the pen are forgiven.
    pub forgiving: bool,
    /// For every class and position, where the phrases of the class end.
    pub classes: Vec<Vec<Vec<usize>>>,
    /// Filler, by position.
    pub filler: Vec<Vec<Span>>,
    /// Places, by position.
    pub places: Vec<Vec<Span>>,
    present: Vec<u64>,
    has_class: Vec<bool>,
    has_kind: bool,
}

/// Names that namespaces usually have, for when the real ones are not known.
const USUAL_NAMESPACES: &[&str] = &[
    "staging",
    "production",
    "prod",
    "dev",
    "development",
    "qa",
    "uat",
    "preprod",
    "default",
    "kube-system",
];

impl<'a> Request<'a> {
    /// Looks at the tokens.
    pub(super) fn new(
        library: &'a Library,
        situation: &'a Situation,
        tokens: &'a [Token],
        typed_command: bool,
    ) -> Self {
        let facts = tokens
            .iter()
            .enumerate()
            .map(|(position, token)| facts(library, situation, tokens, position, token, typed_command))
            .collect();
        let mut request = Self {
            library,
            situation,
            tokens,
            facts,
            forgiving: false,
            classes: Vec::new(),
            filler: Vec::new(),
            places: Vec::new(),
            present: Vec::new(),
            has_class: Vec::new(),
            has_kind: false,
        };
        request.look();
        request
    }

    /// Looks again, with slips forgiven. False when no word looks like one.
    pub(super) fn forgive(&mut self) -> bool {
        let vocabulary = &self.library.vocabulary;
        let mut any = false;
        for (token, facts) in self.tokens.iter().zip(&mut self.facts) {
            any |= !facts.slips.is_empty();
            // A slip of a kind's name is a kind, unless the word stands where a name does.
            if facts.kind.is_none()
                && let Some(hit) = slip_of_kind(self.situation, vocabulary, token, facts)
            {
                facts.kind = Some(hit);
                any = true;
            }
        }
        if any {
            self.forgiving = true;
            self.look();
        }
        any
    }

    fn look(&mut self) {
        self.has_kind = self.facts.iter().any(|facts| facts.kind.is_some())
            || self.tokens.iter().any(|token| {
                token.word.contains(['/', ','])
                    || matches!(token.word.as_str(), "everything" | "all" | "workloads")
            });
        self.present = vec![0; self.library.vocabulary.len().div_ceil(64)];
        for facts in &self.facts {
            let slips: &[WordId] = if self.forgiving { &facts.slips } else { &[] };
            for id in facts.id.iter().chain(&facts.bases).chain(slips) {
                if let Some(bits) = self.present.get_mut(*id as usize / 64) {
                    *bits |= 1 << (*id % 64);
                }
            }
        }
        let positions = 0..self.tokens.len();
        self.classes = self
            .library
            .classes
            .iter()
            .map(|class| {
                positions
                    .clone()
                    .map(|position| matcher::ends(self, std::slice::from_ref(class), position))
                    .collect()
            })
            .collect();
        self.has_class = self.classes.iter().map(|ends| ends.iter().any(|ends| !ends.is_empty())).collect();
        self.filler = positions.clone().map(|position| self.filler_at(position)).collect();
        self.places = positions.map(|position| self.places_at(position)).collect();
    }

    fn filler_at(&self, position: usize) -> Vec<Span> {
        let plain = |end, read_only| Span { end, read_only, captured: Vec::new(), values: Vec::new() };
        if self.tokens.get(position).is_some_and(|token| token.shape == Shape::Comma) {
            let mut spans = vec![plain(position + 1, false)];
            spans.extend(
                matcher::ends(self, &self.library.wishes, position + 1)
                    .into_iter()
                    .map(|end| plain(end, false)),
            );
            return spans;
        }
        let mut spans: Vec<Span> = Vec::new();
        for (patterns, read_only) in
            [(&self.library.filler, false), (&self.library.wishes, false), (&self.library.read_filler, true)]
        {
            for end in matcher::ends(self, patterns, position) {
                if !spans.iter().any(|span| span.end == end) {
                    spans.push(plain(end, read_only));
                }
            }
        }
        spans
    }

    fn places_at(&self, position: usize) -> Vec<Span> {
        let mut spans = matcher::spans(self, &self.library.scopes, position);
        // "in the qa namespace" is one phrase, and "in the web pod" is none.
        spans.retain(|span| !self.goes_on(span));
        let preposition = ["of", "for", "from", "on", "at", "to"].iter().any(|word| self.is(position, word));
        let the = usize::from(preposition && self.is(position + 1, "the"));
        let named = position + usize::from(preposition) + the;
        if preposition
            && self.facts.get(named).is_some_and(|facts| facts.namespace)
            && let Some(token) = self.tokens.get(named)
        {
            let span = Span {
                end: named + 1,
                read_only: false,
                captured: Vec::new(),
                values: vec![("namespace".to_owned(), token.word.clone())],
            };
            if !self.goes_on(&span) {
                spans.push(span);
            }
        }
        // In "namespace qa" the name belongs to the word before it, in "the qa namespace" to the one after.
        let told = position.checked_sub(1).is_some_and(|before| self.names_namespaces(before));
        if !told
            && !self.names_namespaces(position + 1)
            && !self.names_files(position + 1)
            && self.facts.get(position).is_some_and(|facts| facts.namespace)
            && let Some(token) = self.tokens.get(position)
        {
            spans.push(Span {
                end: position + 1,
                read_only: false,
                captured: Vec::new(),
                values: vec![("namespace".to_owned(), token.word.clone())],
            });
        }
        spans
    }

    fn names_namespaces(&self, position: usize) -> bool {
        ["namespace", "ns", "namespaces"].iter().any(|word| self.is(position, word))
    }

    /// Whether a word names something that lies in no namespace, so that the word before it is its name: the
    /// todo chart is a chart called todo, wherever it goes.
    fn names_files(&self, position: usize) -> bool {
        ["chart", "helm", "image", "dockerfile"].iter().any(|word| self.is(position, word))
    }

    /// Whether a place that ends there is only the beginning of something else.
    fn goes_on(&self, span: &Span) -> bool {
        let named = span
            .end
            .checked_sub(1)
            .and_then(|last| self.facts.get(last))
            .is_some_and(|facts| facts.namespace);
        let place = span.captured.iter().any(|captured| captured.kind == SlotType::Place);
        let namespace = self.names_namespaces(span.end);
        let kind = self.facts.get(span.end).is_some_and(|facts| facts.kind.is_some());
        ((place || named) && namespace) || (place && kind && !named)
    }

    /// Whether the request has what a pattern cannot do without.
    pub(super) fn has(&self, pattern: &super::pattern::Pattern) -> bool {
        pattern.needs.iter().all(|need| {
            (need.kinds && self.has_kind)
                || need.words.iter().any(|id| self.has_word(*id))
                || need.classes.iter().any(|class| self.has_class.get(*class).copied().unwrap_or(false))
        })
    }

    /// Whether a word of the vocabulary is in the request, in any form.
    pub(super) fn has_word(&self, id: WordId) -> bool {
        self.present.get(id as usize / 64).is_some_and(|bits| bits & (1 << (id % 64)) != 0)
    }

    /// The words from `position` on, at most six, up to the next mark.
    pub(super) fn words_from(&self, position: usize, end: usize) -> Vec<&'a str> {
        self.tokens
            .get(position..end)
            .unwrap_or_default()
            .iter()
            .take(6)
            .take_while(|token| token.shape == Shape::Word)
            .map(|token| token.word.as_str())
            .collect()
    }

    /// What a token may be.
    pub(super) fn role(&self, position: usize) -> Role {
        self.facts.get(position).map_or_else(Role::default, |facts| facts.role)
    }

    /// Whether a token only determines what follows.
    pub(super) fn is_determiner(&self, position: usize) -> bool {
        let Some(token) = self.tokens.get(position) else { return false };
        matches!(
            token.word.as_str(),
            "the"
                | "a"
                | "an"
                | "my"
                | "our"
                | "all"
                | "any"
                | "every"
                | "each"
                | "this"
                | "these"
                | "some"
                | "only"
                | "just"
        )
    }

    /// Whether a token is exactly this word.
    pub(super) fn is(&self, position: usize, word: &str) -> bool {
        self.tokens.get(position).is_some_and(|token| token.shape == Shape::Word && token.word == word)
    }
}

fn facts(
    library: &Library,
    situation: &Situation,
    tokens: &[Token],
    position: usize,
    token: &Token,
    typed_command: bool,
) -> Facts {
    if token.shape != Shape::Word {
        return Facts::default();
    }
    let vocabulary = &library.vocabulary;
    let id = vocabulary.find(&token.word);
    let role = id.map_or_else(Role::default, |id| vocabulary.role(id));
    let kind = if role.is(Role::FUNCTION) && !typed_command {
        None
    } else {
        kind_at(&situation.kinds, tokens, position, typed_command)
    };
    let namespace = if situation.namespaces.is_empty() {
        USUAL_NAMESPACES.contains(&token.word.as_str())
    } else {
        situation.namespaces.contains(&token.word)
    };
    let known = id.is_some() || kind.is_some() || namespace || super::numbers::is_number(&token.word);
    Facts {
        id,
        bases: vocabulary.bases(&token.word),
        slips: if known { Vec::new() } else { vocabulary.nearest(&token.word) },
        role,
        kind,
        namespace,
    }
}

/// The kind whose name a word is a slip of.
fn slip_of_kind(
    situation: &Situation,
    vocabulary: &Vocabulary,
    token: &Token,
    facts: &Facts,
) -> Option<KindHit> {
    if token.shape != Shape::Word
        || facts.id.is_some()
        || facts.namespace
        || token.word.len() < 4
        || !token.word.bytes().all(|byte| byte.is_ascii_alphabetic())
        || !vocabulary.bases(&token.word).is_empty()
    {
        return None;
    }
    let most = if token.word.len() >= 8 { 2 } else { 1 };
    for found in situation.kinds.types() {
        for (name, many) in [(&found.plural, true), (&found.singular, false)] {
            if name.len() >= 4
                && name.len().abs_diff(token.word.len()) <= most
                && strsim::osa_distance(name, &token.word) <= most
            {
                return Some(KindHit {
                    taken: 1,
                    singular: found.singular.clone(),
                    plural: found.plural.clone(),
                    many,
                });
            }
        }
    }
    None
}
