//! An OAuth 2 server that does what a test says, also what no server should do.
//!
//! It speaks over plain sockets, because some faults are below HTTP, and writes down everything.

mod asked;
mod definition;
mod grants;
mod reply;

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

pub use asked::Asked;
pub use definition::definition;
use grants::Grants;
pub use reply::Reply;

use crate::wire::{Answer, Request, read, written};

/// How long a test waits for something that should happen at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// The running server.
///
/// | path | unless scripted |
/// |---|---|
/// | `/authorize` | written down; 303 back with a code where [`ScriptedOauth::consent`] says so, else a page |
/// | `/token` | tokens; code and verifier must fit what [`ScriptedOauth::asked`] has read; refresh tokens are good for one refresh, and one that comes again ends its grant |
/// | `/revoke`, `/register`, `/device` | RFC 7009, RFC 7591, RFC 8628 |
/// | `/.well-known/oauth-authorization-server`, `/.well-known/openid-configuration` | RFC 8414 |
/// | `/api/…` | `{"id": "u-1", "name": "Scripted"}` for a good access token, else 401 |
#[derive(Clone, Debug)]
pub struct ScriptedOauth {
    /// Its port on loopback.
    pub port: u16,
    /// Where [`Reply::Elsewhere`] leads.
    pub other_port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Seen>,
    elsewhere: Vec<Seen>,
    scripts: BTreeMap<String, VecDeque<Reply>>,
    always: BTreeMap<String, Reply>,
    grants: Grants,
    consent: bool,
    /// Answers that wait, and how many of all may go.
    held: usize,
    released: usize,
    codes: u64,
    /// See [`ScriptedOauth::spent`].
    spent: Duration,
}

/// A request that the server has seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// As it was sent.
    pub request: Request,
    /// The members of its body, a form or JSON; of its query where it has no body.
    pub fields: Vec<(String, String)>,
}

impl Seen {
    fn of(request: Request) -> Self {
        let json = request.headers.get("content-type").is_some_and(|kind| kind.contains("json"));
        let fields = if json {
            let body = request.json();
            let members = body.as_object().into_iter().flatten();
            members
                .map(|(name, value)| {
                    (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect()
        } else {
            let query = request.target.split_once('?').map_or("", |(_, query)| query);
            let text = if request.body.is_empty() { query.as_bytes() } else { &request.body };
            form_urlencoded::parse(text).into_owned().collect()
        };
        Self { request, fields }
    }

    /// A field; none where it is absent. Panics where it is there twice.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(own, _)| own == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice: {self:?}");
        first
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.get(name).map(String::as_str)
    }

    /// Name and password of `Authorization: Basic`, as they are within it: still percent-encoded (RFC
    /// 6749 section 2.3.1).
    pub fn basic(&self) -> Option<(String, String)> {
        let text = STANDARD.decode(self.header("authorization")?.strip_prefix("Basic ")?).ok()?;
        let text = String::from_utf8(text).ok()?;
        text.split_once(':').map(|(name, word)| (name.to_owned(), word.to_owned()))
    }
}

impl ScriptedOauth {
    /// Starts it, and beside it the other server that redirects lead to.
    pub fn start() -> Self {
        let (own, port) = bind();
        let (other, other_port) = bind();
        let server = Self { port, other_port, shared: Arc::default() };
        let answering = server.clone();
        accept(own, move |stream| answering.serve(stream));
        let watching = server.clone();
        accept(other, move |mut stream| {
            if let Some(request) = read(&stream) {
                watching.state().elsewhere.push(Seen::of(request));
                watching.shared.changed.notify_all();
                // As if it were the right one: whoever follows gets tokens of a thief.
                let tokens = json!({ "access_token": "scripted-elsewhere", "token_type": "Bearer" });
                let _ = stream.write_all(&written(&Answer::json(200, &BTreeMap::new(), Some(&tokens))));
            }
        });
        server
    }

    /// Its address, which is its issuer, such as `http://127.0.0.1:4319`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An address of it, such as that of `/token`.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    /// Reads the address that a client would open in a browser, and lets its code be exchanged.
    pub fn asked(&self, address: &str) -> Asked {
        let asked = Asked::of(address);
        self.state().grants.asked.push(asked.clone());
        asked
    }

    /// Waits until somebody has opened `/authorize`, for the `count`th time, and reads what was asked.
    pub fn opened(&self, count: usize) -> Asked {
        let opened = |seen: &&Seen| seen.request.path() == "/authorize";
        let state =
            self.wait("the page was not opened", |state| state.seen.iter().filter(opened).count() >= count);
        let seen = state.seen.iter().filter(opened).nth(count - 1).unwrap();
        Asked { parameters: seen.fields.clone() }
    }

    /// Whether `/authorize` sends who opens it back at once with a code.
    pub fn consent(&self, at_once: bool) {
        self.state().consent = at_once;
    }

    /// What `/token` answers next, in order; after that what it always does.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script_at("/token", replies);
    }

    /// What a path answers next, in order; replaces what was still to come.
    pub fn script_at(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.state().scripts.insert(path.to_owned(), replies.into_iter().collect());
    }

    /// What a path answers whenever nothing else is scripted.
    pub fn always_at(&self, path: &str, reply: Reply) {
        self.state().always.insert(path.to_owned(), reply);
    }

    /// How long new access tokens say they are good for, in seconds. They are good until
    /// [`ScriptedOauth::expire`].
    pub fn expires_in(&self, seconds: u32) {
        self.state().grants.expires_in = seconds;
    }

    /// Whether a refresh gives a new refresh token and ends the old one.
    pub fn rotate(&self, rotate: bool) {
        self.state().grants.rotate = rotate;
    }

    /// Tokens that nobody asked for over HTTP, as the token endpoint would answer them.
    pub fn grant(&self, scope: &str) -> Value {
        self.state().grants.begin(scope)
    }

    /// Every token that was given, access and refresh tokens, in order.
    pub fn issued(&self) -> Vec<String> {
        self.state().grants.issued.clone()
    }

    /// Ends every access token, whatever was said of its time; refresh tokens stay good.
    pub fn expire(&self) {
        self.state().grants.expire();
    }

    /// Whether an access token is good at `/api`.
    pub fn is_live(&self, access_token: &str) -> bool {
        self.state().grants.is_live(access_token)
    }

    /// Whether a refresh token would be accepted.
    pub fn may_refresh(&self, refresh_token: &str) -> bool {
        self.state().grants.may_refresh(refresh_token)
    }

    /// What was asked of a path, in order.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        self.state().seen.iter().filter(|seen| seen.request.path() == path).cloned().collect()
    }

