//! A door between shipmate and the cluster that can be shut: it lets requests through to the real API server
//! (by `kubectl proxy`, so in plain HTTP), remembers them, and holds back the first one that a test chose.
//! That is how a test knows which step shipmate is in when it ends it.

use super::cluster::Cluster;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

/// Which request is held back: given those that went through before, and the next one.
pub type Chosen = fn(&[String], &str) -> bool;

/// The door.
pub struct Proxy {
    address: String,
    server: Child,
    seen: Arc<Mutex<Vec<String>>>,
    held: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A door that holds back the requests for which `chosen` is true. Requests are `METHOD /path?query`.
    pub fn before(cluster: &Cluster, chosen: Chosen) -> Self {
        let mut server = cluster.kubectl(&["proxy", "--port=0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let upstream = line.rsplit(' ').next().unwrap().trim().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (seen, held) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (seen_too, held_too) = (Arc::clone(&seen), Arc::clone(&held));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (upstream, seen, held) = (upstream.clone(), Arc::clone(&seen_too), Arc::clone(&held_too));
                std::thread::spawn(move || pass(&client, &upstream, chosen, &seen, &held));
            }
        });
        Self { address, server, seen, held }
    }

    /// A kubeconfig that leads through the door.
    pub fn kubeconfig(&self, namespace: &str) -> String {
        kubeconfig(&format!("http://{}", self.address), namespace)
    }

    /// The requests that went through, as `METHOD /path?query`.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Whether a request is held back.
    pub fn holds(&self) -> bool {
        !self.held.lock().unwrap().is_empty()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// A kubeconfig with one context, called `door`, that leads to `server`.
pub fn kubeconfig(server: &str, namespace: &str) -> String {
    format!(
        r#"apiVersion: v1
kind: Config
current-context: door
clusters: [{{name: door, cluster: {{server: "{server}"}}}}]
users: [{{name: door, user: {{}}}}]
contexts: [{{name: door, context: {{cluster: door, user: door, namespace: {namespace}}}}}]
"#
    )
}

/// One request a connection: its head is read to know what it is, the rest is handed through as it comes.
fn pass(
    client: &TcpStream,
    upstream: &str,
    chosen: Chosen,
    seen: &Mutex<Vec<String>>,
    held: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut from_client = BufReader::new(client.try_clone().ok()?);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from_client.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "connection" | "host" => continue,
            _ => {}
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    from_client.read_exact(&mut body).ok()?;
    let request = head.lines().next()?.rsplit_once(' ')?.0.to_owned();
    let earlier = seen.lock().ok()?.clone();
    if chosen(&earlier, &request) {
        held.lock().ok()?.push(request);
        // Until the client has had enough: then there is nothing left to read.
        from_client.read_to_end(&mut body).ok()?;
        return None;
    }
    seen.lock().ok()?.push(request);
    let mut server = TcpStream::connect(upstream).ok()?;
    server.write_all(format!("{head}Host: {upstream}\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    std::io::copy(&mut server, &mut &*client).ok()?;
    client.shutdown(Shutdown::Both).ok()
}
