//! A health report for other programs: JUnit XML for test reports, SARIF 2.1.0 for code scanning. Both are made
//! from the report's JSON as it leaves, so they hold nothing that it does not.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::field::{items, text};
use super::finding::Code;

/// The report as JUnit XML: a test case for each finding, failed from warning on, and a skipped one for each
/// kind that was not looked at.
#[must_use]
pub fn junit(report: &Value) -> String {
    let (mut cases, mut failures, mut skipped, mut count) = (String::new(), 0, 0, 0);
    for finding in items(report, "/findings") {
        count += 1;
        let severity = text(finding, "/severity");
        let name = escape(&format!("{} {}", text(finding, "/code"), object(finding.get("object"))));
        let class = escape(text(finding, "/object/kind"));
        cases.push_str(&format!("    <testcase classname=\"{class}\" name=\"{name}\""));
        if severity == "info" {
            cases.push_str("/>\n");
            continue;
        }
        failures += 1;
        cases.push_str(&format!(
            ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
            escape(severity),
            escape(text(finding, "/message")),
            escape(&details(finding))
        ));
    }
    for kind in items(report, "/unchecked") {
        count += 1;
        skipped += 1;
        cases.push_str(&format!(
            "    <testcase classname=\"unchecked\" name=\"{}\"><skipped message=\"{}\"/></testcase>\n",
            escape(text(kind, "/kind")),
            escape(text(kind, "/reason"))
        ));
    }
    if count == 0 {
        count = 1;
        cases.push_str("    <testcase classname=\"health\" name=\"nothing is broken\"/>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{count}\" failures=\"{failures}\" skipped=\"{skipped}\">\n  <testsuite name=\"shipmate health\" tests=\"{count}\" failures=\"{failures}\" skipped=\"{skipped}\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

/// The report as SARIF 2.1.0; an object stands where a file would, as `namespace/kind/name`.
#[must_use]
pub fn sarif(report: &Value) -> Value {
    let meanings: BTreeMap<&str, &str> =
        Code::ALL.iter().map(|(code, meaning)| (code.word(), meaning.trim())).collect();
    let mut used: Vec<&str> = items(report, "/findings").map(|finding| text(finding, "/code")).collect();
    used.sort_unstable();
    used.dedup();
    let rules: Vec<Value> = used
        .iter()
        .map(|code| {
            let meaning = meanings.get(code).copied().unwrap_or_default();
            json!({"id": code, "shortDescription": {"text": meaning}})
        })
        .collect();
    let results: Vec<Value> = items(report, "/findings")
        .map(|finding| {
            let level = match text(finding, "/severity") {
                "critical" | "error" => "error",
                "warning" => "warning",
                _ => "note",
            };
            let place = text(finding, "/object/namespace");
            let parts = [place, text(finding, "/object/kind"), text(finding, "/object/name")];
            let path = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            json!({
                "ruleId": text(finding, "/code"),
                "level": level,
                "message": {"text": format!("{} {}", object(finding.get("object")), text(finding, "/message"))},
                "locations": [{
                    "physicalLocation": {"artifactLocation": {"uri": path}},
                    "logicalLocations": [{"fullyQualifiedName": path, "kind": "resource"}],
                }],
                "properties": {"evidence": finding.get("evidence"), "caused_by": finding.get("caused_by")},
            })
        })
        .collect();
    let gaps: Vec<Value> = items(report, "/unchecked")
        .map(|gap| {
            let said = format!("{} was not looked at: {}", text(gap, "/kind"), text(gap, "/reason"));
            json!({"level": "warning", "message": {"text": said}})
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "shipmate", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": gaps}],
            "results": results,
        }],
    })
}

fn object(object: Option<&Value>) -> String {
    let Some(object) = object else { return String::new() };
    let place = text(object, "/namespace");
    let slash = if place.is_empty() { "" } else { "/" };
    format!("{} {place}{slash}{}", text(object, "/kind"), text(object, "/name"))
}

fn details(finding: &Value) -> String {
    let mut lines: Vec<String> =
        items(finding, "/evidence").filter_map(Value::as_str).map(str::to_owned).collect();
    if finding.get("caused_by").is_some_and(Value::is_object) {
        lines.push(format!("due to {}", object(finding.get("caused_by"))));
    }
    let next = text(finding, "/next_step/text");
    if !next.is_empty() {
        lines.push(format!("next: {next}"));
    }
    lines.join("\n")
}

/// Text inside XML, without the control characters that XML 1.0 cannot hold.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            other if other.is_control() || matches!(other, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Value {
        json!({"findings": [
            {"code": "CrashLoopBackOff", "severity": "error", "object": {"kind": "Pod", "namespace": "shop", "name": "web"},
             "message": "container <main> ends again & again", "evidence": ["exit code 1"], "next_step": {"text": "read it"},
             "caused_by": {"kind": "Secret", "namespace": "shop", "name": "db"}},
            {"code": "ScaledToZero", "severity": "info", "object": {"kind": "Deployment", "namespace": "shop", "name": "old"},
             "message": "is scaled to zero", "evidence": [], "next_step": null, "caused_by": null}],
            "unchecked": [{"kind": "Node", "reason": "forbidden"}]})
    }

    #[test]
    fn junit_counts_failures_and_gaps() {
        insta::assert_snapshot!(junit(&report()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="3" failures="1" skipped="1">
          <testsuite name="shipmate health" tests="3" failures="1" skipped="1">
            <testcase classname="Pod" name="CrashLoopBackOff Pod shop/web">
              <failure type="error" message="container &lt;main&gt; ends again &amp; again">exit code 1
        due to Secret shop/db
        next: read it</failure>
            </testcase>
            <testcase classname="Deployment" name="ScaledToZero Deployment shop/old"/>
            <testcase classname="unchecked" name="Node"><skipped message="forbidden"/></testcase>
          </testsuite>
        </testsuites>
        "#);
        assert!(junit(&json!({})).contains("nothing is broken"));
    }

    #[test]
    fn sarif_has_a_rule_for_each_result() {
        let sarif = sarif(&report());
        let run = &sarif["runs"][0];
        assert_eq!(run["results"][0]["level"], "error");
        assert_eq!(run["results"][1]["level"], "note");
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "CrashLoopBackOff");
        assert_eq!(
            run["tool"]["driver"]["rules"][0]["shortDescription"]["text"],
            "A container ends again and again."
        );
        assert_eq!(
            run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "Node was not looked at: forbidden"
        );
    }
}
