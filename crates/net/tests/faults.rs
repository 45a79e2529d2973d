//! Bad peers: each fault against a read and against an effect, with the verdict we owe.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::descriptor::Method;
use patchbay_model::{Code, SystemClock};
use patchbay_net::{Answer, Client, Failure, Request, listen, origin_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the faulty server does after it has read a request.
type Script = fn(TcpStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves each connection with the script. Bound through a plain socket: the faults are below HTTP.
#[expect(clippy::disallowed_methods, reason = "the faulty peer is not the product")]
async fn faulty(script: Script) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

async fn request_read(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => seen.extend_from_slice(&buffer[..n]),
            _ => return,
        }
    }
}

macro_rules! answering {
    ($bytes:expr) => {
        |mut stream: TcpStream| {
            Box::pin(async move {
                request_read(&mut stream).await;
                let _ = stream.write_all(&$bytes).await;
                let _ = stream.shutdown().await;
            })
        }
    };
}

async fn attempt(address: SocketAddr, method: Method) -> Result<Answer, Failure> {
    let url = format!("http://{address}/x?secret-query=canary").parse().unwrap();
    attempt_url(url, method).await
}

async fn attempt_url(url: url::Url, method: Method) -> Result<Answer, Failure> {
    let client = Client::new(Arc::new(SystemClock::new())).unwrap();
    let mut request = Request::new(method, url);
    request.origins = origin_of(&request.url).into_iter().collect();
    request.allow_private = true;
    request.timeout = Duration::from_millis(1_500);
    request.max_body = 1 << 20;
    request.secret_headers.push(("X-Api-Key".into(), "canary".to_owned().into()));
    client.send(request).await
}

enum Want {
    Fails(Code, bool),
    BodyFails(u16, Code),
    Status(u16),
}

fn gzip_bomb() -> Vec<u8> {
    // 8 MiB of zeros as stored blocks would be large; a run-length deflate block is small. Made by
    // hand: header, then one fixed-Huffman block that repeats the last byte, 258 at a time.
    let mut bits = Bits::default();
    bits.push(1, 1); // final
    bits.push(1, 2); // fixed codes
    bits.push_code(0b0011_0000, 8); // literal 0
    for _ in 0..40_000 {
        bits.push_code(0b1100_0101, 8); // length 258
        bits.push_code(0, 5); // distance 1
    }
    bits.push_code(0, 7); // end
    let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    body.extend(bits.done());
    body.extend([0; 8]);
    let mut out =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len())
            .into_bytes();
    out.extend(body);
    out
}

#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    current: u32,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for i in 0..count {
            self.current |= (value >> i & 1) << self.used;
            self.used += 1;
            if self.used == 8 {
                self.out.push(self.current as u8);
                (self.current, self.used) = (0, 0);
            }
        }
    }

    /// Huffman codes go most significant bit first.
    fn push_code(&mut self, code: u32, count: u32) {
        for i in (0..count).rev() {
            self.push(code >> i & 1, 1);
        }
    }

    fn done(mut self) -> Vec<u8> {
        if self.used > 0 {
            self.out.push(self.current as u8);
        }
        self.out
    }
}

