//! Chance, injected: it spreads work over time, so that many do not come at once. It need not be hard to
//! guess.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

/// Gives numbers from 0 up to 1.
#[derive(Clone)]
pub struct Dice(Arc<dyn Fn() -> f64 + Send + Sync>);

impl std::fmt::Debug for Dice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dice")
    }
}

impl Default for Dice {
    fn default() -> Self {
        Self::with(|| {
            let bits = RandomState::new().build_hasher().finish() >> 11;
            bits as f64 / (1_u64 << 53) as f64
        })
    }
}

impl Dice {
    /// Numbers of one's own, such as those of a seed.
    pub fn with(throw: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(throw))
    }

    /// The next number.
    pub fn throw(&self) -> f64 {
        (self.0)().clamp(0.0, 1.0)
    }
}
