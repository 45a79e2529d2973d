//! What each connector's vendor would send, through the gateway: signed as the vendor documents it, by
//! code that shares nothing with the verifier, or by the vendor's own package.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::{Case, Fixture, load};
use patchbay_model::{Clock as _, Signal, SystemClock};
use patchbay_tests::root;
use ring::hmac;
use serde_json::{Value, json};

use super::{Gate, Message, shipped};

const SECRET: &str = "It's a Secret to Everybody";
/// 24 bytes, as Standard Webhooks writes them.
const WRITTEN: &str = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ==";

pub(super) fn hmac(algorithm: hmac::Algorithm, key: &str, text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), text.as_bytes()).as_ref().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> i64 {
    SystemClock::new().now().as_millisecond()
}

/// Lets a vendor's own package sign a text.
fn signed_by_package(vendor: &str, secret: &str, body: &str) -> BTreeMap<String, String> {
    let script = root().join("tests/node/webhooks/sign.mjs");
    let output =
        Command::new("node").arg(script).args([vendor, secret, body]).stdin(Stdio::null()).output().unwrap();
    let message: Message = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{vendor}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(message.body, body);
    message.headers
}

/// The headers that a vendor sends with a delivery, after its own documentation.
fn sign(connector: &str, secret: &str, url: &str, body: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| hmac(hmac::HMAC_SHA256, secret, text);
    let one = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
    match connector {
        // Their packages.
        "github-issues" | "github-pull-requests" => {
            one("x-hub-signature-256", signed_by_package("github", secret, body)["x-hub-signature-256"].clone())
        }
        "slack" | "stripe" => signed_by_package(connector, secret, body),
        "sandbox-sheet" => signed_by_package("standardwebhooks", secret, body),
        // developers.asana.com/docs/webhooks-guide, "Security".
        "asana" => one("x-hook-signature", hex(&plain(body))),
        // Datadog signs nothing: the header is one that people enter in its webhook.
        "datadog" => one("x-patchbay-token", secret.to_owned()),
        // developers.notion.com/reference/webhooks, "Validating event payloads".
        "notion" => one("x-notion-signature", format!("sha256={}", hex(&plain(body)))),
        // docs.gitlab.com/user/project/integrations/webhooks, "Secret token".
        "gitlab" => one("x-gitlab-token", secret.to_owned()),
        // developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests, version 3.
        "hubspot" => {
            let time = now().to_string();
            let signed = BASE64.encode(plain(&format!("POST{url}{body}{time}")));
            BTreeMap::from([
                ("x-hubspot-signature-v3".to_owned(), signed),
                ("x-hubspot-request-timestamp".to_owned(), time),
            ])
        }
        // developer.atlassian.com/cloud/jira/platform/webhooks, "Secure admin webhooks".
        "jira" => one("x-hub-signature", format!("sha256={}", hex(&plain(body)))),
        // linear.app/developers/webhooks, "Securing webhooks".
        "linear" => one("linear-signature", hex(&plain(body))),
        // developer.pagerduty.com/docs/verifying-signatures: several while a secret is changed.
        "pagerduty" => one("x-pagerduty-signature", format!("v1={},v1={}", "0".repeat(64), hex(&plain(body)))),
        // docs.sentry.io/organization/integrations/integration-platform/webhooks.
        "sentry" => one("sentry-hook-signature", hex(&plain(body))),
        // shopify.dev/docs/apps/build/webhooks/verify-deliveries.
        "shopify" => one("x-shopify-hmac-sha256", BASE64.encode(plain(body))),
        // developer.atlassian.com/cloud/trello/guides/rest-api/webhooks, "Webhook signatures".
        "trello" => {
            let signed = hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret, &format!("{body}{url}"));
            one("x-trello-webhook", BASE64.encode(signed))
        }
        // Microsoft signs nothing: what it was told when it was asked to send stands in the body.
        "outlook" => BTreeMap::new(),
        other => panic!("{other} has a webhook, and nobody signs for it here"),
    }
}

/// Whether the vendor's proof is a word that stands beside what it sends, and covers none of it.
fn is_token(connector: &str) -> bool {
    matches!(connector, "datadog" | "gitlab" | "outlook")
}

fn secret_of(connector: &str) -> &'static str {
    if connector == "sandbox-sheet" { WRITTEN } else { SECRET }
}

/// A delivery of a fixture as its vendor sends it now.
fn delivery(connector: &str, url: &str, case: &Case, secret: &str, change: impl Fn(&str) -> String) -> Message {
    let Case::Webhook { headers, content_type, body, .. } = case else { panic!("not a delivery") };
    let mut body = body.clone();
    if connector == "linear" {
        body["webhookTimestamp"] = json!(now());
    }
    if connector == "outlook" {
        body["value"].as_array_mut().unwrap().iter_mut().for_each(|entry| entry["clientState"] = json!(secret));
    }
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    let mut all: BTreeMap<_, _> =
        headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    all.extend(content_type.clone().map(|kind| ("content-type".to_owned(), kind)));
    all.extend(sign(connector, secret, url, &text));
    Message { headers: all, body: change(&text) }
}

fn as_sent(text: &str) -> String {
    text.to_owned()
}

/// One character more, where it changes no meaning.
fn tampered(text: &str) -> String {
    if text.starts_with(['{', '[']) { format!("{text} ") } else { format!("{text}&x=1") }
}

