//! Clocks that jump, computers that sleep, programs that were closed: nothing is lost, nothing storms, nothing
//! waits longer than an interval.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use patchbay_ingest::{BY_HAND, Defaults, Dice, Scheduler, health_key, sync_job, sync_key};
use patchbay_model::Clock as _;
use patchbay_store::{EndedJob, JobEnd, Merge, Rhythm, Schedule, ScheduleKind};
use serde_json::json;
use tokio::sync::watch;

use crate::bench::{Bench, DAY, MINUTE, One, STREAM, bench, compiled, descriptor, items, noon};

const CONNECTIONS: usize = 30;

impl Bench {
    pub(crate) fn now(&self) -> patchbay_model::Timestamp {
        self.clock.now()
    }

    /// Lets time pass in looks of 15 seconds; gives the requests of each.
    async fn pass(&self, time: Duration) -> Vec<usize> {
        let mut looks = Vec::new();
        for _ in 0..time.as_secs() / 15 {
            let before = self.service.count();
            self.scheduler.look().await.unwrap();
            self.work().await;
            looks.push(self.service.count() - before);
            self.clock.advance(Duration::from_secs(15));
        }
        looks
    }

    async fn syncs(&self) -> Vec<Schedule> {
        let all = self.store.schedules(None).await.unwrap();
        all.into_iter().filter(|schedule| schedule.key.kind == ScheduleKind::Sync).collect()
    }
}

/// Connections that have been polled for a while, apart from one another.
async fn settled() -> Bench {
    let b = bench(CONNECTIONS).await;
    b.service.says(|query, _| items(query, 2));
    b.pass(MINUTE).await;
    let plans = b
        .syncs()
        .await
        .into_iter()
        .enumerate()
        .map(|(n, schedule)| (schedule.key, b.now() + Duration::from_secs(9 * n as u64)));
    b.store.schedules_plan(plans.collect()).await.unwrap();
    let looks = b.pass(5 * MINUTE).await;
    assert_eq!(looks.iter().sum::<usize>(), CONNECTIONS, "each once in its interval");
    b
}

/// An interval has 20 looks; those after it may have begun the next round.
fn once_each(looks: &[usize], what: &str) {
    let interval: usize = looks[..20].iter().sum();
    assert!(interval <= CONNECTIONS * 6 / 5, "{what}: {interval} requests in an interval: {looks:?}");
    assert!(looks.iter().sum::<usize>() >= CONNECTIONS, "{what}: {looks:?}");
}

/// In the next interval each is read once, and never are they many at once.
async fn no_storm_and_no_stall(b: &Bench, what: &str) {
    let looks = b.pass(6 * MINUTE).await;
    once_each(&looks, what);
    let most = looks.iter().max().copied().unwrap();
    assert!(most <= 8, "{what}: {most} requests at once: {looks:?}");
    let minute = looks.windows(4).map(|looks| looks.iter().sum::<usize>()).max().unwrap();
    assert!(minute <= 24, "{what}: {minute} requests in a minute: {looks:?}");
    for schedule in b.syncs().await {
        let late = b.now().duration_since(schedule.last_ok_at.unwrap()).as_secs();
        assert!((0..=390).contains(&late), "{what}: nothing waits longer than an interval ({late} s)");
    }
}

#[tokio::test]
async fn after_a_sleep_each_is_read_once_and_not_all_at_once() {
    let b = settled().await;
    // The monotonic clock stands still in sleep (clock_gettime(2), CLOCK_MONOTONIC).
    b.clock.jump_to(b.now() + Duration::from_secs(8 * 3_600));
    no_storm_and_no_stall(&b, "after a sleep").await;
}

#[tokio::test]
async fn a_clock_that_is_put_forward_by_a_day_is_no_storm() {
    let b = settled().await;
    b.clock.jump_to(b.now() + DAY);
    let looked = b.scheduler.look().await.unwrap();
    assert_eq!(looked.jumped, 86_400, "it is noticed");
    b.work().await;
    no_storm_and_no_stall(&b, "a day forward").await;
}

