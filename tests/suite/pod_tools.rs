//! The tools that go into pods or make one for a moment: shown first, refused without an approval, done with
//! one, and nothing left behind.

use crate::support::cluster::{Namespace, cluster};
use crate::support::world::{World, wait_until};
use nix::sys::signal::Signal;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const IMAGE: &str = "localhost/busybox:bed";

/// The pods of a namespace with their resourceVersions, to see that nothing changed.
fn pods(namespace: &Namespace<'_>) -> String {
    let path = "jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}";
    cluster().ask(&["get", "pods", "-n", &namespace.name, "-o", path])
}

fn service(namespace: &Namespace<'_>, name: &str) {
    cluster().ask(&["expose", "-n", &namespace.name, "deployment", name, "--port=80", "--target-port=8000"]);
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What a web server behind a local port answers; nothing when none does.
fn get(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(b"GET /here HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    (!answer.is_empty()).then_some(answer)
}

#[test]
fn a_command_runs_in_a_container_only_when_it_is_approved() {
    let cluster = cluster();
    let namespace = cluster.namespace("exec");
    namespace.web("ferry", 1);
    namespace.rolled_out("deployment/ferry");
    let world = World::on(cluster, &namespace.name);
    let before = pods(&namespace);
    let request = "run touch /tmp/made-by-test in the ferry";
    world
        .run(["--offline", request])
        .ends_with(4)
        .says(&["runs `touch /tmp/made-by-test` in container web", "kubectl exec deployment/ferry"]);
    let exec = |command: &[&str]| {
        let all = [&["exec", "-n", &namespace.name, "deployment/ferry", "--"][..], command].concat();
        cluster.kubectl(&all).output().unwrap()
    };
    assert!(!exec(&["ls", "/tmp/made-by-test"]).status.success(), "refused, and yet run");
    assert_eq!(pods(&namespace), before);
    world.run(["--offline", "--yes", request]).ends_with(0);
    assert!(exec(&["ls", "/tmp/made-by-test"]).status.success());

    world
        .run(["--offline", "--yes", "run 'echo one two' inside the ferry"])
        .ends_with(0)
        .prints(&["one two\n"]);
    let ran = world.run([
        "call",
        "exec_command",
        "kind=deployment",
        "name=ferry",
        "command=echo a | tr a b",
        "shell=true",
        "--yes",
    ]);
    ran.ends_with(0).prints(&["b\n"]);
    world
        .run(["--offline", "--yes", "run ls /nowhere in the ferry"])
        .ends_with(1)
        .says(&["exit code", "No such file"]);
    world
        .run(["--offline", "--yes", "run no-such-program in the ferry"])
        .ends_with(1)
        .says(&["could not be run", "the image does not have"]);
    // What takes something away asks for the name, which a flag does not say.
    world
        .run(["--offline", "run rm /tmp/made-by-test in the ferry"])
        .ends_with(4)
        .says(&["takes something away"]);
    assert!(exec(&["ls", "/tmp/made-by-test"]).status.success());
    world.run(["--offline", "--yes", "open a shell in the ferry"]).ends_with(4).says(&["kubectl exec -it"]);
    world
        .run([
            "call",
            "exec_command",
            "kind=deployment",
            "name=ferry",
            "command=ls",
            "container=nobody",
            "--yes",
        ])
        .ends_with(1)
        .says(&["has no container \"nobody\""]);
    world
        .run(["call", "exec_command", "kind=deployment", "name=ferry", "command=a | b", "--yes"])
        .ends_with(1)
        .says(&["shell=true"]);
    let record = world.records().len();
    assert!(record > 5, "{record} records");
}

#[test]
fn a_forwarded_port_outlives_its_pod() {
    let cluster = cluster();
    let namespace = cluster.namespace("forward");
    namespace.web("ferry", 1);
    service(&namespace, "ferry");
    namespace.rolled_out("deployment/ferry");
    let world = World::on(cluster, &namespace.name);
    let port = free_port();
    let request = format!("forward local {port} to the ferry service");
    let command = format!("kubectl port-forward service/ferry {port}:80 -n {}", namespace.name);
    world.run(["--offline", &request]).ends_with(4).says(&[&command, "until Ctrl-C"]);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "refused, and yet it listens");

    let running = world.start(["--offline", "--yes", &request]);
    wait_until("the forwarded port", || get(port).is_some());
    assert!(get(port).unwrap().contains("404"), "another server answers");
    let pod =
        cluster.ask(&["get", "pods", "-n", &namespace.name, "-o", "jsonpath={.items[0].metadata.name}"]);
    cluster.ask(&["delete", "pod", "-n", &namespace.name, &pod, "--wait=true"]);
    // The connection waits for the new pod.
    wait_until("an answer of the new pod", || get(port).is_some_and(|answer| answer.contains("404")));
    running.signal(Signal::SIGINT);
    let ran = running.wait();
    assert!(ran.out.contains(&format!("forwarding 127.0.0.1:{port}")), "{ran:?}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it listens after Ctrl-C");
    assert!(world.last_record().contains(&command));

    let for_a_moment = [
        "call",
        "port_forward",
        "kind=deployment",
        "name=ferry",
        "port=8000",
        &format!("local_port={port}"),
        "duration=2s",
        "--yes",
    ];
    let running = world.start(for_a_moment);
    wait_until("the forwarded port", || get(port).is_some());
    let ran = running.wait();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("connection"), "{ran:?}");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = format!("local_port={}", taken.local_addr().unwrap().port());
    world
        .run(["call", "port_forward", "kind=service", "name=ferry", &local, "--yes"])
        .ends_with(1)
        .says(&["could not listen", "already"]);
    world
        .run([
            "call",
            "port_forward",
            "kind=service",
            "name=ferry",
            "port=81",
            &format!("local_port={port}"),
            "--yes",
        ])
        .ends_with(1)
        .says(&["has no port 81", "80"]);
    world
        .run(["call", "port_forward", "kind=service", "name=ferry", "mapping=x:y"])
        .says(&["is no pair of ports"]);
}

