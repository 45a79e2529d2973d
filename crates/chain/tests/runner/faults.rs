//! Services that fail, hang, lie and die, each fault for a call that reads and one that changes something:
//! what the run says of it is what the service knows, and the report counts what the service counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use patchbay_chain::report;
use patchbay_model::run::Outcome;
use patchbay_model::{Code, RunState};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

/// What is done with a call.
#[derive(Clone)]
enum Does {
    /// These bytes, then the end.
    Says(Vec<u8>),
    /// These bytes, then nothing for long.
    Hangs(Vec<u8>),
    /// These bytes, one each moment.
    Drips(Vec<u8>),
    /// These bytes again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// These bytes, then the connection is cut.
    Resets(Vec<u8>),
}

/// One row: its name, whether the service acts on what would change something, what it does then.
type Row = (&'static str, bool, Does);

pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut text =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len())
            .into_bytes();
    text.extend_from_slice(body);
    text
}

fn json_reply(body: &str) -> Does {
    Does::Says(reply("200 OK", "Content-Type: application/json\r\n", body.as_bytes()))
}

/// 300 MB of zeros in 2 MB: one block of fixed codes (RFC 1951 section 3.2.6) with a zero, and "the same again, 258
/// times" over and over.
fn bomb() -> Vec<u8> {
    let bits = ["1", "10", "00110000", &"1100010100000".repeat(1_200_000), "0000000"].concat();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
    let packed = bits.as_bytes().chunks(8).map(byte);
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3].into_iter().chain(packed).chain([0; 8]).collect()
}

