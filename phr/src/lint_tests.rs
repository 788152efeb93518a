//! One case for each defect: a valid record, one thing made wrong, exactly that reported.

use super::*;
use crate::{CallRow, Effect, FeatureName, Record, RecordId, render};

const PATH: &str = "history/prompts/004-phase4-kubernetes/0007-show-me-all-todo-pods.green.prompt.md";

fn valid() -> String {
    let mut record = Record::for_request("show me all todo pods", jiff::civil::date(2026, 11, 24));
    record.stage = Stage::Green;
    record.feature = Some(FeatureName::parse("004-phase4-kubernetes").unwrap());
    record.labels = vec!["kubernetes".into()];
    record.calls.push(CallRow {
        call: "list_resources {}".into(),
        command: "kubectl get pods".into(),
        effect: Effect::Read,
        approved_by: "not needed".into(),
        outcome: "6 pods".into(),
        duration: std::time::Duration::from_millis(9),
    });
    record.response = "6 pods run.".into();
    render(&record, RecordId::new(7).unwrap()).unwrap()
}

/// What is reported at a path.
fn at(path: &str, text: &str) -> Vec<String> {
    lint_text(Path::new(path), text).into_iter().map(|problem| problem.to_string()).collect()
}

/// What is reported after replacing one thing in the valid record.
fn with(before: &str, after: &str) -> String {
    let valid = valid();
    assert!(valid.contains(before), "{before:?} is not in the valid record");
    at(PATH, &valid.replacen(before, after, 1)).join("\n")
}

#[test]
fn the_valid_record_has_no_problem() {
    assert_eq!(at(PATH, &valid()), [] as [&str; 0]);
}

