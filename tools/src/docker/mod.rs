//! The adapter for the Docker engine, over its own API.

mod engine;

pub use engine::{Docker, ReadDocker};
