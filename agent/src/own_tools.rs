//! Tools of one's own: which files declare them, and which of these may be used. The user's own files are; a file
//! of the project came with a repository that somebody else may have written, and is used once its very content
//! was trusted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use shipmate_tools::own::Declaration;
use shipmate_tools::{catalog, kubernetes};

use crate::config::{state_folder, user_folder};
use crate::error::{AgentError, ExitCode};
use crate::record::create_private_folder;

/// Most bytes of a file that are read: a declaration is a page.
const LIMIT: u64 = 64 * 1024;

/// Lets the tools of one's own join the catalog. The remarks say which files were passed over, and why.
#[must_use]
pub fn load(folder: &Path) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut entries: Vec<catalog::Entry> = Vec::new();
    let trusted = trusted();
    let own = files(&user_folder().join("tools.d")).into_iter().map(|file| (file, false));
    let projects = folder
        .ancestors()
        .map(|place| place.join("tools.d"))
        .find(|place| place.is_dir())
        .map(|place| files(&place))
        .unwrap_or_default();
    for (file, is_projects) in own.chain(projects.into_iter().map(|file| (file, true))) {
        let shown = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        let text = match read(&file) {
            Ok(text) => text,
            Err(error) => {
                remarks.push(format!("{shown} is passed over: {error}"));
                continue;
            }
        };
        if is_projects && trusted.get(&key(&file)) != Some(&hash(&text)) {
            remarks.push(format!(
                "{shown} came with this project and is not trusted as it is now: read it, then `shipmate tools --trust {shown}`"
            ));
            continue;
        }
        match declared(&text) {
            Ok(entry) if entries.iter().any(|known| known.tool.name() == entry.tool.name()) => {
                remarks.push(format!("{shown} is passed over: {} is declared already", entry.tool.name()));
            }
            Ok(entry) => entries.push(entry),
            Err(error) => remarks.push(format!("{shown} is passed over: {error}")),
        }
    }
    catalog::join(entries);
    remarks
}

/// Trusts a file of a project as it is now.
///
/// # Errors
/// A file that declares no tool, or a state folder that cannot be written.
pub fn trust(file: &Path) -> Result<String, AgentError> {
    let shown = file.display();
    let usage = |error: String| {
        AgentError::new(ExitCode::Usage, format!("{shown} cannot be trusted: {error}"))
            .hint("it has to declare one tool; docs/own-tools.md says how")
    };
    let text = read(file).map_err(usage)?;
    let mut all = trusted();
    if all.get(&key(file)) == Some(&hash(&text)) {
        return Ok(format!("{shown} is trusted already."));
    }
    let name = declared(&text).map(|entry| entry.tool.name()).map_err(usage)?;
    all.insert(key(file), hash(&text));
    let failed = |error: std::io::Error| {
        AgentError::new(ExitCode::Failed, format!("what is trusted could not be written: {error}"))
    };
    create_private_folder(&state_folder()).map_err(failed)?;
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    fs::write(place(), text).map_err(failed)?;
    Ok(format!("{shown} is trusted as it is now: the tool {name} can be used here."))
}

fn declared(text: &str) -> Result<catalog::Entry, String> {
    toml::from_str::<Declaration>(text).map_err(|error| error.to_string())?.into_entry()
}

fn place() -> PathBuf {
    state_folder().join("trusted-tools.json")
}

fn trusted() -> BTreeMap<String, String> {
    let text = fs::read_to_string(place()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// A file by its real place, so that a link to it is the same file.
fn key(file: &Path) -> String {
    fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()).display().to_string()
}

fn hash(text: &str) -> String {
    kubernetes::digest(std::iter::once(("tool", text.as_bytes())))
}

fn read(file: &Path) -> Result<String, String> {
    let size = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > LIMIT {
        return Err(format!("it has {size} bytes, and a declaration has at most {LIMIT}"));
    }
    fs::read_to_string(file).map_err(|error| error.to_string())
}

/// The declarations in a folder, sorted by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file())
        .collect();
    found.sort();
    found
}
