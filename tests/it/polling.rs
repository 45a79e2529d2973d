//! Reads that come by themselves: begun, killed again and again, and never missing or doubling an item.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use patchbay_tests::{Cli, Random, sample};
use serde_json::{Value, json};

/// Items of each stream, and of a page.
const ITEMS: usize = 5_000;
const PAGE: usize = 100;
/// Items that come later.
const LATE: usize = 250;

/// A service with two streams of the same items, and what it was asked.
struct Service {
    url: String,
    count: Arc<AtomicUsize>,
    gone: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
    // Its requests end with it.
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone)]
struct Shelf {
    count: Arc<AtomicUsize>,
    /// The streams are not to be found, while the service itself is well.
    gone: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
    pause: Duration,
}

#[derive(serde::Deserialize)]
struct Wanted {
    cursor: Option<usize>,
    page: Option<usize>,
    since: Option<String>,
}

/// Items are older the smaller their number; 320 share each second, so that pages begin and end within one.
fn at(item: usize) -> String {
    let second = item / 320;
    format!("2026-11-20T10:{:02}:{:02}Z", second / 60, second % 60)
}

async fn page(
    State(shelf): State<Shelf>,
    Path(stream): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<String, StatusCode> {
    shelf.asked.lock().unwrap().push((stream.clone(), Instant::now()));
    if shelf.gone.load(Ordering::SeqCst) {
        return Err(StatusCode::NOT_FOUND);
    }
    tokio::time::sleep(shelf.pause).await;
    let count = shelf.count.load(Ordering::SeqCst);
    let since = wanted.since.unwrap_or_default();
    let all: Vec<usize> = (0..count).filter(|item| at(*item) >= since).collect();
    let from = match stream.as_str() {
        "cursor" => wanted.cursor.unwrap_or(0),
        _ => (wanted.page.unwrap_or(1) - 1) * PAGE,
    };
    let items = all.into_iter().skip(from).take(PAGE);
    let items: Vec<Value> =
        items.map(|item| json!({"id": format!("i{item}"), "at": at(item), "next": item + 1})).collect();
    Ok(Value::Array(items).to_string())
}

impl Service {
    fn start(pause: Duration) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let count = Arc::new(AtomicUsize::new(ITEMS));
        let shelf = Shelf { count, gone: Arc::default(), asked: Arc::default(), pause };
        let (count, gone, asked) = (shelf.count.clone(), shelf.gone.clone(), shelf.asked.clone());
        let router = axum::Router::new()
            .route("/me", axum::routing::get(async || "{}"))
            .route("/{stream}", axum::routing::get(page))
            .with_state(shelf);
        let listener = runtime.block_on(patchbay_net::listen("127.0.0.1:0".parse().unwrap())).unwrap();
        let url = format!("http://{}", listener.addr());
        runtime.spawn(listener.serve(router, std::future::pending()));
        Self { url, count, gone, asked, _runtime: runtime }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A connector with a stream whose place moves with every page, and one whose place moves at the end.
fn definition(seconds: u32) -> Value {
    let mapping = json!({"itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at",
        "summaryTemplate": "Item {{id}}", "signalTypeRules": [], "defaultSignalType": "item"});
    json!({
        "id": "shelf", "name": "Shelf", "description": "Items on a shelf.", "category": "custom",
        "version": "1.0.0", "baseUrl": "https://shelf.example",
        "streams": [
            {"id": "cursor", "title": "By cursor", "request": {"path": "/cursor"}, "intervalSeconds": seconds,
             "pagination": {"next": {"type": "cursor", "cursorPath": "$.next", "from": "last_item", "param": "cursor"},
                "pageSize": PAGE},
             "delta": {"type": "cursor", "cursorPath": "$.next", "from": "last_item", "param": "cursor"},
             "mapping": mapping},
            {"id": "time", "title": "By time", "request": {"path": "/time"}, "intervalSeconds": seconds,
             "pagination": {"next": {"type": "page", "param": "page"}, "pageSize": PAGE},
             "delta": {"type": "timestamp_filter", "param": "since"}, "mapping": mapping},
        ],
        "operations": [],
        "healthCheck": {"request": {"path": "/me"}},
    })
}

/// Connects `count` times and gives the data folder.
fn connected(service: &Service, seconds: u32, count: usize) -> Cli {
    let cli = Cli::in_memory();
    let file = cli.file("shelf.json", &definition(seconds).to_string());
    cli.ok(&["descriptor", "add", file.to_str().unwrap()]);
    let base = format!("baseUrl={}", service.url);
    for number in 0..count {
        let name = format!("shelf {number}");
        cli.ok(&["connect", "shelf", "--name", &name, "--set", &base, "--allow-private"]);
    }
    cli
}

/// `serve`, ended by its own handle.
struct Engine(Child);

impl Engine {
    fn start(cli: &Cli) -> Self {
        Self(cli.start(&["serve"]))
    }

    /// The same, once it answers.
    fn ready(cli: &Cli) -> Self {
        Self::answering(cli.start(&["serve"]))
    }

    fn answering(mut child: Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("url"), "{line}");
        Self(child)
    }

    /// As the system ends what it has no room for.
    fn kill(mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn stream(cli: &Cli, id: &str) -> Value {
    let all = cli.ok(&["connection", "streams", "shelf 0"]);
    assert_eq!(all["running"], true);
    all["streams"].as_array().unwrap().iter().find(|stream| stream["id"] == id).unwrap().clone()
}

/// Waits for something that is about to happen.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(90), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What is stored of a stream: rows, different items among them.
fn stored(cli: &Cli, stream: &str) -> (i64, i64) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = cli.data_dir().join("workspaces/default/patchbay.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
        let mut database = options.connect().await.unwrap();
        let counts: (i64, i64) =
            sqlx::query_as("SELECT count(*), count(DISTINCT external_id) FROM signals WHERE stream = ?")
                .bind(stream)
                .fetch_one(&mut database)
                .await
                .unwrap();
        database.close().await.unwrap();
        counts
    })
}

#[test]
fn reads_that_are_killed_again_and_again_miss_and_double_nothing() {
    let service = Service::start(Duration::from_millis(8));
    let cli = connected(&service, 1, 1);
    let (kills, seed) = sample(100);
    let mut random = Random(seed);
    let mut in_the_middle = 0;
    for _ in 0..kills {
        let before = service.asked();
        let engine = Engine::start(&cli);
        // Counted from the first page on, so that what is hit is a read.
        until("a page is asked for", || service.asked() > before);
        std::thread::sleep(Duration::from_millis(random.below(900)));
        engine.kill();
        let (rows, items) = stored(&cli, "cursor");
        assert_eq!(rows, items, "no item is there twice");
        in_the_middle +=
            usize::from(items > 0 && items < ITEMS as i64 || stored(&cli, "time").1 < ITEMS as i64);
    }
    assert!(in_the_middle > 0, "no kill hit a read: the suite exercised nothing");
    println!("{in_the_middle} of {kills} kills in the middle of a first read");
    // What happens while nobody reads is not lost either: some of it in the very second of the newest item.
    service.count.fetch_add(LATE, Ordering::SeqCst);
    let _engine = Engine::ready(&cli);
    let whole = (ITEMS + LATE) as i64;
    for id in ["cursor", "time"] {
        until("everything is read", || stored(&cli, id).1 >= whole);
        assert_eq!(stored(&cli, id), (whole, whole), "{id}: nothing is missing, nothing is there twice");
        until("the stream is said to be whole", || stream(&cli, id)["readWhole"] == true);
    }
}

#[test]
fn a_connection_that_was_made_is_read_by_itself_and_obeys() {
    let service = Service::start(Duration::ZERO);
    let cli = connected(&service, 3_600, 0);
    let _engine = Engine::ready(&cli);
    let base = format!("baseUrl={}", service.url);
    cli.ok(&["connect", "shelf", "--name", "shelf 0", "--set", &base, "--allow-private"]);
    until("both streams are read", || {
        let rests = |id: &&str| stream(&cli, id)["readWhole"] == true && stream(&cli, id)["state"] == "idle";
        ["cursor", "time"].iter().all(rests)
    });
    let first = stream(&cli, "cursor");
    assert_eq!(
        (&first["state"], &first["lastNew"], &first["intervalSeconds"]),
        (&json!("idle"), &json!(ITEMS), &json!(3_600))
    );
    let listed = cli.ok(&["connections"])["connections"][0].clone();
    assert!(listed["lastSyncAt"].is_string() && listed["nextSyncAt"].is_string(), "{listed}");

    service.count.fetch_add(LATE, Ordering::SeqCst);
    cli.ok(&["sync", "shelf 0", "--stream", "cursor", "--background"]);
    until("what is new is read", || stream(&cli, "cursor")["lastNew"] == LATE);

    cli.ok(&["connection", "pause", "shelf 0"]);
    let asked = service.asked();
    let refused = cli.run(&["sync", "shelf 0", "--background"]);
    assert_ne!(refused.code, 0, "{refused:?}");
    let paused = stream(&cli, "time");
    assert_eq!(
        (&paused["nextAt"], service.asked()),
        (&Value::Null, asked),
        "nothing is planned while it is paused"
    );
    cli.ok(&["connection", "resume", "shelf 0"]);

    let set = |args: &[&str]| {
        let args = [&["connection", "stream", "shelf 0", "time"], args].concat();
        let all = cli.ok(&args);
        all["streams"].as_array().unwrap().iter().find(|stream| stream["id"] == "time").unwrap().clone()
    };
    let daily = set(&["--cron", "0 9 * * *", "--zone", "Europe/Berlin"]);
    assert_eq!((&daily["cron"], &daily["zone"]), (&json!("0 9 * * *"), &json!("Europe/Berlin")));
    assert!(daily["cronWords"].as_str().unwrap().contains('9'), "{daily}");
    assert_eq!(set(&["--every", "10"])["ownInterval"], true);
    let before = service.asked();
    until("it is read on its own interval", || service.asked() > before);
    assert_eq!(set(&["--usual"])["intervalSeconds"], 3_600);
    // A read that is under way is ended first.
    until("it is off", || set(&["--on", "false"])["state"] == "off");
    for odd in
        [&["--every", "5"][..], &["--cron", "every day"], &["--cron", "0 9 * * *", "--zone", "Mars/Base"]]
    {
        let args = [&["connection", "stream", "shelf 0", "time"], odd].concat();
        assert_ne!(cli.run(&args).code, 0, "{odd:?}");
    }
}

#[test]
fn a_first_read_that_is_stopped_stays_stopped_and_goes_on_when_asked_to() {
    let service = Service::start(Duration::from_millis(60));
    let cli = connected(&service, 1, 1);
    let engine = Engine::ready(&cli);
    until("it is under way", || stream(&cli, "cursor")["progress"]["pages"].as_u64().unwrap_or(0) > 2);
    cli.ok(&["connection", "cancel-sync", "shelf 0", "cursor"]);
    until("it has stopped", || stream(&cli, "cursor")["state"] == "off");
    let kept = stored(&cli, "cursor").1;
    assert!(kept > 0 && kept < ITEMS as i64, "what is stored stays: {kept}");
    engine.kill();
    let _engine = Engine::ready(&cli);
    until("the other stream is read", || stream(&cli, "time")["readWhole"] == true);
    assert_eq!(stored(&cli, "cursor").1, kept, "a new start does not take it up");
    cli.ok(&["connection", "stream", "shelf 0", "cursor", "--on", "true"]);
    until("it is read whole", || stream(&cli, "cursor")["readWhole"] == true);
    assert_eq!(stored(&cli, "cursor"), (ITEMS as i64, ITEMS as i64));
}

#[test]
fn what_was_given_up_is_looked_at_tried_again_and_dropped() {
    let service = Service::start(Duration::ZERO);
    let cli = connected(&service, 3_600, 1);
    let engine = Engine::ready(&cli);
    cli.ok(&["connection", "stream", "shelf 0", "time", "--on", "false"]);
    until("it is read", || stream(&cli, "cursor")["readWhole"] == true);
    // An answer that no try makes better. The service fails and is mended, not the connection's address: who
    // changes a connection that is well otherwise has its streams read at once, and nothing is left to try.
    service.gone.store(true, Ordering::SeqCst);
    cli.ok(&["sync", "shelf 0", "--background"]);
    let dead = || cli.ok(&["jobs", "list", "--connection", "shelf 0"])["jobs"].as_array().unwrap().clone();
    until("it is given up", || dead().len() == 1);
    let job = dead().remove(0);
    assert_eq!((&job["state"], &job["stream"]), (&json!("failed"), &json!("cursor")));
    assert!(job["problem"]["title"].is_string(), "{job}");
    let stats = cli.ok(&["jobs", "stats"]);
    let delta =
        stats["queues"].as_array().unwrap().iter().find(|queue| queue["queue"] == "delta").unwrap().clone();
    assert_eq!(delta["dead"], 1, "{stats}");
    // It outlives the program, and is mended and tried again.
    engine.kill();
    let _engine = Engine::ready(&cli);
    assert_eq!(dead()[0]["id"], job["id"]);
    service.gone.store(false, Ordering::SeqCst);
    service.count.fetch_add(LATE, Ordering::SeqCst);
    cli.ok(&["jobs", "retry", job["id"].as_str().unwrap()]);
    until("it went well", || dead().is_empty());
    until("and is told so", || stream(&cli, "cursor")["problem"].is_null());
    let whole = (ITEMS + LATE) as i64;
    assert_eq!(stored(&cli, "cursor"), (whole, whole), "what came meanwhile is there");
    service.gone.store(true, Ordering::SeqCst);
    cli.ok(&["sync", "shelf 0", "--background"]);
    until("it is given up again", || dead().len() == 1);
    let first = dead().remove(0);
    assert_ne!(first["id"], job["id"], "asked for anew");
    // The last word on the same work is the one that counts.
    cli.ok(&["sync", "shelf 0", "--background"]);
    until("and once more", || dead().iter().all(|job| job["id"] != first["id"]) && dead().len() == 1);
    let id = dead()[0]["id"].as_str().unwrap().to_owned();
    cli.ok(&["jobs", "drop", &id]);
    assert!(dead().is_empty());
    assert_ne!(cli.run(&["jobs", "drop", &id]).code, 0, "once");
}

#[test]
fn a_start_with_many_late_connections_is_no_storm_and_one_shot_commands_read_nothing() {
    let service = Service::start(Duration::ZERO);
    service.count.store(3, Ordering::SeqCst);
    // Made while no engine runs: nothing is read by the commands that make and look.
    let cli = connected(&service, 3_600, 12);
    let before = service.asked();
    let all = cli.ok(&["connection", "streams", "shelf 0"]);
    assert_eq!((&all["running"], &all["streams"][0]["lastAt"]), (&json!(false), &Value::Null));
    let _engine = Engine::ready(&cli);
    let read = || {
        let all = cli.ok(&["connections"]);
        all["connections"].as_array().unwrap().iter().filter(|one| one["lastSyncAt"].is_string()).count()
    };
    until("all are read", || read() == 12);
    let asked: Vec<(String, Instant)> = service.asked.lock().unwrap()[before..].to_vec();
    assert!(asked.len() <= 12 * 2 * 2, "each stream once: {} requests", asked.len());
}

/// The library that moves the clock of a process.
fn faketime() -> String {
    let shown = std::process::Command::new("dpkg").args(["-L", "libfaketime"]).output().unwrap();
    let files = String::from_utf8_lossy(&shown.stdout).into_owned();
    let found = files.lines().find(|line| line.ends_with("/libfaketimeMT.so.1")).map(str::to_owned);
    found.unwrap_or_else(|| panic!("libfaketime is missing; cargo xtask test installs it"))
}

#[test]
fn a_clock_that_jumps_a_day_under_the_program_loses_nothing_storms_nothing_and_heals_by_itself() {
    let library = faketime();
    let service = Service::start(Duration::ZERO);
    service.count.store(10, Ordering::SeqCst);
    let cli = connected(&service, 2, 1);
    let clock = cli.file("clock", "+0");
    let mut command = cli.command(&["serve"]);
    // The wall clock alone: the other one only ever goes on, whatever a person does.
    command
        .env("LD_PRELOAD", &library)
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_CACHE_DURATION", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let engine = Engine::answering(command.spawn().unwrap());
    let read = |count: i64| stored(&cli, "cursor") == (count, count) && stored(&cli, "time") == (count, count);
    until("it is read", || read(10));
    let mut count = 10;
    for jump in ["+1d", "+0", "-1d", "+0"] {
        std::fs::write(&clock, jump).unwrap();
        let before = service.asked();
        let since = Instant::now();
        count += 5;
        service.count.store(usize::try_from(count).unwrap(), Ordering::SeqCst);
        until(&format!("what came after {jump}"), || read(count));
        // The program saw the other time: what it says of its last read is on the other day.
        until(&format!("the day after {jump}"), || {
            let at = stream(&cli, "cursor")["lastOkAt"].as_str().map(|at| at[8..10].to_owned());
            at.is_some_and(|at| (at == today()) == (jump == "+0"))
        });
        std::thread::sleep(Duration::from_secs(5).saturating_sub(since.elapsed()));
        // Two streams every two seconds; a jump may bring each once more.
        let most = 2 * (usize::try_from(since.elapsed().as_secs()).unwrap() / 2 + 4);
        assert!(
            service.asked() - before <= most,
            "{jump}: {} requests, at most {most}",
            service.asked() - before
        );
    }
    engine.kill();
}

/// The day of the month by a clock that nobody moved, in UTC.
fn today() -> String {
    use patchbay_model::Clock as _;
    patchbay_model::SystemClock::new().now().to_string()[8..10].to_owned()
}
