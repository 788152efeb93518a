//! The adapter for Helm. There is no Helm library for Rust, so the program itself is run, with an argument
//! vector and the same cluster, context and namespace that everything else uses.

mod chart;
mod compare;
mod complaint;
mod release;
mod render;
mod runner;
mod upgrade;

pub use chart::{chart_digest, chart_name};
pub use compare::{Comparison, compare};
pub use complaint::{complaint, failure};
pub use release::{ListedRelease, Release, check_release_name};
pub use render::{ChartRequest, Rendered};
pub use runner::{Helm, ReadHelm};
pub use upgrade::{Pair, drift, dropped_values, merge_patch, pairs};
