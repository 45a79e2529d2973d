//! The tracker's sign-in: what is granted, what is refused, and what ends a grant.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{House, Reply, raw};

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const BACK: &str = "http://127.0.0.1:50123/cb/x1";
pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Posts a form without any key.
pub(crate) async fn post(house: &House, path: &str, pairs: &[(&str, &str)]) -> Reply {
    raw(house.addr(), &format!("POST /tracker/oauth/{path}"), &[FORM], &encoded(pairs)).await.unwrap()
}

pub(crate) async fn settings(house: &House, settings: &Value) {
    assert_eq!(house.ask("PUT /control/oauth", settings).await.status, 204);
}

/// The parameters of a good request, some replaced; an empty value leaves one out.
pub(crate) fn asked<'p>(changed: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "patchbay"),
        ("redirect_uri", BACK),
        ("scope", "issues:read issues:write"),
        ("state", "s-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changed {
        pairs.retain(|(own, _)| own != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    pairs
}

pub(crate) async fn authorize(house: &House, changed: &[(&str, &str)]) -> Reply {
    let line = format!("GET /tracker/oauth/authorize?{}", encoded(&asked(changed)));
    raw(house.addr(), &line, &[], "").await.unwrap()
}

/// Where an answer sends the browser, and with which parameters.
pub(crate) fn sent_to(reply: &Reply) -> (String, Value) {
    assert_eq!(reply.status, 303, "{reply:?}");
    let url = url::Url::parse(reply.header("location").unwrap()).unwrap();
    let query: serde_json::Map<String, Value> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), json!(value))).collect();
    (url.as_str().split('?').next().unwrap().to_owned(), query.into())
}

pub(crate) fn ticket(page: &Reply) -> String {
    let (_, rest) = page.text.split_once("name=\"ticket\" value=\"").unwrap_or_else(|| panic!("{page:?}"));
    rest.split('"').next().unwrap().to_owned()
}

/// A code, by way of the page.
pub(crate) async fn code(house: &House, changed: &[(&str, &str)]) -> String {
    let page = authorize(house, changed).await;
    let form = [("ticket", ticket(&page)), ("account", "noor".to_owned()), ("answer", "allow".to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (_, query) = sent_to(&post(house, "consent", &form).await);
    query["code"].as_str().unwrap_or_else(|| panic!("{query}")).to_owned()
}

pub(crate) async fn exchange(house: &House, code: &str, changed: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "patchbay"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changed {
        pairs.retain(|(own, _)| own != name);
        pairs.push((name, value));
    }
    post(house, "token", &pairs).await
}

pub(crate) async fn tokens(house: &House, changed: &[(&str, &str)]) -> Value {
    let reply = exchange(house, &code(house, changed).await, &[]).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

pub(crate) async fn refresh(house: &House, token: &str) -> Reply {
    post(
        house,
        "token",
        &[("grant_type", "refresh_token"), ("client_id", "patchbay"), ("refresh_token", token)],
    )
    .await
}

pub(crate) async fn with_token(house: &House, line: &str, token: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    raw(house.addr(), line, &[("Authorization", &bearer)], &body).await.unwrap()
}

pub(crate) fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().unwrap_or_else(|| panic!("{name}: {tokens}"))
}

pub(crate) async fn counted(house: &House, name: &str) -> u64 {
    house.counters().await["oauth"][name].as_u64().unwrap_or_default()
}

pub(crate) fn refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, &reply.json()["error"]), (status, &json!(error)), "{reply:?}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn somebody_who_allows_it_is_who_the_program_then_acts_for() {
    let house = House::new().await;
    let page = authorize(&house, &[]).await;
    assert_eq!(page.status, 200);
    for shown in ["Pretend service on this computer", "Allow Patchbay?", "issues:write", "Do not allow"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("<script") && !page.text.contains("http://www"), "{}", page.text);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("form-action 'self' http://127.0.0.1:50123")
    );

    let ticket = ticket(&page);
    let form = [("ticket", ticket.as_str()), ("account", "noor"), ("answer", "allow")];
    let (to, query) = sent_to(&post(&house, "consent", &form).await);
    assert_eq!(to, BACK);
    assert_eq!((&query["state"], &query["iss"]), (&json!("s-1"), &json!(house.access().tracker_url)));
    let again = post(&house, "consent", &form).await;
    assert_eq!(again.status, 400, "a page is answered once: {again:?}");

    let reply = exchange(&house, text(&query, "code"), &[]).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{reply:?}");
    let tokens = reply.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3_600);
    assert_eq!(tokens["scope"], "issues:read issues:write");
    let access = text(&tokens, "access_token");
    let me = with_token(&house, "GET /tracker/me", access, &Value::Null).await.json();
    assert_eq!((&me["login"], &me["email"]), (&json!("noor"), &json!("noor@example.test")));
    let issue = with_token(&house, "POST /tracker/issues", access, &json!({ "title": "Paper jam" })).await;
    assert_eq!((issue.status, &issue.json()["author"]["login"]), (201, &json!("noor")));
    assert_eq!(house.get("/tracker/me").await.json()["login"], "amira", "the other key is somebody else's");
    assert_eq!(counted(&house, "liveGrants").await, 1);
    assert_eq!(house.counters().await["oauth"]["tokenRequests"], json!({ "authorization_code": 1 }));
}

