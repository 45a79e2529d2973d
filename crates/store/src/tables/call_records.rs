//! Calls as they are written and counted on their connections: all that a commit holds at once, for handing a
//! statement to the connection's thread costs more than the statement.

use std::collections::BTreeMap;

use patchbay_model::Code;
use patchbay_model::latency::Latency;
use serde::Serialize;
use sqlx::SqliteConnection;

use super::calls::{Call, CallKind, Seen};
use super::health_buckets::{half_hour, slots};
use crate::{StoreError, column};

/// A call ready to be written, with what it says of its connection.
#[derive(Debug)]
pub(crate) struct Record {
    call: Call,
    kind: String,
    fails: Option<(String, String)>,
    works: bool,
}

impl Record {
    pub(crate) fn of(call: Call, seen: &Seen) -> Result<Self, StoreError> {
        let kind = column::word("call's kind", &call.kind)?;
        let fails = match seen {
            Seen::Fails { state, problem } => {
                Some((column::word("connection's state", state)?, column::json("connection's error", problem)?))
            }
            Seen::Nothing | Seen::Works => None,
        };
        Ok(Self { call, kind, fails, works: *seen == Seen::Works })
    }

    /// Whether what is written depends on how its connection is: then it is written alone, in its turn.
    pub(crate) fn asks(&self) -> bool {
        self.ends_sign_in().is_some()
    }

    /// The code by which it tells that a sign-in has ended.
    fn ends_sign_in(&self) -> Option<Code> {
        self.call.code.filter(|code| self.fails.is_some() && code.ends_sign_in())
    }
}

#[derive(Serialize)]
struct CallRow<'a> {
    at: i64,
    connection: &'a str,
    operation: &'a str,
    kind: &'a str,
    duration: i64,
    success: bool,
    records: i64,
    code: Option<&'a str>,
    retries: u32,
    bytes: i64,
}

/// A half hour of a connection.
#[derive(Default, Serialize)]
struct Bucket {
    ok: u64,
    failed: u64,
    held: u64,
    limit: u64,
    retries: u64,
    signals: u64,
    latency: BTreeMap<String, u64>,
}

/// What is added to a connection's own row, and how it is from the last call on that said so.
#[derive(Default, Serialize)]
struct Standing<'a> {
    ok: u64,
    failed: u64,
    state: Option<&'a str>,
    problem: Option<&'a str>,
    connected_at: Option<i64>,
}

/// What is written of several calls: one JSON array for each table.
struct Rows {
    calls: String,
    buckets: String,
    operations: String,
    connections: String,
}

impl Rows {
    fn of(records: &[&Record], signals: u64) -> Result<Self, StoreError> {
        let mut calls = Vec::with_capacity(records.len());
        let mut buckets: BTreeMap<_, (Bucket, Latency)> = BTreeMap::new();
        let mut operations: BTreeMap<_, (u64, i64)> = BTreeMap::new();
        let mut connections: BTreeMap<_, Standing<'_>> = BTreeMap::new();
        for (index, Record { call, kind, fails, works }) in records.iter().enumerate() {
            let (connection, at) = (call.connection.as_str(), column::millis(call.at));
            let code = call.code.map(Code::as_str);
            calls.push(CallRow {
                at,
                connection,
                operation: &call.operation,
                kind,
                duration: column::stored(call.duration_ms),
                success: call.success,
                records: column::stored(call.records),
                code,
                retries: call.retries,
                bytes: column::stored(call.bytes),
            });
            let failed = call.code.is_some_and(Code::is_failure);
            let (bucket, latency) = buckets.entry((connection, half_hour(at))).or_default();
            bucket.ok += u64::from(call.success);
            bucket.failed += u64::from(failed);
            bucket.held += u64::from(!call.success && !failed);
            bucket.limit += u64::from(call.code.is_some_and(Code::is_limit));
            bucket.retries += u64::from(call.retries);
            bucket.signals += if index == 0 { signals } else { 0 };
            // A call that was never sent has no time.
            if call.success || call.duration_ms > 0 {
                latency.count(call.duration_ms);
            }
            // An address that somebody read is no operation: there are as many as people can think of.
            let operation = if call.kind == CallKind::Read { "" } else { call.operation.as_str() };
            let place = (connection, half_hour(at), operation, kind.as_str(), code.unwrap_or_default());
            let (n, last_at) = operations.entry(place).or_insert((0, at));
            (*n, *last_at) = (*n + 1, at.max(*last_at));
            let standing = connections.entry(connection).or_default();
            standing.ok += u64::from(call.success);
            standing.failed += u64::from(!call.success);
            match fails {
                Some((state, problem)) => {
                    (standing.state, standing.problem) = (Some(state.as_str()), Some(problem.as_str()));
                }
                None if *works => {
                    (standing.state, standing.problem) = (Some("connected"), None);
                    standing.connected_at = Some(at);
                }
                None => {}
            }
        }
        let buckets: Vec<_> = buckets
            .into_iter()
            .map(|((connection, at), (bucket, latency))| {
                (connection, at, Bucket { latency: slots(&latency), ..bucket })
            })
            .collect();
        let operations: Vec<_> = operations
            .into_iter()
            .map(|((connection, at, operation, kind, code), (n, last))| {
                (connection, at, operation, kind, code, n, last)
            })
            .collect();
        let connections: Vec<_> = connections.into_iter().collect();
        Ok(Self {
            calls: column::json("calls", &calls)?,
            buckets: column::json("calls", &buckets)?,
            operations: column::json("calls", &operations)?,
            connections: column::json("calls", &connections)?,
        })
    }
}

