//! Ended in the middle, in every step: by `kill -9`, and by Ctrl-C. Nothing is lost (the next start writes the
//! record of what was killed), nothing runs twice, and nothing is called done that was not.

use crate::support::cluster::{Cluster, Namespace, cluster};
use crate::support::proxy::{Chosen, Proxy};
use crate::support::terminal::Terminal;
use crate::support::world::{World, valid_record, wait_until};
use nix::sys::signal::Signal;
use std::net::TcpListener;

/// Where a change stands when it is ended, and what has to be true afterwards.
struct Step {
    name: &'static str,
    held: Chosen,
    /// Whether the change has been made by then.
    changed: bool,
    /// What the record of the Ctrl-C says of it.
    interrupted: &'static str,
}

const STEPS: [Step; 5] = [
    Step {
        name: "ground",
        held: |_, next| is_deployment(next),
        changed: false,
        interrupted: "before it ran",
    },
    Step {
        name: "preview, read",
        held: |seen, next| is_deployment(next) && seen.iter().any(|one| is_deployment(one)),
        changed: false,
        interrupted: "before it ran",
    },
    Step {
        name: "preview, dry run",
        held: |_, next| is_dry_run(next),
        changed: false,
        interrupted: "before it ran",
    },
    Step {
        name: "run",
        held: |_, next| is_change(next),
        changed: false,
        interrupted: "may have been done, or not",
    },
    Step {
        name: "verify",
        held: |seen, _| seen.iter().any(|one| is_change(one)),
        changed: true,
        interrupted: "it was done",
    },
];

const SCALE: [&str; 9] =
    ["call", "scale", "--kind", "deployment", "--name", "web", "--replicas", "2", "--yes"];
const STATUS: [&str; 6] = ["call", "rollout_status", "--kind", "deployment", "--name", "web"];

fn is_deployment(request: &str) -> bool {
    request.starts_with("GET ") && request.contains("/deployments")
}

fn is_dry_run(request: &str) -> bool {
    request.starts_with("PATCH ") && request.contains("dryRun=All")
}

fn is_change(request: &str) -> bool {
    request.starts_with("PATCH ") && !request.contains("dryRun")
}

/// A namespace with a Deployment of one pod, and a world that reaches it directly.
fn place(cluster: &'static Cluster) -> (Namespace<'static>, World) {
    let namespace = cluster.namespace("cut");
    namespace.web("web", 1);
    namespace.rolled_out("deployment/web");
    let world = World::on(cluster, &namespace.name);
    (namespace, world)
}

/// Starts the change behind a door that shuts at the step.
fn held_at(step: &Step, world: &World, namespace: &Namespace) -> (Proxy, crate::support::world::Running) {
    let proxy = Proxy::before(cluster(), step.held);
    let kubeconfig = world.path("home/door");
    std::fs::write(&kubeconfig, proxy.kubeconfig(&namespace.name)).unwrap();
    let running = world.start(SCALE.iter().copied().chain(["--kubeconfig", kubeconfig.to_str().unwrap()]));
    wait_until(step.name, || proxy.holds());
    (proxy, running)
}

fn changes(proxy: &Proxy) -> usize {
    proxy.seen().iter().filter(|request| is_change(request)).count()
}

fn replicas(namespace: &Namespace) -> String {
    namespace.field("deployment/web", ".spec.replicas")
}

#[test]
fn kill_9_in_every_step_loses_nothing_and_repeats_nothing() {
    let (namespace, world) = place(cluster());
    for step in &STEPS {
        let before = world.records().len();
        let (proxy, running) = held_at(step, &world, &namespace);
        assert_eq!(world.records().len(), before, "{}: recorded before its end", step.name);
        running.signal(Signal::SIGKILL);
        assert_eq!(running.wait().code, 128 + 9);

        let next = world.run(STATUS).ends_with(0).says(&["was interrupted"]);
        let records = world.records();
        assert_eq!(records.len(), before + 2, "{}: {}", step.name, next.err);
        let texts: Vec<String> = records.iter().map(|path| valid_record(path)).collect();
        let found = texts.iter().filter(|text| text.contains("Interrupted: shipmate ended")).count();
        assert_eq!(found, before / 2 + 1, "{}: the interrupted request has one record", step.name);
        let record = texts.iter().rev().find(|text| text.contains("Interrupted: shipmate ended")).unwrap();
        assert!(record.contains("replicas"), "{}: the words are lost: {record}", step.name);

        assert!(!world.run(STATUS).ends_with(0).err.contains("was interrupted"), "{}: said twice", step.name);
        std::fs::remove_file(world.records().last().unwrap()).unwrap();
        assert_eq!(changes(&proxy), usize::from(step.changed), "{}: {:?}", step.name, proxy.seen());
        assert_eq!(replicas(&namespace), if step.changed { "2" } else { "1" }, "{}", step.name);
        if step.changed {
            let command = "kubectl scale deployment/web --replicas=2";
            assert!(record.contains(command), "{}: what was run is lost: {record}", step.name);
        }
    }
}

