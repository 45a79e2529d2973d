//! Somebody who connects a shipped connector for the first time, at a stand that answers as the
//! connector's own fixtures say.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use patchbay_descriptor::fixture::{Case, Fixture, Response, load};
use patchbay_model::Descriptor;
use patchbay_model::descriptor::{AuthMethod, Grant, RequestTemplate};
use serde_json::{Value, json};

use crate::root;
use crate::serve::Served;
use crate::vendors::fits;
use crate::wire::{Answer, Request, read, written};

/// A fault that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service says that it is not there.
    Unavailable,
    /// Something before the service answers in its place.
    BadGateway,
    /// The connection ends before an answer.
    Cut,
    /// The answer ends in its middle.
    Half,
}

/// What is answered to one request of the connector: the pages in turn, and then from the first on.
#[derive(Clone, Debug)]
struct Part {
    request: RequestTemplate,
    pages: Vec<Answer>,
}

impl Part {
    fn is_asked(&self, request: &Request) -> bool {
        let asked = request.json();
        let query = self.request.graphql.as_ref().map(|graphql| graphql.query.as_str());
        request.method == self.request.method.as_str()
            && fits(&self.request.path.replace("{{", "{"), request.path())
            && query.is_none_or(|query| asked["query"] == query)
    }
}

#[derive(Debug, Default)]
struct State {
    parts: Vec<Part>,
    faults: VecDeque<Fault>,
    /// How often each part was asked since this attempt began.
    turns: Vec<usize>,
}

/// A server that answers the health check, the first stream and a sign-in.
#[derive(Clone, Debug)]
pub struct Stand {
    /// Its port on loopback.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Stand {
    #[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
    fn start(parts: Vec<Part>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State { turns: vec![0; parts.len()], parts, ..State::default() };
        let stand = Self { port: listener.local_addr().unwrap().port(), state: Arc::new(Mutex::new(state)) };
        let own = stand.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // One of its own for each: a connection may stand for a while without a request.
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        stand
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some(request) = read(&stream) else { return };
        let (fault, answer) = self.answer(&request);
        let whole = written(&answer);
        let _ = match fault {
            None | Some(Fault::Unavailable | Fault::BadGateway) => stream.write_all(&whole),
            Some(Fault::Half) => stream.write_all(&whole[..whole.len() - answer.body.len().div_ceil(2)]),
            Some(Fault::Cut) => Ok(()),
        };
    }

    fn answer(&self, request: &Request) -> (Option<Fault>, Answer) {
        let mut fault = self.state.lock().unwrap().faults.pop_front();
        // A token whose answer broke off is not asked for again: who signs in hears of it at once.
        if matches!(fault, Some(Fault::Cut | Fault::Half)) && request.path().contains("oauth") {
            fault = Some(Fault::Unavailable);
        }
        let page = || Answer { body: b"<html>Please come back</html>".to_vec(), ..Answer::default() };
        let answer = match fault {
            Some(Fault::Unavailable) => Answer { status: 503, ..page() },
            Some(Fault::BadGateway) => Answer { status: 502, ..page() },
            Some(Fault::Cut) => Answer::default(),
            Some(Fault::Half) | None => self.meant(request, fault.is_none()),
        };
        (fault, answer)
    }

    /// The answer without any fault; it counts as given where it arrives.
    fn meant(&self, request: &Request, arrives: bool) -> Answer {
        let plain = BTreeMap::new();
        if request.path().ends_with("/devicecode") {
            let code = json!({
                "device_code": "d-1", "user_code": "ABCD-EFGH", "interval": 1, "expires_in": 600,
                "verification_uri": "https://a.example/enter",
            });
            return Answer::json(200, &plain, Some(&code));
        }
        if request.path().ends_with("/token") {
            let token = json!({
                "access_token": "a-token-for-the-mock", "token_type": "Bearer", "expires_in": 3600,
                "instance_url": self.url(),
            });
            return Answer::json(200, &plain, Some(&token));
        }
        self.state.lock().unwrap().found(request, arrives)
    }
}

impl State {
    /// The answer to a request, which counts where it arrives; the next part in turn where several are asked for in the same way.
    fn found(&mut self, request: &Request, counts: bool) -> Answer {
        let fits = (0..self.parts.len()).filter(|index| self.parts[*index].is_asked(request));
        let Some(index) = fits.min_by_key(|index| (self.turns[*index], *index)) else {
            return Answer { status: 404, ..Answer::default() };
        };
        let turn = self.turns[index];
        self.turns[index] += usize::from(counts);
        let pages = &self.parts[index].pages;
        pages[turn % pages.len()].clone()
    }
}

