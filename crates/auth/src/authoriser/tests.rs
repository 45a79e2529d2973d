use std::path::Path;

use patchbay_model::descriptor::Method;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{ConnectionState, ConnectorId, SystemClock};
use patchbay_store::OpenOptions;
use patchbay_vault::{MemoryStore, Secret};
use serde_json::{Value, json};

use super::*;

async fn store(dir: &Path) -> Store {
    let clock = Arc::new(SystemClock::new());
    Store::open(OpenOptions { dir: dir.to_owned(), clock, machine: "m".into() }).await.unwrap()
}

pub(super) fn over(vault: &Arc<Vault>, store: &Store) -> Authoriser {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    Authoriser::new(vault.clone(), store.clone(), Client::new(clock.clone()).unwrap(), clock)
}

fn descriptor(auth: &Value) -> Descriptor {
    serde_json::from_value(json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example", "auth": [auth],
        "healthCheck": {"request": {"path": "/me"}},
    }))
    .unwrap()
}

fn connection(auth_method: Option<&str>) -> Connection {
    Connection {
        id: ConnectionId::generate(),
        name: "work".into(),
        auth_method: auth_method.map(str::to_owned),
        config: Map::from_iter([("site".into(), json!("acme"))]),
        origins: vec!["https://api.tool.example".into()],
        state: ConnectionState::Connected,
        ..Connection::new(ConnectorId::from("tool"), "1.0.0".into(), "2026-11-20T12:00:00Z".parse().unwrap())
    }
}

fn credential(values: &[(&str, &str)]) -> Credential {
    Credential::new(values.iter().map(|(n, v)| ((*n).to_owned(), Secret::new((*v).to_owned()))).collect())
}

fn request(url: &str) -> Request {
    Request::new(Method::Get, url.parse().unwrap())
}

/// What was added, as `header name: value` and `query name=value`.
fn added(request: &Request) -> Vec<String> {
    let headers = request.secret_headers.iter().map(|(n, v)| format!("header {n}: {}", v.as_str()));
    let query = request.secret_query.iter().map(|(n, v)| format!("query {n}={}", v.as_str()));
    headers.chain(query).collect()
}

fn key_auth(method: &str, fields: &Value, inject: &Value) -> Value {
    json!({"method": method, "id": "a", "label": "A", "credentialFields": fields, "inject": inject})
}

/// A way to sign in, the values given, and what is added or why nothing is.
type Case<'a> = (Value, &'a [(&'a str, &'a str)], Result<&'a [&'a str], Code>);

