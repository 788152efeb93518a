//! Which feature a record belongs to. The rule is Spec-Kit-Plus's, most explicit first: a flag, the
//! value of `SPECIFY_FEATURE`, the git branch if `specs/` has a folder of that name, the
//! highest-numbered `specs/NNN-*`. Nothing here reads the environment or asks git: the caller passes
//! both in, so the rule can be tested as a table.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::feature::FeatureName;

/// Everything besides the `specs/` folder that can name the feature. An empty value counts as none.
#[derive(Debug, Clone, Copy, Default)]
pub struct FeatureSources<'a> {
    /// The value of the flag `--feature`.
    pub flag: Option<&'a str>,
    /// The value of the environment variable `SPECIFY_FEATURE`.
    pub specify_feature: Option<&'a str>,
    /// The current git branch; `None` for a detached head or outside a repository.
    pub branch: Option<&'a str>,
}

/// Finds the feature. `None` means there is none, and the stage is then
/// [`General`](crate::Stage::General).
///
/// A branch that is no valid feature name (`feature/login`) names no folder and is passed over; a flag
/// or a variable was meant, so the same name there is an error.
///
/// # Errors
/// [`Error::FeatureName`] for a bad flag or variable, [`Error::Io`] if `specs` exists but cannot be read.
pub fn resolve_feature(sources: FeatureSources<'_>, specs: &Path) -> Result<Option<FeatureName>> {
    if let Some(flag) = given(sources.flag) {
        return FeatureName::parse_from("the value of --feature", flag).map(Some);
    }
    if let Some(variable) = given(sources.specify_feature) {
        return FeatureName::parse_from("the value of SPECIFY_FEATURE", variable).map(Some);
    }
    let branch = given(sources.branch)
        .filter(|branch| !matches!(*branch, "main" | "master"))
        .and_then(|branch| FeatureName::parse(branch).ok())
        .filter(|branch| specs.join(branch.as_str()).is_dir());
    if branch.is_some() { Ok(branch) } else { highest_numbered(specs) }
}

fn given(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

/// The folder `NNN-*` with the highest number; of two with the same number the last by name, so that
/// the answer does not depend on the order the file system lists them in.
fn highest_numbered(specs: &Path) -> Result<Option<FeatureName>> {
    let listing = match fs::read_dir(specs) {
        Ok(listing) => listing,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(Error::io("list", specs, error)),
    };
    let mut best: Option<(u32, FeatureName)> = None;
    for entry in listing {
        let entry = entry.map_err(|error| Error::io("list", specs, error))?;
        let Some(candidate) = entry.file_name().to_str().and_then(numbered) else { continue };
        if entry.path().is_dir() && best.as_ref().is_none_or(|best| *best < candidate) {
            best = Some(candidate);
        }
    }
    Ok(best.map(|(_, name)| name))
}

/// Reads `NNN-name`: three digits or more, a dash, a name.
fn numbered(name: &str) -> Option<(u32, FeatureName)> {
    let (digits, rest) = name.split_once('-')?;
    let is_number = digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || rest.is_empty() {
        return None;
    }
    Some((digits.parse().ok()?, FeatureName::parse(name).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        folder
    }

    fn resolve(sources: FeatureSources<'_>, specs: &tempfile::TempDir) -> Option<String> {
        resolve_feature(sources, specs.path()).unwrap().map(String::from)
    }

    #[test]
    fn the_most_explicit_source_wins() {
        let specs = specs(&["001-first", "004-phase4-kubernetes", "010-later"]);
        let mut sources = FeatureSources {
            flag: Some("002-flag"),
            specify_feature: Some("003-variable"),
            branch: Some("004-phase4-kubernetes"),
        };
        assert_eq!(resolve(sources, &specs).as_deref(), Some("002-flag"));
        sources.flag = Some("  ");
        assert_eq!(resolve(sources, &specs).as_deref(), Some("003-variable"));
        sources.specify_feature = None;
        assert_eq!(resolve(sources, &specs).as_deref(), Some("004-phase4-kubernetes"));
        sources.branch = Some("no-such-folder");
        assert_eq!(resolve(sources, &specs).as_deref(), Some("010-later"));
    }

    #[test]
    fn main_and_master_are_never_a_feature() {
        let specs = specs(&["main", "master"]);
        for branch in ["main", "master"] {
            assert_eq!(resolve(FeatureSources { branch: Some(branch), ..Default::default() }, &specs), None);
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_only_folders_count() {
        let folder = specs(&["099-b", "0100-c", "12-short", "abc", "200", "300-"]);
        fs::write(folder.path().join("999-file"), "").unwrap();
        assert_eq!(resolve(FeatureSources::default(), &folder).as_deref(), Some("0100-c"));
        let tied = specs(&["007-b", "007-c", "007-a"]);
        assert_eq!(resolve(FeatureSources::default(), &tied).as_deref(), Some("007-c"));
    }

    #[test]
    fn no_specs_means_no_feature() {
        let folder = specs(&[]);
        let missing = folder.path().join("missing");
        assert_eq!(resolve_feature(FeatureSources::default(), &missing).unwrap(), None);
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(resolve_feature(FeatureSources::default(), &file).unwrap(), None);
    }

    #[test]
    fn a_path_is_refused_where_it_was_meant_and_passed_over_where_it_was_not() {
        let specs = specs(&["001-first"]);
        for bad in ["../../etc", "/etc", "a/b", ".."] {
            let flag = FeatureSources { flag: Some(bad), ..Default::default() };
            assert!(resolve_feature(flag, specs.path()).is_err(), "{bad}");
            let variable = FeatureSources { specify_feature: Some(bad), ..Default::default() };
            assert!(resolve_feature(variable, specs.path()).is_err(), "{bad}");
            let branch = FeatureSources { branch: Some(bad), ..Default::default() };
            assert_eq!(resolve(branch, &specs).as_deref(), Some("001-first"), "{bad}");
        }
    }
}
