//! RUN: package managers, downloads, permissions.

use parse_dockerfile::{Flag, Instruction, RunInstruction};

use super::file::{File, Stage};
use super::shell::{self, Joined, Simple};
use super::{Finding, find};

pub(super) fn check(file: &File<'_, '_>, findings: &mut Vec<Finding>) {
    for stage in &file.stages {
        let mut pipefail = false;
        for instruction in stage.instructions {
            match instruction {
                Instruction::Shell(shell) => {
                    pipefail = shell.arguments.iter().any(|word| word.value.contains("pipefail"))
                        || shell.arguments.first().is_some_and(|word| {
                            let lower = word.value.to_ascii_lowercase();
                            lower.contains("powershell") || lower.contains("pwsh") || lower.contains("cmd")
                        });
                }
                Instruction::Run(run) => run_findings(file, stage, run, pipefail, findings),
                Instruction::Onbuild(onbuild) => {
                    if let Instruction::Run(run) = onbuild.instruction.as_ref() {
                        run_findings(file, stage, run, pipefail, findings);
                    }
                }
                _ => {}
            }
        }
    }
}

fn run_findings(
    file: &File<'_, '_>,
    stage: &Stage<'_, '_>,
    run: &RunInstruction<'_>,
    pipefail: bool,
    findings: &mut Vec<Finding>,
) {
    let commands = shell::run_commands(file.text, run);
    let pipefail = pipefail
        || commands.iter().any(|command| {
            command.program() == "set" && command.arguments().any(|word| word.contains("pipefail"))
        });
    for (index, command) in commands.iter().enumerate() {
        let line = file.line(command.offset());
        let before = index.checked_sub(1).and_then(|before| commands.get(before));
        if command.uses_sudo() {
            findings.extend(find("sudo", line, format!("sudo runs {}", command.program())));
        }
        if command.joined == Joined::Pipe {
            pipe(command, before, line, pipefail, findings);
        }
        if command.program() == "chmod"
            && command.operands().any(|word| {
                matches!(word, "777" | "0777" | "1777" | "a+rwx" | "ugo+rwx" | "a+w" | "o+w" | "666" | "0666")
            })
        {
            // /tmp is meant to be 1777.
            let shared =
                command.operands().any(|word| word.starts_with("/tmp") || word.starts_with("/var/tmp"));
            if !shared {
                findings.extend(find("chmod-777", line, "everybody in the container may write there"));
            }
        }
        packages(stage, run, command, &commands, line, findings);
        languages(stage, run, command, line, findings);
    }
}

fn pipe(command: &Simple, before: Option<&Simple>, line: usize, pipefail: bool, findings: &mut Vec<Finding>) {
    let downloads = before.is_some_and(|before| matches!(before.program(), "curl" | "wget"));
    let interprets = matches!(
        command.program(),
        "sh" | "bash" | "ash" | "dash" | "zsh" | "python" | "python3" | "perl" | "ruby" | "node"
    );
    if downloads && interprets {
        findings.extend(find(
            "pipe-to-shell",
            line,
            format!("what was downloaded goes straight into {}", command.program()),
        ));
    }
    if !pipefail {
        let failing = before.map_or("the first command", |before| before.program());
        findings.extend(find("pipe-hides-failure", line, format!("a failure of {failing} goes unnoticed")));
    }
}

