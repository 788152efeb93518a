//! The namespace `todo` (and `staging`), which exists once on a cluster and is wanted in two forms: with the
//! application's manifests, and with the world that the requests are graded in. Whoever holds it holds a lock
//! that other processes see too; what is there already in the right form is used as it is.

use super::cluster::{Cluster, alone};
use super::world::repository;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The label that says what a namespace of the tests holds.
const HOLDS: &str = "shipmate.test/holds";

/// What the namespace is to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `manifests/`, with its two images.
    Application,
    /// `tests/requests/todo.yaml`.
    Requests,
    /// Nothing, for a test that fills it itself.
    Empty,
}

/// The namespace, held until this is dropped.
pub struct Todo {
    _lock: File,
}

impl Form {
    fn files(self) -> Vec<PathBuf> {
        let repository = repository();
        match self {
            Self::Empty => Vec::new(),
            Self::Requests => vec![repository.join("tests/requests/todo.yaml")],
            Self::Application => {
                let mut files: Vec<PathBuf> = fs::read_dir(repository.join("manifests"))
                    .unwrap()
                    .map(|entry| entry.unwrap().path())
                    .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
                    .collect();
                files.sort();
                files
            }
        }
    }

    fn label(self, texts: &[String]) -> String {
        let mut hasher = DefaultHasher::new();
        texts.hash(&mut hasher);
        let name = match self {
            Self::Application => "application",
            Self::Requests => "requests",
            Self::Empty => "empty",
        };
        format!("{name}-{:016x}", hasher.finish())
    }
}

impl Todo {
    /// Takes the namespace in this form, and waits until everything in it that can be ready is.
    #[track_caller]
    pub fn with(cluster: &Cluster, form: Form) -> Self {
        let lock = alone("todo");
        let texts: Vec<String> = form.files().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        let label = form.label(&texts);
        let path = format!("jsonpath={{.metadata.labels.{}}}", HOLDS.replace('.', "\\."));
        let holds = cluster.ask(&["get", "namespace", "todo", "--ignore-not-found", "-o", &path]);
        // What was empty once is not any more.
        if holds != label || form == Form::Empty {
            Self::make(cluster, form, &texts, &label, &holds);
        }
        if form == Form::Empty {
            return Self { _lock: lock };
        }
        for workload in ["deployment/todo-frontend", "deployment/todo-backend"] {
            cluster.ask(&["rollout", "status", "-n", "todo", workload, "--timeout=180s"]);
        }
        Self { _lock: lock }
    }

    fn make(cluster: &Cluster, form: Form, texts: &[String], label: &str, holds: &str) {
        let there = cluster.ask(&["get", "namespace", "todo", "staging", "--ignore-not-found", "-o", "name"]);
        assert!(
            cluster.is_bed || there.is_empty() || !holds.is_empty(),
            "the cluster has a namespace todo or staging that is not the tests' own: \
             point SHIPMATE_TEST_KUBECONFIG at a cluster where they may be made and deleted"
        );
        remove(cluster);
        for namespace in ["todo", "staging"] {
            cluster.ask(&["create", "namespace", namespace]);
            cluster.ask(&[
                "wait",
                "--for=create",
                "-n",
                namespace,
                "serviceaccount/default",
                "--timeout=60s",
            ]);
        }
        if form == Form::Application {
            images(cluster);
        }
        for text in texts {
            cluster.apply((form == Form::Application).then_some("todo"), text);
        }
        // Last: a run that was cut short leaves no namespace that claims to be whole.
        cluster.ask(&["label", "namespace", "todo", "--overwrite", &format!("{HOLDS}={label}")]);
    }

    /// Waits until the backend's use of memory is known; it takes a new pod up to a minute.
    #[track_caller]
    pub fn measured(&self, cluster: &Cluster) {
        let began = Instant::now();
        loop {
            let output =
                cluster.kubectl(&["top", "pods", "-n", "todo", "-l", "app=todo-backend"]).output().unwrap();
            if output.status.success() && String::from_utf8_lossy(&output.stdout).contains("todo-backend") {
                return;
            }
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                began.elapsed() < Duration::from_secs(120),
                "no metrics of the backend after 120 s: {said}"
            );
            std::thread::sleep(Duration::from_secs(2));
        }
    }
}

fn remove(cluster: &Cluster) {
    for namespace in ["todo", "staging"] {
        cluster.ask(&["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
        // The pods have nobody to say goodbye to.
        let force =
            ["delete", "pods", "--all", "-n", namespace, "--force", "--grace-period=0", "--wait=false"];
        drop(cluster.kubectl(&force).output());
    }
    for namespace in ["namespace/todo", "namespace/staging"] {
        cluster.ask(&["wait", "--for=delete", namespace, "--timeout=120s"]);
    }
}

/// Builds the application's images and brings them to the cluster, once in a run.
#[track_caller]
pub fn images(cluster: &Cluster) {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let bed = repository().join("tests/bed/bed").display().to_string();
        for part in ["frontend", "backend"] {
            let image = format!("todo-{part}:latest");
            let folder = repository().join("tests/todo-app/docker").join(part).display().to_string();
            run(cluster, "docker", &["build", "-q", "-t", &image, &folder]);
            if cluster.is_bed {
                run(cluster, &bed, &["load-image", &image]);
            }
        }
    });
}

#[track_caller]
fn run(cluster: &Cluster, program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    command.args(arguments).env("DOCKER_BUILDKIT", "0");
    if let Some(host) = &cluster.docker_host {
        command.env("DOCKER_HOST", host);
    }
    let output = command.output().unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
