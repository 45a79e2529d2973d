//! Looking at the secret store. A keyring that is locked asks a person before it answers, for as long as nobody
//! does: who only looks waits for no one, asks no second time meanwhile, and not again what was just refused.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use patchbay_model::Event;
use patchbay_model::SealedBytes;
use patchbay_model::problem::{Code, Problem};
use patchbay_vault::{Vault, VaultStatus};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::word;
use crate::hub::Hub;
use crate::workspace::Workspace;

/// A look takes no longer than this.
const LOOK: Duration = Duration::from_secs(1);
/// A person who closed the keyring's question is not asked for a look again for this long; what needs a key asks
/// on its own account.
const LEFT_IN_PEACE: Duration = Duration::from_secs(5 * 60);

/// What looks share, whichever workspace they are for: the keyring is one.
pub(crate) struct Looks {
    turn: Arc<Semaphore>,
    /// A person is being asked.
    asked: Arc<AtomicBool>,
    refused: Arc<Mutex<Option<Instant>>>,
}

impl Default for Looks {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), asked: Arc::default(), refused: Arc::default() }
    }
}

impl Looks {
    fn begin(&self, vault: Arc<Vault>, kept: Vec<SealedBytes>) -> JoinHandle<VaultStatus> {
        let (turn, refused) = (self.turn.clone(), self.refused.clone());
        tokio::spawn(async move {
            // Never closed.
            let _turn = turn.acquire().await;
            let look = tokio::task::spawn_blocking(move || {
                let before = *refused.lock().unwrap_or_else(PoisonError::into_inner);
                if before.is_some_and(|at| at.elapsed() < LEFT_IN_PEACE) && !vault.holds_keys() {
                    return VaultStatus::Locked;
                }
                let status = vault.status(&kept);
                let now = (status == VaultStatus::Locked).then(Instant::now);
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = now;
                status
            });
            look.await.unwrap_or(VaultStatus::Unavailable)
        })
    }
}

/// How the secret store is for a workspace, without waiting for a person.
pub(crate) async fn state(hub: &Hub, workspace: &Workspace) -> Result<&'static str, Problem> {
    // It says so although nothing is kept yet: nothing can be kept either.
    if hub.keeper().is_locked() {
        return Ok("locked");
    }
    let kept = workspace.store().credentials().await?;
    let vault = workspace.vault().clone();
    if kept.is_empty() {
        return Ok(unused(vault).await);
    }
    let looks = &hub.security().looks;
    if looks.asked.load(Ordering::Acquire) {
        return Ok("locked");
    }
    let mut look = looks.begin(vault, kept);
    if let Ok(status) = tokio::time::timeout(LOOK, &mut look).await {
        return Ok(status.map_or("unavailable", word));
    }
    // The first one tells everybody of the answer.
    if !looks.asked.swap(true, Ordering::AcqRel) {
        let (hub, asked) = (hub.weak(), looks.asked.clone());
        tokio::spawn(async move {
            let status = look.await;
            asked.store(false, Ordering::Release);
            if let Some(hub) = hub.upgrade() {
                answered(&hub, status.unwrap_or(VaultStatus::Unavailable)).await;
            }
        });
    }
    Ok("locked")
}

/// The same once the store has answered, however long a person takes: somebody wants it open.
pub(super) async fn settled(hub: &Hub, workspace: &Workspace) -> Result<&'static str, Problem> {
    let kept = workspace.store().credentials().await?;
    if hub.keeper().is_locked() || kept.is_empty() {
        return state(hub, workspace).await;
    }
    let looks = &hub.security().looks;
    if !looks.asked.load(Ordering::Acquire) {
        *looks.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
    Ok(looks.begin(workspace.vault().clone(), kept).await.map_or("unavailable", word))
}

/// Nothing is kept; whether anything could be.
async fn unused(vault: Arc<Vault>) -> &'static str {
    let look = tokio::task::spawn_blocking(move || vault.is_there());
    match tokio::time::timeout(LOOK, look).await {
        Ok(Ok(false)) => "unavailable",
        _ => "unused",
    }
}

async fn answered(hub: &Hub, status: VaultStatus) {
    if status == VaultStatus::Unlocked {
        for open in hub.open_workspaces().await {
            open.person_acted(Code::SecretStoreLocked).await;
        }
    }
    hub.events().emit_to_all(Event::SecretsChanged);
}
