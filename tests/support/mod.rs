//! What the suites stand on: a world of their own to run the executable in, and the cluster.

pub mod cluster;
pub mod grade;
pub mod proxy;
pub mod terminal;
pub mod todo;
pub mod world;
