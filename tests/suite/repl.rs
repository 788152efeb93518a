//! A conversation: in a terminal, as somebody sits in front of it, and from a pipe.

use crate::support::cluster::cluster;
use crate::support::proxy::{Proxy, kubeconfig};
use crate::support::terminal::Terminal;
use crate::support::world::{World, valid_record};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

/// A world whose cluster takes connections and never answers, and the socket that does so.
fn hanging() -> (World, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut world = World::new();
    let path = world.path("home/kubeconfig");
    let address = listener.local_addr().unwrap();
    std::fs::write(&path, kubeconfig(&format!("http://{address}"), "shop")).unwrap();
    world.set("KUBECONFIG", path);
    (world, listener)
}

#[track_caller]
fn ends_well(mut terminal: Terminal) {
    terminal.control('d');
    let (shown, code) = terminal.ends();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn a_prompt_appears_where_there_is_no_cluster_and_commands_are_obeyed() {
    let world = World::new();
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("/help for help");
    terminal.shows("no cluster> ");
    terminal.types("/help");
    terminal.shows("/undo");
    terminal.shows("Ctrl-C clears the line");
    terminal.shows("no cluster> ");
    terminal.types("/hlep");
    terminal.shows("nearest: /help");
    terminal.types("/exit now");
    terminal.shows("/exit takes nothing behind it");
    terminal.types("/tools scale");
    terminal.shows("--replicas");
    terminal.types("/undo");
    terminal.shows("nothing was changed in this session");
    terminal.types("/model some");
    terminal.shows("OPENAI_BASE_URL");
    terminal.types("/context");
    terminal.shows("there is no kubeconfig");
    terminal.types("wobble the frobnicator");
    terminal.shows("not understood");
    terminal.types("/history");
    terminal.shows("wobble the frobnicator");
    terminal.shows("not understood");
    terminal.types("quit");
    assert_eq!(terminal.ends().1, 0);
    assert_eq!(world.records().len(), 1, "what is not understood is recorded, what is no request is not");
    valid_record(&world.records()[0]);
}

#[test]
fn ctrl_c_drops_the_line_and_ctrl_d_ends() {
    let world = World::new();
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("no cluster> ");
    terminal.sends("delete every");
    terminal.shows("delete every");
    terminal.control('c');
    terminal.shows("no cluster> ");
    ends_well(terminal);
    assert!(world.records().is_empty());
}

#[test]
fn a_cluster_that_hangs_holds_up_neither_the_prompt_nor_the_keyboard() {
    let (world, _listener) = hanging();
    let began = Instant::now();
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("door/shop> ");
    assert!(began.elapsed() < Duration::from_secs(2), "the prompt took {:?}", began.elapsed());
    let began = Instant::now();
    terminal.sends("show pods in \t");
    terminal.sends("nowhere");
    terminal.shows("nowhere");
    assert!(began.elapsed() < Duration::from_secs(2), "completion took {:?}", began.elapsed());
    terminal.control('c');
    terminal.shows("door/shop> ");
    ends_well(terminal);
}

#[test]
fn ctrl_c_ends_the_step_and_not_the_session() {
    let (world, _listener) = hanging();
    let mut terminal = Terminal::start(&world, ["--offline"]);
    for _ in 0..2 {
        terminal.shows("door/shop> ");
        terminal.types("show pods");
        std::thread::sleep(Duration::from_millis(500));
        terminal.control('c');
        terminal.shows("interrupted");
    }
    terminal.shows("door/shop> ");
    terminal.types("/history");
    terminal.shows("interrupted");
    terminal.shows("door/shop> ");
    ends_well(terminal);
    assert_eq!(world.records().len(), 2);
}

#[test]
fn another_context_and_namespace_are_switched_to_by_name() {
    let (mut world, _listener) = hanging();
    let text = std::fs::read_to_string(world.path("home/kubeconfig")).unwrap().replace(
        "contexts: [",
        "contexts: [{name: prod-eu, context: {cluster: door, user: door, namespace: bank}}, ",
    );
    std::fs::write(world.path("home/kubeconfig"), text).unwrap();
    let configuration = world.path("home/.config/shipmate");
    std::fs::create_dir_all(&configuration).unwrap();
    std::fs::write(configuration.join("config.toml"), "protected_contexts = ['prod*']\n").unwrap();
    world.set("NO_COLOR", "1");
    let mut terminal = Terminal::start(&world, ["--offline", "-n", "elsewhere"]);
    terminal.shows("door/elsewhere> ");
    terminal.types("/context");
    terminal.shows("prod-eu");
    terminal.shows("protected");
    terminal.types("/context pord-eu");
    terminal.shows("nearest: prod-eu");
    terminal.types("/context prod-eu");
    terminal.shows("which is protected, namespace bank");
    terminal.shows("prod-eu/bank> ");
    terminal.types("/namespace vault");
    terminal.shows("the cluster could not say whether it exists");
    terminal.shows("prod-eu/vault> ");
    ends_well(terminal);
}

#[test]
fn the_history_is_private_and_keeps_no_secret() {
    let world = World::new();
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("no cluster> ");
    // The prompt is drawn anew while a line is typed, so only one that comes after the answer is the next one;
    // what is typed before that is dropped.
    for (line, answer) in [
        ("/tools scale", "--replicas"),
        (" /tools restart", "PHRASES"),
        ("set DB_PASSWORD=hunter2 on web", "there is no kubeconfig"),
        ("/history \\\n 3", "general.prompt.md"),
    ] {
        terminal.types(line);
        terminal.shows(answer);
        terminal.shows("no cluster> ");
    }
    terminal.types("exit");
    assert_eq!(terminal.ends().1, 0);
    let path = world.path("home/.local/state/shipmate/repl-history");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.contains("/tools scale"), "{kept}");
    assert!(!kept.contains("restart") && !kept.contains("hunter2"), "{kept}");

    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("no cluster> ");
    // Up, past `exit` and `/history`, to what an earlier session typed.
    terminal.sends("\u{1b}[A\u{1b}[A\u{1b}[A");
    terminal.shows("/tools scale");
    terminal.types("");
    terminal.shows("--replicas");
    terminal.shows("no cluster> ");
    ends_well(terminal);
}

