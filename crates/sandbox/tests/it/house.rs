//! A sandbox with a clock that stands still, and plain HTTP to talk to it: the witness is not asked
//! through the product.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use patchbay_model::time::ManualClock;
use patchbay_sandbox::{Access, Sandbox, SandboxError, SandboxOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Later than every seeded issue.
pub(crate) const NOON: &str = "2026-11-20T12:00:00Z";

/// A running sandbox.
pub(crate) struct House {
    sandbox: Sandbox,
    pub(crate) clock: Arc<ManualClock>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The service's own words of a refusal.
    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_else(|| panic!("no message: {self:?}")).to_owned()
    }
}

pub(crate) async fn try_start(state: Option<&Path>) -> Result<House, SandboxError> {
    let clock = Arc::new(ManualClock::at(NOON.parse().unwrap()));
    let options = SandboxOptions { port: 0, state_dir: state.map(Path::to_owned) };
    Ok(House { sandbox: Sandbox::start(options, clock.clone()).await?, clock })
}

impl House {
    pub(crate) async fn new() -> Self {
        try_start(None).await.unwrap()
    }

    pub(crate) async fn with_state(state: &Path) -> Self {
        try_start(Some(state)).await.unwrap()
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.sandbox.addr()
    }

    pub(crate) fn access(&self) -> Access {
        self.sandbox.access()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(crate) async fn stop(self) {
        self.sandbox.stop().await;
    }

    /// One request with the right key of its tool; panics where no answer comes.
    pub(crate) async fn ask(&self, line: &str, body: &Value) -> Reply {
        self.ask_with(line, &[], body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path}"), &Value::Null).await
    }

    pub(crate) async fn ask_with(&self, line: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        self.try_ask(line, headers, body).await.unwrap_or_else(|| panic!("{line}: no answer came"))
    }

    /// The same; none where the connection ends without a status line.
    pub(crate) async fn try_ask(&self, line: &str, headers: &[(&str, &str)], body: &Value) -> Option<Reply> {
        let access = self.access();
        let token = format!("Bearer {}", access.tracker_token);
        let key = if line.contains(" /tracker") {
            Some(("Authorization", token.as_str()))
        } else if line.contains(" /chat") {
            Some(("X-Api-Key", access.chat_key.as_str()))
        } else {
            None
        };
        let headers: Vec<_> = key.into_iter().chain(headers.iter().copied()).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        raw(self.addr(), line, &headers, &body).await
    }

    pub(crate) async fn faults(&self, switches: &Value) {
        assert_eq!(self.ask("PUT /control/faults", switches).await.status, 204);
    }

    pub(crate) async fn counters(&self) -> Value {
        self.get("/control/counters").await.json()
    }

    pub(crate) async fn effects(&self, kind: &str) -> u64 {
        self.counters().await["effects"][kind].as_u64().unwrap_or(0)
    }

    /// Sends a chat message; an idempotency key where one is given.
    pub(crate) async fn send(&self, text: &str, key: Option<&str>) -> Reply {
        let headers: Vec<_> = key.map(|key| ("Idempotency-Key", key)).into_iter().collect();
        self.ask_with("POST /chat/channels/general/messages", &headers, &json!({ "text": text })).await
    }
}

/// One exchange on a connection of its own. A `Host` among the headers replaces the right one.
pub(crate) async fn raw(addr: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
    let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request.push_str(&format!("Host: {addr}\r\n"));
    }
    if !headers.iter().any(|(name, _)| *name == "Content-Type") {
        request.push_str("Content-Type: application/json\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset in place of an orderly end is also no answer.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    if answer.is_empty() {
        return None;
    }
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Reply { status, headers, text: text.to_owned() })
}
