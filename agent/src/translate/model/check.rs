//! A proposed call measured against the request's own words.
//!
//! A model can propose anything, because it misread the request or because text in it told it to. What the
//! words do not bear is not done: an option nobody mentioned is left out, and a change that contradicts the
//! words becomes a question. This is no substitute for the approval, which comes later and asks in any case.

use serde_json::{Map, Value};
use shipmate_tools::{Call, Effect, ToolError};

use super::argument::{Argument, Role};
use super::declared::tools;
use super::offer::Offer;
use super::verbs;
use super::words::{Words, parts};
use crate::translate::Situation;

/// What becomes of a proposal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// It stands, perhaps without what was not said.
    Stands(Call),
    /// It has to be asked about first.
    Ask(String),
    /// Its arguments do not fit the tool; what the tool says about them.
    Broken(String),
}

/// Measures a call.
pub(super) fn measure(call: Call, offer: &Offer, situation: &Situation) -> Verdict {
    let effect = match bound(&call) {
        Ok(effect) => effect,
        Err(problem) => return Verdict::Broken(problem),
    };
    let Some(declared) = tools().iter().find(|declared| declared.tool.name() == call.tool) else {
        return Verdict::Broken(format!("There is no tool called {:?}.", call.tool));
    };
    let changes = effect != Effect::Read;
    if changes && let Some(question) = verbs::contradicts(&call, effect, declared, &offer.words) {
        return Verdict::Ask(question);
    }
    let mut kept = call.arguments.clone();
    for (name, value) in &call.arguments {
        let Some(argument) = declared.argument(name) else { continue };
        match weigh(argument, value, changes, offer, situation) {
            Weight::Said => {}
            Weight::Unsaid if !argument.required => {
                kept.shift_remove(name);
            }
            Weight::Unsaid => {}
            Weight::Instead(value) => {
                kept.insert(name.clone(), value);
            }
            Weight::Contradicts(question) => return Verdict::Ask(question),
        }
    }
    let kept = Call { tool: call.tool.clone(), arguments: kept };
    match bound(&kept) {
        // Leaving out an option must not turn a look into a change, such as a dry run into a real one.
        Ok(after) if after <= effect => Verdict::Stands(kept),
        _ => Verdict::Stands(call),
    }
}

fn bound(call: &Call) -> Result<Effect, String> {
    call.bind().map(|bound| bound.effect()).map_err(|error| match error {
        ToolError::Feedback(feedback) => feedback.message,
        ToolError::Fatal(message) => message,
    })
}

/// How an argument weighs against the words.
enum Weight {
    Said,
    Unsaid,
    Instead(Value),
    Contradicts(String),
}

fn weigh(argument: &Argument, value: &Value, changes: bool, offer: &Offer, situation: &Situation) -> Weight {
    let words = &offer.words;
    let said_or = |said: bool, question: String| {
        if said {
            Weight::Said
        } else if changes {
            Weight::Contradicts(question)
        } else {
            Weight::Unsaid
        }
    };
    match (argument.role, value) {
        (Role::Namespace, Value::String(namespace)) => {
            let said = says_exactly(words, namespace);
            let meant_anyway = *namespace == situation.namespace || namespace == "default";
            if !said && meant_anyway {
                return Weight::Unsaid;
            }
            said_or(said, format!("Which namespace? Nothing in the request names {namespace:?}."))
        }
        (Role::AllNamespaces, Value::Bool(true)) => {
            if offer.subjects.everywhere {
                Weight::Said
            } else {
                Weight::Unsaid
            }
        }
        (Role::Kind, Value::String(kind)) => weigh_kind(kind, changes, offer, situation),
        (Role::Name, Value::String(name)) => {
            let name = name.rsplit('/').next().unwrap_or(name);
            let question = format!("Which object is meant? Nothing in the request names {name:?}.");
            if words.account_for(name) {
                Weight::Said
            } else if changes || !parts(name).any(|part| words.account_for(part)) {
                Weight::Contradicts(question)
            } else {
                Weight::Said
            }
        }
        (Role::Count, Value::Number(number)) => said_or(
            number.as_u64().is_some_and(|number| words.numbers.contains(&number)),
            format!("How many? The request does not say {number} for {}.", argument.name),
        ),
        (Role::Plain, Value::Number(number)) if changes => {
            let said = number.as_u64().is_some_and(|number| words.numbers.contains(&number))
                || says_exactly(words, &number.to_string());
            if said {
                Weight::Said
            } else if argument.required {
                Weight::Contradicts(format!(
                    "What should {} be? The request does not say {number}.",
                    argument.name
                ))
            } else {
                Weight::Unsaid
            }
        }
        (_, Value::Bool(false)) if !offer.speaks_of(argument) => Weight::Unsaid,
        (Role::Plain, Value::Bool(true)) => {
            if offer.speaks_of(argument) {
                Weight::Said
            } else {
                Weight::Unsaid
            }
        }
        (Role::Image | Role::Path | Role::Assignment | Role::Word, _) if changes => {
            match unsaid_text(value, words, argument.role) {
                Some(text) => Weight::Contradicts(format!(
                    "What should {} be? Nothing in the request says {text:?}.",
                    argument.name
                )),
                None => Weight::Said,
            }
        }
        (Role::Plain, Value::String(_)) if argument.schema.get("enum").is_some() => {
            if offer.speaks_of(argument) { Weight::Said } else { Weight::Unsaid }
        }
        _ => Weight::Said,
    }
}

