//! stub
use super::*;
use crate::error::AgentError;
use secrecy::SecretString;
use std::{path::PathBuf, time::Duration};
/// stub
pub struct ModelOptions {
    /// a
    pub base_url: Option<String>,
    /// a
    pub api_key: Option<SecretString>,
    /// a
    pub model: Option<String>,
    /// a
    pub deadline: Duration,
    /// a
    pub cache_dir: Option<PathBuf>,
}
/// stub
pub struct ModelTranslator;
impl ModelTranslator {
    /// stub
    pub fn new(_: ModelOptions) -> Self {
        Self
    }
    /// stub
    pub async fn check(&self) -> Result<String, AgentError> {
        Ok(String::new())
    }
    /// stub
    pub async fn translate(
        &self,
        _: &str,
        _: &Situation,
        _p: impl Fn(&str),
    ) -> Result<Translation, AgentError> {
        Err(AgentError::new(crate::error::ExitCode::Failed, "x"))
    }
    /// stub
    pub async fn explain(
        &self,
        _: &str,
        _: &str,
        _p: impl FnMut(&str),
    ) -> Result<(String, Usage), AgentError> {
        Err(AgentError::new(crate::error::ExitCode::Failed, "x"))
    }
}
