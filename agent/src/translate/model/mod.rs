//! The model translator: any OpenAI-compatible endpoint, asked for one typed call.
//!
//! A request goes through here in one direction. It is redacted ([`gate::redact`]), the few tools that can
//! matter are chosen (`rank`, `offer`), the model is asked over a stream (`connection`, `stream`), what
//! comes is read tolerantly (`reply`) and measured against the request's own words (`check`). What is left
//! is a proposal: grounding makes its names exact, and policy decides on what the tool declares, never on what
//! the model said.

mod argument;
mod check;
mod connection;
mod declared;
mod endpoint;
mod example;
mod failure;
mod offer;
mod pattern;
mod rank;
mod reply;
mod schema;
mod stream;
mod subjects;
mod transport;
mod verbs;
mod words;

use secrecy::SecretString;
use serde_json::{Value, json};
use shipmate_tools::{Call, gate};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use self::check::Verdict;
use self::connection::{Connection, Endpoint, Stopped};
use self::endpoint::Mode;
use self::failure::Failure;
use self::offer::Offer;
use self::reply::Said;
use self::stream::Answer;
use self::words::Words;
use crate::error::{AgentError, ExitCode};
use crate::translate::{Situation, Translation, TranslatorName, Understanding, Usage};

/// The address that is meant when there is a key and no address.
pub const OPENAI_BASE: &str = "https://api.openai.com/v1";
/// The model that is meant there when none is named.
pub const DEFAULT_MODEL: &str = "gpt-4o-mini";

/// Longest request that is sent, in bytes: beyond it, it is no request but a document.
const LONGEST_REQUEST: usize = 8 * 1024;
/// Most of a result that is sent to be explained, in bytes.
const LONGEST_RESULT: usize = 12 * 1024;
/// How many tools get an example where the model does not see their schemas.
const EXAMPLES: usize = 2;

/// Where the model is and how it is asked.
#[derive(Debug, Clone)]
pub struct ModelOptions {
    /// The endpoint's base address, such as `http://localhost:11434/v1`; without one, and with a key, OpenAI's.
    pub base_url: Option<String>,
    /// The key, where one is needed.
    pub api_key: Option<SecretString>,
    /// The model; without one the first the endpoint lists, or [`DEFAULT_MODEL`] at OpenAI's.
    pub model: Option<String>,
    /// How long one translation or explanation may take in all.
    pub deadline: Duration,
    /// Where what an endpoint can do is remembered; nowhere without it.
    pub cache_dir: Option<PathBuf>,
}

/// Why there is no model translator.
#[derive(Debug, Clone)]
pub enum NotReady {
    /// Neither an address nor a key was given: nobody wants a model.
    NotConfigured,
    /// What was given cannot be used.
    Invalid(AgentError),
}

impl From<NotReady> for AgentError {
    fn from(reason: NotReady) -> Self {
        match reason {
            NotReady::NotConfigured => Self::new(ExitCode::Usage, "no model is configured")
                .hint("set OPENAI_BASE_URL (or --base-url) to any OpenAI-compatible server, such as http://localhost:11434/v1")
                .hint("or set OPENAI_API_KEY to a key of OpenAI's own")
                .hint(failure::OFFLINE),
            NotReady::Invalid(error) => error,
        }
    }
}

/// Understands requests with a model.
pub struct ModelTranslator {
    endpoint: Endpoint,
    deadline: Duration,
    /// Made when it is first needed: most requests need no model, and TLS reads every root certificate.
    connection: OnceLock<Result<Connection, AgentError>>,
}

/// What one request needs on its way through.
struct Task<'a> {
    sent: String,
    secrets: Vec<String>,
    offer: Offer,
    situation: &'a Situation,
    /// What is said after the request: an earlier answer and what was wrong with it.
    afterwards: Vec<Value>,
    usage: Usage,
}

impl ModelTranslator {
    /// A translator with these options; nothing is sent yet.
    ///
    /// # Errors
    /// [`NotReady::NotConfigured`] without an address and a key, [`NotReady::Invalid`] when one of them cannot
    /// be used.
    pub fn new(options: &ModelOptions) -> Result<Self, NotReady> {
        Ok(Self {
            endpoint: Endpoint::new(options)?,
            deadline: options.deadline,
            connection: OnceLock::new(),
        })
    }

