//! Addresses of steps that wait: who may call them, what is kept of it.

use patchbay_auth::webhook::AddressKey;
use patchbay_model::{Chain, EventKind, Fact, Run, RunId, RunState, StepId};

use super::*;

async fn waiting(world: &World) -> Run {
    let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "c", "steps": [
        {"id": "answer", "logic": {"type": "delivery"}}, {"id": "other", "logic": {"type": "map"}}]}))
    .unwrap();
    let run = Run {
        id: RunId::generate(),
        chain_id: "chain".into(),
        chain_version: 1,
        chain_hash: String::new(),
        snapshot: chain,
        input: Value::Null,
        dry_run: false,
        state: RunState::Queued,
        boot: None,
        origin: patchbay_model::RunOrigin::default(),
        created_at: world.clock.now(),
        finished_at: None,
    };
    world.site.store.run_insert(&run).await.unwrap();
    world.gateway.refresh("default").await.unwrap();
    run
}

fn path(world: &World, run: &Run, step: &str, item: u32) -> String {
    let key = AddressKey::of("key");
    let address = world.gateway.step_address(&key, &run.id, &StepId::from(step), item).unwrap();
    address.path().to_owned()
}

fn call(world: &World, path: &str, media: &str, body: &str) -> Call {
    Call {
        method: "POST",
        path: path.to_owned(),
        headers: vec![
            ("Host".into(), format!("127.0.0.1:{}", world.port())),
            ("Content-Type".into(), media.into()),
        ],
        body: body.as_bytes().to_vec(),
    }
}

#[tokio::test]
async fn only_the_address_itself_takes_an_answer_and_what_it_brought_is_kept_once() {
    let world = world(usual()).await;
    world.site.store.webhook_enable(&world.connection, false).await.unwrap();
    world.gateway.refresh("default").await.unwrap();
    assert!(world.gateway.state().listening.is_none());
    let run = waiting(&world).await;
    assert!(world.gateway.state().listening.is_some(), "it listens for the run");
    let good = path(&world, &run, "answer", 3);
    let json = |path: &str, body: &str| call(&world, path, "application/json", body);

    let other_item = good.replace("/answer/3/", "/answer/4/");
    let written_otherwise = good.replace("/answer/3/", "/answer/03/");
    let (shorter, _) = good.split_at(good.len() - 1);
    for wrong in [other_item.as_str(), &written_otherwise, shorter, "/answers/", &format!("{good}/more")] {
        assert_eq!(world.status(&json(wrong, "{}")).await, 404, "{wrong}");
    }
    assert_eq!(world.status(&json(&path(&world, &run, "other", 0), "{}")).await, 404, "it does not wait");
    assert_eq!(world.status(&Call { method: "GET", ..json(&good, "") }).await, 405);
    assert_eq!(world.status(&call(&world, &good, "text/html", "<p>")).await, 415);
    assert_eq!(world.status(&json(&good, "{")).await, 400);
    assert_eq!(world.status(&json(&good, &"x".repeat(300 * 1024))).await, 413);
    let mut from_page = json(&good, "{}");
    from_page.headers.push(("Origin".into(), "https://page.example".into()));
    assert_eq!(world.status(&from_page).await, 403);
    let kept = async || {
        let store = &world.site.store;
        store.deliveries(&run.id, EventKind::Answer, run.id.as_str(), 0, 10).await.unwrap()
    };
    assert_eq!(kept().await.len(), 0, "refused calls leave nothing");

    let body = r#"{"approved": true}"#;
    for _ in 0..2 {
        assert_eq!(world.status(&json(&good, body)).await, 200);
    }
    assert_eq!(world.status(&call(&world, &good, "application/x-www-form-urlencoded", "a=b+c&a=d")).await, 200);
    let kept = kept().await;
    assert_eq!(kept.len(), 2, "the same twice is once");
    assert_eq!(kept[0].event.payload["body"], json!({"approved": true}));
    assert_eq!(kept[0].event.payload["item"], 3);
    assert_eq!(kept[1].event.payload["body"], json!({"a": "b c"}));

    let facts = vec![Fact::Finished { state: RunState::Stopped }];
    world.site.store.journal_append(&run.id, facts, RunState::Stopped).await.unwrap();
    assert_eq!(world.status(&json(&good, r#"{"late": 1}"#)).await, 404, "the run has ended");
    world.gateway.refresh("default").await.unwrap();
    assert!(world.gateway.state().listening.is_none(), "nobody is listened for any more");
}
