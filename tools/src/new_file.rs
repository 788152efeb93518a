//! A file of the project that a tool writes: never outside of the project, never through a link, and never over
//! something else than what was shown.

use ring::digest::{SHA256, digest};
use similar::{ChangeTag, TextDiff};
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::project::Project;

/// Lines kept around a changed one.
const CONTEXT: usize = 2;

/// A file, as it is.
#[derive(Debug, Clone)]
pub struct NewFile {
    place: PathBuf,
    path: String,
    /// What it holds; nothing when it is not there yet.
    pub before: Option<String>,
}

impl NewFile {
    /// Refuses a path that could lead out of the project.
    ///
    /// # Errors
    /// `InvalidArguments`.
    pub fn check(path: &str) -> Result<()> {
        let inside =
            Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let named = Path::new(path).file_name().is_some() && !path.ends_with('/');
        if inside && named && !path.starts_with('-') && !path.contains(char::is_control) {
            return Ok(());
        }
        Err(Feedback::new(ErrorKind::InvalidArguments, format!("{path:?} is no file of the project"))
            .next("name a path below the folder you are in, such as manifests/web.yaml")
            .into())
    }

    /// The file at `path` of the project.
    ///
    /// # Errors
    /// As [`Self::check`]; `Refused` for a link, or where a folder on the way leads out of the project.
    pub fn at(project: &Project, path: &str) -> Result<Self> {
        Self::check(path)?;
        let place = project.resolve(path);
        let refused = |why: &str| -> ToolError {
            Feedback::new(ErrorKind::Refused, format!("{path} is not written: {why}"))
                .next("name a plain file of the project")
                .into()
        };
        if place.is_symlink() {
            return Err(refused("it is a link"));
        }
        let home = project.folder().canonicalize().map_err(|error| unwritable(path, &error))?;
        // The nearest folder that exists tells where the file would really be.
        let folder = place.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(&home);
        if !folder.canonicalize().is_ok_and(|folder| folder.starts_with(&home)) {
            return Err(refused("a folder on the way leads out of the project"));
        }
        let before = if place.exists() {
            Some(fs::read_to_string(&place).map_err(|error| unwritable(path, &error))?)
        } else {
            None
        };
        Ok(Self { place, path: path.to_owned(), before })
    }

    /// What tells whether it is still as it was shown.
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        let hash = digest(&SHA256, self.before.as_ref()?.as_bytes());
        Some(hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// What would change in it: lines that begin with `+`, `-` or a space.
    #[must_use]
    pub fn difference(&self, text: &str) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        let diff = TextDiff::from_lines(before, text);
        let mut shown = String::new();
        for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
            if index > 0 {
                shown.push_str("  …\n");
            }
            for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
                shown.push_str(match change.tag() {
                    ChangeTag::Delete => "- ",
                    ChangeTag::Insert => "+ ",
                    ChangeTag::Equal => "  ",
                });
                shown.push_str(change.value());
                if !change.value().ends_with('\n') {
                    shown.push('\n');
                }
            }
        }
        shown
    }

    /// Writes it, with the folders on the way.
    ///
    /// # Errors
    /// `Conflict` when there is a file where there was none, else what the file system has against it.
    pub fn write(&self, text: &str) -> Result<()> {
        let failed = |error: std::io::Error| unwritable(&self.path, &error);
        if let Some(folder) = self.place.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        if self.before.is_some() {
            return fs::write(&self.place, text).map_err(failed);
        }
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).open(&self.place).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)
    }
}

fn unwritable(path: &str, error: &std::io::Error) -> ToolError {
    let kind = match error.kind() {
        std::io::ErrorKind::AlreadyExists => ErrorKind::Conflict,
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::Other,
    };
    Feedback::new(kind, format!("{path} cannot be written: {error}"))
        .next("check the folder and who may write to it, or name another file")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_project_are_written() {
        for path in ["", ".", "..", "../x.yaml", "/etc/x", "a/../../x", "-x.yaml", "folder/", "a\nb"] {
            assert!(NewFile::check(path).is_err(), "{path:?}");
        }
        for path in ["web.yaml", "./web.yaml", "a/b/web.yaml"] {
            assert!(NewFile::check(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn a_file_is_written_once_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::new(folder.path().to_owned());
        let file = NewFile::at(&project, "a/web.yaml").unwrap();
        assert_eq!((file.before.as_deref(), file.fingerprint()), (None, None));
        assert_eq!(file.difference("x: 1\n"), "+ x: 1\n");
        file.write("x: 1\n").unwrap();
        assert_eq!(file.write("x: 2\n").unwrap_err().kind(), ErrorKind::Conflict);
        let again = NewFile::at(&project, "a/web.yaml").unwrap();
        assert_eq!(again.difference("x: 2\n"), "- x: 1\n+ x: 2\n");
        again.write("x: 2\n").unwrap();
        assert_ne!(NewFile::at(&project, "a/web.yaml").unwrap().fingerprint(), again.fingerprint());
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("x"), folder.path().join("link.yaml")).unwrap();
        for path in ["out/web.yaml", "link.yaml"] {
            assert_eq!(NewFile::at(&project, path).unwrap_err().kind(), ErrorKind::Refused, "{path}");
        }
    }
}
