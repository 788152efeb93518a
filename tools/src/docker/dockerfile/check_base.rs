//! What stages are built on: tags, digests, platforms, undeclared variables.

use super::file::{Base, File};
use super::{Finding, find};

pub(super) fn check(file: &File<'_, '_>, findings: &mut Vec<Finding>) {
    for stage in &file.stages {
        let line = file.line(stage.from.image.span.start);
        match &stage.base {
            Base::Scratch | Base::Stage(_) | Base::Told => {}
            Base::Undeclared(name) => findings.extend(find(
                "undeclared-argument",
                line,
                format!("FROM {} uses ${name}, which no ARG before it declares", stage.from.image.value),
            )),
            Base::Image(image) => findings.extend(image_finding(image, line)),
        }
        let platform = stage.from.options.iter().find(|flag| flag.name.value == "platform");
        if let Some(value) = platform.and_then(|flag| flag.value.as_ref())
            && !value.value.contains('$')
        {
            findings.extend(find(
                "fixed-platform",
                line,
                format!("it builds for {} whatever was asked for", value.value),
            ));
        }
    }
}

fn image_finding(image: &str, line: usize) -> Option<Finding> {
    if image.contains('@') {
        return None;
    }
    match tag(image) {
        None => find("base-untagged", line, format!("the base image {image} has no tag")),
        Some("latest") => find("base-latest", line, format!("the base image is {image}")),
        Some(_) => find("base-unpinned", line, format!("{image} can change under its tag")),
    }
}

/// The tag of an image reference; a colon before the last slash is a registry's port.
pub(super) fn tag(image: &str) -> Option<&str> {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split('@').next().unwrap_or(last).split_once(':').map(|(_, tag)| tag)
}
