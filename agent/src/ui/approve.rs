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
    forget_what_was_typed_ahead();
    if let Some(name) = &request.typed_name {
        let prompt = format!("Type {} to go on, anything else to leave it", paint.red(name));
        return match line(&prompt) {
            Ok(typed) if typed.trim() == name => Answer::Yes,
            Ok(_) => Answer::No,
            Err(silence) => silence,
        };
    }
    let always =
        if request.may_always { ", [a]lways for this tool and namespace in this session" } else { "" };
    // The arguments of several calls are not edited in one go.
    let may_edit = request.steps.is_empty();
    let edited = if may_edit { ", [e]dit the arguments" } else { "" };
    let prompt = format!("Go on? [y]es, [n]o{edited}{always}");
    loop {
        let typed = match line(&prompt) {
            Ok(typed) => typed,
            Err(silence) => return silence,
        };
        match typed.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return Answer::Yes,
            "n" | "no" | "" => return Answer::No,
            "a" | "always" if request.may_always => return Answer::Always,
            "e" | "edit" if may_edit => match edit(&request.call) {
                Ok(call) => return Answer::Edit(call),
                Err(silence) => return silence,
            },
            _ => {}
        }
    }
}

/// Whether there is a terminal to ask in, on both sides.
pub(super) fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// An answer is to what is on the screen: what was typed or pasted before the question was there answers nothing.
pub(super) fn forget_what_was_typed_ahead() {
    if let Err(error) = nix::sys::termios::tcflush(std::io::stdin(), nix::sys::termios::FlushArg::TCIFLUSH) {
        tracing::debug!(%error, "what was typed ahead could not be dropped");
    }
}

/// One line of the person, or what its absence means.
pub(super) fn line(prompt: &str) -> Result<String, Answer> {
    Input::<String>::new()
        .with_prompt(prompt)
        .allow_empty(true)
        .interact_text()
        .map_err(|error| silence(&error))
}

/// Ctrl-C and the end of input are both no answer; only the first is the person's will.
fn silence(error: &dialoguer::Error) -> Answer {
    let dialoguer::Error::IO(error) = error;
    if error.kind() == std::io::ErrorKind::Interrupted { Answer::Interrupted } else { Answer::Nobody }
}

/// The arguments, one line each, with what they are now to start from.
fn edit(call: &Call) -> Result<Call, Answer> {
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
            .map_err(|error| silence(&error))?;
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
    Ok(Call { tool: call.tool.clone(), arguments })
}
