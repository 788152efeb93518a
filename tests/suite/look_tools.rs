//! The tools that look around, against a real cluster: each is asked in words or called, and what it says is
//! compared with what the cluster is known to hold.

use crate::support::cluster::{Namespace, cluster};
use crate::support::world::World;
use serde_json::{Value, json};

/// Calls a tool and reads its data.
fn data(world: &World, tool: &str, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = [&["call", tool][..], arguments, &["-o", "json"][..]].concat();
    let ran = world.run(arguments).ends_with(0);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

/// The resourceVersions of everything a namespace holds, to see that nothing changed.
fn versions(namespace: &Namespace<'_>) -> String {
    let path = "jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion} {end}";
    cluster().ask(&["get", "all,configmaps,secrets,serviceaccounts", "-n", &namespace.name, "-o", path])
}

#[test]
fn revisions_and_what_they_changed() {
    let cluster = cluster();
    let namespace = cluster.namespace("history");
    namespace.web("ferry", 1);
    namespace.rolled_out("deployment/ferry");
    cluster.ask(&["set", "env", "-n", &namespace.name, "deployment/ferry", "COLOUR=blue"]);
    namespace.rolled_out("deployment/ferry");
    let world = World::on(cluster, &namespace.name);
    let ran = world.run(["--offline", "show the rollout history of the ferry"]).ends_with(0);
    let ran = ran.says(&["2 revisions", "kubectl rollout history deployment/ferry"]);
    assert!(ran.out.contains("REVISION") && ran.out.lines().count() == 3, "{}", ran.out);
    let known = cluster.ask(&["rollout", "history", "-n", &namespace.name, "deployment/ferry"]);
    assert!(known.contains("2 "), "{known}");
    world.run(["--offline", "what changed in revision 2 of the ferry"]).ends_with(0).prints(&["+", "COLOUR"]);
    world
        .run(["call", "rollout_history", "kind=deployment", "name=ferry", "revision=9"])
        .ends_with(1)
        .says(&["keeps no revision 9"]);
    world
        .run(["call", "rollout_history", "kind=service", "name=ferry"])
        .ends_with(3)
        .says(&["no service called"]);
}

#[test]
fn the_clusters_own_documentation() {
    let cluster = cluster();
    let world = World::on(cluster, "default");
    world
        .run(["--offline", "explain deployment.spec.strategy"])
        .ends_with(0)
        .prints(&["FIELD:    spec.strategy <DeploymentStrategy>", "rollingUpdate"])
        .says(&["kubectl explain deployment.spec.strategy"]);
    world
        .run(["--offline", "what fields does a cronjob spec have?"])
        .ends_with(0)
        .prints(&["schedule\t<string> -required-"]);
    world.run(["--offline", "docs for networkpolicy"]).ends_with(0).prints(&["networking.k8s.io/v1"]);
    world
        .run(["call", "explain_kind", "kind=pod", "field=spec.tolerance"])
        .ends_with(1)
        .says(&["Pod.spec has no field \"tolerance\"", "tolerations"]);
    world.run(["call", "explain_kind", "kind=banana"]).ends_with(1);
    // A kind that was made up for this test is documented like any other.
    let plural = format!("ferries{}", std::process::id());
    cluster.apply(None, &format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {plural}.look.test}}\n\
         spec: {{group: look.test, scope: Namespaced, names: {{plural: {plural}, kind: Ferry{id}}}, versions: [{{name: v1, served: true, storage: true, \
         schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{berths: {{type: integer, description: How many it carries.}}}}}}}}}}}}}}]}}\n",
        id = std::process::id()
    ));
    cluster.ask(&[
        "wait",
        "--for=condition=Established",
        &format!("crd/{plural}.look.test"),
        "--timeout=60s",
    ]);
    let mut said = String::new();
    for _ in 0..40 {
        let ran = world.run(["call", "explain_kind", &format!("kind={plural}.look.test"), "field=spec"]);
        said = ran.out;
        if said.contains("How many it carries.") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    cluster.ask(&["delete", "crd", &format!("{plural}.look.test"), "--wait=false"]);
    assert!(said.contains("berths\t<integer>") && said.contains("How many it carries."), "{said}");
}

