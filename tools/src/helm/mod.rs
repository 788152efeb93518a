//! The adapter for Helm. There is no Helm library for Rust, so the program itself is run, with an argument
//! vector and the same cluster, context and namespace that everything else uses.

mod chart;
mod compare;
mod complaint;
mod history;
mod members;
mod release;
mod render;
mod runner;
mod upgrade;
mod values;

pub use chart::{chart_digest, chart_name, check_chart, check_values};
pub use compare::{Comparison, compare};
pub use complaint::{complaint, failure};
pub use history::{Revision, check_revision, release_namespace, revision_before, revisions_json};
pub use members::{Member, check_not_held, members, wait_for_workloads, workloads};
pub use release::{ListedRelease, Release, ReleaseHook, check_release_name};
pub use render::{ChartRequest, Rendered};
pub use runner::{Helm, ReadHelm};
pub use upgrade::{Pair, drift, dropped_values, merge_patch, pairs};
pub use values::mask_values;
