//! The nouns of Patchbay and the rules that hold between them.
//!
//! Everything here is plain data or a pure state machine: no I/O, no async, no statics. The one
//! thing that reads the outside world is [`SystemClock`], which exists so that nobody else does.
//! Every other crate may use this one; it uses none of them.

pub mod address;
pub mod chain;
pub mod check;
pub mod circuit;
pub mod connection;
pub mod descriptor;
pub mod desktop;
pub mod event;
pub mod health;
pub mod host;
pub mod id;
pub mod latency;
pub mod logic;
pub mod mapping;
pub mod notice;
pub mod permissions;
pub mod privacy;
pub mod problem;
pub mod rate;
pub mod report;
pub mod run;
pub mod sealed;
pub mod sharing;
pub mod signal;
pub mod text;
pub mod time;
pub mod trigger;

pub use chain::{Chain, ChainVersion, Step};
pub use check::{Finding, Level};
pub use connection::{Connection, ConnectionEvent, ConnectionState};
pub use descriptor::Descriptor;
pub use event::{Event, EventSink};
pub use health::{HealthRules, HealthState};
pub use host::{Host, LimitStore};
pub use id::{BootId, ChainId, ConnectionId, ConnectorId, JobId, RunId, SignInId, SignalId, StepId};
pub use problem::{Code, Problem, Subject};
pub use run::{Fact, JournalEntry, Outcome, Run, RunState};
pub use sealed::SealedBytes;
pub use signal::Signal;
pub use time::{Clock, SystemClock, Timestamp};
pub use trigger::{EventKind, RunOrigin, Trigger};
