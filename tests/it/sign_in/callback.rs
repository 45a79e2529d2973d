//! What comes back from the browser: only the answer to the sign-in ends it.

use std::time::Duration;

use patchbay_auth::oauth::SignInError;
use patchbay_model::problem::Code;
use patchbay_tests::oauth::Asked;
use patchbay_tests::wire::Request;
use serde_json::json;

use super::bench::{Bench, blocking, code_for, code_of};

/// A kind of callback that must not be taken: what it is, and what is sent.
type Bad = (&'static str, fn(&Asked, &str) -> Request, u16);

/// With the right issuer where the parameters name none: each case is refused for its own reason.
fn with_query(asked: &Asked, parameters: &[(&str, &str)]) -> Request {
    let (issuer, mut all) = (issuer(asked), parameters.to_vec());
    if all.iter().all(|(name, _)| *name != "iss") {
        all.push(("iss", &issuer));
    }
    asked.navigate(&asked.callback(&all))
}

const STATE: &str = "state";

/// Cases 1 to 8, 10 to 20, 24 and 27 of the negative list: each is refused, and the good one that follows
/// is taken.
const BAD: [Bad; 31] = [
    ("another state", |asked, code| with_query(asked, &[("code", code), (STATE, "other")]), 400),
    ("no state", |asked, code| with_query(asked, &[("code", code)]), 400),
    ("an empty state", |asked, code| with_query(asked, &[("code", code), (STATE, "")]), 400),
    (
        "two states",
        |asked, code| with_query(asked, &[("code", code), (STATE, asked.get(STATE)), (STATE, "other")]),
        400,
    ),
    (
        "the state twice",
        |asked, code| {
            with_query(asked, &[("code", code), (STATE, asked.get(STATE)), (STATE, asked.get(STATE))])
        },
        400,
    ),
    ("no code", |asked, _| with_query(asked, &[(STATE, asked.get(STATE))]), 400),
    ("an empty code", |asked, _| with_query(asked, &[("code", ""), (STATE, asked.get(STATE))]), 400),
    (
        "two codes",
        |asked, code| with_query(asked, &[("code", code), ("code", "x"), (STATE, asked.get(STATE))]),
        400,
    ),
    (
        "a refusal of another sign-in",
        |asked, _| with_query(asked, &[("error", "access_denied"), (STATE, "x")]),
        400,
    ),
    ("a refusal of nothing", |asked, _| with_query(asked, &[("error", "access_denied")]), 400),
    (
        "yes and no",
        |asked, code| {
            with_query(asked, &[("code", code), ("error", "access_denied"), (STATE, asked.get(STATE))])
        },
        400,
    ),
    (
        "another issuer",
        |asked, code| {
            let iss = ("iss", "https://evil.example");
            with_query(asked, &[("code", code), (STATE, asked.get(STATE)), iss])
        },
        400,
    ),
    (
        "no issuer",
        |asked, code| asked.navigate(&asked.callback(&[("code", code), (STATE, asked.get(STATE))])),
        400,
    ),
    ("nothing", |asked, _| asked.navigate(asked.redirect_uri().path()), 400),
    (
        "another path",
        |asked, code| {
            let target = asked.callback(&[("code", code), (STATE, asked.get(STATE))]);
            asked.navigate(&target.replacen("callback", "callbacks", 1))
        },
        404,
    ),
    ("the root", |asked, _| asked.navigate("/"), 404),
    ("POST", |asked, code| method(asked, code, "POST"), 405),
    ("HEAD", |asked, code| method(asked, code, "HEAD"), 405),
    ("OPTIONS", |asked, code| method(asked, code, "OPTIONS"), 405),
    ("PUT", |asked, code| method(asked, code, "PUT"), 405),
    ("another page's fetch", |asked, code| right(asked, code).with("origin", "https://evil.example"), 403),
    ("a request of a sandboxed frame", |asked, code| right(asked, code).with("origin", "null"), 403),
    ("fetch without cors", |asked, code| right(asked, code).with("sec-fetch-mode", "no-cors"), 400),
    ("fetch with cors", |asked, code| right(asked, code).with("sec-fetch-mode", "cors"), 400),
    ("an image", |asked, code| right(asked, code).with("sec-fetch-dest", "image"), 400),
    ("a frame", |asked, code| right(asked, code).with("sec-fetch-dest", "iframe"), 400),
    ("a script", |asked, code| right(asked, code).with("sec-fetch-dest", "script"), 400),
    ("32 KB", |asked, code| long(asked, code, 32 << 10), 400),
    (
        "a hostile description",
        |asked, _| {
            let text = ["<script>alert(1)</script>\u{1b}[31m", &"x".repeat(10_000)].concat();
            with_query(asked, &[("error", "access_denied"), (STATE, "other"), ("error_description", &text)])
        },
        400,
    ),
    ("an answer in a fragment", |asked, _| asked.navigate(asked.redirect_uri().path()), 400),
    (
        "the state with a letter less",
        |asked, code| {
            let state = asked.get(STATE);
            with_query(asked, &[("code", code), (STATE, &state[..state.len() - 1])])
        },
        400,
    ),
];

fn issuer(asked: &Asked) -> String {
    // The scripted server is the only one that the tests know.
    asked.get("scope").strip_prefix("iss=").map_or_else(String::new, str::to_owned)
}

fn right(asked: &Asked, code: &str) -> Request {
    with_query(asked, &[("code", code), (STATE, asked.get(STATE))])
}

fn method(asked: &Asked, code: &str, method: &str) -> Request {
    Request { method: method.to_owned(), ..right(asked, code) }
}

fn long(asked: &Asked, code: &str, bytes: usize) -> Request {
    let more = "x".repeat(bytes);
    with_query(asked, &[("code", code), (STATE, asked.get(STATE)), ("more", &more)])
}

/// A sign-in whose only permission tells the tests the issuer.
async fn bench() -> Bench {
    let server = patchbay_tests::ScriptedOauth::start();
    let url = server.url();
    let scopes = json!({"scopes": {"always": [format!("iss={url}")]}});
    let compiled = super::bench::connector(&format!("{url}/api"), &url, &scopes);
    Bench::over(server, compiled).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_the_answer_ends_a_sign_in_and_the_good_one_still_comes_through() {
    let bench = bench().await;
    for (what, bad, want) in BAD {
        let (flow, asked) = bench.begin().await;
        let handle = flow.handle();
        let finished = tokio::spawn(flow.finish());
        let code = code_for(&asked);
        let (sent, request) = (asked.clone(), bad(&asked, &code));
        let answer = blocking(move || request.send(sent.port())).await;
        assert_eq!(answer.status, want, "{what}");
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!said.contains("alert(1)") && !said.contains(&code), "{what}: {said}");
        assert!(!finished.is_finished(), "{what} must not end it");
        assert!(handle.received().eq(&false), "{what}");
        let good = right(&asked, &code);
        let answer = blocking(move || good.send(asked.port())).await;
        assert_eq!(answer.status, 200, "{what}");
        assert!(String::from_utf8_lossy(&answer.body).contains("You are signed in"), "{what}");
        let signed_in = finished.await.unwrap();
        assert!(signed_in.is_ok(), "{what}: {:?}", signed_in.err());
    }
    assert_eq!(
        bench.server.calls("authorization_code"),
        BAD.len(),
        "one exchange each, and none for a bad one"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_host_name_is_somebody_who_was_led_here() {
    let bench = bench().await;
    let (flow, asked) = bench.begin().await;
    let finished = tokio::spawn(flow.finish());
    let port = asked.port();
    let target = right(&asked, &code_for(&asked)).target;
    let hosts = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.1.evil.example:{port}"),
        format!("0.0.0.0:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("127.0.0.1:{port}@evil.example"),
        format!("LOCALHOST.:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        String::new(),
    ];
    for host in hosts {
        let (asked, raw) =
            (asked.clone(), format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        let said = blocking(move || asked.raw(raw.as_bytes(), false, Duration::from_secs(5))).await;
        let line = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned();
        assert!(line.contains(" 421 ") || line.contains(" 400 "), "{host:?}: {line}");
    }
    // What a proxy is asked, and what was spoken before there were versions.
    for raw in [
        format!(
            "GET http://127.0.0.1:{port}{target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        ),
        format!("GET {target}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n\r\n"),
    ] {
        let asked = asked.clone();
        let said = blocking(move || asked.raw(raw.as_bytes(), true, Duration::from_secs(5))).await;
        assert!(!String::from_utf8_lossy(&said).contains("signed in"), "{}", String::from_utf8_lossy(&said));
    }
    // A megabyte, and fifty that begin and say no more.
    let (huge, ahead) = (asked.clone(), target.clone());
    blocking(move || {
        let raw =
            format!("GET {ahead}&more={} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n", "x".repeat(1 << 20));
        let said = huge.raw(raw.as_bytes(), true, Duration::from_secs(5));
        assert!(!String::from_utf8_lossy(&said).contains("signed in"));
    })
    .await;
    let silent: Vec<std::net::TcpStream> = (0..50)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            std::io::Write::write_all(&mut stream, b"GET /callback").unwrap();
            stream
        })
        .collect();
    assert!(!finished.is_finished(), "none of them ends it");
    let good = right(&asked, &code_for(&asked));
    let answer = blocking(move || good.send(port)).await;
    assert_eq!(answer.status, 200);
    assert!(finished.await.unwrap().is_ok());
    drop(silent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_in_is_answered_once() {
    let bench = bench().await;
    let (flow, asked) = bench.begin().await;
    // The code is held at the service, so that the second answer comes while the first is worked on.
    bench.server.script([patchbay_tests::oauth::Reply::Held(Box::new(patchbay_tests::oauth::Reply::Good))]);
    let finished = tokio::spawn(flow.finish());
    let code = code_for(&asked);
    let first = right(&asked, &code);
    let port = asked.port();
    let page = tokio::task::spawn_blocking(move || first.send(port));
    let server = bench.server.clone();
    blocking(move || server.wait_until_held()).await;
    let again = right(&asked, "another-code");
    let answer = blocking(move || again.send(port)).await;
    assert_eq!(answer.status, 409, "a second one");
    bench.server.release();
    assert_eq!(page.await.unwrap().status, 200);
    assert!(finished.await.unwrap().is_ok());
    let late = asked.clone();
    let said =
        blocking(move || late.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, Duration::from_secs(5))).await;
    assert!(said.is_empty() || String::from_utf8_lossy(&said).contains(" 421 "), "the listener closes");
    assert_eq!(bench.server.calls("authorization_code"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_state_of_another_sign_in_is_no_answer_and_several_go_on_at_once() {
    let bench = bench().await;
    let mut flows = Vec::new();
    for _ in 0..4 {
        let (flow, asked) = bench.begin().await;
        flows.push((asked, tokio::spawn(flow.finish())));
    }
    let mut states: Vec<_> = flows.iter().map(|(asked, _)| asked.get(STATE).to_owned()).collect();
    states.sort();
    states.dedup();
    assert_eq!(states.len(), 4);
    assert!(states.iter().all(|state| state.len() == 43), "256 bits");
    for index in 0..4 {
        let (other, own) = (flows[(index + 1) % 4].0.clone(), flows[index].0.clone());
        let crossed = with_query(&own, &[("code", "x"), (STATE, other.get(STATE))]);
        let status = blocking(move || crossed.send(own.port())).await.status;
        assert_eq!(status, 400);
    }
    for (asked, finished) in flows.into_iter().rev() {
        let good = right(&asked, &code_for(&asked));
        assert_eq!(blocking(move || good.send(asked.port())).await.status, 200);
        assert!(finished.await.unwrap().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_is_taken_for_an_answer() {
    let bench = bench().await;
    for (query, want) in [
        (&[("error", "access_denied")][..], Code::SignInDenied),
        (&[("error", "server_error")], Code::ServiceDown),
        (&[("error", "invalid_scope")], Code::SignInRefused),
        (&[("error", "unauthorized_client")], Code::InvalidConfig),
        (&[("error", "<b>")], Code::SignInRefused),
    ] {
        let (flow, asked) = bench.begin().await;
        let finished = tokio::spawn(flow.finish());
        let mut all = vec![(STATE, asked.get(STATE)), ("error_description", "<i>\u{1b}[1m")];
        all.extend(query);
        let request = with_query(&asked, &all);
        let answer = blocking(move || request.send(asked.port())).await;
        let page = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!page.contains("<i>") && page.contains("Nothing was saved"), "{page}");
        assert_eq!(code_of(finished.await.unwrap().err().unwrap()), want, "{query:?}");
    }
    assert_eq!(bench.server.calls("authorization_code"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_minutes_and_as_long_again_when_asked() {
    let bench = bench().await;
    let minute = Duration::from_secs(60);
    // Nobody comes.
    let (flow, asked) = bench.begin().await;
    let finished = tokio::spawn(flow.finish());
    bench.clock.advance(5 * minute);
    assert!(matches!(finished.await.unwrap(), Err(SignInError::TimedOut)));
    let late = right(&asked, &code_for(&asked));
    let gone = asked.clone();
    let raw = format!("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", late.target, asked.port());
    let said = blocking(move || gone.raw(raw.as_bytes(), true, Duration::from_secs(5))).await;
    assert!(!String::from_utf8_lossy(&said).contains("signed in"), "too late");

    // Somebody comes in the last second, after they were given more time.
    let (flow, asked) = bench.begin().await;
    let handle = flow.handle();
    let finished = tokio::spawn(flow.finish());
    bench.clock.advance(4 * minute);
    assert_eq!(handle.left(), minute);
    assert_eq!(handle.extend(), 5 * minute);
    bench.clock.advance(Duration::from_secs(5 * 60 - 1));
    let good = right(&asked, &code_for(&asked));
    assert_eq!(blocking(move || good.send(asked.port())).await.status, 200);
    assert!(finished.await.unwrap().is_ok());

    // Stopped.
    let (flow, _) = bench.begin().await;
    let handle = flow.handle();
    let finished = tokio::spawn(flow.finish());
    handle.cancel();
    assert!(matches!(finished.await.unwrap(), Err(SignInError::Cancelled)));
    bench.clock.advance(10 * minute);
    assert_eq!(handle.extend(), Duration::ZERO, "what is over stays over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_port_that_is_taken_is_passed_over() {
    let taken = a_port().await;
    let (busy, free) = (taken.addr().port(), a_port().await.addr().port());
    let server = patchbay_tests::ScriptedOauth::start();
    let url = server.url();
    let changed = json!({
        "redirect": {"host": "localhost", "ports": [busy, free], "path": "/back/here"},
        "scopes": {"always": [format!("iss={url}")]},
    });
    let compiled = super::bench::connector(&format!("{url}/api"), &url, &changed);
    let bench = Bench::over(server, compiled).await;
    let (flow, asked) = bench.begin().await;
    assert_eq!(flow.redirect_uri(), format!("http://localhost:{free}/back/here"));
    assert_eq!(asked.get("redirect_uri"), flow.redirect_uri());
    let finished = tokio::spawn(flow.finish());
    // A second one at the same time has no port left.
    let error = bench.begin_with(&[]).await.err().unwrap();
    assert_eq!(code_of(error), Code::PortInUse);
    let good = right(&asked, &code_for(&asked));
    assert_eq!(blocking(move || good.send(free)).await.status, 200);
    assert!(finished.await.unwrap().is_ok());
}

/// Any port, taken as long as this is held.
async fn a_port() -> patchbay_net::Listener {
    patchbay_net::listen("127.0.0.1:0".parse().unwrap()).await.unwrap()
}
