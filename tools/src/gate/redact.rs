//! Secrets replaced: values by their shape (tokens, private keys, passwords in URLs), by the name beside them
//! (`PASSWORD=…`), and by where they stand (the data of a Secret object).
//!
//! A pattern is compiled only when its trigger word occurs, because most output holds none and a request
//! that lists pods must not pay for a dozen regular expressions.

use regex::{Captures, Regex};
use serde_json::Value;
use std::sync::LazyLock;

/// What stands where a secret stood.
pub const MASK: &str = "«redacted»";

struct Rule {
    /// The pattern cannot match text that holds none of these (compared in lower case).
    triggers: &'static [&'static str],
    pattern: LazyLock<Regex>,
    /// What replaces a match; `$1` and `$2` keep what stands around the secret.
    replacement: &'static str,
}

macro_rules! rule {
    ([$($trigger:literal),+], $pattern:literal, $replacement:literal) => {
        Rule {
            triggers: &[$($trigger),+],
            pattern: LazyLock::new(|| compile($pattern)),
            replacement: $replacement,
        }
    };
}

static RULES: [Rule; 10] = [
    rule!(
        ["private key"],
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\z)",
        "«redacted»"
    ),
    rule!(["://"], r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/?#@]*:)[^\s/@]+(@)", "$1«redacted»$2"),
    rule!(["eyj"], r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "«redacted»"),
    rule!(["akia", "asia"], r"\b(AKIA|ASIA)[0-9A-Z]{16}\b", "«redacted»"),
    rule!(
        ["gh", "github_pat_", "glpat-"],
        r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})",
        "«redacted»"
    ),
    rule!(["sk-", "sk_", "rk_"], r"\b(sk|rk)[-_][A-Za-z0-9_-]{16,}", "«redacted»"),
    rule!(["xox", "xapp-"], r"\b(xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}", "«redacted»"),
    rule!(["aiza"], r"\bAIza[A-Za-z0-9_-]{30,}", "«redacted»"),
    rule!(
        ["bearer ", "basic "],
        r"(?i)\b(authorization\W{1,4})?\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}",
        "$1$2 «redacted»"
    ),
    rule!(
        ["pass", "pwd", "secret", "token", "key", "credential", "auth"],
        r#"(?i)((?:^|[^A-Za-z0-9])["']?(?:[A-Za-z0-9_.-]*[_.-])?(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|client[_-]?secret|credentials?|auth[_-]?secret|encryption[_-]?key)["']?\s*(?:=|:)\s*)("[^"\n]*"|'[^'\n]*'|[^\s,;&"'(){}\[\]]+)"#,
        "$1$2"
    ),
];

fn compile(pattern: &str) -> Regex {
    // The patterns are literals of this file and a test compiles each one.
    #[expect(clippy::expect_used, reason = "a literal pattern that a test compiles")]
    Regex::new(pattern).expect("the pattern is valid")
}

/// Replaces every secret that is recognisable by its shape or the name beside it.
#[must_use]
pub fn redact(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut current = std::borrow::Cow::Borrowed(text);
    for (index, rule) in RULES.iter().enumerate() {
        if !rule.triggers.iter().any(|trigger| lower.contains(trigger)) {
            continue;
        }
        let replaced = if index == RULES.len() - 1 {
            rule.pattern.replace_all(&current, |captures: &Captures<'_>| assignment(captures)).into_owned()
        } else {
            rule.pattern.replace_all(&current, rule.replacement).into_owned()
        };
        current = replaced.into();
    }
    current.into_owned()
}

/// `NAME=value` keeps its name; a value that is plainly no secret (a reference, a flag, nothing) stays.
fn assignment(captures: &Captures<'_>) -> String {
    let name = captures.get(1).map_or("", |group| group.as_str());
    let value = captures.get(2).map_or("", |group| group.as_str());
    let bare = value.trim_matches(['"', '\'']);
    if is_harmless(bare) { format!("{name}{value}") } else { format!("{name}{MASK}") }
}

fn is_harmless(value: &str) -> bool {
    value.is_empty()
        || value.contains(MASK)
        || value.starts_with('$')
        || value.starts_with('<')
        || value.starts_with('*')
        || matches!(
            value.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "none" | "nil" | "string" | "|" | ">"
        )
}

/// Whether a name (of an environment variable, a key, a header) says that its value is a secret.
#[must_use]
pub fn is_sensitive_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace(['-', '.'], "_");
    const WHOLE: [&str; 13] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "apikey",
        "api_key",
        "access_key",
        "private_key",
        "credential",
        "credentials",
        "encryption_key",
    ];
    // Connection strings carry the password inside.
    const ENDS: [&str; 4] = ["database_url", "connection_string", "_dsn", "secret_key"];
    WHOLE.iter().any(|word| {
        lower == *word || lower.ends_with(&format!("_{word}")) || lower.starts_with(&format!("{word}_"))
    }) || ENDS.iter().any(|end| lower.ends_with(end))
        || lower.ends_with("_secret")
}

