//! How people name objects: "the gateway service", "deploy/web", "pod web-0", "checkout api", "it".
//!
//! A name is a word that could be a DNS name and that is nothing else: no verb, no word of grammar, no unit,
//! no part of the trade's vocabulary. Words next to each other become one name ("checkout api" →
//! `checkout-api`) only when none of them is known for anything else; grounding then looks for it.

use super::normalise::Shape;
use super::numbers;
use super::request::Request;
use super::spoken;
use super::values::{FREE_WORD, Reading, Value, is_name};
use super::vocabulary::{Role, singular};

/// An object as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ObjectSaid {
    /// Its kind, as the singular resource name.
    pub kind: Option<String>,
    /// Whether the kind was said in the plural.
    pub many: bool,
    /// Its name.
    pub name: Option<String>,
    /// Its namespace, when the conversation knows it.
    pub namespace: Option<String>,
    /// A pronoun in its place.
    pub pronoun: Option<String>,
    /// Words that name nothing in particular ("everything", "the app").
    pub vague: Option<String>,
}

/// Most words that are joined into one name.
const MOST_WORDS: usize = 3;
/// Most objects in one list.
pub(super) const MOST_OBJECTS: usize = 6;

/// Every way to read the tokens from `position` on as an object or a list of them.
pub(super) fn read(request: &Request<'_>, position: usize, end: usize, change: bool) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (after, said, cost) in single(request, position, end, change) {
        lists(request, end, change, &mut vec![said.clone()], after, cost + 5, &mut readings);
        readings.push(Reading { end: after, value: Value::Objects(vec![said]), cost });
    }
    readings.extend(spoken::many(request, position, end));
    readings
}

/// Goes on with "and …" after an object, so that one verb serves them all.
fn lists(
    request: &Request<'_>,
    end: usize,
    change: bool,
    said: &mut Vec<ObjectSaid>,
    after: usize,
    cost: u32,
    readings: &mut Vec<Reading>,
) {
    let mut next = after;
    while next < end && request.tokens.get(next).is_some_and(|token| token.shape == Shape::Comma) {
        next += 1;
    }
    if next < end && (request.is(next, "and") || request.is(next, "&")) {
        next += 1;
    }
    if next == after || said.len() >= MOST_OBJECTS {
        return;
    }
    for (after, object, own) in single(request, next, end, change) {
        if object.name.is_none() {
            continue;
        }
        said.push(object);
        let mut shared = said.clone();
        share_kind(&mut shared);
        readings.push(Reading { end: after, value: Value::Objects(shared), cost: cost + own });
        lists(request, end, change, said, after, cost + own, readings);
        said.pop();
    }
}

/// "deployments a and b", "a and b deployments": a plural kind said once is everybody's.
fn share_kind(said: &mut [ObjectSaid]) {
    let Some(kind) = said.iter().find(|object| object.many).and_then(|object| object.kind.clone()) else {
        return;
    };
    for object in said.iter_mut().filter(|object| object.kind.is_none()) {
        object.kind = Some(kind.clone());
    }
}

/// Every way to read one object: where it ends, what it is, what it costs.
fn single(request: &Request<'_>, position: usize, end: usize, change: bool) -> Vec<(usize, ObjectSaid, u32)> {
    let mut found = Vec::new();
    let mut at = position;
    // The article may have been stepped over as filler.
    let mut article = position > 0 && request.is_determiner(position - 1);
    while at < end
        && matches!(
            word(request, at),
            "the" | "my" | "our" | "a" | "an" | "your" | "this" | "that" | "these" | "those" | "their"
        )
    {
        article = true;
        at += 1;
    }
    if change && (is_any_one(request, at) || is_any_one(request, position)) {
        any_one(request, at, end, &mut found);
        return found;
    }
    let quantified = matches!(
        word(request, at),
        "all" | "every" | "each" | "both" | "any" | "some" | "everything" | "most" | "half"
    );
    if quantified && change {
        vague(request, at, end, &mut found);
        return found;
    }
    if quantified && word(request, at) != "everything" {
        at += 1;
        while at < end && matches!(word(request, at), "the" | "of" | "my" | "our") {
            at += 1;
        }
    }
    spoken::of(request, position, at, end, &mut found);
    slash(request, at, end, &mut found);
    kind_first(request, at, end, &mut found);
    name_first(request, at, end, article, change, &mut found);
    found
}

pub(super) fn word<'r>(request: &Request<'r>, position: usize) -> &'r str {
    request
        .tokens
        .get(position)
        .filter(|token| token.shape == Shape::Word)
        .map_or("", |token| token.word.as_str())
}