    /// Whether the model answers, as a sentence about it. Nothing is generated.
    ///
    /// # Errors
    /// As [`Self::translate`], and when the endpoint does not have the model.
    pub async fn check(&self) -> Result<String, AgentError> {
        let connection = self.connection()?;
        let checked = tokio::time::timeout(self.deadline, connection.check()).await;
        match checked.unwrap_or(Err(Failure::Deadline(self.deadline))) {
            Ok(said) => Ok(said),
            Err(failure) => Err(connection.failed(failure).await),
        }
    }

    fn connection(&self) -> Result<&Connection, AgentError> {
        self.connection.get_or_init(|| Connection::new(&self.endpoint)).as_ref().map_err(Clone::clone)
    }

    /// Translates a request. `progress` gets a line on what is going on.
    ///
    /// # Errors
    /// When the model cannot be reached, refuses, or does not answer in time. An answer that cannot be used is
    /// no error: it is [`Understanding::NotUnderstood`].
    pub async fn translate(
        &self,
        request: &str,
        situation: &Situation,
        progress: impl Fn(&str),
    ) -> Result<Translation, AgentError> {
        self.run(request, situation, Vec::new(), progress).await
    }

    /// Translates a request again after grounding found that `failed` names something that does not exist:
    /// `problem` says what, `nearest` are the names that do exist.
    ///
    /// # Errors
    /// As [`Self::translate`].
    pub async fn repair(
        &self,
        request: &str,
        situation: &Situation,
        failed: &Call,
        problem: &str,
        nearest: &[String],
        progress: impl Fn(&str),
    ) -> Result<Translation, AgentError> {
        let afterwards = correction(&offer::as_json(failed), &gate::text(problem), nearest)?;
        self.run(request, situation, afterwards, progress).await
    }

    async fn run(
        &self,
        request: &str,
        situation: &Situation,
        afterwards: Vec<Value>,
        progress: impl Fn(&str),
    ) -> Result<Translation, AgentError> {
        if request.trim().is_empty() {
            return Ok(translation(
                Understanding::NotUnderstood("the request is empty".to_owned()),
                Usage::default(),
            ));
        }
        if request.len() > LONGEST_REQUEST {
            let text = format!(
                "the request has {} bytes, and a model is sent at most {LONGEST_REQUEST}: say it shorter",
                request.len()
            );
            return Ok(translation(Understanding::NotUnderstood(text), Usage::default()));
        }
        let sent = gate::text(request);
        let mut task = Task {
            secrets: secrets(request, &sent),
            offer: Offer::of(&sent, situation),
            situation,
            afterwards,
            usage: Usage::default(),
            sent,
        };
        let connection = self.connection()?;
        let deadline = self.deadline;
        let understood = tokio::time::timeout(deadline, understand(connection, &mut task, &progress)).await;
        match understood.unwrap_or(Err(Stopped::Failure(Failure::Deadline(deadline)))) {
            Ok(understanding) => Ok(translation(understanding, task.usage)),
            Err(Stopped::Failure(failure)) => Err(connection.failed(failure).await),
            Err(Stopped::Error(error)) => Err(error),
        }
    }

    /// Answers a request from a result, in words. `on_text` gets them as they come; what it gets, and what is
    /// returned, has passed the gate.
    ///
    /// # Errors
    /// As [`Self::translate`].
    pub async fn explain(
        &self,
        request: &str,
        result: &str,
        mut on_text: impl FnMut(&str),
    ) -> Result<(String, Usage), AgentError> {
        let prompt = shipmate_prompts::explanation(&gate::text(request), &middle_cut(&gate::text(result)))
            .map_err(|error| defect(&error))?;
        let messages = vec![message("system", &prompt.system), message("user", &prompt.user)];
        let connection = self.connection()?;
        let deadline = self.deadline;
        let cleaned = |text: &str| gate::text(&connection.without_key(text));
        let mut held = String::new();
        let mut told = String::new();
        let answered = tokio::time::timeout(deadline, async {
            let mut abilities = connection.abilities().await?;
            let known = abilities.clone();
            let answer = connection
                .text(&mut abilities, &messages, |text| {
                    held.push_str(text);
                    // Whole lines and sentences only: half a secret would pass the gate.
                    if let Some(end) = held.rfind(['\n', '.']).filter(|end| {
                        held.get(end + 1..)
                            .is_some_and(|rest| rest.starts_with([' ', '\n']) || held.ends_with('\n'))
                    }) {
                        let rest = held.split_off(end + 1);
                        let ready = cleaned(&std::mem::replace(&mut held, rest));
                        on_text(&ready);
                        told.push_str(&ready);
                    }
                })
                .await?;
            if abilities != known && known.proved {
                connection.remember(&abilities);
            }
            Ok::<Usage, Stopped>(answer.usage)
        })
        .await;
        match answered.unwrap_or(Err(Stopped::Failure(Failure::Deadline(deadline)))) {
            Ok(usage) => {
                let ready = cleaned(&held);
                on_text(&ready);
                told.push_str(&ready);
                Ok((told.trim().to_owned(), usage))
            }
            Err(Stopped::Failure(failure)) => Err(connection.failed(failure).await),
            Err(Stopped::Error(error)) => Err(error),
        }
    }

