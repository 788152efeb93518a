//! The tools for Docker and Compose on a real engine, and those for local clusters: by stand-ins for minikube and
//! kind in PATH, which answer as those do and write down how they were called, and on the bed's containerd for real.

use crate::support::cluster::{Cluster, cluster};
use crate::support::world::{Ran, World};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// An engine of the tests' own, and what one test made there: gone when the test ends.
struct Engine {
    cluster: &'static Cluster,
    prefix: String,
}

impl Engine {
    #[track_caller]
    fn new(word: &str) -> Self {
        let cluster = cluster();
        assert!(cluster.docker_host.is_some(), "these tests need Docker: point DOCKER_HOST at an engine");
        Self { cluster, prefix: format!("it-{word}-{}", std::process::id()) }
    }

    fn world(&self) -> World {
        World::on(self.cluster, "default")
    }

    fn docker(&self, arguments: &[&str]) -> Ran {
        let mut world = World::new();
        world.set("DOCKER_HOST", self.cluster.docker_host.as_ref().unwrap());
        let command = world.program("docker", arguments);
        world.finish(command, "")
    }

    fn ask(&self, arguments: &[&str]) -> String {
        self.docker(arguments).ends_with(0).out.trim().to_owned()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let containers = self.docker(&["ps", "-aq", "--filter", &format!("name={}", self.prefix)]).out;
        for id in containers.split_whitespace() {
            self.docker(&["rm", "-f", id]);
        }
        // By name: by its identifier every other name of the image would go, too.
        let images = self.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]).out;
        for name in images.lines().filter(|name| name.contains(&self.prefix)) {
            self.docker(&["rmi", name]);
        }
        let volumes = self.docker(&["volume", "ls", "-q", "--filter", &format!("name={}", self.prefix)]).out;
        for name in volumes.split_whitespace() {
            self.docker(&["volume", "rm", name]);
        }
    }
}

const BUSYBOX: &str = "localhost/busybox:bed";

