//! Every fault, for how many requests, and on which.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::house::House;

const SEND: &str = "POST /chat/channels/general/messages";

#[tokio::test]
async fn a_fault_before_the_effect_answers_as_it_should_and_nothing_happens() {
    for (switch, status, retry_after) in [
        (json!({ "fault": "expired" }), 401, None),
        (json!({ "fault": "limited", "retryAfter": 7 }), 429, Some("7")),
        (json!({ "fault": "limited" }), 429, Some("1")),
        (json!({ "fault": "down" }), 503, None),
        (json!({ "fault": "broken" }), 500, None),
    ] {
        let house = House::new().await;
        house.faults(&json!({ "chat": [switch] })).await;
        let reply = house.send("Hello", None).await;
        assert_eq!(reply.status, status, "{switch}");
        assert_eq!(reply.header("retry-after"), retry_after, "{switch}");
        assert!(!reply.message().is_empty(), "{switch}");
        assert_eq!(house.effects("message_sent").await, 0, "{switch}");
        assert_eq!(house.get("/tracker/me").await.status, 200, "{switch}: the other tool is well");
        house.faults(&json!({})).await;
        assert_eq!(house.send("Hello", None).await.status, 201, "{switch}: switched off");
    }
}

#[tokio::test]
async fn a_slow_tool_answers_rightly_but_later() {
    let house = House::new().await;
    house.faults(&json!({ "chat": [{ "fault": "slow", "ms": 60 }] })).await;
    let begin = Instant::now();
    let reply = house.send("Hello", None).await;
    assert!(begin.elapsed() >= Duration::from_millis(60));
    assert_eq!((reply.status, &reply.json()["text"]), (201, &json!("Hello")));
}

#[tokio::test]
async fn a_tool_that_dies_has_acted_and_says_nothing() {
    let state = tempfile::tempdir().unwrap();
    let house = House::with_state(state.path()).await;
    let dies = json!({ "fault": "dies_after_effect", "times": 1, "on": "POST" });
    for (tool, line, body, kind) in [
        ("chat", SEND, json!({ "text": "Hello" }), "message_sent"),
        ("chat", "POST /chat/channels/general/announcements", json!({ "text": "Hello" }), "announcement_sent"),
        ("tracker", "POST /tracker/issues", json!({ "title": "Paper jam" }), "issue_created"),
        ("tracker", "POST /tracker/issues/1/comments", json!({ "body": "Seen." }), "comment_added"),
    ] {
        house.faults(&json!({ tool: [dies] })).await;
        assert!(house.try_ask(line, &[], &body).await.is_none(), "{line}: not even a status line comes");
        assert_eq!(house.effects(kind).await, 1, "{line}: it happened");
        assert_eq!(house.ask(line, &body).await.status, 201, "{line}: only the next one");
        assert_eq!(house.effects(kind).await, 2, "{line}");
    }
    house.stop().await;
    let again = House::with_state(state.path()).await;
    assert_eq!(again.effects("announcement_sent").await, 2, "the unanswered effect is durable");
}

#[tokio::test]
async fn a_key_finds_the_message_of_a_tool_that_died() {
    let house = House::new().await;
    house.faults(&json!({ "chat": [{ "fault": "dies_after_effect", "times": 1 }] })).await;
    let key = [("Idempotency-Key", "key-1")];
    let body = json!({ "text": "Hello" });
    assert!(house.try_ask(SEND, &key, &body).await.is_none());
    assert_eq!(house.ask_with(SEND, &key, &body).await.status, 200);
    assert_eq!(house.effects("message_sent").await, 1);
}

