//! Pacing: rate budget and circuit of each connection and host, kept over restarts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_model::Clock;
use patchbay_model::circuit::Circuit;
use patchbay_model::host::{LimitState, LimitStore};
use patchbay_model::problem::{Code, HealthEffect, Problem, Retry};
use patchbay_model::rate::RateBudget;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::bounds::Bounds;

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
    /// Calls that it lets out at the same time.
    most: usize,
}

/// Whether an open circuit keeps a call back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// It does.
    Usual,
    /// The user asked for this very call: it is the probe.
    Now,
}

/// What a call taught us of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lesson {
    /// It answered, in whatever words.
    Answers,
    /// It has a fault of its own.
    Fault,
    /// Nothing: the trouble was on the way, or on this computer.
    Nothing,
}

impl Lesson {
    /// Only faults of the service that may pass by themselves count for the circuit.
    pub(crate) fn of(code: Option<Code>, answered: bool) -> Self {
        match code {
            Some(code) if code.health() == HealthEffect::Down && code.retry() == Retry::Safe => Self::Fault,
            _ if answered => Self::Answers,
            _ => Self::Nothing,
        }
    }
}

/// One call that may go out. Dropped without a word it teaches nothing, and a probe of the circuit
/// that ends so is allowed again.
pub(crate) struct Turn<'p> {
    pace: &'p Pace,
    key: &'p str,
    bounds: &'p Bounds<'p>,
    probe: bool,
    _permit: OwnedSemaphorePermit,
}

impl Turn<'_> {
    /// Takes in what the call showed, and the pause that the service asks for.
    pub(crate) fn learn(mut self, lesson: Lesson, hold: Option<Duration>) {
        let now = self.pace.clock.monotonic();
        let rules = self.bounds.circuit;
        self.pace.with(self.key, self.bounds, |gate| {
            match lesson {
                Lesson::Answers => gate.state.circuit.succeeded(),
                Lesson::Fault => gate.state.circuit.failed(now, rules),
                Lesson::Nothing if self.probe => gate.state.circuit.probe_abandoned(now),
                Lesson::Nothing => {}
            }
            if let Some(wait) = hold {
                gate.state.budget.hold(now, wait);
            }
        });
        self.probe = false;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.probe {
            let now = self.pace.clock.monotonic();
            let abandon = |gate: &mut Gate| gate.state.circuit.probe_abandoned(now);
            self.pace.with(self.key, self.bounds, abandon);
        }
    }
}

impl Pace {
    pub(crate) fn new(store: Arc<dyn LimitStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, gates: Arc::default() }
    }

    /// Waits for a turn, no longer than `patience`. `LOCAL_RATE_LIMITED` or `CIRCUIT_OPEN` with a
    /// time where the turn is further off; nothing has been sent then.
    pub(crate) async fn admit<'p>(
        &'p self,
        key: &'p str,
        bounds: &'p Bounds<'p>,
        tool: &str,
        urgency: Urgency,
        patience: Duration,
    ) -> Result<Turn<'p>, Problem> {
        let later = |code: Code, wait: Duration| {
            let now = self.clock.now();
            let at = now.checked_add(wait).unwrap_or(now);
            Problem::new(code).with("tool", tool).retry_at(at)
        };
        let calls = self.with(key, bounds, |gate| {
            gate.fit(bounds, self.clock.monotonic());
            gate.calls.clone()
        });
        let permit = match tokio::time::timeout(patience, calls.acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Problem::new(Code::Internal).detail("the gate is closed")),
            Err(_) => return Err(later(Code::LocalRateLimited, Duration::from_secs(1))),
        };
        let patience = patience.min(WAIT_HERE);
        let mut waited = Duration::ZERO;
        loop {
            match self.with(key, bounds, |gate| gate.pass(self.clock.monotonic(), urgency)) {
                Ok(probe) => {
                    return Ok(Turn { pace: self, key, bounds, probe, _permit: permit });
                }
                Err((code, wait)) if waited + wait > patience || code == Code::CircuitOpen => {
                    return Err(later(code, wait));
                }
                Err((_, wait)) => {
                    tokio::time::sleep(wait).await;
                    waited += wait;
                }
            }
        }
    }

    /// Closes the circuit of a gate whose limits were last kept as `state`.
    pub(crate) fn close(&self, key: &str, mut state: LimitState) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get_mut(key) {
            gate.state.circuit.succeeded();
            state = gate.state.clone();
        }
        state.circuit.succeeded();
        self.store.save(key, &state);
    }

    fn with<T>(&self, key: &str, bounds: &Bounds<'_>, act: impl FnOnce(&mut Gate) -> T) -> T {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(key.to_owned()).or_insert_with(|| {
            let now = self.clock.monotonic();
            let fresh = || LimitState {
                budget: RateBudget::new(&bounds.limits.rate, now),
                circuit: Circuit::default(),
            };
            let mut state = self.store.load(key).unwrap_or_else(fresh);
            state.budget = state.budget.carried_over(now, now, &bounds.limits.rate);
            let most = most_at_once(bounds);
            Gate { state, calls: Arc::new(Semaphore::new(most)), most }
        });
        let result = act(gate);
        self.store.save(key, &gate.state);
        result
    }
}

