//! Reading 100,000 records into the database: the engine beside a bare loop of the same libraries.
//! Run by `cargo xtask bench extract`. Each reader is a process of its own, and so is the service.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement says what went wrong by ending")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::extract::Query;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use patchbay_auth::Authoriser;
use patchbay_connector::{Compiled, Engine, SyncOptions, Target, TargetCredential};
use patchbay_model::{Connection, ConnectionId, ConnectionState, ConnectorId, SystemClock};
use patchbay_net::{Client, listen};
use patchbay_store::{OpenOptions, Store};
use patchbay_tests::figures::{cpu, status};
use patchbay_vault::{MemoryStore, Vault};
use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

// As in the product.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const RECORDS: usize = 100_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let run = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => run.block_on(serve()),
        ["engine", way, base] => run.block_on(engine(way, base)),
        ["bare", way, base] => run.block_on(bare(way, base)),
        _ => compare(),
    }
}

/// Runs every reader on every way of paging, the two in turn, and prints the best of three.
fn compare() {
    let own = std::env::current_exe().unwrap();
    let mut service = Command::new(&own).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut base = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut base).unwrap();
    let measure = |reader: &str, way: &str| -> Value {
        let output = Command::new(&own).args([reader, way, base.trim()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for way in ["link", "cursor"] {
        let mut best: BTreeMap<&str, Value> = BTreeMap::new();
        for _ in 0..3 {
            for reader in ["engine", "bare"] {
                let figures = measure(reader, way);
                let better =
                    best.get(reader).is_none_or(|own| own["perCpu"].as_f64() < figures["perCpu"].as_f64());
                if better {
                    best.insert(reader, figures);
                }
            }
        }
        for (reader, figures) in &best {
            println!(
                "{way:<7} {reader:<7} {:>8.0} records a CPU-second, {:>5.2} s CPU, {:>5.1} MiB above start ({:.1} after a tenth)",
                figures["perCpu"].as_f64().unwrap(),
                figures["cpu"].as_f64().unwrap(),
                figures["above"].as_f64().unwrap(),
                figures["aboveTenth"].as_f64().unwrap(),
            );
        }
        let cpu = |reader: &str| 1.0 / best[reader]["perCpu"].as_f64().unwrap();
        println!(
            "{way:<7} ratio   {:>8.2} x the CPU of the bare loop (bars: 2.2 x, 40,000, 40 MiB)",
            cpu("engine") / cpu("bare")
        );
    }
    service.kill().unwrap();
    service.wait().unwrap();
}

fn record(id: usize, out: &mut String) {
    let text = "Steps to see it, what was expected and what came instead. ".repeat(9);
    write!(
        out,
        "{{\"id\":{id},\"number\":{id},\"title\":\"Something about {id} is not right\",\"state\":\"{}\",\
         \"updated_at\":\"2026-10-{:02}T{:02}:{:02}:{:02}Z\",\"html_url\":\"https://tool.example/items/{id}\",\
         \"user\":{{\"login\":\"person-{}\",\"id\":{}}},\"priority\":\"p{}\",\"labels\":[{{\"name\":\"area-{}\"}},{{\"name\":\"kind-{}\"}}],\
         \"comments\":{},\"locked\":false,\"body\":\"{text}\"}}",
        if id.is_multiple_of(3) { "closed" } else { "open" },
        id / 86_400 % 28 + 1, id / 3_600 % 24, id / 60 % 60, id % 60, id % 97, id % 97, id % 4, id % 13, id % 5, id % 40,
    )
    .unwrap();
}

fn page(from: usize, size: usize) -> String {
    let mut out = String::from("[");
    for id in from..RECORDS.min(from + size) {
        if id > from {
            out.push(',');
        }
        record(id, &mut out);
    }
    out.push(']');
    out
}

async fn serve() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}", listener.addr());
    println!("{base}");
    let link = move |Query(query): Query<BTreeMap<String, usize>>| async move {
        let number = query.get("page").copied().unwrap_or(1);
        let next = if number * 100 < RECORDS {
            format!("<{base}/link?page={}>; rel=\"next\"", number + 1)
        } else {
            "<x>; rel=\"first\"".to_owned()
        };
        let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::LINK, next)];
        (headers, page((number - 1) * 100, 100)).into_response()
    };
    let cursor = |Query(query): Query<BTreeMap<String, usize>>| async move {
        let from = query.get("cursor").copied().unwrap_or(0);
        let next = if from + 1_000 < RECORDS { (from + 1_000).to_string() } else { "null".into() };
        let body = format!("{{\"items\":{},\"next\":{next}}}", page(from, 1_000));
        ([(header::CONTENT_TYPE, "application/json")], body)
    };
    let router = axum::Router::new().route("/link", get(link)).route("/cursor", get(cursor));
    listener.serve(router, std::future::pending()).await.unwrap();
}

