//! A session: from the configuration to a world, translators, a journal and a recorder. Nothing here connects to
//! anything; clients are made when a request needs them.

use shipmate_tools::{ReadWorld, WorldOptions};
use std::path::Path;
use std::time::Duration;

use crate::config::Config;
use crate::error::{AgentError, ExitCode};
use crate::policy::Rules;
use crate::record::{Journal, Recorder, recover};
use crate::translate::model::{ModelOptions, ModelTranslator, NotReady};
use crate::translate::{Mode, Translators};
use crate::turn::Driver;
use crate::turn::Shown;
use crate::ui::{Face, Terminal};

/// Most bytes of a request. A page of text is 3 KiB; more than this is a file that belongs in a file.
pub const REQUEST_LIMIT: usize = 16 * 1024;

/// How long one request to a server may take, within a step that may take longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The world that a configuration describes.
#[must_use]
pub fn world(config: &Config, folder: &Path) -> ReadWorld {
    ReadWorld::new(WorldOptions {
        kubeconfig: config.kubeconfig.value.clone(),
        context: config.context.value.clone(),
        namespace: config.namespace.value.clone(),
        docker_host: config.docker_host.value.clone(),
        helm: config.helm.value.clone(),
        folder: folder.to_owned(),
        cache: Some(config.cache.clone()),
        state: Some(config.state.clone()),
        request_timeout: REQUEST_TIMEOUT.min(config.timeout.value),
        ..WorldOptions::default()
    })
}

/// The translators that a configuration describes. A model is there when an address or a key is.
///
/// # Errors
/// An address or a key that cannot be used.
pub fn translators(config: &Config) -> Result<Translators, AgentError> {
    let mode = config.translator.value;
    if mode == Mode::Phrasebook {
        return Ok(Translators::new(mode, None));
    }
    let model = ModelTranslator::new(&ModelOptions {
        base_url: config.base_url.value.clone(),
        api_key: config.api_key.value.clone(),
        model: config.model.value.clone(),
        deadline: config.timeout.value,
        cache_dir: Some(config.cache.clone()),
    });
    match model {
        Ok(model) => Ok(Translators::new(mode, Some(model))),
        Err(NotReady::NotConfigured) if mode == Mode::Auto => Ok(Translators::new(mode, None)),
        Err(reason) => Err(reason.into()),
    }
}

/// The driver of a session; what an earlier process left open is recorded first.
///
/// # Errors
/// A feature name that cannot be one.
pub fn driver<'a>(
    config: &Config,
    folder: &Path,
    rules: Rules,
    command: &str,
    face: &'a mut dyn Face,
) -> Result<Driver<'a>, AgentError> {
    let journal = Journal::new(&config.state);
    for left in recover(&journal) {
        let request: String = left.request.chars().take(60).collect();
        face.show(&Shown::Note(match left.record {
            Ok(path) => {
                format!("An earlier request ({request:?}) was interrupted; its record is {}.", path.display())
            }
            Err(error) => format!(
                "An earlier request ({request:?}) was interrupted and cannot be recorded yet: {error}."
            ),
        }));
    }
    let recorder = recorder(config, folder, command)?;
    Ok(Driver {
        world: world(config, folder),
        translators: translators(config)?,
        rules,
        journal,
        recorder,
        face,
        timeout: config.timeout.value,
    })
}

/// What makes the records of requests made in `folder`; the branch and the feature are those of this moment.
///
/// # Errors
/// A feature name that cannot be one.
pub fn recorder(config: &Config, folder: &Path, command: &str) -> Result<Recorder, AgentError> {
    Recorder::new(
        folder,
        config.phr_dir.value.as_ref().map(|path| folder.join(path)),
        config.feature.value.as_deref(),
        &config.state,
        command.to_owned(),
        config.model.value.clone(),
    )
}

/// The rules that flags and configuration make.
#[must_use]
pub fn rules(config: &Config, yes: bool, dry_run: bool) -> Rules {
    Rules::new(yes, dry_run, Terminal::is_interactive(), config.protected_contexts.value.clone())
}

/// The name of the context, or nothing where there is no cluster.
pub async fn context_name(world: &ReadWorld) -> String {
    world.connection().await.map(|connection| connection.context.clone()).unwrap_or_default()
}

/// A request that can be worked with.
///
/// # Errors
/// Usage: empty, or too long.
pub fn checked_request(text: &str) -> Result<String, AgentError> {
    let request = text.trim();
    if request.is_empty() {
        return Err(AgentError::new(ExitCode::Usage, "the request is empty")
            .hint("say what you want, such as: shipmate show me all pods"));
    }
    if request.len() > REQUEST_LIMIT {
        return Err(AgentError::new(
            ExitCode::Usage,
            format!("the request has {} bytes; at most {REQUEST_LIMIT} are taken", request.len()),
        )
        .hint("put long text into a file and name the file"));
    }
    // Control characters have no meaning in a request, and could hide what a person approves.
    let visible: String =
        request.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect();
    let visible = visible.trim();
    if visible.is_empty() {
        return Err(AgentError::new(ExitCode::Usage, "the request holds nothing but control characters")
            .hint("say what you want, such as: shipmate show me all pods"));
    }
    Ok(visible.to_owned())
}
