//! What the suites stand on: a world of their own to run the executable in, the cluster, and the judges.

pub mod cluster;
pub mod grade;
pub mod model_server;
pub mod mutation;
pub mod proxy;
pub mod terminal;
pub mod todo;
pub mod world;