#[test]
fn one_pod_reaches_another_or_is_told_why_not() {
    let cluster = cluster();
    let namespace = cluster.namespace("reach");
    namespace.web("ferry", 1);
    namespace.web("pier", 1);
    service(&namespace, "pier");
    namespace.rolled_out("deployment/ferry");
    namespace.rolled_out("deployment/pier");
    let world = World::on(cluster, &namespace.name);
    let before = pods(&namespace);
    let request = "can the ferry talk to pier?";
    world.run(["--offline", request]).ends_with(4).says(&["opens and closes a connection to pier:80"]);
    let ran = world.run(["--offline", "--yes", request]).ends_with(0);
    assert!(ran.out.contains("reaches pier:80"), "{ran:?}");
    // Some machines answer for every address, so how it ends is not the cluster's to say.
    let ran = world.run(["--offline", "--yes", "check from the ferry pod whether pier answers on 81"]);
    ran.says(&["has no port 81, but 80"]);
    let tested = |target: &str| {
        world.run([
            "call",
            "test_connectivity",
            "kind=deployment",
            "name=ferry",
            &format!("target={target}"),
            "--yes",
        ])
    };
    tested(&format!("pier.{}:80", namespace.name)).ends_with(0);
    tested("nowhere.invalid:80").ends_with(1).says(&["the name is not resolved"]);
    tested("http://pier/").ends_with(1).says(&["404"]);
    tested("127.0.0.1:9").ends_with(1).says(&["refused"]);
    tested("ftp://pier").says(&["is no web address"]);
    tested("tide").ends_with(3).says(&["no service called \"tide\""]);
    cluster.ask(&["scale", "-n", &namespace.name, "deployment/pier", "--replicas=0"]);
    cluster.ask(&["wait", "--for=delete", "pod", "-l", "app=pier", "-n", &namespace.name, "--timeout=60s"]);
    tested("pier").says(&["no running pod stands behind Service"]);
    assert_eq!(before.split_whitespace().next(), pods(&namespace).split_whitespace().next());
}

