//! The tools that change one field of one object, and those that put something beside a workload: shown without
//! a trace, refused without an approval, done as shown, verified, and taken back to exactly what was there.

use crate::support::cluster::{Cluster, Namespace, cluster};
use crate::support::terminal::Terminal;
use crate::support::world::{World, wait_until};
use serde_json::{Value, json};
use std::process::Command;

const FERRY: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: ferry, labels: {app: ferry, crew: day}, annotations: {owner: harbour}}
spec:
  replicas: 1
  selector: {matchLabels: {app: ferry}}
  template:
    metadata: {labels: {app: ferry}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: localhost/busybox:bed
          imagePullPolicy: IfNotPresent
          command: [/bin/sh, -c, "exec httpd -f -p 8000 -h /tmp"]
          ports: [{containerPort: 8000}]
          env: [{name: TIDE, value: low}, {name: HOST, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: FOG, value: "no"}]
          resources: {requests: {cpu: 5m, memory: 8Mi}, limits: {memory: 32Mi}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: sweep}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: sweep, image: "localhost/busybox:bed", command: [/bin/true]}]}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: soundings}
data: {depth: "4"}
"#;

/// A change as it is asked for, what its preview says, and what is then so.
type Case = (&'static str, &'static [&'static str], &'static str, &'static str, &'static str);

/// What somebody wrote about an object, without what the cluster keeps for itself.
pub(super) fn essence(cluster: &Cluster, namespace: &str, object: &str) -> Value {
    let text = cluster.ask(&["get", "-n", namespace, object, "-o", "json", "--ignore-not-found"]);
    if text.is_empty() {
        return Value::Null;
    }
    let mut value: Value = serde_json::from_str(&text).unwrap();
    if let Some(annotations) = value.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.retain(|key, _| {
            key != "deployment.kubernetes.io/revision" && !key.starts_with("kubectl.kubernetes.io/")
        });
    }
    let metadata = &value["metadata"];
    json!({"labels": metadata["labels"], "annotations": metadata["annotations"], "spec": value["spec"], "data": value["data"]})
}

/// Every version of everything in a namespace that a person would change.
fn versions(cluster: &Cluster, namespace: &str) -> String {
    let kinds = "deployments,replicasets,cronjobs,services,configmaps,pods";
    let columns = "-o=custom-columns=KIND:.kind,NAME:.metadata.name,VERSION:.metadata.resourceVersion";
    cluster.ask(&["get", "-n", namespace, kinds, columns])
}

pub(super) fn ferry(cluster: &'static Cluster, prefix: &str) -> (Namespace<'static>, World) {
    let namespace = cluster.namespace(prefix);
    cluster.apply(Some(&namespace.name), FERRY);
    namespace.rolled_out("deployment/ferry");
    let world = World::on(cluster, &namespace.name);
    (namespace, world)
}

/// Shown and refused without a trace; then done and taken back in a conversation.
fn there_and_back(cluster: &Cluster, namespace: &Namespace<'_>, world: &World, case: &Case) {
    let (request, shown, object, path, then) = *case;
    let before = essence(cluster, &namespace.name, object);
    let untouched = versions(cluster, &namespace.name);
    world.run(["--offline", request]).ends_with(4).says(shown).says(&["--yes"]);
    world.run(["--offline", "--dry-run", "--yes", request]).ends_with(0).says(shown);
    assert_eq!(versions(cluster, &namespace.name), untouched, "{request}: only shown, and yet changed");

    let records = world.records().len();
    let mut terminal = Terminal::start(world, ["--offline"]);
    terminal.shows("/exit to leave");
    terminal.types(request);
    terminal.shows("Go on?");
    terminal.types("y");
    wait_until("the record", || world.records().len() == records + 1);
    assert_eq!(namespace.field(object, path), then, "{request}");
    assert!(world.last_record().contains("PASS"), "{request}: {}", world.last_record());
    terminal.shows("/undo takes it back");
    terminal.types("/undo");
    // What was made is deleted again, and that asks for its name.
    if before.is_null() {
        terminal.shows("Type ferry to go on");
        terminal.types("ferry");
    } else {
        terminal.shows("Go on?");
        terminal.types("y");
    }
    wait_until("the record", || world.records().len() == records + 2);
    terminal.types("/exit");
    assert_eq!(terminal.ends().1, 0);
    assert_eq!(essence(cluster, &namespace.name, object), before, "{request}: taken back to something else");
    namespace.rolled_out("deployment/ferry");
}

