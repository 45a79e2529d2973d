//! Against a certified server: everything that it insists on.

use std::sync::Arc;

use patchbay_auth::Begun;
use patchbay_connector::Compiled;
use patchbay_model::Clock;
use patchbay_tests::{OidcServer, ScriptedOauth};
use serde_json::{Value, json};

use super::bench::{Bench, blocking};

fn connector(server: &OidcServer, changed: &Value) -> Arc<Compiled> {
    let mut auth = json!({
        "authorizationUrl": null, "tokenUrl": null, "revocationUrl": null,
        "client": {"type": "public", "id": "native"},
        "redirect": {"path": "/callback"},
        "scopes": {"always": ["openid", "offline_access", "issues:read"]},
        "authorizationParameters": {"prompt": "consent"},
    });
    auth.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    super::bench::connector(&server.url, &server.url, &auth)
}

async fn bench(options: &Value, changed: &Value) -> (Arc<OidcServer>, Bench) {
    assert!(OidcServer::installed(), "`cargo xtask test` installs it, or `npm ci --prefix tests/node`");
    let options = options.clone();
    let server = Arc::new(blocking(move || OidcServer::start(&options)).await);
    let bench = Bench::over(ScriptedOauth::start(), connector(&server, changed)).await;
    (server, bench)
}

/// Signs in as a person does: opens the page, logs in, consents.
async fn sign_in(server: &Arc<OidcServer>, bench: &Bench, secrets: &[(&str, &str)]) -> patchbay_auth::SignedIn {
    let Begun::Browser(flow) = bench.begin_with(secrets).await.unwrap_or_else(|error| panic!("{error:?}"))
    else {
        panic!("not in the browser")
    };
    let (url, server) = (flow.url().to_owned(), server.clone());
    let finished = tokio::spawn(flow.finish());
    blocking(move || {
        let back = server.allow(&url, "noor");
        let target = format!("{}?{}", back.path(), back.query().unwrap());
        let answer = patchbay_tests::wire::Request::get(&target).send(back.port().unwrap());
        assert!(String::from_utf8_lossy(&answer.body).contains("You are signed in"), "{answer:?}");
    })
    .await;
    finished.await.unwrap().unwrap_or_else(|error| panic!("{error:?}"))
}

async fn target(bench: &Bench, signed_in: patchbay_auth::SignedIn) -> patchbay_connector::Target {
    let mut connection = bench.connection();
    connection.scopes = signed_in.asked;
    let sealed = bench.authoriser.seal(&connection.id, &signed_in.credential).await.unwrap();
    bench.store.connection_insert(&connection, Some(&sealed)).await.unwrap();
    let credential = patchbay_connector::TargetCredential::Stored;
    patchbay_connector::Target { descriptor: bench.compiled.clone(), connection, credential }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_strict_server_lets_us_in_renews_with_rotation_and_takes_the_tokens_back() {
    let (server, bench) = bench(&json!({"accessSeconds": 120}), &json!({})).await;
    let signed_in = sign_in(&server, &bench, &[]).await;
    assert_eq!(signed_in.missing(), Vec::<String>::new());
    let target = target(&bench, signed_in).await;
    let me = bench.engine.get(&target, "/me", &[]).await;
    assert!(me.is_ok(), "{:?}", me.err());
    // The access token has ended by our clock: each round takes the refresh token of the last.
    for round in 1..=5 {
        bench.clock.advance(std::time::Duration::from_secs(115));
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let (engine, target) = (bench.engine.clone(), target.clone());
                tokio::spawn(async move { engine.get(&target, "/me", &[]).await.map(|_| ()) })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap_or_else(|problem| panic!("{problem:?}"));
        }
        let counted = server.clone();
        let counters = blocking(move || counted.counters()).await;
        assert_eq!(counters["granted"]["refresh_token"], json!(round), "{counters}");
        assert_eq!(counters["refused"], json!({}), "{counters}");
    }
    let descriptor = bench.compiled.descriptor().clone();
    assert!(bench.authoriser.revoke(&target.connection, &descriptor).await.unwrap());
    let counted = server.clone();
    let counters = blocking(move || counted.counters()).await;
    assert_ne!(counters["revoked"], json!(0), "{counters}");
    let problem = bench.engine.get(&target, "/me", &[]).await.err().unwrap();
    assert_eq!(problem.code(), patchbay_model::problem::Code::AuthRevoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_strict_server_accepts_each_way_in_which_an_application_proves_itself() {
    assert!(OidcServer::installed(), "`cargo xtask test` installs it, or `npm ci --prefix tests/node`");
    let server = Arc::new(blocking(|| OidcServer::start(&json!({}))).await);
    for (client, authentication) in
        [("basic", "basic"), ("post", "body"), ("es256", "private_key_jwt"), ("rs256", "private_key_jwt")]
    {
        let fields = json!([{"key": "clientId", "label": "Id", "type": "text"},
            {"key": "clientSecret", "label": "Secret", "required": false},
            {"key": "privateKey", "label": "Key", "required": false},
            {"key": "keyId", "label": "Key id", "type": "text", "required": false}]);
        let changed = json!({
            "client": {"type": "own"}, "clientAuthentication": authentication, "credentialFields": fields,
        });
        let bench = Bench::over(ScriptedOauth::start(), connector(&server, &changed)).await;
        // The server holds an assertion against its own clock.
        bench.clock.jump_to(patchbay_model::SystemClock::new().now());
        let key = &server.facts["keys"][client];
        let secrets = match authentication {
            "private_key_jwt" => vec![
                ("clientId", client),
                ("privateKey", key["pkcs8"].as_str().unwrap()),
                ("keyId", key["kid"].as_str().unwrap()),
            ],
            _ => vec![("clientId", client), ("clientSecret", server.secret(client))],
        };
        let signed_in = sign_in(&server, &bench, &secrets).await;
        assert!(signed_in.granted.is_some(), "{client}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_strict_server_knows_devices_applications_and_registration() {
    let (server, bench) =
        bench(&json!({}), &json!({"grant": "device_code", "authorizationParameters": {}})).await;
    let Begun::Device(flow) = bench.begin_with(&[]).await.unwrap_or_else(|error| panic!("{error:?}")) else {
        panic!()
    };
    let address = flow.code().verification_uri_complete.clone().unwrap();
    let finished = tokio::spawn(flow.finish());
    let typed = server.clone();
    blocking(move || typed.allow_device(&address, "noor")).await;
    while !finished.is_finished() {
        bench.clock.advance(std::time::Duration::from_secs(5));
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
    assert!(finished.await.unwrap().is_ok());

    let secret = server.secret("service").to_owned();
    let own = json!({
        "grant": "client_credentials", "client": {"type": "own"}, "clientAuthentication": "basic",
        "credentialFields": [{"key": "clientId", "label": "Id", "type": "text"}, {"key": "clientSecret", "label": "Secret"}],
        "scopes": {"always": ["issues:read"]}, "authorizationParameters": {},
    });
    let service = Bench::over(ScriptedOauth::start(), connector(&server, &own)).await;
    let begun = service.begin_with(&[("clientId", "service"), ("clientSecret", &secret)]).await;
    assert!(matches!(begun, Ok(Begun::Done(_))), "{:?}", begun.err());

    let dynamic = json!({"client": {"type": "dynamic"}, "redirect": {"path": "/callback"}});
    let registered = Bench::over(ScriptedOauth::start(), connector(&server, &dynamic)).await;
    sign_in(&server, &registered, &[]).await;
}