/// "everything", "all the pods": for a change, a question.
fn vague(request: &Request<'_>, position: usize, end: usize, found: &mut Vec<(usize, ObjectSaid, u32)>) {
    let mut at = position + 1;
    while at < end
        && matches!(
            word(request, at),
            "the" | "of" | "my" | "our" | "old" | "other" | "unused" | "failed" | "broken"
        )
    {
        at += 1;
    }
    let after = request.facts.get(at).and_then(|facts| facts.kind.as_ref()).filter(|_| at < end);
    let stop = match after {
        Some(hit) => at + hit.taken,
        None if at < end && request.role(at).is(Role::VAGUE) => at + 1,
        None if word(request, position) == "everything" => position + 1,
        None => at,
    };
    let said = request.words_from(position, stop).join(" ");
    found.push((stop, ObjectSaid { vague: Some(said), ..ObjectSaid::default() }, 0));
}

/// Whether an indefinite article stands before a word: "a pod" is no pod in particular.
pub(super) fn is_any_one(request: &Request<'_>, position: usize) -> bool {
    position > 0 && (request.is(position - 1, "a") || request.is(position - 1, "an"))
}

/// "a pod", "an api deployment": for a change, a question.
fn any_one(request: &Request<'_>, position: usize, end: usize, found: &mut Vec<(usize, ObjectSaid, u32)>) {
    for at in position..end.min(position + 2) {
        let stop = match request.facts.get(at).and_then(|facts| facts.kind.as_ref()) {
            Some(hit) => at + hit.taken,
            None if is_free(request, at) => at + 1,
            None => break,
        };
        if stop <= end {
            let said = format!("a {}", request.words_from(position, stop).join(" "));
            found.push((stop, ObjectSaid { vague: Some(said), ..ObjectSaid::default() }, FREE_WORD));
        }
    }
}

/// `deploy/web`.
fn slash(request: &Request<'_>, position: usize, end: usize, found: &mut Vec<(usize, ObjectSaid, u32)>) {
    let Some(token) = request.tokens.get(position).filter(|_| position < end) else { return };
    let Some((kind, name)) = token.word.split_once('/') else { return };
    if let Some(kind) = request.situation.kinds.find(kind)
        && is_name(name)
    {
        let said = ObjectSaid {
            kind: Some(kind.singular.clone()),
            name: Some(name.to_owned()),
            ..ObjectSaid::default()
        };
        found.push((position + 1, said, 0));
    }
}

/// "pod web-0", "the deployment called web", "the ingress".
fn kind_first(request: &Request<'_>, position: usize, end: usize, found: &mut Vec<(usize, ObjectSaid, u32)>) {
    let Some(hit) = request.facts.get(position).and_then(|facts| facts.kind.as_ref()) else { return };
    let mut at = position + hit.taken;
    if at > end {
        return;
    }
    let base = ObjectSaid { kind: Some(hit.singular.clone()), many: hit.many, ..ObjectSaid::default() };
    found.push((at, base.clone(), 8));
    // "the autoscaler of web", "the ingress for web": objects that belong to another share its name. Pods do
    // not: they are found by their owner.
    let belongs = !hit.many && hit.singular != "pod" && at < end && matches!(word(request, at), "of" | "for");
    if belongs {
        let named = at + 1 + usize::from(request.is(at + 1, "the"));
        if named < end
            && is_free(request, named)
            && let Some(token) =
                request.tokens.get(named).filter(|token| token.shape == Shape::Word && is_name(&token.word))
        {
            let said = ObjectSaid { name: Some(token.word.clone()), ..base.clone() };
            found.push((named + 1, said, FREE_WORD + 5));
        }
    }
    let called = at < end && matches!(word(request, at), "called" | "named");
    if called {
        at += 1;
    }
    let Some(token) = request.tokens.get(at).filter(|_| at < end) else { return };
    let plain = token.shape == Shape::Word && !token.possessive;
    let named = is_name(&token.word)
        && (called
            || token.shape == Shape::Quoted
            || is_free(request, at)
            || token.word.contains(['-', '.'])
            || token.word.bytes().any(|byte| byte.is_ascii_digit()));
    if named
        && (plain || token.possessive || token.shape == Shape::Quoted)
        && !numbers::is_number(&token.word)
    {
        let said = ObjectSaid { name: Some(token.word.clone()), ..base };
        found.push((at + 1, said, FREE_WORD - 5));
    }
}

