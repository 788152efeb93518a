//! The commands inside a RUN, CMD or ENTRYPOINT: words with their positions, split where a shell splits.
//!
//! This is no shell. It knows quotes, line continuations, comments between continued lines and the operators
//! between commands, which is what rules about commands need; what is inside `$( )` or backticks stays text.

use parse_dockerfile::{Command, RunInstruction};

/// What stands before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// Nothing, `&&`, `||`, `;` or a line end.
    Sequence,
    /// `|`: the command reads what the one before writes.
    Pipe,
}

/// One simple command.
#[derive(Debug, Clone)]
pub(super) struct Simple {
    pub joined: Joined,
    /// Its words without quotes, each with its offset in the file.
    pub words: Vec<(String, usize)>,
}

impl Simple {
    /// The program's base name, after assignments, `exec`, `env` and `sudo`.
    pub(super) fn program(&self) -> &str {
        self.words.get(self.program_index()).map_or("", |(word, _)| base_name(word))
    }

    /// Its arguments.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(self.program_index() + 1).map(|(word, _)| word.as_str())
    }

    /// Arguments that are no flags.
    pub(super) fn operands(&self) -> impl Iterator<Item = &str> {
        self.arguments().filter(|word| !word.starts_with('-'))
    }

    /// Whether a long flag, or a letter in a group of short ones, is given.
    pub(super) fn has_flag(&self, long: &str, short: Option<char>) -> bool {
        self.arguments().any(|word| {
            word == long
                || word.strip_prefix(long).is_some_and(|rest| rest.starts_with('='))
                || short.is_some_and(|letter| {
                    word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
                })
        })
    }

    /// Where it starts in the file.
    pub(super) fn offset(&self) -> usize {
        self.words.first().map_or(0, |(_, offset)| *offset)
    }

    /// Whether `sudo` runs it.
    pub(super) fn uses_sudo(&self) -> bool {
        self.words.iter().take(self.program_index()).any(|(word, _)| base_name(word) == "sudo")
    }

    fn program_index(&self) -> usize {
        let skipped = |word: &str| {
            matches!(base_name(word), "sudo" | "exec" | "env" | "time" | "command" | "nohup")
                || word.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                })
        };
        self.words.iter().position(|(word, _)| !skipped(word)).unwrap_or(0)
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The commands of a RUN, those of its here-documents included.
pub(super) fn run_commands(text: &str, run: &RunInstruction<'_>) -> Vec<Simple> {
    let mut found = commands(text, &run.arguments);
    for document in &run.here_docs {
        found.extend(split(text, document.span.start, document.span.end));
    }
    found
}

/// The commands of a shell-form or exec-form command.
pub(super) fn commands(text: &str, command: &Command<'_>) -> Vec<Simple> {
    match command {
        Command::Exec(words) => vec![Simple {
            joined: Joined::Sequence,
            words: words
                .value
                .iter()
                .map(|word| (word.value.clone().into_owned(), word.span.start))
                .collect(),
        }],
        Command::Shell(line) => split(text, line.span.start, line.span.end),
        // A form the library learns later has no commands for us.
        _ => Vec::new(),
    }
}

/// Words that open or join blocks; the command begins after them.
const KEYWORDS: [&str; 12] =
    ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}"];

struct Splitter {
    found: Vec<Simple>,
    current: Simple,
    word: String,
    word_start: Option<usize>,
    quoted: bool,
}

impl Splitter {
    fn end_word(&mut self) {
        let Some(start) = self.word_start.take() else { return };
        let word = std::mem::take(&mut self.word);
        let keyword = !self.quoted && KEYWORDS.contains(&word.as_str()) && self.current.words.is_empty();
        if !keyword {
            self.current.words.push((word, start));
        }
        self.quoted = false;
    }

    fn end_command(&mut self, next: Joined) {
        self.end_word();
        let ended = std::mem::replace(&mut self.current, Simple { joined: next, words: Vec::new() });
        if !ended.words.is_empty() {
            self.found.push(ended);
        }
    }

    fn push(&mut self, text: &str, at: usize) {
        self.word_start.get_or_insert(at);
        self.word.push_str(text);
    }
}

