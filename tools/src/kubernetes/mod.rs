//! The adapter for Kubernetes: connecting, the guard that keeps reads reads, the kinds a cluster knows, and
//! the requests that several tools share. No tool is defined here.

mod cluster;
mod condition;
mod connection;
mod describe;
mod difference;
mod discovery;
mod duration;
mod events;
mod failure;
mod family;
mod field;
mod guard;
mod identity;
mod kinds;
mod listing;
mod metrics;
mod logs;
#[cfg(test)]
pub(crate) mod mock;
mod objects;
mod ownership;
mod quantity;
mod relations;
mod row_order;
mod secret;
mod table;
mod target;
mod usage;
mod workload;

pub use cluster::{Cluster, FIELD_MANAGER};
pub use condition::{Condition, is_healthy};
pub use connection::{Connection, contexts};
pub use describe::describe;
pub use difference::difference;
pub use duration::{age, human_duration, kubectl_duration, parse_duration};
pub(crate) use events::object_fields;
pub use events::{Event, event_table};
pub use failure::failure;
pub use family::{Family, pod_query};
pub use field::{Field, find_fields, friendly_paths, inline, near_fields};
pub use identity::Identity;
pub use kinds::{KindIndex, ResourceType};
pub use listing::{Listing, ListingWords};
pub use metrics::metrics_probe;
pub use logs::{LogLine, LogSource, log_sources, merge_logs};
pub use objects::Query;
pub use ownership::ownership_warnings;
pub use quantity::{cpu_text, memory_text, parse_quantity};
pub use relations::{Relations, is_workload};
pub use row_order::RowOrder;
pub use secret::secret_keys;
pub use table::{ColumnDefinition, Row, ServerTable};
pub use target::{Target, reference, wait_for_rollout};
pub use usage::{Amounts, Usage};
pub use workload::{RolloutState, rollout_state, selector_text};
