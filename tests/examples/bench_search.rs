//! Finding signals among many: by words, by filter, page after page, as the inbox asks. Counts are part of the
//! first page, as they are for a person.
//!
//! `BENCH_SIGNALS` says how many; 1,000,000 where absent.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that says what it saw")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use patchbay_model::signal::{Priority, SignalFilter};
use patchbay_model::{Clock, Connection, ConnectionId, Signal, SystemClock, Timestamp};
use patchbay_store::{After, OpenOptions, Store};
use patchbay_tests::crowd::{AT_ONCE, store_signals};
use serde_json::json;

/// Signals of one page of the list.
const PAGE: u32 = 100;
/// How often each question is asked.
const TIMES: usize = 40;
/// The bar for the 95th percentile, in milliseconds.
const BAR_MS: f64 = 50.0;
/// Words that summaries are made of: the first are in many, the last in few.
const WORDS: [&str; 24] = [
    "deploy", "failed", "review", "login", "invoice", "customer", "release", "timeout", "payment", "urgent",
    "mobile", "search", "backup", "export", "import", "locale", "widget", "budget", "sensor", "parser",
    "kernel", "quorum", "zephyr", "obsidian",
];

fn connection(number: usize) -> Connection {
    let made = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut connection = Connection::new("tool".into(), "1.0.0".into(), made);
    connection.name = format!("Tool {number}");
    connection
}

/// A number that differs from one to the next and is the same in every run.
fn mixed(number: usize) -> usize {
    let spread = (number as u64).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((spread ^ (spread >> 31)) >> 8) as usize
}

fn signal(connection: &ConnectionId, number: usize, begin: Timestamp) -> Signal {
    let chance = mixed(number);
    // The smaller of two chances: some words are in most of them, others in few.
    let word = |nth: usize| {
        let (a, b) = (mixed(chance + nth) % WORDS.len(), mixed(chance + 7 * nth + 1) % WORDS.len());
        WORDS[a.min(b)]
    };
    let priorities = [Priority::Low, Priority::Medium, Priority::Medium, Priority::High, Priority::Critical];
    Signal {
        connection: connection.clone(),
        connector: "tool".into(),
        stream: "items".into(),
        external_id: format!("item-{number}"),
        version: "1".into(),
        signal_type: ["issue", "comment", "deploy", "message"][chance % 4].into(),
        timestamp: begin + Duration::from_secs(number as u64 * 20),
        summary: format!("{} {} {} number {number}", word(1), word(2), word(3)),
        priority: Some(priorities[(chance >> 3) % priorities.len()]),
        participants: vec![format!("person-{}", (chance >> 5) % 5_000)],
        tags: vec![word(4).to_owned()],
        related: Vec::new(),
        url: None,
        raw: json!({ "id": number }),
    }
}

/// Gives the connections.
async fn fill(store: &Store, count: usize) -> Vec<ConnectionId> {
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut ids = Vec::new();
    for number in 0..20 {
        let made = connection(number);
        store.connection_insert(&made, None).await.unwrap();
        ids.push(made.id);
    }
    store_signals(store, count, |number| signal(&ids[(number / AT_ONCE) % ids.len()], number, begin)).await;
    ids
}

/// What the inbox does for one page.
async fn page(store: &Store, filter: &SignalFilter, after: Option<After>) -> Option<After> {
    let found = store.signal_search(filter, after, PAGE).await.unwrap();
    if after.is_none() {
        store.signal_count_matching(filter).await.unwrap();
        let unread = SignalFilter { unread: true, ..SignalFilter::default() };
        store.signal_count_matching(&unread).await.unwrap();
    }
    found.last().map(|last| After { timestamp: last.signal.timestamp, id: last.id })
}

#[tokio::main]
async fn main() {
    let count = std::env::var("BENCH_SIGNALS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir_in(std::env::current_dir().unwrap().join("target")).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = OpenOptions { dir: dir.path().to_owned(), clock, machine: "m".into() };
    let store = Store::open(options).await.unwrap();
    let filling = Instant::now();
    let ids = fill(&store, count).await;
    let one = vec![ids[3].clone()];
    println!("{count} signals stored and indexed in {:.0} s", filling.elapsed().as_secs_f64());
    let text = |text: &str| SignalFilter { text: Some(text.to_owned()), ..SignalFilter::default() };
    let questions = [
        ("the latest", SignalFilter::default()),
        ("unread", SignalFilter { unread: true, ..SignalFilter::default() }),
        ("one connection", SignalFilter { connections: one.clone(), ..SignalFilter::default() }),
        (
            "type and priority",
            SignalFilter {
                types: vec!["deploy".into()],
                priorities: vec![Priority::Critical],
                ..SignalFilter::default()
            },
        ),
        ("a frequent word", text("deploy ")),
        ("a rare word", text("obsidian ")),
        ("a beginning", text("obs")),
        ("two words", text("failed kernel ")),
        ("a person", text("person-4711 ")),
        ("a word and a connection", SignalFilter { connections: one.clone(), ..text("invoice ") }),
        ("a word that is not there", text("nowhere ")),
    ];
    let mut all = Vec::new();
    for (name, filter) in &questions {
        let (mut first, mut later, mut after) = (Vec::new(), Vec::new(), None);
        for _ in 0..TIMES {
            let started = Instant::now();
            let end = page(&store, filter, None).await;
            first.push(started.elapsed());
            after = after.or(end);
            if let Some(place) = after {
                let started = Instant::now();
                after = page(&store, filter, Some(place)).await;
                later.push(started.elapsed());
            }
        }
        println!("{name:<26} first page {:>7.2} ms, next {:>7.2} ms (p95)", p95(&mut first), p95(&mut later));
        all.extend(first);
        all.extend(later);
    }
    println!("{:<26} p95 {:>7.2} ms (bar: {BAR_MS})", "all of them", p95(&mut all));
}

/// The 95th percentile in milliseconds; 0 of nothing.
fn p95(times: &mut [Duration]) -> f64 {
    times.sort();
    let at = (times.len() * 95).div_ceil(100).saturating_sub(1);
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}
