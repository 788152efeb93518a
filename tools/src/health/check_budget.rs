//! PodDisruptionBudgets: one that forbids every eviction stops the next drain of a node; one that matches
//! nothing protects nobody. A budget whose pods are scaled to zero is no fault.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_workload::KINDS;
use super::field::{items, namespace, number, text};
use super::finding::{Code, Finding, ObjectRef};
use super::selector;
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    if !snapshot.knows("Pod") {
        return;
    }
    for budget in snapshot.list("PodDisruptionBudget") {
        findings.extend(finding(snapshot, budget));
    }
}

/// The running pods that a budget protects: those of its own namespace, and no others.
pub(super) fn protected<'a>(snapshot: &'a Snapshot, budget: &'a Value) -> impl Iterator<Item = &'a Value> {
    let wanted = budget.pointer("/spec/selector");
    snapshot.pods_in(namespace(budget)).filter(move |pod| {
        wanted.is_some_and(|wanted| selector::selects(wanted, pod))
            && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
    })
}

fn finding(snapshot: &Snapshot, budget: &Value) -> Option<Finding> {
    let object = ObjectRef::of("PodDisruptionBudget", budget);
    let wanted = budget.pointer("/spec/selector");
    let selected = protected(snapshot, budget).count();
    if selected == 0 {
        let of_workload = KINDS.iter().flat_map(|kind| snapshot.list(kind)).any(|workload| {
            namespace(workload) == namespace(budget)
                && workload
                    .pointer("/spec/template")
                    .is_some_and(|template| wanted.is_some_and(|wanted| selector::selects(wanted, template)))
        });
        return (!of_workload).then(|| {
            Finding::new(
                Code::BudgetMatchesNothing,
                Severity::Warning,
                object,
                "protects no pod: its selector matches none",
            )
            .evidence(format!(
                "spec.selector is {}",
                wanted.map_or_else(|| "empty".to_owned(), selector::words)
            ))
            .next("correct the selector, or delete the budget")
            .call("describe_resource", json!({}))
        });
    }
    let expected = number(budget, "/status/expectedPods").unwrap_or(0);
    let desired = number(budget, "/status/desiredHealthy").unwrap_or(0);
    let allowed = number(budget, "/status/disruptionsAllowed");
    if expected > 0 && allowed == Some(0) && desired >= expected {
        let healthy = number(budget, "/status/currentHealthy").unwrap_or(0);
        let rule = ["minAvailable", "maxUnavailable"].iter().find_map(|field| {
            let value = budget.pointer(&format!("/spec/{field}"))?;
            Some(format!(
                "spec.{field} is {}",
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            ))
        });
        return Some(
            Finding::new(
                Code::BudgetBlocksEvictions,
                Severity::Warning,
                object,
                format!("allows no eviction of any of its {expected} pods: no node that runs one can be drained"),
            )
            .evidence(rule.unwrap_or_default())
            .evidence(format!(
                "status.disruptionsAllowed is 0, desiredHealthy {desired}, expectedPods {expected}, currentHealthy {healthy}"
            ))
            .next("lower minAvailable or raise maxUnavailable, or run more replicas")
            .call("describe_resource", json!({})),
        );
    }
    // Pods that are not healthy leave no room either; what ails them is the cause.
    let failed =
        items(budget, "/status/conditions").find(|condition| text(condition, "/reason") == "SyncFailed");
    failed.map(|failed| {
        Finding::new(
            Code::BudgetBlocksEvictions,
            Severity::Warning,
            object,
            "is not kept: its controller cannot count its pods",
        )
        .evidence(text(failed, "/message"))
        .next("let one controller with a scale own the pods it selects")
        .call("describe_resource", json!({}))
    })
}