#[test]
fn defects_of_the_front_matter() {
    insta::assert_snapshot!(with("---\nid", "id"), @"1: the record does not start with a line of three dashes and its keys; add the front matter (front-matter-missing)");
    insta::assert_snapshot!(with("- none\n---\n", "- none\n"), @"1: the front matter is not closed by a line of three dashes; add it after the last key (front-matter-missing)");
    insta::assert_snapshot!(with("title: Show", "title: [Show"), @"4: the front matter is not a YAML map: illegal placement of ':' indicator (front-matter-yaml)");
    insta::assert_snapshot!(with("model: unspecified", "date: 2026-11-24"), @"7: the front matter is not a YAML map: duplicate mapping key: date (front-matter-yaml)");
    insta::assert_snapshot!(with("model: unspecified\n", ""), @"1: the key model is missing from the front matter; add it (key-missing)");
    insta::assert_snapshot!(with("date: 2026", "date_iso: 2026"), @r#"
    1: the key date is missing from the front matter; add it (key-missing)
    5: the key date_iso is not one of the format's; it is called date (key-unknown)
    "#);
    insta::assert_snapshot!(with("files:", "files_yaml:"), @r#"
    1: the key files is missing from the front matter; add it (key-missing)
    18: the key files_yaml is not one of the format's; it is called files (key-unknown)
    "#);
    insta::assert_snapshot!(with("user: unknown\n", "user: unknown\nmood: fine\n"), @"11: the key mood is not one of the format's; remove it (key-unknown)");
    insta::assert_snapshot!(with("user: unknown\ncommand: none\n", "command: none\nuser: unknown\n"), @"11: the key user is out of order; the order is id, title, stage, date, surface, model, feature, branch, user, command, labels, links, files, tests (key-order)");
}

#[test]
fn defects_of_values() {
    insta::assert_snapshot!(with("id: \"0007\"", "id: PHR-0007"), @r#"2: the id is not four digits in quotes; write it like "0001" (id)"#);
    insta::assert_snapshot!(with("id: \"0007\"", "id: 7"), @r#"2: the id is not four digits in quotes; write it like "0001" (id)"#);
    insta::assert_snapshot!(with("id: \"0007\"", "id: NNN"), @r#"2: the id is not four digits in quotes; write it like "0001" (id)"#);
    insta::assert_snapshot!(with("id: \"0007\"", "id: \"0008\""), @"2: the id is 0008 here and 0007 in the file name; make them the same (id)");
    insta::assert_snapshot!(with("date: 2026-11-24", "date: 24.11.2026"), @r#"5: "24.11.2026" is not a date like 2026-11-24 (date)"#);
    insta::assert_snapshot!(with("date: 2026-11-24", "date: 2026-02-30"), @r#"5: "2026-02-30" is not a date like 2026-11-24 (date)"#);
    insta::assert_snapshot!(with("surface: agent", "surface: cli"), @r#"6: the surface is "cli"; records are written with the surface agent (value-shape)"#);
    insta::assert_snapshot!(with("model: unspecified", "model:"), @"7: the value of model is not a text; write one, in quotes if it is a number (value-shape)");
    insta::assert_snapshot!(with("labels: [\"kubernetes\"]", "labels: kubernetes"), @"12: labels is not a list of texts; write [] where there are none (value-shape)");
    insta::assert_snapshot!(with("spec: null", "spec: \"\""), @"13: the link spec is an empty text; write null where there is none (links)");
    insta::assert_snapshot!(with("  pr: null\n", ""), @"13: links lacks pr; write pr: null where there is none (links)");
    insta::assert_snapshot!(with("files:\n- none", "files:\n- a.yaml: created"), @"18: files holds something that is not a text; write each as one line of text (value-shape)");
    insta::assert_snapshot!(with("files:\n- none", "files:\n  a.yaml: created"), @"18: files is not a list of texts; write - none where there are none (value-shape)");
    insta::assert_snapshot!(with("tests:\n- none", "tests: []"), @"20: tests is an empty list; write - none where there are none (value-shape)");
    for path in ["/home/ada/todo/a.yaml", "C:\\todo\\a.yaml", "~/todo/a.yaml", "\"file:///a.yaml\""] {
        let found = with("files:\n- none", &format!("files:\n- b.yaml\n- {path}"));
        assert!(found.starts_with("20: ") && found.ends_with("(absolute-path)"), "{found}");
    }
}

#[test]
fn defects_of_agreement() {
    insta::assert_snapshot!(with("stage: green", "stage: implementation"), @r#"
    4: "implementation" is not a stage; use one of constitution, spec, plan, tasks, red, green, refactor, explainer, misc, general (stage-unknown)
    4: the stage is "implementation" here and "green" in the file name; make them the same (stage-mismatch)
    "#);
    insta::assert_snapshot!(with("stage: green", "stage: phase-4"), @r#"
    4: "phase-4" is not a stage; use one of constitution, spec, plan, tasks, red, green, refactor, explainer, misc, general (stage-unknown)
    4: the stage is "phase-4" here and "green" in the file name; make them the same (stage-mismatch)
    "#);
    insta::assert_snapshot!(with("stage: green", "stage: red"), @r#"4: the stage is "red" here and "green" in the file name; make them the same (stage-mismatch)"#);
    insta::assert_snapshot!(with("stage: green", "stage: general"), @r#"
    4: the stage is "general" here and "green" in the file name; make them the same (stage-mismatch)
    4: a record of stage general belongs in general/, not in 004-phase4-kubernetes/; move the file or correct the stage (directory)
    "#);
    insta::assert_snapshot!(with("feature: 004-phase4-kubernetes", "feature: none"), @r#"8: the feature is "none" here, but the record lies in 004-phase4-kubernetes/; make them the same (directory)"#);
    insta::assert_snapshot!(with("title: Show me all todo pods", "title: Something else was done"), @r#"3: the title's slug is "something-else-was-done", the file name's "show-me-all-todo-pods"; make them the same (title-mismatch)"#);
    insta::assert_snapshot!(with("title: Show me all todo pods", "title: Pods"), @r#"
    3: a title describes the work in 3 to 7 words; this one counts 1 (title-words)
    3: the title's slug is "pods", the file name's "show-me-all-todo-pods"; make them the same (title-mismatch)
    "#);
    let text = valid();
    let moved = |path: &str| at(path, &text).join("\n");
    insta::assert_snapshot!(moved("history/prompts/general/0007-show-me-all-todo-pods.green.prompt.md"), @"4: a record of stage green belongs in the folder of its feature, not in general/; move the file or correct the stage (directory)");
    insta::assert_snapshot!(moved("history/prompts/constitution/0007-show-me-all-todo-pods.green.prompt.md"), @"4: a record of stage green belongs in the folder of its feature, not in constitution/; move the file or correct the stage (directory)");
    let named = |name: &str| moved(&format!("history/prompts/004-phase4-kubernetes/{name}"));
    insta::assert_snapshot!(named("0007-show-me-all-todo-pods.phase-4.prompt.md"), @r#"
    1: 0007-show-me-all-todo-pods.phase-4.prompt.md: "phase-4" is not a stage; use one of constitution, spec, plan, tasks, red, green, refactor, explainer, misc, general (stage-unknown)
    4: the stage is "green" here and "phase-4" in the file name; make them the same (stage-mismatch)
    "#);
    insta::assert_snapshot!(named("NNN-show-me-all-todo-pods.green.prompt.md"), @"1: NNN-show-me-all-todo-pods.green.prompt.md: the name does not start with four digits and a dash, so the record has no number; rename it (id-ignored)");
    insta::assert_snapshot!(named("PHR-0007-show-me-all-todo-pods.green.prompt.md"), @"1: PHR-0007-show-me-all-todo-pods.green.prompt.md: the name does not start with four digits and a dash, so the record has no number; rename it (id-ignored)");
    insta::assert_snapshot!(named("007-show-me-all-todo-pods.green.prompt.md"), @"1: 007-show-me-all-todo-pods.green.prompt.md: the name does not start with four digits and a dash, so the record has no number; rename it (id-ignored)");
    insta::assert_snapshot!(named("0008-show-me-all-todo-pods.green.prompt.md"), @"2: the id is 0007 here and 0008 in the file name; make them the same (id)");
    insta::assert_snapshot!(named("0007-Show_Me.green.prompt.md"), @"1: 0007-Show_Me.green.prompt.md: the slug is not lower-case words with single dashes; rename it to NNNN-slug.stage.prompt.md (file-name)");
    insta::assert_snapshot!(named("0007-show-me-all-todo-pods.md"), @"1: 0007-show-me-all-todo-pods.md: a record's file name ends in .prompt.md; rename it to NNNN-slug.stage.prompt.md (file-name)");
    insta::assert_snapshot!(named("0007-show-me-all-todo-pods.prompt.md"), @"1: 0007-show-me-all-todo-pods.prompt.md: the stage is missing; rename it to NNNN-slug.stage.prompt.md (file-name)");
}

#[test]
fn defects_of_the_body() {
    let flywheel =
        valid().split_once("\n## Evaluation").map(|(_, rest)| format!("\n## Evaluation{rest}")).unwrap();
    insta::assert_snapshot!(with(&flywheel, ""), @r###"1: the section "## Evaluation notes (flywheel)" is missing; add it (section-missing)"###);
    insta::assert_snapshot!(with("## Outcome\n", "## Prompt\n\nagain, and long enough\n\n## Outcome\n"), @r###"40: the section "## Prompt" stands here a second time; where it is part of a text, put that text in a fenced block (section-order)"###);
    insta::assert_snapshot!(with("## Response snapshot", "## Response"), @r###"1: the section "## Response snapshot" is missing; add it (section-missing)"###);
    insta::assert_snapshot!(with("- 🧠 Reflection: none\n", ""), @r#"40: the bullet "- 🧠 Reflection:" is missing; add it, with none where there is nothing to say (bullet-missing)"#);
    insta::assert_snapshot!(with("- Prompt variant (if applicable): none\n", ""), @r#"48: the bullet "- Prompt variant (if applicable):" is missing; add it, with none where there is nothing to say (bullet-missing)"#);
    insta::assert_snapshot!(with("6 pods run.\n```", "6 pods run.\n"), @r###"
    1: the section "## Outcome" is missing; add it (section-missing)
    1: the section "## Evaluation notes (flywheel)" is missing; add it (section-missing)
    36: this fenced block is never closed; close it with a fence of the same length (fence-unclosed)
    "###);
    insta::assert_snapshot!(with("| read |", "| look |"), @r#"34: this row is no evidence: "look" is not read, change or destroy (evidence)"#);
    insta::assert_snapshot!(with("| 9 ms |", "| soon |"), @r#"34: this row is no evidence: "soon" is not a duration in ms or s (evidence)"#);
}

#[test]
fn defects_of_the_prompt() {
    let prompt = "```text\nshow me all todo pods\n```";
    insta::assert_snapshot!(with(prompt, ""), @"24: the prompt is empty; put the person's words there, all of them (prompt-empty)");
    insta::assert_snapshot!(with(prompt, "fix it"), @"24: the prompt has fewer than ten characters; put the person's words there, all of them (prompt-short)");
    insta::assert_snapshot!(with(prompt, "show me all the todo pods and [truncated]"), @"24: the prompt ends in a mark that says it was cut; put the person's words there, all of them (prompt-cut)");
    assert_eq!(
        with(prompt, "```text\nget pods\n```"),
        "",
        "the evidence shows that this is all that was said"
    );
}

#[test]
fn defects_of_the_template() {
    insta::assert_snapshot!(with("branch: none", "branch: \"{{BRANCH}}\""), @"9: {{BRANCH}} was never filled in; put the value there, or none (placeholder)");
    insta::assert_snapshot!(with("command: none", "command: $ARGUMENTS"), @"11: $ARGUMENTS was never filled in; put the value there, or none (placeholder)");
    insta::assert_snapshot!(with("user: unknown", "user: \"[USER]\""), @"10: [USER] was never filled in; put the value there, or none (placeholder)");
    insta::assert_snapshot!(with("Impact: none", "Impact: {{OUTCOME_IMPACT}}"), @"42: {{OUTCOME_IMPACT}} was never filled in; put the value there, or none (placeholder)");
    insta::assert_snapshot!(with("```text\nshow me all todo pods\n```", "{{PROMPT_TEXT}}"), @"26: {{PROMPT_TEXT}} was never filled in; put the value there, or none (placeholder)");
    assert_eq!(with("show me all todo pods\n```", "show me {{X}} and [TITLE] and $ARGUMENTS\n```"), "");
    assert_eq!(with("labels: [\"kubernetes\"]", "labels: [CI]"), "");
}

#[test]
fn secrets_are_reported_without_being_quoted() {
    let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let found = with("6 pods run.", &format!("the token is {token}"));
    assert!(!found.contains(&token));
    insta::assert_snapshot!(found, @"37: this looks like a GitHub token; remove it here, and revoke it if it was ever shared (secret)");
}

#[test]
fn any_text_can_be_linted() {
    for text in [
        "",
        "---",
        "---\n---",
        "\u{feff}",
        "\0\0",
        "---\n&a [*a]\n---\n",
        "---\n? [x]\n: y\n---\n",
        "| Call |",
    ] {
        assert!(!lint_text(Path::new(PATH), text).is_empty(), "{text:?}");
        assert!(!lint_text(Path::new(""), text).is_empty(), "{text:?}");
    }
}
