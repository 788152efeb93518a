//! What fills a slot: the values that the tokens at a position can be read as, for each type of slot.

use super::lexicon;
use super::normalise::Shape;
use super::numbers::{self, Count};
use super::objects::{self, ObjectSaid};
use super::pattern::{Slot, SlotType};
use super::request::Request;
use super::vocabulary::Role;

/// A value read from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Objects, as they were said.
    Objects(Vec<ObjectSaid>),
    /// Text of any textual type.
    Text(String),
    /// A count.
    Count(u64),
    /// A number below zero where a count should be.
    Negative,
}

/// A value, where it ends, and how much of it rests on words that could be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// Where it ends.
    pub end: usize,
    /// The value.
    pub value: Value,
    /// Its cost; see `matcher`.
    pub cost: u32,
}

/// The cost of a word that could be anything.
pub(super) const FREE_WORD: u32 = 30;

/// The cost of each further word of a command line: the fewest that leave nothing over are meant.
const COMMAND_WORD: u32 = 8;

/// Every way to read the tokens from `position` on as a value of the slot's type.
pub(super) fn read(
    request: &Request<'_>,
    slot: &Slot,
    position: usize,
    end: usize,
    change: bool,
    led: bool,
) -> Vec<Reading> {
    let Some(token) = request.tokens.get(position).filter(|_| position < end) else { return Vec::new() };
    if token.is_mark() {
        return Vec::new();
    }
    let one = |text: String, cost| vec![Reading { end: position + 1, value: Value::Text(text), cost }];
    let words = || request.words_from(position, end);
    match slot.kind {
        SlotType::Object => objects::read(request, position, end, change),
        SlotType::Kinds => kinds(request, position, end, change),
        SlotType::Kind => match request.facts.get(position).and_then(|facts| facts.kind.as_ref()) {
            Some(hit) if position + hit.taken <= end => {
                vec![Reading { end: position + hit.taken, value: Value::Text(hit.singular.clone()), cost: 0 }]
            }
            _ => Vec::new(),
        },
        SlotType::Count => match numbers::count(&words()) {
            Some((taken, Count::Of(count))) => {
                vec![Reading { end: position + taken, value: Value::Count(count), cost: 0 }]
            }
            Some((taken, Count::Negative)) => {
                vec![Reading { end: position + taken, value: Value::Negative, cost: 0 }]
            }
            None => Vec::new(),
        },
        SlotType::Duration => text(position, numbers::duration(&words())),
        SlotType::Quantity => text(position, numbers::quantity(&words())),
        SlotType::Word if token.shape == Shape::Quoted => one(token.text.clone(), 10),
        // "build a team": what is any one of its kind is nothing in particular.
        SlotType::Word if change && objects::is_any_one(request, position) => Vec::new(),
        SlotType::Word
            if !token.word.starts_with('-')
                && (objects::is_free(request, position)
                    && (request.forgiving
                        || request.facts.get(position).is_none_or(|facts| facts.slips.is_empty()))
                    || led && !request.role(position).is(Role::FUNCTION)) =>
        {
            one(token.text.clone(), FREE_WORD)
        }
        SlotType::Value
            if token.shape == Shape::Quoted
                || (led || objects::is_free(request, position)) && !request.is_determiner(position) =>
        {
            one(token.text.clone(), FREE_WORD)
        }
        SlotType::Any => one(token.text.clone(), 0),
        SlotType::Text => rest(request, position, end),
        SlotType::Command => command(request, position, end),
        SlotType::Path => path(request, position, end),
        SlotType::Image if is_image(&token.word) => {
            let exact = token.word.contains([':', '/']);
            if exact || objects::is_free(request, position) {
                one(token.text.clone(), if exact { 0 } else { FREE_WORD })
            } else {
                Vec::new()
            }
        }
        SlotType::Tagged if is_image(&token.word) && token.word.contains([':', '/']) => {
            one(token.text.clone(), 0)
        }
        SlotType::Variable if is_variable(&token.text) => one(token.text.clone(), 0),
        SlotType::Field if is_field(&token.text) => one(token.text.clone(), 0),
        SlotType::Percent => match numbers::percent(&words()) {
            Some((taken, count)) => {
                vec![Reading { end: position + taken, value: Value::Count(count), cost: 0 }]
            }
            None => Vec::new(),
        },
        SlotType::Assignment | SlotType::Label => match token.text.split_once('=') {
            Some((key, value))
                if !key.is_empty()
                    && !key.starts_with('-')
                    && (slot.kind == SlotType::Assignment || !value.is_empty()) =>
            {
                one(token.text.clone(), 0)
            }
            _ => Vec::new(),
        },
        SlotType::Namespace if is_name(&token.word) && !request.role(position).is(Role::FUNCTION) => {
            one(token.word.clone(), 0)
        }
        SlotType::Place if is_place(request, position) => one(token.word.clone(), 2),
        SlotType::Word
        | SlotType::Value
        | SlotType::Image
        | SlotType::Tagged
        | SlotType::Variable
        | SlotType::Field
        | SlotType::Namespace
        | SlotType::Place => Vec::new(),
    }
}

