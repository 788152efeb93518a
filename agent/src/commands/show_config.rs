//! `shipmate config show`.

use serde_json::{Map, Value, json};
use shipmate_tools::{Outcome, Table, View};

use super::Setting;
use crate::config;
use crate::error::{AgentError, ExitCode};
use crate::ui::outcome_text;

#[expect(clippy::unnecessary_wraps, reason = "every command may fail; this one happens not to")]
pub(super) fn run(setting: &mut Setting) -> Result<ExitCode, AgentError> {
    let rows = config::rows(&setting.config);
    let data: Map<String, Value> = rows
        .iter()
        .map(|[name, value, from]| (name.clone(), json!({"value": value, "from": from})))
        .collect();
    let table = Table {
        columns: ["SETTING", "VALUE", "FROM"].map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(Vec::from).collect(),
    };
    let outcome = Outcome::sentence("The configuration")
        .view(View::Tables(vec![(String::new(), table)]))
        .data(Value::Object(data));
    let text = outcome_text(&outcome, setting.config.output.value);
    setting.terminal.data(&text);
    for remark in setting.config.remarks.clone() {
        setting.terminal.say(&format!("note: {remark}"));
    }
    Ok(ExitCode::Done)
}
