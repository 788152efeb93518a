//! What only goes on from what was asked before: "again", "and in staging?", "same for the gateway", "only the
//! failing ones", "undo that", "why?". What was asked before is the situation's focus; without one these words
//! mean nothing, and other readings are tried.

use serde_json::{Value as Json, json};
use shipmate_tools::{Call, catalog};

use super::super::focus::{Focus, Named};
use super::matcher::{self, Captured};
use super::objects::ObjectSaid;
use super::request::{Request, Span};
use super::values::Value;
use super::{Phrasebook, Situation, Understanding};

/// What follows up, in the phrase language; `topic` says how.
pub(super) const PHRASES: &[&str] = &[
    "[and|now|ok] [<show>] [it|that|this|them] (again|once more|one more time|another time) => topic=again",
    "(repeat|rerun|refresh|redo) [it|that|this|the last one|the last request] [again] => topic=again",
    "(do|run|show|check|try|list) (it|that|this|them) (again|once more|one more time) => topic=again",
    "(same|the same) [thing|request] again => topic=again",
    "[and|but|now|ok] [what about|how about|the same|same|do the same|also|and now] (in|for|inside) [the] {namespace:place} [namespace|ns] [too|as well|also|instead] => topic=there",
    "[and|but] (what about|how about) [the] {namespace:place} [namespace|ns] => topic=there",
    "[and|but|now|ok] (what about|how about|same for|the same for|do the same for|same with|the same with|also for|and for) {object} [too|as well|also|instead] => topic=that",
    "[and|but] for {object} [too|as well|also|instead] => topic=that",
    "(undo|revert|reverse|cancel) (it|that|this|the last change|what you did|my last change|the change|the last one) => topic=undo",
    "undo => topic=undo",
    "(take|roll|put) (it|that|this) back => topic=undo",
    "[and|but] why => topic=why",
    "[and|but] why (is|was) (it|that|this) => topic=why",
    "how come => topic=why",
];

/// The understanding of a request that follows up; none when it stands by itself.
pub(super) fn check(book: &Phrasebook, request: &Request<'_>) -> Option<Understanding> {
    let focus = &request.situation.focus;
    if focus.is_empty() {
        return None;
    }
    let words = request.tokens.iter().rposition(|token| !token.is_mark())? + 1;
    let mut spans = matcher::spans(request, &request.library.follow_ups, 0);
    spans.retain(|span| span.end == words);
    let marked = super::is_question(request.tokens);
    // "In staging" names a place before it names an object called staging.
    let found = |topic: &str| spans.iter().find(|span| says(span, topic));
    if found("again").is_some() {
        return Some(order(focus, focus.calls.clone(), marked));
    }
    if let Some(place) = found("there").and_then(place).filter(|place| is_namespace(request, place)) {
        return Some(there(focus, &place, marked));
    }
    if let Some(said) = found("that").and_then(object) {
        return that(focus, &said, marked);
    }
    if found("undo").is_some() {
        return Some(match &focus.undo {
            Some(call) => Understanding::Calls(vec![call.clone()]),
            None => Understanding::Question(
                "Undo what? Nothing that was changed in this conversation can be taken back; say what should be \
                 there instead"
                    .to_owned(),
            ),
        });
    }
    if found("why").is_some() {
        return Some(why(focus.object.as_ref()));
    }
    narrowed(book, request, words)
}

fn says(span: &Span, topic: &str) -> bool {
    span.values.iter().any(|(name, value)| name == "topic" && value == topic)
}

fn place(span: &Span) -> Option<String> {
    span.captured.iter().find_map(|Captured { argument, value, .. }| match value {
        Value::Text(text) if argument.as_deref() == Some("namespace") => Some(text.clone()),
        _ => None,
    })
}

fn object(span: &Span) -> Option<ObjectSaid> {
    span.captured.iter().find_map(|captured| match &captured.value {
        Value::Objects(said) if said.len() == 1 => said.first().cloned(),
        _ => None,
    })
}

/// Whether a word is a namespace; where they could not be listed any may be.
fn is_namespace(request: &Request<'_>, word: &str) -> bool {
    let known = &request.situation.namespaces;
    known.is_empty() || known.iter().any(|name| name == word)
}

/// The calls, unless they change something and the words only ask.
fn order(focus: &Focus, calls: Vec<Call>, marked: bool) -> Understanding {
    if marked && !focus.only_looked() {
        return Understanding::Question(
            "Is that an order? To have it done, say it without the question mark".to_owned(),
        );
    }
    Understanding::Calls(calls)
}

/// The last calls in another namespace.
fn there(focus: &Focus, place: &str, marked: bool) -> Understanding {
    let mut calls = focus.calls.clone();
    let mut any = false;
    for call in &mut calls {
        if takes(call, "namespace") {
            call.arguments.remove("all_namespaces");
            call.arguments.insert("namespace".to_owned(), json!(place));
            any = true;
        }
    }
    if any {
        order(focus, calls, marked)
    } else {
        Understanding::Question(format!(
            "What should be looked at in {place}? The last request names no namespace"
        ))
    }
}

