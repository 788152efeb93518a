//! The commands behind the first word of the command line.

mod doctor;
mod health;
mod plan;
mod request;
mod show_config;
pub(crate) mod tools;
mod translate;
mod undo;

pub use health::HealthArguments;

use shipmate_tools::gate;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::{self, Cli, Command, ConfigCommand};
use crate::config::Config;
use crate::error::{AgentError, ExitCode};
use crate::own_tools;
use crate::repl;
use crate::ui::{Terminal, TerminalOptions};

/// What every command gets.
pub struct Setting {
    /// The configuration.
    pub config: Config,
    /// Where the request is made.
    pub folder: PathBuf,
    /// `--yes`.
    pub yes: bool,
    /// `--dry-run`.
    pub dry_run: bool,
    /// The command as it was typed, for the record.
    pub typed: String,
    /// The terminal.
    pub terminal: Terminal,
}

/// Runs the process's arguments to their end.
pub async fn run(arguments: Vec<OsString>) -> ExitCode {
    if let Some(bad) = arguments.iter().find(|argument| argument.to_str().is_none()) {
        let error = AgentError::new(
            ExitCode::Usage,
            format!("the argument {:?} is not valid UTF-8", bad.to_string_lossy()),
        )
        .hint("type it again, or read the request from a file with `shipmate -`");
        return fail(&error);
    }
    let typed = typed(&arguments);
    // Before the arguments are read: a typed call may be one of these tools.
    let remarks = std::env::current_dir().map(|folder| own_tools::load(&folder)).unwrap_or_default();
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; anything else is wrong usage.
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done };
            drop(error.print());
            return code;
        }
    };
    start_log(cli.global.verbose);
    match dispatch(cli, typed, &remarks).await {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn dispatch(cli: Cli, typed: String, remarks: &[String]) -> Result<ExitCode, AgentError> {
    let folder = std::env::current_dir().map_err(|error| {
        AgentError::new(ExitCode::Usage, format!("the current folder cannot be read: {error}"))
            .hint("change to one that exists")
    })?;
    let config = Config::load(&cli.global, &folder)?;
    let options = TerminalOptions { form: config.output.value, no_color: cli.global.no_color };
    let mut setting = Setting {
        config,
        folder,
        yes: cli.global.yes,
        dry_run: cli.global.dry_run,
        typed,
        terminal: Terminal::new(options),
    };
    let namespace = cli.global.namespace;
    if !matches!(cli.command, Some(Command::Tools { trust: Some(_), .. })) {
        for remark in remarks {
            setting.terminal.say(&format!("note: {}", gate::text(remark)));
        }
    }
    match cli.command {
        None => repl::run(&mut setting).await,
        Some(Command::Ask { words }) => request::run(&mut setting, &words).await,
        Some(Command::Translate { words }) => translate::run(&mut setting, &words).await,
        Some(Command::Call { tool, arguments }) => request::call(&mut setting, &tool, &arguments).await,
        Some(Command::Undo { record: Some(word) }) if !undo::names_a_record(&word) => {
            request::run(&mut setting, &["undo".to_owned(), word]).await
        }
        Some(Command::Undo { record }) => undo::run(&mut setting, record.as_deref()).await,
        Some(Command::Plan { apply: Some(file), .. }) => plan::apply(&mut setting, &file).await,
        Some(Command::Plan { words, out, .. }) => plan::make(&mut setting, &words, out.as_deref()).await,
        Some(Command::Tools { trust: Some(file), .. }) => {
            let said = own_tools::trust(&setting.folder.join(file))?;
            setting.terminal.say(&gate::text(&said));
            Ok(ExitCode::Done)
        }
        Some(Command::Tools { name, .. }) => tools::run(&mut setting, name.as_deref()),
        Some(Command::Config { command: ConfigCommand::Show }) => show_config::run(&mut setting),
        Some(Command::Health(arguments)) => health::run(&mut setting, namespace.as_deref(), &arguments).await,
        Some(Command::Doctor) => doctor::run(&mut setting).await,
    }
}

fn fail(error: &AgentError) -> ExitCode {
    Terminal::new(TerminalOptions::default()).error(error);
    error.code
}

/// The command line without the request's words, which are the record's prompt already.
fn typed(arguments: &[OsString]) -> String {
    let first = arguments.get(1).and_then(|argument| argument.to_str()).unwrap_or_default();
    match first {
        "" => "shipmate (REPL)".to_owned(),
        "call" | "ask" | "undo" | "plan" => format!("shipmate {first}"),
        "-" => "shipmate -".to_owned(),
        _ => "shipmate".to_owned(),
    }
}

fn start_log(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    // RUST_LOG is how Rust programs are asked for more; most runs ask for nothing and pay for nothing.
    let asked = std::env::var("RUST_LOG").is_ok_and(|value| !value.is_empty());
    if verbose == 0 && !asked {
        return;
    }
    let level = match verbose {
        0 => "warn",
        1 => "shipmate=debug,shipmate_tools=debug,info",
        _ => "trace",
    };
    let asked_for = if asked { std::env::var("RUST_LOG").unwrap_or_default() } else { level.to_owned() };
    // async-openai logs what it cannot decode: text of a model that has not passed the gate.
    let filter = EnvFilter::new(format!("{asked_for},async_openai=off"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
    drop(started);
}
