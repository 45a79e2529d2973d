//! What happened to one connection: acts, reads and renewals, from the rows of others.

use patchbay_model::problem::Problem;
use patchbay_model::{Code, ConnectionId, Timestamp};

use crate::{Store, StoreError, column};

/// Something that happened to a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What: an act of the audit trail, `sync`, `sync_failed` or `renewal`.
    pub what: String,
    /// The stream that it was about.
    pub stream: Option<String>,
    /// Whether it went well; none where that is no question.
    pub ok: Option<bool>,
    /// How many were new, of a read.
    pub count: Option<u64>,
    /// Why it did not go well.
    pub problem: Option<Problem>,
}

struct Row {
    at: i64,
    what: String,
    stream: Option<String>,
    ok: Option<i64>,
    count: Option<i64>,
    problem: Option<String>,
    code: Option<String>,
}

impl Store {
    /// The latest that happened to a connection, the latest first. Acts are found by the name that it has now.
    pub async fn history(
        &self,
        connection: &ConnectionId,
        name: &str,
        limit: u32,
    ) -> Result<Vec<Happened>, StoreError> {
        let connection = connection.as_str();
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT at AS "at!: i64", what AS "what!: String", stream AS "stream: String", ok AS "ok: i64",
                   new AS "count: i64", problem AS "problem: String", code AS "code: String"
               FROM (SELECT at, action AS what, detail ->> 'stream' AS stream, NULL AS ok, NULL AS new,
                         NULL AS problem, NULL AS code
                     FROM audit WHERE subject = ?2
                     UNION ALL
                     SELECT ended_at, CASE WHEN state = 'done' THEN 'sync' ELSE 'sync_failed' END, stream,
                         state = 'done', result ->> 'new', problem, NULL
                     FROM jobs WHERE connection = ?1 AND stream IS NOT NULL AND state IN ('done', 'failed')
                         AND ended_at IS NOT NULL
                     UNION ALL
                     SELECT at, 'renewal', NULL, success, NULL, NULL, code
                     FROM calls WHERE connection = ?1 AND kind = 'sign_in')
               ORDER BY at DESC LIMIT ?3"#,
            connection,
            name,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Happened::try_from).collect()
    }
}

impl TryFrom<Row> for Happened {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let told = row.problem.map(|text| column::from_json("job's problem", &text)).transpose()?;
        let code: Option<Code> = row.code.map(|code| column::from_word("call's code", code)).transpose()?;
        Ok(Self {
            at: column::time(row.at)?,
            what: row.what,
            stream: row.stream,
            ok: row.ok.map(|ok| ok != 0),
            count: row.count.map(column::count),
            problem: told.or_else(|| code.map(Problem::new)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::fixture::{connection, fixture, noon};
    use crate::{Call, CallKind, EndedJob, JobEnd, Merge, NewJob, Seen, UniqueJob};

    #[tokio::test]
    async fn acts_reads_and_renewals_of_one_connection_are_told_the_latest_first() {
        let f = fixture().await;
        let (made, other) = (connection("tracker"), connection("other"));
        for one in [&made, &other] {
            f.store.connection_insert(one, None).await.unwrap();
            f.store.audit("connection_created", &one.name, &json!(null)).await.unwrap();
            f.clock.advance(Duration::from_secs(1));
            let job = NewJob { queue: "delta".into(), priority: 0, due_at: noon(), payload: json!(null) };
            let job = UniqueJob {
                job,
                key: one.name.clone(),
                connection: Some(one.id.clone()),
                stream: Some("issues".into()),
                max_attempts: 1,
                merge: Merge::Keep,
            };
            f.store.job_enqueue_unique(job).await.unwrap();
            let job = f.store.job_claim("delta", f.store.boot(), 1).await.unwrap().remove(0);
            let end = EndedJob { id: job.id, end: JobEnd::Done(Some(json!({"new": 3}))), took_ms: 1 };
            f.store.job_turn("delta", f.store.boot(), 0, vec![end]).await.unwrap();
            f.clock.advance(Duration::from_secs(1));
            let call = Call {
                at: f.store.now(),
                connection: one.id.clone(),
                operation: "renewal".into(),
                kind: CallKind::SignIn,
                duration_ms: 1,
                success: false,
                records: 0,
                code: Some(Code::AuthRevoked),
                retries: 0,
                bytes: 0,
            };
            f.store.call_record(call, Seen::Nothing).await.unwrap();
        }
        let all = f.store.history(&made.id, "tracker", 10).await.unwrap();
        let what: Vec<_> = all.iter().map(|one| (one.what.as_str(), one.ok, one.count)).collect();
        assert_eq!(
            what,
            [("renewal", Some(false), None), ("sync", Some(true), Some(3)), ("connection_created", None, None)]
        );
        assert_eq!(all[0].problem.as_ref().map(Problem::code), Some(Code::AuthRevoked));
        assert_eq!(all[1].stream.as_deref(), Some("issues"));
        assert_eq!(f.store.history(&made.id, "tracker", 1).await.unwrap().len(), 1);
    }
}
