use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use patchbay_model::SystemClock;
use patchbay_vault::{MemoryStore, Secret};
use serde_json::json;

use super::*;
use crate::approval::{ApproveRequest, approve};
use crate::hub::HubOptions;
use crate::secrets::SecretsChoice;
use crate::workspace::tests::Nobody;
use crate::workspaces::DEFAULT;

const WORD: &str = "correct horse";
const KEY: &str = "canary-of-the-key";
const HOOK: &str = "canary-of-the-webhook";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn hub(dir: &Path) -> Hub {
    Hub::start(HubOptions {
        data_dir: dir.to_owned(),
        secrets: SecretsChoice::Kept(Arc::new(MemoryStore::new())),
        clock: Arc::new(SystemClock::new()),
        host: Arc::new(Nobody),
    })
    .unwrap()
}

/// A workspace with one connection of GitHub, its key and its webhook's secrets, and a chain that uses it.
async fn furnished(dir: &Path) -> Hub {
    let hub = hub(dir);
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    let compiled = workspace.connectors().get(&ConnectorId::from("github-issues")).unwrap();
    let given =
        BTreeMap::from([("owner".to_owned(), "acme".to_owned()), ("repo".to_owned(), "app".to_owned())]);
    let config = settings(compiled.descriptor(), &given).unwrap();
    let method = compiled.descriptor().auth_method(None).unwrap();
    let connection = Connection {
        name: "work".into(),
        auth_method: Some(method.id().to_owned()),
        origins: compiled.origins(&config, None).unwrap(),
        config,
        state: ConnectionState::Connected,
        scopes: vec!["read:everything".into()],
        account: Some(Account { id: "u-1".into(), label: "amira".into() }),
        ..Connection::new(ConnectorId::from("github-issues"), "1.0.0".into(), hub.clock().now())
    };
    let mut connection = connection;
    patchbay_auth::consent::approve(&mut connection.metadata, Some(method));
    patchbay_model::permissions::set_uses(&mut connection.metadata, Some(&["list_issues".to_owned()]));
    let fields =
        method.credential_fields().iter().map(|field| (field.key.clone(), Secret::new(KEY.to_owned())));
    let credential = Credential::new(fields.collect());
    let sealed = workspace.authoriser().seal(&connection.id, &credential).await.unwrap();
    workspace.store().connection_insert(&connection, Some(&sealed)).await.unwrap();
    let store = workspace.store();
    store.webhook_make(&connection.id, TOKEN).await.unwrap();
    let webhook = async |text: &str, before: Option<&patchbay_auth::webhook::WebhookSecrets>| {
        let secret = Secret::new(text.to_owned());
        let sealed = workspace.authoriser().seal_webhook(&connection.id, &secret, before).await.unwrap();
        let until = before.map(|_| "2100-01-01T00:00:00Z".parse().unwrap());
        store.webhook_secret_set(&connection.id, &sealed, until).await.unwrap();
        workspace.authoriser().webhook_secrets(&connection.id, Some(&sealed), until).await.unwrap()
    };
    let first = webhook("canary-of-before", None).await;
    webhook(HOOK, Some(&first)).await;
    let chain: Chain = serde_json::from_value(json!({
        "schema": patchbay_model::chain::CHAIN_SCHEMA, "name": "Daily", "trigger": {"type": "manual"},
        "steps": [{"id": "issues", "connection": "work", "operation": "list_issues"}],
    }))
    .unwrap();
    crate::chains::save(&workspace, None, chain).await.unwrap();
    hub
}

fn to(file: &Path, passphrase: Option<&str>) -> ExportRequest {
    ExportRequest {
        file: Some(file.to_owned()),
        give_text: false,
        passphrase: passphrase.map(PassphraseInput::new),
    }
}

async fn take(hub: &Hub, text: &str, passphrase: Option<&str>, apply: bool) -> Result<ImportResponse, Problem> {
    let request =
        ImportRequest { text: text.to_owned(), passphrase: passphrase.map(PassphraseInput::new), apply };
    import(hub, DEFAULT, request).await
}

