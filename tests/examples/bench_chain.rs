//! Chains under load: a run that reads, maps, filters and writes, beside a bare loop that sends the same two
//! requests; the same started by events, with few and with many at the same time; what the engine adds to five calls; mapping a record; taking up a thousand open runs; a hundred
//! thousand items. Run by `cargo xtask bench chain`. The service is a process of its own, and so is each
//! reader that is measured.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement says what went wrong by ending")]

use std::collections::{BTreeMap, HashSet};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Query;
use axum::routing::{get, post};
use axum::{Json, Router};
use patchbay_auth::Authoriser;
use patchbay_chain::runner::NoAddresses;
use patchbay_chain::{Connectors, Dispatcher, Runner};
use patchbay_connector::{Compiled, Engine};
use patchbay_map::{Schema, StepMapping};
use patchbay_model::event::NoEvents;
use patchbay_model::run::{Fact, RequestSummary, Run};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{
    BootId, Chain, ChainId, Clock as _, Connection, ConnectionId, ConnectionState, ConnectorId, EventKind,
    RunId, RunState, SystemClock,
};
use patchbay_net::{Client, listen};
use patchbay_store::{NewTrigger, OpenOptions, Store};
use patchbay_tests::figures::{cpu, status, sync_p50};
use patchbay_tests::root;
use patchbay_vault::{MemoryStore, Vault};
use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

// As in the product.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const RUNS: usize = 6_000;
const EVENTS: usize = 3_000;
const OPEN: usize = 1_000;
const ITEMS: usize = 100_000;
const PAGE: usize = 1_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let run = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => run.block_on(serve()),
        ["load", base, at_once] => run.block_on(load(base, at_once.parse().unwrap())),
        ["bare", base, at_once] => run.block_on(bare(base, at_once.parse().unwrap())),
        ["events", base, at_once] => run.block_on(events(base, at_once.parse().unwrap(), EVENTS)),
        ["events", base, at_once, count] => {
            run.block_on(events(base, at_once.parse().unwrap(), count.parse().unwrap()));
        }
        ["five", base] => run.block_on(five(base)),
        ["map"] => map(),
        ["open", base] => run.block_on(open(base)),
        ["items", base] => run.block_on(items(base)),
        _ => compare(),
    }
}

/// Runs each measurement in a process of its own.
fn compare() {
    let own = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    println!("one fdatasync here: p50 {:.2} ms", sync_p50(folder.path()).as_secs_f64() * 1_000.0);
    println!(
        "raised for it: calls at a time of a connection (4 → 64), changes a day of a chain (1,000 → 100,000,000)"
    );
    let mut service = Command::new(&own).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut base = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut base).unwrap();
    let base = base.trim();
    let measure = |args: &[&str]| {
        let output = Command::new(&own).args(args).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{args:?}");
        print!("{}", String::from_utf8_lossy(&output.stdout));
        std::io::stdout().flush().unwrap();
    };
    measure(&["bare", base, "32"]);
    measure(&["load", base, "32"]);
    measure(&["bare", base, "8"]);
    measure(&["load", base, "8"]);
    // As it is set at first, and as high as it can be.
    measure(&["events", base, "4"]);
    measure(&["events", base, "64"]);
    measure(&["five", base]);
    measure(&["map"]);
    measure(&["open", base]);
    measure(&["items", base]);
    service.kill().unwrap();
    service.wait().unwrap();
}

fn record(id: usize) -> Value {
    json!({
        "id": id, "title": format!("Something about {id} is not right"), "state": "open", "comments": "4",
        "updated_at": "2026-10-01T10:00:00Z", "html_url": format!("https://tool.example/items/{id}"),
        "user": {"login": "person", "id": 7}, "labels": [{"name": "area"}, {"name": "kind"}],
    })
}

