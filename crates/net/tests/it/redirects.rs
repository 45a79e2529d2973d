//! Redirects: safe requests within the same origin, at most three; nothing else.

use patchbay_model::Code;
use patchbay_model::descriptor::Method;
use patchbay_net::origin_of;
use tokio::io::AsyncWriteExt;

use crate::peer::{CANARY, Recorder, bind, client, head, request};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn three_redirects_of_a_read_are_followed_and_the_secret_goes_to_each_hop_once() {
    for method in [Method::Get, Method::Head] {
        let home = Recorder::start(|count| match count {
            0 => to(302, "/one?page=2"),
            // Some services repeat the whole query, the key included.
            1 => to(307, &format!("two?keep=1&api_key={CANARY}")),
            2 => to(301, "?api_key=other"),
            _ => OK.to_owned(),
        })
        .await;
        let answer = client().send(request(method, home.url("/start"))).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.url.path(), "/two");
        assert!(!answer.url.as_str().contains("api_key"), "{method:?}: the kept address holds no secret");
        let heads = home.heads();
        assert_eq!(heads.len(), 4);
        for head in heads {
            assert_eq!(head.matches(&format!("api_key={CANARY}")).count(), 1, "{head}");
            assert!(head.to_ascii_lowercase().contains(&format!("x-api-key: {CANARY}")), "{head}");
            assert!(!head.to_ascii_lowercase().contains("referer"), "{head}");
        }
    }
}

#[tokio::test]
async fn a_loop_ends_after_three_redirects() {
    let home = Recorder::start(|_| to(302, "/again")).await;
    let failure = client().send(request(Method::Get, home.url("/again"))).await.unwrap_err();
    assert_eq!((failure.code, failure.sent), (Code::RedirectRefused, true));
    assert_eq!(home.heads().len(), 4, "the request and three redirects");
}

#[tokio::test]
async fn secrets_and_bodies_reach_no_other_origin() {
    let client = client();
    let mut refused = 0;
    for status in [301, 302, 303, 307, 308] {
        for method in [Method::Get, Method::Head, Method::Post, Method::Put, Method::Delete] {
            let foreign = Recorder::start(|_| OK.to_owned()).await;
            let location = foreign.url("/collect").to_string();
            let home = Recorder::start(move |_| to(status, &location)).await;
            let mut request = request(method, home.url("/x"));
            // Even an origin that is approved for this connection is another origin.
            request.origins.extend(origin_of(&foreign.url("/")));
            let failure = client.send(request).await.unwrap_err();
            // 303 says that the request was processed: it must not count as refused.
            let acted = status == 303 && !method.is_safe();
            let code = if acted { Code::UnexpectedContent } else { Code::RedirectRefused };
            assert_eq!((failure.code, failure.sent), (code, true), "{status} {method:?}");
            assert!(!failure.to_string().contains(CANARY) && !failure.to_string().contains('?'));
            assert_eq!(home.heads().len(), 1);
            assert_eq!(foreign.connections(), 0, "{status} {method:?}: the other origin was contacted");
            refused += 1;
        }
    }
    assert_eq!(refused, 25);
}

#[tokio::test]
async fn places_that_are_not_the_same_origin_are_refused_however_written() {
    let client = client();
    let home = Recorder::start(|_| OK.to_owned()).await;
    let port = home.address.port();
    let places = [
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data".into(),
        format!("https://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("//localhost:{port}/"),
        format!("http://user:word@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}@evil.example/"),
        r"\\evil.example\x".into(),
        "http://".into(),
        "http://[".into(),
        "javascript:alert(1)".into(),
        "data:text/plain,x".into(),
        "ftp://127.0.0.1/".into(),
    ];
    for place in places {
        let location = place.clone();
        let from = Recorder::start(move |_| to(302, &location)).await;
        let place = place.replace(&port.to_string(), &from.address.port().to_string());
        let failure = client.send(request(Method::Get, from.url("/x"))).await.unwrap_err();
        assert_eq!((failure.code, failure.sent), (Code::RedirectRefused, true), "{place}: {failure:?}");
    }
    assert_eq!(home.connections(), 0);
}

#[tokio::test]
async fn an_effect_is_redirected_nowhere_not_even_at_home() {
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let home = Recorder::start(|_| to(307, "/elsewhere")).await;
        let failure = client().send(request(method, home.url("/x"))).await.unwrap_err();
        assert_eq!((failure.code, failure.sent), (Code::RedirectRefused, true), "{method:?}");
        assert_eq!(home.heads().len(), 1, "{method:?}");
    }
    // A GET that changes something, as some services have, is an effect too.
    let home = Recorder::start(|_| to(302, "/elsewhere")).await;
    let mut get = request(Method::Get, home.url("/delete"));
    get.effect = true;
    assert_eq!(client().send(get).await.unwrap_err().code, Code::RedirectRefused);
    assert_eq!(home.heads().len(), 1);
}

#[tokio::test]
async fn a_failure_after_a_redirect_does_not_claim_that_nothing_was_sent() {
    let (listener, address) = bind().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // From here on nothing listens.
        drop(listener);
        let _ = head(&mut stream).await;
        let answer = "HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    let url = format!("http://{address}/a").parse().unwrap();
    let failure = client().send(request(Method::Get, url)).await.unwrap_err();
    assert_eq!((failure.code, failure.sent), (Code::ConnectionRefused, true), "{failure:?}");
}

#[tokio::test]
async fn a_redirect_without_a_place_is_an_answer_like_any_other() {
    let home = Recorder::start(|_| "HTTP/1.1 302 F\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    let answer = client().send(request(Method::Get, home.url("/x"))).await.unwrap();
    assert_eq!(answer.status, 302);
}