#[test]
fn a_change_is_asked_about_and_every_answer_does_what_it_says() {
    let cluster = cluster();
    let namespace = cluster.namespace("repl");
    namespace.web("web", 1);
    namespace.rolled_out("deployment/web");
    let world = World::on(cluster, &namespace.name);
    let prompt = format!("/{}> ", namespace.name);
    let replicas = || namespace.field("deployment/web", ".spec.replicas");
    let mut terminal = Terminal::start(&world, ["--offline"]);

    terminal.shows(&prompt);
    terminal.types("scale web to 2");
    terminal.shows("Go on?");
    terminal.types("n");
    terminal.shows("othing was changed");
    terminal.shows(&prompt);
    terminal.types("scale web to 2");
    terminal.shows("Go on?");
    terminal.control('c');
    terminal.shows("othing was changed");
    terminal.shows(&prompt);
    assert_eq!(replicas(), "1");

    terminal.types("scale web to 2");
    terminal.shows("Go on?");
    terminal.types("e");
    for argument in ["kind", "name", "namespace"] {
        terminal.shows(argument);
        terminal.types("");
    }
    terminal.shows("replicas");
    terminal.types("\u{7f}3");
    terminal.shows("from 1 to 3");
    terminal.shows("Go on?");
    terminal.types("y");
    terminal.shows("/undo takes it back");
    terminal.shows(&prompt);
    assert_eq!(replicas(), "3");

    terminal.types("/undo");
    terminal.shows("from 3 to 1");
    terminal.shows("Go on?");
    terminal.types("always");
    terminal.shows("/undo takes it back");
    terminal.shows(&prompt);
    assert_eq!(replicas(), "1");

    // Allowed for this tool and namespace from here on.
    terminal.types("scale web to 2");
    terminal.shows("from 1 to 2");
    terminal.shows("/undo takes it back");
    terminal.shows(&prompt);
    assert_eq!(replicas(), "2");

    terminal.types("/history");
    terminal.shows("not approved");
    terminal.shows("interrupted");
    terminal.shows("done");
    terminal.shows("history/prompts/");
    terminal.shows(&prompt);
    ends_well(terminal);
    assert_eq!(world.records().len(), 5);
    for path in world.records() {
        let text = valid_record(&path);
        assert!(text.contains("shipmate (REPL)"), "{text}");
    }
}

