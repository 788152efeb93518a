//! The state machine of a turn. It knows what comes after what, and nothing about how: no clock, no network,
//! no terminal. Every way through it ends with a record.

use shipmate_tools::{ApprovedBy, Call, Outcome, Preview, Verification, gate};
use std::collections::VecDeque;

mod ending;
mod plan;

use crate::error::{AgentError, ExitCode};
use crate::policy::{Answer, Decision, Rules};
use crate::translate::{Translation, Understanding};

use super::account::{CallRecord, TurnRecord};
use super::message::{ApprovalRequest, Effect, Event, Grounded, JournalEntry, Shown};
use plan::Plan;

/// The call that is on its way.
#[derive(Debug, Clone)]
struct Current {
    call: Call,
    effect: shipmate_tools::Effect,
    command: String,
    preview: Option<Preview>,
    by: Option<ApprovedBy>,
}

impl Current {
    /// What would change, to be shown; nothing for a read.
    fn shown(&self) -> Option<Shown> {
        Some(Shown::Preview {
            call: self.call.clone(),
            command: self.command.clone(),
            preview: self.preview.clone()?,
        })
    }
}

/// The call that takes a change back, from what was shown before it.
fn undo_of(call: &Call, preview: &Preview) -> Option<Call> {
    call.bind().ok().and_then(|bound| bound.undo(preview))
}

/// Adds to a preview that the change cannot be taken back, where the tool does not say so itself.
fn say_what_has_no_way_back(call: &Call, preview: &mut Preview) {
    let said = preview.warnings.iter().any(|warning| warning.contains("undone") || warning.contains("undo "));
    if !preview.nothing_to_do && !said && undo_of(call, preview).is_none() {
        preview.warnings.push("this cannot be undone with `shipmate undo`".to_owned());
    }
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
    plan: Plan,
    undoes: Option<String>,
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
            plan: Plan::default(),
            undoes: None,
            current: None,
            record: TurnRecord::default(),
            code: ExitCode::Done,
        }
    }

    /// A turn that begins with a typed call; `request` is what is recorded as the words.
    #[must_use]
    pub fn of_call(request: impl Into<String>, call: Call, rules: Rules, context: impl Into<String>) -> Self {
        Self::of_calls(request, vec![call], rules, context)
    }

    /// A turn that begins with typed calls, which are one plan.
    #[must_use]
    pub fn of_calls(
        request: impl Into<String>,
        calls: Vec<Call>,
        rules: Rules,
        context: impl Into<String>,
    ) -> Self {
        let mut turn = Self::of_request(request, rules, context);
        turn.queue = calls.into();
        turn
    }

    /// The same turn, known to take an earlier one back.
    #[must_use]
    pub fn taking_back(mut self, turn: String) -> Self {
        self.undoes = Some(turn);
        self
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
            effects.extend(self.undoes.take().map(|undone| Effect::Journal(JournalEntry::Undoes { undone })));
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
            None if self.plan.gathers() => self.decide_plan(),
            None => self.next_step(),
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
                    if self.plan.gathers() {
                        // It is read when the changes before it are done.
                        self.plan.steps_after(self.current.take());
                        let mut effects = vec![understood];
                        effects.extend(self.next_call());
                        return effects;
                    }
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
        Effect::Journal(JournalEntry::Started {
            call,
            command,
            effect,
            approved_by,
            undo,
            context: self.context.clone(),
        })
    }

    fn previewed(&mut self, result: Result<Preview, AgentError>) -> Vec<Effect> {
        let mut preview = match result {
            Ok(preview) => preview,
            Err(error) => return self.fail(error),
        };
        if let Some(by) = self.plan.approved() {
            return self.previewed_again(preview, by);
        }
        let Some(current) = &mut self.current else { return self.next_call() };
        say_what_has_no_way_back(&current.call, &mut preview);
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
        if self.plan.gathers() || self.more_changes_follow() {
            self.plan.steps_after(self.current.take());
            return self.next_call();
        }
        let Some(current) = &self.current else { return self.next_call() };
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
                    steps: Vec::new(),
                })]
            }
        }
    }

    fn answered(&mut self, answer: Answer) -> Vec<Effect> {
        if self.plan.gathers() {
            return self.plan_answered(&answer);
        }
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
        let undo = undo_of(&call, &preview);
        self.waiting = Waiting::Run;
        vec![self.started(undo), Effect::Run { call, preview, by }]
    }

    fn ran(&mut self, result: Result<Outcome, AgentError>) -> Vec<Effect> {
        match result {
            Err(error) => self.fail(error),
            Ok(outcome) => {
                let Some(current) = &self.current else { return self.next_call() };
                let (call, preview) = (current.call.clone(), current.preview.clone().unwrap_or_default());
                let ended = Effect::Journal(JournalEntry::Ended { outcome: outcome.summary.clone() });
                let undo = outcome.undo.clone().or_else(|| undo_of(&call, &preview));
                self.record.calls.push(Self::row(current, &outcome.summary, true, undo));
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
            preview: current.preview.clone(),
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
