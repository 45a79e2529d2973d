use super::*;
use crate::visitor::Visitor;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "http://127.0.0.1:9/cb/x1";

fn address(server: &ScriptedOauth) -> String {
    let pairs = [
        ("client_id", "c"),
        ("redirect_uri", BACK),
        ("state", "s"),
        ("scope", "read"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{}?{query}", server.at("/authorize"))
}

fn exchange(server: &ScriptedOauth, code: &str, verifier: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", verifier),
    ];
    Request::form("/token", &fields).send(server.port)
}

fn refresh(server: &ScriptedOauth, token: &Value) -> Answer {
    let token = token["refresh_token"].as_str().unwrap();
    Request::form("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).send(server.port)
}

fn api(server: &ScriptedOauth, tokens: &Value) -> u16 {
    let token = tokens["access_token"].as_str().unwrap();
    Request::get("/api/me").with("authorization", &format!("Bearer {token}")).send(server.port).status
}

#[test]
fn unscripted_it_is_in_order() {
    let server = ScriptedOauth::start();
    assert_eq!(exchange(&server, "c-0", VERIFIER).status, 400, "nobody has asked");
    let asked = server.asked(&address(&server));
    assert_eq!(
        (asked.get("state"), asked.port(), asked.callback(&[("a", "1"), ("a", "2")]).as_str()),
        ("s", 9, "/cb/x1?a=1&a=2")
    );
    assert_eq!(exchange(&server, "c-1", "another").parsed()["error"], "invalid_grant");
    let first = exchange(&server, "c-1", VERIFIER);
    assert_eq!((first.status, &first.parsed()["scope"]), (200, &json!("read")));
    let first = first.parsed();
    assert_eq!(api(&server, &first), 200);
    let second = refresh(&server, &first).parsed();
    server.expire();
    assert_eq!(api(&server, &second), 401);
    let third = refresh(&server, &second).parsed();
    assert_eq!(api(&server, &third), 200);
    assert_eq!(refresh(&server, &first).parsed()["error"], "invalid_grant", "a reuse");
    assert_eq!((api(&server, &third), refresh(&server, &third).status), (401, 400), "ends everything");

    server.asked(&address(&server));
    let other = exchange(&server, "c-2", VERIFIER).parsed();
    assert_eq!(exchange(&server, "c-2", VERIFIER).status, 400);
    assert_eq!(api(&server, &other), 401, "a code that comes again, too");
    server.rotate(false);
    let kept = server.grant("read");
    let next = refresh(&server, &kept).parsed();
    assert_eq!((next.get("refresh_token"), refresh(&server, &kept).status), (None, 200));
    assert!(server.may_refresh(kept["refresh_token"].as_str().unwrap()));
    Request::form("/revoke", &[("token", kept["refresh_token"].as_str().unwrap())]).send(server.port);
    assert_eq!(refresh(&server, &kept).status, 400);
    assert_eq!((server.calls("authorization_code"), server.calls("refresh_token")), (5, 7));
}

#[test]
fn a_page_that_consents_sends_back() {
    let server = ScriptedOauth::start();
    assert_eq!(Visitor::of(&server.url()).open(&address(&server)).page().answer.status, 200);
    assert_eq!(server.opened(1).get("state"), "s");
    server.consent(true);
    let back = Visitor::of(&server.url()).open(&address(&server)).away();
    assert_eq!(
        back.query(),
        Some(&*format!("code=scripted-code-1&state=s&iss=http%3A%2F%2F127.0.0.1%3A{}", server.port))
    );
    assert_eq!(exchange(&server, "scripted-code-1", VERIFIER).status, 200);
}

#[test]
fn it_answers_what_the_script_says_and_then_the_truth() {
    let server = ScriptedOauth::start();
    let tokens = server.grant("read");
    server.script([
        Reply::html(),
        Reply::broken(),
        Reply::unavailable(Some(7)),
        Reply::json_text("{\"access_token\": "),
        Reply::error("invalid_grant"),
        Reply::invalid_client(),
        Reply::large(20 << 20),
        Reply::gzip_bomb(),
        Reply::Elsewhere(302),
    ]);
    let replies: Vec<_> = (0..9).map(|_| refresh(&server, &tokens)).collect();
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 500, 503, 200, 400, 401, 200, 200, 302]);
    assert_eq!(replies[0].headers["content-type"], "text/html");
    assert_eq!(replies[2].headers["retry-after"], "7");
    assert_eq!(replies[3].parsed(), Value::Null);
    assert!(replies[6].body.len() > 20 << 20);
    assert_eq!(replies[7].headers["content-encoding"], "gzip");
    assert_eq!(server.elsewhere(), [], "nobody has followed yet");
    let other = url::Url::parse(&replies[8].headers["location"]).unwrap();
    Request::form(other.path(), &[("code", "c")]).send(other.port().unwrap());
    assert_eq!(server.elsewhere()[0].field("code"), Some("c"));

    server.script([
        Reply::GoodWith(json!({ "expires_in": -1, "token_type": null, "scope": "read write" })),
        Reply::Drip(Duration::ZERO),
    ]);
    let odd = refresh(&server, &tokens).parsed();
    assert_eq!(
        (&odd["expires_in"], odd.get("token_type"), &odd["scope"]),
        (&json!(-1), None, &json!("read write"))
    );
    let next = refresh(&server, &odd);
    assert_eq!(next.status, 200, "what was scripted before has used nothing up");
    assert_eq!(server.calls("refresh_token"), 11);
    server.always_at("/api/me", Reply::json(418, &json!({})));
    assert_eq!((api(&server, &odd), api(&server, &odd)), (418, 418));
}

