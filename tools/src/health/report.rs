//! The report: findings grouped by what is behind them, a score with its arithmetic, and what was not looked at.

use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::severity::Severity;

use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::{Snapshot, Unchecked};

/// The name of the result's format.
pub const SCHEMA: &str = "shipmate.health/1";

/// What one root cause takes from the score: an outage weighs as much as the number of them that anybody
/// would still call the cluster half well (4 × 25 = 100).
const fn weight(severity: Severity) -> u32 {
    match severity {
        Severity::Critical => 25,
        Severity::Error => 10,
        Severity::Warning => 3,
        Severity::Info => 0,
    }
}

/// Findings with one cause.
struct Group<'a> {
    root: &'a Finding,
    /// Other objects with the very same trouble: the pods of one workload.
    same: Vec<&'a Finding>,
    symptoms: Vec<&'a Finding>,
    severity: Severity,
}

/// A health report.
#[derive(Debug)]
pub struct Report {
    findings: Vec<Finding>,
    unchecked: Vec<Unchecked>,
    scope: Option<String>,
    counts: Vec<(&'static str, usize)>,
}

impl Report {
    /// The report of these findings of a snapshot.
    #[must_use]
    pub fn new(snapshot: &Snapshot, findings: Vec<Finding>) -> Self {
        Self {
            findings,
            unchecked: snapshot.unchecked.clone(),
            scope: snapshot.scope.clone(),
            counts: snapshot.counts().collect(),
        }
    }

    /// The worst severity, `None` without findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// The report for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            // A score of what nobody could look at would read as fine.
            "score": self.looked_at_pods().then(|| self.score().0),
            "findings": self.findings.iter().map(Finding::json).collect::<Vec<_>>(),
            "unchecked": self
                .unchecked
                .iter()
                .map(|one| json!({"kind": one.kind, "reason": one.reason}))
                .collect::<Vec<_>>(),
        })
    }

    /// 0 to 100, and how it came about.
    #[must_use]
    pub fn score(&self) -> (u32, String) {
        let mut counts: BTreeMap<Severity, u32> = BTreeMap::new();
        for group in self.groups() {
            *counts.entry(group.severity).or_default() += 1;
        }
        let lost: u32 = counts.iter().map(|(severity, count)| weight(*severity) * count).sum();
        let score = 100_u32.saturating_sub(lost);
        let mut arithmetic = String::from("100");
        for (severity, count) in counts.iter().rev().filter(|(severity, _)| weight(**severity) > 0) {
            arithmetic.push_str(&format!(" - {count} × {} ({severity})", weight(*severity)));
        }
        let floor = if lost > 100 { ", not below 0" } else { "" };
        (score, format!("{score} = {arithmetic}{floor}"))
    }

    fn looked_at_pods(&self) -> bool {
        self.counts.iter().any(|(kind, _)| *kind == "Pod")
    }

    /// One sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let groups = self.groups();
        let problems: Vec<&Group<'_>> =
            groups.iter().filter(|group| group.severity >= Severity::Warning).collect();
        let place = self
            .scope
            .as_ref()
            .map_or_else(|| "the cluster".to_owned(), |namespace| format!("the namespace {namespace}"));
        let Some(worst) = problems.first() else {
            return if self.counts.is_empty() {
                format!("Nothing can be said about {place}: none of it could be looked at")
            } else if self.unchecked.is_empty() {
                format!("Nothing is broken in {place}; looked at {}", self.looked_at())
            } else {
                format!(
                    "Nothing is broken in what could be looked at of {place} ({}); {} could not be",
                    self.looked_at(),
                    self.unchecked_kinds()
                )
            };
        };
        let count = match problems.len() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        };
        let lead = if problems.len() == 1 { "" } else { "the worst " };
        format!(
            "{count} in {place}, {lead}{}: {} {}",
            worst.severity.with_article(),
            worst.root.object,
            worst.root.message
        )
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        let groups = self.groups();
        let (remarks, problems): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
            groups.iter().partition(|group| group.severity == Severity::Info);
        for group in problems {
            lines.extend(group.lines());
            lines.push(String::new());
        }
        if !remarks.is_empty() {
            lines.push("Not faults, but worth knowing:".to_owned());
            lines.extend(
                remarks
                    .iter()
                    .map(|group| format!("  {}{} {}", group.root.object, group.others(), group.root.message)),
            );
            lines.push(String::new());
        }
        if !self.unchecked.is_empty() {
            lines.push("Not looked at:".to_owned());
            let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
            for one in &self.unchecked {
                match reasons.iter_mut().find(|(reason, _)| *reason == one.reason) {
                    Some((_, kinds)) => kinds.push(&one.kind),
                    None => reasons.push((&one.reason, vec![&one.kind])),
                }
            }
            lines.extend(reasons.iter().map(|(reason, kinds)| format!("  {}: {reason}", kinds.join(", "))));
            lines.push(String::new());
        }
        if !self.counts.is_empty() {
            lines.push(format!("Looked at {}", self.looked_at()));
        }
        if self.looked_at_pods() {
            let limited = if self.unchecked.is_empty() { "" } else { ", for what could be looked at" };
            lines.push(format!("Score {}{limited}", self.score().1));
        }
        lines.join("\n")
    }

    fn unchecked_kinds(&self) -> String {
        self.unchecked.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn looked_at(&self) -> String {
        const TOLD: [&str; 10] = [
            "Pod",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "CronJob",
            "Service",
            "Ingress",
            "PersistentVolumeClaim",
            "Node",
        ];
        let told: Vec<String> = self
            .counts
            .iter()
            .filter(|(kind, count)| *count > 0 && TOLD.contains(kind))
            .map(|(kind, count)| {
                let ending = match (*count, kind.ends_with('s')) {
                    (1, _) => "",
                    (_, true) => "es",
                    (_, false) => "s",
                };
                format!("{count} {kind}{ending}")
            })
            .collect();
        if told.is_empty() { "no objects: there are none".to_owned() } else { told.join(", ") }
    }

    /// Findings by root cause, the worst first.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut by_object: HashMap<&ObjectRef, Vec<usize>> = HashMap::new();
        for (index, finding) in self.findings.iter().enumerate() {
            by_object.entry(&finding.object).or_default().push(index);
        }
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in 0..self.findings.len() {
            members.entry(self.root_of(index, &by_object)).or_default().push(index);
        }
        // The pods of one workload that fail alike are one cause.
        let mut merged: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut alike: HashMap<(Code, Option<&str>, &ObjectRef), usize> = HashMap::new();
        for (root, indices) in members {
            let Some(finding) = self.findings.get(root) else { continue };
            let key = finding.owner.as_ref().map(|owner| (finding.code, finding.container.as_deref(), owner));
            match key.and_then(|key| alike.get(&key)).and_then(|position| merged.get_mut(*position)) {
                Some((_, all)) => all.extend(indices),
                None => {
                    if let Some(key) = key {
                        alike.insert(key, merged.len());
                    }
                    merged.push((root, indices));
                }
            }
        }
        let mut groups: Vec<Group<'_>> =
            merged.into_iter().filter_map(|(root, indices)| self.group(root, &indices)).collect();
        groups.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.root.object.cmp(&b.root.object)));
        groups
    }

    fn group(&self, root: usize, indices: &[usize]) -> Option<Group<'_>> {
        let root_finding = self.findings.get(root)?;
        let rest: Vec<&Finding> = indices
            .iter()
            .filter(|index| **index != root)
            .filter_map(|index| self.findings.get(*index))
            .collect();
        let (same, symptoms): (Vec<&Finding>, Vec<&Finding>) = rest.into_iter().partition(|finding| {
            finding.code == root_finding.code
                && finding.owner == root_finding.owner
                && finding.owner.is_some()
        });
        let severity =
            symptoms.iter().map(|finding| finding.severity).chain([root_finding.severity]).max()?;
        Some(Group { root: root_finding, same, symptoms, severity })
    }

    /// The finding at the end of the chain of causes.
    fn root_of(&self, index: usize, by_object: &HashMap<&ObjectRef, Vec<usize>>) -> usize {
        let mut current = index;
        let mut seen = HashSet::from([index]);
        while let Some(cause) = self.findings.get(current).and_then(|finding| finding.caused_by.as_ref()) {
            // A cause without a finding of its own ends the chain at its symptom.
            let Some(next) = by_object.get(cause).and_then(|indices| indices.first()) else { break };
            if !seen.insert(*next) {
                break;
            }
            current = *next;
        }
        current
    }
}

