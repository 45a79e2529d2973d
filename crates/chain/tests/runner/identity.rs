//! Services that cannot be reached once a run has begun: those that cannot prove who they are, those that let nobody
//! in, and names that nobody knows. What was not sent is not in doubt.
//!
//! Certificates are made by the `openssl` program while the test runs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use nix::sys::socket::{Backlog, listen};
use patchbay_chain::report;
use patchbay_model::report::RunReport;
use patchbay_model::{Code, RunState};
use patchbay_net::testing::Identity;
use patchbay_net::{Certificates, Network};
use patchbay_store::Tuning;
use serde_json::json;

use crate::bench::Bench;
use crate::faults::reply;

fn openssl(folder: &Path, arguments: &str) {
    let output =
        Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output().unwrap_or_else(
            |error| panic!("`openssl` makes the certificates, install the package `openssl`: {error}"),
        );
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

fn authority(folder: &Path, name: &str) {
    openssl(folder, &format!("req -x509 {KEY} -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"));
}

/// Makes `<name>.pem` and `<name>.key`, signed by `ca`.
fn certificate(folder: &Path, ca: &str, name: &str, host: &str, days: i32) {
    std::fs::write(folder.join(format!("{name}.ext")), format!("subjectAltName=DNS:{host}\n")).unwrap();
    openssl(folder, &format!("req -new {KEY} -subj /CN={host} -keyout {name}.key -out {name}.csr"));
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days {days} \
             -extfile {name}.ext -out {name}.pem"
        ),
    );
}

/// What whoever connects finds.
#[derive(Clone)]
enum Face {
    /// HTTP.
    Plain,
    /// HTTP over TLS with a certificate.
    Tls(Identity),
    /// A text, whatever is said.
    Says(&'static str),
    /// Somebody who takes the connection and says nothing.
    Mute,
    /// Nobody takes the connection.
    Full,
}

fn tls(folder: &Path, name: &str) -> Face {
    let [certificate, key] = ["pem", "key"].map(|kind| folder.join(format!("{name}.{kind}")));
    Face::Tls(Identity::of(&certificate, &key).unwrap())
}

/// Requests that the service could read, apart from the check before the run.
type Got = Arc<AtomicU64>;

/// Shows one face until it was asked whether it is well, and another from then on.
#[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
fn serve(before: Face, after: Face) -> (SocketAddr, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let got = Got::default();
    let counts = got.clone();
    std::thread::spawn(move || {
        let (mut checked, mut kept, mut queued) = (false, Vec::new(), Vec::new());
        for mut socket in listener.incoming().map_while(Result::ok) {
            // The queue is full before whoever checks hears that all is well: what comes next finds it so.
            let fills = !checked && matches!(after, Face::Full);
            let mut ready = |request: &str| {
                if fills && request.contains("/me") {
                    listen(&listener, Backlog::new(0).unwrap()).unwrap();
                    let wait = Duration::from_millis(300);
                    let places = (0..8).map_while(|_| TcpStream::connect_timeout(&address, wait).ok());
                    queued.extend(places);
                    assert!(queued.len() < 8, "the queue takes whoever comes");
                }
            };
            let request = match if checked { &after } else { &before } {
                Face::Plain => converse(&mut socket, &mut ready),
                Face::Tls(identity) => {
                    identity.speak(&mut socket, |stream| converse(stream, &mut ready)).unwrap()
                }
                Face::Says(text) => {
                    let _ = socket.read(&mut [0; 4096]);
                    let _ = socket.write_all(text.as_bytes());
                    None
                }
                Face::Mute | Face::Full => {
                    kept.push(socket);
                    continue;
                }
            };
            let Some(request) = request else { continue };
            if !request.contains("/me") {
                counts.fetch_add(1, Ordering::SeqCst);
            } else if !checked {
                checked = true;
                if fills {
                    std::thread::sleep(Duration::from_secs(60));
                }
            }
        }
    });
    (address, got)
}

/// Reads a request and answers it, once all is ready for that; none where it is none.
fn converse(stream: &mut (impl Read + Write), mut ready: impl FnMut(&str)) -> Option<String> {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).ok()?;
    let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
    if !request.contains("HTTP/1.1") {
        return None;
    }
    ready(&request);
    let _ = stream.write_all(&reply("200 OK", "Content-Type: application/json\r\n", b"{\"id\": 1}"));
    Some(request)
}

/// How long a call may take that waits in vain, in milliseconds, and one that ends by itself.
const IN_VAIN: u64 = 1_500;
const BY_ITSELF: u64 = 25_000;

