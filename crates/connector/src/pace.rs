//! Pacing, kept over restarts: the rate budget of each account and host, which all connections of the account
//! share; circuit and calls under way of each connection and host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    gates: Arc<Mutex<Gates>>,
}

/// What a call passes.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    /// The circuit and the calls under way.
    pub(crate) gate: String,
    /// The rate budget; the same where nobody knows whose account it is.
    pub(crate) budget: String,
}

impl Passage {
    /// The same for requests that the service counts apart.
    pub(crate) fn apart(&self, name: &str) -> Self {
        Self { gate: format!("{} {name}", self.gate), budget: format!("{} {name}", self.budget) }
    }
}

#[derive(Default)]
struct Gates {
    gates: HashMap<String, Gate>,
    budgets: HashMap<String, RateBudget>,
}

struct Gate {
    circuit: Circuit,
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
    passage: &'p Passage,
    bounds: &'p Bounds<'p>,
    probe: bool,
    _permit: OwnedSemaphorePermit,
}

impl Turn<'_> {
    /// Takes in what the call showed, and the pause that the service asks for.
    pub(crate) fn learn(mut self, lesson: Lesson, hold: Option<Duration>) {
        let now = self.pace.clock.monotonic();
        let rules = self.bounds.circuit;
        self.pace.with(self.passage, self.bounds, |gate, budget| {
            match lesson {
                Lesson::Answers => gate.circuit.succeeded(),
                Lesson::Fault => gate.circuit.failed(now, rules),
                Lesson::Nothing if self.probe => gate.circuit.probe_abandoned(now),
                Lesson::Nothing => {}
            }
            if let Some(wait) = hold {
                budget.hold(now, wait);
            }
        });
        self.probe = false;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.probe {
            let now = self.pace.clock.monotonic();
            let abandon = |gate: &mut Gate, _: &mut RateBudget| gate.circuit.probe_abandoned(now);
            self.pace.with(self.passage, self.bounds, abandon);
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
        passage: &'p Passage,
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
        let calls = self.with(passage, bounds, |gate, budget| {
            fit(gate, budget, bounds, self.clock.monotonic());
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
            let now = self.clock.monotonic();
            match self.with(passage, bounds, |gate, budget| gate.pass(budget, now, urgency)) {
                Ok(probe) => {
                    return Ok(Turn { pace: self, passage, bounds, probe, _permit: permit });
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
        let mut gates = self.lock();
        if let Some(gate) = gates.gates.get_mut(key) {
            gate.circuit.succeeded();
            state.circuit = gate.circuit;
        }
        if let Some(budget) = gates.budgets.get(key) {
            state.budget = budget.clone();
        }
        state.circuit.succeeded();
        self.store.save(key, &state);
    }

    fn with<T>(
        &self,
        passage: &Passage,
        bounds: &Bounds<'_>,
        act: impl FnOnce(&mut Gate, &mut RateBudget) -> T,
    ) -> T {
        let mut all = self.lock();
        let Gates { gates, budgets } = &mut *all;
        let (key, shared) = (&passage.gate, &passage.budget);
        let now = self.clock.monotonic();
        let gate = gates.entry(key.clone()).or_insert_with(|| {
            let most = most_at_once(bounds);
            let circuit = self.store.load(key).map(|state| state.circuit).unwrap_or_default();
            Gate { circuit, calls: Arc::new(Semaphore::new(most)), most }
        });
        let budget = budgets.entry(shared.clone()).or_insert_with(|| {
            // One that was only just known to be of an account brings along what it has used.
            let kept = self.store.load(shared).or_else(|| self.store.load(key)).map(|state| state.budget);
            let fresh = || RateBudget::new(&bounds.limits.rate, now);
            kept.unwrap_or_else(fresh).carried_over(now, now, &bounds.limits.rate)
        });
        let result = act(gate, budget);
        let state = LimitState { budget: budget.clone(), circuit: gate.circuit };
        if shared == key {
            self.store.save(key, &state);
        } else {
            // The connection may be signed in to another account later, whose budget this is not.
            let own = RateBudget::new(&bounds.limits.rate, now);
            self.store.save(key, &LimitState { budget: own, ..state.clone() });
            self.store.save(shared, &LimitState { circuit: Circuit::default(), ..state });
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Gates> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn most_at_once(bounds: &Bounds<'_>) -> usize {
    bounds.limits.concurrency.unwrap_or(CONCURRENCY).clamp(1, 64) as usize
}

/// Keeps within other bounds from now on. Calls under way are not counted among the new ones.
fn fit(gate: &mut Gate, budget: &mut RateBudget, bounds: &Bounds<'_>, now: Duration) {
    if !budget.keeps(&bounds.limits.rate) {
        *budget = budget.clone().carried_over(now, now, &bounds.limits.rate);
    }
    let most = most_at_once(bounds);
    if most != gate.most {
        (gate.calls, gate.most) = (Arc::new(Semaphore::new(most)), most);
    }
}

impl Gate {
    /// Takes a turn, and says whether it is the circuit's probe; or how long until there is one.
    fn pass(
        &mut self,
        budget: &mut RateBudget,
        now: Duration,
        urgency: Urgency,
    ) -> Result<bool, (Code, Duration)> {
        let before = self.circuit;
        if let (Circuit::Open { pause, .. }, Urgency::Now) = (before, urgency) {
            self.circuit = Circuit::HalfOpen { pause };
        } else if urgency == Urgency::Usual {
            self.circuit.admit(now).map_err(|wait| (Code::CircuitOpen, wait))?;
        }
        let probe = self.circuit != before;
        budget.take(now).map(|()| probe).map_err(|wait| {
            self.circuit = before;
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

    fn passage(gate: &str, budget: &str) -> Passage {
        Passage { gate: gate.to_owned(), budget: budget.to_owned() }
    }

    fn usual_way() -> &'static Passage {
        static WAY: LazyLock<Passage> = LazyLock::new(|| passage("c@h", "c@h"));
        &WAY
    }

    async fn turn<'p>(pace: &'p Pace, limits: &'p Bounds<'p>) -> Result<Turn<'p>, Problem> {
        pace.admit(usual_way(), limits, "Tool", Urgency::Usual, MINUTE).await
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
        let now = bench.pace.admit(usual_way(), &limits, "Tool", Urgency::Now, MINUTE).await;
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
        let other = passage("d@h", "d@h");
        let hasty = bench.pace.admit(&other, &limits, "Tool", Urgency::Usual, Duration::ZERO).await;
        assert!(hasty.is_ok(), "another host has a budget of its own");
    }

    #[tokio::test]
    async fn connections_of_one_account_share_its_budget_and_nothing_else() {
        let bench = bench();
        let limits = limits(json!({"rate": [{"calls": 4, "seconds": 3_600, "burst": 2}], "concurrency": 1}));
        // Before its account was known it had used one call.
        let [alone, one, two, other] =
            [("a@h", "a@h"), ("a@h", "t:7@h"), ("b@h", "t:7@h"), ("c@h", "t:8@h")].map(|(a, b)| passage(a, b));
        let hasty = |way| bench.pace.admit(way, &limits, "Tool", Urgency::Usual, Duration::ZERO);
        drop(hasty(&alone).await.ok().unwrap());
        let held = hasty(&one).await.ok().unwrap();
        assert_eq!(code(hasty(&two).await), Some(Code::LocalRateLimited), "two calls of the account are out");
        assert!(hasty(&other).await.is_ok(), "another account has a budget of its own");
        held.learn(Lesson::Answers, Some(Duration::from_secs(7_200)));
        bench.clock.advance(Duration::from_secs(3_600));
        for way in [&one, &two] {
            let refused = hasty(way).await.err().unwrap();
            assert_eq!(refused.when().unwrap().to_string(), "2026-11-20T14:00:00Z", "asked of the account");
        }
        bench.clock.advance(Duration::from_secs(3_600));
        let first = hasty(&one).await.ok().unwrap();
        let second = hasty(&two).await.ok().unwrap();
        for _ in 0..5 {
            bench.pace.with(&one, &limits, |gate, _| gate.circuit.failed(Duration::ZERO, limits.circuit));
        }
        drop((first, second));
        bench.clock.advance(Duration::from_secs(86_400));
        assert!(hasty(&two).await.is_ok(), "the circuit of one is not that of the other");
        let again = Pace::new(bench.kept.clone(), bench.clock.clone());
        for _ in 0..2 {
            // What was used up is used up for the next start too.
            let _ = again.admit(&two, &limits, "Tool", Urgency::Usual, Duration::ZERO).await;
        }
        let used = again.admit(&one, &limits, "Tool", Urgency::Now, Duration::ZERO).await;
        assert_eq!(code(used), Some(Code::LocalRateLimited));
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
        let hasty = || bench.pace.admit(usual_way(), &limits, "Tool", Urgency::Usual, Duration::ZERO);
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
        let hasty = || bench.pace.admit(usual_way(), &now, "Tool", Urgency::Usual, Duration::ZERO);
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
