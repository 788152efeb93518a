//! `shipmate translate`: translate and ground, and nothing else. What comes out is what would be run.

use serde_json::{Value, json};
use std::time::Instant;

use super::Setting;
use super::request::words_or_stdin;
use crate::error::{AgentError, ExitCode};
use crate::ground::{Grounding, ground};
use crate::session;
use crate::translate::{TranslatorName, Understanding};
use crate::ui::OutputForm;
use shipmate_tools::{BoundCall, Call, ErrorKind, ReadWorld, ToolError, gate};

/// What the request came to.
enum Came {
    Calls(Vec<Value>),
    Said(&'static str, String),
}

pub(super) async fn run(setting: &mut Setting, words: &[String]) -> Result<ExitCode, AgentError> {
    let request = words_or_stdin(words)?;
    let began = Instant::now();
    let world = session::world(&setting.config, &setting.folder);
    let translators = session::translators(&setting.config)?;
    let translation = translators.translate(&request, &world, |_| {}).await?;
    let came = match translation.understanding {
        Understanding::Calls(calls) => grounded(&calls, &world).await?,
        Understanding::Question(text) => Came::Said("question", text),
        Understanding::Answer(text) => Came::Said("answer", text),
        Understanding::Refusal(text) => Came::Said("refusal", text),
        Understanding::NotUnderstood(text) => Came::Said("not_understood", text),
    };
    let translator = if matches!(came, Came::Said("not_understood", _)) {
        TranslatorName::None
    } else {
        translation.translator
    };
    let (kind, calls, message) = match came {
        Came::Calls(calls) => ("calls", calls, String::new()),
        Came::Said(kind, text) => (kind, Vec::new(), gate::text(&text)),
    };
    let result = json!({
        "schema": "shipmate.translation/1",
        "request": gate::text(&request),
        "translator": translator.word(),
        "kind": kind,
        "calls": calls,
        "message": message,
        "elapsed_ms": (began.elapsed().as_secs_f64() * 1e5).round() / 1e2,
        "usage": {"prompt_tokens": translation.usage.prompt_tokens, "completion_tokens": translation.usage.completion_tokens},
    });
    let text = match setting.config.output.value {
        OutputForm::Json => serde_json::to_string_pretty(&result).unwrap_or_default() + "\n",
        OutputForm::Yaml => serde_saphyr::to_string(&result).unwrap_or_default(),
        OutputForm::Text => for_people(&result, "", ""),
        OutputForm::Markdown => for_people(&result, "- `", "`"),
    };
    setting.terminal.data(&text);
    Ok(match kind {
        "calls" | "answer" => ExitCode::Done,
        "refusal" => ExitCode::Refused,
        _ => ExitCode::NotUnderstood,
    })
}

async fn grounded(calls: &[Call], world: &ReadWorld) -> Result<Came, AgentError> {
    let mut shown = Vec::new();
    for call in calls {
        match ground(call, world).await {
            Ok(Grounding::Exact(bound)) => shown.push(as_json(bound.as_ref())),
            // A plan of which one step has to be asked is not a plan yet.
            Ok(Grounding::Ask { question, .. }) => return Ok(Came::Said("question", question)),
            Err(ToolError::Feedback(feedback)) => {
                let next = feedback.next_step.as_deref().map_or(String::new(), |step| format!("; {step}"));
                let said = format!("{}{next}", feedback.message);
                match feedback.kind {
                    ErrorKind::Refused => return Ok(Came::Said("refusal", said)),
                    ErrorKind::NotFound | ErrorKind::Ambiguous | ErrorKind::InvalidArguments => {
                        return Ok(Came::Said("question", said));
                    }
                    // No cluster answers: the call is shown as it was said.
                    ErrorKind::Unreachable | ErrorKind::Unavailable | ErrorKind::TimedOut => {
                        shown.push(as_json(call.bind()?.as_ref()));
                    }
                    _ => return Err(ToolError::Feedback(feedback).into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Came::Calls(shown))
}

fn as_json(bound: &dyn BoundCall) -> Value {
    let call = bound.call();
    json!({
        "tool": call.tool,
        "arguments": gate::json(Value::Object(call.arguments)),
        "effect": bound.effect().word(),
        "command": gate::text(&bound.command().to_string()),
    })
}

fn for_people(result: &Value, before: &str, after: &str) -> String {
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let calls = result.get("calls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if calls.is_empty() {
        return format!("{}: {}\n", text(result, "kind").replace('_', " "), text(result, "message"));
    }
    calls
        .iter()
        .map(|call| {
            format!(
                "{before}{}{after}  ({}, {})\n",
                text(call, "command"),
                text(call, "effect"),
                text(call, "tool")
            )
        })
        .collect()
}
