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
    let Some(position) = first_word(&arguments) else { return Cli::try_parse_from(arguments) };
    let word = arguments.get(position).and_then(|word| word.to_str()).unwrap_or_default();
    if !is_command(word) {
        // Whatever follows is a request too, even a word that is a command.
        return Cli::try_parse_from(as_request(&arguments, position));
    }
    let arguments = typed_call::separate(arguments, position);
    match Cli::try_parse_from(&arguments) {
        Err(error) if is_words_a_command_cannot_take(&error) && may_be_a_request(&arguments, position) => {
            Cli::try_parse_from(as_request(&arguments, position)).map_err(|_| error)
        }
        parsed => parsed,
    }
}

/// Where the first word that is no flag and no flag's value stands.
fn first_word(arguments: &[OsString]) -> Option<usize> {
    let command = Cli::command();
    let takes_value = |flag: &str| {
        command.get_arguments().filter(|known| known.get_action().takes_values()).any(|known| {
            match flag.strip_prefix("--") {
                Some(long) => known.get_long() == Some(long),
                // Short flags may stand together; only the last can be waiting for its value.
                None => known.get_short().is_some_and(|short| flag.ends_with(short)),
            }
        })
    };
    let mut words = arguments.iter().enumerate().skip(1);
    while let Some((position, argument)) = words.next() {
        let argument = argument.to_str().unwrap_or_default();
        if argument == "--" {
            return None;
        }
        if argument == "-" || !argument.starts_with('-') {
            return Some(position);
        }
        if takes_value(argument) {
            words.next();
        }
    }
    None
}

fn is_command(word: &str) -> bool {
    Cli::command().get_subcommands().any(|command| command.get_name() == word)
}

fn is_words_a_command_cannot_take(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::TooManyValues
    )
}

/// Whether what follows a command is plain words, and the command is not one that takes any.
fn may_be_a_request(arguments: &[OsString], position: usize) -> bool {
    let takes_any = ["ask", "call", "translate"];
    !arguments.get(position).is_some_and(|word| takes_any.iter().any(|command| word == command))
        && arguments
            .get(position + 1)
            .and_then(|word| word.to_str())
            .is_some_and(|word| !word.starts_with('-'))
}

/// The same arguments with `ask` in front of the first word.
fn as_request(arguments: &[OsString], position: usize) -> Vec<OsString> {
    let mut request = arguments.to_vec();
    request.insert(position, "ask".into());
    request
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
        for line in [
            ["show", "all", "tools", "-n", "shop", "--offline"],
            ["--offline", "-n", "shop", "show", "all", "tools"],
            ["show", "-n", "shop", "all", "--offline", "tools"],
        ] {
            let cli = parsed(&line);
            let Some(Command::Ask { words }) = cli.command else { panic!("{line:?}") };
            assert_eq!(words, ["show", "all", "tools"]);
            assert!(cli.global.offline && cli.global.namespace.as_deref() == Some("shop"));
        }
    }

    #[test]
    fn flags_may_stand_before_a_command() {
        let cli = parsed(&["-n", "call", "--context=dev", "-yv", "tools", "scale"]);
        assert!(matches!(cli.command, Some(Command::Tools { name: Some(_) })));
        assert!(cli.global.yes && cli.global.namespace.as_deref() == Some("call"));
        let cli = parsed(&["-n", "shop", "call", "scale", "--name", "web"]);
        let Some(Command::Call { arguments, .. }) = cli.command else { panic!() };
        assert_eq!(arguments, ["name=web"]);
    }

    #[test]
    fn a_tool_that_is_not_there_keeps_its_arguments_for_the_error_to_come() {
        let cli = parsed(&["call", "scael", "--name", "web"]);
        assert!(matches!(cli.command, Some(Command::Call { tool, .. }) if tool == "scael"));
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