async fn serve() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    println!("http://{}", listener.addr());
    let list = |Query(query): Query<BTreeMap<String, usize>>| async move {
        let from = query.get("cursor").copied().unwrap_or(0);
        let next = Some(from + PAGE).filter(|next| *next < ITEMS);
        Json(json!({"items": (from..from + PAGE).map(record).collect::<Vec<_>>(), "next": next}))
    };
    let router = Router::new()
        .route("/item", get(|| async { Json(record(1)) }))
        .route("/list", get(list))
        .route(
            "/told",
            post(|Json(body): Json<Value>| async move { Json(json!({"id": 1, "text": body["text"]})) }),
        )
        .route("/me", get(|| async { Json(json!({})) }));
    listener.serve(router, std::future::pending()).await.unwrap();
}

struct One(Arc<Compiled>);

impl Connectors for One {
    fn compiled(&self, _: &ConnectorId) -> Option<Arc<Compiled>> {
        Some(self.0.clone())
    }
}

fn operations() -> Value {
    let params = json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"},
        "count": {"type": "integer"}, "at": {"type": "string", "format": "date"}, "url": {"type": "string"},
        "who": {"type": "string"}, "tags": {"type": "string"}, "state": {"type": "string"},
        "id": {"type": "string"}}});
    let body = json!({"text": "{{params.text}}", "count": "{{params.count}}", "at": "{{params.at}}",
        "url": "{{params.url}}", "who": "{{params.who}}", "tags": "{{params.tags}}", "id": "{{params.id}}"});
    json!([
        {"id": "read", "title": "Read", "verb": "get", "entity": "item", "request": {"path": "/item"},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/list"},
            "params": {"type": "object"}, "result": {"type": "object"}, "resultPath": "$.items[*]",
            "pagination": {"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor"}}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": body}, "params": params,
            "result": {"type": "object"}, "idempotency": {"type": "natural"}},
    ])
}

/// Eight fields of a record, four of them converted.
fn fields(from: &str) -> Value {
    let path = |target: &str, path: &str, convert: Option<&str>| {
        let mut map = json!({"target": target, "source": {"type": "path", "path": format!("{from}.{path}")}});
        if let Some(convert) = convert {
            map["convert"] = json!(convert);
        }
        map
    };
    json!([
        {"target": "/text", "source": {"type": "template",
            "template": format!("New: {{{{ {}.title }}}}", from.trim_start_matches("$."))}},
        path("/count", "comments", Some("integer")),
        path("/at", "updated_at", Some("date")),
        path("/url", "html_url", None),
        path("/who", "user.login", None),
        path("/tags", "labels[*].name", Some("text")),
        path("/state", "state", None),
        path("/id", "id", Some("text")),
    ])
}

struct Ready {
    runner: Runner,
    store: Store,
    _dir: tempfile::TempDir,
}

async fn ready(base: &str) -> Ready {
    let document = json!({
        "id": "bench", "name": "Bench", "description": "Measured.", "category": "custom", "version": "1.0.0",
        "baseUrl": base, "operations": operations(), "healthCheck": {"request": {"path": "/me"}},
        "limits": {"concurrency": 64},
    });
    let descriptor = patchbay_descriptor::read(&document.to_string(), "bench.json").unwrap();
    let compiled = Arc::new(Compiled::new(Arc::new(descriptor)).unwrap());
    let dir = tempfile::tempdir_in(root().join("target")).unwrap();
    let clock = Arc::new(SystemClock::new());
    let options = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "bench".into() };
    let store = Store::open(options).await.unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let authoriser = Authoriser::new(vault, store.clone(), Client::new(clock.clone()).unwrap(), clock.clone());
    let connection = Connection {
        id: ConnectionId::generate(),
        name: "work".into(),
        origins: compiled.origins(&Map::new(), None).unwrap(),
        allow_private: true,
        state: ConnectionState::Connected,
        ..Connection::new(ConnectorId::from("bench"), "1.0.0".into(), "2026-11-20T12:00:00Z".parse().unwrap())
    };
    store.connection_insert(&connection, None).await.unwrap();
    let engine = Engine::new(Client::new(clock.clone()).unwrap(), authoriser, store.clone(), clock.clone());
    let runner = Runner {
        parts: patchbay_chain::runner::Parts::new().0,
        store: store.clone(),
        engine,
        connectors: Arc::new(One(compiled)),
        addresses: Arc::new(NoAddresses),
        recorded: None,
        recent: patchbay_chain::runner::Recent::default(),
        places: patchbay_chain::runner::Places::default(),
        alarms: patchbay_chain::runner::Alarms::default(),
        asking: patchbay_chain::runner::Asking::default(),
        clock,
        events: Arc::new(NoEvents),
    };
    Ready { runner, store, _dir: dir }
}

