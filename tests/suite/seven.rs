//! The seven requests that shipmate was asked for first, word for word: as one-shots, in a conversation in a
//! terminal, and with the small local model alone. Each leaves a valid record that says what was asked, which
//! call it became, what the equivalent command is, and what came of it.

use crate::support::cluster::{Cluster, cluster};
use crate::support::terminal::Terminal;
use crate::support::todo::{Form, Todo};
use crate::support::world::{World, valid_record, wait_until};
use std::time::Duration;

/// A request, and what has to be found in its record and its answer.
struct Request {
    words: &'static str,
    /// The typed call's tool.
    tool: &'static str,
    /// What the equivalent command has to hold.
    command: &'static [&'static str],
    /// What the answer has to hold.
    answer: &'static [&'static str],
}

const SEVEN: [Request; 7] = [
    Request {
        words: "build optimized frontend image",
        tool: "build_image",
        command: &["docker build", "frontend"],
        answer: &["todo-frontend"],
    },
    Request {
        words: "analyze my backend Dockerfile",
        tool: "analyze_dockerfile",
        command: &["docker build --check", "tests/todo-app/docker/backend"],
        answer: &["base-unpinned"],
    },
    Request {
        words: "show me all todo pods",
        tool: "list_resources",
        command: &["kubectl get pods", "todo"],
        answer: &["todo-backend-", "todo-frontend-", "Running"],
    },
    Request {
        words: "get logs from backend deployment",
        tool: "get_logs",
        command: &["kubectl logs", "deployment/todo-backend", "-n todo"],
        answer: &["todo-backend-"],
    },
    Request {
        words: "describe the frontend service",
        tool: "describe_resource",
        command: &["kubectl describe", "frontend-service", "-n todo"],
        answer: &["frontend-service", "ClusterIP", "3000"],
    },
    Request {
        words: "analyze cluster health",
        tool: "analyze_health",
        command: &["shipmate health"],
        answer: &["todo-ingress"],
    },
    Request {
        words: "check resource usage of todo-backend",
        tool: "resource_usage",
        command: &["kubectl top", "todo-backend"],
        answer: &["todo-backend-", "Mi"],
    },
];

/// The application on the cluster, and a world that holds this project's files.
fn place(cluster: &Cluster) -> (Todo, World) {
    let todo = Todo::with(cluster, Form::Application);
    todo.measured(cluster);
    let world = World::on(cluster, "todo");
    for folder in ["manifests", "helm", "tests/todo-app"] {
        world.copy_from_repository(folder);
    }
    (todo, world)
}

/// The parts of the chain from words to outcome, each in the record of this request.
#[track_caller]
fn is_whole(record: &str, request: &Request, translator: &str) {
    let (prompt, rest) = record.split_once("## Response snapshot").expect("no response in the record");
    assert!(prompt.contains(request.words), "the words are not in the record: {record}");
    let row =
        rest.lines().find(|line| line.starts_with("| `")).unwrap_or_else(|| panic!("no call: {record}"));
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
    let [call, command, _effect, approved_by, outcome, _duration] = cells.as_slice() else { panic!("{row}") };
    assert!(call.trim_matches('`').starts_with(request.tool), "another call than {}: {row}", request.tool);
    for part in request.command {
        assert!(command.contains(part), "{part:?} is not in the command: {row}");
    }
    assert!(!outcome.is_empty() && !outcome.contains("failed"), "{row}");
    assert_eq!(request.tool == "build_image", *approved_by != "none", "{row}");
    assert!(record.contains(translator), "it does not say who translated it: {record}");
}

#[test]
fn as_one_shots_offline() {
    let cluster = cluster();
    let (_todo, world) = place(cluster);
    for request in &SEVEN {
        let refused = world.run(["--offline", request.words]);
        assert_eq!(refused.code, if request.tool == "build_image" { 4 } else { 0 }, "{refused:?}");
        let ran = world.run(["--offline", "--yes", request.words]).ends_with(0);
        let said = format!("{}{}", ran.out, ran.err);
        for part in request.answer {
            assert!(said.contains(part), "{}: {part:?} is missing: {said}", request.words);
        }
        is_whole(&world.last_record(), request, "shipmate-phrasebook");
    }
    assert_eq!(world.records().len(), 2 * SEVEN.len());

    // From another namespace the words still say where.
    let elsewhere = World::on(cluster, "default");
    elsewhere
        .run(["--offline", "show me all todo pods"])
        .ends_with(0)
        .prints(&["todo-backend-", "todo-frontend-"]);
}

#[test]
fn in_a_conversation_in_a_terminal() {
    let (_todo, world) = place(cluster());
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("/exit to leave");
    terminal.shows("/todo> ");
    for (index, request) in SEVEN.iter().enumerate() {
        terminal.types(request.words);
        if request.tool == "build_image" {
            terminal.shows("Go on?");
            terminal.types("y");
        }
        for part in request.answer {
            terminal.shows(part);
        }
        wait_until("the record", || world.records().len() == index + 1);
        is_whole(&world.last_record(), request, "shipmate-phrasebook");
        terminal.shows("/todo> ");
    }
    terminal.types("/exit");
    assert_eq!(terminal.ends().1, 0);
    assert_eq!(world.records().len(), SEVEN.len());
}

#[test]
fn with_the_small_local_model_alone() {
    let cluster = cluster();
    let (url, name) = cluster.model();
    let (_todo, world) = place(cluster);
    let world = world.with_model(url, name).with_patience(Duration::from_secs(300));
    let mut wrong = Vec::new();
    for request in &SEVEN {
        let before = world.records().len();
        let ran = world.run(["--translator", "model", "--timeout", "240", "--yes", request.words]);
        let said = format!("{}{}", ran.out, ran.err);
        if ran.code != 0 || request.answer.iter().any(|part| !said.contains(part)) {
            wrong.push(format!("{} (exit {}, {:?}):\n{said}", request.words, ran.code, ran.took));
            continue;
        }
        assert_eq!(world.records().len(), before + 1);
        is_whole(&valid_record(world.records().last().unwrap()), request, name);
    }
    assert!(wrong.is_empty(), "{} of 7 were not done as asked:\n{}", wrong.len(), wrong.join("\n"));
}
