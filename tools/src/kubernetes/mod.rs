//! The adapter for Kubernetes: connecting, the guard that keeps reads reads, the kinds a cluster knows, and
//! the requests that several tools share. No tool is defined here.

mod autoscaler;
mod cluster;
mod condition;
mod connection;
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
mod logs;
mod metrics;
#[cfg(test)]
pub(crate) mod mock;
mod names;
mod objects;
mod ownership;
mod quantity;
mod rollout;
mod row_order;
mod secret;
mod table;
mod target;
mod workload;

pub use autoscaler::{Autoscaler, autoscaler_of};
pub use cluster::{Cluster, FIELD_MANAGER};
pub use condition::{Condition, is_healthy};
pub use connection::{Connection, contexts};
pub use difference::difference;
pub use duration::{age, human_duration, kubectl_duration, parse_duration};
pub use events::{Event, event_table};
pub use failure::failure;
pub use family::{Family, pod_query};
pub use field::{Field, find_fields, friendly_paths, inline, near_fields};
pub use identity::Identity;
pub use kinds::{KindIndex, ResourceType};
pub use listing::{Listing, ListingWords};
pub use logs::{LogLine, LogSource, log_sources, merge_logs};
pub use metrics::metrics_probe;
pub use names::{check_name, check_namespace, check_selector};
pub use objects::Query;
pub use ownership::ownership_warnings;
pub use quantity::{cpu_text, memory_text, parse_quantity};
pub use rollout::{pods_of, wait_for_replicas, wait_for_rollout, wait_for_rollouts};
pub use row_order::RowOrder;
pub use secret::secret_keys;
pub use table::{ColumnDefinition, Row, ServerTable};
pub use target::{Target, reference};
pub use workload::{RolloutState, replicas_state, rollout_state, selector_text};