#[expect(clippy::needless_pass_by_value, reason = "a literal")]
fn run_of(steps: Value) -> Run {
    let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "Chain", "steps": steps,
        "concurrency": {"overlap": "parallel", "most": 64, "effectsPerDay": 100_000_000}}))
    .unwrap();
    Run {
        id: RunId::generate(),
        chain_id: ChainId::from("chain"),
        chain_version: 1,
        chain_hash: "00".into(),
        snapshot: chain,
        input: Value::Null,
        dry_run: false,
        state: RunState::Queued,
        boot: None,
        origin: RunOrigin { kind: OriginKind::Webhook, ..RunOrigin::default() },
        created_at: SystemClock::new().now(),
        finished_at: None,
    }
}

fn get_map_filter_post() -> Value {
    json!([
        {"id": "read", "connection": "work", "operation": "read"},
        {"id": "map", "logic": {"type": "map"}, "mapping": fields("$.steps.read")},
        {"id": "open", "logic": {"type": "filter",
            "when": [{"path": "$.steps.map.state", "operator": "equals", "value": "open"}]}},
        {"id": "tell", "connection": "work", "operation": "tell",
            "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.steps.map.text"}}]},
    ])
}

/// As a workspace does: written down, taken up, worked on.
async fn execute(ready: &Ready, run: &Run) -> RunState {
    ready.store.run_insert(run).await.unwrap();
    take_up(ready, run).await
}

async fn take_up(ready: &Ready, run: &Run) -> RunState {
    ready.store.run_claim(&run.id, ready.store.boot()).await.unwrap();
    let (_keep, mut wishes) = mpsc::channel(1);
    ready.runner.execute(run, &mut wishes).await.unwrap()
}

/// So many at a time, each timed; the figures of it.
async fn timed<F: Future<Output = ()> + Send + 'static>(
    count: usize,
    at_once: usize,
    mut one: impl FnMut() -> F,
) -> (f64, Vec<Duration>) {
    let gate = Arc::new(Semaphore::new(at_once));
    let begun = Instant::now();
    let mut tasks = Vec::with_capacity(count);
    for _ in 0..count {
        let permit = gate.clone().acquire_owned().await.unwrap();
        let one = one();
        tasks.push(tokio::spawn(async move {
            let begun = Instant::now();
            one.await;
            drop(permit);
            begun.elapsed()
        }));
    }
    let mut times = Vec::with_capacity(count);
    for task in tasks {
        times.push(task.await.unwrap());
    }
    let whole = begun.elapsed().as_secs_f64();
    times.sort();
    (count as f64 / whole, times)
}

fn tell(name: &str, at_once: usize, (rate, times): &(f64, Vec<Duration>), cpu: f64, bars: &str) {
    let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1_000.0;
    println!(
        "{name:<6} {at_once:>2} at once  {rate:>7.0}/s, p50 {:>6.2} ms, p99 {:>6.2} ms, {:>5.2} CPU-ms each{bars}",
        at(50),
        at(99),
        cpu * 1_000.0 / times.len() as f64,
    );
}

async fn load(base: &str, at_once: usize) {
    let ready = Arc::new(ready(base).await);
    let one = || {
        let ready = ready.clone();
        async move {
            let run = run_of(get_map_filter_post());
            assert_eq!(execute(&ready, &run).await, RunState::Done);
        }
    };
    timed(200, at_once, one).await;
    let (before, written) = (cpu(), ready.store.writer_counts());
    let figures = timed(RUNS, at_once, one).await;
    let bars = if at_once == 32 { "  (bars: 1,500/s, p99 60 ms, 1 CPU-ms)" } else { "  (bar: p99 25 ms)" };
    tell("chain", at_once, &figures, cpu() - before, bars);
    let now = ready.store.writer_counts();
    let each = (now.operations - written.operations) as f64 / RUNS as f64;
    println!(
        "  durable: {each:.1} operations a run, {:.1} in a commit",
        each * RUNS as f64 / (now.commits - written.commits) as f64
    );
}

