//! A tool that makes the secret itself and gives it in its answer: it is sealed, told to nobody, and what it
//! signs is taken.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use patchbay_tests::wire::{Answer, Request, Witness};
use patchbay_tests::{Cli, free_port};
use serde_json::{Value, json};

use super::deliveries::{hex, hmac};
use super::kills::end;

const SECRET: &str = "made-by-the-tool-0123456789";

fn answers(status: u16, body: &Value) -> Answer {
    Answer::json(status, &BTreeMap::new(), Some(body))
}

/// Whether a file below a folder holds a text.
fn is_written(folder: &std::path::Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return is_written(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn a_secret_in_the_answer_is_sealed_and_told_to_nobody() {
    let (cli, tool, port) = (Cli::new(), Witness::start(None, None), free_port());
    let key = cli.file("key.txt", "a-key-for-the-stand-0");
    let page = json!({"user": {"id": "P1", "name": "Amira", "email": "amira@example.com"},
        "log_entries": [], "incidents": [], "limit": 25, "offset": 0, "more": false});
    tool.script(vec![answers(200, &page); 8]);
    let (base, secret) = (format!("baseUrl={}", tool.url()), format!("key=@{}", key.display()));
    cli.ok(&[
        "connect",
        "pagerduty",
        "--name",
        "pager",
        "--auth",
        "key",
        "--set",
        &base,
        "--set",
        "region=US",
        "--set",
        "email=amira@example.com",
        "--secret",
        &secret,
        "--allow-private",
    ]);
    tool.take();
    cli.ok(&["gateway", "set", "--port", &port.to_string()]);
    let shown = cli.ok(&["webhook", "enable", "pager"]);
    assert_eq!(shown["secret"]["setAt"], Value::Null, "{shown:#}");
    let path = shown["localUrl"].as_str().unwrap().split_once(&format!(":{port}")).unwrap().1.to_owned();

    let made = json!({"webhook_subscription": {"id": "PY1OL64", "type": "webhook_subscription", "active": true,
        "delivery_method": {"id": "PF9KMXH", "secret": SECRET, "type": "http_delivery_method",
            "url": format!("http://127.0.0.1:{port}{path}?again={SECRET}")}}});
    tool.script(vec![answers(201, &made)]);
    let subscribed = cli.run(&["webhook", "subscribe", "pager", "--json"]);
    assert_eq!(subscribed.code, 0, "{subscribed:?}");
    let asked = tool.take();
    assert_eq!((asked.len(), asked[0].0.method.as_str()), (1, "POST"), "{asked:?}");
    let shown = cli.ok(&["webhook", "show", "pager"]);
    assert!(shown["secret"]["setAt"].is_string() && shown["subscription"].is_object(), "{shown:#}");

    // Whoever calls the operation, a chain too, gets an answer without it.
    tool.script(vec![answers(201, &made)]);
    let params = cli.file("address.json", r#"{"address": "https://hooks.example.com/webhooks/pagerduty/t"}"#);
    let called = cli.run(&["call", "pager", "start_webhook", "--params", params.to_str().unwrap(), "--json"]);
    assert!(called.code == 0 && called.stdout.contains("PY1OL64"), "{called:?}");
    for told in [&subscribed, &called] {
        assert!(!told.stdout.contains(SECRET) && !told.stderr.contains(SECRET), "{told:?}");
    }
    assert!(!is_written(&cli.data_dir(), SECRET), "it stands in the data folder as it is");

    let engine = cli.start(&["engine"]);
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the gateway does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    let body = json!({"event": {"id": "E1", "event_type": "incident.triggered", "occurred_at": "2026-03-02T10:00:00Z",
        "data": {"id": "Q1", "type": "incident", "title": "Paper jam", "urgency": "high", "status": "triggered"}}});
    let text = body.to_string();
    let signed = |secret: &str| {
        let signature = format!("v1={}", hex(&hmac(ring::hmac::HMAC_SHA256, secret, &text)));
        let mut request = Request::get(&path).with("content-type", "application/json");
        request = request.with("x-pagerduty-signature", &signature);
        request.method = "POST".to_owned();
        request.body = text.clone().into_bytes();
        request.send(port).status
    };
    assert_eq!(signed("another"), 401);
    assert_eq!(signed(SECRET), 200, "what is signed with the secret of the answer is taken");
    end(engine);
}
