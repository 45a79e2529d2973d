//! Sandbox Tracker: each endpoint, and what it refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{House, NOON};

#[tokio::test]
async fn the_token_belongs_to_someone() {
    let house = House::new().await;
    let me = house.get("/tracker/me").await;
    assert_eq!(me.status, 200);
    assert_eq!(me.json()["login"], "amira");
    assert_eq!(me.json()["email"], "amira@example.test");
    assert!(me.json()["id"].is_number());
}

#[tokio::test]
async fn every_issue_has_what_a_person_and_the_matcher_need() {
    let house = House::new().await;
    let issues = house.get("/tracker/issues?per_page=100").await.json();
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), 8);
    for issue in issues {
        for member in ["title", "body", "state", "priority", "url", "created_at", "updated_at"] {
            assert!(issue[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {issue}");
        }
        assert!(issue["labels"].as_array().is_some_and(|labels| !labels.is_empty()), "{issue}");
        assert!(issue["author"]["email"].as_str().unwrap().ends_with("@example.test"), "{issue}");
    }
}

#[tokio::test]
async fn following_the_links_reads_every_issue_once() {
    let house = House::new().await;
    let mut path = "/tracker/issues?per_page=3&state=all".to_owned();
    let (mut numbers, mut pages) = (Vec::new(), 0);
    loop {
        let page = house.get(&path).await;
        assert_eq!(page.status, 200);
        pages += 1;
        numbers.extend(page.json().as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()));
        let Some(link) = page.header("link") else { break };
        let (address, rel) = link.split_once("; ").unwrap();
        assert_eq!(rel, "rel=\"next\"");
        let base = house.access().tracker_url;
        let rest = address.trim_matches(['<', '>']).strip_prefix(&base).unwrap();
        path = format!("/tracker{rest}");
    }
    assert_eq!(pages, 3);
    assert_eq!(numbers.len(), 8);
    assert_eq!(BTreeSet::from_iter(numbers).len(), 8, "no issue twice");
}

#[tokio::test]
async fn a_list_holds_what_was_asked_for() {
    let house = House::new().await;
    let all = house.get("/tracker/issues?per_page=100").await.json();
    let third = all[2]["updated_at"].as_str().unwrap();
    for (query, expected) in [
        ("state=open".to_owned(), 7),
        ("state=closed".to_owned(), 1),
        ("state=all".to_owned(), 8),
        (format!("since={third}"), 6),
        (format!("since={third}&state=closed"), 1),
        (format!("since={NOON}"), 0),
        ("page=99".to_owned(), 0),
    ] {
        let found = house.get(&format!("/tracker/issues?per_page=100&{query}")).await.json();
        assert_eq!(found.as_array().unwrap().len(), expected, "{query}: {found}");
    }
}

#[tokio::test]
async fn a_filter_is_kept_from_page_to_page() {
    let house = House::new().await;
    let page = house.get("/tracker/issues?per_page=2&state=open&since=2026-09-21T00:00:00Z").await;
    let link = page.header("link").unwrap();
    for part in ["state=open", "since=2026-09-21T00:00:00Z", "page=2", "per_page=2"] {
        assert!(link.contains(part), "{part}: {link}");
    }
}

#[tokio::test]
async fn a_new_issue_is_found_again_by_its_title_and_each_post_makes_one() {
    let house = House::new().await;
    let new = json!({ "title": "Paper jam", "body": "Tray 2", "labels": ["printer"] });
    let first = house.ask("POST /tracker/issues", &new).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.json()["number"], 9);
    assert_eq!(first.json()["created_at"], NOON);
    assert_eq!(house.ask("POST /tracker/issues", &new).await.json()["number"], 10);
    let shown = house.get("/tracker/issues/9").await.json();
    assert_eq!(shown, first.json());
    let since = house.get(&format!("/tracker/issues?since={NOON}")).await.json();
    let titles: Vec<_> = since.as_array().unwrap().iter().map(|issue| &issue["title"]).collect();
    assert_eq!(titles, ["Paper jam", "Paper jam"]);
    assert_eq!(house.counters().await["byContent"]["issue_created:Paper jam"], 2);
}