#[tokio::test]
async fn a_plain_export_holds_no_secret_and_comes_in_without_any_approval() {
    let (from, there, files) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hub_from = furnished(from.path()).await;
    let file = files.path().join("mine.json");
    let made = export(&hub_from, DEFAULT, to(&file, None)).await.unwrap();
    assert_eq!((made.connections, made.chains, made.sealed), (1, 1, false));
    let text = std::fs::read_to_string(&file).unwrap();
    for told in [KEY, HOOK, TOKEN, "amira", "read:everything"] {
        assert!(!text.contains(told), "{told} is nothing for a file that anybody may read");
    }
    let again = export(&hub_from, DEFAULT, to(&file, None)).await.unwrap_err();
    assert_eq!(again.code(), Code::Conflict, "a file that is there is not replaced");

    let hub = hub(there.path());
    let seen = take(&hub, &text, None, false).await.unwrap();
    assert!(!seen.applied && seen.connections[0].needs_key && seen.connections[0].taken == Taken::Added);
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    assert!(workspace.store().connection_named("work").await.unwrap().is_none(), "looking adds nothing");
    assert!(workspace.store().chain_list().await.unwrap().is_empty());

    let done = take(&hub, &text, None, true).await.unwrap();
    assert_eq!(done.connections[0].to_approve, ["https://api.github.com"]);
    let connection = workspace.connection("work").await.unwrap();
    assert_eq!(connection.state, ConnectionState::Stale);
    assert_eq!(connection.last_error.as_ref().unwrap().code(), Code::SecretMissing);
    assert!(connection.origins.is_empty() && !connection.allow_private, "a file approves nothing");
    assert_eq!(workspace.store().chain_list().await.unwrap().len(), 1);
    assert!(workspace.store().runs_open().await.unwrap().is_empty(), "nothing runs");

    // Before it is approved no key goes anywhere, a new one neither.
    let secrets =
        serde_json::from_value(json!({ "name": "work", "secrets": { "token": "new-key-of-the-test" } }));
    let refused = crate::replacement::replace_key(&hub, DEFAULT, secrets.unwrap()).await.unwrap_err();
    assert_eq!(refused.code(), Code::TargetBlocked, "{refused:?}");
    let wrong = ApproveRequest {
        name: "work".into(),
        origins: vec!["https://evil.example".into()],
        changes: Vec::new(),
        allow_private: None,
    };
    assert_eq!(approve(&hub, DEFAULT, wrong).await.unwrap_err().code(), Code::Conflict);
    let right = ApproveRequest {
        name: "work".into(),
        origins: vec!["https://api.github.com".into()],
        changes: Vec::new(),
        allow_private: None,
    };
    approve(&hub, DEFAULT, right).await.unwrap();
    assert_eq!(workspace.connection("work").await.unwrap().origins, ["https://api.github.com"]);

    let twice = take(&hub, &text, None, true).await.unwrap();
    assert!(twice.connections[0].taken == Taken::Kept && twice.chains[0].taken == Taken::Kept);
    assert_eq!(workspace.connection("work").await.unwrap().origins.len(), 1, "what is here stays as it is");
    hub.shut_down().await;
    hub_from.shut_down().await;
}