#[tokio::test]
async fn who_does_not_allow_it_is_believed() {
    let house = House::new().await;
    let page = authorize(&house, &[]).await;
    let reply = post(&house, "consent", &[("ticket", &ticket(&page)), ("answer", "deny")]).await;
    let (to, query) = sent_to(&reply);
    assert_eq!((to.as_str(), &query["error"], &query["code"]), (BACK, &json!("access_denied"), &Value::Null));
    assert_eq!((&query["state"], &query["iss"]), (&json!("s-1"), &json!(house.access().tracker_url)));
    assert_eq!((counted(&house, "denied").await, counted(&house, "liveGrants").await), (1, 0));
}

#[tokio::test]
async fn a_request_that_is_not_in_order_is_told_to_the_right_one() {
    let house = House::new().await;
    for uri in [
        "https://127.0.0.1/cb",
        "http://127.0.0.1.example.com/cb",
        "http://user@127.0.0.1/cb",
        "http://127.0.0.1/cb#x",
        "http://localhost:80/cb",
        "http://127.0.0.2/cb",
        "javascript:alert(1)",
        "",
    ] {
        let reply = authorize(&house, &[("redirect_uri", uri)]).await;
        assert_eq!((reply.status, reply.header("location")), (400, None), "never sent on: {uri}");
        assert!(reply.text.contains("cannot go on"), "a page, for a person reads it: {uri}: {reply:?}");
    }
    assert_eq!(authorize(&house, &[("client_id", "another")]).await.status, 400);
    for uri in ["http://127.0.0.1/", "http://127.0.0.1:9/a/b?c=d", "http://[::1]:50123/cb"] {
        assert_eq!(authorize(&house, &[("redirect_uri", uri)]).await.status, 200, "{uri}");
    }
    for (changed, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "issues:read everything"), "invalid_scope"),
    ] {
        let (to, query) = sent_to(&authorize(&house, &[changed]).await);
        assert_eq!((to.as_str(), &query["error"]), (BACK, &json!(error)), "{changed:?}");
        assert_eq!((&query["state"], &query["iss"]), (&json!("s-1"), &json!(house.access().tracker_url)));
    }
    let twice = format!("GET /tracker/oauth/authorize?{}&scope=issues:read", encoded(&asked(&[])));
    let (_, query) = sent_to(&raw(house.addr(), &twice, &[], "").await.unwrap());
    assert_eq!(query["error"], "invalid_request", "no parameter twice");
    assert_eq!(counted(&house, "asked").await, 3, "only what was in order is asked");
}

