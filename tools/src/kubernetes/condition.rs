//! What people call the state of an object ("not running", "crashlooping", "unhealthy"), judged by the cells of
//! the server's own table, so that it works for every kind and agrees with what is shown beside it.

use super::table::{Row, ServerTable};

/// A condition that a row of a table fulfils or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    state: State,
    negated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Running,
    Pending,
    Failed,
    Crashing,
    Ready,
    Completed,
    Healthy,
    Terminating,
    Restarted,
    Cordoned,
    Suspended,
    /// Anything else: a part of the status cell, or of any cell where there is none.
    Cell(String),
}

/// Words for each state; the second list says its opposite.
const WORDS: [(State, &[&str], &[&str]); 11] = [
    (State::Running, &["running", "up", "alive", "online", "started"], &[]),
    (State::Pending, &["pending", "waiting", "starting", "unscheduled", "scheduling", "unschedulable"], &[]),
    (State::Failed, &["failed", "error", "errored", "evicted"], &[]),
    (
        State::Crashing,
        &["crashlooping", "crashloop", "crashloopbackoff", "crashing", "crashed", "crash", "looping"],
        &[],
    ),
    (State::Ready, &["ready", "available"], &["unready", "notready", "unavailable"]),
    (
        State::Completed,
        &["completed", "complete", "succeeded", "successful", "done", "finished", "ended"],
        &["unfinished", "incomplete"],
    ),
    (
        State::Healthy,
        &["healthy", "ok", "okay", "fine", "good", "well", "green"],
        &[
            "unhealthy",
            "failing",
            "broken",
            "bad",
            "problematic",
            "down",
            "sick",
            "wrong",
            "stuck",
            "trouble",
            "problems",
            "red",
            "degraded",
        ],
    ),
    (State::Terminating, &["terminating", "deleting", "deleted", "stopping"], &[]),
    (State::Restarted, &["restarted", "restarting", "restarts"], &[]),
    (State::Cordoned, &["cordoned", "schedulingdisabled", "drained"], &["schedulable"]),
    (State::Suspended, &["suspended", "paused"], &["active"]),
];

const NEGATIONS: [&str; 13] = [
    "not", "no", "never", "non", "isn't", "isnt", "aren't", "arent", "without", "except", "don't", "cannot",
    "can't",
];

/// Words that carry no state of their own.
const FILLER: [&str; 16] = [
    "is",
    "are",
    "be",
    "being",
    "status",
    "state",
    "phase",
    "yet",
    "currently",
    "fully",
    "in",
    "with",
    "a",
    "the",
    "back",
    "off",
];

