//! What a tool is, and the one adapter through which everybody else uses it.
//!
//! A tool is a struct of arguments: its doc comment is what models and people read, its fields are its
//! schema, and its methods are what it does. It implements [`Tool`] and one of [`ReadTool`] or
//! [`ChangeTool`], so the compiler knows whether it can change anything. [`Reader`] and [`Changer`] erase the
//! type for the catalog, and pass whatever leaves through the gate: a raw result cannot leave this crate.

use futures::future::BoxFuture;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::gate;
use crate::outcome::{Outcome, Verification};
use crate::preview::Preview;
use crate::progress::Progress;
use crate::slot::Slot;
use crate::world::{ReadWorld, World};

/// What every tool declares.
pub trait Tool: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// `verb_noun`, or one verb.
    const NAME: &'static str;
    /// Plain-English patterns, the phrasebook's and the model's examples (see `docs/phrases.md`).
    const PHRASES: &'static [&'static str];
    /// Patterns for parts that any phrase of this tool may carry ("last {tail:count} lines").
    const MODIFIERS: &'static [&'static str] = &[];

    /// How much this very call can change.
    fn effect(&self) -> Effect;

    /// The equivalent command line.
    fn command(&self) -> CommandLine;

    /// The vague parts, for grounding.
    fn slots(&mut self) -> Vec<Slot<'_>> {
        Vec::new()
    }

    /// Whether this call makes sense and is one that shipmate does; asked after grounding.
    ///
    /// # Errors
    /// `InvalidArguments` or `Refused`, with a next step.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// A tool that only looks.
pub trait ReadTool: Tool {
    /// Looks.
    fn read(&self, world: &ReadWorld, progress: &Progress) -> impl Future<Output = Result<Outcome>> + Send;
}

/// A tool that can change something.
pub trait ChangeTool: Tool {
    /// What the run would change; changes nothing.
    fn preview(&self, world: &ReadWorld) -> impl Future<Output = Result<Preview>> + Send;

    /// Does it, as it was shown.
    fn run(
        &self,
        world: &World,
        approval: &Approval,
        progress: &Progress,
    ) -> impl Future<Output = Result<Outcome>> + Send;

    /// Waits until it came true, at most `deadline`, and says why if it did not.
    fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> impl Future<Output = Result<Verification>> + Send {
        let _ = (world, shown, deadline, progress);
        async { Ok(Verification::NotNeeded) }
    }

    /// The call that takes it back, from what was shown before.
    fn undo(&self, shown: &Preview) -> Option<Call> {
        let _ = shown;
        None
    }
}

/// A call whose arguments fit its tool.
pub trait BoundCall: Send + Sync {
    /// The call as data, in the tool's own form.
    fn call(&self) -> Call;
    /// How much it can change.
    fn effect(&self) -> Effect;
    /// The equivalent command line.
    fn command(&self) -> CommandLine;
    /// The vague parts.
    fn slots(&mut self) -> Vec<Slot<'_>>;
    /// Whether it makes sense.
    ///
    /// # Errors
    /// As [`Tool::check`].
    fn check(&self) -> Result<()>;
    /// Looks. A change whose effect is [`Effect::Read`] (a dry run) answers with its preview.
    fn read<'a>(&'a self, world: &'a ReadWorld, progress: &'a Progress) -> BoxFuture<'a, Result<Outcome>>;
    /// What it would change.
    fn preview<'a>(&'a self, world: &'a ReadWorld) -> BoxFuture<'a, Result<Preview>>;
    /// Does it.
    fn run<'a>(
        &'a self,
        world: &'a World,
        approval: &'a Approval,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Result<Outcome>>;
    /// Waits until it came true.
    fn verify<'a>(
        &'a self,
        world: &'a ReadWorld,
        shown: &'a Preview,
        deadline: Duration,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Result<Verification>>;
    /// The call that takes it back.
    fn undo(&self, shown: &Preview) -> Option<Call>;
}

/// A tool of the catalog, without its type.
pub trait ToolEntry: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// The first paragraph of its doc comment.
    fn summary(&self) -> String;
    /// Its phrases.
    fn phrases(&self) -> &'static [&'static str];
    /// Its modifiers.
    fn modifiers(&self) -> &'static [&'static str];
    /// Whether it can change anything at all.
    fn can_change(&self) -> bool;
    /// The JSON schema of its arguments, without references.
    fn schema(&self) -> Value;
    /// Checks arguments against it.
    ///
    /// # Errors
    /// `InvalidArguments` that names the argument.
    fn bind(&self, arguments: &Map<String, Value>) -> Result<Box<dyn BoundCall>>;
}

/// The catalog entry of a tool that only looks.
pub struct Reader<T>(PhantomData<fn() -> T>);

/// The catalog entry of a tool that can change something.
pub struct Changer<T>(PhantomData<fn() -> T>);

