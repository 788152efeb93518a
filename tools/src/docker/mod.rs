//! The adapter for the Docker engine, over its own API, and the judge of Dockerfiles.

pub mod dockerfile;
mod engine;
mod place;

pub use engine::{Docker, ReadDocker, failure};
pub use place::{context_of, image_name};