#[test]
fn what_is_typed_before_the_question_answers_nothing() {
    let cluster = cluster();
    let namespace = cluster.namespace("ahead");
    namespace.web("web", 1);
    // The preview takes its time, so that there is one to type in.
    let slow = Proxy::before(cluster, |_, request| {
        if request.starts_with("PATCH") {
            std::thread::sleep(Duration::from_secs(1));
        }
        false
    });
    let mut world = World::on(cluster, &namespace.name);
    let path = world.path("home/slow");
    std::fs::write(&path, slow.kubeconfig(&namespace.name)).unwrap();
    world.set("KUBECONFIG", path);
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("> ");
    terminal.types("scale web to 2");
    terminal.shows("kubectl scale");
    terminal.types("y");
    terminal.shows("Go on?");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(namespace.field("deployment/web", ".spec.replicas"), "1");
    terminal.types("n");
    terminal.shows("othing was changed");
    terminal.shows("> ");
    ends_well(terminal);
    assert_eq!(world.records().len(), 1, "what was typed ahead became a request");
}

#[test]
fn names_are_completed_from_the_live_cluster() {
    let cluster = cluster();
    let namespace = cluster.namespace("tab");
    namespace.web("checkout-gateway", 1);
    let world = World::on(cluster, &namespace.name);
    let mut terminal = Terminal::start(&world, ["--offline"]);
    let prompt = format!("/{}> ", namespace.name);
    terminal.shows(&prompt);
    terminal.sends("get deployment chec\t");
    terminal.shows("checkout-gateway");
    terminal.types("");
    terminal.shows("kubectl get");
    terminal.shows("checkout-gateway");
    terminal.shows(&prompt);
    // The only name that holds it, and a namespace.
    terminal.sends("get deployment gate\t in test-tab-\t");
    terminal.shows(&format!("checkout-gateway in {}", namespace.name));
    terminal.control('c');
    terminal.shows(&prompt);
    ends_well(terminal);
}

#[test]
fn a_pipe_gives_requests_and_no_answers() {
    let cluster = cluster();
    let namespace = cluster.namespace("pipe");
    namespace.web("web", 1);
    namespace.rolled_out("deployment/web");
    let world = World::on(cluster, &namespace.name);
    let before = namespace.field("deployment/web", ".metadata.resourceVersion");
    let input =
        b"show deployments\n\nscale web to 3\ny\nweb\nscale web to 0\r\nweb\ncaf\xe9\nshow pods\n".to_vec();
    let ran = world
        .run_with_input(["--offline"], input)
        .ends_with(4)
        .says(&["Passed over an answer", "not valid UTF-8"])
        .prints(&["web-"]);
    assert!(!ran.out.contains("> ") && !ran.err.contains('\u{1b}') && !ran.err.contains("/help for help"));
    assert_eq!(ran.err.matches("Passed over an answer").count(), 3, "{}", ran.err);
    assert_eq!(namespace.field("deployment/web", ".metadata.resourceVersion"), before);
    assert_eq!(world.records().len(), 4);

    world.run_with_input(["--offline", "--yes"], "scale web to 2\nexit\nscale web to 5\n").ends_with(0);
    assert_eq!(namespace.field("deployment/web", ".spec.replicas"), "2");
}

#[test]
fn a_pipe_ends_with_the_code_of_the_first_line_that_failed() {
    let world = World::new();
    world.run_with_input(["--offline"], "").ends_with(0);
    world.run_with_input(["--offline"], "/help\n\n").ends_with(0).prints(&["/undo"]);
    world.run_with_input(["--offline"], "wobble the frobnicator\n/nonsense\n").ends_with(3);
    let long = format!("{}\n/help\n", "x".repeat(100_000));
    world.run_with_input(["--offline"], long).ends_with(2).says(&["longer than"]).prints(&["/undo"]);
}
