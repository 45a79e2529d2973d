//! What the state machine needs to know of a chain: the document joined with what the connectors
//! declare of each operation. Pure.

use std::time::Duration;

use jiff::SignedDuration;
use patchbay_model::chain::{Chain, ChainPolicy, OnFailure, Step, StepPolicy};
use patchbay_model::descriptor::{Descriptor, Idempotency, Operation};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::RunState;
use patchbay_model::{StepId, Timestamp};

use crate::logic::Ready;
use crate::machine::is_failure;

/// A chain ready to be stepped through.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// How long its main part may take, in milliseconds; none where it may take any time.
    pub allowed_ms: Option<u64>,
    /// Whether what was done is undone where it takes longer.
    pub late_undoes: bool,
    /// The steps, in order: what is done, what is done after a failure, what is done in any case.
    pub steps: Vec<PlanStep>,
}

/// One step, as the machine sees it.
#[derive(Clone, Debug)]
pub struct PlanStep {
    /// The step's id.
    pub id: StepId,
    /// How it is done.
    pub kind: Kind,
    /// When it is done.
    pub phase: Phase,
    /// The list step whose items this step goes through; none for a step that runs once.
    pub root: Option<usize>,
    /// The branch and its way that it is on.
    pub on: Option<(usize, String)>,
    /// The step whose failures it handles.
    pub handles: Option<usize>,
    /// Tries, time and what a failure means.
    pub policy: Policy,
    /// Whether the operation changes anything outside.
    pub effect: bool,
    /// Whether a request may be sent again when nothing says what became of it.
    pub repeat: Repeat,
    /// Whether the service can be asked later if it happened.
    pub lookup: bool,
    /// How the undo may be repeated; none where the operation declares no undo.
    pub undo: Option<Repeat>,
    /// A list that comes in pages, each an item of the step: what goes through it is done with a page
    /// before the next is asked for.
    pub paged: bool,
    /// Whether nothing needs the results of its pages, and of what went through them, any more.
    pub forgets: bool,
}

/// The policy of a step, with what it takes over from its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Tries of one item, the first included.
    pub tries: u32,
    /// The first pause between tries in milliseconds.
    pub backoff_ms: u64,
    /// Whole time of one try in milliseconds.
    pub timeout_ms: u64,
    /// Items worked on at the same time.
    pub parallel: u32,
    /// What a failed item means.
    pub on_failure: OnFailure,
    /// Items of the list that it gives, at most.
    pub limit: Option<u32>,
}

impl Policy {
    /// The tries where neither step nor chain says how many.
    const TRIES: u32 = 4;

    /// Of a step of a chain.
    pub fn of(step: StepPolicy, chain: ChainPolicy) -> Self {
        Self {
            tries: step.tries.or(chain.tries).unwrap_or(Self::TRIES),
            backoff_ms: step.backoff_ms,
            timeout_ms: step.timeout_ms,
            parallel: step.parallel,
            on_failure: step.on_failure.or(chain.on_failure).unwrap_or_default(),
            limit: step.limit.map(|limit| limit.max(1)),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::of(StepPolicy::default(), ChainPolicy::default())
    }
}

/// How a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An operation is called.
    Call,
    /// A value is worked out; nothing is sent.
    Compute,
    /// Time passes.
    Wait,
    /// A webhook is called.
    Delivery,
    /// The user says yes or no.
    Approval,
    /// Another chain runs.
    Chain,
}

/// When a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In its turn.
    Main,
    /// After the main part failed.
    OnFailure,
    /// At the end in any case.
    Finally,
}

/// Whether a request may be sent again when nothing says what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Each call acts anew.
    Never,
    /// Repeating changes nothing more, or it only reads.
    Always,
    /// With the same key, for as long as the service remembers it.
    WithKey {
        /// How long it remembers.
        ttl: Duration,
    },
}

/// The shortest time that a chain may allow its runs.
const SHORTEST_MS: u64 = 1_000;

