//! What comes of deliveries.

use patchbay_store::{Came, DeliveryState, EndedJob, JobEnd, JobFilter, PageCommit};

use super::*;

#[tokio::test]
async fn an_item_that_is_also_read_is_one_signal_and_starts_one_chain() {
    let w = signing(usual()).await;
    chains_wait(&w).await;
    w.status(&w.call(&row(7)).with("X-Delivery", "a")).await;
    let seen = w.settled().await;
    assert_eq!((seen.len(), seen[0].state), (1, DeliveryState::Done));
    let signal = w.site.store.signal_list(None, 10).await.unwrap().remove(0);
    assert_eq!((signal.stream.as_str(), signal.external_id.as_str()), ("rows", "7"));
    assert_eq!(signal.raw, row(7)["row"], "as it was sent");
    let again = PageCommit {
        connection: &w.connection,
        stream: "rows",
        signals: std::slice::from_ref(&signal),
        quarantined: &[],
        checkpoint: None,
        call: None,
        came: Came::Asked,
    };
    assert_eq!(w.site.store.page_commit(again).await.unwrap().new, 0, "a poll brings it once more");
    // The same version of the item in another delivery.
    w.status(&w.call(&row(7)).with("X-Delivery", "b")).await;
    w.settled().await;
    assert_eq!(w.site.store.signal_count(&w.connection).await.unwrap(), 1);
    let events = w.site.store.triggers_open(10).await.unwrap();
    let of = |kind: &str| events.iter().filter(|one| one.event.kind == kind).collect::<Vec<_>>();
    assert_eq!(of("signal").len(), 1, "{events:?}");
    assert_eq!(of("signal")[0].event.payload["raw"], row(7)["row"]);
    let deliveries = of("webhook");
    assert_eq!(deliveries.len(), 2, "a chain that waits for deliveries sees each");
    assert_eq!((&deliveries[0].event.payload["body"], deliveries[0].event.key.as_str()), (&row(7), "id:a"));
}

/// Chains that are on: one waits for signals, one for deliveries.
async fn chains_wait(w: &World) {
    let connection = w.site.store.connection(&w.connection).await.unwrap().unwrap().name;
    for kind in ["signal", "webhook"] {
        let chain = json!({"schema": 1, "name": kind, "trigger": {"type": kind, "connection": connection}, "steps": []});
        let chain: patchbay_model::Chain = serde_json::from_value(chain).unwrap();
        let version = w.site.store.chain_save(None, &chain, kind).await.unwrap();
        w.site.store.chain_publish(&version).await.unwrap();
        w.site.store.chain_switch(&version.id, true).await.unwrap();
    }
}

#[tokio::test]
async fn what_no_rule_is_about_is_kept_as_ignored_and_what_does_not_fit_is_put_aside() {
    let w = signing(usual()).await;
    w.status(&w.call(&json!({"type": "sheet.renamed"}))).await;
    w.status(&w.call(&json!({"type": "row.added", "row": {"id": 1, "name": "No time"}}))).await;
    let seen = w.settled().await;
    let states: Vec<_> = seen.iter().rev().map(|one| one.state).collect();
    assert_eq!(states, [DeliveryState::Ignored, DeliveryState::Done]);
    assert_eq!(seen[0].result.as_ref().unwrap()["quarantined"], 1);
    assert_eq!(w.site.store.signal_count(&w.connection).await.unwrap(), 0);
}

#[tokio::test]
async fn text_that_misleads_is_taken_out_of_what_people_read_and_stays_in_the_raw_item() {
    let w = signing(usual()).await;
    let hostile = "a\u{202e}gpj.exe\u{1b}[31m\u{0}";
    let body = json!({"type": "row.deleted", "row": {"id": 1, "name": hostile, "at": "2026-11-20T11:59:00Z",
        "tags": [hostile], "link": format!("https://x.example/{hostile}")}});
    assert_eq!(w.status(&w.call(&body)).await, 200);
    w.settled().await;
    let signal = w.site.store.signal_list(None, 10).await.unwrap().remove(0);
    assert_eq!(signal.summary, "agpj.exe[31m");
    assert_eq!(signal.tags, ["agpj.exe[31m"]);
    assert_eq!(signal.url, None, "an address that is not what it seems is none");
    assert_eq!(signal.signal_type, "row_deleted", "by the kind of the event");
    assert_eq!(signal.raw["name"], hostile);
}

