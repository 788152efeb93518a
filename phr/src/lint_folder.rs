//! Linting a whole folder of records: every file, and what only shows when they are seen together.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::file_name::{ENDING, number_prefix};
use crate::lint::lint_text;
use crate::rule::{Problem, Rule};

/// What linting a folder found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LintReport {
    /// How many records were looked at.
    pub checked: usize,
    /// The files with problems, sorted by path.
    pub files: Vec<FileProblems>,
}

/// The problems of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblems {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it; at least one.
    pub problems: Vec<Problem>,
}

/// Lints every record under `root`, usually the repository's `history/prompts`. Links are not followed.
///
/// # Errors
/// [`Error::Io`] if `root` or a folder in it cannot be listed. A file that cannot be read is a problem
/// of the report, not an error.
pub fn lint_dir(root: &Path) -> Result<LintReport> {
    let mut report = LintReport::default();
    for entry in listing(root)? {
        let path = entry.path();
        if is_folder(&entry) {
            lint_folder(&path, &mut report)?;
        } else if is_record(&path) {
            report.checked += 1;
            add(&mut report, path, vec![misplaced()]);
        }
    }
    report.files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(report)
}

/// Lints the records of one stage or feature.
fn lint_folder(folder: &Path, report: &mut LintReport) -> Result<()> {
    let entries = listing(folder)?;
    let mut first_with: Vec<(u16, String)> = Vec::new();
    for entry in entries {
        let path = entry.path();
        if is_folder(&entry) {
            for nested in listing(&path)?.iter().map(DirEntry::path).filter(|path| is_record(path)) {
                report.checked += 1;
                add(report, nested, vec![misplaced()]);
            }
            continue;
        }
        if !is_record(&path) {
            continue;
        }
        report.checked += 1;
        let mut problems = match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => lint_text(&path, &text),
            Ok(Err(_)) => {
                vec![Problem::new(Rule::Unreadable, 1, "the file is not text in UTF-8; save it as such")]
            }
            Err(error) => {
                vec![Problem::new(Rule::Unreadable, 1, format!("the file cannot be read: {error}"))]
            }
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(number) = number_prefix(&name) {
            match first_with.iter().find(|(taken, _)| *taken == number) {
                Some((_, other)) => {
                    let message =
                        format!("{other} has the number {number:04} too; give this record the next free one");
                    problems.insert(0, Problem::new(Rule::IdDuplicate, 1, message));
                }
                None => first_with.push((number, name)),
            }
        }
        add(report, path, problems);
    }
    Ok(())
}

fn misplaced() -> Problem {
    Problem::new(
        Rule::Misplaced,
        1,
        "records lie in constitution/, general/ or the folder of a feature; move the file to one of them",
    )
}

fn add(report: &mut LintReport, path: PathBuf, problems: Vec<Problem>) {
    if !problems.is_empty() {
        report.files.push(FileProblems { path, problems });
    }
}

/// Markdown files are records, whatever they are called: a record with a wrong ending is the defect to
/// find. A folder's `README.md` is not one.
fn is_record(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(ENDING) || (name.ends_with(".md") && !name.eq_ignore_ascii_case("README.md"))
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn listing(folder: &Path) -> Result<Vec<DirEntry>> {
    let failed = |error| Error::io("list", folder, error);
    let mut entries =
        fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Record, Store};

    #[test]
    fn what_only_shows_together_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let record = Record::for_request("show me all todo pods", jiff::civil::date(2026, 11, 24));
        let written = store.write(&record).unwrap();
        assert_eq!(lint_dir(folder.path()).unwrap(), LintReport { checked: 1, files: Vec::new() });

        let text = fs::read(&written.path).unwrap();
        let general = folder.path().join("general");
        fs::write(general.join("0001-show-me-all-todo-nodes.general.prompt.md"), &text).unwrap();
        fs::write(folder.path().join("0001-stray.general.prompt.md"), &text).unwrap();
        fs::create_dir_all(general.join("deeper")).unwrap();
        fs::write(general.join("deeper/0001-x.general.prompt.md"), &text).unwrap();
        fs::write(general.join("0002-bytes.general.prompt.md"), b"\xff\xfe").unwrap();
        fs::write(general.join("notes.md"), "just notes").unwrap();
        fs::write(general.join("README.md"), "about").unwrap();
        let report = lint_dir(folder.path()).unwrap();
        assert_eq!(report.checked, 6);
        let found: Vec<_> = report
            .files
            .iter()
            .map(|file| {
                format!("{} {}", file.path.file_name().unwrap().display(), file.problems[0].rule.id())
            })
            .collect();
        assert_eq!(
            found,
            [
                "0001-stray.general.prompt.md misplaced",
                "0001-show-me-all-todo-nodes.general.prompt.md title-mismatch",
                "0001-show-me-all-todo-pods.general.prompt.md id-duplicate",
                "0002-bytes.general.prompt.md unreadable",
                "0001-x.general.prompt.md misplaced",
                "notes.md file-name",
            ]
        );
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let error = lint_dir(Path::new("no-such-folder")).unwrap_err();
        insta::assert_snapshot!(error, @"cannot list no-such-folder: No such file or directory (os error 2); check the folder, or choose another one with --phr-dir");
    }
}
