//! Each kind of failure is followed by what the taxonomy promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use patchbay_ingest::jobs::Outcome;
use patchbay_model::problem::Code;
use patchbay_model::{ConnectionState, Event};
use serde_json::json;

use crate::bench::{DAY, MINUTE, bench, code, items, noon};

#[tokio::test]
async fn the_first_read_is_whole_and_the_next_one_asks_for_what_is_new() {
    let b = bench(1).await;
    b.service.says(|query, _| items(query, 20));
    let Outcome::Done(Some(result)) = b.read().await else { panic!("it is done") };
    assert_eq!((&result["pages"], &result["new"], &result["complete"]), (&json!(3), &json!(20), &json!(true)));
    let schedule = b.schedule().await;
    assert_eq!(schedule.backfilled_at, Some(noon()));
    assert_eq!(schedule.next_at, Some(noon() + Duration::from_secs(300)), "the usual interval, without chance");
    b.service.says(|query, _| items(query, 23));
    b.read().await;
    assert_eq!(b.signals().await, 23);
    assert_eq!(b.service.queries()[3]["cursor"], "20", "from where it left off");
    let told = b.told.0.lock().unwrap();
    let arrived: u64 =
        told.iter().map(|event| if let Event::SignalsArrived { count, .. } = event { *count } else { 0 }).sum();
    assert_eq!(arrived, 23);
}

#[tokio::test]
async fn a_pause_that_the_service_asks_for_is_kept_and_is_no_failure() {
    let b = bench(1).await;
    b.service.says(|_, _| (429, vec![("retry-after", "600".into())], "{}".into()));
    let Outcome::Wait { until, problem } = b.read().await else { panic!("it waits") };
    assert_eq!((until, problem.code()), (noon() + Duration::from_secs(600), Code::RateLimited));
    assert_eq!((b.schedule().await.failures, b.service.count()), (0, 1));
    assert_eq!(b.acts().await, ["sync_waits"]);
    // Asked for by hand all the same: nothing is sent before the time is over.
    assert_eq!(code(&b.read().await), Some(Code::LocalRateLimited));
    assert_eq!(b.service.count(), 1);
    b.service.says(|query, _| items(query, 5));
    b.clock.advance(Duration::from_secs(600));
    assert_eq!(code(&b.read().await), None);
    assert_eq!(b.signals().await, 5);
}

#[tokio::test]
async fn pages_that_are_too_large_are_halved_until_they_fit_and_stay_so() {
    let b = bench(1).await;
    b.service.says(|query, _| match query["size"].parse::<usize>().unwrap() {
        8 | 4 => (200, Vec::new(), " ".repeat((16 << 20) + 1)),
        _ => items(query, 20),
    });
    assert_eq!(code(&b.read().await), None);
    assert_eq!(b.signals().await, 20, "nothing is missing");
    assert_eq!(b.schedule().await.page_size, Some(2));
    assert_eq!(b.acts().await, ["sync_page_halved", "sync_page_halved"]);
    let before = b.service.count();
    b.read().await;
    assert_eq!(b.service.queries()[before]["size"], "2", "it is not tried anew each time");
    // Where a single item is too large there is nothing to halve.
    b.service.says(|_, _| (200, Vec::new(), " ".repeat((16 << 20) + 1)));
    assert_eq!(code(&b.read().await), Some(Code::PayloadTooLarge));
    assert_eq!(b.schedule().await.page_size, Some(1));
}

#[tokio::test]
async fn a_forgotten_checkpoint_starts_over_three_times_a_day_and_leaves_a_gap_to_see() {
    let b = bench(1).await;
    b.service.says(|query, _| items(query, 20));
    b.read().await;
    let reads = Arc::new(AtomicUsize::new(0));
    let forgets = reads.clone();
    b.service.says(move |query, _| match query.get("cursor").map(String::as_str) {
        Some("20") => (410, Vec::new(), "{}".into()),
        None => {
            forgets.fetch_add(1, Ordering::Relaxed);
            items(query, 20)
        }
        _ => items(query, 20),
    });
    for _ in 0..3 {
        b.clock.advance(MINUTE);
        assert_eq!(code(&b.read().await), None, "bounded, and it goes on");
    }
    b.clock.advance(MINUTE);
    assert_eq!(code(&b.read().await), Some(Code::CheckpointStale));
    assert_eq!((reads.load(Ordering::Relaxed), b.signals().await), (3, 20), "nothing is stored twice");
    let gaps = b.store.gaps(&b.connections[0], noon()).await.unwrap();
    assert_eq!(gaps.len(), 3);
    assert_eq!((gaps[2].from, gaps[2].to), (noon(), noon() + MINUTE), "from the last good read");
    assert_eq!(b.acts().await.iter().filter(|act| *act == "sync_started_over").count(), 3);
    b.clock.advance(DAY);
    assert_eq!(code(&b.read().await), None, "another day");
}