#[test]
fn templates_change_and_come_back() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "template");
    let container = ".spec.template.spec.containers[0]";
    let paths: Vec<String> = [".image", ".env[*].name", ".resources.limits.memory", ".imagePullPolicy"]
        .map(|field| format!("{container}{field}"))
        .to_vec();
    let paths: &'static [String] = paths.leak();
    let cases: [Case; 6] = [
        (
            "set the image of ferry to busybox:1.37",
            &[
                "from localhost/busybox:bed to busybox:1.37",
                "+ ",
                "kubectl set image deployment/ferry web=busybox:1.37",
            ],
            "deployment/ferry",
            &paths[0],
            "busybox:1.37",
        ),
        (
            "set TIDE=high and LANES=3 on ferry",
            &["gets LANES and changes TIDE", "kubectl set env deployment/ferry TIDE=high LANES=3"],
            "deployment/ferry",
            &paths[1],
            "TIDE HOST FOG LANES",
        ),
        ("remove the variable TIDE from ferry", &["loses TIDE"], "deployment/ferry", &paths[1], "HOST FOG"),
        (
            "give ferry a 48Mi memory limit",
            &["memory limit from 32Mi to 48Mi"],
            "deployment/ferry",
            &paths[2],
            "48Mi",
        ),
        (
            "set the cpu limit of ferry to 500m",
            &["cpu limit 500m, which it does not have yet"],
            "deployment/ferry",
            ".spec.template.spec.containers[0].resources.limits.cpu",
            "500m",
        ),
        (
            "set imagePullPolicy of ferry to Never",
            &["spec.template.spec.containers[web].imagePullPolicy"],
            "deployment/ferry",
            &paths[3],
            "Never",
        ),
    ];
    for case in &cases {
        there_and_back(cluster, &namespace, &world, case);
    }
}

#[test]
fn fields_labels_and_annotations_change_and_come_back() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "fields");
    let cases: [Case; 8] = [
        (
            "set minReadySeconds of ferry to 1",
            &["spec.minReadySeconds", "from nothing to 1"],
            "deployment/ferry",
            ".spec.minReadySeconds",
            "1",
        ),
        (
            "pause the ferry rollout",
            &["kubectl rollout pause deployment/ferry"],
            "deployment/ferry",
            ".spec.paused",
            "true",
        ),
        (
            "change the schedule of the sweep cronjob to every six hours",
            &["from 0 3 * * * to 0 */6 * * *"],
            "cronjob/sweep",
            ".spec.schedule",
            "0 */6 * * *",
        ),
        ("suspend the sweep cronjob", &["spec.suspend"], "cronjob/sweep", ".spec.suspend", "true"),
        (
            "set depth in configmap soundings to 7",
            &["data[depth]", "restart"],
            "configmap/soundings",
            ".data.depth",
            "7",
        ),
        (
            "label the ferry deployment with crew=night",
            &["crew goes from day to night", "--overwrite"],
            "deployment/ferry",
            ".metadata.labels.crew",
            "night",
        ),
        (
            "remove the label crew from deployment ferry",
            &["loses crew"],
            "deployment/ferry",
            ".metadata.labels",
            r#"{"app":"ferry"}"#,
        ),
        (
            "annotate configmap soundings with note='low tide'",
            &["gets note=low tide"],
            "configmap/soundings",
            ".metadata.annotations.note",
            "low tide",
        ),
    ];
    for case in &cases {
        there_and_back(cluster, &namespace, &world, case);
    }
}

