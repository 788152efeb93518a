//! The command line: kubectl's own flags, a handful of commands, and anything else is a request.

mod arguments;
mod typed_call;
mod words;

pub use arguments::{Cli, Command, ConfigCommand, GlobalArguments, TranslatorChoice};
pub use typed_call::call_from_words;
pub use words::parse;
