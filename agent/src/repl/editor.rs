//! The line editor. rustyline blocks while a person types, so it has a thread of its own and talks over
//! channels with the session, whose thread stays free to read names for completion.

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Behavior, CompletionType, Config, Context, Editor};
use rustyline::{Helper, Result as LineResult};
use shipmate_tools::kubernetes::{self, KindIndex, ResourceType};
use std::borrow::Cow;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::record::create_private_folder;
use crate::ui::Paint;

use super::completion::{Fitting, Source, fitting};
use super::lines;
use super::names::Names;

/// Most lines that the history keeps; a line is rarely longer than 100 bytes, so the file stays below 1 MB.
const HISTORY_LINES: usize = 5000;

/// What stands before the cursor: as text, and as it is painted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prompt {
    pub plain: String,
    pub painted: String,
}

/// What the person typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A whole input.
    Line(String),
    /// Ctrl-C: the line is dropped.
    Interrupted,
    /// Ctrl-D on an empty line, or the terminal went away.
    End,
    /// The terminal cannot be read.
    Failed(String),
}

/// The editor's thread, from the session's side. The thread ends when this is dropped.
pub(super) struct LineEditor {
    prompts: mpsc::Sender<Prompt>,
    typed: UnboundedReceiver<Typed>,
}

impl LineEditor {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(history: PathBuf, names: Arc<Names>, paint: Paint) -> std::io::Result<Self> {
        let (prompts, asked) = mpsc::channel();
        let (typed, received) = unbounded_channel();
        std::thread::Builder::new()
            .name("line editor".to_owned())
            .spawn(move || edit(&history, names, paint, &asked, &typed))?;
        Ok(Self { prompts, typed: received })
    }

    /// Reads one input.
    pub async fn ask(&mut self, prompt: Prompt) -> Typed {
        if self.prompts.send(prompt).is_err() {
            return Typed::End;
        }
        self.typed.recv().await.unwrap_or(Typed::End)
    }
}

fn edit(
    history: &Path,
    names: Arc<Names>,
    paint: Paint,
    asked: &mpsc::Receiver<Prompt>,
    typed: &UnboundedSender<Typed>,
) {
    let mut editor = match editor(names, paint) {
        Ok(editor) => editor,
        Err(error) => {
            let _session_ended = typed.send(Typed::Failed(error.to_string()));
            return;
        }
    };
    if let Err(error) = editor.load_history(history) {
        tracing::debug!(%error, "the history could not be read");
    }
    while let Ok(prompt) = asked.recv() {
        let read = match editor.readline(&(prompt.plain, prompt.painted)) {
            Ok(line) => {
                keep(&mut editor, &line, history);
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => Typed::Interrupted,
            // A window that changes its size while nothing is typed yet is no end.
            Err(ReadlineError::Signal(_)) => Typed::Interrupted,
            Err(ReadlineError::Eof) => Typed::End,
            Err(error) => Typed::Failed(error.to_string()),
        };
        if typed.send(read).is_err() {
            return;
        }
    }
}

fn editor(names: Arc<Names>, paint: Paint) -> LineResult<Editor<Assistant, FileHistory>> {
    // stdout is data: where it is a pipe, the prompt goes to the terminal itself.
    let behavior = if std::io::stdout().is_terminal() { Behavior::Stdio } else { Behavior::PreferTerm };
    let config = Config::builder()
        .max_history_size(HISTORY_LINES)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .auto_add_history(false)
        .completion_type(CompletionType::List)
        .behavior(behavior)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant {
        names,
        paint,
        files: FilenameCompleter::new(),
        hinter: HistoryHinter::new(),
    }));
    Ok(editor)
}

/// Keeps a line, at once: a session that is killed loses nothing.
fn keep(editor: &mut Editor<Assistant, FileHistory>, line: &str, history: &Path) {
    if !lines::may_be_kept(line) {
        return;
    }
    // Joined, it comes back in one line, where the arrow keys go through the history and not through its lines.
    let kept = editor.add_history_entry(lines::joined(line)).and_then(|_| {
        // The file itself is made for its owner alone by rustyline.
        history.parent().map_or(Ok(()), create_private_folder)?;
        editor.append_history(history)
    });
    if let Err(error) = kept {
        tracing::debug!(%error, "the history could not be written");
    }
}

/// What helps while typing.
struct Assistant {
    names: Arc<Names>,
    paint: Paint,
    files: FilenameCompleter,
    hinter: HistoryHinter,
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> LineResult<(usize, Vec<Pair>)> {
        let source = Live { names: &self.names, deadline: Names::deadline() };
        match fitting(line, position, &source) {
            Fitting::Path => self.files.complete_path(line, position),
            Fitting::Words(start, words) => {
                let pair = |word: String| Pair { display: word.clone(), replacement: word };
                Ok((start, words.into_iter().map(pair).collect()))
            }
        }
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, position: usize, context: &Context<'_>) -> Option<String> {
        // Without colour a hint cannot be told from what was typed.
        if !self.paint.is_on() || line.contains('\n') {
            return None;
        }
        self.hinter.hint(line, position, context).filter(|hint| !hint.contains('\n'))
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.paint.dim(hint))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> LineResult<ValidationResult> {
        Ok(if lines::is_whole(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

/// Names as the cluster knows them; one deadline for all that a completion asks for.
struct Live<'a> {
    names: &'a Arc<Names>,
    deadline: Instant,
}

impl Source for Live<'_> {
    fn kinds(&self) -> Arc<KindIndex> {
        self.names.kinds(self.deadline)
    }

    fn namespaces(&self) -> Vec<String> {
        self.names.namespaces(self.deadline)
    }

    fn namespace(&self) -> Option<String> {
        self.names.namespace()
    }

    fn contexts(&self) -> Vec<String> {
        kubernetes::contexts(self.names.world().options()).map(|(names, _)| names).unwrap_or_default()
    }

    fn objects(&self, kinds: &[&ResourceType], namespace: Option<&str>) -> Vec<String> {
        self.names.objects(kinds, namespace, self.deadline)
    }
}
