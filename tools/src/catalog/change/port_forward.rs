//! `port_forward`: a port of this machine that leads to a pod, through restarts of it, until it is enough.
//!
//! It is a change although no object of the cluster changes: whoever is on this machine then reaches what only
//! the cluster could reach, as the one who asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Target, check_arguments, declared_ports, entered, kubectl_duration, parse_duration,
    pod_identity, port_behind, reference,
};
use crate::outcome::Outcome;
use crate::preview::{Action, ObjectChange, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// How long a connection may wait for a pod that is being replaced.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the server's last word about a connection is waited for.
const LAST_WORD: Duration = Duration::from_millis(200);

/// How often a pod is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(500);

/// Forward a port of this machine to a Service, workload or pod, until Ctrl-C or for some time; connections go on
/// to a new pod when the old one is replaced.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortForward {
    /// Kind: service, deployment, statefulset, daemonset or pod.
    kind: Option<String>,
    /// Its name.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// The port of this machine; the same number as there when it is not said.
    local_port: Option<u16>,
    /// The port there: of a Service one of its ports, else of the container. The only one it declares when it is
    /// not said.
    port: Option<u16>,
    /// Both ports as kubectl writes them, `8080:80`, or a local address, `localhost:8080`; instead of the two.
    mapping: Option<String>,
    /// End after this time, such as `10m`; without, at Ctrl-C.
    duration: Option<String>,
}

impl Tool for PortForward {
    const NAME: &'static str = "port_forward";
    const PHRASES: &'static [&'static str] = &[
        "(port-forward|port forward|portforward|forward|tunnel) [a|the] [port] [to|of] {object} [container|pod]",
        "(port-forward|port forward|portforward|forward|tunnel) [to] {object} {mapping:word}",
        "(port-forward|port forward|portforward|forward|tunnel) [to] {object} [port] {port:count}",
        "(port-forward|port forward|portforward|forward|tunnel|map|bind) {mapping:word} [to] [the] {object}",
        "(tunnel|port-forward|port forward|forward) [to] [the] {object} (on|at|via|over|from) [my] [local|localhost] [port] {local_port:count}",
        "(reach|access|open|connect to|get to|talk to|use) [the] {object} locally [on|at|via] [port] [{local_port:count}]",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [port] {port:count} (of|from|on) [the] {object} [to] [my] [local] [port|localhost] [machine]",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [port] {port:count} (of|from|on) [the] {object} to [my] [local] [port|localhost] {local_port:count}",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [the] {object} [port] {port:count} to [my] [local] [port|localhost] {local_port:count}",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [the] {object} to [my] [local] [port|localhost] {local_port:count}",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [the] {object} to {mapping:word}",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [my] [local|localhost] [port] {local_port:count} to [the] {object}",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [my] [local|localhost] [port] {local_port:count} to [port] {port:count} (of|on|in|at) [the] {object}",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) [my] [local|localhost] [port] {local_port:count} to [the] {object} [on] [port] {port:count}",
        "(port-forward|port forward|portforward|forward|map|bind|tunnel) {mapping:word} to [the] {object} [on] [port] {port:count}",
        "(reach|access|open|connect to|get to|talk to|use|have) [the] {object} (on|at|under|via|through|over|from) {mapping:word}",
        "(reach|access|open|connect to|get to|talk to|use|have) [the] {object} (on|at|under|via|through|over) [my] [local|localhost] [port] {local_port:count}",
        "(reach|access|open|connect to|get to|talk to) [the] {object} (from|on) [my|this] (machine|laptop|computer|localhost|workstation)",
        "(make|expose|bring) [the] {object} [available|reachable|accessible] (on|at|under) (localhost|my machine|my laptop) [on|port|at] [port] {local_port:count}",
        "(make|expose|bring) [the] {object} [available|reachable|accessible] (on|at|under) {mapping:word}",
    ];
    const MODIFIERS: &'static [&'static str] =
        &["for {duration:duration}", "for [the] (next|coming) {duration:duration}"];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let ports = match self.both_ports() {
            (Some(local), Some(port)) if local != port => Some(format!("{local}:{port}")),
            (local, port) => port.or(local).map(|port| port.to_string()),
        };
        // kubectl has no end of its own.
        let line = match &self.duration {
            Some(duration) => {
                let seconds = parse_duration("duration", duration).map_or(0, |time| time.as_secs());
                CommandLine::new("timeout").arg(seconds.to_string()).arg("kubectl")
            }
            None => CommandLine::kubectl(),
        };
        line.arg("port-forward")
            .arg(reference(self.kind.as_deref(), self.name.as_deref()))
            .args(ports)
            .namespace(self.namespace.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.mapping.as_deref().is_some_and(|mapping| split(mapping).is_ok()) {
            (self.local_port, self.port) = self.both_ports();
            self.mapping = None;
        }
        vec![Slot::Endpoint {
            object: ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: None,
                accepts: ObjectAccepts::Listens,
                required: true,
            },
            port: &mut self.port,
        }]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        if let Some(mapping) = &self.mapping {
            split(mapping)?;
        }
        if self.local_port == Some(0) || self.port == Some(0) {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "0 is no port")
                .next("name a port between 1 and 65535")
                .into());
        }
        self.duration.as_deref().map_or(Ok(()), |duration| parse_duration("duration", duration).map(|_| ()))
    }
}

