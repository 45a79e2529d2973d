//! The sandbox: two pretend tools on loopback. The first-run experience, and the witness of the
//! tests: it counts the effects that really happened.
//!
//! - *Sandbox Tracker* below `/tracker`: issues and comments; a token it hands out.
//! - *Sandbox Chat* below `/chat`: channels and messages; an API key.
//! - `/control`: keys, counters, fault switches, reset. Loopback only; refuses web pages.
//!
//! With a state folder every effect is on disk before it is answered, so that the witness never
//! counts too little, whoever is killed.

mod chat;
mod control;
mod error;
mod fault;
mod log;
mod server;
mod tracker;
mod world;

pub use error::SandboxError;
pub use server::{Access, Sandbox, SandboxOptions};
