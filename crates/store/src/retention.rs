//! What is not kept for ever: payloads, figures and ended runs go after a while, so that a thief of an
//! old disk or copy finds little, and a database stops growing.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::{RunRoom, Store, StoreError};

/// How often it is done.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// What keeps anything from being done twice is known at least so long, however soon the rest goes.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Rows in one transaction: other writes wait no longer than for these.
const ROWS: u32 = 500;

/// What went, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Signals whose payload was forgotten; they themselves stay.
    pub payloads: u64,
    /// Items in quarantine.
    pub quarantined: u64,
    /// Deliveries that ended.
    pub deliveries: u64,
    /// Kept answers of services.
    pub answers: u64,
    /// Calls, health samples, sign-ins, handled trigger events and what became of them.
    pub figures: u64,
    /// Ended runs with their journals.
    pub runs: u64,
}

impl Store {
    /// Forgets what connections do not keep, whenever it is called: some keep nothing, and all of them
    /// together no more than the user gave them room for. Says of how many signals.
    pub async fn retain_payloads(&self, keep: Duration) -> Result<u64, StoreError> {
        let Ok(before) = self.now().checked_sub(keep) else { return Ok(0) };
        let old = all(ROWS, |most| self.signals_forget_raw(before, most).boxed()).await?;
        let room = self.settings(None).await?.get("keepBytes").and_then(serde_json::Value::as_u64);
        let Some(room) = room else { return Ok(old) };
        Ok(old + all(ROWS, |most| self.signals_forget_beyond(room, most).boxed()).await?)
    }

    /// Forgets what is older than `keep`, and the ended runs that there is no `room` for, the first ones; in small
    /// transactions. Does nothing, and gives none, where
    /// that came to its end within the last day. One that is cut off goes on at the next call.
    pub async fn retain(&self, keep: Duration, room: RunRoom) -> Result<Option<Retained>, StoreError> {
        let now = self.now();
        if let Some(last) = self.retained_at().await?
            && (last..last.checked_add(EVERY).unwrap_or(last)).contains(&now)
        {
            return Ok(None);
        }
        let (Ok(before), Ok(known)) = (now.checked_sub(keep), now.checked_sub(keep.max(KNOWN))) else {
            return Ok(None);
        };
        // What the audit trail does not hold yet would go with the figures.
        self.audit_calls().await?;
        let gone = Retained {
            payloads: self.retain_payloads(keep).await?,
            quarantined: all(ROWS, |most| self.quarantine_prune(before, most).boxed()).await?,
            deliveries: all(ROWS, |most| self.inbox_prune(known, most).boxed()).await?,
            answers: all(ROWS, |most| self.answers_prune(before, most).boxed()).await?,
            figures: all(ROWS, |most| self.calls_prune(before, most).boxed()).await?
                + all(ROWS, |most| self.health_prune(before, most).boxed()).await?
                + all(ROWS, |most| self.health_buckets_prune(before, most).boxed()).await?
                + all(ROWS, |most| self.health_operations_prune(before, most).boxed()).await?
                + all(ROWS, |most| self.step_calls_prune(before, most).boxed()).await?
                + all(ROWS, |most| self.health_changes_prune(before, most).boxed()).await?
                + all(ROWS, |most| self.sign_ins_prune(before, most).boxed()).await?
                + all(ROWS, |most| self.triggers_prune(known, most).boxed()).await?
                + all(ROWS, |most| self.firings_prune(known, most).boxed()).await?
                + all(ROWS, |most| self.effects_prune(known, most).boxed()).await?,
            runs: self.runs_prune(before).await? + self.runs_prune_beyond(room).await?,
        };
        self.set_retained_at(now).await?;
        Ok(Some(gone))
    }
}

