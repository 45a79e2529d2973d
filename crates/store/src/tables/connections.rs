//! Connections, each with its sealed credential.

use patchbay_model::{Connection, ConnectionId, ConnectionState, ConnectorId, SealedBytes};

use sqlx::SqliteConnection;

use super::audit;
use super::credentials::replace;
use super::health_buckets;
use super::page::Page;
use super::webhooks::RestoredWebhook;
use crate::error::is_taken;
use crate::{Store, StoreError, column};

/// Which connections to list; sorted by name.
#[derive(Clone, Debug, Default)]
pub struct ConnectionFilter {
    /// Only this connector.
    pub connector: Option<ConnectorId>,
    /// Only this state.
    pub state: Option<ConnectionState>,
    /// How many to pass over.
    pub offset: u32,
    /// At most this many.
    pub limit: u32,
}

/// A row without its credential.
struct Row {
    id: String,
    name: String,
    connector: String,
    descriptor_version: String,
    auth_method: Option<String>,
    config: String,
    origins: String,
    allow_private: bool,
    state: String,
    paused: bool,
    scopes: String,
    account: Option<String>,
    metadata: String,
    created_at: i64,
    last_connected_at: Option<i64>,
    last_tested_at: Option<i64>,
    last_error: Option<String>,
    calls_ok: i64,
    calls_failed: i64,
}

impl Row {
    fn of(connection: &Connection) -> Result<Self, StoreError> {
        let c = connection;
        Ok(Self {
            id: c.id.to_string(),
            name: c.name.clone(),
            connector: c.connector.to_string(),
            descriptor_version: c.descriptor_version.clone(),
            auth_method: c.auth_method.clone(),
            config: column::json("connection's settings", &c.config)?,
            origins: column::json("connection's origins", &c.origins)?,
            allow_private: c.allow_private,
            state: column::word("connection's state", &c.state)?,
            paused: c.paused,
            scopes: column::json("connection's scopes", &c.scopes)?,
            account: c
                .account
                .as_ref()
                .map(|account| column::json("connection's account", account))
                .transpose()?,
            metadata: column::json("connection's metadata", &c.metadata)?,
            created_at: column::millis(c.created_at),
            last_connected_at: c.last_connected_at.map(column::millis),
            last_tested_at: c.last_tested_at.map(column::millis),
            last_error: c
                .last_error
                .as_ref()
                .map(|problem| column::json("connection's error", problem))
                .transpose()?,
            calls_ok: column::stored(c.calls_ok),
            calls_failed: column::stored(c.calls_failed),
        })
    }
}

impl TryFrom<Row> for Connection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ConnectionId::new(row.id),
            name: row.name,
            connector: ConnectorId::new(row.connector),
            descriptor_version: row.descriptor_version,
            auth_method: row.auth_method,
            config: column::from_json("connection's settings", &row.config)?,
            origins: column::from_json("connection's origins", &row.origins)?,
            allow_private: row.allow_private,
            state: column::from_word("connection's state", row.state)?,
            paused: row.paused,
            scopes: column::from_json("connection's scopes", &row.scopes)?,
            account: row
                .account
                .map(|account| column::from_json("connection's account", &account))
                .transpose()?,
            metadata: column::from_json("connection's metadata", &row.metadata)?,
            created_at: column::time(row.created_at)?,
            last_connected_at: column::optional_time(row.last_connected_at)?,
            last_tested_at: column::optional_time(row.last_tested_at)?,
            last_error: row
                .last_error
                .map(|problem| column::from_json("connection's error", &problem))
                .transpose()?,
            calls_ok: column::count(row.calls_ok),
            calls_failed: column::count(row.calls_failed),
        })
    }
}

pub(super) fn name_taken(name: &str) -> StoreError {
    StoreError::Exists { item: format!("The connection \"{name}\""), message: "Choose another name." }
}

/// The answer for a connection that is not there.
pub(crate) fn missing(id: &ConnectionId) -> StoreError {
    StoreError::NotFound(format!("The connection {id}"))
}

impl Store {
    /// Adds a connection, with its credential where it needs one, in one commit.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the name or the identifier is taken.
    pub async fn connection_insert(
        &self,
        connection: &Connection,
        credential: Option<&SealedBytes>,
    ) -> Result<(), StoreError> {
        self.connection_restore(connection, credential, None).await
    }