#[tokio::test]
async fn a_sealed_export_gives_keys_and_approvals_back_to_whoever_has_its_passphrase() {
    let (from, there, files) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hub_from = furnished(from.path()).await;
    let file = files.path().join("mine.json");
    let short = export(&hub_from, DEFAULT, to(&file, Some("short"))).await.unwrap_err();
    assert_eq!(short.code(), Code::InputInvalid);
    assert!(!file.exists());
    assert!(export(&hub_from, DEFAULT, to(&file, Some(WORD))).await.unwrap().sealed);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(KEY) && !text.contains("github"), "names are sealed too");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let hub = hub(there.path());
    assert_eq!(take(&hub, &text, None, false).await.unwrap_err().code(), Code::InputInvalid);
    assert_eq!(take(&hub, &text, Some("correct house"), true).await.unwrap_err().code(), Code::PassphraseWrong);
    take(&hub, &text, Some(WORD), true).await.unwrap();
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    let connection = workspace.connection("work").await.unwrap();
    assert_eq!(connection.origins, ["https://api.github.com"]);
    assert!(connection.last_error.is_none());
    let sealed = workspace.store().credential(&connection.id).await.unwrap().unwrap();
    let place = format!("connection:{}", connection.id);
    assert!(workspace.vault().open(&sealed, &place).unwrap().expose().contains(KEY));
    assert_eq!(
        (connection.scopes.clone(), connection.account.clone().unwrap().label),
        (vec!["read:everything".to_owned()], "amira".to_owned())
    );
    assert_eq!(patchbay_model::permissions::uses(&connection), Some(vec!["list_issues".to_owned()]));
    let compiled = workspace.connectors().get(&connection.connector).unwrap();
    let method = compiled.descriptor().auth_method_of(&connection);
    assert!(patchbay_auth::consent::approved(&connection).is_some());
    assert_eq!(patchbay_auth::consent::differences(&connection, method), [], "what was approved is as it was");
    // Both secrets of the webhook, at its address, and switched off: a file runs nothing.
    let row = workspace.store().webhook(&connection.id).await.unwrap().unwrap();
    assert_eq!((row.token.as_str(), row.enabled), (TOKEN, false));
    let place = format!("webhook:{}", connection.id);
    let opened = workspace.vault().open(row.sealed.as_ref().unwrap(), &place).unwrap();
    assert!(opened.expose().contains(HOOK) && opened.expose().contains("canary-of-before"));
    assert_eq!(row.previous_until, Some("2100-01-01T00:00:00Z".parse().unwrap()));

    // Beside what is there already, an address is not taken twice.
    crate::workspaces::create(
        &hub,
        DEFAULT,
        crate::workspaces::WorkspaceCreate { name: "second".into(), label: None },
    )
    .await
    .unwrap();
    let request =
        ImportRequest { text: text.clone(), passphrase: Some(PassphraseInput::new(WORD)), apply: true };
    import(&hub, "second", request).await.unwrap();
    let second = hub.workspace("second").await.unwrap();
    let other = second.store().webhooks().await.unwrap().remove(0);
    assert!(other.token != TOKEN && other.sealed.is_some());
    hub.shut_down().await;

    // Text for a page that saves files by itself leaves nothing behind.
    let request = ExportRequest { file: None, give_text: true, passphrase: Some(PassphraseInput::new(WORD)) };
    let given = export(&hub_from, DEFAULT, request).await.unwrap();
    assert!(given.text.is_some_and(|text| patchbay_vault::is_sealed_file(&text)));
    assert!(!from.path().join("export.check").exists());
    hub_from.shut_down().await;
}

/// What was approved comes back, and what was not is asked about: the definition has changed since.
#[tokio::test]
async fn a_sealed_export_approves_no_more_than_was_approved() {
    let (from, there, files) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hub_from = furnished(from.path()).await;
    let workspace = hub_from.workspace(DEFAULT).await.unwrap();
    let mut connection = workspace.connection("work").await.unwrap();
    connection.origins = vec!["https://before.example".into()];
    connection.metadata["approvedSignIn"]["inject"] = json!([]);
    workspace.store().connection_update(&connection).await.unwrap();
    let file = files.path().join("mine.json");
    export(&hub_from, DEFAULT, to(&file, Some(WORD))).await.unwrap();
    hub_from.shut_down().await;
    let hub = hub(there.path());
    let text = std::fs::read_to_string(&file).unwrap();
    let done = take(&hub, &text, Some(WORD), true).await.unwrap();
    assert_eq!(done.connections[0].to_approve, ["https://api.github.com"]);
    let shown =
        crate::approval::show(&hub, DEFAULT, crate::connections::ConnectionName { name: "work".into() });
    let shown = shown.await.unwrap();
    assert_eq!(shown.approved, ["https://before.example"]);
    assert_eq!(shown.changes.iter().map(|change| change.what.as_str()).collect::<Vec<_>>(), ["inject"]);
    hub.shut_down().await;
}

