//! What mappings see: `item`, `steps.<id>`, `input`, and `error` where a failure is handled.

use patchbay_model::report::Late;
use patchbay_model::{Code, Run};
use serde_json::{Map, Value, json};

use crate::items::{Items, problem};
use crate::plan::{Phase, Plan};
use crate::progress::{ItemProgress, Progress};
use crate::report::late_words;

/// What the mappings of a step see. What all of its items see, the input and whole results, which may be large, is
/// put together once; each item then takes its own part in.
///
/// A step that goes through items sees each earlier step over the same items as that item's result,
/// and not the whole list, which may be large. A step that runs once sees whole results: the list
/// for list steps, a list of results (null where one is missing) for steps that went through items.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    step: usize,
    seen: Value,
}

impl Scope {
    /// What all items of a step see. It stands as long as nothing becomes of other steps.
    pub(crate) fn of(plan: &Plan, progress: &Progress, run: &Run, step: usize) -> Self {
        let own = &plan.steps[step];
        let mut steps = Map::new();
        for earlier in (0..step).filter(|earlier| !plan.flows_from(step, *earlier)) {
            let value = if plan.steps[earlier].root.is_none() {
                whole(plan, progress, earlier)
            } else if shares_items(plan, step, earlier) {
                None
            } else {
                let outputs = progress.outputs(earlier).map(|o| o.cloned().unwrap_or(Value::Null));
                Some(Value::Array(outputs.collect()))
            };
            // An absent result stays absent: a mapping that needs it says so instead of sending null.
            if let Some(value) = value {
                steps.insert(plan.steps[earlier].id.to_string(), value);
            }
        }
        let mut seen = json!({ "steps": steps, "input": run.input, "run": { "id": run.id } });
        if own.phase == Phase::OnFailure {
            seen["error"] = what_went_wrong(plan, progress, run);
        }
        if own.phase == Phase::Finally {
            seen["run"]["state"] = json!(progress.ended);
        }
        Self { step, seen }
    }

    /// The step whose items see it.
    pub(crate) fn step(&self) -> usize {
        self.step
    }

    /// What the item sees that was turned to last.
    pub(crate) fn seen(&self) -> &Value {
        &self.seen
    }

    /// What one item sees.
    pub(crate) fn turn_to(&mut self, plan: &Plan, progress: &Progress, item: u32) -> &mut Value {
        let (own, step) = (&plan.steps[self.step], self.step);
        let Value::Object(members) = &mut self.seen else { return &mut self.seen };
        if let Some(Value::Object(steps)) = members.get_mut("steps") {
            // In the order of the steps, whichever were there before: what is shared is moved, not copied.
            let mut before = std::mem::take(steps);
            for earlier in 0..step {
                let id = plan.steps[earlier].id.as_str();
                let value = if shares_items(plan, step, earlier) {
                    let at = progress.ancestor(plan, step, item, earlier);
                    at.and_then(|at| progress.item(earlier, at)).and_then(ItemProgress::output).cloned()
                } else {
                    before.get_mut(id).map(Value::take)
                };
                if let Some(value) = value {
                    steps.insert(id.to_owned(), value);
                }
            }
        }
        if own.root.is_some() {
            let current = current(plan, progress, step, item).cloned().unwrap_or(Value::Null);
            members.insert("item".to_owned(), current);
            members.insert("index".to_owned(), json!(item));
        }
        if let Some(failed) = own.handles.filter(|_| own.phase != Phase::OnFailure) {
            let at = progress.ancestor(plan, step, item, failed);
            members.insert("error".to_owned(), error(progress, failed, at));
        }
        &mut self.seen
    }
}

/// Whether each item of a step comes from one item of an earlier step that goes through items too, and is not
/// one of those that it goes through itself.
fn shares_items(plan: &Plan, step: usize, earlier: usize) -> bool {
    let wanted = plan.steps[earlier].root;
    if wanted.is_none() || plan.flows_from(step, earlier) {
        return false;
    }
    let mut root = plan.steps[step].root;
    while root != wanted {
        let Some(list) = root else { return false };
        root = plan.steps[list].root;
    }
    true
}

