//! The adapter for Kubernetes: connecting, the guard that keeps reads reads, the kinds a cluster knows, and
//! the requests that several tools share. No tool is defined here.

mod cluster;
mod connection;
mod difference;
mod discovery;
mod failure;
mod guard;
mod identity;
mod kinds;
mod metrics;
mod ownership;
mod table;
mod target;
mod workload;

pub use cluster::{Cluster, FIELD_MANAGER};
pub use connection::{Connection, contexts};
pub use difference::difference;
pub use failure::failure;
pub use identity::Identity;
pub use kinds::{KindIndex, ResourceType};
pub use metrics::metrics_probe;
pub use ownership::ownership_warnings;
pub use table::{ColumnDefinition, Row, ServerTable};
pub use target::{Target, reference, wait_for_rollout};
pub use workload::{RolloutState, rollout_state, selector_text};
