//! Logs of several containers as one: which containers have one, reading them at once, and merging their lines
//! by the time the kubelet wrote each. What a line says is data.

use futures::io::{AsyncBufReadExt as _, AsyncReadExt as _};
use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};
use serde::Serialize;
use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result};

use super::cluster::Cluster;

/// Most bytes read of one container's log, so that one chatty container cannot fill the memory.
const BYTES: i64 = 16 * 1024 * 1024;

/// Logs read at once.
const AT_ONCE: usize = 16;

/// One container of one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
}

impl LogSource {
    /// `pod/container`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.pod, self.container)
    }
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Which pod.
    pub pod: String,
    /// Which container of it.
    pub container: String,
    /// When it was written, as the server says it.
    pub time: String,
    /// What it says.
    pub text: String,
    #[serde(skip)]
    at: Option<Timestamp>,
}

impl LogLine {
    /// Reads a line that begins with its time; one that does not (the rest of a long line) goes with `before`.
    fn read(source: &LogSource, line: &str, before: Option<&Self>) -> Self {
        let (time, text) = line.split_once(' ').unwrap_or((line, ""));
        let (time, at, text) = match time.parse::<Timestamp>() {
            Ok(at) => (time.to_owned(), Some(at), text),
            Err(_) => (
                before.map(|before| before.time.clone()).unwrap_or_default(),
                before.and_then(|before| before.at),
                line,
            ),
        };
        Self { pod: source.pod.clone(), container: source.container.clone(), time, text: text.to_owned(), at }
    }
}

/// The containers whose log can be read, and a remark for each that has none yet. Without a `container` all of
/// a pod's containers are meant, and its init containers while they have not finished.
///
/// # Errors
/// `NotFound` with the nearest names when no pod has the container.
pub fn log_sources(
    pods: &[Value],
    container: Option<&str>,
    previous: bool,
) -> Result<(Vec<LogSource>, Vec<String>)> {
    let (mut sources, mut notes, mut known) = (Vec::new(), Vec::new(), Vec::new());
    let mut any = false;
    for pod in pods {
        let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let names = |path: &str| -> Vec<String> {
            let items = pod.pointer(path).and_then(Value::as_array);
            let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
            items.into_iter().flatten().filter_map(name).collect()
        };
        let main = names("/spec/containers");
        let other = [names("/spec/initContainers"), names("/spec/ephemeralContainers")].concat();
        let wanted: Vec<String> = match container {
            Some(container) => main.iter().chain(&other).filter(|name| *name == container).cloned().collect(),
            None if is_initialized(pod) => main.clone(),
            None => names("/spec/initContainers").into_iter().chain(main.clone()).collect(),
        };
        for name in main.into_iter().chain(other) {
            if !known.contains(&name) {
                known.push(name);
            }
        }
        for name in wanted {
            any = true;
            let source = LogSource {
                namespace: text("/metadata/namespace"),
                pod: text("/metadata/name"),
                container: name,
            };
            match missing(pod, &source.container, previous) {
                None => sources.push(source),
                Some(reason) => notes.push(format!("{}: {reason}", source.label())),
            }
        }
    }
    match container {
        Some(container) if !any && !pods.is_empty() => {
            known.sort_by_key(|name| strsim::damerau_levenshtein(name, container));
            Err(Feedback::new(
                ErrorKind::NotFound,
                format!("there is no container {container:?} in those pods"),
            )
            .next("name one of their containers, or none for all of them")
            .candidates(known)
            .into())
        }
        _ => Ok((sources, notes)),
    }
}

fn is_initialized(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        condition.get("type").and_then(Value::as_str) == Some("Initialized")
            && condition.get("status").and_then(Value::as_str) == Some("True")
    })
}

/// Why a container has no such log; `None` when it should have one.
fn missing(pod: &Value, container: &str, previous: bool) -> Option<String> {
    let status = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        .iter()
        .filter_map(|list| pod.get("status")?.get(list)?.as_array())
        .flatten()
        .find(|status| status.get("name").and_then(Value::as_str) == Some(container));
    let Some(status) = status else {
        let phase = pod.pointer("/status/phase").and_then(Value::as_str).unwrap_or("Unknown");
        return Some(format!("it has not started, its pod is {phase}"));
    };
    let ended_before = status.pointer("/lastState/terminated").is_some()
        || status.get("restartCount").and_then(Value::as_u64).unwrap_or(0) > 0;
    if previous {
        return (!ended_before).then(|| "it has not restarted, so there is no log from before".to_owned());
    }
    let waiting = status.pointer("/state/waiting").filter(|_| !ended_before)?;
    let part = |key: &str| waiting.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    Some(match (part("reason"), part("message")) {
        (Some(reason), Some(message)) => format!("it has not started: {reason}: {message}"),
        (Some(reason), None) => format!("it has not started: {reason}"),
        (None, _) => "it has not started".to_owned(),
    })
}

/// Merges logs by time; lines of one log keep their order.
#[must_use]
pub fn merge_logs(logs: Vec<Vec<LogLine>>) -> Vec<LogLine> {
    let mut lines: Vec<LogLine> = logs.into_iter().flatten().collect();
    lines.sort_by_key(|line| line.at);
    lines
}

