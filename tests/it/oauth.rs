//! The pretend and the strict OAuth servers do what the tests of sign-in take for granted. Neither is
//! asked through the product.

use std::collections::BTreeMap;
use std::process::Command;

use patchbay_tests::serve::walk;
use patchbay_tests::wire::{Answer, Request};
use patchbay_tests::{OidcServer, SandboxProcess, Visitor, walks_possible};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "http://127.0.0.1:50123/callback";

/// An address to sign in at, with some parameters replaced; an empty value leaves one out.
fn authorize(endpoint: &str, changed: &[(&str, &str)]) -> String {
    let mut pairs = BTreeMap::from([
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("state", "s-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    pairs.extend(changed.iter().copied());
    pairs.retain(|_, value| !value.is_empty());
    format!("{endpoint}?{}", Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// The code that an answer brought.
fn code(url: &Url) -> String {
    query(url).remove("code").unwrap_or_else(|| panic!("no code: {url}"))
}

struct Endpoint<'s> {
    port: u16,
    path: &'s str,
}

impl Endpoint<'_> {
    fn post(&self, fields: &[(&str, &str)]) -> Answer {
        Request::form(self.path, fields).send(self.port)
    }

    fn code(&self, client: &str, code: &str, changed: &[(&str, &str)]) -> Answer {
        let mut fields = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ]);
        fields.extend(changed.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        self.post(&fields.into_iter().collect::<Vec<_>>())
    }

    fn refresh(&self, client: &str, token: &str) -> Answer {
        self.post(&[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)])
    }
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status, answer.parsed()["error"].as_str().unwrap_or_default().to_owned())
}

fn text(answer: &Answer, name: &str) -> String {
    let parsed = answer.parsed();
    parsed[name].as_str().unwrap_or_else(|| panic!("{name}: {parsed}")).to_owned()
}

/// What a client with a key signs in with (RFC 7523), signed by other code than the product's.
fn assertion(client: &str, key: &Value, audience: &str) -> String {
    const SIGN: &str = "
        import { randomUUID, sign } from 'node:crypto';
        const { client, key, audience } = JSON.parse(process.argv[1]);
        const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: client, sub: client, aud: audience, jti: randomUUID(), iat: now, exp: now + 60 };
        const text = `${part({ alg: key.alg, kid: key.kid })}.${part(claims)}`;
        const signature = sign('sha256', Buffer.from(text), { key: key.pkcs8, dsaEncoding: 'ieee-p1363' });
        process.stdout.write(`${text}.${signature.toString('base64url')}`);
    ";
    let asked = json!({ "client": client, "key": key, "audience": audience }).to_string();
    let output = Command::new("node").args(["--input-type=module", "-e", SIGN, &asked]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn strict(options: &Value) -> OidcServer {
    assert!(
        OidcServer::installed(),
        "the server is not installed: `cargo xtask test` does it, or `npm ci --prefix tests/node`"
    );
    OidcServer::start(options)
}

#[test]
fn the_strict_server_lets_in_who_keeps_to_the_rules_and_nobody_else() {
    let server = strict(&json!({ "accessSeconds": 120 }));
    let at = |path: &'static str| Endpoint { port: server.port(), path };
    let endpoint = format!("{}/auth", server.url);
    let told = Request::get("/.well-known/oauth-authorization-server").send(server.port()).parsed();
    assert_eq!((&told["issuer"], &told["authorization_endpoint"]), (&json!(server.url), &json!(endpoint)));
    assert_eq!(told["authorization_response_iss_parameter_supported"], true);

    let asked =
        [("client_id", "native"), ("scope", "openid offline_access issues:read"), ("prompt", "consent")];
    let back = server.allow(&authorize(&endpoint, &asked), "noor");
    assert_eq!(&back[..url::Position::AfterPath], BACK);
    let answer = query(&back);
    assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), ("s-1", server.url.as_str()));
    let tokens = at("/token").code("native", &code(&back), &[]);
    assert_eq!((tokens.status, &tokens.parsed()["expires_in"]), (200, &json!(120)), "{tokens:?}");
    let access = text(&tokens, "access_token");
    let me = || Request::get("/me").with("authorization", &format!("Bearer {access}")).send(server.port());
    assert_eq!(me().parsed()["sub"], "noor");

    let old = text(&tokens, "refresh_token");
    let next = at("/token").refresh("native", &old);
    assert_eq!(next.status, 200, "{next:?}");
    let new = text(&next, "refresh_token");
    assert_ne!(new, old, "it rotates");
    assert_eq!(error(&at("/token").refresh("native", &old)), (400, "invalid_grant".to_owned()));
    assert_eq!(
        error(&at("/token").refresh("native", &new)),
        (400, "invalid_grant".to_owned()),
        "reuse ends it all"
    );
    assert_eq!(me().status, 401);

    let denied = query(&server.deny(&authorize(&endpoint, &asked)));
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "s-1"));
    let counters = server.counters();
    assert_eq!(counters["granted"], json!({ "authorization_code": 1, "refresh_token": 1 }));
    assert_eq!(counters["refused"], json!({ "refresh_token": 2 }));
}

