//! Bytes that only `vault` can open.

use serde::{Deserialize, Serialize};

/// Ciphertext with everything that is needed to open it but the key. `store` keeps it without
/// looking inside; the layout belongs to `vault`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedBytes(Vec<u8>);

impl SealedBytes {
    /// Wraps what `vault::seal` made, or what was read back from the database.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The opaque bytes, for storing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for SealedBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedBytes({} bytes)", self.0.len())
    }
}
