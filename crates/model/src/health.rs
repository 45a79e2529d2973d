//! Whether a connection is well: the rules, on values. No rule knows where its figures come from.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::{Code, HealthEffect, Retry, phrase};
use crate::time::Timestamp;

/// How a connection is doing, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It does not work.
    Error,
    /// It works, and not as it should.
    Degraded,
    /// Nobody has looked for too long; not well until somebody did.
    NoRecentData,
    /// Nothing is known against it.
    Healthy,
}

/// Where the lines are drawn. Adjustable; the defaults are the product's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HealthRules {
    /// Minutes that are looked at; 1 to 1,440.
    pub window_minutes: u32,
    /// More failures than this many percent of the calls are a fault; 0 to 100.
    pub degraded_percent: f64,
    /// More than this many are an error; 0 to 100.
    pub error_percent: f64,
    /// Answers that take longer than so many times what is usual are slow; at least 1.
    pub slow_factor: f64,
    /// Answers within this many milliseconds are never called slow: twice very little is little.
    pub never_slow_ms: u64,
    /// So many failed checks in a row are an error; at least 1.
    pub failed_checks: u32,
    /// Nothing for longer than so many times the expected interval is no recent data; at least 1.
    pub quiet_intervals: f64,
}

impl Default for HealthRules {
    fn default() -> Self {
        Self {
            window_minutes: 60,
            degraded_percent: 1.0,
            error_percent: 10.0,
            slow_factor: 2.0,
            never_slow_ms: 250,
            failed_checks: 3,
            quiet_intervals: 2.0,
        }
    }
}

/// What is wrong with rules that somebody entered: the field, and what it takes.
pub type RuleMistake = (&'static str, &'static str);

impl HealthRules {
    /// The window as a duration.
    pub fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.window_minutes) * 60)
    }

    /// The first field that is out of its range.
    pub fn mistake(&self) -> Option<RuleMistake> {
        let percent = |value: f64| (0.0..=100.0).contains(&value);
        let times = |value: f64| (1.0..=1_000.0).contains(&value);
        let fields = [
            ((1..=1_440).contains(&self.window_minutes), "windowMinutes", "Use 1 to 1,440 minutes."),
            (percent(self.degraded_percent), "degradedPercent", "Use 0 to 100 percent."),
            (percent(self.error_percent), "errorPercent", "Use 0 to 100 percent."),
            (times(self.slow_factor), "slowFactor", "Use 1 to 1,000 times."),
            (self.never_slow_ms <= 600_000, "neverSlowMs", "Use at most 600,000 milliseconds."),
            ((1..=1_000).contains(&self.failed_checks), "failedChecks", "Use 1 to 1,000 checks."),
            (times(self.quiet_intervals), "quietIntervals", "Use 1 to 1,000 intervals."),
        ];
        fields.into_iter().find(|(fits, ..)| !fits).map(|(_, field, takes)| (field, takes))
    }
}

/// A circuit as the rules see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// Calls pass.
    #[default]
    Closed,
    /// The next call, or the one under way, decides.
    HalfOpen,
    /// Calls are refused.
    Open,
}

/// What is known of a connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthFacts {
    /// Calls in the window that count: those that succeeded or [failed](Code::is_failure).
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// 95th percentile of the window's answers in milliseconds.
    pub p95_ms: Option<u64>,
    /// What it usually is: its median over seven days.
    pub usual_p95_ms: Option<u64>,
    /// The circuit.
    pub circuit: CircuitState,
    /// When an open circuit lets the next call through.
    pub next_try: Option<Timestamp>,
    /// The service asked us to wait until then, and that is not over.
    pub limited_until: Option<Timestamp>,
    /// Failed checks since the last one that passed.
    pub failed_checks: u32,
    /// The sign-in expired or was ended.
    pub sign_in_ended: bool,
    /// How often a check or call is expected.
    pub expected_every: Duration,
    /// How long ago the last check or call was; none where there never was one.
    pub quiet_for: Option<Duration>,
}

