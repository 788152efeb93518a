//! The API as its callers see it, over a real PostgreSQL of its own (Debian's package `postgresql`), with a scripted model.

// Helpers of tests are tests too, which Clippy cannot see outside of a test function.
#![allow(clippy::unwrap_used, clippy::panic)]

use axum::routing::post;
use axum::{Json, Router};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::net::TcpListener as Port;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use todo_backend::settings::Settings;
use todo_backend::{Shared, State, app};
use tokio::net::TcpListener;

/// A PostgreSQL in a temporary folder, on a free loopback port; gone when dropped.
struct Postgres {
    folder: PathBuf,
    port: u16,
}

fn program(name: &str) -> PathBuf {
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = packaged.map(|version| version.path().join("bin").join(name)).collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

/// PostgreSQL refuses to run as root; its package brings a user of its own.
fn as_postgres(name: &str) -> Command {
    let root =
        String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim() == "0";
    if !root {
        return Command::new(program(name));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program(name));
    command
}

fn run(command: &mut Command) {
    // Output goes nowhere: a server that inherits a pipe would keep it open for good.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{command:?} failed; is Debian's postgresql installed?"
    );
}

impl Postgres {
    fn start() -> Self {
        let port = Port::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("todo-postgres-{port}"));
        std::fs::create_dir(&folder).unwrap();
        if as_postgres("initdb").get_program() == "setpriv" {
            run(Command::new("chown").arg("postgres:").arg(&folder));
        }
        run(as_postgres("initdb")
            .args(["-U", "todo", "--auth=trust", "--no-sync", "-D"])
            .arg(folder.join("data")));
        let postgres = Self { folder, port };
        postgres.up();
        postgres
    }

    fn control(&self, arguments: &[&str]) {
        run(as_postgres("pg_ctl").arg("-D").arg(self.folder.join("data")).args(arguments));
    }

    fn up(&self) {
        let options =
            format!("-F -p {} -c listen_addresses=127.0.0.1 -k {}", self.port, self.folder.display());
        self.control(&["start", "-w", "-o", &options]);
    }

    fn down(&self) {
        self.control(&["stop", "-m", "immediate"]);
    }

    fn url(&self) -> String {
        format!("postgres://todo@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = as_postgres("pg_ctl");
        stop.arg("-D").arg(self.folder.join("data")).args(["stop", "-m", "immediate"]);
        drop(stop.stdout(Stdio::null()).stderr(Stdio::null()).status());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The backend, serving on a free port.
struct Backend {
    url: String,
    state: Shared,
}

impl Backend {
    async fn start(database: &str, model: &str) -> Self {
        let settings = Settings::from_environment(|name| match name {
            "DATABASE_URL" => Some(database.to_owned()),
            "BETTER_AUTH_SECRET" => Some("a key of the tests".to_owned()),
            "OPENAI_API_KEY" => Some("none".to_owned()),
            "OPENAI_BASE_URL" => Some(model.to_owned()),
            _ => None,
        });
        let state = State::new(settings).unwrap();
        let preparing = state.clone();
        tokio::spawn(async move { preparing.database.prepare().await });
        Self { url: serve(app(state.clone())).await, state }
    }

    async fn ready(&self) {
        for _ in 0..200 {
            if reqwest::get(format!("{}/ready", self.url)).await.unwrap().status() == StatusCode::OK {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not ready after 10 s");
    }

    async fn person(&self, email: &str) -> Person {
        let person = self.nobody();
        let body = json!({"email": email, "password": "long enough 1"});
        let (status, answer) = person.post("/api/auth/sign-up", body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        person
    }

    fn nobody(&self) -> Person {
        Person { client: Client::builder().cookie_store(true).build().unwrap(), url: self.url.clone() }
    }
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// Somebody with a browser's cookies.
struct Person {
    client: Client,
    url: String,
}

impl Person {
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn titles(&self, query: &str) -> Vec<String> {
        let (status, tasks) = self.get(&format!("/api/tasks{query}")).await;
        assert_eq!(status, StatusCode::OK, "{tasks}");
        tasks.as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect()
    }
}

/// What a scripted model answers, next first; and what it was asked.
type Script = Arc<Mutex<Vec<(u16, Value)>>>;

async fn model(script: Vec<(u16, Value)>) -> (String, Arc<Mutex<Vec<Value>>>) {
    let script: Script = Arc::new(Mutex::new(script));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    let answer = move |Json(request): Json<Value>| {
        kept.lock().unwrap().push(request);
        let (status, body) = script.lock().unwrap().remove(0);
        async move { (StatusCode::from_u16(status).unwrap(), [("retry-after", "7")], Json(body)) }
    };
    (serve(Router::new().route("/chat/completions", post(answer))).await, asked)
}

fn says(words: &str) -> (u16, Value) {
    (200, json!({"choices": [{"message": {"role": "assistant", "content": words}}]}))
}

fn calls(name: &str, arguments: &Value) -> (u16, Value) {
    let call = json!({"id": "1", "type": "function", "function": {"name": name, "arguments": arguments.to_string()}});
    (200, json!({"choices": [{"message": {"role": "assistant", "content": null, "tool_calls": [call]}}]}))
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_tasks() {
    let postgres = Postgres::start();
    let backend = Backend::start(&postgres.url(), "http://127.0.0.1:9").await;
    backend.ready().await;
    let ada = backend.person("ada@example.com").await;

    // Sessions.
    assert_eq!(backend.nobody().get("/api/tasks").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ada.get("/api/auth/me").await.1["email"], "ada@example.com");
    let again = json!({"email": "ADA@example.com", "password": "long enough 1"});
    assert_eq!(backend.nobody().post("/api/auth/sign-up", again.clone()).await.0, StatusCode::CONFLICT);
    let second = backend.nobody();
    assert_eq!(second.post("/api/auth/login", again).await.0, StatusCode::OK);
    let wrong = json!({"email": "ada@example.com", "password": "long enough 2"});
    let unknown = json!({"email": "eve@example.com", "password": "long enough 2"});
    let (one, other) = (
        backend.nobody().post("/api/auth/login", wrong.clone()).await,
        backend.nobody().post("/api/auth/login", unknown).await,
    );
    assert_eq!(one, other, "an unknown address must look like a wrong password");
    assert_eq!(one.0, StatusCode::UNAUTHORIZED);
    assert_eq!(second.send(Method::POST, "/api/auth/logout", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(second.get("/api/auth/me").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ada.get("/api/auth/me").await.0, StatusCode::OK, "the other session goes on");

    // A session belongs to the database, not to the process.
    let sibling = Backend::start(&postgres.url(), "http://127.0.0.1:9").await;
    sibling.ready().await;
    let elsewhere = Person { client: ada.client.clone(), url: sibling.url.clone() };
    assert_eq!(elsewhere.get("/api/auth/me").await.0, StatusCode::OK);

    // Tasks.
    let milk = json!({"title": " Buy milk ", "priority": "high", "due": "2030-01-31"});
    let (status, milk) = ada.post("/api/tasks", milk).await;
    assert_eq!((status, &milk["title"]), (StatusCode::CREATED, &json!("Buy milk")));
    ada.post("/api/tasks", json!({"title": "Read 100% of it", "notes": "the MILK report"})).await;
    ada.post("/api/tasks", json!({"title": "Sleep", "priority": "low"})).await;
    assert_eq!(ada.titles("").await, ["Buy milk", "Read 100% of it", "Sleep"]);
    assert_eq!(ada.titles("?priority=low").await, ["Sleep"]);
    assert_eq!(ada.titles("?due_by=2030-02-01").await, ["Buy milk"]);
    assert_eq!(ada.titles("?search=milk").await, ["Buy milk", "Read 100% of it"]);
    assert_eq!(ada.titles("?search=100%25").await, ["Read 100% of it"]);
    let path = format!("/api/tasks/{}", milk["id"].as_str().unwrap());
    let (_, changed) = ada.send(Method::PATCH, &path, Some(json!({"done": true, "due": null}))).await;
    assert_eq!(
        (&changed["done"], &changed["due"], &changed["priority"]),
        (&json!(true), &Value::Null, &json!("high"))
    );
    assert_eq!(ada.titles("?done=false").await, ["Read 100% of it", "Sleep"]);
    for wrong in [
        json!({"title": ""}),
        json!({"title": "x", "priority": "urgent"}),
        json!({"title": "x", "due": "tomorrow"}),
        json!({"title": "x", "user_id": 1}),
    ] {
        let (status, answer) = ada.post("/api/tasks", wrong.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {answer}");
        assert!(answer["error"].is_string(), "{wrong}: {answer}");
    }

    // Somebody else's tasks are not there, by any way.
    let bob = backend.person("bob@example.com").await;
    assert!(bob.titles("").await.is_empty());
    assert_eq!(bob.get(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(bob.send(Method::PATCH, &path, Some(json!({"title": "mine"}))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(bob.send(Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.get(&path).await.1["title"], "Buy milk");
    assert_eq!(ada.send(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get(&path).await.0, StatusCode::NOT_FOUND);

    // Guessing passwords ends soon.
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(backend.nobody().post("/api/auth/login", wrong.clone()).await.0);
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");

    let metrics = reqwest::get(format!("{}/metrics", backend.url)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"route="/api/tasks/{id}""#), "{metrics}");
    assert!(!metrics.contains(path.as_str()), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_goes_and_comes_back() {
    let nowhere = Backend::start("not a url at all", "http://127.0.0.1:9").await;
    assert_eq!(nowhere.nobody().get("/health").await.0, StatusCode::OK);
    assert_eq!(nowhere.nobody().get("/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);

    let postgres = Postgres::start();
    let backend = Backend::start(&postgres.url(), "http://127.0.0.1:9").await;
    backend.ready().await;
    let ada = backend.person("ada@example.com").await;
    ada.post("/api/tasks", json!({"title": "Still here"})).await;
    postgres.down();
    let (status, answer) = ada.get("/api/tasks").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(ada.get("/health").await.0, StatusCode::OK);
    assert_eq!(ada.get("/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    postgres.up();
    backend.ready().await;
    assert_eq!(ada.titles("").await, ["Still here"]);
    backend.state.stopping.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(ada.get("/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_works_on_ones_own_tasks() {
    let postgres = Postgres::start();
    let (url, asked) = model(vec![
        calls("add_task", &json!({"title": "Call mum", "due": "2030-05-01"})),
        says("I added it."),
        calls("delete_task", &json!({"id": "00000000-0000-4000-8000-000000000000"})),
        calls("format_disk", &json!({})),
        says("There is none."),
        says(r#"Sure: {"name": "add_task", "arguments": {"title": "Water plants"}}"#),
        (429, json!({})),
        (500, json!({"error": "secret inside"})),
        (200, json!({"choices": []})),
    ])
    .await;
    let backend = Backend::start(&postgres.url(), &url).await;
    backend.ready().await;
    let ada = backend.person("ada@example.com").await;
    let say = async |words: &str| ada.post("/api/chat", json!({"message": words})).await;

    let (status, answer) = say("remind me to call mum on 1 May 2030").await;
    assert_eq!((status, &answer["reply"]), (StatusCode::OK, &json!("I added it.")));
    assert_eq!(answer["actions"], json!(["Added “Call mum”"]));
    assert_eq!(ada.titles("").await, ["Call mum"]);

    // What the model gets wrong it is told, and nothing is done.
    let (status, answer) = say("delete the other one").await;
    assert_eq!((status, &answer["actions"]), (StatusCode::OK, &json!([])));
    let told = asked.lock().unwrap().iter().map(Value::to_string).collect::<String>();
    assert!(told.contains("There is no such task") && told.contains("no tool format_disk"), "{told}");

    // Small models write their calls into the text.
    let (_, answer) = say("water the plants").await;
    assert_eq!(answer["actions"], json!(["Added “Water plants”"]));

    let (status, answer) = say("again").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer["error"].as_str().unwrap().contains("in 7 s"), "{answer}");
    for _ in 0..2 {
        let (status, answer) = say("again").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
        assert!(!answer.to_string().contains("secret inside"), "{answer}");
    }
    assert_eq!(say("").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        backend.nobody().post("/api/chat", json!({"message": "hi"})).await.0,
        StatusCode::UNAUTHORIZED
    );
}