fn stream(way: &str) -> Value {
    let (items, paging) = match way {
        "link" => ("$[*]", json!({"next": {"type": "link_header"}})),
        _ => ("$.items[*]", json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor"}})),
    };
    json!({
        "id": way, "title": "Items", "request": {"path": format!("/{way}")}, "pagination": paging,
        "delta": {"type": "timestamp_filter", "param": "since"},
        "mapping": {
            "itemsPath": items, "idPath": "$.id", "timestampPath": "$.updated_at", "urlPath": "$.html_url",
            "summaryTemplate": "{{title}} ({{user.login}})", "defaultSignalType": "item_updated",
            "signalTypeRules": [{"when": {"path": "$.state", "operator": "equals", "value": "closed"}, "then": "item_closed"}],
            "priorityMapping": [{"when": {"path": "$.priority", "operator": "in", "value": ["p0"]}, "then": "critical"}],
            "participantsPaths": ["$.user.login"], "tagsPath": "$.labels[*].name",
        },
    })
}

async fn engine(way: &str, base: &str) {
    let document = json!({
        "id": "bench", "name": "Bench", "description": "Measured.", "category": "custom", "version": "1.0.0",
        "baseUrl": base, "streams": [stream(way)], "healthCheck": {"request": {"path": "/link"}},
    });
    let descriptor = patchbay_descriptor::read(&document.to_string(), "bench.json").unwrap();
    let compiled = Arc::new(Compiled::new(Arc::new(descriptor)).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let open = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "bench".into() };
    let store = Store::open(open).await.unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let net = Client::new(clock.clone()).unwrap();
    let authoriser = Authoriser::new(vault, store.clone(), net, clock.clone());
    let connection = Connection {
        id: ConnectionId::generate(),
        name: "bench".into(),
        origins: compiled.origins(&Map::new(), None).unwrap(),
        config: Map::new(),
        allow_private: true,
        state: ConnectionState::Connected,
        ..Connection::new(ConnectorId::from("bench"), "1.0.0".into(), "2026-11-20T12:00:00Z".parse().unwrap())
    };
    store.connection_insert(&connection, None).await.unwrap();
    let engine = Engine::new(Client::new(clock.clone()).unwrap(), authoriser, store.clone(), clock);
    let target = Target { descriptor: compiled, connection, credential: TargetCredential::Stored };
    let tenth = if way == "link" { 100 } else { 10 };
    let start = Start::now();
    let part = engine
        .sync(&target, way, SyncOptions { max_pages: Some(tenth), ..SyncOptions::default() })
        .await
        .unwrap();
    let above_tenth = start.above();
    let whole = engine.sync(&target, way, SyncOptions::default()).await.unwrap();
    assert_eq!(store.signal_count(&target.connection.id).await.unwrap(), RECORDS as u64);
    start.print(part.items + whole.items, above_tenth);
}

/// The same work without an engine: pages, the same eight fields, the whole record, each once.
async fn bare(way: &str, base: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut database = SqliteConnectOptions::new()
        .filename(dir.path().join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await
        .unwrap();
    execute(&mut database, "CREATE TABLE records (id TEXT, version TEXT, summary TEXT, url TEXT, kind TEXT, priority TEXT, people TEXT, tags TEXT, raw TEXT, PRIMARY KEY (id, version)) WITHOUT ROWID").await;
    // Ours brings the cryptography that every client of this build needs.
    drop(Client::new(Arc::new(SystemClock::new())).unwrap());
    let client = reqwest::Client::builder().build().unwrap();
    let tenth = if way == "link" { 100 } else { 10 };
    let start = Start::now();
    let (mut above_tenth, mut count) = (0.0, 0);
    for most in [tenth, usize::MAX] {
        let (mut url, mut pages) = (format!("{base}/{way}"), 0);
        while pages < most {
            let answer = client.get(&url).send().await.unwrap();
            let link = answer.headers().get("link").and_then(|link| link.to_str().ok()).map(str::to_owned);
            let body: Value = answer.json().await.unwrap();
            let items = body.as_array().or_else(|| body["items"].as_array()).unwrap();
            store(&mut database, items).await;
            count += items.len() as u64;
            pages += 1;
            let next = match way {
                "link" => link
                    .filter(|link| link.contains("rel=\"next\""))
                    .and_then(|link| Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())),
                _ => body["next"].as_u64().map(|next| format!("{base}/cursor?cursor={next}")),
            };
            let Some(next) = next else { break };
            url = next;
        }
        if most == tenth {
            above_tenth = start.above();
        }
    }
    start.print(count, above_tenth);
}

async fn store(database: &mut SqliteConnection, items: &[Value]) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let tags: Vec<&Value> =
                item["labels"].as_array().unwrap().iter().map(|label| &label["name"]).collect();
            json!([
                item["id"].to_string(),
                item["updated_at"],
                format!("{} ({})", text(&item["title"]), text(&item["user"]["login"])),
                item["html_url"],
                if item["state"] == "closed" { "item_closed" } else { "item_updated" },
                if item["priority"] == "p0" { json!("critical") } else { Value::Null },
                json!([item["user"]["login"]]).to_string(),
                json!(tags).to_string(),
                item.to_string(),
            ])
        })
        .collect();
    execute(database, "BEGIN IMMEDIATE").await;
    sqlx::query(
        "INSERT OR IGNORE INTO records SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
         value ->> 5, value ->> 6, value ->> 7, value ->> 8 FROM json_each(?)",
    )
    .bind(Value::from(rows).to_string())
    .execute(&mut *database)
    .await
    .unwrap();
    execute(database, "COMMIT").await;
}

async fn execute(database: &mut SqliteConnection, statement: &'static str) {
    sqlx::query(statement).execute(database).await.unwrap();
}

/// Processor time and memory of this process at a moment.
struct Start {
    cpu: f64,
    resident: f64,
}

impl Start {
    fn now() -> Self {
        // The peak is counted from here.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        Self { cpu: cpu(), resident: status("VmRSS:") }
    }

    fn above(&self) -> f64 {
        status("VmHWM:") - self.resident
    }

    fn print(&self, records: u64, above_tenth: f64) {
        let cpu = cpu() - self.cpu;
        let figures = json!({
            "perCpu": records as f64 / cpu, "cpu": cpu, "above": self.above(), "aboveTenth": above_tenth,
        });
        println!("{figures}");
    }
}