/// Why a connection is not healthy.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The user has to sign in.
    SignInEnded,
    /// Calls are refused until the time.
    CircuitOpen(Option<Timestamp>),
    /// So many checks failed in a row.
    ChecksFailed(u32),
    /// So many of so many calls failed; more than an error takes.
    ManyFailed(u64, u64),
    /// So many of so many calls failed.
    SomeFailed(u64, u64),
    /// Answers take so long, in milliseconds, where so long is usual.
    Slow(u64, u64),
    /// One call is let through to see.
    HalfOpen,
    /// The service asked us to wait until then.
    Limited(Timestamp),
    /// Nothing for so long.
    Quiet(Duration),
    /// It was never checked or used.
    NeverSeen,
}

impl Reason {
    /// How bad it is.
    pub fn state(&self) -> HealthState {
        match self {
            Self::SignInEnded | Self::CircuitOpen(_) | Self::ChecksFailed(_) | Self::ManyFailed(..) => {
                HealthState::Error
            }
            Self::SomeFailed(..) | Self::Slow(..) | Self::HalfOpen | Self::Limited(_) => HealthState::Degraded,
            Self::Quiet(_) | Self::NeverSeen => HealthState::NoRecentData,
        }
    }

    /// Its name on the wire and in the file of words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SignInEnded => "sign_in_ended",
            Self::CircuitOpen(_) => "circuit_open",
            Self::ChecksFailed(_) => "checks_failed",
            Self::ManyFailed(..) => "many_failed",
            Self::SomeFailed(..) => "some_failed",
            Self::Slow(..) => "slow",
            Self::HalfOpen => "half_open",
            Self::Limited(_) => "limited",
            Self::Quiet(_) => "quiet",
            Self::NeverSeen => "never_seen",
        }
    }

    /// What a person reads, as a clause: "answers take 2.4× longer than usual".
    pub fn words(&self) -> String {
        let time = |at: &Timestamp| at.strftime("%H:%M UTC").to_string();
        let params = match self {
            Self::SignInEnded | Self::HalfOpen | Self::NeverSeen => vec![],
            Self::CircuitOpen(at) => vec![("time", at.as_ref().map_or_else(|| "soon".to_owned(), time))],
            Self::Limited(at) => vec![("time", time(at))],
            Self::ChecksFailed(n) => vec![("n", n.to_string())],
            Self::ManyFailed(failed, calls) | Self::SomeFailed(failed, calls) => {
                vec![("n", failed.to_string()), ("calls", calls.to_string())]
            }
            Self::Slow(now, usual) => {
                vec![("times", format!("{:.1}", *now as f64 / (*usual).max(1) as f64))]
            }
            Self::Quiet(span) => vec![("time", said(*span))],
        };
        phrase("health", self.kind(), &params)
    }
}

