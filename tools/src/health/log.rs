//! What a container said before it ended: the lines of its log that tell why.

use super::finding::{Code, Finding};

/// Lines of a log that a finding shows.
const LINES: usize = 3;

/// Words that stand in lines which tell why a program ended.
const TELLING: [&str; 12] = [
    "panic",
    "fatal",
    "error",
    "exception",
    "traceback",
    "failed",
    "cannot",
    "could not",
    "unable to",
    "refused",
    "denied",
    "not found",
];

/// A container whose previous log tells why it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogSource {
    /// Its pod's namespace.
    pub namespace: String,
    /// Its pod.
    pub pod: String,
    /// The container.
    pub container: String,
}

impl LogSource {
    /// The log that would tell about a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Option<Self> {
        matches!(
            finding.code,
            Code::CrashLoopBackOff | Code::Restarting | Code::ContainerFailed | Code::OOMKilled
        )
        .then(|| {
            Some(Self {
                namespace: finding.object.namespace.clone()?,
                pod: finding.object.name.clone(),
                container: finding.container.clone()?,
            })
        })
        .flatten()
    }
}

/// The last lines of a log that tell why a program ended, in order; without any, its last line.
#[must_use]
pub fn telling_lines(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    let tells = |line: &&&str| {
        let lower = line.to_ascii_lowercase();
        TELLING.iter().any(|word| lower.contains(word))
    };
    let mut found: Vec<&str> = lines.iter().rev().filter(tells).take(LINES).copied().collect();
    found.reverse();
    if found.is_empty() {
        found.extend(lines.last());
    }
    found.into_iter().map(|line| line.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_tell_are_found() {
        let log = "starting\nconnecting to db\npanic: no such host\n\ngoroutine 1 [running]:\nmain.main()\n";
        assert_eq!(telling_lines(log), ["panic: no such host"]);
        assert_eq!(telling_lines("one\ntwo\n\n"), ["two"]);
        assert!(telling_lines("").is_empty());
        assert_eq!(telling_lines("error 1\nerror 2\nerror 3\nerror 4").len(), 3);
    }
}
