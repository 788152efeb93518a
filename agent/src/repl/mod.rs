//! The REPL: the turn's face for a conversation. In a terminal a line editor with history and completion; from
//! a pipe one request a line. What a session knows from one line to the next is its [`conversation`].

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

/// `context/namespace> `, red where the context is protected. The kubeconfig is read; the cluster is not asked.
async fn prompt(conversation: &Conversation<'_>, names: &Names, paint: Paint) -> Prompt {
    let Ok(connection) = conversation.driver.world.connection().await else {
        names.set_namespace(None);
        let plain = "no cluster> ".to_owned();
        return Prompt { painted: paint.dim(&plain), plain };
    };
    names.set_namespace(Some(connection.namespace.clone()));
    // Names in a kubeconfig may be anything, line ends included.
    let place = format!("{}/{}", connection.context, connection.namespace);
    let plain = format!("{}> ", gate::text(&place).replace(['\n', '\t'], " "));
    let protected = conversation.driver.rules.is_protected(&connection.context);
    Prompt { painted: if protected { paint.red(&plain) } else { paint.cyan(&plain) }, plain }
}

fn no_terminal(why: impl std::fmt::Display) -> AgentError {
    AgentError::new(ExitCode::Failed, format!("the terminal cannot be used: {why}"))
        .hint("say the request on the command line instead, such as: shipmate show me all pods")
}