fn text(position: usize, found: Option<(usize, String)>) -> Vec<Reading> {
    found
        .into_iter()
        .map(|(taken, said)| Reading { end: position + taken, value: Value::Text(said), cost: 0 })
        .collect()
}

/// Kinds joined by commas and "and"; "everything" is the category `all`, for a look only.
fn kinds(request: &Request<'_>, position: usize, end: usize, change: bool) -> Vec<Reading> {
    let mut readings = Vec::new();
    if !change && request.tokens.get(position).is_some_and(|token| token.word == "everything") {
        readings.push(Reading { end: position + 1, value: Value::Text("all".to_owned()), cost: 0 });
    }
    if !change && request.tokens.get(position).is_some_and(|token| token.word == "workloads") {
        let kinds = "deployments,statefulsets,daemonsets".to_owned();
        readings.push(Reading { end: position + 1, value: Value::Text(kinds), cost: 0 });
    }
    let mut names: Vec<String> = Vec::new();
    let mut next = position;
    while let Some(hit) = request.facts.get(next).and_then(|facts| facts.kind.as_ref()) {
        let after = next + hit.taken;
        if after > end {
            break;
        }
        if !names.contains(&hit.plural) {
            names.push(hit.plural.clone());
        }
        readings.push(Reading { end: after, value: Value::Text(names.join(",")), cost: 0 });
        next = after;
        while request.tokens.get(next).is_some_and(|token| {
            token.shape == Shape::Comma || matches!(token.word.as_str(), "and" | "&" | "the" | "all" | "or")
        }) {
            next += 1;
        }
        if next == after {
            break;
        }
    }
    // `pods,services` in one word, as kubectl takes it.
    if let Some(token) = request.tokens.get(position)
        && token.word.contains(',')
        && !token.word.contains(['=', '/'])
    {
        let found: Option<Vec<String>> = token
            .word
            .split(',')
            .map(|word| request.situation.kinds.find(word).map(|found| found.plural.clone()))
            .collect();
        if let Some(found) = found {
            readings.push(Reading { end: position + 1, value: Value::Text(found.join(",")), cost: 0 });
        }
    }
    readings.reverse();
    readings
}

/// A quotation, or some words: the fewest that leave nothing over.
fn rest(request: &Request<'_>, position: usize, end: usize) -> Vec<Reading> {
    let Some(token) = request.tokens.get(position) else { return Vec::new() };
    if token.shape == Shape::Quoted {
        return vec![Reading { end: position + 1, value: Value::Text(token.text.clone()), cost: 0 }];
    }
    let mut readings = Vec::new();
    let mut said = String::new();
    for (offset, token) in request.tokens.get(position..end).unwrap_or_default().iter().take(8).enumerate() {
        if token.shape != Shape::Word {
            break;
        }
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(&token.text);
        let words = u32::try_from(offset + 1).unwrap_or(u32::MAX);
        readings.push(Reading {
            end: position + offset + 1,
            value: Value::Text(said.clone()),
            cost: FREE_WORD.saturating_mul(words),
        });
    }
    readings
}

/// Words that say that a command line follows.
const RUNS: [&str; 8] = ["run", "running", "runs", "execute", "executing", "exec", "command", "type"];

/// Most words of a command line.
const LONGEST_COMMAND: usize = 16;

/// A command line: words as typed, quotations kept as such. It follows a word that says so, or begins with a
/// program that everybody knows; any other words are no command.
fn command(request: &Request<'_>, position: usize, end: usize) -> Vec<Reading> {
    let Some(first) = request.tokens.get(position) else { return Vec::new() };
    if first.shape == Shape::Quoted {
        return vec![Reading { end: position + 1, value: Value::Text(first.text.clone()), cost: 0 }];
    }
    let known = lexicon::PROGRAMS.split_ascii_whitespace().any(|program| program == first.text);
    let led = position > 0
        && request.tokens.get(position - 1).is_some_and(|before| RUNS.contains(&before.word.as_str()))
        && !request.role(position).is(Role::FUNCTION);
    if !(known || led || first.text.starts_with('/')) {
        return Vec::new();
    }
    // "ls the pods", "cat the configmap": those are requests in the words of a shell.
    let prose = position + 1 < end
        && (request.is_determiner(position + 1)
            || request.facts.get(position + 1).is_some_and(|facts| facts.kind.is_some()));
    if !led && prose {
        return Vec::new();
    }
    let mut readings = Vec::new();
    let mut said = String::new();
    for (offset, token) in
        request.tokens.get(position..end).unwrap_or_default().iter().take(LONGEST_COMMAND).enumerate()
    {
        let word = match token.shape {
            Shape::Word => token.text.clone(),
            Shape::Quoted => shipmate_tools::command::quote(&token.text),
            _ => break,
        };
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(&word);
        let more = u32::try_from(offset).unwrap_or(u32::MAX);
        let cost = (if known { 0 } else { FREE_WORD }) + more.saturating_mul(COMMAND_WORD);
        readings.push(Reading { end: position + offset + 1, value: Value::Text(said.clone()), cost });
    }
    readings
}

