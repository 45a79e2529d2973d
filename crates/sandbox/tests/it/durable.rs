//! What outlives the process. `stop` is not needed for it: a copy of the folder, taken while the
//! sandbox runs, is what a kill would leave.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use patchbay_model::problem::{Code, Problem};
use patchbay_sandbox::SandboxError;
use serde_json::{Value, json};

use crate::house::{House, Reply, try_start};

/// One effect of each kind.
async fn act(house: &House) -> Vec<Reply> {
    let text = json!({ "text": "Hé" });
    let mut replies = Vec::new();
    for (line, body) in [
        ("POST /tracker/issues", json!({ "title": "Paper jam" })),
        ("PATCH /tracker/issues/1", json!({ "state": "closed", "priority": "low", "labels": [] })),
        ("POST /tracker/issues/1/comments", json!({ "body": "Seen." })),
        ("POST /tracker/issues/1/comments", json!({ "body": "Gone." })),
        ("DELETE /tracker/comments/1001", Value::Null),
        ("POST /chat/channels/lunch/messages", text.clone()),
        ("POST /chat/channels/lunch/announcements", text),
        ("DELETE /chat/messages/1002", Value::Null),
    ] {
        let reply = house.ask(line, &body).await;
        assert!((200..300).contains(&reply.status), "{line}: {reply:?}");
        replies.push(reply);
    }
    replies.push(house.send("Keyed", Some("key-1")).await);
    replies
}

/// Everything that can be seen of a world.
async fn seen(house: &House) -> Value {
    let counters = house.counters().await;
    json!({
        "issues": house.get("/tracker/issues?per_page=100").await.json(),
        "comments": house.get("/tracker/issues/1/comments").await.json(),
        "lunch": house.get("/chat/channels/lunch/messages").await.json(),
        "general": house.get("/chat/channels/general/messages").await.json(),
        "effects": counters["effects"],
        "byContent": counters["byContent"],
    })
}

fn copy(from: &Path, to: &Path) {
    for file in ["effects.jsonl", "keys.json"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

#[tokio::test]
async fn every_answered_effect_outlives_a_kill() {
    let (state, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let house = House::with_state(state.path()).await;
    let last = act(&house).await.pop().unwrap();
    copy(state.path(), left.path());
    let again = House::with_state(left.path()).await;
    assert_eq!(seen(&again).await, seen(&house).await);
    assert_eq!(again.counters().await["effects"].as_object().unwrap().len(), 7, "one of each kind");
    assert_eq!(again.access().tracker_token, house.access().tracker_token);
    assert_eq!(again.access().chat_key, house.access().chat_key);
    let replay = again.send("Keyed", Some("key-1")).await;
    assert_eq!((replay.status, replay.json()), (200, last.json()), "idempotency keys are kept too");
    let new = again.send("New", None).await.json();
    assert!(new["id"].as_u64() > last.json()["id"].as_u64(), "no id is given out twice");
}

#[tokio::test]
async fn an_effect_is_on_disk_when_its_answer_comes() {
    let state = tempfile::tempdir().unwrap();
    let house = House::with_state(state.path()).await;
    let lines = || fs::read_to_string(state.path().join("effects.jsonl")).unwrap().lines().count();
    for count in 1..=5 {
        house.send(&format!("Message {count}"), None).await;
        assert_eq!(lines(), count);
    }
    house.send("Message 1", Some("key-1")).await;
    house.send("Message 1", Some("key-1")).await;
    assert_eq!(lines(), 6, "a repeat is no effect");
}

#[tokio::test]
async fn a_log_cut_at_any_byte_keeps_every_whole_line() {
    let (state, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let house = House::with_state(state.path()).await;
    act(&house).await;
    let whole = fs::read(state.path().join("effects.jsonl")).unwrap();
    copy(state.path(), left.path());
    let lines_of = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count() - 1;
    let lines = lines_of(&whole);
    assert_eq!(lines, 9);
    // The last two lines, byte by byte: within names, numbers and the two bytes of a letter.
    let begin = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(lines - 3).unwrap().0;
    for end in begin..whole.len() {
        fs::write(left.path().join("effects.jsonl"), &whole[..end]).unwrap();
        let expected = lines_of(&whole[..end]);
        let again = House::with_state(left.path()).await;
        let effects =
            again.counters().await["effects"].as_object().unwrap().values().cloned().collect::<Vec<_>>();
        let total: u64 = effects.iter().filter_map(Value::as_u64).sum();
        assert_eq!(total, expected as u64, "cut at byte {end}");
        again.send("After", None).await;
        again.stop().await;
        let text = fs::read_to_string(left.path().join("effects.jsonl")).unwrap();
        assert_eq!(text.lines().count(), expected + 1, "cut at byte {end}: the next line is whole");
        assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "cut at byte {end}");
    }
}

#[tokio::test]
async fn a_damaged_log_stops_the_start_with_a_reason() {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("effects.jsonl"), "{\"effect\":\"message_del\n{}\n").unwrap();
    let Err(error) = try_start(Some(state.path())).await else { panic!("it started with half of its effects") };
    assert!(matches!(error, SandboxError::State(_)), "{error:?}");
    assert!(error.to_string().contains("state cannot be read"), "{error}");
}

#[tokio::test]
async fn state_is_readable_by_its_user_only() {
    let parent = tempfile::tempdir().unwrap();
    let state = parent.path().join("state");
    let house = House::with_state(&state).await;
    house.send("Hello", None).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for file in ["effects.jsonl", "keys.json", "oauth.json"] {
        assert_eq!(mode(&state.join(file)), 0o600, "{file}");
    }
    let names: Vec<_> = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "nothing else is left there: {names:?}");
}

#[tokio::test]
async fn a_folder_is_let_go_of_when_the_sandbox_stops() {
    let state = tempfile::tempdir().unwrap();
    let first = House::with_state(state.path()).await;
    let (token, waiting) = (first.access().tracker_token, try_start(Some(state.path())));
    let (second, ()) = tokio::join!(waiting, first.stop());
    assert_eq!(second.unwrap().access().tracker_token, token, "the keys are the same");
}

#[test]
fn a_folder_that_stays_taken_is_named_as_in_use() {
    assert_eq!(Problem::from(SandboxError::InUse).code(), Code::InUse);
}

#[tokio::test]
async fn without_a_folder_nothing_is_kept() {
    let first = House::new().await;
    first.send("Hello", None).await;
    first.stop().await;
    assert_eq!(House::new().await.counters().await["effects"], json!({}));
}