/// The last call with another object.
fn that(focus: &Focus, said: &ObjectSaid, marked: bool) -> Option<Understanding> {
    let [call] = focus.calls.as_slice() else { return None };
    let name = said.name.clone()?;
    let mut call = call.clone();
    let (kind, namespace) = (said.kind.clone(), said.namespace.clone());
    if call.arguments.contains_key("name") {
        call.arguments.insert("name".to_owned(), json!(name));
        // Another object may be of another kind and has other containers; grounding finds them.
        call.arguments.remove("container");
        match kind {
            Some(kind) => drop(call.arguments.insert("kind".to_owned(), json!(kind))),
            None => drop(call.arguments.remove("kind")),
        }
    } else if call.arguments.contains_key("of") {
        call.arguments.insert("of".to_owned(), json!(name));
    } else {
        return None;
    }
    if let Some(namespace) = namespace {
        call.arguments.insert("namespace".to_owned(), json!(namespace));
    }
    Some(order(focus, vec![call], marked))
}

fn why(object: Option<&Named>) -> Understanding {
    let Some(object) = object else {
        return Understanding::Question("Why what? Name the object, such as deployment/web".to_owned());
    };
    let tool = if catalog::find("diagnose").is_some() { "diagnose" } else { "describe_resource" };
    let mut call = Call::new(tool, json!({"kind": object.kind, "name": object.name}));
    if let Some(namespace) = &object.namespace {
        call.arguments.insert("namespace".to_owned(), json!(namespace));
    }
    Understanding::Calls(vec![call])
}

/// "Only the failing ones", "which of them are not ready": the last list, with a condition more. The condition
/// is read as it would be in a request of its own.
fn narrowed(book: &Phrasebook, request: &Request<'_>, words: usize) -> Option<Understanding> {
    let last = request.situation.focus.calls.last().filter(|call| call.tool == "list_resources")?;
    let kinds = last.arguments.get("kinds").and_then(Json::as_str)?;
    let text = condition(request, words, kinds)?;
    let alone = Situation { focus: Focus::default(), ..request.situation.clone() };
    let Understanding::Calls(calls) = book.translate(&text, &alone).understanding else { return None };
    let [call] = calls.as_slice() else { return None };
    if call.tool != last.tool {
        return None;
    }
    let mut call = call.clone();
    let has_place = call.arguments.contains_key("namespace") || call.arguments.contains_key("all_namespaces");
    for (name, value) in &last.arguments {
        let is_place = matches!(name.as_str(), "namespace" | "all_namespaces");
        if !(is_place && has_place) {
            call.arguments.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Some(Understanding::Calls(vec![call]))
}

/// A narrowing request as one that stands by itself.
fn condition(request: &Request<'_>, words: usize, kinds: &str) -> Option<String> {
    let typed: Vec<&str> = request.tokens.get(..words)?.iter().map(|token| token.text.as_str()).collect();
    let plain: Vec<String> = typed.iter().map(|word| word.to_lowercase()).collect();
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    let skipped =
        usize::from(matches!(plain.first(), Some(&("and" | "but" | "now" | "ok" | "show" | "list"))));
    let rest = plain.get(skipped..)?;
    let said = typed.get(skipped..)?;
    match rest {
        ["which" | "what", "of", "them" | "those" | "these", ..] => {
            Some(format!("which {kinds} {}", said.get(3..)?.join(" ")))
        }
        ["which" | "what", "ones", ..] => Some(format!("which {kinds} {}", said.get(2..)?.join(" "))),
        ["are" | "is", "any" | "all" | "some", "of", "them" | "those" | "these", ..] => {
            Some(format!("which {kinds} are {}", said.get(4..)?.join(" ")))
        }
        ["how", "many", "of", "them" | "those" | "these", ..] => {
            Some(format!("how many {kinds} {}", said.get(4..)?.join(" ")))
        }
        ["only" | "just", ..] => {
            let from = 1 + usize::from(matches!(rest.get(1), Some(&("the" | "those" | "these" | "show"))));
            let parts = said.get(from..)?;
            let ones = parts.iter().position(|word| matches!(word.to_lowercase().as_str(), "ones" | "one"));
            let (before, after) = match ones {
                Some(at) => (parts.get(..at)?, parts.get(at + 1..)?),
                None => (parts, &[][..]),
            };
            // "Only those in mill" says nothing before what it is about.
            let place = before.first().is_some_and(|word| {
                matches!(word.to_lowercase().as_str(), "in" | "that" | "which" | "with" | "from" | "without")
            });
            let text = if place {
                format!("show {kinds} {} {}", before.join(" "), after.join(" "))
            } else {
                format!("show {} {kinds} {}", before.join(" "), after.join(" "))
            };
            Some(text)
        }
        _ => None,
    }
}

fn takes(call: &Call, argument: &str) -> bool {
    catalog::find(&call.tool).is_some_and(|tool| {
        tool.schema().get("properties").is_some_and(|properties| properties.get(argument).is_some())
    })
}

#[cfg(test)]
#[path = "follow_up_tests.rs"]
mod tests;