#[tokio::test]
async fn each_way_to_sign_in_puts_its_values_where_the_vendor_wants_them() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let authoriser = over(&vault, &store(dir.path()).await);
    let token = json!([{"key": "token", "label": "T"}]);
    let two = json!([{"key": "api", "label": "A"}, {"key": "app", "label": "B", "required": false}]);
    let user = json!([{"key": "user", "label": "U", "type": "text"}, {"key": "pass", "label": "P", "required": false}]);
    let basic = |username: &str, password: &str| json!({"method": "basic", "id": "a", "label": "A", "credentialFields": user, "username": username, "password": password});
    let bearer = json!([{"in": "header", "name": "Authorization", "value": "Bearer {{secret.token}}"}]);
    let both = json!([
        {"in": "header", "name": "X-Api", "value": "{{secret.api}}"},
        {"in": "query", "name": "app", "value": "{{secret.app}}"},
    ]);
    let cases: [Case<'_>; 10] = [
        (key_auth("pat", &token, &bearer), &[("token", "t-1")], Ok(&["header Authorization: Bearer t-1"])),
        (
            key_auth("api_key", &two, &both),
            &[("api", "k"), ("app", "l")],
            Ok(&["header X-Api: k", "query app=l"]),
        ),
        (key_auth("api_key", &two, &both), &[("api", "k")], Ok(&["header X-Api: k"])),
        (key_auth("api_key", &two, &both), &[("app", "l")], Err(Code::SecretMissing)),
        (key_auth("pat", &token, &bearer), &[("token", "")], Err(Code::SecretMissing)),
        (key_auth("pat", &token, &bearer), &[], Err(Code::SecretMissing)),
        (
            key_auth(
                "pat",
                &token,
                &json!([{"in": "header", "name": "A", "value": "{{config.site}}:{{secret.token}}"}]),
            ),
            &[("token", "{{secret.token}}")],
            Ok(&["header A: acme:{{secret.token}}"]),
        ),
        (
            basic("{{secret.user}}", "{{secret.pass}}"),
            &[("user", "a"), ("pass", "b:c")],
            Ok(&["header Authorization: Basic YTpiOmM="]),
        ),
        (
            basic("{{secret.user}}", "{{secret.pass}}"),
            &[("user", "a")],
            Ok(&["header Authorization: Basic YTo="]),
        ),
        (
            basic("{{secret.user}}/token", ""),
            &[("user", "a")],
            Ok(&["header Authorization: Basic YS90b2tlbjo="]),
        ),
    ];
    for (auth, values, want) in cases {
        let (connection, mut request) = (connection(Some("a")), request("https://api.tool.example/x"));
        let result =
            authoriser.authorise_with(&connection, &descriptor(&auth), &credential(values), &mut request);
        match (result, want) {
            (Ok(_), Ok(want)) => assert_eq!(added(&request), want, "{auth}"),
            (Err(error), Err(code)) => {
                assert_eq!(Problem::from(error).code(), code, "{auth}");
                assert!(added(&request).is_empty(), "nothing half-done: {auth}");
            }
            (result, _) => panic!("{auth}: {:?}", result.err()),
        }
    }
}

#[tokio::test]
async fn a_key_that_signs_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let authoriser = over(&vault, &store(dir.path()).await);
    let auth = json!({
        "method": "sigv4", "id": "a", "label": "A",
        "credentialFields": [{"key": "id", "label": "I", "type": "text"}, {"key": "key", "label": "K"},
            {"key": "token", "label": "T", "required": false}],
        "accessKeyId": "{{secret.id}}", "secretAccessKey": "{{secret.key}}", "sessionToken": "{{secret.token}}",
        "region": "{{config.site}}", "service": "mail",
    });
    let authorise = |url: &str, values: &[(&str, &str)]| {
        let mut request = request(url);
        let done = authoriser.authorise_with(
            &connection(Some("a")),
            &descriptor(&auth),
            &credential(values),
            &mut request,
        );
        (done.map(|_| ()).map_err(|error| Problem::from(error).code()), request)
    };
    let key = [("id", "ID-1"), ("key", "the-key-itself")];
    let (done, first) = authorise("https://api.tool.example/x?b=1&a=2", &key);
    assert_eq!(done, Ok(()));
    let [line] = &added(&first)[..] else { panic!("{:?}", added(&first)) };
    assert!(line.starts_with("header Authorization: AWS4-HMAC-SHA256 Credential=ID-1/"), "{line}");
    assert!(line.contains("/acme/mail/aws4_request, SignedHeaders=host;x-amz-date, Signature="), "{line}");
    let (_, other) = authorise("https://api.tool.example/x?b=1&a=3", &key);
    assert_ne!(added(&other)[0], *line, "the address is signed");
    let (_, lasting) =
        authorise("https://api.tool.example/x", &[("id", "I"), ("key", "the-key-itself"), ("token", "t-1")]);
    let all = [added(&first), added(&lasting)].concat().join("\n");
    assert!(all.contains("header x-amz-security-token: t-1") && !all.contains("the-key-itself"), "{all}");
    assert_eq!(authorise("https://api.tool.example/x", &key[..1]).0, Err(Code::SecretMissing));
    let (elsewhere, untouched) = authorise("https://elsewhere.example/x", &key);
    assert!(elsewhere.is_err() && added(&untouched).is_empty() && untouched.headers.is_empty());
}

