//! Every connector against its vendor's own published schema: a mock refuses what the schema
//! refuses, and fixtures that claim to be backed by it are held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::{self, Case, Fixture, Proof, Response};
use patchbay_model::descriptor::{AuthMethod, Grant, InjectAt, Stream};
use patchbay_tests::description::Description;
use patchbay_tests::prism::partial_answers;
use patchbay_tests::vendors::{VENDORS, Vendor, describes_answer};
use patchbay_tests::wire::{Answer, Request, Witness};
use patchbay_tests::{Cli, Mock, root};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

fn fixtures(connector: &str) -> Vec<Fixture> {
    fixture::load(&root().join("descriptors/fixtures").join(connector)).unwrap()
}

/// What a fixture is about, as the harness names its steps.
fn step(case: &Case) -> String {
    match case {
        Case::Stream { stream, .. } => format!("stream {stream}"),
        Case::Operation { operation, .. } => format!("operation {operation}"),
        Case::Health { .. } => "health".to_owned(),
        Case::Webhook { .. } => "webhook".to_owned(),
    }
}

fn responses(case: &Case) -> Vec<&Response> {
    match case {
        Case::Stream { pages, .. } => pages.iter().collect(),
        Case::Operation { response, .. } | Case::Health { response, .. } => vec![response],
        // It is sent to us.
        Case::Webhook { .. } => Vec::new(),
    }
}

fn answer(response: &Response) -> Answer {
    Answer::json(response.status, &response.headers, response.body.as_ref())
}

/// The answer of the first fixture of a step in which all is well.
fn good_answer(fixtures: &[Fixture], wanted: &str) -> Answer {
    let good = |fixture: &&Fixture| {
        let well = match fixture.case.as_ref() {
            Case::Stream { signals, .. } => !signals.is_empty(),
            Case::Operation { problem, .. } => problem.is_none(),
            Case::Health { healthy, .. } => *healthy,
            Case::Webhook { .. } => false,
        };
        well && step(&fixture.case) == wanted
    };
    let found = fixtures.iter().find(good).unwrap_or_else(|| panic!("{wanted} has no fixture"));
    // Alone: its link to the next page leads to the real service.
    Answer { headers: BTreeMap::default(), ..answer(responses(&found.case)[0]) }
}

struct Run<'v> {
    vendor: &'v Vendor,
    fixtures: Vec<Fixture>,
    description: Description,
    cli: Cli,
    witness: Witness,
    /// The first request of each step.
    requests: BTreeMap<String, Request>,
    /// What of the vendor's schema was used.
    used: BTreeSet<&'static str>,
}

