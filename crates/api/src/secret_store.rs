//! The secret store as a person looks after it: unlock, lock, another key, another store, forget all.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::connection::ConnectionState;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Event, Timestamp};
use patchbay_vault::{PassphraseStore, SecretStore, StoreKind, VaultError, VaultStatus};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::revocation::{EndedSignIn, PATIENCE, revoke_all};
use crate::secrets::PassphraseInput;
use crate::workspaces::{Empty, names};

mod looks;

pub(crate) use looks::{Looks, state};

/// How the secret store is, and how old what it locks.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SecretsStatus {
    /// `keyring`, `passphrase` or `memory`.
    pub store: &'static str,
    /// `unlocked`, `locked`, `unavailable`, `missing` where a key that is needed is gone, or `unused`
    /// while no secret is kept in this workspace.
    pub state: &'static str,
    /// A passphrase store locks itself after so many minutes without a person; 0 for never.
    pub lock_after_minutes: u32,
    /// A key is called old after so many days; 0 for never.
    pub remind_after_days: u32,
    /// The secrets of this workspace's connections, the oldest first.
    pub secrets: Vec<SecretAge>,
}

/// How old the secret of a connection is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SecretAge {
    /// The connection's name.
    pub connection: String,
    /// When the user entered it.
    pub set_at: Timestamp,
    /// Whole days since.
    pub days: u32,
    /// Whether it is time for another.
    pub old: bool,
}

/// The words of a state, for the wire.
pub(crate) fn word(status: VaultStatus) -> &'static str {
    match status {
        VaultStatus::Unlocked => "unlocked",
        VaultStatus::Locked => "locked",
        VaultStatus::KeyMissing => "missing",
        VaultStatus::Unavailable => "unavailable",
    }
}

/// Says how the secret store is and how old the secrets are.
pub async fn status(hub: &Hub, workspace: &str, _: Empty) -> Result<SecretsStatus, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let decisions = hub.security().decisions();
    let now = hub.clock().now();
    let mut secrets: Vec<SecretAge> = workspace
        .store()
        .credentials_kept()
        .await?
        .into_iter()
        .map(|one| {
            let age = Duration::try_from(now.duration_since(one.set_at)).unwrap_or_default();
            let days = u32::try_from(age.as_secs() / 86_400).unwrap_or(u32::MAX);
            let old = decisions.remind_after_days > 0 && days >= decisions.remind_after_days;
            SecretAge { connection: one.name, set_at: one.set_at, days, old }
        })
        .collect();
    secrets.sort_by(|a, b| a.set_at.cmp(&b.set_at).then_with(|| a.connection.cmp(&b.connection)));
    Ok(SecretsStatus {
        store: match hub.keeper().kind() {
            StoreKind::Keyring => "keyring",
            StoreKind::Passphrase => "passphrase",
            StoreKind::Memory => "memory",
        },
        state: state(hub, &workspace).await?,
        lock_after_minutes: decisions.lock_after_minutes,
        remind_after_days: decisions.remind_after_days,
        secrets,
    })
}

/// What opens the store.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct UnlockRequest {
    /// The passphrase of a passphrase store; a keyring asks by itself.
    #[serde(default)]
    pub passphrase: Option<PassphraseInput>,
}

/// Unlocks the store and lets go on what waited for it. `PASSPHRASE_WRONG` leaves everything as it was.
pub async fn unlock(hub: &Hub, workspace: &str, request: UnlockRequest) -> Result<SecretsStatus, Problem> {
    if hub.keeper().is_locked() {
        let Some(passphrase) = request.passphrase else {
            return Err(
                Problem::new(Code::SecretStoreLocked).about(Subject::Field { name: "passphrase".into() })
            );
        };
        let file = hub.passphrase_file();
        let store = blocking(move || PassphraseStore::reopen(&file, passphrase.into_secret())).await?;
        hub.keeper().put(Arc::new(store));
    } else if looks::settled(hub, &hub.workspace(workspace).await?).await? == "locked" {
        return Err(Problem::new(Code::SecretStoreLocked).about(Subject::Computer));
    }
    hub.security().seen(hub.clock().as_ref());
    for open in hub.open_workspaces().await {
        if let Err(error) = open.authoriser().tidy_keys().await {
            tracing::warn!(%error, "keys of no more use stay in the secret store");
        }
        open.person_acted(Code::SecretStoreLocked).await;
    }
    finish_move(hub).await;
    hub.events().emit_to_all(Event::SecretsChanged);
    status(hub, workspace, Empty {}).await
}

