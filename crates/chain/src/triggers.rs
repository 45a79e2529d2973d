//! What an event means for a chain that waits for it, and whose turn it is. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_map::{Template, Test};
use patchbay_model::chain::ChainVersion;
use patchbay_model::descriptor::Predicate;
use patchbay_model::run::RunState;
use patchbay_model::trigger::{FiringResult, Missed, Overlap, Trigger};
use patchbay_model::{ChainId, ConnectionId, EventKind, RunId, Timestamp};
use patchbay_store::{Standing, TriggerEvent};
use serde_json::{Value, json};

/// A time by the calendar that is taken so much later was missed: the computer was off or asleep.
pub const LATE: Duration = Duration::from_secs(120);
/// Chains that lead to one another, at most: more is taken for a circle.
pub const LONGEST_PATH: usize = 8;

/// What is known beside event and chain.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Now.
    pub now: Timestamp,
    /// The identifier behind a connection's name.
    pub connection: Option<&'a ConnectionId>,
    /// The chain that the trigger names.
    pub other: Option<&'a ChainId>,
    /// The chains that led to what the event tells of, each list with the first one first.
    pub paths: &'a [Vec<ChainId>],
    /// Effects that events caused by way of the chain today.
    pub effects_today: u64,
    /// Whether a later time of the same schedule waits too.
    pub superseded: bool,
    /// Open runs of the chain that events or steps asked for; needed where it skips or cancels by them.
    pub standing: &'a [Standing],
}

/// What an event means for a chain.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing: it does not wait for this one.
    Pass,
    /// It starts a run.
    Start {
        /// Runs of one lane stand to each other as the chain says.
        lane: String,
        /// Runs of the lane at the same time.
        most: u32,
        /// The chains that led here.
        path: Vec<ChainId>,
        /// Runs that are stopped for it.
        cancel: Vec<RunId>,
    },
    /// The chain waits for such events, but this one starts nothing.
    Refuse(FiringResult),
}

/// What an event means for a chain.
pub fn judge(
    version: &ChainVersion,
    kind: EventKind,
    event: &TriggerEvent,
    around: Circumstances<'_>,
) -> Verdict {
    let payload = &event.event.payload;
    if version.chain.trigger.kind() != Some(kind) || !concerns(version, event, around) {
        return Verdict::Pass;
    }
    if is_missed(&version.chain.trigger, event, around) {
        return Verdict::Refuse(FiringResult::Missed);
    }
    let led: Vec<ChainId> = match kind {
        EventKind::Chain => serde_json::from_value(payload["path"].clone()).unwrap_or_default(),
        _ => around.paths.iter().max_by_key(|path| path.len()).cloned().unwrap_or_default(),
    };
    let circle = led.contains(&version.id) || around.paths.iter().any(|path| path.contains(&version.id));
    if circle || led.len() >= LONGEST_PATH {
        return Verdict::Refuse(FiringResult::Echo);
    }
    let policy = &version.chain.concurrency;
    if around.effects_today >= u64::from(policy.effects_per_day) {
        return Verdict::Refuse(FiringResult::Capped);
    }
    let Some(lane) = lane(policy.key.as_deref(), payload) else {
        return Verdict::Refuse(FiringResult::NoLane);
    };
    let under_way = || {
        around
            .standing
            .iter()
            .filter(|run| run.chain == version.id && run.origin.lane.as_deref() == Some(lane.as_str()))
    };
    let mut cancel = Vec::new();
    match policy.overlap {
        Overlap::Skip if under_way().next().is_some() => return Verdict::Refuse(FiringResult::Overlapped),
        Overlap::CancelOldest => cancel.extend(under_way().map(|run| run.id.clone())),
        Overlap::Skip | Overlap::Queue | Overlap::Parallel => {}
    }
    let most = if policy.overlap == Overlap::Parallel { policy.most.clamp(1, 64) } else { 1 };
    Verdict::Start { lane, most, path: led, cancel }
}

