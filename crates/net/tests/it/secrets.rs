//! What goes out with a request, and what never shows.

use patchbay_model::Code;
use patchbay_model::descriptor::Method;

use crate::peer::{CANARY, Recorder, client, request};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn headers_that_belong_to_the_connection_cannot_be_set() {
    let home = Recorder::start(|_| OK.to_owned()).await;
    let ours = [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Upgrade",
        "TE",
        "Trailer",
        "Expect",
        "Proxy-Authorization",
    ];
    let broken = [("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("", "1"), ("X-A\r\nX-B", "1"), ("X-A", "\0")];
    let client = client();
    let cases = ours.iter().map(|name| (*name, "1")).chain(broken);
    for (name, value) in cases {
        let mut plain = request(Method::Post, home.url("/x"));
        plain.headers.push((name.into(), value.into()));
        let mut secret = request(Method::Post, home.url("/x"));
        secret.secret_headers.push((name.into(), format!("{value}{CANARY}").into()));
        for request in [plain, secret] {
            let failure = client.send(request).await.unwrap_err();
            assert_eq!((failure.code, failure.sent), (Code::InvalidConfig, false), "{name:?}");
            assert!(!format!("{failure:?}").contains(CANARY), "{name:?}: a secret is in the message");
        }
    }
    assert_eq!(home.connections(), 0, "nothing was sent");
}

#[tokio::test]
async fn neither_request_nor_answer_nor_failure_prints_a_secret() {
    let home = Recorder::start(|_| OK.to_owned()).await;
    let out = request(Method::Get, home.url("/x?page=2"));
    assert!(!format!("{out:?}").contains(CANARY));
    let answer = client().send(out).await.unwrap();
    assert!(!format!("{answer:?}").contains(CANARY));
    assert!(!answer.url.as_str().contains(CANARY), "the kept address is without secrets");
    assert!(home.heads()[0].contains(CANARY), "the secret did go out");
    assert!(!format!("{:?}", client()).contains("http"));
}

#[tokio::test]
async fn reads_share_a_connection_and_effects_never_do() {
    let home = Recorder::start(|_| OK.to_owned()).await;
    let client = client();
    for _ in 0..3 {
        client.send(request(Method::Get, home.url("/x"))).await.unwrap().body.unwrap();
    }
    assert_eq!(home.connections(), 1, "reads are pooled");
    let home = Recorder::start(|_| OK.to_owned()).await;
    for _ in 0..3 {
        client.send(request(Method::Delete, home.url("/x"))).await.unwrap().body.unwrap();
    }
    assert_eq!(home.connections(), 3, "an effect never rides on a connection that may be stale");
}

#[tokio::test]
async fn a_second_answer_smuggled_into_the_first_is_thrown_away() {
    let home = Recorder::start(|_| format!("{OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")).await;
    let client = client();
    for _ in 0..5 {
        let answer = client.send(request(Method::Get, home.url("/x"))).await.unwrap();
        assert_eq!(answer.body.unwrap(), b"ok");
    }
}
