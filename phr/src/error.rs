//! The one error enum of the crate. A record that could not be written must never block the command
//! it records, so every message is one a person can act on: it names the path and the next step, and
//! the caller still holds the [`Record`](crate::Record) it tried to write.

use std::io;
use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong while a record is placed, rendered, stored or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("cannot {doing} {}: {source}; {advice}", path.display())]
    Io {
        /// What was tried, as a verb that reads after "cannot".
        doing: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// What the person can do about it.
        advice: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Something that is not a folder stands where a folder of records belongs.
    #[error("{} is not a folder, so no record can be kept in it; move it away or choose another folder with --phr-dir", path.display())]
    NotADirectory {
        /// What stands in the way: a file, or a link that leads nowhere.
        path: PathBuf,
    },
    /// A folder of records is a link that leads out of the root folder.
    #[error("{} leads to {}, outside the folder of records; replace the link with a folder, or pass the target with --phr-dir", path.display(), target.display())]
    OutsideRoot {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// Four digits are used up.
    #[error("{} already holds a record with the id 9999, the last there is; move older records to another folder", directory.display())]
    IdsExhausted {
        /// The folder that is full.
        directory: PathBuf,
    },
    /// Other writers took every id that was tried.
    #[error("other writers took the next id in {} {attempts} times in a row; try again in a moment", directory.display())]
    Contended {
        /// The folder that was contended.
        directory: PathBuf,
        /// How many ids were tried.
        attempts: u32,
    },
    /// A feature name that cannot be the name of a folder under `specs/`.
    #[error(
        "{origin} is not a feature name: {name:?} {reason}; give the name of a folder under specs/, such as 004-phase4-kubernetes"
    )]
    FeatureName {
        /// Where the name came from, such as "the value of --feature".
        origin: &'static str,
        /// The name as it was given, shortened.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The front matter could not be written as YAML.
    #[error("cannot write the front matter of the record as YAML: {0}; report this as a defect")]
    FrontMatter(String),
    /// A text that was to be read back as a record lacks something a record has.
    #[error("this is not a complete record: {0}; lint the file to see everything that is wrong with it")]
    Incomplete(String),
}

impl Error {
    /// Wraps what the operating system said, and picks the advice that fits it.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_path_buf(), advice: advice(source.kind()), source }
    }
}

/// The next step for a kind of failure.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or choose another folder with --phr-dir"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only; choose another folder with --phr-dir"
        }
        io::ErrorKind::PermissionDenied => "allow writing there, or choose another folder with --phr-dir",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file stands where a folder belongs; move it away, or choose another folder with --phr-dir"
        }
        _ => "check the folder, or choose another one with --phr-dir",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_the_disk_names_the_path_and_the_next_step() {
        let shown = |kind: io::ErrorKind| {
            Error::io("write", Path::new("history/prompts/general"), kind.into()).to_string()
        };
        insta::assert_snapshot!(shown(io::ErrorKind::StorageFull), @"cannot write history/prompts/general: no storage space; free some space, or choose another folder with --phr-dir");
        insta::assert_snapshot!(shown(io::ErrorKind::ReadOnlyFilesystem), @"cannot write history/prompts/general: read-only filesystem or storage medium; the file system is read-only; choose another folder with --phr-dir");
        insta::assert_snapshot!(shown(io::ErrorKind::PermissionDenied), @"cannot write history/prompts/general: permission denied; allow writing there, or choose another folder with --phr-dir");
    }
}
