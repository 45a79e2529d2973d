use std::collections::BTreeSet;
use std::time::Duration;

use patchbay_auth::Redactor;
use patchbay_model::descriptor::{ErrorRule, Method};
use patchbay_net::Answer;
use serde_json::json;

use super::*;
use crate::exchange::judge;

/// What was asked, beside the method.
#[derive(Clone, Default)]
struct Setup {
    names_item: bool,
    continuing: bool,
    refused: Vec<u16>,
    rules: Vec<ErrorRule>,
    limits: Limits,
    answer_format: AnswerFormat,
    graphql: bool,
    undescribed: bool,
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn with_asked<T>(setup: &Setup, effect: bool, act: impl FnOnce(&Asked<'_>) -> T) -> T {
    let rules: Vec<CompiledRule> = setup.rules.iter().map(|rule| CompiledRule::new(rule).unwrap()).collect();
    act(&Asked {
        effect,
        names_item: setup.names_item,
        continuing: setup.continuing,
        refused_status: &setup.refused,
        tool: "Tool",
        own_rules: &[],
        rules: &rules,
        answer_format: setup.answer_format,
        xml_lists: &[],
        has_copy: false,
        graphql: setup.graphql,
        undescribed: setup.undescribed,
        limits: &setup.limits,
        now: now(),
    })
}

/// `Name: value` pairs, parted by ` | `.
fn headers(text: &str) -> Headers {
    let pairs = text.split(" | ").filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once(": ").unwrap_or_else(|| panic!("{pair:?} is no header"));
        (name.to_owned(), value.to_owned())
    });
    Headers::new(pairs.collect())
}

/// The body as sent, or `lost CODE` where it broke off on the way.
fn body(text: &str) -> Result<Vec<u8>, Failure> {
    match text.strip_prefix("lost ") {
        None => Ok(text.as_bytes().to_vec()),
        Some(code) => Err(Failure::new(serde_json::from_value(json!(code)).unwrap(), true, "api.tool.example")),
    }
}

fn meaning(setup: &Setup, effect: bool, status: u16, header_text: &str, body_text: &str) -> Meaning {
    let method = if effect { Method::Post } else { Method::Get };
    let answer = Answer {
        status,
        headers: headers(header_text),
        body: body(body_text),
        took: Duration::ZERO,
        url: "https://api.tool.example/items?token=canary".parse().unwrap(),
    };
    with_asked(setup, effect, |asked| judge(asked, method, answer, &Redactor::default()).meaning)
}

/// `done`, `empty`, `unread CODE`, `no CODE` (not done) or `? CODE` (unknown).
fn short(meaning: &Meaning) -> String {
    match meaning {
        Meaning::Done => "done".to_owned(),
        Meaning::Empty => "empty".to_owned(),
        Meaning::DoneUnread(problem) => format!("unread {}", problem.code()),
        Meaning::NotDone(problem) => format!("no {}", problem.code()),
        Meaning::Unknown(problem) => format!("? {}", problem.code()),
    }
}

/// What is shown to people keeps no secret and no query, and leads somewhere.
fn check_words(meaning: &Meaning, place: &str) {
    let (Meaning::DoneUnread(problem) | Meaning::NotDone(problem) | Meaning::Unknown(problem)) = meaning else {
        return;
    };
    let shown = serde_json::to_string(problem).unwrap();
    for never in ["canary", "?token", "Traceback", "com.example.Main", "\\n", "{tool}"] {
        assert!(!shown.contains(never), "{place}: {never:?} is in {shown}");
    }
    assert!(problem.title().len() > 3 && problem.hint().len() > 3, "{place}: {shown}");
    assert!(!problem.fix().label.is_empty() || problem.when().is_some(), "{place}: neither fix nor time");
    assert!(problem.when().is_none_or(|at| at > now()), "{place}: a time in the past");
}

