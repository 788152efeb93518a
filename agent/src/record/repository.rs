//! The repository a request is made in: where its records go, on which branch and by whom.
//!
//! The branch is read from `.git` directly and the user's name is asked of git beside the request's own work,
//! because two more processes before the answer would cost as much as the answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

/// The repository, and who works in it.
#[derive(Debug)]
pub struct Repository {
    /// Its top folder; the current folder when there is no repository.
    pub top: PathBuf,
    /// Whether there is a repository at all.
    pub exists: bool,
    user: Option<JoinHandle<Option<String>>>,
}

impl Repository {
    /// The repository that holds `folder`.
    #[must_use]
    pub fn around(folder: &Path) -> Self {
        let top = folder.ancestors().find(|place| place.join(".git").exists());
        let exists = top.is_some();
        let top = top.unwrap_or(folder).to_owned();
        let place = top.clone();
        let user = std::thread::Builder::new().spawn(move || user_name(&place)).ok();
        Self { top, exists, user }
    }

    /// The current branch; `None` when detached or without a repository.
    #[must_use]
    pub fn branch(&self) -> Option<String> {
        let git = self.top.join(".git");
        let folder = if git.is_file() {
            // A work tree's `.git` is a file that says where its folder is.
            let text = fs::read_to_string(&git).ok()?;
            self.top.join(text.strip_prefix("gitdir:")?.trim())
        } else {
            git
        };
        let head = fs::read_to_string(folder.join("HEAD")).ok()?;
        head.trim().strip_prefix("ref: refs/heads/").map(str::to_owned)
    }

    /// The user's name as git knows it; waits for the answer the first time.
    pub fn user(&mut self) -> Option<String> {
        self.user.take().and_then(|thread| thread.join().ok()).flatten()
    }
}

fn user_name(folder: &Path) -> Option<String> {
    let output = Command::new("git")
        .args(["config", "user.name"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_is_read_from_head() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        fs::create_dir_all(folder.path().join("deep/er")).unwrap();
        fs::write(folder.path().join(".git/HEAD"), "ref: refs/heads/004-feature\n").unwrap();
        let repository = Repository::around(&folder.path().join("deep/er"));
        assert_eq!(repository.top, folder.path());
        assert_eq!(repository.branch().as_deref(), Some("004-feature"));
        fs::write(folder.path().join(".git/HEAD"), "0123456789\n").unwrap();
        assert_eq!(repository.branch(), None);
    }
}