/// A key is used only while at least this much of its life is left.
const KEY_MARGIN: Duration = Duration::from_secs(60);

impl Repeat {
    /// Whether a request that was sent first at a time is recognised where it is sent again now.
    pub fn is_recognised(self, first_at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::WithKey { ttl } => {
                let life =
                    SignedDuration::try_from(ttl.saturating_sub(KEY_MARGIN)).unwrap_or(SignedDuration::ZERO);
                // A clock that went back says nothing of the key's age: then it counts as dead.
                (SignedDuration::ZERO..life).contains(&now.duration_since(first_at))
            }
        }
    }

    /// How an operation may be repeated.
    pub fn of(operation: &Operation) -> Self {
        match &operation.idempotency {
            _ if !operation.verb.has_effect() => Self::Always,
            Idempotency::None => Self::Never,
            Idempotency::Natural => Self::Always,
            Idempotency::Header { ttl_seconds, .. }
            | Idempotency::Body { ttl_seconds, .. }
            | Idempotency::Key { ttl_seconds } => Self::WithKey { ttl: Duration::from_secs(*ttl_seconds) },
        }
    }
}

impl Kind {
    fn of(logic: &Logic) -> Self {
        match logic {
            Logic::Wait { .. } => Self::Wait,
            Logic::Delivery { .. } => Self::Delivery,
            Logic::Approval { .. } => Self::Approval,
            Logic::Chain { .. } => Self::Chain,
            Logic::Filter { .. }
            | Logic::Map
            | Logic::Split { .. }
            | Logic::Aggregate { .. }
            | Logic::Branch { .. }
            | Logic::Join { .. }
            | Logic::Remember { .. }
            | Logic::Recall { .. }
            | Logic::Lookup { .. }
            | Logic::Link { .. }
            | Logic::Linked { .. } => Self::Compute,
        }
    }
}

impl PlanStep {
    /// A step of the main part that reads, once.
    pub fn reads(id: &str) -> Self {
        Self {
            id: id.into(),
            kind: Kind::Call,
            phase: Phase::Main,
            root: None,
            on: None,
            handles: None,
            policy: Policy::default(),
            effect: false,
            repeat: Repeat::Always,
            lookup: false,
            undo: None,
            paged: false,
            forgets: false,
        }
    }
}

