//! Facts that runs add to their journals, and what follows from them, as it is written: of all runs that a commit
//! holds at once. Handing a statement to the connection's thread costs more than the statement, and what many
//! runs count on the same row is counted there once.

use std::collections::BTreeMap;

use patchbay_model::latency::Latency;
use patchbay_model::{ChainId, Code, RunId, RunState, Timestamp};
use serde::Serialize;
use sqlx::SqliteConnection;

use super::effects::{OwnEffect, day};
use super::health_buckets::{half_hour, slots};
use super::runs;
use super::step_calls::StepCall;
use super::triggers::NewTrigger;
use crate::{StoreError, column};

/// What one run adds: facts with the state that follows from them, and what is counted and told because of them.
#[derive(Debug)]
pub(crate) struct Append {
    run: RunId,
    state: RunState,
    at: Timestamp,
    texts: Vec<String>,
    follows: Option<Follows>,
}

/// What follows from facts in tables that other runs write in as well.
#[derive(Debug)]
pub(super) struct Follows {
    /// The run's chain.
    pub(super) chain: ChainId,
    /// Effects that count against the chain's day.
    pub(super) effects: u32,
    /// Calls that ended.
    pub(super) calls: Vec<StepCall>,
    /// What effects made.
    pub(super) made: Vec<OwnEffect>,
    /// Told to chains that wait for the end of this one.
    pub(super) ended: Option<NewTrigger>,
}

impl Append {
    pub(super) fn new(run: &RunId, state: RunState, at: Timestamp, texts: Vec<String>) -> Self {
        Self { run: run.clone(), state, at, texts, follows: None }
    }

    pub(super) fn with(self, follows: Option<Follows>) -> Self {
        Self { follows, ..self }
    }

    /// Bytes of its facts.
    pub(crate) fn bytes(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }

    /// The run whose journal it is.
    pub(crate) fn run(&self) -> &RunId {
        &self.run
    }
}

#[derive(Serialize)]
struct Head<'a> {
    run: &'a str,
    state: &'a str,
    ends: bool,
    at: i64,
}

#[derive(Serialize)]
struct Facts<'a> {
    run: &'a str,
    at: i64,
    texts: &'a [String],
}

/// The calls of a step through a connection in a half hour.
#[derive(Default, Serialize)]
struct Counted {
    ok: u64,
    failed: u64,
    held: u64,
    retries: u64,
    bytes: u64,
    latency: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct StepRow<'a> {
    connection: &'a str,
    at: i64,
    chain: &'a str,
    step: &'a str,
    #[serde(flatten)]
    counted: Counted,
}

#[derive(Serialize)]
struct MadeRow<'a> {
    connection: &'a str,
    id: &'a str,
    run: &'a str,
    path: String,
    at: i64,
}

#[derive(Serialize)]
struct EndRow<'a> {
    kind: &'a str,
    subject: &'a str,
    key: &'a str,
    payload: String,
    at: i64,
}

/// What is written of several appends: one JSON array for each table.
struct Rows {
    heads: String,
    facts: String,
    days: String,
    steps: String,
    made: String,
    ended: String,
}

impl Rows {
    fn of(appends: &[&Append]) -> Result<Self, StoreError> {
        let heads: Vec<_> = appends
            .iter()
            .map(|a| Head {
                run: a.run.as_str(),
                state: a.state.as_str(),
                ends: a.state.is_final(),
                at: column::millis(a.at),
            })
            .collect();
        let facts: Vec<_> = appends
            .iter()
            .filter(|a| !a.texts.is_empty())
            .map(|a| Facts { run: a.run.as_str(), at: column::millis(a.at), texts: &a.texts })
            .collect();
        let (mut days, mut made, mut ended) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut steps: BTreeMap<_, (Counted, Latency)> = BTreeMap::new();
        for append in appends {
            let Some(follows) = &append.follows else { continue };
            let (chain, at) = (follows.chain.as_str(), column::millis(append.at));
            if follows.effects > 0 {
                *days.entry((chain, day(append.at))).or_insert(0) += u64::from(follows.effects);
            }
            for call in &follows.calls {
                let place = (call.connection.as_str(), half_hour(at), chain, call.step.as_str());
                let (sum, latency) = steps.entry(place).or_default();
                let failed = call.code.is_some_and(Code::is_failure);
                sum.ok += u64::from(call.code.is_none());
                sum.failed += u64::from(failed);
                sum.held += u64::from(call.code.is_some() && !failed);
                sum.retries += u64::from(call.again);
                sum.bytes = sum.bytes.saturating_add(call.bytes);
                // A call that was never sent has no time.
                if call.code.is_none() || call.took_ms > 0 {
                    latency.count(call.took_ms);
                }
            }
            for made_one in &follows.made {
                made.push(MadeRow {
                    connection: made_one.connection.as_str(),
                    id: &made_one.external_id,
                    run: append.run.as_str(),
                    path: column::json("path", &made_one.path)?,
                    at,
                });
            }
            if let Some(event) = &follows.ended {
                ended.push(EndRow {
                    kind: &event.kind,
                    subject: &event.subject,
                    key: &event.key,
                    payload: column::json("trigger event", &event.payload)?,
                    at,
                });
            }
        }
        let steps: Vec<_> = steps
            .into_iter()
            .map(|((connection, at, chain, step), (counted, latency))| StepRow {
                connection,
                at,
                chain,
                step,
                counted: Counted {
                    bytes: column::count(column::stored(counted.bytes)),
                    latency: slots(&latency),
                    ..counted
                },
            })
            .collect();
        let days: Vec<_> = days.into_iter().map(|((chain, day), effects)| (chain, day, effects)).collect();
        Ok(Self {
            heads: column::json("runs' states", &heads)?,
            facts: column::json("journal entries", &facts)?,
            days: column::json("effects", &days)?,
            steps: column::json("calls", &steps)?,
            made: column::json("effects", &made)?,
            ended: column::json("trigger events", &ended)?,
        })
    }
}

