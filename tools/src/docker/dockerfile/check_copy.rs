//! COPY and ADD: what they bring in, from where, and whether they spoil the build cache.

use parse_dockerfile::{Flag, Instruction, Source};

use super::file::{Base, File, Stage};
use super::shell::{self, Simple};
use super::{Finding, Surroundings, find};

pub(super) fn check(file: &File<'_, '_>, surroundings: Surroundings, findings: &mut Vec<Finding>) {
    let mut whole_context = None;
    for (index, stage) in file.stages.iter().enumerate() {
        cache_order(file, stage, findings);
        for instruction in stage.instructions {
            let (sources, target, options, offset, is_add) = match instruction {
                Instruction::Copy(it) => (&it.src, &it.dest, &it.options, it.copy.span.start, false),
                Instruction::Add(it) => (&it.src, &it.dest, &it.options, it.add.span.start, true),
                _ => continue,
            };
            let line = file.line(offset);
            if sources.len() > 1 && !is_folder(&target.value) {
                findings.extend(find(
                    "copy-needs-slash",
                    line,
                    format!("{} sources go to {}, which does not end with /", sources.len(), target.value),
                ));
            }
            if is_add {
                additions(file, sources, options, findings);
            }
            match option(options, "from") {
                Some(from) => unknown_stage(file, index, from, line, findings),
                None if paths(sources).any(is_whole_context) => {
                    whole_context.get_or_insert(line);
                }
                None => {}
            }
        }
    }
    if let Some(line) = whole_context
        && !surroundings.ignore_file
    {
        findings.extend(find(
            "no-ignore-file",
            line,
            "the whole context goes in, and there is no .dockerignore",
        ));
    }
}

fn option<'a>(options: &'a [Flag<'_>], name: &str) -> Option<&'a str> {
    options.iter().find(|flag| flag.name.value == name)?.value.as_ref().map(|value| value.value.as_ref())
}

fn paths<'a>(sources: &'a [Source<'_>]) -> impl Iterator<Item = &'a str> {
    sources.iter().filter_map(|source| match source {
        Source::Path(path) => Some(path.value.as_ref()),
        _ => None,
    })
}

fn is_whole_context(path: &str) -> bool {
    matches!(path, "." | "./" | "/" | "*" | "./*")
}

fn is_folder(target: &str) -> bool {
    target.ends_with(['/', '\\']) || matches!(target, "." | "..") || target.contains('$')
}

fn additions(file: &File<'_, '_>, sources: &[Source<'_>], options: &[Flag<'_>], findings: &mut Vec<Finding>) {
    for source in sources {
        let Source::Path(path) = source else { continue };
        let line = file.line(path.span.start);
        let value = path.value.as_ref();
        let lower = value.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            if option(options, "checksum").is_none() && !lower.trim_end_matches('/').ends_with(".git") {
                findings.extend(find(
                    "add-unverified-download",
                    line,
                    "what it downloads is not compared with a checksum",
                ));
            }
        } else if !is_archive(&lower) && !lower.starts_with("git@") && !lower.contains('$') {
            findings.extend(find("add-instead-of-copy", line, format!("ADD {value} only copies")));
        }
    }
}

fn is_archive(path: &str) -> bool {
    [".tar", ".tgz", ".txz", ".tbz2", ".gz", ".xz", ".bz2", ".zst"].iter().any(|end| path.ends_with(end))
}

fn unknown_stage(file: &File<'_, '_>, index: usize, from: &str, line: usize, findings: &mut Vec<Finding>) {
    if from.contains('$') || file.stage_named(from, index).is_some() {
        return;
    }
    if let Ok(number) = from.parse::<usize>() {
        if number >= index {
            findings.extend(find(
                "copy-from-unknown",
                line,
                format!("--from={from} is not one of the {index} stages before this one"),
            ));
        }
        return;
    }
    let later = file.stages.iter().any(|stage| stage.name.as_deref() == Some(&from.to_ascii_lowercase()));
    if later {
        findings.extend(find(
            "copy-from-unknown",
            line,
            format!("the stage {from} does not come before this one"),
        ));
    } else if !from.contains([':', '@', '/']) {
        findings.extend(find(
            "copy-from-unknown",
            line,
            format!("no stage is called {from}, so an image {from}:latest is pulled"),
        ));
    }
}

/// Everything copied, then dependencies installed: each source change installs them again.
fn cache_order(file: &File<'_, '_>, stage: &Stage<'_, '_>, findings: &mut Vec<Finding>) {
    let mut copied = None;
    for instruction in stage.instructions {
        match instruction {
            Instruction::Copy(it)
                if option(&it.options, "from").is_none() && paths(&it.src).any(is_whole_context) =>
            {
                copied.get_or_insert(file.line(it.copy.span.start));
            }
            Instruction::Add(it) if paths(&it.src).any(is_whole_context) => {
                copied.get_or_insert(file.line(it.add.span.start));
            }
            Instruction::Run(run) => {
                let Some(line) = copied else { continue };
                let cached = run
                    .options
                    .iter()
                    .any(|flag| flag.value.as_ref().is_some_and(|value| value.value.contains("type=cache")));
                let commands = shell::run_commands(file.text, run);
                if let Some(command) = commands.iter().find(|command| installs_dependencies(command))
                    && !cached
                    && stage.base != Base::Scratch
                {
                    findings.extend(find(
                        "copy-before-install",
                        line,
                        format!(
                            "any changed file makes `{}` on line {} run again",
                            command.program(),
                            file.line(command.offset())
                        ),
                    ));
                    return;
                }
            }
            _ => {}
        }
    }
}

fn installs_dependencies(command: &Simple) -> bool {
    let mut operands = command.operands();
    let first = operands.next();
    match command.program() {
        "npm" => matches!(first, Some("ci" | "install" | "i")),
        "yarn" => matches!(first, None | Some("install")),
        "pnpm" | "bun" | "bundle" | "composer" | "poetry" | "pipenv" => {
            matches!(first, Some("install" | "i"))
        }
        "uv" => matches!(first, Some("sync")),
        // `pip install .` installs the source itself.
        "pip" | "pip3" => first == Some("install") && command.has_flag("--requirement", Some('r')),
        "go" => first == Some("mod") && operands.next() == Some("download"),
        "cargo" => first == Some("fetch"),
        "apt-get" | "apt" => first == Some("install") || operands.next() == Some("install"),
        "apk" => first == Some("add"),
        "dotnet" => first == Some("restore"),
        _ => false,
    }
}
