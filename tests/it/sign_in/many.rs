//! A thousand connects over every pretend server at hand, with faults that pass: how many are connected at
//! the first attempt, and that the engine counts the same.

use std::sync::Mutex;
use std::time::Duration;

use patchbay_tests::oauth::{Reply, definition};
use patchbay_tests::waiting::{come_back, pass};
use patchbay_tests::{OidcServer, Random, SandboxProcess, ScriptedOauth, Served, sample};
use serde_json::{Value, json};

/// A server that is signed in to.
enum Mock {
    Scripted(ScriptedOauth),
    Sandbox(SandboxProcess),
    Strict(OidcServer),
}

impl Mock {
    /// The connector's definition; none where it is in the catalogue.
    fn definition(&self, id: &str) -> Option<Value> {
        let mut document = match self {
            Self::Scripted(server) => definition(&server.at("/api"), &server.url(), &json!({})),
            Self::Sandbox(_) => return None,
            Self::Strict(server) => {
                let changed = json!({
                    "authorizationUrl": null, "tokenUrl": null, "revocationUrl": null,
                    "client": {"type": "public", "id": "native"}, "redirect": {"path": "/callback"},
                    "scopes": {"always": ["openid", "offline_access", "issues:read"]},
                    "authorizationParameters": {"prompt": "consent"},
                });
                let mut document = definition(&server.url, &server.url, &changed);
                document["healthCheck"] = json!({"request": {"path": "/me"}, "accountIdPath": "$.sub"});
                document
            }
        };
        document["id"] = json!(id);
        Some(document)
    }

    /// Makes the next sign-in meet a fault that passes, and gives its name.
    fn trouble(&self, random: &mut Random) -> &'static str {
        let (name, token, check): (_, Vec<Reply>, Vec<Reply>) = match random.below(10) {
            0 => ("no tokens at first", vec![Reply::unavailable(None)], vec![]),
            1 => ("no tokens for a while", vec![Reply::unavailable(None), Reply::broken()], vec![]),
            2 => ("tokens come slowly", vec![Reply::Drip(Duration::from_millis(1))], vec![]),
            3 => ("the test is refused", vec![], vec![Reply::unavailable(None)]),
            4 => ("the test breaks off", vec![], vec![Reply::Cut]),
            5 => ("both", vec![Reply::unavailable(None)], vec![Reply::Cut]),
            _ => ("none", vec![], vec![]),
        };
        match self {
            Self::Scripted(server) => {
                server.script(token);
                server.script_at("/api/me", check);
            }
            Self::Sandbox(sandbox) => {
                let switches = match name {
                    "no tokens at first" => json!([{"fault": "down", "times": 1, "on": "POST /oauth/token"}]),
                    "no tokens for a while" => {
                        json!([{"fault": "down", "times": 2, "on": "POST /oauth/token"}])
                    }
                    "tokens come slowly" => json!([{"fault": "slow", "ms": 200, "on": "POST /oauth/token"}]),
                    "the test is refused" => json!([{"fault": "down", "times": 1, "on": "GET /me"}]),
                    "the test breaks off" => {
                        json!([{"fault": "dies_after_effect", "times": 1, "on": "GET /me"}])
                    }
                    "both" => json!([{"fault": "down", "times": 1, "on": "POST /oauth/token"},
                        {"fault": "broken", "times": 1, "on": "GET /me"}]),
                    _ => json!([]),
                };
                sandbox.faults(&json!({ "tracker": switches }));
            }
            // It has no faults of its own: that it is strict is what matters.
            Self::Strict(_) => return "none",
        }
        name
    }

    /// A person says yes in the browser.
    fn allow(&self, url: &str) {
        let page = match self {
            Self::Scripted(_) | Self::Sandbox(_) => pass(url),
            Self::Strict(server) => come_back(&server.allow(url, "noor")),
        };
        assert_eq!(page.status, 200, "{page:?}");
    }
}

/// How one attempt ended.
struct Attempt {
    context: String,
    fault: &'static str,
    signed_in: bool,
    problem: Option<Value>,
}

struct Worker<'s> {
    served: &'s Served,
    mock: Mock,
    connector: String,
    begin: Value,
}

impl<'s> Worker<'s> {
    fn new(served: &'s Served, number: usize, mock: Mock) -> Self {
        let connector = match mock.definition(&format!("mock-{number}")) {
            Some(document) => {
                served.rpc("descriptor_add", &json!({ "file": "mock.json", "text": document.to_string() }));
                format!("mock-{number}")
            }
            None => "sandbox-tracker".to_owned(),
        };
        let config = match &mock {
            Mock::Sandbox(sandbox) => json!({ "baseUrl": sandbox.access["trackerUrl"] }),
            _ => json!({}),
        };
        let begin = json!({
            "connector": connector, "auth": "oauth", "config": config, "allowPrivate": true,
        });
        Self { served, mock, connector, begin }
    }