impl Condition {
    /// Reads the words of a condition. Words that are no known state are looked for in the cells.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lower = text.to_lowercase().replace(['\u{2019}', '`'], "'").replace('-', " ");
        let mut words: Vec<&str> = lower.split_whitespace().collect();
        let before = words.len();
        words.retain(|word| !NEGATIONS.contains(word));
        let mut negated = (before - words.len()) % 2 == 1;
        let meant: Vec<&str> = words.iter().copied().filter(|word| !FILLER.contains(word)).collect();
        let joined = meant.concat();
        for (state, same, opposite) in WORDS {
            let means = |list: &[&str]| {
                list.contains(&joined.as_str()) || meant.last().is_some_and(|word| list.contains(word))
            };
            if means(opposite) {
                negated = !negated;
                return Self { state, negated };
            }
            if means(same) {
                return Self { state, negated };
            }
        }
        Self { state: State::Cell(joined), negated }
    }

    /// The pod phase this means exactly, as a field selector; `None` where a phase says something else than
    /// people do (a crash-looping pod is in phase Running).
    #[must_use]
    pub fn pod_field_selector(&self) -> Option<String> {
        let phase = match self.state {
            State::Pending => "Pending",
            State::Failed => "Failed",
            State::Completed => "Succeeded",
            _ => return None,
        };
        Some(format!("status.phase{}={phase}", if self.negated { "!" } else { "" }))
    }

    /// Whether the failed pods themselves are asked for.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.state == State::Failed && !self.negated
    }

    /// Whether `row` of `table` fulfils it.
    #[must_use]
    pub fn holds(&self, table: &ServerTable, row: &Row) -> bool {
        let cells = Cells { table, row };
        let status = cells.status().unwrap_or_default();
        let any = |parts: &[&str]| parts.iter().any(|part| status.contains(part));
        let holds = match &self.state {
            State::Running => match cells.status() {
                Some(status) => status == "running" || status == "active",
                None => cells.replicas().is_some_and(|(ready, wanted)| wanted > 0 && ready >= wanted),
            },
            State::Pending => any(&["pending", "creating", "initializing", "init:", "imagepull", "waiting"]),
            State::Failed => {
                any(&["failed", "error", "evicted", "oomkilled", "exceeded", "lost"]) && !any(&["imagepull"])
            }
            State::Crashing => any(&["crashloop", "error", "oomkilled"]) && !any(&["imagepull"]),
            State::Ready => cells.is_ready(),
            State::Completed => {
                any(&["complete", "succeeded"])
                    || cells
                        .fraction("Completions")
                        .is_some_and(|(done, wanted)| wanted > 0 && done >= wanted)
            }
            State::Healthy => cells.is_healthy(),
            State::Terminating => any(&["terminating"]),
            State::Restarted => cells.number("Restarts").is_some_and(|restarts| restarts > 0),
            State::Cordoned => any(&["schedulingdisabled"]),
            State::Suspended => {
                cells.text("Suspend").is_some_and(|cell| cell == "true") || any(&["suspended"])
            }
            State::Cell(part) => cells.contain(part),
        };
        holds != self.negated
    }
}

/// Whether an object is as it should be, by its row.
#[must_use]
pub fn is_healthy(table: &ServerTable, row: &Row) -> bool {
    Cells { table, row }.is_healthy()
}

struct Cells<'a> {
    table: &'a ServerTable,
    row: &'a Row,
}

impl Cells<'_> {
    /// A cell in lower case; `None` where there is no such column or no value.
    fn text(&self, column: &str) -> Option<String> {
        let text = self.row.text(self.table.column(column)?).to_lowercase();
        (!text.is_empty() && text != "<none>").then_some(text)
    }

    fn status(&self) -> Option<String> {
        self.text("Status").or_else(|| self.text("Phase"))
    }

    fn number(&self, column: &str) -> Option<u64> {
        let text = self.text(column)?;
        text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    fn fraction(&self, column: &str) -> Option<(u64, u64)> {
        let text = self.text(column)?;
        let (ready, wanted) = text.split_once('/')?;
        Some((ready.parse().ok()?, wanted.parse().ok()?))
    }

    /// Ready and wanted replicas or containers.
    fn replicas(&self) -> Option<(u64, u64)> {
        self.fraction("Ready").or_else(|| Some((self.number("Ready")?, self.number("Desired")?)))
    }

    fn is_ready(&self) -> bool {
        if let Some((ready, wanted)) = self.replicas() {
            return ready >= wanted && !self.status().is_some_and(|status| is_over(&status));
        }
        match self.text("Ready").or_else(|| self.text("Available")).or_else(|| self.status()) {
            Some(text) => {
                text == "true"
                    || text.split(',').any(|part| part == "ready")
                    || ["active", "bound", "available"].contains(&text.as_str())
            }
            None => true,
        }
    }

    fn is_healthy(&self) -> bool {
        let Some(status) = self.status() else { return self.is_ready() };
        if is_over(&status) {
            return true;
        }
        let fine = ["running", "active", "bound", "available", "true", "healthy", "synced", "deployed"]
            .contains(&status.as_str())
            || status.split(',').any(|part| part == "ready");
        fine && self.replicas().is_none_or(|(ready, wanted)| ready >= wanted)
    }

    fn contain(&self, part: &str) -> bool {
        // Spaces and hyphens are not how statuses are spelt: "image pull" means ImagePullBackOff.
        match self.status() {
            Some(status) => status.contains(part),
            None => (0..self.row.cells.len())
                .any(|column| self.row.text(column).to_lowercase().replace([' ', '-'], "").contains(part)),
        }
    }
}

