//! The equivalent `kubectl`, `helm` or `docker` line of a call, shown to people and kept in the record.
//!
//! It is an argument vector, never a string that a shell parses; quoting happens only when it is shown, so
//! that what is shown can be pasted.

use std::fmt;

/// A program and its arguments, and perhaps a second one that filters what the first prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    words: Vec<String>,
    filter: Option<Box<Self>>,
}

impl CommandLine {
    /// Starts a line with the program's name.
    #[must_use]
    pub fn new(program: &str) -> Self {
        Self { words: vec![program.to_owned()], filter: None }
    }

    /// Starts a `kubectl` line.
    #[must_use]
    pub fn kubectl() -> Self {
        Self::new("kubectl")
    }

    /// Starts a `helm` line.
    #[must_use]
    pub fn helm() -> Self {
        Self::new("helm")
    }

    /// Starts a `docker` line.
    #[must_use]
    pub fn docker() -> Self {
        Self::new("docker")
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.words.push(argument.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(mut self, arguments: I) -> Self {
        self.words.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds `flag` when `condition` holds.
    #[must_use]
    pub fn flag_if(self, condition: bool, flag: &str) -> Self {
        if condition { self.arg(flag) } else { self }
    }

    /// Adds `flag=value` when there is a value: one word, so that a value with a leading dash stays a value.
    #[must_use]
    pub fn option(self, flag: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.arg(format!("{flag}={value}")),
            None => self,
        }
    }

    /// Adds `-n namespace` when there is one.
    #[must_use]
    pub fn namespace(self, namespace: Option<&str>) -> Self {
        match namespace {
            Some(namespace) => self.arg("-n").arg(namespace),
            None => self,
        }
    }

    /// Adds a filter for text that the program itself cannot look for, shown as `| grep -iF text`.
    #[must_use]
    pub fn matching(mut self, text: Option<&str>) -> Self {
        if let Some(text) = text {
            let grep = Self::new("grep").arg("-iF").flag_if(text.starts_with('-'), "-e").arg(text);
            self.filter = Some(Box::new(grep));
        }
        self
    }

    /// The words of the line, the program first; without its filter.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&quote(word))?;
        }
        match &self.filter {
            Some(filter) => write!(f, " | {filter}"),
            None => Ok(()),
        }
    }
}

/// Quotes a word for a POSIX shell, only where it needs it.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_only_what_a_shell_would_change() {
        let line = CommandLine::kubectl()
            .arg("scale")
            .arg("deployment/web")
            .option("--replicas", Some(3))
            .namespace(Some("it's"));
        assert_eq!(line.to_string(), r"kubectl scale deployment/web --replicas=3 -n 'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("$(rm)"), "'$(rm)'");
    }

    #[test]
    fn a_filter_is_shown_and_is_no_word_of_the_line() {
        let line = CommandLine::kubectl().arg("logs").matching(Some("a b"));
        assert_eq!(line.to_string(), "kubectl logs | grep -iF 'a b'");
        assert_eq!(line.words(), ["kubectl", "logs"]);
        assert_eq!(CommandLine::kubectl().matching(Some("-v")).to_string(), "kubectl | grep -iF -e -v");
    }

    #[test]
    fn a_value_with_a_leading_dash_stays_one_word() {
        let line = CommandLine::kubectl().option("--selector", Some("-A"));
        assert_eq!(line.words(), ["kubectl", "--selector=-A"]);
    }
}
