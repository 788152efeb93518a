//! Which pod a command enters, that it is still the one that was shown, and what the command came to.

use serde_json::{Value, json};

use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, View};
use crate::preview::{ObjectIdentity, Preview};

use super::cluster::Cluster;
use super::pod_session::{Executed, running_pod};
use super::target::Target;

/// The pod that a call enters: the pod itself, or a running one of the workload.
///
/// # Errors
/// `NotFound` when none runs, else as [`Cluster::ask`].
pub async fn entered(cluster: &Cluster, target: &Target) -> Result<Value> {
    let (object, identity) = target.read(cluster).await?;
    let pods = cluster.family(&object).await?.pods;
    running_pod(&pods).cloned().ok_or_else(|| {
        let phases: Vec<&str> =
            pods.iter().filter_map(|pod| pod.pointer("/status/phase").and_then(Value::as_str)).collect();
        let said = if phases.is_empty() { "it has none".to_owned() } else { phases.join(", ") };
        Feedback::new(ErrorKind::NotFound, format!("no pod of {} runs ({said})", identity.label()))
            .next("look why: ask to describe it, or for its events")
            .into()
    })
}

/// A pod as a preview names it.
#[must_use]
pub fn pod_identity(pod: &Value) -> ObjectIdentity {
    let text = |path: &str| pod.pointer(path).and_then(Value::as_str).map(str::to_owned);
    ObjectIdentity {
        kind: "Pod".to_owned(),
        name: text("/metadata/name").unwrap_or_default(),
        namespace: text("/metadata/namespace"),
        uid: text("/metadata/uid"),
        generation: pod.pointer("/metadata/generation").and_then(Value::as_i64),
    }
}

/// The pod that was shown, as it is now; refused when it is another one by now.
///
/// # Errors
/// `Conflict` when it is gone or ending, else as [`Cluster::ask`].
pub async fn shown_pod(cluster: &Cluster, shown: &Preview) -> Result<Value> {
    let identity = shown.object().cloned().unwrap_or_default();
    let target = cluster.target(Some("pod"), Some(&identity.name), identity.namespace.as_deref()).await?;
    let pod = target.find(cluster).await?.unwrap_or_default();
    if pod_identity(&pod).uid == identity.uid && running_pod(std::slice::from_ref(&pod)).is_some() {
        return Ok(pod);
    }
    Err(Feedback::new(
        ErrorKind::Conflict,
        format!("{} is gone or ending, so nothing was run", identity.label()),
    )
    .next("ask again: another pod of it may be running")
    .into())
}

/// What a command that ran came to; one that fails is an error, and what it said is its reason.
///
/// # Errors
/// `Other` when it failed or could not be run.
pub fn ended(argv: &[String], place: &str, executed: Executed) -> Result<Outcome> {
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let last = |text: &str| text.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned);
    match executed.code {
        Some(0) => {
            let data = json!({"exit_code": 0, "stdout": executed.stdout, "stderr": executed.stderr});
            let outcome = Outcome::sentence(format!("{program} ended well in {place}")).data(data);
            let outcome = match executed.stderr.trim() {
                "" => outcome,
                said => outcome.note(said.to_owned()),
            };
            Ok(if executed.stdout.is_empty() { outcome } else { outcome.view(View::Text(executed.stdout)) })
        }
        Some(code) => {
            let mut said = executed.stderr.trim().to_owned();
            if said.is_empty() {
                said = last(&executed.stdout).unwrap_or_default();
            }
            let said = if said.is_empty() { "it said nothing".to_owned() } else { said };
            Err(Feedback::new(
                ErrorKind::Other,
                format!("{program} ended with exit code {code} in {place}: {said}"),
            )
            .next("what it did until then is done; read its message, or its container's logs")
            .into())
        }
        None => {
            let why = executed.trouble.unwrap_or_else(|| "it did not end".to_owned());
            let missing = why.contains("executable file not found") || why.contains("no such file");
            let next = if missing {
                "the image does not have that program: name another, or use a throw-away pod"
            } else {
                "look at the pod: it may have ended in between"
            };
            Err(Feedback::new(ErrorKind::Other, format!("{program} could not be run in {place}: {why}"))
                .next(next)
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;

    #[tokio::test]
    async fn a_workload_without_a_running_pod_says_so() {
        let cluster = answering(|uri| {
            if uri.contains("/statefulsets/db") {
                json!({"kind": "StatefulSet", "apiVersion": "apps/v1", "metadata": {"name": "db", "namespace": "shop", "uid": "u"}, "spec": {"selector": {"matchLabels": {"app": "db"}}}})
            } else {
                json!({"items": [{"metadata": {"name": "db-0", "ownerReferences": [{"controller": true, "uid": "u"}]}, "status": {"phase": "Pending"}}]})
            }
        });
        let target = cluster.target(Some("statefulset"), Some("db"), Some("shop")).await.unwrap();
        let error = entered(&cluster, &target).await.unwrap_err();
        assert_eq!(error.to_string(), "no pod of StatefulSet shop/db runs (Pending)");
    }

    #[test]
    fn a_failed_command_says_what_it_said() {
        let argv = vec!["ls".to_owned()];
        let executed =
            |code, stderr: &str| Executed { code, stderr: stderr.to_owned(), ..Executed::default() };
        let error = ended(&argv, "Pod shop/web", executed(Some(2), "no such file\n")).unwrap_err();
        assert_eq!(error.to_string(), "ls ended with exit code 2 in Pod shop/web: no such file");
        let outcome = ended(&argv, "Pod shop/web", executed(Some(0), "careful")).unwrap();
        assert_eq!(outcome.notes, ["careful"]);
    }
}