impl Plan {
    /// Joins a chain with the descriptors of its connections. `descriptor_of` gives the descriptor
    /// behind a connection's name. All problems are collected, so that they can be mended at once.
    pub fn of<'d>(
        chain: &Chain,
        descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>,
    ) -> Result<Self, Vec<Problem>> {
        let all: Vec<&Step> = chain.all_steps().collect();
        let mut steps: Vec<PlanStep> = Vec::with_capacity(all.len());
        let mut problems = Vec::new();
        if chain.steps.is_empty() {
            problems.push(invalid(chain, None, "steps", "A chain needs at least one step"));
        }
        if chain.policy.timeout_ms.is_some_and(|allowed| allowed < SHORTEST_MS) {
            problems.push(invalid(chain, None, "policy", "A run needs at least a second"));
        }
        for (index, step) in all.iter().enumerate() {
            let mut joining =
                Joining { chain, all: &all, index, descriptor_of: &descriptor_of, problems: Vec::new() };
            let joined = joining.step(&steps);
            problems.append(&mut joining.problems);
            // In the place of one that has mistakes: places of later ones stay what they are.
            steps.push(joined.unwrap_or_else(|| PlanStep {
                policy: Policy::of(step.policy, chain.policy),
                ..PlanStep::reads(step.id.as_str())
            }));
        }
        let late_undoes = chain.policy.on_failure == Some(OnFailure::StopAndUndo);
        let mut plan = Self { allowed_ms: chain.policy.timeout_ms, late_undoes, steps };
        plan.see_pages(&all, |step| {
            descriptor_of(&step.connection)
                .and_then(|d| d.operation(&step.operation))
                .is_some_and(|operation| operation.verb.yields_items())
        });
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// Finds the lists whose pages can flow, and those of which nothing needs to be kept.
    fn see_pages(&mut self, all: &[&Step], lists: impl Fn(&Step) -> bool) {
        for list in 0..self.steps.len() {
            let plain = self.steps[list].kind == Kind::Call && self.steps[list].root.is_none();
            if !plain || !lists(all[list]) {
                continue;
            }
            let flowing = |plan: &Self, step: usize| plan.flows_from(step, list);
            let direct = (list + 1..self.steps.len()).all(|step| {
                !flowing(self, step)
                    || (self.steps[step].root == Some(list) && self.steps[step].phase == Phase::Main)
            });
            let parts: Vec<usize> =
                (0..self.steps.len()).filter(|step| *step == list || flowing(self, *step)).collect();
            let needed = (0..self.steps.len()).filter(|step| !parts.contains(step)).any(|step| {
                let text = serde_json::to_string(all[step]).unwrap_or_default();
                parts.iter().any(|part| {
                    let id = &all[*part].id;
                    text.contains(&format!("steps.{id}")) || text.contains(&format!("\"{id}\""))
                })
            });
            // A step that runs once waits for the last page, and what comes after it still wants the first.
            let last = parts.last().copied().unwrap_or(list);
            let at_once = (list..=last).all(|step| parts.contains(&step));
            self.steps[list].paged = direct;
            self.steps[list].forgets = direct && at_once && !needed;
        }
    }

    /// The place of a step.
    pub fn index(&self, id: &StepId) -> Option<usize> {
        self.steps.iter().position(|s| s.id == *id)
    }

    /// Whether a step goes through the items of a list, or of what they were made into.
    pub(crate) fn flows_from(&self, step: usize, list: usize) -> bool {
        let mut root = self.steps[step].root;
        while let Some(at) = root {
            if at == list {
                return true;
            }
            root = self.steps[at].root;
        }
        false
    }

    /// Whether what happens to an item in `earlier` matters to `later`: what is on a way of a branch
    /// matters only to what is on it too.
    pub(crate) fn reaches(&self, earlier: usize, later: usize) -> bool {
        let Some(way) = &self.steps[earlier].on else {
            return true;
        };
        let mut on = self.steps[later].on.as_ref();
        while let Some(at) = on {
            if at == way {
                return true;
            }
            on = self.steps[at.0].on.as_ref();
        }
        false
    }

    /// Whether a later step handles the failures of a step.
    pub(crate) fn is_handled(&self, step: usize) -> bool {
        self.steps.iter().any(|later| later.handles == Some(step))
    }

    /// Whether a failure of `step` only sets the item aside.
    pub(crate) fn goes_on_after_failure(&self, step: usize) -> bool {
        let policy = self.steps[step].policy.on_failure;
        matches!(policy, OnFailure::SkipItem | OnFailure::Continue) || self.is_handled(step)
    }

    /// Whether anything is done after the main part ended so.
    pub(crate) fn tidies_up(&self, state: RunState) -> bool {
        self.steps.iter().any(|step| match step.phase {
            Phase::Main => false,
            Phase::OnFailure => is_failure(state),
            Phase::Finally => true,
        })
    }
}

/// One step that is joined with its connector.
struct Joining<'c, F> {
    chain: &'c Chain,
    all: &'c [&'c Step],
    index: usize,
    descriptor_of: &'c F,
    problems: Vec<Problem>,
}

