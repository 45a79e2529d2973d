//! What we serve: loopback only, for nobody's web page, and stoppable.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;
use patchbay_model::{Code, Problem};
use patchbay_net::{HostGuard, guard_host, listen};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

async fn say(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn a_taken_port_and_addresses_that_others_reach_are_refused() {
    let first = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let taken = Problem::from(listen(first.addr()).await.unwrap_err());
    assert_eq!(taken.code(), Code::PortInUse);
    assert!(taken.title().contains(&first.addr().port().to_string()), "{}", taken.title());
    for open in ["0.0.0.0:0", "[::]:0", "192.168.1.1:0", "[::ffff:127.0.0.1]:0"] {
        assert!(listen(open.parse().unwrap()).await.is_err(), "{open}");
    }
}

#[tokio::test]
async fn a_web_page_reaches_nothing_behind_the_host_guard() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.addr();
    let router = Router::new().route("/", any(|| async { "reached" }));
    tokio::spawn(listener.serve(guard_host(router, address), std::future::pending()));
    let port = address.port();
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let cases = [
        ("/", own.clone(), 200),
        ("/", format!("Host: localhost:{port}\r\n"), 200),
        ("/", format!("Host: [::1]:{port}\r\n"), 200),
        ("/missing", own.clone(), 404),
        ("/", String::new(), 421),
        ("/", "Host:\r\n".into(), 421),
        ("/", format!("Host: evil.example:{port}\r\n"), 421),
        ("/missing", format!("Host: evil.example:{port}\r\n"), 421),
        ("/", "Host: 127.0.0.1\r\n".into(), 421),
        ("/", "Host: 127.0.0.1:1\r\n".into(), 421),
        ("/", format!("Host: 0.0.0.0:{port}\r\n"), 421),
        ("/", format!("Host: 127.1:{port}\r\n"), 421),
        ("/", format!("Host: 2130706433:{port}\r\n"), 421),
        ("/", format!("Host: LOCALHOST:{port}\r\n"), 421),
        ("/", format!("Host: localhost.:{port}\r\n"), 421),
        ("/", format!("Host: 127.0.0.1:{port}.evil.example\r\n"), 421),
        ("/", format!("Host: user@127.0.0.1:{port}\r\n"), 421),
        ("/", format!("Host: evil.example\r\n{own}"), 421),
        ("/", format!("{own}{own}"), 421),
        ("http://evil.example/", own.clone(), 421),
        ("/", format!("{own}Origin: https://evil.example\r\n"), 403),
        ("/", format!("{own}Origin: null\r\n"), 403),
        ("/", format!("{own}Origin: http://127.0.0.1:{port}\r\n"), 403),
        ("/", "Host: evil.example\r\nOrigin: https://evil.example\r\n".into(), 421),
    ];
    for (target, headers, want) in cases {
        for method in ["GET", "POST", "OPTIONS"] {
            let text = format!(
                "{method} {target} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n"
            );
            let answer = say(address, &text).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {want}")), "{method} {target} {headers:?}: {answer}");
            assert!(want == 200 || !answer.contains("reached"));
            assert!(!answer.to_ascii_lowercase().contains("access-control"), "no page is let in");
        }
    }
}

#[tokio::test]
async fn a_host_and_an_origin_can_be_allowed_by_name() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.addr();
    let router = Router::new().route("/", any(|| async { "reached" }));
    let guard = HostGuard::loopback(address).host("hooks.example.com").origin("https://app.example.com");
    tokio::spawn(listener.serve(guard.wrap(router), std::future::pending()));
    let cases = [
        ("Host: hooks.example.com", 200),
        ("Host: hooks.example.com\r\nOrigin: https://app.example.com", 200),
        ("Host: hooks.example.com\r\nOrigin: https://app.example.com.evil.example", 403),
        ("Host: hooks.example.com\r\nOrigin: https://app.example.com\r\nOrigin: https://evil.example", 403),
        ("Host: hooks.example.com:80", 421),
    ];
    for (headers, want) in cases {
        let answer = say(address, &format!("GET / HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {want}")), "{headers:?}: {answer}");
    }
}

#[tokio::test]
async fn stopping_finishes_what_is_under_way_and_frees_the_port() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.addr();
    let (entered, inside) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let once = std::sync::Arc::new(std::sync::Mutex::new(Some((entered, released))));
    let router = Router::new().route(
        "/",
        any(move || {
            let (entered, released) = once.lock().unwrap().take().unwrap();
            async move {
                entered.send(()).unwrap();
                let _ = released.await;
                "finished"
            }
        }),
    );
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(listener.serve(router, async {
        let _ = stopped.await;
    }));
    let text = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let asked = tokio::spawn(async move { say(address, &text).await });
    inside.await.unwrap();
    stop.send(()).unwrap();
    // Refused from now on, though a request is still under way.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    assert!(asked.await.unwrap().ends_with("finished"));
    server.await.unwrap().unwrap();
    listen(address).await.unwrap();
}

#[tokio::test]
async fn a_peer_that_never_finishes_does_not_hold_the_stop_up() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap().grace(Duration::from_millis(200));
    let address = listener.addr();
    let router = Router::new().route("/", any(|body: String| async move { body }));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(listener.serve(router, async {
        let _ = stopped.await;
    }));
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(format!("POST / HTTP/1.1\r\nHost: {address}\r\nContent-Length: 10\r\n\r\nabc").as_bytes())
        .await
        .unwrap();
    // One that answers proves that the slow one was accepted before it.
    let quick = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    assert!(say(address, &quick).await.starts_with("HTTP/1.1 200"));
    let started = Instant::now();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(3), "took {:?}", started.elapsed());
}
