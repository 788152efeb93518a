//! Nodes closed, opened and emptied. The node is one that only the API server knows, so that nobody else's pods
//! are in the way; its pods are said to run, because no kubelet is there to say it.

use crate::support::cluster::{Cluster, Namespace, cluster};
use crate::support::terminal::Terminal;
use crate::support::world::{World, wait_until};

/// A node without a machine; gone when the test ends.
struct Pier {
    name: String,
    cluster: &'static Cluster,
}

impl Pier {
    fn new(cluster: &'static Cluster, namespace: &Namespace<'_>) -> Self {
        let name = format!("pier-{}", namespace.name);
        let node =
            format!("apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{pier: {name}}}}}\n");
        cluster.apply(None, &node);
        Self { name, cluster }
    }

    fn field(&self, path: &str) -> String {
        self.cluster.ask(&["get", "node", &self.name, "-o", &format!("jsonpath={{{path}}}")])
    }

    /// A pod on it that runs, as far as anybody can tell.
    fn pod(&self, namespace: &Namespace<'_>, name: &str) {
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: {name}, all: pods}}}}\n\
             spec: {{nodeName: {}, terminationGracePeriodSeconds: 0, containers: [{{name: c, image: x}}]}}\n",
            self.name
        );
        self.cluster.apply(Some(&namespace.name), &pod);
        let status = r#"{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"#;
        self.cluster.ask(&[
            "patch",
            "pod",
            name,
            "-n",
            &namespace.name,
            "--subresource=status",
            "--type=merge",
            "-p",
            status,
        ]);
    }
}

impl Drop for Pier {
    fn drop(&mut self) {
        drop(self.cluster.kubectl(&["delete", "node", &self.name, "--wait=false"]).output());
    }
}

#[test]
fn a_node_is_closed_and_opened() {
    let cluster = cluster();
    let namespace = cluster.namespace("cordon");
    let pier = Pier::new(cluster, &namespace);
    let world = World::on(cluster, &namespace.name);
    let closed = || pier.field(".spec.unschedulable");
    let cordon = format!("cordon {}", pier.name);
    let command = format!("kubectl cordon {}", pier.name);
    world.run(["--offline", &cordon]).ends_with(4).says(&[
        "takes no new pods",
        "+   unschedulable: true",
        &command,
    ]);
    assert_eq!(closed(), "", "refused, and yet closed");
    let mut terminal = Terminal::start(&world, ["--offline"]);
    terminal.shows("/exit to leave");
    terminal.types(&cordon);
    terminal.shows("Go on?");
    terminal.types("y");
    wait_until("the record", || world.records().len() == 2);
    assert_eq!(closed(), "true");
    terminal.shows("/undo takes it back");
    terminal.types("/undo");
    terminal.shows("Go on?");
    terminal.types("y");
    wait_until("the record", || world.records().len() == 3);
    assert_eq!(closed(), "");
    terminal.types("/exit");
    assert_eq!(terminal.ends().1, 0);
    world
        .run(["--offline", "--yes", &format!("uncordon node {}", pier.name)])
        .ends_with(0)
        .says(&["already"]);
}

#[test]
fn a_drain_shows_who_goes_and_respects_budgets() {
    let cluster = cluster();
    let namespace = cluster.namespace("drain");
    let pier = Pier::new(cluster, &namespace);
    for name in ["crane", "lamp"] {
        pier.pod(&namespace, name);
    }
    cluster.apply(
        Some(&namespace.name),
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: crane}\n\
         spec: {minAvailable: 1, selector: {matchLabels: {app: crane}}}\n",
    );
    wait_until("the budget", || namespace.field("pdb/crane", ".status.currentHealthy") == "1");
    let world = World::on(cluster, &namespace.name);
    let pods = || namespace.field("pods", ".items[*].metadata.name");
    let drain = format!("drain {}", pier.name);
    let force = format!("drain {} with force", pier.name);
    world.run(["--offline", "--yes", &drain]).ends_with(4).says(&["no controller", "crane", "lamp", "force"]);
    let shown = [
        "2 pods leave node",
        "delete Pod",
        "lets none of its 1 pod go",
        "cannot be undone",
        "--ignore-daemonsets --force",
    ];
    world.run(["--offline", &force]).ends_with(4).says(&shown);
    assert_eq!(
        (pods().as_str(), pier.field(".spec.unschedulable").as_str()),
        ("crane lamp", ""),
        "only shown, and yet done"
    );

    // The one that nothing holds goes; the other one's budget is named when the time is over.
    let ran = world.run(["--offline", "--yes", "--timeout", "1", &force]).ends_with(1);
    assert!(ran.err.contains(&format!("budget {}/crane", namespace.name)), "{}", ran.err);
    assert_eq!((pods().as_str(), pier.field(".spec.unschedulable").as_str()), ("crane", "true"));

    cluster.ask(&["delete", "pdb", "crane", "-n", &namespace.name]);
    world.run(["--offline", "--yes", &force]).ends_with(0).says(&["1 pod leave", "is empty"]);
    assert_eq!(pods(), "");
    world.run(["--offline", "--yes", &drain]).ends_with(0).says(&["drained already"]);
}
