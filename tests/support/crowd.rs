//! A data folder with much in it: connectors of the user's own, runs of a chain, signals.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::chain::Chain;
use patchbay_model::run::{Run, RunState};
use patchbay_model::signal::Priority;
use patchbay_model::{Clock, Connection, RunId, Signal, SystemClock, Timestamp};
use patchbay_store::{Came, OpenOptions, PageCommit, Store};
use serde_json::{Value, json};

/// Signals in one commit.
pub const AT_ONCE: usize = 2_000;
/// Runs that wait for one commit together.
const TOGETHER: usize = 500;

/// How much there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crowd {
    /// Connectors of the user's own.
    pub connectors: usize,
    /// Ended runs of the chain "Issue digest": one in ten failed, one a minute back from now.
    pub runs: usize,
    /// Signals of one connection.
    pub signals: usize,
    /// Chains "Long 200" and "Long 500", of so many steps each.
    pub long_chains: bool,
}

impl Crowd {
    /// Fills an empty data folder. Panics where something cannot be written.
    pub fn fill(&self, data: &Path) {
        self.connectors_in(&data.join("connectors"));
        let dir = data.join("workspaces/default");
        std::fs::create_dir_all(&dir).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
            let store =
                Store::open(OpenOptions { dir, clock: clock.clone(), machine: machine() }).await.unwrap();
            self.runs_in(&store, clock.now()).await;
            if self.long_chains {
                for steps in [200, 500] {
                    store.chain_save(None, &long_chain(steps), "1".repeat(64).as_str()).await.unwrap();
                }
            }
            self.signals_in(&store, clock.now()).await;
        });
    }

    /// Copies of a pretend tool's definition under other names.
    fn connectors_in(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let text = std::fs::read_to_string(crate::root().join("descriptors/sandbox-chat.json")).unwrap();
        let mut definition: Value = serde_json::from_str(&text).unwrap();
        let kinds = ["project-management", "communication", "code-and-devops", "documents"];
        for number in 0..self.connectors {
            definition["id"] = json!(format!("tool-{number}"));
            definition["name"] = json!(format!("Tool {number}"));
            definition["category"] = json!(kinds[number % kinds.len()]);
            std::fs::write(folder.join(format!("tool-{number}.json")), definition.to_string()).unwrap();
        }
    }

    async fn runs_in(&self, store: &Store, now: Timestamp) {
        if self.runs == 0 {
            return;
        }
        let chain = Chain::named("Issue digest");
        let saved = store.chain_save(None, &chain, "0".repeat(64).as_str()).await.unwrap();
        // The oldest first: identifiers sort by creation.
        for begin in (0..self.runs).step_by(TOGETHER) {
            let group: Vec<_> = (begin..self.runs.min(begin + TOGETHER))
                .map(|number| {
                    let minutes = (self.runs - number) as u64;
                    let at = now - Duration::from_secs(60 * minutes);
                    Run {
                        id: RunId::generate(),
                        chain_id: saved.id.clone(),
                        chain_version: 1,
                        chain_hash: saved.hash.clone(),
                        snapshot: chain.clone(),
                        input: Value::Null,
                        dry_run: false,
                        state: if number % 10 == 0 { RunState::Failed } else { RunState::Done },
                        boot: None,
                        origin: patchbay_model::trigger::RunOrigin::default(),
                        created_at: at,
                        finished_at: Some(at + Duration::from_secs(2)),
                    }
                })
                .collect();
            let mut waiting = tokio::task::JoinSet::new();
            for run in group {
                let store = store.clone();
                waiting.spawn(async move { store.run_insert(&run).await.unwrap() });
            }
            waiting.join_all().await;
        }
    }

    async fn signals_in(&self, store: &Store, now: Timestamp) {
        if self.signals == 0 {
            return;
        }
        let mut connection = Connection::new("tool-0".into(), "1.0.0".into(), now);
        "Everything".clone_into(&mut connection.name);
        store.connection_insert(&connection, None).await.unwrap();
        let signal = |number: usize| Signal {
            connection: connection.id.clone(),
            connector: "tool-0".into(),
            stream: "items".into(),
            external_id: format!("item-{number}"),
            version: "1".into(),
            signal_type: ["issue", "comment", "deploy"][number % 3].into(),
            timestamp: now - Duration::from_secs((self.signals - number) as u64),
            summary: format!("Item {number}"),
            priority: Some([Priority::Low, Priority::Medium, Priority::High][number % 3]),
            participants: vec![format!("person-{}", number % 500)],
            tags: Vec::new(),
            related: Vec::new(),
            url: None,
            raw: json!({ "id": number }),
        };
        store_signals(store, self.signals, signal).await;
    }
}

/// Stores so many signals in pages of [`AT_ONCE`], each of one connection, and writes their words.
pub async fn store_signals(store: &Store, count: usize, signal: impl Fn(usize) -> Signal) {
    let mut done = 0;
    while done < count {
        let signals: Vec<Signal> = (done..count.min(done + AT_ONCE)).map(&signal).collect();
        let page = PageCommit {
            connection: &signals[0].connection,
            stream: &signals[0].stream,
            signals: &signals,
            quarantined: &[],
            checkpoint: None,
            call: None,
            came: Came::Asked,
        };
        assert_eq!(store.page_commit(page).await.unwrap().new, signals.len() as u64);
        done += signals.len();
    }
    while store.signal_words_catch_up(20_000).await.unwrap() > 0 {}
}

fn long_chain(steps: usize) -> Chain {
    let step = |n: usize| {
        json!({
            "id": format!("step_{n}"),
            "connection": "Everything",
            "operation": "send_message",
            "mapping": [{ "target": "/text", "source": { "type": "fixed", "value": format!("Message {n}") } }],
        })
    };
    let steps: Vec<Value> = (0..steps).map(step).collect();
    serde_json::from_value(json!({ "schema": 1, "name": format!("Long {}", steps.len()), "steps": steps }))
        .unwrap()
}

/// The folder belongs to this computer: nothing is held back as data that was copied.
fn machine() -> String {
    std::fs::read_to_string("/etc/machine-id").unwrap_or_default().trim().to_owned()
}
