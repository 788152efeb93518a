//! What workloads have in common: their pod selector, and how far a rollout is. The rollout rules are those
//! of `kubectl rollout status` (k8s.io/kubectl, polymorphichelpers/rollout_status.go), read from the object.

use serde_json::Value;

/// How far a rollout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutState {
    /// All wanted replicas run the wanted version and are available.
    Done(String),
    /// Not yet; the sentence says what is missing.
    Waiting(String),
    /// It will not finish by itself.
    Stuck(String),
    /// The kind does not roll out.
    NotApplicable,
}

/// How far the rollout of a Deployment, StatefulSet or DaemonSet is.
#[must_use]
pub fn rollout_state(object: &Value) -> RolloutState {
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64).unwrap_or(0);
    if number("/metadata/generation") > number("/status/observedGeneration") {
        return RolloutState::Waiting(
            "the new specification has not been seen by its controller yet".to_owned(),
        );
    }
    match object.get("kind").and_then(Value::as_str) {
        Some("Deployment") => deployment(object, &number),
        Some("StatefulSet") => stateful_set(object, &number),
        Some("DaemonSet") => daemon_set(&number),
        // They do not roll out, but a pod of theirs that is replaced has to come up.
        Some("ReplicaSet" | "ReplicationController") => replicas_state(object),
        _ => RolloutState::NotApplicable,
    }
}

/// Whether as many pods run and are ready as the object asks for, whatever their version: what a change of the
/// count waits for, where a paused Deployment or a set that updates on deletion would never be rolled out.
#[must_use]
pub fn replicas_state(object: &Value) -> RolloutState {
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64).unwrap_or(0);
    if number("/metadata/generation") > number("/status/observedGeneration") {
        return RolloutState::Waiting(
            "the new specification has not been seen by its controller yet".to_owned(),
        );
    }
    let Some(wanted) = object.pointer("/spec/replicas").and_then(Value::as_i64) else {
        return RolloutState::NotApplicable;
    };
    let (total, ready) = (number("/status/replicas"), number("/status/readyReplicas"));
    if total > wanted {
        RolloutState::Waiting(format!("{total} pods run where {wanted} are wanted"))
    } else if ready < wanted {
        RolloutState::Waiting(format!("{ready} of {wanted} pods are ready"))
    } else {
        RolloutState::Done(format!("{ready} of {wanted} pods are ready"))
    }
}

fn deployment(object: &Value, number: &dyn Fn(&str) -> i64) -> RolloutState {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let stuck = conditions.into_iter().flatten().any(|condition| {
        condition.get("type").and_then(Value::as_str) == Some("Progressing")
            && condition.get("reason").and_then(Value::as_str) == Some("ProgressDeadlineExceeded")
    });
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    let (updated, total, available) =
        (number("/status/updatedReplicas"), number("/status/replicas"), number("/status/availableReplicas"));
    if updated >= wanted && total <= updated && available >= updated {
        return RolloutState::Done(format!("{available} of {wanted} replicas are up to date and available"));
    }
    if stuck {
        return RolloutState::Stuck(format!(
            "it exceeded its progress deadline with {available} of {wanted} replicas available"
        ));
    }
    RolloutState::Waiting(if updated < wanted {
        format!("{updated} of {wanted} replicas are up to date")
    } else if total > updated {
        format!("{} of {total} replicas are old and have yet to end", total - updated)
    } else {
        format!("{available} of {wanted} replicas are available")
    })
}

fn stateful_set(object: &Value, number: &dyn Fn(&str) -> i64) -> RolloutState {
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    let (ready, updated) = (number("/status/readyReplicas"), number("/status/updatedReplicas"));
    if object.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete") {
        return RolloutState::NotApplicable;
    }
    if ready < wanted {
        return RolloutState::Waiting(format!("{ready} of {wanted} pods are ready"));
    }
    if number("/status/replicas") > wanted {
        return RolloutState::Waiting(format!(
            "{} pods have yet to end",
            number("/status/replicas") - wanted
        ));
    }
    let partition = number("/spec/updateStrategy/rollingUpdate/partition");
    let current = object.pointer("/status/currentRevision");
    if partition == 0 && current != object.pointer("/status/updateRevision") && updated < wanted {
        return RolloutState::Waiting(format!("{updated} of {wanted} pods are at the new revision"));
    }
    if updated < wanted - partition {
        return RolloutState::Waiting(format!(
            "{updated} of {} pods are at the new revision",
            wanted - partition
        ));
    }
    RolloutState::Done(format!("{ready} of {wanted} pods are ready"))
}

fn daemon_set(number: &dyn Fn(&str) -> i64) -> RolloutState {
    let wanted = number("/status/desiredNumberScheduled");
    let (updated, available) = (number("/status/updatedNumberScheduled"), number("/status/numberAvailable"));
    if updated < wanted {
        RolloutState::Waiting(format!("{updated} of {wanted} pods are up to date"))
    } else if available < wanted {
        RolloutState::Waiting(format!("{available} of {wanted} pods are available"))
    } else {
        RolloutState::Done(format!("{available} of {wanted} pods are up to date and available"))
    }
}

/// The pod selector of a workload or Service as a label selector's text; `None` when it has none.
#[must_use]
pub fn selector_text(object: &Value) -> Option<String> {
    let selector = object.pointer("/spec/selector")?;
    let labels = selector.get("matchLabels").unwrap_or(selector).as_object()?;
    let mut parts: Vec<String> = labels
        .iter()
        .filter_map(|(key, value)| value.as_str().map(|value| format!("{key}={value}")))
        .collect();
    for expression in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let key = expression.get("key").and_then(Value::as_str)?;
        let values: Vec<&str> = expression
            .get("values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        parts.push(match expression.get("operator").and_then(Value::as_str)? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deployment_is_done_only_when_everything_is() {
        let mut object = json!({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 3},
            "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 2}});
        assert_eq!(rollout_state(&object), RolloutState::Waiting("2 of 3 replicas are available".into()));
        object["status"]["availableReplicas"] = json!(3);
        assert_eq!(
            rollout_state(&object),
            RolloutState::Done("3 of 3 replicas are up to date and available".into())
        );
        object["metadata"]["generation"] = json!(3);
        assert!(matches!(rollout_state(&object), RolloutState::Waiting(_)));
    }

    #[test]
    fn a_count_is_reached_when_as_many_pods_are_ready() {
        let mut object = json!({"kind": "ReplicaSet", "metadata": {"generation": 1}, "spec": {"replicas": 1},
            "status": {"observedGeneration": 1, "replicas": 2, "readyReplicas": 2}});
        assert_eq!(replicas_state(&object), RolloutState::Waiting("2 pods run where 1 are wanted".into()));
        object["spec"]["replicas"] = json!(2);
        assert_eq!(rollout_state(&object), RolloutState::Done("2 of 2 pods are ready".into()));
    }

    #[test]
    fn selectors_keep_their_expressions() {
        let object = json!({"spec": {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]}}});
        assert_eq!(selector_text(&object).as_deref(), Some("app=web,tier in (a,b)"));
        assert_eq!(selector_text(&json!({"spec": {"selector": {"app": "web"}}})).as_deref(), Some("app=web"));
        assert_eq!(selector_text(&json!({"spec": {}})), None);
    }
}