#[tokio::test]
async fn a_code_is_good_for_who_asked_for_it_and_once() {
    let house = House::new().await;
    for (changed, error) in [
        (("code_verifier", "another-verifier-that-is-long-enough-to-be-one"), "invalid_grant"),
        (("redirect_uri", "http://127.0.0.1:50124/cb/x1"), "invalid_grant"),
        (("code", "sandbox-code-0"), "invalid_grant"),
        (("code_verifier", ""), "invalid_request"),
        (("grant_type", "password"), "unsupported_grant_type"),
        (("client_id", "another"), "invalid_client"),
    ] {
        let code = code(&house, &[]).await;
        let status = if error == "invalid_client" { 401 } else { 400 };
        refused(&exchange(&house, &code, &[changed]).await, status, error);
    }
    let late = code(&house, &[]).await;
    house.clock.advance(Duration::from_secs(61));
    refused(&exchange(&house, &late, &[]).await, 400, "invalid_grant");

    let code = code(&house, &[]).await;
    let tokens = exchange(&house, &code, &[]).await.json();
    refused(&exchange(&house, &code, &[]).await, 400, "invalid_grant");
    let me = with_token(&house, "GET /tracker/me", text(&tokens, "access_token"), &Value::Null).await;
    assert_eq!((me.status, me.message().as_str()), (401, "What was allowed was withdrawn"));
    refused(&refresh(&house, text(&tokens, "refresh_token")).await, 400, "invalid_grant");
    assert_eq!((counted(&house, "replays").await, counted(&house, "liveGrants").await), (1, 0));
}

#[tokio::test]
async fn an_access_token_lives_an_hour_and_a_refresh_token_for_one_refresh() {
    let house = House::new().await;
    let first = tokens(&house, &[]).await;
    let access = text(&first, "access_token");
    house.clock.advance(Duration::from_secs(3_599));
    assert_eq!(with_token(&house, "GET /tracker/me", access, &Value::Null).await.status, 200);
    house.clock.advance(Duration::from_secs(1));
    let expired = with_token(&house, "GET /tracker/me", access, &Value::Null).await;
    assert_eq!((expired.status, expired.message().as_str()), (401, "The access token has expired"));
    assert_eq!(expired.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));

    let second = refresh(&house, text(&first, "refresh_token")).await.json();
    let access = text(&second, "access_token");
    assert_eq!(with_token(&house, "GET /tracker/me", access, &Value::Null).await.json()["login"], "noor");
    assert_ne!(second["refresh_token"], first["refresh_token"]);

    refused(&refresh(&house, text(&first, "refresh_token")).await, 400, "invalid_grant");
    refused(&refresh(&house, text(&second, "refresh_token")).await, 400, "invalid_grant");
    let me = with_token(&house, "GET /tracker/me", access, &Value::Null).await;
    assert_eq!(me.status, 401, "a stolen refresh token ends everything: {me:?}");
    let counters = house.counters().await;
    assert_eq!((&counters["oauth"]["refreshes"], &counters["oauth"]["reuses"]), (&json!(1), &json!(1)));
    assert_eq!(counters["oauth"]["liveGrants"], 0);
}

#[tokio::test]
async fn a_service_that_does_not_rotate_gives_no_new_refresh_token() {
    let house = House::new().await;
    settings(&house, &json!({ "rotate": false, "accessSeconds": 5 })).await;
    let first = tokens(&house, &[]).await;
    assert_eq!(first["expires_in"], 5);
    for _ in 0..3 {
        let next = refresh(&house, text(&first, "refresh_token")).await;
        assert_eq!((next.status, next.json().get("refresh_token")), (200, None), "{next:?}");
    }
    for wrong in [json!({ "autoConsent": "nobody" }), json!({ "acessSeconds": 5 })] {
        assert_eq!(house.ask("PUT /control/oauth", &wrong).await.status, 422, "{wrong}");
    }
    assert_eq!(house.get("/control/oauth").await.json()["settings"]["accessSeconds"], 5);
}

