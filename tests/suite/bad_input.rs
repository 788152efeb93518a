//! What goes wrong, each with a message that names the next step, the exit code that scripts rely on, and
//! nothing lost: the record says what was asked and what became of it.

use crate::support::cluster::{Namespace, cluster};
use crate::support::proxy::kubeconfig;
use crate::support::terminal::Terminal;
use crate::support::world::{Ran, World, repository, valid_record};
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

const STATUS: [&str; 6] = ["call", "rollout_status", "--kind", "deployment", "--name", "web"];
const SCALE: [&str; 8] = ["call", "scale", "--kind", "deployment", "--name", "web", "--replicas", "2"];

/// A request that fails is recorded like any other.
#[track_caller]
fn failed(world: &World, ran: &Ran) {
    assert_eq!(ran.out, "", "an error is no data");
    let record = world.last_record();
    assert!(record.contains("rollout_status") || record.contains("rollout"), "the words are lost: {record}");
}

#[test]
fn no_kubeconfig() {
    let world = World::new();
    let ran = world.run(STATUS).ends_with(2).says(&["no-kubeconfig", "--kubeconfig", "KUBECONFIG"]);
    failed(&world, &ran);
    fs::write(world.path("home/no-kubeconfig"), "not: [a kubeconfig").unwrap();
    let ran = world.run(STATUS).ends_with(2).says(&["no-kubeconfig"]);
    failed(&world, &ran);
    fs::write(world.path("home/no-kubeconfig"), "apiVersion: v1\nkind: Config\n").unwrap();
    let ran = world.run(STATUS).ends_with(2).says(&["no context"]);
    failed(&world, &ran);
}

#[test]
fn the_cluster_is_down() {
    let world = World::new();
    // A port that nobody listens on any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = kubeconfig(&format!("https://127.0.0.1:{port}"), "default");
    fs::write(world.path("home/no-kubeconfig"), config).unwrap();
    let ran = world.run(STATUS).ends_with(5).says(&["refused", "shipmate doctor"]);
    failed(&world, &ran);
    assert!(ran.took < Duration::from_secs(5), "it took {:?} to see that nobody is there", ran.took);
}

#[test]
fn the_cluster_never_answers() {
    let world = World::new();
    // Connections are made by the kernel, and then nothing is ever read from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for scheme in ["http", "https"] {
        let config = kubeconfig(&format!("{scheme}://{}", silent.local_addr().unwrap()), "default");
        fs::write(world.path("home/no-kubeconfig"), config).unwrap();
        let ran =
            world.run([&STATUS[..], &["--timeout", "2"]].concat()).ends_with(5).says(&["shipmate doctor"]);
        failed(&world, &ran);
        assert!(ran.took < Duration::from_secs(10), "--timeout 2 took {:?}", ran.took);
    }
}

