//! The phrase language of `docs/phrases.md`: from a pattern as a tool declares it to a small program.
//!
//! Programs are run by `matcher` with backtracking. Each also says which words it cannot do without, so that
//! a request tries only the few patterns that can fit it.

use thiserror::Error;

use super::super::phrase_language::{self, Part, Parts};
use super::lexicon;
use super::vocabulary::{Vocabulary, WordId, singular};

/// Why a pattern is none.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub(super) enum PatternError {
    /// A bracket that is never closed, or closed and never opened.
    #[error("unbalanced {0:?}")]
    Unbalanced(char),
    /// A class that the lexicon does not have.
    #[error("unknown class <{0}>")]
    UnknownClass(String),
    /// A type that is not in the language.
    #[error("unknown type {0:?}")]
    UnknownType(String),
    /// A value without an argument.
    #[error("{0:?} is not argument=value")]
    BadValue(String),
    /// A slot or a value of an argument that the tool does not have.
    #[error("the tool has no argument {0:?}")]
    UnknownArgument(String),
    /// A value mentions a slot that the pattern does not have.
    #[error("no slot is called {0:?}")]
    UnknownSlot(String),
    /// Any request would fit.
    #[error("it has no word that must be there")]
    FitsAnything,
    /// The vocabulary was never told of it.
    #[error("the word {0:?} was not learnt")]
    UnlearntWord(String),
}

/// The type of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotType {
    /// An object, into one argument or into `kind` and `name`.
    Object,
    /// Kinds.
    Kinds,
    /// One kind.
    Kind,
    /// A count.
    Count,
    /// A duration.
    Duration,
    /// A quantity.
    Quantity,
    /// One word as typed.
    Word,
    /// One word as typed, whatever else it means ("never", "off"), where a word of the pattern leads to it.
    Value,
    /// A quotation, or the rest.
    Text,
    /// A command line.
    Command,
    /// A path.
    Path,
    /// One word that stands in the phrase and fills nothing ("from staging to production").
    Any,
    /// An image.
    Image,
    /// An image that says its tag or its registry, so that it can be nothing else.
    Tagged,
    /// The name of a variable, in capitals.
    Variable,
    /// A field by its name in the API (`minReadySeconds`) or its path (`spec.paused`).
    Field,
    /// A number of hundredths.
    Percent,
    /// `a.b=c`.
    Assignment,
    /// `key=value`.
    Label,
    /// A namespace, because the pattern says so.
    Namespace,
    /// A namespace, if the word can be one.
    Place,
}

impl SlotType {
    fn parse(word: &str) -> Result<Self, PatternError> {
        Ok(match word {
            "object" => Self::Object,
            "kinds" => Self::Kinds,
            "kind" => Self::Kind,
            "count" => Self::Count,
            "duration" => Self::Duration,
            "quantity" => Self::Quantity,
            "word" => Self::Word,
            "value" => Self::Value,
            "any" => Self::Any,
            "text" => Self::Text,
            "command" => Self::Command,
            "path" => Self::Path,
            "image" => Self::Image,
            "tagged" => Self::Tagged,
            "variable" => Self::Variable,
            "field" => Self::Field,
            "percent" => Self::Percent,
            "assignment" => Self::Assignment,
            "label" => Self::Label,
            "namespace" => Self::Namespace,
            "place" => Self::Place,
            other => return Err(PatternError::UnknownType(other.to_owned())),
        })
    }
}

/// A slot of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// The argument it fills; none for `{object}`, which fills `kind` and `name`.
    pub argument: Option<String>,
    /// Its type.
    pub kind: SlotType,
}

impl Pattern {
    /// The first argument it fills that `known` does not know; parts of values are none.
    pub(super) fn unknown_argument(&self, known: impl Fn(&str) -> bool) -> Option<&str> {
        let part = |name: &str| self.values.iter().any(|(_, value)| value.contains(&format!("{{{name}}}")));
        let slots = self.slots.iter().map(|slot| slot.argument.as_deref().unwrap_or("name"));
        let values = self.values.iter().map(|(name, _)| name.as_str());
        slots.filter(|name| *name != "_" && !part(name)).chain(values).find(|name| !known(name))
    }
}

