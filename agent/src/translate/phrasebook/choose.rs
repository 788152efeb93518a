//! From readings to the one that is meant: builds the calls of every reading, and takes the one that
//! understands most. Two that are as good as each other are a question when one of them changes something.

use serde_json::{Map, Value as Json, json};
use shipmate_tools::slot::Slot;
use shipmate_tools::{Call, Effect};

use super::matcher::{self, Match};
use super::objects::ObjectSaid;
use super::pattern::SlotType;
use super::request::{Request, Span};
use super::tool::{Program, ToolPatterns};
use super::values::Value;
use super::vocabulary::Role;

/// What is still missing from a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gap {
    /// A pronoun, which an earlier step may explain.
    Pronoun(String),
    /// No object, where the tool needs one.
    Object,
    /// Words that name nothing in particular.
    Vague(String),
    /// Several objects of a kind, without saying which.
    Plural(String),
    /// A number below zero.
    Negative,
    /// An argument that the tool cannot do without.
    Argument(String),
    /// A pod by its own name, where the tool takes what pods belong to: the kinds it takes.
    OnePod(&'static [&'static str]),
}

/// A part of a request, understood.
#[derive(Debug, Clone)]
pub(super) struct Reading<'r> {
    /// The tool.
    pub tool: &'r ToolPatterns,
    /// One call for every object.
    pub calls: Vec<Call>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// The most that any call changes; of an incomplete call, what the tool could.
    pub effect: Effect,
    /// What the reading costs.
    pub cost: u32,
    /// Whether no word of a pattern was found, and some that could be anything: good for a look by itself,
    /// too little beside a change.
    pub bare: bool,
    literals: u32,
}

/// The tokens from `start` to `end`, understood as well as they can be.
pub(super) enum Choice<'r> {
    /// In one way.
    One(Reading<'r>),
    /// In two ways that differ, one of which changes something.
    Two(Reading<'r>, Reading<'r>),
    /// Not at all.
    None,
}

/// How much worse than the best a reading may be and still be meant.
const CLOSE: u32 = 9;

/// Understands the tokens from `start` to `end` as one step.
pub(super) fn choose<'r>(
    request: &'r Request<'_>,
    bounds: (usize, usize),
    program: Option<Program>,
    budget: &std::cell::Cell<u32>,
) -> Choice<'r> {
    let mut all: Vec<Reading<'r>> = Vec::new();
    for tool in &request.library.tools {
        if program.is_some() && tool.program.is_some() && tool.program != program {
            continue;
        }
        let candidates = tool.candidates(request, program.is_some());
        if candidates.is_empty() {
            continue;
        }
        let compiled = tool.modifiers(request.library.compiler());
        let modifiers: Vec<Vec<Span>> = (0..request.tokens.len())
            .map(|position| {
                if (bounds.0..bounds.1).contains(&position) {
                    matcher::spans(request, compiled, position)
                } else {
                    Vec::new()
                }
            })
            .collect();
        for pattern in candidates {
            for found in matcher::readings(request, tool, &modifiers, pattern, bounds, budget) {
                let worst = all.iter().map(|reading| reading.cost).min().unwrap_or(u32::MAX);
                if found.cost <= worst.saturating_add(CLOSE + 60)
                    && let Some(reading) = build(request, tool, &found)
                {
                    add(&mut all, reading);
                }
            }
        }
    }
    all.sort_by(|one, other| one.cost.cmp(&other.cost).then(other.literals.cmp(&one.literals)));
    let mut sorted = all.into_iter();
    let Some(best) = sorted.next() else { return Choice::None };
    match sorted.find(|other| other.calls != best.calls) {
        Some(second)
            if second.cost <= best.cost + CLOSE
                && second.literals >= best.literals
                && second.gaps.is_empty()
                && best.gaps.is_empty()
                && (best.effect > Effect::Read || second.effect > Effect::Read)
                && second.tool.name != best.tool.name =>
        {
            Choice::Two(best, second)
        }
        _ => Choice::One(best),
    }
}

