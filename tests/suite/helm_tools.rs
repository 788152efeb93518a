//! Helm's releases, with the real Helm on the cluster: looked at, rolled back, tested, uninstalled; charts
//! rendered and linted. The equivalent command is run beside a tool and has to come to the same.

use crate::support::cluster::{Cluster, Namespace, cluster};
use crate::support::terminal::Terminal;
use crate::support::world::{World, wait_until};
use serde_json::Value;

/// A chart with a Deployment, a Secret and a test that passes or not.
const CHART: [(&str, &str); 4] = [
    ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: \"1.0\"\n"),
    (
        "charts/shop/values.yaml",
        "replicas: 1\ngreeting: hello\nauth:\n  adminPassword: changeme-now\ntestCommand: \"true\"\n",
    ),
    (
        "charts/shop/templates/web.yaml",
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}-web}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}-web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: IMAGE
          imagePullPolicy: IfNotPresent
          command: [/bin/sh, -c, "exec httpd -f -p 8000 -h /tmp"]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-config}
data: {greeting: {{ .Values.greeting | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-auth}
stringData: {password: {{ .Values.auth.adminPassword | quote }}}
"#,
    ),
    (
        "charts/shop/templates/tests/ask.yaml",
        r#"apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-ask
  annotations: {helm.sh/hook: test}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
    - name: ask
      image: IMAGE
      imagePullPolicy: IfNotPresent
      command: [/bin/sh, -c, "echo asking; {{ .Values.testCommand }}"]
"#,
    ),
];

/// A world with the chart, and the release `shop` in two revisions: 1 replica and "hello", then 2 and "hi".
fn place<'a>(cluster: &'a Cluster, prefix: &str) -> (Namespace<'a>, World) {
    let namespace = cluster.namespace(prefix);
    let world = World::on(cluster, &namespace.name);
    let image = if cluster.is_bed { "localhost/busybox:bed" } else { "busybox:1.37" };
    for (path, text) in CHART {
        world.write(path, &text.replace("IMAGE", image));
    }
    helm(&world, &["install", "shop", "charts/shop", "--set", "auth.adminPassword=hunter2-secret"]);
    helm(&world, &["upgrade", "shop", "charts/shop", "--reuse-values", "--set", "replicas=2,greeting=hi"]);
    namespace.rolled_out("deployment/shop-web");
    (namespace, world)
}

/// What Helm itself prints; fails where Helm does.
#[track_caller]
fn helm(world: &World, arguments: &[&str]) -> String {
    world.finish(world.program("helm", arguments), "").ends_with(0).out
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Which versions the objects of a release have; a preview must not move any.
fn versions(cluster: &Cluster, namespace: &Namespace<'_>) -> String {
    let what = "deployments,configmaps,secrets,pods";
    let path = "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{\"\\n\"}{end}";
    cluster.ask(&["get", what, "-n", &namespace.name, "-o", path])
}

#[test]
fn a_release_is_looked_at_in_plain_words() {
    let cluster = cluster();
    let (namespace, world) = place(cluster, "helm-look");
    let name = namespace.name.as_str();

    let ran = world.run(["--offline", "-o", "json", "status of the shop release"]).ends_with(0);
    let status = json(&ran.out);
    assert_eq!((&status["status"], &status["revision"]), (&"deployed".into(), &2.into()), "{status}");
    assert!(ran.err.contains(&format!("helm status shop -n {name}")), "{}", ran.err);
    let helms = json(&helm(&world, &["status", "shop", "-o", "json"]));
    assert_eq!((&helms["info"]["status"], &helms["version"]), (&status["status"], &status["revision"]));
    assert_eq!(status["objects"].as_array().unwrap().len(), 3);

    let ran =
        world.run(["--offline", "-o", "json", "how many revisions does release shop have"]).ends_with(0);
    let history = json(&ran.out);
    let helms = json(&helm(&world, &["history", "shop", "-o", "json"]));
    let numbers = |list: &Value| -> Vec<(Value, Value)> {
        list.as_array().unwrap().iter().map(|one| (one["revision"].clone(), one["status"].clone())).collect()
    };
    assert_eq!(numbers(&history["revisions"]), numbers(&helms));

    for request in
        ["which values is shop installed with", "show every helm value of shop including the defaults"]
    {
        let ran = world.run(["--offline", request]).ends_with(0).prints(&["greeting: hi", "replicas: 2"]);
        assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "a password is shown: {ran:?}");
        assert_eq!(ran.out.contains("testCommand"), request.contains("defaults"), "{ran:?}");
    }
    assert!(!world.last_record().contains("hunter2"));

    world.run(["--offline", "status of the shpo release"]).ends_with(1).says(&["shpo", "nearest: shop"]);
    world
        .run(["call", "release_status", "--release", "shop", "-n", "default"])
        .ends_with(1)
        .says(&["-n test-"]);
    world
        .run(["call", "release_values", "--release", "shop", "--revision", "9"])
        .ends_with(1)
        .says(&["Helm keeps 1, 2"]);
    world
        .run(["call", "release_history", "--release", "shop", "--max", "0"])
        .ends_with(1)
        .says(&["at least 1"]);
}