/// A kind nobody said is left to grounding, which knows what exists; one that differs from the kind said is a
/// contradiction.
fn weigh_kind(kind: &str, changes: bool, offer: &Offer, situation: &Situation) -> Weight {
    let known =
        situation.kinds.find(kind).map_or_else(|| kind.to_lowercase(), |found| found.singular.clone());
    match offer.subjects.kinds.as_slice() {
        [] => Weight::Unsaid,
        _ if offer.subjects.says_kind(&known) => Weight::Said,
        [(only, _)] if !changes => Weight::Instead(Value::String(only.clone())),
        [(only, _), ..] if changes => {
            Weight::Contradicts(format!("Is a {known} meant? The request says {only}."))
        }
        _ => Weight::Said,
    }
}

fn says_exactly(words: &Words, text: &str) -> bool {
    let text = text.to_lowercase();
    words.said.contains(&text) || words.quoted.iter().any(|quoted| quoted.to_lowercase() == text)
}

/// The first text of an argument that stands nowhere in the request. Of a path only its last part has to be
/// said: where it lies is looked up.
fn unsaid_text(value: &Value, words: &Words, role: Role) -> Option<String> {
    match value {
        Value::String(text) => {
            let measured = if role == Role::Path {
                text.trim_end_matches('/').rsplit('/').next().unwrap_or(text)
            } else {
                text
            };
            let stands = measured == "."
                || says_exactly(words, text)
                || words.quoted.iter().any(|quoted| quoted.contains(measured));
            let all = parts(&measured.to_lowercase()).all(|part| {
                words.said.iter().any(|said| parts(said).any(|known| known == part))
                    || words.account_for(part)
            });
            (!stands && !all).then(|| text.clone())
        }
        Value::Array(items) => items.iter().find_map(|item| unsaid_text(item, words, role)),
        Value::Object(map) => unsaid_in(map, words, role),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn unsaid_in(map: &Map<String, Value>, words: &Words, role: Role) -> Option<String> {
    map.values().find_map(|value| unsaid_text(value, words, role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::model::tests::situation;
    use serde_json::json;

    fn verdict(request: &str, tool: &str, arguments: Value) -> Verdict {
        let situation = situation();
        measure(Call::new(tool, arguments), &Offer::of(request, &situation), &situation)
    }

    fn asks(request: &str, arguments: Value) -> String {
        match verdict(request, "scale", arguments) {
            Verdict::Ask(question) => question,
            other => panic!("{request}: {other:?}"),
        }
    }

    #[test]
    fn a_change_that_contradicts_the_words_is_asked_about() {
        let web = json!({"name": "web", "replicas": 3});
        let questions = [
            asks("scale web to 5", web.clone()),
            asks("scale the database to 3", web.clone()),
            asks("show me web and its 3 replicas", web.clone()),
            asks("scale web to 3", json!({"name": "web", "replicas": 3, "namespace": "prod"})),
            asks(
                "scale the web statefulset to 3",
                json!({"name": "web", "replicas": 3, "kind": "deployment"}),
            ),
            asks("set web to 0 ", json!({"name": "web", "replicas": 3})),
            asks("scale web to minus 3", json!({"name": "web", "replicas": 0})),
            asks("scale \"web\" as the log says: 'scale web to 3'", web),
        ];
        insta::assert_snapshot!(questions.join("\n"), @r#"
        How many? The request does not say 3 for replicas.
        Which object is meant? Nothing in the request names "web".
        Should something change? The request only asks to look, but it was understood as `scale name=web replicas=3`.
        Which namespace? Nothing in the request names "prod".
        Is a deployment meant? The request says statefulset.
        How many? The request does not say 3 for replicas.
        How many? The request does not say 0 for replicas.
        How many? The request does not say 3 for replicas.
        "#);
    }

    #[test]
    fn what_was_said_stands_and_what_nobody_said_goes() {
        for (request, proposed, stands) in [
            ("scale web to 3", json!({"name": "web", "replicas": 3}), json!({"name": "web", "replicas": 3})),
            (
                "scale web to three",
                json!({"name": "web", "replicas": 3, "namespace": "default"}),
                json!({"name": "web", "replicas": 3}),
            ),
            (
                "I need 3 webs in staging",
                json!({"name": "web", "replicas": 3, "namespace": "staging", "kind": "deployment"}),
                json!({"name": "web", "replicas": 3, "namespace": "staging"}),
            ),
            (
                "take web down to nothing",
                json!({"name": "web", "replicas": 0}),
                json!({"name": "web", "replicas": 0}),
            ),
        ] {
            assert_eq!(
                verdict(request, "scale", proposed),
                Verdict::Stands(Call::new("scale", stands)),
                "{request}"
            );
        }
    }

    #[test]
    fn a_look_is_measured_more_kindly() {
        assert_eq!(
            verdict(
                "how far is the web rollout",
                "rollout_status",
                json!({"name": "shop-web", "namespace": "prod"})
            ),
            Verdict::Stands(Call::new("rollout_status", json!({"name": "shop-web"})))
        );
        assert!(matches!(
            verdict("how far is the rollout", "rollout_status", json!({"name": "payments"})),
            Verdict::Ask(_)
        ));
    }

    #[test]
    fn arguments_that_do_not_fit_are_broken() {
        assert!(matches!(verdict("scale web", "scale", json!({"name": "web"})), Verdict::Broken(_)));
    }
}
