//! Items that wait for the secret store, or for a way to services. What is only tried again before anything was
//! announced is no fact: a start that replays the journal finds it out by trying.

use jiff::SignedDuration;
use patchbay_model::Timestamp;

use super::{ItemProgress, Progress, UndoProgress};
use crate::machine::waits_for_person;

/// How long a locked secret store is waited for before it is tried again: at first, and in the end.
const SHORTEST_LOCK: SignedDuration = SignedDuration::from_millis(500);
const LONGEST_LOCK: SignedDuration = SignedDuration::from_secs(60);

impl Progress {
    /// The secret store is open again, or it is known how services are reached: what waits for nothing else is
    /// due now.
    pub fn unlocked(&mut self, now: Timestamp) {
        for items in self.steps.iter_mut().filter_map(|s| s.items.as_mut()) {
            items.revise(|item| match item {
                ItemProgress::Deferred { attempt, counted, left, since, until, problem }
                    if waits_for_person(problem.code()) =>
                {
                    let (attempt, counted, left) = (*attempt, *counted, *left);
                    let (since, until, problem) = (*since, now.min(*until), problem.clone());
                    Some(ItemProgress::Deferred { attempt, counted, left, since, until, problem })
                }
                ItemProgress::Done {
                    output,
                    output_missing,
                    undo: UndoProgress::Deferred { sent, since, until, problem },
                } if waits_for_person(problem.code()) => {
                    let (sent, since, until, problem) = (*sent, *since, now.min(*until), problem.clone());
                    let undo = UndoProgress::Deferred { sent, since, until, problem };
                    Some(ItemProgress::Done { output: output.clone(), output_missing: *output_missing, undo })
                }
                _ => None,
            });
        }
    }

    /// Puts off an item that waits for the secret store already and found it locked again, for twice as long
    /// as before and at most [`LONGEST_LOCK`]. No fact: it says nothing new. False where it does not wait for
    /// that.
    pub fn postpone(&mut self, step: usize, item: u32, now: Timestamp) -> bool {
        let Some(items) = self.steps.get_mut(step).and_then(|step| step.items.as_mut()) else { return false };
        let Some(ItemProgress::Deferred { attempt, counted, left, since, until, problem }) = items.get(item)
        else {
            return false;
        };
        if !waits_for_person(problem.code()) {
            return false;
        }
        let before = until.duration_since(*since).max(SHORTEST_LOCK);
        let until = now.checked_add((before * 2).min(LONGEST_LOCK)).unwrap_or(now);
        let (attempt, counted, left, problem) = (*attempt, *counted, *left, problem.clone());
        items.set(item, ItemProgress::Deferred { attempt, counted, left, since: now, until, problem });
        true
    }
}
