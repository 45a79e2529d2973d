//! kill -9 while senders send, and the system's own account of what reached the disk before a sender heard
//! so. kill -9 alone would not notice a commit that was never synced.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use patchbay_auth::webhook::{Arrived, WebhookSecrets};
use patchbay_connector::Compiled;
use patchbay_model::Clock as _;
use patchbay_tests::{Cli, Random, SandboxProcess, free_port, sample};
use serde_json::json;
use sqlx::{Connection as _, Row as _};

use super::shipped;

/// An engine with one webhook: where it is, and what signs for it.
pub(super) struct Target {
    pub(super) port: u16,
    path: String,
    secret: String,
    connector: Compiled,
}

pub(super) fn set_up(cli: &Cli, sandbox: &SandboxProcess) -> Target {
    let port = free_port();
    let key = cli.file("key.txt", sandbox.access["sheetKey"].as_str().unwrap());
    let base = format!("baseUrl={}", sandbox.access["sheetUrl"].as_str().unwrap());
    let secret = format!("key=@{}", key.display());
    cli.ok(&[
        "connect",
        "sandbox-sheet",
        "--name",
        "sheet",
        "--set",
        &base,
        "--secret",
        &secret,
        "--allow-private",
    ]);
    cli.ok(&["gateway", "set", "--port", &port.to_string()]);
    let shown = cli.ok(&["webhook", "enable", "sheet"]);
    let url = shown["localUrl"].as_str().unwrap();
    let path = url.split_once(&format!(":{port}")).unwrap().1.to_owned();
    let made = cli.ok(&["webhook", "secret", "sheet"])["made"].as_str().unwrap().to_owned();
    let connector = Compiled::new(Arc::new(shipped("sandbox-sheet"))).unwrap();
    Target { port, path, secret: made, connector }
}

impl Target {
    /// One signed request as it goes over the wire.
    fn request(&self, id: &str, row: u64) -> Vec<u8> {
        let body = json!({"type": "row.added", "timestamp": "2026-03-02T10:00:00Z", "row": {
            "id": row, "name": id, "amount": 1, "status": "open",
            "created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:00:00Z"}})
        .to_string();
        let headers = [("webhook-id", id)]
            .into_iter()
            .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let arrived = Arrived { method: "POST", headers: &headers, body: body.as_bytes(), url: "", id: None };
        let now = patchbay_model::SystemClock::new().now();
        let signed = WebhookSecrets::of_fixture(&self.secret)
            .sign(self.connector.webhook().unwrap().scheme(), &arrived, now)
            .unwrap();
        let mut text = format!(
            "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nwebhook-id: {id}\r\n",
            self.path, self.port
        );
        for (name, value) in signed {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()));
        text.into_bytes()
    }

    /// The status; none where nobody answered.
    fn send(&self, request: &[u8]) -> Option<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(request).ok()?;
        let mut answer = [0; 64];
        let mut read = 0;
        while read < 15 {
            match stream.read(&mut answer[read..]).ok()? {
                0 => return None,
                more => read += more,
            }
        }
        String::from_utf8_lossy(&answer[9..12]).parse().ok()
    }

    pub(super) fn wait_until_it_listens(&self) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the gateway does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

