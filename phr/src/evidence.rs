//! Evidence: what became of a request, one table row for each call. This is what sets a shipmate record
//! apart from a transcript: natural language → command → result, in a form a program can read back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::markdown::{code_cell, plain};

/// The heading of the table, in the order of its columns.
pub const COLUMNS: [&str; 6] = ["Call", "Command", "Effect", "Approved by", "Outcome", "Duration"];

/// The sentence that stands where the table would, when a request led to no call.
pub const NO_CALLS: &str = "No call was made.";

/// What a call can do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It only looks.
    Read,
    /// It changes something that can be changed back.
    Change,
    /// It takes something away.
    Destroy,
}

impl Effect {
    /// The effect's name, as the table spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
            Self::Destroy => "destroy",
        }
    }

    /// The effect of that exact name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Read, Self::Change, Self::Destroy].into_iter().find(|effect| effect.name() == name)
    }
}

/// One call and what became of it. The texts must already be redacted; they may hold anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRow {
    /// The typed call on one line, such as `scale {"workload":"todo-backend","replicas":3}`.
    pub call: String,
    /// The equivalent `kubectl`, `helm` or `docker` line.
    pub command: String,
    /// What the call can do to the world.
    pub effect: Effect,
    /// Who or what let it run, such as `Ada`, `--yes`, `not needed`; empty if nobody did.
    pub approved_by: String,
    /// What came of it, in a few words.
    pub outcome: String,
    /// How long it took; zero for a call that did not run.
    pub duration: Duration,
}

/// Writes the table, or [`NO_CALLS`], with a line feed at the end.
pub(crate) fn render_table(calls: &[CallRow]) -> String {
    if calls.is_empty() {
        return format!("{NO_CALLS}\n");
    }
    let mut table = format!("| {} |\n|{}\n", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    for row in calls {
        let cells = [
            code_cell(&row.call),
            code_cell(&row.command),
            row.effect.name().to_owned(),
            plain(&row.approved_by),
            plain(&row.outcome),
            render_duration(row.duration),
        ];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

/// Reads one row of the table back from the text of its cells.
///
/// # Errors
/// A sentence on the first cell that does not fit.
pub(crate) fn parse_row(cells: &[String]) -> Result<CallRow, String> {
    let [call, command, effect, approved_by, outcome, duration] = cells else {
        return Err(format!("the row has {} cells, not {}", cells.len(), COLUMNS.len()));
    };
    if call.is_empty() {
        return Err("the row names no call".to_owned());
    }
    Ok(CallRow {
        call: blank(call),
        command: blank(command),
        effect: Effect::from_name(effect)
            .ok_or_else(|| format!("{effect:?} is not read, change or destroy"))?,
        approved_by: blank(approved_by),
        outcome: blank(outcome),
        duration: parse_duration(duration)
            .ok_or_else(|| format!("{duration:?} is not a duration in ms or s"))?,
    })
}

fn blank(cell: &str) -> String {
    if cell == "none" { String::new() } else { cell.to_owned() }
}

/// Milliseconds under a second, else seconds with three places; both are read back exactly.
fn render_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds < 1_000 {
        format!("{milliseconds} ms")
    } else {
        format!("{}.{:03} s", milliseconds / 1_000, milliseconds % 1_000)
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_once(' ')?;
    match unit {
        "ms" => number.parse().ok().map(Duration::from_millis),
        "s" => Duration::try_from_secs_f64(number.parse().ok()?).ok().map(|exact| {
            // Through binary fractions three places come back a few nanoseconds off.
            Duration::from_millis(
                u64::try_from((exact + Duration::from_micros(500)).as_millis()).unwrap_or(u64::MAX),
            )
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_as_people_see_it() {
        let calls = [
            CallRow {
                call: r#"scale {"workload":"todo-backend","replicas":3}"#.into(),
                command: "kubectl scale deployment/todo-backend --replicas=3 -n todo".into(),
                effect: Effect::Change,
                approved_by: "Ada".into(),
                outcome: "3 of 3 replicas ready".into(),
                duration: Duration::from_millis(4_210),
            },
            CallRow {
                call: r#"get_logs {"grep":"a|b"}"#.into(),
                command: "kubectl logs deploy/x | grep 'a|b'".into(),
                effect: Effect::Read,
                approved_by: String::new(),
                outcome: "failed: [x] | y\nz".into(),
                duration: Duration::from_millis(42),
            },
        ];
        insta::assert_snapshot!(render_table(&calls), @r#"
        | Call | Command | Effect | Approved by | Outcome | Duration |
        |---|---|---|---|---|---|
        | `scale {"workload":"todo-backend","replicas":3}` | `kubectl scale deployment/todo-backend --replicas=3 -n todo` | change | Ada | 3 of 3 replicas ready | 4.210 s |
        | `get_logs {"grep":"a\|b"}` | `kubectl logs deploy/x \| grep 'a\|b'` | read | none | failed: \[x\] \| y z | 42 ms |
        "#);
        assert_eq!(render_table(&[]), "No call was made.\n");
    }

    #[test]
    fn durations_are_read_back_exactly() {
        for milliseconds in [0, 1, 999, 1_000, 1_001, 59_999, 3_600_007, 86_400_123] {
            let duration = Duration::from_millis(milliseconds);
            assert_eq!(parse_duration(&render_duration(duration)), Some(duration));
        }
        for bad in ["", "5", "x ms", "-1 s", "1 h", "NaN s"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_row_that_does_not_fit_says_why() {
        let row = |cells: &[&str]| parse_row(&cells.iter().map(ToString::to_string).collect::<Vec<_>>());
        insta::assert_snapshot!(row(&["a"]).unwrap_err(), @"the row has 1 cells, not 6");
        insta::assert_snapshot!(row(&["a", "b", "write", "c", "d", "1 ms"]).unwrap_err(), @r#""write" is not read, change or destroy"#);
        insta::assert_snapshot!(row(&["a", "b", "read", "c", "d", "soon"]).unwrap_err(), @r#""soon" is not a duration in ms or s"#);
        insta::assert_snapshot!(row(&["", "b", "read", "c", "d", "1 ms"]).unwrap_err(), @"the row names no call");
    }
}
