//! The audit trail: who did what here. Only added to, and never holds secrets or what services sent.

use patchbay_model::{ConnectionId, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// One act.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its place in the trail; later ones have higher numbers.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What was done, such as `connection_created`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More, without secrets; null where there is none.
    pub detail: Value,
}

/// Which acts.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Not before then.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// About this subject: a connection's name.
    pub subject: Option<String>,
    /// The same connection by its identifier, whatever it was called at the time.
    pub connection: Option<ConnectionId>,
    /// Only this action.
    pub action: Option<String>,
    /// Only where action, subject or detail hold this text; upper and lower case are the same in ASCII.
    pub text: Option<String>,
    /// Only those before the one with this number.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

struct Row {
    id: i64,
    at: i64,
    action: String,
    subject: String,
    detail: String,
}

impl TryFrom<Row> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column::count(row.id),
            at: column::time(row.at)?,
            action: row.action,
            subject: row.subject,
            detail: column::from_json("audit entry", &row.detail)?,
        })
    }
}

/// Notes the calls of one connection or of all that are not noted yet: what was executed, what failed and
/// why, and how often a secret was used for them. Summarised by half hour, operation and outcome.
pub(super) async fn note_calls(
    tx: &mut SqliteConnection,
    connection: Option<&str>,
    now: i64,
) -> Result<u64, StoreError> {
    let calls = sqlx::query!(
        "INSERT INTO audit (at, action, subject, detail)
         SELECT ?1, CASE o.code WHEN '' THEN 'call_executed' ELSE 'call_failed' END, c.name,
             json_object('connection', o.connection, 'kind', o.kind, 'operation', o.operation,
                 'code', nullif(o.code, ''), 'count', o.n - o.noted,
                 'from', strftime('%Y-%m-%dT%H:%M:%SZ', o.at / 1000, 'unixepoch'),
                 'last', strftime('%Y-%m-%dT%H:%M:%SZ', o.last_at / 1000, 'unixepoch'))
         FROM health_operations o JOIN connections c ON c.id = o.connection
         WHERE o.n > o.noted AND (?2 IS NULL OR o.connection = ?2)
         ORDER BY o.connection, o.at, o.operation, o.kind, o.code",
        now,
        connection
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if calls == 0 {
        return Ok(0);
    }
    // What was refused before anything was sent used none.
    let secrets = sqlx::query!(
        "INSERT INTO audit (at, action, subject, detail)
         SELECT ?1, 'secret_used', c.name,
             json_object('connection', o.connection, 'for', 'calls', 'count', sum(o.n - o.noted),
                 'from', strftime('%Y-%m-%dT%H:%M:%SZ', o.at / 1000, 'unixepoch'),
                 'last', strftime('%Y-%m-%dT%H:%M:%SZ', max(o.last_at) / 1000, 'unixepoch'))
         FROM health_operations o JOIN connections c ON c.id = o.connection
         WHERE o.n > o.noted AND (?2 IS NULL OR o.connection = ?2) AND c.credential IS NOT NULL
             AND o.code NOT IN ('CIRCUIT_OPEN', 'LOCAL_RATE_LIMITED', 'SECRET_MISSING', 'SECRET_STORE_LOCKED',
                 'SECRET_STORE_UNAVAILABLE', 'TARGET_BLOCKED', 'DESCRIPTOR_INVALID', 'INPUT_INVALID', 'OFFLINE')
         GROUP BY o.connection, o.at",
        now,
        connection
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    sqlx::query!(
        "UPDATE health_operations SET noted = n WHERE n > noted AND (?1 IS NULL OR connection = ?1)",
        connection
    )
    .execute(tx)
    .await?;
    Ok(calls + secrets)
}

impl Store {
    /// Notes an act.
    pub async fn audit(&self, action: &str, subject: &str, detail: &Value) -> Result<(), StoreError> {
        let (action, subject) = (action.to_owned(), subject.to_owned());
        let detail = column::json("audit entry", detail)?;
        let at = column::millis(self.now());
        changed!(
            self,
            "INSERT INTO audit (at, action, subject, detail) VALUES (?, ?, ?, ?)",
            at,
            action,
            subject,
            detail
        )
        .map(drop)
    }

    /// Notes the calls that are not noted yet, summarised; says how many acts that were.
    pub async fn audit_calls(&self) -> Result<u64, StoreError> {
        let now = column::millis(self.now());
        self.write(move |tx| Box::pin(async move { note_calls(tx, None, now).await })).await
    }

    /// The latest acts, the latest first.
    pub async fn audit_list(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit_find(AuditFilter { limit, ..AuditFilter::default() }).await
    }

    /// The acts that fit, the latest first.
    pub async fn audit_find(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        let (since, until) = (filter.since.map(column::millis), filter.until.map(column::millis));
        let id = filter.connection.as_ref().map(ConnectionId::as_str);
        let before = filter.before.map(column::stored);
        let text = filter.text.map(|text| text.to_ascii_lowercase());
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, at, action, subject, detail FROM audit
             WHERE (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at < ?2)
                 AND (?3 IS NULL OR subject = ?3 OR (?4 IS NOT NULL AND detail ->> 'connection' = ?4))
                 AND (?5 IS NULL OR action = ?5)
                 AND (?6 IS NULL OR instr(lower(action || ' ' || subject || ' ' || detail), ?6) > 0)
                 AND (?7 IS NULL OR id < ?7)
             ORDER BY id DESC LIMIT ?8",
            since,
            until,
            filter.subject,
            id,
            filter.action,
            text,
            before,
            filter.limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::{Code, ConnectionState, Problem, SealedBytes};
    use serde_json::json;

    use super::*;
    use crate::fixture::{connection, fixture, noon};
    use crate::{Call, CallKind, Seen};

    #[tokio::test]
    async fn acts_are_found_by_what_they_are_about_the_latest_first() {
        let f = fixture().await;
        let id = ConnectionId::from("c-1");
        let acts = [
            ("made", "tracker", Value::Null),
            ("renamed", "tracker", json!({"connection": "c-1"})),
            ("made", "chat", json!({"by": "Import"})),
        ];
        for (action, subject, detail) in acts {
            f.store.audit(action, subject, &detail).await.unwrap();
            f.clock.advance(Duration::from_secs(60));
        }
        let found = async |filter: AuditFilter| {
            let entries = f.store.audit_find(AuditFilter { limit: 10, ..filter }).await.unwrap();
            entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
        };
        let none = AuditFilter::default;
        let minute = |n: u64| Some(noon() + Duration::from_secs(n * 60));
        assert_eq!(found(none()).await, [3, 2, 1]);
        assert_eq!(found(AuditFilter { since: minute(1), ..none() }).await, [3, 2]);
        assert_eq!(found(AuditFilter { until: minute(1), ..none() }).await, [1]);
        assert_eq!(found(AuditFilter { subject: Some("tracker".into()), ..none() }).await, [2, 1]);
        let renamed = AuditFilter { subject: Some("now".into()), connection: Some(id), ..none() };
        assert_eq!(found(renamed).await, [2], "by its identifier, whatever it was called");
        assert_eq!(found(AuditFilter { action: Some("made".into()), ..none() }).await, [3, 1]);
        assert_eq!(found(AuditFilter { text: Some("IMPORT".into()), ..none() }).await, [3]);
        assert_eq!(found(AuditFilter { before: Some(3), ..none() }).await, [2, 1]);
        assert_eq!(f.store.audit_list(1).await.unwrap()[0].detail, json!({"by": "Import"}));
    }

    #[tokio::test]
    async fn the_trail_is_neither_changed_nor_shortened() {
        let f = fixture().await;
        f.store.audit("made", "tracker", &Value::Null).await.unwrap();
        for sql in ["UPDATE audit SET action = 'x'", "DELETE FROM audit"] {
            let changed = f.store.write(move |tx| {
                Box::pin(async move {
                    sqlx::raw_sql(sql).execute(tx).await?;
                    Ok(())
                })
            });
            changed.await.expect_err(sql);
        }
        assert_eq!(f.store.audit_list(9).await.unwrap()[0].action, "made");
    }

    /// Whatever happens between two looks at the trail, each call is in it once.
    #[tokio::test]
    async fn every_call_is_noted_once_and_the_use_of_the_secret_with_it() {
        let f = fixture().await;
        let made = connection("tracker");
        f.store.connection_insert(&made, Some(&SealedBytes::new(vec![1]))).await.unwrap();
        let call = |minute: u64, kind, code: Option<Code>| Call {
            at: noon() + Duration::from_secs(minute * 60),
            connection: made.id.clone(),
            operation: "issues".into(),
            kind,
            duration_ms: 5,
            success: code.is_none(),
            records: 0,
            code,
            retries: 0,
            bytes: 0,
        };
        let codes = [None, None, Some(Code::ServiceDown), Some(Code::CircuitOpen), None];
        for (minute, code) in (0..).zip(codes) {
            f.store.call_record(call(minute * 10, CallKind::Sync, code), Seen::Nothing).await.unwrap();
            if minute % 2 == 1 {
                f.store.audit_calls().await.unwrap();
            }
        }
        let fails = Seen::Fails { state: ConnectionState::Stale, problem: Problem::new(Code::AuthRevoked) };
        for _ in 0..2 {
            let refused = call(50, CallKind::Operation, Some(Code::AuthRevoked));
            f.store.call_record(refused, fails.clone()).await.unwrap();
        }
        f.store.connection_delete(&made.id, false).await.unwrap();
        f.store.audit_calls().await.unwrap();
        let all = f.store.audit_list(100).await.unwrap();
        let sum = |action: &str, code: Option<&str>| -> u64 {
            let of = all.iter().filter(|entry| entry.action == action && entry.subject == "tracker");
            of.filter(|entry| entry.detail["code"].as_str() == code)
                .filter_map(|e| e.detail["count"].as_u64())
                .sum()
        };
        assert_eq!(sum("call_executed", None), 3);
        assert_eq!(sum("call_failed", Some("SERVICE_DOWN")), 1);
        assert_eq!(sum("call_failed", Some("CIRCUIT_OPEN")), 1);
        assert_eq!(sum("call_failed", Some("AUTH_REVOKED")), 2);
        assert_eq!(sum("secret_used", None), 6, "not for the one that was never sent");
        let refused: Vec<_> = all.iter().filter(|entry| entry.action == "auth_failed").collect();
        assert_eq!(refused.len(), 1, "once, not for each call that meets it");
        assert_eq!(refused[0].detail["code"], "AUTH_REVOKED");
        assert_eq!(f.store.audit_calls().await.unwrap(), 0, "nothing is left to note");
    }
}
