//! What can be done with connections.

use clap::Subcommand;

use super::Again;

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Show a connection.
    Show {
        /// The connection.
        name: String,
    },
    /// Change settings.
    Set {
        /// The connection.
        name: String,
        /// A setting, such as baseUrl=https://github.example.com/api/v3.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        settings: Vec<String>,
        /// Allow or forbid private addresses.
        #[arg(long, value_name = "true|false")]
        allow_private: Option<bool>,
    },
    /// Rename a connection; chains follow.
    Rename {
        /// The connection.
        name: String,
        /// What it is to be called.
        new_name: String,
    },
    /// Switch a connection off.
    Pause {
        /// The connection.
        name: String,
    },
    /// Switch a connection on.
    Resume {
        /// The connection.
        name: String,
    },
    /// Show a connection's streams: how and when they are read by themselves.
    Streams {
        /// The connection.
        name: String,
    },
    /// Set when a stream is read by itself, and whether.
    Stream(crate::jobs::StreamChange),
    /// Stop a read of a stream; what is stored stays.
    CancelSync {
        /// The connection.
        name: String,
        /// The stream.
        stream: String,
    },
    /// Replace a connection's key in place.
    ReplaceKey {
        /// The connection.
        name: String,
        /// A secret: KEY=@FILE reads a file, KEY=- reads standard input.
        #[arg(id = "secret-values", long = "secret", required = true, value_name = "KEY=@FILE|-")]
        secrets: Vec<String>,
    },
    /// Sign in again; chains stay as they are.
    Reconnect {
        /// The connection.
        name: String,
        #[command(flatten)]
        again: Again,
    },
    /// Approve where a connection's key may go, as after an import; without --origin, say where it leads.
    Approve {
        /// The connection.
        name: String,
        /// An address that is approved, such as https://api.example.com. All it leads to are wanted.
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
        /// Approve the changes of its sign-in as well, as they are said without --origin.
        #[arg(long)]
        sign_in: bool,
        /// Allow or forbid private addresses.
        #[arg(long, value_name = "true|false")]
        allow_private: Option<bool>,
    },
    /// Delete a connection and its key.
    Disconnect {
        /// The connection.
        name: String,
        /// Delete its signals too.
        #[arg(long)]
        with_signals: bool,
    },
}
