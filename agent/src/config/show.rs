//! `shipmate config show`: each value and where it came from; a key is only ever said to be set.

use super::{Config, Origin, Setting};
use crate::translate::Mode;
use crate::ui::OutputForm;

/// Name, value and origin of every setting.
#[must_use]
pub fn rows(config: &Config) -> Vec<[String; 3]> {
    let path = |setting: &Setting<Option<std::path::PathBuf>>| {
        setting.value.as_ref().map(|path| path.display().to_string())
    };
    let mut rows = vec![
        kubeconfig(config),
        row("context", config.context.value.clone(), &config.context.origin),
        row("namespace", config.namespace.value.clone(), &config.namespace.origin),
        row("translator", Some(mode(config.translator.value).to_owned()), &config.translator.origin),
        row("model", config.model.value.clone(), &config.model.origin),
        row("base_url", config.base_url.value.clone(), &config.base_url.origin),
        row(
            "api_key",
            config.api_key.value.as_ref().map(|_| "(set, not shown)".to_owned()),
            &config.api_key.origin,
        ),
        row("output", Some(form(config.output.value).to_owned()), &config.output.origin),
        row("feature", config.feature.value.clone(), &config.feature.origin),
        row("phr_dir", path(&config.phr_dir), &config.phr_dir.origin),
        row("timeout", Some(format!("{} s", config.timeout.value.as_secs())), &config.timeout.origin),
        row(
            "protected_contexts",
            (!config.protected_contexts.value.is_empty()).then(|| config.protected_contexts.value.join(", ")),
            &config.protected_contexts.origin,
        ),
        row("docker_host", config.docker_host.value.clone(), &config.docker_host.origin),
        row("helm", Some(config.helm.value.display().to_string()), &config.helm.origin),
    ];
    rows.push(["state".to_owned(), config.state.display().to_string(), "XDG_STATE_HOME".to_owned()]);
    rows.push(["cache".to_owned(), config.cache.display().to_string(), "XDG_CACHE_HOME".to_owned()]);
    rows
}

/// Nobody said which file: kubectl's own variable and place are what is read.
fn kubeconfig(config: &Config) -> [String; 3] {
    let said = std::env::var("KUBECONFIG").ok().filter(|value| !value.is_empty());
    match (&config.kubeconfig.value, said) {
        (Some(path), _) => row("kubeconfig", Some(path.display().to_string()), &config.kubeconfig.origin),
        (None, Some(said)) => row("kubeconfig", Some(said), &Origin::Environment("KUBECONFIG")),
        (None, None) => row("kubeconfig", Some("~/.kube/config".to_owned()), &Origin::Default),
    }
}

fn row(name: &str, value: Option<String>, origin: &Origin) -> [String; 3] {
    let from = match origin {
        Origin::Default => "default".to_owned(),
        Origin::File(path) => path.display().to_string(),
        Origin::Environment(name) | Origin::Flag(name) => (*name).to_owned(),
    };
    // An address may hold a password.
    let value = shipmate_tools::gate::text(&value.unwrap_or_else(|| "-".to_owned()));
    [name.to_owned(), value, from]
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Auto => "auto",
        Mode::Phrasebook => "phrasebook",
        Mode::Model => "model",
    }
}

const fn form(form: OutputForm) -> &'static str {
    match form {
        OutputForm::Text => "text",
        OutputForm::Json => "json",
        OutputForm::Yaml => "yaml",
        OutputForm::Markdown => "markdown",
    }
}