/// Keeps the cheapest of readings that come to the same.
fn add<'r>(all: &mut Vec<Reading<'r>>, reading: Reading<'r>) {
    match all.iter_mut().find(|other| other.calls == reading.calls && other.gaps == reading.gaps) {
        Some(other) if other.cost <= reading.cost => {}
        Some(other) => *other = reading,
        None => all.push(reading),
    }
}

/// The calls that a reading comes to; none when its parts contradict each other or fit no tool.
fn build<'r>(request: &Request<'_>, tool: &'r ToolPatterns, found: &Match) -> Option<Reading<'r>> {
    let mut shared = Map::new();
    let mut gaps = Vec::new();
    let mut objects: Vec<ObjectSaid> = Vec::new();
    let mut cost = found.cost;
    // A named object is worth more than the literals that could have been its name.
    for captured in &found.captured {
        match (&captured.value, captured.argument.as_deref()) {
            (Value::Objects(said), None) => {
                if !objects.is_empty() {
                    return None;
                }
                objects.clone_from(said);
            }
            (Value::Objects(said), Some(argument)) => {
                put_objects(tool, &mut shared, argument, said, &mut gaps)?;
            }
            (Value::Negative, _) => gaps.push(Gap::Negative),
            // Only a part of another argument's value.
            (_, Some(argument)) if tool.argument(argument).is_none() => {}
            (value, Some(argument)) => {
                if !tool.put(&mut shared, argument, value) {
                    return None;
                }
            }
            (_, None) => return None,
        }
    }
    for (name, value) in &found.values {
        let value = filled_in(value, found)?;
        put_place(request, tool, &mut shared, name, &value)?;
    }
    if shared.contains_key("all_namespaces") && shared.contains_key("namespace") {
        return None;
    }
    if found.only_showing && is_idle_talk(found, &objects) {
        return None;
    }
    let mut calls = Vec::new();
    for said in &objects {
        let mut arguments = shared.clone();
        put_object(request, tool, &mut arguments, said, &mut gaps)?;
        calls.push(Call { tool: tool.name.to_owned(), arguments });
    }
    if calls.is_empty() {
        calls.push(Call { tool: tool.name.to_owned(), arguments: shared });
    }
    let effect = finish(request, tool, &mut calls, &mut gaps)?;
    cost +=
        40 * u32::try_from(gaps.iter().filter(|gap| !matches!(gap, Gap::Pronoun(_))).count()).unwrap_or(0);
    let free = found.captured.iter().any(|captured| {
        matches!(captured.kind, SlotType::Word | SlotType::Text | SlotType::Command | SlotType::Object)
    });
    let bare = found.literals == 0 && free;
    Some(Reading { tool, calls, gaps, effect, cost, bare, literals: found.literals })
}

/// "Give me a break": words for showing, and then words that could be anything, name no object. A kind, a
/// digit or a dash make a name of them.
fn is_idle_talk(found: &Match, objects: &[ObjectSaid]) -> bool {
    let name_like = |name: &str| name.contains('-') || name.bytes().any(|byte| byte.is_ascii_digit());
    let bare =
        |said: &ObjectSaid| said.kind.is_none() && said.name.as_deref().is_some_and(|name| !name_like(name));
    let joined = found.captured.iter().any(|captured| match &captured.value {
        Value::Objects(said) => said.iter().any(bare),
        _ => false,
    });
    let talk = objects.iter().any(bare) || joined;
    let sure = found.captured.iter().any(|captured| {
        matches!(
            captured.kind,
            SlotType::Kinds | SlotType::Kind | SlotType::Count | SlotType::Duration | SlotType::Path
        )
    });
    talk && !sure
}