#[tokio::test]
async fn a_token_is_good_for_what_was_allowed_and_no_more() {
    let house = House::new().await;
    let tokens = tokens(&house, &[("scope", "issues:read")]).await;
    let access = text(&tokens, "access_token");
    let title = json!({ "title": "Paper jam" });
    assert_eq!(with_token(&house, "GET /tracker/issues", access, &Value::Null).await.status, 200);
    let reply = with_token(&house, "POST /tracker/issues", access, &title).await;
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (403, "This sign-in may not do that. It needs issues:write")
    );
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"issues:write\"";
    assert_eq!(reply.header("www-authenticate"), Some(challenge));
    assert_eq!(house.effects("issue_created").await, 0);
    let wider = [
        ("grant_type", "refresh_token"),
        ("client_id", "patchbay"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("scope", "issues:read issues:write"),
    ];
    refused(&post(&house, "token", &wider).await, 400, "invalid_scope");
    assert_eq!(refresh(&house, text(&tokens, "refresh_token")).await.status, 200, "and nothing was used up");
}

#[tokio::test]
async fn what_is_given_back_is_good_for_nothing() {
    let house = House::new().await;
    let kept = tokens(&house, &[]).await;
    let given = tokens(&house, &[]).await;
    let back = |token: String| {
        let house = &house;
        async move { post(house, "revoke", &[("client_id", "patchbay"), ("token", &token)]).await.status }
    };
    assert_eq!(back(text(&kept, "access_token").to_owned()).await, 200);
    assert_eq!(refresh(&house, text(&kept, "refresh_token")).await.status, 200, "an access token ends alone");
    assert_eq!(back(text(&given, "refresh_token").to_owned()).await, 200);
    assert_eq!(
        with_token(&house, "GET /tracker/me", text(&given, "access_token"), &Value::Null).await.status,
        401
    );
    refused(&refresh(&house, text(&given, "refresh_token")).await, 400, "invalid_grant");
    assert_eq!(back("never-given".to_owned()).await, 200, "RFC 7009 section 2.2");
    assert_eq!((counted(&house, "revocations").await, counted(&house, "liveGrants").await), (2, 1));
    let other = [("client_id", "another"), ("token", "x")];
    refused(&post(&house, "revoke", &other).await, 401, "invalid_client");
}

#[tokio::test]
async fn only_the_own_page_may_post_and_only_its_answer() {
    let house = House::new().await;
    let own = format!("http://{}", house.addr());
    let body = encoded(&[("answer", "deny")]);
    for (origin, path, status) in [
        (own.as_str(), "consent", 400),
        ("https://evil.example", "consent", 403),
        ("null", "consent", 403),
        (own.as_str(), "token", 403),
        (own.as_str(), "device", 403),
        (own.as_str(), "register", 403),
    ] {
        let line = format!("POST /tracker/oauth/{path}");
        let reply = raw(house.addr(), &line, &[FORM, ("Origin", origin)], &body).await.unwrap();
        assert_eq!(reply.status, status, "{path} from {origin}");
    }
}

#[tokio::test]
async fn a_service_may_grant_something_else_than_it_was_asked_for() {
    let house = House::new().await;
    for granted in [json!(["issues:read"]), json!(["issues:read", "issues:write"])] {
        settings(&house, &json!({ "granted": granted })).await;
        for asked in ["issues:read", "issues:read issues:write"] {
            let told = tokens(&house, &[("scope", asked)]).await;
            let scopes: Vec<_> = text(&told, "scope").split(' ').collect();
            assert_eq!(json!(scopes), granted, "asked for {asked}");
            let next = refresh(&house, text(&told, "refresh_token")).await.json();
            assert_eq!(next["scope"], told["scope"], "and it stays so");
        }
    }
    let wrong = json!({ "granted": ["everything"] });
    assert_eq!(house.ask("PUT /control/oauth", &wrong).await.status, 422);
}