/// A length of time in its largest unit: "40 min".
fn said(span: Duration) -> String {
    match span.as_secs() {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7_200 => format!("{} min", s / 60),
        s @ 7_200..172_800 => format!("{} hours", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}

/// How a connection is, and every reason why, the worst first.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How it is.
    pub state: HealthState,
    /// Why; empty where it is healthy.
    pub reasons: Vec<Reason>,
}

impl Verdict {
    /// Judges by the rules.
    pub fn of(facts: &HealthFacts, rules: &HealthRules) -> Self {
        let mut reasons = Vec::new();
        if facts.sign_in_ended {
            reasons.push(Reason::SignInEnded);
        }
        match facts.circuit {
            CircuitState::Open => reasons.push(Reason::CircuitOpen(facts.next_try)),
            CircuitState::HalfOpen => reasons.push(Reason::HalfOpen),
            CircuitState::Closed => {}
        }
        if facts.failed_checks >= rules.failed_checks {
            reasons.push(Reason::ChecksFailed(facts.failed_checks));
        }
        let more_than = |percent: f64| facts.failed as f64 * 100.0 > percent * facts.calls as f64;
        if more_than(rules.error_percent) {
            reasons.push(Reason::ManyFailed(facts.failed, facts.calls));
        } else if more_than(rules.degraded_percent) {
            reasons.push(Reason::SomeFailed(facts.failed, facts.calls));
        }
        if let (Some(now), Some(usual)) = (facts.p95_ms, facts.usual_p95_ms)
            && now > rules.never_slow_ms
            && now as f64 > usual as f64 * rules.slow_factor
        {
            reasons.push(Reason::Slow(now, usual));
        }
        reasons.extend(facts.limited_until.map(Reason::Limited));
        match facts.quiet_for {
            None => reasons.push(Reason::NeverSeen),
            Some(quiet) if quiet > facts.expected_every.mul_f64(rules.quiet_intervals) => {
                reasons.push(Reason::Quiet(quiet));
            }
            Some(_) => {}
        }
        reasons.sort_by_key(Reason::state);
        let state = reasons.first().map_or(HealthState::Healthy, Reason::state);
        Self { state, reasons }
    }
}

impl Code {
    /// Whether a call that ended so counts as failed: not one that only has to wait, nor one that says
    /// nothing of the service.
    pub fn is_failure(self) -> bool {
        matches!(self.health(), HealthEffect::Warn | HealthEffect::Down | HealthEffect::User)
            && self.retry() != Retry::Wait
            && self != Self::QuotaExhausted
    }

    /// Whether the service said that there were too many calls.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::RateLimited | Self::QuotaExhausted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at() -> Timestamp {
        "2026-11-20T14:10:00Z".parse().unwrap()
    }

    fn well() -> HealthFacts {
        HealthFacts {
            calls: 1_000,
            failed: 10,
            p95_ms: Some(600),
            usual_p95_ms: Some(300),
            failed_checks: 2,
            expected_every: HOUR,
            quiet_for: Some(2 * HOUR),
            ..HealthFacts::default()
        }
    }

    /// Each rule at its line and just past it.
    #[test]
    fn every_rule_on_both_sides_of_its_line() {
        use HealthState as S;
        type Change = fn(&mut HealthFacts);
        let cases: [(&str, S, Change); 18] = [
            ("", S::Healthy, |_| {}),
            ("", S::Healthy, |f| (f.calls, f.failed) = (0, 0)),
            ("11 of 1000 calls failed", S::Degraded, |f| f.failed = 11),
            ("100 of 1000 calls failed", S::Degraded, |f| f.failed = 100),
            ("101 of 1000 calls failed", S::Error, |f| f.failed = 101),
            ("answers take 2.4× longer than usual", S::Degraded, |f| f.p95_ms = Some(720)),
            ("", S::Healthy, |f| (f.p95_ms, f.usual_p95_ms) = (Some(250), Some(4))),
            ("", S::Healthy, |f| f.usual_p95_ms = None),
            ("one call is let through to see whether the service is back", S::Degraded, |f| {
                f.circuit = CircuitState::HalfOpen;
            }),
            ("calls pause after repeated failures; next try 14:10 UTC", S::Error, |f| {
                (f.circuit, f.next_try) = (CircuitState::Open, Some(at()));
            }),
            ("calls pause after repeated failures; next try soon", S::Error, |f| {
                f.circuit = CircuitState::Open
            }),
            ("the service asked us to wait until 14:10 UTC", S::Degraded, |f| f.limited_until = Some(at())),
            ("3 checks in a row failed", S::Error, |f| f.failed_checks = 3),
            ("the sign-in has ended", S::Error, |f| f.sign_in_ended = true),
            ("no check or call for 2 hours", S::NoRecentData, |f| f.quiet_for = Some(2 * HOUR + HOUR / 2)),
            ("never checked or used", S::NoRecentData, |f| f.quiet_for = None),
            ("no check or call for 3 days", S::NoRecentData, |f| f.quiet_for = Some(72 * HOUR)),
            ("no check or call for 40 min", S::NoRecentData, |f| {
                (f.expected_every, f.quiet_for) = (HOUR / 6, Some(HOUR * 2 / 3));
            }),
        ];
        for (words, state, change) in cases {
            let mut facts = well();
            change(&mut facts);
            let verdict = Verdict::of(&facts, &HealthRules::default());
            let said: Vec<String> = verdict.reasons.iter().map(Reason::words).collect();
            assert_eq!((verdict.state, said.join("; ").as_str()), (state, words), "{facts:?}");
        }
    }

    #[test]
    fn lines_can_be_moved_and_only_within_reason() {
        let facts = HealthFacts { failed: 30, ..well() };
        let strict = HealthRules { error_percent: 2.0, ..HealthRules::default() };
        assert_eq!(Verdict::of(&facts, &strict).state, HealthState::Error);
        let lax = HealthRules { degraded_percent: 5.0, ..HealthRules::default() };
        assert_eq!(Verdict::of(&facts, &lax).state, HealthState::Healthy);
        assert_eq!(HealthRules::default().mistake(), None);
        for (rules, field) in [
            (HealthRules { window_minutes: 0, ..HealthRules::default() }, "windowMinutes"),
            (HealthRules { degraded_percent: f64::NAN, ..HealthRules::default() }, "degradedPercent"),
            (HealthRules { error_percent: 101.0, ..HealthRules::default() }, "errorPercent"),
            (HealthRules { slow_factor: 0.5, ..HealthRules::default() }, "slowFactor"),
            (HealthRules { failed_checks: 0, ..HealthRules::default() }, "failedChecks"),
            (HealthRules { quiet_intervals: f64::INFINITY, ..HealthRules::default() }, "quietIntervals"),
        ] {
            assert_eq!(rules.mistake().map(|(field, _)| field), Some(field));
        }
    }

    #[test]
    fn waiting_and_absent_items_are_no_failures() {
        let none = [
            Code::RateLimited,
            Code::LocalRateLimited,
            Code::QuotaExhausted,
            Code::Offline,
            Code::NotFound,
            Code::Conflict,
            Code::CircuitOpen,
            Code::SecretStoreLocked,
            Code::StorageFull,
            Code::Cancelled,
        ];
        for code in none {
            assert!(!code.is_failure(), "{code}");
        }
        for code in [Code::ServiceDown, Code::AuthRevoked, Code::MalformedResponse, Code::TimeoutResponse] {
            assert!(code.is_failure(), "{code}");
        }
    }

    fn facts() -> impl Strategy<Value = HealthFacts> {
        let circuit =
            prop_oneof![Just(CircuitState::Closed), Just(CircuitState::HalfOpen), Just(CircuitState::Open)];
        let calls = (0u64..2_000).prop_flat_map(|calls| (Just(calls), 0..=calls));
        let ms = || prop::option::of(1u64..100_000);
        let quiet = prop::option::of((0u64..100_000).prop_map(Duration::from_secs));
        let limited = prop::option::of(Just(at()));
        (calls, ms(), ms(), circuit, limited, 0u32..8, any::<bool>(), quiet).prop_map(
            |(
                (calls, failed),
                p95_ms,
                usual_p95_ms,
                circuit,
                limited_until,
                failed_checks,
                ended,
                quiet_for,
            )| {
                HealthFacts {
                    calls,
                    failed,
                    p95_ms,
                    usual_p95_ms,
                    circuit,
                    next_try: None,
                    limited_until,
                    failed_checks,
                    sign_in_ended: ended,
                    expected_every: HOUR,
                    quiet_for,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_not_healthy_has_a_reason_and_the_worst_one_decides(facts in facts()) {
            let verdict = Verdict::of(&facts, &HealthRules::default());
            prop_assert_eq!(verdict.reasons.is_empty(), verdict.state == HealthState::Healthy);
            prop_assert!(verdict.reasons.iter().all(|reason| reason.state() >= verdict.state));
            for reason in &verdict.reasons {
                let words = reason.words();
                prop_assert!(!words.is_empty() && !words.contains(['{', '}']), "{words}");
            }
        }

        #[test]
        fn nothing_worse_ever_makes_it_look_better(facts in facts()) {
            let rules = HealthRules::default();
            let before = Verdict::of(&facts, &rules).state;
            let worse: [fn(&mut HealthFacts); 7] = [
                |f| f.failed = f.calls,
                |f| f.p95_ms = f.p95_ms.map(|ms| ms * 3),
                |f| f.circuit = CircuitState::Open,
                |f| f.limited_until = Some(at()),
                |f| f.failed_checks += 3,
                |f| f.sign_in_ended = true,
                |f| f.quiet_for = None,
            ];
            for change in worse {
                let mut facts = facts.clone();
                change(&mut facts);
                prop_assert!(Verdict::of(&facts, &rules).state <= before, "{facts:?}");
            }
        }
    }
}
