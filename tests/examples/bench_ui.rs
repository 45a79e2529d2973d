//! What the interface costs, as time of the processor: in Chromium on `serve`, then in the window. Each figure
//! stands beside its bar. `BENCH_SIGNALS` says how many signals there are; 1,000,000 where absent.

use patchbay_tests::{Crowd, Served, Window, walks_possible, window_possible};
use serde_json::json;

fn main() {
    let signals = std::env::var("BENCH_SIGNALS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let crowd = Crowd { connectors: 1_000, runs: 10_000, signals, long_chains: true };
    if walks_possible() {
        let served = Served::crowded(&crowd);
        served.walk("bench_ui", &json!({}));
        served.walk("bench_running", &json!({}));
    }
    if window_possible() {
        Window::crowded(&crowd).walk("window_bench_ui", &json!({}));
    }
}
