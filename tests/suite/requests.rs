//! The requests of `tests/requests/todo.tsv`, translated offline in the small world they are asked in, and
//! judged by what a careful operator would accept. Prints right, wrong and wrong mutations by class; a change
//! that nobody asked for is a failure whatever the rest says.

use crate::support::cluster::cluster;
use crate::support::grade::{Row, Verdict, grade, rows};
use crate::support::todo::{Todo, todo};
use crate::support::world::World;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the requests take to lie in the working folder, besides the paths they name.
const STAND_INS: [&str; 8] = [
    "Dockerfile",
    "docker/frontend/Dockerfile",
    "docker/backend/Dockerfile",
    "frontend/Dockerfile",
    "backend/Dockerfile",
    "manifests/backend-deployment.yaml",
    "manifests/frontend-deployment.yaml",
    "manifests/ingress.yaml",
];

/// At least so much of the rows whose tools exist is right; the aim of a later issue is 75 % of unseen ones.
const LEAST_RIGHT: f64 = 0.5;

fn world() -> World {
    let world = World::on(cluster(), "todo");
    for path in STAND_INS {
        let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stand-in}\n";
        world.write(path, if path.ends_with("yaml") { manifest } else { "FROM localhost/busybox:bed\n" });
    }
    world.write("helm/todo-app/Chart.yaml", "apiVersion: v2\nname: todo-app\nversion: 1.0.0\n");
    for values in ["values.yaml", "values-dev.yaml", "values-prod.yaml"] {
        world.write(&format!("helm/todo-app/{values}"), "replicas: 1\n");
    }
    world
}

/// Whether the row can be right: some tool it accepts exists, or it asks for none.
fn can_be_right(row: &Row) -> bool {
    row.tools.is_empty()
        || "QNSX".contains(&row.class)
        || row.tools.iter().any(|tool| shipmate_tools::catalog::find(tool).is_some())
}

#[test]
fn most_are_right_and_none_is_a_wrong_mutation() {
    let _held = todo(cluster(), Todo::Requests);
    let world = world();
    let mut totals: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let (mut right, mut able, mut mutations) = (0, 0, Vec::new());
    for row in rows(include_str!("../requests/todo.tsv")) {
        let ran = world.run(["translate", "-o", "json", "--offline", row.request.as_str()]);
        let translation: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| {
            panic!("{}: {error}\nstdout: {}\nstderr: {}", row.request, ran.out, ran.err)
        });
        let Verdict { right: is_right, wrong_mutations, text } = grade(&row, &translation);
        let total = totals.entry(row.class.clone()).or_default();
        total[0] += 1;
        total[1] += usize::from(is_right);
        total[2] += wrong_mutations.len();
        mutations.extend(wrong_mutations.into_iter().map(|line| format!("{:?}: {line}", row.request)));
        if can_be_right(&row) {
            able += 1;
            right += usize::from(is_right);
            if !is_right {
                println!("wrong: {} {:?} came to {text}", row.id, row.request);
            }
        }
    }
    println!("class   rows  right  wrong mutations");
    for (class, [all, good, bad]) in &totals {
        println!("{class:<6}{all:>6}{good:>7}{bad:>17}");
    }
    println!("of the rows whose tools exist: {right} of {able} right");
    assert!(mutations.is_empty(), "wrong mutations: {mutations:#?}");
    assert!(right as f64 >= LEAST_RIGHT * able as f64, "{right} of {able} are too few");
}