/// Whether the event is about what the trigger names, and its filter lets it through.
fn concerns(version: &ChainVersion, event: &TriggerEvent, around: Circumstances<'_>) -> bool {
    let (subject, payload) = (event.event.subject.as_str(), &event.event.payload);
    let of_connection = around.connection.is_some_and(|id| id.as_str() == subject);
    match &version.chain.trigger {
        Trigger::Manual { .. } => false,
        Trigger::Schedule { .. } | Trigger::Interval { .. } => subject == version.id.as_str(),
        Trigger::File { folder, ending, .. } => of_connection && appears(payload, folder, ending),
        Trigger::Signal { stream, filter, .. } => {
            let fits = |stream: &String| payload["stream"].as_str() == Some(stream);
            of_connection && stream.as_ref().is_none_or(fits) && holds(filter, payload)
        }
        Trigger::Webhook { filter, .. } => of_connection && holds(filter, payload),
        Trigger::Chain { on, .. } => {
            let state: Option<RunState> = serde_json::from_value(payload["state"].clone()).ok();
            let usual = [RunState::Done, RunState::DoneWithProblems];
            let wanted = if on.is_empty() { &usual[..] } else { on };
            around.other.is_some_and(|id| id.as_str() == subject)
                && state.is_some_and(|state| wanted.contains(&state))
        }
    }
}

/// Whether a signal tells of a file that came into a folder, below the granted one, with such an ending.
/// What is written into a file that was there is no such thing.
fn appears(signal: &Value, folder: &str, ending: &str) -> bool {
    let is_new = signal["isNew"] == true || signal["signalType"] == "file_created";
    let path = signal["raw"]["file"].as_str().unwrap_or_default();
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let ends = name.len() >= ending.len() && name.to_lowercase().ends_with(&ending.to_lowercase());
    is_new && signal["stream"] == "files" && !name.is_empty() && parent == folder.trim_matches('/') && ends
}

/// Whether all conditions hold. One that cannot be compiled holds for nothing: publishing refuses it.
pub fn holds(filter: &[Predicate], value: &Value) -> bool {
    filter.iter().all(|predicate| Test::compile(predicate).is_ok_and(|test| test.holds(value)))
}

fn is_missed(trigger: &Trigger, event: &TriggerEvent, around: Circumstances<'_>) -> bool {
    let (Trigger::Schedule { missed, .. } | Trigger::Interval { missed, .. }) = trigger else {
        return false;
    };
    let named = event.event.payload["due"].as_str().unwrap_or(&event.event.key);
    let due = named.parse::<Timestamp>().unwrap_or(event.at);
    let is_late = Duration::try_from(around.now.duration_since(due)).is_ok_and(|late| late > LATE);
    is_late && (*missed == Missed::Skip || around.superseded)
}

