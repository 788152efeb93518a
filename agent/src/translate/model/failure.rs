//! What can go wrong between shipmate and a model's server, in words that say what was tried, what happened
//! and what to do next. The key is in none of them.

use async_openai::error::OpenAIError;
use shipmate_tools::gate;
use std::time::Duration;

use super::transport::{NotAnAnswer, Refused};
use crate::error::{AgentError, ExitCode};

/// The hint that always helps.
pub(super) const OFFLINE: &str = "--offline understands plain requests without a model";

/// Why the model gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection; the cause.
    Connection(String),
    /// The server refused.
    Refused(Refused),
    /// The answer is neither events nor JSON; what it was.
    Garbage(String),
    /// The connection ended in the middle of the answer.
    Cut,
    /// The server sent an error in the middle of the answer.
    Broken(String),
    /// Nothing came for this long.
    Idle(Duration),
    /// The whole call took longer than this.
    Deadline(Duration),
}

impl Failure {
    /// The failure behind the client library's error.
    pub(super) fn of(error: OpenAIError) -> Self {
        match error {
            OpenAIError::Reqwest(error) => Self::Connection(root_cause(&error)),
            OpenAIError::Boxed(error) => match error.downcast::<Refused>() {
                Ok(refused) => Self::Refused(*refused),
                Err(error) => match error.downcast::<NotAnAnswer>() {
                    Ok(other) => Self::Garbage(other.content_type),
                    Err(error) => Self::Connection(error.to_string()),
                },
            },
            OpenAIError::JSONDeserialize(_, text) => Self::Garbage(beginning(&text)),
            OpenAIError::StreamError(_) => Self::Cut,
            other => Self::Connection(other.to_string()),
        }
    }

    /// The complaint of a refusal that may be about a parameter.
    pub(super) fn complaint(&self) -> Option<(u16, String)> {
        match self {
            Self::Refused(refused) => Some((refused.status, said(&refused.body))),
            _ => None,
        }
    }
}

/// Where and what was asked; what every message begins with.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    /// The address, without credentials.
    pub(super) base: &'a str,
    /// The model, once it is known.
    pub(super) model: Option<&'a str>,
    /// Whether a key was sent.
    pub(super) with_key: bool,
    /// The models the server has, where that is known.
    pub(super) models: &'a [String],
}

impl Asked<'_> {
    /// The error for the person.
    pub(super) fn failed(&self, failure: &Failure) -> AgentError {
        let who = match self.model {
            Some(model) => format!("asked the model {model} at {}", self.base),
            None => format!("asked {} for its models", self.base),
        };
        let error =
            |code: ExitCode, what: String| AgentError::new(code, gate::text(&format!("{who}: {what}")));
        let unreachable = |what: String| error(ExitCode::Unreachable, what);
        match failure {
            Failure::Connection(cause) => unreachable(format!("no connection: {cause}"))
                .hint("check that the server runs and that --base-url (or OPENAI_BASE_URL) names it")
                .hint(OFFLINE),
            Failure::Refused(refused) => self.refused(refused, &error),
            Failure::Garbage(what) => {
                unreachable(format!("what came back is no answer of such a server: {what}"))
                    .hint("check --base-url (or OPENAI_BASE_URL): it usually ends in /v1")
                    .hint(OFFLINE)
            }
            Failure::Cut => unreachable("the connection ended in the middle of the answer".to_owned())
                .hint("ask again; if it stays so, see the server's own log")
                .hint(OFFLINE),
            Failure::Broken(message) => unreachable(format!("it broke off with an error: {message}"))
                .hint("ask again; if it stays so, see the server's own log")
                .hint(OFFLINE),
            Failure::Idle(time) => {
                unreachable(format!("the answer stopped, and nothing more came for {} s", time.as_secs()))
                    .hint("ask again; if it stays so, see the server's own log")
                    .hint(OFFLINE)
            }
            Failure::Deadline(time) => unreachable(format!("no whole answer within {} s", time.as_secs()))
                .hint("give it longer with --timeout, or choose a smaller model with --model")
                .hint(OFFLINE),
        }
    }

    fn refused(&self, refused: &Refused, error: &dyn Fn(ExitCode, String) -> AgentError) -> AgentError {
        let message = said(&refused.body);
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        let what = format!("it answered {}{message}", status_words(refused.status));
        match refused.status {
            401 | 403 => {
                let key = if self.with_key {
                    "check OPENAI_API_KEY: this server does not accept the key it holds"
                } else {
                    "set OPENAI_API_KEY to a key of this server"
                };
                error(ExitCode::Unreachable, what).hint(key).hint(OFFLINE)
            }
            404 => {
                let mut error = error(ExitCode::Usage, what);
                if !self.models.is_empty() {
                    error =
                        error.hint(format!("choose a model it has with --model: {}", self.models.join(", ")));
                } else if self.model.is_some() {
                    error = error.hint("choose another model with --model");
                }
                if !self.base.ends_with("/v1") {
                    error = error.hint("check --base-url (or OPENAI_BASE_URL): it usually ends in /v1");
                }
                error.hint(OFFLINE)
            }
            429 => {
                let when = match &refused.retry_after {
                    Some(after) if after.chars().all(|c| c.is_ascii_digit()) => {
                        format!("ask again in {after} s")
                    }
                    Some(after) => format!("ask again after {}", gate::text(after)),
                    None => "ask again later".to_owned(),
                };
                error(ExitCode::Unreachable, what).hint(when).hint(OFFLINE)
            }
            300..=399 => error(
                ExitCode::Unreachable,
                format!("{what}; redirects are not followed, so that the key goes nowhere else"),
            )
            .hint("give the address it leads to with --base-url (or OPENAI_BASE_URL)"),
            500..=599 => error(ExitCode::Unreachable, what)
                .hint("ask again; if it stays so, see the server's own log")
                .hint(OFFLINE),
            _ => error(ExitCode::Failed, what).hint("choose another model with --model").hint(OFFLINE),
        }
    }
}

