//! Bad peers: each fault against a read and against an effect, with the verdict we owe.

use std::time::{Duration, Instant};

use patchbay_model::Code;
use patchbay_model::descriptor::Method;
use patchbay_net::{Answer, Failure, json_body};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::peer::{CANARY, Script, attempt, client, faulty, head};

/// Reads a request, writes the bytes and closes.
macro_rules! answering {
    ($bytes:expr) => {
        |mut stream: TcpStream| {
            Box::pin(async move {
                head(&mut stream).await;
                let _ = stream.write_all(&$bytes).await;
                let _ = stream.shutdown().await;
                // Closing with unread bytes would be a reset.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            })
        }
    };
}

/// The verdict that is owed.
#[derive(Clone, Copy, Debug)]
enum Want {
    /// No answer: the code, and that something was sent.
    Fails(Code),
    /// No answer: the code. The peer raced the connection, so both verdicts on sending are honest.
    Races(Code),
    /// A status, and what became of the body.
    BodyFails(u16, Code),
    /// A status, and a body that came whole.
    Status(u16),
    /// A status, and a body that came whole and is no JSON.
    NoJson(u16),
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

/// What the peer writes after its headers, over and over, with a pause.
async fn drip(mut stream: TcpStream, first: &[u8], drop: &[u8]) {
    head(&mut stream).await;
    let _ = stream.write_all(first).await;
    while stream.write_all(drop).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn reset(stream: TcpStream) {
    #[expect(deprecated, reason = "a reset is what is wanted here")]
    let _ = stream.set_linger(Some(Duration::ZERO));
    drop(stream);
}

fn faults() -> Vec<(&'static str, Script, Want)> {
    use Want::{BodyFails, Fails, NoJson, Races, Status};
    vec![
        (
            "reset before reply",
            |mut stream| {
                Box::pin(async move {
                    head(&mut stream).await;
                    reset(stream);
                })
            },
            Fails(Code::ConnectionLost),
        ),
        (
            "reset at once",
            |stream| Box::pin(async move { reset(stream) }),
            Races(Code::ConnectionLost),
        ),
        (
            "close before reply",
            |mut stream| {
                Box::pin(async move {
                    head(&mut stream).await;
                })
            },
            Fails(Code::ConnectionLost),
        ),
        (
            "reset inside the body",
            |mut stream| {
                Box::pin(async move {
                    head(&mut stream).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc").await;
                    // Long enough for the first bytes to be read.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    reset(stream);
                })
            },
            BodyFails(200, Code::ConnectionLost),
        ),
        (
            "never answers",
            |mut stream| {
                Box::pin(async move {
                    head(&mut stream).await;
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                })
            },
            Fails(Code::TimeoutResponse),
        ),
        (
            "drips its headers for ever",
            |stream| Box::pin(drip(stream, b"HTTP/1.1 200 OK\r\nX-A: ", b"x")),
            Fails(Code::TimeoutResponse),
        ),
        (
            "says wait for ever",
            |stream| Box::pin(drip(stream, b"", b"HTTP/1.1 102 Processing\r\n\r\n")),
            Fails(Code::TimeoutResponse),
        ),
        (
            "drips its body for ever",
            |stream| Box::pin(drip(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x")),
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
            "no last chunk",
            answering!(*b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            BodyFails(200, Code::ConnectionLost),
        ),
        (
            "a chunk size that is no number",
            answering!(*b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
            BodyFails(200, Code::ConnectionLost),
        ),
        (
            "a chunk size beyond all bounds",
            answering!(*b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc"),
            BodyFails(200, Code::ConnectionLost),
        ),
        (
            "endless chunks",
            |mut stream| {
                Box::pin(async move {
                    head(&mut stream).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
                    let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
                    while stream.write_all(&chunk).await.is_ok() {}
                })
            },
            BodyFails(200, Code::PayloadTooLarge),
        ),
        (
            "announces more than we take",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc"),
            BodyFails(200, Code::PayloadTooLarge),
        ),
        ("compression bomb", answering!(gzip_bomb()), BodyFails(200, Code::PayloadTooLarge)),
        (
            "bad compression",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
            BodyFails(200, Code::MalformedResponse),
        ),
        (
            "compression cut off",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\x63\x60"),
            BodyFails(200, Code::MalformedResponse),
        ),
        ("not HTTP", answering!(*b"SSH-2.0-OpenSSH_9.2\r\n"), Fails(Code::UnexpectedContent)),
        (
            "TLS on a plain port",
            answering!(*b"\x15\x03\x01\x00\x02\x02\x46"),
            Fails(Code::UnexpectedContent),
        ),
        (
            "two thousand headers",
            answering!([b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".repeat(2_000), b"\r\n".to_vec()].concat()),
            Fails(Code::UnexpectedContent),
        ),
        (
            "a header of a megabyte",
            answering!([b"HTTP/1.1 200 OK\r\nX-A: ".to_vec(), vec![b'x'; 1 << 20], b"\r\n\r\n".to_vec()].concat()),
            Fails(Code::UnexpectedContent),
        ),
        (
            "two lengths that differ",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
            Fails(Code::UnexpectedContent),
        ),
        (
            "a length below zero",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
            Fails(Code::UnexpectedContent),
        ),
        ("no content", answering!(*b"HTTP/1.1 204 No Content\r\n\r\n"), Status(204)),
        ("empty 200", answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Status(200)),
        ("server error", answering!(*b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), Status(500)),
        ("no length, ended by closing", answering!(*b"HTTP/1.0 200 OK\r\n\r\n{}"), Status(200)),
        ("pause first", answering!(*b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 204 Done\r\n\r\n"), Status(204)),
        (
            "a page for people",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"),
            NoJson(200),
        ),
        (
            "cut-off JSON",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1,"),
            NoJson(200),
        ),
        (
            "bad UTF-8",
            answering!(*b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\"\xff\xfe\""),
            NoJson(200),
        ),
        (
            "nested very deep",
            answering!([b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n".to_vec(), b"[".repeat(200_000)].concat()),
            NoJson(200),
        ),
    ]
}

fn check(name: &str, method: Method, want: Want, outcome: &Result<Answer, Failure>) {
    let place = format!("{name}, {method:?}: {outcome:?}");
    match (want, outcome) {
        (Want::Fails(code), Err(failure)) => {
            assert_eq!((failure.code, failure.sent), (code, true), "{place}");
        }
        (Want::Races(code), Err(failure)) => assert_eq!(failure.code, code, "{place}"),
        (Want::BodyFails(status, code), Ok(answer)) => {
            assert_eq!(answer.status, status, "{place}");
            let failure = answer.body.as_ref().expect_err(&place);
            assert_eq!((failure.code, failure.sent), (code, true), "{place}");
        }
        (Want::Status(status), Ok(answer)) => {
            assert_eq!(answer.status, status, "{place}");
            assert!(answer.body.is_ok(), "{place}");
        }
        (Want::NoJson(status), Ok(answer)) => {
            assert_eq!(answer.status, status, "{place}");
            let failure = json_body(answer.body.as_ref().expect(&place)).expect_err(&place);
            assert_eq!(failure.code, Code::MalformedResponse, "{place}");
        }
        _ => panic!("{place}, wanted {want:?}"),
    }
    let failure = match outcome {
        Err(failure) => Some(failure),
        Ok(answer) => answer.body.as_ref().err(),
    };
    if let Some(failure) = failure {
        let shown = format!("{failure} {failure:?}");
        assert!(
            !shown.contains(CANARY) && !shown.contains("page=2"),
            "{name}: a secret or query shows: {shown}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_gets_its_code_in_bounded_time_for_reads_and_for_effects() {
    let client = client();
    let mut attempts = JoinSet::new();
    for (name, script, want) in faults() {
        let address = faulty(script).await;
        for method in [Method::Get, Method::Post] {
            let client = client.clone();
            attempts.spawn(async move {
                let started = Instant::now();
                let outcome = attempt(&client, address, method).await;
                (name, method, want, outcome, started.elapsed())
            });
        }
    }
    let mut cases = 0;
    while let Some(done) = attempts.join_next().await {
        let (name, method, want, outcome, took) = done.unwrap();
        check(name, method, want, &outcome);
        assert!(took < Duration::from_secs(10), "{name}, {method:?}: took {took:?}");
        cases += 1;
    }
    assert!(cases >= 60, "the matrix exercised only {cases} cases");
}
