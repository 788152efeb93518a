//! What a line is: whether it is whole, what it joins to, whether it may be kept, and whether it is only the
//! answer to a question that nobody asked.

use shipmate_tools::gate;

/// Whether Enter ends the input. A trailing backslash or an open quote goes on in the next line; an empty line
/// ends it all the same, so that a stray quote traps nobody.
pub(super) fn is_whole(input: &str) -> bool {
    if input.ends_with('\n') {
        return true;
    }
    !input.ends_with('\\') && !has_open_quote(input)
}

/// A single quote opens only where a word may begin and closes only where one may end: "what's" and "the pods'
/// logs" hold apostrophes.
fn has_open_quote(input: &str) -> bool {
    let mut open: Option<char> = None;
    let mut before = ' ';
    let mut characters = input.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        match open {
            None if character == '"' => open = Some('"'),
            None if character == '\'' && begins_word(before) && !next.is_whitespace() => open = Some('\''),
            Some('"') if character == '"' && before != '\\' => open = None,
            Some('\'') if character == '\'' && !next.is_alphanumeric() => open = None,
            _ => {}
        }
        before = character;
    }
    open.is_some()
}

fn begins_word(before: char) -> bool {
    before.is_whitespace() || matches!(before, '=' | ':' | ',' | '(' | '[' | '{')
}

/// The request that an input joins to: a backslash at the end of a line becomes a space.
pub(super) fn joined(input: &str) -> String {
    let mut text = String::with_capacity(input.len());
    let mut lines = input.lines().peekable();
    while let Some(line) = lines.next() {
        match line.strip_suffix('\\') {
            Some(start) => {
                text.push_str(start.trim_end());
                text.push(' ');
            }
            None => {
                text.push_str(line);
                if lines.peek().is_some() {
                    text.push('\n');
                }
            }
        }
    }
    text.trim().to_owned()
}

/// Whether a line may be kept in the history: not when it begins with a space (as shells have it), and not when
/// it holds what the gate would hide.
pub(super) fn may_be_kept(input: &str) -> bool {
    !input.trim().is_empty() && !input.starts_with(char::is_whitespace) && gate::redact(input) == input
}

/// Whether a line is only an answer to an approval or a choice: a word that was offered, a number, or one of
/// the names that might have been asked for.
pub(super) fn is_answer(line: &str, names: &[String]) -> bool {
    let word = line.trim();
    let lower = word.to_ascii_lowercase();
    let offered = ["y", "yes", "n", "no", "a", "always", "e", "edit", "ok", "sure"].contains(&lower.as_str());
    let number = !word.is_empty() && word.chars().all(|character| character.is_ascii_digit());
    offered || number || names.iter().any(|name| name == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apostrophes_are_no_open_quotes() {
        for whole in [
            "show pods",
            "what's wrong with web",
            "the pods' logs",
            "show \"web\"",
            "label app='web'",
            "grep 'it's'",
            "a ' b",
            "scale \"web\n",
            "",
        ] {
            assert!(is_whole(whole), "{whole:?}");
        }
    }

    #[test]
    fn a_backslash_or_an_open_quote_goes_on() {
        for part in ["show pods \\", "grep \"conn", "label app='web", "describe 'the frontend"] {
            assert!(!is_whole(part), "{part:?}");
        }
    }

    #[test]
    fn lines_join_where_a_backslash_says_so() {
        assert_eq!(joined("show pods \\\n  -n todo"), "show pods   -n todo");
        assert_eq!(joined("apply this:\nkind: Pod\n"), "apply this:\nkind: Pod");
        assert_eq!(joined("show pods\\"), "show pods");
        assert_eq!(joined("a\r\nb"), "a\nb");
    }

    #[test]
    fn secrets_and_lines_that_begin_with_a_space_are_not_kept() {
        assert!(may_be_kept("show pods"));
        for line in [" show pods", "\tshow pods", "", "   ", "set DB_PASSWORD=hunter2 on web"] {
            assert!(!may_be_kept(line), "{line:?}");
        }
    }

    #[test]
    fn answers_are_told_from_requests() {
        let names = ["web".to_owned()];
        for answer in ["y", "YES", " no ", "always", "web", "2", "e"] {
            assert!(is_answer(answer, &names), "{answer}");
        }
        for request in ["pods", "web logs", "yes please show pods", "", "shop"] {
            assert!(!is_answer(request, &names), "{request}");
        }
    }
}
