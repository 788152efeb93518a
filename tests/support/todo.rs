//! The namespace `todo`, which exists once on a cluster: either with this repository's manifests, or with the
//! small world that the requests are asked in. Whoever uses it holds its lock until the end of the test.

use super::cluster::{Cluster, alone};
use super::world::repository;
use std::fs::File;
use std::process::Command;

/// What the namespace holds.
#[derive(Clone, Copy)]
pub enum Todo {
    /// What `manifests/` makes, running.
    Manifests,
    /// What `tests/requests/todo.yaml` makes, in `todo` and in `staging`.
    Requests,
}

/// The label on the namespace that says what it holds.
const MARK: &str = "shipmate-tests";

/// Makes the namespace hold this, and keeps others out while the answer lives.
#[track_caller]
pub fn todo(cluster: &Cluster, wanted: Todo) -> File {
    let lock = alone("todo");
    let mark = match wanted {
        Todo::Manifests => "manifests",
        Todo::Requests => "requests",
    };
    let path = format!("jsonpath={{.metadata.labels.{MARK}}}");
    let now =
        cluster.kubectl(&["get", "namespace", "todo", "--ignore-not-found", "-o", &path]).output().unwrap();
    let now = String::from_utf8_lossy(&now.stdout).into_owned();
    if now != mark {
        // Pods get 30 s to end otherwise, twice as long as the rest takes.
        drop(
            cluster
                .kubectl(&["delete", "pods", "--all", "-n", "todo", "--force", "--grace-period=0"])
                .output(),
        );
        cluster.ask(&["delete", "namespace", "todo", "--ignore-not-found", "--timeout=120s"]);
        match wanted {
            Todo::Manifests => {
                images(cluster);
                cluster.ask(&["create", "namespace", "todo"]);
                cluster.ask(&[
                    "wait",
                    "--for=create",
                    "-n",
                    "todo",
                    "serviceaccount/default",
                    "--timeout=60s",
                ]);
                let manifests = repository().join("manifests");
                cluster.ask(&["apply", "-n", "todo", "-f", manifests.to_str().unwrap()]);
            }
            Todo::Requests => {
                let world = repository().join("tests/requests/todo.yaml");
                cluster.ask(&["apply", "-f", world.to_str().unwrap()]);
            }
        }
        cluster.ask(&["label", "namespace", "todo", &format!("{MARK}={mark}"), "--overwrite"]);
    }
    if matches!(wanted, Todo::Manifests) {
        for workload in ["deployment/todo-frontend", "deployment/todo-backend"] {
            cluster.ask(&["rollout", "status", "-n", "todo", workload, "--timeout=120s"]);
        }
    }
    lock
}

/// Builds the two images and brings them to the cluster; one that is not the bed has to have them.
fn images(cluster: &Cluster) {
    let Some(host) = cluster.docker_host.as_ref().filter(|_| cluster.is_bed) else { return };
    for part in ["frontend", "backend"] {
        let folder = repository().join("tests/todo-app/docker").join(part);
        let image = format!("todo-{part}:latest");
        let built = Command::new("docker")
            .args(["build", "-q", "-t", &image])
            .arg(folder)
            .envs([("DOCKER_HOST", host.as_str()), ("DOCKER_BUILDKIT", "0")])
            .output()
            .unwrap();
        assert!(built.status.success(), "{image}: {}", String::from_utf8_lossy(&built.stderr));
        let loaded =
            Command::new(repository().join("tests/bed/bed")).args(["load-image", &image]).output().unwrap();
        assert!(loaded.status.success(), "{image}: {}", String::from_utf8_lossy(&loaded.stderr));
    }
}