#[tokio::test]
async fn a_sealed_credential_opens_for_its_connection_and_is_masked_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let authoriser = over(&vault, &store);
    let auth = key_auth(
        "pat",
        &json!([{"key": "token", "label": "T"}]),
        &json!([{"in": "header", "name": "Authorization", "value": "Bearer {{secret.token}}"}]),
    );
    let (descriptor, connection) = (descriptor(&auth), connection(Some("a")));
    let mut before = request("https://api.tool.example/x");
    let problem = authoriser.authorise(&connection, &descriptor, &mut before).await.unwrap_err();
    assert_eq!(Problem::from(problem).code(), Code::SecretMissing, "no row, no secret");

    let sealed = authoriser.seal(&connection.id, &credential(&[("token", "sandbox-token-1")])).await.unwrap();
    assert!(!String::from_utf8_lossy(sealed.as_bytes()).contains("sandbox-token-1"));
    store.connection_insert(&connection, Some(&sealed)).await.unwrap();
    assert_eq!(authoriser.redactor(&connection.id).text("sandbox-token-1"), "sandbox-token-1");
    let mut opened = request("https://api.tool.example/x");
    authoriser.authorise(&connection, &descriptor, &mut opened).await.unwrap();
    assert_eq!(added(&opened), ["header Authorization: Bearer sandbox-token-1"]);
    assert!(!format!("{opened:?}").contains("sandbox-token-1"));
    assert_eq!(authoriser.redactor(&connection.id).text("sandbox-token-1"), "•••");

    // The same bytes in another connection's row do not open.
    let other = Connection { name: "other".into(), ..self::connection(Some("a")) };
    store.connection_insert(&other, Some(&sealed)).await.unwrap();
    let stolen = authoriser.authorise(&other, &descriptor, &mut request("https://api.tool.example/x")).await;
    assert_eq!(Problem::from(stolen.unwrap_err()).code(), Code::SecretMissing);
}

/// A vault that cannot be opened: whoever asks it fails the test's expectation of a blocked target.
#[tokio::test]
async fn an_unapproved_origin_is_refused_before_the_secret_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let authoriser = over(&vault, &store);
    let auth = key_auth("pat", &json!([{"key": "t", "label": "T"}]), &json!([]));
    let (descriptor, connection) = (descriptor(&auth), connection(Some("a")));
    let sealed = authoriser.seal(&connection.id, &credential(&[("t", "sandbox-token-1")])).await.unwrap();
    store.connection_insert(&connection, Some(&sealed)).await.unwrap();
    vault.destroy_keys(&[sealed]).unwrap();
    for url in [
        "https://evil.example/x",
        "http://api.tool.example/x",
        "https://api.tool.example:8443/x",
        "https://api.tool.example.evil.example/x",
        "https://api.tool.example@evil.example/x",
    ] {
        let mut request = request(url);
        let error = authoriser.authorise(&connection, &descriptor, &mut request).await.unwrap_err();
        let code = Problem::from(error).code();
        assert_eq!(code, Code::TargetBlocked, "{url}: the vault would have said SECRET_MISSING");
        let given =
            authoriser.authorise_with(&connection, &descriptor, &credential(&[("t", "x")]), &mut request);
        assert_eq!(Problem::from(given.unwrap_err()).code(), Code::TargetBlocked, "{url}");
        assert!(added(&request).is_empty(), "{url}");
    }
    let mut fine = request("https://api.tool.example/x");
    let opened = authoriser.authorise(&connection, &descriptor, &mut fine).await;
    assert_eq!(Problem::from(opened.unwrap_err()).code(), Code::SecretMissing);
}

#[tokio::test]
async fn a_connector_without_sign_in_needs_no_vault_and_a_vanished_way_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let authoriser = over(&vault, &store(dir.path()).await);
    let descriptor = descriptor(&key_auth("pat", &json!([{"key": "t", "label": "T"}]), &json!([])));
    let mut request = request("https://api.tool.example/x");
    authoriser.authorise(&connection(None), &descriptor, &mut request).await.unwrap();
    assert!(added(&request).is_empty());
    let gone = authoriser.authorise(&connection(Some("old")), &descriptor, &mut request).await.unwrap_err();
    assert!(gone.to_string().contains("\"old\""));
    assert!(!Problem::from(gone).fix().label.is_empty());
}
