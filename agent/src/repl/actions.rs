//! What the slash commands do that show or switch something.

use shipmate_tools::{Table, gate, kubernetes};
use std::time::Duration;

use crate::commands::tools;
use crate::config::{Origin, Setting};
use crate::error::{AgentError, ExitCode};
use crate::session;
use crate::translate::Mode;
use crate::turn::Shown;
use crate::ui::{OutputForm, outcome_text, table_text};

use super::conversation::Conversation;

/// How long a switch of the namespace waits for the cluster to say whether it exists.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many requests `/history` shows when nothing else is said: about half a screen.
const PAST_SHOWN: usize = 10;

impl Conversation<'_> {
    /// `/context`: shows the contexts, or goes to another one.
    pub(super) async fn context(&mut self, wanted: Option<&str>) -> Result<Shown, AgentError> {
        let (names, _) = kubernetes::contexts(self.driver.world.options())?;
        let current = session::context_name(&self.driver.world).await;
        let Some(wanted) = wanted else {
            let rows = names.iter().map(|name| {
                let mark = if *name == current { "*" } else { "" };
                let note = if self.driver.rules.is_protected(name) { "protected" } else { "" };
                vec![mark.to_owned(), name.clone(), note.to_owned()]
            });
            let contexts = table_of(&["CURRENT", "CONTEXT", ""], rows.collect());
            let spoken_of = gate::text(&self.spoken_of());
            return Ok(Shown::Answer(format!("{contexts}\n\n{spoken_of}")));
        };
        if !names.iter().any(|name| name == wanted) {
            return Err(unknown("context", wanted, &names, "/context lists them"));
        }
        self.config.context = Setting { value: Some(wanted.to_owned()), origin: Origin::Flag("/context") };
        // A namespace was chosen for the other cluster; this one has its own.
        self.config.namespace = Setting { value: None, origin: Origin::Default };
        self.rebuild_world();
        self.forget_approvals();
        let connection = self.driver.world.connection().await?;
        let protected = if self.driver.rules.is_protected(wanted) { ", which is protected" } else { "" };
        Ok(Shown::Note(format!(
            "Context {}{protected}, namespace {}.",
            gate::text(wanted),
            gate::text(&connection.namespace)
        )))
    }

    /// What "it", "the second one" and "again" mean now.
    fn spoken_of(&self) -> String {
        let focus = &self.driver.translators.focus;
        let Some(last) = focus.calls.last() else {
            return "Nothing was spoken of yet: \"it\" and \"again\" mean nothing.".to_owned();
        };
        let it = match &focus.object {
            Some(object) => format!("\"it\" is {object}"),
            None => "\"it\" is nothing in particular".to_owned(),
        };
        let rows = match focus.list.as_slice() {
            [] => String::new(),
            [first, ..] => {
                format!("; \"the first one\" of {} is {first}", focus.list.len())
            }
        };
        format!("{it}{rows}; \"again\" is {last}.")
    }

    /// `/namespace`: shows the namespaces, or goes to another one.
    pub(super) async fn namespace(&mut self, wanted: Option<&str>) -> Result<Shown, AgentError> {
        let world = self.driver.world.clone();
        let current = world.connection().await?.namespace.clone();
        let listed =
            match tokio::time::timeout(PATIENCE, async { world.cluster().await?.namespaces().await }).await {
                Ok(Ok(names)) => names,
                Ok(Err(_)) | Err(_) => None,
            };
        let Some(wanted) = wanted else {
            let Some(names) = listed else {
                return Ok(Shown::Note(format!(
                    "Namespace {}; the others could not be listed.",
                    gate::text(&current)
                )));
            };
            let rows = names.iter().map(|name| {
                let mark = if *name == current { "*" } else { "" };
                vec![mark.to_owned(), name.clone()]
            });
            return Ok(table(&["CURRENT", "NAMESPACE"], rows.collect()));
        };
        if let Some(names) = &listed
            && !names.iter().any(|name| name == wanted)
        {
            return Err(unknown("namespace", wanted, names, "/namespace lists them"));
        }
        self.config.namespace =
            Setting { value: Some(wanted.to_owned()), origin: Origin::Flag("/namespace") };
        self.rebuild_world();
        let unchecked = if listed.is_none() { "; the cluster could not say whether it exists" } else { "" };
        Ok(Shown::Note(format!("Namespace {}{unchecked}.", gate::text(wanted))))
    }

    /// `/tools`: the catalog, or one tool of it.
    pub(super) fn tools(&self, name: Option<&str>) -> Result<Shown, AgentError> {
        Ok(Shown::Answer(answer(&outcome_text(&tools::outcome(name, OutputForm::Text)?, OutputForm::Text))))
    }

    /// `/history`: the last requests of this session.
    pub(super) fn history(&self, count: Option<&str>) -> Result<Shown, AgentError> {
        let count = match count.map(str::parse::<usize>) {
            None => PAST_SHOWN,
            Some(Ok(count)) if count > 0 => count,
            Some(_) => {
                return Err(AgentError::new(ExitCode::Usage, "/history takes a number of requests")
                    .hint("such as: /history 20"));
            }
        };
        if self.past.is_empty() {
            return Ok(Shown::Note("Nothing was asked in this session yet.".to_owned()));
        }
        let first = self.past.len().saturating_sub(count);
        let rows = self.past.iter().enumerate().skip(first).map(|(index, past)| {
            let record = match &past.record {
                Some(path) => path.strip_prefix(self.folder).unwrap_or(path).display().to_string(),
                None => "-".to_owned(),
            };
            vec![(index + 1).to_string(), short(&past.request), came_to(past.code).to_owned(), record]
        });
        Ok(table(&["#", "REQUEST", "OUTCOME", "RECORD"], rows.collect()))
    }

    /// `/model`: shows the model, uses another one, or none.
    pub(super) fn model(&mut self, wanted: Option<&str>) -> Result<Shown, AgentError> {
        let reachable = self.config.base_url.value.is_some() || self.config.api_key.value.is_some();
        match wanted {
            None => {}
            Some("off") => {
                self.config.translator =
                    Setting { value: Mode::Phrasebook, origin: Origin::Flag("/model off") };
            }
            Some(_) if !reachable => {
                return Err(AgentError::new(ExitCode::Usage, "there is no endpoint to ask a model at")
                    .hint("start shipmate with --base-url, or with OPENAI_BASE_URL or OPENAI_API_KEY set"));
            }
            Some(name) => {
                self.config.model = Setting { value: Some(name.to_owned()), origin: Origin::Flag("/model") };
                if self.config.translator.value == Mode::Phrasebook {
                    self.config.translator = Setting { value: Mode::Auto, origin: Origin::Flag("/model") };
                }
            }
        }
        if wanted.is_some() {
            let focus = std::mem::take(&mut self.driver.translators.focus);
            self.driver.translators = session::translators(&self.config)?;
            self.driver.translators.focus = focus;
        }
        let name = self.config.model.value.as_deref().unwrap_or("the endpoint's usual model");
        let name = gate::text(name);
        Ok(Shown::Note(match (reachable, self.config.translator.value) {
            (false, _) => {
                "No model is configured; the phrasebook alone answers. Start shipmate with --base-url to use one."
                    .to_owned()
            }
            (true, Mode::Phrasebook) => {
                format!("The model is off; the phrasebook alone answers. /model {name} switches it on.")
            }
            (true, Mode::Auto) => format!("The phrasebook answers, then {name}."),
            (true, Mode::Model) => format!("{name} answers alone."),
        }))
    }
}

