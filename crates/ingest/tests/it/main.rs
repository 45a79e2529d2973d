//! Data coming in, beside a service on loopback and on a clock that the test moves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bench;
mod clocks;
mod healing;
mod timers;
mod workers;