impl<'d, F: Fn(&str) -> Option<&'d Descriptor>> Joining<'_, F> {
    fn at(&mut self, field: &str, message: &str) {
        let step = &self.all[self.index].id;
        self.problems.push(invalid(self.chain, Some(step), field, message));
    }

    fn step(&mut self, before: &[PlanStep]) -> Option<PlanStep> {
        let step = self.all[self.index];
        if self.all[..self.index].iter().any(|earlier| earlier.id == step.id) {
            self.at("id", &format!("Two steps are called \"{}\"", step.id));
        }
        let main = self.chain.steps.len();
        let phase = match self.index {
            at if at < main => Phase::Main,
            at if at < main + self.chain.on_failure.len() => Phase::OnFailure,
            _ => Phase::Finally,
        };
        let base = PlanStep {
            phase,
            policy: Policy::of(step.policy, self.chain.policy),
            ..PlanStep::reads(step.id.as_str())
        };
        let joined = match &step.logic {
            Some(logic) => self.logic(step, logic, base),
            None => self.call(step, base)?,
        };
        let root = match &step.for_each {
            None => None,
            Some(source) => match self.root_of(source) {
                Ok(root) => Some(root),
                Err(message) => {
                    self.at("forEach", &message);
                    None
                }
            },
        };
        let on = step.on.as_ref().and_then(|on| self.way(&on.branch, &on.way, root, before));
        let handles = step.handles.as_ref().and_then(|handled| {
            let found = self.earlier(handled, "handles")?;
            if before[found].root.is_some() && before[found].root != root {
                let message =
                    format!("It goes through other items than \"{handled}\", whose failures it handles");
                self.at("handles", &message);
            }
            Some(found)
        });
        Some(PlanStep { root, on, handles, ..joined })
    }

    fn no_connection(&self, step: &Step) -> Problem {
        Problem::new(Code::NotFound)
            .with("item", format!("The connection \"{}\"", step.connection))
            .about(Subject::Chain { id: self.chain.name.clone(), step: Some(step.id.to_string()) })
    }

    fn call(&mut self, step: &Step, base: PlanStep) -> Option<PlanStep> {
        let Some(descriptor) = (self.descriptor_of)(&step.connection) else {
            self.problems.push(self.no_connection(step));
            return None;
        };
        let Some(operation) = descriptor.operation(&step.operation) else {
            let known: Vec<_> = descriptor.operations.iter().map(|o| o.id.as_str()).collect();
            let message = format!(
                "{} has no operation \"{}\"; it has {}",
                descriptor.name,
                step.operation,
                known.join(", ")
            );
            self.at("operation", &message);
            return None;
        };
        if step.for_each.is_some() && operation.verb.yields_items() {
            let message = format!(
                "\"{}\" reads a list; a step that runs once for each item cannot read lists",
                operation.title
            );
            self.at("forEach", &message);
        }
        let undo = operation.undo.as_ref().and_then(|u| descriptor.operation(&u.operation)).map(Repeat::of);
        Some(PlanStep {
            effect: operation.verb.has_effect(),
            repeat: Repeat::of(operation),
            lookup: operation.lookup.is_some(),
            undo,
            ..base
        })
    }

    fn logic(&mut self, step: &Step, logic: &Logic, base: PlanStep) -> PlanStep {
        let waits = matches!(logic, Logic::Delivery { .. });
        if waits && !step.connection.is_empty() {
            match (self.descriptor_of)(&step.connection) {
                None => self.problems.push(self.no_connection(step)),
                Some(descriptor) if descriptor.webhook.is_none() => {
                    let message = format!("{} sends no webhooks that could be waited for", descriptor.name);
                    self.at("connection", &message);
                }
                Some(_) => {}
            }
        }
        if (!waits && !step.connection.is_empty()) || !step.operation.is_empty() {
            self.at("logic", "A step either works by itself or calls an operation");
        }
        if let Err(message) = Ready::compile(logic) {
            self.at("logic", &message);
        }
        match logic {
            Logic::Aggregate { of, .. } => {
                self.earlier(of, "logic");
            }
            Logic::Join { of } => of.iter().for_each(|of| {
                self.earlier(of, "logic");
            }),
            _ => {}
        }
        let kind = Kind::of(logic);
        PlanStep { kind, effect: kind == Kind::Chain, ..base }
    }

    fn earlier(&mut self, id: &StepId, field: &str) -> Option<usize> {
        let found = self.all[..self.index].iter().position(|step| step.id == *id);
        if found.is_none() {
            self.at(field, &format!("There is no earlier step \"{id}\""));
        }
        found
    }

    /// The branch and the way that the step is on.
    fn way(
        &mut self,
        branch: &StepId,
        way: &str,
        root: Option<usize>,
        before: &[PlanStep],
    ) -> Option<(usize, String)> {
        let found = self.earlier(branch, "on")?;
        let Some(Logic::Branch { ways, otherwise }) = &self.all[found].logic else {
            self.at("on", &format!("The step \"{branch}\" is no branch"));
            return None;
        };
        if ways.iter().all(|known| known.name != way) && otherwise.as_deref() != Some(way) {
            self.at("on", &format!("The branch \"{branch}\" has no way \"{way}\""));
        }
        let items = before[found].root;
        if items.is_some() && items != root {
            self.at(
                "on",
                &format!("The branch \"{branch}\" decides for each item, and this step goes through others"),
            );
        }
        Some((found, way.to_owned()))
    }

    /// The step whose items are meant by `forEach`: a list itself, or the list that a step over its items
    /// goes through.
    fn root_of(&self, source: &StepId) -> Result<usize, String> {
        let mut wanted = source;
        loop {
            let Some(index) = self.all[..self.index].iter().position(|step| step.id == *wanted) else {
                return Err(format!("There is no earlier step \"{wanted}\""));
            };
            let step = self.all[index];
            let lists = match &step.logic {
                Some(logic) => logic.yields_items(),
                None => (self.descriptor_of)(&step.connection)
                    .and_then(|d| d.operation(&step.operation))
                    .is_some_and(|o| o.verb.yields_items()),
            };
            match &step.for_each {
                _ if lists => return Ok(index),
                Some(further) if further != wanted => wanted = further,
                _ => return Err(format!("The step \"{source}\" does not give a list of items")),
            }
        }
    }
}

