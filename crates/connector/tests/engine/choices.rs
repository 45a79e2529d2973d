//! What a tool lists for a setting.

use patchbay_model::Code;
use serde_json::{Value, json};

use crate::bench::{bench_with, descriptor, ok, page_of};

/// The usual tool, with settings that it lists values for.
fn with_lists() -> Value {
    let mut document = descriptor();
    let items =
        json!({"operation": "all", "value": "$.id", "label": "$.name", "fills": {"room": "$.room.name"}});
    document["configFields"] = json!([
        {"key": "item", "label": "Item", "required": true, "choices": items},
        {"key": "shelf", "label": "Shelf", "choices": {"operation": "shelves", "value": "$.id"}},
        {"key": "room", "label": "Room"}]);
    let shelves = json!({"id": "shelves", "title": "Shelves", "verb": "list", "entity": "shelf",
        "request": {"path": "/rooms/{{config.room}}/shelves"}, "params": {"type": "object"}, "resultPath": "$[*]"});
    document["operations"].as_array_mut().unwrap().push(shelves);
    document
}

#[tokio::test]
async fn every_page_of_a_list_is_offered_once_and_in_its_order() {
    let b = bench_with(with_lists(), |seen, _| ok(&page_of(seen, 5))).await;
    let offered = b.engine.choices(&b.target, "item").await.unwrap();
    let labels: Vec<_> = offered.choices.iter().map(|one| (one.value.as_str(), one.label.as_str())).collect();
    assert_eq!(labels, [("1", "n1"), ("2", "n2"), ("3", "n3"), ("4", "n4"), ("5", "n5")]);
    assert!(!offered.more);
}

#[tokio::test]
async fn odd_values_are_left_out_and_odd_names_are_one_line() {
    let b = bench_with(with_lists(), |seen, _| match seen.query.get("page").map(String::as_str) {
        None | Some("1") => ok(&json!([
            {"id": "a", "name": "two\nlines\u{202e}"}, {"id": "a", "name": "again"}, {"id": "", "name": "empty"},
            {"name": "none"}, {"id": {"x": 1}, "name": "shape"}, {"id": 7, "name": null, "room": {"name": "attic"}},
            {"id": 7, "name": "again", "room": {"name": "cellar"}}, {"id": 7, "room": {"name": "cellar"}}])),
        Some(_) => ok(&json!([])),
    })
    .await;
    let offered = b.engine.choices(&b.target, "item").await.unwrap();
    let all = offered.choices.iter();
    let labels: Vec<_> =
        all.map(|one| (one.value.as_str(), one.label.as_str(), one.fills.get("room"))).collect();
    let (attic, cellar) = ("attic".to_owned(), "cellar".to_owned());
    let want = [("a", "two lines", None), ("7", "7", Some(&attic)), ("7", "again", Some(&cellar))];
    assert_eq!(labels, want, "the same name in another room is another choice");
}

#[tokio::test]
async fn a_list_without_end_is_cut_and_says_so() {
    let b = bench_with(with_lists(), |seen, _| ok(&page_of(seen, 1_000_000))).await;
    let offered = b.engine.choices(&b.target, "item").await.unwrap();
    assert!(offered.more);
    assert_eq!((offered.choices.len(), b.lines().len()), (40, 20), "two of a page, twenty pages");
}

#[tokio::test]
async fn what_the_tool_read_until_it_failed_is_offered() {
    let b = bench_with(with_lists(), |seen, _| match seen.query.get("page").map(String::as_str) {
        None | Some("1") => ok(&page_of(seen, 5)),
        Some(_) => (404, vec![], "{}".into()),
    })
    .await;
    let offered = b.engine.choices(&b.target, "item").await.unwrap();
    assert_eq!((offered.choices.len(), offered.more), (2, true));
}

#[tokio::test]
async fn why_there_is_no_list_is_said() {
    let b = bench_with(with_lists(), |_, _| (403, vec![], "{}".into())).await;
    assert_eq!(b.engine.choices(&b.target, "item").await.unwrap_err().code(), Code::PermissionDenied);
    let sent = b.lines().len();
    let none = b.engine.choices(&b.target, "room").await.unwrap_err();
    assert_eq!((none.code(), none.param("field")), (Code::InputInvalid, Some("\"room\"")));
    let early = b.engine.choices(&b.target, "shelf").await.unwrap_err();
    assert_eq!((early.code(), early.param("field")), (Code::InputInvalid, Some("\"Room\"")));
    assert_eq!(b.lines().len(), sent, "nothing is asked in vain");
}
