//! The boundary of the engine: one [`Hub`], one list of commands, one stream of events.
//!
//! Hosts (the command line, later the window) start a [`Hub`] and answer the whole command list.
//! Wire types are named structs; errors are [`Problem`](patchbay_model::Problem)s. No command
//! returns a secret.

pub mod catalogue;
pub mod chains;
mod commands;
mod connect_input;
pub mod connections;
pub mod data;
pub mod demo;
pub mod events;
pub mod forward;
pub mod health;
mod hub;
pub mod runs;
mod secrets;
pub mod signals;
pub mod storage;
mod workspace;
pub mod workspaces;

/// The pretend tools, for hosts that run them as a process of their own.
pub use patchbay_sandbox as sandbox;

pub use commands::{COMMANDS, CommandInfo, dispatch};
pub use hub::{Hub, HubOptions};
pub use secrets::{SecretInput, SecretsChoice};
pub use workspace::Workspace;
