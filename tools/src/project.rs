//! The project folder: which Dockerfiles, charts and manifests it holds. Found by walking it once, without
//! the folders that are never a project's own (version control, dependencies, build output).

use std::path::{Path, PathBuf};

/// How deep the walk goes; deeper trees are dependencies or data.
const DEPTH: usize = 6;

/// At most this many entries are looked at, so that a home folder does not stall a request.
const ENTRIES: usize = 20_000;

const SKIPPED: [&str; 8] =
    ["node_modules", "target", "vendor", "dist", "build", "__pycache__", "venv", "site-packages"];

/// The project folder.
#[derive(Debug, Clone)]
pub struct Project {
    folder: PathBuf,
}

impl Project {
    /// The project in `folder`.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path of the project as it can be opened.
    #[must_use]
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Dockerfiles, as paths relative to the folder, the shallowest first.
    #[must_use]
    pub fn dockerfiles(&self) -> Vec<String> {
        self.files(|name| {
            let lower = name.to_ascii_lowercase();
            lower == "dockerfile"
                || lower == "containerfile"
                || lower.starts_with("dockerfile.")
                || lower.ends_with(".dockerfile")
        })
    }

    /// Chart folders, as paths relative to the folder, the shallowest first; charts inside charts are left out.
    #[must_use]
    pub fn charts(&self) -> Vec<String> {
        let charts: Vec<String> = self
            .files(|name| name == "Chart.yaml")
            .into_iter()
            .map(|path| parent(&path).to_owned())
            .collect();
        charts
            .iter()
            .filter(|chart| !charts.iter().any(|other| chart.starts_with(&format!("{other}/charts/"))))
            .cloned()
            .collect()
    }

    /// Files whose name `wanted` accepts, relative to the folder, the shallowest first, then by name.
    #[must_use]
    pub fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![(self.folder.clone(), String::new(), 0)];
        let mut looked_at = 0;
        while let Some((folder, prefix, depth)) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                looked_at += 1;
                if looked_at > ENTRIES {
                    break;
                }
                let Ok(name) = entry.file_name().into_string() else { continue };
                let Ok(kind) = entry.file_type() else { continue };
                let path = format!("{prefix}{name}");
                // Links are not followed: a walk must end, and stay in the project.
                if kind.is_dir() {
                    if depth < DEPTH && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                        folders.push((entry.path(), format!("{path}/"), depth + 1));
                    }
                } else if wanted(&name) {
                    found.push(path);
                }
            }
        }
        found.sort_by_key(|path| (path.matches('/').count(), path.clone()));
        found
    }
}

/// The folder part of a relative path, `.` for the top.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}