/// What tells runs of a chain apart; none where the event has no value for it.
fn lane(key: Option<&str>, payload: &Value) -> Option<String> {
    let Some(key) = key else {
        return Some(String::new());
    };
    let value = Template::compile(key).ok()?.value(&json!({ "input": payload })).ok()??;
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// Whose turn it is, of the runs that events asked for. Runs of one lane begin in the order in which they were
/// asked for, as many at a time as may, and no more begin than places are free.
#[derive(Clone, Debug)]
pub struct Turns {
    under_way: BTreeMap<(ChainId, String), u32>,
    free: usize,
}

impl Turns {
    /// With what has begun already, and so many free places.
    pub fn new<'a>(begun: impl IntoIterator<Item = &'a Standing>, free: usize) -> Self {
        let mut turns = Self { under_way: BTreeMap::new(), free };
        for run in begun.into_iter().filter(|run| run.origin.lane.is_some()) {
            *turns.in_lane(run) += 1;
        }
        turns
    }

    fn in_lane(&mut self, run: &Standing) -> &mut u32 {
        let lane = run.origin.lane.clone().unwrap_or_default();
        self.under_way.entry((run.chain.clone(), lane)).or_default()
    }

    /// Whether no further run can begin.
    pub fn over(&self) -> bool {
        self.free == 0
    }

    /// Whether it is the turn of a run that waits; those that were asked for before it were asked about before.
    pub fn comes(&mut self, run: &Standing) -> bool {
        let (over, most) = (self.over(), run.origin.most.unwrap_or(u32::MAX));
        let under_way = self.in_lane(run);
        let comes = !over && *under_way < most;
        if comes {
            *under_way += 1;
            self.free -= 1;
        }
        comes
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::trigger::{Concurrency, OriginKind, RunOrigin};
    use patchbay_model::{Chain, StepId};
    use patchbay_store::NewTrigger;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "literals read better by value")]
    fn version(trigger: Value, concurrency: Value) -> ChainVersion {
        let chain: Chain = serde_json::from_value(
            json!({"schema": 1, "name": "c", "trigger": trigger, "concurrency": concurrency, "steps": []}),
        )
        .unwrap();
        ChainVersion { id: "own".into(), version: 1, hash: String::new(), chain, saved_at: noon() }
    }

    fn noon() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn event(kind: EventKind, subject: &str, payload: Value) -> TriggerEvent {
        let key = "k".to_owned();
        let event = NewTrigger { kind: kind.as_str().into(), subject: subject.into(), key, payload };
        TriggerEvent { id: 1, at: noon(), event }
    }

    fn around<'a>(connection: &'a ConnectionId, other: &'a ChainId) -> Circumstances<'a> {
        Circumstances {
            now: noon(),
            connection: Some(connection),
            other: Some(other),
            paths: &[],
            effects_today: 0,
            superseded: false,
            standing: &[],
        }
    }

    fn started(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Start { .. })
    }

    #[test]
    fn an_event_concerns_the_chain_that_names_its_source_and_lets_it_through() {
        let (connection, other) = (ConnectionId::from("con"), ChainId::from("other"));
        let around = around(&connection, &other);
        let is_bug = json!([{"path": "$.tags[*]", "operator": "equals", "value": "bug"}]);
        let signal = json!({"type": "signal", "connection": "C", "stream": "issues", "filter": is_bug});
        let bug = json!({"stream": "issues", "tags": ["bug"]});
        let invoices = json!({"type": "file", "connection": "C", "folder": "inbox/", "ending": ".csv"});
        let file = |path: &str, is_new: bool, kind: &str| {
            json!({"stream": "files", "isNew": is_new,
            "signalType": kind, "raw": {"file": path}})
        };
        let cases = [
            (&signal, EventKind::Signal, "con", bug.clone(), true),
            (&signal, EventKind::Signal, "elsewhere", bug.clone(), false),
            (&signal, EventKind::Webhook, "con", bug.clone(), false),
            (&signal, EventKind::Signal, "con", json!({"stream": "pulls", "tags": ["bug"]}), false),
            (&signal, EventKind::Signal, "con", json!({"stream": "issues", "tags": ["idea"]}), false),
            (&json!({"type": "webhook", "connection": "C"}), EventKind::Webhook, "con", json!({}), true),
            (
                &json!({"type": "chain", "chain": "Other"}),
                EventKind::Chain,
                "other",
                json!({"state": "done"}),
                true,
            ),
            (
                &json!({"type": "chain", "chain": "Other"}),
                EventKind::Chain,
                "other",
                json!({"state": "failed"}),
                false,
            ),
            (
                &json!({"type": "chain", "chain": "Other", "on": ["failed"]}),
                EventKind::Chain,
                "other",
                json!({"state": "failed"}),
                true,
            ),
            (&invoices, EventKind::Signal, "con", file("inbox/A.CSV", true, "file_changed"), true),
            (&invoices, EventKind::Signal, "con", file("inbox/a.csv", false, "file_created"), true),
            (&invoices, EventKind::Signal, "con", file("inbox/a.csv", false, "file_changed"), false),
            (&invoices, EventKind::Signal, "con", file("inbox/deep/a.csv", true, "file_created"), false),
            (&invoices, EventKind::Signal, "con", file("a.csv", true, "file_created"), false),
            (&invoices, EventKind::Signal, "con", file("inbox/a.txt", true, "file_created"), false),
            (&invoices, EventKind::Signal, "elsewhere", file("inbox/a.csv", true, "file_created"), false),
            (&json!({"type": "manual"}), EventKind::Webhook, "con", json!({}), false),
            (&json!({"type": "interval", "seconds": 60}), EventKind::Interval, "own", json!({}), true),
            (&json!({"type": "interval", "seconds": 60}), EventKind::Interval, "other", json!({}), false),
        ];
        for (trigger, kind, subject, payload, want) in cases {
            let verdict =
                judge(&version(trigger.clone(), json!({})), kind, &event(kind, subject, payload), around);
            assert_eq!(started(&verdict), want, "{trigger} {subject}: {verdict:?}");
            assert!(want || verdict == Verdict::Pass, "{trigger} {subject}: {verdict:?}");
        }
    }

    #[test]
    fn missed_times_are_passed_over_or_made_up_for_once() {
        let (connection, other) = (ConnectionId::from("con"), ChainId::from("other"));
        let usual = around(&connection, &other);
        let day =
            |missed: &str| json!({"type": "schedule", "cron": "0 9 * * *", "zone": "UTC", "missed": missed});
        let hour = noon() + Duration::from_secs(3_600);
        let cases = [
            ("catch_up", noon(), false, true),
            ("catch_up", noon(), true, true),
            ("catch_up", hour, false, true),
            ("catch_up", hour, true, false),
            ("skip", noon(), false, true),
            ("skip", hour, false, false),
        ];
        for (missed, now, superseded, want) in cases {
            let due = event(EventKind::Schedule, "own", json!({"due": noon().to_string()}));
            let around = Circumstances { now, superseded, ..usual };
            let verdict = judge(&version(day(missed), json!({})), EventKind::Schedule, &due, around);
            assert_eq!(started(&verdict), want, "{missed} at {now}, superseded {superseded}");
            assert!(want || verdict == Verdict::Refuse(FiringResult::Missed));
        }
    }

    #[test]
    fn a_chain_does_not_start_itself_and_not_beyond_its_effects_of_a_day() {
        let (connection, other) = (ConnectionId::from("con"), ChainId::from("other"));
        let usual = around(&connection, &other);
        let signal = version(json!({"type": "signal", "connection": "C"}), json!({"effectsPerDay": 5}));
        let came = event(EventKind::Signal, "con", json!({}));
        let judged = |around| judge(&signal, EventKind::Signal, &came, around);
        let own = [vec![ChainId::from("a"), ChainId::from("own")]];
        assert_eq!(judged(Circumstances { paths: &own, ..usual }), Verdict::Refuse(FiringResult::Echo));
        let others = [vec![ChainId::from("a")]];
        let Verdict::Start { path, .. } = judged(Circumstances { paths: &others, ..usual }) else {
            panic!("what another chain did is news");
        };
        assert_eq!(path, others[0], "and what led to it is kept");
        let long = [vec![ChainId::from("a"); LONGEST_PATH]];
        assert_eq!(judged(Circumstances { paths: &long, ..usual }), Verdict::Refuse(FiringResult::Echo));
        assert!(started(&judged(Circumstances { effects_today: 4, ..usual })));
        assert_eq!(judged(Circumstances { effects_today: 5, ..usual }), Verdict::Refuse(FiringResult::Capped));
        let after = version(json!({"type": "chain", "chain": "Other"}), json!({}));
        let ended = event(EventKind::Chain, "other", json!({"state": "done", "path": ["own", "other"]}));
        assert_eq!(judge(&after, EventKind::Chain, &ended, usual), Verdict::Refuse(FiringResult::Echo));
    }

    fn run(id: &str, lane: Option<&str>, most: u32, begun: bool) -> Standing {
        let kind = if lane.is_some() { OriginKind::Signal } else { OriginKind::Step };
        let lane = lane.map(str::to_owned);
        let origin = RunOrigin { kind, lane, most: Some(most), ..RunOrigin::default() };
        let state = if begun { RunState::Running } else { RunState::Queued };
        Standing { id: id.into(), chain: "own".into(), state, asked_at: noon(), begun, origin }
    }

    #[test]
    fn overlap_means_what_the_chain_says_within_a_lane() {
        let (connection, other) = (ConnectionId::from("con"), ChainId::from("other"));
        let standing =
            [run("1", Some("7"), 1, true), run("2", Some("7"), 1, false), run("3", Some("8"), 1, true)];
        let usual = Circumstances { standing: &standing, ..around(&connection, &other) };
        let came = |id: Value| event(EventKind::Signal, "con", json!({ "raw": { "id": id } }));
        let judged = |overlap: &str, id: Value| {
            let policy = json!({"overlap": overlap, "key": "{{input.raw.id}}", "most": 3});
            let version = version(json!({"type": "signal", "connection": "C"}), policy);
            judge(&version, EventKind::Signal, &came(id), usual)
        };
        let start = |most: u32, lane: &str, cancel: &[&str]| Verdict::Start {
            lane: lane.into(),
            most,
            path: Vec::new(),
            cancel: cancel.iter().map(|id| RunId::from(*id)).collect(),
        };
        assert_eq!(judged("queue", json!(7)), start(1, "7", &[]));
        assert_eq!(judged("skip", json!("7")), Verdict::Refuse(FiringResult::Overlapped));
        assert_eq!(judged("skip", json!(9)), start(1, "9", &[]));
        assert_eq!(judged("cancel_oldest", json!(7)), start(1, "7", &["1", "2"]));
        assert_eq!(judged("parallel", json!(7)), start(3, "7", &[]));
        assert_eq!(judged("queue", Value::Null), Verdict::Refuse(FiringResult::NoLane));
    }

    #[test]
    fn runs_of_a_lane_begin_in_order_and_no_more_than_may() {
        let due = |standing: &[Standing], free: usize| {
            let (begun, waiting): (Vec<_>, Vec<_>) = standing.iter().partition(|run| run.begun);
            let mut turns = Turns::new(begun, free);
            let due = waiting.into_iter().filter(|run| turns.comes(run));
            due.map(|run| run.id.to_string()).collect::<Vec<_>>()
        };
        let queue =
            [run("1", Some("a"), 1, true), run("2", Some("a"), 1, false), run("3", Some("b"), 1, false)];
        assert_eq!(due(&queue, 64), ["3"]);
        assert_eq!(due(&queue[1..], 64), ["2", "3"]);
        let beside: Vec<_> = (0..5).map(|n| run(&n.to_string(), Some(""), 3, n == 0)).collect();
        assert_eq!(due(&beside, 64), ["1", "2"]);
        assert_eq!(due(&beside, 1), ["1"], "one place is free");
        assert_eq!(due(&beside, 0), [""; 0]);
    }

    #[test]
    fn the_default_is_what_an_old_document_means() {
        let chain: Chain =
            serde_json::from_value(json!({"schema": 1, "name": "c", "trigger": {"type": "manual"},
            "steps": [{"id": "a", "connection": "x", "operation": "y"}]}))
            .unwrap();
        assert_eq!((chain.trigger, &chain.concurrency), (Trigger::default(), &Concurrency::default()));
        assert_eq!(chain.steps[0].id, StepId::from("a"));
    }
}