fn data(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

#[test]
fn images_are_listed_inspected_tagged_and_removed() {
    let engine = Engine::new("images");
    let world = engine.world();
    let name = format!("{}/web:1", engine.prefix);
    let tag = format!("tag {BUSYBOX} as {name}");

    world.run(["--offline", "docker images"]).ends_with(0).prints(&[BUSYBOX, "SIZE"]);
    let ran = world.run(["--offline", "inspect the localhost/busybox:bed image"]).ends_with(0);
    assert!(ran.out.contains("root") && ran.out.contains("Layers"), "{ran:?}");

    // Shown, refused, done, verified.
    world.run(["--offline", &tag]).ends_with(4).says(&[&name, "--yes", "docker tag"]);
    assert!(engine.ask(&["images", "-q", &name]).is_empty(), "refused, and yet tagged");
    world.run(["--offline", "--dry-run", &tag]).ends_with(0);
    assert!(engine.ask(&["images", "-q", &name]).is_empty(), "only shown, and yet tagged");
    world.run(["--offline", "--yes", &tag]).ends_with(0).says(&["names"]);
    let id = |image: &str| engine.ask(&["images", "-q", image]);
    assert_eq!(id(&name), id(BUSYBOX));
    world.run(["--offline", "--yes", &tag]).ends_with(0).says(&["already"]);

    // A name that is nearly right gets the right one; one that fits nothing is said so.
    world
        .run(["--offline", &format!("inspect image {}/wbe:1", engine.prefix)])
        .ends_with(1)
        .says(&["there is no image", &name]);
    world.run(["call", "inspect_image", "--", "image=-f"]).ends_with(1).says(&["no name of an image"]);

    // Its only other name goes, the image stays.
    let remove = format!("delete the local image {name}");
    world.run(["--offline", &remove]).ends_with(4).says(&["only this name goes"]);
    assert_eq!(id(&name), id(BUSYBOX));
    world.run(["--offline", "--yes", &remove]).ends_with(0).says(&["there is no image"]);
    assert!(id(&name).is_empty() && !id(BUSYBOX).is_empty());
}

#[test]
fn a_container_runs_is_looked_at_stops_and_goes() {
    let engine = Engine::new("run");
    let world = engine.world();
    let name = format!("{}-cache", engine.prefix);
    let run = [
        "image=localhost/busybox:bed",
        &format!("name={name}"),
        "detach=true",
        "command=sh -c \"echo ready; sleep 300\"",
    ];
    let call = |yes: &[&str]| {
        let mut words = yes.to_vec();
        words.extend(["call", "run_container", "--"]);
        words.extend(run);
        world.run(words)
    };
    call(&[]).ends_with(4).says(&["docker run -d", &name]);
    assert!(engine.ask(&["ps", "-aq", "--filter", &format!("name={name}")]).is_empty());
    call(&["--yes"]).ends_with(0).says(&["runs"]);
    assert_eq!(engine.ask(&["inspect", "-f", "{{.State.Status}}", &name]), "running");
    call(&["--yes"]).ends_with(1).says(&["already"]);

    world.run(["--offline", "running containers"]).ends_with(0).prints(&[&name]);
    let ran =
        world.run(["--offline", "-o", "json", &format!("docker logs of container {name}")]).ends_with(0);
    assert!(data(&ran).to_string().contains("ready"), "{ran:?}");
    world
        .run(["--offline", &format!("what ip does the {name} container have")])
        .ends_with(0)
        .prints(&["addresses"]);
    let ran = world.run(["--offline", "docker stats"]).ends_with(0);
    assert!(ran.out.contains(&name) && ran.out.contains("MEMORY"), "{ran:?}");

    // A running one is not removed without force.
    world
        .run(["--offline", "--yes", &format!("delete container {name}")])
        .ends_with(4)
        .says(&["is running", "stop it first"]);
    let stop = format!("docker stop {name}");
    world.run(["--offline", &stop]).ends_with(4).says(&["docker start"]);
    assert_eq!(engine.ask(&["inspect", "-f", "{{.State.Status}}", &name]), "running");
    world
        .run(["--yes", "call", "stop_container", "--", &format!("container={name}"), "timeout=1"])
        .ends_with(0);
    world.run(["--offline", "--yes", &stop]).ends_with(0).says(&["does not run"]);
    world
        .run(["--offline", &format!("why did the docker container {name} stop")])
        .ends_with(0)
        .says(&["137"]);
    world
        .run(["--offline", "all docker containers including stopped ones"])
        .ends_with(0)
        .prints(&[&name, "Exited"]);

    world.run(["--offline", &format!("delete container {name}")]).ends_with(4).says(&["cannot be undone"]);
    world.run(["--offline", "--yes", &format!("delete container {name}")]).ends_with(0).says(&["any more"]);
    assert!(engine.ask(&["ps", "-aq", "--filter", &format!("name={name}")]).is_empty());
    world
        .run(["--offline", &format!("inspect container {name}")])
        .ends_with(1)
        .says(&["no container called"]);
}

#[test]
fn a_command_runs_to_its_end_and_leaves_nothing() {
    let engine = Engine::new("once");
    let world = engine.world();
    let before = engine.ask(&["ps", "-aq"]).lines().count();
    let ran =
        world.run(["--offline", "--yes", &format!("run {BUSYBOX} and execute uname -s in it")]).ends_with(0);
    assert!(ran.out.contains("Linux"), "{ran:?}");
    world
        .run([
            "--yes",
            "call",
            "run_container",
            "--",
            &format!("image={BUSYBOX}"),
            "remove=true",
            "command=sh -c 'echo no; exit 3'",
        ])
        .ends_with(1)
        .says(&["exit code 3"]);
    for (arguments, said) in
        [(["ports=99999:1"], "no port"), (["env=SECRET"], "NAME=value"), (["volumes=../x:/y"], "no volume")]
    {
        let mut words =
            vec!["call".to_owned(), "run_container".to_owned(), "--".to_owned(), format!("image={BUSYBOX}")];
        words.extend(arguments.map(str::to_owned));
        let ran = world.run(words);
        assert!(ran.code != 0 && ran.err.contains(said), "{ran:?}");
    }
    assert!(engine.ask(&["ps", "-aq"]).lines().count() <= before + 4, "containers were left behind");
}

#[test]
fn a_prune_takes_what_it_listed_and_no_volume() {
    let engine = Engine::new("prune");
    let world = engine.world();
    let label = format!("it-prune={}", std::process::id());
    let name = format!("{}-done", engine.prefix);
    let volume = format!("{}-data", engine.prefix);
    engine.ask(&["volume", "create", "--label", &label, &volume]);
    engine.ask(&[
        "run",
        "--name",
        &name,
        "--label",
        &label,
        "-v",
        &format!("{volume}:/data"),
        BUSYBOX,
        "true",
    ]);
    let there = || engine.ask(&["ps", "-aq", "--filter", &format!("name={name}")]);
    let call = |words: &[&str]| {
        let mut all = words.to_vec();
        let label = format!("label={label}");
        all.push(&label);
        world.run(all)
    };
    call(&["call", "docker_prune", "--"]).ends_with(4).says(&[
        &name,
        "cannot be undone",
        "docker system prune",
    ]);
    assert!(!there().is_empty());
    call(&["--yes", "call", "docker_prune", "--"]).ends_with(0).says(&["removed 1 container"]);
    assert!(there().is_empty());
    assert_eq!(engine.ask(&["volume", "ls", "-q", "--filter", &format!("name={volume}")]), volume);
    call(&["--yes", "call", "docker_prune", "--", "what=volumes"])
        .ends_with(0)
        .says(&["volumes with a name stay"]);
    assert_eq!(engine.ask(&["volume", "ls", "-q", "--filter", &format!("name={volume}")]), volume);
    call(&["--yes", "call", "docker_prune", "--", "what=volumes", "all=true"])
        .ends_with(0)
        .says(&["removed 1 volume"]);
    assert!(engine.ask(&["volume", "ls", "-q", "--filter", &format!("name={volume}")]).is_empty());

    let ran = world.run(["--offline", "-o", "json", "docker system df"]).ends_with(0);
    assert!(data(&ran).to_string().contains("reclaimable_bytes"), "{ran:?}");
    world
        .run(["--offline", "what's filling my disk in docker, with details"])
        .ends_with(0)
        .prints(&[BUSYBOX, "IN USE"]);
}

#[test]
fn a_push_that_no_registry_answers_says_so_and_shows_no_login() {
    let engine = Engine::new("push");
    let world = engine.world();
    let name = format!("localhost:1/{}:1", engine.prefix);
    let folder = world.path("home/.docker");
    fs::create_dir_all(&folder).unwrap();
    // "shop:hunter2-of-the-registry"
    let login = r#"{"auths": {"localhost:1": {"auth": "c2hvcDpodW50ZXIyLW9mLXRoZS1yZWdpc3RyeQ=="}}}"#;
    fs::write(folder.join("config.json"), login).unwrap();
    world.run(["--offline", &format!("push {name}")]).ends_with(1).says(&["there is no image"]);
    engine.ask(&["tag", BUSYBOX, &name]);
    world.run(["--offline", &format!("push {name}")]).ends_with(4).says(&["docker push", "cannot be undone"]);
    let ran = world.run(["--offline", "--yes", &format!("push {name}")]);
    engine.ask(&["rmi", &name]);
    assert!(ran.code != 0 && ran.err.contains("could not push"), "{ran:?}");
    assert!(!format!("{}{}", ran.out, ran.err).contains("hunter2"), "{ran:?}");
    assert!(!world.last_record().contains("hunter2"));
}

/// A program in a folder before the PATH that prints what `script` says.
fn stand_in(world: &mut World, path: &std::ffi::OsStr, program: &str, script: &str) {
    let folder = world.path("stand-ins");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(program);
    let calls = world.path(&format!("{program}-calls"));
    fs::write(&file, format!("#!/bin/sh\necho \"$*\" >> '{}'\n{script}", calls.display())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let mut all = folder.into_os_string();
    all.push(":");
    all.push(path);
    world.set("PATH", all);
}

#[test]
fn an_image_is_scanned_by_what_is_there() {
    let engine = Engine::new("scan");
    let mut world = engine.world();
    world.run(["--offline", &format!("any CVEs in {BUSYBOX}?")]).ends_with(2).says(&["no scanner", "trivy"]);
    let report = r#"{"Results":[{"Vulnerabilities":[{"VulnerabilityID":"CVE-2099-1","PkgName":"openssl","InstalledVersion":"3.0","FixedVersion":"3.1","Severity":"CRITICAL"}]}]}"#;
    stand_in(&mut world, &engine.cluster.path, "trivy", &format!("printf '%s' '{report}'\n"));
    let ran = world.run(["--offline", &format!("scan image {BUSYBOX} for vulnerabilities")]).ends_with(0);
    assert!(ran.out.contains("CVE-2099-1") && ran.out.contains("3.1"), "{ran:?}");
    assert!(
        fs::read_to_string(world.path("trivy-calls")).unwrap().contains(&format!("--format=json {BUSYBOX}"))
    );
}

#[test]
fn a_dockerfile_is_mended_beside_itself_and_never_overwritten() {
    let world = World::new();
    let text = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nADD app /app\nUSER 1\n";
    world.write("api/Dockerfile", text);
    let request = "rewrite my api Dockerfile so the image gets smaller";
    world.run(["--offline", request]).ends_with(4).says(&[
        "--no-install-recommends",
        "- ADD app /app",
        "+ COPY app /app",
    ]);
    let output = world.project().join("api/Dockerfile.optimized");
    assert!(!output.exists(), "refused, and yet written");
    world.run(["--offline", "--yes", request]).ends_with(0).says(&["api/Dockerfile.optimized"]);
    assert_eq!(fs::read_to_string(world.project().join("api/Dockerfile")).unwrap(), text);
    assert!(fs::read_to_string(&output).unwrap().contains("rm -rf /var/lib/apt/lists"));
    world.run(["--offline", "--yes", request]).ends_with(1).says(&["nothing is overwritten"]);
    world.run(["call", "optimize_dockerfile", "--", "path=none/Dockerfile"]).ends_with(3);
}

#[test]
fn a_compose_project_goes_up_and_down() {
    let engine = Engine::new("compose");
    let world = engine.world();
    let missing =
        Command::new("sh").args(["-c", "docker compose version || docker-compose version"]).output().unwrap();
    assert!(
        missing.status.success(),
        "this needs Docker Compose: install docker-compose or the docker plugin"
    );
    world.run(["--offline", "docker compose ps"]).ends_with(1).says(&["no Compose file"]);
    // The project is called after its folder, and that has to be this test's own.
    let service = |name: &str| {
        format!(
            "  {name}:\n    image: {BUSYBOX}\n    container_name: {}-{name}\n    network_mode: none\n    command: [\"sh\", \"-c\", \"trap 'exit 0' TERM; echo hello from {name}; sleep 300 & wait\"]\n",
            engine.prefix
        )
    };
    world.write(
        "docker-compose.yml",
        &format!("version: '2.4'\nservices:\n{}{}", service("web"), service("db")),
    );
    world
        .run(["--offline", "which compose services are up"])
        .ends_with(0)
        .prints(&["not started"])
        .says(&["0 of 2"]);
    world.run(["--offline", "compose up"]).ends_with(4).says(&["docker compose up -d", "+ web: running"]);
    let running =
        || engine.ask(&["ps", "-q", "--filter", &format!("name={}", engine.prefix)]).lines().count();
    assert_eq!(running(), 0);
    world.run(["--offline", "--yes", "start only the db service with compose"]).ends_with(0);
    assert_eq!(running(), 1);
    world.run(["--offline", "--yes", "compose up"]).ends_with(0).says(&["2 of 2 services are up"]);
    assert_eq!(running(), 2);
    world.run(["--offline", "compose logs for db"]).ends_with(0).prints(&["hello from db"]);
    world.run(["--offline", "compose logs for queue"]).ends_with(1).says(&["no service queue"]);
    let ran = world.run(["--offline", "last 5 lines of all compose services"]).ends_with(0);
    assert!(ran.out.contains("hello from web") && ran.out.contains("hello from db"), "{ran:?}");

    world.run(["--offline", "compose down"]).ends_with(4).says(&["removes 2 containers"]);
    assert_eq!(running(), 2);
    world
        .run(["--offline", "--yes", "compose down"])
        .ends_with(0)
        .says(&["no container of the project is left"]);
    assert_eq!(running(), 0);
    world.run(["--offline", "--yes", "compose down"]).ends_with(0).says(&["nothing to take down"]);
}

#[test]
fn a_failing_build_names_the_line_of_the_dockerfile() {
    let engine = Engine::new("build");
    let world = engine.world();
    let tag = format!("{}:1", engine.prefix);
    world.write("app/run.sh", "echo hi\n");
    let mounted = "RUN --mount=type=cache,target=/cache echo kept > /cache/x";
    let start = format!("FROM {BUSYBOX}\n{mounted}\nCOPY --chmod=755 run.sh /run.sh\n");
    world.write("app/Dockerfile", &format!("{start}RUN echo almost \\\n    && echo there && exit 7\n"));
    let request = format!("build app as {tag}");
    let ran = world.run(["--offline", "--yes", &request]).ends_with(1);
    for part in ["line 4", "almost", "there"] {
        assert!(ran.err.contains(part), "{part:?} is not in {ran:?}");
    }
    assert!(engine.ask(&["images", "-q", &tag]).is_empty());
    world.write("app/Dockerfile", &start);
    world.run(["--offline", "--yes", &request]).ends_with(0).says(&["is on the engine"]);
    let shown = engine.ask(&["run", "--rm", "--name", &engine.prefix, &tag, "ls", "-l", "/run.sh"]);
    assert!(shown.starts_with("-rwxr-xr-x"), "{shown}");
}

/// Answers as minikube 1.34 does; its state is a file.
const MINIKUBE: &str = r#"
state="$(dirname "$0")/state"
case "$*" in
  "profile list --output=json")
    if [ -e "$state" ]; then
      printf '{"invalid":[],"valid":[{"Name":"minikube","Status":"%s","Config":{"KubernetesConfig":{"KubernetesVersion":"v1.31.0"}}}]}' "$(cat "$state")"
    else
      printf '{"invalid":[],"valid":[]}'; exit 1
    fi ;;
  start*) printf Running > "$state"; echo "Done! kubectl is now configured" ;;
  stop*) printf Stopped > "$state" ;;
  "addons list --output=json")
    [ -e "$state-ingress" ] && on=enabled || on=disabled
    printf '{"ingress":{"Profile":"minikube","Status":"%s"},"dashboard":{"Profile":"minikube","Status":"disabled"}}' $on ;;
  "addons enable ingress") : > "$state-ingress" ;;
  "addons disable ingress") rm -f "$state-ingress" ;;
  "image load "*) echo "docker.io/library/$3" > "$state-images" ;;
  "image ls") [ ! -e "$state-images" ] || cat "$state-images" ;;
  *) echo "unknown command: $*" >&2; exit 1 ;;
