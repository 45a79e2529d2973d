//! What of a run's data is private, told by the tools that it went through when it ran: connections are renamed,
//! replaced and let go of afterwards.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use patchbay_chain::journal;
use patchbay_chain::reached::Reached;
use patchbay_connector::Compiled;
use patchbay_model::logic::Logic;
use patchbay_model::privacy::{PrivateField, StepPrivacy};
use patchbay_model::problem::Problem;
use patchbay_model::report::RunReport;
use patchbay_model::run::Fact;
use patchbay_model::{Chain, Run, Step, StepId};

use crate::private_fields;
use crate::workspace::Workspace;

/// At most so many runs are followed to the first one of which a run repeats a part.
const FOLLOWED: usize = 16;

/// The connectors of one connection; none where one of them is not here, or nobody knows which they are.
type Tools = Option<Vec<Arc<Compiled>>>;

/// What of a run's data is private.
pub(crate) struct Privacy {
    /// The private fields of what its steps took, sent and gave, and of what started it.
    pub(crate) fields: Vec<PrivateField>,
    steps: BTreeMap<StepId, StepPrivacy>,
    /// Nobody knows what of the input is.
    input_unknown: bool,
}

impl Privacy {
    /// Of a run, by what its journal says of the tools it reached. What it took over from another run came from
    /// those that the other one reached.
    pub(crate) async fn of_run(workspace: &Workspace, run: &Run, own: Reached) -> Result<Self, Problem> {
        // Journals keep the names of their time, and the run is read with those of now.
        let mut reached = Reached::default();
        reached.join(own, &workspace.store().run_renamed(&run.id).await?);
        let mut earlier = run.origin.of.clone();
        for _ in 0..FOLLOWED {
            let Some(id) = earlier else { break };
            let Some(other) = workspace.store().run(&id).await? else { break };
            let mut before = Reached::default();
            journal::until(workspace.store(), &id, |entry| {
                before.take(&entry.fact);
                let begun = matches!(entry.fact, Fact::Started { .. });
                if begun { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .await?;
            reached.join(before, &workspace.store().run_renamed(&id).await?);
            earlier = other.origin.of;
        }
        let mut privacy = Self::of_chain(workspace, &run.snapshot, &reached).await?;
        privacy.input_unknown &= !run.input.is_null();
        Ok(privacy)
    }

    /// Of a chain. What `reached` does not say is told by the connections as they are now.
    pub(crate) async fn of_chain(
        workspace: &Workspace,
        chain: &Chain,
        reached: &Reached,
    ) -> Result<Self, Problem> {
        let mut tools: BTreeMap<&str, Tools> = BTreeMap::new();
        for name in chain.connections() {
            let mut connectors: Vec<_> = reached.of(name).cloned().collect();
            if connectors.is_empty() {
                connectors.extend(workspace.store().connection_named(name).await?.map(|own| own.connector));
            }
            let found: Tools = connectors.iter().map(|id| workspace.connectors().get(id).ok()).collect();
            tools.insert(name, found.filter(|found| !found.is_empty()));
        }
        let known = tools.values().flatten().flatten();
        let streams = known.flat_map(|tool| &tool.descriptor().streams);
        let mut fields: Vec<_> = streams.flat_map(private_fields::of_stream).collect();
        let mut steps = BTreeMap::new();
        for step in chain.all_steps() {
            steps.insert(step.id.clone(), of_step(step, tools.get(step.connection.as_str()), &mut fields));
        }
        let input_unknown =
            chain.trigger.connection().is_some_and(|name| tools.get(name).is_none_or(Option::is_none));
        if input_unknown || steps.values().any(|privacy| privacy.unknown) {
            // What works by itself passes on what others gave.
            let by_itself = |step: &&Step| {
                step.logic.as_ref().is_some_and(|logic| !matches!(logic, Logic::Delivery { .. }))
            };
            let passes_on = chain.all_steps().filter(by_itself);
            passes_on.for_each(|step| steps.entry(step.id.clone()).or_default().unknown = true);
        }
        fields.sort();
        fields.dedup();
        Ok(Self { fields, steps, input_unknown })
    }

    /// Of a step's data.
    pub(crate) fn step(&self, step: &StepId) -> StepPrivacy {
        self.steps.get(step).cloned().unwrap_or(StepPrivacy { unknown: true, ..StepPrivacy::default() })
    }

    /// Whether nobody knows what is private of the items that a step goes through: those of a list, or what the
    /// run was started with.
    pub(crate) fn given_unknown(&self, list: Option<&StepId>) -> bool {
        list.map_or(self.input_unknown, |list| self.step(list).unknown)
    }

    /// Says it in a report.
    pub(crate) fn tell(self, report: &mut RunReport) {
        for step in &mut report.steps {
            step.privacy = self.step(&step.step);
        }
        report.private = self.fields;
    }
}

/// What of one step's data is private. Its fields are added to those of the others.
fn of_step(step: &Step, tools: Option<&Tools>, fields: &mut Vec<PrivateField>) -> StepPrivacy {
    let mut privacy = StepPrivacy::default();
    let called = match &step.logic {
        None => true,
        // Fields of what is waited for are those of its tool's streams.
        Some(Logic::Delivery { .. }) if !step.connection.is_empty() => false,
        // It gives what the other chain's tools gave, and those are kept with that chain's run.
        Some(Logic::Chain { .. }) => {
            privacy.unknown = true;
            return privacy;
        }
        Some(_) => return privacy,
    };
    let Some(tools) = tools.and_then(Option::as_ref) else {
        privacy.unknown = true;
        return privacy;
    };
    for tool in tools.iter().filter(|_| called) {
        let descriptor = tool.descriptor();
        let Some(operation) = descriptor.operation(&step.operation) else {
            privacy.unknown = true;
            continue;
        };
        fields.extend(private_fields::of_operation(operation));
        if let Some(undo) = operation.undo.as_ref().and_then(|undo| descriptor.operation(&undo.operation)) {
            fields.extend(private_fields::of_operation(undo));
        }
        let beyond = private_fields::beyond_fields(descriptor, operation);
        privacy.body |= beyond.body;
        privacy.addresses.extend(beyond.addresses);
    }
    privacy
}

#[cfg(test)]
#[path = "privacy/tests.rs"]
mod tests;
