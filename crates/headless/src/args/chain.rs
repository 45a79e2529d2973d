//! What can be done with chains.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum ChainCommand {
    /// Save a chain from a JSON document.
    Import {
        /// The document, or - for standard input.
        file: PathBuf,
    },
    /// Print a chain's document.
    Export {
        /// The chain, by identifier or name.
        chain: String,
    },
    /// List chains.
    List,
    /// Check a chain without running it.
    Check {
        /// The chain, by identifier or name.
        chain: String,
    },
    /// Make a version the one that the chain's trigger runs.
    Publish {
        /// The chain, by identifier or name.
        chain: String,
        /// The version's number; the latest where absent.
        #[arg(long)]
        number: Option<u32>,
    },
    /// Let the chain's trigger start it.
    On {
        /// The chain, by identifier or name.
        chain: String,
    },
    /// Keep the chain's trigger from starting it.
    Off {
        /// The chain, by identifier or name.
        chain: String,
    },
    /// List a chain's versions with what differs.
    Versions {
        /// The chain, by identifier or name.
        chain: String,
    },
    /// List what became of the events that a chain waited for.
    Events {
        /// The chain, by identifier or name.
        chain: String,
    },
    /// Delete a chain; its runs stay.
    Delete {
        /// The chain, by identifier or name.
        chain: String,
    },
}
