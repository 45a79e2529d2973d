//! What the state machine needs to know of a chain: the document joined with what the connectors
//! declare of each operation. Pure.

use std::time::Duration;

use patchbay_model::StepId;
use patchbay_model::chain::{Chain, OnFailure, StepPolicy};
use patchbay_model::descriptor::{Descriptor, Idempotency, Operation};
use patchbay_model::problem::{Code, Problem, Subject};

/// A chain ready to be stepped through.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<PlanStep>,
}

/// One step, as the machine sees it.
#[derive(Clone, Debug)]
pub struct PlanStep {
    /// The step's id.
    pub id: StepId,
    /// The list step whose items this step goes through; none for a step that runs once.
    pub root: Option<usize>,
    /// Tries, time and what a failure means.
    pub policy: StepPolicy,
    /// Whether the operation changes anything outside.
    pub effect: bool,
    /// Whether a request may be sent again when nothing says what became of it.
    pub repeat: Repeat,
    /// Whether the service can be asked later if it happened.
    pub lookup: bool,
    /// How the undo may be repeated; none where the operation declares no undo.
    pub undo: Option<Repeat>,
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

impl Repeat {
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

impl Plan {
    /// Joins a chain with the descriptors of its connections. `descriptor_of` gives the descriptor
    /// behind a connection's name. All problems are collected, so that they can be mended at once.
    pub fn of<'d>(
        chain: &Chain,
        descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>,
    ) -> Result<Self, Vec<Problem>> {
        let mut steps: Vec<PlanStep> = Vec::with_capacity(chain.steps.len());
        let mut problems = Vec::new();
        if chain.steps.is_empty() {
            problems.push(invalid(chain, None, "steps", "A chain needs at least one step"));
        }
        for (index, step) in chain.steps.iter().enumerate() {
            let at = |field: &str, message: String| invalid(chain, Some(&step.id), field, &message);
            if chain.steps[..index].iter().any(|earlier| earlier.id == step.id) {
                problems.push(at("id", format!("Two steps are called \"{}\"", step.id)));
            }
            let Some(descriptor) = descriptor_of(&step.connection) else {
                problems.push(
                    Problem::new(Code::NotFound)
                        .with("item", format!("The connection \"{}\"", step.connection))
                        .about(Subject::Chain { id: chain.name.clone(), step: Some(step.id.to_string()) }),
                );
                continue;
            };
            let Some(operation) = descriptor.operation(&step.operation) else {
                let known: Vec<_> = descriptor.operations.iter().map(|o| o.id.as_str()).collect();
                let message = format!(
                    "{} has no operation \"{}\"; it has {}",
                    descriptor.name,
                    step.operation,
                    known.join(", ")
                );
                problems.push(at("operation", message));
                continue;
            };
            let root = match &step.for_each {
                None => None,
                Some(source) => match root_of(chain, source, index, &descriptor_of) {
                    Ok(root) => Some(root),
                    Err(message) => {
                        problems.push(at("forEach", message));
                        None
                    }
                },
            };
            if root.is_some() && operation.verb.yields_items() {
                let message = format!(
                    "\"{}\" reads a list; a step that runs once for each item cannot read lists",
                    operation.title
                );
                problems.push(at("forEach", message));
            }
            let undo = operation.undo.as_ref().and_then(|u| descriptor.operation(&u.operation)).map(Repeat::of);
            steps.push(PlanStep {
                id: step.id.clone(),
                root,
                policy: step.policy,
                effect: operation.verb.has_effect(),
                repeat: Repeat::of(operation),
                lookup: operation.lookup.is_some(),
                undo,
            });
        }
        if problems.is_empty() { Ok(Self { steps }) } else { Err(problems) }
    }

    /// The place of a step.
    pub fn index(&self, id: &StepId) -> Option<usize> {
        self.steps.iter().position(|s| s.id == *id)
    }

    /// Whether an item that failed in `step` is missing in `later`.
    pub(crate) fn shares_items(&self, step: usize, later: usize) -> bool {
        self.steps[step].root.is_some() && self.steps[step].root == self.steps[later].root
    }

    /// Whether a failure of `step` only sets the item aside.
    pub(crate) fn goes_on_after_failure(&self, step: usize) -> bool {
        matches!(self.steps[step].policy.on_failure, OnFailure::SkipItem | OnFailure::Continue)
    }
}

/// Follows `forEach` to the list step that the items come from.
fn root_of<'d>(
    chain: &Chain,
    source: &StepId,
    before: usize,
    descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>,
) -> Result<usize, String> {
    let Some(index) = chain.steps[..before].iter().position(|s| s.id == *source) else {
        return Err(format!("There is no earlier step \"{source}\""));
    };
    let step = &chain.steps[index];
    if let Some(further) = &step.for_each {
        return root_of(chain, further, index, descriptor_of);
    }
    let lists = descriptor_of(&step.connection)
        .and_then(|d| d.operation(&step.operation))
        .is_some_and(|o| o.verb.yields_items());
    if lists { Ok(index) } else { Err(format!("The step \"{source}\" does not give a list of items")) }
}

fn invalid(chain: &Chain, step: Option<&StepId>, field: &str, message: &str) -> Problem {
    let place = step.map_or_else(|| field.to_owned(), |s| format!("Step \"{s}\": {field}"));
    Problem::new(Code::InputInvalid)
        .with("field", place)
        .with("message", format!("{message}."))
        .about(Subject::Chain { id: chain.name.clone(), step: step.map(ToString::to_string) })
}