#[tokio::test]
async fn a_copy_that_lacks_a_webhooks_secret_is_not_called_made() {
    let (from, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hub = furnished(from.path()).await;
    let file = files.path().join("mine.json");
    export(&hub, DEFAULT, to(&file, Some(WORD))).await.unwrap();
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    let unsealed = open_copy(std::fs::read_to_string(&file).unwrap(), Secret::new(WORD.into())).await.unwrap();
    let matches = async |document: &Value| {
        let text = std::fs::read_to_string(&file).unwrap();
        workspace.authoriser().matches_copy(text, Secret::new(WORD.into()), document).await.unwrap()
    };
    assert!(matches(&unsealed.document).await);
    // Another secret since the file was made: it does not give back what is kept.
    let id = workspace.connection("work").await.unwrap().id;
    let other = Secret::new("canary-of-later".to_owned());
    let sealed = workspace.authoriser().seal_webhook(&id, &other, None).await.unwrap();
    workspace.store().webhook_secret_set(&id, &sealed, None).await.unwrap();
    assert!(!matches(&unsealed.document).await);
    hub.shut_down().await;
}

#[tokio::test]
async fn a_hostile_file_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let hub = hub(dir.path());
    let file = |connection: Value| {
        json!({
            "format": FORMAT, "version": VERSION, "program": "0", "workspace": "x", "madeAt": "2026-11-20T12:00:00Z",
            "settings": {"lockAfterMinutes": 0, "remindAfterDays": 0}, "connections": [connection], "chains": [],
        })
    };
    let connection = |name: &str, connector: &str, config: Value| {
        json!({"name": name, "connector": connector, "connectorVersion": "1.0.0", "auth": null, "config": config,
            "origins": ["https://evil.example"], "allowPrivate": true, "paused": false})
    };
    let elsewhere = json!({"owner": "a", "repo": "b", "baseUrl": "https://evil.example"});
    let mut evil = connection("evil", "github-issues", elsewhere);
    evil["own"] = json!({"scopes": ["repo"], "account": {"id": "1", "label": "amira"},
        "metadata": {"approvedSignIn": {"method": "none"}}, "webhook": {"token": TOKEN, "previousUntil": null}});
    let good = file(evil).to_string();
    let done = take(&hub, &good, None, true).await.unwrap();
    assert_eq!(done.connections[0].taken, Taken::Added, "{done:?}");
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    let evil = workspace.connection("evil").await.unwrap();
    assert!(evil.origins.is_empty() && !evil.allow_private, "what the file says of origins counts for nothing");
    assert!(
        evil.scopes.is_empty() && evil.account.is_none() && evil.metadata.is_empty(),
        "nor what it says else"
    );
    assert!(workspace.store().webhooks().await.unwrap().is_empty());
    assert_eq!(hub.security().decisions().lock_after_minutes, 15, "a plain file switches no lock off");
    for refused in [
        connection("none", "no-such-tool", json!({})),
        connection("two\nlines", "github-issues", json!({"owner": "a", "repo": "b"})),
        connection("settings", "github-issues", json!({"unknown": "x"})),
    ] {
        let done = take(&hub, &file(refused).to_string(), None, true).await.unwrap();
        assert_eq!(done.connections[0].taken, Taken::Refused, "{done:?}");
        assert!(done.connections[0].problem.is_some());
    }
    for text in
        ["", "{}", "[]", &good.replace("patchbay-export", "other"), &good.replace("\"chains\"", "\"run\"")]
    {
        assert_eq!(take(&hub, text, None, true).await.unwrap_err().code(), Code::InputInvalid, "{text}");
    }
    hub.shut_down().await;
}

#[tokio::test]
async fn a_file_that_does_not_give_back_what_went_in_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mine.json");
    let kept = keep(&file, "text", async |back| Ok(back == "text")).await;
    assert!(kept.is_ok() && file.exists());
    for wrong in [Ok(false), Err(Problem::new(Code::PassphraseWrong))] {
        assert!(keep(&file, "text", async |_| wrong).await.is_err());
        assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "nothing is left");
    }
}