#[tokio::test]
async fn a_clock_that_is_put_back_by_a_day_is_no_stall() {
    let b = settled().await;
    b.clock.jump_to(b.now() - DAY);
    for schedule in b.syncs().await {
        // For the bar below: reads of the old time count as of now.
        assert!(schedule.last_ok_at.unwrap() > b.now());
    }
    let looks = b.pass(6 * MINUTE).await;
    once_each(&looks, "at once");
    no_storm_and_no_stall(&b, "a day back").await;
}

#[tokio::test]
async fn an_hour_to_and_fro_changes_nothing_much() {
    let b = settled().await;
    for hours in [1_i64, -1, -1, 1] {
        b.clock.jump_to(b.now() + jiff::SignedDuration::from_hours(hours));
        b.pass(6 * MINUTE).await;
        no_storm_and_no_stall(&b, &format!("{hours} hours")).await;
    }
}

#[tokio::test]
async fn a_start_after_days_catches_up_once_and_spread() {
    let b = settled().await;
    b.clock.advance(3 * DAY);
    no_storm_and_no_stall(&b, "closed for three days").await;
}

#[tokio::test]
async fn a_program_that_gets_on_slowly_still_gets_on() {
    let b = settled().await;
    b.clock.advance(DAY);
    let before = b.service.count();
    // Each look comes ten minutes after the one before: whatever was spread is late again.
    for _ in 0..CONNECTIONS {
        b.scheduler.look().await.unwrap();
        b.work().await;
        b.clock.advance(10 * MINUTE);
    }
    assert!(b.service.count() - before >= CONNECTIONS, "{} reads", b.service.count() - before);
}

#[tokio::test]
async fn a_pattern_is_kept_to_by_the_wall_clock_after_it_was_put_back() {
    let b = bench(1).await;
    b.service.says(|query, _| items(query, 2));
    let nine = Rhythm { cron: Some("0 9 * * *".into()), zone: None, every_seconds: None };
    let tomorrow: patchbay_model::Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
    b.store.schedule_set(&b.key(), nine, false, tomorrow).await.unwrap();
    b.clock.jump_to(noon() - Duration::from_secs(3_600));
    b.scheduler.look().await.unwrap();
    let next = b.schedule().await.next_at.unwrap();
    assert!((0..=10).contains(&next.duration_since(tomorrow).as_secs()), "{next}");
    // Missed while the program was closed: done once, not once for each day.
    b.clock.jump_to(tomorrow + 5 * DAY);
    let before = b.service.count();
    for _ in 0..10 {
        b.scheduler.look().await.unwrap();
        b.work().await;
        b.clock.advance(MINUTE);
    }
    assert_eq!(b.service.count() - before, 1);
}

#[tokio::test]
async fn what_the_connector_no_longer_has_is_no_longer_planned() {
    let b = bench(1).await;
    let mut gone = b.key();
    gone.stream = "gone".into();
    b.store.schedule_add(&gone, noon()).await.unwrap();
    b.scheduler.reconcile().await.unwrap();
    assert_eq!(b.store.schedule(&gone).await.unwrap(), None);
    assert_eq!(b.store.schedules(None).await.unwrap().len(), 2, "the stream and the health check");
}

