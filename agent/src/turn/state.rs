//! The state machine of a turn. It knows what comes after what, and nothing about how: no clock, no network,
//! no terminal. Every way through it ends with a record.

use shipmate_tools::{ApprovedBy, Call, Outcome, Preview, Verification, gate};
use std::collections::VecDeque;

use crate::error::{AgentError, ExitCode};
use crate::policy::{Answer, Decision, Rules};
use crate::translate::{Translation, TranslatorName, Understanding};

use super::account::{CallRecord, TurnRecord, asks_for_words};
use super::message::{ApprovalRequest, Effect, Event, Grounded, JournalEntry, Shown};

/// The call that is on its way.
#[derive(Debug, Clone)]
struct Current {
    call: Call,
    effect: shipmate_tools::Effect,
    command: String,
    preview: Option<Preview>,
    by: Option<ApprovedBy>,
}

/// Where the turn stands: what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Begin,
    Translation,
    Grounding,
    Choice,
    Preview,
    Approval,
    Read,
    Run,
    Verification,
    Explanation,
    Nothing,
}

/// One request on its way through.
#[derive(Debug, Clone)]
pub struct Turn {
    request: String,
    rules: Rules,
    context: String,
    waiting: Waiting,
    queue: VecDeque<Call>,
    current: Option<Current>,
    record: TurnRecord,
    code: ExitCode,
}

impl Turn {
    /// A turn that begins with words.
    #[must_use]
    pub fn of_request(request: impl Into<String>, rules: Rules, context: impl Into<String>) -> Self {
        Self {
            request: request.into(),
            rules,
            context: context.into(),
            waiting: Waiting::Begin,
            queue: VecDeque::new(),
            current: None,
            record: TurnRecord::default(),
            code: ExitCode::Done,
        }
    }

    /// A turn that begins with a typed call; `request` is what is recorded as the words.
    #[must_use]
    pub fn of_call(request: impl Into<String>, call: Call, rules: Rules, context: impl Into<String>) -> Self {
        let mut turn = Self::of_request(request, rules, context);
        turn.queue.push_back(call);
        turn
    }

    /// The words.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }

    /// What is known so far.
    #[must_use]
    pub const fn record(&self) -> &TurnRecord {
        &self.record
    }

