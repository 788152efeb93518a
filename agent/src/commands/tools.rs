//! `shipmate tools`: the catalog, and what one tool takes. Both come from the tools' own declarations.

use serde_json::{Value, json};
use shipmate_tools::{Outcome, Table, ToolEntry, View, catalog};

use super::Setting;
use crate::error::{AgentError, ExitCode};
use crate::ui::{OutputForm, outcome_text};

pub(super) fn run(setting: &mut Setting, name: Option<&str>) -> Result<ExitCode, AgentError> {
    let form = setting.config.output.value;
    let text = outcome_text(&outcome(name, form)?, form);
    setting.terminal.data(&text);
    Ok(ExitCode::Done)
}

/// The catalog, or one tool of it.
///
/// # Errors
/// Usage: there is no tool of that name.
pub(crate) fn outcome(name: Option<&str>, form: OutputForm) -> Result<Outcome, AgentError> {
    name.map_or_else(|| Ok(list()), |name| describe(name, form))
}

fn list() -> Outcome {
    let rows = catalog::all()
        .iter()
        .map(|entry| {
            vec![
                entry.tool.name().to_owned(),
                entry.area.to_owned(),
                effect(entry.tool).to_owned(),
                entry.tool.summary(),
            ]
        })
        .collect();
    let table =
        Table { columns: ["TOOL", "AREA", "EFFECT", "WHAT IT DOES"].map(str::to_owned).to_vec(), rows };
    let data = catalog::all().iter().map(|entry| declaration(entry.area, entry.tool)).collect();
    Outcome::sentence(format!("{} tools", catalog::all().len()))
        .view(View::Tables(vec![(String::new(), table)]))
        .data(Value::Array(data))
}

fn declaration(area: &str, tool: &dyn ToolEntry) -> Value {
    json!({
        "name": tool.name(),
        "area": area,
        "summary": tool.summary(),
        "can_change": tool.can_change(),
        "phrases": tool.phrases(),
        "arguments": tool.schema(),
    })
}

fn describe(name: &str, form: OutputForm) -> Result<Outcome, AgentError> {
    let Some(entry) = catalog::all().iter().find(|entry| entry.tool.name() == name) else {
        let mut names: Vec<&str> = catalog::all().iter().map(|entry| entry.tool.name()).collect();
        names.sort_by_key(|known| strsim::damerau_levenshtein(name, known));
        return Err(AgentError::new(ExitCode::Usage, format!("there is no tool called {name:?}"))
            .hint(format!("nearest: {}", names.into_iter().take(3).collect::<Vec<_>>().join(", "))));
    };
    let arguments = arguments(entry.tool);
    let phrases = Table {
        columns: vec!["PHRASES".to_owned()],
        rows: entry.tool.phrases().iter().map(|phrase| vec![(*phrase).to_owned()]).collect(),
    };
    let title = format!("{name} ({}, {}): {}", entry.area, effect(entry.tool), entry.tool.summary());
    let title = if form == OutputForm::Markdown { title } else { format!("{title}\n") };
    Ok(Outcome::sentence(title.trim_end().to_owned())
        .view(View::Tables(vec![(title, arguments), (String::new(), phrases)]))
        .data(declaration(entry.area, entry.tool)))
}

fn effect(tool: &dyn ToolEntry) -> &'static str {
    if tool.can_change() { "changes" } else { "reads" }
}

/// What a tool takes, one row an argument.
fn arguments(tool: &dyn ToolEntry) -> Table {
    let schema = tool.schema();
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let rows: Vec<Vec<String>> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(argument, schema)| {
            let description =
                schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
            let need = if required.contains(&argument.as_str()) { "required" } else { "" };
            vec![format!("--{}", argument.replace('_', "-")), kind(schema), need.to_owned(), description]
        })
        .collect();
    Table { columns: ["ARGUMENT", "TYPE", "", "WHAT IT IS"].map(str::to_owned).to_vec(), rows }
}

/// The type of an argument in one word.
fn kind(schema: &Value) -> String {
    match schema.get("type") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(several)) => {
            several.iter().filter_map(Value::as_str).find(|one| *one != "null").unwrap_or_default().to_owned()
        }
        _ => schema
            .get("enum")
            .or_else(|| schema.pointer("/anyOf/0/enum"))
            .and_then(Value::as_array)
            .map(|words| words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"))
            .unwrap_or_default(),
    }
}

#[cfg(test)]
#[path = "tools_document.rs"]
mod document;
