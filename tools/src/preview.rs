//! What a call would change, before it does: the objects, a readable difference, and what to watch out for.
//!
//! A preview is also the basis of the run: it carries the identities of the objects it showed (uid and
//! generation), so that the run can refuse when the world moved on in between.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An object as it was when it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ObjectIdentity {
    /// Its kind, such as `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its uid, if it exists.
    pub uid: Option<String>,
    /// Its generation, which the server counts up whenever the wish (not the status) changes.
    pub generation: Option<i64>,
}

impl ObjectIdentity {
    /// `Kind namespace/name`, as people read it.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{}", self.kind, self.name),
            None => format!("{} {}", self.kind, self.name),
        }
    }
}

/// What would happen to one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It does not exist yet.
    Create,
    /// It exists and would be changed.
    Update,
    /// It would stay as it is.
    Unchanged,
    /// It would go.
    Delete,
}

/// One object and what would change in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectChange {
    /// Which object.
    pub object: ObjectIdentity,
    /// What would happen to it.
    pub action: Action,
    /// Lines that begin with `+`, `-` or a space; empty when there is nothing to show.
    pub difference: String,
}

/// What a call would do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Preview {
    /// One sentence: what would happen.
    pub summary: String,
    /// Object by object.
    pub changes: Vec<ObjectChange>,
    /// What the person should know before saying yes.
    pub warnings: Vec<String>,
    /// Whether nothing would change at all.
    pub nothing_to_do: bool,
    /// For a call that destroys: the name that has to be typed.
    pub confirm_name: Option<String>,
    /// The namespace the change happens in, for "always in this namespace".
    pub namespace: Option<String>,
    /// What the tool wants to know again at run, verify or undo; not shown.
    pub basis: Value,
}

impl Preview {
    /// The identity shown for the single object of this preview.
    #[must_use]
    pub fn object(&self) -> Option<&ObjectIdentity> {
        match self.changes.as_slice() {
            [one] => Some(&one.object),
            _ => None,
        }
    }
}
