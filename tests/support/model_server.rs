//! A scripted model server: answers chat requests as told, in order, and keeps what it was sent.
//!
//! It speaks plain HTTP over its own threads and needs no runtime, so that unit tests and tests of the whole
//! executable can use it alike. It is as rude as servers are: it can hang, cut an answer, or never end one.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One scripted answer to a chat request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A stream of events, ended as it should be.
    Events(Vec<Value>),
    /// A stream that breaks off after these events.
    Cut(Vec<Value>),
    /// This event over and over, until the client hangs up.
    Endless(Value),
    /// A document: status, further header lines, content type, body.
    Document(u16, Vec<String>, &'static str, String),
    /// Nothing at all, while the connection stays open.
    Hang,
}

impl Reply {
    /// Text in a few fragments, with its count of tokens.
    pub fn text(text: &str) -> Self {
        let mut events: Vec<Value> =
            pieces(text).iter().map(|piece| delta(&json!({"content": piece}))).collect();
        events.extend(ending("stop"));
        Self::Events(events)
    }

    /// Native tool calls in fragments, as servers send them: the name once, the arguments in pieces.
    pub fn calls(calls: &[(&str, Value)]) -> Self {
        let mut events = Vec::new();
        for (index, (name, arguments)) in calls.iter().enumerate() {
            events.push(delta(&json!({"tool_calls": [{
                "index": index, "id": format!("call_{index}"), "type": "function",
                "function": {"name": name, "arguments": ""}
            }]})));
            for piece in pieces(&arguments.to_string()) {
                events.push(delta(
                    &json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
                ));
            }
        }
        events.extend(ending("tool_calls"));
        Self::Events(events)
    }

    /// An error as OpenAI words it.
    pub fn error(status: u16, message: &str) -> Self {
        let body = json!({"error": {"message": message, "type": "error", "param": null, "code": null}});
        Self::Document(status, Vec::new(), "application/json", body.to_string())
    }
}

/// One event of a stream.
pub fn delta(delta: &Value) -> Value {
    json!({"id": "chat", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]})
}

fn ending(reason: &str) -> [Value; 2] {
    [
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 120, "completion_tokens": 15, "total_tokens": 135}}),
    ]
}

fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(7).map(|piece| piece.iter().collect()).collect()
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method and path.
    pub line: String,
    /// Header lines, as sent.
    pub headers: String,
    /// The body; null without one.
    pub body: Value,
}

/// The server; it ends with its value.
#[derive(Debug)]
pub struct ModelServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    ended: Arc<AtomicBool>,
}

impl ModelServer {
    /// Starts one that has one model, `scripted`, and answers chat requests with `replies` in order; the last
    /// one again and again.
    pub fn start(replies: Vec<Reply>) -> Self {
        Self::with_models(&json!([{"id": "scripted", "object": "model", "owned_by": "test"}]), replies)
    }

    /// Starts one with these models.
    pub fn with_models(models: &Value, replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on the loopback address");
        let address = listener.local_addr().expect("the address just bound");
        let received = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let script = Arc::new(Mutex::new(VecDeque::from(replies)));
        let list = json!({"object": "list", "data": models}).to_string();
        let (kept, stop) = (Arc::clone(&received), Arc::clone(&ended));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (script, kept, stop, list) =
                    (Arc::clone(&script), Arc::clone(&kept), Arc::clone(&stop), list.clone());
                // A client that hangs up is part of the script.
                std::thread::spawn(move || drop(serve(stream, &script, &kept, &stop, &list)));
            }
        });
        Self { address, received, ended }
    }

    /// The base address to configure.
    pub fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Everything that arrived.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no test panicked while it held this").clone()
    }

    /// The chat requests that arrived.
    pub fn chats(&self) -> Vec<Received> {
        self.received().into_iter().filter(|request| request.line.contains("/chat/completions")).collect()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it has ended.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(
    mut stream: TcpStream,
    script: &Mutex<VecDeque<Reply>>,
    kept: &Mutex<Vec<Received>>,
    ended: &AtomicBool,
    models: &str,
) -> std::io::Result<()> {
    let received = receive(&stream)?;
    let chat = received.line.contains("/chat/completions");
    let listing = received.line.starts_with("GET") && received.line.contains("/models");
    kept.lock().expect("no test panicked while it held this").push(received);
    if listing {
        return document(&mut stream, 200, &[], "application/json", models);
    }
    if !chat {
        return document(
            &mut stream,
            404,
            &[],
            "application/json",
            "{\"error\":{\"message\":\"no such path\"}}",
        );
    }
    let reply = {
        let mut script = script.lock().expect("no test panicked while it held this");
        if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
    };
    match reply.unwrap_or(Reply::Hang) {
        Reply::Document(status, headers, content_type, body) => {
            document(&mut stream, status, &headers, content_type, &body)
        }
        Reply::Events(events) => {
            begin_events(&mut stream)?;
            for event in &events {
                chunk(&mut stream, &format!("data: {event}\n\n"))?;
            }
            chunk(&mut stream, "data: [DONE]\n\n")?;
            stream.write_all(b"0\r\n\r\n")
        }
        Reply::Cut(events) => {
            begin_events(&mut stream)?;
            for event in &events {
                chunk(&mut stream, &format!("data: {event}\n\n"))?;
            }
            Ok(())
        }
        Reply::Endless(event) => {
            begin_events(&mut stream)?;
            while !ended.load(Ordering::SeqCst) {
                chunk(&mut stream, &format!("data: {event}\n\n"))?;
            }
            Ok(())
        }
        Reply::Hang => {
            while !ended.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
    }
}

fn receive(stream: &TcpStream) -> std::io::Result<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        headers.push_str(&header);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Received { line: line.trim().to_owned(), headers, body })
}

fn document(
    stream: &mut TcpStream,
    status: u16,
    headers: &[String],
    content_type: &str,
    body: &str,
) -> std::io::Result<()> {
    let further: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    write!(
        stream,
        "HTTP/1.1 {status} Scripted\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{further}Connection: close\r\n\r\n{body}",
        body.len()
    )
}

fn begin_events(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    )
}

fn chunk(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    write!(stream, "{:x}\r\n{text}\r\n", text.len())?;
    stream.flush()
}
