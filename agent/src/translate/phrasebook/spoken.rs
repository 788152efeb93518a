//! Objects that a conversation has spoken of: "it", "that one", "them", "the second one", "number 3". What they
//! are is in the situation's focus; where it holds nothing for them, they are a question.

use super::super::focus::Named;
use super::objects::{MOST_OBJECTS, ObjectSaid, word};
use super::request::Request;
use super::values::{Reading, Value};
use super::vocabulary::Role;

/// The numbers of rows as words.
const ORDINALS: [&str; 10] =
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/// Pronouns of more than one.
const PLURAL: [&str; 6] = ["them", "these", "those", "they", "their", "theirs"];

/// Adds what the tokens from `position` on, or from `at` on behind their article, can be of what was spoken of.
pub(super) fn of(
    request: &Request<'_>,
    position: usize,
    at: usize,
    end: usize,
    found: &mut Vec<(usize, ObjectSaid, u32)>,
) {
    pronoun(request, position, end, found);
    row(request, at, end, found);
}

/// "Them": all rows of a short list, each an object.
pub(super) fn many(request: &Request<'_>, position: usize, end: usize) -> Option<Reading> {
    let list = &request.situation.focus.list;
    let few = (2..=MOST_OBJECTS).contains(&list.len());
    (few && position < end && PLURAL.contains(&word(request, position))).then(|| Reading {
        end: position + 1,
        value: Value::Objects(list.iter().map(said).collect()),
        cost: 0,
    })
}

fn pronoun(request: &Request<'_>, position: usize, end: usize, found: &mut Vec<(usize, ObjectSaid, u32)>) {
    if position >= end || !request.role(position).is(Role::PRONOUN) {
        return;
    }
    let spoken = word(request, position);
    let plural = PLURAL.contains(&spoken);
    let one = matches!(spoken, "this" | "that") && position + 1 < end && request.is(position + 1, "one");
    let after = position + 1 + usize::from(one);
    let object = match &request.situation.focus.object {
        Some(object) if !plural => said(object),
        _ => ObjectSaid { pronoun: Some(spoken.to_owned()), ..ObjectSaid::default() },
    };
    found.push((after, object, 1));
}

/// "Second one", "2nd pod", "number 2", "#2".
fn row(request: &Request<'_>, at: usize, end: usize, found: &mut Vec<(usize, ObjectSaid, u32)>) {
    if at >= end {
        return;
    }
    let list = &request.situation.focus.list;
    let spoken = word(request, at);
    let (index, after) = if let Some(index) = ordinal(spoken, list.len()) {
        let noun = at + 1;
        let kind = request.facts.get(noun).filter(|_| noun < end).and_then(|facts| facts.kind.as_ref());
        match kind {
            _ if noun < end && request.is(noun, "one") => (index, noun + 1),
            Some(hit) if list.iter().any(|named| named.kind == hit.singular) => (index, noun + hit.taken),
            _ => return,
        }
    } else if spoken == "number" && at + 1 < end {
        let Ok(number) = word(request, at + 1).parse::<usize>() else { return };
        (number.checked_sub(1), at + 2)
    } else if let Some(number) = spoken.strip_prefix('#').and_then(|digits| digits.parse::<usize>().ok()) {
        (number.checked_sub(1), at + 1)
    } else {
        return;
    };
    let object = match index.and_then(|index| list.get(index)) {
        Some(named) => said(named),
        None => ObjectSaid {
            pronoun: Some(request.words_from(at, after.min(end)).join(" ")),
            ..ObjectSaid::default()
        },
    };
    found.push((after, object, 1));
}

/// The row an ordinal means: none outside of any list.
fn ordinal(word: &str, rows: usize) -> Option<Option<usize>> {
    if word == "last" {
        return Some(rows.checked_sub(1));
    }
    if let Some(index) = ORDINALS.iter().position(|ordinal| *ordinal == word) {
        return Some(Some(index));
    }
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending))?;
    Some(digits.parse::<usize>().ok()?.checked_sub(1))
}

fn said(named: &Named) -> ObjectSaid {
    ObjectSaid {
        kind: Some(named.kind.clone()),
        name: Some(named.name.clone()),
        namespace: named.namespace.clone(),
        ..ObjectSaid::default()
    }
}
