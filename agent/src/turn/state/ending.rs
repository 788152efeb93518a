//! How a turn ends before its calls do: a failure, a "no", Ctrl-C. Each way says what was left undone.

use shipmate_tools::{Outcome, gate};

use crate::error::{AgentError, ExitCode};
use crate::translate::{Translation, TranslatorName, Understanding};

use super::super::account::asks_for_words;
use super::super::message::{Effect, JournalEntry, Shown};
use super::{Turn, Waiting};

impl Turn {
    pub(super) fn read(&mut self, result: Result<Outcome, AgentError>) -> Vec<Effect> {
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

    pub(super) fn explained(&mut self, result: Result<Translation, AgentError>) -> Vec<Effect> {
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

    /// Ends the current call as not done, and the turn with it.
    pub(super) fn stop(&mut self, outcome: &str, mut effects: Vec<Effect>) -> Vec<Effect> {
        if let Some(current) = self.current.take() {
            effects.push(Effect::Journal(JournalEntry::Ended { outcome: outcome.to_owned() }));
            self.record.calls.push(Self::row(&current, outcome, false, None));
        }
        effects.extend(self.leave_rest());
        self.end_with(self.code, effects)
    }

    /// Says which calls of the plan are left undone, and which were done; they are not dropped in silence.
    pub(super) fn leave_rest(&mut self) -> Vec<Effect> {
        let mut rest = self.plan.leave();
        rest.extend(self.queue.drain(..).map(|call| call.to_string()));
        if rest.is_empty() {
            return Vec::new();
        }
        let rest = gate::text(&rest.join("; "));
        let done: Vec<&str> = self
            .record
            .calls
            .iter()
            .filter(|call| call.succeeded && !call.approved_by.is_empty())
            .map(|call| call.command.as_str())
            .collect();
        let note = if done.is_empty() {
            format!("Not done after that: {rest}")
        } else {
            format!("Done before that: {}. Not done after that: {rest}", done.join("; "))
        };
        self.record.said.push(note.clone());
        vec![Effect::Show(Shown::Note(note))]
    }

    pub(super) fn fail(&mut self, error: AgentError) -> Vec<Effect> {
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

    pub(super) fn say(&mut self, shown: Shown, code: ExitCode) -> Vec<Effect> {
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

    pub(super) fn interrupted(&mut self, why: &str) -> Vec<Effect> {
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

    pub(super) fn end_with(&mut self, code: ExitCode, mut effects: Vec<Effect>) -> Vec<Effect> {
        self.waiting = Waiting::Nothing;
        effects.push(Effect::Record);
        effects.push(Effect::End(code));
        effects
    }
}
