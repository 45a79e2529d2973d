//! What can be done with chains.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum ChainCommand {
    /// Save a chain from a JSON document. A shared chain is shown first, and kept once each of its
    /// placeholders has a connection; it is off then.
    Import {
        /// The document, or - for standard input.
        file: PathBuf,
        /// The connection that stands for a placeholder. May be given several times.
        #[arg(long = "use", value_name = "PLACEHOLDER=CONNECTION")]
        uses: Vec<String>,
        /// Make it the next version of a chain of the same name.
        #[arg(long, conflicts_with = "keep_both")]
        replace: bool,
        /// Take it in beside a chain of the same name, under a name that is free.
        #[arg(long)]
        keep_both: bool,
        /// Only show what it needs, where its requests go and what it does.
        #[arg(long)]
        show: bool,
    },
    /// Print a chain's document to be passed on: placeholders stand for its connections.
    Export {
        /// The chain, by identifier or name.
        chain: String,
        /// With the names of your own connections, to take it in on this computer again.
        #[arg(long)]
        with_names: bool,
    },
    /// List the chains to begin with, or print one of them.
    Templates {
        /// Print this one's document.
        id: Option<String>,
    },
    /// List chains.
    List,
    /// Check a chain without running it.
    Check {
        /// The chain, by identifier or name.
        chain: String,
        /// As a run that leaves this step out. May be given several times.
        #[arg(long, value_name = "STEP")]
        without: Vec<String>,
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
    /// Show how the calls of a chain's steps went: how many, how many succeeded, how long they took.
    Figures {
        /// The chain, by identifier or name.
        chain: String,
        /// Of how long.
        #[arg(long, default_value = "24h", value_parser = ["1h", "24h", "7d"])]
        range: String,
    },
    /// Replay runs that were saved as tests: nothing is sent. Says what differs, and ends with 1 then.
    Test {
        /// The tests.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The document to test, instead of the workspace's chain of the same name.
        #[arg(long)]
        document: Option<PathBuf>,
    },
    /// Save a run that ended as an offline test.
    SaveTest {
        /// The run, by identifier or `last`.
        run: String,
        /// Where to; named after the chain, in this folder, where absent.
        file: Option<PathBuf>,
    },
    /// Delete a chain; its runs stay.
    Delete {
        /// The chain, by identifier or name.
        chain: String,
    },
}
