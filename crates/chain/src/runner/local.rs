//! Steps that work by themselves: what they give, what they wait for, what they keep.

use std::time::Duration;

use patchbay_model::RunId;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Fact, Outcome, Why};
use patchbay_store::{RecordLink, Remembered};
use serde_json::{Value, json};

use super::Execution;
use super::live::Does;
use crate::logic::{Ready, Worked, wait_until};

impl Execution<'_> {
    /// Works out what a step gives for some items, and notes it in as few facts as may be.
    pub(super) async fn compute(&mut self, step: usize, items: Vec<u32>) {
        let id = self.live.plan.steps[step].id.clone();
        let (mut results, mut left_out) = (Vec::new(), Vec::new());
        for item in items {
            match self.work(step, item).await {
                Ok(Worked::Gives(output)) => results.push((item, self.limited_list(step, output))),
                Ok(Worked::LeavesOut) => left_out.push(item),
                Err(problem) => self.give_up(step, item, problem),
            }
        }
        if !left_out.is_empty() {
            self.note(Fact::LeftOut { step: id.clone(), items: left_out, why: Why::Filtered });
        }
        if !results.is_empty() {
            self.note(Fact::Computed { step: id, results });
        }
    }

    fn give_up(&mut self, step: usize, item: u32, problem: Problem) {
        let id = self.live.plan.steps[step].id.clone();
        let outcome = match problem.code() {
            Code::SchemaMismatch => Outcome::Quarantined { problem },
            _ => Outcome::NotDone { problem },
        };
        self.note(Fact::Result { step: id, item, attempt: 0, outcome, took_ms: 0, bytes: 0, next: None });
    }

    async fn work(&mut self, step: usize, item: u32) -> Result<Worked, Problem> {
        let scope = self.scope(step, item);
        let worked = self.work_on(step, item, scope.seen()).await;
        self.keep(scope);
        worked
    }

    async fn work_on(&mut self, step: usize, item: u32, scope: &Value) -> Result<Worked, Problem> {
        let live = &self.live.steps[step];
        let Does::Logic(ready) = &live.does else {
            return Err(Problem::new(Code::Internal).detail("a step that calls a tool was to work by itself"));
        };
        let text = |template: &patchbay_map::Template| template.text(scope).map_err(Problem::from);
        let chain = |shared: &bool| (!shared).then(|| self.run.chain_id.clone());
        let store = &self.runner.store;
        if let Some(recorded) = &self.runner.recorded
            && matches!(ready, Ready::Recall { .. } | Ready::Lookup { .. } | Ready::Linked { .. })
        {
            return Ok(Worked::Gives(recorded.kept(&self.live.plan.steps[step].id, item)));
        }
        match ready {
            Ready::Remember { key, value, shared } => {
                let value = match value {
                    Some(value) => value.value(scope).map_err(Problem::from)?,
                    None => None,
                };
                let one = Remembered { chain: chain(shared), key: text(key)?, value: value.clone() };
                if !self.run.dry_run {
                    self.also.memory.push(one);
                }
                Ok(Worked::Gives(value.unwrap_or(Value::Null)))
            }
            Ready::Recall { key, otherwise, shared } => {
                let (chain, key) = (chain(shared), text(key)?);
                // What this run remembers since its last commit is not in the database yet.
                let own = self.also.memory.iter().rev().find(|one| (&one.chain, &one.key) == (&chain, &key));
                let found = match own {
                    Some(one) => one.value.clone(),
                    None => store.memory_get(chain.as_ref(), &key).await.map_err(Problem::from)?,
                };
                Ok(Worked::Gives(found.unwrap_or_else(|| otherwise.clone())))
            }
            Ready::Lookup { table, key, otherwise } => {
                let found = store.lookup_get(table, &text(key)?).await.map_err(Problem::from)?;
                Ok(Worked::Gives(found.unwrap_or_else(|| otherwise.clone())))
            }
            Ready::Link { name, source, target } => {
                let link = RecordLink { name: name.clone(), source: text(source)?, target: text(target)? };
                let told = json!({ "source": link.source, "target": link.target });
                if !self.run.dry_run {
                    self.also.links.push(link);
                }
                Ok(Worked::Gives(told))
            }
            Ready::Linked { name, source } => {
                let source = text(source)?;
                let own = self.also.links.iter().rev().find(|l| (&l.name, &l.source) == (name, &source));
                let found = match own {
                    Some(link) => Some(link.target.clone()),
                    None => store.link(&self.run.chain_id, name, &source).await.map_err(Problem::from)?,
                };
                Ok(Worked::Gives(found.map_or(Value::Null, |target| json!({ "target": target }))))
            }
            ready => ready.work(scope, || live.params(scope)),
        }
    }

    /// Notes for what an item waits.
    pub(super) async fn begin(&mut self, step: usize, item: u32) {
        let scope = self.scope(step, item);
        let seen = scope.seen();
        let id = self.live.plan.steps[step].id.clone();
        let now = self.runner.clock.now();
        let fact = match &self.live.steps[step].does {
            // Nothing is sent in a dry run: there is nothing to wait for or to approve.
            Does::Logic(Ready::Wait { .. } | Ready::Delivery { .. } | Ready::Approval { .. })
                if self.run.dry_run =>
            {
                Ok(Fact::Computed { step: id, results: vec![(item, Value::Null)] })
            }
            Does::Logic(Ready::Wait { seconds, until }) => wait_until(*seconds, until.as_ref(), seen, now)
                .map(|until| Fact::Waiting { step: id, item, until }),
            Does::Logic(Ready::Delivery { within, .. }) => {
                let until = now + Duration::from_secs(*within);
                self.ties(step, seen).map(|_| Fact::Awaited { step: id, item, until })
            }
            Does::Logic(Ready::Approval { question, within }) => {
                let until = within.map(|seconds| now + Duration::from_secs(seconds));
                let question = question.text(seen).map_err(Problem::from);
                question.map(|question| Fact::Asked { step: id, item, question, until })
            }
            Does::Logic(Ready::Chain(name)) => {
                let input = self.live.steps[step].params(seen);
                match input {
                    Ok(_) if self.runner.recorded.is_some() => {
                        Ok(Fact::ChainStarted { step: id, item, run: RunId::generate() })
                    }
                    Ok(input) => self.child((step, item), name, input, now).await.map(|child| {
                        let run = child.run.id.clone();
                        self.inner.claims.extend(child.claim);
                        self.also.runs.push((child.run, child.facts));
                        Fact::ChainStarted { step: id, item, run }
                    }),
                    Err(problem) => Err(problem),
                }
            }
            _ => Err(Problem::new(Code::Internal).detail("a step was to wait that does not")),
        };
        self.keep(scope);
        match fact {
            Ok(fact) => self.note(fact),
            Err(problem) => self.give_up(step, item, problem),
        }
    }
}
