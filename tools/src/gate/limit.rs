//! The size limit: enough for a person or a model to work with, never enough to fill a terminal or a context.

/// Most bytes of one text that leaves. The tail is kept too: in logs the end is what matters.
pub const TEXT_LIMIT: usize = 256 * 1024;

/// Most bytes of one line; longer ones are cut in the middle of nothing but themselves.
pub const LINE_LIMIT: usize = 16 * 1024;

/// Cuts long lines, then the middle of a long text, and says how much went.
pub(super) fn cut(text: &str) -> String {
    if text.len() <= LINE_LIMIT {
        return text.to_owned();
    }
    let mut lines = String::with_capacity(text.len().min(TEXT_LIMIT * 2));
    for line in text.split_inclusive('\n') {
        let body = line.strip_suffix('\n').unwrap_or(line);
        if body.len() > LINE_LIMIT {
            let kept = floor(body, LINE_LIMIT);
            lines.push_str(&body[..kept]);
            lines.push_str(&format!("… ({} bytes cut)", body.len() - kept));
            if line.ends_with('\n') {
                lines.push('\n');
            }
        } else {
            lines.push_str(line);
        }
    }
    if lines.len() <= TEXT_LIMIT {
        return lines;
    }
    let head = floor(&lines, TEXT_LIMIT / 4);
    let tail = ceil(&lines, lines.len() - TEXT_LIMIT / 4 * 3);
    format!("{}\n… ({} bytes cut here) …\n{}", &lines[..head], tail - head, &lines[tail..])
}

fn floor(text: &str, mut index: usize) -> usize {
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

fn ceil(text: &str, mut index: usize) -> usize {
    while !text.is_char_boundary(index) {
        index += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_head_and_the_tail_and_says_what_went() {
        let long = format!("first\n{}last", "é middle\n".repeat(60_000));
        let kept = cut(&long);
        assert!(kept.len() < TEXT_LIMIT + 100);
        assert!(kept.starts_with("first\n") && kept.ends_with("last") && kept.contains("bytes cut here"));
    }

    #[test]
    fn cuts_a_single_long_line() {
        let kept = cut(&format!("{}\nnext", "x".repeat(LINE_LIMIT + 10)));
        assert!(kept.contains("(10 bytes cut)\nnext"), "{}", &kept[LINE_LIMIT..]);
    }
}
