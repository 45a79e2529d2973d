//! What a workspace reads by itself.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use patchbay_ingest::jobs::Queue;
use patchbay_ingest::{Dice, Knobs, Parts, Polling, Reader, Reading};
use patchbay_model::problem::Problem;
use patchbay_model::{ConnectionId, JobId};

use super::{Inner, Workspace};

impl Workspace {
    /// Begins the work that comes by itself: reading streams, checking connections.
    pub(super) async fn poll(&self) -> Result<(), Problem> {
        if self.polls() {
            return Ok(());
        }
        let parts = Parts {
            store: self.inner.store.clone(),
            engine: self.inner.engine.clone(),
            connectors: self.inner.connectors.clone(),
            clock: self.inner.clock.clone(),
            events: self.inner.events.clone(),
            reading: self.inner.reading.clone(),
            dice: Dice::default(),
            knobs: self.knobs().await?,
            others: BTreeMap::new(),
        };
        let polling = Polling::start(parts).await?;
        *self.polling() = Some(polling);
        Ok(())
    }

    pub(super) fn polling(&self) -> std::sync::MutexGuard<'_, Option<Polling>> {
        self.inner.polling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process does the work that comes by itself.
    pub(crate) fn polls(&self) -> bool {
        self.polling().is_some()
    }

    /// Waits until nobody else reads a stream, and is its reader.
    pub(crate) async fn begin_reading(&self, connection: &ConnectionId, stream: &str) -> Reader {
        self.inner.reading.begin(connection, stream, &self.inner.clock, &self.inner.events).await
    }

    /// Who reads what.
    pub(crate) fn reading(&self) -> &Reading {
        &self.inner.reading
    }

    /// What the user decides about background work.
    pub(crate) async fn knobs(&self) -> Result<Knobs, Problem> {
        let mut knobs = crate::engine_settings::knobs(self.store()).await?;
        knobs.defaults.sync_paused |= self.inner.sync_paused.load(Ordering::Acquire);
        Ok(knobs)
    }

    /// Takes what was set about the engine.
    pub(crate) async fn settings_changed(&self) -> Result<(), Problem> {
        self.take_call_rules().await?;
        let knobs = self.knobs().await?;
        if let Some(polling) = self.polling().as_ref() {
            polling.set(knobs);
        }
        Ok(())
    }

    /// Lets the engine know what was decided about calls.
    pub(super) async fn take_call_rules(&self) -> Result<(), Problem> {
        let (general, own) = crate::engine_settings::call_rules(self.store()).await?;
        self.inner.engine.decide(general, own);
        let knobs = self.knobs().await?;
        *self.inner.knobs.write().unwrap_or_else(PoisonError::into_inner) = knobs;
        self.runner().places.set(self.at_once(Queue::Run) as usize);
        Ok(())
    }

    /// Seconds between two checks of a connection.
    pub(crate) fn check_seconds(&self, connection: &ConnectionId) -> u32 {
        let knobs = self.inner.knobs.read().unwrap_or_else(PoisonError::into_inner);
        knobs.defaults.health_seconds_of(connection)
    }

    /// How much of one kind of work is done at the same time.
    pub(crate) fn at_once(&self, queue: Queue) -> u32 {
        at_once(&self.inner, queue)
    }

    /// The same for whoever asks again and again, and does not keep the workspace open.
    pub(crate) fn at_once_later(&self, queue: Queue) -> Arc<dyn Fn() -> u32 + Send + Sync> {
        let inner = Arc::downgrade(&self.inner);
        Arc::new(move || {
            inner.upgrade().map_or_else(|| queue.usual_concurrency(), |inner| at_once(&inner, queue))
        })
    }

    /// Something about connections, or about what comes by itself, has changed.
    pub(crate) fn plans_changed(&self) {
        if let Some(polling) = self.polling().as_ref() {
            polling.changed();
        }
    }

    /// What starts chains has changed.
    pub(crate) fn chains_changed(&self) {
        self.store().triggers_changed();
        if let Some(polling) = self.polling().as_ref() {
            polling.chains_changed();
        }
    }

    /// Work was asked for.
    pub(crate) fn work_asked(&self) {
        if let Some(polling) = self.polling().as_ref() {
            polling.asked();
        }
    }

    /// What says that work was asked for. Does nothing where the workspace is closed.
    pub(crate) fn asker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let weak = super::WeakWorkspace(Arc::downgrade(&self.inner));
        Arc::new(move || {
            if let Some(workspace) = weak.upgrade() {
                workspace.work_asked();
            }
        })
    }

    /// Cuts off the work on a job where it runs.
    pub(crate) fn cut_off(&self, job: &JobId) {
        if let Some(polling) = self.polling().as_ref() {
            polling.cancel(job);
        }
    }

    /// The user has acted on a connection: what waited for that goes on.
    pub(crate) async fn resume_reading(&self, connection: &ConnectionId) {
        let resumed = self.store().schedules_resume(connection, self.inner.clock.now()).await;
        if let Err(error) = resumed {
            tracing::warn!(%error, "what waited for the user is not resumed now");
        }
        self.plans_changed();
    }
}

fn at_once(inner: &Inner, queue: Queue) -> u32 {
    let knobs = inner.knobs.read().unwrap_or_else(PoisonError::into_inner);
    knobs.concurrency.get(&queue).copied().unwrap_or_else(|| queue.usual_concurrency())
}
