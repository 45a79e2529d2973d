//! What starts a chain by itself, how runs of one chain stand to each other, and what becomes of an
//! event that came in.
//!
//! Whoever brings data in writes events ([`EventKind`]); chains turn each into at most one run of each
//! chain that waits for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::descriptor::Predicate;
use crate::id::{ChainId, RunId};
use crate::run::RunState;
use crate::time::Timestamp;

/// What starts a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Trigger {
    /// The user, with input where the chain takes some.
    Manual {
        /// JSON Schema of the input; none where the chain takes any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Value>,
    },
    /// Times by the calendar.
    Schedule {
        /// Five fields: minute, hour, day of month, month, day of week (POSIX crontab).
        cron: String,
        /// The zone in which they are read, such as `Europe/London` (IANA time zone database).
        zone: String,
        /// What is done about times at which the computer was off or asleep.
        #[serde(default)]
        missed: Missed,
    },
    /// Again and again.
    Interval {
        /// Seconds from one start to the next; at least 10.
        #[schemars(range(min = 10))]
        seconds: u64,
        /// What is done about times at which the computer was off or asleep.
        #[serde(default)]
        missed: Missed,
    },
    /// A new signal of a connection. The input is the signal.
    Signal {
        /// The connection, by name.
        connection: String,
        /// Only of this stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stream: Option<String>,
        /// All of these hold for the signal.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        filter: Vec<Predicate>,
    },
    /// A delivery to a connection's webhook. The input is the delivery.
    Webhook {
        /// The connection, by name.
        connection: String,
        /// All of these hold for the delivery.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        filter: Vec<Predicate>,
    },
    /// The end of a run of another chain. The input names that run.
    Chain {
        /// The other chain, by name.
        chain: String,
        /// How it ended; `done` and `done_with_problems` where empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        on: Vec<RunState>,
    },
    /// A file that appears. The input is the signal of it, in the stream `files`.
    File {
        /// The connection to local files that grants its folder, by name.
        connection: String,
        /// The folder below the granted one; that one itself where empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        folder: String,
        /// How its name ends, such as `.csv`; any where empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        ending: String,
    },
}

impl Default for Trigger {
    fn default() -> Self {
        Self::Manual { input: None }
    }
}

impl Trigger {
    /// The kind of event that it waits for; none where only the user starts the chain.
    pub fn kind(&self) -> Option<EventKind> {
        match self {
            Self::Manual { .. } => None,
            Self::Schedule { .. } => Some(EventKind::Schedule),
            Self::Interval { .. } => Some(EventKind::Interval),
            Self::Signal { .. } | Self::File { .. } => Some(EventKind::Signal),
            Self::Webhook { .. } => Some(EventKind::Webhook),
            Self::Chain { .. } => Some(EventKind::Chain),
        }
    }

    /// What a run that it starts is asked for by.
    pub fn origin(&self) -> OriginKind {
        match self {
            Self::Manual { .. } => OriginKind::ByHand,
            Self::Schedule { .. } => OriginKind::Schedule,
            Self::Interval { .. } => OriginKind::Interval,
            Self::Signal { .. } => OriginKind::Signal,
            Self::Webhook { .. } => OriginKind::Webhook,
            Self::Chain { .. } => OriginKind::Chain,
            Self::File { .. } => OriginKind::File,
        }
    }

    /// The connection that it names.
    pub fn connection(&self) -> Option<&str> {
        match self {
            Self::Signal { connection, .. }
            | Self::Webhook { connection, .. }
            | Self::File { connection, .. } => Some(connection),
            Self::Manual { .. } | Self::Schedule { .. } | Self::Interval { .. } | Self::Chain { .. } => None,
        }
    }

    /// The connection that it names, to be renamed.
    pub fn connection_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Signal { connection, .. }
            | Self::Webhook { connection, .. }
            | Self::File { connection, .. } => Some(connection),
            Self::Manual { .. } | Self::Schedule { .. } | Self::Interval { .. } | Self::Chain { .. } => None,
        }
    }
}

/// What is done about times at which the computer was off or asleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// One run for all of them.
    #[default]
    CatchUp,
    /// Nothing.
    Skip,
}

