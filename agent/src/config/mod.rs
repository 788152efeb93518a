//! Configuration: every value and where it came from. Flags over environment over the project's file over the
//! user's file over the defaults.
//!
//! The project's file comes with a repository that somebody else may have written, so it can say which
//! namespace or output is usual, but not where a model or Docker is, which program Helm is, or what needs no
//! approval: those could send secrets away or run something.

mod file;
mod show;

pub use file::FileConfig;
pub use show::rows;

use secrecy::SecretString;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::GlobalArguments;
use crate::error::{AgentError, ExitCode};
use crate::translate::Mode;
use crate::ui::OutputForm;

/// How long one step may take when nothing else is said. A rollout of a few pods that pull their image takes
/// less than a minute on a usual cluster.
const TIMEOUT_SECONDS: u64 = 120;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(&'static str),
    /// A flag.
    Flag(&'static str),
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// The configuration of a session.
#[derive(Debug, Clone)]
pub struct Config {
    /// The kubeconfig file.
    pub kubeconfig: Setting<Option<PathBuf>>,
    /// The context.
    pub context: Setting<Option<String>>,
    /// The namespace.
    pub namespace: Setting<Option<String>>,
    /// Which translators are asked.
    pub translator: Setting<Mode>,
    /// The model's name.
    pub model: Setting<Option<String>>,
    /// The model endpoint's address.
    pub base_url: Setting<Option<String>>,
    /// The model endpoint's key.
    pub api_key: Setting<Option<SecretString>>,
    /// The form of results.
    pub output: Setting<OutputForm>,
    /// The feature that records belong to.
    pub feature: Setting<Option<String>>,
    /// The folder of the records.
    pub phr_dir: Setting<Option<PathBuf>>,
    /// How long one step may take.
    pub timeout: Setting<Duration>,
    /// Contexts where `--yes` does not count.
    pub protected_contexts: Setting<Vec<String>>,
    /// The Docker engine's address.
    pub docker_host: Setting<Option<String>>,
    /// The Helm program.
    pub helm: Setting<PathBuf>,
    /// Where state is kept (journal, history).
    pub state: PathBuf,
    /// Where what can be made again is kept.
    pub cache: PathBuf,
    /// Remarks about the files, for `config show` and `doctor`.
    pub remarks: Vec<String>,
}

/// The layers below the flags, in order of precedence.
struct Layers {
    project: Option<(PathBuf, FileConfig)>,
    user: Option<(PathBuf, FileConfig)>,
}

/// Where the user's own files are: configuration, and tools of one's own.
#[must_use]
pub fn user_folder() -> PathBuf {
    xdg("XDG_CONFIG_HOME", ".config").join("shipmate")
}

/// Where state is kept: journal, history, what is trusted.
#[must_use]
pub fn state_folder() -> PathBuf {
    xdg("XDG_STATE_HOME", ".local/state").join("shipmate")
}

impl Config {
    /// Reads every layer. `folder` is where the request is made.
    ///
    /// # Errors
    /// A file that cannot be read or understood; the message names the file and the line.
    pub fn load(flags: &GlobalArguments, folder: &Path) -> Result<Self, AgentError> {
        let user_file = user_folder().join("config.toml");
        let mut remarks = Vec::new();
        let user = FileConfig::read(&user_file)?.map(|file| (user_file, file));
        let project_file =
            folder.ancestors().map(|place| place.join(".shipmate.toml")).find(|path| path.is_file());
        let project = match project_file {
            Some(path) => FileConfig::read(&path)?.map(|mut file| {
                for key in file.take_what_a_project_may_not_say() {
                    remarks.push(format!(
                        "{}: {key} is passed over; only your own file may set it",
                        path.display()
                    ));
                }
                (path, file)
            }),
            None => None,
        };
        let layers = Layers { project, user };
        let translator_flag =
            if flags.offline { Some(Mode::Phrasebook) } else { flags.translator.map(Into::into) };
        Ok(Self {
            kubeconfig: layers
                .pick(flags.kubeconfig.clone(), "--kubeconfig", None, |file| file.kubeconfig.clone()),
            context: layers.pick(flags.context.clone(), "--context", variable("SHIPMATE_CONTEXT"), |file| {
                file.context.clone()
            }),
            namespace: layers.pick(
                flags.namespace.clone(),
                "--namespace",
                variable("SHIPMATE_NAMESPACE"),
                |file| file.namespace.clone(),
            ),
            translator: layers.pick_or(
                translator_flag,
                if flags.offline { "--offline" } else { "--translator" },
                parsed("SHIPMATE_TRANSLATOR", file::mode)?,
                |file| file.translator,
                Mode::Auto,
            ),
            model: layers
                .pick(flags.model.clone(), "--model", variable("SHIPMATE_MODEL"), |file| file.model.clone()),
            base_url: layers.pick(
                flags.base_url.clone(),
                "--base-url",
                variable("OPENAI_BASE_URL"),
                |file| file.base_url.clone(),
            ),
            api_key: layers.pick(
                None,
                "",
                variable("OPENAI_API_KEY").map(|(key, name)| (SecretString::from(key), name)),
                |_| None,
            ),
            output: layers.pick_or(
                flags.output,
                "--output",
                parsed("SHIPMATE_OUTPUT", file::form)?,
                |file| file.output,
                OutputForm::Text,
            ),
            feature: layers.pick(flags.feature.clone(), "--feature", variable("SHIPMATE_FEATURE"), |file| {
                file.feature.clone()
            }),
            phr_dir: layers.pick(
                flags.phr_dir.clone(),
                "--phr-dir",
                variable("SHIPMATE_PHR_DIR").map(|(path, name)| (path.into(), name)),
                |file| file.phr_dir.clone(),
            ),
            timeout: layers.pick_or(
                flags.timeout.map(Duration::from_secs),
                "--timeout",
                parsed("SHIPMATE_TIMEOUT", file::seconds)?,
                |file| file.timeout.map(Duration::from_secs),
                Duration::from_secs(TIMEOUT_SECONDS),
            ),
            protected_contexts: layers.pick_or(
                None,
                "",
                None,
                |file| file.protected_contexts.clone(),
                Vec::new(),
            ),
            docker_host: layers.pick(None, "", variable("DOCKER_HOST"), |file| file.docker_host.clone()),
            helm: layers.pick_or(
                None,
                "",
                variable("SHIPMATE_HELM").map(|(path, name)| (path.into(), name)),
                |file| file.helm.clone(),
                PathBuf::from("helm"),
            ),
            state: state_folder(),
            cache: xdg("XDG_CACHE_HOME", ".cache").join("shipmate"),
            remarks,
        })
    }
}

impl Layers {
    fn pick<T>(
        &self,
        flag: Option<T>,
        flag_name: &'static str,
        environment: Option<(T, &'static str)>,
        from_file: impl Fn(&FileConfig) -> Option<T>,
    ) -> Setting<Option<T>> {
        let found =
            flag.map(|value| (value, Origin::Flag(flag_name)))
                .or_else(|| environment.map(|(value, name)| (value, Origin::Environment(name))))
                .or_else(|| {
                    [&self.project, &self.user].into_iter().flatten().find_map(|(path, file)| {
                        from_file(file).map(|value| (value, Origin::File(path.clone())))
                    })
                });
        match found {
            Some((value, origin)) => Setting { value: Some(value), origin },
            None => Setting { value: None, origin: Origin::Default },
        }
    }

    fn pick_or<T>(
        &self,
        flag: Option<T>,
        flag_name: &'static str,
        environment: Option<(T, &'static str)>,
        from_file: impl Fn(&FileConfig) -> Option<T>,
        default: T,
    ) -> Setting<T> {
        let Setting { value, origin } = self.pick(flag, flag_name, environment, from_file);
        Setting { value: value.unwrap_or(default), origin }
    }
}

/// A variable that is set and not empty.
fn variable(name: &'static str) -> Option<(String, &'static str)> {
    env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (value, name))
}

fn parsed<T>(
    name: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<(T, &'static str)>, AgentError> {
    match variable(name) {
        None => Ok(None),
        Some((text, name)) => match parse(&text) {
            Ok(value) => Ok(Some((value, name))),
            Err(wanted) => {
                Err(AgentError::new(ExitCode::Usage, format!("{name}={text} makes no sense: {wanted}"))
                    .hint(format!("correct it, or unset {name}")))
            }
        },
    }
}

/// A folder of the XDG base directory specification; a relative value counts as unset, as it says there.
fn xdg(name: &str, below_home: &str) -> PathBuf {
    let set = env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set.unwrap_or_else(|| env::var_os("HOME").map(PathBuf::from).unwrap_or_default().join(below_home))
}
