//! Which cluster the tests run on: `SHIPMATE_TEST_KUBECONFIG`, else the bed. Where neither answers a test
//! fails and says how to get one; none is ever skipped, because a skipped test reads as a passed one.

use super::world::repository;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A cluster that answers.
pub struct Cluster {
    pub kubeconfig: String,
    pub docker_host: Option<String>,
    /// The PATH that holds Helm.
    pub path: OsString,
    /// Whether it is the bed, whose namespaces are all the tests' own.
    pub is_bed: bool,
    model: Option<(String, String)>,
}

/// A namespace of one test's own; removed when the test ends.
pub struct Namespace<'a> {
    pub name: String,
    cluster: &'a Cluster,
}

/// The cluster of this run; fails with how to get one.
#[track_caller]
pub fn cluster() -> &'static Cluster {
    static FOUND: OnceLock<Result<Cluster, String>> = OnceLock::new();
    match FOUND.get_or_init(find) {
        Ok(cluster) => cluster,
        Err(missing) => panic!("{missing}"),
    }
}

fn find() -> Result<Cluster, String> {
    let names = ["KUBECONFIG", "DOCKER_HOST", "PATH", "SHIPMATE_TEST_MODEL_URL", "SHIPMATE_TEST_MODEL_NAME"];
    let script = format!(
        "set -e; text=$(tests/bed/bed env); eval \"$text\"; printf '%s\\n' {}",
        names.map(|name| format!("\"${{{name}-}}\"")).join(" ")
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(repository())
        .output()
        .map_err(|error| format!("tests/bed/bed cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let how = "start one with `tests/bed/bed up`, or point SHIPMATE_TEST_KUBECONFIG at one of your own";
    if !output.status.success() {
        return Err(format!("there is no cluster to test on ({}): {how}", said.trim()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut values = text.lines().map(str::to_owned);
    let mut next = || values.next().unwrap_or_default();
    let (kubeconfig, docker_host, path, url, name) = (next(), next(), next(), next(), next());
    let cluster = Cluster {
        kubeconfig,
        docker_host: (!docker_host.is_empty()).then_some(docker_host),
        path: path.into(),
        is_bed: std::env::var_os("SHIPMATE_TEST_KUBECONFIG").is_none_or(|value| value.is_empty()),
        model: (!url.is_empty()).then_some((url, name)),
    };
    let ready = cluster.kubectl(&["get", "--raw", "/readyz", "--request-timeout=10s"]).output();
    match ready {
        Ok(output) if output.status.success() => Ok(cluster),
        Ok(output) => Err(format!(
            "the cluster of {} does not answer ({}): {how}",
            cluster.kubeconfig,
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(format!("kubectl cannot be run: {error}; install it and put it on the PATH")),
    }
}

impl Cluster {
    /// kubectl, pointed at this cluster.
    pub fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(arguments).stdin(Stdio::null());
        command
    }

    /// What kubectl prints; fails where kubectl does.
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.kubectl(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments:?} failed: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Applies manifests, in `namespace` or where they say themselves.
    #[track_caller]
    pub fn apply(&self, namespace: Option<&str>, text: &str) {
        let place = namespace.map(|name| ["-n", name]);
        let mut command = self.kubectl(&["apply", "-f", "-"]);
        command
            .args(place.iter().flatten())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "kubectl apply: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A namespace of the caller's own.
    pub fn namespace(&self, prefix: &str) -> Namespace<'_> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test-{prefix}-{}-{count}", std::process::id());
        self.ask(&["create", "namespace", &name]);
        // Pods are refused until their account exists.
        self.ask(&["wait", "--for=create", "-n", &name, "serviceaccount/default", "--timeout=60s"]);
        Namespace { name, cluster: self }
    }

    /// Address and name of the local model; fails with how to get it.
    #[track_caller]
    pub fn model(&self) -> (&str, &str) {
        match &self.model {
            Some((url, name)) => (url, name),
            None => panic!("the local model is not up: start it with `tests/bed/bed model up`"),
        }
    }
}

impl Namespace<'_> {
    /// Applies a small web server as a Deployment; it runs where any busybox can be had.
    #[track_caller]
    pub fn web(&self, name: &str, replicas: u32) {
        self.cluster.apply(Some(&self.name), &web_manifest(name, replicas));
    }

    /// Waits until a workload is rolled out.
    #[track_caller]
    pub fn rolled_out(&self, workload: &str) {
        self.cluster.ask(&["rollout", "status", "-n", &self.name, workload, "--timeout=120s"]);
    }

    /// A field of an object.
    #[track_caller]
    pub fn field(&self, object: &str, path: &str) -> String {
        self.cluster.ask(&["get", "-n", &self.name, object, "-o", &format!("jsonpath={{{path}}}")])
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        // Not waited for: its end takes as long as its pods', and nobody needs it.
        drop(self.cluster.kubectl(&["delete", "namespace", &self.name, "--wait=false"]).output());
    }
}

/// A Deployment that serves a file, and stops at once when told to.
pub fn web_manifest(name: &str, replicas: u32) -> String {
    let image = if std::env::var_os("SHIPMATE_TEST_KUBECONFIG").is_none() {
        "localhost/busybox:bed"
    } else {
        "busybox:1.37"
    };
    format!(
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: {image}
          imagePullPolicy: IfNotPresent
          command: [/bin/sh, -c, "echo {name} is up; exec httpd -f -p 8000 -h /tmp"]
          resources: {{requests: {{cpu: 5m, memory: 8Mi}}}}
"#
    )
}

/// The cluster's kubeconfig, whole and with another namespace in its context.
pub fn kubectl_config_for(cluster: &Cluster, namespace: &str) -> String {
    let text = cluster.ask(&["config", "view", "--raw", "--flatten", "--minify"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, text).unwrap();
    let done = Command::new("kubectl")
        .args(["config", "set-context", "--current", "--namespace", namespace, "--kubeconfig"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read_to_string(&path).unwrap()
}

/// A lock that one test holds at a time, whichever process it is of: some names exist once on a cluster.
pub fn alone(what: &str) -> File {
    let path = std::env::temp_dir().join(format!("shipmate-test-{what}.lock"));
    let file = File::options().create(true).truncate(false).write(true).open(path).unwrap();
    file.lock().unwrap();
    file
}
