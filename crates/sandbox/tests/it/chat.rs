//! Sandbox Chat: each endpoint, and what it refuses.

use serde_json::{Value, json};

use crate::house::{House, NOON};

#[tokio::test]
async fn the_key_belongs_to_a_bot() {
    let house = House::new().await;
    assert_eq!(house.get("/chat/me").await.json()["id"], "bot-1");
}

/// Reads a list to its end by its cursors.
async fn read(house: &House, path: &str, member: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = house.get(&format!("{path}{cursor}")).await.json();
        pages += 1;
        items.extend(page[member].as_array().unwrap().iter().cloned());
        match &page["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            Value::Null => return (items, pages),
            other => panic!("a cursor is text or null: {other}"),
        }
    }
}

#[tokio::test]
async fn channels_come_page_by_page() {
    let house = House::new().await;
    let (channels, pages) = read(&house, "/chat/channels?limit=3", "channels").await;
    let names: Vec<_> = channels.iter().map(|channel| channel["id"].as_str().unwrap()).collect();
    assert_eq!((names, pages), (vec!["general", "support", "builds", "lunch"], 2));
}

#[tokio::test]
async fn messages_are_sent_listed_and_taken_back() {
    let house = House::new().await;
    for number in 1..=5 {
        let sent = house.send(&format!("Message {number}"), None).await;
        assert_eq!(sent.status, 201);
        assert_eq!(sent.json()["sent_at"], NOON);
    }
    let (messages, pages) = read(&house, "/chat/channels/general/messages?limit=2", "messages").await;
    assert_eq!((messages.len(), pages), (5, 3));
    let id = &messages[0]["id"];
    assert_eq!(house.ask(&format!("DELETE /chat/messages/{id}"), &Value::Null).await.status, 204);
    assert_eq!(house.ask(&format!("DELETE /chat/messages/{id}"), &Value::Null).await.status, 404);
    let (rest, _) = read(&house, "/chat/channels/general/messages?limit=2", "messages").await;
    assert_eq!(rest, messages[1..]);
    let (elsewhere, _) = read(&house, "/chat/channels/lunch/messages?limit=2", "messages").await;
    assert!(elsewhere.is_empty(), "a message is in its own channel only");
    assert_eq!(house.effects("message_deleted").await, 1, "what was gone already is not taken back again");
}

#[tokio::test]
async fn a_repeated_key_gives_the_first_message_and_is_counted_once() {
    let house = House::new().await;
    let first = house.send("Hello", Some("key-1")).await;
    assert_eq!(first.status, 201);
    for _ in 0..3 {
        let again = house.send("Hello", Some("key-1")).await;
        assert_eq!((again.status, again.json()), (200, first.json()));
    }
    assert_ne!(house.send("Hello", Some("key-2")).await.json()["id"], first.json()["id"]);
    assert_ne!(house.send("Hello", None).await.json()["id"], first.json()["id"]);
    let counters = house.counters().await;
    assert_eq!(counters["effects"]["message_sent"], 3);
    assert_eq!(counters["byContent"]["message_sent:general:Hello"], 3);
    assert_eq!(counters["replays"], 3);
    assert_eq!(counters["replaysByContent"]["message_sent:general:Hello"], 3);
}

#[tokio::test]
async fn a_key_outlives_the_message_it_made() {
    let house = House::new().await;
    let first = house.send("Hello", Some("key-1")).await.json();
    house.ask(&format!("DELETE /chat/messages/{}", first["id"]), &Value::Null).await;
    let late = house.send("Hello", Some("key-1")).await;
    assert_eq!((late.status, late.json()), (200, first), "a late repeat does not bring it back");
    assert_eq!(house.effects("message_sent").await, 1);
    assert_eq!(house.get("/chat/channels/general/messages").await.json()["messages"], json!([]));
}

#[tokio::test]
async fn a_key_of_another_message_is_refused() {
    let house = House::new().await;
    house.send("Hello", Some("key-1")).await;
    let other = house.send("Goodbye", Some("key-1")).await;
    assert_eq!(other.status, 422);
    assert_eq!(other.message(), "This key was used for another message");
    assert_eq!(house.counters().await["replays"], 0);
    assert_eq!(house.effects("message_sent").await, 1);
}

#[tokio::test]
async fn an_announcement_acts_anew_whatever_key_it_carries() {
    let house = House::new().await;
    let body = json!({ "text": "We moved" });
    for _ in 0..2 {
        let key = [("Idempotency-Key", "key-1")];
        let reply = house.ask_with("POST /chat/channels/general/announcements", &key, &body).await;
        assert_eq!((reply.status, &reply.json()["announcement"]), (201, &json!(true)));
    }
    let counters = house.counters().await;
    assert_eq!(counters["byContent"]["announcement_sent:general:We moved"], 2);
    assert_eq!(counters["effects"].get("message_sent"), None, "it is counted as what it is");
    assert_eq!(counters["replays"], 0);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_words_and_changes_nothing() {
    let house = House::new().await;
    let text = json!({ "text": "Hello" });
    for (line, body, status) in [
        ("GET /chat/channels/nowhere/messages", Value::Null, 404),
        ("GET /chat/channels?cursor=first", Value::Null, 400),
        ("GET /chat/nothing", Value::Null, 404),
        ("PUT /chat/channels", Value::Null, 405),
        ("POST /chat/channels/nowhere/messages", text.clone(), 404),
        ("POST /chat/channels/nowhere/announcements", text.clone(), 404),
        ("POST /chat/channels/general/messages", json!({ "text": "" }), 422),
        ("POST /chat/channels/general/messages", json!({ "text": 1 }), 422),
        ("POST /chat/channels/general/announcements", json!({}), 422),
        ("DELETE /chat/messages/99", Value::Null, 404),
    ] {
        let reply = house.ask(line, &body).await;
        assert_eq!(reply.status, status, "{line} {body}: {reply:?}");
        assert!(!reply.message().is_empty(), "{line} {body}");
    }
    assert_eq!(house.counters().await["effects"], json!({}));
}
