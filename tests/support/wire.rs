//! HTTP/1.1 by hand, as far as tests need it: one request for each connection, everything written
//! down.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// A request as it was sent. Header names are in lower case.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// An answer. Header names are in lower case; of a header that is there twice the last counts, but for
/// `set-cookie`, which has a line for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Request {
    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A request without a body.
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), headers: BTreeMap::new(), body: Vec::new() }
    }

    /// A form.
    pub fn form(target: &str, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        Self {
            method: "POST".to_owned(),
            target: target.to_owned(),
            headers: [kind].into(),
            body: body.into_bytes(),
        }
    }

    /// The same with one more header; its name is in lower case.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sends it to a port of this computer.
    pub fn send(&self, port: u16) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        // Some requests are never answered by the mock: a test must not wait for ever.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            if !matches!(name.as_str(), "host" | "connection" | "content-length" | "accept-encoding") {
                head += &format!("{name}: {value}\r\n");
            }
        }
        head += &format!("host: 127.0.0.1:{port}\r\nconnection: close\r\n");
        if !self.body.is_empty() {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        stream.write_all(&self.body).unwrap();
        let mut reader = BufReader::new(stream);
        let first = line(&mut reader).unwrap_or_default();
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
        let headers = headers(&mut reader);
        let body = body(&mut reader, &headers, true);
        Answer { status, headers, body }
    }
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: u16, headers: &BTreeMap<String, String>, body: Option<&Value>) -> Self {
        let mut headers: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        if body.is_some() {
            headers.entry("content-type".to_owned()).or_insert_with(|| "application/json".to_owned());
        }
        Self { status, headers, body: body.map_or_else(Vec::new, |body| body.to_string().into_bytes()) }
    }

    /// The body as JSON; null where it is none.
    pub fn parsed(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The same with an empty text in one place of the body, where there is any.
    fn without(mut self, token: Option<&str>) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        if let Some(place) = token.and_then(|pointer| body.pointer_mut(pointer)) {
            *place = Value::from("");
            self.body = body.to_string().into_bytes();
        }
        self
    }

    /// Whether a mock could make no answer up, the schema being too large.
    fn is_given_up(&self) -> bool {
        self.status == 500 && String::from_utf8_lossy(&self.body).contains("too complex to generate")
    }

    /// What a mock with a schema found wrong in what was asked or answered.
    pub fn violations(&self) -> Vec<Value> {
        if let Some(found) = self.headers.get("sl-violations") {
            // Before a long list stands that it is one, and after it that it was cut.
            let list = found.find('[').map_or("", |start| &found[start..]);
            let mut lists = serde_json::Deserializer::from_str(list).into_iter::<Vec<Value>>();
            return lists.next().unwrap_or_else(|| panic!("{found:?}")).unwrap();
        }
        // Where the schema has no answer for it, the mock makes one of its own (RFC 9457).
        let own = self.headers.get("content-type").is_some_and(|kind| kind.contains("problem+json"));
        let found = own.then(|| self.parsed()["validation"].as_array().cloned()).flatten();
        found.unwrap_or_default()
    }

    /// What it found wrong in what was asked. Its own answers are not always in order: some vendors'
    /// examples do not keep to their schemas.
    pub fn refusals(&self) -> Vec<Value> {
        self.violations().into_iter().filter(|found| found["location"][0] != "response").collect()
    }
}

/// A server that writes down what is asked of it and of whom it asks it.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Its port on loopback.
    pub port: u16,
    seen: Arc<Mutex<Vec<(Request, Answer)>>>,
    script: Arc<Mutex<VecDeque<Answer>>>,
    spare: Arc<Mutex<VecDeque<Answer>>>,
}

impl Witness {
    /// Hands everything on to another port, where there is one, and gives the answer back; a
    /// scripted answer goes first. Without either it answers 404.
    ///
    /// `token` points at the token of the next page in an answer, and is made empty: a mock gives the
    /// same example for every page.
    #[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
    pub fn start(upstream: Option<u16>, token: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let witness = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            script: Arc::default(),
            spare: Arc::default(),
        };
        let own = witness.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read(&stream) else {
                    continue;
                };
                let asked = upstream.map(|port| request.send(port).without(token));
                let scripted = own.script.lock().unwrap().pop_front();
                let spare = || own.spare.lock().unwrap().pop_front();
                let answer = match (asked, scripted) {
                    // What the mock refuses stays refused.
                    (Some(asked), Some(_)) if !asked.refusals().is_empty() => asked,
                    (_, Some(scripted)) => scripted,
                    // What was asked is right; only an answer is more than the mock can make up.
                    (Some(asked), None) if asked.is_given_up() => spare().unwrap_or(asked),
                    (Some(asked), None) => asked,
                    (None, None) => Answer { status: 404, ..Answer::default() },
                };
                own.seen.lock().unwrap().push((request, answer.clone()));
                let _ = write(&mut stream, &answer);
            }
        });
        witness
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it answers next, in order.
    pub fn script(&self, answers: Vec<Answer>) {
        *self.script.lock().unwrap() = answers.into();
    }

    /// What it answers in the place of a mock that can make no answer up, in order.
    pub fn spare(&self, answers: Vec<Answer>) {
        *self.spare.lock().unwrap() = answers.into();
    }

    /// What was asked and answered since this was last called.
    pub fn take(&self) -> Vec<(Request, Answer)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// The next request of a connection; none where it ends before one is there.
pub(crate) fn read(stream: &TcpStream) -> Option<Request> {
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let mut reader = BufReader::new(stream);
    let first = line(&mut reader)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers = headers(&mut reader);
    let body = body(&mut reader, &headers, false);
    Some(Request { method, target, headers, body })
}

fn write(stream: &mut TcpStream, answer: &Answer) -> std::io::Result<()> {
    stream.write_all(&written(answer))
}

/// An answer as it goes over the wire.
pub(crate) fn written(answer: &Answer) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} OK\r\n", answer.status);
    for (name, value) in &answer.headers {
        if !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding" | "keep-alive") {
            head += &format!("{name}: {value}\r\n");
        }
    }
    if !answer.headers.contains_key("content-type") {
        head += "content-type: application/json\r\n";
    }
    head += &format!("connection: close\r\ncontent-length: {}\r\n\r\n", answer.body.len());
    [head.as_bytes(), &answer.body].concat()
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

fn headers(reader: &mut impl BufRead) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    while let Some(line) = line(reader).filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':') {
            let (name, value) = (name.trim().to_lowercase(), value.trim());
            match headers.get_mut(&name) {
                // The only header that is no list (RFC 9110 section 5.3).
                Some(before) if name == "set-cookie" => *before = format!("{before}\n{value}"),
                _ => drop(headers.insert(name, value.to_owned())),
            }
        }
    }
    headers
}

fn body(reader: &mut impl BufRead, headers: &BTreeMap<String, String>, to_the_end: bool) -> Vec<u8> {
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        while let Some(size) = line(reader).and_then(|size| usize::from_str_radix(&size, 16).ok()) {
            if size == 0 {
                break;
            }
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk).unwrap();
            body.extend(chunk);
            line(reader);
        }
    } else if let Some(length) = headers.get("content-length").and_then(|value| value.parse().ok()) {
        // Shorter where the other side gives up; the mock does when it has nothing to say.
        let _ = reader.take(length).read_to_end(&mut body);
    } else if to_the_end {
        let _ = reader.read_to_end(&mut body);
    }
    body
}
