//! What a call keeps within: what a person decided, else what the connector declares, else what is usual.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use patchbay_model::ConnectionId;
use patchbay_model::circuit::CircuitRules;
use patchbay_model::descriptor::Limits;
use patchbay_model::rate::RateWindow;

/// Whole time of a request where nobody says.
const ANSWER: Duration = Duration::from_secs(60);
/// Time without a byte after which an answer has stopped coming, where nobody says.
const IDLE: Duration = Duration::from_secs(15);

/// What a person decided about calls. What is none is as the connector declares, else as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallRules {
    /// Time to reach the service.
    pub connect: Option<Duration>,
    /// Whole time of one request. Longer than the usual time without a byte, it stands for that too.
    pub answer: Option<Duration>,
    /// Tries of a read, the first one included. At least 1.
    pub tries: Option<u32>,
    /// Service faults in a row that open a circuit. At least 1.
    pub circuit_faults: Option<u32>,
    /// The first pause of a circuit.
    pub circuit_pause: Option<Duration>,
    /// Calls in any minute; holds beside what the connector declares. At least 1.
    pub per_minute: Option<u32>,
    /// Calls under way at the same time. At least 1.
    pub at_once: Option<u32>,
}

impl CallRules {
    /// These, and `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            connect: self.connect.or(other.connect),
            answer: self.answer.or(other.answer),
            tries: self.tries.or(other.tries),
            circuit_faults: self.circuit_faults.or(other.circuit_faults),
            circuit_pause: self.circuit_pause.or(other.circuit_pause),
            per_minute: self.per_minute.or(other.per_minute),
            at_once: self.at_once.or(other.at_once),
        }
    }
}

/// What was decided for everything and for single connections. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Decided(Arc<RwLock<Rules>>);

#[derive(Default)]
struct Rules {
    general: CallRules,
    own: HashMap<ConnectionId, CallRules>,
}

impl Decided {
    pub(crate) fn set(&self, general: CallRules, own: HashMap<ConnectionId, CallRules>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Rules { general, own };
    }

    /// Whether one connection has a rate of its own, which others of its account have not.
    pub(crate) fn is_rate_own(&self, connection: &ConnectionId) -> bool {
        let rules = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rules.own.get(connection).is_some_and(|own| own.per_minute.is_some())
    }

    pub(crate) fn of(&self, connection: &ConnectionId) -> CallRules {
        let rules = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rules.own.get(connection).map_or(rules.general, |own| own.or(rules.general))
    }
}

/// What the calls of one connection keep within.
pub(crate) struct Bounds<'l> {
    /// As declared, with what was decided in its place.
    pub(crate) limits: Cow<'l, Limits>,
    pub(crate) circuit: CircuitRules,
    answer: Option<Duration>,
}

impl<'l> Bounds<'l> {
    /// As the connector declares them.
    pub(crate) fn declared(limits: &'l Limits) -> Self {
        Self::of(limits, CallRules::default())
    }

    pub(crate) fn of(limits: &'l Limits, rules: CallRules) -> Self {
        let mut bounds =
            Self { limits: Cow::Borrowed(limits), circuit: CircuitRules::default(), answer: rules.answer };
        if rules == CallRules::default() {
            return bounds;
        }
        if let Some(faults) = rules.circuit_faults {
            bounds.circuit.faults = faults;
        }
        if let Some(pause) = rules.circuit_pause {
            bounds.circuit.pause = pause;
        }
        let limits = bounds.limits.to_mut();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        limits.connect_timeout_ms = rules.connect.map(millis).or(limits.connect_timeout_ms);
        limits.timeout_ms = rules.answer.map(millis).or(limits.timeout_ms);
        limits.concurrency = rules.at_once.or(limits.concurrency);
        if let Some(calls) = rules.per_minute {
            limits.rate.push(RateWindow { calls, seconds: 60, burst: None });
        }
        if let Some(tries) = rules.tries {
            let mut retry = limits.retry.unwrap_or_default();
            retry.count = tries.saturating_sub(1);
            limits.retry = Some(retry);
        }
        bounds
    }

