//! The record itself: everything one request leaves behind. A record is plain data with serde on every
//! field, because the write-ahead journal stores the same value before there is a file; fields added
//! later must have a default, so that an older journal still reads. All text must be redacted before it
//! gets here. Nothing else is asked of it: rendering makes every text harmless.

use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::evidence::CallRow;
use crate::feature::FeatureName;
use crate::stage::{Route, Stage};
use crate::title::Title;

/// One Prompt History Record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What the work was; the file name comes from it.
    pub title: Title,
    /// What kind of work it was. Where it needs a feature and there is none, the record is written as
    /// [`Stage::General`].
    #[serde(default)]
    pub stage: Stage,
    /// The day of the request.
    pub date: Date,
    /// The model, or the offline translator, that translated the request; `None` = `unspecified`.
    #[serde(default)]
    pub model: Option<String>,
    /// The feature the work belongs to; `None` = `none`.
    #[serde(default)]
    pub feature: Option<FeatureName>,
    /// The current git branch; `None` = `none`.
    #[serde(default)]
    pub branch: Option<String>,
    /// The git user name; `None` = `unknown`.
    #[serde(default)]
    pub user: Option<String>,
    /// What triggered the request, such as `shipmate` or `shipmate ask`; empty = `none`.
    #[serde(default)]
    pub command: String,
    /// A few words to find the record by; written in lower case with dashes.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Where to read on.
    #[serde(default)]
    pub links: Links,
    /// Created or changed files, relative to the repository; see [`Record::add_file`].
    #[serde(default)]
    pub files: Vec<String>,
    /// What was run to check the work, and its result.
    #[serde(default)]
    pub tests: Vec<String>,
    /// The person's words, complete.
    pub prompt: String,
    /// The calls the request became, in the order they were made.
    #[serde(default)]
    pub calls: Vec<CallRow>,
    /// The answer the person got; at most [`MAX_RESPONSE_BYTES`](crate::MAX_RESPONSE_BYTES) are kept.
    #[serde(default)]
    pub response: String,
    /// What came of it.
    #[serde(default)]
    pub outcome: Outcome,
    /// What can be learned from it.
    #[serde(default)]
    pub evaluation: Evaluation,
}

/// Where to read on: paths or URLs, `None` = `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The specification.
    pub spec: Option<String>,
    /// The ticket.
    pub ticket: Option<String>,
    /// The architecture decision record.
    pub adr: Option<String>,
    /// The pull request.
    pub pr: Option<String>,
}

/// What came of a request. Each is one line; `None` = `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// What is different now.
    pub impact: Option<String>,
    /// How it was checked.
    pub tests: Option<String>,
    /// Which files changed.
    pub files: Option<String>,
    /// What to ask next.
    pub next_prompts: Option<String>,
    /// What stood out.
    pub reflection: Option<String>,
}

/// What can be learned from a request. Each is one line; `None` = `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evaluation {
    /// What went wrong on the way.
    pub failure_modes: Option<String>,
    /// Which graders ran, with PASS or FAIL.
    pub graders: Option<String>,
    /// Which variant of the prompt was used.
    pub prompt_variant: Option<String>,
    /// The smallest change to try next.
    pub next_experiment: Option<String>,
}

impl Record {
    /// A record of a request about which nothing else is known yet: the title comes from the words, the
    /// stage is [`Stage::General`], everything else is empty.
    #[must_use]
    pub fn for_request(request: &str, date: Date) -> Self {
        Self {
            title: Title::derive(request),
            stage: Stage::General,
            date,
            model: None,
            feature: None,
            branch: None,
            user: None,
            command: String::new(),
            labels: Vec::new(),
            links: Links::default(),
            files: Vec::new(),
            tests: Vec::new(),
            prompt: request.to_owned(),
            calls: Vec::new(),
            response: String::new(),
            outcome: Outcome::default(),
            evaluation: Evaluation::default(),
        }
    }

