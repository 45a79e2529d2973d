//! What the page may do, as data: the access list and the policy of its content.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::Digest as _;
use tauri::ipc::Origin;
use tauri::utils::config::{Csp, CspDirectiveSources};

use crate::context;

/// Every command that the access list knows: ours, Tauri's own and the plugins'.
fn every_command() -> BTreeSet<String> {
    let manifests = std::fs::read_to_string(concat!(env!("OUT_DIR"), "/acl-manifests.json")).unwrap();
    let manifests: BTreeMap<String, Value> = serde_json::from_str(&manifests).unwrap();
    let mut commands = BTreeSet::new();
    for (key, manifest) in &manifests {
        for permission in manifest["permissions"].as_object().into_iter().flatten().map(|(_, p)| p) {
            for command in permission["commands"]["allow"].as_array().into_iter().flatten() {
                let command = command.as_str().unwrap();
                commands.insert(match key.as_str() {
                    "__app-acl__" => command.to_owned(),
                    key => format!("plugin:{}|{command}", key.strip_prefix("core:").unwrap_or(key)),
                });
            }
        }
    }
    commands
}

#[test]
fn the_window_may_call_our_two_commands_and_nobody_may_call_anything_else() {
    let commands = every_command();
    assert!(commands.len() > 100, "the access list was not read: {commands:?}");
    let known = ["plugin:window|close", "plugin:event|listen", "plugin:window-state|save_window_state"];
    assert!(known.iter().all(|name| commands.contains(*name)), "{commands:?}");

    let mut context = context();
    let authority = context.runtime_authority_mut();
    let remote = |url: &str| Origin::Remote { url: url.parse().unwrap() };
    let origins = [
        Origin::Local,
        remote("https://example.com/"),
        remote("http://localhost:5173/"),
        remote("https://tauri.localhost/"),
        remote("file:///index.html"),
    ];
    let mut allowed = Vec::new();
    for window in ["main", "main2", "other", "*", ""] {
        for origin in &origins {
            for command in &commands {
                if authority.resolve_access(command, window, window, origin).is_some() {
                    allowed.push(format!("{window}, {origin}: {command}"));
                }
            }
        }
    }
    insta::assert_debug_snapshot!(allowed, @r#"
    [
        "main, local: rpc",
        "main, local: subscribe",
    ]
    "#);
}

#[test]
fn the_page_loads_and_runs_nothing_but_its_own() {
    let context = context();
    let security = &context.config().app.security;
    let Some(Csp::DirectiveMap(policy)) = security.csp.clone() else { panic!("the policy is a map") };
    let policy: BTreeMap<String, Vec<String>> = policy
        .into_iter()
        .map(|(directive, sources)| {
            let sources = match sources {
                CspDirectiveSources::Inline(text) => text.split(' ').map(str::to_owned).collect(),
                CspDirectiveSources::List(list) => list,
            };
            (directive, sources)
        })
        .collect();
    // Tauri hides the frame of the isolation with a style that it adds without a nonce.
    let hash = sha2::Sha256::digest(tauri::utils::pattern::isolation::IFRAME_STYLE);
    let frame = format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(hash));
    let known = ["'none'", "'self'", "data:", "ipc:", "http://ipc.localhost", &frame];
    for (directive, sources) in &policy {
        for source in sources {
            assert!(known.contains(&source.as_str()), "{directive}: {source}");
            assert!(source != "data:" || directive == "img-src", "{directive}: {source}");
        }
    }
    // Tauri adds the nonces of the page itself.
    assert_eq!(policy["script-src"], ["'self'"]);
    assert_eq!(policy["style-src"], ["'self'", frame.as_str()]);
    let window = &context.config().app.windows;
    assert_eq!(window.len(), 1);
    let mut headers = serde_json::to_value(&security.headers).unwrap();
    headers.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let page = json!({
        "csp": policy,
        "devCsp": security.dev_csp.is_some(),
        "policyMayBeChanged": serde_json::to_value(&security.dangerous_disable_asset_csp_modification).unwrap(),
        "freezePrototype": security.freeze_prototype,
        "pattern": serde_json::to_value(&security.pattern).unwrap(),
        "headers": headers,
        "capabilitiesInConfiguration": security.capabilities.len(),
        "withGlobalTauri": context.config().app.with_global_tauri,
        "windowMadeByConfiguration": window[0].create,
        "dragDrop": window[0].drag_drop_enabled,
    });
    insta::assert_json_snapshot!("page", page);
}
