//! What goes in and out of a turn: events that happened, effects that should. All of it is plain data.

use serde::{Deserialize, Serialize};
use shipmate_tools::{ApprovedBy, Call, Outcome, Preview, Verification};

use crate::error::{AgentError, ExitCode};
use crate::policy::Answer;
use crate::translate::Translation;

/// A call after grounding, as data.
#[derive(Debug, Clone, PartialEq)]
pub enum Grounded {
    /// Exact.
    Exact {
        /// The call, every name found.
        call: Call,
        /// How much it can change.
        effect: shipmate_tools::Effect,
        /// The equivalent command line.
        command: String,
    },
    /// It has to be asked.
    Ask {
        /// What.
        question: String,
        /// Exact calls to choose from, each with its label.
        options: Vec<(String, Call)>,
    },
}

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// The turn begins.
    Begin,
    /// The translators answered.
    Translated(Result<Translation, AgentError>),
    /// The current call was grounded, or not.
    Grounded(Result<Grounded, AgentError>),
    /// The person chose one of the options, or none.
    Chosen(Option<Call>),
    /// The current change was previewed.
    Previewed(Result<Preview, AgentError>),
    /// The person answered.
    Answered(Answer),
    /// The current read ended.
    Read(Result<Outcome, AgentError>),
    /// The current change ended.
    Ran(Result<Outcome, AgentError>),
    /// It was waited for.
    Verified(Result<Verification, AgentError>),
    /// The model put the result into words, or could not.
    Explained(Result<Translation, AgentError>),
    /// The person pressed Ctrl-C, or the deadline of the whole request ran out.
    Interrupted(String),
}

/// Something that should happen. At most the last one of a step is answered by an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Translate the request.
    Translate,
    /// Ground this call.
    Ground(Call),
    /// Let the person choose.
    Choose {
        /// What to ask.
        question: String,
        /// The options.
        options: Vec<(String, Call)>,
    },
    /// Preview this call.
    Preview(Call),
    /// Ask for approval.
    Ask(ApprovalRequest),
    /// Run this read.
    Read(Call),
    /// Run this change, approved as shown.
    Run {
        /// The call.
        call: Call,
        /// What was shown.
        preview: Preview,
        /// Who approved it.
        by: ApprovedBy,
    },
    /// Wait until this change came true.
    Verify {
        /// The call.
        call: Call,
        /// What was shown.
        preview: Preview,
    },
    /// Have the model put this result into words.
    Explain(String),
    /// Remember "always" for this tool and namespace.
    AllowAlways {
        /// The tool.
        tool: String,
        /// The namespace.
        namespace: Option<String>,
    },
    /// Write to the journal, before anything else happens.
    Journal(JournalEntry),
    /// Show it.
    Show(Shown),
    /// Write the record.
    Record,
    /// The turn is over.
    End(ExitCode),
}

/// What the person is asked to approve.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalRequest {
    /// The call.
    pub call: Call,
    /// How much it can change.
    pub effect: shipmate_tools::Effect,
    /// The equivalent command line.
    pub command: String,
    /// What would change.
    pub preview: Preview,
    /// The context it would change in; empty where there is no cluster.
    pub context: String,
    /// Whether that context is marked protected.
    pub protected: bool,
    /// The name that has to be typed.
    pub typed_name: Option<String>,
    /// Whether "always" may be answered.
    pub may_always: bool,
    /// For a plan: every call of it, in order; empty for one call.
    pub steps: Vec<ApprovalStep>,
}

/// One call of a plan that is approved as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalStep {
    /// The call.
    pub call: Call,
    /// The equivalent command line.
    pub command: String,
    /// What would change; nothing for a read.
    pub preview: Option<Preview>,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// What the request was understood as, one command line each.
    Understood(Vec<String>),
    /// What would change.
    Preview {
        /// The call, as it will run.
        call: Call,
        /// The equivalent command line.
        command: String,
        /// What would change.
        preview: Preview,
    },
    /// A result.
    Outcome(Outcome),
    /// Whether a change came true.
    Verification(Verification),
    /// An answer that needed no call.
    Answer(String),
    /// A question nobody is there to answer, or that the person answers with the next request.
    Question(String),
    /// A refusal.
    Refusal(String),
    /// Not understood.
    NotUnderstood(String),
    /// Something went wrong.
    Error(AgentError),
    /// A remark.
    Note(String),
}

/// One event of the journal. What it says is redacted before it comes here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JournalEntry {
    /// A request came in.
    Requested {
        /// Its words.
        request: String,
    },
    /// It was understood.
    Translated {
        /// By which translator.
        translator: String,
        /// The model's name, when it was the model.
        model: Option<String>,
    },
    /// A call is about to run.
    Started {
        /// The typed call.
        call: String,
        /// The equivalent command line.
        command: String,
        /// Its effect.
        effect: shipmate_tools::Effect,
        /// Who approved it; empty for a read.
        approved_by: String,
        /// The call that undoes it, as data.
        undo: Option<Call>,
        /// The context it runs in; empty where there is none, and in journals of old.
        #[serde(default)]
        context: String,
    },
    /// This turn takes another one back.
    Undoes {
        /// The name of that turn; every line of the journal says `turn` of the one that it is of.
        undone: String,
    },
    /// It ended.
    Ended {
        /// How.
        outcome: String,
    },
    /// The turn is over and its record could not be written: the record itself, to be written later.
    Unrecorded {
        /// The record.
        record: Box<shipmate_phr::Record>,
    },
    /// The record was written.
    Recorded {
        /// Where.
        path: String,
    },
}
