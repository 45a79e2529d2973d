//! The run of another chain that does an item: made anew, or going on from one that did a part of it.

use patchbay_model::problem::{Code, Problem, Retry};
use patchbay_model::run::{Fact, Remains, Run, RunState};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{RunId, Timestamp};
use serde_json::Value;

use super::inner::Claim;
use super::{Execution, Live, others};
use crate::again::{Earlier, Part};
use crate::journal;

/// A run of another chain that is to begin.
pub(super) struct Child {
    pub(super) run: Run,
    /// What its journal begins with.
    pub(super) facts: Vec<Fact>,
    /// Keeps others from going on from the same run.
    pub(super) claim: Option<Claim>,
}

/// Why nothing can go on from an earlier run.
fn conflict(earlier: &RunId, message: &str) -> Problem {
    let item = format!("The run {earlier} of another chain");
    Problem::new(Code::Conflict).with("item", item).with("message", message)
}

impl Execution<'_> {
    /// The run of another chain that does an item. A full or busy disk is waited for.
    pub(super) async fn child(
        &self,
        (step, item): (usize, u32),
        name: &str,
        input: Value,
        now: Timestamp,
    ) -> Result<Child, Problem> {
        let mut child = loop {
            let made = match self.progress.begun(step, item) {
                Some((earlier, remains)) => self.after(earlier, remains, name, &input).await,
                None => self.anew(name, &input).await,
            };
            match made {
                Err(problem) if problem.code().retry() == Retry::Wait => {
                    self.runner.wait_for_storage(self.run, problem).await;
                }
                made => break made?,
            }
        };
        child.facts.extend(self.limits(step));
        let run = &mut child.run;
        run.id = RunId::generate();
        run.dry_run = self.run.dry_run;
        (run.state, run.boot) = (RunState::Queued, None);
        (run.created_at, run.finished_at) = (now, None);
        run.origin.kind = OriginKind::Step;
        run.origin.of = Some(self.run.id.clone());
        run.origin.path = self.path();
        // Nobody watches it either.
        run.origin.counted = self.run.origin.is_counted();
        Ok(child)
    }

    /// How long the run of another chain may take that a step runs. What a person is waited for there does not
    /// count, so the other run itself looks at the time.
    fn limits(&self, step: usize) -> Option<Fact> {
        let own = self.run.snapshot.all_steps().nth(step)?;
        own.policy.inner_ms().map(|allowed_ms| Fact::Limited { allowed_ms })
    }

    /// The other chain as a whole.
    async fn anew(&self, name: &str, input: &Value) -> Result<Child, Problem> {
        let version = others::version(&self.runner.store, name).await?;
        others::may_follow(&self.path(), &version.id, name)?;
        let run = Run {
            id: RunId::generate(),
            chain_id: version.id,
            chain_version: version.version,
            chain_hash: version.hash,
            snapshot: version.chain,
            input: input.clone(),
            dry_run: self.run.dry_run,
            state: RunState::Queued,
            boot: None,
            origin: RunOrigin::default(),
            created_at: self.runner.clock.now(),
            finished_at: None,
        };
        Ok(Child { run, facts: self.narrows().into_iter().collect(), claim: None })
    }

    /// After an earlier run of the other chain: what failed of it, or all of it where nothing of that is there.
    async fn after(
        &self,
        earlier: &RunId,
        remains: Remains,
        name: &str,
        input: &Value,
    ) -> Result<Child, Problem> {
        let store = &self.runner.store;
        let conflict = |message: &str| conflict(earlier, message);
        let claim = self.runner.parts.claim(earlier);
        let claim = claim.ok_or_else(|| conflict("What failed of it is being run by another one."))?;
        let old = match store.run(earlier).await.map_err(Problem::from)? {
            Some(old) => old,
            None if remains == Remains::Nothing => return self.anew(name, input).await,
            None => {
                return Err(conflict(
                    "It is gone: nothing says what of it stands. Run this run again as a whole.",
                ));
            }
        };
        if !old.state.is_final() {
            return Err(conflict("It has not ended yet."));
        }
        if let Some(other) = store.run_that_goes_on(&old).await.map_err(Problem::from)? {
            return Err(conflict(&format!("What failed of it was run by {other}.")));
        }
        let mut child = match remains {
            Remains::Nothing => self.anew(name, input).await?,
            Remains::Something => self.rest_of(old).await?,
            Remains::Unclear => {
                return Err(conflict(
                    "What it left was taken away by hand: nothing says what of it is there. Run this run again as a whole.",
                ));
            }
        };
        // Whoever runs what failed of that one itself hears that this one does.
        child.run.origin.goes_on = Some(earlier.clone());
        child.claim = Some(claim);
        Ok(child)
    }

    /// What failed of an earlier run of the other chain: what it did stands.
    async fn rest_of(&self, old: Run) -> Result<Child, Problem> {
        let store = &self.runner.store;
        let live = Live::prepare(self.runner, &old).await;
        let live =
            live.map_err(|problems| problems.into_iter().next().unwrap_or_else(|| Code::Internal.into()))?;
        let mut before = Earlier::for_part(&live.plan, &Part::Failed);
        journal::each(store, &old.id, |entry| before.take(entry)).await.map_err(Problem::from)?;
        let facts = before.rest(&old)?;
        if store.run(&old.id).await.map_err(Problem::from)?.is_none() {
            return Err(conflict(&old.id, "It was tidied away meanwhile. Run this run again as a whole."));
        }
        Ok(Child { run: Run { origin: RunOrigin::default(), ..old }, facts, claim: None })
    }
}