fn most_at_once(bounds: &Bounds<'_>) -> usize {
    bounds.limits.concurrency.unwrap_or(CONCURRENCY).clamp(1, 64) as usize
}

impl Gate {
    /// Keeps within other bounds from now on. Calls under way are not counted among the new ones.
    fn fit(&mut self, bounds: &Bounds<'_>, now: Duration) {
        if !self.state.budget.keeps(&bounds.limits.rate) {
            self.state.budget = self.state.budget.clone().carried_over(now, now, &bounds.limits.rate);
        }
        let most = most_at_once(bounds);
        if most != self.most {
            (self.calls, self.most) = (Arc::new(Semaphore::new(most)), most);
        }
    }

    /// Takes a turn, and says whether it is the circuit's probe; or how long until there is one.
    fn pass(&mut self, now: Duration, urgency: Urgency) -> Result<bool, (Code, Duration)> {
        let before = self.state.circuit;
        if let (Circuit::Open { pause, .. }, Urgency::Now) = (before, urgency) {
            self.state.circuit = Circuit::HalfOpen { pause };
        } else if urgency == Urgency::Usual {
            self.state.circuit.admit(now).map_err(|wait| (Code::CircuitOpen, wait))?;
        }
        let probe = self.state.circuit != before;
        self.state.budget.take(now).map(|()| probe).map_err(|wait| {
            self.state.circuit = before;
            (Code::LocalRateLimited, wait)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::sync::LazyLock;

    use patchbay_model::Timestamp;
    use patchbay_model::circuit::CircuitRules;
    use patchbay_model::descriptor::Limits;
    use patchbay_model::time::ManualClock;
    use serde_json::json;

    use super::*;

    /// Limits in memory, as a restarted process finds them.
    #[derive(Default)]
    struct Kept(Mutex<HashMap<String, LimitState>>);

    impl LimitStore for Kept {
        fn load(&self, key: &str) -> Option<LimitState> {
            self.0.lock().unwrap().get(key).cloned()
        }
        fn save(&self, key: &str, state: &LimitState) {
            self.0.lock().unwrap().insert(key.to_owned(), state.clone());
        }
    }

    struct Bench {
        kept: Arc<Kept>,
        clock: Arc<ManualClock>,
        pace: Pace,
    }

    fn bench() -> Bench {
        let at: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let (kept, clock) = (Arc::new(Kept::default()), Arc::new(ManualClock::at(at)));
        let pace = Pace::new(kept.clone(), clock.clone());
        Bench { kept, clock, pace }
    }

    fn limits(value: serde_json::Value) -> Bounds<'static> {
        let limits: Limits = serde_json::from_value(value).unwrap();
        let mut bounds = usual();
        bounds.limits = Cow::Owned(limits);
        bounds
    }

    fn usual() -> Bounds<'static> {
        static USUAL: LazyLock<Limits> = LazyLock::new(Limits::default);
        Bounds::declared(&USUAL)
    }

    const MINUTE: Duration = Duration::from_secs(60);

    async fn turn<'p>(pace: &'p Pace, limits: &'p Bounds<'p>) -> Result<Turn<'p>, Problem> {
        pace.admit("c@h", limits, "Tool", Urgency::Usual, MINUTE).await
    }

    async fn fault(pace: &Pace, limits: &Bounds<'_>) {
        turn(pace, limits).await.map_err(|p| p.code()).ok().unwrap().learn(Lesson::Fault, None);
    }

    fn code<T>(result: Result<T, Problem>) -> Option<Code> {
        result.err().map(|problem| problem.code())
    }

    #[tokio::test]
    async fn an_open_circuit_refuses_before_sending_and_says_when() {
        let (bench, limits) = (bench(), usual());
        for _ in 0..5 {
            fault(&bench.pace, &limits).await;
        }
        let refused = turn(&bench.pace, &limits).await.err().unwrap();
        assert_eq!(refused.code(), Code::CircuitOpen);
        assert_eq!(refused.when().unwrap().to_string(), "2026-11-20T12:00:30Z");
        // A restart does not lift it.
        let again = Pace::new(bench.kept.clone(), bench.clock.clone());
        assert_eq!(code(turn(&again, &limits).await), Some(Code::CircuitOpen));
        bench.clock.advance(Duration::from_secs(30));
        let probe = turn(&bench.pace, &limits).await.ok().unwrap();
        assert_eq!(code(turn(&bench.pace, &limits).await), Some(Code::CircuitOpen), "one probe at a time");
        probe.learn(Lesson::Answers, None);
        assert!(turn(&bench.pace, &limits).await.is_ok(), "closed again");
    }

    #[tokio::test]
    async fn a_probe_that_is_cut_off_is_allowed_again() {
        let (bench, limits) = (bench(), usual());
        for _ in 0..5 {
            fault(&bench.pace, &limits).await;
        }
        bench.clock.advance(MINUTE);
        drop(turn(&bench.pace, &limits).await.ok().unwrap());
        assert!(turn(&bench.pace, &limits).await.is_ok(), "the circuit is not stuck");
    }

    #[tokio::test]
    async fn the_user_may_try_now() {
        let (bench, limits) = (bench(), usual());
        for _ in 0..5 {
            fault(&bench.pace, &limits).await;
        }
        let now = bench.pace.admit("c@h", &limits, "Tool", Urgency::Now, MINUTE).await;
        now.ok().unwrap().learn(Lesson::Answers, None);
        assert!(turn(&bench.pace, &limits).await.is_ok(), "it worked, so calls pass again");
    }

    #[tokio::test]
    async fn a_circuit_that_is_closed_by_hand_lets_calls_pass_and_keeps_pauses() {
        let (bench, limits) = (bench(), usual());
        for _ in 0..5 {
            fault(&bench.pace, &limits).await;
        }
        assert_eq!(code(turn(&bench.pace, &limits).await), Some(Code::CircuitOpen));
        let kept = bench.kept.load("c@h").unwrap();
        bench.pace.close("c@h", kept.clone());
        assert_eq!(
            bench.kept.load("c@h").unwrap().circuit,
            Circuit::default(),
            "a restart finds it closed too"
        );
        turn(&bench.pace, &limits).await.ok().unwrap().learn(Lesson::Answers, Some(MINUTE));
        // Before anybody called: only what is kept is there.
        let fresh = Pace::new(bench.kept.clone(), bench.clock.clone());
        bench.kept.save("c@h", &LimitState { circuit: kept.circuit, ..bench.kept.load("c@h").unwrap() });
        fresh.close("c@h", bench.kept.load("c@h").unwrap());
        let held = turn(&fresh, &limits).await.err().map(|problem| problem.code());
        assert_eq!(held, Some(Code::LocalRateLimited), "the service asked for a pause: that stays");
    }

    #[tokio::test]
    async fn short_waits_are_waited_out_and_long_ones_are_told() {
        let bench = bench();
        let limits = limits(json!({"rate": [{"calls": 2, "seconds": 60, "burst": 1}]}));
        assert!(turn(&bench.pace, &limits).await.is_ok());
        let problem = turn(&bench.pace, &limits).await.err().unwrap();
        assert_eq!(problem.code(), Code::LocalRateLimited);
        assert!(problem.when().is_some());
        // The clock of the test stands still, and so does a patience of nothing.
        let hasty = bench.pace.admit("d@h", &limits, "Tool", Urgency::Usual, Duration::ZERO).await;
        assert!(hasty.is_ok(), "another host has a budget of its own");
    }

    #[tokio::test]
    async fn a_pause_that_the_service_asks_for_holds_every_call() {
        let (bench, limits) = (bench(), usual());
        let turn_one = turn(&bench.pace, &limits).await.ok().unwrap();
        turn_one.learn(Lesson::Answers, Some(Duration::from_secs(90)));
        let held = turn(&bench.pace, &limits).await.err().unwrap();
        assert_eq!(held.code(), Code::LocalRateLimited);
        assert_eq!(held.when().unwrap().to_string(), "2026-11-20T12:01:30Z");
        bench.clock.advance(Duration::from_secs(90));
        assert!(turn(&bench.pace, &limits).await.is_ok());
    }

    #[tokio::test]
    async fn only_so_many_calls_are_under_way_at_once() {
        let bench = bench();
        let limits = limits(json!({"concurrency": 2}));
        let hasty = || bench.pace.admit("c@h", &limits, "Tool", Urgency::Usual, Duration::ZERO);
        let (one, _two) = (hasty().await, hasty().await);
        assert_eq!(code(hasty().await), Some(Code::LocalRateLimited));
        drop(one);
        assert!(hasty().await.is_ok());
    }

    #[tokio::test]
    async fn what_is_decided_anew_holds_from_the_next_call_on() {
        let (bench, before) = (bench(), usual());
        let wide = [turn(&bench.pace, &before).await.ok(), turn(&bench.pace, &before).await.ok()];
        let now = limits(json!({"concurrency": 1, "rate": [{"calls": 2, "seconds": 60, "burst": 1}]}));
        let hasty = || bench.pace.admit("c@h", &now, "Tool", Urgency::Usual, Duration::ZERO);
        let held = hasty().await.ok().unwrap();
        assert_eq!(code(hasty().await), Some(Code::LocalRateLimited), "one call at once");
        drop((wide, held));
        assert_eq!(code(turn(&bench.pace, &now).await), Some(Code::LocalRateLimited), "two calls a minute");
        let mut strict = usual();
        strict.circuit = CircuitRules { faults: 1, pause: Duration::from_secs(7) };
        fault(&bench.pace, &strict).await;
        let refused = turn(&bench.pace, &strict).await.err().unwrap();
        assert_eq!(refused.code(), Code::CircuitOpen);
        assert_eq!(refused.when().unwrap().to_string(), "2026-11-20T12:00:07Z");
    }

    #[test]
    fn only_faults_of_the_service_count_for_the_circuit() {
        let faults: Vec<Code> =
            Code::ALL.iter().copied().filter(|code| Lesson::of(Some(*code), true) == Lesson::Fault).collect();
        assert_eq!(
            faults,
            [
                Code::ServiceDown,
                Code::TimeoutConnect,
                Code::TimeoutResponse,
                Code::ConnectionRefused,
                Code::DnsFailure,
            ]
        );
        assert_eq!(Lesson::of(None, true), Lesson::Answers);
        assert_eq!(Lesson::of(Some(Code::TlsFailure), false), Lesson::Nothing);
    }
}
