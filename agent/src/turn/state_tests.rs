//! The state machine, step by step, with neither a clock nor a network.

use super::*;
use crate::translate::{TranslatorName, Usage};
use serde_json::json;

fn turn(rules: Rules) -> Turn {
    Turn::of_call("scale web to 3", Call::new("scale", json!({"name": "web", "replicas": 3})), rules, "dev")
}

fn exact(effect: shipmate_tools::Effect) -> Event {
    let arguments = json!({"kind": "deployment", "name": "web", "namespace": "shop", "replicas": 3});
    Event::Grounded(Ok(Grounded::Exact {
        call: Call::new("scale", arguments),
        effect,
        command: "kubectl scale".to_owned(),
    }))
}

fn shown() -> Preview {
    Preview {
        summary: "web goes from 2 to 3".to_owned(),
        namespace: Some("shop".to_owned()),
        ..Preview::default()
    }
}

fn end(effects: &[Effect]) -> Option<ExitCode> {
    effects.iter().find_map(|effect| match effect {
        Effect::End(code) => Some(*code),
        _ => None,
    })
}

fn runs(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Run { .. }))
}

#[test]
fn a_change_is_previewed_asked_journalled_run_verified_and_recorded() {
    let mut turn = turn(Rules::new(false, false, true, Vec::new()));
    assert!(matches!(
        turn.step(Event::Begin).as_slice(),
        [Effect::Journal(JournalEntry::Requested { .. }), Effect::Ground(_)]
    ));
    assert!(matches!(turn.step(exact(shipmate_tools::Effect::Change)).last(), Some(Effect::Preview(_))));
    assert!(matches!(turn.step(Event::Previewed(Ok(shown()))).as_slice(), [Effect::Ask(_)]));
    let effects = turn.step(Event::Answered(Answer::Yes));
    assert!(matches!(
        effects.as_slice(),
        [Effect::Journal(JournalEntry::Started { .. }), Effect::Run { by: ApprovedBy::Person, .. }]
    ));
    let effects = turn.step(Event::Ran(Ok(Outcome::sentence("done"))));
    assert!(matches!(effects.last(), Some(Effect::Verify { .. })));
    let effects = turn.step(Event::Verified(Ok(Verification::Confirmed("3 of 3".to_owned()))));
    assert!(effects.contains(&Effect::Record));
    assert_eq!(end(&effects), Some(ExitCode::Done));
    assert_eq!(turn.record().calls.len(), 1);
}

#[test]
fn nothing_runs_without_an_approval() {
    for (rules, event) in [
        (Rules::new(false, false, false, Vec::new()), None),
        (Rules::new(false, false, true, Vec::new()), Some(Answer::No)),
        (Rules::new(false, false, true, Vec::new()), Some(Answer::Nobody)),
    ] {
        let mut turn = turn(rules);
        turn.step(Event::Begin);
        turn.step(exact(shipmate_tools::Effect::Change));
        let mut effects = turn.step(Event::Previewed(Ok(shown())));
        assert!(!runs(&effects));
        if let Some(answer) = event {
            effects = turn.step(Event::Answered(answer));
        }
        assert!(!runs(&effects));
        assert_eq!(end(&effects), Some(ExitCode::Refused));
        assert!(effects.contains(&Effect::Record));
    }
}

#[test]
fn a_dry_run_shows_and_does_not_run_even_with_yes() {
    let mut turn = turn(Rules::new(true, true, true, Vec::new()));
    turn.step(Event::Begin);
    turn.step(exact(shipmate_tools::Effect::Destroy));
    let effects = turn.step(Event::Previewed(Ok(shown())));
    assert!(!runs(&effects));
    assert_eq!(end(&effects), Some(ExitCode::Done));
}

#[test]
fn an_edited_call_is_grounded_and_shown_again() {
    let mut turn = turn(Rules::new(false, false, true, Vec::new()));
    turn.step(Event::Begin);
    turn.step(exact(shipmate_tools::Effect::Change));
    turn.step(Event::Previewed(Ok(shown())));
    let other = Call::new("scale", json!({"name": "web", "replicas": 4}));
    assert_eq!(turn.step(Event::Answered(Answer::Edit(other.clone()))), [Effect::Ground(other)]);
}

#[test]
fn an_event_that_does_not_fit_never_runs_anything() {
    let mut turn = turn(Rules::new(true, false, true, Vec::new()));
    turn.step(Event::Begin);
    let effects = turn.step(Event::Answered(Answer::Yes));
    assert!(!runs(&effects));
    assert_eq!(end(&effects), Some(ExitCode::Failed));
    assert!(turn.step(Event::Answered(Answer::Yes)).is_empty());
}

