//! The requests of `tests/requests/todo.tsv`, translated offline in their world and judged. Nothing is run.

use crate::support::cluster::cluster;
use crate::support::grade::{CLASSES, Row, Verdict, rows};
use crate::support::todo::{Form, Todo};
use crate::support::world::World;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;

/// What the requests take to lie in the working folder, besides the paths they name.
const STAND_INS: [&str; 11] = [
    "Dockerfile",
    "docker/frontend/Dockerfile",
    "docker/backend/Dockerfile",
    "frontend/Dockerfile",
    "backend/Dockerfile",
    "helm/todo-app",
    "helm/todo-app/values-dev.yaml",
    "helm/todo-app/values-prod.yaml",
    "manifests/backend-deployment.yaml",
    "manifests/frontend-deployment.yaml",
    "manifests/ingress.yaml",
];

#[test]
fn most_requests_are_understood_and_none_changes_what_it_should_not() {
    let cluster = cluster();
    let _todo = Todo::with(cluster, Form::Requests);
    let world = World::on(cluster, "todo");
    let rows = rows(include_str!("../requests/todo.tsv"));
    lay_out(&world, &rows);
    let tools: Vec<String> =
        serde_json::from_str::<Value>(&world.run(["tools", "-o", "json"]).ends_with(0).out)
            .unwrap()
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect();

    let verdicts = judged(&world, &rows);
    let (report, possible, right) = report(&verdicts, &tools);
    // Past the test runner's capture: the figures belong into every run's output, a passing one's too.
    drop(std::io::stderr().write_all(report.as_bytes()));
    let wrong: Vec<&String> = verdicts.iter().flat_map(|(_, verdict)| &verdict.wrong_mutations).collect();
    assert!(wrong.is_empty(), "{} wrong mutations: {wrong:#?}", wrong.len());
    assert!(right * 2 >= possible, "{right} of {possible} rows whose tools exist are right\n{report}");
}

/// Every row's verdict, in order; several run at once, since each waits for the cluster most of its time.
fn judged<'a>(world: &World, rows: &'a [Row]) -> Vec<(&'a Row, Verdict)> {
    let next = Mutex::new(rows.iter());
    let mut verdicts: Vec<(&Row, Verdict)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut own = Vec::new();
                    loop {
                        let Some(row) = next.lock().unwrap().next() else { return own };
                        let ran = world.run(["translate", "-o", "json", "--offline", &row.request]);
                        let mut verdict = row.judge(&ran.out);
                        if ran.out.is_empty() {
                            verdict.got = format!("error: exit {}: {}", ran.code, ran.err.trim());
                        }
                        own.push((row, verdict));
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let place = |row: &Row| rows.iter().position(|other| other.id == row.id);
    verdicts.sort_by_key(|(row, _)| place(row));
    verdicts
}

/// The figures by class, then what was wrong; and how many rows could be right, and are.
fn report(verdicts: &[(&Row, Verdict)], tools: &[String]) -> (String, usize, usize) {
    let mut text = format!(
        "\nrequests, offline\n{:<14}{:>6}{:>10}{:>7}{:>16}{:>16}\n",
        "class", "rows", "possible", "right", "wrong mutations", "not understood"
    );
    let (mut possible_in_all, mut right_of_possible) = (0, 0);
    for (class, name) in CLASSES {
        let of_class: Vec<_> = verdicts.iter().filter(|(row, _)| row.class == class).collect();
        let count = |test: &dyn Fn(&Row, &Verdict) -> bool| {
            of_class.iter().filter(|(row, verdict)| test(row, verdict)).count()
        };
        let possible = count(&|row, _| row.is_possible_with(tools));
        let right = count(&|row, verdict| verdict.right && row.is_possible_with(tools));
        let wrong: usize = of_class.iter().map(|(_, verdict)| verdict.wrong_mutations.len()).sum();
        let not_understood = count(&|_, verdict| !verdict.understood);
        possible_in_all += possible;
        right_of_possible += right;
        writeln!(
            text,
            "{:<14}{:>6}{possible:>10}{right:>7}{wrong:>16}{not_understood:>16}",
            format!("{class} {name}"),
            of_class.len()
        )
        .unwrap();
    }
    writeln!(text, "right {right_of_possible} of {possible_in_all} rows whose tools exist").unwrap();
    for (row, verdict) in
        verdicts.iter().filter(|(row, verdict)| !verdict.right && row.is_possible_with(tools))
    {
        writeln!(text, "  wrong {} [{}] {:?}\n      {}", row.id, row.class, row.request, verdict.got)
            .unwrap();
    }
    (text, possible_in_all, right_of_possible)
}

/// Small stand-ins for every path that a request names, so that paths resolve.
fn lay_out(world: &World, rows: &[Row]) {
    let mut paths: Vec<String> = STAND_INS.map(str::to_owned).to_vec();
    let mut services = vec!["backend".to_owned(), "db".to_owned(), "frontend".to_owned()];
    for row in rows {
        let words =
            row.request.split_whitespace().map(|word| word.trim_matches(|c| "\"'?,;()[]".contains(c)));
        let plain = |word: &&str| {
            word.contains('/')
                && word.starts_with(|c: char| c.is_alphanumeric() || "_-".contains(c))
                && word.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c))
        };
        paths.extend(
            words.map(|word| word.strip_prefix("./").unwrap_or(word)).filter(plain).map(str::to_owned),
        );
        if let Some((_, rest)) = row.request.split_once("compose service ") {
            services.push(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned());
        }
    }
    services.sort();
    services.dedup();
    for path in paths {
        let path = path.trim_end_matches('/');
        let name = path.rsplit('/').next().unwrap();
        let put = |below: &str, text: &str| {
            if !world.project().join(below).exists() {
                world.write(below, text);
            }
        };
        if name.ends_with(".yaml") || name.ends_with(".yml") {
            let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stand-in}\n";
            put(path, if name.starts_with("values") { "replicas: 1\n" } else { manifest });
        } else if name == "Dockerfile" {
            put(path, "FROM localhost/busybox:bed\nCMD [\"/bin/sh\"]\n");
        } else if ["helm/", "chart/", "charts/"].iter().any(|folder| path.starts_with(folder)) {
            put(&format!("{path}/Chart.yaml"), &format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n"));
            put(&format!("{path}/values.yaml"), "replicas: 1\n");
        } else if !world.project().join(path).exists() {
            put(&format!("{path}/Dockerfile"), "FROM localhost/busybox:bed\n");
        }
    }
    let services: String =
        services.iter().map(|name| format!("  {name}: {{image: 'localhost/busybox:bed'}}\n")).collect();
    world.write("docker-compose.yml", &format!("services:\n{services}"));
}
