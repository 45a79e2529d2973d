//! Letting go of everything about somebody.

use crate::{Store, StoreError, column};

/// What holds a text, and what of it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Signals.
    pub signals: u64,
    /// Items put aside.
    pub quarantined: u64,
    /// Deliveries of tools; of those only that they came is kept.
    pub deliveries: u64,
    /// Kept answers, and kept results of steps.
    pub answers: u64,
    /// Events that waited for, or had started, a chain.
    pub events: u64,
    /// Ended runs with their journals.
    pub runs: u64,
    /// Runs that are not over: they keep what they work on until they are.
    pub open_runs: u64,
}

/// A condition on `column`: the text, or the text as JSON holds it.
macro_rules! holds {
    ($column:literal) => {
        concat!("(instr(lower(", $column, "), ?1) > 0 OR instr(lower(", $column, "), ?2) > 0)")
    };
}

/// What signals are known by.
const KEY: &str = concat!(holds!("external_id"), " OR ", holds!("version"));
const SIGNALS: &str = concat!(
    "(",
    holds!("summary"),
    " OR ",
    holds!("participants"),
    " OR ",
    holds!("related"),
    " OR ",
    holds!("tags"),
    " OR ",
    holds!("raw"),
    ")"
);
const RUNS: &str = concat!(
    "(",
    holds!("input"),
    " OR ",
    holds!("snapshot"),
    " OR id IN (SELECT run FROM journal WHERE ",
    holds!("fact"),
    "))"
);

impl Store {
    /// Counts what holds a text, whatever its case: an address, a name. Looks at everything, so it takes a
    /// while.
    pub async fn holding(&self, about: &str) -> Result<Erased, StoreError> {
        let forms = forms(about)?;
        let count = async |from: &str| self.count_holding(from, &forms).await;
        Ok(Erased {
            signals: count(&format!("signals WHERE {SIGNALS}")).await?,
            quarantined: count(concat!("quarantine WHERE ", holds!("raw"), " OR ", holds!("problem"))).await?,
            deliveries: count(concat!("inbox WHERE ", holds!("CAST(body AS TEXT)"), " OR ", holds!("headers")))
                .await?,
            answers: count(concat!("answers WHERE ", holds!("body"))).await?
                + count(concat!("pins WHERE ", holds!("outputs"))).await?,
            events: count(concat!("trigger_events WHERE ", holds!("payload"))).await?,
            runs: count(&format!("runs WHERE final = 1 AND {RUNS}")).await?,
            open_runs: count(&open_runs()).await?,
        })
    }

    async fn count_holding(&self, from: &str, (plain, json): &(String, String)) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {from}")))
            .bind(plain)
            .bind(json)
            .fetch_one(self.readers())
            .await?;
        Ok(column::count(count))
    }

    /// Lets go of what holds a text, in one commit, and says of how much. Runs that are not over stay.
    pub async fn erase(&self, about: &str) -> Result<Erased, StoreError> {
        let forms = forms(about)?;
        let open_runs = self.count_holding(&open_runs(), &forms).await?;
        let (plain, json) = forms;
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let mut gone = Vec::new();
                // What is still at the service comes again, and is no news then: its key stays, but for one
                // that names what is erased.
                let known = format!(
                    "INSERT INTO trigger_events (kind, subject, key, payload, at, handled_at)
                     SELECT 'signal', connection, stream || ':' || external_id || ':' || version, '{{}}', ?3, ?3
                     FROM signals WHERE ({SIGNALS}) AND NOT ({KEY})
                     ON CONFLICT (kind, subject, key) DO UPDATE SET payload = '{{}}',
                         handled_at = coalesce(handled_at, excluded.handled_at)"
                );
                sqlx::query(sqlx::AssertSqlSafe(known))
                    .bind(&plain)
                    .bind(&json)
                    .bind(now)
                    .execute(&mut *tx)
                    .await?;
                for sql in [
                    format!("DELETE FROM signals WHERE {SIGNALS}"),
                    concat!("DELETE FROM quarantine WHERE ", holds!("raw"), " OR ", holds!("problem"))
                        .to_owned(),
                    concat!(
                        "UPDATE inbox SET body = x'', headers = '{}', result = NULL,
                             state = CASE state WHEN 'received' THEN 'ignored' ELSE state END WHERE ",
                        holds!("CAST(body AS TEXT)"),
                        " OR ",
                        holds!("headers")
                    )
                    .to_owned(),
                    concat!("DELETE FROM answers WHERE ", holds!("body")).to_owned(),
                    concat!("DELETE FROM trigger_events WHERE ", holds!("payload")).to_owned(),
                    format!("DELETE FROM runs WHERE final = 1 AND {RUNS}"),
                    concat!("DELETE FROM pins WHERE ", holds!("outputs")).to_owned(),
                ] {
                    let done = sqlx::query(sqlx::AssertSqlSafe(sql))
                        .bind(&plain)
                        .bind(&json)
                        .execute(&mut *tx)
                        .await?;
                    gone.push(done.rows_affected());
                }
                let of = |at: usize| gone.get(at).copied().unwrap_or_default();
                Ok(Erased {
                    signals: of(0),
                    quarantined: of(1),
                    deliveries: of(2),
                    answers: of(3) + of(6),
                    events: of(4),
                    runs: of(5),
                    open_runs,
                })
            })
        })
        .await
    }
}

