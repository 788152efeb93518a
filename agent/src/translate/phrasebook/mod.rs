//! The offline translator: understands requests with the tools' own phrases, in microseconds.
//!
//! It answers only when it can account for every content word of a request; a change it is not sure of it
//! asks about. The way through: `normalise` (tokens) → `guard`, `secrets` and `help` (what is no request to a
//! tool) → `request` (what each word can be) → `matcher` (every way to read it as a tool's phrase) →
//! `choose` (the way that understands most) → `plan` (several steps) → `answer` (calls, or a question).

mod answer;
mod choose;
mod flags;
mod follow_up;
mod guard;
mod help;
mod kinds;
pub(super) mod lexicon;
mod matcher;
mod normalise;
pub(super) mod numbers;
mod objects;
mod pattern;
mod phrase;
mod plan;
mod request;
mod secrets;
mod spoken;
mod suggest;
mod tool;
mod values;
mod vocabulary;

use super::{Situation, Translation, TranslatorName, Understanding, Usage};
use normalise::{Shape, Token};
use pattern::{Compiler, Pattern, PatternError};
use request::Request;
use tool::{Program, ToolPatterns};
use vocabulary::Vocabulary;

/// The longest request that is read, in bytes; nobody says more than this in one breath.
const LONGEST: usize = 4096;
/// The most words that are read.
const MOST_TOKENS: usize = 80;

/// Words and patterns.
struct Library {
    vocabulary: Vocabulary,
    classes: Vec<Pattern>,
    filler: Vec<Pattern>,
    read_filler: Vec<Pattern>,
    wishes: Vec<Pattern>,
    conditions: Vec<Pattern>,
    connectors: Vec<Pattern>,
    scopes: Vec<Pattern>,
    help: Vec<Pattern>,
    follow_ups: Vec<Pattern>,
    tools: Vec<ToolPatterns>,
}

impl Library {
    const fn compiler(&self) -> Compiler<'_> {
        Compiler { vocabulary: &self.vocabulary }
    }
}

/// The offline translator.
pub struct Phrasebook {
    library: Library,
    errors: Vec<(String, PatternError)>,
}

impl Default for Phrasebook {
    fn default() -> Self {
        Self::new()
    }
}

impl Phrasebook {
    /// Learns the words of every tool's phrases, and compiles what is the phrasebook's own.
    #[must_use]
    pub fn new() -> Self {
        let mut vocabulary = Vocabulary::new();
        let classes: Vec<&'static str> = lexicon::CLASSES.iter().map(|(_, source)| *source).collect();
        for sources in [
            classes.as_slice(),
            lexicon::FILLER,
            lexicon::READ_FILLER,
            lexicon::WISHES,
            lexicon::CONDITIONS,
            lexicon::CONNECTORS,
            lexicon::SCOPES,
            help::PHRASES,
            follow_up::PHRASES,
        ] {
            for source in sources {
                phrase::learn(source, &mut vocabulary, &mut Vec::new());
            }
        }
        let tools = shipmate_tools::catalog::all()
            .iter()
            .map(|entry| ToolPatterns::new(entry, &mut vocabulary))
            .collect();
        let mut errors = Vec::new();
        let mut own = |sources: &[&'static str]| {
            let compiler = Compiler { vocabulary: &vocabulary };
            let mut patterns = Vec::with_capacity(sources.len());
            for source in sources {
                match compiler.compile(source) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(error) => errors.push(((*source).to_owned(), error)),
                }
            }
            patterns
        };
        let classes = own(&classes);
        let filler = own(lexicon::FILLER);
        let read_filler = own(lexicon::READ_FILLER);
        let wishes = own(lexicon::WISHES);
        let conditions = own(lexicon::CONDITIONS);
        let connectors = own(lexicon::CONNECTORS);
        let scopes = own(lexicon::SCOPES);
        let help = own(help::PHRASES);
        let follow_ups = own(follow_up::PHRASES);
        let library = Library {
            vocabulary,
            classes,
            filler,
            read_filler,
            wishes,
            conditions,
            connectors,
            scopes,
            help,
            follow_ups,
            tools,
        };
        Self { library, errors }
    }

    /// Patterns that do not compile, each with the reason; they are left out. The catalog has none.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let compiler = self.library.compiler();
        let of_tools = self.library.tools.iter().flat_map(|tool| tool.mistakes(compiler));
        let own = self.errors.iter().cloned();
        own.chain(of_tools).map(|(source, error)| format!("{source}: {error}")).collect()
    }

    /// Understands a request, as far as words alone allow. Names stay as they were said.
    #[must_use]
    pub fn translate(&self, request: &str, situation: &Situation) -> Translation {
        Translation {
            understanding: self.understand(request, situation),
            translator: TranslatorName::Phrasebook,
            usage: Usage::default(),
        }
    }

    fn understand(&self, text: &str, situation: &Situation) -> Understanding {
        if text.len() > LONGEST {
            return Understanding::NotUnderstood(format!(
                "That is {} bytes long; a request is a sentence or two. Try {}",
                text.len(),
                suggest::EXAMPLE
            ));
        }
        let all = normalise::tokens(text);
        if all.iter().all(Token::is_mark) {
            return Understanding::NotUnderstood(format!(
                "There are no words in that. Try {}",
                suggest::EXAMPLE
            ));
        }
        if all.len() > MOST_TOKENS {
            return Understanding::NotUnderstood(format!(
                "That is a long text rather than a request. Try {}",
                suggest::EXAMPLE
            ));
        }
        let (program, tokens) = typed_program(&all);
        let mut request = Request::new(&self.library, situation, tokens, program.is_some());
        if let Some(answer) = help::check(&request) {
            return answer;
        }
        if let Some(followed) = follow_up::check(self, &request) {
            return followed;
        }
        if let Some(found) = guard::check(text, &all).or_else(|| secrets::check(&all)) {
            return found;
        }
        let bounds = (0, tokens.len() - usize::from(is_question(tokens)));
        if let Some(understood) = answer::understand(&request, bounds, program) {
            return understood;
        }
        if request.forgive()
            && let Some(understood) = answer::understand(&request, bounds, program)
        {
            return understood;
        }
        if let Some(spelled_out) = plan::spell_out(&request) {
            let request = Request::new(&self.library, situation, &spelled_out, program.is_some());
            let bounds = (0, spelled_out.len() - usize::from(is_question(&spelled_out)));
            if let Some(understood) = answer::understand(&request, bounds, program) {
                return understood;
            }
        }
        suggest::not_understood(&request)
    }
}

fn is_question(tokens: &[Token]) -> bool {
    tokens.last().is_some_and(|token| token.shape == Shape::Asks)
}

/// The program that a command line begins with, and the rest of the line.
fn typed_program(tokens: &[Token]) -> (Option<Program>, &[Token]) {
    let Some((first, rest)) = tokens.split_first() else { return (None, tokens) };
    let program = match first.word.as_str() {
        "kubectl" | "kubecolor" | "oc" => Program::Kubectl,
        "k" if rest.first().is_some_and(|token| token.shape == Shape::Word && token.word.len() > 2) => {
            Program::Kubectl
        }
        "helm" => Program::Helm,
        "docker" | "podman" | "nerdctl" => Program::Docker,
        _ => return (None, tokens),
    };
    if rest.is_empty() { (None, tokens) } else { (Some(program), rest) }
}

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod look_tests;
#[cfg(test)]
mod tests;
