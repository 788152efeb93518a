//! What an endpoint and model can do, found out once and remembered in the cache folder.
//!
//! The file may be deleted at any time; then it is found out again. It holds addresses and model names, no
//! key. A file of a newer version is left alone and not used.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The version of the file.
const VERSION: u32 = 1;
const FILE: &str = "model-endpoints.json";

/// How a call is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// Native tool calls.
    Tools,
    /// JSON held to a schema.
    Schema,
    /// JSON asked for in words, where the server takes neither.
    Plain,
}

/// What the token limit is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenLimit {
    /// `max_tokens`, what nearly every server takes.
    MaxTokens,
    /// `max_completion_tokens`, what reasoning models want.
    MaxCompletionTokens,
    /// Neither is taken.
    Unlimited,
}

/// What an endpoint and model can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Abilities {
    /// How a call is asked for.
    pub(super) mode: Mode,
    /// Whether the mode has proved itself.
    pub(super) proved: bool,
    /// What the token limit is called.
    pub(super) token_limit: TokenLimit,
    /// Whether a temperature is taken.
    pub(super) temperature: bool,
    /// Whether `parallel_tool_calls` is taken.
    pub(super) parallel_tool_calls: bool,
    /// Whether `stream_options` is taken.
    pub(super) stream_options: bool,
}

impl Abilities {
    /// What is assumed of a model until it proves otherwise.
    pub(super) fn assumed(model: &str, constrained: bool) -> Self {
        // Reasoning models of the original API refuse the old name of the limit and any temperature.
        let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
        let reasoning = ["o1", "o3", "o4", "gpt-5"].iter().any(|family| name.starts_with(family));
        Self {
            mode: if constrained { Mode::Schema } else { Mode::Tools },
            proved: constrained,
            token_limit: if reasoning { TokenLimit::MaxCompletionTokens } else { TokenLimit::MaxTokens },
            temperature: !reasoning,
            parallel_tool_calls: true,
            stream_options: true,
        }
    }

    /// Gives up what a refusal complains about. False when nothing is left to give up.
    pub(super) fn adjust(&mut self, complaint: &str) -> bool {
        let complaint = complaint.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| complaint.contains(word));
        if self.parallel_tool_calls && self.mode == Mode::Tools && says(&["parallel_tool_calls"]) {
            self.parallel_tool_calls = false;
        } else if self.stream_options && says(&["stream_options", "include_usage"]) {
            self.stream_options = false;
        } else if self.token_limit == TokenLimit::MaxTokens && says(&["max_tokens"]) {
            self.token_limit = TokenLimit::MaxCompletionTokens;
        } else if self.token_limit == TokenLimit::MaxCompletionTokens
            && says(&["max_completion_tokens", "max_tokens"])
        {
            self.token_limit = TokenLimit::Unlimited;
        } else if self.temperature && says(&["temperature"]) {
            self.temperature = false;
        } else if self.mode == Mode::Schema && says(&["response_format", "json_schema", "schema", "grammar"])
        {
            self.mode = Mode::Plain;
        } else if self.mode == Mode::Tools && says(&["tool", "function", "jinja"]) {
            self.mode = Mode::Schema;
        } else {
            return false;
        }
        true
    }

    /// Gives up everything a server can do without, when its refusal names nothing. False when it did before.
    pub(super) fn adjust_blindly(&mut self) -> bool {
        let before = self.clone();
        self.parallel_tool_calls = false;
        self.stream_options = false;
        self.temperature = false;
        *self != before
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    endpoints: BTreeMap<String, Abilities>,
}

/// The file in the cache folder.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    path: Option<PathBuf>,
}