#[test]
fn what_is_put_beside_a_workload_can_be_taken_away_again() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "beside");
    let cases: [Case; 2] = [
        (
            "expose ferry on port 80 with target port 8000",
            &["Service ferry sends port 80 to port 8000", "create Service"],
            "service/ferry",
            ".spec.ports[0].targetPort",
            "8000",
        ),
        (
            "autoscale ferry between 1 and 2 pods at 90% cpu",
            &["between 1 and 2 replicas at 90 % CPU"],
            "horizontalpodautoscaler/ferry",
            ".spec.maxReplicas",
            "2",
        ),
    ];
    for case in &cases {
        there_and_back(cluster, &namespace, &world, case);
    }
    let expose = "expose ferry on port 80 with target port 8000";
    world.run(["--offline", "--yes", expose]).ends_with(0).says(&["answers in the cluster"]);
    world.run(["--offline", "--yes", expose]).ends_with(1).says(&["there is Service", "already"]);
    let autoscale = "autoscale ferry between 1 and 2 pods";
    world.run(["--offline", "--yes", autoscale]).ends_with(0);
    world.run(["--offline", "--yes", autoscale]).ends_with(1).says(&["has the autoscaler ferry already"]);
    world.run(["--offline", "--yes", "raise the maximum of the ferry autoscaler to 3"]).ends_with(0);
    assert_eq!(namespace.field("hpa/ferry", ".spec.maxReplicas"), "3");
}

#[test]
fn a_rollout_goes_back_and_forward() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "revisions");
    let image = || namespace.field("deployment/ferry", ".spec.template.spec.containers[0].image");
    let first = essence(cluster, &namespace.name, "deployment/ferry");
    world
        .run(["--offline", "--yes", "undo the last rollout of ferry"])
        .ends_with(1)
        .says(&["no earlier revision"]);
    world
        .run(["--offline", "--yes", "set the image of ferry to busybox:1.37"])
        .ends_with(0)
        .says(&["up to date"]);
    let case: Case = (
        "roll ferry back to revision 1",
        &["from revision 2 (busybox:1.37) back to revision 1 (localhost/busybox:bed)"],
        "deployment/ferry",
        ".spec.template.spec.containers[0].image",
        "localhost/busybox:bed",
    );
    there_and_back(cluster, &namespace, &world, &case);
    assert_eq!(image(), "busybox:1.37");
    world.run(["--offline", "--yes", "undo the last rollout of ferry"]).ends_with(0);
    assert_eq!(essence(cluster, &namespace.name, "deployment/ferry"), first);
    world
        .run(["--offline", "--yes", "roll ferry back to revision 77"])
        .ends_with(1)
        .says(&["no revision 77"]);

    // What is changed while it is paused waits, and a paused one is not taken back.
    world.run(["--offline", "--yes", "pause the ferry rollout"]).ends_with(0).says(&["paused"]);
    world
        .run(["--offline", "--yes", "set the image of ferry to busybox:latest"])
        .ends_with(0)
        .says(&["paused", "latest"]);
    world.run(["--offline", "--yes", "undo the last rollout of ferry"]).ends_with(4).says(&["resume"]);
    world.run(["--offline", "--yes", "resume the ferry rollout"]).ends_with(0).says(&["up to date"]);
    assert_eq!(namespace.field("deployment/ferry", ".status.updatedReplicas"), "1");
}

#[test]
fn what_does_not_come_up_says_why() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "broken");
    let request = "set the image of ferry to busybox:no-such-version";
    let ran = world.run(["--offline", "--yes", "--timeout", "12", request]).ends_with(1);
    assert!(ran.err.contains("ImagePull") || ran.err.contains("InvalidImage"), "{}", ran.err);
    assert_eq!(
        namespace.field("deployment/ferry", ".status.availableReplicas"),
        "1",
        "the old pod serves on"
    );
    world.run(["--offline", "--yes", "undo the last rollout of ferry"]).ends_with(0);
}

