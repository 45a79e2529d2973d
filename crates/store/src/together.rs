//! What operations of one commit have in common is handed to the connection's thread once: the facts that several
//! runs add, and the calls that are counted. Where they are refused together, each is tried alone, so that one takes
//! no other with it.

use patchbay_model::RunId;
use tokio::sync::oneshot;

use crate::StoreError;
use crate::tables::append::{self, Append};
use crate::tables::call_records::{self, Record};
use crate::tables::journal::TOGETHER;
use crate::writer::{Shape, Transaction};

/// What a run adds to its journal, and who is told the number of its last fact.
pub(crate) struct Appending {
    append: Append,
    result: Option<Result<i64, StoreError>>,
    reply: oneshot::Sender<Result<i64, StoreError>>,
}

impl Appending {
    pub(crate) fn new(append: Append, reply: oneshot::Sender<Result<i64, StoreError>>) -> Self {
        Self { append, result: None, reply }
    }

    /// The run whose journal it is.
    fn run(&self) -> &RunId {
        self.append.run()
    }

    /// Passes the result on, or the reason why the transaction failed.
    pub(crate) fn answer(self, committed: Result<(), StoreError>) {
        let result = match (self.result, committed) {
            // Its own error says more than the transaction's.
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(error),
            (Some(Ok(last)), Ok(())) => Ok(last),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // The caller may have stopped waiting.
        if let Err(Err(error)) = self.reply.send(result) {
            tracing::warn!(%error, "what nobody waits for could not be written");
        }
    }
}

/// A call to be kept and counted, for which nobody waits.
pub(crate) struct Calling {
    record: Record,
    result: Result<(), StoreError>,
}

impl Calling {
    pub(crate) fn new(record: Record) -> Self {
        Self { record, result: Ok(()) }
    }

    /// Says where it could not be written.
    pub(crate) fn answer(self, committed: Result<(), StoreError>) {
        if let Err(error) = self.result.and(committed) {
            tracing::warn!(%error, "a call could not be counted");
        }
    }
}

/// What is collected until something must not pass it.
#[derive(Default)]
pub(crate) struct Together<'b> {
    appends: Vec<&'b mut Appending>,
    /// Bytes of their facts.
    bytes: usize,
    calls: Vec<&'b mut Calling>,
}

impl<'b> Together<'b> {
    /// Whether what is collected may be written behind an operation of this shape.
    pub(crate) fn spares(&self, shape: &Shape) -> bool {
        match shape {
            Shape::SingleOf(run) => !self.appends(run),
            Shape::Single | Shape::Several => self.appends.is_empty() && self.calls.is_empty(),
        }
    }

    /// Whether it adds to the journal of this run.
    fn appends(&self, run: &RunId) -> bool {
        self.appends.iter().any(|appending| appending.run() == run)
    }

    /// Whether what a run adds can be written together with what is collected.
    pub(crate) fn takes(&self, appending: &Appending) -> bool {
        let fits = self.bytes + appending.append.bytes() <= TOGETHER;
        self.appends.is_empty() || (fits && !self.appends(appending.run()))
    }

    /// Collects what a run adds.
    pub(crate) fn add_append(&mut self, appending: &'b mut Appending) {
        self.bytes += appending.append.bytes();
        self.appends.push(appending);
    }

    /// Collects a call.
    pub(crate) fn add_call(&mut self, calling: &'b mut Calling) {
        self.calls.push(calling);
    }

    /// Writes what is collected.
    pub(crate) async fn write(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        self.bytes = 0;
        let mut appends = std::mem::take(&mut self.appends);
        if !append(transaction, &mut appends).await? {
            for alone in &mut appends {
                append(transaction, std::slice::from_mut(alone)).await?;
            }
        }
        let mut calls = std::mem::take(&mut self.calls);
        // One that ends a sign-in asks how its connection is before it.
        for same in calls.chunk_by_mut(|a, b| !a.record.asks() && !b.record.asks()) {
            if !count(transaction, same).await? {
                for alone in same {
                    count(transaction, std::slice::from_mut(alone)).await?;
                }
            }
        }
        Ok(())
    }
}