fn rows() -> Vec<Row> {
    let text = |text: &str| text.as_bytes().to_vec();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let status = |status: &str, headers: &str| Does::Says(reply(status, headers, b"{}"));
    let many: String = (0..2_000).map(|n| format!("X-Header-{n}: {n}\r\n")).collect();
    let mut rows: Vec<Row> = vec![
        ("nothing wrong", true, json_reply(r#"{"id": 1}"#)),
        ("half a length", true, Does::Says(text(&format!("{head}Content-Length: 500\r\n\r\n{{\"id\"")))),
        ("reset in the body", true, Does::Resets(text(&format!("{head}Content-Length: 500\r\n\r\n{{\"id\"")))),
        (
            "half a chunk",
            true,
            Does::Says(text(&format!("{head}Transfer-Encoding: chunked\r\n\r\nff\r\n{{\"id\""))),
        ),
        ("a body that drips", true, Does::Drips(text(&format!("{head}Content-Length: 500\r\n\r\n{{\"id\"")))),
        ("no JSON", true, json_reply("{\"id\": ")),
        (
            "a page",
            true,
            Does::Says(reply("200 OK", "Content-Type: text/html\r\n", b"<!doctype html><p>Sign in")),
        ),
        ("an empty 200", true, json_reply("")),
        ("204", true, Does::Says(text("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"))),
        (
            "not UTF-8",
            true,
            Does::Says(reply("200 OK", "Content-Type: application/json\r\n", b"{\"id\": \"\xff\xfe\"}")),
        ),
        ("200,000 deep", true, json_reply(&("[".repeat(200_000) + &"]".repeat(200_000)))),
        (
            "bad gzip",
            true,
            Does::Says(reply("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", b"no")),
        ),
        (
            "300 MB in 2 MB",
            true,
            Does::Says(reply(
                "200 OK",
                "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
                &bomb(),
            )),
        ),
        (
            "chunks without end",
            true,
            Does::Endless(
                text(&format!("{head}Transfer-Encoding: chunked\r\n\r\n")),
                [b"10000\r\n".to_vec(), vec![b' '; 65_536], b"\r\n".to_vec()].concat(),
            ),
        ),
        (
            "a second answer",
            true,
            Does::Says(
                [
                    reply("200 OK", "Content-Type: application/json\r\n", b"{\"id\": 1}"),
                    reply("500 No", "", b""),
                ]
                .concat(),
            ),
        ),
        ("a name twice", true, json_reply(r#"{"id": 1, "id": 2, "__proto__": {"id": 3}}"#)),
        ("a number too large", true, json_reply(r#"{"id": 123456789012345678901234567890}"#)),
        ("no number", true, json_reply(r#"{"id": NaN}"#)),
        ("to a file", false, status("302 Found", "Location: file:///etc/passwd\r\n")),
        ("to the metadata", false, status("302 Found", "Location: http://169.254.169.254/\r\n")),
        ("to another host", false, status("302 Found", "Location: https://elsewhere.example/\r\n")),
        ("307 to another host", false, status("307 Go", "Location: https://elsewhere.example/\r\n")),
        ("in a circle", false, status("302 Found", "Location: /told\r\n")),
        ("400", false, status("400 No", "")),
        ("401", false, status("401 No", "")),
        ("403", false, status("403 No", "")),
        ("404", false, status("404 No", "")),
        ("409", false, status("409 No", "")),
        ("413", false, status("413 No", "")),
        ("422", false, status("422 No", "")),
        ("503", false, status("503 No", "")),
    ];
    // Of these nobody can tell from outside whether the service had acted: both happen.
    let unclear: Vec<(&'static str, Does)> = vec![
        ("reset before an answer", Does::Resets(Vec::new())),
        ("closed before an answer", Does::Says(Vec::new())),
        ("no answer", Does::Hangs(Vec::new())),
        ("a head that drips", Does::Drips(text(head))),
        ("2,000 headers", Does::Says(reply("200 OK", &many, b"{}"))),
        ("not HTTP", Does::Says(text("SSH-2.0-OpenSSH_9.9\r\n"))),
        ("101", Does::Says(text("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"))),
        ("500", status("500 No", "")),
        ("502", status("502 No", "")),
        ("504", status("504 No", "")),
    ];
    for (name, does) in unclear {
        rows.push((name, false, does.clone()));
        rows.push((name, true, does));
    }
    rows
}

/// What the service knows.
#[derive(Default)]
struct Witness {
    row: Mutex<Option<Row>>,
    /// Requests that came whole.
    requests: AtomicU64,
    /// What was changed.
    effects: AtomicU64,
}

#[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
fn serve(witness: Arc<Witness>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let witness = witness.clone();
            // A caller that goes away is no failure of the service.
            std::thread::spawn(move || drop(answer(stream, &witness)));
        }
    });
    base
}

fn answer(mut stream: TcpStream, witness: &Witness) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if first.contains("/me") {
        return stream.write_all(&reply("200 OK", "Content-Type: application/json\r\n", b"{}"));
    }
    let (_, acts, does) = witness.row.lock().unwrap().clone().unwrap();
    witness.requests.fetch_add(1, Ordering::SeqCst);
    if acts && first.starts_with("POST") {
        witness.effects.fetch_add(1, Ordering::SeqCst);
    }
    match does {
        Does::Says(bytes) => stream.write_all(&bytes),
        Does::Hangs(bytes) => {
            stream.write_all(&bytes)?;
            std::thread::sleep(Duration::from_secs(5));
            Ok(())
        }
        Does::Drips(bytes) => {
            for byte in bytes.iter().chain(std::iter::repeat(&b' ')).take(200) {
                stream.write_all(&[*byte])?;
                std::thread::sleep(Duration::from_millis(25));
            }
            Ok(())
        }
        Does::Endless(head, again) => {
            stream.write_all(&head)?;
            loop {
                stream.write_all(&again)?;
            }
        }
        Does::Resets(bytes) => {
            stream.write_all(&bytes)?;
            // What was read and not answered makes the system send a reset.
            let socket = nix::sys::socket::sockopt::Linger;
            let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
            let _ = nix::sys::socket::setsockopt(&stream, socket, &linger);
            stream.shutdown(Shutdown::Read)
        }
    }
}

async fn bench(base: String) -> Bench {
    let operations = json!([
        {"id": "read", "title": "Read", "verb": "get", "entity": "item", "request": {"path": "/item"},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "a"}},
            "params": {"type": "object"}, "result": {"type": "object"}},
    ]);
    let limits = json!({"retry": {"count": 0, "firstPauseMs": 1, "longestPauseMs": 1}});
    Bench::at(base, &operations, &limits, Tuning::default(), tempfile::tempdir().unwrap()).await
}

/// Runs one call against a fault: whether it is done, failed or not known, and what is wrong with that.
async fn try_one(row: Row, operation: &'static str) -> (usize, Option<String>) {
    let witness = Arc::new(Witness::default());
    let (what, acts, _) = row.clone();
    *witness.row.lock().unwrap() = Some(row);
    let b = bench(serve(witness.clone())).await;
    let run = b
        .run(json!([{"id": "call", "connection": "work", "operation": operation,
            "policy": {"tries": 1, "backoffMs": 1, "timeoutMs": 1_500}}]))
        .await;
    let begun = Instant::now();
    let state = b.execute(&run).await;
    let took = begun.elapsed();
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    let known = b.store.run(&run.id).await.unwrap().unwrap();
    let report = report::build(&known, &journal);
    let effects = witness.effects.load(Ordering::SeqCst);
    let requests = witness.requests.load(Ordering::SeqCst);
    let step = &report.steps[0];
    let name = format!("{what} (acts: {acts}, {operation}): {state:?}, {effects} effects");
    let says = match state {
        RunState::Done => 0,
        RunState::Failed => 1,
        RunState::NeedsYou => 2,
        other => panic!("{name}: {other:?}"),
    };
    let honest = match (operation, state) {
        ("read", RunState::NeedsYou) => false,
        ("read", _) => effects == 0,
        (_, RunState::Done) => effects == 1,
        (_, RunState::Failed) => effects == 0,
        _ => effects <= 1,
    };
    // A read follows three redirects to its own service; they belong to the call.
    let hops = if (what, operation) == ("in a circle", "read") { 3 } else { 0 };
    let called = u64::from(step.calls);
    // A slow computer may not come to the last of them in time.
    let counted = (called..=called + hops).contains(&requests)
        && (hops == 0 || requests > called || took > Duration::from_secs(1))
        && (step.items_in, step.quarantined, step.retries) == (1, 0, 0)
        && step.done == u32::from(says == 0)
        && step.failed == u32::from(says == 1)
        && step.unknown == u32::from(says == 2)
        && report.state == state
        && report.needs_you.len() == usize::from(says == 2);
    let problems = step.problems.iter().map(|one| &one.problem);
    for problem in problems.chain(report.needs_you.iter().map(|question| &question.problem)) {
        let text = format!("{} {}", problem.title(), problem.hint());
        assert!(problem.hint().len() > 15 && !text.contains("thread"), "{name}: {text}");
    }
    let right = honest && counted && took < Duration::from_secs(30);
    (says, (!right).then(|| format!("{name}, {requests} requests, {took:?}: {report:?}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_says_of_each_fault_is_what_the_service_knows() {
    let mut trying = tokio::task::JoinSet::new();
    let (mut tally, mut wrong) = ([0_u32; 3], Vec::new());
    for row in rows() {
        for operation in ["read", "tell"] {
            trying.spawn(try_one(row.clone(), operation));
        }
        // Some at a time: each has a database of its own.
        while trying.len() > 12
            && let Some(tried) = trying.join_next().await
        {
            let (says, trouble) = tried.unwrap();
            tally[says] += 1;
            wrong.extend(trouble);
        }
    }
    while let Some(tried) = trying.join_next().await {
        let (says, trouble) = tried.unwrap();
        tally[says] += 1;
        wrong.extend(trouble);
    }
    assert!(wrong.is_empty(), "{} rows: {wrong:#?}", wrong.len());
    assert!(tally.iter().all(|count| *count >= 10), "each answer is given: {tally:?}");
}

#[tokio::test]
async fn a_service_that_nobody_can_reach_was_told_nothing() {
    let b = bench("http://127.0.0.1:1".to_owned()).await;
    for operation in ["read", "tell"] {
        let run = b
            .run(json!([{"id": "call", "connection": "work", "operation": operation, "policy": {"tries": 1}}]))
            .await;
        assert_eq!(b.execute(&run).await, RunState::Failed, "nothing was sent, so nothing is in doubt");
        let journal = b.store.journal(&run.id, 0).await.unwrap();
        let codes: Vec<Code> = journal
            .iter()
            .filter_map(|entry| match &entry.fact {
                patchbay_model::Fact::Checked { findings } => {
                    findings.iter().find_map(|f| Some(f.problem.as_ref()?.code()))
                }
                patchbay_model::Fact::Result { outcome: Outcome::NotDone { problem }, .. } => {
                    Some(problem.code())
                }
                _ => None,
            })
            .collect();
        assert_eq!(codes, [Code::ConnectionRefused], "{operation}");
    }
}

/// A file system of a few megabytes; none where this user may not mount one.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
            .arg(at.path())
            .output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: the database may still be closing.
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_a_full_disk_waits_and_sends_nothing_and_goes_on_when_there_is_room() {
    let Some(small) = Small::mount() else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let witness = Arc::new(Witness::default());
    *witness.row.lock().unwrap() = Some(("nothing wrong", true, json_reply(r#"{"id": 1}"#)));
    let operations = json!([{"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
        "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
        "params": {"type": "object", "properties": {"text": {"type": "string"}}}, "result": {"type": "object"}}]);
    let dir = tempfile::tempdir_in(small.0.path()).unwrap();
    let b = Bench::at(serve(witness.clone()), &operations, &json!({}), Tuning::default(), dir).await;
    let text = "x".repeat(60_000);
    let steps: Vec<Value> = (0..4)
        .map(|n| {
            json!({"id": format!("tell{n}"), "connection": "work", "operation": "tell",
                "mapping": [{"target": "/text", "source": {"type": "fixed", "value": text}}]})
        })
        .collect();
    let run = b.run(Value::from(steps)).await;
    let filler = small.0.path().join("filler");
    let _ = std::process::Command::new("dd")
        .arg("if=/dev/zero")
        .arg(format!("of={}", filler.display()))
        .args(["bs=4k"])
        .output();
    let runner = b.runner.clone();
    let work = run.clone();
    let working = tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&work, &mut wishes).await.unwrap()
    });
    let told = async {
        loop {
            let events = b.told.0.lock().unwrap().clone();
            if events.iter().any(|event| matches!(event, patchbay_model::Event::StorageChanged { .. })) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told)
        .await
        .expect("the disk is full, and the screen hears so");
    let at_full = witness.effects.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(witness.effects.load(Ordering::SeqCst), at_full, "nothing is sent that is not written down");
    std::fs::remove_file(&filler).unwrap();
    let state = tokio::time::timeout(Duration::from_secs(30), working).await.unwrap().unwrap();
    assert_eq!((state, witness.effects.load(Ordering::SeqCst)), (RunState::Done, 4));
}
