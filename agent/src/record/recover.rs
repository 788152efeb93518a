//! What a process left open when it was killed, turned into PHRs that say so.

use shipmate_phr::{CallRow, Store};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::turn::JournalEntry;

use super::journal::{Journal, Line, Marker};
use super::phr::{base, effect};

/// What became of one open turn.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// The words of its request.
    pub request: String,
    /// Where its record is now, or why it could not be written (it is tried again at the next start).
    pub record: Result<PathBuf, String>,
}

/// Turns every turn that was left open into a record.
#[must_use]
pub fn recover(journal: &Journal) -> Vec<Recovered> {
    let mut recovered = Vec::new();
    for (marker, path, _lock) in journal.abandoned() {
        let lines = journal.entries(&marker.turn);
        let Some(request) = lines.iter().find_map(|line| match &line.entry {
            JournalEntry::Requested { request } => Some(request.clone()),
            _ => None,
        }) else {
            // It ended before it had a request: there is nothing to record.
            drop(fs::remove_file(&path));
            continue;
        };
        // Killed between its record and its end: recorded already.
        if lines.iter().any(|line| matches!(line.entry, JournalEntry::Recorded { .. })) {
            drop(fs::remove_file(&path));
            continue;
        }
        let record = write(&request, &marker, &lines);
        if record.is_ok() {
            drop(fs::remove_file(&path));
        }
        recovered.push(Recovered { request, record });
    }
    recovered
}

fn write(request: &str, marker: &Marker, lines: &[Line]) -> Result<PathBuf, String> {
    let store = Store::new(&marker.destination.root);
    // The turn ended and only its record could not be written: it is written as it was.
    let whole = lines.iter().rev().find_map(|line| match &line.entry {
        JournalEntry::Unrecorded { record } => Some(record),
        _ => None,
    });
    if let Some(record) = whole {
        return store.write(record).map(|written| written.path).map_err(|error| error.to_string());
    }
    let mut record = base(request, &marker.destination);
    let mut open: Option<CallRow> = None;
    for line in lines {
        match &line.entry {
            JournalEntry::Started { call, command, effect: how, approved_by, .. } => {
                record.calls.extend(open.take());
                open = Some(CallRow {
                    call: call.clone(),
                    command: command.clone(),
                    effect: effect(*how),
                    approved_by: approved_by.clone(),
                    outcome: "interrupted: shipmate ended before this did; it may have been done, or not"
                        .to_owned(),
                    duration: Duration::ZERO,
                });
            }
            JournalEntry::Ended { outcome } => {
                if let Some(mut row) = open.take() {
                    row.outcome.clone_from(outcome);
                    record.calls.push(row);
                }
            }
            JournalEntry::Translated { translator, .. } => {
                record.model = (translator == "phrasebook").then(|| "shipmate-phrasebook".to_owned());
            }
            JournalEntry::Requested { .. }
            | JournalEntry::Undoes { .. }
            | JournalEntry::Recorded { .. }
            | JournalEntry::Unrecorded { .. } => {}
        }
    }
    record.calls.extend(open);
    let began = lines.first().map_or("an unknown time", |line| line.time.as_str());
    record.response = format!("Interrupted: shipmate ended before this request did (it came in at {began}).");
    record.outcome.impact = Some("interrupted".to_owned());
    record.evaluation.failure_modes = Some("interrupted before the turn ended".to_owned());
    store.write(&record).map(|written| written.path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::phr::Destination;
    use super::*;

    #[test]
    fn a_turn_that_was_cut_becomes_a_valid_record_once() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path().join("state"));
        let root = folder.path().join("history/prompts");
        let mut turn = journal
            .open(Destination { command: "shipmate".into(), ..Destination::in_folder(&root) })
            .unwrap();
        turn.write(&JournalEntry::Requested { request: "scale the web to 3 replicas".into() }).unwrap();
        turn.write(&JournalEntry::Started {
            call: "scale kind=deployment name=web replicas=3".into(),
            command: "kubectl scale deployment/web --replicas=3".into(),
            effect: shipmate_tools::Effect::Change,
            approved_by: "--yes".into(),
            undo: None,
            context: String::new(),
        })
        .unwrap();
        drop(turn);
        // A child that another test is just starting holds the lock until it has become its program.
        let recovered = (0..100)
            .map(|_| recover(&journal))
            .inspect(|found| {
                if found.is_empty() {
                    std::thread::sleep(Duration::from_millis(10));
                }
            })
            .find(|found| !found.is_empty())
            .unwrap();
        let path = recovered.first().unwrap().record.clone().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("kubectl scale deployment/web --replicas=3") && text.contains("interrupted"),
            "{text}"
        );
        assert_eq!(
            shipmate_phr::lint_text(&path, &text).iter().map(ToString::to_string).collect::<Vec<_>>(),
            Vec::<String>::new()
        );
        assert!(recover(&journal).is_empty());
    }
}
