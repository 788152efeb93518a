//! The seven requests that shipmate was asked for, word for word: as one-shots and in a conversation, without
//! a model and with a small local one alone. Each leaves a valid record of what was asked, what was called,
//! the command that equals it, and the result.

use crate::support::cluster::cluster;
use crate::support::terminal::Terminal;
use crate::support::todo::{Todo, todo};
use crate::support::world::World;
use std::time::Duration;

/// A request, a part of the call in its record, a part of the command, and a part of what is printed.
const SEVEN: [(&str, &str, &str, &str); 7] = [
    ("build optimized frontend image", "build_image", "docker build -t todo-frontend", ""),
    ("analyze my backend Dockerfile", "analyze_dockerfile", "docker/backend/Dockerfile", "SEVERITY"),
    ("show me all todo pods", "list_resources", "kubectl get pods", "todo-backend-"),
    ("get logs from backend deployment", "get_logs", "kubectl logs deployment/todo-backend -n todo", ""),
    (
        "describe the frontend service",
        "describe_resource",
        "kubectl describe service/frontend-service -n todo",
        "frontend-service",
    ),
    ("analyze cluster health", "analyze_health", "shipmate health", ""),
    ("check resource usage of todo-backend", "resource_usage", "kubectl top pods", "todo-backend-"),
];

/// A world with this project in it, on the cluster that runs its manifests.
fn world() -> World {
    let world = World::on(cluster(), "todo");
    for folder in ["manifests", "helm", "tests/todo-app"] {
        world.copy_from_repository(folder);
    }
    world
}

fn one_shots(world: &World, how: &[&str]) {
    for (request, call, command, printed) in SEVEN {
        let mut arguments: Vec<&str> = how.to_vec();
        arguments.extend(["--yes", request]);
        let ran = world.run(&arguments);
        assert_eq!(ran.code, 0, "{request}\nstdout: {}\nstderr: {}", ran.out, ran.err);
        assert!(ran.out.contains(printed), "{request} printed: {}\nand said: {}", ran.out, ran.err);
        let record = world.last_record();
        for part in [request, call, command] {
            assert!(record.contains(part), "{part:?} is not in the record of {request:?}:\n{record}");
        }
    }
    assert_eq!(world.records().len(), SEVEN.len());
}

#[test]
fn as_one_shots_without_a_model() {
    let _held = todo(cluster(), Todo::Manifests);
    one_shots(&world(), &["--offline"]);
}

#[test]
fn as_one_shots_with_the_small_model_alone() {
    let _held = todo(cluster(), Todo::Manifests);
    let (url, name) = cluster().model();
    // Two cores shared with the cluster: the model answers in seconds, and may need a second try.
    let world = world().with_model(url, name).with_patience(Duration::from_secs(300));
    one_shots(&world, &["--translator", "model", "--timeout", "240"]);
}

#[test]
fn in_a_conversation() {
    let _held = todo(cluster(), Todo::Manifests);
    let world = world();
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("/todo>");
    for (request, _, command, _) in SEVEN {
        terminal.types(request);
        // What it understood is said before anything else happens.
        terminal.shows(command);
        if request.starts_with("build") {
            terminal.shows("[y]es");
            terminal.types("y");
        }
        terminal.shows("/todo>");
    }
    terminal.types("/exit");
    let (_, code) = terminal.ends();
    assert_eq!(code, 0);
    assert_eq!(world.records().len(), SEVEN.len());
    for (path, (request, call, ..)) in world.records().iter().zip(SEVEN) {
        let record = crate::support::world::valid_record(path);
        assert!(record.contains(request) && record.contains(call), "{record}");
    }
}
