//! The REPL: the turn's face for a conversation. In a terminal a line editor with history and completion; from
//! a pipe one request a line. What a session knows from one line to the next is its `conversation`.

mod actions;
mod completion;
mod conversation;
mod editor;
mod lines;
mod names;
mod piped;
mod slash;

use shipmate_tools::gate;
use std::io::IsTerminal as _;

use crate::commands::Setting;
use crate::error::{AgentError, ExitCode};
use crate::turn::Shown;
use crate::ui::{Paint, Terminal, TerminalOptions};

use conversation::Conversation;
use editor::{LineEditor, Prompt, Typed};
use names::Names;

/// Talks until the person, or the pipe, has nothing more to say.
///
/// # Errors
/// A feature name that cannot be one, or a terminal that cannot be used.
pub async fn run(setting: &mut Setting) -> Result<ExitCode, AgentError> {
    if !std::io::stdin().is_terminal() {
        let form = setting.config.output.value;
        setting.terminal = Terminal::new(TerminalOptions { form, no_color: true });
        return Ok(piped::run(Conversation::begin(setting)?).await);
    }
    interactive(setting).await
}

async fn interactive(setting: &mut Setting) -> Result<ExitCode, AgentError> {
    let paint = setting.terminal.talk_paint();
    let history = setting.config.state.join("repl-history");
    // From here on Ctrl-C is an event for whoever waits for it, never the end of the process: dialoguer sends
    // the signal to its own process when it is pressed at an approval.
    let _handled =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map_err(no_terminal)?;
    restore_terminal_on_panic();
    let mut conversation = Conversation::begin(setting)?;
    let names = Names::new(conversation.driver.world.clone());
    let mut editor = LineEditor::start(history, std::sync::Arc::clone(&names), paint).map_err(no_terminal)?;
    let mut prompt = prompt(&conversation, &names, paint).await;
    let place = prompt.plain.trim_end_matches("> ").to_owned();
    conversation.driver.face.show(&Shown::Note(format!(
        "shipmate {} · {place} · /help for help, /exit to leave",
        env!("CARGO_PKG_VERSION")
    )));
    loop {
        let line = match editor.ask(prompt.clone()).await {
            Typed::Line(line) => lines::joined(&line),
            Typed::Interrupted => continue,
            Typed::End => return Ok(ExitCode::Done),
            Typed::Failed(why) => return Err(no_terminal(why)),
        };
        if line.is_empty() {
            continue;
        }
        let taken = conversation.take(&line).await;
        if taken.ends || conversation.driver.face.is_gone() {
            return Ok(ExitCode::Done);
        }
        conversation.driver.face.show(&Shown::Note(String::new()));
        if !names.is_of(&conversation.driver.world) {
            names.switch(conversation.driver.world.clone());
        }
        prompt = self::prompt(&conversation, &names, paint).await;
    }
}

/// The kubeconfig is read for it; the cluster is not asked.
async fn prompt(conversation: &Conversation<'_>, names: &Names, paint: Paint) -> Prompt {
    let Ok(connection) = conversation.driver.world.connection().await else {
        names.set_namespace(None);
        return painted("no cluster", false, paint);
    };
    names.set_namespace(Some(connection.namespace.clone()));
    let protected = conversation.driver.rules.is_protected(&connection.context);
    painted(&format!("{}/{}", connection.context, connection.namespace), protected, paint)
}

/// `context/namespace> `, red where the context is protected.
fn painted(place: &str, protected: bool, paint: Paint) -> Prompt {
    // Names in a kubeconfig may be anything, line ends included.
    let plain = format!("{}> ", gate::text(place).replace(['\n', '\t'], " "));
    Prompt { painted: if protected { paint.red(&plain) } else { paint.cyan(&plain) }, plain }
}

/// Where a panic ends the process at once nobody else would take the terminal out of the editor's mode.
fn restore_terminal_on_panic() {
    use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
    let Ok(found) = tcgetattr(std::io::stdin()) else { return };
    let found = std::sync::Mutex::new(found);
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Ok(found) = found.lock() {
            let _as_good_as_it_gets = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &found);
        }
        earlier(panic);
    }));
}

fn no_terminal(why: impl std::fmt::Display) -> AgentError {
    AgentError::new(ExitCode::Failed, format!("the terminal cannot be used: {why}"))
        .hint("say the request on the command line instead, such as: shipmate show me all pods")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_red_where_the_context_is_protected_and_plain_without_colour() {
        let plain = painted("prod/shop", true, Paint::new(false));
        assert_eq!((plain.plain.as_str(), plain.painted.as_str()), ("prod/shop> ", "prod/shop> "));
        assert_eq!(painted("prod/shop", true, Paint::new(true)).painted, "\u{1b}[31mprod/shop> \u{1b}[0m");
        assert_eq!(painted("dev/shop", false, Paint::new(true)).painted, "\u{1b}[36mdev/shop> \u{1b}[0m");
    }

    #[test]
    fn a_name_cannot_forge_a_prompt() {
        let forged = painted("a\n\u{1b}[2Jprod> /b", false, Paint::new(false));
        assert!(!forged.plain.contains(['\n', '\u{1b}']), "{:?}", forged.plain);
    }
}
