//! Tools of one's own: a program with its arguments, declared in a file instead of in the catalog. It is a tool like
//! any other (schema, phrases, approval, record, gate), and is run without a shell: an argument fills one word of
//! the command line and never becomes a flag.

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::catalog;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::gate;
use crate::outcome::{Outcome, Verification, View};
use crate::preview::Preview;
use crate::process::Program;
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{BoundCall, ToolEntry};
use crate::world::{ReadWorld, World};

/// Longest a tool of one's own may take, in seconds: an hour.
const LONGEST: u64 = 3600;

/// Lines of a failed program's complaint that are shown.
const SHOWN_LINES: usize = 20;

/// What a file declares.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    name: String,
    description: String,
    /// Phrases, in the language of `docs/phrases.md`.
    words: Vec<String>,
    effect: Effect,
    /// The program and its arguments; `{argument}` is filled in.
    argv: Vec<String>,
    #[serde(default)]
    arguments: BTreeMap<String, Argument>,
    /// Seconds.
    #[serde(default = "usual_deadline")]
    deadline: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Argument {
    #[serde(rename = "type", default)]
    kind: Kind,
    description: String,
    #[serde(default)]
    optional: bool,
    /// The only values there are; any when empty.
    #[serde(default)]
    choices: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Text,
    Number,
}

const fn usual_deadline() -> u64 {
    60
}

/// A declared tool, checked; it lives as long as the process.
struct OwnTool {
    declaration: Declaration,
    phrases: Vec<&'static str>,
}

struct BoundOwn {
    tool: &'static OwnTool,
    arguments: Map<String, Value>,
}

impl Declaration {
    /// Checks it and makes the catalog's entry of it.
    ///
    /// # Errors
    /// What is wrong with the declaration, in one sentence.
    pub fn into_entry(self) -> std::result::Result<catalog::Entry, String> {
        self.check()?;
        // Entries of the catalog live as long as the process, and so do those that join it.
        let phrases = self.words.iter().map(|phrase| &*Box::leak(phrase.clone().into_boxed_str())).collect();
        let tool: &'static OwnTool = Box::leak(Box::new(OwnTool { declaration: self, phrases }));
        Ok(catalog::Entry { area: "own", tool: Box::leak(Box::new(tool)) })
    }

    fn check(&self) -> std::result::Result<(), String> {
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        if !is_name(&self.name) {
            return Err(format!("{:?} is no name of a tool: use lower-case letters and _", self.name));
        }
        if catalog::find(&self.name).is_some() {
            return Err(format!("there is a tool called {} already", self.name));
        }
        if self.description.trim().is_empty() || self.words.is_empty() {
            return Err(
                "description and words say what it is and how it is asked for; both are needed".into()
            );
        }
        if self.deadline == 0 || self.deadline > LONGEST {
            return Err(format!("deadline is 1 to {LONGEST} seconds"));
        }
        let Some(program) = self.argv.first().filter(|program| !program.is_empty()) else {
            return Err("argv names no program".into());
        };
        if program.contains(['{', '}']) {
            return Err("the program is fixed: only what follows it can be filled in".into());
        }
        for (name, argument) in &self.arguments {
            if !is_name(name) || argument.description.trim().is_empty() {
                return Err(format!("the argument {name:?} needs a lower-case name and a description"));
            }
            if !self.argv.iter().any(|word| word.contains(&format!("{{{name}}}"))) {
                return Err(format!("the argument {name} fills nothing of argv"));
            }
        }
        for word in &self.argv {
            if let Some(unknown) = placeholders(word).find(|name| !self.arguments.contains_key(*name)) {
                return Err(format!("argv has {{{unknown}}}, which is no argument"));
            }
        }
        Ok(())
    }