    /// The same with a webhook, switched off, whose secrets came with the connection.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the name, the identifier or the webhook's address is taken.
    pub async fn connection_restore(
        &self,
        connection: &Connection,
        credential: Option<&SealedBytes>,
        webhook: Option<RestoredWebhook>,
    ) -> Result<(), StoreError> {
        let row = Row::of(connection)?;
        let credential = credential.map(|sealed| sealed.as_bytes().to_vec());
        let now = column::millis(self.now());
        let set_at = credential.as_ref().map(|_| now);
        self.write(move |tx| {
            Box::pin(async move {
                let added = sqlx::query!(
                    "INSERT INTO connections (id, name, connector, descriptor_version, auth_method,
                         config, origins, allow_private, state, paused, scopes, account, metadata,
                         created_at, last_connected_at, last_tested_at, last_error, calls_ok,
                         calls_failed, credential, credential_at)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row.id,
                    row.name,
                    row.connector,
                    row.descriptor_version,
                    row.auth_method,
                    row.config,
                    row.origins,
                    row.allow_private,
                    row.state,
                    row.paused,
                    row.scopes,
                    row.account,
                    row.metadata,
                    row.created_at,
                    row.last_connected_at,
                    row.last_tested_at,
                    row.last_error,
                    row.calls_ok,
                    row.calls_failed,
                    credential,
                    set_at
                )
                .execute(&mut *tx)
                .await;
                match added {
                    Ok(_) => {}
                    Err(error) if is_taken(&error) => return Err(name_taken(&row.name)),
                    Err(error) => return Err(error.into()),
                }
                match &webhook {
                    Some(webhook) => webhook.insert(tx, &row.id, now).await,
                    None => Ok(()),
                }
            })
        })
        .await
    }

    /// The connection with this identifier.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        let id = id.as_str();
        sqlx::query_as!(
            Row,
            r#"SELECT id, name, connector, descriptor_version, auth_method, config, origins,
                   allow_private AS "allow_private: bool", state, paused AS "paused: bool", scopes,
                   account, metadata, created_at, last_connected_at, last_tested_at, last_error,
                   calls_ok, calls_failed
               FROM connections WHERE id = ?"#,
            id
        )
        .fetch_optional(self.readers())
        .await?
        .map(Connection::try_from)
        .transpose()
    }

    /// The connection with exactly this name.
    pub async fn connection_named(&self, name: &str) -> Result<Option<Connection>, StoreError> {
        sqlx::query_as!(
            Row,
            r#"SELECT id, name, connector, descriptor_version, auth_method, config, origins,
                   allow_private AS "allow_private: bool", state, paused AS "paused: bool", scopes,
                   account, metadata, created_at, last_connected_at, last_tested_at, last_error,
                   calls_ok, calls_failed
               FROM connections WHERE name = ?"#,
            name
        )
        .fetch_optional(self.readers())
        .await?
        .map(Connection::try_from)
        .transpose()
    }

    /// A part of the connections, sorted by name, and how many match in all.
    pub async fn connection_list(&self, filter: ConnectionFilter) -> Result<Page<Connection>, StoreError> {
        let connector = filter.connector.as_ref().map(ConnectorId::as_str);
        let state = filter.state.map(|state| column::word("connection's state", &state)).transpose()?;
        let total = sqlx::query_scalar!(
            r#"SELECT count(*) AS "n!: i64" FROM connections
               WHERE (?1 IS NULL OR connector = ?1) AND (?2 IS NULL OR state = ?2)"#,
            connector,
            state
        )
        .fetch_one(self.readers())
        .await?;
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, name, connector, descriptor_version, auth_method, config, origins,
                   allow_private AS "allow_private: bool", state, paused AS "paused: bool", scopes,
                   account, metadata, created_at, last_connected_at, last_tested_at, last_error,
                   calls_ok, calls_failed
               FROM connections
               WHERE (?1 IS NULL OR connector = ?1) AND (?2 IS NULL OR state = ?2)
               ORDER BY name LIMIT ?3 OFFSET ?4"#,
            connector,
            state,
            filter.limit,
            filter.offset
        )
        .fetch_all(self.readers())
        .await?;
        let items = rows.into_iter().map(Connection::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, total: column::count(total) })
    }

    /// Writes everything of a connection but its name ([`Store::connection_rename`]), its
    /// credential ([`Store::credential_replace`]), its call counts ([`Store::call_record`]) and
    /// when it was made: each of these has one writer, so that a copy read earlier undoes none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection_update(&self, connection: &Connection) -> Result<(), StoreError> {
        let row = Row::of(connection)?;
        self.write(move |tx| Box::pin(async move { update(tx, &row).await })).await
    }

    /// The same, with a credential in the place of the old one: both, or neither.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection_reconnect(
        &self,
        connection: &Connection,
        credential: &SealedBytes,
    ) -> Result<(), StoreError> {
        let row = Row::of(connection)?;
        let (id, credential) = (connection.id.clone(), credential.as_bytes().to_vec());
        let at = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                replace(tx, &id, &credential, at).await?;
                update(tx, &row).await
            })
        })
        .await
    }

    /// Removes a connection with its credential, checkpoints, quarantine, calls and health,
    /// and its signals where `with_signals` says so, in one commit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection_delete(&self, id: &ConnectionId, with_signals: bool) -> Result<(), StoreError> {
        let id = id.clone();
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                // What it did stays in the audit trail.
                audit::note_calls(tx, Some(key), now).await?;
                let done = sqlx::query!("DELETE FROM connections WHERE id = ?", key).execute(&mut *tx).await?;
                changed_one(done.rows_affected(), || missing(&id))?;
                sqlx::query!("DELETE FROM calls WHERE connection = ?", key).execute(&mut *tx).await?;
                sqlx::query!("DELETE FROM health_samples WHERE connection = ?", key).execute(&mut *tx).await?;
                health_buckets::forget(tx, key).await?;
                if with_signals {
                    sqlx::query!("DELETE FROM signals WHERE connection = ?", key).execute(&mut *tx).await?;
                    // Their events hold them whole.
                    sqlx::query!(
                        "DELETE FROM trigger_events WHERE subject = ? AND kind IN ('signal', 'webhook')",
                        key
                    )
                    .execute(&mut *tx)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }
}