/// The local port and the one there: `8080:80`, `localhost:8080`, `8080`.
fn split(mapping: &str) -> Result<(Option<u16>, Option<u16>)> {
    let invalid = || {
        Feedback::new(ErrorKind::InvalidArguments, format!("{mapping:?} is no pair of ports"))
            .next("write it like 8080:80, or localhost:8080 for a port of this machine")
    };
    let mapping = mapping.trim_start_matches("http://").trim_end_matches('/');
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(invalid);
    match mapping.split_once(':') {
        Some(("localhost" | "127.0.0.1", local)) => Ok((Some(port(local)?), None)),
        Some((local, there)) => Ok((Some(port(local)?), Some(port(there)?))),
        None if matches!(mapping, "localhost" | "127.0.0.1") => Ok((None, None)),
        None => Ok((Some(port(mapping)?), None)),
    }
}

impl PortForward {
    /// The local port and the one there, whichever way they were said.
    fn both_ports(&self) -> (Option<u16>, Option<u16>) {
        let (local, port) =
            self.mapping.as_deref().and_then(|mapping| split(mapping).ok()).unwrap_or_default();
        (local.or(self.local_port), port.or(self.port))
    }

    async fn target(&self, cluster: &Cluster) -> Result<Target> {
        cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await
    }

    /// The port there: the one that was said, else the only one declared, else the local one.
    fn port_there(&self, object: &Value, label: &str) -> Result<u16> {
        let declared = declared_ports(object);
        let numbers: Vec<String> = declared.iter().map(|(_, number)| number.to_string()).collect();
        let missing = |why: String| {
            Feedback::new(ErrorKind::InvalidArguments, why)
                .next("say which port, such as 8080:80")
                .candidates(numbers.clone())
        };
        match (self.port, declared.as_slice()) {
            (Some(port), _) => Ok(port),
            (None, [(_, only)]) => Ok(*only),
            (None, []) => self.local_port.ok_or_else(|| missing(format!("{label} declares no port")).into()),
            (None, _) => Err(missing(format!("{label} declares several ports")).into()),
        }
    }

    fn address(&self, port: u16) -> SocketAddr {
        // Nobody else's machine: a forwarded port carries the rights of the one who asked.
        SocketAddr::new(IpAddr::from([127, 0, 0, 1]), self.local_port.unwrap_or(port))
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let next = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "something listens there already: name another local port, such as 18080"
            }
            io::ErrorKind::PermissionDenied => "ports below 1024 are the administrator's: name a higher one",
            _ => "name another local port",
        };
        Feedback::new(ErrorKind::Other, format!("could not listen on {address}: {error}")).next(next).into()
    })
}

