//! The renderer: `{{ name }}` and nothing else, and strict about it.
//!
//! A prompt with a hole in it, or one that silently drops what it was given, makes a model wrong in a way
//! nobody sees; so every mismatch between a template and its values is an error. Values are put in as they
//! are and never looked at again: braces inside them mean nothing.

/// What is wrong between a template and its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// The template names a variable that was given no value.
    #[error("the template uses {{{{ {0} }}}}, but no value was given for it")]
    Missing(String),
    /// A value was given for a variable the template does not name.
    #[error("a value was given for {0}, which the template does not use")]
    Unused(String),
    /// Two values were given for one variable.
    #[error("two values were given for {0}")]
    Duplicate(String),
    /// The template has braces that enclose no name.
    #[error("the template is malformed at byte {0}: `{{{{ name }}}}` was expected")]
    Malformed(usize),
}

/// Puts the values into the template.
///
/// # Errors
/// When a variable is missing, unused or given twice, or the template is malformed.
pub fn render(template: &str, values: &[(&str, &str)]) -> Result<String, PromptError> {
    for (index, (name, _)) in values.iter().enumerate() {
        if values.iter().skip(index + 1).any(|(other, _)| other == name) {
            return Err(PromptError::Duplicate((*name).to_owned()));
        }
    }
    let mut used = vec![false; values.len()];
    let mut text =
        String::with_capacity(template.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>());
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let (before, opened) = rest.split_at(start);
        let position = template.len() - opened.len();
        if before.contains("}}") {
            return Err(PromptError::Malformed(position));
        }
        let (name, after) = opened
            .strip_prefix("{{")
            .and_then(|inner| inner.split_once("}}"))
            .map(|(name, after)| (name.trim(), after))
            .ok_or(PromptError::Malformed(position))?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(PromptError::Malformed(position));
        }
        let mut values_of_name = values.iter().zip(used.iter_mut()).filter(|((known, _), _)| *known == name);
        let ((_, value), mark) =
            values_of_name.next().ok_or_else(|| PromptError::Missing(name.to_owned()))?;
        *mark = true;
        text.push_str(before);
        text.push_str(value);
        rest = after;
    }
    if let Some(stray) = rest.find("}}") {
        return Err(PromptError::Malformed(template.len() - rest.len() + stray));
    }
    text.push_str(rest);
    match values.iter().zip(&used).find(|(_, used)| !**used) {
        Some(((name, _), _)) => Err(PromptError::Unused((*name).to_owned())),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_values_in_once_and_never_looks_into_them() {
        assert_eq!(
            render("{{ a }}, {{b}} and {{ a }}", &[("a", "{{ b }}"), ("b", "}}")]).as_deref(),
            Ok("{{ b }}, }} and {{ b }}")
        );
        assert_eq!(render("no variables { at all }", &[]).as_deref(), Ok("no variables { at all }"));
    }

    #[test]
    fn every_mismatch_is_an_error() {
        for (template, values, error) in [
            ("{{ a }}", &[][..], PromptError::Missing("a".to_owned())),
            ("text", &[("a", "")][..], PromptError::Unused("a".to_owned())),
            ("{{ a }}", &[("a", "1"), ("a", "1")][..], PromptError::Duplicate("a".to_owned())),
            ("x {{ a", &[("a", "1")][..], PromptError::Malformed(2)),
            ("x {{ }}", &[][..], PromptError::Malformed(2)),
            ("x }} {{ a }}", &[("a", "1")][..], PromptError::Malformed(5)),
            ("{{ a }} }}", &[("a", "1")][..], PromptError::Malformed(8)),
            ("{{ A b }}", &[][..], PromptError::Malformed(0)),
        ] {
            assert_eq!(render(template, values), Err(error), "{template}");
        }
    }

    #[test]
    fn errors_read_as_sentences() {
        assert_eq!(
            PromptError::Missing("tools".to_owned()).to_string(),
            "the template uses {{ tools }}, but no value was given for it"
        );
    }
}
