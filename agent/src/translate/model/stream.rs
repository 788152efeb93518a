//! A streamed answer put together, and the decision when enough of it has come.
//!
//! Small models repeat a call without end, or go on after it. Reading stops when a whole JSON object has
//! arrived, when a call comes a second time, when text repeats itself, or at a size no call needs; closing
//! the connection tells the server to stop as well.

use serde_json::Value;

use super::offer::MOST_CALLS;
use crate::translate::Usage;

/// Most bytes of text or arguments that are read.
const MOST_BYTES: usize = 32 * 1024;

/// A native tool call, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RawCall {
    /// The tool's name.
    pub(super) name: String,
    /// Its arguments as JSON text.
    pub(super) arguments: String,
}

/// An answer, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Answer {
    /// Text.
    pub(super) text: String,
    /// Native tool calls.
    pub(super) calls: Vec<RawCall>,
    /// Tokens counted.
    pub(super) usage: Usage,
    /// Why the server ended it.
    pub(super) finish: Option<String>,
    /// An error the server sent in the stream.
    pub(super) error: Option<String>,
    /// The places of the calls, as the server counts them.
    pub(super) places: Vec<u64>,
}

impl Answer {
    /// Takes one event. Fields it does not know are ignored: servers add many.
    pub(super) fn take(&mut self, event: &Value) {
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            let message = error.get("message").and_then(Value::as_str);
            self.error = Some(message.map_or_else(|| error.to_string(), str::to_owned));
        }
        self.count(event);
        let Some(choice) = event.get("choices").and_then(|choices| choices.get(0)) else { return };
        if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(finish.to_owned());
        }
        // A server that does not stream sends the whole message at once.
        let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) else { return };
        if let Some(text) = delta.get("content").and_then(Value::as_str) {
            self.text.push_str(text);
        }
        for (order, fragment) in
            delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            self.take_fragment(order, fragment);
        }
    }

    /// Takes the count of tokens alone.
    pub(super) fn count(&mut self, event: &Value) {
        if let Some(usage) = event.get("usage").filter(|usage| usage.is_object()) {
            let count = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
            self.usage = Usage {
                prompt_tokens: count("prompt_tokens"),
                completion_tokens: count("completion_tokens"),
            };
        }
    }

    fn take_fragment(&mut self, order: usize, fragment: &Value) {
        let place = fragment.get("index").and_then(Value::as_u64).unwrap_or(order as u64);
        let slot = self.places.iter().position(|known| *known == place).unwrap_or_else(|| {
            self.places.push(place);
            self.calls.push(RawCall::default());
            self.calls.len() - 1
        });
        let (Some(call), Some(function)) = (self.calls.get_mut(slot), fragment.get("function")) else {
            return;
        };
        if let Some(name) = function.get("name").and_then(Value::as_str)
            && call.name.is_empty()
        {
            name.clone_into(&mut call.name);
        }
        match function.get("arguments") {
            Some(Value::String(text)) => call.arguments.push_str(text),
            // Some servers send the object itself.
            Some(object @ Value::Object(_)) => call.arguments = object.to_string(),
            _ => {}
        }
    }

    /// Whether nothing that may still come is needed.
    pub(super) fn is_enough(&self) -> bool {
        if self.error.is_some() || self.text.len() > MOST_BYTES {
            return true;
        }
        if self.calls.iter().any(|call| call.arguments.len() > MOST_BYTES)
            || self.calls.len() > MOST_CALLS + 1
        {
            return true;
        }
        self.repeats_a_call()
            || self.calls.is_empty() && (is_whole_object(&self.text) || repeats_itself(&self.text))
    }

    /// Whether the last call is one that came before.
    fn repeats_a_call(&self) -> bool {
        let Some((last, before)) = self.calls.split_last() else { return false };
        serde_json::from_str::<Value>(&last.arguments).is_ok() && before.contains(last)
    }
}

/// Whether text begins with a JSON object (fenced or not) that is complete.
fn is_whole_object(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix("```json").or_else(|| text.strip_prefix("```")).unwrap_or(text).trim_start();
    text.starts_with('{') && object_end(text).is_some()
}

/// Where the object that text begins with ends; nothing while it is open.
pub(super) fn object_end(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (place, character) in text.char_indices() {
        if in_string {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match character {
            '"' => in_string = true,
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether the end of a text is one piece, four times over. Pieces of a few letters need more, since "...." or
/// a rule of dashes is no loop.
pub(super) fn repeats_itself(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=120).any(|length| {
        let times = if length < 12 { 48 / length + 4 } else { 4 };
        let Some(start) = bytes.len().checked_sub(length * times) else { return false };
        let Some(tail) = bytes.get(start..) else { return false };
        let mut pieces = tail.chunks(length);
        let first = pieces.next();
        pieces.all(|piece| Some(piece) == first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fragment(index: u64, function: &Value) -> Value {
        json!({"choices": [{"delta": {"tool_calls": [{"index": index, "function": function}]}}]})
    }

    #[test]
    fn fragments_come_together_by_their_place() {
        let mut answer = Answer::default();
        answer.take(&fragment(0, &json!({"name": "scale", "arguments": ""})));
        answer.take(&fragment(1, &json!({"name": "restart", "arguments": "{\"name\":"})));
        answer.take(&fragment(0, &json!({"arguments": "{\"replicas\":3}"})));
        answer.take(&fragment(1, &json!({"arguments": "\"web\"}"})));
        answer.take(&json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}));
        let call =
            |name: &str, arguments: &str| RawCall { name: name.to_owned(), arguments: arguments.to_owned() };
        assert_eq!(answer.calls, [call("scale", "{\"replicas\":3}"), call("restart", "{\"name\":\"web\"}")]);
        assert_eq!(answer.usage, Usage { prompt_tokens: 7, completion_tokens: 3 });
        assert!(!answer.is_enough());
    }

    #[test]
    fn a_call_that_comes_again_ends_the_reading() {
        let mut answer = Answer::default();
        for index in 0..2 {
            answer.take(&fragment(index, &json!({"name": "list", "arguments": "{}"})));
        }
        assert!(answer.is_enough());
    }

    #[test]
    fn a_whole_object_ends_the_reading_and_half_a_one_does_not() {
        for (text, enough) in [
            (r#"{"tool":"scale","arguments":{"name":"}"}}"#, true),
            ("```json\n{\"tool\": \"x\"}", true),
            (r#"{"tool":"scale","arguments":{"#, false),
            ("I would use {braces} here", false),
        ] {
            let answer = Answer { text: text.to_owned(), ..Answer::default() };
            assert_eq!(answer.is_enough(), enough, "{text}");
        }
    }

    #[test]
    fn text_that_repeats_itself_ends_the_reading() {
        assert!(repeats_itself(&"kubectl get pods -n todo\n".repeat(4)));
        assert!(repeats_itself(&"}".repeat(60)));
        assert!(!repeats_itself("one line\nanother line\none line\nand a rule ----------------"));
        assert!(!repeats_itself(""));
    }
}
