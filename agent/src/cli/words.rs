//! From the process's arguments to a command or a request.
//!
//! A first word that is a command is that command, unless plain words follow that it cannot take ("tools of
//! the trade"): then it is a request, as anything else is. `ask` settles it, and is what a request without a
//! command becomes.

use clap::error::ErrorKind;
use clap::{Arg, CommandFactory as _, Parser as _};
use std::ffi::OsString;

use super::arguments::Cli;
use super::typed_call;

/// Parses the arguments, the program's name first.
///
/// # Errors
/// What clap says, help and version included.
pub fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let command = Cli::command();
    let Some(position) = first_word(&arguments, &command) else { return Cli::try_parse_from(arguments) };
    let word = arguments.get(position).and_then(|word| word.to_str()).unwrap_or_default();
    if !command.get_subcommands().any(|known| known.get_name() == word) {
        return Cli::try_parse_from(as_request(arguments, position));
    }
    if word == "call" {
        return Cli::try_parse_from(typed_call::separate(arguments, position));
    }
    Cli::try_parse_from(&arguments).or_else(|error| {
        let plain_words_follow = arguments
            .get(position + 1)
            .and_then(|next| next.to_str())
            .is_some_and(|next| !next.starts_with('-'));
        let cannot_take = matches!(
            error.kind(),
            ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::TooManyValues
        );
        if plain_words_follow && cannot_take {
            Cli::try_parse_from(as_request(arguments, position)).map_err(|_| error)
        } else {
            Err(error)
        }
    })
}

/// Where the first word stands that is neither a flag nor a flag's value.
fn first_word(arguments: &[OsString], command: &clap::Command) -> Option<usize> {
    let takes_value = |flag: &dyn Fn(&Arg) -> bool| {
        command.get_arguments().any(|argument| flag(argument) && argument.get_action().takes_values())
    };
    let mut position = 1;
    while let Some(argument) = arguments.get(position) {
        let text = argument.to_str()?;
        position += if let Some(long) = text.strip_prefix("--") {
            if takes_value(&|argument| argument.get_long() == Some(long)) { 2 } else { 1 }
        } else if let Some(short) = text.strip_prefix('-').filter(|short| !short.is_empty()) {
            // In a cluster such as `-vn shop` only the last one can take the next word.
            if takes_value(&|argument| {
                argument.get_short().is_some() && argument.get_short() == short.chars().last()
            }) {
                2
            } else {
                1
            }
        } else {
            return Some(position);
        };
    }
    None
}

/// The same arguments with `ask` in front of the first word.
fn as_request(mut arguments: Vec<OsString>, position: usize) -> Vec<OsString> {
    arguments.insert(position, "ask".into());
    arguments
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
        assert!(matches!(parsed(&["tools"]).command, Some(Command::Tools { name: None, .. })));
        assert!(matches!(parsed(&["tools", "scale"]).command, Some(Command::Tools { name: Some(_), .. })));
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
            ["-n", "shop", "show", "--offline", "all", "tools"],
            ["--namespace=shop", "show", "all", "--offline", "tools", "-v"],
        ] {
            let cli = parsed(&line);
            let Some(Command::Ask { words }) = cli.command else { panic!("{line:?}") };
            assert_eq!(words, ["show", "all", "tools"]);
            assert!(cli.global.offline && cli.global.namespace.as_deref() == Some("shop"));
        }
    }

    #[test]
    fn nothing_but_flags_is_a_conversation_and_a_dash_a_request() {
        assert!(parsed(&["-n", "doctor"]).command.is_none());
        let Some(Command::Ask { words }) = parsed(&["-"]).command else { panic!() };
        assert_eq!(words, ["-"]);
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