    /// The command line of a call. A word with an argument that was not said is left out.
    fn line(&self, arguments: &Map<String, Value>) -> Vec<String> {
        let text = |name: &str| match arguments.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ Value::Number(_)) => Some(value.to_string()),
            _ => None,
        };
        let fill = |word: &String| {
            placeholders(word).try_fold(word.clone(), |filled, name| {
                Some(filled.replace(&format!("{{{name}}}"), &text(name)?))
            })
        };
        self.argv.iter().filter_map(fill).collect()
    }

    /// Checks the arguments of a call.
    fn check_arguments(&self, arguments: &Map<String, Value>) -> Result<()> {
        let invalid = |message: String| -> Result<()> {
            Err(Feedback::new(ErrorKind::InvalidArguments, gate::text(&message))
                .next(format!("see `shipmate tools {}` for its arguments", self.name))
                .into())
        };
        if let Some(unknown) = arguments.keys().find(|name| !self.arguments.contains_key(*name)) {
            return invalid(format!("{} has no argument {unknown:?}", self.name));
        }
        for (name, argument) in &self.arguments {
            let value = match (arguments.get(name), argument.kind) {
                (None, _) if argument.optional => continue,
                (None, _) => return invalid(format!("{name} is missing: {}", argument.description)),
                (Some(Value::Number(number)), Kind::Number) => number.to_string(),
                (Some(Value::String(text)), Kind::Number) if text.parse::<u64>().is_ok() => text.clone(),
                (Some(Value::String(text)), Kind::Text) => text.clone(),
                (Some(Value::Number(number)), Kind::Text) => number.to_string(),
                (Some(value), _) => return invalid(format!("{name}: {value} does not fit")),
            };
            if !argument.choices.is_empty() && !argument.choices.contains(&value) {
                return invalid(format!("{name} is one of {}, not {value:?}", argument.choices.join(", ")));
            }
            // Wherever it stands: a value is never a flag of the program.
            if value.starts_with('-') || value.contains('\0') {
                return invalid(format!("{name} cannot begin with a dash"));
            }
        }
        Ok(())
    }

    fn schema(&self) -> Value {
        let property = |argument: &Argument| {
            let kind = if argument.kind == Kind::Number { "integer" } else { "string" };
            let mut schema = json!({"type": kind, "description": argument.description});
            if argument.kind == Kind::Number {
                schema["minimum"] = json!(0);
            }
            if !argument.choices.is_empty() {
                schema["enum"] = json!(argument.choices);
            }
            schema
        };
        let properties: Map<String, Value> =
            self.arguments.iter().map(|(name, argument)| (name.clone(), property(argument))).collect();
        let required: Vec<&String> =
            self.arguments.iter().filter(|(_, argument)| !argument.optional).map(|(name, _)| name).collect();
        json!({
            "type": "object", "title": self.name, "description": self.description,
            "properties": properties, "required": required, "additionalProperties": false,
        })
    }
}

/// The names between braces.
fn placeholders(word: &str) -> impl Iterator<Item = &str> {
    word.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

impl ToolEntry for &'static OwnTool {
    fn name(&self) -> &'static str {
        &self.declaration.name
    }
    fn summary(&self) -> String {
        gate::text(self.declaration.description.trim())
    }
    fn phrases(&self) -> &'static [&'static str] {
        &self.phrases
    }
    fn modifiers(&self) -> &'static [&'static str] {
        &[]
    }
    fn can_change(&self) -> bool {
        self.declaration.effect != Effect::Read
    }
    fn schema(&self) -> Value {
        self.declaration.schema()
    }
    fn bind(&self, arguments: &Map<String, Value>) -> Result<Box<dyn BoundCall>> {
        let arguments: Map<String, Value> = arguments
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.declaration.check_arguments(&arguments)?;
        Ok(Box::new(BoundOwn { tool: self, arguments }))
    }
}

impl BoundOwn {
    async fn execute(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        let declaration = &self.tool.declaration;
        let mut words = declaration.line(&self.arguments).into_iter();
        let program = Program {
            program: PathBuf::from(words.next().unwrap_or_default()),
            arguments: words.map(OsString::from).collect(),
            folder: world.options().folder.clone(),
            how_to_get: "install it, or correct argv in the file of this tool",
        };
        progress.status(format!("runs {}", declaration.name));
        let printed = program.run(Duration::from_secs(declaration.deadline)).await?;
        if !printed.success {
            let said = if printed.stderr.trim().is_empty() { &printed.stdout } else { &printed.stderr };
            let lines: Vec<&str> = said.trim().lines().collect();
            let last = lines.get(lines.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default().join("\n");
            return Err(Feedback::new(ErrorKind::Other, format!("{} failed: {last}", declaration.name))
                .next("what it did before it failed is not known: look before trying again")
                .into());
        }
        let outcome = Outcome::sentence(format!("{} ended well", declaration.name))
            .data(json!({"stdout": printed.stdout}));
        Ok(if printed.stdout.trim().is_empty() { outcome } else { outcome.view(View::Text(printed.stdout)) })
    }
}

impl BoundCall for BoundOwn {
    fn call(&self) -> Call {
        Call { tool: self.tool.declaration.name.clone(), arguments: self.arguments.clone() }
    }

