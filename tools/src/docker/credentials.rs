//! Logins for registries, from docker's own configuration: kept there in the open, or by a credential helper.
//!
//! What is read here goes to the engine with the one request that needs it and is never shown or kept.

use bollard::auth::DockerCredentials;
use k8s_openapi::ByteString;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::error::{ErrorKind, Feedback, Result};

/// How long a credential helper may take; one that asks a person for a password would wait for ever.
const HELPER_DEADLINE: Duration = Duration::from_secs(20);

/// The login for a registry; `None` when docker's configuration has none.
///
/// # Errors
/// When the configuration cannot be read or its helper fails; the message holds nothing of a login.
pub async fn credentials(host: &str) -> Result<Option<DockerCredentials>> {
    let Some(path) = configuration() else { return Ok(None) };
    let Ok(text) = tokio::fs::read_to_string(&path).await else { return Ok(None) };
    // What is wrong is not said in detail: it could quote a login.
    let configuration: Value = serde_json::from_str(&text).map_err(|_secret| {
        Feedback::new(ErrorKind::Unavailable, format!("{} is not JSON", path.display()))
            .next("mend it, or log in again with `docker login`")
    })?;
    let mut found = None;
    for name in names(host) {
        if let Some(helper) = helper(&configuration, &name) {
            found = ask(&helper, &name).await?;
        } else if let Some(entry) = configuration.get("auths").and_then(|auths| auths.get(&name)) {
            found = stored(entry);
        }
        if found.is_some() {
            break;
        }
    }
    Ok(found.map(|login| DockerCredentials { serveraddress: Some(host.to_owned()), ..login }))
}

fn configuration() -> Option<PathBuf> {
    let folder = match std::env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".docker"),
    };
    Some(folder.join("config.json"))
}

/// The names under which a registry's login may be kept; Docker Hub's is an address of old.
fn names(host: &str) -> Vec<String> {
    if host == "docker.io" {
        vec!["https://index.docker.io/v1/".to_owned(), "index.docker.io".to_owned(), "docker.io".to_owned()]
    } else {
        vec![host.to_owned(), format!("https://{host}"), format!("http://{host}")]
    }
}

/// The helper that keeps a registry's login; a name with anything but letters, digits, `-` and `_` is none.
fn helper(configuration: &Value, name: &str) -> Option<String> {
    let own = configuration.get("credHelpers").and_then(|helpers| helpers.get(name));
    let helper = own.or_else(|| configuration.get("credsStore"))?.as_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!helper.is_empty() && helper.chars().all(plain)).then(|| helper.to_owned())
}

fn stored(entry: &Value) -> Option<DockerCredentials> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Some(DockerCredentials {
            identitytoken: Some(token.to_owned()),
            ..DockerCredentials::default()
        });
    }
    if let (Some(name), Some(password)) = (text("username"), text("password")) {
        return Some(login(name, password));
    }
    let decoded: ByteString = serde_json::from_value(json!(text("auth")?)).ok()?;
    let pair = String::from_utf8(decoded.0).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some(login(name, password.trim_end_matches('\0')))
}

fn login(name: &str, password: &str) -> DockerCredentials {
    DockerCredentials {
        username: Some(name.to_owned()),
        password: Some(password.to_owned()),
        ..DockerCredentials::default()
    }
}

/// Asks a helper (github.com/docker/docker-credential-helpers: the name on its input, JSON on its output).
async fn ask(helper: &str, name: &str) -> Result<Option<DockerCredentials>> {
    let program = format!("docker-credential-{helper}");
    let failed = |why: &str, next: &str| {
        Feedback::new(ErrorKind::Unavailable, format!("{program} {why}")).next(next.to_owned())
    };
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| failed("cannot be started", "install it, or log in anew with `docker login`"))?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that ended before it read says why by its exit code.
        let _unread = input.write_all(name.as_bytes()).await;
    }
    let output = tokio::time::timeout(HELPER_DEADLINE, child.wait_with_output())
        .await
        .map_err(|_elapsed| failed("did not answer", "unlock what keeps the logins, then ask again"))?
        .map_err(|_| failed("failed", "log in anew with `docker login`"))?;
    if !output.status.success() {
        // "credentials not found" is the usual reason, and no error.
        return Ok(None);
    }
    let answer: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_secret| failed("did not answer in JSON", "log in anew with `docker login`"))?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    Ok(Some(if text("Username") == "<token>" {
        DockerCredentials { identitytoken: Some(text("Secret").to_owned()), ..DockerCredentials::default() }
    } else {
        login(text("Username"), text("Secret"))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_read_as_docker_keeps_them() {
        // "shop:pass:word"
        let found = stored(&json!({"auth": "c2hvcDpwYXNzOndvcmQ="})).unwrap();
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("shop"), Some("pass:word")));
        assert!(stored(&json!({"identitytoken": "t"})).unwrap().identitytoken.is_some());
        assert!(stored(&json!({})).is_none() && stored(&json!({"auth": "?"})).is_none());
    }

    #[test]
    fn a_helper_is_a_plain_name() {
        let configuration = json!({"credsStore": "pass", "credHelpers": {"a.b": "own", "c.d": "../sh"}});
        assert_eq!(helper(&configuration, "x").as_deref(), Some("pass"));
        assert_eq!(helper(&configuration, "a.b").as_deref(), Some("own"));
        assert_eq!(helper(&configuration, "c.d"), None);
        assert_eq!(names("host:5000").first().unwrap(), "host:5000");
    }
}
