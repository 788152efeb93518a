//! `shipmate health`: one turn of `analyze_health`, whose report can end the process with a code of its own
//! (`--fail-on`) and be written for other programs (`--report`).

use serde_json::{Value, json};
use shipmate_tools::{Call, Outcome, Severity, Update, health};

use super::Setting;
use crate::error::{AgentError, ExitCode};
use crate::policy::Answer;
use crate::session;
use crate::turn::{ApprovalRequest, Shown, Turn};
use crate::ui::{Face, Terminal};

/// What `shipmate health` takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct HealthArguments {
    /// End with 6 when something is found that is at least this bad.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,

    /// Write the report for another program, instead of as -o says.
    #[arg(long, value_enum, value_name = "FORM")]
    pub report: Option<ReportForm>,
}

/// Severities, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// Anything that is told.
    Info,
    /// What works now and will hurt, or worse.
    Warning,
    /// What is broken, or worse.
    Error,
    /// What is broken so that others are down with it.
    Critical,
}

impl From<FailOn> for Severity {
    fn from(severity: FailOn) -> Self {
        match severity {
            FailOn::Info => Self::Info,
            FailOn::Warning => Self::Warning,
            FailOn::Error => Self::Error,
            FailOn::Critical => Self::Critical,
        }
    }
}

/// Forms of a report for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportForm {
    /// JUnit XML, for test reports.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// Takes the turn. Only a namespace of the command line narrows it: without one the whole cluster is meant.
pub(super) async fn run(
    setting: &mut Setting,
    namespace: Option<&str>,
    arguments: &HealthArguments,
) -> Result<ExitCode, AgentError> {
    let call =
        Call::new("analyze_health", namespace.map_or_else(|| json!({}), |name| json!({"namespace": name})));
    let rules = session::rules(&setting.config, setting.yes, setting.dry_run);
    let mut judge = Judge { inner: &mut setting.terminal, report: arguments.report, worst: None };
    let mut driver =
        session::driver(&setting.config, &setting.folder, rules.clone(), &setting.typed, &mut judge)?;
    let context = session::context_name(&driver.world).await;
    let request = format!("call {call}");
    let code = driver.drive(Turn::of_call(request, call, rules, context)).await.code;
    drop(driver);
    let found =
        arguments.fail_on.zip(judge.worst).is_some_and(|(least, worst)| worst >= Severity::from(least));
    Ok(if code == ExitCode::Done && found { ExitCode::Findings } else { code })
}

/// The terminal, and the worst severity that went through it.
struct Judge<'a> {
    inner: &'a mut Terminal,
    report: Option<ReportForm>,
    worst: Option<Severity>,
}

impl Judge<'_> {
    fn outcome(&mut self, outcome: &Outcome) {
        self.worst = outcome
            .severity
            .as_ref()
            .and_then(|word| serde_json::from_value(Value::String(word.clone())).ok());
        match self.report {
            Some(ReportForm::Junit) => self.inner.data(&health::junit(&outcome.data)),
            Some(ReportForm::Sarif) => {
                let text = serde_json::to_string_pretty(&health::sarif(&outcome.data)).unwrap_or_default();
                self.inner.data(&format!("{text}\n"));
            }
            None => self.inner.show(&Shown::Outcome(outcome.clone())),
        }
    }
}

impl Face for Judge<'_> {
    fn show(&mut self, shown: &Shown) {
        match shown {
            Shown::Outcome(outcome) => self.outcome(outcome),
            other => self.inner.show(other),
        }
    }

    fn progress(&mut self, update: &Update) {
        self.inner.progress(update);
    }

    fn words(&mut self, piece: &str) {
        self.inner.words(piece);
    }

    fn ask(&mut self, request: &ApprovalRequest) -> Answer {
        self.inner.ask(request)
    }

    fn choose(&mut self, question: &str, options: &[(String, Call)]) -> Option<usize> {
        self.inner.choose(question, options)
    }

    fn settled(&mut self) {
        self.inner.settled();
    }

    fn is_gone(&self) -> bool {
        self.inner.is_gone()
    }
}