#[tokio::test]
async fn a_change_sets_what_it_names_and_moves_the_issue_to_the_newest() {
    let house = House::new().await;
    let before = house.get("/tracker/issues/2").await.json();
    house.clock.advance(Duration::from_secs(60));
    let changed = house.ask("PATCH /tracker/issues/2", &json!({ "state": "closed", "labels": ["done"] })).await;
    assert_eq!(changed.status, 200);
    let after = house.get("/tracker/issues/2").await.json();
    assert_eq!(changed.json(), after);
    assert_eq!(after["state"], "closed");
    assert_eq!(after["labels"], json!(["done"]));
    assert_eq!(after["title"], before["title"], "what is not named stays");
    assert_eq!(after["updated_at"], "2026-11-20T12:01:00Z");
    let newest = house.get("/tracker/issues?per_page=100").await.json();
    assert_eq!(newest[7]["number"], 2);
    assert_eq!(house.counters().await["byContent"]["issue_changed:2:closed"], 1);
}

#[tokio::test]
async fn comments_are_added_listed_and_taken_back() {
    let house = House::new().await;
    let comment = json!({ "body": "Seen." });
    let first = house.ask("POST /tracker/issues/1/comments", &comment).await;
    assert_eq!(first.status, 201);
    let second = house.ask("POST /tracker/issues/1/comments", &comment).await;
    assert_ne!(first.json()["id"], second.json()["id"], "each post makes one");
    let id = &first.json()["id"];
    assert_eq!(house.ask(&format!("DELETE /tracker/comments/{id}"), &Value::Null).await.status, 204);
    assert_eq!(house.get("/tracker/issues/1/comments").await.json(), json!([second.json()]));
    assert_eq!(house.get("/tracker/issues/2/comments").await.json(), json!([]));
    assert_eq!(house.effects("comment_added").await, 2);
    assert_eq!(house.effects("comment_deleted").await, 1);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_words_and_changes_nothing() {
    let house = House::new().await;
    let none = Value::Null;
    for (line, body, status) in [
        ("GET /tracker/issues/99", none.clone(), 404),
        ("GET /tracker/issues/99/comments", none.clone(), 404),
        ("GET /tracker/issues/one", none.clone(), 400),
        ("GET /tracker/issues?since=yesterday", none.clone(), 400),
        ("GET /tracker/issues?state=lost", none.clone(), 422),
        ("GET /tracker/nothing", none.clone(), 404),
        ("DELETE /tracker/issues", none.clone(), 405),
        ("POST /tracker/issues", json!({ "title": " " }), 422),
        ("POST /tracker/issues", json!({ "body": "no title" }), 422),
        ("POST /tracker/issues", none.clone(), 400),
        ("PATCH /tracker/issues/99", json!({ "state": "closed" }), 404),
        ("PATCH /tracker/issues/1", json!({}), 422),
        ("PATCH /tracker/issues/1", json!({ "state": "lost" }), 422),
        ("PATCH /tracker/issues/1", json!({ "priority": "huge" }), 422),
        ("PATCH /tracker/issues/1", json!({ "title": "" }), 422),
        ("PATCH /tracker/issues/1", json!({ "state": "closed", "titel": "Paper jam" }), 422),
        ("POST /tracker/issues/99/comments", json!({ "body": "Seen." }), 404),
        ("POST /tracker/issues/1/comments", json!({ "body": "" }), 422),
        ("DELETE /tracker/comments/99", none.clone(), 404),
    ] {
        let reply = house.ask(line, &body).await;
        assert_eq!(reply.status, status, "{line} {body}: {reply:?}");
        assert!(!reply.message().is_empty(), "{line} {body}");
    }
    assert_eq!(house.counters().await["effects"], json!({}));
}
