//! The driver: does the input and output that a turn's effects ask for, and feeds it what happened.
//!
//! One driver serves a session; it owns the world, the translators, the journal and the face. Ctrl-C ends the
//! step that is running and the turn, never the session.

use serde_json::Value;
use shipmate_tools::{Outcome, Progress, ReadWorld, Update, World};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::error::{AgentError, ExitCode};
use crate::ground::{Grounding, ground};
use crate::policy::{Rules, grant};
use crate::record::{Journal, OpenTurn, Recorder};
use crate::translate::{Translation, TranslatorName, Translators, Understanding};
use crate::ui::Face;

use super::account::TurnRecord;
use super::message::{Effect, Event, Grounded, JournalEntry, Shown};
use super::state::Turn;

/// Does what turns ask for.
pub struct Driver<'a> {
    /// The world calls may look at.
    pub world: ReadWorld,
    /// The translators.
    pub translators: Translators,
    /// The rules of the session.
    pub rules: Rules,
    /// Where turns are journalled.
    pub journal: Journal,
    /// What makes their records.
    pub recorder: Recorder,
    /// Whoever they talk to.
    pub face: &'a mut dyn Face,
    /// How long one step may take, and how long a change is waited for.
    pub timeout: Duration,
}

/// What a turn left behind.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How it ended.
    pub code: ExitCode,
    /// What is known about it.
    pub record: TurnRecord,
    /// Where its record was written; nothing when it could not be.
    pub path: Option<PathBuf>,
    /// Its name in the journal; nothing when there is none.
    pub turn: Option<String>,
    /// The data of the last thing it read; null when it read nothing.
    pub data: Value,
}

/// How a step that can be interrupted ended.
enum Step<T> {
    Done(T),
    Interrupted(String),
}

/// Ctrl-C, listened to for a whole turn: one that comes between two steps ends the next.
struct Interrupts(Option<Signal>);

impl Interrupts {
    fn listen() -> Self {
        Self(signal(SignalKind::interrupt()).ok())
    }

