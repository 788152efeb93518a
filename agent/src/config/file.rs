//! The configuration file, the same for the user's and the project's.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{AgentError, ExitCode};
use crate::translate::Mode;
use crate::ui::OutputForm;

/// Version of the file's form; a newer one is refused.
const VERSION: u32 = 1;

/// What a file may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// Version of the file's form.
    pub version: Option<u32>,
    /// The kubeconfig file.
    pub kubeconfig: Option<PathBuf>,
    /// The context.
    pub context: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// `auto`, `phrasebook` or `model`.
    #[serde(default, deserialize_with = "deserialize_mode")]
    pub translator: Option<Mode>,
    /// The model's name.
    pub model: Option<String>,
    /// The model endpoint's address.
    pub base_url: Option<String>,
    /// `text`, `json`, `yaml` or `markdown`.
    #[serde(default, deserialize_with = "deserialize_form")]
    pub output: Option<OutputForm>,
    /// The feature that records belong to.
    pub feature: Option<String>,
    /// The folder of the records.
    pub phr_dir: Option<PathBuf>,
    /// How long one step may take, in seconds.
    pub timeout: Option<u64>,
    /// Contexts where `--yes` does not count; `*` at an end stands for anything.
    pub protected_contexts: Option<Vec<String>>,
    /// The Docker engine's address.
    pub docker_host: Option<String>,
    /// The Helm program.
    pub helm: Option<PathBuf>,
}

impl FileConfig {
    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(path: &Path) -> Result<Option<Self>, AgentError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => {
                return Err(AgentError::new(
                    ExitCode::Usage,
                    format!("{} cannot be read: {error}", path.display()),
                )
                .hint("correct its permissions, or move it away"));
            }
        };
        let file: Self = toml::from_str(&text).map_err(|error| {
            AgentError::new(
                ExitCode::Usage,
                format!("{} is not understood: {}", path.display(), error.to_string().trim_end()),
            )
            .hint("`shipmate config show` lists what can be set")
        })?;
        if let Some(version) = file.version.filter(|version| *version > VERSION) {
            return Err(AgentError::new(
                ExitCode::Usage,
                format!("{} has version {version}; this shipmate reads up to {VERSION}", path.display()),
            )
            .hint("use a newer shipmate, or move the file away"));
        }
        Ok(Some(file))
    }

    /// Takes away what only the user's own file may say; the names of what was there.
    pub(super) fn take_what_a_project_may_not_say(&mut self) -> Vec<&'static str> {
        let mut taken = Vec::new();
        let mut note = |name, was_there: bool| {
            if was_there {
                taken.push(name);
            }
        };
        note("kubeconfig", self.kubeconfig.take().is_some());
        note("base_url", self.base_url.take().is_some());
        note("docker_host", self.docker_host.take().is_some());
        note("helm", self.helm.take().is_some());
        note("protected_contexts", self.protected_contexts.take().is_some());
        taken
    }
}

pub(super) fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "auto" => Ok(Mode::Auto),
        "phrasebook" => Ok(Mode::Phrasebook),
        "model" => Ok(Mode::Model),
        _ => Err("it is auto, phrasebook or model".to_owned()),
    }
}

pub(super) fn form(text: &str) -> Result<OutputForm, String> {
    clap::ValueEnum::from_str(text, true).map_err(|_: String| "it is text, json, yaml or markdown".to_owned())
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "it is a number of seconds".to_owned())
}

fn deserialize_mode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Mode>, D::Error> {
    let text = String::deserialize(deserializer)?;
    mode(&text).map(Some).map_err(serde::de::Error::custom)
}

fn deserialize_form<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<OutputForm>, D::Error> {
    let text = String::deserialize(deserializer)?;
    form(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_cannot_say_where_things_are_sent() {
        let mut file: FileConfig =
            toml::from_str("namespace = 'shop'\nbase_url = 'http://evil.example'\nhelm = './helm'\n")
                .unwrap();
        assert_eq!(file.take_what_a_project_may_not_say(), ["base_url", "helm"]);
        assert!(file.base_url.is_none() && file.helm.is_none() && file.namespace.is_some());
    }

    #[test]
    fn unknown_keys_and_newer_versions_are_refused_with_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "namespce = 'x'\n").unwrap();
        let error = FileConfig::read(&path).unwrap_err();
        assert!(error.message.contains("namespce") && error.code == ExitCode::Usage, "{error}");
        std::fs::write(&path, "version = 9\n").unwrap();
        assert!(FileConfig::read(&path).unwrap_err().message.contains("version 9"));
    }
}
