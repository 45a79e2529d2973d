//! Steps that a chain can go without: what no other step goes through, waits for or reads. Pure.

use patchbay_model::StepId;
use patchbay_model::chain::{Chain, Step};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};

/// The chain without some of its steps.
///
/// # Errors
/// `NOT_FOUND` where it has no such step; `CONFLICT` where one of the others needs it, or none is left.
pub fn without(chain: &Chain, gone: &[StepId]) -> Result<Chain, Problem> {
    let refused = |step: &StepId, code: Code, item: String, message: String| {
        let subject = Subject::Chain { id: chain.name.clone(), step: Some(step.to_string()) };
        Err(Problem::new(code).with("item", item).with("message", message).about(subject))
    };
    for id in gone {
        let Some((_, step)) = chain.step(id) else {
            return refused(id, Code::NotFound, format!("The step \"{id}\""), String::new());
        };
        let others = chain.all_steps().filter(|other| !gone.contains(&other.id));
        let behind = later(chain, step).find(|other| holds_back(step) && !gone.contains(&other.id));
        if let Some(other) = others.into_iter().find(|other| needs(other, id)).or(behind) {
            let message = format!("\"{}\" needs what it gives.", other.title());
            return refused(id, Code::Conflict, format!("A run without \"{}\"", step.title()), message);
        }
    }
    let mut rest = chain.clone();
    for steps in [&mut rest.steps, &mut rest.on_failure, &mut rest.finally] {
        steps.retain(|step| !gone.contains(&step.id));
    }
    match rest.steps.first() {
        Some(_) => Ok(rest),
        None => {
            let first = gone.first().cloned().unwrap_or_else(|| StepId::new(""));
            refused(&first, Code::Conflict, format!("A run of \"{}\"", chain.name), "No step is left.".into())
        }
    }
}

/// The steps that a run could each go without.
pub fn spare(chain: &Chain) -> Vec<StepId> {
    let ids = chain.all_steps().map(|step| step.id.clone());
    ids.filter(|id| without(chain, std::slice::from_ref(id)).is_ok()).collect()
}

/// Whether what comes behind a step depends on it without naming it: a run without it would do more than the
/// chain, not less.
fn holds_back(step: &Step) -> bool {
    matches!(
        step.logic,
        Some(
            Logic::Filter { .. }
                | Logic::Approval { .. }
                | Logic::Wait { .. }
                | Logic::Delivery { .. }
                | Logic::Remember { .. }
                | Logic::Link { .. }
        )
    )
}

/// The steps behind one, in its part of the chain.
fn later<'c>(chain: &'c Chain, step: &Step) -> impl Iterator<Item = &'c Step> {
    let parts = [&chain.steps, &chain.on_failure, &chain.finally];
    let id = step.id.clone();
    parts.into_iter().flat_map(move |part| {
        let at = part.iter().position(|own| own.id == id).map_or(part.len(), |at| at + 1);
        &part[at..]
    })
}

/// Whether a step goes through, waits for or reads another one.
fn needs(step: &Step, other: &StepId) -> bool {
    let of = match &step.logic {
        Some(Logic::Aggregate { of, .. }) => std::slice::from_ref(of),
        Some(Logic::Join { of }) => of.as_slice(),
        _ => &[],
    };
    step.for_each.as_ref() == Some(other)
        || step.handles.as_ref() == Some(other)
        || step.on.as_ref().is_some_and(|on| on.branch == *other)
        || of.contains(other)
        || reads(step, other)
}

/// Whether a path or a template of the step names another one. A word that only looks so counts too: then
/// the step stays, and nothing is lost.
fn reads(step: &Step, other: &StepId) -> bool {
    let text = serde_json::to_string(step).unwrap_or_default();
    ["steps.", "addresses.", "steps['", "steps[\\\"", "addresses['", "addresses[\\\""].iter().any(|before| {
        let name = format!("{before}{other}");
        text.match_indices(&name).any(|(at, _)| {
            let next = text[at + name.len()..].chars().next();
            next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(value: serde_json::Value) -> Step {
        serde_json::from_value(value).unwrap()
    }

    fn chain(later: serde_json::Value) -> Chain {
        let mut chain = Chain::named("Tell");
        chain.steps =
            vec![Step::call("find", "Tracker", "list"), Step::call("find_all", "Tracker", "list"), step(later)];
        chain
    }

    #[test]
    fn a_step_that_holds_others_back_is_not_spared_before_them() {
        for gate in [
            json!({"type": "filter", "when": [{"path": "$.item.open", "operator": "equals", "value": true}]}),
            json!({"type": "approval", "question": "Go on?"}),
            json!({"type": "wait", "seconds": 60}),
        ] {
            let gate = json!({"id": "gate", "logic": gate});
            let mut chain = chain(gate);
            let end: Vec<String> = spare(&chain).iter().map(ToString::to_string).collect();
            assert!(end.contains(&"gate".to_owned()), "nothing is behind it");
            chain.steps.push(step(json!({"id": "tell", "connection": "Chat", "operation": "send"})));
            assert_eq!(without(&chain, &["gate".into()]).unwrap_err().code(), Code::Conflict);
            assert_eq!(
                without(&chain, &["gate".into(), "tell".into()]).unwrap().steps.len(),
                2,
                "with them it is"
            );
        }
    }

    #[test]
    fn a_step_is_spared_where_no_other_needs_it() {
        let ids = |chain: &Chain| spare(chain).into_iter().map(|id| id.to_string()).collect::<Vec<_>>();
        let tell = |more: serde_json::Value| {
            let mut value = json!({"id": "tell", "connection": "Chat", "operation": "send"});
            value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            chain(value)
        };
        let map = |source: serde_json::Value| json!({"mapping": [{"target": "/text", "source": source}]});
        assert_eq!(ids(&tell(json!({}))), ["find", "find_all", "tell"]);
        assert_eq!(ids(&tell(json!({"forEach": "find"}))), ["find_all", "tell"]);
        for reading in [
            map(json!({"type": "path", "path": "$.steps.find.title"})),
            map(json!({"type": "path", "path": "$.steps[\"find\"].title"})),
            map(json!({"type": "path", "path": "$.steps['find'].title"})),
            map(json!({"type": "template", "template": "{{ steps.find }}"})),
        ] {
            assert_eq!(
                ids(&tell(reading.clone())),
                ["find_all", "tell"],
                "{reading}: another name is no use of it"
            );
        }
        let problem = without(&tell(json!({"forEach": "find"})), &["find".into()]).unwrap_err();
        assert_eq!(problem.code(), Code::Conflict);
        let both = tell(json!({"forEach": "find"}));
        assert_eq!(
            without(&both, &["find".into(), "tell".into()]).unwrap().steps.len(),
            1,
            "with whoever needs it"
        );
        assert_eq!(without(&both, &["nobody".into()]).unwrap_err().code(), Code::NotFound);
        let all: Vec<StepId> = both.steps.iter().map(|step| step.id.clone()).collect();
        assert_eq!(without(&both, &all).unwrap_err().code(), Code::Conflict, "something has to be left");
    }
}
