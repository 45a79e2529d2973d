//! Descriptor auth and sealed secret to authorised request. The only caller of the vault's `open`,
//! so that nobody above sees a secret.

mod authoriser;
pub mod consent;
mod credential;
mod error;
pub mod oauth;
mod redact;
mod renewal;
mod session;
mod sign_in;
mod sigv4;
pub mod webhook;

pub use authoriser::{Authorised, Authoriser, Rotated, Unsealed, open_copy};
pub use credential::Credential;
pub use error::AuthError;
pub use redact::{MASK, Redactor};
pub use sign_in::{Begun, SignInRequest, SignedIn, sign_in_origins};