#[tokio::test]
async fn odd_answers_are_odd_in_the_way_that_was_asked_for() {
    let house = House::new().await;
    let odd = async |odd: &str, path: &str| {
        let switch = json!([{ "fault": "odd_data", "odd": odd }]);
        house.faults(&json!({ "tracker": switch, "chat": switch })).await;
        let reply = house.get(path).await;
        assert_eq!(reply.status, 200, "{odd} {path}: it looks well");
        reply
    };
    for path in ["/tracker/issues", "/chat/channels"] {
        let html = odd("html", path).await;
        assert!(html.header("content-type").unwrap().starts_with("text/html"), "{path}");
        assert!(html.text.starts_with("<!doctype html>"), "{path}");
    }
    let missing = odd("missing_fields", "/tracker/issues?per_page=2").await;
    assert!(missing.header("link").is_some(), "paging goes on");
    assert_eq!(missing.json().as_array().unwrap().len(), 2);
    assert_eq!(missing.json()[0].get("number"), None);
    assert_eq!(missing.json()[0]["state"], "open");
    let wrong = odd("wrong_types", "/tracker/issues/1").await.json();
    assert_eq!(wrong["number"], "not a number");
    assert!(wrong["title"].is_array());
    let hostile = odd("hostile_text", "/tracker/issues/1").await.json();
    for member in [&hostile["title"], &hostile["body"], &hostile["labels"][0], &hostile["author"]["login"]] {
        let text = member.as_str().unwrap();
        for part in ["<img", "\u{202E}", "\u{1b}[31m", "\u{7}", "{{"] {
            assert!(text.contains(part), "{part:?} in {text:?}");
        }
        assert!(text.starts_with('='));
    }
    assert_eq!(hostile["number"], 1, "what programs need is whole");
    assert_eq!(hostile["url"], "https://tracker.example.test/issues/1");
    let channels = odd("hostile_text", "/chat/channels").await.json();
    assert_eq!(channels["channels"][0]["id"], "general");
    assert_eq!(channels["next_cursor"], "2");
    assert!(channels["channels"][0]["topic"].as_str().unwrap().contains('\u{202E}'));
    let mixed = odd("mixed", "/tracker/issues").await.json();
    assert_eq!(mixed.as_array().unwrap().len(), 3);
    assert_eq!(mixed[2], "not an object");
}

#[tokio::test]
async fn an_odd_answer_to_an_effect_is_still_an_effect() {
    let house = House::new().await;
    house.faults(&json!({ "chat": [{ "fault": "odd_data", "odd": "missing_fields" }] })).await;
    let reply = house.send("Hello", None).await;
    assert_eq!((reply.status, reply.json().get("id")), (201, None));
    assert_eq!(house.effects("message_sent").await, 1);
}

#[tokio::test]
async fn a_fault_lasts_for_as_many_requests_as_it_says() {
    let house = House::new().await;
    house
        .faults(&json!({ "chat": [{ "fault": "down", "times": 2 }, { "fault": "expired", "times": 1 }] }))
        .await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(house.get("/chat/me").await.status);
    }
    assert_eq!(seen, [503, 503, 401, 200, 200], "one after the other, then none");
    let left = house.get("/control/faults").await.json();
    assert_eq!(left["chat"][0], json!({ "fault": "down", "times": 0 }));
}

#[tokio::test]
async fn a_fault_meets_only_the_requests_it_names() {
    let house = House::new().await;
    house.faults(&json!({ "chat": [{ "fault": "down", "times": 1, "on": "POST /channels/general" }] })).await;
    assert_eq!(house.get("/chat/channels").await.status, 200, "another method");
    let support = "POST /chat/channels/support/messages";
    assert_eq!(house.ask(support, &json!({ "text": "Hello" })).await.status, 201, "another path");
    assert_eq!(house.send("Hello", None).await.status, 503, "the passed-over ones used up nothing");
    assert_eq!(house.send("Hello", None).await.status, 201);
}

#[tokio::test]
async fn switches_are_shown_as_they_were_set_and_replaced_as_a_whole() {
    let house = House::new().await;
    assert_eq!(house.get("/control/faults").await.json(), json!({}));
    let set = json!({
        "tracker": [{ "fault": "slow", "ms": 1, "times": 3, "on": "GET" }, { "fault": "odd_data", "odd": "html" }],
        "chat": [{ "fault": "limited", "retryAfter": 2 }],
    });
    house.faults(&set).await;
    assert_eq!(house.get("/control/faults").await.json(), set);
    let other = json!({ "chat": [] });
    house.faults(&other).await;
    assert_eq!(house.get("/control/faults").await.json(), other);
}

#[tokio::test]
async fn a_switch_with_a_mistake_is_refused_and_leaves_the_others_as_they_were() {
    let house = House::new().await;
    let set = json!({ "chat": [{ "fault": "down" }] });
    house.faults(&set).await;
    for wrong in [
        json!({ "chats": [{ "fault": "down" }] }),
        json!({ "chat": [{ "fault": "dwn" }] }),
        json!({ "chat": [{ "fault": "down", "time": 1 }] }),
        json!({ "chat": [{ "fault": "down", "times": -1 }] }),
        json!({ "chat": [{ "fault": "odd_data", "odd": "strange" }] }),
        json!({ "chat": [{ "times": 1 }] }),
        json!({ "chat": { "fault": "down" } }),
        json!([]),
    ] {
        let reply = house.ask("PUT /control/faults", &wrong).await;
        assert_eq!(reply.status, 422, "{wrong}: {reply:?}");
        assert!(!reply.message().is_empty(), "{wrong}");
        assert_eq!(house.get("/control/faults").await.json(), set, "{wrong}");
    }
    assert_eq!(house.ask("PUT /control/faults", &Value::Null).await.status, 400);
}
