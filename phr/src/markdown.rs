//! How foreign text is put into Markdown without becoming Markdown. A record carries words from
//! people, models, logs and clusters; none of them may open a section, close a block, split a table row
//! or act on the terminal that shows the record. Three forms are enough: a fenced block for text that
//! must stay verbatim, a code span for one table cell, and escaped plain text for one line.

use std::fmt::Write as _;

/// Longest single-line value in bytes (a table cell, a bullet, a line of front matter). Longer ones are
/// cut and end in `…`.
pub const MAX_LINE_BYTES: usize = 4_096;

/// The longest beginning of `text` that is at most `limit` bytes and ends between two characters.
pub(crate) fn clip(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}

/// Makes characters that act instead of showing visible: control characters become their control
/// picture, marks that reorder or break lines become `\u{…}`. Line feeds and tabs stay, and a carriage
/// return before a line feed is only a line end.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\0'..='\u{1f}' => {
                shown.push(char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'));
            }
            '\u{7f}' => shown.push('\u{2421}'),
            '\u{80}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// One line: every run of white space becomes one space, the rest is made visible, and what is longer
/// than [`MAX_LINE_BYTES`] is cut.
pub(crate) fn single_line(text: &str) -> String {
    // Cutting first keeps the work in proportion to what is kept, whatever the size of the text.
    let head = clip(text, MAX_LINE_BYTES * 4);
    let line = visible(&head.split_whitespace().collect::<Vec<_>>().join(" "));
    shortened(line, head.len() < text.len())
}

/// One line in which every character of the text still stands: line feeds are shown as `␊`.
fn single_line_exact(text: &str) -> String {
    let head = clip(text, MAX_LINE_BYTES * 4);
    shortened(visible(head).replace('\n', "\u{240a}").replace('\t', " "), head.len() < text.len())
}

fn shortened(line: String, already_cut: bool) -> String {
    if line.len() <= MAX_LINE_BYTES && !already_cut {
        return line;
    }
    format!("{}…", clip(&line, MAX_LINE_BYTES))
}

/// A fenced block. The fence is longer than any run of backticks in the text, so nothing in the text can
/// close it.
pub(crate) fn fenced(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// A table cell that shows its text exactly, as a code span; `none` if there is no text.
pub(crate) fn code_cell(text: &str) -> String {
    let line = single_line_exact(text);
    let line = line.trim();
    if line.is_empty() || line == "none" {
        return "none".to_owned();
    }
    let fence = "`".repeat(longest_run(line, '`') + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    // GitHub's tables take the backslash away before the code span is read.
    format!("{fence}{pad}{}{pad}{fence}", line.replace('|', "\\|"))
}

/// One line of plain text in which nothing is markup; `none` if there is no text.
pub(crate) fn plain(text: &str) -> String {
    let line = single_line(text);
    if line.is_empty() {
        return "none".to_owned();
    }
    let mut escaped = String::with_capacity(line.len());
    let mut before = None;
    let mut rest = line.chars().peekable();
    while let Some(character) = rest.next() {
        let after = rest.peek().copied();
        let is_markup = match character {
            '\\' | '`' | '<' | '[' | ']' | '*' | '|' | '~' => true,
            '{' => after == Some('{') || before == Some('{'),
            '}' => after == Some('}') || before == Some('}'),
            '$' => after == Some('A'),
            '&' => after.is_some_and(|next| next.is_ascii_alphanumeric() || next == '#'),
            '_' => !(before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)),
            _ => false,
        };
        if is_markup {
            escaped.push('\\');
        }
        escaped.push(character);
        before = Some(character);
    }
    escaped
}

/// Takes the escapes of [`plain`] away again.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match rest.peek().copied() {
            Some(next) if character == '\\' && next.is_ascii_punctuation() => {
                plain.push(next);
                rest.next();
            }
            _ => plain.push(character),
        }
    }
    plain
}

fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut current = 0;
    for character in text.chars() {
        current = if character == wanted { current + 1 } else { 0 };
        longest = longest.max(current);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_made_visible() {
        assert_eq!(visible("a\u{1b}[31m\0\u{7f}\r\nb\tc\rd"), "a␛[31m␀␡\nb\tc␍d");
        assert_eq!(visible("\u{202e}evil\u{9b}"), "\\u{202e}evil\\u{9b}");
        assert_eq!(visible("ポッド 🧪 é"), "ポッド 🧪 é");
    }

    #[test]
    fn a_fence_cannot_be_closed_from_inside() {
        assert_eq!(fenced("a"), "```text\na\n```\n");
        assert_eq!(fenced("```\n`````\n"), "``````text\n```\n`````\n\n``````\n");
    }

    #[test]
    fn cells_stay_cells() {
        assert_eq!(
            code_cell("kubectl get pods | grep 'a\\|b'\nrm"),
            "`kubectl get pods \\| grep 'a\\\\|b'␊rm`"
        );
        assert_eq!(code_cell("`x`"), "`` `x` ``");
        assert_eq!(code_cell(" \n "), "`␊`");
        assert_eq!(code_cell(""), "none");
    }

    #[test]
    fn plain_text_is_not_markup() {
        assert_eq!(
            plain("a_b {{X}} [TITLE] $ARGUMENTS <b> a|b\n## Outcome"),
            "a_b \\{\\{X\\}\\} \\[TITLE\\] \\$ARGUMENTS \\<b> a\\|b ## Outcome"
        );
        for text in ["\\", "_a_ *b* `c`", "a && b &amp; &#1;", "\\| \\\\|", "{{{{", "C:\\x_y\\"] {
            assert_eq!(unescaped(&plain(text)), text);
        }
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let cut = single_line(&"ü".repeat(1_000_000));
        assert!(cut.len() <= MAX_LINE_BYTES + 3 && cut.ends_with('…'));
        assert_eq!(clip("aü", 2), "a");
    }
}
