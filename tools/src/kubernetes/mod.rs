//! The adapter for Kubernetes: connecting, the guard that keeps reads reads, the kinds a cluster knows, and
//! the requests that several tools share. No tool is defined here.

mod autoscaler;
mod cluster;
mod connection;
mod difference;
mod discovery;
mod failure;
mod guard;
mod identity;
mod kinds;
mod manifest;
mod names;
mod ownership;
mod rollout;
mod table;
mod target;
mod workload;

pub use autoscaler::{Autoscaler, autoscaler_of};
pub use cluster::{Cluster, FIELD_MANAGER};
pub use connection::{Connection, contexts};
pub use difference::difference;
pub use failure::failure;
pub use identity::Identity;
pub use kinds::{KindIndex, ResourceType};
pub use manifest::{ManifestObject, parse_manifest};
pub use names::{check_name, check_namespace, check_selector};
pub use ownership::ownership_warnings;
pub use rollout::{pods_of, wait_for_replicas, wait_for_rollout, wait_for_rollouts};
pub use table::{ColumnDefinition, Row, ServerTable};
pub use target::{Target, reference};
pub use workload::{RolloutState, replicas_state, rollout_state, selector_text};
