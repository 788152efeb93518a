//! How long the phrasebook takes: once to make it ready, and then for each translation. No cluster, no model, no
//! grounding; the same code that `shipmate` runs.
//!
//! Prints one JSON object. An example of the agent's package rather than a `cargo bench` target, because bench
//! targets are built without `panic = "abort"` and would measure another build than the one people run.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shipmate::translate::phrasebook::Phrasebook;
use shipmate::translate::{Focus, Situation, Understanding};
use shipmate_tools::kubernetes::KindIndex;

/// Short and long ones, reads and changes, with typos, and some that are no requests at all: those take longest,
/// because every phrase of every tool is tried.
const REQUESTS: &[&str] = &[
    "show me all todo pods",
    "get logs from backend deployment",
    "scale the backend to 3 replicas",
    "could you please show me the last fifty lines of the checkout logs in the payments namespace",
    "descrbe the frontned service",
    "which pods are not ready in any namespace",
    "restart the api deployment in staging",
    "apply the manifests in ./deploy",
    "delete the cronjob nightly-report",
    "how many nodes do we have",
    "why does the shop answer so slowly since tuesday evening",
    "write me a poem about containers and the sea",
];

const WARM_UP: usize = 20;
const ROUNDS: usize = 200;

fn main() {
    let began = Instant::now();
    let phrasebook = Phrasebook::new();
    let ready = began.elapsed();
    let situation = Situation {
        kinds: Arc::new(KindIndex::builtin()),
        context: Some("bench".to_owned()),
        namespace: "default".to_owned(),
        namespaces: ["default", "kube-system", "payments", "staging", "todo"].map(str::to_owned).to_vec(),
        focus: Focus::default(),
    };
    let began = Instant::now();
    black_box(phrasebook.translate(REQUESTS[0], &situation));
    let first = began.elapsed();
    let mut times = Vec::with_capacity(ROUNDS * REQUESTS.len());
    let mut understood = 0;
    for round in 0..WARM_UP + ROUNDS {
        for request in REQUESTS {
            let began = Instant::now();
            let translation = black_box(phrasebook.translate(black_box(request), &situation));
            let took = began.elapsed();
            if round >= WARM_UP {
                times.push(took);
            } else if round == 0 && !matches!(translation.understanding, Understanding::NotUnderstood(_)) {
                understood += 1;
            }
        }
    }
    times.sort_unstable();
    let micros = |time: Duration| (time.as_secs_f64() * 1e7).round() / 10.0;
    let at = |share: f64| micros(times[((times.len() - 1) as f64 * share).round() as usize]);
    let report = serde_json::json!({
        "requests": REQUESTS.len(),
        "understood": understood,
        "translations": times.len(),
        "ready_us": micros(ready),
        "first_us": micros(first),
        "median_us": at(0.5),
        "p90_us": at(0.9),
        "slowest_us": at(1.0),
    });
    #[expect(clippy::print_stdout, reason = "the report is what this prints")]
    {
        println!("{report}");
    }
}