/// One step of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// This word; whether the pattern writes it in the plural.
    Word(WordId, bool),
    /// A phrase of this class.
    Class(usize),
    /// A value.
    Slot(usize),
    /// Either way.
    Split(usize, usize),
    /// Go on there.
    Jump(usize),
    /// Done.
    End,
}

/// One of the things a request must have for a pattern to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Need {
    /// One of these words.
    pub words: Vec<WordId>,
    /// Or a phrase of one of these classes.
    pub classes: Vec<usize>,
    /// Or the name of a kind.
    pub kinds: bool,
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// As it was written.
    pub source: &'static str,
    /// Its program.
    pub ops: Vec<Op>,
    /// Its slots.
    pub slots: Vec<Slot>,
    /// Arguments that have these values when it matched.
    pub values: Vec<(String, String)>,
    /// What a request must have.
    pub needs: Vec<Need>,
    /// The words it can begin with, sorted; none when it can begin with anything.
    pub starts: Vec<WordId>,
}

#[derive(Debug, Clone)]
enum Node {
    Word(WordId, bool),
    Class(usize),
    Slot(usize),
    Sequence(Vec<Self>),
    Either(Vec<Self>),
    Maybe(Box<Self>),
}

/// Compiles patterns whose words the vocabulary has learnt.
#[derive(Clone, Copy)]
pub(super) struct Compiler<'a> {
    /// The numbers of words.
    pub vocabulary: &'a Vocabulary,
}

impl Compiler<'_> {
    /// Compiles one pattern.
    pub(super) fn compile(self, source: &'static str) -> Result<Pattern, PatternError> {
        let (parts, given) = phrase_language::parts(source);
        let mut values = Vec::new();
        for pair in given {
            let (argument, value) =
                pair.split_once('=').ok_or_else(|| PatternError::BadValue(pair.to_owned()))?;
            values.push((argument.trim().to_owned(), value.trim().to_owned()));
        }
        let mut parser = Parser { parts, compiler: self, slots: Vec::new() };
        let node = parser.alternatives(None)?;
        let slots = parser.slots;
        let mut ops = Vec::new();
        emit(&node, &mut ops);
        ops.push(Op::End);
        let mut needs = Vec::new();
        collect_needs(&node, &slots, &mut needs);
        let mut starts = Vec::new();
        if !collect_starts(&ops, 0, &mut vec![false; ops.len()], &mut starts) {
            starts.clear();
        }
        starts.sort_unstable();
        starts.dedup();
        for (_, value) in &values {
            for mention in value.split('{').skip(1) {
                let name = mention.split('}').next().unwrap_or_default();
                if !slots.iter().any(|slot| slot.argument.as_deref() == Some(name)) {
                    return Err(PatternError::UnknownSlot(name.to_owned()));
                }
            }
        }
        Ok(Pattern { source, ops, slots, values, needs, starts })
    }

    /// Compiles a pattern that must not fit just anything.
    pub(super) fn compile_phrase(self, source: &'static str) -> Result<Pattern, PatternError> {
        let pattern = self.compile(source)?;
        if pattern.needs.is_empty() { Err(PatternError::FitsAnything) } else { Ok(pattern) }
    }
}

struct Parser<'a> {
    parts: Parts<'static>,
    compiler: Compiler<'a>,
    slots: Vec<Slot>,
}