#[test]
fn a_release_is_rolled_back_and_forth_and_uninstalled() {
    let cluster = cluster();
    let (namespace, world) = place(cluster, "helm-back");
    let greeting = || namespace.field("configmap/shop-config", ".data.greeting");
    let before = versions(cluster, &namespace);
    let back = ["--offline", "roll the shop release back to revision 1"];

    let ran = world.run(back).ends_with(4).says(&["-   replicas: 2", "+   replicas: 1", "--yes"]);
    assert!(ran.err.contains("helm rollback shop 1 -n"), "{}", ran.err);
    world.run([&back[..], &["--dry-run"]].concat()).ends_with(0);
    assert_eq!(versions(cluster, &namespace), before, "only shown, and yet changed");

    world.run([&back[..], &["--yes"]].concat()).ends_with(0).says(&["of 1 replica"]);
    assert_eq!(
        (greeting().as_str(), namespace.field("deployment/shop-web", ".spec.replicas").as_str()),
        ("hello", "1")
    );
    let history = json(&helm(&world, &["history", "shop", "-o", "json"]));
    assert_eq!(history.as_array().unwrap().len(), 3);

    // As its equivalent does, without a number to the one before.
    world.run(["--offline", "undo the last helm upgrade of shop", "--yes"]).ends_with(0);
    assert_eq!(greeting(), "hi");
    // And back again, by what it says takes it back.
    let mut terminal = Terminal::start(&world, ["--offline", "--yes"]);
    terminal.shows("/exit to leave");
    terminal.types("helm rollback shop 1");
    terminal.shows("/undo takes it back");
    wait_until("the rollback", || greeting() == "hello");
    terminal.types("/undo");
    terminal.shows("helm rollback shop 4");
    wait_until("the way back", || greeting() == "hi");
    terminal.types("/exit");
    terminal.ends();

    world
        .run(["call", "rollback_release", "--release", "shop", "--revision", "99", "--yes"])
        .ends_with(1)
        .says(&["99"]);
    world
        .run(["call", "rollback_release", "--release", "none", "--yes"])
        .ends_with(1)
        .says(&["none", "shop"]);
    world.run(["call", "rollback_release", "--release", "shop", "--revision", "0"]).ends_with(1);

    let before = versions(cluster, &namespace);
    let ran = world.run(["--offline", "helm uninstall shop"]).ends_with(4);
    for said in ["delete Deployment", "shop-web", "shop-auth", "cannot be undone", "history"] {
        assert!(ran.err.contains(said), "{said} is not said: {}", ran.err);
    }
    assert_eq!(versions(cluster, &namespace), before);
    world
        .run(["--offline", "uninstall the shop release but keep its history", "--yes"])
        .ends_with(0)
        .says(&["gone"]);
    assert_eq!(cluster.ask(&["get", "deployments", "-n", &namespace.name, "-o", "name"]), "");
    let ran = world.run(["--offline", "rollback the shop release to revision 1", "--yes"]).ends_with(0);
    assert!(ran.err.contains("uninstalled"), "{}", ran.err);
    assert_eq!(greeting(), "hello");
    world
        .run(["--offline", "remove the helm release shop", "--yes"])
        .ends_with(0)
        .says(&["all 3 objects are gone"]);
    assert_eq!(json(&helm(&world, &["list", "-a", "-o", "json"])), Value::Array(Vec::new()));
}

#[test]
fn the_tests_of_a_release_run_and_a_failure_says_why() {
    let cluster = cluster();
    let (namespace, world) = place(cluster, "helm-test");
    let before = versions(cluster, &namespace);
    let ran =
        world.run(["--offline", "run the helm tests of shop"]).ends_with(4).says(&["shop-ask", "stays"]);
    assert!(ran.err.contains("helm test shop -n"), "{}", ran.err);
    assert_eq!(versions(cluster, &namespace), before);
    world.run(["--offline", "helm test shop --logs", "--yes"]).ends_with(0).prints(&["asking"]);
    helm(&world, &["upgrade", "shop", "charts/shop", "--reuse-values", "--set", "testCommand=exit 3"]);
    world
        .run(["call", "test_release", "--release", "shop", "--yes"])
        .ends_with(1)
        .says(&["shop-ask", "asking"]);
}

