//! The revisions of a release, and what to say of one that is not there: its nearest names, or the namespace
//! it lives in instead.

use serde::Deserialize;
use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::world::ReadWorld;

use super::complaint::{complaint, failure};
use super::release::{Release, parsed, words};
use super::runner::ReadHelm;

/// More revisions than a release can have: each is a Secret of its namespace.
const MOST: u32 = 100_000;

/// Names that are offered for one that is not there.
const OFFERED: usize = 3;

/// One revision of a release, as `helm history` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Revision {
    /// Its number, from 1.
    pub revision: u64,
    /// When it was made (RFC 3339).
    #[serde(default)]
    pub updated: String,
    /// `deployed`, `superseded`, `failed`, …
    pub status: String,
    /// Chart and its version.
    #[serde(default)]
    pub chart: String,
    /// The version of what the chart installs.
    #[serde(default)]
    pub app_version: String,
    /// What Helm noted: "Upgrade complete", "Rollback to 2", or why it failed.
    #[serde(default)]
    pub description: String,
}

/// The namespace that a call about a release means: the one said, else the context's.
///
/// # Errors
/// As [`ReadWorld::connection`].
pub async fn release_namespace(world: &ReadWorld, said: Option<&str>) -> Result<String> {
    Ok(match said {
        Some(namespace) => namespace.to_owned(),
        None => world.connection().await?.namespace.clone(),
    })
}

impl ReadHelm {
    /// The revisions of a release that Helm still keeps, oldest first; empty when there is no such release.
    ///
    /// # Errors
    /// As [`super::Helm::run`], or whatever Helm says.
    pub async fn history(&self, name: &str, namespace: &str) -> Result<Vec<Revision>> {
        let arguments = [
            "history".to_owned(),
            name.to_owned(),
            "--output=json".into(),
            // Helm takes 0 for none here, not for all.
            format!("--max={MOST}"),
            format!("--namespace={namespace}"),
        ];
        let printed = self.run(&words(&arguments)).await?;
        if printed.success {
            return parsed(&printed.stdout, "helm history");
        }
        if complaint(&printed).ends_with("release: not found") {
            return Ok(Vec::new());
        }
        Err(failure(&format!("read the history of {name}"), &printed))
    }

    /// One revision of a release, whole.
    ///
    /// # Errors
    /// `NotFound` when Helm does not keep it; else as [`Self::history`].
    pub async fn release_at(&self, name: &str, namespace: &str, revision: u64) -> Result<Release> {
        let arguments = [
            "status".to_owned(),
            name.to_owned(),
            format!("--revision={revision}"),
            "--output=json".into(),
            format!("--namespace={namespace}"),
        ];
        let printed = self.run(&words(&arguments)).await?;
        if printed.success {
            return parsed(&printed.stdout, "helm status");
        }
        if complaint(&printed).ends_with("not found") {
            return match self.history(name, namespace).await?.as_slice() {
                [] => Err(self.missing(name, namespace).await),
                kept => Err(no_revision(name, revision, kept).into()),
            };
        }
        Err(failure(&format!("read revision {revision} of the release {name}"), &printed))
    }

    /// The release in its newest revision.
    ///
    /// # Errors
    /// `NotFound` with the nearest names; else as [`Self::history`].
    pub async fn existing(&self, name: &str, namespace: &str) -> Result<Release> {
        match self.release(name, namespace).await? {
            Some(release) => Ok(release),
            None => Err(self.missing(name, namespace).await),
        }
    }

