//! Copies of the database: daily ones kept beside it, and those the user asks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use patchbay_model::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::migrations::SCHEMA;
use crate::open::{self, DATABASE, Tuning, stamp};
use crate::{Store, StoreError, files};

/// Daily copies that are kept.
const KEPT: usize = 7;
/// Time between daily copies.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a restore waits for whoever writes to the database it replaces.
const HELD: Duration = Duration::from_millis(500);
/// How the names of daily copies begin; the time follows.
const DAILY: &str = "daily-";

/// A copy of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupCopy {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The folder of the copies that the store keeps by itself.
pub(crate) fn folder(dir: &Path) -> Result<PathBuf, StoreError> {
    let folder = dir.join("backups");
    files::private_dir(&folder)?;
    Ok(folder)
}

/// Deletes copies that a kill cut off.
pub(crate) fn sweep(dir: &Path) -> Result<(), StoreError> {
    let folder = folder(dir)?;
    let failed = |error| StoreError::file("listing", &folder, error);
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "part") {
            files::delete(&path)?;
        }
    }
    Ok(())
}

/// Copies a database that may be in use to a file that is not there yet, without its free pages.
pub(crate) async fn copy_to(database: &Path, to: &Path) -> Result<BackupCopy, StoreError> {
    if to.exists() {
        return Err(StoreError::Exists {
            item: format!("The file {}", to.display()),
            message: "Choose another name for the copy.",
        });
    }
    let part = files::beside(to, ".part");
    let made = vacuum_into(database, &part).await;
    if let Err(error) = made.and_then(|()| files::rename(&part, to)) {
        // The space it took is worth more than the half copy.
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    let bytes = fs::metadata(to).map_err(|error| StoreError::file("reading", to, error))?.len();
    Ok(BackupCopy { path: to.to_owned(), bytes })
}

async fn vacuum_into(database: &Path, part: &Path) -> Result<(), StoreError> {
    // SQLite wants the target missing or empty; making it first gives it our permissions.
    let file = files::private_file(part)?;
    file.set_len(0).map_err(|error| StoreError::file("emptying", part, error))?;
    let target = part.to_str().ok_or_else(|| StoreError::Exists {
        item: format!("The file {}", part.display()),
        message: "Choose a name that is Unicode text.",
    })?;
    let mut connection = SqliteConnectOptions::new().filename(database).connect().await?;
    let made = sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await;
    let closed = connection.close().await;
    let beside = part.parent().unwrap_or(part);
    made.map_err(|error| StoreError::from(error).on_disk(beside))?;
    closed?;
    file.sync_all().map_err(|error| StoreError::file("writing", part, error))
}

/// The copies that the store keeps, the newest first.
pub(crate) fn newest_first(dir: &Path) -> Result<Vec<BackupCopy>, StoreError> {
    let folder = folder(dir)?;
    let failed = |error| StoreError::file("listing", &folder, error);
    let mut copies = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let file = fs::metadata(&path).map_err(failed)?;
        if file.is_file() && path.extension().is_some_and(|end| end == "db") {
            let bytes = file.len();
            let written = file.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            copies.push((time_in_name(&path), written, BackupCopy { path, bytes }));
        }
    }
    copies.sort_by(|a, b| (&b.0, &b.1).cmp(&(&a.0, &a.1)));
    Ok(copies.into_iter().map(|(_, _, copy)| copy).collect())
}

/// The stamp at the end of a copy's name, which sorts by time.
fn time_in_name(copy: &Path) -> String {
    let stem = copy.file_stem().unwrap_or_default().to_string_lossy();
    stem.rsplit('-').next().unwrap_or_default().to_owned()
}

/// Copies the database before its schema becomes `schema`. Of several tries the last copy is kept.
pub(crate) async fn before_schema(
    dir: &Path,
    database: &Path,
    schema: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let begins = format!("before-schema-{schema}-");
    let to = folder(dir)?.join(format!("{begins}{}.db", stamp(now)));
    if !to.exists() {
        copy_to(database, &to).await?;
    }
    for older in newest_first(dir)? {
        let name = older.path.file_name().unwrap_or_default();
        if older.path != to && name.to_string_lossy().starts_with(&begins) {
            files::delete(&older.path)?;
        }
    }
    Ok(())
}

fn is_daily(copy: &BackupCopy) -> bool {
    let name = copy.path.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with(DAILY)
}

