//! The engine against a service on loopback that says what each test wants.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by failing")]

mod bad_answers;
mod bench;
mod choices;
mod copies;
mod formats;
mod health;
mod operations;
mod outsider;
mod streams;