/// The newcomer.
#[derive(Debug)]
pub struct Newcomer {
    /// The connector that they chose.
    pub descriptor: Descriptor,
    /// The fixtures of it.
    pub fixtures: Vec<Fixture>,
    /// What answers them.
    pub stand: Stand,
    /// Under which name the connector is in the catalogue.
    pub connector: String,
    folder: tempfile::TempDir,
}

fn answer(response: &Response) -> Answer {
    Answer::json(response.status, &response.headers, response.body.as_ref())
}

/// The pages that lead to each other by what the request says. A link to the next one would lead to the
/// real service; the last page has none.
fn unlinked(pages: &[Response]) -> &[Response] {
    let links = |page: &Response| {
        let body = page.body.as_ref().map(Value::to_string).unwrap_or_default();
        page.headers.keys().any(|name| name.eq_ignore_ascii_case("link"))
            || ["nextLink", "nextRecordsUrl", "\"next\":\"/"].iter().any(|link| body.contains(link))
    };
    if pages.iter().any(links) { &pages[pages.len() - 1..] } else { pages }
}

/// Where the sign-in needs a server of the vendor's, whose address is fixed or hidden.
fn signs_in(descriptor: &Descriptor) -> bool {
    descriptor.auth.first().is_some_and(AuthMethod::has_tokens)
}

impl Newcomer {
    /// One who chose a connector. A connector whose sign-in is at a fixed address is added to the
    /// catalogue once more with that address changed, and nothing else.
    pub fn new(served: &Served, descriptor: &Descriptor) -> Self {
        let fixtures = load(&root().join("descriptors/fixtures").join(descriptor.id.as_str())).unwrap();
        let stream = descriptor.streams.first().map(|stream| stream.id.clone());
        let good = |fixture: &&Fixture| match fixture.case.as_ref() {
            Case::Health { healthy, .. } => *healthy,
            _ => false,
        };
        let health = fixtures.iter().find(good).unwrap_or_else(|| panic!("{} has no health", descriptor.id));
        let Case::Health { response, .. } = health.case.as_ref() else { panic!("not a health check") };
        let part = |request: Option<&RequestTemplate>, pages: &[Response]| {
            let pages = pages.iter().map(answer).collect();
            request.map(|request| Part { request: request.clone(), pages })
        };
        let health = std::slice::from_ref(response);
        let mut parts: Vec<Part> = part(descriptor.health_check.request.as_ref(), health).into_iter().collect();
        let pages = fixtures.iter().find_map(|fixture| match fixture.case.as_ref() {
            Case::Stream { stream: id, pages, signals, .. } => {
                (Some(id) == stream.as_ref() && !signals.is_empty()).then(|| unlinked(pages))
            }
            _ => None,
        });
        if let (Some(pages), Some(stream)) = (pages, descriptor.streams.first()) {
            parts.extend(part(stream.request.as_ref(), pages));
        }
        // What the tool lists for its settings.
        for from in descriptor.config_fields.iter().filter_map(|field| field.choices.as_ref()) {
            let listed = fixtures.iter().find_map(|fixture| match fixture.case.as_ref() {
                Case::Operation { operation, response, problem: None, .. } if *operation == from.operation => {
                    Some(std::slice::from_ref(response))
                }
                _ => None,
            });
            let listed =
                listed.unwrap_or_else(|| panic!("{}: no fixture of {}", descriptor.id, from.operation));
            let operation = descriptor.operation(&from.operation).and_then(|one| one.request.as_ref());
            parts.extend(part(operation, listed));
        }
        let stand = Stand::start(parts);
        let mut connector = descriptor.id.as_str().to_owned();
        if signs_in(descriptor) {
            let file = root().join(format!("descriptors/{connector}.json"));
            let text =
                std::fs::read_to_string(file).unwrap().replace("{{config.domain}}/services", &stand.url());
            let text = text.replace("{{config.authority}}", &stand.url());
            let mut document: Value = serde_json::from_str(&text).unwrap();
            connector += "-at-the-stand";
            document["id"] = json!(connector);
            served.rpc("descriptor_add", &json!({ "file": "stand.json", "text": document.to_string() }));
        }
        let folder = tempfile::tempdir().unwrap();
        Self { descriptor: descriptor.clone(), fixtures, stand, connector, folder }
    }

