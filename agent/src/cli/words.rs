//! From the process's arguments to a command or a request.
//!
//! A first word that is a command is that command, unless plain words follow that it cannot take ("tools of
//! the trade"): then it is a request, as anything else is. `ask` settles it.

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use std::ffi::OsString;

use super::arguments::Cli;
use super::typed_call;

/// Parses the arguments, the program's name first.
///
/// # Errors
/// What clap says, help and version included.
pub fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let arguments = typed_call::separate(arguments);
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => Ok(cli),
        Err(error) if is_words_a_command_cannot_take(&error) => match as_request(&arguments) {
            Some(request) => Cli::try_parse_from(request).map_err(|_| error),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

fn is_words_a_command_cannot_take(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnknownArgument
            | ErrorKind::InvalidSubcommand
            | ErrorKind::TooManyValues
            | ErrorKind::ArgumentConflict
    )
}

/// The same arguments with `ask` in front of the first word, when that word is a command and what it could not
/// take are plain words.
fn as_request(arguments: &[OsString]) -> Option<Vec<OsString>> {
    let commands: Vec<String> =
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let position = arguments.iter().skip(1).position(|argument| {
        argument.to_str().is_some_and(|word| commands.iter().any(|command| command == word))
    })? + 1;
    if arguments.get(position).is_some_and(|word| word == "ask" || word == "call" || word == "translate") {
        return None;
    }
    let plain = arguments.get(position + 1)?.to_str().is_some_and(|word| !word.starts_with('-'));
    let mut request = arguments.to_vec();
    request.insert(position, "ask".into());
    plain.then_some(request)
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Command;
    use super::*;

    fn parsed(line: &[&str]) -> Cli {
        parse(std::iter::once("shipmate").chain(line.iter().copied()).map(OsString::from).collect()).unwrap()
    }

    #[test]
    fn a_command_is_a_command_unless_plain_words_follow_that_it_cannot_take() {
        assert!(matches!(parsed(&["tools"]).command, Some(Command::Tools { name: None })));
        assert!(matches!(parsed(&["tools", "scale"]).command, Some(Command::Tools { name: Some(_) })));
        let Some(Command::Ask { words }) = parsed(&["tools", "of", "the", "trade"]).command else { panic!() };
        assert_eq!(words, ["tools", "of", "the", "trade"]);
        let Some(Command::Ask { words }) =
            parsed(&["--offline", "doctor", "the", "payments", "pods"]).command
        else {
            panic!()
        };
        assert_eq!(words, ["doctor", "the", "payments", "pods"]);
    }

    #[test]
    fn flags_may_stand_anywhere_around_a_request() {
        let cli = parsed(&["show", "all", "pods", "-n", "shop", "--offline"]);
        assert_eq!(cli.words, ["show", "all", "pods"]);
        assert!(cli.global.offline && cli.global.namespace.as_deref() == Some("shop"));
    }

    #[test]
    fn a_typed_call_keeps_its_own_flags_apart() {
        let cli = parsed(&["call", "scale", "--name", "web", "--replicas", "3", "--yes", "-n", "shop"]);
        let Some(Command::Call { tool, arguments }) = cli.command else { panic!() };
        assert_eq!(
            (tool.as_str(), arguments),
            ("scale", ["name=web", "replicas=3"].map(str::to_owned).to_vec())
        );
        assert!(cli.global.yes && cli.global.namespace.as_deref() == Some("shop"));
    }

    #[test]
    fn an_unknown_flag_is_an_error() {
        let line = ["shipmate", "tools", "--frobnicate"].map(OsString::from).to_vec();
        assert!(parse(line).is_err());
    }
}
