//! The sandbox as a process of its own: it outlives what a test kills, and is the witness.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::cli::program;

/// The sandbox as a process of its own.
#[derive(Debug)]
pub struct SandboxProcess {
    child: Child,
    _state: tempfile::TempDir,
    /// Its address, such as `http://127.0.0.1:4319`.
    pub url: String,
    /// Addresses and pretend keys.
    pub access: Value,
}

impl SandboxProcess {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut child = Command::new(program())
            .args(["--json", "sandbox", "--port", "0", "--state"])
            .arg(state.path().join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { child, _state: state, url, access: ready["access"].clone() }
    }

    /// What really happened.
    pub fn counters(&self) -> Value {
        serde_json::from_str(&self.exchange("GET", "/control/counters", "")).unwrap()
    }

    /// How often one effect happened with one content.
    pub fn count(&self, content: &str) -> u64 {
        self.counters()["byContent"][content].as_u64().unwrap_or(0)
    }

    /// Sets the fault switches.
    pub fn faults(&self, switches: &Value) {
        self.exchange("PUT", "/control/faults", &switches.to_string());
    }

    /// Replaces the settings of the tracker's sign-in: `autoConsent` (a login, or `deny`),
    /// `accessSeconds`, `rotate`, `deviceInterval`, `granted` (scopes, whatever was asked for).
    pub fn oauth(&self, settings: &Value) {
        self.exchange("PUT", "/control/oauth", &settings.to_string());
    }

    /// Clients, settings and counters of the tracker's sign-in.
    pub fn oauth_state(&self) -> Value {
        serde_json::from_str(&self.exchange("GET", "/control/oauth", "")).unwrap()
    }

    /// Makes every access token of the tracker expired; refresh tokens stay good.
    pub fn expire_tokens(&self) {
        self.exchange("DELETE", "/control/oauth/tokens", "");
    }

    /// Withdraws everything that was allowed at the tracker.
    pub fn revoke_grants(&self) {
        self.exchange("DELETE", "/control/oauth/grants", "");
    }

    /// Back to the seed.
    pub fn reset(&self) {
        self.exchange("POST", "/control/reset", "");
    }

    /// One plain exchange: the witness is not asked through the product.
    fn exchange(&self, method: &str, path: &str, body: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl SandboxProcess {
    /// Ends it: from here on nobody answers.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        self.stop();
    }
}