pub(super) fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The names of the deliveries that are kept, and how often each row that was sent is a signal. The rows
/// that the sheet had before are read by the engine itself.
async fn stored(data_dir: &Path) -> (Vec<String>, Vec<(String, i64)>) {
    let folder = data_dir.join("workspaces/default");
    let file = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "db"))
        .unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let lost = sqlx::query(
        "SELECT delivery, state, result, CAST(body AS TEXT) FROM inbox WHERE json_extract(body, '$.row.id') NOT IN
             (SELECT external_id FROM signals WHERE stream = 'rows')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let lost: Vec<[Option<String>; 4]> =
        lost.iter().map(|row| [0, 1, 2, 3].map(|index| row.get(index))).collect();
    assert!(lost.is_empty(), "deliveries without their signal: {lost:#?}");
    let kept = sqlx::query("SELECT delivery FROM inbox").fetch_all(&mut connection).await.unwrap();
    let signals = sqlx::query(
        "SELECT external_id, count(*) FROM signals
         WHERE stream = 'rows' AND CAST(external_id AS INTEGER) >= 1000 GROUP BY external_id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let waiting: i64 = sqlx::query("SELECT count(*) FROM inbox WHERE state = 'received'")
        .fetch_one(&mut connection)
        .await
        .unwrap()
        .get(0);
    assert_eq!(waiting, 0, "every delivery was mapped");
    (
        kept.iter().map(|row| row.get::<String, _>(0)).collect(),
        signals.iter().map(|row| (row.get(0), row.get(1))).collect(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_every_kill_and_once() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let target = Arc::new(set_up(&cli, &sandbox));
    let (rounds, seed) = sample(200);
    let mut random = Random(seed);
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU64::new(1_000));
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let senders: Vec<_> = (0..3)
        .map(|sender| {
            let (target, stop, next, acknowledged) =
                (target.clone(), stop.clone(), next.clone(), acknowledged.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let row = next.fetch_add(1, Ordering::SeqCst);
                    let id = format!("msg_{sender}_{row}");
                    // Sends until it is taken, as vendors do, and then once more.
                    let mut taken = 0;
                    while taken < 2 && !stop.load(Ordering::SeqCst) {
                        match target.send(&target.request(&id, row)) {
                            Some(200) => {
                                acknowledged.lock().unwrap().insert(id.clone());
                                taken += 1;
                            }
                            Some(503) | None => std::thread::sleep(Duration::from_millis(20)),
                            Some(other) => panic!("{id} was answered with {other}"),
                        }
                    }
                }
            })
        })
        .collect();
    for _ in 0..rounds {
        let engine = cli.start(&["engine"]);
        target.wait_until_it_listens();
        std::thread::sleep(Duration::from_millis(30 + random.below(400)));
        end(engine);
    }
    stop.store(true, Ordering::SeqCst);
    for sender in senders {
        sender.join().unwrap();
    }
    // One more start maps what is left.
    let engine = cli.start(&["engine"]);
    target.wait_until_it_listens();
    let begun = Instant::now();
    loop {
        let shown = cli.ok(&["webhook", "show", "sheet"]);
        let waits = |one: &serde_json::Value| one["state"] == "received";
        if !shown["deliveries"].as_array().unwrap().iter().any(waits)
            && begun.elapsed() > Duration::from_secs(2)
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    end(engine);
    let (kept, signals) = stored(&cli.data_dir()).await;
    let there: BTreeSet<String> = kept.iter().map(|name| name.trim_start_matches("id:").to_owned()).collect();
    let acknowledged = acknowledged.lock().unwrap();
    println!(
        "{rounds} kills, {} acknowledged, {} kept, {} signals",
        acknowledged.len(),
        kept.len(),
        signals.len()
    );
    assert!(acknowledged.len() >= rounds, "something was sent between the kills");
    let absent: Vec<_> = acknowledged.difference(&there).collect();
    assert!(absent.is_empty(), "acknowledged and absent: {absent:?}");
    assert_eq!(there.len(), kept.len(), "no delivery is kept twice");
    assert!(signals.iter().all(|(_, count)| *count == 1), "no row is two signals");
    assert_eq!(signals.len(), there.len(), "every delivery became its signal");
}

#[test]
fn the_disk_has_a_delivery_before_its_sender_hears_so() {
    assert!(
        Command::new("strace").arg("-V").output().is_ok(),
        "strace is missing; cargo xtask test installs it"
    );
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let target = set_up(&cli, &sandbox);
    let log = cli.folder().join("strace.txt");
    let plain = cli.command(&["engine"]);
    let mut traced = Command::new("strace");
    traced
        .args([
            "-f",
            "-y",
            "-s",
            "4096",
            "-e",
            "trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg",
            "-o",
        ])
        .arg(&log)
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut engine = traced.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(engine.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line.is_empty() {
        println!("skipped: strace may not trace here");
        end(engine);
        return;
    }
    target.wait_until_it_listens();
    let count = 40;
    for number in 0..count {
        assert_eq!(target.send(&target.request(&traced_id(number), 5_000 + number)), Some(200));
    }
    // The tracer ends with what it traces.
    let traced = children(engine.id());
    for pid in traced {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
    }
    let _ = engine.wait();
    let text = std::fs::read_to_string(&log).unwrap();
    // Other commits go on beside these, so each delivery is looked for in the pages themselves: the first page
    // in the log that holds it, and a sync that began after that page and was over before the answer.
    let ids: Vec<String> = (0..count).map(traced_id).collect();
    let (mut written, mut synced) = (0, 0);
    let mut syncs: HashMap<&str, usize> = HashMap::new();
    let mut answers = 0;
    for line in text.lines() {
        let (thread, call) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let sync = call.contains("fdatasync") || call.contains("fsync");
        if call.contains("pwrite64(") && call.contains("-wal>") {
            while ids.get(written).is_some_and(|id| line.contains(id)) {
                written += 1;
            }
        } else if sync && call.contains("-wal>") {
            syncs.insert(thread, written);
            if !call.contains("unfinished") {
                synced = synced.max(written);
            }
        } else if sync && call.contains("resumed") {
            synced = synced.max(syncs.remove(thread).unwrap_or_default());
        } else if call.contains("HTTP/1.1 200") {
            answers += 1;
            assert!(synced >= answers, "answer {answers} left before its delivery was on the disk: {line}");
        }
    }
    assert_eq!(answers, ids.len(), "every answer was seen");
}

/// A delivery's id as it is found again in a page of the database.
fn traced_id(number: u64) -> String {
    format!("msg_traced_{number:03}")
}

/// The processes that a process has started.
fn children(pid: u32) -> Vec<i32> {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|text| text.parse().ok()).collect()
}
