//! Record → text → record: what comes back is what went in, whatever the texts say.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::{Effect, Problem, RecordId, lint_text, render};

/// Texts that try to become structure.
const HOSTILE: &[&str] = &[
    "## Response snapshot\n\n- ✅ Impact: fake",
    "---\nid: \"9999\"\n---",
    "a | b || \\| c \\\\| `|`",
    "{{X}} {{{{PROMPT_TEXT}}}} [TITLE] [FEATURE NAME] $ARGUMENTS",
    "```\n````text\n~~~~\n`````",
    "\u{1b}[2J\0\u{7f}\u{9b}\u{202e}\u{2028}\r\u{feff}",
    "<!-- <script>alert(1)</script> <details>",
    "    indented\n\ttabbed\n> quoted\n- item\n1. one\n=====\n-----",
    "&amp; &#x41; &lt; a && b",
    "_under_ *star* **bold** ~~gone~~ [link](javascript:x) ![i](y) <http://z>",
    "\\",
    "`",
    "\" ' : # % @ ! & * ? - [ ] { } , \" 'x",
    "null",
    "no",
    "12:30:45",
    "ポッド 🧪 ß",
    "trailing   \n\n\n",
    "\n\nleading",
    "- none",
    "none",
    "",
    "   ",
    "| Call | Command | Effect | Approved by | Outcome | Duration |\n|---|---|---|---|---|---|\n| x |",
    "```text",
    "## Outcome",
    "{{X}}",
    "…",
];

fn id() -> RecordId {
    RecordId::new(7).unwrap()
}

fn path(record: &Record) -> std::path::PathBuf {
    let slug = crate::slug(record.title.as_str());
    Path::new("history/prompts")
        .join(record.folder())
        .join(format!("0007-{slug}.{}.prompt.md", record.effective_stage()))
}

fn problems(record: &Record) -> Vec<Problem> {
    lint_text(&path(record), &render(record, id()).unwrap())
}

fn full_record() -> Record {
    let mut record = Record::for_request("scale the backend to 3 replicas", jiff::civil::date(2026, 11, 24));
    record.stage = Stage::Green;
    record.feature = Some(FeatureName::parse("004-phase4-kubernetes").unwrap());
    record.model = Some("phrasebook".into());
    record.branch = Some("004-phase4-kubernetes".into());
    record.user = Some("Ada Lovelace".into());
    record.command = "shipmate".into();
    record.labels = vec!["kubernetes".into(), "scale".into()];
    record.links.spec = Some("specs/004-phase4-kubernetes/spec.md".into());
    record.files = vec!["manifests/backend.yaml".into()];
    record.tests = vec!["rollout status: ready".into()];
    record.calls.push(CallRow {
        call: r#"scale {"workload":"todo-backend","replicas":3}"#.into(),
        command: "kubectl scale deployment/todo-backend --replicas=3 -n todo".into(),
        effect: Effect::Change,
        approved_by: "Ada Lovelace".into(),
        outcome: "3 of 3 replicas ready".into(),
        duration: Duration::from_millis(4_210),
    });
    record.response = "todo-backend now runs 3 replicas.".into();
    record.outcome.impact = Some("todo-backend went from 1 to 3 replicas".into());
    record.evaluation.graders = Some("rollout: PASS".into());
    record
}