#[tokio::test]
async fn a_test_need_not_look_at_the_page() {
    let house = House::new().await;
    settings(&house, &json!({ "autoConsent": "amira" })).await;
    let (to, query) = sent_to(&authorize(&house, &[]).await);
    assert_eq!(to, BACK);
    let tokens = exchange(&house, text(&query, "code"), &[]).await.json();
    let me = with_token(&house, "GET /tracker/me", text(&tokens, "access_token"), &Value::Null).await;
    assert_eq!(me.json()["login"], "amira");
    assert_eq!(house.ask("DELETE /control/oauth/tokens", &Value::Null).await.status, 204);
    let me = with_token(&house, "GET /tracker/me", text(&tokens, "access_token"), &Value::Null).await;
    assert_eq!((me.status, me.message().as_str()), (401, "The access token has expired"));
    let next = refresh(&house, text(&tokens, "refresh_token")).await;
    assert_eq!(next.status, 200);
    assert_eq!(house.ask("DELETE /control/oauth/grants", &Value::Null).await.status, 204);
    refused(&refresh(&house, text(&next.json(), "refresh_token")).await, 400, "invalid_grant");
    settings(&house, &json!({ "autoConsent": "deny" })).await;
    assert_eq!(sent_to(&authorize(&house, &[]).await).1["error"], "access_denied");
}

#[tokio::test]
async fn faults_have_their_way_with_tokens_too() {
    let house = House::new().await;
    let first = tokens(&house, &[]).await;
    let on = |fault: &str| json!({ "tracker": [{ "fault": fault, "times": 1, "on": "/oauth/token" }] });
    for (fault, status) in [("down", 503), ("broken", 500), ("limited", 429)] {
        house.faults(&on(fault)).await;
        let reply = refresh(&house, text(&first, "refresh_token")).await;
        assert_eq!(reply.status, status, "{fault}: {reply:?}");
    }
    house.faults(&json!({ "tracker": [{ "fault": "expired", "times": 1 }] })).await;
    assert_eq!(authorize(&house, &[]).await.status, 200, "a new sign-in is not a matter of the old one");
    refused(&refresh(&house, text(&first, "refresh_token")).await, 400, "invalid_grant");
    let second = refresh(&house, text(&first, "refresh_token")).await;
    assert_eq!(second.status, 200, "none of them used the token up: {second:?}");

    house.faults(&on("dies_after_effect")).await;
    let token = text(&second.json(), "refresh_token").to_owned();
    let form =
        encoded(&[("grant_type", "refresh_token"), ("client_id", "patchbay"), ("refresh_token", &token)]);
    let cut = raw(house.addr(), "POST /tracker/oauth/token", &[FORM], &form).await;
    assert!(cut.is_none(), "{cut:?}");
    refused(&refresh(&house, &token).await, 400, "invalid_grant");
    assert_eq!(counted(&house, "reuses").await, 1, "it had happened");
}

#[tokio::test]
async fn what_was_allowed_outlives_a_restart_and_a_reset() {
    let state = tempfile::tempdir().unwrap();
    let house = House::with_state(state.path()).await;
    let first = tokens(&house, &[]).await;
    let secret = house.sandbox().oauth()["serviceClientSecret"].clone();
    house.stop().await;
    let house = House::with_state(state.path()).await;
    assert_eq!(house.sandbox().oauth()["serviceClientSecret"], secret);
    let access = text(&first, "access_token");
    assert_eq!(with_token(&house, "GET /tracker/me", access, &Value::Null).await.json()["login"], "noor");
    let second = refresh(&house, text(&first, "refresh_token")).await.json();
    assert_eq!(house.ask("POST /control/reset", &Value::Null).await.status, 204);
    assert_eq!(counted(&house, "refreshes").await, 0);
    house.stop().await;
    let house = House::with_state(state.path()).await;
    assert_eq!(refresh(&house, text(&second, "refresh_token")).await.status, 200);
    refused(&refresh(&house, text(&first, "refresh_token")).await, 400, "invalid_grant");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(state.path().join("oauth.json")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}
