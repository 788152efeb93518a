//! What a container said before it ended: the lines of its log that tell why.

use super::finding::{Code, Finding, ObjectRef};
use crate::severity::Severity;

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

/// The account and the rest of `… is forbidden: User "system:serviceaccount:NS:NAME" cannot …`, as the API
/// server's own client says it.
fn forbidden(line: &str) -> Option<(ObjectRef, String)> {
    let rest = line.split_once("system:serviceaccount:")?.1;
    let (namespace, rest) = rest.split_once(':')?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))?;
    let (account, rest) = rest.split_at(end);
    let (_, refused) = rest.split_once("cannot ")?;
    let refused: String = refused.chars().filter(|c| *c != '\\' && *c != '"').take(160).collect();
    Some((ObjectRef::new("ServiceAccount", namespace, account), refused))
}

/// Findings about accounts whose pods said in their logs that they may not do what they try; the pods become
/// symptoms of it.
pub fn blame_accounts(findings: &mut Vec<Finding>) {
    let mut accounts: Vec<Finding> = Vec::new();
    for finding in findings.iter_mut().filter(|finding| LogSource::of(finding).is_some()) {
        let Some((account, refused)) = finding.evidence.iter().find_map(|line| forbidden(line)) else {
            continue;
        };
        finding.caused_by.get_or_insert_with(|| account.clone());
        if !accounts.iter().any(|known| known.object == account) {
            let message = format!("may not {refused}");
            accounts.push(
                Finding::new(Code::CallForbidden, Severity::Error, account, message)
                    .evidence(format!("the log of {} says so", finding.object))
                    .next("bind it to a Role that allows that, if it should"),
            );
        }
    }
    findings.extend(accounts);
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.object.cmp(&b.object)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_call_is_the_accounts() {
        let line = r#"error: pods is forbidden: User "system:serviceaccount:shop:worker" cannot list resource "pods" in API group "" in the namespace "shop""#;
        let (account, refused) = forbidden(line).unwrap();
        assert_eq!(account.to_string(), "ServiceAccount shop/worker");
        assert!(refused.starts_with("list resource pods"), "{refused}");
        assert!(forbidden("User bob is forbidden").is_none());
    }

    #[test]
    fn the_lines_that_tell_are_found() {
        let log = "starting\nconnecting to db\npanic: no such host\n\ngoroutine 1 [running]:\nmain.main()\n";
        assert_eq!(telling_lines(log), ["panic: no such host"]);
        assert_eq!(telling_lines("one\ntwo\n\n"), ["two"]);
        assert!(telling_lines("").is_empty());
        assert_eq!(telling_lines("error 1\nerror 2\nerror 3\nerror 4").len(), 3);
    }
}
