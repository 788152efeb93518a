//! Changes, from the preview to the record: nothing without an approval, then exactly what was shown, waited
//! for until it is true, and a way back.

use crate::support::cluster::{Cluster, cluster};
use crate::support::terminal::Terminal;
use crate::support::todo::{Form, Todo, images};
use crate::support::world::{World, wait_until};
use serde_json::Value;
use std::fs;

const SCALE: &str = "scale the backend to 3 replicas";
const INSTALL: &str = "install the todo chart";

#[test]
fn scaling_is_shown_refused_approved_verified_and_recorded() {
    let cluster = cluster();
    let namespace = cluster.namespace("scale");
    namespace.web("todo-backend", 2);
    namespace.rolled_out("deployment/todo-backend");
    let world = World::on(cluster, &namespace.name);
    let version = || namespace.field("deployment/todo-backend", ".metadata.resourceVersion");
    let before = version();
    let command = format!("kubectl scale deployment/todo-backend --replicas=3 -n {}", namespace.name);
    let shown = ["from 2 to 3 replicas", "-   replicas: 2", "+   replicas: 3", &command];

    world.run(["--offline", SCALE]).ends_with(4).says(&shown).says(&["--yes"]);
    assert_eq!(version(), before, "refused, and yet changed");
    let record = world.last_record();
    assert!(record.contains(SCALE) && record.contains(&command) && record.contains("not done"), "{record}");

    world.run(["--offline", "--dry-run", SCALE]).ends_with(0).says(&shown);
    world.run(["--offline", "--dry-run", "--yes", SCALE]).ends_with(0).says(&shown);
    assert_eq!(version(), before, "only shown, and yet changed");

    let ran = world.run(["--offline", "--yes", SCALE]).ends_with(0).says(&shown).says(&["3 of 3"]);
    assert_ne!(version(), before);
    // It ended only when the change was true.
    assert_eq!(namespace.field("deployment/todo-backend", ".status.readyReplicas"), "3", "{ran:?}");
    let record = world.last_record();
    for part in [SCALE, &command, "change", "--yes", "3 of 3", "PASS"] {
        assert!(record.contains(part), "{part:?} is not in the record: {record}");
    }

    // Asking for what is so already changes nothing.
    let now = version();
    world.run(["--offline", "--yes", SCALE]).ends_with(0).says(&["already"]);
    assert_eq!(version(), now);
}

#[test]
fn a_change_in_a_conversation_can_be_taken_back() {
    let cluster = cluster();
    let namespace = cluster.namespace("undo");
    namespace.web("todo-backend", 1);
    namespace.rolled_out("deployment/todo-backend");
    let world = World::on(cluster, &namespace.name);
    let replicas = || namespace.field("deployment/todo-backend", ".spec.replicas");
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("/exit to leave");
    terminal.types("scale the backend to 2 replicas");
    terminal.shows("Go on?");
    assert_eq!(replicas(), "1");
    terminal.types("y");
    terminal.shows("2 of 2");
    wait_until("the record", || world.records().len() == 1);
    assert_eq!(replicas(), "2");
    terminal.types("/undo");
    terminal.shows("from 2 to 1 replica");
    terminal.shows("Go on?");
    terminal.types("y");
    wait_until("the record", || world.records().len() == 2);
    assert_eq!(replicas(), "1");
    terminal.types("/exit");
    assert_eq!(terminal.ends().1, 0);
}

#[test]
fn a_protected_context_takes_no_flag_for_an_answer() {
    let cluster = cluster();
    let namespace = cluster.namespace("protected");
    namespace.web("web", 1);
    let world = World::on(cluster, &namespace.name);
    let context = cluster.ask(&["config", "current-context"]);
    let file = world.path("home/.config/shipmate/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, format!("protected_contexts = ['{context}']\n")).unwrap();
    world.run(["--offline", "--yes", "scale web to 2 replicas"]).ends_with(4).says(&["protected"]);
    assert_eq!(namespace.field("deployment/web", ".spec.replicas"), "1");
}

#[test]
fn a_chart_is_installed_and_an_upgrade_shows_only_what_changes() {
    let cluster = cluster();
    images(cluster);
    let _todo = Todo::with(cluster, Form::Empty);
    let world = World::on(cluster, "todo");
    world.copy_from_repository("helm");
    let releases = || -> Value {
        let mut command = world.program("helm", ["list", "-n", "todo", "-o", "json"]);
        command.env("KUBECONFIG", &cluster.kubeconfig);
        serde_json::from_str(&world.finish(command, "").ends_with(0).out).unwrap()
    };

    let ran = world.run(["--offline", INSTALL]).ends_with(4);
    for object in
        ["Deployment todo/todo-backend", "Service todo/frontend-service", "Ingress todo/todo-ingress"]
    {
        assert!(ran.err.contains(object), "{object} is not shown: {}", ran.err);
    }
    assert!(!ran.err.contains("BETTER_AUTH_SECRET: "), "a Secret's values are shown: {}", ran.err);
    assert_eq!(releases(), Value::Array(Vec::new()), "refused, and yet installed");
    assert_eq!(objects(cluster), "");

    world.run(["--offline", "--yes", INSTALL]).ends_with(0).says(&["helm upgrade --install todo-app"]);
    assert_eq!(releases()[0]["name"], "todo-app");
    assert_eq!(releases()[0]["revision"], "1");
    for workload in ["deployment/todo-backend", "deployment/todo-frontend"] {
        let ready = cluster.ask(&["get", "-n", "todo", workload, "-o", "jsonpath={.status.readyReplicas}"]);
        assert_eq!(ready, "2", "{workload} is not ready, and yet it was said to be done");
    }
    let record = world.last_record();
    assert!(record.contains(INSTALL) && record.contains("helm upgrade --install todo-app"), "{record}");

    let values = world.project().join("helm/todo-app/values.yaml");
    let (head, backend) = {
        let text = fs::read_to_string(&values).unwrap();
        let (head, backend) = text.split_once("\nbackend:").unwrap();
        (head.to_owned(), backend.replacen("replicaCount: 2", "replicaCount: 3", 1))
    };
    fs::write(&values, format!("{head}\nbackend:{backend}")).unwrap();
    let ran = world.run(["--offline", INSTALL]).ends_with(4);
    assert!(ran.err.contains("-   replicas: 2") && ran.err.contains("+   replicas: 3"), "{}", ran.err);
    let changed: Vec<&str> = ran
        .err
        .lines()
        .map(str::trim_start)
        .filter(|line| (line.starts_with("+ ") || line.starts_with("- ")) && !line.contains("replicas:"))
        .collect();
    assert!(changed.is_empty(), "more than the replicas is shown as changed: {changed:#?}");
    assert_eq!(releases()[0]["revision"], "1");
    world.run(["--offline", "--yes", INSTALL]).ends_with(0);
    assert_eq!(releases()[0]["revision"], "2");
    let ready = ["get", "-n", "todo", "deployment/todo-backend", "-o", "jsonpath={.status.readyReplicas}"];
    assert_eq!(cluster.ask(&ready), "3");
}

fn objects(cluster: &Cluster) -> String {
    cluster.ask(&["get", "deployments,services,ingresses,secrets", "-n", "todo", "-o", "name"])
}
