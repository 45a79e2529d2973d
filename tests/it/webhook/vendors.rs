//! Deliveries that vendors' own libraries have signed, and what a forger would make of them.

use std::path::PathBuf;
use std::process::Command;

use patchbay_tests::{realworld, root};
use serde_json::{Value, json};

use super::{Gate, Message, only, shipped};

/// What the scripts sign with. Two tools have their own way of writing secrets.
const PLAIN: &str = "It's a Secret to Everybody";
const WRITTEN: &str = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ==";

fn secret_of(vendor: &str) -> String {
    if matches!(vendor, "svix" | "standardwebhooks") { format!("whsec_{WRITTEN}") } else { PLAIN.to_owned() }
}

/// The libraries: those of the tests, or more where a folder is named.
fn modules() -> PathBuf {
    std::env::var_os("NODE_MODULES").map_or_else(|| root().join("tests/node/node_modules"), PathBuf::from)
}

/// What a scheme of the table is as a block of a definition.
fn block(vendor: &str, scheme: &Value) -> Value {
    let text = |name: &str| scheme[name].as_str();
    let value = |written: Option<&str>| {
        written.and_then(|written| written.split_once(':')).map(|(kind, name)| match kind {
            "header" => json!({ "header": name }),
            _ => json!({ "path": name }),
        })
    };
    let holes = text("signed").unwrap_or("{body}");
    let signed = holes.replace('{', "{{").replace('}', "}}").replace("{{ts}}", "{{timestamp}}");
    let mut verify = json!({ "mode": "hmac", "header": text("header"), "signed": signed });
    match (vendor, text("scheme")) {
        ("svix", _) => verify = json!({ "mode": "standard_webhooks", "headerPrefix": "svix" }),
        ("standardwebhooks", _) => verify = json!({ "mode": "standard_webhooks" }),
        (_, Some("token")) => verify = json!({ "mode": "token", "header": text("header") }),
        (_, kind) => {
            verify["encoding"] = scheme["enc"].clone();
            match kind {
                Some("ed25519") => verify["algorithm"] = json!("ed25519"),
                Some("ecdsa-p256") => {
                    verify["algorithm"] = json!("ecdsa_p256");
                    verify["keyEncoding"] = json!("spki");
                }
                _ => verify["algorithm"] = scheme["alg"].clone(),
            }
            if kind != Some("hmac") {
                verify["mode"] = json!("asymmetric");
            }
            if let Some(prefix) = text("prefix") {
                verify["prefix"] = json!(prefix);
            }
            if let Some(separator) = text("itemSep") {
                verify["list"] =
                    json!({ "separator": separator, "assign": text("fieldSep"), "field": text("field") });
            }
            if let Some(time) = scheme["ts"].as_object() {
                let name = time["name"].as_str().unwrap();
                let format = match time["unit"].as_str().unwrap() {
                    "s" => "unix",
                    "ms" => "unix_ms",
                    other => other,
                };
                let (place, name) = match time["from"].as_str().unwrap() {
                    "sigField" => ("field", name.to_owned()),
                    "body" => ("path", format!("$.{name}")),
                    _ => ("header", name.to_owned()),
                };
                verify["timestamp"] =
                    json!({ place: name, "format": format, "toleranceSeconds": scheme["tolerance"] });
            }
        }
    }
    let mut block = json!({
        "verify": verify,
        "contentTypes": ["application/json", "application/x-www-form-urlencoded"],
        "secret": { "source": "entered" },
        "events": [{ "stream": "any", "mapping": {
            "itemsPath": "$", "idPath": "$._event.receivedAt", "timestampPath": "$._event.receivedAt",
            "summaryTemplate": "An event", "signalTypeRules": [], "defaultSignalType": "any" } }],
    });
    if let Some(id) = value(text("dedupe")) {
        block["deliveryId"] = id;
    }
    block
}

