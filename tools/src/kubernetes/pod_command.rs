//! A command line as people write it, made into an argument vector; no shell is involved, so what only a shell
//! understands is refused instead of being passed on as it stands.

use crate::error::{ErrorKind, Feedback, Result};

/// What would mean something to a shell and means nothing without one.
const SHELL_SIGNS: [&str; 11] = ["|", "||", "&&", "&", ";", ">", ">>", "<", "2>&1", "2>", "<<"];

/// Programs that take something away, whatever their arguments.
const DESTROYING: [&str; 20] = [
    "rm", "rmdir", "unlink", "shred", "dd", "truncate", "mkfs", "wipefs", "kill", "killall", "pkill",
    "shutdown", "reboot", "halt", "poweroff", "dropdb", "dropuser", "userdel", "umount", "swapoff",
];

/// Words that take something away in the languages of databases.
const DESTROYING_WORDS: [&str; 7] =
    ["drop", "delete", "truncate", "flushall", "flushdb", "alter", "shutdown"];

/// Splits a command line into words; quotes keep words together and backslashes keep a character as it is, as in
/// a POSIX shell, and nothing is expanded.
///
/// # Errors
/// `InvalidArguments` for an empty line, an open quotation, or what only a shell understands.
pub fn split_command(line: &str) -> Result<Vec<String>> {
    let invalid = |why: String, next: &str| Feedback::new(ErrorKind::InvalidArguments, why).next(next);
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' => {
                let text = word.get_or_insert_default();
                quoted = true;
                loop {
                    match characters.next() {
                        Some(end) if end == character => break,
                        Some('\\') if character == '"' => text.extend(characters.next()),
                        Some(other) => text.push(other),
                        None => {
                            return Err(
                                invalid(format!("a quotation of {line:?} never ends"), "close it").into()
                            );
                        }
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            space if space.is_whitespace() => finish(&mut words, &mut word, &mut quoted, line)?,
            other => word.get_or_insert_default().push(other),
        }
    }
    finish(&mut words, &mut word, &mut quoted, line)?;
    if words.is_empty() {
        return Err(
            invalid("there is no command to run".to_owned(), "say which one, such as `ls /tmp`").into()
        );
    }
    Ok(words)
}

fn finish(words: &mut Vec<String>, word: &mut Option<String>, quoted: &mut bool, line: &str) -> Result<()> {
    let Some(done) = word.take() else { return Ok(()) };
    let sign = !std::mem::take(quoted)
        && (SHELL_SIGNS.contains(&done.as_str())
            || done.ends_with(';')
            || done.contains("$(")
            || done.starts_with('>'));
    if sign {
        return Err(Feedback::new(
            ErrorKind::InvalidArguments,
            format!(
                "{done:?} in {line:?} means something to a shell alone, and the command runs without one"
            ),
        )
        .next("ask for a shell (`shell=true`), or run one command")
        .into());
    }
    words.push(done);
    Ok(())
}

/// Whether a command takes something away: by its program, or by a word given to a database's client. With a
/// shell every word may be a program.
#[must_use]
pub fn is_destructive(argv: &[String], shell: bool) -> bool {
    let base = |word: &str| word.rsplit('/').next().unwrap_or(word).to_ascii_lowercase();
    let destroys = |word: &str| {
        let program = base(word);
        DESTROYING.contains(&program.as_str()) || program.starts_with("mkfs.")
    };
    let text = argv.join(" ");
    let words =
        || text.split(|c: char| !(c.is_alphanumeric() || "._/-".contains(c))).filter(|word| !word.is_empty());
    let database = argv.first().map(|program| base(program)).is_some_and(|program| {
        ["psql", "mysql", "mariadb", "redis-cli", "mongosh", "mongo", "sqlite3", "cqlsh"]
            .contains(&program.as_str())
    });
    let wraps = argv.first().map(|program| base(program)).is_some_and(|program| {
        [
            "sh", "bash", "ash", "dash", "zsh", "env", "xargs", "sudo", "nice", "nohup", "timeout",
            "busybox", "find",
        ]
        .contains(&program.as_str())
    });
    argv.first().is_some_and(|program| destroys(program))
        || ((shell || wraps) && words().any(destroys))
        || ((database || shell || wraps)
            && words().any(|word| DESTROYING_WORDS.contains(&word.to_ascii_lowercase().as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_people_quote_them() {
        for (line, words) in [
            ("ls -la /tmp", &["ls", "-la", "/tmp"][..]),
            ("psql -c 'select 1; select 2'", &["psql", "-c", "select 1; select 2"]),
            (r#"echo "a \"b\"" c\ d ''"#, &["echo", "a \"b\"", "c d", ""]),
            ("echo '|' $HOME", &["echo", "|", "$HOME"]),
        ] {
            assert_eq!(split_command(line).unwrap(), words, "{line}");
        }
        for line in ["", "  ", "ls | wc", "a && b", "echo 'x", "cat x > y", "ls; rm x", "echo $(id)", "a >y"]
        {
            assert!(split_command(line).is_err(), "{line}");
        }
    }

    #[test]
    fn what_takes_away_is_told() {
        let told = |line: &str, shell: bool| {
            let argv = if shell {
                vec!["sh".to_owned(), "-c".to_owned(), line.to_owned()]
            } else {
                split_command(line).unwrap()
            };
            is_destructive(&argv, shell)
        };
        for line in [
            "rm -rf /tmp/x",
            "/bin/kill 1",
            "psql -c 'DROP TABLE a'",
            "redis-cli flushall",
            "busybox rm x",
            "sh -c 'rm x'",
            "find / -exec rm x",
        ] {
            assert!(told(line, false), "{line}");
        }
        assert!(told("cd /tmp && rm x", true));
        for line in ["ls /rm", "psql -c 'select 1'", "cat /etc/passwd", "echo rm"] {
            assert!(!told(line, false), "{line}");
        }
    }
}
