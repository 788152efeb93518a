//! Control characters made harmless: escape sequences from logs, labels or files must not move the cursor,
//! recolour the screen, retitle the window or hide text that a person is about to approve.

/// Replaces every control character but tab and line end, and the invisible characters that reorder or hide
/// text (bidirectional controls, zero-width characters), by a visible stand-in.
pub(super) fn sanitize(raw: &str) -> String {
    if raw.bytes().all(|byte| byte == b'\n' || byte == b'\t' || (0x20..0x7f).contains(&byte)) {
        return raw.to_owned();
    }
    let mut clean = String::with_capacity(raw.len());
    let mut rest = raw.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\n' | '\t' => clean.push(character),
            // A line end written as CR LF is one line end; a lone CR would overwrite the line.
            '\r' if rest.peek() == Some(&'\n') => {}
            '\u{1b}' => skip_escape_sequence(&mut rest),
            c if c.is_control() || is_invisible(c) => clean.push('\u{fffd}'),
            c => clean.push(c),
        }
    }
    clean
}

/// Drops an ANSI sequence whole, so that coloured logs stay readable.
fn skip_escape_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            while let Some(c) = rest.peek().copied() {
                // Parameter and intermediate bytes end with one final byte (ECMA-48, 5.4).
                if !(' '..='~').contains(&c) {
                    return;
                }
                rest.next();
                if ('@'..='~').contains(&c) {
                    return;
                }
            }
        }
        Some(']' | 'P' | '^' | '_' | 'X') => {
            // A string sequence ends with BEL or ESC \.
            while let Some(c) = rest.peek().copied() {
                if c == '\n' {
                    return;
                }
                rest.next();
                if c == '\u{7}' {
                    return;
                }
                if c == '\u{1b}' {
                    if rest.peek() == Some(&'\\') {
                        rest.next();
                    }
                    return;
                }
            }
        }
        Some(c) if ('0'..='~').contains(c) => {
            rest.next();
        }
        _ => {}
    }
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_go_and_text_stays() {
        assert_eq!(sanitize("\u{1b}[31mred\u{1b}[0m plain"), "red plain");
        assert_eq!(sanitize("\u{1b}]0;title\u{7}after"), "after");
        assert_eq!(sanitize("a\rb\r\nc\u{8}"), "a\u{fffd}b\nc\u{fffd}");
        assert_eq!(sanitize("safe\u{202e}evil"), "safe\u{fffd}evil");
        assert_eq!(sanitize("ünïcode ✓\tok\n"), "ünïcode ✓\tok\n");
    }

    #[test]
    fn an_unfinished_sequence_never_eats_the_next_line() {
        assert_eq!(sanitize("x\u{1b}]0;never ends\nnext"), "x\nnext");
    }
}
