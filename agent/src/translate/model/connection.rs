//! One endpoint and one conversation with it: which model, what it can do, and a streamed answer.
//!
//! A server that refuses a parameter is asked again without it, at most a few times, and that is remembered;
//! nothing else is retried, since a person waits and can ask again.

use async_openai::Client;
use async_openai::error::OpenAIError;
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::OnceCell;

use super::endpoint::{Abilities, Memory, Mode, TokenLimit, shown};
use super::failure::{Asked, Failure, beginning};
use super::offer::Offer;
use super::stream::Answer;
use super::transport::{Address, Refused, Transport};
use super::{DEFAULT_MODEL, ModelOptions, NotReady, OPENAI_BASE};
use crate::error::{AgentError, ExitCode};

/// How long the answer may pause once it has begun.
const IDLE: Duration = Duration::from_secs(30);
/// How long a server may take to list its models when that is only asked to know it better.
const LISTING: Duration = Duration::from_secs(3);
/// How long, and for how many events, the count of tokens is waited for after a whole answer.
const TRAILING: Duration = Duration::from_millis(600);
const MOST_TRAILING_EVENTS: usize = 16;
/// Most times a request is sent again without what the server refused.
const MOST_ADJUSTMENTS: usize = 5;
/// Most tokens of a call, and of one by a model that thinks first.
const CALL_TOKENS: u32 = 512;
const THINKING_TOKENS: u32 = 4096;

/// Where the model is, checked without sending anything.
pub(super) struct Endpoint {
    base: String,
    local: bool,
    address: Address,
    model: Option<String>,
    memory: Memory,
}

/// A connection to it.
pub(super) struct Connection {
    client: Client<Address>,
    base: String,
    with_key: bool,
    model: Option<String>,
    chosen: OnceCell<Chosen>,
    memory: Memory,
}

/// The model that is asked.
struct Chosen {
    name: String,
    /// Whether the server holds small models to a grammar, so that a schema is sure to work.
    constrained: bool,
}

impl Endpoint {
    /// Checks the address and the key.
    ///
    /// # Errors
    /// When nothing is configured, or what is cannot be used.
    pub(super) fn new(options: &ModelOptions) -> Result<Self, NotReady> {
        let base = given(options.base_url.as_deref());
        if base.is_none() && options.api_key.is_none() {
            return Err(NotReady::NotConfigured);
        }
        let invalid = |message: &str, hint: &str| {
            NotReady::Invalid(AgentError::new(ExitCode::Usage, message).hint(hint))
        };
        let base = base.unwrap_or(OPENAI_BASE).trim_end_matches('/').to_owned();
        let url = reqwest::Url::parse(&base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
            .ok_or_else(|| {
                invalid(
                    &format!("the model's address {:?} is no http or https address", shown(&base)),
                    "give one such as http://localhost:11434/v1 with --base-url or OPENAI_BASE_URL",
                )
            })?;
        let address = Address::new(&base, options.api_key.as_ref()).map_err(|_| {
            invalid(
                "the key of the model's server holds characters that no key has",
                "set OPENAI_API_KEY to the key alone, without quotes or line ends",
            )
        })?;
        Ok(Self {
            local: matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
            address,
            model: given(options.model.as_deref()).map(str::to_owned),
            memory: Memory::new(options.cache_dir.as_deref()),
            base,
        })
    }
}

impl Connection {
    /// Sets up the client; nothing is sent yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, AgentError> {
        let transport = Transport::new(endpoint.local).map_err(|error| {
            AgentError::new(ExitCode::Usage, format!("TLS could not be set up: {error}"))
                .hint("install the system's root certificates (ca-certificates)")
        })?;
        Ok(Self {
            client: Client::build(transport.http(), endpoint.address.clone()).with_http_service(transport),
            with_key: endpoint.address.has_key(),
            base: endpoint.base.clone(),
            model: endpoint.model.clone(),
            chosen: OnceCell::new(),
            memory: endpoint.memory.clone(),
        })
    }

    /// The model's name, once it is known.
    pub(super) fn model(&self) -> Option<&str> {
        self.chosen.get().map(|chosen| chosen.name.as_str()).or(self.model.as_deref())
    }

    /// The error for the person.
    pub(super) async fn failed(&self, failure: Failure) -> AgentError {
        let missing = matches!(&failure, Failure::Refused(refused) if refused.status == 404);
        let models = if missing { self.models(LISTING).await.unwrap_or_default() } else { Vec::new() };
        let models: Vec<String> =
            models.iter().filter_map(|model| model.get("id")?.as_str()).take(12).map(beginning).collect();
        let base = shown(&self.base);
        let asked = Asked { base: &base, model: self.model(), with_key: self.with_key, models: &models };
        let mut error = asked.failed(&failure);
        error.message = self.without_key(&error.message);
        error.hints.iter_mut().for_each(|hint| *hint = self.without_key(hint));
        error
    }

