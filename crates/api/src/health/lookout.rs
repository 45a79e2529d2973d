//! Keeps an eye on the connections of a workspace as long as the program stays: writes down when one
//! gets better or worse, and tells the screens.

use std::collections::HashSet;
use std::time::Duration;

use patchbay_model::health::Reason;
use patchbay_model::notice::{Happening, Notices};
use patchbay_model::{ConnectionId, Event, HealthState, Problem, RunId};
use patchbay_store::{ConnectionFilter, HealthChange};
use tokio::time::{Instant, sleep, timeout_at};

use super::facts::{Judged, rules};
use super::settings;
use crate::events::{Feed, Update};
use crate::hub::{Hub, WeakHub};
use crate::workspace::{WeakWorkspace, Workspace};

/// Rules that look at the clock alone change their mind this late at most.
const ALL: Duration = Duration::from_secs(15);
/// What happens within this time is judged once.
const GATHER: Duration = Duration::from_millis(250);

/// Tells the screens what is done with connections: at most once per connection and moment.
pub(crate) async fn show_activity(workspace: WeakWorkspace, activity: patchbay_connector::Activity) {
    loop {
        let changed = activity.changes().await;
        let Some(workspace) = workspace.upgrade() else { return };
        for id in changed {
            workspace.events().emit(Event::ConnectionChanged { id });
        }
        drop(workspace);
        sleep(GATHER).await;
    }
}

/// Judges what has changed, and everything now and then; tells a person who does not look.
pub(crate) async fn keep_watch(workspace: WeakWorkspace, hub: WeakHub, mut feed: Feed) {
    let mut lookout = Lookout::default();
    // The first look is at everything.
    let (mut next, mut changed) = (Instant::now(), Touched::default());
    loop {
        let (Some(there), Some(engine)) = (workspace.upgrade(), hub.upgrade()) else { return };
        if Instant::now() >= next {
            (next, changed.connections) = (Instant::now() + ALL, None);
        }
        if let Err(problem) = lookout.look(&engine, &there, &changed).await {
            tracing::warn!(%problem, "the health of connections is not judged now");
        }
        let due = lookout.due(&engine).map_or(next, |due| due.min(next));
        drop((there, engine));
        sleep(GATHER).await;
        changed = match timeout_at(due, feed.next()).await {
            Ok(None) => return,
            Ok(Some(update)) => match workspace.upgrade() {
                Some(workspace) => Touched::by(&update, workspace.name()),
                None => return,
            },
            Err(_) => Touched::nothing(),
        };
    }
}

/// What an update is about.
#[derive(Debug, Default)]
struct Touched {
    /// None for all of them.
    connections: Option<HashSet<ConnectionId>>,
    /// Runs that ended.
    runs: Vec<RunId>,
}

impl Touched {
    fn nothing() -> Self {
        Self { connections: Some(HashSet::new()), runs: Vec::new() }
    }

    fn by(update: &Update, workspace: &str) -> Self {
        let Update::Events(events) = update else { return Self::default() };
        let mut touched = Self::nothing();
        for event in events.iter().filter(|event| event.workspace == workspace) {
            match &event.event {
                Event::ConnectionChanged { id } => {
                    touched.connections.get_or_insert_default().insert(id.clone());
                }
                Event::RunChanged { id, state, .. } if state.is_final() => touched.runs.push(id.clone()),
                _ => {}
            }
        }
        touched
    }
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub(crate) struct Lookout {
    notices: Notices,
    /// Connections whose sign-in has ended, once they were looked at.
    ended: Option<HashSet<ConnectionId>>,
}

impl Lookout {
    /// When a word is due, by the clock of waiting.
    fn due(&self, hub: &Hub) -> Option<Instant> {
        let wait = self.notices.due()?.saturating_sub(hub.clock().monotonic());
        Some(Instant::now() + wait)
    }

    async fn look(&mut self, hub: &Hub, workspace: &Workspace, touched: &Touched) -> Result<(), Problem> {
        let settings = settings::notices(workspace.store()).await?;
        let focused = hub.host().is_focused();
        let now = hub.clock().monotonic();
        for happening in self.judge(hub, workspace, touched.connections.as_ref()).await? {
            self.notices.happened(&happening, focused, &settings, now);
        }
        for id in &touched.runs {
            if let Some(run) = workspace.store().run(id).await? {
                let end = run.finished_at.unwrap_or_else(|| hub.clock().now());
                let took = Duration::try_from(end.duration_since(run.created_at)).unwrap_or_default();
                let happening =
                    Happening::RunEnded { run: run.id, chain: run.snapshot.name, state: run.state, took };
                self.notices.happened(&happening, focused, &settings, now);
            }
        }
        for notice in self.notices.take(focused, now) {
            workspace.events().emit(Event::Noticed { notice: notice.clone() });
            let host = hub.host().clone();
            // A desktop may take its time.
            tokio::task::spawn_blocking(move || {
                if let Err(problem) = host.notice(&notice) {
                    tracing::debug!(%problem, "a notification is not shown");
                }
            });
        }
        Ok(())
    }