    /// The model that is asked, once it is known.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.connection.get()?.as_ref().ok()?.model()
    }
}

/// Asks until there is something to go by, at most once more after an answer that is none.
async fn understand(
    connection: &Connection,
    task: &mut Task<'_>,
    progress: &impl Fn(&str),
) -> Result<Understanding, Stopped> {
    let mut abilities = connection.abilities().await?;
    let known = abilities.clone();
    progress(&format!("asking {}", gate::text(connection.model().unwrap_or("the model"))));
    let mut repaired = !task.afterwards.is_empty();
    loop {
        let answer = connection.call(&mut abilities, &task.offer, |mode| task.messages(mode)).await?;
        task.usage.prompt_tokens += answer.usage.prompt_tokens;
        task.usage.completion_tokens += answer.usage.completion_tokens;
        let judged = task.judge(&answer);
        if !abilities.proved && abilities.mode == Mode::Tools && answer.calls.is_empty() {
            // Tools were offered and words came. Asked for JSON, such a model does better.
            abilities.mode = Mode::Schema;
            if !matches!(judged, Ok(Understanding::Calls(_))) {
                progress("asking again for JSON");
                continue;
            }
        }
        match judged {
            Ok(understanding) => {
                abilities.proved = true;
                if abilities != known {
                    connection.remember(&abilities);
                }
                return Ok(understanding);
            }
            Err(problem) if repaired => {
                return Ok(Understanding::NotUnderstood(format!(
                    "the model's answer could not be used: {} (it was: {})",
                    problem.trim_end_matches('.'),
                    failure::beginning(&came(&answer))
                )));
            }
            Err(problem) => {
                repaired = true;
                progress("asking again: the answer was no call");
                task.afterwards.extend(correction(&came(&answer), &problem, &[])?);
            }
        }
    }
}

impl Task<'_> {
    fn messages(&self, mode: Mode) -> Result<Vec<Value>, AgentError> {
        let mut hints = self.offer.hints();
        let system = if mode == Mode::Tools {
            shipmate_prompts::translate_by_calls(&hints)
        } else {
            if mode == Mode::Plain {
                hints.push_str("\nForm: {\"tool\":\"...\",\"arguments\":{...}}");
            }
            for example in
                self.offer.tools.iter().filter_map(|tool| example::of(tool, &self.offer)).take(EXAMPLES)
            {
                hints.push('\n');
                hints.push_str(&example);
            }
            shipmate_prompts::translate_by_schema(&self.offer.lines(), hints.trim())
        };
        let mut messages =
            vec![message("system", &system.map_err(|error| defect(&error))?), message("user", &self.sent)];
        messages.extend(self.afterwards.iter().cloned());
        Ok(messages)
    }

    /// What an answer comes to, or what is wrong with it.
    fn judge(&self, answer: &Answer) -> Result<Understanding, String> {
        let calls = match reply::read(answer)? {
            // A small model repeats a request that it can do nothing with.
            Said::Ask(question) if is_echo(&question, &self.offer.words) => {
                return Ok(Understanding::NotUnderstood("the model could not tell what is meant".to_owned()));
            }
            Said::Ask(question) => return Ok(Understanding::Question(gate::text(question.trim()))),
            Said::Nothing(reason) => {
                let reason = gate::text(reason.trim());
                let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                return Ok(Understanding::NotUnderstood(format!("no tool does that{because}")));
            }
            Said::Words(words) => {
                let words = gate::text(&words);
                return Ok(if words.trim_end().ends_with('?') {
                    Understanding::Question(words)
                } else {
                    Understanding::Answer(words)
                });
            }
            Said::Calls(calls) => calls,
        };
        let mut kept: Vec<Call> = Vec::new();
        for call in calls {
            match check::measure(call, &self.offer, self.situation) {
                Verdict::Stands(call) if kept.contains(&call) => {}
                Verdict::Stands(call) => kept.push(call),
                Verdict::Ask(question) => return Ok(Understanding::Question(gate::text(&question))),
                Verdict::Broken(problem) => return Err(gate::text(&problem)),
            }
        }
        for call in &mut kept {
            if let Err(question) = restore(call, &self.secrets) {
                return Ok(Understanding::Question(question));
            }
        }
        Ok(Understanding::Calls(kept))
    }
}