#[tokio::test]
async fn only_streams_whose_permission_was_granted_are_read() {
    let b = bench(1).await;
    let mut definition = descriptor();
    definition["auth"] = json!([{"method": "oauth2", "id": "oauth", "label": "Sign in",
        "client": {"type": "public", "id": "c"}, "scopes": {"known": [
            {"name": "items", "label": "Items"}, {"name": "people", "label": "People"}]}}]);
    let stream = definition["streams"][0].clone();
    let with = |id: &str, scopes: &[&str]| {
        let mut stream = stream.clone();
        (stream["id"], stream["scopes"]) = (json!(id), json!(scopes));
        stream
    };
    definition["streams"] = json!([with(STREAM, &["items"]), with("people", &["people"]), with("free", &[])]);
    let connectors = Arc::new(One(compiled(definition)));
    let defaults = watch::Sender::new(Defaults::default()).subscribe();
    let scheduler = Scheduler::new(b.store.clone(), connectors, b.clock.clone(), Dice::with(|| 0.5), defaults);
    let mut connection = b.connection().await;
    connection.auth_method = Some("oauth".into());
    let asked = async |granted: &[&str]| {
        let mut connection = connection.clone();
        connection.scopes = granted.iter().map(|&name| name.to_owned()).collect();
        b.store.connection_update(&connection).await.unwrap();
        scheduler.reconcile().await.unwrap();
        let mut streams = BTreeSet::new();
        for _ in 0..40 {
            scheduler.look().await.unwrap();
            for queue in ["backfill", "delta"] {
                for job in b.store.job_claim(queue, b.store.boot(), 100).await.unwrap() {
                    streams.extend(job.stream.clone());
                    let end = EndedJob { id: job.id, end: JobEnd::Done(None), took_ms: 1 };
                    b.store.job_turn(&job.queue, b.store.boot(), 0, vec![end]).await.unwrap();
                }
            }
            b.clock.advance(Duration::from_secs(15));
        }
        streams.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(asked(&["items"]).await, ["free", STREAM]);
    assert_eq!(asked(&["items", "people"]).await, ["free", STREAM, "people"], "signed in again with more");
    let own = Rhythm { every_seconds: Some(60), ..Rhythm::default() };
    let people = sync_key(&connection.id, "people");
    let key = b.key();
    b.store.schedule_set(&key, own.clone(), false, b.now()).await.unwrap();
    assert_eq!(asked(&["people"]).await, ["free", "people"], "and with less");
    assert_eq!(b.schedule().await.rhythm, own, "what was set stays for the day it is granted again");
    assert!(b.store.schedule(&people).await.unwrap().is_some());
}

#[tokio::test]
async fn plans_outlive_the_program() {
    let b = bench(2).await;
    b.service.says(|query, _| items(query, 2));
    b.pass(MINUTE).await;
    let plans = b.store.schedules(None).await.unwrap();
    let (store, _dir) = b.reopened().await;
    assert_eq!(store.schedules(None).await.unwrap(), plans);
}

#[tokio::test]
async fn what_is_paused_as_a_whole_is_read_once_and_spread_when_it_goes_on() {
    let b = settled().await;
    let pause = |paused: bool| {
        b.defaults.send_modify(|defaults| defaults.sync_paused = paused);
    };
    pause(true);
    let looks = b.pass(60 * MINUTE).await;
    assert_eq!(looks.iter().sum::<usize>(), 0, "{looks:?}");
    pause(false);
    no_storm_and_no_stall(&b, "after a pause of an hour").await;
}

#[tokio::test]
async fn what_a_delivery_asks_for_waits_for_the_end_of_a_pause_and_a_person_does_not() {
    let b = bench(1).await;
    b.service.says(|query, _| items(query, 2));
    b.pass(MINUTE).await;
    let ask = async |priority: i32| {
        let schedule = b.syncs().await.remove(0);
        b.store.job_enqueue_unique(sync_job(&schedule, b.now(), priority, Merge::Sooner, 1)).await.unwrap();
        let before = b.service.count();
        b.work().await;
        b.service.count() - before
    };
    assert_eq!(ask(0).await, 1, "usually it is read soon");
    b.defaults.send_modify(|defaults| defaults.sync_paused = true);
    let plans = b.syncs().await.iter().map(|one| (one.key.clone(), b.now() + DAY)).collect();
    b.store.schedules_plan(plans).await.unwrap();
    assert_eq!(ask(0).await, 0);
    assert_eq!(b.pass(MINUTE).await.iter().sum::<usize>(), 0);
    assert_eq!(ask(BY_HAND).await, 1);
    assert_eq!(ask(0).await, 0);
    b.defaults.send_modify(|defaults| defaults.sync_paused = false);
    assert_eq!(b.pass(MINUTE).await.iter().sum::<usize>(), 1, "not a day later");
}

#[tokio::test]
async fn however_many_streams_wait_for_the_end_of_a_pause_connections_are_checked() {
    let b = bench(1).await;
    b.pass(MINUTE).await;
    for number in 0..1_100 {
        b.store.schedule_add(&sync_key(&b.connections[0], &format!("s{number}")), noon()).await.unwrap();
    }
    let checked = async || b.store.schedule(&health_key(&b.connections[0])).await.unwrap().unwrap().last_at;
    b.defaults.send_modify(|defaults| defaults.sync_paused = true);
    for _ in 0..3 {
        b.clock.advance(Duration::from_secs(3_600));
        let before = checked().await;
        b.scheduler.look().await.unwrap();
        b.work().await;
        assert!(checked().await > before);
    }
}