fn invalid(chain: &Chain, step: Option<&StepId>, field: &str, message: &str) -> Problem {
    let place = step.map_or_else(|| field.to_owned(), |s| format!("Step \"{s}\": {field}"));
    Problem::new(Code::InputInvalid)
        .with("field", place)
        .with("message", format!("{message}."))
        .about(Subject::Chain { id: chain.name.clone(), step: step.map(ToString::to_string) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn planned(policy: &Value, step: &Value) -> Result<Plan, Vec<Problem>> {
        let chain: Chain =
            serde_json::from_value(json!({"schema": 1, "name": "c", "policy": policy, "steps": [
            {"id": "wait", "logic": {"type": "wait", "seconds": 1}, "policy": step}]}))
            .unwrap();
        Plan::of(&chain, |_| None)
    }

    #[test]
    fn a_step_that_says_nothing_does_as_its_chain_says() {
        let says = json!({"tries": 2, "onFailure": "continue"});
        let own = json!({"tries": 7, "onFailure": "skip_item"});
        let cases = [
            (json!({}), json!({}), (4, OnFailure::StopAndKeep)),
            (says.clone(), json!({}), (2, OnFailure::Continue)),
            (says.clone(), json!({"tries": 7}), (7, OnFailure::Continue)),
            (says, own.clone(), (7, OnFailure::SkipItem)),
            (json!({"onFailure": "stop_and_undo"}), own, (7, OnFailure::SkipItem)),
        ];
        for (chain, step, want) in cases {
            let plan = planned(&chain, &step).unwrap();
            let policy = plan.steps[0].policy;
            assert_eq!((policy.tries, policy.on_failure), want, "{chain} {step}");
            assert_eq!(plan.late_undoes, chain["onFailure"] == "stop_and_undo", "{chain}");
        }
        assert_eq!(planned(&json!({"timeoutMs": 600_000}), &json!({})).unwrap().allowed_ms, Some(600_000));
        let short = planned(&json!({"timeoutMs": 999}), &json!({})).unwrap_err();
        assert!(short[0].title().contains("policy") || short[0].hint().contains("a second"), "{short:?}");
    }
}