impl Store {
    /// Copies the database, while it is in use, to the file `to`.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where `to` is there already.
    pub async fn backup(&self, to: &Path) -> Result<BackupCopy, StoreError> {
        copy_to(&self.database(), to).await
    }

    /// The copies that the store keeps by itself, the newest first.
    pub fn backups(&self) -> Result<Vec<BackupCopy>, StoreError> {
        newest_first(self.dir())
    }

    /// Makes the daily copy where the newest one is older than a day, and drops all but the newest
    /// seven. Returns the copy that was made. Called by itself once an hour.
    pub async fn daily_copy(&self) -> Result<Option<BackupCopy>, StoreError> {
        let _alone = self.copying().lock().await;
        let now = self.clock().now();
        let daily: Vec<_> = self.backups()?.into_iter().filter(is_daily).collect();
        // Compared as text: a clock that went back makes one copy too many, never one too few.
        let yesterday = stamp(now.saturating_sub(DAY).unwrap_or(Timestamp::MIN));
        let latest = daily.first().map(|copy| time_in_name(&copy.path));
        if latest.is_some_and(|latest| latest > yesterday && latest <= stamp(now)) {
            return Ok(None);
        }
        let name = format!("{DAILY}{}.db", stamp(now));
        let copy = copy_to(&self.database(), &folder(self.dir())?.join(name)).await?;
        for old in daily.iter().skip(KEPT - 1) {
            files::delete(&old.path)?;
        }
        Ok(Some(copy))
    }

    /// Puts the copy `from` in the place of the database in the workspace folder `dir`. The copy is
    /// checked first; the database it replaces is kept beside it, and its new name returned. The
    /// workspace must be closed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] or [`StoreError::Newer`] where the copy cannot be used, and
    /// [`StoreError::Busy`] where the database is being written; then nothing was changed.
    pub async fn restore(dir: &Path, from: &Path) -> Result<Option<PathBuf>, StoreError> {
        if !from.is_file() {
            return Err(StoreError::NotFound(format!("The file {}", from.display())));
        }
        files::private_dir(dir)?;
        let database = dir.join(DATABASE);
        let checked = dir.join("restoring.db");
        files::place(from, &checked)?;
        // The copy of the copy is checked, so that what was checked is what takes the place, and
        // the user's file is not touched.
        if let Err(error) = examine_copy(&checked).await {
            let _ = fs::remove_file(&checked);
            return Err(error);
        }
        let aside = if database.exists() {
            if let Err(error) = fold_in(&database).await {
                let _ = fs::remove_file(&checked);
                return Err(error);
            }
            Some(files::set_aside(&database, ".replaced")?)
        } else {
            None
        };
        files::rename(&checked, &database)?;
        Ok(aside)
    }

    /// What is wrong with the database, one sentence each; empty where nothing is. Reads it all.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut found: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check(100)").fetch_all(self.readers()).await?;
        found.retain(|line| line != "ok");
        let orphans: i64 = sqlx::query_scalar("SELECT count(*) FROM pragma_foreign_key_check")
            .fetch_one(self.readers())
            .await?;
        if orphans > 0 {
            found.push(format!("{orphans} rows refer to rows that are missing"));
        }
        Ok(found)
    }
}

async fn examine_copy(copy: &Path) -> Result<(), StoreError> {
    if fs::metadata(copy).is_ok_and(|file| file.len() == 0) {
        return Err(StoreError::Corrupt("the copy is empty".to_owned()));
    }
    let options = open::plain(copy, &Tuning::default());
    open::examine(options.clone(), SCHEMA).await?;
    let mut connection = options.connect().await?;
    let ours: Result<i64, _> = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'")
        .fetch_one(&mut connection)
        .await;
    connection.close().await?;
    if ours? == 0 {
        return Err(StoreError::Corrupt("the file is no copy of a Patchbay database".to_owned()));
    }
    Ok(())
}

/// Makes sure that nobody writes, and folds the WAL into the file. A damaged database has nothing
/// to fold in: replacing it is why one restores.
async fn fold_in(database: &Path) -> Result<(), StoreError> {
    let held = async {
        let mut connection =
            SqliteConnectOptions::new().filename(database).busy_timeout(HELD).connect().await?;
        let idle = sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK; PRAGMA wal_checkpoint(TRUNCATE);")
            .execute(&mut connection)
            .await;
        connection.close().await?;
        idle.map(|_| ())
    };
    match held.await.map_err(StoreError::from) {
        Ok(()) | Err(StoreError::Corrupt(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
