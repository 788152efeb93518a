//! Fields of the template that were never filled in: `{{X}}`, `$ARGUMENTS`, `[TITLE]`. The difficulty is
//! what only looks like one: Helm's `{{ .Values.image }}`, a link `[README](…)`, a status `[FAIL]`, and
//! anything that is quoted as code or escaped, which is how shipmate writes other people's words.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Words people put in square brackets that are no fields.
const STATUS_WORDS: &[&str] = &[
    "CRITICAL", "DEBUG", "DONE", "ERROR", "FAIL", "FAILED", "FATAL", "FIXED", "HIGH", "INFO", "LOW",
    "MEDIUM", "NEW", "NO", "NONE", "NOTE", "OK", "PASS", "PASSED", "REDACTED", "SKIP", "SKIPPED", "SUCCESS",
    "TODO", "TRACE", "WARN", "WARNING", "WIP", "YES",
];

/// The three forms. A bracket must not be escaped, nor begin a link.
static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<braces>  \{\{ \s* [A-Za-z] [A-Za-z0-9_\x20-]* \}\} )
      | (?: ^ | [^\\] ) (?P<arguments> \$ARGUMENTS \b )
      | (?: ^ | [^\\A-Za-z0-9] ) (?P<field> \[ (?P<word> [A-Z] [A-Z0-9_\x20-]+ ) \] ) (?: $ | [^(\[:] )
    ",
    )
    .ok()
});

/// Finds unfilled fields in `text` outside the byte ranges of `code`.
pub(crate) fn find(text: &str, code: &[Range<usize>]) -> Vec<Range<usize>> {
    let Some(forms) = FORMS.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for captures in forms.captures_iter(text) {
        let is_status = captures.name("word").is_some_and(|word| STATUS_WORDS.contains(&word.as_str()));
        let hit = ["braces", "arguments", "field"].iter().find_map(|name| captures.name(name));
        let Some(range) = hit.map(|hit| hit.range()).filter(|_| !is_status) else { continue };
        if !code.iter().any(|code| code.start <= range.start && range.end <= code.end) {
            found.push(range);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text, &[]).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn the_forms_of_the_template_are_found() {
        assert!(FORMS.is_some());
        assert_eq!(found("{{PROMPT_TEXT}} and {{ x }}"), ["{{PROMPT_TEXT}}", "{{ x }}"]);
        assert_eq!(
            found("$ARGUMENTS\n[TITLE] x\n[FEATURE NAME]"),
            ["$ARGUMENTS", "[TITLE]", "[FEATURE NAME]"]
        );
    }

    #[test]
    fn what_only_looks_like_one_is_left_alone() {
        for text in [
            "{{ .Values.image }}",
            "{{- include \"x\" . }}",
            "[README](README.md)",
            "[ADR][1]",
            "- [X] done",
            "[FAIL] two tests",
            "\\{\\{X\\}\\}",
            "\\$ARGUMENTS",
            "\\[TITLE\\]",
            "$ARGUMENTSX",
            "args[INDEX]",
            "[0001]",
            "{x}",
        ] {
            assert_eq!(found(text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn code_is_quoted_not_said() {
        assert!(find("`{{X}}`", std::slice::from_ref(&(0..7))).is_empty());
    }
}
