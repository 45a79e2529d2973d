//! Health, the audit trail and logs, against the sandbox as a process of its own: what is shown equals what
//! it counted.

use std::collections::BTreeMap;

use patchbay_tests::{SandboxProcess, Served, walks_possible};
use serde_json::{Value, json};

/// The sandbox's tools under definitions of the user's own: only those are in sums.
fn connected(served: &Served, sandbox: &SandboxProcess) {
    for (tool, address, secret) in [("chat", "chatUrl", "chatKey"), ("tracker", "trackerUrl", "trackerToken")] {
        let of = json!({ "connector": format!("sandbox-{tool}") });
        let text = served.rpc("descriptor_text", &of)["text"].as_str().unwrap().to_owned();
        let text = text.replace(&format!("\"id\": \"sandbox-{tool}\""), &format!("\"id\": \"team-{tool}\""));
        let file = format!("team-{tool}.json");
        served.rpc("descriptor_add", &json!({ "file": file, "text": text }));
        let shown = served.rpc("connector_show", &json!({ "connector": format!("team-{tool}") }));
        let methods = shown["auth"].as_array().unwrap();
        let method = methods.iter().find(|one| one["fields"].as_array().is_some_and(|f| f.len() == 1)).unwrap();
        let field = method["fields"][0]["key"].as_str().unwrap();
        let request = json!({
            "connector": format!("team-{tool}"), "name": tool, "auth": method["id"], "allowPrivate": true,
            "config": { "baseUrl": sandbox.access[address] }, "secrets": { field: sandbox.access[secret] },
        });
        served.rpc("connection_create", &request);
    }
}

fn requests(sandbox: &SandboxProcess) -> u64 {
    sandbox.counters()["requests"].as_u64().unwrap()
}

fn overview(served: &Served) -> Value {
    served.rpc("health_overview", &json!({ "range": "24h" }))
}

/// Calls by code; the empty one succeeded.
fn by_code(served: &Served, overview: &Value) -> BTreeMap<String, u64> {
    let mut codes = BTreeMap::from([(String::new(), overview["figures"]["callsOk"].as_u64().unwrap())]);
    for name in ["chat", "tracker"] {
        let detail = served.rpc("health_detail", &json!({ "connection": name, "range": "24h" }));
        for group in detail["failures"].as_array().unwrap() {
            let code = group["code"].as_str().unwrap().to_owned();
            *codes.entry(code).or_default() += group["count"].as_u64().unwrap();
        }
    }
    codes
}

/// Everything that can go wrong, some of each, and then a look at both sides.
#[test]
fn figures_equal_what_the_sandbox_counted_and_the_trail_holds_each_call_once() {
    let (served, sandbox) = (Served::start(), SandboxProcess::start());
    connected(&served, &sandbox);
    let before = requests(&sandbox);
    let check = |name: &str| served.rpc("health_check_now", &json!({ "connection": name }));
    let send = |text: &str| {
        let params = json!({ "channel": "general", "text": text });
        let request = json!({ "name": "chat", "operation": "send_message", "params": params });
        let _ = served.answer("operation_call", &request);
    };
    served.rpc("connection_sync", &json!({ "name": "tracker" }));
    for n in 0..5 {
        check("tracker");
        send(&format!("hello {n}"));
    }
    sandbox.faults(&json!({ "chat": [{ "fault": "broken", "times": 2, "on": "POST" }] }));
    send("broken 1");
    send("broken 2");
    sandbox.faults(&json!({ "chat": [{ "fault": "limited", "times": 1, "retryAfter": 1, "on": "POST" }] }));
    send("too fast");
    sandbox.faults(&json!({ "tracker": [{ "fault": "down", "times": 1 }] }));
    check("tracker");
    sandbox.faults(&json!({ "tracker": [{ "fault": "odd_data", "odd": "html", "times": 4 }] }));
    let _ = served.answer("connection_sync", &json!({ "name": "tracker" }));
    sandbox.faults(&json!({ "chat": [{ "fault": "expired" }] }));
    check("chat");
    check("chat");
    sandbox.faults(&json!({}));

    let shown = overview(&served);
    let codes = by_code(&served, &shown);
    let figures = &shown["figures"];
    let figure = |name: &str| figures[name].as_u64().unwrap();
    // Refused by ourselves before anything was sent.
    let unsent = ["CIRCUIT_OPEN", "LOCAL_RATE_LIMITED"];
    let calls: u64 = codes.iter().filter(|(code, _)| !unsent.contains(&code.as_str())).map(|(_, n)| n).sum();
    assert_eq!(calls + figure("retries"), requests(&sandbox) - before, "{codes:?} {figures}");
    assert_eq!(figure("callsOk") + figure("callsFailed") + figure("callsHeld"), codes.values().sum::<u64>());
    assert_eq!(codes["SERVICE_DOWN"], 2, "each broken answer to an effect is one failure: {codes:?}");
    assert_eq!(codes["AUTH_INVALID"], 2, "{codes:?}");
    assert!(figure("retries") >= 1, "the check that met a fault was repeated");
    assert!(figure("callsFailed") >= 4, "{codes:?}");
    let limited = codes.get("RATE_LIMITED").copied().unwrap_or_default();
    assert_eq!((figure("limitHits"), limited), (1, 1), "and it is no failure: {codes:?}");
    let sent = sandbox.counters()["effects"]["message_sent"].as_u64().unwrap();
    assert_eq!(sent, 5, "the witness saw what was counted as done");
    let signals = served.rpc("signal_list", &json!({ "limit": 100 }))["signals"].as_array().unwrap().len();
    assert_eq!(figure("signalsDay"), signals as u64);
    let chat = shown["connections"].as_array().unwrap().iter().find(|row| row["name"] == "chat").unwrap();
    assert_eq!((&chat["health"], &chat["details"]["authValid"]), (&json!("error"), &json!(false)));
    assert_eq!(chat["reasons"][0]["kind"], "sign_in_ended");
    assert_eq!(figure("needSignIn"), 1);
    let strip: u64 = chat["checks"].as_array().unwrap().iter().map(|bar| bar["failed"].as_u64().unwrap()).sum();
    assert_eq!(strip, 2, "two checks met the refusal");
    audited(&served, &sandbox, &codes);
}

