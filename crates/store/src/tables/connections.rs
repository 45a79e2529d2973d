//! Connections, each with its sealed credential.

use patchbay_model::{Connection, ConnectionId, ConnectionState, ConnectorId, SealedBytes};

use super::page::Page;
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

fn name_taken(name: &str) -> StoreError {
    StoreError::Exists {
        item: format!("The connection \"{name}\""),
        message: "Choose another name.",
    }
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
        let row = Row::of(connection)?;
        let credential = credential.map(|sealed| sealed.as_bytes().to_vec());
        self.write(move |tx| {
            Box::pin(async move {
                let added = sqlx::query!(
                    "INSERT INTO connections (id, name, connector, descriptor_version, auth_method,
                         config, origins, allow_private, state, paused, scopes, account, metadata,
                         created_at, last_connected_at, last_tested_at, last_error, calls_ok,
                         calls_failed, credential)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                    credential
                )
                .execute(tx)
                .await;
                match added {
                    Ok(_) => Ok(()),
                    Err(error) if is_taken(&error) => Err(name_taken(&row.name)),
                    Err(error) => Err(error.into()),
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
    pub async fn connection_list(
        &self,
        filter: ConnectionFilter,
    ) -> Result<Page<Connection>, StoreError> {
        let connector = filter.connector.as_ref().map(ConnectorId::as_str);
        let state = filter
            .state
            .map(|state| column::word("connection's state", &state))
            .transpose()?;
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
        let items = rows
            .into_iter()
            .map(Connection::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            total: column::count(total),
        })
    }

    /// Writes everything of a connection but its name ([`Store::connection_rename`]), its
    /// credential ([`Store::credential_replace`]), its call counts ([`Store::call_record`]) and
    /// when it was made: each of these has one writer, so that a copy read earlier undoes none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection_update(&self, connection: &Connection) -> Result<(), StoreError> {
        let row = Row::of(connection)?;
        let id = connection.id.clone();
        self.write(move |tx| {
            Box::pin(async move {
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
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Gives a connection another name.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the name is taken, [`StoreError::NotFound`].
    pub async fn connection_rename(&self, id: &ConnectionId, name: &str) -> Result<(), StoreError> {
        let (id, name) = (id.clone(), name.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("UPDATE connections SET name = ? WHERE id = ?", name, key)
                    .execute(tx)
                    .await;
                match done {
                    Ok(done) => changed_one(done.rows_affected(), || missing(&id)),
                    Err(error) if is_taken(&error) => Err(name_taken(&name)),
                    Err(error) => Err(error.into()),
                }
            })
        })
        .await
    }

    /// The sealed credential; none where the connection is not there or has none.
    pub async fn credential(&self, id: &ConnectionId) -> Result<Option<SealedBytes>, StoreError> {
        let id = id.as_str();
        let sealed = sqlx::query_scalar!("SELECT credential FROM connections WHERE id = ?", id)
            .fetch_optional(self.readers())
            .await?;
        Ok(sealed.flatten().map(SealedBytes::new))
    }

    /// Puts another sealed credential in the place of the old one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn credential_replace(
        &self,
        id: &ConnectionId,
        credential: &SealedBytes,
    ) -> Result<(), StoreError> {
        let (id, credential) = (id.clone(), credential.as_bytes().to_vec());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "UPDATE connections SET credential = ? WHERE id = ?",
                    credential,
                    key
                )
                .execute(tx)
                .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Whether any connection has a sealed credential.
    pub async fn credentials_exist(&self) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT 1 FROM connections WHERE credential IS NOT NULL) AS "found!: bool""#
        )
        .fetch_one(self.readers())
        .await?;
        Ok(found)
    }

    /// Removes a connection with its credential, checkpoints, quarantine, calls and health,
    /// and its signals where `with_signals` says so, in one commit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection_delete(
        &self,
        id: &ConnectionId,
        with_signals: bool,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("DELETE FROM connections WHERE id = ?", key)
                    .execute(&mut *tx)
                    .await?;
                changed_one(done.rows_affected(), || missing(&id))?;
                sqlx::query!("DELETE FROM calls WHERE connection = ?", key)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query!("DELETE FROM health_samples WHERE connection = ?", key)
                    .execute(&mut *tx)
                    .await?;
                if with_signals {
                    sqlx::query!("DELETE FROM signals WHERE connection = ?", key)
                        .execute(&mut *tx)
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// Turns "nothing was changed" into an error.
pub(crate) fn changed_one(
    rows: u64,
    otherwise: impl FnOnce() -> StoreError,
) -> Result<(), StoreError> {
    if rows == 0 { Err(otherwise()) } else { Ok(()) }
}
