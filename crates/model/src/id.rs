//! Identifiers. Those we make are UUIDv7 (RFC 9562 section 5.7), so that they sort by creation
//! time; those that documents choose (connectors, steps) are short slugs.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps text that is known to be an identifier of this kind.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

macro_rules! made_id {
    ($(#[$doc:meta])* $name:ident) => {
        text_id! { $(#[$doc])* $name }

        impl $name {
            /// A new identifier, unique without coordination and sorting by creation time.
            pub fn generate() -> Self {
                Self(uuid::Uuid::now_v7().to_string())
            }
        }
    };
}

text_id! {
    /// A connector: the `id` of its descriptor, such as `github-issues`.
    ConnectorId
}
text_id! {
    /// A step within one chain: a slug chosen by the chain's document.
    StepId
}
made_id! {
    /// A connection: a connector set up with an account.
    ConnectionId
}
made_id! {
    /// A chain, the same across its versions.
    ChainId
}
made_id! {
    /// One execution of a chain.
    RunId
}
made_id! {
    /// One normalised item that came in.
    SignalId
}
made_id! {
    /// One attempt of a person to sign in.
    SignInId
}
made_id! {
    /// One unit of background work.
    JobId
}
made_id! {
    /// One start of the engine; work claimed under an older boot is recovered.
    BootId
}