#[test]
fn an_answer_can_be_held_lost_or_never_be_given() {
    let server = ScriptedOauth::start();
    let tokens = server.grant("read");
    server.script([Reply::Cut, Reply::Held(Box::new(Reply::Good)), Reply::CutAfterEffect]);
    assert_eq!(refresh(&server, &tokens).status, 0);
    let waiting = std::thread::spawn({
        let (server, tokens) = (server.clone(), tokens.clone());
        move || refresh(&server, &tokens)
    });
    server.wait_until_held();
    let old = tokens["refresh_token"].as_str().unwrap();
    assert!(!server.may_refresh(old), "it has happened");
    assert!(!waiting.is_finished(), "and nobody was told");
    server.release();
    let next = waiting.join().unwrap().parsed();
    assert_eq!(refresh(&server, &next).status, 0);
    assert!(!server.may_refresh(next["refresh_token"].as_str().unwrap()));

    server.script([Reply::Never]);
    let asking = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    (&asking).write_all(b"POST /token HTTP/1.1\r\nContent-Length: 21\r\n\r\ngrant_type=device_code").unwrap();
    server.wait_for_calls("device_cod", 1);
    asking.set_nonblocking(true).unwrap();
    let heard = std::io::Read::read(&mut &asking, &mut [0]);
    assert_eq!(heard.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "open, and silent");
}

#[test]
fn what_was_sent_can_be_looked_at() {
    let server = ScriptedOauth::start();
    Request::form("/token", &[("grant_type", "client_credentials")])
        .with("authorization", &format!("Basic {}", STANDARD.encode("a%3Ab:c")))
        .send(server.port);
    let body = json!({ "grant_type": "client_credentials", "number": 7 }).to_string().into_bytes();
    let sent = Request { body, ..Request::form("/token", &[]) }.with("content-type", "application/json");
    assert_eq!(sent.send(server.port).status, 200);
    let seen = server.seen("/token");
    assert_eq!(seen[0].basic(), Some(("a%3Ab".to_owned(), "c".to_owned())));
    assert_eq!((seen[1].field("number"), seen[1].field("code")), (Some("7"), None));
    assert_eq!(server.calls("client_credentials"), 2);
}