impl Memory {
    /// In a folder, or nowhere.
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Self { path: folder.map(|folder| folder.join(FILE)) }
    }

    /// What is remembered of an endpoint and model.
    pub(super) fn recall(&self, base: &str, model: &str) -> Option<Abilities> {
        self.read()?.endpoints.remove(&key(base, model))
    }

    /// Remembers it. A folder that cannot be written costs finding out again, nothing else.
    pub(super) fn remember(&self, base: &str, model: &str, abilities: &Abilities) {
        let Some(path) = &self.path else { return };
        let mut file = match self.read() {
            Some(file) => file,
            None if newer(path) => return,
            None => File { version: VERSION, endpoints: BTreeMap::new() },
        };
        if file.endpoints.get(&key(base, model)) == Some(abilities) {
            return;
        }
        file.endpoints.insert(key(base, model), abilities.clone());
        if let Err(error) = write(path, &file) {
            tracing::debug!(%error, "what the model can do was not remembered");
        }
    }

    fn read(&self) -> Option<File> {
        let text = std::fs::read_to_string(self.path.as_ref()?).ok()?;
        serde_json::from_str::<File>(&text).ok().filter(|file| file.version == VERSION)
    }
}

fn newer(path: &Path) -> bool {
    let version = std::fs::read_to_string(path)
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|value| value.get("version")?.as_u64());
    version.is_some_and(|version| version > u64::from(VERSION))
}

/// Written beside and renamed, so that two shipmates cannot leave half a file.
fn write(path: &Path, file: &File) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&beside, serde_json::to_vec_pretty(file).map_err(std::io::Error::other)?)?;
    std::fs::rename(&beside, path).inspect_err(|_| {
        let _gone = std::fs::remove_file(&beside);
    })
}

/// An endpoint without what may be a credential in its address, and a model.
fn key(base: &str, model: &str) -> String {
    format!("{} {model}", shown(base))
}

/// An address without user, password and query.
pub(super) fn shown(base: &str) -> String {
    let base = base.split(['?', '#']).next().unwrap_or(base);
    match base.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            shipmate_tools::gate::text(&format!("{scheme}://{host}{path}"))
        }
        None => shipmate_tools::gate::text(base),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_remembered_without_credentials_and_a_broken_file_is_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(Some(folder.path()));
        let abilities = Abilities { mode: Mode::Schema, ..Abilities::assumed("m", false) };
        memory.remember("http://me:hunter2@host:1/v1?key=hunter2", "m", &abilities);
        assert_eq!(memory.recall("http://host:1/v1", "m"), Some(abilities.clone()));
        let path = folder.path().join(FILE);
        assert!(!std::fs::read_to_string(&path).unwrap().contains("hunter2"));
        std::fs::write(&path, "{half").unwrap();
        assert_eq!(memory.recall("http://host:1/v1", "m"), None);
        memory.remember("http://host:1/v1", "m", &abilities);
        assert_eq!(memory.recall("http://host:1/v1", "m"), Some(abilities));
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let text = r#"{"version": 2, "other": true}"#;
        std::fs::write(&path, text).unwrap();
        Memory::new(Some(folder.path())).remember("http://h", "m", &Abilities::assumed("m", false));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn gives_up_what_a_server_complains_about() {
        let mut abilities = Abilities::assumed("m", false);
        assert!(abilities.adjust(
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
        ));
        assert_eq!(abilities.token_limit, TokenLimit::MaxCompletionTokens);
        assert!(abilities.adjust("Unrecognized request argument supplied: parallel_tool_calls"));
        assert!(abilities.adjust("\"auto\" tool choice requires --enable-auto-tool-choice"));
        assert_eq!(abilities.mode, Mode::Schema);
        assert!(abilities.adjust("response_format is not supported"));
        assert_eq!(abilities.mode, Mode::Plain);
        assert!(!abilities.adjust("the sky fell"));
        assert!(abilities.adjust_blindly() && !abilities.adjust_blindly());
    }

    #[test]
    fn reasoning_models_are_known_by_their_family() {
        assert_eq!(Abilities::assumed("openai/o3-mini", false).token_limit, TokenLimit::MaxCompletionTokens);
        assert_eq!(Abilities::assumed("gpt-4o-mini", false).token_limit, TokenLimit::MaxTokens);
    }
}