/// Events that come one after another: each is recorded, starts its run and that comes to its end.
async fn events(base: &str, at_once: usize, count: usize) {
    let ready = Arc::new(ready(base).await);
    let chain: Chain =
        serde_json::from_value(json!({"schema": 1, "name": "Chain", "steps": get_map_filter_post(),
        "trigger": {"type": "webhook", "connection": "work"},
        "concurrency": {"overlap": "parallel", "most": 64, "effectsPerDay": 100_000_000}}))
        .unwrap();
    let version = ready.store.chain_save(None, &chain, "00").await.unwrap();
    ready.store.chain_publish(&version).await.unwrap();
    ready.store.chain_switch(&version.id, true).await.unwrap();
    let connection = ready.store.connection_named("work").await.unwrap().unwrap().id.to_string();
    ready.runner.places.set(at_once);
    let dispatcher = Dispatcher { store: ready.store.clone(), clock: ready.runner.clock.clone() };
    let mut freed = ready.runner.places.freed();
    let (begun, used) = (Instant::now(), cpu());
    let store = ready.store.clone();
    let senders = tokio::spawn(async move {
        for n in 0..count {
            let (kind, key) = (EventKind::Webhook.as_str().to_owned(), n.to_string());
            let event = NewTrigger { kind, subject: connection.clone(), key, payload: json!({"id": n}) };
            assert!(store.trigger_record(event, None).await.unwrap());
        }
    });
    let (mut runs, mut begun_runs, mut done) = (JoinSet::new(), HashSet::new(), 0);
    while done < count {
        dispatcher.take().await.unwrap();
        for run in dispatcher.due(ready.runner.places.free()).await.unwrap() {
            // One that was begun a moment ago has not said so yet.
            if !begun_runs.insert(run.id.clone()) {
                continue;
            }
            let ready = ready.clone();
            runs.spawn(async move { assert_eq!(take_up(&ready, &run).await, RunState::Done) });
        }
        tokio::select! {
            () = dispatcher.store.triggers_wait() => {}
            _ = freed.changed() => {}
            Some(ended) = runs.join_next() => { ended.unwrap(); done += 1; }
        }
        while let Some(ended) = runs.try_join_next() {
            ended.unwrap();
            done += 1;
        }
    }
    senders.await.unwrap();
    let (rate, cpu) = (count as f64 / begun.elapsed().as_secs_f64(), (cpu() - used) * 1_000.0 / count as f64);
    println!("events {at_once:>2} at once  {rate:>7.0} runs/s of {count}, {cpu:>5.2} CPU-ms each");
}

async fn bare(base: &str, at_once: usize) {
    // Ours brings the cryptography that every client of this build needs.
    drop(Client::new(Arc::new(SystemClock::new())).unwrap());
    let client = reqwest::Client::builder().build().unwrap();
    let one = || {
        let (client, read, told) = (client.clone(), format!("{base}/item"), format!("{base}/told"));
        async move {
            let record: Value = client.get(read).send().await.unwrap().json().await.unwrap();
            let body = json!({"text": format!("New: {}", record["title"].as_str().unwrap())});
            let answer: Value = client.post(told).json(&body).send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["id"], 1);
        }
    };
    timed(200, at_once, one).await;
    let before = cpu();
    let figures = timed(RUNS, at_once, one).await;
    tell("bare", at_once, &figures, cpu() - before, "");
}

