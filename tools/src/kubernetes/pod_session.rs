//! Running a command in a container and connecting to a port of a pod, over a WebSocket each. Both need a
//! client that may change things: the guard of a reading one refuses them.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::error::{ErrorKind, Feedback, Result};
use crate::progress::Progress;

use super::cluster::Cluster;
use super::failure;

/// Most bytes kept of what a command prints; the rest is shown and not kept.
const KEPT: usize = 1024 * 1024;

/// How long it may take until a command has started.
const START: Duration = Duration::from_secs(30);

/// What a command came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Executed {
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
    /// Its exit code, when it ended by itself.
    pub code: Option<i32>,
    /// What kept it from being run or from ending, in the server's words.
    pub trouble: Option<String>,
}

impl Cluster {
    /// Pods of a namespace, typed: only those can be entered.
    #[must_use]
    pub fn pods_in(&self, namespace: &str) -> Api<Pod> {
        Api::namespaced(self.client().clone(), namespace)
    }

    /// Runs `argv` in a container, without input and without a terminal, until it ends. What it prints is handed
    /// to `progress` line by line where `streams` says so. Dropping the future closes the connection; the
    /// command may go on by itself then.
    ///
    /// # Errors
    /// As [`Cluster::ask`] when it cannot be started.
    pub async fn execute(
        &self,
        pod: &Value,
        container: Option<&str>,
        argv: &[String],
        streams: bool,
        progress: &Progress,
    ) -> Result<Executed> {
        let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let mut parameters = AttachParams::default().stdin(false).stdout(true).stderr(true);
        if let Some(container) = container {
            parameters = parameters.container(container);
        }
        let doing = format!("run {} in pod {name}", argv.first().map_or("nothing", String::as_str));
        let api = self.pods_in(namespace);
        let started =
            tokio::time::timeout(START, api.exec(name, argv.iter().map(String::as_str), &parameters)).await;
        let mut process = match started {
            Ok(process) => process.map_err(|error| failure(&doing, &error))?,
            Err(_elapsed) => {
                return Err(Feedback::new(
                    ErrorKind::TimedOut,
                    format!("could not {doing}: not started within {} s", START.as_secs()),
                )
                .next("look whether its node is ready")
                .into());
            }
        };
        let (stdout, stderr) = (process.stdout(), process.stderr());
        let status = process.take_status();
        let status = async {
            match status {
                Some(status) => status.await,
                None => None,
            }
        };
        let (stdout, stderr, status) =
            tokio::join!(lines(stdout, streams, progress), lines(stderr, false, progress), status);
        let mut executed = Executed { stdout, stderr, ..Executed::default() };
        match status {
            Some(status) if status.status.as_deref() == Some("Success") => executed.code = Some(0),
            Some(status) => {
                let causes =
                    status.details.into_iter().flat_map(|details| details.causes.unwrap_or_default());
                executed.code = causes
                    .filter(|cause| cause.reason.as_deref() == Some("ExitCode"))
                    .find_map(|cause| cause.message?.parse().ok());
                if executed.code.is_none() {
                    executed.trouble = status.message;
                }
            }
            None => executed.trouble = Some("the connection ended before the command did".to_owned()),
        }
        Ok(executed)
    }
}

/// Reads to the end, line by line.
async fn lines(source: Option<impl AsyncRead + Unpin>, streams: bool, progress: &Progress) -> String {
    let Some(source) = source else { return String::new() };
    let mut reader = BufReader::new(source);
    let (mut kept, mut line) = (String::new(), Vec::new());
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return kept,
            Ok(_) => {
                let said = String::from_utf8_lossy(&line);
                if streams {
                    progress.line(said.trim_end_matches(['\n', '\r']));
                }
                if kept.len() + said.len() <= KEPT {
                    kept.push_str(&said);
                }
            }
        }
    }
}

/// The pod of `pods` that is best to enter: ready before running, the newest of those; `None` when none runs.
#[must_use]
pub fn running_pod(pods: &[Value]) -> Option<&Value> {
    let text =
        |pod: &Value, path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let ready = |pod: &Value| {
        let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
        conditions.into_iter().flatten().any(|one| {
            one.get("type").is_some_and(|kind| kind == "Ready")
                && one.get("status").is_some_and(|is| is == "True")
        })
    };
    pods.iter()
        .filter(|pod| {
            text(pod, "/status/phase") == "Running" && pod.pointer("/metadata/deletionTimestamp").is_none()
        })
        .max_by_key(|pod| (ready(pod), text(pod, "/metadata/creationTimestamp")))
}

/// The container that is meant when none is named: the one that the pod's annotation names (which kubectl
/// honours too), else the first.
///
/// # Errors
/// `NotFound` with those there are when the named one is not among them.
pub fn container_of(pod: &Value, wanted: Option<&str>) -> Result<String> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let names: Vec<&str> =
        containers.into_iter().flatten().filter_map(|one| one.get("name").and_then(Value::as_str)).collect();
    let annotated = pod
        .pointer("/metadata/annotations")
        .and_then(|notes| notes.get("kubectl.kubernetes.io/default-container"))
        .and_then(Value::as_str);
    match wanted {
        Some(wanted) if names.contains(&wanted) => Ok(wanted.to_owned()),
        Some(wanted) => Err(Feedback::new(
            ErrorKind::NotFound,
            format!(
                "pod {} has no container {wanted:?}",
                pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
            ),
        )
        .next("name one of its containers, or none for the first")
        .candidates(names.into_iter().map(str::to_owned).collect())
        .into()),
        None => Ok(annotated
            .filter(|name| names.contains(name))
            .or_else(|| names.first().copied())
            .unwrap_or_default()
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_pod_that_is_entered_is_ready_and_stays() {
        let pod = |name: &str, phase: &str, ready: &str, created: &str| {
            json!({"metadata": {"name": name, "creationTimestamp": created},
            "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}})
        };
        let mut leaving = pod("leaving", "Running", "True", "2026-01-04");
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-05");
        let pods = [
            pod("a", "Running", "False", "2026-01-03"),
            pod("b", "Running", "True", "2026-01-01"),
            pod("c", "Pending", "False", "2026-01-03"),
            leaving,
        ];
        assert_eq!(running_pod(&pods).unwrap()["metadata"]["name"], "b");
        assert_eq!(running_pod(&pods[2..]), None);
    }

    #[test]
    fn a_container_is_the_named_the_annotated_or_the_first() {
        let mut pod = json!({"metadata": {"name": "web-0", "annotations": {}}, "spec": {"containers": [{"name": "web"}, {"name": "proxy"}]}});
        assert_eq!(container_of(&pod, None).unwrap(), "web");
        pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = json!("proxy");
        assert_eq!(container_of(&pod, None).unwrap(), "proxy");
        assert_eq!(container_of(&pod, Some("web")).unwrap(), "web");
        assert_eq!(
            container_of(&pod, Some("db")).unwrap_err().to_string(),
            "pod web-0 has no container \"db\""
        );
    }

    #[tokio::test]
    async fn what_is_printed_is_kept_up_to_a_limit() {
        let text = "a line of output\n".repeat(KEPT / 10);
        let kept = lines(Some(text.as_bytes()), false, &Progress::silent()).await;
        assert!(kept.len() <= KEPT && kept.len() > KEPT - 100);
    }
}
