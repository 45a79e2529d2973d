//! What is being done with connections at this moment. In memory only: a state that lasts as long as a
//! call is not worth a row for each.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patchbay_model::connection::ConnectionEvent;
use patchbay_model::{ConnectionId, ConnectionState};
use tokio::sync::Notify;

/// What somebody or something does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// It is being set up again.
    Connecting,
    /// Somebody signs in.
    SigningIn,
    /// It is tested.
    Testing,
    /// It is read from or called.
    Using,
}

impl Doing {
    /// What that is for the machine of states.
    fn event(self) -> ConnectionEvent {
        match self {
            Self::Connecting => ConnectionEvent::Begin,
            Self::SigningIn => ConnectionEvent::SignIn,
            Self::Testing => ConnectionEvent::Test,
            Self::Using => ConnectionEvent::CallStarted,
        }
    }
}

/// What is being done with connections. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    doing: HashMap<ConnectionId, Vec<Doing>>,
    changed: HashSet<ConnectionId>,
}

/// Something is being done, until this is dropped.
#[derive(Debug)]
pub struct Busy {
    activity: Activity,
    connection: ConnectionId,
    doing: Doing,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.activity.change(&self.connection, |doing| {
            if let Some(at) = doing.iter().position(|one| *one == self.doing) {
                doing.swap_remove(at);
            }
        });
    }
}

impl Activity {
    /// Something begins.
    #[must_use]
    pub fn begin(&self, connection: &ConnectionId, doing: Doing) -> Busy {
        self.change(connection, |all| all.push(doing));
        Busy { activity: self.clone(), connection: connection.clone(), doing }
    }

    /// The state of a connection that rests in `stored`, with what is being done with it now.
    pub fn state(&self, connection: &ConnectionId, stored: ConnectionState) -> ConnectionState {
        let state = self.lock();
        match state.doing.get(connection).and_then(|doing| doing.iter().min()) {
            Some(doing) => stored.after(doing.event()),
            None => stored,
        }
    }

    /// Waits until something began or ended, and gives the connections. What happens between two calls
    /// is told once.
    pub async fn changes(&self) -> HashSet<ConnectionId> {
        loop {
            let changed = std::mem::take(&mut self.lock().changed);
            if !changed.is_empty() {
                return changed;
            }
            self.inner.changed.notified().await;
        }
    }

    fn change(&self, connection: &ConnectionId, act: impl FnOnce(&mut Vec<Doing>)) {
        let mut state = self.lock();
        let doing = state.doing.entry(connection.clone()).or_default();
        let before = doing.iter().min().copied();
        act(doing);
        let now = doing.iter().min().copied();
        if now.is_none() {
            state.doing.remove(connection);
        }
        if before != now {
            state.changed.insert(connection.clone());
            self.inner.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_done_shows_while_it_lasts_and_the_first_of_it_where_it_is_much() {
        use ConnectionState as S;
        let activity = Activity::default();
        let id = ConnectionId::from("a");
        let shown = |stored| activity.state(&id, stored);
        let one = activity.begin(&id, Doing::Using);
        let two = activity.begin(&id, Doing::Using);
        assert_eq!((shown(S::Connected), shown(S::Error)), (S::Active, S::Error));
        let test = activity.begin(&id, Doing::Testing);
        assert_eq!(shown(S::Connected), S::Testing);
        let sign_in = activity.begin(&id, Doing::SigningIn);
        assert_eq!(shown(S::Stale), S::Authenticating);
        let connect = activity.begin(&id, Doing::Connecting);
        assert_eq!(shown(S::Stale), S::Connecting);
        drop((connect, sign_in, test, one));
        assert_eq!(shown(S::Connected), S::Active, "the other call is under way");
        assert_eq!(activity.state(&ConnectionId::from("b"), S::Connected), S::Connected);
        assert_eq!(activity.changes().await, HashSet::from([id.clone()]));
        drop(two);
        assert_eq!(shown(S::Connected), S::Connected);
        assert_eq!(activity.changes().await.len(), 1, "that it ended is told");
        assert!(activity.lock().doing.is_empty(), "nothing is kept of what is over");
    }
}
