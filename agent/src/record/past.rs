//! What was changed before, as the journal knows it: over restarts, and by whichever record a person names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use shipmate_tools::{Call, Effect};

use crate::error::{AgentError, ExitCode};
use crate::turn::JournalEntry;

use super::journal::{Journal, Line, VERSION};

/// A change that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct PastChange {
    /// The equivalent command line.
    pub command: String,
    /// The context it was made in; empty where there was none.
    pub context: String,
    /// The call that takes it back.
    pub undo: Option<Call>,
}

/// A turn that changed something.
#[derive(Debug, Clone, PartialEq)]
pub struct PastTurn {
    /// Its name in the journal.
    pub id: String,
    /// The words of its request.
    pub request: String,
    /// Its record.
    pub record: Option<PathBuf>,
    /// The turn that it took back.
    pub undoes: Option<String>,
    /// What it changed, in order; what failed is left out.
    pub changes: Vec<PastChange>,
}

impl Journal {
    /// The turns that changed something, oldest first.
    #[must_use]
    pub fn past(&self) -> Vec<PastTurn> {
        let text = fs::read_to_string(self.lines_path()).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let mut turns: Vec<PastTurn> = Vec::new();
        // What runs in each turn and has not ended yet: two processes write into one journal.
        let mut open: Vec<(String, PastChange)> = Vec::new();
        for line in lines.filter(|line| line.version <= VERSION) {
            let id = line.turn;
            let known = turns.iter().position(|turn| turn.id == id);
            match line.entry {
                JournalEntry::Requested { request } => {
                    turns.push(PastTurn { id, request, record: None, undoes: None, changes: Vec::new() });
                }
                JournalEntry::Started { command, effect, undo, context, .. } if effect != Effect::Read => {
                    open.retain(|(turn, _)| *turn != id);
                    open.push((id, PastChange { command, context, undo }));
                }
                JournalEntry::Ended { outcome } => {
                    let Some(index) = open.iter().position(|(turn, _)| *turn == id) else { continue };
                    let (_, change) = open.remove(index);
                    if let (Some(turn), false) =
                        (known.and_then(|at| turns.get_mut(at)), did_nothing(&outcome))
                    {
                        turn.changes.push(change);
                    }
                }
                JournalEntry::Undoes { undone } => {
                    if let Some(turn) = known.and_then(|at| turns.get_mut(at)) {
                        turn.undoes = Some(undone);
                    }
                }
                JournalEntry::Recorded { path } => {
                    if let Some(turn) = known.and_then(|at| turns.get_mut(at)) {
                        turn.record = Some(path.into());
                    }
                }
                JournalEntry::Started { .. }
                | JournalEntry::Translated { .. }
                | JournalEntry::Unrecorded { .. } => {}
            }
        }
        turns.retain(|turn| !turn.changes.is_empty());
        turns
    }
}

/// Whether a call's end says that it did not come to what it should.
fn did_nothing(outcome: &str) -> bool {
    ["failed: ", "not done: ", "declined"].iter().any(|start| outcome.starts_with(start))
}

/// The last turn that changed something and was not taken back; one that takes another back is passed over.
#[must_use]
pub fn last_to_undo(turns: &[PastTurn]) -> Option<&PastTurn> {
    let undone: BTreeSet<&str> = turns.iter().filter_map(|turn| turn.undoes.as_deref()).collect();
    turns.iter().rev().find(|turn| turn.undoes.is_none() && !undone.contains(turn.id.as_str()))
}

/// The turn of the record that is named: by its number, or by (the end of) its path. Numbers are looked for in
/// the records below `root` first, because every project counts its own.
#[must_use]
pub fn named<'a>(turns: &'a [PastTurn], name: &str, root: &Path) -> Option<&'a PastTurn> {
    let number: Option<u64> = name.parse().ok();
    let fits = |turn: &&PastTurn| {
        turn.record.as_ref().is_some_and(|path| match number {
            Some(number) => number_of(path) == Some(number),
            None => path.ends_with(name) || path.file_name().is_some_and(|file| file == name),
        })
    };
    let here = |turn: &&PastTurn| turn.record.as_ref().is_some_and(|path| path.starts_with(root));
    let mut newest_first = turns.iter().rev().filter(fits);
    match number {
        Some(_) => newest_first.find(here),
        None => newest_first.next(),
    }
}

