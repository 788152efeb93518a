//! Tables of several kinds gathered into one answer: what is shown, the data behind it, and the sentence that
//! says how many there are and how many of them are in trouble.

use serde_json::{Map, Value, json};

use crate::outcome::{Outcome, Table, View};

use super::condition::is_healthy;
use super::kinds::ResourceType;
use super::table::ServerTable;

/// What was asked for, as far as the sentence repeats it.
#[derive(Debug, Clone, Default)]
pub struct ListingWords {
    /// The namespace; `None` for all of them.
    pub namespace: Option<String>,
    /// The state asked for.
    pub status: Option<String>,
    /// Whether the server gave only what has that state, so that nobody knows how many there are in all.
    pub only_matching: bool,
    /// The label selector.
    pub selector: Option<String>,
    /// The part of the name.
    pub name_contains: Option<String>,
}

/// Tables of several kinds.
#[derive(Debug, Default)]
pub struct Listing {
    words: ListingWords,
    tables: Vec<(String, Table)>,
    counts: Vec<Count>,
    data: Map<String, Value>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Count {
    singular: String,
    plural: String,
    kept: usize,
    total: usize,
    troubled: usize,
    namespaced: bool,
}

impl Listing {
    /// An empty listing.
    #[must_use]
    pub fn new(words: ListingWords) -> Self {
        Self { words, ..Self::default() }
    }

    /// Adds the rows of a kind that were kept of `total`.
    pub fn add(&mut self, resource: &ResourceType, table: &ServerTable, total: usize, wide: bool) {
        let shown = shown(table, self.words.namespace.is_none() && resource.namespaced, wide);
        self.counts.push(Count {
            singular: resource.singular.clone(),
            plural: resource.plural.clone(),
            kept: table.rows.len(),
            total,
            troubled: table.rows.iter().filter(|row| !is_healthy(table, row)).count(),
            namespaced: resource.namespaced,
        });
        let items = table.rows.iter().zip(&shown.rows).map(|(row, cells)| {
            let mut item: Map<String, Value> = shown
                .columns
                .iter()
                .zip(cells)
                .map(|(column, cell)| (column.to_lowercase().replace(' ', "_"), cell.clone().into()))
                .collect();
            if let Some(namespace) = &row.object.metadata.namespace {
                item.insert("namespace".to_owned(), namespace.clone().into());
            }
            Value::Object(item)
        });
        self.data.insert(resource.plural.clone(), items.collect());
        if !shown.rows.is_empty() {
            self.tables.push((resource.plural.clone(), shown));
        }
    }

    /// Adds a remark.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// How many rows there are.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.counts.iter().map(|count| count.kept).sum()
    }

    /// The whole answer.
    #[must_use]
    pub fn outcome(mut self) -> Outcome {
        let summary = self.summary();
        let data = json!({"count": self.kept(), "kinds": self.data});
        if let [(title, _)] = self.tables.as_mut_slice() {
            title.clear();
        }
        let view = if self.tables.is_empty() { View::None } else { View::Tables(self.tables) };
        let mut outcome = Outcome::sentence(summary).view(view).data(data);
        outcome.notes = self.notes;
        outcome
    }

    fn summary(&self) -> String {
        let mut place = match &self.words.namespace {
            _ if self.counts.iter().all(|count| !count.namespaced) => String::new(),
            Some(namespace) => format!(" in {namespace}"),
            None => " in all namespaces".to_owned(),
        };
        if let Some(part) = &self.words.name_contains {
            place = format!(" named like {part:?}{place}");
        }
        if let Some(selector) = &self.words.selector {
            place = format!(" labelled {selector}{place}");
        }
        if let [one] = self.counts.as_slice() {
            return one.sentence(&self.words, &place);
        }
        let found: Vec<&Count> = self.counts.iter().filter(|count| count.kept > 0).collect();
        if found.is_empty() {
            let names: Vec<&str> = self.counts.iter().map(|count| count.plural.as_str()).collect();
            return format!("no {}{place}", names.join(", "));
        }
        let mut listed = String::new();
        for (index, count) in found.iter().enumerate() {
            if index > 0 {
                listed.push_str(if index + 1 == found.len() { " and " } else { ", " });
            }
            listed.push_str(&count.amount(count.kept));
        }
        let troubled: usize = found.iter().map(|count| count.troubled).sum();
        match &self.words.status {
            Some(status) => format!("{listed}{place} with status {status}"),
            None => format!("{listed}{place}{}", trouble(troubled)),
        }
    }
}

fn trouble(troubled: usize) -> String {
    if troubled == 0 { String::new() } else { format!(", {troubled} not healthy") }
}

impl Count {
    fn amount(&self, number: usize) -> String {
        match number {
            0 => format!("no {}", self.plural),
            1 => format!("1 {}", self.singular),
            number => format!("{number} {}", self.plural),
        }
    }

    fn sentence(&self, words: &ListingWords, place: &str) -> String {
        let Some(status) = words.status.as_deref() else {
            return format!("{}{place}{}", self.amount(self.kept), trouble(self.troubled));
        };
        if words.only_matching {
            return format!("{}{place} with status {status}", self.amount(self.kept));
        }
        match (self.kept, self.total, status.strip_prefix("not ")) {
            (0, 0, _) => format!("no {}{place}", self.plural),
            (0, 1, Some(state)) => format!("the only {}{place} is {state}", self.singular),
            (0, total, Some(state)) => format!("all {total} {}{place} are {state}", self.plural),
            (0, total, None) => format!("none of {}{place} is {status}", self.amount(total)),
            (1, total, _) => format!("1 of {}{place} is {status}", self.amount(total)),
            (kept, total, _) => format!("{kept} of {}{place} are {status}", self.amount(total)),
        }
    }
}

/// The columns that are shown, as kubectl heads them.
fn shown(table: &ServerTable, namespaces: bool, wide: bool) -> Table {
    let columns: Vec<usize> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| wide || column.priority == 0)
        .map(|(index, _)| index)
        .collect();
    let mut headings: Vec<String> = columns
        .iter()
        .filter_map(|index| table.columns.get(*index))
        .map(|column| column.name.to_uppercase())
        .collect();
    if namespaces {
        headings.insert(0, "NAMESPACE".to_owned());
    }
    let rows = table
        .rows
        .iter()
        .map(|row| {
            let mut cells: Vec<String> = columns.iter().map(|index| row.text(*index)).collect();
            if namespaces {
                cells.insert(0, row.object.metadata.namespace.clone().unwrap_or_default());
            }
            cells
        })
        .collect();
    Table { columns: headings, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_answer_the_question_that_was_asked() {
        let count = |kept, total, troubled| Count {
            singular: "pod".to_owned(),
            plural: "pods".to_owned(),
            kept,
            total,
            troubled,
            namespaced: true,
        };
        let asked = |status: Option<&str>| ListingWords {
            status: status.map(str::to_owned),
            ..ListingWords::default()
        };
        for (count, status, sentence) in [
            (count(3, 3, 1), None, "3 pods in shop, 1 not healthy"),
            (count(1, 1, 0), None, "1 pod in shop"),
            (count(0, 0, 0), None, "no pods in shop"),
            (count(0, 6, 0), Some("not running"), "all 6 pods in shop are running"),
            (count(0, 6, 0), Some("crashlooping"), "none of 6 pods in shop is crashlooping"),
            (count(2, 6, 2), Some("unhealthy"), "2 of 6 pods in shop are unhealthy"),
        ] {
            assert_eq!(count.sentence(&asked(status), " in shop"), sentence);
        }
    }
}