    /// What they enter that is not secret.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let stream = self.descriptor.streams.first().map(|stream| &stream.id);
        let of_stream = |fixture: &&Fixture| matches!(fixture.case.as_ref(), Case::Stream { stream: id, .. } if Some(id) == stream);
        let given = self.fixtures.iter().find(of_stream).map(|fixture| fixture.config.clone());
        let mut settings = given.unwrap_or_default();
        for field in self.descriptor.config_fields.iter().filter(|field| field.required) {
            let example = field.example.clone().unwrap_or_default();
            settings.entry(field.key.clone()).or_insert(example);
        }
        match self.descriptor.id.as_str() {
            "local-files" => {
                settings.insert("folders".to_owned(), self.folder.path().display().to_string());
            }
            "http-request" => {
                settings.insert("origins".to_owned(), self.stand.url());
            }
            _ => {}
        }
        settings.retain(|_, value| !value.is_empty());
        settings
    }

    /// The way that they sign in: the first that needs no browser.
    pub fn method(&self) -> Option<&AuthMethod> {
        let unattended = |method: &&AuthMethod| {
            method
                .oauth()
                .is_none_or(|oauth| matches!(oauth.grant, Grant::DeviceCode | Grant::ClientCredentials))
        };
        self.descriptor.auth.iter().find(unattended)
    }

    /// What the wizard sends.
    pub fn request(&self, name: &str) -> Value {
        let secrets = |method: &AuthMethod| {
            let fields = method.credential_fields().iter().filter(|field| field.required);
            fields
                .map(|field| (field.key.clone(), json!("a-secret-for-the-mock")))
                .collect::<serde_json::Map<_, _>>()
        };
        let mut config = json!(self.settings());
        if !self.descriptor.is_native() {
            config["baseUrl"] = json!(self.stand.url());
        }
        json!({
            "connector": self.connector, "name": name, "auth": self.method().map(AuthMethod::id),
            "config": config, "secrets": self.method().map(secrets).unwrap_or_default(), "allowPrivate": true,
        })
    }

    /// What a walk through the wizard in a browser needs to know.
    pub fn told(&self) -> Value {
        let method = self.method();
        json!({
            "connector": self.descriptor.id,
            "request": self.request("walk"),
            "settings": self.settings(),
            "listed": self.descriptor.config_fields.iter().filter(|f| f.choices.is_some()).map(|f| &f.key).collect::<Vec<_>>(),
            "methods": self.descriptor.auth.len(),
            "method": method.map(AuthMethod::label),
            "help": method.and_then(AuthMethod::help).is_some(),
            "grant": method.and_then(AuthMethod::oauth).map(|oauth| json!(oauth.grant)),
        })
    }

    /// Goes through the wizard to its end, or to the problem that it shows.
    ///
    /// # Errors
    /// That problem.
    pub fn connect(&self, served: &Served, name: &str, faults: &[Fault]) -> Result<Value, Value> {
        let mut request = self.request(name);
        {
            let mut state = self.stand.state.lock().unwrap();
            state.turns.fill(0);
            state.faults = faults.iter().copied().collect();
        }
        if self.method().is_some_and(AuthMethod::has_tokens) {
            let mut begin = request.clone();
            begin.as_object_mut().unwrap().remove("name");
            begin["noBrowser"] = json!(true);
            let begun = served.answer("sign_in_begin", &begin)?;
            let ended = served.answer("sign_in_wait", &json!({ "id": begun["id"] }))?;
            if ended["stage"] != "done" {
                return Err(ended["problem"].clone());
            }
            request["secrets"] = json!({});
            request["signIn"] = begun["id"].clone();
        }
        let tried = served.answer("connection_try", &request)?;
        if !tried["problem"].is_null() {
            return Err(tried["problem"].clone());
        }
        self.stand.state.lock().unwrap().turns.fill(0);
        served.answer("connection_create", &request)
    }

    /// Makes the health check answer as in a fixture from now on.
    pub fn answer_health(&self, response: &Response) {
        if let Some(part) = self.stand.state.lock().unwrap().parts.first_mut() {
            part.pages = vec![answer(response)];
        }
    }
}