#[test]
fn arguments_that_make_no_sense_change_nothing() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "wrong");
    let untouched = versions(cluster, &namespace.name);
    let call = |words: &[&str], code: i32, says: &[&str]| {
        let mut arguments = vec!["call"];
        arguments.extend(words);
        arguments.extend(["--name", "ferry", "--yes"]);
        world.run(arguments).ends_with(code).says(says);
    };
    call(&["set_image", "--image", "Not An Image"], 1, &["not the name of an image"]);
    call(&["set_image", "--image", "web:1", "--container", "wob"], 3, &["wob", "web"]);
    call(&["set_env"], 1, &["which variable"]);
    call(&["set_env", "--values", "-x=1"], 1, &["does not set a variable"]);
    call(&["set_resources", "--memory_limit", "512m"], 1, &["less than a kilobyte"]);
    call(&["set_resources", "--cpu_request", "2", "--cpu_limit", "1"], 1, &["more than"]);
    call(&["label_resource", "--labels", "two words=x"], 1, &["cannot be the key"]);
    call(&["autoscale", "--min", "4", "--max", "3"], 1, &["fewest"]);
    call(&["expose", "--port", "70000"], 1, &["no port"]);
    call(&["rollout_undo", "--to_revision", "0"], 1, &["revision 0"]);
    call(&["patch_resource", "--path", "spec.minReadySecond", "--value", "1"], 3, &["minReadySeconds"]);
    call(&["patch_resource", "--path", "spec.minReadySeconds", "--value", "soon"], 1, &["soon"]);
    call(&["patch_resource", "--path", "spec.replicas", "--value", "-1"], 1, &["greater than or equal to 0"]);
    world.run(["--offline", "--yes", "set the image of barge to barge:2"]).ends_with(3).says(&["barge"]);
    world.run(["--offline", "--yes", "cordon no-such-node"]).ends_with(3).says(&["no-such-node"]);
    assert_eq!(versions(cluster, &namespace.name), untouched);
}

#[test]
fn replicas_are_counted_from_what_there_is() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "counted");
    let replicas = || namespace.field("deployment/ferry", ".spec.replicas");
    world.run(["--offline", "double the ferry"]).ends_with(4).says(&["from 1 to 2", "--replicas=2"]);
    for (request, then) in [
        ("double the ferry", "2"),
        ("add another pod to ferry", "3"),
        ("halve the ferry", "2"),
        ("scale ferry down by 50%", "1"),
    ] {
        world.run(["--offline", "--yes", request]).ends_with(0);
        assert_eq!(replicas(), then, "{request}");
    }
    world.run(["--offline", "scale ferry down by 1"]).ends_with(4).says(&["nothing serves", "--replicas=0"]);
}

#[test]
fn custom_resources_are_changed_like_built_in_ones() {
    let cluster = cluster();
    let namespace = cluster.namespace("custom");
    let group = format!("{}.example.com", namespace.name);
    let definition = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: buoys.{group}}}\nspec:\n  group: {group}\n  scope: Namespaced\n  names: {{plural: buoys, singular: buoy, kind: Buoy}}\n  versions:\n  - {{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{lightColour: {{type: string}}}}}}}}}}}}}}\n"
    );
    cluster.apply(None, &definition);
    let plural = format!("buoys.{group}");
    cluster.ask(&["wait", "--for=condition=Established", &format!("crd/{plural}"), "--timeout=30s"]);
    let object = format!(
        "apiVersion: {group}/v1\nkind: Buoy\nmetadata: {{name: north}}\nspec: {{lightColour: red}}\n"
    );
    cluster.apply(Some(&namespace.name), &object);
    let world = World::on(cluster, &namespace.name);
    let field = |path: &str| namespace.field(&format!("{plural}/north"), path);
    world
        .run(["call", "label_resource", "--kind", &plural, "--name", "north", "--labels", "lit=yes", "--yes"])
        .ends_with(0);
    assert_eq!(field(".metadata.labels.lit"), "yes");
    world
        .run([
            "call",
            "patch_resource",
            "--kind",
            &plural,
            "--name",
            "north",
            "--path",
            "lightColour",
            "--value",
            "green",
            "--yes",
        ])
        .ends_with(0)
        .says(&["spec.lightColour", "from red to green"]);
    assert_eq!(field(".spec.lightColour"), "green");
    cluster.ask(&["delete", "crd", &plural, "--wait=false"]);
}