/// Batch after batch, until one is not full.
async fn all<'s>(
    most: u32,
    batch: impl Fn(u32) -> BoxFuture<'s, Result<u64, StoreError>>,
) -> Result<u64, StoreError> {
    let mut sum = 0;
    loop {
        let gone = batch(most).await?;
        sum += gone;
        if gone < u64::from(most) {
            return Ok(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::{Code, ConnectorId, Problem, RunState, SignInId};
    use serde_json::{Value, json};

    use super::*;
    use crate::fixture::{self, Fixture, connection, fixture, opened, signal};
    use crate::{
        Call, CallKind, Came, DeliveryResult, DeliveryState, HealthSample, NewDelivery, NewTrigger, PageCommit,
        Quarantined, Seen,
    };

    const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    const ROOM: RunRoom = RunRoom { runs: 10, bytes: 1 << 30 };

    /// One of everything, `calls` calls among it; gives the run.
    async fn fill(f: &Fixture, name: &str, calls: u32) -> patchbay_model::RunId {
        let made = connection(name);
        let id = made.id.clone();
        f.store.connection_insert(&made, None).await.unwrap();
        let at = f.store.now();
        let signals = [signal(&id, "1", "1"), signal(&id, "2", "1")];
        let odd = Quarantined {
            external_id: Some("3".into()),
            problem: Problem::new(Code::SchemaMismatch),
            raw: json!({"id": 3}),
        };
        let page = PageCommit {
            connection: &id,
            stream: "issues",
            signals: &signals,
            quarantined: &[odd],
            checkpoint: None,
            call: None,
            came: Came::Asked,
        };
        f.store.page_commit(page).await.unwrap();
        let call = Call {
            at,
            connection: id.clone(),
            operation: "issues".into(),
            kind: CallKind::Sync,
            duration_ms: 1,
            success: true,
            records: 1,
            code: None,
            retries: 0,
            bytes: 1,
        };
        let calls = (0..calls).map(|_| f.store.call_record(call.clone(), Seen::Nothing));
        futures_util::future::try_join_all(calls).await.unwrap();
        let sample = HealthSample { connection: id.clone(), at, ok: true, latency_ms: Some(1), code: None };
        f.store.health_sample(sample).await.unwrap();
        let attempt = SignInId::new(format!("sign-in-{name}"));
        f.store.sign_in_begun(&attempt, &ConnectorId::new("tracker")).await.unwrap();
        f.store.sign_in_ended(&attempt, None).await.unwrap();
        let event =
            NewTrigger { kind: "webhook".into(), subject: "s".into(), key: name.into(), payload: Value::Null };
        f.store.trigger_record(event, None).await.unwrap();
        let open = f.store.triggers_open(10).await.unwrap();
        f.store.trigger_handled(open[0].id).await.unwrap();
        let delivery = NewDelivery {
            connection: id.clone(),
            delivery: name.into(),
            received_at: at,
            headers: Value::Null,
            content_type: "application/json".into(),
            body: Vec::new(),
        };
        f.store.inbox_keep(delivery).await.unwrap();
        let waiting = f.store.inbox_waiting(10).await.unwrap();
        let done = DeliveryResult {
            id: waiting[0].id,
            connection: &id,
            state: DeliveryState::Ignored,
            result: Value::Null,
            stream: None,
            signals: &[],
            quarantined: &[],
            read: None,
            event: None,
        };
        f.store.inbox_finish(done).await.unwrap();
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        f.store.journal_append(&run.id, vec![opened(1)], RunState::Done).await.unwrap();
        run.id
    }

    #[tokio::test]
    async fn what_is_old_goes_in_small_transactions_and_the_rest_stays() {
        let f = fixture().await;
        let old = fill(&f, "old", 1_200).await;
        let mut open = fixture::run();
        open.state = RunState::NeedsYou;
        f.store.run_insert(&open).await.unwrap();
        f.clock.advance(KEEP + Duration::from_secs(60));
        let young = fill(&f, "young", 3).await;

        let before = f.store.writer_counts();
        let gone = f.store.retain(KEEP, ROOM).await.unwrap();
        assert_eq!(
            gone,
            Some(Retained { payloads: 2, quarantined: 1, deliveries: 1, answers: 0, figures: 1_205, runs: 1 })
        );
        let commits = f.store.writer_counts().commits - before.commits;
        assert!(commits >= 9, "1,200 calls take three transactions of the {commits}, others one each");

        let signals = f.store.signal_list(None, 10).await.unwrap();
        let kept = |s: &patchbay_model::Signal| !s.raw.is_null();
        assert_eq!((signals.len(), signals.iter().filter(|s| kept(s)).count()), (4, 2), "signals stay");
        assert!(signals.iter().all(|s| s.summary.starts_with("Issue ")));
        assert!(f.store.run(&old).await.unwrap().is_none());
        let rate = f.store.sign_in_rate().await.unwrap();
        assert_eq!((rate.ended, rate.worked), (1, 1), "the sign-in of before went with the other figures");
        for id in [&young, &open.id] {
            assert!(f.store.run(id).await.unwrap().is_some(), "neither young runs nor open ones");
        }
    }

    #[tokio::test]
    async fn it_is_done_once_a_day_even_where_the_clock_went_back() {
        let f = fixture().await;
        assert_eq!(f.store.retain(KEEP, ROOM).await.unwrap(), Some(Retained::default()));
        assert_eq!(f.store.retain(KEEP, ROOM).await.unwrap(), None);
        f.clock.advance(EVERY);
        assert_eq!(f.store.retain(KEEP, ROOM).await.unwrap(), Some(Retained::default()));
        f.clock.jump_to(fixture::noon());
        assert_eq!(f.store.retain(KEEP, ROOM).await.unwrap(), Some(Retained::default()));
    }

    #[tokio::test]
    async fn each_connection_keeps_payloads_as_long_as_it_was_told_to() {
        let f = fixture().await;
        let mut ids = Vec::new();
        for (name, keep) in
            [("usual", Value::Null), ("all", json!("all")), ("week", json!(7)), ("nothing", json!("nothing"))]
        {
            let connection = connection(name);
            f.store.connection_insert(&connection, None).await.unwrap();
            f.store.settings_set(Some(&connection.id), [("keep".to_owned(), keep)].into()).await.unwrap();
            let signals = [signal(&connection.id, "1", "1")];
            let page = PageCommit {
                connection: &connection.id,
                stream: "issues",
                signals: &signals,
                quarantined: &[],
                checkpoint: None,
                call: None,
                came: Came::Asked,
            };
            f.store.page_commit(page).await.unwrap();
            ids.push(connection.id);
        }
        let kept = async || {
            let mut kept = Vec::new();
            for id in &ids {
                kept.push(!f.store.signal_list(Some(id), 1).await.unwrap()[0].raw.is_null());
            }
            kept
        };
        let day = Duration::from_secs(24 * 60 * 60);
        for (advance, wanted) in [
            (Duration::ZERO, [true, true, true, false]),
            (day * 8, [true, true, false, false]),
            (day * 23, [false, true, false, false]),
        ] {
            f.clock.advance(advance);
            f.store.retain_payloads(day * 30).await.unwrap();
            assert_eq!(kept().await, wanted, "{advance:?}");
        }
        // Room for less than there is: what came first goes.
        f.store.settings_set(None, [("keepBytes".to_owned(), json!(1))].into()).await.unwrap();
        assert_eq!(f.store.retain_payloads(day * 30).await.unwrap(), 1);
        assert_eq!(kept().await, [false; 4]);
    }
}