/// Locks a passphrase store: its key and every secret leave the memory. Runs wait for the unlock.
pub async fn lock(hub: &Hub, workspace: &str, _: Empty) -> Result<SecretsStatus, Problem> {
    if hub.keeper().kind() != StoreKind::Passphrase {
        return Err(Problem::new(Code::NotOffered)
            .with("message", "Only a passphrase locks here; a keyring is locked with your session."));
    }
    lock_now(hub).await;
    status(hub, workspace, Empty {}).await
}

/// Locks; nothing happens where it is locked or cannot be.
pub(crate) async fn lock_now(hub: &Hub) {
    // First the store: what fetches a key after this finds none.
    if !hub.keeper().lock() {
        return;
    }
    forget_in_memory(hub).await;
    hub.events().emit_to_all(Event::SecretsChanged);
}

/// Locks where nobody was here for as long as the user decided. A run that works keeps the store open
/// until it ends or waits: a person started it. One that waits, for time or for an answer, does not.
pub(crate) async fn lock_if_idle(hub: &Hub) {
    if hub.keeper().is_locked()
        || hub.keeper().kind() != StoreKind::Passphrase
        || !hub.security().is_idle(hub.clock().as_ref())
    {
        return;
    }
    for open in hub.open_workspaces().await {
        if open.is_working().await {
            return;
        }
    }
    tracing::info!("nobody is here: the passphrase store is locked");
    lock_now(hub).await;
}

/// A person is at the screen.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Seen {
    /// Always true.
    pub seen: bool,
}

/// Says that a person is at the screen, so that nothing is locked.
pub async fn presence(hub: &Hub, _: &str, _: Empty) -> Result<Seen, Problem> {
    hub.security().seen(hub.clock().as_ref());
    Ok(Seen { seen: true })
}

/// Decisions to change. Others stay.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretsSetRequest {
    /// Minutes until a passphrase store locks itself, at most a week; 0 for never.
    #[serde(default)]
    pub lock_after_minutes: Option<u32>,
    /// Days until a key is called old, at most ten years; 0 for never.
    #[serde(default)]
    pub remind_after_days: Option<u32>,
}

/// Changes when the store locks itself and when a key is called old.
pub async fn set(hub: &Hub, workspace: &str, request: SecretsSetRequest) -> Result<SecretsStatus, Problem> {
    for (given, most, field) in [
        (request.lock_after_minutes, 7 * 24 * 60, "lockAfterMinutes"),
        (request.remind_after_days, 3_650, "remindAfterDays"),
    ] {
        if given.is_some_and(|given| given > most) {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", format!("\"{field}\""))
                .with("message", format!("Use at most {most}, or 0 for never."))
                .about(Subject::Field { name: field.into() }));
        }
    }
    hub.security().decide(|decisions| {
        decisions.lock_after_minutes = request.lock_after_minutes.unwrap_or(decisions.lock_after_minutes);
        decisions.remind_after_days = request.remind_after_days.unwrap_or(decisions.remind_after_days);
    })?;
    hub.events().emit_to_all(Event::SecretsChanged);
    status(hub, workspace, Empty {}).await
}

/// What another key gave.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RotateResponse {
    /// Credentials that are sealed with another key now.
    pub credentials: usize,
    /// Credentials whose key was lost before: they wait for being entered again.
    pub lost: usize,
}

/// Seals everything with another master key, in each workspace of the data folder. Copies that were
/// made before open their secrets no more.
pub async fn rotate(hub: &Hub, _: &str, _: Empty) -> Result<RotateResponse, Problem> {
    let rotated = rotate_all(hub).await?;
    hub.events().emit_to_all(Event::SecretsChanged);
    Ok(rotated)
}

async fn rotate_all(hub: &Hub) -> Result<RotateResponse, Problem> {
    let mut all = RotateResponse { credentials: 0, lost: 0 };
    for name in names(hub)? {
        let workspace = hub.workspace(&name).await?;
        let _alone = workspace.seals().write().await;
        if workspace.store().credentials().await?.is_empty() {
            continue;
        }
        let rotated = workspace.authoriser().rotate().await.map_err(Problem::from)?;
        all.credentials += rotated.credentials;
        all.lost += rotated.lost;
        workspace.note("secrets_rotated").await;
    }
    Ok(all)
}

/// Where the master key is to be kept.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// The store to move to.
    pub to: MoveTo,
    /// The passphrase of a passphrase store: at least 12 characters.
    #[serde(default)]
    pub passphrase: Option<PassphraseInput>,
}