/// There is no such run.
pub(crate) fn missing(run: &RunId) -> StoreError {
    runs::missing(run)
}

/// Writes what several runs add, each run once, within a transaction. Gives the number of the last fact of each of
/// them; none where there is no such run: then nothing of this may stay.
pub(crate) async fn write(
    tx: &mut SqliteConnection,
    appends: &[&Append],
) -> Result<Vec<Option<i64>>, StoreError> {
    let Rows { heads, facts, days, steps, made, ended } = Rows::of(appends)?;
    let last = sqlx::query_scalar!(
        r#"UPDATE runs SET state = a.state, final = a.ends,
               finished_at = CASE WHEN a.ends THEN coalesce(finished_at, a.at) END
           FROM (SELECT value ->> 'run' AS run, value ->> 'state' AS state, value ->> 'ends' AS ends,
                     value ->> 'at' AS at FROM json_each(?)) AS a
           WHERE runs.id = a.run;
           WITH added AS MATERIALIZED (
               SELECT r.id AS run, a.value ->> 'at' AS at, a.value -> 'texts' AS facts,
                   (SELECT coalesce(max(seq), 0) FROM journal WHERE run = r.id) AS last
               FROM json_each(?) AS a CROSS JOIN runs AS r WHERE r.id = a.value ->> 'run')
           INSERT INTO journal (run, seq, at, fact)
           SELECT a.run, a.last + 1 + f.key, a.at, f.value FROM added AS a CROSS JOIN json_each(a.facts) AS f;
           INSERT INTO effect_days (chain, day, effects)
           SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
           ON CONFLICT (chain, day) DO UPDATE SET effects = effects + excluded.effects;
           INSERT INTO step_calls (connection, at, chain, step, ok, failed, held, retries, bytes, latency)
           SELECT value ->> 'connection', value ->> 'at', value ->> 'chain', value ->> 'step', value ->> 'ok',
               value ->> 'failed', value ->> 'held', value ->> 'retries', value ->> 'bytes', value ->> 'latency'
           FROM json_each(?) WHERE true
           ON CONFLICT (connection, at, chain, step) DO UPDATE SET ok = ok + excluded.ok,
               failed = failed + excluded.failed, held = held + excluded.held,
               retries = retries + excluded.retries, bytes = bytes + excluded.bytes,
               latency = (SELECT json_group_object(slot, n) FROM (SELECT slot, sum(n) AS n FROM (
                   SELECT key AS slot, value AS n FROM json_each(step_calls.latency) UNION ALL
                   SELECT key, value FROM json_each(excluded.latency)) GROUP BY slot));
           INSERT INTO own_effects (connection, external_id, run, path, at)
           SELECT value ->> 'connection', value ->> 'id', value ->> 'run', value ->> 'path', value ->> 'at'
           FROM json_each(?) WHERE true
           ON CONFLICT (connection, external_id, run) DO UPDATE SET at = excluded.at;
           INSERT INTO trigger_events (kind, subject, key, payload, at)
           SELECT value ->> 'kind', value ->> 'subject', value ->> 'key', value ->> 'payload', value ->> 'at'
           FROM json_each(?) WHERE EXISTS (SELECT 1 FROM chains WHERE is_on = 1 AND published IS NOT NULL
               AND waits_for = value ->> 'kind')
           ON CONFLICT (kind, subject, key) DO NOTHING;
           DELETE FROM awaited WHERE run IN (SELECT value ->> 'run' FROM json_each(?) WHERE value ->> 'ends');
           DELETE FROM awaited_since WHERE run IN (SELECT value ->> 'run' FROM json_each(?) WHERE value ->> 'ends');
           SELECT json_group_object(r.id, (SELECT coalesce(max(seq), 0) FROM journal WHERE run = r.id))
               AS "last!: String"
           FROM json_each(?) AS a CROSS JOIN runs AS r WHERE r.id = a.value ->> 'run'"#,
        heads,
        facts,
        days,
        steps,
        made,
        ended,
        heads,
        heads,
        heads
    )
    .fetch_one(tx)
    .await?;
    let last: BTreeMap<String, i64> = column::from_json("journal's numbers", &last)?;
    Ok(appends.iter().map(|append| last.get(append.run.as_str()).copied()).collect())
}