#[test]
fn ctrl_c_while_a_change_runs_says_that_it_may_have_been_done() {
    let mut turn = turn(Rules::new(true, false, false, Vec::new()));
    turn.step(Event::Begin);
    turn.step(exact(shipmate_tools::Effect::Change));
    assert!(runs(&turn.step(Event::Previewed(Ok(shown())))));
    let effects = turn.step(Event::Interrupted("interrupted".to_owned()));
    assert_eq!(end(&effects), Some(ExitCode::Interrupted));
    let row = turn.record().calls.first().unwrap();
    assert!(row.outcome.contains("may have been done") && !row.succeeded, "{row:?}");
}

#[test]
fn a_plan_stops_at_the_first_failure_and_says_what_is_left() {
    let mut turn =
        Turn::of_request("scale web to 3 and restart it", Rules::new(true, false, false, Vec::new()), "dev");
    turn.step(Event::Begin);
    let calls = vec![
        Call::new("scale", json!({"name": "web", "replicas": 3})),
        Call::new("restart", json!({"name": "web"})),
    ];
    turn.step(Event::Translated(Ok(Translation {
        understanding: Understanding::Calls(calls),
        translator: TranslatorName::Phrasebook,
        usage: Usage::default(),
    })));
    turn.step(exact(shipmate_tools::Effect::Change));
    // The first change waits until the second is shown, too.
    assert!(!runs(&turn.step(Event::Previewed(Ok(shown())))));
    turn.step(exact_restart());
    let effects = turn.step(Event::Previewed(Ok(shown())));
    assert!(matches!(effects.last(), Some(Effect::Preview(call)) if call.tool == "scale"), "{effects:?}");
    assert!(runs(&turn.step(Event::Previewed(Ok(shown())))));
    turn.step(Event::Ran(Ok(Outcome::sentence("set"))));
    let effects = turn.step(Event::Verified(Ok(Verification::Failed("no pod became ready".to_owned()))));
    assert_eq!(end(&effects), Some(ExitCode::Failed));
    assert!(!runs(&effects));
    assert!(turn.record().said.iter().any(|said| said.contains("restart")), "{:?}", turn.record().said);
}

fn two_changes(rules: Rules) -> (Turn, Vec<Effect>) {
    let mut calls = vec![Call::new("scale", json!({"name": "web", "replicas": 3}))];
    calls.push(Call::new("restart", json!({"name": "web"})));
    let mut turn = Turn::of_calls("scale web to 3 and restart it", calls, rules, "dev");
    turn.step(Event::Begin);
    turn.step(exact(shipmate_tools::Effect::Change));
    turn.step(Event::Previewed(Ok(shown())));
    turn.step(exact_restart());
    let effects = turn.step(Event::Previewed(Ok(shown())));
    (turn, effects)
}

fn exact_restart() -> Event {
    Event::Grounded(Ok(Grounded::Exact {
        call: Call::new("restart", json!({"kind": "deployment", "name": "web", "namespace": "shop"})),
        effect: shipmate_tools::Effect::Change,
        command: "kubectl rollout restart".to_owned(),
    }))
}

#[test]
fn one_answer_counts_for_all_of_a_plan_and_for_nothing_else() {
    let asks = Rules::new(false, false, true, Vec::new());
    let (mut turn, effects) = two_changes(asks.clone());
    let [Effect::Ask(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.steps.len(), 2);
    assert!(!request.may_always);
    assert!(matches!(turn.step(Event::Answered(Answer::Yes)).as_slice(), [Effect::Preview(_)]));
    // What is shown now is about another object than was approved.
    let mut other = shown();
    other.changes.push(shipmate_tools::ObjectChange {
        object: shipmate_tools::ObjectIdentity::default(),
        action: shipmate_tools::Action::Delete,
        difference: String::new(),
    });
    let effects = turn.step(Event::Previewed(Ok(other)));
    assert!(!runs(&effects));
    assert_eq!(end(&effects), Some(ExitCode::Failed));

    let (mut turn, _) = two_changes(asks);
    let effects = turn.step(Event::Answered(Answer::No));
    assert_eq!(end(&effects), Some(ExitCode::Refused));
    let (_, effects) = two_changes(Rules::new(false, false, false, Vec::new()));
    assert!(!runs(&effects) && end(&effects) == Some(ExitCode::Refused));
}

#[test]
fn a_question_with_choices_is_asked_only_where_somebody_is() {
    let ask = || {
        Event::Grounded(Ok(Grounded::Ask {
            question: "which?".to_owned(),
            options: vec![("web".to_owned(), Call::new("scale", json!({"name": "web", "replicas": 3})))],
        }))
    };
    let mut there = turn(Rules::new(true, false, true, Vec::new()));
    there.step(Event::Begin);
    assert!(matches!(there.step(ask()).as_slice(), [Effect::Choose { .. }]));
    let mut alone = turn(Rules::new(true, false, false, Vec::new()));
    alone.step(Event::Begin);
    assert_eq!(end(&alone.step(ask())), Some(ExitCode::NotUnderstood));
}