    /// Whole time of a request that is given `wanted`, where somebody says.
    pub(crate) fn answer(&self, wanted: Option<Duration>) -> Duration {
        let most = self.limits.timeout_ms.map(Duration::from_millis);
        match (wanted, most) {
            (Some(wanted), Some(most)) => wanted.min(most),
            // Only a person may make it longer than usual.
            (None, Some(most)) if self.answer.is_none() => most.min(ANSWER),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => ANSWER,
        }
    }

    /// How long a caller waits for a request that is given `wanted`: for its turn, for its answer, and for the
    /// pauses between its repeats. One answer may be given less.
    pub(crate) fn patience(&self, wanted: Option<Duration>) -> Duration {
        wanted.unwrap_or_else(|| self.answer(None).max(ANSWER))
    }

    /// Time without a byte.
    pub(crate) fn idle(&self) -> Duration {
        self.answer.map_or(IDLE, |answer| answer.max(IDLE))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn a_short_time_for_one_answer_leaves_time_to_repeat() {
        let limits = Limits { timeout_ms: Some(5_000), ..Limits::default() };
        let bounds = Bounds::declared(&limits);
        assert_eq!((bounds.answer(None), bounds.patience(None)), (S(5), ANSWER));
        assert_eq!((bounds.answer(Some(S(2))), bounds.patience(Some(S(2)))), (S(2), S(2)));
        let longer = Bounds::of(&limits, CallRules { answer: Some(S(300)), ..CallRules::default() });
        assert_eq!((longer.answer(None), longer.patience(None)), (S(300), S(300)));
    }

    #[test]
    fn a_connection_stands_before_everything_and_everything_before_the_connector() {
        let limits: Limits = serde_json::from_value(json!({
            "rate": [{"calls": 10, "seconds": 1}], "concurrency": 3, "timeoutMs": 20_000,
            "connectTimeoutMs": 2_000, "retry": {"count": 7}
        }))
        .unwrap();
        let declared = Bounds::declared(&limits);
        assert_eq!(*declared.limits, limits, "nothing was decided");
        assert_eq!((declared.answer(None), declared.idle()), (S(20), S(15)));
        let decided = Decided::default();
        let (a, b) = (ConnectionId::from("a"), ConnectionId::from("b"));
        let general = CallRules {
            connect: Some(S(9)),
            answer: Some(S(90)),
            tries: Some(2),
            circuit_faults: Some(3),
            per_minute: Some(30),
            at_once: Some(1),
            ..CallRules::default()
        };
        let own = CallRules {
            answer: Some(S(8)),
            circuit_pause: Some(S(40)),
            tries: Some(1),
            ..CallRules::default()
        };
        decided.set(general, HashMap::from([(a.clone(), own)]));
        let other = Bounds::of(&limits, decided.of(&b));
        assert_eq!((other.answer(None), other.answer(Some(S(10))), other.idle()), (S(90), S(10), S(90)));
        assert_eq!(other.limits.connect_timeout_ms, Some(9_000));
        assert_eq!(other.limits.concurrency, Some(1));
        assert_eq!(other.limits.retry.unwrap().count, 1, "two tries are one repeat");
        assert_eq!(other.circuit, CircuitRules { faults: 3, ..CircuitRules::default() });
        let windows: Vec<_> = other.limits.rate.iter().map(|window| (window.calls, window.seconds)).collect();
        assert_eq!(windows, [(10, 1), (30, 60)], "what the connector declares holds too");
        let first = Bounds::of(&limits, decided.of(&a));
        assert_eq!((first.answer(None), first.answer(Some(S(10))), first.idle()), (S(8), S(8), S(15)));
        assert_eq!(first.circuit, CircuitRules { faults: 3, pause: S(40) });
        assert_eq!(first.limits.retry.unwrap().count, 0);
    }
}
