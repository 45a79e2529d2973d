//! What the user decides about secrets, for the whole data folder: kept in `security.json`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::secret_store::Looks;

/// What the user decides about secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Decisions {
    /// A passphrase store locks itself after so many minutes without a person; 0 for never.
    pub(crate) lock_after_minutes: u32,
    /// A key is called old after so many days; 0 for never.
    pub(crate) remind_after_days: u32,
    /// The keyring was chosen, and a passphrase in the environment does not undo that.
    pub(crate) keyring_chosen: bool,
    /// Keys that are still in the keyring and were copied into the passphrase store.
    pub(crate) left_in_keyring: Vec<String>,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            lock_after_minutes: 15,
            remind_after_days: 180,
            keyring_chosen: false,
            left_in_keyring: Vec::new(),
        }
    }
}

/// The decisions, and when a person was last here.
pub(crate) struct Security {
    file: PathBuf,
    decisions: Mutex<Decisions>,
    seen: Mutex<(Duration, Timestamp)>,
    /// Looks at the secret store that are under way.
    pub(crate) looks: Looks,
}

impl Security {
    /// Reads the decisions; those that cannot be read are the usual ones, which lock.
    pub(crate) fn open(data_dir: &Path, clock: &dyn Clock) -> Self {
        let file = data_dir.join("security.json");
        let seen = (clock.monotonic(), clock.now());
        Self { decisions: Mutex::new(read(&file)), file, seen: Mutex::new(seen), looks: Looks::default() }
    }

    pub(crate) fn decisions(&self) -> Decisions {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes them; durable on return.
    pub(crate) fn decide(&self, change: impl FnOnce(&mut Decisions)) -> Result<(), Problem> {
        let mut decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = decisions.clone();
        change(&mut changed);
        let text = serde_json::to_vec_pretty(&changed).map_err(|error| internal(&error))?;
        let beside = beside(&self.file, &text).map_err(|error| internal(&error))?;
        put(&beside, &self.file).map_err(|error| internal(&error))?;
        // What the file holds is what holds from here on, whatever becomes of the folder.
        *decisions = changed;
        sync_folder(&self.file).map_err(|error| internal(&error))
    }

    /// A person is here.
    pub(crate) fn seen(&self, clock: &dyn Clock) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = (clock.monotonic(), clock.now());
    }

    /// Whether nobody was here for as long as the user decided. Either clock may say so: the monotonic
    /// one stands still while the computer sleeps, the other may be set back.
    pub(crate) fn is_idle(&self, clock: &dyn Clock) -> bool {
        let after = self.decisions().lock_after_minutes;
        if after == 0 {
            return false;
        }
        let after = Duration::from_secs(u64::from(after) * 60);
        let (monotonic, wall) = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let slept = Duration::try_from(clock.now().duration_since(wall)).unwrap_or_default();
        clock.monotonic().saturating_sub(monotonic) >= after || slept >= after
    }
}

/// Whether the keyring was chosen for this data folder.
pub(crate) fn keyring_chosen(data_dir: &Path) -> bool {
    read(&data_dir.join("security.json")).keyring_chosen
}

fn read(file: &Path) -> Decisions {
    let text = std::fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Writes beside the file, makes that durable, and puts it in the file's place.
pub(crate) fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let beside = beside(file, text)?;
    put(&beside, file)?;
    sync_folder(file)
}

/// Writes beside the file and makes that durable. Where it is; nothing is left of one that failed.
pub(crate) fn beside(file: &Path, text: &[u8]) -> std::io::Result<PathBuf> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let _ = std::fs::remove_file(&beside);
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    if let Err(error) = out.write_all(text).and_then(|()| out.sync_all()) {
        let _ = std::fs::remove_file(&beside);
        return Err(error);
    }
    Ok(beside)
}

/// Puts what was written beside a file in its place. Durable with [`sync_folder`]; where it fails, the file is as
/// it was.
pub(crate) fn put(beside: &Path, file: &Path) -> std::io::Result<()> {
    std::fs::rename(beside, file).inspect_err(|_| {
        let _ = std::fs::remove_file(beside);
    })
}

/// Makes a rename in the file's folder survive a power failure.
pub(crate) fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

fn internal(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::Internal).detail(format!("security.json: {error}"))
}

#[cfg(test)]
mod tests {
    use patchbay_model::time::ManualClock;

    use super::*;

    #[test]
    fn nobody_is_here_when_either_clock_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = ManualClock::at(noon);
        let security = Security::open(dir.path(), &clock);
        assert_eq!(security.decisions().lock_after_minutes, 15);
        clock.advance(Duration::from_secs(15 * 60 - 1));
        assert!(!security.is_idle(&clock));
        clock.advance(Duration::from_secs(1));
        assert!(security.is_idle(&clock));
        security.seen(&clock);
        assert!(!security.is_idle(&clock));
        // Asleep for an hour: only the wall clock went on.
        clock.jump_to(noon + Duration::from_secs(2 * 3_600));
        assert!(security.is_idle(&clock));
        security.seen(&clock);
        // Set back, and then fifteen minutes pass.
        clock.jump_to(noon);
        assert!(!security.is_idle(&clock));
        clock.advance(Duration::from_secs(15 * 60));
        assert!(security.is_idle(&clock));
        security.decide(|decisions| decisions.lock_after_minutes = 0).unwrap();
        assert!(!security.is_idle(&clock), "off is off");
    }

    #[test]
    fn decisions_outlive_the_program_and_only_their_user_reads_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap());
        let security = Security::open(dir.path(), &clock);
        security.decide(|decisions| decisions.remind_after_days = 7).unwrap();
        assert_eq!(Security::open(dir.path(), &clock).decisions().remind_after_days, 7);
        let mode = std::fs::metadata(dir.path().join("security.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(dir.path().join("security.json"), "{").unwrap();
        assert_eq!(Security::open(dir.path(), &clock).decisions(), Decisions::default(), "it locks");
    }
}