/// A path: something with a slash or an ending, a folder that is called one, or the folder we are in.
fn path(request: &Request<'_>, position: usize, end: usize) -> Vec<Reading> {
    let mut at = position;
    while at < end
        && matches!(
            request.tokens.get(at).map(|token| token.word.as_str()),
            Some("the" | "my" | "our" | "this" | "current" | "file" | "a" | "from")
        )
    {
        at += 1;
    }
    let Some(token) = request.tokens.get(at).filter(|token| at < end && !token.is_mark()) else {
        return Vec::new();
    };
    let folder = |at: usize| {
        at < end
            && matches!(
                request.tokens.get(at).map(|token| token.word.as_str()),
                Some("folder" | "directory" | "dir")
            )
    };
    let reading = |end, text: &str, cost| vec![Reading { end, value: Value::Text(text.to_owned()), cost }];
    if (folder(at) && at > position) || (token.word == "here" && at == position) {
        return reading(at + 1, ".", 0);
    }
    let plain = token.text.chars().all(|c| c.is_alphanumeric() || "._-/~@+".contains(c));
    let looks = plain
        && (matches!(token.text.as_str(), "." | ".." | "-")
            || token.text.contains('/')
            || token.word.rsplit_once('.').is_some_and(|(stem, ending)| {
                !stem.is_empty()
                    && matches!(
                        ending,
                        "yaml" | "yml" | "json" | "tgz" | "gz" | "zip" | "toml" | "env" | "dockerfile"
                    )
            })
            || token.word == "dockerfile"
            || token.word.starts_with("dockerfile."));
    if token.shape == Shape::Quoted && plain {
        return reading(at + 1, &token.text, 5);
    }
    if folder(at + 1) && plain && (looks || is_name(&token.word)) {
        let text = format!("{}/", token.text.trim_end_matches('/'));
        return reading(at + 2, &text, 0);
    }
    if looks {
        return reading(at + 1, &token.text, 0);
    }
    if lexicon::FOLDERS.contains(&token.word.as_str()) {
        return reading(at + 1, &token.text, FREE_WORD);
    }
    Vec::new()
}

/// Whether a word can be the name of a Kubernetes object.
pub(super) fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 253
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.')
        && word.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && word.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_image(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte))
        && word.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && word.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && !word.contains("//")
}

/// Whether a word is written as variables are: capitals, digits and underscores.
fn is_variable(text: &str) -> bool {
    text.len() > 1
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether a word is written as fields are: `minReadySeconds`, `spec.paused`, `.spec.ports[0].port`.
fn is_field(text: &str) -> bool {
    let path = text.strip_prefix('.').unwrap_or(text);
    let begins = path.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let hump = path
        .as_bytes()
        .windows(2)
        .any(|two| matches!(two, [one, other] if one.is_ascii_lowercase() && other.is_ascii_uppercase()));
    let top = path.split(['.', '[']).next().unwrap_or_default();
    let dotted = path.contains('.') && matches!(top, "spec" | "metadata" | "data" | "rules" | "subjects");
    begins && (hump || dotted) && path.chars().all(|c| c.is_ascii_alphanumeric() || "._-[]/".contains(c))
}

/// Whether "in x" can mean the namespace x.
fn is_place(request: &Request<'_>, position: usize) -> bool {
    let Some((facts, token)) = request.facts.get(position).zip(request.tokens.get(position)) else {
        return false;
    };
    if facts.namespace {
        return true;
    }
    is_name(&token.word)
        && !token.word.contains('.')
        && facts.kind.is_none()
        && !facts.role.is(Role::FUNCTION
            .or(Role::VERB)
            .or(Role::ADJECTIVE)
            .or(Role::CONCEPT)
            .or(Role::LITERAL))
        && !numbers::is_unit(&token.word)
        && !numbers::is_number(&token.word)
        && !matches!(token.word.as_str(), "docker" | "helm" | "git" | "case")
}