impl Group<'_> {
    fn others(&self) -> String {
        let count = self.same.iter().filter(|finding| finding.object != self.root.object).count();
        match (count, &self.root.owner) {
            (0, _) => String::new(),
            (count, Some(owner)) => format!(" (and {count} more of {owner})"),
            (count, None) => format!(" (and {count} more)"),
        }
    }

    fn lines(&self) -> Vec<String> {
        let root = self.root;
        let mut lines = vec![format!(
            "{:<8}  {}{} {}  [{}]",
            self.severity.word().to_uppercase(),
            root.object,
            self.others(),
            root.message,
            root.code.word()
        )];
        let log = root.evidence.iter().rev().find(|line| line.starts_with(LOG));
        let first = root.evidence.first().filter(|line| Some(*line) != log);
        let seen: Vec<&str> = first.into_iter().chain(log).map(String::as_str).collect();
        if !seen.is_empty() {
            lines.push(format!("  seen    {}", seen.join("; ")));
        }
        if !self.symptoms.is_empty() {
            let mut told: Vec<String> =
                self.symptoms.iter().map(|one| format!("{} {}", one.object, one.message)).collect();
            told.dedup();
            let more = told.len().saturating_sub(3);
            told.truncate(3);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            lines.push(format!("  so      {}{more}", told.join("; ")));
        }
        if let Some(cause) = &root.caused_by {
            lines.push(format!("  due to  {cause}"));
        }
        if let Some(step) = &root.next_step {
            let command = step.call.as_ref().and_then(|call| call.bind().ok()).map(|bound| bound.command());
            lines.push(match command {
                Some(command) => format!("  next    {}: {command}", step.text),
                None => format!("  next    {}", step.text),
            });
        }
        lines
    }
}

/// How evidence from a log begins.
const LOG: &str = "log: ";

impl Finding {
    /// Adds lines of a log as evidence.
    pub fn add_log(&mut self, lines: &[String]) {
        if !lines.is_empty() {
            self.evidence.push(format!("{LOG}{}", lines.join(" | ")));
        }
    }
}