/// The number in the name of a record, `0012-scale-web.general.prompt.md`.
fn number_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.split('-').next()?.parse().ok()
}

/// What takes a turn back: the calls, the last change first, and the commands that have no inverse.
///
/// # Errors
/// When nothing of it can be taken back, or it was made in another context than `context`.
pub fn inverse(turn: &PastTurn, context: &str) -> Result<(Vec<Call>, Vec<String>), AgentError> {
    let mut calls = Vec::new();
    let mut lost = Vec::new();
    for change in turn.changes.iter().rev() {
        if !change.context.is_empty() && change.context != context {
            let there = &change.context;
            return Err(AgentError::new(
                ExitCode::Usage,
                format!("{:?} was done in the context {there}, and this is {context}", turn.request),
            )
            .hint(format!("add --context {there}")));
        }
        match &change.undo {
            Some(call) => calls.push(call.clone()),
            None => lost.push(change.command.clone()),
        }
    }
    if calls.is_empty() {
        return Err(AgentError::new(
            ExitCode::Failed,
            format!("{:?} cannot be undone: {} has no inverse", turn.request, lost.join("; ")),
        )
        .hint("say in words what should be there instead"));
    }
    Ok((calls, lost))
}

#[cfg(test)]
mod tests {
    use super::super::phr::Destination;
    use super::*;
    use serde_json::json;

    fn started(undo: Option<Call>) -> JournalEntry {
        JournalEntry::Started {
            call: "scale name=web replicas=3".into(),
            command: "kubectl scale deployment/web --replicas=3".into(),
            effect: Effect::Change,
            approved_by: "--yes".into(),
            undo,
            context: "dev".into(),
        }
    }

    fn scale(replicas: u32) -> Option<Call> {
        Some(Call::new("scale", json!({"name": "web", "replicas": replicas})))
    }

    /// Writes a turn of these entries; its record has this number.
    fn turn(journal: &Journal, root: &Path, number: u32, entries: &[JournalEntry]) {
        let mut open = journal.open(Destination::in_folder(root)).unwrap();
        open.write(&JournalEntry::Requested { request: format!("request {number}") }).unwrap();
        for entry in entries {
            open.write(entry).unwrap();
        }
        let path = root.join(format!("{number:04}-request.general.prompt.md")).display().to_string();
        open.write(&JournalEntry::Recorded { path }).unwrap();
        open.close();
    }

    fn ended(outcome: &str) -> JournalEntry {
        JournalEntry::Ended { outcome: outcome.into() }
    }

    #[test]
    fn the_last_change_that_was_not_taken_back_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        turn(&journal, folder.path(), 1, &[started(scale(1)), ended("web is set to 2")]);
        turn(&journal, folder.path(), 2, &[started(scale(2)), ended("web is set to 3")]);
        turn(&journal, folder.path(), 3, &[started(scale(3)), ended("failed: no such deployment")]);
        turn(&journal, folder.path(), 4, &[]);
        let past = journal.past();
        let last = last_to_undo(&past).unwrap();
        assert_eq!(last.request, "request 2");
        assert_eq!(inverse(last, "dev").unwrap().0, [scale(2).unwrap()]);

        let id = last.id.clone();
        turn(
            &journal,
            folder.path(),
            5,
            &[JournalEntry::Undoes { undone: id }, started(scale(3)), ended("web is set to 2")],
        );
        let past = journal.past();
        assert_eq!(last_to_undo(&past).unwrap().request, "request 1");
        assert_eq!(named(&past, "5", folder.path()).unwrap().request, "request 5");
        assert_eq!(
            named(&past, "0002-request.general.prompt.md", folder.path()).unwrap().request,
            "request 2"
        );
        assert!(named(&past, "3", folder.path()).is_none());
        assert!(named(&past, "2", Path::new("/elsewhere")).is_none());
    }

    #[test]
    fn several_changes_are_taken_back_in_reverse_and_only_where_they_were_made() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        let entries = [
            started(scale(1)),
            ended("done"),
            started(None),
            ended("done"),
            started(scale(2)),
            ended("done"),
        ];
        turn(&journal, folder.path(), 1, &entries);
        let past = journal.past();
        let (calls, lost) = inverse(&past[0], "dev").unwrap();
        assert_eq!(calls, [scale(2).unwrap(), scale(1).unwrap()]);
        assert_eq!(lost.len(), 1);
        assert!(inverse(&past[0], "prod").unwrap_err().message.contains("dev"));
    }
}