async fn update(tx: &mut SqliteConnection, row: &Row) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "UPDATE connections SET connector = ?, descriptor_version = ?, auth_method = ?,
                         config = ?, origins = ?, allow_private = ?, state = ?, paused = ?,
                         scopes = ?, account = ?, metadata = ?, last_connected_at = ?,
                         last_tested_at = ?, last_error = ?
                     WHERE id = ?",
        row.connector,
        row.descriptor_version,
        row.auth_method,
        row.config,
        row.origins,
        row.allow_private,
        row.state,
        row.paused,
        row.scopes,
        row.account,
        row.metadata,
        row.last_connected_at,
        row.last_tested_at,
        row.last_error,
        row.id
    )
    .execute(tx)
    .await?;
    changed_one(done.rows_affected(), || missing(&ConnectionId::new(&*row.id)))
}

/// Turns "nothing was changed" into an error.
pub(crate) fn changed_one(rows: u64, otherwise: impl FnOnce() -> StoreError) -> Result<(), StoreError> {
    if rows == 0 { Err(otherwise()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use patchbay_model::connection::Account;
    use patchbay_model::{Code, Problem};
    use serde_json::{Map, json};

    use super::*;
    use crate::fixture::{self, fixture, noon, signal};
    use crate::{Call, CallKind, Came, PageCommit};

    #[tokio::test]
    async fn a_connection_is_read_as_it_was_written() {
        let f = fixture().await;
        let mut full = fixture::connection("Ümlaut \" and 'quotes'");
        full.account = Some(Account { id: "7".into(), label: "Amira".into() });
        full.metadata = Map::from_iter([("site".into(), json!({"id": [1, null]}))]);
        full.last_error = Some(Problem::new(Code::AuthInvalid).with("tool", "Tracker"));
        full.paused = true;
        full.calls_ok = 3;
        f.store.connection_insert(&full, None).await.unwrap();
        assert_eq!(f.store.connection(&full.id).await.unwrap(), Some(full.clone()));
        let named = f.store.connection_named(&full.name).await.unwrap();
        assert_eq!(named, Some(full));
        assert_eq!(f.store.connection_named("other").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_taken_name_is_a_conflict_and_changes_nothing() {
        let f = fixture().await;
        let (a, b) = (fixture::connection("a"), fixture::connection("b"));
        f.store.connection_insert(&a, None).await.unwrap();
        f.store.connection_insert(&b, None).await.unwrap();
        let again = fixture::connection("a");
        let again = f.store.connection_insert(&again, None).await;
        let problem = Problem::from(again.unwrap_err());
        assert_eq!(problem.code(), Code::Conflict);
        assert_eq!(problem.param("item"), Some("The connection \"a\""));
        let renamed = f.store.connection_rename(&b.id, "a", fixture::unhashed).await;
        assert!(matches!(renamed, Err(StoreError::Exists { .. })));
        f.store.connection_rename(&b.id, "c", fixture::unhashed).await.unwrap();
        assert!(f.store.connection_named("c").await.unwrap().is_some());
        let gone = f.store.connection_rename(&ConnectionId::from("x"), "d", fixture::unhashed).await;
        assert!(matches!(gone, Err(StoreError::NotFound(_))));
    }

    #[tokio::test]
    async fn lists_are_sorted_filtered_and_paged() {
        let f = fixture().await;
        for name in ["c", "a", "d", "b"] {
            let mut connection = fixture::connection(name);
            if name == "d" {
                connection.connector = ConnectorId::from("sandbox-chat");
                connection.state = ConnectionState::Error;
            }
            f.store.connection_insert(&connection, None).await.unwrap();
        }
        let tracker = Some(ConnectorId::from("sandbox-tracker"));
        let error = Some(ConnectionState::Error);
        let cases = [
            (None, None, 0, 10, vec!["a", "b", "c", "d"], 4),
            (None, None, 1, 2, vec!["b", "c"], 4),
            (tracker.clone(), None, 0, 10, vec!["a", "b", "c"], 3),
            (None, error, 0, 10, vec!["d"], 1),
            (tracker, error, 0, 10, vec![], 0),
        ];
        for (connector, state, offset, limit, want, total) in cases {
            let filter = ConnectionFilter { connector, state, offset, limit };
            let page = f.store.connection_list(filter.clone()).await.unwrap();
            let names: Vec<_> = page.items.iter().map(|c| c.name.as_str()).collect();
            assert_eq!((names, page.total), (want, total), "{filter:?}");
        }
    }

    #[tokio::test]
    async fn an_update_from_an_older_copy_undoes_no_rename_key_or_count() {
        let f = fixture().await;
        let older = fixture::connection("before");
        let sealed = |byte| SealedBytes::new(vec![byte; 40]);
        f.store.connection_insert(&older, Some(&sealed(1))).await.unwrap();
        f.store.connection_rename(&older.id, "after", fixture::unhashed).await.unwrap();
        f.store.credential_replace(&older.id, &sealed(2)).await.unwrap();
        for success in [true, true, false] {
            let call = Call {
                at: noon(),
                connection: older.id.clone(),
                operation: "list".into(),
                kind: CallKind::Operation,
                duration_ms: 1,
                success,
                records: 1,
                code: None,
                retries: 0,
                bytes: 1,
            };
            f.store.call_record(call, crate::Seen::Nothing).await.unwrap();
        }
        let update = Connection { state: ConnectionState::Error, paused: true, ..older.clone() };
        f.store.connection_update(&update).await.unwrap();
        let now = f.store.connection(&older.id).await.unwrap().unwrap();
        assert_eq!((now.state, now.paused), (ConnectionState::Error, true));
        assert_eq!(now.name, "after");
        assert_eq!((now.calls_ok, now.calls_failed), (2, 1));
        let credential = f.store.credential(&older.id).await.unwrap();
        assert_eq!(credential, Some(sealed(2)));
        let unknown = f.store.connection_update(&fixture::connection("x")).await;
        assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    }

    #[tokio::test]
    async fn deleting_leaves_nothing_but_signals_one_asked_to_keep() {
        let f = fixture().await;
        for with_signals in [false, true] {
            let c = fixture::connection("tracker");
            let sealed = SealedBytes::new(vec![7; 8]);
            f.store.connection_insert(&c, Some(&sealed)).await.unwrap();
            assert!(!f.store.credentials().await.unwrap().is_empty());
            let page = PageCommit {
                connection: &c.id,
                stream: "issues",
                signals: &[signal(&c.id, "1", "1")],
                quarantined: &[],
                checkpoint: Some(&json!(1)),
                call: None,
                came: Came::Asked,
            };
            f.store.page_commit(page).await.unwrap();
            f.store.connection_delete(&c.id, with_signals).await.unwrap();
            assert_eq!(f.store.connection(&c.id).await.unwrap(), None);
            assert_eq!(f.store.credential(&c.id).await.unwrap(), None);
            assert!(f.store.credentials().await.unwrap().is_empty());
            assert_eq!(f.store.checkpoint(&c.id, "issues").await.unwrap(), None);
            let kept = f.store.signal_count(&c.id).await.unwrap();
            assert_eq!(kept, u64::from(!with_signals));
            let again = f.store.connection_delete(&c.id, with_signals).await;
            assert!(matches!(again, Err(StoreError::NotFound(_))));
        }
    }
}