#[test]
fn a_throw_away_pod_is_gone_whatever_happened() {
    let cluster = cluster();
    let namespace = cluster.namespace("throwaway");
    namespace.web("pier", 1);
    service(&namespace, "pier");
    namespace.rolled_out("deployment/pier");
    let world = World::on(cluster, &namespace.name);
    let before = pods(&namespace);
    let gone = |name: &str| {
        let path = ["get", "pod", "-n", &namespace.name, name, "--ignore-not-found", "-o", "name"];
        let is_gone = || {
            let found = cluster.ask(&path);
            found.is_empty() || {
                let leaving = [&path[..6], &["-o", "jsonpath={.metadata.deletionTimestamp}"]].concat();
                !cluster.ask(&leaving).is_empty()
            }
        };
        wait_until("the throw-away pod's end", is_gone);
    };
    let request = format!("start a temporary pod with {IMAGE} and run nc pier 80 -e true");
    world.run(["--offline", &request]).ends_with(4).says(&[
        "+ kind: Pod",
        "removed when it ends",
        "kubectl run run-busybox",
    ]);
    assert_eq!(pods(&namespace), before);
    let run = |name: &str, more: &[&str]| {
        let mut arguments =
            vec!["call".to_owned(), "run_pod".to_owned(), format!("name={name}"), "--yes".to_owned()];
        arguments.extend(more.iter().map(|&one| one.to_owned()));
        if !more.iter().any(|one| one.starts_with("image=")) {
            arguments.push(format!("image={IMAGE}"));
        }
        arguments
    };
    world.run(run("speaks", &["command=echo hello there"])).ends_with(0).prints(&["hello there"]);
    gone("speaks");
    world
        .run(run("fails", &["command=sh -c 'echo oh no; exit 3'"]))
        .ends_with(1)
        .says(&["exit code 3", "oh no"]);
    gone("fails");
    world.run(run("absent", &["image=localhost/nothing:here"])).ends_with(1).says(&["does not start"]);
    gone("absent");
    world.run(run("late", &["command=sleep 300", "duration=2s"])).ends_with(1).says(&["DeadlineExceeded"]);
    gone("late");
    let running = world.start(run("interrupted", &["command=sleep 300"]));
    let phase = [
        "get",
        "pod",
        "-n",
        &namespace.name,
        "interrupted",
        "--ignore-not-found",
        "-o",
        "jsonpath={.status.phase}",
    ];
    wait_until("the pod to run", || cluster.ask(&phase) == "Running");
    running.signal(Signal::SIGINT);
    running.wait();
    gone("interrupted");
    world.run(run("pier", &["name=-x"])).says(&["cannot be a name"]);
    cluster.ask(&[
        "run",
        "mine",
        "-n",
        &namespace.name,
        &format!("--image={IMAGE}"),
        "--restart=Never",
        "--",
        "sleep",
        "100",
    ]);
    world.run(run("mine", &[])).ends_with(1).says(&["exists already"]);
    assert_eq!(
        cluster.ask(&[
            "get",
            "pod",
            "-n",
            &namespace.name,
            "mine",
            "-o",
            "jsonpath={.metadata.deletionTimestamp}"
        ]),
        ""
    );
}

#[test]
fn the_shown_commands_do_the_same() {
    let cluster = cluster();
    let namespace = cluster.namespace("same");
    namespace.web("ferry", 1);
    namespace.web("pier", 1);
    service(&namespace, "pier");
    namespace.rolled_out("deployment/ferry");
    namespace.rolled_out("deployment/pier");
    let world = World::on(cluster, &namespace.name);
    let equivalent = |request: &str| {
        let ran = world.run(["translate", "--offline", "-o", "json", request]).ends_with(0);
        let translated: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        translated["calls"][0]["command"]
            .as_str()
            .unwrap_or_else(|| panic!("{request}: {}", ran.out))
            .to_owned()
    };
    let pasted = |line: &str| {
        let output = world.program("bash", ["-c", line]).output().unwrap();
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap_or(-1))
    };
    let request = "run 'printf %s-%s one \"two three\"' in the ferry";
    assert_eq!(pasted(&equivalent(request)).0, "one-two three");
    world.run(["--offline", "--yes", request]).ends_with(0).prints(&["one-two three"]);
    assert_eq!(pasted(&equivalent("can the ferry reach pier?")).1, 0);
    assert_ne!(pasted(&equivalent("can the ferry reach nowhere.invalid:80")).1, 0);
    // What ends before kubectl has attached prints nothing there.
    let request = format!("start a temporary pod with {IMAGE} and run sh -c 'sleep 3; echo a b'");
    let (out, code) = pasted(&equivalent(&request));
    assert!(code == 0 && out.contains("a b"), "{out}");
    world.run(["--offline", "--yes", &request]).ends_with(0).prints(&["a b"]);
    let port = free_port();
    let line = equivalent(&format!("forward local {port} to the pier service"));
    let mut forwarding = world.program("bash", ["-c", &format!("exec {line}")]).spawn().unwrap();
    wait_until("kubectl's forwarded port", || get(port).is_some_and(|answer| answer.contains("404")));
    forwarding.kill().unwrap();
    forwarding.wait().unwrap();
}