#[test]
fn ctrl_c_in_every_step_ends_that_step_and_is_recorded_as_it_was() {
    let (namespace, world) = place(cluster());
    for step in &STEPS {
        let before = world.records().len();
        let (proxy, running) = held_at(step, &world, &namespace);
        running.signal(Signal::SIGINT);
        let ran = running.wait();
        assert_eq!(ran.code, 130, "{}: {}", step.name, ran.err);
        assert!(ran.err.contains("interrupted"), "{}: {}", step.name, ran.err);
        assert_eq!(ran.out.is_empty(), !step.changed, "{}: {}", step.name, ran.out);
        assert_eq!(world.records().len(), before + 1, "{}", step.name);
        let record = world.last_record();
        assert!(record.contains(step.interrupted), "{}: {record}", step.name);
        assert_eq!(changes(&proxy), usize::from(step.changed), "{}: {:?}", step.name, proxy.seen());
        assert_eq!(replicas(&namespace), if step.changed { "2" } else { "1" }, "{}", step.name);
    }
    assert!(
        !world.run(STATUS).ends_with(0).err.contains("was interrupted"),
        "what was recorded is not recovered"
    );
}

#[test]
fn a_model_that_never_answers_can_be_interrupted() {
    // Nobody accepts the connection, so the translation waits for as long as it may.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", silent.local_addr().unwrap());
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGKILL, 128 + 9)] {
        let world = World::new().with_model(&url, "silent");
        let running = world.start(["--translator", "model", "what is the meaning of this"]);
        wait_until("the request to be journalled", || {
            let journal = world.path("home/.local/state/shipmate/journal.jsonl");
            std::fs::read_to_string(journal).is_ok_and(|text| text.contains("meaning of this"))
        });
        std::thread::sleep(std::time::Duration::from_millis(300));
        running.signal(signal);
        assert_eq!(running.wait().code, code);
        if signal == Signal::SIGKILL {
            assert!(world.records().is_empty());
            world.run(["--offline", "nothing anybody knows"]).ends_with(3).says(&["was interrupted"]);
        }
        let texts: Vec<String> = world.records().iter().map(|path| valid_record(path)).collect();
        let found: Vec<_> =
            texts.iter().filter(|text| text.contains("what is the meaning of this")).collect();
        assert!(found.len() == 1 && found[0].to_lowercase().contains("interrupted"), "{texts:#?}");
    }
}

#[test]
fn ended_at_the_approval_nothing_is_changed() {
    let (namespace, world) = place(cluster());
    let ask = &SCALE[..8];
    let before = namespace.field("deployment/web", ".metadata.resourceVersion");

    let mut terminal = Terminal::start(&world, ask);
    terminal.shows("Go on?");
    terminal.kill_now();
    assert!(world.records().is_empty());
    world.run(STATUS).ends_with(0).says(&["was interrupted"]);
    assert_eq!(world.records().len(), 2);

    let mut terminal = Terminal::start(&world, ask);
    terminal.shows("Go on?");
    terminal.control('c');
    let (shown, code) = terminal.ends();
    assert_eq!(code, 130, "{shown}");
    assert!(shown.contains("othing was changed"), "{shown}");

    let mut terminal = Terminal::start(&world, ask);
    terminal.shows("Go on?");
    terminal.types("n");
    assert_eq!(terminal.ends().1, 4);

    for path in world.records() {
        valid_record(&path);
    }
    assert_eq!(world.records().len(), 4);
    assert_eq!(namespace.field("deployment/web", ".metadata.resourceVersion"), before);

    let mut terminal = Terminal::start(&world, ask);
    terminal.shows("Go on?");
    terminal.types("y");
    assert_eq!(terminal.ends().1, 0);
    assert_eq!(replicas(&namespace), "2");
}

#[test]
fn ctrl_c_in_a_conversation_ends_the_step_and_not_the_session() {
    let (namespace, world) = place(cluster());
    let before = namespace.field("deployment/web", ".metadata.resourceVersion");
    let proxy = Proxy::before(cluster(), |_, next| is_dry_run(next));
    std::fs::write(world.path("home/door"), proxy.kubeconfig(&namespace.name)).unwrap();
    let door = world.path("home/door").display().to_string();
    for (arguments, step) in
        [(vec!["--offline", "--kubeconfig", &door], "preview"), (vec!["--offline"], "approval")]
    {
        let records = world.records().len();
        let mut terminal = Terminal::start(&world, arguments);
        terminal.shows("/exit to leave");
        terminal.types("scale web to 2 replicas");
        if step == "approval" {
            terminal.shows("Go on?");
        } else {
            wait_until(step, || proxy.holds());
        }
        terminal.control('c');
        terminal.shows("nothing was changed");
        wait_until("the record", || world.records().len() == records + 1);
        assert!(world.last_record().contains("interrupted"), "{step}");
        terminal.shows("> ");
        terminal.types("/exit");
        assert_eq!(terminal.ends().1, 0, "{step}");
    }
    assert_eq!(namespace.field("deployment/web", ".metadata.resourceVersion"), before);
}
