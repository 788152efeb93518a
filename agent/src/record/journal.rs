//! The journal: append-only, one JSON line an event, written before the event it announces.
//!
//! Each open turn also has a small file of its own under `open/`, locked while its process lives. A start
//! looks at that folder only, which is nearly always empty; an unlocked file there is a turn whose process
//! ended without recording it.

use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::turn::JournalEntry;

/// Version of the journal's lines; a newer one is left alone and said.
pub(super) const VERSION: u32 = 1;

/// The journal of one user's state folder.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
}

/// One line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub version: u32,
    pub turn: String,
    pub time: String,
    #[serde(flatten)]
    pub entry: JournalEntry,
}

/// What a turn's open file holds: where its record goes. Everything else is in the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Marker {
    pub version: u32,
    pub turn: String,
    pub destination: super::phr::Destination,
}

/// A turn whose journal is open. Dropping it without [`OpenTurn::close`] leaves it to be recovered.
#[derive(Debug)]
pub struct OpenTurn {
    journal: Journal,
    id: String,
    marker: PathBuf,
    // Held for its lock: the operating system releases it when the process ends, however it ends.
    _lock: File,
    lines: File,
}

impl Journal {
    /// The journal in the state folder `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    pub(super) fn open_folder(&self) -> PathBuf {
        self.folder.join("open")
    }

    pub(super) fn lines_path(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    /// Opens a turn.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn open(&self, destination: super::phr::Destination) -> io::Result<OpenTurn> {
        let open = self.open_folder();
        create_private(&open)?;
        let id = format!("{}-{}", jiff::Timestamp::now().as_nanosecond(), std::process::id());
        let marker = open.join(&id);
        let temporary = open.join(format!(".{id}"));
        // Locked before it has its name, so no other start ever sees it unlocked.
        let mut lock = private().create_new(true).open(&temporary)?;
        lock.lock()?;
        // One write: a file gives every piece that a serializer hands it to the system.
        lock.write_all(&serde_json::to_vec(&Marker { version: VERSION, turn: id.clone(), destination })?)?;
        fs::rename(&temporary, &marker)?;
        let lines = private().append(true).create(true).open(self.lines_path())?;
        Ok(OpenTurn { journal: self.clone(), id, marker, _lock: lock, lines })
    }

    /// Open turns whose process has ended, locked by this process from here on.
    pub(super) fn abandoned(&self) -> Vec<(Marker, PathBuf, File)> {
        let Ok(entries) = fs::read_dir(self.open_folder()) else { return Vec::new() };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => {
                    tracing::debug!(%error, path = %path.display(), "an open turn could not be locked");
                    continue;
                }
            }
            // Another start may have recovered and removed it between our look and our lock.
            if !path.exists() {
                continue;
            }
            match fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Marker>(&text).ok()) {
                Some(marker) if marker.version <= VERSION => found.push((marker, path, file)),
                Some(_) => {}
                // Ended before its marker was whole: nothing had begun.
                None => drop(fs::remove_file(&path)),
            }
        }
        found
    }

    /// The entries of one turn, in order. Lines that are cut or of another version are passed over.
    pub(super) fn entries(&self, turn: &str) -> Vec<Line> {
        let text = fs::read_to_string(self.lines_path()).unwrap_or_default();
        text.lines()
            .filter(|line| line.contains(turn))
            .filter_map(|line| serde_json::from_str::<Line>(line).ok())
            .filter(|line| line.turn == turn && line.version <= VERSION)
            .collect()
    }
}

impl OpenTurn {
    /// The turn's name in the journal.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Writes an entry. What announces a change is on the disk before this returns.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing may be run.
    pub fn write(&mut self, entry: &JournalEntry) -> io::Result<()> {
        let line = Line {
            version: VERSION,
            turn: self.id.clone(),
            time: jiff::Timestamp::now().to_string(),
            entry: entry.clone(),
        };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        // One write: two processes that append at once never mix their lines.
        self.lines.write_all(&text)?;
        if matches!(entry, JournalEntry::Started { effect, .. } if *effect != shipmate_tools::Effect::Read) {
            self.lines.sync_data()?;
        }
        Ok(())
    }

    /// Closes the turn: its record is written.
    pub fn close(self) {
        if let Err(error) = fs::remove_file(&self.marker) {
            tracing::debug!(%error, "the open turn's file could not be removed");
        }
        drop(self.journal);
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Makes a folder that only its owner can look into, unless it is there.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::super::phr::Destination;
    use super::*;

    #[test]
    fn a_turn_that_lives_is_not_abandoned_and_one_that_ended_is() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        let mut turn = journal.open(Destination::in_folder(folder.path())).unwrap();
        turn.write(&JournalEntry::Requested { request: "show pods".into() }).unwrap();
        assert!(journal.abandoned().is_empty());
        let id = turn.id.clone();
        drop(turn);
        // A child that another test is just starting holds the lock until it has become its program.
        let abandoned = (0..100)
            .map(|_| journal.abandoned())
            .inspect(|found| {
                if found.is_empty() {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
            })
            .find(|found| !found.is_empty())
            .unwrap();
        assert_eq!(
            abandoned.iter().map(|(marker, _, _)| marker.turn.clone()).collect::<Vec<_>>(),
            std::slice::from_ref(&id)
        );
        assert_eq!(journal.entries(&id).len(), 1);
    }

    #[test]
    fn a_closed_turn_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        journal.open(Destination::in_folder(folder.path())).unwrap().close();
        assert!(journal.abandoned().is_empty());
        assert_eq!(fs::read_dir(journal.open_folder()).unwrap().count(), 0);
    }

    #[test]
    fn a_cut_line_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        let mut turn = journal.open(Destination::in_folder(folder.path())).unwrap();
        turn.write(&JournalEntry::Requested { request: "show pods".into() }).unwrap();
        turn.lines.write_all(format!("{{\"turn\":\"{}\",\"ev", turn.id).as_bytes()).unwrap();
        assert_eq!(journal.entries(&turn.id).len(), 1);
    }
}