esac
"#;

#[test]
fn a_local_cluster_starts_stops_and_takes_addons_and_images() {
    let engine = Engine::new("cluster");
    let mut world = engine.world();
    world
        .run(["--offline", "is minikube running?"])
        .ends_with(2)
        .says(&["minikube is not installed", "install"]);
    stand_in(&mut world, &engine.cluster.path, "minikube", MINIKUBE);
    let calls = |world: &World| fs::read_to_string(world.path("minikube-calls")).unwrap();

    world.run(["--offline", "status of the local cluster"]).ends_with(0).prints(&["no cluster here"]);
    let start = "spin up a local kubernetes cluster with 4 cpus and 8g memory";
    world.run(["--offline", start]).ends_with(4).says(&["minikube start --cpus=4 --memory=8g"]);
    assert!(!calls(&world).contains("start"), "refused, and yet started");
    world.run(["--offline", "--yes", start]).ends_with(0).says(&["Kubernetes v1.31.0"]);
    assert!(calls(&world).contains("start --cpus=4 --memory=8g\n"));
    world.run(["--offline", "--yes", "start minikube"]).ends_with(0).says(&["already"]);
    world.run(["--offline", "is minikube running?"]).ends_with(0).says(&["minikube runs"]);

    world.run(["--offline", "--yes", "enable the ingress addon"]).ends_with(0).says(&["ingress is on"]);
    world.run(["--offline", "--yes", "enable the ingress addon"]).ends_with(0).says(&["already"]);
    world
        .run(["--offline", "--yes", "enable the ingres addon"])
        .ends_with(1)
        .says(&["no addon ingres", "ingress"]);

    let image = format!("{}:1", engine.prefix);
    engine.ask(&["tag", BUSYBOX, &image]);
    world
        .run(["--offline", "--yes", &format!("load {image} into minikube")])
        .ends_with(0)
        .says(&["minikube has"]);
    assert!(calls(&world).contains(&format!("image load {image}\n")));

    world.run(["--offline", "stop minikube"]).ends_with(4);
    assert!(!calls(&world).lines().any(|line| line == "stop"), "refused, and yet stopped");
    world.run(["--offline", "--yes", "stop minikube"]).ends_with(0).says(&["minikube is stopped"]);
    world.run(["call", "start_cluster", "--", "name=--delete"]).ends_with(1).says(&["no name of a cluster"]);
    world.run(["call", "start_cluster", "--", "cpus=0"]).ends_with(1).says(&["out of range"]);
}