/// Runs one call that may take so many milliseconds: what the report says, what the service could read, and how long it took.
async fn try_one(
    base: String,
    got: &Got,
    network: &Network,
    operation: &str,
    timeout_ms: u64,
) -> (RunState, RunReport, Vec<Code>, u64) {
    let operations = json!([
        {"id": "read", "title": "Read", "verb": "get", "entity": "item", "request": {"path": "/item"},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "a"}},
            "params": {"type": "object"}, "result": {"type": "object"}},
    ]);
    let limits = json!({"retry": {"count": 0, "firstPauseMs": 1, "longestPauseMs": 1}});
    let dir = tempfile::tempdir().unwrap();
    let b = Bench::at(base, &operations, &limits, Tuning::default(), dir).await.within(network);
    let run = b
        .run(json!([{"id": "call", "connection": "work", "operation": operation,
            "policy": {"tries": 1, "backoffMs": 1, "timeoutMs": timeout_ms}}]))
        .await;
    let begun = Instant::now();
    let state = b.execute(&run).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    let report = report::build(&b.store.run(&run.id).await.unwrap().unwrap(), &journal);
    let codes = report.check.iter().filter_map(|finding| finding.problem.as_ref());
    let codes = codes.chain(report.steps[0].problems.iter().map(|one| &one.problem));
    let codes = codes.chain(report.needs_you.iter().map(|question| &question.problem));
    let codes = codes.map(patchbay_model::Problem::code).collect();
    (state, report, codes, got.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_reached_nobody_who_it_was_meant_for_did_not_happen() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    authority(at, "trusted");
    authority(at, "unknown");
    certificate(at, "trusted", "good", "localhost", 2);
    certificate(at, "trusted", "elsewhere", "other.example", 2);
    certificate(at, "trusted", "expired", "localhost", -1);
    certificate(at, "unknown", "foreign", "localhost", 2);
    let pem = std::fs::read_to_string(at.join("trusted.pem")).unwrap();
    let network = Network { certificates: Certificates::read(&pem).unwrap(), ..Network::default() };
    let good = || tls(at, "good");
    let plain = Face::Says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let rows = [
        ("nothing wrong", "https", good(), good(), None),
        ("for another name", "https", good(), tls(at, "elsewhere"), Some(Code::TlsFailure)),
        ("no longer valid", "https", good(), tls(at, "expired"), Some(Code::TlsFailure)),
        ("of nobody who is trusted", "https", good(), tls(at, "foreign"), Some(Code::TlsFailure)),
        ("HTTP where TLS is spoken", "https", good(), plain, Some(Code::TlsFailure)),
        ("hung up before it said who it is", "https", good(), Face::Says(""), Some(Code::ConnectionLost)),
        ("nobody says who it is", "https", good(), Face::Mute, Some(Code::TimeoutConnect)),
        ("nobody takes the connection", "https", good(), Face::Full, Some(Code::TimeoutConnect)),
        ("likewise without TLS", "http", Face::Plain, Face::Full, Some(Code::TimeoutConnect)),
    ];
    let cases = rows.iter().flat_map(|row| ["read", "tell"].map(|operation| (row, operation)));
    futures_util::stream::iter(cases)
        .for_each_concurrent(6, async |((name, scheme, before, after, code), operation)| {
            let (address, got) = serve(before.clone(), after.clone());
            let base = format!("{scheme}://localhost:{}", address.port());
            let limit = if *code == Some(Code::TimeoutConnect) { IN_VAIN } else { BY_ITSELF };
            let (state, report, codes, got) = try_one(base, &got, &network, operation, limit).await;
            let step = &report.steps[0];
            let figures = (step.done, step.failed, step.unknown, step.calls, report.needs_you.len());
            let context = format!("{name}, {operation}: {codes:?}, {report:#?}");
            if let Some(code) = *code {
                // Whoever reads need not know whether the connection stood when the time was over.
                let late = (code, operation) == (Code::TimeoutConnect, "read");
                let code = if late { Code::TimeoutResponse } else { code };
                assert_eq!((state, got), (RunState::Failed, 0), "{context}");
                assert_eq!(figures, (0, 1, 0, 1, 0), "{context}");
                assert_eq!(codes, [code], "{context}");
            } else {
                assert_eq!((state, got, figures), (RunState::Done, 1, (1, 0, 0, 1, 0)), "{context}");
            }
        })
        .await;
}

/// What was sent in the open to a service that wanted TLS was sent: whether it was understood nobody can tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_to_somebody_who_speaks_something_else_is_not_known() {
    let folder = tempfile::tempdir().unwrap();
    authority(folder.path(), "own");
    for (operation, wanted) in [("read", RunState::Failed), ("tell", RunState::NeedsYou)] {
        for (after, limit) in [(tls(folder.path(), "own"), BY_ITSELF), (Face::Mute, IN_VAIN)] {
            let (address, got) = serve(Face::Plain, after);
            let base = format!("http://localhost:{}", address.port());
            let (state, report, codes, got) = try_one(base, &got, &Network::default(), operation, limit).await;
            let asked = usize::from(wanted == RunState::NeedsYou);
            let figures = (state, got, report.needs_you.len(), codes.len());
            assert_eq!(figures, (wanted, 0, asked, 1), "{operation}: {codes:?}, {report:#?}");
        }
    }
}

#[tokio::test]
async fn a_name_that_nobody_knows_ends_a_run_before_anything_is_sent() {
    for operation in ["read", "tell"] {
        let base = "https://no-such-name.invalid".to_owned();
        let (state, report, codes, _) =
            try_one(base, &Got::default(), &Network::default(), operation, BY_ITSELF).await;
        assert_eq!((state, &codes[..]), (RunState::Failed, &[Code::DnsFailure][..]), "{operation}");
        assert_eq!((report.steps[0].calls, report.needs_you.len()), (0, 0), "{operation}: {report:#?}");
    }
}
