//! A call is a tool's name and its arguments, as data; its effect says how much it can hurt.
//!
//! Both translators, the typed command line and the record speak in calls, so this is the one shape they
//! share. It stays plain JSON until [`Call::bind`] checks it against the tool's own argument type.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

use crate::error::{ErrorKind, Feedback, ToolError};
use crate::tool::BoundCall;

/// How much a call can change. Policy is decided on this, never on what a model says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Only looks.
    Read,
    /// Changes something that can be changed back.
    Change,
    /// Takes something away: data, objects or availability.
    Destroy,
}

impl Effect {
    /// The word used in translations and records: `read`, `change` or `destroy`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
            Self::Destroy => "destroy",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A tool and its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The tool's name, such as `scale`.
    pub tool: String,
    /// Its arguments, as the tool's schema describes them.
    pub arguments: Map<String, Value>,
}

impl Call {
    /// A call of `tool` with the arguments of a JSON object; anything else than an object is no arguments.
    #[must_use]
    pub fn new(tool: impl Into<String>, arguments: Value) -> Self {
        let arguments = match arguments {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self { tool: tool.into(), arguments }
    }

    /// Checks the arguments against the tool's own type.
    ///
    /// # Errors
    /// `InvalidArguments` when there is no such tool or an argument is unknown, missing or of the wrong type.
    pub fn bind(&self) -> Result<Box<dyn BoundCall>, ToolError> {
        let entry = crate::catalog::find(&self.tool).ok_or_else(|| {
            Feedback::new(ErrorKind::InvalidArguments, format!("there is no tool called {:?}", self.tool))
                .next("see `shipmate tools` for the list")
        })?;
        entry.bind(&self.arguments)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tool)?;
        for (name, value) in &self.arguments {
            match value {
                Value::Null => {}
                Value::String(text) => write!(f, " {name}={}", crate::command::quote(text))?,
                other => write!(f, " {name}={}", crate::command::quote(&other.to_string()))?,
            }
        }
        Ok(())
    }
}
