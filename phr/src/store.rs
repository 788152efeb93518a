//! The folder of records. One write has to keep three promises at once, against other shipmates, other
//! programs and a machine that may stop at any moment: two records of a folder never share an id, a
//! reader never sees half a record, and nothing already there is ever replaced.
//!
//! A record is written to a temporary file in the same folder, flushed to disk, and given its name in one
//! step that fails if the name is taken. The folder is locked meanwhile, which keeps shipmates apart; the
//! system lifts the lock when a process dies. Writers that know nothing of the lock, and file systems
//! without locks, are covered by looking again afterwards: whoever then finds a second record with the
//! same id takes the own one back and tries the next id. Of two such writers the later one is sure to
//! see the earlier one's file.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{Error, Result};
use crate::file_name::{FileName, RecordId, number_prefix};
use crate::record::Record;
use crate::render::render;
use crate::slug::slug;
use crate::stage::Stage;

/// Start and end of the names of temporary files; the id counter ignores them.
const TEMPORARY: (&str, &str) = (".phr-", ".tmp");
/// Age from which a temporary file was left by a process that died.
const STALE: Duration = Duration::from_secs(60 * 60);
/// How long to wait for another shipmate before going on without the lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// How many ids to try.
const ATTEMPTS: u32 = 100;

/// The records of one repository.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A record that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// The id it got.
    pub id: RecordId,
    /// The stage it was written with (see [`Record::effective_stage`]).
    pub stage: Stage,
}

impl Store {
    /// A store in that folder, usually the repository's `history/prompts`. Nothing is touched until the
    /// first write.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a record under the next free id of its folder, making the folder if need be.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotADirectory`] and [`Error::OutsideRoot`] if the folder cannot be written
    /// to, [`Error::IdsExhausted`] after 9999, [`Error::Contended`] if other writers were faster a
    /// hundred times, [`Error::FrontMatter`] if the record cannot be rendered. Nothing is left behind
    /// then, and the record is still the caller's.
    pub fn write(&self, record: &Record) -> Result<Written> {
        let stage = record.effective_stage();
        let slug = slug(record.title.as_str());
        let directory = self.prepare(record.folder())?;
        let _lock = lock(&directory);
        remove_stale(&directory);
        for attempt in 0..ATTEMPTS {
            let id = next_id(&directory)?;
            let name = FileName { id, slug: slug.clone(), stage };
            let path = directory.join(name.to_string());
            if !publish(&directory, &path, &render(record, id)?)? {
                continue;
            }
            if is_alone(&directory, id, &path)? {
                return Ok(Written { path, id, stage });
            }
            fs::remove_file(&path).map_err(|error| Error::io("take back", &path, error))?;
            // Two writers that saw each other must not meet again at the next id.
            sleep(Duration::from_millis(u64::from(std::process::id().wrapping_add(attempt * 7) % 13)));
        }
        Err(Error::Contended { directory, attempts: ATTEMPTS })
    }

    /// Makes the folder and sees to it that it is one, inside the root.
    fn prepare(&self, folder: &str) -> Result<PathBuf> {
        let directory = self.root.join(folder);
        for path in [&self.root, &directory] {
            if let Err(error) = fs::create_dir_all(path) {
                let blocked =
                    path.ancestors().find(|part| fs::symlink_metadata(part).is_ok() && !part.is_dir());
                return Err(match blocked {
                    Some(part) => Error::NotADirectory { path: part.to_path_buf() },
                    None => Error::io("make the folder", path, error),
                });
            }
        }
        // The root may be a link, that is its owner's choice; a link below it could lead anywhere.
        let resolve = |path: &Path| fs::canonicalize(path).map_err(|error| Error::io("open", path, error));
        let target = resolve(&directory)?;
        if target.starts_with(resolve(&self.root)?) {
            Ok(directory)
        } else {
            Err(Error::OutsideRoot { path: directory, target })
        }
    }
}

/// Locks the folder itself, so that no lock file lies among the records. Where that is not possible, or
/// another process holds the lock and does not move, writing goes on without: see the module's text.
fn lock(directory: &Path) -> Option<File> {
    let file = File::open(directory).ok()?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_PATIENCE => {
                sleep(Duration::from_millis(2));
            }
            Err(_) => return None,
        }
    }
}

/// The numbers in use, each with the name that uses it.
fn numbers(directory: &Path) -> Result<Vec<(u16, String)>> {
    let listing = fs::read_dir(directory).map_err(|error| Error::io("list", directory, error))?;
    let mut numbers = Vec::new();
    for entry in listing {
        let entry = entry.map_err(|error| Error::io("list", directory, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(number) = number_prefix(&name) {
            numbers.push((number, name));
        }
    }
    Ok(numbers)
}

fn next_id(directory: &Path) -> Result<RecordId> {
    let highest = numbers(directory)?.into_iter().map(|(number, _)| number).max().unwrap_or(0);
    RecordId::new(highest.saturating_add(1))
        .ok_or_else(|| Error::IdsExhausted { directory: directory.to_path_buf() })
}

/// Whether no other file has the id.
fn is_alone(directory: &Path, id: RecordId, path: &Path) -> Result<bool> {
    let own = path.file_name().unwrap_or_default();
    Ok(!numbers(directory)?.into_iter().any(|(number, name)| number == id.number() && *name != *own))
}

/// Puts a complete file at `path`; `false` if the name is taken.
fn publish(directory: &Path, path: &Path, text: &str) -> Result<bool> {
    let failed = |error| Error::io("write", path, error);
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    // A record is for everyone who can read the repository; the user's umask still applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    // The content must be on disk before the name is, or a power failure could leave an empty record.
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Some shared folders know neither a rename that does not replace nor hard links. Under the lock,
        // and with an id nobody had a moment ago, a plain rename is the best that can be done there.
        Err(error) if fs::symlink_metadata(path).is_err() => {
            error.file.persist(path).map(|_| true).map_err(|error| failed(error.error))
        }
        Err(error) => Err(failed(error.error)),
    }
}

/// Removes temporary files of processes that died. Failing to is no reason not to write.
fn remove_stale(directory: &Path) {
    let is_stale = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_temporary = name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1);
        let metadata = entry.metadata().ok().filter(|metadata| is_temporary && metadata.is_file());
        let modified = metadata.and_then(|metadata| metadata.modified().ok());
        modified
            .and_then(|modified| SystemTime::now().duration_since(modified).ok())
            .is_some_and(|age| age > STALE)
    };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten().filter(is_stale) {
        // Another shipmate may have been faster.
        drop(fs::remove_file(entry.path()));
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
