//! `scan_image`: known vulnerabilities of an image, by the scanner that is installed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::scan::Scanner;
use crate::docker::subject;
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Table, View};
use crate::process::{self, Program};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// A scanner fetches its database first, which can be hundreds of megabytes.
const DEADLINE: Duration = Duration::from_secs(600);

const HOW_TO_GET: &str =
    "install trivy (https://trivy.dev), grype (https://github.com/anchore/grype) or docker scout";

/// Rows shown to people.
const MOST_ROWS: usize = 40;

/// Scan an image for known vulnerabilities, with trivy, grype or docker scout.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanImage {
    /// The image, as `name:tag`.
    image: Option<String>,
}

impl Tool for ScanImage {
    const NAME: &'static str = "scan_image";
    const PHRASES: &'static [&'static str] = &[
        "scan [the] [docker|local|container] image {image:image} [for (vulnerabilities|cves|security issues|security problems|known vulnerabilities|security holes)]",
        "scan [the] {image:image} [docker|container] image [for (vulnerabilities|cves|security issues|security problems|known vulnerabilities|security holes)]",
        "(scan|check|examine|audit|test) [the] [docker|container] [image] {image:image} [image] for (vulnerabilities|cves|security issues|security problems|known vulnerabilities|security holes)",
        "[<show>|are there] [any|the|known] (vulnerability|vulnerabilities|cve|cves|security issues|security holes) (in|of|for) [the] [docker|container] [image] {image:image} [image]",
        "(does|do) [the] [docker|container] [image] {image:image} [image] have [any] [known] (vulnerability|vulnerabilities|cve|cves|security issues|security holes)",
        "(vulnerability|security|cve) (scan|check|report) (of|for|on) [the] [docker|container] [image] {image:image} [image]",
        "(run|do|make) a (vulnerability|security|cve) (scan|check) (of|for|on) [the] [docker|container] [image] {image:image} [image]",
        "is [the] [docker|container] image {image:image} (secure|safe|vulnerable)",
        "is [the] {image:image} [docker|container] image (secure|safe|vulnerable)",
        "[run] (trivy|grype) [image|on|against] {image:image}",
        "docker scout (cves|quickview) {image:image}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let image = self.image.clone().unwrap_or_default();
        match Scanner::installed() {
            Some(scanner) => CommandLine::new(scanner.program()).args(scanner.arguments(&image, false)),
            None if process::installed(&["docker-scout"]).is_some() => scout(&image),
            None => CommandLine::new("trivy").args(Scanner::Trivy.arguments(&image, false)),
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Image(&mut self.image)]
    }

    fn check(&self) -> Result<()> {
        subject::image_name(self.image.as_ref()).map(|_| ())
    }
}

fn scout(image: &str) -> CommandLine {
    CommandLine::docker().args(["scout", "cves"]).arg(image)
}

impl ScanImage {
    /// Asks docker's own plugin, whose report is for people alone.
    async fn with_scout(&self, image: &str, world: &ReadWorld) -> Result<Outcome> {
        let program = Program {
            program: PathBuf::from("docker"),
            arguments: ["scout", "cves", image].iter().map(Into::into).collect(),
            folder: world.project().folder().to_owned(),
            how_to_get: HOW_TO_GET,
        };
        let printed = program.run(DEADLINE).await?;
        let lacks =
            printed.stderr.contains("is not a docker command") || printed.stderr.contains("unknown command");
        if !printed.success && lacks {
            return Err(none_installed());
        }
        if !printed.success {
            return Err(failed("docker scout", &printed.stderr));
        }
        Ok(Outcome::sentence(format!("docker scout looked through {image}"))
            .data(json!({"image": image, "scanner": "docker scout", "report": printed.stdout}))
            .view(View::Text(printed.stdout)))
    }
}

fn none_installed() -> crate::error::ToolError {
    Feedback::new(ErrorKind::Unavailable, "no scanner for images is installed").next(HOW_TO_GET).into()
}

fn failed(scanner: &str, stderr: &str) -> crate::error::ToolError {
    let last: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let said = last.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join(" / ");
    Feedback::new(ErrorKind::Other, format!("{scanner} could not scan: {said}"))
        .next("check that the image is here and that the scanner can fetch its database")
        .into()
}

impl ReadTool for ScanImage {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let image = subject::image_name(self.image.as_ref())?;
        let Some(scanner) = Scanner::installed() else {
            return if process::installed(&["docker"]).is_some() {
                self.with_scout(image, world).await
            } else {
                Err(none_installed())
            };
        };
        progress.status(format!("{} looks through {image}", scanner.program()));
        let program = Program {
            program: PathBuf::from(scanner.program()),
            arguments: scanner.arguments(image, true).into_iter().map(Into::into).collect(),
            folder: world.project().folder().to_owned(),
            how_to_get: HOW_TO_GET,
        };
        let printed = program.run(DEADLINE).await?;
        if !printed.success {
            return Err(failed(scanner.program(), &printed.stderr));
        }
        let report: Value = serde_json::from_str(&printed.stdout)
            .map_err(|_| failed(scanner.program(), "what it printed is no JSON"))?;
        let found = scanner.read(&report);
        let name = scanner.program();
        let Some(worst) = found.first() else {
            return Ok(Outcome::sentence(format!("{name} knows no vulnerability in {image}"))
                .data(json!({"image": image, "scanner": name, "vulnerabilities": []})));
        };
        let counted: Vec<String> = ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
            .iter()
            .filter_map(|level| {
                let count = found.iter().filter(|one| one.severity == *level).count();
                (count > 0).then(|| format!("{count} {}", level.to_ascii_lowercase()))
            })
            .collect();
        let mendable = found.iter().filter(|one| !one.fixed.is_empty()).count();
        let table = Table {
            columns: ["SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED IN"].map(str::to_owned).to_vec(),
            rows: found
                .iter()
                .take(MOST_ROWS)
                .map(|one| {
                    vec![
                        one.severity.clone(),
                        one.id.clone(),
                        one.package.clone(),
                        one.installed.clone(),
                        one.fixed.clone(),
                    ]
                })
                .collect(),
        };
        let data = found.iter().map(|one| {
            json!({"id": one.id, "severity": one.severity, "package": one.package, "installed": one.installed,
                "fixed": one.fixed})
        });
        let data = json!({"image": image, "scanner": name, "vulnerabilities": data.collect::<Vec<_>>()});
        let mut outcome = Outcome::sentence(format!(
            "{} vulnerabilities in {image}: {}; a newer version mends {mendable}",
            found.len(),
            counted.join(", ")
        ))
        .view(View::Tables(vec![(String::new(), table)]))
        .data(data);
        outcome.severity =
            serde_json::to_value(worst.level()).ok().and_then(|level| level.as_str().map(str::to_owned));
        Ok(if found.len() > MOST_ROWS {
            outcome.note(format!("the worst {MOST_ROWS} of {} are shown; `-o json` has all", found.len()))
        } else {
            outcome
        })
    }
}

pub(crate) static TOOL: Reader<ScanImage> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_never_a_flag() {
        let scan = |image: &str| ScanImage { image: Some(image.to_owned()) };
        assert!(scan("--input=/etc/passwd").check().is_err());
        assert!(scan("web:1").check().is_ok());
        assert!(scan("web:1").command().to_string().ends_with("web:1"));
    }
}