#[test]
fn an_image_comes_into_containerd_for_real() {
    let engine = Engine::new("load");
    let world = engine.world();
    let host = engine.cluster.docker_host.clone().unwrap();
    let socket = host.trim_start_matches("unix://").replace("docker.sock", "containerd.sock");
    let image = format!("{}:1", engine.prefix);
    engine.ask(&["tag", BUSYBOX, &image]);
    let ctr = |words: &[&str]| {
        let mut all = vec!["--address", &socket, "--namespace", "k8s.io"];
        all.extend(words);
        let output = Command::new("ctr").args(all).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let full = format!("docker.io/library/{image}");
    let arguments =
        ["load_image".to_owned(), "--".to_owned(), format!("image={image}"), format!("address={socket}")];
    let call = |yes: bool| {
        let mut words: Vec<String> = yes.then(|| "--yes".to_owned()).into_iter().collect();
        words.push("call".to_owned());
        words.extend(arguments.clone());
        world.run(words)
    };
    call(false).ends_with(4).says(&["docker save", "images import -"]);
    assert!(!ctr(&["images", "ls", "-q"]).contains(&full));
    let ran = call(true);
    let there = ctr(&["images", "ls", "-q"]).contains(&full);
    ctr(&["images", "rm", &full]);
    ran.ends_with(0).says(&["containerd has"]);
    assert!(there);
}

#[test]
fn without_an_engine_every_tool_says_what_to_do() {
    let world = World::new();
    for request in
        ["docker images", "running containers", "docker system df", "docker stop web", "docker stats"]
    {
        let ran = world.run(["--offline", request]);
        assert!(ran.code != 0 && ran.err.contains("start Docker"), "{request}: {ran:?}");
    }
}