/// Runs that are not over.
fn open_runs() -> String {
    format!("runs WHERE final = 0 AND {RUNS}")
}

/// A text as it stands in text, and as it stands within JSON.
fn forms(about: &str) -> Result<(String, String), StoreError> {
    // As SQLite's `lower` does it: other letters stay as they are, there and here.
    let plain = about.trim().to_ascii_lowercase();
    let json = column::json("text", &plain)?;
    Ok((plain, json.trim_matches('"').to_owned()))
}

#[cfg(test)]
mod tests {
    use patchbay_model::signal::SignalFilter;
    use patchbay_model::{Code, Problem, Signal};
    use serde_json::json;

    use super::*;
    use crate::fixture::{self, fixture, signal};
    use crate::{Came, PageCommit, Quarantined};

    #[tokio::test]
    async fn everything_that_holds_an_address_goes_and_nothing_else() {
        let f = fixture().await;
        let connection = fixture::connection("tracker");
        f.store.connection_insert(&connection, None).await.unwrap();
        let id = connection.id;
        let signals = [
            Signal { participants: vec!["Ada@Example.test".into()], ..signal(&id, "1", "1") },
            Signal { raw: json!({"by": "x <ada@example.test>"}), ..signal(&id, "2", "1") },
            Signal { summary: "asked by \"ada@example.test\"".into(), ..signal(&id, "3", "1") },
            Signal { summary: "another matter".into(), ..signal(&id, "4", "1") },
        ];
        let odd = Quarantined {
            external_id: Some("9".into()),
            problem: Problem::new(Code::SchemaMismatch),
            raw: json!({"by": "ADA@example.test"}),
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
        f.store.page_commit(page.clone()).await.unwrap();
        f.store.signal_words_catch_up(100).await.unwrap();
        let held = f.store.holding("ada@example.TEST").await.unwrap();
        assert_eq!(held, Erased { signals: 3, quarantined: 1, ..Erased::default() });
        assert_eq!(f.store.erase("ada@example.TEST").await.unwrap(), held);
        assert_eq!(f.store.holding("ada@example.test").await.unwrap(), Erased::default());
        let text = |text: &str| SignalFilter { text: Some(text.into()), ..SignalFilter::default() };
        assert!(f.store.signal_search(&text("ada"), None, 9).await.unwrap().is_empty());
        assert_eq!(f.store.signal_search(&text("another"), None, 9).await.unwrap().len(), 1);
        // What is still at the service comes again, and is no news.
        fixture::waiting_chain(&f.store, "c", json!({"type": "signal", "connection": "tracker"})).await;
        let again = PageCommit { quarantined: &[], came: Came::Sent, ..page };
        assert_eq!(f.store.page_commit(again).await.unwrap().new, 3);
        assert_eq!(f.store.triggers_open(10).await.unwrap(), []);
        assert_eq!(f.store.erase("ada@example.test").await.unwrap().signals, 3);
        // Within JSON a quotation mark is written otherwise.
        assert_eq!(f.store.holding("\"another").await.unwrap(), Erased::default());
    }
}
