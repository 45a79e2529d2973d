//! A web page in the browser of this computer tries to reach the gateway.

use std::collections::BTreeMap;
use std::process::Command;

use patchbay_tests::root;
use serde_json::json;

use super::{Gate, Message, only};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_browser_of_this_computer_reaches_nothing() {
    let possible = std::path::Path::new("/usr/bin/chromium").exists()
        && root().join("tests/node/node_modules/playwright-core").exists();
    assert!(possible, "Chromium or playwright-core is missing; cargo xtask test installs them");
    // Nothing is signed: only the gateway's own checks stand between the page and the inbox.
    let gate = Gate::open(only(&json!({
        "verify": {"mode": "none", "because": "the test wants to know what the other checks do"},
        "contentTypes": ["application/json", "text/plain", "application/x-www-form-urlencoded"],
        "events": [{"stream": "any", "mapping": {"itemsPath": "$", "idPath": "$.id", "timestampPath": "$._event.receivedAt",
            "summaryTemplate": "An event", "signalTypeRules": [], "defaultSignalType": "any"}}],
    })))
    .await;
    let output = Command::new("node")
        .arg(root().join("tests/node/webhooks/attack.mjs"))
        .arg(gate.port().to_string())
        .arg(gate.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    let tried: u64 = said.trim().rsplit(' ').next().and_then(|text| text.parse().ok()).unwrap();
    assert!(tried >= 20, "the page tried {tried} ways");
    assert_eq!(gate.kept().await, 0, "{said}");
    // Else the page might have failed for another reason.
    let from_elsewhere = Message { headers: BTreeMap::default(), body: r#"{"id": 1}"#.to_owned() };
    assert_eq!(gate.send(&from_elsewhere).await, 200);
    assert_eq!(gate.kept().await, 1);
}
