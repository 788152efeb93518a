//! From a turn to its PHR: what was asked, what it was translated to, the equivalent commands, who approved
//! them and what came of it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use shipmate_phr::{CallRow, FeatureName, FeatureSources, Record, Stage, Store, resolve_feature};
use shipmate_tools::gate;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{AgentError, ExitCode};
use crate::translate::TranslatorName;
use crate::turn::TurnRecord;

use super::repository::Repository;

/// Where a record goes and what its front matter says about the place. Kept in the journal, so that a later
/// start can write the record where it belongs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Destination {
    /// The folder that holds the feature folders.
    pub root: PathBuf,
    /// The feature, when there is one.
    pub feature: Option<String>,
    /// The branch, when there is one.
    pub branch: Option<String>,
    /// The user's name, when it is known.
    pub user: Option<String>,
    /// What triggered the record.
    pub command: String,
}

/// Makes records for the turns of a session.
#[derive(Debug)]
pub struct Recorder {
    repository: Repository,
    destination: Destination,
    model: Option<String>,
}

impl Destination {
    /// A destination that is only a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { root: folder.to_owned(), ..Self::default() }
    }
}

impl Recorder {
    /// A recorder for requests made in `folder`. `phr_dir` and `feature` are what flags and configuration say.
    ///
    /// # Errors
    /// A feature name that is no name of a folder.
    pub fn new(
        folder: &Path,
        phr_dir: Option<PathBuf>,
        feature: Option<&str>,
        state: &Path,
        command: String,
        model: Option<String>,
    ) -> Result<Self, AgentError> {
        let repository = Repository::around(folder);
        let branch = repository.branch();
        let variable = std::env::var("SPECIFY_FEATURE").ok().filter(|name| !name.is_empty());
        let sources =
            FeatureSources { flag: feature, specify_feature: variable.as_deref(), branch: branch.as_deref() };
        let feature = resolve_feature(sources, &repository.top.join("specs")).map_err(|error| {
            AgentError::new(ExitCode::Usage, error.to_string())
                .hint("name a feature like 004-my-feature with --feature")
        })?;
        let root = phr_dir.unwrap_or_else(|| {
            // A home folder or a file system's root is nobody's project: no records are strewn there.
            let home = std::env::var_os("HOME").map(PathBuf::from);
            let homeless = !repository.exists
                && (repository.top.parent().is_none() || home.is_some_and(|home| home == repository.top));
            if homeless { state.join("history/prompts") } else { repository.top.join("history/prompts") }
        });
        let feature = feature.map(|feature| feature.as_str().to_owned());
        Ok(Self {
            repository,
            destination: Destination { root, feature, branch, user: None, command },
            model,
        })
    }

    /// Where the records of this session go.
    #[must_use]
    pub const fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Stores a record.
    ///
    /// # Errors
    /// When it cannot be written; the journal keeps the record then, and the next start tries again.
    pub fn store(&self, record: &Record) -> Result<PathBuf, shipmate_phr::Error> {
        Store::new(&self.destination.root).write(record).map(|written| written.path)
    }

    /// The record of a turn. `durations` are those of its calls, in order.
    pub fn record(&mut self, request: &str, turn: &TurnRecord, durations: &[Duration]) -> Record {
        if self.destination.user.is_none() {
            self.destination.user = self.repository.user();
        }
        let rows = turn.calls.iter().enumerate().map(|(index, call)| CallRow {
            call: gate::text(&call.call.to_string()),
            command: gate::text(&call.command),
            effect: effect(call.effect),
            approved_by: call.approved_by.clone(),
            outcome: call.outcome.clone(),
            duration: durations.get(index).copied().unwrap_or_default(),
        });
        let mut record = base(request, &self.destination);
        record.model = match turn.translator {
            Some(TranslatorName::Model) => self.model.clone(),
            Some(TranslatorName::Phrasebook) => Some("shipmate-phrasebook".to_owned()),
            Some(TranslatorName::None) | None => None,
        };
        record.calls = rows.collect();
        record.labels = labels(turn);
        record.response = turn.said.join("\n");
        record.tests.clone_from(&turn.verified);
        record.outcome.impact = turn.said.last().cloned();
        record.outcome.tests = (!turn.verified.is_empty()).then(|| turn.verified.join("; "));
        let failed: Vec<&str> =
            turn.calls.iter().filter(|call| !call.succeeded).map(|call| call.outcome.as_str()).collect();
        record.evaluation.failure_modes = (!failed.is_empty()).then(|| failed.join("; "));
        record.evaluation.graders = Some(if turn.calls.is_empty() {
            "none run".to_owned()
        } else if failed.is_empty() {
            "every call did what it should: PASS".to_owned()
        } else {
            "a call did not do what it should: FAIL".to_owned()
        });
        if turn.usage.prompt_tokens > 0 {
            record.outcome.reflection = Some(format!(
                "{} prompt tokens, {} completion tokens",
                turn.usage.prompt_tokens, turn.usage.completion_tokens
            ));
        }
        record
    }
}

/// A record of a request with what its destination says.
pub(super) fn base(request: &str, destination: &Destination) -> Record {
    let mut record = Record::for_request(&gate::text(request), today());
    record.feature = destination.feature.as_deref().and_then(|name| FeatureName::parse(name).ok());
    record.stage = if record.feature.is_some() { Stage::Misc } else { Stage::General };
    record.branch.clone_from(&destination.branch);
    record.user.clone_from(&destination.user);
    record.command.clone_from(&destination.command);
    record
}

/// Today where the person is.
fn today() -> Date {
    jiff::Timestamp::now().to_zoned(local_zone()).date()
}

/// The machine's time zone. jiff would look for its name too, which where `/etc/localtime` is no link means
/// reading the whole zone database: 4 ms for a name that nobody needs.
fn local_zone() -> TimeZone {
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    std::fs::read("/etc/localtime")
        .ok()
        .and_then(|data| TimeZone::tzif("Local", &data).ok())
        .unwrap_or(TimeZone::UTC)
}

pub(super) const fn effect(effect: shipmate_tools::Effect) -> shipmate_phr::Effect {
    match effect {
        shipmate_tools::Effect::Read => shipmate_phr::Effect::Read,
        shipmate_tools::Effect::Change => shipmate_phr::Effect::Change,
        shipmate_tools::Effect::Destroy => shipmate_phr::Effect::Destroy,
    }
}

fn labels(turn: &TurnRecord) -> Vec<String> {
    let mut labels = vec!["shipmate".to_owned()];
    for call in &turn.calls {
        for label in [call.command.split_whitespace().next().unwrap_or_default(), call.call.tool.as_str()] {
            if !label.is_empty() && !labels.iter().any(|known| known == label) {
                labels.push(label.to_owned());
            }
        }
    }
    labels
}
