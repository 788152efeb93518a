//! A model that is wrong or not there: a clear message, the right exit code, in time, and nothing run.

use crate::support::model_server::{ModelServer, Reply, delta};
use crate::support::world::{Ran, World};
use serde_json::json;
use std::net::TcpListener;
use std::time::Duration;

const REQUEST: &str = "what would you recommend for lunch";

/// Asks a model at this address alone; the request is recorded whatever comes of it.
fn ask(url: &str) -> Ran {
    let world = World::new().with_model(url, "scripted");
    let ran = world.run(["--translator", "model", "--timeout", "3", "--yes", REQUEST]);
    assert!(ran.took < Duration::from_secs(60), "a deadline of 3 s took {:?}", ran.took);
    assert!(world.record().contains(REQUEST), "the words are lost");
    assert!(
        !ran.err.contains("test-key") && !world.record().contains("test-key"),
        "the key is shown: {ran:?}"
    );
    ran
}

fn answered(replies: Vec<Reply>) -> Ran {
    let server = ModelServer::start(replies);
    ask(&server.base())
}

#[test]
fn nobody_is_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    ask(&format!("http://127.0.0.1:{port}/v1")).ends_with(5).says(&["model", "--offline"]);
}

#[test]
fn it_never_answers() {
    answered(vec![Reply::Hang]).ends_with(5).says(&["model"]);
}

#[test]
fn it_refuses_the_key() {
    let ran = answered(vec![Reply::error(401, "Incorrect API key provided: test-key.")]);
    ran.ends_with(5).says(&["OPENAI_API_KEY"]);
}

#[test]
fn it_has_had_enough() {
    answered(vec![Reply::error(429, "Rate limit reached")]).ends_with(5).says(&["model"]);
}

#[test]
fn it_is_broken() {
    answered(vec![Reply::error(500, "The server had an error")]).ends_with(5).says(&["500"]);
    let page = "<html>It works!</html>".to_owned();
    let ran = answered(vec![Reply::Document(200, Vec::new(), "text/html", page)]);
    assert!([1, 3, 5].contains(&ran.code), "{ran:?}");
}

#[test]
fn it_talks_nonsense() {
    let ran = answered(vec![Reply::text("\u{1b}[2J{\"tool\": \"rm -rf /\", \"arguments\": 7}")]);
    assert!([1, 3].contains(&ran.code), "{ran:?}");
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'), "{ran:?}");
    let ran = answered(vec![Reply::calls(&[("no_such_tool", json!({"all": true}))])]);
    assert!([1, 3].contains(&ran.code), "{ran:?}");
    let ran = answered(vec![Reply::Cut(vec![delta(&json!({"content": "{\"tool\": \"sc"}))])]);
    assert!([1, 3, 5].contains(&ran.code), "{ran:?}");
}

#[test]
fn it_never_stops_calling() {
    let call = delta(&json!({"tool_calls": [{
        "index": 0, "id": "call_0", "type": "function",
        "function": {"name": "list_resources", "arguments": "{\"kinds\": \"pods\"}"}
    }]}));
    let ran = answered(vec![Reply::Endless(call)]);
    assert_ne!(ran.code, 0, "there is no cluster: {ran:?}");
    let ran = answered(vec![Reply::Endless(delta(&json!({"content": "and another thing, "})))]);
    // Words without a call are an answer; but they end, and soon.
    assert!(ran.out.len() + ran.err.len() < 10_000, "{ran:?}");
}

#[test]
fn it_is_sent_no_secret_and_told_when_to_stop() {
    let server = ModelServer::start(vec![Reply::text("{\"none\": true}")]);
    let world = World::new().with_model(&server.base(), "scripted");
    let request = "please note down that the db has PASSWORD=hunter2-and-more";
    world.run(["--translator", "model", "--timeout", "10", request]);
    let chats = server.chats();
    assert!(!chats.is_empty(), "nothing was asked: {:?}", server.received());
    for chat in chats {
        let text = chat.body.to_string();
        assert!(!text.contains("hunter2") && !chat.headers.contains("hunter2"), "a secret was sent: {text}");
        let limited = ["max_tokens", "max_completion_tokens"].iter().any(|name| chat.body[*name].is_u64());
        assert!(limited, "no token limit: {text}");
        if chat.body.get("tools").is_some() {
            assert_eq!(chat.body["parallel_tool_calls"], false, "{text}");
        }
    }
}