    async fn next(&mut self) {
        let pressed = match &mut self.0 {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if pressed.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

impl Driver<'_> {
    /// Takes a turn all the way.
    pub async fn drive(&mut self, mut turn: Turn) -> Ended {
        let mut interrupts = Interrupts::listen();
        let mut open = match self.journal.open(self.recorder.destination().clone()) {
            Ok(open) => Some(open),
            Err(error) => {
                self.face.show(&Shown::Note(format!(
                    "The journal cannot be written ({error}): changes are refused until it can; set XDG_STATE_HOME to a folder that can be written."
                )));
                None
            }
        };
        let name = open.as_ref().map(|open| open.id().to_owned());
        let mut durations: Vec<Duration> = Vec::new();
        let mut code = ExitCode::Failed;
        let mut path = None;
        let mut data = Value::Null;
        let mut effects = turn.step(Event::Begin);
        loop {
            let mut event = None;
            for effect in effects {
                match effect {
                    Effect::Journal(entry) => {
                        if let Err(error) = write(open.as_mut(), &entry) {
                            // What cannot be announced must not happen.
                            event = Some(Event::Interrupted(format!(
                                "the journal could not be written ({error})"
                            )));
                            break;
                        }
                    }
                    Effect::Show(shown) => self.face.show(&shown),
                    Effect::AllowAlways { tool, namespace } => {
                        self.rules.allow_always(&tool, namespace.as_deref());
                    }
                    Effect::Record => path = self.record(&turn, open.take(), &durations),
                    Effect::End(end) => code = end,
                    waiting => {
                        let began = Instant::now();
                        let is_call = matches!(waiting, Effect::Read(_) | Effect::Run { .. });
                        event = Some(self.perform(&turn, waiting, &mut interrupts).await);
                        self.face.settled();
                        if is_call {
                            durations.push(began.elapsed());
                        }
                    }
                }
            }
            match event {
                Some(event) => {
                    if let Event::Read(Ok(outcome)) = &event {
                        data = outcome.data.clone();
                    }
                    effects = turn.step(event);
                    // A call that ended without running (a preview, a refusal) took no time of its own.
                    durations.resize(durations.len().max(turn.record().calls.len()), Duration::ZERO);
                }
                None => return Ended { code, record: turn.record().clone(), path, turn: name, data },
            }
        }
    }

    async fn perform(&mut self, turn: &Turn, effect: Effect, interrupts: &mut Interrupts) -> Event {
        let (sender, mut updates) = unbounded_channel();
        let progress = Progress::to(sender);
        let world = self.world.clone();
        let timeout = self.timeout;
        match effect {
            Effect::Translate => {
                let says = progress.clone();
                let translating =
                    self.translators.translate(turn.request(), &world, |said| says.status(said));
                // The model has a deadline of its own.
                interruptible(translating, &mut updates, interrupts, self.face, None)
                    .await
                    .map_or_else(Event::Interrupted, Event::Translated)
            }
            Effect::Ground(call) => {
                let grounding = async { ground(&call, &world).await.map_err(AgentError::from).map(as_data) };
                interruptible(grounding, &mut updates, interrupts, self.face, Some(timeout))
                    .await
                    .map_or_else(Event::Interrupted, Event::Grounded)
            }
            Effect::Preview(call) => {
                let previewing = async { Ok(call.bind()?.preview(&world).await?) };
                interruptible(previewing, &mut updates, interrupts, self.face, Some(timeout))
                    .await
                    .map_or_else(Event::Interrupted, Event::Previewed)
            }
            Effect::Choose { question, options } => {
                let chosen = self.face.choose(&question, &options);
                Event::Chosen(chosen.and_then(|index| options.into_iter().nth(index)).map(|(_, call)| call))
            }
            Effect::Ask(request) => Event::Answered(self.face.ask(&request)),
            Effect::Read(call) => {
                // A followed log ends when the person has seen enough.
                let follows = call.arguments.get("follow").is_some_and(|follow| follow == true);
                let reading = async { Ok(call.bind()?.read(&world, &progress).await?) };
                let deadline = (!follows).then_some(timeout);
                interruptible(reading, &mut updates, interrupts, self.face, deadline)
                    .await
                    .map_or_else(Event::Interrupted, Event::Read)
            }
            Effect::Run { call, preview, by } => {
                let approval = grant(&call, &preview, by);
                let changing = World::new(world);
                let running = async {
                    Ok::<Outcome, AgentError>(call.bind()?.run(&changing, &approval, &progress).await?)
                };
                interruptible(running, &mut updates, interrupts, self.face, None)
                    .await
                    .map_or_else(Event::Interrupted, Event::Ran)
            }
            Effect::Verify { call, preview } => {
                let verifying =
                    async { Ok(call.bind()?.verify(&world, &preview, timeout, &progress).await?) };
                interruptible(verifying, &mut updates, interrupts, self.face, None)
                    .await
                    .map_or_else(Event::Interrupted, Event::Verified)
            }
            Effect::Explain(data) => self.explain(turn.request(), &data, interrupts).await,
            Effect::AllowAlways { .. }
            | Effect::Journal(_)
            | Effect::Show(_)
            | Effect::Record
            | Effect::End(_) => Event::Interrupted("internal: an effect that waits for nothing".to_owned()),
        }
    }

    async fn explain(&mut self, request: &str, data: &str, interrupts: &mut Interrupts) -> Event {
        let Some(model) = self.translators.model() else {
            return Event::Explained(Err(AgentError::new(ExitCode::Usage, "no model is configured")));
        };
        let face = &mut *self.face;
        let explained = tokio::select! {
            explained = model.explain(request, data, |piece| face.words(piece)) => explained,
            () = interrupts.next() => return Event::Interrupted("interrupted".to_owned()),
        };
        Event::Explained(explained.map(|(text, usage)| Translation {
            understanding: Understanding::Answer(text),
            translator: TranslatorName::Model,
            usage,
        }))
    }

    fn record(&mut self, turn: &Turn, open: Option<OpenTurn>, durations: &[Duration]) -> Option<PathBuf> {
        let record = self.recorder.record(turn.request(), turn.record(), durations);
        let stored = self.recorder.store(&record);
        let Some(mut open) = open else {
            return match stored {
                Ok(path) => Some(path),
                Err(error) => {
                    self.face.show(&Shown::Note(format!("The record could not be written: {error}")));
                    None
                }
            };
        };
        match stored {
            Ok(path) => {
                tracing::info!(path = %path.display(), "recorded");
                // If this line is lost the next start would write the record twice, so it comes before the close.
                if let Err(error) = open.write(&JournalEntry::Recorded { path: path.display().to_string() }) {
                    tracing::warn!(%error, "the journal could not be written");
                }
                open.close();
                Some(path)
            }
            Err(error) => {
                let kept = open.write(&JournalEntry::Unrecorded { record: Box::new(record) });
                let then = match kept {
                    Ok(()) => "it is kept in the journal and written at the next start".to_owned(),
                    Err(error) => format!("and the journal could not keep it: {error}"),
                };
                self.face.show(&Shown::Note(format!("The record could not be written: {error}; {then}.")));
                None
            }
        }
    }
}

/// Writes to the journal. Without one, reads go on and changes do not.
fn write(open: Option<&mut OpenTurn>, entry: &JournalEntry) -> std::io::Result<()> {
    match (open, entry) {
        (Some(open), entry) => open.write(entry),
        (None, JournalEntry::Started { effect, .. }) if *effect != shipmate_tools::Effect::Read => {
            Err(std::io::Error::other("there is no journal"))
        }
        (None, _) => Ok(()),
    }
}

fn as_data(grounding: Grounding) -> Grounded {
    match grounding {
        Grounding::Exact(bound) => Grounded::Exact {
            call: bound.call(),
            effect: bound.effect(),
            command: shipmate_tools::gate::text(&bound.command().to_string()),
        },
        Grounding::Ask { question, options } => {
            Grounded::Ask { question: shipmate_tools::gate::text(&question), options }
        }
    }
}

/// Runs a step while its progress is shown, until it ends, its deadline passes or the person presses Ctrl-C.
/// Dropping the step is what ends it.
async fn interruptible<T>(
    step: impl Future<Output = Result<T, AgentError>>,
    updates: &mut UnboundedReceiver<Update>,
    interrupts: &mut Interrupts,
    face: &mut dyn Face,
    deadline: Option<Duration>,
) -> Step<Result<T, AgentError>> {
    tokio::pin!(step);
    let end = async {
        match deadline {
            Some(deadline) => tokio::time::sleep(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    loop {
        tokio::select! {
            biased;
            () = interrupts.next() => return Step::Interrupted("interrupted".to_owned()),
            Some(update) = updates.recv() => face.progress(&update),
            done = &mut step => {
                while let Ok(update) = updates.try_recv() {
                    face.progress(&update);
                }
                return Step::Done(done);
            }
            () = &mut end => {
                let seconds = deadline.unwrap_or_default().as_secs();
                return Step::Done(Err(AgentError::new(ExitCode::Unreachable, format!("no answer within {seconds} s"))
                    .hint("try again with a longer --timeout, or look at each part with `shipmate doctor`")));
            }
        }
    }
}

impl<T> Step<T> {
    fn map_or_else(self, interrupted: impl FnOnce(String) -> Event, done: impl FnOnce(T) -> Event) -> Event {
        match self {
            Self::Done(value) => done(value),
            Self::Interrupted(why) => interrupted(why),
        }
    }
}
