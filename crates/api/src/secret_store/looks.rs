//! Looking at the secret store. Who only looks waits a second at most, and no person is asked to unlock anything
//! for it. A keyring may answer late, or be unlocked elsewhere: what it says later counts from then on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use patchbay_model::Event;
use patchbay_model::SealedBytes;
use patchbay_model::problem::{Code, Problem};
use patchbay_vault::{Vault, VaultStatus};
use tokio::sync::{Semaphore, watch};

use super::word;
use crate::hub::Hub;
use crate::workspace::Workspace;

/// Nobody waits longer for a look.
const LOOK: Duration = Duration::from_secs(1);

/// What looks share, whichever workspace they are for: the keyring is one.
pub(crate) struct Looks {
    of: Mutex<BTreeMap<String, Seen>>,
    /// The keyring is asked by one after the other.
    turn: Arc<Semaphore>,
}

impl Default for Looks {
    fn default() -> Self {
        Self { of: Mutex::default(), turn: Arc::new(Semaphore::new(1)) }
    }
}

/// What is known of the store for one workspace.
#[derive(Default)]
struct Seen {
    /// What the last look found, or what was said meanwhile where there was none.
    last: Option<VaultStatus>,
    under_way: Option<(Instant, watch::Receiver<()>)>,
}

impl Looks {
    fn of(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is said while nothing newer is known.
    fn last(&self, workspace: &str) -> VaultStatus {
        *self.of().entry(workspace.to_owned()).or_default().last.get_or_insert(VaultStatus::Locked)
    }

    /// Keeps what a look found; says whether that is news to whoever asked before.
    fn found(&self, workspace: &str, status: VaultStatus) -> bool {
        let mut of = self.of();
        let seen = of.entry(workspace.to_owned()).or_default();
        seen.under_way = None;
        seen.last.replace(status).is_some_and(|before| before != status)
    }
}

/// The look that is under way for a workspace, or a new one: when it began, and what ends with it.
fn look(hub: &Hub, workspace: &Workspace, kept: Vec<SealedBytes>) -> (Instant, watch::Receiver<()>) {
    let looks = &hub.security().looks;
    let name = workspace.name().to_owned();
    let mut of = looks.of();
    let seen = of.entry(name.clone()).or_default();
    if let Some(under_way) = &seen.under_way {
        return under_way.clone();
    }
    let (over, ends) = watch::channel(());
    let under_way = (Instant::now(), ends);
    seen.under_way = Some(under_way.clone());
    drop(of);
    let (hub, turn, vault) = (hub.weak(), looks.turn.clone(), workspace.vault().clone());
    tokio::spawn(async move {
        // Never closed.
        let _turn = turn.acquire().await;
        let status = tokio::task::spawn_blocking(move || vault.look(&kept)).await;
        let status = status.unwrap_or(VaultStatus::Unavailable);
        let Some(hub) = hub.upgrade() else { return };
        let news = hub.security().looks.found(&name, status);
        drop(over);
        if news {
            tell(&hub, status).await;
        }
    });
    under_way
}

/// How the secret store is for a workspace, without waiting for a person.
pub(crate) async fn state(hub: &Hub, workspace: &Workspace) -> Result<&'static str, Problem> {
    // It says so although nothing is kept yet: nothing can be kept either.
    if hub.keeper().is_locked() {
        return Ok("locked");
    }
    let kept = workspace.store().credentials().await?;
    if kept.is_empty() {
        return Ok(unused(workspace.vault().clone()).await);
    }
    let (began, mut ends) = look(hub, workspace, kept);
    // Nothing is sent: it is over when its sender is gone.
    let _ = tokio::time::timeout(LOOK.saturating_sub(began.elapsed()), ends.changed()).await;
    Ok(word(hub.security().looks.last(workspace.name())))
}

/// The same once the store has answered, however long a person takes: somebody wants it open, and a keyring that
/// is locked asks.
pub(super) async fn settled(hub: &Hub, workspace: &Workspace) -> Result<&'static str, Problem> {
    let kept = workspace.store().credentials().await?;
    if hub.keeper().is_locked() || kept.is_empty() {
        return state(hub, workspace).await;
    }
    let looks = &hub.security().looks;
    // One question at a time.
    let _turn = looks.turn.acquire().await;
    let vault: Arc<Vault> = workspace.vault().clone();
    let status = tokio::task::spawn_blocking(move || vault.status(&kept)).await;
    let status = status.unwrap_or(VaultStatus::Unavailable);
    looks.of().entry(workspace.name().to_owned()).or_default().last = Some(status);
    Ok(word(status))
}

/// Nothing is kept; whether anything could be.
async fn unused(vault: Arc<Vault>) -> &'static str {
    let look = tokio::task::spawn_blocking(move || vault.is_there());
    match tokio::time::timeout(LOOK, look).await {
        Ok(Ok(false)) => "unavailable",
        _ => "unused",
    }
}

/// What was said is no more so: what waits for the store goes on where it is open, and pages read again.
async fn tell(hub: &Hub, status: VaultStatus) {
    if status == VaultStatus::Unlocked {
        for open in hub.open_workspaces().await {
            open.person_acted(Code::SecretStoreLocked).await;
        }
    }
    hub.events().emit_to_all(Event::SecretsChanged);
}