/// Masks, in a Kubernetes object or a list of them: the data of Secrets, values of sensitive environment
/// variables, and the copies of either that annotations keep.
pub fn mask_object(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask_object),
        Value::Object(map) => {
            if map.get("kind").and_then(Value::as_str) == Some("Secret") {
                for field in ["data", "stringData"] {
                    if let Some(Value::Object(data)) = map.get_mut(field) {
                        data.values_mut().for_each(|entry| *entry = Value::String(MASK.to_owned()));
                    }
                }
            }
            if let Some(Value::Object(annotations)) = map.get_mut("annotations") {
                // kubectl keeps the whole applied object here, Secrets in clear base64 included.
                if let Some(copy) = annotations.get_mut("kubectl.kubernetes.io/last-applied-configuration") {
                    *copy = Value::String(MASK.to_owned());
                }
            }
            let sensitive = map.get("name").and_then(Value::as_str).is_some_and(is_sensitive_name);
            if sensitive && let Some(entry @ Value::String(_)) = map.get_mut("value") {
                *entry = Value::String(MASK.to_owned());
            }
            for (name, entry) in map.iter_mut() {
                if entry.is_string() && is_sensitive_name(name) && !entry.as_str().is_some_and(is_harmless) {
                    *entry = Value::String(MASK.to_owned());
                } else {
                    mask_object(entry);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_pattern_compiles_and_its_triggers_are_lower_case() {
        for rule in &RULES {
            assert!(rule.pattern.as_str().len() > 3);
            assert!(rule.triggers.iter().all(|trigger| *trigger == trigger.to_ascii_lowercase()));
        }
    }

    #[test]
    fn secrets_by_shape() {
        for (text, expected) in [
            ("postgres://todo:hunter2@db:5432/todo", "postgres://todo:«redacted»@db:5432/todo"),
            ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end", "token «redacted» end"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key «redacted»."),
            ("use sk-proj-abcdefghijklmnopqrstuv now", "use «redacted» now"),
            ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer «redacted»"),
            ("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a «redacted» b"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn secrets_by_the_name_beside_them() {
        for (text, expected) in [
            ("DB_PASSWORD=hunter2 next", "DB_PASSWORD=«redacted» next"),
            (r#"{"api_key": "abc", "user": "bob"}"#, r#"{"api_key": «redacted», "user": "bob"}"#),
            ("password: 'two words'", "password: «redacted»"),
            ("--set db.password=x,other=y", "--set db.password=«redacted»,other=y"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "kubectl get secrets -n todo",
            "tokens: 200 prompt tokens",
            "secretKeyRef: {name: todo-secrets, key: DATABASE_URL}",
            "automountServiceAccountToken: false",
            "token=$TOKEN",
            "http://backend-service:8000/health",
            "the secret todo-secrets does not exist",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn objects_are_masked_where_secrets_stand() {
        let mut object = json!({
            "kind": "Secret", "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{data}"}},
            "data": {"a": "aHVudGVyMg=="}
        });
        mask_object(&mut object);
        assert_eq!(object["data"]["a"], MASK);
        assert_eq!(
            object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"],
            MASK
        );
        let mut pod =
            json!({"env": [{"name": "DB_PASSWORD", "value": "x"}, {"name": "LOG_LEVEL", "value": "info"}]});
        mask_object(&mut pod);
        assert_eq!(
            pod,
            json!({"env": [{"name": "DB_PASSWORD", "value": MASK}, {"name": "LOG_LEVEL", "value": "info"}]})
        );
    }
}
