//! Another name for a connection. Chains name their connections: they go with it in the same commit, and runs keep
//! which one it was.

use std::collections::BTreeMap;

use patchbay_model::{Chain, ChainVersion, ConnectionId, RunId, Timestamp};
use sqlx::SqliteConnection;

use super::chains::{self, insert_version};
use super::connections::{changed_one, missing, name_taken};
use crate::error::is_taken;
use crate::{Store, StoreError, column};

/// How a chain's document is known again; none where it cannot be told.
type Hash = fn(&Chain) -> Option<String>;

impl Store {
    /// Gives a connection another name, and saves a new version of each chain that names it: of the version that
    /// triggers run, and of the latest one after it. Runs find it by its new name ([`Store::run`]), also where another
    /// connection takes the old one. Either all of it happens or nothing.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the name is taken, [`StoreError::NotFound`].
    pub async fn connection_rename(&self, id: &ConnectionId, name: &str, hash: Hash) -> Result<(), StoreError> {
        let (id, name, now) = (id.clone(), name.to_owned(), self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let before = sqlx::query_scalar!("SELECT name FROM connections WHERE id = ?", key)
                    .fetch_optional(&mut *tx)
                    .await?
                    .ok_or_else(|| missing(&id))?;
                let done = sqlx::query!("UPDATE connections SET name = ? WHERE id = ?", name, key)
                    .execute(&mut *tx)
                    .await;
                match done {
                    Ok(done) => changed_one(done.rows_affected(), || missing(&id))?,
                    Err(error) if is_taken(&error) => return Err(name_taken(&name)),
                    Err(error) => return Err(error.into()),
                }
                keep_for_runs(tx, key, &before, &name).await?;
                let all =
                    sqlx::query!(r#"SELECT id AS "id!", published FROM chains"#).fetch_all(&mut *tx).await?;
                for chain in all {
                    let published = chain.published.map(chains::version).transpose()?;
                    let renamed = Renamed { from: &before, to: &name, hash };
                    renamed.chain(tx, &chain.id, published, now).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// What the connections are called now, or were at last, that had other names when a run was made: by those.
    pub async fn run_renamed(&self, run: &RunId) -> Result<BTreeMap<String, String>, StoreError> {
        let run = run.as_str();
        let rows = sqlx::query!("SELECT name, called FROM run_connections WHERE run = ?", run)
            .fetch_all(self.readers())
            .await?;
        Ok(rows.into_iter().map(|row| (row.name, row.called)).collect())
    }
}

/// Keeps which connection the name stood for in the runs that were made so far. A name that was another one's when
/// the run was made is kept as that already.
async fn keep_for_runs(
    tx: &mut SqliteConnection,
    connection: &str,
    before: &str,
    name: &str,
) -> Result<(), StoreError> {
    sqlx::query!("UPDATE run_connections SET called = ? WHERE connection = ?", name, connection)
        .execute(&mut *tx)
        .await?;
    let quoted = column::json("connection's name", &before)?;
    // Where the text stands in the snapshot for something else, a row more does no harm.
    sqlx::query!(
        "INSERT OR IGNORE INTO run_connections (run, name, connection, called)
         SELECT id, ?1, ?2, ?3 FROM runs WHERE instr(snapshot, ?4) > 0",
        before,
        connection,
        name,
        quoted
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How chains are saved anew.
struct Renamed<'n> {
    from: &'n str,
    to: &'n str,
    hash: Hash,
}

impl Renamed<'_> {
    async fn chain(
        &self,
        tx: &mut SqliteConnection,
        id: &str,
        published: Option<u32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(latest) = chains::latest(tx, id).await? else { return Ok(()) };
        let draft = published.filter(|published| *published != latest.version);
        let at_work = match draft {
            Some(version) => chains::at(tx, id, version).await?,
            None => None,
        };
        let mut number = latest.version;
        if let Some(at_work) = at_work.filter(|version| self.names(&version.chain)) {
            number = self.write(tx, at_work, number, now).await?;
            sqlx::query!("UPDATE chains SET published = ? WHERE id = ?", number, id).execute(&mut *tx).await?;
        }
        // A draft stays the latest, whether it names the connection or not.
        if number > latest.version || self.names(&latest.chain) {
            number = self.write(tx, latest, number, now).await?;
            sqlx::query!("UPDATE chains SET latest = ? WHERE id = ?", number, id).execute(&mut *tx).await?;
            if published.is_some() && draft.is_none() {
                sqlx::query!("UPDATE chains SET published = ? WHERE id = ?", number, id)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        Ok(())
    }

    fn names(&self, chain: &Chain) -> bool {
        chain.connections().contains(&self.from)
    }

    /// Writes the version after `number` and gives its number.
    async fn write(
        &self,
        tx: &mut SqliteConnection,
        version: ChainVersion,
        number: u32,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let chain = version.chain.with_connections(|name| (name == self.from).then(|| self.to.to_owned()));
        let hash = (self.hash)(&chain)
            .ok_or(StoreError::Unreadable { what: "chain", why: "it cannot be written".to_owned() })?;
        let document = column::json("chain", &chain)?;
        let next = ChainVersion { id: version.id, version: number + 1, hash, chain, saved_at: now };
        insert_version(tx, &next, &document).await?;
        Ok(next.version)
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::{ChainId, RunState};
    use serde_json::json;

    use super::*;
    use crate::fixture::{connection, fixture, run, unhashed};

    fn of(name: &str, connection: &str) -> Chain {
        let step = json!({"id": "one", "connection": connection, "operation": "list"});
        serde_json::from_value(json!({"schema": 1, "name": name, "steps": [step]})).unwrap()
    }

    fn used(version: &ChainVersion) -> (u32, Vec<&str>) {
        (version.version, version.chain.connections().into_iter().collect())
    }

    #[tokio::test]
    async fn chains_go_with_the_name_of_their_connection_and_drafts_stay_drafts() {
        let f = fixture().await;
        let tracker = connection("tracker");
        f.store.connection_insert(&tracker, None).await.unwrap();
        let plain = f.store.chain_save(None, &of("plain", "tracker"), "a").await.unwrap();
        let other = f.store.chain_save(None, &of("other", "chat"), "b").await.unwrap();
        let live = f.store.chain_save(None, &of("live", "tracker"), "c").await.unwrap();
        f.store.chain_publish(&live).await.unwrap();
        let edited = f.store.chain_save(None, &of("edited", "tracker"), "d").await.unwrap();
        f.store.chain_publish(&edited).await.unwrap();
        f.store.chain_save(Some(&edited.id), &of("another name", "chat"), "e").await.unwrap();
        // Its earlier name is taken meanwhile.
        f.store.chain_save(None, &of("edited", "chat"), "f").await.unwrap();

        f.store.connection_rename(&tracker.id, "bugs", unhashed).await.unwrap();
        let latest = async |id: &ChainId| f.store.chain(id).await.unwrap().unwrap();
        let published = async |id: &ChainId| f.store.chain_published(id).await.unwrap();
        assert_eq!(used(&latest(&plain.id).await), (2, vec!["bugs"]));
        assert_eq!(published(&plain.id).await, None, "what was not at work is not");
        assert_eq!(used(&latest(&other.id).await), (1, vec!["chat"]), "another chain is left alone");
        assert_eq!(used(&latest(&live.id).await), (2, vec!["bugs"]));
        assert_eq!(used(&published(&live.id).await.unwrap()), (2, vec!["bugs"]));
        assert_eq!(used(&published(&edited.id).await.unwrap()), (3, vec!["bugs"]));
        let draft = latest(&edited.id).await;
        assert_eq!((used(&draft), draft.chain.name.as_str()), ((4, vec!["chat"]), "another name"));
    }

    #[tokio::test]
    async fn runs_find_their_connections_by_the_names_they_have_now() {
        let f = fixture().await;
        let (tracker, chat) = (connection("tracker"), connection("chat"));
        f.store.connection_insert(&tracker, None).await.unwrap();
        f.store.connection_insert(&chat, None).await.unwrap();
        let made = async |steps: [&str; 2]| {
            let mut run = patchbay_model::Run { state: RunState::Running, ..run() };
            let step = |id: &str, name| json!({"id": id, "connection": name, "operation": "list"});
            let steps = json!([step("one", steps[0]), step("two", steps[1])]);
            run.snapshot = serde_json::from_value(json!({"schema": 1, "name": "c", "steps": steps})).unwrap();
            f.store.run_insert(&run).await.unwrap();
            run.id
        };
        let names = async |id: &RunId| {
            let run = f.store.run(id).await.unwrap().unwrap();
            run.snapshot.steps.into_iter().map(|step| step.connection).collect::<Vec<_>>()
        };
        let old = made(["tracker", "chat"]).await;
        let rename =
            async |id: &ConnectionId, name| f.store.connection_rename(id, name, unhashed).await.unwrap();
        rename(&tracker.id, "say \"bugs\"").await;
        rename(&chat.id, "tracker").await;
        let newer = made(["say \"bugs\"", "tracker"]).await;
        assert_eq!(
            names(&old).await,
            ["say \"bugs\"", "tracker"],
            "each found, and the taken name is another one's"
        );
        rename(&tracker.id, "issues").await;
        assert_eq!(names(&old).await, ["issues", "tracker"]);
        assert_eq!(names(&newer).await, ["issues", "tracker"]);
        assert_eq!(f.store.runs_open().await.unwrap().len(), 2);

        rename(&chat.id, "talk").await;
        assert_eq!(names(&old).await, ["issues", "talk"], "the name was the other one's when the run was made");

        // What is gone is not found as the one that has its old name: only as one that is given its last.
        f.store.connection_delete(&tracker.id, false).await.unwrap();
        assert_eq!(names(&old).await, ["issues", "talk"]);
    }

    #[tokio::test]
    async fn a_chain_that_cannot_be_written_leaves_everything_as_it_was() {
        let f = fixture().await;
        let tracker = connection("tracker");
        f.store.connection_insert(&tracker, None).await.unwrap();
        let chain = f.store.chain_save(None, &of("plain", "tracker"), "a").await.unwrap();
        let refused = f.store.connection_rename(&tracker.id, "bugs", |_| None).await;
        assert!(matches!(refused, Err(StoreError::Unreadable { .. })), "{refused:?}");
        assert!(f.store.connection_named("tracker").await.unwrap().is_some());
        assert_eq!(f.store.chain(&chain.id).await.unwrap(), Some(chain));
    }
}
