//! Keys, who may ask, and whether the counters tell the truth.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::house::{House, raw};

#[tokio::test]
async fn no_tool_answers_without_its_own_key() {
    let house = House::new().await;
    let access = house.access();
    let (token, key) = (&access.tracker_token, &access.chat_key);
    let bearer = format!("Bearer {token}");
    let (wrong, crossed) = (format!("{bearer}0"), format!("Bearer {key}"));
    let body = r#"{"text": "Hello", "title": "Hello"}"#;
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("GET /tracker/me", &[]),
        ("POST /tracker/issues", &[]),
        ("GET /tracker/nothing", &[]),
        ("POST /tracker/issues", &[("Authorization", &wrong)]),
        ("POST /tracker/issues", &[("Authorization", &crossed)]),
        ("POST /tracker/issues", &[("Authorization", token)]),
        ("POST /tracker/issues", &[("X-Api-Key", key)]),
        ("GET /chat/me", &[]),
        ("POST /chat/channels/general/messages", &[]),
        ("POST /chat/channels/general/messages", &[("X-Api-Key", "")]),
        ("POST /chat/channels/general/messages", &[("X-Api-Key", token)]),
        ("POST /chat/channels/general/announcements", &[("Authorization", &bearer)]),
        ("DELETE /chat/messages/1", &[]),
    ];
    for (line, headers) in cases {
        let reply = raw(house.addr(), line, headers, body).await.unwrap();
        assert_eq!(reply.status, 401, "{line} {headers:?}");
        assert_eq!(reply.message(), "This key is not known here", "{line} {headers:?}");
    }
    let counters = house.counters().await;
    assert_eq!(counters["effects"], json!({}));
    assert_eq!(counters["requests"], cases.len(), "a refused request is a request");
}

#[tokio::test]
async fn a_web_page_is_refused_everywhere() {
    let house = House::new().await;
    let lines = [
        "GET /control/access",
        "GET /control/counters",
        "GET /control/faults",
        "PUT /control/faults",
        "POST /control/reset",
        "GET /tracker/me",
        "POST /chat/channels/general/messages",
    ];
    let own = format!("http://{}", house.addr());
    for line in lines {
        for origin in ["https://example.com", "null", &own] {
            let reply = raw(house.addr(), line, &[("Origin", origin)], "{}").await.unwrap();
            assert_eq!(reply.status, 403, "{line} from {origin}");
            assert!(!reply.text.contains("sandbox-"), "no key is given away: {reply:?}");
        }
        for host in ["example.com", "127.0.0.1", "sandbox.example.com:80"] {
            let reply = raw(house.addr(), line, &[("Host", host)], "{}").await.unwrap();
            assert_eq!(reply.status, 421, "{line} for {host}");
            assert!(!reply.text.contains("sandbox-"), "no key is given away: {reply:?}");
        }
    }
}

#[tokio::test]
async fn access_is_what_the_sandbox_says_and_the_keys_are_its_own() {
    let (one, two) = (House::new().await, House::new().await);
    let told = one.get("/control/access").await.json();
    let sandbox = one.sandbox();
    assert_eq!(told["trackerUrl"], format!("http://{}/tracker", sandbox.addr()));
    assert_eq!(told["trackerUrl"], sandbox.tracker_url());
    assert_eq!(told["chatUrl"], sandbox.chat_url());
    assert_eq!(told["trackerToken"], sandbox.tracker_token());
    assert_eq!(told["chatKey"], sandbox.chat_key());
    assert!(sandbox.addr().ip().is_loopback());
    assert_ne!(one.access().tracker_token, two.access().tracker_token);
    assert_ne!(one.access().chat_key, two.access().chat_key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_counters_are_the_truth_under_fifty_posts_at_once() {
    let state = tempfile::tempdir().unwrap();
    let house = Arc::new(House::with_state(state.path()).await);
    let posts: Vec<_> = (0..50_u64)
        .map(|number| {
            let house = house.clone();
            tokio::spawn(async move {
                // Five each of ten texts; every second one carries the key of its text.
                let body = json!({ "text": format!("Text {}", number % 10) });
                let key = format!("key-{}", number % 10);
                let keyed = [("Idempotency-Key", key.as_str())];
                let headers = if number % 2 == 0 { &keyed[..] } else { &[] };
                let sent = house.ask_with("POST /chat/channels/general/messages", headers, &body).await;
                let issue = house.ask("POST /tracker/issues", &json!({ "title": body["text"] })).await;
                (sent, issue.json()["number"].as_u64().unwrap())
            })
        })
        .collect();
    let (mut created, mut replayed) = (BTreeSet::new(), 0);
    let mut numbers = BTreeSet::new();
    for post in posts {
        let (sent, number) = post.await.unwrap();
        match sent.status {
            201 => assert!(created.insert(sent.json()["id"].as_u64().unwrap()), "no id twice: {sent:?}"),
            200 => replayed += 1,
            _ => panic!("{sent:?}"),
        }
        assert!(numbers.insert(number), "no issue number twice");
    }
    // Odd texts are never keyed: 25 effects. Even ones always: 5 keys, 5 effects, 20 repeats.
    assert_eq!((created.len(), replayed), (30, 20));
    let counters = house.counters().await;
    assert_eq!(counters["effects"], json!({ "issue_created": 50, "message_sent": 30 }));
    assert_eq!(counters["replays"], 20);
    for text in 0..10 {
        let expected = if text % 2 == 0 { 1 } else { 5 };
        assert_eq!(counters["byContent"][format!("message_sent:general:Text {text}")], expected, "{text}");
        assert_eq!(counters["byContent"][format!("issue_created:Text {text}")], 5, "{text}");
    }
    let listed = house.get("/chat/channels/general/messages?limit=100").await.json();
    assert_eq!(listed["messages"].as_array().unwrap().len(), 30, "what is counted is what is there");
    Arc::into_inner(house).unwrap().stop().await;
    let again = House::with_state(state.path()).await;
    assert_eq!(again.effects("message_sent").await, 30, "and what is on disk");
    assert_eq!(again.effects("issue_created").await, 50);
}

#[tokio::test]
async fn reset_brings_the_seed_back_and_switches_every_fault_off() {
    let state = tempfile::tempdir().unwrap();
    let house = House::with_state(state.path()).await;
    let access = house.access();
    let seed = house.get("/tracker/issues?per_page=100").await.json();
    house.send("Hello", Some("key-1")).await;
    house.ask("PATCH /tracker/issues/1", &json!({ "state": "closed" })).await;
    house.faults(&json!({ "chat": [{ "fault": "down" }], "tracker": [{ "fault": "down" }] })).await;
    assert_eq!(house.ask("POST /control/reset", &Value::Null).await.status, 204);
    assert_eq!(house.get("/tracker/issues?per_page=100").await.json(), seed);
    assert_eq!(house.counters().await["effects"], json!({}));
    assert_eq!(house.send("Hello", Some("key-1")).await.status, 201, "keys of messages are forgotten");
    assert_eq!(house.access(), access, "pretend keys stay");
    house.stop().await;
    let again = House::with_state(state.path()).await;
    assert_eq!(again.counters().await["effects"], json!({ "message_sent": 1 }), "on disk too");
}