#[test]
fn a_chart_is_rendered_and_linted_without_a_cluster() {
    let mut world = World::new();
    world.set("PATH", &cluster().path);
    for (path, text) in CHART {
        world.write(path, text);
    }
    let ran = world.run(["--offline", "render the chart in charts/shop"]).ends_with(0);
    assert!(ran.out.contains("kind: Deployment") && ran.out.contains("greeting: \"hello\""), "{}", ran.out);
    assert!(!ran.out.contains("changeme-now"), "a Secret's value is shown: {}", ran.out);
    let helms = helm(&world, &["template", "shop", "charts/shop"]);
    let kinds = |text: &str| {
        text.lines().filter(|line| line.starts_with("kind: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let (mut ours, mut theirs) = (kinds(&ran.out), kinds(&helms));
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);

    world.run(["--offline", "is my chart valid?"]).ends_with(0).says(&["well made"]);
    world.run(["--offline", "lint charts/shop"]).ends_with(0).says(&["helm lint charts/shop"]);
    world.write("charts/shop/templates/broken.yaml", "a: {{ .Values.nothing.there }}\n");
    let ran = world.run(["--offline", "lint the chart and if it is fine install it", "--yes"]).ends_with(1);
    assert!(
        ran.err.contains("broken.yaml")
            && !ran.err.contains("helm upgrade --install shop charts/shop -n default\n  "),
        "{}",
        ran.err
    );
    world.run(["call", "lint_chart", "--chart=--debug"]).ends_with(3).says(&["--debug", "charts/shop"]);
    world.run(["call", "render_chart", "--chart", "nowhere/at/all"]).says(&["chart"]);
}

#[test]
fn an_upgrade_and_an_installation_can_be_taken_back() {
    let cluster = cluster();
    let (namespace, world) = place(cluster, "helm-apply");
    let greeting = || namespace.field("configmap/shop-config", ".data.greeting");
    let mut terminal = Terminal::start(&world, ["--offline", "--yes"]);
    terminal.shows("/exit to leave");
    terminal.types("set greeting=hallo on the helm release shop and keep the existing values");
    wait_until("the upgrade", || greeting() == "hallo");
    terminal.shows("/undo takes it back");
    terminal.types("/undo");
    terminal.shows("helm rollback shop 2");
    wait_until("the way back", || greeting() == "hi");
    terminal.types("/exit");
    terminal.ends();
}

/// Beside each tool that changes a release its own equivalent command, in a namespace like the first: both have
/// to leave the same objects.
#[test]
fn the_equivalent_command_does_what_the_tool_does() {
    let cluster = cluster();
    for (tool, arguments) in [
        ("rollback_release", &["--release", "shop", "--revision", "1"][..]),
        ("rollback_release", &["--release", "shop"][..]),
        ("test_release", &["--release", "shop"][..]),
        ("uninstall_release", &["--release", "shop"][..]),
        ("uninstall_release", &["--release", "shop", "--keep-history"][..]),
        ("apply_chart", &["--release", "shop", "--chart", "charts/shop", "--set", "greeting=hallo"][..]),
    ] {
        let [(ours, world), (theirs, other)] =
            ["helm-ours", "helm-theirs"].map(|prefix| place(cluster, prefix));
        let call = [&["call", tool][..], arguments].concat();
        let dry = world.run([&call[..], &["--dry-run"]].concat()).ends_with(0);
        let line =
            dry.err.lines().find_map(|line| line.strip_prefix("→ ")).unwrap_or_else(|| panic!("{dry:?}"));
        let line = line.replace(&ours.name, &theirs.name);
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[0], "helm", "{line}");
        world.run([&call[..], &["--yes"]].concat()).ends_with(0);
        helm(&other, &words[1..]);
        let (mut after_ours, mut after_theirs) =
            (after(cluster, &world, &ours), after(cluster, &other, &theirs));
        for _ in 0..60 {
            // What is being deleted takes a moment to go.
            if after_ours == after_theirs {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(500));
            (after_ours, after_theirs) = (after(cluster, &world, &ours), after(cluster, &other, &theirs));
        }
        assert_eq!(after_ours, after_theirs, "{tool} {arguments:?} and {line}");
    }
}

/// The objects of a namespace that a release made, as far as people wrote them, and its revisions.
fn after(cluster: &Cluster, world: &World, namespace: &Namespace<'_>) -> (String, String) {
    let list =
        json(&cluster.ask(&["get", "deployments,configmaps,pods", "-n", &namespace.name, "-o", "json"]));
    let mut objects: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|object| object["metadata"]["ownerReferences"].is_null())
        .filter(|object| object["metadata"]["name"] != "kube-root-ca.crt")
        .map(|object| {
            let replicas = &object["spec"]["replicas"];
            format!("{} {} {replicas} {}", object["kind"], object["metadata"]["name"], object["data"])
        })
        .collect();
    objects.sort();
    let output = world.finish(world.program("helm", ["history", "shop", "-o", "json"]), "");
    let revisions: Value = serde_json::from_str(&output.out).unwrap_or_default();
    let revisions = revisions.as_array().into_iter().flatten();
    let states = revisions.map(|one| format!("{} {}", one["revision"], one["status"])).collect::<Vec<_>>();
    (objects.join("\n"), states.join(", "))
}
