//! What can be done with the store of secrets.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Say where the key is kept, whether it is locked, and how old each connection's secret is.
    Status,
    /// Unlock the passphrase store of a running engine.
    Unlock {
        /// The passphrase: in this file, or from standard input for -. It is typed where that is a terminal.
        #[arg(long, value_name = "FILE|-", default_value = "-")]
        passphrase: PathBuf,
    },
    /// Lock the passphrase store with another passphrase.
    ChangePassphrase {
        /// The passphrase that holds now: in this file, or from standard input for -.
        #[arg(long, value_name = "FILE|-", default_value = "-")]
        current: PathBuf,
        /// The new passphrase, at least 12 characters. Where both come from standard input: the current one
        /// first, one a line. Both are typed where that is a terminal.
        #[arg(long, value_name = "FILE|-", default_value = "-")]
        new_passphrase: PathBuf,
    },
    /// Lock the passphrase store of a running engine.
    Lock,
    /// Seal everything with another master key.
    Rotate,
    /// Move the master key into another store, and seal everything anew there.
    Move {
        /// The store to move to.
        #[arg(value_enum)]
        to: MoveTo,
        /// The new passphrase: in this file, or from standard input for -. At least 12 characters; asked for
        /// where standard input is a terminal.
        #[arg(long, value_name = "FILE|-")]
        new_passphrase: Option<PathBuf>,
    },
    /// Change when a passphrase store locks itself and when a key is called old.
    Set {
        /// Minutes without a person; 0 for never.
        #[arg(long, value_name = "MINUTES")]
        lock_after: Option<u32>,
        /// Days; 0 for never.
        #[arg(long, value_name = "DAYS")]
        remind_after: Option<u32>,
    },
    /// Destroy every key and every secret in the data folder, and end sign-ins at their services where those
    /// can be told. It cannot be undone.
    ForgetAll {
        /// Yes, all of them.
        #[arg(long, required = true)]
        yes: bool,
    },
}

/// A store that keys can be moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MoveTo {
    /// The system's keyring.
    Keyring,
    /// A file locked with a passphrase.
    Passphrase,
}