#[tokio::test]
async fn what_was_kept_before_a_kill_is_mapped_by_the_next_start() {
    let w = signing(usual()).await;
    // A delivery that is durable, and nobody came to map it.
    w.gateway.close("default").await;
    let delivery = patchbay_store::NewDelivery {
        connection: w.connection.clone(),
        delivery: "id:left".into(),
        received_at: w.clock.now(),
        headers: json!({}),
        content_type: "application/json".into(),
        body: row(3).to_string().into_bytes(),
    };
    w.site.store.inbox_keep(delivery).await.unwrap();
    w.gateway.open(w.site.clone()).await.unwrap();
    w.settled().await;
    assert_eq!(w.site.store.signal_count(&w.connection).await.unwrap(), 1);
}

#[tokio::test]
async fn a_test_event_comes_in_by_the_door_and_leaves_nothing_behind() {
    let w = signing(usual()).await;
    chains_wait(&w).await;
    let sent = w.gateway.send_test("default", &w.connection).await.unwrap();
    assert_eq!(sent.status, 200);
    let result = sent.result.unwrap();
    assert_eq!((&result["signals"], &result["test"]), (&json!(1), &json!(true)));
    assert_eq!(result["summaries"], json!(["A test"]));
    assert_eq!(w.site.store.signal_count(&w.connection).await.unwrap(), 0);
    assert_eq!(w.site.store.triggers_open(10).await.unwrap(), []);
    // Nobody else can say that his delivery is a test.
    let forged = w.call(&row(1)).with("X-Patchbay-Test", "0123456789abcdef0123456789abcdef");
    assert_eq!(w.status(&forged).await, 200);
    w.settled().await;
    assert_eq!(w.site.store.signal_count(&w.connection).await.unwrap(), 1, "it is a delivery like any other");
    w.set_secret("another one").await;
    assert_eq!(w.gateway.send_test("default", &w.connection).await.unwrap().status, 200);
    w.site.store.webhook_enable(&w.connection, false).await.unwrap();
    w.gateway.refresh("default").await.unwrap();
    let off = w.gateway.send_test("default", &w.connection).await.unwrap_err();
    assert_eq!(off.code(), Code::NotOffered);
}