/// Splits `text[from..to]`.
fn split(text: &str, from: usize, to: usize) -> Vec<Simple> {
    let source = text.get(from..to).unwrap_or_default();
    let mut splitter = Splitter {
        found: Vec::new(),
        current: Simple { joined: Joined::Sequence, words: Vec::new() },
        word: String::new(),
        word_start: None,
        quoted: false,
    };
    let characters: Vec<(usize, char)> = source.char_indices().collect();
    let at = |index: usize| characters.get(index).map(|(_, character)| *character);
    let mut index = 0;
    let mut line_start = true;
    while let Some((offset, character)) = characters.get(index).copied() {
        let position = from + offset;
        index += 1;
        let was_line_start = std::mem::take(&mut line_start);
        match character {
            // Between continued lines Docker drops comment lines before a shell sees them; elsewhere a shell does.
            '#' if splitter.word_start.is_none() => {
                while at(index).is_some_and(|next| next != '\n') {
                    index += 1;
                }
                if was_line_start {
                    index += 1;
                    line_start = true;
                }
            }
            '\\' | '`' if continues(&characters, index) => {
                while at(index).is_some_and(|next| next != '\n') {
                    index += 1;
                }
                index += 1;
                line_start = true;
                // Indentation of the next line separates words; without any, the word goes on.
                if at(index).is_none_or(char::is_whitespace) {
                    splitter.end_word();
                }
            }
            '\\' => {
                if let Some(next) = at(index) {
                    splitter.push(next.encode_utf8(&mut [0; 4]), position);
                    index += 1;
                }
            }
            '\'' | '"' => {
                splitter.quoted = true;
                splitter.push("", position);
                while let Some(inner) = at(index) {
                    index += 1;
                    if inner == character {
                        break;
                    }
                    if inner == '\\' && character == '"' {
                        let Some(escaped) = at(index) else { break };
                        index += 1;
                        if escaped != '\n' {
                            splitter.push(escaped.encode_utf8(&mut [0; 4]), position);
                        }
                    } else {
                        splitter.push(inner.encode_utf8(&mut [0; 4]), position);
                    }
                }
            }
            '$' if at(index) == Some('(') => {
                splitter.push("$", position);
                let mut depth = 0_usize;
                while let Some(inner) = at(index) {
                    index += 1;
                    splitter.push(inner.encode_utf8(&mut [0; 4]), position);
                    match inner {
                        '(' => depth += 1,
                        ')' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            '&' if at(index) == Some('&') => {
                index += 1;
                splitter.end_command(Joined::Sequence);
            }
            '|' if at(index) == Some('|') => {
                index += 1;
                splitter.end_command(Joined::Sequence);
            }
            '|' => splitter.end_command(Joined::Pipe),
            '>' | '<' if at(index) == Some('&') => index += 1,
            ';' | '\n' | '&' | '(' | ')' => {
                splitter.end_command(Joined::Sequence);
                line_start = character == '\n';
            }
            space if space.is_whitespace() => {
                splitter.end_word();
                line_start = was_line_start;
            }
            other => splitter.push(other.encode_utf8(&mut [0; 4]), position),
        }
    }
    splitter.end_command(Joined::Sequence);
    splitter.found
}

/// Whether only blanks stand between here and the line's end.
fn continues(characters: &[(usize, char)], index: usize) -> bool {
    characters
        .iter()
        .skip(index)
        .map(|(_, character)| *character)
        .find(|character| *character == '\n' || !character.is_whitespace())
        == Some('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(source: &str) -> Vec<String> {
        split(source, 0, source.len())
            .iter()
            .map(|one| format!("{}{}", if one.joined == Joined::Pipe { "|" } else { "" }, one.program()))
            .collect()
    }

    #[test]
    fn splits_where_a_shell_does() {
        assert_eq!(
            programs("set -e; A=1 curl -fsS 'https://x/a|b' | sh && (cd /x || exit 1)"),
            ["set", "curl", "|sh", "cd", "exit"]
        );
        assert_eq!(programs("if ! sudo apt-get update; then echo \"a && b\"; fi"), ["apt-get", "echo"]);
        assert_eq!(programs("echo $(ls | wc -l) 2>&1 | cat"), ["echo", "|cat"]);
    }

    #[test]
    fn comments_between_continued_lines_are_none_of_its_words() {
        let source = "apt-get update && \\\n  # first; rm -rf /\n\n    apt-get install -y \\\n  curl";
        let found = split(source, 0, source.len());
        assert_eq!(found.len(), 2);
        let words: Vec<&str> = found[1].words.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(words, ["apt-get", "install", "-y", "curl"]);
        assert_eq!(&source[found[1].offset()..found[1].offset() + 7], "apt-get");
    }
}
