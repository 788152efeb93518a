//! What a session remembers from one line to the next: the world, what was asked and what came of it, what
//! can be taken back, what was allowed for good.

use shipmate_tools::kubernetes::KindIndex;
use shipmate_tools::{Call, Effect, gate};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::commands::Setting;
use crate::config::Config;
use crate::error::{AgentError, ExitCode};
use crate::record::{inverse, last_to_undo};
use crate::session;
use crate::translate::Focus;
use crate::turn::driver::Ended;
use crate::turn::{CallRecord, Driver, Shown, Turn};

use super::slash::{self, Action, Typed};

/// What triggered the records of a session.
const COMMAND: &str = "shipmate (REPL)";

/// A request of this session and what came of it.
#[derive(Debug)]
pub(super) struct Past {
    pub request: String,
    pub code: ExitCode,
    pub record: Option<PathBuf>,
}

/// The last thing this session changed.
#[derive(Debug)]
pub(super) struct LastChange {
    /// What takes it back, when something does.
    pub undo: Option<Call>,
    /// The turn that made it, as the journal calls it.
    pub turn: Option<String>,
}

/// What a line came to.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// As the exit code a one-shot would have.
    pub code: Option<ExitCode>,
    /// The session is over.
    pub ends: bool,
    /// An answer was wanted and nobody was there: names that might be typed as that answer.
    pub unanswered: Option<Vec<String>>,
}

/// A session.
pub(super) struct Conversation<'a> {
    pub config: Config,
    pub folder: &'a Path,
    pub driver: Driver<'a>,
    pub past: Vec<Past>,
    pub last_change: Option<LastChange>,
    yes: bool,
    dry_run: bool,
}

impl<'a> Conversation<'a> {
    /// Begins a session; nothing is connected to yet.
    ///
    /// # Errors
    /// A feature name that cannot be one.
    pub fn begin(setting: &'a mut Setting) -> Result<Self, AgentError> {
        let Setting { config, folder, yes, dry_run, terminal, .. } = setting;
        let rules = session::rules(config, *yes, *dry_run);
        let driver = session::driver(config, folder, rules, COMMAND, terminal)?;
        Ok(Self {
            config: config.clone(),
            folder,
            driver,
            past: Vec::new(),
            last_change: None,
            yes: *yes,
            dry_run: *dry_run,
        })
    }

    /// Takes one line, a request or a slash command, to its end.
    pub async fn take(&mut self, line: &str) -> Taken {
        match slash::parse(line) {
            Some(Ok(typed)) => self.obey(&typed).await,
            Some(Err(error)) => self.fail(error),
            None => match session::checked_request(line) {
                Ok(request) => {
                    let context = session::context_name(&self.driver.world).await;
                    let turn = Turn::of_request(request, self.driver.rules.clone(), context);
                    self.turn(turn).await
                }
                Err(error) => self.fail(error),
            },
        }
    }

    /// Shows an error; the session goes on.
    pub fn fail(&mut self, error: AgentError) -> Taken {
        let code = error.code;
        self.driver.face.show(&Shown::Error(error));
        Taken { code: Some(code), ..Taken::default() }
    }

    async fn obey(&mut self, typed: &Typed) -> Taken {
        let argument = typed.argument.as_deref();
        let answered = match typed.action {
            Action::Exit => return Taken { ends: true, ..Taken::default() },
            Action::Undo => return self.undo().await,
            Action::Help => Ok(Shown::Answer(slash::help())),
            Action::Context => self.context(argument).await,
            Action::Namespace => self.namespace(argument).await,
            Action::Tools => self.tools(argument),
            Action::History => self.history(argument),
            Action::Model => self.model(argument),
        };
        match answered {
            Ok(shown) => {
                self.driver.face.show(&shown);
                Taken { code: Some(ExitCode::Done), ..Taken::default() }
            }
            Err(error) => self.fail(error),
        }
    }

    /// Takes back the last change, as a call of its own: shown, approved and recorded like any other.
    async fn undo(&mut self) -> Taken {
        // The session's own change comes first: another process may have written into the journal since.
        let past = self.driver.journal.past();
        let own = self.last_change.as_ref().and_then(|change| change.turn.as_deref());
        let found = match own {
            Some(id) => past.iter().find(|turn| turn.id == id),
            None => last_to_undo(&past),
        };
        let Some(found) = found else {
            return self.fail(
                AgentError::new(
                    ExitCode::Usage,
                    "nothing was changed in this session, and nothing before it is left to take back",
                )
                .hint("/history lists what was asked"),
            );
        };
        let context = session::context_name(&self.driver.world).await;
        let (calls, lost) = match inverse(found, &context) {
            Ok(inverse) => inverse,
            Err(error) => return self.fail(error),
        };
        if !lost.is_empty() {
            let note = format!("This part cannot be undone: {}", lost.join("; "));
            self.driver.face.show(&Shown::Note(note));
        }
        let request = format!("undo: {}", found.request);
        let turn =
            Turn::of_calls(request, calls, self.driver.rules.clone(), context).taking_back(found.id.clone());
        self.turn(turn).await
    }

