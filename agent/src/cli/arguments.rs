//! Flags and commands, as clap reads them.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

use crate::commands::HealthArguments;
use crate::translate::Mode;
use crate::ui::OutputForm;

/// Plain English in, typed tool calls for Kubernetes, Helm and Docker out.
#[derive(Debug, Parser)]
#[command(
    name = "shipmate",
    version,
    about = "Plain English in, typed tool calls for Kubernetes, Helm and Docker out; your approval in between, a record of all of it.",
    after_help = "Examples:\n  shipmate                                   talk to your cluster\n  shipmate show me all todo pods             one request\n  shipmate scale the backend to 3 --yes      a change, approved by the flag\n  echo \"why is checkout crashing\" | shipmate -\n\nExit codes: 0 done · 1 failed · 2 usage or configuration · 3 not understood, or a question · 4 refused or not approved · 5 unreachable · 6 findings",
    override_usage = "shipmate [OPTIONS]                 a conversation\n       shipmate [OPTIONS] REQUEST...      one request in plain English; - reads it from standard input\n       shipmate [OPTIONS] COMMAND",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// A command; anything else is a request.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Flags that every command takes.
    #[command(flatten)]
    pub global: GlobalArguments,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalArguments {
    /// Context of the kubeconfig to use.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Where")]
    pub context: Option<String>,

    /// Namespace that is meant when the request names none.
    #[arg(short, long, global = true, value_name = "NAME", help_heading = "Where")]
    pub namespace: Option<String>,

    /// Kubeconfig file to use.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub kubeconfig: Option<PathBuf>,

    /// Who translates the request.
    #[arg(long, global = true, value_enum, help_heading = "How")]
    pub translator: Option<TranslatorChoice>,

    /// Use no model; the same as --translator phrasebook.
    #[arg(long, global = true, conflicts_with = "translator", help_heading = "How")]
    pub offline: bool,

    /// Name of the model.
    #[arg(long, global = true, value_name = "NAME", help_heading = "How")]
    pub model: Option<String>,

    /// Address of an OpenAI-compatible endpoint, such as http://localhost:11434/v1.
    #[arg(long, global = true, value_name = "URL", help_heading = "How")]
    pub base_url: Option<String>,

    /// How long one step may take and a change is waited for, in seconds.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "How")]
    pub timeout: Option<u64>,

    /// Approve changes without asking.
    #[arg(short, long, global = true, help_heading = "Approval")]
    pub yes: bool,

    /// Show what would change and change nothing.
    #[arg(long, global = true, help_heading = "Approval")]
    pub dry_run: bool,

    /// Form of the results.
    #[arg(short, long, global = true, value_enum, value_name = "FORM", help_heading = "Output")]
    pub output: Option<OutputForm>,

    /// No colour.
    #[arg(long, global = true, help_heading = "Output")]
    pub no_color: bool,

    /// Say more on standard error; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,

    /// Feature that the records belong to, such as 004-phase4-kubernetes.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Records")]
    pub feature: Option<String>,

    /// Folder of the records; history/prompts of the repository by default.
    #[arg(long, global = true, value_name = "FOLDER", help_heading = "Records")]
    pub phr_dir: Option<PathBuf>,
}

/// Who translates, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TranslatorChoice {
    /// The phrasebook, then the model when one is configured.
    Auto,
    /// The phrasebook alone.
    Phrasebook,
    /// The model alone.
    Model,
}

impl From<TranslatorChoice> for Mode {
    fn from(choice: TranslatorChoice) -> Self {
        match choice {
            TranslatorChoice::Auto => Self::Auto,
            TranslatorChoice::Phrasebook => Self::Phrasebook,
            TranslatorChoice::Model => Self::Model,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take the words as a request, whatever they begin with.
    Ask {
        /// The request; `-` reads it from standard input.
        #[arg(required = true, value_name = "REQUEST")]
        words: Vec<String>,
    },
    /// Say what a request would do; nothing runs.
    Translate {
        /// The request; `-` reads it from standard input.
        #[arg(required = true, value_name = "REQUEST")]
        words: Vec<String>,
    },
    /// Call a tool with typed arguments, no translation: shipmate call scale --name web --replicas 3.
    Call {
        /// The tool.
        tool: String,
        /// Its arguments: --name value, or name=value.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Take back the last change, or that of a record, after showing what that means.
    Undo {
        /// The record of the change: its number, or its file.
        record: Option<String>,
    },
    /// Show what a request would do and write it down, or apply what was written down.
    Plan {
        /// The request; `-` reads it from standard input.
        #[arg(required_unless_present = "apply", conflicts_with = "apply", value_name = "REQUEST")]
        words: Vec<String>,
        /// File to write the plan to; it must not exist.
        #[arg(long, value_name = "FILE", conflicts_with = "apply")]
        out: Option<PathBuf>,
        /// Plan to apply: exactly its calls, and none if anything has moved since.
        #[arg(long, value_name = "FILE")]
        apply: Option<PathBuf>,
    },
    /// List the tools, or describe one.
    Tools {
        /// The tool to describe.
        name: Option<String>,
        /// Trust this file of the project's tools.d as it is now, so that its tool can be used.
        #[arg(long, value_name = "FILE", conflicts_with = "name")]
        trust: Option<PathBuf>,
    },
    /// Look at the configuration.
    Config {
        /// What to do.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Say what is broken in the cluster, or in the namespace of -n, and what is behind it.
    Health(HealthArguments),
    /// Check the cluster, Docker, Helm and the model: what works, and what to do about what does not.
    Doctor,
}

/// Commands about the configuration.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Print each value and where it came from.
    Show,
}
