//! `shipmate plan`: what a request would do, written down to be reviewed, and applied later exactly as it was.

use std::path::Path;

use super::Setting;
use super::request::words_or_stdin;
use crate::error::{AgentError, ExitCode};
use crate::record::PlanFile;
use crate::session;
use crate::turn::Turn;

/// Shows what a request would do and writes the plan of it to `out`; nothing is changed.
pub(super) async fn make(
    setting: &mut Setting,
    words: &[String],
    out: Option<&Path>,
) -> Result<ExitCode, AgentError> {
    let request = words_or_stdin(words)?;
    if let Some(out) = out.filter(|out| setting.folder.join(out).exists()) {
        return Err(AgentError::new(ExitCode::Usage, format!("{} exists already", out.display()))
            .hint("name another file, or remove it first"));
    }
    let rules = session::rules(&setting.config, false, true);
    let mut driver = session::driver(
        &setting.config,
        &setting.folder,
        rules.clone(),
        &setting.typed,
        &mut setting.terminal,
    )?;
    let context = session::context_name(&driver.world).await;
    let ended = driver.drive(Turn::of_request(request.clone(), rules, context.clone())).await;
    let world = driver.world.clone();
    if ended.code != ExitCode::Done {
        return Ok(ended.code);
    }
    let Some(out) = out else { return Ok(ExitCode::Done) };
    if ended.record.calls.is_empty() {
        return Err(AgentError::new(
            ExitCode::NotUnderstood,
            "the request came to no call, so there is no plan",
        ));
    }
    let plan = PlanFile::of(&request, &context, &ended.record.calls, &world).await;
    let failed = |error: String| {
        AgentError::new(ExitCode::Failed, format!("{} cannot be written: {error}", out.display()))
    };
    let mut text = serde_json::to_string_pretty(&plan).map_err(|error| failed(error.to_string()))?;
    text.push('\n');
    std::fs::write(setting.folder.join(out), text).map_err(|error| failed(error.to_string()))?;
    let out = out.display();
    setting.terminal.say(&format!("The plan is in {out}; `shipmate plan --apply {out}` does exactly that."));
    Ok(ExitCode::Done)
}

/// Runs the calls of a plan, when everything is still as it was reviewed.
pub(super) async fn apply(setting: &mut Setting, file: &Path) -> Result<ExitCode, AgentError> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(setting.folder.join(file)).map_err(|error| {
        AgentError::new(ExitCode::Usage, format!("the plan {shown} cannot be read: {error}"))
            .hint("make one with `shipmate plan \"…\" --out FILE`")
    })?;
    let plan = PlanFile::read(&text, &shown)?;
    let rules = session::rules(&setting.config, setting.yes, setting.dry_run);
    let mut driver = session::driver(
        &setting.config,
        &setting.folder,
        rules.clone(),
        &setting.typed,
        &mut setting.terminal,
    )?;
    let context = session::context_name(&driver.world).await;
    plan.still_holds(&context, &driver.world).await?;
    let request = format!("apply the plan: {}", plan.request);
    let calls = plan.steps.into_iter().map(|step| step.call).collect();
    Ok(driver.drive(Turn::of_calls(request, calls, rules, context)).await.code)
}