    /// The stage the record is written with: [`Record::stage`], or [`Stage::General`] if that needs a
    /// feature and there is none.
    #[must_use]
    pub fn effective_stage(&self) -> Stage {
        self.stage.with_feature(self.feature.as_ref())
    }

    /// The folder under `history/prompts` the record belongs in.
    #[must_use]
    pub fn folder(&self) -> &str {
        match (self.effective_stage().route(), &self.feature) {
            (Route::Feature, Some(feature)) => feature.as_str(),
            (Route::Constitution, _) => Stage::Constitution.name(),
            _ => Stage::General.name(),
        }
    }

    /// Adds a created or changed file. Inside the repository it is named by its path from there; of one
    /// outside only the name is kept, because a record is shared and a path of one machine is not.
    pub fn add_file(&mut self, repository: &Path, file: &Path) {
        let relative = file.strip_prefix(repository).unwrap_or(file);
        let relative = relative.to_string_lossy().replace('\\', "/");
        self.files.push(without_machine_path(&relative));
    }
}

/// Whether a path only means something on one machine: it starts at a root, a drive, a share or a home.
pub(crate) fn is_machine_path(path: &str) -> bool {
    let path = path.trim();
    let mut start = path.chars();
    let is_drive = start.next().is_some_and(|letter| letter.is_ascii_alphabetic())
        && start.next() == Some(':')
        && matches!(start.next(), Some('/' | '\\'));
    let is_file_url = path.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
    is_drive || is_file_url || path.starts_with(['/', '\\', '~'])
}

/// The path itself, or only its last part where it is a machine path.
pub(crate) fn without_machine_path(path: &str) -> String {
    if !is_machine_path(path) {
        return path.to_owned();
    }
    let name = path.trim().trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.trim_start_matches('~');
    if name.is_empty() {
        "a file outside the repository".to_owned()
    } else {
        format!("{name} (outside the repository)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::for_request("show me all todo pods", jiff::civil::date(2026, 11, 24))
    }

    #[test]
    fn the_stage_and_the_feature_decide_the_folder() {
        let mut record = record();
        assert_eq!(record.folder(), "general");
        record.stage = Stage::Green;
        assert_eq!((record.folder(), record.effective_stage()), ("general", Stage::General));
        record.feature = Some(FeatureName::parse("004-phase4-kubernetes").unwrap());
        assert_eq!((record.folder(), record.effective_stage()), ("004-phase4-kubernetes", Stage::Green));
        record.stage = Stage::Constitution;
        assert_eq!(record.folder(), "constitution");
        record.stage = Stage::General;
        assert_eq!(record.folder(), "general");
    }

    #[test]
    fn a_journal_line_brings_the_record_back() {
        let record = record();
        let line = serde_json::to_string(&record).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
        let oldest = r#"{"title":"Show me pods","date":"2026-11-24","prompt":"show me pods"}"#;
        assert_eq!(serde_json::from_str::<Record>(oldest).unwrap().stage, Stage::General);
    }

    #[test]
    fn no_file_is_named_by_a_path_of_one_machine() {
        let mut record = record();
        let root = Path::new("/home/ada/todo");
        record.add_file(root, Path::new("/home/ada/todo/helm/todo-app/values.yaml"));
        record.add_file(root, Path::new("manifests/frontend.yaml"));
        record.add_file(root, Path::new("/home/ada/.kube/config"));
        record.add_file(root, Path::new("/"));
        assert_eq!(
            record.files,
            [
                "helm/todo-app/values.yaml",
                "manifests/frontend.yaml",
                "config (outside the repository)",
                "a file outside the repository",
            ]
        );
        for absolute in ["/etc/passwd", "~/x", "C:\\x", "d:/x", "\\\\share\\x", "file:///x", " /x"] {
            assert!(is_machine_path(absolute), "{absolute}");
        }
        for relative in ["a/b", "./a", "x:y", "C:", "a~b", ".github/x"] {
            assert!(!is_machine_path(relative), "{relative}");
        }
    }
}