#[test]
fn rights_of_oneself_an_account_and_everybody() {
    let cluster = cluster();
    let namespace = cluster.namespace("access");
    let name = &namespace.name;
    cluster.ask(&["create", "serviceaccount", "-n", name, "miller"]);
    cluster.ask(&["create", "role", "-n", name, "reader", "--verb=get,list", "--resource=pods"]);
    cluster.ask(&[
        "create",
        "rolebinding",
        "-n",
        name,
        "miller-reads",
        "--role=reader",
        &format!("--serviceaccount={name}:miller"),
    ]);
    let world = World::on(cluster, name);
    let before = versions(&namespace);
    world.run(["--offline", "can I delete pods here?"]).ends_with(0).prints(&["yes: you may delete pods"]);
    world
        .run(["--offline", "can the miller service account list pods?"])
        .ends_with(0)
        .prints(&["yes:"])
        .says(&[&format!("--as=system:serviceaccount:{name}:miller")]);
    world.run(["--offline", "may the miller service account read secrets?"]).ends_with(0).prints(&["no:"]);
    let rights = data(&world, "check_access", &["service_account=miller"]);
    let pods =
        rights["rights"].as_array().unwrap().iter().find(|right| right["resources"] == json!(["pods"]));
    assert_eq!(pods.unwrap()["verbs"], json!(["get", "list"]));
    let who = data(&world, "check_access", &["who=true", "verb=list", "resource=pods"]);
    let subjects = who["subjects"].as_array().unwrap();
    let of_miller = subjects.iter().find(|one| one["name"] == "miller").unwrap();
    assert_eq!(of_miller["binding"], "rolebinding/miller-reads");
    assert!(subjects.iter().any(|one| one["name"] == "system:masters"), "{subjects:?}");
    let as_miller = format!("--as=system:serviceaccount:{name}:miller");
    assert_eq!(cluster.ask(&["auth", "can-i", "list", "pods", "-n", name, &as_miller]), "yes");
    world.run(["call", "check_access", "verb=get", "resource=bananas"]).ends_with(1);
    world.run(["call", "check_access", "verb=get"]).ends_with(1);
    assert_eq!(versions(&namespace), before);
}

#[test]
fn contexts_and_the_cluster() {
    let cluster = cluster();
    let world = World::on(cluster, "default");
    let context = cluster.ask(&["config", "current-context"]);
    world.run(["--offline", "which kube contexts do I have?"]).ends_with(0).prints(&["CURRENT", &context]);
    world
        .run(["--offline", "which context am I in?"])
        .ends_with(0)
        .prints(&[&format!("the context in use is {context}")]);
    let version: Value = serde_json::from_str(&cluster.ask(&["version", "-o", "json"])).unwrap();
    let version = version["serverVersion"]["gitVersion"].as_str().unwrap().to_owned();
    world.run(["--offline", "what version of kubernetes is this"]).ends_with(0).prints(&[&version]);
    let info = data(&world, "cluster_info", &[]);
    assert_eq!(info["version"], version.as_str());
    assert!(!info["nodes"].as_array().unwrap().is_empty());
    world
        .run(["--offline", "cluster info"])
        .ends_with(0)
        .prints(&["API server", "NAME"])
        .says(&["kubectl cluster-info"]);
    let none = World::new();
    none.run(["call", "list_contexts"]).says(&["kubeconfig"]);
}

#[test]
fn two_objects_and_two_namespaces() {
    let cluster = cluster();
    let (here, there) = (cluster.namespace("left"), cluster.namespace("right"));
    here.web("ferry", 1);
    here.web("barge", 1);
    there.web("ferry", 2);
    cluster.ask(&["create", "configmap", "-n", &here.name, "tide", "--from-literal=level=high"]);
    for (namespace, value) in [(&here, "one"), (&there, "two")] {
        let literal = format!("--from-literal=word={value}-hush-hush");
        cluster.ask(&["create", "secret", "generic", "-n", &namespace.name, "keys", &literal]);
    }
    let world = World::on(cluster, &here.name);
    let ran = world
        .run(["--offline", &format!("what is different between the ferry here and in {}", there.name)])
        .ends_with(0)
        .prints(&["-   replicas: 1", "+   replicas: 2"]);
    assert!(!ran.out.contains("uid") && !ran.out.contains("resourceVersion"), "{}", ran.out);
    world
        .run(["--offline", "compare deployment ferry with deployment barge"])
        .ends_with(0)
        .prints(&["+   name: barge"]);
    let ran =
        world.run(["call", "compare_resources", &format!("other_namespace={}", there.name)]).ends_with(0);
    let ran = ran.prints(&["configmaps/tide", "only in", "deployments/ferry", "secrets/keys"]);
    assert!(!ran.out.contains("hush") && !ran.out.contains("aHVza"), "{}", ran.out);
    let same = data(
        &world,
        "compare_resources",
        &[
            "kind=service",
            "name=kubernetes",
            "namespace=default",
            &format!("other_context={}", cluster.ask(&["config", "current-context"])),
        ],
    );
    assert_eq!(same["same"], true);
    world
        .run(["call", "compare_resources", "kind=deployment", "name=ferry"])
        .says(&["nothing to compare it with"]);
    world
        .run(["call", "compare_resources", "kind=deployment", "name=ferry", "other_context=nowhere"])
        .says(&["no context \"nowhere\""]);
}

