//! Building images on a real engine: what BuildKit alone can do, what a failed step says, and that a build ends
//! when nobody waits for it any more.

use crate::support::cluster::{Cluster, cluster};
use crate::support::world::{Ran, World, wait_until};
use std::fs;

/// An image that the bed brings along, so that no registry is asked.
const BASE: &str = "FROM localhost/busybox:bed\n";

/// A world with an engine, and the images that one test makes there; they go when it ends.
struct Builds {
    world: World,
    prefix: String,
}

impl Builds {
    #[track_caller]
    fn new(word: &str) -> Self {
        let cluster: &'static Cluster = cluster();
        assert!(cluster.docker_host.is_some(), "these tests need Docker: point DOCKER_HOST at an engine");
        Self { world: World::on(cluster, "default"), prefix: format!("it-{word}-{}", std::process::id()) }
    }

    fn arguments(&self, approved: bool) -> Vec<String> {
        let tag = format!("tag={}:1", self.prefix);
        let words = ["call", "build_image", "--", "context=.", &tag].map(str::to_owned);
        approved.then(|| "--yes".to_owned()).into_iter().chain(words).collect()
    }

    fn docker(&self, arguments: &[&str]) -> Ran {
        let command = self.world.program("docker", arguments);
        self.world.finish(command, "")
    }

    fn exists(&self) -> bool {
        !self.docker(&["images", "-q", &self.prefix]).out.trim().is_empty()
    }
}

impl Drop for Builds {
    fn drop(&mut self) {
        let found = self.docker(&["images", "-q", &self.prefix]).out;
        for id in found.split_whitespace() {
            self.docker(&["rmi", "-f", id]);
        }
    }
}

#[test]
fn mounts_and_modes_of_buildkit_build() {
    let builds = Builds::new("buildkit");
    builds.world.write("hello", "hello from the context\n");
    builds.world.write(
        "Dockerfile",
        &format!(
            "{BASE}COPY --chmod=0701 hello /hello\n\
             RUN --mount=type=cache,target=/cache --mount=type=bind,source=.,target=/context \
             cp /context/hello /cache/kept && cp /cache/kept /copied\n"
        ),
    );
    builds.world.run(builds.arguments(false)).ends_with(4).says(&["is a new image"]);
    assert!(!builds.exists(), "refused, and yet built");
    builds
        .world
        .run(builds.arguments(true))
        .ends_with(0)
        .says(&["is on the engine"])
        .prints(&["RUN --mount"]);
    let image = format!("{}:1", builds.prefix);
    let look = ["run", "--rm", "--network=none", &image, "sh", "-c", "stat -c %a /hello; cat /copied"];
    let ran = builds.docker(&look).ends_with(0);
    assert_eq!(ran.out, "701\nhello from the context\n");
}

#[test]
fn a_failed_step_says_its_line_and_its_last_words() {
    let builds = Builds::new("failed");
    builds.world.write(
        "Dockerfile",
        &format!("{BASE}\n# the same twice\nRUN echo fine\nENV A=1\nRUN echo last words; false\n"),
    );
    builds.world.run(builds.arguments(true)).ends_with(1).says(&[
        "RUN echo last words; false, line 6 of the Dockerfile",
        "its last lines",
        "  last words",
        "mend the step that failed",
    ]);
    assert!(!builds.exists());
}

#[test]
fn a_heredoc_builds_or_is_said_to_be_beyond_this_engine() {
    let builds = Builds::new("heredoc");
    builds.world.write("Dockerfile", &format!("{BASE}RUN <<EOF\necho one > /one\necho two > /two\nEOF\n"));
    let ran = builds.world.run(builds.arguments(true));
    // Docker reads them since 23; an older engine's own words would be "unknown instruction: ECHO".
    let version = builds.docker(&["version", "--format", "{{.Server.Version}}"]).ends_with(0).out;
    let major: u32 = version.split('.').next().and_then(|major| major.trim().parse().ok()).unwrap();
    if major >= 23 {
        ran.ends_with(0).says(&["is on the engine"]);
    } else {
        assert_ne!(ran.code, 0, "{ran:?}");
        ran.says(&["reads no heredocs", "Docker 23"]);
    }
}

#[test]
fn a_build_ends_when_it_is_interrupted() {
    let builds = Builds::new("interrupted");
    // Its own number of seconds, to be found among the processes of the machine.
    let sleep = format!("sleep {}", 100_000 + std::process::id());
    let sleeps = || {
        let output = std::process::Command::new("pgrep").args(["-x", "-f", &sleep]).output().unwrap();
        output.status.success()
    };
    builds.world.write("Dockerfile", &format!("{BASE}RUN {sleep}\n"));
    let running = builds.world.start(builds.arguments(true));
    wait_until("the step of the build", sleeps);
    running.signal(nix::sys::signal::Signal::SIGINT);
    running.wait().ends_with(130).says(&["interrupted"]);
    wait_until("the end of the step", || !sleeps());
    assert!(!builds.exists());
    let records: Vec<String> =
        builds.world.records().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    assert!(records.iter().any(|record| record.contains("build_image")), "{records:?}");
}