fn status_words(status: u16) -> String {
    match http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// The message in the body of a refusal, in the shapes that servers use.
fn said(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(body) else {
        // A web page says nothing that helps.
        return if body.trim_start().starts_with('<') { String::new() } else { beginning(body) };
    };
    let message = ["/error/message", "/message", "/detail", "/error"]
        .iter()
        .find_map(|place| value.pointer(place).and_then(serde_json::Value::as_str));
    let mut message = message.map_or_else(|| beginning(body), beginning);
    if let Some(parameter) = value.pointer("/error/param").and_then(serde_json::Value::as_str)
        && !message.contains(parameter)
    {
        message.push_str(&format!(" ({parameter})"));
    }
    message
}

/// The first line's worth of a text, harmless.
pub(super) fn beginning(text: &str) -> String {
    let clean = gate::text(text.trim()).replace(['\n', '\t'], " ");
    let short: String = clean.chars().take(300).collect();
    if short.len() < clean.len() { format!("{short}…") } else { short }
}

/// The innermost cause, which names what happened; the outer ones repeat the address, with what it may hold.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if cause.source().is_none() && std::ptr::addr_eq(cause, error) {
        return if error.is_builder() {
            "the address is not valid".to_owned()
        } else {
            "the request could not be sent".to_owned()
        };
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_says_what_was_tried_what_happened_and_what_to_do() {
        let models = ["small".to_owned(), "large".to_owned()];
        let asked = Asked { base: "http://host:1/v1", model: Some("m"), with_key: true, models: &models };
        let refused = |status, body: &str, retry_after: Option<&str>| {
            Failure::Refused(Refused {
                status,
                body: body.to_owned(),
                retry_after: retry_after.map(str::to_owned),
            })
        };
        let mut shown = String::new();
        for failure in [
            Failure::Connection("Connection refused (os error 111)".to_owned()),
            refused(
                401,
                r#"{"error":{"message":"Incorrect API key provided: sk-abcdefghijklmnopqrstu"}}"#,
                None,
            ),
            refused(404, r#"{"error":{"message":"The model `m` does not exist"}}"#, None),
            refused(429, r#"{"error":{"message":"Rate limit reached"}}"#, Some("20")),
            refused(503, "<html>busy</html>", None),
            refused(302, "", None),
            refused(400, r#"{"detail":"no"}"#, None),
            Failure::Garbage("text/html".to_owned()),
            Failure::Cut,
            Failure::Idle(Duration::from_secs(20)),
            Failure::Deadline(Duration::from_secs(60)),
        ] {
            let error = asked.failed(&failure);
            shown.push_str(&format!(
                "{} {}\n  {}\n",
                error.code as u8,
                error.message,
                error.hints.join("\n  ")
            ));
        }
        insta::assert_snapshot!(shown, @r"
        5 asked the model m at http://host:1/v1: no connection: Connection refused (os error 111)
          check that the server runs and that --base-url (or OPENAI_BASE_URL) names it
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: it answered 401 Unauthorized: Incorrect API key provided: «redacted»
          check OPENAI_API_KEY: this server does not accept the key it holds
          --offline understands plain requests without a model
        2 asked the model m at http://host:1/v1: it answered 404 Not Found: The model `m` does not exist
          choose a model it has with --model: small, large
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: it answered 429 Too Many Requests: Rate limit reached
          ask again in 20 s
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: it answered 503 Service Unavailable
          ask again; if it stays so, see the server's own log
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: it answered 302 Found; redirects are not followed, so that the key goes nowhere else
          give the address it leads to with --base-url (or OPENAI_BASE_URL)
        1 asked the model m at http://host:1/v1: it answered 400 Bad Request: no
          choose another model with --model
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: what came back is no answer of such a server: text/html
          check --base-url (or OPENAI_BASE_URL): it usually ends in /v1
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: the connection ended in the middle of the answer
          ask again; if it stays so, see the server's own log
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: the answer stopped, and nothing more came for 20 s
          ask again; if it stays so, see the server's own log
          --offline understands plain requests without a model
        5 asked the model m at http://host:1/v1: no whole answer within 60 s
          give it longer with --timeout, or choose a smaller model with --model
          --offline understands plain requests without a model
        ");
    }
}
