//! A service that gives back whatever it is sent, headers included: the worst that can happen to a key.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::json;

/// The service. Its threads end with the program.
#[derive(Debug)]
pub struct Echo {
    /// Its port on loopback.
    pub port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    /// Starts it on a free port.
    #[expect(clippy::disallowed_methods, reason = "a service that is not ours")]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let note = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &note);
            }
        });
        Self { port, seen }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Heads of the requests that came, as they were on the wire.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// `/me` and `/items` are in order; anything else fails. All of them give the request back.
fn answer(mut stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(head.clone());
    let status = match path.split('?').next() {
        Some("/me" | "/items") => "200 OK",
        Some("/refused") => "422 Unprocessable Content",
        _ => "400 Bad Request",
    };
    let item = json!({ "id": "1", "title": "An item", "echo": head, "at": "2026-11-20T12:00:00Z" });
    let text = match path.split('?').next() {
        Some("/items") => json!([item]),
        _ => json!({ "id": "me", "login": "me", "message": format!("Wrong: {head}"), "echo": head }),
    };
    let (text, echoed) = (text.to_string(), head.lines().last().unwrap_or_default().replace(['\r', '\n'], ""));
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Echo: {echoed}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
}
