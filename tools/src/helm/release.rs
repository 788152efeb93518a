//! Releases as Helm keeps them: listed, or one with its manifest and the values it was given.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{ErrorKind, Feedback, Result};

use super::complaint::{complaint, failure};
use super::runner::ReadHelm;

/// Longest name of a release: Helm adds a suffix and labels are limited to 63 characters (helm.sh, "Install").
const LONGEST: usize = 53;

/// A release as `helm list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedRelease {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its newest revision.
    pub revision: String,
    /// When that was made.
    pub updated: String,
    /// `deployed`, `failed`, `pending-upgrade`, …
    pub status: String,
    /// Chart and its version.
    pub chart: String,
    /// The version of what the chart installs.
    pub app_version: String,
}

/// A release in its newest revision.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Release {
    /// Its newest revision.
    #[serde(rename = "version")]
    pub revision: u64,
    #[serde(default)]
    info: Info,
    /// The values it was given, without the chart's own.
    #[serde(rename = "config", default)]
    values: Option<Map<String, Value>>,
    /// The objects it made, as YAML.
    #[serde(default)]
    pub manifest: String,
    /// The objects that run before or after it, or as its tests.
    #[serde(default)]
    pub hooks: Option<Vec<ReleaseHook>>,
}

/// An object of a release that Helm runs at an occasion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReleaseHook {
    /// Its name.
    pub name: String,
    /// Its kind, such as `Pod`.
    pub kind: String,
    /// When it runs: `test`, `pre-upgrade`, …
    #[serde(default)]
    pub events: Vec<String>,
    /// The object, as YAML.
    #[serde(default)]
    pub manifest: String,
    /// When it is deleted again: `before-hook-creation`, `hook-succeeded`, `hook-failed`.
    #[serde(default)]
    pub delete_policies: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
struct Info {
    #[serde(default)]
    status: String,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    last_deployed: String,
}

impl Release {
    /// `deployed`, `failed`, `pending-upgrade`, …
    #[must_use]
    pub fn status(&self) -> &str {
        &self.info.status
    }

    /// What the chart's author says after an installation.
    #[must_use]
    pub fn notes(&self) -> &str {
        self.info.notes.trim()
    }

    /// What Helm noted of this revision, such as "Upgrade complete" or why it failed.
    #[must_use]
    pub fn description(&self) -> &str {
        self.info.description.trim()
    }

    /// When this revision was made (RFC 3339).
    #[must_use]
    pub fn last_deployed(&self) -> &str {
        &self.info.last_deployed
    }

    /// The hooks that run at `occasion`.
    pub fn hooks_of<'a>(&'a self, occasion: &'a str) -> impl Iterator<Item = &'a ReleaseHook> {
        let all = self.hooks.iter().flatten();
        all.filter(move |hook| hook.events.iter().any(|event| event == occasion))
    }

    /// The values it was given, without the chart's own.
    #[must_use]
    pub fn values(&self) -> Map<String, Value> {
        self.values.clone().unwrap_or_default()
    }
}

impl ReadHelm {
    /// The releases of a namespace, or of all, in every state.
    ///
    /// # Errors
    /// As [`super::Helm::run`], or whatever Helm says.
    pub async fn releases(&self, namespace: Option<&str>) -> Result<Vec<ListedRelease>> {
        // Without `--max` the list would end at 256.
        let mut arguments = vec!["list".to_owned(), "--all".into(), "--max=0".into(), "--output=json".into()];
        arguments.push(match namespace {
            Some(namespace) => format!("--namespace={namespace}"),
            None => "--all-namespaces".into(),
        });
        let printed = self.run(&words(&arguments)).await?;
        if !printed.success {
            return Err(failure("list Helm's releases", &printed));
        }
        parsed(&printed.stdout, "helm list")
    }

    /// The release of that name; `None` when there is none.
    ///
    /// # Errors
    /// As [`Self::releases`].
    pub async fn release(&self, name: &str, namespace: &str) -> Result<Option<Release>> {
        let arguments = [
            "status".to_owned(),
            name.to_owned(),
            "--output=json".into(),
            format!("--namespace={namespace}"),
        ];
        let printed = self.run(&words(&arguments)).await?;
        if printed.success {
            return parsed(&printed.stdout, "helm status").map(Some);
        }
        if complaint(&printed).ends_with("release: not found") {
            return Ok(None);
        }
        Err(failure(&format!("read the release {name}"), &printed))
    }
}

/// Refuses what cannot be the name of a release.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_release_name(name: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.len() <= LONGEST
        && name.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        });
    if fits {
        return Ok(());
    }
    let shown: String = name.chars().take(LONGEST + 7).collect();
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{shown:?} cannot be the name of a release"))
        .next("use at most 53 lower-case letters, digits and dashes")
        .into())
}

pub(super) fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

pub(super) fn parsed<T: serde::de::DeserializeOwned>(text: &str, command: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Feedback::new(ErrorKind::Unavailable, format!("{command} answered in an unknown form: {error}"))
            .next("shipmate knows Helm 3: check `helm version`")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_helm_refuses_or_takes_for_flags_are_refused() {
        for name in ["", "-n", "--help", "Web", "a_b", "a/b", "web-", &"a".repeat(54)] {
            assert!(check_release_name(name).is_err(), "{name}");
        }
        assert!(check_release_name("todo-app").is_ok() && check_release_name("a.b1").is_ok());
    }

    #[test]
    fn a_release_without_values_has_none() {
        let release: Release = parsed(
            r#"{"name": "a", "version": 2, "config": null, "info": {"status": "failed"}, "namespace": "x"}"#,
            "helm status",
        )
        .unwrap();
        assert_eq!((release.revision, release.status()), (2, "failed"));
        assert!(release.values().is_empty() && release.manifest.is_empty());
    }
}
