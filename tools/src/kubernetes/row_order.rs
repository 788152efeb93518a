//! The order of a table's rows, by what people call it ("newest", "restarts") or by any column it has.

use std::cmp::Ordering;

use super::table::{Row, ServerTable};

/// An order of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOrder {
    key: Key,
    /// Whether the direction is the other one than the key's usual one.
    reversed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Name,
    /// Newest first, as people mean "by age".
    Created,
    /// A column: numbers from the largest, text from A.
    Column(String),
}

impl RowOrder {
    /// Reads an order such as `name`, `newest`, `oldest`, `restarts`, `-name` or a column's heading.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lower = text.trim().to_lowercase();
        let (lower, flipped) = match lower.strip_prefix('-') {
            Some(rest) => (rest.to_owned(), true),
            None => (lower, false),
        };
        let words: Vec<&str> = lower
            .split([' ', '_', '.'])
            .filter(|word| !["", "by", "the", "first", "most", "metadata", "count"].contains(word))
            .collect();
        let ascending = words.iter().any(|word| ["asc", "ascending"].contains(word));
        let key: String = words
            .into_iter()
            .filter(|word| !["asc", "ascending", "desc", "descending"].contains(word))
            .collect::<Vec<_>>()
            .join(" ");
        let (key, usual_reversed) = match key.as_str() {
            "name" | "names" | "alphabetical" | "alphabetically" => (Key::Name, false),
            "age" | "newest" | "youngest" | "latest" | "recent" | "created" | "creation" | "new"
            | "creation time" | "creationtime" | "creationtimestamp" | "creation timestamp" => {
                (Key::Created, false)
            }
            "oldest" | "old" => (Key::Created, true),
            "restart" | "restarts" | "restarted" => (Key::Column("restarts".to_owned()), false),
            other => (Key::Column(other.to_owned()), false),
        };
        let reversed = usual_reversed != flipped || (ascending && key != Key::Name);
        Self { key, reversed }
    }

    /// What kubectl's `--sort-by` takes for it; kubectl sorts upwards only.
    #[must_use]
    pub fn sort_by(&self) -> Option<&'static str> {
        match &self.key {
            Key::Name => Some(".metadata.name"),
            Key::Created => Some(".metadata.creationTimestamp"),
            Key::Column(column) => match column.as_str() {
                "restarts" => Some(".status.containerStatuses[0].restartCount"),
                "status" | "phase" => Some(".status.phase"),
                "node" => Some(".spec.nodeName"),
                "namespace" => Some(".metadata.namespace"),
                "type" => Some(".spec.type"),
                _ => None,
            },
        }
    }

    /// The column it needs and `table` does not have.
    #[must_use]
    pub fn missing_column(&self, table: &ServerTable) -> Option<&str> {
        match &self.key {
            Key::Column(column) if column != "namespace" && table.column(column).is_none() => Some(column),
            _ => None,
        }
    }

    /// Sorts the rows of `table`; rows that compare equal keep their place.
    pub fn sort(&self, table: &mut ServerTable) {
        let column = match &self.key {
            Key::Column(name) => table.column(name),
            Key::Name | Key::Created => None,
        };
        table.rows.sort_by(|left, right| {
            let order = match &self.key {
                Key::Name => left.object.metadata.name.cmp(&right.object.metadata.name),
                Key::Created => created(right).cmp(&created(left)),
                Key::Column(_) => match column {
                    Some(index) => by_cell(&left.text(index), &right.text(index)),
                    None => left.object.metadata.namespace.cmp(&right.object.metadata.namespace),
                },
            };
            if self.reversed { order.reverse() } else { order }
        });
    }
}

fn created(row: &Row) -> Option<jiff::Timestamp> {
    row.object.metadata.creation_timestamp.as_ref().map(|time| time.0)
}

/// Numbers from the largest ("12 (4m ago)" counts as 12), text from A, numbers before text.
fn by_cell(left: &str, right: &str) -> Ordering {
    match (leading_number(left), leading_number(right)) {
        (Some(left), Some(right)) => right.total_cmp(&left),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.to_lowercase().cmp(&right.to_lowercase()),
    }
}

fn leading_number(cell: &str) -> Option<f64> {
    let end = cell.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(cell.len());
    cell.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sorted(order: &str) -> Vec<String> {
        let rows: Vec<Value> = [("b", "2 (4s ago)", 5), ("a", "10", 1), ("c", "0", 9)]
            .iter()
            .map(|(name, restarts, day)| {
                json!({"cells": [name, restarts], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"name": name, "creationTimestamp": format!("2026-01-0{day}T00:00:00Z")}}})
            })
            .collect();
        let mut table: ServerTable = serde_json::from_value(
            json!({"columnDefinitions": [{"name": "Name"}, {"name": "Restarts"}], "rows": rows}),
        )
        .unwrap();
        let order = RowOrder::read(order);
        assert_eq!(order.missing_column(&table), None);
        order.sort(&mut table);
        table.rows.iter().map(|row| row.text(0)).collect()
    }

    #[test]
    fn orders_go_the_way_people_mean() {
        for (order, names) in [
            ("name", ["a", "b", "c"]),
            ("-name", ["c", "b", "a"]),
            ("newest first", ["c", "b", "a"]),
            ("age", ["c", "b", "a"]),
            ("oldest", ["a", "b", "c"]),
            ("restarts", ["a", "b", "c"]),
            ("restart count ascending", ["c", "b", "a"]),
        ] {
            assert_eq!(sorted(order), names, "{order}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let table = ServerTable::default();
        assert_eq!(RowOrder::read("by colour").missing_column(&table), Some("colour"));
    }
}
