//! Long conversations, in which a line means something only after the lines before it. Offline: what was spoken
//! of is the session's own memory and no model's.

use crate::support::cluster::cluster;
use crate::support::terminal::Terminal;
use crate::support::world::World;

#[test]
fn it_and_there_and_again_are_what_was_spoken_of() {
    let cluster = cluster();
    let one = cluster.namespace("talk");
    let other = cluster.namespace("talk-too");
    for namespace in [&one, &other] {
        namespace.web("cart", 1);
        namespace.rolled_out("deployment/cart");
    }
    let world = World::on(cluster, &one.name);
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("/exit to leave");
    let asks = |terminal: &mut Terminal, line: &str, shown: &str| {
        terminal.types(line);
        terminal.shows(shown);
        terminal.shows("> ");
    };
    asks(&mut terminal, "restart it", "What is \"it\"");
    asks(
        &mut terminal,
        "describe deployment cart",
        &format!("kubectl describe deployment/cart -n {}", one.name),
    );
    asks(&mut terminal, "show its logs", "kubectl logs deployment/cart");
    terminal.types("scale it to 2");
    terminal.shows("from 1 to 2 replicas");
    terminal.shows("Go on?");
    terminal.types("y");
    terminal.shows("2 of 2");
    asks(&mut terminal, "show pods", "2 pods in");
    asks(&mut terminal, "describe the second one", "kubectl describe pod/cart-");
    asks(&mut terminal, "and for deployment cart", "kubectl describe deployment/cart");
    asks(
        &mut terminal,
        &format!("and in {}?", other.name),
        &format!("kubectl describe deployment/cart -n {}", other.name),
    );
    asks(&mut terminal, "again", &format!("kubectl describe deployment/cart -n {}", other.name));
    asks(&mut terminal, "/context", "\"it\" is deployment/cart in");
    terminal.types("undo that");
    terminal.shows("from 2 to 1 replica");
    terminal.shows("Go on?");
    terminal.types("y");
    terminal.shows("1 of 1");
    assert_eq!(one.field("deployment/cart", ".spec.replicas"), "1");
    assert_eq!(other.field("deployment/cart", ".spec.replicas"), "1");
    terminal.types("/exit");
    assert_eq!(terminal.ends().1, 0);
}

#[test]
fn a_list_can_be_narrowed_and_its_rows_spoken_of() {
    let cluster = cluster();
    let namespace = cluster.namespace("narrow");
    namespace.web("cart", 1);
    namespace.rolled_out("deployment/cart");
    let world = World::on(cluster, &namespace.name);
    let piped = [
        "show deployments",
        "only the ones that are not ready",
        "show pods",
        "which of them are not running?",
        "only the running ones",
        "restart it in nowhere-at-all",
        "again",
        "why?",
    ];
    let ran = world.run_with_input(["--offline"], piped.join("\n"));
    let said = format!("{ran:?}");
    for shown in [
        "1 deployment in",
        "the only deployment in",
        "the only pod in",
        "1 of 1 pod in",
        "That is one pod",
        "kubectl describe pod/cart-",
    ] {
        assert!(said.contains(shown), "{shown:?} is not in {said}");
    }
}
