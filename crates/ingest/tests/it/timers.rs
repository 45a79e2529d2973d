//! Chains that the clock starts, and those that what is read starts.

use std::time::Duration;

use patchbay_ingest::Timers;
use patchbay_model::trigger::FiringResult;
use patchbay_model::{Chain, ChainId, EventKind, Timestamp};
use patchbay_store::Taken;
use serde_json::{Value, json};

use crate::bench::{Bench, DAY, MINUTE, bench, items};

impl Bench {
    fn timers(&self) -> Timers {
        Timers { store: self.store.clone(), clock: self.clock.clone() }
    }

    /// A chain that is on.
    async fn chain(&self, name: &str, trigger: Value) -> ChainId {
        let chain = json!({"schema": 1, "name": name, "trigger": trigger, "steps": []});
        let chain: Chain = serde_json::from_value(chain).unwrap();
        let version = self.store.chain_save(None, &chain, name).await.unwrap();
        self.store.chain_publish(&version).await.unwrap();
        self.store.chain_switch(&version.id, true).await.unwrap();
        version.id
    }

    /// The keys of the events that nobody has taken, of a chain or a connection.
    async fn events(&self, subject: &str) -> Vec<String> {
        let open = self.store.triggers_open(1_000).await.unwrap();
        open.into_iter().filter(|one| one.event.subject == subject).map(|one| one.event.key).collect()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Whenever somebody looks: never, often, late.
#[tokio::test]
async fn the_clock_starts_a_chain_at_each_of_its_times_and_once() {
    let b = bench(0).await;
    let start = b.now();
    let every = b.chain("Every minute", json!({"type": "interval", "seconds": 60})).await;
    let daily = b.chain("Daily", json!({"type": "schedule", "cron": "30 9 * * *", "zone": "Asia/Tokyo"})).await;
    let timers = b.timers();
    assert_eq!(timers.look().await.unwrap(), Some(start + MINUTE), "the first in its time, not at once");
    assert_eq!(b.events(every.as_str()).await, [""; 0]);
    for _ in 0..20 {
        b.clock.advance(Duration::from_secs(15));
        timers.look().await.unwrap();
        // A second look finds nothing more.
        timers.look().await.unwrap();
    }
    let wanted: Vec<String> = (1..=5).map(|n| (start + MINUTE * n).to_string()).collect();
    assert_eq!(b.events(every.as_str()).await, wanted);
    // Noon in London is in the evening in Tokyo: the next half past nine there is half past midnight here.
    let due = b.store.timer_next(&daily).await.unwrap().unwrap();
    assert_eq!(due, at("2026-11-21T00:30:00Z"));
    // Asleep for three days and some: once, and the step is kept.
    b.clock.advance(DAY * 3 + Duration::from_secs(20));
    timers.look().await.unwrap();
    assert_eq!(b.events(every.as_str()).await.len(), 6);
    assert_eq!(b.events(daily.as_str()).await, ["2026-11-21T00:30:00Z"]);
    let next = b.store.timer_next(&every).await.unwrap().unwrap();
    assert_eq!(next, start + MINUTE * 6 + DAY * 3, "a whole number of steps from the first");
    assert_eq!(b.store.timer_next(&daily).await.unwrap().unwrap(), at("2026-11-24T00:30:00Z"));
}

#[tokio::test]
async fn what_is_off_has_no_time_and_another_trigger_is_planned_anew() {
    let b = bench(0).await;
    let chain = b.chain("Often", json!({"type": "interval", "seconds": 600})).await;
    let timers = b.timers();
    timers.look().await.unwrap();
    b.store.chain_switch(&chain, false).await.unwrap();
    b.clock.advance(DAY);
    assert_eq!(timers.look().await.unwrap(), None);
    assert_eq!(b.events(chain.as_str()).await, [""; 0], "times at which it was off are not made up for");
    b.store.chain_switch(&chain, true).await.unwrap();
    assert_eq!(timers.look().await.unwrap(), Some(b.now() + MINUTE * 10));
    let shorter =
        json!({"schema": 1, "name": "Often", "trigger": {"type": "interval", "seconds": 20}, "steps": []});
    let shorter: Chain = serde_json::from_value(shorter).unwrap();
    let version = b.store.chain_save(Some(&chain), &shorter, "h2").await.unwrap();
    timers.look().await.unwrap();
    b.store.chain_publish(&version).await.unwrap();
    assert_eq!(timers.look().await.unwrap(), Some(b.now() + Duration::from_secs(20)));
    // A clock that is put back by a year does not keep it waiting for one.
    b.clock.jump_to(at("2025-11-20T12:00:00Z"));
    assert_eq!(timers.look().await.unwrap(), Some(at("2025-11-20T12:00:20Z")));
}

/// The dispatcher of chains is not here: what it does with a time that is far too late is done by hand.
#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_swallows_no_start() {
    let b = bench(0).await;
    let trigger = json!({"type": "schedule", "cron": "0 13 * * *", "zone": "UTC", "missed": "skip"});
    let daily = b.chain("Daily", trigger).await;
    let timers = b.timers();
    timers.look().await.unwrap();
    let noon = b.now();
    b.clock.jump_to(noon + DAY);
    timers.look().await.unwrap();
    let early = b.store.triggers_open(10).await.unwrap();
    assert_eq!(early.len(), 1, "{early:?}");
    let passed_over = Taken { chain: daily.clone(), result: FiringResult::Missed, run: None };
    b.store.trigger_take(early[0].id, EventKind::Schedule, vec![passed_over]).await.unwrap();
    b.clock.jump_to(noon);
    timers.look().await.unwrap();
    assert_eq!(b.events(daily.as_str()).await, [""; 0]);
    b.clock.advance(MINUTE * 60);
    timers.look().await.unwrap();
    timers.look().await.unwrap();
    let open = b.store.triggers_open(10).await.unwrap();
    assert_eq!(open.len(), 1, "it starts when its time comes: {open:?}");
    assert_eq!(open[0].event.payload["due"], "2026-11-20T13:00:00Z");
}

/// What is there at the first read is no news. What comes later is, once for each version.
#[tokio::test]
async fn what_is_read_after_the_first_time_starts_the_chains_that_wait_for_it() {
    let b = bench(1).await;
    b.service.says(|query, _| items(query, 2));
    let connection = b.connection().await;
    b.chain("New rows", json!({"type": "signal", "connection": connection.name})).await;
    let read = async || {
        b.scheduler.look().await.unwrap();
        b.work().await;
        b.clock.advance(MINUTE * 10);
    };
    read().await;
    assert_eq!(b.store.signal_count(&connection.id).await.unwrap(), 2);
    assert_eq!(b.events(connection.id.as_str()).await, [""; 0], "the first read");
    b.service.says(|query, _| items(query, 3));
    read().await;
    let open = b.store.triggers_open(10).await.unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].event.payload["isNew"], true);
    assert!(open[0].event.payload["raw"].is_object(), "the whole signal");
    read().await;
    assert_eq!(b.events(connection.id.as_str()).await.len(), 1, "known is known");
}