#[test]
fn the_commands_that_are_shown_do_the_same() {
    let cluster = cluster();
    let (ours, world) = ferry(cluster, "same-ours");
    let (theirs, other) = ferry(cluster, "same-theirs");
    for (request, object) in [
        ("set the image of ferry to busybox:1.37", "deployment/ferry"),
        ("set TIDE=high and LANES=3 on ferry", "deployment/ferry"),
        ("remove the variable FOG from ferry", "deployment/ferry"),
        ("set a cpu limit of 500m and a memory request of 16Mi on ferry", "deployment/ferry"),
        ("label the ferry deployment with crew=night", "deployment/ferry"),
        ("remove the label crew from deployment ferry", "deployment/ferry"),
        ("annotate the ferry deployment with note='low tide'", "deployment/ferry"),
        ("set minReadySeconds of ferry to 1", "deployment/ferry"),
        ("set imagePullPolicy of ferry to Never", "deployment/ferry"),
        ("undo the last rollout of ferry", "deployment/ferry"),
        ("double the ferry", "deployment/ferry"),
        ("pause the ferry rollout", "deployment/ferry"),
        ("resume the ferry rollout", "deployment/ferry"),
        ("change the schedule of the sweep cronjob to daily at 4am", "cronjob/sweep"),
        ("expose ferry on port 80 with target port 8000", "service/ferry"),
        ("autoscale ferry between 1 and 2 pods at 90% cpu", "horizontalpodautoscaler/ferry"),
    ] {
        let shown = other.run(["translate", "--offline", "-o", "json", request]).ends_with(0).out;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let command = shown["calls"][0]["command"].as_str().unwrap().to_owned();
        world.run(["--offline", "--yes", request]).ends_with(0);
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).env("KUBECONFIG", &cluster.kubeconfig);
        let done = shell.output().unwrap();
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
        let seen = |namespace: &Namespace<'_>| {
            let mut seen = essence(cluster, &namespace.name, object);
            // Addresses are given out, not asked for.
            if let Some(spec) = seen["spec"].as_object_mut() {
                spec.retain(|key, _| !key.starts_with("clusterIP"));
            }
            seen
        };
        assert_eq!(seen(&ours), seen(&theirs), "{request}: {command}");
        theirs.rolled_out("deployment/ferry");
    }
}

#[test]
fn a_secret_value_is_set_and_written_down_nowhere() {
    let cluster = cluster();
    let (namespace, world) = ferry(cluster, "secret");
    let ran = world
        .run(["call", "set_env", "--name", "ferry", "--values", "API_TOKEN=hunter2-not-a-real-one", "--yes"])
        .ends_with(0)
        .says(&["API_TOKEN", "in clear"]);
    assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
    let token = ".spec.template.spec.containers[0].env[?(@.name==\"API_TOKEN\")].value";
    assert_eq!(namespace.field("deployment/ferry", token), "hunter2-not-a-real-one");
    let ran =
        world.run(["--offline", "--yes", "set TIDE=high on ferry"]).ends_with(0).says(&["cannot be undone"]);
    assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
    let found = Command::new("grep").args(["-rl", "hunter2"]).arg(world.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "the value is written down");
}