    /// Requests of the token endpoint with this grant type, whatever was answered.
    pub fn calls(&self, grant_type: &str) -> usize {
        self.state().calls(grant_type)
    }

    /// Waits until there were so many.
    pub fn wait_for_calls(&self, grant_type: &str, count: usize) {
        drop(self.wait(&format!("there were not {count} of {grant_type}"), |state| {
            state.calls(grant_type) >= count
        }));
    }

    /// What the server saw that redirects lead to. Must stay empty.
    pub fn elsewhere(&self) -> Vec<Seen> {
        self.state().elsewhere.clone()
    }

    /// How long it took over its answers, all told: from the end of a request to the end of its answer.
    pub fn spent(&self) -> Duration {
        self.state().spent
    }

    /// Waits until an answer is held back: what was asked for has happened, and nobody was told.
    pub fn wait_until_held(&self) {
        drop(self.wait("no answer is held", |state| state.held > state.released));
    }

    /// Lets every answer go that is held now.
    pub fn release(&self) {
        let mut state = self.state();
        state.released = state.held;
        drop(state);
        self.shared.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that failed elsewhere is told of by its own words.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, words: &str, done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let begun = Instant::now();
        let mut state = self.state();
        while !done(&state) {
            assert!(begun.elapsed() < PATIENCE, "{words}: {:?}", state.seen);
            (state, _) = self
                .shared
                .changed
                .wait_timeout(state, Duration::from_millis(200))
                .unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some(request) = read(&stream) else {
            return;
        };
        let begun = Instant::now();
        let seen = Seen::of(request);
        let mut state = self.state();
        let path = seen.request.path().to_owned();
        state.seen.push(seen.clone());
        let scripted = state.scripts.get_mut(&path).and_then(VecDeque::pop_front);
        let reply = scripted.or_else(|| state.always.get(&path).cloned()).unwrap_or(Reply::Good);
        let answer = self.prepared(&mut state, &reply, &seen);
        let turn = if let Reply::Held(_) = reply {
            state.held += 1;
            Some(state.held)
        } else {
            None
        };
        drop(state);
        self.shared.changed.notify_all();
        if let Some(turn) = turn {
            let mut state = self.state();
            while state.released < turn {
                state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        send(&mut stream, &reply, answer.as_ref());
        self.state().spent += begun.elapsed();
    }

    /// Makes happen what the request asks for, as far as the reply has it happen.
    fn prepared(&self, state: &mut State, reply: &Reply, seen: &Seen) -> Option<Answer> {
        match reply {
            Reply::Good | Reply::Drip(_) | Reply::CutAfterEffect => Some(self.good(state, seen)),
            Reply::GoodWith(changed) => {
                let mut answer = self.good(state, seen);
                let mut body = answer.parsed();
                for (name, value) in changed.as_object().unwrap() {
                    let members = body.as_object_mut().unwrap();
                    if value.is_null() {
                        members.shift_remove(name);
                    } else {
                        members.insert(name.clone(), value.clone());
                    }
                }
                answer.body = body.to_string().into_bytes();
                Some(answer)
            }
            Reply::Answer(answer) => Some(answer.clone()),
            Reply::Held(then) => self.prepared(state, then, seen),
            Reply::Elsewhere(status) => {
                let to = format!("http://127.0.0.1:{}/elsewhere", self.other_port);
                let headers = [("location".to_owned(), to)].into();
                Some(Answer { status: *status, headers, body: Vec::new() })
            }
            Reply::Never | Reply::Cut => None,
        }
    }

    fn good(&self, state: &mut State, seen: &Seen) -> Answer {
        let json = |status: u16, body: &Value| Answer::json(status, &BTreeMap::new(), Some(body));
        match seen.request.path() {
            "/authorize" => self.authorize(state, seen),
            "/token" => {
                let (status, body) = state.grants.token(seen);
                json(status, &body)
            }
            "/revoke" => {
                state.grants.revoke(seen.field("token").unwrap_or_default());
                json(200, &json!({}))
            }
            "/register" => json(
                201,
                &json!({ "client_id": "scripted-client", "redirect_uris": seen.request.json()["redirect_uris"] }),
            ),
            "/device" => json(
                200,
                &json!({
                    "device_code": "scripted-device", "user_code": "BCDF-GHJK", "expires_in": 600, "interval": 5,
                    "verification_uri": self.at("/authorize"),
                }),
            ),
            "/.well-known/oauth-authorization-server" | "/.well-known/openid-configuration" => {
                json(200, &self.metadata())
            }
            path if path.starts_with("/api/") => {
                let token = seen.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
                if token.is_some_and(|token| state.grants.is_live(token)) {
                    json(200, &json!({ "id": "u-1", "name": "Scripted" }))
                } else {
                    let challenge =
                        [("www-authenticate".to_owned(), "Bearer error=\"invalid_token\"".to_owned())];
                    Answer::json(401, &challenge.into(), Some(&json!({ "error": "invalid_token" })))
                }
            }
            _ => Answer { status: 404, ..Answer::default() },
        }
    }

    fn authorize(&self, state: &mut State, seen: &Seen) -> Answer {
        let asked = Asked { parameters: seen.fields.clone() };
        let kind = [("content-type".to_owned(), "text/html".to_owned())];
        if !state.consent {
            let body = b"<!doctype html><title>Scripted</title><h1>The test answers</h1>".to_vec();
            return Answer { status: 200, headers: kind.into(), body };
        }
        state.codes += 1;
        let mut to = asked.redirect_uri();
        to.query_pairs_mut()
            .append_pair("code", &format!("scripted-code-{}", state.codes))
            .append_pair("state", asked.get("state"))
            .append_pair("iss", &self.url());
        state.grants.asked.push(asked);
        let headers = [("location".to_owned(), to.to_string())].into();
        Answer { status: 303, headers, body: Vec::new() }
    }

    /// What it says of itself (RFC 8414).
    pub fn metadata(&self) -> Value {
        json!({
            "issuer": self.url(),
            "authorization_endpoint": self.at("/authorize"),
            "token_endpoint": self.at("/token"),
            "revocation_endpoint": self.at("/revoke"),
            "registration_endpoint": self.at("/register"),
            "device_authorization_endpoint": self.at("/device"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        })
    }
}

impl State {
    fn calls(&self, grant_type: &str) -> usize {
        let token = self.seen.iter().filter(|seen| seen.request.path() == "/token");
        token.filter(|seen| seen.field("grant_type") == Some(grant_type)).count()
    }
}

/// Sends what was prepared, in the way of the reply.
fn send(stream: &mut TcpStream, reply: &Reply, answer: Option<&Answer>) {
    let bytes = answer.map(written).unwrap_or_default();
    match reply {
        Reply::Held(then) => send(stream, then, answer),
        Reply::Never => {
            // Until the client gives up: then the read ends.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
            let _ = std::io::Read::read(stream, &mut [0]);
        }
        Reply::Drip(pause) => {
            for byte in bytes {
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
                std::thread::sleep(*pause);
            }
        }
        Reply::Cut | Reply::CutAfterEffect => {}
        Reply::Good | Reply::GoodWith(_) | Reply::Answer(_) | Reply::Elsewhere(_) => {
            // Whoever has heard enough hangs up.
            let _ = stream.write_all(&bytes);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
fn bind() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn accept(listener: TcpListener, serve: impl Fn(TcpStream) + Send + Sync + 'static) {
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
}

#[cfg(test)]
mod tests;
