//! From a plan to an answer: calls, or the question that has to be asked first.

use shipmate_tools::{Call, Effect};

use super::choose::{Gap, Reading, asks};
use super::plan::{Plan, plan};
use super::request::Request;
use super::tool::{ArgumentType, Program};
use super::{Understanding, is_question};

/// Tools that count as changes and are how a question is answered: "can web reach the database?" asks for them.
const ANSWERING: [&str; 1] = ["test_connectivity"];

/// Understands the tokens in `bounds`, or nothing.
pub(super) fn understand(
    request: &Request<'_>,
    bounds: (usize, usize),
    program: Option<Program>,
) -> Option<Understanding> {
    let steps = match plan(request, bounds, program) {
        Plan::None => return None,
        Plan::Two(one, other) => {
            return Some(Understanding::Question(format!(
                "That can mean two things: {} or {}. Which one?",
                commands(&one.calls),
                commands(&other.calls)
            )));
        }
        Plan::Steps(steps) => steps,
    };
    let changes = steps.iter().any(|step| step.effect > Effect::Read);
    let marked = is_question(request.tokens);
    if let Some(step) = steps.iter().find(|step| !step.gaps.is_empty()) {
        if changes && marked && super::help::is_about_abilities(request) {
            return Some(super::help::abilities(step.tool.name));
        }
        return Some(Understanding::Question(question(step)));
    }
    let calls: Vec<Call> = steps.iter().flat_map(|step| step.calls.iter().cloned()).collect();
    let ordered = steps.iter().any(|step| step.effect > Effect::Read && !ANSWERING.contains(&step.tool.name));
    if ordered && asks(request, bounds, marked) {
        return Some(Understanding::Question(format!(
            "Is that an order? To have it done, say it without the question mark: {}",
            commands(&calls)
        )));
    }
    if let Some(place) = missing_place(&steps) {
        return Some(Understanding::Question(place));
    }
    Some(Understanding::Calls(calls))
}

/// A change that names a place beside one that names none: whether the place is meant for both is not said.
fn missing_place(steps: &[Reading<'_>]) -> Option<String> {
    let changing: Vec<&Reading<'_>> = steps
        .iter()
        .filter(|step| step.effect > Effect::Read && step.tool.argument("namespace").is_some())
        .collect();
    let place = changing
        .iter()
        .flat_map(|step| &step.calls)
        .find_map(|call| call.arguments.get("namespace").and_then(|place| place.as_str()))?;
    let without = changing
        .iter()
        .flat_map(|step| &step.calls)
        .find(|call| !call.arguments.contains_key("namespace"))?;
    Some(format!(
        "Is {} in {place} too? Name the namespace of each step",
        commands(std::slice::from_ref(without))
    ))
}

fn commands(calls: &[Call]) -> String {
    let shown: Vec<String> = calls
        .iter()
        .map(|call| match call.bind() {
            Ok(bound) => format!("`{}`", bound.command()),
            Err(_) => format!("`{call}`"),
        })
        .collect();
    shown.join(", then ")
}

/// What has to be asked before a step can run.
fn question(step: &Reading<'_>) -> String {
    // Tools are called verb_noun; "rollout" and "resource" are no verbs.
    let words = step.tool.name.strip_prefix("rollout_").unwrap_or(step.tool.name);
    let verb = if step.tool.can_change { words.split('_').next().unwrap_or_default() } else { "look at" };
    let object = step
        .calls
        .first()
        .and_then(|call| call.arguments.get("name"))
        .and_then(|name| name.as_str())
        .map(str::to_owned);
    let mut asked: Vec<String> = Vec::new();
    for gap in &step.gaps {
        let text = match gap {
            Gap::Pronoun(word) => {
                format!("what is \"{word}\"? Name the object to {verb}, such as deployment/web")
            }
            Gap::Object => format!("{verb} what? Name the object, such as deployment/web"),
            Gap::Vague(words) => format!("what exactly is \"{words}\"? Name each object to {verb}"),
            Gap::Plural(kind) => format!("which {kind}? Name each one to {verb}"),
            Gap::Negative => "a count cannot be below zero: how many should it be?".to_owned(),
            Gap::OnePod(kinds) => format!(
                "{verb} which {}? That is one pod, and what it belongs to makes pods like it; to have it replaced, delete the pod",
                kinds.join(", ")
            ),
            Gap::Argument(name) => argument_question(step, name, object.as_deref()),
        };
        if !asked.contains(&text) {
            asked.push(text);
        }
    }
    let mut text = asked.join("; and ");
    if let Some(first) = text.get(..1) {
        let upper = first.to_uppercase();
        text.replace_range(..1, &upper);
    }
    text
}

fn argument_question(step: &Reading<'_>, name: &str, object: Option<&str>) -> String {
    let words = name.replace('_', " ");
    let of = object.map(|object| format!(" for {object}")).unwrap_or_default();
    let meaning = step
        .tool
        .required()
        .find(|argument| argument.name == name)
        .map(|argument| argument.description.trim().trim_end_matches('.').to_owned())
        .filter(|meaning| !meaning.is_empty())
        .map(|meaning| format!(" ({meaning})"))
        .unwrap_or_default();
    match step.tool.argument(name) {
        Some(ArgumentType::Number | ArgumentType::Amount) => format!("how many {words}{of}?{meaning}"),
        _ => format!("which {words}{of}?{meaning}"),
    }
}
