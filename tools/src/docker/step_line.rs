//! Which line of the Dockerfile a step of a build comes from, by what the builder calls the step.

/// The line, from 1; `None` when no instruction, or more than one, reads like the step.
pub(super) fn line_of(dockerfile: &str, step: &str) -> Option<usize> {
    let said = step.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(step, |(_, said)| said);
    let said = plain(said);
    let mut found = instructions(dockerfile).into_iter().filter(|(_, text)| {
        // BuildKit adds what a here-document holds, in parentheses.
        *text == said || (text.contains("<<") && said.starts_with(text.as_str()))
    });
    match (found.next(), found.next()) {
        (Some((line, _)), None) => Some(line),
        _ => None,
    }
}

/// Every logical line with its first line's number: continued ones joined, comments left out.
fn instructions(dockerfile: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in dockerfile.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let continued = line.trim_end().strip_suffix('\\');
        let (start, mut text) = open.take().unwrap_or((index + 1, String::new()));
        text.push(' ');
        text.push_str(continued.unwrap_or(line));
        if continued.is_some() {
            open = Some((start, text));
        } else {
            all.push((start, plain(&text)));
        }
    }
    all.extend(open.map(|(start, text)| (start, plain(&text))));
    all
}

/// One blank between words, and the instruction in capitals.
fn plain(text: &str) -> String {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default().to_ascii_uppercase();
    std::iter::once(first.as_str()).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_where_it_was_written() {
        let text = "# x\nFROM a\nrun apk add  curl \\\n    # why\n    && make\nRUN true\nRUN true\nRUN <<EOF\nls\nEOF\n";
        assert_eq!(line_of(text, "[build 2/4] RUN apk add curl && make"), Some(3));
        assert_eq!(line_of(text, "[2/4] RUN <<EOF (ls)"), Some(8));
        assert_eq!(line_of(text, "[2/4] RUN true"), None);
        assert_eq!(line_of(text, "[2/4] RUN false"), None);
    }
}
