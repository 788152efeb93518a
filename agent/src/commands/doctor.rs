//! `shipmate doctor`: the cluster, Docker, Helm and the model, each looked at in parallel: what works, and what
//! to do about what does not.

use serde_json::{Value, json};
use shipmate_tools::{Outcome, ReadWorld, Table, View};
use std::time::Duration;

use super::Setting;
use crate::error::{AgentError, ExitCode};
use crate::session;
use crate::ui::outcome_text;

/// How long one part may take to answer: long enough for a slow network, short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(10);

struct Finding {
    part: &'static str,
    result: Result<String, AgentError>,
}

pub(super) async fn run(setting: &mut Setting) -> Result<ExitCode, AgentError> {
    let world = session::world(&setting.config, &setting.folder);
    let translators = session::translators(&setting.config);
    let (cluster, metrics, docker, helm, model) = tokio::join!(
        patiently(cluster(&world)),
        patiently(metrics(&world)),
        patiently(docker(&world)),
        patiently(helm(&world)),
        patiently(async {
            match translators.as_ref().map_err(Clone::clone)?.model() {
                Some(model) => model.check().await,
                None => Err(AgentError::new(
                    ExitCode::Usage,
                    "none is configured; the phrasebook works without one",
                )
                .hint("set OPENAI_BASE_URL (and OPENAI_API_KEY where it needs one) to use one")),
            }
        }),
    );
    let findings = [
        Finding { part: "cluster", result: cluster },
        Finding { part: "metrics", result: metrics },
        Finding { part: "docker", result: docker },
        Finding { part: "helm", result: helm },
        Finding { part: "model", result: model },
        Finding { part: "records", result: records(setting) },
    ];
    let failed = findings.iter().any(|finding| finding.part != "model" && finding.result.is_err());
    let outcome = outcome(&findings);
    let text = outcome_text(&outcome, setting.config.output.value);
    setting.terminal.data(&text);
    Ok(if failed { ExitCode::Unreachable } else { ExitCode::Done })
}

fn outcome(findings: &[Finding]) -> Outcome {
    let rows = findings
        .iter()
        .map(|finding| {
            let (state, said) = match &finding.result {
                Ok(said) => ("ok", said.clone()),
                Err(error) => {
                    let hints = error.hints.iter().map(|hint| format!("; {hint}")).collect::<String>();
                    (
                        if finding.part == "model" { "-" } else { "FAILED" },
                        format!("{}{hints}", error.message),
                    )
                }
            };
            vec![finding.part.to_owned(), state.to_owned(), said]
        })
        .collect::<Vec<_>>();
    let data: Vec<Value> = rows
        .iter()
        .map(|row| json!({"part": row.first(), "state": row.get(1), "message": row.get(2)}))
        .collect();
    let table = Table { columns: ["PART", "STATE", "WHAT WAS SEEN"].map(str::to_owned).to_vec(), rows };
    Outcome::sentence("What works").view(View::Tables(vec![(String::new(), table)])).data(Value::Array(data))
}

async fn patiently(looking: impl Future<Output = Result<String, AgentError>>) -> Result<String, AgentError> {
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_elapsed| {
        Err(AgentError::new(ExitCode::Unreachable, format!("no answer within {} s", PATIENCE.as_secs())))
    })
}

async fn cluster(world: &ReadWorld) -> Result<String, AgentError> {
    let cluster = world.cluster().await?;
    let version =
        cluster.ask("ask the cluster for its version", cluster.client().apiserver_version()).await?;
    let namespaces = cluster.namespaces().await?;
    let seen = namespaces
        .map_or("namespaces may not be listed".to_owned(), |names| format!("{} namespaces", names.len()));
    Ok(format!(
        "Kubernetes {} at context {}, namespace {}, {seen}",
        version.git_version,
        cluster.context(),
        cluster.namespace()
    ))
}

async fn metrics(world: &ReadWorld) -> Result<String, AgentError> {
    let cluster = world.cluster().await?;
    let request = shipmate_tools::kubernetes::metrics_probe();
    cluster.ask("ask for node metrics", cluster.client().request_text(request)).await.map_err(|error| {
        AgentError::from(error)
            .hint("install metrics-server to see resource usage; everything else works without it")
    })?;
    Ok("the metrics API answers".to_owned())
}

async fn docker(world: &ReadWorld) -> Result<String, AgentError> {
    let version = world.docker().await?.version().await?;
    Ok(format!("Docker engine {version}"))
}

async fn helm(world: &ReadWorld) -> Result<String, AgentError> {
    let printed = world.helm().run(&["version", "--short"]).await?;
    Ok(format!("Helm {}", printed.stdout.trim()))
}

fn records(setting: &Setting) -> Result<String, AgentError> {
    let probe = setting.config.state.join(format!(".probe-{}", std::process::id()));
    std::fs::create_dir_all(&setting.config.state)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| {
            AgentError::new(
                ExitCode::Usage,
                format!("{} cannot be written: {error}", setting.config.state.display()),
            )
            .hint("changes are refused without a journal: set XDG_STATE_HOME to a folder that can be written")
        })?;
    Ok(format!("the journal is in {}", setting.config.state.display()))
}