/// Messages of a vendor's library; none where it is not at hand.
fn sign(script: &std::path::Path, vendor: &str, url: &str, tamper: &str) -> Option<Vec<Message>> {
    let output = Command::new("node")
        .arg(script)
        .args(["--vendor", vendor, "--url", url, "--secret", &secret_of(vendor), "--n", "3"])
        .args(["--tamper", tamper, "--dry"])
        .env("NODE_MODULES", modules())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Message> = text
        .lines()
        .filter(|line| line.starts_with('{'))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    (!messages.is_empty()).then_some(messages)
}

/// The headers of a message that hold its signature.
fn signatures(message: &Message) -> Vec<String> {
    let is_signature = |name: &&String| {
        let name = name.as_str();
        !name.contains("timestamp")
            && ["signature", "hmac", "x-trello-webhook", "gitlab-token"].iter().any(|part| name.contains(part))
    };
    message.headers.keys().filter(is_signature).cloned().collect()
}

fn tampered(message: &Message, how: &str) -> Message {
    let mut forged = message.clone();
    match how {
        "body" if message.body.starts_with(['{', '[']) => {
            forged.body = message.body.trim_end_matches(['}', ']']).to_owned()
                + "\n"
                + &message.body[message.body.trim_end_matches(['}', ']']).len()..];
        }
        "body" => forged.body.push_str("&x=1"),
        "missing" => signatures(message).iter().for_each(|name| drop(forged.headers.remove(name))),
        _ => {
            for name in signatures(message) {
                let value = forged.headers.get_mut(&name).unwrap();
                // A letter in the middle of the signature: any other, of the same kind.
                let place = value.trim_end_matches('=').len() - 6;
                let other = if value.as_bytes()[place] == b'a' { 'b' } else { 'a' };
                value.replace_range(place..=place, &other.to_string());
            }
        }
    }
    forged
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vendors_deliveries_are_taken_and_no_forgery_of_them() {
    let Some(folder) = realworld() else {
        println!("skipped: vendors' scripts are not at hand (PATCHBAY_REALWORLD)");
        return;
    };
    let table = std::fs::read_to_string(folder.join("scripts/webhook_schemes.json")).unwrap();
    let schemes: serde_json::Map<String, Value> = serde_json::from_str(&table).unwrap();
    let script = folder.join("scripts/send_webhooks.mjs");
    let (mut tried, mut absent) = (0, Vec::new());
    for (vendor, scheme) in &schemes {
        let gate = Gate::open(only(&block(vendor, scheme))).await;
        let Some(messages) = sign(&script, vendor, &gate.url(), "none") else {
            absent.push(vendor.as_str());
            continue;
        };
        // Some scripts draw a pair of keys and say the public one.
        let own = messages[0].headers.get("x-test-public-key").cloned();
        let secret = own.clone().unwrap_or_else(|| secret_of(vendor));
        assert_eq!(gate.send(&messages[0]).await, 401, "{vendor}: nothing is taken without a secret");
        gate.set_secret(&secret).await;
        for message in &messages {
            assert_eq!(gate.send(message).await, 200, "{vendor}: {message:?}");
            assert_eq!(gate.send(message).await, 200, "{vendor}, once more: {message:?}");
        }
        let kept = gate.kept().await;
        assert!((1..=3).contains(&kept), "{vendor}: {kept} of three, each sent twice");
        let token = scheme["scheme"] == "token";
        for how in ["body", "signature", "missing"] {
            let status = gate.send(&tampered(&messages[0], how)).await;
            let wanted = if how == "body" && token { 200 } else { 401 };
            assert_eq!(status, wanted, "{vendor}, {how}: {:?}", tampered(&messages[0], how));
        }
        let timed = scheme["ts"].is_object();
        for tamper in ["old", "future"] {
            let messages = sign(&script, vendor, &gate.url(), tamper).unwrap();
            if let Some(key) = messages[0].headers.get("x-test-public-key") {
                gate.set_secret(key).await;
            }
            let wanted = if timed { 401 } else { 200 };
            assert_eq!(gate.send(&messages[0]).await, wanted, "{vendor}, {tamper}: {:?}", messages[0]);
        }
        let another = match own {
            Some(_) => {
                sign(&script, vendor, &gate.url(), "none").unwrap()[0].headers["x-test-public-key"].clone()
            }
            None if matches!(vendor.as_str(), "svix" | "standardwebhooks") => format!("whsec_b3Ro{WRITTEN}"),
            None => format!("{secret}x"),
        };
        gate.set_secret(&another).await;
        assert_eq!(gate.send(&messages[0]).await, 401, "{vendor}, another secret");
        tried += 1;
    }
    println!("{tried} of {} vendors; without their library: {absent:?}", schemes.len());
    // Most schemes need no library at all; those of the tests' own packages are there with them.
    assert!(tried >= 10, "{absent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vectors_of_vendors_verify() {
    let Some(folder) = realworld() else {
        println!("skipped: vendors' files are not at hand (PATCHBAY_REALWORLD)");
        return;
    };
    let table = std::fs::read_to_string(folder.join("scripts/webhook_schemes.json")).unwrap();
    let schemes: Value = serde_json::from_str(&table).unwrap();
    let vectors: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(folder.join("webhooks/vectors.json")).unwrap()).unwrap();
    let mut tried = 0;
    for vector in &vectors {
        let vendor = vector["vendor"].as_str().unwrap_or_default();
        let scheme = &schemes[vendor];
        // One with a time is old by now: `auth` has those, on a clock of its own.
        if !scheme.is_object() || scheme["ts"].is_object() {
            continue;
        }
        let gate = Gate::open(only(&block(vendor, scheme))).await;
        gate.set_secret(vector["secret"].as_str().unwrap()).await;
        let headers = vector["headers"].as_object().unwrap();
        let message = Message {
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            body: vector["body"].as_str().unwrap().to_owned(),
        };
        let status = gate.send(&message).await;
        // One of them signs a text that is no JSON: genuine, and of no use.
        assert_eq!(status != 401, vector["expect"] == "accept", "{vendor}, {status}: {message:?}");
        tried += 1;
    }
    assert!(tried > 0, "no vector was tried");
}

/// What is not for a connector, by its own word.
const NOT_FOR_US: [&str; 6] = [
    "ping",
    "push",
    "pull_request_review.dismissed",
    "pull_request_review.edited",
    "pull_request_review_thread.resolved",
    "pull_request_review_thread.unresolved",
];

#[tokio::test(flavor = "multi_thread")]
async fn githubs_own_examples_become_signals_or_are_ignored_on_purpose() {
    let file = root().join("tests/node/node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    let text = std::fs::read_to_string(&file)
        .expect("@octokit/webhooks-examples is missing in tests/node; cargo xtask test installs it");
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let wanted = [
        "issues",
        "issue_comment",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "push",
        "ping",
    ];
    let gates = [Gate::open(shipped("github-issues")).await, Gate::open(shipped("github-pull-requests")).await];
    for gate in &gates {
        gate.set_secret(PLAIN).await;
    }
    let (mut payloads, mut signals) = (0, 0);
    for event in all.iter().filter(|event| wanted.iter().any(|name| event["name"] == *name)) {
        for body in event["examples"].as_array().unwrap() {
            let name = event["name"].as_str().unwrap();
            payloads += 1;
            let mut mapped = 0;
            let mut kind = name.to_owned();
            for gate in &gates {
                let scheme = gate.site.definitions.compiled(&shipped_id(gate)).unwrap();
                let message = signed_as_github(&scheme, name, body, payloads);
                assert_eq!(gate.send(&message).await, 200, "{name}");
                let seen = gate.settled().await;
                let result = seen[0].result.clone().unwrap();
                assert_eq!(result["quarantined"], 0, "{name}: {result}");
                mapped += result["signals"].as_u64().unwrap();
                kind = result["kinds"][0].as_str().unwrap_or(name).to_owned();
            }
            signals += mapped;
            // GitHub tells of a pull request's milestone as of an issue's.
            let of_a_pull_request = name == "issues" && !body["issue"]["pull_request"].is_null();
            let ignored = NOT_FOR_US.contains(&kind.as_str()) || of_a_pull_request;
            assert!(mapped > 0 || ignored, "nothing came of {kind}");
        }
    }
    println!("{payloads} payloads, {signals} signals");
    assert!(payloads >= 53 && signals >= 53, "{payloads}, {signals}");
}

fn shipped_id(gate: &Gate) -> patchbay_model::ConnectorId {
    gate.connector.clone()
}

fn signed_as_github(
    compiled: &patchbay_connector::Compiled,
    event: &str,
    body: &Value,
    number: u64,
) -> Message {
    use patchbay_auth::webhook::{Arrived, WebhookSecrets};
    let body = body.to_string();
    let headers = axum::http::HeaderMap::default();
    let arrived = Arrived { method: "POST", headers: &headers, body: body.as_bytes(), url: "", id: None };
    let scheme = compiled.webhook().unwrap().scheme();
    let now = patchbay_model::Timestamp::UNIX_EPOCH;
    let signed = WebhookSecrets::of_fixture(PLAIN).sign(scheme, &arrived, now).unwrap();
    let own = [
        ("x-github-event".to_owned(), event.to_owned()),
        ("x-github-delivery".to_owned(), format!("n{number}")),
    ];
    Message {
        headers: own.into_iter().chain(signed).map(|(name, value)| (name.to_lowercase(), value)).collect(),
        body,
    }
}

/// Where the vendors' scripts are not at hand, five libraries sign by a script of our own.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_packages_of_five_vendors_sign_is_taken() {
    let script = root().join("tests/node/webhooks/sign.mjs");
    let blocks = [
        ("github", shipped("github-issues")),
        ("slack", shipped("slack")),
        (
            "stripe",
            only(&json!({
                "verify": {"mode": "hmac", "header": "Stripe-Signature", "signed": "{{timestamp}}.{{body}}",
                    "list": {"separator": ",", "assign": "=", "field": "v1"}, "timestamp": {"field": "t"}},
                "deliveryId": {"path": "$.id"},
                "events": [{"stream": "any", "mapping": {"itemsPath": "$", "idPath": "$.id", "timestampPath": "$._event.receivedAt",
                    "summaryTemplate": "An event", "signalTypeRules": [], "defaultSignalType": "any"}}],
            })),
        ),
        ("standardwebhooks", standard("webhook")),
        ("svix", standard("svix")),
    ];
    let mut tried = 0;
    for (vendor, descriptor) in blocks {
        let gate = Gate::open(descriptor).await;
        let secret = secret_of(vendor);
        gate.set_secret(&secret).await;
        let output = Command::new("node").arg(&script).args([vendor, &secret]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let message = text.lines().last().and_then(|line| serde_json::from_str::<Message>(line).ok());
        let message = message.unwrap_or_else(|| {
            panic!("what signs for {vendor} is missing in tests/node; cargo xtask test installs it")
        });
        assert_eq!(gate.send(&message).await, 200, "{vendor}: {message:?}");
        for how in ["body", "signature", "missing"] {
            assert_eq!(gate.send(&tampered(&message, how)).await, 401, "{vendor}, {how}");
        }
        tried += 1;
    }
    println!("{tried} of 5 packages signed");
}

fn standard(prefix: &str) -> patchbay_model::Descriptor {
    only(&json!({
        "verify": {"mode": "standard_webhooks", "headerPrefix": prefix},
        "events": [{"stream": "any", "mapping": {"itemsPath": "$", "idPath": "$._event.id", "timestampPath": "$._event.receivedAt",
            "summaryTemplate": "An event", "signalTypeRules": [], "defaultSignalType": "any"}}],
    }))
}