/// Writes what runs add. False where several were refused together: nothing of them was done.
async fn append(transaction: &mut Transaction<'_>, appends: &mut [&mut Appending]) -> Result<bool, StoreError> {
    if appends.is_empty() {
        return Ok(true);
    }
    transaction.begin(true).await?;
    let rows: Vec<&Append> = appends.iter().map(|appending| &appending.append).collect();
    let written = append::write(transaction.connection, &rows).await;
    let error = match written {
        Ok(last) => match last.iter().position(Option::is_none) {
            None => {
                for (appending, last) in appends.iter_mut().zip(last) {
                    appending.result = last.map(Ok);
                }
                return Ok(true);
            }
            Some(missing) => append::missing(rows[missing].run()),
        },
        Err(error) if error.leaves_connection_usable() => error,
        Err(error) => return Err(error),
    };
    transaction.take_back().await?;
    if let [alone] = appends {
        alone.result = Some(Err(error));
        return Ok(true);
    }
    Ok(false)
}

/// Keeps and counts calls. False where several were refused together: nothing of them was done.
async fn count(transaction: &mut Transaction<'_>, calls: &mut [&mut Calling]) -> Result<bool, StoreError> {
    if calls.is_empty() {
        return Ok(true);
    }
    transaction.begin(true).await?;
    let rows: Vec<&Record> = calls.iter().map(|calling| &calling.record).collect();
    match call_records::write(transaction.connection, &rows, 0).await {
        Ok(()) => return Ok(true),
        Err(error) if error.leaves_connection_usable() => {
            transaction.take_back().await?;
            if let [alone] = calls {
                alone.result = Err(error);
                return Ok(true);
            }
        }
        Err(error) => return Err(error),
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::{join, join_all};
    use patchbay_model::{BootId, Code, ConnectionId, ConnectionState, Problem, RunState, StepId};
    use serde_json::json;
    use sqlx::Row as _;

    use super::*;
    use crate::fixture::{self, Fixture, fixture, held, noon, opened, release};
    use crate::{Also, Call, CallKind, NewTrigger, OwnEffect, Seen, StepCall, Store};

    /// Every row of these tables, as text.
    async fn rows(store: &Store, tables: &[(&str, &str)]) -> Vec<String> {
        let mut all = Vec::new();
        for (table, columns) in tables {
            let sql = format!("SELECT json_array({columns}) FROM {table}");
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(store.readers()).await.unwrap();
            let mut rows: Vec<String> = rows.iter().map(|row| row.get::<String, _>(0)).collect();
            rows.sort();
            assert!(!rows.is_empty(), "{table}");
            all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
        }
        all
    }

    /// What one of several calls was, with all outcomes among them, in no order of time.
    fn call(connection: &ConnectionId, n: u32) -> (Call, Seen) {
        let kinds = [CallKind::Operation, CallKind::Read];
        let codes = [None, None, Some(Code::RateLimited), Some(Code::ServiceDown), Some(Code::AuthRevoked)];
        // Spread, so that what is chosen by one remainder says nothing of another.
        let any = |salt: u32| (n + 1).wrapping_mul(0x9E37_79B1).rotate_left(salt) >> 8;
        let code = codes[any(3) as usize % codes.len()];
        let seen = match (code, any(7) % 4) {
            (None, 0 | 1) => Seen::Works,
            (Some(code), 1..) => Seen::Fails {
                state: if code.ends_sign_in() { ConnectionState::Stale } else { ConnectionState::Error },
                problem: Problem::new(code).with("tool", n.to_string()),
            },
            _ => Seen::Nothing,
        };
        let call = Call {
            at: noon() + Duration::from_secs(u64::from(any(11) % 6) * 500),
            connection: connection.clone(),
            operation: format!("issues{}", any(13) % 2),
            kind: kinds[any(17) as usize % kinds.len()],
            duration_ms: if code == Some(Code::RateLimited) { 0 } else { u64::from(n) * 3 + 1 },
            success: code.is_none(),
            records: u64::from(n),
            code,
            retries: n % 4,
            bytes: u64::from(n) * 1_000,
        };
        (call, seen)
    }

    #[tokio::test]
    async fn calls_of_one_commit_count_as_those_of_many_do() {
        let (alone, together) = (fixture().await, fixture().await);
        let connections = [fixture::connection("a"), fixture::connection("b")];
        for f in [&alone, &together] {
            for connection in &connections {
                f.store.connection_insert(connection, None).await.unwrap();
            }
        }
        // The third is not there any more.
        let gone = fixture::connection("c");
        let all: Vec<_> = (0..240)
            .map(|n| call([&connections[0].id, &connections[1].id, &gone.id][n as usize % 3], n))
            .collect();
        for (call, seen) in &all {
            alone.store.call_record(call.clone(), seen.clone()).await.unwrap();
        }
        let before = together.store.writer_counts();
        let go = held(&together.store).await;
        for (call, seen) in &all {
            together.store.call_queue(call.clone(), seen).unwrap();
        }
        release(go).await;
        together.store.settled().await.unwrap();
        assert!(together.store.writer_counts().commits <= before.commits + 3, "they share a commit");
        let tables = [
            ("calls", "at, connection, operation, kind, duration_ms, success, records, code, retries, bytes"),
            ("health_operations", "connection, at, operation, kind, code, n, last_at"),
            ("connections", "id, calls_ok, calls_failed, state, last_error, last_connected_at"),
            ("audit", "at, action, subject, detail"),
            (
                "health_buckets",
                "connection, at, calls_ok, calls_failed, calls_held, limit_hits, retries, signals,
                 (SELECT group_concat(key || value) FROM (SELECT * FROM json_each(latency) ORDER BY key))",
            ),
        ];
        assert_eq!(rows(&together.store, &tables).await, rows(&alone.store, &tables).await);
        for connection in &connections {
            let worked =
                |(call, seen): &&(Call, Seen)| call.connection == connection.id && *seen == Seen::Works;
            let last = all.iter().rfind(worked).map(|(call, _)| call.at);
            let kept = together.store.connection(&connection.id).await.unwrap().unwrap();
            assert_eq!(kept.last_connected_at, last);
        }
    }

    /// What a run adds in its `n`th turn.
    async fn add(store: &Store, run: &patchbay_model::Run, n: u32) -> Result<Vec<u64>, StoreError> {
        let connection = ConnectionId::from("c");
        let calls = (0..n % 3).map(|call| StepCall {
            connection: connection.clone(),
            step: StepId::from(["read", "tell"][call as usize % 2]),
            code: [None, Some(Code::ServiceDown), Some(Code::RateLimited)][(n + call) as usize % 3],
            took_ms: u64::from(n * 40 + call),
            bytes: 10,
            again: call == 1,
        });
        let ends = n % 4 == 3;
        let also = Also {
            effects: n % 2,
            calls: calls.collect(),
            made: (0..n % 2)
                .map(|_| OwnEffect {
                    connection: connection.clone(),
                    external_id: format!("made \"{n}\""),
                    path: vec![run.chain_id.clone()],
                })
                .collect(),
            ended: ends.then(|| NewTrigger {
                kind: "chain".into(),
                subject: run.chain_id.to_string(),
                key: format!("{}/{n}", run.id),
                payload: json!({"n": n}),
            }),
            ..Also::default()
        };
        let state = if ends { RunState::Done } else { RunState::Running };
        let facts = (0..n % 5).map(opened).collect();
        let entries = store.journal_commit(&run.id, facts, state, Some((&run.chain_id, also))).await?;
        Ok(entries.into_iter().map(|entry| entry.seq).collect())
    }

    #[tokio::test]
    async fn runs_of_one_commit_add_what_runs_of_many_do() {
        let (alone, together) = (fixture().await, fixture().await);
        let mut runs: Vec<_> = (0..6).map(|_| fixture::run()).collect();
        let shared = runs[0].chain_id.clone();
        runs.iter_mut().skip(3).for_each(|run| run.chain_id = shared.clone());
        for f in [&alone, &together] {
            fixture::waiting_chain(&f.store, "After", json!({"type": "chain", "chain": shared})).await;
            for run in &runs[1..] {
                f.store.run_insert(run).await.unwrap();
            }
        }
        // The first run is not there; each of the others comes several times.
        let turns: Vec<_> = (0..48).map(|n| (&runs[n as usize % 6], n / 2)).collect();
        let mut one_by_one = Vec::new();
        for (run, n) in &turns {
            one_by_one.push(add(&alone.store, run, *n).await.ok());
        }
        let before = together.store.writer_counts();
        let go = held(&together.store).await;
        let adding = join_all(turns.iter().map(|(run, n)| add(&together.store, run, *n)));
        let (at_once, ()) = join(adding, release(go)).await;
        assert!(together.store.writer_counts().commits <= before.commits + 2, "they share a commit");
        assert_eq!(at_once.into_iter().map(Result::ok).collect::<Vec<_>>(), one_by_one);
        assert_eq!(one_by_one.iter().filter(|added| added.is_none()).count(), 8);
        let tables = [
            ("runs", "id, state, final, finished_at"),
            ("journal", "run, seq, at, fact"),
            ("effect_days", "chain, day, effects"),
            ("own_effects", "connection, external_id, run, path, at"),
            ("trigger_events", "kind, subject, key, payload, at"),
            (
                "step_calls",
                "connection, at, chain, step, ok, failed, held, retries, bytes,
                 (SELECT group_concat(key || value) FROM (SELECT * FROM json_each(latency) ORDER BY key))",
            ),
        ];
        assert_eq!(rows(&together.store, &tables).await, rows(&alone.store, &tables).await);
    }

    async fn claimed(f: &Fixture, run: &RunId) -> bool {
        f.store.run_claim(run, &BootId::generate()).await.unwrap()
    }

    #[tokio::test]
    async fn what_concerns_one_run_keeps_its_order() {
        let f = fixture().await;
        let (ends, goes_on, new) = (fixture::run(), fixture::run(), fixture::run());
        for run in [&ends, &goes_on] {
            f.store.run_insert(run).await.unwrap();
        }
        let go = held(&f.store).await;
        let end = f.store.journal_append(&ends.id, vec![opened(1)], RunState::Done);
        let on = f.store.journal_append(&goes_on.id, vec![opened(1)], RunState::Running);
        let wishes = join(join(end, on), join(claimed(&f, &ends.id), claimed(&f, &goes_on.id)));
        let begins =
            join(f.store.run_insert(&new), f.store.journal_append(&new.id, vec![opened(2)], RunState::Done));
        let (((ended, (late, taken)), (inserted, added)), ()) = join(join(wishes, begins), release(go)).await;
        assert!(ended.0.is_ok() && ended.1.is_ok());
        assert!(!late, "it had ended");
        assert!(taken);
        inserted.unwrap();
        added.unwrap();
        // The later of two states stays, whichever it is.
        for (first, then) in [(RunState::Paused, RunState::Running), (RunState::Running, RunState::Paused)] {
            let go = held(&f.store).await;
            let states = join(
                f.store.journal_append(&goes_on.id, vec![], first),
                f.store.journal_append(&goes_on.id, vec![], then),
            );
            let ((earlier, later), ()) = join(states, release(go)).await;
            assert!(earlier.is_ok() && later.is_ok());
            assert_eq!(f.store.run(&goes_on.id).await.unwrap().unwrap().state, then);
        }
        // What reads all runs sees what was added before it.
        let go = held(&f.store).await;
        let end = f.store.journal_append(&goes_on.id, vec![], RunState::Done);
        let ((ended, deleted), ()) = join(join(end, f.store.run_delete(&goes_on.id)), release(go)).await;
        ended.unwrap();
        assert!(deleted.unwrap());
    }
}
