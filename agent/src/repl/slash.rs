//! The slash commands, as one ordered table: the parser, the help and the completion all read it.

use std::fmt::Write as _;

use crate::error::{AgentError, ExitCode};

/// What a slash command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Help,
    Context,
    Namespace,
    Tools,
    History,
    Undo,
    Model,
    Exit,
}

/// What may follow a slash command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    Nothing,
    Context,
    Namespace,
    Tool,
    Count,
    Model,
}

impl Argument {
    /// How it is written in the help.
    const fn placeholder(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Context | Self::Namespace | Self::Tool | Self::Model => "[NAME]",
            Self::Count => "[N]",
        }
    }
}

/// One slash command.
#[derive(Debug)]
pub(super) struct SlashCommand {
    pub name: &'static str,
    pub action: Action,
    pub argument: Argument,
    pub help: &'static str,
}

const fn command(name: &'static str, action: Action, argument: Argument, help: &'static str) -> SlashCommand {
    SlashCommand { name, action, argument, help }
}

/// Every slash command, in the order of the help.
pub(super) const COMMANDS: [SlashCommand; 8] = [
    command("help", Action::Help, Argument::Nothing, "what can be said here"),
    command("context", Action::Context, Argument::Context, "show the contexts, or go to another one"),
    command("namespace", Action::Namespace, Argument::Namespace, "show the namespaces, or go to another one"),
    command("tools", Action::Tools, Argument::Tool, "list the tools, or describe one"),
    command(
        "history",
        Action::History,
        Argument::Count,
        "the last requests, what came of them and where their records are",
    ),
    command("undo", Action::Undo, Argument::Nothing, "take back the last change, after showing it"),
    command("model", Action::Model, Argument::Model, "show the model, use another one, or none (off)"),
    command("exit", Action::Exit, Argument::Nothing, "end the session; Ctrl-D does too"),
];

/// A slash command as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub action: Action,
    pub argument: Option<String>,
}

/// Reads a line as a slash command; `None` when it is a request.
pub(super) fn parse(line: &str) -> Option<Result<Typed, AgentError>> {
    let line = line.trim();
    // What people type in every other prompt when they want help, or out.
    let bare = match line.to_ascii_lowercase().as_str() {
        "exit" | "quit" => Some(Action::Exit),
        "help" | "?" => Some(Action::Help),
        _ => None,
    };
    if let Some(action) = bare {
        return Some(Ok(Typed { action, argument: None }));
    }
    let mut words = line.strip_prefix('/')?.split_whitespace();
    let name = words.next().unwrap_or_default().to_ascii_lowercase();
    let arguments: Vec<&str> = words.collect();
    // `quit` is what half the world types for `exit`.
    let name = if name == "quit" { "exit".to_owned() } else { name };
    Some(match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => with_argument(command, &arguments),
        None => Err(unknown(&name)),
    })
}

fn with_argument(command: &SlashCommand, arguments: &[&str]) -> Result<Typed, AgentError> {
    let argument = match (command.argument, arguments) {
        (_, []) => None,
        (Argument::Nothing, _) => {
            return Err(AgentError::new(
                ExitCode::Usage,
                format!("/{} takes nothing behind it", command.name),
            )
            .hint(format!("type /{} alone", command.name)));
        }
        (_, [one]) => Some((*one).to_owned()),
        (argument, _) => {
            return Err(AgentError::new(
                ExitCode::Usage,
                format!("/{} takes one word at most", command.name),
            )
            .hint(format!("type /{} {}", command.name, argument.placeholder())));
        }
    };
    Ok(Typed { action: command.action, argument })
}

fn unknown(name: &str) -> AgentError {
    let nearest =
        COMMANDS.iter().min_by_key(|command| strsim::damerau_levenshtein(name, command.name)).map(|c| c.name);
    let shown = shipmate_tools::gate::text(name);
    AgentError::new(ExitCode::Usage, format!("there is no command /{shown}"))
        .hint(format!("nearest: /{}; /help lists them all", nearest.unwrap_or("help")))
}

/// The help: the table, and what else can be typed.
pub(super) fn help() -> String {
    let left: Vec<String> = COMMANDS
        .iter()
        .map(|command| format!("/{} {}", command.name, command.argument.placeholder()).trim_end().to_owned())
        .collect();
    let width = left.iter().map(String::len).max().unwrap_or_default();
    let mut text = String::from(
        "Say what you want in plain English, such as: show me all pods · scale web to 3 · why is web crashing\nNothing is changed before you have seen it and said yes.\n\n",
    );
    for (left, command) in left.iter().zip(&COMMANDS) {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "  {left:width$}   {}", command.help);
    }
    text.push_str(
        "\nCtrl-C clears the line, or stops what runs. Tab completes kinds, namespaces and names.\nA trailing \\ or an open quote goes on in the next line. A line that begins with a space is not kept in the history.",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_no_slash_commands() {
        for line in ["show pods", "exit code of the job", "help me scale web", ""] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn commands_in_any_case_with_their_argument() {
        for (line, action, argument) in [
            ("/exit", Action::Exit, None),
            ("quit", Action::Exit, None),
            (" EXIT ", Action::Exit, None),
            ("/quit", Action::Exit, None),
            ("?", Action::Help, None),
            ("/Context", Action::Context, None),
            ("/context   prod-eu ", Action::Context, Some("prod-eu")),
            ("/model off", Action::Model, Some("off")),
        ] {
            let argument = argument.map(str::to_owned);
            assert_eq!(parse(line), Some(Ok(Typed { action, argument })), "{line}");
        }
    }

    #[test]
    fn what_does_not_fit_names_the_nearest() {
        let message = |line: &str| parse(line).unwrap().unwrap_err().hints.concat();
        assert!(message("/hlep").contains("nearest: /help"));
        assert!(message("/namespaces").contains("nearest: /namespace"));
        assert!(message("/").contains("/help lists them all"));
        assert!(message("/exit now").contains("type /exit alone"));
        assert!(message("/context a b").contains("/context [NAME]"));
    }

    #[test]
    fn the_help_is_the_table() {
        insta::assert_snapshot!(help(), @r"
        Say what you want in plain English, such as: show me all pods · scale web to 3 · why is web crashing
        Nothing is changed before you have seen it and said yes.

          /help               what can be said here
          /context [NAME]     show the contexts, or go to another one
          /namespace [NAME]   show the namespaces, or go to another one
          /tools [NAME]       list the tools, or describe one
          /history [N]        the last requests, what came of them and where their records are
          /undo               take back the last change, after showing it
          /model [NAME]       show the model, use another one, or none (off)
          /exit               end the session; Ctrl-D does too

        Ctrl-C clears the line, or stops what runs. Tab completes kinds, namespaces and names.
        A trailing \ or an open quote goes on in the next line. A line that begins with a space is not kept in the history.
        ");
    }
}
