//! The adapter for the Docker engine, over its own API, and the judge of Dockerfiles.

mod account;
pub mod build;
pub mod compose;
pub mod context;
mod credentials;
pub mod dockerfile;
mod engine;
pub mod ignore;
mod look;
pub mod names;
mod place;
pub mod pull;
pub mod reference;
pub mod run;
pub mod scan;
mod step_line;
pub mod subject;
pub mod usage;

pub use account::Step;
pub use credentials::credentials;
pub use engine::{Docker, LocalImage, ReadDocker, failure};
pub use place::{context_of, image_name};
