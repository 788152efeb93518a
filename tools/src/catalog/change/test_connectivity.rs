//! `test_connectivity`: whether one pod can reach a Service, a host or a URL, tried from inside it.
//!
//! It runs a small probe in the pod, so it is a change: what it runs is shown and approved like any command.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Executed, Target, check_arguments, check_name, container_of, entered, pod_identity, reference,
    shown_pod,
};
use crate::outcome::Outcome;
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Opens a connection to host `$1`, port `$2` with whatever the image has, and sends nothing. Exit code 97: it has
/// nothing to try with.
const PROBE_PORT: &str = r#"if command -v nc >/dev/null; then case "$(nc --help 2>&1)" in *BusyBox*) nc -w 5 "$1" "$2" -e true;; *) nc -z -w 5 "$1" "$2";; esac; elif command -v bash >/dev/null; then timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"; elif command -v curl >/dev/null; then curl -sS --connect-timeout 5 -m 6 "telnet://$1:$2" </dev/null; elif command -v python3 >/dev/null; then python3 -c 'import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)' "$1" "$2"; else exit 97; fi"#;

/// Asks for the URL `$1` and throws the answer away.
const PROBE_URL: &str = r#"if command -v curl >/dev/null; then curl -sS -f -m 10 -o /dev/null "$1"; elif command -v wget >/dev/null; then timeout 10 wget -q -O /dev/null "$1"; elif command -v python3 >/dev/null; then python3 -c 'import sys,urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10)' "$1"; else exit 97; fi"#;

/// Test from inside a running pod whether it can reach a Service, a host and port, or a URL.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestConnectivity {
    /// Kind of the workload or pod to try from.
    kind: Option<String>,
    /// Its name.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// What to reach: a Service by name, `host:port`, or a URL.
    target: Option<String>,
    /// Namespace of the Service, when it is another one.
    target_namespace: Option<String>,
    /// The port to reach; a Service's only one when it is not said.
    port: Option<u16>,
    /// One container of the pod; the first one when none is named.
    container: Option<String>,
}

