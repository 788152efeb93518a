//! From words to typed calls. Two translators behind one trait, asked in order: the phrasebook (offline,
//! deterministic, microseconds; answers only when it accounts for every content word) and the model (any
//! OpenAI-compatible endpoint). Both produce the same [`Understanding`].
//!
//! Calls come out of here as they were said: names may be vague ("backend"); grounding makes them exact.

pub mod focus;
mod phrase_language;
mod pipeline;

pub mod model;
pub mod phrasebook;

pub use focus::Focus;
pub use pipeline::{Mode, Translators};

use shipmate_tools::Call;
use shipmate_tools::kubernetes::KindIndex;
use std::sync::Arc;

/// What a request was understood as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Understanding {
    /// Calls, in the order they should run.
    Calls(Vec<Call>),
    /// Something has to be asked first.
    Question(String),
    /// An answer that needs no call.
    Answer(String),
    /// Something shipmate does not do.
    Refusal(String),
    /// Not understood; the text says which words, and what could be meant.
    NotUnderstood(String),
}

/// Which translator understood it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TranslatorName {
    /// The offline phrasebook.
    Phrasebook,
    /// A model.
    Model,
    /// None did.
    None,
}

impl TranslatorName {
    /// The word used in translations and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phrasebook => "phrasebook",
            Self::Model => "model",
            Self::None => "none",
        }
    }
}

/// Tokens a model counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens sent.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
}

/// A request, understood or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// What it was understood as.
    pub understanding: Understanding,
    /// By whom.
    pub translator: TranslatorName,
    /// Tokens used; zero without a model.
    pub usage: Usage,
}

/// What a translator may know about the world before it answers; all of it is data, none of it instructions.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The kinds of objects there are.
    pub kinds: Arc<KindIndex>,
    /// The context's name, when there is a cluster.
    pub context: Option<String>,
    /// The namespace meant when none is named.
    pub namespace: String,
    /// Names of namespaces, when they were read.
    pub namespaces: Vec<String>,
    /// What the conversation is about.
    pub focus: Focus,
}
