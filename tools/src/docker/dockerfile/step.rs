//! Which line of the Dockerfile a step of a build comes from. The engine's messages name the step and not the
//! line, and a long file may run much the same command twice.

use parse_dockerfile::Instruction;

use super::file::start;

/// One instruction, as a builder counts and names it.
struct Written {
    stage: usize,
    line: usize,
    keyword: String,
    /// The whole instruction on one line.
    text: String,
    /// Whether BuildKit makes a step of it.
    step: bool,
}

/// The line, from 1, of the step that a builder calls `name`: `[2/4] RUN make`, `[build 2/4] RUN make`. `None`
/// when that is not certain.
#[must_use]
pub fn line_of_step(text: &str, name: &str) -> Option<usize> {
    let (inside, said) = name.strip_prefix('[')?.split_once(']')?;
    let said = one_line(said);
    let keyword = said.split(' ').next()?.to_ascii_uppercase();
    let words: Vec<&str> = inside.split_whitespace().collect();
    let (count, before) = words.split_last()?;
    let (number, total) = count.split_once('/')?;
    let (number, total) = (number.parse::<usize>().ok()?.checked_sub(1)?, total.parse::<usize>().ok()?);
    let (all, stages) = instructions(text)?;
    // The classic builder counts every instruction, and knows no stages.
    if before.is_empty() && all.len() == total {
        return all.get(number).filter(|one| one.keyword == keyword).map(|one| one.line);
    }
    let stage = match before.last() {
        None => stages.len().checked_sub(1)?,
        Some(word) => stages
            .iter()
            .rposition(|stage| stage.as_deref().is_some_and(|stage| stage.eq_ignore_ascii_case(word)))
            .or_else(|| word.strip_prefix("stage-")?.parse().ok())?,
    };
    let steps: Vec<&Written> = all.iter().filter(|one| one.stage == stage && one.step).collect();
    if steps.len() == total {
        return steps.get(number).filter(|one| one.keyword == keyword).map(|one| one.line);
    }
    // Counted otherwise than by this builder: only a text that stands there once is certain.
    let mut fitting = all.iter().filter(|one| one.stage == stage && one.text.eq_ignore_ascii_case(&said));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Some(one.line),
        _ => None,
    }
}

/// The instructions in order, and the names of the stages.
fn instructions(text: &str) -> Option<(Vec<Written>, Vec<Option<String>>)> {
    let parsed = parse_dockerfile::parse(text).ok()?;
    let mut stages: Vec<Option<String>> = Vec::new();
    let mut all: Vec<Written> = Vec::new();
    let starts: Vec<usize> = parsed.instructions.iter().map(start).collect();
    for (index, instruction) in parsed.instructions.iter().enumerate() {
        let begin = *starts.get(index)?;
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        let source = text.get(begin..end)?;
        let step = match instruction {
            Instruction::From(from) => {
                let image: &str = &from.image.value;
                let earlier = stages.iter().flatten().any(|stage| stage.eq_ignore_ascii_case(image));
                stages.push(from.as_.as_ref().map(|(_, name)| name.value.to_string()));
                // A stage on nothing, or on another one, has no step for its base.
                !earlier && image != "scratch"
            }
            Instruction::Run(_) | Instruction::Copy(_) | Instruction::Add(_) | Instruction::Workdir(_) => {
                true
            }
            _ => false,
        };
        let text_of_it = one_line(source);
        all.push(Written {
            stage: stages.len().saturating_sub(1),
            line: text.get(..begin)?.matches('\n').count() + 1,
            keyword: text_of_it.split(' ').next().unwrap_or_default().to_ascii_uppercase(),
            text: text_of_it,
            step,
        });
    }
    Some((all, stages))
}

/// An instruction on one line: without what continues it, the comments inside it, and double spaces.
fn one_line(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = lines.flat_map(|line| line.trim_end().trim_end_matches('\\').split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# syntax=docker/dockerfile:1
ARG BASE=debian
FROM golang AS build
WORKDIR /src
ENV A=1
# the module first
COPY go.mod .
RUN go build \\
    -o /app
RUN go build \\
    -o /app

FROM build AS tested
RUN <<EOF
go test ./...
EOF

FROM scratch
COPY --from=build /app /app
";

    #[test]
    fn buildkits_steps_are_counted_stage_by_stage() {
        for (name, line) in [
            ("[build 1/5] FROM docker.io/library/golang", Some(3)),
            ("[build 2/5] WORKDIR /src", Some(4)),
            ("[build 3/5] COPY go.mod .", Some(7)),
            ("[build 4/5] RUN go build     -o /app", Some(8)),
            ("[linux/amd64 build 5/5] RUN go build     -o /app", Some(10)),
            ("[tested 1/1] RUN <<EOF (go test ./...)", Some(14)),
            ("[stage-2 1/1] COPY --from=build /app /app", Some(19)),
            ("[stage-2 1/1] RUN make", None),
            // Counted otherwise: twice the same text could be either.
            ("[build 4/7] RUN go build     -o /app", None),
            ("[build 3/7] COPY go.mod .", Some(7)),
            ("exporting to image", None),
            ("[internal] load metadata", None),
        ] {
            assert_eq!(line_of_step(FILE, name), line, "{name}");
        }
    }

    #[test]
    fn the_classic_builder_counts_every_instruction() {
        let text = "FROM busybox\nENV A=1\n\nRUN false\nCMD [\"a\"]\n";
        assert_eq!(line_of_step(text, "[3/4] RUN false"), Some(4));
        assert_eq!(line_of_step(text, "[2/4] RUN false"), None);
        // BuildKit, of the same file: the variable and the command are no steps.
        assert_eq!(line_of_step(text, "[2/2] RUN false"), Some(4));
        assert_eq!(line_of_step("", "[2/2] RUN false"), None);
    }
}