/// "web", "the web deployment", "checkout api".
fn name_first(
    request: &Request<'_>,
    position: usize,
    end: usize,
    article: bool,
    change: bool,
    found: &mut Vec<(usize, ObjectSaid, u32)>,
) {
    let mut parts: Vec<&str> = Vec::new();
    for at in position..end.min(position + MOST_WORDS) {
        let Some(token) = request.tokens.get(at) else { break };
        let quoted = token.shape == Shape::Quoted && parts.is_empty();
        if !is_name(&token.word) || !(quoted || token.shape == Shape::Word) {
            break;
        }
        let kind_next = request
            .facts
            .get(at + 1)
            .filter(|_| at + 1 < end && !token.possessive)
            .and_then(|facts| facts.kind.as_ref())
            .filter(|hit| at + 1 + hit.taken <= end);
        let first = parts.is_empty();
        let free = quoted || is_free(request, at);
        // "the test deployment" and "the runner" name something although "test" and "run" are verbs.
        let vague = first
            && kind_next.is_none()
            && request.role(at).is(Role::VAGUE)
            && request.facts.get(at).is_none_or(|facts| facts.kind.is_none());
        let allowed = free
            || vague
            || (first && article && kind_next.is_some() && request.role(at).is(Role::CONCEPT))
            || (first
                && (kind_next.is_some() || request.facts.get(at).is_none_or(|facts| facts.kind.is_none()))
                && !request
                    .role(at)
                    .is(Role::FUNCTION.or(Role::PRONOUN).or(Role::ADJECTIVE).or(Role::CONCEPT))
                && (article || (at > 0 && kind_next.is_some())));
        if !allowed || numbers::is_number(&token.word) {
            break;
        }
        if !first && (!free || !joins(request, at) || !joins(request, at - 1)) {
            break;
        }
        if vague {
            if !article || !change {
                push_name(request, at + 1, end, &[token.word.as_str()], FREE_WORD, found);
            } else {
                let said = request.words_from(position, at + 1).join(" ");
                found.push((
                    at + 1,
                    ObjectSaid { vague: Some(format!("the {said}")), ..ObjectSaid::default() },
                    FREE_WORD,
                ));
            }
            parts.push(&token.word);
            continue;
        }
        parts.push(&token.word);
        let words = u32::try_from(parts.len()).unwrap_or(1);
        let cost = FREE_WORD + (words - 1) * (FREE_WORD + 10);
        push_name(request, at + 1, end, &parts, cost, found);
        if let Some(hit) = kind_next {
            let said = ObjectSaid {
                kind: Some(hit.singular.clone()),
                many: hit.many,
                name: Some(parts.join("-")),
                ..ObjectSaid::default()
            };
            found.push((at + 1 + hit.taken, said, cost - 5));
        }
        if token.possessive || quoted {
            break;
        }
    }
}

fn push_name(
    request: &Request<'_>,
    after: usize,
    end: usize,
    parts: &[&str],
    cost: u32,
    found: &mut Vec<(usize, ObjectSaid, u32)>,
) {
    let mut name = parts.join("-");
    // "6 gateways" are six pods of the gateway.
    let counted = after > parts.len() && numbers::is_number(word(request, after - parts.len() - 1));
    if counted && !name.contains('-') {
        name = singular(&name).into_owned();
    }
    let said = ObjectSaid { name: Some(name), ..ObjectSaid::default() };
    if after < end && request.role(after).is(Role::AFTER_NAME) {
        found.push((after + 1, said.clone(), cost));
    }
    found.push((after, said, cost));
}

/// Whether a word means nothing else, and so may be a name.
pub(super) fn is_free(request: &Request<'_>, position: usize) -> bool {
    let Some((facts, token)) = request.facts.get(position).zip(request.tokens.get(position)) else {
        return false;
    };
    if token.shape == Shape::Quoted {
        return true;
    }
    let taken = Role::FUNCTION.or(Role::VERB).or(Role::ADJECTIVE).or(Role::CONCEPT).or(Role::PRONOUN);
    let vocabulary = &request.library.vocabulary;
    !facts.role.is(taken)
        && facts.kind.is_none()
        && !numbers::is_unit(&token.word)
        && !facts.bases.iter().any(|base| vocabulary.role(*base).is(Role::VERB))
}

/// Whether a word may be one of several that make a name.
fn joins(request: &Request<'_>, position: usize) -> bool {
    let Some((facts, token)) = request.facts.get(position).zip(request.tokens.get(position)) else {
        return false;
    };
    is_free(request, position)
        && !token.possessive
        && !facts.namespace
        && (facts.slips.is_empty() || request.forgiving)
        && !facts.role.is(Role::LITERAL)
        && token.shape == Shape::Word
}
