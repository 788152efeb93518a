//! What Helm says when it fails, as one of our errors: its own message without the noise around it, with a
//! next step where one is known.

use crate::error::{ErrorKind, Feedback, ToolError};
use crate::process::Printed;

/// Helm's message: its error without the prefixes, warnings about file modes and log lines around it.
#[must_use]
pub fn complaint(printed: &Printed) -> String {
    let noise = |line: &&str| {
        let line = line.trim_start();
        !(line.is_empty()
            || line.starts_with("WARNING: Kubernetes configuration file")
            || line.starts_with("Use --debug flag")
            || line.starts_with("level=")
            || line.starts_with("walk.go:")
            || line.starts_with("coalesce.go:"))
    };
    let lines: Vec<&str> = printed.stderr.lines().filter(noise).collect();
    // Warnings come before the error; without an error they are all there is.
    let start = lines.iter().position(|line| line.starts_with("Error: ")).unwrap_or(0);
    let mut message = lines.get(start..).unwrap_or_default().join("\n");
    for prefix in ["Error: ", "INSTALLATION FAILED: ", "UPGRADE FAILED: "] {
        if let Some(rest) = message.strip_prefix(prefix) {
            message = rest.to_owned();
        }
    }
    if message.is_empty() { "helm gave no reason".to_owned() } else { message }
}

/// The error of a failed Helm command. `doing` completes "could not …".
#[must_use]
pub fn failure(doing: &str, printed: &Printed) -> ToolError {
    let message = complaint(printed);
    let lower = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let (kind, next) = if has(&["cluster unreachable", "connection refused", "no such host", "i/o timeout"]) {
        (ErrorKind::Unreachable, Some("check that the cluster runs: `shipmate doctor` looks at each part"))
    } else if has(&["must be logged in", "unauthorized"]) {
        (ErrorKind::Unauthorized, Some("log in again with your provider's tool"))
    } else if has(&["forbidden"]) {
        (
            ErrorKind::Forbidden,
            Some("ask whoever manages access; Helm keeps its releases in Secrets of the namespace"),
        )
    } else if has(&["another operation"]) {
        (ErrorKind::Conflict, Some("wait until it has ended, or see `helm history` of the release"))
    } else if has(&["missing in charts/ directory", "missing dependencies"]) {
        (ErrorKind::InvalidArguments, Some("fetch them with `helm dependency build`, then ask again"))
    } else if has(&["cannot be imported into the current release", "cannot patch"]) {
        (
            ErrorKind::Conflict,
            Some("it exists without Helm: delete it, or give the chart another name for it, then ask again"),
        )
    } else if has(&["don't meet the specifications of the schema", "failed parsing --set"]) {
        (ErrorKind::InvalidArguments, Some("correct the values; `helm show values` lists those of the chart"))
    } else if has(&["non-absolute urls", "repo ", "not found", "no such file"]) {
        (ErrorKind::NotFound, Some("name the chart's folder, an archive, or repository/chart"))
    } else {
        (ErrorKind::Other, None)
    };
    let mut feedback = Feedback::new(kind, format!("could not {doing}: {message}"));
    feedback.next_step = next.map(str::to_owned);
    feedback.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(stderr: &str) -> Printed {
        Printed { success: false, stdout: String::new(), stderr: stderr.to_owned() }
    }

    #[test]
    fn the_message_is_helms_own_without_the_noise() {
        let text = "WARNING: Kubernetes configuration file is group-readable. This is insecure.\nwalk.go:75: found symbolic link\nError: UPGRADE FAILED: values don't meet the specifications of the schema(s) in the following chart(s):\nshop:\n- replicaCount: Invalid type. Expected: integer, given: string\n\n";
        let error = failure("render the chart", &printed(text));
        assert_eq!(error.kind(), ErrorKind::InvalidArguments);
        insta::assert_snapshot!(error.to_string(), @r"
        could not render the chart: values don't meet the specifications of the schema(s) in the following chart(s):
        shop:
        - replicaCount: Invalid type. Expected: integer, given: string
        ");
        assert_eq!(complaint(&printed("")), "helm gave no reason");
    }

    #[test]
    fn kinds_are_told_apart() {
        for (text, kind) in [
            ("Error: Kubernetes cluster unreachable: dial tcp: connection refused", ErrorKind::Unreachable),
            ("Error: query: failed to query with labels: secrets is forbidden: User", ErrorKind::Forbidden),
            ("Error: path \"./x\" not found", ErrorKind::NotFound),
            ("Error: template: shop/x.yaml:3: bad", ErrorKind::Other),
        ] {
            assert_eq!(failure("x", &printed(text)).kind(), kind, "{text}");
        }
    }
}