impl Parser<'_> {
    /// The alternatives up to the bracket that closes them, or to the end where none is open.
    fn alternatives(&mut self, open: Option<Part<'_>>) -> Result<Node, PatternError> {
        let mut choices = Vec::new();
        let mut sequence = Vec::new();
        loop {
            let part = self.parts.next();
            match part {
                Some(Part::Or) => choices.push(in_order(std::mem::take(&mut sequence))),
                Some(Part::Open { optional }) => {
                    let inner = self.alternatives(part)?;
                    sequence.push(if optional { Node::Maybe(Box::new(inner)) } else { inner });
                }
                Some(Part::Close { optional }) => {
                    if open != Some(Part::Open { optional }) {
                        return Err(PatternError::Unbalanced(if optional { ']' } else { ')' }));
                    }
                    break;
                }
                Some(Part::Class(name)) => {
                    let class = lexicon::CLASSES.iter().position(|(class, _)| *class == name);
                    let class = class.ok_or_else(|| PatternError::UnknownClass(name.to_owned()))?;
                    sequence.push(Node::Class(class));
                }
                Some(Part::Slot(inside)) => {
                    sequence.push(Node::Slot(self.slots.len()));
                    self.slots.push(slot(inside)?);
                }
                Some(Part::Word(written)) => self.words(written, &mut sequence)?,
                Some(Part::Stray(mark)) => return Err(PatternError::Unbalanced(mark)),
                None => match open {
                    None => break,
                    Some(Part::Open { optional: true }) => return Err(PatternError::Unbalanced(']')),
                    Some(_) => return Err(PatternError::Unbalanced(')')),
                },
            }
        }
        if choices.is_empty() {
            return Ok(in_order(sequence));
        }
        choices.push(in_order(sequence));
        Ok(Node::Either(choices))
    }

    fn words(&self, written: &str, sequence: &mut Vec<Node>) -> Result<(), PatternError> {
        for word in super::normalise::words(written) {
            let id = self.compiler.vocabulary.find(&word);
            let id = id.ok_or_else(|| PatternError::UnlearntWord(word.clone().into_owned()))?;
            sequence.push(Node::Word(id, singular(&word) != word));
        }
        Ok(())
    }
}

fn in_order(mut parts: Vec<Node>) -> Node {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            Node::Sequence(parts)
        }
        None => Node::Sequence(parts),
    }
}

fn slot(inside: &str) -> Result<Slot, PatternError> {
    match inside.split_once(':') {
        None if inside == "object" => Ok(Slot { argument: None, kind: SlotType::Object }),
        None => Err(PatternError::UnknownType(inside.to_owned())),
        Some((argument, kind)) => {
            Ok(Slot { argument: Some(argument.to_owned()), kind: SlotType::parse(kind)? })
        }
    }
}

fn emit(node: &Node, ops: &mut Vec<Op>) {
    match node {
        Node::Word(word, many) => ops.push(Op::Word(*word, *many)),
        Node::Class(class) => ops.push(Op::Class(*class)),
        Node::Slot(slot) => ops.push(Op::Slot(*slot)),
        Node::Sequence(parts) => parts.iter().for_each(|part| emit(part, ops)),
        Node::Maybe(inner) => {
            let split = ops.len();
            ops.push(Op::End);
            emit(inner, ops);
            let after = ops.len();
            set(ops, split, Op::Split(split + 1, after));
        }
        Node::Either(choices) => {
            let mut jumps = Vec::new();
            for (index, choice) in choices.iter().enumerate() {
                if index + 1 == choices.len() {
                    emit(choice, ops);
                } else {
                    let split = ops.len();
                    ops.push(Op::End);
                    emit(choice, ops);
                    jumps.push(ops.len());
                    ops.push(Op::End);
                    let next = ops.len();
                    set(ops, split, Op::Split(split + 1, next));
                }
            }
            let after = ops.len();
            for jump in jumps {
                set(ops, jump, Op::Jump(after));
            }
        }
    }
}

fn set(ops: &mut [Op], at: usize, op: Op) {
    if let Some(slot) = ops.get_mut(at) {
        *slot = op;
    }
}