/// A store that keys can be moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum MoveTo {
    /// The system's keyring.
    Keyring,
    /// A file in the data folder, locked with a passphrase.
    Passphrase,
}

/// Moves the keys of every workspace into another store and seals everything anew there. The keys are
/// durable in both stores before one name of a file decides which is used; a kill at any point leaves
/// what opens.
pub async fn move_to(hub: &Hub, workspace: &str, request: MoveRequest) -> Result<SecretsStatus, Problem> {
    let from = hub.keeper().store().map_err(Problem::from)?;
    match (from.kind(), request.to, request.passphrase) {
        (StoreKind::Passphrase, MoveTo::Keyring, _) => to_keyring(hub).await?,
        (StoreKind::Keyring, MoveTo::Passphrase, Some(passphrase)) => {
            to_passphrase(hub, passphrase).await?;
        }
        (StoreKind::Keyring, MoveTo::Passphrase, None) => {
            return Err(Problem::from(VaultError::PassphraseShort));
        }
        (StoreKind::Memory, ..) => {
            return Err(Problem::new(Code::NotOffered).with(
                "message",
                "Keys are kept in memory and end with the program. Start it with another store.",
            ));
        }
        (StoreKind::Keyring, MoveTo::Keyring, _) | (StoreKind::Passphrase, MoveTo::Passphrase, _) => {
            return Err(Problem::new(Code::Conflict)
                .with("item", "The store")
                .with("message", "The keys are there already."));
        }
    }
    hub.security().seen(hub.clock().as_ref());
    for open in hub.open_workspaces().await {
        open.person_acted(Code::SecretStoreLocked).await;
    }
    hub.events().emit_to_all(Event::SecretsChanged);
    status(hub, workspace, Empty {}).await
}

/// Another passphrase.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ChangePassphraseRequest {
    /// The one that opens the store now.
    pub current: PassphraseInput,
    /// The one that is to: at least 12 characters.
    pub new: PassphraseInput,
}

/// Locks the passphrase store with another passphrase, and leaves it open. What is sealed stays as it is: the
/// keys do not change.
pub async fn change_passphrase(
    hub: &Hub,
    workspace: &str,
    request: ChangePassphraseRequest,
) -> Result<SecretsStatus, Problem> {
    if hub.keeper().kind() != StoreKind::Passphrase {
        return Err(Problem::new(Code::NotOffered)
            .with("message", "Keys are kept in no passphrase store. A keyring is locked with your session."));
    }
    let (file, before, now) = (hub.passphrase_file(), request.current.into_secret(), request.new.into_secret());
    {
        // Nobody else writes to the store meanwhile.
        let _alone = hub.all_seals().await?;
        let store = blocking(move || PassphraseStore::relock(&file, before, &now)).await?;
        hub.keeper().put(Arc::new(store));
    }
    hub.security().seen(hub.clock().as_ref());
    for open in hub.open_workspaces().await {
        open.note("passphrase_changed").await;
        open.person_acted(Code::SecretStoreLocked).await;
    }
    hub.events().emit_to_all(Event::SecretsChanged);
    status(hub, workspace, Empty {}).await
}

/// Copies the keys of every workspace; says their names.
async fn copy_all(hub: &Hub, to: &Arc<dyn SecretStore>) -> Result<Vec<String>, Problem> {
    let mut copied = Vec::new();
    for name in names(hub)? {
        let workspace = hub.workspace(&name).await?;
        copied.extend(workspace.authoriser().copy_keys(to.clone()).await.map_err(Problem::from)?);
    }
    Ok(copied)
}

async fn to_passphrase(hub: &Hub, passphrase: PassphraseInput) -> Result<(), Problem> {
    let file = hub.passphrase_file();
    let beside = PathBuf::from(format!("{}.moving", file.display()));
    // What an interrupted move left was never in use.
    let _ = std::fs::remove_file(&beside);
    let passphrase = passphrase.into_secret();
    let (path, word) = (beside.clone(), passphrase.clone());
    let store: Arc<dyn SecretStore> = Arc::new(blocking(move || PassphraseStore::create(&path, &word)).await?);
    let alone = hub.all_seals().await?;
    let moved = async {
        let copied = copy_all(hub, &store).await?;
        hub.security().decide(|decisions| decisions.left_in_keyring = copied)?;
        std::fs::rename(&beside, &file)
            .and_then(|()| crate::security::sync_folder(&file))
            .map_err(|error| Problem::new(Code::Internal).detail(format!("vault.json: {error}")))?;
        // Until here the keyring is used, whatever the file: it has the keys.
        hub.security().decide(|decisions| decisions.keyring_chosen = false)
    };
    if let Err(problem) = moved.await {
        let _ = std::fs::remove_file(&beside);
        return Err(problem);
    }
    // Opened from disk: the copy is proved by using it.
    let store = blocking(move || PassphraseStore::reopen(&file, passphrase)).await?;
    hub.keeper().put(Arc::new(store));
    forget_in_memory(hub).await;
    drop(alone);
    finish_move(hub).await;
    Ok(())
}