#[tokio::test]
async fn forms_are_read_as_the_definition_says() {
    let webhook = json!({
        "verify": {"mode": "hmac", "header": "X-Sig", "algorithm": "sha1", "encoding": "base64", "signed": "{{url}}{{sortedForm}}"},
        "contentTypes": ["application/x-www-form-urlencoded"],
        "events": [{"stream": "calls", "mapping": {"itemsPath": "$", "idPath": "$.CallSid", "timestampPath": "$._event.receivedAt",
            "summaryTemplate": "{{ From }}", "signalTypeRules": [], "defaultSignalType": "call"}}],
    });
    let w = signing(webhook).await;
    let form = b"CallSid=CA1&From=%2B1415".to_vec();
    let call =
        w.signed(form.clone(), SECRET, w.clock.now()).with("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(w.status(&call).await, 200);
    assert_eq!(w.status(&w.signed(form, SECRET, w.clock.now())).await, 415, "JSON was not declared");
    w.settled().await;
    let signal = w.site.store.signal_list(None, 10).await.unwrap().remove(0);
    assert_eq!((signal.external_id.as_str(), signal.summary.as_str()), ("CA1", "+1415"));
    assert_eq!(signal.timestamp, w.clock.now());

    let webhook = json!({
        "verify": {"mode": "hmac", "header": "X-Sig"},
        "contentTypes": ["application/json", "application/x-www-form-urlencoded"], "formField": "payload",
        "eventType": {"path": "$.type"},
        "events": [{"types": ["row.added"], "stream": "rows", "itemsPath": "$.row"}],
    });
    let w = signing(webhook).await;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &row(4).to_string())
        .finish();
    let call = w
        .signed(form.into_bytes(), SECRET, w.clock.now())
        .with("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(w.status(&call).await, 200);
    assert_eq!(w.status(&w.call(&row(5))).await, 200);
    w.settled().await;
    assert_eq!(w.site.store.signal_count(&w.connection).await.unwrap(), 2);
}

#[tokio::test]
async fn a_hint_asks_for_one_read_of_its_stream_and_brings_nothing_itself() {
    let mut webhook = usual();
    webhook["events"] = json!([{"types": ["row.*"], "stream": "rows", "hint": true}]);
    let w = signing(webhook).await;
    let (key, store) = (crate::schedule::sync_key(&w.connection, "rows"), &w.site.store);
    let waiting = async || {
        let filter = JobFilter { limit: 10, ..JobFilter::default() };
        store.job_list(filter).await.unwrap().items
    };
    w.status(&w.call(&row(1)).with("X-Delivery", "a")).await;
    w.settled().await;
    assert_eq!(waiting().await.len(), 0, "nothing reads the stream");

    store.schedule_add(&key, w.clock.now() + Duration::from_secs(300)).await.unwrap();
    for delivery in ["b", "c"] {
        assert_eq!(w.status(&w.call(&row(1)).with("X-Delivery", delivery)).await, 200);
    }
    let seen = w.settled().await;
    assert_eq!(seen[0].state, DeliveryState::Done);
    assert_eq!(seen[0].result.as_ref().unwrap()["hint"], true);
    let jobs = waiting().await;
    assert_eq!(jobs.len(), 1, "of several hints one read comes: {jobs:?}");
    assert_eq!(store.signal_count(&w.connection).await.unwrap(), 0, "what it holds is not the item");
    // One that comes while the stream is read is followed by another read.
    let read = store.job_claim("backfill", store.boot(), 1).await.unwrap();
    assert_eq!(read.len(), 0, "they gather first");
    w.clock.advance(Duration::from_secs(3));
    let read = store.job_claim("backfill", store.boot(), 1).await.unwrap();
    assert_eq!(read.len(), 1);
    w.status(&w.call(&row(1)).with("X-Delivery", "d")).await;
    w.settled().await;
    let ended = EndedJob { id: read[0].id.clone(), end: JobEnd::Done(None), took_ms: 1 };
    store.job_turn("backfill", store.boot(), 0, vec![ended]).await.unwrap();
    w.clock.advance(Duration::from_secs(3));
    assert_eq!(store.job_claim("backfill", store.boot(), 1).await.unwrap().len(), 1, "once more");
}

#[tokio::test]
async fn a_secret_in_a_body_reaches_neither_signals_nor_chains() {
    let mut webhook = usual();
    webhook["verify"] = json!({"mode": "token", "path": "$.proof[*].said"});
    let w = world(webhook).await;
    let secret = "token-of-the-tests";
    w.set_secret(secret).await;
    chains_wait(&w).await;
    let mut body = row(1);
    body["proof"] = json!([{"said": secret}, {"said": secret}]);
    body["row"]["name"] = json!(format!("It said {secret} to me"));
    body["row"]["copy"] = json!(secret);
    let mut call = Call {
        method: "POST",
        path: w.path(),
        headers: vec![
            ("Host".into(), format!("127.0.0.1:{}", w.port())),
            ("Content-Type".into(), "application/json".into()),
            ("X-Delivery".into(), "a".into()),
        ],
        body: body.to_string().replace(secret, "another-token").into_bytes(),
    };
    assert_eq!(w.status(&call).await, 401, "it is checked");
    call.body = body.to_string().into_bytes();
    assert_eq!(w.status(&call).await, 200);
    w.settled().await;
    let events = w.site.store.triggers_open(10).await.unwrap();
    assert_eq!(events.len(), 2, "a signal and a delivery");
    let text: String = events.iter().map(|event| event.event.payload.to_string()).collect();
    assert!(text.contains("It said ••• to me") && text.contains(r#"{"said":"•••"}"#), "{text}");
    assert!(!text.contains(secret), "{text}");
    let raw = w.site.store.signal_list(None, 10).await.unwrap().remove(0).raw.to_string();
    assert!(raw.contains("•••") && !raw.contains(secret), "{raw}");
}