/// A value with the slots it mentions filled in: `{part}.image.tag={version}`.
fn filled_in(value: &str, found: &Match) -> Option<String> {
    let mut text = value.to_owned();
    while let Some((before, rest)) = text.split_once('{') {
        let (slot, after) = rest.split_once('}')?;
        let said = found.captured.iter().find(|captured| captured.argument.as_deref() == Some(slot))?;
        let word = match &said.value {
            Value::Text(word) => word.clone(),
            Value::Count(count) => count.to_string(),
            Value::Objects(_) | Value::Negative => return None,
        };
        // What was said goes in as it is; braces in it are no slots.
        if word.contains(['{', '}']) {
            return None;
        }
        text = format!("{before}{word}{after}");
    }
    Some(text)
}

fn put_place(
    request: &Request<'_>,
    tool: &ToolPatterns,
    arguments: &mut Map<String, Json>,
    name: &str,
    value: &str,
) -> Option<()> {
    if value == "weak" {
        // "in the cluster" means everywhere where a tool can look everywhere, and nothing where it cannot.
        if tool.argument(name).is_some() && !arguments.contains_key("namespace") {
            arguments.insert(name.to_owned(), json!(true));
        }
        return Some(());
    }
    let value =
        if name == "namespace" && value == "here" { request.situation.namespace.as_str() } else { value };
    tool.put(arguments, name, &Value::Text(value.to_owned())).then_some(())
}

fn put_objects(
    tool: &ToolPatterns,
    arguments: &mut Map<String, Json>,
    argument: &str,
    said: &[ObjectSaid],
    gaps: &mut Vec<Gap>,
) -> Option<()> {
    for object in said {
        if let Some(pronoun) = &object.pronoun {
            gaps.push(Gap::Pronoun(pronoun.clone()));
            continue;
        }
        if let Some(vague) = &object.vague {
            gaps.push(Gap::Vague(vague.clone()));
            continue;
        }
        let name = object.name.as_deref()?;
        put_known_namespace(tool, arguments, object);
        let text = match &object.kind {
            Some(kind) => format!("{kind}/{name}"),
            None => name.to_owned(),
        };
        if !tool.put(arguments, argument, &Value::Text(text)) {
            return None;
        }
    }
    Some(())
}

fn put_object(
    request: &Request<'_>,
    tool: &ToolPatterns,
    arguments: &mut Map<String, Json>,
    said: &ObjectSaid,
    gaps: &mut Vec<Gap>,
) -> Option<()> {
    if let Some(pronoun) = &said.pronoun {
        gaps.push(Gap::Pronoun(pronoun.clone()));
        return Some(());
    }
    if let Some(vague) = &said.vague {
        gaps.push(Gap::Vague(vague.clone()));
        return Some(());
    }
    if let Some(kind) = &said.kind {
        tool.argument("kind")?;
        arguments.insert("kind".to_owned(), json!(kind));
    }
    put_known_namespace(tool, arguments, said);
    match &said.name {
        Some(name) => tool.put(arguments, "name", &Value::Text(name.clone())).then_some(()),
        None if said.many && tool.can_change => {
            let kind = said.kind.clone().unwrap_or_default();
            let plural = request.situation.kinds.find(&kind).map_or(kind, |found| found.plural.clone());
            gaps.push(Gap::Plural(plural));
            Some(())
        }
        None => Some(()),
    }
}

/// Where an object of the conversation is, unless another place was said.
fn put_known_namespace(tool: &ToolPatterns, arguments: &mut Map<String, Json>, said: &ObjectSaid) {
    if let Some(namespace) = &said.namespace
        && tool.argument("namespace").is_some()
        && !arguments.contains_key("all_namespaces")
    {
        arguments.entry("namespace").or_insert_with(|| json!(namespace));
    }
}

