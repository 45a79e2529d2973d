//! What a run takes over from an earlier one: results that stand, so that only the rest is done. Pure.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Fact, JournalEntry, Narrowed, Outcome, Remains, Run, Stood, UndoOutcome, Why};
use patchbay_model::{RunId, StepId};
use serde_json::Value;

use crate::items::Items;
use crate::lineage;
use crate::plan::{Kind, Phase, Plan, PlanStep};
use crate::progress::{ItemProgress, Progress, UndoProgress};

/// What of an earlier run is done once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What failed, did not fit, was undone or never came to be done. What nobody knows is left alone.
    Failed,
    /// Everything from this step on; results of the steps before stand. A list that was not read to its end
    /// goes on where it was.
    From(StepId),
    /// This step alone, with what those before it gave. A list is as long as it was read.
    Only(StepId),
}

/// What an earlier run did, taken in fact by fact: its journal may be long.
pub struct Earlier {
    plan: Plan,
    progress: Progress,
    narrowed: Option<Narrowed>,
    /// Results are kept of so many steps, the first ones.
    results: usize,
}

impl Earlier {
    /// With the results that this part of it takes over.
    pub fn for_part(plan: &Plan, part: &Part) -> Self {
        let all = plan.steps.len();
        let results = match part {
            Part::Failed => all,
            Part::From(step) | Part::Only(step) => plan.index(step).unwrap_or(all),
        };
        Self::with_results(plan, results)
    }

    /// With how everything ended only: what it gave is let go of at once.
    pub fn ends(plan: &Plan) -> Self {
        Self::with_results(plan, 0)
    }

    fn with_results(plan: &Plan, results: usize) -> Self {
        let plan = Plan { steps: plan.steps.iter().map(remembering).collect(), ..*plan };
        Self { progress: Progress::new(&plan), plan, narrowed: None, results }
    }

    /// Takes in the next entry of its journal.
    pub fn take(&mut self, mut entry: JournalEntry) {
        if let (None, Fact::Narrowed(narrowed)) = (&self.narrowed, &entry.fact) {
            self.narrowed = Some(narrowed.clone());
        }
        let step = entry.fact.step().and_then(|step| self.plan.index(step));
        if step.is_none_or(|step| step >= self.results) {
            empty(&mut entry.fact);
        }
        // Only its own undo needs it.
        if let Fact::Intent { before, .. } = &mut entry.fact {
            *before = None;
        }
        self.progress.apply(&self.plan, entry.at, &entry.fact);
    }

    /// What it did less than its chain says, where it did.
    pub fn narrowed(&self) -> Option<&Narrowed> {
        self.narrowed.as_ref()
    }

    /// The facts that the journal of the new run begins with.
    ///
    /// # Errors
    /// `CONFLICT` where nothing failed, or where what is to stand is not known; `NOT_FOUND` where there is no
    /// such step.
    pub fn kept(self, run: &Run, part: &Part) -> Result<Vec<Fact>, Problem> {
        let (facts, open) = self.taken_over(run, part)?;
        if *part == Part::Failed && open == 0 {
            return Err(refused(run, "Nothing of it failed."));
        }
        Ok(facts)
    }

    /// The same for the run of another chain that is to be done to its end: there may be nothing left to do.
    ///
    /// # Errors
    /// `CONFLICT` where what is to stand is not known.
    pub fn rest(self, run: &Run) -> Result<Vec<Fact>, Problem> {
        Ok(self.taken_over(run, &Part::Failed)?.0)
    }