/// What is stored of a connection, as a fixture writes it.
fn written(signal: &Signal) -> Value {
    let mut value = json!({
        "stream": signal.stream, "externalId": signal.external_id, "signalType": signal.signal_type,
        "summary": signal.summary, "participants": signal.participants, "tags": signal.tags,
        "related": signal.related, "url": signal.url, "timestamp": signal.timestamp, "version": signal.version,
    });
    value["priority"] = serde_json::to_value(signal.priority).unwrap();
    value
}

async fn goes_through(connector: &str, fixture: &Fixture) {
    let case = fixture.case.as_ref();
    let Case::Webhook { signals, ignored, hint, answer, .. } = case else { return };
    let place = format!("{connector}/{}", fixture.name);
    let folder = tempfile::tempdir().unwrap();
    let descriptor = shipped(connector);
    // As it is stored: without what stands around it in the form.
    let mut config = fixture.config.clone();
    for field in &descriptor.config_fields {
        if let Some(value) = config.get_mut(&field.key) {
            let bare = value.strip_prefix(field.prefix.as_deref().unwrap_or_default()).unwrap_or(value);
            *value = bare.strip_suffix(field.suffix.as_deref().unwrap_or_default()).unwrap_or(bare).to_owned();
        }
    }
    let gate = Gate::with(folder, descriptor, config).await;
    let secret = secret_of(connector);
    let url = gate.url();
    let other = if connector == "sandbox-sheet" { "whsec_b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI=" } else { "another" };
    gate.set_secret(secret).await;

    // What is not the vendor's leaves nothing behind.
    let wrong = delivery(connector, &url, case, other, as_sent);
    assert_eq!(gate.send(&wrong).await, 401, "{place}: signed with another secret");
    if !is_token(connector) {
        let changed = delivery(connector, &url, case, secret, tampered);
        assert_eq!(gate.send(&changed).await, 401, "{place}: changed on its way");
        let mut bare = delivery(connector, &url, case, secret, as_sent);
        let signature = sign(connector, secret, &url, &bare.body);
        bare.headers.retain(|name, _| !signature.contains_key(name));
        assert_eq!(gate.send(&bare).await, 401, "{place}: not signed");
    }
    assert_eq!(gate.kept().await, 0, "{place}: what is refused is not kept");

    let message = delivery(connector, &url, case, secret, as_sent);
    let status = gate.send(&message).await;
    assert!((200..300).contains(&status), "{place}: {status}");
    let stored = gate.site.store.signal_list(Some(&gate.connection), 100).await.unwrap();
    if answer.is_some() {
        assert!(stored.is_empty(), "{place}: a question is no event");
        return;
    }
    let seen = gate.settled().await;
    let result = seen[0].result.clone().unwrap();
    assert_eq!(result["quarantined"], 0, "{place}: {result}");
    assert_eq!(result["signals"], signals.len(), "{place}: {result}");
    let nothing = signals.is_empty() && hint.is_none();
    assert_eq!(nothing, *ignored, "{place}: a signal, a hint, or passed over on purpose");
    assert_eq!(result["hint"], hint.is_some(), "{place}: {result}");
    let mut stored = gate.site.store.signal_list(Some(&gate.connection), 100).await.unwrap();
    assert_eq!(stored.len(), signals.len(), "{place}");
    for wanted in signals {
        let fits = |signal: &Signal| {
            let written = written(signal);
            wanted.as_object().unwrap().iter().all(|(name, value)| same(&written[name], value))
        };
        let found = stored.iter().position(fits);
        let found = found.unwrap_or_else(|| panic!("{place}: no {wanted} among {stored:#?}"));
        let signal = stored.remove(found);
        assert!(!signal.external_id.is_empty() && !signal.signal_type.is_empty(), "{place}: {signal:?}");
        assert!(!signal.summary.trim().is_empty(), "{place}: nothing to read: {signal:?}");
        assert!(signal.timestamp > patchbay_model::Timestamp::UNIX_EPOCH, "{place}: no time: {signal:?}");
    }
    // Whoever sends it again has not heard that it came.
    assert!((200..300).contains(&gate.send(&message).await), "{place}: once more");
    assert_eq!(gate.kept().await, 1, "{place}: the same delivery is kept once");
}

/// Whether two values are the same, of times whatever they are written like.
fn same(own: &Value, wanted: &Value) -> bool {
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<patchbay_model::Timestamp>().ok());
    own == wanted || (time(own).is_some() && time(own) == time(wanted))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_vendor_sends_becomes_signals_and_no_forgery_does() {
    let packages = root().join("tests/node/node_modules/stripe");
    assert!(packages.is_dir(), "vendors' packages are missing in tests/node; cargo xtask test installs them");
    let (mut connectors, mut deliveries) = (0, 0);
    for descriptor in Catalogue::built_in().all().filter(|descriptor| descriptor.webhook.is_some()) {
        let connector = descriptor.id.as_str();
        let fixtures = load(&root().join("descriptors/fixtures").join(connector)).unwrap();
        let mut own = 0;
        for fixture in fixtures.iter().filter(|fixture| matches!(*fixture.case, Case::Webhook { .. })) {
            goes_through(connector, fixture).await;
            own += 1;
        }
        assert!(own > 0, "{connector} has no delivery to send");
        (connectors, deliveries) = (connectors + 1, deliveries + own);
    }
    println!("{deliveries} deliveries of {connectors} connectors");
    assert!(connectors >= 17, "{connectors}");
}