/// Checks the calls against the tool, and notes what it still needs.
fn finish(
    request: &Request<'_>,
    tool: &ToolPatterns,
    calls: &mut [Call],
    gaps: &mut Vec<Gap>,
) -> Option<Effect> {
    for argument in tool.required() {
        let filled = calls.iter().all(|call| call.arguments.contains_key(&argument.name));
        if !filled && !gaps.contains(&Gap::Negative) {
            gaps.push(Gap::Argument(argument.name.clone()));
        }
    }
    let mut effect = Effect::Read;
    for call in calls {
        let mut whole = call.clone();
        for argument in tool.required() {
            // Only to see the tool's slots; the call itself keeps its gap.
            let filler = match tool.argument(&argument.name) {
                Some(super::tool::ArgumentType::Number | super::tool::ArgumentType::Amount) => json!(1),
                Some(super::tool::ArgumentType::Flag) => json!(false),
                Some(super::tool::ArgumentType::List) => json!([]),
                _ => json!("x"),
            };
            whole.arguments.entry(argument.name.clone()).or_insert(filler);
        }
        let mut bound = whole.bind().ok()?;
        for slot in bound.slots() {
            let (Slot::Object(slot)
            | Slot::Endpoint { object: slot, .. }
            | Slot::Inside { object: slot, .. }) = slot
            else {
                continue;
            };
            if let Some(kind) = slot.kind.clone()
                && !fits(request, slot.accepts.kinds(), &kind)
                && slot.accepts != shipmate_tools::slot::ObjectAccepts::Any
            {
                if kind == "pod" && slot.name.is_some() && !is_loose(&kind, slot.name.as_deref()) {
                    gaps.push(Gap::OnePod(slot.accepts.kinds()));
                    continue;
                }
                if !is_loose(&kind, slot.name.as_deref()) {
                    return None;
                }
                call.arguments.remove("kind");
                *slot.kind = None;
                if slot.name.is_none() {
                    gaps.retain(|gap| !matches!(gap, Gap::Plural(_)));
                }
            }
            // "nuke payments", where payments is a namespace: all of it, or an object of that name?
            let namesake = slot.accepts == shipmate_tools::slot::ObjectAccepts::Any
                && tool.can_change
                && slot.kind.is_none()
                && slot.name.as_ref().is_some_and(|name| request.situation.namespaces.contains(name));
            if namesake {
                gaps.push(Gap::Vague(slot.name.clone().unwrap_or_default()));
            }
            let nothing = slot.kind.is_none() && slot.name.is_none();
            let explained = gaps
                .iter()
                .any(|gap| matches!(gap, Gap::Pronoun(_) | Gap::Vague(_) | Gap::Plural(_) | Gap::Object));
            if slot.required && nothing && !explained {
                gaps.push(Gap::Object);
            }
        }
        effect = effect.max(if gaps.is_empty() {
            bound.effect()
        } else if tool.can_change {
            Effect::Change
        } else {
            Effect::Read
        });
    }
    Some(effect)
}

/// Whether a tool takes objects of this kind; kinds of custom resources are its own affair.
fn fits(request: &Request<'_>, accepted: &[&str], kind: &str) -> bool {
    let Some(found) = request.situation.kinds.find(kind) else { return true };
    accepted.contains(&found.singular.as_str())
        || found.group.contains('.') && !found.group.ends_with(".k8s.io")
}

/// "The payment service" and "the payment pods" may mean the workload behind them. "pod web-0" is a pod.
fn is_loose(kind: &str, name: Option<&str>) -> bool {
    // A number, or five of the letters that the API server makes names of (k8s.io/apimachinery, util/rand).
    let made_up = |last: &str| {
        last.bytes().any(|byte| byte.is_ascii_digit())
            || last.len() == 5 && last.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
    };
    let of_a_set = name
        .and_then(|name| name.rsplit_once('-'))
        .is_some_and(|(_, last)| !last.is_empty() && made_up(last));
    kind == "service" || (kind == "pod" && !of_a_set)
}

/// Whether a request's words make it a question rather than an order: "should I restart …?".
pub(super) fn asks(request: &Request<'_>, (start, end): (usize, usize), marked: bool) -> bool {
    let polite = (start..end.min(start + 4)).any(|position| {
        ["could", "can", "would", "will"].iter().any(|word| request.is(position, word))
            && request.is(position + 1, "you")
    });
    let asked = (start..end).any(|position| {
        request.role(position).is(Role::FUNCTION)
            && ["please", "pls", "kindly"].iter().any(|word| request.is(position, word))
    });
    marked && !polite && !asked
}