    /// What stands, and how much is to be done.
    fn taken_over(mut self, run: &Run, part: &Part) -> Result<(Vec<Fact>, u32), Problem> {
        let conflict = |message: &str| refused(run, message);
        let plan = &self.plan;
        let until = match part {
            Part::Failed => plan.steps.len(),
            Part::From(step) | Part::Only(step) => {
                plan.index(step).filter(|at| plan.steps[*at].phase == Phase::Main).ok_or_else(|| {
                    about(run, Problem::new(Code::NotFound).with("item", format!("The step \"{step}\"")))
                })?
            }
        };
        if *part != Part::Failed && self.is_undone_before(until) {
            return Err(conflict(
                "What a step before it did was undone. Run what failed, or run it again as a whole.",
            ));
        }
        let mut facts: Vec<Fact> = self.narrowed.take().map(Fact::Narrowed).into_iter().collect();
        let stale = self.stale(until);
        let unread = self.unread(&stale, part);
        // Before what they come from is let go of.
        let named = |index: usize| {
            let known = plan.steps[index].root.filter(|list| unread[*list]);
            known.map(|_| lineage::names(plan, &self.progress, index))
        };
        let mut names: Vec<Option<Vec<String>>> = (0..until).map(named).collect();
        let others: Vec<Vec<Fact>> = (0..until).map(|index| self.of_others(index)).collect();
        for (step, stale) in stale.iter().enumerate() {
            if let Some(items) = self.progress.steps[step].items.as_mut() {
                for item in stale {
                    items.set(*item, ItemProgress::Fresh);
                }
            }
        }
        let mut open = 0;
        let logic: Vec<Option<&Logic>> = run.snapshot.all_steps().map(|step| step.logic.as_ref()).collect();
        for ((index, step), others) in plan.steps.iter().enumerate().zip(others) {
            if step.phase != Phase::Main {
                continue;
            }
            // What is kept beyond the run was written with the result, and is written once.
            let writes = matches!(logic.get(index), Some(Some(Logic::Remember { .. } | Logic::Link { .. })));
            let computes = step.kind == Kind::Compute && !writes;
            // Of those that it came to, what became of them here says it.
            facts.extend(others);
            let begun = self.begun(index, part);
            let Some(items) = self.progress.steps[index].items.take() else {
                match part {
                    Part::Failed => {
                        open += 1;
                        continue;
                    }
                    Part::From(_) | Part::Only(_) => {
                        return Err(conflict(
                            "The steps before it were not all done. Run it again from an earlier one.",
                        ));
                    }
                }
            };
            // What is worked out of all items is worked out anew; what items come from is not.
            let gives_items = plan.steps.iter().any(|later| later.root == Some(index));
            if *part == Part::Failed && computes && step.root.is_none() && !gives_items {
                continue;
            }
            // What its list gives this time is not known yet: which items it has neither. What was worked out or
            // read of them may come of something else then, and is done anew.
            if let Some(names) = names[index].take() {
                if !step.effect && step.kind == Kind::Call || computes {
                    continue;
                }
                open += stand(step, items, part, (names, begun), &mut facts);
                continue;
            }
            facts.push(Fact::StepOpened { step: step.id.clone(), items: items.len() });
            let all = items.counts();
            let goes_on = step.paged && items.rests_at_a_page();
            let left_at_a_page = step.paged
                && items.len() > 1
                && items.iter().last().is_some_and(|page| page.output().is_none());
            let next = self.progress.steps[index].next.take();
            // Earlier builds did not note it: asked for from the start, what came would come twice.
            if left_at_a_page && next.is_none() && !matches!(part, Part::Only(_)) {
                return Err(conflict(
                    "How its list goes on was not kept by the version of Patchbay that ran it. Run it again as a whole.",
                ));
            }
            let takes = if goes_on && matches!(part, Part::From(_)) { &Part::Failed } else { part };
            open += take_over(step, items, takes, (next, begun), &mut facts);
            if *part != Part::Failed
                && step.root.is_none()
                && (all.open > 0 && !goes_on || all.failed + all.quarantined > 0)
            {
                return Err(conflict("A step before it did not get done. Run it again from there."));
            }
        }
        if *part == Part::Failed && open == 0 && facts.iter().any(is_doubt) {
            return Err(conflict(
                "What is left of it was sent, and nobody knows whether it happened. Look there, and run it again as a whole if it did not.",
            ));
        }
        Ok((facts, open))
    }

    /// Whether something that a step before this place did was undone since.
    fn is_undone_before(&self, until: usize) -> bool {
        let items =
            self.progress.steps[..until].iter().flat_map(|step| step.items.iter().flat_map(Items::iter));
        items.into_iter().any(is_undone)
    }

    /// What stands of items that this run did not come to: their list did not give them, or their step never began.
    fn of_others(&self, step: usize) -> Vec<Fact> {
        let (own, stands) = (&self.plan.steps[step].id, &self.progress.steps[step].stands);
        if stands.is_empty() {
            return Vec::new();
        }
        let begun = self.progress.steps[step].items.is_some();
        let came: BTreeSet<String> =
            begun.then(|| lineage::names(&self.plan, &self.progress, step)).into_iter().flatten().collect();
        let others = stands.iter().filter(|(name, _)| !came.contains(*name));
        others
            .map(|(name, stood)| Fact::Stands { step: own.clone(), name: name.clone(), stood: stood.clone() })
            .collect()
    }