fn table(columns: &[&str], rows: Vec<Vec<String>>) -> Shown {
    Shown::Answer(table_of(columns, rows))
}

fn table_of(columns: &[&str], rows: Vec<Vec<String>>) -> String {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    let rows = rows.into_iter().map(|row| row.iter().map(|cell| gate::text(cell)).collect()).collect();
    answer(&table_text(&Table { columns, rows }))
}

/// An answer brings its own line end.
fn answer(text: &str) -> String {
    text.trim_end().to_owned()
}

fn unknown(what: &str, wanted: &str, known: &[String], hint: &str) -> AgentError {
    let mut nearest: Vec<&String> = known.iter().collect();
    nearest.sort_by_key(|name| strsim::damerau_levenshtein(wanted, name));
    let nearest: Vec<&str> = nearest.into_iter().take(3).map(String::as_str).collect();
    AgentError::new(ExitCode::Usage, format!("there is no {what} {:?}", gate::text(wanted)))
        .hint(format!("nearest: {}", gate::text(&nearest.join(", "))))
        .hint(hint)
}

/// A request in one line of at most 50 characters.
fn short(request: &str) -> String {
    const WIDTH: usize = 50;
    let line = request.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WIDTH {
        return line;
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

const fn came_to(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Done => "done",
        ExitCode::Failed | ExitCode::Usage => "failed",
        ExitCode::NotUnderstood => "not understood",
        ExitCode::Refused => "not approved",
        ExitCode::Unreachable => "unreachable",
        ExitCode::Findings => "findings",
        ExitCode::Interrupted => "interrupted",
    }
}