/// What a node cannot do without. An alternative needs one of what each of its choices needs first.
fn collect_needs(node: &Node, slots: &[Slot], needs: &mut Vec<Need>) {
    match node {
        Node::Word(word, _) => needs.push(Need { words: vec![*word], ..Need::default() }),
        Node::Class(class) => needs.push(Need { classes: vec![*class], ..Need::default() }),
        Node::Slot(slot) => {
            if slots.get(*slot).is_some_and(|slot| matches!(slot.kind, SlotType::Kinds | SlotType::Kind)) {
                needs.push(Need { kinds: true, ..Need::default() });
            }
        }
        Node::Sequence(parts) => parts.iter().for_each(|part| collect_needs(part, slots, needs)),
        Node::Maybe(_) => {}
        Node::Either(choices) => {
            let mut either = Need::default();
            for choice in choices {
                if !add_first_need(choice, slots, &mut either) {
                    return;
                }
            }
            needs.push(either);
        }
    }
}

/// Adds the first thing a choice cannot do without to what its alternatives need; false when it needs nothing.
fn add_first_need(node: &Node, slots: &[Slot], either: &mut Need) -> bool {
    match node {
        Node::Word(word, _) => either.words.push(*word),
        Node::Class(class) => either.classes.push(*class),
        Node::Slot(slot) => {
            let kinds =
                slots.get(*slot).is_some_and(|slot| matches!(slot.kind, SlotType::Kinds | SlotType::Kind));
            either.kinds |= kinds;
            return kinds;
        }
        Node::Sequence(parts) => return parts.iter().any(|part| add_first_need(part, slots, either)),
        Node::Maybe(_) => return false,
        Node::Either(choices) => {
            // All of its choices or none: one that needs nothing makes the others' needs void.
            let mut inner = Need::default();
            if !choices.iter().all(|choice| add_first_need(choice, slots, &mut inner)) {
                return false;
            }
            either.words.extend(inner.words);
            either.classes.extend(inner.classes);
            either.kinds |= inner.kinds;
        }
    }
    true
}

/// The words a program can begin with. False when it can begin with something else than a word. Every step is
/// looked at once: ways through optional parts are many, steps are few.
fn collect_starts(ops: &[Op], step: usize, seen: &mut [bool], starts: &mut Vec<WordId>) -> bool {
    match seen.get_mut(step) {
        Some(seen) if !*seen => *seen = true,
        _ => return true,
    }
    match ops.get(step) {
        Some(Op::Word(word, _)) => {
            starts.push(*word);
            true
        }
        Some(Op::Jump(to)) => collect_starts(ops, *to, seen, starts),
        Some(Op::Split(one, other)) => {
            collect_starts(ops, *one, seen, starts) && collect_starts(ops, *other, seen, starts)
        }
        Some(Op::Class(_) | Op::Slot(_) | Op::End) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(source: &'static str) -> Result<Pattern, PatternError> {
        let mut vocabulary = Vocabulary::new();
        super::super::phrase::learn(source, &mut vocabulary, &mut Vec::new());
        Compiler { vocabulary: &vocabulary }.compile_phrase(source)
    }

    #[test]
    fn a_pattern_has_its_slots_values_and_needs() {
        let pattern = compile("[<show>] (logs|log of) {object} [last {tail:count}] => follow=true").unwrap();
        assert_eq!(pattern.values, [("follow".to_owned(), "true".to_owned())]);
        assert_eq!(pattern.slots.len(), 2);
        assert_eq!(pattern.needs.len(), 1);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(compile("scale (up").unwrap_err(), PatternError::Unbalanced(')'));
        assert_eq!(compile("scale up)").unwrap_err(), PatternError::Unbalanced(')'));
        assert_eq!(compile("<shw> {object}").unwrap_err(), PatternError::UnknownClass("shw".to_owned()));
        assert_eq!(compile("scale {x:number}").unwrap_err(), PatternError::UnknownType("number".to_owned()));
        assert_eq!(compile("[please] {object}").unwrap_err(), PatternError::FitsAnything);
        assert_eq!(compile("x => y={z}").unwrap_err(), PatternError::UnknownSlot("z".to_owned()));
        assert_eq!(compile("x => y").unwrap_err(), PatternError::BadValue("y".to_owned()));
    }
}