/// What is added to five calls in a row.
async fn five(base: &str) {
    let ready = Arc::new(ready(base).await);
    let read = |id: usize| json!({"id": format!("read{id}"), "connection": "work", "operation": "read"});
    let mut steps: Vec<Value> = (0..4).map(read).collect();
    steps.push(json!({"id": "tell", "connection": "work", "operation": "tell",
        "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.steps.read3.title"}}]}));
    let steps = Value::from(steps);
    let one = || {
        let (ready, run) = (ready.clone(), run_of(steps.clone()));
        async move { assert_eq!(execute(&ready, &run).await, RunState::Done) }
    };
    timed(20, 1, one).await;
    let (_, ours) = timed(200, 1, one).await;
    let client = reqwest::Client::builder().build().unwrap();
    let bare = || {
        let (client, read, told) = (client.clone(), format!("{base}/item"), format!("{base}/told"));
        async move {
            for _ in 0..4 {
                let _: Value = client.get(&read).send().await.unwrap().json().await.unwrap();
            }
            let sent = client.post(told).json(&json!({"text": "x"})).send().await.unwrap();
            let _: Value = sent.json().await.unwrap();
        }
    };
    timed(20, 1, bare).await;
    let (_, calls) = timed(200, 1, bare).await;
    let ms = |times: &[Duration]| times[100].as_secs_f64() * 1_000.0;
    println!(
        "five tools  {:>6.2} ms over the sum of the calls ({:.2} of {:.2} ms; bar: 25 ms)",
        ms(&ours) - ms(&calls),
        ms(&calls),
        ms(&ours)
    );
}

/// One record through a step's mapping and the operation's schema.
fn map() {
    let maps: Vec<_> = serde_json::from_value(fields("$.item")).unwrap();
    let mapping = StepMapping::compile(&maps).unwrap();
    let schema = Schema::compile(&operations()[2]["params"]).unwrap();
    let scopes: Vec<Value> = (0..1_000).map(|id| json!({"item": record(id), "input": null})).collect();
    let round = || {
        let begun = Instant::now();
        for scope in &scopes {
            let params = mapping.apply(black_box(scope)).unwrap();
            schema.check(&params).unwrap();
            black_box(params);
        }
        begun.elapsed() / scopes.len() as u32
    };
    let mut rounds: Vec<Duration> = (0..100).map(|_| round()).collect();
    rounds.sort();
    println!("a record mapped, converted and checked  {:>5.2} µs (bar: 20)", rounds[50].as_secs_f64() * 1e6);
}

/// Runs whose engine died between a request and its answer.
async fn open(base: &str) {
    let ready = Arc::new(ready(base).await);
    let request =
        RequestSummary { method: "GET".into(), url: format!("{base}/item"), body: None, hash: String::new() };
    for _ in 0..OPEN {
        let run = run_of(get_map_filter_post());
        let read = || "read".into();
        let facts = vec![
            Fact::Started { boot: BootId::new("earlier"), recovered: false, connectors: BTreeMap::new() },
            Fact::Checked { findings: Vec::new() },
            Fact::StepOpened { step: read(), items: 1 },
            Fact::Intent {
                step: read(),
                item: 0,
                attempt: 1,
                effect: false,
                request: request.clone(),
                key: None,
                before: None,
            },
        ];
        ready.store.run_begin(&run, facts).await.unwrap();
    }
    let begun = Instant::now();
    let runs = ready.store.runs_open().await.unwrap();
    assert_eq!(runs.len(), OPEN);
    let mut tasks = Vec::new();
    for run in runs {
        let ready = ready.clone();
        tasks.push(tokio::spawn(async move { assert_eq!(take_up(&ready, &run).await, RunState::Done) }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    println!(
        "{OPEN} open runs taken up and ended in {:.2} s (bar: taken up in 2)",
        begun.elapsed().as_secs_f64()
    );
}

/// Three steps over many items.
async fn items(base: &str) {
    let ready = ready(base).await;
    let run = run_of(json!([
        {"id": "list", "connection": "work", "operation": "list"},
        {"id": "map", "forEach": "list", "logic": {"type": "map"}, "mapping": fields("$.item")},
        {"id": "tell", "connection": "work", "operation": "tell", "forEach": "list", "policy": {"parallel": 16},
            "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.steps.map.text"}}]},
    ]));
    // The peak is counted from here.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (resident, begun, used) = (status("VmRSS:"), Instant::now(), cpu());
    let state = execute(&ready, &run).await;
    assert_eq!(state, RunState::Done);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{ITEMS} items through three steps  {:.1} MiB above start (bar: 60), {seconds:.0} s, {:.0} items/s, {:.2} CPU-ms each",
        status("VmHWM:") - resident,
        ITEMS as f64 / seconds,
        (cpu() - used) * 1_000.0 / ITEMS as f64,
    );
}
