//! Renewing tokens: one at a time, durable before they are used, and never lost by us.

use std::time::Duration;

use patchbay_model::problem::Code;
use patchbay_tests::oauth::Reply;
use serde_json::json;

use super::bench::Bench;

const REFRESH: &str = "refresh_token";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_refused_calls_make_one_renewal() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    assert!(bench.engine.health(&target).await.is_ok());
    for round in 1..=3 {
        bench.server.expire();
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let (engine, target) = (bench.engine.clone(), target.clone());
                tokio::spawn(async move { engine.health(&target).await })
            })
            .collect();
        for call in calls {
            let health = call.await.unwrap();
            assert!(health.is_ok(), "{health:?}");
        }
        assert_eq!(bench.server.calls(REFRESH), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_are_renewed_before_they_end_and_the_services_word_counts_more_than_our_clock() {
    let bench = Bench::new(&json!({})).await;
    bench.server.expires_in(3_600);
    let target = bench.connected().await;
    bench.clock.advance(Duration::from_secs(3_500));
    assert!(bench.engine.health(&target).await.is_ok());
    assert_eq!(bench.server.calls(REFRESH), 0, "100 seconds are left");
    bench.clock.advance(Duration::from_secs(50));
    assert!(bench.engine.health(&target).await.is_ok());
    assert_eq!(bench.server.calls(REFRESH), 1, "50 are too few");
    // A clock that jumps ahead renews once more than it need, and one that jumps back trusts the service.
    bench.clock.jump_to("2026-11-30T12:00:00Z".parse().unwrap());
    for _ in 0..3 {
        assert!(bench.engine.health(&target).await.is_ok());
    }
    assert_eq!(bench.server.calls(REFRESH), 2);
    bench.clock.jump_to("2026-11-01T12:00:00Z".parse().unwrap());
    bench.server.expire();
    assert!(bench.engine.health(&target).await.is_ok());
    assert_eq!(bench.server.calls(REFRESH), 3, "refused by the service, whatever the clock says");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_passing_fault_keeps_the_old_token_and_the_end_of_a_grant_says_so() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    let faults = [
        (Reply::unavailable(None), Code::ServiceDown),
        (Reply::broken(), Code::ServiceDown),
        (Reply::unavailable(Some(30)), Code::RateLimited),
        (Reply::Cut, Code::ConnectionLost),
        (Reply::html(), Code::UnexpectedContent),
        (Reply::Elsewhere(307), Code::RedirectRefused),
    ];
    for (fault, want) in faults {
        bench.server.expire();
        // As often as the call itself is tried again.
        bench.server.script(vec![fault; 12]);
        let problem = bench.engine.health(&target).await.err().unwrap();
        assert_eq!(problem.code(), want);
        assert_eq!(bench.store.renewal(&target.connection.id).await.unwrap(), None, "it has ended");
        bench.server.script([]);
        // What the service asked to wait, we wait.
        bench.clock.advance(Duration::from_secs(31));
        assert!(bench.engine.health(&target).await.is_ok(), "after {want}");
    }
    assert!(bench.server.elsewhere().is_empty());
    bench.server.expire();
    bench.server.script([Reply::error("invalid_grant")]);
    let problem = bench.engine.health(&target).await.err().unwrap();
    assert_eq!(problem.code(), Code::AuthRevoked);
    let connection = bench.store.connection(&target.connection.id).await.unwrap().unwrap();
    assert_eq!(connection.state, patchbay_model::ConnectionState::Stale, "it says: sign in again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let bench = Bench::new(&json!({})).await;
    bench.server.rotate(false);
    let target = bench.connected().await;
    for round in 1..=3 {
        bench.server.expire();
        assert!(bench.engine.health(&target).await.is_ok());
        assert_eq!(bench.server.calls(REFRESH), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_that_the_service_goes_on_refusing_is_not_renewed_for_ever() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    bench.server.always_at("/api/me", Reply::json(401, &json!({"error": "no"})));
    let problem = bench.engine.health(&target).await.err().unwrap();
    assert_eq!(problem.code(), Code::AuthRevoked);
    assert_eq!(bench.server.calls(REFRESH), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_goes_away_takes_no_token_with_it() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    bench.server.expire();
    bench.server.script([Reply::Held(Box::new(Reply::Good))]);
    let (engine, copy) = (bench.engine.clone(), target.clone());
    let call = tokio::spawn(async move { engine.health(&copy).await });
    let server = bench.server.clone();
    super::bench::blocking(move || server.wait_until_held()).await;
    // The service has put a new refresh token in the place of the old one, and the caller is gone.
    assert!(
        bench.store.renewal(&target.connection.id).await.unwrap().is_some(),
        "written down before it was sent"
    );
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    bench.server.release();
    assert!(bench.engine.health(&target).await.is_ok());
    assert_eq!(bench.server.calls(REFRESH), 1);
    assert_eq!(bench.store.renewal(&target.connection.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn new_tokens_are_kept_before_they_are_used_and_stay_after_a_new_start() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    let before = bench.store.credential(&target.connection.id).await.unwrap();
    bench.server.expire();
    assert!(bench.engine.health(&target).await.is_ok());
    let after = bench.store.credential(&target.connection.id).await.unwrap();
    assert_ne!(before, after);
    let (_store, _, engine) = bench.started_again().await;
    assert!(engine.health(&target).await.is_ok());
    assert_eq!(bench.server.calls(REFRESH), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_that_nobody_uses_are_renewed_daily_and_given_back_at_the_end() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    let (connection, descriptor) = (&target.connection, bench.compiled.descriptor().clone());
    let day = Duration::from_secs(20 * 3_600);
    assert!(!bench.authoriser.renew_unused(connection, &descriptor, day).await.unwrap());
    bench.clock.advance(Duration::from_secs(21 * 3_600));
    assert!(bench.authoriser.renew_unused(connection, &descriptor, day).await.unwrap());
    assert!(!bench.authoriser.renew_unused(connection, &descriptor, day).await.unwrap());
    assert_eq!(bench.server.calls(REFRESH), 1);
    assert!(bench.authoriser.revoke(connection, &descriptor).await.unwrap());
    let given: Vec<_> = bench
        .server
        .seen("/revoke")
        .iter()
        .map(|seen| seen.field("token_type_hint").unwrap().to_owned())
        .collect();
    assert_eq!(given, ["refresh_token", "access_token"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_definition_of_the_sign_in_gets_no_secret() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    let url = bench.server.url();
    for changed in [
        json!({"tokenUrl": format!("{url}/elsewhere")}),
        json!({"inject": [{"in": "query", "name": "t", "value": "{{secret.accessToken}}"}]}),
        json!({"scopes": {"always": ["read", "write", "admin"]}}),
    ] {
        let other = super::bench::connector(&format!("{url}/api"), &url, &changed);
        let mut method = other.descriptor().auth[0].clone();
        // One that has something to enter.
        if let patchbay_model::descriptor::AuthMethod::OAuth2(oauth) = &mut method {
            oauth.credential_fields =
                serde_json::from_value(json!([{"key": "clientId", "label": "Id"}])).unwrap();
        }
        let entered =
            bench.authoriser.entered(&target.connection, &method, patchbay_auth::Credential::default()).await;
        assert!(matches!(entered, Err(patchbay_auth::AuthError::Changed)), "nor one that was entered");
        let target = patchbay_connector::Target { descriptor: other, ..target.clone() };
        let seen = bench.server.seen("/api/me").len();
        let problem = bench.engine.health(&target).await.err().unwrap();
        assert_eq!(problem.code(), Code::TargetBlocked, "{changed}");
        assert_eq!(bench.server.seen("/api/me").len(), seen, "nothing was sent");
    }
    assert!(bench.engine.health(&target).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_renewal_does_not_take_the_place_of_a_new_sign_in() {
    let bench = Bench::new(&json!({})).await;
    let target = bench.connected().await;
    bench.server.expire();
    bench.server.script([Reply::Held(Box::new(Reply::Good))]);
    let (engine, copy) = (bench.engine.clone(), target.clone());
    let call = tokio::spawn(async move { engine.health(&copy).await });
    let server = bench.server.clone();
    super::bench::blocking(move || server.wait_until_held()).await;
    // The person signs in again while the old sign-in is being renewed.
    let again = bench.sign_in().await.unwrap_or_else(|error| panic!("{error:?}"));
    let sealed = bench.authoriser.seal(&target.connection.id, &again.credential).await.unwrap();
    bench.store.credential_replace(&target.connection.id, &sealed).await.unwrap();
    bench.server.release();
    assert!(call.await.unwrap().is_ok());
    let kept = bench.store.credential(&target.connection.id).await.unwrap();
    assert_eq!(kept, Some(sealed), "the new sign-in stays");
    assert!(bench.engine.health(&target).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_request_that_is_sent_again_takes_a_turn_of_its_own() {
    let server = patchbay_tests::ScriptedOauth::start();
    let (base, url) = (format!("{}/api", server.url()), server.url());
    // Three calls at once, and then one in twenty minutes.
    let limits = json!({"rate": [{"calls": 6, "seconds": 3_600, "burst": 3}], "retry": {"count": 0}});
    let compiled = super::bench::connector_with(&base, &url, &json!({}), |all| all["limits"] = limits);
    let bench = Bench::over(server, compiled).await;
    let target = bench.connected().await;
    let calls = || bench.server.seen("/api/me").len();
    bench.server.expire();
    assert!(bench.engine.health(&target).await.is_ok());
    assert_eq!(calls(), 2, "refused, and sent again");
    assert!(bench.engine.health(&target).await.is_ok());
    let problem = bench.engine.health(&target).await.err().unwrap();
    assert_eq!((problem.code(), calls()), (Code::LocalRateLimited, 3), "each of them was counted");
    // One turn is left for a call that needs two: the second waits, and nothing is said of the sign-in.
    bench.clock.advance(Duration::from_secs(1_201));
    bench.server.expire();
    let problem = bench.engine.health(&target).await.err().unwrap();
    assert_eq!((problem.code(), calls()), (Code::LocalRateLimited, 4), "{problem:?}");
    assert!(problem.when().is_some());
    let connection = bench.store.connection(&target.connection.id).await.unwrap().unwrap();
    assert_eq!(connection.state, patchbay_model::ConnectionState::Connected);
    bench.clock.advance(Duration::from_secs(1_201));
    assert!(bench.engine.health(&target).await.is_ok(), "with the token that was renewed before");
    assert_eq!((bench.server.calls(REFRESH), calls()), (2, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_are_given_back_where_the_servers_metadata_said_at_the_sign_in() {
    let bench = Bench::new(&json!({"revocationUrl": null})).await;
    let target = bench.connected().await;
    let descriptor = bench.compiled.descriptor().clone();
    // By now it publishes nothing any more.
    let metadata = "/.well-known/oauth-authorization-server";
    let asked = bench.server.seen(metadata).len();
    bench.server.always_at(metadata, Reply::broken());
    assert!(bench.authoriser.revoke(&target.connection, &descriptor).await.unwrap());
    assert_eq!(bench.server.seen("/revoke").len(), 2);
    assert_eq!(bench.server.seen(metadata).len(), asked, "it was not asked again");
    for seen in bench.server.seen("/api/me") {
        assert!(!format!("{seen:?}").contains("revoke"), "that is no part of what is sent: {seen:?}");
    }

    // One from before, which kept nothing: the server is asked then.
    let bench = Bench::new(&json!({"revocationUrl": null})).await;
    bench.server.always_at(metadata, Reply::json(200, &json!({"issuer": bench.server.url()})));
    let target = bench.connected().await;
    assert!(
        !bench.authoriser.revoke(&target.connection, &descriptor_of(&bench)).await.unwrap(),
        "it offers none"
    );
    bench.server.always_at(metadata, Reply::json(200, &bench.server.metadata()));
    assert!(bench.authoriser.revoke(&target.connection, &descriptor_of(&bench)).await.unwrap());

    // Elsewhere than its issuer: passed over, and signing in works.
    let bench = Bench::new(&json!({"revocationUrl": null})).await;
    let mut elsewhere = bench.server.metadata();
    elsewhere["revocation_endpoint"] = json!(format!("http://127.0.0.1:{}/revoke", bench.server.other_port));
    bench.server.always_at(metadata, Reply::json(200, &elsewhere));
    let target = bench.connected().await;
    assert!(!bench.authoriser.revoke(&target.connection, &descriptor_of(&bench)).await.unwrap());
    assert!(bench.server.elsewhere().is_empty(), "no token went where nobody approved");
}

fn descriptor_of(bench: &Bench) -> patchbay_model::Descriptor {
    bench.compiled.descriptor().as_ref().clone()
}
