//! Turns events into runs as long as a workspace is open.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use patchbay_chain::{Control, Dispatcher};
use patchbay_model::problem::Problem;
use tokio::sync::watch;

use super::{Inner, Workspace};

/// How often to look for events without being told.
pub(super) const DISPATCH_CHECK: Duration = Duration::from_secs(1);

/// Turns events into runs as long as the workspace is open.
async fn dispatch(inner: Weak<Inner>, dispatcher: Dispatcher, mut freed: watch::Receiver<u64>) {
    let mut left = dispatcher.store.runs_left();
    loop {
        let Some(inner) = inner.upgrade() else { return };
        if let Err(problem) = (Workspace { inner }).dispatch_once(&dispatcher).await {
            tracing::warn!(%problem, "events wait");
        }
        tokio::select! {
            () = dispatcher.store.triggers_wait() => {}
            _ = left.changed() => {}
            _ = freed.changed() => {}
            () = tokio::time::sleep(DISPATCH_CHECK) => {}
        }
    }
}

impl Workspace {
    /// Begins to turn events into runs.
    pub(super) fn dispatch(&self) {
        let mut dispatching = self.inner.dispatching.lock().unwrap_or_else(PoisonError::into_inner);
        if dispatching.is_none() {
            let dispatcher = Dispatcher { store: self.store().clone(), clock: self.runner().clock.clone() };
            *dispatching = Some(tokio::spawn(dispatch(
                Arc::downgrade(&self.inner),
                dispatcher,
                self.runner().places.freed(),
            )));
        }
    }

    pub(super) fn is_dispatching(&self) -> bool {
        self.inner.dispatching.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Takes the events that wait, and begins the runs whose turn it is.
    async fn dispatch_once(&self, dispatcher: &Dispatcher) -> Result<(), Problem> {
        let taken = dispatcher.take().await?;
        for id in taken.cancel {
            if !self.control(&id, Control::Stop { undo: false }).await {
                let run = self.run(&id).await?;
                if !run.state.is_final() {
                    self.runner().stop(&run, false).await?;
                    self.spawn(run).await?;
                }
            }
        }
        for run in dispatcher.due(self.runner().places.free()).await? {
            self.spawn(run).await?;
        }
        Ok(())
    }
}
