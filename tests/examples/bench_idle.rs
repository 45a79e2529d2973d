//! An engine that has nothing to do but what comes by itself: 50 connections that are read every five minutes
//! and checked every fifteen, as is usual. Its memory, and its share of a core.
//!
//! `BENCH_SECONDS` says for how long; 120 where absent.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that says what it saw")]

use std::io::{BufRead as _, BufReader};
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Json, Router};
use patchbay_net::listen;
use patchbay_tests::Cli;
use patchbay_tests::figures::{cpu_of, status_of};
use serde_json::{Value, json};

const CONNECTIONS: usize = 50;
/// The first reads and checks are over by then.
const SETTLES: Duration = Duration::from_secs(20);

fn definition() -> Value {
    json!({
        "id": "shelf", "name": "Shelf", "description": "Items on a shelf.", "category": "custom",
        "version": "1.0.0", "baseUrl": "https://shelf.example",
        "streams": [{"id": "items", "title": "Items", "request": {"path": "/items"},
            "mapping": {"itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at",
                "summaryTemplate": "Item {{id}}", "signalTypeRules": [], "defaultSignalType": "item"}}],
        "operations": [],
        "healthCheck": {"request": {"path": "/me"}},
    })
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("baseUrl=http://{}", listener.addr());
    let items: Vec<Value> = (0..20).map(|id| json!({"id": id, "at": "2026-11-20T10:00:00Z"})).collect();
    let router = Router::new()
        .route("/items", get(move || async move { Json(items) }))
        .route("/me", get(|| async { Json(json!({})) }));
    tokio::spawn(listener.serve(router, std::future::pending()));
    let seconds = std::env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
    tokio::task::spawn_blocking(move || measure(&base, Duration::from_secs(seconds))).await.unwrap();
}

fn measure(base: &str, long: Duration) {
    let cli = Cli::in_memory();
    let file = cli.file("shelf.json", &definition().to_string());
    cli.ok(&["descriptor", "add", file.to_str().unwrap()]);
    for number in 0..CONNECTIONS {
        let name = format!("shelf {number}");
        cli.ok(&["connect", "shelf", "--name", &name, "--set", base, "--allow-private"]);
    }
    let mut engine = cli.start(&["engine"]);
    let mut line = String::new();
    BufReader::new(engine.stdout.take().unwrap()).read_line(&mut line).unwrap();
    std::thread::sleep(SETTLES);
    let (begun, before) = (Instant::now(), cpu_of(engine.id()));
    std::thread::sleep(long);
    let share = (cpu_of(engine.id()) - before) / begun.elapsed().as_secs_f64();
    let (now, most) = (status_of(engine.id(), "VmRSS:"), status_of(engine.id(), "VmHWM:"));
    let read = cli.ok(&["connections"])["connections"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["lastSyncAt"].is_string())
        .count();
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert_eq!(read, CONNECTIONS, "each was read: it was an engine at work that rested");
    println!("{CONNECTIONS} connections, {} s at rest", long.as_secs());
    println!("memory             {now:>6.1} MiB, at most {most:.1}  (bar: 60 MiB)");
    println!("share of a core    {:>6.2} %  (bar: 1 %)", share * 100.0);
}
