//! Several changes of one request are one plan: all of them are shown before the first one runs, one approval
//! counts for all, and the first failure leaves the rest undone. A call that cannot be shown yet ends the plan
//! before anything is done, because half of what was asked for is rarely what was meant.

use shipmate_tools::{ApprovedBy, Preview};
use std::collections::VecDeque;

use crate::error::{AgentError, ExitCode};
use crate::policy::{Answer, Decision};

use super::super::message::{ApprovalRequest, ApprovalStep, Effect, Shown};
use super::{Current, Turn, Waiting};

/// The calls of a plan that are exact and shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// Those that have not begun, in order.
    steps: VecDeque<Current>,
    /// Who approved all of them.
    approved: Option<ApprovedBy>,
}

impl Plan {
    pub(super) const fn approved(&self) -> Option<ApprovedBy> {
        self.approved
    }

    /// Whether calls are still collected, so that what comes next belongs to the plan.
    pub(super) fn gathers(&self) -> bool {
        self.approved.is_none() && !self.steps.is_empty()
    }

    /// Adds a call behind those that are there.
    pub(super) fn steps_after(&mut self, step: Option<Current>) {
        self.steps.extend(step);
    }

    /// What is left undone, as calls.
    pub(super) fn leave(&mut self) -> Vec<String> {
        self.steps.drain(..).map(|step| step.call.to_string()).collect()
    }
}

impl Turn {
    /// Whether another change follows, so that this one is not decided alone.
    pub(super) fn more_changes_follow(&self) -> bool {
        self.plan.approved.is_none()
            && !self.rules.dry_run
            && self
                .queue
                .iter()
                .any(|call| call.bind().is_ok_and(|bound| bound.effect() != shipmate_tools::Effect::Read))
    }

    /// Decides about all of the plan at once: what is asked or refused for one step is so for all.
    pub(super) fn decide_plan(&mut self) -> Vec<Effect> {
        let (mut refused, mut ask, mut by) = (None, None, None);
        for step in &self.plan.steps {
            let Some(preview) = &step.preview else { continue };
            match self.rules.decide(&step.call, step.effect, preview, &self.context) {
                Decision::Refuse { reason, hint } => refused = refused.or(Some((reason, hint))),
                Decision::Ask { typed_name, .. } => {
                    // One that takes something away has to be typed, whatever else is in the plan.
                    ask = match ask {
                        Some(Some(name)) => Some(Some(name)),
                        _ => Some(typed_name),
                    };
                }
                Decision::Run(who) => by = Some(who),
                Decision::ShowOnly => {}
            }
        }
        let shown = |turn: &Self| -> Vec<Effect> {
            turn.plan.steps.iter().filter_map(Current::shown).map(Effect::Show).collect()
        };
        if let Some((reason, hint)) = refused {
            let mut effects = shown(self);
            let count = self.changes();
            effects.extend(
                self.fail(
                    AgentError::new(ExitCode::Refused, format!("{count} changes: {reason}")).hint(hint),
                ),
            );
            return effects;
        }
        if let Some(typed_name) = ask {
            return self.ask_for_plan(typed_name);
        }
        let mut effects = shown(self);
        effects.extend(self.begin_plan(by.unwrap_or(ApprovedBy::Session)));
        effects
    }

    fn changes(&self) -> usize {
        self.plan.steps.iter().filter(|step| step.preview.is_some()).count()
    }

    fn ask_for_plan(&mut self, typed_name: Option<String>) -> Vec<Effect> {
        let Some(first) = self.plan.steps.front().cloned() else { return self.next_call() };
        let steps: Vec<ApprovalStep> = self
            .plan
            .steps
            .iter()
            .map(|step| ApprovalStep {
                call: step.call.clone(),
                command: step.command.clone(),
                preview: step.preview.clone(),
            })
            .collect();
        self.waiting = Waiting::Approval;
        vec![Effect::Ask(ApprovalRequest {
            call: first.call,
            effect: self.plan.steps.iter().map(|step| step.effect).max().unwrap_or(first.effect),
            command: first.command,
            preview: first.preview.unwrap_or_default(),
            protected: self.rules.is_protected(&self.context),
            context: self.context.clone(),
            typed_name,
            may_always: false,
            steps,
        })]
    }

    /// The answer to a plan.
    pub(super) fn plan_answered(&mut self, answer: &Answer) -> Vec<Effect> {
        match answer {
            Answer::Yes | Answer::Always => self.begin_plan(ApprovedBy::Person),
            // The arguments of several calls are not edited in one go.
            Answer::No | Answer::Edit(_) => {
                self.code = ExitCode::Refused;
                self.stop(
                    "declined by the user",
                    vec![Effect::Show(Shown::Note("Nothing was changed.".to_owned()))],
                )
            }
            Answer::Interrupted => self.interrupted("interrupted"),
            Answer::Nobody => self.fail(
                AgentError::new(ExitCode::Refused, "nobody answered, so nothing was changed")
                    .hint("answer in a terminal, or add --yes"),
            ),
        }
    }

    fn begin_plan(&mut self, by: ApprovedBy) -> Vec<Effect> {
        self.plan.approved = Some(by);
        self.next_step()
    }

    /// The next step of an approved plan. A change is looked at again first: those before it may have changed
    /// what it stands on.
    pub(super) fn next_step(&mut self) -> Vec<Effect> {
        let Some(step) = self.plan.steps.pop_front() else {
            return self.end_with(self.code, Vec::new());
        };
        let call = step.call.clone();
        let is_read = step.preview.is_none();
        self.current = Some(step);
        if is_read {
            self.waiting = Waiting::Read;
            return vec![self.started(None), Effect::Read(call)];
        }
        self.waiting = Waiting::Preview;
        vec![Effect::Preview(call)]
    }

    /// An approved step was previewed once more: it runs when it is about the same objects as were shown.
    pub(super) fn previewed_again(&mut self, preview: Preview, by: ApprovedBy) -> Vec<Effect> {
        let Some(current) = &mut self.current else { return self.next_call() };
        let same = current.preview.as_ref().is_some_and(|shown| {
            objects(shown) == objects(&preview) && shown.confirm_name == preview.confirm_name
        });
        if !same {
            let error = AgentError::new(
                ExitCode::Failed,
                format!("what was approved has changed: {} now", preview.summary),
            )
            .hint("ask again to see it as it is now");
            return self.fail(error);
        }
        current.preview = Some(preview.clone());
        if preview.nothing_to_do {
            let said = preview.summary;
            return self.finish_call(Vec::new(), &said, true, None);
        }
        self.run(by)
    }
}

/// What a preview is about, without how far each object has come since.
fn objects(preview: &Preview) -> Vec<(String, String, Option<String>, shipmate_tools::Action)> {
    preview
        .changes
        .iter()
        .map(|change| {
            let object = &change.object;
            (object.kind.clone(), object.name.clone(), object.namespace.clone(), change.action)
        })
        .collect()
}