    /// Judges these connections, or all where none is named, writes down what is different, and gives what
    /// got worse.
    pub(crate) async fn judge(
        &mut self,
        hub: &Hub,
        workspace: &Workspace,
        only: Option<&HashSet<ConnectionId>>,
    ) -> Result<Vec<Happening>, Problem> {
        if only.is_some_and(HashSet::is_empty) {
            return Ok(Vec::new());
        }
        let (store, clock) = (workspace.store(), hub.clock().as_ref());
        let rules = rules(store).await?;
        let usual = workspace.usual().read(store, clock.now()).await?;
        let filter = ConnectionFilter { limit: 10_000, ..ConnectionFilter::default() };
        let first = self.ended.is_none();
        let ended = self.ended.get_or_insert_default();
        let mut worse = Vec::new();
        for connection in store.connection_list(filter).await?.items {
            if connection.paused || !only.is_none_or(|only| only.contains(&connection.id)) {
                continue;
            }
            let usual = usual.get(connection.id.as_str()).copied();
            let one = Judged::of(workspace, clock, &rules, usual, connection).await?;
            let (id, state) = (one.connection.id.clone(), one.verdict.state);
            let change = HealthChange {
                connection: id.clone(),
                at: clock.now(),
                state,
                reasons: one.verdict.reasons.iter().map(Reason::words).collect(),
            };
            let changed = store.health_changed(&change).await?;
            if changed {
                let why = change.reasons.join("; ");
                tracing::info!(workspace = workspace.name(), connection = %id, ?state, why, "health has changed");
                workspace.events().emit(Event::HealthChanged { connection: id.clone(), state });
            }
            let needs_sign_in = one.facts.sign_in_ended;
            if !needs_sign_in {
                ended.remove(&id);
            }
            let newly = needs_sign_in && ended.insert(id.clone()) && !first;
            if newly || (changed && state == HealthState::Error) {
                worse.push(Happening::ConnectionWorse {
                    connection: id,
                    name: one.connection.name.clone(),
                    needs_sign_in,
                });
            }
        }
        Ok(worse)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use patchbay_connector::Doing;
    use patchbay_model::notice::Notice;
    use patchbay_model::time::ManualClock;
    use patchbay_model::{Clock, Code, Connection, ConnectionState, Host, Timestamp};
    use patchbay_store::{Call, CallKind, Seen};

    use super::*;
    use crate::hub::HubOptions;
    use crate::secrets::SecretsChoice;

    /// A desktop that writes down what it is told to show.
    #[derive(Default)]
    struct Listening {
        shown: Mutex<Vec<Notice>>,
        focused: AtomicBool,
    }

    impl Host for Listening {
        fn open_url(&self, _: &str) -> Result<(), Problem> {
            Ok(())
        }
        fn is_focused(&self) -> bool {
            self.focused.load(Ordering::Acquire)
        }
        fn notice(&self, notice: &Notice) -> Result<(), Problem> {
            self.shown.lock().unwrap().push(notice.clone());
            Ok(())
        }
        fn notify(&self, _: &str, _: &str) -> Result<(), Problem> {
            Ok(())
        }
        fn pick_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }
        fn pick_folder(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }
        fn place_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }
        fn zoom(&self, _: f64) -> Result<(), Problem> {
            Ok(())
        }
    }

    struct Bench {
        hub: Hub,
        host: Arc<Listening>,
        clock: Arc<ManualClock>,
        workspace: Workspace,
        lookout: Lookout,
    }

    async fn bench(dir: &Path) -> Bench {
        let at: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let (clock, host) = (Arc::new(ManualClock::at(at)), Arc::new(Listening::default()));
        let options = HubOptions {
            data_dir: dir.to_owned(),
            secrets: SecretsChoice::Memory,
            clock: clock.clone(),
            host: host.clone(),
        };
        let hub = Hub::start(options).unwrap();
        let workspace = hub.workspace("default").await.unwrap();
        Bench { hub, host, clock, workspace, lookout: Lookout::default() }
    }