    /// The items of a step that are to be done and of which the run of another chain did a part.
    fn begun(&self, step: usize, part: &Part) -> Begun {
        let plan = &self.plan.steps[step];
        let items = (0_u32..).zip(self.progress.steps[step].items.iter().flat_map(Items::iter));
        // What is left out here may be done by a run that goes on from this one.
        let items = items.filter(|(_, slot)| {
            plan.kind == Kind::Chain && matches!(left(plan, slot, part), Left::Open | Left::Out(Why::Failed))
        });
        let begun = items.filter_map(|(item, _)| Some((item, self.progress.begun(step, item)?)));
        begun.map(|(item, (run, remains))| (item, (run.clone(), remains))).collect()
    }

    /// Per step, whether what it gives is not known before the new run has come there: the items of what goes through
    /// it are others then.
    fn unread(&self, stale: &[BTreeSet<u32>], part: &Part) -> Vec<bool> {
        let mut unread = vec![false; self.plan.steps.len()];
        for (index, (step, stale)) in self.plan.steps.iter().zip(stale).enumerate() {
            let mut items = self.progress.steps[index].items.iter().flat_map(Items::iter);
            unread[index] = step.root.is_some_and(|list| unread[list])
                || !stale.is_empty()
                || !step.paged && items.any(|slot| matches!(left(step, slot, part), Left::Open));
        }
        unread
    }

    /// Per step, the items of which it read or worked out something that was undone since: done anew, it is another.
    fn stale(&self, until: usize) -> Vec<BTreeSet<u32>> {
        let mut undone: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        let mut stale = vec![BTreeSet::new(); until];
        for (index, step) in self.plan.steps.iter().enumerate().take(until) {
            let (Some(list), Phase::Main) = (step.root, step.phase) else { continue };
            let own = undone.entry(list).or_default();
            if !step.effect && matches!(step.kind, Kind::Call | Kind::Compute) {
                stale[index].clone_from(own);
            }
            let items = (0_u32..).zip(self.progress.steps[index].items.iter().flat_map(Items::iter));
            own.extend(items.filter(|(_, slot)| is_undone(slot)).map(|(item, _)| item));
        }
        stale
    }

    /// Whether it did something outside that was not undone, and of which nobody tried.
    pub fn left_to_undo(&self) -> bool {
        self.plan.steps.iter().enumerate().any(|(at, step)| {
            let mut undos = self.progress.undos(&self.plan, at);
            step.effect && step.phase == Phase::Main && undos.any(|(_, undo)| *undo == UndoProgress::None)
        })
    }

    /// What of it stays although its undo was tried. The latest comes first, as undo goes.
    pub fn stays(&self) -> Vec<Stay> {
        let mut found = Vec::new();
        for (at, step) in self.plan.steps.iter().enumerate().rev() {
            for (item, undo) in self.progress.undos(&self.plan, at) {
                let UndoProgress::Over(outcome) = undo else { continue };
                let (again, unknown) = match outcome {
                    UndoOutcome::Failed { unknown, .. } => {
                        (step.undo.is_some() || step.kind == Kind::Chain, *unknown)
                    }
                    UndoOutcome::Impossible => (false, false),
                    UndoOutcome::Undone | UndoOutcome::ByHand => continue,
                };
                found.push(Stay { step: step.id.clone(), item, again, unknown });
            }
        }
        found
    }
}

/// Leaves of what a fact's items gave only how many items it made: what goes through them goes by that.
fn empty(fact: &mut Fact) {
    let empty = |output: &mut Value| {
        *output = match output.take() {
            Value::Array(items) => Value::Array(vec![Value::Null; items.len()]),
            _ => Value::Null,
        };
    };
    match fact {
        Fact::Result { outcome: Outcome::Done { output, .. }, .. }
        | Fact::Kept { outcome: Outcome::Done { output, .. }, .. }
        | Fact::Arrived { output, .. }
        | Fact::Resolved { output: Some(output), .. } => empty(output),
        Fact::Stands { stood: Stood::Done { output }, .. } => empty(output),
        Fact::Computed { results, .. } => results.iter_mut().for_each(|(_, output)| empty(output)),
        _ => {}
    }
}

/// What a run did less than its chain says, where it did.
pub fn narrowed(journal: &[JournalEntry]) -> Option<Narrowed> {
    journal.iter().find_map(|entry| match &entry.fact {
        Fact::Narrowed(narrowed) => Some(narrowed.clone()),
        _ => None,
    })
}

/// A change that stays although its undo was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The step that made it.
    pub step: StepId,
    /// The item, from 0.
    pub item: u32,
    /// Whether its undo can be tried once more.
    pub again: bool,
    /// Whether it may have been undone all the same.
    pub unknown: bool,
}

