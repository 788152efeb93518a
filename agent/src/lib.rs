//! shipmate: plain English in, typed tool calls out, your approval in between, a record of all of it.
//!
//! This room is the only one with a terminal, a model or a configuration file. The way through is
//! [`translate`] → [`ground`] → [`policy`] → preview → run → verify → answer → [`record`], driven by [`turn`].

pub mod cli;
pub mod commands;
pub mod config;
pub mod error;
pub mod ground;
pub mod own_tools;
pub mod policy;
pub mod record;
pub mod repl;
pub mod session;
pub mod translate;
pub mod turn;
pub mod ui;