impl Tool for TestConnectivity {
    const NAME: &'static str = "test_connectivity";
    const PHRASES: &'static [&'static str] = &[
        "(can|could|does|is) [the] {object} [pod|pods] [able to] (reach|talk to|connect to|access|ping|contact|get to|speak to|see|resolve|call) [the] {target:word} [service|svc|host|server]",
        "(can|could|does|is) [the] {object} [pod|pods] [able to] (reach|talk to|connect to|access|ping|contact|get to|speak to|see|call) [the] {target:word} [service|svc] [on|at|over|via] [port] {port:count}",
        "(check|test|see|verify|try|find out|tell me) [if|whether|that] [the] {object} [pod|pods] (can|could|is able to|does) (reach|talk to|connect to|access|ping|contact|get to|speak to|see|call) [the] {target:word} [service|svc]",
        "(check|test|see|verify|try|find out|tell me) [if|whether|that] [the] {object} [pod|pods] (can|could|is able to|does) (reach|talk to|connect to|access|ping|contact|get to|speak to|see|call) [the] {target:word} [service|svc] (on|at|over|via) [port] {port:count}",
        "(check|test|see|verify|try|find out|tell me) [if|whether|that] [the] {object} [pod|pods] (can|could|is able to) resolve [the] {target:word} [service|svc]",
        "does [the] {target:word} [service|svc] (answer|respond|work|accept connections) (from|for|to) [the] {object} [pod|pods]",
        "does [the] {target:word} [service|svc] (answer|respond|accept connections) (on|at) [port] {port:count} (from|for|to) [the] {object} [pod|pods]",
        "(check|test|see|verify|try|find out) (from|in|inside) [the] {object} [pod|pods] (if|whether|that) [the] {target:word} [service|svc] (answers|answer|responds|respond|is reachable|is up|is open|listens|works|can be reached|accepts connections|is there|is available)",
        "(check|test|see|verify|try|find out) (from|in|inside) [the] {object} [pod|pods] (if|whether|that) [the] {target:word} [service|svc] (answers|answer|responds|respond|is reachable|is up|is open|listens|works|can be reached|accepts connections|is available) (on|at) [port] {port:count}",
        "(check|test|see|verify|try|find out) (if|whether|that) [the] {target:word} [service|svc] (answers|responds|is reachable|is up|listens|works|can be reached|accepts connections|is available) (from|in|inside) [the] {object} [pod|pods]",
        "(check|test|see|verify|try|find out) (if|whether|that) [the] {target:word} [service|svc] (answers|responds|is reachable|listens|can be reached) (on|at) [port] {port:count} (from|in|inside) [the] {object} [pod|pods]",
        "is [the] {target:word} [service|svc] (reachable|accessible|available|up|open|visible) from [the] {object} [pod|pods]",
        "is [the] {target:word} [service|svc] (reachable|accessible|available|open) (on|at) [port] {port:count} from [the] {object} [pod|pods]",
        "is port {port:count} (of|on|at) [the] {target:word} [service|svc] (reachable|accessible|open|available) from [the] {object} [pod|pods]",
        "(test|check|verify|try|probe) [the] (connectivity|connection|network|network path|reachability|access|networking) (from|between) [the] {object} [pod|pods] (to|and) [the] {target:word} [service|svc]",
        "(test|check|verify|try|probe) [the] (connectivity|connection|network|network path|reachability|access|networking) (from|between) [the] {object} [pod|pods] (to|and) [the] {target:word} [service|svc] (on|at) [port] {port:count}",
        "(test|check|verify|try|probe) [the] (connectivity|connection|reachability|access) (to|of) [the] {target:word} [service|svc] from [the] {object} [pod|pods]",
        "(ping|reach|probe|call|hit|request|curl|wget) [the] {target:word} [service|svc] from [inside] [the] {object} [pod|pods]",
        "(ping|reach|probe|call|hit) [the] {target:word} [service|svc] (on|at) [port] {port:count} from [inside] [the] {object} [pod|pods]",
        "(from|inside) [the] {object} [pod|pods] (ping|reach|probe|call|hit|request) [the] {target:word} [service|svc]",
    ];
    const MODIFIERS: &'static [&'static str] = &["[in|from] container {container:word}"];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl()
            .arg("exec")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .namespace(self.namespace.as_deref())
            .option("--container", self.container.as_deref())
            .arg("--");
        match self.argv() {
            Ok(argv) => line.args(argv),
            Err(_) => line.args(self.target.clone()),
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // `postgres:5432` says both at once.
        if let Some((host, port)) = self.target.as_deref().and_then(host_and_port) {
            self.port = Some(port);
            self.target = Some(host);
        }
        let service = self.target.as_deref().is_some_and(is_bare);
        let mut slots = vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::HasPods,
            required: true,
        })];
        // A bare word is a Service of the cluster; everything else goes as it is to whoever resolves it.
        if service {
            slots.push(Slot::Another {
                kind: Some("service"),
                reference: &mut self.target,
                namespace: &mut self.target_namespace,
                port: Some(&mut self.port),
            });
        }
        slots
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        check_arguments(None, None, self.target_namespace.as_deref(), None)?;
        self.container.as_deref().map_or(Ok(()), |container| check_name("container", container))?;
        self.argv().map(|_| ())
    }
}

/// Whether it is one word without dots, as a Service is called.
fn is_bare(target: &str) -> bool {
    !target.contains(['.', ':', '/']) && target != "localhost"
}

fn host_and_port(target: &str) -> Option<(String, u16)> {
    if target.contains("://") || target.contains('/') {
        return None;
    }
    let (host, port) = target.rsplit_once(':')?;
    let port = port.parse::<u16>().ok()?;
    (!host.is_empty() && !host.contains(':')).then(|| (host.to_owned(), port))
}

impl TestConnectivity {
    /// The URL that is meant, if it is one; `backend:8000/health` is one without saying so.
    fn url(&self) -> Option<String> {
        let target = self.target.as_deref()?;
        if target.contains("://") {
            return Some(target.to_owned());
        }
        target.contains('/').then(|| format!("http://{target}"))
    }

    /// The host as the pod's resolver finds it.
    fn host(&self) -> String {
        let target = self.target.clone().unwrap_or_default();
        match &self.target_namespace {
            Some(namespace) if self.namespace.as_ref() != Some(namespace) && is_bare(&target) => {
                format!("{target}.{namespace}")
            }
            _ => target,
        }
    }

