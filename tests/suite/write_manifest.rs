//! Manifests from words: shown and not written without an approval, checked by the cluster, never over another
//! file in silence, and the same objects that `kubectl create` makes.

use crate::support::cluster::cluster;
use crate::support::world::World;
use serde_json::Value;
use std::fs;
use std::process::Command;

#[test]
fn a_manifest_is_shown_then_written_and_nothing_is_applied() {
    let cluster = cluster();
    let namespace = cluster.namespace("manifest");
    let world = World::on(cluster, &namespace.name);
    let request = "write me a deployment yaml for lamp using image lamp:7";
    let file = world.project().join("lamp-deployment.yaml");
    world.run(["--offline", request]).ends_with(4).says(&[
        "lamp-deployment.yaml is written",
        "+ kind: Deployment",
        "kubectl create deployment lamp --image=lamp:7",
    ]);
    assert!(!file.exists(), "refused, and yet written");
    world.run(["--offline", "--dry-run", "--yes", request]).ends_with(0);
    assert!(!file.exists(), "only shown, and yet written");
    world.run(["--offline", "--yes", request]).ends_with(0).prints(&["image: lamp:7"]);
    assert!(world.last_record().contains("PASS"));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("apiVersion: apps/v1\n"), "{text}");
    assert_eq!(cluster.ask(&["get", "deployments", "-n", &namespace.name, "-o", "name"]), "", "applied");

    world.run(["--offline", "--yes", request]).ends_with(0).says(&["already"]);
    let other = "write me a deployment yaml for lamp using image lamp:8";
    world
        .run(["--offline", "--yes", other])
        .ends_with(1)
        .says(&["lamp-deployment.yaml already", "overwrite"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let over = format!("{other} and overwrite the file");
    world.run(["--offline", "--yes", &over]).ends_with(0).says(&["image: lamp:7", "cannot be undone"]);
    assert!(fs::read_to_string(&file).unwrap().contains("image: lamp:8"));
}

#[test]
fn what_the_cluster_would_refuse_is_not_written() {
    let cluster = cluster();
    let namespace = cluster.namespace("refused");
    let world = World::on(cluster, &namespace.name);
    let call = |words: &[&str], code: i32, says: &[&str]| {
        world.run([&["call", "write_manifest", "--yes"], words].concat()).ends_with(code).says(says);
    };
    call(&["--kind", "deployment", "--name", "Lamp_1", "--image", "lamp:7"], 1, &["RFC 1123"]);
    call(&["--kind", "deployment", "--name", "lamp"], 1, &["which image"]);
    call(
        &["--kind", "service", "--name", "lamp", "--port", "80", "--path", "../lamp.yaml"],
        1,
        &["no file of the project"],
    );
    call(&["--kind", "pod", "--name", "lamp"], 2, &["pod"]);
    call(
        &["--kind", "service", "--name", "lamp", "--port", "80", "--namespace", "no-such-namespace"],
        0,
        &["not checked"],
    );
    let written: Vec<_> =
        fs::read_dir(world.project()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(written.iter().any(|name| name == "lamp-service.yaml"), "{written:?}");
    assert!(!written.iter().any(|name| name.to_string_lossy().contains("deployment")), "{written:?}");
}

#[test]
fn the_objects_are_those_of_kubectl_create() {
    let cluster = cluster();
    let namespace = cluster.namespace("create");
    let world = World::on(cluster, &namespace.name);
    for request in [
        "write me a deployment yaml for lamp using image team/lamp:7 with 2 replicas on port 80",
        "create a yaml for a service called lamp on port 6379 with target port 6380",
        "write a cronjob manifest for sweep using image broom:1 that runs every 15 minutes",
        "write a job manifest for seed using image seeds:1",
        "draft a configmap yaml called soundings with depth=4 and tide=low",
        "write an ingress manifest for harbour on port 80 to service pier with host harbour.local",
        "make a network policy that blocks all incoming traffic",
        "write an hpa manifest for lamp between 2 and 5 replicas at 70% cpu",
    ] {
        let shown = world.run(["translate", "--offline", "-o", "json", request]).ends_with(0).out;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let command = shown["calls"][0]["command"].as_str().unwrap_or_else(|| panic!("{request}: {shown}"));
        let (command, file) = command.rsplit_once(" > ").unwrap();
        world.run(["--offline", "--yes", request]).ends_with(0);
        let theirs = world.project().join("theirs.yaml");
        let line = format!("{command} > {}", theirs.display());
        let done =
            Command::new("sh").args(["-c", &line]).env("KUBECONFIG", &cluster.kubeconfig).output().unwrap();
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
        let seen = |path: &std::path::Path| {
            let path = path.display().to_string();
            let text =
                cluster.ask(&["apply", "-n", &namespace.name, "--dry-run=server", "-o", "json", "-f", &path]);
            let mut object: Value = serde_json::from_str(&text).unwrap();
            for own in ["uid", "creationTimestamp", "annotations"] {
                object["metadata"].as_object_mut().unwrap().remove(own);
            }
            for given in ["clusterIP", "clusterIPs"] {
                object["spec"].as_object_mut().map(|spec| spec.remove(given));
            }
            // A Job that is only tried gets another uid each time.
            if object["kind"] == "Job" {
                object["spec"] = object["spec"]["template"]["spec"].clone();
                object["metadata"] = Value::Null;
            }
            object
        };
        assert_eq!(seen(&world.project().join(file)), seen(&theirs), "{request}: {command}");
    }
}
