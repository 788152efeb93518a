//! A chart on disk: the little of it that others need to know.

use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::digest;
use crate::project::Project;

/// Most bytes and files of a chart that are looked at; Helm itself keeps a release in one object of 1 MiB.
const LIMIT: usize = 64 * 1024 * 1024;
const FILES: usize = 10_000;

/// The chart's own name, from its `Chart.yaml`; the folder's name when that cannot be read.
#[must_use]
pub fn chart_name(project: &Project, chart: &str) -> String {
    let text = fs::read_to_string(project.resolve(chart).join("Chart.yaml")).unwrap_or_default();
    let parsed: Option<Value> = serde_saphyr::from_str(&text).ok();
    let named =
        parsed.as_ref().and_then(|chart| chart.get("name")).and_then(Value::as_str).map(str::to_owned);
    named.unwrap_or_else(|| chart.trim_end_matches('/').rsplit('/').next().unwrap_or(chart).to_owned())
}

/// A digest of a chart on disk and of values files, so that a run can tell that they are what was shown. A
/// chart that Helm fetches counts by its name alone.
///
/// # Errors
/// `NotFound` for a values file that is not there, `InvalidArguments` for a chart that is too large.
pub fn chart_digest(project: &Project, chart: &str, values: &[String]) -> Result<String> {
    let mut contents = vec![(chart.to_owned(), Vec::new())];
    let mut room = LIMIT;
    collect(&project.resolve(chart), chart, &mut contents, &mut room)?;
    for file in values {
        let text = fs::read(project.resolve(file)).map_err(|error| {
            Feedback::new(ErrorKind::NotFound, format!("the values file {file} cannot be read: {error}"))
                .next("name it by its path from the project folder")
        })?;
        contents.push((file.clone(), text));
    }
    Ok(digest(contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))))
}

fn collect(place: &Path, shown: &str, contents: &mut Vec<(String, Vec<u8>)>, room: &mut usize) -> Result<()> {
    let too_large = || {
        Feedback::new(ErrorKind::InvalidArguments, format!("the chart {shown} is too large to be looked at"))
            .next("check that it is a chart and holds nothing else")
    };
    if place.is_dir() {
        let Ok(entries) = fs::read_dir(place) else { return Ok(()) };
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        for name in names.into_iter().filter(|name| name != ".git") {
            let inner = place.join(&name);
            // A linked folder could lead back here.
            if inner.is_dir() && inner.is_symlink() {
                continue;
            }
            collect(&inner, &format!("{shown}/{name}"), contents, room)?;
        }
    } else if let Ok(metadata) = fs::metadata(place)
        && metadata.is_file()
    {
        let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if size > *room || contents.len() > FILES {
            return Err(too_large().into());
        }
        *room -= size;
        contents.push((shown.to_owned(), fs::read(place).unwrap_or_default()));
    }
    Ok(())
}

/// Refuses what can be no chart, or would be taken for a flag.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_chart(chart: Option<&str>) -> Result<()> {
    let Some(chart) = chart else {
        return Err(Feedback::new(ErrorKind::InvalidArguments, "which chart is not said")
            .next("name the chart's folder")
            .into());
    };
    if chart.starts_with('-') || chart.trim().is_empty() {
        return Err(Feedback::new(ErrorKind::InvalidArguments, format!("{chart:?} cannot be a chart"))
            .next("name its folder, beginning with ./")
            .into());
    }
    Ok(())
}

/// Refuses values files that are not of this machine, and single values that set nothing.
///
/// # Errors
/// `InvalidArguments`.
pub fn check_values(files: &[String], set: &[String]) -> Result<()> {
    if let Some(file) = files.iter().find(|file| file.starts_with('-') || file.contains("://")) {
        return Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!("{file:?} is no values file of this machine"),
        )
        .next("save the values in a file and name that")
        .into());
    }
    let sets_nothing = |value: &&String| {
        value.split_once('=').is_none_or(|(key, _)| key.trim().is_empty() || key.starts_with('-'))
    };
    if let Some(value) = set.iter().find(sets_nothing) {
        return Err(Feedback::new(ErrorKind::InvalidArguments, format!("{value:?} sets no value"))
            .next("write it as key=value, such as web.replicas=3")
            .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_chart_and_its_values_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("c/templates/a.yaml", "a");
        write("v.yaml", "x: 1");
        let project = Project::new(folder.path().to_owned());
        let now = || chart_digest(&project, "c", &["v.yaml".to_owned()]).unwrap();
        let first = now();
        assert_eq!(now(), first);
        write("c/templates/a.yaml", "b");
        let second = now();
        write("v.yaml", "x: 2");
        assert!(second != first && now() != second);
        assert!(chart_digest(&project, "c", &["none.yaml".to_owned()]).is_err());
    }
}