impl Cluster {
    /// Reads the logs of `sources`, each as far as it can be read, in their order.
    ///
    /// `parameters` names no container and asks for no following.
    pub async fn read_logs(
        &self,
        sources: &[LogSource],
        parameters: &LogParams,
    ) -> Vec<Result<Vec<LogLine>>> {
        let reads: Vec<_> = sources.iter().map(|source| self.read_log(source, parameters)).collect();
        stream::iter(reads).buffered(AT_ONCE).collect().await
    }

    async fn read_log(&self, source: &LogSource, parameters: &LogParams) -> Result<Vec<LogLine>> {
        let api: Api<Pod> = Api::namespaced(self.client().clone(), &source.namespace);
        let parameters = LogParams {
            container: Some(source.container.clone()),
            limit_bytes: Some(BYTES),
            timestamps: true,
            ..parameters.clone()
        };
        let request = async {
            let mut bytes = Vec::new();
            let mut reader = api.log_stream(&source.pod, &parameters).await?;
            reader.read_to_end(&mut bytes).await.map_err(kube::Error::ReadEvents)?;
            Ok(bytes)
        };
        let bytes = self.ask(&format!("read the log of {}", source.label()), request).await?;
        let mut lines: Vec<LogLine> = Vec::new();
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = LogLine::read(source, line, lines.last());
            lines.push(line);
        }
        Ok(lines)
    }

    /// Follows the logs of `sources`: their lines as they come, until every container has ended.
    ///
    /// # Errors
    /// As [`Cluster::ask`], when a log cannot be opened.
    pub async fn follow_logs<'a>(
        &self,
        sources: &'a [LogSource],
        parameters: &LogParams,
    ) -> Result<BoxStream<'a, LogLine>> {
        let mut streams = Vec::new();
        for source in sources {
            let api: Api<Pod> = Api::namespaced(self.client().clone(), &source.namespace);
            let parameters = LogParams {
                container: Some(source.container.clone()),
                follow: true,
                timestamps: true,
                ..parameters.clone()
            };
            let doing = format!("follow the log of {}", source.label());
            let reader = self.ask(&doing, api.log_stream(&source.pod, &parameters)).await?;
            let lines = stream::unfold((Box::pin(reader), None), move |(mut reader, before)| async move {
                let mut bytes = Vec::new();
                match reader.read_until(b'\n', &mut bytes).await {
                    Ok(1..) => {
                        let text = String::from_utf8_lossy(&bytes);
                        let line =
                            LogLine::read(source, text.trim_end_matches(['\n', '\r']), before.as_ref());
                        Some((line.clone(), (reader, Some(line))))
                    }
                    // A broken connection ends the log as its end does: what came has been shown.
                    _ => None,
                }
            });
            streams.push(lines.boxed());
        }
        Ok(stream::select_all(streams).boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ToolError;
    use crate::kubernetes::mock::answering;
    use serde_json::json;

    fn pod(name: &str, state: &Value, restarts: u64) -> Value {
        json!({"metadata": {"name": name, "namespace": "shop"},
            "spec": {"containers": [{"name": "web"}], "initContainers": [{"name": "setup"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Initialized", "status": "True"}],
                "containerStatuses": [{"name": "web", "state": state, "restartCount": restarts}]}})
    }

    #[test]
    fn containers_without_a_log_are_remarked_and_do_not_fail_the_rest() {
        let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}});
        let pods = [pod("a", &json!({"running": {}}), 0), pod("b", &waiting, 0), pod("c", &waiting, 4)];
        let (sources, notes) = log_sources(&pods, None, false).unwrap();
        assert_eq!(sources.iter().map(LogSource::label).collect::<Vec<_>>(), ["a/web", "c/web"]);
        assert_eq!(notes, ["b/web: it has not started: ImagePullBackOff: no such image"]);
        let (sources, notes) = log_sources(&pods, None, true).unwrap();
        assert_eq!(sources.iter().map(LogSource::label).collect::<Vec<_>>(), ["c/web"]);
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn a_container_that_is_not_there_is_an_error_with_the_names_there_are() {
        let error = log_sources(&[pod("a", &json!({"running": {}}), 0)], Some("wbe"), false).unwrap_err();
        let ToolError::Feedback(feedback) = error else { panic!("{error}") };
        assert_eq!(feedback.candidates, ["web", "setup"]);
    }

    #[tokio::test]
    async fn logs_are_merged_by_time_and_broken_lines_stay_with_theirs() {
        let cluster = answering(|uri| {
            assert!(uri.contains("timestamps=true"), "{uri}");
            if uri.contains("/pods/a/") {
                "2026-01-01T00:00:01.5Z one\n2026-01-01T00:00:03Z three\n  at line 4\n".into()
            } else {
                "2026-01-01T00:00:02.000000001Z two\n2026-01-01T00:00:04Z \n".into()
            }
        });
        let source = |pod: &str| LogSource {
            namespace: "shop".to_owned(),
            pod: pod.to_owned(),
            container: "web".to_owned(),
        };
        let logs = cluster.read_logs(&[source("a"), source("b")], &LogParams::default()).await;
        let lines = merge_logs(logs.into_iter().map(Result::unwrap).collect());
        let text: Vec<(&str, &str)> =
            lines.iter().map(|line| (line.pod.as_str(), line.text.as_str())).collect();
        assert_eq!(text, [("a", "one"), ("b", "two"), ("a", "three"), ("a", "  at line 4"), ("b", "")]);
    }
}