/// Why a run failed, and at which step: through a step that failed, or because it took too long.
fn what_went_wrong(plan: &Plan, progress: &Progress, run: &Run) -> Value {
    let mut steps = (0..plan.steps.len()).filter(|step| plan.steps[*step].phase == Phase::Main);
    let failed = steps.find(|step| has_failed(progress, *step));
    // A run whose time is over had not failed before: what fails since was under way, and may be cut off by that.
    let (mut error, step) = match (late(plan, progress, run), failed) {
        (Some(late), _) => {
            // The same code as the run has that waits for this one.
            let code = Code::RunLate;
            let said =
                json!({ "code": code, "title": late_words(late), "hint": "Its report says what was done." });
            let step = reached(plan, progress).or(failed);
            (said, step.map(|step| plan.steps[step].id.as_str()))
        }
        (None, Some(failed)) => (error(progress, failed, None), Some(plan.steps[failed].id.as_str())),
        (None, None) => return Value::Null,
    };
    error["step"] = json!(step.unwrap_or(&run.snapshot.name));
    error
}

/// Whether something of a step failed or was set aside.
fn has_failed(progress: &Progress, step: usize) -> bool {
    let counts = progress.steps[step].items.as_ref().map(Items::counts).unwrap_or_default();
    counts.failed + counts.quarantined > 0
}

/// How long a run might take that took longer: what its chain allows, or the step that runs it where that is less.
fn late(plan: &Plan, progress: &Progress, run: &Run) -> Option<Late> {
    let allowed_ms =
        plan.allowed_ms.into_iter().chain(progress.allowed_ms).min().filter(|_| progress.timed_out)?;
    Some(Late { allowed_ms, by_step: run.snapshot.policy.timeout_ms != Some(allowed_ms) })
}

/// The step of the main part that was under way, or the next one. None where nothing was left to do.
fn reached(plan: &Plan, progress: &Progress) -> Option<usize> {
    let is_open = |step: &usize| {
        let settled = progress.steps[*step].items.as_ref().is_some_and(Items::is_settled);
        plan.steps[*step].phase == Phase::Main && !settled
    };
    (0..plan.steps.len()).find(is_open)
}

/// Why a step failed, for one item or for the first that did.
fn error(progress: &Progress, step: usize, item: Option<u32>) -> Value {
    let of_item = item.and_then(|item| progress.item(step, item)).and_then(problem);
    let any = || progress.steps[step].items.iter().flat_map(Items::iter).find_map(problem);
    of_item.or_else(any).map_or(
        Value::Null,
        |problem| json!({ "code": problem.code(), "title": problem.title(), "hint": problem.hint() }),
    )
}

/// The result of a step that runs once: all pages of a list together.
fn whole(plan: &Plan, progress: &Progress, step: usize) -> Option<Value> {
    let items = progress.steps[step].items.as_ref()?;
    if !plan.steps[step].paged || items.len() <= 1 {
        return items.get(0)?.output().cloned();
    }
    let pages = items.iter().filter_map(ItemProgress::output).filter_map(Value::as_array);
    Some(Value::Array(pages.flatten().cloned().collect()))
}

/// How many items a step has, given what came before it.
pub(crate) fn count(plan: &Plan, progress: &Progress, step: usize) -> u32 {
    let Some(list) = plan.steps[step].root else {
        return 1;
    };
    let lengths = progress.outputs(list).map(|output| output.and_then(Value::as_array).map_or(0, Vec::len));
    u32::try_from(lengths.sum::<usize>()).unwrap_or(u32::MAX)
}

