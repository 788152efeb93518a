//! Requests of several steps: "restart the gateway, then show me its logs".
//!
//! A request is one step if it can be read as one; else it is split where people join steps. Every step must
//! be understood, or none is taken. A pronoun means the object of the step before.

use serde_json::Value as Json;
use shipmate_tools::{Call, Effect};
use std::cell::Cell;

use super::choose::{Choice, Gap, Reading, choose};
use super::matcher;
use super::normalise::{Shape, Token};
use super::request::Request;
use super::tool::Program;
use super::vocabulary::Role;

/// Most steps of one request.
const MOST_STEPS: usize = 6;

/// The steps of a request.
pub(super) enum Plan<'r> {
    /// Understood, in order.
    Steps(Vec<Reading<'r>>),
    /// A step that can be read in two ways.
    Two(Reading<'r>, Reading<'r>),
    /// Not understood.
    None,
}

/// Understands the tokens from `start` to `end`.
pub(super) fn plan<'r>(
    request: &'r Request<'_>,
    bounds: (usize, usize),
    program: Option<Program>,
) -> Plan<'r> {
    let budget = matcher::budget();
    match steps(request, bounds, program, &budget, MOST_STEPS) {
        Plan::Steps(steps)
            if steps.iter().any(|step| step.effect > Effect::Read) && steps.iter().any(|step| step.bare) =>
        {
            Plan::None
        }
        Plan::Steps(mut steps) => {
            resolve(&mut steps);
            Plan::Steps(steps)
        }
        other => other,
    }
}

fn steps<'r>(
    request: &'r Request<'_>,
    (start, end): (usize, usize),
    program: Option<Program>,
    budget: &Cell<u32>,
    most: usize,
) -> Plan<'r> {
    let (start, end) = trim(request, start, end);
    if start >= end || most == 0 {
        return Plan::None;
    }
    match choose(request, (start, end), program, budget) {
        Choice::One(reading) => return Plan::Steps(vec![reading]),
        Choice::Two(one, other) => return Plan::Two(one, other),
        Choice::None => {}
    }
    for (left, right) in joints(request, start, end) {
        let Choice::One(first) = choose(request, (start, left), program, budget) else { continue };
        let right = after_condition(request, right, end);
        match steps(request, (right, end), program, budget, most - 1) {
            Plan::Steps(rest) => {
                let mut all = vec![first];
                all.extend(rest);
                return Plan::Steps(all);
            }
            Plan::Two(one, other) => return Plan::Two(one, other),
            Plan::None => {}
        }
    }
    Plan::None
}

/// "scale a to 3 and b to 2" with the verb said twice; nothing when there is no such verb.
pub(super) fn spell_out(request: &Request<'_>) -> Option<Vec<Token>> {
    let verb = (0..request.tokens.len()).find(|&position| request.role(position).is(Role::VERB))?;
    let mut tokens = Vec::with_capacity(request.tokens.len() + 2);
    let mut added = false;
    for (position, token) in request.tokens.iter().enumerate() {
        tokens.push(token.clone());
        let joins = position > verb && (request.is(position, "and") || token.shape == Shape::Comma);
        let goes_on =
            request.tokens.get(position + 1).is_some_and(|next| !next.is_mark() && next.word != "and")
                && !(position + 1..position + 3).any(|next| request.role(next).is(Role::VERB));
        if joins && goes_on {
            tokens.extend(request.tokens.get(verb).cloned());
            added = true;
        }
    }
    added.then_some(tokens)
}

fn trim(request: &Request<'_>, mut start: usize, mut end: usize) -> (usize, usize) {
    let comma = |position: usize| {
        request.tokens.get(position).is_some_and(|token| matches!(token.shape, Shape::Comma | Shape::Stop))
    };
    while start < end && comma(start) {
        start += 1;
    }
    while end > start && comma(end - 1) {
        end -= 1;
    }
    (start, end)
}

/// Where one step may end and the next begin.
fn joints(request: &Request<'_>, start: usize, end: usize) -> Vec<(usize, usize)> {
    let mut joints = Vec::new();
    for position in start + 1..end {
        let Some(token) = request.tokens.get(position) else { break };
        if matches!(token.shape, Shape::Stop | Shape::Comma) {
            joints.push((position, position + 1));
            continue;
        }
        for after in matcher::ends(request, &request.library.connectors, position) {
            if after < end {
                joints.push((position, after));
            }
        }
    }
    joints
}

fn after_condition(request: &Request<'_>, position: usize, end: usize) -> usize {
    let mut position = position;
    // ", and then" is a comma and a connector.
    if let Some(after) = matcher::ends(request, &request.library.connectors, position).first() {
        position = *after;
    }
    match matcher::ends(request, &request.library.conditions, position).first() {
        Some(after) if *after < end => *after,
        _ => position,
    }
}

/// Gives every step that says "it" the object of the step before, and a look the place of the step before.
fn resolve(steps: &mut [Reading<'_>]) {
    let mut before: Option<Vec<Call>> = None;
    let mut image: Option<Json> = None;
    for step in steps {
        if let Some(image) = &image
            && step.tool.argument("image").is_some()
        {
            for call in &mut step.calls {
                call.arguments.entry("image").or_insert_with(|| image.clone());
            }
        }
        image = step.calls.iter().find_map(image_of).or(image);
        if let Some(before) = &before {
            let pronoun = step.gaps.iter().any(|gap| matches!(gap, Gap::Pronoun(_)));
            let missing = step.effect == Effect::Read && step.gaps.contains(&Gap::Object);
            if (pronoun || missing) && step.gaps.len() == 1 && !before.is_empty() {
                step.calls = step
                    .calls
                    .iter()
                    .flat_map(|call| {
                        before.iter().map(|known| take_over(call, known, &["kind", "name", "namespace"]))
                    })
                    .collect();
                let understood = step
                    .calls
                    .iter()
                    .all(|call| call.arguments.contains_key("name") || call.arguments.contains_key("kind"));
                if understood {
                    step.gaps.clear();
                    step.effect = step
                        .calls
                        .iter()
                        .filter_map(|call| call.bind().ok())
                        .map(|bound| bound.effect())
                        .max()
                        .unwrap_or(step.effect);
                }
            } else if step.effect == Effect::Read {
                for call in &mut step.calls {
                    if let Some(known) = before.first()
                        && step.tool.argument("namespace").is_some()
                        && !call.arguments.contains_key("all_namespaces")
                    {
                        *call = take_over(call, known, &["namespace"]);
                    }
                }
            }
        }
        let named: Vec<Call> = step
            .calls
            .iter()
            .filter(|call| call.arguments.contains_key("name") || call.arguments.contains_key("kind"))
            .cloned()
            .collect();
        if !named.is_empty() {
            before = Some(named);
        }
    }
}

/// The image that a step leaves: the one it builds, the new name it gives, the one it is about.
fn image_of(call: &Call) -> Option<Json> {
    let argument = match call.tool.as_str() {
        "build_image" => "tag",
        "tag_image" => "name",
        _ => "image",
    };
    call.arguments.get(argument).filter(|image| image.is_string()).cloned()
}

fn take_over(call: &Call, known: &Call, arguments: &[&str]) -> Call {
    let mut call = call.clone();
    for argument in arguments {
        if let Some(value @ Json::String(_)) = known.arguments.get(*argument) {
            call.arguments.entry((*argument).to_owned()).or_insert_with(|| value.clone());
        }
    }
    call
}
