//! Conversations, each line against what the lines before it came to.

use super::*;
use shipmate_tools::kubernetes::KindIndex;
use std::sync::Arc;

/// A conversation in which every understood call is carried out in the mind: `rows` are what lists show.
struct Talk {
    book: Phrasebook,
    situation: Situation,
    rows: Json,
}

impl Talk {
    fn new(pods: &[&str]) -> Self {
        let rows: Vec<Json> = pods.iter().map(|name| json!({"name": name, "namespace": "lake"})).collect();
        Self {
            book: Phrasebook::new(),
            situation: Situation {
                kinds: Arc::new(KindIndex::builtin()),
                context: Some("harbour".to_owned()),
                namespace: "lake".to_owned(),
                namespaces: ["default", "lake", "mill"].map(str::to_owned).to_vec(),
                focus: Focus::default(),
            },
            rows: json!({"count": rows.len(), "kinds": {"pods": rows}}),
        }
    }

    fn says(&mut self, request: &str, expected: &str) {
        let got = match self.book.translate(request, &self.situation).understanding {
            Understanding::Calls(calls) => {
                // A command line does not show what is filtered here.
                let status = |call: &Call| match call.arguments.get("status") {
                    Some(status) => format!("  # only {}", status.as_str().unwrap()),
                    None => String::new(),
                };
                let line = |call: &Call| format!("{}{}", call.bind().unwrap().command(), status(call));
                let lines: Vec<String> = calls.iter().map(line).collect();
                let listed = calls.last().is_some_and(|call| call.tool == "list_resources");
                let data = if listed { self.rows.clone() } else { Json::Null };
                self.situation.focus.learn(&calls, &data, &self.situation.kinds);
                lines.join("; ")
            }
            Understanding::Question(_) => "question".to_owned(),
            Understanding::NotUnderstood(_) => "not understood".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(got, expected, "{request:?}");
    }
}

#[test]
fn it_is_the_object_spoken_of_last() {
    let mut talk = Talk::new(&[]);
    talk.says("restart it", "question");
    talk.says("describe deployment mast in mill", "kubectl describe deployment/mast -n mill");
    talk.says("show its logs", "kubectl logs deployment/mast -n mill --tail=100");
    talk.says("scale it to 5", "kubectl scale deployment/mast --replicas=5 -n mill");
    talk.says("restart that one", "kubectl rollout restart deployment/mast -n mill");
    talk.says("scale it to 2 in lake", "kubectl scale deployment/mast --replicas=2 -n lake");
}

#[test]
fn rows_are_spoken_of_by_number() {
    let mut talk = Talk::new(&["mast-1", "mast-2", "sail-1"]);
    talk.says("describe the second one", "question");
    talk.says("show pods", "kubectl get pods");
    talk.says("delete it", "question");
    talk.says("describe the second one", "kubectl describe pod/mast-2 -n lake");
    talk.says("logs of the last one", "kubectl logs pod/sail-1 -n lake --tail=100");
    talk.says("describe the third pod", "kubectl describe pod/sail-1 -n lake");
    talk.says("describe number 1", "kubectl describe pod/mast-1 -n lake");
    talk.says("describe the ninth one", "question");
}

#[test]
fn a_place_or_an_object_alone_repeats_the_last_request_there() {
    let mut talk = Talk::new(&["mast-1", "mast-2"]);
    talk.says("show pods that are not ready", "kubectl get pods  # only not ready");
    talk.says("and in mill?", "kubectl get pods -n mill  # only not ready");
    talk.says("what about lake", "kubectl get pods -n lake  # only not ready");
    talk.says("describe deployment mast", "kubectl describe deployment/mast");
    talk.says("same for deployment sail", "kubectl describe deployment/sail");
    talk.says("scale deployment mast to 3", "kubectl scale deployment/mast --replicas=3");
    talk.says("and in mill?", "question");
    talk.says("and in mill", "kubectl scale deployment/mast --replicas=3 -n mill");
}

#[test]
fn the_last_list_can_be_narrowed_and_seen_again() {
    let mut talk = Talk::new(&["mast-1", "mast-2"]);
    talk.says("again", "not understood");
    talk.says("show pods in mill", "kubectl get pods -n mill");
    talk.says("only the failing ones", "kubectl get pods -n mill  # only unhealthy");
    talk.says("again", "kubectl get pods -n mill  # only unhealthy");
    talk.says("show pods in mill", "kubectl get pods -n mill");
    talk.says("which of them are not ready?", "kubectl get pods -n mill  # only not ready");
}

#[test]
fn undo_and_why_are_about_what_was_done() {
    let mut talk = Talk::new(&[]);
    talk.says("describe deployment mast", "kubectl describe deployment/mast");
    talk.says("undo that", "question");
    talk.situation.focus.undo =
        Some(Call::new("scale", json!({"kind": "deployment", "name": "mast", "replicas": 1})));
    talk.says("undo that", "kubectl scale deployment/mast --replicas=1");
    talk.says("why?", "kubectl describe deployment/mast");
}
