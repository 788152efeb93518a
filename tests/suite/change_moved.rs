//! What another writer did in between, who else keeps an object, and the kinds whose revisions are kept
//! elsewhere.

use super::change_tools::{essence, ferry};
use crate::support::cluster::cluster;
use crate::support::terminal::Terminal;
use crate::support::world::{World, wait_until};

#[test]
fn what_moved_after_it_was_shown_is_left_alone() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "moved");
    let meanwhile = [
        ("set TIDE=high on ferry", "{\"spec\":{\"minReadySeconds\":1}}"),
        // A label counts no generation up, and is noticed all the same.
        ("label the ferry deployment with crew=night", "{\"metadata\":{\"labels\":{\"crew\":\"dusk\"}}}"),
        ("set depth in configmap soundings to 7", "{\"data\":{\"depth\":\"5\"}}"),
    ];
    for (count, (request, patch)) in meanwhile.iter().enumerate() {
        let object = if request.contains("configmap") { "configmap/soundings" } else { "deployment/ferry" };
        let mut terminal = Terminal::start(&world, ["--offline"]);
        terminal.shows("/exit to leave");
        terminal.types(request);
        terminal.shows("Go on?");
        cluster.ask(&["patch", "-n", &namespace.name, object, "--type=merge", "-p", patch]);
        let before = essence(cluster, &namespace.name, object);
        terminal.types("y");
        terminal.shows("changed after it was shown");
        wait_until("the record", || world.records().len() == count + 1);
        terminal.types("/exit");
        assert_eq!(terminal.ends().1, 0);
        assert_eq!(essence(cluster, &namespace.name, object), before, "{request}");
    }
}

#[test]
fn who_keeps_an_object_is_said_before_it_changes() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "kept");
    let patch = r#"{"metadata":{"labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":{"meta.helm.sh/release-name":"harbour"}}}"#;
    cluster.ask(&["patch", "-n", &namespace.name, "deployment/ferry", "--type=merge", "-p", patch]);
    for request in [
        "set the image of ferry to busybox:1.37",
        "set TIDE=high on ferry",
        "give ferry a 64Mi memory limit",
        "set minReadySeconds of ferry to 2",
        "label the ferry deployment with crew=night",
        "pause the ferry rollout",
    ] {
        world.run(["--offline", request]).ends_with(4).says(&["kept by Helm release harbour"]);
    }
    world
        .run([
            "call",
            "patch_resource",
            "--kind",
            "secret",
            "--name",
            "x",
            "--path",
            "data[a]",
            "--value",
            "b",
            "--yes",
        ])
        .ends_with(4)
        .says(&["values of Secrets"]);
}

#[test]
fn sets_go_back_to_an_earlier_revision_too() {
    let cluster = cluster();
    let namespace = cluster.namespace("sets");
    let set = |kind: &str, name: &str, more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {more}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: c, image: 'localhost/busybox:bed', imagePullPolicy: IfNotPresent, command: [/bin/sh, -c, 'exec sleep 1000000']}}]}}\n"
        )
    };
    cluster.apply(Some(&namespace.name), &set("StatefulSet", "lock", "replicas: 1\n  serviceName: lock"));
    cluster.apply(Some(&namespace.name), &set("DaemonSet", "gulls", "minReadySeconds: 0"));
    namespace.rolled_out("statefulset/lock");
    namespace.rolled_out("daemonset/gulls");
    let world = World::on(cluster, &namespace.name);
    for (name, object) in [("lock", "statefulset/lock"), ("gulls", "daemonset/gulls")] {
        let first = essence(cluster, &namespace.name, object);
        let set = format!("set the image of {name} to busybox:1.37");
        world.run(["--offline", "--yes", &set]).ends_with(0);
        let undo = format!("undo the last rollout of {name}");
        world
            .run(["--offline", "--yes", &undo])
            .ends_with(0)
            .says(&["back to revision 1 (localhost/busybox:bed)"]);
        let now = essence(cluster, &namespace.name, object);
        assert_eq!(now["spec"], first["spec"], "{name}");
    }
}