    fn effect(&self) -> Effect {
        self.tool.declaration.effect
    }

    fn command(&self) -> CommandLine {
        let mut words = self.tool.declaration.line(&self.arguments).into_iter();
        CommandLine::new(&words.next().unwrap_or_default()).args(words)
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        Vec::new()
    }

    fn check(&self) -> Result<()> {
        self.tool.declaration.check_arguments(&self.arguments)
    }

    fn read<'a>(&'a self, world: &'a ReadWorld, progress: &'a Progress) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            if self.effect() != Effect::Read {
                return Err(ToolError::Fatal("a tool that changes something is run, not read".to_owned()));
            }
            self.execute(world, progress).await.map(gate::outcome).map_err(gate::error)
        })
    }

    fn preview<'a>(&'a self, _: &'a ReadWorld) -> BoxFuture<'a, Result<Preview>> {
        Box::pin(async move {
            let declaration = &self.tool.declaration;
            Ok(gate::preview(Preview {
                summary: format!("{} would be run: {}", declaration.name, self.command()),
                confirm_name: (declaration.effect == Effect::Destroy).then(|| declaration.name.clone()),
                warnings: vec![
                    "a tool of one's own: what it changes is not known before, and cannot be undone"
                        .to_owned(),
                ],
                ..Preview::default()
            }))
        })
    }

    fn run<'a>(
        &'a self,
        world: &'a World,
        approval: &'a Approval,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            approval.check(&self.call())?;
            self.execute(world.read(), progress).await.map(gate::outcome).map_err(gate::error)
        })
    }

    fn verify<'a>(
        &'a self,
        _: &'a ReadWorld,
        _: &'a Preview,
        _: Duration,
        _: &'a Progress,
    ) -> BoxFuture<'a, Result<Verification>> {
        Box::pin(async { Ok(Verification::NotNeeded) })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(change: impl FnOnce(&mut Value)) -> Declaration {
        let mut value = json!({
            "name": "own_release", "description": "Ship it", "words": ["ship version {version:word}"],
            "effect": "change", "argv": ["./ship.sh", "--to={place}", "{version}"],
            "arguments": {
                "version": {"description": "What to ship"},
                "place": {"description": "Where to", "optional": true, "choices": ["east", "west"]},
            },
        });
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    fn arguments(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn arguments_fill_words_and_what_was_not_said_is_left_out() {
        let tool = declared(|_| {});
        let line = |value: Value| tool.line(&arguments(&value));
        assert_eq!(line(json!({"version": "1 2; rm x"})), ["./ship.sh", "1 2; rm x"]);
        assert_eq!(line(json!({"version": "1", "place": "east"})), ["./ship.sh", "--to=east", "1"]);
    }

    #[test]
    fn what_does_not_fit_or_could_become_a_flag_is_refused() {
        let tool = declared(|_| {});
        for bad in [
            json!({}),
            json!({"version": "--force"}),
            json!({"version": "1", "place": "north"}),
            json!({"version": "1", "more": "x"}),
            json!({"version": ["1"]}),
        ] {
            assert!(tool.check_arguments(&arguments(&bad)).is_err(), "{bad}");
        }
        assert!(tool.check_arguments(&arguments(&json!({"version": "1", "place": "west"}))).is_ok());
    }

    #[test]
    fn declarations_that_make_no_sense_are_told_apart() {
        assert!(declared(|_| {}).check().is_ok());
        for (what, change) in [
            ("a tool called", json!({"name": "scale"})),
            ("no name", json!({"name": "Ship It"})),
            ("program", json!({"argv": ["{version}", "{place}"]})),
            ("no argument", json!({"argv": ["x", "{version}", "{place}", "{other}"]})),
            ("fills nothing", json!({"argv": ["x", "{version}"]})),
            ("deadline", json!({"deadline": 0})),
            ("argv", json!({"argv": []})),
        ] {
            let error = declared(|value| {
                for (key, new) in change.as_object().unwrap() {
                    value[key] = new.clone();
                }
            })
            .check()
            .unwrap_err();
            assert!(error.contains(what), "{what}: {error}");
        }
    }

    #[test]
    fn its_schema_takes_nothing_else() {
        let schema = declared(|_| {}).schema();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["version"]));
        assert_eq!(schema["properties"]["place"]["enum"], json!(["east", "west"]));
    }
}