#[test]
fn one_line_of_time() {
    let cluster = cluster();
    let namespace = cluster.namespace("changes");
    namespace.web("ferry", 1);
    namespace.rolled_out("deployment/ferry");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let world = World::on(cluster, &namespace.name);
    world.run(["--offline", "--yes", "scale the ferry to 2 replicas"]).ends_with(0);
    cluster.ask(&[
        "set",
        "env",
        "-n",
        &namespace.name,
        "deployment/ferry",
        "COLOUR=blue",
        "--field-manager=dockhand",
    ]);
    namespace.rolled_out("deployment/ferry");
    let ran = world.run(["--offline", "what changed in the last hour?"]).ends_with(0);
    let ran = ran.prints(&["revision 2", "dockhand", "env[COLOUR]", "ScalingReplicaSet"]);
    let place = |text: &str| ran.out.find(text).unwrap_or_else(|| panic!("{text}: {}", ran.out));
    assert!(place("created") < place("revision 2"), "{}", ran.out);
    world
        .run(["--offline", "who touched the ferry deployment recently"])
        .ends_with(0)
        .prints(&["dockhand"])
        .says(&["shipmate wrote spec.replicas through scale"]);
    let changes = data(&world, "what_changed", &["since_deploy=true"]);
    assert!(changes["changes"].as_array().unwrap().iter().all(|one| one["source"] != "created"), "{changes}");
    world.run(["call", "what_changed", "since=soon"]).ends_with(1).says(&["since is no duration"]);
}

/// The equivalent command of the one call that a request comes to.
fn equivalent(world: &World, request: &str) -> String {
    let ran = world.run(["translate", "--offline", "-o", "json", request]).ends_with(0);
    let translated: Value = serde_json::from_str(&ran.out).unwrap();
    translated["calls"][0]["command"].as_str().unwrap_or_else(|| panic!("{request}: {}", ran.out)).to_owned()
}

/// What a pasted line prints, and how it ends.
fn pasted(world: &World, line: &str) -> (String, i32) {
    let output = world.program("bash", ["-c", line]).output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap_or(-1))
}

#[test]
fn the_shown_commands_say_the_same() {
    let cluster = cluster();
    let namespace = cluster.namespace("same");
    namespace.web("ferry", 1);
    namespace.web("barge", 2);
    namespace.rolled_out("deployment/ferry");
    cluster.ask(&["create", "serviceaccount", "-n", &namespace.name, "miller"]);
    let world = World::on(cluster, &namespace.name);
    let said = |request: &str| world.run(["--offline", request]).ends_with(0).out;

    let request = "explain deployment.spec.strategy";
    let (theirs, code) = pasted(&world, &equivalent(&world, request));
    let ours = said(request);
    assert_eq!(code, 0);
    for part in ["rollingUpdate", "<RollingUpdateDeployment>", "Rolling update config params", "type"] {
        assert!(theirs.contains(part) && ours.contains(part), "{part}: {theirs}\n{ours}");
    }

    let request = "rollout history of the ferry";
    let (theirs, code) = pasted(&world, &equivalent(&world, request));
    assert!(code == 0 && theirs.contains("\n1 "), "{theirs}");
    assert!(said(request).contains("\n1 "));

    for (request, word) in [
        ("can I delete pods here?", "yes"),
        ("can the miller service account delete pods?", "no"),
        ("am I allowed to create deployments", "yes"),
    ] {
        let (theirs, _) = pasted(&world, &equivalent(&world, request));
        assert_eq!(theirs.trim(), word, "{request}");
        assert!(said(request).starts_with(word), "{request}");
    }
    let (theirs, code) =
        pasted(&world, &equivalent(&world, "what permissions does the miller service account have"));
    assert!(code == 0 && theirs.contains("selfsubjectreviews"), "{theirs}");
    assert!(said("what permissions does the miller service account have").contains("selfsubjectreviews"));
    assert_eq!(pasted(&world, &equivalent(&world, "who can delete pods here?")).1, 0);

    let (theirs, _) = pasted(&world, &equivalent(&world, "which context am I in?"));
    assert!(said("which context am I in?").contains(theirs.trim()));
    assert_eq!(pasted(&world, &equivalent(&world, "list all contexts")).1, 0);
    let (theirs, _) = pasted(&world, &equivalent(&world, "which cluster is this?"));
    let server = cluster.ask(&["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    assert!(theirs.contains(&server) && said("which cluster is this?").contains(&server), "{theirs}");

    let request = "compare deployment ferry with deployment barge";
    let (theirs, code) = pasted(&world, &equivalent(&world, request));
    assert!(code == 1 && theirs.contains(">   replicas: 2"), "{theirs}");
    assert!(said(request).contains("+   replicas: 2"));
    let (theirs, code) = pasted(&world, &equivalent(&world, "who touched the ferry deployment?"));
    assert!(code == 0 && theirs.contains("manager: kubectl-client-side-apply"), "{theirs}");
    assert!(said("who touched the ferry deployment?").contains("kubectl-client-side-apply"));
}