    fn begin(&self) -> Value {
        let mut request = self.begin.clone();
        request["noBrowser"] = json!(true);
        self.served.rpc("sign_in_begin", &request)
    }

    /// From the first click to a stored connection.
    fn connect(&self, number: usize, fault: &'static str) -> Attempt {
        let begun = self.begin();
        self.mock.allow(begun["url"].as_str().unwrap());
        let ended = self.served.rpc("sign_in_wait", &json!({ "id": begun["id"] }));
        let signed_in = ended["stage"] == "done";
        let mut problem = (!signed_in).then(|| ended["problem"].clone());
        if signed_in {
            let mut request = self.begin.clone();
            request["name"] = json!(format!("{} {number}", self.connector));
            request["signIn"] = begun["id"].clone();
            match self.served.answer("connection_create", &request) {
                Ok(made) => assert_eq!(made["connection"]["state"], "connected", "{made:#}"),
                Err(found) => problem = Some(found),
            }
        }
        Attempt { context: format!("{} {number}", self.connector), fault, signed_in, problem }
    }
}

fn mocks() -> Vec<Mock> {
    let sandbox = SandboxProcess::start();
    sandbox.oauth(&json!({ "autoConsent": "amira" }));
    let mut mocks = vec![Mock::Sandbox(sandbox)];
    for _ in 0..3 {
        let server = ScriptedOauth::start();
        server.consent(true);
        mocks.push(Mock::Scripted(server));
    }
    if OidcServer::installed() {
        mocks.push(Mock::Strict(OidcServer::start(&json!({}))));
    } else {
        println!("the strict server is not installed: it is left out");
    }
    mocks
}

#[test]
fn nearly_everybody_is_connected_at_the_first_attempt_and_the_rate_is_kept() {
    let served = Served::start();
    let (count, seed) = sample(1_000);
    let mocks = mocks();
    let each = count.max(60).div_ceil(mocks.len());
    let attempts = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (index, mock) in mocks.into_iter().enumerate() {
            let (served, attempts) = (&served, &attempts);
            scope.spawn(move || {
                let worker = Worker::new(served, index, mock);
                let mut random = Random(seed.wrapping_add(index as u64));
                for number in 0..each {
                    let fault = worker.mock.trouble(&mut random);
                    let attempt = worker.connect(number, fault);
                    attempts.lock().unwrap().push(attempt);
                }
                if index == 1 {
                    declined_and_refused(&worker);
                }
            });
        }
    });
    let attempts = attempts.into_inner().unwrap();
    let faults = attempts.iter().filter(|attempt| attempt.fault != "none").count();
    let connected = attempts.iter().filter(|attempt| attempt.problem.is_none()).count();
    let signed_in = attempts.iter().filter(|attempt| attempt.signed_in).count();
    println!("{connected} of {} connected at the first attempt; {faults} met a fault", attempts.len());
    for attempt in &attempts {
        if let Some(problem) = &attempt.problem {
            println!("{}, {}: {problem:#}", attempt.context, attempt.fault);
        }
    }
    assert!(faults * 4 >= attempts.len(), "too few met a fault: {faults}");
    assert!(connected * 100 >= attempts.len() * 99, "{connected} of {}, seed {seed}", attempts.len());
    let total = served.rpc("connection_list", &json!({ "limit": 1 }))["total"].as_u64();
    assert_eq!(total, Some(connected as u64), "each is kept, and nothing else");
    // What was declined does not count, what was refused does.
    let rate = &served.rpc("health", &json!({}))["signIns"];
    assert_eq!(rate, &json!({ "ended": attempts.len() + 1, "worked": signed_in }), "as the test counts");
}

/// Two that the person declines, and one that the service refuses.
fn declined_and_refused(worker: &Worker<'_>) {
    let Mock::Scripted(server) = &worker.mock else { panic!("not a scripted server") };
    let ended =
        |begun: &Value| worker.served.rpc("sign_in_wait", &json!({ "id": begun["id"] }))["problem"].clone();
    for _ in 0..2 {
        let begun = worker.begin();
        let asked = server.asked(begun["url"].as_str().unwrap());
        let issuer = server.url();
        asked.answer(&[("error", "access_denied"), ("state", asked.get("state")), ("iss", &issuer)]);
        assert_eq!(ended(&begun)["code"], "SIGN_IN_DENIED");
    }
    server.script([Reply::invalid_client()]);
    let begun = worker.begin();
    pass(begun["url"].as_str().unwrap());
    assert_eq!(ended(&begun)["code"], "INVALID_CONFIG");
}
