//! What can be done with connectors of the user's own.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum DescriptorCommand {
    /// Add a connector of your own.
    Add {
        /// Its definition.
        file: PathBuf,
    },
    /// Replace a connector of your own by another version of it.
    Update {
        /// The new definition, with the id it has.
        file: PathBuf,
    },
    /// List connectors of your own.
    List,
    /// Remove a connector of your own.
    Remove {
        /// Its id.
        id: String,
    },
}
