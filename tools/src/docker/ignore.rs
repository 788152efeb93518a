//! `.dockerignore`, with Docker's own meaning (docs.docker.com/build/concepts/context, "Syntax"; the details are
//! those of moby/patternmatcher): comments, `!` exceptions, `**`, patterns anchored at the context's top, a
//! pattern that matches a folder matches what is in it, and the last pattern that matches wins.
//!
//! It is not `.gitignore`: `node_modules` here means the one at the top only.

use regex::Regex;
use std::path::Path;

use crate::error::{ErrorKind, Feedback, Result};

#[derive(Debug)]
struct Pattern {
    exception: bool,
    /// The pattern without `!`, cleaned.
    text: String,
    regex: Regex,
}

/// The patterns of one ignore file.
#[derive(Debug, Default)]
pub struct IgnoreFile {
    patterns: Vec<Pattern>,
}

/// Which patterns matched a folder; what is inside inherits that.
#[derive(Debug, Clone, Default)]
pub struct Inherited(Vec<bool>);

impl IgnoreFile {
    /// Reads the patterns of `text`; `name` is for messages.
    ///
    /// # Errors
    /// `InvalidArguments` with the line of a pattern that means nothing.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut file = Self::default();
        for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            // A # after blanks is no comment: Docker looks at it before it trims.
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            file.add(line.trim()).map_err(|problem| {
                Feedback::new(ErrorKind::InvalidArguments, format!("{name}, line {}: {problem}", index + 1))
                    .next("mend that line, then ask again")
            })?;
        }
        Ok(file)
    }

    fn add(&mut self, line: &str) -> std::result::Result<(), String> {
        let (exception, rest) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if rest.is_empty() {
            return Err("a ! alone excepts nothing".to_owned());
        }
        let text = clean(rest);
        let regex = regex(&text).ok_or_else(|| format!("the pattern {rest:?} is not valid"))?;
        self.patterns.push(Pattern { exception, text, regex });
        Ok(())
    }

    /// Makes an exception for one path, as Docker does for the Dockerfile and the ignore file itself.
    pub fn always_send(&mut self, path: &str) {
        let text = clean(path);
        if let Ok(regex) = Regex::new(&format!("^{}$", regex::escape(&text))) {
            self.patterns.push(Pattern { exception: true, text, regex });
        }
    }

    /// Whether the file holds any pattern.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether `path` (relative to the context, with slashes) stays behind, and what its children inherit.
    #[must_use]
    pub fn matches(&self, path: &str, parent: &Inherited) -> (bool, Inherited) {
        let mut ignored = false;
        let mut inherited = Vec::with_capacity(self.patterns.len());
        for (index, pattern) in self.patterns.iter().enumerate() {
            let hit = parent.0.get(index).copied().unwrap_or(false) || pattern.regex.is_match(path);
            if hit {
                ignored = !pattern.exception;
            }
            inherited.push(hit);
        }
        (ignored, Inherited(inherited))
    }

    /// Whether an ignored folder can be passed over as a whole: no exception could match below it.
    #[must_use]
    pub fn prunes(&self, folder: &str) -> bool {
        !self.patterns.iter().filter(|pattern| pattern.exception).any(|pattern| {
            let fixed = pattern.text.find(['*', '?', '[', '\\']);
            match fixed {
                None => pattern.text.starts_with(&format!("{folder}/")),
                Some(at) => {
                    let prefix = pattern.text.get(..at).unwrap_or_default();
                    prefix.starts_with(&format!("{folder}/")) || format!("{folder}/").starts_with(prefix)
                }
            }
        })
    }
}

/// A path without `.`, `..` and doubled or outer slashes, as Go's `filepath.Clean` and Docker's trimming make it.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if path.starts_with('/') && parts.is_empty() => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// The pattern as a regular expression over a whole path.
fn regex(pattern: &str) -> Option<Regex> {
    let mut expression = String::from("(?s)^");
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' if characters.peek() == Some(&'*') => {
                characters.next();
                if characters.peek() == Some(&'/') {
                    characters.next();
                }
                expression.push_str(if characters.peek().is_none() { ".*" } else { "(.*/)?" });
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '[' => {
                let mut class = String::new();
                let mut closed = false;
                while let Some(inner) = characters.next() {
                    match inner {
                        ']' if !class.is_empty() && class != "^" => {
                            closed = true;
                            break;
                        }
                        '\\' => class.push_str(&regex::escape(&characters.next()?.to_string())),
                        '^' if class.is_empty() => class.push('^'),
                        '-' => class.push('-'),
                        other => class.push_str(&regex::escape(&other.to_string())),
                    }
                }
                if !closed {
                    return None;
                }
                expression.push_str(&format!("[{class}]"));
            }
            '\\' => expression.push_str(&regex::escape(&characters.next()?.to_string())),
            other => expression.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push('$');
    Regex::new(&expression).ok()
}

