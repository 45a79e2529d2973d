//! Runs that are a part of others: stopped with them, and worked on again where those wish it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use patchbay_chain::Control;
use patchbay_chain::runner::Wish;
use patchbay_model::RunId;
use patchbay_model::problem::{Code, Problem};
use tokio::sync::mpsc;

use super::{Inner, Workspace};

/// Before what could not be begun is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// Does what is wished of runs that are a part of others. Ends with the workspace.
pub(super) async fn hear(workspace: Weak<Inner>, mut wishes: mpsc::UnboundedReceiver<Wish>) {
    while let Some(wish) = wishes.recv().await {
        let Some(inner) = workspace.upgrade() else { return };
        let workspace = Workspace { inner };
        let done = match &wish {
            Wish::Stop { run, undo } => workspace.stop_run(run, *undo).await,
            Wish::Work { run } => {
                // Whoever works on it now may not have let go of it yet, and others have wishes meanwhile.
                tokio::spawn(work(Arc::downgrade(&workspace.inner), run.clone()));
                Ok(())
            }
        };
        if let Err(problem) = done {
            tracing::error!(?wish, %problem, "what a run wishes of a part of it was not done");
        }
    }
}

/// Works on a run that somebody waits for. What keeps it from that is waited for.
async fn work(workspace: Weak<Inner>, run: RunId) {
    while let Some(inner) = workspace.upgrade() {
        match (Workspace { inner }).work_on(&run).await {
            Ok(()) => return,
            Err(problem) if problem.code() == Code::NotFound => return,
            Err(problem) => tracing::error!(%run, %problem, "a part of a run is not worked on yet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Workspace {
    /// Works on a run that had ended and has something to do again, once whoever ended it has let go of it.
    pub(crate) async fn work_on(&self, id: &RunId) -> Result<(), Problem> {
        self.let_go(id).await;
        let run = self.run(id).await?;
        if run.state.is_final() { Ok(()) } else { self.spawn(run).await }
    }

    /// Stops a run, whether it is under way, waits for its turn or asks something. One that has ended is left.
    pub(crate) async fn stop_run(&self, id: &RunId, undo: bool) -> Result<(), Problem> {
        let run = self.run(id).await?;
        if !run.state.is_final() && !self.control(id, Control::Stop { undo }).await {
            self.runner().stop(&run, undo).await?;
            self.spawn(run).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::problem::Code;
    use serde_json::{Value, json};

    use crate::commands::dispatch;
    use crate::hub::Hub;
    use crate::workspace::tests::sandboxed;

    async fn call(hub: &Hub, command: &str, request: Value) -> Value {
        dispatch(hub, "default", command, request).await.unwrap()
    }

    /// A chain, saved; its identifier.
    async fn chain(hub: &Hub, name: &str, steps: Value) -> Value {
        let chain = json!({"schema": 1, "name": name, "steps": steps});
        call(hub, "chain_import", json!({"chain": chain, "taken": "replace"})).await["id"].clone()
    }

    fn runs(name: &str) -> Value {
        json!({"id": "inner", "logic": {"type": "chain", "chain": name}})
    }

    fn tells() -> Value {
        json!({"id": "tell", "connection": "Sandbox Chat", "operation": "announce",
            "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "Hello"}}]})
    }

    /// The newest run of a chain, once there is one.
    async fn run_of(hub: &Hub, name: &str) -> Value {
        for _ in 0..600 {
            let runs = call(hub, "run_list", json!({})).await["runs"].clone();
            let found = runs.as_array().unwrap().iter().find(|run| run["chain"] == name);
            if let Some(run) = found.filter(|run| run["state"] != "queued") {
                return run.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no run of {name}");
    }

    #[tokio::test]
    async fn stopping_a_run_stops_what_it_is_made_of_whether_that_works_or_asks() {
        let (_dir, _, hub) = sandboxed().await;
        hub.take_up_runs().await.unwrap();
        let asks = json!({"id": "wait", "logic": {"type": "approval", "question": "Go on?"}});
        let rests = json!({"id": "wait", "logic": {"type": "wait", "seconds": 3_600}});
        for (kind, wait) in [("asks", asks), ("rests", rests)] {
            chain(&hub, "Inner", json!([wait, tells()])).await;
            chain(&hub, "Middle", json!([runs("Inner")])).await;
            let outer = chain(&hub, "Outer", json!([runs("Middle"), tells()])).await;
            let run = call(&hub, "run_start", json!({ "chain": outer })).await;
            let inner = run_of(&hub, "Inner").await;
            let stopped = call(&hub, "run_stop", json!({"run": run["id"]}));
            let report = tokio::time::timeout(Duration::from_secs(60), stopped).await.expect(kind);
            assert_eq!(report["state"], json!("stopped"), "{kind}: {report:#}");
            let part = run_of(&hub, "Inner").await;
            assert_eq!((&part["id"], &part["state"]), (&inner["id"], &json!("stopped")), "{kind}");
            call(&hub, "run_delete", json!({"runs": [inner["id"]]})).await;
        }
        hub.shut_down().await;
    }

    #[tokio::test]
    async fn what_other_chains_will_do_is_said_before_and_what_keeps_them_from_it() {
        let (_dir, _, hub) = sandboxed().await;
        chain(&hub, "Inner", json!([tells()])).await;
        chain(&hub, "Middle", json!([runs("Inner")])).await;
        let outer = chain(&hub, "Outer", json!([runs("Middle")])).await;
        let check = async || call(&hub, "chain_check", json!({ "chain": outer })).await;
        let texts = |found: &Value| {
            let all = found["findings"].as_array().unwrap().iter();
            all.filter(|one| one["step"] == "inner").map(|one| one["text"].clone()).collect::<Vec<_>>()
        };
        let sends = json!({"id": "tell", "connection": "Sandbox Chat", "operation": "send_message",
            "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "Hello"}}]});
        chain(&hub, "Inner", json!([sends])).await;
        let can = ["The chain \"Inner\" runs: \"Send message\" in Sandbox Chat (can be undone)."];
        assert_eq!(texts(&check().await), can.map(Value::from));
        chain(&hub, "Inner", json!([tells()])).await;
        let found = check().await;
        let said = "The chain \"Inner\" runs: \"Announce\" in Sandbox Chat (cannot be undone).";
        assert_eq!((&found["ready"], texts(&found)), (&json!(true), vec![json!(said)]), "{found:#}");
        let plan = found["plan"].clone();
        assert_eq!(check().await["plan"], plan, "the same once more");
        chain(&hub, "Inner", json!([tells(), {"id": "wait", "logic": {"type": "wait", "seconds": 1}}])).await;
        let approved = json!({"chain": outer, "plan": plan, "queueOnly": true});
        let refused = dispatch(&hub, "default", "run_start", approved).await.unwrap_err();
        assert_eq!(refused.code(), Code::Conflict, "what was approved has another part: {refused}");
        chain(&hub, "Inner", json!([runs("Outer")])).await;
        let found = check().await;
        assert_eq!(found["ready"], json!(false));
        assert!(texts(&found)[0].as_str().unwrap().contains("leads back"), "{found:#}");
        chain(&hub, "Middle", json!([runs("Gone")])).await;
        let found = check().await;
        assert_eq!(found["ready"], json!(false));
        assert!(texts(&found)[0].as_str().unwrap().contains("\"Gone\""), "{found:#}");
        let broken = json!([{"id": "tell", "connection": "No such", "operation": "announce"}]);
        chain(&hub, "Middle", broken).await;
        let found = check().await;
        assert_eq!(found["ready"], json!(false));
        assert!(texts(&found)[0].as_str().unwrap().starts_with("In the chain \"Middle\": "), "{found:#}");
        hub.shut_down().await;
    }
}