#[test]
fn the_strict_server_refuses_what_is_not_in_order() {
    let server = strict(&json!({}));
    let endpoint = format!("{}/auth", server.url);
    let open = |changed: &[(&str, &str)]| Visitor::of(&server.url).open(&authorize(&endpoint, changed));
    let native = ("client_id", "native");
    let (challenge, method) = (("code_challenge", ""), ("code_challenge_method", ""));
    for client in ["native", "basic"] {
        for missing in [&[challenge, method][..], &[challenge], &[method]] {
            let asked = [&[("client_id", client), ("scope", "openid")][..], missing].concat();
            let back = query(&open(&asked).away());
            assert_eq!(back["error"], "invalid_request", "{client} without {missing:?}: {back:?}");
        }
    }
    for uri in ["http://127.0.0.1:50123/other", "http://127.0.0.1.example.com/callback", "https://example.com/"]
    {
        let page = open(&[native, ("redirect_uri", uri)]).page();
        assert_eq!(page.answer.status, 400, "never sent on: {uri}");
        assert!(page.text().contains("invalid_redirect_uri"), "{uri}: {}", page.text());
    }
    let asked = [("client_id", "native-any-path"), ("redirect_uri", "http://127.0.0.1:50123/cb/x1")];
    let back = server.allow(&authorize(&endpoint, &asked), "noor");
    assert_eq!(back.path(), "/cb/x1", "but for the one that may");

    let at = Endpoint { port: server.port(), path: "/token" };
    let fresh = || code(&server.allow(&authorize(&endpoint, &[native, ("scope", "issues:read")]), "noor"));
    for (changed, wrong) in [
        (("code_verifier", "another-verifier-that-is-long-enough-to-be-one"), "invalid_grant"),
        (("redirect_uri", "http://127.0.0.1:50124/callback"), "invalid_grant"),
        (("code_verifier", ""), "invalid_grant"),
    ] {
        assert_eq!(error(&at.code("native", &fresh(), &[changed])), (400, wrong.to_owned()), "{changed:?}");
    }
    let used = fresh();
    assert_eq!(at.code("native", &used, &[]).status, 200);
    assert_eq!(error(&at.code("native", &used, &[])), (400, "invalid_grant".to_owned()));
}