    impl Bench {
        async fn connect(&self, name: &str) -> ConnectionId {
            let mut connection = Connection::new("sandbox-chat".into(), "1.0.0".into(), self.clock.now());
            (connection.name, connection.state) = (name.to_owned(), ConnectionState::Connected);
            self.workspace.store().connection_insert(&connection, None).await.unwrap();
            self.call(&connection.id, None).await;
            connection.id
        }

        /// A call that ended so.
        async fn call(&self, id: &ConnectionId, code: Option<Code>) {
            let call = Call {
                at: self.clock.now(),
                connection: id.clone(),
                operation: "send_message".into(),
                kind: CallKind::Operation,
                duration_ms: 5,
                success: code.is_none(),
                records: 1,
                code,
                retries: 0,
                bytes: 1,
            };
            let seen = match code {
                Some(code) if code.ends_sign_in() => {
                    Seen::Fails { state: ConnectionState::Stale, problem: Problem::new(code) }
                }
                _ => Seen::Works,
            };
            self.workspace.store().call_record(call, seen).await.unwrap();
        }

        /// Looks at everything, and again once what is gathered is due; what was shown since the last time.
        async fn look(&mut self) -> Vec<(String, String)> {
            for _ in 0..2 {
                self.lookout.look(&self.hub, &self.workspace, &Touched::default()).await.unwrap();
                self.clock.advance(patchbay_model::notice::GATHER);
            }
            // Shown by a thread of its own.
            sleep(Duration::from_millis(50)).await;
            let shown = std::mem::take(&mut *self.host.shown.lock().unwrap());
            shown.into_iter().map(|notice| (notice.title, notice.place)).collect()
        }
    }

    #[tokio::test]
    async fn an_ended_sign_in_is_told_once_with_its_place_and_not_to_who_looks() {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = bench(dir.path()).await;
        let (jira, slack) = (bench.connect("Jira").await, bench.connect("Slack").await);
        assert_eq!(bench.look().await, [], "nothing is wrong");
        bench.call(&jira, Some(Code::AuthRevoked)).await;
        assert_eq!(bench.look().await, [("Jira: sign in again".to_owned(), "/health/Jira".to_owned())]);
        bench.call(&jira, Some(Code::AuthRevoked)).await;
        assert_eq!(bench.look().await, [], "it is known");
        bench.host.focused.store(true, Ordering::Release);
        bench.call(&slack, Some(Code::AuthRevoked)).await;
        assert_eq!(bench.look().await, [], "the person looks at it");
        let states = bench.workspace.store().health_changes(&slack, 9).await.unwrap();
        assert_eq!(
            states.iter().map(|one| one.state).collect::<Vec<_>>(),
            [HealthState::Error, HealthState::Healthy]
        );
        // Many at once are one word.
        bench.host.focused.store(false, Ordering::Release);
        for name in ["a", "b", "c"] {
            let id = bench.connect(name).await;
            bench.call(&id, Some(Code::ServiceDown)).await;
        }
        assert_eq!(bench.look().await, [("3 connections do not work".to_owned(), "/health".to_owned())]);
        bench.hub.shut_down().await;
    }

    #[tokio::test]
    async fn what_was_so_before_the_start_is_no_news() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = bench(dir.path()).await;
        let jira = first.connect("Jira").await;
        first.call(&jira, Some(Code::AuthRevoked)).await;
        assert_eq!(first.look().await.len(), 1);
        first.lookout = Lookout::default();
        assert_eq!(first.look().await, [], "a new start finds it so");
        first.hub.shut_down().await;
    }

    #[tokio::test]
    async fn a_connection_in_use_is_shown_so_and_no_row_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let bench = bench(dir.path()).await;
        let id = bench.connect("Jira").await;
        let shown = async || {
            let name = crate::connections::ConnectionName { name: "Jira".into() };
            crate::connections::show(&bench.hub, "default", name).await.unwrap().state
        };
        let busy = bench.workspace.engine().activity().begin(&id, Doing::Using);
        assert_eq!(shown().await, ConnectionState::Active);
        let testing = bench.workspace.engine().activity().begin(&id, Doing::Testing);
        assert_eq!(shown().await, ConnectionState::Testing);
        let row = bench.workspace.store().connection(&id).await.unwrap().unwrap();
        assert_eq!(row.state, ConnectionState::Connected, "at rest it is as it was");
        drop((busy, testing));
        assert_eq!(shown().await, ConnectionState::Connected);
        bench.hub.shut_down().await;
    }
}
