//! The parsed file as the checks want it: stages with what they are built on and what ends up in the image,
//! variables with their defaults, positions as line numbers.

use parse_dockerfile::{Dockerfile, FromInstruction, Instruction};
use std::collections::BTreeMap;

use super::Finding;

/// Variables BuildKit defines by itself (docs.docker.com/reference/dockerfile, "Automatic platform ARGs in
/// the global scope" and "Predefined ARGs").
const PREDEFINED: [&str; 9] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETSTAGE",
];

/// What a stage is built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Base {
    /// Nothing.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// An image, with its variables filled in.
    Image(String),
    /// A name with a variable that has no default: told at build time.
    Told,
    /// A name with a variable that nothing declares.
    Undeclared(String),
}

/// One stage.
pub(super) struct Stage<'d, 't> {
    pub from: &'d FromInstruction<'t>,
    pub name: Option<String>,
    pub base: Base,
    pub instructions: &'d [Instruction<'t>],
    /// Whether its layers are part of the final image.
    pub shipped: bool,
    /// ARG and ENV values known in this stage.
    pub variables: BTreeMap<String, String>,
}

/// The file.
pub(super) struct File<'d, 't> {
    pub text: &'t str,
    pub parsed: &'d Dockerfile<'t>,
    pub stages: Vec<Stage<'d, 't>>,
    line_starts: Vec<usize>,
}

impl<'d, 't> File<'d, 't> {
    pub(super) fn new(text: &'t str, parsed: &'d Dockerfile<'t>) -> Self {
        let mut globals: BTreeMap<String, Option<String>> = BTreeMap::new();
        for argument in parsed.global_args() {
            for (name, value) in pairs(&argument.arguments.value, false) {
                let value = value.and_then(|value| expand(&value, &known(&globals)).ok());
                globals.insert(name, value);
            }
        }
        let mut stages: Vec<Stage<'d, 't>> = Vec::new();
        for stage in parsed.stages() {
            let base = base(&stage.from.image.value, &stages, &globals);
            let mut variables = match base {
                Base::Stage(index) => {
                    stages.get(index).map(|earlier| earlier.variables.clone()).unwrap_or_default()
                }
                _ => BTreeMap::new(),
            };
            for instruction in stage.instructions {
                declare(instruction, &globals, &mut variables);
            }
            stages.push(Stage {
                from: stage.from,
                name: stage.from.as_.as_ref().map(|(_, name)| name.value.to_ascii_lowercase()),
                base,
                instructions: stage.instructions,
                shipped: false,
                variables,
            });
        }
        let mut next = stages.len().checked_sub(1);
        while let Some(stage) = next.and_then(|index| stages.get_mut(index)) {
            stage.shipped = true;
            next = match stage.base {
                Base::Stage(index) => Some(index),
                _ => None,
            };
        }
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(index, _)| index + 1))
            .collect();
        Self { text, parsed, stages, line_starts }
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// The stages of the final image, the last one first.
    pub(super) fn shipped(&self) -> impl Iterator<Item = &Stage<'d, 't>> {
        self.stages.iter().rev().filter(|stage| stage.shipped)
    }

    /// The earlier stage that a `--from` value or a base names, before the stage `before`.
    pub(super) fn stage_named(&self, name: &str, before: usize) -> Option<usize> {
        stage_named(name, self.stages.get(..before)?)
    }

    /// Whether the author silenced a rule: `# hadolint ignore=…` above the instruction, or `# check=skip=…`.
    pub(super) fn is_silenced(&self, finding: &Finding) -> bool {
        if let Some(check) = &self.parsed.parser_directives.check {
            let skipped = check.value.value.split(';').find_map(|part| part.trim().strip_prefix("skip="));
            if skipped.is_some_and(|list| names_rule(list, finding)) {
                return true;
            }
        }
        // The comment stands above the instruction; the finding may be some lines into it.
        let start = self.instruction_start(finding.line);
        let lines: Vec<&str> = self.text.lines().take(start.saturating_sub(1)).collect();
        lines
            .iter()
            .rev()
            .take_while(|line| line.trim_start().starts_with('#'))
            .filter_map(|line| line.trim_start().trim_start_matches('#').trim().strip_prefix("hadolint"))
            .filter_map(|rest| rest.trim_start().strip_prefix("ignore="))
            .any(|list| names_rule(list, finding))
    }

    fn instruction_start(&self, line: usize) -> usize {
        self.parsed
            .instructions
            .iter()
            .map(|instruction| self.line(start(instruction)))
            .filter(|start| *start <= line)
            .max()
            .unwrap_or(line)
    }
}

fn names_rule(list: &str, finding: &Finding) -> bool {
    list.split(',').map(str::trim).any(|name| {
        name.eq_ignore_ascii_case("all") || name == finding.rule.id || finding.rule.same_as.contains(&name)
    })
}

fn known(globals: &BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
    globals.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
}