const TRACE: &str = r#"{"message": "Oops\nTraceback (most recent call last):\n com.example.Main"}"#;
const QUERY: &str = r#"{"error": {"message": "GET https://api.tool.example/x?token=canary failed"}}"#;
const HTML: &str = "<!doctype html><title>canary</title>";
const LIMIT: &str = "X-RateLimit-Remaining: 0 | X-RateLimit-Reset: 60";

/// Status, headers, body, what it means for a GET, what for a POST.
#[rustfmt::skip]
const ANSWERS: &[(u16, &str, &str, &str, &str)] = &[
    // Said yes.
    (200, "", "{}", "done", "done"),
    (200, "", "[]", "done", "done"),
    (200, "", "null", "done", "done"),
    (200, "Content-Type: text/plain", "{\"a\": 1}", "done", "done"),
    (200, "Content-Type: text/html", "{\"a\": 1}", "done", "done"),
    (200, "", "{\"a\": 1, \"a\": 2, \"__proto__\": {}}", "done", "done"),
    (200, "", "{\"n\": 12345678901234567890123}", "done", "done"),
    (201, "", "{\"id\": 1}", "done", "done"),
    (202, "", "{}", "done", "done"),
    (203, "", "{}", "done", "done"),
    (204, "", "", "done", "done"),
    (205, "", "", "done", "done"),
    (206, "", "{}", "done", "done"),
    (299, "", "{}", "done", "done"),
    // Said yes, and the body is no use: an effect happened all the same.
    (200, "", "", "no UNEXPECTED_CONTENT", "done"),
    (200, "", "  \r\n ", "no UNEXPECTED_CONTENT", "done"),
    (201, "", "", "no UNEXPECTED_CONTENT", "done"),
    (200, "", "lost CONNECTION_LOST", "no CONNECTION_LOST", "unread CONNECTION_LOST"),
    (201, "", "lost CONNECTION_LOST", "no CONNECTION_LOST", "unread CONNECTION_LOST"),
    (202, "", "lost TIMEOUT_RESPONSE", "no TIMEOUT_RESPONSE", "unread TIMEOUT_RESPONSE"),
    (200, "", "lost PAYLOAD_TOO_LARGE", "no PAYLOAD_TOO_LARGE", "unread PAYLOAD_TOO_LARGE"),
    (200, "", "lost MALFORMED_RESPONSE", "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    (200, "", "{\"a\": ", "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    (200, "", "{'a': 1}", "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    (200, "", "NaN", "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    (200, "", "{} {}", "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    (200, "Content-Type: text/html; charset=utf-8", HTML, "no UNEXPECTED_CONTENT", "unread UNEXPECTED_CONTENT"),
    (200, "", HTML, "no UNEXPECTED_CONTENT", "unread UNEXPECTED_CONTENT"),
    (200, "Content-Type: TEXT/HTML", "sign in", "no UNEXPECTED_CONTENT", "unread UNEXPECTED_CONTENT"),
    (200, "Content-Type: application/xml", "<a/>", "no UNEXPECTED_CONTENT", "unread UNEXPECTED_CONTENT"),
    // Neither yes nor no.
    (101, "", "", "no UNEXPECTED_CONTENT", "? UNEXPECTED_CONTENT"),
    (300, "", "", "no UNEXPECTED_CONTENT", "? UNEXPECTED_CONTENT"),
    (304, "", "", "no UNEXPECTED_CONTENT", "? UNEXPECTED_CONTENT"),
    (600, "", "", "no UNEXPECTED_CONTENT", "? UNEXPECTED_CONTENT"),
    (301, "", "", "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    (302, "", "", "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    (307, "", HTML, "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    // Refused before acting.
    (400, "", "{}", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (400, "", TRACE, "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (400, "", QUERY, "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (400, "", HTML, "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (400, "", "", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (400, "", "lost CONNECTION_LOST", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (401, "", "{}", "no AUTH_INVALID", "no AUTH_INVALID"),
    (401, "WWW-Authenticate: Bearer", "", "no AUTH_INVALID", "no AUTH_INVALID"),
    (401, "", "lost TIMEOUT_RESPONSE", "no AUTH_INVALID", "no AUTH_INVALID"),
    (402, "", "{}", "no QUOTA_EXHAUSTED", "no QUOTA_EXHAUSTED"),
    (402, "Retry-After: 60", "{}", "no QUOTA_EXHAUSTED", "no QUOTA_EXHAUSTED"),
    (403, "", "{}", "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
    (403, "", QUERY, "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
    (403, "WWW-Authenticate: Bearer scope=\"write\"", "", "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
    (403, "X-RateLimit-Remaining: 10", "", "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
    (403, "Retry-After: 60", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (403, "Retry-After: nonsense", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (403, LIMIT, "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (403, "X-RateLimit-Remaining: 0 | X-RateLimit-Reset: 1795183200", "", "no QUOTA_EXHAUSTED", "no QUOTA_EXHAUSTED"),
    (404, "", "{}", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (404, "Content-Type: text/html", HTML, "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (405, "", "", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (406, "", "", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (407, "", "", "no PROXY_REQUIRED", "no PROXY_REQUIRED"),
    (409, "", "{\"message\": \"taken\"}", "no CONFLICT", "no CONFLICT"),
    (410, "", "", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (412, "", "", "no CONFLICT", "no CONFLICT"),
    (413, "", "", "no REQUEST_TOO_LARGE", "no REQUEST_TOO_LARGE"),
    (414, "", "", "no REQUEST_TOO_LARGE", "no REQUEST_TOO_LARGE"),
    (415, "", "", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    (422, "", "{\"errors\": [{\"field\": \"title\"}]}", "no SCHEMA_MISMATCH", "no SCHEMA_MISMATCH"),
    (422, "", TRACE, "no SCHEMA_MISMATCH", "no SCHEMA_MISMATCH"),
    (429, "", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: 30", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: 0", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: -30", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: 1e9", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: Fri, 20 Nov 2026 12:10:00 GMT", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: Fri, 20 Nov 2020 12:10:00 GMT", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: 3600", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (429, "Retry-After: 3601", "", "no QUOTA_EXHAUSTED", "no QUOTA_EXHAUSTED"),
    (429, "Retry-After: 1000000000", "", "no QUOTA_EXHAUSTED", "no QUOTA_EXHAUSTED"),
    (429, "Retry-After: Fri, 20 Nov 2026 15:00:00 GMT", "", "no QUOTA_EXHAUSTED", "no QUOTA_EXHAUSTED"),
    (429, LIMIT, HTML, "no RATE_LIMITED", "no RATE_LIMITED"),
    (431, "", "", "no REQUEST_TOO_LARGE", "no REQUEST_TOO_LARGE"),
    (451, "", "", "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
    (503, "", "", "no SERVICE_DOWN", "no SERVICE_DOWN"),
    (503, "Retry-After: 30", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (503, "Retry-After: 7200", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (503, "Retry-After: soon", "", "no RATE_LIMITED", "no RATE_LIMITED"),
    (503, "Content-Type: text/html", HTML, "no SERVICE_DOWN", "no SERVICE_DOWN"),
    // Everything else may have happened.
    (408, "", "", "no TIMEOUT_RESPONSE", "? TIMEOUT_RESPONSE"),
    (411, "", "", "no INVALID_CONFIG", "? INVALID_CONFIG"),
    (417, "", "", "no INVALID_CONFIG", "? INVALID_CONFIG"),
    (418, "", "", "no INVALID_CONFIG", "? INVALID_CONFIG"),
    (423, "", "", "no INVALID_CONFIG", "? INVALID_CONFIG"),
    (424, "", "", "no INVALID_CONFIG", "? INVALID_CONFIG"),
    (499, "", "", "no INVALID_CONFIG", "? INVALID_CONFIG"),
    (500, "", "{}", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (500, "", TRACE, "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (500, "", QUERY, "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (500, "Content-Type: text/html", HTML, "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (500, "Retry-After: 30", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (500, "", "lost CONNECTION_LOST", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (501, "", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (502, "", HTML, "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (504, "", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (507, "", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (511, "", HTML, "no CAPTIVE_PORTAL", "? CAPTIVE_PORTAL"),
    (520, "", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (524, "", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (529, "", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
    (599, "", "", "no SERVICE_DOWN", "? SERVICE_DOWN"),
];

#[test]
fn every_answer_has_one_meaning_for_reads_and_one_for_effects() {
    let setup = Setup::default();
    let mut rows = BTreeSet::new();
    for (status, headers, body, read, effect) in ANSWERS {
        for (is_effect, want) in [(false, read), (true, effect)] {
            let place = format!("{status} [{headers}] {body:?}, effect: {is_effect}");
            let meaning = meaning(&setup, is_effect, *status, headers, body);
            assert_eq!(short(&meaning), **want, "{place}");
            check_words(&meaning, &place);
            assert!(is_effect || !matches!(meaning, Meaning::Unknown(_)), "{place}: a read is never unknown");
            rows.insert((*status, *headers, *body, is_effect));
        }
    }
    assert!(rows.len() >= 200, "the table holds only {} different rows", rows.len());
}

#[test]
fn every_status_there_is_has_a_meaning_and_only_2xx_is_done() {
    for status in 100..=999 {
        for effect in [false, true] {
            let meaning = meaning(&Setup::default(), effect, status, "", "{}");
            check_words(&meaning, &status.to_string());
            let done = matches!(meaning, Meaning::Done);
            assert_eq!(done, (200..300).contains(&status), "{status}: {meaning:?}");
        }
    }
}

#[test]
fn what_was_asked_changes_what_is_meant() {
    let item = Setup { names_item: true, ..Setup::default() };
    let stream = Setup { continuing: true, ..Setup::default() };
    let refusing = Setup { refused: vec![423, 500], ..Setup::default() };
    let cases = [
        (&item, 404, "no NOT_FOUND", "no NOT_FOUND"),
        (&item, 410, "no NOT_FOUND", "no NOT_FOUND"),
        (&stream, 410, "no CHECKPOINT_STALE", "no CHECKPOINT_STALE"),
        (&stream, 404, "no INVALID_CONFIG", "no INVALID_CONFIG"),
        (&refusing, 423, "no INVALID_CONFIG", "no INVALID_CONFIG"),
        (&refusing, 500, "no SERVICE_DOWN", "no SERVICE_DOWN"),
        (&refusing, 502, "no SERVICE_DOWN", "? SERVICE_DOWN"),
        (&refusing, 200, "done", "done"),
    ];
    for (setup, status, read, effect) in cases {
        assert_eq!(short(&meaning(setup, false, status, "", "{}")), read, "{status}");
        assert_eq!(short(&meaning(setup, true, status, "", "{}")), effect, "{status}");
    }
}

#[test]
fn a_head_request_needs_no_body() {
    let answer = Answer {
        status: 200,
        headers: Headers::default(),
        body: Ok(Vec::new()),
        took: Duration::ZERO,
        url: "https://api.tool.example/".parse().unwrap(),
    };
    let sent =
        with_asked(&Setup::default(), false, |asked| judge(asked, Method::Head, answer, &Redactor::default()));
    assert_eq!(sent.meaning, Meaning::Done);
}

/// A rule, the answer it looks at, and what that means for a GET and a POST.
type Row<'a> = (ErrorRule, u16, &'a str, &'a str, &'a str, &'a str);

#[test]
fn the_connectors_own_rules_come_first() {
    let rule = |rule: Value| serde_json::from_value::<ErrorRule>(rule).unwrap();
    let not_ok = || json!({"path": "$.ok", "operator": "equals", "value": false});
    let said = |action: &str| rule(json!({"body": not_ok(), "action": action, "messagePath": "$.error"}));
    let absent = || json!({"path": "$.ok", "operator": "absent"});
    let (no, yes) = (r#"{"ok": false, "error": "channel_not_found"}"#, r#"{"ok": true}"#);
    #[rustfmt::skip]
    let cases: Vec<Row<'_>> = vec![
        (said("fail"), 200, "", no, "no INVALID_CONFIG", "no INVALID_CONFIG"),
        (said("fail"), 200, "", yes, "done", "done"),
        (said("fail"), 422, "", no, "no SCHEMA_MISMATCH", "no SCHEMA_MISMATCH"),
        // A card that was declined, as Stripe has it: no plan is used up.
        (said("fail"), 402, "", no, "no INVALID_CONFIG", "no INVALID_CONFIG"),
        (said("reauth"), 200, "", no, "no AUTH_INVALID", "no AUTH_INVALID"),
        (said("forbidden"), 200, "", no, "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
        (said("not_found"), 200, "", no, "no NOT_FOUND", "no NOT_FOUND"),
        (said("rate_limited"), 200, "", no, "no RATE_LIMITED", "no RATE_LIMITED"),
        (said("rate_limited"), 200, "Retry-After: 9999", no, "no QUOTA_EXHAUSTED", "no QUOTA_EXHAUSTED"),
        (said("retry"), 200, "", no, "no SERVICE_DOWN", "? SERVICE_DOWN"),
        (said("empty"), 200, "", no, "empty", "empty"),
        (said("ignore"), 500, "", no, "done", "done"),
        // Words alone, as Trello has them.
        (rule(json!({"status": 401, "body": {"path": "$", "operator": "contains", "value": "permission"}, "action": "forbidden"})), 401, "Content-Type: text/plain; charset=utf-8", "unauthorized permission requested", "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
        (rule(json!({"status": 401, "body": {"path": "$", "operator": "contains", "value": "permission"}, "action": "forbidden"})), 401, "Content-Type: text/html", "<p>unauthorized permission requested", "no AUTH_INVALID", "no AUTH_INVALID"),
        (rule(json!({"status": 401, "body": {"path": "$", "operator": "contains", "value": "permission"}, "action": "forbidden"})), 401, "", "invalid token", "no AUTH_INVALID", "no AUTH_INVALID"),
        // The convention for 503 is that nothing happened; a rule says otherwise.
        (rule(json!({"status": 503, "action": "retry"})), 503, "", "{}", "no SERVICE_DOWN", "? SERVICE_DOWN"),
        (rule(json!({"status": [500, 599], "action": "fail"})), 502, "", "", "no INVALID_CONFIG", "no INVALID_CONFIG"),
        (rule(json!({"status": 404, "action": "empty"})), 404, "", "", "empty", "empty"),
        (rule(json!({"headers": {"X-Left": "^0$"}, "action": "rate_limited"})), 403, "X-Left: 0", "", "no RATE_LIMITED", "no RATE_LIMITED"),
        (rule(json!({"headers": {"X-Left": "^0$"}, "action": "rate_limited"})), 403, "X-Left: 10", "", "no PERMISSION_DENIED", "no PERMISSION_DENIED"),
        (rule(json!({"status": 304, "action": "ignore"})), 304, "", "lost CONNECTION_LOST", "no CONNECTION_LOST", "unread CONNECTION_LOST"),
        // Nothing can be said of what a lost body does or does not hold: the status line stands.
        (rule(json!({"body": absent(), "action": "fail"})), 200, "", "lost CONNECTION_LOST", "no CONNECTION_LOST", "unread CONNECTION_LOST"),
        (rule(json!({"body": absent(), "action": "fail"})), 200, "", "{}", "no INVALID_CONFIG", "no INVALID_CONFIG"),
    ];
    for (rule, status, headers, body, read, effect) in cases {
        let place = format!("{status} {body} under {rule:?}");
        let setup = Setup { rules: vec![rule], ..Setup::default() };
        for (is_effect, want) in [(false, read), (true, effect)] {
            let meaning = meaning(&setup, is_effect, status, headers, body);
            assert_eq!(short(&meaning), want, "{place}");
            check_words(&meaning, &place);
        }
    }
    let setup = Setup { rules: vec![said("fail")], ..Setup::default() };
    let Meaning::NotDone(problem) = meaning(&setup, true, 200, "", no) else { panic!("refused") };
    assert!(problem.hint().contains("channel_not_found"), "the service's own words: {}", problem.hint());
}

/// The faults below HTTP, as `net` names them: what, the code, whether anything was sent, and whether
/// it struck before the status line or in the body of a 200. See the fault list, section 2.
#[rustfmt::skip]
const FAULTS: &[(&str, &str, bool, bool, &str, &str)] = &[
    ("refuse", "CONNECTION_REFUSED", false, false, "no CONNECTION_REFUSED", "no CONNECTION_REFUSED"),
    ("reset before reply", "CONNECTION_LOST", true, false, "no CONNECTION_LOST", "? CONNECTION_LOST"),
    ("close before reply", "CONNECTION_LOST", true, false, "no CONNECTION_LOST", "? CONNECTION_LOST"),
    ("reset mid-body", "CONNECTION_LOST", true, true, "no CONNECTION_LOST", "unread CONNECTION_LOST"),
    ("truncated length", "CONNECTION_LOST", true, true, "no CONNECTION_LOST", "unread CONNECTION_LOST"),
    ("truncated chunk", "CONNECTION_LOST", true, true, "no CONNECTION_LOST", "unread CONNECTION_LOST"),
    ("never answers", "TIMEOUT_RESPONSE", true, false, "no TIMEOUT_RESPONSE", "? TIMEOUT_RESPONSE"),
    ("drips its head", "TIMEOUT_RESPONSE", true, false, "no TIMEOUT_RESPONSE", "? TIMEOUT_RESPONSE"),
    ("drips its body", "TIMEOUT_RESPONSE", true, true, "no TIMEOUT_RESPONSE", "unread TIMEOUT_RESPONSE"),
    ("stalls in its body", "TIMEOUT_RESPONSE", true, true, "no TIMEOUT_RESPONSE", "unread TIMEOUT_RESPONSE"),
    ("compression bomb", "PAYLOAD_TOO_LARGE", true, true, "no PAYLOAD_TOO_LARGE", "unread PAYLOAD_TOO_LARGE"),
    ("endless chunks", "PAYLOAD_TOO_LARGE", true, true, "no PAYLOAD_TOO_LARGE", "unread PAYLOAD_TOO_LARGE"),
    ("bad compression", "MALFORMED_RESPONSE", true, true, "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    ("bad UTF-8", "MALFORMED_RESPONSE", true, true, "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    ("too deep", "MALFORMED_RESPONSE", true, true, "no MALFORMED_RESPONSE", "unread MALFORMED_RESPONSE"),
    ("two thousand headers", "UNEXPECTED_CONTENT", true, false, "no UNEXPECTED_CONTENT", "? UNEXPECTED_CONTENT"),
    ("not HTTP", "UNEXPECTED_CONTENT", true, false, "no UNEXPECTED_CONTENT", "? UNEXPECTED_CONTENT"),
    ("second reply smuggled", "UNEXPECTED_CONTENT", true, false, "no UNEXPECTED_CONTENT", "? UNEXPECTED_CONTENT"),
    ("redirect loop", "REDIRECT_REFUSED", true, false, "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    ("redirect to a file", "REDIRECT_REFUSED", true, false, "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    ("redirect to metadata", "REDIRECT_REFUSED", true, false, "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    ("redirect elsewhere", "REDIRECT_REFUSED", true, false, "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    ("redirect of a POST", "REDIRECT_REFUSED", true, false, "no REDIRECT_REFUSED", "no REDIRECT_REFUSED"),
    ("self-signed", "TLS_FAILURE", false, false, "no TLS_FAILURE", "no TLS_FAILURE"),
    ("expired certificate", "TLS_FAILURE", false, false, "no TLS_FAILURE", "no TLS_FAILURE"),
    ("certificate of another name", "TLS_FAILURE", false, false, "no TLS_FAILURE", "no TLS_FAILURE"),
    ("plain text on a TLS port", "TLS_FAILURE", false, false, "no TLS_FAILURE", "no TLS_FAILURE"),
    ("TLS to a mute port", "TIMEOUT_CONNECT", false, false, "no TIMEOUT_CONNECT", "no TIMEOUT_CONNECT"),
    ("black hole", "TIMEOUT_CONNECT", false, false, "no TIMEOUT_CONNECT", "no TIMEOUT_CONNECT"),
    ("no such name", "DNS_FAILURE", false, false, "no DNS_FAILURE", "no DNS_FAILURE"),
    ("name server fails", "DNS_FAILURE", false, false, "no DNS_FAILURE", "no DNS_FAILURE"),
    ("no network", "OFFLINE", false, false, "no OFFLINE", "no OFFLINE"),
    ("private address", "TARGET_BLOCKED", false, false, "no TARGET_BLOCKED", "no TARGET_BLOCKED"),
    ("unapproved origin", "TARGET_BLOCKED", false, false, "no TARGET_BLOCKED", "no TARGET_BLOCKED"),
    ("proxy wants a login", "PROXY_REQUIRED", false, false, "no PROXY_REQUIRED", "no PROXY_REQUIRED"),
    ("header cannot be sent", "INVALID_CONFIG", false, false, "no INVALID_CONFIG", "no INVALID_CONFIG"),
    ("reset in the body of a read", "CONNECTION_LOST", true, true, "no CONNECTION_LOST", "unread CONNECTION_LOST"),
    ("timeout of the whole", "TIMEOUT_RESPONSE", true, false, "no TIMEOUT_RESPONSE", "? TIMEOUT_RESPONSE"),
    ("network page in between", "CAPTIVE_PORTAL", true, false, "no CAPTIVE_PORTAL", "? CAPTIVE_PORTAL"),
    ("a bug of ours after sending", "INTERNAL", true, false, "no INTERNAL", "? INTERNAL"),
];

#[test]
fn every_fault_below_http_has_one_meaning() {
    for (name, code, sent, in_body, read, effect) in FAULTS {
        let fault = Failure::new(serde_json::from_value(json!(code)).unwrap(), *sent, "api.tool.example");
        for (is_effect, want) in [(false, read), (true, effect)] {
            let meaning = if *in_body {
                meaning(&Setup::default(), is_effect, 200, "", &format!("lost {code}"))
            } else {
                with_asked(&Setup::default(), is_effect, |asked| failure(asked, &fault))
            };
            assert_eq!(short(&meaning), **want, "{name}, effect: {is_effect}");
            check_words(&meaning, name);
        }
    }
    assert!(FAULTS.len() >= 40);
}

#[test]
fn what_was_never_sent_is_never_unknown() {
    for code in Code::ALL {
        let fault = Failure::new(*code, false, "");
        let meaning = with_asked(&Setup::default(), true, |asked| failure(asked, &fault));
        assert_eq!(meaning, Meaning::NotDone(Problem::from(fault).with("tool", "Tool")), "{code}");
    }
}

#[test]
fn words_are_the_services_own_and_times_are_its_too() {
    let setup = Setup::default();
    let problem = |status, headers, body| match meaning(&setup, true, status, headers, body) {
        Meaning::NotDone(problem) => problem,
        other => panic!("{other:?}"),
    };
    let limited = problem(429, "Retry-After: 300", "");
    assert_eq!(limited.hint(), "We carry on at 12:05 UTC. Nothing is lost.");
    let invalid = problem(422, "", r#"{"message": "Validation failed.", "errors": [{"field": "title"}]}"#);
    assert_eq!(invalid.title(), "Title does not fit");
    assert_eq!(invalid.hint(), "Tool says: Validation failed.");
    let denied = problem(403, "X-Accepted-GitHub-Permissions: issues=write", r#"{"message": "no"}"#);
    assert!(denied.hint().contains("issues=write"), "{}", denied.hint());
    let gone = problem(404, "", "{}");
    assert_eq!(gone.title(), "The address is not right");
    let conflict = problem(409, "", r#"{"error": "name already exists"}"#);
    assert_eq!(conflict.hint(), "Tool says: name already exists.");
}

#[test]
fn errors_inside_a_graphql_answer_say_whether_anything_happened() {
    let setup = Setup { graphql: true, ..Setup::default() };
    let error = |code: &str| json!([{"message": "no", "extensions": {"code": code}}]);
    // Status, body, and the code where an effect is certainly not done or where nobody knows.
    let cases = [
        (200, json!({"data": {"a": {"id": 1}}}), None, None),
        (200, json!({"data": {"a": {"id": 1}}, "errors": error("INTERNAL")}), None, None),
        (
            200,
            json!({"data": {"a": null}, "errors": error("INTERNAL_SERVER_ERROR")}),
            None,
            Some(Code::ServiceDown),
        ),
        (200, json!({"data": null, "errors": error("FORBIDDEN")}), Some(Code::PermissionDenied), None),
        (200, json!({"errors": error("BAD_USER_INPUT")}), Some(Code::InvalidConfig), None),
        (400, json!({"errors": error("RATELIMITED")}), Some(Code::RateLimited), None),
        (500, json!({"errors": error("RATELIMITED")}), None, Some(Code::ServiceDown)),
    ];
    for (status, body, not_done, unknown) in cases {
        let headers = Headers::default();
        let seen = Seen { status, headers: &headers, body: Ok(&body) };
        let effect = with_asked(&setup, true, |asked| answer(asked, &seen));
        let got = match &effect {
            Meaning::Done => (None, None),
            Meaning::NotDone(problem) => (Some(problem.code()), None),
            Meaning::Unknown(problem) => (None, Some(problem.code())),
            other => panic!("{body}: {other:?}"),
        };
        assert_eq!(got, (not_done, unknown), "{status} {body}");
        let read = with_asked(&setup, false, |asked| answer(asked, &seen));
        let whole = body.get("errors").is_none();
        assert_eq!(read == Meaning::Done, whole, "{status} {body}: half of an answer is not the whole");
    }
}

#[test]
fn a_redirect_of_an_address_that_nobody_described_proves_nothing() {
    let meaning = |undescribed: bool, status: u16| {
        let setup = Setup { undescribed, ..Setup::default() };
        let headers = Headers::default();
        let seen = Seen { status, headers: &headers, body: Ok(&Value::Null) };
        with_asked(&setup, true, |asked| answer(asked, &seen))
    };
    for status in [301, 302, 303] {
        assert!(matches!(meaning(true, status), Meaning::Unknown(_)), "{status}");
        assert!(matches!(meaning(false, status), Meaning::NotDone(_)), "{status}");
    }
    // These ask for the same request elsewhere (RFC 9110 sections 15.4.8 and 15.4.9).
    for status in [307, 308] {
        assert!(matches!(meaning(true, status), Meaning::NotDone(_)), "{status}");
    }
}

#[test]
fn a_place_that_a_service_forgot_starts_over_only_where_something_goes_on() {
    let rule = json!({"status": 400, "body": {"path": "$.code", "operator": "equals", "value": "bad_cursor"}, "action": "stale"});
    for (continuing, want) in [(true, Code::CheckpointStale), (false, Code::InvalidConfig)] {
        let rules = vec![serde_json::from_value(rule.clone()).unwrap()];
        let setup = Setup { continuing, rules, ..Setup::default() };
        let (headers, body) = (Headers::default(), json!({"code": "bad_cursor"}));
        let seen = Seen { status: 400, headers: &headers, body: Ok(&body) };
        let meaning = with_asked(&setup, false, |asked| answer(asked, &seen));
        assert!(matches!(&meaning, Meaning::NotDone(problem) if problem.code() == want), "{meaning:?}");
    }
}