/// Keeps calls and counts them on their connections, within the transaction of what they brought: `signals` that
/// were new, by the first of them.
pub(crate) async fn write(
    tx: &mut SqliteConnection,
    records: &[&Record],
    signals: u64,
) -> Result<(), StoreError> {
    for record in records {
        let Some(code) = record.ends_sign_in() else { continue };
        let (connection, at) = (record.call.connection.as_str(), column::millis(record.call.at));
        let code = code.as_str();
        // Once: what an ended sign-in meets from then on is no news.
        sqlx::query!(
            "INSERT INTO audit (at, action, subject, detail)
             SELECT ?1, 'auth_failed', name, json_object('connection', id, 'operation', ?3, 'code', ?4)
             FROM connections WHERE id = ?2 AND state <> 'stale'",
            at,
            connection,
            record.call.operation,
            code
        )
        .execute(&mut *tx)
        .await?;
    }
    let Rows { calls, buckets, operations, connections } = Rows::of(records, signals)?;
    // A connection that is tested before it is saved has no row to count on.
    sqlx::query!(
        "INSERT INTO calls (at, connection, operation, kind, duration_ms, success, records, code, retries, bytes)
         SELECT value ->> 'at', value ->> 'connection', value ->> 'operation', value ->> 'kind',
             value ->> 'duration', value ->> 'success', value ->> 'records', value ->> 'code',
             value ->> 'retries', value ->> 'bytes'
         FROM json_each(?);
         INSERT INTO health_buckets (connection, at, calls_ok, calls_failed, calls_held, limit_hits, retries,
             signals, latency)
         SELECT value ->> 0, value ->> 1, value ->> '$[2].ok', value ->> '$[2].failed', value ->> '$[2].held',
             value ->> '$[2].limit', value ->> '$[2].retries', value ->> '$[2].signals', value ->> '$[2].latency'
         FROM json_each(?) WHERE true
         ON CONFLICT (connection, at) DO UPDATE SET calls_ok = calls_ok + excluded.calls_ok,
             calls_failed = calls_failed + excluded.calls_failed,
             calls_held = calls_held + excluded.calls_held,
             limit_hits = limit_hits + excluded.limit_hits,
             retries = retries + excluded.retries,
             signals = signals + excluded.signals,
             latency = (SELECT json_group_object(slot, n) FROM (SELECT slot, sum(n) AS n FROM (
                 SELECT key AS slot, value AS n FROM json_each(health_buckets.latency) UNION ALL
                 SELECT key, value FROM json_each(excluded.latency)) GROUP BY slot));
         INSERT INTO health_operations (connection, at, operation, kind, code, n, last_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
         FROM json_each(?) WHERE true
         ON CONFLICT (connection, at, operation, kind, code) DO UPDATE SET n = n + excluded.n,
             last_at = max(last_at, excluded.last_at);
         UPDATE connections SET calls_ok = calls_ok + c.ok, calls_failed = calls_failed + c.failed,
             state = coalesce(c.told, state),
             last_error = CASE WHEN c.told IS NULL THEN last_error ELSE c.problem END,
             last_connected_at = coalesce(c.connected_at, last_connected_at)
         FROM (SELECT value ->> 0 AS id, value ->> '$[1].ok' AS ok, value ->> '$[1].failed' AS failed,
                   value ->> '$[1].state' AS told, value ->> '$[1].problem' AS problem,
                   value ->> '$[1].connected_at' AS connected_at FROM json_each(?)) AS c
         WHERE connections.id = c.id",
        calls,
        buckets,
        operations,
        connections
    )
    .execute(tx)
    .await?;
    Ok(())
}