    /// Whether the turn is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.waiting == Waiting::Nothing
    }

    /// Takes an event and says what should happen. An event that does not fit where the turn stands is a
    /// defect of the driver; it ends the turn as a failure instead of doing anything.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        match (self.waiting, event) {
            (Waiting::Nothing, _) => Vec::new(),
            (_, Event::Interrupted(why)) => self.interrupted(&why),
            (Waiting::Begin, Event::Begin) => self.begin(),
            (Waiting::Translation, Event::Translated(result)) => self.translated(result),
            (Waiting::Grounding, Event::Grounded(result)) => self.grounded(result),
            (Waiting::Choice, Event::Chosen(Some(call))) => self.ground(call),
            (Waiting::Choice, Event::Chosen(None)) => self.end_with(ExitCode::NotUnderstood, Vec::new()),
            (Waiting::Preview, Event::Previewed(result)) => self.previewed(result),
            (Waiting::Approval, Event::Answered(answer)) => self.answered(answer),
            (Waiting::Read, Event::Read(result)) => self.read(result),
            (Waiting::Run, Event::Ran(result)) => self.ran(result),
            (Waiting::Verification, Event::Verified(result)) => self.verified(result),
            (Waiting::Explanation, Event::Explained(result)) => self.explained(result),
            (waiting, event) => {
                let error = AgentError::new(
                    ExitCode::Failed,
                    format!("internal: {event:?} while waiting for {waiting:?}"),
                );
                self.fail(error)
            }
        }
    }

    fn begin(&mut self) -> Vec<Effect> {
        let journal = Effect::Journal(JournalEntry::Requested { request: gate::text(&self.request) });
        if let Some(call) = self.queue.pop_front() {
            let mut effects = vec![journal];
            effects.extend(self.ground(call));
            return effects;
        }
        self.waiting = Waiting::Translation;
        vec![journal, Effect::Translate]
    }

    fn translated(&mut self, result: Result<Translation, AgentError>) -> Vec<Effect> {
        let translation = match result {
            Ok(translation) => translation,
            Err(error) => return self.fail(error),
        };
        self.record.translator = Some(translation.translator);
        self.record.usage = translation.usage;
        let journal = Effect::Journal(JournalEntry::Translated {
            translator: translation.translator.word().to_owned(),
            model: None,
        });
        let mut effects = vec![journal];
        effects.extend(match translation.understanding {
            Understanding::Calls(calls) => {
                self.queue = calls.into();
                self.next_call()
            }
            Understanding::Question(text) => self.say(Shown::Question(text), ExitCode::NotUnderstood),
            Understanding::Answer(text) => self.say(Shown::Answer(text), ExitCode::Done),
            Understanding::Refusal(text) => self.say(Shown::Refusal(text), ExitCode::Refused),
            Understanding::NotUnderstood(text) => {
                self.say(Shown::NotUnderstood(text), ExitCode::NotUnderstood)
            }
        });
        effects
    }

    fn next_call(&mut self) -> Vec<Effect> {
        match self.queue.pop_front() {
            Some(call) => self.ground(call),
            None => self.end_with(self.code, Vec::new()),
        }
    }

    fn ground(&mut self, call: Call) -> Vec<Effect> {
        self.waiting = Waiting::Grounding;
        vec![Effect::Ground(call)]
    }

    fn grounded(&mut self, result: Result<Grounded, AgentError>) -> Vec<Effect> {
        match result {
            Err(error) => self.fail(error),
            Ok(Grounded::Ask { question, options }) => {
                if self.rules.interactive && !options.is_empty() {
                    self.record.said.push(question.clone());
                    self.waiting = Waiting::Choice;
                    return vec![Effect::Choose { question, options }];
                }
                self.say(Shown::Question(question), ExitCode::NotUnderstood)
            }
            Ok(Grounded::Exact { call, effect, command }) => {
                let understood = Effect::Show(Shown::Understood(vec![command.clone()]));
                self.current = Some(Current { call: call.clone(), effect, command, preview: None, by: None });
                if effect == shipmate_tools::Effect::Read {
                    self.waiting = Waiting::Read;
                    return vec![understood, self.started(None), Effect::Read(call)];
                }
                self.waiting = Waiting::Preview;
                vec![understood, Effect::Preview(call)]
            }
        }
    }

    fn started(&self, undo: Option<Call>) -> Effect {
        let (call, command, effect, by) = match &self.current {
            Some(current) => {
                (gate::text(&current.call.to_string()), current.command.clone(), current.effect, current.by)
            }
            None => (String::new(), String::new(), shipmate_tools::Effect::Read, None),
        };
        let approved_by = by.map(|by| by.to_string()).unwrap_or_default();
        Effect::Journal(JournalEntry::Started { call, command, effect, approved_by, undo })
    }

    fn previewed(&mut self, result: Result<Preview, AgentError>) -> Vec<Effect> {
        let preview = match result {
            Ok(preview) => preview,
            Err(error) => return self.fail(error),
        };
        let Some(current) = &mut self.current else { return self.next_call() };
        current.preview = Some(preview.clone());
        let shown = Effect::Show(Shown::Preview {
            call: current.call.clone(),
            command: current.command.clone(),
            preview: preview.clone(),
        });
        if preview.nothing_to_do {
            let said = preview.summary;
            return self.finish_call(vec![shown], &said, true, None);
        }
        match self.rules.decide(&current.call, current.effect, &preview, &self.context) {
            Decision::ShowOnly => {
                let said = format!("dry run: {}", preview.summary);
                self.finish_call(vec![shown], &said, true, None)
            }
            Decision::Run(by) => {
                let mut effects = vec![shown];
                effects.extend(self.run(by));
                effects
            }
            Decision::Refuse { reason, hint } => {
                let error =
                    AgentError::new(ExitCode::Refused, format!("{}: {reason}", preview.summary)).hint(hint);
                let mut effects = vec![shown];
                effects.extend(self.fail(error));
                effects
            }
            Decision::Ask { typed_name, may_always } => {
                self.waiting = Waiting::Approval;
                vec![Effect::Ask(ApprovalRequest {
                    call: current.call.clone(),
                    effect: current.effect,
                    command: current.command.clone(),
                    preview,
                    protected: self.rules.is_protected(&self.context),
                    context: self.context.clone(),
                    typed_name,
                    may_always,
                })]
            }
        }
    }

    fn answered(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Yes => self.run(ApprovedBy::Person),
            Answer::Always => {
                let Some(current) = &self.current else { return self.next_call() };
                let tool = current.call.tool.clone();
                let namespace = current.preview.as_ref().and_then(|preview| preview.namespace.clone());
                self.rules.allow_always(&tool, namespace.as_deref());
                let mut effects = vec![Effect::AllowAlways { tool, namespace }];
                effects.extend(self.run(ApprovedBy::Session));
                effects
            }
            Answer::Edit(call) => self.ground(call),
            Answer::No => {
                self.code = ExitCode::Refused;
                self.stop(
                    "declined by the user",
                    vec![Effect::Show(Shown::Note("Nothing was changed.".to_owned()))],
                )
            }
            Answer::Interrupted => self.interrupted("interrupted"),
            Answer::Nobody => {
                let error = AgentError::new(ExitCode::Refused, "nobody answered, so nothing was changed")
                    .hint("answer in a terminal, or add --yes");
                self.fail(error)
            }
        }
    }

    fn run(&mut self, by: ApprovedBy) -> Vec<Effect> {
        let Some(current) = &mut self.current else { return self.next_call() };
        current.by = Some(by);
        let (call, preview) = (current.call.clone(), current.preview.clone().unwrap_or_default());
        let undo = call.bind().ok().and_then(|bound| bound.undo(&preview));
        self.waiting = Waiting::Run;
        vec![self.started(undo), Effect::Run { call, preview, by }]
    }

    fn read(&mut self, result: Result<Outcome, AgentError>) -> Vec<Effect> {
        match result {
            Err(error) => self.fail(error),
            Ok(outcome) => {
                let said = outcome.summary.clone();
                let data = serde_json::to_string(&outcome.data).unwrap_or_default();
                let shown = Effect::Show(Shown::Outcome(outcome));
                let effects = self.finish_call(vec![shown], &said, true, None);
                let last = self.is_over() || matches!(effects.last(), Some(Effect::End(_)));
                if last
                    && self.record.translator == Some(TranslatorName::Model)
                    && asks_for_words(&self.request)
                {
                    self.waiting = Waiting::Explanation;
                    let mut shown_then_explained: Vec<Effect> = effects
                        .into_iter()
                        .filter(|effect| !matches!(effect, Effect::Record | Effect::End(_)))
                        .collect();
                    shown_then_explained.push(Effect::Explain(data));
                    return shown_then_explained;
                }
                effects
            }
        }
    }

    fn explained(&mut self, result: Result<Translation, AgentError>) -> Vec<Effect> {
        let shown = match result {
            Ok(Translation { understanding: Understanding::Answer(text), usage, .. }) => {
                self.record.usage.prompt_tokens += usage.prompt_tokens;
                self.record.usage.completion_tokens += usage.completion_tokens;
                self.record.said.push(text);
                // It was streamed to the person while it came.
                Vec::new()
            }
            Ok(_) => Vec::new(),
            // The result itself has been shown; a model that cannot put it into words is only a remark.
            Err(error) => vec![Effect::Show(Shown::Note(error.message))],
        };
        self.end_with(self.code, shown)
    }

    fn ran(&mut self, result: Result<Outcome, AgentError>) -> Vec<Effect> {
        match result {
            Err(error) => self.fail(error),
            Ok(outcome) => {
                let Some(current) = &self.current else { return self.next_call() };
                let (call, preview) = (current.call.clone(), current.preview.clone().unwrap_or_default());
                let ended = Effect::Journal(JournalEntry::Ended { outcome: outcome.summary.clone() });
                self.record.calls.push(Self::row(current, &outcome.summary, true, outcome.undo.clone()));
                self.record.said.push(outcome.summary.clone());
                self.waiting = Waiting::Verification;
                vec![ended, Effect::Show(Shown::Outcome(outcome)), Effect::Verify { call, preview }]
            }
        }
    }

    fn verified(&mut self, result: Result<Verification, AgentError>) -> Vec<Effect> {
        self.current = None;
        let verification =
            result.unwrap_or_else(|error| Verification::Failed(format!("it could not be verified: {error}")));
        let failed = match &verification {
            Verification::Confirmed(said) => {
                self.record.verified.push(format!("{said}: PASS"));
                false
            }
            Verification::Failed(why) => {
                self.record.verified.push(format!("{why}: FAIL"));
                if let Some(row) = self.record.calls.last_mut() {
                    row.succeeded = false;
                    row.outcome = format!("{}, but: {why}", row.outcome);
                }
                true
            }
            Verification::NotNeeded => false,
        };
        let mut effects = vec![Effect::Show(Shown::Verification(verification))];
        if failed {
            self.code = ExitCode::Failed;
            effects.extend(self.leave_rest());
            return self.end_with(ExitCode::Failed, effects);
        }
        effects.extend(self.next_call());
        effects
    }

    /// Ends the current call as it is and goes on with the next.
    fn finish_call(
        &mut self,
        mut effects: Vec<Effect>,
        said: &str,
        succeeded: bool,
        undo: Option<Call>,
    ) -> Vec<Effect> {
        if let Some(current) = self.current.take() {
            effects.push(Effect::Journal(JournalEntry::Ended { outcome: said.to_owned() }));
            self.record.calls.push(Self::row(&current, said, succeeded, undo));
            self.record.said.push(said.to_owned());
        }
        effects.extend(self.next_call());
        effects
    }

    fn row(current: &Current, outcome: &str, succeeded: bool, undo: Option<Call>) -> CallRecord {
        CallRecord {
            call: current.call.clone(),
            command: current.command.clone(),
            effect: current.effect,
            approved_by: current.by.map(|by| by.to_string()).unwrap_or_default(),
            outcome: outcome.to_owned(),
            succeeded,
            undo,
        }
    }

    /// Ends the current call as not done, and the turn with it.
    fn stop(&mut self, outcome: &str, mut effects: Vec<Effect>) -> Vec<Effect> {
        if let Some(current) = self.current.take() {
            effects.push(Effect::Journal(JournalEntry::Ended { outcome: outcome.to_owned() }));
            self.record.calls.push(Self::row(&current, outcome, false, None));
        }
        effects.extend(self.leave_rest());
        self.end_with(self.code, effects)
    }

    /// Says which calls of the plan are left undone; they are not dropped in silence.
    fn leave_rest(&mut self) -> Vec<Effect> {
        if self.queue.is_empty() {
            return Vec::new();
        }
        let rest: Vec<String> = self.queue.drain(..).map(|call| call.to_string()).collect();
        let note = format!("Not done after that: {}", rest.join("; "));
        self.record.said.push(note.clone());
        vec![Effect::Show(Shown::Note(note))]
    }

    fn fail(&mut self, error: AgentError) -> Vec<Effect> {
        self.code = error.code;
        let said = std::iter::once(error.message.clone())
            .chain(error.hints.iter().cloned())
            .collect::<Vec<_>>()
            .join("; ");
        self.record.said.push(said);
        let outcome = format!("failed: {}", error.message);
        let outcome =
            if error.code == ExitCode::Refused { format!("not done: {}", error.message) } else { outcome };
        self.stop(&outcome, vec![Effect::Show(Shown::Error(error))])
    }

    fn say(&mut self, shown: Shown, code: ExitCode) -> Vec<Effect> {
        if let Shown::Question(text)
        | Shown::Answer(text)
        | Shown::Refusal(text)
        | Shown::NotUnderstood(text) = &shown
        {
            self.record.said.push(text.clone());
        }
        self.code = code;
        let mut effects = vec![Effect::Show(shown)];
        effects.extend(self.leave_rest());
        self.end_with(code, effects)
    }

    fn interrupted(&mut self, why: &str) -> Vec<Effect> {
        self.code = ExitCode::Interrupted;
        let outcome = match self.waiting {
            Waiting::Run => {
                format!("{why} while it ran: it may have been done, or not; look before trying again")
            }
            Waiting::Verification => {
                format!("{why} before it was verified: it was done, and may not be true yet")
            }
            _ => format!("{why} before it ran"),
        };
        self.record.said.push(outcome.clone());
        let note = match self.waiting {
            Waiting::Run | Waiting::Verification => format!("{outcome}."),
            _ => format!("{why}; nothing was changed by this step."),
        };
        if self.waiting == Waiting::Verification {
            // Its row is there already.
            self.current = None;
            if let Some(row) = self.record.calls.last_mut() {
                row.succeeded = false;
                row.outcome = format!("{}, but {why} before it was verified", row.outcome);
            }
        }
        self.stop(&outcome, vec![Effect::Show(Shown::Note(note))])
    }

    fn end_with(&mut self, code: ExitCode, mut effects: Vec<Effect>) -> Vec<Effect> {
        self.waiting = Waiting::Nothing;
        effects.push(Effect::Record);
        effects.push(Effect::End(code));
        effects
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