/// The ignore file that applies: the Dockerfile's own (`<Dockerfile>.dockerignore`) before the context's.
///
/// # Errors
/// `InvalidArguments` when it cannot be read or a pattern is not valid.
pub fn load(context: &Path, dockerfile: &Path) -> Result<Option<(String, IgnoreFile)>> {
    let mut own = dockerfile.file_name().unwrap_or_default().to_os_string();
    own.push(".dockerignore");
    for path in [dockerfile.with_file_name(own), context.join(".dockerignore")] {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match std::fs::read(&path) {
            Ok(bytes) => {
                let file = IgnoreFile::parse(&name, &String::from_utf8_lossy(&bytes))?;
                return Ok(Some((name, file)));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("{name} cannot be read: {error}"),
                )
                .next("check who may read it")
                .into());
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a path is ignored, with the folders above it asked first, as a walk does.
    fn ignored(file: &IgnoreFile, path: &str) -> bool {
        let mut inherited = Inherited::default();
        let mut result = false;
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            (result, inherited) = file.matches(&path[..end], &inherited);
        }
        result
    }

    #[track_caller]
    fn check(patterns: &str, stay: &[&str], go: &[&str]) {
        let file = IgnoreFile::parse(".dockerignore", patterns).unwrap();
        for path in stay {
            assert!(ignored(&file, path), "{patterns:?} lets {path} go");
        }
        for path in go {
            assert!(!ignored(&file, path), "{patterns:?} keeps {path}");
        }
    }

    #[test]
    fn patterns_are_anchored_and_cover_what_is_below() {
        check("node_modules", &["node_modules", "node_modules/a/b"], &["web/node_modules", "node_modules2"]);
        check("/dist/", &["dist/x"], &["src/dist"]);
        check(
            "**/node_modules",
            &["node_modules", "a/node_modules/b", "a/b/node_modules"],
            &["xnode_modules"],
        );
        check("*.md", &["a.md"], &["docs/a.md", "a.mdx"]);
        check("**/*.md", &["a.md", "docs/x/a.md"], &[]);
        check("*/temp*", &["a/temporary.txt", "a/temp/x"], &["temp", "a/b/temp"]);
        check("temp?", &["tempa"], &["temp", "tempab"]);
        check("docs/**", &["docs/a", "docs/a/b"], &["docs"]);
        check("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["z"]);
        check("./build/../out", &["out/x"], &["build"]);
        check("[a-c].txt\n[^x]y", &["b.txt", "zy"], &["d.txt", "xy"]);
    }

    #[test]
    fn the_last_match_wins() {
        check("*.md\n!README.md", &["a.md"], &["README.md"]);
        check("!README.md\n*.md", &["README.md"], &[]);
        check(
            "*\n!src\n!package.json\nsrc/*.test.js",
            &["x", "src/a.test.js"],
            &["src/a.js", "package.json"],
        );
        check(
            "secret\n!secret/public\nsecret/public/key",
            &["secret/a", "secret/public/key"],
            &["secret/public/x"],
        );
    }

    #[test]
    fn comments_and_blanks_are_no_patterns() {
        check("\u{feff}# all\n\n   \n  tmp  \n #odd", &["tmp", "#odd"], &["a", "# all"]);
        let error = IgnoreFile::parse(".dockerignore", "a\n!\n").unwrap_err();
        assert_eq!(error.to_string(), ".dockerignore, line 2: a ! alone excepts nothing");
        assert!(IgnoreFile::parse(".dockerignore", "[a").is_err());
    }

    #[test]
    fn a_folder_is_passed_over_only_when_nothing_below_can_return() {
        let file = IgnoreFile::parse(".dockerignore", "*\n!src/keep").unwrap();
        assert!(file.prunes("node_modules") && !file.prunes("src"));
        let file = IgnoreFile::parse(".dockerignore", "*\n!**/keep").unwrap();
        assert!(!file.prunes("node_modules"));
    }

    #[test]
    fn the_dockerfile_is_always_sent() {
        let mut file = IgnoreFile::parse(".dockerignore", "**").unwrap();
        file.always_send("Dockerfile");
        assert!(ignored(&file, "a") && !ignored(&file, "Dockerfile"));
    }
}
