//! The integration tests: they run the real executable, on a real cluster, as a person would. Run one with
//! `cargo test -p shipmate --test all faces::`; `tests/run` brings up all they need.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it did not expect has to stop right there"
)]

mod suite;
mod support;