#[test]
fn the_strict_server_knows_every_kind_of_client() {
    let server = strict(&json!({}));
    let endpoint = format!("{}/auth", server.url);
    let at = |path: &'static str| Endpoint { port: server.port(), path };
    let scope = ("scope", "issues:read");
    let code = |client: &str| code(&server.allow(&authorize(&endpoint, &[("client_id", client), scope]), "li"));
    let post = at("/token").code("post", &code("post"), &[("client_secret", server.secret("post"))]);
    assert_eq!(post.status, 200, "{post:?}");
    let without = at("/token").code("post", &code("post"), &[]);
    assert_eq!(error(&without), (401, "invalid_client".to_owned()));

    let wrong = Request::form("/token", &[("grant_type", "client_credentials")])
        .with("authorization", "Basic c2VydmljZTp3cm9uZw==");
    assert_eq!(error(&wrong.send(server.port())), (401, "invalid_client".to_owned()));
    for (client, key) in [("es256", "ES256"), ("rs256", "RS256")] {
        let told = &server.facts["keys"][client];
        assert_eq!((&told["alg"], told["pkcs8"].is_string()), (&json!(key), true));
        let asked = [("grant_type", "client_credentials"), ("client_id", client)];
        assert_eq!(error(&at("/token").post(&asked)), (401, "invalid_client".to_owned()), "{client} must sign");
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let signed = assertion(client, told, &server.url);
        let signed = [("client_assertion_type", kind), ("client_assertion", signed.as_str())];
        let granted = at("/token").post(&[&asked[..], &signed[..]].concat());
        assert_eq!(granted.status, 200, "{client}: {granted:?}");
        assert_eq!(error(&at("/token").post(&[&asked[..], &signed[..]].concat())).0, 401, "once only");
    }

    let begun = at("/device/auth").post(&[("client_id", "native"), ("scope", "issues:read")]);
    assert_eq!(begun.status, 200, "{begun:?}");
    let device = ("device_code", text(&begun, "device_code"));
    let poll = || {
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        at("/token").post(&[grant, ("client_id", "native"), (device.0, &device.1)])
    };
    assert_eq!(error(&poll()), (400, "authorization_pending".to_owned()));
    server.allow_device(&text(&begun, "verification_uri_complete"), "li");
    assert_eq!(poll().status, 200);

    let body = json!({
        "redirect_uris": ["http://127.0.0.1/callback"], "application_type": "native",
        "token_endpoint_auth_method": "none",
    });
    let registered = Request { body: body.to_string().into_bytes(), ..Request::form("/reg", &[]) }
        .with("content-type", "application/json")
        .send(server.port());
    assert_eq!(registered.status, 201, "{registered:?}");
    let client = text(&registered, "client_id");
    let tokens = at("/token").code(&client, &code(&client), &[]);
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let access = text(&tokens, "access_token");
    assert_eq!(at("/token/revocation").post(&[("client_id", &client), ("token", &access)]).status, 200);
    assert_eq!(server.counters()["registered"], 1);
}

#[test]
fn the_pretend_tracker_signs_in_as_a_browser_does_it() {
    let sandbox = SandboxProcess::start();
    let tracker = sandbox.access["trackerUrl"].as_str().unwrap().to_owned();
    let endpoint = format!("{tracker}/oauth/authorize");
    let mut visitor = Visitor::of(&sandbox.url);
    let address = authorize(&endpoint, &[("client_id", "patchbay"), ("login_hint", "noor@example.test")]);
    let page = visitor.open(&address).page();
    assert!(page.form().fields.contains(&("account".to_owned(), "noor".to_owned())), "{:?}", page.form());
    let back = visitor.send(&page, &page.form(), &[("answer", "allow")]).away();
    let at = Endpoint { port: Url::parse(&sandbox.url).unwrap().port().unwrap(), path: "/tracker/oauth/token" };
    let tokens = at.code("patchbay", &code(&back), &[]);
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(sandbox.counters()["oauth"]["liveGrants"], 1);

    sandbox.oauth(&json!({ "autoConsent": "amira", "deviceInterval": 0 }));
    let back =
        query(&Visitor::of(&sandbox.url).open(&authorize(&endpoint, &[("client_id", "patchbay")])).away());
    assert_eq!(back["iss"], tracker);
    sandbox.expire_tokens();
    let me = Request::get("/tracker/me")
        .with("authorization", &format!("Bearer {}", text(&tokens, "access_token")))
        .send(at.port);
    assert_eq!(me.status, 401);
    sandbox.revoke_grants();
    let refreshed = at.refresh("patchbay", &text(&tokens, "refresh_token"));
    assert_eq!(error(&refreshed), (400, "invalid_grant".to_owned()));
    assert_ne!(sandbox.oauth_state()["serviceClientSecret"], Value::Null);
}

#[test]
fn the_pretend_trackers_pages_are_answered_by_who_sees_them() {
    if walks_possible() {
        let sandbox = SandboxProcess::start();
        let facts = json!({ "tracker": sandbox.access["trackerUrl"] });
        walk("consent", &json!({ "url": sandbox.url, "facts": facts }));
        let counters = &sandbox.counters()["oauth"];
        assert_eq!((&counters["allowed"], &counters["denied"]), (&json!(8), &json!(4)), "{counters}");
    }
}
