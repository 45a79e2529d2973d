//! What `net` promises, seen from outside, against peers of our own that misbehave below HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by failing"
)]

mod faults;
mod listening;
mod peer;
mod proxy;
mod redirects;
mod secrets;
mod targets;
mod tls;