/// Whether a status says that the work is done and was done well.
fn is_over(status: &str) -> bool {
    ["completed", "complete", "succeeded"].contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn table(columns: &[&str], rows: &[&[&str]]) -> ServerTable {
        let columns: Vec<Value> = columns.iter().map(|name| json!({"name": name})).collect();
        let rows: Vec<Value> = rows
            .iter()
            .map(|cells| {
                json!({"cells": cells, "object": {"kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1", "metadata": {"name": cells[0]}}})
            })
            .collect();
        serde_json::from_value(json!({"columnDefinitions": columns, "rows": rows})).unwrap()
    }

    fn kept(table: &ServerTable, words: &str) -> Vec<String> {
        let condition = Condition::read(words);
        table.rows.iter().filter(|row| condition.holds(table, row)).map(|row| row.text(0)).collect()
    }

    #[test]
    fn pods_by_what_people_call_them() {
        let pods = table(
            &["Name", "Ready", "Status", "Restarts"],
            &[
                &["fine", "1/1", "Running", "0"],
                &["half", "1/2", "Running", "0"],
                &["loop", "0/1", "CrashLoopBackOff", "7 (2m ago)"],
                &["pull", "0/1", "ImagePullBackOff", "0"],
                &["job", "0/1", "Completed", "0"],
                &["oom", "0/1", "OOMKilled", "1"],
            ],
        );
        for (words, names) in [
            ("running", &["fine", "half"][..]),
            ("not running", &["loop", "pull", "job", "oom"]),
            ("that aren\u{2019}t running", &["loop", "pull", "job", "oom"]),
            ("unhealthy", &["half", "loop", "pull", "oom"]),
            ("not healthy", &["half", "loop", "pull", "oom"]),
            ("not unhealthy", &["fine", "job"]),
            ("crash looping", &["loop", "oom"]),
            ("in CrashLoopBackOff", &["loop", "oom"]),
            ("not ready", &["half", "loop", "pull", "job", "oom"]),
            ("image pull back off", &["pull"]),
            ("completed", &["job"]),
            ("restarting", &["loop", "oom"]),
        ] {
            assert_eq!(kept(&pods, words), names, "{words}");
        }
    }

    #[test]
    fn other_kinds_by_the_columns_they_have() {
        let deployments = table(&["Name", "Ready"], &[&["a", "2/2"], &["b", "1/2"], &["off", "0/0"]]);
        assert_eq!(kept(&deployments, "not ready"), ["b"]);
        assert_eq!(kept(&deployments, "failing"), ["b"]);
        let sets = table(&["Name", "Desired", "Ready"], &[&["a", "3", "3"], &["b", "3", "1"]]);
        assert_eq!(kept(&sets, "unready"), ["b"]);
        let nodes = table(&["Name", "Status"], &[&["n1", "Ready,SchedulingDisabled"], &["n2", "NotReady"]]);
        assert_eq!(kept(&nodes, "not ready"), ["n2"]);
        assert_eq!(kept(&nodes, "cordoned"), ["n1"]);
        let claims = table(&["Name", "Status"], &[&["c1", "Bound"], &["c2", "Pending"]]);
        assert_eq!(kept(&claims, "unbound"), Vec::<String>::new());
        assert_eq!(kept(&claims, "not bound"), ["c2"]);
        let services = table(&["Name", "Type"], &[&["s", "LoadBalancer"], &["t", "ClusterIP"]]);
        assert_eq!(kept(&services, "load-balancer"), ["s"]);
    }

    #[test]
    fn a_phase_is_only_named_where_it_means_the_same() {
        for (words, selector) in [
            ("pending", Some("status.phase=Pending")),
            ("not pending", Some("status.phase!=Pending")),
            ("failed", Some("status.phase=Failed")),
            ("running", None),
        ] {
            assert_eq!(Condition::read(words).pod_field_selector().as_deref(), selector, "{words}");
        }
    }
}