impl Run<'_> {
    /// Ends a step: nothing that was asked may have been against the schema.
    fn end(&mut self, name: &str) {
        for (index, (request, answer)) in self.witness.take().into_iter().enumerate() {
            let vendor = self.vendor.connector;
            assert_eq!(answer.refusals(), Vec::<Value>::new(), "{vendor}, {name}: {request:?}");
            let used = self.description.used(self.vendor.uses, &request);
            self.used.extend(used);
            if index == 0 {
                self.requests.insert(name.to_owned(), request);
            }
        }
    }

    fn connect(&mut self) {
        let catalogue = Catalogue::built_in();
        let descriptor = catalogue.all().find(|d| d.id.as_str() == self.vendor.connector).unwrap();
        let secret = self.cli.file("secret.txt", "a-secret-for-the-mock");
        let mut args = vec!["connect".to_owned(), self.vendor.connector.to_owned()];
        args.extend(["--name", "it", "--allow-private", "--set"].map(str::to_owned));
        args.push(format!("baseUrl={}", self.witness.url()));
        for (key, value) in self.vendor.config() {
            args.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
        // Where no key is enough: the way that needs no browser, at a server that lets everybody in.
        let device =
            |method: &&AuthMethod| method.oauth().is_some_and(|oauth| oauth.grant == Grant::DeviceCode);
        let method = descriptor.auth.first().filter(|method| !method.has_tokens());
        let method = method.or_else(|| descriptor.auth.iter().find(device));
        for field in method.map_or(&[][..], AuthMethod::credential_fields) {
            args.extend(["--secret".to_owned(), format!("{}=@{}", field.key, secret.display())]);
        }
        if let Some(method) = method.filter(|method| method.has_tokens()) {
            let authority = signs_in();
            args.extend(["--no-browser", "--auth", method.id(), "--set"].map(str::to_owned));
            args.push(format!("authority={}", authority.url()));
        }
        let read = descriptor.streams.first().map(|stream| format!("stream {}", stream.id));
        let steps = ["health".to_owned()].into_iter().chain(read);
        self.witness.spare(steps.map(|step| good_answer(&self.fixtures, &step)).collect());
        // What the schema says nothing of is answered by ours; it still checks what was asked.
        let first = descriptor.streams.first().filter(|stream| !self.describes(stream));
        if self.vendor.is_absent("health") || first.is_some() {
            let streams = first.map(|stream| format!("stream {}", stream.id));
            let steps = std::iter::once("health".to_owned()).chain(streams);
            self.witness.script(steps.map(|step| good_answer(&self.fixtures, &step)).collect());
        }
        let connected = self.cli.ok(&args.iter().map(String::as_str).collect::<Vec<_>>());
        if descriptor.health_check.identity_path.is_some() {
            let label = connected["connection"]["account"]["label"].as_str();
            assert!(label.is_some_and(|label| !label.is_empty()), "whose is it? {connected:#}");
        }
        self.witness.script(Vec::new());
        self.end("health");
    }

    /// The parameters of a request that are keys.
    fn keys(&self, request: &Request) -> Vec<(String, String)> {
        let catalogue = Catalogue::built_in();
        let descriptor = catalogue.all().find(|d| d.id.as_str() == self.vendor.connector).unwrap();
        let injected = match descriptor.auth.first() {
            Some(AuthMethod::ApiKey(key) | AuthMethod::Pat(key)) => key.inject.as_slice(),
            _ => &[],
        };
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .filter(|(name, _)| injected.iter().any(|i| i.at == InjectAt::Query && i.name == *name))
            .collect()
    }

    /// Whether the schema says anything about what a stream reads.
    fn describes(&self, stream: &Stream) -> bool {
        let request = stream.request.as_ref().unwrap();
        self.description.describes_answer(request.method.as_str(), &filled_in(&request.path))
    }

    /// Signals of a stream that came out of one page.
    fn sync(&mut self, stream: &str) -> Vec<Value> {
        let synced = self.cli.run(&["sync", "it", "--stream", stream, "--max-pages", "1"]);
        assert!(matches!(synced.code, 0 | 3), "{stream}: {synced:?}");
        self.end(&format!("stream {stream}"));
        let signals = self.cli.ok(&["signals", "--connection", "it", "--limit", "500"]);
        let all = signals["signals"].as_array().unwrap();
        all.iter().filter(|signal| signal["stream"] == stream).cloned().collect()
    }

    fn stream(&mut self, stream: &Stream) {
        let step = format!("stream {}", stream.id);
        self.witness.spare(vec![good_answer(&self.fixtures, &step)]);
        if !self.describes(stream) {
            self.witness.script(vec![good_answer(&self.fixtures, &step)]);
        }
        let stream = stream.id.as_str();
        let mut signals = self.sync(stream);
        if signals.is_empty() {
            // The vendor gives no example that becomes a signal: ours goes through the same request.
            self.witness.script(vec![good_answer(&self.fixtures, &step)]);
            signals = self.sync(stream);
        }
        let filled = |signal: &Value, name: &str| signal[name].as_str().is_some_and(|text| !text.is_empty());
        let whole = |signal: &Value| {
            ["externalId", "timestamp", "summary", "signalType"].iter().all(|name| filled(signal, name))
        };
        assert!(!signals.is_empty() && signals.iter().all(whole), "{stream}: {signals:#?}");
    }

    fn operation(&mut self, operation: &str, (method, path): (&str, &str), params: &str) {
        let file = self.cli.file("params.json", params);
        let call = ["call", "it", operation, "--params", file.to_str().unwrap()];
        let name = format!("operation {operation}");
        self.witness.spare(vec![good_answer(&self.fixtures, &name)]);
        if !self.description.describes_answer(method, &filled_in(path)) {
            self.witness.script(vec![good_answer(&self.fixtures, &name)]);
        }
        let called = self.cli.run(&call);
        assert_eq!(called.code, 0, "{operation}: {called:?}");
        self.witness.script(Vec::new());
        self.end(&name);
        assert!(self.requests.contains_key(&name), "{operation} asked nothing");
    }
}