#[tokio::test]
async fn every_fault_gets_its_code_in_bounded_time_for_reads_and_for_effects() {
    use Want::{BodyFails, Fails, Status};
    let faults: Vec<(&str, Script, Want)> = vec![
        (
            "reset before reply",
            |mut stream| {
                Box::pin(async move {
                    request_read(&mut stream).await;
                    #[expect(deprecated, reason = "a reset is what is wanted here")]
                    let _ = stream.set_linger(Some(Duration::ZERO));
                })
            },
            Fails(Code::ConnectionLost, true),
        ),
        (
            "close before reply",
            |mut stream| Box::pin(async move { request_read(&mut stream).await }),
            Fails(Code::ConnectionLost, true),
        ),
        (
            "never answers",
            |mut stream| {
                Box::pin(async move {
                    request_read(&mut stream).await;
                    let _ = stream.read(&mut [0; 1]).await;
                })
            },
            Fails(Code::TimeoutResponse, true),
        ),
        (
            "drips its body for ever",
            |mut stream| {
                Box::pin(async move {
                    request_read(&mut stream).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await;
                    while stream.write_all(b"x").await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                })
            },
            BodyFails(200, Code::TimeoutResponse),
        ),
        (
            "truncated",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
            BodyFails(200, Code::ConnectionLost),
        ),
        (
            "truncated chunk",
            answering!(*b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nabc"),
            BodyFails(201, Code::ConnectionLost),
        ),
        (
            "endless chunks",
            |mut stream| {
                Box::pin(async move {
                    request_read(&mut stream).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
                    let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
                    while stream.write_all(&chunk).await.is_ok() {}
                })
            },
            BodyFails(200, Code::PayloadTooLarge),
        ),
        ("compression bomb", answering!(gzip_bomb()), BodyFails(200, Code::PayloadTooLarge)),
        (
            "bad compression",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
            BodyFails(200, Code::MalformedResponse),
        ),
        ("not HTTP", answering!(*b"SSH-2.0-OpenSSH_9.2\r\n"), Fails(Code::UnexpectedContent, true)),
        (
            "two thousand headers",
            answering!(
                [b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".repeat(2_000), b"\r\n".to_vec()].concat()
            ),
            Fails(Code::UnexpectedContent, true),
        ),
        ("no content", answering!(*b"HTTP/1.1 204 No Content\r\n\r\n"), Status(204)),
        ("empty 200", answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Status(200)),
        ("server error", answering!(*b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), Status(500)),
        (
            "redirect loop, or a redirected effect",
            answering!(
                *b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            ),
            Fails(Code::RedirectRefused, true),
        ),
        (
            "redirect to a file",
            answering!(*b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
            Fails(Code::RedirectRefused, true),
        ),
        (
            "redirect to the metadata address",
            answering!(*b"HTTP/1.1 307 T\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"),
            Fails(Code::RedirectRefused, true),
        ),
    ];
    let mut cases = 0;
    for (name, script, want) in faults {
        let address = faulty(script).await;
        for method in [Method::Get, Method::Post] {
            let started = std::time::Instant::now();
            let outcome = attempt(address, method).await;
            assert!(
                started.elapsed() < Duration::from_secs(8),
                "{name}, {method:?}: took {:?}",
                started.elapsed()
            );
            let shown = format!("{outcome:?}");
            match (&want, &outcome) {
                (Fails(code, sent), Err(failure)) => {
                    assert_eq!((failure.code, failure.sent), (*code, *sent), "{name}, {method:?}: {shown}");
                }
                (BodyFails(status, code), Ok(answer)) => {
                    assert_eq!(answer.status, *status, "{name}, {method:?}");
                    assert_eq!(
                        answer.body.as_ref().map_err(|f| f.code),
                        Err(*code),
                        "{name}, {method:?}: {shown}"
                    );
                }
                (Status(status), Ok(answer)) => {
                    assert_eq!(answer.status, *status, "{name}, {method:?}");
                    assert!(answer.body.is_ok(), "{name}, {method:?}: {shown}");
                }
                _ => panic!("{name}, {method:?}: {shown}"),
            }
            if let Err(failure) = &outcome {
                assert!(!failure.to_string().contains("canary"), "{name}: a secret or query is in the message");
            }
            cases += 1;
        }
    }
    assert!(cases >= 34, "the matrix exercised only {cases} cases");
}

#[tokio::test]
async fn what_never_left_is_known_not_to_be_sent() {
    // A port that was free a moment ago.
    let free = listen("127.0.0.1:0".parse().unwrap()).await.unwrap().addr();
    let refused = attempt(free, Method::Post).await.unwrap_err();
    assert_eq!((refused.code, refused.sent), (Code::ConnectionRefused, false));

    let unknown = attempt_url("http://no-such-name.invalid/".parse().unwrap(), Method::Post).await.unwrap_err();
    assert_eq!((unknown.code, unknown.sent), (Code::DnsFailure, false));

    // A port that answers TLS with plain text.
    let plain = faulty(|mut stream| {
        Box::pin(async move {
            let _ = stream.read(&mut [0; 512]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await;
        })
    })
    .await;
    let tls = attempt_url(format!("https://{plain}/").parse().unwrap(), Method::Post).await.unwrap_err();
    assert_eq!((tls.code, tls.sent), (Code::TlsFailure, false), "{tls:?}");
}

#[tokio::test]
async fn private_addresses_and_unapproved_origins_are_refused_before_anything_is_sent() {
    let client = Client::new(Arc::new(SystemClock::new())).unwrap();
    let address = faulty(answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let port = address.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"] {
        let mut request = Request::new(Method::Get, format!("http://{host}:{port}/").parse().unwrap());
        request.origins = origin_of(&request.url).into_iter().collect();
        let failure = client.send(request).await.unwrap_err();
        assert_eq!((failure.code, failure.sent), (Code::TargetBlocked, false), "{host}: {failure:?}");
    }
    let mut request = Request::new(Method::Get, format!("http://{address}/").parse().unwrap());
    request.allow_private = true;
    request.origins = vec!["https://api.example.com".into()];
    assert_eq!(client.send(request).await.unwrap_err().code, Code::TargetBlocked, "an unapproved origin");
}

#[tokio::test]
async fn a_taken_port_and_a_public_address_are_refused() {
    let first = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let second = listen(first.addr()).await.unwrap_err();
    assert_eq!(patchbay_model::Problem::from(second).code(), Code::PortInUse);
    assert!(listen("0.0.0.0:0".parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn a_web_page_reaches_nothing_behind_the_host_guard() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.addr();
    let router = axum::Router::new().route("/", axum::routing::any(|| async { "reached" }));
    let router = patchbay_net::guard_host(router, address);
    tokio::spawn(listener.serve(router, std::future::pending()));
    let port = address.port();
    let cases = [
        (format!("Host: 127.0.0.1:{port}"), 200),
        (format!("Host: localhost:{port}"), 200),
        (format!("Host: evil.example:{port}"), 421),
        ("Host: 127.0.0.1".to_owned(), 421),
        (format!("Host: 0.0.0.0:{port}"), 421),
        (format!("Host: 127.0.0.1:{port}.evil.example"), 421),
        (format!("Host: 127.0.0.1:{port}\r\nOrigin: https://evil.example"), 403),
        (format!("Host: 127.0.0.1:{port}\r\nOrigin: null"), 403),
    ];
    for (headers, want) in cases {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(format!("GET / HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {want}")), "{headers:?}: {answer}");
    }
}