/// The item that a step works on.
fn current<'p>(plan: &Plan, progress: &'p Progress, step: usize, item: u32) -> Option<&'p Value> {
    let list = plan.steps[step].root?;
    let part = |page: u32, at: usize| progress.item(list, page)?.output()?.as_array()?.get(at);
    let parents = &progress.steps[step].parents;
    if let Some(parent) = parents.get(item as usize) {
        let first = parents.partition_point(|other| other < parent);
        return part(*parent, item as usize - first);
    }
    let starts = &progress.steps[list].starts;
    match starts.partition_point(|start| *start <= item).checked_sub(1) {
        Some(page) => part(page as u32, (item - starts[page]) as usize),
        None => part(0, item as usize),
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::Timestamp;
    use patchbay_model::run::{Fact, Outcome};

    use super::*;
    use crate::plan::{Kind, PlanStep};

    /// Two lists, a record, what goes through the second list, and what that is split into.
    fn plan() -> Plan {
        let compute = |id: &str, root| PlanStep { kind: Kind::Compute, root, ..PlanStep::reads(id) };
        let steps = vec![
            PlanStep::reads("whole"),
            PlanStep::reads("record"),
            PlanStep::reads("list"),
            compute("first", Some(2)),
            compute("other", Some(0)),
            PlanStep { handles: Some(3), ..compute("second", Some(2)) },
            compute("split", Some(2)),
            compute("parts", Some(6)),
        ];
        Plan { steps, ..Plan::default() }
    }

    fn progress(plan: &Plan, many: usize) -> Progress {
        let mut progress = Progress::new(plan);
        let opened = |step: &str, items| Fact::StepOpened { step: step.into(), items };
        let gave = |step: &str, output| Fact::Result {
            step: step.into(),
            item: 0,
            attempt: 1,
            outcome: Outcome::Done { output, output_missing: None },
            took_ms: 0,
            bytes: 0,
            next: None,
        };
        let computed = |step: &str, results| Fact::Computed { step: step.into(), results };
        let row = |n: usize| json!({"id": n, "text": format!("Item {n}"), "tags": ["a", "b"]});
        let facts = [
            opened("whole", 1),
            gave("whole", (0..many).map(row).collect()),
            opened("record", 1),
            gave("record", json!({"name": "one"})),
            opened("list", 1),
            gave("list", json!([10, 20, 30])),
            opened("first", 3),
            computed("first", vec![(0, json!("a")), (2, json!("c"))]),
            opened("other", 2),
            computed("other", vec![(1, json!("y"))]),
            opened("second", 3),
            opened("split", 3),
            computed("split", vec![(0, json!([1, 2])), (1, json!([])), (2, json!([3]))]),
            opened("parts", 3),
        ];
        for fact in facts {
            progress.apply(plan, Timestamp::UNIX_EPOCH, &fact);
        }
        progress
    }

    fn run() -> Run {
        serde_json::from_value(json!({
            "id": "run", "chainId": "chain", "chainVersion": 1, "chainHash": "", "input": {"n": 1}, "dryRun": false,
            "state": "running", "boot": null, "createdAt": "2026-01-31T12:00:00Z", "finishedAt": null,
            "snapshot": {"schema": 1, "name": "c", "steps": []},
        }))
        .unwrap()
    }

    #[test]
    fn each_item_sees_its_own_whichever_was_looked_at_before() {
        let (plan, run) = (plan(), run());
        let progress = progress(&plan, 2);
        let mut shared = Scope::of(&plan, &progress, &run, 5);
        let mut seen = Vec::new();
        for item in [0, 1, 2, 1, 0] {
            let own = Scope::of(&plan, &progress, &run, 5).turn_to(&plan, &progress, item).to_string();
            assert_eq!(shared.turn_to(&plan, &progress, item).to_string(), own, "item {item}");
            seen.push((shared.seen()["item"].clone(), shared.seen()["steps"]["first"].clone()));
        }
        let (a, c) = (json!("a"), json!("c"));
        let want = [(json!(10), a.clone()), (json!(20), Value::Null), (json!(30), c), (json!(20), Value::Null)];
        assert_eq!(seen[..4], want, "what another item has is not seen where this one has nothing");
        let seen = shared.seen();
        assert_eq!(seen["steps"]["whole"].as_array().map(Vec::len), Some(2));
        assert_eq!((&seen["steps"]["other"], &seen["input"]["n"]), (&json!([null, "y"]), &json!(1)));
        let names: Vec<_> = seen["steps"].as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            ["whole", "record", "first", "other"],
            "in the order of the steps, without its own list"
        );
        let mut parts = Scope::of(&plan, &progress, &run, 7);
        for (item, value, first) in [(0, 1, json!("a")), (1, 2, json!("a")), (2, 3, json!("c"))] {
            let seen = parts.turn_to(&plan, &progress, item);
            assert_eq!((&seen["item"], &seen["steps"]["first"]), (&json!(value), &first), "part {item}");
        }
    }

    #[test]
    fn what_handles_lateness_is_told_of_a_step_wherever_the_run_was() {
        let run = run();
        let sorry = PlanStep { phase: Phase::OnFailure, ..PlanStep::reads("sorry") };
        let both = || vec![PlanStep::reads("list"), sorry.clone()];
        let outcome = Outcome::NotDone { problem: Code::NotFound.into() };
        let (step, item) = ("list".into(), 0);
        let failed = [
            Fact::StepOpened { step: "list".into(), items: 1 },
            Fact::Result { step, item, attempt: 1, outcome, took_ms: 0, bytes: 0, next: None },
        ];
        let sorry_failed = failed.clone().map(|fact| match fact {
            Fact::StepOpened { items, .. } => Fact::StepOpened { step: "sorry".into(), items },
            Fact::Result { item, attempt, outcome, .. } => {
                let step = "sorry".into();
                Fact::Result { step, item, attempt, outcome, took_ms: 0, bytes: 0, next: None }
            }
            fact => fact,
        });
        let cases = [
            (both(), &[][..], Code::RunLate, "list"),
            // Nothing was left to do: its own name.
            (vec![sorry.clone()], &[], Code::RunLate, "c"),
            // It was under way then, and failed later.
            (both(), &failed, Code::RunLate, "list"),
            // So did what is done after a failure, and another one is told why the run failed.
            (vec![sorry.clone(), sorry.clone()], &sorry_failed, Code::RunLate, "c"),
        ];
        for (steps, facts, code, step) in cases {
            let plan = Plan { allowed_ms: Some(60_000), steps, ..Plan::default() };
            let mut progress = Progress::new(&plan);
            let last = plan.steps.len() - 1;
            let error = |progress: &Progress| Scope::of(&plan, progress, &run, last).seen()["error"].clone();
            assert!(error(&progress).is_null(), "nothing went wrong");
            for fact in [&Fact::TimedOut { allowed_ms: 60_000 }].into_iter().chain(facts) {
                progress.apply(&plan, Timestamp::UNIX_EPOCH, fact);
            }
            let error = error(&progress);
            assert_eq!((&error["code"], &error["step"]), (&json!(code), &json!(step)), "{error}");
        }
    }

    #[test]
    fn what_all_items_see_is_put_together_once_and_not_for_each() {
        let (plan, run) = (plan(), run());
        let progress = progress(&plan, 2);
        let mut shared = Scope::of(&plan, &progress, &run, 5);
        // Where it lies tells whether it is the same: a copy of it is made while this one is still there.
        let places = |scope: &Scope| {
            let steps = &scope.seen()["steps"];
            let list = |id: &str| steps[id].as_array().map(|list| list.as_ptr().addr());
            let text = |value: &Value| value.as_str().map(|text| text.as_ptr().addr());
            let text_of_run = text(&scope.seen()["run"]["id"]);
            [list("whole"), list("other"), text(&steps["record"]["name"]), text_of_run]
        };
        let before = places(&shared);
        assert!(before.iter().all(Option::is_some), "each of them is there to be seen: {before:?}");
        for item in [0, 1, 2, 1, 0] {
            shared.turn_to(&plan, &progress, item);
            assert_eq!(places(&shared), before, "item {item} sees what was put together for all");
        }
    }
}
