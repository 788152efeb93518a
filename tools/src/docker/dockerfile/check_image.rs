//! What the finished image does: as whom it runs, how it starts and stops, what it carries along.

use parse_dockerfile::{Command, Instruction};

use super::check_base::tag;
use super::file::{Base, File, Stage, expand, is_old_form, start};
use super::shell;
use super::{Finding, find};

pub(super) fn check(file: &File<'_, '_>, findings: &mut Vec<Finding>) {
    user(file, findings);
    health(file, findings);
    tools(file, findings);
    for stage in &file.stages {
        entry(file, stage, findings);
        let mut absolute = matches!(stage.base, Base::Stage(_));
        for instruction in stage.instructions {
            let line = file.line(start(instruction));
            match instruction {
                Instruction::Workdir(workdir) => {
                    let path = workdir.arguments.value.trim_matches(['"', '\'']);
                    let path = expand(path, &stage.variables).unwrap_or_else(|_| "/".to_owned());
                    let windows = path.chars().nth(1) == Some(':');
                    if path.starts_with(['/', '\\']) || windows {
                        absolute = true;
                    } else if !absolute {
                        findings.extend(find(
                            "workdir-relative",
                            line,
                            format!("WORKDIR {path} is relative"),
                        ));
                    }
                }
                Instruction::Maintainer(_) => {
                    findings.extend(find("maintainer", line, "MAINTAINER is deprecated"));
                }
                Instruction::Env(environment) if is_old_form(&environment.arguments.value) => {
                    findings.extend(find("env-old-form", line, "ENV is written without ="));
                }
                Instruction::Expose(expose) => {
                    for port in &expose.arguments {
                        if !is_port(&port.value) {
                            let line = file.line(port.span.start);
                            findings.extend(find(
                                "exposed-port-invalid",
                                line,
                                format!("{} is no port", port.value),
                            ));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_port(text: &str) -> bool {
    if text.contains('$') {
        return true;
    }
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    matches!(protocol.to_ascii_lowercase().as_str(), "tcp" | "udp" | "sctp")
        && ports.split('-').all(|port| port.parse::<u16>().is_ok_and(|number| number > 0))
}

fn user(file: &File<'_, '_>, findings: &mut Vec<Finding>) {
    let last = file.shipped().find_map(|stage| {
        stage.instructions.iter().rev().find_map(|instruction| match instruction {
            Instruction::User(user) => Some((stage, user)),
            _ => None,
        })
    });
    if let Some((stage, user)) = last {
        let value = user.arguments.value.trim_matches(['"', '\'']);
        let value = expand(value, &stage.variables).unwrap_or_else(|_| value.to_owned());
        let name = value.split(':').next().unwrap_or_default();
        if matches!(name, "root" | "0") {
            let line = file.line(user.user.span.start);
            findings.extend(find(
                "runs-as-root",
                line,
                format!("runs as root, because the last USER is {value}"),
            ));
        }
        return;
    }
    let Some(bottom) = file.shipped().last() else { return };
    if let Base::Image(image) = &bottom.base
        && says_it_has_a_user(image)
    {
        return;
    }
    let Some(top) = file.shipped().next() else { return };
    let line = file.line(top.from.from.span.start);
    let message = if bottom.base == Base::Scratch {
        "runs as root, because no USER is set"
    } else {
        "runs as root, because no USER is set and base images rarely set one"
    };
    findings.extend(find("runs-as-root", line, message));
}

/// Base images that say in their name that they run as another user: `…:nonroot` (distroless), `-unprivileged`
/// (NGINX), `rootless`.
fn says_it_has_a_user(image: &str) -> bool {
    ["nonroot", "unprivileged", "rootless"].iter().any(|word| image.contains(word))
}

fn health(file: &File<'_, '_>, findings: &mut Vec<Finding>) {
    let has = file.shipped().any(|stage| {
        stage.instructions.iter().any(|instruction| matches!(instruction, Instruction::Healthcheck(_)))
    });
    if let Some(top) = file.shipped().next()
        && !has
    {
        let line = file.line(top.from.from.span.start);
        findings.extend(find("no-healthcheck", line, "no HEALTHCHECK tells Docker whether it works"));
    }
}

fn entry(file: &File<'_, '_>, stage: &Stage<'_, '_>, findings: &mut Vec<Finding>) {
    let (mut commands, mut entrypoints, mut checks) = (0, 0, 0);
    for instruction in stage.instructions {
        let line = file.line(start(instruction));
        let (count, rule, word, command) = match instruction {
            Instruction::Cmd(it) => (&mut commands, "several-cmd", "CMD", Some(&it.arguments)),
            Instruction::Entrypoint(it) => {
                (&mut entrypoints, "several-entrypoint", "ENTRYPOINT", Some(&it.arguments))
            }
            Instruction::Healthcheck(_) => (&mut checks, "several-healthcheck", "HEALTHCHECK", None),
            _ => continue,
        };
        *count += 1;
        if *count > 1 {
            findings.extend(find(rule, line, format!("this is {word} number {count} of its stage")));
        }
        // With `exec` the shell is replaced by the program, so signals arrive.
        if let Some(Command::Shell(text)) = command
            && !text.value.trim_start().starts_with("exec ")
            && stage.shipped
        {
            findings.extend(find("shell-form", line, format!("{word} is in shell form")));
        }
    }
}

/// Base images that are toolchains, by the last part of their name.
const TOOLCHAINS: [&str; 9] =
    ["golang", "rust", "maven", "gradle", "gcc", "sdk", "haskell", "swift", "buildpack-deps"];

/// Packages that only a build needs.
const BUILD_PACKAGES: [&str; 13] = [
    "build-essential",
    "build-base",
    "gcc",
    "g++",
    "clang",
    "make",
    "cmake",
    "musl-dev",
    "python3-dev",
    "libpq-dev",
    "rustc",
    "cargo",
    "golang",
];

fn tools(file: &File<'_, '_>, findings: &mut Vec<Finding>) {
    for stage in file.shipped() {
        if let Base::Image(image) = &stage.base {
            let path = image.split('@').next().unwrap_or(image);
            let name = path.rsplit('/').next().unwrap_or(path);
            let name = name.split(':').next().unwrap_or(name);
            let full_jdk = tag(image).is_some_and(|tag| tag.contains("jdk"));
            if TOOLCHAINS.contains(&name) || full_jdk {
                let line = file.line(stage.from.from.span.start);
                findings.extend(find(
                    "tools-in-image",
                    line,
                    format!("the image is built on {image}, which carries a whole toolchain"),
                ));
            }
        }
        for instruction in stage.instructions {
            let Instruction::Run(run) = instruction else { continue };
            let commands = shell::run_commands(file.text, run);
            // Installed, used and removed in one layer is how small single-stage images are made.
            let removed = commands.iter().any(|command| {
                command.operands().any(|word| matches!(word, "purge" | "remove" | "autoremove" | "del"))
            });
            for command in &commands {
                let installs = command.operands().any(|word| matches!(word, "install" | "add"))
                    && matches!(
                        command.program(),
                        "apt-get" | "apt" | "apk" | "yum" | "dnf" | "microdnf" | "zypper"
                    );
                let packages: Vec<&str> =
                    command.operands().filter(|word| BUILD_PACKAGES.contains(word)).collect();
                let line = file.line(command.offset());
                if installs && !removed && !packages.is_empty() {
                    findings.extend(find(
                        "tools-in-image",
                        line,
                        format!("{} stays in the image", packages.join(", ")),
                    ));
                }
                if compiles(command) {
                    findings.extend(find(
                        "tools-in-image",
                        line,
                        format!("{} builds in the stage that is shipped", command.program()),
                    ));
                }
            }
        }
    }
}

fn compiles(command: &shell::Simple) -> bool {
    let mut operands = command.operands();
    match command.program() {
        "npm" | "yarn" | "pnpm" | "bun" => match operands.next() {
            Some("run") => operands.next() == Some("build"),
            Some("build") => command.program() != "npm",
            _ => false,
        },
        "cargo" | "go" => operands.next() == Some("build"),
        "mvn" | "mvnw" | "gradle" | "gradlew" => {
            operands.any(|word| matches!(word, "package" | "install" | "build" | "bootJar"))
        }
        "dotnet" => operands.next() == Some("publish"),
        _ => false,
    }
}
