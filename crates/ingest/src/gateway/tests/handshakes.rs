//! What tools ask before they send.

use std::time::Duration;

use super::*;

fn greeting(verify: &Value, secret: &str, handshake: &Value) -> Value {
    json!({
        "verify": verify, "secret": {"source": secret}, "handshakes": [handshake],
        "events": [{"stream": "rows", "itemsPath": "$.row"}],
    })
}

fn hmac() -> Value {
    json!({"mode": "hmac", "header": "X-Sig"})
}

#[tokio::test]
async fn a_challenge_in_the_body_is_given_back_where_it_is_signed() {
    let shape = json!({"when": {"path": "$.type", "operator": "equals", "value": "url_verification"},
        "signed": true, "value": {"path": "$.challenge"}, "answer": "{{value}}"});
    let w = signing(greeting(&hmac(), "entered", &shape)).await;
    let hostile = "<script>{{value}}{{hmac}}</script>";
    let call = w.call(&json!({"type": "url_verification", "challenge": hostile}));
    let answer = w.send(&call).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, hostile), "once, and as text");
    assert!(answer.head.contains("content-type: text/plain") && answer.head.contains("nosniff"));
    assert_eq!(w.status(&call.without("X-Sig")).await, 401);
    assert_eq!((w.kept().await, w.counted("handshake").await), (0, 1));
}

#[tokio::test]
async fn a_token_in_the_query_is_given_back_as_text() {
    let shape = json!({"value": {"query": "validationToken"}, "answer": "{{value}}"});
    let w = signing(greeting(&hmac(), "entered", &shape)).await;
    let mut call = w.call(&json!({})).with("Content-Type", "text/plain").without("X-Sig");
    call.path.push_str("?validationToken=Validation%3A%20Testing%3Cb%3E");
    call.body.clear();
    let answer = w.send(&call).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "Validation: Testing<b>"));
    assert!(answer.head.contains("content-type: text/plain"));
    let mut odd = w.call(&json!({})).without("X-Sig");
    odd.path.push_str("?validationToken=a%0d%0ab");
    assert_eq!(w.status(&odd).await, 401, "control characters are no token");
}

#[tokio::test]
async fn a_keyed_hash_is_made_of_signed_questions_alone() {
    let shape = json!({"when": {"path": "$.event", "operator": "equals", "value": "endpoint.url_validation"},
        "signed": true, "value": {"path": "$.payload.plainToken"},
        "answer": {"plainToken": "{{value}}", "encryptedToken": "{{hmac}}"}});
    let w = signing(greeting(&hmac(), "entered", &shape)).await;
    let question =
        json!({"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}});
    let answer = w.send(&w.call(&question)).await;
    let said: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(said["plainToken"], "qgg8vlvZRS6UYooatFL8Aw");
    let expected = w.scheme.hmac_hex(&Secret::new(SECRET.into()), "qgg8vlvZRS6UYooatFL8Aw").unwrap();
    assert_eq!(said["encryptedToken"], expected.as_str());
    let unsigned = w.send(&w.call(&question).without("X-Sig")).await;
    assert_eq!((unsigned.status, unsigned.body.as_str()), (401, ""), "nobody has us sign what he likes");
}

#[tokio::test]
async fn a_secret_is_captured_once_and_only_while_somebody_waits() {
    let shape = json!({"value": {"header": "X-Hook-Secret"}, "capture": true, "answerHeader": "X-Hook-Secret"});
    let w = world(greeting(&hmac(), "captured", &shape)).await;
    let hello = || w.signed(Vec::new(), "any", w.clock.now()).without("X-Sig").with("X-Hook-Secret", SECRET);
    assert_eq!(w.status(&hello()).await, 401, "nobody waits");
    let until = w.clock.now() + Duration::from_secs(600);
    w.site.store.webhook_capture(&w.connection, Some(until)).await.unwrap();
    let answer = w.send(&hello()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains(&format!("x-hook-secret: {SECRET}")), "{}", answer.head);
    let evil = w.signed(Vec::new(), "any", w.clock.now()).without("X-Sig").with("X-Hook-Secret", "evil");
    assert_eq!(w.status(&evil).await, 401, "the first one counts");
    assert_eq!(w.status(&w.call(&row(1))).await, 200, "what it signs is taken");
    assert_eq!(w.status(&w.signed(row(2).to_string().into_bytes(), "evil", w.clock.now())).await, 401);

    w.site.store.webhook_capture(&w.connection, Some(until)).await.unwrap();
    w.clock.advance(Duration::from_secs(601));
    assert_eq!(w.status(&evil).await, 401, "too late");
    assert_eq!(w.kept().await, 1);
}

#[tokio::test]
async fn a_secret_in_the_body_is_captured_too() {
    let shape = json!({"value": {"path": "$.verification_token"}, "capture": true});
    let w =
        world(greeting(&json!({"mode": "hmac", "header": "X-Sig", "prefix": "sha256="}), "captured", &shape))
            .await;
    let until = w.clock.now() + Duration::from_secs(600);
    w.site.store.webhook_capture(&w.connection, Some(until)).await.unwrap();
    let hello = w.call(&json!({"verification_token": SECRET})).without("X-Sig");
    assert_eq!(w.status(&hello).await, 200);
    assert_eq!(w.status(&w.call(&row(1))).await, 200);
    assert_eq!(w.status(&hello).await, 401);
}

#[tokio::test]
async fn head_is_answered_where_the_definition_says_so() {
    let w = signing(greeting(
        &json!({"mode": "hmac", "header": "X-Sig", "algorithm": "sha1", "encoding": "base64",
        "signed": "{{body}}{{url}}"}),
        "entered",
        &json!({"method": "HEAD"}),
    ))
    .await;
    let mut head = w.call(&json!({})).without("X-Sig").without("Content-Type");
    head.method = "HEAD";
    head.body.clear();
    assert_eq!(w.status(&head).await, 200);
    head.method = "GET";
    assert_eq!(w.status(&head).await, 405);
    assert_eq!(w.status(&w.call(&row(1))).await, 200);
}
