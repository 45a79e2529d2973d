//! A chain joined with its connections, ready to be executed.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_connector::{Target, TargetCredential};
use patchbay_map::StepMapping;
use patchbay_model::descriptor::Operation;
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Chain, Connection, ConnectionId, ConnectorId, Run};
use serde_json::Value;

use super::Runner;
use crate::logic::Ready;
use crate::mapping;
use crate::plan::Plan;

/// A chain joined with its connections.
pub struct Live {
    /// What the machine steps through.
    pub plan: Plan,
    /// Per step of the plan, in order.
    pub steps: Vec<LiveStep>,
    /// The connections that the chain names, by that name: what starts it too. One that is renamed meanwhile stays.
    pub connections: BTreeMap<String, Named>,
}

/// What a chain's name for a connection stands for.
pub struct Named {
    /// The connection.
    pub id: ConnectionId,
    /// Its connector.
    pub connector: ConnectorId,
}

impl From<Connection> for Named {
    fn from(connection: Connection) -> Self {
        Self { id: connection.id, connector: connection.connector }
    }
}

/// One step, ready to be done.
pub struct LiveStep {
    /// How.
    pub does: Does,
    mapping: StepMapping,
}

/// How a step is done.
#[expect(clippy::large_enum_variant, reason = "one at a time, passed on at once")]
pub enum Does {
    /// By a tool.
    Call(Called),
    /// By itself.
    Logic(Ready),
}

/// One step with its connection.
pub struct Called {
    /// The connection and its connector.
    pub target: Target,
    /// What is called.
    pub operation: Arc<Operation>,
}

impl LiveStep {
    /// Builds the operation's parameters from a scope.
    pub fn params(&self, scope: &Value) -> Result<Value, Problem> {
        self.mapping.apply(scope).map_err(|error| match &self.does {
            Does::Call(called) => {
                Problem::from(error).about(Subject::Connection { name: called.target.connection.name.clone() })
            }
            Does::Logic(_) => Problem::from(error),
        })
    }

    /// The tool that it calls.
    pub fn called(&self) -> Option<&Called> {
        match &self.does {
            Does::Call(called) => Some(called),
            Does::Logic(_) => None,
        }
    }
}

impl Live {
    /// The connectors of its connections, by the names that the chain has for these.
    pub fn connectors(&self) -> BTreeMap<String, ConnectorId> {
        self.connections.iter().map(|(name, named)| (name.clone(), named.connector.clone())).collect()
    }

    /// Looks up connections and connectors and compiles mappings. All problems are collected.
    pub async fn prepare(runner: &Runner, run: &Run) -> Result<Self, Vec<Problem>> {
        Self::of_chain(runner, &run.snapshot).await
    }

    /// The same for a chain that is not run yet.
    pub async fn of_chain(runner: &Runner, chain: &Chain) -> Result<Self, Vec<Problem>> {
        let mut targets = BTreeMap::new();
        let mut problems = Vec::new();
        for step in chain.all_steps() {
            let waits = matches!(step.logic, Some(Logic::Delivery { .. })) && !step.connection.is_empty();
            if (step.logic.is_some() && !waits) || targets.contains_key(&step.connection) {
                continue;
            }
            match runner.store.connection_named(&step.connection).await {
                Ok(Some(connection)) => match runner.connectors.compiled(&connection.connector) {
                    Some(descriptor) => {
                        let target = Target { descriptor, connection, credential: TargetCredential::Stored };
                        targets.insert(step.connection.clone(), target);
                    }
                    None => problems.push(
                        Problem::new(Code::NotFound)
                            .with("item", format!("The connector \"{}\"", connection.connector))
                            .about(Subject::Connection { name: step.connection.clone() }),
                    ),
                },
                // The plan names it, with its step.
                Ok(None) => {}
                Err(error) => problems.push(error.into()),
            }
        }
        let plan = Plan::of(chain, |name| {
            targets.get(name).map(|target: &Target| target.descriptor.descriptor().as_ref())
        });
        let plan = match plan {
            Ok(plan) => plan,
            Err(more) => {
                problems.extend(more);
                return Err(problems);
            }
        };
        let mut steps = Vec::with_capacity(plan.steps.len());
        for step in chain.all_steps() {
            let does = match &step.logic {
                // What does not compile is among the plan's problems already.
                Some(logic) => Ready::compile(logic).ok().map(Does::Logic),
                None => targets.get(&step.connection).cloned().and_then(|target: Target| {
                    let operation = target.descriptor.descriptor().operation(&step.operation)?.clone();
                    Some(Does::Call(Called { target, operation: Arc::new(operation) }))
                }),
            };
            match (mapping::compile(chain, step), does) {
                (Ok(mapping), Some(does)) => steps.push(LiveStep { does, mapping }),
                (Err(problem), _) => problems.push(problem),
                (Ok(_), None) => {}
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let named = |(name, target): (String, Target)| (name, Named::from(target.connection));
        let mut connections: BTreeMap<_, _> = targets.into_iter().map(named).collect();
        if let Some(name) = chain.trigger.connection().filter(|name| !connections.contains_key(*name)) {
            // A chain that is run by hand needs nothing of what else starts it.
            match runner.store.connection_named(name).await {
                Ok(Some(own)) => drop(connections.insert(name.to_owned(), own.into())),
                Ok(None) => {}
                Err(error) => return Err(vec![error.into()]),
            }
        }
        Ok(Self { plan, steps, connections })
    }
}
