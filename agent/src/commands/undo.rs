//! `shipmate undo`: the inverse of an earlier change, as calls of its own: shown, approved, verified and
//! recorded like any other.

use super::Setting;
use crate::error::{AgentError, ExitCode};
use crate::record::{inverse, last_to_undo, named};
use crate::session;
use crate::turn::{Shown, Turn};

/// Whether a word names a record; "that" does not, and is a request's.
pub(super) fn names_a_record(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit()) || word.ends_with(".md")
}

/// Takes back the last change, or that of the record which is named.
pub(super) async fn run(setting: &mut Setting, record: Option<&str>) -> Result<ExitCode, AgentError> {
    let rules = session::rules(&setting.config, setting.yes, setting.dry_run);
    let mut driver = session::driver(
        &setting.config,
        &setting.folder,
        rules.clone(),
        &setting.typed,
        &mut setting.terminal,
    )?;
    let past = driver.journal.past();
    let found = match record {
        None => last_to_undo(&past),
        Some(name) => named(&past, name, &driver.recorder.destination().root),
    };
    let Some(turn) = found else {
        return Err(match record {
            None => AgentError::new(ExitCode::Usage, "there is no change left to take back")
                .hint("name the record of one with `shipmate undo NUMBER`"),
            Some(name) => AgentError::new(ExitCode::Usage, format!("no record {name} of a change is known"))
                .hint("its number is what the name of its file begins with; what only read has no inverse"),
        });
    };
    let context = session::context_name(&driver.world).await;
    let (calls, lost) = inverse(turn, &context)?;
    if !lost.is_empty() {
        driver.face.show(&Shown::Note(format!("This part cannot be undone: {}", lost.join("; "))));
    }
    let request = format!("undo: {}", turn.request);
    let taking_back = Turn::of_calls(request, calls, rules, context).taking_back(turn.id.clone());
    Ok(driver.drive(taking_back).await.code)
}
