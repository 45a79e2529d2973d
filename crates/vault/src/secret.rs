//! A secret value: zeroed when dropped, never printed, never serialised.

use zeroize::Zeroizing;

/// A secret. There is no `Serialize`: writing one out is a mistake the compiler finds.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself. Keep what you make of it as short-lived as the call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("canary".into());
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("canary"));
    }
}