fn base(image: &str, stages: &[Stage<'_, '_>], globals: &BTreeMap<String, Option<String>>) -> Base {
    match expand(image, &known(globals)) {
        Ok(image) if image.eq_ignore_ascii_case("scratch") => Base::Scratch,
        Ok(image) => stage_named(&image, stages).map_or(Base::Image(image), Base::Stage),
        Err(name) if globals.contains_key(&name) || PREDEFINED.contains(&name.as_str()) => Base::Told,
        Err(name) => Base::Undeclared(name),
    }
}

fn stage_named(name: &str, stages: &[Stage<'_, '_>]) -> Option<usize> {
    let wanted = name.to_ascii_lowercase();
    stages.iter().rposition(|stage| stage.name.as_deref() == Some(&wanted))
}

fn declare(
    instruction: &Instruction<'_>,
    globals: &BTreeMap<String, Option<String>>,
    variables: &mut BTreeMap<String, String>,
) {
    let (text, is_argument) = match instruction {
        Instruction::Arg(argument) => (&argument.arguments.value, true),
        Instruction::Env(environment) => (&environment.arguments.value, false),
        _ => return,
    };
    for (name, value) in pairs(text, !is_argument) {
        let value = match value {
            Some(value) => expand(&value, variables).ok(),
            None if is_argument => globals.get(&name).cloned().flatten(),
            None => None,
        };
        match value {
            Some(value) => {
                variables.insert(name, value);
            }
            None => {
                variables.remove(&name);
            }
        }
    }
}

/// Names and values of an ARG or ENV: `A=1 B="two words"`. An ENV may also be written `A the rest`.
pub(super) fn pairs(text: &str, may_be_old: bool) -> Vec<(String, Option<String>)> {
    let words = words(text);
    match words.as_slice() {
        [name, rest @ ..] if may_be_old && is_old_form(text) => vec![(name.clone(), Some(rest.join(" ")))],
        words => words
            .iter()
            .map(|word| match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word.clone(), None),
            })
            .collect(),
    }
}

/// Whether an ENV is written as `ENV NAME value`.
pub(super) fn is_old_form(text: &str) -> bool {
    let text = text.trim();
    text.find(char::is_whitespace).is_some_and(|space| !text.get(..space).unwrap_or_default().contains('='))
}

/// Splits at spaces outside quotes and takes the quotes away.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut open) = (None, false);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(end), _) if character == end => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                open = true;
            }
            (None, _) if character.is_whitespace() => {
                if open {
                    words.push(std::mem::take(&mut word));
                    open = false;
                }
            }
            (_, '\\') if quote != Some('\'') => {
                word.extend(characters.next());
                open = true;
            }
            _ => {
                word.push(character);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}

/// Fills in `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`; the error is the first name that has
/// no value.
pub(super) fn expand(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        result.push_str(rest.get(..dollar).unwrap_or_default());
        rest = rest.get(dollar + 1..).unwrap_or_default();
        let (name, fallback, after) = if let Some(inner) = rest.strip_prefix('{') {
            let end = inner.find('}').unwrap_or(inner.len());
            let body = inner.get(..end).unwrap_or_default();
            let after = inner.get(end + 1..).unwrap_or_default();
            match body.find(":-").or_else(|| body.find(":+")) {
                Some(at) => (body.get(..at).unwrap_or_default(), body.get(at + 1..), after),
                None => (body, None, after),
            }
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            (rest.get(..end).unwrap_or_default(), None, rest.get(end..).unwrap_or_default())
        };
        let value = variables.get(name).filter(|value| !value.is_empty());
        match (value, fallback) {
            (Some(_), Some(other)) if other.starts_with('+') => {
                result.push_str(other.get(1..).unwrap_or_default());
            }
            (Some(value), _) => result.push_str(value),
            (None, Some(other)) if other.starts_with('-') => {
                result.push_str(&expand(other.get(1..).unwrap_or_default(), variables)?);
            }
            (None, Some(_)) => {}
            (None, None) if variables.contains_key(name) => {}
            (None, None) => return Err(name.to_owned()),
        }
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

/// Where an instruction starts, as a byte offset.
pub(super) fn start(instruction: &Instruction<'_>) -> usize {
    match instruction {
        Instruction::Add(it) => it.add.span.start,
        Instruction::Arg(it) => it.arg.span.start,
        Instruction::Cmd(it) => it.cmd.span.start,
        Instruction::Copy(it) => it.copy.span.start,
        Instruction::Entrypoint(it) => it.entrypoint.span.start,
        Instruction::Env(it) => it.env.span.start,
        Instruction::Expose(it) => it.expose.span.start,
        Instruction::From(it) => it.from.span.start,
        Instruction::Healthcheck(it) => it.healthcheck.span.start,
        Instruction::Label(it) => it.label.span.start,
        Instruction::Maintainer(it) => it.maintainer.span.start,
        Instruction::Onbuild(it) => it.onbuild.span.start,
        Instruction::Run(it) => it.run.span.start,
        Instruction::Shell(it) => it.shell.span.start,
        Instruction::Stopsignal(it) => it.stopsignal.span.start,
        Instruction::User(it) => it.user.span.start,
        Instruction::Volume(it) => it.volume.span.start,
        Instruction::Workdir(it) => it.workdir.span.start,
        // The library may learn new instructions; a rule never fires on one it does not know.
        _ => 0,
    }
}
