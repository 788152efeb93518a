//! ResourceQuotas that are used up. Whether one blocks anybody is seen at whoever was refused; `cause` raises it
//! then.

use serde_json::json;

use crate::kubernetes::parse_quantity;
use crate::severity::Severity;

use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for quota in snapshot.list("ResourceQuota") {
        let hard = quota.pointer("/status/hard").and_then(serde_json::Value::as_object);
        let full: Vec<String> = hard
            .into_iter()
            .flatten()
            .filter_map(|(resource, hard)| {
                let hard = hard.as_str()?;
                let used = quota.pointer("/status/used")?.get(resource)?.as_str()?;
                let (most, now) = (parse_quantity(hard)?, parse_quantity(used)?);
                (now >= most).then(|| format!("{resource}: {used} of {hard} used"))
            })
            .collect();
        if full.is_empty() {
            continue;
        }
        findings.push(
            Finding::new(
                Code::QuotaExhausted,
                Severity::Warning,
                ObjectRef::of("ResourceQuota", quota),
                "is used up: nothing more of it can be made",
            )
            .evidence(full.join("; "))
            .next("raise the quota, or free what is not needed")
            .call("describe_resource", json!({})),
        );
    }
}
