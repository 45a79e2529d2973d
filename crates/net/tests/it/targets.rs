//! Where requests may go, and what is known not to have left.

use std::time::{Duration, Instant};

use patchbay_model::descriptor::Method;
use patchbay_model::{Code, Problem};
use patchbay_net::{Client, Failure, Request, listen, origin_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::peer::{Recorder, attempt, bind, client, faulty, request};

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

async fn fails(client: &Client, url: &str, timeout: Duration) -> Failure {
    let mut request = request(Method::Post, url.parse().unwrap());
    request.timeout = timeout;
    client.send(request).await.unwrap_err()
}

#[tokio::test]
async fn what_never_left_is_known_not_to_be_sent() {
    // A port that was free a moment ago.
    let free = listen("127.0.0.1:0".parse().unwrap()).await.unwrap().addr();
    // Answers TLS with plain text.
    let plain = faulty(|mut stream| {
        Box::pin(async move {
            let _ = stream.read(&mut [0; 512]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await;
        })
    })
    .await;
    // Hangs up on the handshake.
    let closing = faulty(|mut stream| {
        Box::pin(async move {
            let _ = stream.read(&mut [0; 512]).await;
        })
    })
    .await;
    let short = Duration::from_millis(1_500);
    let cases = [
        (format!("http://{free}/"), Code::ConnectionRefused),
        (format!("https://{free}/"), Code::ConnectionRefused),
        ("http://no-such-name.invalid/".into(), Code::DnsFailure),
        (format!("https://{plain}/"), Code::TlsFailure),
        (format!("https://{closing}/"), Code::ConnectionLost),
    ];
    let client = client();
    for (url, code) in cases {
        let failure = fails(&client, &url, short).await;
        assert_eq!((failure.code, failure.sent), (code, false), "{url}: {failure:?}");
    }
}

#[tokio::test]
async fn no_connection_in_five_seconds_is_a_connect_timeout_and_nothing_was_sent() {
    // A queue of connections that is full: the kernel drops further ones without a word.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let hole = socket.listen(1).unwrap();
    let address = hole.local_addr().unwrap();
    let mut queued = Vec::new();
    for _ in 0..4 {
        let waiting = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address));
        queued.push(waiting.await);
    }
    assert!(queued.iter().any(Result::is_err), "the queue is full");
    // Accepts and never speaks TLS.
    let mute = faulty(|mut stream| {
        Box::pin(async move {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
    })
    .await;
    let client = client();
    let started = Instant::now();
    let (hole, mute) = (format!("http://{address}/"), format!("https://{mute}/"));
    let long = Duration::from_secs(20);
    let (first, second) = tokio::join!(fails(&client, &hole, long), fails(&client, &mute, long));
    for failure in [first, second] {
        assert_eq!((failure.code, failure.sent), (Code::TimeoutConnect, false), "{failure:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(8), "took {:?}", started.elapsed());
}

#[tokio::test]
async fn a_total_time_that_ends_while_connecting_proves_that_nothing_was_sent() {
    // Accepts and never says a word.
    let mute = faulty(|mut stream| {
        Box::pin(async move {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
    })
    .await;
    let short = Duration::from_millis(400);
    let client = client();
    let handshake = fails(&client, &format!("https://{mute}/"), short).await;
    assert_eq!((handshake.code, handshake.sent), (Code::TimeoutConnect, false), "{handshake:?}");
    let answer = fails(&client, &format!("http://{mute}/"), short).await;
    assert_eq!((answer.code, answer.sent), (Code::TimeoutResponse, true), "{answer:?}");
}

#[tokio::test]
async fn the_time_to_connect_is_the_one_that_was_given() {
    let mute = faulty(|mut stream| {
        Box::pin(async move {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
    })
    .await;
    let client = client();
    for _ in 0..2 {
        let mut request = request(Method::Get, format!("https://{mute}/").parse().unwrap());
        (request.timeout, request.connect_timeout) = (Duration::from_secs(20), Duration::from_millis(300));
        let started = Instant::now();
        let failure = client.send(request).await.unwrap_err();
        assert_eq!((failure.code, failure.sent), (Code::TimeoutConnect, false), "{failure:?}");
        assert!(started.elapsed() < Duration::from_secs(3), "took {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn private_addresses_are_blocked_unless_allowed() {
    let home = Recorder::start(|_| EMPTY.to_owned()).await;
    let port = home.address.port();
    let client = client();
    for method in [Method::Get, Method::Post] {
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "0", "[::]"] {
            let mut guarded = request(method, format!("http://{host}:{port}/").parse().unwrap());
            guarded.allow_private = false;
            let failure = client.send(guarded).await.unwrap_err();
            assert_eq!((failure.code, failure.sent), (Code::TargetBlocked, false), "{host}: {failure:?}");
        }
    }
    assert_eq!(home.connections(), 0);
    assert_eq!(
        attempt(&client, home.address, Method::Get).await.unwrap().status,
        200,
        "allowed where asked for"
    );
}

#[tokio::test]
async fn only_approved_origins_are_called_and_secrets_in_addresses_are_refused() {
    let home = Recorder::start(|_| EMPTY.to_owned()).await;
    let (address, port) = (home.address, home.address.port());
    let own = origin_of(&home.url("/")).unwrap();
    let cases = [
        (format!("http://{address}/"), vec![]),
        (format!("http://{address}/"), vec!["https://api.example.com".to_owned()]),
        (format!("http://{address}/"), vec![format!("https://{address}")]),
        (format!("http://{address}/"), vec!["http://127.0.0.1".into()]),
        (format!("http://{address}/"), vec![format!("{own}/")]),
        (format!("http://localhost:{port}/"), vec![own.clone()]),
        (format!("http://amira:sandbox-pass-1@{address}/"), vec![own.clone()]),
        ("file:///etc/passwd".into(), vec!["file://".into(), "null".into()]),
        ("data:text/plain,x".into(), vec!["null".into()]),
    ];
    let client = client();
    for (url, origins) in cases {
        let mut request = Request::new(Method::Get, url.parse().unwrap());
        request.allow_private = true;
        request.origins = origins;
        let failure = client.send(request).await.unwrap_err();
        assert_eq!((failure.code, failure.sent), (Code::TargetBlocked, false), "{url}: {failure:?}");
        assert!(!failure.detail.contains("sandbox-pass-1"));
        assert!(!Problem::from(failure).fix().label.is_empty());
    }
    assert_eq!(home.connections(), 0);
}

#[tokio::test]
async fn a_request_that_takes_long_ends_at_its_own_limit() {
    let (listener, address) = bind().await;
    let client = client();
    let started = Instant::now();
    let failure = attempt(&client, address, Method::Get).await.unwrap_err();
    drop(listener);
    assert_eq!((failure.code, failure.sent), (Code::TimeoutResponse, true));
    assert!(started.elapsed() < Duration::from_secs(4), "took {:?}", started.elapsed());
}
