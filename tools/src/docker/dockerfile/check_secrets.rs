//! Secrets: in variables, in instructions, in files that are copied. A message names the variable or the
//! file, never the value.

use parse_dockerfile::{Instruction, Source};

use crate::gate::{is_sensitive_name, redact};

use super::file::{File, is_old_form, pairs, start};
use super::{Finding, find};

pub(super) fn check(file: &File<'_, '_>, findings: &mut Vec<Finding>) {
    for (index, instruction) in file.parsed.instructions.iter().enumerate() {
        let line = file.line(start(instruction));
        let (word, text, old) = match instruction {
            Instruction::Arg(it) => ("ARG", &it.arguments.value, false),
            Instruction::Env(it) => ("ENV", &it.arguments.value, is_old_form(&it.arguments.value)),
            Instruction::Copy(it) => {
                if !it.options.iter().any(|flag| flag.name.value == "from") {
                    files(file, &it.src, findings);
                }
                continue;
            }
            Instruction::Add(it) => {
                files(file, &it.src, findings);
                continue;
            }
            _ => {
                let end = file.parsed.instructions.get(index + 1).map_or(file.text.len(), start);
                let code = file.text.get(start(instruction)..end).unwrap_or_default();
                for (offset, part) in code.lines().enumerate() {
                    if !part.trim_start().starts_with('#') && redact(part) != part {
                        findings.extend(find(
                            "secret-in-instruction",
                            line + offset,
                            "something that looks like a password, key or token stands here",
                        ));
                    }
                }
                continue;
            }
        };
        for (name, value) in pairs(text, old) {
            // An empty ENV tells which variable is expected; an ARG without a value is filled at build time,
            // and its value stays in the image's history.
            let holds = value.as_deref().map_or(word == "ARG", |value| !value.is_empty());
            let by_shape = value.as_deref().is_some_and(|value| redact(value) != value);
            if (is_sensitive_name(&name) && holds) || by_shape {
                findings.extend(find(
                    "secret-in-variable",
                    line,
                    format!("{word} {name} puts a secret into the image"),
                ));
            }
        }
    }
}

fn files(file: &File<'_, '_>, sources: &[Source<'_>], findings: &mut Vec<Finding>) {
    for source in sources {
        if let Source::Path(path) = source
            && is_secret_file(&path.value)
        {
            let line = file.line(path.span.start);
            findings.extend(find(
                "secret-file-copied",
                line,
                format!("{} usually holds secrets", path.value),
            ));
        }
    }
}

/// Whether a path's name is one that secrets are kept under.
#[must_use]
pub(crate) fn is_secret_file(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let example = ["example", "sample", "template", "dist"].iter().any(|word| name.contains(word));
    if example || name.ends_with(".pub") {
        return false;
    }
    name == ".env"
        || name.starts_with(".env.")
        || matches!(
            name,
            "id_rsa"
                | "id_dsa"
                | "id_ecdsa"
                | "id_ed25519"
                | ".netrc"
                | ".npmrc"
                | ".pypirc"
                | ".pgpass"
                | ".git-credentials"
                | ".ssh"
                | ".aws"
                | ".kube"
                | "kubeconfig"
                | "credentials.json"
                | "service-account.json"
        )
        || [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore"].iter().any(|end| name.ends_with(end))
}
