//! The command line that stands beside a call does the same: each tool runs in one namespace, its command in another
//! that was made alike, and what is there afterwards (or what both said) is compared. One row a tool.

use crate::support::cluster::{Cluster, Namespace, cluster};
use crate::support::world::{Ran, World};
use serde_json::Value;

/// What is compared.
enum Compare {
    /// The object, without what the server writes.
    Object(&'static str),
    /// That the object is gone.
    Gone(&'static str),
    /// That both say these words.
    Words(&'static [&'static str]),
}

struct Row {
    tool: &'static str,
    arguments: &'static [&'static str],
    compare: Compare,
}

const fn row(tool: &'static str, arguments: &'static [&'static str], compare: Compare) -> Row {
    Row { tool, arguments, compare }
}

/// Add a row for each tool of Kubernetes and Helm. What comes later finds what those before left.
const ROWS: &[Row] = &[
    row("list_resources", &["kinds=deployments"], Compare::Words(&["web"])),
    row("get_resource", &["kind=deployment", "name=web"], Compare::Words(&["web"])),
    row("describe_resource", &["kind=deployment", "name=web"], Compare::Words(&["web", "Replicas"])),
    row("get_logs", &["kind=deployment", "name=web"], Compare::Words(&["web is up"])),
    row("rollout_status", &["kind=deployment", "name=web"], Compare::Words(&["web"])),
    row("get_events", &[], Compare::Words(&["Scheduled"])),
    row("scale", &["kind=deployment", "name=web", "replicas=2"], Compare::Object("deployment/web")),
    row("restart", &["kind=deployment", "name=web"], Compare::Object("deployment/web")),
    row("apply_manifest", &["path=settings.yaml"], Compare::Object("configmap/settings")),
    row("delete_resource", &["kind=configmap", "name=settings"], Compare::Gone("configmap/settings")),
    row("apply_chart", &["chart=charts/tiny", "release=tiny"], Compare::Object("configmap/tiny")),
    row("list_releases", &[], Compare::Words(&["tiny"])),
];

struct Side<'a> {
    namespace: Namespace<'a>,
    world: World,
}

fn side(cluster: &'static Cluster, prefix: &str) -> Side<'static> {
    let namespace = cluster.namespace(prefix);
    namespace.web("web", 1);
    namespace.rolled_out("deployment/web");
    let world = World::on(cluster, &namespace.name);
    world.write(
        "settings.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  level: debug\n",
    );
    world.write("charts/tiny/Chart.yaml", "apiVersion: v2\nname: tiny\nversion: 0.1.0\n");
    world.write("charts/tiny/values.yaml", "level: info\n");
    world.write(
        "charts/tiny/templates/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  level: {{ .Values.level }}\n",
    );
    Side { namespace, world }
}

/// The command that stands beside a call: the line that begins with an arrow.
fn command(ran: &Ran) -> String {
    let line = ran.err.lines().find_map(|line| line.trim().strip_prefix("→ "));
    line.unwrap_or_else(|| panic!("no command was shown: {ran:?}")).to_owned()
}

#[test]
fn the_equivalent_command_is_equivalent() {
    let cluster = cluster();
    let (tool, shell) = (side(cluster, "tool"), side(cluster, "shell"));
    let mut wrong = Vec::new();
    for row in ROWS {
        let arguments = ["--yes", "call", row.tool].into_iter().chain(row.arguments.iter().copied());
        let ran = tool.world.run(arguments);
        // The same command, said of the other namespace.
        let command = command(&ran).replace(&tool.namespace.name, &shell.namespace.name);
        let pasted = shell.world.finish(shell.world.program("sh", ["-c", &command]), "");
        if (ran.code, pasted.code) != (0, 0) {
            wrong.push(format!("{}: {command}\n{ran:?}\n{pasted:?}", row.tool));
            continue;
        }
        let alike = match row.compare {
            Compare::Words(words) => words.iter().all(|word| {
                let there = |ran: &Ran| ran.out.contains(word) || ran.err.contains(word);
                there(&ran) && there(&pasted)
            }),
            Compare::Gone(object) => gone(cluster, &tool, object) && gone(cluster, &shell, object),
            Compare::Object(object) => {
                let (here, there) = (look(cluster, &tool, object), look(cluster, &shell, object));
                if here != there {
                    wrong.push(format!("{}: {here:#}\n{there:#}", row.tool));
                }
                here == there
            }
        };
        if !alike {
            wrong.push(format!("{}: {command}\n{ran:?}\n{pasted:?}", row.tool));
        }
    }
    assert!(wrong.is_empty(), "not equivalent:\n{}", wrong.join("\n\n"));
}

fn gone(cluster: &Cluster, side: &Side<'_>, object: &str) -> bool {
    cluster.ask(&["get", object, "-n", &side.namespace.name, "--ignore-not-found", "-o", "name"]).is_empty()
}

/// An object without what differs between any two: names of namespaces, versions, times.
fn look(cluster: &Cluster, side: &Side<'_>, object: &str) -> Value {
    let text = cluster.ask(&["get", object, "-n", &side.namespace.name, "-o", "json"]);
    let mut found: Value = serde_json::from_str(&text.replace(&side.namespace.name, "NAMESPACE")).unwrap();
    found.as_object_mut().unwrap().remove("status");
    let metadata = found["metadata"].as_object_mut().unwrap();
    for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"] {
        metadata.remove(field);
    }
    without_times(&mut found);
    found
}

fn without_times(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                if name.ends_with("restartedAt") {
                    *inner = Value::String("TIME".into());
                }
                without_times(inner);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}
