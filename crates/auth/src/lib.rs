//! Descriptor auth and sealed secret to authorised request. The only caller of the vault's `open`,
//! so that nobody above sees a secret.

mod authoriser;
mod credential;
mod error;
mod redact;

pub use authoriser::Authoriser;
pub use credential::Credential;
pub use error::AuthError;
pub use redact::Redactor;