/// A server that gives a device code, and a token for it.
fn signs_in() -> Witness {
    let (authority, none) = (Witness::start(None, None), BTreeMap::new());
    let code = json!({
        "device_code": "d-1", "user_code": "ABCD-EFGH", "verification_uri": "https://a.example/enter",
        "expires_in": 600, "interval": 1,
    });
    let token = json!({ "access_token": "a-token-for-the-mock", "token_type": "Bearer", "expires_in": 3600 });
    authority.script(vec![Answer::json(200, &none, Some(&code)), Answer::json(200, &none, Some(&token))]);
    authority
}

/// A path with something in its holes.
fn filled_in(path: &str) -> String {
    let mut pieces = path.split("{{");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| format!("{text}x{}", piece.split_once("}}").map_or("", |(_, rest)| rest)))
}

fn runs(vendor: &Vendor) {
    let Some(description) = vendor.description() else {
        println!("skipped: {}: its vendor's schema is not at hand", vendor.connector);
        return;
    };
    let mut mock = description.mock();
    let (method, path) = vendor.refused.0.split_once(' ').unwrap();
    let media = if vendor.refused.1.starts_with('{') { "application/json" } else { FORM };
    let mut headers = BTreeMap::from([("content-type".to_owned(), media.to_owned())]);
    headers.extend(description.credentials().map(|name| (name, "Basic eDp4".to_owned())));
    let bad = Request {
        method: method.to_owned(),
        target: path.to_owned(),
        headers,
        body: vendor.refused.1.as_bytes().to_vec(),
    };
    let refused = bad.send(mock.port);
    assert!(
        (400..500).contains(&refused.status) && !refused.refusals().is_empty(),
        "the mock of {} checks no bodies: {refused:?}",
        vendor.connector
    );

    let catalogue = Catalogue::built_in();
    let descriptor = catalogue.all().find(|d| d.id.as_str() == vendor.connector).unwrap();
    let mut run = Run {
        vendor,
        fixtures: fixtures(vendor.connector),
        cli: Cli::new(),
        witness: Witness::start(Some(mock.port), vendor.next_page),
        description,
        requests: BTreeMap::new(),
        used: BTreeSet::new(),
    };
    run.connect();
    for stream in descriptor.streams.iter().filter(|stream| !vendor.is_absent(&format!("stream {}", stream.id)))
    {
        run.stream(stream);
    }
    for operation in &descriptor.operations {
        if vendor.is_absent(&format!("operation {}", operation.id)) {
            continue;
        }
        let params = vendor.params.iter().find(|(id, _)| *id == operation.id);
        let params = params.unwrap_or_else(|| panic!("{} is not in the table", operation.id)).1;
        let request = operation.request.as_ref().unwrap();
        let asks = (request.method.as_str(), request.path.as_str());
        run.operation(&operation.id, asks, params);
        assert!(mock.is_alive(), "{} ended the mock", operation.id);
    }
    assert_eq!(run.used.len(), vendor.uses.len(), "of {:?} only {:?} is used", vendor.uses, run.used);
    proofs(&run);
}

