//! Taking a change back in another process than the one that made it.

use crate::support::cluster::cluster;
use crate::support::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn the_last_change_is_taken_back_after_a_restart_and_then_the_one_before() {
    let cluster = cluster();
    let namespace = cluster.namespace("undone");
    namespace.web("shop-backend", 1);
    namespace.rolled_out("deployment/shop-backend");
    let world = World::on(cluster, &namespace.name);
    let replicas = || namespace.field("deployment/shop-backend", ".spec.replicas");
    world.run(["undo"]).ends_with(2).says(&["no change left to take back"]);

    world.run(["--offline", "--yes", "scale shop-backend to 2 replicas"]).ends_with(0);
    world.run(["--offline", "--yes", "scale shop-backend to 3 replicas"]).ends_with(0);
    world.run(["--offline", "show me all pods"]).ends_with(0);

    world.run(["undo"]).ends_with(4).says(&["from 3 to 2 replicas", "--yes"]);
    assert_eq!(replicas(), "3", "not approved, and yet undone");
    world.run(["undo", "--yes"]).ends_with(0).says(&["from 3 to 2 replicas", "2 of 2"]);
    assert_eq!(replicas(), "2");
    assert!(world.last_record().contains("undo: scale shop-backend to 3 replicas"));
    world.run(["undo", "--yes"]).ends_with(0).says(&["from 2 to 1 replica"]);
    assert_eq!(replicas(), "1");
    world.run(["undo", "--yes"]).ends_with(2).says(&["no change left to take back"]);

    // By its record: the second change was the first one that was taken back.
    world.run(["undo", "2", "--yes", "--dry-run"]).ends_with(0).says(&["from 1 to 2 replicas"]);
    world.run(["undo", "99"]).ends_with(2).says(&["no record 99"]);
}

#[test]
fn what_was_deleted_is_made_again_from_what_was_kept_and_a_secret_is_not_kept() {
    let cluster = cluster();
    let namespace = cluster.namespace("remade");
    let name = &namespace.name;
    cluster.apply(
        Some(name),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: palette, labels: {team: blue}}\ndata: {level: debug}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: vault-door}\nstringData: {key: open-sesame}\n",
    );
    let world = World::on(cluster, name);
    let settings = || {
        let field = |path| namespace.field("configmap/palette", path);
        (field(".data"), field(".metadata.labels"))
    };
    let before = settings();

    let shown = world.run(["--offline", "--dry-run", "delete configmap palette"]).ends_with(0);
    assert!(!shown.err.contains("cannot be undone"), "{}", shown.err);
    world.run(["--offline", "--yes", "delete configmap palette"]).ends_with(0).says(&["is gone"]);
    let kept: Vec<_> =
        fs::read_dir(world.path("home/.local/state/shipmate/deleted")).unwrap().map(Result::unwrap).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    world.run(["undo", "--yes"]).ends_with(0).says(&["ConfigMap"]);
    assert_eq!(settings(), before);

    world
        .run(["--offline", "--yes", "delete secret vault-door"])
        .ends_with(0)
        .says(&["cannot be undone: the values of a Secret are not kept"]);
    world.run(["undo", "3", "--yes"]).ends_with(1).says(&["cannot be undone"]);
    for entry in fs::read_dir(world.path("home/.local/state/shipmate/deleted")).unwrap() {
        assert!(!fs::read_to_string(entry.unwrap().path()).unwrap().contains("sesame"));
    }
}

#[test]
fn a_change_made_in_another_context_is_left_alone() {
    let cluster = cluster();
    let namespace = cluster.namespace("elsewhere");
    namespace.web("web", 1);
    let world = World::on(cluster, &namespace.name);
    world.run(["--offline", "--yes", "scale web to 2 replicas"]).ends_with(0);
    let context = cluster.ask(&["config", "current-context"]);
    let file = world.path("home/kubeconfig");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace(&format!("name: {context}\n"), "name: other-place\n")
            .replace(&format!("current-context: {context}"), "current-context: other-place"),
    )
    .unwrap();
    let ran = world.run(["undo", "--yes"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains(&context), "{ran:?}");
    assert_eq!(namespace.field("deployment/web", ".spec.replicas"), "2");
}
