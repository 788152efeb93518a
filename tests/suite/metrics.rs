//! `query_metrics` against a real Prometheus, which the test starts and which measures itself; its metrics are
//! renamed so that they look like those of a workload.

use crate::support::cluster::cluster;
use crate::support::world::World;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running Prometheus; ended with the test.
struct Prometheus {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Prometheus {
    /// Starts one on `host` that measures itself as pod `ferry-5d9c7b6f4-x2x4x` of `namespace`.
    fn start(host: &str, namespace: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((host, 0)).unwrap().local_addr().unwrap().port();
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: ferry\n  static_configs:\n  - targets: ['{host}:{port}']\n    \
             labels: {{namespace: {namespace}, pod: ferry-5d9c7b6f4-x2x4x, container: ferry}}\n  metric_relabel_configs:\n  \
             - {{source_labels: [__name__], regex: 'prometheus_(http_requests_total|http_request_duration_seconds.*)', target_label: __name__}}\n  \
             - {{source_labels: [__name__], regex: process_resident_memory_bytes, target_label: __name__, replacement: container_memory_working_set_bytes}}\n"
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={host}:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus cannot be run ({error}): apt-get install prometheus"));
        Self { child, port, _folder: folder }
    }
}

/// Asks until something is measured.
fn measured(world: &World, arguments: &[&str]) -> Value {
    let began = Instant::now();
    let arguments = [&["call", "query_metrics"][..], arguments, &["-o", "json"][..]].concat();
    loop {
        let ran = world.run(&arguments);
        let data: Value = serde_json::from_str(&ran.out).unwrap_or_default();
        let any = data["series"].as_array().is_some_and(|series| {
            series.iter().any(|one| one["values"].as_array().is_some_and(|values| !values.is_empty()))
        });
        if any {
            return data;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "nothing measured after 60 s: {ran:?}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn words_and_queries_are_answered_by_an_address() {
    let prometheus = Prometheus::start("127.0.0.1", "shop");
    let cluster = cluster();
    let namespace = cluster.namespace("metrics");
    namespace.web("ferry", 1);
    let mut world = World::on(cluster, &namespace.name);
    let url = format!("http://127.0.0.1:{}", prometheus.port);
    let said = format!("url={url}");
    // By a query: no cluster is needed.
    let data = measured(&world, &["query=up{namespace=\"shop\"}", &said]);
    assert_eq!(data["series"][0]["labels"]["pod"], "ferry-5d9c7b6f4-x2x4x");
    let same = |line: &str| {
        let output = Command::new("bash").args(["-c", line]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let equivalent = same(&format!("promtool query instant {url} 'up{{namespace=\"shop\"}}'"));
    assert!(equivalent.contains("=> 1"), "{equivalent}");
    // By words, about one namespace.
    let data = measured(&world, &["metric=request_rate", "all_namespaces=true", &said, "window=1m"]);
    let rate: f64 = data["series"][0]["values"][0][1].as_f64().unwrap();
    assert!(rate > 0.0 && rate < 100.0, "{data}");
    measured(&world, &["metric=latency_p95", "all_namespaces=true", &said, "window=1m"]);
    let data = measured(&world, &["metric=memory", "all_namespaces=true", &said]);
    assert!(data["series"][0]["values"][0][1].as_f64().unwrap() > 1e6, "{data}");
    let data = measured(&world, &["query=process_cpu_seconds_total", &said, "range=5m"]);
    assert!(data["query"] == "process_cpu_seconds_total", "{data}");
    // What goes wrong says what to do.
    world
        .run(["call", "query_metrics", "query=sum(", &said])
        .ends_with(1)
        .says(&["Prometheus does not take"]);
    world
        .run(["call", "query_metrics", "query=up", "url=http://127.0.0.1:1"])
        .ends_with(5)
        .says(&["could not ask Prometheus", "PROMETHEUS_URL"]);
    world.run(["call", "query_metrics", "query=up", "url=nowhere"]).says(&["no address"]);
    // From the environment; the ferry here has another namespace than the one that is measured.
    world.set("PROMETHEUS_URL", &url);
    let ran = world
        .run(["--offline", "request rate of the ferry over the last 5 minutes from prometheus"])
        .ends_with(0);
    ran.says(&["promtool query instant", "[5m]", "it needs the counter http_requests_total"]);
    world
        .run(["--offline", "run the promql query up{job=\"ferry\"}"])
        .ends_with(0)
        .prints(&["pod=ferry-5d9c7b6f4-x2x4x"]);
}

#[test]
fn one_is_found_behind_a_service() {
    let cluster = cluster();
    assert!(cluster.is_bed, "this test puts a Service in front of an address of the bed: run it there");
    // The node's address is one of the loopback device.
    let prometheus = Prometheus::start("10.200.0.1", "test");
    let namespace = cluster.namespace("prometheus");
    let port = prometheus.port;
    // The API server leads to pods alone: one on the node's network has the node's address, where Prometheus listens.
    let manifest = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: prometheus-server, labels: {{app.kubernetes.io/name: prometheus}}}}\n\
         spec: {{selector: {{app: stand-in}}, ports: [{{name: http, port: 9090, targetPort: {port}}}]}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {{name: stand-in, labels: {{app: stand-in}}}}\n\
         spec: {{hostNetwork: true, terminationGracePeriodSeconds: 0, containers: [{{name: sleep, image: 'localhost/busybox:bed', command: [sleep, '600']}}]}}\n"
    );
    cluster.apply(Some(&namespace.name), &manifest);
    cluster.ask(&["wait", "-n", &namespace.name, "pod/stand-in", "--for=condition=Ready", "--timeout=60s"]);
    let world = World::on(cluster, &namespace.name);
    let data = measured(&world, &["query=up"]);
    assert_eq!(data["series"][0]["values"][0][1], 1.0);
    let ran = world.run(["--offline", "run the promql query up"]).ends_with(0);
    ran.says(&[&format!(
        "kubectl get --raw '/api/v1/namespaces/{}/services/prometheus-server:9090/proxy/api/v1/query?query=up'",
        namespace.name
    )]);
    let path = format!(
        "/api/v1/namespaces/{}/services/prometheus-server:9090/proxy/api/v1/query?query=up",
        namespace.name
    );
    assert!(cluster.ask(&["get", "--raw", &path]).contains("\"success\""));
}