/// Whether a question says nothing but the request again.
fn is_echo(question: &str, request: &Words) -> bool {
    let asked = Words::of(question);
    asked.said.iter().all(|word| request.said.contains(word))
        && (asked.said.is_empty() || !question.contains('?'))
}

/// What was cut out of a request before it was sent, in order.
fn secrets(request: &str, sent: &str) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut pieces = sent.split(gate::MASK);
    let Some(mut rest) = pieces.next().and_then(|first| request.strip_prefix(first)) else { return secrets };
    for piece in pieces {
        let end = if piece.is_empty() { Some(rest.len()) } else { rest.find(piece) };
        let Some((secret, after)) = end.map(|end| rest.split_at(end)) else { return Vec::new() };
        secrets.push(secret.to_owned());
        rest = after.strip_prefix(piece).unwrap_or(after);
    }
    secrets
}

/// Puts the one secret of a request back into the call it belongs to: it never left this process.
fn restore(call: &mut Call, secrets: &[String]) -> Result<(), String> {
    let masked = |value: &Value| value.to_string().contains(gate::MASK);
    if !call.arguments.values().any(masked) {
        return Ok(());
    }
    let [secret] = secrets else {
        return Err("Which secret goes where? Models are not sent any; give this call with `shipmate call`."
            .to_owned());
    };
    fn replace(value: &mut Value, secret: &str) {
        match value {
            Value::String(text) => *text = text.replace(gate::MASK, secret),
            Value::Array(items) => items.iter_mut().for_each(|item| replace(item, secret)),
            Value::Object(map) => map.values_mut().for_each(|item| replace(item, secret)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    call.arguments.values_mut().for_each(|value| replace(value, secret));
    Ok(())
}

/// An answer and what was wrong with it, to be said after the request.
fn correction(answer: &str, problem: &str, nearest: &[String]) -> Result<Vec<Value>, AgentError> {
    let nearest: Vec<String> = nearest.iter().map(|name| gate::text(name)).collect();
    let text = shipmate_prompts::repair(problem, &nearest).map_err(|error| defect(&error))?;
    Ok(vec![message("assistant", answer), message("user", &text)])
}

/// What an answer was, as text.
fn came(answer: &Answer) -> String {
    if answer.calls.is_empty() {
        return answer.text.trim().to_owned();
    }
    let calls =
        answer.calls.iter().take(offer::MOST_CALLS).map(|call| format!("{} {}", call.name, call.arguments));
    calls.collect::<Vec<_>>().join("; ")
}

/// The beginning and the end of a long result; in logs the end is what matters.
fn middle_cut(text: &str) -> String {
    if text.len() <= LONGEST_RESULT {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST_RESULT / 8).collect();
    let mut tail: Vec<char> = text.chars().rev().take(LONGEST_RESULT / 2).collect();
    tail.reverse();
    format!("{head}\n… (cut here) …\n{}", tail.into_iter().collect::<String>())
}

fn message(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

/// A prompt that does not fit its template is a defect of ours; the tests of the prompts find it.
fn defect(error: &shipmate_prompts::PromptError) -> AgentError {
    AgentError::new(ExitCode::Failed, format!("a prompt could not be made: {error}"))
}

const fn translation(understanding: Understanding, usage: Usage) -> Translation {
    Translation { understanding, translator: TranslatorName::Model, usage }
}

#[cfg(test)]
pub(crate) mod tests;