/// The kinds of events that start chains, with what writes them:
///
/// | kind | subject | key | payload |
/// |---|---|---|---|
/// | `schedule`, `interval` | the chain's identifier | the time it was due (RFC 3339) | `{"due": …}` |
/// | `signal` | the connection's identifier | stream, external id and version | the signal, and `isNew`: whether no earlier version of its item is kept |
/// | `webhook` | the connection's identifier | the delivery's identifier | `{"delivery", "receivedAt", "kinds", "stream", "externalId", "body"}` |
/// | `answer` | the run's identifier | step, item and hash of the body | `{"step", "item", "receivedAt", "body"}`: no chain waits for these, a step does |
/// | `chain` | the identifier of the chain that ended | the run's identifier | `{"run", "chain", "state", "path"}` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A time by the calendar.
    Schedule,
    /// A time after the one before.
    Interval,
    /// A new signal.
    Signal,
    /// A delivery to a webhook.
    Webhook,
    /// A call of the address of a step that waits.
    Answer,
    /// The end of a run of another chain.
    Chain,
}

impl EventKind {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Interval => "interval",
            Self::Signal => "signal",
            Self::Webhook => "webhook",
            Self::Answer => "answer",
            Self::Chain => "chain",
        }
    }
}

/// How the runs that events start stand to each other. A run that the user starts by hand begins at
/// once: that is the user's own decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Concurrency {
    /// What an event means while a run is under way.
    pub overlap: Overlap,
    /// Runs at the same time where the overlap is `parallel`. 1 to 64.
    #[schemars(range(min = 1, max = 64))]
    pub most: u32,
    /// Runs with the same value of this template stand to each other, others do not; it sees `input`,
    /// such as `{{input.raw.id}}` for order per issue. All runs of the chain where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Effects that runs which events started may have in a day (UTC). What would go beyond it asks.
    #[schemars(range(min = 1))]
    pub effects_per_day: u32,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self { overlap: Overlap::Queue, most: 4, key: None, effects_per_day: 1_000 }
    }
}

/// What an event means while a run is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Its run waits for its turn.
    #[default]
    Queue,
    /// It starts nothing.
    Skip,
    /// The run under way is stopped; its effects stay.
    CancelOldest,
    /// Its run starts beside the others, up to a number of them.
    Parallel,
}

/// Why a run is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct RunOrigin {
    /// What asked for it.
    pub kind: OriginKind,
    /// The event that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// Runs of one lane stand to each other as the chain's [`Concurrency`] says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Runs of its lane that may be under way at the same time; any number where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// The run that it repeats, goes on from, or is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<RunId>,
    /// The run of which it does what failed, where it is a part of another one: `of` names that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goes_on: Option<RunId>,
    /// The chains that led here, the first one first: a chain does not start itself over others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<ChainId>,
    /// Whether it is a part of a run that an event started: what it changes counts against the day's limit too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
}

impl RunOrigin {
    /// The run of which it does what failed.
    pub fn did_what_failed_of(&self) -> Option<&RunId> {
        self.goes_on.as_ref().or(self.of.as_ref().filter(|_| self.kind == OriginKind::FailedItems))
    }

    /// Whether nobody watches it: then what it changes is counted, against a storm.
    pub fn is_counted(&self) -> bool {
        self.counted || self.kind.is_event()
    }
}

/// What asked for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// The user.
    #[default]
    ByHand,
    /// A time by the calendar.
    Schedule,
    /// A time after the one before.
    Interval,
    /// A new signal.
    Signal,
    /// A delivery to a webhook.
    Webhook,
    /// The end of a run of another chain.
    Chain,
    /// A file that appeared.
    File,
    /// A step of another run.
    Step,
    /// The user, with the input of another run.
    Again,
    /// The user, for the items that failed in another run.
    FailedItems,
    /// The user, from a step of another run on.
    FromStep,
}

impl OriginKind {
    /// Whether an event asked for it.
    pub fn is_event(self) -> bool {
        match self {
            Self::Schedule | Self::Interval | Self::Signal | Self::Webhook | Self::Chain | Self::File => true,
            Self::ByHand | Self::Step | Self::Again | Self::FailedItems | Self::FromStep => false,
        }
    }
}

/// What became of an event for one chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Firing {
    /// The event.
    pub event: u64,
    /// What kind.
    pub kind: EventKind,
    /// When it was taken.
    pub at: Timestamp,
    /// What became of it.
    pub result: FiringResult,
    /// The run that it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// What became of an event for one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FiringResult {
    /// It started a run.
    Started,
    /// A run was under way.
    Overlapped,
    /// The chain itself, or one that it led to, had caused it.
    Echo,
    /// The computer was off or asleep when it was due.
    Missed,
    /// The effects of the day are used up.
    Capped,
    /// The template that tells runs apart has no value for it.
    NoLane,
}
