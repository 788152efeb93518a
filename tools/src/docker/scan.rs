//! Vulnerabilities of an image, by whichever scanner is installed: how it is asked, and what its JSON says.

use serde_json::Value;

use crate::process;
use crate::severity::Severity;

/// A scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scanner {
    /// Aqua's trivy.
    Trivy,
    /// Anchore's grype.
    Grype,
}

/// A known weakness of a package in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vulnerability {
    /// Its number, such as `CVE-2024-1234`.
    pub id: String,
    /// The package it is in.
    pub package: String,
    /// The version that is installed.
    pub installed: String,
    /// The version that mends it; empty when there is none.
    pub fixed: String,
    /// How bad the scanner calls it, in capitals.
    pub severity: String,
}

impl Vulnerability {
    /// Its place among the severities, the worst the highest.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self.severity.as_str() {
            "CRITICAL" => 4,
            "HIGH" => 3,
            "MEDIUM" => 2,
            "LOW" | "NEGLIGIBLE" => 1,
            _ => 0,
        }
    }

    /// The same in shipmate's own words.
    #[must_use]
    pub fn level(&self) -> Severity {
        match self.rank() {
            4 => Severity::Critical,
            3 => Severity::Error,
            2 => Severity::Warning,
            _ => Severity::Info,
        }
    }
}

impl Scanner {
    /// The scanner that is installed, the first of trivy and grype.
    #[must_use]
    pub fn installed() -> Option<Self> {
        process::installed(&["trivy", "grype"])
            .map(|name| if name == "trivy" { Self::Trivy } else { Self::Grype })
    }

    /// Its program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Trivy => "trivy",
            Self::Grype => "grype",
        }
    }

    /// Its arguments to scan `image`; `as_json` for reading, otherwise for people.
    #[must_use]
    pub fn arguments(self, image: &str, as_json: bool) -> Vec<String> {
        let words: &[&str] = match (self, as_json) {
            (Self::Trivy, true) => &["image", "--quiet", "--scanners=vuln", "--format=json", image],
            (Self::Trivy, false) => &["image", "--scanners=vuln", image],
            (Self::Grype, true) => &[image, "--quiet", "--output=json"],
            (Self::Grype, false) => &[image],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// What its JSON says, worst first, each weakness of a package once.
    #[must_use]
    pub fn read(self, report: &Value) -> Vec<Vulnerability> {
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let mut found: Vec<Vulnerability> = match self {
            Self::Trivy => list(report.get("Results"))
                .iter()
                .flat_map(|result| list(result.get("Vulnerabilities")))
                .map(|one| Vulnerability {
                    id: text(&one, "/VulnerabilityID"),
                    package: text(&one, "/PkgName"),
                    installed: text(&one, "/InstalledVersion"),
                    fixed: text(&one, "/FixedVersion"),
                    severity: text(&one, "/Severity").to_ascii_uppercase(),
                })
                .collect(),
            Self::Grype => list(report.get("matches"))
                .iter()
                .map(|one| Vulnerability {
                    id: text(one, "/vulnerability/id"),
                    package: text(one, "/artifact/name"),
                    installed: text(one, "/artifact/version"),
                    fixed: text(one, "/vulnerability/fix/versions/0"),
                    severity: text(one, "/vulnerability/severity").to_ascii_uppercase(),
                })
                .collect(),
        };
        found.sort_by(|a, b| {
            b.rank()
                .cmp(&a.rank())
                .then_with(|| (&a.package, &a.id, &a.installed).cmp(&(&b.package, &b.id, &b.installed)))
        });
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_scanners_are_read_alike() {
        let trivy = json!({"Results": [{"Vulnerabilities": [
            {"VulnerabilityID": "CVE-1", "PkgName": "zlib", "InstalledVersion": "1", "Severity": "LOW"},
            {"VulnerabilityID": "CVE-2", "PkgName": "openssl", "InstalledVersion": "3.0", "FixedVersion": "3.1",
             "Severity": "CRITICAL"},
        ]}, {"Target": "x"}]});
        let grype = json!({"matches": [
            {"vulnerability": {"id": "CVE-1", "severity": "Low", "fix": {"versions": []}},
             "artifact": {"name": "zlib", "version": "1"}},
            {"vulnerability": {"id": "CVE-2", "severity": "Critical", "fix": {"versions": ["3.1"]}},
             "artifact": {"name": "openssl", "version": "3.0"}},
        ]});
        let found = Scanner::Trivy.read(&trivy);
        assert_eq!(found, Scanner::Grype.read(&grype));
        assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["CVE-2", "CVE-1"]);
        assert_eq!(found.first().unwrap().level(), Severity::Critical);
        assert!(Scanner::Trivy.read(&json!({"Results": null})).is_empty());
    }
}
