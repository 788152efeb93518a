//! The adapter for Prometheus: where one is, asking it, and the common questions in its language. It only reads.

mod client;
mod place;
mod question;

pub use client::{Prometheus, Series};
pub use place::Place;
pub use question::{Metric, Subject, repaired};
