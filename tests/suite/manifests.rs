//! `manifests/` and the chart describe the same application: where they say the same thing they have to agree.
//! And the chart refuses values that make no sense before anything reaches a cluster.

use crate::support::cluster::cluster;
use crate::support::world::{Ran, World, repository};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// What only one of the two can say: Helm's own labels, and what a checksum of the chart's makes roll out.
const HELMS: [&str; 4] = [
    "helm.sh/chart",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/version",
];

fn helm(arguments: &[&str]) -> Ran {
    let world = World::on(cluster(), "todo");
    world.copy_from_repository("helm");
    world.finish(world.program("helm", arguments), "")
}

/// Objects by kind and name.
fn objects(text: &str) -> BTreeMap<String, Value> {
    text.split("\n---")
        .map(|document| {
            serde_saphyr::from_str::<Value>(document).unwrap_or_else(|error| panic!("{error}: {document}"))
        })
        .filter(|object| object["kind"].is_string())
        .map(|object| {
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            (format!("{} {name}", object["kind"].as_str().unwrap()), object)
        })
        .collect()
}

#[test]
fn the_chart_and_the_manifests_agree() {
    let mut manifests = BTreeMap::new();
    for entry in fs::read_dir(repository().join("manifests")).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            manifests.extend(objects(&fs::read_to_string(entry.path()).unwrap()));
        }
    }
    // The chart brings no values of secrets; it is given those of the manifest.
    let secret = &manifests["Secret todo-secrets"]["data"];
    let given = [
        ("databaseUrl", "DATABASE_URL"),
        ("openaiApiKey", "OPENAI_API_KEY"),
        ("betterAuthSecret", "BETTER_AUTH_SECRET"),
    ]
    .map(|(value, key)| format!("--set=secrets.{value}={}", secret[key].as_str().unwrap()));
    let arguments = ["template", "todo-app", "helm/todo-app", "-n", "todo"].into_iter();
    let arguments: Vec<&str> = arguments.chain(given.iter().map(String::as_str)).collect();
    let chart = objects(&helm(&arguments).ends_with(0).out);
    let (in_manifests, in_chart): (Vec<&String>, Vec<&String>) =
        (manifests.keys().collect(), chart.keys().filter(|key| !key.starts_with("Pod ")).collect());
    assert_eq!(in_manifests, in_chart, "the two have other objects");
    let mut differences = Vec::new();
    for (key, object) in &manifests {
        compare(key, object, &chart[key], &mut differences);
    }
    assert!(differences.is_empty(), "manifests and chart disagree:\n{}", differences.join("\n"));
}

/// Compares what both have; lists of named things by their names.
fn compare(place: &str, manifest: &Value, chart: &Value, differences: &mut Vec<String>) {
    match (manifest, chart) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, value) in left.iter().filter(|(key, _)| !HELMS.contains(&key.as_str())) {
                match right.get(key) {
                    Some(other) => compare(&format!("{place}.{key}"), value, other, differences),
                    None => differences.push(format!("{place}.{key} is in the manifest alone")),
                }
            }
        }
        (Value::Array(left), Value::Array(right)) if left.iter().all(|item| item["name"].is_string()) => {
            for item in left {
                let name = item["name"].as_str().unwrap();
                match right.iter().find(|other| other["name"] == item["name"]) {
                    Some(other) => compare(&format!("{place}[{name}]"), item, other, differences),
                    None => differences.push(format!("{place}[{name}] is in the manifest alone")),
                }
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (item, other)) in left.iter().zip(right).enumerate() {
                compare(&format!("{place}[{index}]"), item, other, differences);
            }
        }
        // The chart may allow more: its own test is a peer of the backend, too.
        (Value::Array(left), Value::Array(right)) if left.iter().all(|item| right.contains(item)) => {}
        _ if manifest == chart => {}
        _ => differences.push(format!("{place}: {manifest} in the manifest, {chart} in the chart")),
    }
}

#[test]
fn values_that_make_no_sense_are_refused_by_name() {
    let refused = |set: &str, named: &str| {
        let ran = helm(&["template", "todo-app", "helm/todo-app", "--set", set]).ends_with(1);
        assert!(ran.err.contains(named), "--set {set}: {named:?} is not named: {}", ran.err);
    };
    refused("frontend.replicaCount=0", "replicaCount");
    refused("backend.replicaCount=many", "replicaCount");
    refused("backend.replcaCount=3", "replcaCount");
    refused("fronted.replicaCount=3", "fronted");
    refused("frontend.service.port=70000", "port");
    refused("frontend.service.type=Public", "type");
    refused("frontend.image.pullPolicy=Sometimes", "pullPolicy");
    refused("ingress.enabled=perhaps", "enabled");
    refused("global.namespace=Not_A_Name", "namespace");
    helm(&["template", "todo-app", "helm/todo-app", "--set", "backend.replicaCount=3"]).ends_with(0);
    helm(&["template", "todo-app", "helm/todo-app", "-f", "helm/todo-app/values-dev.yaml"]).ends_with(0);
    let production = ["template", "todo-app", "helm/todo-app", "-f", "helm/todo-app/values-prod.yaml"];
    helm(&production).ends_with(1).says(&["secrets are required"]);
    helm(&[&production[..], &["--set", "secrets.existingSecret=todo-secrets"]].concat()).ends_with(0);
}
