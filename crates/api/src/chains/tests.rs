//! Saving a chain over another version.

use serde_json::{Value, json};

use crate::commands::dispatch;
use crate::workspace::tests::sandboxed;

#[tokio::test]
async fn a_chain_that_was_changed_elsewhere_is_not_overwritten_unless_that_is_wanted() {
    let (_dir, _clock, hub) = sandboxed().await;
    let save = async |request: Value| dispatch(&hub, "default", "chain_save", request).await;
    let document = |seconds: u32| {
        let policy = json!({});
        json!({"schema": 1, "name": "Wait", "steps": [{"id": "wait", "logic": {"type": "wait", "seconds": seconds}, "policy": policy}]})
    };
    let id = save(json!({"chain": document(1)})).await.unwrap()["id"].clone();
    let second = save(json!({"id": id, "chain": document(2), "base": 1})).await.unwrap();
    assert_eq!(second["version"], 2);
    let problem = save(json!({"id": id, "chain": document(3), "base": 1})).await.unwrap_err();
    let problem = serde_json::to_value(&problem).unwrap();
    assert_eq!(
        (&problem["code"], &problem["subject"]["kind"]),
        (&json!("CONFLICT"), &json!("chain")),
        "{problem}"
    );
    let same = save(json!({"id": id, "chain": document(2), "base": 1})).await.unwrap();
    assert_eq!(same["version"], 2, "who wants the same is not asked");
    let kept = dispatch(&hub, "default", "chain_export", json!({"chain": id})).await.unwrap();
    assert_eq!(kept["chain"]["steps"][0]["logic"]["seconds"], 2, "nothing was overwritten");
    let over = save(json!({"id": id, "chain": document(3)})).await.unwrap();
    assert_eq!(over["version"], 3, "without a base it is wanted");
    let (mine, theirs) = tokio::join!(
        save(json!({"id": id, "chain": document(4), "base": 3})),
        save(json!({"id": id, "chain": document(5), "base": 3})),
    );
    let saved = [mine, theirs].into_iter().flatten().count();
    assert_eq!(saved, 1, "of two that save at once one is told of the other");
    hub.shut_down().await;
}
