//! The sandbox seen from outside: its tools, its faults, and whether the witness tells the truth.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test; its helpers stand outside the test functions"
)]

mod chat;
mod clients;
mod control;
mod durable;
mod faults;
mod house;
mod oauth;
mod tracker;
