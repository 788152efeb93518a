//! shipmate in a terminal of its own, as somebody sits in front of it.

use super::world::World;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use rexpect::session::{Options, PtySession, spawn_with_options};
use std::ffi::OsStr;

/// How long something may take to appear, in milliseconds.
const PATIENCE: u64 = 60_000;

/// A terminal with shipmate running in it. What it shows is read as bytes: expect ASCII only.
pub struct Terminal(PtySession);

impl Terminal {
    /// Starts shipmate with these arguments.
    pub fn start<I: AsRef<OsStr>>(world: &World, arguments: impl IntoIterator<Item = I>) -> Self {
        Self::start_with_patience(world, arguments, PATIENCE)
    }

    /// The same, where an answer may take `patience` milliseconds.
    pub fn start_with_patience<I: AsRef<OsStr>>(
        world: &World,
        arguments: impl IntoIterator<Item = I>,
        patience: u64,
    ) -> Self {
        let options = Options::new().timeout_ms(Some(patience)).strip_ansi_escape_codes(true);
        let mut session = spawn_with_options(world.command(arguments), options).unwrap();
        session.process_mut().set_kill_timeout(Some(2_000));
        Self(session)
    }

    /// Waits until it shows this, and gives what came before.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap_or_else(|error| panic!("{text:?} was not shown: {error}"))
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        self.0.send_line(line).unwrap();
    }

    /// Presses these keys, without Enter.
    pub fn sends(&mut self, keys: &str) {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
    }

    /// Presses a key together with Control.
    pub fn control(&mut self, key: char) {
        self.0.send_control(key).unwrap();
    }

    /// Ends it at once, as a crash would.
    pub fn kill_now(mut self) {
        self.0.process_mut().signal(Signal::SIGKILL).unwrap();
        self.0.process().wait().unwrap();
    }

    /// Waits for its end; what it showed until then, and its exit code.
    #[track_caller]
    pub fn ends(mut self) -> (String, i32) {
        let shown = self.0.exp_eof().unwrap_or_else(|error| panic!("it did not end: {error}"));
        match self.0.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => (shown, code),
            other => panic!("it ended by {other:?} and showed: {shown}"),
        }
    }
}