#[test]
fn credentials_that_expired_or_are_wrong() {
    let cluster = cluster();
    let world = World::on(cluster, "default");
    let server = cluster.ask(&["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    let with_user = |user: &str| {
        let text = kubeconfig(&server, "default")
            .replace("user: {}", &format!("user: {user}"))
            .replace("server:", "insecure-skip-tls-verify: true, server:");
        fs::write(world.path("home/kubeconfig"), text).unwrap();
    };
    with_user("{token: not-a-token-of-this-cluster}");
    let ran = world.run(STATUS).ends_with(5).says(&["credentials", "log in again"]);
    assert!(!ran.err.contains("not-a-token-of-this-cluster"), "{}", ran.err);
    failed(&world, &ran);

    let (certificate, key) = expired_certificate(&world);
    with_user(&format!("{{client-certificate: {certificate}, client-key: {key}}}"));
    let ran = world.run(STATUS).ends_with(5).says(&["credentials", "log in again"]);
    failed(&world, &ran);

    with_user("{client-certificate: /nowhere/cert.pem, client-key: /nowhere/key.pem}");
    let ran = world.run(STATUS).ends_with(2).says(&["/nowhere/", "kubectl config view"]);
    failed(&world, &ran);
}

/// A client certificate that ended in 2020. Only `openssl ca` takes dates in every version.
fn expired_certificate(world: &World) -> (String, String) {
    let script = r#"set -e
        touch index; echo 01 > serial
        printf '%s\n' '[ca]' 'default_ca=own' '[own]' 'database=index' 'serial=serial' 'new_certs_dir=.' \
            'default_md=sha256' 'policy=any' 'x509_extensions=v3' '[v3]' 'basicConstraints=CA:FALSE' '[any]' 'organizationName=optional' 'commonName=supplied' > ca.conf
        openssl req -newkey rsa:2048 -nodes -keyout key.pem -subj /O=system:masters/CN=late -out request.pem
        openssl ca -batch -config ca.conf -selfsign -keyfile key.pem -in request.pem -out cert.pem -notext \
            -startdate 20190101000000Z -enddate 20200101000000Z"#;
    let folder = world.path("home/expired");
    fs::create_dir_all(&folder).unwrap();
    let output = Command::new("sh").args(["-c", script]).current_dir(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "a certificate could not be made (is openssl installed?): {said}");
    (folder.join("cert.pem").display().to_string(), folder.join("key.pem").display().to_string())
}

#[test]
fn what_rbac_forbids_is_said_with_its_verb_and_resource() {
    let cluster = cluster();
    let namespace = cluster.namespace("rbac");
    namespace.web("web", 1);
    cluster.apply(
        Some(&namespace.name),
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reader}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\n\
         rules: [{apiGroups: [apps], resources: [deployments, deployments/scale], verbs: [get, list]}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: reader}\n\
         roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\n\
         subjects: [{kind: ServiceAccount, name: reader}]\n",
    );
    let token = cluster.ask(&["create", "token", "reader", "-n", &namespace.name]);
    let world = World::on(cluster, &namespace.name);
    let server = cluster.ask(&["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    let text = kubeconfig(&server, &namespace.name)
        .replace("user: {}", &format!("user: {{token: {token}}}"))
        .replace("server:", "insecure-skip-tls-verify: true, server:");
    fs::write(world.path("home/kubeconfig"), text).unwrap();

    namespace.rolled_out("deployment/web");
    world.run(STATUS).ends_with(0);
    let ran = world.run([&SCALE[..], &["--yes"]].concat()).ends_with(1).says(&[
        "cannot patch resource \"deployments",
        &namespace.name,
        "kubectl auth can-i",
    ]);
    assert!(!ran.err.contains(&token), "{}", ran.err);
    let ran = world
        .run(["call", "rollout_status", "--kind", "statefulset", "--name", "web"])
        .ends_with(1)
        .says(&["statefulsets", "forbidden"]);
    failed(&world, &ran);
    assert_eq!(namespace.field("deployment/web", ".spec.replicas"), "1");
}

#[test]
fn an_unknown_context_is_answered_with_those_there_are() {
    let world = World::on(cluster(), "default");
    let ran = world.run([&STATUS[..], &["--context", "prodution"]].concat());
    let known = cluster().ask(&["config", "current-context"]);
    let ran = ran.ends_with(1).says(&["prodution", &known, "--context"]);
    failed(&world, &ran);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_and_an_ambiguous_one_with_both() {
    let cluster = cluster();
    let namespace = cluster.namespace("names");
    for name in ["payments-api", "payments-worker", "orders"] {
        namespace.web(name, 1);
    }
    let world = World::on(cluster, &namespace.name);
    let status = |name: &str| world.run(["call", "rollout_status", "--name", name]);
    let ran = status("odrers-x").ends_with(3).says(&["odrers-x", "orders"]);
    failed(&world, &ran);
    let ran = status("payments").ends_with(3).says(&["payments-api", "payments-worker"]);
    failed(&world, &ran);
    // The same through words, and nothing is picked in silence even with an approval at hand.
    let before = namespace.field("deployment/payments-api", ".metadata.generation");
    world
        .run(["call", "scale", "--name", "payments", "--replicas", "2", "--yes"])
        .ends_with(3)
        .says(&["payments-api", "payments-worker"]);
    assert_eq!(namespace.field("deployment/payments-api", ".metadata.generation"), before);
    let ran = world.run(["call", "rollout_status", "--name", "orders", "-n", "no-such-namespace"]);
    ran.ends_with(3).says(&["no-such-namespace"]);
}

#[test]
fn an_empty_request() {
    let world = World::new();
    world.run([""]).ends_with(2).says(&["empty", "shipmate show me all pods"]);
    world.run(["  \t "]).ends_with(2).says(&["empty"]);
    world.run(["-"]).ends_with(2).says(&["empty"]);
    world.run_with_input(["-"], "\n\n").ends_with(2).says(&["empty"]);
    world.run(["translate", ""]).ends_with(2).says(&["empty"]);
}

#[test]
fn a_request_of_a_megabyte() {
    let world = World::new();
    let long = "scale the web to 3 replicas ".repeat(40_000);
    assert!(long.len() > 1_000_000);
    world.run_with_input(["-"], long.clone()).ends_with(2).says(&["16384", "file"]);
    // No process takes an argument of more than 128 KiB on Linux.
    world.run([&long[..120_000]]).ends_with(2).says(&["16384", "file"]);
    world.run(["translate", &long[..120_000]]).ends_with(2).says(&["16384"]);
    // One that never ends is not waited for.
    let mut endless = world.command(["-"]);
    endless.stdin(fs::File::open("/dev/zero").unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = endless.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn control_characters_and_invalid_utf8() {
    let mut world = World::new();
    world.set("TERM", "xterm");
    world.run(["\u{1}\u{2}\u{7f}"]).ends_with(2).says(&["control characters"]);
    let ran = world.run(["--offline", "fro\u{1b}[2Jbnicate \u{7}the \u{202e}widgets"]).ends_with(3);
    assert!(!ran.err.contains('\u{1b}') && !ran.err.contains('\u{7}'), "{:?}", ran.err);
    let record = world.record();
    assert!(!record.contains(['\u{1b}', '\u{7}']) && record.contains("widgets"), "{record:?}");

    let invalid = std::ffi::OsString::from_vec(b"show \xff\xfe pods".to_vec());
    world.run([invalid]).ends_with(2).says(&["UTF-8", "shipmate -"]);
    world.run_with_input(["-"], b"show \xff\xfe pods".to_vec()).ends_with(2).says(&["UTF-8", "iconv"]);
}

/// A change, ready to be approved, and what it would change.
fn change() -> (Namespace<'static>, World) {
    let namespace = cluster().namespace("approval");
    namespace.web("web", 1);
    let world = World::on(cluster(), &namespace.name);
    namespace.rolled_out("deployment/web");
    (namespace, world)
}

#[test]
fn standard_input_that_is_closed_or_piped_approves_nothing() {
    let (namespace, world) = change();
    let before = namespace.field("deployment/web", ".metadata.resourceVersion");
    world.run(SCALE).ends_with(4).says(&["--yes", "--dry-run"]);
    // A piped "y" is no answer: it may be the next request of a script.
    world.run_with_input(SCALE, "y\ny\ny\n").ends_with(4);
    let closed = world
        .program("sh", ["-c", "exec \"$@\" <&-", "sh", env!("CARGO_BIN_EXE_shipmate")].iter().chain(&SCALE));
    world.finish(closed, "").ends_with(4);

    let mut terminal = Terminal::start(&world, SCALE);
    terminal.shows("Go on?");
    terminal.control('d');
    terminal.types("");
    assert_eq!(terminal.ends().1, 4);
    assert_eq!(namespace.field("deployment/web", ".metadata.resourceVersion"), before);
    assert_eq!(world.records().len(), 4);
    for path in world.records() {
        let text = valid_record(&path);
        assert!(text.contains("kubectl scale deployment/web --replicas=2"), "{text}");
    }
}

#[test]
fn eight_at_once_write_eight_records_with_ids_of_their_own() {
    let (namespace, world) = change();
    let running: Vec<_> = (0..8).map(|_| world.start(STATUS)).collect();
    for one in running {
        one.wait().ends_with(0);
    }
    let records = world.records();
    assert_eq!(records.len(), 8);
    let report = shipmate_phr::lint_dir(&world.project().join("history/prompts")).unwrap();
    assert!(report.files.is_empty() && report.checked == 8, "{report:#?}");
    let mut ids: Vec<String> = records
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().split('-').next().unwrap().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 8, "{ids:?}");
    drop(namespace);
}

/// Runs shipmate where `folder` is a file system of its own, prepared by `prepare` (which finds it as `$1`).
/// The mount is seen by this one process alone, so nothing has to be unmounted.
fn run_mounted(world: &World, folder: &str, options: &str, prepare: &str, arguments: &[&str]) -> Ran {
    fs::create_dir_all(folder).unwrap();
    let root = nix::unistd::geteuid().is_root();
    let script = format!(
        "set -e; mount -t tmpfs -o {options} none \"$1\" || exit 97; folder=$1; shift; set -- \"$folder\" \"$@\"; {prepare}; shift; exec \"$@\""
    );
    let unshare: &[&str] = if root { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let rest = ["sh", "-c", &script, "sh", folder, env!("CARGO_BIN_EXE_shipmate")];
    let command = world.program("unshare", unshare.iter().chain(&rest).chain(arguments));
    let ran = world.finish(command, "");
    assert!(
        ran.code != 97 && !ran.err.starts_with("unshare:"),
        "a file system cannot be mounted here ({}): run the tests as root, or where user namespaces are allowed",
        ran.err.trim()
    );
    ran
}

#[test]
fn a_record_folder_that_is_full_or_read_only_loses_no_record() {
    let (_namespace, world) = change();
    let records = world.project().join("history/prompts").display().to_string();
    let full = "head -c 1000000 /dev/zero > \"$1/filler\" 2>/dev/null || true";
    for (options, prepare) in [("size=4k", full), ("ro", ":")] {
        let ran = run_mounted(&world, &records, options, prepare, &STATUS).ends_with(0);
        assert!(ran.out.contains("1 of 1 replicas"), "the answer is not held up: {ran:?}");
        let ran = ran.says(&["record could not be written", "next start"]);
        assert!(world.records().is_empty(), "{ran:?}");
        // The next start, with the folder as it should be, writes what was kept.
        world.run(STATUS).ends_with(0);
        assert_eq!(world.records().len(), 2);
        for path in world.records() {
            let text = valid_record(&path);
            assert!(text.contains("1 of 1 replicas"), "it is kept as it was: {text}");
            fs::remove_file(path).unwrap();
        }
    }
    // A file where the folder should be.
    fs::remove_dir_all(&records).unwrap();
    fs::write(&records, "in the way").unwrap();
    world.run(STATUS).ends_with(0).says(&["record could not be written", "next start"]);
    fs::remove_file(&records).unwrap();
    world.run(STATUS).ends_with(0);
    assert_eq!(world.records().len(), 2);
}

#[test]
fn without_a_journal_reads_go_on_and_changes_do_not() {
    let (namespace, world) = change();
    let state = world.path("home/.local/state").display().to_string();
    let before = namespace.field("deployment/web", ".metadata.resourceVersion");
    run_mounted(&world, &state, "ro", ":", &STATUS).ends_with(0).says(&["journal", "XDG_STATE_HOME"]);
    let mut scale: Vec<&str> = SCALE.to_vec();
    scale.push("--yes");
    let ran = run_mounted(&world, &state, "ro", ":", &scale).says(&["journal", "XDG_STATE_HOME"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(namespace.field("deployment/web", ".metadata.resourceVersion"), before);
    assert_eq!(world.records().len(), 2, "both are recorded");
}

#[test]
fn records_go_to_the_repository_and_not_to_this_one() {
    // The suites run the executable in worlds of their own: nothing of theirs may land in this repository.
    let world = World::new();
    assert!(!world.project().starts_with(repository()));
    fs::create_dir_all(world.project().join("deep/er")).unwrap();
    let mut command = world.command(["--offline", "nothing", "anybody", "knows"]);
    command.current_dir(world.project().join("deep/er"));
    world.finish(command, "").ends_with(3);
    assert_eq!(world.records().len(), 1, "from a folder below, it is still the repository's");
}