    fn argv(&self) -> Result<Vec<String>> {
        let invalid = |why: String, next: &str| Feedback::new(ErrorKind::InvalidArguments, why).next(next);
        let Some(target) = self.target.as_deref().filter(|target| !target.is_empty()) else {
            return Err(invalid(
                "what to reach is not said".to_owned(),
                "name a Service, a host and port, or a URL",
            )
            .into());
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/?&=%~+@,;[]".contains(c);
        if target.starts_with('-') || !target.chars().all(plain) || target.contains('@') {
            return Err(invalid(
                format!("{target:?} is nothing that can be reached"),
                "name a Service, a host and port, or a URL",
            )
            .into());
        }
        let probe = |script: &str, arguments: Vec<String>| {
            let mut argv: Vec<String> = ["sh", "-c", script, "probe"].map(str::to_owned).into();
            argv.extend(arguments);
            argv
        };
        if let Some(url) = self.url() {
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                return Err(invalid(
                    format!("{url:?} is no web address"),
                    "use http:// or https://, or a host and port",
                )
                .into());
            }
            return Ok(probe(PROBE_URL, vec![url]));
        }
        match self.port {
            Some(port) if port > 0 => Ok(probe(PROBE_PORT, vec![self.host(), port.to_string()])),
            _ => Err(invalid(format!("which port of {target} is not said"), "say it, such as postgres:5432")
                .into()),
        }
    }

    fn place(&self) -> String {
        self.url().unwrap_or_else(|| format!("{}:{}", self.host(), self.port.unwrap_or_default()))
    }

    async fn target_object(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    /// What the cluster knows to be wrong with the Service that is to be reached.
    async fn suspicion(&self, cluster: &Cluster) -> Option<String> {
        let name = self.target.as_deref().filter(|target| is_bare(target))?;
        let namespace = self.target_namespace.as_deref().or(self.namespace.as_deref());
        let target = cluster.target(Some("service"), Some(name), namespace).await.ok()?;
        let (service, identity) = target.read(cluster).await.ok()?;
        let ports = crate::kubernetes::declared_ports(&service);
        let numbers: Vec<String> = ports.iter().map(|(_, number)| number.to_string()).collect();
        if let Some(port) = self.port
            && !ports.iter().any(|(_, number)| *number == port)
        {
            return Some(format!("{} has no port {port}, but {}", identity.label(), numbers.join(", ")));
        }
        let pods = cluster.family(&service).await.ok()?.pods;
        if crate::kubernetes::running_pod(&pods).is_none() {
            return Some(format!("no running pod stands behind {}", identity.label()));
        }
        None
    }

    /// The network policies where the Service lives, which may forbid it.
    async fn policies(&self, cluster: &Cluster) -> Option<String> {
        self.target.as_deref().filter(|target| is_bare(target))?;
        let namespace = self.target_namespace.clone().or_else(|| self.namespace.clone());
        let policies = cluster.kind("networkpolicies").await.ok()?;
        let query = crate::kubernetes::Query { namespace, ..Default::default() };
        let policies = cluster.objects(&policies, &query).await.ok()?;
        (!policies.is_empty()).then(|| {
            let names: Vec<&str> =
                policies.iter().filter_map(|one| one.pointer("/metadata/name")?.as_str()).collect();
            format!("its namespace has network policies that may forbid it: {}", names.join(", "))
        })
    }
}

impl ChangeTool for TestConnectivity {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let from = self.target_object(cluster).await?;
        let pod = entered(cluster, &from).await?;
        let container = container_of(&pod, self.container.as_deref())?;
        let identity = pod_identity(&pod);
        let mut warnings =
            vec!["it runs a probe in that container; whoever answers sees a connection".to_owned()];
        // A wrong port is known before anything is tried, and where something answers for every address nothing
        // else would tell it.
        warnings.extend(self.suspicion(cluster).await);
        let what = if self.url().is_some() { "asks for" } else { "opens and closes a connection to" };
        Ok(Preview {
            summary: format!("{} {what} {}, from its container {container}", identity.label(), self.place()),
            namespace: identity.namespace.clone(),
            changes: vec![ObjectChange {
                object: identity,
                action: Action::Unchanged,
                difference: String::new(),
            }],
            warnings,
            basis: json!({"container": container}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let pod = shown_pod(&cluster, approval.preview()).await?;
        let container = approval.preview().basis.get("container").and_then(Value::as_str);
        progress.status(format!("trying {}", self.place()));
        let executed = cluster.execute(&pod, container, &self.argv()?, false, progress).await?;
        let from = pod_identity(&pod).label();
        match verdict(&executed) {
            Verdict::Reached => {
                let outcome = Outcome::sentence(format!("{from} reaches {}", self.place()))
                    .data(json!({"from": from, "to": self.place(), "reached": true}));
                // What was shown before is still true: then something else answered.
                let doubts = approval.preview().warnings.iter().skip(1).cloned();
                Ok(doubts.fold(outcome, Outcome::note))
            }
            Verdict::NoProbe(why) => {
                Err(Feedback::new(ErrorKind::Other, format!("{from} has nothing to try with: {why}"))
                    .next("try from another pod, or from a throw-away one: \"run a temporary busybox pod\"")
                    .into())
            }
            Verdict::Failed(why) => {
                let mut said = format!("{from} does not reach {}: {why}", self.place());
                let suspicion = match self.suspicion(&cluster).await {
                    Some(suspicion) => Some(suspicion),
                    None => self.policies(&cluster).await,
                };
                if let Some(suspicion) = suspicion {
                    said.push_str(&format!("; {suspicion}"));
                }
                Err(Feedback::new(ErrorKind::Other, said)
                    .next("look at the Service and its pods: \"describe\" shows which pods stand behind it")
                    .into())
            }
        }
    }
}

/// What a probe came to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Reached,
    NoProbe(String),
    Failed(String),
}

fn verdict(executed: &Executed) -> Verdict {
    let said = executed.stderr.trim();
    let last = said.lines().last().unwrap_or_default().trim().to_owned();
    let lower = said.to_ascii_lowercase();
    match executed.code {
        Some(0) => Verdict::Reached,
        Some(97) => Verdict::NoProbe("no nc, bash, curl, wget or python3 in its image".to_owned()),
        None => {
            Verdict::NoProbe(executed.trouble.clone().unwrap_or_else(|| "its probe did not end".to_owned()))
        }
        Some(code) => Verdict::Failed(
            if ["bad address", "could not resolve", "not known", "name resolution", "unable to resolve"]
                .iter()
                .any(|sign| lower.contains(sign))
            {
                format!("the name is not resolved ({last})")
            } else if lower.contains("refused") {
                "the connection was refused: the name leads somewhere, and nothing listens on that port there"
                    .to_owned()
            } else if lower.contains("timed out")
                || lower.contains("timeout")
                || matches!(code, 28 | 124 | 143)
            {
                "no answer in time: a wrong address, or something on the way drops it".to_owned()
            } else if last.is_empty() {
                format!("the probe ended with exit code {code}")
            } else {
                last
            },
        ),
    }
}

pub(crate) static TOOL: Changer<TestConnectivity> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command_with_host_and_port_as_arguments() {
        let call = json!({"kind": "deployment", "name": "web", "namespace": "shop", "target": "db", "target_namespace": "data", "port": 5432});
        let bound = Call::new("test_connectivity", call).bind().unwrap();
        let words = bound.command();
        assert_eq!(
            &words.words()[..8],
            ["kubectl", "exec", "deployment/web", "-n", "shop", "--", "sh", "-c"]
        );
        assert_eq!(&words.words()[9..], ["probe", "db.data", "5432"]);
        assert_eq!(bound.effect(), Effect::Change);
    }

