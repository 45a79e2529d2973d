//! Tests of the whole product, from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests fail and say what they saw; the names are our own files"
)]

mod architecture;
mod bad_input;
mod canary;
mod chain_tests;
mod cli;
mod connect;
mod contract;
mod crash;
mod desktop;
mod drift;
mod first_attempt;
mod fixtures;
mod health;
mod interface;
mod keyring;
mod large;
mod leaving;
mod native;
mod oauth;
mod own_connectors;
mod pairs;
mod pictures;
mod polling;
mod private;
mod recorded;
mod serve;
mod shapes;
mod sign_in;
mod triggers;
mod trouble;
mod walks;
mod webhook;
mod window;
