//! Clients of the tracker's sign-in that are not the one that ships, and those without a browser.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{House, raw};
use crate::oauth::{FORM, authorize, counted, encoded, post, refused, settings, text, ticket, with_token};

#[tokio::test]
async fn a_client_with_a_secret_signs_in_with_it() {
    let house = House::new().await;
    let told = house.sandbox().oauth();
    let secret = text(&told, "serviceClientSecret");
    let grant = ("grant_type", "client_credentials");
    let client = ("client_id", "patchbay-service");
    let reply = post(&house, "token", &[grant, client, ("client_secret", secret)]).await;
    assert_eq!((reply.status, reply.json().get("refresh_token")), (200, None), "{reply:?}");
    let tokens = reply.json();
    let me = with_token(&house, "GET /tracker/me", text(&tokens, "access_token"), &Value::Null).await;
    assert_eq!(me.json()["login"], "patchbay-service");

    let pair = |secret: &str| {
        use base64::Engine;
        let pair = format!("patchbay-service:{secret}");
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    };
    let line = "POST /tracker/oauth/token";
    let basic = |header: String, body: String| {
        let house = &house;
        async move { raw(house.addr(), line, &[FORM, ("Authorization", &header)], &body).await.unwrap() }
    };
    assert_eq!(basic(pair(secret), encoded(&[grant])).await.status, 200);
    let wrong = basic(pair("wrong"), encoded(&[grant])).await;
    refused(&wrong, 401, "invalid_client");
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic"));
    let both = encoded(&[grant, ("client_secret", secret)]);
    refused(&basic(pair(secret), both).await, 400, "invalid_request");
    refused(&post(&house, "token", &[grant, client]).await, 401, "invalid_client");
    let public = [grant, ("client_id", "patchbay")];
    refused(&post(&house, "token", &public).await, 400, "unauthorized_client");
}

#[tokio::test]
async fn a_device_waits_until_somebody_answers_elsewhere() {
    let house = House::new().await;
    let begun = post(&house, "device", &[("client_id", "patchbay"), ("scope", "issues:read")]).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let begun = begun.json();
    assert_eq!((&begun["interval"], &begun["expires_in"]), (&json!(5), &json!(600)));
    let poll = || async {
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        post(&house, "token", &[grant, ("client_id", "patchbay"), ("device_code", text(&begun, "device_code"))])
            .await
    };
    refused(&poll().await, 400, "authorization_pending");
    refused(&poll().await, 400, "slow_down");
    house.clock.advance(Duration::from_secs(9));
    refused(&poll().await, 400, "slow_down");

    let page = |code: String| {
        let house = &house;
        async move {
            let line = format!("GET /tracker/oauth/device?{}", encoded(&[("user_code", &code)]));
            raw(house.addr(), &line, &[], "").await.unwrap()
        }
    };
    let unknown = page("<b>NONE".to_owned()).await;
    assert!(unknown.text.contains("No device waits") && !unknown.text.contains("<b>NONE"), "{unknown:?}");
    let typed = text(&begun, "user_code").to_lowercase().replace('-', " ");
    let consent = page(typed).await;
    let form = [("ticket", ticket(&consent)), ("account", "amira".to_owned()), ("answer", "allow".to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let allowed = post(&house, "consent", &form).await;
    assert!(allowed.status == 200 && allowed.text.contains("You can close this page"), "{allowed:?}");

    house.clock.advance(Duration::from_secs(20));
    let tokens = poll().await.json();
    let me = with_token(&house, "GET /tracker/me", text(&tokens, "access_token"), &Value::Null).await;
    assert_eq!((&me.json()["login"], &tokens["scope"]), (&json!("amira"), &json!("issues:read")));
    refused(&poll().await, 400, "invalid_grant");

    for (setting, wait, error) in
        [(json!({ "autoConsent": "deny" }), 1, "access_denied"), (json!({}), 600, "expired_token")]
    {
        settings(&house, &setting).await;
        let begun = post(&house, "device", &[("client_id", "patchbay")]).await.json();
        house.clock.advance(Duration::from_secs(wait));
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        let code = ("device_code", text(&begun, "device_code"));
        refused(&post(&house, "token", &[grant, ("client_id", "patchbay"), code]).await, 400, error);
    }
}

#[tokio::test]
async fn a_client_takes_itself_in() {
    let house = House::new().await;
    let register = |body: Value| {
        let house = &house;
        async move { raw(house.addr(), "POST /tracker/oauth/register", &[], &body.to_string()).await.unwrap() }
    };
    let own = json!({
        "client_name": "<b>Mine", "redirect_uris": ["http://localhost/callback"],
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"],
    });
    let reply = register(own).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = text(&reply.json(), "client_id").to_owned();
    let back = "http://localhost:50777/callback";
    let page = authorize(&house, &[("client_id", &id), ("redirect_uri", back)]).await;
    assert!(
        page.text.contains("Allow &lt;b&gt;Mine?") && page.text.contains("Nobody has checked it"),
        "{page:?}"
    );
    let other =
        authorize(&house, &[("client_id", &id), ("redirect_uri", "http://localhost:50777/other")]).await;
    assert_eq!(other.status, 400, "the port is free, the path is not");
    let confidential = register(json!({ "redirect_uris": ["https://example.com/cb"] })).await;
    assert!(confidential.json()["client_secret"].is_string(), "{confidential:?}");
    for (body, error) in [
        (json!({ "redirect_uris": ["http://example.com/cb"] }), "invalid_redirect_uri"),
        (json!({}), "invalid_redirect_uri"),
        (
            json!({ "redirect_uris": ["https://example.com"], "grant_types": ["password"] }),
            "invalid_client_metadata",
        ),
        (json!({ "redirect_uris": 7 }), "invalid_client_metadata"),
        (
            json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "none" }),
            "invalid_client_metadata",
        ),
    ] {
        refused(&register(body).await, 400, error);
    }
    assert_eq!(counted(&house, "registrations").await, 2);
}

#[tokio::test]
async fn what_it_says_of_itself_leads_to_what_is_there() {
    let house = House::new().await;
    let below = house.get("/tracker/.well-known/oauth-authorization-server").await.json();
    let before = house.get("/.well-known/oauth-authorization-server/tracker").await.json();
    assert_eq!(below, before);
    assert_eq!(below["issuer"], house.access().tracker_url);
    assert_eq!(below["authorization_response_iss_parameter_supported"], true);
    let base = format!("http://{}", house.addr());
    for (name, method, status) in [
        ("authorization_endpoint", "GET", 400),
        ("token_endpoint", "POST", 400),
        ("device_authorization_endpoint", "POST", 401),
        ("revocation_endpoint", "POST", 401),
        ("registration_endpoint", "POST", 415),
    ] {
        let path = text(&below, name).strip_prefix(&base).unwrap();
        let reply = raw(house.addr(), &format!("{method} {path}"), &[FORM], "").await.unwrap();
        assert_eq!(reply.status, status, "{name}: {reply:?}");
    }
    let json = raw(house.addr(), "POST /tracker/oauth/token", &[], "{}").await.unwrap();
    refused(&json, 400, "invalid_request");
}