/// Each of those calls, and each other act, is in the trail once; an export says the same, without secrets.
fn audited(served: &Served, sandbox: &SandboxProcess, codes: &BTreeMap<String, u64>) {
    served.rpc("connection_pause", &json!({ "name": "chat", "paused": true }));
    served.rpc("connection_set", &json!({ "name": "tracker", "config": {} }));
    let rules = json!({ "rules": { "failedChecks": 5 } });
    assert_eq!(served.rpc("health_settings_set", &rules)["rules"]["failedChecks"], 5);
    let wrong = json!({
        "connector": "team-chat", "name": "wrong", "allowPrivate": true,
        "config": { "baseUrl": sandbox.access["chatUrl"] }, "secrets": { "key": "not-the-key" },
    });
    served.answer("connection_create", &wrong).unwrap_err();
    let mut acts = Vec::new();
    let mut before = Value::Null;
    loop {
        let page = served.rpc("audit_list", &json!({ "limit": 7, "before": before }));
        acts.extend(page["acts"].as_array().unwrap().clone());
        before = page["before"].clone();
        if before.is_null() {
            break;
        }
    }
    let sum = |action: &str, code: &str| -> u64 {
        let of = acts.iter().filter(|act| act["action"] == action);
        let of = of.filter(|act| act["detail"]["code"].as_str().unwrap_or_default() == code);
        of.map(|act| act["detail"]["count"].as_u64().unwrap()).sum()
    };
    for (code, n) in codes {
        let action = if code.is_empty() { "call_executed" } else { "call_failed" };
        assert_eq!(sum(action, code), *n, "{action} {code}");
    }
    assert!(sum("secret_used", "") >= codes[""], "each call that succeeded used one");
    let times = |action: &str| acts.iter().filter(|act| act["action"] == action).count();
    for (action, n) in [
        ("connection_created", 2),
        ("connection_refused", 1),
        ("connection_paused", 1),
        ("connection_changed", 1),
        ("settings_changed", 1),
        ("auth_failed", 1),
    ] {
        assert_eq!(times(action), n, "{action}");
    }
    assert_eq!(served.rpc("health_overview", &json!({}))["connects"]["atFirst"], 2);
    let only = served.rpc("audit_list", &json!({ "connection": "chat", "action": "auth_failed" }));
    assert_eq!(only["acts"].as_array().unwrap().len(), 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.jsonl");
    let written = served.rpc("audit_export", &json!({ "file": file }));
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len() as u64, written["acts"].as_u64().unwrap());
    assert!(acts.iter().all(|act| lines.contains(act)), "an export holds what is shown");
    for secret in ["chatKey", "trackerToken"] {
        assert!(!text.contains(sandbox.access[secret].as_str().unwrap()), "{secret} is in the trail");
    }
    assert!(!text.contains("not-the-key"));
    let again = served.answer("audit_export", &json!({ "file": file })).unwrap_err();
    assert_eq!(again["code"], "CONFLICT", "a file is not written over");
}

/// At its loudest, over faults that quote what was sent.
#[test]
fn log_files_tell_what_happened_and_hold_no_secret() {
    let (mut served, sandbox) = (Served::start(), SandboxProcess::start());
    assert_eq!(served.rpc("log_settings_show", &json!({}))["level"], "info");
    let folder = served.rpc("log_settings_set", &json!({ "level": "trace" }))["folder"].clone();
    served.answer("log_settings_set", &json!({ "level": "loud" })).unwrap_err();
    served.restart();
    connected(&served, &sandbox);
    sandbox
        .faults(&json!({ "chat": [{ "fault": "expired" }], "tracker": [{ "fault": "broken", "times": 9 }] }));
    for name in ["chat", "tracker"] {
        served.rpc("health_check_now", &json!({ "connection": name }));
    }
    served.terminate();
    let mut text = String::new();
    for entry in std::fs::read_dir(folder.as_str().unwrap()).unwrap() {
        text += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ours = |line: &&Value| line["target"].as_str().is_some_and(|target| target.starts_with("patchbay"));
    assert!(lines.iter().filter(ours).count() > 3, "a log that is empty proves nothing: {text}");
    for secret in ["chatKey", "trackerToken"] {
        assert!(!text.contains(sandbox.access[secret].as_str().unwrap()), "{secret} is in the log");
    }
}

#[test]
fn walk_05_health_from_error_to_healthy() {
    if walks_possible() {
        Served::start().walk("health", &json!({}));
    }
}