    #[test]
    fn what_is_reached_is_a_service_a_host_or_a_url() {
        let place = |target: &str| {
            let mut call: TestConnectivity =
                serde_json::from_value(json!({"kind": "pod", "name": "a", "target": target})).unwrap();
            drop(call.slots());
            call.check().map(|()| call.place())
        };
        assert_eq!(place("db:5432").unwrap(), "db:5432");
        assert_eq!(place("web.shop:80").unwrap(), "web.shop:80");
        assert_eq!(place("web:8000/health").unwrap(), "http://web:8000/health");
        assert_eq!(place("https://example.org").unwrap(), "https://example.org");
        for target in ["db", "", "-x:1", "ftp://x/y", "a b:1", "$(x):1", "http://u:p@x/"] {
            assert!(place(target).is_err(), "{target}");
        }
    }

    #[test]
    fn why_it_failed_is_told_apart() {
        let executed =
            |code, stderr: &str| Executed { code, stderr: stderr.to_owned(), ..Executed::default() };
        assert_eq!(verdict(&executed(Some(0), "")), Verdict::Reached);
        let failed = |code, stderr: &str| match verdict(&executed(Some(code), stderr)) {
            Verdict::Failed(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(failed(1, "nc: bad address 'nowhere'").starts_with("the name is not resolved"));
        assert!(
            failed(1, "nc: can't connect to remote host (10.0.0.1): Connection refused").contains("refused")
        );
        assert!(failed(1, "nc: can't connect to remote host: Connection timed out").starts_with("no answer"));
        assert!(failed(143, "").starts_with("no answer"));
        assert!(matches!(verdict(&executed(Some(97), "")), Verdict::NoProbe(_)));
    }
}