/// A fixture's body as it is sent.
fn written(body: &Value, as_form: bool) -> Vec<u8> {
    if !as_form {
        return body.to_string().into_bytes();
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().unwrap() {
        form.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
    }
    form.finish().into_bytes()
}

/// Holds the fixtures that claim it against the schema: what is asked and what is answered.
fn proofs(run: &Run<'_>) {
    let description = run.description.for_partial_answers();
    let service = Witness::start(None, None);
    let mock = description.before(&service.url());
    let (mut held, mut wrong) = (0, Vec::new());
    for fixture in run.fixtures.iter().filter(|fixture| fixture.proof == Proof::VendorSchema) {
        let place = format!("{}/{}", run.vendor.connector, fixture.name);
        let asked = run.requests.get(&step(&fixture.case)).cloned();
        let mut request = asked.unwrap_or_else(|| panic!("{place} claims what did not run"));
        if let Case::Operation { request: Some(own), .. } = fixture.case.as_ref() {
            request.method.clone_from(&own.method);
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&own.query).extend_pairs(run.keys(&request));
            request.target = format!("{}?{}", own.path, query.finish());
            let is_form = request.headers.get("content-type").is_some_and(|kind| kind == FORM);
            request.body = own.body.as_ref().map_or_else(Vec::new, |body| written(body, is_form));
        }
        if !run.description.describes_answer(&request.method, request.path()) {
            wrong.push(format!("{place}: the vendor's schema says nothing about the answer"));
        }
        for response in responses(&fixture.case) {
            service.script(vec![answer(response)]);
            let answered = request.send(mock.port);
            if !answered.violations().is_empty() || answered.status != response.status {
                wrong.push(format!("{place}: {} {:?}", answered.status, answered.violations()));
            }
        }
        held += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(held > 0, "no fixture of {} is backed by its vendor's schema", run.vendor.connector);
    println!("{}: {held} fixtures held against its vendor's schema", run.vendor.connector);
}

#[test]
fn every_connector_keeps_to_its_vendors_own_schema() {
    assert!(
        Mock::installed(),
        "the mock is not installed: `cargo xtask test` does it, or `npm ci --prefix tests/node`"
    );
    let only = std::env::var("PATCHBAY_CONNECTORS").ok();
    let is_wanted =
        |vendor: &&Vendor| only.as_deref().is_none_or(|only| only.split(',').any(|id| id == vendor.connector));
    let wanted = Mutex::new(VENDORS.iter().filter(is_wanted));
    let next = || wanted.lock().unwrap().next();
    // Starting a mock takes seconds in which little else is done; more at once would not start in time.
    let work = || {
        while let Some(vendor) = next() {
            runs(vendor);
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
}

#[test]
fn nobody_claims_a_vendors_schema_without_one() {
    let mut looked = 0;
    for descriptor in Catalogue::built_in().all() {
        let vendor = VENDORS.iter().find(|vendor| vendor.connector == descriptor.id.as_str());
        for fixture in fixtures(descriptor.id.as_str()) {
            let claims = fixture.proof == Proof::VendorSchema;
            assert!(
                !claims || vendor.is_some_and(|vendor| !vendor.is_absent(&step(&fixture.case))),
                "{}/{}: there is no vendor's schema to hold it against",
                descriptor.id,
                fixture.name
            );
            looked += 1;
        }
    }
    assert!(looked > 0);
}

#[test]
fn a_schema_that_is_cut_down_still_refuses() {
    let document = json!({
        "swagger": "2.0", "info": {"title": "t", "version": "1"}, "host": "a.example", "basePath": "/api",
        "paths": {
            "/send": {"post": {
                "consumes": ["application/x-www-form-urlencoded", "application/json"],
                "parameters": [
                    {"name": "text", "in": "formData", "type": "string", "required": true},
                    {"name": "token", "in": "header", "type": "string", "required": true}
                ],
                "responses": {"200": {"description": "d", "schema": {"$ref": "#/definitions/sent"}}}
            }},
            "/other": {"get": {"responses": {}}}
        },
        "definitions": {"sent": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}}
    });
    let mut cut = patchbay_tests::prism::cut_down(&document, &["POST /send"]);
    patchbay_tests::prism::without_parameter(&mut cut, "token");
    patchbay_tests::prism::forms_as_json(&mut cut);
    assert_eq!(cut["paths"].as_object().unwrap().len(), 1);
    let parameters = cut["paths"]["/send"]["post"]["parameters"].as_array().unwrap();
    assert_eq!(parameters.len(), 1);
    assert_eq!(parameters[0]["schema"]["required"], json!(["text"]));
    assert!(describes_answer(&cut, "POST", "/send") && !describes_answer(&cut, "GET", "/send"));
    partial_answers(&mut cut);
    assert!(cut["definitions"]["sent"]["required"].is_null());
    assert_eq!(cut["paths"]["/send"]["post"]["parameters"][0]["schema"]["required"], json!(["text"]));
}
