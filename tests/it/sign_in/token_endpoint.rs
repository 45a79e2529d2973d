//! The token endpoint: what it may not answer, and every way in which vendors want to be asked.

use std::time::Duration;

use patchbay_auth::Begun;
use patchbay_auth::oauth::SignInError;
use patchbay_model::problem::{Code, Problem};
use patchbay_tests::oauth::{Reply, Seen};
use serde_json::{Value, json};

use super::bench::{Bench, blocking, code_for, code_of};

/// Cases 29 to 36 of the negative list: the code, and that nothing is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_is_not_in_order_gives_no_token() {
    let bench = Bench::new(&json!({})).await;
    let cases: Vec<(&str, Reply, Code)> = vec![
        ("a page", Reply::html(), Code::UnexpectedContent),
        ("500", Reply::broken(), Code::ServiceDown),
        ("503", Reply::unavailable(None), Code::ServiceDown),
        ("503 with a time", Reply::unavailable(Some(120)), Code::RateLimited),
        ("cut", Reply::Cut, Code::ConnectionLost),
        ("cut after it happened", Reply::CutAfterEffect, Code::ConnectionLost),
        ("no JSON", Reply::json_text("{\"access_token\": "), Code::MalformedResponse),
        ("a list", Reply::json_text("[]"), Code::UnexpectedContent),
        ("20 MB", Reply::large(20 << 20), Code::PayloadTooLarge),
        ("a bomb", Reply::gzip_bomb(), Code::PayloadTooLarge),
        ("another host, 302", Reply::Elsewhere(302), Code::RedirectRefused),
        ("another host, 307", Reply::Elsewhere(307), Code::RedirectRefused),
        ("another host, 308", Reply::Elsewhere(308), Code::RedirectRefused),
        ("a mac token", Reply::GoodWith(json!({"token_type": "mac"})), Code::SignInRefused),
        ("no token type", Reply::GoodWith(json!({"token_type": null})), Code::SignInRefused),
        ("no token", Reply::GoodWith(json!({"access_token": null})), Code::SignInRefused),
        (
            "a token that frames a header",
            Reply::GoodWith(json!({"access_token": "a\r\nb"})),
            Code::SignInRefused,
        ),
        ("less than no time", Reply::GoodWith(json!({"expires_in": -1})), Code::SignInRefused),
        ("a text for a time", Reply::GoodWith(json!({"expires_in": "soon"})), Code::SignInRefused),
        ("for ever and ever", Reply::GoodWith(json!({"expires_in": 1e12})), Code::SignInRefused),
        ("a code that was used", Reply::error("invalid_grant"), Code::SignInRefused),
        ("an application that is not known", Reply::invalid_client(), Code::InvalidConfig),
        ("an error of its own", Reply::error("<b>ouch</b>"), Code::SignInRefused),
        (
            "an error inside a 200",
            Reply::json(200, &json!({"ok": false, "error": "invalid_code"})),
            Code::SignInRefused,
        ),
    ];
    for (what, reply, want) in cases {
        // As often as it is asked again.
        let times = if want == Code::ServiceDown { 3 } else { 1 };
        bench.server.script(vec![reply; times]);
        let error = bench.sign_in().await.err().unwrap_or_else(|| panic!("{what} gave a token"));
        let problem = Problem::from(error);
        assert_eq!(problem.code(), want, "{what}: {problem:?}");
        let said = format!("{} {} {:?}", problem.title(), problem.hint(), problem.technical());
        assert!(!said.contains("ouch") && !said.contains("It is scripted so"), "{what}: {said}");
        // The next one works.
        assert!(bench.sign_in().await.is_ok(), "after {what}");
    }
    assert!(bench.server.elsewhere().is_empty(), "code and verifier went to another host");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let bench = Bench::new(&json!({})).await;
    let started = std::time::Instant::now();
    for reply in [Reply::Never, Reply::Drip(Duration::from_secs(4))] {
        bench.server.script([reply]);
        let code = code_of(bench.sign_in().await.err().unwrap());
        assert!(matches!(code, Code::TimeoutResponse | Code::ConnectionLost | Code::ServiceDown), "{code}");
    }
    assert!(started.elapsed() < Duration::from_secs(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fault_that_passes_costs_nobody_a_second_attempt() {
    let bench = Bench::new(&json!({})).await;
    bench.server.script([Reply::unavailable(None), Reply::broken()]);
    assert!(bench.sign_in().await.is_ok());
    assert_eq!(bench.server.calls("authorization_code"), 3);
    // What broke off is not: nobody knows how long it was under way.
    for fault in [Reply::Cut, Reply::CutAfterEffect] {
        let before = bench.server.calls("authorization_code");
        bench.server.script([fault]);
        assert!(bench.sign_in().await.is_err());
        assert_eq!(bench.server.calls("authorization_code"), before + 1);
    }
}

/// What the token endpoint saw last.
fn last(bench: &Bench, path: &str) -> Seen {
    bench.server.seen(path).pop().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn narrower_and_wider_permissions_are_said() {
    let bench = Bench::new(&json!({})).await;
    bench.server.script([Reply::GoodWith(json!({"scope": "read"}))]);
    let narrower = bench.sign_in().await.unwrap();
    assert_eq!((narrower.missing(), narrower.beyond()), (vec!["write".to_owned()], vec![]));
    bench.server.script([Reply::GoodWith(json!({"scope": "read write admin"}))]);
    let wider = bench.sign_in().await.unwrap();
    assert_eq!((wider.missing(), wider.beyond()), (vec![], vec!["admin".to_owned()]));
    bench.server.script([Reply::GoodWith(json!({"scope": null}))]);
    let silent = bench.sign_in().await.unwrap();
    assert_eq!((silent.missing(), silent.beyond()), (vec![], vec![]), "what was asked for (RFC 6749, 5.1)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_request_is_that_of_the_standard() {
    let bench = Bench::new(&json!({})).await;
    let (flow, asked) = bench.begin().await;
    assert_eq!(asked.get("response_type"), "code");
    assert_eq!(asked.get("client_id"), "patchbay");
    assert_eq!(asked.get("scope"), "read write");
    assert_eq!(asked.get("code_challenge_method"), "S256");
    let redirect = asked.redirect_uri();
    assert_eq!(redirect.host_str(), Some("127.0.0.1"));
    assert!(redirect.path().len() > 25, "it cannot be guessed: {redirect}");
    let finished = tokio::spawn(flow.finish());
    let code = code_for(&asked);
    bench.allow(&asked, &code).await;
    finished.await.unwrap().unwrap();
    let seen = last(&bench, "/token");
    let field = |name| seen.field(name).unwrap_or_default().to_owned();
    assert_eq!(
        (field("grant_type"), field("code"), field("client_id")),
        ("authorization_code".into(), code, "patchbay".into())
    );
    assert_eq!(field("redirect_uri"), asked.get("redirect_uri"));
    assert!(asked.is_proven_by(&field("code_verifier")));
    assert_eq!(seen.field("client_secret"), None);
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(seen.header("authorization"), None);
}

const OWN: &[(&str, &str)] = &[("clientId", "my app"), ("clientSecret", "p:w d+1")];

/// How a vendor wants to be asked, the secrets that a person enters, and what the request must then hold.
type Wish = (&'static str, Value, &'static [(&'static str, &'static str)], fn(&Seen));

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn vendors_are_asked_as_they_want() {
    let own = |authentication: &str| {
        json!({
            "client": {"type": "own"}, "clientAuthentication": authentication, "redirect": {"path": "/callback"},
            "credentialFields": [{"key": "clientId", "label": "Id", "type": "text"},
                {"key": "clientSecret", "label": "Secret", "required": false}],
        })
    };
    let with = |mut base: Value, more: Value| {
        base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        base
    };
    let wishes: Vec<Wish> = vec![
        ("in the body", own("body"), OWN, |seen| {
            assert_eq!(
                (seen.field("client_id"), seen.field("client_secret")),
                (Some("my app"), Some("p:w d+1"))
            );
            assert_eq!(seen.header("authorization"), None);
        }),
        ("by Basic", own("basic"), OWN, |seen| {
            // Encoded before they are joined (RFC 6749 section 2.3.1).
            assert_eq!(seen.basic(), Some(("my+app".to_owned(), "p%3Aw+d%2B1".to_owned())));
            assert_eq!(seen.field("client_secret"), None);
        }),
        ("by nothing", own("none"), &[("clientId", "mine")], |seen| {
            assert_eq!((seen.field("client_id"), seen.field("client_secret")), (Some("mine"), None));
        }),
        ("as JSON", json!({"tokenBody": "json"}), &[], |seen| {
            assert_eq!(seen.header("content-type"), Some("application/json"));
            assert_eq!(seen.field("grant_type"), Some("authorization_code"));
        }),
        (
            "with more",
            json!({
                "tokenParameters": {"audience": "{{config.baseUrl}}"}, "tokenHeaders": {"X-Version": "2"},
                "authorizationParameters": {"access_type": "offline"},
            }),
            &[],
            |seen| {
                assert!(seen.field("audience").unwrap().ends_with("/api"));
                assert_eq!(seen.header("x-version"), Some("2"));
            },
        ),
        (
            "with commas",
            with(json!({}), json!({"scopes": {"always": ["read", "write"], "separator": "comma"}})),
            &[],
            |_| {},
        ),
    ];
    for (what, changed, secrets, check) in wishes {
        let bench = Bench::new(&changed).await;
        let Begun::Browser(flow) = bench.begin_with(secrets).await.unwrap() else { panic!() };
        let asked = bench.server.asked(flow.url());
        match what {
            "with more" => assert_eq!(asked.get("access_type"), "offline"),
            "with commas" => assert_eq!(asked.get("scope"), "read,write"),
            _ => {}
        }
        let finished = tokio::spawn(flow.finish());
        bench.allow(&asked, &code_for(&asked)).await;
        finished.await.unwrap().unwrap_or_else(|error| panic!("{what}: {error:?}"));
        check(&last(&bench, "/token"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parameters_take_the_vendors_names() {
    let renamed = json!({
        "parameterNames": {"client_id": "client_key", "scope": "permissions"},
        "pkce": "none",
    });
    let bench = Bench::new(&renamed).await;
    let Begun::Browser(flow) = bench.begin_with(&[]).await.unwrap() else { panic!() };
    let asked = patchbay_tests::oauth::Asked::of(flow.url());
    assert_eq!((asked.get("client_key"), asked.get("permissions")), ("patchbay", "read write"));
    let absent = ["client_id", "scope", "code_challenge", "code_challenge_method"];
    assert!(asked.parameters.iter().all(|(name, _)| !absent.contains(&name.as_str())), "{asked:?}");
    let good = json!({"access_token": "good-1", "token_type": "bearer", "expires_in": 60});
    bench.server.script([Reply::json(200, &good)]);
    let finished = tokio::spawn(flow.finish());
    bench.allow(&asked, "c-1").await;
    finished.await.unwrap().unwrap();
    let seen = last(&bench, "/token");
    assert_eq!((seen.field("client_key"), seen.field("client_id")), (Some("patchbay"), None));
    assert_eq!(seen.field("code_verifier"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn values_of_the_answers_become_settings() {
    let bench = Bench::new(&json!({
        "captures": [
            {"from": "token", "path": "$.instance_url", "as": "site"},
            {"from": "callback", "path": "$.realm", "as": "realm"}],
        "response": {"accessToken": "$.data.token"},
        "afterSignIn": {"url": "{{config.baseUrl}}/sites", "each": "$[*]", "settings": {"cloudId": "$.id"}},
    }))
    .await;
    let (flow, asked) = bench.begin().await;
    let answer =
        json!({"data": {"token": "t-1"}, "token_type": "bearer", "instance_url": "https://na1.example"});
    bench.server.script([Reply::json(200, &answer)]);
    let sites = json!([{"id": "c-1", "name": "One"}, {"id": "c-2", "name": "Two"}]);
    bench.server.always_at("/api/sites", Reply::json(200, &sites));
    let finished = tokio::spawn(flow.finish());
    let (state, issuer) = (asked.get("state").to_owned(), bench.server.url());
    blocking(move || asked.answer(&[("code", "c"), ("state", &state), ("iss", &issuer), ("realm", "r-7")]))
        .await;
    let mut signed_in = finished.await.unwrap().unwrap();
    assert_eq!(
        Value::Object(signed_in.settings.clone()),
        json!({"realm": "r-7", "site": "https://na1.example"})
    );
    let (connection, descriptor) = (bench.connection(), bench.compiled.descriptor().clone());
    let choices = bench.authoriser.after_sign_in(&connection, &descriptor, &mut signed_in).await.unwrap();
    assert_eq!((choices, &signed_in.settings["cloudId"]), (2, &json!("c-1")));
    assert_eq!(last(&bench, "/api/sites").header("authorization"), Some("Bearer t-1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_application_is_registered_where_the_service_lets_programs_do_so() {
    let server = patchbay_tests::ScriptedOauth::start();
    let url = server.url();
    let changed = json!({"client": {"type": "dynamic"}, "registrationUrl": format!("{url}/register")});
    let bench = Bench::over(server, super::bench::connector(&format!("{url}/api"), &url, &changed)).await;
    let (flow, asked) = bench.begin().await;
    let seen = last(&bench, "/register");
    let body = seen.request.json();
    assert_eq!(body["redirect_uris"], json!([flow.redirect_uri()]));
    assert_eq!(
        (&body["application_type"], &body["token_endpoint_auth_method"]),
        (&json!("native"), &json!("none"))
    );
    assert_ne!(asked.get("client_id"), "patchbay");
    let finished = tokio::spawn(flow.finish());
    let id = asked.get("client_id").to_owned();
    bench.allow(&asked, &code_for(&asked)).await;
    finished.await.unwrap().unwrap();
    assert_eq!(last(&bench, "/token").field("client_id"), Some(id.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_description_of_another_server_or_host_is_not_believed() {
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("token_endpoint", json!("https://evil.example/token")),
        ("token_endpoint", json!("not an address")),
    ] {
        let server = patchbay_tests::ScriptedOauth::start();
        let url = server.url();
        let mut metadata = server.metadata();
        metadata[name] = value.clone();
        server.always_at("/.well-known/oauth-authorization-server", Reply::json(200, &metadata));
        let discovered = json!({"tokenUrl": null, "authorizationUrl": null, "revocationUrl": null});
        let bench =
            Bench::over(server, super::bench::connector(&format!("{url}/api"), &url, &discovered)).await;
        let error = bench.begin_with(&[]).await.err().unwrap_or_else(|| panic!("{name}: {value}"));
        assert!(matches!(error, SignInError::Refused(_)), "{name}: {value}: {error:?}");
    }
    let server = patchbay_tests::ScriptedOauth::start();
    let url = server.url();
    let discovered = json!({"tokenUrl": null, "authorizationUrl": null, "revocationUrl": null});
    let bench = Bench::over(server, super::bench::connector(&format!("{url}/api"), &url, &discovered)).await;
    assert!(bench.sign_in().await.is_ok(), "one in order is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_is_asked_about_as_slowly_as_the_service_wants() {
    let server = patchbay_tests::ScriptedOauth::start();
    let url = server.url();
    let changed = json!({"grant": "device_code", "deviceAuthorizationUrl": format!("{url}/device")});
    let bench = Bench::over(server, super::bench::connector(&format!("{url}/api"), &url, &changed)).await;
    // No interval is five seconds (RFC 8628 section 3.2).
    let device = json!({
        "device_code": "d-1", "user_code": "ABCD-EFGH", "verification_uri": format!("{url}/enter"), "expires_in": 600
    });
    bench.server.always_at("/device", Reply::json(200, &device));
    let pending = || Reply::error("authorization_pending");
    bench.server.script([pending(), Reply::error("slow_down"), pending(), Reply::Good]);
    let Begun::Device(flow) = bench.begin_with(&[]).await.unwrap() else { panic!() };
    assert_eq!(flow.code().user_code, "ABCD-EFGH");
    let finished = tokio::spawn(flow.finish());
    let kind = "urn:ietf:params:oauth:grant-type:device_code";
    let mut asked_at = Vec::new();
    for second in 0..40 {
        bench.clock.advance(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(250)).await;
        while asked_at.len() < bench.server.calls(kind) {
            asked_at.push(second);
        }
        if finished.is_finished() {
            break;
        }
    }
    finished.await.unwrap().unwrap();
    let pauses: Vec<_> = asked_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses.len(), 3, "{asked_at:?}");
    let near = |pause: i32, want: i32| (want - 1..=want + 1).contains(&pause);
    assert!(near(pauses[0], 5) && near(pauses[1], 10) && near(pauses[2], 10), "{pauses:?}");

    for (code, want) in [("access_denied", Code::SignInDenied), ("expired_token", Code::SignInTimedOut)] {
        bench.server.script([Reply::error(code)]);
        let Begun::Device(flow) = bench.begin_with(&[]).await.unwrap() else { panic!() };
        assert_eq!(code_of(flow.finish().await.err().unwrap()), want);
    }
    bench.server.script([pending(), pending(), pending()]);
    let Begun::Device(flow) = bench.begin_with(&[]).await.unwrap() else { panic!() };
    let handle = flow.handle();
    let finished = tokio::spawn(flow.finish());
    handle.cancel();
    assert!(matches!(finished.await.unwrap(), Err(SignInError::Cancelled)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_gives_a_token_for_a_while() {
    let server = patchbay_tests::ScriptedOauth::start();
    let url = server.url();
    for (place, changed) in [
        ("body", json!({"tokenPath": "$.session.token"})),
        (
            "cookie",
            json!({"tokenCookie": "sid", "inject": [{"in": "cookie", "name": "sid", "value": "{{secret.accessToken}}"}]}),
        ),
        ("header", json!({"tokenHeader": "X-Token"})),
    ] {
        let mut auth = json!({
            "method": "session", "id": "login", "label": "Log in",
            "credentialFields": [{"key": "user", "label": "User", "type": "text"}, {"key": "password", "label": "Password"}],
            "loginUrl": format!("{url}/login"), "login": {"name": "{{secret.user}}", "pass": "{{secret.password}}"},
            "loginBody": "json",
        });
        auth.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let document = json!({
            "id": "sessions", "name": "Sessions", "description": "A tool of the tests.", "category": "custom",
            "version": "1.0.0", "baseUrl": format!("{url}/api"), "auth": [auth],
            "operations": [{"id": "get_thing", "title": "Get", "verb": "get", "entity": "thing",
                "params": {"type": "object"}, "request": {"path": "/things"}}],
            "healthCheck": {"request": {"path": "/me"}},
        });
        let descriptor = patchbay_descriptor::read(&document.to_string(), "sessions.json")
            .unwrap_or_else(|error| panic!("{place}: {error:?}"));
        let compiled =
            std::sync::Arc::new(patchbay_connector::Compiled::new(std::sync::Arc::new(descriptor)).unwrap());
        let bench = Bench::over(server.clone(), compiled).await;
        let headers =
            [("set-cookie".to_owned(), "sid=t-1; Path=/".to_owned()), ("x-token".to_owned(), "t-1".to_owned())];
        let reply = patchbay_tests::wire::Answer::json(
            200,
            &headers.into(),
            Some(&json!({"session": {"token": "t-1"}})),
        );
        server.script_at("/login", [Reply::Answer(reply)]);
        let secrets = [("user", "amira"), ("password", "pass \"word\"")];
        let Begun::Done(signed_in) =
            bench.begin_with(&secrets).await.unwrap_or_else(|error| panic!("{place}: {error:?}"))
        else {
            panic!("{place}")
        };
        let seen = last(&bench, "/login");
        assert_eq!((seen.field("name"), seen.field("pass")), (Some("amira"), Some("pass \"word\"")), "{place}");
        let mut request = patchbay_net::Request::new(
            patchbay_model::descriptor::Method::Get,
            format!("{url}/api/me").parse().unwrap(),
        );
        let descriptor = bench.compiled.descriptor().clone();
        bench
            .authoriser
            .authorise_with(&bench.connection(), &descriptor, &signed_in.credential, &mut request)
            .unwrap();
        let (name, value) = &request.secret_headers[0];
        let want = if place == "cookie" { ("Cookie", "sid=t-1") } else { ("Authorization", "Bearer t-1") };
        assert_eq!((name.as_str(), value.as_str()), want, "{place}");
    }
    // A wrong password gives nothing.
    server.script_at("/login", [Reply::json(401, &json!({"message": "no"}))]);
}
