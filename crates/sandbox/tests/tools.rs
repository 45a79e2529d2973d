//! The pretend tools as a client sees them, and what they count.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::sync::Arc;

use patchbay_model::SystemClock;
use patchbay_sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn start(state: Option<&std::path::Path>) -> Sandbox {
    let options = SandboxOptions { port: 0, state_dir: state.map(Into::into) };
    Sandbox::start(options, Arc::new(SystemClock::new())).await.unwrap()
}

/// Status (0 where the connection was cut) and body.
async fn exchange(sandbox: &Sandbox, method: &str, path: &str, headers: &str, body: &Value) -> (u16, Value) {
    let mut stream = tokio::net::TcpStream::connect(sandbox.addr()).await.unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        sandbox.addr(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

async fn chat(sandbox: &Sandbox, method: &str, path: &str, more: &str, body: &Value) -> (u16, Value) {
    let headers = format!("X-Api-Key: {}\r\n{more}", sandbox.access().chat_key);
    exchange(sandbox, method, &format!("/chat{path}"), &headers, body).await
}

async fn tracker(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let headers = format!("Authorization: Bearer {}\r\n", sandbox.access().tracker_token);
    exchange(sandbox, method, &format!("/tracker{path}"), &headers, body).await
}

async fn counters(sandbox: &Sandbox) -> Value {
    exchange(sandbox, "GET", "/control/counters", "", &Value::Null).await.1
}

#[tokio::test]
async fn a_repeated_key_acts_once_and_a_missing_key_acts_anew() {
    let sandbox = start(None).await;
    let hello = json!({"text": "Hello"});
    let key = "Idempotency-Key: k1\r\n";
    let first = chat(&sandbox, "POST", "/channels/general/messages", key, &hello).await;
    let again = chat(&sandbox, "POST", "/channels/general/messages", key, &hello).await;
    assert_eq!((first.0, again.0), (201, 200));
    assert_eq!(first.1["id"], again.1["id"]);
    for _ in 0..2 {
        chat(&sandbox, "POST", "/channels/general/announcements", key, &hello).await;
    }
    let counters = counters(&sandbox).await;
    assert_eq!(counters["effects"], json!({"message_sent": 1, "announcement_sent": 2}));
    assert_eq!(counters["replays"], 1);
}

#[tokio::test]
async fn refusals() {
    let sandbox = start(None).await;
    let cases = [
        (chat(&sandbox, "POST", "/channels/nowhere/messages", "", &json!({"text": "x"})).await.0, 404),
        (chat(&sandbox, "POST", "/channels/general/messages", "", &json!({"text": " "})).await.0, 422),
        (chat(&sandbox, "DELETE", "/messages/1", "", &Value::Null).await.0, 404),
        (tracker(&sandbox, "GET", "/issues/99", &Value::Null).await.0, 404),
        (tracker(&sandbox, "POST", "/issues", &json!({"title": ""})).await.0, 422),
        (exchange(&sandbox, "GET", "/chat/me", "X-Api-Key: wrong\r\n", &Value::Null).await.0, 401),
        (exchange(&sandbox, "GET", "/tracker/me", "", &Value::Null).await.0, 401),
        (
            exchange(&sandbox, "GET", "/control/access", "Origin: https://evil.example\r\n", &Value::Null)
                .await
                .0,
            403,
        ),
    ];
    for (index, (status, want)) in cases.into_iter().enumerate() {
        assert_eq!(status, want, "case {index}");
    }
    assert_eq!(counters(&sandbox).await["effects"], json!({}), "a refusal changes nothing");
}

#[tokio::test]
async fn every_fault_and_how_often_it_strikes() {
    let sandbox = start(None).await;
    let hello = json!({"text": "Hello"});
    let cases = [
        ("expired", 401, 0),
        ("down", 503, 0),
        ("broken", 500, 0),
        ("dies_after_effect", 0, 1),
        ("odd_data", 200, 1),
    ];
    for (fault, want, effects) in cases {
        exchange(&sandbox, "POST", "/control/reset", "", &Value::Null).await;
        let switches = json!({"chat": [{"fault": fault, "times": 1, "on": "POST"}]});
        assert_eq!(exchange(&sandbox, "PUT", "/control/faults", "", &switches).await.0, 204);
        assert_eq!(chat(&sandbox, "GET", "/me", "", &Value::Null).await.0, 200, "{fault}: only on POST");
        let (status, _) = chat(&sandbox, "POST", "/channels/general/messages", "", &hello).await;
        assert_eq!(status, want, "{fault}");
        assert_eq!(
            counters(&sandbox).await["effects"]["message_sent"].as_u64().unwrap_or(0),
            effects,
            "{fault}"
        );
        let (status, _) = chat(&sandbox, "POST", "/channels/general/messages", "", &hello).await;
        assert_eq!(status, 201, "{fault}: only once");
    }
}

#[tokio::test]
async fn what_happened_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(Some(folder.path())).await;
    let access = first.access();
    chat(&first, "POST", "/channels/general/messages", "Idempotency-Key: k\r\n", &json!({"text": "Hello"}))
        .await;
    tracker(&first, "PATCH", "/issues/1", &json!({"state": "closed"})).await;
    tracker(&first, "POST", "/issues/1/comments", &json!({"body": "Seen."})).await;
    let before = counters(&first).await;
    first.stop().await;
    let second = start(Some(folder.path())).await;
    assert_eq!(second.access().chat_key, access.chat_key);
    assert_eq!(counters(&second).await["byContent"], before["byContent"]);
    let hello = json!({"text": "Hello"});
    let again = chat(&second, "POST", "/channels/general/messages", "Idempotency-Key: k\r\n", &hello).await;
    assert_eq!(again.0, 200, "the key is still known");
    assert_eq!(tracker(&second, "GET", "/issues/1", &Value::Null).await.1["state"], "closed");
}

#[tokio::test]
async fn fifty_at_once_are_all_counted() {
    let sandbox = Arc::new(start(None).await);
    let calls: Vec<_> = (0..50)
        .map(|n| {
            let sandbox = sandbox.clone();
            tokio::spawn(async move {
                chat(&sandbox, "POST", "/channels/general/messages", "", &json!({"text": format!("m{n}")}))
                    .await
                    .0
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 201);
    }
    assert_eq!(counters(&sandbox).await["effects"]["message_sent"], 50);
}