/// The running pod and its port that `port` of `target` leads to now.
async fn destination(cluster: &Cluster, target: &Target, port: u16) -> Result<(Value, u16)> {
    let (object, identity) = target.read(cluster).await?;
    let pod = entered(cluster, target).await?;
    let behind = port_behind(&object, &pod, port).ok_or_else(|| {
        let ports = declared_ports(&object).iter().map(|(_, number)| number.to_string()).collect();
        Feedback::new(
            ErrorKind::NotFound,
            format!("{} has no port {port} that leads to a pod", identity.label()),
        )
        .next("name one of its ports")
        .candidates(ports)
    })?;
    Ok((pod, behind))
}

impl ChangeTool for PortForward {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let target = self.target(cluster).await?;
        let (object, identity) = target.read(cluster).await?;
        let port = self.port_there(&object, &identity.label())?;
        let (pod, behind) = destination(cluster, &target, port).await?;
        let address = self.address(port);
        // Taken and given back, so that what was shown can be kept.
        drop(listen(address).await?);
        let until = match &self.duration {
            Some(duration) => format!("for {duration}"),
            None => "until Ctrl-C".to_owned(),
        };
        let through = pod_identity(&pod).name;
        let mut warnings =
            vec!["whoever is on this machine reaches it with your rights while it is open".to_owned()];
        if !declared_ports(&pod).iter().any(|(_, number)| *number == behind) {
            warnings.push(format!("pod {through} does not declare port {behind}; nothing may listen there"));
        }
        Ok(Preview {
            summary: format!(
                "forwards {address} to port {port} of {}, now pod {through} port {behind}, {until}",
                identity.label()
            ),
            namespace: identity.namespace.clone(),
            changes: vec![ObjectChange {
                object: identity,
                action: Action::Unchanged,
                difference: String::new(),
            }],
            warnings,
            basis: json!({"port": port}),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let cluster = world.cluster(approval).await?;
        let target = self.target(&cluster).await?;
        let port = approval.preview().basis.get("port").and_then(Value::as_u64);
        let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
        let listener = listen(self.address(port)).await?;
        let address = listener.local_addr().unwrap_or_else(|_| self.address(port));
        progress.line(format!("forwarding {address} to port {port} of {}", target.label()));
        let end = match &self.duration {
            Some(duration) => Some(parse_duration("duration", duration)?),
            None => None,
        };
        let served = serve(&cluster, &target, port, &listener, end, progress).await;
        Ok(Outcome::sentence(format!(
            "{address} led to port {port} of {} for {}, {served} connection{}",
            target.label(),
            kubectl_duration(self.duration.as_deref().unwrap_or_default()),
            if served == 1 { "" } else { "s" }
        ))
        .data(json!({"address": address.to_string(), "port": port, "connections": served})))
    }
}

/// Serves connections until `end`; dropping it ends them all. How many there were.
async fn serve(
    cluster: &Cluster,
    target: &Target,
    port: u16,
    listener: &TcpListener,
    end: Option<Duration>,
    progress: &Progress,
) -> u64 {
    let end = async {
        match end {
            Some(end) => tokio::time::sleep(end).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    let mut connections = JoinSet::new();
    let mut served = 0;
    loop {
        tokio::select! {
            () = &mut end => return served,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                served += 1;
                let (cluster, target, progress) = (cluster.clone(), target.clone(), progress.clone());
                connections.spawn(async move {
                    if let Err(error) = connect(&cluster, &target, port, stream).await {
                        progress.line(format!("a connection failed: {error}"));
                    }
                });
            }
        }
    }
}

/// Leads one connection to a pod, waiting for one while the workload is between two.
async fn connect(cluster: &Cluster, target: &Target, port: u16, mut stream: TcpStream) -> Result<()> {
    let began = tokio::time::Instant::now();
    loop {
        match once(cluster, target, port, &mut stream).await {
            // A pod that is being replaced, or is listed and gone: another one will come.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unreachable)
                    && began.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(LOOK).await;
            }
            other => return other,
        }
    }
}

/// One attempt; an error means that nothing of the connection was used up.
async fn once(cluster: &Cluster, target: &Target, port: u16, stream: &mut TcpStream) -> Result<()> {
    let (pod, behind) = destination(cluster, target, port).await?;
    let identity = pod_identity(&pod);
    let api = cluster.pods_in(identity.namespace.as_deref().unwrap_or_default());
    let doing = format!("connect to port {behind} of pod {}", identity.name);
    let mut forwarder = cluster.ask(&doing, api.portforward(&identity.name, &[behind])).await?;
    let failed = forwarder.take_error(behind);
    let Some(mut there) = forwarder.take_stream(behind) else { return Ok(()) };
    // Whichever side ends first ends the other.
    let _ended = copy_bidirectional(stream, &mut there).await;
    drop(there);
    // The server's word about a port that nobody listens on comes apart, and before the end.
    let said = match failed {
        Some(failed) => tokio::time::timeout(LAST_WORD, failed).await.ok().flatten(),
        None => None,
    };
    forwarder.abort();
    match said {
        Some(said) if !said.trim().is_empty() => {
            Err(Feedback::new(ErrorKind::Other, format!("could not {doing}: {}", said.trim()))
                .next("check that its container listens on that port")
                .into())
        }
        _ => Ok(()),
    }
}

pub(crate) static TOOL: Changer<PortForward> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (
                json!({"kind": "service", "name": "web", "namespace": "shop", "local_port": 8080, "port": 80}),
                "kubectl port-forward service/web 8080:80 -n shop",
            ),
            (
                json!({"kind": "pod", "name": "db-0", "port": 5432, "local_port": 5432}),
                "kubectl port-forward pod/db-0 5432",
            ),
            (
                json!({"kind": "pod", "name": "db-0", "port": 5432, "duration": "2 minutes"}),
                "timeout 120 kubectl port-forward pod/db-0 5432",
            ),
        ] {
            assert_eq!(Call::new("port_forward", arguments).bind().unwrap().command().to_string(), line);
        }
    }

    #[test]
    fn ports_are_read_as_people_write_them() {
        for (text, ports) in [
            ("8080:80", (Some(8080), Some(80))),
            ("localhost:5432", (Some(5432), None)),
            ("http://localhost:3000/", (Some(3000), None)),
            ("8080", (Some(8080), None)),
            ("localhost", (None, None)),
        ] {
            assert_eq!(split(text).unwrap(), ports, "{text}");
        }
        for text in ["web", "0:80", "8080:", "70000:1", "1:2:3", "example.org:80"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mapping_becomes_its_two_ports() {
        let mut bound = Call::new("port_forward", json!({"kind": "pod", "name": "a", "mapping": "8080:80"}))
            .bind()
            .unwrap();
        drop(bound.slots());
        assert_eq!(bound.command().to_string(), "kubectl port-forward pod/a 8080:80");
        for arguments in [
            json!({"name": "a", "mapping": "x"}),
            json!({"name": "a", "port": 0}),
            json!({"name": "a", "duration": "long"}),
        ] {
            assert!(Call::new("port_forward", arguments).bind().unwrap().check().is_err());
        }
    }

    #[test]
    fn the_port_there_is_the_only_declared_one() {
        let wanted = |arguments| serde_json::from_value::<PortForward>(arguments).unwrap();
        let service = |ports: &[u16]| json!({"kind": "Service", "spec": {"ports": ports.iter().map(|port| json!({"port": port})).collect::<Vec<_>>()}});
        assert_eq!(wanted(json!({"local_port": 1})).port_there(&service(&[80]), "x").unwrap(), 80);
        assert!(wanted(json!({"local_port": 1})).port_there(&service(&[80, 81]), "x").is_err());
        assert_eq!(wanted(json!({"local_port": 9})).port_there(&service(&[]), "x").unwrap(), 9);
    }

    #[tokio::test]
    async fn a_port_that_is_taken_says_so() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = listen(taken.local_addr().unwrap()).await.unwrap_err();
        assert!(
            matches!(error, crate::error::ToolError::Feedback(feedback) if feedback.next_step.as_deref().is_some_and(|next| next.contains("already")))
        );
    }
}
