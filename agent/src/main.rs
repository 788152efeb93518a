//! The executable: one thread, the arguments, an exit code.

use shipmate::error::{AgentError, ExitCode as Code};
use shipmate::ui::{Terminal, TerminalOptions};
use std::process::ExitCode;

fn main() -> ExitCode {
    // One thread: shipmate waits for servers far more than it computes, and more threads cost start-up time.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = AgentError::new(Code::Failed, format!("the machine gives no runtime: {error}"));
            Terminal::new(TerminalOptions::default()).error(&error);
            return ExitCode::from(Code::Failed.number());
        }
    };
    let code = runtime.block_on(shipmate::commands::run(std::env::args_os().collect()));
    // A thread that still waits for standard input must not hold up the end.
    runtime.shutdown_background();
    ExitCode::from(code.number())
}
