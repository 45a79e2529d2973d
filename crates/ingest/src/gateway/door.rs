//! The address of one connection: what is known of it, and how many verifications failed of late.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_auth::Authoriser;
use patchbay_auth::webhook::AddressKey;
use patchbay_connector::Compiled;
use patchbay_model::{Clock, Connection, ConnectionId, ConnectorId, EventSink};
use patchbay_store::{Store, StoreError, WebhookRow};

/// What is known of a connection may be so old. Whoever changes it says so; this is for what others change.
const FRESH: Duration = Duration::from_secs(1);
/// Failed verifications of one connection in a minute.
const FAILURES: u32 = 100;
const MINUTE: Duration = Duration::from_secs(60);

/// The connectors at hand.
pub trait Definitions: Send + Sync {
    /// The connector with this id, compiled.
    fn compiled(&self, id: &ConnectorId) -> Option<Arc<Compiled>>;
}

/// What the gateway needs of a workspace. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    /// The workspace's name.
    pub workspace: String,
    /// Its database.
    pub store: Store,
    /// What opens its secrets.
    pub authoriser: Authoriser,
    /// The connectors at hand.
    pub definitions: Arc<dyn Definitions>,
    /// What makes the addresses of its steps hard to guess.
    pub addresses: AddressKey,
    /// Where events go.
    pub events: Arc<dyn EventSink>,
    /// Wakes who reads: work was asked for.
    pub asked: Arc<dyn Fn() + Send + Sync>,
    /// Deliveries that are mapped at the same time; at least one is.
    pub at_once: Arc<dyn Fn() -> u32 + Send + Sync>,
}

/// The address of one connection.
pub(crate) struct Door {
    pub(crate) site: Site,
    pub(crate) connection: ConnectionId,
    pub(crate) connector: ConnectorId,
    known: Mutex<Option<(Duration, Arc<Known>)>>,
    failures: Mutex<Failures>,
}

/// A connection and its webhook as they were a moment ago.
pub(crate) struct Known {
    pub(crate) connection: Connection,
    pub(crate) webhook: WebhookRow,
}

impl Door {
    pub(crate) fn new(site: Site, connection: ConnectionId, connector: ConnectorId) -> Self {
        Self { site, connection, connector, known: Mutex::default(), failures: Mutex::default() }
    }

    /// The connection and its webhook; none where it is gone.
    pub(crate) async fn known(&self, clock: &dyn Clock) -> Result<Option<Arc<Known>>, StoreError> {
        let now = clock.monotonic();
        let before = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read, known)) = before
            && now.saturating_sub(read) < FRESH
        {
            return Ok(Some(known));
        }
        let store = &self.site.store;
        let (connection, webhook) =
            (store.connection(&self.connection).await?, store.webhook(&self.connection).await?);
        let known =
            connection.zip(webhook).map(|(connection, webhook)| Arc::new(Known { connection, webhook }));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known.clone().map(|known| (now, known));
        Ok(known)
    }

    /// What is known is old: the next call reads it anew.
    pub(crate) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether so many verifications failed that no other is tried now.
    pub(crate) fn is_shut(&self, clock: &dyn Clock) -> bool {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).left(clock.monotonic()) < 1.0
    }

    /// Another verification failed.
    pub(crate) fn failed(&self, clock: &dyn Clock) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let left = failures.left(clock.monotonic());
        failures.left = left - 1.0;
    }
}

/// How many verifications may still fail: as many as a minute allows, filled up over a minute.
#[derive(Debug)]
struct Failures {
    left: f64,
    at: Duration,
}

impl Default for Failures {
    fn default() -> Self {
        Self { left: f64::from(FAILURES), at: Duration::ZERO }
    }
}

impl Failures {
    fn left(&mut self, now: Duration) -> f64 {
        let passed = now.saturating_sub(self.at).as_secs_f64() / MINUTE.as_secs_f64();
        self.left = (self.left + passed * f64::from(FAILURES)).min(f64::from(FAILURES));
        self.at = now;
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_verifications_may_fail_in_a_minute() {
        let mut failures = Failures::default();
        let mut now = Duration::from_secs(1_000);
        for _ in 0..100 {
            assert!(failures.left(now) >= 1.0);
            failures.left -= 1.0;
        }
        assert!(failures.left(now) < 1.0);
        now += Duration::from_millis(590);
        assert!(failures.left(now) < 1.0);
        now += Duration::from_millis(20);
        assert!(failures.left(now) >= 1.0, "one more in six tenths of a second");
        now += MINUTE * 5;
        assert!(failures.left(now) <= 100.0, "what was not used is not saved up");
    }
}