fn has_cache_mount(options: &[Flag<'_>], folder: &str) -> bool {
    options.iter().filter(|flag| flag.name.value == "mount").filter_map(|flag| flag.value.as_ref()).any(
        |value| {
            let value = value.value.as_ref();
            (value.contains("type=cache") || value.contains("type=tmpfs")) && value.contains(folder)
        },
    )
}

fn removes(commands: &[Simple], folder: &str) -> bool {
    commands
        .iter()
        .any(|command| command.program() == "rm" && command.operands().any(|word| word.starts_with(folder)))
}

fn packages(
    stage: &Stage<'_, '_>,
    run: &RunInstruction<'_>,
    command: &Simple,
    commands: &[Simple],
    line: usize,
    findings: &mut Vec<Finding>,
) {
    let program = command.program();
    let action = command.operands().next();
    match program {
        "apt-get" | "apt" => {
            if program == "apt" && matches!(action, Some("install" | "update" | "upgrade" | "remove")) {
                findings.extend(find("apt-command", line, "apt is not made for scripts"));
            }
            let installs = |one: &Simple| {
                matches!(one.program(), "apt-get" | "apt")
                    && one.operands().any(|word| {
                        matches!(word, "install" | "upgrade" | "dist-upgrade" | "full-upgrade" | "build-dep")
                    })
            };
            if action == Some("update") && !commands.iter().any(installs) {
                findings.extend(find("apt-update-alone", line, "the list is cached without what it is for"));
            }
            // `-o name=value` may stand before the action.
            if !command.operands().any(|word| word == "install") {
                return;
            }
            let confirmed = command.has_flag("--yes", Some('y'))
                || command.has_flag("--assume-yes", None)
                || command.arguments().any(|word| word == "-qq");
            if !confirmed {
                findings.extend(find("install-unconfirmed", line, format!("{program} install without -y")));
            }
            if stage.shipped {
                let recommends = command.has_flag("--no-install-recommends", None)
                    || command.arguments().any(|word| word.contains("Install-Recommends"));
                if !recommends {
                    findings.extend(find("apt-recommends", line, "recommended packages come along"));
                }
                if !removes(commands, "/var/lib/apt") && !has_cache_mount(&run.options, "/var/lib/apt") {
                    findings.extend(find("apt-lists-kept", line, "the package lists stay in the layer"));
                }
            }
            unpinned(command, "install", &["="], line, findings);
        }
        "apk" if command.operands().any(|word| word == "add") => {
            let clean = command.has_flag("--no-cache", None)
                || removes(commands, "/var/cache/apk")
                || has_cache_mount(&run.options, "/var/cache/apk")
                || has_cache_mount(&run.options, "/etc/apk");
            if stage.shipped && !clean {
                findings.extend(find("apk-cache-kept", line, "the package index stays in the layer"));
            }
            unpinned(command, "add", &["=", "~", "<", ">"], line, findings);
        }
        "yum" | "dnf" | "microdnf" | "zypper" if matches!(action, Some("install" | "in")) => {
            let confirmed = command.has_flag("--assumeyes", Some('y'))
                || command.has_flag("--non-interactive", Some('n'))
                || program == "microdnf";
            if !confirmed {
                findings.extend(find("install-unconfirmed", line, format!("{program} install without -y")));
            }
            let clean = commands
                .iter()
                .any(|one| one.program() == program && one.operands().any(|word| word == "clean"))
                || removes(commands, "/var/cache")
                || has_cache_mount(&run.options, "/var/cache");
            if stage.shipped && !clean {
                findings.extend(find(
                    "yum-cache-kept",
                    line,
                    format!("{program}'s cache stays in the layer"),
                ));
            }
        }
        _ => {}
    }
}

fn languages(
    stage: &Stage<'_, '_>,
    run: &RunInstruction<'_>,
    command: &Simple,
    line: usize,
    findings: &mut Vec<Finding>,
) {
    let mut operands = command.operands();
    let action = operands.next();
    match command.program() {
        "pip" | "pip3" if action == Some("install") => pip(stage, run, command, line, findings),
        // `python -m pip install`: the module's name is the first operand.
        "python" | "python3" if action == Some("pip") && operands.next() == Some("install") => {
            pip(stage, run, command, line, findings);
        }
        "npm" if matches!(action, Some("install" | "i")) => {
            let packages: Vec<&str> = operands.collect();
            if packages.is_empty() {
                findings.extend(find("npm-install", line, "npm install without a package's name"));
            } else {
                unpinned_names(
                    packages.into_iter().filter(|name| !name.get(1..).unwrap_or_default().contains('@')),
                    line,
                    findings,
                );
            }
        }
        _ => {}
    }
}

fn pip(
    stage: &Stage<'_, '_>,
    run: &RunInstruction<'_>,
    command: &Simple,
    line: usize,
    findings: &mut Vec<Finding>,
) {
    let told = stage.variables.get("PIP_NO_CACHE_DIR").is_some_and(|value| {
        !matches!(value.to_ascii_lowercase().as_str(), "" | "false" | "no" | "off" | "0")
    });
    let clean = command.has_flag("--no-cache-dir", None)
        || told
        || has_cache_mount(&run.options, "cache/pip")
        || has_cache_mount(&run.options, "/root/.cache");
    if stage.shipped && !clean {
        findings.extend(find("pip-cache-kept", line, "pip's downloads stay in the layer"));
    }
    let from_file = command.has_flag("--requirement", Some('r'))
        || command.has_flag("--constraint", Some('c'))
        || command.has_flag("--editable", Some('e'));
    if !from_file {
        unpinned(command, "install", &["=", "<", ">", "@", "/", "."], line, findings);
    }
}

/// Names after `action` that hold none of the `marks` a version is written with.
fn unpinned(command: &Simple, action: &str, marks: &[&str], line: usize, findings: &mut Vec<Finding>) {
    let names = command
        .operands()
        .skip_while(|word| *word != action)
        .skip(1)
        .filter(|word| !marks.iter().any(|mark| word.contains(mark)) && !word.contains(['$', '/', '>']));
    unpinned_names(names, line, findings);
}

fn unpinned_names<'a>(names: impl Iterator<Item = &'a str>, line: usize, findings: &mut Vec<Finding>) {
    let names: Vec<&str> = names.filter(|name| !name.starts_with('.')).collect();
    if !names.is_empty() {
        let shown = names.iter().take(4).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 4 { format!(" and {} more", names.len() - 4) } else { String::new() };
        findings.extend(find("packages-unpinned", line, format!("no version for {shown}{more}")));
    }
}
