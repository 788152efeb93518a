//! The terminal: data to stdout, talk to stderr; colour, progress and questions only where there is somebody.

use shipmate_tools::{Call, Update, Verification, gate};
use std::io::{self, IsTerminal as _, Write as _};

use crate::error::AgentError;
use crate::policy::Answer;
use crate::turn::{ApprovalRequest, Shown};

use super::approve;
use super::face::Face;
use super::paint::Paint;
use super::render::{OutputForm, outcome_text, preview_text};

/// How a terminal behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalOptions {
    /// The form of results.
    pub form: OutputForm,
    /// Whether colour is unwanted even in a terminal.
    pub no_color: bool,
}

/// The terminal.
#[derive(Debug)]
pub struct Terminal {
    options: TerminalOptions,
    out: Paint,
    talk: Paint,
    /// Whether a progress line stands on the screen.
    progress_shown: bool,
    live: bool,
    /// Whether stdout is closed.
    gone: bool,
}

impl Terminal {
    /// This process's terminal.
    #[must_use]
    pub fn new(options: TerminalOptions) -> Self {
        let coloured = |terminal: bool| Paint::new(terminal && !options.no_color && !wants_no_color());
        Self {
            options,
            out: coloured(io::stdout().is_terminal()),
            talk: coloured(io::stderr().is_terminal()),
            progress_shown: false,
            live: io::stderr().is_terminal(),
            gone: false,
        }
    }

    /// Whether somebody is there to ask.
    #[must_use]
    pub fn is_interactive() -> bool {
        approve::somebody_is_there()
    }

    /// Shows an error and what to do about it.
    pub fn error(&mut self, error: &AgentError) {
        self.say(&format!("{} {}", self.talk.red("error:"), error.message));
        for hint in &error.hints {
            self.say(&format!("  {} {hint}", self.talk.cyan("hint:")));
        }
    }

    /// Talk, on stderr.
    pub fn say(&mut self, text: &str) {
        self.clear_progress();
        // A closed stderr is no reason to stop working.
        let _closed = writeln!(io::stderr(), "{text}");
    }

    /// Data, on stdout. A reader that has seen enough (`| head`) ends the process quietly.
    pub fn data(&mut self, text: &str) {
        self.clear_progress();
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            tracing::debug!(%error, "stdout cannot be written");
            self.gone = error.kind() == io::ErrorKind::BrokenPipe;
        }
    }

    fn clear_progress(&mut self) {
        if std::mem::take(&mut self.progress_shown) {
            let _closed = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

impl Face for Terminal {
    fn show(&mut self, shown: &Shown) {
        match shown {
            Shown::Understood(commands) => {
                for command in commands {
                    self.say(&format!("{} {}", self.talk.dim("→"), self.talk.cyan(command)));
                }
            }
            Shown::Preview { preview, .. } => {
                let text = preview_text(preview, self.talk);
                self.say(text.trim_end());
            }
            Shown::Outcome(outcome) => {
                let text = outcome_text(outcome, self.options.form);
                self.data(&text);
                if self.options.form == OutputForm::Text && !text.trim_end().ends_with(&outcome.summary) {
                    self.say(&self.talk.bold(&outcome.summary));
                }
                for note in &outcome.notes {
                    self.say(&format!("{} {note}", self.talk.yellow("note:")));
                }
            }
            Shown::Verification(Verification::Confirmed(said)) => {
                self.say(&format!("{} {said}", self.talk.green("✓")));
            }
            Shown::Verification(Verification::Failed(why)) => {
                self.say(&format!("{} {why}", self.talk.red("✗")));
            }
            Shown::Verification(Verification::NotNeeded) => {}
            Shown::Answer(text) => self.data(&format!("{text}\n")),
            Shown::Question(text) => self.say(&format!("{} {text}", self.talk.yellow("?"))),
            Shown::Refusal(text) => self.say(&format!("{} {text}", self.talk.red("refused:"))),
            Shown::NotUnderstood(text) => {
                self.say(&format!("{} {text}", self.talk.yellow("not understood:")));
            }
            Shown::Error(error) => self.error(error),
            Shown::Note(text) => self.say(text),
        }
    }

    fn progress(&mut self, update: &Update) {
        match update {
            Update::Line(line) => self.data(&format!("{line}\n")),
            Update::Status(text) if self.live => {
                let first = text.lines().next().unwrap_or_default();
                let width = terminal_width();
                let short: String = first.chars().take(width.saturating_sub(1)).collect();
                let _closed = write!(io::stderr(), "\r\u{1b}[K{}", self.talk.dim(&short))
                    .and_then(|()| io::stderr().flush());
                self.progress_shown = true;
            }
            Update::Status(_) => {}
        }
    }

    fn words(&mut self, piece: &str) {
        self.data(piece);
    }

    fn ask(&mut self, request: &ApprovalRequest) -> Answer {
        if request.steps.is_empty() {
            let text = preview_text(&request.preview, self.talk);
            self.say(text.trim_end());
        }
        for (index, step) in request.steps.iter().enumerate() {
            self.say(&format!(
                "{} {}",
                self.talk.bold(&format!("{}.", index + 1)),
                self.talk.cyan(&step.command)
            ));
            if let Some(preview) = &step.preview {
                let text = preview_text(preview, self.talk);
                self.say(text.trim_end());
            }
        }
        let place = match (request.context.as_str(), &request.preview.namespace) {
            ("", _) => None,
            (context, None) => Some(context.to_owned()),
            (context, Some(namespace)) => Some(format!("{context}, namespace {namespace}")),
        };
        if let Some(place) = place {
            let place =
                if request.protected { self.talk.red(&format!("{place} (protected)")) } else { place };
            self.say(&format!("{} {place}", self.talk.dim("context:")));
        }
        if !request.steps.is_empty() {
            self.say(&format!(
                "{} all {} steps, in this order; the first that fails ends it",
                self.talk.dim("plan:"),
                request.steps.len()
            ));
            return approve::ask(request, self.talk);
        }
        // The arguments may hold what a model or a file said.
        self.say(&format!("{} {}", self.talk.dim("call:"), gate::text(&request.call.to_string())));
        self.say(&format!("{} {}", self.talk.dim("command:"), self.talk.cyan(&request.command)));
        approve::ask(request, self.talk)
    }

    fn choose(&mut self, question: &str, options: &[(String, Call)]) -> Option<usize> {
        if !Self::is_interactive() {
            return None;
        }
        self.say(&format!("{} {question}", self.talk.yellow("?")));
        for (index, (label, _)) in options.iter().enumerate() {
            self.say(&format!("  {} {label}", self.talk.bold(&format!("{})", index + 1))));
        }
        approve::forget_what_was_typed_ahead();
        let typed = approve::line("Number, or nothing to leave it").ok()?;
        let number: usize = typed.trim().parse().ok()?;
        (1..=options.len()).contains(&number).then(|| number - 1)
    }

    fn settled(&mut self) {
        self.clear_progress();
    }

    fn is_gone(&self) -> bool {
        self.gone
    }
}

impl Terminal {
    /// The paint of stdout.
    #[must_use]
    pub const fn paint(&self) -> Paint {
        self.out
    }

    /// The paint of talk, the prompt included.
    #[must_use]
    pub const fn talk_paint(&self) -> Paint {
        self.talk
    }
}

fn wants_no_color() -> bool {
    // https://no-color.org: present and not empty.
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn terminal_width() -> usize {
    usize::from(dialoguer::console::Term::stderr().size().1)
}