/// Takes the copied keys out of the keyring, once nothing is sealed with them any more. A keyring that
/// does not answer is asked again after the next unlock.
pub(crate) async fn finish_move(hub: &Hub) {
    let left = hub.security().decisions().left_in_keyring;
    if left.is_empty() || hub.keeper().kind() != StoreKind::Passphrase || hub.keeper().is_locked() {
        return;
    }
    let keyring = hub.keyring().clone();
    let finished = async {
        rotate_all(hub).await?;
        blocking(move || left.iter().try_for_each(|name| keyring.delete(name))).await?;
        hub.security().decide(|decisions| decisions.left_in_keyring.clear())
    };
    if let Err(problem) = finished.await {
        tracing::warn!(%problem, "copies of the former keys stay in the keyring for now");
    }
}

async fn to_keyring(hub: &Hub) -> Result<(), Problem> {
    let keyring = hub.keyring().clone();
    let asked = keyring.clone();
    // Whether it answers at all: a workspace without secrets copies nothing.
    blocking(move || asked.get("patchbay/asked").map(drop)).await?;
    let file = hub.passphrase_file();
    let aside = PathBuf::from(format!("{}.left", file.display()));
    {
        let _alone = hub.all_seals().await?;
        copy_all(hub, &keyring).await?;
        hub.security().decide(|decisions| decisions.keyring_chosen = true)?;
        std::fs::rename(&file, &aside)
            .and_then(|()| crate::security::sync_folder(&file))
            .map_err(|error| Problem::new(Code::Internal).detail(format!("vault.json: {error}")))?;
        hub.keeper().put(keyring);
        forget_in_memory(hub).await;
    }
    if let Err(problem) = rotate_all(hub).await {
        tracing::warn!(%problem, "the keys are in the keyring as they were");
    }
    let _ = std::fs::remove_file(&aside);
    Ok(())
}

async fn forget_in_memory(hub: &Hub) {
    for open in hub.open_workspaces().await {
        open.authoriser().forget();
        open.sign_ins().forget_ended();
    }
}

/// What forgetting took.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ForgotAll {
    /// How many connections lost their key.
    pub connections: usize,
    /// What became of each at its service.
    pub ended: Vec<EndedSignIn>,
}

/// Destroys every key and every secret of the data folder, and tells the services that sign-ins are over,
/// as far as they can be told: none of them keeps anything here. Connections and chains stay and ask for a
/// key.
pub async fn forget_all(hub: &Hub, _: &str, _: Empty) -> Result<ForgotAll, Problem> {
    forget_within(hub, PATIENCE).await
}

pub(crate) async fn forget_within(hub: &Hub, patience: Duration) -> Result<ForgotAll, Problem> {
    let mut forgot = ForgotAll { connections: 0, ended: Vec::new() };
    for name in names(hub)? {
        let workspace = hub.workspace(&name).await?;
        // Before anything is locked: a renewal that is under way wants to keep what it brings.
        let (ended, _renewals) = revoke_all(&workspace, patience).await?;
        let _alone = workspace.seals().write().await;
        let gone = workspace.authoriser().forget_all().await.map_err(Problem::from)?;
        workspace.sign_ins().forget_ended();
        forgot.connections += gone.len();
        forgot.ended.extend(ended);
        for id in gone {
            if let Some(mut connection) = workspace.store().connection(&id).await? {
                connection.state = ConnectionState::Stale;
                connection.last_error = Some(no_key(&connection.name));
                workspace.store().connection_update(&connection).await?;
            }
            workspace.events().emit(Event::ConnectionChanged { id });
        }
        workspace.note("secrets_forgotten").await;
    }
    hub.events().emit_to_all(Event::SecretsChanged);
    Ok(forgot)
}

/// A connection that waits for its key.
pub(crate) fn no_key(name: &str) -> Problem {
    Problem::new(Code::SecretMissing).with("name", name).about(Subject::Connection { name: name.to_owned() })
}

/// The keyring may keep us waiting, and deriving a key takes its time.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Problem::from),
        Err(error) => Err(Problem::new(Code::Internal).detail(error.to_string())),
    }
}

#[cfg(test)]
mod tests;
