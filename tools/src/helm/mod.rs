//! The adapter for Helm. There is no Helm library for Rust, so the program itself is run, with an argument
//! vector and the same cluster, context and namespace that everything else uses.

mod chart;
mod complaint;
mod release;
mod rendered;
mod runner;

pub use chart::chart_name;
pub use complaint::{complaint, failure};
pub use release::{ListedRelease, Release, check_release_name};
pub use rendered::{Rendered, manifest_changes};
pub use runner::{Helm, ReadHelm};