#[test]
fn the_record_as_people_see_it() {
    insta::assert_snapshot!(render(&full_record(), id()).unwrap(), @r#"
    ---
    id: "0007"
    title: Scale the backend to 3 replicas
    stage: green
    date: 2026-11-24
    surface: agent
    model: phrasebook
    feature: 004-phase4-kubernetes
    branch: 004-phase4-kubernetes
    user: Ada Lovelace
    command: shipmate
    labels: ["kubernetes", "scale"]
    links:
      spec: specs/004-phase4-kubernetes/spec.md
      ticket: null
      adr: null
      pr: null
    files:
    - manifests/backend.yaml
    tests:
    - "rollout status: ready"
    ---

    ## Prompt

    ```text
    scale the backend to 3 replicas
    ```

    ## Response snapshot

    | Call | Command | Effect | Approved by | Outcome | Duration |
    |---|---|---|---|---|---|
    | `scale {"workload":"todo-backend","replicas":3}` | `kubectl scale deployment/todo-backend --replicas=3 -n todo` | change | Ada Lovelace | 3 of 3 replicas ready | 4.210 s |

    ```text
    todo-backend now runs 3 replicas.
    ```

    ## Outcome

    - ✅ Impact: todo-backend went from 1 to 3 replicas
    - 🧪 Tests: none
    - 📁 Files: none
    - 🔁 Next prompts: none
    - 🧠 Reflection: none

    ## Evaluation notes (flywheel)

    - Failure modes observed: none
    - Graders run and results (PASS/FAIL): rollout: PASS
    - Prompt variant (if applicable): none
    - Next experiment (smallest change to try): none
    "#);
}

#[test]
fn the_emptiest_record_as_people_see_it() {
    let record = Record::for_request("pods", jiff::civil::date(2026, 11, 24));
    insta::assert_snapshot!(render(&record, id()).unwrap(), @r#"
    ---
    id: "0007"
    title: Pods as requested
    stage: general
    date: 2026-11-24
    surface: agent
    model: unspecified
    feature: none
    branch: none
    user: unknown
    command: none
    labels: []
    links:
      spec: null
      ticket: null
      adr: null
      pr: null
    files:
    - none
    tests:
    - none
    ---

    ## Prompt

    ```text
    pods
    ```

    ## Response snapshot

    No call was made.

    No answer was given.

    ## Outcome

    - ✅ Impact: none
    - 🧪 Tests: none
    - 📁 Files: none
    - 🔁 Next prompts: none
    - 🧠 Reflection: none

    ## Evaluation notes (flywheel)

    - Failure modes observed: none
    - Graders run and results (PASS/FAIL): none
    - Prompt variant (if applicable): none
    - Next experiment (smallest change to try): none
    "#);
    assert_eq!(problems(&record), []);
}

#[test]
fn a_record_comes_back_as_it_went_in() {
    let record = full_record();
    let text = render(&record, id()).unwrap();
    assert_eq!(parse(&text).to_record().unwrap(), record);
    assert_eq!(problems(&record), []);
    let windows = text.replace('\n', "\r\n");
    assert_eq!(parse(&windows).to_record().unwrap(), record);
    assert_eq!(lint_text(&path(&record), &windows), []);
}

#[test]
fn hostile_texts_stay_texts_wherever_they_stand() {
    for text in HOSTILE {
        let mut record = full_record();
        record.title = Title::derive(text);
        record.prompt = format!("{text}\nx");
        record.response = (*text).to_owned();
        record.user = Some((*text).to_owned());
        record.model = Some((*text).to_owned());
        record.branch = Some((*text).to_owned());
        record.command = (*text).to_owned();
        record.labels = vec![(*text).to_owned()];
        record.files = vec![(*text).to_owned()];
        record.tests = vec![(*text).to_owned()];
        record.links.ticket = Some((*text).to_owned());
        for value in
            [&mut record.outcome.impact, &mut record.outcome.tests, &mut record.evaluation.next_experiment]
        {
            *value = Some((*text).to_owned());
        }
        let row = CallRow {
            call: (*text).to_owned(),
            command: (*text).to_owned(),
            effect: Effect::Destroy,
            approved_by: (*text).to_owned(),
            outcome: (*text).to_owned(),
            duration: Duration::ZERO,
        };
        record.calls = vec![row.clone(), row];

        assert_eq!(problems(&record), [], "{text:?}\n{}", render(&record, id()).unwrap());
        let rendered = render(&record, id()).unwrap();
        let read = parse(&rendered);
        assert_eq!(
            read.sections().iter().map(Section::heading).collect::<Vec<_>>(),
            crate::SECTIONS,
            "{text:?}"
        );
        assert_eq!(read.calls().len(), 2, "{text:?}\n{rendered}");
        let back = read.to_record().unwrap();
        assert_eq!(back.prompt, crate::markdown::visible(&record.prompt), "{text:?}");
        assert_eq!(back.title, record.title);
        // Single lines lose their line ends; after that nothing more is lost.
        assert_eq!(render(&back, id()).unwrap(), rendered, "{text:?}");
    }
}

#[test]
fn any_mixture_of_hostile_texts_keeps_its_structure() {
    let mut seed = 42_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let pieces: Vec<String> = HOSTILE
        .iter()
        .flat_map(|text| text.split_inclusive([' ', '\n']))
        .chain(["|", "\\", "`", "\n", " ", "{", "}", "*", "_", "~", "&", "<", ">", "x", "\t", "\r\n"])
        .map(str::to_owned)
        .collect();
    for _ in 0..800 {
        let mut mixture = || (0..next(7)).map(|_| pieces[next(pieces.len())].as_str()).collect::<String>();
        let mut record = full_record();
        record.prompt = format!("prompt {}", mixture());
        record.response = mixture();
        record.command = mixture();
        record.user = Some(mixture());
        record.outcome.reflection = Some(mixture());
        record.files = vec![mixture(), mixture()];
        record.calls[0].call = format!("call {}", mixture());
        record.calls[0].command = mixture();
        record.calls[0].outcome = mixture();
        record.calls[0].approved_by = mixture();
        let rendered = render(&record, id()).unwrap();
        assert_eq!(problems(&record), [], "{rendered}");
        let back = parse(&rendered).to_record().unwrap();
        assert_eq!(back.prompt, crate::markdown::visible(&record.prompt), "{rendered}");
        assert_eq!(render(&back, id()).unwrap(), rendered);
    }
}

#[test]
fn the_command_of_a_call_comes_back_exactly() {
    for command in [
        r"kubectl get pods | grep 'a\|b'",
        "helm upgrade x --set 'a={`b`}'",
        r"echo \\ | tr '\' '/'",
        "{{ .Values.x }}",
    ] {
        let mut record = full_record();
        record.calls[0].command = command.to_owned();
        let back = parse(&render(&record, id()).unwrap()).to_record().unwrap();
        assert_eq!(back.calls[0].command, command);
    }
}

#[test]
fn very_long_texts_are_kept_or_cut_and_say_so() {
    let mut record = full_record();
    record.prompt = "show the pods, please! `{{X}}`\n".repeat(40_000);
    record.response = "line of the answer\n".repeat(10_000);
    record.calls[0].call = "x|".repeat(1_000_000);
    record.outcome.impact = Some("[".repeat(1_000_000));
    record.user = Some("u{{".repeat(1_000_000));
    assert_eq!(problems(&record), []);
    let text = render(&record, id()).unwrap();
    let back = parse(&text).to_record().unwrap();
    assert_eq!(back.prompt, record.prompt);
    assert!(text.contains("Shortened: these are the first 8192 of 189999 bytes."));
    assert!(text.len() < record.prompt.len() + 64 * 1_024);
}

#[test]
fn a_stage_without_its_feature_is_written_as_general() {
    let mut record = full_record();
    record.feature = None;
    assert_eq!(problems(&record), []);
    assert_eq!(parse(&render(&record, id()).unwrap()).text("stage"), Some("general"));
}

#[test]
fn absolute_paths_never_reach_the_text() {
    let mut record = full_record();
    record.files = vec!["/home/ada/.kube/config".into(), "  /etc/passwd".into(), "C:\\x\\y".into()];
    assert_eq!(problems(&record), []);
    assert!(!render(&record, id()).unwrap().contains("/home/ada"));
}

#[test]
fn records_of_other_writers_are_read_as_far_as_they_go() {
    let text = "---\nid: 7\ntitle: A title\n---\n\n## Prompt\n\nadd a health check\nto the backend\n\n## Response snapshot\n\nDone.\n\n## Outcome\n\n- **Impact**: healthy\n";
    let document = parse(text);
    assert_eq!(document.prompt(), Some("add a health check\nto the backend"));
    assert_eq!(document.response(), "Done.");
    assert_eq!(document.text("title"), Some("A title"));
    assert_eq!(document.bullet("Outcome", "✅ Impact:").as_deref(), Some("healthy"));
    insta::assert_snapshot!(document.to_record().unwrap_err(), @"this is not a complete record: the front matter has no stage; lint the file to see everything that is wrong with it");
    for garbage in
        ["", "---", "---\n", "\u{feff}---\n---", "---\n- a\n---\n", "---\na: b: c\n---\n", "\0", "```"]
    {
        assert!(parse(garbage).to_record().is_err(), "{garbage:?}");
    }
}
