//! Asking for an approval, in a terminal. Without one nobody is there, and that means no: a piped "y" is
//! neither an answer nor, later, a request.

use dialoguer::Input;
use serde_json::{Map, Value};
use std::io::IsTerminal as _;

use shipmate_tools::Call;

use crate::policy::Answer;
use crate::turn::ApprovalRequest;

use super::paint::Paint;

/// Asks until the answer is one of those offered.
pub(super) fn ask(request: &ApprovalRequest, paint: Paint) -> Answer {
    if !somebody_is_there() {
        return Answer::Nobody;
    }
    if let Some(name) = &request.typed_name {
        let prompt = format!("Type {} to go on, anything else to leave it", paint.red(name));
        return match line(&prompt) {
            Some(typed) if typed.trim() == name => Answer::Yes,
            Some(_) => Answer::No,
            None => Answer::Nobody,
        };
    }
    let always =
        if request.may_always { ", [a]lways for this tool and namespace in this session" } else { "" };
    let prompt = format!("Go on? [y]es, [n]o, [e]dit the arguments{always}");
    loop {
        let Some(typed) = line(&prompt) else { return Answer::Nobody };
        match typed.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return Answer::Yes,
            "n" | "no" | "" => return Answer::No,
            "a" | "always" if request.may_always => return Answer::Always,
            "e" | "edit" => match edit(&request.call) {
                Some(call) => return Answer::Edit(call),
                None => return Answer::No,
            },
            _ => {}
        }
    }
}

/// Whether there is a terminal to ask in, on both sides.
pub(super) fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// One line of the person; `None` at the end of input or on Ctrl-C.
pub(super) fn line(prompt: &str) -> Option<String> {
    Input::<String>::new().with_prompt(prompt).allow_empty(true).interact_text().ok()
}

/// The arguments, one line each, with what they are now to start from.
fn edit(call: &Call) -> Option<Call> {
    let mut arguments = Map::new();
    for (name, value) in &call.arguments {
        let now = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let typed = Input::<String>::new()
            .with_prompt(name)
            .with_initial_text(now)
            .allow_empty(true)
            .interact_text()
            .ok()?;
        let typed = typed.trim();
        if typed.is_empty() {
            continue;
        }
        let value = match value {
            Value::String(_) => Value::String(typed.to_owned()),
            _ => serde_json::from_str(typed).unwrap_or_else(|_| Value::String(typed.to_owned())),
        };
        arguments.insert(name.clone(), value);
    }
    Some(Call { tool: call.tool.clone(), arguments })
}
