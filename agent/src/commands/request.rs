//! One-shots: a request in words, or a typed call.

use std::io::Read as _;

use super::Setting;
use crate::cli::call_from_words;
use crate::error::{AgentError, ExitCode};
use crate::policy::Rules;
use crate::session;
use crate::turn::Turn;
use shipmate_tools::{ReadWorld, WorldOptions};

/// Runs a request.
pub(super) async fn run(setting: &mut Setting, words: &[String]) -> Result<ExitCode, AgentError> {
    let request = words_or_stdin(words)?;
    // What is on standard input is the request, or else free to be a manifest ("apply -").
    let free_input = words != ["-"];
    drive(setting, free_input, |rules, context| Turn::of_request(request, rules, context)).await
}

/// Runs a typed call: the same policy and record, no translation.
pub(super) async fn call(
    setting: &mut Setting,
    tool: &str,
    arguments: &[String],
) -> Result<ExitCode, AgentError> {
    let call = call_from_words(tool, arguments)?;
    // What does not fit the tool is wrong usage, before it is a request.
    if let Err(error) = call.bind() {
        return Err(AgentError { code: ExitCode::Usage, ..AgentError::from(error) });
    }
    let request = format!("call {call}");
    drive(setting, true, |rules, context| Turn::of_call(request, call, rules, context)).await
}

/// Takes one turn of a session of its own.
async fn drive(
    setting: &mut Setting,
    free_input: bool,
    turn: impl FnOnce(Rules, String) -> Turn,
) -> Result<ExitCode, AgentError> {
    let rules = session::rules(&setting.config, setting.yes, setting.dry_run);
    let mut driver = session::driver(
        &setting.config,
        &setting.folder,
        rules.clone(),
        &setting.typed,
        &mut setting.terminal,
    )?;
    let options = WorldOptions { piped_input: free_input, ..driver.world.options().clone() };
    driver.world = ReadWorld::new(options);
    let context = session::context_name(&driver.world).await;
    Ok(driver.drive(turn(rules, context)).await.code)
}

/// The request's words, from the command line or, for `-`, from standard input.
pub(super) fn words_or_stdin(words: &[String]) -> Result<String, AgentError> {
    if words != ["-"] {
        return session::checked_request(&words.join(" "));
    }
    let mut bytes = Vec::new();
    let limit = session::REQUEST_LIMIT as u64 + 1;
    std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| {
        AgentError::new(ExitCode::Usage, format!("standard input cannot be read: {error}"))
    })?;
    if bytes.len() as u64 == limit {
        // The rest is not read: it can be endless.
        return Err(AgentError::new(
            ExitCode::Usage,
            format!("the request on standard input is longer than {} bytes", session::REQUEST_LIMIT),
        )
        .hint("put long text into a file and name the file"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        AgentError::new(
            ExitCode::Usage,
            format!("standard input is not valid UTF-8 ({})", error.utf8_error()),
        )
        .hint("convert it, for example with iconv")
    })?;
    session::checked_request(&text)
}
