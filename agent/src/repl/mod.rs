//! stub
use crate::commands::Setting;
use crate::error::{AgentError, ExitCode};
/// stub
pub async fn run(_: &mut Setting) -> Result<ExitCode, AgentError> {
    Ok(ExitCode::Done)
}