    /// A text without the key, in case a server sends it back.
    pub(super) fn without_key(&self, text: &str) -> String {
        self.client.config().without_key(text)
    }

    /// What the model can do, as far as is known. Chooses the model first where none was named.
    pub(super) async fn abilities(&self) -> Result<Abilities, Failure> {
        let chosen = self.chosen.get_or_try_init(|| self.choose()).await?;
        Ok(self
            .memory
            .recall(&self.base, &chosen.name)
            .unwrap_or_else(|| Abilities::assumed(&chosen.name, chosen.constrained)))
    }

    /// Remembers what the model can do.
    pub(super) fn remember(&self, abilities: &Abilities) {
        if let Some(model) = self.model() {
            self.memory.remember(&self.base, model, abilities);
        }
    }

    /// Whether the endpoint answers and has the model, as a sentence.
    pub(super) async fn check(&self) -> Result<String, Failure> {
        let models = self.models(IDLE).await;
        let ids = |models: &[Value]| -> Vec<String> {
            models.iter().filter_map(|model| Some(model.get("id")?.as_str()?.to_owned())).collect()
        };
        let base = shown(&self.base);
        match (&self.model, models) {
            (Some(model), Ok(models)) if !models.is_empty() && !ids(&models).contains(model) => {
                let body = json!({"message": format!("the model {model} is not in its list")}).to_string();
                Err(Failure::Refused(Refused { status: 404, retry_after: None, body }))
            }
            (_, Ok(models)) => {
                let chosen = self.chosen.get_or_try_init(|| self.choose()).await?;
                Ok(format!("{} at {base}, {} models", beginning(&chosen.name), models.len()))
            }
            // Not every server lists its models.
            (Some(model), Err(Failure::Refused(refused))) if refused.status == 404 => {
                Ok(format!("{} at {base}", beginning(model)))
            }
            (_, Err(failure)) => Err(failure),
        }
    }

    async fn choose(&self) -> Result<Chosen, Failure> {
        let official = self.base == OPENAI_BASE;
        let named = self.model.clone().or_else(|| official.then(|| DEFAULT_MODEL.to_owned()));
        if let Some(name) = named {
            if official || self.memory.recall(&self.base, &name).is_some() {
                return Ok(Chosen { name, constrained: false });
            }
            // Only to know the server better; a server without such a list is none the worse.
            return match self.models(LISTING).await {
                Ok(models) => Ok(Chosen { constrained: models.iter().any(is_constrained), name }),
                Err(failure @ Failure::Connection(_)) => Err(failure),
                Err(_) => Ok(Chosen { name, constrained: false }),
            };
        }
        let models = self.models(IDLE).await?;
        let first = models.iter().find_map(|model| Some((model, model.get("id")?.as_str()?)));
        let (entry, name) = first.ok_or_else(|| {
            Failure::Garbage("its list of models is empty; name one with --model".to_owned())
        })?;
        Ok(Chosen { name: name.to_owned(), constrained: is_constrained(entry) })
    }

    async fn models(&self, patience: Duration) -> Result<Vec<Value>, Failure> {
        let listed = tokio::time::timeout(patience, self.client.models().list_byot::<Value>()).await;
        let list = listed.map_err(|_| Failure::Deadline(patience))?.map_err(Failure::of)?;
        let models = list.get("data").or_else(|| list.get("models")).and_then(Value::as_array).cloned();
        models.ok_or_else(|| Failure::Garbage("what it lists are no models".to_owned()))
    }

    /// Asks for a call.
    pub(super) async fn call(
        &self,
        abilities: &mut Abilities,
        offer: &Offer,
        messages: impl Fn(Mode) -> Result<Vec<Value>, AgentError>,
    ) -> Result<Answer, Stopped> {
        self.adjusting(
            abilities,
            |abilities| {
                let mut body = self.body(abilities, &messages(abilities.mode)?, CALL_TOKENS);
                let fields = match abilities.mode {
                    Mode::Tools => json!({"tools": offer.definitions()}),
                    Mode::Schema => json!({"response_format": {
                        "type": "json_schema", "json_schema": {"name": "call", "schema": offer.schema()}
                    }}),
                    Mode::Plain => json!({}),
                };
                merge(&mut body, fields);
                if abilities.mode == Mode::Tools && abilities.parallel_tool_calls {
                    merge(&mut body, json!({"parallel_tool_calls": false}));
                }
                Ok(body)
            },
            |_| {},
        )
        .await
    }

    /// Asks for text.
    pub(super) async fn text(
        &self,
        abilities: &mut Abilities,
        messages: &[Value],
        on_text: impl FnMut(&str),
    ) -> Result<Answer, Stopped> {
        self.adjusting(abilities, |abilities| Ok(self.body(abilities, messages, CALL_TOKENS)), on_text).await
    }

