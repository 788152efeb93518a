//! A world of one test's own: a home, a project under git, and nothing of the machine's configuration. The
//! executable runs in it as it would for a person, and what it left behind is looked at afterwards.

use super::cluster::{Cluster, kubectl_config_for};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No run of a test takes longer on a slow machine, except those that say so.
const PATIENCE: Duration = Duration::from_secs(120);

/// A home, a project and an environment.
pub struct World {
    folder: TempDir,
    environment: BTreeMap<OsString, OsString>,
    patience: Duration,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

/// A run that is going on.
pub struct Running {
    pub child: Child,
    out: PathBuf,
    err: PathBuf,
    began: Instant,
}

impl World {
    /// A world with a project and without a cluster, Docker, Helm or model.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("shipmate-test-").tempdir().unwrap();
        let mut world = Self { environment: BTreeMap::new(), patience: PATIENCE, folder };
        for (name, below) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "home/.config"),
            ("XDG_STATE_HOME", "home/.local/state"),
            ("XDG_CACHE_HOME", "home/.cache"),
        ] {
            let path = world.path(below);
            fs::create_dir_all(&path).unwrap();
            world.set(name, path);
        }
        world.set("PATH", std::env::var_os("PATH").unwrap_or_default());
        world.set("LANG", "C.UTF-8");
        world.set("TERM", "xterm-256color");
        world.set("KUBECONFIG", world.path("home/no-kubeconfig"));
        world.set("DOCKER_HOST", format!("unix://{}", world.path("home/no-docker.sock").display()));
        fs::create_dir_all(world.project()).unwrap();
        for arguments in [&["init", "-q", "-b", "main"][..], &["config", "user.name", "A Tester"][..]] {
            let done = Command::new("git").args(arguments).current_dir(world.project()).status();
            assert!(done.is_ok_and(|status| status.success()), "git {arguments:?} failed; install git");
        }
        world
    }

    /// A world whose kubeconfig is a private copy of the cluster's, with `namespace` as the context's own.
    pub fn on(cluster: &Cluster, namespace: &str) -> Self {
        let mut world = Self::new();
        let path = world.path("home/kubeconfig");
        fs::write(&path, kubectl_config_for(cluster, namespace)).unwrap();
        world.set("KUBECONFIG", path);
        world.set("PATH", &cluster.path);
        if let Some(host) = &cluster.docker_host {
            world.set("DOCKER_HOST", host);
        }
        world
    }

    /// The same world with a model configured: what `--translator model` and `auto` then ask.
    pub fn with_model(mut self, url: &str, name: &str) -> Self {
        self.set("OPENAI_BASE_URL", url);
        self.set("OPENAI_API_KEY", "test-key");
        self.set("SHIPMATE_MODEL", name);
        self
    }

    /// Lets runs take this long.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets a variable of the environment.
    pub fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
    }

    /// A path below the world's folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The project, where the executable runs.
    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Writes a file of the project.
    pub fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.project().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Puts a copy of what this repository holds below `folder` into the project, at the same place.
    pub fn copy_from_repository(&self, folder: &str) {
        copy(&repository().join(folder), &self.project().join(folder));
    }

    /// The executable, ready to run in this world.
    pub fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        self.program(env!("CARGO_BIN_EXE_shipmate"), arguments)
    }

    /// Another program, in the same environment and folder.
    pub fn program<I: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(&self.environment).current_dir(self.project());
        command
    }

    /// Runs it to its end, without a terminal and with nothing on standard input.
    pub fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Ran {
        self.run_with_input(arguments, "")
    }

    /// Runs it to its end with `input` on standard input.
    pub fn run_with_input<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
        input: impl Into<Vec<u8>>,
    ) -> Ran {
        let command = self.command(arguments);
        self.finish(command, input)
    }

    /// Runs a command to its end; one that does not end is killed, and the test fails.
    pub fn finish(&self, command: Command, input: impl Into<Vec<u8>>) -> Ran {
        let shown = format!("{command:?}");
        let began = Instant::now();
        let output = assert_cmd::Command::from_std(command)
            .timeout(self.patience)
            .write_stdin(input)
            .output()
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        let took = began.elapsed();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().unwrap_or_else(|| {
            panic!("{shown}\nended by a signal after {took:?}\nstdout: {out}\nstderr: {err}")
        });
        Ran { code, out, err, took }
    }

    /// Starts it and comes back at once.
    pub fn start<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Running {
        // Files and not pipes: nobody has to read them for the process to go on.
        let place = tempfile::Builder::new().prefix("run-").tempdir_in(self.folder.path()).unwrap().keep();
        let (out, err) = (place.join("out"), place.join("err"));
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::null())
            .stdout(fs::File::create(&out).unwrap())
            .stderr(fs::File::create(&err).unwrap());
        Running { child: command.spawn().unwrap(), out, err, began: Instant::now() }
    }

    /// The records in the project, oldest first.
    pub fn records(&self) -> Vec<PathBuf> {
        records_below(&self.project().join("history/prompts"))
    }

    /// The one record there is, which has to be valid.
    pub fn record(&self) -> String {
        let records = self.records();
        let [path] = records.as_slice() else { panic!("one record was expected, there are {records:?}") };
        valid_record(path)
    }

    /// The newest record, which has to be valid.
    pub fn last_record(&self) -> String {
        valid_record(self.records().last().expect("no record was written"))
    }
}

impl Ran {
    /// Fails unless it ended with this code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "wrong exit code\nstdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Fails unless each of these was said on standard error.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.err.contains(text),
                "{text:?} was not said\nstdout: {}\nstderr: {}",
                self.out,
                self.err
            );
        }
        self
    }

    /// Fails unless each of these is in the data on standard output.
    #[track_caller]
    pub fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.out.contains(text),
                "{text:?} was not printed\nstdout: {}\nstderr: {}",
                self.out,
                self.err
            );
        }
        self
    }
}

impl Running {
    /// Waits for its end.
    pub fn wait(mut self) -> Ran {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.began.elapsed() > PATIENCE {
                drop(self.child.kill());
                panic!("it did not end within {PATIENCE:?}\n{}", self.said());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        // As shells count: a signal is 128 and its number.
        let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
        Ran {
            code: status.code().or(signal).unwrap(),
            out: fs::read_to_string(&self.out).unwrap(),
            err: fs::read_to_string(&self.err).unwrap(),
            took: self.began.elapsed(),
        }
    }

    /// What it has said on standard error so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(id, signal).unwrap();
    }
}

/// The top folder of this repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every record below a folder, by its path.
pub fn records_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in entries.map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(records_below(&entry.path()));
        } else if entry.file_name().to_string_lossy().ends_with(".prompt.md") {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// The text of a record; fails when the linter finds anything wrong with it.
#[track_caller]
pub fn valid_record(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let problems: Vec<String> =
        shipmate_phr::lint_text(path, &text).iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{} is not valid: {problems:#?}\n{text}", path.display());
    text
}

/// Waits until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited 30 s for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}
