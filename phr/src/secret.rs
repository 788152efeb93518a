//! What is certainly, or almost certainly, a secret. Only forms that nothing else has are looked for: a
//! linter that cries wolf is turned off. The patterns follow the issuers' published token formats.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What is looked for: a name to show and a pattern.
const FORMS: &[(&str, &str)] = &[
    ("a private key in PEM", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----"),
    // The base64 of the same line, as `client-key-data` of a kubeconfig holds it.
    (
        "a private key in base64",
        r"LS0tLS1CRUdJTiB(?:QUklWQVRFIEtFWS|SU0EgUFJJVkFURSBLRVkt|FQyBQUklWQVRFIEtFWS)",
    ),
    ("an AWS access key id", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("an API key of a model provider", r"\bsk-(?:[a-z0-9]+-){0,2}[A-Za-z0-9_]{20,}"),
    ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ("a bearer token", r"(?i)\bbearer[ \t]+[A-Za-z0-9._~+/-]{20,}"),
    ("a URL with a password", r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]*:(?P<password>[^\s/?#@]+)@"),
];

static PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    FORMS.iter().filter_map(|(name, pattern)| Some((*name, Regex::new(pattern).ok()?))).collect()
});

/// Finds secrets: what each is and where it stands.
pub(crate) fn find(text: &str) -> Vec<(&'static str, Range<usize>)> {
    let mut found: Vec<(&'static str, Range<usize>)> = Vec::new();
    for (name, pattern) in PATTERNS.iter() {
        for captures in pattern.captures_iter(text) {
            let is_stand_in =
                captures.name("password").is_some_and(|password| is_stand_in(password.as_str()));
            let Some(range) = captures.get(0).map(|whole| whole.range()).filter(|_| !is_stand_in) else {
                continue;
            };
            // A bearer token that is a JSON web token is one secret, not two.
            if !found.iter().any(|(_, other)| other.start < range.end && range.start < other.end) {
                found.push((name, range));
            }
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    found
}

/// Whether a password is a stand-in for one: masked, named as removed, or a variable.
fn is_stand_in(password: &str) -> bool {
    let is_masked = password.chars().all(|character| matches!(character, '*' | 'x' | 'X' | '.' | '•' | '…'));
    is_masked
        || password.to_ascii_lowercase().contains("redacted")
        || password.starts_with(['$', '<', '{', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        find(text).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), FORMS.len());
    }

    #[test]
    fn secrets_are_found() {
        // Put together here, so that no scanner takes this file for a leak.
        let word = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
        for (text, name) in [
            (format!("-----BEGIN {} KEY-----", "PRIVATE"), "a private key in PEM"),
            (format!("-----BEGIN RSA {} KEY-----", "PRIVATE"), "a private key in PEM"),
            (
                format!("client-key-data: LS0tLS1CRUdJTi{}", "BSU0EgUFJJVkFURSBLRVktLS0tLQo="),
                "a private key in base64",
            ),
            (
                format!("client-key-data: LS0tLS1CRUdJTi{}", "BFQyBQUklWQVRFIEtFWS0tLS0tCg=="),
                "a private key in base64",
            ),
            (format!("AKIA{}", "ABCDEFGHIJKLMNOP"), "an AWS access key id"),
            (format!("ghp_{word}"), "a GitHub token"),
            (format!("github_pat_{word}"), "a GitHub token"),
            (format!("glpat-{word}"), "a GitLab token"),
            (format!("sk-{word}"), "an API key of a model provider"),
            (format!("sk-proj-{word}"), "an API key of a model provider"),
            (format!("eyJ{word}.eyJ{word}.{word}"), "a JSON web token"),
            (format!("Authorization: Bearer {word}"), "a bearer token"),
            (format!("Authorization: Bearer eyJ{word}.eyJ{word}.{word}"), "a JSON web token"),
            (format!("postgres://todo:{}@db:5432/todo", "hunter2"), "a URL with a password"),
            (format!("redis://:{}@cache", "hunter2"), "a URL with a password"),
        ] {
            assert_eq!(names(&text), [name], "{text}");
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "postgres://todo:***@db:5432/todo",
            "postgres://todo:[REDACTED]@db",
            "https://user:$PASSWORD@host",
            "https://host:8080/a@b",
            "http://localhost:3000 or mail@example.org",
            "the bearer of this letter",
            "Bearer [REDACTED]",
            "task-force-abcdefghijklmnopqrstuvwxyz",
            "disk-usage-of-the-todo-backend-deployment",
            "-----BEGIN CERTIFICATE-----",
            "sk-short",
            "sha256:9f86d081884c7d659a2feaa0c55ad015",
        ] {
            assert_eq!(names(text), [] as [&str; 0], "{text}");
        }
    }
}
