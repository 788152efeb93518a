//! Changes on the real cluster: shown, refused without an approval, done with one, verified, recorded, and
//! taken away again.

use crate::support::cluster::{Namespace, cluster};
use crate::support::terminal::Terminal;
use crate::support::world::World;

/// A namespace with a backend of two replicas, and a world in it.
fn shop() -> (Namespace<'static>, World) {
    let namespace = cluster().namespace("change");
    namespace.web("shop-backend", 2);
    namespace.rolled_out("deployment/shop-backend");
    let world = World::on(cluster(), &namespace.name);
    (namespace, world)
}

#[test]
fn scaling_needs_an_approval_and_comes_true() {
    let (namespace, world) = shop();
    let version = || namespace.field("deployment/shop-backend", ".metadata.generation");
    let before = version();
    let refused = world.run(["--offline", "scale the backend to 3 replicas"]).ends_with(4);
    refused.says(&["from 2 to 3 replicas", "-   replicas: 2", "+   replicas: 3", "--yes"]);
    assert_eq!(version(), before, "a refused change changed something");
    assert!(world.record().contains("not done"));

    let done = world.run(["--offline", "scale the backend to 3 replicas", "--yes"]).ends_with(0);
    done.says(&["3 of 3"]).prints(&["is set to 3 replicas"]);
    assert_eq!(namespace.field("deployment/shop-backend", ".status.readyReplicas"), "3");
    let record = world.last_record();
    for part in ["kubectl scale deployment/shop-backend --replicas=3", "--yes", "PASS"] {
        assert!(record.contains(part), "{part:?} is not in:\n{record}");
    }
}

#[test]
fn a_dry_run_changes_nothing_even_with_yes() {
    let (namespace, world) = shop();
    world.run(["--offline", "scale the backend to 5 replicas", "--yes", "--dry-run"]).ends_with(0);
    assert_eq!(namespace.field("deployment/shop-backend", ".spec.replicas"), "2");
}

#[test]
fn stopping_a_workload_wants_its_name_typed() {
    let (namespace, world) = shop();
    let mut terminal = Terminal::start(&world, ["--offline", "scale the backend to 0"]);
    terminal.shows("Type shop-backend");
    terminal.types("yes");
    let (_, code) = terminal.ends();
    assert_eq!(code, 4);
    assert_eq!(namespace.field("deployment/shop-backend", ".spec.replicas"), "2");

    let mut terminal = Terminal::start(&world, ["--offline", "scale the backend to 0"]);
    terminal.shows("Type shop-backend");
    terminal.types("shop-backend");
    let (_, code) = terminal.ends();
    assert_eq!(code, 0);
    assert_eq!(namespace.field("deployment/shop-backend", ".spec.replicas"), "0");
}

#[test]
fn a_restart_replaces_the_pods() {
    let (namespace, world) = shop();
    let pods = || cluster().ask(&["get", "pods", "-n", &namespace.name, "-o", "name"]);
    let before = pods();
    world.run(["--offline", "restart the backend", "--yes"]).ends_with(0);
    let after = pods();
    assert!(before.lines().any(|pod| !after.contains(pod)), "no pod was replaced:\n{before}\n{after}");
}

#[test]
fn manifests_are_applied_and_an_object_is_deleted() {
    let namespace = cluster().namespace("apply");
    let world = World::on(cluster(), &namespace.name);
    world.write(
        "k8s/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colours}\ndata: {sky: blue}\n",
    );
    let shown = world.run(["--offline", "what would change if I applied k8s/config.yaml?"]).ends_with(0);
    shown.prints(&["create ConfigMap"]);
    world.run(["--offline", "apply k8s/", "--yes"]).ends_with(0);
    assert_eq!(namespace.field("configmap/colours", ".data.sky"), "blue");

    world.write(
        "k8s/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colours}\ndata: {sky: grey}\n",
    );
    world.run(["--offline", "apply k8s/", "--yes"]).ends_with(0).says(&["sky: blue", "sky: grey"]);

    world.run(["--offline", "delete the colours configmap"]).ends_with(4);
    assert_eq!(namespace.field("configmap/colours", ".data.sky"), "grey");
    world.run(["--offline", "delete the colours configmap", "--yes"]).ends_with(0).says(&["is gone"]);
    let left = cluster().ask(&["get", "configmap", "-n", &namespace.name, "-o", "name"]);
    assert!(!left.contains("colours"), "{left}");
}

#[test]
fn a_chart_is_installed_and_an_upgrade_shows_only_what_changes() {
    // The chart's own names are fixed, so it lives in a namespace of its own.
    let namespace = cluster().namespace("chart");
    let world = World::on(cluster(), &namespace.name);
    world.copy_from_repository("helm");
    let refused = world.run(["--offline", "install the todo chart"]).ends_with(4);
    refused.says(&["create Deployment", "todo-backend"]);
    assert_eq!(cluster().ask(&["get", "deployments", "-n", &namespace.name, "-o", "name"]), "");

    // Verified or not: without its images on this cluster the pods cannot start, which is said.
    let installed = world.run(["--offline", "--timeout", "20", "install the todo chart", "--yes"]);
    assert!([0, 1].contains(&installed.code), "{}", installed.err);
    assert!(installed.out.contains("is at revision 1"), "{}\n{}", installed.out, installed.err);

    let upgrade =
        world.run(["--offline", "--dry-run", "deploy the chart with backend.replicaCount=3"]).ends_with(0);
    assert!(upgrade.err.contains("1 of ") && upgrade.err.contains("+   replicas: 3"), "{}", upgrade.err);
    assert!(!upgrade.err.contains("frontend-service"), "an unchanged object was shown:\n{}", upgrade.err);
}
