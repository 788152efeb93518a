//! The equivalent `kubectl`, `helm` or `docker` line of a call, shown to people and kept in the record.
//!
//! It is an argument vector, never a string that a shell parses; quoting happens only when it is shown, so
//! that what is shown can be pasted.

use std::fmt;

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// Starts a line with the program's name.
    #[must_use]
    pub fn new(program: &str) -> Self {
        Self(vec![program.to_owned()])
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
        self.0.push(argument.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(mut self, arguments: I) -> Self {
        self.0.extend(arguments.into_iter().map(Into::into));
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

    /// The words of the line, the program first.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&quote(word))?;
        }
        Ok(())
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
    fn a_value_with_a_leading_dash_stays_one_word() {
        let line = CommandLine::kubectl().option("--selector", Some("-A"));
        assert_eq!(line.words(), ["kubectl", "--selector=-A"]);
    }
}
