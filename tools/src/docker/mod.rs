//! The adapter for the Docker engine, over its own API, and the judge of Dockerfiles.

pub mod dockerfile;
mod engine;

pub use engine::{Docker, ReadDocker};
