//! What a chain's document has to be, however it comes here.

use patchbay_model::chain::{CHAIN_SCHEMA, Chain};
use patchbay_model::problem::{Code, Problem};

/// The steps of the longest chain, those after a failure and at the end included.
const MOST_STEPS: usize = 500;

/// `INPUT_INVALID` for a document that is no chain of this version.
pub(crate) fn check_document(chain: &Chain) -> Result<(), Problem> {
    let invalid = |field: &str, message: String| {
        Err(Problem::new(Code::InputInvalid).with("field", field).with("message", message))
    };
    if chain.schema != CHAIN_SCHEMA {
        return invalid("schema", format!("This version reads chains of schema {CHAIN_SCHEMA}."));
    }
    if patchbay_model::text::display_line(&chain.name, 80) != chain.name || chain.name.is_empty() {
        return invalid("name", "Use one line of at most 80 visible characters.".to_owned());
    }
    if chain.steps.is_empty() {
        return invalid("steps", "A chain has at least one step.".to_owned());
    }
    let steps = chain.all_steps().count();
    if steps > MOST_STEPS {
        let message = format!(
            "A chain has at most {MOST_STEPS} steps, and this one has {steps}. Make two, and let one start the other."
        );
        return invalid("steps", message);
    }
    let fits = |id: &str| {
        (1..=40).contains(&id.len())
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if let Some(step) = chain.all_steps().find(|step| !fits(step.id.as_str())) {
        let message = format!(
            "\"{}\" is not a step's name; use lower-case letters, digits and underscores, at most 40.",
            step.id
        );
        return invalid("steps", message);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;
    use serde_json::{Value, json};

    use super::*;
    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    fn chain(name: &str, steps: usize, finally: usize) -> Value {
        let step = |n: usize| json!({"id": format!("step_{n}"), "logic": {"type": "wait", "seconds": 1}});
        let (first, last): (Vec<_>, Vec<_>) =
            ((0..steps).map(step).collect(), (steps..steps + finally).map(step).collect());
        json!({"schema": 1, "name": name, "trigger": {"type": "manual"}, "steps": first, "finally": last})
    }

    /// The editor saves, a file is taken in: what the one makes the other reads again.
    #[tokio::test]
    async fn five_hundred_steps_are_a_chain_by_every_way_and_one_more_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let call = async |name: &str, request| dispatch(&hub, "default", name, request).await;
        for (steps, finally) in [(500, 0), (490, 10)] {
            let name = format!("{steps} and {finally}");
            let saved = call("chain_save", json!({"chain": chain(&name, steps, finally)})).await.unwrap();
            let shared = call("chain_share", json!({"chain": saved["id"]})).await.unwrap();
            let taken = call("chain_import", json!({"chain": shared["document"]})).await;
            taken.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        }
        for (steps, finally) in [(501, 0), (500, 1)] {
            for name in ["chain_save", "chain_import"] {
                let problem = call(name, json!({"chain": chain("Longer", steps, finally)})).await.unwrap_err();
                let said = problem.hint();
                assert_eq!(problem.code(), Code::InputInvalid, "{name}");
                assert!(said.contains("at most 500 steps") && said.contains("has 501"), "{name}: {said}");
            }
        }
        let mut odd = chain("Odd", 1, 1);
        odd["finally"][0]["id"] = json!("../1");
        let problem = call("chain_save", json!({"chain": odd})).await.unwrap_err();
        assert!(problem.hint().contains("not a step's name"), "{}", problem.hint());
        let problem = call("chain_save", json!({"chain": chain("None", 0, 0)})).await.unwrap_err();
        assert!(problem.hint().contains("at least one step"), "{}", problem.hint());
        hub.shut_down().await;
    }
}
