//! Every tool there is, sorted by name. The list is made by `build.rs` from the files of this folder.

use std::sync::OnceLock;

use crate::tool::ToolEntry;

include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// A tool and the area (folder) it belongs to.
pub struct Entry {
    /// The area: `look`, `judge`, `change`, `destroy`, `helm`, `docker`, or `own` for those that joined.
    pub area: &'static str,
    /// The tool.
    pub tool: &'static dyn ToolEntry,
}

/// The list with the tools that joined it.
static JOINED: OnceLock<Vec<Entry>> = OnceLock::new();

/// Every tool, sorted by name.
#[must_use]
pub fn all() -> &'static [Entry] {
    JOINED.get().map_or(ENTRIES, Vec::as_slice)
}

/// Lets tools of one's own join the list. Once, before anything reads it: who has read it keeps what it was.
pub fn join(own: Vec<Entry>) {
    if own.is_empty() {
        return;
    }
    let catalog = ENTRIES.iter().map(|entry| Entry { area: entry.area, tool: entry.tool });
    let mut all: Vec<Entry> = catalog.chain(own).collect();
    all.sort_by_key(|entry| entry.tool.name());
    // A second list is dropped: the first one is in use already.
    drop(JOINED.set(all));
}

/// The tool of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn ToolEntry> {
    all().iter().find(|entry| entry.tool.name() == name).map(|entry| entry.tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_file_names_and_every_tool_explains_itself() {
        for entry in all() {
            let name = entry.tool.name();
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
            assert!(!entry.tool.summary().is_empty(), "{name} has no doc comment");
            assert!(!entry.tool.phrases().is_empty(), "{name} has no phrases");
            assert_eq!(entry.tool.schema()["additionalProperties"], false, "{name} takes unknown arguments");
            let properties = entry.tool.schema()["properties"].as_object().cloned().unwrap_or_default();
            for (argument, schema) in properties {
                assert!(schema.get("description").is_some(), "{name}.{argument} is not documented");
            }
        }
        assert!(all().is_sorted_by_key(|entry| entry.tool.name()));
    }
}