/// The same step with its results kept.
fn remembering(step: &PlanStep) -> PlanStep {
    PlanStep { forgets: false, ..step.clone() }
}

/// Earlier runs of another chain, by the item of which they did a part, with what is there of that.
type Begun = BTreeMap<u32, (RunId, Remains)>;

fn about(run: &Run, problem: Problem) -> Problem {
    problem.about(Subject::Run { id: run.id.to_string(), step: None })
}

fn refused(run: &Run, message: &str) -> Problem {
    let item = format!("Run {}", run.id);
    about(run, Problem::new(Code::Conflict).with("item", item).with("message", message))
}

/// Whether a fact leaves something out of which nobody knows whether it happened.
fn is_doubt(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::LeftOut { why: Why::Unknown, .. }
            | Fact::Stands { stood: Stood::LeftOut { why: Why::Unknown }, .. }
    )
}

/// What an earlier run leaves of an item.
enum Left {
    /// It is done.
    Done,
    /// It is to be done.
    Open,
    /// It is left out here too.
    Out(Why),
}

fn is_undone(slot: &ItemProgress) -> bool {
    matches!(
        slot,
        ItemProgress::Done { undo: UndoProgress::Over(UndoOutcome::Undone | UndoOutcome::ByHand), .. }
    )
}

fn left(step: &PlanStep, slot: &ItemProgress, part: &Part) -> Left {
    match slot {
        slot if is_undone(slot) => Left::Open,
        ItemProgress::Done { .. } | ItemProgress::Kept(_) => Left::Done,
        ItemProgress::LeftOut(why @ (Why::Filtered | Why::NotTaken | Why::Refused | Why::Unknown)) => {
            Left::Out(*why)
        }
        // Sent again, it might happen twice; what only reads is read again.
        ItemProgress::Doubt(_) | ItemProgress::InFlight(_) if step.effect => Left::Out(Why::Unknown),
        _ if *part == Part::Failed => Left::Open,
        _ => Left::Out(Why::Failed),
    }
}

/// Notes what stands of items whose numbers are not known yet, and says how many are to be done.
fn stand(
    step: &PlanStep,
    items: Items,
    part: &Part,
    (names, mut begun): (Vec<String>, Begun),
    facts: &mut Vec<Fact>,
) -> u32 {
    let mut open = 0;
    for ((item, slot), name) in (0_u32..).zip(items.into_each()).zip(names) {
        let stood = match (left(step, &slot, part), slot) {
            (Left::Open, _) => {
                open += 1;
                match begun.remove(&item) {
                    Some((run, remains)) => Stood::Begun { run, remains },
                    None => continue,
                }
            }
            (Left::Out(why), _) => Stood::LeftOut { why },
            (Left::Done, ItemProgress::Done { output, .. } | ItemProgress::Kept(output)) => {
                Stood::Done { output }
            }
            (Left::Done, _) => continue,
        };
        facts.push(Fact::Stands { step: step.id.clone(), name, stood });
    }
    open
}

/// Notes what stands of a step's items, and says how many are to be done. `next`: how a list goes on.
fn take_over(
    step: &PlanStep,
    items: Items,
    part: &Part,
    (mut next, begun): (Option<Value>, Begun),
    facts: &mut Vec<Fact>,
) -> u32 {
    let mut open = 0;
    let pages = items.iter().filter(|slot| slot.output().is_some()).count() as u32;
    let mut left_out: BTreeMap<Why, Vec<u32>> = BTreeMap::new();
    for (item, slot) in (0_u32..).zip(items.into_each()) {
        let mut keep = |output: Value| {
            let outcome = Outcome::Done { output, output_missing: None };
            let next = next.take_if(|_| item + 1 == pages);
            Fact::Kept { step: step.id.clone(), item, outcome, next }
        };
        match left(step, &slot, part) {
            Left::Open => open += 1,
            Left::Out(why) => left_out.entry(why).or_default().push(item),
            Left::Done => {
                if let ItemProgress::Done { output, .. } | ItemProgress::Kept(output) = slot {
                    facts.push(keep(output));
                }
            }
        }
    }
    let id = &step.id;
    facts.extend(left_out.into_iter().map(|(why, items)| Fact::LeftOut { step: id.clone(), items, why }));
    let before = |(item, (run, remains))| Fact::ChainBefore { step: id.clone(), item, run, remains };
    facts.extend(begun.into_iter().map(before));
    open
}
