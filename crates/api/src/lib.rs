//! The boundary of the engine: one [`Hub`], one list of commands, one stream of events.
//!
//! Hosts (the command line, later the window) start a [`Hub`] and answer the whole command list.
//! Wire types are named structs; errors are [`Problem`](patchbay_model::Problem)s. No command
//! returns a secret.

pub mod about;
pub mod approval;
pub mod audit;
#[cfg(feature = "ts")]
pub mod bindings;
pub mod call_figures;
pub mod catalogue;
pub mod chain_check;
mod chain_document;
pub mod chain_figures;
pub mod chain_tests;
pub mod chains;
pub mod choices;
mod commands;
mod connect_input;
pub mod connections;
pub mod connector_detail;
mod connectors;
pub mod data;
pub mod demo;
pub mod descriptor_try;
pub mod descriptors;
pub mod desktop;
mod drafts;
pub mod engine_settings;
pub mod events;
pub mod files;
pub mod forward;
pub mod gateway;
pub mod health;
pub mod history;
mod hub;
pub mod inbox;
pub mod jobs;
pub mod keeping;
pub mod links;
pub mod logs;
pub mod memory;
pub mod network;
mod own_definitions;
pub mod pins;
pub mod place;
mod privacy;
mod private_fields;
pub mod publishing;
mod question;
mod renewals;
pub mod replacement;
pub mod rerun;
pub mod revocation;
pub mod run_data;
pub mod run_deletion;
pub mod run_waits;
pub mod runs;
pub mod samples;
pub mod sandbox;
pub mod secret_store;
mod secrets;
mod security;
pub mod sharing;
pub mod sign_ins;
pub mod signals;
pub mod step_fields;
pub mod storage;
mod subscriptions;
pub mod syncing;
pub mod templates;
mod titles;
pub mod transfer;
mod upkeep;
pub mod webhooks;
mod workspace;
pub mod workspaces;
pub mod zoom;

pub use commands::{COMMANDS, CommandInfo, dispatch};
pub use connectors::Connectors;
pub use hub::{Hub, HubOptions};
pub use question::{Question, dispatch_for_page};
pub use secrets::{PassphraseInput, SecretInput, SecretsChoice};
pub use workspace::Workspace;
