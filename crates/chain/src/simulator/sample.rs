//! Which of very many cases are tried.

/// A part of many cases, drawn anew each time: one of so many, all of them with `PATCHBAY_FULL`. `PATCHBAY_SEED`
/// draws the same again.
pub(super) struct Sample {
    state: u64,
    one_of: u64,
}

impl Sample {
    pub(super) fn one_of(one_of: u64) -> Self {
        use std::hash::{BuildHasher, RandomState};
        let seed = std::env::var("PATCHBAY_SEED").ok().and_then(|text| text.parse::<u64>().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one("seed") >> 16);
        println!("one of {one_of} cases, PATCHBAY_SEED={seed}");
        let one_of = if std::env::var_os("PATCHBAY_FULL").is_some() { 1 } else { one_of };
        Self { state: seed | 1, one_of }
    }

    /// Whether the next case is one of them (Marsaglia's xorshift).
    pub(super) fn has(&mut self) -> bool {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11).is_multiple_of(self.one_of)
    }

    /// Pairs of crash points up to the last.
    pub(super) fn pairs(&mut self, last: u32) -> Vec<(u32, u32)> {
        let all = (1..=last).flat_map(|first| (first + 1..=last).map(move |second| (first, second)));
        all.filter(|_| self.has()).collect()
    }
}