    /// The error for a release that is not there, with where it is instead, or the nearest names.
    pub async fn missing(&self, name: &str, namespace: &str) -> ToolError {
        // Who may not list every namespace still gets the names of this one.
        let known = match self.releases(None).await {
            Ok(all) => all,
            Err(_) => self.releases(Some(namespace)).await.unwrap_or_default(),
        };
        let feedback = Feedback::new(
            ErrorKind::NotFound,
            format!("there is no Helm release called {name} in {namespace}"),
        );
        if let Some(elsewhere) = known.iter().find(|release| release.name == name) {
            let place = &elsewhere.namespace;
            return feedback.next(format!("there is one in {place}: add `-n {place}`")).into();
        }
        let mut names: Vec<String> = known
            .into_iter()
            .map(|release| {
                if release.namespace == namespace {
                    release.name
                } else {
                    format!("{} in {}", release.name, release.namespace)
                }
            })
            .collect();
        names.sort_by_key(|known| {
            strsim::damerau_levenshtein(name, known.split(' ').next().unwrap_or_default())
        });
        names.truncate(OFFERED);
        feedback.candidates(names).next("`shipmate list helm releases everywhere` shows what there is").into()
    }
}

fn no_revision(name: &str, revision: u64, kept: &[Revision]) -> Feedback {
    let numbers: Vec<String> = kept.iter().map(|one| one.revision.to_string()).collect();
    Feedback::new(ErrorKind::NotFound, format!("the release {name} has no revision {revision}"))
        .next(format!("Helm keeps {}", numbers.join(", ")))
}

/// The revision that a rollback goes to when none is said: the one before the newest, as Helm has it.
///
/// # Errors
/// `InvalidArguments` when there is none before it.
pub fn revision_before(name: &str, newest: u64, kept: &[Revision]) -> Result<u64> {
    let before = newest.saturating_sub(1);
    if before > 0 && kept.iter().any(|one| one.revision == before) {
        return Ok(before);
    }
    let has = if newest == 1 {
        "has only one revision".to_owned()
    } else {
        format!("does not keep revision {before}")
    };
    Err(Feedback::new(
        ErrorKind::InvalidArguments,
        format!("the release {name} {has}: nothing to go back to"),
    )
    .next("`helm history` lists the revisions; name one, or uninstall the release")
    .into())
}

/// A revision of a call, as Helm counts them.
///
/// # Errors
/// `InvalidArguments` for 0, which Helm would take for "the one before".
pub fn check_revision(revision: Option<u64>) -> Result<()> {
    if revision == Some(0) {
        return Err(Feedback::new(ErrorKind::InvalidArguments, "there is no revision 0: Helm counts from 1")
            .next("leave the revision out to mean the one before")
            .into());
    }
    Ok(())
}

/// The revisions as data for programs.
#[must_use]
pub fn revisions_json(revisions: &[Revision]) -> Value {
    let one = |revision: &Revision| {
        serde_json::json!({
            "revision": revision.revision, "updated": revision.updated, "status": revision.status,
            "chart": revision.chart, "app_version": revision.app_version,
            "description": revision.description,
        })
    };
    Value::Array(revisions.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(numbers: &[u64]) -> Vec<Revision> {
        let one = |revision: &u64| Revision {
            revision: *revision,
            updated: String::new(),
            status: "superseded".into(),
            chart: String::new(),
            app_version: String::new(),
            description: String::new(),
        };
        numbers.iter().map(one).collect()
    }

    #[test]
    fn without_a_number_it_goes_to_the_one_before_and_to_no_other() {
        assert_eq!(revision_before("shop", 3, &kept(&[1, 2, 3])).unwrap(), 2);
        assert!(revision_before("shop", 1, &kept(&[1])).is_err());
        assert!(revision_before("shop", 12, &kept(&[1, 12])).is_err());
    }

    #[test]
    fn zero_is_no_revision() {
        assert!(check_revision(Some(0)).is_err());
        assert!(check_revision(None).is_ok() && check_revision(Some(1)).is_ok());
    }

    #[test]
    fn a_revision_that_is_not_kept_names_those_that_are() {
        let said = no_revision("shop", 9, &kept(&[3, 4]));
        assert_eq!(said.next_step.as_deref(), Some("Helm keeps 3, 4"));
    }
}
