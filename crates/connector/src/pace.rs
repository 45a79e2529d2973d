//! Pacing: rate budget and circuit of each connection and host, kept over restarts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_model::Clock;
use patchbay_model::circuit::Circuit;
use patchbay_model::descriptor::Limits;
use patchbay_model::host::{LimitState, LimitStore};
use patchbay_model::problem::{Code, HealthEffect, Problem};
use patchbay_model::rate::RateBudget;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Shorter pauses are waited out; longer ones are told to the caller.
const WAIT_HERE: Duration = Duration::from_secs(5);
/// Calls under way at the same time where the connector does not say.
const CONCURRENCY: u32 = 4;

/// Lets calls pass.
#[derive(Clone)]
pub(crate) struct Pace {
    store: Arc<dyn LimitStore>,
    clock: Arc<dyn Clock>,
    gates: Arc<Mutex<HashMap<String, Gate>>>,
}

struct Gate {
    state: LimitState,
    calls: Arc<Semaphore>,
}

impl Pace {
    pub(crate) fn new(store: Arc<dyn LimitStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, gates: Arc::default() }
    }

    /// Waits for a turn. `LOCAL_RATE_LIMITED` or `CIRCUIT_OPEN` with a time where that is far off.
    pub(crate) async fn admit(
        &self,
        key: &str,
        limits: &Limits,
        tool: &str,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        let calls = self.with(key, limits, |gate| gate.calls.clone());
        let permit = calls
            .acquire_owned()
            .await
            .map_err(|_| Problem::new(Code::Internal).detail("the gate is closed"))?;
        let mut waited = Duration::ZERO;
        loop {
            let now = self.clock.monotonic();
            let (wait, code) = self.with(key, limits, |gate| match gate.state.circuit.admit(now) {
                Err(wait) => (wait, Code::CircuitOpen),
                Ok(()) => match gate.state.budget.take(now) {
                    Ok(()) => (Duration::ZERO, Code::LocalRateLimited),
                    Err(wait) => {
                        gate.state.circuit.probe_abandoned(now);
                        (wait, Code::LocalRateLimited)
                    }
                },
            });
            if wait.is_zero() {
                return Ok(permit);
            }
            if waited + wait > WAIT_HERE || code == Code::CircuitOpen {
                let at = self.clock.now().checked_add(wait).unwrap_or_else(|_| self.clock.now());
                return Err(Problem::new(code).with("tool", tool).retry_at(at));
            }
            tokio::time::sleep(wait).await;
            waited += wait;
        }
    }

    /// The service answered, in whatever words; or it did not.
    pub(crate) fn learn(&self, key: &str, limits: &Limits, code: Option<Code>, hold: Option<Duration>) {
        let now = self.clock.monotonic();
        self.with(key, limits, |gate| {
            match code.map(Code::health) {
                Some(HealthEffect::Down) => gate.state.circuit.failed(now),
                // Trouble on this side says nothing of the service.
                Some(HealthEffect::Global) => gate.state.circuit.probe_abandoned(now),
                _ => gate.state.circuit.succeeded(),
            }
            if let Some(wait) = hold {
                gate.state.budget.hold(now, wait);
            }
        });
    }

    fn with<T>(&self, key: &str, limits: &Limits, act: impl FnOnce(&mut Gate) -> T) -> T {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(key.to_owned()).or_insert_with(|| {
            let now = self.clock.monotonic();
            let fresh =
                || LimitState { budget: RateBudget::new(&limits.rate, now), circuit: Circuit::default() };
            let mut state = self.store.load(key).unwrap_or_else(fresh);
            state.budget = state.budget.carried_over(now, now, &limits.rate);
            let calls = limits.concurrency.unwrap_or(CONCURRENCY).clamp(1, 64) as usize;
            Gate { state, calls: Arc::new(Semaphore::new(calls)) }
        });
        let result = act(gate);
        self.store.save(key, &gate.state);
        result
    }
}