    fn body(&self, abilities: &Abilities, messages: &[Value], tokens: u32) -> Value {
        let mut body = json!({"model": self.model(), "messages": messages, "stream": true});
        match abilities.token_limit {
            TokenLimit::MaxTokens => merge(&mut body, json!({"max_tokens": tokens})),
            TokenLimit::MaxCompletionTokens => {
                merge(&mut body, json!({"max_completion_tokens": THINKING_TOKENS}));
            }
            TokenLimit::Unlimited => {}
        }
        if abilities.temperature {
            merge(&mut body, json!({"temperature": 0}));
        }
        if abilities.stream_options {
            merge(&mut body, json!({"stream_options": {"include_usage": true}}));
        }
        body
    }

    /// Sends a request, without what the server refuses.
    async fn adjusting(
        &self,
        abilities: &mut Abilities,
        body: impl Fn(&Abilities) -> Result<Value, AgentError>,
        mut on_text: impl FnMut(&str),
    ) -> Result<Answer, Stopped> {
        for _ in 0..MOST_ADJUSTMENTS {
            let failure = match self.send(body(abilities)?, &mut on_text).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let adjusted = match failure.complaint() {
                // 404 and 5xx are how some servers say that they take no tools.
                Some((400 | 404 | 422 | 500 | 501, complaint)) if abilities.adjust(&complaint) => true,
                Some((400 | 422, _)) => abilities.adjust_blindly(),
                _ => false,
            };
            if !adjusted {
                return Err(failure.into());
            }
        }
        Err(self
            .send(body(abilities)?, &mut on_text)
            .await
            .err()
            .map_or_else(|| Failure::Cut.into(), Into::into))
    }

    /// Sends one request and reads its answer as far as it is needed.
    async fn send(&self, body: Value, on_text: &mut impl FnMut(&str)) -> Result<Answer, Failure> {
        let chat = self.client.chat();
        let mut events = chat.create_stream_byot::<Value, Value>(body).await.map_err(Failure::of)?;
        let mut answer = Answer::default();
        let (mut some, mut garbage) = (false, None);
        loop {
            let next = if some {
                tokio::time::timeout(IDLE, events.next()).await.map_err(|_| Failure::Idle(IDLE))?
            } else {
                // A slow machine reads the request before its first word; the deadline bounds that.
                events.next().await
            };
            match next {
                Some(Ok(event)) => {
                    some = true;
                    let before = answer.text.len();
                    answer.take(&event);
                    on_text(answer.text.get(before..).unwrap_or_default());
                    if answer.is_enough() {
                        count_tokens(&mut events, &mut answer).await;
                        break;
                    }
                }
                Some(Err(OpenAIError::JSONDeserialize(_, text))) => {
                    garbage.get_or_insert_with(|| beginning(&text));
                }
                Some(Err(error)) => return Err(if some { Failure::Cut } else { Failure::of(error) }),
                None => break,
            }
        }
        answer.text = self.without_key(&answer.text);
        for call in &mut answer.calls {
            call.arguments = self.without_key(&call.arguments);
        }
        if let Some(error) = answer.error.take() {
            return Err(Failure::Broken(beginning(&error)));
        }
        if !some {
            return Err(Failure::Garbage(garbage.unwrap_or_else(|| "it is empty".to_owned())));
        }
        if answer.finish.is_none() && !answer.is_enough() && super::reply::read(&answer).is_err() {
            return Err(Failure::Cut);
        }
        Ok(answer)
    }
}

/// Waits a moment for the count of tokens, which comes last: a server that is done sends it at once, and one
/// that goes on without end is left.
async fn count_tokens(
    events: &mut (impl futures::Stream<Item = Result<Value, OpenAIError>> + Unpin),
    answer: &mut Answer,
) {
    let counted = async {
        for _ in 0..MOST_TRAILING_EVENTS {
            let Some(Ok(event)) = events.next().await else { break };
            answer.count(&event);
        }
    };
    let _in_time = tokio::time::timeout(TRAILING, counted).await;
}

/// Why there is no answer: the server, or a defect of ours.
pub(super) enum Stopped {
    /// The server.
    Failure(Failure),
    /// Anything else.
    Error(AgentError),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<AgentError> for Stopped {
    fn from(error: AgentError) -> Self {
        Self::Error(error)
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// llama.cpp's server turns a schema into a grammar, whatever the model; native tool calls depend on the model.
fn is_constrained(model: &Value) -> bool {
    model.get("owned_by").and_then(Value::as_str) == Some("llamacpp")
}

fn merge(body: &mut Value, fields: Value) {
    if let (Value::Object(body), Value::Object(fields)) = (body, fields) {
        body.extend(fields);
    }
}
