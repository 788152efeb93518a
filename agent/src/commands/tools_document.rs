//! `docs/tools.md`, made from the catalog so that it cannot say anything the tools do not. The test compares
//! the committed page with what the catalog says now; `UPDATE_DOCS=1` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use super::*;

const OPENING: &str = "\
# Tools

This page is made from the tools' own declarations: `UPDATE_DOCS=1 cargo test -p shipmate tools_page` writes it
anew. `shipmate tools` prints the same list, `shipmate tools NAME` one tool, `-o json` the whole schemas.

Any tool can be called without a translation, with the same policy and the same record:
`shipmate call TOOL --argument value`. The phrases are written in the [phrase language](phrases.md).

";

/// The page as the catalog makes it.
fn page() -> String {
    let mut page = OPENING.to_owned();
    page.push_str("| tool | area | effect | what it does |\n| --- | --- | --- | --- |\n");
    for entry in catalog::all() {
        let (name, effect, summary) = (entry.tool.name(), effect(entry.tool), entry.tool.summary());
        let _written =
            writeln!(page, "| [`{name}`](#{name}) | {} | {effect} | {} |", entry.area, cell(&summary));
    }
    for entry in catalog::all() {
        page.push_str(&section(entry.tool));
    }
    page
}

fn section(tool: &dyn ToolEntry) -> String {
    let schema = tool.schema();
    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut text = format!("\n## {}\n\n{description}\n\n", tool.name());
    let arguments = arguments(tool).rows;
    if arguments.is_empty() {
        text.push_str("It takes no arguments.\n");
    } else {
        text.push_str("| argument | type | | what it is |\n| --- | --- | --- | --- |\n");
    }
    for row in arguments {
        let [argument, kind, need, what] = row.as_slice() else { unreachable!("four columns") };
        let _written = writeln!(text, "| `{argument}` | {} | {need} | {} |", cell(kind), cell(what));
    }
    for (title, patterns) in
        [("Phrases", tool.phrases()), ("Parts that any of them may carry", tool.modifiers())]
    {
        if !patterns.is_empty() {
            let _written = writeln!(text, "\n{title}:\n\n```text\n{}\n```", patterns.join("\n"));
        }
    }
    text
}

/// Text that stays in its cell and shows as it is: some descriptions hold `<placeholders>`.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

#[test]
fn the_committed_tools_page_is_what_the_catalog_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tools.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    // Not assert_eq!: two whole pages in the output help nobody find the line.
    let differs = committed.lines().zip(page.lines()).find(|(committed, now)| committed != now);
    assert!(
        committed == page,
        "docs/tools.md is out of date: run UPDATE_DOCS=1 cargo test -p shipmate tools_page (first difference: {differs:?})"
    );
}
