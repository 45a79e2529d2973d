//! How long answers took, in few numbers: counts in slots whose width grows with the time, so that a
//! percentile over any stretch of time comes from sums of slots. Of figures that are added up a percentile
//! cannot be told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Slots in each doubling of the time: a slot's bounds are 9 % apart.
const PER_DOUBLING: f64 = 8.0;
/// The last slot takes what is longer still: 2³⁰ ms are twelve days.
const LAST: u16 = 240;

/// Counts of answers by how long they took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latency(BTreeMap<u16, u64>);

impl Latency {
    /// The slot of a time in milliseconds.
    pub fn slot(ms: u64) -> u16 {
        let slot = ((ms.max(1) as f64).log2() * PER_DOUBLING).round();
        if slot >= f64::from(LAST) { LAST } else { slot as u16 }
    }

    /// The middle of a slot in milliseconds.
    fn middle(slot: u16) -> u64 {
        (f64::from(slot) / PER_DOUBLING).exp2().round() as u64
    }

    /// Counts one answer.
    pub fn count(&mut self, ms: u64) {
        self.count_in(Self::slot(ms), 1);
    }

    /// Counts `n` answers of a slot.
    pub fn count_in(&mut self, slot: u16, n: u64) {
        *self.0.entry(slot.min(LAST)).or_default() += n;
    }

    /// Takes in what another one counted.
    pub fn add(&mut self, other: &Self) {
        for (slot, n) in &other.0 {
            *self.0.entry(*slot).or_default() += n;
        }
    }

    /// What was counted in each slot that is not empty.
    pub fn slots(&self) -> impl Iterator<Item = (u16, u64)> {
        self.0.iter().map(|(slot, n)| (*slot, *n))
    }

    /// How many were counted.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The time in milliseconds within which this share of the answers came, by nearest rank, at most 5 %
    /// off; none where nothing was counted. `share` is from 0 to 1.
    pub fn percentile(&self, share: f64) -> Option<u64> {
        let rank = ((self.total() as f64 * share).ceil() as u64).max(1);
        let mut passed = 0;
        self.0.iter().find_map(|(slot, n)| {
            passed += n;
            (passed >= rank).then(|| Self::middle(*slot))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_percentile_of_sums_is_that_of_all_answers(
            parts in prop::collection::vec(prop::collection::vec(1u64..3_000_000, 1..80), 1..8),
            share in 0.01f64..1.0,
        ) {
            let mut sum = Latency::default();
            for part in &parts {
                let mut counts = Latency::default();
                for ms in part {
                    counts.count(*ms);
                }
                sum.add(&counts);
            }
            let mut all = parts.concat();
            all.sort_unstable();
            let rank = ((all.len() as f64 * share).ceil() as usize).max(1);
            let (want, got) = (all[rank - 1] as f64, sum.percentile(share).unwrap() as f64);
            prop_assert!((got - want).abs() <= (want * 0.05).max(0.5), "{got} for {want}");
            prop_assert_eq!(sum.total(), all.len() as u64);
        }
    }

    #[test]
    fn nothing_has_no_percentile_and_anything_has_a_slot() {
        assert_eq!(Latency::default().percentile(0.95), None);
        let mut odd = Latency::default();
        odd.count(0);
        odd.count(u64::MAX);
        assert_eq!((odd.percentile(0.5), odd.total()), (Some(1), 2));
    }
}