#[tokio::test]
async fn what_needs_the_user_stops_until_the_user_has_acted() {
    let b = bench(1).await;
    b.service.says(|_, _| (403, Vec::new(), "{}".into()));
    assert_eq!(code(&b.read().await), Some(Code::PermissionDenied));
    assert!(b.schedule().await.stopped);
    assert_eq!(b.acts().await, ["sync_stopped"]);
    b.clock.advance(DAY);
    let looked = b.scheduler.look().await.unwrap();
    b.work().await;
    assert_eq!((looked.spread, b.service.count()), (0, 1), "only the health check comes by itself");
    b.service.says(|query, _| items(query, 3));
    b.store.schedules_resume(&b.connections[0], noon()).await.unwrap();
    b.scheduler.look().await.unwrap();
    b.work().await;
    assert_eq!(b.signals().await, 3);
}

#[tokio::test]
async fn a_refused_key_stops_every_stream_and_says_so_on_the_connection() {
    let b = bench(1).await;
    b.service.says(|_, _| (401, Vec::new(), "{}".into()));
    assert_eq!(code(&b.read().await), Some(Code::AuthInvalid));
    assert_eq!(b.connection().await.state, ConnectionState::Stale);
    let told = b.told.0.lock().unwrap().clone();
    assert!(told.contains(&Event::ConnectionChanged { id: b.connections[0].clone() }));
    b.clock.advance(DAY);
    b.scheduler.look().await.unwrap();
    assert_eq!((b.work().await, b.service.count()), (0, 1), "nothing is asked with a key that is refused");
}

#[tokio::test]
async fn a_service_that_is_down_is_tried_a_few_times_then_more_and_more_rarely_and_heals() {
    let b = bench(1).await;
    b.service.says(|_, _| (500, Vec::new(), "{}".into()));
    let job = b.claimed().await;
    for attempts in 1..5 {
        let tried = patchbay_store::Job { attempts, ..job.clone() };
        let outcome = patchbay_ingest::jobs::Work::perform(&b.poller, &tried).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "try {attempts}: {outcome:?}");
        assert_eq!(b.schedule().await.failures, 0);
    }
    let last = patchbay_store::Job { attempts: 5, ..job.clone() };
    let outcome = patchbay_ingest::jobs::Work::perform(&b.poller, &last).await;
    assert!(matches!(outcome, Outcome::GivenUp(_)), "{outcome:?}");
    let schedule = b.schedule().await;
    assert_eq!((schedule.failures, schedule.next_at), (1, Some(noon() + Duration::from_secs(600))));
    assert_eq!(b.acts().await, ["sync_retried"], "an outage is noted once");
    assert_eq!(b.connection().await.state, ConnectionState::Error);
    // The circuit is open after five: nothing is sent, and the stream waits for its probe.
    let end = patchbay_store::EndedJob { id: job.id, end: patchbay_store::JobEnd::Cancelled, took_ms: 0 };
    b.store.job_turn("backfill", b.store.boot(), 0, vec![end]).await.unwrap();
    let asked = b.service.count();
    let Outcome::Wait { until, problem } = b.read().await else { panic!("it waits") };
    assert_eq!((problem.code(), b.service.count()), (Code::CircuitOpen, asked));
    b.service.says(|query, _| items(query, 4));
    b.clock.advance(Duration::try_from(until.duration_since(noon())).unwrap());
    assert_eq!(code(&b.read().await), None);
    assert_eq!((b.signals().await, b.schedule().await.failures), (4, 0));
    assert_eq!(b.connection().await.state, ConnectionState::Connected);
    assert_eq!(b.acts().await.last().map(String::as_str), Some("sync_recovered"));
}

#[tokio::test]
async fn a_check_that_passes_again_lets_what_failed_be_read_at_once() {
    let b = bench(1).await;
    b.service.says(|_, _| (500, Vec::new(), "{}".into()));
    b.clock.advance(Duration::from_secs(15 * 60));
    // The reads of before are due as well.
    b.scheduler.look().await.unwrap();
    b.work().await;
    let schedule = b.schedule().await;
    assert_eq!(schedule.failures, 0, "the first try of a read is not its last");
    let key = patchbay_ingest::health_key(&b.connections[0]);
    let check = b.store.schedule(&key).await.unwrap().unwrap();
    assert_eq!((check.failures, b.store.health_latest().await.unwrap()[0].ok), (1, false));
    b.store
        .schedule_went(&b.key(), patchbay_store::Went::Badly(Code::ServiceDown.into()), Some(noon() + DAY))
        .await
        .unwrap();
    b.service.says(|query, path| if path == "/api/me" { (200, vec![], "{}".into()) } else { items(query, 2) });
    b.clock.advance(Duration::from_secs(3_600));
    b.scheduler.look().await.unwrap();
    b.work().await;
    assert_eq!(b.schedule().await.next_at, Some(b.now()), "it need not wait for its own time");
}

#[tokio::test]
async fn a_connection_that_was_paused_or_is_gone_is_left_alone() {
    let b = bench(1).await;
    let job = b.claimed().await;
    let mut connection = b.connection().await;
    connection.paused = true;
    b.store.connection_update(&connection).await.unwrap();
    assert_eq!(patchbay_ingest::jobs::Work::perform(&b.poller, &job).await, Outcome::Done(None));
    b.store.connection_delete(&connection.id, true).await.unwrap();
    assert_eq!(patchbay_ingest::jobs::Work::perform(&b.poller, &job).await, Outcome::Done(None));
    assert_eq!(b.service.count(), 0);
}
