//! Health analysis: what is broken, from one snapshot of the cluster, without any model.
//!
//! [`Snapshot`] reads everything once. Each `check_…` module is a pure function of it, one for each kind, and
//! says what it sees on its own objects; [`cause`] then leads symptoms to their causes. So a Service without
//! endpoints, the Deployment behind it and its three crashing pods are one problem, told once. What could not
//! be read is part of the result: nothing reads as fine only because nobody may look.

mod cause;
mod check_autoscaler;
mod check_binding;
mod check_budget;
mod check_claim;
mod check_gateway;
mod check_ingress;
mod check_job;
mod check_namespace;
mod check_node;
mod check_pod;
mod check_pod_held;
mod check_policy;
mod check_quota;
mod check_reference;
mod check_service;
mod check_usage;
mod check_webhook;
mod check_workload;
mod export;
mod field;
mod finding;
mod log;
mod prune;
mod reading;
mod report;
mod schedule;
mod selector;
mod snapshot;

pub use export::{junit, sarif};
pub use finding::{Code, Finding, NextStep, ObjectRef};
pub use log::{LogSource, blame_accounts, telling_lines};
pub use report::{Report, SCHEMA};
pub use snapshot::{Snapshot, Unchecked};

/// Every finding, symptoms led to their causes, worst first.
#[must_use]
pub fn analyze(snapshot: &Snapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_node::check(snapshot, &mut findings);
    check_claim::check(snapshot, &mut findings);
    check_reference::check(snapshot, &mut findings);
    check_pod::check(snapshot, &mut findings);
    check_workload::check(snapshot, &mut findings);
    check_job::check(snapshot, &mut findings);
    check_service::check(snapshot, &mut findings);
    check_ingress::check(snapshot, &mut findings);
    check_gateway::check(snapshot, &mut findings);
    check_autoscaler::check(snapshot, &mut findings);
    check_budget::check(snapshot, &mut findings);
    check_policy::check(snapshot, &mut findings);
    check_webhook::check(snapshot, &mut findings);
    check_quota::check(snapshot, &mut findings);
    check_binding::check(snapshot, &mut findings);
    check_usage::check(snapshot, &mut findings);
    check_namespace::check(snapshot, &mut findings);
    cause::fold(snapshot, &mut findings);
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.object.cmp(&b.object)));
    findings
}

#[cfg(test)]
mod tests;