    async fn turn(&mut self, turn: Turn) -> Taken {
        let request = gate::text(turn.request());
        // The branch may be another one than at the last request.
        match session::recorder(&self.config, self.folder, COMMAND) {
            Ok(recorder) => self.driver.recorder = recorder,
            Err(error) => return self.fail(error),
        }
        let ended = self.driver.drive(turn).await;
        self.learn(&ended).await;
        if let Some(change) = last_change(&ended.record.calls, ended.turn.clone()) {
            if change.undo.is_some() && self.driver.rules.interactive {
                self.driver.face.show(&Shown::Note("/undo takes it back.".to_owned()));
            }
            self.driver.translators.focus.undo = change.undo.clone();
            self.last_change = Some(change);
        }
        let unanswered = (!self.driver.rules.interactive).then(|| unanswered(&ended)).flatten();
        self.past.push(Past { request, code: ended.code, record: ended.path });
        Taken { code: Some(ended.code), ends: false, unanswered }
    }

    /// What the next line may speak of: the calls that came to something, and the rows that were shown.
    async fn learn(&mut self, ended: &Ended) {
        let kinds = match self.driver.world.cluster().await {
            Ok(cluster) => cluster.known_kinds(),
            Err(_) => Arc::new(KindIndex::builtin()),
        };
        let calls: Vec<Call> = ended
            .record
            .calls
            .iter()
            .filter(|call| call.effect == Effect::Read || !call.approved_by.is_empty())
            .map(|call| call.call.clone())
            .collect();
        self.driver.translators.focus.learn(&calls, &ended.data, &kinds);
    }

    /// Makes the world anew after the configuration changed. What was allowed for good was allowed there, and
    /// what could be taken back was done there.
    pub fn rebuild_world(&mut self) {
        self.driver.world = session::world(&self.config, self.folder);
    }

    /// Forgets what was said about another context.
    pub fn forget_approvals(&mut self) {
        self.driver.rules = session::rules(&self.config, self.yes, self.dry_run);
        self.last_change = None;
        self.driver.translators.focus = Focus::default();
    }
}

/// The last call that ran and can have changed something.
fn last_change(calls: &[CallRecord], turn: Option<String>) -> Option<LastChange> {
    let ran = |call: &&CallRecord| call.effect != Effect::Read && !call.approved_by.is_empty();
    calls.iter().rev().find(ran).map(|call| LastChange { undo: call.undo.clone(), turn })
}

/// Whether a turn ended because nobody was there to answer, and then what the answer might have been.
fn unanswered(ended: &Ended) -> Option<Vec<String>> {
    let wanted_approval = ended.code == ExitCode::Refused
        && ended.record.calls.last().is_some_and(|call| call.effect != Effect::Read && !call.succeeded);
    let wanted_choice = ended.code == ExitCode::NotUnderstood;
    (wanted_approval || wanted_choice).then(|| {
        // A destructive call wants a name typed; it is one of its arguments, or the tool's.
        let call = ended.record.calls.last().map(|call| &call.call);
        let arguments = call.into_iter().flat_map(|call| call.arguments.values());
        let names = arguments.filter_map(|value| value.as_str().map(str::to_owned));
        names.chain(call.map(|call| call.tool.clone())).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::TurnRecord;
    use serde_json::json;

    fn call(effect: Effect, approved_by: &str, succeeded: bool) -> CallRecord {
        CallRecord {
            call: Call::new("scale", json!({"name": "web", "replicas": 3})),
            command: "kubectl scale deployment/web --replicas=3".to_owned(),
            effect,
            approved_by: approved_by.to_owned(),
            outcome: String::new(),
            succeeded,
            undo: None,
            preview: None,
        }
    }

    fn ended(code: ExitCode, calls: Vec<CallRecord>) -> Ended {
        Ended {
            code,
            record: TurnRecord { calls, ..TurnRecord::default() },
            path: None,
            turn: None,
            data: serde_json::Value::Null,
        }
    }

    #[test]
    fn a_refused_change_leaves_its_answer_unanswered_and_a_refused_read_does_not() {
        let change = ended(ExitCode::Refused, vec![call(Effect::Destroy, "", false)]);
        assert_eq!(unanswered(&change), Some(vec!["web".to_owned(), "scale".to_owned()]));
        assert_eq!(unanswered(&ended(ExitCode::Refused, Vec::new())), None);
        assert_eq!(unanswered(&ended(ExitCode::Failed, vec![call(Effect::Change, "", false)])), None);
        assert_eq!(unanswered(&ended(ExitCode::NotUnderstood, Vec::new())), Some(Vec::new()));
    }

    #[test]
    fn only_what_ran_can_be_taken_back() {
        let calls = [
            call(Effect::Change, "user", true),
            call(Effect::Read, "", true),
            call(Effect::Change, "", false),
        ];
        assert!(last_change(&calls, None).is_some());
        assert!(last_change(&calls[1..], None).is_none());
    }
}
