//! Names of images, after the grammar of github.com/distribution/reference.

use regex::Regex;
use std::sync::LazyLock;

/// `[host[:port]/]path[:tag][@digest]`: the path in lower case, the tag at most 128 characters.
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]+)?/)?",
        r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*",
        r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$"
    ))
    .ok()
});

/// Whether a text names an image.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    text.len() <= 512 && REFERENCE.as_ref().is_some_and(|reference| reference.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_docker_takes() {
        for name in
            ["web", "web:1.2.0", "registry.local:5000/team/web:dev", "registry.local/api:dev", "a__b-c"]
        {
            assert!(is_reference(name), "{name}");
        }
        for name in ["", "Web", "web:", "-t", "web:a b", "$(x)", "web --push", "web@sha256:00"] {
            assert!(!is_reference(name), "{name}");
        }
    }
}
