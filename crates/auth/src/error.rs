//! Why a request cannot be authorised.

use patchbay_map::MapError;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_store::StoreError;
use patchbay_vault::VaultError;

use crate::oauth::SignInError;

/// Why a request cannot be authorised.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The request goes to an origin that the user has not approved. No secret was opened.
    #[error("{host} was not approved for this connection")]
    Origin {
        /// The host.
        host: String,
    },
    /// The connection has no stored credential.
    #[error("the connection \"{name}\" has no stored key")]
    Missing {
        /// The connection.
        name: String,
    },
    /// The connection names a way to sign in that its connector no longer has.
    #[error("the connector has no sign-in \"{method}\" any more")]
    Method {
        /// The way to sign in.
        method: String,
    },
    /// The connector's definition has another sign-in than the one that the person approved. No secret was
    /// opened.
    #[error("the connector's sign-in has changed since it was approved")]
    Changed,
    /// Renewing the tokens did not come about.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The key has characters that a cookie cannot carry.
    #[error("the key has characters that a cookie cannot carry")]
    Cookie,
    /// Only the tool can make this webhook's secret.
    #[error("this tool makes the secret itself")]
    NotOurs,
    /// A webhook's secret is not written as the tool writes it.
    #[error("the secret cannot be used: {0}")]
    Unusable(&'static str),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
    /// The sign-in's templates cannot be filled in.
    #[error(transparent)]
    Template(#[from] MapError),
    /// The secret store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was cut off.
    #[error("the secret could not be opened: the work was cut off")]
    Interrupted,
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Origin { host } => Self::new(Code::TargetBlocked)
                .with("host", host)
                .detail("the origin was not approved for this connection"),
            AuthError::Missing { name } => {
                Self::new(Code::SecretMissing).with("name", &name).about(Subject::Connection { name })
            }
            AuthError::Method { method } => Self::new(Code::SecretMissing)
                .detail(format!("the connector has no sign-in \"{method}\" any more")),
            AuthError::Changed => Self::new(Code::TargetBlocked)
                .detail("the connector's sign-in has changed since it was approved"),
            AuthError::SignIn(error) => error.into(),
            AuthError::Cookie => Self::new(Code::InputInvalid).with("field", "The key").with(
                "message",
                "It has characters that a cookie cannot carry, such as a space or a semicolon.",
            ),
            AuthError::NotOurs => Self::new(Code::InputInvalid)
                .with("field", "The secret")
                .with("message", "This tool makes it itself: copy it from its pages and enter it here."),
            AuthError::Unusable(why) => {
                Self::new(Code::InputInvalid).with("field", "The secret").with("message", why)
            }
            AuthError::Random => Self::new(Code::Internal).detail("the system gives no random numbers"),
            AuthError::Template(error) => error.into(),
            AuthError::Vault(error) => error.into(),
            AuthError::Store(error) => error.into(),
            AuthError::Interrupted => Self::new(Code::Internal).detail("the secret could not be opened"),
        }
    }
}