impl<T: ReadTool> Reader<T> {
    /// The entry; a tool's file ends with `pub(crate) static TOOL: Reader<X> = Reader::new();`.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "entries are statics; nothing asks for a default one")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: ChangeTool> Changer<T> {
    /// The entry; a tool's file ends with `pub(crate) static TOOL: Changer<X> = Changer::new();`.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "entries are statics; nothing asks for a default one")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// Implements [`ToolEntry`] for one of the two entry types; they differ in the bound call alone.
macro_rules! entry {
    ($entry:ident, $bound:ident, $trait:ident, $can_change:expr) => {
        impl<T: $trait> ToolEntry for $entry<T> {
            fn name(&self) -> &'static str {
                T::NAME
            }
            fn summary(&self) -> String {
                let schema = self.schema();
                let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
                text.split("\n\n").next().unwrap_or_default().replace('\n', " ")
            }
            fn phrases(&self) -> &'static [&'static str] {
                T::PHRASES
            }
            fn modifiers(&self) -> &'static [&'static str] {
                T::MODIFIERS
            }
            fn can_change(&self) -> bool {
                $can_change
            }
            fn schema(&self) -> Value {
                schema_of::<T>()
            }
            fn bind(&self, arguments: &Map<String, Value>) -> Result<Box<dyn BoundCall>> {
                Ok(Box::new($bound(parse::<T>(arguments)?)))
            }
        }
    };
}
entry!(Reader, BoundRead, ReadTool, false);
entry!(Changer, BoundChange, ChangeTool, true);

struct BoundRead<T>(T);
struct BoundChange<T>(T);

/// The members that read and change tools answer alike.
macro_rules! declared {
    () => {
        fn call(&self) -> Call {
            call_of(&self.0)
        }
        fn effect(&self) -> Effect {
            self.0.effect()
        }
        fn command(&self) -> CommandLine {
            self.0.command()
        }
        fn slots(&mut self) -> Vec<Slot<'_>> {
            self.0.slots()
        }
        fn check(&self) -> Result<()> {
            self.0.check().map_err(gate::error)
        }
    };
}

impl<T: ReadTool> BoundCall for BoundRead<T> {
    declared!();

    fn read<'a>(&'a self, world: &'a ReadWorld, progress: &'a Progress) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move { self.0.read(world, progress).await.map(gate::outcome).map_err(gate::error) })
    }

    fn preview<'a>(&'a self, _: &'a ReadWorld) -> BoxFuture<'a, Result<Preview>> {
        Box::pin(async { Ok(Preview { nothing_to_do: true, ..Preview::default() }) })
    }

    fn run<'a>(&'a self, _: &'a World, _: &'a Approval, _: &'a Progress) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async { Err(ToolError::Fatal(format!("{} only looks: it is read, not run", T::NAME))) })
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

impl<T: ChangeTool> BoundCall for BoundChange<T> {
    declared!();

    fn read<'a>(&'a self, world: &'a ReadWorld, _: &'a Progress) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let mut preview = self.preview(world).await?;
            // What a run would want to know again is nobody else's matter, and there is no run.
            preview.basis = Value::Null;
            let mut outcome = Outcome::sentence(preview.summary.clone())
                .data(serde_json::to_value(&preview).unwrap_or_default())
                .view(crate::outcome::View::Text(preview_text(&preview)));
            outcome.notes = preview.warnings;
            Ok(outcome)
        })
    }

    fn preview<'a>(&'a self, world: &'a ReadWorld) -> BoxFuture<'a, Result<Preview>> {
        Box::pin(async move { self.0.preview(world).await.map(gate::preview).map_err(gate::error) })
    }

    fn run<'a>(
        &'a self,
        world: &'a World,
        approval: &'a Approval,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            if self.0.effect() == Effect::Read {
                return Err(ToolError::Fatal(format!(
                    "{} was asked for a dry run: it is read, not run",
                    T::NAME
                )));
            }
            approval.check(&self.call())?;
            self.0.run(world, approval, progress).await.map(gate::outcome).map_err(gate::error)
        })
    }

    fn verify<'a>(
        &'a self,
        world: &'a ReadWorld,
        shown: &'a Preview,
        deadline: Duration,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Result<Verification>> {
        Box::pin(async move {
            self.0.verify(world, shown, deadline, progress).await.map(gate::verification).map_err(gate::error)
        })
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        self.0.undo(shown)
    }
}

/// The differences of a preview as plain text, each under its object's label.
#[must_use]
pub fn preview_text(preview: &Preview) -> String {
    let mut text = String::new();
    for change in &preview.changes {
        let verb = match change.action {
            crate::preview::Action::Create => "create",
            crate::preview::Action::Update => "update",
            crate::preview::Action::Unchanged => "unchanged",
            crate::preview::Action::Delete => "delete",
        };
        text.push_str(verb);
        text.push(' ');
        text.push_str(&change.object.label());
        text.push('\n');
        for line in change.difference.lines() {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn call_of<T: Tool>(arguments: &T) -> Call {
    let mut call = Call::new(T::NAME, serde_json::to_value(arguments).unwrap_or_default());
    // What was not said is left out, so that calls read and compare as they were meant.
    call.arguments.retain(|_, value| !is_absent(value));
    call
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn parse<T: Tool>(arguments: &Map<String, Value>) -> Result<T> {
    // A null is how some models write "not said".
    let said: Map<String, Value> = arguments
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    serde_json::from_value(Value::Object(said)).map_err(|error| {
        Feedback::new(
            ErrorKind::InvalidArguments,
            gate::text(&format!("the arguments do not fit {}: {error}", T::NAME)),
        )
        .next(format!("see `shipmate tools {}` for its arguments", T::NAME))
        .into()
    })
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
