//! Plans: several changes approved as one, and plans on disk that are applied as they were reviewed or not at all.

use crate::support::cluster::cluster;
use crate::support::terminal::Terminal;
use crate::support::world::{World, wait_until};
use serde_json::Value;
use std::fs;

#[test]
fn several_changes_are_one_plan_with_one_approval() {
    let cluster = cluster();
    let namespace = cluster.namespace("several");
    namespace.web("apple", 1);
    namespace.web("pear", 1);
    namespace.rolled_out("deployment/apple");
    namespace.rolled_out("deployment/pear");
    let world = World::on(cluster, &namespace.name);
    let replicas = |name: &str| namespace.field(&format!("deployment/{name}"), ".spec.replicas");
    let both = "scale apple to 2 replicas and scale pear to 2 replicas";

    // Both are shown, and neither is done.
    world.run(["--offline", both]).ends_with(4).says(&[
        "apple goes from 1 to 2",
        "pear goes from 1 to 2",
        "2 changes",
    ]);
    assert_eq!((replicas("apple"), replicas("pear")), ("1".into(), "1".into()));

    // One that makes no sense: nothing of the rest is done.
    let bad = "scale apple to 2 replicas and scale pineapple-tree to 2 replicas";
    let ran = world.run(["--offline", "--yes", bad]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(replicas("apple"), "1", "half of it was done: {ran:?}");

    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("/exit to leave");
    terminal.types(both);
    terminal.shows("all 2 steps");
    terminal.shows("Go on?");
    assert_eq!((replicas("apple"), replicas("pear")), ("1".into(), "1".into()));
    terminal.types("y");
    let done = world.records().len();
    wait_until("both", || replicas("apple") == "2" && replicas("pear") == "2");
    wait_until("the record", || world.records().len() > done);
    // Both are one change to take back.
    terminal.types("/undo");
    terminal.shows("all 2 steps");
    terminal.shows("Go on?");
    terminal.types("y");
    wait_until("the way back", || replicas("apple") == "1" && replicas("pear") == "1");
    terminal.types("/exit");
    assert_eq!(terminal.ends().1, 0);
}

#[test]
fn a_plan_is_applied_as_it_was_reviewed_and_not_when_anything_moved() {
    let cluster = cluster();
    let namespace = cluster.namespace("planned");
    namespace.web("apple", 1);
    namespace.rolled_out("deployment/apple");
    let world = World::on(cluster, &namespace.name);
    let replicas = || namespace.field("deployment/apple", ".spec.replicas");
    let make = ["--offline", "plan", "scale apple to 2 replicas", "--out"];

    world.run(make.iter().copied().chain(["one.json"])).ends_with(0).says(&["from 1 to 2 replicas"]);
    assert_eq!(replicas(), "1");
    let text = fs::read_to_string(world.project().join("one.json")).unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["steps"][0]["call"]["tool"], "scale");
    assert!(plan["steps"][0]["versions"].as_object().is_some_and(|all| all.len() == 1), "{text}");
    // It is not written over.
    world.run(make.iter().copied().chain(["one.json"])).ends_with(2).says(&["exists already"]);

    world.run(["plan", "--apply", "one.json"]).ends_with(4).says(&["--yes"]);
    assert_eq!(replicas(), "1");
    world.run(["plan", "--apply", "one.json", "--yes"]).ends_with(0).says(&["2 of 2"]);
    assert_eq!(replicas(), "2");

    // Again it does not hold: the object has moved, by the plan itself.
    let ran = world.run(["plan", "--apply", "one.json", "--yes"]).ends_with(4);
    assert!(ran.err.contains("does not hold any more"), "{ran:?}");

    fs::write(
        world.project().join("two.json"),
        text.replace(
            &format!("\"context\": \"{}\"", plan["context"].as_str().unwrap()),
            "\"context\": \"other\"",
        ),
    )
    .unwrap();
    world.run(["plan", "--apply", "two.json", "--yes"]).ends_with(4).says(&["context"]);
    world.write("three.json", "{}");
    world.run(["plan", "--apply", "three.json", "--yes"]).ends_with(2).says(&["is no plan"]);
    world.run(["plan", "--apply", "none.json", "--yes"]).ends_with(2).says(&["cannot be read"]);
    assert_eq!(replicas(), "2");
}
